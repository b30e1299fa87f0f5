"""`train --resume`: the command goes on with a training, bit for bit as if it had never stopped."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.files import write_csv
from tinygrad_bp.cli import main
from tinygrad_bp.networks.training import engines

pytestmark = pytest.mark.usefixtures("empty_folder")
MOONS = ["train", "moons", "--seed", "3", "--patience", "30", "--learning-rate", "0.02", "--engine", "python"]


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the pictures, which take time and are tested elsewhere."""
    monkeypatch.setattr("tinygrad_bp.cli.common.save_pictures", lambda drawings, folder: ([], []))


def same(one: str, other: str) -> bool:
    return all(Path(one, name).read_bytes() == Path(other, name).read_bytes() for name in ("model.json", "curve.csv"))


@pytest.mark.slow
def test_it_goes_on_as_if_it_had_never_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*MOONS, "--epochs", "12", "--out", "whole"]) == 0
    assert main([*MOONS, "--epochs", "5", "--out", "part"]) == 0
    capsys.readouterr()
    assert main(["train", "--resume", "part", "--epochs", "12"]) == 0
    assert "12 epochs, 60 steps in" in " ".join(capsys.readouterr().out.split())
    assert same("part", "whole")
    assert main(["train", "--resume", "part/checkpoint.json", "--epochs", "15", "--out", "third"]) == 0
    assert main([*MOONS, "--epochs", "15", "--out", "whole"]) == 0
    assert same("third", "whole")


@pytest.mark.slow
def test_what_was_interrupted_goes_on_to_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(self: Any, batches: Any) -> Any:
        if self.optimizer.steps >= 40:
            raise KeyboardInterrupt
        return run(self, batches)

    run = engines.Compiled.run
    options = ["train", "xor", "--engine", "python", "--out"]
    assert main([*options, "whole"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(engines.Compiled, "run", interrupted)
        assert main([*options, "part"]) == 130
    assert "and train --resume part goes on\n" in capsys.readouterr().err
    assert main(["train", "--resume", "part"]) == 0
    assert "10,000 epochs" in " ".join(capsys.readouterr().out.split())
    assert same("part", "whole")


MISTAKES = {
    "no epochs": (
        [],
        "is a training of 3 epochs, and all are done; say how many there are to be in all, such as --epochs 6",
    ),
    "fewer": (["--epochs", "2"], "epochs is their number in all, and d/checkpoint.json has 3 epochs already, not 2"),
    "layers": (["--layers", "2", "3", "1"], "--layers is of a new training; the one in 'd' was begun without it"),
    "seed": (["--seed", "0"], "--seed is of a new training; the one in 'd' has 3"),
    "another table": (["--epochs", "9", "xor", "--force"], "d/checkpoint.json is of another training"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("more", "says"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_named(more: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*MOONS, "--epochs", "3", "--out", "d"]) == 0
    before = Path("d/checkpoint.json").read_bytes()
    assert main(["train", "--resume", "d", *more]) == 2
    assert says in capsys.readouterr().err
    assert Path("d/checkpoint.json").read_bytes() == before


def test_a_table_that_has_changed_is_refused_and_one_that_has_moved_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[Any] = [["x", "y"], *[[k, 100 * k + 7] for k in range(9)]]
    write_csv("few.csv", rows)
    assert main(["train", "few.csv", "--epochs", "5", "--no-scale", "--learning-rate", "1e-6", "--out", "d"]) == 0
    write_csv("few.csv", [*rows[:-1], [8, 0]])
    assert main(["train", "--resume", "d", "--epochs", "9"]) == 2
    assert "d/checkpoint.json is of another training: row " in capsys.readouterr().err
    write_csv("moved.csv", rows)
    assert main(["train", "moved.csv", "--resume", "d", "--epochs", "9", "--out", "e"]) == 0


def test_without_a_table_there_is_a_word_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train"]) == 2
    assert "train takes DATA: a file, or one of xor," in capsys.readouterr().err
    assert main(["train", "--resume", "e"]) == 2
    assert "--resume 'e' holds no checkpoint.json; name a folder that train --out wrote" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [None, [], {}, {"data": 3}, {"data": "moons", "layers": {"a": 1}}])
def test_arguments_that_are_none(arguments: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*MOONS, "--epochs", "3", "--out", "d"]) == 0
    content = json.loads(Path("d/checkpoint.json").read_text())
    content["more"] = {"arguments": arguments}
    Path("d/checkpoint.json").write_text(json.dumps(content))
    assert main(["train", "--resume", "d", "--epochs", "5"]) == 2
    err = capsys.readouterr().err
    assert "was saved by another program" in err or "is damaged" in err


TABLE = "a,y\n" + "".join(f"{k % 5},{k % 5 / 5}\n" for k in range(12))


class Typed(io.StringIO):
    """A standard input where somebody could type."""

    def isatty(self) -> bool:
        return True


def test_a_table_of_standard_input_is_given_once_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TABLE))
    assert main(["train", "-", "--epochs", "2", "--out", "a"]) == 0
    monkeypatch.setattr("sys.stdin", Typed(TABLE))
    assert main(["train", "--resume", "a", "--epochs", "4"]) == 2
    assert "--resume 'a' learned from a table on standard input: give it once more" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(TABLE))
    assert main(["train", "--resume", "a", "--epochs", "4"]) == 0
    Path("table.csv").write_text(TABLE, encoding="utf-8")
    assert main(["train", "table.csv", "--resume", "a", "--epochs", "6"]) == 0
    capsys.readouterr()


def test_where_somebody_could_type_it_is_said_that_input_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(TABLE))
    assert main(["train", "-", "--epochs", "2", "--out", "a"]) == 0
    assert "reads what is typed or pasted here, until Ctrl-D" in capsys.readouterr().err
