"""What the command reads and writes: files, pipes, devices, - for standard input and output; nothing it says steers a terminal."""

import ast
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_bp
from tests.command import command
from tinygrad_bp import MLP, load, save
from tinygrad_bp.cli import common, main
from tinygrad_bp.networks.notes import Notes

pytestmark = pytest.mark.usefixtures("empty_folder")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")

TABLE = "i2,i1\n3,10\n0.5,0.25\n"


@pytest.fixture
def plain() -> str:
    """A model, plain.json, and a table, in.csv; what it predicts."""
    save(MLP(2, [1], weights=[2.0, -1.0], activation=None), "plain.json")
    Path("in.csv").write_text(TABLE)
    return "row,o1\n1,17.0\n2,0.0\n"


def fed(monkeypatch: pytest.MonkeyPatch, content: str | bytes) -> None:
    content = content.encode() if isinstance(content, str) else content
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize("way", ["table", "packed table", "model", "/dev/stdin"])
def test_standard_input_is_read(
    plain: str, way: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if way == "/dev/stdin":
        if sys.platform == "win32":
            pytest.skip("Windows has no such files")
        assert command("predict", "plain.json", "/dev/stdin", input=TABLE.encode()).stdout.decode() == plain
        return
    fed(
        monkeypatch,
        {"table": TABLE, "packed table": gzip.compress(TABLE.encode()), "model": Path("plain.json").read_text()}[way],
    )
    assert main(["predict", "-", "in.csv"] if way == "model" else ["predict", "plain.json", "-"]) == 0
    assert capsys.readouterr().out == plain


def test_standard_input_is_trained_on_and_explored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quick: None
) -> None:
    fed(monkeypatch, "x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(30)))
    assert main(["train", "-", "--epochs", "2", "--out", "run"]) == 0
    assert load("run/model.json").notes.columns == ["x"]
    fed(monkeypatch, Path("run/model.json").read_text())
    assert main(["explore", "-", "-o", "-"]) == 0
    assert "<html" in capsys.readouterr().out
    assert [path.name for path in Path().iterdir()] == ["run"]


@pytest.mark.parametrize("arguments", [["predict", "-", "-"], ["explore", "-", "--data", "-"]])
def test_standard_input_holds_one_thing(
    plain: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fed(monkeypatch, Path("plain.json").read_text())
    assert main(arguments) == 2
    assert "standard input holds one thing, the network or the table" in capsys.readouterr().err


def test_without_standard_input_there_is_nothing_to_read(
    plain: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["predict", "plain.json", "-"]) == 2
    assert "there is no standard input to read" in capsys.readouterr().err


def test_mistakes_in_standard_input_are_said_to_be_there(
    plain: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fed(monkeypatch, "i1,i2\n1,x\n")
    assert main(["predict", "plain.json", "-"]) == 2
    assert "standard input: line 2, column 'i2': the text 'x'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("output", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_has_the_answer_alone(plain: str, neuron: None, output: str) -> None:
    if output != "-" and not os.path.exists(output):
        pytest.skip("this system has no such file")
    assert command("predict", "plain.json", "in.csv", "-o", output).stdout == plain.encode()
    assert command("draw", "neuron.py:out", "-o", output, "--format", "gv").stdout.startswith(b"digraph")
    assert command("explore", "xor", "-o", output).stdout.lower().startswith(b"<!doctype html")
    assert sorted(path.name for path in Path().iterdir() if path.name != "__pycache__") == [
        "in.csv",
        "neuron.py",
        "plain.json",
    ]


def test_a_file_may_be_called_by_a_dash(plain: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "plain.json", "in.csv", "-o", "./-"]) == 0
    assert Path("-").read_text() == plain


@posix
def test_devices_and_pipes_are_written_as_what_they_are(
    plain: str, neuron: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ["predict", "plain.json", "in.csv"],
        ["draw", "neuron.py:out", "--format", "gv"],
        ["explore", "xor"],
    ):
        assert main([*arguments, "-o", "/dev/null"]) == 0
        assert not Path("/dev/null").is_file()
    os.mkfifo("pipe")
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE) as reader:
        assert main(["predict", "plain.json", "in.csv", "-o", "pipe"]) == 0
        assert reader.communicate(timeout=30)[0].decode() == plain
    assert Path("pipe").is_fifo()
    assert main(["predict", "plain.json", "in.csv", "-o", "/dev/full"]) == 2
    assert "cannot write '/dev/full': No space left on device" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="process substitution is bash's")
