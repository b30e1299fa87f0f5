"""How causes call what they name: every Value, factor and summand by a formula that has the number which is said of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import ATOM
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import Equations, in_parentheses, is_sum, summed
from tinygrad_bp.lessons.marking.mistakes import named

LONGEST = 60  # letters of a formula in a sentence; of a longer one its outermost operation is written, exp(…)
_MORE = "…", r"\ldots"


class Wording:
    """Writes what is named in the sentences about causes."""

    def __init__(self, derivation: Derivation, write: Equations) -> None:
        self.found, self.write = derivation, write
        self._writers = [
            FormulaWriter(derivation.names, latex=latex, leaves_as_numbers=True, textbook=True)
            for latex in (False, True)
        ]
        self._partial: dict[tuple[Value, int], bool] = {}

    @cached_property
    def owner(self) -> dict[Value, Value]:
        """For each node the Value with a name that it is a part of: itself if it has one."""
        found: dict[Value, Value] = {}
        users = self.found.users
        for v in reversed(self.found.order):
            found[v] = v if v in self.found.names or v not in users else found[users[v][0]]
        return found

    def written(self, v: Value | float) -> Formula:
        """The name of a Value, or the formula by which it is computed from others; of a leaf without a name the number."""
        if not isinstance(v, Value):
            return self.write.number(v)
        if v in self.found.names:
            return self.write.name(v)
        if v.op is None:
            return self.write.number(v.data)
        plain, latex = (writer.value(v) for writer in self._writers)
        if plain and latex and len(plain) <= LONGEST:
            return Formula(plain, latex)
        if v.op in (ops.dot, ops.logsumexp, ops.sum_of):
            return self._begun(v)
        texts = [v.op.write([(more, ATOM)] * len(v.operands), latex=k > 0) for k, more in enumerate(_MORE)]
        return Formula(*texts)

    def _begun(self, v: Value) -> Formula:
        """A long sum by its first summand: w1 * i1 + …."""
        first = (
            self.product((v.operands[0], v.operands[len(v.operands) // 2]))
            if v.op is ops.dot
            else self.written(v.operands[0])
        )
        if len(first.text) > LONGEST // 2:
            first = Formula(*_MORE)
        if v.op is ops.logsumexp:
            return Formula(f"log(exp({first.text}) + …)", rf"\ln\left(e^{{{first.latex}}} + \ldots\right)")
        return Formula(f"{first.text} + …", rf"{first.latex} + \ldots")

    def factor(self, n: Value, place: int) -> Formula:
        """The local derivative of a node with respect to the operand at this place: ∂ where that is not all of the derivative."""
        x = n.operands[place]
        assert isinstance(x, Value)
        d, latex = ("∂", r"\partial ") if self._is_partial(n, place) else ("d", "d")
        top, bottom = (self._enclosed(v) for v in (n, x))
        return Formula(f"{d}{top.text}/{d}{bottom.text}", rf"\frac{{{latex}{top.latex}}}{{{latex}{bottom.latex}}}")

    def _enclosed(self, v: Value) -> Formula:
        if v in self.found.names:
            return self.write.enclosed(v)
        return in_parentheses(self.written(v))

    def _is_partial(self, n: Value, place: int) -> bool:
        """Whether the node depends on an operand in other ways, too."""
        key = n, place
        if key not in self._partial:
            x = n.operands[place]
            others = [v for k, v in enumerate(n.operands) if k != place and isinstance(v, Value)]
            self._partial[key] = isinstance(x, Value) and x in self._down(others, self.found.place[x])
        return self._partial[key]

    def _down(self, waiting: list[Value], least: int) -> set[Value]:
        """These and all below them, no further down than a place in the order."""
        met = {v for v in waiting if not isinstance(v, Constant)}
        waiting = list(met)
        while waiting:
            for x in waiting.pop().operands:
                if isinstance(x, Value) and x not in met and self.found.place.get(x, -1) >= least:
                    met.add(x)
                    waiting.append(x)
        return met

    def product(self, factors: Sequence[Value | float], *, negative: bool = False) -> Formula:
        """Factors with signs of multiplication between them, and maybe a minus sign before them. A factor of 1 is left out."""
        kept = [x for x in factors if (x.data if isinstance(x, Constant) else x) != 1.0] or list(factors[:1])
        if len(kept) == 1 and not negative:
            return self.written(kept[0])
        texts = [self.write.enclosed(x) if x in self.found.names else self.written(x) for x in kept]
        texts = [in_parentheses(x) if is_sum(x) else x for x in texts]
        [row] = summed([(negative, texts)])
        return row

    def total(self, factors: Sequence[Value | float]) -> Formula:
        """The same factors with signs of addition between them."""
        return self.side_by_side(summed([(False, [self.product([x], negative=False)]) for x in factors]))

    def times(self, factors: Sequence[Formula]) -> Formula:
        """Formulas with signs of multiplication between them."""
        [row] = summed([(False, [in_parentheses(x) if is_sum(x) else x for x in factors])])
        return row

    def side_by_side(self, row: Sequence[Formula]) -> Formula:
        """A sum in one formula."""
        return Formula(" ".join(x.text for x in row), " ".join(x.latex for x in row))

    def joined(self, formulas: Sequence[Formula]) -> Formula:
        """Formulas in one, with commas between them."""
        return Formula(", ".join(x.text for x in formulas), ", ".join(x.latex for x in formulas))

    def slope(self, template: str, operand: Value, result: Value) -> Formula:
        """A formula of the list of mistakes with names."""
        pair = [self.written(v) for v in (operand, result)]
        loose = [in_parentheses(x) if " " in x.text or x.text.startswith("-") else x for x in pair]
        first, second = loose if template not in ("⟦0⟧", "⟦1⟧") else pair
        latex = template.replace(" * ", r" \cdot ").replace("** 2", "^{2}")
        return Formula(named(template, first.text, second.text), named(latex, first.latex, second.latex))


def count_of(share: float) -> int:
    """How many a factor divides by, 3 of 1/3; 0 where it is none."""
    count = round(1.0 / share) if 0.0 < share < 1.0 else 0
    return count if count > 1 and math.isclose(1.0 / share, count) else 0


def summands(v: Value) -> Iterator[Value | float]:
    """What a Value is the sum of, sums in it taken apart."""
    waiting: list[Value | float] = [v]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Value) and x.op is not None and x.op.name in ("add", "sum_of"):
            waiting += reversed(x.operands)
        else:
            yield x
