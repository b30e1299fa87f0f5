"""The pictures of training: what is in them, that they are the same every time, and that mistakes are named."""

from __future__ import annotations

import io
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, Value, ops, plotting
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.drawing import style
from tinygrad_bp.networks.data import Table, moons, penguins, spiral, truth_table
from tinygrad_bp.networks.losses import binary_cross_entropy, cross_entropy, squared_error
from tinygrad_bp.networks.nn import Module
from tinygrad_bp.networks.optim import SGD, Adam
from tinygrad_bp.networks.training import Diverged, History, train

pytestmark = pytest.mark.extras

XOR = [20.0, 20.0, -20.0, -20.0, 20.0, 20.0]  # of a network that knows exclusive or
XOR_BIASES = [-10.0, 30.0, -30.0]


def xor_net(activation: Any = "sigmoid") -> MLP:
    return MLP(2, [2, 1], weights=XOR, biases=XOR_BIASES, activation=["sigmoid", activation])


def bills() -> Table:
    table = penguins()
    return replace(table, columns=table.columns[:2], inputs=[row[:2] for row in table.inputs])


def png(figure: Any) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()


def texts(figure: Any) -> list[str]:
    from matplotlib.text import Text

    png(figure)  # ticks are written when they are drawn
    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]


def lines(figure: Any, place: int = 0) -> list[list[float]]:
    return [[float(y) for y in line.get_ydata()] for line in figure.axes[place].lines]


@pytest.fixture(autouse=True)
def settings_stay() -> Iterator[None]:
    """No picture changes a setting of matplotlib, or becomes one of pyplot's figures."""
    import matplotlib
    from matplotlib._pylab_helpers import Gcf

    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    assert not Gcf.figs


# The loss


def test_a_history_is_a_line_and_what_is_held_out_a_dashed_one() -> None:
    history = History(losses=[4.0, 2.0, 1.0], validation=[5.0, 3.0, 2.5])
    figure = plotting.loss_curve(history, title="Two moons")
    assert lines(figure) == [[4.0, 2.0, 1.0], [5.0, 3.0, 2.5]]
    assert [line.is_dashed() for line in figure.axes[0].lines] == [False, True]
    assert {"Two moons", "training", "validation", "epoch", "loss"} <= set(texts(figure))
    assert figure.axes[0].get_yscale() == "log"
    assert plotting.loss_curve(history, log=False).axes[0].get_yscale() == "linear"


def test_several_histories_have_names_colours_and_markers() -> None:
    figure = plotting.loss_curve({"SGD": [3.0, 2.0], "Adam": History(losses=[2.0, 0.5]), "_a $x$": [1.0, 0.1]})
    assert {"SGD", "Adam", "_a $x$"} <= set(texts(figure))
    looks = [(line.get_color(), line.get_marker()) for line in figure.axes[0].lines]
    assert all(len(set(each)) == 3 for each in zip(*looks, strict=True))
    assert "training" not in texts(figure)


def test_losses_of_0_stand_on_the_lower_edge() -> None:
    figure = plotting.loss_curve([1.0, 0.1, 0.0, 0.0, 0.01, 0.0])
    [curve, marks] = figure.axes[0].lines
    edge = figure.axes[0].get_ylim()[0]
    assert list(curve.get_ydata()) == [1.0, 0.1, edge, edge, 0.01, edge]
    assert 0.0 < edge < 0.01
    assert list(marks.get_xdata()) == [3, 6]
    assert "0, below the scale" in texts(figure)


@pytest.mark.parametrize("losses", [[0.0, 0.0], [0.0], [-1.0, 2.0], [-3.0]])
def test_what_has_no_logarithm_gets_a_linear_scale(losses: list[float]) -> None:
    figure = plotting.loss_curve(losses)
    assert figure.axes[0].get_yscale() == "linear"
    assert lines(figure) == [losses]
    assert png(figure)


