"""The pictures: what is in them, that labels stay text, and that both renderers draw them."""

from __future__ import annotations

import math
import os
import random
import re
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

import tinygrad_bp.drawing.rendering as rendering
from tests.labels import HOSTILE
from tests.renderers import RENDERERS
from tests.worked import worked_example, worked_net
from tinygrad_bp.core.ops import sum_of
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, draw, draw_network, style
from tinygrad_bp.networks.nn import MLP

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def example() -> dict[str, Value]:
    """The worked example, after backward(): every labelled Value."""
    total = worked_example().error
    total.backward()
    return {v.label: v for v in topological_order(total) if v.label}


def square(x: Value) -> Value:
    y = x * x
    y.backward()
    return y


def texts(drawing: Drawing) -> list[str]:
    return [
        "".join(text.itertext()).replace("\xa0", " ").rstrip()
        for text in ET.fromstring(drawing.svg()).iter(f"{SVG}text")
    ]


def tooltips(drawing: Drawing) -> list[str]:
    return [
        "".join(title.itertext()).replace("\xa0", " ") for title in ET.fromstring(drawing.svg()).iter(f"{SVG}title")
    ]


def edges(drawing: Drawing) -> list[tuple[str, str]]:
    return re.findall(r"^\s*([\w:]+) -> ([\w:]+)", drawing.source, re.MULTILINE)


def nodes(drawing: Drawing) -> list[str]:
    return re.findall(r"^\s*(v\d+) \[", drawing.source, re.MULTILINE)


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


def highlighted(drawing: Drawing) -> list[tuple[str, str]]:
    return re.findall(rf'^\s*(\w+) -> (\w+) \[[^\n]*color="?{style.LIGHT.highlight}', drawing.source, re.MULTILINE)


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


# Too large, too deep


def test_a_graph_too_large_to_read_is_refused_with_what_to_do() -> None:
    x = Value(1.0, "x")
    for _ in range(500):
        x = x + 1.0
    with pytest.raises(
        ValueError, match=r"1,001 nodes.*depth=3.*only='labelled'.*collapse=True.*max_nodes=1001 \(now 400\)"
    ):
        draw(x)
    assert len(nodes(draw(x, max_nodes=1001))) == 1001
    assert len(nodes(draw(x, depth=3))) == 7
    assert len(nodes(draw(x, depth=10**9, max_nodes=1001))) == 1001
    assert len(nodes(draw(x, only="labelled"))) == 2


def test_a_long_chain_is_refused_and_drawn_in_part() -> None:
    x = Value(1.0, "x")
    for _ in range(100_000):
        x = -x
    with pytest.raises(ValueError, match="100,001 nodes"):
        draw(x)
    assert len(nodes(draw(x, only="labelled", local_derivatives=True))) == 2


def test_too_many_lines_are_refused_too() -> None:
    with pytest.raises(ValueError, match="5,000 lines, too many to read"):
        draw(sum_of([Value(1.0, "x")] * 5000))


def test_what_lies_beyond_the_depth_is_hinted_at(renderer: str) -> None:
    x = Value(1.0, "x")
    shown = texts(draw((x.exp() * x).tanh(), depth=1))
    assert "…" in shown
    assert "x" not in shown


def test_a_network_too_large_to_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the network has 1,600 connections.*max_connections=1600"):
        draw_network(MLP(40, [40]), max_neurons=40)
    with pytest.raises(ValueError, match=r"the picture would have 1,600 connections"):
        draw_network(MLP(100, [100]), max_neurons=80)


# Labels are data


def hostile_graph(labels: list[str], title: str = "") -> Drawing:
    """Each label on a node, in a derivative's name, and on a frame."""
    leaves = [Value(2.0, label) for label in labels]
    squares = [leaf * leaf for leaf in leaves]
    for leaf, result in zip(leaves, squares, strict=True):
        result.label = leaf.label
    y = sum_of(squares)
    y.backward()
    group = {label: pair for label, *pair in zip(labels, leaves, squares, strict=True)}
    return draw(y, only=[*leaves, *squares], group=group, local_derivatives=True, title=title)


def hostile_groups(labels: list[str]) -> Drawing:
    leaves = [Value(2.0, "x") for _ in labels]
    squares = [leaf * leaf for leaf in leaves]
    return draw(
        sum_of(squares),
        group={label: pair for label, *pair in zip(labels, leaves, squares, strict=True)},
        collapse=True,
    )


