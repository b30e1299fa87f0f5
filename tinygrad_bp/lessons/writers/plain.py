"""Blocks as plain text, for a terminal of 80 columns or of 40."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tinygrad_bp.explanation.names import columns
from tinygrad_bp.explanation.setting import HELD, formula_lines, held_together
from tinygrad_bp.lessons.blocks import (
    Aside,
    Block,
    Code,
    Equation,
    Folded,
    Formula,
    Heading,
    Items,
    Legend,
    Paragraph,
    Picture,
    Table,
    Text,
    Title,
)
from tinygrad_bp.lessons.writers.pieces import clean, joined, number_columns, plain, unfolded
from tinygrad_bp.lessons.writers.programs import fitted_lines
from tinygrad_bp.text import whole_number
from tinygrad_bp.words import words

_NOT_FIRST = "、。，．）」』】〉》〕］｝・：；！？ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ…,.;:!?)]}%"  # of a line
_NOT_LAST = "（「『【〈《〔［｛([{"


def text(blocks: Iterable[Block], width: int = 80, language: str = "en") -> str:
    """The blocks as plain text in lines of at most `width` columns, an empty line between them. What is folded stands at the end.

    East Asian letters take two columns. A table that is too wide becomes a list; a program keeps
    its lines, but those of Python are broken where they may be.

    Raises TypeError for a width that is no whole number, ValueError for one below 20, and for a language that there is none of.
    """
    width = whole_number(width, "text: width", 20)
    say = words(language)
    written = [
        "\n".join(_lines(block, width, f"{say('document.picture')}{say('say.colon')}")) for block in unfolded(blocks)
    ]
    return "\n\n".join(filter(str.strip, written)) + "\n" if any(written) else ""


def _lines(block: Block, width: int, picture: str) -> Iterator[str]:
    match block:
        case Title(words):
            lines = filled(_running(words), width)
            yield from lines
            yield "═" * max(map(columns, lines))
        case Heading(words, 1):
            lines = filled(_running(words), width - 4)
            yield f"── {lines[0]} ".ljust(width - columns(lines[0]) + len(lines[0]), "─")
            yield from (f"   {line}" for line in lines[1:])
        case Heading(words, level):
            lines = filled(_running(words), width)
            yield from lines
            yield ("─" if level == 2 else "╌") * max(map(columns, lines))
        case Paragraph(words) | Legend(words) | Aside(words):
            yield from filled(_running(words), width)
        case Equation():
            yield from _equation(block, width)
        case Table():
            yield from _table(block, width)
        case Picture(drawing, _, caption):
            yield from filled(f"[{picture}{clean(drawing.title) or plain(caption)}]", width)
            if drawing.title and plain(caption):
                yield from filled(_running(caption), width)
        case Code(program, language):
            yield from (f"    {clean(line)}".rstrip() for line in fitted_lines(program, width - 4, language))
        case Items(items, numbered):
            for place, item in enumerate(items, 1):
                sign = f"{place}. " if numbered else "- "
                yield from _hanging(sign, filled(_running(item), width - len(sign)))
        case Folded():
            raise AssertionError  # is unfolded before


def _running(words: Text) -> str:
    """A text in which lines break between words, and not within formulas, unless these are long."""
    return joined(words, str, _held, str)


def _held(formula: Formula) -> str:
    text = clean(formula.text)
    return text.replace(" ", HELD) if columns(text) <= 30 else held_together(text, len(text))


def _hanging(sign: str, lines: Sequence[str]) -> Iterator[str]:
    yield sign + lines[0]
    yield from (" " * columns(sign) + line for line in lines[1:])


# Lines


def filled(words: str, width: int) -> list[str]:
    """The lines of a text, each of at most `width` columns: broken at spaces and between East Asian letters, elsewhere where it must."""
    lines, line = [], ""
    for unit in _units(words):
        if columns(line) + columns(unit.rstrip()) > width and line:
            lines.append(line.rstrip())
            line = ""
            unit = unit.lstrip()
        while columns(unit.rstrip()) > width:
            place = _fitting(unit, width)
            lines.append(unit[:place])
            unit = unit[place:]
        line += unit
    lines.append(line.rstrip())
    return [line.replace(HELD, " ") for line in lines]


def _units(words: str) -> list[str]:
    """What no line is broken in: words with the spaces after them, and East Asian letters with the marks around them."""
    units: list[str] = []
    for unit in re.findall(r"[^\s\u2e80-\U0003ffff]+\s*|[\u2e80-\U0003ffff]\s*", words.strip(" ")):
        if units and (unit[0] in _NOT_FIRST or units[-1][-1] in _NOT_LAST) and not units[-1][-1].isspace():
            units[-1] += unit
        else:
            units.append(unit)
    return units


def _fitting(unit: str, width: int) -> int:
    """How many of the letters fit, at least one."""
    used = 0
    for place, letter in enumerate(unit):
        used += columns(letter)
        if used > width and place:
            return place
    return len(unit)


# Equations


def _equation(equation: Equation, width: int) -> Iterator[str]:
    left = clean(equation.left.text)
    rows = [[clean(term.text) for term in row] for row in equation.rows]
    line = " = ".join([*([left] if left else []), *(" ".join(row) for row in rows)])
    if columns(line) <= width:
        yield line
        return
    longest = max((columns(word) for row in rows for term in row for word in term.split()), default=0)
    if columns(left) > min(width // 2 - 4, width - longest - 7):  # no number is broken
        yield from filled(left, width)
        left = " "
    margin = " " * columns(left)
    for place, row in enumerate(rows):
        sign = " = " if left else "= " if place else "  "
        yield from _row((margin if place else left) + sign, row, width)


def _row(start: str, terms: Sequence[str], width: int) -> Iterator[str]:
    """A sum, broken before its terms, and within a term only if that is too long for a line."""
    line, margin = start, " " * (columns(start) + 2)
    filling = False  # whether a term stands in the line
    for term in terms:
        if filling and columns(line) + 1 + columns(term) > width:
            yield line
            line, filling = margin, False
        if not filling and columns(line) + columns(term) > width:
            first, *others = _term(term, max(width - columns(margin) - 2, 8))
            for other in others:
                yield line + first
                line, first = f"{margin}  ", other
            line, filling = line + first, True
            continue
        line += f" {term}" if filling else term
        filling = True
    yield line.rstrip()


def _term(term: str, width: int) -> list[str]:
    """A term in lines: broken before operators, and elsewhere only where it must be."""
    return [part for line in formula_lines(term, "", width) for part in filled(line, width)]


# Tables


def _table(table: Table, width: int) -> Iterator[str]:
    if table.caption:
        yield from filled(_running(table.caption), width)
    numbers = number_columns(table)
    head = [plain(cell) for cell in table.head]
    rows = [[plain(cell) for cell in row] for row in table.rows]
    widths = [max(map(columns, column)) for column in zip(head, *rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) + 2 > width:
        yield from _listed(head, rows, width)
        return

    def line(cells: Sequence[str]) -> str:
        padded = [
            " " * (size - columns(cell)) + cell if right else cell + " " * (size - columns(cell))
            for cell, size, right in zip(cells, widths, numbers, strict=True)
        ]
        return f"  {'  '.join(padded)}".rstrip()

    if any(head):
        yield line(head)
        yield "  " + "  ".join("─" * size for size in widths)
    yield from map(line, rows)


def _listed(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Each row under what stands in its first column, a cell behind the name of its column."""
    longest = max(map(columns, head[1:]), default=0)
    for first, *others in rows:
        yield from _hanging("  ", filled(first, width - 2))
        for name, cell in zip(head[1:], others, strict=True):
            if not cell:
                continue
            sign = f"    {name}{' ' * (longest - columns(name))}  "
            if columns(sign) > width // 2:
                yield from _hanging("    ", filled(name, width - 4))
                sign = "      "
            yield from _hanging(sign, filled(cell, width - columns(sign)))