@pytest.mark.parametrize(
    "losses",
    [
        [0.5],
        [0.5, 0.5],
        [1e200, 1e-199],
        [1e200],
        [1e-320, 1.0],
        [5e-324],
        [0.5, 0.5000001],
        [1e200, -1e200],
        range(1, 100_000),
    ],
)
def test_any_losses_can_be_drawn(losses: Any) -> None:
    for log in (True, False):
        assert png(plotting.loss_curve(losses, log=log)).startswith(b"\x89PNG")


def test_epochs_are_whole_numbers() -> None:
    assert "1" in texts(plotting.loss_curve([0.5]))
    shown = texts(plotting.loss_curve([0.5, 0.4, 0.3]))
    assert {"1", "2", "3"} <= set(shown)
    assert "1.5" not in shown


# What a network says where


@pytest.mark.parametrize(
    ("activation", "targets", "right"),
    [("sigmoid", (0, 1), 4), (None, (0, 1), 4), (None, (-1, 1), 4), ("tanh", (-1, 1), 4), ("tanh", (0, 1), 4)],
)
def test_the_border_lies_where_the_output_means_it(activation: Any, targets: tuple[int, int], right: int) -> None:
    rows = [(row, targets[int(target[0])]) for row, target in truth_table("xor")]
    shown = texts(plotting.decision_boundary(xor_net(activation), rows))
    assert f"{right} of 4 rows right" in shown
    assert {str(target) for target in targets} <= set(shown)


def test_a_threshold_moves_the_border() -> None:
    table = truth_table("xor")
    assert "4 of 4 rows right" in texts(plotting.decision_boundary(xor_net(), table, threshold=0.9))
    assert "2 of 4 rows right; the others are outlined" in texts(
        plotting.decision_boundary(xor_net(), table, threshold=2)
    )
    assert "2 of 4 rows right; the others are outlined" in texts(
        plotting.decision_boundary(xor_net(), table, threshold=-2)
    )


