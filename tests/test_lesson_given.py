"""What a lesson begins with: which numbers are inputs, targets and parameters, in which order, and what it says of softmax."""

from __future__ import annotations

import itertools
import random
import re
from typing import Any

import pytest

from tests import rounds
from tests.evaluated import disagreements
from tests.explained import random_graph
from tests.rounds import leaves, mlp, named
from tinygrad_bp import MLP, Adam, Value, dot, explain, lesson, losses
from tinygrad_bp.explanation.ordering import by_number
from tinygrad_bp.lessons.blocks import Table
from tinygrad_bp.lessons.derivation import Derivation


def recurrent(start: str = "h0", first: float = 0.0, steps: int = 3) -> Value:
    """A recurrent network whose first state is a leaf."""
    w, u, b, v = Value(0.5, "w"), Value(0.8, "u"), Value(0.1, "b"), Value(1.2, "v")
    h: Any = Value(first, start)
    for k, x in enumerate(leaves([1.0, -0.5, 0.3][:steps], "x"), 1):
        h = named(named(w * x + u * h + b, f"n{k}").tanh(), f"h{k}")
    return named((named(v * h, "y") - 0.7) ** 2 / 2, "L")


def vectors() -> Value:
    """Two states, as dots of all that comes in."""
    ws = [leaves([0.1 * k + 0.2 * j for j in range(4)], f"w{k}_") for k in (1, 2)]
    hs: list[Any] = [Value(0.3, "h1_0"), Value(-0.2, "h2_0")]
    for t, x in enumerate((0.5, -0.25), 1):
        parts = [Value(x, f"x{t}"), *hs, Value(1.0, "i")]
        hs = [named(dot(w, parts).tanh(), f"h{k}_{t}") for k, w in enumerate(ws, 1)]
    return named((hs[0] - hs[1]) ** 2, "E")


def gated() -> Value:
    """A cell whose state is multiplied by a gate, which is computed."""
    w, u = Value(0.5, "w"), Value(0.8, "u")
    c: Any = Value(0.25, "c0")
    for t, x in enumerate((0.5, -0.25), 1):
        gate = named((u * Value(x, f"x{t}")).sigmoid(), f"f{t}")
        c = named(gate * c + (1.0 - gate) * (w * x).tanh(), f"c{t}")
    return named((c - 1.0) ** 2, "E")


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (recurrent, "w u b v"),
        (lambda: recurrent("h_0", 0.5), "w u b v"),
        (lambda: recurrent("h[0]", 0.5), "w u b v"),
        (lambda: recurrent("state", 0.0), "w u b v"),
        (lambda: recurrent("state", 0.5), "w u b v state"),
        (lambda: recurrent(steps=1), "w u b v h0"),  # which is no recurrence
        (vectors, "w1_1 w1_2 w1_3 w1_4 w2_1 w2_2 w2_3 w2_4"),
        (gated, "u w"),
    ],
)
def test_what_a_recurrence_begins_with_is_no_parameter(make: Any, parameters: str) -> None:
    assert {v.label for v in Derivation(make()).parameters} == set(parameters.split())


def test_factors_and_weights_of_zero_stay_parameters() -> None:
    m, g, height, v = Value(2.0, "m"), Value(9.81, "g"), Value(1.5, "h"), Value(3.0, "v")
    energy = named(named(0.5 * m * v**2, "K") + named(m * g * height, "P"), "E")
    assert {p.label for p in Derivation(energy).parameters} == {"m", "g", "h", "v"}
    net = MLP(2, [2, 1], activation="tanh", weights=[0.0] * 6, biases=[0.0] * 3)
    loss = losses.mean_squared_error(net(leaves([0.5, 1.0], "i")), [1.0])
    assert len(Derivation(loss).parameters) == 9


def test_a_recurrent_lesson_says_what_is_what() -> None:
    found = lesson(recurrent(), lr=0.5)
    text = found.text(width=1000)
    assert re.search(r"^  Inputs +x1 +1  x2 +-0\.5  x3 +0\.3$", text, re.MULTILINE)
    assert re.search(r"^  First state  h0 +0$", text, re.MULTILINE)
    assert re.search(r"^  Parameters +w +0\.5  u +0\.8  b +0\.1  v +1\.2$", text, re.MULTILINE)
    assert "h0 is where the steps begin." in text
    assert "dL/dh0" not in text
    assert "h0+" not in text
    assert text.index("Step 1") < text.index("Step 3")
    count, wrong = disagreements(found.derivation, found.blocks)
    assert (count > 50, wrong) == (True, [])
    assert "h0 は最初のステップに渡す状態です。" in lesson(recurrent(), language="ja").text(width=1000)


