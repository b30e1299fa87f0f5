"""Programs in C as functions: compiled by the C compiler of the machine, with every warning an error."""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wshadow", "-Werror", "-ffp-contract=off"]
Called = Callable[..., list[float]]


def compiled(folder: Path, texts: Sequence[str], *options: str, compiler: str = "cc") -> list[Called]:
    """The `program` of each text, as a function of numbers. They are compiled together, under names of their own."""
    files = []
    for number, text in enumerate(texts):
        files.append(folder / f"program{number}.c")
        files[-1].write_text(re.sub(r"\bprogram(?=(_rows|_total)?\()", f"program{number}", text), encoding="utf-8")
    library = load(folder / "programs.so", [str(path) for path in files], *(options or ("-O1",)), compiler=compiler)
    return [_function(library, number, text) for number, text in enumerate(texts)]


def load(path: Path, files: Sequence[str], *options: str, compiler: str = "cc") -> ctypes.CDLL:
    """The files as a library of this process. Raises AssertionError with what the compiler says."""
    command = [compiler, *STRICT, *options, "-shared", "-fPIC", *files, "-o", str(path), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    assert done.returncode == 0, done.stderr[:3000]
    assert done.stderr == ""
    return ctypes.CDLL(str(path))


def counts(text: str) -> tuple[int, int]:
    """How many inputs and outputs a program says it has."""
    [found] = re.findall(r"^enum { program_inputs = (\d+), program_outputs = (\d+) };$", text, re.MULTILINE)
    return int(found[0]), int(found[1])


def _function(library: ctypes.CDLL, number: int, text: str) -> Called:
    inputs, outputs = counts(text)

    def call(*numbers: float) -> list[float]:
        assert len(numbers) == inputs
        found = (ctypes.c_double * outputs)()
        library[f"program{number}"]((ctypes.c_double * inputs)(*numbers), found)
        return list(found)

    def rows(shared: Sequence[float], table: Sequence[Sequence[float]], total: bool = False) -> list[float]:
        cells = [x for row in table for x in row]
        found = (ctypes.c_double * (outputs * (1 if total else len(table))))()
        name = f"program{number}_{'total' if total else 'rows'}"
        given = (ctypes.c_double * len(shared))(*shared)
        size = ctypes.c_size_t
        library[name](given, size(len(shared)), (ctypes.c_double * len(cells))(*cells), size(len(table)), found)
        return list(found)

    call.__dict__["rows"] = rows
    return call
