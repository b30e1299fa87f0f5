"""What a sheet gives: data that stay data, plain numbers, cases in a table, softmax by p, y and -log(p); and the same draws everywhere."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from tests.exercises import ALL, classes
from tinygrad_bp import MLP, Value, cross_entropy, exercise, mean_squared_error
from tinygrad_bp.cli import main
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explorer.subject import of_truth_table
from tinygrad_bp.lessons.moodle import gift

ROWS = [([0.1, 0.5], 1.0), ([0.4, -0.3], 0.0), ([0.9, 0.2], 1.0)]


def of_rows(*, named: bool) -> Value:
    """The mean of three cases, of Values or of plain numbers."""
    net = MLP(2, [2, 1], activation="tanh", seed=3)
    rows = [([Value(a, "x1"), Value(b, "x2")], Value(t, "t")) if named else ([a, b], t) for (a, b), t in ROWS]
    error = mean_squared_error([net(x)[0] for x, _ in rows], [t for _, t in rows])
    error.label = "MSE"
    return error


def of_classes() -> Value:
    """Three classes, of which the second is right; the loss takes them in another order."""
    net = MLP(2, [3], activation=None, seed=3)
    error = cross_entropy(net([Value(0.5, "x1"), Value(-1.0, "x2")]), 1)
    error.label = "CE"
    return error


def row_of_xor(number: int) -> dict[str, float]:
    loss = of_truth_table("xor", number).result
    return {v.label: v.data for v in topological_order(loss, constants=False) if re.match(r"i\d|target", v.label)}


# Data


@pytest.mark.slow
@pytest.mark.parametrize("row", [None, 1, 2, 3, 4])
def test_the_rows_of_a_truth_table_are_its_own(row: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(4):
        options = ["--row", str(row)] if row else []
        assert main(["exercise", "xor", "--seed", str(seed), "--language", "en", *options]) == 0
        text = capsys.readouterr().out.split("These are known")[0]
        found = {name: float(x) for name, x in re.findall(r"(i1|i2|target_o1) +(\d+(?:\.\d+)?)", text)}
        assert found == row_of_xor(row or 4)


def test_a_row_of_a_users_own_truth_table_stays_one_without_zeros() -> None:
    def ones(a: float, b: float, target: float) -> dict[str, float]:
        [out] = MLP(2, [2, 1], seed=1)([Value(a, "i1"), Value(b, "i2")])
        error = (Value(target, "target_o1") - out) ** 2
        error.label = "E"
        leaves = [exercise(error, seed=seed).key_data()["leaves"] for seed in range(5)]
        assert len({json.dumps(each) for each in leaves}) == 5
        found = {tuple(each[name] for name in ("i1", "i2", "target_o1")) for each in leaves}
        return dict(zip(("i1", "i2", "target_o1"), found.pop(), strict=True)) if len(found) == 1 else {}

    assert ones(1.0, 1.0, 0.0) == {"i1": 1.0, "i2": 1.0, "target_o1": 0.0}
    assert ones(1.0, 0.0, 1.0) == {}  # no input is 0 if that is not asked for


def test_in_a_batch_each_input_is_a_column() -> None:
    net = MLP(3, [2, 1], activation="tanh", seed=3)
    rows = [([1.7, 1.0, 0.2], 0.3), ([1.82, 0.0, 0.4], 0.5), ([1.65, 1.0, 0.9], 0.8)]  # height, a flag, a share
    outs = [net([Value(x, f"x{k}") for k, x in enumerate(row, 1)])[0] for row, _ in rows]
    error = mean_squared_error(outs, [t for _, t in rows])
    error.label = "E"
    for seed in range(5):
        leaves = exercise(error, seed=seed).key_data()["leaves"]
        assert [leaves[f"x2[{k}]"] for k in (1, 2, 3)] == [1.0, 0.0, 1.0]
        assert all(1.1 <= leaves[f"x1[{k}]"] <= 2.6 for k in (1, 2, 3))
        assert all(0.05 <= leaves[f"x3[{k}]"] <= 0.99 for k in (1, 2, 3))


def test_what_is_to_be_kept_is_kept() -> None:
    x, w = Value(0.123456789, "x1"), Value(0.4, "w")
    y = (w * x + 0.5).tanh() * Value(0.3, "v")
    y.label = "y"
    for seed in range(5):
        assert exercise(y, seed=seed, keep=[x]).key_data()["leaves"]["x1"] == 0.1235
    with pytest.raises(
        ValueError, match=r"^exercise: keep names leaves of the graph, and Value\(.*\) is none; there are"
    ):
        exercise(y, keep=[y])


def test_what_is_kept_is_told_by_its_name_and_of_a_batch_by_its_label() -> None:
    for kept in ("x1", ["x1"], ["x1[1]", "x1[2]", "x1[3]"]):
        leaves = exercise(of_rows(named=True), seed=4, keep=kept).key_data()["leaves"]
        assert [leaves[f"x1[{k}]"] for k in (1, 2, 3)] == [0.1, 0.4, 0.9]
        assert [leaves[f"x2[{k}]"] for k in (1, 2, 3)] != [0.5, -0.3, 0.2]
    leaves = exercise(of_rows(named=True), seed=4, keep=["x1[2]"]).key_data()["leaves"]
    assert leaves["x1[2]"] == 0.4
    assert leaves["x1[1]"] != 0.1
    with pytest.raises(ValueError, match=r"and 'x1\[4\]' is none; did you mean 'x1\[\d\]'\?$"):
        exercise(of_rows(named=True), keep=["x1[4]"])
    with pytest.raises(ValueError, match=r"and 'gravity' is none; there are .*'x1\[1\]'"):
        exercise(of_rows(named=True), keep=["gravity"])


def test_the_state_that_a_recurrence_begins_with_is_nothing_as_yet() -> None:
    w, u, state = Value(0.5, "w"), Value(0.8, "u"), Value(0.0, "h0")
    for k, x in enumerate((1.0, -0.5, 0.3), 1):
        state = (w * Value(x, f"x{k}") + u * state).tanh()
        state.label = f"h{k}"
    loss = (state - 0.7) ** 2
    loss.label = "L"
    for seed in range(5):
        made = exercise(loss, seed=seed, lr=0.5)
        assert made.key_data()["leaves"]["h0"] == 0.0
        assert "h0+" not in [each.step.name for each in made.asked]
        given = made.text(width=200).split("This is how")[0]
        order = re.findall(r"\b(x\d|h0|w|u)  +-?\d", given)
        assert order == ["x1", "x2", "x3", "h0", "w", "u"]


# Plain numbers


@pytest.mark.parametrize("language", ["en", "ja"])
def test_inputs_and_targets_that_are_plain_numbers_are_given(language: str) -> None:
    made = exercise(of_rows(named=False), language=language, lr=0.5)
    lines = made.text().splitlines()
    for number, (row, target) in enumerate(ROWS, 1):
        [line] = [line.split() for line in lines if line.startswith(f"  [{number}]")]
        assert [float(x) for x in line[1:]] == [*row, target]
    text = gift(made._worksheet.problem("s"))
    for number, (row, target) in enumerate(ROWS, 1):
        for k, x in enumerate(row, 1):
            assert re.search(rf"{k}\[{number}\]\\=", text.replace("\u00a0", "")), (number, k, x)
        assert f"[{number}]\u00a0\\=\u00a0{target:g}" in text


def test_cases_of_values_stand_in_the_same_table() -> None:
    made = exercise(of_rows(named=True), lr=0.5)
    leaves = made.key_data()["leaves"]
    lines = made.text().splitlines()
    for number in (1, 2, 3):
        [line] = [line.split() for line in lines if line.startswith(f"  [{number}]")]
        assert [float(x) for x in line[1:]] == [leaves[f"{name}[{number}]"] for name in ("x1", "x2", "t")]


def test_many_inputs_without_names_are_all_given() -> None:
    net = MLP(12, [2, 1], seed=1)
    row = [0.11 + 0.05 * k for k in range(12)]
    error = mean_squared_error([net(row)[0]], [0.5])
    error.label = "E"
    text = exercise(error).text(width=200)
    for k, x in enumerate(row, 1):
        assert re.search(rf"input {k} +{x:.2f}", text)
    assert re.search(r"target of o1 +0\.5", text)


# Softmax


def test_softmax_with_cross_entropy_is_told_by_p_and_y_in_the_order_of_the_classes() -> None:
    made = exercise(of_classes(), lr=0.5, seed=1)
    text = made.text(width=120)
    assert "CE = -log(p_o2)" in text
    assert "p_o1 = exp(out_o1) / (exp(out_o1) + exp(out_o2) + exp(out_o3))" in text
    assert "logsumexp" not in text + made.key.text() + made.moodle() + made.gift()
    assert "softplus" not in text + made.key.text() + made.latex()
    assert re.search(r"target of o1 +target of o2 +target of o3\n[ ─]+\n +\S+ +\S+ +0 +1 +0", text)
    names = [each.step.name for each in made.asked]
    outs, ps, deltas = ([f"{kind}_o{k}" for k in (1, 2, 3)] for kind in ("out", "p", "delta"))
    assert names[:10] == [*outs, *ps, "CE", *deltas]
    key = made.key.text(width=120)
    for k, y in ((1, 0), (2, 1), (3, 0)):
        assert re.search(rf"delta_o{k} = dCE/dout_o{k} = p_o{k} - y_o{k} = 0\.\d+ - {y} = -?0\.\d+", key)
    assert "p - y" not in exercise(of_classes(), lr=0.5, seed=1, rules=False).text()
    assert "delta = p - y" in text


def test_the_probabilities_of_the_key_are_those_of_the_sheet() -> None:
    made = exercise(classes(), lr=0.5)
    key = made.key.text(width=120)
    found = [float(x) for x in re.findall(r"^ *p_o\d = .* = (0\.\d+)$", key, re.MULTILINE)]
    found = found or [float(x) for x in re.findall(r"^ +=? ?(0\.\d+)$", key, re.MULTILINE)]
    assert sum(found[:2]) == pytest.approx(1.0, abs=1e-6)


# The same everywhere


def test_numbers_that_were_drawn_once_are_drawn_in_every_version() -> None:
    drawn = []
    for graph in ALL:
        for seed in (0, "week 3"):
            key = exercise(graph(), seed=seed, lr=0.5).key_data()
            values = [f"{each['value']:.6g}" for each in key["answers"]]
            drawn.append([list(key["leaves"].values()), values, [each["right"] for each in key["questions"]]])
    digest = hashlib.sha256(json.dumps(drawn).encode()).hexdigest()
    assert digest[:16] == "bae9658805b13c11"
