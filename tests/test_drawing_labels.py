"""Labels in pictures are data: they come out as typed and inject nothing, whatever they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drawings import SVG, drawn, texts, tooltips
from tests.labels import DIRECTIONS, HOSTILE
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


# What turns the direction of writing: a label with one of them would show what follows it, numbers too, in another order.
TURNING = [chr(c) for c in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("picture", PICTURES)
def test_no_label_turns_the_direction_of_what_is_drawn(picture: Callable[[list[str]], Drawing], renderer: str) -> None:
    labels = [*DIRECTIONS, *(f"a{sign}b" for sign in TURNING)]
    drawing = picture(labels)
    assert not set(TURNING) & set(drawing.source + drawing.svg())
    shown, tips = texts(drawn(drawing)), "\n".join(tooltips(drawn(drawing)))
    for label in labels:
        spelled = label.encode("unicode_escape").decode()
        assert spelled in tips
        assert any(spelled in text for text in shown)


def test_blanks_and_letters_are_drawn_as_typed() -> None:
    for text in ["a\u00a0b", "a\u202fb", "重み\u3000１", "שלום", "👩\u200d🔬", "e\u0301", "a\tb\nc"]:
        assert style.drawable(text) == text


@pytest.mark.parametrize("title", ["\\N \\G \\", '<b>"&amp;"</b>', "a\nb", "日本 \0 \ud800"], ids=ascii)
def test_titles_come_out_as_typed(title: str, renderer: str) -> None:
    drawing = hostile_graph(["x"], title)
    assert style.drawable(title) in tooltips(drawing)
    assert set(style.drawable(title).split("\n")) <= set(texts(drawing))


@pytest.mark.slow
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


# Each would take minutes or hours where the time grows with the square of a label's length.
LONG = {
    "digits": "1" * 300_000, "digits and a letter": "1" * 300_000 + "x", "backslashes": "\\" * 100_000, "quotes": '"' * 100_000,
    "quoted quotes": '\\"' * 100_000, "tags": "<" + ">" * 100_000, "underscores": "_" * 300_000, "blanks": " " * 100_000,
    "accents": "e" + "\u0308" * 100_000, "joiners": "\u200d" * 100_000, "lines": "\n" * 100_000, "zeros": "\0" * 50_000,
    "halves of pairs": "\ud800" * 50_000, "minus signs": "-" * 300_000, "prefixes": "net_" * 50_000, "names": "h1_" * 50_000,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("label", LONG.values(), ids=LONG)
def test_a_label_of_any_length_is_drawn_in_time_that_grows_with_it(label: str) -> None:
    x = Value(2.0, label)
    net = x * x
    out = (net**3).tanh() - x
    net.label, out.label = "net_" + label, "out_" + label
    pictures = [
        draw(out, local_derivatives=True, title=label),
        draw(out, only="labelled", local_derivatives=True, highlight=label),
        draw(out, group={label: [net]}, collapse=label),
    ]
    model = MLP(1, [1])
    neuron = model.layers[0].neurons[0]
    neuron.name = neuron.weights[0].label = neuron.bias.label = label
    pictures.append(
        draw_network(model, inputs=[x], targets=[Value(1.0, label)], gradients=True, title=label, highlight=label)
    )
    for picture in pictures:
        assert picture.source.count("label=<") >= 3
    for mistake in ({"highlight": label + "?"}, {"collapse": label + "?"}, {"only": label}, {"direction": label}):
        with pytest.raises(ValueError, match=r"^draw: (highlight|collapse|only|direction)\b") as refused:
            draw(out, **mistake)
        assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("label", ["1" * 32_000, "\\" * 10_001, 'a"\\\\"' * 5_000, "語" * 20_000, "\n\\N" * 5_000])
def test_of_long_labels_both_ends_are_in_tooltips_of_both_renderers(label: str, renderer: str) -> None:
    tips = tooltips(draw(Value(1.0, label)))
    assert any(tip.startswith(label[:300]) and label[-300:] in tip and " characters …" in tip for tip in tips)


def test_no_backslash_of_a_label_reaches_dot_text() -> None:
    """The quoting of the package graphviz looks at each run of them once for each backslash in it."""
    y = Value(2.0, "\\" * 10_000) * 3.0
    y.label = "a\\N\\"
    assert re.sub(r"\\n", "", draw(y).source).count("\\") == 0


def test_what_would_draw_less_is_not_what_was_given() -> None:
    x = Value(1.0, "x")
    for k in range(12):
        x = x * 1.5
        x.label = f"x{k}"
    for given, says in (
        ({}, "draw fewer with depth=3, only='labelled' or collapse=True, or allow them"),
        ({"depth": 8}, "draw fewer with a smaller depth, only='labelled' or collapse=True, or allow them"),
        ({"only": "labelled"}, "draw fewer with depth=3 or collapse=True, or allow them"),
        ({"collapse": True}, "draw fewer with depth=3 or only='labelled', or allow them"),
        ({"collapse": True, "only": "labelled", "depth": 9}, "draw fewer with a smaller depth, or allow them"),
    ):
        with pytest.raises(ValueError, match=says):
            draw(x, max_nodes=4, **given)
