"""What a page of the explorer says of a graph, before a browser opens it: formulas, names and layout."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.layouts import placed
from tests.subjects import GRAPHS, W, X, mlp, recorded
from tinygrad_bp import Value, explore, ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant
from tinygrad_bp.drawing import rendering
from tinygrad_bp.explanation.neurons import ACTIVATIONS, units
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.formulas import activation_formulas, formulas, names
from tinygrad_bp.explorer.layout import groups, layout
from tinygrad_bp.explorer.subject import of_model, of_truth_table, of_value
from tinygrad_bp.networks import losses
from tinygrad_bp.tutorial.page import subject as of_tutorial

# Formulas


NAMESPACE = {**ops.OPERATIONS, "__builtins__": {}}


def evaluated(text: Any, order: Any) -> Any:
    """A formula's text with numbers in place of marks."""
    return eval(re.sub(r"⟦(\d+)⟧", lambda mark: f"({order[int(mark[1])].data!r})", text), NAMESPACE)


def along(order: Any, of: Any, by: Any, stops: Any = ()) -> Any:
    """The derivative of one node by another, by ways that meet none of the stops."""
    flow = {of: 1.0}
    for v in reversed(order):
        if v in flow and v is not by and (v is of or v not in stops):
            for x, slope in zip(v.args, v.local_derivatives, strict=True):
                flow[x] = flow.get(x, 0.0) + slope * flow[v]
    return flow.get(by, 0.0)


def all_formulas(written: Any) -> Iterator[Any]:
    yield from written["forward"].values()
    yield from (pair for pair in written["slopes"] if pair)
    yield from written["factors"].values()


NAMED = ["tutorial", "xor", *losses.LOSSES, "by hand", "all operations", "hostile labels", "random 1", "random 2"]


@pytest.mark.parametrize("name", NAMED)
def test_marks_stand_for_nodes_that_are_there(name: Any) -> None:
    order = topological_order(GRAPHS[name]())
    for text, latex in all_formulas(formulas(order[-1], order)):
        marks = re.findall(r"⟦(\d+)⟧", text)
        assert set(marks) == set(re.findall(r"⟦(\d+)⟧", latex))
        assert all(not isinstance(order[int(mark)], Constant) for mark in marks)
        assert "⟦" not in re.sub(r"⟦\d+⟧", "", text + latex)
        assert r"\text" not in latex


@pytest.mark.parametrize("name", NAMED)
def test_formulas_give_the_numbers(name: Any) -> None:
    order = topological_order(GRAPHS[name]())
    written = formulas(order[-1], order)
    for k, (text, _) in written["forward"].items():
        assert evaluated(text, order) == pytest.approx(order[k].data, rel=1e-9, abs=1e-12), text
    _, slopes = recorded(order)
    assert len(written["slopes"]) == len(slopes)
    for pair, slope in zip(written["slopes"], slopes, strict=True):
        if pair:
            assert evaluated(pair[0], order) == pytest.approx(slope, rel=1e-9, abs=1e-12), pair
    labelled = {v for v in order if v.label}
    for key, (text, _) in written["factors"].items():
        of, by, whole = map(int, key.split(","))
        number = along(order, order[of], order[by], () if whole else labelled)
        assert evaluated(text, order) == pytest.approx(number, rel=1e-9, abs=1e-12), (key, text)


@pytest.mark.parametrize("name", NAMED)
def test_gradients_are_the_sums_of_products_that_are_written(name: Any) -> None:
    order = topological_order(GRAPHS[name]())
    order[-1].backward()
    labelled = {v for v in order if v.label}

    def product(factors: Any) -> Any:
        return math.prod(along(order, order[of], order[by], () if whole else labelled) for of, by, whole in factors)

    written = formulas(order[-1], order)["gradient"]
    for k, rule in written.items():
        gradient = along(order, order[-1], order[k])  # that of a leaf adds up over the tests
        for terms in ([rule["chain"]], rule["terms"], [[part] for part in rule["parts"]]):
            if terms and terms[0]:
                assert math.fsum(map(product, terms)) == pytest.approx(gradient, rel=1e-9, abs=1e-12), (order[k], terms)


def test_every_labelled_node_of_the_worked_example_has_its_formulas() -> None:
    order = topological_order(of_tutorial().result)
    written = formulas(order[-1], order)
    labelled = {k for k, v in enumerate(order) if v.label}
    assert set(written["gradient"]) == labelled - {len(order) - 1}
    assert set(written["forward"]) == {k for k, v in enumerate(order) if v.op is not None}
    place = {v.label: k for k, v in enumerate(order)}
    rule = written["gradient"][place["w5"]]
    assert [[order[of].label, order[by].label] for of, by, _ in rule["chain"]] == [
        ["E_total", "out_o1"], ["out_o1", "net_o1"], ["net_o1", "w5"],
    ]  # fmt: skip
    assert written["factors"][f"{place['out_o1']},{place['net_o1']},1"][0] == "⟦{0}⟧ * (1 - ⟦{0}⟧)".format(
        place["out_o1"]
    )
    assert len(written["gradient"][place["out_h1"]]["parts"]) == 2
    assert written["gradient"][place["net_o1"]]["delta"] == "delta_o1"
    assert written["gradient"][place["w5"]]["delta"] == ""