def test_who_decides_what_a_parameter_is_is_said() -> None:
    loss = rounds.tanh()
    assert "Names decide which is which" in lesson(loss).text(width=1000)
    some = [v for v in Derivation(loss).parameters if v.label in ("w1", "w2")]
    for options in ({"parameters": some}, {"optimizer": Adam(some)}):
        text = lesson(loss, **options).text(width=1000)
        assert "The parameters are those that were asked for." in text
        assert re.search(r"^  Parameters +w1 +\S+  w2 +\S+$", text, re.MULTILINE)
        assert re.search(r"^  Others +b1 ", text, re.MULTILINE)
    assert "Names decide" not in lesson(named(Value(2.0, "a") * Value(3.0, "b"), "F")).text(width=1000)


def table(found: Any, caption: str) -> list[list[str]]:
    [block] = [each for each in found.blocks if isinstance(each, Table) and "".join(map(str, each.caption)) == caption]
    return [
        ["".join(getattr(piece, "text", piece) for piece in cell) for cell in row] for row in [block.head, *block.rows]
    ]


def test_plain_numbers_of_a_batch_are_listed() -> None:
    net = mlp([2, 2, 1], "tanh")
    rows = [([0.1, 0.5], 1.0), ([0.4, -0.3], 0.0), ([0.9, 0.2], 1.0)]
    loss = losses.mean_squared_error([net(x)[0] for x, _ in rows], [y for _, y in rows])
    assert table(lesson(loss), "The cases, each with its inputs and targets") == [
        ["", "input 1", "input 2", "target of o1"], ["[1]", "0.1", "0.5", "1"], ["[2]", "0.4", "-0.3", "0"], ["[3]", "0.9", "0.2", "1"],
    ]  # fmt: skip
    japanese = table(lesson(loss, language="ja"), "各事例の入力と目標値")
    assert japanese[0] == ["", "入力1", "入力2", "o1 の目標値"]


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (lambda outs: losses.binary_cross_entropy(outs, [1.0]), "1"),
        (lambda outs: losses.binary_cross_entropy(outs, [0.25]), "0.25"),
        (lambda outs: losses.squared_error(outs, [0.3]), "0.3"),
        (lambda outs: (0.75 - outs[0]) ** 2, "0.75"),
        (lambda outs: outs[0] * outs[0], None),
    ],
)
def test_the_target_of_one_case(loss: Any, target: str | None) -> None:
    net = MLP(2, [2, 1], activation=["tanh", None], seed=1)
    found = lesson(loss(net([0.5, 1.0])))
    wanted = [["input 1", "input 2"], ["0.5", "1"]]
    if target is not None:
        wanted = [[*wanted[0], "target of o1"], [*wanted[1], target]]
    assert table(found, "Inputs and targets") == wanted


def test_many_cases_and_wide_ones_are_counted() -> None:
    net = mlp([10, 1], "tanh")
    outs = [net([0.1 * k] * 10)[0] for k in range(14)]
    found = lesson(losses.mean_squared_error(outs, [1.0] * 14))
    shown = table(found, "The cases, each with its inputs and targets")
    assert (len(shown), len(shown[0])) == (13, 10)
    assert "46 more given numbers are left out." in found.text(
        width=1000
    )  # 12 * 2 of the wide rows, 2 * 11 of two cases


# Order


@pytest.mark.parametrize("right", [0, 1, 2])
def test_softmax_goes_from_o1_to_o3_whichever_class_is_right(right: int) -> None:
    net = mlp([2, 3], None)
    loss = named(losses.cross_entropy(net(leaves([0.5, -1.0], "x")), right), "CE")
    text = lesson(loss, lr=0.5).text(width=1000)
    for pattern in (r"^(out_o\d) = w", r"^(p_o\d) =", r"^(delta_o\d) =", r"^(?:  \w+ +\S+)*  (o\d)  "):
        found = re.findall(pattern, text, re.MULTILINE)
        assert found == sorted(found) != [], pattern
        assert len(found) == 3
    given = re.findall(r"\bw(\d) ", text.partition("  Parameters ")[2].partition("\n\n")[0])
    assert given == [*"123456"]
    assert re.search(rf"^CE = -log\(p_o{right + 1}\) = -log\(0\.\d+\) = {loss.data:.9f}$", text, re.MULTILINE)
    assert "softplus" not in text
    assert re.search(rf"= log\(exp\(out_o1\) \+ exp\(out_o2\) \+ exp\(out_o3\)\) - out_o{right + 1}\b", text)
    assert re.findall(r"^(out_o\d) =", explain(loss).text(), re.MULTILINE) == ["out_o1", "out_o2", "out_o3"]


def test_the_mean_of_several_cross_entropies() -> None:
    loss = rounds.softmax_batch()
    text = lesson(loss).text(width=1000)
    assert re.search(r"^E = \(-log\(p_o2\[1\]\) - log\(p_o1\[2\]\)\) / 2 = ", text, re.MULTILINE)
    soft = lesson(rounds.soft_targets()).text(width=1000)
    assert re.search(r"^E = -0\.25 \* log\(p_o1\) - 0\.75 \* log\(p_o2\) = ", soft, re.MULTILINE)