def hostile_network(labels: list[str]) -> Drawing:
    net = MLP(1, [len(labels)])
    for label, neuron in zip(labels, net.layers[0].neurons, strict=True):
        neuron.name = neuron.weights[0].label = neuron.bias.label = label
    return draw_network(
        net,
        inputs=[Value(1.0, labels[0])],
        targets=[Value(1.0, label) for label in labels],
        gradients=True,
        max_neurons=len(labels),
    )


PICTURES = [hostile_graph, hostile_groups, hostile_network]


@pytest.mark.parametrize("picture", PICTURES)
def test_labels_come_out_as_typed_and_inject_nothing(picture: Callable[[list[str]], Drawing], renderer: str) -> None:
    drawing, innocent = picture(HOSTILE), picture([f"x{k}" for k in range(len(HOSTILE))])
    shown, tips = texts(drawing), "\n\n".join(tooltips(drawing))
    for label in HOSTILE:
        typed = style.drawable(label).replace("\t", "    ")
        assert typed in tips
        for line in typed.split("\n"):
            assert any(line.strip() == text.strip() for text in shown)
    tags = [
        [element.tag for element in ET.fromstring(each.svg()).iter() if element.tag != f"{SVG}text"]
        for each in (drawing, innocent)
    ]
    assert tags[0] == tags[1]


@pytest.mark.parametrize("picture", PICTURES)
def test_the_dot_text_has_the_same_statements_whatever_the_labels(picture: Callable[[list[str]], Drawing]) -> None:
    def statements(labels: list[str]) -> list[str]:
        source = picture(labels).source
        assert "\0" not in source
        return re.findall(r"^\t+(\S+(?: -> \S+)?) [\[{]", source, re.MULTILINE)

    assert statements(HOSTILE) == statements([f"x{k}" for k in range(len(HOSTILE))])


@pytest.mark.parametrize("title", ["\\N \\G \\", '<b>"&amp;"</b>', "a\nb", "日本 \0 \ud800"], ids=ascii)
def test_titles_come_out_as_typed(title: str, renderer: str) -> None:
    drawing = hostile_graph(["x"], title)
    assert style.drawable(title) in tooltips(drawing)
    assert set(style.drawable(title).split("\n")) <= set(texts(drawing))


def test_hostile_labels_in_png(renderer: str) -> None:
    drawable = [label for label in HOSTILE if not re.search("[⟦\u0600-\u06ff\u3000-\U0001ffff]", label)]
    assert hostile_groups(drawable).render("png").startswith(b"\x89PNG")


def test_what_a_renderer_has_no_letters_for_is_refused_rather_than_drawn_as_boxes(renderer: str) -> None:
    drawing = hostile_graph(["日本語", "مرحبا", "😀"])
    if Path(renderer).stem == "graphviz-pure":
        with pytest.raises(RuntimeError, match=r"fonts .* lack .*日.*\(an SVG has all\); install Graphviz"):
            drawing.render("png")
    else:
        assert drawing.render("png").startswith(b"\x89PNG")
    assert Drawing('digraph { a [label="a" tooltip="日本"] }').render("png").startswith(b"\x89PNG")


def test_long_labels_are_cut_visibly_and_whole_in_the_tooltip(renderer: str) -> None:
    long = "a very long label " * 30
    drawing = draw(Value(1.0, long))
    assert any(text.endswith("…") and len(text) <= 41 for text in texts(drawing))
    assert any(long in tip for tip in tooltips(drawing))
    many = "\n".join("abcdefgh")
    assert "e" not in texts(draw(Value(1.0, many)))


def test_an_accent_stays_with_its_letter() -> None:
    assert style.shorten("n\u0301" * 40) == "n\u0301" * 19 + "…"


# Rendering


