"""Exercises in the browser's Python: programs are tried, and what was worked out by hand is marked by the package.

What is said is a key of words.json with its parts, or a text of the package's own catalogues, so that both are in the reader's language.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import tinygrad_bp
from tinygrad_bp import Value

PACKAGE = str(Path(tinygrad_bp.__file__).parent)
LONG = 200  # letters of what is shown of a result
NEAR = 1e-9

Said = dict[str, Any]


# Programs

_known = "{}"


def know(text: str) -> None:
    """Takes what programs are tried with: what `exercising.published` makes, as JSON."""
    global _known
    _known = text


def programs() -> dict[str, dict[str, Any]]:
    """The exercises that are programs, by name: made anew each time, so that no program changes them for the next one."""
    found: dict[str, dict[str, Any]] = json.loads(_known)
    return found


def tried(name: str, names: dict[str, Any], program: str) -> Said:
    """What the tests of an exercise say of a program that has run: `solved`, or the first of them that fails.

    That says what was tried (`code`), what came (`came`, or what was raised), what should have come, and a `why`, which may be empty.
    What is asked for (`name`) has to be the program's own: one that is `missing`, is `taken` from elsewhere, or lets the `package`
    compute, solves nothing.
    """
    exercise = programs()[name]
    asked = exercise["asked"]
    if not callable(names.get(asked)):
        return {"solved": False, "key": "missing", "parts": {"name": asked}}
    if _is_taken(names[asked]):
        return {"solved": False, "key": "taken", "parts": {"name": asked}}
    for trial in exercise["trials"]:
        came = _outcome(trial, names, exercise, program)
        code = "\n".join([*trial["setup"], trial["shown"]])
        if came["by_package"] and not trial["with_package"]:
            return {"solved": False, "key": "package", "parts": {"name": asked, "code": code}, "why": ""}
        if "value" in came and _same(came["value"], trial["expected"]):
            continue
        parts = {"expected": _shown(trial["expected"]), "code": code}
        if "value" in came:
            parts, why = {**parts, "came": _shown(came["value"])}, _why(trial, names)
            return {"solved": False, "key": "came", "parts": parts, "why": why}
        key = "raised.line" if came["line"] else "raised"
        nameless = came["kind"] == "NameError" or f"'{asked}' object has no attribute" in came["words"]
        why = "none" if "NoneType" in came["words"] else "name" if nameless else trial["why"]
        return {"solved": False, "key": key, "parts": {**parts, **came}, "why": why}
    return {"solved": True, "key": "solved", "parts": {}}


def _is_taken(found: Any) -> bool:
    """Whether this, or a class that it is made from, is of the package or of the page."""
    if not isinstance(found, type):
        return str(getattr(found, "__module__", "")).partition(".")[0] in TAKEN
    return any(str(each.__module__).partition(".")[0] in TAKEN for each in type.mro(found))


TAKEN = ("tinygrad_bp", __name__, "playground")


def _why(trial: dict[str, Any], names: dict[str, Any]) -> str:
    """What to say of a wrong number: the first hint whose question is answered with yes, or that of the trial."""
    for hint in trial["hints"]:
        own = dict(names)
        try:
            with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
                exec("\n".join(hint["setup"]), own)
                if eval(hint["when"], own) is True:
                    return str(hint["why"])
        except Exception:  # then it is of no help
            continue
    return str(trial["why"])


class _Nowhere(io.TextIOBase):
    """Takes what is printed while something is tried."""

    def write(self, text: str) -> int:
        return len(text)


def _outcome(trial: dict[str, Any], names: dict[str, Any], exercise: dict[str, Any], program: str) -> dict[str, Any]:
    """What comes of a trial in a copy of these names: its `value`, or what was raised; and whether it was `by_package`."""
    own = dict(names)
    exec(exercise["network"], own)  # a program may have changed its own
    with _watched() as calls:
        try:
            with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
                exec("\n".join(trial["setup"]), own)
                found = {"value": eval(trial["shown"], own)}
        except KeyboardInterrupt:  # Stop
            raise
        except BaseException as error:
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == program]
            found = {"kind": type(error).__name__, "words": _short(str(error)), "line": lines[-1] if lines else 0}
            error.__traceback__ = None
    return {**found, "by_package": bool(calls)}


@contextlib.contextmanager
def _watched() -> Iterator[list[str]]:
    """The functions of the package that are called meanwhile, however a program got hold of them."""
    calls: list[str] = []

    def called(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and not calls and frame.f_code.co_filename.startswith(PACKAGE):
            calls.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def _same(came: Any, expected: Any) -> bool:
    if isinstance(expected, list):  # JSON has no tuples
        return isinstance(came, tuple) and len(came) == len(expected) and all(map(_same, came, expected))
    if type(expected) is bool:
        return came is expected
    if type(came) not in (int, float):
        return False
    return abs(came - expected) <= NEAR * max(1.0, abs(expected))


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_shown, value))
    try:
        return f"{value:.9g}" if type(value) is float else _short(repr(value))
    except Exception:  # of a class of the learner's
        return f"<{type(value).__name__}>"


def _short(text: str) -> str:
    return text if len(text) <= LONG else text[:LONG] + "..."


# What is worked out by hand


def _neuron(name: str, *parts: Value, by: str = "sigmoid") -> Value:
    net = parts[0]
    for part in parts[1:]:
        net = net + part
    net.label = f"net_{name}"
    out: Value = getattr(net, by)()
    out.label = f"out_{name}"
    return out


def _called(label: str, v: Value) -> Value:
    v.label = label
    return v


def _of(**numbers: float) -> list[Value]:
    return [Value(x, name) for name, x in numbers.items()]


def _paths() -> Value:
    x, k, c = _of(x=2.0, k=3.0, c=1.0)
    return _called("y", _called("a", k * x) * _called("b", x + c))


def _one_neuron() -> Value:
    w, i, b, target = _of(w1=0.4, i1=0.8, b1=0.2, target_o1=0.9)
    out = _neuron("o1", w * i, b)
    return _called("E", (target - out) ** 2 / 2)


def _worked_example() -> Value:
    i1, i2, t1, t2 = _of(i1=0.05, i2=0.10, target_o1=0.01, target_o2=0.99)
    w1, w2, w3, w4, w5, w6, w7, w8 = _of(w1=0.15, w2=0.20, w3=0.25, w4=0.30, w5=0.40, w6=0.45, w7=0.50, w8=0.55)
    b1, b2 = _of(b1=0.35, b2=0.60)
    h1, h2 = _neuron("h1", w1 * i1, w2 * i2, b1), _neuron("h2", w3 * i1, w4 * i2, b1)
    o1, o2 = _neuron("o1", w5 * h1, w6 * h2, b2), _neuron("o2", w7 * h1, w8 * h2, b2)
    return _called("E", (t1 - o1) ** 2 / 2 + (t2 - o2) ** 2 / 2)


def _line() -> Value:
    w, x, b, t = _of(w=0.6, x=1.5, b=0.2, target=2.0)
    return _called("E", (_called("out", w * x + b) - t) ** 2)


def _two_cases() -> Value:
    w, b = _of(w=0.6, b=0.2)
    x1, x2, t1, t2 = _of(x_1=1.5, x_2=0.5, target_1=2.0, target_2=1.0)
    first, second = _called("E_1", (w * x1 + b - t1) ** 2), _called("E_2", (w * x2 + b - t2) ** 2)
    return _called("E", (first + second) / 2)


def _classes() -> Value:
    from tinygrad_bp.losses import cross_entropy

    i1, i2 = _of(i1=0.5, i2=0.8)
    w1, w2, w3, w4 = _of(w1=0.3, w2=0.7, w3=0.9, w4=0.2)
    nets = [_called("net_o1", w1 * i1 + w2 * i2), _called("net_o2", w3 * i1 + w4 * i2)]
    return _called("E", cross_entropy(nets, 0))


# The graph, what is asked for, and the learning rate.
SHEETS: dict[str, tuple[Callable[[], Value], list[str], float | None]] = {
    "paths": (_paths, ["dy/da", "dy/db", "dy/dx"], None),
    "neuron": (_one_neuron, ["net_o1", "out_o1", "delta_o1", "dE/dw1"], None),
    "w5": (_worked_example, ["delta_o1", "dE/dw5"], None),
    "w1": (_worked_example, ["delta_o1", "delta_o2", "delta_h1", "dE/dw1"], None),
    "update": (_line, ["dE/dw", "w+"], 0.1),
    "batch": (_two_cases, ["dE/dw", "dE/db"], None),
    "classes": (_classes, ["p_o1", "p_o2", "delta_o1", "dE/dw1"], None),
}


def _made(name: str, seed: int, language: str) -> Any:
    from tinygrad_bp import exercise

    graph, blanks, rate = SHEETS[name]
    return exercise(graph(), seed=f"{name} {seed}", blanks=blanks, lr=rate, questions=0, language=language)


def sheet(name: str, seed: int, language: str) -> Said:
    """An exercise with numbers of a seed: what is given as HTML, and the names of what is asked for, in order."""
    from tinygrad_bp.lessons import Document
    from tinygrad_bp.lessons.blocks import Heading

    made = _made(name, seed, language)
    parts = [place for place, block in enumerate(made.blocks) if isinstance(block, Heading)]
    given = Document(made.blocks[parts[0] + 1 : parts[1]], language)
    return {"given": given.html(), "asked": [each.step.name for each in made.asked], "digits": made.digits}


def marked(name: str, seed: int, answers: dict[str, str], language: str) -> Said:
    """The marks of these answers: of each its verdict and what is remarked; and the step to do next with its equation, if there is one."""
    from tinygrad_bp import mark
    from tinygrad_bp.lessons.writers.pieces import plain
    from tinygrad_bp.words import words

    made = _made(name, seed, language)
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key.json")
        key.write_text(json.dumps(made.key_data()), encoding="utf-8")
        marks = mark(key, {asked: text for asked, text in answers.items() if text.strip()}, language=language)
    say = words(language)
    said = [
        {"name": each.name, "ok": each.ok, "verdict": say(f"mark.verdict.{each.verdict}"), "remark": plain(each.remark)}
        for each in marks
    ]
    following = next((each.name for each in marks if not each.ok), None)
    return {"solved": marks.ok, "marks": said, "next": None if following is None else _step(made, following)}


def _step(made: Any, name: str) -> Said:
    """How a quantity is found, in symbols: the beginning of its equation in the key."""
    from tinygrad_bp.lessons.blocks import Equation, Folded

    place = [each.step.name for each in made.asked].index(name)
    folded = [block for block in made.key.blocks if isinstance(block, Folded)][place]
    for block in folded.blocks:
        if isinstance(block, Equation):
            shown = 2 if made.asked[place].step.kind == "delta" else 1  # of a delta the first row is its definition
            rows = (" ".join(piece.text for piece in row) for row in block.rows[:shown])
            return {"name": name, "how": " = ".join([block.left.text, *rows])}
    return {"name": name, "how": ""}
