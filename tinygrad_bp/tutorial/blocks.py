"""What the report is made of: blocks, which each of its writers puts down in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygrad_bp.explanation import Explanation
from tinygrad_bp.tutorial.comparison import ERRATUM, FAILS, HOLDS, NOT_JUDGED, Erratum, Row

MARKS = {HOLDS: "✓", ERRATUM: "≠", FAILS: "✗", NOT_JUDGED: "–"}


@dataclass(frozen=True)
class Title:
    """What the whole is called."""

    text: str


@dataclass(frozen=True)
class Heading:
    """What the blocks after it are about."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text. `signs`: it has signs in it, as of formulas, that Markdown would take for its own."""

    text: str
    signs: bool = False


@dataclass(frozen=True)
class Aside:
    """Running text for those who read in a terminal: Markdown says it where it belongs, in a table or by a link."""

    text: str


@dataclass(frozen=True)
class Legend:
    """How to read the figures. Where they stand, under a formula or beside it, the writer says in place of `{place}`."""

    text: str


@dataclass(frozen=True)
class Setup:
    """The numbers that everything starts from, by name."""

    numbers: Mapping[str, str]


@dataclass(frozen=True)
class Figures:
    """The figures of a part of the text, with what was found for each."""

    rows: Sequence[Row]


@dataclass(frozen=True)
class Table:
    """A table with names in its first column. `quoted`: they are names of quantities. A terminal has columns of these widths."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    quoted: bool = False


@dataclass(frozen=True)
class Curve:
    """The error over the rounds, and the name of the file that it is drawn to, beside the report."""

    errors: Sequence[float]
    file: str


@dataclass(frozen=True)
class Errata:
    """Where the text and the mathematics part."""

    errata: Sequence[Erratum]


@dataclass(frozen=True)
class ChainRule:
    """A derivative written out."""

    explanation: Explanation


@dataclass(frozen=True)
class Files:
    """All that was written. Those whose names begin with a number are the pictures, in their order."""

    paths: Sequence[Path]


@dataclass(frozen=True)
class Conclusion:
    """How it came out, in one sentence."""

    text: str


Block = (
    Title
    | Heading
    | Paragraph
    | Aside
    | Legend
    | Setup
    | Figures
    | Table
    | Curve
    | Errata
    | ChainRule
    | Files
    | Conclusion
)
