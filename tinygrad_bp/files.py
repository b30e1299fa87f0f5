"""Files that are whole or not there: written beside their place, then moved into it. And JSON without its traps."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Writes a file, text as UTF-8 with plain line ends, and returns its path.

    An existing file is replaced only when the new one is whole. Raises OSError, naming the file and the reason, where it cannot be
    written; nothing is left behind then.
    """
    target = Path(os.path.realpath(path))  # a link stays one, and what it leads to is replaced
    beside = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "that is a folder; name a file in it")
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {str(target.parent)!r}; make it first")
        try:
            beside.write_bytes(content.encode() if isinstance(content, str) else content)
            if target.exists():
                shutil.copymode(target, beside)
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise type(error)(f"cannot write {str(path)!r}: {error.strerror}") from None
    return Path(path)


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
