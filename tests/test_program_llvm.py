"""Machine code: the numbers of Python where it has some, of IEEE arithmetic elsewhere; rows and iterations in loops of its own."""

import gc
import math
import pickle
import random
from array import array
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.programs import network
from tests.rows import alone, corners_of
from tests.worked import WEIGHTS
from tinygrad_bp import OPERATIONS, Value, compile, grad
from tinygrad_bp.program.llvm import calls
from tinygrad_bp.program.parts import bell, decay, logistic

pytestmark = pytest.mark.extras
# Where the C library or compensated arithmetic rounds twice: as far as each may be from the row, relative.
LOOSE = {"pow": 4e-15, "power_term": 4e-15, "over_squares": 2e-15}


def samples(op: Any, count: int = 400) -> Any:
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


def same(a: Any, b: Any, tolerance: Any) -> Any:
    return (a != a and b != b) or a == b or abs(a - b) <= tolerance * abs(b) + 1e-320


@pytest.mark.parametrize("op", [*OPERATIONS.values(), decay, logistic, bell], ids=lambda op: op.name)
def test_every_row(op: Any) -> None:
    if op is logistic:
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
def test_the_polynomials_are_within_2_ulp(op: Any) -> None:
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
def test_random_graphs_with_gradients(seed: int) -> None:
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


def test_what_python_raises_is_infinity_or_nan_here() -> None:
    x = Value(1.0, "x")
    machine = compile([x.log(), 1 / x, x.exp(), x**0.5, x.relu()], [x]).to("llvm")
    assert str(machine(-1.0)[0]) in ("nan", "-nan")
    assert machine(0.0)[:2] == [-math.inf, math.inf]
    assert machine(1000.0)[2] == math.inf
    assert math.isnan(machine(-2.0)[3])
    assert all(math.isnan(y) for y in machine(math.nan))


@pytest.mark.parametrize("op", [row for row in OPERATIONS.values() if row.arity], ids=lambda op: op.name)
def test_nan_goes_through_every_row(op: Any) -> None:
    assert op.arity
    machine = alone(op, op.arity).to("llvm")
    for place in range(op.arity):
        point = [1.0] * op.arity
        point[place] = math.nan
        assert math.isnan(machine(*point))


def test_a_call_by_name_and_errors() -> None:
    machine = compile(*network()).to("llvm")
    assert machine(*WEIGHTS, 0.05, 0.1, 0.01, target_o2=0.99)[0] == pytest.approx(0.298371109, abs=5e-10)
    with pytest.raises(TypeError, match="takes 12 numbers"):
        machine(1.0)
    with pytest.raises(TypeError, match="takes 12 numbers"):
        machine(*[1.0] * 13)
    with pytest.raises(TypeError, match="w1 takes a real number"):
        machine("a", *[1.0] * 11)


def test_buffers_are_read_and_written_in_place() -> None:
    program = compile(*network())
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
def test_rows_and_their_sums(count: int) -> None:
    program = compile(*network())
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


def test_a_table_that_does_not_fit() -> None:
    machine = compile(*network()).to("llvm")
    with pytest.raises(ValueError, match="row 2 has 3 numbers, and the program takes 4"):
        machine.rows([[1.0] * 4, [1.0] * 3], WEIGHTS)
    with pytest.raises(TypeError, match="real number"):
        machine.rows([["1", 2, 3, 4]], WEIGHTS)
    with pytest.raises(ValueError, match=r"^shared has 13 numbers, and the program has 12 inputs"):
        machine.rows([[1.0]], [*WEIGHTS, 1.0, 2.0, 3.0, 4.0, 5.0])
    with pytest.raises(
        TypeError, match=r"^shared is a sequence of numbers, one for each of the first inputs, not float 1\.0"
    ):
        machine.rows([[1.0] * 4], 1.0)


def test_tables_of_numpy() -> None:
    import numpy

    machine = compile(*network()).to("llvm")
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


def test_programs_without_inputs_or_outputs() -> None:
    x = Value(3.0)
    assert compile([], [x]).to("llvm")(1.0) == []
    assert compile([x * 2], []).to("llvm")() == [6.0]
    assert compile([x * 2], []).to("llvm").rows([[], []])[:] == [[6.0], [6.0]]
    assert compile([x * 2, [x]], []).to("llvm").rows([[]] * 11, total=True) == [66.0, [33.0]]


def test_rows_are_a_sequence_and_an_array() -> None:
    import numpy

    x = Value(1.0, "x")
    rows = compile([x, [x * 2, x]], [x]).to("llvm").rows([[1.0], [2.0], [3.0]])
    assert rows[1] == rows[-2] == [2.0, [4.0, 2.0]]
    assert rows[1:] == list(rows)[1:]
    assert numpy.asarray(rows).tolist() == [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [3.0, 6.0, 3.0]]
    assert numpy.asarray(compile([x], [x]).to("llvm").rows([])).shape == (0, 1)
    with pytest.raises(IndexError):
        rows[3]


