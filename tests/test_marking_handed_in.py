"""What comes back from a class: files under other names, stray lines, decimal commas, copied names, and words for letters."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.worked import worked_example
from tinygrad_bp import Value, mark, sheets
from tinygrad_bp.cli import main
from tinygrad_bp.explanation.names import columns
from tinygrad_bp.lessons import mark_folder
from tinygrad_bp.lessons.marking.keys import Key, marks_of_questions
from tinygrad_bp.words import LANGUAGES, words


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Three sheets, and answers that are all right."""
    sheets(worked_example().error, 3, seed=3, lr=0.5).save(tmp_path, "txt")
    for path in (tmp_path / "keys").glob("*.json"):
        fill(tmp_path, path.stem, f"{path.stem}.csv")
    return tmp_path


def right(week: Path, sheet: str) -> dict[str, str]:
    key = json.loads((week / "keys" / f"{sheet}.json").read_text(encoding="utf-8"))
    return {each["name"]: each["text"] for each in key["answers"]} | {q["name"]: q["right"] for q in key["questions"]}


def fill(week: Path, sheet: str, file: str, *more: str) -> None:
    lines = ["name,answer", *(f"{name},{text}" for name, text in right(week, sheet).items()), *more]
    (week / "answers" / file).write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("sheet-02 Anna.csv", "Anna"),
        ("sheet-02_Anna Lee.csv", "Anna Lee"),
        ("Sheet-02.CSV", ""),
        ("Anna sheet-02.txt", "Anna"),
        ("sheet-02-Söhnke.csv", "Söhnke"),
    ],
)
def test_a_file_of_another_name_is_taken_and_its_name_stands_in_the_table(week: Path, file: str, student: str) -> None:
    (week / "answers" / "sheet-02.csv").unlink()
    fill(week, "sheet-02", file)
    found = mark_folder(week / "keys", week / "answers")
    assert [each.student for each in found] == ["", student, ""]
    assert found.ok
    assert f"sheet-02 {student}".strip() in found.text()
    assert found.csv().splitlines()[2].split(",")[-1] == student


