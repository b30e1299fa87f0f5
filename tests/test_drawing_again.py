"""What is used far away is drawn again beside its user, where lines would have too many bends for Graphviz; else nothing is."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.layouts import placed
from tests.subjects import GRAPHS, LABELS, attending, chain, mlp, recurrent, skipping
from tinygrad_bp import Value, dot, draw
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.drawing.again import MOST_BENDS, again, bends, columns
from tinygrad_bp.drawing.rendering import run
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.subject import of_model, of_value

Lines = list[tuple[int, int]]


def lines_of(y: Value) -> tuple[int, Lines]:
    order = topological_order(y)
    place = {v: k for k, v in enumerate(order)}
    return len(order), [(place[x], place[v]) for v in order for x in v.args]


def bends_of(y: Value) -> tuple[int, int]:
    """Those of all lines, and those that are left."""
    count, lines = lines_of(y)
    column = columns(count, lines)
    far = [column[head] - column[tail] for tail, head in lines]
    return bends(far, [0] * len(lines)), bends(far, again(count, lines))


LARGE: dict[str, Callable[[], Value]] = {
    "recurrent, 40 steps": lambda: recurrent(40),
    "recurrent, 160 steps": lambda: recurrent(160),
    "chain of 80": lambda: chain(80),
    "chain of 300": lambda: chain(300),
    "attending": lambda: attending(100),
    "skipping": lambda: skipping(200),
}


@pytest.mark.parametrize("name", LARGE)
def test_graphviz_is_handed_few_bends(name: str) -> None:
    before, after = bends_of(LARGE[name]())
    assert before > MOST_BENDS >= after


@pytest.mark.parametrize("name", [*GRAPHS])
def test_every_line_leads_to_a_later_column(name: str) -> None:
    count, lines = lines_of(GRAPHS[name]())
    column = columns(count, lines)
    assert all(column[head] > column[tail] for tail, head in lines)
    assert again(count, lines) == [0] * len(lines)  # nothing is wrong with these


def test_users_in_the_same_column_share_a_drawing() -> None:
    # The leaf 0 is used by 1, the first of a chain, and by its end, 8, and 9, which lies in the same column.
    lines = [(0, 1), *[(k, k + 1) for k in range(1, 8)], (0, 8), (7, 9), (0, 9)]
    found = dict(zip(lines, again(10, lines, most=0), strict=True))
    assert [found[0, head] for head in (1, 8, 9)] == [0, 1, 1]
    assert sum(found.values()) == 2
    assert set(again(10, lines)) == {0}


def dot_nodes(source: str) -> Counter[str]:
    """How many lines lead to each node of DOT text."""
    return Counter(re.findall(r"-> \"?(\w+)", source))


def test_a_recurrent_network_is_drawn_unrolled() -> None:
    steps = 40
    y = recurrent(steps)
    source = draw(y, highlight="w").source
    dashed = [line for line in source.splitlines() if "rounded,dashed" in line]
    # w, u and b are there once, and again in every later step.
    assert len(dashed) == 3 * (steps - 1)
    assert "the same Value again" in source
    whole = draw(recurrent(5)).source
    assert "dashed" not in whole
    assert "again" not in whole
    # Each operation has as many lines into it as it has operands, as ever.
    assert dot_nodes(source).total() == dot_nodes(draw(y, max_nodes=1000, only=topological_order(y)).source).total()


def test_a_picture_of_what_is_drawn_again_has_every_step(renderer: str) -> None:
    svg = draw(recurrent(20), local_derivatives=True, language="ja", direction="TB").svg()
    assert svg.count(">w</text>") == 20
    assert "使う場所にもう一度" in svg


def test_what_is_folded_is_drawn_again_too() -> None:
    y = recurrent(60)
    groups = {f"step {k}": [] for k in range(60)}
    for v in topological_order(y):
        if v.label.startswith("h") and v.op:
            groups[f"step {int(v.label[1:]) - 1}"].append(v)
    source = draw(y, only="labelled", group=groups, collapse=True, local_derivatives=True).source
    assert source.count("rounded,dashed") == 3 * 59
    assert draw(y, only="labelled", group=groups, collapse=True, local_derivatives=True).svg().count("<svg") == 1


def test_labels_of_what_is_drawn_again_are_text() -> None:
    leaves = [Value(0.5, label) for label in LABELS]
    v = Value(1.0, "v")
    for leaf in [*leaves, *leaves]:
        v = v * leaf
    picture = draw(v, digits=3)
    assert picture.source.count("rounded,dashed") == len(leaves)
    about, _ = describe(of_value(v))
    assert len(about["layout"]["again"]) == len(leaves)
    assert "<script" not in picture.svg()


# On pages


def runs(monkeypatch: pytest.MonkeyPatch, y: Value) -> list[str]:
    """The DOT texts that the layouts of a page hand to Graphviz."""
    texts: list[str] = []
    monkeypatch.setattr(
        "tinygrad_bp.explorer.layout.run", lambda text, *others: texts.append(text) or run(text, *others)
    )
    describe(of_value(y))
    return texts


def test_each_layout_is_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = runs(monkeypatch, recurrent(40))
    assert len(texts) == 2  # operations, and steps by their names; it has no layers
    assert [text.count("->") for text in texts] == [360, 200]  # h0 is no parameter, and beside the first step


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_every_edge_of_a_page_begins_at_a_drawing_of_its_operand(name: str) -> None:
    y = LARGE[name]()
    about, _ = describe(of_value(y))
    edges = [(tail, head) for head, node in enumerate(about["nodes"]) for tail in node.get("args", [])]
    found = placed(about["layout"], edges)
    assert len(found["edges"]) == len(found["begins"]) == len(edges)
    assert found["again"]
    for (tail, _), begins, points in zip(edges, found["begins"], found["edges"], strict=True):
        x, y_, width, height, node = [*found["nodes"][tail], tail] if begins is None else found["again"][begins]
        assert node == tail
        assert abs(points[0][0] - x) <= width / 2 + 15
        assert abs(points[0][1] - y_) <= height / 2 + 15


def test_a_network_is_folded_by_neuron_and_by_layer() -> None:
    about, _ = describe(of_model(mlp(["tanh", None], [4, 3]), loss="cross_entropy"))
    by_neuron, by_layer = (about["folds"][level] for level in ("neuron", "layer"))
    assert [box["kind"] for box in by_layer["boxes"]] == ["inputs", "layer", "layer", "error"]
    assert [box["number"] for box in by_layer["boxes"]] == [None, 1, 2, None]
    assert by_layer["ends"] == [[0, 1], [1, 2], [2, 3]]
    assert sum(box["kind"] == "neuron" for box in by_neuron["boxes"]) == 7
    for fold in (by_neuron, by_layer):
        members = [k for box in fold["boxes"] for k in box["members"]]
        assert sorted(members) == list(range(len(about["nodes"])))  # each node is in one box
        assert len(fold["nodes"]) == len(fold["boxes"])
        assert len(fold["edges"]) == len(fold["ends"])
        assert fold["width"] < about["layout"]["width"]
        assert fold["height"] < about["layout"]["height"]
    assert by_layer["letter"] == about["layout"]["letter"] > 10


def test_a_weight_that_the_error_uses_too_stays_in_its_neuron() -> None:
    w1, w2, x, t = Value(0.5, "w1"), Value(-0.4, "w2"), Value(1.0, "x"), Value(0.2, "t")
    out = (w2 * (w1 * x).tanh()).sigmoid()
    error = (out - t) ** 2 + 0.1 * dot([w1, w2], [w1, w2])
    about, _ = describe(of_value(error, parameters=[w1, w2]))
    names = {node["label"]: k for k, node in enumerate(about["nodes"]) if "label" in node}
    [first, second] = [box for box in about["folds"]["neuron"]["boxes"] if box["kind"] == "neuron"]
    assert names["w1"] in first["members"]
    assert names["w2"] in second["members"]


@pytest.mark.parametrize("curve", ["", "tanh"])
def test_weights_that_several_layers_share_are_in_none_of_them(curve: str) -> None:
    a, b, v = Value(0.9, "a"), Value(0.1, "b"), Value(1.0, "x")
    for _ in range(6):
        v = v * a + b
        v = v.tanh() if curve else v
    about, _ = describe(of_value(v))
    folds = [fold for fold in about["folds"].values() if fold]
    assert folds
    for fold in folds:
        boxes = fold["boxes"]
        assert {box["name"] for box in boxes if box["kind"] == "leaf"} == {"a", "b", "x"}
        layers = [k for k, box in enumerate(boxes) if box["kind"] != "leaf"]
        assert [pair for pair in fold["ends"] if pair[0] in layers] == [[k, m] for k, m in itertools.pairwise(layers)]


def test_a_graph_without_neurons_is_folded_by_names() -> None:
    about, _ = describe(of_value(recurrent(6)))
    names = [box["name"] for box in about["folds"]["neuron"]["boxes"]]
    assert {f"h{k}" for k in range(1, 7)} <= set(names)
    assert about["folds"]["layer"] is None


def test_what_has_nothing_to_fold_is_not_folded() -> None:
    about, _ = describe(of_value(Value(3.0, "x") * Value(2.0, "y")))
    assert about["folds"] == {"neuron": None, "layer": None}
