"""A cross entropy is known in one way, to lessons, sheets and marks, whichever parts of it have names."""

from __future__ import annotations

import math

import pytest

from tinygrad_bp import MLP, Value, cross_entropy, lesson, logsumexp, mark
from tinygrad_bp.lessons.derivation import Derivation

WAYS = ("in one piece", "by a named logsumexp", "with a penalty", "doubled, and named before")


def graph(way: str) -> Value:
    net = MLP(2, [2], activation=None, weights=[0.5, -0.3, 0.8, 0.2], biases=[0.1, -0.2])
    z = net([Value(0.7, "i1"), Value(0.4, "i2")])
    if way == "by a named logsumexp":
        total = logsumexp(z)
        total.label = "lse"
        error = total - z[1]
    else:
        error = cross_entropy(z, 1)
    if way == "with a penalty":
        error = error + Value(0.25, "penalty")
    if way == "doubled, and named before":
        error.label = "ce"
        error = error * 1.0
    error.label = "E"
    return error


@pytest.mark.parametrize("way", WAYS)
def test_the_error_follows_from_ones_own_probability(way: str) -> None:
    error = graph(way)
    last = "ce" if way == "doubled, and named before" else "E"
    own = -math.log(0.6) + (0.25 if way == "with a penalty" else 0.0)
    found = mark(error, {"p_o2": "0.600", last: f"{own:.6f}"})
    assert found[last].verdict == "carried"
    assert found[last].given == ["p_o2"]


@pytest.mark.parametrize("way", ["in one piece", "by a named logsumexp"])
def test_lessons_and_marks_know_the_same_errors(way: str) -> None:
    error = graph(way)
    found = Derivation(error)
    assert list(found.probabilities.errors) == [error]
    assert "E = -log(p_o2) = -log(0.527472304" in lesson(error).text()


def test_what_is_no_cross_entropy_follows_from_no_probability() -> None:
    error = graph("by a named logsumexp")
    right = Derivation(error)
    scaled = right["lse"].value * math.log(0.6) / math.log(right["p_o2"].value)
    found = mark(error, {"p_o2": "0.6", "lse": f"{scaled:.6f}"})
    assert [each.verdict for each in found] == ["wrong", "wrong"]


def test_of_a_named_logsumexp_that_is_wrong_the_error_follows_too() -> None:
    error = graph("by a named logsumexp")
    right = Derivation(error)
    own = 1.2 - right["out_o2"].value
    found = mark(error, {"lse": "1.2", "p_o2": f"{right['p_o2'].value:.9f}", "E": f"{own:.6f}"})
    assert found["E"].verdict == "carried"
    assert found["E"].given == ["lse"]


def test_a_saturated_softmax_has_its_logarithm_still() -> None:
    net = MLP(1, [2], activation=None, weights=[50.0, -900.0], biases=[0.0, 0.0])
    error = cross_entropy(net([Value(1.0, "i1")]), 0)
    error.label = "E"
    assert "E = -log(p_o1)" in lesson(error).text()
