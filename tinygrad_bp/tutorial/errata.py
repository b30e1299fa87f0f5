"""Where the text and the mathematics part: each erratum with its cause, computed from the figures and the two ways to train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from tinygrad_bp.lessons.audit import Erratum, rounds_to
from tinygrad_bp.lessons.course import Run
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.figures import OTHER_EDITIONS, ROUNDS, setup
from tinygrad_bp.words import Said


class Edition(NamedTuple):
    """A figure that only other editions print: whose it is shows in the two ways to train, `sequential` being the mistake."""

    quantity: str
    printed: str
    sequential: Decimal
    simultaneous: Decimal

    @property
    def explained(self) -> bool:
        return _only(self.sequential, self.printed, self.simultaneous)


def _only(number: Decimal, printed: str, other: Decimal) -> bool:
    return rounds_to(number, printed) and not rounds_to(other, printed)


def errata_of(
    printed: Mapping[str, str], exact: Mapping[str, Decimal], as_told: Run[Decimal], mistaken: Run[Decimal]
) -> Iterator[Erratum]:
    """The errata, as far as these trainings reach: as the text tells it, and with the sequential update."""
    number = {name: Decimal(text) for name, text in printed.items()} | setup(Decimal)

    name = "dE_o2/dout_h1"
    out, whole, other = (number[each] for each in ("out_o2", "dE_total/dout_h1", "dE_o1/dout_h1"))
    product = (out - number["target_o2"]) * out * (1 - out) * number["w7"]
    right = exact[name].quantize(number[name])
    given = {"printed": printed[name], "exact": round(exact[name], 12), "out": out, "product": round(product, 12)}
    given |= {"rounded": right, "whole": whole, "other": other, "remainder": whole - other}
    last_digit = abs(number[name] - right).as_tuple().digits == (1,)
    explained = last_digit and rounds_to(product, str(right)) and whole - other == number[name]
    yield Erratum(name, printed[name], exact[name], Said("page.truth.note1", given), explained)

    if len(as_told.errors) > 1:
        name, right, wrong = "E_total after 1 update", as_told.errors[1], mistaken.errors[1]
        weights: dict[str, Any] = {each: number.get(f"{each}+", x) for each, x in setup(Decimal).items()}
        from_printed = one_round(Decimal.exp, **weights)["E_total"]
        given = {"printed": printed[name], "right": round(right, 11), "mistaken": round(wrong, 11)}
        cause = Said("page.truth.note2", {**given, "asPrinted": round(from_printed, 9)})
        yield Erratum(name, printed[name], right, cause, _only(wrong, printed[name], right))

    if len(as_told.errors) > ROUNDS:
        name, seen, after = "E_total after 10000 rounds", *as_told.errors[ROUNDS - 1 :]
        given = {"printed": printed[name], "seen": f"{float(seen):.9e}", "after": f"{float(after):.9e}"}
        cause = Said("page.truth.note3", {**given, "rounds": ROUNDS, "updates": ROUNDS - 1})
        yield Erratum(name, printed[name], seen, cause, _only(seen, printed[name], after))

    name = "net_h1"
    right, slip = (number["w1"] * number["i1"] + number[w] * number["i2"] + number["b1"] for w in ("w2", "w3"))
    given = {"printed": printed[name], "right": right.normalize(), "slip": slip.normalize()}
    cause = Said("page.truth.note4", given)
    yield Erratum(f"{name} (its formula)", printed[name], right, cause, _only(right, printed[name], slip))


def editions_of(as_told: Run[Decimal], mistaken: Run[Decimal]) -> Iterator[Edition]:
    """The outputs that other editions print, if these trainings reach them."""
    if len(as_told.errors) > ROUNDS:
        for name, printed in OTHER_EDITIONS.items():
            yield Edition(name, printed, mistaken.outputs[name], as_told.outputs[name])
