"""Exercises for a Moodle: its XML and GIFT are read by parsers that take what a Moodle takes, and nothing else.

Both are written from the formats' documentation, docs.moodle.org/en/Moodle_XML_format and docs.moodle.org/en/GIFT_format, and from what
Moodle's importers do step by step.
"""

from __future__ import annotations

import base64
import html
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tests.exercises import ALL, example, hostile, one_row, relus
from tests.labels import HOSTILE
from tinygrad_bp import Value, exercise
from tinygrad_bp.lessons.moodle import cdata

each_graph = pytest.mark.parametrize("graph", [*ALL, hostile], ids=lambda graph: graph.__name__)
GRADES = (
    100,
    90,
    83.33333,
    80,
    75,
    70,
    66.66667,
    60,
    50,
    40,
    33.33333,
    30,
    25,
    20,
    16.66667,
    14.28571,
    12.5,
    11.11111,
    10,
    5,
    0,
)
TAGS = {"p", "strong", "br", "h4", "img"}


@dataclass
class Imported:
    """A question as a Moodle has it after an import."""

    kind: str
    name: str
    text: str
    feedback: str = ""
    answers: list[tuple[str, float, float]] = field(default_factory=list)  # text, share, tolerance
    single: bool = True


class Checked(HTMLParser):
    """HTML that has the tags of ours only, each closed, and no attributes but those of a picture."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        assert [name for name, _ in attrs] == (["src", "alt"] if tag == "img" else [])
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


# Moodle XML


def read_xml(source: str) -> list[Imported]:
    """What is in a file of Moodle XML. Every element is one that the format has at its place."""
    assert source.startswith('<?xml version="1.0"')  # on the very first line
    root = ElementTree.fromstring(source.encode("utf-8"))
    assert root.tag == "quiz"
    first, *others = list(root)
    assert first.attrib == {"type": "category"}
    assert (first.findtext("category/text") or "").startswith("$course$/")
    return [_read(question) for question in others]


COMMON = ["name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden"]
MORE = {
    "description": [],
    "numerical": ["answer", "unitgradingtype", "unitpenalty", "showunits", "unitsleft"],
    "multichoice": ["single", "shuffleanswers", "answernumbering", "showstandardinstruction",
                    "correctfeedback", "partiallycorrectfeedback", "incorrectfeedback", "answer"],
}  # fmt: skip


def _read(question: ElementTree.Element) -> Imported:
    kind = question.get("type") or ""
    assert list(dict.fromkeys(child.tag for child in question)) == [*COMMON, *MORE[kind]]
    text = question.findtext("questiontext/text") or ""
    feedback = question.findtext("generalfeedback/text") or ""
    for each in (question.find("questiontext"), question.find("generalfeedback")):
        assert each is not None
        assert each.get("format") == "html"
    found = Imported(kind, question.findtext("name/text") or "", text, feedback)
    files = {file.get("name"): file for file in question.findall("questiontext/file")}
    assert set(re.findall(r'src="@@PLUGINFILE@@/([\w.-]+)"', text)) == set(files)
    for file in files.values():
        assert file.get("encoding") == "base64"
        ElementTree.fromstring(base64.b64decode(file.text or "", validate=True))
    for answer in question.findall("answer"):
        tags = ["text", "feedback", "tolerance"] if kind == "numerical" else ["text", "feedback"]
        assert [child.tag for child in answer] == tags
        share = float(answer.get("fraction") or "")
        assert abs(share) in GRADES  # another one is an error of the import
        words = answer.findtext("text") or ""
        assert words
        found.answers.append((words, share, float(answer.findtext("tolerance") or "0")))
    if kind == "multichoice":
        assert question.findtext("single") in ("true", "false")
        assert question.findtext("answernumbering") in ("abc", "ABCD", "123", "none")
        found.single = question.findtext("single") == "true"
    return found


# GIFT


def read_gift(source: str) -> list[Imported]:
    """What is in a file of GIFT, read in the steps of the importer: questions apart by empty lines, escaped signs aside first."""
    found = []
    for block in re.split(r"\n\s*\n", source.strip()):
        lines = [" " if line.strip().startswith("//") else line for line in block.split("\n")]
        text = _aside("\n".join(lines).strip())
        if text.startswith("$CATEGORY:"):
            continue
        assert text.startswith("::")
        name, separator, text = text[2:].partition("::")
        assert separator
        assert text.count("{") == text.count("}") <= 1
        question, brace, rest = text.strip().partition("{")
        answers, _, tail = rest.partition("}")
        assert not tail.strip()  # else a line for a missing word would stand in the question
        answers, _, feedback = answers.strip().partition("####")
        words, form = _formatted(question)
        assert form == "html"
        item = Imported("", _back(name), words, _back(feedback).strip())
        if not brace:
            item.kind = "description"
        elif answers.startswith("#"):
            item.kind = "numerical"
            [(number, tolerance)] = re.findall(r"^#([^:=~#]+):([^:=~#]+)$", answers.strip())
            item.answers.append((number, 100.0, float(tolerance)))
        else:
            item.kind = "multichoice"
            _choices(item, answers)
        found.append(item)
    return found


def _choices(item: Imported, answers: str) -> None:
    assert "~" in answers  # else it would be a question of another type
    item.single = "=" in answers
    for each in filter(None, map(str.strip, answers.replace("=", "~=").split("~"))):
        share = 0.0
        words = each
        if each.startswith("="):
            share, words = 100.0, each[1:]
        elif weight := re.match(r"%(-*[0-9]{1,2}\.?[0-9]*)%", each):
            share, words = float(weight[1]), each[weight.end() :]
        assert "#" not in words
        item.answers.append((_back(words).strip(), share, 0.0))


SIGNS = {":": "&&058;", "#": "&&035;", "=": "&&061;", "{": "&&123;", "}": "&&125;", "~": "&&126;", "n": "&&010;"}


def _aside(text: str) -> str:
    text = text.replace("\\\\", "&&092;")
    for sign, place in SIGNS.items():
        text = text.replace(f"\\{sign}", place)
    assert "\\" not in text  # a backslash before anything else is none of GIFT's
    return text.replace("&&092;", "\\")


def _back(text: str) -> str:
    for sign, place in SIGNS.items():
        text = text.replace(place, "\n" if sign == "n" else sign)
    return text


def _formatted(text: str) -> tuple[str, str]:
    form, _, words = text.strip()[1:].partition("]")
    return _back(words).strip(), form


# What they hold


@each_graph
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("form", ["moodle", "gift"])
def test_a_moodle_reads_what_the_key_says(graph: Callable[[], Value], language: str, form: str) -> None:
    made = exercise(graph(), lr=0.5, seed=2, language=language, questions=5)
    first, *questions = read_xml(made.moodle()) if form == "moodle" else read_gift(made.gift())
    key = made.key_data()
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


def test_hostile_titles_are_names_of_categories() -> None:
    for label in HOSTILE:
        made = exercise(relus(), title=label, blanks="deltas")
        assert read_xml(made.moodle())
        assert read_gift(made.gift())
        [line] = [line for line in made.gift().splitlines() if line.startswith("$CATEGORY")]
        assert line.isprintable() or "\u200d" in line


def test_cdata_holds_any_text() -> None:
    for label in [*HOSTILE, "]]>", "]]]]>>", "]]", "a]]>b]]>c"]:
        if all(c.isprintable() for c in label):
            assert (ElementTree.fromstring(f"<x>{cdata(label)}</x>").text or "") == label
