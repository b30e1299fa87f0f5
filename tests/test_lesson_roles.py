"""Softmax however it is written, and inputs and targets that no name tells: lessons, derivations and marks see what they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from tests.evaluated import disagreements
from tinygrad_bp import MLP, Value, exercise, explain, lesson, logsumexp, mark, sum_of
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.roles import by_use
from tinygrad_bp.lessons.softmax import softmax
from tinygrad_bp.losses import binary_cross_entropy, cross_entropy, hinge, mean_squared_error, squared_error
from tinygrad_bp.losses import softmax as shares
from tinygrad_bp.words import LANGUAGES

WEIGHTS = [0.42, -0.31, -0.27, 0.66, 0.58, 0.13]
BIASES = [0.12, -0.09, 0.05]


def parameters() -> list[Value]:
    return [Value(x, f"w{k}") for k, x in enumerate(WEIGHTS, 1)] + [Value(x, f"b{k}") for k, x in enumerate(BIASES, 1)]


def nets(label: str, row: Sequence[float] = (0.9, -0.55), trained: list[Value] | None = None) -> list[Value]:
    trained = trained or parameters()
    signals = [Value(x, f"i{k}") for k, x in enumerate(row, 1)]
    found = []
    for k, bias in enumerate(trained[6:]):
        net = trained[2 * k] * signals[0] + trained[2 * k + 1] * signals[1] + bias
        net.label = f"{label}{k + 1}"
        found.append(net)
    return found


def by_quotients(zs: Sequence[Value], *, labelled: bool) -> Value:
    exps = [z.exp() for z in zs]
    total = sum(exps[1:], exps[0])
    p = [e / total for e in exps]
    if labelled:
        total.label = "S"
        for k, (e, share) in enumerate(zip(exps, p, strict=True), 1):
            e.label, share.label = f"e{k}", f"p{k}"
    return -p[1].log()


def by_logarithms(zs: Sequence[Value], *, labelled: bool) -> Value:
    total = sum_of([z.exp() for z in zs])
    total.label = "S" if labelled else ""
    return total.log() - zs[1]


def by_logsumexp(zs: Sequence[Value], *, labelled: bool) -> Value:
    return logsumexp(list(zs)) - zs[1]


def by_targets(zs: Sequence[Value], *, labelled: bool) -> Value:
    targets = [Value(float(k == 1), f"t{k + 1}" if labelled else "") for k in range(3)]
    logs = [t * p.log() for t, p in zip(targets, shares(zs), strict=True)]
    return -sum_of(logs)


def shifted(zs: Sequence[Value], *, labelled: bool) -> Value:
    most = max(z.data for z in zs)
    exps = [(z - most).exp() for z in zs]
    return -(exps[1] / sum_of(exps)).log()


BY_HAND: list[Callable[..., Value]] = [by_quotients, by_logarithms, by_logsumexp, by_targets, shifted]


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("label", ["net_o", "z"])
@pytest.mark.parametrize("written", BY_HAND)
def test_softmax_is_seen_however_it_is_written(written: Callable[..., Value], label: str, labelled: bool) -> None:
    zs = nets(label)
    loss = written(zs, labelled=labelled)
    loss.label = "L"
    found = Derivation(loss)
    assert [(unit.net, unit.activation) for unit in found.neurons] == [(z, None) for z in zs]
    assert len(found.parameters) == 9
    exps = [math.exp(z.data) for z in zs]
    assert [(s.probability, s.target) for s in softmax(found).values()] == [
        (pytest.approx(e / sum(exps)), float(k == 1)) for k, e in enumerate(exps)
    ]
    name = label.removeprefix("net_")
    p = exps[1] / sum(exps)
    right = {f"delta_{name}1": exps[0] / sum(exps), f"delta_{name}2": p - 1}
    assert mark(loss, {key: f"{x:.6g}" for key, x in right.items()}).ok
    assert mark(loss, {f"delta_{name}2": f"{p:.6g}"}).first_wrong.keys[0] == "targetForgotten"  # type: ignore[union-attr]


@pytest.mark.parametrize("written", [by_quotients, by_targets])
def test_the_lesson_of_a_softmax_that_is_written_out_says_what_comes_out(written: Callable[..., Value]) -> None:
    loss = written(nets("net_o"), labelled=True)
    loss.label = "L"
    made = lesson(loss, lr=0.5)
    count, wrong = disagreements(made.derivation, made.blocks)
    assert count > 80
    assert wrong == []
    text = made.text()
    # p1 stands beside p2, which is the name of that of o2; a target that has a name is called by it.
    p, y = ("p1", "y_o1") if written is by_quotients else ("p_o1", "t1")
    assert f"delta_o1 = dL/dnet_o1 = {p} - {y}" in text
    assert "with exp" not in text


def test_several_cases_of_it() -> None:
    trained = parameters()
    rows = [(0.9, -0.55), (-0.3, 0.4)]
    losses = [by_quotients(nets("net_o", row, trained), labelled=False) for row in rows]
    loss = (losses[0] + losses[1]) / 2
    loss.label = "L"
    found = Derivation(loss)
    assert len(softmax(found)) == 6
    assert {share.cases for share in softmax(found).values()} == {2}


def test_exp_is_an_activation_where_its_result_is_called_an_output_or_feeds_a_neuron() -> None:
    w, v, x = Value(0.5, "w1"), Value(0.7, "w2"), Value(0.3, "i1")
    net = w * x
    net.label = "net_h1"
    for label in ("out_h1", ""):
        out = net.exp()
        out.label = label
        y = v * out
        y.label = "net_o1"
        loss = (y - 1.0) ** 2
        loss.label = "E"
        assert [unit.activation and unit.activation.name for unit in Derivation(loss).neurons] == ["exp", None]


# Inputs and targets


def error_of_an_mlp(kind: str) -> Value:
    net = MLP(
        2,
        [3, 2 if kind == "softmax" else 1],
        activation=["tanh", None if kind in ("softmax", "logits") else "sigmoid"],
        seed=1,
    )
    losses = []
    for row, t in (((0.5, -0.3), 1.0), ((-0.2, 0.8), 0.0), ((0.9, 0.6), 1.0)):
        outs = net([Value(x) for x in row])
        target = Value(t)
        if kind == "squares":
            losses.append((outs[0] - target) ** 2)
        elif kind == "entropy":
            losses.append(-(target * outs[0].log() + (1.0 - target) * (1.0 - outs[0]).log()))
        elif kind == "logits":
            losses.append(binary_cross_entropy(outs, [target]))
        else:
            losses.append(cross_entropy(outs, [target, Value(1.0 - t)]))
    loss = sum_of(losses) / 3
    loss.label = "E"
    assert len(net.parameters()) == len(Derivation(loss).parameters)
    assert set(net.parameters()) == set(Derivation(loss).parameters)
    return loss


@pytest.mark.parametrize("kind", ["squares", "entropy", "logits", "softmax"])
def test_what_has_no_name_and_is_no_parameter_of_an_mlp_is_data(kind: str) -> None:
    loss = error_of_an_mlp(kind)
    found = Derivation(loss)
    assert len(found.cases) == 3
    inputs, targets = by_use(found.order)
    assert sorted(v.data for v in inputs) == [-0.3, -0.2, 0.5, 0.6, 0.8, 0.9]
    ends = [0.0, 1.0, 1.0] if kind != "softmax" else [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert sorted(v.data for v in targets) == ends
    made = lesson(loss)
    text = made.text()
    table = [line.split() for line in text.splitlines() if line.startswith("  [")][:3]
    assert [row[1:3] for row in table] == [["0.5", "-0.3"], ["-0.2", "0.8"], ["0.9", "0.6"]]
    assert [row[3] for row in table] == ["1", "0", "1"]
    assert "is only multiplied by parameters" in text.replace("\n", " ")
    assert disagreements(made.derivation, made.blocks)[1] == []


ERRORS: dict[str, Callable[[Value, Value], Value]] = {
    "squared_error": lambda out, t: squared_error([out], [t]),
    "mean_squared_error": lambda out, t: mean_squared_error([out], [t]),
    "hinge": lambda out, t: hinge([out], [t]),
    "logistic": lambda out, t: (-(t * out)).softplus(),
    "size": lambda out, t: abs(out - t),
    "product": lambda out, t: (out - t) * (out - t),
    "half": lambda out, t: 0.5 * (t - out) ** 2,
    "log cosh": lambda out, t: (out - t).cosh().log(),
    "root": lambda out, t: ((out - t) ** 2).sqrt(),
    "minus t": lambda out, t: (-t + out) ** 2,
    "entropy": lambda out, t: -t * (out * out).log() - (1.0 - t) * (2.0 - out * out).log(),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_target_without_a_name_is_told_by_any_error(name: str) -> None:
    net = MLP(2, [2, 1], activation="tanh", seed=1)
    [out] = net([Value(0.3), Value(0.6)])
    loss = ERRORS[name](out, Value(1.0))
    loss.label = "E"
    assert set(Derivation(loss).parameters) == set(net.parameters())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lesson_says_what_was_taken_for_what(language: str) -> None:
    w, b = Value(0.3, "w1"), Value(0.1, "b1")
    out = (w * Value(1.5, "hours") + b).sigmoid()
    loss = (out - Value(0.7, "passed")) ** 2
    loss.label = "E"
    found = Derivation(loss)
    assert found.parameters == [w, b]
    text = lesson(loss, language=language).text()
    said = [block for block in text.split("\n\n") if "hours" in block or "passed" in block]
    assert any("parameters=" in block.replace("\n", "") and "hours" in block for block in said)
    assert any("passed" in block and "hours" not in block for block in said)
    hours = next(v for v in found.order if v.label == "hours")
    other = Derivation(loss, parameters=[w, hours])
    assert set(other.parameters) == {w, hours}  # parameters= overrides


def test_what_a_difference_is_made_of_inside_a_network_is_no_target() -> None:
    w, threshold = Value(0.8, "w1"), Value(0.2, "threshold")
    out = (w * Value(0.5, "i1") - threshold).sigmoid()
    loss = (out - 1.0) ** 2
    loss.label = "E"
    assert set(Derivation(loss).parameters) == {w, threshold}


def test_in_a_formula_all_leaves_are_quantities_as_before() -> None:
    m, v = Value(2.0, "m"), Value(3.0, "v")
    energy = m * v * v * 0.5 + m * Value(9.81) * Value(0.4, "h")
    energy.label = "W"
    found = Derivation(energy)
    assert found.formula
    assert {x.label for x in found.parameters} == {"m", "v", "h", ""}


def test_exercises_draw_inputs_and_targets_as_such() -> None:
    w, b = Value(0.3, "w1"), Value(0.1, "b1")
    out = (w * Value(1.5, "hours") + b).sigmoid()
    out.label = "out_o1"
    loss = (out - Value(0.7, "passed")) ** 2
    loss.label = "E"
    made = exercise(loss, seed=4)
    assert {each.step.by.label for each in made.asked if each.step.by is not None and each.step.by.op is None} <= {
        "w1",
        "b1",
    }


@pytest.mark.parametrize("zero", [lambda: 0.0, lambda: Value(0.0)], ids=["number", "Value"])
@pytest.mark.parametrize("minus", [False, True])
def test_what_a_loop_begins_a_sum_with_is_a_constant_everywhere(zero: Callable[[], Value], minus: bool) -> None:
    w, b, total = Value(0.5, "w"), Value(0.2, "b"), zero()
    for x, y in ((1.0, 0.5), (2.0, 1.5)):
        net = zero()
        for weight, signal in ((w, Value(x, "x")), (b, Value(1.0, "x0"))):
            net = net + weight * signal
        out = net.tanh()
        net.label, out.label = "net_o1", "out_o1"
        total = total - (out - y) ** 2 if minus else total + (out - y) ** 2
    total.label = "E"
    assert set(Derivation(total).parameters) == {w, b}
    assert [len(layers) for layers in Derivation(total).cases] == [1, 1]
    sign = "-" if minus else ""
    rest = f"{sign}(out_o1[1] - 0.5) ** 2 {sign or '+'} (out_o1[2] - 1.5) ** 2"
    assert f"E = {rest}" in explain(total).text(width=120)
    assert f" = {4 * [1, -1][minus] // 2} * (out_o1[1] - 0.5)" in explain(total, w).text(width=120)
    told = lesson(total, lr=0.5).text() + exercise(total, lr=0.5, seed=1).text()
    assert "v1" not in told
    assert f"E = {rest}" in told
    assert [each.name for each in mark(total, {"dE/dw": 0.0}, lr=0.5)] == ["dE/dw"]


def test_a_bias_without_a_label_may_be_zero_where_nothing_has_a_label() -> None:
    weights, bias = [Value(0.4), Value(-0.3)], Value(0.0)
    out = (weights[0] * Value(1.5) + weights[1] * Value(2.0) + bias).tanh()
    loss = (out - 1.0) ** 2
    assert bias in Derivation(loss).parameters


def test_labels_that_have_the_number_of_a_case_get_no_second_one() -> None:
    w, b, errors = Value(0.5, "w"), Value(0.2, "b"), []
    for k, (x, y) in enumerate(((1.0, 0.5), (2.0, 0.9)), 1):
        net = w * Value(x, f"x[{k}]") + b
        out = net.sigmoid()
        net.label, out.label = f"net_o1[{k}]", f"out_o1[{k}]"
        errors.append((out - y) ** 2)
    loss = sum_of(errors)
    loss.label = "E"
    assert [step.name for step in Derivation(loss) if step.kind == "delta"] == ["delta_o1[1]", "delta_o1[2]"]
    assert "[1][1]" not in lesson(loss, lr=0.5).text() + exercise(loss, lr=0.5, seed=1).text()
    assert [each.name for each in mark(loss, {"delta_o1[2]": 0.0})] == ["delta_o1[2]"]
