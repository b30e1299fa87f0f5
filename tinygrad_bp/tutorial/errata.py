"""Where the text and the mathematics part: each erratum with its cause, computed from the figures and the two ways to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.figures import ROUNDS, SETUP, Figure, setup
from tinygrad_bp.tutorial.training import Run
from tinygrad_bp.words import Words

EXACT_DIGITS = 25


class Said(NamedTuple):
    """A sentence of the catalogues, and what stands in it, which may be said, too."""

    key: str
    given: Mapping[str, object] = {}

    def __call__(self, say: Words) -> str:
        return say(self.key, **{name: x(say) if isinstance(x, Said) else x for name, x in self.given.items()})


@dataclass(frozen=True)
class Erratum:
    """What is printed, the right number, why they differ, and whether that accounts for it.

    Attributes:
        after: for an error of another round than the one it is said to be of, that of the latter.
    """

    quantity: str
    printed: str
    exact: Decimal
    cause: Said
    explained: bool
    after: Decimal | None = None

    @property
    def in_formula(self) -> bool:
        """Whether the figure itself is right, and what is wrong is a formula for it."""
        return self.exact == Decimal(self.printed)


@dataclass(frozen=True)
class Edition:
    """A figure that only other editions print: whose it is shows in the two ways to train, `sequential` being the mistake."""

    quantity: str
    printed: str
    sequential: Decimal
    simultaneous: Decimal

    @property
    def explained(self) -> bool:
        return rounds_to(self.sequential, self.printed) and not rounds_to(self.simultaneous, self.printed)


def rounds_to(number: Decimal, printed: str) -> bool:
    """Whether `number`, rounded to the digits that `printed` has, is what is printed."""
    return number.quantize(Decimal(printed)) == Decimal(printed)


def decimals(number: Decimal) -> str:
    """`number` to 25 significant digits, without an exponent and without zeros at the end."""
    text = f"{Decimal(f'{number:.{EXACT_DIGITS}g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def errata_of(
    figures: Sequence[Figure], exact: Mapping[str, Decimal], as_told: Run[Decimal], mistaken: Run[Decimal]
) -> list[Erratum]:
    """The errata, as far as these trainings reach: as the text tells it, and with the sequential update."""
    printed = {figure.quantity: figure.printed for figure in figures}
    found = [_misprint(printed, exact)]
    if len(as_told.errors) > 1:
        found.append(_sequential_update(printed, as_told, mistaken))
    if len(as_told.errors) > ROUNDS:
        found.append(_count_of_rounds(printed, as_told))
    return [*found, _wiring_slip(printed)]


def _misprint(printed: Mapping[str, str], exact: Mapping[str, Decimal]) -> Erratum:
    quantity = "dE_o2/dout_h1"
    print_, whole, other = (Decimal(printed[name]) for name in (quantity, "dE_total/dout_h1", "dE_o1/dout_h1"))
    out_o2, target_o2, w7 = Decimal(printed["out_o2"]), Decimal(SETUP["target_o2"]), Decimal(SETUP["w7"])
    product = (out_o2 - target_o2) * out_o2 * (1 - out_o2) * w7
    right = exact[quantity].quantize(print_)
    given = {"printed": print_, "exact": round(exact[quantity], 12), "out": out_o2, "product": round(product, 12)}
    cause = Said(
        "page.truth.note1", {**given, "rounded": right, "whole": whole, "other": other, "remainder": whole - other}
    )
    unit = Decimal(1).scaleb(print_.as_tuple().exponent)  # type: ignore[arg-type]
    explained = abs(print_ - right) == unit and rounds_to(product, str(right)) and whole - other == print_
    return Erratum(quantity, printed[quantity], exact[quantity], cause, explained)


def _sequential_update(printed: Mapping[str, str], as_told: Run[Decimal], mistaken: Run[Decimal]) -> Erratum:
    quantity = "E_total after 1 update"
    weights = {name[:-1]: Decimal(text) for name, text in printed.items() if name.endswith("+")}
    from_printed = one_round(Decimal.exp, **{**setup(Decimal), **weights}, sequential=False)["E_total"]
    right, wrong = as_told.errors[1], mistaken.errors[1]
    given = {"printed": printed[quantity], "right": round(right, 11), "mistaken": round(wrong, 11)}
    cause = Said("page.truth.note2", {**given, "asPrinted": round(from_printed, 9)})
    explained = rounds_to(wrong, printed[quantity]) and not rounds_to(right, printed[quantity])
    return Erratum(quantity, printed[quantity], right, cause, explained)


def _count_of_rounds(printed: Mapping[str, str], as_told: Run[Decimal]) -> Erratum:
    quantity = "E_total after 10000 rounds"
    text, seen, after = printed[quantity], as_told.errors[ROUNDS - 1], as_told.errors[ROUNDS]
    given = {
        "printed": text,
        "seen": f"{float(seen):.9e}",
        "after": f"{float(after):.9e}",
        "rounds": ROUNDS,
        "updates": ROUNDS - 1,
    }
    explained = rounds_to(seen, text) and not rounds_to(after, text)
    return Erratum(quantity, text, seen, Said("page.truth.note3", given), explained, after)


def _wiring_slip(printed: Mapping[str, str]) -> Erratum:
    start, text = setup(Decimal), printed["net_h1"]
    i1, i2, w1, w2, w3, b1 = (start[name] for name in ("i1", "i2", "w1", "w2", "w3", "b1"))
    right, slip = w1 * i1 + w2 * i2 + b1, w1 * i1 + w3 * i2 + b1
    cause = Said("page.truth.note4", {"printed": text, "right": right.normalize(), "slip": slip.normalize()})
    return Erratum("net_h1 (its formula)", text, right, cause, rounds_to(right, text) and not rounds_to(slip, text))
