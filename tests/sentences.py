"""What the sentences about causes claim, held against the graph: every `what = number` in them, evaluated with fifty digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mpmath import mp, mpf

from tests.evaluated import Evaluator
from tinygrad_bp import Value
from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.mistakes import Mistake
from tinygrad_bp.lessons.marking.worlds import World
from tinygrad_bp.words import catalogue

# Sentences in which {what} = {number}, and those in which {number} is {number} times, a rate, a constant that stands in the graph.
EQUAL = {
    "replaced", "omitted", "twice", "summand", "summandSign", "upsideDown", "minus", "degree", "bias", "biasTwice", "biasFactor",
    "wrongSign",
}  # fmt: skip
RATES = {
    "rate", "step", "rateForgotten", "rateTwice", "rateDivides", "updateSign", "stepAlone", "updateTurned", "updateTwice",
    "notUpdated", "updateOther", "updateOtherSlope",
}  # fmt: skip
CONSTANTS = {"constant", "divisor", "timesForOver", "power"}
COUNTS = {"mean", "meaned", "meanTwice", "timesCases", "lastDivided"}
PATHS = {"path", "onlyPath", "pathBetween", "pathSign", "pathSignBetween"}


class Sentences:
    """The claims of a derivation's causes."""

    def __init__(self, found: Derivation) -> None:
        self.found, self.causes = found, Causes(found, 17)
        self.evaluator = Evaluator(found, {"π": mp.pi})
        self.nodes: dict[str, list[Value]] = {}
        for v in found.order:
            if v not in found.names:
                self.nodes.setdefault(self.causes.words.written(v).text, []).append(v)

    def value(self, text: str) -> mpf:
        """A formula's number; of a local derivative between nodes without names, ∂(a * b)/∂a, by the operation itself."""
        pair = re.fullmatch(r"([d∂])(.+)/[d∂](.+)", text)
        for of in self.called(pair[2]) if pair else ():
            for k, by in enumerate(of.operands):
                if pair and by in self.called(pair[3]):
                    return self.evaluator.slope(of, by) if pair[1] == "d" else mpf(of.local_derivatives[k])
        return self.evaluator.evaluated(text)[0]

    def called(self, text: str) -> list[Value]:
        """The nodes that are written so; of those without names there may be several, computed alike."""
        names = self.evaluator.names
        return [names[text]] if text in names else self.nodes.get(text[1:-1], []) if text.startswith("(") else []

    def mistakes(self, steps: Sequence[Step]) -> Iterator[tuple[Step, Mistake]]:
        world = World(self.found)
        for step in steps:
            for mistake in self.causes.of(step, world):
                yield step, mistake

    def is_true(self, step: Step, mistake: Mistake) -> bool:
        """Whether what its sentence claims is so."""
        text = mistake.text or mistake.key
        about = mistake.about
        if "number" not in about or "{number}" not in catalogue("en")["mistake"][text]:
            return True
        shown = about["number"]
        number = mpf(shown.text if isinstance(shown, Formula) else shown)
        if text in EQUAL:
            what = about["what"]
            assert isinstance(what, Formula)
            return "…" in what.text or near(self.value(what.text), number)
        if text in RATES:
            return near(abs(number), mpf(self.found.learning_rate or 0.0))
        if text in CONSTANTS:
            return any(near(number, mpf(x)) for x in self.plain())
        if text in COUNTS:
            return number == int(number) and number > 1
        if text in PATHS:
            right, value = World(self.found).number(step), mistake.value
            if step.kind == "update":  # of which the derivative is wrong
                rate = self.found.learning_rate
                assert step.by is not None
                assert rate is not None
                right, value = self.found.graph.total[step.by], (step.by.data - value) / rate
            gives = number if text == "onlyPath" else right - (2 if text.startswith("pathSign") else 1) * number
            return near(mpf(value), mpf(gives), abs(mpf(right)) + abs(number))
        if text == "targetForgotten":
            return any(near(number, mpf(share.target)) for share in self.causes.forward.shares.values())
        raise AssertionError(f"nothing is known of the number in {text}")

    def replaced(self) -> Iterator[tuple[Value, Mistake]]:
        """What is taken for a local derivative, and that node."""
        world = World(self.found)
        for n in self.found.order:
            for place, x in enumerate(n.operands):
                if isinstance(x, Value) and x in self.found.place:
                    for mistake in self.causes.slopes.of(n, place, x, n.local_derivatives[place], world):
                        if mistake.key == "replaced":
                            yield n, mistake

    def plain(self) -> Iterator[float]:
        """The numbers of the graph that are no results."""
        for v in self.found.order:
            for x in v.operands:
                yield x.data if isinstance(x, Value) else x


def near(a: mpf, b: mpf, scale: mpf | None = None) -> bool:
    return abs(a - b) <= mpf("1e-9") * (abs(b) if scale is None else scale) + mpf("1e-12")


def falsehoods(found: Derivation, steps: Sequence[Step] | None = None) -> tuple[int, list[str]]:
    """How many sentences were held against the graph, and those that claim what is not so."""
    with mp.workdps(50):
        sentences = Sentences(found)
        count, false, met = 0, [], set()
        for step, mistake in sentences.mistakes(found.steps if steps is None else steps):
            about = tuple(sorted(mistake.about.items(), key=lambda pair: pair[0]))
            if (mistake.key, mistake.text, about) in met and mistake.key not in ("path", "pathSign", "onlyPath"):
                continue
            met.add((mistake.key, mistake.text, about))
            count += "number" in mistake.about
            if not sentences.is_true(step, mistake):
                false.append(f"{step.name}: {mistake}")
        for n, mistake in sentences.replaced():
            wrong = mistake.about["wrong"]
            assert isinstance(wrong, Formula)
            if "…" not in wrong.text and not near(sentences.value(wrong.text), mpf(mistake.value)):
                false.append(f"a slope of {n}: {mistake}")
        return count, false
