"""Pictures of networks, and of those too wide to read."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from tests.drawings import edges, highlighted, texts, tooltips
from tests.worked import worked_example, worked_net
from tinygrad_bp.drawing import Drawing, draw_network, style
from tinygrad_bp.networks.nn import MLP

# Networks


def test_the_structure_has_names_only(renderer: str) -> None:
    net = worked_net()
    shown = set(texts(draw_network(net, values=False)))
    assert shown == {"i1", "i2", "h1", "h2", "o1", "o2", "b1", "b2", *(f"w{k}" for k in range(1, 9))}


def test_numbers_are_written_on_request(renderer: str) -> None:
    net, inputs, targets, _ = worked_example()
    shown = set(texts(draw_network(net, inputs=inputs, targets=targets, activations=False)))
    assert {"0.05", "0.1", "0.01", "0.99", "target_o1", "0.15", "0.55", "0.35", "0.6"} <= shown
    assert {"0.3775", "0.593269992", "0.751365070"} <= set(texts(draw_network(net, inputs=inputs)))
    net.weights[4].grad = 0.08216704056423
    assert "0.0821670406" in texts(draw_network(net, gradients=True))


def test_a_shared_bias_is_one_node_and_own_biases_are_one_each() -> None:
    net = worked_net()
    assert re.findall(r"^\t(b\w+) \[", draw_network(net).source, re.MULTILINE) == ["b1", "b2"]
    own = draw_network(MLP(2, [2, 1]))
    assert re.findall(r"^\t(b\w+) \[", own.source, re.MULTILINE) == ["b1_1", "b1_2", "b2_1"]


def test_lines_show_size_and_sign() -> None:
    net = MLP(2, [1], weights=[4.0, -1.0])
    thick, thin = [line for line in draw_network(net).source.splitlines() if re.match(r"\tn0_\d -> ", line)]
    assert style.LIGHT.lines[1] in thick
    assert "dashed" not in thick
    assert style.LIGHT.lines[0] in thin
    assert "dashed" in thin
    widths = [float(re.search(r"penwidth=([\d.]+)", line)[1]) for line in (thick, thin)]  # type: ignore[index]
    assert widths == [4.0, 1.6]


@pytest.mark.parametrize(
    ("weights", "options", "keys"),
    [
        ([4.0, -1.0], {}, {"positive weight", "negative weight", "thickness: size, up to 4"}),
        ([4.0, 1.0], {}, {"positive weight", "thickness: size, up to 4"}),
        ([-4.0, -1.0], {}, {"negative weight", "thickness: size, up to 4"}),
        ([0.0, 0.0], {}, {"positive weight"}),
        (
            [4.0, -1.0],
            {"highlight": "w1"},
            {"positive weight", "negative weight", "thickness: size, up to 4", "ways to the outputs"},
        ),
        ([4.0, -1.0], {"values": False}, set()),
    ],
)
def test_the_legend_of_a_network_has_what_occurs(renderer: str, weights: Any, options: Any, keys: Any) -> None:  # type: ignore[no-untyped-def]
    drawing = draw_network(MLP(2, [1], weights=weights), **options)
    known = re.compile("weight$|^thickness|^ways")
    assert {text for text in texts(drawing) if known.search(text)} == keys
    if "highlight" in options:
        assert not any(colour in drawing.source for colour in style.LIGHT.lines)


@pytest.mark.parametrize("thing", ["w1", "value"])
def test_ways_to_the_outputs_stand_out(thing: str) -> None:
    net = worked_net()
    drawing = draw_network(net, highlight=net.weights[0] if thing == "value" else "w1")
    assert highlighted(drawing) == [("n0_1", "n1_1"), ("n1_1", "n2_1"), ("n1_1", "n2_2")]


def test_texts_on_lines_of_a_layer_are_evenly_spaced() -> None:
    for net in (worked_net(), MLP(4, [3], shared_bias=True)):
        places = re.findall(r'n0_\d_n1_\d \[.*pos="[-\d.]+,([-\d.]+)!"', draw_network(net).source)
        count = len(net.layers[0].neurons[0].weights)
        heights = [float(y) for y in places]
        gaps = [a - b for a, b in pairwise(heights)]
        assert len(heights) == count * len(net.layers[0].neurons)
        assert min(gaps) >= 18


def test_a_layer_and_a_neuron_are_networks_too() -> None:
    net = worked_net()
    assert len(edges(draw_network(net.layers[0]))) == 6
    assert len(edges(draw_network(net.layers[0].neurons[0]))) == 3


# Networks too wide to read


def drawn_neurons(drawing: Drawing) -> list[str]:
    """The names of the neurons and inputs that are drawn, and of the nodes for those that are not."""
    return re.findall(r"^\t([ne]\d+_\d+) \[", drawing.source, re.MULTILINE)


def test_of_wide_layers_the_first_and_the_last_neurons_are_drawn_and_the_rest_is_counted(renderer: str) -> None:
    drawing = draw_network(MLP(64, [64, 1], seed=1), max_neurons=12)
    few = [1, 2, 3, "e", 62, 63, 64]
    wanted = [f"e{column}_4" if k == "e" else f"n{column}_{k}" for column in (0, 1) for k in few]
    assert drawn_neurons(drawing) == [*wanted, "n2_1"]
    shown = texts(drawing)
    assert shown.count("58 more") == 2
    note = "Not drawn: 58 of 64 inputs, 58 of 64 neurons of layer 1, 4,118 of 4,160 weights"
    assert {note, "dotted: weights not drawn"} <= set(shown)
    assert len([pair for pair in edges(drawing) if pair[0].startswith("n") and pair[1].startswith("n")]) == 6 * 6 + 6


@pytest.mark.parametrize("shape", [(2, [16, 16, 1]), (16, [16])])
def test_what_fits_is_drawn_whole(shape: tuple[int, list[int]]) -> None:
    net = MLP(*shape, seed=1)
    drawing = draw_network(net)
    assert drawing.source == draw_network(net, max_neurons=1000).source
    assert "not drawn" not in drawing.source.lower()


@pytest.mark.parametrize(("most", "drawn"), [(2, 2), (3, 2), (4, 2), (5, 2), (6, 3), (7, 3), (8, 4), (16, 8), (20, 10)])
def test_half_as_many_are_drawn_of_a_wider_layer(most: int, drawn: int) -> None:
    names = drawn_neurons(draw_network(MLP(1, [most + 100]), max_neurons=most))
    assert sum(name.startswith("n1_") for name in names) == drawn
    assert {"n1_1", f"n1_{most + 100}"} <= set(names)


def test_no_node_stands_for_a_single_neuron() -> None:
    drawing = draw_network(MLP(1, [3]), max_neurons=2)
    assert drawn_neurons(drawing) == ["n0_1", "n1_1", "n1_2", "n1_3"]
    assert "not drawn" not in drawing.source.lower()


@pytest.mark.slow
def test_activations_are_those_of_the_whole_network(renderer: str) -> None:
    net = MLP(30, [30, 2], seed=3)
    inputs = [k / 10 for k in range(30)]
    shown = texts(draw_network(net, inputs=inputs, targets=[0, 1], digits=17))
    assert {style.write_number(out.data, 17) for out in net(inputs)} <= set(shown)


def test_a_neuron_and_a_line_say_what_is_not_drawn(renderer: str) -> None:
    tips = tooltips(draw_network(MLP(30, [30, 2], seed=3)))
    assert tips.count("h1\n22 of its 30 inputs are not drawn") == 1
    assert tips.count("o1\n22 of its 30 inputs are not drawn") == 1
    assert tips.count("22 that are not drawn: i5 to i26") == 1
    assert tips.count("22 that are not drawn: h5 to h26") == 1
    assert {"22 weights not drawn", "484 weights not drawn"} <= set(tips)


def test_targets_of_outputs_that_are_not_drawn_are_left_out_with_them(renderer: str) -> None:
    shown = texts(draw_network(MLP(1, [40]), targets=list(range(40))))
    assert [text for text in shown if text.startswith("target")] == [
        f"target_o{k}" for k in (1, 2, 3, 4, 37, 38, 39, 40)
    ]


def test_what_is_highlighted_is_drawn_besides() -> None:
    net = MLP(30, [30, 30], seed=1)
    weight = draw_network(net, highlight="w500")  # from i20 to h17
    assert {"n0_20", "n1_17", "e0_5", "e0_21", "e1_5", "e1_18", "e2_5"} <= set(drawn_neurons(weight))
    ways = highlighted(weight)
    assert {("n0_20", "n1_17"), ("n1_17", "n2_1"), ("n1_17", "e2_5")} <= set(ways)
    assert not any(tail.startswith("e") for tail, _ in ways)
    assert "n2_15" in drawn_neurons(draw_network(net, highlight=net.layers[1].neurons[14].bias))
    assert {"n0_9", "n1_10"} <= set(drawn_neurons(draw_network(net, highlight=["i9", "h10"])))
    assert ("e1_5", "n2_1") in highlighted(draw_network(net, highlight="i1"))


def test_of_own_biases_only_the_highlighted_one_stands_out() -> None:
    net = MLP(1, [3])
    source = draw_network(net, highlight=net.layers[0].neurons[1].bias).source
    lit = re.findall(rf"^\s*(b1_\d) \[[^\n]*{style.LIGHT.highlight}", source, re.MULTILINE)
    assert lit == ["b1_2"]


def test_a_highlighted_shared_bias_adds_no_neurons() -> None:
    net = MLP(2, [40], shared_bias=True)
    assert drawn_neurons(draw_network(net, highlight="b1")) == drawn_neurons(draw_network(net))


def test_of_many_wide_layers_the_neurons_are_counted_together(renderer: str) -> None:
    shown = texts(draw_network(MLP(20, [20] * 5)))
    assert "Not drawn: 72 of 120 inputs and neurons, 1,680 of 2,000 weights" in shown


@pytest.mark.slow
def test_of_a_very_large_network_few_lines_are_drawn() -> None:
    drawing = draw_network(MLP(784, [64, 10], seed=1), inputs=[0.5] * 784, highlight="w40000")
    assert len(edges(drawing)) < 400
    assert highlighted(drawing)
