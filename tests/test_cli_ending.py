"""Ctrl-C and kill, at whatever moment: one line and the status; and nobody's text steers the terminal."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_bp.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder")

# What a command does is replaced by something that says so, and waits.
WAITING = """
import importlib, sys
from tinygrad_bp.cli import main

def waiting(*args, **options):
    print("there", flush=True)
    sys.stdin.read()

room, _, name = sys.argv[1].rpartition(".")
if room:
    setattr(importlib.import_module(room), name, waiting)
sys.exit(main(sys.argv[2:]))
"""
BUSY = "import os, sys\nos.write(%d, b'there\\n')\nsys.stdin.read()\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.usefixtures("interruptible", "neuron")
@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (signal.SIGINT, 130, b"tinygrad-bp: interrupted\n"),
        (signal.SIGTERM, 143, b"tinygrad-bp: ended by a signal\n"),
    ],
)
@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        ("tinygrad_bp.drawing.draw", ["draw", "neuron.py:out", "-o", "x.svg"]),
        ("tinygrad_bp.cli.common.write", ["draw", "neuron.py:out", "-o", "x.gv"]),
        ("tinygrad_bp.explanation.explain", ["explain", "neuron.py:out", "--wrt", "w"]),
        ("tinygrad_bp.checking.check_gradients", ["check", "neuron.py:out"]),
        ("tinygrad_bp.explorer.explore", ["explore", "neuron.py:out", "-o", "x.html"]),
        ("", ["check", "busy.py:out"]),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_one_line_and_the_status(
    place: str, arguments: list[str], sent: signal.Signals, status: int, says: bytes
) -> None:
    Path("busy.py").write_text(BUSY % 2)
    command = [sys.executable, "-c", WAITING, place, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            told = running.stdout if place else running.stderr
            while (line := told.readline()) != b"there\n":
                assert line, running.stderr.read()
            running.send_signal(sent)
            out, err = running.communicate(timeout=120)
        finally:
            running.kill()
    noise = b"this must not be among the answer\n" if place else b""
    assert (running.returncode, out, err) == (status, b"", noise + says)
    assert not list(Path().glob("x.*"))


@pytest.mark.parametrize("seed", range(30))
def test_text_of_anybody_is_only_text(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(seed)
    signs = "\x1b\x07\x08\r\x7f\x9b\x9d\u202e\u2028\u200b\ud800ab]0;[31m= -:"

    def text() -> str:
        return "".join(draw.choice(signs) for _ in range(draw.randint(1, 12)))

    label, said = text(), text()
    Path("own.py").write_text(f"from tinygrad_bp import Value\nx = Value(2.0, {label!a})\ny = x * x\n")
    Path("fails.py").write_text(f"raise ValueError({said!a})\n")
    for arguments in (
        [text()],
        ["--" + text()],
        ["check", "own.py:y", "--" + text()],
        ["check", "own.py:y"],
        ["check", "own.py:" + text()],
        ["check", "fails.py:y"],
        ["explain", "own.py:y", f"--wrt={text()}"],
        ["explain", "own.py:y", f"--wrt={label}"],
        ["train", text() + ".csv"],
        ["train", "xor", f"--loss={text()}"],
        ["train", "xor", f"--seed={text()}"],
        ["predict", text() + ".json", text() + ".csv"],
        ["explore", text()],
        ["draw", "own.py:y", f"-o{text()}.jpg"],
        ["completion", text()],
    ):
        main(arguments)
        shown = "".join(capsys.readouterr())
        assert shown
        assert not [c for c in shown if not c.isprintable() and c != "\n"], arguments


def test_ctrl_c_while_the_command_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_bp.__main__ import run

    class Interrupted:
        def find_spec(self, name: str, *about: object) -> None:
            if name == "tinygrad_bp.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "tinygrad_bp.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert run() == 130
    assert capsys.readouterr() == ("", "tinygrad-bp: interrupted\n")
