"""How the reference is written out: types as programs write them, what is raised as a field of its own, where the source of a name is."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from addresses import SITE
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

import tinygrad_bp
from tinygrad_bp.core.operation import Operation

ROOT = Path(__file__).parent.parent.parent
LINE = "line"  # what the anchors of a source's lines begin with

_BUILT: set[str] = set()  # the names of the pages

_RAISES = re.compile(r"(?:^|(?<=[.:] ))Raises ")
_ERROR = re.compile(r"(?<![`\w.])([A-Z]\w*Error|Diverged)\b(?!`)")
COLON = "\ue000"


# Sources


def located(found: Any, path: str) -> tuple[Path, int] | None:
    """The file and the line where something is made that is known by this path; None for what is not the package's."""
    if isinstance(found, property | cached_property):
        found = found.fget if isinstance(found, property) else found.func
    found = inspect.unwrap(found) if callable(found) and not isinstance(found, Operation) else found
    if isinstance(found, Operation):
        place = ("tinygrad_bp.core.ops", found.name)
    elif inspect.isclass(found) or (inspect.isroutine(found) and hasattr(found, "__qualname__")):
        place = (found.__module__, found.__qualname__)
    else:
        module, _, name = path.rpartition(".")
        place = (module, name)
    return _in_module(*place)


def _in_module(module: str, name: str) -> tuple[Path, int] | None:
    """Where a module, or the one that it has this name from, makes what is called so."""
    if module.partition(".")[0] != "tinygrad_bp":
        return None
    try:
        file = Path(importlib.import_module(module).__file__ or "")
    except ModuleNotFoundError:  # what a class has that is no method
        return None
    if name in _lines(file):
        return file, _lines(file)[name]
    for taken in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(taken, ast.ImportFrom) and taken.module and {"*", name} & {each.name for each in taken.names}:
            return _in_module(taken.module, name)
    for beside in sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else []:
        if name in _lines(beside):
            return beside, _lines(beside)[name]
    return None


@cache
def _lines(file: Path) -> dict[str, int]:
    """The line of each name that a module or a class in it makes."""
    found: dict[str, int] = {}

    def look(body: list[ast.stmt], before: str) -> None:
        for made in body:
            names = []
            if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names = [made.name]
            elif isinstance(made, ast.Assign):
                names = [target.id for target in made.targets if isinstance(target, ast.Name)]
            elif isinstance(made, ast.AnnAssign) and isinstance(made.target, ast.Name) and made.value is not None:
                names = [made.target.id]
            for name in names:
                found.setdefault(before + name, made.lineno)
            if isinstance(made, ast.ClassDef):
                look(made.body, f"{before}{made.name}.")

    look(ast.parse(file.read_text(encoding="utf-8")).body, "")
    return found


def page_of(file: Path) -> str:
    """The name of the page that shows a source."""
    return f"source/{file.relative_to(ROOT).as_posix()}"


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """The address of the source of a name; called by Sphinx."""
    names = f"{info['module']}.{info['fullname']}".strip(".").split(".")[1:]
    found: Any = tinygrad_bp
    path = found.__name__
    for name in names:
        if inspect.ismodule(found):  # some modules are known by two names
            path = found.__name__
            if not hasattr(found, name):
                importlib.import_module(f"{path}.{name}")
        path += f".{name}"
        found = inspect.getattr_static(found, name, None) if inspect.isclass(found) else getattr(found, name, None)
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    at = located(found, path)
    if at is None or page_of(at[0]) not in _BUILT:
        return None
    return f"{SITE}{page_of(at[0])}.html#{LINE}-{at[1]}"


class Ellipses(SphinxPostTransform):
    """Writes Callable[..., X] for what autodoc writes as Callable[[...], X], also where a function has several signatures."""

    default_priority = 899
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        for written in self.document.findall(addnodes.desc_signature):
            signs = list(written.findall(addnodes.desc_sig_punctuation))
            for first, bracket, dots, end in zip(signs, signs[1:], signs[2:], signs[3:], strict=False):
                if [each.astext() for each in (first, bracket, dots, end)] == ["[", "[", "...", "]"]:
                    bracket.parent.remove(bracket)
                    end.parent.remove(end)


class Lines(SphinxPostTransform):
    """Gives each line of a source an anchor."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        if self.env.docname.startswith("source/"):
            for block in self.document.findall(nodes.literal_block):
                block["highlight_args"] = {**block.get("highlight_args", {}), "lineanchors": LINE}


# Docstrings and types


def readable(annotation: str) -> str:
    """A type as programs write it."""
    return re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])", "", annotation).replace("[[...], ", "[..., ")


def signature(
    app: Sphinx, what: str, name: str, found: Any, options: Any, given: str | None, returned: str | None
) -> Any:
    """Called by autodoc: the signature, and what is returned."""
    if given is None:
        return None
    given = re.sub(r"= Domain\(needs=('[^']*').*?fits=''\)", r"= Domain(\1, ...)", given)
    given = re.sub(
        r"(list|dict)(\[[^=]*?\]) = <factory>",
        lambda m: m[0].replace("<factory>", "[]" if m[1] == "list" else "{}"),
        given,
    )
    return readable(given), returned and readable(returned)


def before(app: Sphinx, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Called by autodoc with a docstring: what is raised becomes a field, as parameters are."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line.replace("|", "\\|"))  # which would begin the name of a substitution
        elif paragraphs[-1]:
            paragraphs.append([])
    made: list[str] = []
    for paragraph in paragraphs:
        text = " ".join(paragraph)
        at = _RAISES.search(text)
        if at is None or any(line.startswith(" ") for line in paragraph):
            made += [*paragraph, ""]
            continue
        raised = _ERROR.sub(r"`\1`", text[at.end() :])
        made += [*([text[: at.start()].rstrip(), ""] if at.start() else []), f":Raises: {raised}", ""]
    if what in ("property", "attribute") and made:
        made[0] = made[0].replace(":", COLON)  # else what stands before it were a type
    lines[:] = made


def after(app: Sphinx, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Called by autodoc with a docstring that napoleon has read."""
    lines[:] = [readable(line) if line.startswith(":vartype") else line.replace(COLON, ":") for line in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-process-docstring", before, priority=100)
    app.connect("autodoc-process-docstring", after, priority=600)
    app.connect("env-before-read-docs", lambda app, env, names: _BUILT.update(env.found_docs))
    app.add_post_transform(Ellipses)
    app.add_post_transform(Lines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
