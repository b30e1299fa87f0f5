"""The examples in docstrings are run, and every argument is told."""

import doctest
import importlib
import inspect
import pkgutil
import re
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


def told(thing: Any) -> set[str]:
    """The names under `Args:` and `Attributes:` in the docstring of a function, or of a class and those that it inherits from."""
    names: set[str] = set()
    for each in inspect.getmro(thing) if inspect.isclass(thing) else [thing]:
        for section in re.findall(r"^(?:Args|Attributes):\n((?:    .*\n?)+)", inspect.getdoc(each) or "", re.MULTILINE):
            for entry in re.findall(r"^    (\w+(?:, \w+)*): \S", section, re.MULTILINE):
                names.update(entry.split(", "))
    return names


def untold(thing: Any) -> list[str]:
    """The parameters of a function or class that its docstring does not tell; none where a single one needs no list."""
    parameters = list(inspect.signature(thing).parameters)
    return [name for name in parameters if name not in told(thing)] if len(parameters) > 1 else []


# What people call: functions of the rooms that the reference has, and what the package itself is asked for.
ROOMS = {
    "core",
    "explanation",
    "checking",
    "diagnosis",
    "series",
    "drawing",
    "explorer",
    "lessons",
    "networks",
    "plotting",
    "program",
}
CALLED = {
    f"{name}.{public}": thing
    for name in MODULES
    if name == "tinygrad_bp" or name.split(".")[1] in ROOMS
    for public in getattr(importlib.import_module(name), "__all__", [])
    if inspect.isfunction(thing := getattr(importlib.import_module(name), public))
    or (name == "tinygrad_bp" and inspect.isclass(thing) and not issubclass(thing, Exception))
}


@pytest.mark.parametrize("name", CALLED)
def test_every_argument_is_told(name: str) -> None:
    assert untold(CALLED[name]) == []


def test_an_argument_that_is_not_told_is_found() -> None:
    def call(first: float, second: float, third: float) -> None:
        """Of several arguments.

        Args:
            first: a number,
                and second: is on a line of it.

        third: is in no list.
        """

    assert untold(call) == ["second", "third"]
    assert untold(lambda only: only) == []
