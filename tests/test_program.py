"""Compiled programs against the Values they were made from: the same numbers and the same errors, at any inputs."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.programs import INFINITE, forward, network, replay, result, same
from tests.references import SPECIAL, points
from tinygrad_bp import OPERATIONS, Operation, Reduction, Value, grad
from tinygrad_bp.program import Program, compile

# The same numbers and errors -------------------------------------------------------------------------------------------


def start(row: Operation, length: int) -> list[Value]:
    """Leaves at which the row is defined, with its derivatives."""
    numbers = (
        [1.5 if row.name == "acosh" else 0.5] * length
        if row.arity == 1
        else [1.5, 2.0, 3.0, 1.0, *[0.5] * length][:length]
    )
    return [Value(x, f"a{k}") for k, x in enumerate(numbers)]


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_every_row_and_its_gradient_at_points_of_its_domain(row: Operation) -> None:
    sampled = points(row)
    draw = random.Random(row.name)
    for length in sorted({len(point) for point in sampled}):
        leaves = start(row, length)
        y = Value.record_operation(row, leaves)
        outputs = [y, *grad(y, leaves)]
        alone, both = compile(y, leaves), compile(outputs, leaves)
        outside = [tuple(draw.choice((*SPECIAL, *INFINITE)) for _ in range(length)) for _ in range(100)]
        for point in [*(point for point in sampled if len(point) == length), *outside]:
            want = result(forward, [y], leaves, point)
            got = result(alone, *point)
            assert same([got] if type(got) is float else got, want), (point, alone.source)
            got, want = result(both, *point), result(forward, outputs, leaves, point)
            if isinstance(want, tuple):
                assert isinstance(got, tuple), (point, want, both.source)
                assert got[1] in {op.name for op in OPERATIONS.values()}
            else:
                assert same(got, want), (point, both.source)


@pytest.mark.parametrize("row", [row for row in OPERATIONS.values() if row.arity == 2], ids=lambda row: row.name)
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("constant", [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -0.5, 1e300, 5e-324, *INFINITE])
def test_a_constant_operand(row: Operation, place: int, constant: float) -> None:
    x = Value(1.5, "x")
    operands: list[Any] = [x, constant] if place else [constant, x]
    try:
        y = Value.record_operation(row, operands)
    except (ValueError, ArithmeticError):  # undefined for any x
        return
    program = compile([y], [x])
    for number in (*SPECIAL, *INFINITE):
        assert same(result(program, number), result(forward, [y], [x], [number]), 0.0), (number, program.source)


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_with_gradients_at_other_inputs(seed: int) -> None:
    y, leaves = random_graph(seed)
    outputs = [y, *grad(y, leaves)]
    program = compile(outputs, leaves)
    draw = random.Random(seed)
    everyday = [[draw.uniform(-3, 3) for _ in leaves] for _ in range(10)]
    kinks = [[draw.choice((0.0, -0.0, 1.0, -1.0, 0.5)) for _ in leaves] for _ in range(10)]
    saturated = [[draw.choice((40.0, -40.0, 1e3, -1e3, 1e-300, 1e200, -1e200)) for _ in leaves] for _ in range(10)]
    infinite = [[draw.choice((*INFINITE, 1.0)) for _ in leaves] for _ in range(10)]
    exact = 0
    for numbers in [*everyday, *kinks, *saturated, *infinite]:
        got, want = result(program, *numbers), result(replay, outputs, leaves, numbers)
        assert same(got, want), (numbers, program.source)
        exact += same(got, want, 0.0)
    assert exact == 40


@pytest.mark.parametrize(
    "exponent", [-3, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 7, 1e5, 1e6, 1e300, -1e300, 1 + 2**-52]
)
def test_powers_and_their_derivatives(exponent: float) -> None:
    x = Value(1.0, "x")
    y = x**exponent
    for outputs in ([y], [grad(y, x)], [grad(grad(y, x), x)], [grad(3.0 * y + 1.0, x)]):
        program = compile(outputs, [x])
        for number in (*SPECIAL, *INFINITE):
            got, want = result(program, number), result(forward, outputs, [x], [number])
            if number != number and program.code.outputs[0] < 0:  # x is not asked for: 2, of x**2
                want = [outputs[0].data]
            assert same(got, want), (number, program.source)


def test_second_derivatives() -> None:
    for seed in range(15):
        y, leaves = random_graph(seed, size=25)
        outputs = [x for g in grad(y, leaves) for x in grad(g, leaves)]
        program = compile(outputs, leaves)
        draw = random.Random(seed)
        for _ in range(5):
            numbers = [draw.uniform(-2, 2) for _ in leaves]
            assert same(result(program, *numbers), result(replay, outputs, leaves, numbers))


def test_the_network_of_the_worked_example() -> None:
    outputs, inputs = network()
    program = compile(outputs, inputs)
    assert program(*[x.data for x in inputs]) == [x.data for x in outputs]
    assert "    d_w5 = out_h1 * d_net_o1\n" in program.source
    assert program.source.count("exp(") == 4  # the slope of a sigmoid shares the sigmoid's exponential


def test_errors_are_those_of_values() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    program = compile(((a * 2).log() / b).exp(), [a, b])
    for numbers in ((-1.0, 2.0), (1.0, 0.0), (1e300, 1e-3)):
        with pytest.raises((ValueError, ArithmeticError)) as want:
            replay([((a * 2).log() / b).exp()], [a, b], numbers)
        with pytest.raises(want.type) as got:
            program(*numbers)
        assert str(got.value) == str(want.value)
    with pytest.raises(ZeroDivisionError, match=r"div is undefined at .*0\.0 \(b\): it needs a divisor other than 0"):
        program(1.0, 0.0)


def test_what_is_constant_and_undefined_is_an_error_of_the_call() -> None:
    c, x = Value(2.0, "c"), Value(1.0, "x")
    y = (c - 1).log() * x
    c.data = 0.5
    program = compile(y, [x])
    with pytest.raises(ValueError, match=r"log is undefined at -0\.5"):
        program(1.0)


# Calls -------------------------------------------------------------------------------------------------------------------


def two() -> Program:
    w, x = Value(0.5, "w"), Value(2.0, "my x")
    return compile(w - x, [w, x])


def test_calls_by_position_and_name() -> None:
    program = two()
    assert program.inputs == ["w", "my_x"]
    want = -2.5
    assert program(0.5, 3.0) == program(0.5, my_x=3.0) == program(w=0.5, my_x=3.0) == program(my_x=3.0, w=0.5) == want
    assert program(0.5, **{"my x": 3.0}) == program(**{"my x": 3.0, "w": 0.5}) == want


def test_every_real_number_will_do_and_comes_back_as_a_float() -> None:
    program = two()
    for three in (3, 3.0, Fraction(3)):
        assert program(Fraction(1, 2), three) == -2.5
        assert type(program(Fraction(1, 2), three)) is float
    x = Value(1.0, "x")
    same_x = compile([x], [x])
    for one in (True, 1, Fraction(1)):
        assert same_x(one) == [1.0]
        assert type(same_x(one)[0]) is float
    with pytest.raises(OverflowError, match="beyond the range of floats"):
        same_x(10**400)


@pytest.mark.extras
def test_scalars_of_numpy_will_do_and_come_back_as_floats() -> None:
    import numpy

    program = two()
    for half in (numpy.float64(0.5), numpy.float32(0.5)):
        assert program(half, numpy.int64(3)) == -2.5
        assert type(program(half, numpy.int64(3))) is float
    x = Value(1.0, "x")
    same_x = compile([x], [x])
    for one in (numpy.float64(1), numpy.bool_(True)):
        assert type(same_x(one)[0]) is float
    with pytest.raises(ZeroDivisionError, match="div is undefined"):
        compile(1.0 / x, [x])(numpy.float64(0.0))
    with pytest.raises(TypeError, match="takes a real number, not ndarray"):
        program(1.0, numpy.ones(1))
    zero = Operation("zero", lambda x: numpy.float64(0.0), (lambda y, x: 0.0,), "zero({})", "", "0")
    with pytest.raises(ZeroDivisionError, match="div is undefined"):
        compile(x / (zero(x) + x), [x])(0.0)


@pytest.mark.parametrize(
    ("args", "named", "message"),
    [
        ((), {}, "takes 2 numbers (w, my_x), not 0"),
        ((1.0,), {}, "takes 2 numbers"),
        ((1.0, 2.0, 3.0), {}, "takes 2 numbers"),
        ((1.0,), {"w": 1.0}, "got input 'w' twice"),
        ((1.0,), {"nothing": 1.0}, "has no input 'nothing'; its inputs are w, my_x"),
        ((), {"w": 1.0}, "lacks a number for my_x"),
        ((), {"my x": 1.0, "my_x": 1.0, "w": 1.0}, "got input 'my_x' twice"),
        ((1.0, 2.0, 3.0), {"w": 1.0}, "twice"),
        (("1", 2.0), {}, "program with w takes a real number, not str '1'"),
        ((1.0, None), {}, "program with my_x takes a real number, not NoneType None"),
        ((1.0, 1j), {}, "takes a real number, not complex"),
        ((1.0, [1.0]), {}, "takes a real number, not list"),
        ((1.0, Value(1.0)), {}, "takes a real number, not Value"),
    ],
)
def test_wrong_calls_say_what_is_wrong(args: Any, named: Any, message: str) -> None:
    with pytest.raises(TypeError) as error:
        two()(*args, **named)
    assert message in str(error.value)


def test_wrong_things_to_compile_say_what_is_wrong() -> None:
    x = Value(1.0, "x")
    y = x * 2
    wrong: list[tuple[Any, Any, type[Exception], str]] = [
        (1.0, [x], TypeError, "outputs are a Value or lists of Values, not float 1.0"),
        ([y, [1.0]], [x], TypeError, "outputs are a Value or lists of Values"),
        ("y", [x], TypeError, "not str 'y'"),
        (y, 3, TypeError, "inputs is a sequence of Values, not int"),
        (y, [1.0], TypeError, "input 1 is a Value, not float 1.0"),
        (y, [x, y], ValueError, "input 2, Value(data=2.0, grad=0.0), was computed from others"),
        (y, [x, x], ValueError, "is among the inputs twice"),
    ]
    for outputs, inputs, kind, message in wrong:
        with pytest.raises(kind) as error:
            compile(outputs, inputs)
        assert message in str(error.value)
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested in more than 50 lists"):
        compile(endless, [x])
    assert compile(y, x)(3.0) == 6.0  # a single input needs no list
    with pytest.raises(ValueError, match="takes 'python', 'llvm'"):
        compile(y, x).to("fortran")


def test_shapes_of_outputs() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = a * b
    constant = Value(7.0)
    assert compile([], [a, b])(1.0, 2.0) == []
    assert compile([[], [[]]], [])() == [[], [[]]]
    assert compile(y, [a, b])(4.0, 5.0) == 20.0
    assert compile([y, [a, (y, [constant])], y], [a, b])(4.0, 5.0) == [20.0, [4.0, [20.0, [7.0]]], 20.0]
    assert compile(a, [a])(4.0) == 4.0
    assert compile(constant, [a])(4.0) == 7.0
    assert compile((2.0 * a).args[0], [a])(4.0) == 2.0
    assert compile([y], [])() == [6.0]
    assert compile(grad(a * 2, [a, b]), [a, b])(1.0, 1.0) == [2.0, 0.0]
    deep: Any = y
    for _ in range(50):
        deep = [deep]
    assert str(compile(deep, [a, b])(4.0, 5.0)) == "[" * 50 + "20.0" + "]" * 50


def test_data_changed_after_recording() -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    y = w * x
    w.data = 10.0
    assert compile(y, [x])(3.0) == 30.0
    assert compile(y, [w, x])(2.0, 3.0) == 6.0


# The user's own operations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "bell", "lambda", "print", "exp", "tanh", "t1", "t2", "x", "y", "program", "inf", "nan", "ops", "x1", "decay", "no name", "", "ﬁ",
        "a.b",        "__import__", "def program(", "\n", "operation",
    ],
)  # fmt: skip
def test_an_operation_of_ones_own(name: str) -> None:
    twice = Operation(name, lambda x: 2.0 * x, (lambda y, x: 2.0,), "twice({})", "", "2x")
    cube = Operation(name, lambda x: x**3, (lambda y, x: 3.0 * x * x,), "cube({})", "", "x3")
    x, z = Value(0.5, "x"), Value(2.0)
    y = cube(twice(x * z) + x.exp() + math.inf * 0) * cube(x.tanh()) + twice(z.sigmoid())
    y = y + (y * y + x) * (y * y)
    y.label = "y"
    other = cube(twice(x).exp()) + twice(cube(z))
    outputs = [y, other, *grad(other, [x, z])]
    program = compile(outputs, [x, z])
    assert same(program(0.25, 3.0), replay(outputs, [x, z], [0.25, 3.0]), 0.0)
    assert "operation of your own" in program.source


def test_own_operations_return_floats_as_in_values() -> None:
    one = Operation("one", lambda x: 1, (lambda y, x: 0.0,), "one({})", "", "1")
    zero = Operation("zero", lambda x: 0, (lambda y, x: 0.0,), "zero({})", "", "0")
    mean = Reduction(
        "mean", lambda *xs: math.fsum(xs) / len(xs), lambda y, *xs: [1.0 / len(xs)] * len(xs), "", "", "mean"
    )
    x = Value(3.0, "x")
    assert type(compile(one(x), [x])(2.0)) is float
    assert compile(mean([x, 1.0, x * x]), [x])(2.0) == 7.0 / 3.0
    with pytest.raises(ZeroDivisionError, match="div is undefined"):
        compile(x / (zero(x) + x), [x])(0.0)


def test_a_program_says_how_large_it_is() -> None:
    assert repr(two()) == "Program(2 inputs, 1 instruction, 1 output)"


# Size ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [False, True])
def test_a_long_chain(labelled: bool) -> None:
    x, w = Value(0.5, "x"), Value(0.9, "w")
    y = x
    for k in range(10_000):
        y = y * w + 0.01
        if labelled and k % 10 == 0:
            y.label = "y"
    program = compile(y, [x, w])
    assert program(0.5, 0.9) == y.data


@pytest.mark.slow
@pytest.mark.parametrize(
    "f",
    [
        lambda y, x: y.tanh(), lambda y, x: -(y - 1.0), lambda y, x: x - y, lambda y, x: x / (y + 2.0), lambda y, x: (y * y + 0.5) ** 0.5,
        lambda y, x: (0.5 * y) ** 2, lambda y, x: y.sigmoid(), lambda y, x: tg.sin(tg.maximum(x, y)), lambda y, x: 2.0 ** (y * 0.1),
        lambda y, x: tg.dot([y, x], [x, 0.3]),
    ],
)  # fmt: skip
def test_deep_expressions(f: Any) -> None:
    x = Value(0.5, "x")
    y = x
    for _ in range(1_200):
        y = f(y, x)
    outputs = [y, grad(y, x)]
    assert same(compile(outputs, [x])(0.25), replay(outputs, [x], [0.25]))


@pytest.mark.slow
def test_wide_sums() -> None:
    xs = [Value(k / 7, f"x{k}") for k in range(3_000)]
    y = sum(xs) + tg.sum_of(xs) + tg.dot(xs, [0.1 * x for x in xs]) + tg.logsumexp([-x for x in xs])
    outputs = [y, *grad(y, xs)]
    program = compile(outputs, xs)
    assert program(*[x.data for x in xs]) == [x.data for x in outputs]
    assert program(**{x.label: x.data for x in xs}) == [x.data for x in outputs]


@pytest.mark.slow
def test_a_balanced_tree() -> None:
    xs = [Value(k / 9) for k in range(1 << 11)]
    row = list(xs)
    while len(row) > 1:
        row = [a * 0.5 - b.tanh() for a, b in zip(row[::2], row[1::2], strict=True)]
    outputs = [row[0], *grad(row[0], xs)]
    program = compile(outputs, xs)
    assert program(*[x.data for x in xs]) == [x.data for x in outputs]
