"""Trainings for tests: rows that can be learned, a network that learns them, and each engine."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from tinygrad_bp import MLP, SGD
from tinygrad_bp.networks import losses
from tinygrad_bp.networks.data import truth_table
from tinygrad_bp.networks.training import costs

each_engine = pytest.mark.parametrize("engine", ["eager", "python", pytest.param("llvm", marks=pytest.mark.extras)])


def some_rows(count: int = 24, seed: int = 1) -> list[tuple[list[float], float]]:
    """Rows that a small network can learn: no training on them is chaotic."""
    draw = random.Random(seed)
    rows = [[draw.gauss(0, 1), draw.gauss(0, 1)] for _ in range(count)]
    return [(row, math.tanh(row[0] - 0.5 * row[1])) for row in rows]


def some_1d() -> list[tuple[list[float], float]]:
    """Three rows of one input."""
    return [([0.5], 1.0), ([-0.25], 0.0), ([1.5], 0.5)]


def xor() -> Any:
    """A network, the truth table, a loss and an optimizer: what `train` takes first."""
    net = MLP(2, [5, 1], activation="tanh", seed=1)
    return net, truth_table("xor"), losses.mean_squared_error, SGD(net.parameters(), 0.1)


@pytest.fixture
def many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """`train` takes the engine that it would take if there were very many rows."""
    monkeypatch.setattr(costs, "cheapest", lambda *sizes: "llvm")
