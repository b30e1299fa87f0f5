"""A recurrent network is drawn as neurons, unrolled in time, in the lesson and on the sheet."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.rounds import named
from tinygrad_bp import Value
from tinygrad_bp.drawing import Drawing
from tinygrad_bp.lessons import exercise, lesson
from tinygrad_bp.lessons.blocks import Picture
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.unrolled import unrolled


def recurrence(labels: str = "h", steps: int = 3, outputs: str = "") -> Value:
    """`h = tanh(w*h + u*x + b)`, with an output after each step or after the last one."""
    w, u, b, v = Value(0.7, "w"), Value(-0.4, "u"), Value(0.1, "b"), Value(1.2, "v")
    h, errors = Value(0.2, "h0"), []
    for k in range(1, steps + 1):
        net = w * h + u * Value(0.3 * k - 0.5, f"x{k}") + b
        h = net.tanh()
        if labels:
            h.label = f"h{k}"
        if labels == "both":
            net.label = f"net_h{k}"
        if outputs == "each" or k == steps:
            out = named(v * h, f"y{k}") if outputs else h
            errors.append((out - Value(0.5, f"t{k}")) ** 2 / 2)
    return named(sum(errors[1:], errors[0]), "E")


def two_states() -> Value:
    """Two states, each of which feeds both in the next step; the first step has nothing before it."""
    w = [[Value(0.1 * i + 0.2 * j, f"w{i}{j}") for j in (1, 2)] for i in (1, 2)]
    u, h = [Value(0.5, "u1"), Value(-0.5, "u2")], []
    for k in (1, 2, 3):
        x = Value(0.2 * k, f"x{k}")
        nets = [sum((a * b for a, b in zip(row, h, strict=False)), into * x) for row, into in zip(w, u, strict=True)]
        h = [named(net.tanh(), f"h{i}_{k}") for i, net in enumerate(nets, 1)]
    return named((h[0] - h[1] - Value(0.5, "t")) ** 2, "E")


def picture(document: object) -> Drawing:
    [found] = [block for block in getattr(document, "blocks") if isinstance(block, Picture)]  # noqa: B009
    assert found.name == "network"
    return found.drawing


def lines(drawing: Drawing) -> list[tuple[str, str, str]]:
    """From where each line leads where, and the weight's name; of a bias it is empty."""
    named_nodes = re.findall(r"^\s*(\w+) \[.*?tooltip=\"?(\w+)", drawing.source, re.MULTILINE)
    called = {node: name for node, name in named_nodes if "_" not in node}
    found = re.findall(r"^\s*(\w+) -> (\w+) \[.*?edgetooltip=\"(\w*)", drawing.source, re.MULTILINE)
    return [(called[tail], called[head], weight) for tail, head, weight in found]


def columns(loss: Value) -> dict[int, list[str]]:
    """What stands in each column, from below."""
    found = Derivation(loss)
    called = found.names | {unit.out: unit.name for unit in found.neurons}
    by_column: dict[int, list[str]] = {}
    places = unrolled(found.neurons)
    for v in sorted(places, key=lambda v: (places[v].row, places[v].number)):
        by_column.setdefault(places[v].column, []).append(called[v])
    return dict(sorted(by_column.items()))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (recurrence, {0: ["h0"], 1: ["x1", "h1"], 2: ["x2", "h2"], 3: ["x3", "h3"]}),
        (lambda: recurrence("both"), {0: ["h0"], 1: ["x1", "h1"], 2: ["x2", "h2"], 3: ["x3", "h3"]}),
        (lambda: recurrence(""), {0: ["h0"], 1: ["x1", "n1"], 2: ["x2", "n2"], 3: ["x3", "n3"]}),
        (
            lambda: recurrence(outputs="last"),
            {0: ["h0"], 1: ["x1", "h1"], 2: ["x2", "h2"], 3: ["x3", "h3"], 4: ["y3"]},
        ),
        (
            lambda: recurrence(outputs="each"),
            {0: ["h0"], 1: ["x1", "h1", "y1"], 2: ["x2", "h2", "y2"], 3: ["x3", "h3", "y3"]},
        ),
        (two_states, {1: ["x1", "h1_1", "h2_1"], 2: ["x2", "h1_2", "h2_2"], 3: ["x3", "h1_3", "h2_3"]}),
    ],
)
def test_steps_stand_side_by_side(make: Callable[[], Value], expected: dict[int, list[str]]) -> None:
    assert columns(make()) == expected


