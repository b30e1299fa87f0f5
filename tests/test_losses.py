"""Losses against their formulas and PyTorch's figures, where numbers are extreme, and what they say of wrong targets."""

import math
from fractions import Fraction
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import (
    Value,
    binary_cross_entropy,
    check_gradients,
    cross_entropy,
    grad,
    hinge,
    mean_squared_error,
    squared_error,
)
from tinygrad_bp.networks.losses import LOSSES, one_hot

OUTPUTS = [0.7, -1.2, 2.5]
TARGETS = {
    squared_error: [0.1, 0.4, -0.3],
    mean_squared_error: [0.1, 0.4, -0.3],
    cross_entropy: [0.2, 0.5, 0.3],
    binary_cross_entropy: [1.0, 0.0, 0.25],
    hinge: [1.0, -1.0, -1.0],
}
losses = pytest.mark.parametrize("loss", TARGETS, ids=lambda loss: loss.__name__)


def values(numbers: Any = OUTPUTS) -> Any:
    return [Value(x, f"z{k}") for k, x in enumerate(numbers, 1)]


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + math.exp(-z))


def test_all_losses_are_tested() -> None:
    assert {loss.__name__: loss for loss in TARGETS} == LOSSES


FORMULAS = {
    squared_error: lambda zs, ts: sum((t - z) ** 2 / 2 for z, t in zip(zs, ts, strict=True)),
    mean_squared_error: lambda zs, ts: sum((t - z) ** 2 for z, t in zip(zs, ts, strict=True)) / 3,
    cross_entropy: lambda zs, ts: (
        -sum(t * math.log(math.exp(z) / sum(map(math.exp, zs))) for z, t in zip(zs, ts, strict=True))
    ),
    binary_cross_entropy: lambda zs, ts: (
        -sum(t * math.log(sigmoid(z)) + (1 - t) * math.log(1 - sigmoid(z)) for z, t in zip(zs, ts, strict=True)) / 3
    ),
    hinge: lambda zs, ts: sum(max(0.0, 1 - t * z) for z, t in zip(zs, ts, strict=True)) / 3,
}


@losses
@pytest.mark.parametrize("outputs", [OUTPUTS, [0.0, 0.0, 0.0], [-3.0, 4.0, 0.5]])
def test_losses_are_their_formulas(loss: Any, outputs: Any) -> None:
    assert loss(values(outputs), TARGETS[loss]).data == pytest.approx(FORMULAS[loss](outputs, TARGETS[loss]), rel=1e-13)


# loss, target, PyTorch's loss of OUTPUTS in float64, and its gradient
PYTORCH = [
    (
        mean_squared_error,
        [0.1, 0.4, -0.3],
        3.5866666666666664,
        [0.39999999999999997, -1.0666666666666667, 1.8666666666666665],
    ),
    (cross_entropy, 0, 1.9739721428216133, [-0.8610959876210573, 0.020775681336002258, 0.8403203062850549]),
    (cross_entropy, 1, 3.8739721428216134, [0.13890401237894268, -0.9792243186639977, 0.8403203062850549]),
    (cross_entropy, 2, 0.17397214282161325, [0.13890401237894268, 0.020775681336002258, -0.15967969371494506]),
    (
        cross_entropy,
        [0.2, 0.5, 0.3],
        2.3839721428216136,
        [-0.061095987621057335, -0.47922431866399773, 0.540320306285055],
    ),
    (
        binary_cross_entropy,
        [1.0, 0.0, 0.25],
        0.8734527501720128,
        [-0.11060407594394461, 0.07715840550032746, 0.22471393999291886],
    ),
    (hinge, [1.0, -1.0, -1.0], 1.2666666666666666, [-0.3333333333333333, 0.0, 0.3333333333333333]),
]


@pytest.mark.parametrize(("loss", "target", "figure", "gradient"), PYTORCH)
def test_losses_and_gradients_are_those_of_pytorch(loss: Any, target: Any, figure: Any, gradient: Any) -> None:
    zs = values()
    y = loss(zs, target)
    y.backward()
    assert y.data == pytest.approx(figure, rel=1e-14)
    assert [z.grad for z in zs] == pytest.approx(gradient, rel=1e-13, abs=1e-16)


@losses
def test_gradients_by_outputs_and_targets_are_right(loss: Any) -> None:
    zs, ts = values(), [Value(x, f"t{k}") for k, x in enumerate(TARGETS[loss], 1)]
    checked = check_gradients(loss(zs, ts))
    assert checked
    assert {row.label for row in checked.inputs} == {"z1", "z2", "z3", "t1", "t2", "t3"}


