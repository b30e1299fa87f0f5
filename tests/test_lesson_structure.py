"""What a lesson takes for a case, for a step of a recurrence, and for one network whose neurons share weights."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.rounds import leaves, mlp, named, squared
from tinygrad_bp import Value, lesson, mark
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons import backward, speaking
from tinygrad_bp.lessons.blocks import Block, Equation, Folded
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.layers import cases, is_recurrent


def reused() -> Value:
    x, w, v, b = (Value(n, name) for n, name in ((0.9, "x"), (0.4, "w"), (-0.7, "v"), (0.2, "b")))
    h1 = named(named(w * x + b, "net_h1").sigmoid(), "out_h1")
    h2 = named(named(w * x + v, "net_h2").tanh(), "out_h2")
    o = named(named(w * h1 + v * h2 + b, "net_o1").sigmoid(), "out_o1")
    return named((o - Value(0.3, "target_o1")) ** 2, "E")


def tied() -> Value:
    x1, x2 = leaves([0.5, 0.9], "x")
    w1, w2 = leaves([0.3, -0.4], "w")
    h = named(named(w1 * x1 + w2 * x2 + Value(0.1, "b1"), "net_h1").sigmoid(), "out_h1")
    o1 = named(named(w1 * h + Value(0.2, "b2"), "net_o1").sigmoid(), "out_o1")
    o2 = named(named(w2 * h + Value(-0.2, "b3"), "net_o2").sigmoid(), "out_o2")
    return named((o1 - x1) ** 2 / 2 + (o2 - x2) ** 2 / 2, "E")


def convolution(rows: int = 1) -> Value:
    k1, k2, b = Value(0.7, "k1"), Value(-0.4, "k2"), Value(0.05, "b")
    v = leaves([0.5, -0.3, 0.9], "v")
    errors = []
    for row in range(rows):
        xs = leaves([0.5 + row, -0.2, 0.8, 0.3], "x")
        hs = [named(named(k1 * xs[j] + k2 * xs[j + 1] + b, f"net_h{j + 1}").tanh(), f"out_h{j + 1}") for j in range(3)]
        o = named(named(v[0] * hs[0] + v[1] * hs[1] + v[2] * hs[2], "net_o1").sigmoid(), "out_o1")
        errors.append((o - Value(1.0, "target_o1")) ** 2 / 2)
    return named(sum(errors[1:], errors[0]) / rows, "E")


def siamese() -> Value:
    w, b = Value(0.7, "w"), Value(0.1, "b")
    a, c = (
        named(named(w * Value(x, f"x_{k}") + b, f"net_{k}").tanh(), f"out_{k}") for k, x in (("a", 0.5), ("c", -0.2))
    )
    return named((a - c) ** 2, "E")


def recurrence(rows: int = 1, steps: int = 3) -> Value:
    w, u, b = Value(0.6, "w"), Value(-0.4, "u"), Value(0.1, "b")
    errors = []
    for row in range(rows):
        h: Any = None
        for k in range(1, steps + 1):
            product = w * Value(0.5 / k + row, f"x{k}")
            h = named(named(product + b if h is None else u * h + product + b, f"net_h{k}").tanh(), f"h{k}")
        errors.append((h - 0.4) ** 2)
    return named(sum(errors[1:], errors[0]), "E")


def batch(rows: int = 3, root: bool = False) -> Value:
    net = mlp([2, 2, 2], "tanh")
    errors = [squared(net(leaves([0.2 * k, 0.9 - k], "i")), [1.0, 0.0]) for k in range(rows)]
    mean = sum(errors[1:], errors[0]) / rows
    return named(mean**0.5 if root else mean, "E")


def one_layer() -> Value:
    net = mlp([2, 3], "sigmoid")
    rows = [net(leaves([0.2 * k, 0.9 - k], "i")) for k in range(2)]
    return named(sum(((o - 0.3) ** 2 for row in rows for o in reversed(row)), Value(0.0)), "E")


STRUCTURES: list[tuple[Callable[[], Value], int, bool]] = [
    (reused, 1, False),
    (tied, 1, False),
    (convolution, 1, False),
    (lambda: convolution(2), 2, False),
    (siamese, 1, False),
    (recurrence, 1, True),
    (lambda: recurrence(steps=2), 1, True),
    (lambda: recurrence(rows=2), 2, True),
    (batch, 3, False),
    (lambda: batch(root=True), 3, False),
    (lambda: batch(1), 1, False),
    (one_layer, 2, False),
]


def random_graph(seed: int) -> Value:
    """Neurons that take their weights and signals from few, so that they share them in every way; ends that meet in any way."""
    rng = random.Random(seed)
    weights = [Value(rng.uniform(-1, 1), f"w{k}") for k in range(rng.randint(2, 6))]
    signals: list[Value] = leaves([rng.uniform(-1, 1) for _ in range(3)], "x")
    outs = []
    for k in range(1, rng.randint(3, 9)):
        chosen = rng.sample(signals, min(len(signals), rng.randint(1, 3)))
        net = named(
            sum((rng.choice(weights) * x for x in chosen[1:]), rng.choice(weights) * chosen[0])
            + Value(rng.uniform(-1, 1), f"b{k}"),
            f"net_h{k}",
        )
        outs.append(named(rng.choice((net.tanh, net.sigmoid))(), f"out_h{k}"))
        signals.append(outs[-1])
    last = outs[-rng.randint(1, len(outs)) :]
    errors = [(o - 0.3) ** 2 for o in last]
    return named(rng.choice((sum(errors[1:], errors[0]) / len(last), (sum(last[1:], last[0]) - 1) ** 2)), "E")


def printed(blocks: list[Block]) -> list[str]:
    """The left sides of the equations, in the order in which they stand."""
    found = []
    for block in blocks:
        if isinstance(block, Equation):
            found.append(block.left.text)
        elif isinstance(block, Folded):
            break
    return found


def out_of_order(loss: Value) -> list[tuple[str, str]]:
    """What is printed before something that it is computed from, forward, or derived from, backward."""
    taught = lesson(loss, lr=0.1)
    found = taught.derivation
    place: dict[str, int] = {}
    for k, name in enumerate(printed(list(taught.blocks))):
        place.setdefault(name, k)
    bad = []
    for v in found.forward:
        waiting = [x for x in v.operands if isinstance(x, Value)]
        while waiting:
            x = waiting.pop()
            if x in found.names or x.op is None:
                if (
                    x.op is not None
                    and found.names[v] in place
                    and place.get(found.names[x], -1) > place[found.names[v]]
                ):
                    bad.append((found.names[v], found.names[x]))
            else:
                waiting += [y for y in x.operands if isinstance(y, Value)]
    for v in found.backward:
        for edge in found.graph.users[v]:
            name, above = found.derived(v).name, found.derived(edge.of).name
            if edge.of is not found.loss and name in place and place.get(above, -1) > place[name]:
                bad.append((name, above))
    return bad


@pytest.mark.parametrize(("graph", "count", "chain"), STRUCTURES)
def test_a_case_is_a_copy_that_meets_the_others_in_the_loss_alone(
    graph: Callable[[], Value], count: int, chain: bool
) -> None:
    loss = graph()
    found = Derivation(loss)
    several = cases(found.neurons, found.order)
    assert len(several) == count
    assert is_recurrent(found.neurons) is chain
    assert sorted(map(id, found.neurons)) == sorted(
        id(unit) for layers in several for layer in layers for unit in layer
    )
    text = lesson(loss, lr=0.1).text()
    assert ("recurrent" in text) is chain
    assert ("Case 2" in text) is ("What each case contributes" in text) is (count > 1)


@pytest.mark.parametrize("graph", [each for each, *_ in STRUCTURES])
def test_lessons_print_what_is_used_before_it_is_used(graph: Callable[[], Value]) -> None:
    assert out_of_order(graph()) == []


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_are_printed_in_topological_order(seed: int) -> None:
    assert out_of_order(random_graph(seed)) == []


def test_shared_weights_are_said_in_both_languages() -> None:
    text = lesson(convolution()).text()
    assert "The neurons h1, h2 and h3 share weights: k1 and k2." in text
    assert "を共有しています" in lesson(convolution(), language="ja").text().replace("\n", "")
    assert "share weights" not in lesson(batch(1)).text()
    assert "2 neurons with sigmoid and tanh" in lesson(reused()).text()


def test_cases_keep_the_order_of_the_names() -> None:
    found = Derivation(one_layer())

    def names(layer: list[Unit]) -> list[str]:
        return [unit.name for unit in layer]

    assert [names(layers[-1]) for layers in cases(found.neurons, found.order)] == [["o1", "o2", "o3"]] * 2


def test_a_lesson_looks_at_each_node_once_whatever_the_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: Counter[str] = Counter()

    def counting(*roots: Value, constants: bool = True) -> list[Value]:
        order = topological_order(*roots, constants=constants)
        counted["walked"] += len(order)
        return order

    def chains(neurons: Sequence[Unit]) -> bool:
        counted["chains"] += 1
        return is_recurrent(neurons)

    monkeypatch.setattr(backward, "topological_order", counting)
    monkeypatch.setattr(speaking, "is_recurrent", chains)
    loss = recurrence(steps=40)
    lesson(loss, lr=0.1).text()
    assert 0 < counted["walked"] <= len(topological_order(loss))
    assert counted["chains"] == 1


def test_one_parameter_that_is_followed_and_others_exclude_each_other() -> None:
    loss = siamese()
    [w] = [v for v in Derivation(loss).parameters if v.label == "w"]
    with pytest.raises(ValueError, match="x is the one parameter that is followed; leave parameters out"):
        lesson(loss, x=w, parameters=[w])


@pytest.mark.parametrize("steps", [3, 15, 60, 130])
def test_a_graph_without_labels_is_derived_step_by_step_and_what_is_left_out_is_counted(steps: int) -> None:
    w: Any = Value(0.9, "w")
    h: Any = Value(0.5, "x")
    for _ in range(steps):
        h = (w * h + 0.01).tanh()
    loss = (h - 0.3) ** 2
    text = lesson(loss, lr=0.1).text()
    assert "v1 = w * x = 0.9 * 0.5 = 0.45" in text
    assert "v2 acts through v3." in text
    assert "w acts through v1, v4" in text
    assert ("The picture is left out: " in text) is (steps >= 15)
    assert (f"{3 * steps + 2 - 60} steps are left out." in text) is (steps > 20)


def test_no_mean_is_forgotten_where_there_is_none() -> None:
    loss = convolution()
    right = Derivation(loss)["dE/dk1"].value
    [answer] = mark(loss, {"dE/dk1": f"{3 * right:.9g}"})
    assert answer.verdict == "wrong"
    assert not any("divi" in cause for cause in answer.causes)
