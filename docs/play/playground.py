"""Runs programs in the browser's Python, and makes the views of what came out.

`run` runs a program as the prompt of Python would show it: what an expression at the left margin gives is printed. `view` then shows the
last result, which is a Value, a picture or a page that the program ended with.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import io
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_bp import Value
from tinygrad_bp.core.value import Constant

NAME = "<program>"
MOST_OUTPUT = 200_000  # characters
MOST_DRAWN = 120  # nodes, above which a picture shows the end of the graph alone
MOST_EXPLORED = 400
MOST_WRITTEN = 400  # nodes of a graph that is written out as a lesson
MOST_CHECKED = 3000  # of which a check takes seconds
MOST_INPUTS = 12  # whose derivatives are explained

result: Any = None
_names: dict[str, Any] = {}


class Output(io.TextIOBase):
    """What is printed, handed on a few times a second, up to a limit."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say, self._kept, self._said_at, self._length = say, "", 0.0, 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._length <= MOST_OUTPUT:
            self._kept += text
            self._length += len(text)
            if self._length > MOST_OUTPUT:
                self._kept += "\n...\n"
            if time.monotonic() - self._said_at > 0.1:
                self.flush()
        return len(text)

    def flush(self) -> None:
        if self._kept:
            self._say(self._kept)
        self._kept, self._said_at = "", time.monotonic()


def run(source: str, say: Callable[[str], object]) -> str:
    """Runs a program. Returns JSON: the error, if there is one, with its line, and what the result is."""
    global result
    release()
    _names.update({"__name__": "__main__", "__builtins__": __builtins__})
    output = Output(say)
    error = None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            tree = ast.parse(source, NAME)
            shown: dict[int, Any] = {}
            _names["__shown__"] = lambda place, value: _show(shown, place, value)
            exec(compile(_showing(tree), NAME, "exec"), _names)
            result = _last(tree, shown)
            _name_values()
        except BaseException as caught:  # also SystemExit and KeyboardInterrupt, which is Stop
            error = _told(caught)
            with _held():
                caught.__traceback__ = caught.__context__ = caught.__cause__ = None
    output.flush()
    return json.dumps({"error": error, "result": _called(result)})


def _show(shown: dict[int, Any], place: int, value: Any) -> None:
    shown[place] = value
    if value is not None:
        print(repr(value))


def _showing(tree: ast.Module) -> ast.Module:
    """The program, in which each expression at the left margin is shown."""
    body: list[ast.stmt] = []
    for place, statement in enumerate(tree.body):
        first = place == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.Expr) and not first:  # a text that comes first is the program's docstring
            call = ast.Call(ast.Name("__shown__", ast.Load()), [ast.Constant(place), statement.value], [])
            statement = ast.copy_location(ast.Expr(ast.copy_location(call, statement)), statement)
        body.append(statement)
    return ast.fix_missing_locations(ast.Module(body, []))


def _last(tree: ast.Module, shown: dict[int, Any]) -> Any:
    """What the program ended with: the last thing that can be looked at; an input only where nothing was computed."""
    inputs: list[Any] = []
    for place in reversed(range(len(tree.body))):
        statement = tree.body[place]
        stored = [
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        loaded = [
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        ]
        names = loaded if isinstance(statement, ast.Expr) else stored
        for found in [shown.get(place), *(_names.get(name) for name in reversed(names))]:
            if (isinstance(found, Value) and found.op is not None) or _is_picture(found) or _is_page(found):
                return found
            if isinstance(found, Value):
                inputs.append(found)
    return inputs[0] if inputs else None


def _is_picture(found: Any) -> bool:
    return type(found).__name__ == "Drawing" and hasattr(found, "svg")


def _is_page(found: Any) -> bool:
    return type(found).__name__ == "Page" and hasattr(found, "html")


def _name_values() -> None:
    """Values that a name of the program holds, and that have no label, are called by it."""
    for name, found in _names.items():
        if (
            isinstance(found, Value)
            and not found.label
            and not name.startswith("_")
            and not isinstance(found, Constant)
        ):
            found.label = name


def _called(found: Any) -> str:
    if isinstance(found, Value):
        return f"{found.label or 'result'} = {found.data:.9g}"
    return "" if found is None else type(found).__name__


def _told(error: BaseException) -> dict[str, Any]:
    """What went wrong, and in which line of the program."""
    if isinstance(error, SyntaxError) and error.filename == NAME:
        return {
            "kind": type(error).__name__,
            "words": error.msg,
            "line": error.lineno or 1,
            "column": error.offset or 1,
        }
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == NAME]
    return {"kind": type(error).__name__, "words": str(error), "line": lines[-1] if lines else 0, "column": 0}


