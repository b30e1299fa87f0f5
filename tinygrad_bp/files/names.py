"""How files are called: in messages, by the suffixes of their names, and by descriptors such as /dev/stdout."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

from tinygrad_bp.text import listed, printable, shown

Source = str | os.PathLike[str] | IO[bytes] | IO[str]  # what can be read: the name of a file, or an open one
PACKED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}  # suffixes of packed files, and the modules that pack
LONGEST = 200  # characters of a name in a message


def called(source: Source) -> str:
    """The name of a file or a stream for a message: what steers a terminal spelled, a long one without its middle."""
    if isinstance(source, str | os.PathLike):
        name = str(source)
    elif getattr(source, "buffer", source) is getattr(sys.stdin, "buffer", sys.stdin):
        return "standard input"
    else:
        name = str(getattr(source, "name", f"this {type(source).__name__}"))
    half = LONGEST // 2 - 2
    return printable(name if len(name) <= LONGEST else f"{name[:half]}...{name[-half:]}")


def packed_name(path: str | os.PathLike[str]) -> tuple[Path, str]:
    """The name without the suffix of a packed file, and the module that packs: of `a.csv.gz` `a.csv` and `gzip`, of others nothing."""
    name = Path(path)
    module = PACKED.get(name.suffix.lower(), "")
    return (name.with_suffix("") if module else name), module


def format_of(
    path: str | os.PathLike[str],
    formats: Sequence[str],
    what: str,
    format: str | None = None,
    stream: str | None = None,
) -> str:
    """In which of the formats a file is to be written: the one asked for, else that of its suffix.

    Args:
        what: what is written, to begin an error with.
        stream: the format of what is no regular file and so has no suffix; None where it must be asked for.

    Raises ValueError for another format, and for a suffix that is none.
    """
    if format is not None:
        if format not in formats:
            raise ValueError(f"the format of {what} is {listed(formats, 'or')}, not {shown(format)}")
        return format
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix in formats:
        return suffix
    if is_stream(path):
        if stream is not None:
            return stream
        raise ValueError(
            f"{shown(str(path))} has no suffix, which would say how {what} is written: {listed(formats, 'or')}"
        )
    suffixes = listed([f".{each}" for each in formats], "or")
    raise ValueError(f"cannot save {what} as {shown(str(path), LONGEST)}: the name should end in {suffixes}")


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether what has this name is there and is neither a regular file nor a folder: a device, a pipe, a descriptor."""
    if descriptor(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def descriptor(path: str | os.PathLike[str]) -> int | None:
    """The number of the open file that a name such as /dev/stdout or /dev/fd/63 leads to; None of all others.

    Such a one is used as it is: opened once more it would begin at its start, and its name may lead to no file at all.
    """
    if sys.platform == "win32":
        return None
    place = os.path.abspath(path)
    for _ in range(40):  # as many links as systems follow
        folder, name = os.path.split(place)
        if name.isdecimal() and os.path.realpath(folder) in ("/dev/fd", f"/proc/{os.getpid()}/fd"):
            return int(name)
        try:
            place = os.path.abspath(os.path.join(folder, os.readlink(place)))
        except (OSError, ValueError):
            return None
    return None


def unfit(path: str | os.PathLike[str], error: ValueError) -> str:
    """Why no file can have this name, in words that are the same on every Python."""
    why = "it has a NUL character" if "\0" in os.fspath(path) else str(error)
    return f"no name that a file can have: {why}"


def in_words(error: OSError | ValueError, verb: str, path: Source) -> OSError | ValueError:
    """The error as one that says in words what cannot be done. Its type, errno, strerror and filename stay.

    A ValueError is of a name that no file can have.
    """
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else called(path)
    if isinstance(error, ValueError):
        return ValueError(f"cannot {verb} {shown(name, LONGEST)}: {unfit(name, error)}")
    kind: Any = type(error)
    return _again(kind, verb, error.errno, error.strerror or str(error), name)


@cache
def _said(kind: Any) -> Any:
    """The type of error, with words of ours for its own, which hold a number and the whole of a name, however long it is."""

    def words(self: Any) -> str:
        return f"cannot {self.verb} {shown(self.filename, LONGEST)}: {self.strerror}"

    def rebuilt(self: Any) -> tuple[Any, ...]:
        return _again, (kind, self.verb, self.errno, self.strerror, self.filename)

    return type(kind.__name__, (kind,), {"__str__": words, "__reduce__": rebuilt, "__module__": kind.__module__})


def _again(kind: Any, verb: str, *facts: Any) -> OSError:
    error: Any = _said(kind)(*facts)
    error.verb = verb
    return cast(OSError, error)
