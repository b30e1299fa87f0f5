"""The command `tutorial`: what it prints and writes, and how its options and a mistake in it are said."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import command
from tinygrad_bp.cli import main
from tinygrad_bp.tutorial import derivation
from tinygrad_bp.tutorial.figures import FIGURES, PRINTED

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("empty_folder")]


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    folder = tmp_path_factory.mktemp("run")
    return folder, command("tutorial", cwd=folder)


def test_the_tutorial_prints_every_figure_in_80_columns(
    whole_run: tuple[Path, subprocess.CompletedProcess[bytes]],
) -> None:
    _, done = whole_run
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    text = done.stdout.decode()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.endswith(" ")]
    place = text.index("The audit of all 31 printed figures")
    for figure in FIGURES:
        name = figure.quantity.replace("10000", "10,000")
        found = re.search(rf"^  {re.escape(name)} +{re.escape(figure.printed)} ", text[place:], re.MULTILINE)
        assert found, figure
        place += found.end()
    assert len(re.findall("  ✓$", text, re.MULTILINE)) == 28
    assert len(re.findall("  ≠$", text, re.MULTILINE)) == 3
    assert "0.741365 * 0.186816 * 0.593270" in text
    assert "0.036350306" in text
    assert "28 of 31 figures hold; 3 are errata with a known cause; 1 formula has a slip." in lines
    assert "net_h1, its formula: Once, in the part on the hidden layer" in " ".join(text.split())
    assert "A · stands where there is no such number" in " ".join(text.split())
    lesson = lines.index("The lesson, with its pictures, to read and to print:")
    assert lines[lesson + 2] == "    tutorial-out/report.html"
    end = " ".join(" ".join(lines[-6:]).split())
    assert "tinygrad-bp explore tutorial" in end
    assert "tinygrad-bp exercise tutorial" in end


def test_the_tutorial_writes_the_files_it_names(whole_run: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    folder, done = whole_run
    files = json.loads((folder / "tutorial-out" / "report.json").read_text(encoding="utf-8"))["files"]
    assert sorted(map(Path, files)) == sorted(
        Path("tutorial-out") / path.name for path in (folder / "tutorial-out").iterdir()
    )
    names = ["1-structure", "2-initial-values", "3-chain-rule-w5", "4-fan-in-h1", "5-path-to-w1", "6-computation-graph"]
    assert {f"{name}{suffix}" for name in names for suffix in (".svg", ".png")} <= {Path(file).name for file in files}
    for file in files:
        assert str(Path(file)) in done.stdout.decode()
        content = (folder / file).read_bytes()
        start = {
            ".svg": b"<",
            ".png": b"\x89PNG",
            ".csv": b"updates,E_total\n0,0.29837",
            ".md": b"# ",
            ".json": b"{",
            ".html": b"<!DOCTYPE html>",
        }[Path(file).suffix]
        assert content.startswith(start)
    markdown = (folder / "tutorial-out" / "report.md").read_text(encoding="utf-8")
    for linked in re.findall(r"!\[.*?\]\((.*?)\)", markdown):
        assert (folder / "tutorial-out" / linked).is_file()


def test_json_alone_goes_to_standard_output(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tutorial", "--steps", "2", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report)[:2] == ["figures", "training"]
    assert "files" in report
    assert [figure["quantity"] for figure in report["figures"]] == [figure.quantity for figure in FIGURES]
    assert report["not_judged"] == {"E_total after 10000 rounds": "takes 10,000 rounds, and this training has 2"}
    assert json.loads(Path("tutorial-out/report.json").read_text(encoding="utf-8")) == report


def test_markdown_goes_to_standard_output_as_to_the_report(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tutorial", "--steps", "2", "--format", "markdown", "--out", "here/and/there"]) == 0
    assert capsys.readouterr().out == Path("here/and/there/report.md").read_text(encoding="utf-8")


def test_the_sequential_update_shows_the_printed_error_and_is_named_a_mistake(
    quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tutorial", "--update", "sequential", "--steps", "3"]) == 0
    text = capsys.readouterr().out
    [row] = [line for line in text.splitlines() if line.startswith("  E_total after 1 update ") and "≠" in line]
    assert row.split()[4:] == ["0.291027924", "0.291027924", "0.291027924", "≠"]
    assert re.search("E_total after 1 update +0.291027923905", text)
    assert "not the derivative of the error, at the old weights or at the new" in " ".join(text.split())
    assert "made the mistake" in text
    assert re.search(r"w1\+ +0\.149780716133 +0\.149817638561", text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--train-biases", "--steps", "3"], "The biases were trained too"),
        (["--train-biases", "--steps", "3"], "Not judged: printed for biases that are not trained."),
        (["--learning-rate", "0.1", "--steps", "3"], "Not judged: printed for learning rate 0.5, and this one is 0.1."),
        (["--learning-rate", "1e308", "--steps", "3"], "and this one is 1E+308"),
        (["--steps", "0"], "The error, without training"),
        (["--steps", "0"], "out_o1 before training"),
        (
            ["--steps", "0", "--update", "sequential", "--train-biases"],
            "Nothing was trained, as there were to be 0 steps.",
        ),
        (["--steps", "0"], "takes 10,000 rounds, and this training has none."),
        (
            ["--steps", "0"],
            "28 of 31 figures hold; 1 is an erratum with a known cause; 2 cannot be judged with these options;",
        ),
        (["--steps", "1"], "after 1 update "),
    ],
)
def test_options_that_leave_the_text_are_said(
    quick: None, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["tutorial", *options]) == 0
    assert said in " ".join(capsys.readouterr().out.split()) + " "


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_wrong_derivation_fails_and_its_first_factor_is_named(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    monkeypatch.setattr(derivation, "logistic_derivative", lambda out: out)
    assert main(["tutorial", "--steps", "2", "--format", form]) == 1
    out, err = capsys.readouterr()
    named = "The first factor that differs is dout_o1/dnet_o1"
    assert named in " ".join(out.replace("\\_", "_").split())
    assert named in err or form == "text"
    assert "Traceback" not in err


def test_a_printed_figure_that_is_wrong_fails(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PRINTED, "out_o1", "0.7513650695")
    assert main(["tutorial", "--steps", "2"]) == 1
    assert "The first figure that differs is out_o1" in " ".join(capsys.readouterr().out.split())


def test_without_a_renderer_the_tutorial_writes_dot_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_bp.drawing import rendering

    monkeypatch.setattr(rendering, "_programs", lambda: iter(()))
    assert main(["tutorial", "--steps", "2"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "install Graphviz" in text
    assert Path("tutorial-out/1-structure.gv").is_file()
    assert not list(Path("tutorial-out").glob("*.png"))


def test_a_terminal_of_ascii_gets_ascii() -> None:
    done = command("tutorial", "--steps", "5", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("ascii")
    assert re.search(r"  \+$", text, re.MULTILINE)
    assert re.search("  !$", text, re.MULTILINE)
    assert "?" not in text


# Step by step


def walked(keys: bytes, *options: str) -> tuple[int, str]:
    """The walk in a terminal: its exit status and what it showed. Each key is pressed when it is asked for."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "LC_ALL": "C.UTF-8"}
    program = [sys.executable, "-m", "tinygrad_bp", "tutorial", "--walk", *options]
    with subprocess.Popen(
        program, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as done:
        os.close(theirs)
        shown, pressed = b"", 0
        try:
            while piece := os.read(ours, 4096):
                shown += piece
                while pressed < len(keys) and shown.count(b"q ends.") > pressed:
                    os.write(ours, keys[pressed : pressed + 1])
                    pressed += 1
        except OSError:  # how Linux says that the other side has closed
            pass
        os.close(ours)
    return done.returncode, shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_a_walk_shows_one_quantity_a_key_press_until_q() -> None:
    status, shown = walked(b" xq")
    assert status == 0, shown
    assert "net_h1 = w1 * i1 + w2 * i2 + b1" in shown
    assert "net_h2" not in shown
    assert shown.count("any key goes on") == 3
    assert "Ended after 3 of " in shown
    assert not Path("tutorial-out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
@pytest.mark.parametrize(("key", "status"), [(b"\x04", 0), (b"\x1b", 0)])
def test_a_walk_ends_with_the_input_and_with_escape(key: bytes, status: int) -> None:
    ended, shown = walked(key)
    assert ended == status, shown
    assert "Ended after 1 of " in shown


def test_a_walk_to_the_end_shows_the_whole_round(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tinygrad_bp.cli.walking._is_terminal", lambda: True)
    monkeypatch.setattr("tinygrad_bp.cli.walking._keys", lambda: contextlib.nullcontext(lambda: " "))
    assert main(["tutorial", "--walk"]) == 0
    text = capsys.readouterr().out
    assert "0.291027774" in text
    assert text.endswith("That was the whole round.\n")


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, 130)])
def test_ctrl_c_interrupts_a_walk(monkeypatch: pytest.MonkeyPatch, error: type[BaseException], status: int) -> None:
    def pressed() -> str:
        raise error

    monkeypatch.setattr("tinygrad_bp.cli.walking._is_terminal", lambda: True)
    monkeypatch.setattr("tinygrad_bp.cli.walking._keys", lambda: contextlib.nullcontext(pressed))
    assert main(["tutorial", "--walk"]) == status


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
@pytest.mark.parametrize(
    ("arguments", "asks"), [(["tutorial", "--walk"], b"q ends."), (["train", "-"], b"until Ctrl-D")]
)
def test_ctrl_c_in_a_terminal_that_is_asked_ends_with_a_line(arguments: list[str], asks: bytes) -> None:
    import pty

    terminal, inside = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *arguments],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    shown, pressed = b"", False
    with contextlib.suppress(OSError):  # how Linux says that the other side has closed
        while piece := os.read(terminal, 4096):
            shown += piece
            if asks in shown and not pressed:
                os.write(terminal, b"\x03")
                pressed = True
    os.close(terminal)
    assert child.wait(60) == 130, shown
    assert b"Traceback" not in shown
    assert shown.splitlines()[-1].endswith(b"tinygrad-bp: interrupted")
    assert not shown.splitlines()[-1].startswith(b"1 of")


