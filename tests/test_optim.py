"""Optimizers take the steps that PyTorch's take, and say what is wrong with settings."""

import json
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, SGD, Adam, AdamW, Optimizer, Value, cos, sin
from tinygrad_bp.networks import optim
from tinygrad_bp.networks.optim import (
    OPTIMIZERS,
    cosine_annealing,
    exponential_decay,
    linear_decay,
    step_decay,
    warmup,
)

STORED = json.loads((Path(__file__).parent / "data_torch" / "trajectories.json").read_text(encoding="utf-8"))
w = Value(1.0, "w")


def valley(x: Any, y: Any, z: Any) -> Any:
    """The function whose gradient `data_torch/make_trajectories.py` has in closed form."""
    return (1.0 - x) ** 2 + 5.0 * (y - x * x) ** 2 + (z - sin(x * y)) ** 2 + 0.5 * cos(2.0 * z)


def optimizer_of(run: Any, parameters: Any) -> Any:
    settings = dict(run["settings"])
    if run["schedule"]:
        settings["lr"] = getattr(optim, run["schedule"])(settings["lr"], **run["of_schedule"])
    return getattr(optim, run["optimizer"])(parameters, **settings)


@pytest.mark.parametrize("name", STORED["runs"])
def test_trajectories_are_those_of_pytorch(name: Any) -> None:
    run = STORED["runs"][name]
    parameters = [Value(x) for x in STORED["start"]]
    optimizer = optimizer_of(run, parameters)
    found = {}
    for step in range(1, 1001):
        optimizer.zero_grad()
        valley(*parameters).backward()
        optimizer.step()
        if str(step) in run["points"]:
            found[str(step)] = [p.data for p in parameters]
    assert list(found) == list(run["points"])
    for step, point in run["points"].items():
        assert found[step] == pytest.approx(point, rel=1e-10, abs=0.0), f"step {step}"


def test_every_optimizer_and_every_schedule_has_a_trajectory() -> None:
    runs = STORED["runs"].values()
    assert {run["optimizer"] for run in runs} == {kind.__name__ for kind in OPTIMIZERS.values()}
    assert {run["schedule"] for run in runs} == {
        None,
        "step_decay",
        "exponential_decay",
        "cosine_annealing",
        "linear_decay",
    }
    assert len({str(run["points"]) for run in runs}) == len(runs)


@pytest.mark.slow
@pytest.mark.torch
def test_the_stored_trajectories_are_what_pytorch_does_today() -> None:
    from tests.data_torch.make_trajectories import RUNS, START, trajectories

    assert STORED["start"] == START
    keys = ("optimizer", "settings", "schedule", "of_schedule")
    assert {name: [run[key] for key in keys] for name, run in STORED["runs"].items()} == RUNS
    for name, points in trajectories().items():
        for step, point in points.items():
            assert point == pytest.approx(STORED["runs"][name]["points"][step], rel=1e-10, abs=0.0), (name, step)


@pytest.mark.torch
def test_the_closed_form_is_the_gradient_of_the_valley() -> None:
    from tests.data_torch.make_trajectories import gradient

    for point in ([-0.6, 1.4, 0.3], [1.1, -0.2, 2.0]):
        parameters = [Value(x) for x in point]
        valley(*parameters).backward()
        assert [p.grad for p in parameters] == pytest.approx(gradient(*point), rel=1e-13)


def test_the_first_step_of_adam_is_about_lr_whatever_the_gradient() -> None:
    for gradient in (1e-3, 7.0, -1e5):
        p = Value(0.0)
        p.grad = gradient
        Adam([p], lr=0.25).step()
        assert p.data == pytest.approx(-math.copysign(0.25, gradient), rel=1e-4)


@pytest.mark.parametrize("make", [SGD, Adam, AdamW, lambda ps: SGD(ps, momentum=0.9, nesterov=True)])
def test_a_quadratic_reaches_its_minimum(make: Any) -> None:
    p = Value(0.3)
    optimizer = make([p])
    optimizer.lr = 0.01
    for _ in range(3000):
        optimizer.zero_grad()
        ((p - 0.2) ** 2).backward()
        optimizer.step()
    assert p.data == pytest.approx(0.2, rel=0.05)


