"""The mutants of `python -m tests.mutation`: each is a program that differs, and the list of equivalent ones names such as there are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation import EQUIVALENTS, ROOT, chosen_for, equivalents, files, mutants, source_of


def test_every_mutant_is_another_program(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    file = "core/order.py"
    original = ast.dump(ast.parse(source_of(file)))
    found = mutants(file)
    assert len(found) > 90
    for mutant in found:
        mutant.write(tmp_path)
        assert ast.dump(ast.parse((tmp_path / file).read_bytes())) != original, mutant


@pytest.mark.parametrize("file", files())
def test_every_file_of_the_core_and_the_readings_has_mutants_and_tests(file: str) -> None:
    assert mutants(file)
    assert chosen_for(file)
    assert all((ROOT / test).exists() for test in chosen_for(file))


def test_every_file_of_the_core_is_there() -> None:
    core = {f"core/{path.name}" for path in (ROOT / "tinygrad_bp" / "core").glob("*.py")}
    assert core - {"core/__init__.py"} <= set(files())


def test_equivalent_mutants_exist_and_have_a_reason() -> None:
    names = {mutant.name for file in files() for mutant in mutants(file)}
    assert equivalents() <= names
    lines = [line for line in EQUIVALENTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert line.startswith("  ") or following.startswith("  "), f"no reason for {line}"
