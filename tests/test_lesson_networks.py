"""Lessons on networks and formulas of other people: every number and every formula, every format, both languages, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.evaluated import disagreements
from tests.labels import HOSTILE
from tests.rounds import leaves, mlp, named, squared
from tinygrad_bp import SGD, Adam, Value, lesson, losses, sqrt
from tinygrad_bp.explanation.names import columns
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.losses import softmax


def relu_4() -> Value:
    return squared(mlp([3, 4, 4, 2], ["relu", "tanh", "sigmoid"])(leaves([0.5, -0.3, 0.8], "x")), [1.0, 0.0])


def classes() -> Value:
    return named(losses.cross_entropy(mlp([3, 4, 3], ["relu", None])(leaves([0.5, -0.3, 0.8], "x")), 0), "L")


def own_names() -> Value:
    zs = [named(z, f"z{k}") for k, z in enumerate(mlp([2, 3], None)([0.5, 1.0]), 1)]
    return named(losses.cross_entropy(zs, 1), "L")


def own_probabilities() -> Value:
    ps = [named(p, f"p{k}") for k, p in enumerate(softmax(mlp([2, 3], None)(leaves([0.5, 1.0], "x"))), 1)]
    return named(-(ps[1].log()), "L")


def shared() -> Value:
    w, b = Value(0.7, "w"), Value(-0.2, "b")
    h: Any = Value(0.5, "x")
    for k in range(1, 4):
        h = named(named(w * h + b, f"z{k}").tanh(), f"a{k}")
    return named((h - 1) ** 2 / 2, "E")


def lens() -> Value:
    f, g = Value(0.05, "f"), Value(0.2, "g")
    b = named(1 / (1 / f - 1 / g), "b")
    return named((named(-b / g, "m") + 0.3) ** 2, "E")


def period() -> Value:
    return named(2 * math.pi * sqrt(Value(1.2, "l") / Value(9.81, "g")), "T")


def fall() -> Value:
    v, t, g = Value(3.0, "v0"), Value(0.5, "t"), Value(9.81, "g")
    return named(v * t - g * t**2 / 2, "s")


def mean_of_classes() -> Value:
    net = mlp([2, 3, 2], ["tanh", None])
    rows = [([0.1, 0.5], 0), ([0.4, -0.3], 1), ([0.9, 0.2], 1)]
    errors = [named(losses.cross_entropy(net(x), t), "E") for x, t in rows]
    return named((errors[0] + errors[1] + errors[2]) / 3, "L")


def logistic_batch() -> Value:
    net = mlp([2, 2, 1], ["tanh", None])
    return named(losses.binary_cross_entropy([net(x)[0] for x in ([0.1, 0.5], [0.3, -0.2])], [1, 0]), "L")


def hinges() -> Value:
    return named(losses.hinge(mlp([2, 2], None)([0.1, 0.5]), [1, -1]), "L")


def gated() -> Value:
    wz, uz, w, u = (Value(x, name) for x, name in ((0.5, "wz"), (0.3, "uz"), (0.8, "w"), (-0.4, "u")))
    h: Any = Value(0.0, "h0")
    for k, x in enumerate(leaves([0.5, -0.2], "x"), 1):
        z = named((wz * x + uz * h).sigmoid(), f"z{k}")
        h = named((1 - z) * h + z * named((w * x + u * h).tanh(), f"c{k}"), f"h{k}")
    return named((h - 1) ** 2, "E")


def negative() -> Value:
    a, b = Value(-1.5, "a"), Value(-0.5, "b")
    return named((a * b - a / b) ** 2 + b * (-2), "E")


def regularized() -> Value:
    net = mlp([2, 2, 1], "tanh")
    first, *others = net.parameters()
    return named(squared(net(leaves([0.4, -0.7], "i")), [0.3]) + 0.01 * sum((w * w for w in others), first**2), "J")


def deep() -> Value:
    h: Any = Value(0.3, "x")
    for k in range(25):
        h = named((Value(0.5 + k / 100, f"w{k}") * h + 0.1).tanh(), f"h{k}")
    return named(h * h, "E")


NETWORKS: list[Callable[[], Value]] = [
    relu_4, classes, own_names, own_probabilities, shared, lens, period, fall, mean_of_classes, logistic_batch, hinges, gated, negative,
    regularized, deep,
]  # fmt: skip


def labelled(first: str, second: str, third: str) -> Value:
    w, x = Value(0.5, first), Value(2.0, second)
    net = named(w * x + Value(0.1, "b"), third)
    return named((named(net.tanh(), "o") - 1) ** 2, "E")


LABELS = [
    *(tuple(HOSTILE[k : k + 3]) for k in range(0, len(HOSTILE) - 2, 9)), ("w", "w", "w"), ("", "x", ""), ("w", "w+", "dE/dw"),
    ("θ₁", "x' \"q\"", "ϕ ŷ"), ("日本" * 150, "<b>$\\{}", "o" * 300), ("重み", "入力 1", "🙂"), ("delta_o", "eta", "p_o"),
]  # fmt: skip


@pytest.mark.parametrize("make", NETWORKS, ids=lambda make: make.__name__)
def test_every_number_and_every_formula(make: Callable[[], Value]) -> None:
    found = lesson(make(), lr=0.1)
    count, wrong = disagreements(found.derivation, found.blocks)
    assert wrong == []
    assert count >= 14


@pytest.mark.slow
@pytest.mark.parametrize("labels", LABELS, ids=range(len(LABELS)))
def test_whatever_the_labels(labels: tuple[str, str, str]) -> None:
    found = lesson(labelled(*labels), lr=0.1)
    assert disagreements(found.derivation, found.blocks)[1] == []
    for language in ("en", "ja"):
        written(lesson(labelled(*labels), lr=0.1, language=language))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("make", NETWORKS, ids=lambda make: make.__name__)
def test_every_format_in_both_languages(make: Callable[[], Value], language: str) -> None:
    written(lesson(make(), lr=0.1, language=language))


def written(found: Any) -> None:
    json.dumps(found.to_dict(), allow_nan=False)
    assert "\\begin{document}" in found.latex()
    assert found.markdown().startswith("# ")
    assert "</html>" in found.html()
    for width in (40, 80):
        # Between brackets nothing is broken in a line of a program, and no name is.
        assert max(map(columns, found.text(width=width).splitlines())) <= max(width, 48)


@pytest.mark.parametrize("make", [shared, lens, own_names], ids=lambda make: make.__name__)
def test_by_node_with_optimizers_of_every_kind(make: Callable[[], Value]) -> None:
    loss = make()
    chosen = Derivation(loss).parameters
    for optimizer in (SGD(chosen, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01), Adam(chosen, 0.1)):
        for language in ("en", "ja"):
            text = lesson(loss, optimizer=optimizer, by="node", language=language).text()
            assert f"{chosen[0].label}+ = {chosen[0].label} - eta * " in text


# What is no round


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: named(Value(2.0, "x") * math.nan, "L"), "needs finite numbers, and L, the result of mul of x = 2.0 and nan, is nan"),
        (lambda: named(Value(math.inf, "w") * 2.0, "L"), "w is inf; so L is inf"),
        (lambda: Value(2.0, "w"), "was not computed from anything"),
        (lambda: (Value(2.0, "w") * 3.0).args[1], "was not computed from anything"),
    ],
)  # fmt: skip
def test_what_is_no_round_is_refused(make: Callable[[], Value], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lesson(make(), lr=0.1)


def test_without_parameters_by_name_everything_is_one() -> None:
    text = lesson(named(Value(2.0, "x") * Value(3.0, "t"), "L"), lr=0.1).text(width=1000)
    assert "Quantities  x  2  t  3" in text
    assert "Names decide" not in text
    flat = lesson(named(Value(2.0, "w") * 0.0 + 1.0, "L"), lr=0.1).text(width=1000)
    assert "The derivative with respect to w is 0." in flat
    assert "With the new numbers the result is the same." in flat


def test_a_step_out_of_range_is_said() -> None:
    text = lesson(named(sqrt(Value(0.0, "a") * 1.0), "L"), lr=0.1).text(width=1000)
    assert "With the new numbers the result cannot be computed" in text


def test_of_a_wide_network_one_weight_is_followed() -> None:
    net = mlp([40, 30, 1], "tanh")
    loss = named((net(leaves([0.01 * k for k in range(40)], "i"))[0] - 1) ** 2, "E")
    text = lesson(loss, x=net.layers[0].neurons[3].weights[5], lr=0.1).text()
    assert "This lesson follows w126" in text
    assert "1,201 more given numbers are left out." in text.replace("\n", " ")
    assert len(text.splitlines()) < 260
