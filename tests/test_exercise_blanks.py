"""What an exercise leaves blank: parts, several of them, names; of very many some, and then what these need is given."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.exercises import ALL, classes, example, one_row, physics, relus, truth_table
from tinygrad_bp import MLP, Value, exercise
from tinygrad_bp.cli import main
from tinygrad_bp.lessons.asking import MOST_BLANKS
from tinygrad_bp.lessons.exercise import Exercise
from tinygrad_bp.lessons.needed import needs


def names(made: Exercise) -> list[str]:
    return [each.step.name for each in made.asked]


def given(made: Exercise) -> set[str]:
    """The names in the part of the sheet that tells what is given."""
    part = made.text(width=200).partition("known already.")[2].split("──")[0]
    return {name for name in re.findall(r"(\S+) +-?\d", part) if name in made.derivation}


@pytest.mark.parametrize(
    "blanks", ["deltas,gradients", "gradients, deltas", ["deltas", "gradients"], ["gradients,deltas"]]
)
def test_several_parts_are_told_by_commas_or_in_a_list(blanks: str | list[str]) -> None:
    assert names(exercise(example(), blanks=blanks)) == [
        *names(exercise(example(), blanks="deltas")),
        *names(exercise(example(), blanks="gradients")),
    ]


def test_parts_and_names_go_together_in_the_order_of_the_sheet() -> None:
    made = exercise(example(), blanks=["dout_h1/dnet_h1", "deltas", "net_h1"], lr=0.5)
    assert names(made) == ["net_h1", "delta_o1", "delta_o2", "dout_h1/dnet_h1", "delta_h1", "delta_h2"]
    assert [each.number for each in made.asked] == [1, 2, 3, 4, 5, 6]
    assert re.findall(r"^ +(\d+)\. ", made.text(), re.MULTILINE) == ["1", "2", "3", "4", "5", "6"]
    assert names(exercise(example(), blanks="net_h1,w5+", lr=0.5)) == ["net_h1", "w5+"]


def test_no_blank_needs_one_that_stands_further_down() -> None:
    blanks = ["dE_total/dw1", "delta_h1", "dE_total/dout_h1", "dE_total/dw5", "delta_o1", "w1+", "out_h1"]
    made = exercise(example(), blanks=blanks, lr=0.5)
    asked = names(made)
    assert set(asked) == set(blanks)
    assert asked[0] == "out_h1"
    assert asked[-1] == "w1+"
    for before, after in (
        ("delta_o1", "dE_total/dout_h1"), ("dE_total/dout_h1", "delta_h1"), ("delta_h1", "dE_total/dw1"), ("delta_o1", "dE_total/dw5")
    ):  # fmt: skip
        assert asked.index(before) < asked.index(after), asked
    text = made.text()
    assert re.findall(r"^ +(\d+)\. ", text, re.MULTILINE) == [str(k) for k in range(1, len(blanks) + 1)]
    assert [part for part in ("Forward pass", "Backward pass", "Update") if f"── {part} ─" in text] == [
        "Forward pass",
        "Backward pass",
        "Update",
    ]


def test_a_name_with_a_comma_is_one_name() -> None:
    w = Value(0.5, "a,b")
    y = (w * 2.0 + 1.0) ** 2
    y.label = "y"
    assert names(exercise(y, blanks=["y,dy/d(a,b)"[2:]])) == ["dy/d(a,b)"]


def test_the_command_takes_parts_apart_by_commas_and_options_twice(capsys: pytest.CaptureFixture[str]) -> None:
    written = []
    for options in ("--blanks deltas,gradients", "--blanks deltas gradients", "--blanks deltas --blanks gradients"):
        assert main(["exercise", "tutorial", "--language", "en", *options.split()]) == 0
        written.append(capsys.readouterr().out)
    assert written[0] == written[1] == written[2]
    assert "delta_o1" in written[0]
    assert "dE_total/dw5" in written[0]
    assert "w5+ " not in written[0]


# Of very many some


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("graph", [truth_table, one_row, relus, classes], ids=lambda graph: graph.__name__)
def test_of_very_many_some_of_each_part_are_asked_and_what_they_need_is_given(graph: object, seed: int) -> None:
    made = exercise(graph(), lr=0.1, seed=seed)  # type: ignore[operator]
    assert MOST_BLANKS - 4 <= len(made.asked) <= MOST_BLANKS
    kinds = [each.step.kind for each in made.asked]
    assert all(kinds.count(kind) >= 4 for kind in ("value", "delta", "derivative", "update"))
    assert made.derivation.loss in [each.step.of for each in made.asked if each.step.kind == "value"]
    steps, found = made.derivation, {each.step.of for each in made.asked if each.step.kind == "value"}
    for name in given(made):
        if steps[name].kind == "value":
            assert not found & steps.below(steps[name].of), name  # from which it could be found backward
    there, ways = set(names(made)) | given(made), [each.step for each in made.asked]
    for step in ways:
        for name in needs(steps, step) - there:
            assert found & steps.below(steps[name].of), name
            assert not name.startswith(("net", "out")), name  # no other neuron is to be reckoned on the way
            there.add(name)
            ways.append(steps[name])
    assert not given(made) & set(names(made))
    assert not [name for name in given(made) if name[0] == "d" and "/" in name]  # no answer is given in another form
    assert "are asked for. What else they need is given." in made.text(width=300)


def test_the_net_input_of_a_neuron_and_its_output_are_asked_for_together() -> None:
    for seed in range(5):
        asked = names(exercise(relus(), lr=0.1, seed=seed))
        for name in asked:
            if name.startswith("net_"):
                assert name.replace("net_", "out_") in asked


def test_how_many_can_be_said() -> None:
    assert len(exercise(relus(), lr=0.1, most=500).asked) == 121
    made = exercise(relus(), lr=0.1, most=10)
    assert len(made.asked) <= 10
    assert len(made.text()) < len(exercise(relus(), lr=0.1).text())
    for graph in ALL:
        for most in (1, 2, 3, 7):
            few = exercise(graph(), lr=0.1, most=most)
            assert 1 <= len(few.asked) <= most
    assert len(exercise(relus(), blanks=[f"dE/dw{k}" for k in range(1, 37)], most=5).asked) == 36


def test_one_of_many_is_one() -> None:
    text = exercise(relus(), lr=0.1, most=1).text(width=200)
    assert "Of 121 quantities 1 is asked for. What else it needs is given." in text
    assert "the others" not in exercise(one_row(), lr=0.5, most=38).text()


def test_a_wide_network_is_work_for_half_an_hour() -> None:
    net = MLP(4, [10, 6, 3], seed=1)
    outs = net([Value(0.1 * k, f"i{k}") for k in range(1, 5)])
    error = sum(((Value(0.3, f"target_o{k}") - out) ** 2 for k, out in enumerate(outs, 1)), start=Value(0.0, "t"))
    error.label = "E"
    made = exercise(error, lr=0.5)
    assert len(made.asked) <= MOST_BLANKS
    values = [name for name in given(made) if name.startswith("net_")]
    assert len(values) >= 10


@pytest.mark.parametrize("most", [0, 501])
def test_how_many_is_a_number_of_blanks(most: int) -> None:
    with pytest.raises(ValueError, match=r"^exercise: most is a whole number from 1 to 500, not"):
        exercise(example(), most=most)


def test_names_are_texts() -> None:
    with pytest.raises(TypeError, match=r"^exercise: blanks are told by names, not by int 3$"):
        exercise(example(), blanks=[3])  # type: ignore[list-item]


@pytest.mark.parametrize("blanks", ["all", "update", "deltas,update", "forward,update"])
@pytest.mark.parametrize("graph", [example, classes, relus, one_row], ids=lambda graph: graph.__name__)
def test_the_derivative_of_each_update_is_asked_or_given_and_no_answer_is_given_away(
    graph: Callable[[], Value], blanks: str
) -> None:
    for seed in range(2):
        made = exercise(graph(), lr=0.5, seed=seed, blanks=blanks, questions=0, most=24)
        found = made.derivation
        asked, known = set(names(made)), {step.name for step in made._worksheet.known}
        updates = [each.step for each in made.asked if each.step.kind == "update"]
        assert updates
        for step in updates:
            assert step.by is not None
            slope = found.derived(step.by)
            deltas = {name for name in asked if found[name].kind == "delta" and found[name].value == slope.value}
            follows = {delta for unit in found.neurons for delta in [f"delta_{unit.name}"] if delta in asked}
            assert slope.name in asked | known or deltas or follows, (seed, step.name)
        if "deltas" in blanks or blanks == "all":
            answers = {found[name].value for name in asked if found[name].kind == "delta"} - {0.0}
            assert not answers & {found[name].value for name in known if found[name].kind != "value"}


def test_steps_of_descent_are_asked_about_where_something_is_trained() -> None:
    kinds = {"direction", "still", "largest"}
    assert not kinds & {each.kind for each in exercise(physics(), questions=5).questions}
    assert kinds & {each.kind for each in exercise(physics(), questions=5, lr=0.1).questions}
    assert kinds & {each.kind for each in exercise(example(), questions=5).questions}


def test_what_is_computed_from_a_blank_is_not_given() -> None:
    net = MLP(2, [2, 1], weights=[0.3, -0.2, 0.5, 0.4, 0.7, -0.6], biases=[0.1, 0.0, 0.2])
    loss = Value(0.0)
    for k, (inputs, target) in enumerate([([0.2, 0.9], 1.0), ([0.7, 0.1], 0.0), ([0.5, 0.5], 1.0)], 1):
        error = (net(inputs)[0] - target) ** 2
        error.label = f"E{k}"
        loss = loss + error
    loss = loss / 3
    loss.label = "MSE"
    for seed in range(5):
        made = exercise(loss, lr=0.1, seed=seed)
        assert {"MSE", "out_o1[1]"} <= set(names(made))
        assert not {"E1", "E2", "E3"} & given(made)
