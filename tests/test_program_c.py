"""A program in C: compiled without a warning, Python's numbers, and labels that stay comments."""

from __future__ import annotations

import math
import operator
import random
import re
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.c import compiled, counts
from tests.graphs import random_graph
from tests.labels import EXTREME, HOSTILE
from tests.programs import network, own_bell
from tests.rows import alone, corners_of, points_of
from tinygrad_bp import OPERATIONS, Operation, Value, compile, grad
from tinygrad_bp.core import ops
from tinygrad_bp.program.parts import bell, decay, logistic

pytestmark = pytest.mark.cc

# Rows that Python computes otherwise than by a function of C, and rows that C has by their definitions: how many units in the last place
# they may be off; the others not one.
WITHIN = {
    **dict.fromkeys((ops.cbrt, ops.over_squares, ops.erf_slope, ops.normal_cdf, ops.normal_density), 3),
    **dict.fromkeys(
        (ops.hypot, ops.asinh_slope, ops.silu, ops.silu_slope, ops.gelu, ops.gelu_slope, ops.pow, ops.power_term), 2
    ),
}


def ulps(a: float, b: float) -> float:
    """By how many units in the last place two numbers differ."""
    if a == b or (a != a and b != b):
        return 0.0
    return abs(a - b) / math.ulp(b) if math.isfinite(a) and math.isfinite(b) else math.inf


@pytest.mark.slow
def test_every_row(tmp_path: Path) -> None:
    texts, wanted = [], []
    for op in [*OPERATIONS.values(), decay, logistic, bell]:
        points = [*points_of(op, 60, 250), *corners_of(op)]
        if op in (logistic, bell):
            points = [[x, math.exp(-abs(x))][-op.arity :] for [x] in [*points_of(decay, 60, 250), *corners_of(decay)]]
        for count in sorted({len(point) for point in points}):
            kept = []
            for point in points:
                if len(point) == count:
                    try:
                        kept.append((point, op.forward(*point)))
                    except (ValueError, ArithmeticError):
                        continue
            assert len(kept) > 10
            texts.append(alone(op, count).to("c"))
            wanted.append((op, kept))
    worst: dict[Operation, float] = {}
    for (op, kept), function in zip(wanted, compiled(tmp_path, texts), strict=True):
        for point, y in kept:
            if op is ops.logsumexp and abs(y) < 0.5 * abs(max(point)):
                continue  # the terms cancel: Python goes on with more digits
            [got] = function(*point)
            worst[op] = max(worst.get(op, 0.0), ulps(got, y))
            assert worst[op] <= WITHIN.get(op, 0), (op, point, got, y)
    assert len(worst) == len(OPERATIONS) + 3


@pytest.mark.slow
def test_nan_goes_through_every_row(tmp_path: Path) -> None:
    rows = [op for op in OPERATIONS.values() if op.arity]
    for op, function in zip(rows, compiled(tmp_path, [alone(op, op.arity).to("c") for op in rows]), strict=True):
        for place in range(op.arity or 0):
            [got] = function(*[math.nan if k == place else 1.0 for k in range(op.arity or 0)])
            assert got != got, (op, place)


@pytest.mark.slow
@pytest.mark.parametrize("options", [("-O0",), ("-O3", "-march=native"), ("-O2", "-std=gnu99")])
def test_random_graphs_and_their_gradients_at_points_of_every_kind(tmp_path: Path, options: tuple[str, ...]) -> None:
    programs, points = [], []
    for seed in range(12):
        y, leaves = random_graph(seed)
        programs.append(compile([y, *grad(y, leaves)], leaves))
        draw = random.Random(seed)
        points.append([[draw.uniform(-2, 2) for _ in leaves] for _ in range(20)])
        points[-1] += [
            [draw.choice((0.0, -0.0, 1.0, 40.0, -40.0, 800.0, math.inf, math.nan)) for _ in leaves] for _ in range(20)
        ]
    functions = compiled(tmp_path, [program.to("c") for program in programs], *options)
    same = 0
    for program, some, function in zip(programs, points, functions, strict=True):
        for point in some:
            try:
                wanted = program(*point)
            except (ValueError, ArithmeticError):
                continue
            got = function(*point)
            scale = max([abs(x) for x in wanted if math.isfinite(x)], default=1.0)
            assert got == pytest.approx(wanted, rel=1e-12, abs=1e-15 + 1e-14 * scale, nan_ok=True), point
            same += [x.hex() for x in got] == [x.hex() for x in wanted]
    assert same > 100


