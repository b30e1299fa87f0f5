"""More mistakes that people make, each called by its name: sums for products, another bias, weights exchanged, another error, a mean."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.hand import networks
from tests.hand_cases import Batch, more
from tinygrad_bp import Value, mark
from tinygrad_bp.losses import binary_cross_entropy, squared_error
from tinygrad_bp.words import LANGUAGES

TANH, WORKED, DEEP = "2-3-1 tanh", "2-2-2", "3-4-4-2"

# The network, the quantity, what is done otherwise, how its cause is called, and what its sentence names.
NAMED: list[tuple[str, str, str, Callable[..., float], str, str]] = [
    (WORKED, "net_h1", "net_h1", lambda right, w, a, b: sum(w) + sum(a) + b, "sumForProduct", "w1 + i1 for w1 * i1"),
    (DEEP, "net_h21", "net_h21", lambda right, w, a, b: sum(w) + sum(a) + b, "sumForProduct", "w13 + out_h11"),
    (WORKED, "net_h1", "net_h1", lambda right, w, a, b: right - b + 0.27, "replaced", "b_h2 is taken for b_h1 = 0.24"),
    (DEEP, "net_o2", "net_o2", lambda right, w, a, b: right - b + 0.24, "replaced", "b_o1 is taken for b_o2 = 0.27"),
    (WORKED, "dE/dout_h1", "dE/dout_h1", lambda right, d, w: d[0] * w[1] + d[1] * w[0], "swapped", "w5 and w7"),
    (
        DEEP, "dE/dout_h12", "dE/dout_h12",
        lambda right, d, w: right + (d[0] - d[2]) * (w[2] - w[0]), "swapped", "w14 and w22",
    ),
    (
        WORKED, "E_o1", "E_o1",
        lambda right, t, o: -t * math.log(o) - (1 - t) * math.log(1 - o), "entropyForSquared", "cross entropy",
    ),
    (WORKED, "dE/dout_o2", "dE/dout_o2", lambda right, t, o: (o - t) / (o * (1 - o)), "entropyForSquared", "squared"),
    ("softmax", "L", "L", lambda right, p: sum((x - (k == 1)) ** 2 for k, x in enumerate(p)) / 2, "squaredForEntropy", "squared"),
    ("softmax", "L", "L", lambda right, p: sum((x - (k == 1)) ** 2 for k, x in enumerate(p)), "squaredForEntropy", "squared"),
    ("batch", "E", "E", lambda right, squares: squares[0] + squares[1] + squares[2] / 3, "lastDivided", "alone is divided by 3"),
    (
        "batch", "dE/dw1", "dE/dw1",
        lambda right, parts, xs: 3 * parts[0] + 3 * parts[1] + parts[2], "lastDivided", "(out_o1[3] - target_o1[3]) ** 2",
    ),
]  # fmt: skip


@pytest.mark.parametrize("digits", [9, 6])
@pytest.mark.parametrize(("name", "where", "quantity", "change", "key", "said"), NAMED)
def test_it_is_named(
    name: str, where: str, quantity: str, change: Callable[..., float], key: str, said: str, digits: int
) -> None:
    hand = {**networks(), **more()}[name]
    hand.changes[where] = change
    answers = {each: f"{x:.{digits}g}" for each, x in hand.derive().items()}
    names = list(answers)
    earlier = names[: names.index(quantity)]
    found = mark(hand.graph(), {each: answers[each] for each in [*earlier[-8:], quantity]}, lr=hand.rate)
    assert found.first_wrong is not None
    assert found.first_wrong.name == found[quantity].name
    assert key in found.first_wrong.keys
    assert any(said in cause for cause in found.first_wrong.causes), found.first_wrong.causes


def several(count: int, *, mean: bool, half: bool) -> Value:
    w, b = Value(0.3, "w"), Value(0.1, "b")
    errors = []
    for x, t in [(0.5, 0.2), (-1.0, 0.7), (2.0, 0.9), (0.8, -0.4)][:count]:
        net = w * Value(x, "i1") + b
        net.label = "net_o1"
        out = net.tanh()
        out.label = "out_o1"
        square = (out - Value(t, "target_o1")) ** 2
        errors.append(square / 2 if half else square)
    total = errors[0]
    for error in errors[1:]:
        total = total + error
    E = total / count if mean else total * 1.0
    E.label = "E"
    return E


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_mean_is_forgotten_where_there_is_one_only(count: int) -> None:
    E = several(count, mean=True, half=False)
    slope = {name: x for x, name in ((mark(E, {"dE/dw": 0})["dE/dw"].value, "dE/dw"), (E.data, "E"))}
    for name, x in slope.items():
        assert isinstance(x, float)
        found = mark(E, {name: f"{x * count:.9g}"})[name]
        assert found.keys[0] == "mean"
        assert f"by {count}" in found.causes[0]
    E = several(count, mean=False, half=False)
    for name in slope:
        right = mark(E, {name: 0})[name].value
        assert isinstance(right, float)
        found = mark(E, {name: f"{right * count:.9g}"})[name]
        assert not any("mean:" in cause for cause in found.causes), found.causes
        assert {"timesCases", "doubled"} & set(found.keys)
        found = mark(E, {name: f"{right / count:.9g}"})[name]
        assert {"meaned", "halved"} & set(found.keys)


def test_half_of_the_squares_of_two_cases_is_no_mean() -> None:
    E = several(2, mean=False, half=True)
    for name in ("E", "dE/dw", "delta_o1[1]"):
        right = mark(E, {name: 0})[name].value
        assert isinstance(right, float)
        found = mark(E, {name: f"{right * 2:.9g}"})[name]
        assert found.keys[0] == "doubled", found
        assert "division of the square by 2" in found.causes[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_division_that_is_made_twice(language: str) -> None:
    batch = Batch()
    right = batch.derive()["dE/dw1"]
    found = mark(batch.graph(), {"dE/dw1": f"{right / 3:.9g}"}, language=language)["dE/dw1"]
    assert found.keys[0] == "meaned"
    assert "twice" in found.causes[0] or "2回" in found.causes[0]


def test_the_squared_error_for_the_cross_entropy_of_a_sigmoid() -> None:
    w, b = Value(0.6, "w"), Value(-0.2, "b")
    z = w * Value(1.3, "x1") + b
    z.label = "net_o1"
    loss = binary_cross_entropy([z], [1.0])
    loss.label = "L"
    p = 1 / (1 + math.exp(-z.data))
    for name, x in (("L", (1 - p) ** 2 / 2), ("L", (1 - p) ** 2), ("dL/dw", (p - 1) * p * (1 - p) * 1.3)):
        assert mark(loss, {name: f"{x:.7g}"})[name].keys[0] == "squaredForEntropy", name


def test_the_cross_entropy_written_by_hand_and_the_squared_error_for_it() -> None:
    w, b = Value(0.6, "w"), Value(-0.2, "b")
    z = w * Value(1.3, "x1") + b
    z.label = "net_o1"
    out = z.sigmoid()
    out.label = "out_o1"
    t = Value(1.0, "t1")
    loss = -(t * out.log() + (1.0 - t) * (1.0 - out).log())
    loss.label = "L"
    o = out.data
    for name, x in (("L", (1 - o) ** 2 / 2), ("dL/dout_o1", o - 1), ("delta_o1", (o - 1) * o * (1 - o))):
        assert "squaredForEntropy" in mark(loss, {name: f"{x:.7g}"})[name].keys, name
    other = squared_error([out], [1.0])
    other.label = "E"
    assert mark(other, {"E": f"{-math.log(o):.7g}"})["E"].keys[0] == "entropyForSquared"
