"""Programs for the playground from the blocks of a page: a block, and what it needs of the blocks before it."""

from __future__ import annotations

import ast
import base64
import doctest
import re
import sys
import zlib
from collections import Counter

from addresses import playground

# What the browser's Python has.
_THERE = {*sys.stdlib_module_names, "tinygrad_bp"}
_NOT_THERE = {"multiprocessing", "subprocess", "threading", "concurrent", "socket", "ctypes"}
# Calls that change nothing: a line of the blocks before that only shows something is not needed.
_SHOWING = {
    "print",
    "round",
    "len",
    "str",
    "repr",
    "list",
    "sorted",
    "sum",
    "max",
    "min",
    "format",
    "float",
    "type",
    "set",
    "zip",
}


_FILE = re.compile(r"\.(csv|tsv|json|py)$")
_WRITING = {"save", "write_text", "write_bytes", "sheets"}


def link(program: str, language: str) -> str:
    """The address of the playground, in this language, with this program, while pages are written."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(program.encode()) + packed.flush()
    return playground(language, f"#p={base64.urlsafe_b64encode(data).decode().rstrip('=')}")


class Page:
    """The blocks of a page, one after the other."""

    def __init__(self) -> None:
        self._before: list[tuple[str, ast.stmt]] = []

    def program(self, block: str) -> str | None:
        """The program of the next block, with what it needs; None if the playground cannot run it."""
        source = plain(block)
        try:
            own = ast.parse(source).body
        except SyntaxError:
            return None
        before = self._needed(_names(own, ast.Load))
        kept = [text for text, _ in before]
        statements = [*(statement for _, statement in before), *own]
        self._before += [(_text(source, statement), statement) for statement in own]
        if not all(_runs(statement) for statement in statements) or _reads_files(statements):
            return None
        return "\n".join([*kept, *([""] if kept else []), source.strip("\n"), ""])

    def _needed(self, names: set[str]) -> list[tuple[str, ast.stmt]]:
        """The statements before that make these names, or change what they stand for, and what those need in their turn."""
        kept: set[int] = set()
        grown = True
        while grown:
            grown = False
            for place in reversed(range(len(self._before))):
                statement = self._before[place][1]
                loaded = _names([statement], ast.Load)
                makes = _names([statement], ast.Store) & names
                if place not in kept and (makes or (loaded & names and not _only_shows(statement))):
                    kept.add(place)
                    names = names | loaded
                    grown = True
        return [self._before[place] for place in sorted(kept)]


def plain(block: str) -> str:
    """A block without prompts and outputs. What raises is caught, and what it says printed."""
    if ">>>" not in block:
        return block
    parts = []
    for example in doctest.DocTestParser().get_examples(block):
        if example.exc_msg is None:
            parts.append(example.source)
        else:
            body = "".join(f"    {line}\n" for line in example.source.splitlines())
            parts.append(f'try:\n{body}except Exception as error:\n    print(f"{{type(error).__name__}}: {{error}}")\n')
    return "".join(parts)


def _text(source: str, statement: ast.stmt) -> str:
    """A statement as it is written, with its decorators."""
    first = min([statement.lineno, *(line.lineno for line in getattr(statement, "decorator_list", []))])
    return "\n".join(source.splitlines()[first - 1 : statement.end_lineno])


def _reads_files(statements: list[ast.stmt]) -> bool:
    """Whether a file is named that the program does not write: of such a one the browser knows nothing."""
    named: Counter[str] = Counter()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _FILE.search(node.value):
                named[node.value] += 1
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _WRITING:
                named.update({inner.value: 1 for inner in node.args if isinstance(inner, ast.Constant)})
    return any(count == 1 for count in named.values())


def _names(statements: list[ast.stmt], kind: type[ast.expr_context]) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, kind):
                found.add(node.id)
            elif kind is ast.Store:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                    found.add(node.name)
                elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
                    # y.label = "y" makes something of y
                    found |= {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
    return found


def _only_shows(statement: ast.stmt) -> bool:
    """Whether this is an expression whose result was looked at, and nothing else."""
    if not isinstance(statement, ast.Expr):
        return isinstance(
            statement, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
        )
    return all(
        isinstance(node.func, ast.Name) and node.func.id in _SHOWING
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    )


def _runs(statement: ast.stmt) -> bool:
    for node in ast.walk(statement):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        roots = {module.split(".")[0] for module in modules}
        if roots - _THERE or roots & _NOT_THERE:
            return False
    return True
