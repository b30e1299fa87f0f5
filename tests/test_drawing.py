"""Pictures of graphs: what is in them, groups, paths, colours, and what is refused."""

from __future__ import annotations

import io
import math
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from tests.drawings import SVG, edges, highlighted, nodes, square, texts, tooltips
from tests.worked import worked_example, worked_net
from tinygrad_bp.core.ops import sum_of
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, draw, draw_network, style
from tinygrad_bp.networks.nn import MLP, Module

# What is drawn


def test_a_square_has_two_edges_into_one_operation() -> None:
    drawing = draw(square(Value(3.0, "x")))
    assert edges(drawing) == [("v1", "v2_op"), ("v1", "v2_op"), ("v2_op", "v2")]


def test_nodes_show_label_data_and_gradient(renderer: str) -> None:
    shown = texts(draw(square(Value(3.0, "length"))))
    assert {"length", "3", "6", "9", "1", "×"} <= set(shown)
    assert shown.count("grad") == 2


def test_constants_are_drawn(renderer: str) -> None:
    assert "0.5" in texts(draw(0.5 * Value(3.0, "v")))


def test_local_derivatives_stand_on_edges_on_request(renderer: str) -> None:
    y = Value(3.0, "x") * Value(-7.25, "w")
    assert texts(draw(y, local_derivatives=True)).count("-7.25") == 2
    assert texts(draw(y)).count("-7.25") == 1


def test_a_local_derivative_that_does_not_exist_is_left_out() -> None:
    drawing = draw(Value(-2.0, "x") ** 2, local_derivatives=True)
    assert "nan" not in re.sub('tooltip="[^"]*"', "", drawing.source)


def test_a_leaf_alone_and_an_unlabelled_value_are_pictures(renderer: str) -> None:
    assert "b" in texts(draw(Value(1.5, "b")))
    assert "1.5" in texts(draw(Value(1.5)))


def test_equal_labels_are_different_nodes() -> None:
    assert len(nodes(draw(Value(1.0, "x") + Value(2.0, "x")))) == 3


def test_several_outputs_share_one_graph() -> None:
    x = Value(2.0, "x")
    drawing = draw([x.exp(), x.log()])
    assert len(nodes(drawing)) == 3
    assert [head for tail, head in edges(drawing) if tail == "v1"] == ["v2_op", "v3_op"]


def test_the_text_is_the_same_every_time() -> None:
    drawings = [draw(square(Value(3.0, "x")), local_derivatives=True).source for _ in range(3)]
    assert len(set(drawings)) == 1
    code = (
        "from tinygrad_bp.drawing import draw; from tinygrad_bp.networks.nn import MLP; o = MLP(2, [3, 1], seed=1)([1, 2])[0]; "
        "o.backward(); print(draw(o, highlight=o.args[0]).source)"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "01"
    }
    assert len(runs) == 1


def test_an_operation_on_many_operands_is_one_node() -> None:
    drawing = draw(sum_of([Value(float(k), f"x{k}") for k in range(30)]))
    assert len([tail for tail, head in edges(drawing) if head == "v31_op"]) == 30


def test_exact_numbers_are_in_the_tooltips(renderer: str) -> None:
    y = square(Value(1 / 3, "third"))
    found = "\n".join(tooltips(draw(y, digits=3)))
    assert repr(1 / 3) in found
    assert repr(y.data) in found
    assert "0.333" in texts(draw(y, digits=3))


def test_not_finite_numbers_are_shown(renderer: str) -> None:
    x = Value(1.0, "x")
    x.grad = math.nan
    y = x * math.inf
    y.grad = -math.inf
    assert {"nan", "inf", "-inf"} <= set(texts(draw(y)))


# Numbers