def test_svg_is_accessible_and_loads_nothing(renderer: str) -> None:
    svg = draw(square(Value(3.0, "x")), title="A square").svg()
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "A square"
    assert "DOCTYPE" not in svg
    assert not re.search(r"href|<script|<image|<a\b|url\(|\son\w+=", svg)
    assert set(re.findall(r"https?://[^\"]*", svg)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_gv_and_a_notebook_and_repr() -> None:
    drawing = draw(Value(3.0, "x"))
    assert drawing.render("gv").decode() == drawing.source
    assert drawing._repr_mimebundle_()["image/svg+xml"].startswith("<?xml")
    assert repr(drawing) == "<Drawing 'Computation graph of x'; .save('picture.svg') draws it>"


@pytest.mark.parametrize("suffix", [".svg", ".png", ".gv", ".SVG"])
def test_save_by_suffix(suffix: str, tmp_path: Path, renderer: str) -> None:
    drawing = draw(square(Value(3.0, "x")))
    path = drawing.save(tmp_path / f"graph{suffix}")
    assert path == tmp_path / f"graph{suffix}"
    assert path.read_bytes() == drawing.render(suffix[1:].lower())
    assert list(tmp_path.iterdir()) == [path]


def test_png_is_sharp(renderer: str) -> None:
    drawing = draw(Value(3.0, "x"))
    width, _ = struct.unpack(">II", drawing.render("png")[16:24])
    points = float(re.search(r'width="([\d.]+)pt"', drawing.svg())[1])  # type: ignore[index]
    assert width == pytest.approx(2 * points, abs=6)


def test_pdf_needs_dot(renderer: str, tmp_path: Path) -> None:
    drawing = draw(Value(3.0, "x"))
    if Path(renderer).stem == "graphviz-pure":
        with pytest.raises(RuntimeError, match="graphviz-pure writes no PDF; install Graphviz"):
            drawing.save(tmp_path / "graph.pdf")
        assert not list(tmp_path.iterdir())
    else:
        assert drawing.save(tmp_path / "graph.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("graph.jpg", ValueError, r"graph\.jpg.*should end in \.svg, \.png, \.pdf, \.gv"),
        ("graph", ValueError, r"should end in \.svg"),
        ("no/graph.svg", FileNotFoundError, r"there is no folder .*no'; make it first"),
        ("folder.svg", IsADirectoryError, "that is a folder"),
        ("x" * 300 + ".gv", OSError, "cannot write"),
    ],
)
def test_what_cannot_be_saved_says_why(name: str, error: type[Exception], words: str, tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(error, match=words):
        draw(Value(1.0, "x")).save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "graph.gv"
    target.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"graph\.gv.*No space left on device"):
        draw(Value(1.0, "x")).save(target)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("graph.gv", "old")]


def test_without_any_renderer_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering.shutil, "which", lambda *_, **__: None)
    drawing = draw(Value(1.0, "x"))
    with pytest.raises(RuntimeError, match=r"pip install graphviz-pure.*apt install graphviz"):
        drawing.svg()
    assert "install" in drawing._repr_mimebundle_()["text/plain"]
    assert drawing.render("gv")


def test_graphviz_pure_is_found_beside_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert [Path(program).stem for program in rendering._programs()] == ["graphviz-pure"]


def test_a_renderer_that_fails_gives_way_to_the_next_and_one_that_hangs_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, slow = tmp_path / "broken", tmp_path / "slow"
    broken.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 3\n")
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    for script in (broken, slow):
        script.chmod(0o755)
    drawing = draw(Value(1.0, "x"))
    monkeypatch.setattr(rendering, "_programs", lambda: iter([str(broken), RENDERERS[-1]]))
    assert "<svg" in drawing.svg()
    monkeypatch.setattr(rendering, "_programs", lambda: iter([str(broken), str(tmp_path / "absent")]))
    with pytest.raises(RuntimeError, match=r"status 3: no such library; .*absent does not start"):
        drawing.svg()
    monkeypatch.setattr(rendering, "_programs", lambda: iter([str(slow)]))
    monkeypatch.setattr(rendering, "SECONDS", 0.1)
    with pytest.raises(RuntimeError, match=r"longer than 0\.1 seconds"):
        drawing.svg()


def test_both_renderers_are_tested_where_both_are() -> None:
    assert "graphviz-pure" in [Path(program).stem for program in RENDERERS]


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
def test_the_legend_of_a_network_has_what_occurs(renderer: str, weights, options, keys) -> None:  # type: ignore[no-untyped-def]
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


def test_a_very_large_network_is_drawn_in_a_moment() -> None:
    began = time.perf_counter()
    net = MLP(784, [64, 10], seed=1)
    draw_network(net, inputs=[0.5] * 784, highlight="w40000")
    assert time.perf_counter() - began < 10  # seconds


# Mistakes

x = Value(2.0, "x")
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
    (lambda: draw_network(x), TypeError, "takes an MLP, a Layer or a Neuron, not Value"),
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
