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
stood in an expression, such as the 1.0 above; *operands* are what an operation was applied to, Values and constants.
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

from tinygrad_bp import ops
from tinygrad_bp.functions import Functions
from tinygrad_bp.operation import Operation, as_float

_new = object.__new__
# Looked up as names of this module, the hot rows cost less than as attributes of another.
_add, _sub, _mul, _div, _pow, _neg = ops.add, ops.sub, ops.mul, ops.div, ops.pow, ops.neg
_OPERATORS = {_add: operator.add, _sub: operator.sub, _mul: operator.mul, _div: operator.truediv, _pow: operator.pow}
_EVERYDAY_EXPONENTS = frozenset((-2.0, -1.0, 2.0, 3.0))
_exp, _tanh, _sigmoid, _relu, _dot = ops.exp, ops.tanh, ops.sigmoid, ops.relu, ops.dot


class Value(Functions):
    """A float with a place in the graph of the computation it came from.

    `Value(data, label="")` makes a leaf. Operators, the methods below and the functions of `ops` make nodes. A Value compares by its
    number with `<`, `<=`, `>`, `>=`, and is true unless that is 0; `==` asks whether two names mean the same node, so Values are keys.

    Attributes:
        grad: the gradient that `backward()` left here, 0.0 before.
        op: the operation that made this node; None for a leaf and for a constant.

    Raises TypeError if `data` is not a real number or `label` not text.
    """

    # One or two operands lie in _a and _b, None standing for no second one, and their local derivatives in _da and _db. A row of any
    # other number is a tuple in _b, with a tuple in _db and None in _a. A constant is just its float until somebody looks at it. Fewer
    # objects are the whole point: on large graphs Python's time goes into them, and into the garbage collector that visits them.
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

    @staticmethod
    def _record(op: Operation, operands: Sequence[Any]) -> Value:
        """The node for any row of the table. The operators and methods below do the same for theirs, faster."""
        if op is _dot and (nodes := dots([operands[: len(operands) // 2]], operands[len(operands) // 2 :])):
            return nodes[0]
        try:
            try:
                numbers = [x if type(x) is float else x._data for x in operands]
            except AttributeError:
                operands = [x if isinstance(x, Value) else as_float(x, op.name) for x in operands]
                numbers = [x.data if isinstance(x, Value) else x for x in operands]
            y = op.forward(*numbers)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise _failure(op, operands, error) from None
        if type(y) is not float:
            y = as_float(y, f"{op.name}: forward", wants="is to return a real number")
        slopes: Sequence[Any]
        try:  # by a constant nothing is differentiated, and sometimes nothing can be: x ** 2 at x < 0 by its exponent
            if isinstance(op.partials, tuple):
                varies = [isinstance(x, Value) and not isinstance(x, Constant) for x in operands]
                slopes = [float(d(y, *numbers)) if v else None for d, v in zip(op.partials, varies, strict=True)]
            else:
                slopes = op.partials(y, *numbers)  # of the table: floats; of the user's own: maybe integers
                slopes = slopes if ops.OPERATIONS.get(op.name) is op else [float(slope) for slope in slopes]
        except (ValueError, ArithmeticError):
            message = str(_failure(op, operands, ValueError())).replace("is undefined", "has no derivative", 1)
            raise ValueError(f"{message}; or make what does not vary a number instead of a Value") from None
        except TypeError as error:
            raise TypeError(
                f"{op.name}: its derivative cannot be computed: {error}. `partials` is a tuple with a rule for each operand, each called "
                "with the result and the operands, (y, x) for one; or one rule for any number of operands that returns all slopes"
            ) from error
        out = _new(Value)
        out._data, out.grad, out.op = y, 0.0, op
        if op.arity == 1 or (op.arity == 2 and type(operands[1]) in (Value, Constant, float)):
            (out._a, out._b), (out._da, out._db) = (*operands, None)[:2], (*slopes, None)[:2]
        else:
            out._a, out._da, out._b, out._db = None, None, tuple(operands), tuple(slopes)
        return out

    # Reading the graph

    @property
    def data(self) -> float:
        """The number. That of a leaf may be assigned, to update a weight; graphs recorded before keep their derivatives.

        Raises TypeError when set to anything but a real number, OverflowError for one beyond the range of floats.
        """
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        self._data = (
            data if type(data) is float else as_float(data, f"the data of {self!r}", wants="takes a real number")
        )

    @property
    def label(self) -> str:
        """A name for people: pictures, explanations and errors show it. Raises TypeError when set to anything but text."""
        try:
            return self._label
        except AttributeError:  # few nodes have a label, so the others do not even store an empty one
            return ""

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"the label of a Value is text, not {type(label).__name__} {label!r:.60}")
        self._label = label

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """What this node was computed from, in order, constants as plain floats; empty for a leaf."""
        a, b = self._a, self._b
        return b if type(b) is tuple else () if a is None else (a,) if b is None else (a, b)

    @property
    def args(self) -> tuple[Value, ...]:
        """The operands, in order, all as Values: `x * x` has two equal ones, and in `0.5 * x` the first is a `Constant`."""
        if any(type(x) is float for x in self.operands):
            # Constants are made when first asked for, then kept: the same ones every time.
            self._connect([x if isinstance(x, Value) else Constant(x) for x in self.operands])
        return self.operands  # type: ignore[return-value]

    def _connect(self, operands: Sequence[Value | float]) -> None:
        if type(self._b) is tuple:
            self._b = tuple(operands)
        else:
            self._a, self._b = (*operands, None, None)[:2]

    @property
    def _slopes(self) -> tuple[float | None, ...]:
        """The local derivatives as recorded. None where none was, by the constant operand of a power for instance."""
        return self._db if type(self._b) is tuple else (self._da, self._db)[: len(self.operands)]

    @property
    def local_derivatives(self) -> tuple[float, ...]:
        """The derivative of this node by each of `args`, recorded with the node.

        By a constant, which nothing is differentiated by, it may be computed only now; NaN where there is none: of `(-2) ** 2` by its 2.
        """
        return tuple(self._slope_now(i) if slope is None else slope for i, slope in enumerate(self._slopes))

    def _slope_now(self, place: int) -> float:
        rules: Any = self.op.partials if self.op else ()
        try:
            return float(rules[place](self.data, *[x.data if isinstance(x, Value) else x for x in self.operands]))
        except (ValueError, ArithmeticError):
            return math.nan

    def backward(self) -> None:
        """Sets `grad` of every node this one was computed from to the derivative of this one by it.

        A leaf adds that to the gradient it has, so gradients add up over several calls until you set them to 0; other nodes start anew.
        It writes into the nodes, so two threads may not call it over the same nodes at once; `grad` writes nothing.
        """
        if self.op is None:
            self.grad += 1.0
            return
        order = self._recorded_order()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            gradient = node.grad
            a = node._a
            if type(a) is Value:
                a.grad += node._da * gradient
            elif a is None:
                for x, slope in zip(node._b, node._db, strict=True):
                    if type(x) is Value:
                        x.grad += slope * gradient
                    elif type(x) is not float:
                        x._receive(slope, gradient)
                continue
            elif type(a) is not float:
                a._receive(node._da, gradient)
            b = node._b
            if type(b) is Value:
                b.grad += node._db * gradient

    def _receive(self, slope: float, gradient: float) -> None:
        self.grad += slope * gradient

    def _recorded_order(self) -> list[Value]:
        """The recorded nodes under this one, leaves left out, each after its operands: `topological_order`, made for speed.

        Walks depth first without recursion. What has been seen is marked in `grad`, which is worthless until `backward` sets it: by
        a NaN of this walk's own, so that an interrupt leaves nothing that could be taken for a gradient.
        """
        seen = math.nan + 0.0  # a new object; not equal to any number
        order: list[Value] = []
        entered: list[Value] = []
        rows: dict[Value, Iterator[Any]] = {}
        done, enter, leave = order.append, entered.append, entered.pop
        node = self
        node.grad = seen
        while True:
            a = node._a
            if type(a) is Value and a.op is not None and a.grad is not seen:
                a.grad = seen
                enter(node)
                node = a
                continue
            while True:  # all under a is in the order; now b, or each x of a row
                b = node._b
                next_node = None
                if type(b) is Value:
                    if b.op is not None and b.grad is not seen:
                        next_node = b
                elif node._a is None:
                    row = rows.get(node)
                    if row is None:
                        row = rows[node] = iter(b)
                    for x in row:
                        if type(x) is Value and x.op is not None and x.grad is not seen:
                            next_node = x
                            break
                if next_node is not None:
                    next_node.grad = seen
                    enter(node)
                    node = next_node
                    break
                done(node)
                if not entered:
                    return order
                node = leave()

    # Operators. Each is its row of the table written out for speed, and a test holds the two together.

    def __add__(self, other: Any) -> Value:
        kind = type(other)
        if kind is Value:
            b = other._data
        elif kind is float:
            b = other
        else:
            return _meet(ops.add, self, other)
        out = _new(Value)
        out._data = self._data + b
        out.grad = 0.0
        out.op = _add
        out._a = self
        out._b = other
        out._da = out._db = 1.0
        return out

    def __radd__(self, other: Any) -> Value:
        if type(other) is not float or type(self) is not Value:
            return _meet(ops.add, other, self)
        out = _new(Value)
        out._data = other + self._data
        out.grad = 0.0
        out.op = _add
        out._a = other
        out._b = self
        out._da = out._db = 1.0
        return out

    def __sub__(self, other: Any) -> Value:
        kind = type(other)
        if kind is Value:
            b = other._data
        elif kind is float:
            b = other
        else:
            return _meet(ops.sub, self, other)
        out = _new(Value)
        out._data = self._data - b
        out.grad = 0.0
        out.op = _sub
        out._a = self
        out._b = other
        out._da = 1.0
        out._db = -1.0
        return out

    def __rsub__(self, other: Any) -> Value:
        if type(other) is not float or type(self) is not Value:
            return _meet(ops.sub, other, self)
        out = _new(Value)
        out._data = other - self._data
        out.grad = 0.0
        out.op = _sub
        out._a = other
        out._b = self
        out._da = 1.0
        out._db = -1.0
        return out

    def __mul__(self, other: Any) -> Value:
        kind = type(other)
        if kind is Value:
            b = other._data
        elif kind is float:
            b = other
        else:
            return _meet(ops.mul, self, other)
        out = _new(Value)
        a = self._data
        out._data = a * b
        out.grad = 0.0
        out.op = _mul
        out._a = self
        out._b = other
        out._da = b
        out._db = a
        return out

    def __rmul__(self, other: Any) -> Value:
        if type(other) is not float or type(self) is not Value:
            return _meet(ops.mul, other, self)
        out = _new(Value)
        a = self._data
        out._data = other * a
        out.grad = 0.0
        out.op = _mul
        out._a = other
        out._b = self
        out._da = a
        out._db = other
        return out

    def __pow__(self, other: Any) -> Value:
        # The exponents of everyday; the others, and what fails, go by the table, which holds where these two lines overflow or round.
        if not ((type(other) is int or type(other) is float) and other in _EVERYDAY_EXPONENTS and self._data):
            return _meet(ops.pow, self, other)
        a = self._data
        b = float(other)
        try:
            y = a**b
            slope = b * a ** (b - 1.0)
        except OverflowError:
            return _meet(ops.pow, self, other)
        out = _new(Value)
        out._data = y
        out.grad = 0.0
        out.op = _pow
        out._a = self
        out._b = b
        out._da = slope
        out._db = None
        return out

    def __rpow__(self, other: Any) -> Value:
        return _meet(ops.pow, other, self)

    def __truediv__(self, other: Any) -> Value:
        kind = type(other)
        if kind is Value:
            b = other._data
        elif kind is float:
            b = other
        else:
            return _meet(ops.div, self, other)
        if not b:
            return self._record(ops.div, (self, other))
        out = _new(Value)
        out._data = y = self._data / b
        out.grad = 0.0
        out.op = _div
        out._a = self
        out._b = other
        out._da = 1.0 / b
        out._db = -y / b
        return out

    def __rtruediv__(self, other: Any) -> Value:
        if type(other) is not float or type(self) is not Value or not self._data:
            return _meet(ops.div, other, self)
        out = _new(Value)
        b = self._data
        out._data = y = other / b
        out.grad = 0.0
        out.op = _div
        out._a = other
        out._b = self
        out._da = 1.0 / b
        out._db = -y / b
        return out

    def __neg__(self) -> Value:
        out = _new(Value)
        out._data = -self._data
        out.grad = 0.0
        out.op = _neg
        out._a = self
        out._b = out._db = None
        out._da = -1.0
        return out

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return self._record(ops.abs, (self,))

    # The functions that networks call most, written out like the operators; the others are inherited.

    def exp(self) -> Value:
        """e to the power of x."""
        try:
            y = math.exp(self._data)
        except OverflowError:
            return self._record(ops.exp, (self,))
        out = _new(Value)
        out._data = out._da = y
        out.grad = 0.0
        out.op = _exp
        out._a = self
        out._b = out._db = None
        return out

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        x = self._data
        e = math.exp(-2.0 * (x if x > 0 else -x))
        out = _new(Value)
        out._data = math.tanh(x)
        out.grad = 0.0
        out.op = _tanh
        out._a = self
        out._b = out._db = None
        out._da = 4.0 * (e / (1.0 + e * (2.0 + e)))
        return out

    def sigmoid(self) -> Value:
        """The logistic function, 1 / (1 + exp(-x))."""
        x = self._data
        e = math.exp(-x if x > 0 else x)
        out = _new(Value)
        out._data = (1.0 if x > 0 else e) / (1.0 + e)
        out.grad = 0.0
        out.op = _sigmoid
        out._a = self
        out._b = out._db = None
        out._da = e / (1.0 + e * (2.0 + e))
        return out

    def relu(self) -> Value:
        """x above 0, else 0."""
        x = self._data
        out = _new(Value)
        out._data = 0.0 if x <= 0 else x
        out.grad = 0.0
        out.op = _relu
        out._a = self
        out._b = out._db = None
        out._da = 1.0 if x > 0 else 0.0 if x == x else x
        return out

    neg, abs = __neg__, __abs__

    # A Value among numbers

    def __lt__(self, other: Any) -> bool:
        return self.data < (other.data if isinstance(other, Value) else other)

    def __le__(self, other: Any) -> bool:
        return self.data <= (other.data if isinstance(other, Value) else other)

    def __gt__(self, other: Any) -> bool:
        return self.data > (other.data if isinstance(other, Value) else other)

    def __ge__(self, other: Any) -> bool:
        return self.data >= (other.data if isinstance(other, Value) else other)

    def __bool__(self) -> bool:
        return self.data != 0

    def __float__(self) -> float:
        raise TypeError(
            f"{self!r} as a plain number would leave the graph and lose its gradient: write .data for the number, "
            "or the function of this package or method of Value (v.exp()) in place of math's"
        )

    __int__ = __float__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(data={self.data!r}, grad={self.grad!r}{f', label={self.label!r}' if self.label else ''})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    # Copies. The graph is handed on as one flat list, since one node inside another would be as deep as the graph.

    def __copy__(self) -> Value:
        out = _leaf(type(self), self.data, self.grad, self.label, getattr(self, "__dict__", None))
        out.op, out._a, out._b, out._da, out._db = self.op, self._a, self._b, self._da, self._db
        return out

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        entered = [self]
        while entered:
            node = entered[-1]
            waiting = [x for x in node.operands if isinstance(x, Value) and id(x) not in memo]
            if waiting and id(node) not in memo:
                entered.extend(waiting)
                continue
            entered.pop()
            if id(node) not in memo:
                memo[id(node)] = out = node.__copy__()
                out._connect([memo.get(id(x), x) for x in node.operands])
                if hasattr(out, "__dict__"):
                    vars(out).update(copy.deepcopy(vars(node), memo))
        return memo[id(self)]  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        # Each Value pickled takes along what it was computed from. Leaves stay shared between several; nodes between become copies.
        if self.op is None:
            return _leaf, (type(self), self.data, self.grad, self.label, getattr(self, "__dict__", None))
        nodes = topological_order(self, constants=False)
        place: dict[Any, int] = {node: i for i, node in enumerate(nodes)}
        rows = [
            (node.op, [place.get(x, x) for x in node.operands], node._da, node._db, node.data, node.grad, node.label)
            if node.op
            else node
            for node in nodes
        ]
        return _graph, (rows,)


class Constant(Value):
    """A plain number that stood in an expression, as a node to look at: `(0.5 * x).args[0]`. Nothing flows into it."""

    __slots__ = ()

    def _receive(self, slope: float, gradient: float) -> None:
        pass


def topological_order(*roots: Value, constants: bool = True) -> list[Value]:
    """All nodes from which the roots were computed, and the roots, each once and after its args. The same order every time.

    With `constants=False` the plain numbers among the operands are left out. Raises TypeError for a root that is no Value.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    for root in roots:
        if not isinstance(root, Value):
            raise TypeError(f"topological_order takes Values, not {type(root).__name__} {root!r:.60}")
        trail: list[tuple[Value | None, Iterator[Any]]] = [(None, iter((root,)))]
        while trail:  # the nodes being entered, from the root inward, each with the args it has still to visit
            node, rest = trail[-1]
            for arg in rest:
                if (
                    arg not in seen
                    and type(arg) is not float
                    and (constants or node is None or type(arg) is not Constant)
                ):
                    seen.add(arg)
                    trail.append((arg, iter(arg.args if constants else arg.operands)))
                    break
            else:
                trail.pop()
                if node is not None:
                    order.append(node)
    return order


def dots(rows: Sequence[Sequence[Any]], xs: Sequence[Any]) -> list[Value] | None:
    """The nodes of `dot(ws, xs)` for each ws among the rows, which are as long as xs: what the neurons of a layer record.

    The row of the table written out, as the operators are. None where that has to look closer: at operands other than Values and
    floats, and at sums that leave the range of floats on their way.
    """
    try:
        numbers = [x._data if type(x) is Value else _float(x) for x in xs]
        nodes = []
        for ws in rows:
            weights = [w._data if type(w) is Value else _float(w) for w in ws]
            out = _new(Value)
            out._data = math.fsum(map(operator.mul, weights, numbers))
            out.grad = 0.0
            out.op = _dot
            out._a = out._da = None
            out._b = (*ws, *xs)
            out._db = (*numbers, *weights)
            nodes.append(out)
    except (TypeError, ValueError, OverflowError):
        return None
    return nodes


def _float(x: Any) -> float:
    if type(x) is not float:
        raise TypeError
    return x


def _meet(op: Operation, a: Any, b: Any) -> Value:
    """An operator's node where one side is no Value or float; NotImplemented leaves it to that other type, to an array for instance."""
    other = b if isinstance(a, Value) else a
    node: Any = NotImplemented
    if type(other) is int:
        number = as_float(other, op.name, (a if other is b else b).label)
        node = _OPERATORS[op](a, number) if other is b else _OPERATORS[op](number, b)
    elif isinstance(other, Value | Real) or type(other).__module__ in ("builtins", "decimal"):
        node = Value._record(op, (a, b))  # which refuses what is no number
    return node  # type: ignore[no-any-return]


def _failure(op: Operation, operands: Sequence[Any], error: Exception) -> Exception:
    """What to raise where recording `op` met `error`: the same in words that name the operands' labels and numbers."""
    labels = [x.label if isinstance(x, Value) else "" for x in operands]
    try:
        numbers = [
            x.data if isinstance(x, Value) else as_float(x, op.name, next(filter(None, labels), "")) for x in operands
        ]
    except (TypeError, OverflowError) as no_number:
        return no_number
    return error if isinstance(error, TypeError) else op.failure(error, numbers, labels)


def _leaf(kind: type[Value], data: float, grad: float, label: str, more: dict[str, Any] | None) -> Value:
    leaf = _new(kind)
    leaf.op = leaf._a = leaf._b = leaf._da = leaf._db = None
    leaf._data, leaf.grad = data, grad
    if label:
        leaf.label = label
    if more:  # what a subclass carries
        vars(leaf).update(more)
    return leaf


def _graph(rows: list[Any]) -> Value:
    nodes: list[Value] = []
    for row in rows:
        if isinstance(row, Value):
            nodes.append(row)
            continue
        op, operands, slope, slopes, data, grad, label = row
        node = _leaf(Value, data, grad, label, None)
        node.op, node._da, node._db = op, slope, slopes
        node._a, node._b = None, () if type(node._db) is tuple else None
        node._connect([nodes[x] if type(x) is int else x for x in operands])
        nodes.append(node)
    return nodes[-1]
