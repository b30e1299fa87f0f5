"""Files that belong together: written into a hidden folder and moved into their own together, when all of them are whole."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from tinygrad_bp.files import beside
from tinygrad_bp.files.names import in_words
from tinygrad_bp.files.writing import write_whole


def check_folder(folder: Path) -> None:
    """Raises OSError if files cannot be written into a folder of this name, which may be new, ValueError if none can have it.

    Nothing is made.
    """
    try:
        made = _make(folder)
        _remove(made)
        if not made and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "the folder is read-only")
    except (OSError, ValueError) as error:
        raise in_words(error, "write into" if os.path.isdir(folder) else "make", folder) from None


@contextlib.contextmanager
def written_together(folder: Path, kinds: Collection[str] = ()) -> Iterator[Path]:
    """A hidden folder to write files in. At the end all are moved into `folder`, which may be new; after an error they are thrown away.

    A new folder is there at once with all that is in it. Into one that is there already the files are moved one by one, while
    signals wait; what was in it under the names in `kinds` and is not written again is removed, all else stays.

    Raises OSError where the folder cannot be made or written into, ValueError for a name that none can have.
    """
    made: list[Path] = []
    try:
        target = Path(os.path.realpath(folder))
        made = _make(target.parent)
        for place in (target / target.name, target):
            beside.remove_left(place)
        hidden, lock = beside.new_folder(target, inside=target if _must_be_inside(target) else target.parent)
    except (OSError, ValueError) as error:
        _remove(made)
        raise in_words(error, "make", folder) from None
    renamed = False
    try:
        yield hidden
        with beside.uninterrupted():
            if renamed := not target.exists():
                os.rename(hidden, target)
            else:
                _move(hidden, target, kinds)
        made = []
    finally:
        if not renamed:  # else the name may be another's by now; while the lock is held it is not
            shutil.rmtree(hidden, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        _remove(made)


def _must_be_inside(target: Path) -> bool:
    """Whether what is moved into a folder that is there cannot come from beside it."""
    if not target.is_dir():
        return False
    return target.stat().st_dev != target.parent.stat().st_dev or not os.access(target.parent, os.W_OK | os.X_OK)


def _move(hidden: Path, target: Path, kinds: Collection[str]) -> None:
    """Moves the files of one folder into the other."""
    files = sorted(hidden.iterdir())
    for file in files:
        _check_writable(target / file.name)
    for file in files:
        place = target / file.name
        try:
            there = place.lstat()
        except FileNotFoundError:
            there = None
        if there is None or (stat.S_ISREG(there.st_mode) and there.st_nlink == 1):
            if there is not None:
                shutil.copymode(place, file)
            os.replace(file, place)
        else:  # a link stays one
            write_whole(place, file.read_bytes())
    for name in sorted(set(kinds) - {file.name for file in files}):
        (target / name).unlink(missing_ok=True)


def _check_writable(place: Path) -> None:
    try:
        mode = place.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "that is a folder")
        if not mode & 0o222 or not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, "the file is read-only")
    except FileNotFoundError:
        return
    except OSError as error:
        raise in_words(error, "write", place) from None


def _make(folder: Path) -> list[Path]:
    """Makes a folder and those it is in, and returns what had to be made, the innermost first. Raises OSError after removing them."""
    new = [folder, *folder.parents]
    made: list[Path] = []
    try:
        for place in reversed([each for each in new if not each.exists()]):
            place.mkdir()
            made.insert(0, place)
        if not os.path.isdir(folder):
            raise NotADirectoryError(errno.ENOTDIR, "that is a file; name a folder, which may be new")
    except OSError:
        _remove(made)
        raise
    return made


def _remove(folders: list[Path]) -> None:
    """Removes folders that were made for nothing, if nobody else has put something into them."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
