"""What may be taken for the result of a function of one operand: another function, the wrong argument, its slope."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import ACTIVATIONS
from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.marking.mistakes import Mistake, evaluated, mistakes
from tinygrad_bp.lessons.marking.wording import Wording

_CONFUSED = {
    ops.sin: (ops.cos,),
    ops.cos: (ops.sin,),
    ops.sinh: (ops.cosh,),
    ops.cosh: (ops.sinh,),
    ops.tanh: (ops.tan, ops.sinh, ops.atan),
    ops.log: (ops.log2,),
}
_OF_ANGLES = (ops.sin, ops.cos, ops.tan)


class Functions:
    """The mistakes with functions of one operand."""

    def __init__(self, words: Wording) -> None:
        self.words = words

    def of(self, n: Value, x: float, data: Any) -> Iterator[Mistake]:
        """Mistakes in a node whose operand is x."""
        operand = next(v for v in n.operands if isinstance(v, Value))
        number = self.words.write.number(data[n])
        if n.op is ops.neg:
            yield Mistake("minus", x, 1.8, {"what": self.words.written(n), "number": number})
            return
        what: Mapping[str, Formula | str] = {"what": self.words.written(n), "wrong": self.words.written(operand)}
        yield Mistake("function", x, 1.0, what)
        op: Any = n.op
        trials: list[tuple[str, float, Callable[[], float], Mapping[str, Formula | str]]] = [
            ("argumentSign", 2.6, lambda: op.compute([-x]), what)
        ]
        for other, rank in self._others(op):
            said: Mapping[str, Formula | str] = {**what, "function": _called(other), "own": _called(op)}
            trials.append(("otherFunction", rank, partial(other.compute, [x]), said))
        if op in _OF_ANGLES:
            trials.append(("degrees", 1.8, lambda: op.compute([math.radians(x)]), what))
        if op in (ops.sigmoid, ops.exp):
            said = {**what, "function": "exp(-x)", "own": _called(op)}
            trials.append(("otherFunction", 2.8, lambda: math.exp(-x), said))
        if op is ops.sigmoid:
            inner = what["wrong"]
            assert isinstance(inner, Formula)
            for sign, left, right, trial in (("+", "", "", _without_parentheses), ("-", "(", ")", _with_minus)):
                wrong = Formula(
                    f"1 / {left}1 {sign} exp(-{inner.text}){right}",
                    rf"1 / {left}1 {sign} e^{{-{inner.latex}}}{right}",
                )
                trials.append(
                    ("replaced", 1.9, partial(trial, x), {"what": what["what"], "number": number, "wrong": wrong})
                )
        trials.append(("slopeFor", 2.4, lambda: op.derivatives(data[n], [x], [True])[0], what))
        for key, rank, computed, about in trials:
            try:
                yield Mistake(key, float(computed()), rank, about)
            except (ArithmeticError, ValueError):
                continue
        yield from self._slopes(n, operand, x, data[n], {**what, "number": number})

    @staticmethod
    def _others(op: Any) -> Iterator[tuple[Any, float]]:
        """Functions that are taken for this one, with how likely."""
        if op in ACTIVATIONS or op in (ops.silu, ops.gelu):
            yield from ((other, 2.2) for other in ACTIVATIONS if other is not op)
        yield from ((other, 2.0) for other in _CONFUSED.get(op, ()))

    def _slopes(
        self, n: Value, operand: Value, x: float, result: float, about: Mapping[str, Formula | str]
    ) -> Iterator[Mistake]:
        """What may be taken for the slope, in place of the value."""
        assert n.op is not None
        for template in mistakes()["slopes"].get(n.op.name, ())[:2]:
            if "/" in template:
                continue
            try:
                slope = evaluated(template, x, result)
            except (ArithmeticError, ValueError):
                continue
            if slope != result:
                yield Mistake("replaced", slope, 3.2, {**about, "wrong": self.words.slope(template, operand, n)})


def _called(op: Any) -> str:
    """A function as people write it, which the name of an operation need not be."""
    return "log(1 + exp(x))" if op is ops.softplus else str(op.name)


def _without_parentheses(x: float) -> float:
    """1 / 1 + exp(-x), for a sigmoid."""
    return 1.0 + math.exp(-x)


def _with_minus(x: float) -> float:
    """1 / (1 - exp(-x)), for a sigmoid."""
    return 1.0 / (1.0 - math.exp(-x))
