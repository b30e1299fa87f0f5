"""A document in a terminal, piece by piece: a key press goes on."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from tinygrad_bp.cli import common
from tinygrad_bp.lessons import Document
from tinygrad_bp.lessons.blocks import Block, Equation, Picture, Table
from tinygrad_bp.text import terminal_width
from tinygrad_bp.words import words

ENDS = ("q", "Q", "\x1b", "\x04", "")  # Escape and Ctrl-D as well, and where there is no more input


def steps(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks in steps, each with one equation or table at its end, without pictures."""
    found: list[list[Block]] = [[]]
    for block in blocks:
        if not isinstance(block, Picture):
            found[-1].append(block)
        if isinstance(block, Equation | Table):
            found.append([])
    return [step for step in found if step]


def walk(document: Document) -> int:
    """Shows a document step by step, each after a key press, and returns the exit status. Raises Mistake where there is no terminal.

    q, Escape and the end of the input end it; Ctrl-C interrupts it as it does all else.
    """
    if not _is_terminal():
        raise common.Mistake(
            "--walk goes on when a key is pressed, and here is no terminal: leave --walk out, or start it in one"
        )
    say, parts = words(document.language), steps(document.blocks)
    with _keys() as key:
        for place, step in enumerate(parts, 1):
            common.say(Document(step, document.language).text(width=terminal_width()))
            if place == len(parts):
                break
            try:
                common.ask(say("tutorial.walk.more", place=place, all=len(parts)))
                pressed = key()
            finally:  # also where Ctrl-C is said next
                common.take_back()
            if pressed in ENDS:
                common.say(say("tutorial.walk.ended", place=place, all=len(parts)))
                return 0
    common.say(say("tutorial.walk.done"))
    return 0


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """Yields what waits for a key and returns it, without a line to be ended. Ctrl-C interrupts."""
    try:
        import termios
        import tty
    except ImportError:  # no POSIX terminal
        import msvcrt

        def pressed() -> str:
            key: str = msvcrt.getwch()  # type: ignore[attr-defined, unused-ignore]
            if key == "\x03":
                raise KeyboardInterrupt
            return key

        yield pressed
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number, termios.TCSADRAIN)  # Ctrl-C stays a signal, and what is typed ahead counts
        yield lambda: _key(number)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _key(number: int) -> str:
    """A key: all that it sends at once, as an arrow key sends several letters."""
    import os

    return os.read(number, 64).decode(errors="replace")