NUMBERS = [
    (0.000438568, 9, "0.000438568"), (0.00043856773447434685, 9, "0.000438567734"), (0.7413650695523157, 9, "0.741365070"),
    (0.05, 9, "0.05"), (1.0, 9, "1"), (-0.0, 9, "-0"), (0.1 * 0.2, 9, "0.02"), (1 / 3, 2, "0.33"), (1e300, 9, "1e+300"),
    (2 / 3 * 1e-7, 4, "6.667e-08"),
    (123456789.4, 9, "123456789"), (math.pi, 17, "3.1415926535897931"), (math.inf, 9, "inf"), (-math.inf, 1, "-inf"), (math.nan, 9, "nan"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "digits", "text"), NUMBERS)
def test_numbers_keep_their_significant_digits(x: float, digits: int, text: str) -> None:
    assert style.write_number(x, digits) == text


def test_decimal_points_meet() -> None:
    aligned = style.align_points(["0.5", "-12.25", "100.125", "7"])
    assert len({sum({"-": 1, "\u00a0": 1}.get(sign, 2) for sign in text.split(".")[0]) for text in aligned}) == 1


# Groups


def test_neurons_and_layers_are_framed(example: dict[str, Value], renderer: str) -> None:
    shown = texts(draw(example["E_total"]))
    assert {"layer h", "layer o", "h1", "h2", "o1", "o2"} <= set(shown)
    assert "layer h" not in texts(draw(example["E_total"], group=False))


def test_collapsed_neurons_are_one_node_each_with_the_derivative_of_the_whole(
    example: dict[str, Value], renderer: str
) -> None:
    drawing = draw(example["E_total"], collapse=True, local_derivatives=True)
    shown = texts(drawing)
    assert {"h1", "out_h1"} <= set(shown)
    assert not {"w1", "net_h1"} & set(shown)
    slope = example["out_o1"].data * (1 - example["out_o1"].data) * 0.40  # d out_o1 / d out_h1
    assert style.write_number(slope, 9) in shown


def test_one_layer_collapses_and_what_is_highlighted_stays_out(example: dict[str, Value], renderer: str) -> None:
    shown = texts(draw(example["E_total"], collapse="layer h", highlight=example["w1"]))
    assert {"layer h", "out_h1", "out_h2", "w1", "net_o1"} <= set(shown)
    assert not {"w2", "net_h1"} & set(shown)


def test_groups_can_be_given(renderer: str) -> None:
    x = Value(2.0, "x")
    inner = x * 3.0 + 1.0
    y = inner.tanh()
    group = {"the <affine> part": [inner, inner.args[0]]}
    assert "the <affine> part" in texts(draw(y, group=group))
    assert len(nodes(draw(y, group=group, collapse=["the <affine> part"]))) == 3


# Paths


def test_all_paths_of_the_chain_rule_stand_out() -> None:
    x, w = Value(2.0, "x"), Value(3.0, "w")
    y = (x * w) + x.exp() + w.log()
    drawing = draw(y, highlight=x)
    on_path = [arg for v in topological_order(y) for arg in v.args if x in topological_order(arg)]
    operations = [v for v in topological_order(y) if v.op and x in topological_order(v)]
    assert len(highlighted(drawing)) == len(on_path) + len(operations)
    assert not highlighted(draw(y))


def test_paths_are_not_walked_one_by_one() -> None:
    x = first = Value(1e-60, "x")
    for _ in range(200):
        x = x + x
    assert len(highlighted(draw(x, highlight=first))) == 600
    assert style.write_number(2.0**200, 9) in draw(x, only=[first], local_derivatives=True).source


def test_a_stretch_of_the_graph_becomes_one_edge_with_its_derivative(example: dict[str, Value]) -> None:
    total = example["E_total"]
    drawing = draw(
        total, only=[example[name] for name in ("net_o1", "out_o1")], highlight=example["w5"], local_derivatives=True
    )
    for factor in ("0.741365070", "0.186815602", "0.593269992"):
        assert factor in drawing.source
    fan_in = draw(total, only=[example[name] for name in ("out_h1", "E_o1", "E_o2")], local_derivatives=True)
    for factor in ("0.05539942", "-0.01904911"):
        assert factor in fan_in.source


