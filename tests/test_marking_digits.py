"""What digits tell: one beside others that have more says little, and what is cut off, or a mistake by itself, is called so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.worked import worked_example
from tinygrad_bp import MLP, Value, mark
from tinygrad_bp.lessons.derivation import Derivation

WEIGHTS = [0.31, -0.72, 0.55, 0.18, -0.44, 0.93, 0.61, -0.37, 0.82]


def tanh(
    target: float = -0.6,
    inputs: tuple[float, float] = (0.35, -0.8),
    weights: list[float] | None = None,
    biases: tuple[float, ...] = (0.11, -0.23, 0.07, 0.4),
) -> Value:
    """The error of 2-3-1 with tanh."""
    net = MLP(2, [3, 1], activation="tanh", weights=weights or WEIGHTS, biases=list(biases))
    [out] = net([Value(inputs[0], "i1"), Value(inputs[1], "i2")])
    error = (Value(target, "target_o1") - out) ** 2 / 2
    error.label = "E"
    return error


SIX = {"net_o1": "0.312499", "out_o1": "0.302708", "dE/dout_o1": "0.902708"}
FORGOTTEN = {**SIX, "dout_o1/dnet_o1": "1", "delta_o1": "0.902708", "dE/dw7": "0.596646", "w7+": "0.431006"}


@pytest.mark.parametrize("accepted", [False, True])
def test_a_slope_forgotten_and_written_as_1_is_no_rounding(accepted: bool) -> None:
    found = mark(tanh(), FORGOTTEN, lr=0.3, accept_rounded=accepted)
    assert [each.verdict for each in found] == ["right"] * 3 + ["few", "wrong", "carried", "carried"]
    assert not found.ok
    assert found.first_wrong is not None
    assert found.first_wrong.keys == ["omitted"]
    assert "dout_o1/dnet_o1 = 0.908" in found.first_wrong.causes[0]


@pytest.mark.parametrize(
    "answers",
    [
        {"dout_o1/dnet_o1": "0.2", "delta_o1": "0.148273014"},
        {"dE_total/dout_o1": "0.7", "delta_o1": "0.130771", "dE/dw5": "0.0775825"},
        {"dE_total/dout_o1": "0.741365070", "dout_o1/dnet_o1": "0.2", "delta_o1": "0.148273014", "dE/dw5": "0.087965"},
        {"out_o1": "1", "dE_total/dout_o1": "0.99", "delta_o1": "0"},
    ],
)
def test_what_follows_from_one_digit_is_not_right_but_for_rounding(answers: dict[str, str]) -> None:
    found = mark(worked_example().error, answers, lr=0.5, accept_rounded=True)
    verdicts = [each.verdict for each in found]
    assert not found.ok
    assert "rounded" not in verdicts
    assert {"wrong", "carried"} & set(verdicts)


def test_one_digit_that_is_the_number_itself_is_right_beside_others() -> None:
    x, w = Value(0.5, "x"), Value(0.8, "w")
    net = w * x
    net.label = "net"
    square = net**2
    square.label = "E"
    answers = {"net": "0.4", "E": "0.16", "dE/dnet": "0.8", "dE/dw": "0.4", "dE/dx": "0.6400"}
    assert mark(square, answers).ok


def test_a_difference_of_rounded_numbers_may_have_one_digit() -> None:
    error = tanh(0.3)  # and the output is 0.3027
    answers = {"net_o1": "0.3125", "out_o1": "0.3027", "dE/dout_o1": "0.0027", "delta_o1": "0.002453"}
    assert {each.verdict for each in mark(error, answers)} <= {"right", "rounded"}
    few = mark(error, {"out_o1": "0.303", "dE/dout_o1": "0.003", "delta_o1": "0.002724"}, accept_rounded=True)
    assert few.ok


def test_a_key_without_a_graph_knows_that_one_digit_is_few(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    answers = [{"name": "s", "value": 0.908367592}, {"name": "d", "value": 0.819991105}, {"name": "n", "value": 2.0}]
    key = {"format": "tinygrad_bp exercise key", "version": 1, "learning_rate": None, "graph": None}
    path.write_text(json.dumps({**key, "answers": answers, "questions": []}))
    found = mark(path, {"s": "1", "d": "0.819991", "n": "2"})
    assert [each.verdict for each in found] == ["few", "right", "right"]


def test_who_rounds_each_step_to_four_digits_is_not_wrong() -> None:
    weights = [-0.65, 0.7, -0.45, -0.1, -0.4, 0.15, 0.3, -0.2, 0.55]
    error = tanh(0.35, (0.75, -0.35), weights, (0.3, 0.4, 0.25, 0.1))
    # 0.4432 * 0.2 = 0.08864, and 1 - 0.09719 ** 2 = 0.9906: their product is 0.08781, and the right number 0.08782.
    answers = {
        "net_h2": "0.0975",
        "out_h2": "0.09719",
        "out_o1": "-0.0975",
        "delta_o1": "-0.4432",
        "delta_h2": "0.08781",
    }
    found = mark(error, answers)
    assert found["delta_h2"].verdict == "rounded"


@pytest.mark.parametrize("answer", ["0.741365069", "0.74136506", "0.741365069552" + "31"])
def test_what_is_cut_off_is_called_so(answer: str) -> None:
    right = Derivation(worked_example().error)["dE_total/dout_o1"].value
    assert answer == repr(right)[: len(answer)]
    [found] = mark(worked_example().error, {"dE/dout_o1": answer})
    assert found.keys == (["cut"] if found.verdict == "wrong" else ())
    assert (found.verdict == "wrong") == (len(answer) < 14)


@pytest.mark.parametrize("answer", ["1.0", "1.00", 1.0])
def test_a_forgotten_slope_is_not_the_last_digit(answer: str | float) -> None:
    [found] = mark(tanh(), {"dout_o1/dnet_o1": answer})
    assert found.keys[0] == "omitted"


def test_a_last_digit_that_is_off_is_called_so_still() -> None:
    [found] = mark(worked_example().error, {"dE/dout_o1": "0.75"})
    assert found.keys == ["lastDigit"]


@pytest.mark.parametrize(
    ("error", "name", "number"),
    [
        (worked_example().error, "net_o1", 0.4 * 0.3775 + 0.45 * 0.3925 + 0.6),
        (tanh(), "net_o1", 0.61 * 0.7945 - 0.37 * -0.1815 + 0.82 * -0.828 + 0.4),
    ],
)
@pytest.mark.parametrize("digits", [9, 6, 4])
def test_net_inputs_for_all_outputs_are_named_in_the_forward_pass(
    error: Value, name: str, number: float, digits: int
) -> None:
    [found] = mark(error, {name: f"{number:.{digits}f}"})
    assert found.keys[0] == "netEverywhere"
    assert "net_h1 for out_h1" in found.causes[0]
