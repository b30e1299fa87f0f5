"""Exercises: what is asked, that the keys are right, that numbers are friendly, and that the same seed gives the same sheet."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exercises import ALL, example, hostile, one_row, physics, relus, truth_table
from tests.references import REFERENCES
from tinygrad_bp import Value, exercise, sheets
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.lessons.exercise import Exercise
from tinygrad_bp.lessons.friendly import friendly
from tinygrad_bp.lessons.writers.saving import to_json

each_graph = pytest.mark.parametrize("graph", ALL, ids=lambda graph: graph.__name__)
SEEDS = st.integers(0, 10**6)


def in_mpmath(made: Exercise, given: dict[Value, mpmath.mpf] | None = None) -> dict[Value, mpmath.mpf]:
    """The data of all nodes with 60 digits, from the numbers that the key gives for the leaves; those of some nodes may be given."""
    leaves = made.key_data()["leaves"]
    names = made.derivation.names
    found: dict[Value, mpmath.mpf] = {}
    for v in made.derivation.order:
        if given and v in given:
            found[v] = given[v]
        elif v.op is None:
            found[v] = mpmath.mpf(leaves[names[v]] if v in names else v.data)
        else:
            operands = [found[x] if isinstance(x, Value) else mpmath.mpf(x) for x in v.operands]
            found[v] = mpmath.mpf(REFERENCES[v.op.name].value(*operands))
    return found


def slope_in_mpmath(made: Exercise, of: Value, by: Value) -> mpmath.mpf:
    """By central differences, which with 60 digits leave 30."""
    x, h = in_mpmath(made)[by], mpmath.mpf(10) ** -20
    return (in_mpmath(made, {by: x + h})[of] - in_mpmath(made, {by: x - h})[of]) / (2 * h)


@each_graph
@pytest.mark.parametrize("seed", [0, "week 3"])
def test_keys_are_right_in_mpmath(graph: Callable[[], Value], seed: int | str) -> None:
    made = exercise(graph(), seed=seed, lr=0.5)
    steps = {step.name: step for step in made.derivation.steps}
    with mpmath.workdps(60):
        data = in_mpmath(made)
        for each in made.key_data()["answers"]:
            step = steps[each["name"]]
            if each["kind"] == "value":
                right = data[step.of]
            else:
                right = slope_in_mpmath(made, step.of, step.by)
                if each["kind"] == "update":
                    right = data[step.by] - mpmath.mpf(0.5) * right
            assert abs(each["value"] - right) <= 1e-10 * abs(right) + 1e-15, each
            assert abs(float(each["text"]) - right) <= each["tolerance"] * (1 + mpmath.mpf(10) ** -6), each


@pytest.mark.slow
@each_graph
def test_questions_are_right_in_mpmath(graph: Callable[[], Value]) -> None:
    kinds = set()
    for seed in range(6):
        made = exercise(graph(), seed=seed, questions=5, lr=0.1)
        found = made.derivation
        value_of = {name: v for v, name in found.names.items()}
        with mpmath.workdps(60):
            for each in made.key_data()["questions"]:
                kinds.add(each["kind"])
                if each["kind"] in ("direction", "growth"):
                    named = [name for name in value_of if name in re.findall(r"[\w\[\]]+", each["text"])]
                    [by] = [value_of[name] for name in named if value_of[name] is not found.loss]
                    rising = slope_in_mpmath(made, found.loss, by) > 0
                    assert each["right"] == ("b" if rising else "a"), each
                if each["kind"] == "largest":
                    sizes = {
                        letter: abs(slope_in_mpmath(made, found.loss, value_of[name]))
                        for letter, name in each["choices"].items()
                    }
                    assert each["right"] == max(sizes, key=lambda letter: sizes[letter])
                if each["kind"] == "still":
                    for letter, name in list(each["choices"].items())[:-1]:
                        assert (letter in each["right"]) == (slope_in_mpmath(made, found.loss, value_of[name]) == 0)
    assert {"direction", "growth"} <= kinds


def test_the_stronger_path_is_the_larger_product() -> None:
    for seed in range(8):
        made = exercise(example(), seed=seed)
        found = made.derivation
        [asked] = [each for each in made.key_data()["questions"] if each["kind"] == "paths"]
        [name] = re.findall(r"^(\w+)", asked["text"])
        by = next(v for v, each in found.names.items() if each == name)
        sizes = {}
        for letter, choice in asked["choices"].items():
            through = next(v for v, each in found.names.items() if choice == f"through {each}")
            with mpmath.workdps(60):
                product = slope_in_mpmath(made, found.loss, through) * slope_in_mpmath(made, through, by)
            sizes[letter] = abs(product)
        assert asked["right"] == max(sizes, key=lambda letter: sizes[letter])


@pytest.mark.parametrize(("language", "way"), [("en", "directly"), ("ja", "直接の経路")])
def test_what_acts_on_the_error_directly_as_well_is_asked_about_in_words(language: str, way: str) -> None:
    f, b = Value(50.0, "f"), Value(200.0, "b")  # a lens
    g = 1 / (1 / f - 1 / b)
    g.label = "g"
    m = b / g
    m.label = "m"
    made = exercise(m, language=language)
    [asked] = [each for each in made.key_data()["questions"] if each["kind"] == "paths"]
    assert list(asked["choices"].values())[1] == way
    assert "m" not in "".join(asked["choices"].values())
    graph = made.derivation.graph
    values = [abs(term.value) for term in graph.quantity(next(v for v in graph.order if v.label == "b")).terms]
    assert asked["right"] == "ab"[values.index(max(values))]


def test_what_does_not_move_is_asked_where_something_does_not() -> None:
    made = exercise(one_row(), seed=1, zeros=True)
    [asked] = [each for each in made.key_data()["questions"] if each["kind"] == "still"]
    chosen = [asked["choices"][letter] for letter in asked["right"]]
    assert set(chosen) < {"w1", "w3", "w5"}  # those that multiply the input of 0
    assert asked["several"]
    assert "still" not in [each.kind for each in exercise(one_row(), seed=1).questions]


# Numbers


@pytest.mark.slow
@each_graph
@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_numbers_are_friendly(graph: Callable[[], Value], seed: int) -> None:
    original = graph()
    made = exercise(original, seed=seed)
    table = graph is truth_table
    for old, new in zip(leaves_of(original), leaves_of(made.derivation.loss), strict=True):
        assert new.label == old.label
        digits = f"{abs(new.data):.12g}".replace(".", "").lstrip("0")
        assert len(digits.rstrip("0")) <= 3, new
        target = new.label.startswith("target_")
        assert new.data or target or table, new
        if target and old.data in (0.0, 1.0):
            assert new.data in (0.0, 1.0)
        elif old.label == "m":  # a whole number on its own
            assert new.data.is_integer()
        if old.data:
            assert abs(new.data) <= 3 * max(abs(each.data) for each in leaves_of(original))


@pytest.mark.slow
@each_graph
@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_nothing_is_saturated_or_dead(graph: Callable[[], Value], seed: int) -> None:
    made = exercise(graph(), seed=seed)
    alive: dict[int, bool] = {}
    for v in made.derivation.order:
        if v.op is not None and v.op.name == "sigmoid":
            assert v.data * (1 - v.data) > 0.04
        if v.op is not None and v.op.name == "tanh":
            assert 1 - v.data**2 > 0.1 or graph.__name__ == "unlabelled"
    for unit in made.derivation.neurons:
        alive[unit.depth] = alive.get(unit.depth, False) or unit.out.data != 0.0
    assert all(alive.values())
    slopes = [made.derivation.graph.total.get(p, 0.0) for p in made.derivation.parameters]
    assert any(slopes)
    assert all(slopes) or graph is relus


def leaves_of(loss: Value) -> list[Value]:
    return [v for v in topological_order(loss, constants=False) if v.op is None]


@pytest.mark.slow
def test_one_hot_targets_stay_one_hot_and_truth_tables_stay_true() -> None:
    for seed in range(3):
        made = exercise(truth_table(), seed=seed)
        rows = [v.data for v in leaves_of(made.derivation.loss) if re.match("[it]", v.label)]
        assert sorted(rows) == sorted(v.data for v in leaves_of(truth_table()) if re.match("[it]", v.label))
    assert {exercise(one_row(), seed=k, zeros=True).key_data()["leaves"]["i1"] for k in range(2)} == {0.0}


def test_the_graph_that_was_given_stays_as_it_is() -> None:
    loss = example()
    loss.backward()
    before = [(v, v.data, v.grad, v.label) for v in topological_order(loss)]
    made = exercise(loss, seed=3, lr=0.5)
    assert [(v, v.data, v.grad, v.label) for v in topological_order(loss)] == before
    assert not set(made.derivation.order) & set(topological_order(loss))


def test_friendly_numbers_have_few_digits() -> None:
    assert friendly(1, 5, whole=True) == [1, 2, 3, 4, 5]
    assert all(0.98 <= x <= 1.0 for x in friendly(0.98, 1.0))
    assert friendly(700.0, 1400.0) == [700.0, 800.0, 900.0, 1000.0, 1100.0, 1200.0, 1300.0, 1400.0]


def test_numbers_are_drawn_until_they_can_be_computed_with() -> None:
    x = Value(2.0, "x")
    y = (x - 1.5).log()  # x is drawn anew as 1, 2 or 3
    y.label = "y"
    assert {exercise(y, seed=k).key_data()["leaves"]["x"] for k in range(20)} == {2.0, 3.0}
    z = (1.1 - (x - 2.0) * (x - 2.0) * 1e3).log() + ((x - 2.03) * (x - 2.03) - 1e-4 + Value(0.0, "")).log()
    z.label = "z"
    assert exercise(z).key_data()["leaves"]["x"] == 2.0
    w = Value(2.25, "w")
    only = (1e-6 - (w - 2.25) * (w - 2.25)).sqrt()  # of numbers with two or three digits, at 2.25 alone
    only.label = "only"
    with pytest.raises(ValueError, match=r"^exercise: only cannot be computed with any of the numbers that were drawn"):
        exercise(only)


# What is asked


@pytest.mark.slow
def test_blanks_are_what_was_asked_for() -> None:
    def names(blanks: str | list[str], lr: float | None = 0.5) -> list[str]:
        return [each.step.name for each in exercise(example(), blanks=blanks, lr=lr).asked]

    assert names("forward")[:4] == ["net_h1", "out_h1", "net_h2", "out_h2"]
    assert set(names("deltas")) == {"delta_o1", "delta_o2", "delta_h1", "delta_h2"}
    assert len(names("gradients")) == 10
    assert len(names("update")) == 10
    assert len(names("all")) == 35
    assert len(names("all", None)) == 25
    assert names(["dE_total/dw5", "out_h1", "dout_o1/dnet_o1"]) == ["out_h1", "dout_o1/dnet_o1", "dE_total/dw5"]


def test_what_comes_before_is_given() -> None:
    text = exercise(example(), blanks="gradients", seed=1).text()
    assert re.search(r"delta_h1 +-?0\.\d", text)
    assert re.search(r"out_h2 +0\.\d", text)
    assert not re.search(r"out_h2 +0\.\d", exercise(example(), blanks="forward", seed=1).text())


def test_answers_are_on_no_sheet() -> None:
    made = exercise(example(), blanks="all", lr=0.5, seed=4)
    for written in (made.text(), made.markdown(), made.latex(), made.html(), to_json(made.to_dict())):
        shown = set(re.findall(r"\d\.\d{3,}", re.sub(r"<svg.*?</svg>", "", written, flags=re.DOTALL)))
        assert not shown & {each.text.lstrip("-") for each in made.asked}
    assert made.asked[20].text.lstrip("-") in made.answered.html()
    assert made.asked[20].text.lstrip("-") in made.key.text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"blanks": "forwards"}, r"^exercise: blanks is 'forward', .*; did you mean 'forward'\?$"),
        ({"blanks": ["net_h3"]}, r"^exercise: there is no quantity 'net_h3' to leave blank; did you mean 'net_h2'\?$"),
        ({"blanks": "update"}, r"^exercise: blanks='update' needs a learning rate, as in lr=0.5$"),
        ({"digits": 12}, r"^exercise: digits is a whole number from 2 to 9, not 12$"),
        ({"language": "de"}, r"^exercise: language is one of 'en', 'ja', not 'de'"),
        ({"lr": 0.0}, r"^exercise: lr, the learning rate, is a finite number above 0"),
    ],
)
def test_mistakes_are_answered_in_words(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        exercise(example(), **options)


def test_a_seed_is_a_number_or_a_text() -> None:
    with pytest.raises(TypeError, match=r"^exercise: seed is a whole number or a text, not float 0.5$"):
        exercise(example(), seed=0.5)


# The same everywhere


@pytest.mark.slow
def test_the_same_seed_gives_the_same_sheet_in_every_process(tmp_path: Path) -> None:
    program = (
        "from tests.exercises import *\nfrom tinygrad_bp import exercise\nimport hashlib, json\n"
        "parts = []\n"
        "for graph in ALL:\n"
        "    made = exercise(graph(), seed='x', lr=0.5)\n"
        "    parts += [made.text(), made.latex(), made.markdown(), made.gift(), json.dumps(made.key_data()), made.template()]\n"
        "parts.append(exercise(example()).html())\n"
        "print(hashlib.sha256('\\n'.join(parts).encode()).hexdigest())"
    )
    seen = set()
    for hashes in ("0", "1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": hashes}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        seen.add(done.stdout)
    assert len(seen) == 1


# Sheets


@pytest.mark.slow
def test_thirty_sheets_differ_pairwise_and_are_saved_with_their_keys(tmp_path: Path) -> None:
    made = sheets(example(), 30, seed="week 3", lr=0.5, blanks=["net_h1", "dE_total/dw5", "w5+"])
    assert len({each.text() for each in made}) == len({json.dumps(each.key_data()["answers"]) for each in made}) == 30
    assert [each.sheet for each in made[:2]] == ["sheet-01", "sheet-02"]
    folder = sheets(example(), 3, seed="week 3", lr=0.5, blanks=["net_h1", "dE_total/dw5", "w5+"]).save(
        tmp_path / "week3", "md"
    )
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".md") == [
        f"sheet-0{k}.md" for k in (1, 2, 3)
    ]
    for k in (1, 2, 3):
        key = json.loads((folder / "keys" / f"sheet-0{k}.json").read_text(encoding="utf-8"))
        assert key == json.loads(json.dumps(made[k - 1].key_data()))
        rows = list(csv.reader((folder / "answers" / f"sheet-0{k}.csv").read_text(encoding="utf-8").splitlines()))
        assert rows[0] == ["name", "answer"]
        assert [name for name, _ in rows[1:]] == [each["name"] for each in [*key["answers"], *key["questions"]]]
        assert (folder / "keys" / f"sheet-0{k}.html").is_file()


def test_sheets_are_written_again_but_not_over_answers(tmp_path: Path) -> None:
    made = sheets(physics(), 2, seed=1)
    made.save(tmp_path, "txt")
    made.save(tmp_path, "txt")
    answers = tmp_path / "answers" / "sheet-02.csv"
    answers.write_text("name,answer\nT,12\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(FileExistsError, match=r"sheet-02.csv' has answers in it already"):
        sheets(physics(), 2, seed=2).save(tmp_path, "txt")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_no_more_sheets_than_there_are_different_ones() -> None:
    x = Value(2.0, "a")
    y = x * x
    y.label = "y"
    with pytest.raises(ValueError, match=r"^sheets: no more than 3 different sheets were found for 'y'$"):
        sheets(y, 9)


# Formats and languages


@pytest.mark.slow
@each_graph
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_graph_is_an_exercise_in_every_format(graph: Callable[[], Value], language: str, tmp_path: Path) -> None:
    made = exercise(graph(), lr=0.5, language=language)
    for suffix in ("html", "md", "tex", "json", "txt", "xml", "gift"):
        assert made.save(tmp_path / f"a.{suffix}").stat().st_size > 500
        if suffix not in ("xml", "gift"):
            assert made.save(tmp_path / f"b.{suffix}", key=True).stat().st_size > 500
    assert made.key.text()
    assert ("Name" in made.text()) == (language == "en")
    assert ("有効数字" in made.text()) == (language == "ja")


@pytest.mark.slow
@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html"])
def test_hostile_labels_are_text_on_sheets(format: str) -> None:
    made = exercise(hostile(), blanks="all", lr=0.5)
    written = getattr(made, format)()
    assert getattr(made.answered, format)()
    if format == "html":
        tags = Tags()
        tags.feed(written)
        assert "script" not in {name for name, _ in tags.found}
        assert not [name for _, attributes in tags.found for name in attributes if name.startswith("on")]
    if format == "text":
        assert all(line.replace("\u200d", "").isprintable() for line in written.splitlines())


def test_tables_to_fill_in_and_long_ones_go_on_on_the_next_page_and_no_others() -> None:
    tables = exercise(example(), lr=0.5).html().split('<div class="tg-table')[1:]
    kept = [table.startswith(" tg-kept") for table in tables]
    short = [table.split("</table>")[0].count('<tr role="row"') <= 6 for table in tables]
    assert kept == ["tg-blank" not in table and few for table, few in zip(tables, short, strict=True)]
    assert sum("tg-blank" in table for table in tables) == 4
    assert True in kept


class Tags(HTMLParser):
    """The names of all tags, and those of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


@pytest.mark.latex
@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
def test_sheets_and_their_answers_are_set_by_latex(language: str, tmp_path: Path) -> None:
    made = exercise(one_row(), lr=0.5, language=language, seed=3)
    assert made.save(tmp_path / "a.pdf", key=True).read_bytes().startswith(b"%PDF-")
