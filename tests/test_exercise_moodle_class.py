"""The sheets of a class in one file for a Moodle: categories to draw from at random, of whole sheets and of each quantity."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from tests.exercises import classes, example, hostile, one_row
from tests.moodle_importer import Checked, Imported, read_gift, read_xml
from tinygrad_bp import exercise, sheets
from tinygrad_bp.lessons.sheets import Sheets


def by_category(questions: list[Imported]) -> dict[str, list[Imported]]:
    found: dict[str, list[Imported]] = {}
    for each in questions:
        *above, name = each.category
        assert len(above) == 1
        found.setdefault(name, []).append(each)
    return found


def of(week: Sheets, form: str) -> dict[str, list[Imported]]:
    return by_category(read_xml(week.moodle()) if form == "moodle" else read_gift(week.gift()))


@pytest.mark.parametrize("form", ["moodle", "gift"])
def test_each_quantity_is_a_category_of_variants_of_all_sheets(form: str) -> None:
    week = sheets(example(), 3, seed="week 3", lr=0.5, language="ja", questions=2)
    found = of(week, form)
    keys = [each.key_data() for each in week]
    names = {each["name"] for key in keys for each in key["answers"]}
    quantities = {name.split(" ", 1)[1]: questions for name, questions in found.items() if " 問" not in name}
    assert set(quantities) == names
    assert list(found) == sorted(found)  # so that a Moodle lists them in the order of the sheets
    for name, questions in quantities.items():
        right = [(each["value"], each["tolerance"]) for key in keys for each in key["answers"] if each["name"] == name]
        assert [(float(number), off) for [(number, _, off)] in (each.answers for each in questions)] == right
        assert {each.name.split(" ")[0] for each in questions} <= {"sheet-01", "sheet-02", "sheet-03"}
    asked = [each.kind for name, questions in found.items() if " 問い：" in name for each in questions]
    assert asked == ["multichoice"] * sum(len(key["questions"]) for key in keys)


@pytest.mark.parametrize("graph", [example, classes, one_row, hostile], ids=lambda graph: graph.__name__)
def test_a_whole_sheet_is_one_question_with_all_its_blanks(graph: object) -> None:
    week = sheets(graph(), 1 if graph is hostile else 2, lr=0.5, questions=5, title="{1:SA:=x} a/b", zeros=True)  # type: ignore[operator]
    found = of(week, "moodle")
    whole = found["00 whole sheets"]
    assert {each.kind for each in whole} == {"cloze"}
    for question, made in zip(whole, week, strict=True):
        key = made.key_data()
        numbers = [part for part in question.parts if part.kind == "NUMERICAL"]
        assert [float(part.answers[0][0]) for part in numbers] == [each["value"] for each in key["answers"]]
        assert [part.answers[0][2] for part in numbers] == [each["tolerance"] for each in key["answers"]]
        rest = question.parts[len(numbers) :]
        for part, right in zip(rest, key["questions"], strict=True):
            assert [html.unescape(words) for words, _, _ in part.answers] == list(right["choices"].values())
            letters = [letter for letter, (_, share, _) in zip(right["choices"], part.answers, strict=True) if share]
            assert "".join(letters) == right["right"]
            assert part.single is not right["several"]
        words = Checked(question.text).words
        assert key["title"] in words
        labels = ("<script>pwned=1</script>", "]]>", "{name}", "^~^", "#x", "&lt;b&gt;") if graph is hostile else ()
        assert all(label in words for label in labels)
        Checked(question.feedback)
        assert [words.index(f"[[{k}]]") for k in range(1, 1 + len(question.parts))] == sorted(
            words.index(f"[[{k}]]") for k in range(1, 1 + len(question.parts))
        )


def test_a_class_has_a_file_to_draw_from_beside_its_sheets(tmp_path: Path) -> None:
    week = sheets(example(), 2, lr=0.5, blanks="deltas", questions=0, title="Week 3")
    for suffix in ("xml", "gift"):
        folder = week.save(tmp_path / suffix, suffix)
        files = sorted(path.name for path in folder.iterdir() if path.suffix == f".{suffix}")
        assert files == [f"class.{suffix}", f"sheet-01.{suffix}", f"sheet-02.{suffix}"]
        read = read_xml if suffix == "xml" else read_gift
        for number in (1, 2):
            own = read((folder / f"sheet-0{number}.{suffix}").read_text(encoding="utf-8"))
            assert {tuple(each.category) for each in own} == {("Week 3", f"sheet-0{number}")}
    alone = read_xml(exercise(example(), blanks="deltas", questions=0, title="Week 3").moodle())
    assert {tuple(each.category) for each in alone} == {("Week 3",)}
    assert [each.name for each in alone] == ["00 Given", "01 delta_o1", "02 delta_o2", "03 delta_h1", "04 delta_h2"]