# Views


def view(name: str, language: str, dark: bool) -> str:
    """A view of the last result as JSON: `kind` ("svg", "html", "text", "page" or "note") and `content`."""
    if result is None:
        return json.dumps({"kind": "nothing", "content": ""})
    try:
        return json.dumps(_VIEWS[name](language, dark))
    except KeyboardInterrupt:
        raise
    except Exception as error:  # what cannot be shown says why
        return json.dumps({"kind": "note", "content": str(error)})


def _of(kind: str, content: str) -> dict[str, str]:
    return {"kind": kind, "content": content}


def _value() -> Value:
    if not isinstance(result, Value):
        raise TypeError(f"{type(result).__name__}: -")
    return result


def _size() -> int:
    from tinygrad_bp.core.order import count_nodes

    return count_nodes(_value(), most=1_000_000)


def _graph(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import draw

    if _is_picture(result):
        return _of("svg", result.svg())
    y = _value()
    if y.op is not None and y.grad == 0.0:
        y.backward()
    options: dict[str, Any] = {
        "local_derivatives": True,
        "digits": 6,
        "dark": dark,
        "language": language,
        "transparent": True,
    }
    size = _size()
    if size > MOST_DRAWN:
        return {**_of("svg", draw(y, depth=4, **options).svg()), "left_out": str(size)}
    return _of("svg", draw(y, **options).svg())


def _explain(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import explain

    y = _value()
    parts = [str(explain(y, language=language))]
    if _size() <= MOST_WRITTEN:
        parts += [str(explain(y, x, language=language)) for x in _inputs(y)[:MOST_INPUTS]]
    return _of("text", "\n\n".join(parts))


def _inputs(y: Value) -> list[Value]:
    from tinygrad_bp import topological_order

    return [v for v in topological_order(y, constants=False) if v.op is None and v.label and v is not y]


def _lesson(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import lesson

    if (size := _size()) > MOST_WRITTEN:
        return {**_of("text", ""), "too_large": str(size)}
    return _of("html", lesson(_value(), language=language).html())


def _check(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import check_gradients

    if (size := _size()) > MOST_CHECKED:
        return {**_of("text", ""), "too_large": str(size)}
    return _of("text", str(check_gradients(_value())))


def _page(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import explore

    if _is_page(result):
        return _of("page", result.html)
    if (size := _size()) > MOST_EXPLORED:
        return {**_of("text", ""), "too_large": str(size)}
    return _of("page", explore(_value(), language=language).html)


_VIEWS: dict[str, Callable[[str, bool], dict[str, str]]] = {
    "graph": _graph,
    "explain": _explain,
    "lesson": _lesson,
    "check": _check,
    "page": _page,
}


# Letting go


def release() -> None:
    """Lets go of what the last program left."""
    global result
    with _held():
        result = None
        _names.clear()
        sys.last_value = sys.last_traceback = sys.last_exc = None


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """What is let go of in here is freed at the end, users of a Value before the Value.

    A long chain that is let go of at its end frees itself step inside step, for which the stack of a browser is too small.
    """
    kept = {id(found): found for found in gc.get_objects() if isinstance(found, Value)}
    users = _count_users(kept)
    yield
    gc.collect()
    free = [name for name in kept if not users.get(name)]
    while free:
        name = free.pop()
        for operand in [id(operand) for operand in kept[name].operands if isinstance(operand, Value)]:
            users[operand] -= 1
            if not users[operand] and operand in kept:
                free.append(operand)
        del kept[name]


def _count_users(values: dict[int, Value]) -> dict[int, int]:
    users: dict[int, int] = {}
    for v in values.values():
        for operand in v.operands:
            if isinstance(operand, Value):
                users[id(operand)] = users.get(id(operand), 0) + 1
    return users
