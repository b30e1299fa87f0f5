"""Mistakes that were passed over, or blamed on something else: what is said of each."""

import io
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.trainings import each_engine, some_1d
from tinygrad_bp import MLP, SGD, data, load, train
from tinygrad_bp.networks.training import Diverged, History


def table(text: str, **how: Any) -> Any:
    return data.read(io.StringIO(text), **how)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# measured in May\nx,y\n1,2\n3,4\n", ("x", "y")),
        ("# by A, B\n\n# 2024, again\nx,y\n1,2\n3,4\n", ("x", "y")),
        ("#id,y\n1,2\n3,4\n", ("#id", "y")),
        ("# x,y\n1,2\n3,4\n", ("# x", "y")),
        ("# x y\n1 2\n3 4\n", ("x", "y")),
        ("# several words\n1;2\n3;4\n", ("c1", "c2")),
    ],
)
def test_remarks_before_a_table_are_no_rows(text: str, names: tuple[str, ...]) -> None:
    found = table(text)
    assert repr(found) == f"<2 rows: {names[0]} → {names[1]}>"
    assert list(found) == [([1.0], [2.0]), ([3.0], [4.0])]


def test_rows_that_begin_like_remarks_are_rows() -> None:
    assert len(list(table("#fff,1\n#000,2\nred,3\nblue,4\n"))) == 4


def test_lines_after_remarks_are_counted_from_the_start_of_the_file() -> None:
    with pytest.raises(ValueError, match="line 5, column 'x': the text 'four'"):
        table("# a\n# b\nx,y\n1,2\nfour,3\n")


def test_a_decimal_comma_between_quotation_marks() -> None:
    text = 'x,y\n"1,5",2\n"2,5",3\n'
    with pytest.raises(ValueError, match=r'the text \'1,5\' where .* or say decimal="," \(--decimal ,\)'):
        table(text)
    assert list(table(text, decimal=",")) == [([1.5], [2.0]), ([2.5], [3.0])]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("x,y\n1," + "2" * 200_000 + "\n", r"line 2, column 2: the cell is longer than 131,072 characters$"),
        ('x,y\n1,2\n"3\n,4",' + "5" * 200_000 + "\n", r"line 3, column 2: the cell is longer than 131,072 characters$"),
        ('x,y\n1,2\n"3,4\n' + "5,6\n" * 50_000, r"line 3, column 1: .*; is its quotation mark never closed\?$"),
    ],
)
def test_a_cell_that_is_too_long(text: str, where: str) -> None:
    with pytest.raises(ValueError, match=where):
        table(text)


def test_a_file_of_brackets_says_what_it_is_not() -> None:
    with pytest.raises(ValueError, match="this is no saved network, or a damaged one: lists are nested too deeply"):
        load(io.StringIO("[" * 100_000))


@pytest.mark.parametrize(
    ("answer", "epochs"), [(True, 1), (False, 3), (None, 3), *[(each, 3) for each in (1, 0, [0], "x", 1.0, 0.25)]]
)
def test_only_true_stops_of_what_on_epoch_returns(answer: Any, epochs: int) -> None:
    net = MLP(1, [1], seed=1)
    history = train(net, some_1d(), "squared_error", SGD(net.parameters()), epochs=3, on_epoch=lambda history: answer)
    assert history.epochs == epochs


def test_a_callback_may_return_the_path_that_it_saved_to(tmp_path: Path) -> None:
    net = MLP(1, [1], seed=1)
    save: Callable[[History], os.PathLike[str]] = lambda history: history.save(tmp_path / "run.json")  # noqa: E731
    assert train(net, some_1d(), "squared_error", SGD(net.parameters()), epochs=3, on_epoch=save).epochs == 3


@pytest.mark.parametrize("inputs", [{0: 1.0, 1: 2.0}, {1.0, 2.0}, frozenset([1.0])], ids=["dict", "set", "frozenset"])
def test_what_has_no_order_is_no_row(inputs: Any) -> None:
    with pytest.raises(TypeError, match="MLP takes a list of 2 inputs, such as"):
        MLP(2, [1])(inputs)


@each_engine
def test_a_training_that_began_with_an_infinite_weight(engine: str) -> None:
    net = MLP(1, [1], seed=1)
    net.parameters()[0].data = math.inf
    with pytest.raises(Diverged, match=r"in step 1 .*w1 is inf; training began so: w1 was inf$"):
        train(net, some_1d(), "squared_error", SGD(net.parameters()), engine=engine)
