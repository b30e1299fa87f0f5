"""Blocks as one HTML file: formulas as MathML, pictures as SVG in the page, no scripts, nothing loaded. It prints on A4."""

from __future__ import annotations

import base64
import hashlib
import html as markup
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from tinygrad_bp.explanation.names import columns
from tinygrad_bp.lessons.blocks import (
    Aside,
    Blank,
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
from tinygrad_bp.lessons.writers.mathml import mathml
from tinygrad_bp.lessons.writers.pieces import (
    broken,
    clean,
    joined,
    number_columns,
    parts,
    pieces,
    plain,
    side_by_side,
    title_of,
    width,
)
from tinygrad_bp.words import words

NAME = 32  # letters of a name that is kept in one line
NARROW = 20  # letters that have room on a narrow screen
DENSE = ((72, " tg-dense"), (85, " tg-denser"), (112, " tg-densest"))  # letters and spaces of a row
LONGEST = 6  # rows of a table that stays on one page; a longer one goes on on the next with three rows at least
HALF = 44  # letters and spaces of a row that has room on half the width of a sheet of paper


def html(blocks: Sequence[Block], language: str = "en", title: str = "") -> str:
    """The blocks as a page: light or dark as the reader's system is, wide or narrow, on paper with all that is folded open.

    Args:
        title: of the window; without one, the title among the blocks.

    Asides, which are for terminals, are left out. Raises ValueError for a language that there is none of, and what drawing raises.
    """
    words(language)  # which says so if there is none
    style, body = _style(), _all(blocks)
    # Of pictures, too, since those of a curve have a style of their own: of no text, in which each < is escaped.
    styles = dict.fromkeys([style, *re.findall("<style>(.*?)</style>", body, re.DOTALL)])
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in styles]
    policy = "; ".join(
        [
            "default-src 'none'",
            " ".join(["style-src", *hashes]),
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_escaped(clean(title or title_of(blocks) or 'tinygrad_bp'))}</title>\n<style>{style}</style>\n</head>\n"
        f'<body class="tg-page">\n<main class="tg" lang="{language}">\n{body}\n</main>\n</body>\n</html>\n'
    )


