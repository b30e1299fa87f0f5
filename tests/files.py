"""Files for tests: a folder to write them in, and tables."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_csv(name: str, rows: Iterable[Sequence[object]]) -> None:
    """Writes the rows, the header included, as the file of this name."""
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
