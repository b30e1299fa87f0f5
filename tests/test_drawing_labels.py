"""Labels in pictures are data: they come out as typed and inject nothing, whatever they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drawings import SVG, drawn, texts, tooltips
from tests.labels import HOSTILE
from tinygrad_bp.core.ops import sum_of
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, draw, draw_network, style
from tinygrad_bp.networks.nn import MLP


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


@pytest.mark.slow
@pytest.mark.parametrize("picture", PICTURES)
def test_labels_come_out_as_typed_and_inject_nothing(picture: Callable[[list[str]], Drawing], renderer: str) -> None:
    drawing, innocent = drawn(picture(HOSTILE)), drawn(picture([f"x{k}" for k in range(len(HOSTILE))]))
    shown, tips = {text.strip() for text in texts(drawing)}, "\n\n".join(tooltips(drawing))
    for label in HOSTILE:
        typed = style.drawable(label).replace("\t", "    ")
        assert typed in tips
        for line in typed.split("\n"):
            assert line.strip() in shown
    tags = [[element.tag for element in each.iter() if element.tag != f"{SVG}text"] for each in (drawing, innocent)]
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
