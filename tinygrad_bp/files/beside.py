"""Hidden files and folders beside their target while they are written, and what a killed process left of them.

Whoever writes one holds a lock on it, which ends with the process. So one without a lock was left by a process that was killed, and is
removed when the same target is written the next time. Where a system has no such locks nothing is taken for left.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

_SLOTS = 8  # how many are looked for that may have been left
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def new_file(target: Path) -> tuple[Path, int]:
    """A new hidden file beside the target, locked, and its descriptor."""
    for place in _places(target):
        _remove_if_left(place)
        try:
            file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        except FileExistsError:
            continue  # another process writes the same target
        if _locked(file, place):
            return place, file
        os.close(file)
    raise AssertionError  # there is always another place


def new_folder(target: Path, inside: Path) -> tuple[Path, int | None]:
    """A new hidden folder for the target's files, locked, in the folder `inside`, and its descriptor, which not all systems have."""
    for place in _places(inside / target.name):
        _remove_if_left(place)
        try:
            place.mkdir()
        except FileExistsError:
            continue
        if sys.platform == "win32":
            return place, None
        folder = os.open(place, os.O_RDONLY | _BINARY)
        if _locked(folder, place):
            return place, folder
        os.close(folder)
    raise AssertionError


def new_link(target: Path, file: int) -> Path:
    """A hidden name beside the target for an open file that has none, which is locked."""
    _lock(file)
    for place in _places(target):
        _remove_if_left(place)
        try:
            link(file, place)
        except FileExistsError:
            continue
        return place
    raise AssertionError


def link(file: int, place: Path) -> None:
    """Gives an open file without a name this one."""
    # With a descriptor of a folder, which an absolute path does not need, Python follows the link that leads to the open file.
    folder = os.open(place.parent, os.O_RDONLY | _BINARY)
    try:
        os.link(f"/proc/self/fd/{file}", place.name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        os.close(folder)


def remove_left(target: Path) -> None:
    """Removes what killed processes left beside a target."""
    for place in itertools.islice(_places(target), _SLOTS):
        _remove_if_left(place)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """In here signals that would end the process wait, for the moment that it takes to move what is whole into place."""
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _places(target: Path) -> Iterator[Path]:
    """Names for what is written beside a target: short ones, also where its own is as long as a name can be."""
    for slot in itertools.count():
        yield target.with_name(f".{zlib.crc32(os.fsencode(target.name)):08x}.{slot}.part")


def _remove_if_left(place: Path) -> None:
    """Removes what has this name if no process holds a lock on it; where that cannot be told it stays."""
    if sys.platform == "win32":  # what a process has open cannot be removed here
        with contextlib.suppress(OSError):
            place.unlink()
        return
    try:
        left = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | _BINARY)
    except OSError:
        return
    try:
        # By now the name may be another's: whose file this was may have moved it into place since.
        if _locked(left, place, wait=False):
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    place.unlink()
    finally:
        os.close(left)


def _locked(file: int, place: Path, wait: bool = True) -> bool:
    """Locks an open file or folder; False if no lock could be had, or if by then the name was no longer its own."""
    if not _lock(file, wait):
        return False
    try:
        return os.path.samestat(os.fstat(file), os.stat(place))
    except FileNotFoundError:
        return False


def _lock(file: int, wait: bool = True) -> bool:
    """Whether a lock, which lasts until the descriptor is closed, could be had."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True