def test_without_a_gradient_only_weight_decay_changes_a_parameter() -> None:
    for make, after in (
        (lambda ps: SGD(ps, lr=0.5), 2.0),
        (lambda ps: Adam(ps, lr=0.5), 2.0),
        (lambda ps: SGD(ps, lr=0.5, weight_decay=0.1), 1.9),
        (lambda ps: AdamW(ps, lr=0.5, weight_decay=0.1), 1.9),
    ):
        p = Value(2.0)
        make([p]).step()
        assert p.data == pytest.approx(after, rel=1e-15)


def test_steps_and_zero_grad() -> None:
    p, q = Value(1.0), Value(2.0)
    optimizer = SGD([p, q], lr=0.5)
    (p * q).backward()
    assert optimizer.steps == 0
    optimizer.step()
    assert (p.data, q.data, optimizer.steps) == (0.0, 1.5, 1)
    assert (p.grad, q.grad) == (2.0, 1.0)
    optimizer.zero_grad()
    assert (p.grad, q.grad) == (0.0, 0.0)
    optimizer.step()
    assert (p.data, q.data, optimizer.steps) == (0.0, 1.5, 2)


def test_the_rate_of_a_step_is_that_of_the_steps_done_before() -> None:
    asked = []
    p = Value(0.0)
    optimizer = SGD([p], lr=lambda step: asked.append(step) or 0.5 * (step + 1))
    p.grad = -1.0
    found = []
    for _ in range(3):
        optimizer.step()
        found.append(p.data)
    assert asked == [0, 1, 2]
    assert found == [0.5, 1.5, 3.0]


def test_default_rates() -> None:
    assert (SGD([w]).lr, Adam([w]).lr, AdamW([w]).lr) == (0.01, 0.001, 0.001)


@pytest.mark.torch
def test_defaults_but_the_rate_are_those_of_pytorch() -> None:
    import torch

    for kind in OPTIMIZERS.values():
        theirs = getattr(torch.optim, kind.__name__)([torch.zeros(1)]).defaults
        ours = vars(kind([w]))
        shared = set(ours) & set(theirs) - {"lr"}
        assert "weight_decay" in shared
        assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def test_what_is_remembered() -> None:
    assert SGD([w]).moments == []
    assert SGD([w], momentum=0.9).moments == [[0.0]]
    assert Adam([w, Value(0.0)]).moments == [[0.0, 0.0], [0.0, 0.0]]


def test_parameters_from_any_iterable() -> None:
    net = MLP(2, [1])
    assert SGD(p for p in net.parameters()).parameters == net.parameters()
    assert SGD(net.named_parameters().values()).parameters == net.parameters()


def test_an_optimizer_continues_after_pickling() -> None:
    def run(steps: Any, keep: Any) -> Any:
        p = Value(1.0)
        optimizer = Adam([p], lr=0.1)
        for step in range(steps):
            if step == keep:
                optimizer = pickle.loads(pickle.dumps(optimizer))
                [p] = optimizer.parameters
            optimizer.zero_grad()
            (p**4).backward()
            optimizer.step()
        return p.data

    assert run(20, 7) == run(20, None)


class Rprop(Optimizer):
    """Steps of lr against the sign of the gradient, doubled while that stays."""

    kept = 1

    def update(self, p: Any, gradient: Any, moments: Any, settings: Any) -> Any:
        [rate], [before] = settings, moments
        step = 2.0 * before if before * gradient > 0 else math.copysign(rate, gradient)
        return p - step, [step]


def test_an_optimizer_of_ones_own() -> None:
    p, q = Value(10.0), Value(-10.0)
    optimizer = Rprop([p, q], lr=1.0)
    found = []
    for _ in range(3):
        optimizer.zero_grad()
        (p * p + q * q).backward()
        optimizer.step()
        found.append((p.data, q.data))
    assert found == [(9.0, -9.0), (7.0, -7.0), (3.0, -3.0)]
    assert (optimizer.steps, optimizer.moments) == (3, [[4.0, -4.0]])


def test_an_optimizer_without_a_formula() -> None:
    class Empty(Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="Empty needs a method `update`"):
        Empty([w], lr=0.1).step()


