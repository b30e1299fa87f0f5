"""`diagnose`: what it finds, what it says, and that a healthy network has nothing to be found."""

import json
import math
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.labels import EXTREME, HOSTILE
from tinygrad_bp import MLP, Value, check_gradients, cross_entropy, diagnose
from tinygrad_bp.diagnosis import Diagnosis
from tinygrad_bp.diagnosis.instead import better
from tinygrad_bp.explanation.names import columns


def kinds(found: Diagnosis) -> list[str]:
    return [each.kind for each in found.findings]


# Healthy


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "gelu"])
@pytest.mark.parametrize(
    "seed", [0, 2, 3, 4, 5]
)  # of 1 a relu has no weight above 0, so that it is dead from the start
def test_a_healthy_network_has_nothing_to_be_found(activation: str, seed: int) -> None:
    net = MLP(3, [8, 8, 2], activation=[activation, activation, None], seed=seed)
    loss = tg.sum_of([cross_entropy(net([0.3 * k, -0.4, 1.0 - 0.2 * k]), k % 2) for k in range(8)]) / 8
    found = diagnose(loss)
    assert found.ok
    assert bool(found)
    assert found.digits > 12
    assert "Nothing found." in str(found)
    assert [each.depth for each in found.layers] == [1, 2, 3]
    assert [each.count for each in found.layers] == [24, 64, 16]


def test_data_and_gradients_stay_as_they_are() -> None:
    x = Value(2.0, "x")
    y = (x * 3.0).tanh()
    x.grad = 7.0
    diagnose(y)
    assert (x.grad, y.grad, x.data) == (7.0, 0.0, 2.0)


# NaN and infinities, beside those of test_diagnosis_planted


def test_the_one_cause_is_said_and_not_what_follows() -> None:
    xs = [Value(math.nan, f"x{k}") for k in range(100)]
    y = tg.sum_of([x * x for x in xs])
    found = diagnose(y)
    assert kinds(found) == ["given"] * 3
    assert found.findings[-1].more == 97
    assert "(And 97 more like this.)" in str(found)
    x = Value(0.0, "x")
    y = x.sqrt() * 0 + x
    for _ in range(100):
        y = y * 1.01 + y
    assert kinds(diagnose(y)) == ["0*inf gradient"]


def test_a_masked_infinity_is_none_of_its_business() -> None:
    scores = [Value(0.3, "a"), Value(-0.4, "b"), Value(0.1, "c") * 1.0]
    y = tg.logsumexp([*scores, -math.inf])
    assert diagnose(y).ok
    closed = tg.relu(Value(-1.0, "x")).sqrt() + Value(1.0, "w") * 2.0
    assert "infinite slope" not in kinds(diagnose(closed))


def test_an_overflow_that_leaves_a_number_is_found() -> None:
    y = 1.0 / (Value(1e200, "a") * Value(1e200, "b") + 2.0)
    assert y.data == 0.0
    assert kinds(diagnose(y)) == ["overflow"]


def test_an_overflow_is_said_before_what_it_closes() -> None:
    y = (Value(1e200, "a") * Value(1e200, "b")).tanh()
    assert kinds(diagnose(y)) == ["overflow", "no gradient"]


def test_an_underflow_is_found_where_it_leaves_0() -> None:
    y = x = Value(1.0, "x")
    for _ in range(400):
        y = y * 0.1
    first, *_ = diagnose(y).findings
    assert first.kind == "underflow"
    assert first.node.operands[0].data > 0.0
    assert diagnose(x * 1e-300 * 1e-300 + 1.0).ok


def test_only_the_xs_asked_for_count() -> None:
    x, w = Value(0.0, "x"), Value(2.0, "w")
    y = x.sqrt() + w
    assert kinds(diagnose(y)) == ["infinite slope"]
    assert diagnose(y, [w]).ok
    assert diagnose(y, w).ok
    inner = x * 1.0
    assert kinds(diagnose(inner.sqrt(), [inner])) == ["infinite slope"]


