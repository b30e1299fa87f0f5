"""The playground's exercises that are programs: how each begins, and how it may end. The engine is that of lesson 5, and its faults, too.

What the tests of an exercise should give is what they give with `solution`. So no number is written down here, and no solution is in the
playground.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

LEARN = Path(__file__).parent.parent / "learn"
PLAY = LEARN.parent / "play"
LESSON = LEARN / "5-build-the-engine.md"
# In the order of the path, with the lesson that each belongs to.
LESSONS = {
    "nudge": 0,
    "paths": 1,
    "neuron": 2,
    "w5": 3,
    "w1": 3,
    "update": 4,
    "mul": 5,
    "backward": 5,
    "tanh": 5,
    **dict.fromkeys(("bug-a", "bug-b", "bug-c", "bug-d", "bug-e"), 5),
    "relu": 6,
    "batch": 7,
    "classes": 8,
}
HERE = "# {exercise.here}"  # the page says it in its language

TWICE = ["a = Number(3.0)", "y = a * a", "y.backward()"]
REUSED = ["a = Number(2.0)", "b = a * 3.0", "d = b + b * b", "d.backward()"]
PRODUCT = ["a = Number(2.0)", "b = Number(5.0)", "y = a * b"]
WHOLE = ["E, p = network(Number)", "E.backward()"]

_MUL = """        other = as_number(other)
        return Number(self.data * other.data, (self, other), (other.data, self.data))
"""
_PASS = """            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += slope * node.grad  # multiply along a path, add over the paths
"""
_PLACE = "\n    def backward(self):"

_LOOK = """
from tinygrad_bp import Value, check_gradients

{network}

right, leaves = network(Value)
right.label = "E"
for name, leaf in leaves.items():
    leaf.label = name

E, p = network(Number)
E.backward()
print(check_gradients(right, against={{f"dE/d{{name}}": p[name].grad for name in p}}))
"""

_TRAIN = """

def train(steps, lr=0.1):
    w = Number(0.0)
    for _ in range(steps):
        E = (w * 2.0 - 3.0) ** 2
        E.backward()
        look(w)
        w.data = w.data - lr * w.grad
    return w.data


from tinygrad_bp import Value, check_gradients


def look(w):
    v = Value(w.data, "w")
    right = (v * 2.0 - 3.0) ** 2
    right.label = "E"
    print(check_gradients(right, against={"dE/dw": w.grad}))


print(train(3))
"""

_NUDGE = """def slope(f, x):
    {body}


def square(x):
    return x * x


print(slope(square, 3.0))
"""


# Where a function is looked at: on one side of 3 alone?
SIDES = ["seen = []", "def f(x):", "    seen.append(x)", "    return x * x", "slope(f, 3.0)"]
ONE_SIDED = {"setup": SIDES, "when": "len(seen) > 0 and (min(seen) >= 3.0 or max(seen) <= 3.0)", "why": "nudge.sides"}


def _trial(
    setup: list[str], shown: str, why: str = "", hints: tuple[dict[str, Any], ...] = (), with_package: bool = False
) -> dict[str, Any]:
    return {"setup": setup, "shown": shown, "why": why, "hints": [*hints], "with_package": with_package}


def _swapped(text: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        if text.count(before) != 1:
            raise ValueError(f"lesson 5 has this {text.count(before)} times: {before!r}")
        text = text.replace(before, after)
    return text


def course() -> list[dict[str, Any]]:
    """What the page knows of each exercise: its name, the page of its lesson, and how a program begins."""
    starts = {name: _worded(each["start"]) for name, each in exercises().items()}
    return [
        {"name": name, "lesson": lesson, "page": page_of(lesson), "start": starts.get(name)}
        for name, lesson in LESSONS.items()
    ]


def _worded(start: str) -> str:
    """How a program begins, with keys of the page's words in place of its comments. Raises ValueError for one that is not among these."""
    words = json.loads((PLAY / "words.json").read_text(encoding="utf-8"))["en"]
    keys = {f"# {said}": f"# {{{key}}}" for key, said in words.items() if key.startswith("code.")}
    for comment in re.findall(r"# .*", start):
        if comment != HERE and comment not in keys:
            raise ValueError(f"the words of the playground lack a comment of lesson 5: {comment}")
    return re.sub(r"# .*", lambda found: keys.get(found[0], found[0]), start)


