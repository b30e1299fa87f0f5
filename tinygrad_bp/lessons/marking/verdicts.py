"""What is said of answers: right, right given what came before, or wrong, and then the likely cause."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tinygrad_bp.core.output import saying
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Formula, Legend, Piece
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.carrying import LEAST_DIGITS, Carrying, Followed, Rounding
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.mistakes import Mistake, mistakes
from tinygrad_bp.lessons.marking.naming import folded
from tinygrad_bp.lessons.marking.numbers import Number, Unreadable, number_of
from tinygrad_bp.lessons.marking.ranges import Ranges
from tinygrad_bp.lessons.marking.worlds import World
from tinygrad_bp.lessons.phrases import enumerated, phrase
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.text import printable, shown
from tinygrad_bp.words import Words

Verdict = Literal["right", "few", "rounded", "carried", "wrong", "blank"]
VERDICTS: tuple[Verdict, ...] = ("right", "rounded", "carried", "wrong", "few", "blank")
SURE = 6  # digits: of fewer the last one is more likely off by rounding than by a mistake that comes so near
LIKELY = 1.5  # the rank of mistakes that are rather made than numbers rounded in an odd way
LONG = 9  # digits: of so many it is told which number on the way was rounded, however far off the answer is
MOST_PAIRED = 60  # mistakes that are tried two at a time
SPREAD = 9.0  # numbers of a derivation spread over about two powers of ten, with both signs: 2 · 2 · ln 10
CHANCE = 0.2  # how often, at most, some mistake may lead to an answer by chance if that is to be named its cause

Answer = Number | Unreadable | None
Given = tuple[Step, str, Answer]  # a quantity, what it was called, and the answer


@dataclass(frozen=True)
class Cause:
    """How a cause is called, which text of the catalogue says it, what that names, and what kind it is to a class, if not its key."""

    key: str
    about: Mapping[str, Formula | str] = field(default_factory=dict)
    text: str = ""
    kind: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """What it says in any language, but for its numbers: the same on two sheets if the mistake is."""
        names = (f"{name} {plain([x])}" for name, x in sorted(self.about.items()) if name != "number")
        return self.text or self.key, *names

    def said(self, say: Words) -> list[Piece]:
        """The sentence."""
        return phrase(say, f"mistake.{self.text or self.key}", **self.about)


@saying
@dataclass(frozen=True)
class Mark:
    """What is said of one answer.

    Attributes:
        name: the quantity, by the name that it has here; `asked` is how the answers call it.
        answer: the answer as it was written, empty if it is blank.
        value: the right number; of a question the letters of the right choices.
        verdict: "right"; "few" if it is right, but too few digits are given to tell; "rounded" if it is what follows from other answers
            that are right but rounded; "carried" if it is what follows from other answers that are wrong; "wrong"; or "blank".
        given: of a rounded and a carried one the answers that it follows from.
        causes: the likely causes in words, the likeliest first; `keys` are how they are called.
        remark: the same as pieces of a document; `symbol` is the quantity as one.
        accepted: whether it counts as right though its numbers were rounded too early, as whoever marks has chosen.
        told: the causes as they were found, from which a class is told what it got wrong.
    """

    name: str
    asked: str
    answer: str
    value: float | str
    verdict: Verdict
    given: Sequence[str] = ()
    causes: Sequence[str] = ()
    keys: Sequence[str] = ()
    remark: Sequence[Piece] = field(default=(), repr=False)
    symbol: Piece = field(default="", repr=False)
    accepted: bool = False
    told: Sequence[Cause] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether the answer is right, or accepted as if it were."""
        return self.verdict == "right" or (self.accepted and self.verdict == "rounded")


def unreadable(mark: Mark, answer: Unreadable, say: Words) -> Mark:
    """The mark of an answer that is no number: wrong, and why."""
    sentence = phrase(say, f"mark.unreadable.{answer.key}", answer=shown(answer.text))
    return replace(
        mark, answer=answer.text, verdict="wrong", causes=[plain(sentence)], keys=["unreadable"], remark=sentence
    )