@pytest.mark.parametrize(
    ("f", "x", "kind", "advice"),
    [
        (lambda x: (1 + x.exp()).log(), 800.0, "overflow", "softplus(x)"),
        (lambda x: (x - x).log(), 1.0, "undefined", "cross_entropy"),
        (lambda x: 1.0 / (x - x), 1.0, "undefined", "maximum(b, 1e-12)"),
        (lambda x: (-x).sqrt(), 1.0, "undefined", "hypot(a, b)"),
        (lambda x: x**1000.0, 1e10, "overflow", "p * log(x)"),
        (lambda x: x.sinh(), 1e10, "overflow", ""),
    ],
)
def test_an_error_in_a_function_is_a_finding(f: Any, x: float, kind: str, advice: str) -> None:
    found = diagnose(f, [x])
    assert kinds(found) == [kind]
    assert found.y is None
    assert advice in " ".join(str(found).split())
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_function_that_works() -> None:
    x = Value(0.5, "x")
    found = diagnose(lambda x, unused: x.tanh(), [x, 3.0])
    assert found.ok
    assert set(found.rounding.conditions) == {x}


# What to write instead

TINY = Value(1e-200, "t")
A, B, P, Q = (Value(x, label) for x, label in ((1.0, "a"), (1.0 + 2**-40, "b"), (0.0, "p"), (1e-9, "q")))


@pytest.mark.parametrize(
    ("y", "code"),
    [
        ((1.0 + Q).log() * 3.0, "log1p(q)"),
        (Q.exp() - 1.0, "expm1(q)"),
        (Q.exp() + -1.0, "expm1(q)"),
        (1.0 - Q.cos(), "2 * sin(q / 2) ** 2"),
        (A * A - B * B, "(a - b) * (a + b)"),
        (A**2 - B**2, "(a - b) * (a + b)"),
        ((A * 2.0).log() - (B * 2.0).log(), "log((a * 2) / (b * 2))"),
        ((P * P).sqrt(), "abs(p)"),
        ((TINY * TINY + (TINY * 2.0) ** 2).sqrt(), "hypot(t, t * 2)"),
        ((P * P + (P * 1.0) ** 2).sqrt(), "sqrt(maximum(p * p + (p * 1) ** 2, 1e-12))"),
        (P**0.5, "sqrt(maximum(p, 1e-12))"),
        (P**0.3, "maximum(p, 1e-12) ** 0.3"),
        (A.asin(), "asin(clip(a, -1 + 1e-12, 1 - 1e-12))"),
        (A.acosh(), "acosh(maximum(a, 1 + 1e-12))"),
        (1.0 - (A * 20.0).tanh() ** 2, "1 / cosh(a * 20) ** 2"),
        (1.0 - (A * 30.0).sigmoid(), "sigmoid(-(a * 30))"),
        ((1.0 - (A * 30.0).sigmoid()).log(), "sigmoid(-(a * 30))"),
        ((1.0 + (A * -30.0).exp()).log(), "softplus(a * -30)"),
        ((-A + (A * A - 1e-12).sqrt()) / 2, ""),
    ],
)
def test_what_to_write_instead(y: Value, code: str) -> None:
    found = diagnose(y)
    texts = [each.instead for each in found.findings]
    assert code in texts, kinds(found)


C, D = Value(0.7, "c"), Value(0.3, "d")


@pytest.mark.parametrize(
    "y",
    [
        (1.0 + (C - D)).log(),
        (1.0 - (C - D)).log(),
        (1.0 - C.sigmoid()).log(),
        (C - D).sigmoid().log(),
        (1.0 + (C * D).exp()).log(),
        (C.exp() + D.exp() + (C + D).exp()).log(),
        tg.sum_of([C.exp(), D.exp()]).log(),
        (C.exp() / (C.exp() + D.exp())).log(),
        (C - D).exp().log(),
        (C + D).exp() - 1.0,
        1.0 - (C + D).cos(),
        1.0 - (C - D).sigmoid(),
        1.0 - (C - D).tanh() ** 2,
        (C + D).sqrt() - (C - D).sqrt(),
        (C + D).log() - (C - D).log(),
        (C + D).log() + -(C * D).log(),
        (C + D) ** 2 - (C - D) ** 2,
        (C - D) ** 2 - D**2,
        1.0 / (1.0 + (-(C - D)).exp()),
        1.0 / (1.0 + (C - D).exp()),
        (C - D).exp() / (1.0 + (C - D).exp()),
        (C - D).exp() / D.exp(),
        (C * C + (C - D) ** 2).sqrt(),
        ((C - D) ** 2).sqrt(),
        (C + D) ** 0.5,
        (C + D) ** 0.25,
        C.asin(),
        C.acos(),
        (C + 1.0).acosh(),
    ],
)
def test_what_stands_instead_is_the_same(y: Value) -> None:
    code = better([y])
    assert code
    names = {name: getattr(tg, name) for name in tg.OPERATIONS if hasattr(tg, name)}
    assert eval(code, {**names, "c": C, "d": D}).data == pytest.approx(y.data, rel=1e-9)


