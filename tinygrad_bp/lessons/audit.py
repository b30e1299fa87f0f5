"""Printed figures of a derivation, held against what they are: exactly, by hand, by autograd and by central differences.

A verdict is strict. A figure holds if the exact value, rounded to as many digits as are printed, is what is printed, and the derivation by
hand and autograd agree to 1e-15, relatively: after k updates, each of which rounds, to k times that. One that is known to be wrong is an
erratum if its cause accounts for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from tinygrad_bp.core.gradients import grad
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.course import Run
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.naming import Names
from tinygrad_bp.words import Said, Words, words

AGREEMENT = 1e-15
# Of a central difference: its own error, of the order STEP ** 2, is then about as large as that of rounding.
STEP = 1e-5
DIGITS = 30  # of exact values, while they are computed
HOLDS, ERRATUM, FAILS, NOT_JUDGED = "holds", "erratum", "fails", "not judged"


class Figure(NamedTuple):
    """What is printed: the part of the text it stands in, its name, `dE_o1/dout_h1` or `w5+`, how it is computed, and its digits."""

    stage: str
    quantity: str
    formula: str
    printed: str


@dataclass(frozen=True)
class Row:
    """A figure and what was found for it.

    Numbers are None if nothing was found, `difference` also where there is nothing to differentiate. `reason` says why a figure is not
    judged, or fails. `later` is there for a figure that is of an earlier time than it is said to be: what the numbers are of, and those of
    the time that is said.
    """

    quantity: str
    printed: str
    exact: Decimal | None = None
    hand: float | None = None
    autograd: float | None = None
    difference: float | None = None
    verdict: str = NOT_JUDGED
    reason: Said | None = None
    later: tuple[Said, Mapping[str, Any]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the exact value is text, in decimals."""
        exact = None if self.exact is None else decimals(self.exact)
        found = {key: getattr(self, key) for key in ("hand", "autograd", "difference", "verdict")}
        return {"quantity": self.quantity, "printed": self.printed, "exact": exact, **found}

    def judged(self, updates: int = 0, explained: bool | None = None, reason: Said | None = None) -> Row:
        """The same with a verdict, and why.

        Args:
            updates: how many there were before, each of which rounds.
            explained: of a figure known to be mistaken, whether its cause accounts for it.
            reason: why it is not to be judged.
        """
        verdict = FAILS
        if self.exact is None or self.hand is None or self.autograd is None:
            verdict = NOT_JUDGED
        elif not agree(self.hand, self.autograd, updates):
            reason = Said("audit.why.apart")
        elif reason:
            verdict = NOT_JUDGED
        elif explained is not None:
            verdict, reason = (ERRATUM, None) if explained else (FAILS, Said("audit.why.cause"))
        elif rounds_to(self.exact, self.printed):
            verdict = HOLDS
        else:
            reason = Said("audit.why.exact")
        return replace(self, verdict=verdict, reason=reason)


class Time(NamedTuple):
    """Of an error of a training: what it is called, after how many updates it is, and of which it is said to be."""

    loss: str
    updates: int
    said: int


NEVER = Time("", 0, 0)


def rows_of(
    printed: Mapping[str, str],
    ways: Mapping[str, Mapping[str, Any]],
    *,
    errata: Iterable[Erratum] = (),
    reasons: Mapping[str, Said | None] = MappingProxyType({}),
    runs: Mapping[str, Run[Any]] = MappingProxyType({}),
    times: Mapping[str, Time] = MappingProxyType({}),
) -> list[Row]:
    """The figures of these names, judged.

    Args:
        ways: "exact", "hand", "autograd" and "difference", and what was found in these ways, by name.
        errata: the figures known to be mistaken.
        reasons: why figures are not to be judged, for those that are not.
        runs: trainings, in some of these ways.
        times: of the figures that are errors of the training; one that it is too short for has no numbers.
    """
    explained = {each.quantity: each.explained for each in errata}
    rows = []
    for name, text in printed.items():
        time = times.get(name, NEVER)
        numbers: dict[str, Any] = {way: found.get(name) for way, found in ways.items()}
        if name in times and all(len(run.errors) > time.said for run in runs.values()):
            numbers = {way: run.errors[time.updates] for way, run in runs.items()}
            if time.updates != time.said:
                told = Said("lesson.course.after", {"name": time.loss, "count": time.updates})
                numbers["later"] = told, {way: run.errors[time.said] for way, run in runs.items()}
        rows.append(Row(name, text, **numbers).judged(time.updates, explained.get(name), reasons.get(name)))
    return rows


def rounds_to(number: Decimal, printed: str) -> bool:
    """Whether `number`, rounded to the digits that `printed` has, is what is printed."""
    return number.quantize(Decimal(printed)) == Decimal(printed)


def explains(number: Decimal, printed: str, other: Decimal) -> bool:
    """Whether a number is what is printed, and another one that it might have been is not."""
    return rounds_to(number, printed) and not rounds_to(other, printed)


