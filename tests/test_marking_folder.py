"""Sheets marked by their keys: a folder of them, and a single one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.worked import worked_example
from tinygrad_bp import Value, mark, sheets
from tinygrad_bp.cli import main
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.lessons import mark_folder
from tinygrad_bp.words import LANGUAGES, catalogue


def written(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    path.write_text("name,answer\n" + "".join(f"{name},{answer}\n" for name, answer in rows), encoding="utf-8")


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Four sheets: all right, one mistake and what follows from it, an unknown name, no file."""
    made = sheets(worked_example().error, 4, seed=3, lr=0.5)
    made.save(tmp_path, "txt")
    for each in made[:3]:
        key = each.key_data()
        rows = {asked["name"]: asked["text"] for asked in key["answers"]}
        rows |= {question["name"]: question["right"] for question in key["questions"]}
        if each is made[1]:
            found = each.derivation
            x = found["dE_total/dout_o1"].value  # the slope is forgotten
            for weight, out in (("w5", "out_h1"), ("w6", "out_h2")):
                slope = x * found[out].value
                if f"dE_total/d{weight}" in rows:
                    rows[f"dE_total/d{weight}"] = f"{slope:.4g}"
            rows["delta_o1"] = f"{x:.4g}"
            rows["out_h1"] = "dunno"
        if each is made[2]:
            rows["net_h9"] = "1"
        written(tmp_path / "answers" / f"{each.sheet}.csv", rows.items())
    (tmp_path / "answers" / "sheet-04.csv").unlink()
    return tmp_path


def test_a_folder_is_marked_as_single_sheets_are(week: Path) -> None:
    found = mark_folder(week / "keys", week / "answers")
    first, second, third, fourth = found
    assert first.ok
    assert set(second.verdicts.values()) >= {"right", "wrong", "carried"}
    assert (second.ok, second.first_wrong) == (False, "out_h1")
    assert second.marks is not None
    assert second.marks["delta_o1"].keys[0] == "omitted"
    assert second.marks["dE/dw5"].given == ["delta_o1"]
    alone = mark(week / "keys" / "sheet-02.json", week / "answers" / "sheet-02.csv")
    assert alone.to_dict() == second.marks.to_dict()
    assert "near it: net_h" in third.problem
    assert set(third.verdicts.values()) == {"right"}
    assert not third.ok  # one line of it could not be marked
    assert fourth.problem == "no file of answers"
    assert not found.ok
    assert [each["ok"] for each in found.to_dict()["sheets"]] == [True, False, False, False]
    json.dumps(found.to_dict())


def test_questions_of_understanding_are_counted_over_the_class(tmp_path: Path) -> None:
    made = sheets(worked_example().error, 3, seed=5, lr=0.5, questions=5, blanks=["delta_o1"])
    made.save(tmp_path, "txt")
    for each in made:
        key = each.key_data()
        rows = {asked["name"]: asked["text"] for asked in key["answers"]}
        for question in key["questions"]:
            others = [letter for letter in question["choices"] if letter not in question["right"]]
            wrong = question["kind"] == "direction" or (each is made[0] and question["kind"] == "largest")
            rows[question["name"]] = others[0] if wrong else question["right"]
        written(tmp_path / "answers" / f"{each.sheet}.csv", rows.items())
    found = mark_folder(tmp_path / "keys", tmp_path / "answers")
    counts = {kind: len(names) for kind, names in found.kinds.items()}
    assert counts == {"question.direction": 3, "question.largest": 1}
    assert "3 of 3: A question is answered wrongly: whether a step makes a number larger or smaller." in found.text(
        width=200
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_table_of_a_class(week: Path, language: str) -> None:
    found = mark_folder(week / "keys", week / "answers", language=language)
    text = found.text(width=200)
    [row] = [line for line in text.splitlines() if line.strip().startswith("sheet-02 ")]
    assert row.split()[1] == "out_h1"  # nothing but the name: what is unreadable is told below
    assert "dunno" in text
    assert "net_h9" in text
    assert "sheet-02" in found.html()
    head, *lines = found.csv().splitlines()
    assert head == "sheet,right,rounded,carried,wrong,few,blank,count,first_wrong,cause,problem,student"
    assert lines[1].split(",")[0] == "sheet-02"


def test_one_unreadable_cell_is_one_wrong_answer(week: Path) -> None:
    _, second, *_ = mark_folder(week / "keys", week / "answers")
    assert second.marks is not None
    assert not second.problem
    assert [each.name for each in second.wrong if "unreadable" in each.keys] == ["out_h1"]
    assert "'dunno' cannot be read as a number" in second.marks["out_h1"].causes[0]
    assert second.count("right") > 20


def test_a_key_alone_marks_a_sheet(week: Path) -> None:
    key, answers = week / "keys" / "sheet-01.json", week / "answers" / "sheet-01.csv"
    assert mark(str(key), str(answers)).ok
    assert {each.verdict for each in mark(key, {"E": "0.1"})} == {"wrong", "blank"}
    question = next(each for each in mark(key, {}) if each.name.startswith("q"))
    assert (question.verdict, isinstance(question.value, str)) == ("blank", True)
    with pytest.raises(ValueError, match="lr= is for a network; a key has its numbers already"):
        mark(key, answers, lr=0.5)
    with pytest.raises(ValueError, match="nothing here is called 'net_h9'"):
        mark(key, {"net_h9": 1})
    with pytest.raises(ValueError, match="is answered twice"):
        mark(key, {question.name: "a", question.name.upper(): "b"})
    with pytest.raises(FileNotFoundError):
        mark(week / "keys" / "none.json", answers)


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "another"},
        {"version": 2},
        {"graph": {"nodes": []}},
        {"graph": {"nodes": [{"op": "add", "of": [0, 1], "label": ""}], "parameters": [], "labelled_only": True}},
        {"graph": {"nodes": [{"op": "system", "of": [], "label": ""}], "parameters": [], "labelled_only": True}},
        {"graph": 5},
        {"answers": [{"name": "nothing", "value": 1}]},
    ],
)
def test_what_is_no_key_is_refused(week: Path, damage: dict[str, object]) -> None:
    path = week / "keys" / "sheet-01.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **damage}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"sheet-01\.json' is no key of an exercise"):
        mark(path, {"E": 1})
    with pytest.raises(ValueError, match="is no key of an exercise"):
        mark_folder(week / "keys", week / "answers")


