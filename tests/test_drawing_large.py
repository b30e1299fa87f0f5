"""Graphs and networks that are too large or too deep for a picture, or for a page."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.drawings import nodes, texts
from tinygrad_bp import topological_order
from tinygrad_bp.core.ops import sum_of
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import choice, draw, draw_network
from tinygrad_bp.explorer import explore, subject
from tinygrad_bp.networks.nn import MLP, Layer


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


@pytest.mark.slow
def test_a_long_chain_is_refused_and_drawn_in_part() -> None:
    x = Value(1.0, "x")
    for _ in range(100_000):
        x = -x
    with pytest.raises(ValueError, match="100,001 nodes"):
        draw(x)
    assert len(nodes(draw(x, only="labelled", local_derivatives=True))) == 2


class Looked:
    """Counts how many nodes are asked for their operands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.nodes = 0
        for name in ("operands", "args"):
            monkeypatch.setattr(Value, name, property(self._counting(getattr(Value, name).fget)))

    def _counting(self, get: Callable[[Value], tuple[Any, ...]]) -> Callable[[Value], tuple[Any, ...]]:
        def looked(v: Value) -> tuple[Any, ...]:
            self.nodes += 1
            return get(v)

        return looked


def test_of_a_graph_far_too_large_only_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(1.0, "x")
    for _ in range(150_000):
        x = x * 1.5
    monkeypatch.setattr(choice, "MOST_COUNTED", 1000)
    looked = Looked(monkeypatch)
    large = r"the graph has more than 1,000 nodes and this picture would show more than 1,000 of them.*larger max_nodes"
    with pytest.raises(ValueError, match=large):
        draw(x)
    assert looked.nodes <= 1000
    with pytest.raises(
        ValueError, match=r"more than 1,000 nodes and this picture would show 601 of them.*max_nodes=601 "
    ):
        draw(x, depth=300)
    with pytest.raises(ValueError, match=r"more than 1,000 nodes and this picture would show more than 1,000 of them"):
        draw(x, depth=10**9)
    assert looked.nodes <= 5000
    with pytest.raises(ValueError, match=r"more than 2,000 nodes .* \(now 2000\)"):
        draw(x, max_nodes=2000)
    assert looked.nodes <= 7000
    monkeypatch.setattr(subject, "MOST_COUNTED", 2000)
    with pytest.raises(ValueError, match=r"up to 1,000 nodes, and this one has more than 2,000: explore a part of it"):
        explore(x)
    assert looked.nodes <= 9000


def test_what_a_page_refuses_can_be_seen_as_the_refusal_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["microgpt.py"])
    gpt = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "microgpt.py"), run_name="example")
    loss = gpt["loss"]("ada")
    with pytest.raises(ValueError, match="explore shows graphs of up to 1,000 nodes") as refused:
        explore(loss)
    said = re.fullmatch(
        r".* this one has ([\d,]+): explore a part of it, such as '(\w+)', which has ([\d,]+);"
        r" or draw its end: draw\(\.\.\., depth=(\d+)\) shows ([\d,]+) nodes",
        str(refused.value),
    )
    assert said
    count, name, part, depth, end = (each.replace(",", "") for each in said.groups())
    order = topological_order(loss)
    assert len(order) == int(count)
    [named] = [v for v in order if v.label == name]
    assert len(topological_order(named)) == int(part) <= 1000
    subject.require_few(named)
    assert len(nodes(draw(loss, depth=int(depth)))) == int(end)
    with pytest.raises(ValueError, match="too many to read"):
        draw(loss, depth=int(depth) + 1)


def test_a_network_too_large_for_a_picture_or_a_page_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    net = MLP(40, [40])
    monkeypatch.setattr(MLP, "__call__", lambda *_: pytest.fail("it was run"))
    monkeypatch.setattr(Layer, "__call__", lambda *_: pytest.fail("it was run"))
    with pytest.raises(ValueError, match=r"1,600 connections"):
        draw_network(net, inputs=[0.0] * 40, max_neurons=40)
    with pytest.raises(ValueError, match=r"up to 1,000 nodes, and this one has 1,600"):
        explore(net)


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
