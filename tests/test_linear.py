"""What takes time that grows with a graph or a table grows with it, not with its square: counted, not timed."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tinygrad_bp import Value, draw, explain, explore, grad
from tinygrad_bp.networks import data
from tinygrad_bp.networks.data.cells import Cells


def calls(work: Callable[[], Any]) -> int:
    """How many functions, Python's and C's, it calls."""
    count = 0

    def counting(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def chain(length: int) -> tuple[Value, Value]:
    """A chain with two operations for each link, of which few have labels."""
    x = Value(0.5, "x")
    y = x
    for k in range(length):
        y = y * 0.999 + 0.001
        if k % (length // 4) == 0:
            y.label = f"h{k}"
    y.label = "y"
    return y, x


WORK: dict[str, Callable[[Value, Value], Any]] = {
    "draw": lambda y, x: draw(y, only="labelled"),
    "explain": lambda y, x: str(explain(y, x)),
    "grad": lambda y, x: grad(y, x),
    "backward": lambda y, x: y.backward(),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_readings_of_long_graphs(work: Callable[[Value, Value], Any]) -> None:
    work(*chain(8))  # what is loaded or compiled once
    short, long = chain(500), chain(2000)
    assert calls(lambda: work(*long)) < 4.5 * calls(lambda: work(*short)) + 1000


@pytest.mark.slow
def test_what_is_too_large_is_refused_by_as_much_as_it_takes_to_know() -> None:
    few, many = chain(101_000)[0], chain(202_000)[0]

    def refused(refuse: Callable[[Value], Any], y: Value) -> None:
        with pytest.raises(ValueError, match="more than 200,000"):
            refuse(y)

    refused(explore, few)  # what is loaded once
    for refuse in (draw, explore):
        counts = [calls(lambda y=y, refuse=refuse: refused(refuse, y)) for y in (few, many)]  # type: ignore[misc]
        assert counts[1] < 1.01 * counts[0] + 1000


class Name(str):
    """A name that counts with how many it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_columns_are_found_without_a_search() -> None:
    count = 2000
    table = Cells("table", [Name(f"c{k}") for k in range(count)], [])
    wanted = [Name(f"c{k}") for k in reversed(range(count))]
    Name.compared = 0
    assert [table.place(name) for name in wanted] == [*reversed(range(count))]
    assert [table.named(name) for name in wanted] == [*reversed(range(count))]
    assert Name.compared < 9 * count


def test_of_columns_with_one_name_the_first_counts() -> None:
    table = Cells("table", ["a", "b", "a"], [])
    assert (table.place("a"), table.named("b"), table.place("3"), table.place(-1)) == (0, 1, 2, 2)
    with pytest.raises(ValueError, match="there is no column '3'; the columns are a, b, a"):
        table.named("3")


def test_wide_tables() -> None:
    def read(width: int) -> None:
        text = ",".join(f"c{k}" for k in range(width)) + "\n" + ("0.5," * width)[:-1] + "\n"
        data.read(io.StringIO(text), target=[f"c{k}" for k in range(width // 2)])

    read(10)
    assert calls(lambda: read(2000)) < 4.5 * calls(lambda: read(500)) + 1000
