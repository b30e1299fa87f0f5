"""Runs programs in the browser's Python, and makes the views of what came out.

`run` runs a program as the prompt of Python would show it: what an expression at the left margin gives is printed. `view` then shows the
last result, which is a Value, a picture or a page that the program ended with.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import gc
import io
import json
import operator
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import exercises

from tinygrad_bp import Value
from tinygrad_bp.core.value import Constant

NAME = "<program>"
MOST_OUTPUT = 200_000  # characters
MOST_DRAWN = 120  # nodes, above which a picture shows the end of the graph alone
MOST_EXPLORED = 400
MOST_WRITTEN = 400  # nodes of a graph that is written out as a lesson
MOST_CHECKED = 3000  # of which a check takes seconds
MOST_SAID = 500  # letters of an error
MOST_HELD = 1000  # things of a list, among which a Value is looked for
MOST_WORK = 50_000  # inputs times nodes, of which a check takes a second
MOST_INPUTS = 12  # whose derivatives are explained

result: Any = None  # what the program ended with
value: Value | None = None  # and the last Value before it, where that is none
_names: dict[str, Any] = {}


SPOILT = (AttributeError, NameError, TypeError, ImportError, KeyError)


AWAITED = re.compile(
    r"('await'|'?async \w+'?|asynchronous comprehension) outside|Runner\.run\(\) cannot be called|run_until_complete"
)


class Spoilt(Exception):
    """This module's own code fails after a program has run: what it needs is not what it was."""


class Output(io.TextIOBase):
    """What is printed, handed on a few times a second, up to a limit."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say, self._kept, self._said_at, self._length = say, "", 0.0, 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._length <= MOST_OUTPUT:
            self._kept += text[: MOST_OUTPUT - self._length]
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


def run(source: str, say: Callable[[str], object], exercise: str = "") -> str:
    """Runs a program. Returns JSON: the error, if any, with its line, what the result is, and what the tests of an exercise say."""
    global result, value
    release()
    _names.update({"__name__": "__main__", "__builtins__": dict(_BUILTINS)})
    output = Output(say)
    error = checked = None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        theirs = True  # whether what goes wrong is of the program's
        try:
            tree = ast.parse(source, NAME)
            shown: dict[int, Any] = {}
            _names["__shown__"] = lambda place, value: _show(shown, place, value)
            code = compile(_showing(tree), NAME, "exec")
            sys.setrecursionlimit = _limited
            try:
                exec(code, _names)
            except SystemExit as end:
                if end.code not in (None, 0):  # else the program has just come to its end
                    raise
            finally:
                _mend()
                theirs = False
            if exercise:
                checked = exercises.tried(exercise, _names, NAME)
                _mend()  # which has what this module had, too: the result comes after it
            result = _last(tree, shown, lambda found: _is_picture(found) or _is_page(found) or _is_document(found))
            value = _last(tree, shown, lambda found: False)
            _name_values()
        except BaseException as caught:  # also SystemExit and KeyboardInterrupt, which is Stop
            error = _told(caught)
            if not theirs and not error["line"] and isinstance(caught, SPOILT):
                raise Spoilt(str(caught)) from None
            _take_apart()  # what the frames of the program hold is let go of with them
            caught.__traceback__ = caught.__context__ = caught.__cause__ = None
    output.flush()
    return json.dumps({"error": error, "result": _called(result), "checked": checked})


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


def _last(tree: ast.Module, shown: dict[int, Any], also: Callable[[Any], bool]) -> Any:
    """The last Value, or what `also` takes, that the program has at its left margin; an input only where nothing was computed."""
    inputs: list[Any] = []
    for place in reversed(range(len(tree.body))):
        statement = tree.body[place]
        stored = [
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        loaded = [
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        ]
        names = [*loaded, *stored] if isinstance(statement, ast.Expr) else stored
        for found in _within([shown.get(place), *(_names.get(name) for name in reversed(names))]):
            if (isinstance(found, Value) and found.op is not None) or also(found):
                return found
            if isinstance(found, Value):
                inputs.append(found)
    return inputs[0] if inputs else None


def _within(things: list[Any], deep: int = 2) -> Iterator[Any]:
    """These things, and of a list, a tuple or a dictionary, such as the outputs of a network, what it holds, from its end."""
    for found in things:
        yield found
        held = list(found.values()) if type(found) is dict else list(found) if type(found) in (list, tuple) else []
        if deep:
            yield from _within(held[: -MOST_HELD - 1 : -1], deep - 1)


def _is_picture(found: Any) -> bool:
    return type(found).__name__ == "Drawing" and hasattr(found, "svg")


def _is_page(found: Any) -> bool:
    return type(found).__name__ == "Page" and hasattr(found, "html")


def _is_document(found: Any) -> bool:
    """Whether this is a lesson, a sheet or marks; the room that makes them is there only if the program has asked for one."""
    room = sys.modules.get("tinygrad_bp.lessons.document")
    return room is not None and isinstance(found, room.Document)


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
    """What went wrong, and in which line of the program; and, where it is no fault of the program's, which limit of the page it met."""
    told = {"kind": type(error).__name__, "words": _words_of(error), "why": _limit(error), "module": _missing(error)}
    if isinstance(error, SyntaxError) and error.filename == NAME:
        return {**told, "words": error.msg, "line": error.lineno or 1, "column": error.offset or 1}
    lines = []
    passed = error.__traceback__
    while passed is not None:  # of an endless recursion there are many
        if passed.tb_frame.f_code.co_filename == NAME:
            lines.append(passed.tb_lineno)
        passed = passed.tb_next
    return {**told, "line": lines[-1] if lines else 0, "column": 0}


