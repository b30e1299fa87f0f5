"""The reference: a page for each room, with all its public names, from docstrings and types. Sphinx's autodoc writes them out."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from reference import located

import tinygrad_bp
from tinygrad_bp.core.operation import ATOM, NEGATIVE, Operation, Reduction
from tinygrad_bp.core.symbol import Symbol

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
# What no docstring says: the type of what is no class and no function, and what it is.
DATA = {
    "OPERATIONS": ("dict[str, Operation]", "All rows of the table of operations, by their names."),
    "TRUTH_TABLES": (
        "dict[str, tuple[int, int, int, int]]",
        "The answers of `and`, `or`, `xor` ... to (0, 0), (0, 1), (1, 0) and (1, 1).",
    ),
    "NAMES": ("tuple[str, ...]", "The names of the tables that `bundled` has."),
    "Schedule": (
        "Callable[[int], float]",
        "A learning rate that changes: a function of the number of steps before this one.",
    ),
}


def pages() -> dict[str, str]:
    """The pages in Markdown by their names on the site."""
    rooms = _names_by_room()
    made = {f"api/{room}": _page(room, names) for room, names in rooms.items()}
    rows = "\n".join(
        f"| {{py:obj}}`{name} <{path}>` | {_summary(path, found)} |"
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
    helpers = [(name, f"tinygrad_bp.ops.{name}", found) for name, found in sorted(tinygrad_bp.OPERATIONS.items())]
    for name, path, found in [*top, *inside, *helpers]:
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


def sources() -> set[Path]:
    """The files that make what the pages tell of."""
    named = [each for names in _names_by_room().values() for each in names.values()]
    members = [
        (f"{path}.{name}", inspect.getattr_static(found, name))
        for path, found in named
        if inspect.isclass(found)
        for name in vars(found)
    ]
    places = [located(found, path) for path, found in [*named, *members]]
    return {place[0] for place in places if place is not None}


def _page(room: str, names: dict[str, tuple[str, Any]]) -> str:
    parts = [f"# {ROOMS[room]}\n"]
    ordered = sorted(names.items(), key=lambda item: (_rank(item[1][0], item[1][1]), item[0].lower()))
    for place, (name, (path, found)) in enumerate(ordered):
        if _rank(path, found) == 2 > _rank(*ordered[place - 1][1]):
            parts.append(
                "## Operations in `tinygrad_bp.ops`\n\nWhat operators write, and what derivatives of other operations are made of.\n"
            )
        head = "###" if _rank(path, found) == 2 else "##"
        parts.append(f"{head} {name}\n\n```{{eval-rst}}\n{_directive(path, found)}\n```\n")
    return "\n".join(parts)


def _rank(path: str, found: Any) -> int:
    """Classes and functions come before operations, and those before operations that stand in a module alone."""
    return 0 if not isinstance(found, Operation) else 2 if path.startswith("tinygrad_bp.ops.") else 1


def _directive(path: str, found: Any) -> str:
    if inspect.isclass(found):
        exception = "exception" if issubclass(found, BaseException) else "class"
        inherits = "" if found.__bases__ == (object,) else "\n   :show-inheritance:"
        return f".. auto{exception}:: {path}\n   :members:\n   :special-members: __call__{inherits}"
    if inspect.isfunction(found):
        return f".. autofunction:: {path}"
    if isinstance(found, Operation):
        return f".. py:function:: {path}{_usage(found)}\n\n" + "\n".join(
            f"   {line}" if line else "" for line in _told(found)
        )
    kind, said = DATA[path.rpartition(".")[2]]
    if path.endswith(".Schedule"):
        return f".. py:type:: {path}\n   :canonical: {kind}\n\n   {said}\n"
    return f".. py:data:: {path}\n   :type: {kind}\n\n   {said}\n"


# Operations


class Latex(Symbol):
    """A formula in LaTeX, and how tightly it binds."""

    def __init__(self, text: str, binding: int = ATOM) -> None:
        self.text, self.binding = text, binding

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> Latex:
        """Called by the rules of operations."""
        parts = [(x.text, x.binding) if isinstance(x, Latex) else _number(x) for x in operands]
        return Latex(op.write(parts, latex=True), op.binding)


def _number(x: float) -> tuple[str, int]:
    return f"{x:.6g}", NEGATIVE if x < 0 else ATOM


def _usage(op: Operation) -> str:
    usage = op.describe().split("\n")[0]
    return usage[usage.index("(") :]


def _told(op: Operation) -> list[str]:
    """What an operation is, its formula and derivatives, rendered and in code, and where it is defined."""
    said = op.describe().split("\n")
    derivatives = [line.removeprefix("Derivative: ") for line in said if line.startswith("Derivative: ")]
    names = [re.split(r"[d∂]y/[d∂]", line)[1].split(" = ")[0] for line in derivatives]
    atoms = [Latex(re.sub(r"^(\w)(\d)$", r"\1_\2", name) if len(name) < 3 else rf"\mathit{{{name}}}") for name in names]
    formula = _simple(op.write([(atom.text, ATOM) for atom in atoms], latex=True))
    partials = op.derivatives(Latex("y"), atoms)
    d = r"\mathrm{d}" if len(names) == 1 else r"\partial "
    results = [_simple(partial.text) if isinstance(partial, Latex) else _number(partial)[0] for partial in partials]
    rows = [
        rf"| :math:`\displaystyle \frac{{{d}y}}{{{d}{atom.text}}} = {result}`, in code `{line}`"
        for atom, result, line in zip(atoms, results, derivatives, strict=True)
    ]
    helpers = sorted(
        {
            name
            for line in derivatives
            for name in re.findall(r"(\w+)\(", line)
            if name in tinygrad_bp.OPERATIONS and name not in tinygrad_bp.__all__ and name != op.name
        }
    )
    see = [f":See: {', '.join(f':py:obj:`{name} <tinygrad_bp.ops.{name}>`' for name in helpers)}"] if helpers else []
    first = [] if said[2].startswith("Formula") else [_escaped(said[2]), ""]
    head = "Derivative" if len(rows) == 1 else "Derivatives"
    needs = f":Needs: {_escaped(op.domain.needs)}"
    also = [" For longer sequences likewise."] if isinstance(op, Reduction) else []
    return [
        *first,
        f":Formula: :math:`y = {formula}`{''.join(also)}",
        f":{head}:",
        *(f"   {row}" for row in rows),
        *see,
        needs,
    ]


def _simple(latex: str) -> str:
    """Without parentheses around a letter that is squared."""
    return re.sub(r"\\left\((\w|\w_\d)\\right\)(?=\^)", r"\1", latex)


def _escaped(text: str) -> str:
    return re.sub(r"([*|\\`])", r"\\\1", text)


def _summary(path: str, found: Any) -> str:
    if (name := path.rpartition(".")[2]) in DATA:
        return re.sub(r"([|*_<$\[\]\\])", r"\\\1", DATA[name][1])
    said = inspect.getdoc(found) or ""
    paragraphs = said.split("\n\n")
    said = paragraphs[1] if isinstance(found, Operation) else paragraphs[0]  # the first is how it is called
    first = re.sub(r"\s+", " ", said.split("\n")[0] if isinstance(found, Operation) else said).strip()
    first = re.split(r"(?<=\.) (?=[A-Z])", first)[0]
    return re.sub(r"([|*_<$\[\]\\])", r"\\\1", first)
