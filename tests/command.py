"""The command for tests: run as a user runs it, on a program of a user's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NEURON = """
from tinygrad_bp import Value
print("this must not be among the answer")
x, w, b = Value(2.0, "x"), Value(-0.5, "w"), Value(0.25, "b")
net = w * x + b
net.label = "net"
out = net.tanh()
out.label = "out"
pair = [net, out]
number = 3.5
"""


@pytest.fixture
def neuron(empty_folder: Path) -> None:
    """A program, neuron.py, in an empty folder."""
    Path("neuron.py").write_text(NEURON, encoding="utf-8")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are not drawn: each file holds their DOT text, and a page an empty picture."""
    monkeypatch.setattr("tinygrad_bp.drawing.Drawing.render", lambda self, format, **_: self.source.encode())
    monkeypatch.setattr("tinygrad_bp.drawing.Drawing.svg", lambda self: "<svg></svg>")


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, as a user runs it."""
    environment = {**os.environ, "COLUMNS": "80", **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "tinygrad_bp", *arguments], capture_output=True, env=environment, timeout=60, **options
    )
