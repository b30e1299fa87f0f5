"""What an operation is: how it is computed, its partial derivatives, how it is written, where it is defined.

The operations themselves are the rows of `ops`. One of your own needs no registration: make an `Operation` and call it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, overload

from tinygrad_bp.core.output import said

if TYPE_CHECKING:
    from tinygrad_bp.core.value import Value

HUGE, TINY = sys.float_info.max, sys.float_info.min  # below TINY = 2.2e-308 floats have fewer digits
ADDITIVE, MULTIPLICATIVE, NEGATIVE, POWER, ATOM = range(5)  # how tightly a formula binds, loosest first

Interval: TypeAlias = tuple[float, float]
Number: TypeAlias = float | Real


class Recorder(Protocol):
    """What an operation can be applied to beside plain numbers: a `Value`, or a symbol of which a formula or a program is made.

    An operation hands itself over to the first operand whose type has this method, and returns what that returns.
    """

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> Any:
        """What stands for `op` applied to these operands, at least one of which is of this type; the others may be plain numbers."""


@dataclass(frozen=True)
class Domain:
    """Where an operation is defined.

    Attributes:
        needs: the condition in words, as errors say it after "it needs".
        boxes: the same as boxes with closed sides, an interval for each operand; what tests draw their samples from.
        fits: what an overflow needs besides, where `needs` is no matter of size.
    """

    needs: str
    boxes: tuple[tuple[Interval, ...], ...]
    fits: str = ""


REALS = Domain("a finite number", (((-HUGE, HUGE),),))


class _Documentation:
    """`__doc__` of a class for the class itself, and of a row, as `help(tanh)` shows it, what the row says of itself."""

    def __init__(self, of_class: str) -> None:
        self.of_class = of_class

    def __get__(self, row: Operation | None, kind: type) -> str:
        return self.of_class if row is None else row.describe()


@dataclass(frozen=True, eq=False)
class Operation:
    __doc__ = _Documentation(  # pyright: ignore[reportAssignmentType]
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
        chooses: whether a local derivative of 0 says that a branch is not taken, as that of relu: then nothing passes, not even infinity.
        definition: the operation in ordinary operators and other rows, `(*operands) -> y`, which every reading can follow that has
            no function for it. None: `forward` is written so itself.
        arity: the number of operands; None if it takes any number.
    """
    )

    name: str
    forward: Callable[..., float]
    partials: tuple[Callable[..., Any], ...] | Callable[..., Sequence[Any]]
    source: str | Callable[[Sequence[str], Sequence[str]], str]
    latex: str | Callable[[Sequence[str], Sequence[str]], str]
    symbol: str
    binding: int = ATOM
    domain: Domain = REALS
    defaults: tuple[float, ...] = ()
    chooses: bool = field(default=False, kw_only=True)
    definition: Callable[..., Any] | None = field(default=None, kw_only=True)
    arity: int | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "arity", len(self.partials) if isinstance(self.partials, tuple) else None)
        object.__setattr__(self, "__name__", self.name)
        for which in ("source", "latex"):
            self._check_template(which, getattr(self, which))
        # Like a function, an operation is pickled by reference: by its name, in the module in which its rules were written.
        rules = self.partials if isinstance(self.partials, tuple) else (self.partials,)
        object.__setattr__(self, "__module__", getattr(rules[0], "__module__", None) if rules else None)

    def _check_template(self, which: str, form: Any) -> None:
        """Raises ValueError for a text that cannot be filled in."""
        texts = ["x"] * (100 if self.arity is None else self.arity)
        try:
            if isinstance(form, str):
                form.format(*texts, bare=texts, tight=texts)
        except (ValueError, LookupError, AttributeError, TypeError):
            raise ValueError(
                f"{self.name}: {which} {form!r:.80} cannot be filled in. Operands stand in {{}} or {{0}}, {{bare[0]}}, {{tight[0]}}, "
                "counted from 0; a brace of the text itself is doubled, {{ and }}"
            ) from None

    def __reduce__(self) -> str:
        return self.name

    @said
    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    @overload
    def __call__(self, x: Number, /, *more: Number) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, x: Value | Number, /, *more: Value | Number) -> Value: ...
    def __call__(self, *operands: Any) -> Any:
        """The result: a float if all operands are numbers, a `Value` that records this operation if one of them is a Value.

        Raises TypeError for other operands or a wrong count of them; ValueError, ZeroDivisionError or OverflowError where the
        operation is not defined. The message names the operation, the numbers, their labels and what would be right.
        """
        operands = self._complete(operands)
        for operand in operands:
            record = getattr(type(operand), "record_operation", None)
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
            f"{self.name} takes {' or '.join(map(str, counts))} operand{'' if counts[-1] == 1 else 's'}, not {len(operands)}"
        )

    def compute(self, numbers: Sequence[float], labels: Sequence[str] = ()) -> float:
        """`forward` at these `numbers`. Its errors are raised again in words that name them and, where given, their `labels`."""
        try:
            y = self.forward(*numbers)
            return y if type(y) is float else as_float(y, f"{self.name}: forward", wants="is to return a real number")
        except (ValueError, ArithmeticError) as error:
            raise self.failure(error, numbers, labels) from None

    def failure(self, error: Exception, numbers: Sequence[float], labels: Sequence[str] = ()) -> Exception:
        """The error to raise where `forward` raised `error`: of the same type, saying what failed where and what would be right.

        Its attribute `numbers` has the operands, which tells it from errors that are not about numbers; `labels` are their names.
        """
        verb = "overflows" if isinstance(error, OverflowError) else "is undefined"
        where = f"at {at(numbers, labels)}" if numbers else "for no operands"
        kinds: tuple[type[Exception], ...] = (OverflowError, ZeroDivisionError, ArithmeticError)
        kind = next((kind for kind in kinds if isinstance(error, kind)), ValueError)
        failed = kind(f"{self.name} {verb} {where}: {self.reason(error, numbers)}")
        failed.numbers = tuple(numbers)  # type: ignore[attr-defined]
        return failed

    def reason(self, error: Exception, numbers: Sequence[float]) -> str:
        """What would be right where a function of this row raised `error` at these `numbers`; without a domain, the error."""
        if self.domain is REALS and numbers and all(abs(x) <= HUGE for x in numbers):
            return f"{type(error).__name__}, {error}"
        return f"it needs {(isinstance(error, OverflowError) and self.domain.fits) or self.domain.needs}"

    def derivatives(self, y: Any, operands: Sequence[Any], wanted: Sequence[bool] | None = None) -> list[Any]:
        """The partials at output `y` and `operands`: numbers, Values or symbols. None in the place of those that are not `wanted`."""
        if not isinstance(self.partials, tuple):
            return list(self.partials(y, *operands))
        if wanted is None:
            return [partial(y, *operands) for partial in self.partials]
        return [partial(y, *operands) if want else None for partial, want in zip(self.partials, wanted, strict=True)]

    def describe(self) -> str:
        """What `help` shows: how it is called, its formula, its derivatives by the rules of the row, and where it is defined."""
        from tinygrad_bp.core.symbol import described  # which knows the table, whose rows are of this class

        return described(self)

    def write(self, operands: Sequence[tuple[str, int]], *, latex: bool = False) -> str:
        """The formula, in LaTeX if `latex`. `operands` are texts and how tightly they bind; parentheses go where they are needed."""
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
    __doc__ = _Documentation(  # pyright: ignore[reportAssignmentType]
        """An operation on sequences of any length, such as `sum_of(xs)` or `dot(ws, xs)`: one node whose operands are all their elements.

    Attributes:
        sequences: how many sequences of equal length it takes.
    """
    )

    sequences: int = 1

    @overload  # type: ignore[override]
    def __call__(self, xs: Iterable[Number], /, *more: Iterable[Number]) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, xs: Iterable[Value | Number], /, *more: Iterable[Value | Number]) -> Value: ...
    def __call__(self, *sequences: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
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
                raise ValueError(f"{self.usage} needs sequences of equal length, not of {lengths}")
            operands = operands + column
        record = getattr(type(operands[0]), "record_operation", None) if operands else None
        return super().__call__(*operands) if record is None else record(self, operands)

    @property
    def usage(self) -> str:
        """How it is called."""
        return f"{self.name}({', '.join(('ws', 'xs')[-self.sequences :])})"

    def _columns(self, sequences: Sequence[Any]) -> list[list[Any]]:
        if len(sequences) != self.sequences:
            raise TypeError(f"{self.name} is called as {self.usage}, not with {len(sequences)} arguments")
        for sequence in sequences:
            if isinstance(sequence, str | bytes) or not isinstance(sequence, Iterable):
                raise TypeError(f"{self.usage} takes sequences of Values or numbers, not {type(sequence).__name__}")
            if self.sequences > 1:
                require_order(sequence, self.usage)
        return [list(sequence) for sequence in sequences]


def at(numbers: Sequence[float], labels: Sequence[str] = ()) -> str:
    """Where something happened, for a message: `-3.0 (a), 2.0`."""
    pairs = zip(numbers, labels or [""] * len(numbers), strict=True)
    return ", ".join([f"{x!r} ({label})" if label else repr(x) for x, label in pairs])


class Closed(float):
    """The local derivative 0 of a branch that is not taken: any number times it is 0, infinities and NaN too."""

    __slots__ = ()

    def __mul__(self, other: Any) -> float:
        return 0.0

    __rmul__ = __mul__


CLOSED = Closed(0.0)


def require_order(things: object, where: str) -> None:
    """Raises TypeError for a set, where each element has its place."""
    if isinstance(things, set | frozenset):
        raise TypeError(
            f"{where}: a {type(things).__name__} has no order, and here each element has its place; a list has one"
        )


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
