"""Folders of results: of one run, all of it or nothing, and never mixed with those of another."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.files import write_csv
from tinygrad_bp import MLP, load, save
from tinygrad_bp.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder", "quick")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def contents(folder: str = "d") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.fixture
def xor(capsys: pytest.CaptureFixture[str]) -> dict[str, bytes]:
    """The results of a training in the folder d, the user's own notes beside them."""
    assert main(["train", "xor", "--epochs", "2", "--out", "d"]) == 0
    Path("d/notes.txt").write_text("the user's own")
    capsys.readouterr()
    return contents()


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        (["train", "or", "--epochs", "2"], "what was learned from 'xor': a xor b"),
        (["train", "penguins", "--epochs", "2"], "what was learned from 'xor': a xor b"),
        (["train", "xor.csv", "--epochs", "2"], "what was learned from 'xor': a xor b"),
        (["tutorial", "--steps", "1"], "report.md of something else"),
    ],
)
def test_results_of_something_else_are_refused_before_anything_is_done(
    xor: dict[str, bytes], arguments: list[str], holds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv("xor.csv", [["a", "b", "a xor b"], [0, 0, 0], [0, 1, 1]])
    assert main([*arguments, "--out", "d"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        f"tinygrad-bp: error: --out 'd' holds {holds}; name another folder for this, or say --force to replace what is there\n",
    )
    assert contents() == xor


def test_the_same_again_replaces_what_it_wrote(xor: dict[str, bytes]) -> None:
    assert main(["train", "xor", "--epochs", "3", "--seed", "5", "--out", "d"]) == 0
    again = contents()
    assert set(again) == set(xor)
    assert again["model.json"] != xor["model.json"]
    assert again["notes.txt"] == xor["notes.txt"]
    for _ in range(2):
        assert main(["tutorial", "--steps", "1", "--out", "t"]) == 0


def test_a_table_is_the_same_by_its_name_and_what_is_learned() -> None:
    write_csv("t.csv", [["a", "b", "c"], *[[k, k % 3, k % 7] for k in range(9)]])
    assert main(["train", "t.csv", "--epochs", "1", "--out", "d"]) == 0
    assert main(["train", "./t.csv", "--epochs", "1", "--out", "d"]) == 0
    assert main(["train", "t.csv", "--target", "a", "--epochs", "1", "--out", "d"]) == 2


@pytest.mark.extras
def test_force_replaces_all_of_it_and_nothing_else(xor: dict[str, bytes]) -> None:
    assert "boundary.svg" in xor  # which penguins have not
    assert main(["train", "penguins", "--epochs", "2", "--out", "d", "--force"]) == 0
    now = contents()
    assert "boundary.svg" not in now
    assert now["notes.txt"] == xor["notes.txt"]
    assert load("d/model.json").widths == [4, 8, 3]
    assert main(["tutorial", "--steps", "1", "--out", "d", "--force"]) == 0
    assert {"report.json", "report.md", "notes.txt"} <= set(contents())


@pytest.mark.parametrize("name", ["model.json", "report.md", "network.svg"])
def test_what_something_else_wrote_is_kept(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("d").mkdir()
    if name == "model.json":
        save(MLP(2, [1]), "d/model.json")
    else:
        Path("d", name).write_text("the user's own")
    before = contents()
    assert main(["train", "xor", "--epochs", "1", "--out", "d"]) == 2
    assert "something else" in capsys.readouterr().err or name != "model.json"
    assert contents() == before


def test_a_folder_that_holds_other_things_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.py").write_text("")
    assert main(["train", "xor", "--epochs", "1", "--out", "."]) == 0
    assert {"net.py", "model.json", "report.md"} <= {path.name for path in Path().iterdir()}


def test_after_divergence_nothing_stays(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv("plane.csv", [["x", "y"], *[[k, 100 * k] for k in range(40)]])
    options = ["--optimizer", "sgd", "--learning-rate", "1e200", "--activation", "relu"]
    assert main(["train", "plane.csv", *options, "--out", "a/b"]) == 2
    assert [path.name for path in Path().iterdir()] == ["plane.csv"]


def test_what_cannot_be_written_is_said_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("kept")
    for folder, says in [
        ("file", "is a file"),
        ("file/d", "cannot be made"),
        ("x" * 300, "too long"),
        ("a/" + "x" * 300, "too long"),
    ]:
        assert main(["train", "xor", "--epochs", "100000000", "--out", folder]) == 2
        assert says in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_a_result_that_is_read_only_is_kept_with_all_the_others(
    xor: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("d/report.md").chmod(0o444)
    assert main(["train", "xor", "--epochs", "3", "--out", "d"]) == 2
    assert "report.md': the file is read-only" in capsys.readouterr().err
    assert contents() == xor


@posix
def test_links_in_a_folder_stay_links(xor: dict[str, bytes]) -> None:
    Path("d/model.json").rename("kept.json")
    Path("d/model.json").symlink_to("../kept.json")
    assert main(["train", "xor", "--epochs", "3", "--out", "d"]) == 0
    assert Path("d/model.json").is_symlink()
    assert Path("kept.json").read_bytes() != xor["model.json"]


def test_a_folder_that_takes_nothing_from_beside_it_is_written_all_the_same(
    xor: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinygrad_bp.files import folders

    monkeypatch.setattr(folders, "_must_be_inside", lambda target: True)
    assert main(["train", "xor", "--epochs", "3", "--out", "d"]) == 0
    assert set(contents()) == set(xor)


def test_names_in_messages_and_in_the_report_are_those_of_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor", "--epochs", "1", "--out", "here/and/there"]) == 0
    assert "In here/and/there: model.json" in capsys.readouterr().out
    assert main(["tutorial", "--steps", "1", "--out", "t"]) == 0
    out = capsys.readouterr().out
    assert "t/report.md" in out
    assert ".part" not in out
    assert not [
        name
        for folder in (".", "t", "here/and", "here/and/there")
        for name in os.listdir(folder)
        if name.startswith(".")
    ]


WAITING = """
import sys
from tinygrad_bp import files
from tinygrad_bp.cli import main, training_report

markdown = training_report.markdown

def waiting(*facts):
    print("there", flush=True)
    sys.stdin.read()
    return markdown(*facts)

training_report.markdown = waiting
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@posix
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("new", [True, False])
def test_a_killed_run_mixes_nothing(end: signal.Signals, new: bool) -> None:
    before = {}
    if not new:
        assert main(["train", "xor", "--epochs", "2", "--out", "d"]) == 0
        before = contents()
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        command = [sys.executable, "-c", WAITING, "train", "xor", "--epochs", "3", "--out", "d"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stdout.readline() == b"there\n"  # all but the report is written
            running.send_signal(end)
            _, err = running.communicate(timeout=30)
    finally:
        signal.signal(signal.SIGINT, ignored)
    assert running.returncode == {signal.SIGTERM: 143, signal.SIGKILL: -9, signal.SIGINT: 130}[end]
    assert b"Traceback" not in err
    assert (contents() if Path("d").exists() else {}) == before
    if end != signal.SIGKILL:
        assert new == (not list(Path().iterdir()))
    assert main(["train", "xor", "--epochs", "3", "--out", "d"]) == 0
    assert [name for name in [*os.listdir("."), *os.listdir("d")] if name.startswith(".")] == []
