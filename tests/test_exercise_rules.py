"""The rules on a sheet: those of what is asked for, in general, and true; and what functions are that calculators have no key for."""

from __future__ import annotations

import math
import re

import pytest

from tests.exercises import classes, example, physics, recurrent, relus, truth_table
from tests.moodle_importer import Checked, read_gift, read_xml
from tinygrad_bp import MLP, Value, exercise
from tinygrad_bp.cli import main
from tinygrad_bp.lessons.exercise import Exercise


def rules(made: Exercise) -> dict[str, str]:
    """What each rule is of, and what it says."""
    return dict(made.problem().rules)


def test_rules_are_those_of_what_is_asked_for() -> None:
    assert rules(exercise(example(), blanks="forward", lr=0.5)) == {}
    assert rules(exercise(example(), blanks="deltas", lr=0.5)) == {
        "node delta, dE_total/dnet": "delta = dE_total/dout * dout/dnet",
        "out that feeds neurons: Σ over these": "dE_total/dout = Σ w * delta",
        "slope of sigmoid": "dout/dnet = out * (1 - out)",
    }
    assert rules(exercise(example(), blanks=["dE_total/dw5"], lr=0.5)) == {
        "node delta": "delta = dE_total/dnet",
        "weight w that multiplies x": "dE_total/dw = delta * x",
    }
    assert rules(exercise(example(), blanks=["dout_h1/dnet_h1", "dE_total/dout_h1"])) == {
        "out that feeds neurons: Σ over these": "dE_total/dout = Σ w * delta",
        "slope of sigmoid": "dout/dnet = out * (1 - out)",
    }
    assert rules(exercise(example(), blanks="update", lr=0.5)) == {"update": "w+ = w - eta * dE_total/dw"}


def test_softmax_linear_neurons_and_shared_weights_have_rules_of_their_own() -> None:
    assert rules(exercise(classes(), lr=0.5))["node delta at softmax (y: the target)"] == "delta = p - y"
    assert rules(exercise(relus()))["node delta without an activation"] == "delta = dE/dout"
    assert rules(exercise(truth_table()))["used in several places"] == "the sum over all these places"
    assert "used in several places" not in rules(exercise(relus()))


def test_what_is_in_no_neuron_has_the_chain_rule() -> None:
    chain = ("x, from which u, v, … follow", "dE/dx = dE/du * du/dx + dE/dv * dv/dx + …")
    assert list(rules(exercise(physics(), lr=0.1)).items()) == [chain, ("update", "x+ = x - eta * dE/dx")]
    assert list(rules(exercise(recurrent(), lr=0.1)).items())[-2:] == [chain, ("update", "w+ = w - eta * dE/dw")]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "softplus"])
def test_the_slopes_of_rules_are_those_of_the_graph(activation: str) -> None:
    [out] = MLP(2, [2, 1], activation=activation, seed=3)([Value(0.5, "i1"), Value(0.8, "i2")])  # type: ignore[arg-type]
    error = (Value(1.0, "target_o1") - out) ** 2
    error.label = "E"
    made = exercise(error, blanks=["deltas", "dout_h1/dnet_h1"], seed=1)
    slope = rules(made)[f"slope of {activation}"].removeprefix("dout/dnet = ")
    slope = slope.replace("1 where net > 0, else 0", "float(net > 0)")
    names = {
        "net": made.derivation["net_h1"].value,
        "out": made.derivation["out_h1"].value,
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    }
    assert eval(slope, {}, names) == pytest.approx(made.derivation["dout_h1/dnet_h1"].value, rel=1e-12)


@pytest.mark.parametrize(
    ("activation", "told"),
    [("sigmoid", "1 / (1 + exp(-x))"), ("relu", "max(0, x)"), ("softplus", "log(1 + exp(x))"), ("tanh", "")],
)
def test_functions_that_calculators_do_not_have_are_told(activation: str, told: str) -> None:
    [out] = MLP(2, [2, 1], activation=activation, seed=3)([Value(0.5, "i1"), Value(0.8, "i2")])  # type: ignore[arg-type]
    out.label = "E"
    formulas = exercise(out, blanks="forward").problem().formulas
    assert [each for each in formulas if each.startswith(activation)] == ([f"{activation}(x) = {told}"] if told else [])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_rules_are_on_every_kind_of_sheet_and_can_be_left_out(language: str) -> None:
    made = exercise(example(), lr=0.5, language=language, seed=3)
    bare = exercise(example(), lr=0.5, language=language, seed=3, rules=False)
    heading = {"en": "Rules", "ja": "公式"}[language]
    for form in ("text", "markdown", "latex", "html"):
        assert heading in getattr(made, form)()
        assert heading not in getattr(bare, form)()
    assert made.key_data() == bare.key_data()
    for questions in (read_xml(made.moodle()), read_gift(made.gift())):
        assert all("dE_total/dout = Σ w * delta" in Checked(each.text).words for each in questions)
    assert "公式" not in bare.moodle()
    written = made.text().split(heading)[1].split("──")[0]
    assert len(written.strip().splitlines()) == len(rules(made))  # each in one line of 80 columns


def test_the_command_leaves_rules_out(capsys: pytest.CaptureFixture[str]) -> None:
    for options, told in (([], True), (["--no-rules"], False)):
        assert main(["exercise", "tutorial", "--language", "en", *options]) == 0
        assert (re.search(r"^Rules$", capsys.readouterr().out, re.MULTILINE) is not None) is told


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_sheet_of_a_formula_speaks_of_no_network(language: str) -> None:
    made = exercise(physics(), lr=0.1, language=language, questions=5)
    said = f"{made.text()}\n{made.key.text()}\n{made.moodle()}"
    assert re.findall(r"weight|neuron|network|layer|backprop|重み|ニューロン|ネットワーク|層|伝播", said) == []


def test_what_is_called_a_net_input_and_is_of_no_neuron_has_rules_too() -> None:
    net = MLP(2, [2, 1], activation="tanh", seed=1)
    [out] = net([Value(0.5, "foo"), Value(0.8, "bar")])  # no names of inputs: these are parameters
    error = (Value(1.0, "baz") - out) ** 2
    error.label = "E"
    found = rules(exercise(error, lr=0.5, seed=1))
    assert found["node delta, dE/dnet"] == "delta = dE/dout * dout/dnet"
    assert found["slope of tanh"] == "dout/dnet = 1 - out ** 2"
