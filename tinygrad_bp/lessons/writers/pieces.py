"""What all writers do with blocks before they put them down: text made harmless, long formulas taken apart, pictures given names."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from tinygrad_bp.explanation.names import columns
from tinygrad_bp.lessons.blocks import (
    Blank,
    Block,
    Equation,
    Folded,
    Formula,
    Heading,
    Picture,
    Piece,
    Strong,
    Table,
    Text,
    Title,
)
from tinygrad_bp.text import printable

SIDE_BY_SIDE = (
    64  # columns that a chain of equations may have as plain text to stand in one line where lines have no columns
)
_LONG = 26  # columns of a term that is taken apart further
_NUMBER = re.compile(r"[-+−–]?(?:\d[\d,. ]*(?:(?:e|\s*[·×*]\s*10\^?)[-+]?\d+)?\s?%?|inf|nan|)")


def clean(text: str) -> str:
    """The text on one line, with what cannot be printed or would turn the writing direction as an escape."""
    return printable(text, keep="\u200d")


def pieces(text: Text) -> list[Piece]:
    """The pieces of a text, which may be one."""
    return [text] if isinstance(text, str | Formula | Strong | Blank) else list(text)


def joined(
    text: Text,
    words: Callable[[str], str],
    formula: Callable[[Formula], str],
    strong: Callable[[str], str],
    blank: Callable[[Blank], str] = lambda blank: blank.text,
) -> str:
    """The pieces of a text, each put down as its kind is; the words made printable first."""
    written = []
    for piece in pieces(text):
        if isinstance(piece, Formula):
            written.append(formula(piece))
        elif isinstance(piece, Strong):
            written.append(strong(words(clean(piece.text))))
        elif isinstance(piece, Blank):
            written.append(blank(piece))
        else:
            written.append(words(clean(piece)))
    return "".join(written)


def plain(text: Text) -> str:
    """A text as plain text on one line."""
    return joined(text, str, lambda formula: clean(formula.text), str)


def title_of(blocks: Iterable[Block]) -> str:
    """The title of the blocks as plain text; empty if they have none."""
    return next((plain(block.text) for block in blocks if isinstance(block, Title)), "")


def unfolded(blocks: Iterable[Block], level: int = 1) -> list[Block]:
    """The blocks as they stand on paper: what is folded follows at the end, a part of its own under its heading."""
    first: list[Block] = []
    last: list[Block] = []
    for block in blocks:
        if isinstance(block, Folded):
            last += [Heading(block.heading, level), *unfolded(block.blocks, level + 1)]
        else:
            first.append(block)
    return first + last


# Equations and tables


def side_by_side(equation: Equation) -> bool:
    """Whether the rows of a chain of equations are short enough to stand in one line."""
    rows = [term.text for row in equation.rows for term in row]
    return columns(equation.left.text) + sum(columns(text) + 3 for text in rows) <= SIDE_BY_SIDE


def parts(term: Formula) -> list[str]:
    """The LaTeX of a term, of a long one in parts that may stand one below the other: between them it is broken before an operator."""
    return broken(term.latex) if columns(term.text) > _LONG else [term.latex]


def broken(latex: str) -> list[str]:
    r"""LaTeX taken apart before each of its operators that is in no braces, no environment and between no `\left` and `\right`.

    >>> broken(r"a_{1 + 2} \cdot b + \left(c + d\right)")
    ['a_{1 + 2}', '\\cdot b', '+ \\left(c + d\\right)']
    """
    found: list[str] = [""]
    depth = 0
    for token in re.findall(r"\\(?:[A-Za-z]+|.)|\s+|.", latex, flags=re.DOTALL):
        depth += token in ("{", "(", "[", r"\left", r"\begin")
        depth -= token in ("}", ")", "]", r"\right", r"\end")
        if depth <= 0 and found[-1].strip() and token in (r"\cdot", "+", "-", "=", r"\times", r"\odot", r"\leftarrow"):
            found.append("")
        found[-1] += token
    # An operator that stands alone, as a sign before a parenthesis or after another operator, stays with what it belongs to.
    whole: list[str] = []
    for part in map(str.strip, found):
        if whole and re.fullmatch(r"\\[a-z]+|[-+=]", whole[-1]):
            whole[-1] += f" {part}"
        else:
            whole.append(part)
    return whole


def width(latex: str) -> float:
    r"""About how wide a formula is when it is set, in letters: a fraction is as wide as the wider of its parts, and indices are small.

    >>> width(r"\frac{a + b + c}{d}") < width("a + b + c + d")
    True
    """
    tokens = re.findall(r"\\(?:[A-Za-z]+|.)|\s+|.", latex, flags=re.DOTALL)
    return _width(tokens, 0, len(tokens))


def _width(tokens: Sequence[str], place: int, end: int) -> float:
    total, small = 0.0, False
    while place < end:
        token = tokens[place]
        place += 1
        if token in ("_", "^"):
            small = True
            continue
        if token == r"\frac":
            first = _closing(tokens, place, end)
            second = _closing(tokens, first, end)
            found = max(_width(tokens, place, first), _width(tokens, first, second)) + 0.5
            place = second
        elif token == r"\begin":  # of a matrix, as wide as its widest row
            closing = _end_of_environment(tokens, place, end)
            rows = [0.0]
            for k in range(_closing(tokens, place, end), closing):
                rows = [*rows, 0.0] if tokens[k] == r"\\" else [*rows[:-1], rows[-1] + _width(tokens, k, k + 1)]
            found, place = max(rows) + 2.0, closing
        elif token == "{":
            closing = _closing(tokens, place - 1, end)
            found = _width(tokens, place, closing - 1)
            place = closing
        elif token in ("+", "-", "=", r"\cdot", r"\times", r"\odot", r"\leftarrow"):
            found = 2.4
        else:
            found = _LETTERS.get(token, 0.0 if token.isspace() else columns(token) if token[0] != "\\" else 1.0)
        total += 0.75 * found if small else found
        small = False
    return total


_LETTERS = dict.fromkeys(
    [r"\left", r"\right", r"\mathrm", r"\text", r"\mathsf", r"\mathbf", r"\begin", r"\end", "}"], 0.0
)


def _end_of_environment(tokens: Sequence[str], place: int, end: int) -> int:
    """The place of the command that ends the environment which begins here."""
    return next((k for k in range(place, end) if tokens[k] == r"\end"), end)


def _closing(tokens: Sequence[str], place: int, end: int) -> int:
    """The place after the group that begins here, or after the one token that stands for one."""
    depth = 0
    while place < end:
        depth += (tokens[place] == "{") - (tokens[place] == "}")
        place += 1
        if depth <= 0 and not tokens[place - 1].isspace():
            break
    return place


def fitted(row: Sequence[Formula], room: float, spell: Callable[[str], str]) -> list[str]:
    """The LaTeX of a sum in lines: broken before its terms, and within a term only if that is too long for a line."""
    lines: list[str] = []
    used = 0.0
    for term in row:
        for latex in [term.latex] if width(term.latex) <= room else broken(term.latex):
            size = width(latex)
            if lines and used + size <= room:
                lines[-1] += f" {spell(latex)}"
                used += size
            else:
                lines.append(spell(latex))
                used = size
    return lines or [""]


def number_columns(table: Table) -> list[bool]:
    """Of each column whether it holds numbers, which stand to the right."""
    cells = [[plain(cell) for cell in row] for row in table.rows]
    return [
        any(row[k] for row in cells if k < len(row))
        and all(_NUMBER.fullmatch(row[k].strip()) is not None for row in cells if k < len(row))
        for k in range(len(table.head))
    ]


# Pictures


def pictures(blocks: Iterable[Block]) -> Iterator[Picture]:
    """All pictures, those in what is folded too."""
    for block in blocks:
        if isinstance(block, Picture):
            yield block
        elif isinstance(block, Folded):
            yield from pictures(block.blocks)


def file_names(blocks: Sequence[Block], stem: str = "") -> dict[int, str]:
    """For each picture, by its `id`, the name of a file without a suffix: plain letters, and no two the same.

    `stem` is the name of the file that the pictures belong to, which theirs begin with.
    """
    names: dict[int, str] = {}
    for picture in pictures(blocks):
        name = first = "-".join(filter(None, [_plain_name(stem), _plain_name(picture.name) or "picture"]))
        count = 1
        while name in names.values():
            count += 1
            name = f"{first}-{count}"
        names.setdefault(id(picture), name)
    return names


def _plain_name(name: str) -> str:
    short = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60]
    # What letters were left out of is told apart from what they were left out of as well.
    if len(short) < len(name) and not re.fullmatch(r"[A-Za-z0-9 ._-]{1,60}", name):
        short = f"{short}-{zlib.crc32(name.encode('utf-8', 'surrogatepass')):08x}".strip("-") if name else ""
    return short
