"""Programs whose lines fit: Python is broken within brackets alone, where it means the same."""

from __future__ import annotations

import re

from tinygrad_bp.explanation.names import columns

_TOKENS = re.compile(r"""#.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|.""")


def fitted_lines(program: str, width: int, language: str = "python") -> list[str]:
    """The lines of a program, of Python those that are too long broken: within brackets, and comments between words.

    What has no bracket to be broken in stays as long as it is, and so do the lines of other languages.
    """
    lines = program.strip("\n").expandtabs(4).split("\n")
    if language != "python":
        return lines
    return [each for line in lines for each in _fitted(line, width)]


def _fitted(line: str, width: int) -> list[str]:
    """The line, broken in as few brackets within brackets as it takes."""
    if columns(line) <= width:
        return [line]
    margin = line[: len(line) - len(line.lstrip())]
    if line.lstrip().startswith("#"):
        return _filled(re.findall(r"\S+ *", line.lstrip("# ")), f"{margin}# ", f"{margin}# ", width)
    found = [line]
    for depth in range(1, 5):
        pieces = _pieces(line.lstrip(), depth)
        found = _filled(pieces, margin, f"{margin}    ", width)
        if max(map(columns, found)) <= width:
            break
    return found


def _filled(pieces: list[str], first: str, start: str, width: int) -> list[str]:
    found: list[str] = []
    current = first + pieces[0]
    for piece in pieces[1:]:
        if columns(current) + columns(piece.rstrip()) > width:
            found.append(current.rstrip())
            current = start + piece.lstrip()
        else:
            current += piece
    return [*found, current.rstrip()]


def _pieces(line: str, deepest: int) -> list[str]:
    """A line taken apart where it may be broken: after commas and opening brackets, and before operators, in brackets so deep."""
    pieces = [""]
    depth = 0
    tokens = _TOKENS.findall(line)
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        inside = 0 < depth <= deepest
        if inside and token == " " and after in [*"-+*/@"]:
            pieces.append("")
        pieces[-1] += token
        if token in [*"([{"]:
            depth += 1
            if depth <= deepest:
                pieces.append("")
        elif token in [*")]}"]:
            depth -= 1
        elif inside and token == ",":
            pieces.append("")
    return [piece for piece in pieces if piece]
