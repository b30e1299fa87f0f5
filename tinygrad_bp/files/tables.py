"""Tables as CSV, for people who open them in a spreadsheet: a text in a cell stays a text there, and is read back as it was."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

# What a spreadsheet takes for a formula, in the wide signs of Japanese keyboards, too; quotes before it were put there by `guarded`, or
# are part of a text that looks like that.
_LIVE = re.compile("'*[=+@\t\r\uff1d\uff0b\uff0d\uff20-]")
_NUMBER = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)")


def csv_of(rows: Iterable[Sequence[object]], newline: str = "\n") -> str:
    """Rows as CSV. A quote goes before what a spreadsheet would compute; numbers are as they are."""
    import csv  # which only those need who write a table

    lines = []
    for row in rows:
        file = io.StringIO()
        csv.writer(file, lineterminator="\r\n").writerow(
            [guarded(str(cell)) for cell in row]
        )  # so that it quotes either
        lines.append(file.getvalue().removesuffix("\r\n") + newline)
    return "".join(lines)


def guarded(text: str) -> str:
    """The text of a cell, with a quote before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if _LIVE.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """What the cell of a table says that was written with `guarded`."""
    return text[1:] if text.startswith("'") and _LIVE.match(text) else text
