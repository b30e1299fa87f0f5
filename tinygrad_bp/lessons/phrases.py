"""Sentences of the catalogues with formulas in them: pieces of a text, from a key and what its {names} stand for."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_bp.lessons.blocks import Blank, Formula, Piece, Strong
from tinygrad_bp.words import Words


def phrase(say: Words, key: str, **given: object) -> list[Piece]:
    """A text of the catalogue, in which formulas, other pieces and lists of them stand for the {names} that they are given for.

    Raises KeyError for a key that is not there, and for a name that nothing is given for.
    """
    formulas = {name: x for name, x in given.items() if isinstance(x, Formula | Strong | Blank | list)}
    marks = {name: f"\0{name}\0" for name in formulas}
    pieces: list[Piece] = []
    for k, part in enumerate(say(key, **{**given, **marks}).split("\0")):
        if k % 2 == 0:
            pieces += [part] if part else []
        else:
            piece = formulas[part]
            pieces += piece if isinstance(piece, list) else [piece]
    return pieces


def enumerated(say: Words, formulas: Sequence[Piece]) -> list[Piece]:
    """`a, b and c`."""
    pieces: list[Piece] = []
    for k, each in enumerate(formulas):
        if k:
            pieces.append(say("say.comma" if k < len(formulas) - 1 else "say.and"))
        pieces.append(each)
    return pieces
