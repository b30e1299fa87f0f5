"""What the sentences about causes claim is so: every number in them is that of the graph."""

from __future__ import annotations

import random

import pytest

from tests.graphs import random_graph
from tests.hand import networks
from tests.hand_cases import more
from tests.sentences import falsehoods
from tinygrad_bp import Value, mark
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.worlds import World
from tinygrad_bp.words import LANGUAGES, catalogue


def pendulum() -> Value:
    g, length, theta, gamma, t = (
        Value(x, name) for x, name in ((9.81, "g"), (1.3, "l"), (0.4, "theta0"), (0.21, "gamma"), (0.7, "t"))
    )
    omega = (g / length).sqrt()
    omega.label = "omega"
    damp = (-gamma * t).exp()
    damp.label = "damp"
    y = theta * damp * (omega * t).cos()
    y.label = "y"
    E = (y - Value(0.2, "y_m")) ** 2 / 2
    E.label = "E"
    return E


def lens() -> Value:
    f, g, b = Value(0.8, "f"), Value(2.1, "g"), Value(1.4, "b")
    focus = 1.0 / f - 1.0 / g
    image = 1.0 / focus
    image.label = "image"
    loss = abs(image - b).log1p() * 3.0
    loss.label = "L"
    return loss


def with_labels(seed: int) -> Value:
    """A random graph, a third of whose nodes have names."""
    y, _ = random_graph(seed, 18)
    for k, v in enumerate(v for v in topological_order(y, constants=False) if v.op is not None):
        v.label = f"v{k}" if k % 3 == seed % 3 else ""
    y.label = "y"
    return y


@pytest.mark.parametrize("name", ["pendulum", "lens", "2-2-2", "batch", "rnn", "softmax"])
def test_every_number_in_a_sentence_is_that_of_the_graph(name: str) -> None:
    made = {"pendulum": pendulum, "lens": lens}
    graph = made[name]() if name in made else {**networks(), **more()}[name].graph()
    found = Derivation(graph, learning_rate=0.37)
    steps = found.steps if name != "2-2-2" else found.steps[::5]
    count, false = falsehoods(found, steps)
    assert count > 50
    assert false == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_every_number_in_a_sentence_about_a_random_graph_is_its_own(seed: int) -> None:
    found = Derivation(with_labels(seed), learning_rate=0.37)
    steps = random.Random(seed).sample(found.steps, min(3, len(found.steps)))
    count, false = falsehoods(found, steps)
    assert count > 4
    assert false == []


SENTENCES = {
    "factor left out": ("ddamp/dgamma", -0.7, "ddamp/d(-gamma * t) = 0.863"),
    "the minus sign": ("ddamp/dgamma", 0.604305, "minus sign in"),
    "reciprocal": ("domega/dg", 0.7692307692, "domega/d(g / l) = 0.182"),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_an_inner_factor_is_called_as_what_it_is(case: str) -> None:
    name, answer, said = SENTENCES[case]
    found = mark(pendulum(), {name: f"{answer:.6g}"})[name]
    assert any(said in cause for cause in found.causes), found.causes


@pytest.mark.parametrize(("language", "said"), [("en", "the minus sign"), ("ja", "負号")])
def test_a_negation_is_a_minus_sign_and_no_function(language: str, said: str) -> None:
    found = mark(pendulum(), {"damp": "1.15835"}, language=language)["damp"]
    assert found.keys[0] == "minus"
    assert said in found.causes[0]
    assert "-gamma = -0.21" in found.causes[0]


def test_a_negation_alone_is_one_too() -> None:
    a = Value(0.7, "a")
    b = -a
    b.label = "b"
    loss = b * b
    loss.label = "L"
    for name, answer, said in (("b", "0.7", "minus sign in b = -0.7"), ("db/da", "1.00", "db/da = -1")):
        found = mark(loss, {name: answer})[name]
        assert found.keys[0] in ("minus", "sign")
        assert not {"function", "omitted", "replaced"} & set(found.keys)
        assert any(said in cause for cause in found.causes), found.causes


def test_the_number_in_a_sentence_is_the_graphs_and_not_somebodys_own() -> None:
    made = networks()["2-2-2"]
    right = {key: f"{x:.9g}" for key, x in made.derive().items()}
    wrong = {**right, "out_o1": "0.7", "dout_o1/dnet_o1": "0.21"}
    wrong |= {"delta_o1": f"{(0.7 - 0.01):.6g}"}  # without the slope, from one's own output
    found = mark(made.graph(), {key: wrong[key] for key in ("out_o1", "dout_o1/dnet_o1", "delta_o1")})["delta_o1"]
    assert found.keys[0] == "omitted"
    assert f"dout_o1/dnet_o1 = {right['dout_o1/dnet_o1']}" in found.causes[0]


def test_a_half_and_a_square_are_named_only_where_there_are_any() -> None:
    a, b = Value(0.7, "a"), Value(1.9, "b")
    y = (a * b).sin()
    y.label = "y"
    exact = 1.9 * 0.23847
    for share in (2.0, 0.5):
        found = mark(y, {"dy/da": y.local_derivatives[0] * 1.9 * share})["dy/da"]
        assert not any("square" in cause for cause in found.causes), (found, exact)
        assert found.keys[0] in ("doubled", "halved")


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_that_stand_in_for_others_are_in_the_catalogue(language: str) -> None:
    texts = catalogue(language)["mistake"]
    found = Derivation(pendulum(), learning_rate=0.1)
    causes = Causes(found)
    for step in found.steps:
        for mistake in causes.of(step, World(found)):
            assert (mistake.text or mistake.key) in texts
