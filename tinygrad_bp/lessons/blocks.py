"""What lessons, exercises and reports are made of: blocks, which each of the writers puts down in its own way.

A piece of text is a string, which is anyone's and harmless however it is written, a formula, or a blank to write in. A text is one or
several pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad_bp.drawing import Drawing


@dataclass(frozen=True)
class Formula:
    """A formula or a number, as plain text and as LaTeX for math mode."""

    text: str
    latex: str


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True)
class Blank:
    """Room to write in by hand: a line about as long as so many letters."""

    width: int = 12

    @property
    def text(self) -> str:
        """As plain text."""
        return "_" * self.width


Piece = str | Formula | Strong | Blank
Text = Piece | Sequence[Piece]


@dataclass(frozen=True)
class Title:
    """What the whole is called. There is one."""

    text: Text


@dataclass(frozen=True)
class Heading:
    """What the blocks after it are about. `level` 1 is a part, 2 a part of a part."""

    text: Text
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: Text


@dataclass(frozen=True)
class Legend:
    """How to read what follows, in smaller print."""

    text: Text


@dataclass(frozen=True)
class Aside:
    """Running text for those who read in a terminal alone: elsewhere a picture or a link says it."""

    text: Text


@dataclass(frozen=True)
class Equation:
    """A chain of equations, `left = rows[0] = rows[1] = ...`: a row below the other where they do not fit side by side.

    Attributes:
        left: what is said of; of an empty one the first row has no sign of equality before it.
        rows: what it is equal to, each a sum of terms, at which a long row may be broken: the first as it is, each further one with the
            sign that joins it, `+ 0.5 * 0.2`.
    """

    left: Formula
    rows: Sequence[Sequence[Formula]]


@dataclass(frozen=True)
class Table:
    """A table. Columns of numbers stand to the right.

    Attributes:
        head: the names of the columns.
        rows: the cells of each row.
        caption: what it shows; may be empty.
    """

    head: Sequence[Text]
    rows: Sequence[Sequence[Text]]
    caption: Text = ()


@dataclass(frozen=True)
class Picture:
    """A picture, and a name for a file that holds it."""

    drawing: Drawing
    name: str
    caption: Text = ()


@dataclass(frozen=True)
class Code:
    """A program, in a language such as "python"."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Items:
    """A list, numbered or not."""

    items: Sequence[Text]
    numbered: bool = False


@dataclass(frozen=True)
class Folded:
    """Blocks under a heading that a page shows when asked: an answer under its question. On paper they stand at the end."""

    heading: Text
    blocks: Sequence[Block]


Block = Title | Heading | Paragraph | Legend | Aside | Equation | Table | Picture | Code | Items | Folded
