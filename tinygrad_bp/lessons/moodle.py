"""Exercises as questions of a Moodle: its XML, and GIFT, its format of plain text.

Both begin with a question that only tells what is given. After it stands a numerical question for each blank, which takes what is as far
off as the tolerance allows, and one of choices for each question of understanding. Names and numbers are text in the HTML of a question: no
filter of the Moodle is needed for formulas.

A Moodle draws random questions from a category, each draw by itself. So the sheets of a class, in one file, are put into categories of
variants: one has each sheet as a whole, a question with all its blanks ("cloze", in XML only), and there is one for each quantity, with
that quantity of all sheets.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tinygrad_bp.lessons.asking import KEPT
from tinygrad_bp.lessons.blocks import Block, Equation, Paragraph, Picture
from tinygrad_bp.lessons.questions import Question
from tinygrad_bp.lessons.writers.pieces import clean, plain
from tinygrad_bp.words import Words

LONGEST_NAME = 200  # letters of a name; a Moodle has room for 255
_SHARES = {1: "100", 2: "50", 3: "33.33333", 4: "25"}  # of points, spelled as Moodle knows them

Number = tuple[int, str, float, float, Sequence[Block]]


@dataclass(frozen=True)
class Problem:
    """What an exercise asks, in the pieces that the formats put together.

    Attributes:
        title, sheet: what the exercise and its sheet are called; a sheet that is alone has no name.
        given: the numbers that are given, `w5 = 0.4`.
        formulas: how the quantities are computed.
        rules: what the rules are of, and what they say.
        pictures: those of the sheet.
        numbers: of each blank its number, its name, the right value, the tolerance, and how it is found.
        quantities: the names of all that could be a blank, in the order of sheets.
        questions: those with choices, and their numbers.
        digits: how many digits that count are asked for.
        say: the texts of the language.
    """

    title: str
    sheet: str
    given: Sequence[str]
    formulas: Sequence[str]
    rules: Sequence[tuple[str, str]]
    pictures: Sequence[Picture]
    numbers: Sequence[Number]
    quantities: Sequence[str]
    questions: Sequence[tuple[int, Question]]
    digits: int
    say: Words

    def setting(self) -> str:
        """What is given, as HTML."""
        say = self.say
        lines = "<br>".join(map(_escaped, self.formulas))
        given = ", ".join(map(_escaped, self.given)).replace(" = ", "\u00a0=\u00a0")
        rules = "<br>".join(f"{_escaped(of)}: {_escaped(how)}" for of, how in self.rules)
        told = f"<p>{_escaped(say('exercise.rules'))}</p><p>{rules}</p>" if rules else ""
        formulas = f"<p>{_escaped(say('exercise.formulas'))}</p><p>{lines}</p>"
        return f"<p>{_escaped(say('exercise.part.given'))}: {given}</p>{formulas}{told}"

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

    @property
    def opening(self) -> str:
        """The name of the question that only tells what is given."""
        return self.name(0, self.say("exercise.part.given"))

    @property
    def category(self) -> list[str]:
        """The path of the category of this problem alone."""
        return [self.title, self.sheet] if self.sheet else [self.title]


def _variants(problems: Sequence[Problem]) -> Iterator[tuple[str, list[tuple[Problem, Number | tuple[int, Question]]]]]:
    """The name of each category of a class, and its questions, each with the problem that it is of: first quantities, then questions."""
    there = {name for problem in problems for _, name, *_ in problem.numbers}
    names = [name for name in problems[0].quantities if name in there]
    kinds = list(dict.fromkeys(each.kind for problem in problems for _, each in problem.questions))
    places = max(2, len(str(len(names) + len(kinds))))
    for place, name in enumerate(names, 1):
        numbers = [(problem, each) for problem in problems for each in problem.numbers if each[1] == name]
        yield f"{place:0{places}} {name}", list(numbers)
    for place, kind in enumerate(kinds, 1 + len(names)):
        asked = [(problem, each) for problem in problems for each in problem.questions if each[1].kind == kind]
        yield f"{place:0{places}} {problems[0].say(f'exercise.moodle.kind.{kind}')}", list(asked)


# XML


def moodle(problem: Problem) -> str:
    """The problem as Moodle XML. Raises what drawing raises."""
    parts = [_in_category(problem.category), _description(problem)]
    parts += [_numerical(problem, *each) for each in problem.numbers]
    parts += [_choices(problem, number, question) for number, question in problem.questions]
    return _quiz(parts)


def moodle_of_class(problems: Sequence[Problem]) -> str:
    """The sheets of a class as Moodle XML: a category of whole sheets, and one for each quantity. Raises what drawing raises."""
    first = problems[0]
    parts = [_in_category([first.title, f"00 {first.say('exercise.moodle.sheets')}"]), *map(_whole, problems)]
    for name, questions in _variants(problems):
        parts.append(_in_category([first.title, name]))
        for problem, each in questions:
            parts.append(_numerical(problem, *each) if len(each) == 5 else _choices(problem, *each))
    return _quiz(parts)


def _quiz(parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n{body}\n</quiz>\n'


def _in_category(path: Sequence[str]) -> str:
    return f'<question type="category">{_element("category", _text(_category(path)))}</question>'


def _description(problem: Problem) -> str:
    pictures, files = _pictures(problem)
    text = f"<h4>{_escaped(problem.title)}</h4>{pictures}{problem.setting()}"
    return _question("description", problem.opening, text, "", "", files, grade=0)


def _pictures(problem: Problem) -> tuple[str, str]:
    """The pictures in a text, and their files beside it."""
    pictures, files = "", ""
    for k, picture in enumerate(problem.pictures, 1):
        name = f"network-{k}.svg"
        content = base64.b64encode(picture.drawing.render("svg")).decode()
        pictures += f'<p><img src="@@PLUGINFILE@@/{name}" alt="{_escaped(picture.drawing.title)}"></p>'
        files += f'<file name="{name}" path="/" encoding="base64">{content}</file>'
    return pictures, files


def _whole(problem: Problem) -> str:
    """A sheet as one question, with its blanks in its text."""
    say = problem.say
    task = say("exercise.moodle.sheet", digits=problem.digits, more=problem.digits + KEPT)
    pictures, files = _pictures(problem)
    text = _braceless(f"<h4>{_escaped(problem.title)}</h4>{pictures}<p>{_escaped(task)}</p>{problem.setting()}")
    reasons = ""
    for number, name, value, tolerance, why in problem.numbers:
        text += (
            f"<p>{number}. <strong>{_braceless(_escaped(name))}</strong> = "
            f"{{1:NUMERICAL:={_number(value)}:{_number(tolerance)}}}</p>"
        )
        reasons += f"<p>{number}.</p>{_reasons(why)}"
    for number, question in problem.questions:
        more = f" {_escaped(say('exercise.several'))}" if question.several else ""
        choices = "~".join(
            ("=" if k in question.right else "") + _alternative(plain(choice))
            for k, choice in enumerate(question.choices)
        )
        kind = "MULTIRESPONSE" if question.several else "MULTICHOICE_V"
        text += f"<p>{number}. {_braceless(_escaped(plain(question.text)))}{more}</p><p>{{1:{kind}:{choices}}}</p>"
        reasons += f"<p>{number}.</p>{_reasons(question.why)}"
    return (
        f'<question type="cloze">{_element("name", _text(_name(f"{problem.sheet} {problem.title}") or problem.opening))}\n'
        f'<questiontext format="html">{_text(text)}{files}</questiontext>\n'
        f'<generalfeedback format="html">{_text(reasons)}</generalfeedback>'
        "<penalty>0.3333333</penalty><hidden>0</hidden></question>"
    )


def _braceless(html: str) -> str:
    """HTML in which no brace begins a blank."""
    return html.replace("{", "&#123;").replace("}", "&#125;")


def _alternative(text: str) -> str:
    """A choice within a blank, of which no sign ends it: its entities are read once when it is imported, and once when it is shown."""
    return re.sub(r"[&<>\"'{}~#=%\\]", lambda sign: f"&#{ord(sign[0])};", _escaped(text))


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


def _category(path: Sequence[str]) -> str:
    """The path to a category: in its names a slash would begin another one, unless it is doubled."""
    names = [_name(each).replace("/", "//") or "tinygrad_bp" for each in path]
    return "/".join(
        ["$course$", "top", *(f"{' ' * name.startswith('/')}{name}{' ' * name.endswith('/')}" for name in names)]
    )


# GIFT


def gift(problem: Problem) -> str:
    """The problem as GIFT: questions apart by empty lines, each in one line but for its answers."""
    parts = [
        _category_in_gift(problem.category),
        f"::{_gift(problem.opening)}::[html]{_gift(f'<h4>{_escaped(problem.title)}</h4>{problem.setting()}')}",
    ]
    parts += [_number_in_gift(problem, *each) for each in problem.numbers]
    parts += [_choices_in_gift(problem, *each) for each in problem.questions]
    return "\n\n".join(parts) + "\n"


def gift_of_class(problems: Sequence[Problem]) -> str:
    """The sheets of a class as GIFT: a category for each quantity."""
    parts = []
    for name, questions in _variants(problems):
        parts.append(_category_in_gift([problems[0].title, name]))
        for problem, each in questions:
            parts.append(_number_in_gift(problem, *each) if len(each) == 5 else _choices_in_gift(problem, *each))
    return "\n\n".join(parts) + "\n"


def _category_in_gift(path: Sequence[str]) -> str:
    name = _category(path).replace("\\", "\\\\")  # its other signs are read as they are
    return f"$CATEGORY: {name}"


def _number_in_gift(
    problem: Problem, number: int, name: str, value: float, tolerance: float, why: Sequence[Block]
) -> str:
    answer = f"#{_number(value)}:{_number(tolerance)}"
    text = _gift(problem.asking(name))
    return f"::{_gift(problem.name(number, name))}::[html]{text}{{{answer}\n####{_gift(_reasons(why))}\n}}"


def _choices_in_gift(problem: Problem, number: int, question: Question) -> str:
    lines = ""
    for choice, share in zip(question.choices, _shares(question), strict=True):
        sign = "~" if share == "0" else f"~%{share}%" if question.several else "="
        lines += f"\n{sign}[html]{_gift(_escaped(plain(choice)))}"
    text = _gift(problem.choosing(question))
    return f"::{_gift(problem.name(number))}::[html]{text}{{{lines}\n####{_gift(_reasons(question.why))}\n}}"


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
