"""CSV for people: no label, no name of a file and no text is computed by a spreadsheet, and all is read back as it was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tinygrad_bp import Value, explore, mark, sheets
from tinygrad_bp.files import csv_of, guarded, unguarded
from tinygrad_bp.lessons import mark_folder

LIVE = ["=1+1", '=HYPERLINK("x")', "+cmd", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1+1", "'=1", "''+x", "-", "-1e5x"]
PLAIN = ["w5", "0.5", "-0.5", "+3", "-1e-05", "-0,5", "-inf", "1=1", "'w", "", "dE/dw5", " =1"]


@pytest.mark.parametrize("text", [*LIVE, *PLAIN])
def test_what_would_be_computed_has_a_quote_and_is_read_back(text: str) -> None:
    assert guarded(text) == (f"'{text}" if text in LIVE else text)
    assert unguarded(guarded(text)) == text
    assert list(csv.reader(io.StringIO(csv_of([[text, 1]]), newline=""))) == [[guarded(text), "1"]]


def hostile() -> Value:
    net = Value(0.5, "=w1") * Value(0.4, "x1") + Value(0.3, "@w2") * Value(0.7, "x2")
    net.label = "-net"
    error = (net.sigmoid() - Value(0.1, "target")) ** 2
    error.label = "=E"
    return error


def no_cell_is_live(text: str) -> None:
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell != guarded(cell) and not cell.startswith("'")] == []
    assert any(cell.startswith("'") for cell in cells)


def test_a_class_whose_labels_and_names_are_formulas(tmp_path: Path) -> None:
    week = sheets(hostile(), 2, seed=1, lr=0.5)
    folder = week.save(tmp_path / "week", "txt")
    for made, student in zip(week, ['=HYPERLINK("x")', "@Anna"], strict=True):
        file = folder / "answers" / f"{made.sheet}.csv"
        no_cell_is_live(file.read_text(encoding="utf-8"))
        rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
        right = {each.step.name: each.text for each in made.asked}
        right |= {f"q{number}": question.letters for number, question in made._worksheet.numbered()}
        filled = [[name, right.get(unguarded(name), "answer")] for name, _ in rows]
        file.unlink()
        new = file.with_name(f"{made.sheet} {student}.csv")
        new.write_text("".join(f'"{name}",{answer}\n' for name, answer in filled), encoding="utf-8")
    found = mark_folder(folder / "keys", folder / "answers")
    assert found.ok
    table = found.csv()
    no_cell_is_live(table)
    assert [row["student"] for row in csv.DictReader(io.StringIO(table))] == ['\'=HYPERLINK("x")', "'@Anna"]


def test_numbers_of_a_page_are_texts_and_numbers() -> None:
    no_cell_is_live(explore(hostile()).csv())


def test_answers_with_a_quote_before_them_are_read() -> None:
    w = Value(-0.5, "w")
    y = w * 2.0
    y.label = "=y"
    assert mark(y, "name,answer\n'=y,'-1.0\n").ok
