"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Writes a file, text as UTF-8 with plain line ends, and returns its path.

    An existing file is replaced only when the new one is whole. Raises OSError, naming the file and the reason, where it cannot be
    written; nothing is left behind then.
    """
    target = Path(path)
    beside = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        if not target.parent.is_dir():
            raise FileNotFoundError(0, f"there is no folder {str(target.parent)!r}; make it first")
        if target.is_dir():
            raise IsADirectoryError(0, "that is a folder; name a file in it")
        beside.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(beside, target)
    except OSError as error:
        raise type(error)(f"cannot write {str(target)!r}: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)
    return target
