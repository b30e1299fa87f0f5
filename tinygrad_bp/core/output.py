"""What a str or a repr says can be printed wherever it is printed.

The text itself is the same everywhere, so that files and comparisons do not depend on a terminal. But a standard output that is not UTF-8,
as one that is redirected on Windows, lacks signs such as ∂ and letters of labels, and `print` would fail. So whatever says something of
itself, by a method that is `said`, has such a stream spell what it lacks from then on: ∂ as d, other signs as Python does, \\u91cd. So does
standard error. Which other file a text goes to, nobody tells it: open("net.txt", "w", errors="tinygrad_bp") spells there what its
encoding lacks.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

# Most are one sign for one, so that columns stay columns. U+2800 is the empty one of the dots that curves are drawn with.
_SPELLINGS = {
    **dict(zip("✓✗≠–—−─╌═│├┤└·•∂×÷σΣ√′←→\u2800", "+x!----.=||++.*d*/sSv'<> ", strict=True)),
    "…": "...",
}


def said(method: Callable[P, str]) -> Callable[P, str]:
    """A method that returns a text about its object, which standard output and error can print, whatever their encoding."""

    @wraps(method)
    def saying(*args: P.args, **options: P.kwargs) -> str:
        text = method(*args, **options)
        if not text.isascii():
            spell_on(sys.stdout, text)
            spell_on(sys.stderr, text)
        return text

    return saying


def saying(cls: type[T]) -> type[T]:
    """A class whose repr, as a dataclass has it, is `said`."""
    cls.__repr__ = said(cls.__repr__)  # type: ignore[method-assign]
    return cls


def spell_on(stream: Any, text: str) -> None:
    """Has a stream that cannot print this text spell what it lacks; one that can stays as it is."""
    try:
        text.encode(stream.encoding, stream.errors)
        return
    except (UnicodeEncodeError, LookupError):
        pass
    except (AttributeError, TypeError):
        return  # no stream, or one that somebody put in its place and that is theirs to answer for
    if hasattr(stream, "reconfigure"):
        try:
            stream.reconfigure(errors="tinygrad_bp.bytes" if stream.errors == "surrogateescape" else "tinygrad_bp")
        except (OSError, ValueError):
            return  # closed, or nobody reads it: printing says so


def _spelled(error: UnicodeError) -> tuple[str | bytes, int]:
    """What is printed for the first of the signs that a stream lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    if "\u2800" < sign <= "\u28ff":
        return "*", error.start + 1
    return _SPELLINGS.get(sign) or sign.encode("ascii", "backslashreplace").decode(), error.start + 1


def _spelled_with_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    """The same on a stream that takes the bytes of a name of a file which are no text, and takes them still."""
    if isinstance(error, UnicodeEncodeError) and "\udc80" <= (byte := error.object[error.start]) <= "\udcff":
        return bytes([ord(byte) - 0xDC00]), error.start + 1
    return _spelled(error)


codecs.register_error("tinygrad_bp", _spelled)
codecs.register_error("tinygrad_bp.bytes", _spelled_with_bytes)
