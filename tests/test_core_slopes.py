"""Derivatives that ask about a number: no reading may keep the branch of the number that they were recorded at."""

from __future__ import annotations

import math
import pickle

import pytest

from tests.rows import elu, leaky, top
from tinygrad_bp import MLP, Operation, Value, compile, grad, ops, train
from tinygrad_bp.optim import SGD

larger = Operation(
    "larger",
    lambda a, b: a * a * b if a > b else b,
    (lambda y, a, b: 2 * a * b if a > b else 0.0, lambda y, a, b: a * a if a > b else 1.0),
    "larger({}, {})",
    "",
    "larger",
)


def test_a_program_of_a_derivative_with_an_if_has_both_branches() -> None:
    x, z = Value(0.7, "x"), Value(0.1, "z")
    assert compile([grad(leaky(x), x)], [x])(-1.0) == [0.1]
    assert grad(leaky(x), x).data == 1.0
    program = compile(grad(larger(x, z), [x, z]), [x, z])
    assert program(0.7, 0.1) == pytest.approx([0.14, 0.49])
    assert program(0.1, 0.7) == [0.0, 1.0]
    program = compile(grad(top([x, z]), [x, z]), [x, z])
    assert program(0.7, 0.1) == [1.0, 0.0]
    assert program(0.1, 0.7) == [0.0, 1.0]
    assert pickle.loads(pickle.dumps(program))(0.1, 0.7) == [0.0, 1.0]


def test_a_rule_that_knows_numbers_only_serves_backward_and_says_so_to_grad() -> None:
    wave = Operation("wave", math.sin, (lambda y, x: math.cos(x),), "wave({})", "", "wave")
    x = Value(0.5, "x")
    y = wave(x)
    y.backward()
    assert x.grad == math.cos(0.5)
    with pytest.raises(TypeError, match="in place of math's"):
        grad(y, x)


def test_so_have_derivatives_of_derivatives() -> None:
    x = Value(0.7, "x")
    first = grad(elu(1.5 * x), x)
    second = grad(first, x)
    program = compile([first, second, grad(second, x)], [x])
    assert program(0.7) == [1.5, 0.0, 0.0]
    assert program(-1.0) == pytest.approx([1.5**k * math.exp(-1.5) for k in (1, 2, 3)])
    first.backward()
    assert x.grad == 0.0


def test_other_languages_refuse_it_by_name() -> None:
    x = Value(0.7, "x")
    rules = (lambda y, x: 1.0 if x > 0 else 0.1,)
    followed = Operation(
        "leaky", leaky.forward, rules, "leaky({})", "", "leaky", definition=lambda x: ops.maximum(x, 0.1 * x)
    )
    with pytest.raises(ValueError, match="javascript has no derivative of leaky, and its rule cannot be followed"):
        compile(grad(followed(x), x), [x]).to("javascript")


def test_a_rule_without_an_if_is_written_down_as_before() -> None:
    x = Value(0.7, "x")
    bell = Operation("bell", lambda x: math.exp(-x * x), (lambda y, x: -2.0 * x * y,), "bell({})", "", "bell")
    assert {op.name for op in compile(grad(bell(x), x), [x]).code.operations()} == {"bell", "mul"}


def test_training_goes_on_without_machine_code_to_the_same_losses() -> None:
    rows = [([k / 5.0], math.sin(k / 5.0)) for k in range(-10, 10)]
    histories = []
    for engine in ("auto", "eager"):
        net = MLP(1, [3, 1], activation=[elu, None], seed=1)
        histories.append(train(net, rows, "squared_error", SGD(net.parameters(), 0.1), epochs=5, engine=engine))
    assert histories[0].losses == pytest.approx(histories[1].losses, rel=1e-12)


@pytest.mark.usefixtures("many_rows")
@pytest.mark.extras
def test_why_there_is_no_machine_code_is_said() -> None:
    pytest.importorskip("llvmlite")
    net = MLP(1, [1], activation=[leaky], seed=1)
    history = train(net, [([1.0], 0.5), ([-1.0], 0.5)], "squared_error", SGD(net.parameters(), 0.1), epochs=2)
    assert history.engine == "python"
    assert "has no leaky" in history.why_eager
