"""What the commands share: what they read, write and say, folders and pictures."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn

from tinygrad_bp.files import Source, check_folder, descriptor, is_stream, write_stream, write_whole
from tinygrad_bp.text import Advice, Argument, printable, shown
from tinygrad_bp.words import LANGUAGES, language_of_the_locale

STANDARD = "-"  # standard input or output, in place of the name of a file
LONGEST = 4000  # characters of a message


class Mistake(Exception):
    """The user's, said in words for the user."""


class Terminated(KeyboardInterrupt):
    """A request to end, as `kill` and a system that shuts down make it. It is heard as Ctrl-C is."""


def status_of(stop: KeyboardInterrupt) -> int:
    """The exit status after Ctrl-C, or after a request to end."""
    return 128 + (signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT)


@contextlib.contextmanager
def requests_to_end() -> Iterator[None]:
    """Requests to end are heard, where nothing else listens for them."""

    def end(number: int, frame: object) -> NoReturn:
        raise Terminated

    heard = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if heard:
        signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if heard:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


# What is said, read and written


def words(text: object) -> str:
    """What is to be said, for people: labels and names of files are anyone's text, and none may steer the terminal or fill it.

    Advice of the package names options of the command in place of arguments.
    """
    said = text.args[0] if isinstance(text, Exception) and len(text.args) == 1 else text
    said = printable(said.told(_option) if isinstance(said, Advice) else str(text), keep="\n")
    return said if len(said) <= LONGEST else f"{said[: LONGEST // 2]}...{said[-LONGEST // 2 :]}"


# What they are called whose option is not called as the argument, and what an option is given in place of True.
_OPTIONS = {Argument("only", "'labelled'"): "--labelled", Argument("collapse", "True"): "--collapse GROUP"}


def _option(argument: Argument) -> str:
    value = f" {argument.value}" if argument.value not in (None, "", "True") else ""
    return _OPTIONS.get(argument, f"--{argument.name.replace('_', '-')}{value}")


def say(text: object = "", *, error: bool = False) -> None:
    """Says a line or several, on standard output or standard error. All that the commands say is said by this."""
    print(printable(str(text), keep="\n"), file=sys.stderr if error else sys.stdout)


def ask(question: str) -> None:
    """Says a question on a line that is not ended."""
    print(printable(question), end="", flush=True)


def take_back() -> None:
    """Clears the line of the question."""
    print("\r\x1b[K", end="", flush=True)


def answer(text: str) -> None:
    """Writes what was asked for to standard output: data, as it is, but where a terminal would take it for instructions."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    print(printable(text, keep="\n\t") if terminal else text, end="")


def source(name: str) -> Source:
    """What is meant by the name of a file to be read, which is - for standard input."""
    if name != STANDARD:
        return name
    if sys.stdin is None:
        raise Mistake("there is no standard input to read")
    if sys.stdin.isatty():
        say("tinygrad-bp: reads what is typed or pasted here, until Ctrl-D on a line of its own", error=True)
    return sys.stdin


def add_table_options(parser: Any) -> None:
    """Declares how a table is written, of which nothing has to be said where it can be found out."""
    parser.add_argument(
        "--header", choices=["yes", "no"], help="whether the first line of DATA names the columns (default: its look)"
    )
    parser.add_argument("--delimiter", metavar="SIGN", help="what parts columns: , ; | tab blank (default: its look)")
    parser.add_argument("--decimal", choices=[".", ","], help="what parts decimals (default: what numbers look like)")
    parser.add_argument("--encoding", metavar="NAME", help="of DATA (default: UTF-8, or what a mark says, or cp1252)")


def table_options(args: argparse.Namespace) -> dict[str, Any]:
    """What `data.read` takes of how a table is written."""
    signs = {"tab": "\t", "\\t": "\t", "blank": " ", "space": " ", "comma": ",", "semicolon": ";", "bar": "|"}
    return {
        "header": None if args.header is None else args.header == "yes",
        "delimiter": signs.get(args.delimiter, args.delimiter),
        "decimal": args.decimal,
        "encoding": args.encoding,
    }


def add_language(parser: Any) -> None:
    """Declares the language of what is written; `language_of` reads it."""
    parser.add_argument(
        "--language", choices=LANGUAGES, help="of what is written (default: that of the locale, else en)"
    )


def language_of(args: argparse.Namespace) -> str:
    """The language that was asked for, or that of the locale."""
    language: str = args.language or language_of_the_locale()
    return language


def is_output_stream(output: str) -> bool:
    """Whether an output is no file, so that its name says nothing of what it is to be."""
    return output == STANDARD or is_stream(output)


def write(output: str, content: str | bytes) -> None:
    """Writes to the output, which is - for standard output, and says the name of what was written, if that does not go into it."""
    if output == STANDARD:
        if sys.stdout is not None:
            write_stream(sys.stdout, content)
        return
    path = write_whole(output, content)
    if descriptor(path) != 1:
        say(path)


# Folders of results


def check_results(folder: Path, kinds: Collection[str], other: Callable[[], str], *, replace: bool) -> None:
    """Raises Mistake where results cannot be written into a folder of this name, and where it holds those of something else.

    Args:
        kinds: the names of the files that the command writes.
        other: says what it is that the folder holds, if it holds some of them; nothing if it is what is written again.
        replace: whether that is to be replaced, whatever it is.
    """
    try:
        check_folder(folder)
    except (FileExistsError, NotADirectoryError) as error:
        if os.path.exists(folder):
            raise Mistake(f"--out {shown(str(folder), 200)} is a file; name a folder, which may be new") from None
        raise Mistake(f"--out {shown(str(folder), 200)} cannot be made: {error.strerror}") from None
    except OSError as error:
        what = "takes no files" if os.path.isdir(folder) else "cannot be made"
        raise Mistake(f"--out {shown(str(folder), 200)} {what}: {error.strerror}") from None
    if not replace and any(os.path.lexists(folder / kind) for kind in kinds) and (found := other()):
        raise Mistake(
            f"--out {shown(str(folder), 200)} holds {found}; name another folder for this, or say --force to replace what is there"
        )


def picture_names(names: Collection[str]) -> list[str]:
    """The names of the files that `save_pictures` may write for pictures of these names."""
    return [name + suffix for name in names for suffix in (".svg", ".png", ".gv")]


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
