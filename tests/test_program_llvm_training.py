"""Loops in machine code that change their own numbers: programs iterated, and gradient descent in batches."""

import functools
import math
import random
import threading
from array import array
from itertools import accumulate, chain
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.programs import network
from tests.worked import WEIGHTS, worked_example
from tinygrad_bp import Value, compile, grad
from tinygrad_bp.program.llvm import training

pytestmark = pytest.mark.extras


def formula(kind: Any) -> Any:
    """An optimizer's update of a parameter as a program, how much it remembers, and its settings for each step."""
    p, g, m, v, lr, root = (Value(1.0, name) for name in ("p", "g", "m", "v", "lr", "root"))
    if kind == "sgd":
        return compile([p - lr * g], [p, g, lr]), 0, lambda step: [0.05]
    if kind == "momentum":
        velocity = 0.9 * m + g
        return compile([p - lr * velocity, velocity], [p, g, m, lr]), 1, lambda step: [0.05]
    mean, square = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    adam = compile([p - lr * mean / (square.sqrt() / root + 1e-8), mean, square], [p, g, m, v, lr, root])
    return adam, 2, lambda step: [0.05 / (1 - 0.9 ** (step + 1)), math.sqrt(1 - 0.999 ** (step + 1))]


def reference(program: Any, kind: Any, start: Any, table: Any, batches: Any) -> Any:
    """The same training, step by step in Python."""
    update, kept, settings = formula(kind)
    rows = [list(start)] + [[0.0] * len(start) for _ in range(kept)]
    losses = []
    for step, batch in enumerate(batches):
        results = [program(*rows[0], *table[k]) for k in batch]
        loss, *gradient = (math.fsum(column) / len(batch) for column in zip(*results, strict=True))
        losses.append(loss)
        changed = [
            update(p, g, *more, *settings(step)) for p, g, *more in zip(rows[0], gradient, *rows[1:], strict=True)
        ]
        rows = [list(row) for row in zip(*changed, strict=True)]
    return [x for row in rows for x in row], losses


def descended(program: Any, kind: Any, start: Any, table: Any, batches: Any) -> Any:
    """The state and the losses of the same in machine code."""
    update, kept, settings = formula(kind)
    state = array("d", [*start, *[0.0] * (kept * len(start))])
    losses = program.to("llvm").descend(
        update,
        state,
        array("d", [x for step in range(len(batches)) for x in settings(step)]),
        array("d", [x for row in table for x in row]),
        array("q", [row for batch in batches for row in batch]),
        array("q", accumulate(map(len, batches))),
    )
    return state.tolist(), losses.tolist()


KINDS = ["sgd", "momentum", "adam"]


@pytest.mark.parametrize("size", [1, 3, 11])
@pytest.mark.parametrize("kind", KINDS)
def test_descent_is_what_python_computes(kind: Any, size: int) -> None:
    program = compile(*network())
    draw = random.Random(3)
    table = [[draw.uniform(0, 1) for _ in range(4)] for _ in range(11)]
    batches = [draw.sample(range(11), max(1, size - k % 2)) for k in range(1000)]
    state, losses = descended(program, kind, WEIGHTS, table, batches)
    numbers, errors = reference(program, kind, WEIGHTS, table, batches)
    assert state == pytest.approx(numbers, rel=1e-11, abs=1e-14)
    assert losses == pytest.approx(errors, rel=1e-10)


def one_step(kind: str = "sgd") -> Any:
    """A step of the worked example as a program: weights, learning rate and row; error and new weights."""
    net, inputs, targets, error = worked_example()
    lr = Value(0.5, "lr")
    after = [w - lr * slope for w, slope in zip(net.weights, grad(error, net.weights), strict=True)]
    return compile([error, *after], [*net.weights, lr, *inputs, *targets])


