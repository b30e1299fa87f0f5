"""Walks over the graph: what depends on x, what lies between stops, whose a node is."""

import math

import pytest

from tests.graphs import random_graph
from tinygrad_bp import Operation, Value
from tinygrad_bp.core.order import between, changed_leaves, count_nodes, dependents, flow, owners, topological_order


def test_dependents_are_the_nodes_that_x_is_under() -> None:
    y, leaves = random_graph(3)
    order = topological_order(y, constants=False)
    for x in [*leaves, order[len(order) // 2]]:
        under = {node for node in order if x in topological_order(node, constants=False)}
        assert dependents(order, [x]) == under | {x}


def test_a_constant_has_dependents_where_constants_count() -> None:
    x = Value(2.0, "x")
    y = (3.0 * x).exp()
    product = y.args[0]
    constant = product.args[0]
    order = topological_order(y)
    assert dependents(order, [constant], constants=True) == {constant, product, y}
    assert dependents(order, [constant]) == {constant}


def test_between_ends_at_stops_and_comes_to_each_node_after_its_users() -> None:
    y, leaves = random_graph(5)
    order = topological_order(y, constants=False)
    place = {node: k for k, node in enumerate(order)}
    stops = {*leaves, *order[10:40:7]} - {y}
    walked = [node for node, _ in between(y, stops, place)]
    assert walked[0] is y
    assert not stops.intersection(walked)
    assert [place[node] for node in walked] == sorted((place[node] for node in walked), reverse=True)
    assert all(operands == node.operands for node, operands in between(y, stops, place))


@pytest.mark.parametrize("seed", range(10))
def test_what_flows_to_the_leaves_is_what_backward_gives(seed: int) -> None:
    y, leaves = random_graph(seed)
    place = {node: k for k, node in enumerate(topological_order(y, constants=False))}
    y.backward()
    assert flow(y, set(leaves), place) == {x: x.grad for x in leaves if x in place}


def test_flow_is_contracted_between_stops_and_passes_over_what_has_no_place() -> None:
    x, w, hidden = Value(0.5, "x"), Value(1.5, "w"), Value(4.0, "hidden")
    inner = x * w
    y = inner * inner + 3.0 * inner + hidden
    place = {node: k for k, node in enumerate(topological_order(y)) if node is not hidden}
    assert flow(y, {inner, x, w, hidden}, place) == {inner: 2.0 * inner.data + 3.0}
    assert flow(inner, {x, w}, place) == {x: w.data, w: x.data}
    constant = next(node for node in place if node.data == 3.0)
    assert flow(y, {inner, constant}, place, constants=True)[constant] == inner.data


def test_a_node_belongs_to_the_one_that_alone_uses_it() -> None:
    x, v, w = Value(0.5, "x"), Value(1.5, "v"), Value(2.5, "w")
    shared = x * 2.0
    a, b = shared * v, (shared + w).exp()
    y = a + b
    found = owners(topological_order(y), {a: "a", b: "b", x: None})
    assert (found[v], found[w], found[b.args[0]]) == ("a", "b", "b")
    assert found[shared] is found[shared.args[1]] is found[x] is found[y] is None


@pytest.mark.parametrize("seed", range(10))
def test_nodes_are_counted_no_further_than_asked(seed: int) -> None:
    y, leaves = random_graph(seed)
    whole = len(topological_order(y, *leaves))
    assert [count_nodes(y, *leaves, most=most) for most in (10**9, whole, whole - 1, 3)] == [whole, whole, whole, 4]
    assert count_nodes(Value(1.0), most=5) == 1
    assert count_nodes(Value(1.0) + 1.0, most=5) == 3


def test_leaves_are_changed_where_a_rule_has_no_number_for_them_any_more() -> None:
    x, w = Value(4.0, "x"), Value(2.0, "w")
    root, kept = x.sqrt(), w * 3.0
    assert changed_leaves([root, kept]) == []
    x.data = -4.0
    assert changed_leaves([root, kept]) == [x]


def test_no_number_then_and_none_now_is_no_change() -> None:
    def only_above(x: float) -> float:
        if x < 0.0:
            raise ValueError("below")
        return x

    x, y = Value(math.inf, "x"), Value(1.0, "y")
    nothing = x - math.inf
    assert changed_leaves([nothing]) == []
    rule = Value.record_operation(Operation("above", only_above, (lambda y, x: 1.0,), "{}", "{}", "a"), [y])
    y.data = -1.0
    assert changed_leaves([rule]) == [y]
    rule = Value.record_operation(
        Operation("nan_above", lambda x: math.nan if x > 0 else only_above(x), (lambda y, x: 1.0,), "{}", "{}", "a"),
        [Value(1.0, "z")],
    )
    rule.operands[0].data = -1.0
    assert changed_leaves([rule]) == [rule.operands[0]]


def test_a_changed_leaf_is_told_from_one_beside_it_that_still_gives_what_it_gave() -> None:
    x, y = Value(4.0, "x"), Value(2.0, "y")
    nodes = [x * y, y + 1.0]
    x.data = 5.0
    assert changed_leaves(nodes) == [x]
    assert changed_leaves(nodes[:1]) == [x, y]


def test_leaves_and_what_is_made_of_nodes_only_are_not_asked_for_changes() -> None:
    x = Value(2.0, "x")
    inner = x * 1.0
    outer = inner.exp()
    x.data = 3.0
    assert changed_leaves([x, outer]) == []
    assert changed_leaves([x, inner, outer]) == [x]


def test_a_constant_is_a_stop_only_where_constants_count() -> None:
    x = Value(2.0, "x")
    y = 3.0 * x
    constant, _ = y.args
    place = {node: k for k, node in enumerate(topological_order(y))}
    assert flow(y, {x, constant}, place) == {x: 3.0}
    assert flow(y, {x, constant}, place, constants=True) == {x: 3.0, constant: 2.0}
    assert [operands for _, operands in between(y, {x}, place)] == [(3.0, x)]
