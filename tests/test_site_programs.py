"""`run this` on the site's pages: the program of a block has what it needs of the blocks before, and nothing that a browser lacks."""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_docs import blocks

SITE = Path(__file__).parent.parent / "docs" / "site"
PAGES = [
    "chain-rule",
    "topological-order",
    "three-ways",
    "errata",
    "learn/1-rates-multiply-rates-add",
    "learn/5-build-the-engine",
]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module that makes the programs."""
    monkeypatch.syspath_prepend(str(SITE))
    yield importlib.import_module("programs")
    for name in ("programs", "addresses"):
        sys.modules.pop(name, None)


def test_a_block_brings_what_it_needs_and_nothing_else(programs: Any) -> None:
    page = programs.Page()
    assert page.program(">>> from m import a\n") is None
    page = programs.Page()
    first = ">>> import math\n>>> x = 2\n>>> x\n2\n>>> other = 5\n>>> def twice(n):\n...     return helped(n)\n"
    assert "return helped(n)" in page.program(first)
    assert page.program("def helped(n):\n    return 2 * n\n") == "def helped(n):\n    return 2 * n\n"
    assert page.program(">>> twice(x)\n4\n") == (
        "x = 2\ndef twice(n):\n    return helped(n)\ndef helped(n):\n    return 2 * n\n\ntwice(x)\n"
    )
    assert page.program("print(math.pi)") == "import math\n\nprint(math.pi)\n"


def test_what_changes_a_thing_is_needed_and_what_shows_it_is_not(programs: Any) -> None:
    page = programs.Page()
    page.program(">>> xs = [3, 1]\n>>> xs.sort()\n>>> print(len(xs))\n2\n>>> xs[0] = 7\n>>> sorted(xs)\n[3, 7]\n")
    assert page.program(">>> xs\n[7, 3]\n") == "xs = [3, 1]\nxs.sort()\nxs[0] = 7\n\nxs\n"


def test_what_raises_is_caught_and_said(programs: Any) -> None:
    program = programs.Page().program(
        ">>> 1 / 0\nTraceback (most recent call last):\n    ...\nZeroDivisionError: division by zero\n"
    )
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(program, {})
    assert out.getvalue() == "ZeroDivisionError: division by zero\n"


@pytest.mark.parametrize(
    "block",
    [
        "import numpy as np",
        "from torch import nn",
        "import subprocess",
        "open('flats.csv')",
        "read('a/b.json')",
        "x = (",
    ],
)
def test_what_a_browser_lacks_is_not_offered(programs: Any, block: str) -> None:
    assert programs.Page().program(block) is None


def test_a_file_that_the_program_writes_is_there(programs: Any) -> None:
    assert programs.Page().program("net.save('net.json')\nload('net.json')\n") is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_programs_of_a_page_run_by_themselves(programs: Any, name: str, empty_folder: Path) -> None:
    page = programs.Page()
    made = 0
    for block in blocks((SITE.parent / f"{name}.md").read_text(encoding="utf-8")):
        if block.language == "python" and (program := page.program(block.text)) is not None:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile("\n" * block.line + program, name, "exec"), {"__name__": "__main__"})
            made += 1
    assert made >= 5


def test_a_link_is_what_the_playground_reads(programs: Any) -> None:
    from tests.test_playground import packed

    held = packed("print(1)\n")
    assert programs.link("print(1)\n", "en").endswith(f"/play/#p={held}")
    assert programs.link("print(1)\n", "ja").endswith(f"/play/?lang=ja#p={held}")