def test_the_worked_example_to_the_last_bit(tmp_path: Path) -> None:
    outputs, inputs = network()
    program = compile(outputs, inputs)
    [function] = compiled(tmp_path, [program.to("c")])
    draw = random.Random(3)
    for _ in range(50):
        point = [draw.uniform(-2, 2) for _ in inputs]
        assert function(*point) == program(*point)


def test_rows_of_a_table_and_their_sums(tmp_path: Path) -> None:
    net = tg.MLP(2, [3, 1], activation=["tanh", "sigmoid"], seed=1)
    x, z, target = Value(0.5, "x"), Value(0.25, "z"), Value(1.0, "target")
    loss = (net([x, z])[0] - target) ** 2
    program = compile([loss, grad(loss, net.parameters())], [*net.parameters(), x, z, target])
    [function] = compiled(tmp_path, [program.to("c")])
    shared = [p.data for p in net.parameters()]
    draw = random.Random(1)
    table = [[draw.gauss(0, 1), draw.gauss(0, 1), draw.choice((0.0, 1.0))] for _ in range(7)]
    wanted = [function(*shared, *row) for row in table]
    rows: Any = function.__dict__["rows"]
    assert rows(shared, table) == [x for row in wanted for x in row]
    # One after the other: since Python 3.12 `sum` makes up for what rounding takes from floats, and that is not what C does.
    assert rows(shared, table, total=True) == [
        reduce(operator.add, column, 0.0) for column in zip(*wanted, strict=True)
    ]
    assert rows(shared, [], total=True) == [0.0] * len(wanted[0])
    assert rows([*shared, 0.1, 0.2, 1.0], [[]]) == function(*shared, 0.1, 0.2, 1.0)
    assert rows([], [[*shared, *row] for row in table]) == rows(shared, table)


# Sums --------------------------------------------------------------------------------------------------------------------------


def test_sums_are_rounded_once(tmp_path: Path) -> None:
    draw = random.Random(5)
    texts = [
        alone(op, count).to("c")
        for count in (1, 2, 3, 8, 40)
        for op in (ops.sum_of, ops.dot)
        if op is ops.sum_of or count % 2 == 0
    ]
    functions = compiled(tmp_path, texts)
    for text, function in zip(texts, functions, strict=True):
        count, _ = counts(text)
        op = ops.dot if "= dot(" in text else ops.sum_of
        for kind in range(600):
            spread = (0.0, 3.0, 16.0, 40.0, 300.0)[kind % 5]
            point = [
                draw.choice((-1.0, 1.0)) * draw.uniform(1, 2) * 2.0 ** draw.uniform(-spread, spread)
                for _ in range(count)
            ]
            if op is ops.sum_of and count > 2 and kind % 2:  # cancelling, or a tie, or next to one
                total = math.fsum(point[:-2])
                point[-2:] = [
                    -total,
                    draw.choice((0.0, 0.5, -0.5, 1.0)) * math.ulp(total) * draw.choice((1.0, 1 + 2.0**-52)),
                ]
            assert function(*point) == [op.forward(*point)], point