WRONG_PARAMETERS = [
    (lambda: w, TypeError, "takes a list of parameters, such as net.parameters\\(\\), not Value"),
    (lambda: 3, TypeError, "takes a list of parameters, .* not int"),
    (lambda: MLP(1, [1]), TypeError, "takes a list of parameters, .* not MLP"),
    (lambda: [w, w * w], TypeError, "parameters are Values that were made from numbers, not Value"),
    (lambda: [(2.0 * w).args[0]], TypeError, "made from numbers, not Constant"),
    (lambda: [1.0], TypeError, "made from numbers, not 1.0"),
    (lambda: "w", TypeError, "made from numbers, not 'w'"),
    (list, ValueError, "needs at least one parameter"),
    (lambda: [w, Value(2.0), w], ValueError, "each of them once"),
]


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
@pytest.mark.parametrize(("make", "error", "says"), WRONG_PARAMETERS)
def test_wrong_parameters_are_named(kind: Any, make: Any, error: Any, says: Any) -> None:
    with pytest.raises(error, match=f"^{kind.__name__}:? .*{says}|^{kind.__name__} {says}"):
        kind(make())


WRONG_SETTINGS = [
    (SGD, {"lr": -0.1}, ValueError, "SGD: lr is from 0 to below inf, not -0.1"),
    (SGD, {"lr": math.nan}, ValueError, "SGD: lr is from 0 to below inf, not nan"),
    (SGD, {"lr": math.inf}, ValueError, "SGD: lr is from 0 to below inf, not inf"),
    (SGD, {"lr": "0.1"}, TypeError, "SGD with lr takes a real number, not str '0.1'"),
    (SGD, {"lr": None}, TypeError, "SGD with lr takes a real number, not NoneType"),
    (SGD, {"lr": 10**400}, OverflowError, "SGD with lr: the int is beyond the range"),
    (SGD, {"momentum": -0.1}, ValueError, "SGD: momentum is from 0"),
    (SGD, {"momentum": "much"}, TypeError, "SGD with momentum takes a real number, not str 'much'"),
    (SGD, {"weight_decay": -1}, ValueError, "SGD: weight_decay is from 0"),
    (SGD, {"nesterov": True}, ValueError, "SGD: nesterov needs a momentum above 0"),
    (Adam, {"betas": 0.9}, TypeError, "Adam: betas are two numbers, not 0.9"),
    (Adam, {"betas": (0.9,)}, TypeError, r"Adam: betas are two numbers, not \(0.9,\)"),
    (Adam, {"betas": (0.9, 0.99, 0.999)}, TypeError, "Adam: betas are two numbers"),
    (Adam, {"betas": None}, TypeError, "Adam: betas are two numbers, not None"),
    (Adam, {"betas": (0.9, 1.0)}, ValueError, r"Adam: betas\[1\] is from 0 to below 1, not 1.0"),
    (Adam, {"betas": (-0.1, 0.9)}, ValueError, r"Adam: betas\[0\] is from 0 to below 1, not -0.1"),
    (Adam, {"betas": (0.9, "b")}, TypeError, r"Adam with betas\[1\] takes a real number, not str 'b'"),
    (Adam, {"eps": -1e-8}, ValueError, "Adam: eps is from 0"),
    (Adam, {"weight_decay": math.inf}, ValueError, "Adam: weight_decay is from 0 to below inf, not inf"),
    (AdamW, {"weight_decay": -0.01}, ValueError, "AdamW: weight_decay is from 0"),
    (AdamW, {"betas": 2}, TypeError, "AdamW: betas are two numbers, not 2"),
]


@pytest.mark.parametrize(("kind", "settings", "error", "says"), WRONG_SETTINGS)
def test_settings_out_of_range_are_named(kind: Any, settings: Any, error: Any, says: Any) -> None:
    with pytest.raises(error, match=says):
        kind([w], **settings)


