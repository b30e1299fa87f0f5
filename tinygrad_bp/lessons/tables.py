"""Tables of an exercise: names with their numbers, formulas side by side, choices in a line."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_bp.explanation.names import columns, latex_number
from tinygrad_bp.lessons.blocks import Formula, Piece, Table

MOST_ACROSS = 5  # names and numbers in a row
WIDTH = 78  # columns of text that a row may have


def pairs(given: Sequence[tuple[Formula, Formula]]) -> Table:
    """Names and their numbers, a few side by side: as many as have room in a line of text."""
    cells = [columns(each.text) for pair in given for each in pair]
    fitting = (
        n
        for n in range(MOST_ACROSS, 1, -1)
        if sum(max(cells[k :: 2 * n], default=0) + 2 for k in range(2 * n)) <= WIDTH
    )
    across = min(next(fitting, 1), len(given)) or 1
    rows: list[list[list[Piece]]] = []
    for start in range(0, len(given), across):
        row: list[list[Piece]] = []
        for name, number in given[start : start + across]:
            row += [[name], [number]]
        rows.append(row + [[]] * (2 * across - len(row)))
    return Table([[]] * (2 * across), rows)


def in_two(rows: Sequence[Sequence[Formula]]) -> Table:
    """Formulas in a table of two columns, if these have room in a line of text; else one below the other."""
    left = max((columns(row[0].text) for row in rows), default=0)
    packed: list[list[Formula]] = []
    for row in rows:
        room = WIDTH - 4 - left
        alone = packed and len(row) == len(packed[-1]) == 1
        if alone and columns(row[0].text) <= room:
            packed[-1].append(row[0])
        else:
            packed.append(list(row))
    if len(rows) < 3 or any(columns(each.text) > WIDTH - 4 - left for row in packed for each in row[1:]):
        return Table([[]], [[[each]] for row in rows for each in row])
    empty: list[Piece] = []
    return Table([[], []], [[[row[0]], [row[1]] if len(row) > 1 else empty] for row in packed])


def joined(left: Formula, row: Sequence[Formula]) -> Formula:
    """An equation in one piece."""
    return Formula(
        f"{left.text} = {' '.join(term.text for term in row)}", f"{left.latex} = {' '.join(term.latex for term in row)}"
    )


def written(text: str) -> Formula:
    """A number as it is written."""
    return Formula(text, latex_number(text))
