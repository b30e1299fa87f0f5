"""What follows from a mistake, and what from rounding: what uses a wrong number is never called right but for rounding."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.hand import networks
from tests.worked import worked_example
from tinygrad_bp import Value, mark


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def forgotten_bias() -> dict[str, float]:
    """Mazur's network with b1 forgotten in net_h1, and all else done well."""
    net = 0.15 * 0.05 + 0.2 * 0.1
    h1, h2 = sigmoid(net), sigmoid(0.25 * 0.05 + 0.3 * 0.1 + 0.35)
    top = 0.4 * h1 + 0.45 * h2 + 0.6
    out = sigmoid(top)
    delta = (out - 0.01) * out * (1 - out)
    return {
        "net_h1": net,
        "out_h1": h1,
        "out_h2": h2,
        "net_o1": top,
        "out_o1": out,
        "delta_o1": delta,
        "dE/dw5": delta * h1,
        "dE/dw6": delta * h2,
    }


@pytest.mark.parametrize("digits", [3, 4, 5, 6, 9])
def test_what_follows_from_a_mistake_is_carried_all_along_the_way(digits: int) -> None:
    found = mark(worked_example().error, {name: f"{x:#.{digits}g}" for name, x in forgotten_bias().items()})
    verdicts = {each.name: each.verdict for each in found}
    assert verdicts.pop("net_h1") == "wrong"
    assert verdicts.pop("out_h2") == "right"
    assert set(verdicts.values()) == {"carried"}
    for each in found:  # and comes from what is not right
        assert all(found[name].verdict in ("wrong", "carried") for name in each.given)
    assert found["delta_o1"].given == ["out_o1"]
    assert found["dE/dw6"].given == ["delta_o1"]


@pytest.mark.parametrize("digits", [3, 4, 6])
@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("net_h1", lambda right, w, a, b: right - b),
        ("out_h2", lambda right, net: net),
        ("net_o1", lambda right, w, a, b: right - w[1] * a[1]),
        ("out_o1", lambda right, net: math.tanh(net)),
        ("delta_o1", lambda right, come, slope: come),
    ],
)
def test_rounded_is_said_only_where_nothing_wrong_was_used(
    where: str, change: Callable[..., float], digits: int
) -> None:
    """Students who make a mistake and round every step: what is `rounded` names sources that are right, or rounded themselves."""
    hand = networks()["2-2-2"]
    hand.changes[where] = change
    hand.keep = lambda x: float(f"{x:.{digits}g}")
    found = mark(hand.graph(), {name: f"{x:.{digits}g}" for name, x in hand.derive().items()}, lr=hand.rate)
    assert found.first_wrong is not None
    assert found.first_wrong.name == found[where].name
    fine = ("right", "few", "rounded")
    for each in found:
        sources = [found[name] for name in each.given]
        if each.verdict == "rounded":
            assert sources
            assert all(source.verdict in fine and float(source.answer) != source.value for source in sources)
        elif each.verdict == "carried":
            assert sources
            assert all(source.verdict not in fine for source in sources)


def error_of_one() -> Value:
    net = Value(0.5, "w") * Value(3.0, "x") + Value(0.2, "b")
    net.label = "net_o1"
    out = net.sigmoid()
    out.label = "out_o1"
    error = (out - Value(1.0, "target_o1")) ** 2 / 2
    error.label = "E"
    return error


def test_a_cut_number_is_wrong_and_what_follows_from_it_is_carried() -> None:
    found = mark(error_of_one(), {"out_o1": "0.845", "delta_o1": "-0.0203"})
    assert [each.verdict for each in found] == ["wrong", "carried"]


@pytest.mark.parametrize("answer", ["-0.0604", "-0.0606"])
@pytest.mark.parametrize(
    "earlier", [{}, {"delta_o1": "-0.02017"}, {"delta_o1": "-0.020174051"}, {"out_o1": "0.845534735"}]
)
def test_a_right_number_on_the_way_makes_no_wrong_answer_right(answer: str, earlier: dict[str, str]) -> None:
    """-0.02017 times 3 is -0.0605."""
    found = mark(error_of_one(), {**earlier, "dE/dw": answer})["dE/dw"]
    assert (found.verdict, found.keys) == ("wrong", ["lastDigit"])
    assert mark(error_of_one(), {**earlier, "dE/dw": "-0.0605"}).ok


def test_the_number_that_follows_from_a_rounded_one_is_rounded() -> None:
    found = mark(error_of_one(), {"out_o1": "0.846", "delta_o1": "-0.0201", "dE/dw": "-0.0603"})
    assert [(each.verdict, each.given) for each in found][1:] == [("rounded", ["out_o1"]), ("rounded", ["delta_o1"])]


def test_a_mistake_that_fits_exactly_is_preferred_to_rounding_that_would_allow_it() -> None:
    error = worked_example().error
    answers = {"out_h1": "0.593", "out_h2": "0.597", "delta_o1": "0.138"}
    found = mark(error, {**answers, "dE/dw6": "0.0818"})["dE/dw6"]  # 0.138 times out_h1
    assert (found.verdict, found.keys[0]) == ("wrong", "replaced")
    assert mark(error, {**answers, "dE/dw6": "0.0824"})["dE/dw6"].verdict == "rounded"  # times out_h2


def test_one_digit_that_agrees_is_not_counted() -> None:
    found = mark(error_of_one(), {"dE/dw": "-0.0603"})["dE/dw"]
    assert not any("1 digits" in cause for cause in found.causes)
    assert found.keys == ["roundedEarly"]
