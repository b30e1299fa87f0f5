"""The model of the explorer's page, and the geometry of its pictures, by themselves under Node.js."""

import itertools
import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mpmath import mp, mpf

from tests.explorer import ROWS, SUBJECTS, hand_made, linear_net, put_in
from tests.references import REFERENCES
from tests.subjects import recurrent
from tinygrad_bp import MLP, Value
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explorer import page
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.subject import of_model, of_truth_table, of_value
from tinygrad_bp.networks import losses
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.optim import SGD, Adam
from tinygrad_bp.tutorial.page import subject as of_tutorial

TESTS = Path(__file__).parent / "page_model"


def subjects() -> str:
    """Pages as the model gets them, as a module."""
    made = {
        "tutorial": of_tutorial(),
        "xor": of_truth_table("xor"),
        "linear": of_model(linear_net(), rows=ROWS),
        "softmax": of_model(linear_net(), rows=[([0.5, -1.0, 0.25], [1.0, 0.0])], loss="cross_entropy"),
        "classes": of_classes(),
        "deep": of_model(MLP(2, [8, 6, 6, 2, 1], seed=1), rows=[([0.5, -1.0], [1.0])]),
        "cancelling": of_value(cancelling(), learning_rate=0.5),
        "recurrent": of_value(recurrent(3), learning_rate=0.5),
        "hand-made": of_value(hand_made().record()),
    }
    edges = {  # at which there is no derivative, or nothing comes back; and letters of another direction
        "kink": of_value(kink()),
        "shifted": of_value(shifted()),
        "at 0": of_model(MLP(1, [1], activation=["relu"], weights=[0.0], biases=[0.0]), rows=[([1.0], [1.0])]),
        "xor relu": of_model(
            MLP(2, [2, 1], activation=["relu", "sigmoid"], biases=[0.0] * 3, seed=1), rows=[([0.0, 0.0], [0.0])]
        ),
        "letters": of_value(letters()),
        "root at 0": of_value(root_at_0(), learning_rate=1.0),
        "nearly endless": of_value(nearly_endless(), learning_rate=1.0),
    }
    trained = [training(name, batch=batch) for name in ("sgd", "momentum", "adam") for batch in (False, True)]
    texts = json.dumps(page.text_table())
    known = [
        f"globalThis.MISTAKES = {page._mistakes()};",
        f"export const TEXTS = {texts};",
        f"export const TRAININGS = {json.dumps(trained)};",
        entropies(),
    ]
    return "\n".join(
        [*known, f"export const SUBJECTS = {written(made)};", f"export const EDGES = {written(edges)};", ""]
    )


def written(made: dict[str, Any]) -> str:
    found = []
    for name, subject in made.items():
        description, programs = describe(subject)
        about = json.dumps({**description, "language": None})
        found.append(f"{json.dumps(name)}: {{description: {about}, programs: {page._programs(programs)}}}")
    return "{" + ",\n".join(found) + "}"


def cancelling() -> Any:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    y = a * b - a * b * 0.999999
    y.label = "y"
    return y


def kink() -> Any:
    """Nothing comes back by relu at 0, but something would on its other side."""
    y = (Value(1.0, "t") - (Value(0.0, "w") * Value(1.0, "x")).relu()) ** 2
    y.label = "y"
    return y


def shifted() -> Any:
    y = Value(0.0, "w").relu() + 0.5
    y.label = "y"
    return y


def root_at_0() -> Any:
    """A gradient of 0 and one that is infinite, so that no update can be made."""
    y = Value(2.0, "b") * Value(0.0, "a") ** 0.5
    y.label = "y"
    return y


def nearly_endless() -> Any:
    """A step by these gradients ends below the least of floats."""
    y = Value(1e308, "a") * Value(0.5, "b") - Value(0.0, "z")
    y.label = "y"
    return y


def letters() -> Any:
    y = Value(1.0, "a") * Value(2.0, "\u05d0\u05d1") * Value(3.0, "c")
    y.label = "y"
    return y


def of_classes() -> Any:
    net = MLP(2, [2, 2], activation=["tanh", None], seed=3)
    net.notes = Notes(classes=["cat", "dog"])
    return of_model(net, rows=[([0.5, -1.0], [1.0, 0.0]), ([1.0, 0.0], [0.0, 1.0])], loss="cross_entropy")