# What does not learn


def test_a_closed_branch_lets_nothing_through() -> None:
    z = Value(-3.0, "z")
    [finding] = diagnose(z.relu() * 2.0 + 1.0).findings
    assert finding.kind == "no gradient"
    assert finding.node.op is tg.relu
    assert "No gradient reaches z" in finding.words


def test_a_minimum_is_healthy() -> None:
    x = Value(1.0, "x")
    assert diagnose((x - 1.0) ** 2).ok


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_a_saturated_neuron_is_named(activation: str) -> None:
    w, b = Value(60.0, "w"), Value(0.0, "b")
    out = getattr(w * 0.5 + b, activation)()
    out.label = "out_h1"
    y = (out - 0.1) ** 2
    [finding] = diagnose(y).findings
    assert (finding.kind, finding.node, finding.label) == ("saturated", out, "out_h1")
    assert finding.numbers["slope"] < 1e-12


PLAIN: list[Any] = [
    lambda x: 1 / (1 + (-x).exp()),
    lambda x: (1 + (0 - x).exp()) ** -1,
    lambda x: x.exp() / (x.exp() + 1),
    lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()),
    lambda x: ((2 * x).exp() - 1) / ((2 * x).exp() + 1),
    lambda x: 2 / (1 + (-2 * x).exp()) - 1,
]


@pytest.mark.parametrize("f", PLAIN)
def test_an_activation_in_plain_arithmetic_is_one(f: Any) -> None:
    w, b = Value(60.0, "w"), Value(0.0, "b")
    [finding] = diagnose((f(w * 0.5 + b) - 0.1) ** 2).findings
    assert finding.kind == "saturated"
    assert finding.numbers["at"] == 30.0
    assert 0.0 < finding.numbers["slope"] < 1e-12
    w.data = 0.6
    assert diagnose((f(w * 0.5 + b) - 0.1) ** 2).ok
    assert "saturated" not in kinds(diagnose(-(((1 + f(w * 20.0)) / 2).log())))


@pytest.mark.parametrize(
    ("f", "numbers", "at", "slope"),
    [
        (lambda w, x: 1 / (1 + (-w * x).exp()), (4.0, 5.0), 20.0, math.exp(-20)),  # (-w) * x
        (lambda w, x: 1 / (1 + (w - x).exp()), (50.0, 10.0), -40.0, math.exp(-40)),
        (lambda w, x: 1 / (1 + (-2 * x).exp()) * w, (1.0, 5.5), 11.0, math.exp(-11)),
        (lambda w, x: 3 / (1 + (x * w).exp()), (2.0, 6.0), -12.0, 3 * math.exp(-12)),
        (lambda w, x: 2 / (1 + (-2 * x).exp()) * w, (1.0, 8.0), 16.0, 2 * math.exp(-16)),
        (lambda w, x: w.exp() / (w.exp() + x.exp()), (3.0, 20.0), -17.0, math.exp(-17)),
        (lambda w, x: x.exp() / (w.exp() + x.exp()), (3.0, 20.0), 17.0, math.exp(-17)),
        (lambda w, x: (x.exp() - w.exp()) / (w.exp() + x.exp()), (3.0, 20.0), 8.5, 4 * math.exp(-17)),
        (lambda w, x: (1 - (2 * x).exp()) / (1 + (2 * x).exp()) * w, (1.0, 9.0), -9.0, 4 * math.exp(-18)),
        (lambda w, x: 0.0 / (1 + (-x).exp()) + w, (1.0, 30.0), None, 0.0),
    ],
)
def test_a_plain_activation_is_told_with_its_argument_and_the_slope_there(
    f: Any, numbers: Any, at: float | None, slope: float
) -> None:
    w, x = Value(numbers[0], "w"), Value(numbers[1], "x")
    found = [each for each in diagnose((f(w, x) - 5.0) ** 2).findings if each.kind == "saturated"]
    assert [each.numbers["at"] for each in found] == [pytest.approx(at)] * (at is not None)
    assert [each.numbers["slope"] for each in found] == [pytest.approx(slope, rel=1e-4)] * (at is not None)


