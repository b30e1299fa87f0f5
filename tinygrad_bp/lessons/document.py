"""`Document`: blocks with a title, which show themselves and are written in every format."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinygrad_bp.core.output import said
from tinygrad_bp.lessons.blocks import Block
from tinygrad_bp.lessons.writers.data import data
from tinygrad_bp.lessons.writers.html import html
from tinygrad_bp.lessons.writers.latex import latex
from tinygrad_bp.lessons.writers.markdown import markdown
from tinygrad_bp.lessons.writers.pieces import title_of
from tinygrad_bp.lessons.writers.plain import text
from tinygrad_bp.lessons.writers.saving import save
from tinygrad_bp.shown import Shown
from tinygrad_bp.text import terminal_width
from tinygrad_bp.words import words


class Document(Shown):
    """What lessons, exercises and reports are: blocks in an order. `str()`, the prompt and notebooks show it.

    Args:
        blocks: what it is made of.
        language: "en" or "ja", the language that the blocks are in.
        title: what it is called; without one, the title among the blocks.

    Raises ValueError for a language that there is none of.
    """

    def __init__(self, blocks: Sequence[Block], language: str = "en", title: str = "") -> None:
        self.language = words(language).language
        self.blocks: Sequence[Block] = tuple(blocks)
        self.title = title or title_of(self.blocks)

    @said
    def __str__(self) -> str:
        return self.text().rstrip("\n")

    @said
    def __repr__(self) -> str:
        return self.text(width=terminal_width()).rstrip("\n")

    def _repr_markdown_(self) -> str:
        """The output of a notebook's cell: where one is not trusted, formulas of HTML are taken out, and those of Markdown are set."""
        return self.markdown(embedded=True)

    @said
    def text(self, *, width: int = 80) -> str:
        """As plain text in lines of at most `width` columns. Raises TypeError and ValueError for a width that is none."""
        return text(self.blocks, width, self.language)

    def markdown(self, *, embedded: bool = False) -> str:
        """As Markdown with formulas in LaTeX. Pictures are links to files that `save` writes, or stand in the text if `embedded`."""
        return markdown(self.blocks, embedded=embedded)

    def latex(self) -> str:
        """As a whole LaTeX document: for pdflatex, for lualatex if it is Japanese. `save` writes its pictures beside it."""
        return latex(self.blocks, self.language)

    def html(self) -> str:
        """As a page, one file with everything in it, which prints on A4. Raises RuntimeError where no picture can be drawn."""
        return html(self.blocks, self.language, self.title)

    def to_dict(self) -> dict[str, Any]:
        """As dictionaries and lists, for JSON."""
        return {"title": self.title, "language": self.language, "blocks": data(self.blocks)}

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> Path:
        """Writes it to a file. Returns its path.

        Pictures of .md and .tex are written beside it; the others hold their own. A PDF is made by LaTeX of this system.

        Args:
            path: of the file; its suffix says how it is written, .html, .md, .tex, .json, .txt or .pdf, if `format` does not.
            format: such a suffix without its point.

        Raises ValueError for another suffix or format, OSError where a file cannot be written, and RuntimeError, saying what to do, where
        nothing draws its pictures, and where there is no LaTeX for a PDF. An existing file is replaced only when the new one is whole.
        """
        return save(self, path, format)