def test_a_class_that_is_certain_or_hopeless_keeps_its_digits() -> None:
    for number, right in itertools.product((40.0, 800.0, -800.0), (0, 1)):
        z = [named(Value(number, "w") * Value(1.0, "x"), "net_o1"), named(Value(0.5, "v") * Value(1.0, "x"), "net_o2")]
        found = lesson(named(losses.cross_entropy(z, right), "L"))
        assert "L = -log(p_o" in found.text(width=1000) or "L = softplus" in found.text(width=1000)


@pytest.mark.parametrize("seed", range(10))
def test_an_order_by_numbers_is_an_order_of_computation(seed: int) -> None:
    draw = random.Random(seed)
    order = list(random_graph(draw, 40, 0.0))
    names = {v: f"{draw.choice('ab')}{draw.randrange(50)}" for v in order if v.op is not None and draw.random() < 0.7}
    told = by_number(order, names)
    assert sorted(map(id, told)) == sorted(map(id, order))
    seen: set[Any] = set()
    known = set(order)
    for v in told:
        assert all(x in seen for x in v.operands if isinstance(x, Value) and x in known)
        seen.add(v)


# Names


def test_a_label_is_not_taken_for_what_is_derived() -> None:
    w, other, x = Value(0.5, "w"), Value(0.6, "w+"), Value(2.0, "x")
    out = named(named(w * x + other, "net").tanh(), "o")
    more = named(w * 2.0, "dE/dw")
    loss = named((out - 1.0) ** 2 / 2 + more, "E")
    found = lesson(loss, lr=0.1)
    text = found.text(width=1000)
    assert "net = w * x + (w+) = " in text
    assert "\nw+ = w - eta * dE/dw = " in text
    assert "\n(w+)+ = (w+) - eta * dE/d(w+) = " in text
    assert "\n(dE/dw) = w * 2 = " in text
    assert r"{\text{(w+)}}^{+}" in found.latex()
    loss.backward()
    assert (found.derivation["w+"].value, found.derivation["(w+)+"].value) == (
        0.5 - 0.1 * w.grad,
        0.6 - 0.1 * other.grad,
    )
    assert found.derivation["dE/dw"].value == w.grad
    assert disagreements(found.derivation, found.blocks)[1] == []


@pytest.mark.parametrize(
    "x", ["X", "X1", "x[1]", "x₁", "x1_2", "in", "in1", "I1", "feature1", "features", "Input_2", "x[0, 1]"]
)
@pytest.mark.parametrize("t", ["Target", "T", "y[1]", "label", "expected", "goal", "t₂"])
def test_inputs_and_targets_of_a_network_are_known_as_people_call_them(x: str, t: str) -> None:
    w, b = Value(0.5, "w"), Value(0.1, "b")
    loss = (named(named(w * Value(2.0, x) + b, "net").tanh(), "out") - Value(0.3, t)) ** 2
    assert [v.label for v in Derivation(loss).parameters] == ["w", "b"]


def test_of_a_formula_they_are_quantities() -> None:
    mass, heat, t, start = (Value(x, name) for x, name in ((1.0, "m"), (4.2, "c"), (80.0, "T"), (20.0, "T0")))
    assert [v.label for v in Derivation(mass * heat * (t - start)).parameters] == ["m", "c", "T", "T0"]


def test_of_one_wide_case_names_stand_beside_numbers() -> None:
    net = MLP(10, [2, 1], seed=1)
    text = lesson((net([0.1 * k for k in range(10)])[0] - 0.5) ** 2).text()
    assert re.search(r"\n  input 1 +0  input 2 +0.1  input 3 +0.2\n", text)


@pytest.mark.parametrize(("language", "words"), [("en", "The activation here is"), ("ja", "ここでの活性化関数は")])
def test_what_an_activation_computes_is_said_once(language: str, words: str) -> None:
    text = lesson(rounds.worked(), language=language).text(width=200)
    assert text.count(words) == 1
    assert f"{words} sigmoid(net) = 1 / (1 + exp(-net))" in text


def by_hand(names: str = "z e S p", shift: float = 0.0) -> Value:
    """A softmax of three classes, written out, with the names that textbooks have, or others; of a name `-` there is none."""
    z, e, total, p = (name.strip("-") for name in names.split())
    x = leaves([1.0, -2.0], "x")
    rows = [(0.2, -0.3, 0.1), (0.5, 0.1, 0.0), (-0.4, 0.6, -0.2)]
    nets = [
        named(Value(a, f"w{k}1") * x[0] + Value(b, f"w{k}2") * x[1] + Value(c, f"b{k}"), z and f"{z}{k}")
        for k, (a, b, c) in enumerate(rows, 1)
    ]
    tops = [named((net - shift if shift else net).exp(), e and f"{e}{k}") for k, net in enumerate(nets, 1)]
    whole = named(tops[0] + tops[1] + tops[2], total)
    return named(-named(tops[1] / whole, p and f"{p}2").log(), "L")


