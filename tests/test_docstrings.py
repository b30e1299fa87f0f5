"""The examples in docstrings are run, and every argument is told, of functions, classes and methods."""

import doctest
import importlib
import inspect
import pkgutil
import re
import types
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
    thing = getattr(thing, "__func__", thing)  # of which Python finds a docstring that is inherited
    for each in inspect.getmro(thing) if inspect.isclass(thing) else [thing]:
        for section in re.findall(r"^(?:Args|Attributes):\n((?:    .*\n?)+)", inspect.getdoc(each) or "", re.MULTILINE):
            for entry in re.findall(r"^    (\w+(?:, \w+)*): \S", section, re.MULTILINE):
                names.update(entry.split(", "))
    return names


def untold(thing: Any) -> list[str]:
    """The parameters of a function, class or bound method that its docstring does not tell; none where a single one needs no list.

    In the core, which is to be read in one sitting, a sentence of a method that names it tells enough.
    """
    parameters = list(inspect.signature(thing).parameters)
    names = told(thing)
    if "." in thing.__qualname__ and thing.__module__.startswith("tinygrad_bp.core."):
        names |= set(re.findall(r"`(\w+)`", inspect.getdoc(thing) or ""))
    return [name for name in parameters if name not in names] if len(parameters) > 1 else []


def bound(thing: type, name: str) -> Any:
    """A method as it is called, without the first parameter that Python gives it; None for what is no method."""
    own = inspect.getattr_static(thing, name)
    if isinstance(own, classmethod | staticmethod):
        return getattr(thing, name)
    return types.MethodType(own, object()) if inspect.isfunction(own) else None


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
CLASSES = {
    thing: f"{name}.{public}"
    for name in MODULES
    if name == "tinygrad_bp" or name.split(".")[1] in ROOMS
    for public in getattr(importlib.import_module(name), "__all__", [])
    if inspect.isclass(thing := getattr(importlib.import_module(name), public))
}
METHODS = {
    f"{path}.{name}": method
    for thing, path in CLASSES.items()
    for name in vars(thing)
    if (not name.startswith("_") or name == "__call__") and (method := bound(thing, name)) is not None
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


def test_every_argument_of_a_public_method_is_told() -> None:
    assert len(METHODS) > 90
    assert {name: missing for name, method in METHODS.items() if (missing := untold(method))} == {}


def test_an_argument_that_is_not_told_is_found() -> None:
    def call(first: float, second: float, third: float) -> None:
        """Of several arguments.

        Args:
            first: a number,
                and second: is on a line of it.

        third: is in no list.
        """

    class Called:
        """One."""

        def __call__(self, first: float, second: float) -> None:
            """Of `first`.

            Args:
                second: a number.
            """

        @classmethod
        def made(cls, first: float, second: float) -> None:
            """Of `first` and `second`."""

    assert untold(call) == ["second", "third"]
    assert untold(lambda only: only) == []
    assert untold(bound(Called, "__call__")) == ["first"]
    assert untold(bound(Called, "made")) == ["first", "second"]
    Called.__call__.__module__ = "tinygrad_bp.core.called"
    assert untold(bound(Called, "__call__")) == []
    assert bound(Called, "__doc__") is None