@losses
def test_losses_are_compiled_with_targets_as_inputs(loss: Any) -> None:
    zs, ts = values(), [Value(x, f"t{k}") for k, x in enumerate(TARGETS[loss], 1)]
    y = loss(zs, ts)
    program = tg.compile([y, *grad(y, [*zs, *ts])], [*zs, *ts])
    for outputs in ([1.5, 0.2, -0.7], [-4.0, 3.0, 8.0]):
        again = values(outputs)
        targets = [Value(x) for x in reversed(TARGETS[loss])]
        y = loss(again, targets)
        y.backward()
        expected = [y.data, *[v.grad for v in again + targets]]
        assert program(*outputs, *[t.data for t in targets]) == pytest.approx(expected, rel=1e-14, abs=1e-300)


@losses
def test_targets_that_are_values_give_the_same_loss(loss: Any) -> None:
    assert loss(values(), [Value(x) for x in TARGETS[loss]]).data == loss(values(), TARGETS[loss]).data


@pytest.mark.parametrize(
    ("loss", "target", "expected"),
    [
        (squared_error, 0.25, 0.125),
        (mean_squared_error, 0.25, 0.25),
        (cross_entropy, 0, 0.0),
        (cross_entropy, 1.0, 0.0),
        (binary_cross_entropy, 1, math.log1p(math.exp(-0.75))),
        (binary_cross_entropy, False, math.log1p(math.exp(0.75))),
        (hinge, 1, 0.25),
        (hinge, -1, 1.75),
    ],
)
def test_a_single_output(loss: Any, target: Any, expected: Any) -> None:
    one = Value(0.75, "out")
    assert loss(one, target).data == loss([one], target).data == pytest.approx(expected, rel=1e-15)
    if target is not False and loss is not cross_entropy:
        assert loss(one, [target]).data == loss(one, Fraction(target)).data == loss(one, target).data


@pytest.mark.parametrize("number", range(3))
def test_the_number_of_a_class_is_its_one_hot_list(number: int) -> None:
    found = []
    for target in (number, one_hot(number, 3), tuple(map(int, one_hot(number, 3)))):
        zs = values([2.3, -0.4, 0.9])
        y = cross_entropy(zs, target)
        y.backward()
        found.append([y.data, *[z.grad for z in zs]])
    assert found[0][0] == found[1][0]
    assert found[0] == pytest.approx(found[1], rel=1e-14)
    assert found[1] == found[2]


# ln(1 + 2 exp(-50)) and the like, computed with 60 digits
@pytest.mark.parametrize(
    ("loss", "outputs", "target", "expected"),
    [
        (cross_entropy, [50.0, 0.0, 0.0], 0, 3.85749969592783557e-22),
        (cross_entropy, [50.0, 0.0, 0.0], [1, 0, 0], 3.85749969592783557e-22),
        (cross_entropy, [700.0, 0.0, 0.0], 0, 1.97193530875195415e-304),
        (cross_entropy, [1050.0, 1000.0, 1000.0], 0, 3.85749969592783557e-22),
        (cross_entropy, [-950.0, -1000.0, -1000.0], 0, 3.85749969592783557e-22),
        (binary_cross_entropy, 50.0, 1, 1.92874984796391778e-22),
        (binary_cross_entropy, -50.0, 0, 1.92874984796391778e-22),
        (binary_cross_entropy, 700.0, 1, 9.85967654375977077e-305),
    ],
)
def test_a_sure_network_keeps_its_digits(loss: Any, outputs: Any, target: Any, expected: float) -> None:
    zs = values(outputs) if isinstance(outputs, list) else Value(outputs)
    assert loss(zs, target).data == pytest.approx(expected, rel=1e-13, abs=0.0)


@pytest.mark.parametrize(
    ("loss", "outputs", "target", "expected", "gradient"),
    [
        (cross_entropy, [1000.0, -1000.0, 0.0], 1, 2000.0, [1.0, -1.0, 0.0]),
        (cross_entropy, [1000.0, -1000.0, 0.0], 0, 0.0, [0.0, 0.0, 0.0]),
        (cross_entropy, [1000.0, -1000.0, 0.0], [0.5, 0.25, 0.25], 750.0, [0.5, -0.25, -0.25]),
        (cross_entropy, [-1000.0, -1000.0], 0, math.log(2), [-0.5, 0.5]),
        (cross_entropy, [1e308, 0.0], 1, 1e308, [1.0, -1.0]),
        (binary_cross_entropy, [1000.0, -1000.0], [0, 1], 1000.0, [0.5, -0.5]),
        (binary_cross_entropy, [1000.0, -1000.0], [1, 0], 0.0, [0.0, 0.0]),
        (hinge, [1e300, -1e300], [1, 1], 5e299, [0.0, -0.5]),
    ],
)
def test_extreme_outputs_do_not_overflow(loss: Any, outputs: Any, target: Any, expected: Any, gradient: Any) -> None:
    zs = values(outputs)
    y = loss(zs, target)
    y.backward()
    assert y.data == pytest.approx(expected, rel=1e-15)
    assert [z.grad for z in zs] == pytest.approx(gradient, abs=1e-300)


