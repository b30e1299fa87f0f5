"""The README says in which order the engine is read, and how many lines that is."""

import re
from pathlib import Path

import tinygrad_bp

PACKAGE = Path(tinygrad_bp.__file__).parent
README = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
# `core/value.py`, a link or not, and then its lines: (250 lines).
FILE = re.compile(r"`(core/\w+\.py)`\]?(?:\([^)]*\))? \(([\d,]+) lines\)")
TOTAL = re.compile(r"(?<!\()\b([\d,]+) lines\b(?!\))")


def lines_of(name: str) -> int:
    return (PACKAGE / name).read_bytes().count(b"\n")


def test_the_reading_order_names_files_of_the_engine_and_counts_their_lines() -> None:
    said = {name: int(count.replace(",", "")) for name, count in FILE.findall(README)}
    assert {"core/operation.py", "core/ops.py", "core/value.py"} <= set(said)
    assert said == {name: lines_of(name) for name in said}


def test_the_total_is_their_sum() -> None:
    last = list(FILE.finditer(README))[-1]
    total = TOTAL.search(README, last.end())
    assert total is not None
    assert int(total[1].replace(",", "")) == sum(lines_of(name) for name, _ in FILE.findall(README))


def test_every_file_of_the_engine_is_in_the_order_or_named_beside_it() -> None:
    """No file is hidden from the count: those that are not in the order are named below it."""
    section = README[README.index("## The engine, in one sitting") :].split("\n## ")[0]
    named = {name.removeprefix("core/").removesuffix(".py") for name in re.findall(r"`([\w/.]+)`", section)}
    files = {path.stem for path in (PACKAGE / "core").glob("*.py")} - {"__init__"}
    assert files <= named