def test_process_substitution(plain: str) -> None:
    run = f"{sys.executable} -m tinygrad_bp predict <(cat plain.json) <(gzip -c in.csv) -o >(cat > copy.csv); wait $!; sleep 0"
    done = subprocess.run(["bash", "-c", run], capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    assert Path("copy.csv").read_text() == plain


@pytest.mark.parametrize(
    ("output", "format", "found"),
    [
        ("out.csv", None, "row,o1\n1,17.0\n2,0.0\n"),
        ("out.txt", None, "row,o1\n1,17.0\n2,0.0\n"),
        ("out.tsv", None, "row\to1\n1\t17.0\n2\t0.0\n"),
        ("out.json", None, [{"row": 1, "o1": 17.0}, {"row": 2, "o1": 0.0}]),
        ("out.JSON.gz", None, [{"row": 1, "o1": 17.0}, {"row": 2, "o1": 0.0}]),
        ("out.txt", "json", [{"row": 1, "o1": 17.0}, {"row": 2, "o1": 0.0}]),
        ("out.json", "csv", "row,o1\n1,17.0\n2,0.0\n"),
    ],
)
def test_predictions_are_what_their_name_says_or_the_format(
    plain: str, output: str, format: str | None, found: object
) -> None:
    assert main(["predict", "plain.json", "in.csv", "-o", output, *(["--format", format] if format else [])]) == 0
    content = Path(output).read_bytes()
    text = (gzip.decompress(content) if output.endswith(".gz") else content).decode()
    assert (json.loads(text) if isinstance(found, list) else text) == found


@pytest.mark.slow
def test_tables_of_other_names_are_read(plain: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("in.data").write_text(TABLE)
    Path("in.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    Path("in.json").write_text(TABLE)
    for name in ("in.data", "in.csv.gz"):
        assert main(["predict", "plain.json", name]) == 0
        assert capsys.readouterr().out == plain
        assert main(["train", name, "--epochs", "1", "--out", f"of-{name}"]) == 0
        capsys.readouterr()
    assert main(["train", "in.json", "--epochs", "1", "--out", "of-json", "--format", "csv"]) == 0


def test_what_is_read_only_is_refused(plain: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.csv").write_text("kept")
    Path("out.csv").chmod(0o444)
    assert main(["predict", "plain.json", "in.csv", "-o", "out.csv"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "tinygrad-bp: error: cannot write 'out.csv': the file is read-only\n")
    assert Path("out.csv").read_text() == "kept"


# Nothing steers the terminal

ESCAPE = "\x1b]0;owned\x07\x1b[31m"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        [ESCAPE],
        ["--" + ESCAPE],
        ["tutorial", "--" + ESCAPE],
        ["tutorial", "--steps", ESCAPE],
        ["tutorial", "--format", ESCAPE],
        ["tutorial", "--steps", "1", "--out", ESCAPE],
        ["tutorial", "--steps", "1", "--out", ESCAPE, "--format", "markdown"],
        ["train", ESCAPE],
        ["train", "or", "--epochs", "1", "--out", ESCAPE],
        ["train", "or", "--loss", ESCAPE],
        ["train", ESCAPE + ".csv", "--epochs", "1"],
        ["predict", ESCAPE, "x.csv"],
        ["predict", "plain.json", "in.csv", "-o", ESCAPE],
        ["predict", "plain.json", "in.csv", "-o", f"{ESCAPE}/x"],
        ["predict", "classes.json", "classes.csv", "-o", "x.csv"],
        ["explore", ESCAPE],
        ["explore", "xor", "-o", ESCAPE],
        ["explore", "xor", "-o", ESCAPE + ".html"],
        ["explore", ESCAPE + ".json"],
        ["explore", "classes.json"],
        ["explore", "xor", "--title", ESCAPE],
        ["draw", "neuron.py:out", "-o", ESCAPE + ".gv"],
        ["draw", "neuron.py:out", "-o", ESCAPE],
        ["draw", "neuron.py:out", "-o", "x.gv", "--highlight", ESCAPE],
        ["draw", "neuron.py:out", "-o", "x.gv", "--title", ESCAPE],
        ["draw", f"neuron.py:{ESCAPE}", "-o", "x.gv"],
        ["draw", f"{ESCAPE}.py:out", "-o", "x.gv"],
        ["explain", "neuron.py:out", "--wrt", ESCAPE],
        ["check", f"{ESCAPE}:out"],
    ],
    ids=ascii,
)
def test_no_word_of_anybody_reaches_the_terminal_as_an_instruction(
    plain: str, neuron: None, quick: None, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    net = MLP(2, [2], seed=1)
    net.notes = Notes(columns=["i1", ESCAPE], targets=[ESCAPE], classes=["a", ESCAPE], loss="cross_entropy")
    save(net, "classes.json")
    save(net, f"{ESCAPE}.json")
    Path("classes.csv").write_text(f"{ESCAPE},i1\n1,2\n")
    Path(f"{ESCAPE}.csv").write_text(f"x,{ESCAPE}\n1,2\n2,3\n3,{ESCAPE}\n")
    main(arguments)
    said = "".join(capsys.readouterr())
    assert said
    assert not [c for c in said if not c.isprintable() and c != "\n"]


def test_answers_are_data_but_on_a_terminal(
    plain: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = MLP(2, [2], seed=1)
    net.notes = Notes(columns=["i1", "i2"], targets=["kind"], classes=["a", ESCAPE], loss="cross_entropy")
    save(net, "classes.json")
    assert main(["predict", "classes.json", "in.csv"]) == 0
    assert f"p({ESCAPE})" in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["predict", "classes.json", "in.csv"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"p(\x1b]0;owned\x07\x1b[31m)" in out


def test_messages_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["x" * 100_000],
        ["predict", "x" * 100_000, "y"],
        ["train", "x" * 100_000 + ".csv"],
        ["tutorial", "--out", "x" * 100_000],
    ):
        assert main(arguments) == 2
        assert len(capsys.readouterr().err) < 2 * common.LONGEST


def test_all_is_said_by_one_writer() -> None:
    for path in sorted((Path(tinygrad_bp.__file__).parent / "cli").glob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        assert path.name == "common.py" or "print" not in {getattr(call.func, "id", "") for call in calls}, path.name
