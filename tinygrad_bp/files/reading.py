"""Text from files, pipes and open streams, within a limit. And JSON without its traps."""

from __future__ import annotations

import codecs
import contextlib
import errno
import importlib
import io
import json
import os
import select
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

from tinygrad_bp.files.names import Source, descriptor, in_words, unfit
from tinygrad_bp.files.writing import SECONDS
from tinygrad_bp.text import shown

_CHUNK = 1 << 20  # bytes that are read at once
_MAGIC = {"gzip": b"\x1f\x8b", "bz2": b"BZh", "lzma": b"\xfd7zXZ\0"}  # how a packed file begins
# The longer ones first: that of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_text(source: Source, most: int) -> str:
    """The text of a file, or what is left of an open one: UTF-8, or what a byte order mark says, with plain line ends.

    Raises ValueError, in words to follow "it is", for what is no text, and what `read_bytes` raises.
    """
    return read_text_in(source, most)[0]


def read_text_in(
    source: Source, most: int, encoding: str | None = None, otherwise: str | None = None
) -> tuple[str, str]:
    """The text as `read_text` reads it, and the encoding that it was in.

    Args:
        encoding: what it is in, if it is known.
        otherwise: an encoding of single bytes to be tried for a file without a mark that is no UTF-8.

    Raises LookupError for an encoding that there is not, and what `read_text` raises.
    """
    parts, raw, decoder, used = [], [], None, encoding or "utf-8-sig"
    chunks = _chunks(source, most)
    try:
        for chunk in chunks:
            if decoder is None:
                used = encoding or next((name for mark, name in _MARKS.items() if chunk.startswith(mark)), used)
                decoder = codecs.getincrementaldecoder(used)()
            if otherwise is not None:
                raw.append(chunk)
            parts.append(decoder.decode(chunk))
            if "\0" in parts[-1]:
                raise ValueError("no text: it holds zero bytes")
        if decoder is not None:
            parts.append(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        if otherwise is None or used != "utf-8-sig" or encoding is not None:
            raise ValueError(f"no text in {(encoding or 'UTF-8')!s:.40}") from None
        _in_bytes_of(otherwise, b"".join(raw))  # before the rest is read, which may be endless
        parts, used = [_in_bytes_of(otherwise, b"".join([*raw, *chunks]))], otherwise
    return "".join(parts).replace("\r\n", "\n").replace("\r", "\n"), used


def _in_bytes_of(encoding: str, content: bytes) -> str:
    """The text in an encoding of one byte for each character. Raises ValueError for damaged UTF-8 and what has no characters of texts."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("no text in UTF-8") from None
    wrong = (mended := content.decode("utf-8", "replace")).count("\ufffd")
    if sum(not c.isascii() for c in mended) > 2 * wrong:
        raise ValueError("no text in UTF-8, but nearly: it is damaged")
    if any(c in text for c in map(chr, (*range(9), *range(14, 32), 127))):
        raise ValueError("no text in UTF-8")
    return text


def read_bytes(source: Source, most: int) -> bytes:
    """What is in a file, or left of an open one, unpacked if it is packed.

    Raises ValueError, in words to follow "it is", for more than `most` bytes, which are not read then, and for a packed file that is
    damaged; TypeError for what is neither name nor file; OSError where it cannot be read, and for a named pipe into which nobody writes.
    """
    return b"".join(_chunks(source, most))


def _chunks(source: Source, most: int) -> Iterator[bytes]:
    count = 0
    try:
        with contextlib.ExitStack() as stack:
            stream: Any = stack.enter_context(_opened(source, most))
            for module, magic in _MAGIC.items():
                if stream.peek(len(magic)).startswith(magic):
                    stream = stack.enter_context(importlib.import_module(module).open(stream))
                    break
            while chunk := stream.read(_CHUNK):
                count += len(chunk)
                if count > most:
                    raise _TooLarge(most)
                yield chunk
    except OSError as error:
        if error.errno is None:  # how some of the modules that pack say what is wrong in a file
            raise ValueError(f"no whole packed file: {error}") from None
        raise in_words(error, "read", source) from None
    except Exception as error:
        if isinstance(error, EOFError) or type(error).__module__ in ("zlib", "_lzma"):
            raise ValueError(f"no whole packed file: {error}") from None
        raise


class _TooLarge(ValueError):
    def __init__(self, most: int) -> None:
        super().__init__(f"larger than {most / 1e6:,.3g} MB, more than is read")


class _Raw(io.RawIOBase):
    """What can be read piece by piece, as a file of bytes; `first` comes first."""

    def __init__(
        self, read: Callable[[int], bytes], first: bytes = b"", close: Callable[[], None] = lambda: None
    ) -> None:
        self._read, self._first, self._close = read, first, close

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk, self._first = self._first or self._read(len(buffer)), b""
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._close()


def _opened(source: Source, most: int) -> IO[bytes]:
    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "read"):
            raise TypeError(
                f"what is read is the name of a file or an open one, not {type(source).__name__} {shown(source)}"
            )
        return io.BufferedReader(_Raw(_reads(source)), _CHUNK)
    number = descriptor(source)
    if number is not None:
        return open(os.dup(number), "rb", buffering=_CHUNK)
    try:
        there = os.stat(source)
    except ValueError as error:
        raise ValueError(unfit(source, error)) from None
    if stat.S_ISFIFO(there.st_mode):
        file, first = _pipe(source)
        return io.BufferedReader(_Raw(lambda size: os.read(file, size), first, lambda: os.close(file)), _CHUNK)
    if stat.S_ISREG(there.st_mode) and there.st_size > most:
        raise _TooLarge(most)
    return open(source, "rb", buffering=_CHUNK)


def _reads(stream: Any) -> Callable[[int], bytes]:
    """The method that reads from an open stream, of bytes or of text."""
    stream = getattr(stream, "buffer", stream)

    def read(size: int) -> bytes:
        chunk = stream.read(size // 4)  # a character has up to four bytes
        return chunk.encode("utf-8", "surrogatepass") if isinstance(chunk, str) else cast(bytes, chunk or b"")

    return read


def _pipe(path: str | os.PathLike[str]) -> tuple[int, bytes]:
    """A named pipe, open for reading, and the first of what is in it. Who writes is waited for, but not for ever."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        waiting = select.poll()
        waiting.register(file, select.POLLIN)
        until, first = time.monotonic() + SECONDS, b""
        # With something to read, or after whoever wrote has left, there are events.
        while not first and not waiting.poll(20):
            try:
                first = os.read(file, 1)
            except BlockingIOError:
                break  # somebody is there, and takes as long as it takes
            if not first and time.monotonic() > until:
                raise OSError(errno.ENXIO, f"nobody writes into this pipe, for {SECONDS:g} seconds")
        os.set_blocking(file, True)
    except BaseException:
        os.close(file)
        raise
    return file, first


def parse_json(text: str, constant: Callable[[str], Any]) -> Any:
    """What a JSON text holds; `constant` says what becomes of NaN, Infinity and -Infinity, which JSON has not.

    A whole number of more digits than Python takes is infinite. Raises json.JSONDecodeError for what is no JSON, RecursionError for lists
    nested too deeply and ValueError for a key that is twice in one object, of which JSON would keep the last.
    """

    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise ValueError(f"{key!r:.60} is twice in the same object")
            found[key] = value
        return found

    def whole(digits: str) -> int | float:
        return int(digits) if len(digits) < 4000 else float(digits)

    return json.loads(text, parse_int=whole, parse_constant=constant, object_pairs_hook=each_once)


def beyond_floats(content: Any, place: str, whole: bool = False) -> str:
    """Where in what a JSON text holds an infinite number stands, such as `notes.more[2]`: one of 400 digits or 1e400; else nothing.

    Whole numbers are infinite only from where Python takes no more digits, but if they are to become floats, as `whole` says, before.
    """
    for where, x in _leaves(content, place):
        if isinstance(x, float if not whole else float | int) and abs(x) > sys.float_info.max:
            return where
    return ""


def _leaves(content: Any, place: str) -> Iterator[tuple[str, Any]]:
    rest = [(place, content)]
    while rest:
        where, x = rest.pop()
        if isinstance(x, dict):
            rest += [(f"{where}.{shown(key, 30)[1:-1]}", each) for key, each in x.items()]
        elif isinstance(x, list):
            rest += [(f"{where}[{k}]", each) for k, each in enumerate(x)]
        else:
            yield where, x