@cache
def _style() -> str:
    return (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def _escaped(text: str) -> str:
    return markup.escape(text)


def _all(blocks: Iterable[Block]) -> str:
    return "\n".join(line for block in blocks for line in _lines(block))


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Title(text):
            yield f"<h1>{inline(text)}</h1>"
        case Heading(text, level):
            name = f"h{min(1 + level, 6)}"
            yield f"<{name}>{inline(text)}</{name}>"
        case Paragraph(text):
            yield f"<p>{inline(text)}</p>"
        case Legend(text):
            yield f'<p class="tg-legend">{inline(text)}</p>'
        case Equation():
            yield _equation(block)
        case Table():
            yield from _table(block)
        case Picture():
            yield from _picture(block)
        case Code(program, language):
            lines = "\n".join(clean(line) for line in program.strip("\n").expandtabs(4).split("\n"))
            named = f' class="language-{_escaped(re.sub(r"[^A-Za-z0-9+-]", "", language))}"' if language else ""
            # On paper a page ends between two parts, which an empty line parts.
            kept = re.sub(r"(?s).+?(?:\n\n+|$)", r'<span class="tg-kept">\g<0></span>', _escaped(lines))
            yield f'<pre tabindex="0"><code{named}>{kept}</code></pre>'
        case Items(items, numbered) if items:
            name = "ol" if numbered else "ul"
            yield f"<{name}>" + "".join(f"<li>{inline(item)}</li>" for item in items) + f"</{name}>"
        case Folded(heading, inner):
            yield f"<details><summary>{inline(heading)}</summary>\n{_all(inner)}\n</details>"
        case Aside() | Items():
            return


def inline(text: Text) -> str:
    """A text in a line."""
    return joined(text, _words, _formula, lambda words: f"<strong>{words}</strong>", _blank)


def unbroken(text: str) -> str:
    """The text with hyphens between numbers, as in a 2-2-2 network, at which no line is broken."""
    return re.sub(r"(?<=\d)-(?=\d)", "\u2011", text)


def _words(words: str) -> str:
    """Words in which no option of a command, --train-biases, is broken: it can be copied as it is."""
    parts = re.split(r"(?<!\S)(--[a-z][a-z-]{0,30})(?![\w-])", words)
    whole = (
        f'<span class="tg-whole">{part}</span>' if k % 2 else _escaped(unbroken(part)) for k, part in enumerate(parts)
    )
    return "".join(whole)


def _blank(blank: Blank) -> str:
    """A line to write on, with room above it. Where nothing is styled its letters are the line."""
    size = "short" if blank.width < 9 else "middle" if blank.width < 25 else "long"
    return f'<span class="tg-blank tg-{size}" role="img" aria-label="{blank.text}">{blank.text}</span>'


def _formula(formula: Formula) -> str:
    """A formula in a line, where none is broken: one that may be wider than a narrow screen scrolls."""
    written = mathml(formula)
    return f'<span class="tg-long" tabindex="0">{written}</span>' if written and width(formula.latex) > 22 else written


def _equation(equation: Equation) -> str:
    """The left side once, beside it the rows. Each part of a term is a formula of its own: between them a line can be broken."""
    left = mathml(equation.left, display=True)
    rows = []
    for place, row in enumerate(equation.rows):
        sign = "=" if left or place else ""
        rows.append("".join(_term(term, "" if number else sign) for number, term in enumerate(row)))
    inside = "".join(rows) if side_by_side(equation) else "</div>\n<div>".join(rows)
    before = f'<div class="tg-left">{left}</div>' if left else ""
    # One that may be too wide for a narrow screen scrolls, by keys too.
    terms = [part for row in equation.rows for term in row for part in parts(term)]
    wide = width(equation.left.latex) + max(map(width, terms), default=0.0) > NARROW
    focus = ' tabindex="0"' if wide else ""
    return f'<div class="tg-equation"{focus}>{before}<div class="tg-rows"><div>{inside}</div></div></div>'


def _term(term: Formula, sign: str) -> str:
    """A term in its parts: a line is broken before it, and in it only where it is too long for one."""
    split = parts(term)
    texts = [term.text] if len(split) == 1 else split
    formulas = [
        mathml(Formula(text, part), display=True, sign="" if k else sign)
        for k, (text, part) in enumerate(zip(texts, split, strict=True))
    ]
    return f'<span class="tg-term">{"".join(f"<span>{each}</span>" for each in formulas)}</span>'


def _table(table: Table) -> Iterator[str]:
    numbers = [' class="tg-number"' if right else "" for right in number_columns(table)]
    blank = any(isinstance(piece, Blank) for row in table.rows for cell in row for piece in pieces(cell))
    kept = " tg-kept" if len(table.rows) <= LONGEST and not blank else ""
    formulas = _is_of_formulas(table)
    dense = " tg-formulas" if formulas else "" if blank else _dense(table)
    halved = " tg-halved" if len(table.rows) > LONGEST and not blank and _size_of_rows(table) <= HALF else ""
    yield f'<div class="tg-table{kept}{dense}{halved}">'
    label = _escaped(plain(table.caption) or ", ".join(filter(None, map(plain, table.head))) or "–")
    if table.caption:
        yield f'<p class="tg-legend tg-caption">{inline(table.caption)}</p>'
    yield f'<div class="tg-scroll" role="region" aria-label="{label}" tabindex="0"><table role="table" aria-label="{label}">'
    if any(map(plain, table.head)):
        cells = (
            f'<th scope="col" role="columnheader"{style}>{_head(cell)}</th>' if plain(cell) else "<td></td>"
            for cell, style in zip(table.head, numbers, strict=True)
        )
        yield f"<thead><tr>{''.join(cells)}</tr></thead>"
    yield "<tbody>"
    # What a narrow screen has no room for is shown there row by row, each cell beside the name of its column.
    heads = [f' data-head="{_escaped(plain(cell))}"' if dense and plain(cell) else "" for cell in table.head]
    for row in table.rows:
        cells = (
            f'<td role="cell"{style or _whole(cell)}{head}>{_breaking(cell) if formulas else inline(cell)}</td>'
            for cell, style, head in zip(row, numbers, heads, strict=True)
        )
        yield f'<tr role="row">{"".join(cells)}</tr>'
    yield "</tbody></table></div></div>"


def _is_of_formulas(table: Table) -> bool:
    """Whether a table is a list of equations. These are read as text is: a long one is broken, and none is set smaller."""
    cells = [cell for row in table.rows for cell in row if plain(cell)]
    return not any(map(plain, table.head)) and all(
        isinstance(piece, Formula) and " = " in piece.text for cell in cells for piece in pieces(cell)
    )


def _breaking(cell: Text) -> str:
    """A cell of equations, in which a line can be broken before each sign and each summand."""
    return "".join(_summands(piece) for piece in pieces(cell) if isinstance(piece, Formula))


def _summands(formula: Formula) -> str:
    split: list[str] = []
    for part in broken(formula.latex):
        if split and not part.startswith(("=", "+", "-")):
            split[-1] += f" {part}"  # a product stays whole
        else:
            split.append(part)
    if width(formula.latex) <= NARROW or len(split) == 1:
        return mathml(formula)
    return f'<span class="tg-term">{"".join(f"<span>{mathml(Formula(part, part))}</span>" for part in split)}</span>'


def _dense(table: Table) -> str:
    """The classes of a table that is wider than the text, by how small its letters are to be on paper."""
    size = _size_of_rows(table)
    return "".join(name for most, name in DENSE if size > most)


def _size_of_rows(table: Table) -> int:
    """How many letters a row has as text, with two spaces after each cell."""
    rows = [[columns(plain(cell)) for cell in row] for row in [table.head, *table.rows]]
    widths: list[int] = [max(column) for column in zip(*rows, strict=True)]
    return sum(widths) + 2 * len(table.head)


def _head(cell: Text) -> str:
    """The name of a column. One that is a formula alone is set as text: what is MathML only is no name for those who listen."""
    if not all(isinstance(piece, Formula) for piece in pieces(cell)):
        return inline(cell)
    name = plain(cell)
    if numbered := re.fullmatch(r"([A-Za-z])(\d+)", name):
        return f"<i>{numbered[1]}</i><sub>{numbered[2]}</sub>"
    return f"<i>{_escaped(name.replace(' - ', ' − '))}</i>"


def _whole(cell: Text) -> str:
    """Keeps a short name in one line that a browser would break at its hyphen or its slash: sheet-01."""
    text = plain(cell)
    return ' class="tg-whole"' if re.fullmatch(r"[\w.]+(?:[-/][\w.]+)+", text) and len(text) <= NAME else ""


def _picture(picture: Picture) -> Iterator[str]:
    svg = picture.drawing.svg()
    svg = svg[svg.index("<svg") :].rstrip()
    title = _escaped(clean(picture.drawing.title) or plain(picture.caption) or "–")
    yield f'<figure class="tg-{_size(svg)}"><div class="tg-scroll tg-picture" tabindex="0" role="group" aria-label="{title}">'
    yield svg
    yield "</div>"
    if picture.caption:
        yield f"<figcaption>{inline(picture.caption)}</figcaption>"
    yield "</figure>"


def _size(svg: str) -> str:
    """How wide a picture is, which says how small it may be shown: what is made smaller than that scrolls."""
    found = re.match(r'<svg[^>]*? width="([\d.]+)pt"', svg)
    points = float(found[1]) if found else 0.0
    return "huge" if points > 900 else "wide" if points > 330 else "small"
