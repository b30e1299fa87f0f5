"""The command line as a whole: its help, and how it ends."""

import io
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import __version__
from tinygrad_bp.cli import main
from tinygrad_bp.tutorial import comparison

pytestmark = pytest.mark.usefixtures("empty_folder")


@pytest.mark.parametrize(
    "arguments",
    [[], ["tutorial"], ["train"], ["predict"], ["draw"], ["explain"], ["check"], ["explore"], ["completion"]],
)
def test_help_has_examples_and_fits_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*arguments, "--help"]) == 0
    text = capsys.readouterr().out
    assert "  tinygrad-bp " + "".join(arguments) in text.partition("example")[2]
    assert max(map(len, text.splitlines())) <= 80


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tinygrad-bp {__version__}\n"


def test_help_loads_nothing_that_only_commands_need() -> None:
    code = (
        "import sys; from tinygrad_bp.cli import main; main(['--help']); "
        "print([m for m in ('rich', 'graphviz', 'numpy', 'csv', 'tinygrad_bp.tutorial', 'tinygrad_bp.networks.data') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_ctrl_c_ends_with_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(**options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparison, "compare", interrupted)
    assert main(["tutorial"]) == 130
    assert capsys.readouterr() == ("", "tinygrad-bp: interrupted\n")


TRAINING = """
import sys
from tinygrad_bp.cli import main
from tinygrad_bp.tutorial import comparison

compare = comparison.compare

def telling(on_round, **how):
    first = iter([True])

    def told():
        if next(first, False):
            print("a round is done", flush=True)
        on_round()

    return compare(on_round=told, **how)

comparison.compare = telling
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_running_training() -> None:
    arguments = [sys.executable, "-c", TRAINING, "tutorial", "--steps", "100000000"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            assert running.stdout.readline() == b"a round is done\n"
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)
        finally:
            running.kill()
    assert (running.returncode, out, err) == (130, b"", b"tinygrad-bp: interrupted\n")
    assert list(Path().iterdir()) == []


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error(neuron: None) -> None:
    arguments = [sys.executable, "-m", "tinygrad_bp", "tutorial", "--steps", "1"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=30) == 141


def test_output_that_finds_no_room_is_an_error(
    neuron: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    assert main(["check", "neuron.py:out"]) == 2
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_without_standard_output_the_files_are_still_written(
    quick: None, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["tutorial", "--steps", "1", "--format", form]) == 0
    assert Path("tutorial-out/report.json").is_file()