def test_the_worked_example_is_trained_by_a_program_that_is_iterated() -> None:
    program, state = one_step(), array("d", WEIGHTS)
    row, steps = [0.05, 0.10, 0.01, 0.99], 10_001
    rates, order = array("d", [0.5]) * steps, array("q", [0]) * steps
    errors = program.to("llvm").iterate(state, rates, array("d", row), order)
    assert errors[1] == pytest.approx(0.291027774, abs=5e-10)
    assert errors[9_999] == pytest.approx(3.510854812e-05, rel=1e-9)
    assert errors[10_000] == pytest.approx(3.510187783e-05, rel=1e-9)
    last, recorded = program.scan(WEIGHTS, [(0.5,)] * steps, [row], [0] * steps)
    assert state.tolist() == pytest.approx(last, rel=1e-12)
    assert errors.tolist() == pytest.approx(recorded, rel=1e-12)


def test_iterations_that_do_not_fit() -> None:
    machine, row = one_step().to("llvm"), array("d", [0.05, 0.10, 0.01, 0.99])

    def run(state: Any = WEIGHTS, settings: Any = (0.5,), table: Any = row, order: Any = (0,)) -> None:
        state = array("d", state)
        machine.iterate(state, array("d", settings), array("d", table), array("q", order))

    run()
    for wrong, words in (
        ({"state": WEIGHTS[:3]}, "9 outputs are a number and 8 to replace the state, which has 3"),
        ({"settings": (0.5, 0.5, 0.5), "order": (0, 0)}, "3 settings are not as many for each of 2 times"),
        ({"table": row[:3]}, "do not fit a table of 3 numbers"),
        ({"order": (0, 1), "settings": (0.5, 0.5)}, "order names row 1, and the rows are 0 to 0"),
        ({"order": (-1,)}, "order names row -1"),
    ):
        with pytest.raises(ValueError, match=words):
            run(**wrong)
    with pytest.raises(TypeError, match=r"array\('d'\)s"):
        machine.iterate(WEIGHTS, array("d", [0.5]), row, array("q", [0]))
    state = array("d", WEIGHTS)
    with pytest.raises(ValueError, match="order names row 7"):
        machine.iterate(state, array("d", [0.5] * 3), row, array("q", [0, 0, 7]))
    twice = array("d", WEIGHTS)
    machine.iterate(twice, array("d", [0.5] * 2), row, array("q", [0, 0]))
    assert state == twice


def test_descents_that_do_not_fit() -> None:
    machine, row = compile(*network()).to("llvm"), array("d", [0.05, 0.10, 0.01, 0.99])
    update, _, _ = formula("sgd")

    def run(
        state: Any = WEIGHTS, settings: Any = (0.5,), table: Any = row, order: Any = (0,), ends: Any = (1,)
    ) -> None:
        state = array("d", state)
        machine.descend(update, state, array("d", settings), array("d", table), array("q", order), array("q", ends))

    run()
    for wrong, words in (
        ({"state": WEIGHTS[:3]}, "a state of 3 numbers and 1 settings do not fit 8 parameters"),
        ({"settings": ()}, "0 settings do not fit"),
        ({"table": row[:3]}, "do not fit a table of 3 numbers"),
        ({"order": (1,)}, "order names rows from 1 to 1, and there are 0 to 0"),
        ({"ends": (2,)}, "ends go up"),
        ({"ends": (0,)}, "ends go up"),
        ({"ends": (1, 1), "settings": (0.5, 0.5)}, "ends go up"),
    ):
        with pytest.raises(ValueError, match=words):
            run(**wrong)


@functools.cache
def deep(depth: Any) -> Any:
    """A loss of three parameters and a row of two numbers, through so many layers, and its gradient."""
    a, b, c, x, target = (
        Value(v, label) for v, label in ((0.9, "a"), (0.1, "b"), (1.1, "c"), (0.3, "x"), (0.5, "target"))
    )
    y = x
    for _ in range(depth):
        y = (a * y + b).tanh() * c
    loss = ((y - target) ** 2 + 1.0).sqrt()
    return compile([loss, *grad(loss, [a, b, c])], [a, b, c, x, target])


