"""Exercises for a Moodle: its XML and GIFT are read by parsers that take what a Moodle takes, and nothing else.

`tests.moodle_importer` is written after the formats' documentation and after Moodle's own importers.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.exercises import ALL, example, hostile, one_row, physics, relus
from tests.labels import HOSTILE
from tests.moodle_importer import Checked, Imported, categories, read_gift, read_xml
from tinygrad_bp import Value, exercise
from tinygrad_bp.lessons.moodle import cdata

each_graph = pytest.mark.parametrize("graph", [*ALL, hostile], ids=lambda graph: graph.__name__)
# What they hold


@pytest.mark.slow
@each_graph
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_moodle_reads_what_the_key_says(graph: Callable[[], Value], language: str) -> None:
    made = exercise(graph(), lr=0.5, seed=2, language=language, questions=5)
    for read in (read_xml(made.moodle()), read_gift(made.gift())):
        assert_says_what_the_key_says(read, made.key_data())


def assert_says_what_the_key_says(read: Sequence[Imported], key: Mapping[str, Any]) -> None:
    first, *questions = read
    assert first.kind == "description"
    assert len(questions) == len(key["answers"]) + len(key["questions"])
    for question, right in zip(questions, key["answers"], strict=False):
        assert question.kind == "numerical"
        [(number, share, tolerance)] = question.answers
        assert float(number) == right["value"]
        assert (share, tolerance) == (100.0, right["tolerance"])
        assert math.isfinite(float(number))
        assert tolerance > 0.0
    for question, right in zip(questions[len(key["answers"]) :], key["questions"], strict=True):
        assert question.kind == "multichoice"
        assert [html.unescape(words) for words, _, _ in question.answers] == list(right["choices"].values())
        letters = [
            letter for letter, (_, share, _) in zip(right["choices"], question.answers, strict=True) if share > 0
        ]
        assert "".join(letters) == right["right"]
        assert question.single is not right["several"]
        assert sum(share for _, share, _ in question.answers if share > 0) == pytest.approx(100, abs=0.001)
    for question in [first, *questions]:
        assert 0 < len(question.name) <= 255
        assert Checked(question.text).words
        Checked(question.feedback)
    names = [question.name for question in [first, *questions]]
    assert names == sorted(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("form", ["moodle", "gift"])
def test_each_question_can_be_answered_by_itself(form: str) -> None:
    made = exercise(example(), lr=0.5, blanks="gradients", seed=5)
    questions = read_xml(made.moodle()) if form == "moodle" else read_gift(made.gift())
    leaves = made.key_data()["leaves"]
    for question in questions:
        words = Checked(question.text).words.replace("\u00a0", " ")
        assert all(f"{name} = {number:g}" in words for name, number in leaves.items())
        assert "net_h1 = w1 * i1 + w2 * i2 + b1" in words
        assert "eta = 0.5" in words


def test_of_several_right_choices_each_gives_its_share_and_wrong_ones_cost() -> None:
    made = exercise(one_row(), seed=1, zeros=True)
    for questions in (read_xml(made.moodle()), read_gift(made.gift())):
        [still] = [each for each in questions if not each.single]
        assert sorted(share for _, share, _ in still.answers)[-2:] == [50.0, 50.0]
        assert sum(share for _, share, _ in still.answers if share < 0) == pytest.approx(-100, abs=0.001)


def test_hostile_labels_are_text_in_a_moodle() -> None:
    made = exercise(hostile(), lr=0.5)
    for questions in (read_xml(made.moodle()), read_gift(made.gift())):
        words = Checked(questions[0].text).words
        for label in ("<script>pwned=1</script>", "]]>", "{name}", "^~^", "#x", "a->b", "\\\\", "=1+1", "&lt;b&gt;"):
            assert label in HOSTILE
            assert label in words


@pytest.mark.slow
def test_hostile_titles_are_names_of_categories() -> None:
    for label in HOSTILE:
        made = exercise(physics(), title=label)
        assert read_xml(made.moodle())
        assert read_gift(made.gift())
        [line] = [line for line in made.gift().splitlines() if line.startswith("$CATEGORY")]
        assert line.isprintable() or "\u200d" in line


def test_cdata_holds_any_text() -> None:
    for label in [*HOSTILE, "]]>", "]]]]>>", "]]", "a]]>b]]>c"]:
        if all(c.isprintable() for c in label):
            assert (ElementTree.fromstring(f"<x>{cdata(label)}</x>").text or "") == label


SIGNS = [
    "&&058;", "&&092;", "[plain]x", "[html]", "%50%y", "a<b", "<b>", "####", "a -> b", "T", "=x", "~x", "x}", "{x", "#1", "//x", "::x::",
    "$CATEGORY: x", "]]>", "@@PLUGINFILE@@/x", "\\n", "\\:", "/x", "x/", "x/y", "x" * 300,
]  # fmt: skip


def of_labels(labels: list[str]) -> Value:
    """A sum of products whose factors are called so."""
    total = Value(0.3, "start") * 1.5
    for k, label in enumerate(labels):
        total = total + Value(0.1 + 0.07 * k, label) * (0.4 + 0.3 * k)
    total.label = labels[0] + "_sum"
    return total


@pytest.mark.parametrize("label", SIGNS, ids=lambda label: label[:12])
def test_signs_of_the_formats_in_labels_are_letters_of_names(label: str) -> None:
    loss = of_labels([label, "w2", "w3", "w4"])
    for seed in range(3):  # so that the label is among the choices of one of them
        made = exercise(loss, lr=0.5, seed=seed, title=label)
        key = made.key_data()
        for questions in (read_xml(made.moodle()), read_gift(made.gift())):
            assert len(questions) == 1 + len(key["answers"]) + len(key["questions"])
            assert len({question.name for question in questions}) == len(questions)
            for question, right in zip(questions[1 + len(key["answers"]) :], key["questions"], strict=True):
                choices = [html.unescape(words) for words, _, _ in question.answers]
                assert choices == list(right["choices"].values())
                assert right["text"] in Checked(question.text).words


def test_a_category_has_the_title_for_its_name() -> None:
    for title, name in (
        ("a/b", "a/b"),
        ("/a", "/a"),
        ("a/", "a/"),
        ("a//b", "a//b"),
        ("x <y", "x ‹y"),
        ("50% & more", "50% & more"),
    ):
        made = exercise(example(), title=title, blanks="deltas")
        path = ElementTree.fromstring(made.moodle()).findtext("question/category/text") or ""
        assert categories(path) == ["$course$", "top", name]
        [line] = [line for line in made.gift().splitlines() if line.startswith("$CATEGORY: ")]
        assert categories(line[11:]) == ["$course$", "top", name]


def test_names_are_in_order_also_beyond_a_hundred() -> None:
    made = exercise(relus(), lr=0.5, most=500)
    names = [question.name for question in read_xml(made.moodle())]
    assert len(names) > 120
    assert names == sorted(names)


def test_the_picture_is_a_file_of_the_first_question() -> None:
    first, *others = ElementTree.fromstring(exercise(example()).moodle()).findall("question")[1:]
    [file] = first.findall("questiontext/file")
    assert (file.get("name"), file.get("path"), file.get("encoding")) == ("network-1.svg", "/", "base64")
    assert not [each for other in others for each in other.iter("file")]
    assert 'src="@@PLUGINFILE@@/network-1.svg"' in (first.findtext("questiontext/text") or "")


def test_a_moodle_takes_the_rounded_answer_and_no_other() -> None:
    made = exercise(example(), lr=0.5, seed=4)
    for questions in (read_xml(made.moodle()), read_gift(made.gift())):
        for question, asked in zip(questions[1:], made.asked, strict=False):
            [(number, _, tolerance)] = question.answers
            unit = 2 * tolerance
            assert abs(float(asked.text) - float(number)) <= tolerance * (1 + 1e-9)
            assert abs(float(asked.text) + 1.1 * unit - float(number)) > tolerance