def test_one_number_is_no_part_of_another(week: Path) -> None:
    fill(week, "sheet-01", "sheet-010.csv")
    assert mark_folder(week / "keys", week / "answers").strays == ["sheet-010.csv"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_taken_is_told(week: Path, language: str) -> None:
    (week / "answers" / "sheet-01.csv").rename(week / "answers" / "sheet-01.xlsx")
    fill(week, "sheet-02", "sheet-02 (2).csv")
    fill(week, "sheet-02", "homework.csv")
    (week / "answers" / "Anna").mkdir()
    found = mark_folder(week / "keys", week / "answers", language=language)
    assert found.strays == ["Anna", "homework.csv", "sheet-01.xlsx", "sheet-02 (2).csv"]
    assert not found.ok
    text = found.text()
    assert all(name in text for name in found.strays)
    assert "sheet-02.csv" in found.why["sheet-02 (2).csv"]
    assert "CSV" in found.why["sheet-01.xlsx"]


def test_an_empty_sheet_gives_way_to_one_that_is_filled_in(week: Path) -> None:
    (week / "answers" / "sheet-02.csv").write_text("name,answer\nnet_h1,\n", encoding="utf-8")
    fill(week, "sheet-02", "sheet-02 Anna.csv")
    found = mark_folder(week / "keys", week / "answers")
    assert found.ok
    assert found.strays == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stray_line_costs_nothing_but_is_told(week: Path, language: str) -> None:
    fill(week, "sheet-02", "sheet-02.csv", "typo_x,3", "net_h1,9")
    _, second, _ = found = mark_folder(week / "keys", week / "answers", language=language)
    assert set(second.verdicts.values()) == {"right"}
    assert not second.ok
    assert "typo_x" in second.problem
    assert "net_h1" in second.problem
    assert "typo_x" in found.text()
    with pytest.raises(ValueError, match="net_h1 is answered twice"):
        mark(week / "keys" / "sheet-02.json", week / "answers" / "sheet-02.csv")


def test_lines_above_the_names_of_the_columns_are_stray_lines(week: Path) -> None:
    path = week / "answers" / "sheet-02.csv"
    path.write_text("Anna Lee, 10b\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    _, second, _ = mark_folder(week / "keys", week / "answers")
    assert set(second.verdicts.values()) == {"right"}
    assert "Anna Lee" in second.problem


def test_the_folder_that_all_was_written_into_will_do_and_answers_beside_the_keys(
    week: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mark_folder(week / "keys", week).ok
    monkeypatch.chdir(week.parent)
    for keys, answers in (
        (f"{week.name}/keys", "answers"),
        (week.name, week.name),
        (f"{week.name}/keys", f"{week.name}/answers"),
    ):
        assert main(["mark", keys, answers]) == 0


def test_what_readme_says_of_mark_fits_the_folder_that_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parent.parent
    monkeypatch.chdir(tmp_path)
    assert main(["exercise", "xor", "--sheets", "2", "--out", "week3"]) == 0
    said = 0
    for page in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        for keys, answers in re.findall(r"mark (week3\S*) ([\w/.-]+)", page.read_text(encoding="utf-8")):
            said += 1
            assert Path(keys).exists(), page
            assert Path(answers).exists(), page
    assert said > 1


# Numbers and choices


def product(x: float) -> Value:
    y = Value(x, "w") * Value(2.0, "x")
    y.label = "net_o1"
    error = y * 1.0
    error.label = "E"
    return error


@pytest.mark.parametrize(
    ("value", "answers", "verdict"),
    [
        (1.416089, {"net_o1": "1,416"}, "right"),
        (1.416089, {"net_o1": "1,416", "dE/dw": "2,0"}, "right"),
        (1.416089, {"net_o1": "1,416", "dE/dw": "2.0"}, "right"),
        (1.416089, "name;answer\nnet_o1;1,416\n", "right"),
        (1.416089, {"net_o1": "1,418"}, "wrong"),
        (1416.0, {"net_o1": "1,416"}, "right"),
        (-1416.0, {"net_o1": "-1,416"}, "right"),
        (1416.0, {"net_o1": "1,416", "dE/dw": "2.0"}, "right"),
    ],
)
def test_a_comma_is_read_as_what_is_meant(value: float, answers: Any, verdict: str) -> None:
    found = mark(product(value / 2), answers)["net_o1"]
    assert found.verdict == verdict
    assert found.keys != ["unreadable"]


@pytest.mark.parametrize("answer", ["net_o1 = 1.416", "net_o1=1.416", "net o1 ≈ 1.416", "= 1.416", "net_o1 = 1,416"])
def test_a_name_that_is_copied_with_its_number_is_no_harm(answer: str) -> None:
    [found] = mark(product(0.708), {"net_o1": answer})
    assert found.ok
    [other] = mark(product(0.708), {"net_o1": answer.replace("o1", "h1") if "o1" in answer else "w = 1.416"})
    assert other.keys == ["unreadable"]


def test_a_choice_is_a_letter_or_its_words(week: Path) -> None:
    key = json.loads((week / "keys" / "sheet-01.json").read_text(encoding="utf-8"))
    assert key["questions"]
    for each in key["questions"]:
        path = week / "keys" / "sheet-01.json"
        for letter, text in each["choices"].items():
            expected = "right" if letter == each["right"] else "wrong"
            for answer in (letter, letter.upper(), f"({letter})", text, text.upper(), f"{letter}) {text}"):
                found = mark(path, {each["name"]: answer})[each["name"]]
                assert (found.verdict, found.causes) == (expected, ()), answer
        for answer in ("z", "nonsense"):
            found = mark(path, {each["name"]: answer})[each["name"]]
            assert (found.verdict, found.keys) == ("wrong", ["unreadable"])
            assert answer in found.causes[0]
            assert found.causes[0].startswith("There is no choice ")


@pytest.mark.parametrize(
    ("encoding", "student"),
    [("cp932", "山田"), ("cp932", "ヤマダ"), ("cp1252", "Müller"), ("utf-16", "山田"), ("utf-8-sig", "é")],
)
def test_files_of_spreadsheets_are_read_in_the_encodings_that_these_save(
    week: Path, encoding: str, student: str
) -> None:
    rows = {**right(week, "sheet-01"), student: "1"}
    text = "名前;答え\r\n" if encoding == "cp932" else "name;answer\r\n"
    text += "".join(f"{name};{answer.replace('.', ',')}\r\n" for name, answer in rows.items())
    (week / "answers" / "sheet-01.csv").write_bytes(text.encode(encoding))
    [first, *_] = mark_folder(week / "keys", week / "answers")
    assert first.count("wrong") == 0
    assert first.count("right") == len(rows) - 1
    assert student in first.problem  # the line with a name that nothing has, letter by letter


def test_names_with_semicolons_do_not_part_cells_that_commas_part() -> None:
    w = Value(0.5, "a;b")
    y = (w * 2.0 + 1.0) ** 2
    y.label = "y;z"
    assert mark(y, 'name,answer\n"y;z",4\n"d(y;z)/d(a;b)",8\n').ok
    assert mark(y, "name;answer\n'y;z';4\n".replace("'", '"')).ok


def test_a_word_of_one_choice_alone_is_that_choice() -> None:
    choices = {"a": "Yes, smaller.", "b": "No, larger.", "c": "It would not change."}
    key = Key(None, {}, {"q1": "b"}, {"q1": choices})
    say = words("en")
    verdicts = {
        text: marks_of_questions(key, {"q1": text}, say)[0].verdict
        for text in ("larger", "No", "smaller", "b", "It would not change", "would")
    }
    assert verdicts == {
        "larger": "right", "No": "right", "smaller": "wrong", "b": "right", "It would not change": "wrong", "would": "wrong"
    }  # fmt: skip


# The table


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_a_class_fits_into_80_columns(week: Path, language: str) -> None:
    (week / "answers" / "sheet-01.csv").rename(week / "answers" / "sheet-01 Annabel.csv")
    rows = right(week, "sheet-02") | {"net_h1": "9.9", "out_h1": "", "out_h2": "0.7", "net_h2": "abc"}
    lines = ["name,answer", *(f"{name},{text}" for name, text in rows.items())]
    (week / "answers" / "sheet-02.csv").write_text("\n".join(lines), encoding="utf-8")
    text = mark_folder(week / "keys", week / "answers", language=language).text(width=80).splitlines()
    [row] = [line for line in text if line.startswith("  sheet-02 ")]
    assert row.split()[1] == "net_h1"
    assert all(columns(line) <= 80 for line in text)
