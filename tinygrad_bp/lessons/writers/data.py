"""Blocks as dictionaries and lists, for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
    Strong,
    Table,
    Text,
    Title,
)
from tinygrad_bp.lessons.writers.pieces import pieces


def data(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """A dictionary for each block, its "kind" first. Labels are as they were given.

    A text is a list of pieces: a string, `{"text", "latex"}` of a formula, `{"strong"}` of words that stand out, `{"blank"}` of a line to
    write on, its length in letters. A picture is its DOT text.
    """
    return [_block(block) for block in blocks]


def _block(block: Block) -> dict[str, Any]:
    kind: dict[str, Any] = {"kind": type(block).__name__.lower()}
    match block:
        case Title(words) | Paragraph(words) | Legend(words) | Aside(words):
            return {**kind, "text": _text(words)}
        case Heading(words, level):
            return {**kind, "text": _text(words), "level": level}
        case Equation(left, rows):
            return {**kind, "left": _formula(left), "rows": [[_formula(term) for term in row] for row in rows]}
        case Table(head, rows, caption):
            cells = [[_text(cell) for cell in row] for row in rows]
            return {**kind, "head": [_text(cell) for cell in head], "rows": cells, "caption": _text(caption)}
        case Picture(drawing, name, caption):
            return {**kind, "name": name, "title": drawing.title, "dot": drawing.source, "caption": _text(caption)}
        case Code(program, language):
            return {**kind, "text": program, "language": language}
        case Items(items, numbered):
            return {**kind, "items": [_text(item) for item in items], "numbered": numbered}
        case Folded(heading, blocks):
            return {**kind, "heading": _text(heading), "blocks": data(blocks)}


def _formula(formula: Formula) -> dict[str, str]:
    return {"text": formula.text, "latex": formula.latex}


def _text(text: Text) -> list[Any]:
    return [
        _formula(piece)
        if isinstance(piece, Formula)
        else {"strong": piece.text}
        if isinstance(piece, Strong)
        else {"blank": piece.width}
        if isinstance(piece, Blank)
        else piece
        for piece in pieces(text)
    ]