def test_derivatives_of_stretches_are_those_of_backward() -> None:
    rng = random.Random(5)
    xs = [Value(rng.uniform(0.5, 1.5), f"x{k}") for k in range(4)]
    pool = list(xs)
    for _ in range(40):
        pool.append((rng.choice(pool) * rng.choice(pool[-6:])).tanh() + rng.choice(pool))
    y = sum_of(pool)
    y.backward()
    source = draw(y, only=xs, local_derivatives=True, digits=8).source
    for x in xs:
        assert style.write_number(x.grad, 8) in source.split("->")[1 + xs.index(x)]


def test_only_labelled_ones(example: dict[str, Value]) -> None:
    assert len(nodes(draw(example["E_total"], only="labelled"))) == len(example)


# Colours


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_fill(palette: style.Palette) -> None:
    for fill in (*palette.fills, palette.paper, palette.cluster, palette.inner_cluster, palette.operation):
        lighter, darker = sorted([luminance(palette.ink), luminance(fill)], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_fills_follow_sign_and_size() -> None:
    assert style.shade(style.LIGHT, 0.0, 1.0) == style.LIGHT.fills[1]
    assert style.shade(style.LIGHT, -2.0, 2.0) == style.LIGHT.fills[0]
    assert style.shade(style.LIGHT, math.inf, 2.0) == style.LIGHT.fills[2]
    assert style.shade(style.LIGHT, math.nan, 2.0) == style.LIGHT.fills[1]
    steps = [luminance(style.shade(style.LIGHT, x, 1.0)) for x in (0.0, 0.1, 0.5, 1.0)]
    assert steps == sorted(steps, reverse=True)


def test_a_legend_explains_the_colours(renderer: str) -> None:
    y = square(Value(3.0, "x"))
    assert {"gradient", "-6", "paths of the chain rule"} <= set(texts(draw(y, highlight=y.args[0])))
    assert "gradient" not in texts(draw(Value(1.0) * 2.0))


def test_a_label_highlights_what_it_names(example: dict[str, Value]) -> None:
    total = example["E_total"]
    assert draw(total, highlight="w1").source == draw(total, highlight=example["w1"]).source
    both = draw(total, highlight=["w1", example["w5"]])
    assert both.source == draw(total, highlight=[example["w1"], example["w5"]]).source


OLDER = "data changed after it was used; what follows from it is older"


def test_data_changed_after_it_was_used_is_said() -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    net = w * x
    y = net + x
    assert "older" not in draw(y).source
    w.data = 1.0
    assert f"w: {OLDER}" in draw(y).source  # not x, since net + x still holds
    assert f"w: {OLDER}" in draw(y, only="labelled").source
    x.data = 1.0
    assert "w, x: data among these changed" in draw(y).source
    w.data, x.data = 2.0, 3.0
    assert "older" not in draw(y).source


def test_changed_data_that_an_operation_refuses_is_said_too() -> None:
    x = Value(2.0, "x")
    y = x.log()
    x.data = -1.0
    assert f"x: {OLDER}" in draw(y).source
    x.data = math.nan
    assert f"x: {OLDER}" in draw(y).source
    assert "older" not in draw(Value(math.nan) * 2.0).source


def test_names_of_changed_leaves_are_only_text_and_few(renderer: str) -> None:
    leaves = [Value(1.0, f"<b>{k}") for k in range(20)]
    y = sum_of(leaves)
    leaves[7].data = 2.0
    [note] = [text for text in texts(draw(y)) if "older" in text]
    assert note.startswith("<b>0, <b>1, ")
    assert "<b>7, …: data among these changed" in note


def test_text_is_as_large_as_wanted_and_all_else_grows_with_it(example: dict[str, Value], renderer: str) -> None:
    net = worked_net()
    pictures: list[Callable[[float], Drawing]] = [
        lambda size: draw(example["E_total"], title="T", font_size=size, highlight="w1"),
        lambda size: draw_network(net, title="T", font_size=size),
        lambda size: draw_network(MLP(20, [2], seed=1), inputs=[0.0] * 20, font_size=size),
    ]
    for picture in pictures:
        usual, twice = (ET.fromstring(picture(size).svg()) for size in (11, 22.0))
        sizes = [sorted({float(t.get("font-size", "0")) for t in root.iter(f"{SVG}text")}) for root in (usual, twice)]
        assert sizes[1] == [2 * size for size in sizes[0]]
        assert picture(11).source == picture(style.FONT_SIZE).source
        widths = [float(root.get("width", "").removesuffix("pt")) for root in (usual, twice)]
        assert widths[0] * 1.4 < widths[1] < widths[0] * 2.1


@pytest.mark.slow
def test_a_transparent_picture_has_no_ground(example: dict[str, Value], renderer: str) -> None:
    for picture in (
        draw(example["E_total"], transparent=True),
        draw_network(worked_net(), transparent=True, dark=True),
    ):
        assert "bgcolor=transparent" in picture.source
        corner = png_pixel(picture.render("png"))
        assert corner[3] == 0
    assert "bgcolor=transparent" not in draw(example["E_total"]).source


def png_pixel(png: bytes) -> tuple[int, ...]:
    """The pixel in the upper left corner: red, green, blue and how opaque."""
    image = pytest.importorskip("PIL.Image")
    pixel: tuple[int, ...] = image.open(io.BytesIO(png)).convert("RGBA").getpixel((0, 0))
    return pixel


def test_dark_pictures_use_the_dark_palette(example: dict[str, Value]) -> None:
    net, inputs, targets, _ = worked_example()
    for dark, palette, other in ((False, style.LIGHT, style.DARK), (True, style.DARK, style.LIGHT)):
        for drawing in (
            draw(example["E_total"], dark=dark),
            draw_network(net, inputs=inputs, targets=targets, dark=dark),
        ):
            colours = set(re.findall("#[0-9a-f]{6}", drawing.source))
            assert {palette.paper, palette.ink} <= colours
            assert other.ink not in colours


# Mistakes


x = Value(2.0, "x")


class Model(Module):
    """Of somebody's own."""


MISTAKES = [
    (lambda: draw(3.0), TypeError, "y takes Values, not float 3.0"),
    (lambda: draw([]), ValueError, "at least one Value"),
    (lambda: draw([x, "x"]), TypeError, "not str 'x'"),
    (lambda: draw(x, digits=0), ValueError, "digits is a whole number from 1 to 17, not 0"),
    (lambda: draw(x, digits=2.5), TypeError, "digits is a whole number, not float 2.5"),
    (lambda: draw(x, digits=True), TypeError, "digits is a whole number, not bool True"),
    (lambda: draw(x, depth=1.0), TypeError, "depth is a whole number, not float 1.0"),
    (lambda: draw(x, direction="UP"), ValueError, "'LR', 'RL', 'TB' or 'BT', not 'UP'"),
    (lambda: draw(x, depth=-1), ValueError, "depth is .* not -1"),
    (lambda: draw(x, only="leaves"), ValueError, "'labelled' or Values, not 'leaves'"),
    (lambda: draw(x, only=[3]), TypeError, "only takes Values, not int 3"),
    (lambda: draw(x, only=[Value(1.0, "other")]), ValueError, "only: other is not in the graph"),
    (lambda: draw(x, group=[x]), TypeError, "a mapping from names to Values, not list"),
    (lambda: draw(x, highlight=Value(1.0, "other")), ValueError, "other is not in the graph"),
    (lambda: draw(x, highlight=3), TypeError, "highlight takes Values, not int 3"),
    (lambda: draw(x, highlight=["x", 3]), TypeError, "highlight takes Values, not int 3"),
    (
        lambda: draw(Value(1.0, "weight"), highlight="Wieght"),
        ValueError,
        "has the label 'Wieght'; did you mean 'weight'?",
    ),
    (lambda: draw(Value(1.0), highlight="w"), ValueError, "has the label 'w'; none has one"),
    (lambda: draw(x, highlight=""), ValueError, "has the label ''"),
    (lambda: draw_network(MLP(2, [1]), highlight="W1"), ValueError, "of this network; did you mean 'w1'?"),
    (lambda: draw(x, collapse="h9"), ValueError, "no group 'h9'; there are no groups"),
    (lambda: draw(MLP(2, [2, 1])([1, 2]), collapse="h9"), ValueError, "no group 'h9'; there are .*'h1'"),
    (lambda: draw(x, group={"g": [Value(1.0, "other")]}), ValueError, "group 'g': other is not in the graph"),
    (lambda: draw(x * x, group={"g": [x], "k": [x]}), ValueError, "x is already in group 'g'"),
    (lambda: draw(x).render("jpg"), ValueError, "svg, png, pdf or gv, not 'jpg'"),
    (
        lambda: draw_network(x),
        TypeError,
        r"an MLP, a Layer or a Neuron, not Value .*; draw\(y\) draws the graph of a Value",
    ),
    (
        lambda: draw_network(Model()),
        TypeError,
        r"not Model .*; draw\(model\(inputs\)\) draws the graph of what it computes",
    ),
    (
        lambda: draw(MLP(2, [1])),
        TypeError,
        r"not MLP .*; draw_network\(net\) draws a network, and draw\(net\(inputs\)\) the graph",
    ),
    (lambda: draw([MLP(2, [1]).layers[0]]), TypeError, r"not Layer .*; draw_network\(net\) draws a network"),
    (
        lambda: draw(Model()),
        TypeError,
        r"not Model .*; draw the graph of what it computes from inputs, draw\(model\(inputs\)\)",
    ),
    (
        lambda: draw(math.sin),
        TypeError,
        r"not builtin_function_or_method .*; draw the graph of what it computes, draw\(f\(x\)\)",
    ),
    (lambda: draw(x, font_size=0), ValueError, "draw: font_size is a number of points from 1 to 500, not 0"),
    (lambda: draw(x, font_size=math.nan), ValueError, "draw: font_size is .*, not nan"),
    (
        lambda: draw_network(MLP(2, [1]), font_size="12"),
        TypeError,
        "draw_network: font_size takes a real number, not str '12'",
    ),
    (lambda: draw_network(MLP(2, [1]), inputs=[1]), ValueError, "takes 2 inputs, not 1"),
    (lambda: draw_network(MLP(2, [1]), targets=[1, 2]), ValueError, "takes 1 targets, not 2"),
    (lambda: draw_network(MLP(2, [1]), inputs=["a", 1]), TypeError, "not str 'a'"),
    (lambda: draw_network(MLP(2, [1]), targets=["a"]), TypeError, "not str 'a'"),
    (lambda: draw_network(MLP(2, [1]), highlight="w9"), ValueError, "'w9' is no weight, bias, neuron or input"),
    (lambda: draw_network(MLP(2, [1]), digits=99), ValueError, "not 99"),
    (
        lambda: draw_network(MLP(2, [1]), max_neurons=1),
        ValueError,
        "max_neurons is a whole number of at least 2, not 1",
    ),
    (lambda: draw_network(MLP(2, [1]), max_neurons=2.5), TypeError, "not float 2.5"),
]


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES)
def test_mistakes_are_named(mistake: object, error: type[Exception], words: str) -> None:
    assert callable(mistake)
    with pytest.raises(error, match=words):
        mistake()


def test_a_gradient_of_none_is_drawn_as_0_and_what_is_no_number_is_named() -> None:
    x = Value(2.0, "x")
    y = x * x
    x.grad = None  # type: ignore[assignment]
    drawn = draw(y).source
    x.grad = 0.0
    assert drawn == draw(y).source
    x.grad = "a"  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"^the gradient of x is a number, not str 'a'"):
        draw(y)
