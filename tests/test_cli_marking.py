"""The command `mark`, and `check --against`: who is right, what is wrong and why, for one person and for a class."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from tinygrad_bp.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder")

RIGHT = "name,answer\nnet,-0.75\nout,-0.635\ndout/dw,1.193\n"
WRONG = "name,answer\nnet,-0.75\nout,-0.635\ndout/dw,2\n"


@pytest.fixture(autouse=True)
def answers(neuron: None) -> None:
    """Answers for neuron.py, all right and with one mistake."""
    Path("right.csv").write_text(RIGHT, encoding="utf-8")
    Path("wrong.csv").write_text(WRONG, encoding="utf-8")


@pytest.mark.parametrize("command", [["mark", "neuron.py:out"], ["check", "neuron.py:out", "--against"]])
def test_the_exit_status_says_whether_all_is_right(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "right.csv"]) == 0
    assert "3 of 3 are right" in capsys.readouterr().out
    assert main([*command, "wrong.csv"]) == 1
    out = capsys.readouterr().out
    assert "The first wrong step is dout/dw." in out
    assert "the factor dout/dnet" in out
    assert main([*command, "wrong.csv", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["right"], found["count"], found["first_wrong"]) == (False, 2, 3, "dout/dw")
    assert [each["verdict"] for each in found["marks"]] == ["right", "right", "wrong"]


def test_answers_come_from_standard_input_json_functions_and_dictionaries(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(RIGHT))
    assert main(["mark", "neuron.py:out", "-"]) == 0
    Path("right.json").write_text('{"net": -0.75, "grad w": "1.193"}', encoding="utf-8")
    assert main(["mark", "neuron.py:out", "right.json"]) == 0
    Path("hand.py").write_text(
        "def derive(w, x, b):\n    return {'net': w * x + b}\nfound = {'net': '-0.76'}\n",
        encoding="utf-8",
    )
    assert main(["mark", "neuron.py:out", "hand.py:derive"]) == 0
    capsys.readouterr()
    assert main(["mark", "neuron.py:out", "hand.py:found"]) == 1


def test_a_learning_rate_is_for_updates_and_that_of_the_worked_example_is_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("update.csv").write_text("w+,-0.6193\n", encoding="utf-8")
    assert main(["mark", "neuron.py:out", "update.csv", "--lr", "0.1"]) == 0
    Path("w5.csv").write_text("name;answer\nw5+;0,35891648\n", encoding="utf-8")
    assert main(["mark", "tutorial", "w5.csv"]) == 0
    capsys.readouterr()
    assert main(["mark", "tutorial", "w5.csv", "--lr", "0.25", "--language", "ja"]) == 1
    assert "w5" in capsys.readouterr().out


def test_check_against_answers_takes_a_learning_rate(capsys: pytest.CaptureFixture[str]) -> None:
    Path("update.csv").write_text("w+,-0.6193\n", encoding="utf-8")
    assert main(["check", "neuron.py:out", "--against", "update.csv", "--lr", "0.1"]) == 0
    capsys.readouterr()
    assert main(["check", "neuron.py:out", "--against", "update.csv"]) == 2
    assert "lr" in capsys.readouterr().err
    assert main(["check", "neuron.py:out", "--lr", "0.1"]) == 2
    assert "--against" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["marks.html", "marks.md", "marks.tex", "marks.json", "marks.txt"])
def test_marks_are_written_to_files(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mark", "neuron.py:out", "wrong.csv", "-o", name]) == 1
    assert capsys.readouterr().out == f"{name}\n"
    assert "1.1931716" in Path(name).read_text(encoding="utf-8")


# A class


@pytest.fixture
def week3(capsys: pytest.CaptureFixture[str]) -> None:
    """Three sheets: one right, one with a mistake, one not handed in."""
    assert main(["exercise", "xor", "--sheets", "3", "--out", "week3", "--blanks", "forward"]) == 0
    Path("answers").mkdir()
    for number in (1, 2):
        key = json.loads(Path(f"week3/keys/sheet-0{number}.json").read_text(encoding="utf-8"))
        rows = [[each["name"], each["text"]] for each in key["answers"]]
        rows += [[each["name"], each["right"]] for each in key["questions"]]
        if number == 2:
            rows[0][1] = "123"
        with Path(f"answers/sheet-0{number}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["name", "answer"], *rows])
    capsys.readouterr()


@pytest.mark.parametrize("keys", ["week3/keys", "week3"])
def test_a_folder_of_answers_is_marked_into_one_table(
    week3: None, keys: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mark", keys, "answers", "--format", "csv"]) == 1
    out = capsys.readouterr().out
    first, second, third = csv.DictReader(io.StringIO(out))
    assert (first["sheet"], first["wrong"], first["right"]) == ("sheet-01", "0", first["count"])
    assert (second["wrong"], second["first_wrong"]) == ("1", "net_h1")
    assert third["problem"]
    assert main(["mark", keys, "answers", "-o", "marks.csv"]) == 1
    assert capsys.readouterr().out == "marks.csv\n"
    assert Path("marks.csv").read_text(encoding="utf-8") == out
    assert main(["mark", keys, "answers", "--format", "json"]) == 1
    assert [each["ok"] for each in json.loads(capsys.readouterr().out)["sheets"]] == [True, False, False]
    assert main(["mark", keys, "answers", "-o", "marks.html", "--language", "ja"]) == 1
    assert "sheet-02" in Path("marks.html").read_text(encoding="utf-8")


def test_one_sheet_is_marked_by_its_key(week3: None, capsys: pytest.CaptureFixture[str]) -> None:
    key = "week3/keys/sheet-02.json"
    assert main(["mark", key, "answers/sheet-02.csv"]) == 1
    assert "The first wrong step is net_h1" in capsys.readouterr().out
    assert main(["mark", "week3/keys/sheet-01.json", "answers/sheet-01.csv", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert main(["mark", key, "answers/sheet-02.csv", "--lr", "0.5"]) == 2
    assert f"--lr is for a network; the key {key} has its numbers already" in capsys.readouterr().err


def test_the_names_of_sheets_are_not_broken(week3: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mark", "week3", "answers", "-o", "marks.html"]) == 1
    page = Path("marks.html").read_text(encoding="utf-8")
    assert '<td role="cell" class="tg-whole">sheet-02</td>' in page
    assert ".tg-whole { white-space: nowrap; }" in page


def test_a_class_that_is_right_gives_0(week3: None, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (2, 3):
        Path(f"week3/keys/sheet-0{number}.json").unlink()
    Path("answers/sheet-02.csv").unlink()
    assert main(["mark", "week3/keys", "answers"]) == 0


MISTAKES = [
    (["mark", "neuron.py:out"], "the following arguments are required: ANSWERS"),
    (["mark", "neuron.py:out", "nowhere.csv"], "nowhere.csv"),
    (["mark", "neuron.py:out", "neuron.py:number"], "mark: answers are a dictionary"),
    (["mark", "neuron.py:out", "neuron.py:nothing"], "there is no 'nothing' in neuron.py"),
    (["mark", "neuron.py:out", "unknown.csv"], "oot"),
    (["mark", "neuron.py:out", "right.csv", "--format", "csv"], "csv is for a folder of answers"),
    (["mark", "xro", "right.csv"], "'xro' is nothing to derive"),
    (["mark", "-", "-"], "standard input holds one thing, the answers or the network"),
    (["mark", "empty", "right.csv"], "empty is a folder of keys, and right.csv is no folder of answers to them"),
    (["mark", "empty", "empty"], "there are no keys in 'empty'"),
    (["mark", "empty", "empty", "--lr", "0.5"], "--lr is for a network; the keys in empty have their numbers already"),
    (["check", "neuron.py:out", "--against", "unknown.csv"], "oot"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_mistakes_are_said_and_nothing_is_marked(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    Path("unknown.csv").write_text("oot,-0.635\n", encoding="utf-8")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err


def test_the_tutorial_leaves_its_biases_as_they_are_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Path("answers.csv").write_text("name,answer\nw5+,0.35891648\nb1+,0.340637195\nb2+,0.6\n", encoding="utf-8")
    assert main(["mark", "tutorial", "answers.csv"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "b1 and b2 are not trained here" in out
    assert "2 of 3 are right" in out
    assert "This is what comes out if b1 is updated, too." in out
    assert main(["exercise", "tutorial", "--blanks", "update"]) == 0
    out = capsys.readouterr().out
    assert "b1 and b2 are not trained here" in out
    assert "b1+" not in out


@pytest.mark.parametrize("command", [["mark", "neuron.py:out"], ["check", "neuron.py:out", "--against"]])
def test_errors_speak_in_the_words_of_the_command(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("answers.csv").write_text("name,answer\nw+,0.5\n", encoding="utf-8")
    assert main([*command, "answers.csv"]) == 2
    said = capsys.readouterr().err
    assert "give --lr" in said
    assert "lr=" not in said


def test_a_name_is_said_as_it_is_also_where_it_looks_like_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    Path("answers.csv").write_text("name,answer\nlr=0.5,1\nw+,0.5\n", encoding="utf-8")
    assert main(["mark", "neuron.py:out", "answers.csv"]) == 2
    said = capsys.readouterr().err
    assert "'lr=0.5'" in said
    assert "give --lr" in said