def page_of(lesson: int) -> str:
    """The name of a lesson's page, in every language."""
    [page] = LEARN.glob(f"{lesson}-*.md")
    return page.stem


def exercises() -> dict[str, dict[str, Any]]:
    """Each exercise that is a program, by name: `start`, `solution`, `trials`. Raises ValueError where lesson 5 has changed too much."""
    engine, network, faults = _of_the_lesson()
    small = engine.removeprefix("# small_engine.py\n")

    def left_out(body: str, also: str) -> str:
        indent = " " * (len(body) - len(body.lstrip(" ")))
        return _swapped(small, (body, f"{indent}...  {HERE}\n")) + "\n\n" + also

    def method(name: str, *body: str) -> tuple[str, str]:
        head = f"    def {name}(self):\n"
        done = head + "".join(f"        {line}\n" for line in body)
        also = f"\n\ny = Number(0.5).{name}()\nprint(y and (y.data, y.slopes))\n"
        start = _swapped(small, (_PLACE, f"\n{head}        ...  {HERE}\n{_PLACE}")) + also
        return start, _swapped(small, (_PLACE, f"\n{done}{_PLACE}")) + also

    tanh, tanh_done = method("tanh", "out = math.tanh(self.data)", "return Number(out, (self,), (1 - out**2,))")
    relu, relu_done = method("relu", "return Number(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,))")
    hints = (ONE_SIDED,)
    nudges = [
        _trial(["def f(x):", "    return x * x", "y = round(slope(f, 3.0), 5)"], "y", "nudge", hints),
        _trial(
            ["from math import exp, sin", "y = round(slope(sin, 0.0), 5), round(slope(exp, 1.0), 5)"],
            "y",
            "nudge",
            hints,
        ),
        _trial(["def f(x):", "    return x**3", "y = round(slope(f, 0.0), 5)"], "y", "nudge", hints),
        _trial(SIDES, "min(seen) < 3.0 < max(seen)", "nudge.sides"),
    ]
    found = {
        "nudge": (
            _NUDGE.format(body=f"...  {HERE}"),
            _NUDGE.format(body="return (f(x + 0.0001) - f(x - 0.0001)) / 0.0002"),
            nudges,
        ),
        "mul": (
            left_out(_MUL, "y = Number(2.0) * Number(5.0)\nprint(y and (y.data, y.slopes))\n"),
            small,
            [
                _trial(PRODUCT, "y.data", "product"),
                _trial([*PRODUCT, "y.backward()"], "a.grad, b.grad", "factors"),
                _trial(["a = Number(2.0)", "y = a * 5.0", "y.backward()"], "y.data, a.grad", "plain"),
                _trial(TWICE, "y.data, a.grad", "twice"),
                _trial(WHOLE, "E.data, p['w1'].grad"),
            ],
        ),
        "backward": (
            left_out(_PASS, "a = Number(3.0)\ny = a * a\ny.backward()\nprint(a.grad)\n"),
            small,
            [
                _trial([*PRODUCT, "y.backward()"], "a.grad, b.grad", "along"),
                _trial(["a = Number(3.0)", "y = (a * 2.0) * 5.0", "y.backward()"], "a.grad", "along"),
                _trial(TWICE, "a.grad", "over"),
                _trial(REUSED, "b.grad, a.grad", "over"),
                _trial(WHOLE, "p['w1'].grad, p['b1'].grad"),
            ],
        ),
        "tanh": (
            tanh,
            tanh_done,
            [
                _trial(["x = Number(0.5)", "y = x.tanh()"], "y.data", "tanh"),
                _trial(["x = Number(0.5)", "x.tanh().backward()"], "x.grad", "tanh.slope"),
                _trial(["x = Number(0.5)", "y = (x * 2.0).tanh() * 3.0", "y.backward()"], "x.grad", "tanh.slope"),
                _trial(["x = Number(-2.0)", "x.tanh().backward()"], "x.grad", "tanh.slope"),
            ],
        ),
        "relu": (
            relu,
            relu_done,
            [
                _trial(["y = Number(3.0).relu(), Number(-2.0).relu()"], "y[0].data, y[1].data", "relu"),
                _trial(["x = Number(3.0)", "x.relu().backward()"], "x.grad", "relu.on"),
                _trial(["x = Number(-2.0)", "x.relu().backward()"], "x.grad", "relu.off"),
                _trial(["x = Number(0.0)", "x.relu().backward()"], "x.grad", "relu.corner"),
                _trial(["x = Number(2.0)", "y = (x * x).relu() * 5.0", "y.backward()"], "x.grad", "relu.on"),
            ],
        ),
    }
    whole = [_trial(WHOLE, f"p['{name}'].grad") for name in ("b2", "w5", "w1", "b1")]
    whole += [_trial([*PRODUCT, "y.backward()"], "y.data, a.grad, b.grad"), _trial(REUSED, "b.grad, a.grad")]
    look = re.sub(r" *# .*", "", small)  # no comment says what is right beside what is not
    look += "\n" + _LOOK.format(network=network.strip("\n"))
    for letter, changes in faults.items():
        found[f"bug-{letter.lower()}"] = (_swapped(look, *changes), look, whole)
    trained = _swapped(_TRAIN, ("        E.backward()\n", "        w.grad = 0.0\n        E.backward()\n"))
    rounds = [_trial([f"w = train({steps})"], "round(w, 9)", with_package=True) for steps in (1, 2, 3)]
    found["bug-e"] = (small + _TRAIN, small + trained, [*rounds, *whole])
    return {
        name: {"asked": asked_of(name), "start": start, "solution": solution, "network": network, "trials": trials}
        for name, (start, solution, trials) in found.items()
    }


