"""How equations, tables and sentences are set, for the terminal and in Markdown, where formulas are LaTeX."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import columns, latex_name, latex_number, number
from tinygrad_bp.explanation.typesetting import escaped, spelled, whole
from tinygrad_bp.text import MOST_NAMES
from tinygrad_bp.words import words

MOST = 24  # steps, factors, summands or stations that are written out; of more, those at both ends

HELD = "\x00"  # a space at which no line is broken; no name holds one

Row = Sequence[Sequence[str]]  # one side of an equation: a sum of products
Item = TypeVar("Item")
T = TypeVar("T")


class TextSetting:
    """Sets for a terminal. `str()` is the page. What is said on it, `write` says, which a page has."""

    latex = False
    times = " * "

    def __init__(self, names: Mapping[Value, str], digits: int, width: int, language: str) -> None:
        self.names, self.digits, self.width = names, digits, width
        self.say = words(language)
        self.lines: list[str] = []
        self.write()

    @said
    def __str__(self) -> str:
        return "\n".join(self.lines).rstrip("\n")

    def write(self) -> None:
        raise NotImplementedError

    def shown(self, items: Sequence[Item], write: Callable[[Item], T], more: Callable[[str], T]) -> list[T]:
        """All items written, or of too many those at both ends with a remark between them."""
        if len(items) <= MOST:
            return [write(item) for item in items]
        remark = self.remark(self.say("explain.more", count=len(items) - MOST))
        return [*map(write, items[: MOST // 2]), more(remark), *map(write, items[-MOST // 2 :])]

    def remark(self, text: str) -> str:
        return text

    def inline(self, text: str) -> str:
        return text

    def spelled(self, name: str) -> str:
        return name

    def name(self, node: Value) -> str:
        return self.spelled(self.names[node])

    def number(self, x: float, digits: int | None = None) -> str:
        return number(x, self.digits if digits is None else digits)

    def delta(self, name: str) -> str:
        return name

    def sum(self, row: Row) -> list[list[str]]:
        """Each summand's factors with the signs that join them: negative numbers in parentheses or subtracted."""
        signed = []
        for i, product in enumerate(row):
            first, *others = product
            if i and first.startswith("-"):
                first = f"- {first[1:]}" if not others else f"+ ({first})"
            elif i:
                first = f"+ {first}"
            signed.append(
                [
                    first,
                    *[
                        f"{self.times.lstrip()}({x})" if x.startswith("-") else f"{self.times.lstrip()}{x}"
                        for x in others
                    ],
                ]
            )
        return signed

    def equation(self, left: str, rows: Sequence[Row], indent: int = 0) -> None:
        margin = " " * (indent if left else 3)
        rows = [row for row in rows if row != [[left]]]
        if columns(left) > self.width // 2 - 4:
            self.lines.append(margin + left)
            left = " " * 2
        for i, row in enumerate(rows):
            sign = " = " if left else "= " if i else "  "
            self.fill(margin + (" " * columns(left) if i else left) + sign, self.sum(row))
        self.lines.append("")

    def fill(self, start: str, summands: Sequence[Sequence[str]]) -> None:
        """One line if it fits; else each summand, and of a summand what does not fit, on a new line."""
        line = start + " ".join(piece for summand in summands for piece in summand)
        if columns(line) <= self.width:
            self.lines.append(line)
            return
        margin = " " * columns(start)
        for summand in summands:
            line = start
            for i, piece in enumerate(summand):
                if i and columns(line) + 1 + columns(piece) > self.width:
                    self.lines += formula_lines(line, margin + "  ", self.width)
                    line = margin + "  " + piece
                else:
                    line += f" {piece}" if i else piece
            self.lines += formula_lines(line, margin + "  ", self.width)
            start = margin

    def table(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Symbols, numbers aligned at the point, formulas. Numbers or formulas may be empty."""
        symbols = max(columns(symbol) for symbol, _, _ in rows)
        before = max(text.find(".") if "." in text else len(text) for _, text, _ in rows)
        numbers = [" " * (before - (text.find(".") if "." in text else len(text))) + text for _, text, _ in rows]
        width = max(map(len, numbers))
        for (symbol, _, formula), text in zip(rows, numbers, strict=True):
            line = f"  {symbol}{' ' * (symbols - columns(symbol))}" + (f"  {text:<{width}} " if width else "")
            if columns(line) + columns(formula) + 3 <= self.width:
                self.lines.append(line.rstrip() if not formula else f"{line} = {formula}")
            else:
                self.lines.append(line.rstrip())
                self.lines += formula_lines(f"    = {formula}", " " * 6, self.width)
        self.lines.append("")

    def sentence(self, text: str) -> None:
        self.heading(text)
        self.lines.append("")

    def heading(self, text: str) -> None:
        """What stands over what follows."""
        self.lines += wrapped(text, self.width)

    def changed(self, names: Sequence[str]) -> None:
        """Says of which leaves the data was changed after it was used."""
        some = [self.spelled(name) for name in names[:MOST_NAMES]]
        listed = self.say("say.comma").join([*some, *(["…"] if len(names) > MOST_NAMES else [])])
        self.sentence(self.say("explain.changed", names=listed, count=len(names)))


# Words, and single East Asian letters with the signs after them that begin no line.
_PIECES = re.compile(
    r"[^\s\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]+\s*|\s+|.[、。，．：）」』ーっゃゅょッャュョ]*\s*", re.DOTALL
)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines no wider than so many columns: broken at blanks, and beside East Asian letters, which have none."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1] and columns(lines[-1]) + columns(piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


_OPERATOR = re.compile(r"[-+*/=←⊙…] ")


def formula_lines(line: str, margin: str, width: int) -> list[str]:
    """A formula in lines, where it is too long for one: broken before operators, those in parentheses only if it does not fit otherwise.

    `margin` begins the lines after the first.
    """
    if columns(line) <= width:
        return [line]
    first = line[: len(line) - len(line.lstrip())]
    lines: list[str] = []
    for depth in (0, 1, 2, 3, len(line)):
        lines = textwrap.wrap(
            held_together(line[len(first) :], depth),
            width,
            initial_indent=first,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
        if max(map(columns, lines)) <= width:
            break
    return [text.replace(HELD, " ") for text in lines]


def held_together(text: str, depth: int) -> str:
    """The text with each space made unbreakable that is deeper in parentheses than this, around a power, or not before an operator."""
    pieces = []
    deep = 0
    for place, c in enumerate(text):
        deep += (c in "([") - (c in ")]")
        before = deep <= depth and _OPERATOR.match(text, place + 1)
        pieces.append(HELD if c == " " and not before else c)
    return "".join(pieces)


class MarkdownSetting(TextSetting):
    """Sets in Markdown, with formulas in LaTeX."""

    latex = True
    times = r" \cdot "

    def spelled(self, name: str) -> str:
        return self.inline(latex_name(name))

    def remark(self, text: str) -> str:
        return rf"\text{{{text}}}"

    def inline(self, text: str) -> str:
        return f"${text}$"

    def number(self, x: float, digits: int | None = None) -> str:
        return latex_number(super().number(x, digits))

    def delta(self, name: str) -> str:
        return latex_name(name).replace(r"\mathrm{delta}", r"\delta", 1)

    def equation(self, left: str, rows: Sequence[Row], indent: int = 0) -> None:
        lines = []
        for i, row in enumerate(row for row in rows if row != [[left]]):
            pieces = [piece for summand in self.sum(row) for piece in summand]
            parts = [" ".join(pieces[k : k + 6]) for k in range(0, len(pieces), 6)]
            lines.append(f"{left if not i else ''} &{'= ' if left or i else ''}{parts[0]}".lstrip())
            lines += [rf"&\quad {part}" for part in parts[1:]]
        self.display(lines)

    def table(self, rows: Sequence[tuple[str, str, str]]) -> None:
        lines = []
        for symbol, text, formula in rows:
            cells = [
                symbol.strip("$"),
                f"&= {text}" if text else "",
                f"{'&&' if text else '&'}= {formula}" if formula else "",
            ]
            lines.append(" ".join(filter(None, cells)))
        self.display(lines)

    def display(self, lines: Sequence[str]) -> None:
        self.lines += ["$$", r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}", "$$", ""]

    def sentence(self, text: str) -> None:
        self.lines += [text, ""]

    def heading(self, text: str) -> None:
        self.lines += [f"**{text}**", ""]


_DOLLARS = re.compile(r"(?<!\\)\$")


class LatexSetting(MarkdownSetting):
    """Sets as a whole LaTeX document."""

    def __init__(self, names: Mapping[Value, str], digits: int, width: int, language: str) -> None:
        self.language = language
        super().__init__(names, digits, width, language)

    @said
    def __str__(self) -> str:
        return whole("\n".join(self.lines).strip("\n"), self.language)

    def remark(self, text: str) -> str:
        return rf"\text{{{escaped(text)}}}"

    def display(self, lines: Sequence[str]) -> None:
        self.lines += [r"\joined", r"\begin{align*}", " \\\\\n".join(map(spelled, lines)), r"\end{align*}", ""]

    def sentence(self, text: str) -> None:
        self.lines += [self.words(text), ""]

    def heading(self, text: str) -> None:
        self.lines += [rf"\roomfor{{5\baselineskip}}\textbf{{{self.words(text)}}}", ""]

    def words(self, text: str) -> str:
        """Running text, in which formulas stand between dollar signs."""
        parts = enumerate(_DOLLARS.split(text))
        return "".join(f"${spelled(part)}$" if k % 2 else escaped(part) for k, part in parts)