def test_in_many_rows_too() -> None:
    w, b = Value(0.5, "w1"), Value(-50.0, "b1")
    errors = [(1 / (1 + (-(w * (k / 50) + b)).exp()) - 3.0) ** 2 for k in range(50)]
    assert kinds(diagnose(sum(errors) / 50)) == ["saturated"]


def test_a_layer_that_is_saturated_in_many_rows_is_named() -> None:
    net = MLP(1, [2, 1], activation=["sigmoid", None], weights=[0.5, -0.5, 1.0, -1.0], biases=[-50.0, -50.0, 0.1])
    errors = [(net([k / 100])[0] - 3.0) ** 2 for k in range(200)]  # each row asks a 200th of it
    assert kinds(diagnose(sum(errors) / 200)) == ["saturated"]


def test_sure_and_right_is_no_saturation() -> None:
    z = Value(10.0, "z") * 1.0
    assert diagnose(-(z.sigmoid().log())).ok
    assert diagnose((z.sigmoid() - 1.0) ** 2, []).ok


def test_one_of_many_neurons_may_be_sure_of_itself() -> None:
    net = MLP(2, [8, 1], activation=["tanh", None], seed=1)
    found = []
    for bias in (6.0, 40.0):
        net.layers[0].neurons[2].bias.data = bias
        found.append([each.label for each in diagnose((net([0.1, 0.2])[0] - 3.0) ** 2).findings])
    assert found == [[], ["out_h3"]]
    for neuron in net.layers[0].neurons[:4]:
        neuron.bias.data = 6.0
    assert kinds(diagnose((net([0.1, 0.2])[0] - 3.0) ** 2)) == ["saturated"]


def test_a_dead_relu_is_named_and_one_that_is_off_is_not() -> None:
    net = MLP(2, [6, 1], activation=["relu", None], seed=1)
    first = net.layers[0].neurons[2]
    assert not [each for each in diagnose(net([0.5, 0.4])[0] ** 2).findings if each.kind == "dead"]
    first.bias.data = -100.0
    [dead] = [each for each in diagnose(net([0.5, 0.4])[0] ** 2).findings if each.kind == "dead"]
    assert dead.label == "out_h3"
    for neuron in net.layers[0].neurons:
        neuron.bias.data = -3.0
    rows = tg.sum_of([(net([0.1 * k, 0.4])[0] - 0.5) ** 2 for k in range(8)])
    [dead] = [each for each in diagnose(rows).findings if each.kind == "dead"]
    assert len(dead.nodes) == 6


def test_a_relu_that_is_off_for_all_of_many_rows_is_dead() -> None:
    w, b = Value(-1.0, "w1"), Value(0.0, "b1")
    rows = [tg.relu(w * (0.1 * k + 0.1) + b) + Value(0.3, "c") for k in range(40)]
    assert kinds(diagnose(tg.sum_of([row * row for row in rows]))) == ["dead"]


@pytest.mark.parametrize(("activation", "scale", "kind"), [("sigmoid", 0.4, "vanishing"), (None, 40.0, "exploding")])
def test_gradients_by_layer(activation: str | None, scale: float, kind: str) -> None:
    net = MLP(2, [4, 4, 4, 4, 4, 1], activation=activation, seed=3)
    for p in net.parameters():
        p.data *= scale
    found = diagnose(tg.sum_of(net([0.5, 0.4])) + 1.0)
    assert kind in kinds(found)
    assert len(found.layers) == 6
    assert found.to_dict()["layers"][0]["weights"] == 8


# How it is shown


def test_it_shows_itself() -> None:
    found = diagnose(Value(0.0, "x").sqrt() * 0)
    assert repr(found) == str(found) == found.text()
    assert found._repr_markdown_() == f"```text\n{found}\n```"
    assert not found.ok
    assert not found
    assert str(found.findings[0]) == found.findings[0].words
    assert found.findings[0].words in repr(found.findings[0])


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [20, 40, 80])
def test_lines_fit(language: str, width: int) -> None:
    a, b = Value(1000001.0, "a"), Value(1000000.0, "b")
    for y in (a.sqrt() - b.sqrt(), Value(0.0, "x").sqrt() * 0, (Value(40.0, "z") * 1.0).sigmoid() - 0.3):
        text = diagnose(y, language=language).text(width=width)
        assert text == diagnose(y).text(width=width, language=language)
        assert all(columns(line) <= max(width, 32) for line in text.splitlines())