def test_lesson_and_sheet_draw_neurons_with_the_shared_weights_on_every_line() -> None:
    expected = [("h0", "h1", "w"), ("x1", "h1", "u"), ("b", "h1", ""), ("h1", "h2", "w"), ("x2", "h2", "u")]
    for document in (lesson(recurrence(), lr=0.1), exercise(recurrence(), seed=1)):
        found = lines(picture(document))
        assert found[:5] == expected
        assert [weight for _, _, weight in found].count("w") == 3
    assert "0.7" in picture(lesson(recurrence())).source
    assert (
        "h0</b></td></tr><tr>" not in picture(exercise(recurrence(), seed=1)).source
    )  # its numbers stand in the table


def test_inputs_without_names_are_drawn_by_their_numbers() -> None:
    w, u, h = Value(0.7, "w"), Value(-0.4, "u"), 0.25
    for x in (0.5, -0.3, 0.8):
        h = (w * h + u * x).tanh()  # type: ignore[assignment]
    source = picture(lesson((h - 0.5) ** 2)).source
    assert "tooltip=0.25" in source
    assert 'tooltip="-0.3"' in source or "tooltip=-0.3" in source


def test_of_many_steps_the_middle_is_left_out_and_counted() -> None:
    found = picture(lesson(recurrence(steps=12)))
    assert "7 more" in found.source
    assert found.source.count("shape=circle") == 5
    assert found.source.count("style=dotted") == 2
    assert "7 more" not in picture(lesson(recurrence(steps=6))).source


def test_what_is_too_wide_is_not_drawn_but_said() -> None:
    weights = [[Value(0.01 * (i + j), f"w{i}_{j}") for j in range(7)] for i in range(7)]
    h, u = [Value(0.1 * i, f"h{i}_0") for i in range(7)], Value(0.3, "u")
    for k in (1, 2, 3):
        x = Value(0.1 * k, f"x{k}")
        nets = [sum(a * b for a, b in zip(row, h, strict=True)) + u * x for row in weights]
        h = [named(net.tanh(), f"h{i}_{k}") for i, net in enumerate(nets)]
    found = lesson(named((sum(h) - Value(0.5, "t")) ** 2, "E"))
    assert not [block for block in found.blocks if isinstance(block, Picture)]
    assert "168 lines would be too many" in " ".join(found.text().split())


@pytest.mark.parametrize("bias", [True, False])
def test_neurons_are_seen_where_the_sum_begins_with_0(bias: bool) -> None:
    """Python's `sum` adds to a plain 0, which is no bias."""
    weights, x = [Value(0.5, "w1"), Value(-0.25, "w2")], [Value(0.3, "x1"), Value(0.2, "x2")]
    net = sum(w * each for w, each in zip(weights, x, strict=True)) + (Value(0.1, "b") if bias else 0)
    [unit] = Derivation(named((net.tanh() - 0.5) ** 2, "E")).neurons
    assert [c.weight for c in unit.connections] == weights
    assert (unit.bias is not None) is bias


def test_several_sequences_are_cases_and_their_steps_are_counted_once() -> None:
    w, u, b, v = Value(0.5, "w"), Value(-0.8, "u"), Value(0.1, "b"), Value(1.2, "v")
    errors = []
    for xs, t in (([0.5, -0.3, 0.9], 0.7), ([0.1, 0.2, -0.4], -0.2)):
        h = Value(0.0, "h0")
        for k, x in enumerate(xs, 1):
            h = named((w * h + u * Value(x, f"x{k}") + b).tanh(), f"h{k}")
        errors.append((named(v * h, "y") - t) ** 2 / 2)
    text = lesson(named((errors[0] + errors[1]) / 2, "E"), lr=0.1).text()
    assert "One step is computed after the other, 3 in all" in text
    assert "It is computed for 2 cases with the same weights." in text
    assert "Step 4" not in text
    for k in (1, 2):
        assert f"net_h2[{k}] = w * h1[{k}] + u * x2[{k}] + b" in text
        assert f"delta_h2[{k}]" in text