def test_a_folder_without_keys(week: Path) -> None:
    with pytest.raises(ValueError, match="there are no keys"):
        mark_folder(week / "answers", week / "answers")


def test_a_key_of_an_operation_of_a_programs_own_knows_the_right_numbers(tmp_path: Path) -> None:
    square = Operation("my_square", lambda x: x * x, (lambda y, x: 2.0 * x,), "{0}^2", "{0}^2", "sq")
    x = Value(3.0, "w")
    y = Value.record_operation(square, [x]) * 2.0
    y.label = "E"
    [made] = sheets(y, 1)
    sheets(y, 1).save(tmp_path, "txt")
    key = tmp_path / "keys" / "sheet-01.json"
    assert json.loads(key.read_text(encoding="utf-8"))["graph"] is None
    right = {each.step.name: each.text for each in made.asked}
    right |= {f"q{k}": q.letters for k, q in enumerate(made.questions, 1 + len(made.asked))}
    found = mark(key, {**right, "E": "oops"})
    assert {each.name: each.verdict for each in found if each.name != "E" and each.name[0] != "q"} == {
        name: "right" for name in right if name != "E" and name[0] != "q"
    }
    assert found["E"].keys == ["unreadable"]
    with pytest.raises(ValueError, match="nothing here is called 'F'"):
        mark(key, {"F": 1})


