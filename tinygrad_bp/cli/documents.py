"""How the commands write documents: lessons, sheets and marks, in the format and to the place that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.files import is_stream
from tinygrad_bp.text import listed, terminal_width

if TYPE_CHECKING:
    from tinygrad_bp.lessons import Document

# Formats and their suffixes.
FORMATS = {"text": "txt", "markdown": "md", "html": "html", "latex": "tex", "json": "json", "pdf": "pdf"}


def add_output(made: Any, what: str, formats: Sequence[str] = tuple(FORMATS)) -> None:
    """Declares where a document goes, how, and in which language."""
    made.add_argument(
        "-o", "--output", default=common.STANDARD, metavar="FILE", help=f"{what} (default: -, standard output)"
    )
    made.add_argument(
        "--format",
        choices=formats,
        metavar="NAME",
        help=f"{listed(formats, 'or')} (default: that of FILE's name, else text)",
    )
    common.add_language(made)


def format_of(output: str, asked: str | None, suffixes: Mapping[str, str] = FORMATS) -> str:
    """The format that was asked for, or that of the name of the output; text where it has no name."""
    if asked is not None or common.is_output_stream(output):
        return asked or "text"
    suffix = Path(output).suffix.lower().removeprefix(".")
    names = {**{end: name for name, end in suffixes.items()}, "markdown": "markdown", "htm": "html", "latex": "latex"}
    if suffix not in names:
        ends = listed([f".{end}" for end in suffixes.values()], "or")
        raise Mistake(f"-o {output!r}: the name should end in {ends}, or --format say what it is to be")
    return names[suffix]


def write(document: Document, output: str, format: str, save: Callable[..., Path] | None = None) -> None:
    """Writes a document, by `save` if it has more formats than others, and says the name of the file.

    What goes to a terminal is as wide as that; its pictures are in it.
    """
    if output == common.STANDARD:
        content = _content(document, format)
        if isinstance(content, str):
            common.answer(content)
        else:
            common.write(output, content)
        return
    if format == "text" and is_stream(output):
        common.write(output, document.text(width=terminal_width()))
        return
    common.say((save or document.save)(output, FORMATS.get(format, format)))


def _content(document: Document, format: str) -> str | bytes:
    from tinygrad_bp.lessons.writers.saving import pdf, to_json

    if format == "pdf":
        return pdf(document.blocks, document.language)
    written: dict[str, Callable[[], str]] = {
        "text": lambda: document.text(width=terminal_width()),
        "markdown": lambda: document.markdown(embedded=True),
        "html": document.html,
        "latex": document.latex,
        "json": lambda: to_json(document.to_dict()),
    }
    return written[format]()
