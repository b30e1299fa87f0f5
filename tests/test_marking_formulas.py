"""Mistakes in formulas as textbooks have them: squares and sums, softmax, the derivative at a bias, constants."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.worked import worked_example
from tinygrad_bp import MLP, Value, cross_entropy, mark
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.words import LANGUAGES

Numbers = Callable[[str], float]


def tanh() -> Value:
    weights = [0.31, -0.72, 0.55, 0.18, -0.44, 0.93, 0.61, -0.37, 0.82]
    net = MLP(2, [3, 1], activation="tanh", weights=weights, biases=[0.11, -0.23, 0.07, 0.4])
    [out] = net([Value(0.35, "i1"), Value(-0.8, "i2")])
    error = (Value(-0.6, "target_o1") - out) ** 2 / 2
    error.label = "E"
    return error


def two() -> Value:
    net = MLP(2, [2], activation="sigmoid", weights=[0.5, -0.3, 0.8, 0.2], biases=[0.1, -0.2])
    first, second = net([Value(0.7, "i1"), Value(0.4, "i2")])
    error = ((Value(0.3, "target_o1") - first) ** 2 + (Value(0.8, "target_o2") - second) ** 2) / 2
    error.label = "E"
    return error


def softmax() -> Value:
    net = MLP(2, [3], activation=None, weights=[0.5, -0.3, 0.8, 0.2, -0.4, 0.6], biases=[0.1, -0.2, 0.3])
    error = cross_entropy(net([Value(0.7, "i1"), Value(0.4, "i2")]), 2)
    error.label = "E"
    return error


def potential() -> Value:
    epsilon, q = Value(1.7, "epsilon"), Value(1.3, "s") ** 3
    q.label = "q"
    energy = 4 * epsilon * (q**2 - q)
    energy.label = "U"
    return energy


def worked() -> Value:
    return worked_example().error


def nets(of: Numbers) -> list[float]:
    return [of(f"out_o{k}") for k in (1, 2, 3)]


MADE: list[tuple[Callable[[], Value], str, Callable[[Numbers], float], str]] = [
    (two, "E", lambda of: ((0.3 - of("out_o1")) + (0.8 - of("out_o2"))) ** 2 / 2, "squareOfSum"),
    (two, "E", lambda of: ((0.3 - of("out_o1")) + (0.8 - of("out_o2"))) / 2, "squaresForgotten"),
    (softmax, "p_o1", lambda of: nets(of)[0] / sum(nets(of)), "expForgotten"),
    (softmax, "p_o2", lambda of: 1 / (1 + math.exp(-nets(of)[1])), "sigmoidForSoftmax"),
    (tanh, "dE/db4", lambda of: of("delta_o1") * 0.4, "biasFactor"),
    (tanh, "dE/db1", lambda of: of("delta_h1") * 0.11, "biasFactor"),
    (worked, "dE_total/db2", lambda of: (of("delta_o1") + of("delta_o2")) * 0.6, "biasFactor"),
    (tanh, "dout_h1/dnet_h1", lambda of: of("out_h1") ** 2, "replaced"),
    (tanh, "delta_o1", lambda of: of("dE/dout_o1") * (1 + of("out_o1") ** 2), "replaced"),
    (potential, "dU/dq", lambda of: 1.7 * (2 * of("q") - 1), "constant"),
]


@pytest.mark.parametrize("digits", [9, 6])
@pytest.mark.parametrize(("graph", "name", "made", "key"), MADE)
def test_it_is_named_in_both_languages(
    graph: Callable[[], Value], name: str, made: Callable[[Numbers], float], key: str, digits: int
) -> None:
    right = Derivation(graph())
    answer = f"{made(lambda each: right[each].value):.{digits}g}"
    for language in LANGUAGES:
        [found] = mark(graph(), {name: answer}, language=language)
        assert found.verdict == "wrong"
        assert found.keys[0] == key, found
        assert "{" not in found.causes[0]
