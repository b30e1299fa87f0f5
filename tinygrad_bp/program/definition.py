"""What a target has no function for, written by what it has: an operation's definition as instructions.

A definition is ordinary arithmetic. Run on symbols that stand for operands, it leaves an instruction for each of its steps, and so on
until only operations are left that the target has. Where an operation has no other definition, `forward` is one: the functions of
`math` that it calls stand for the rows of the table that are computed by them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence, Set
from functools import partial
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation, as_float
from tinygrad_bp.core.slopes import Slope
from tinygrad_bp.core.symbol import Symbol
from tinygrad_bp.program.instructions import Code


class _Untraceable(Exception):
    """Why an operation that a target has not cannot be given by instructions either, in words for the user."""


def expanded(code: Code, native: Set[Operation], target: str) -> Code:
    """The same program by operations that are in `native`, the target's own; the code itself where it has no others.

    Raises ValueError for an operation whose definition cannot be run on symbols, since it asks for a number or calls what is no
    operation; the message names it and `target`, and says what to do.
    """
    if code.operations().keys() <= native:
        return code
    found = _Expansion(code.inputs, native, target)
    first = len(code.inputs)
    moved = list(range(first))

    def move(x: int) -> int:
        return moved[x] if x >= 0 else found.constant(code.constants[~x])

    try:
        for op, operands in code.instructions:
            moved.append(found.apply(op, tuple([move(x) for x in operands])))
    except _Untraceable as reason:
        raise ValueError(str(reason)) from reason.__cause__
    for slot, label in code.labels.items():
        if slot < first or moved[slot] >= first:  # an operation that gives back an input does not rename it
            found.labels.setdefault(moved[slot], label)
    found.outputs = [move(x) for x in code.outputs]
    found.shape = code.shape
    return found.without_dead_code()


class _Expansion(Code):
    """Code that takes in any operation, and holds only those of one target."""

    def __init__(self, inputs: Sequence[str], native: Set[Operation], target: str) -> None:
        super().__init__(inputs)
        self._native = native
        self._target = target
        self._on_symbols = _OnSymbols()
        self._entered: list[tuple[Operation, int]] = []  # what is being defined, and by how many operands

    def add(self, op: Operation, operands: tuple[int, ...]) -> int:
        if op in self._native:
            return super().add(op, operands)
        entered = op, len(operands)
        if entered in self._entered:
            raise self._because(op, "it is defined by itself")
        self._entered.append(entered)
        try:
            definition = self._on_symbols.definition(op)
            return self.place(definition(*[_Operand(self, x) for x in operands]))
        except _Untraceable:
            raise
        except RecursionError:
            raise self._because(op, "it is defined by itself, without an end") from None
        except Exception as error:  # of a function that is the user's own
            raise self._because(op, f"{type(error).__name__}, {error}") from error
        finally:
            self._entered.pop()

    def place(self, x: Any) -> int:
        """The operand that a symbol or a number stands for. Raises TypeError for what is neither."""
        if isinstance(x, _Operand):
            return x.place
        return self.constant(as_float(x, "a definition", wants="is made of its operands and real numbers"))

    def _because(self, op: Operation, reason: str) -> _Untraceable:
        if isinstance(op, Slope):
            return _Untraceable(
                f"{self._target} has no derivative of {op.of.name}, and its rule cannot be followed: {reason}. Write the rule in ordinary "
                "operators and rows of tinygrad_bp.ops, with step, sign, maximum or minimum in place of an if"
            )
        what = "forward" if op.definition is None else "definition"
        return _Untraceable(
            f"{self._target} has no {op.name}, and its {what} cannot be followed: {reason}. Make the operation with definition=, its "
            "formula in ordinary operators and rows of tinygrad_bp.ops, with step, sign, maximum or minimum in place of an if"
        )


class _Operand(Symbol):
    """An operand of an instruction, as a number that a definition can compute with."""

    __slots__ = ("code", "place")

    def __init__(self, code: _Expansion, place: int) -> None:
        self.code, self.place = code, place

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> _Operand:
        code = next(x.code for x in operands if isinstance(x, _Operand))
        return _Operand(code, code.apply(op, tuple([code.place(x) for x in operands])))


# Functions on floats that stand for a row: what a row is computed by, called as that is, with the operands in turn; and those of `math`
# that have a row of the same name, if it is computed with more care.
_ROWS: dict[int, Callable[..., Any]] = {
    id(row.forward): partial(Operation.__call__, row) for row in ops.OPERATIONS.values()
}
_ROWS |= {id(getattr(math, name)): row for name, row in ops.OPERATIONS.items() if hasattr(math, name)}
_ROWS[id(math.fsum)] = ops.sum_of


class _OnSymbols:
    """Functions of floats as functions of symbols: each function in them that stands for a row is exchanged for the row.

    So is a function that is looked up in a module, `math.exp` or one of a module of the user's own. Python functions that are called on
    the way are treated alike, whether they are global, enclosed or default values. The functions themselves stay as they are.
    """

    def __init__(self) -> None:
        self._functions: dict[FunctionType, FunctionType] = {}
        self._globals: dict[int, dict[str, Any]] = {}  # one for each module, by the identity of its own

    def definition(self, op: Operation) -> Callable[..., Any]:
        """The definition of an operation, to be called with symbols; where it has none, its forward."""
        function = op.definition or op.forward
        if function is op.forward and ops.OPERATIONS.get(op.name) is op:  # for which the row itself would stand
            return self._exchanged(function) if isinstance(function, FunctionType) else function
        found: Callable[..., Any] = self.exchange(function)
        return found

    def exchange(self, thing: Any) -> Any:
        """What stands for a thing that a function refers to; most stand for themselves."""
        if id(thing) in _ROWS:
            return _ROWS[id(thing)]
        if isinstance(thing, FunctionType):
            return self._exchanged(thing)
        return _Module(thing, self) if isinstance(thing, ModuleType) else thing

    def _exchanged(self, function: FunctionType) -> FunctionType:
        if function in self._functions:
            return self._functions[function]
        key = id(function.__globals__)
        if key not in self._globals:
            self._globals[key] = dict(function.__globals__)
        names = self._globals[key]
        cells = tuple([CellType() for _ in function.__closure__ or ()])
        found = FunctionType(function.__code__, names, function.__name__, None, cells)
        self._functions[function] = found  # before it is complete, since functions may refer to each other
        for name in _names(function.__code__):
            if name in function.__globals__:
                names[name] = self.exchange(function.__globals__[name])
        for cell, old in zip(cells, function.__closure__ or (), strict=True):
            cell.cell_contents = self.exchange(old.cell_contents)
        if function.__defaults__ is not None:
            found.__defaults__ = tuple(map(self.exchange, function.__defaults__))
        if function.__kwdefaults__ is not None:
            found.__kwdefaults__ = {name: self.exchange(x) for name, x in function.__kwdefaults__.items()}
        return found


def _names(code: CodeType) -> Iterator[str]:
    """The names that a function's code looks up, those of functions inside it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


class _Module:
    """A module whose functions are exchanged when they are looked up."""

    def __init__(self, module: ModuleType, on_symbols: _OnSymbols) -> None:
        self._module, self._on_symbols = module, on_symbols

    def __getattr__(self, name: str) -> Any:
        return self._on_symbols.exchange(getattr(self._module, name))
