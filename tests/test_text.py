"""What is printed fits the terminal that it is printed on."""

from __future__ import annotations

import math
import pickle
import re
from pathlib import Path

import pytest

from tests.command import command
from tinygrad_bp import Value, check_gradients
from tinygrad_bp.drawing import curve
from tinygrad_bp.text import Advice, Argument, columned, joined, listed, terminal_width

ROWS = [["x", "y, wanted", "predicted"], ["0.5", "1", "0.987654"], ["-12", "", "0"]]


@pytest.mark.parametrize(
    ("columns", "width"), [("40", 40), ("80", 80), ("200", 80), ("5", 20), ("0", 80), ("", 80), ("x", 80)]
)
def test_lines_are_as_wide_as_the_terminal_and_no_wider_than_80(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.__stdout__", None)
    assert terminal_width() == width


def test_a_table_has_columns_where_they_have_room() -> None:
    assert columned(ROWS, 25) == ["  x  y, wanted  predicted", "0.5          1   0.987654", "-12                     0"]
    assert columned(ROWS, 24) == [
        "        x  0.5", "y, wanted  1", "predicted  0.987654", "", "        x  -12", "y, wanted", "predicted  0",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1, 20, 27, 40, 76])
@pytest.mark.parametrize("count", [1, 2, 3, 101, 1001, 1_000_001])
def test_a_curve_fits(count: int, width: int) -> None:
    lines = curve.plot([math.exp(-k / count) for k in range(count)], width)
    assert max(map(len, lines)) <= max(20, width)
    numbers = re.findall(r"[\d,]+", lines[-1])
    assert numbers[0] == "0"
    assert numbers[1:] in ([], [f"{count - 1:,}"], [f"{(count - 1) // 2:,}", f"{count - 1:,}"])
    if width >= 40:
        assert len(numbers) == (1 if count == 1 else 3 if count % 2 else 2)


def test_a_check_is_a_list_on_a_narrow_terminal() -> None:
    x, w = Value(1.0, "x"), Value(2.0, "weight")
    check = check_gradients((x * w).tanh())
    assert check.text() == str(check)
    assert "autograd       difference" in str(check)
    lines = check.text(width=40).splitlines()
    assert max(map(len, lines)) <= 40
    assert [line for line in lines if not line.startswith(" ")] == ["x: ok", "weight: ok", "2 of 2 derivatives agree"]
    for row in check.inputs:
        assert f"  autograd   {row.autograd:>16.9g}" in lines


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 64])
def test_all_commands_fit_a_narrow_terminal(columns: int, neuron: None) -> None:
    for arguments in (
        ["train", "xor", "--epochs", "2"],
        ["tutorial", "--steps", "2"],
        ["check", "neuron.py:out"],
        ["explain", "neuron.py:out", "--wrt", "w"],
    ):
        done = command(*arguments, env={"COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"})
        assert done.returncode == 0, done.stderr
        lines = done.stdout.decode().splitlines()
        # A command is copied whole, so it is not broken.
        assert [line for line in lines if len(line) > columns and not line.startswith("    tinygrad-bp ")] == []
    assert Path("training-out/model.json").exists()


def test_advice_knows_the_arguments_that_it_names_wherever_it_is_said() -> None:
    depth, most = Advice(Argument("depth", "3")), Advice("a larger ", Argument("max_nodes"))
    ways = "draw: label depth=4: " + listed([depth, "less", most], "or") + "."
    assert ways == "draw: label depth=4: depth=3, less or a larger max_nodes."
    said = "draw: label depth=4: <depth 3>, less or a larger <max_nodes None>."
    for each in (ways, pickle.loads(pickle.dumps(ways)), ValueError(ways).args[0], joined([ways], "; ")):
        assert isinstance(each, Advice)
        assert each.told(lambda argument: f"<{argument.name} {argument.value}>") == said
    assert type(str(ValueError(ways))) is str
    assert joined(["a", "b"], "; ") == "a; b"
    assert joined([], "; ") == ""