def test_numbers_give_a_number() -> None:
    assert squared_error([1.0, 2.0], [0, 0]) == 2.5
    assert cross_entropy([0.0, 0.0], 1) == pytest.approx(math.log(2))


def test_probabilities_may_be_rounded() -> None:
    assert cross_entropy(values(), [0.1, 0.2, 0.7000000000000001]).data > 0
    assert cross_entropy(values(), [1 / 3] * 3).data > 0


WRONG = [
    (cross_entropy, 3, ValueError, "with 3 outputs the classes are 0 to 2, and the target is 3"),
    (cross_entropy, -1, ValueError, "with 3 outputs the classes are 0 to 2, and the target is -1"),
    (cross_entropy, 10**400, ValueError, "the classes are 0 to 2"),
    (
        cross_entropy,
        True,
        ValueError,
        "the number of a class, a whole number from 0 to 2, or 3 probabilities, not True",
    ),
    (cross_entropy, 1.0, ValueError, "a whole number from 0 to 2, or 3 probabilities, not 1.0"),
    (cross_entropy, [2], ValueError, r"a whole number from 0 to 2, or 3 probabilities, not \[2\]"),
    (cross_entropy, None, ValueError, "a whole number from 0 to 2, or 3 probabilities, not None"),
    (cross_entropy, "1", TypeError, "a whole number from 0 to 2, or 3 probabilities, not '1'"),
    (cross_entropy, "abc", TypeError, "a whole number from 0 to 2, or 3 probabilities, not 'abc'"),
    (cross_entropy, [0.5, 0.5], ValueError, "3 outputs and 2 targets; it takes one for each"),
    (cross_entropy, [0.5, 0.2, 0.2], ValueError, "the probabilities of the classes add up to 1, not 0.9"),
    (cross_entropy, [1, 1, 0], ValueError, "add up to 1, not 2"),
    (cross_entropy, [math.nan, 0, 1], ValueError, "add up to 1, not nan"),
    (cross_entropy, [-0.5, 0.75, 0.75], ValueError, "the probabilities of the classes are from 0 to 1, not -0.5"),
    (cross_entropy, [1, 0, "0"], TypeError, "takes Values and real numbers, not str '0'"),
    *[
        (loss, target, error, says)
        for loss in TARGETS
        if loss is not cross_entropy
        for target, error, says in (
            ([1.0], ValueError, "3 outputs and 1 target; it takes one for each"),
            ([1.0] * 4, ValueError, "3 outputs and 4 targets; it takes one for each"),
            (1.0, ValueError, "3 outputs and 1 target; it takes one for each"),
            ([], ValueError, "3 outputs and 0 targets"),
            ([1.0, "x", 0.0], TypeError, "takes Values and real numbers, not str 'x'"),
            ([1.0, [0.0], 0.0], TypeError, "takes Values and real numbers, not list"),
            ([1.0, None, 0.0], TypeError, "takes Values and real numbers, not NoneType None"),
            ([1.0, 1j, 0.0], TypeError, "takes Values and real numbers, not complex 1j"),
        )
    ],
]


@pytest.mark.parametrize(("loss", "target", "error", "says"), WRONG)
def test_wrong_targets_are_named(loss: Any, target: Any, error: Any, says: Any) -> None:
    with pytest.raises(error, match=f"^{loss.__name__}:? .*{says}|^{loss.__name__} {says}"):
        loss(values(), target)


@losses
def test_wrong_outputs_are_named(loss: Any) -> None:
    with pytest.raises(TypeError, match=f"{loss.__name__} takes Values and real numbers, not str 'high'"):
        loss("high", 1.0)
    with pytest.raises(TypeError, match=f"{loss.__name__} takes Values and real numbers, not NoneType"):
        loss([0.5, None], [1.0, 0.0])
    with pytest.raises(ValueError, match=f"{loss.__name__}: 0 outputs and 0 targets"):
        loss([], [])


def test_outputs_that_are_no_numbers_are_named_where_the_target_is_a_class() -> None:
    with pytest.raises(TypeError, match="cross_entropy takes Values and real numbers, not str 'b'"):
        cross_entropy([0.5, "b"], 0)
    with pytest.raises(ValueError, match="cross_entropy: 0 outputs"):
        cross_entropy([], 0)


@pytest.mark.extras
def test_numpy_arrays_and_numbers() -> None:
    import numpy as np

    expected = cross_entropy(values(), 1).data
    for target in (np.int64(1), np.uint8(1), np.array([0, 1, 0]), np.array([0.0, 1.0, 0.0])):
        assert cross_entropy(values(), target).data == expected
    assert cross_entropy(np.array(values()), 1).data == expected
    assert squared_error(Value(1.0), np.float32(0.5)).data == squared_error([Value(1.0)], np.array([0.5])).data == 0.125
    with pytest.raises(TypeError, match="takes Values and real numbers, not ndarray"):
        squared_error(Value(1.0), np.array(0.5))