def test_rows_in_the_wrong_region_are_outlined() -> None:
    from matplotlib.collections import PathCollection

    rows = [([0, 0], 1), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
    figure = plotting.decision_boundary(xor_net(), rows)
    assert "3 of 4 rows right; the other one is outlined" in texts(figure)
    zeros, ones = [dots for dots in figure.axes[0].collections if isinstance(dots, PathCollection)]
    assert list(zeros.get_linewidths()) == [0.6]
    assert list(ones.get_linewidths()) == [1.5, 0.6, 0.6]


def test_of_several_outputs_the_largest_decides() -> None:
    net = MLP(2, [3], weights=[1.0, 0.0, -1.0, 0.0, 0.0, 1.0], activation=None)
    rows = [([1.0, 0.0], 0), ([-1.0, 0.0], 1), ([0.0, 5.0], 2)]
    shown = texts(plotting.decision_boundary(net, rows))
    assert "3 of 3 rows right" in shown
    assert {"0", "1", "2"} <= set(shown)
    hot = [(row, [float(k == label) for k in range(3)]) for row, label in rows]
    assert png(plotting.decision_boundary(net, hot)) == png(plotting.decision_boundary(net, rows))


def test_axes_have_the_units_from_before_scaling() -> None:
    table = bills().scaled()
    net = MLP(2, [3], activation=None, seed=1)
    train(net, table, cross_entropy, Adam(net.parameters(), lr=0.1), epochs=5, batch_size=16)
    figure = plotting.decision_boundary(net, table)
    [low, high] = figure.axes[0].get_xlim()
    assert 28 < low < 32.1
    assert 59.6 < high < 63
    assert {"bill_length_mm", "bill_depth_mm", "Adelie", "Chinstrap", "Gentoo"} <= set(texts(figure))
    labels = [max(range(3), key=lambda k: out[k].data) for out in map(net, table.inputs)]
    right = sum(map(int.__eq__, labels, table.labels))
    assert right > 300
    assert any(text.startswith(f"{right} of 342 rows right") for text in texts(figure))


def test_any_function_of_two_values_can_be_drawn() -> None:
    rows = [([0.0, 0.0], 0), ([2.0, 0.0], 1)]
    smooth = texts(plotting.decision_boundary(lambda xs: xs[0] ** 2 + xs[1] ** 2 - 1.0, rows))
    assert "2 of 2 rows right" in smooth
    looking = plotting.decision_boundary(lambda xs: xs[0] - 1.0 if xs[0] > 0.5 else xs[1] * 0.0 - 1.0, rows)
    assert "2 of 2 rows right" in texts(looking)
    own = Operation("own", lambda x: x - 1.0, (lambda y, x: 1.0,), "own({})", "own({})", "own")
    assert "2 of 2 rows right" in texts(plotting.decision_boundary(lambda xs: own(xs[0]), rows, threshold=0))


def test_a_network_that_says_one_class_everywhere_can_be_drawn() -> None:
    for bias in (5.0, -5.0, 0.0):
        net = MLP(2, [1], weights=[0.0, 0.0], biases=[bias], activation=None)
        assert png(plotting.decision_boundary(net, truth_table("and")))


def test_one_row_and_rows_on_a_line_can_be_drawn() -> None:
    net = MLP(2, [1], seed=1)
    for rows in ([([0.0, 0.0], 1)], [([3.0, 1.0], 0), ([3.0, 2.0], 1)], [([1e90, 1e-90], 0), ([-1e90, 0.0], 1)]):
        assert png(plotting.decision_boundary(net, rows))


def test_the_network_is_left_as_it_was() -> None:
    net = xor_net()
    before = [(p.data, p.grad, p.label, type(p)) for p in net.parameters()]
    plotting.decision_boundary(net, truth_table("xor"))
    assert [(p.data, p.grad, p.label, type(p)) for p in net.parameters()] == before


def test_a_large_network_is_drawn_in_a_moment() -> None:
    net = MLP(2, [32, 32, 3], activation=["tanh", "relu", None], seed=1)
    began = time.perf_counter()
    png(plotting.decision_boundary(net, spiral()))
    assert time.perf_counter() - began < 15  # seconds


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_colours_stand_out_from_the_paper_and_are_those_of_the_other_pictures(palette: style.Palette) -> None:
    colours = plotting._COLOURS[palette]
    assert colours[:2] == palette.lines
    assert len(set(colours)) == len(colours)
    for colour in colours:
        lighter, darker = sorted([luminance(colour), luminance(palette.paper)], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 2.9


def test_many_classes_differ_by_colour_or_marker() -> None:
    looks = [(k % len(plotting._COLOURS[style.LIGHT]), k % len(plotting._MARKERS)) for k in range(30)]
    assert all(a != b for a, b in combinations(looks, 2))


# Weights and gradients


def test_each_layer_has_a_histogram_of_weights_and_of_gradients() -> None:
    net = MLP(2, [8, 3], activation="tanh", seed=1)
    sum(net([0.5, -1.0])).backward()  # type: ignore[union-attr]
    figure = plotting.histograms(net, title="Before training")
    assert len(figure.axes) == 4
    shown = texts(figure)
    assert {"Before training", "layer 1: 2 → 8", "layer 2: 8 → 3", "weights", "gradients"} <= set(shown)
    assert len([text for text in shown if text.startswith("rms ")]) == 4
    rms = math.sqrt(sum(w.data**2 for w in net.weights[:16]) / 16)
    assert f"rms {rms:.2g}" in shown
    assert len(plotting.histograms(net, gradients=False).axes) == 2


def test_gradients_that_are_not_there_are_said_not_to_be() -> None:
    shown = texts(plotting.histograms(MLP(2, [2])))
    assert "all 0" in shown
    assert "gradients (there are none before backward())" in shown


class Scale(Module):
    def __init__(self) -> None:
        self.inner = MLP(2, [2], seed=1)
        self.scale = [Value(3.0, "s")]


@pytest.mark.parametrize(
    "net",
    [
        MLP(1, [1]), MLP(2, [3], shared_bias=True).layers[0], MLP(2, [2]).layers[0].neurons[0], Scale(),
        MLP(2, [2], weights=[0.0] * 4), MLP(2, [1], weights=[1e200, -1e200]), MLP(2, [1], weights=[1e-310, 1e-310]),
        MLP(1, [2], weights=[1.0, 1.0]), MLP(1, [2], weights=[1e-200, 1e200]), MLP(100, [30], seed=1), MLP(2, [2] * 12, seed=1),
    ],
)  # fmt: skip
def test_any_network_has_histograms(net: Module) -> None:
    assert png(plotting.histograms(net))


def test_parts_of_other_modules_are_layers() -> None:
    assert {"inner", "scale"} <= set(texts(plotting.histograms(Scale())))


# Moving pictures


def moving(**options: Any) -> plotting.Animation:
    net = MLP(2, [3, 1], activation="tanh", seed=1)
    settings: dict[str, Any] = {"epochs": 20, "frames": 4} | options
    return plotting.animation(net, truth_table("xor"), squared_error, SGD(net.parameters(), lr=0.1), **settings)


def frames(gif: bytes) -> list[Any]:
    from PIL import Image, ImageSequence

    with Image.open(io.BytesIO(gif)) as picture:
        return [frame.convert("RGB").copy() for frame in ImageSequence.Iterator(picture)]


def test_a_training_moves(tmp_path: Path) -> None:
    moved = moving(title="Exclusive or")
    assert moved.epochs == [0, 2, 9, 20]
    assert moved.history.epochs == 20
    path = moved.save(tmp_path / "xor.gif")
    pictures = frames(path.read_bytes())
    assert len(pictures) == 4
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["xor.gif"]
    assert moving(title="Exclusive or").gif == moved.gif
    assert repr(moved).startswith("<Animation of 20 epochs in 4 pictures")
    assert moved._repr_html_().startswith('<img alt="&lt;Animation')


def test_it_trains_as_train_does() -> None:
    net, other = MLP(2, [3, 1], seed=1), MLP(2, [3, 1], seed=1)
    table, seen = moons(20), []
    options: dict[str, Any] = {"epochs": 7, "batch_size": 4, "shuffle": True, "seed": 3}
    moved = plotting.animation(
        net,
        table,
        binary_cross_entropy,
        Adam(net.parameters()),
        frames=3,
        on_epoch=lambda h: seen.append(h.epochs),
        **options,
    )
    history = train(other, table, binary_cross_entropy, Adam(other.parameters()), **options)
    assert moved.history.losses == pytest.approx(history.losses, rel=1e-12)
    assert [p.data for p in net.parameters()] == pytest.approx([p.data for p in other.parameters()], rel=1e-12)
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_the_last_picture_is_the_network_after_training() -> None:
    net = MLP(2, [3, 1], activation="tanh", seed=1)
    table = truth_table("xor")
    moved = plotting.animation(
        net,
        list(table),
        squared_error,
        SGD(net.parameters(), lr=0.1),
        epochs=50,
        frames=5,
        validation=table,
        patience=2,
        stop_below=0.05,
    )
    assert moved.epochs[-1] == moved.history.epochs
    assert moved._film.numbers[-1] == [p.data for p in net.parameters()]


@pytest.mark.parametrize("dark", [False, True])
def test_the_paper_has_its_colour(dark: bool) -> None:
    palette = style.DARK if dark else style.LIGHT
    [first, *_] = frames(moving(dark=dark, frames=2).gif)
    assert "#{:02x}{:02x}{:02x}".format(*first.getpixel((2, 2))) == palette.paper


def test_a_network_that_looks_at_its_numbers_moves_too() -> None:
    net = MLP(2, [2, 1], activation="tanh", seed=1)

    def model(inputs: Any) -> Any:
        [out] = net(inputs)
        return [out if out.data > -2.0 else -out]

    moved = plotting.animation(model, truth_table("xor"), squared_error, SGD(net.parameters()), epochs=2, frames=2)
    before = [p.data for p in net.parameters()]
    assert len(frames(moved.gif)) == 2
    assert [p.data for p in net.parameters()] == before


def test_a_training_that_diverges_says_so() -> None:
    net = MLP(2, [1], activation=None, seed=1)
    table = Table(["a", "b"], ["y"], [[1.0, 1e3], [1.0, -1e3]], [[0.0], [1.0]])
    with pytest.raises(Diverged, match="a smaller learning rate may help"):
        plotting.animation(net, table, squared_error, SGD(net.parameters(), lr=1e3), epochs=500, frames=3)


# Figures


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


# Mistakes

NET = MLP(2, [1], seed=1)
THREE = MLP(2, [3], activation=None, seed=1)
ROWS = [([0.0, 0.0], 0), ([1.0, 1.0], 1)]
NAN_NET = MLP(2, [1], weights=[math.nan, 1.0])
HUGE_NET = MLP(2, [1], weights=[1e308, 1e308], activation=None)


def animated(**options: Any) -> Any:
    net = MLP(2, [1], seed=1)
    return plotting.animation(net, options.pop("table", ROWS), squared_error, SGD(net.parameters()), **options)


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: plotting.loss_curve([]), ValueError, "the history has no epoch to draw"),
    (lambda: plotting.loss_curve(History()), ValueError, "the history has no epoch to draw"),
    (lambda: plotting.loss_curve({}), ValueError, "at least one history"),
    (lambda: plotting.loss_curve({"a": [1.0], "b": []}), ValueError, "the history of 'b' has no epoch"),
    (lambda: plotting.loss_curve([1.0, math.nan]), ValueError, "the loss in epoch 2 is nan, which no curve can show"),
    (lambda: plotting.loss_curve({"a": [math.inf]}), ValueError, "the loss of 'a' in epoch 1 is inf"),
    (lambda: plotting.loss_curve([1e301]), ValueError, "epoch 1 is 1e\\+301"),
    (lambda: plotting.loss_curve(History([1.0], [math.nan])), ValueError, "the validation loss in epoch 1 is nan"),
    (lambda: plotting.loss_curve("abc"), TypeError, "what train returned, or losses, not str 'abc'"),
    (lambda: plotting.loss_curve(3), TypeError, "not int 3"),  # type: ignore[arg-type]
    (lambda: plotting.loss_curve(["a"]), TypeError, "not str 'a'"),  # type: ignore[list-item]
    (lambda: plotting.decision_boundary(3, ROWS), TypeError, "takes a network, or a function of Values, not int"),  # type: ignore[arg-type]
    (lambda: plotting.decision_boundary(lambda xs: 3.0, ROWS), TypeError, "returns Values, not float 3.0"),
    (lambda: plotting.decision_boundary(lambda xs: [], ROWS), TypeError, "returns Values, not NoneType"),
    (lambda: plotting.decision_boundary(NET, []), ValueError, "at least one row"),
    (lambda: plotting.decision_boundary(NET, 3), TypeError, "a Table, or pairs of inputs and target"),  # type: ignore[arg-type]
    (lambda: plotting.decision_boundary(NET, [1, 2]), TypeError, "a Table, or pairs"),  # type: ignore[list-item]
    (lambda: plotting.decision_boundary(NET, [(["a", 1], 0)]), TypeError, "not str 'a'"),
    (lambda: plotting.decision_boundary(NET, penguins()), ValueError, "draws two inputs, a plane, and row 1 has 4"),
    (lambda: plotting.decision_boundary(MLP(3, [1]), ROWS), ValueError, "3 weights and got 2 inputs"),
    (lambda: plotting.decision_boundary(NET, [([math.nan, 0.0], 0)]), ValueError, r"row 1 lies at \[nan, 0.0\]"),
    (lambda: plotting.decision_boundary(NET, [*ROWS, ([1e200, 0.0], 0)]), ValueError, r"row 3 lies at \[1e\+200, 0.0\]"),
    (lambda: plotting.decision_boundary(NET, [*ROWS, ([1.0, 0.0], 7)]), ValueError, "3 different numbers, such as 0, 1 and 7"),
    (lambda: plotting.decision_boundary(NET, bills()), ValueError, "network with 1 output tells 2 classes apart, not 3"),
    (lambda: plotting.decision_boundary(MLP(2, [4]), bills()), ValueError, "4 outputs tells 4 classes apart, not 3"),
    (lambda: plotting.decision_boundary(THREE, [([0.0, 0.0], 3)]), ValueError, "row 1 is of class 3, .* outputs for 0 to 2"),
    (lambda: plotting.decision_boundary(THREE, [([0.0, 0.0], 0.5)]), ValueError, "row 1 is of class 0.5"),
    (lambda: plotting.decision_boundary(THREE, [([0.0, 0.0], [1, 0])]), ValueError, "row 1 has 2 targets, and the network 3"),
    (lambda: plotting.decision_boundary(NET, [([0.0, 0.0], [])]), ValueError, "row 1 has 0 targets"),
    (lambda: plotting.decision_boundary(THREE, ROWS, threshold=0), ValueError, "the largest decides"),
    (lambda: plotting.decision_boundary(NET, ROWS, threshold=math.nan), ValueError, "a finite number, not nan"),
    (lambda: plotting.decision_boundary(NET, ROWS, threshold="a"), TypeError, "threshold takes a real number"),  # type: ignore[arg-type]
    (lambda: plotting.decision_boundary(NAN_NET, ROWS), ValueError, "the network gives nan for the inputs"),
    (lambda: plotting.decision_boundary(HUGE_NET, ROWS), ValueError, "the network gives inf for the inputs"),
    (lambda: plotting.decision_boundary(lambda xs: ops.log(xs[0]), ROWS), ValueError, "gives nan for the inputs"),
    (lambda: plotting.histograms(3), TypeError, "an MLP or another Module, not int 3"),  # type: ignore[arg-type]
    (lambda: plotting.histograms(Module()), ValueError, "has no parameters"),
    (lambda: plotting.histograms(NAN_NET), ValueError, "layer1.neuron1.w1 is nan, which has no place on a scale"),
    (lambda: animated(epochs=0), ValueError, "epochs is a whole number from 1 up, not 0"),
    (lambda: animated(frames=1), ValueError, "frames is a whole number from 2 up, not 1"),
    (lambda: animated(seconds=0), ValueError, "seconds are more than 0"),
    (lambda: animated(seconds=math.nan), ValueError, "seconds are more than 0"),
    (lambda: animated(table=[]), ValueError, "at least one row"),
    (lambda: animated(table=penguins()), ValueError, "draws two inputs"),
    (lambda: animated(batch_size=0), ValueError, "batch_size is a whole number"),
    (lambda: plotting.animation(NET, ROWS, squared_error, 3, epochs=1), TypeError, "takes an optimizer, .* not int"),  # type: ignore[arg-type]
    (lambda: moving().save("xor.png"), ValueError, "'xor.png': the name should end in .gif"),
    (lambda: plotting.save(plotting.loss_curve([1.0]), "loss.jpg"), ValueError, "should end in .png, .svg, .pdf"),
    (lambda: plotting.save(plotting.loss_curve([1.0]), "none/loss.png"), OSError, "there is no folder"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES)
def test_mistakes_are_named(mistake: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mistake()


def test_a_gradient_that_is_no_number_is_named() -> None:
    net = MLP(2, [1], seed=1)
    net.biases[0].grad = math.inf
    with pytest.raises(ValueError, match=r"the gradient of layer1\.neuron1\.b is inf"):
        plotting.histograms(net)
    assert png(plotting.histograms(net, gradients=False))
