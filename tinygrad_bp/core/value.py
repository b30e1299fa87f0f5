"""`Value`: a number that remembers how it was computed, and `backward()`, which walks that memory from the result to the inputs.

    >>> x, w = Value(3.0, label="x"), Value(-2.0, label="w")
    >>> y = (w * x + 1.0).tanh()
    >>> y.backward()
    >>> round(w.grad, 9), round(x.grad, 9)
    (0.00054475, -0.000363166)

Each operation on Values makes a node: its result, its operands and, as numbers, its local derivatives: how fast the result changes
with each operand. The chain rule needs nothing else. `backward()` gives the last node the gradient 1 and then, going from every
node to its operands, adds `local derivative * gradient of the node` to the operand's gradient. A node's own gradient must be
complete before it is passed on, so nodes come in reverse topological order: each after all that were computed from it.

Words used here: a *leaf* is a Value made from a number, the one kind whose gradient accumulates; a *constant* is a plain number that
stood in an expression, such as the 1.0 above; *operands* are what an operation was applied to, Values and constants; *partials* are
the rules of its row of the table, and *local derivatives* the numbers that they give.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from tinygrad_bp.core import freeing, operators, ops, order, recording
from tinygrad_bp.core.methods import Methods
from tinygrad_bp.core.operation import Operation, as_float
from tinygrad_bp.core.operators import Operators
from tinygrad_bp.core.output import said


class Value(Operators, Methods):
    """A float with a place in the graph of the computation it came from.

    `Value(data, label="")` makes a leaf. Operators, methods and the functions of `ops` make nodes. A Value compares by its
    number with `<`, `<=`, `>`, `>=`, and is true unless that is 0; `==` asks whether two names mean the same node, so Values are keys.

    Args:
        data: its number, which is kept as a float: a float, an int or what else is a real number.
        label: what pictures and explanations call it. It need not be unique, and may be set later: `v.label = "v"`.

    Attributes:
        grad: the gradient that `backward()` left here, 0.0 before.
        op: the operation that made this node; None for a leaf and for a constant.

    Raises TypeError if `data` is not a real number or `label` not text.
    """

    # One or two operands lie in _a and _b, None standing for no second one, and their local derivatives in _da and _db. Those of an
    # operation on any number are a tuple in _b, with a tuple in _db and None in _a. A constant is just its float until somebody looks at
    # it. Fewer objects are the whole point: on large graphs Python's time goes into them, and into the garbage collector that visits them.
    __slots__ = ("_a", "_b", "_da", "_data", "_db", "_label", "grad", "op")

    grad: float
    op: Operation | None
    _data: float
    _label: str
    _a: Any
    _b: Any
    _da: Any
    _db: Any

    def __init__(self, data: float, label: str = "") -> None:
        self._data = data if type(data) is float else as_float(data, "Value", label, wants="takes a real number")
        self.grad = 0.0
        if label != "":
            self.label = label
        self.op = self._a = self._b = self._da = self._db = None

    # Recording

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> Value:
        """The node of these `operands` for `op`, any row of the table. The operators do the same for theirs, faster."""
        if op is ops.dot and (
            nodes := operators.dots([operands[: len(operands) // 2]], operands[len(operands) // 2 :])
        ):
            return nodes[0]
        kind = Value
        try:
            try:
                numbers = [x._data if type(x) is Value else operators.float_only(x) for x in operands]
            except TypeError:
                operands = [x if isinstance(x, Value) else as_float(x, op.name) for x in operands]
                numbers = [x._data if isinstance(x, Value) else x for x in operands]
                kind = next((type(x) for x in operands if isinstance(x, Value) and x.spreads), Value)
            y = op.forward(*numbers)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise recording.failure(op, operands, error) from None
        if type(y) is not float:
            y = as_float(y, f"{op.name}: forward", wants="is to return a real number")
        out = object.__new__(kind)
        out._data, out.grad, out.op = y, 0.0, op
        out.hold(operands, recording.local_derivatives(op, y, operands, numbers))
        return out

    def hold(self, operands: Sequence[Any], local: Sequence[Any]) -> None:
        """Keeps the `operands` of its operation and the `local` derivatives: for what makes nodes, as copies are made."""
        arity = self.op.arity if self.op else 0
        if arity == 1 == len(operands):
            self._a, self._b, self._da, self._db = operands[0], None, local[0], None
        elif arity == 2 == len(operands) and type(operands[1]) in (Value, Constant, float):
            (self._a, self._b), (self._da, self._db) = operands, local
        else:
            self._a, self._da, self._b, self._db = None, None, tuple(operands), tuple(local)

    # Reading the graph

    @property
    def data(self) -> float:
        """The number. That of a leaf may be assigned, to update a weight; graphs recorded before keep their derivatives.

        Raises TypeError when set to anything but a real number, OverflowError for one beyond the range of floats, and AttributeError
        when set on what was computed: its number follows from its operands.
        """
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        if self.op is not None:
            raise AttributeError(
                f"{self!r} was computed by {self.op.name}: only the data of a leaf can be set; set it there, and compute this anew"
            )
        self._data = (
            data if type(data) is float else as_float(data, f"the data of {self!r}", wants="takes a real number")
        )

    @property
    def label(self) -> str:
        """A name for people: pictures, explanations and errors show it. Raises TypeError when set to anything but text."""
        return getattr(self, "_label", "")  # few nodes have a label, so the others do not even store an empty one

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"the label of a Value is text, not {type(label).__name__} {label!r:.60}")
        self._label = label

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """What this node was computed from, in order, constants as plain floats; empty for a leaf."""
        a, b = self._a, self._b
        if a is not None and type(a) is not Constant and type(b) is not Constant:  # as nearly always
            return (a,) if b is None else (a, b)
        held = self._held()
        return tuple([x._data if type(x) is Constant else x for x in held]) if Constant in map(type, held) else held

    @property
    def numbers(self) -> tuple[float, ...]:
        """The data of the operands, in order."""
        return tuple([x if type(x) is float else x.data for x in self._held()])

    @property
    def args(self) -> tuple[Value, ...]:
        """The operands, in order, all as Values: `x * x` has two equal ones, and in `0.5 * x` the first is a `Constant`."""
        held = self._held()
        if float in map(type, held):  # constants are made when first asked for, then kept: the same ones every time
            held = tuple([Constant(x) if type(x) is float else x for x in held])
            if type(self._b) is tuple:
                self._b = held
            else:
                self._a, self._b = (*held, None)[:2]
        return held

    def _held(self) -> tuple[Any, ...]:
        a, b = self._a, self._b
        return b if type(b) is tuple else () if a is None else (a,) if b is None else (a, b)

    @property
    def recorded_derivatives(self) -> tuple[float | None, ...]:
        """The local derivatives as recorded: None where none was, with respect to the constant exponent of a power for instance."""
        return self._db if type(self._b) is tuple else (self._da, self._db)[: len(self._held())]

    @property
    def local_derivatives(self) -> tuple[float, ...]:
        """The derivative of this node with respect to each of `args`, recorded with the node.

        With respect to a constant it may be computed only now; NaN where there is none: of `(-2) ** 2` with respect to its exponent.
        """
        recorded = self.recorded_derivatives
        if None not in recorded:
            return recorded  # type: ignore[return-value]
        return tuple(self._derivative_now(i) if local is None else local for i, local in enumerate(recorded))

    def _derivative_now(self, place: int) -> float:
        rules: Any = self.op.partials if self.op else ()
        try:
            return float(rules[place](self.data, *self.numbers))
        except (ValueError, ArithmeticError):
            return math.nan

    # The chain rule

    def backward(self) -> None:
        """Sets `grad` of every node this one was computed from to the derivative of this one with respect to it.

        A leaf adds that to the gradient it has, so gradients add up over several calls until you set them to 0; other nodes start anew.
        A gradient that was set to None counts as 0. Raises TypeError where one was set to what is no number.
        It writes into the nodes, so two threads may not call it over the same nodes at once; `grad` writes nothing.
        """
        if self.op is None:
            self.grad = (self.grad or 0.0) + 1.0
            return
        nodes = order.recorded_order(self)
        for node in nodes:
            node.grad = 0.0
        self.grad = 1.0
        rest = reversed(nodes)
        while True:
            try:
                for node in rest:
                    gradient = node.grad
                    a = node._a
                    if type(a) is Value:
                        a.grad += node._da * gradient
                    elif a is None:
                        for x, local in zip(node._b, node._db, strict=True):
                            if type(x) is Value:
                                x.grad += local * gradient
                            elif type(x) is not float:
                                x._receive(local, gradient)
                        continue
                    elif type(a) is not float:
                        a._receive(node._da, gradient)
                    b = node._b
                    if type(b) is Value:
                        b.grad += node._db * gradient
                return
            except TypeError:  # the gradient of a leaf was None: that node is finished with care, then the loop goes on
                if not recording.finish(node):
                    raise

    def _receive(self, local: float, gradient: float) -> None:
        self.grad += local * gradient

    # Being shown and copied; copies are made in a file of their own, which is loaded with the first

    @said
    def __repr__(self) -> str:
        return f"{type(self).__name__}(data={self.data!r}, grad={self.grad!r}{f', label={self.label!r}' if self.label else ''})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __copy__(self) -> Value:
        from tinygrad_bp.core.copying import copied

        return copied(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        from tinygrad_bp.core.copying import deeply_copied

        return deeply_copied(self, memo)

    def __reduce__(self) -> tuple[Any, ...]:
        from tinygrad_bp.core.copying import reduced

        return reduced(self)


class Constant(Value):
    """A plain number that stood in an expression, as a node to look at: `(0.5 * x).args[0]`. Nothing flows into it."""

    __slots__ = ()
    varies = False

    def _receive(self, local: float, gradient: float) -> None:
        pass


def label_pair(first: Value, second: Value, labels: tuple[str, str]) -> None:
    """Labels two nodes without a look at whether these are texts: for what labels every node that it makes, as a neuron does."""
    first._label, second._label = labels


def assignments(leaves: Sequence[Value], numbers: Sequence[float]) -> Iterator[None]:
    """Gives each leaf its number, a float, while somebody goes through this; all in C, where no interrupt falls between two of them."""
    return map(setattr, leaves, ["_data" if type(leaf) is Value else "data" for leaf in leaves], numbers)


# The operators make Values, and the walks tell them from numbers, so both need the class; it inherits from the one and calls the other.
operators.Value = order.Value = Value  # type: ignore[attr-defined]
order.Constant = Constant  # type: ignore[attr-defined]
freeing.provide(Value)
