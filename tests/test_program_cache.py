"""What is made of a program is there already for the next of the same structure."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tinygrad_bp import MLP, Operation, Value, compile, grad
from tinygrad_bp.program import program as programs
from tinygrad_bp.program.cache import CACHE, Cache, structure, written
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.python import Source


def network(seed: int, label: str = "") -> Any:
    net = MLP(2, [3, 1], activation="tanh", seed=seed)
    x, y = Value(0.5, f"x{label}"), Value(1.0, "y")
    loss = (net([x, y])[0] - 0.25) ** 2
    return compile([loss, grad(loss, net.parameters())], [*net.parameters(), x, y])


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> list[Code]:
    """The codes that sources are written of from now on."""
    found: list[Code] = []

    def source(code: Code) -> Source:
        found.append(code)
        return Source(code)

    CACHE.clear()
    monkeypatch.setattr(programs, "Source", source)
    return found


def test_the_second_program_of_a_structure_is_written_already(sources: list[Code]) -> None:
    first, second = network(1), network(2)  # parameters are inputs: other numbers, the same program
    numbers = [0.1 * k for k in range(len(first.inputs))]
    assert first.function is second.function
    assert first(*numbers) == second(*numbers)
    assert len(sources) == 1


def test_who_has_other_labels_has_other_names(sources: list[Code]) -> None:
    first, second = network(1), network(1, "_of_mine")
    assert structure(first.code) == structure(second.code)
    assert written(first.code) != written(second.code)
    assert "x" in first.inputs
    assert "x_of_mine" in second.inputs
    assert len(sources) == 2


def test_what_differs_in_a_number_an_operation_or_its_nesting_is_not_the_same(sources: list[Code]) -> None:
    x = Value(2.0, "x")
    own = [
        Operation("own", lambda x, k=k: x + k, (lambda y, x: 1.0,), "own({bare[0]})", "own({bare[0]})", "own")
        for k in (1.0, 2.0)
    ]
    different = [
        compile(x * 3.0, [x]),
        compile(x * math.nextafter(3.0, 4.0), [x]),
        compile([x * 3.0], [x]),
        compile([[x * 3.0]], [x]),
        compile(x / 3.0, [x]),
        compile((x * 3.0).tanh(), [x]),
        *[compile(op(x), [x]) for op in own],
    ]
    assert len({written(program.code) for program in different}) == len(different)
    assert different[-2](2.0) == 3.0
    assert different[-1](2.0) == 4.0
    signs = [compile([x * each], [x]) for each in (-0.0, 0.0)]
    assert [math.copysign(1.0, program(-1.0)[0]) for program in signs] == [1.0, -1.0]


def test_a_loop_is_written_once(sources: list[Code]) -> None:
    x, step = Value(2.0, "x"), Value(0.5, "step")
    after = [compile([x, x * step], [x, step]).scan([1.0], [[0.5]] * 3, [[]], [0, 0, 0]) for _ in range(2)]
    assert after[0] == after[1] == ([0.125], [1.0, 0.5, 0.25])
    assert len(sources) == 1


def test_not_more_is_kept_than_fits() -> None:
    made: list[int] = []

    def make(k: int) -> Callable[[], int]:
        return lambda: made.append(k) or k

    cache = Cache(largest=10)
    assert [cache.of(lambda k=k: k, 4, make(k)) for k in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]  # type: ignore[misc]
    assert made == [1, 2, 3, 2]  # 2 was asked for longest ago when 3 came
    for _ in range(2):
        assert cache.of(lambda: pytest.fail("the key of what is too large was asked"), 11, make(9)) == 9
    assert made == [1, 2, 3, 2, 9, 9]
    cache.clear()
    assert cache.of(lambda: 1, 4, make(1)) == 1
    assert made[-1] == 1


def test_a_gpt_finds_room_as_source_and_as_machine_code() -> None:
    made: list[str] = []
    cache = Cache(CACHE.largest)
    for target in ["python", "llvm", "python", "llvm"]:
        cache.of(lambda t=target: t, 120_089, lambda t=target: made.append(t))  # type: ignore[misc]  # what W5 of tests/benchmarks counts for
    assert made == ["python", "llvm"]


def test_threads_get_one_and_the_same() -> None:
    CACHE.clear()
    with ThreadPoolExecutor(8) as pool:
        functions = list(pool.map(lambda k: network(k).function, range(16)))
    assert len(set(functions)) == 1


@pytest.mark.extras
def test_machine_code_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinygrad_bp.program.llvm import compiler as compiling

    CACHE.clear()
    compiled: list[str] = []
    function = compiling.Compiler.function

    def counted(self: Any, text: str, *rest: Any, **named: Any) -> Any:
        compiled.append(text)
        return function(self, text, *rest, **named)

    compiling.compiler()
    monkeypatch.setattr(compiling.Compiler, "function", counted)
    machines = [network(seed).to("llvm") for seed in (1, 2, 3)]
    numbers = [0.1 * k for k in range(len(network(1).inputs))]
    found = [(machine(*numbers), machine.rows([numbers])[:]) for machine in machines]
    assert found[0] == found[1] == found[2]
    assert len(compiled) == 2  # a call, and the rows
