"""A recorded graph as a list of instructions: the intermediate form from which every target is written.

Each instruction computes one number once, from numbers computed before it (static single assignment). On the way in, what is constant
is computed, what is computed twice is shared, and algebra is simplified where the result is the same float; what no output needs is
never reached. The exponential inside a sigmoid is an instruction of its own, since the sigmoid's derivative needs it too.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation, require_order
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.program import zeros
from tinygrad_bp.program.algebra import SIMPLER
from tinygrad_bp.program.parts import bell, decay, logistic

DEEPEST = 50  # lists inside each other: Python's parser, for one, has a limit of its own


class Instruction(NamedTuple):
    """One operation. An operand `i >= 0` is the number in slot i; one below 0 is the constant `constants[~i]`."""

    op: Operation
    operands: tuple[int, ...]


class Code:
    """Straight-line code. The inputs lie in slots 0 to len(inputs) - 1, the result of instruction k in slot len(inputs) + k.

    Attributes:
        inputs: the labels of the inputs, in order.
        instructions: in an order in which each comes after its operands.
        constants: the numbers that operands below 0 stand for.
        labels: the labels of slots, where they have one.
        outputs: the slots (or constants) that are returned, in order.
        shape: how the outputs are nested: a number stands for `outputs[number]`, a list for a list.
        adds_zero: whether 0.0 is added to something.
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        self.inputs = list(inputs)
        self.instructions: list[Instruction] = []
        self.constants: list[float] = []
        self.labels: dict[int, str] = {}
        self.outputs: list[int] = []
        self.shape: Any = []
        self.adds_zero = False
        self._numbers: dict[str, int] = {}
        self._known: dict[Operation, dict[tuple[int, ...], int]] = {}
        self._foldable: set[int] = (
            set()
        )  # slots into which algebra looks: negations, and products and quotients with a constant

    def constant(self, x: float) -> int:
        """The operand that stands for this number. 0.0 and -0.0 are two."""
        key = x.hex()
        found = self._numbers.get(key)
        if found is None:
            self.constants.append(x)
            found = self._numbers[key] = ~(len(self.constants) - 1)
        return found

    def instruction(self, slot: int) -> Instruction | None:
        """What computes a slot; None for an input."""
        place = slot - len(self.inputs)
        return self.instructions[place] if place >= 0 else None

    def apply(self, op: Operation, operands: tuple[int, ...]) -> int:
        """The operand that holds the result: a constant, something that is there already, or a new instruction's."""
        if op is ops.sigmoid:
            [x] = operands
            return self.apply(logistic, (x, self.apply(decay, (x,))))
        if op is ops.sigmoid_slope:
            return self.apply(bell, (self.apply(decay, operands),))
        constant = not operands or min(operands) < 0
        if constant and (not operands or max(operands) < 0):
            try:
                return self.constant(float(op.forward(*[self.constants[~x] for x in operands])))
            except (ValueError, ArithmeticError):
                pass  # an error of the program is raised when it is called
        if constant or not self._foldable.isdisjoint(operands):
            simpler = SIMPLER.get(op)
            if simpler is not None and (same := simpler(self, operands)) is not None:
                return same
        known = self._known.get(op)
        if known is None:
            known = self._known[op] = {}
        turned = (op is ops.add or op is ops.mul) and operands[0] > operands[1]  # a + b and b + a are one
        key = operands[::-1] if turned else operands
        found = known.get(key)
        if found is None:
            found = known[key] = self.add(op, operands)
            if op is ops.neg or (constant and (op is ops.mul or op is ops.div)):
                self._foldable.add(found)
        return found

    def add(self, op: Operation, operands: tuple[int, ...]) -> int:
        """The slot of a new instruction."""
        self.instructions.append(Instruction(op, operands))
        return len(self.inputs) + len(self.instructions) - 1

    def numbers(self, operands: Sequence[int]) -> list[float | None]:
        """The number of each operand that is a constant, None for the others."""
        return [self.constants[~x] if x < 0 else None for x in operands]

    def uses(self) -> Counter[int]:
        """How often each slot is an operand or an output."""
        found: Counter[int] = Counter(slot for slot in self.outputs if slot >= 0)
        for _, operands in self.instructions:
            for x in operands:
                if x >= 0:
                    found[x] += 1
        return found

    def without_dead_code(self) -> Code:
        """The same with no instruction that no output needs: simplifying leaves some behind."""
        first = len(self.inputs)
        # Behind the slots lie the constants, the first of them last, where operands below 0 find them.
        needed = bytearray(first + len(self.instructions) + len(self.constants))
        for x in self.outputs:
            needed[x] = 1
        for slot in range(first + len(self.instructions) - 1, first - 1, -1):
            if needed[slot]:
                for x in self.instructions[slot - first].operands:
                    needed[x] = 1
        if all(needed[first:]):
            self._known.clear()  # nothing more is added
            return self
        code = Code(self.inputs)
        moved = list(range(first)) + [0] * (len(needed) - first)
        for k, number in enumerate(self.constants):
            if needed[~k]:
                moved[~k] = code.constant(number)
        slot = first
        for place, (op, operands) in enumerate(self.instructions, first):
            if needed[place]:
                code.instructions.append(Instruction(op, tuple([moved[x] for x in operands])))
                moved[place] = slot
                slot += 1
        code.labels = {moved[slot]: label for slot, label in self.labels.items() if slot < first or needed[slot]}
        code.outputs = [moved[x] for x in self.outputs]
        code.shape = self.shape
        return code

    def without_zeros(self) -> Code:
        """The same without sums with 0.0 from which nobody can tell."""
        if not self.adds_zero or not (needless := zeros.needless(self)):
            return self
        code = Code(self.inputs)
        first = len(self.inputs)
        moved = list(range(first))

        def move(x: int) -> int:
            return moved[x] if x >= 0 else code.constant(self.constants[~x])

        for slot, (op, operands) in enumerate(self.instructions, first):
            moved.append(
                moved[needless[slot]] if slot in needless else code.apply(op, tuple([move(x) for x in operands]))
            )
        for slot, label in self.labels.items():
            if slot < first or moved[slot] >= first:
                code.labels.setdefault(moved[slot], label)
        code.outputs = [move(x) for x in self.outputs]
        code.shape = self.shape
        return code

    def operations(self) -> dict[Operation, None]:
        """The operations that occur, in the order in which they first do."""
        return dict.fromkeys(instruction.op for instruction in self.instructions)


