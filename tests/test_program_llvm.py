"""Machine code: the numbers of Python where it has some, of IEEE arithmetic elsewhere; rows and iterations in loops of its own."""

import functools
import gc
import math
import pickle
import random
import threading
from array import array
from itertools import accumulate

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.rows import alone, corners_of
from tests.worked import WEIGHTS, worked_example
from tinygrad_bp import OPERATIONS, Value, compile, grad
from tinygrad_bp.program.instructions import bell, decay, logistic

pytestmark = pytest.mark.extras
# Where the C library or compensated arithmetic rounds twice: as far as each may be from the row, relative.
LOOSE = {"pow": 4e-15, "power_term": 4e-15, "over_squares": 2e-15}


def worked_program():
    net, inputs, targets, error = worked_example()
    return compile([error, *grad(error, net.weights)], [*net.weights, *inputs, *targets])


def samples(op, count=400):
    draw = random.Random(op.name)
    found = []
    for box in op.domain.boxes:
        for _ in range(count // len(op.domain.boxes)):
            point = []
            for low, high in box:
                x = draw.choice(
                    (draw.uniform(-3, 3), draw.uniform(-45, 45), draw.uniform(low / 2, high / 2) * 2,
                     math.copysign(10 ** draw.uniform(-300, 300), draw.random() - 0.5))
                )  # fmt: skip
                point.append(min(max(x, low), high))
            found.append(point)
    return found + corners_of(op)


def same(a, b, tolerance):
    return (a != a and b != b) or a == b or abs(a - b) <= tolerance * abs(b) + 1e-320


@pytest.mark.parametrize("op", [*OPERATIONS.values(), decay, logistic, bell], ids=lambda op: op.name)
def test_every_row(op):
    if op in (tg.sigmoid, OPERATIONS["sigmoid_slope"]):
        x = Value(1.0)
        program = compile(op(x), [x])
        machines = {1: program.to("llvm")}
        points = samples(op)
    elif op is logistic:
        points = [[x, math.exp(-abs(x))] for [x] in samples(decay)]
        machines = {2: alone(op, 2).to("llvm")}
    elif op is bell:
        points = [[math.exp(-abs(x))] for [x] in samples(decay)]
        machines = {1: alone(op, 1).to("llvm")}
    else:
        points = samples(op)
        machines = {n: alone(op, n).to("llvm") for n in {len(point) for point in points}}
    checked = 0
    for n, machine in machines.items():
        table = [point for point in points if len(point) == n]
        by_rows = machine.rows(table)
        for k, point in enumerate(table):
            try:
                wanted = op.forward(*point)
            except (ValueError, ArithmeticError):
                continue
            halves = (point[: n // 2], point[n // 2 :])
            size = sum(
                map(abs, point) if op is tg.sum_of else (abs(a * b) for a, b in zip(*halves, strict=op is tg.dot))
            )
            if op in (tg.sum_of, tg.dot) and not 1e-280 < size < math.inf:
                continue  # Python goes by fractions there
            loose = LOOSE.get(op.name, 1e-15)
            if op is tg.dot and wanted:
                loose = max(loose, n * 2.0**-53 * size / abs(wanted))  # a sum one after another, not rounded once
            if op is tg.logsumexp and abs(wanted) < 0.5 * abs(max(point)):
                continue  # the terms cancel: Python goes on with more digits
            found = machine(*point)
            assert same(found, wanted, loose), (point, found, wanted)
            assert same(by_rows[k], found, max(1e-15, loose)), (point, by_rows[k], found)
            checked += 1
    assert checked > 100


@pytest.mark.parametrize("op", [tg.exp, tg.tanh, decay], ids=lambda op: op.name)
def test_the_polynomials_are_within_2_ulp(op):
    import mpmath

    machine = alone(op, 1).to("llvm")
    draw = random.Random(1)
    worst = 0.0
    with mpmath.workdps(40):
        exact = {tg.exp: mpmath.exp, tg.tanh: mpmath.tanh, decay: lambda x: mpmath.exp(-abs(x))}[op]
        for _ in range(4000):
            x = draw.choice(
                (draw.uniform(-1, 1), draw.uniform(-25, 25), draw.uniform(-740, 709), 10 ** draw.uniform(-20, 0))
            )
            y = exact(mpmath.mpf(x))
            worst = max(worst, float(abs(mpmath.mpf(machine(x)) - y) / mpmath.mpf(math.ulp(float(y)))))
    assert worst < 2.0


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_with_gradients(seed):
    y, leaves = random_graph(seed)
    program = compile([y, *grad(y, leaves)], leaves)
    machine = program.to("llvm")
    draw = random.Random(seed)
    points = [[draw.uniform(-2, 2) for _ in leaves] for _ in range(10)]
    points += [[draw.choice((0.0, -0.0, 1.0, 40.0, -40.0)) for _ in leaves] for _ in range(10)]
    table = []
    for point in points:
        try:
            wanted = program(*point)
        except (ValueError, ArithmeticError):
            continue
        table.append((point, wanted))
        scale = max(map(abs, wanted))
        assert machine(*point) == pytest.approx(wanted, rel=1e-11, abs=1e-12 * scale, nan_ok=True)
    rows = machine.rows([point for point, _ in table])
    for k, (_, wanted) in enumerate(table):
        assert rows[k] == pytest.approx(wanted, rel=1e-11, abs=1e-12 * max(map(abs, wanted)), nan_ok=True)


def test_what_python_raises_is_infinity_or_nan_here():
    x = Value(1.0, "x")
    machine = compile([x.log(), 1 / x, x.exp(), x**0.5, x.relu()], [x]).to("llvm")
    assert str(machine(-1.0)[0]) in ("nan", "-nan")
    assert machine(0.0)[:2] == [-math.inf, math.inf]
    assert machine(1000.0)[2] == math.inf
    assert math.isnan(machine(-2.0)[3])
    assert all(math.isnan(y) for y in machine(math.nan))


@pytest.mark.parametrize("op", [row for row in OPERATIONS.values() if row.arity], ids=lambda op: op.name)
def test_nan_goes_through_every_row(op):
    assert op.arity
    machine = compile(op(*(leaves := [Value(1.0) for _ in range(op.arity)])), leaves).to("llvm")
    for place in range(op.arity):
        point = [1.0] * op.arity
        point[place] = math.nan
        assert math.isnan(machine(*point))


def test_a_call_by_name_and_errors():
    machine = worked_program().to("llvm")
    assert machine(*WEIGHTS, 0.05, 0.1, 0.01, target_o2=0.99)[0] == pytest.approx(0.298371109, abs=5e-10)
    with pytest.raises(TypeError, match="takes 12 numbers"):
        machine(1.0)
    with pytest.raises(TypeError, match="takes 12 numbers"):
        machine(*[1.0] * 13)
    with pytest.raises(TypeError, match="w1 takes a real number"):
        machine("a", *[1.0] * 11)


def test_buffers_are_read_and_written_in_place():
    program = worked_program()
    inputs, outputs = array("d", [*WEIGHTS, 0.05, 0.1, 0.01, 0.99]), array("d", bytes(72))
    call = program.to("llvm").bind(inputs, outputs)
    call()
    assert outputs.tolist() == pytest.approx(program(*inputs), rel=1e-14)
    inputs[0] = 3.0
    call()
    assert outputs.tolist() == pytest.approx(program(*inputs), rel=1e-14)
    with pytest.raises(ValueError, match="inputs: 12 doubles, not 3"):
        program.to("llvm").bind(array("d", [1.0] * 3), outputs)
    with pytest.raises(TypeError, match="numbers that are doubles"):
        program.to("llvm").bind(array("f", [1.0] * 12), outputs)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 100])
def test_rows_and_their_sums(count):
    program = worked_program()
    machine = program.to("llvm")
    draw = random.Random(count)
    table = [[draw.uniform(-2, 2) for _ in range(4)] for _ in range(count)]
    wanted = [program(*WEIGHTS, *row) for row in table]
    if count or not table:
        rows = machine.rows(table, WEIGHTS)
        assert len(rows) == count
        for row, want in zip(rows, wanted, strict=True):
            assert row == pytest.approx(want, rel=1e-13)
    total = machine.rows(table, WEIGHTS, total=True)
    assert total == pytest.approx([math.fsum(column) for column in zip(*wanted, strict=True)] or [0.0] * 9, rel=1e-12)


def test_a_table_that_does_not_fit():
    machine = worked_program().to("llvm")
    with pytest.raises(ValueError, match="row 2 has 3 numbers, and the program takes 4"):
        machine.rows([[1.0] * 4, [1.0] * 3], WEIGHTS)
    with pytest.raises(TypeError, match="real number"):
        machine.rows([["1", 2, 3, 4]], WEIGHTS)


def test_tables_of_numpy():
    import numpy

    machine = worked_program().to("llvm")
    table = numpy.linspace(0.1, 1.0, 40).reshape(10, 4)
    wanted = list(machine.rows(table.tolist(), WEIGHTS))
    frozen = table.copy()
    frozen.setflags(write=False)
    for same_table in (table, frozen, numpy.asfortranarray(table), numpy.repeat(table, 2, axis=0)[::2]):
        assert list(machine.rows(same_table, numpy.array(WEIGHTS))) == wanted
    whole = numpy.arange(8).reshape(2, 4)
    assert list(machine.rows(whole, WEIGHTS)) == list(machine.rows(whole.astype(float), WEIGHTS))
    assert list(machine.rows(whole.astype("f"), WEIGHTS)) == list(machine.rows(whole.tolist(), WEIGHTS))
    assert numpy.asarray(machine.rows(table, WEIGHTS)).shape == (10, 9)
    for wrong in (table.ravel(), table[:, :3], table[None]):
        with pytest.raises(ValueError, match=r"the table has the shape .*, and the program takes \(rows, 4\)"):
            machine.rows(wrong, WEIGHTS)


def test_programs_without_inputs_or_outputs():
    x = Value(3.0)
    assert compile([], [x]).to("llvm")(1.0) == []
    assert compile([x * 2], []).to("llvm")() == [6.0]
    assert compile([x * 2], []).to("llvm").rows([[], []])[:] == [[6.0], [6.0]]
    assert compile([x * 2, [x]], []).to("llvm").rows([[]] * 11, total=True) == [66.0, [33.0]]


def formula(kind):
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


def reference(program, kind, start, table, batches):
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


def descended(program, kind, start, table, batches):
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
def test_descent_is_what_python_computes(kind, size):
    program = worked_program()
    draw = random.Random(3)
    table = [[draw.uniform(0, 1) for _ in range(4)] for _ in range(11)]
    batches = [draw.sample(range(11), max(1, size - k % 2)) for k in range(1000)]
    state, losses = descended(program, kind, WEIGHTS, table, batches)
    numbers, errors = reference(program, kind, WEIGHTS, table, batches)
    assert state == pytest.approx(numbers, rel=1e-11, abs=1e-14)
    assert losses == pytest.approx(errors, rel=1e-10)


def one_step(kind="sgd"):
    """A step of the worked example as a program: weights, learning rate and row; error and new weights."""
    net, inputs, targets, error = worked_example()
    lr = Value(0.5, "lr")
    after = [w - lr * slope for w, slope in zip(net.weights, grad(error, net.weights), strict=True)]
    return compile([error, *after], [*net.weights, lr, *inputs, *targets])


def test_the_worked_example_is_trained_by_a_program_that_is_iterated():
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


def test_iterations_that_do_not_fit():
    machine, row = one_step().to("llvm"), array("d", [0.05, 0.10, 0.01, 0.99])

    def run(state=WEIGHTS, settings=(0.5,), table=row, order=(0,)):
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


def test_descents_that_do_not_fit():
    machine, row = worked_program().to("llvm"), array("d", [0.05, 0.10, 0.01, 0.99])
    update, _, _ = formula("sgd")

    def run(state=WEIGHTS, settings=(0.5,), table=row, order=(0,), ends=(1,)):
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


def test_rows_are_a_sequence_and_an_array():
    import numpy

    x = Value(1.0, "x")
    rows = compile([x, [x * 2, x]], [x]).to("llvm").rows([[1.0], [2.0], [3.0]])
    assert rows[1] == rows[-2] == [2.0, [4.0, 2.0]]
    assert rows[1:] == list(rows)[1:]
    assert numpy.asarray(rows).tolist() == [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [3.0, 6.0, 3.0]]
    assert numpy.asarray(compile([x], [x]).to("llvm").rows([])).shape == (0, 1)
    with pytest.raises(IndexError):
        rows[3]


@pytest.mark.parametrize("use", ["call", "rows", "descend"])
def test_threads_may_share_a_machine_program_from_its_first_use_on(use):
    row = [0.05, 0.10, 0.01, 0.99]
    for _ in range(5):
        machine = worked_program().to("llvm")
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

        def work(barrier=barrier, found=found, uses=uses):
            barrier.wait()
            found.append(uses[use]())

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert all(each == found[0] for each in found)


def test_the_functions_outlive_the_machine_program():
    outputs = array("d", [0.0] * 9)
    call = worked_program().to("llvm").bind(array("d", [*WEIGHTS, 0.05, 0.1, 0.01, 0.99]), outputs)
    gc.collect()
    call()
    assert outputs[0] == pytest.approx(0.298371109, abs=5e-10)
    with pytest.raises(TypeError):
        call(1.0)


def test_a_machine_program_is_pickled():
    machine = pickle.loads(pickle.dumps(worked_program().to("llvm")))
    assert machine(*WEIGHTS, 0.05, 0.1, 0.01, 0.99)[0] == pytest.approx(0.298371109, abs=5e-10)


def test_many_outputs_and_inputs_compile_in_linear_time():
    x = Value(1.5, "x")
    machine = compile([x * 2] * 20_000, [x]).to("llvm")
    assert machine(2.0) == [4.0] * 20_000
    assert machine.rows([[1.0], [2.0]], total=True) == [6.0] * 20_000


@pytest.mark.parametrize("op", [tg.sum_of, tg.dot, tg.logsumexp], ids=lambda op: op.name)
@pytest.mark.parametrize("count", [64, 66, 500])
def test_sums_of_many_operands(op, count):
    leaves = [Value(0.0) for _ in range(count)]
    halves = (leaves[: count // 2], leaves[count // 2 :])
    y = op(*halves) if op is tg.dot else op(leaves)
    machine = compile([y, *grad(y, leaves)], leaves).to("llvm")
    draw = random.Random(count)
    for scale in (1.0, 50.0, 1e8):
        point = [draw.uniform(-scale, scale) for _ in leaves]
        wanted = op.forward(*point)
        lost = (
            count
            * 2.0**-53
            * sum(abs(a * b) for a, b in zip(point[: count // 2], point[count // 2 :], strict=op is tg.dot))
        )
        within = pytest.approx(wanted, rel=4e-16, abs=lost if op is tg.dot else 0.0)
        assert machine(*point)[0] == within
        assert machine.rows([point] * 9)[8][0] == within
        assert machine(*point)[1:] == pytest.approx(list(op.derivatives(wanted, point)), rel=1e-13, abs=1e-300)
    for special in (math.nan, math.inf, -math.inf):
        point[3] = special
        assert machine(*point)[0] == pytest.approx(op.forward(*point), nan_ok=True)


@pytest.mark.parametrize(("name", "limit"), [("sigmoid", 4.0), ("tanh", 4.0)])
def test_slopes_keep_their_digits_in_saturation(name, limit):
    import mpmath

    x = Value(1.0)
    machine = compile(grad(getattr(x, name)(), x), [x]).to("llvm")
    draw = random.Random(2)
    with mpmath.workdps(50):
        for _ in range(3000):
            at = draw.choice((draw.uniform(-3, 3), draw.uniform(-40, 40), draw.uniform(-372, 372)))
            e = mpmath.exp(-abs(mpmath.mpf(at)) * (2 if name == "tanh" else 1))
            exact = (4 if name == "tanh" else 1) * e / (1 + e) ** 2
            assert abs(machine(at) - exact) <= limit * math.ulp(float(exact)), at


def test_a_large_program_is_split_into_functions():
    x = y = Value(0.5, "x")
    for _ in range(2_000):
        y = (y * 1.0001 + 0.0001).sin()
    program = compile([y, grad(y, x)], [x])
    machine = program.to("llvm")
    assert "@block9(" in machine.source
    assert machine(0.25) == pytest.approx(program(0.25), rel=1e-11)


@functools.cache
def deep(depth):
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
def test_programs_of_every_size_have_rows_and_descent(depth, size, kind):
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


def test_the_three_ways_to_write_a_program():
    forms = [deep(depth).to("llvm")._layout for depth in (2, 100, 600)]
    assert [(form.outline, form.blocks) for form in forms] == [(False, False), (True, False), (True, True)]