def test_sums_that_are_ties_or_hard_to_tell(tmp_path: Path) -> None:
    [function] = compiled(tmp_path, [alone(ops.sum_of, 5).to("c")])
    tiny = 2.0**-1074
    points = [
        [1.0, 2.0**-53, 2.0**-120, -(2.0**-110), 0.0], [1.0, 2.0**-53, tiny, 0.0, 0.0], [1.0, 2.0**-53, -tiny, 0.0, 0.0],
        [1.0, -(2.0**-54), tiny, -tiny, tiny], [1.0, -(2.0**-54), -tiny, 0.0, 0.0], [1e308, 1e308, -1e308, 0.5, 2.0],
    [-1e308, -1e308, 1e308, 1.0, 1e-300],
        [1e308, 1e308, 1e308, 1e308, -1e308], [1e308, 1e308, -1e308, -1e308, tiny], [tiny, tiny, -tiny, 0.0, 0.0],
        [2.0**53, 1.0, 2.0**-60, 2.0**-130, -(2.0**-200)], [1e16, 1.0, -1e16, tiny, -1.0],
    [2.0**1023, 2.0**1023 - 2.0**970, -tiny, 0.0, -(2.0**969)],
        [math.inf, 1.0, 1e308, 1e308, -1.0], [math.inf, -math.inf, 1.0, 1.0, 1.0], [-math.inf, 1e308, 1e308, 0.0, 0.0],
    [math.nan, 1.0, math.inf, 0.0, 0.0],
    ]  # fmt: skip
    for point in points:
        [got], want = function(*point), ops.sum_of.forward(*point)
        assert got == want or (got != got and want != want), point


def test_products_beyond_the_range_of_floats_that_cancel(tmp_path: Path) -> None:
    [four, six] = compiled(tmp_path, [alone(ops.dot, count).to("c") for count in (4, 6)])
    for point in (
        [1e200, -1e200, 1e200, 1e200], [1e200, 1e-200, -1e200, 1e-200], [math.inf, 1.0, 0.0, 1.0], [1e200, 1e200, 1e200, 1e200],
        [1e200, math.nextafter(1e200, 0.0), 1e200, -1e200], [1e-200, 1.0, 1e-200, 0.0], [1.5, -1e300, 1e308, 1e300],
    ):  # fmt: skip
        [got], want = four(*point), ops.dot.forward(*point)
        assert got == want or (got != got and want != want), point
    draw = random.Random(2)
    for _ in range(300):
        a, b, c, d = (draw.uniform(1, 2) * 2.0 ** draw.uniform(500, 1020) for _ in range(4))
        point = [
            a,
            -b,
            draw.uniform(-1, 1),
            b,
            a * (1 + draw.choice((0, 2.0**-30))),
            c * d if c * d < math.inf else 1.0,
        ]
        assert six(*point) == [ops.dot.forward(*point)], point


def test_exact_products_are_rounded_once(tmp_path: Path) -> None:
    [function] = compiled(tmp_path, [alone(ops.dot, 6).to("c")])
    draw = random.Random(4)
    told = 0
    for _ in range(300):
        ws = [draw.uniform(-2, 2) * 2.0 ** draw.uniform(520, 1000) for _ in range(2)] + [
            draw.uniform(-2, 2) * 2.0 ** draw.uniform(-1074, -900)
        ]
        xs = [
            ws[1],
            -ws[0] * (1 + draw.choice((0.0, 2.0**-52, 2.0**-40))),
            draw.uniform(-2, 2) * 2.0 ** draw.uniform(-200, 900),
        ]
        if not all(map(math.isfinite, ws + xs)) or not math.isinf(ws[0] * xs[0]) or not math.isinf(ws[1] * xs[1]):
            continue
        want = sum((Fraction(w) * Fraction(x) for w, x in zip(ws, xs, strict=True)), Fraction(0))
        if abs(want) < 2**1024:
            told += 1
            assert function(*ws, *xs) == [float(want)]
    assert told > 50


# What is written ------------------------------------------------------------------------------------------------------------