@pytest.mark.parametrize("names", ["z e S p", "net_o e S p_o", "u v w q", "- - - p", "logit - - -"])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_a_softmax_by_hand_is_a_network_whatever_its_names(names: str, shift: float) -> None:
    found = lesson(by_hand(names, shift), lr=0.1)
    derivation = found.derivation
    assert [len(layer) for layer in derivation.layers] == [3]
    assert {v.label for v in derivation.parameters} == {f"{a}{k}" for k in "123" for a in "b"} | {
        f"w{k}{j}" for k in "123" for j in "12"
    }
    text = found.text(width=1000)
    assert "It has 2 inputs and an output layer of 3 neurons without an activation." in text
    assert "Softmax and cross entropy together make the node delta very simple" in text
    assert "x1+" not in text
    assert disagreements(derivation, found.blocks)[1] == []


def thrown() -> Value:
    v, a, g = Value(12.0, "v"), Value(0.6, "a"), Value(9.81, "g")
    return named(v**2 * (2 * a).sin() / g, "R")


def swinging() -> Value:
    omega, t, phi = Value(2.0, "omega"), Value(0.5, "t"), Value(0.3, "phi")
    return named(Value(2.0, "A") * (omega * t + phi).sin(), "s")


def growing() -> Value:
    return named((Value(2.0, "k") * Value(0.5, "t") - 1).tanh(), "y")


@pytest.mark.parametrize("make", [thrown, swinging, growing])
def test_a_function_of_physics_makes_no_network(make: Any) -> None:
    text = lesson(make(), lr=0.01).text(width=1000)
    assert "This is a formula without neurons" in text
    assert not re.search("error|weight|downhill|parameter", text)


def test_inputs_stay_in_formulas_too() -> None:
    a, b, x1, x2 = Value(0.3, "a"), Value(3.0, "b"), Value(1.0, "x1"), Value(2.0, "x2")
    text = lesson(named(a * x1 + b * x2, "f"), lr=0.1).text(width=1000)
    assert "This is a formula" in text
    assert "a+ = a" in text
    assert "x1+" not in text
    y1, y2 = Value(4.0, "y1"), Value(6.0, "y2")
    apart = named(((x1 - x2) ** 2 + (y1 - y2) ** 2).sqrt(), "d")
    assert {v.label for v in Derivation(apart).parameters} == {"x1", "x2", "y1", "y2"}


def cases_by_name() -> Value:
    """Three cases whose names have their numbers already, and whose derivative with respect to c is exactly 0."""
    w, b, v, c = Value(0.8, "w"), Value(-0.3, "b"), Value(1.2, "v"), Value(0.1, "c")
    errors = []
    for k, (x, t) in enumerate([(0.5, 1.0), (1.5, 0.0), (-1.0, 0.5)], 1):
        h = named(named(w * Value(x, f"x_{k}") + b, f"net_h_{k}").relu(), f"h_{k}")
        errors.append(named((named(v * h + c, f"y_{k}") - Value(t, f"t_{k}")) ** 2, f"E_{k}"))
    return named((errors[0] + errors[1] + errors[2]) / 3, "E")


def test_one_quantity_has_one_number() -> None:
    found = lesson(cases_by_name(), lr=0.1)
    text = found.text(width=1000)
    assert found.derivation["dE/dc"].value == 0.0
    assert "db⁽²⁾ = delta⁽²⁾ 1 = [0]" in text
    assert "e-1" not in text
    assert "All of them agree." in text


def test_names_of_cases_are_told_as_they_are() -> None:
    found = lesson(cases_by_name(), lr=0.1)
    assert "[1] marks" not in found.text(width=1000)
    assert table(found, "The cases, each with its inputs and targets")[0] == ["", "x_k", "t_k"]


def test_of_a_large_network_those_numbers_are_given_that_equations_write() -> None:
    net = MLP(20, [12, 2], seed=3)
    loss = losses.squared_error(net([Value(0.05 * k, f"x{k}") for k in range(20)]), [0, 1])
    loss.label = "L"
    text = lesson(loss).text(width=80)
    given, told = text.split("The forward pass")[:2]
    told = told.split("The error")[0]
    listed = set(re.findall(r"\b[wbx]\d+\b", given))
    assert listed == set(re.findall(r"\b[wbx]\d+\b", told))
    assert {"x0", "x19", "b1", "w1", "w20"} <= listed
    assert not listed & {"x9", "w10", "b12"}