def legends(verdicts: Collection[str], say: Words) -> Iterator[Legend]:
    """What those of these verdicts mean that do not say it themselves."""
    return (Legend(say(f"mark.{verdict}.legend")) for verdict in ("carried", "rounded") if verdict in verdicts)


class Verdicts:
    """Marks answers, in the order in which they are derived."""

    def __init__(self, causes: Causes, given: Sequence[Given], say: Words) -> None:
        self.causes, self.given, self.say = causes, given, say
        self.found: Derivation = causes.found
        self.right = World(self.found)
        self.ranges = Ranges(self.found)
        self._by_step: dict[str, list[Mistake]] = {}
        rounding = Rounding.of(number for _, _, number in given if isinstance(number, Number))
        self.carrying = Carrying(self.found, causes.forward, rounding)

    def marks(self) -> list[Mark]:
        """The marks of all answers."""
        return [self._mark(*each) for each in self.given]

    def _mark(self, step: Step, asked: str, number: Answer) -> Mark:
        mark = Mark(step.name, asked, "", step.value, "blank", symbol=self._symbol(step, asked))
        if number is None:
            return mark
        if isinstance(number, Unreadable):
            return unreadable(mark, number, self.say)
        mark = replace(mark, answer=number.text)
        verdict = self._verdict(step, number)
        if verdict is not None:
            coarse = self._is_coarse(step, number)
            self.carrying.add(step, number, sound=verdict == "right" or not coarse, coarse=coarse)
            mark = replace(mark, value=next(x for x in self._right_ones(step) if self._is_right(step, number, x)))
            return replace(mark, verdict=verdict, remark=phrase(self.say, "mark.few") if verdict == "few" else ())
        followed = self.carrying.follows(step, number)
        causes = self._nearer(step, number, followed) if followed is not None else self._causes(step, number)
        if followed is not None and not causes:
            return self._following(mark, step, number, followed)
        self.carrying.add(step, number, sound=False)
        impossible = self.ranges.broken(step, number.x)
        likely = len(causes)
        if impossible:
            causes = [*causes, Cause("outside", {"what": self.causes.write.step(step)}, impossible)]
        sentences = [cause.said(self.say) for cause in causes]
        remark = [
            piece
            for k, sentence in enumerate(sentences)
            for piece in ([self.say("say.sentence" if k == likely else "say.alternatively")] if k else []) + sentence
        ]
        remark = remark or phrase(self.say, "mark.unknown")
        texts, keys = [plain(sentence) for sentence in sentences], [cause.key for cause in causes]
        return replace(mark, verdict="wrong", causes=texts, keys=keys, remark=remark, told=causes)

    def _symbol(self, step: Step, asked: str) -> Piece:
        """A quantity as it was called: a delta by its quotient, and what is written in a way of its own as it is."""
        own = self.causes.write.step(step)
        if folded(asked) == folded(step.name):
            return own
        if step.by is not None and folded(asked) == folded(self.found.derivative_name(step.of, step.by)):
            return self.causes.write.derivative(step.of, step.by)
        return printable(asked)

    def _following(self, mark: Mark, step: Step, number: Number, followed: Followed) -> Mark:
        """The mark of what follows from earlier answers."""
        self.carrying.add(step, number, sound=not followed.wrong)
        if followed.few:
            return replace(mark, verdict="few", remark=phrase(self.say, "mark.few"))
        verdict: Verdict = "carried" if followed.wrong else "rounded"
        names = enumerated(self.say, [self.causes.write.step(each) for each in followed.given])
        given = [each.name for each in followed.given]
        return replace(mark, verdict=verdict, given=given, remark=phrase(self.say, f"mark.{verdict}", given=names))

    # Right or wrong

    def _verdict(self, step: Step, number: Number) -> Verdict | None:
        scale = self.carrying.scale(step, self.right)
        for value in self._right_ones(step):
            if self._is_right(step, number, value):
                alone = self._is_coarse(step, number) and self.carrying.rounding.filled(number) is not number
                little = (alone or number.says_little(value)) and not number.is_rounded_to_zero(value, scale)
                return "few" if little else "right"
        return None

    def _is_right(self, step: Step, number: Number, value: float) -> bool:
        return number.is_rounded(value) or number.is_rounded(value, self.carrying.scale(step, self.right))

    def _is_coarse(self, step: Step, number: Number) -> bool:
        """Whether an answer is one digit alone, which does not come from rounded numbers either: a difference of these may have no more."""
        if any(not self.carrying.rounding.is_coarse(number, value) for value in self._right_ones(step)):
            return False
        filled = self.carrying.rounding.filled(number)
        followed = self.carrying.follows(step, filled) if filled is not number else None
        return followed is None or followed.wrong

    def _right_ones(self, step: Step) -> Iterator[float]:
        """The right numbers: with ∂ also the derivative along all ways, which textbooks write so, where it is not answered by itself."""
        yield step.value
        if step.direct and step.by is not None:
            whole = self.found.between(step.of, step.by)
            if whole.name not in {each.name for each, _, _ in self.given}:
                yield whole.value

    # Causes

    def _causes(self, step: Step, number: Number) -> list[Cause]:
        off = abs(number.x - step.value)
        hidden = self.carrying.slack(step, self.right)
        last = number.unit > 0.0 and _off_by_a_digit(step.value, number) and 1 < number.digits <= SURE
        if off < 1.01 * number.unit and number.is_cut(step.value):
            return [Cause("cut")]
        if last and (itself := self._itself(step, number)):
            return self._distinct(step, itself)
        if last and step.kind != "value" and self._is_all_known(step, number):
            return [Cause("lastDigit")]
        if (swapped := _with_two_digits_exchanged(number, step.value)) is not None:
            return [Cause("digits", {"number": self.causes.write.number(step.value), "wrong": swapped})]
        if self.carrying.sources(step):  # from which it does not follow: only what is very near may still be rounding
            hidden = min(hidden, mistakes()["rounded_share"] * abs(step.value))
        if hidden and off <= hidden + 0.5 * number.unit and number.digits >= LEAST_DIGITS:
            return [_rounded(number.x, step.value)]
        if last:
            return [Cause("lastDigit")]
        worlds = [(self.right, 0.0)]
        if self.carrying.earlier:
            own = self.carrying.world(self.carrying.sources(step))
            worlds = [(own, self._share(step, own)), (self.carrying.exact(), 0.0), *worlds]
        for world, share in worlds:
            if not math.isfinite(world.number(step)):
                continue  # nothing can be computed with these answers
            tried = self._tried(step, world)
            found = self._fitting(number, tried, share) or self._pairs(step, number, world, share, tried)
            if found:
                return self._distinct(step, found)
        return self._roundings(step, number, worlds[0][0])

    def _itself(self, step: Step, number: Number) -> list[list[Mistake]]:
        """The likely mistakes of which an answer is all that comes out, nothing rounded: 1.0 for a slope of 0.908."""
        tried = [mistake for mistake in self._tried(step, self.right) if mistake.rank <= LIKELY]
        return [[each] for each in tried if math.isclose(each.value, number.x, rel_tol=1e-12)]

    def _is_all_known(self, step: Step, number: Number) -> bool:
        """Whether nothing that may have been rounded is between an answer and earlier ones, or nothing tells how it was computed."""
        near = self.carrying.sources(step)
        return not near or self.carrying.slack(step, self.carrying.world(near)) <= 0.5 * number.unit

    def _nearer(self, step: Step, number: Number, followed: Followed) -> list[Cause]:
        """The mistakes of which an answer is exactly what comes out, where it is not exactly what follows from earlier answers.

        What follows from a digit alone tells nothing of the mistake by which that digit may have come about.
        """
        coarse = all(self.carrying.earlier[each.name].coarse for each in followed.given)
        if followed.exactly and not coarse:
            return []
        own = self.carrying.world(self.carrying.sources(step))
        found = []
        for world in (self.carrying.exact(),) if coarse else (own, self.carrying.exact()):
            for together in self._fitting(number, self._tried(step, world), 0.0):
                if together[0].rank <= LIKELY and number.is_rounded(together[0].value):
                    found.append(together)
        return self._distinct(step, found) if found else []

    def _share(self, step: Step, world: World) -> float:
        """By what share of itself a result may be off in a world of answers that are rounded."""
        value = world.number(step)
        slack = self.carrying.slack(step, world, self.carrying.sources(step))
        return slack / abs(value) if value else 0.0

    def _tried(self, step: Step, world: World) -> list[Mistake]:
        """The mistakes that may be made on the way to a quantity, the likeliest first."""
        return sorted(self.causes.of(step, world), key=lambda mistake: mistake.rank)

    def _fitting(self, number: Number, tried: Sequence[Mistake], share: float) -> list[list[Mistake]]:
        """The mistakes that lead to an answer, as far as it is unlikely that so many would do so by chance."""
        forms = {number, self.carrying.rounding.filled(number)}
        found: list[list[Mistake]] = []
        others: set[float] = set()
        for mistake in tried:
            others.add(mistake.value)
            turned = mistake.key == "sign" and number.digits > 0 and number.is_rounded(mistake.value)
            if turned or any(_is_likely(form, mistake.value, share, len(others)) for form in forms):
                found.append([mistake])

        def is_cut_only(together: list[Mistake]) -> bool:
            value = together[0].value
            return number.is_cut(value) and abs(number.x - value) > 0.5 * number.unit * (1.0 + 1e-9) + share * abs(
                value
            )

        found.sort(key=is_cut_only)  # what would have to be cut off comes after what fits
        return found

    def _pairs(
        self, step: Step, number: Number, world: World, share: float, tried: Sequence[Mistake]
    ) -> list[list[Mistake]]:
        """Two mistakes together in a derivative: the likeliest pair of those that lead to the answer."""
        right = world.number(step)
        if step.kind not in ("derivative", "delta") or not right:
            return []
        likely: list[Mistake] = []
        for mistake in tried:
            alone = mistake.rank <= 2.6 and mistake.key not in ("another", "data", "updated", "of") and mistake.value
            if alone and all(mistake.value != each.value for each in likely):
                likely.append(mistake)
        pairs = sorted(_two(likely[:MOST_PAIRED]), key=lambda pair: pair[0].rank + pair[1].rank)
        for count, (first, second) in enumerate(pairs, 1):
            value = first.value / right * second.value
            if first.key != second.key and _is_likely(number, value, share, count):
                return [[first, second]]
        return []

    def _is_first(self, step: Step) -> bool:
        """Whether nothing on the way to a quantity could have been rounded: it is one operation on numbers that were given."""
        return (
            step.kind == "value"
            and all(not isinstance(x, Value) or (x.op is None and _is_short(x.data)) for x in step.of.operands)
            and step.of.op is not None
            and step.of.op.name in ("mul", "add", "sub", "div", "pow")
        )

    def _roundings(self, step: Step, number: Number, world: World) -> list[Cause]:
        if number.unit and _off_by_a_digit(step.value, number) and 1 < number.digits <= 12:
            return [Cause("lastDigit")]
        if self._is_first(step):
            return []
        off = abs(number.x - step.value)
        share = mistakes()["rounded_share"]
        if off <= 4.0 * share * abs(step.value):
            for digits, value in self.causes.roundings.rounded(step, world):
                if number.fits(value) and value != step.value:
                    return [Cause("roundedTo", {"digits": str(digits)})]
        if step.value and off <= share * abs(step.value):
            return [_rounded(number.x, step.value)]
        if number.digits >= LONG:
            for what, digits, value in self.causes.roundings.rounded_one(step, world):
                if math.isclose(value, number.x, rel_tol=1e-8) or number.fits(value):
                    return [Cause("roundedTo", {"what": what, "digits": str(digits)}, "roundedOne")]
        return []

    def _distinct(self, step: Step, found: Sequence[list[Mistake]]) -> list[Cause]:
        """The likeliest, each said once; two that were made together are both said."""
        kept: dict[str, Cause] = {}
        turned = any(together[0].key == "sign" for together in found)
        for together in found:
            for mistake in together:
                if turned and len(together) == 1 and mistake.key == "minus" and mistake.text == "wrongSign":
                    continue  # the sign of the product is wrong, and nothing tells that of which factor
                if mistake.rank <= found[0][0].rank + 2.0:
                    cause = Cause(mistake.key, self._of_the_graph(step, mistake), mistake.text, mistake.kind)
                    kept.setdefault(plain(cause.said(self.say)), cause)
        return list(kept.values())[: mistakes()["most_named"]]

    def _of_the_graph(self, step: Step, mistake: Mistake) -> Mapping[str, Formula | str]:
        """What a mistake names with the numbers of the graph, where it was found among somebody's own numbers."""
        if "number" not in mistake.about:
            return mistake.about
        called = _called(mistake)
        same = [each for each in self._rightly(step) if "number" in each.about and _called(each) == called]
        numbers = [each.about["number"] for each in same]
        if not numbers or mistake.about["number"] in numbers:
            return mistake.about
        return {**mistake.about, "number": numbers[0]}

    def _rightly(self, step: Step) -> list[Mistake]:
        """The mistakes that may be made with the right numbers."""
        if step.name not in self._by_step:
            self._by_step[step.name] = self._tried(step, self.right)
        return self._by_step[step.name]


