"""The probabilities of a softmax are quantities of the forward pass: asked for, given, and marked, though no node of the graph is one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tinygrad_bp import MLP, Value, cross_entropy, exercise, mark, sheets
from tinygrad_bp.lessons import mark_folder
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.mark import Marks


def loss(classes: int = 3, cases: int = 1, scale: float = 1.0) -> Value:
    net = MLP(2, [2, classes], activation=["tanh", None], seed=3)
    parts = [
        cross_entropy(net([Value(0.5 * scale, "i1"), Value(-0.8 + 0.4 * k, "i2")]), k % classes) for k in range(cases)
    ]
    found: Value = sum(parts[1:], start=parts[0]) / cases if cases > 1 else parts[0]
    found.label = "E"
    return found


def right(found: Derivation) -> dict[str, str]:
    kept = [step for step in found.steps if step.kind != "derivative" or step.of is found.loss]
    return {step.name: f"{step.value:.5g}" for step in kept}


@pytest.mark.parametrize("cases", [1, 3])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_they_are_steps_after_the_net_inputs_and_before_the_error(classes: int, cases: int) -> None:
    found = Derivation(loss(classes, cases), learning_rate=0.5)
    names = [step.name for step in found.steps if step.kind == "value"]
    for layer in found.probabilities.layers:
        ps = [found.probabilities.of[net] for net in layer]
        assert math.fsum(p.data for p in ps) == pytest.approx(1.0, abs=1e-12)
        total = math.fsum(math.exp(net.data) for net in layer)
        for net, p in zip(layer, ps, strict=True):
            assert p.data == pytest.approx(math.exp(net.data) / total, rel=1e-12)
            assert names.index(found.names[net]) < names.index(found.names[p]) < names.index("E")
    count = sum(name.startswith("p_o") for name in names)
    assert count == classes * cases == len(found.probabilities.of)
    assert not [v for v in found.forward if found.names[v].startswith("p_")]  # a lesson tells them with the error


@pytest.mark.parametrize("cases", [1, 2])
def test_they_are_right_under_their_names(cases: int) -> None:
    error = loss(3, cases)
    answers = right(Derivation(error, learning_rate=0.5))
    assert [name for name in answers if name.startswith("p_")]
    assert mark(error, answers, lr=0.5).ok
    if cases == 1:
        assert mark(error, {name.upper().replace("_", " "): x for name, x in answers.items() if name[0] == "p"}).ok


def test_what_follows_from_a_wrong_one_is_carried() -> None:
    error = loss()
    found = Derivation(error)
    answers = right(found) | {"p_o1": "0.35", "E": f"{-math.log(0.35):.5g}", "delta_o1": f"{0.35 - 1:.5g}"}

    def verdicts(marks: Marks) -> dict[str, tuple[str, list[str]]]:
        return {each.name: (each.verdict, list(each.given)) for each in marks if each.verdict != "right"}

    assert verdicts(mark(error, answers)) == {
        "p_o1": ("wrong", []),
        "E": ("carried", ["p_o1"]),
        "delta_o1": ("carried", ["p_o1"]),
    }
    top = {"p_o2": f"{math.exp(found['out_o2'].value):.5g}"}
    assert mark(error, right(found) | top)["p_o2"].keys[0] == "divisor"


def test_of_a_mean_the_deltas_are_carried_too() -> None:
    error = loss(3, 2)
    found = Derivation(error)
    wrong = right(found) | {"p_o1[1]": "0.35", "delta_o1[1]": f"{(0.35 - 1) / 2:.5g}"}
    found_out = mark(error, wrong)
    assert (found_out["p_o1[1]"].verdict, found_out["delta_o1[1]"].verdict) == ("wrong", "carried")
    assert found_out["delta_o2[1]"].verdict == "right"


def test_those_that_have_a_name_are_not_told_twice() -> None:
    w = [Value(0.3 + 0.2 * k, f"w{k}") for k in (1, 2, 3)]
    nets = [x * Value(0.5, "i1") for x in w]
    for k, net in enumerate(nets, 1):
        net.label = f"out_o{k}"
    tops = [net.exp() for net in nets]
    ps = [top / (tops[0] + tops[1] + tops[2]) for top in tops]
    for k, p in enumerate(ps, 1):
        p.label = f"p{k}"
    error = -(ps[0].log() + 0.0 * (ps[1] + ps[2]))
    error.label = "E"
    found = Derivation(error)
    names = [step.name for step in found.steps if step.kind == "value"]
    assert [name for name in names if name.startswith("p")] == ["p1", "p2", "p3"]


def test_a_label_of_somebody_else_stays_what_it_was() -> None:
    error = loss() * Value(1.0, "p_o1")
    error.label = "F"
    assert Derivation(error)["dF/dp_o1"].value == pytest.approx(loss().data)


def test_net_inputs_that_no_exponential_takes_have_probabilities() -> None:
    found = Derivation(loss(3, 1, scale=1.0))
    net = MLP(1, [2], activation=None, seed=1)
    far = cross_entropy(net([Value(2000.0, "i1")]), 1)
    far.label = "E"
    ps = Derivation(far).probabilities.of.values()
    assert all(0.0 <= p.data <= 1.0 for p in [*ps, *found.probabilities.of.values()])


def test_a_class_is_asked_for_them_and_marked(tmp_path: Path) -> None:
    week = sheets(loss(), 2, seed="p", blanks="forward,deltas", questions=0)
    folder = week.save(tmp_path / "week", "txt")
    for made in week:
        names = [each.step.name for each in made.asked]
        assert {"p_o1", "p_o2", "p_o3"} <= set(names)
        rows = "".join(f"{each.step.name},{each.text}\n" for each in made.asked)
        (folder / "answers" / f"{made.sheet}.csv").write_text(f"name,answer\n{rows}", encoding="utf-8")
    assert all(each.ok for each in mark_folder(folder / "keys", folder / "answers"))


def test_the_key_says_how_they_are_found() -> None:
    made = exercise(loss(), blanks=["p_o2", "E", "delta_o2"], seed=1, language="ja")
    key = made.key.text(width=120)
    assert "p_o2 = exp(out_o2) / (exp(out_o1) + exp(out_o2) + exp(out_o3))" in key
    assert "E = -log(p_o1) = -log(" in key
    assert key.count("p_o3 =") == 0