def test_formulas_speak_of_nodes_with_labels_and_where_that_is_not_possible_of_any() -> None:
    order = topological_order((Value(3.0, "x") * 2.0).tanh() + Value(1.0))  # x, 2, x * 2, tanh, 1, +
    assert {k: text for k, (text, _) in formulas(order[-1], order)["forward"].items()} == {
        2: "⟦0⟧ * 2",
        3: "tanh(⟦0⟧ * 2)",
        5: "⟦3⟧ + ⟦4⟧",
    }


def test_gradients_of_large_graphs_are_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    order = topological_order(of_tutorial().result)
    monkeypatch.setattr("tinygrad_bp.explorer.formulas.MOST_EXPLAINED", len(order))
    assert len(formulas(order[-1], order)["gradient"]) == 24
    monkeypatch.setattr("tinygrad_bp.explorer.formulas.MOST_EXPLAINED", len(order) - 1)
    written = formulas(order[-1], order)
    assert written["gradient"] == written["factors"] == {}
    assert written["forward"]


def test_the_formulas_of_activations() -> None:
    found = activation_formulas("⟦0⟧", "⟦1⟧")
    assert set(found) == {op.name for op in ACTIVATIONS}
    for op in ACTIVATIONS:
        for x in (0.7, -0.7):
            y = op(Value(x))
            pair = [y.args[0], y]
            assert evaluated(found[op.name]["forward"][0], pair) == pytest.approx(y.data, rel=1e-12)
            assert evaluated(found[op.name]["slope"][0], pair) == pytest.approx(y.local_derivatives[0], rel=1e-12)


def test_names() -> None:
    order = topological_order(of_tutorial().result)
    found = names(order)
    assert [v for v in order if v not in found] == [v for v in order if isinstance(v, Constant)]
    by_formula = [name for v, name in found.items() if not v.label]
    assert by_formula[:3] == ["w1 * i1", "w2 * i2", "w1 * i1 + w2 * i2"]
    assert all(found[v] == v.label for v in order if v.label)


@pytest.mark.parametrize("name", [*NAMED, "one node"])
def test_names_are_printable_and_unique(name: Any) -> None:
    order = topological_order(GRAPHS[name]())
    found = list(names(order).values())
    assert len(set(found)) == len(found)
    assert all(name and name.replace("\u200d", "").isprintable() and len(name) <= 50 for name in found if name.strip())


def test_what_has_no_label_is_called_by_a_number_or_by_what_that_is_in() -> None:
    a, b = Value(1.0), Value(2.0, "v1")
    order = topological_order((a * b).exp() + (a * b).exp())
    found = names(order)
    assert [found[v] for v in order] == [
        "v1′", "v1", "v1′ * v1", "exp(v1′ * v1)", "v5", "exp(v5)", "exp(v1′ * v1) + exp(v5)",
    ]  # fmt: skip


# Layout


def laid_out(result: Any) -> Any:
    about, _ = describe(of_value(result))
    edges = [(tail, head) for head, node in enumerate(about["nodes"]) for tail in node.get("args", [])]
    return about, placed(about["layout"], edges)


def box_of(place: Any) -> Any:
    x, y, width, height = place
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def assert_readable(about: Any, found: Any) -> None:
    """Whether no boxes overlap, all is inside, and every curve leads from box to box."""
    boxes = [box_of(place) for place in found["nodes"]]
    assert len(boxes) == len(about["nodes"])
    for k, (left, top, right, bottom) in enumerate(boxes):
        assert -0.5 <= left < right <= found["width"] + 0.5
        assert -0.5 <= top < bottom <= found["height"] + 0.5
        for other in boxes[:k]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1], (k, boxes)
    edges = [(tail, head) for head, node in enumerate(about["nodes"]) for tail in node.get("args", [])]
    assert len(found["edges"]) == len(edges)
    for (tail, head), points in zip(edges, found["edges"], strict=True):
        assert len(points) % 3 == 1
        for (x, y), k in ((points[0], tail), (points[-1], head)):
            left, top, right, bottom = boxes[k]
            assert left - 15 <= x <= right + 15, (tail, head)  # the last curve ends before the arrow's head
            assert top - 15 <= y <= bottom + 15, (tail, head)


LAID_OUT = ["tutorial", "xor", "cross_entropy", "all operations", "one node", "hostile labels", "random 3"]


@pytest.mark.parametrize("name", LAID_OUT)
def test_layout(renderer: str, name: Any) -> None:
    assert_readable(*laid_out(GRAPHS[name]()))


