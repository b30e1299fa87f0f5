"""Rows of the table that Python's `math` has not, as source that stands by itself: for programs that are saved."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any


def standalone(functions: Mapping[str, Callable[..., Any]]) -> str:
    """Source that defines these functions under their names, with what they call, by nothing but Python's own library.

    Raises OSError where the source of a function is not there.
    """
    found = _Source()
    for name, function in functions.items():
        found.define(name, function)
    return "".join(
        [*sorted(found.imports), "\n" * bool(found.imports), *found.constants.values(), *found.functions.values()]
    )


class _Source:
    """What has been written: lines that import, and by their names numbers, and functions, each after those that it calls."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.constants: dict[str, str] = {}
        self.functions: dict[str, str] = {}

    def define(self, name: str, thing: Any) -> None:
        """Writes what stands for a thing under this name."""
        if name in self.functions:
            return
        if isinstance(thing, ModuleType):
            self.imports.add(f"import {thing.__name__}\n")
        elif isinstance(thing, FunctionType) and thing.__module__.startswith("tinygrad_bp."):
            tree = _Plain().visit(ast.parse(inspect.getsource(thing)))
            tree.body[0].name = name
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and node.id in thing.__globals__:
                    self.define(node.id, thing.__globals__[node.id])
            self.functions[name] = f"{ast.unparse(ast.fix_missing_locations(tree))}\n\n"
        elif isinstance(thing, float | int | tuple | list):
            self.constants[name] = "\n    ".join(textwrap.wrap(f"{name} = {thing!r}", 100)) + "\n\n"
        else:
            original = thing.__name__
            self.imports.add(f"from {thing.__module__} import {original}" + f" as {name}" * (name != original) + "\n")


class _Plain(ast.NodeTransformer):
    """Functions without types."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        return None if node.value is None else ast.Assign([node.target], node.value)