def entropies() -> str:
    """Networks of random weights whose error is a cross entropy of sigmoids, in several operations, as pages; and of each output its
    probability, its target, how many the error is the mean of, and its node delta, with forty digits.
    """
    draw, found = random.Random(25), []
    for number, (way, count) in enumerate([*itertools.product(ENTROPIES, (1, 2))] * 2):
        own = way.startswith("own")
        net = MLP(2, [3, count], activation=["tanh", "sigmoid" if own else None], seed=number)
        outs = net([Value(draw.uniform(-2, 2), f"i{k}") for k in (1, 2)])
        wanted = [draw.choice([0.0, 1.0, 0.25]) for _ in outs]  # of which 1 - t is exact
        leaves = number % 3 != 0
        given = [Value(t, f"target_o{k}") if leaves else t for k, t in enumerate(wanted, 1)]
        parts = [ENTROPIES[way](out, t) for out, t in zip(outs, given, strict=True)]
        mean = count > 1 and number >= 2 * len(ENTROPIES)
        error = sum(parts[1:], start=parts[0]) / (count if mean else 1)
        error.label = "E"
        order = topological_order(error)
        names = {v.label: v for v in order}
        nets = [names.get(f"net_o{k}", out) for k, out in enumerate(outs, 1)]
        with mp.workdps(40):
            data = at_forty_digits(order, {})
            told = []
            for k, (z, t) in enumerate(zip(nets, wanted, strict=True), 1):
                p = 1 / (1 + mp.exp(-data[z]))
                step = mpf(10) ** -13
                ends = [at_forty_digits(order, {z: data[z] + sign * step})[error] for sign in (1, -1)]
                delta = (p - t) / (count if mean else 1)
                assert abs((ends[0] - ends[1]) / (2 * step) - delta) < mpf(10) ** -20
                told.append([f"o{k}", float(p), t, count if mean else 1, float(delta)])
        found.append(
            (f"{number} {way}", of_value(error, learning_rate=0.5), {"own": own, "leaves": leaves, "told": told})
        )
    about = ", ".join(json.dumps([name, expected]) for name, _, expected in found)
    return (
        f"export const ENTROPIES = [{about}];\n"
        f"export const JUDGED = {written({name: subject for name, subject, _ in found})};"
    )


ENTROPIES: dict[str, Any] = {
    "package": lambda z, t: losses.binary_cross_entropy([z], [t]),
    "softplus": lambda z, t: z.softplus() - t * z,
    "log": lambda z, t: (1.0 + z.exp()).log() - t * z,
    "sigmoid": lambda z, t: -(t * (1.0 / (1.0 + (-z).exp())).log() + (1.0 - t) * (1.0 / (1.0 + z.exp())).log()),
    "own": lambda out, t: -(t * out.log() + (1.0 - t) * (1.0 - out).log()),
}


def at_forty_digits(order: list[Value], given: dict[Value, Any]) -> dict[Value, Any]:
    values: dict[Value, Any] = {}
    for v in order:
        if v.op is None or v in given:
            values[v] = given.get(v, mpf(v.data))
        else:
            operands = [values[x] if isinstance(x, Value) else mpf(x) for x in v.operands]
            values[v] = REFERENCES[v.op.name].value(*operands)
    return values


def training(name: str, *, batch: bool) -> dict[str, Any]:
    """The weights of xor after some rounds by an optimizer of the package: row by row, or with the mean gradient of all rows."""
    rate, rounds, subject = {"sgd": 0.5, "momentum": 0.1, "adam": 0.05}[name], 12, SUBJECTS["xor"]
    model = subject.model()
    parameters = [model.leaves[each] for each in subject.trained]
    optimizer = Adam(parameters, rate) if name == "adam" else SGD(parameters, rate, momentum=0.9 * (name == "momentum"))
    for _ in range(rounds):
        for rows in [subject.rows] if batch else [[row] for row in subject.rows]:
            optimizer.zero_grad()
            for row in rows:
                (put_in(model, row).record() / len(rows)).backward()
            optimizer.step()
    numbers = {each: model.leaves[each].data for each in subject.trained}
    return {"settings": {"optimizer": name, "batch": batch, "rate": rate}, "rounds": rounds, "numbers": numbers}


@pytest.mark.node
def test_the_model_under_node(tmp_path: Path) -> None:
    shutil.copytree(Path(page.__file__).parent / "web", tmp_path / "web")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "subjects.js").write_text(subjects(), encoding="utf-8")
    for test in TESTS.glob("*.mjs"):
        shutil.copy(test, tmp_path)
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", *(test.name for test in sorted(TESTS.glob("*.mjs")))],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    failed = re.findall(r"^not ok .*?^  \.\.\.$", done.stdout, re.MULTILINE | re.DOTALL)
    assert done.returncode == 0, "\n".join([*failed, done.stderr])
    assert "# fail 0" in done.stdout
    assert int(done.stdout.split("# pass ")[1].split()[0]) > 25