COMMENTS = [
    "*/ int main(void) { return 1; } /*", "/*", "/*/", "*", "/", "trailing\\", "\\\n", "??/", "??/\n", "????/", "*\\\n/", "// x",
    "line\nbreak",
    "#define program 1", "\u202e*/", "*\u200b/", "%:include", "??=define x", "é", "e", "α", "alpha", "Ω₁", "重み", "x\u0308",
]  # fmt: skip
WORDS = [
    "int", "register", "auto", "_Bool", "restrict", "y0", "y1", "jn", "gamma", "lgamma", "exp", "fabs", "fabsf", "erfc", "NAN",
    "INFINITY", "M_PI", "I",
    "HUGE_VAL", "isnan", "signbit", "NULL", "size_t", "int64_t", "uint64_t", "malloc", "free", "linux", "unix", "main", "asm",
    "typeof", "part_1", "part_2",
    "program", "program_rows", "program_inputs", "inputs", "outputs", "kept", "found", "shared", "count", "table", "rows", "row", "k",
    "power", "APART",
    "length", "running", "digits", "nearest", "exactly", "carry", "add_to", "bell", "decay", "logistic", "is_certain", "bool", "true",
    "class", "errno",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("part", [None, 8])
def test_labels_stay_comments(tmp_path: Path, part: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if part is not None:
        monkeypatch.setattr("tinygrad_bp.program.c.file.PART", part)
    labels = [*COMMENTS, *WORDS, *HOSTILE, *EXTREME, "x", "x", "x_2", "t1", "t2"]
    leaves = [Value(k / 100.0, label) for k, label in enumerate(labels, 1)]
    nodes = [x.sigmoid() * leaves[0] + tg.atan2(x, leaves[1]) + tg.hypot(leaves[2], x) ** x for x in leaves]
    for node, label in zip(nodes, reversed(labels), strict=True):
        node.label = label
    y = tg.sum_of(nodes) + tg.logsumexp(leaves[:3]) + tg.dot(leaves[:2], leaves[2:4])
    program = compile([y, *grad(y, leaves)], leaves)
    text = program.to("c")
    [function] = compiled(tmp_path, [text])
    point = [x.data for x in leaves]
    assert function(*point) == pytest.approx(program(*point), rel=1e-12)
    assert "重み" in text
    names = re.findall(r"^    const double (\w+) = inputs\[", text, re.MULTILINE)
    assert len(set(names)) >= len(leaves) - 1
    assert all(name.isascii() and len(name) < 64 for name in names)
    assert set(names) & set(WORDS) <= {"I", "k", "count", "shared", "found"}


def test_labels_are_names_where_they_can_be(tmp_path: Path) -> None:
    w, alpha, weight = Value(0.5, "w"), Value(2.0, "α"), Value(0.25, "weight 3")
    net = w * alpha + weight
    net.label = "net"
    E = net.tanh()
    E.label = "E"
    text = compile([E, grad(E, w)], [w, alpha, weight]).to("c")
    compiled(tmp_path, [text])
    body = text[text.index("\nvoid program(const double *inputs, double *outputs)\n{") :]
    assert body.splitlines()[3:12] == [
        "    const double w = inputs[0];",
        "    const double alpha = inputs[1];  /* α */",
        "    const double weight_3 = inputs[2];  /* weight 3 */",
        "    const double t1 = w * alpha;",
        "    const double net = t1 + weight_3;",
        "    const double E = tanh(net);",
        *body.splitlines()[9:12],
    ]
    assert "  /* dE/dw */\n" in body


def test_literals_are_exact(tmp_path: Path) -> None:
    draw = random.Random(1)
    numbers = [
        0.1,
        1e22,
        5e-324,
        2.2250738585072014e-308,
        1.7976931348623157e308,
        -0.0,
        0.0,
        123456789.0,
        -1e-300,
        math.inf,
        -math.inf,
        math.nan,
    ]
    numbers += [draw.choice((-1, 1)) * draw.uniform(1, 2) * 2.0 ** draw.randint(-1070, 1022) for _ in range(200)]
    x = Value(1.0, "x")
    outputs = [*[Value(number) for number in numbers], *[x * number for number in numbers]]
    program = compile(outputs, [x])
    [function] = compiled(tmp_path, [program.to("c")])
    assert [y.hex() for y in function(1.0)] == [y.hex() for y in program(1.0)]


def test_no_inputs_and_no_outputs(tmp_path: Path) -> None:
    x, z = Value(1.0, "x"), Value(2.0, "z")
    programs = [
        compile([Value(0.5)], []),
        compile([], [x]),
        compile([], []),
        compile(z, [x, z]),
        compile([z * 2.0], [x, z]),
    ]
    functions = compiled(tmp_path, [program.to("c") for program in programs])
    assert [f(*range(len(p.inputs))) for f, p in zip(functions, programs, strict=True)] == [[0.5], [], [], [1.0], [2.0]]
    for function, program in zip(functions, programs, strict=True):
        rows: Any = function.__dict__["rows"]
        table = [[1.0, 2.0][: len(program.inputs)]] * 3
        assert rows([], table) == function(*table[0]) * 3
        assert rows([], table, total=True) == [3 * y for y in function(*table[0])]


@pytest.mark.slow
def test_long_programs_and_long_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = y = Value(0.5, "x")
    nodes = []
    for k in range(2_500):
        y = y * 1.0000001 + nodes[-1500 + k % 7] * 1e-9 if k > 1500 else (y * 1.0000001 + 0.0000001).tanh()
        nodes.append(y)
    leaves = [Value(0.1 * k, f"x{k}") for k in range(2_000)]
    programs = [
        compile([y, grad(y, x), nodes[17]], [x]),
        compile([*leaves[:300], tg.sum_of(leaves), tg.dot(leaves, leaves)], leaves),
    ]
    functions = compiled(tmp_path, [program.to("c") for program in programs], "-O0")
    for function, program in zip(functions, programs, strict=True):
        point = [0.5] if len(program.inputs) == 1 else [leaf.data for leaf in leaves]
        wanted = program(*point)
        assert function(*point) == wanted
        rows: Any = function.__dict__["rows"]
        assert rows([], [point, point]) == wanted * 2
        assert rows([], [point], total=True) == wanted
    assert programs[0].to("c").count("static APART void part_") > 10
    monkeypatch.setattr("tinygrad_bp.program.c.file.ON_THE_STACK", 2)  # and with memory that is allocated
    [function] = compiled(tmp_path, [programs[0].to("c")], "-O0")
    assert function(0.5) == programs[0](0.5)
    assert function.__dict__["rows"]([], [[0.5], [0.25]]) == [*programs[0](0.5), *programs[0](0.25)]


# Operations of one's own -----------------------------------------------------------------------------------------------------


def test_an_operation_of_ones_own_is_followed(tmp_path: Path) -> None:
    x = Value(0.5, "x")
    program = compile([own_bell(x), grad(own_bell(x), x)], [x])
    [function] = compiled(tmp_path, [program.to("c")])
    assert function(0.7) == program(0.7)


def test_a_base_below_0_has_no_root(tmp_path: Path) -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    programs = [compile([y, grad(y, a)], xs) for y, xs in ((a**0.25, [a]), (a**0.5, [a]), (a**b, [a, b]), (a**3, [a]))]
    quarter, half, power, cube = compiled(tmp_path, [program.to("c") for program in programs])
    for base in (-math.inf, -4.0):
        found = [*quarter(base), *half(base), *power(base, 0.25)]
        assert all(map(math.isnan, found))
    assert cube(-math.inf) == power(-math.inf, 3.0) == [-math.inf, math.inf]


def test_what_no_definition_reaches_is_refused_by_name() -> None:
    odd = Operation("odd_one", lambda x: x if x > 0 else 0.5 * x, (lambda y, x: 1.0,), "odd({})", "", "odd")
    x = Value(0.5, "x")
    with pytest.raises(ValueError, match="c has no odd_one, and its forward cannot be followed"):
        compile(odd(x), [x]).to("c")