def _called(mistake: Mistake) -> tuple[object, ...]:
    """A mistake but for its numbers."""
    return mistake.key, mistake.text, *((name, x) for name, x in sorted(mistake.about.items()) if name != "number")


def _is_likely(number: Number, value: float, share: float, count: int) -> bool:
    """Whether an answer is this value, rounded or cut off where it ends, and not by chance.

    Args:
        share: by what share of itself it may be off besides, since it was computed from rounded numbers.
        count: how many other values have been tried: so often there was a chance that one fits.
    """
    if not number.fits(value) and abs(number.x - value) > 0.5 * number.unit + share * abs(value):
        return False
    exact = abs(number.x - value) <= 1e-9 * abs(value)  # and nothing was rounded or cut off
    if number.digits < 2 and not exact:
        return False
    width = (1.0 if exact else 2.0) * number.unit + 2.0 * (share + number.share) * abs(value)
    return count * width < CHANCE * SPREAD * max(abs(number.x), number.unit)


def _with_two_digits_exchanged(number: Number, value: float) -> str | None:
    """An answer as it was written if two digits side by side, exchanged, make it the right number; else None."""
    text = number.text
    for k, (first, second) in enumerate(itertools.pairwise(text) if number.digits >= LEAST_DIGITS + 1 else ()):
        if first.isdigit() and second.isdigit() and first != second:
            try:
                other = number_of(text[:k] + second + first + text[k + 2 :], value)
            except Unreadable:
                continue
            if other is not None and other.is_rounded(value):
                return text
    return None


def _is_short(x: float) -> bool:
    """Whether a number has few digits, which nobody rounds."""
    return float(f"{x:.4g}") == x


def _off_by_a_digit(value: float, number: Number) -> bool:
    """Whether an answer is off by one in its last digit."""
    return abs(number.x - value) <= 1.51 * number.unit


def _two(all_of_them: Sequence[Mistake]) -> Iterator[tuple[Mistake, Mistake]]:
    for k, second in enumerate(all_of_them):
        for first in all_of_them[:k]:
            yield first, second


def _rounded(x: float, value: float) -> Cause:
    """The cause of an answer that is near the right number, with the digits in which it agrees."""
    digits = _agreeing(x, value)
    return Cause("rounded", {"digits": str(digits)}) if digits > 1 else Cause("roundedEarly")


def _agreeing(x: float, value: float) -> int:
    digits = 1
    while digits < 15 and f"{x:.{digits}e}" == f"{value:.{digits}e}":
        digits += 1
    return digits
