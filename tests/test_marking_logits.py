"""The probability of a sigmoid that only the error takes: named, asked for, written, and marked, however its cross entropy is recorded."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tinygrad_bp import MLP, Value, binary_cross_entropy, exercise, lesson, logsumexp, mark
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.verdicts import Cause
from tinygrad_bp.lessons.marking.worlds import World
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.words import LANGUAGES, words

WRITTEN: dict[str, Callable[[Value, Value | float], Value]] = {
    "package": lambda z, t: binary_cross_entropy([z], [t]),
    "softplus": lambda z, t: z.softplus() - t * z,
    "log1p": lambda z, t: z.exp().log1p() - t * z,
    "log": lambda z, t: (1.0 + z.exp()).log() - t * z,
    "logsumexp": lambda z, t: logsumexp([Value(0.0), z]) - t * z,
    "both": lambda z, t: t * (-z).softplus() + (1.0 - t) * z.softplus(),
}


def output(scale: float = 1.0) -> Value:
    weights = [0.5, -0.3, 0.8, 0.2, 0.6 * scale, -0.4 * scale]
    net = MLP(2, [2, 1], activation=["tanh", None], weights=weights, biases=[0.1, -0.2, 0.05])
    [z] = net([Value(0.7, "i1"), Value(0.4, "i2")])
    return z


def error(way: str, t: float, *, leaf: bool = True, name: str = "E") -> Value:
    found = WRITTEN[way](output(), Value(t, "target_o1") if leaf else t)
    found.label = name
    return found


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("t", [1.0, 0.0, 0.3])
@pytest.mark.parametrize("way", WRITTEN)
def test_however_it_is_written_p_is_a_quantity(way: str, t: float, leaf: bool) -> None:
    loss = error(way, t, leaf=leaf)
    found = Derivation(loss)
    [share] = found.shares.values()
    p = found["p_o1"].value
    assert p == pytest.approx(1 / (1 + math.exp(-found["out_o1"].value)), rel=1e-12)
    assert (share.target, share.cases, share.alone) == (t, 1, True)
    assert (share.leaf is not None) is leaf
    own = -(t * math.log(0.7) + (1 - t) * math.log(0.3))
    marks = mark(loss, {"p_o1": "0.700", "delta_o1": f"{0.7 - t:.6g}", "E": f"{own:.6f}"})
    assert [each.verdict for each in marks] == ["wrong", "carried", "carried"]
    assert list(marks["E"].given) == ["p_o1"]


def test_what_has_the_slope_of_one_by_chance_is_none() -> None:
    for loss in (0.25 * output(), output().softplus() * 0.7, output().softplus() ** 2, output().exp().log1p().exp()):
        loss.label = "E"
        assert Derivation(loss).shares == {}


@pytest.mark.parametrize(("outputs", "cases"), [(2, 1), (1, 3), (2, 2)])
def test_several_outputs_and_cases_have_one_each(outputs: int, cases: int) -> None:
    net = MLP(2, [2, outputs], activation=["tanh", None], seed=5)
    parts = [
        binary_cross_entropy(net([Value(0.5, "i1"), Value(0.3 * k - 0.4, "i2")]), [float((k + j) % 2) for j in range(outputs)])
        for k in range(cases)
    ]  # fmt: skip
    loss: Value = sum(parts[1:], start=parts[0]) / cases if cases > 1 else parts[0]
    loss.label = "E"
    found = Derivation(loss)
    assert len(found.probabilities.of) == outputs * cases
    answers = {step.name: f"{step.value:.6g}" for step in found.steps if step.kind in ("value", "delta")}
    assert mark(loss, answers).ok
    for net_input, share in found.shares.items():
        delta = found.derived(net_input)
        forgotten = mark(loss, {delta.name: f"{share.probability / share.cases:.6f}"})[delta.name]
        assert forgotten.verdict == ("wrong" if share.target else "right")
        assert not share.target or forgotten.keys[0] == "targetForgotten"


MADE: list[tuple[str, float, Callable[[float, float], float], str]] = [
    ("delta_o1", 1.0, lambda z, p: p, "targetForgotten"),
    ("delta_o1", 0.0, lambda z, p: p - 1, "targetTurned"),
    ("delta_o1", 1.0, lambda z, p: (p - 1) * p * (1 - p), "softmaxSlope"),
    ("delta_o1", 1.0, lambda z, p: z - 1, "softmaxForgotten"),
    ("delta_o1", 0.0, lambda z, p: 1 / (1 - p), "softmaxForgotten"),
    ("E", 1.0, lambda z, p: -math.log(1 - p), "targetTurned"),
    ("E", 0.0, lambda z, p: p * p / 2, "squaredForEntropy"),
    ("p_o1", 0.0, lambda z, p: math.tanh(z), "otherFunction"),
    ("p_o1", 1.0, lambda z, p: 1 / (1 + math.exp(z)), "argumentSign"),
]


@pytest.mark.parametrize("way", ["package", "log"])
@pytest.mark.parametrize(("name", "t", "made", "key"), MADE)
def test_mistakes_with_it_are_named(
    way: str, name: str, t: float, made: Callable[[float, float], float], key: str
) -> None:
    loss = error(way, t)
    found = Derivation(loss)
    answer = made(found["out_o1"].value, found["p_o1"].value)
    for language in LANGUAGES:
        [each] = mark(loss, {name: f"{answer:.6g}"}, language=language)
        assert key in each.keys, each


@pytest.mark.parametrize("way", ["package", "softplus"])
def test_a_lesson_and_a_sheet_write_it_as_textbooks_do(way: str) -> None:
    loss = error(way, 0.0)
    text = lesson(loss).text(width=200)
    assert "p_o1 = sigmoid(out_o1) = 1 / (1 + exp(-0.07565" in text
    assert "E = -(target_o1 * log(p_o1) + (1 - target_o1) * log(1 - p_o1))" in text
    assert "delta_o1 = dE/dout_o1 = p_o1 - target_o1" in text
    assert "softplus" not in text
    made = exercise(loss, seed=1, blanks=["p_o1", "E", "delta_o1"], language="ja")
    assert "delta_o1 = dE/dout_o1 = p_o1 - target_o1" in made.key.text(width=120)
    assert "sigmoid(out_o1)" in made.text(width=120)


@pytest.mark.parametrize("way", WRITTEN)
def test_no_sentence_has_the_words_of_an_engine(way: str) -> None:
    found = Derivation(error(way, 0.3), learning_rate=0.1)
    causes, say = Causes(found), words("en")
    said = {
        plain(Cause(each.key, each.about, each.text).said(say))
        for step in found.steps
        for each in causes.of(step, World(found))
    }
    assert len(said) > 100
    assert not [each for each in said for word in ("softplus", "logsumexp", "log1p", "dot(") if word in each]


def test_a_letter_is_the_name_of_one_thing_only() -> None:
    net = MLP(2, [3], activation=None, seed=2)
    zs = net([Value(0.3, "i1"), Value(-0.6, "i2")])
    tops = [z.exp() for z in zs]
    p2 = tops[1] / (tops[0] + tops[1] + tops[2])
    p2.label = "p2"
    loss = -p2.log()
    loss.label = "y"
    names = [step.name for step in Derivation(loss).steps]
    assert [name for name in names if name.startswith("p")] == ["p1", "p3", "p2"]
    text = lesson(loss).text(width=200)
    assert "p2 - t_o2" in text
    assert "p - y" not in text
    assert "y_o" not in text
    assert mark(loss, {"p1": f"{Derivation(loss)['p1'].value:.5f}"}).ok