def differing(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The quantities for which two derivations differ: their names, and both numbers."""
    return [(name, x, other[name]) for name, x in first.items() if not agree(x, other[name])]


def decimals(number: Decimal, digits: int = 25) -> str:
    """`number` to so many significant digits, without an exponent and without zeros at the end."""
    return f"{number.normalize(Context(prec=digits)):f}"


def agree(a: float, b: float, updates: int = 1) -> bool:
    """Whether the two are equal to 1e-15, relatively, or after several updates to as many times that."""
    return abs(a - b) <= AGREEMENT * max(1, updates) * max(abs(a), abs(b))


# Other ways to the same quantities


def derived(
    found: Derivation, by_hand: Callable[..., Mapping[str, Any]], given: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """All quantities by name: "exact", by "hand", by "autograd", and by "difference", which is None for what no derivative is in.

    Args:
        by_hand: derives them: `by_hand(exp, **numbers)`, of floats and of `Decimal`s.
        given: the numbers that it takes, as `Decimal`s.
    """
    names = Names(found)
    hand = by_hand(math.exp, **{name: float(x) for name, x in given.items()})
    steps = {name: names.found(name) for name in hand if name not in given}
    with localcontext() as context:
        context.prec = DIGITS
        exact = by_hand(Decimal.exp, **given)
    return {
        "exact": {**exact},
        "hand": {**hand},
        "autograd": {name: _found(found, step, lambda y, x: grad(y, x).data) for name, step in steps.items()},
        "difference": {
            name: None if step.by is None else _found(found, step, central_difference) for name, step in steps.items()
        },
    }


def central_difference(y: Value, x: Value) -> float:
    """(y at x + h minus y at x - h) / 2h, where x may be any Value that y was computed from. Computes y anew and uses no derivative."""
    found = Derivation(y)
    above, below = x.data + STEP, x.data - STEP
    return (found.data({x: above})[y] - found.data({x: below})[y]) / (above - below)


def _found(found: Derivation, step: Step, derivative: Callable[[Value, Value], float]) -> float:
    if step.by is None:
        return step.of.data
    slope = derivative(step.of, step.by)
    return step.by.data - (found.learning_rate or 0.0) * slope if step.kind == "update" else slope


# All of them


@dataclass(frozen=True)
class Erratum:
    """A figure that is known to be mistaken: what is printed, the right number, why they differ, and whether that accounts for it."""

    quantity: str
    printed: str
    exact: Decimal
    cause: Said
    explained: bool

    @property
    def in_formula(self) -> bool:
        """Whether the figure itself is right, and what is wrong is a formula for it."""
        return self.exact == Decimal(self.printed)


class Edition(NamedTuple):
    """A figure that only other editions print: whose it is shows in two trainings, of which `sequential` is the mistaken one."""

    quantity: str
    printed: str
    sequential: Decimal
    simultaneous: Decimal

    @property
    def explained(self) -> bool:
        """Whether it is the number of the mistaken one alone."""
        return explains(self.sequential, self.printed, self.simultaneous)

    def to_dict(self) -> dict[str, str]:
        """For JSON, exact values in decimals."""
        return {**self._asdict(), "sequential": decimals(self.sequential), "simultaneous": decimals(self.simultaneous)}


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was found for the figures of a text.

    Attributes:
        rows: one for each figure, in the order of the text.
        errata: the figures that are known to be mistaken, and slips in formulas.
        ways: all quantities by name, in the order of derivation, as they are found by "hand", "autograd" and "difference".
        editions: what only other editions print.
    """

    rows: Sequence[Row]
    errata: Sequence[Erratum]
    ways: Mapping[str, Mapping[str, Any]]
    editions: Sequence[Edition] = ()

    @property
    def holds(self) -> bool:
        """Whether every verdict that was given holds and every erratum is explained."""
        return not self.first_difference and not self.unexplained(words())

    def unexplained(self, say: Words) -> list[str]:
        """What the causes of errata, and of what other editions print, do not account for."""
        others = [say("audit.edition", name=each.quantity) for each in self.editions if not each.explained]
        return [*[each.quantity for each in self.errata if not each.explained], *others]

    @cached_property
    def first_difference(self) -> Said | None:
        """The first quantity for which autograd and the derivation by hand differ, or the first figure that fails; else None."""
        for name, found in self.ways["autograd"].items():
            hand, check = self.ways["hand"][name], self.ways["difference"][name]
            if not agree(hand, found):
                given = {
                    "name": name,
                    "hand": repr(hand),
                    "autograd": repr(found),
                    "difference": repr(check),
                }
                if check is None:
                    return Said("audit.differs", given)
                nearer = "autograd" if abs(found - check) < abs(hand - check) else "hand"
                return Said(f"audit.differs.{nearer}", given)
        for row in self.rows:
            if row.verdict == FAILS:
                told = {"name": row.quantity, "printed": row.printed, "exact": row.exact, "why": row.reason}
                return Said("audit.differs.figure", told)
        return None

    def conclusion(self, language: str = "en") -> str:
        """How many verdicts hold, and the first that does not."""
        say, verdicts = words(language), [row.verdict for row in self.rows]
        parts = [say("audit.held", count=verdicts.count(HOLDS), all=len(verdicts))]
        for verdict, key in ((ERRATUM, "errata"), (NOT_JUDGED, "unjudged"), (FAILS, "failing")):
            if count := verdicts.count(verdict):
                parts.append(say(f"audit.count.{key}", count=count))
        if count := len([each for each in self.errata if each.in_formula and each.explained]):
            parts.append(say("audit.slip", count=count))
        if unexplained := self.unexplained(say):
            parts.append(f"{say('audit.unexplained')} {say('say.comma').join(unexplained)}")
        sentence = say("audit.conclusion", parts=say("say.semicolon").join(parts))
        return f"{sentence} {self.first_difference(say)}" if self.first_difference else sentence

    def to_dict(self) -> dict[str, Any]:
        """For JSON: exact values are text, in decimals, and texts are in English, since programs look for them."""
        say = words()
        unjudged = {row.quantity: row.reason for row in self.rows if row.verdict == NOT_JUDGED}
        return {
            "figures": [row.to_dict() for row in self.rows],
            "errata": [{**vars(each), "exact": decimals(each.exact), "cause": each.cause(say)} for each in self.errata],
            "not_judged": {name: reason(say) for name, reason in unjudged.items() if reason},
            "first_difference": self.first_difference(say) if self.first_difference else "",
            "holds": self.holds,
        }
