"""What a derivation by hand is written with: plain arithmetic that works for any kind of number, without the engine.

On floats it is what a pocket calculator does; on `Decimal` with many digits it gives the exact values that printed figures are rounded
from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, TypeVar

Number = TypeVar("Number", float, Decimal)


def logistic(x: Number, exp: Callable[[Number], Number]) -> Number:
    """1 / (1 + exp(-x)), above and below the line multiplied by exp(x) where x is negative: no exponential is above 1, no digit is lost."""
    below_zero, above_zero = (x - abs(x)) / 2, (x + abs(x)) / 2
    e = exp(below_zero)
    return e / (e + exp(-above_zero))


def logistic_derivative(out: Number) -> Number:
    """The slope of the logistic function where its value is `out`, as textbooks have it.

    It loses digits where `out` is close to 1: `out` is rounded, and what is left of it in `1 - out` is mostly that rounding. At a net
    input of 20 half of 16 digits are gone. The engine computes the slope from the net input, and keeps them.
    """
    return out * (1 - out)


def quantities(variables: Mapping[str, Any], but: Collection[str] = ()) -> dict[str, Any]:
    """The variables of a derivation, `locals()`, under the names that quantities have: dE_total_dw5 is dE_total/dw5, w5_plus is w5+."""
    return {name.replace("_d", "/d").replace("_plus", "+"): x for name, x in variables.items() if name not in but}
