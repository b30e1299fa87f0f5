"""The package as type checkers see it: a user's program passes under mypy --strict, what is wrong in it does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_bp

SHOWN = {
    "tanh(0.5)": "float",
    "tanh(v)": "Value",
    "maximum(v, 0.0)": "Value",
    "maximum(0.0, v)": "Value",
    "maximum(1, 0.5)": "float",
    "clip(v, 0.0, 1.0)": "Value",
    "clip(0.5, 0.0, 1.0)": "float",
    "sum_of([v, 1.0])": "Value",
    "sum_of([1.0, 2])": "float",
    "dot([v, v], [0.5, 1.0])": "Value",
    "dot([0.5, 1.0], [1, 2])": "float",
    "logsumexp([v, 0.0])": "Value",
    "v.gelu()": "Value",
    "2 * v + 1": "Value",
    "-(v**2)": "Value",
    "v > 1": "bool",
    "v.data": "float",
    "v.args": "tuple[Value, ...]",
    "grad(v, v)": "Value",
    "MLP(2, [1])([v, 1.0])": "list[Value]",
}

GOOD = f"""
from tinygrad_bp import *
from tinygrad_bp import {", ".join(sorted({*tinygrad_bp.__all__, "abs", "compile", "data", "losses", "ops", "optim", "plotting", "pow"}))}


def f(w: list[Value], x: list[float], b: Value) -> Value:
    return sigmoid(dot(w, x) + b)


v = Value(1.0, "v")
{"".join(f"reveal_type({expression})" + chr(10) for expression in SHOWN)}"""

WRONG = [
    'a + "x"',
    '"x" * a',
    'tanh("x")',
    'maximum(a, "x")',
    'sum_of(["x"])',
    'dot([a], "x")',
    'a.clip(0.0, "x")',
    "tanh()",
    'Value("x")',
]
BAD = "\n".join(["from tinygrad_bp import Value, dot, maximum, sum_of, tanh", "a = Value(1.0)", *WRONG, ""])


@pytest.mark.extras
@pytest.mark.slow
def test_what_mypy_says_of_users_programs(tmp_path: Path) -> None:
    for name, text in (("good.py", GOOD), ("bad.py", BAD)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    # The path of Python, not of mypy: found there the package is one that is installed, as for its users.
    where = os.environ | {"PYTHONPATH": str(Path(tinygrad_bp.__file__).parents[1])}
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        "",
        "--cache-dir",
        os.devnull,
        "good.py",
        "bad.py",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=where, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert not done.stderr, done.stderr
    lines = done.stdout.splitlines()
    good = [line for line in lines if line.startswith("good.py")]
    assert [line for line in good if "Revealed type" not in line] == []
    shown = [re.sub(r"\w+\.", "", line.split('"')[1]) for line in good]
    assert dict(zip(SHOWN, shown, strict=True)) == SHOWN
    wrong = {int(found[1]) for line in lines if (found := re.match(r"bad\.py:(\d+): error", line))}
    assert wrong == set(range(3, 3 + len(WRONG))), lines
    assert lines[-1].startswith("Found ")
    assert lines[-1].endswith(" in 1 file (checked 2 source files)")
