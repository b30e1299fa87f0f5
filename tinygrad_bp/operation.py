"""What an operation is: how it is computed, its partial derivatives, how it is written, where it is defined.

The operations themselves are the rows of `ops`. One of your own needs no registration: make an `Operation` and call it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

HUGE, TINY = sys.float_info.max, sys.float_info.min  # below TINY = 2.2e-308 floats have fewer digits
ADDITIVE, MULTIPLICATIVE, NEGATIVE, POWER, ATOM = range(5)  # how tightly a formula binds, loosest first

Interval = tuple[float, float]


@dataclass(frozen=True)
class Domain:
    """Where an operation is defined.

    Attributes:
        needs: the condition in words, as errors say it after "it needs".
        boxes: the same as boxes with closed sides, an interval for each operand; what tests draw their samples from.
    """

    needs: str
    boxes: tuple[tuple[Interval, ...], ...]


REALS = Domain("a finite number", (((-HUGE, HUGE),),))


@dataclass(frozen=True, eq=False)
class Operation:
    """A row of the table of operations, and the function of that name: numbers give a float, Values record a node.

    Attributes:
        name: what it is called in Python and in errors.
        forward: floats to float. Raises ValueError, ZeroDivisionError or OverflowError where it is not defined.
        partials: for each operand the rule `(y, *operands) -> dy/doperand`, y being the output. For any number of operands it is
            one rule, which returns the sequence of all partials.
        source: how a formula says it: a format string, in which `{0}` is an operand's text in parentheses where the binding needs
            them, `{bare[0]}` the same without, and `{tight[0]}` with them around all but an atom; or a function of the bare texts
            and the tight texts.
        latex: the same for LaTeX.
        symbol: what a picture of the graph shows.
        binding: how tightly the formula binds, from ADDITIVE to ATOM.
        domain: where it is defined.
        defaults: values of the last operands, if these may be left out.
        arity: the number of operands; None if it takes any number.
    """

    name: str
    forward: Callable[..., float]
    partials: tuple[Callable[..., Any], ...] | Callable[..., Sequence[Any]]
    source: str | Callable[[Sequence[str], Sequence[str]], str]
    latex: str | Callable[[Sequence[str], Sequence[str]], str]
    symbol: str
    binding: int = ATOM
    domain: Domain = REALS
    defaults: tuple[float, ...] = ()
    arity: int | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "arity", len(self.partials) if isinstance(self.partials, tuple) else None)
        # Like a function, an operation is pickled by reference: the name under which its module holds it.
        object.__setattr__(self, "__module__", sys._getframe(2).f_globals["__name__"])
        object.__setattr__(self, "__name__", self.name)

    def __reduce__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __call__(self, *operands: Any) -> Any:
        """The result: a float if all operands are numbers, a `Value` that records this operation if one of them is a Value.

        Raises TypeError for other operands or a wrong count of them; ValueError, ZeroDivisionError or OverflowError where the
        operation is not defined. The message names the operation, the numbers, their labels and what would be right.
        """
        operands = self._complete(operands)
        for operand in operands:
            record = getattr(type(operand), "_record", None)
            if record is not None:
                return record(self, operands)
        return self.compute([x if type(x) is float else as_float(x, self.name) for x in operands])

    def _complete(self, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.arity is None or len(operands) == self.arity:
            return operands
        missing = self.arity - len(operands)
        if 0 < missing <= len(self.defaults):
            return (*operands, *self.defaults[-missing:])
        counts = range(self.arity - len(self.defaults), self.arity + 1)
        raise TypeError(
            f"{self.name} takes {' or '.join(map(str, counts))} operand{'s' * (counts[-1] > 1)}, not {len(operands)}"
        )

    def compute(self, numbers: Sequence[float], labels: Sequence[str] = ()) -> float:
        """`forward` at these floats. Its errors are raised again in words that name the numbers and, where given, their labels."""
        try:
            return self.forward(*numbers)
        except (ValueError, ArithmeticError) as error:
            raise self.failure(error, numbers, labels) from None

    def failure(self, error: Exception, numbers: Sequence[float], labels: Sequence[str] = ()) -> Exception:
        """The error to raise where `forward` raised `error`: of the same type, saying what failed where and what would be right."""
        shown = [
            f"{x!r} ({label})" if label else repr(x)
            for x, label in zip(numbers, labels or [""] * len(numbers), strict=True)
        ]
        verb = "overflows" if isinstance(error, OverflowError) else "is undefined"
        where = "at " + ", ".join(shown) if shown else "for no operands"
        return type(error)(f"{self.name} {verb} {where}: it needs {self.domain.needs}")

    def slopes(self, y: Any, operands: Sequence[Any]) -> Sequence[Any]:
        """The partial derivatives with respect to all operands, at output `y`."""
        if isinstance(self.partials, tuple):
            return [partial(y, *operands) for partial in self.partials]
        return self.partials(y, *operands)

    def write(self, operands: Sequence[tuple[str, int]], *, latex: bool = False) -> str:
        """The formula of this operation. Each operand is its text and how tightly that binds; parentheses go where they are needed."""
        bare = [text for text, _ in operands]
        enclosed = [rf"\left({text}\right)" if latex else f"({text})" for text in bare]
        texts = []
        for place, ((text, binding), inside) in enumerate(zip(operands, enclosed, strict=True)):
            loose = self._loose_at(place, binding)
            if latex:  # which refuses a^b^c; and a · -b is not how people write
                loose = (
                    loose
                    or (self.binding == POWER and "^" in text)
                    or (self.binding < NEGATIVE == binding and place > 0)
                )
            texts.append(inside if loose else text)
        tight = [
            text if binding == ATOM else inside for (text, binding), inside in zip(operands, enclosed, strict=True)
        ]
        form = self.latex if latex else self.source
        return form.format(*texts, bare=bare, tight=tight) if isinstance(form, str) else form(bare, tight)

    def _loose_at(self, place: int, binding: int) -> bool:
        """Whether an operand that binds so needs parentheses in this place: (a + b) * c, a - (b - c), (a ** b) ** c, -(-a)."""
        if self.binding == ATOM:
            return False
        return binding < self.binding or (binding == self.binding and (place > 0 or self.binding in (POWER, NEGATIVE)))


@dataclass(frozen=True, eq=False, repr=False)
class Reduction(Operation):
    """An operation on sequences of any length, such as `sum_of(xs)` or `dot(ws, xs)`: one node whose operands are all their elements.

    Attributes:
        sequences: how many sequences of equal length it takes.
    """

    sequences: int = 1

    def __call__(self, *sequences: Iterable[Any]) -> Any:
        """The result over all elements: a float if they are all numbers, a `Value` if one of them is.

        Raises TypeError for arguments that are not sequences of Values and numbers, ValueError for unequal lengths and, where the
        operation needs an element, for none.
        """
        columns: Sequence[Any] = sequences
        if len(columns) != self.sequences or list(map(type, columns)) != [list] * self.sequences:
            columns = self._columns(sequences)
        operands = columns[0]
        for column in columns[1:]:
            if len(column) != len(columns[0]):
                lengths = " and ".join([str(len(each)) for each in columns])
                raise ValueError(f"{self._usage} needs sequences of equal length, not of {lengths}")
            operands = operands + column
        record = getattr(type(operands[0]), "_record", None) if operands else None
        return super().__call__(*operands) if record is None else record(self, operands)

    @property
    def _usage(self) -> str:
        return f"{self.name}({', '.join(('ws', 'xs')[-self.sequences :])})"

    def _columns(self, sequences: Sequence[Any]) -> list[list[Any]]:
        if len(sequences) != self.sequences:
            raise TypeError(f"{self.name} is called as {self._usage}, not with {len(sequences)} arguments")
        for sequence in sequences:
            if isinstance(sequence, str | bytes) or not isinstance(sequence, Iterable):
                raise TypeError(f"{self._usage} takes sequences of Values or numbers, not {type(sequence).__name__}")
        return [list(sequence) for sequence in sequences]


def as_float(x: object, where: str, label: str = "", wants: str = "takes a Value or a real number") -> float:
    """`x` as a float, if it is a real number: an int, float, bool or Fraction, or a NumPy scalar.

    Raises TypeError for all else, text and arrays included, and OverflowError for a number beyond the range of floats. The message says
    `where` it happened and, if one is given, beside the operand of which `label`.
    """
    where += f" with {label}" if label else ""
    if isinstance(x, Real) or type(x).__name__ in ("bool", "bool_"):  # NumPy's truth values are no Real
        try:
            return float(x)  # type: ignore[arg-type]
        except OverflowError:
            raise OverflowError(
                f"{where}: the {type(x).__name__} is beyond the range of floats, which ends at 1.8e308"
            ) from None
    text = repr(x)
    raise TypeError(f"{where} {wants}, not {type(x).__name__} {text if len(text) <= 60 else text[:57] + '...'}")