def _words_of(error: BaseException) -> str:
    try:
        words = str(error)
    except Exception:  # of a class of the program's
        return ""
    return words if len(words) <= MOST_SAID else words[:MOST_SAID] + "..."


def _missing(error: BaseException) -> str:
    """The module that a browser's Python does not have; nothing where that is not what went wrong."""
    root = (getattr(error, "name", None) or "").partition(".")[0]
    return root if isinstance(error, ModuleNotFoundError) and root != "tinygrad_bp" else ""


def _limit(error: BaseException) -> str:
    """Which limit of a browser's Python was met: a key of the page's words, or nothing."""
    words = _words_of(error)
    if isinstance(error, Asked):
        return "input"
    if _missing(error):
        return "module"
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return "name"
    if isinstance(error, ImportError) and "pip install" in words:
        return "install"
    if "start new thread" in words or "emscripten does not support processes" in words:
        return "threads"
    if "Cannot stack switch" in words or AWAITED.search(words):
        return "async"
    return ""


class Asked(EOFError):
    """What `input` raises: there is nobody to ask."""


Asked.__name__ = Asked.__qualname__ = "EOFError"


def _ask(prompt: object = "") -> str:
    print(prompt, end="")
    raise Asked("input()")


# Exercises


def sheet(name: str, seed: int, answers: str, language: str) -> str:
    """The sheet of an exercise as JSON; with answers, which are JSON, their marks."""
    if answers:
        return json.dumps(exercises.marked(name, seed, json.loads(answers), language))
    return json.dumps(exercises.sheet(name, seed, language))


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
    if value is None:
        raise TypeError(f"{type(result).__name__}: -")
    return value


def _size() -> int:
    from tinygrad_bp.core.order import count_nodes

    return count_nodes(_value(), most=1_000_000)


