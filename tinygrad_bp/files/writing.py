"""A file that is whole or not there: written without a name or beside its place, then moved into it. A stream is written as what it is."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import stat
import sys
import time
from pathlib import Path
from typing import IO, Any

from tinygrad_bp.files import beside
from tinygrad_bp.files.names import LONGEST, descriptor, in_words, packed_name
from tinygrad_bp.text import shown

SECONDS = 5.0  # for which somebody is waited for who reads or writes the other end of a named pipe
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Writes a file, text as UTF-8 with plain line ends, and returns its path. One whose name ends in .gz, .bz2 or .xz is packed.

    An existing file is replaced only when the new one is whole and on the disk. A link stays one, and what it leads to is replaced; a
    file that has several names, or whose folder takes no new files, is written over, so that all of its names have the new content.
    What is no regular file, a device or a pipe, is written as what it is.

    Raises OSError, naming the file and the reason, where it cannot be written, as if it is read-only, and ValueError for a name that no
    file can have; nothing is left behind then.
    """
    data = content.encode() if isinstance(content, str) else content
    if (module := packed_name(path)[1]) and data:
        options = {"mtime": 0} if module == "gzip" else {}  # the same content is the same file
        data = importlib.import_module(module).compress(data, **options)
    try:
        _write(os.fspath(path), data)
    except (OSError, ValueError) as error:
        raise in_words(error, "write", path) from None
    return Path(path)


def write_stream(stream: Any, content: str | bytes) -> None:
    """Writes to an open stream, such as standard output: the bytes as they are, text as UTF-8 if the stream takes bytes."""
    inner: IO[bytes] | None = getattr(stream, "buffer", None)
    if inner is None:
        stream.write(content if isinstance(content, str) else content.decode())
    else:
        stream.flush()  # what was written before comes before
        inner.write(content.encode() if isinstance(content, str) else content)
    stream.flush()


def _write(path: str, data: bytes) -> None:
    number = descriptor(path)
    if number is not None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, ValueError, io.UnsupportedOperation):
                if stream.fileno() == number:
                    stream.flush()  # what was written before comes before
        _pour(os.dup(number), data)
        return
    target = Path(os.path.realpath(path))
    try:
        there = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        if not target.parent.is_dir():
            folder = shown(str(target.parent), LONGEST)
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {folder}; make it first") from None
        _make(target, data)
        return
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, "that is a folder; name a file in it")
    if not stat.S_ISREG(there.st_mode):
        _pour(_opened(path, there), data)
    # Root may write everything; a file that says it is not to be written is not meant for root either.
    elif not there.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only")
    elif there.st_nlink > 1:
        _write_over(target, data)
    else:
        _replace(target, there, data)


# Streams


def _opened(path: str, there: os.stat_result) -> int:
    """A device or a pipe, open for writing. A pipe is waited for until somebody reads it, but not for ever."""
    if not stat.S_ISFIFO(there.st_mode):
        return os.open(path, os.O_WRONLY | os.O_NOCTTY | _BINARY)
    until = time.monotonic() + SECONDS
    while True:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | _BINARY)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > until:
                raise OSError(errno.ENXIO, f"nobody reads from this pipe, for {SECONDS:g} seconds") from None
            time.sleep(0.02)
        else:
            os.set_blocking(pipe, True)
            return pipe


def _pour(file: int, data: bytes) -> None:
    """Writes all of it and closes the file."""
    with open(file, "wb", buffering=0) as stream:
        rest = memoryview(data)
        while rest:
            rest = rest[stream.write(rest) or 0 :]


# Regular files


def _make(target: Path, data: bytes) -> None:
    """Makes a new file. Where the system has files without a name, nothing is left even of a process that is killed."""
    beside.remove_left(target)
    file = _nameless(target.parent)
    if file is not None:
        try:
            _fill(file, data, None)
            with beside.uninterrupted():
                beside.link(file, target)
                return
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
        finally:
            os.close(file)
    _replace(target, None, data)  # somebody has made it in the meantime, or the system gives no names later


def _replace(target: Path, there: os.stat_result | None, data: bytes) -> None:
    """Writes beside the target and moves into place, with the mode and the owner of what is there."""
    if there is not None and not os.access(target.parent, os.W_OK | os.X_OK):
        _write_over(target, data)  # its folder takes no new files, and it can be written all the same
        return
    try:
        beside.remove_left(target)
        if not _moved_without_a_name(target, there, data):
            _move(target, there, data)
    except OSError as error:
        # So can one that is mounted by itself, or is another user's.
        if there is None or error.errno not in (errno.EPERM, errno.EBUSY, errno.EXDEV):
            raise
        _write_over(target, data)


def _moved_without_a_name(target: Path, there: os.stat_result | None, data: bytes) -> bool:
    """Whether it was done with a file that has a name only for the moment in which it is moved."""
    file = _nameless(target.parent)
    if file is None:
        return False
    place: Path | None = None
    try:
        _fill(file, data, there)
        with beside.uninterrupted():
            try:
                place = beside.new_link(target, file)
            except OSError:  # the system gives no names later
                return False
            os.replace(place, target)
            place = None
    finally:
        if place is not None:  # before the lock ends with the descriptor: after that the name may be another's
            place.unlink(missing_ok=True)
        os.close(file)
    return True


def _move(target: Path, there: os.stat_result | None, data: bytes) -> None:
    """Does it with a file that has a name from its beginning, which a signal is not to leave."""
    with beside.uninterrupted():
        _move_named(target, there, data)


def _move_named(target: Path, there: os.stat_result | None, data: bytes) -> None:
    place, file = beside.new_file(target)
    moved = False
    try:
        _fill(file, data, there)
        if sys.platform == "win32":  # what is open cannot be moved
            os.close(file)
            file = -1
        os.replace(place, target)
        moved = True
    finally:
        if (
            not moved and sys.platform != "win32"
        ):  # before the lock ends with the descriptor: after that the name may be another's
            place.unlink(missing_ok=True)
        if file >= 0:
            os.close(file)
        if not moved and sys.platform == "win32":  # where what is open cannot be removed
            place.unlink(missing_ok=True)


def _write_over(target: Path, data: bytes) -> None:
    """Writes into the file itself. What was in it is put back if that fails."""
    with open(target, "r+b") as file:
        before = file.read()
        try:
            with beside.uninterrupted():
                _put(file, data)
        except BaseException:
            _put(file, before)
            raise


def _put(file: IO[bytes], data: bytes) -> None:
    file.seek(0)
    file.write(data)
    file.truncate()
    file.flush()
    _sync(file.fileno())


def _fill(file: int, data: bytes, there: os.stat_result | None) -> None:
    """Gives a new file the mode and the owner of what is there, and its content, down to the disk.

    Without the last a power cut could leave the name without the content.
    """
    if there is not None and sys.platform != "win32":
        made = os.fstat(file)
        if (there.st_uid, there.st_gid) != (made.st_uid, made.st_gid):
            os.fchown(file, there.st_uid, there.st_gid)
        os.fchmod(file, stat.S_IMODE(there.st_mode))
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    _sync(file)


def _sync(file: int) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems have no such promise to give
            raise


def _nameless(folder: Path) -> int | None:
    """A new file without a name in the folder, gone with the process if nothing gives it one; None where there are none."""
    if not hasattr(os, "O_TMPFILE") or not os.path.exists("/proc/self/fd"):
        return None
    try:
        return os.open(folder, os.O_RDWR | os.O_TMPFILE | _BINARY, 0o666)
    except OSError:
        return None  # if there is another reason it is met again, and said, by what is tried next