def test_in_japanese() -> None:
    text = str(diagnose(Value(0.0, "x").sqrt() * 0, language="ja"))
    assert "mul で 0 · ∞" in text
    assert "代わりに sqrt(maximum(x, 1e-12)) と書いてください。" in text


@pytest.mark.parametrize("label", [*HOSTILE, *EXTREME])
def test_labels_are_data(label: str) -> None:
    x = Value(0.0, label)
    for y in (
        x.sqrt() * 0 + x,
        Value(math.nan, label) * x,
        (x + 40.0).sigmoid() - 0.5,
        Value(1.0, label) - (x + 1.0000001),
    ):
        y.label = label
        found = diagnose(y)
        text = str(found)
        assert all(line.isprintable() or "\u200d" in line for line in text.split("\n"))
        assert len(text) < 2000
        json.dumps(found.to_dict(), allow_nan=False)
        found.to_dict("ja")
        found._repr_markdown_()


@pytest.mark.slow
def test_deep_graphs_take_a_walk() -> None:
    x = Value(0.5, "x")
    y = x
    for _ in range(20_000):
        y = (y * 0.999 + 0.001).tanh()
    assert diagnose(y).digits > 10
    y = (y - y) * 1.0 + Value(0.0, "z").sqrt() * 0
    for _ in range(20_000):
        y = y + 1.0
    assert kinds(diagnose(y)) == ["0*inf gradient"]


def test_changed_data_is_remarked() -> None:
    x = Value(2.0, "x")
    y = (x * 1.1).exp()
    x.data = 3.0
    found = diagnose(y)
    assert found.changed == ("x",)
    assert "x" in str(found).splitlines()[-1]
    assert found.bound > 0.0


def test_what_it_refuses() -> None:
    x = Value(1.0, "x")
    with pytest.raises(TypeError, match=r"^diagnose takes a Value or a function that returns one, not str 'y'"):
        diagnose("y")
    with pytest.raises(TypeError, match=r"^diagnose: the function returned float 2.0, not a Value"):
        diagnose(lambda x: 2.0, [x])
    with pytest.raises(ValueError, match=r"^diagnose of a function needs the xs"):
        diagnose(lambda x: x)
    with pytest.raises(ValueError, match=r"^diagnose: y was not computed from Value"):
        diagnose(x * 1.0, [Value(2.0)])
    with pytest.raises(TypeError, match=r"^diagnose: each x is a Value, not float 1.0"):
        diagnose(x * 1.0, [1.0])
    with pytest.raises(TypeError, match=r"^diagnose: xs is a sequence of Values, not int 3"):
        diagnose(x * 1.0, 3)
    with pytest.raises(TypeError, match=r"^diagnose: xs is a sequence of Values or numbers, not float 3.0"):
        diagnose(lambda x: x, 3.0)
    with pytest.raises(TypeError, match=r"^diagnose: the function is \(x\), and is called with 2 xs: too many"):
        diagnose(lambda x: x, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"^diagnose: language is one of"):
        diagnose(x, language="fr")
    with pytest.raises(ValueError, match=r"^diagnose: width is a whole number of at least 20"):
        diagnose(x).text(width=3)
    with pytest.raises(KeyError):
        diagnose(lambda x: {}["a"], [x])


def test_a_leaf_by_itself() -> None:
    assert diagnose(Value(2.0, "x")).ok
    assert kinds(diagnose(Value(math.nan, "x"))) == ["given"]


def test_check_gradients_points_to_it() -> None:
    x = Value(0.0, "x")
    [row] = check_gradients(x.sqrt() * 0 + x).inputs
    assert row.note.endswith("sqrt gives infinity at 0.0, which times 0 is nan; diagnose says what to write instead")
    [row] = check_gradients((x * x).sin() * 1e155 * 1e155).inputs
    assert row.note.endswith("together they make nan: " + diagnose((x * x).sin() * 1e155 * 1e155).findings[0].words)
