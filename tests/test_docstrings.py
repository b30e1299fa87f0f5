"""The examples in docstrings are run."""

import doctest
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp

MODULES = [
    "tinygrad_bp",
    *(
        info.name
        for info in pkgutil.walk_packages(tinygrad_bp.__path__, "tinygrad_bp.")
        if not info.name.endswith("__main__")
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: Any, empty_folder: Path) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_core_has_examples() -> None:
    finder = doctest.DocTestFinder()
    for name in (
        "tinygrad_bp",
        "tinygrad_bp.core.ops",
        "tinygrad_bp.core.value",
        "tinygrad_bp.core.gradients",
        "tinygrad_bp.networks.nn",
    ):
        assert any(found.examples for found in finder.find(importlib.import_module(name))), name
