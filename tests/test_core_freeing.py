"""Where Python does not see how deep it is in freeing, a long graph is freed by a loop: no release runs within another."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.graphs import random_graph
from tinygrad_bp import Value, sum_of
from tinygrad_bp.core import freeing

# The package where Python says that it is WebAssembly, with a count of how deep releases are within each other.
SETTING = """
import sys
sys.platform = "emscripten"
from tinygrad_bp import Value, sum_of
plain, depth, deepest, freed = Value.__del__, 0, 0, 0
def counted(node):
    global depth, deepest, freed
    depth += 1
    deepest, freed = max(deepest, depth), freed + 1
    plain(node)
    depth -= 1
Value.__del__ = counted
"""


def chain(x: Any, n: int) -> Any:
    for _ in range(n // 2):
        x = x * 1.0000001 + 0.0000001
    return x


@pytest.mark.slow
def test_a_chain_and_sums_are_freed_by_a_loop() -> None:
    code = """
x = y = Value(1.0)
for k in range(20_000): y = y * 1.0000001 + 0.0000001
middle = y
for k in range(5_000): y = sum_of([y, x, 0.5])
y.backward()
gradient = x.grad
y = None
first = freed
middle.backward()
middle = None
print(deepest, first, freed, gradient > 0, x.grad > gradient, x.data)
"""
    done = subprocess.run([sys.executable, "-c", SETTING + code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.split() == ["2", "5000", "45000", "True", "True", "1.0"]


@pytest.mark.slow
def test_a_thread_with_a_small_stack_frees_a_long_chain() -> None:
    code = """
import threading
from tinygrad_bp import Value, sum_of
from tinygrad_bp.core import freeing

def work():
    x = y = Value(1.0)
    for k in range(50_000): y = y * 1.0000001 + 0.0000001
    for k in range(5_000): y = sum_of([y, x, 0.5])
    y.backward()
    y = None
    print(x.grad > 5_000)

freeing.provide(Value, small_stack=True)
threading.stack_size(128 * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_elsewhere_a_value_is_freed_as_python_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not hasattr(Value, "__del__")

    class Node:
        pass

    freeing.provide(Node)
    assert not hasattr(Node, "__del__")
    monkeypatch.setattr(sys, "platform", "emscripten")
    freeing.provide(Node)
    assert vars(Node)["__del__"] is freeing.release


class Kept:
    """What `release` asks of a node, and no Value, so that it frees nothing by itself."""

    def __init__(self, a: Any = None, b: Any = None) -> None:
        self._a, self._b = a, b


def test_what_somebody_else_has_stays_whole() -> None:
    leaf = Kept()
    kept = Kept(leaf, 2.0)
    alone: Any = Kept(kept, Kept(1.0, (kept, leaf, 0.5)))
    freeing.release(alone)
    assert (alone._a, alone._b) == (None, None)
    assert (kept._a, kept._b) == (leaf, 2.0)
    freeing.release(object.__new__(Value))  # which was not finished


def test_only_the_ends_of_a_graph_go() -> None:
    y, leaves = random_graph(4)
    half = y.operands[0]
    assert isinstance(half, Value)
    total = sum_of([y * 2.0, half]) + 1.0
    freeing.release(total)
    for leaf in leaves:
        leaf.grad = 0.0
    half.backward()
    assert any(leaf.grad for leaf in leaves)
    assert y.operands


@pytest.mark.parametrize("free", [freeing.release, lambda node: None], ids=["by the loop", "by Python"])
def test_nothing_is_left(free: Callable[[Any], None]) -> None:
    draw = random.Random(1)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        y: Any = chain(Value(draw.random()), 200)
        free(y)
        del y
    assert len(gc.get_objects()) - before < 50


def test_a_leaf_has_nothing_to_take_from_it() -> None:
    x = Value(1.5, "x")
    freeing.release(x)
    assert (x.data, x.label, x.args) == (1.5, "x", ())
