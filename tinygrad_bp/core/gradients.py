"""The gradient as another graph, so that it can be differentiated again.

    >>> x = Value(2.0, "x")
    >>> [dy] = grad(x**3, [x])
    >>> [d2y] = grad(dy, [x])
    >>> dy.data, d2y.data
    (12.0, 12.0)

`Value.backward` multiplies the recorded numbers; `grad` evaluates the same rules of the table on the Values themselves, so that each
step of the reverse pass is recorded like any other arithmetic. Both give the same numbers, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, overload

from tinygrad_bp.core import ops, slopes
from tinygrad_bp.core.operation import require_order
from tinygrad_bp.core.order import dependents, topological_order
from tinygrad_bp.core.value import Constant, Value


@overload
def grad(y: Value, xs: Value) -> Value: ...
@overload
def grad(y: Value, xs: Sequence[Value]) -> list[Value]: ...


def grad(y: Value, xs: Value | Sequence[Value]) -> Value | list[Value]:
    """The derivatives of `y` with respect to `xs`, as Values: one for a single x, a list for a sequence.

    Args:
        y: the result that is differentiated.
        xs: a Value or a sequence of n Values, for which n derivatives are returned, in their order. Any Value will do, not only a leaf.

    Where y does not depend on an x, the derivative is a `Constant` 0. No `grad` attribute is read or changed. A derivative can be a node
    that exists already: that of `w * x` with respect to w is x itself.

    Raises TypeError if y or an x is no Value, an x is a constant or the xs are a set, which has no order, and ValueError if the data of a
    leaf was changed since it was used: derivatives of what was recorded then can no longer be written in terms of the leaf.
    """
    single = isinstance(xs, Value)
    targets = [xs] if isinstance(xs, Value) else _values(xs, "grad")
    _require_value(y, "grad", "y")
    for x in targets:
        if isinstance(x, Constant) and x is not y:
            raise TypeError(
                f"grad: {x!r} is a constant of the expression; make it a Value to differentiate with respect to it"
            )

    order = topological_order(y, constants=False)
    varies = dependents(order, targets)

    recorded = set(order) if y.label else set()  # which only labels need
    # dy/dnode, complete when the node is reached; a plain number as long as it is known to be one.
    gradients: dict[Value, Any] = {y: 1.0}
    for node in reversed(order):
        if node not in varies:
            continue
        _label(gradients[node], y, node, recorded)
        if node.op is not None:
            closes = ops.closes(node.op, node.numbers)
            for operand, derivative in _local(node, varies):
                term = _times(derivative, gradients[node], closes)
                gradients[operand] = gradients[operand] + term if operand in gradients else term

    found = [gradients.get(x, 0.0) for x in targets]
    results = [x if isinstance(x, Value) else Constant(x) for x in found]
    return results[0] if single else results


def _label(gradient: Any, y: Value, node: Value, recorded: set[Value]) -> None:
    """Calls a derivative dy/dnode, if both have names, it is no node that was there before, and no other node's derivative too."""
    if y.label and node.label and isinstance(gradient, Value) and gradient.op and gradient not in recorded:
        of, by = (f"({label})" if "/" in label else label for label in (y.label, node.label))
        gradient.label = "" if gradient.label else f"d{of}/d{by}"


def jacobian(ys: Sequence[Value], xs: Sequence[Value]) -> list[list[Value]]:
    """The derivative of each y with respect to each x, as `grad` gives it: m lists of n Values. Raises what `grad` raises.

    Args:
        ys: the results, a sequence of m Values: one row each.
        xs: what they are differentiated with respect to, a sequence of n Values: one column each.
    """
    columns = _values(xs, "jacobian")
    return [grad(y, columns) for y in _values(ys, "jacobian", "y")]


def hessian(y: Value, xs: Sequence[Value]) -> list[list[Value]]:
    """The second derivatives of y with respect to each pair of xs: n lists of n Values. Raises what `grad` raises.

    Args:
        y: the result that is differentiated.
        xs: a sequence of n Values: one row and one column each.
    """
    columns = _values(xs, "hessian")
    _require_value(y, "hessian", "y")
    return jacobian(grad(y, columns), columns)


def _local(node: Value, varies: set[Value]) -> list[tuple[Value, Any]]:
    """For each operand of `node` that varies: it, and the node's derivative with respect to it, a Value or, where constant, a number."""
    assert node.op is not None
    operands = node.operands
    wanted = [x in varies for x in operands]
    if slopes.asks(
        node.op, len(operands)
    ):  # a rule with an `if`: evaluated here, it would leave the branch of one number
        derivatives = slopes.slopes(node.op, operands, wanted)
    else:
        derivatives = node.op.derivatives(node, operands, wanted)
    found: list[tuple[Value, Any]] = []
    for x, derivative, recorded, want in zip(operands, derivatives, node.recorded_derivatives, wanted, strict=True):
        if want:
            assert isinstance(x, Value)
            _require_unchanged(node, derivative.data if isinstance(derivative, Value) else derivative, recorded)
            found.append((x, derivative))
    return found


def _require_unchanged(node: Value, derivative: float, recorded: float | None) -> None:
    """Raises ValueError if a local derivative of `node` is another one now than it was when the node was recorded."""
    assert node.op is not None
    assert recorded is not None
    if math.isclose(derivative, recorded, rel_tol=1e-12, abs_tol=1e-290) or (
        derivative != derivative and recorded != recorded
    ):
        return
    leaves = dict.fromkeys(x for x in node.operands if isinstance(x, Value) and x.op is None)
    changed = ", ".join(f"{leaf.label or 'an unlabelled leaf'} is now {leaf.data!r}" for leaf in leaves)
    raise ValueError(
        f"grad: the data of a leaf was changed after {node.op.name} recorded it ({changed}), and its derivative with it, "
        f"from {recorded!r} to {derivative!r}: compute y anew"
    )


def _times(derivative: Any, gradient: Any, closes: bool) -> Any:
    """derivative * gradient, without a node for a factor that is the number 1 or -1; a derivative of 0 that `closes` wins over infinity."""
    for factor, other in ((derivative, gradient), (gradient, derivative)):
        if factor.__class__ is float and factor in (1.0, -1.0):
            return other if factor == 1.0 else -other
    return ops.passed(derivative, gradient) if closes else derivative * gradient


def _values(xs: Sequence[Value], operation: str, each: str = "x") -> list[Value]:
    require_order(xs, operation)
    try:
        xs = list(xs)
    except TypeError:
        several = "Values" if each == "x" else f"Values as {each}s"
        raise TypeError(f"{operation} takes a sequence of {several}, not {type(xs).__name__}") from None
    for x in xs:
        _require_value(x, operation, f"each {each}")
    return xs


def _require_value(x: object, operation: str, what: str) -> None:
    if not isinstance(x, Value):
        raise TypeError(f"{operation}: {what} is a Value, not {type(x).__name__} {x!r:.60}")
