"""The reference: a page for each room, with all its public names, from docstrings and types. Sphinx's autodoc writes them out."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from types import ModuleType
from typing import Any

import tinygrad_bp
from tinygrad_bp.core.operation import Operation

# By what is done with it. A name that stands at the top of the package is told in its room.
ROOMS = {
    "core": "The engine: `Value`, gradients, operations",
    "explanation": "Explanations",
    "checking": "Checking against numerical differences",
    "diagnosis": "Diagnosis",
    "series": "Series and forward mode",
    "drawing": "Pictures",
    "explorer": "The page of `explore`",
    "lessons": "Lessons, exercises, marks",
    "networks": "Networks, losses, optimizers, training, data",
    "plotting": "Pictures of training",
    "program": "Programs",
}


def pages() -> dict[str, str]:
    """The pages in Markdown by their names on the site."""
    rooms = _names_by_room()
    made = {f"api/{room}": _page(room, names) for room, names in rooms.items()}
    rows = "\n".join(
        f"| {{py:obj}}`{name} <{path}>` | {_summary(found)} |"
        for room, names in rooms.items()
        for name, (path, found) in sorted(names.items(), key=lambda item: item[0].lower())
    )
    made["api/index"] = (
        "# All public names\n\nWhat stands in `tinygrad_bp` itself is imported from there; the pages say where the rest is.\n\n"
        f"| name | what it is |\n|---|---|\n{rows}\n\n```{{toctree}}\n:hidden:\n\n"
        + "\n".join(f"/{name}" for name in made if name != "api/index")
        + "\n```\n"
    )
    return made


def _names_by_room() -> dict[str, dict[str, tuple[str, Any]]]:
    """For each room its public names, the path that each is imported by, and what it is."""
    modules: list[ModuleType] = []
    for entry in pkgutil.walk_packages(tinygrad_bp.__path__, "tinygrad_bp."):
        if not entry.name.endswith("__main__") and entry.name.split(".")[1] in ROOMS:
            module = importlib.import_module(entry.name)
            if hasattr(module, "__all__"):
                modules.append(module)
    rooms: dict[str, dict[str, tuple[str, Any]]] = {room: {} for room in ROOMS}
    seen: set[int] = set()
    top = [(name, f"tinygrad_bp.{name}", getattr(tinygrad_bp, name)) for name in sorted(tinygrad_bp.__all__)]
    inside = [
        (name, f"{_public(module.__name__)}.{name}", getattr(module, name))
        for module in sorted(modules, key=lambda module: module.__name__.count("."))
        for name in module.__all__
    ]
    for name, path, found in [*top, *inside]:
        room = _room_of(found, path)
        if id(found) in seen or room not in rooms:
            continue
        seen.add(id(found))
        shown = name if name not in rooms[room] else path.removeprefix("tinygrad_bp.")
        rooms[room][shown] = (path, found)
    return {room: names for room, names in rooms.items() if names}


def _public(module: str) -> str:
    """The path that programs use: what is in networks/ stands one floor higher, too."""
    short = {f"tinygrad_bp.networks.{name}": f"tinygrad_bp.{name}" for name in ("data", "losses", "optim")}
    return short.get(module, module)


def _room_of(found: Any, path: str) -> str:
    if isinstance(found, Operation):
        return "core"
    home = getattr(found, "__module__", None)
    if home is None or not home.startswith("tinygrad_bp."):
        home = path if path.count(".") > 1 else "tinygrad_bp.core"
    room = home.split(".")[1]
    return "networks" if room in ("data", "losses", "optim") else room


def _page(room: str, names: dict[str, tuple[str, Any]]) -> str:
    parts = [f"# {ROOMS[room]}\n"]
    for name, (path, found) in sorted(
        names.items(), key=lambda item: (isinstance(item[1][1], Operation), item[0].lower())
    ):
        parts.append(f"## {name}\n\n```{{eval-rst}}\n{_directive(path, found)}\n```\n")
    return "\n".join(parts)


def _directive(path: str, found: Any) -> str:
    if inspect.isclass(found):
        exception = "exception" if issubclass(found, BaseException) else "class"
        return f".. auto{exception}:: {path}\n   :members:\n   :special-members: __call__\n   :show-inheritance:"
    if inspect.isfunction(found):
        return f".. autofunction:: {path}"
    said = inspect.getdoc(found) or ""
    if isinstance(found, Operation):
        first, *rest = re.sub(r"([*|\\\\])", r"\\\1", said).splitlines()
        lines = [f"   | {line}" if line else "" for line in rest]
        return f".. py:function:: {path}{first[first.index('(') :]}\n\n" + "\n".join(lines)
    return f".. py:data:: {path}\n   :type: {type(found).__name__}\n"


def _summary(found: Any) -> str:
    said = "" if isinstance(found, dict | tuple | list) else inspect.getdoc(found) or ""
    paragraphs = said.split("\n\n")
    said = paragraphs[1] if isinstance(found, Operation) else paragraphs[0]  # the first is how it is called
    first = re.sub(r"\s+", " ", said.split("\n")[0] if isinstance(found, Operation) else said).strip()
    first = re.split(r"(?<=\.) (?=[A-Z])", first)[0]
    return re.sub(r"([|*_<$\[\]\\])", r"\\\1", first)
