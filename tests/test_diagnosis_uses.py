"""What uses a diagnosis: the command, pictures, and training that diverges or stands still."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import MLP, SGD, Diverged, Value, diagnose, draw, losses, train
from tinygrad_bp.cli import main
from tinygrad_bp.drawing import style

ROWS = [([0.0, 1.0], 1.0), ([1.0, 0.5], 0.0)]


def steep() -> Value:
    x = Value(0.0, "x")
    return x.sqrt() * 0 + x


# The command


@pytest.mark.usefixtures("empty_folder")
def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    Path("p.py").write_text(
        "from tinygrad_bp import Value\nx = Value(0.0)\ny = x.sqrt() * 0 + x\nz = (x + 0.3).tanh()\nnan = x * float('nan')\n",
        encoding="utf-8",
    )
    assert main(["diagnose", "p.py:y"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("y = 0.\n1. 0 · ∞ at mul: the slope of sqrt is infinite at 0")
    assert main(["diagnose", "p.py:z"]) == 0
    assert "Nothing found." in capsys.readouterr().out
    assert main(["diagnose", "p.py:y", "--language", "ja"]) == 1
    assert "mul で 0 · ∞" in capsys.readouterr().out
    assert main(["diagnose", "p.py:nan", "--format", "json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["y"] == {"name": "nan", "data": "nan"}
    assert [each["kind"] for each in facts["findings"]] == ["given"]
    assert facts["digits"] is None
    assert main(["diagnose", "p.py:z", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["digits"]["left"] > 15
    assert main(["diagnose", "p.py:none"]) == 2


# Pictures


def test_a_picture_shows_what_was_found() -> None:
    a, b = Value(1000001.0, "a"), Value(1000000.0, "b")
    y = a.sqrt() - b.sqrt()
    plain, source = draw(y).source, draw(y, show=diagnose(y)).source
    assert style.LIGHT.highlight not in plain
    assert (
        source.count(
            f'<table border="2" style="rounded" cellborder="0" cellspacing="0" cellpadding="4" color="{style.LIGHT.highlight}"'
        )
        == 3
    )
    assert "share in what rounding lost" in source
    assert "what a finding is about" in source
    assert "丸めで失われた桁への寄与" in draw(y, show=diagnose(y), language="ja").source
    nan = steep()
    assert style.LIGHT.highlight in draw(nan, show=diagnose(nan)).source
    assert style.LIGHT.highlight in draw(nan, show=diagnose(nan), collapse=True).source


def test_a_picture_is_coloured_by_any_numbers() -> None:
    x = Value(2.0, "x")
    y = x * 3.0
    source = draw(y, show={y: 1.0}).source
    assert style.LIGHT.fills[2] in source
    with pytest.raises(TypeError, match=r"^draw: show takes a diagnosis or a mapping from Values to numbers, not int"):
        draw(y, show=3)


# Training


@pytest.mark.parametrize("engine", ["eager", "python"])
def test_a_training_that_diverges_says_the_cause(engine: str) -> None:
    w = Value(0.0, "w")
    with pytest.raises(
        Diverged,
        match=r"step 1 .*the gradient of .* is \w+ \(0 · ∞ at mul: the slope of sqrt is infinite at 0.*instead: abs\(w\)\); so it",
    ):
        train(lambda x: (w * w).sqrt() + x[0], [([1.0], 1.0)], lambda out, target: out, SGD([w], 0.1), engine=engine)


def test_a_training_that_stands_still_has_one_hint() -> None:
    net = MLP(2, [3, 1], activation=["relu", None], seed=1)
    for neuron in net.layers[0].neurons:
        neuron.bias.data = -50.0
    history = train(net, ROWS, losses.squared_error, SGD(net.parameters(), 0.1), epochs=200)
    assert history.hint.startswith(
        "learning stands still: Off, and letting no gradient through: out_h1, out_h2 and out_h3."
    )
    assert repr(history).endswith(f"{history.hint}>")
    saturated = MLP(2, [1], activation="sigmoid", weights=[200.0, 200.0], biases=[50.0])
    hint = train(saturated, [([1.0, 1.0], 0.0)], "mean_squared_error", SGD(saturated.parameters(), 0.1), epochs=20).hint
    assert "No gradient reaches" in hint or "is saturated" in hint


def test_a_training_that_learns_or_has_learned_has_none() -> None:
    net = MLP(2, [3, 1], activation=["tanh", None], seed=1)
    history = train(net, ROWS, losses.squared_error, SGD(net.parameters(), 0.1), epochs=20)
    assert history.hint == ""
    assert history.losses[-1] < history.losses[0]
    assert train(net, ROWS, losses.squared_error, SGD(net.parameters(), 0.1), epochs=2000).hint == ""
    assert train(net, ROWS, losses.squared_error, SGD(net.parameters(), 0.0), epochs=20).hint == ""
    assert train(net, ROWS, losses.squared_error, SGD(net.parameters(), 0.0), epochs=3).hint == ""


def test_a_hint_draws_no_lots() -> None:
    w = Value(-3.0, "w")

    def model(x: Any) -> Any:
        return (w * x[0]).relu() + random.random() * 0.0 + 1.0

    def state_after(epochs: int, still: bool) -> Any:
        random.seed(5)
        w.data = -3.0 if still else 3.0
        history = train(
            model,
            [([1.0], 0.0)],
            losses.squared_error,
            SGD([w], 1e-9 if still else 0.01),
            epochs=epochs,
            engine="eager",
        )
        assert bool(history.hint) == still
        return random.getstate()

    assert state_after(20, True) == state_after(20, False)
    assert math.isfinite(w.data)


def test_a_power_that_overflows_has_an_advice_that_helps() -> None:
    for f, x in ((lambda a: a**400.0, 10.0), (lambda a: 10.0**a, 400.0)):
        assert "p * log(x)" in str(diagnose(f, [x]))
        assert "p * log(x)" in str(diagnose(f, [x], language="ja"))
    assert "Keep the base above 0" in str(diagnose(lambda a: a**0.5, [-1.0]))


def test_a_row_masked_throughout_is_told_once() -> None:
    xs = [Value(float(k), f"s{k}") for k in range(3)]
    masked = [x + -math.inf for x in xs]
    shares = tg.softmax(masked)
    largest = tg.maximum(tg.maximum(masked[0], masked[1]), masked[2])
    for y in (
        shares[0] + 2 * shares[1] + shares[2],
        tg.cross_entropy(masked, 0),
        tg.sum_of([(x - largest).exp() for x in masked]),
    ):
        [finding] = [each for each in diagnose(y).findings if each.kind == "inf-inf"]
        assert "are −∞, as in a row that is masked throughout: nothing is left to choose from" in " ".join(
            str(finding).split()
        )
        assert finding.more == 0
    assert "選べるものが残っていない" in str(diagnose(tg.cross_entropy(masked, 0), language="ja"))
    both = Value(math.inf, "a") - Value(math.inf, "b")
    assert "infinities of both signs" in " ".join(str(diagnose(both)).split())
    partly = tg.softmax([xs[0], *masked[1:]])
    assert diagnose(partly[0] * 2.0 + partly[1], xs[:1]).y.data == 2.0  # type: ignore[union-attr]