@pytest.mark.parametrize(
    ("rate", "error", "says"),
    [
        (math.nan, ValueError, "SGD: lr of step 1 is from 0 to below inf, not nan"),
        (-0.5, ValueError, "SGD: lr of step 1 is from 0 to below inf, not -0.5"),
        ("fast", TypeError, "SGD with lr of step 1 takes a real number, not str 'fast'"),
        (None, TypeError, "SGD with lr of step 1 takes a real number, not NoneType None"),
    ],
)
def test_a_schedule_that_gives_no_rate_is_named_and_changes_nothing(rate: Any, error: Any, says: str) -> None:
    p = Value(1.0)
    p.grad = 1.0
    optimizer = SGD([p], lr=lambda step: rate if step else 0.5)
    optimizer.step()
    with pytest.raises(error, match=says):
        optimizer.step()
    assert (p.data, optimizer.steps) == (0.5, 1)


def test_schedules() -> None:
    steps = (0, 1, 2, 3, 4, 5, 9)
    assert [step_decay(0.8, 2, 0.5)(k) for k in steps] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.05]
    assert step_decay(1.0, 3)(6) == pytest.approx(0.01)
    assert [exponential_decay(0.8, 0.5)(k) for k in (0, 1, 4)] == [0.8, 0.4, 0.05]
    assert [linear_decay(1.0, 4)(k) for k in steps] == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0]
    assert [linear_decay(1.0, 4, 0.5)(k) for k in (0, 2, 4, 99)] == [1.0, 0.75, 0.5, 0.5]
    assert [cosine_annealing(1.0, 4)(k) for k in (0, 2, 4, 99)] == pytest.approx([1.0, 0.5, 0.0, 0.0], abs=1e-16)
    assert cosine_annealing(1.0, 3, 0.1)(1) == pytest.approx(0.1 + 0.9 * 0.75)


def test_warmup() -> None:
    assert [warmup(0.8, 4)(k) for k in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])
    falling = warmup(linear_decay(1.0, 4), 2)
    assert [falling(k) for k in range(5)] == [0.5, 0.75, 0.5, 0.25, 0.0]
    assert warmup(0.3, 1)(0) == 0.3


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: step_decay(0.1, 0), ValueError, "step_decay: step_size is a whole number of at least 1, not 0"),
        (lambda: step_decay(0.1, 2.5), TypeError, "step_decay: step_size is a whole number, not float 2.5"),
        (
            lambda: cosine_annealing(0.1, -1),
            ValueError,
            "cosine_annealing: steps is a whole number of at least 1, not -1",
        ),
        (lambda: linear_decay(0.1, "9"), TypeError, "linear_decay: steps is a whole number, not str '9'"),
        (lambda: warmup(0.1, 0), ValueError, "warmup: steps is a whole number of at least 1, not 0"),
        (lambda: step_decay("a", 1), TypeError, "step_decay with lr takes a real number, not str 'a'"),
        (lambda: step_decay(0.1, 1, -2.0), ValueError, "step_decay: gamma is from 0 to below inf, not -2.0"),
        (lambda: exponential_decay(0.1, None), TypeError, "exponential_decay with gamma takes a real number"),
        (lambda: cosine_annealing(math.nan, 5), ValueError, "cosine_annealing: lr is from 0 to below inf, not nan"),
        (lambda: linear_decay(0.1, 5, -0.1), ValueError, "linear_decay: lr_end is from 0 to below inf, not -0.1"),
        (lambda: warmup("a", 5), TypeError, "warmup with lr takes a real number, not str 'a'"),
    ],
)
def test_wrong_schedules_are_named(make: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        make()


@pytest.mark.extras
def test_whole_numbers_of_numpy_are_numbers_of_steps() -> None:
    import numpy

    pairs = [
        (step_decay(0.5, numpy.int64(3)), step_decay(0.5, 3)),
        (cosine_annealing(0.5, numpy.int32(7)), cosine_annealing(0.5, 7)),
        (linear_decay(0.5, numpy.int64(7)), linear_decay(0.5, 7)),
        (warmup(0.5, numpy.uint8(4)), warmup(0.5, 4)),
    ]
    for numpys, pythons in pairs:
        assert [numpys(k) for k in range(9)] == [pythons(k) for k in range(9)]
    with pytest.raises(TypeError, match="warmup: steps is a whole number, not bool True"):
        warmup(0.1, True)