@pytest.mark.parametrize("depth", [2, 100, 600])
@pytest.mark.parametrize("size", [1, 11])
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_programs_of_every_size_have_rows_and_descent(depth: int, size: int, kind: str) -> None:
    program = deep(depth)
    machine = program.to("llvm")
    start, table = [0.9, 0.1, 1.1], [[0.1 * k, 0.5 - 0.05 * k] for k in range(11)]
    wanted = [program(*start, *row) for row in table]
    for row, want in zip(machine.rows(table, start), wanted, strict=True):
        assert row == pytest.approx(want, rel=1e-10)
    totals = [math.fsum(column) for column in zip(*wanted, strict=True)]
    assert machine.rows(table, start, total=True) == pytest.approx(totals, rel=1e-10)
    batches = [list(range(11))] * 5 if size == 11 else [[k] for k in range(5)]
    state, losses = descended(program, kind, start, table, batches)
    numbers, errors = reference(program, kind, start, table, batches)
    assert state == pytest.approx(numbers, rel=1e-9)
    assert losses == pytest.approx(errors, rel=1e-9)


def test_large_programs_are_iterated_by_short_functions() -> None:
    count = 6_000
    xs, p, rate = [Value(0.1) for _ in range(count)], Value(1.0), Value(0.5)
    y = tg.sum_of(xs) * p
    machine = compile([y, p - rate * y, xs[1] + p], [p, Value(0.0), rate, *xs]).to("llvm")
    assert machine.is_large
    text = training.iterated(machine.code, 2, 1, machine._layout)
    assert text.count("\n") < 200
    table = [[math.sin(k + row) / 100 for k in range(count)] for row in range(3)]
    state, order = array("d", [1.0, 0.0]), [2, 0, 1, 0]
    settings = [0.5, 0.25, 0.125, 2.0]
    losses = machine.iterate(state, array("d", settings), array("d", chain(*table)), array("q", order))
    q, wanted = 1.0, []
    for row, now in zip(order, settings, strict=True):
        wanted.append(math.fsum(table[row]) * q)
        last = table[row][1] + q
        q -= now * wanted[-1]
    assert losses.tolist() == pytest.approx(wanted, rel=1e-12)
    assert state.tolist() == pytest.approx([q, last], rel=1e-12)
    with pytest.raises(ValueError, match="order names row 3"):
        machine.iterate(state, array("d", settings[:2]), array("d", chain(*table)), array("q", [0, 3]))
    assert state[0] == pytest.approx(q - 0.5 * math.fsum(table[0]) * q, rel=1e-12)


def test_the_three_ways_to_write_a_program() -> None:
    forms = [deep(depth).to("llvm")._layout for depth in (2, 100, 600)]
    assert [(form.outline, form.blocks) for form in forms] == [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize("use", ["call", "rows", "descend"])
def test_threads_may_share_a_machine_program_from_its_first_use_on(use: str) -> None:
    row = [0.05, 0.10, 0.01, 0.99]
    for _ in range(5):
        machine = compile(*network()).to("llvm")
        uses = {
            "call": lambda machine=machine: machine(*WEIGHTS, *row),
            "rows": lambda machine=machine: machine.rows([row] * 500, WEIGHTS)[499],
            "descend": lambda machine=machine: list(
                machine.descend(
                    formula("sgd")[0],
                    array("d", WEIGHTS),
                    array("d", [0.5]),
                    array("d", row),
                    array("q", [0]),
                    array("q", [1]),
                )
            ),
        }
        barrier, found = threading.Barrier(8), []

        def work(barrier: Any = barrier, found: Any = found, uses: Any = uses) -> None:
            barrier.wait()
            found.append(uses[use]())

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert all(each == found[0] for each in found)