def test_twice_the_same_operand_has_two_edges(renderer: str) -> None:
    x = Value(3.0, "x")
    _, found = laid_out(x * x)
    first, second = found["edges"]
    assert first != second


def test_members_of_a_neuron_lie_together(renderer: str) -> None:
    about, found = laid_out(of_tutorial().result)
    assert len(about["groups"]) == 4
    for group in about["groups"]:
        lefts, tops, rights, bottoms = zip(*[box_of(found["nodes"][k]) for k in group], strict=True)
        for k, (x, y, *_) in enumerate(found["nodes"]):
            inside = min(lefts) <= x <= max(rights) and min(tops) <= y <= max(bottoms)
            assert inside == (k in group)


def test_folded_neurons_of_a_layer_stand_in_their_order() -> None:
    folded = describe(of_tutorial())[0]["folds"]["neuron"]
    folded = placed(folded, folded["ends"])
    height = {
        box["number"]: y
        for box, (_, y, *_) in zip(folded["boxes"], folded["nodes"], strict=True)
        if box["kind"] == "neuron"
    }
    assert height[0] < height[1]  # h1 above h2
    assert height[2] < height[3]


def along_curve(points: Any, steps: int = 40) -> Iterator[tuple[float, float]]:
    for first in range(0, len(points) - 1, 3):
        for step in range(steps + 1):
            t = step / steps
            shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            x, y = (sum(s * p[k] for s, p in zip(shares, points[first : first + 4], strict=True)) for k in (0, 1))
            yield x, y


FOLDED = {
    "tutorial": of_tutorial,
    "xor": lambda: of_truth_table("xor"),
    "wide": lambda: of_model(tg.MLP(3, [4, 3], seed=1)),
    "deep": lambda: of_model(tg.MLP(2, [3, 3, 1], seed=2)),
    "classes": lambda: of_model(tg.MLP(2, [2, 3], activation=["tanh", None], seed=3), loss="cross_entropy"),
}


@pytest.mark.parametrize("name", FOLDED)
def test_words_on_lines_of_folded_boxes_lie_on_nothing_else(renderer: str, name: str) -> None:
    about = describe(FOLDED[name]())[0]["folds"]["neuron"]
    assert about["together"]
    folded = placed(about, about["ends"])
    lines, rooms = [], {}
    for k, (points, onward) in enumerate(zip(folded["edges"], folded["onward"], strict=True)):
        lines.append([at for part in (points[:onward], points[onward:]) if part for at in along_curve(part)])
        if onward:
            (left, y), (right, other) = points[onward - 1 : onward + 1]
            assert abs(y - other) <= 1.0
            assert right - left >= 45.0
            rooms[k] = left, y - 7.5, right, y + 7.5
    assert len(rooms) > 5
    for k, (left, top, right, bottom) in rooms.items():
        for other, points in enumerate(lines):
            assert other == k or not any(left < x < right and top < y < bottom for x, y in points), (k, other)
        others = [room for other, room in rooms.items() if other > k] + [box_of(box) for box in folded["nodes"]]
        for a, b, c, d in others:
            assert left >= c or right <= a or top >= d or bottom <= b, (k, (a, b, c, d))


def test_groups_hold_what_only_one_neuron_uses() -> None:
    def grouped(subject: Any) -> Any:
        order = topological_order(subject.result)
        members = groups(order, units(order, subject.parameters))
        return [sorted(v.label for v in group if v.label) for group in members]

    assert grouped(of_tutorial()) == [  # no bias, since neurons share it
        ["net_h1", "out_h1", "w1", "w2"],
        ["net_h2", "out_h2", "w3", "w4"],
        ["net_o1", "out_o1", "w5", "w6"],
        ["net_o2", "out_o2", "w7", "w8"],
    ]
    assert grouped(of_model(mlp(["sigmoid"], [1]))) == [["b1", "net_o1", "out_o1", "w1", "w2"]]
    assert grouped(of_value(W.tanh())) == []


def test_boxes_are_as_wide_as_their_names() -> None:
    leaves = [Value(1.0, label) for label in ("w", "a_rather_long_name", "x" * 500, "学習率の初期値です")]
    order = topological_order(tg.sum_of(leaves))
    widths = [box[2] for box in layout(order, names(order), [])["nodes"]]
    assert widths[0] < widths[1] < widths[2] == max(widths) < 200
    assert widths[1] <= widths[3]


def test_without_graphviz_there_is_no_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rendering, "_programs", lambda: iter(()))
    with pytest.raises(RuntimeError, match="install Graphviz"):
        explore(W * X, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_label_of_blanks_is_none() -> None:
    blank, x = Value(1.0, "  "), Value(2.0, "x")
    nodes = describe(of_value(blank * x))[0]["nodes"]
    assert [node["name"] for node in nodes[:2]] == ["v1", "x"]
    assert "label" not in nodes[0]
    assert blank.label == "  "
