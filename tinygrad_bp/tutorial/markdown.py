"""The report as Markdown, with formulas in LaTeX and pictures linked by their names, as beside the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tinygrad_bp.tutorial.blocks import (
    MARKS,
    Aside,
    Block,
    ChainRule,
    Conclusion,
    Curve,
    Errata,
    Figures,
    Files,
    Heading,
    Legend,
    Paragraph,
    Setup,
    Table,
    Title,
)
from tinygrad_bp.tutorial.comparison import FAILS, NOT_JUDGED, Erratum, Row
from tinygrad_bp.tutorial.sentences import decimals, erratum_heading, fixed


def markdown(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown, each after an empty line."""
    return "\n\n".join(text for block in blocks for text in _texts(block)) + "\n"


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Title(text):
            yield f"# {text}"
        case Heading(text):
            yield f"## {text}"
        case Paragraph(text, signs):
            yield _escaped(text) if signs else text
        case Legend(text):
            yield text.format(place="For")
        case Aside():
            pass
        case Setup(numbers):
            yield _table(numbers, [numbers.values()], texts=len(numbers))
        case Figures(rows):
            yield _figures(rows)
        case Table(head, rows, quoted=True):
            yield _table(head, [(f"`{name}`", *numbers) for name, *numbers in rows])
        case Table(head, rows):
            yield _table(head, rows)
        case Curve(_, file):
            yield f"![Error curve]({file})"
        case Errata(errata):
            yield "\n".join(map(_erratum, errata))
        case ChainRule(explanation):
            yield explanation.markdown().strip()
        case Files(paths):
            yield "## Pictures"
            pictures = [path for path in paths if path.suffix == ".svg" and path.stem[0].isdigit()]
            yield from (f"![{path.stem.replace('-', ' ')}]({path.name})" for path in pictures)
        case Conclusion(text):
            yield "## Conclusion"
            yield _escaped(text)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], texts: int = 1) -> str:
    """Columns of texts, so many, and after them columns of numbers."""
    head = list(head)
    kinds = ["---"] * texts + ["--:"] * (len(head) - texts)
    return "\n".join([_row(head), f"|{'|'.join(kinds)}|", *map(_row, rows)])


def _row(cells: Iterable[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def _figures(rows: Sequence[Row]) -> str:
    head = ("quantity", "formula", "printed", "exact", "by hand", "autograd", "difference", "verdict")
    return "\n".join([_row(head), "|---|---|--:|--:|--:|--:|--:|---|", *(_row(_cells(row)) for row in rows)])


def _cells(row: Row) -> Iterator[str]:
    figure = row.figure
    yield from (f"`{figure.quantity}`", f"`{figure.formula}`", figure.printed)
    yield fixed(None) if row.exact is None else decimals(row.exact)
    yield from map(fixed, (row.hand, row.autograd, row.difference))
    note = f": {row.note}" if row.verdict in (NOT_JUDGED, FAILS) else ""
    yield f"{MARKS[row.verdict]} {row.verdict}{note}"


def _erratum(erratum: Erratum) -> str:
    verdict = "" if erratum.explained else " (**not explained**)"
    return f"- `{erratum.quantity}`: {erratum_heading(erratum)}{verdict}. {_escaped(erratum.cause)}"


def _escaped(text: str) -> str:
    return text.replace("*", r"\*").replace("_", r"\_")