def asked_of(name: str) -> str:
    """What a program has to have of its own."""
    return "slope" if name == "nudge" else "Number"


def published() -> dict[str, dict[str, Any]]:
    """What the playground has to try programs with: `asked`, `network`, and `trials` with what is `expected`; nothing that solves them."""
    return {
        name: {"asked": each["asked"], "network": each["network"], "trials": _expecting(each)}
        for name, each in exercises().items()
    }


def _expecting(exercise: dict[str, Any]) -> list[dict[str, Any]]:
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(exercise["solution"], names)
        trials = []
        for trial in exercise["trials"]:
            own = dict(names)
            exec("\n".join([exercise["network"], *trial["setup"]]), own)
            trials.append({**trial, "expected": eval(trial["shown"], own)})
    return trials


def _of_the_lesson() -> tuple[str, str, dict[str, list[tuple[str, str]]]]:
    """The engine, the network, and for each letter of a faulty engine what is swapped in the engine for what."""
    blocks = re.findall(r"^```python\n(.*?)^```$", LESSON.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    [engine] = [block for block in blocks if block.startswith("# small_engine.py")]
    [block] = [block for block in blocks if block.startswith("def network(")]
    network, used, _ = block.partition("\n\n\nE, p =")
    if not used:
        raise ValueError("lesson 5 has a network, and not where it is used: E, p = network(...)")
    [faults] = [
        found for block in blocks for found in re.findall(r"^FAULTS = (\{.*?^\})", block, re.MULTILINE | re.DOTALL)
    ]
    return engine, network, ast.literal_eval(faults)
