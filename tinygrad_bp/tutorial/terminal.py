"""The report for a terminal of 80 columns, or fewer."""

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

STYLES = {HOLDS: "green", ERRATUM: "yellow", FAILS: "bold red", NOT_JUDGED: "dim"}
SETUP_LINES = (
    ("i1", "i2", "target_o1", "target_o2", "eta"),
    ("w1", "w2", "w3", "w4", "b1"),
    ("w5", "w6", "w7", "w8", "b2"),
)

Piece = str | tuple[str, str]  # a text, or a text and its style
Line = tuple[Piece, ...]


def print_report(blocks: Iterable[Block], console: Console) -> None:
    """Prints the blocks, an empty line between them but for headings, which stand close to what they are about.

    What has no room in columns, where the console has fewer than 80, stands in lines there.
    """
    from rich.text import Text

    def print_line(line: Line) -> None:
        text = Text.assemble(*line)
        if console.width >= 80 or text.cell_len <= console.width:
            console.print(text, soft_wrap=True)
            return
        for place, piece in enumerate(text.wrap(console, console.width - 4)):
            piece.rstrip()
            console.print(Text.assemble("   ", piece) if place else piece, soft_wrap=True)

    close = False
    for block in blocks:
        if not close:
            console.print()
        for line in _lines(block, console.width - 1):
            print_line(line)
        close = isinstance(block, Heading)
    console.print()


def _lines(block: Block, width: int) -> Iterator[Line]:
    match block:
        case Title(text):
            yield ((f" {text}", "bold"),)
        case Heading(text):
            yield _heading(text, width)
        case Paragraph(text) | Aside(text) | Conclusion(text):
            yield from _filled(text, width)
        case Legend(text):
            yield from _filled(text.format(place="Under"), width)
        case Setup(numbers):
            for names in SETUP_LINES:
                equations = [f"{name} = {numbers[name]}".replace(" ", "\0") for name in names]
                for line in textwrap.wrap("  ".join(equations), max(width - 3, 1), break_long_words=False):
                    yield ("   " + line.replace("\0", " "),)
        case Figures(rows):
            yield from _figures(rows, width)
        case Table():
            yield from _table(block, width)
        case Curve(errors):
            yield from _indented(curve.plot(errors, min(76, width - 1)))
        case Errata(errata):
            yield from _errata(errata, width)
        case ChainRule(explanation):
            yield from _indented(explanation.text(width=max(20, width)).splitlines())
        case Files(paths):
            yield _heading("Files", width)
            for path in paths:
                yield (f"  {printable(str(path))}",)


def _heading(text: str, width: int) -> Line:
    return (f" {text} ", "bold"), ("─" * (width - 1 - len(text)), "dim")


def _indented(lines: Iterable[str]) -> Iterator[Line]:
    for line in lines:
        yield (f" {line}" if line else "",)


def _filled(text: str, width: int, indent: int = 1) -> Iterator[Line]:
    margin = " " * indent
    wrapper = textwrap.TextWrapper(
        width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in wrapper.wrap(text):
        yield (line,)


NUMBERS = ("printed", "by hand", "autograd", "difference")


def _figures(rows: Iterable[Row], width: int) -> Iterator[Line]:
    narrow = width < 79
    if not narrow:
        yield ((f"   {'printed':<14}{'by hand':>16}{'autograd':>16}{'difference':>16}  verdict", "dim"),)
    for row in rows:
        yield from _figure(row, narrow)


def _figure(row: Row, narrow: bool) -> Iterator[Line]:
    """How it is computed, and in a line, or if that is `narrow` in several, what was found."""
    figure = row.figure
    yield " ", (figure.quantity, "bold"), ": " if figure.stage == "training" else " = ", figure.formula
    found = [fixed(x) for x in (row.hand, row.autograd, row.difference)]
    verdict = (f"{MARKS[row.verdict]} {row.verdict}", STYLES[row.verdict])
    if narrow:
        for name, number in zip(NUMBERS, (figure.printed, *found), strict=True):
            yield (f"   {name:<12}", "dim"), number
        yield "   ", verdict
        return
    # Padded so that its decimal point stands where twelve decimals put it.
    printed = figure.printed + " " * (12 - len(figure.printed.partition(".")[2]))
    numbers = "".join(f"{number:>16}" for number in found)
    yield f"  {printed:>15}{numbers}  ", verdict


def _table(table: Table, width: int) -> Iterator[Line]:
    first, *others = table.widths
    if 2 + sum(table.widths) > width:
        names = [f"{name}  " if name else "" for name in table.head[1:]]
        longest = max(map(len, names))
        for name, *numbers in table.rows:
            yield (f"  {name}",)
            for what, x in zip(names, numbers, strict=True):
                yield (f"    {what:<{longest}}", "dim"), x.strip()
        return
    if any(table.head):  # the first column speaks for itself
        head = "".join(f"{name:>{width}}" for name, width in zip(table.head[1:], others, strict=True))
        yield ((f"  {'':<{first}}{head}", "dim"),)
    for name, *numbers in table.rows:
        yield (f"  {name:<{first}}" + "".join(f"{x:>{w}}" for x, w in zip(numbers, others, strict=True)),)


def _errata(errata: Iterable[Erratum], width: int) -> Iterator[Line]:
    for place, erratum in enumerate(errata):
        if place:
            yield ()
        verdict = "" if erratum.explained else "  NOT EXPLAINED"
        yield " ", (erratum.quantity, "bold"), f": {erratum_heading(erratum)}{verdict}"
        yield from _filled(erratum.cause, width, indent=3)
