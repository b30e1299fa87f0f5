"""What holds of every graph: programs that hypothesis draws from the table, run on Values and on floats."""

import copy
import math
import operator
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tinygrad_bp import OPERATIONS, Operation, Reduction, Value, grad, topological_order
from tinygrad_bp.core.order import dependents, flow, owners
from tinygrad_bp.core.value import Constant

holds = settings(derandomize=True, database=None, deadline=None, max_examples=80)
Step = tuple[Operation, list[int], float | None]
NUMBERS = st.floats(-3.0, 3.0)
STEPS = st.tuples(
    st.sampled_from(list(OPERATIONS.values())), st.lists(st.integers(0, 9), min_size=4, max_size=4), st.none() | NUMBERS
)
PROGRAMS = st.tuples(st.lists(NUMBERS, min_size=1, max_size=4), st.lists(STEPS, min_size=1, max_size=30))
OPERATORS: dict[str, Callable[..., Any]] = {
    **{row: getattr(operator, row) for row in ("add", "sub", "mul", "neg", "pow")},
    "div": operator.truediv,
}


def apply(row: Operation, operands: Sequence[Value | float]) -> Any:
    if isinstance(row, Reduction):
        length = len(operands) // row.sequences
        return row(*[operands[k * length : (k + 1) * length] for k in range(row.sequences)])
    return row(*operands)


def bits(numbers: Sequence[float]) -> list[str]:
    return [float(x).hex() for x in numbers]


def recorded(row: Operation, operands: Sequence[Any]) -> Value | None:
    """The node, whose number is that of the row on floats; None where that has no value, no derivative or none of ordinary size."""
    numbers = [x.data if isinstance(x, Value) else x for x in operands]
    try:
        number = row.compute(numbers)
    except (ValueError, ArithmeticError) as error:
        with pytest.raises(type(error)):
            apply(row, operands)
        return None
    try:
        node: Value = apply(row, operands)
    except ValueError as error:
        if "has no derivative" not in str(error):
            raise
        return None
    assert bits([node.data]) == bits([number])
    written_out = OPERATORS.get(row.name) or getattr(Value, row.name, None)
    if written_out and isinstance(operands[0], Value):
        twin = written_out(*operands)
        assert (twin.op, bits([twin.data, *twin.local_derivatives])) == (
            row,
            bits([node.data, *node.local_derivatives]),
        )
    ordinary = all(abs(x) < 1e4 for x in (node.data, *node.local_derivatives))
    return node if ordinary else None


def nodes_of(program: tuple[list[float], list[Step]]) -> list[Value]:
    """The leaves and what is computed from them, in the order of the program: each step on some of the last ten nodes, or a number."""
    numbers, steps = program
    nodes = [Value(x, f"x{k}") for k, x in enumerate(numbers)]
    for row, places, number in steps:
        operands: list[Any] = [nodes[-1 - place % len(nodes)] for place in places[: row.arity]]
        if number is not None and len(operands) > 1:
            operands[places[0] % len(operands)] = number
        node = recorded(row, operands)
        if node is not None:
            nodes.append(node)
    return nodes


def reached(node: Value) -> set[Value]:
    """A node and all from which it was computed."""
    found, waiting = {node}, [node]
    while waiting:
        new = set(waiting.pop().args) - found
        found |= new
        waiting += new
    return found


def facts(order: Sequence[Value]) -> list[tuple[Any, ...]]:
    """All that there is to know of these nodes, which come in topological order, but who they are."""
    place = {node: k for k, node in enumerate(order)}
    return [
        (type(v), v.op, v.label, bits([v.data, v.grad, *v.local_derivatives]), [place[x] for x in v.args])
        for v in order
    ]


@holds
@given(PROGRAMS)
def test_values_compute_what_the_rows_compute(program: tuple[list[float], list[Step]]) -> None:
    nodes = nodes_of(program)
    assert [node.label for node in nodes if node.op is None] == [f"x{k}" for k in range(len(program[0]))]


@holds
@given(PROGRAMS, st.lists(st.integers(0, 30), min_size=1, max_size=3))
def test_every_node_comes_once_and_after_what_it_was_computed_from(
    program: tuple[list[float], list[Step]], places: list[int]
) -> None:
    nodes = nodes_of(program)
    roots = [nodes[place % len(nodes)] for place in places]
    order = topological_order(*roots)
    place = {node: k for k, node in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[x] < place[node] for node in order for x in node.args)
    assert set(order) == set().union(*map(reached, roots))
    assert order == topological_order(*roots)
    varying = topological_order(*roots, constants=False)
    assert varying == [node for node in order if type(node) is not Constant]
    some = varying[:: places[0] + 1]
    assert dependents(order, some) == {node for node in order if reached(node) & set(some)}
    some = order[:: places[0] + 1]
    assert dependents(order, some, constants=True) == {node for node in order if reached(node) & set(some)}


@holds
@given(PROGRAMS, st.dictionaries(st.integers(0, 30), st.sampled_from(["h1", "h2", None]), max_size=5))
def test_a_node_belongs_to_what_all_computed_from_it_belong_to(
    program: tuple[list[float], list[Step]], given_to: dict[int, str | None]
) -> None:
    *_, root = nodes_of(program)
    order = topological_order(root)
    given_owners = {order[place % len(order)]: owner for place, owner in given_to.items()}
    found = owners(order, given_owners)
    for node in order:
        users = {found[user] for user in order if node in user.args}
        assert found[node] == given_owners.get(node, users.pop() if len(users) == 1 else None)


@holds
@given(PROGRAMS)
def test_copies_are_the_same_graph_again(program: tuple[list[float], list[Step]]) -> None:
    *_, root = nodes_of(program)
    root.backward()
    order = topological_order(root)
    for twin in (copy.deepcopy(root), pickle.loads(pickle.dumps(root))):
        twins = topological_order(twin)
        assert facts(twins) == facts(order)
        assert not {v for v in twins if type(v) is Value} & set(order)
    before = facts(order)
    copy.deepcopy(root).backward()
    assert facts(order) == before


@holds
@given(PROGRAMS)
def test_backward_grad_and_flow_agree(program: tuple[list[float], list[Step]]) -> None:
    nodes = nodes_of(program)
    *_, root = nodes
    assume(root.op is not None)
    order = topological_order(root, constants=False)
    leaves = [node for node in nodes if node.op is None]
    root.backward()
    size = dict.fromkeys(order, 0.0) | {root: 1.0}  # the sum of the terms of each gradient, all taken as positive
    for node in reversed(order):
        for x, local in zip(node.operands, node.local_derivatives, strict=True):
            if isinstance(x, Value):
                size[x] += abs(local) * size[node]
    flows = flow(root, set(leaves), {node: k for k, node in enumerate(order)})
    for leaf, derivative in zip(leaves, grad(root, leaves), strict=True):
        for other in (derivative.data, flows.get(leaf, 0.0)):
            assert math.isclose(other, leaf.grad, rel_tol=1e-12, abs_tol=1e-13 * size.get(leaf, 0.0))
