"""Loss curves: what is in them, and that any losses can be drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.plots import lines, png, texts
from tinygrad_bp import plotting
from tinygrad_bp.networks.training import History

pytestmark = [pytest.mark.extras, pytest.mark.usefixtures("settings_stay")]


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
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES)
def test_mistakes_are_named(mistake: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mistake()
