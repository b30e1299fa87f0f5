"""What all pictures of training share: colours, files that are the same every time, labels as typed, and what needs matplotlib."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.plots import texts, xor_net
from tinygrad_bp import MLP, plotting
from tinygrad_bp.drawing import style
from tinygrad_bp.networks.data import Table, truth_table
from tinygrad_bp.networks.losses import squared_error
from tinygrad_bp.networks.optim import SGD
from tinygrad_bp.plotting.figures import COLOURS, MARKERS

pytestmark = [pytest.mark.extras, pytest.mark.usefixtures("settings_stay")]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_colours_stand_out_from_the_paper_and_are_those_of_the_other_pictures(palette: style.Palette) -> None:
    colours = COLOURS[palette]
    assert colours[:2] == palette.lines
    assert len(set(colours)) == len(colours)
    for colour in colours:
        lighter, darker = sorted([luminance(colour), luminance(palette.paper)], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 2.9


def test_many_classes_differ_by_colour_or_marker() -> None:
    looks = [(k % len(COLOURS[style.LIGHT]), k % len(MARKERS)) for k in range(30)]
    assert all(a != b for a, b in combinations(looks, 2))


FIGURES: list[Callable[..., Any]] = [
    lambda **look: plotting.loss_curve({"a": [1.0, 0.5], "b": [1.0, 0.0]}, title="A <title> & $more$", **look),
    lambda **look: plotting.decision_boundary(xor_net(), truth_table("xor"), title="Exclusive or", **look),
    lambda **look: plotting.histograms(xor_net(), title="Weights", **look),
]


@pytest.mark.parametrize("make", FIGURES)
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_file(make: Callable[..., Any], suffix: str, tmp_path: Path) -> None:
    paths = [plotting.save(make(), tmp_path / f"{name}.{suffix}") for name in "ab"]
    one, other = [path.read_bytes() for path in paths]
    assert one == other
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a.{suffix}", f"b.{suffix}"]


@pytest.mark.parametrize("make", FIGURES)
def test_light_and_dark_have_their_palettes(make: Callable[..., Any]) -> None:
    from matplotlib.colors import to_hex

    for dark, palette in ((False, style.LIGHT), (True, style.DARK)):
        figure = make(dark=dark)
        assert to_hex(figure.get_facecolor()) == palette.paper
        assert all(to_hex(axes.get_facecolor()) == palette.paper for axes in figure.axes)
        assert figure.legends[0].get_title().get_color() == palette.ink


@pytest.mark.parametrize("make", FIGURES)
def test_nothing_is_cut_off_at_the_edges(make: Callable[..., Any]) -> None:
    from matplotlib.text import Text

    figure = make()
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and text.get_window_extent().width:
            box = text.get_window_extent()
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            tick = text.get_text().lstrip("−").replace(".", "").isdigit()  # those beyond the axis are not drawn
            assert inside or tick, text.get_text()


def test_a_figure_shows_itself_in_a_notebook() -> None:
    figure: Any = plotting.loss_curve([1.0, 0.5])
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_labels_come_out_as_typed() -> None:
    names = ["$x_1$", "_under", "a\\b", "100 %", "$", "x" * 200]
    shown = texts(plotting.loss_curve({name: [1.0, 0.5] for name in names}, title="$\\frac{"))
    assert {*names[:-1], "$\\frac{"} <= set(shown)
    assert "x" * 39 + "…" in shown
    table = Table(["$a_1$", "_b"], ["y"], [[0.0, 0.0], [1.0, 1.0]], [[0.0], [1.0]], ["$no$", "_yes"])
    assert {"$a_1$", "_b", "$no$", "_yes"} <= set(texts(plotting.decision_boundary(xor_net(), table)))


def test_importing_loads_no_matplotlib() -> None:
    code = "import sys; from tinygrad_bp import plotting; print([m for m in ('matplotlib', 'numpy', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("missing", ["matplotlib", "numpy", "PIL"])
def test_what_is_not_installed_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    net = MLP(2, [1], seed=1)
    before = [p.data for p in net.parameters()]
    pictures: dict[str, list[Callable[[], Any]]] = {
        "matplotlib": [lambda: plotting.loss_curve([1.0])],
        "numpy": [
            lambda: plotting.decision_boundary(net, truth_table("xor")),
            lambda: plotting.histograms(net),
        ],
        "PIL": [lambda: plotting.animation(net, truth_table("xor"), squared_error, SGD(net.parameters()))],
    }
    name = {"PIL": "pillow"}.get(missing, missing)
    for needs in list(pictures)[list(pictures).index(missing) :]:
        for draw in pictures[needs]:
            with pytest.raises(
                ImportError, match=rf"pictures of training need {name}: pip install 'tinygrad-bp\[plot\]'"
            ):
                draw()
    assert [p.data for p in net.parameters()] == before


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: plotting.save(plotting.loss_curve([1.0]), "loss.jpg"), ValueError, "should end in .png, .svg or .pdf"),
    (lambda: plotting.save(plotting.loss_curve([1.0]), "none/loss.png"), OSError, "there is no folder"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES)
def test_mistakes_are_named(mistake: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mistake()
