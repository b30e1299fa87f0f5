"""Exercises as questions of a Moodle: its XML, and GIFT, its format of plain text.

Both begin with a question that only tells what is given. After it stands a numerical question for each blank, which takes what is as far
off as the tolerance allows, and one of choices for each question of understanding. Names and numbers are text in the HTML of a question: no
filter of the Moodle is needed for formulas.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinygrad_bp.lessons.blocks import Block, Equation, Paragraph, Picture
from tinygrad_bp.lessons.questions import Question
from tinygrad_bp.lessons.writers.pieces import clean, plain
from tinygrad_bp.words import Words

LONGEST_NAME = 200  # letters of a name; a Moodle has room for 255
_SHARES = {1: "100", 2: "50", 3: "33.33333", 4: "25"}  # of points, spelled as Moodle knows them


@dataclass(frozen=True)
class Problem:
    """What an exercise asks, in the pieces that the formats put together.

    Attributes:
        title, sheet: what the exercise and its sheet are called.
        given: the numbers that are given, `w5 = 0.4`.
        formulas: how the quantities are computed.
        pictures: those of the sheet.
        numbers: of each blank its number, its name, the right value, the tolerance, and how it is found.
        questions: those with choices, and their numbers.
        digits: how many digits that count are asked for.
        say: the texts of the language.
    """

    title: str
    sheet: str
    given: Sequence[str]
    formulas: Sequence[str]
    pictures: Sequence[Picture]
    numbers: Sequence[tuple[int, str, float, float, Sequence[Block]]]
    questions: Sequence[tuple[int, Question]]
    digits: int
    say: Words

    def setting(self) -> str:
        """What is given, as HTML."""
        say = self.say
        lines = "<br>".join(map(_escaped, self.formulas))
        given = ", ".join(map(_escaped, self.given)).replace(" = ", "\u00a0=\u00a0")
        return f"<p>{_escaped(say('exercise.part.given'))}: {given}</p><p>{_escaped(say('exercise.formulas'))}</p><p>{lines}</p>"

    def asking(self, name: str) -> str:
        """What is asked of a blank, as HTML."""
        words = self.say("exercise.moodle.number", name="\0", digits=self.digits).split("\0")
        return f"<p>{_escaped(words[0])}<strong>{_escaped(name)}</strong>{_escaped(''.join(words[1:]))}</p>{self.setting()}"

    def choosing(self, question: Question) -> str:
        """A question with choices, as HTML."""
        more = f" {_escaped(self.say('exercise.several'))}" if question.several else ""
        return f"<p><strong>{_escaped(plain(question.text))}</strong>{more}</p>{self.setting()}"

    def name(self, number: int, what: str = "") -> str:
        """The name of a question in the bank: such that their order is that of the sheet, and no two are the same."""
        places = max(2, len(str(len(self.numbers) + len(self.questions))))
        return _name(f"{self.sheet} {number:0{places}} {what}")


# XML


def moodle(problem: Problem) -> str:
    """The problem as Moodle XML. Raises what drawing raises."""
    category = _element("category", _text(f"$course$/top/{_category(problem.title)}"))
    parts = [f'<question type="category">{category}</question>', _description(problem)]
    parts += [_numerical(problem, *each) for each in problem.numbers]
    parts += [_choices(problem, number, question) for number, question in problem.questions]
    body = "\n".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n{body}\n</quiz>\n'


def _description(problem: Problem) -> str:
    pictures, files = "", ""
    for k, picture in enumerate(problem.pictures, 1):
        name = f"network-{k}.svg"
        content = base64.b64encode(picture.drawing.render("svg")).decode()
        pictures += f'<p><img src="@@PLUGINFILE@@/{name}" alt="{_escaped(picture.drawing.title)}"></p>'
        files += f'<file name="{name}" path="/" encoding="base64">{content}</file>'
    text = f"<h4>{_escaped(problem.title)}</h4>{pictures}{problem.setting()}"
    return _question("description", problem.name(0), text, "", "", files, grade=0)


def _numerical(problem: Problem, number: int, name: str, value: float, tolerance: float, why: Sequence[Block]) -> str:
    answer = (
        f'<answer fraction="100" format="moodle_auto_format">{_text(_number(value))}<feedback format="html">{_text("")}</feedback>'
        f"<tolerance>{_number(tolerance)}</tolerance></answer>"
        "<unitgradingtype>0</unitgradingtype><unitpenalty>0.1000000</unitpenalty><showunits>3</showunits><unitsleft>0</unitsleft>"
    )
    return _question("numerical", problem.name(number, name), problem.asking(name), _reasons(why), answer)


def _choices(problem: Problem, number: int, question: Question) -> str:
    single = "false" if question.several else "true"
    rest = (
        f"<single>{single}</single><shuffleanswers>false</shuffleanswers><answernumbering>abc</answernumbering>"
        "<showstandardinstruction>0</showstandardinstruction>"
    )
    for kind in ("correct", "partiallycorrect", "incorrect"):
        rest += f'<{kind}feedback format="html">{_text("")}</{kind}feedback>'
    for choice, share in zip(question.choices, _shares(question), strict=True):
        text = _text(_escaped(plain(choice)))
        rest += (
            f'<answer fraction="{share}" format="html">{text}<feedback format="html">{_text("")}</feedback></answer>'
        )
    return _question("multichoice", problem.name(number), problem.choosing(question), _reasons(question.why), rest)


def _question(kind: str, name: str, text: str, feedback: str, rest: str, files: str = "", grade: int = 1) -> str:
    return (
        f'<question type="{kind}">{_element("name", _text(name))}\n<questiontext format="html">{_text(text)}{files}</questiontext>\n'
        f'<generalfeedback format="html">{_text(feedback)}</generalfeedback>'
        f"<defaultgrade>{grade}.0000000</defaultgrade><penalty>0.3333333</penalty><hidden>0</hidden>\n{rest}</question>"
    )


def _element(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>"


def _text(text: str) -> str:
    return f"<text>{cdata(text)}</text>"


def cdata(text: str) -> str:
    """Any text that an XML file may hold as one that no parser takes for markup."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _name(text: str) -> str:
    """A text as a name that a Moodle keeps as it is: it takes tags out of names, cuts long ones, and reads &&058; as a colon in GIFT."""
    return clean(text).replace("<", "‹").replace(">", "›").replace("&&", "& &").strip()[:LONGEST_NAME]


