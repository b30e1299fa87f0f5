"""The command `exercise`: one sheet in every format, sheets for a class with their keys, and nothing that was handed out is lost."""

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tinygrad_bp import exercise
from tinygrad_bp.cli import main
from tinygrad_bp.tutorial.page import subject as of_tutorial

pytestmark = pytest.mark.usefixtures("empty_folder")


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says."""
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_it_is_the_exercise_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    subject = of_tutorial()
    weights = [v for v in subject.parameters if v.label.startswith("w")]  # the text leaves its biases as they are
    plain = exercise(subject.result, lr=0.5, parameters=weights)
    assert said(["exercise", "tutorial", "--language", "en"], capsys) == plain.text()
    made = exercise(
        subject.result,
        lr=0.25,
        parameters=weights,
        seed=7,
        blanks="deltas",
        questions=1,
        digits=3,
        zeros=True,
        title="Mine",
        language="ja",
    )
    options = "--lr 0.25 --seed 7 --blanks deltas --questions 1 --digits 3 --zeros --title Mine --language ja"
    assert said(["exercise", "tutorial", *options.split()], capsys) == made.text()
    assert said(["exercise", "tutorial", *options.split(), "--key"], capsys) == made.answered.text()


def test_blanks_are_named_before_the_subject_or_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    first = said(["exercise", "tutorial", "--blanks", "net_h1", "dE_total/dw5", "--format", "json"], capsys)
    assert said(["exercise", "--format", "json", "--blanks", "net_h1", "dE_total/dw5", "tutorial"], capsys) == first
    assert [each["name"] for each in json.loads(first)["asked"] if each["name"][0] != "q"] == ["net_h1", "dE_total/dw5"]


def test_what_keeps_its_number_is_told_by_labels_and_by_variables(capsys: pytest.CaptureFixture[str]) -> None:
    Path("fall.py").write_text(
        "from tinygrad_bp import Value\n"
        "g, h, t = Value(9.81), Value(12.0, 'h'), Value(1.3, 't')\n"
        "s = h - g * t * t / 2\ns.label = 's'\n",
        encoding="utf-8",
    )

    def given(*options: str) -> dict[str, str]:
        text = said(["exercise", *options, "--language", "en"], capsys).split("This is how")[0]
        return dict(re.findall(r"\b(g|h|t)  +(\d\S*)", text))

    assert given("fall.py:s", "--keep", "g", "t", "--seed", "3")["g"] == "9.81"
    assert given("--keep", "g", "t", "--seed", "3", "fall.py:s")["t"] == "1.3"
    assert given("fall.py:s", "--seed", "3")["g"] != "9.81"
    assert main(["exercise", "fall.py:s", "--keep", "hh"]) == 2
    assert "and 'hh' is none; did you mean 'h'?" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["3", "week 3"])
def test_the_same_seed_gives_the_same_sheet(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (said(["exercise", "xor", "--seed", seed], capsys) for _ in range(2))
    assert one == other != said(["exercise", "xor", "--seed", f"{seed}1"], capsys)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("sheet.html", "<!doctype html>"),
        ("sheet.md", "# "),
        ("sheet.tex", "%"),
        ("sheet.json", "{"),
        ("sheet.txt", ""),
        ("sheet.xml", "<?xml"),
        ("sheet.gift", "$category"),
    ],
)
def test_the_name_of_the_file_says_how(name: str, begins: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(["exercise", "xor", "-o", name], capsys) == f"{name}\n"
    text = Path(name).read_text(encoding="utf-8")
    assert text.lower().startswith(begins)
    assert len(text) > 500


def test_moodles_formats_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    root = ElementTree.fromstring(said(["exercise", "xor", "--format", "moodle"], capsys))
    assert root.tag == "quiz"
    assert "::" in said(["exercise", "xor", "--format", "gift"], capsys)


@pytest.mark.slow
def test_sheets_for_a_class_are_all_different_and_have_their_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(["exercise", "xor", "--sheets", "30", "--out", "week3", "--format", "markdown"], capsys) == "week3\n"
    names = [f"sheet-{k:02}" for k in range(1, 31)]
    keys = [json.loads(Path(f"week3/keys/{name}.json").read_text(encoding="utf-8")) for name in names]
    assert [key["sheet"] for key in keys] == names
    assert len({json.dumps(key["leaves"], sort_keys=True) for key in keys}) == 30
    for name in names:
        assert Path(f"week3/{name}.md").is_file()
        with Path(f"week3/answers/{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["name", "answer"]
        assert {answer for _, answer in rows[1:]} == {""}


def test_keys_of_sheets_that_were_handed_out_are_not_replaced_by_others(capsys: pytest.CaptureFixture[str]) -> None:
    first = ["exercise", "xor", "--out", "week3", "--sheets", "2"]
    said(first, capsys)
    key = Path("week3/keys/sheet-01.json").read_bytes()
    said(first, capsys)
    assert main([*first, "--seed", "1"]) == 2
    out, err = capsys.readouterr()
    assert (out, err[:60]) == ("", "tinygrad-bp: error: --out 'week3' holds keys of other sheets")
    assert Path("week3/keys/sheet-01.json").read_bytes() == key
    said([*first, "--seed", "1", "--force"], capsys)
    assert Path("week3/keys/sheet-01.json").read_bytes() != key


def test_answers_that_are_there_already_are_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["exercise", "xor", "--out", "week3", "--sheets", "2"]
    said(arguments, capsys)
    answers = Path("week3/answers/sheet-02.csv")
    filled = answers.read_text(encoding="utf-8").replace("net_h1,", "net_h1,0.5")
    answers.write_text(filled, encoding="utf-8")
    assert main([*arguments, "--force"]) == 2
    assert "has answers in it already" in capsys.readouterr().err
    assert answers.read_text(encoding="utf-8") == filled


MISTAKES = [
    (["exercise"], "the following arguments are required: SUBJECT"),
    (["exercise", "xor", "--sheets", "3"], "--sheets needs a folder for them: --out DIR"),
    (["exercise", "xor", "--out", "week3"], "--out is the folder for --sheets N; one sheet is a file: -o FILE"),
    (["exercise", "xor", "--sheets", "3", "--out", "week3", "-o", "a.html"], "-o is for one sheet; week3 holds all"),
    (["exercise", "xor", "--sheets", "3", "--out", "week3", "--key"], "--key is for one sheet; week3 holds all"),
    (["exercise", "xor", "--force"], "--force is for the folder of --sheets"),
    (["exercise", "xor", "--key", "-o", "a.xml"], "--key is for a sheet to read; moodle has its answers in it"),
    (["exercise", "xor", "--sheets", "0", "--out", "week3"], "a whole number from 1 up, not 0"),
    (["exercise", "xor", "--sheets", "9999", "--out", "week3"], "sheets: count"),
    (["exercise", "xor", "--sheets", "2", "--out", "there.txt"], "--out 'there.txt' is a file; name a folder"),
    (
        ["exercise", "xor", "--blanks", "dleta_h1"],
        "there is no quantity 'dleta_h1' to leave blank; did you mean 'delta_h1'",
    ),
    (["exercise", "xor", "--digits", "1"], "digits"),
    (["exercise", "xor", "-o", "a.doc"], "should end in .txt, .md, .html, .tex, .json, .pdf, .xml or .gift"),
    (["exercise", "xor", "--sheets", "1", "--out", "there.txt/week"], "cannot be made: Not a directory"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_mistakes_are_said_and_nothing_is_written(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there.txt").write_text("", encoding="utf-8")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert [path.name for path in Path().iterdir()] == ["there.txt"]
