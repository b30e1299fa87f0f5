"""What the commands share: how a command is declared, its arguments, folders and pictures."""

from __future__ import annotations

import argparse
import textwrap
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any


class Mistake(Exception):
    """The user's, said in words for the user."""


def command(make: Any, name: str, examples: str, **about: Any) -> argparse.ArgumentParser:
    """A parser made by `make`, whose help ends with examples."""
    parser: argparse.ArgumentParser = make(
        *([name] if name else []),
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **about,
    )
    # The formatter keeps lines as they are, for the examples.
    parser.description = textwrap.fill(parser.description or "", 78)
    return parser


def rounds(text: str) -> int:
    """An argument that is a whole number from 0 up."""
    return _integer(text, 0)


def positive(text: str) -> int:
    """An argument that is a whole number from 1 up."""
    return _integer(text, 1)


def _integer(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"it takes a whole number from {least} up, not {number}")
    return number


def learning_rate(text: str) -> Decimal:
    """An argument that is a finite number above 0, digit for digit as it was typed."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not (rate.is_finite() and 0.0 < float(rate) < float("inf")):
        raise argparse.ArgumentTypeError(f"it takes a finite number above 0, not {text}")
    return rate


def folder(path: Path) -> Path:
    """The folder of that name, made if it is new. Raises Mistake where it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Mistake(f"--out {str(path)!r} is a file; name a folder, which may be new") from None
    except OSError as error:
        raise Mistake(f"--out {str(path)!r} cannot be made: {error.strerror}") from None
    return path


def save_pictures(drawings: dict[str, Any], folder: Path) -> tuple[list[Path], list[str]]:
    """Saves each as SVG and PNG, or what no program here can draw as DOT text. Returns the files, and what is to be said."""
    files: list[Path] = []
    notes: dict[str, None] = {}
    for name, drawing in drawings.items():
        for suffix in (".svg", ".png"):
            try:
                files.append(drawing.save(folder / (name + suffix)))
            except RuntimeError as error:
                notes[str(error)] = None
                if (source := folder / f"{name}.gv") not in files:
                    files.append(drawing.save(source))
    return files, list(notes)