def _graph(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import draw

    if _is_picture(result):  # what is no picture of the package's is shown in a frame, whatever is in it
        return _of("svg" if type(result).__module__.startswith("tinygrad_bp.") else "html", result.svg())
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

    y, inputs = _value(), []
    parts, size = [str(explain(y, language=language))], _size()
    if size <= MOST_WRITTEN:
        inputs = _inputs(y)
        parts += [str(explain(y, x, language=language)) for x in inputs[:MOST_INPUTS]]
    shown = _of("text", "\n\n".join(parts))
    if size > MOST_WRITTEN or len(inputs) > MOST_INPUTS:
        return {**shown, "left_out": str(size), "says": "left_out.explain"}
    return shown


def _inputs(y: Value) -> list[Value]:
    return [v for v in _leaves(y) if v.label]


def _leaves(y: Value) -> list[Value]:
    from tinygrad_bp import topological_order

    return [v for v in topological_order(y, constants=False) if v.op is None and v is not y]


def _lesson(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import lesson

    if _is_document(result):
        return _of("html", result.html())
    if (size := _size()) > MOST_WRITTEN:
        return {**_of("text", ""), "too_large": str(size)}
    return _of("html", lesson(_value(), language=language).html())


def _check(language: str, dark: bool) -> dict[str, str]:
    from tinygrad_bp import check_gradients

    if (size := _size()) > MOST_CHECKED:
        return {**_of("text", ""), "too_large": str(size)}
    inputs = _leaves(_value())
    most = max(1, MOST_WORK // size)
    if len(inputs) <= most:
        return _of("text", str(check_gradients(_value())))
    shown = _of("text", str(check_gradients(_value(), inputs[:most])))
    return {**shown, "left_out": str(len(inputs)), "says": "left_out.check", "there": str(most)}


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


def hide() -> None:
    """Takes what tries exercises out of the reach of `import`. It is looked after all the same."""
    for name in ("exercises", __name__):
        sys.modules.pop(name, None)
        _MODULES.pop(name, None)


def release() -> None:
    """Lets go of what the last program left.

    A long chain of objects of its own classes is taken apart first: in freeing itself step inside step it would need more stack than a
    browser has. Values see to that themselves.
    """
    global result, value
    result = value = None
    sys.last_value = sys.last_traceback = sys.last_exc = None
    _take_apart()
    _names.clear()
    gc.collect()


def _take_apart() -> None:
    for holding in [held for found in gc.get_objects() if (held := _held_by(found)) is not None]:
        holding.clear()


def _held_by(found: object) -> dict[str, Any] | None:
    """What an object of a class of the program's holds."""
    try:
        held = object.__getattribute__(found, "__dict__") if type(found).__module__ == "__main__" else None
    except Exception:  # a class that hides it
        return None
    return held if isinstance(held, dict) else None


# What a program may have changed of Python and of the package is mended after it: else it would change the programs after it, too.

DEEPEST = 100_000  # calls inside each other: more of them would fill the memory before they end
KEPT = frozenset({"stdout", "stderr", "stdin", "modules"})  # of sys; the first three change while a program runs


def _limited(limit: int, /) -> None:
    """What a program has as `sys.setrecursionlimit`."""
    _set_limit(min(limit, DEEPEST) if type(limit) is int else limit)


def _importing(*given: Any, **named: Any) -> Any:
    """Imports, and remembers what came with it as it was."""
    global _imports
    _imports += 1
    try:
        return _import(*given, **named)
    finally:
        _imports -= 1
        if _imports == 0 and len(_MODULES) != len(sys.modules):
            _remember()


def _remember() -> None:
    for name, module in list(sys.modules.items()):
        if name not in _MODULES:
            _MODULES[name] = module
            if isinstance(module, _MODULE) and name != "__main__":
                _WERE.append((module, dict(vars(module))))
                _WERE.extend((found, dict(vars(found))) for found in _classes(module))


def _classes(module: Any) -> list[type]:
    """The classes of a module of the package; those of Python's library cannot all be looked after."""
    return [
        found
        for found in vars(module).values()
        if isinstance(found, type) and found.__module__ == module.__name__ and module.__name__.startswith("tinygrad_bp")
    ]


def _mend() -> None:
    _set_limit(_LIMIT)
    _HERE.update(_BUILTINS)  # before anything else is called by its name
    for name in _HERE.keys() - _BUILTINS.keys():
        del _HERE[name]
    _SYS.__dict__["modules"] = _TABLE
    for name, module in _MODULES.items():
        if _TABLE.get(name) is not module:
            _TABLE[name] = module
    for part, were in _WERE:
        now = part.__dict__
        if now.keys() >= were.keys() and all(map(_is, map(now.__getitem__, were), were.values())):
            changed = []
        else:
            changed = [name for name, found in were.items() if now.get(name, were) is not found]
        for name in changed:
            if part is not _SYS or name not in KEPT:
                setattr(part, name, were[name])
        if isinstance(part, type):
            for name in now.keys() - were.keys():
                delattr(part, name)
    for held, had in _LISTS:
        if held != had:
            held[:] = had


exercises.know(Path(__file__).with_name("exercises.json").read_text(encoding="utf-8"))
builtins.input = _ask
os._exit = os.abort = sys.exit  # which would leave nobody behind to say so
_import, _imports = builtins.__import__, 0
builtins.__import__ = _importing
_set_limit, _LIMIT = sys.setrecursionlimit, sys.getrecursionlimit()
_BUILTINS, _HERE = dict(vars(builtins)), vars(builtins)
_SYS, _TABLE, _MODULE, _is = sys, sys.modules, type(sys), operator.is_
_MODULES: dict[str, Any] = {}
_WERE: list[tuple[Any, dict[str, Any]]] = []
_LISTS = [(held, list(held)) for held in (sys.path, sys.meta_path, sys.path_hooks)]
_remember()