@pytest.mark.parametrize("accept", [False, True])
def test_what_was_rounded_too_early_counts_the_same_everywhere(
    tmp_path: Path, accept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    sheets(worked_example().error, 1, seed=3, lr=0.5).save(tmp_path)
    key, file = tmp_path / "keys" / "sheet-01.json", tmp_path / "answers" / "sheet-01.csv"
    data = json.loads(key.read_text(encoding="utf-8"))
    rows = {each["name"]: each["text"] for each in data["answers"]}
    rows |= {question["name"]: question["right"] for question in data["questions"]}
    found = mark(key, rows)
    outs = [float(f"{found[name].value:.3g}") for name in ("out_o1", "out_h1")]
    delta = float(f"{found['delta_o1'].value:.3g}")
    slope = f"{delta * outs[1]:.4g}"
    assert slope != rows["dE_total/dw5"]
    rows |= {"out_o1": f"{outs[0]:.3g}", "out_h1": f"{outs[1]:.3g}", "delta_o1": f"{delta:.3g}", "dE_total/dw5": slope}
    rows = {name: rows[name] for name in rows if name != "w5+"} | {"w5+": rows["w5+"]}
    written(file, rows.items())
    options = ["--accept-rounded"] if accept else []
    single, folder = (
        mark(key, file, accept_rounded=accept),
        mark_folder(tmp_path / "keys", file.parent, accept_rounded=accept),
    )
    [sheet] = folder
    assert single["dE/dw5"].verdict == "rounded"
    assert single.first_wrong is None
    assert {each.verdict for each in single} == {"right", "rounded"}
    assert (single.ok, sheet.ok, folder.ok, single["dE/dw5"].ok) == (accept,) * 4
    count = len(single)
    assert (single.right, single.rounded) == (count if accept else count - 1, 1)
    assert folder.to_dict()["sheets"][0]["right"] == single.to_dict()["right"] == single.right
    for subject, answers in ((str(key), str(file)), (str(tmp_path / "keys"), str(file.parent))):
        assert main(["mark", subject, answers, *options, "--format", "json"]) == (0 if accept else 1)
        said = json.loads(capsys.readouterr().out)
        assert said["ok"] is accept
        assert (said if "rounded" in said else said["sheets"][0])["rounded"] == 1
    assert f"{single.right} of {count} are right" in single.text()
    assert "1 more is computed rightly" in single.text() or accept
    assert folder.csv().splitlines()[1].startswith(f"sheet-01,{count - 1},1,0,0")  # what it is, however it counts


@pytest.mark.parametrize(("language", "kind"), [("en", "The slope of an activation"), ("ja", "活性化関数などの傾き")])
def test_equal_causes_are_told_once_and_counted_over_the_class(tmp_path: Path, language: str, kind: str) -> None:
    made = sheets(worked_example().error, 6, seed=5, lr=0.5, questions=0, blanks=["delta_o1", "delta_o2"])
    made.save(tmp_path, "txt")
    for k, each in enumerate(made):
        right = each.derivation
        rows = {name: f"{right[name].value:.5g}" for name in ("delta_o1", "delta_o2")}
        if k < 4:  # the slope is forgotten
            rows["delta_o1"] = f"{right['dE_total/dout_o1'].value:.5g}"
        if k in (0, 5):
            rows["delta_o2"] = f"{-right['delta_o2'].value:.5g}"
        written(tmp_path / "answers" / f"{each.sheet}.csv", rows.items())
    found = mark_folder(tmp_path / "keys", tmp_path / "answers", language=language)
    assert {key: len(names) for key, names in found.kinds.items()} == {"slope": 4, "exchanged": 2}
    assert [each["count"] for each in found.to_dict()["causes"]] == [4, 2]
    text = found.text(width=200)
    assert f"{'4 of 6: ' if language == 'en' else '6枚中4枚：'}{kind}" in text
    [told] = [line for line in text.splitlines() if "dout_o1/dnet_o1" in line]
    assert all(f"sheet-0{k}" in told for k in (1, 2, 3, 4))
    assert "dout_o1/dnet_o1 =" not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_mistake_has_a_line_for_a_class(language: str) -> None:
    texts = catalogue(language)
    said = {key.removeprefix("class.") for key in texts["mark"] if key.startswith("class.")}
    stand_in = {
        "half",
        "double",
        "meanTwice",
        "pathBetween",
        "pathSignBetween",
        "wrongSign",
        "functions",
        "term",
        "termSign",
        "roundedOne",
    }
    stand_in |= {"sigmoidSlope", "sigmoidForgotten", "outsideSigmoid", "outsideTanh", "negative"}
    of_the_page = {"before", "kept", "factor"}
    assert set(texts["mistake"]) - stand_in - of_the_page <= said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mistake_is_one_line_of_a_class_whatever_its_numbers_and_digits(tmp_path: Path, language: str) -> None:
    net = Value(0.4, "w") * Value(2.0, "x1") + Value(0.3, "b")
    net.label = "net_o1"
    out = net.tanh()
    out.label = "out_o1"
    error = (out - Value(-0.5, "target_o1")) ** 2 / 2
    error.label = "E"
    sheets(error, 4, seed=5, lr=0.5, language=language).save(tmp_path, "txt")
    biases = set()
    for path in sorted((tmp_path / "keys").glob("*.json")):
        key = json.loads(path.read_text(encoding="utf-8"))
        given = key["leaves"]
        found = {asked["name"]: asked["text"] for asked in key["answers"]}
        found["net_o1"] = f"{given['w'] * given['x1']:.6g}"  # the bias is forgotten
        slope = math.tanh(given["w"] * given["x1"] + given["b"]) - given["target_o1"]
        found["delta_o1"] = f"{slope:.6g}"  # and the slope
        biases.add(given["b"])
        written(tmp_path / "answers" / f"{path.stem}.csv", found.items())
    assert len(biases) > 1
    marked = mark_folder(tmp_path / "keys", tmp_path / "answers", language=language)
    assert set(marked.kinds) >= {"bias", "slope"}
    assert len(marked.kinds["slope"]) == 4
    told = [line for line in marked.markdown().splitlines() if line.startswith("- sheet-01") and "b$" in line]
    assert len(told) == 1
    assert all(each.sheet in told[0] for each in marked)
    assert "= $0." not in told[0]
