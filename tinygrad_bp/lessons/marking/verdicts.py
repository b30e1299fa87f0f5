"""What is said of answers: right, right given what came before, or wrong, and then the likely cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tinygrad_bp.core.output import saying
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Formula, Piece
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.mistakes import Mistake, mistakes
from tinygrad_bp.lessons.marking.numbers import Number
from tinygrad_bp.lessons.marking.worlds import World
from tinygrad_bp.lessons.phrases import enumerated, phrase
from tinygrad_bp.words import Words

Verdict = Literal["right", "few", "carried", "wrong", "blank"]
SURE = 6  # digits: what agrees in so many is no coincidence, also of two mistakes together
MOST_PAIRED = 60  # mistakes that are tried two at a time
MOST_ALONE = 12  # wrong answers that are tried alone
CARRIED = 0.02  # by what share a result may differ since those that it was computed from were rounded

Given = tuple[Step, str, Number | None]  # a quantity, what it was called, and the answer


@saying
@dataclass(frozen=True)
class Mark:
    """What is said of one answer.

    Attributes:
        name: the quantity, by the name that it has here; `asked` is how the answers call it.
        answer: the answer as it was written, empty if it is blank.
        value: the right number.
        verdict: "right"; "few" if it is right, but too few digits are given to tell; "carried" if it is what follows from other answers
            that are wrong; "wrong"; or "blank".
        given: of a carried one the answers that it follows from.
        causes: the likely causes in words, the likeliest first; `keys` are how they are called.
        remark: the same as pieces of a document.
    """

    name: str
    asked: str
    answer: str
    value: float
    verdict: Verdict
    given: Sequence[str] = ()
    causes: Sequence[str] = ()
    keys: Sequence[str] = ()
    remark: Sequence[Piece] = field(default=(), repr=False)
    step: Step = field(default=None, repr=False)  # type: ignore[assignment]

    @property
    def ok(self) -> bool:
        """Whether the answer is right."""
        return self.verdict == "right"


class Verdicts:
    """Marks answers, in the order in which they are derived."""

    def __init__(self, causes: Causes, given: Sequence[Given], say: Words) -> None:
        self.causes, self.given, self.say = causes, given, say
        self.found: Derivation = causes.found
        self.right = World(self.found)
        self.wrong: list[tuple[Step, Number]] = []  # answers so far that are wrong
        self.answered: list[Step] = []  # those that are right

    def marks(self) -> list[Mark]:
        """The marks of all answers."""
        return [self._mark(*each) for each in self.given]

    def _mark(self, step: Step, asked: str, number: Number | None) -> Mark:
        if number is None:
            return Mark(step.name, asked, "", step.value, "blank", step=step)
        verdict = self._verdict(step, number)
        if verdict is not None:
            if verdict == "right":
                self.answered.append(step)
            remark = phrase(self.say, "mark.few") if verdict == "few" else ()
            return Mark(step.name, asked, number.text, step.value, verdict, remark=remark, step=step)
        given = self._carried(step, number)
        if given:
            self.wrong.append((step, number))
            names = enumerated(self.say, [self.causes.write.step(each) for each in given])
            remark = phrase(self.say, "mark.carried", given=names)
            names_of = [each.name for each in given]
            return Mark(step.name, asked, number.text, step.value, "carried", names_of, remark=remark, step=step)
        causes = self._causes(step, number)
        self.wrong.append((step, number))
        sentences = [phrase(self.say, f"mistake.{key}", **about) for key, about in causes]
        remark = [
            piece
            for k, sentence in enumerate(sentences)
            for piece in ([self.say("say.alternatively")] if k else []) + sentence
        ]
        texts = [_plain(sentence) for sentence in sentences]
        keys = [key for key, _ in causes]
        remark = remark or phrase(self.say, "mark.unknown")
        return Mark(step.name, asked, number.text, step.value, "wrong", (), texts, keys, remark, step)

    # Right or wrong

    def _verdict(self, step: Step, number: Number) -> Verdict | None:
        if not (number.is_rounded(step.value) or number.is_rounded(step.value, self._scale(step))):
            return None
        return (
            "few"
            if number.says_little(step.value) and not number.is_rounded_to_zero(step.value, self._scale(step))
            else "right"
        )

    def _scale(self, step: Step) -> float:
        """The size of what a quantity is a sum of: as many digits as it is smaller by may have been lost on the way."""
        if step.kind == "value":
            return max((abs(x.data) for x in step.of.operands if isinstance(x, Value)), default=0.0)
        if step.kind == "update" or step.by is None:
            return abs(step.by.data) if step.by is not None else 0.0
        down = self.right.sweep(step.of)
        parts = [
            abs(down[user] * local)
            for user in self.causes.forward.users.get(step.by, ())
            if user in down
            for x, local in zip(user.operands, self.right.local[user], strict=True)
            if x is step.by
        ]
        return max(parts, default=0.0)

    # Carried forward

    def _world(self, wrong: Sequence[tuple[Step, float]], *, by_result: bool = True) -> World:
        """What follows if these answers are taken for granted."""
        values: dict[Value, float] = {}
        slopes: dict[tuple[Value, int], float] = {}
        totals: dict[Value, float] = {}
        for step, x in wrong:
            if step.kind == "value":
                values[step.of] = x
            elif step.kind in ("derivative", "delta") and step.by is not None:
                if step.of is self.found.loss:
                    totals[step.by] = x
                places = [k for k, each in enumerate(step.of.operands) if each is step.by]
                if len(places) == 1 and step.of is not self.found.loss:
                    slopes[step.of, places[0]] = x
        return World(self.found, values, slopes, totals, by_result=by_result)

    def _carried(self, step: Step, number: Number) -> list[Step]:
        """The wrong answers that this one follows from; none if it does not."""
        if not self.wrong or (number.unit and number.digits < 2):
            return []
        near = self._near(step)
        chosen = [(each, given.x) for each, given in self.wrong if each.name in near]
        if not chosen:
            return []
        for taken in (chosen, *([pair] for pair in chosen[::-1][:MOST_ALONE] if len(chosen) > 1)):
            for by_result in (True, False):
                try:
                    value = self._world(taken, by_result=by_result).number(step)
                    if abs(value - step.value) <= 1e-12 * abs(step.value):
                        continue
                    if number.fits(value) or self._rounded_before(step, number, taken, value):
                        return self._needed(step, taken, value)
                except (ArithmeticError, ValueError):
                    continue
        return []

    def _near(self, step: Step) -> set[str]:
        """The names of the wrong answers that a quantity is computed from with no other wrong one between."""
        values = {each.of: each.name for each, _ in self.wrong if each.kind == "value"}
        slopes = {(each.of, each.by): each.name for each, _ in self.wrong if each.kind in ("derivative", "delta")}
        names: set[str] = set()
        below: list[Value] = []
        if step.kind == "value":
            below = [x for x in step.of.operands if isinstance(x, Value)]
        else:
            assert step.by is not None
            waiting, seen = [step.by], {step.by}
            while waiting:
                v = waiting.pop()
                below.append(v)
                total = slopes.get((step.of, v))
                if total is not None and total != step.name:
                    names.add(total)
                    continue
                for user in self.causes.forward.users.get(v, ()):
                    if (user, v) in slopes:
                        names.add(slopes[user, v])
                    below += [x for x in user.operands if isinstance(x, Value)]
                    if user not in seen and self.found.place[user] <= self.found.place[step.of]:
                        seen.add(user)
                        waiting.append(user)
        met = set(below)
        while below:
            v = below.pop()
            if v in values:
                names.add(values[v])
                continue
            for x in v.operands:
                if isinstance(x, Value) and x not in met:
                    met.add(x)
                    below.append(x)
        return names - {step.name}

    def _rounded_before(self, step: Step, number: Number, taken: list[tuple[Step, float]], value: float) -> bool:
        """Whether an answer follows from others as they were before they were rounded for writing them down."""
        units = {given_step.name: given.unit for given_step, given in self.wrong}
        if len(taken) > MOST_ALONE or abs(number.x - value) > CARRIED * abs(value):
            return False
        slack = 0.0
        for k, (each, x) in enumerate(taken):
            moved = [*taken[:k], (each, x + 0.5 * units[each.name]), *taken[k + 1 :]]
            slack += abs(self._world(moved).number(step) - value)
        slack = min(slack, CARRIED * abs(value))
        if slack >= 0.3 * abs(value - step.value):
            return False
        return abs(number.x - value) <= slack * 1.01 + 0.5 * number.unit

    def _needed(self, step: Step, taken: list[tuple[Step, float]], value: float) -> list[Step]:
        """Those of the answers without which another number would follow."""
        if len(taken) == 1 or len(taken) > MOST_ALONE:
            return [each for each, _ in taken]
        needed = []
        for k, (each, _) in enumerate(taken):
            without = self._world([*taken[:k], *taken[k + 1 :]]).number(step)
            if without != value:
                needed.append(each)
        return needed or [each for each, _ in taken]

    # Causes

    def _causes(self, step: Step, number: Number) -> list[tuple[str, Mapping[str, Formula | str]]]:
        if abs(number.x - step.value) < 1.01 * number.unit and number.is_cut(step.value):
            return [("cut", {})]
        if number.unit and _off_by_a_digit(step.value, number) and 1 < number.digits <= SURE:
            # Of so few digits the last one is more likely off by rounding than by a mistake that comes so near.
            return [("lastDigit", {})]
        fixed = self._world([(each, each.value) for each in self.answered])
        worlds = [fixed, self.right]
        if self.wrong:
            worlds.insert(0, self._world([(each, given.x) for each, given in self.wrong]))
        best: list[Mistake] = []
        for world in worlds:
            try:
                best = self._fitting(step, number, world)
            except (ArithmeticError, ValueError):
                best = []
            if best:
                break
        if best:
            return _distinct(best)
        return self._roundings(step, number, worlds[0]) or self._pairs(step, number, fixed)

    def _fitting(self, step: Step, number: Number, world: World) -> list[Mistake]:
        exact = number.unit == 0.0 or number.digits >= mistakes()["least_digits"]
        found = []
        for mistake in self.causes.of(step, world):
            fits = number.fits(mistake.value) if exact else abs(number.x - mistake.value) <= 1e-9 * abs(number.x)
            turned = mistake.key == "sign" and number.digits > 0 and number.is_rounded(mistake.value)
            if fits or turned:
                found.append(mistake)
        found.sort(key=lambda mistake: mistake.rank)
        return found

    def _roundings(self, step: Step, number: Number, world: World) -> list[tuple[str, Mapping[str, Formula | str]]]:
        if number.unit and _off_by_a_digit(step.value, number) and number.digits <= 12:
            return [("lastDigit", {})]
        off = abs(number.x - step.value)
        share = mistakes()["rounded_share"]
        if off <= 4.0 * share * abs(step.value):
            for digits, value in self.causes.rounded(step, world):
                if number.fits(value) and value != step.value:
                    return [("roundedTo", {"digits": str(digits)})]
        if step.value and off <= share * abs(step.value):
            return [("rounded", {"digits": str(_agreeing(number.x, step.value))})]
        return []

    def _pairs(self, step: Step, number: Number, world: World) -> list[tuple[str, Mapping[str, Formula | str]]]:
        """Two mistakes together, where so many digits agree that it is no coincidence."""
        right = world.number(step)
        if step.kind not in ("derivative", "delta") or not right or (number.unit and number.digits < SURE):
            return []
        likely: list[Mistake] = []
        for mistake in sorted(self.causes.of(step, world), key=lambda mistake: mistake.rank):
            if mistake.rank <= 2.6 and mistake.key not in ("another", "data", "updated", "of") and mistake.value:
                likely.append(mistake)
        for first, second in _two(likely[:MOST_PAIRED]):
            value = first.value / right * second.value
            if number.fits(value) and first.key != second.key:
                return [(first.key, first.about), (second.key, second.about)]
        return []


def _off_by_a_digit(value: float, number: Number) -> bool:
    """Whether an answer is off by one in its last digit."""
    return abs(number.x - value) <= 1.51 * number.unit


def _two(all_of_them: Sequence[Mistake]) -> Iterator[tuple[Mistake, Mistake]]:
    for k, second in enumerate(all_of_them):
        for first in all_of_them[:k]:
            yield first, second


def _distinct(found: Sequence[Mistake]) -> list[tuple[str, Mapping[str, Formula | str]]]:
    """The likeliest, each cause once."""
    kept: list[tuple[str, Mapping[str, Formula | str]]] = []
    for mistake in found:
        if all((mistake.key, mistake.about) != each for each in kept) and mistake.rank <= found[0].rank + 2.0:
            kept.append((mistake.key, mistake.about))
    return kept[: mistakes()["most_named"]]


def _agreeing(x: float, value: float) -> int:
    digits = 1
    while digits < 15 and f"{x:.{digits}e}" == f"{value:.{digits}e}":
        digits += 1
    return digits


def _plain(sentence: Sequence[Piece]) -> str:
    return "".join(piece if isinstance(piece, str) else getattr(piece, "text", "") for piece in sentence)