def test_the_functions_outlive_the_machine_program() -> None:
    outputs = array("d", [0.0] * 9)
    call = compile(*network()).to("llvm").bind(array("d", [*WEIGHTS, 0.05, 0.1, 0.01, 0.99]), outputs)
    gc.collect()
    call()
    assert outputs[0] == pytest.approx(0.298371109, abs=5e-10)
    with pytest.raises(TypeError):
        call(1.0)


def test_a_machine_program_is_pickled() -> None:
    machine = pickle.loads(pickle.dumps(compile(*network()).to("llvm")))
    assert machine(*WEIGHTS, 0.05, 0.1, 0.01, 0.99)[0] == pytest.approx(0.298371109, abs=5e-10)


def test_many_outputs_and_inputs_compile_in_linear_time() -> None:
    x = Value(1.5, "x")
    machine = compile([x * 2] * 20_000, [x]).to("llvm")
    assert machine(2.0) == [4.0] * 20_000
    assert machine.rows([[1.0], [2.0]], total=True) == [6.0] * 20_000


@pytest.mark.parametrize("op", [tg.sum_of, tg.dot, tg.logsumexp], ids=lambda op: op.name)
@pytest.mark.parametrize("count", [64, 66, 500])
def test_sums_of_many_operands(op: Any, count: int) -> None:
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


def longest_function(text: str) -> int:
    """The lines of the longest function in LLVM's text."""
    return max(part.count("\n") for part in text.split("\n}\n"))


@pytest.mark.parametrize("op", [tg.sum_of, tg.dot, tg.logsumexp], ids=lambda op: op.name)
def test_sums_of_very_many_operands_are_short_programs(op: Any) -> None:
    def machine(count: int, *, mixed: bool) -> Any:
        xs: list[Any] = [Value(0.0) for _ in range(count)]
        operands = [x if k % 3 else 0.5 + k % 2 for k, x in enumerate(reversed(xs))] if mixed else xs
        halves = (operands[: count // 2], operands[count // 2 :])
        y = op(*halves) if op is tg.dot else op(operands)
        return compile([y * 2, y], xs).to("llvm")

    point = [math.sin(k) for k in range(10_000)]
    among = [x if k % 3 else 0.5 + k % 2 for k, x in enumerate(reversed(point))]
    for mixed, operands in ((False, point), (True, among)):
        lines = [machine(count, mixed=mixed).source.count("\n") for count in (10_000, 20_000)]
        assert lines[0] == lines[1] < 300
        made = machine(10_000, mixed=mixed)
        assert made.is_large
        wanted = op.forward(*operands)
        within = pytest.approx([2 * wanted, wanted], rel=1e-12)
        assert made(*point) == within
        assert made.rows([point] * 2)[1] == within


@pytest.mark.slow
@pytest.mark.parametrize("count", [400, 800, 1_600])
def test_no_function_grows_with_the_operands_of_its_sums(count: int) -> None:
    weights, xs = ([Value(1.0 / (k + 1), f"{name}{k}") for k in range(count)] for name in "wx")
    loss = (tg.dot(weights, xs) - 1.0) ** 2
    step = compile([loss, *[w - 0.1 * d for w, d in zip(weights, grad(loss, weights), strict=True)]], [*weights, *xs])
    gradient = compile([loss, *grad(loss, weights)], [*weights, *xs])
    point = [math.cos(k) for k in range(2 * count)]
    for program in (step, gradient):
        machine = program.to("llvm")
        assert longest_function(machine.source) < 10_000
        total = calls.rows(machine.code, count, machine._layout, total=True)
        assert longest_function(total) < 20_000
        wanted = program(*point)
        assert machine(*point) == pytest.approx(wanted, rel=1e-11)
        assert machine.rows([point[count:]] * 3, point[:count], total=True) == pytest.approx(
            [3 * y for y in wanted], rel=1e-11
        )


@pytest.mark.parametrize(("name", "limit"), [("sigmoid", 4.0), ("tanh", 4.0)])
def test_slopes_keep_their_digits_in_saturation(name: str, limit: float) -> None:
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


def test_a_large_program_is_split_into_functions() -> None:
    x = y = Value(0.5, "x")
    for _ in range(2_000):
        y = (y * 1.0001 + 0.0001).sin()
    program = compile([y, grad(y, x)], [x])
    machine = program.to("llvm")
    assert "@block9(" in machine.source
    assert machine(0.25) == pytest.approx(program(0.25), rel=1e-11)


@pytest.mark.slow
def test_a_large_program_stores_only_what_is_read_elsewhere() -> None:
    x, w = Value(0.5, "x"), Value(0.25, "w")
    y, kept = x, None
    for k in range(8_000):
        y = y * 0.999 + w * 0.001 if k % 2 else (y + w) * 0.5
        kept = y if k == 1_000 else kept
    assert kept is not None
    machine = compile([y, kept, y * kept], [x, w]).to("llvm")
    assert machine.is_large
    assert machine.source.count("store double") < len(machine.code.instructions) / 50
    assert machine(0.75, -2.0) == compile([y, kept, y * kept], [x, w])(0.75, -2.0)
