"""Where an explanation is told from one that is almost it: summands by their slope, labels as typed, what is not there as None."""

from __future__ import annotations

import math

import pytest

from tests.explained import named
from tinygrad_bp import Operation, Value, explain
from tinygrad_bp.explanation.chain_rule import SAFE_INTEGER


def test_only_what_is_added_as_it_is_counts_as_a_summand() -> None:
    h = Value(2.0, "h")
    first, second = named(h * 3.0, "E1"), named(h**2, "E2")
    added, subtracted = named(first + second, "E"), named(first - second, "E")
    assert str(explain(added, h)).startswith("dE/dh = dE1/dh + dE2/dh\n      = 3 + 4\n")
    assert str(explain(subtracted, h)).startswith("dE/dh = dE1/dh + dE/dE2 * dE2/dh\n      = 3 + (-1) * 4\n")


def test_a_slope_of_one_from_anything_but_a_sum_is_a_factor() -> None:
    h = Value(2.0, "h")
    first, second = named(h * 3.0, "E1"), named(h**2, "E2")
    product = named(first * 1.0 + second, "E")
    assert str(explain(product, h)).startswith("dE/dh = dE/dE1 * dE1/dh + dE2/dh\n      = 3 + 4\n")
    inside = named(Value(1.0, "one") * (first + second), "E")
    assert str(explain(inside, h)).startswith("dE/dh = dE/dE1 * dE1/dh + dE/dE2 * dE2/dh\n")


def test_what_is_added_twice_is_no_summand() -> None:
    h = Value(2.0, "h")
    first = named(h * 3.0, "E1")
    assert str(explain(named(first + first, "E"), h)).startswith("dE/dh = dE/dE1 * dE1/dh\n      = 2 * 3\n")


def test_data_have_none_for_what_is_not_there() -> None:
    own = Operation("own", math.sin, (lambda y, x: math.cos(x),), "own({})", "own({})", "own")
    x = Value(0.5, "x")
    found = explain(own(x), x).to_dict()
    [[factor]] = [path["factors"] for path in found["paths"]]
    assert factor["formula"] is None
    assert factor["value"] == math.cos(0.5)
    assert [quantity["delta"] for quantity in found["quantities"]] == [None, None]
    y = named(x.tanh(), "y")
    [[factor]] = [path["factors"] for path in explain(y, x).to_dict()["paths"]]
    assert factor["formula"] == "1 - y ** 2"


@pytest.mark.parametrize("digits", [1, 17])
def test_the_least_and_the_most_digits(digits: int) -> None:
    x = Value(0.5, "x")
    e = explain(x.tanh(), x)
    assert f"= {e.total:.{digits}f}".rstrip("0") in e.text(digits=digits)
    assert f"{e.total:.{digits}f}".rstrip("0") in e.markdown(digits=digits)
    assert e.text(width=20)


@pytest.mark.parametrize("digits", [0, 18])
def test_digits_beyond_these_are_refused(digits: int) -> None:
    x = Value(0.5, "x")
    with pytest.raises(ValueError, match="digits"):
        explain(x.tanh(), x).text(digits=digits)


@pytest.mark.parametrize("label", ["Größe", "重み", "θ₁", "Δx", "вес", "👩\u200d🔬", "e\u0301", "ﷺ"])
def test_labels_beyond_ascii_are_shown_as_typed(label: str) -> None:
    x = Value(0.5, label)
    y = named((x * 2.0).sin(), "y")
    e = explain(y, x)
    assert e.name(x) == label
    assert str(e).startswith(f"dy/d{label} = 2 * cos({label} * 2)\n")
    assert e.to_dict()["x"] == label
    assert label in e.markdown()


@pytest.mark.parametrize(
    ("label", "shown"),
    [("a\u202eb", "a\\u202eb"), ("a\nb", "a\\nb"), ("\x1b[31m", "\\x1b[31m"), ("\u200d\ufeff", "\u200d\\ufeff")],
)
def test_what_cannot_be_printed_is_spelled(label: str, shown: str) -> None:
    x = Value(0.5, label)
    e = explain(named(x.sin(), "y"), x)
    assert e.name(x) == shown
    assert e.to_dict()["labels"][shown] == label


def test_whole_numbers_are_safe_in_json_up_to_those_that_doubles_have() -> None:
    assert float(SAFE_INTEGER) == SAFE_INTEGER
    assert float(SAFE_INTEGER + 1) != SAFE_INTEGER + 1
    assert float(SAFE_INTEGER - 1) == SAFE_INTEGER - 1
