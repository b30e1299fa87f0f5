"""What a Moodle makes of a file of questions: its importers of Moodle XML and of GIFT, step by step, stricter where they let things pass.

Both are written after the formats' documentation, docs.moodle.org/en/Moodle_XML_format and docs.moodle.org/en/GIFT_format, and after what
question/format.php, question/format/xml/format.php and question/format/gift/format.php of Moodle do.
"""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree

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
    category: list[str] = field(default_factory=list)
    parts: list[Imported] = field(default_factory=list)  # of a cloze its blanks


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


def categories(path: str) -> list[str]:
    """The names of the categories in a path: single slashes part them."""
    names = [tagless(name.replace("//", "/").strip()) for name in re.split(r"(?<!/)/(?!/)", path)]
    assert all(names)
    return names


def inside(path: str) -> list[str]:
    """The names of the categories inside the topmost one of the course."""
    first, top, *names = categories(path)
    assert (first, top) == ("$course$", "top")
    assert names
    return names


def tagless(text: str) -> str:
    """A name without its tags, as it is cleaned: a sign that is smaller takes the rest with it."""
    return re.sub(r"<[^>]*>?", "", text).strip()


def named(text: str) -> str:
    """The name of a question, which has room for 255 letters."""
    name = tagless(text)
    assert 0 < len(name) <= 255
    assert name == text.strip()  # nothing of it is lost
    return name


# Moodle XML


def read_xml(source: str) -> list[Imported]:
    """What is in a file of Moodle XML. Every element is one that the format has at its place."""
    assert source.startswith('<?xml version="1.0"')  # on the very first line
    root = ElementTree.fromstring(source.encode("utf-8"))
    assert root.tag == "quiz"
    assert root[0].attrib == {"type": "category"}
    path: list[str] = []
    found = []
    for question in root:
        if question.get("type") == "category":
            path = inside(question.findtext("category/text") or "")
        else:
            item = _read(question)
            item.category = path
            found.append(item)
    return found


COMMON = ["name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden"]
MORE = {
    "description": [],
    "numerical": ["answer", "unitgradingtype", "unitpenalty", "showunits", "unitsleft"],
    "multichoice": ["single", "shuffleanswers", "answernumbering", "showstandardinstruction",
                    "correctfeedback", "partiallycorrectfeedback", "incorrectfeedback", "answer"],
}  # fmt: skip


def _read(question: ElementTree.Element) -> Imported:
    kind = question.get("type") or ""
    if kind == "cloze":
        return _cloze(question)
    assert list(dict.fromkeys(child.tag for child in question)) == [*COMMON, *MORE[kind]]
    text = question.findtext("questiontext/text") or ""
    feedback = question.findtext("generalfeedback/text") or ""
    for each in (question.find("questiontext"), question.find("generalfeedback")):
        assert each is not None
        assert each.get("format") == "html"
    found = Imported(kind, named(question.findtext("name/text") or ""), text, feedback)
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


# Blanks in a text

SHARE = r"(?:=|%(-?[0-9]+(?:[.,][0-9]*)?)%)?"
ALTERNATIVE = rf"{SHARE}.+?(?<!\\|&)(?=[~#}}]|$)(?:#.*?(?<!\\)(?=[~}}]|$))?"
BLANK = re.compile(
    r"\{([0-9]*):(NUMERICAL|MULTICHOICE_V|MULTIRESPONSE|MULTICHOICE|SHORTANSWER|NM|MC|SA):"
    rf"({ALTERNATIVE}(?:~{ALTERNATIVE})*)\}}",
    re.DOTALL,
)


def _cloze(question: ElementTree.Element) -> Imported:
    """A text with blanks: its brace begins one that ends at the next brace that is not masked."""
    assert [child.tag for child in question] == ["name", "questiontext", "generalfeedback", "penalty", "hidden"]
    text = question.findtext("questiontext/text") or ""
    item = Imported("cloze", named(question.findtext("name/text") or ""), text)
    item.feedback = question.findtext("generalfeedback/text") or ""
    files = {file.get("name") for file in question.findall("questiontext/file")}
    assert set(re.findall(r'src="@@PLUGINFILE@@/([\w.-]+)"', text)) == files
    while match := BLANK.search(item.text):
        item.parts.append(_blank(*match.groups()[1:3]))
        item.text = item.text.replace(match[0], f"[[{len(item.parts)}]]", 1)
    assert item.parts
    assert not set("{}") & set(item.text)  # else it would be shown, or taken for a blank
    return item


