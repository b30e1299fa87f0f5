"""What was accepted and went wrong later, or was blamed on something else, is said where it is written."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest

from tinygrad_bp import MLP, Operation, Value, train
from tinygrad_bp.cli import main
from tinygrad_bp.losses import hinge
from tinygrad_bp.networks.losses import NoNetInputs
from tinygrad_bp.networks.nn import Module
from tinygrad_bp.networks.prediction import Predictor
from tinygrad_bp.networks.training.watching import watch
from tinygrad_bp.optim import SGD, cosine_annealing, warmup


def own(forward: Any, **how: Any) -> Operation:
    return Operation("own", forward, (lambda y, x: 1.0,), **({"source": "own({})", "latex": ""} | how), symbol="own")


@pytest.mark.parametrize("target", [0.0, 0.5, 2.0, math.nan])
def test_hinge_takes_the_targets_1_and_minus_1(target: float) -> None:
    with pytest.raises(ValueError, match="hinge: a target is 1 or -1, not"):
        hinge([Value(0.5)], [target])
    assert hinge([Value(0.5)], [-1]).data == 1.5
    assert hinge([Value(0.5)], [Value(0.0)]).data == 1.0
    net = MLP(1, [1], activation=None, seed=1)
    with pytest.raises(ValueError, match="train: row 2: hinge"):
        train(net, [([1.0], 1.0), ([2.0], target)], "hinge", SGD(net.parameters(), 0.1))


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_an_activation_before_a_cross_entropy_is_warned_of(loss: str) -> None:
    net = MLP(1, [2], activation="tanh", seed=1)
    rows = [([1.0], [1.0, 0.0])]
    with pytest.warns(NoNetInputs, match=r"activation tanh.*activation=\[\.\.\., None\]"):
        train(net, rows, loss, SGD(net.parameters(), 0.1), epochs=1)


@pytest.mark.parametrize(
    ("rate", "kind"), [(-1, ValueError), (math.nan, ValueError), ("x", TypeError), (None, TypeError)]
)
def test_a_learning_rate_is_checked_when_it_is_set(rate: Any, kind: type[Exception]) -> None:
    optimizer = SGD([Value(1.0)], 0.5)
    with pytest.raises(kind, match="lr"):
        optimizer.lr = rate
    assert optimizer.lr == 0.5


@pytest.mark.parametrize("texts", [{"latex": "l^{-x}"}, {"source": "a({foo})"}, {"source": "a({1})"}, {"latex": "{"}])
def test_a_text_that_cannot_be_filled_in_is_refused_at_once(texts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"cannot be filled in.*is doubled"):
        own(lambda x: x, **texts)


def test_an_error_of_an_own_forward_is_said_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError, match=r"own is undefined at 0.7: ZeroDivisionError, .*division"):
        own(lambda x: 1 / 0)(Value(0.7))
    with pytest.raises(ValueError, match="it needs a finite number"):
        own(lambda x: math.sin(x))(Value(math.inf))


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        (([0.1, "a"], 0.0), TypeError, "row 3, input 2, is a real number, not str 'a'"),
        (([None, 0.1], 0.0), TypeError, "row 3, input 1, is a real number, not NoneType"),
        (([0.1, 0.2], "b"), TypeError, "row 3, target, is a real number, not str 'b'"),
        (([0.1], 0.0), ValueError, "row 3 has 1 input, and the network takes 2"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(row: Any, kind: type[Exception], words: str) -> None:
    net = MLP(2, [1], seed=1)
    rows = [([0.1, 0.2], 0.0)] * 2 + [row] + [([0.1, 0.2], 0.0)] * 9
    with pytest.raises(kind, match=words):
        train(net, rows, "squared_error", SGD(net.parameters(), 0.1), epochs=1)


def test_a_predictor_takes_one_row() -> None:
    class Frame:
        columns = ("i1",)

    predictor = Predictor(MLP(1, [1], seed=1))
    with pytest.raises(TypeError, match="one row, not a table"):
        predictor.answer(Frame())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not 'Bern'"):
        predictor.answer("Bern")
    assert repr(predictor) == "Predictor(i1 -> o1)"


def test_a_module_without_a_call_says_what_it_needs() -> None:
    class Net(Module):
        def forward(self, x: Any) -> Any:
            return x

    with pytest.raises(TypeError, match=r"Net has no method __call__.*rename its `forward`"):
        Net()(1.0)


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_a_mistake_in_an_own_loss_comes_through(engine: str) -> None:
    net = MLP(1, [1], seed=1)
    with pytest.raises(ZeroDivisionError):
        train(net, [([1.0], 1.0)], lambda out, target: 1 / 0, SGD(net.parameters(), 0.1), engine=engine)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("typed", "meant"), [("--sep", "--delimiter"), ("--drop", "--ignore"), ("--fillna", "--missing")]
)
def test_options_of_other_tools_are_known(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor", typed, "a"]) == 2
    assert f"did you mean '{meant}'" in capsys.readouterr().err


def test_schedules_and_watched_values_show_what_they_are() -> None:
    schedule = warmup(cosine_annealing(0.1, 5), 3)
    assert repr(schedule) == "warmup(schedule=cosine_annealing(lr=0.1, steps=5, lr_min=0.0), steps=3)"
    assert repr(pickle.loads(pickle.dumps(schedule))) == repr(schedule)
    x = Value(0.5, "x")
    with watch([x]) as looks:
        assert repr(x) == "Value(data=0.5, grad=0.0, label='x')"
    assert not looks