def _category(title: str) -> str:
    """The title as the name of a category: in that a slash would begin another one inside it, unless it is doubled."""
    name = _name(title).replace("/", "//")
    return f"{' ' * name.startswith('/')}{name}" or "tinygrad_bp"


# GIFT


def gift(problem: Problem) -> str:
    """The problem as GIFT: questions apart by empty lines, each in one line but for its answers."""
    category = _category(problem.title).replace("\\", "\\\\")  # its other signs are read as they are
    parts = [
        f"$CATEGORY: $course$/top/{category}",
        f"::{_gift(problem.name(0))}::[html]{_gift(f'<h4>{_escaped(problem.title)}</h4>{problem.setting()}')}",
    ]
    for number, name, value, tolerance, why in problem.numbers:
        answer = f"#{_number(value)}:{_number(tolerance)}"
        text = _gift(problem.asking(name))
        parts.append(f"::{_gift(problem.name(number, name))}::[html]{text}{{{answer}\n####{_gift(_reasons(why))}\n}}")
    for number, question in problem.questions:
        lines = ""
        for choice, share in zip(question.choices, _shares(question), strict=True):
            sign = "~" if share == "0" else f"~%{share}%" if question.several else "="
            lines += f"\n{sign}[html]{_gift(_escaped(plain(choice)))}"
        text = _gift(problem.choosing(question))
        reasons = _gift(_reasons(question.why))
        parts.append(f"::{_gift(problem.name(number))}::[html]{text}{{{lines}\n####{reasons}\n}}")
    return "\n\n".join(parts) + "\n"


def _gift(text: str) -> str:
    """Text in which no sign is one of GIFT's own."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text)


# Both


def _shares(question: Question) -> list[str]:
    """What each choice gives, in percent: the right ones the whole together, and of several a wrong one takes as much as one gives."""
    share = _SHARES[len(question.right)]
    wrong = f"-{_SHARES[len(question.choices) - len(question.right)]}" if question.several else "0"
    return [share if k in question.right else wrong for k in range(len(question.choices))]


def _number(x: float) -> str:
    return f"{x:.12g}"


def _escaped(text: str) -> str:
    return html.escape(clean(text))


def _reasons(blocks: Iterable[Block]) -> str:
    """The way to an answer, as HTML of text alone."""
    lines = []
    for block in blocks:
        if isinstance(block, Equation):
            rows = [block.left.text, *(" ".join(term.text for term in row) for row in block.rows)]
            lines.append("<br>= ".join(map(_escaped, rows)))
        elif isinstance(block, Paragraph):
            lines.append(_escaped(plain(block.text)))
    return "".join(f"<p>{line}</p>" for line in lines)
