"""All that the package writes is the same to the byte, whatever hashes, locale, time zone, folder and Python's options are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SURROUNDINGS: dict[str, tuple[list[str], dict[str, str]]] = {
    "Turkish, east, without asserts": (
        ["-O"],
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "random", "TZ": "Asia/Kathmandu"},
    ),
    "ASCII, west, without docstrings": (
        ["-OO", "-X", "utf8=0"],
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONHASHSEED": "4294967295", "TZ": "America/St_Johns"},
    ),
}


def said(folder: Path, options: list[str], surroundings: dict[str, str]) -> dict[str, str]:
    """A digest of each output, of a process in this folder."""
    folder.mkdir(parents=True)
    kept = {name: x for name, x in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON", "TZ"))}
    done = subprocess.run(
        [sys.executable, *options, "-m", "tests.same", "digests.json"],
        cwd=folder,
        env={**kept, "COLUMNS": "80", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **surroundings},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, str] = json.loads((folder / "digests.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_all_outputs_are_the_same_bytes_everywhere(tmp_path: Path) -> None:
    locales = tmp_path / "locales"
    locales.mkdir()
    if shutil.which("localedef"):  # makes the locales if it knows them; what there is none of counts as C
        command = ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(locales / "tr_TR.UTF-8")]
        subprocess.run(command, capture_output=True, check=False)
    usual = said(tmp_path / "usual", [], {"PYTHONHASHSEED": "0"})
    assert len(usual) > 50
    for k, (name, (options, surroundings)) in enumerate(SURROUNDINGS.items()):
        if any(locales.iterdir()):
            surroundings = {"LOCPATH": str(locales), **surroundings}
        other = said(tmp_path / f"{k} a folder" / "Ünïcode", options, surroundings)
        different = sorted(output for output in usual.keys() | other.keys() if usual.get(output) != other.get(output))
        assert not different, name
