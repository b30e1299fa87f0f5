"""Answers that nothing can be computed with: probabilities above 1, divisors that are 0, numbers whose exponential overflows."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from tests.rounds import named
from tinygrad_bp import MLP, Value, mark, sum_of
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.words import LANGUAGES


def leaves(**numbers: float) -> list[Value]:
    return [Value(x, name) for name, x in numbers.items()]


def entropy() -> Value:
    """One neuron and the cross entropy of its sigmoid, written by hand."""
    w, x, b, t = leaves(w=-0.7, x=1.1, b=0.2, t=1.0)
    out = named(named(w * x + b, "net").sigmoid(), "out")
    return named(-(t * out.log() + (1 - t) * (1 - out).log()), "E")


def classes() -> Value:
    """Softmax by hand."""
    x, *ws = leaves(x=0.8, w1=0.3, w2=-0.6, w3=0.9)
    zs = [named(w * x, f"z{k}") for k, w in enumerate(ws, 1)]
    tops = [z.exp() for z in zs]
    whole = named(tops[0] + tops[1] + tops[2], "S")
    ps = [named(top / whole, f"p{k}") for k, top in enumerate(tops, 1)]
    return named(-ps[0].log(), "L")


def network(activation: str = "tanh") -> Value:
    net = MLP(2, [2, 1], activation=activation, weights=[0.4, -0.3, 0.2, 0.6, -0.5, 0.7], biases=[0.1, -0.2, 0.3])
    [out] = net([Value(0.9, "i1"), Value(-0.4, "i2")])
    return named((Value(0.25, "t") - out) ** 2 / 2, "E")


def recurrent() -> Value:
    w, u, h, t = leaves(w=0.6, u=-0.8, h0=0.1, t=0.4)
    for k, x in enumerate((0.9, -0.3), 1):
        h = named(named(w * x + u * h, f"a{k}").tanh(), f"h{k}")
    return named((h - t) ** 2, "E")


def formula(text: str) -> Callable[[], Value]:
    def made() -> Value:
        a, b, c = leaves(a=0.7, b=1.9, c=2.6)
        given = {"a": a, "b": b, "c": c, "named": named}
        return named(eval(text, given), "y")

    return made


FORMULAS = [
    "named(a * b, 'u').log() / named(c - a, 'v')",
    "named(a / b, 'u').sqrt() * named(c ** b, 'v')",
    "1 / named(a + b, 'u') + 1 / named(a * c, 'v')",
    "named(named(a * c, 'u').exp(), 'v').log()",
    "named(b - a, 'u') ** named(c / 2, 'v')",
    "named(a - c, 'u').exp() / named(b * b + c, 'v').sqrt()",
    "named(a.sin(), 'u') / named(a.cos(), 'v') * c",
    "named(named(a * b, 'u').exp(), 'v').exp()",
    "(named(a * a + b * b, 'u').sqrt() - c) ** 2",
    "named(named(a + c, 'u').log(), 'v').log() * b",
    "named(a * b, 'u').softplus() - named(c / b, 'v').sigmoid().log()",
    "named(1 + named(-a * b, 'u').exp(), 'v') ** -1",
    "c * named(b / named(1 - a, 'u'), 'v') ** 3",
]
GRAPHS = [
    entropy,
    classes,
    recurrent,
    network,
    lambda: network("sigmoid"),
    lambda: network("relu"),
    lambda: named(sum_of([entropy(), classes()]), "sum"),
    *map(formula, FORMULAS),
]
ODD = ("0", "1e200", "-1", "1234.5", "1e-300", "1", "-1e200")


def hostile(loss: Value) -> list[dict[str, str]]:
    """Each quantity answered oddly, alone and beside another that is wrong, or right ones."""
    steps = Derivation(loss, learning_rate=0.1).steps
    right = {step.name: f"{step.value:.5g}" for step in steps}
    answers = []
    odd = itertools.cycle((*ODD, ""))
    for k, step in enumerate(steps[:: 1 + len(steps) // 10]):  # of many some
        x, y = next(odd) or f"{-step.value:.5g}", next(odd) or "0.123"
        answers += [{step.name: x}, {step.name: y, steps[(5 * k + 3) % len(steps)].name: x}]
        if k % 4 == 0:
            answers.append({**right, step.name: x})
    return answers


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_answer_gets_a_verdict(graph: Callable[[], Value]) -> None:
    loss = graph()
    for answers in hostile(loss):
        found = mark(loss, answers, lr=0.1)
        assert [each for each in found if each.verdict == "blank"] == []
        assert len(found) == len(answers)


def test_what_does_not_depend_on_an_impossible_answer_is_judged_as_ever() -> None:
    found = mark(entropy(), {"net": "-0.57", "out": "1.4493", "E": "3", "delta_net": "0.4493", "dE/dw": "0.494"})
    assert [each.verdict for each in found] == ["right", "wrong", "wrong", "carried", "carried"]
    assert found["dE/dw"].given == ["delta_out"]


@pytest.mark.parametrize(
    ("graph", "name", "answer", "said"),
    [
        (classes, "p2", "-0.19", "a probability lies between 0 and 1."),
        (classes, "p3", "1.37", "a probability lies between 0 and 1."),
        (entropy, "out", "1.7682", "the output of a sigmoid, like a probability, lies between 0 and 1."),
        (network, "out_h2", "-1.3", "the output of tanh lies between -1 and 1."),
        (recurrent, "h1", "1e200", "the output of tanh lies between -1 and 1."),
        (network, "E", "-0.2", "E is never negative."),
        (classes, "L", "-0.7", "L is never negative."),
        (classes, "S", "-3.21", "S is never negative."),
    ],
)
def test_what_no_number_of_the_graph_leads_to_is_said(
    graph: Callable[[], Value], name: str, answer: str, said: str
) -> None:
    for language in LANGUAGES:
        found = mark(graph(), {name: answer}, language=language)[name]
        assert found.verdict == "wrong"
        assert found.keys[-1] == "outside"
        assert language != "en" or found.causes[-1] == f"This cannot be: {said}"


def test_the_likely_cause_comes_before_what_is_impossible() -> None:
    p2 = next(step.value for step in Derivation(classes()).steps if step.name == "p2")
    found = mark(classes(), {"p2": f"{-p2:.5f}"})
    assert list(found["p2"].keys) == ["sign", "outside"]
    assert "somewhere. This cannot be" in " ".join(found.text().split())


@pytest.mark.parametrize(
    ("graph", "name", "answer"),
    [
        (network, "out_o1", "-0.3"),
        (network, "E", "0.9"),
        (entropy, "out", "0.9"),
        (entropy, "E", "-2"),
        (recurrent, "a1", "-4"),
    ],
)
def test_what_may_be_is_not_called_impossible(graph: Callable[[], Value], name: str, answer: str) -> None:
    assert "outside" not in mark(graph(), {name: answer})[name].keys
