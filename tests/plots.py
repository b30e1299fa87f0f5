"""Plots for tests: a network and a table with two inputs, and what is in a figure of matplotlib's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tinygrad_bp import MLP
from tinygrad_bp.networks.data import Table, penguins

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


@pytest.fixture
def settings_stay() -> Iterator[None]:
    """No picture changes a setting of matplotlib, or becomes one of pyplot's figures."""
    import matplotlib
    from matplotlib._pylab_helpers import Gcf

    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    assert not Gcf.figs