def _blank(kind: str, alternatives: str) -> Imported:
    part = Imported(kind, "", "", single=kind != "MULTIRESPONSE")
    for match in re.finditer(rf"~?({ALTERNATIVE})", alternatives, re.DOTALL):
        share = 100.0 if match[1].startswith("=") else 0.0
        words = match[1].removeprefix("=")
        assert not words.startswith("%")
        tolerance = 0.0
        if kind == "NUMERICAL":
            number, _, off = words.partition(":")
            for each in (number, off):
                assert re.fullmatch(r"-?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][-+]?[0-9]+)?", each)
            words, tolerance = number, float(off)
        else:
            words = html.unescape(words)  # as it is imported; what is left is HTML
            assert Checked(words).words
        part.answers.append((words, share, tolerance))
    assert part.answers
    assert kind == "NUMERICAL" or len(part.answers) > 1
    assert any(share for _, share, _ in part.answers)
    return part


# GIFT


def read_gift(source: str) -> list[Imported]:
    """What is in a file of GIFT: questions apart by empty lines, escaped signs put aside first."""
    found: list[Imported] = []
    lines: list[str] = []
    path: list[str] = []
    for line in [*source.split("\n"), ""]:
        stripped = line.strip(" \t\n\r\0\x0b")
        if stripped not in ("", "0"):  # what is empty in PHP
            assert not stripped.startswith("//")  # a remark
            lines.append(stripped)
        elif lines:
            item = _question("\n".join(lines))
            if isinstance(item, Imported):
                item.category = path
                found.append(item)
            else:
                path = item
            lines = []
    return found


def _question(text: str) -> Imported | list[str]:
    """A question, or the category of those that follow."""
    text = _aside(text)
    if text.startswith("$CATEGORY:"):
        return inside(text[10:].strip())
    assert text.startswith("::")
    name, separator, text = text[2:].partition("::")
    assert separator
    text = text.strip()
    item = Imported("description", named(_back(name)), "")
    if "{" in text or "}" in text:
        assert text.count("{") == text.count("}") == 1
        assert text.endswith("}")  # else a line for a missing word would stand in the question
        text, _, rest = text[:-1].partition("{")
        answers, _, feedback = rest.strip().rpartition("####")
        item.feedback = _formatted(feedback, "html")[0]
        if answers.startswith("#"):
            item.kind = "numerical"
            _number(item, answers[1:].strip())
        else:
            item.kind = "multichoice"
            _choices(item, answers.strip())
    item.text, form = _formatted(text.strip(), "moodle")
    assert form == "html"
    return item


def _number(item: Imported, answers: str) -> None:
    assert not set("~=#%") & set(answers)
    assert ".." not in answers
    number, separator, tolerance = answers.partition(":")
    assert separator
    assert re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", number)
    item.answers.append((number, 100.0, float(tolerance)))


def _choices(item: Imported, answers: str) -> None:
    assert "~" in answers  # else it would be a question of another type
    item.single = "=" in answers
    for each in filter(None, map(str.strip, answers.replace("=", "~=").split("~"))):
        share = 0.0
        words = each
        if each.startswith("="):
            share, words = 100.0, each[1:]
        elif re.match(r"%-*([0-9]{1,2})\.?([0-9]*)%", each):
            weight, _, words = each[1:].partition("%")
            share = float(weight)
        assert abs(share) in GRADES
        assert "#" not in words
        words, form = _formatted(words.strip(), "html")
        assert form == "html"
        item.answers.append((words, share, 0.0))
    assert len(item.answers) > 1


SIGNS = {":": "&&058;", "#": "&&035;", "=": "&&061;", "{": "&&123;", "}": "&&125;", "~": "&&126;", "n": "&&010"}


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


def _formatted(text: str, form: str) -> tuple[str, str]:
    """The text without the form that it begins with, if that is one, and the form."""
    if text.startswith("[") and (said := re.match(r"\[(moodle|html|plain|markdown)\]", text)):
        form, text = said[1], text[said.end() :]
    return _back(text).strip(), form
