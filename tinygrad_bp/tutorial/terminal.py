"""The report for a terminal, 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tinygrad_bp.drawing import curve
from tinygrad_bp.text import printable
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
from tinygrad_bp.tutorial.comparison import ERRATUM, FAILS, HOLDS, NOT_JUDGED, Erratum, Row
from tinygrad_bp.tutorial.sentences import erratum_heading, fixed

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 79
STYLES = {HOLDS: "green", ERRATUM: "yellow", FAILS: "bold red", NOT_JUDGED: "dim"}
SETUP_LINES = (
    ("i1", "i2", "target_o1", "target_o2", "eta"),
    ("w1", "w2", "w3", "w4", "b1"),
    ("w5", "w6", "w7", "w8", "b2"),
)

Piece = str | tuple[str, str]  # a text, or a text and its style
Line = tuple[Piece, ...]


def print_report(blocks: Iterable[Block], console: Console) -> None:
    """Prints the blocks, an empty line between them but for headings, which stand close to what they are about."""
    from rich.text import Text

    close = False
    for block in blocks:
        if not close:
            console.print()
        for line in _lines(block):
            console.print(Text.assemble(*line), soft_wrap=True)
        close = isinstance(block, Heading)
    console.print()


def _lines(block: Block) -> Iterator[Line]:
    match block:
        case Title(text):
            yield ((f" {text}", "bold"),)
        case Heading(text):
            yield _heading(text)
        case Paragraph(text) | Aside(text) | Conclusion(text):
            yield from _filled(text)
        case Legend(text):
            yield from _filled(text.format(place="Under"))
        case Setup(numbers):
            for names in SETUP_LINES:
                yield ("   " + "  ".join(f"{name} = {numbers[name]}" for name in names),)
        case Figures(rows):
            yield from _figures(rows)
        case Table():
            yield from _table(block)
        case Curve(errors):
            yield from _indented(curve.plot(errors))
        case Errata(errata):
            yield from _errata(errata)
        case ChainRule(explanation):
            yield from _indented(explanation.text(width=WIDTH).splitlines())
        case Files(paths):
            yield _heading("Files")
            for path in paths:
                yield (f"  {printable(str(path))}",)


def _heading(text: str) -> Line:
    return (f" {text} ", "bold"), ("─" * (WIDTH - 1 - len(text)), "dim")


def _indented(lines: Iterable[str]) -> Iterator[Line]:
    for line in lines:
        yield (f" {line}" if line else "",)


def _filled(text: str, indent: int = 1) -> Iterator[Line]:
    margin = " " * indent
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in wrapper.wrap(text):
        yield (line,)


def _figures(rows: Iterable[Row]) -> Iterator[Line]:
    yield ((f"   {'printed':<14}{'by hand':>16}{'autograd':>16}{'difference':>16}  verdict", "dim"),)
    for row in rows:
        yield from _figure(row)


def _figure(row: Row) -> Iterator[Line]:
    """Two lines: how it is computed, and what was found."""
    figure = row.figure
    yield " ", (figure.quantity, "bold"), ": " if figure.stage == "training" else " = ", figure.formula
    # Padded so that its decimal point stands where twelve decimals put it.
    printed = figure.printed + " " * (12 - len(figure.printed.partition(".")[2]))
    numbers = "".join(f"{fixed(x):>16}" for x in (row.hand, row.autograd, row.difference))
    yield f"  {printed:>15}{numbers}  ", (f"{MARKS[row.verdict]} {row.verdict}", STYLES[row.verdict])


def _table(table: Table) -> Iterator[Line]:
    first, *others = table.widths
    if any(table.head):  # the first column speaks for itself
        head = "".join(f"{name:>{width}}" for name, width in zip(table.head[1:], others, strict=True))
        yield ((f"  {'':<{first}}{head}", "dim"),)
    for name, *numbers in table.rows:
        yield (f"  {name:<{first}}" + "".join(f"{x:>{width}}" for x, width in zip(numbers, others, strict=True)),)


def _errata(errata: Iterable[Erratum]) -> Iterator[Line]:
    for place, erratum in enumerate(errata):
        if place:
            yield ()
        verdict = "" if erratum.explained else "  NOT EXPLAINED"
        yield " ", (erratum.quantity, "bold"), f": {erratum_heading(erratum)}{verdict}"
        yield from _filled(erratum.cause, indent=3)
