"""A program as Python source that reads like the derivation done by hand."""

from __future__ import annotations

import itertools
import linecache
import math
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import ATOM, NEGATIVE, Operation
from tinygrad_bp.program.helpers import standalone
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.naming import Temporaries, identifier, names
from tinygrad_bp.program.parts import PARTS, decay

WIDEST = 88  # characters of a formula before a part of it gets a line of its own
ARITHMETIC = frozenset((ops.add, ops.sub, ops.mul, ops.div, ops.neg))
_INFIX = ARITHMETIC | PARTS
_SUMS = frozenset((ops.sum_of, ops.dot))
# What source can import; any other operation is handed to the function.
NATIVE = frozenset(ops.OPERATIONS.values()) | PARTS
_programs = itertools.count(1)  # numbers the file names under which debuggers find the sources
_free_filenames: list[str] = []


class Formulas:
    """The instructions of a program as formulas in Python's notation, each single-use intermediate inside the one that uses it.

    The operations of `infix` are written out by their formulas, all others as calls of functions. `constant` is how an operand of a
    formula without any other operands than constants is written.

    Attributes:
        lines: pairs of a name and its formula, in order.
        names: the identifier of each slot that has one.
        functions: the operations that the formulas call by name.
        raises: whether Python's power raises an error in one of them where the row of the table is infinite.
    """

    def __init__(self, code: Code, infix: Set[Operation] = _INFIX, constant: str = "{}") -> None:
        self.names = names(code)
        self._infix = infix
        self._constant = constant
        self.raises = False
        self._forms: dict[tuple[Operation, tuple[int, ...]], str] = {}
        self._function_names = _function_names(code.operations(), self.names.values())
        self._temporaries = Temporaries([*self.names.values(), *self._function_names.values()])
        self.functions: dict[str, Operation] = {}
        self.lines: list[tuple[str, str]] = []
        self._texts: dict[int, tuple[str, int]] = {}
        self._code = code
        uses = code.uses()
        kept = set(code.labels).union(code.outputs)
        for op, operands in code.instructions:
            if op in PARTS and op in infix:  # whose formulas name an operand more than once
                kept.update(operands)
        for slot, (op, operands) in enumerate(code.instructions, len(code.inputs)):
            text, binding = self._formula(op, [self.operand(x) for x in operands], operands)
            if slot not in kept and uses[slot] == 1 and len(text) <= WIDEST:
                self._texts[slot] = text, binding
            else:
                self.lines.append((self._name(slot), text))

    def _name(self, slot: int) -> str:
        if slot not in self.names:
            self.names[slot] = self._temporaries.next()
        return self.names[slot]

    def operand(self, x: int) -> tuple[str, int]:
        """An operand's text and how tightly it binds."""
        if x >= 0:
            return self._texts.pop(x) if x in self._texts else (self.names[x], ATOM)
        text = repr(self._code.constants[~x])
        return text, NEGATIVE if text.startswith("-") else ATOM

    def _formula(self, op: Operation, texts: Sequence[tuple[str, int]], operands: Sequence[int]) -> tuple[str, int]:
        if op in self._infix:
            if any(len(text) > WIDEST // 2 for text, _ in texts):
                texts = [self._on_a_line_of_its_own(text, x) for text, x in zip(texts, operands, strict=True)]
            # A number over a tensor PyTorch would divide as the number times a reciprocal, which is rounded twice.
            if self._constant != "{}" and (all(x < 0 for x in operands) or (op is ops.div and operands[0] < 0)):
                texts = [
                    (self._constant.format(text[0]), ATOM) if x < 0 else text
                    for text, x in zip(texts, operands, strict=True)
                ]
            return self._written(op, texts), op.binding
        if op in _SUMS and self._infix is _INFIX:
            if any(len(text) > WIDEST // 2 for text, _ in texts):
                texts = [self._on_a_line_of_its_own(text, x) for text, x in zip(texts, operands, strict=True)]
            self.functions["fsum"] = ops.sum_of
            return f"fsum([{', '.join([text for text, _ in self._terms(op, texts)])}])", ATOM
        if (
            op in (ops.pow, ops.power_term)
            and self._infix is _INFIX
            and (power := self._whole_power(op, texts, operands))
        ):
            return power
        name = self._function_names[op]
        self.functions[name] = op
        return f"{name}({', '.join(text for text, _ in texts)})", ATOM

    def _written(self, op: Operation, texts: Sequence[tuple[str, int]]) -> str:
        """What `op.write` writes, which is the same for all operands that bind as tightly but for their texts."""
        bindings = tuple([binding for _, binding in texts])
        form = self._forms.get((op, bindings))
        if form is None:
            form = op.write([(f"{{{place}}}", binding) for place, binding in enumerate(bindings)])
            self._forms[op, bindings] = form
        return form.format(*[text for text, _ in texts])

    def _whole_power(
        self, op: Operation, texts: Sequence[tuple[str, int]], operands: Sequence[int]
    ) -> tuple[str, int] | None:
        """x ** 3, and 4.0 * x ** 3 in a derivative, where Python computes what the row does."""
        numbers = self._code.numbers(operands)
        factor, place = (numbers[0], 1) if op is ops.power_term else (1.0, 0)  # of 0 or an infinity the row takes care
        b, k = [*numbers[place + 1 :], 0.0][:2]
        if (
            not factor
            or not math.isfinite(factor)
            or b is None
            or k is None
            or not b.is_integer()
            or not k.is_integer()
        ):
            return None
        exponent = int(b - k)
        if not 0 < abs(exponent) < 1e6:
            return None
        power = ops.pow.write([texts[place], (str(exponent), ATOM)])
        self.raises |= op is ops.power_term
        if factor == 1:
            return power, ops.pow.binding
        return ops.mul.write([texts[0], (power, ops.pow.binding)]), ops.mul.binding

    def _terms(self, op: Operation, texts: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
        """What is added up: of a `dot` the products."""
        if op is ops.sum_of:
            return texts
        pairs = zip(texts[: len(texts) // 2], texts[len(texts) // 2 :], strict=True)
        return [
            w if x[0] == "1.0" else x if w[0] == "1.0" else (self._written(ops.mul, (w, x)), ATOM) for w, x in pairs
        ]

    def _on_a_line_of_its_own(self, text: tuple[str, int], x: int) -> tuple[str, int]:
        if x < 0 or len(text[0]) <= WIDEST // 2:
            return text
        if self.names.get(x) != text[0]:
            self.lines.append((self._name(x), text[0]))
        return self.names[x], ATOM


def _function_names(operations: Iterable[Operation], taken: Iterable[str]) -> dict[Operation, str]:
    """What the source calls each operation: one that can be imported by its name, any other by one that is free."""
    found: dict[Operation, str] = {}
    used = set(taken)
    for op in operations:
        if op in NATIVE:
            found[op] = op.name  # which `naming` keeps free
            continue
        name = wanted = identifier(op.name) or "operation"
        number = 1
        while name in used:
            number += 1
            name = f"{wanted}_{number}"
        used.add(name)
        found[op] = name
    return found


def _forward(op: Operation) -> Callable[..., float]:
    """The operation on floats. What one that is no row may return besides, an int or a scalar of NumPy, becomes a float, as in Values."""
    return op.forward if op in NATIVE else lambda *operands: float(op.forward(*operands))


def nested(shape: Any, things: Sequence[Any]) -> Any:
    """The things in lists as the outputs are nested."""
    return things[shape] if isinstance(shape, int) else [nested(inner, things) for inner in shape]


def bracketed(shape: Any, texts: Sequence[str]) -> str:
    """The texts in brackets as the outputs are nested."""
    return texts[shape] if isinstance(shape, int) else f"[{', '.join([bracketed(inner, texts) for inner in shape])}]"


@lru_cache(maxsize=256)
def _rows(names: tuple[str, ...]) -> str:
    """Source for rows that are not in `math`."""
    try:
        return standalone({name: ops.OPERATIONS[name].forward for name in names})
    except OSError:  # the package is there without its source
        return "".join(["from tinygrad_bp import ops\n\n", *[f"{name} = ops.{name}.forward\n" for name in names]])


class Source:
    """The Python source of a program, and the function it defines.

    Attributes:
        text: the source, to be saved and imported or only read.
        inputs: the names of the parameters.
    """

    def __init__(self, code: Code) -> None:
        formulas = Formulas(code)
        self._code = code
        self._formulas = formulas
        self._loops: dict[tuple[int, int], tuple[str, Callable[..., Any]]] = {}
        self.inputs = [formulas.names[slot] for slot in range(len(code.inputs))]
        self._globals: dict[str, Any] = {"exp": math.exp, "inf": math.inf, "nan": math.nan}
        self._globals |= {name: _forward(op) for name, op in formulas.functions.items()} | {"fsum": math.fsum}
        self._outputs = [formulas.operand(x)[0] for x in code.outputs]
        body = [f"    {name} = {formula}\n" for name, formula in formulas.lines]
        self.text = "".join(
            [
                *self._imports(code, formulas),
                f"def program({', '.join(self.inputs)}):\n",
                *body,
                f"    return {bracketed(code.shape, self._outputs)}\n",
            ]
        )

    @staticmethod
    def _imports(code: Code, formulas: Formulas) -> list[str]:
        functions = formulas.functions
        from_math = sorted(
            name for name, op in functions.items() if name == "fsum" or op.forward is getattr(math, name, None)
        )
        if decay in code.operations() and "exp" not in from_math:
            from_math = sorted([*from_math, "exp"])
        from_math += ["inf"] if any(math.isinf(x) for x in code.constants) else []
        from_math += ["nan"] if any(x != x for x in code.constants) else []
        others = sorted(set(functions).difference(from_math))
        own = [name for name in others if functions[name] not in NATIVE]
        rows = [name for name in others if name not in own]
        lines = [f"from math import {', '.join(from_math)}\n"] if from_math else []
        if "fsum" in from_math:
            lines.append(
                "# Where a sum leaves the range of floats on its way, fsum raises OverflowError; the program itself goes on.\n"
            )
        if formulas.raises:
            lines.append(
                "# Where a derivative's power is infinite, ** raises an ArithmeticError; the program itself goes on.\n"
            )
        if lines and others:
            lines.append("\n")
        if own:
            lines += [f"# {name} is an operation of your own; its forward function is to stand here\n" for name in own]
            lines.append("\n" * bool(rows))
        if rows:
            return [*lines, _rows(tuple(rows))]
        return [*lines, "\n"] if lines else []

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The function, compiled."""
        return defined(self.text, self._globals)

    def scanned(self, carried: int, settings: int) -> tuple[str, Callable[..., Any]]:
        """The program as a loop, its text and the function: `program(state, settings, table, order)`.

        Inputs are the state, `carried` numbers, then the settings of this time, then a row of the table, the one that `order` names. The
        outputs are a number and the state of the next time. The function returns the last state and all the numbers.
        """
        if (carried, settings) not in self._loops:
            self._loops[carried, settings] = self._scanned(carried, settings)
        return self._loops[carried, settings]

    def _scanned(self, carried: int, settings: int) -> tuple[str, Callable[..., Any]]:
        state = f"[{', '.join(self.inputs[:carried])}]"
        number, *after = self._outputs
        body = "".join([f"        {name} = {formula}\n" for name, formula in self._formulas.lines])
        text = "".join(
            [
                *self._imports(self._code, self._formulas),
                "def program(state, settings, table, order):\n",
                f"    {state} = state\n",
                "    recorded = []\n",
                "    for row, now in zip(order, settings):\n",
                f"        [{', '.join(self.inputs[carried : carried + settings])}] = now\n",
                f"        [{', '.join(self.inputs[carried + settings :])}] = table[row]\n",
                body,
                f"        recorded.append({number})\n",
                f"        {state} = [{', '.join(after)}]\n",
                f"    return {state}, recorded\n",
            ]
        )
        return text, defined(text, self._globals)


def defined(text: str, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """The function `program` that the text defines, with these names at hand. Debuggers and tracebacks find its lines while it lives."""
    names = dict(namespace)
    lines = names["__lines__"] = _Lines(text)  # which tracebacks, too, hold by the names
    start = text.index("def program(")
    exec(compile("\n" * text.count("\n", 0, start) + text[start:], lines.filename, "exec"), names)
    # Not among its own names, so that it is freed when the last who holds it lets go.
    function: Callable[..., Any] = names.pop("program")
    return function


class _Lines:
    """The lines of a program, where debuggers find them as long as this lives.

    After that the entry stays, without its lines, and so does its name, for the program that is written next: whoever is going through
    all entries just now may still look for it, and there are never more than programs that lived at one time.
    """

    def __init__(self, text: str) -> None:
        try:
            self.filename = _free_filenames.pop()
        except IndexError:
            self.filename = f"<program {next(_programs)}>"
        linecache.cache[self.filename] = (len(text), None, text.splitlines(keepends=True), self.filename)
        weakref.finalize(self, self._clear, self.filename).atexit = False

    @staticmethod
    def _clear(filename: str) -> None:
        linecache.cache[filename] = (0, None, [], filename)
        _free_filenames.append(filename)