def trace(outputs: Any, inputs: Sequence[Value]) -> Code:
    """The code that computes the outputs, a Value or nested lists of Values, from the inputs. Raises what `compile` raises."""
    inputs = _inputs(inputs)
    roots, shape = _flatten(outputs)
    collects = gc.isenabled()
    gc.disable()  # nothing here is garbage, and looking for some among ever more instructions takes half the time
    try:
        code = _traced(roots, inputs)
        code.shape = shape
        return code.without_zeros().without_dead_code()
    finally:
        if collects:
            gc.enable()


def _traced(roots: Sequence[Value], inputs: Sequence[Value]) -> Code:
    code = Code([x.label for x in inputs])
    place: dict[Any, int] = {}
    for slot, x in enumerate(inputs):
        place[x] = slot
        if x.label:
            code.labels[slot] = x.label
    first, labels, apply = len(inputs), code.labels, code.apply
    for node in topological_order(*roots, constants=False):
        if node in place:
            continue
        op = node.op
        if op is None:
            place[node] = code.constant(node.data)
            continue
        operands = node.operands
        try:
            slots = tuple([place[x] for x in operands])
        except KeyError:  # numbers among them
            slots = tuple([code.constant(x) if type(x) is float else place[x] if x in place else code.constant(x.data)  # type: ignore[union-attr]
                           for x in operands])  # fmt: skip
        slot = place[node] = apply(op, slots)
        if slot >= first and (label := node.label) and slot not in labels:  # x * 1 does not rename the input x
            labels[slot] = label
    code.outputs = [place[root] for root in roots]
    return code


def _inputs(inputs: Sequence[Value]) -> list[Value]:
    require_order(inputs, "compile: inputs")
    try:
        inputs = [inputs] if isinstance(inputs, Value) else list(inputs)
    except TypeError:
        raise TypeError(f"compile: inputs is a sequence of Values, not {type(inputs).__name__}") from None
    seen: set[Value] = set()
    for place, x in enumerate(inputs, 1):
        if not isinstance(x, Value) or isinstance(x, Constant):
            raise TypeError(f"compile: input {place} is a Value, not {type(x).__name__} {x!r:.60}")
        if x.op is not None:
            raise ValueError(
                f"compile: input {place}, {x!r}, was computed from others; inputs are leaves, the Values that were made from numbers"
            )
        if x in seen:
            raise ValueError(f"compile: input {place}, {x!r}, is among the inputs twice")
        seen.add(x)
    return inputs


def _flatten(outputs: Any) -> tuple[list[Value], Any]:
    """The Values among nested lists in order, and their nesting with places instead of Values."""
    roots: list[Value] = []
    if isinstance(outputs, Value):
        return [outputs], 0
    shape: list[Any] = []
    waiting: list[tuple[Iterator[Any], list[Any]]] = [(_elements(outputs), shape)]
    while waiting:
        rest, into = waiting[-1]
        for x in rest:
            if isinstance(x, Value):
                into.append(len(roots))
                roots.append(x)
            else:
                if len(waiting) == DEEPEST:
                    raise ValueError(f"compile: outputs are nested in more than {DEEPEST} lists")
                inner: list[Any] = []
                into.append(inner)
                waiting.append((_elements(x), inner))
                break
        else:
            waiting.pop()
    return roots, shape


def _elements(outputs: Any) -> Iterator[Any]:
    require_order(outputs, "compile: outputs")
    if isinstance(outputs, Iterable) and not isinstance(outputs, str | bytes | dict):
        return iter(outputs)
    hint = "; for a derivative write grad(y, x)" if isinstance(outputs, float) else ""
    raise TypeError(
        f"compile: outputs are a Value or lists of Values, not {type(outputs).__name__} {outputs!r:.60}{hint}"
    )
