"""How Graphviz is run: which programs are tried, how long each may take, and what of all that they return is a picture.

What a program returns is believed only when it is read to its end: a broken one may exit with status 0 and half a picture.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import sysconfig
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

from tinygrad_bp.drawing.renderer import IN_A_BROWSER, Renderer, renderers, runs_in_javascript
from tinygrad_bp.text import printable

T = TypeVar("T")

SECONDS = 20.0  # how long a program may take at least
SECONDS_A_LINE = 0.05  # and besides for each line of DOT, of which a node or an edge is one
MOST_BYTES = 1 << 29  # that a program may write: what hangs may do so writing
MOST_PIXELS = 1 << 28  # that another program is asked for where the first shrank a picture
INSTALL = "install Graphviz: `apt install graphviz`, `brew install graphviz`, `winget install graphviz` or https://graphviz.org/download"


class Shrunk(UserWarning):
    """A picture has fewer pixels than it should, since no program here draws so many."""


def run(
    source: str,
    format: str,
    read: Callable[[bytes], T],
    less: str,
    *,
    dpi: float | None = None,
    beyond_graphviz_pure: Callable[[], str] = lambda: "",
) -> T:
    """What Graphviz makes of DOT text, in any of its formats, read.

    A renderer that was set is asked first. One that fails, returns what cannot be read, or takes too long, gives way to the next. Raises
    RuntimeError, which says of each what was wrong and what to do, where none is left. Warns where a PNG is larger than any program can
    draw and was shrunk.

    Args:
        read: makes of what a program returned what is wanted. Raises ValueError, saying what is wrong, for what is not whole.
        less: what to do where drawing takes too long, as the error says it.
        dpi: dots per inch of a PNG.
        beyond_graphviz_pure: says why graphviz-pure cannot draw this; returns nothing if it can.
    """
    failures: list[str] = []
    for name, render in renderers():
        try:
            return read(_returned(render, source, format))
        except Exception as error:  # anybody's, also one of JavaScript
            failures.append(f"{name} failed: {printable(str(error))[:300]}")
    slow: list[str] = []
    shrunk: tuple[T, str] | None = None
    seconds = SECONDS + SECONDS_A_LINE * source.count("\n")
    for program in sorted(_programs(), key=_known_to_hang.__contains__):
        if Path(program).stem == "graphviz-pure" and (failure := beyond_graphviz_pure()):
            failures.append(failure)
            continue
        command = [program, f"-T{format}", *([f"-Gdpi={dpi:g}"] if dpi else [])]
        try:
            output, words = _output(command, source.encode(), seconds)
            found = read(output)
        except TimeoutError as error:
            slow.append(program)
            failures.append(f"{program} {error}")
        except (_Failed, ValueError) as error:
            failures.append(f"{program} {error}")
        else:
            _known_to_hang.update(slow)  # since another draws what it does not
            factor = _SHRUNK.search(words) if format == "png" else None
            if factor is None:
                return found
            wanted, got = _sizes(output, float(factor[1]))
            shrunk = found, _shrunk_words(program, wanted, got)
            if wanted[0] * wanted[1] > MOST_PIXELS:
                break
    if shrunk is not None:
        warnings.warn(shrunk[1], Shrunk, stacklevel=4)
        return shrunk[0]
    if runs_in_javascript():
        missing = "there is no Graphviz"
        install = IN_A_BROWSER if not failures else less if format in ("svg", "plain") else "save the picture as .svg"
    else:
        missing, install = "there is neither the command dot nor graphviz-pure (`pip install graphviz-pure`)", INSTALL
    reasons = "; ".join(failures) or missing
    raise RuntimeError(f"no program here can draw this as {format}: {reasons}; {less if slow else install}")


def _returned(render: Renderer, source: str, format: str) -> bytes:
    """What a renderer that was set returns. Raises TypeError if that is neither bytes nor text."""
    returned = render(source, format)
    if not isinstance(returned, str | bytes):
        raise TypeError(f"it returned {type(returned).__name__}, not bytes or text")
    return returned.encode() if isinstance(returned, str) else returned


def _programs() -> Iterator[str]:
    """The renderers that are here, the better one first."""
    if found := shutil.which("dot"):
        yield found
    # A wheel's programs lie beside its Python, which need not be on the search path.
    for folder in (None, str(Path(sys.executable).parent), sysconfig.get_path("scripts")):
        if found := shutil.which("graphviz-pure", path=folder):
            yield found
            return


# Programs that hung on a picture that another one drew. They are asked last: somebody who draws ten pictures waits once.
_known_to_hang: set[str] = set()

# As dot says it: "graph is too large for cairo-renderer bitmaps. Scaling by 0.124194 to fit".
_SHRUNK = re.compile(r"too large .*Scaling by (0?\.\d+)")


def _sizes(png: bytes, factor: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """The width and height that a shrunk PNG should have had, and those it has."""
    width, height = struct.unpack(">II", png[16:24])
    return (round(width / factor), round(height / factor)), (width, height)


def _shrunk_words(program: str, wanted: tuple[int, int], got: tuple[int, int]) -> str:
    return (
        f"{program} draws no PNG of {wanted[0]:,} x {wanted[1]:,} pixels, and shrank it to {got[0]:,} x {got[1]:,}, in which little can "
        "be read; an SVG has no such limit: save the picture as .svg, or draw less"
    )


# A program and all that it starts


class _Failed(Exception):
    """Why a program drew nothing, in words that follow its name."""


def _output(command: list[str], source: bytes, seconds: float) -> tuple[bytes, str]:
    """What a program writes for this input, and the words it adds on its standard error.

    It is ended, and with it all programs that it started, when it takes longer than this (TimeoutError), when it writes without an end,
    and when we are interrupted. Raises _Failed for all else that goes wrong.
    """
    # In a group of its own it can be ended with all that it starts; Ctrl-C, which then reaches us alone, ends it below.
    new_group = (
        {"start_new_session": True}
        if os.name == "posix"
        else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    )
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **new_group
        )
    except OSError as error:
        raise _Failed(f"does not start: {error.strerror}") from None
    done = False
    try:
        output, words = bytearray(), bytearray()
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        # What reads is a thread, so that none of three pipes that is full or empty stops the others; a daemon, since a program that left
        # its group may hold a pipe open for ever.
        threads = [
            threading.Thread(target=_write, args=(process.stdin, source), daemon=True),
            threading.Thread(target=_take, args=(process.stdout, output), daemon=True),
            threading.Thread(target=_take, args=(process.stderr, words), daemon=True),
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + seconds
        for thread in threads[1:]:
            while thread.is_alive() and time.monotonic() < deadline:
                thread.join(0.2)  # in short steps, since on Windows none can be interrupted
        if len(output) > MOST_BYTES:
            raise _Failed(f"wrote more than {MOST_BYTES:,} bytes and was stopped")
        try:
            if any(thread.is_alive() for thread in threads[1:]):
                raise subprocess.TimeoutExpired(command, seconds)
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"took longer than {seconds:.3g} seconds and was stopped") from None
        done = True
    finally:
        if not done:
            _end(process)
    said = bytes(words).decode(errors="replace").strip()
    if status or not output:
        first = f": {printable(said.splitlines()[0])[:300]}" if said else ""
        raise _Failed((f"failed with status {status}" if status else "returned nothing") + first)
    return bytes(output), said


def _write(stream: IO[bytes], source: bytes) -> None:
    with contextlib.suppress(OSError), stream:  # of a program that has ended, of which its status tells
        stream.write(source)


def _take(stream: IO[bytes], into: bytearray) -> None:
    with stream:
        while (piece := os.read(stream.fileno(), 1 << 16)) and len(into) <= MOST_BYTES:
            into += piece


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program and those that it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):  # of one that the system itself cannot end
        process.wait(5.0)


# What is whole


def read_png(data: bytes) -> bytes:
    """A PNG as it is. Raises ValueError for what is none or is cut off or damaged."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        raise ValueError("returned no PNG")
    place, kind = 8, b""
    while kind != b"IEND":
        size = int.from_bytes(data[place : place + 4], "big")
        kind, end = data[place + 4 : place + 8], place + 12 + size
        if end > len(data):
            raise ValueError("returned a PNG that is cut off")
        if zlib.crc32(memoryview(data)[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise ValueError("returned a damaged PNG")
        place = end
    if place != len(data) or not all(struct.unpack(">II", data[16:24])):
        raise ValueError("returned a damaged PNG")
    return data


def read_pdf(data: bytes) -> bytes:
    """A PDF as it is. Raises ValueError for what is none or is cut off."""
    if not data.startswith(b"%PDF-"):
        raise ValueError("returned no PDF")
    if not data.rstrip().endswith(b"%%EOF"):
        raise ValueError("returned a PDF that is cut off")
    return data