def test_one_hot() -> None:
    assert one_hot(0, 1) == [1.0]
    assert one_hot(2, 4) == [0.0, 0.0, 1.0, 0.0]
    for number, count in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(ValueError, match=f"of {count} places .* not {number}"):
            one_hot(number, count)


INF = math.inf


@pytest.mark.parametrize(
    ("loss", "outputs", "target", "expected", "gradient"),
    [
        (
            cross_entropy,
            [-INF, 0.0, 1.0],
            [0, 1, 0],
            1.3132616875182228,
            [0.0, -0.7310585786300049, 0.7310585786300049],
        ),
        (cross_entropy, [-INF, 0.0, 1.0], 1, 1.3132616875182228, [0.0, -0.7310585786300049, 0.7310585786300049]),
        (cross_entropy, [-INF, 0.0, 0.0], [0, 0.25, 0.75], math.log(2), [0.0, 0.25, -0.25]),
        (cross_entropy, [-INF, 0.0, -INF], 1, 0.0, [0.0, 0.0, 0.0]),
        (cross_entropy, [-INF, 0.0, -INF], [0, 1, 0], 0.0, [0.0, 0.0, 0.0]),
        (cross_entropy, [-INF, 0.0, 0.0], 0, INF, [-1.0, 0.5, 0.5]),
        (cross_entropy, [INF, 0.0, 1.0], 1, INF, [1.0, -1.0, 0.0]),
        (cross_entropy, [INF, 0.0, 1.0], [0, 1, 0], INF, [1.0, -1.0, 0.0]),
        (binary_cross_entropy, [INF], [1], 0.0, [0.0]),
        (binary_cross_entropy, [-INF], [0], 0.0, [0.0]),
        (binary_cross_entropy, [INF], [0], INF, [1.0]),
        (binary_cross_entropy, [INF, -INF], [1, 0], 0.0, [0.0, 0.0]),
    ],
)
def test_a_target_of_0_drops_its_term(loss: Any, outputs: Any, target: Any, expected: Any, gradient: Any) -> None:
    targets = [target] if isinstance(target, int) else [target, [Value(t) for t in target]]
    for given in targets:
        zs = values(outputs)
        y = loss(zs, given)
        y.backward()
        assert [y.data, *[z.grad for z in zs]] == pytest.approx([expected, *gradient], rel=1e-14)
        assert [x.data for x in grad(y, zs)] == pytest.approx(gradient, rel=1e-14)
        assert tg.compile([y, *grad(y, zs)], zs)(*outputs) == pytest.approx([expected, *gradient], rel=1e-14)


@pytest.mark.extras
@pytest.mark.parametrize("target", ["llvm", "numpy", "jax"])
def test_a_target_of_0_drops_its_term_in_programs(target: str) -> None:
    if target == "jax":
        pytest.importorskip("jax").config.update("jax_enable_x64", True)
    zs, ts = values([0.5, 0.0, 1.0]), [Value(t) for t in (0.0, 1.0, 0.0)]
    y = cross_entropy(zs, ts)
    program = tg.compile([y, *grad(y, zs)], [*zs, *ts]).to(target)
    found = [float(x) for x in program(-INF, 0.0, 1.0, 0.0, 1.0, 0.0)]
    assert found == pytest.approx([1.3132616875182228, 0.0, -0.7310585786300049, 0.7310585786300049], rel=1e-13)


@pytest.mark.parametrize("far", [-1e3, -1e10, -1e13, -1e16, -1e300])
@pytest.mark.parametrize("target", [0, [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
def test_the_others_keep_their_softmax_where_the_right_class_is_far_below(far: float, target: Any) -> None:
    zs = values([far, 0.1, 0.2])
    y = cross_entropy(zs, target)
    y.backward()
    chances = one_hot(target, 3) if isinstance(target, int) else target
    wanted = [p - q for p, q in zip([0.0, 0.47502081252106, 0.52497918747894], chances, strict=True)]
    assert [z.grad for z in zs] == pytest.approx(wanted, rel=1e-13)
    assert [x.data for x in grad(y, zs)] == pytest.approx(wanted, rel=1e-13)


def test_the_gradient_of_a_sure_network_keeps_its_digits() -> None:
    zs = values([50.0, 0.0, 0.0])
    cross_entropy(zs, 0).backward()
    small = math.exp(-50.0)
    assert [z.grad for z in zs] == pytest.approx([-2.0 * small, small, small], rel=1e-13, abs=0.0)