# What is started in the background ignores Ctrl-C, and so would all that it starts.
IN_A_TERMINAL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "tinygrad_bp", *sys.argv[1:]])
"""


def test_a_walk_without_a_terminal_says_so() -> None:
    done = command("tutorial", "--walk", stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"here is no terminal" in done.stderr


# Two languages


def test_japanese_is_spoken_if_asked_for_or_in_its_locale(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tutorial", "--steps", "2", "--language", "ja"]) == 0
    asked = capsys.readouterr().out
    assert "順伝播" in asked
    assert "w5 についての連鎖律" in asked
    assert "逆伝播" in Path("tutorial-out/report.md").read_text(encoding="utf-8")
    assert 'lang="ja"' in Path("tutorial-out/report.html").read_text(encoding="utf-8")
    assert "An early program" in Path("tutorial-out/report.json").read_text(encoding="utf-8")
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert main(["tutorial", "--steps", "2"]) == 0
    assert capsys.readouterr().out == asked


def test_the_audit_alone_begins_with_the_figures(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tutorial", "--steps", "2", "--audit"]) == 0
    assert capsys.readouterr().out.startswith("── The audit of all 31 printed figures ─")


@pytest.mark.parametrize("width", [80, 40])
def test_commands_at_the_end_stand_whole_in_a_line(
    width: int, quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["tutorial", "--steps", "2", "--audit"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    tinygrad-bp explore tutorial --open" in lines
    assert "    tinygrad-bp exercise tutorial -o exercise.html" in lines
