"""Mistakes planted in a batch, a recurrent network and softmax; and students who round every step, whom nothing else is blamed on."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.hand import Hand, networks
from tests.hand_cases import Case, more
from tinygrad_bp.lessons.marking import mark

BATCH, RNN, SOFTMAX = "batch", "rnn", "softmax"
PLANTED: list[tuple[str, str, Callable[..., float], set[str]]] = [
    (BATCH, "E", lambda right, squares: sum(squares), {"mean"}),
    (BATCH, "E", lambda right, squares: right / 2, {"halved"}),
    (BATCH, "net_o1[1]", lambda right, w, x, b: right - b, {"bias"}),
    (BATCH, "net_o1[2]", lambda right, w, x, b: w[0] * x[1] + w[1] * x[0] + b, {"swapped"}),
    (BATCH, "out_o1[3]", lambda right, net: net, {"function", "another"}),
    (BATCH, "delta_o1[2]", lambda right, come, o, net: come, {"omitted", "another"}),
    (BATCH, "delta_o1[1]", lambda right, come, o, net: come * (1 - net**2), {"replaced"}),
    (BATCH, "delta_o1[3]", lambda right, come, o, net: right * 3, {"mean"}),
    (BATCH, "dE/dw1", lambda right, parts, xs: right * 3, {"mean"}),
    (BATCH, "dE/dw2", lambda right, parts, xs: right / 2, {"halved"}),
    (BATCH, "dE/dw2", lambda right, parts, xs: right * 3 / 2, {"mean", "halved"}),
    (BATCH, "dE/dw1", lambda right, parts, xs: parts[2], {"onlyPath", "path"}),
    (BATCH, "dE/dw2", lambda right, parts, xs: right - parts[1], {"path"}),
    (BATCH, "dE/dw2", lambda right, parts, xs: sum(xs), {"arriving"}),
    (BATCH, "dE/db", lambda right, deltas: deltas[0], {"onlyPath", "another"}),
    (BATCH, "w1+", lambda right, old, slope, rate: old - slope, {"rateForgotten"}),
    (BATCH, "b+", lambda right, old, slope, rate: old + rate * slope, {"updateSign"}),
    (RNN, "n2", lambda right, x, h, b: right - b, {"bias", "summand"}),
    (RNN, "n3", lambda right, x, h, b: right + 0.84 * (h[1] - h[2]), {"replaced"}),
    (RNN, "h2", lambda right, n: n, {"function", "another"}),
    (RNN, "h3", lambda right, n: 1 / (1 + math.exp(-n)), {"otherFunction"}),
    (RNN, "L", lambda right, y, t: (y - t) ** 2, {"doubled"}),
    (RNN, "dL/dy", lambda right, y, t: t - y, {"sign", "exchanged"}),
    (RNN, "dL/dv", lambda right, come, h, n: come * n[3], {"replaced"}),
    (RNN, "dL/dv", lambda right, come, h, n: come * h[2], {"replaced"}),
    (RNN, "dL/dn2", lambda right, come, h, n: come, {"omitted", "another"}),
    (RNN, "dL/dn1", lambda right, come, h, n: come * (1 - n**2), {"replaced"}),
    (RNN, "dL/dn3", lambda right, come, h, n: come * (1 - h), {"replaced"}),
    (RNN, "dL/dh2", lambda right, delta: delta, {"omitted", "another"}),
    (RNN, "dL/du", lambda right, parts, d, h, n, x: right - parts[0], {"path"}),
    (
        RNN,
        "dL/du",
        lambda right, parts, d, h, n, x: sum(d[k] * [0.25, n[1], n[2]][k - 1] for k in (1, 2, 3)),
        {"netEverywhere"},
    ),
    (RNN, "dL/du", lambda right, parts, d, h, n, x: parts[0] + parts[1] + d[3] * n[2], {"replaced"}),
    (RNN, "dL/du", lambda right, parts, d, h, n, x: sum(d[k] * h[k] for k in (1, 2, 3)), {"nextState"}),
    (RNN, "dL/dw", lambda right, parts, d, h, n, x: parts[2], {"onlyPath"}),
    (RNN, "dL/dw", lambda right, parts, d, h, n, x: sum(x), {"arriving"}),
    (RNN, "dL/db", lambda right, parts, d, h, n, x: d[3], {"onlyPath", "another"}),
    (RNN, "u+", lambda right, old, slope, rate: old + rate * slope, {"updateSign"}),
    (RNN, "w+", lambda right, old, slope, rate: old - rate * rate * slope, {"rateTwice"}),
    (SOFTMAX, "net_o2", lambda right, w, x, b: 0.66 * 0.0 - 0.31 * x[0] + 0.58 * x[1] + b, {"transposed"}),
    (SOFTMAX, "net_o3", lambda right, w, x, b: right - b, {"bias"}),
    (SOFTMAX, "L", lambda right, p: right / math.log(10), {"log10"}),
    (SOFTMAX, "L", lambda right, p: -right, {"sign"}),
    (SOFTMAX, "L", lambda right, p: -math.log(p[0]), {"otherClass"}),
    (SOFTMAX, "delta_o2", lambda right, p, z, y: p, {"targetForgotten"}),
    (SOFTMAX, "delta_o2", lambda right, p, z, y: y - p, {"sign"}),
    (SOFTMAX, "delta_o1", lambda right, p, z, y: p * p * (1 - p), {"softmaxSlope"}),
    (SOFTMAX, "delta_o2", lambda right, p, z, y: z - y, {"softmaxForgotten"}),
    (SOFTMAX, "dL/dw4", lambda right, d, x, w: x[1], {"omitted", "arriving", "data", "another", "replaced"}),
    (SOFTMAX, "dL/dw3", lambda right, d, x, w: d * x[1], {"replaced", "another"}),
    (SOFTMAX, "dL/db2", lambda right, d, p: p, {"targetForgotten"}),
    (SOFTMAX, "w5+", lambda right, old, slope, rate: old - slope, {"rateForgotten"}),
    (SOFTMAX, "b3+", lambda right, old, slope, rate: old, {"notUpdated"}),
]


@pytest.mark.parametrize("digits", [17, 6, 4])
@pytest.mark.parametrize(("name", "where", "change", "keys"), PLANTED)
def test_a_planted_mistake_is_the_first_wrong_step_and_is_named(
    name: str, where: str, change: Callable[..., float], keys: set[str], digits: int
) -> None:
    hand = more()[name]
    hand.changes[where] = change
    answers = {key: x if digits == 17 else f"{x:.{digits}g}" for key, x in hand.derive().items()}
    found = mark(hand.graph(), answers, lr=hand.rate)
    assert found.first_wrong is not None
    assert found.first_wrong.name == found[where].name
    assert set(found.first_wrong.keys) & keys, found.first_wrong
    assert [each.name for each in found if each.verdict == "wrong"] == [found[where].name]


@pytest.mark.parametrize("name", more())
@pytest.mark.parametrize("digits", [2, 3, 4, 6, 9, 12, 17])
def test_right_answers_are_never_called_wrong(name: str, digits: int) -> None:
    hand = more()[name]
    right = hand.derive()
    for answers in (
        {key: f"{x:.{digits}g}" for key, x in right.items()},
        {key: round(x, min(digits, 15)) for key, x in right.items()},
    ):
        assert {each.verdict for each in mark(hand.graph(), answers, lr=hand.rate)} <= {"right", "few"}


def rounders() -> dict[str, Callable[[float], str]]:
    """How students round."""
    found: dict[str, Callable[[float], str]] = {}
    for k in (3, 4, 5):
        found[f"{k} digits"] = lambda x, k=k: f"{x:.{k}g}"  # type: ignore[misc]
        found[f"{k} decimals"] = lambda x, k=k: f"{x:.{k}f}"  # type: ignore[misc]
    return found


def everything() -> dict[str, Hand | Case]:
    return {**networks(), **more()}


@pytest.mark.slow
@pytest.mark.parametrize("name", everything())
@pytest.mark.parametrize("how", rounders())
def test_who_rounds_every_step_is_blamed_for_no_other_mistake(name: str, how: str) -> None:
    hand, write = everything()[name], rounders()[how]
    hand.keep = lambda x: float(write(x))
    answers = {key: write(x) for key, x in hand.derive().items()}
    for language in ("en", "ja"):
        found = mark(hand.graph(), answers, lr=hand.rate, language=language)
        blamed = [
            each for each in found if each.verdict not in ("right", "few", "rounded") and each.keys != ["rounded"]
        ]
        assert blamed == []
