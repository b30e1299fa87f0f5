"""Where the text and the mathematics part: each erratum with its cause, computed from the figures and the two ways to train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tinygrad_bp.lessons.audit import Edition, Erratum, explains, rounds_to
from tinygrad_bp.lessons.course import Run
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.figures import AFTER_ONE, AT_THE_END, OTHER_EDITIONS, PRINTED, ROUNDS, SLIP, setup
from tinygrad_bp.words import Said


def errata_of(exact: Mapping[str, Decimal], as_told: Run[Decimal], mistaken: Run[Decimal]) -> Iterator[Erratum]:
    """The errata, as far as these trainings reach: as the text tells it, and with the sequential update."""
    number = {name: Decimal(text) for name, text in PRINTED.items()} | setup(Decimal)

    name = "dE_o2/dout_h1"
    out, whole, other = (number[each] for each in ("out_o2", "dE_total/dout_h1", "dE_o1/dout_h1"))
    product = (out - number["target_o2"]) * out * (1 - out) * number["w7"]
    right = exact[name].quantize(number[name])
    given = {"printed": PRINTED[name], "exact": round(exact[name], 12), "out": out, "product": round(product, 12)}
    given |= {"rounded": right, "whole": whole, "other": other, "remainder": whole - other}
    last_digit = abs(number[name] - right).as_tuple().digits == (1,)
    explained = last_digit and rounds_to(product, str(right)) and whole - other == number[name]
    yield Erratum(name, PRINTED[name], exact[name], Said("page.truth.note1", given), explained)

    if len(as_told.errors) > 1:
        name, right, wrong = AFTER_ONE, as_told.errors[1], mistaken.errors[1]
        weights: dict[str, Any] = {each: number.get(f"{each}+", x) for each, x in setup(Decimal).items()}
        from_printed = one_round(Decimal.exp, **weights)["E_total"]
        given = {"printed": PRINTED[name], "right": round(right, 11), "mistaken": round(wrong, 11)}
        cause = Said("page.truth.note2", {**given, "asPrinted": round(from_printed, 9)})
        yield Erratum(name, PRINTED[name], right, cause, explains(wrong, PRINTED[name], right))

    if len(as_told.errors) > ROUNDS:
        name, seen, after = AT_THE_END, *as_told.errors[ROUNDS - 1 :]
        given = {"printed": PRINTED[name], "seen": f"{float(seen):.9e}", "after": f"{float(after):.9e}"}
        cause = Said("page.truth.note3", {**given, "rounds": ROUNDS, "updates": ROUNDS - 1})
        yield Erratum(name, PRINTED[name], seen, cause, explains(seen, PRINTED[name], after))

    name = "net_h1"
    right, slip = (number["w1"] * number["i1"] + number[w] * number["i2"] + number["b1"] for w in ("w2", "w3"))
    given = {"printed": PRINTED[name], "right": right.normalize(), "slip": slip.normalize()}
    cause = Said("page.truth.note4", given)
    yield Erratum(SLIP, PRINTED[name], right, cause, explains(right, PRINTED[name], slip))


def editions_of(as_told: Run[Decimal], mistaken: Run[Decimal]) -> Iterator[Edition]:
    """The outputs that other editions print, if these trainings reach them."""
    if len(as_told.errors) > ROUNDS:
        for name, printed in OTHER_EDITIONS.items():
            yield Edition(name, printed, mistaken.outputs[name], as_told.outputs[name])
