"""A program of the user's own: it is run, and its Values and networks are found by their names."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import reprlib
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.files import read_bytes
from tinygrad_bp.text import counted, did_you_mean, listed

MOST_NAMES = 20  # that an error lists
MOST_BYTES = 64_000_000  # of a program


def load_program(target: str) -> dict[str, Any]:
    """Runs the program of FILE.py:NAME and returns its names, of which NAME is one. A Value without a label gets its name for one.

    What the program prints goes to standard error, away from the answer; so does what processes print that it starts, and what is printed
    at the end of this process.
    """
    file, colon, name = target.rpartition(":")
    if not colon or not name.isidentifier():
        raise Mistake(f"{target!r} does not say which Value: write FILE.py:NAME, such as net.py:loss")
    path = Path(file)
    if path.suffix != ".py":
        raise Mistake(f"{file!r} is not a Python file: its name should end in .py")
    try:
        source = read_bytes(path, MOST_BYTES)
    except FileNotFoundError:
        raise Mistake(f"there is no file {file!r}") from None
    except OSError as error:
        raise Mistake(f"{file!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Mistake(f"{file!r} is no Python program: it is {error}") from None
    program = _run(source, file, name)
    values = _values(program)
    for key, v in values.items():
        if not v.label and not key.startswith("_"):
            v.label = key
    if name not in program:
        hint = ""
        if re.search(rb"""^if\s+__name__\s*==\s*['"]__main__['"]""", source, re.MULTILINE):
            hint = '; what stands under if __name__ == "__main__": is not run here, move it out'
        raise Mistake(f"there is no {name!r} in {file}; {_those(values, file)}{did_you_mean(name, values)}{hint}")
    return program


def _run(source: bytes, file: str, name: str) -> dict[str, Any]:
    """The names of the program after it ran, in its own folder's company; all is put back as it was."""
    path = Path(file)
    module = ModuleType("user_program")
    module.__file__ = str(path)
    argv, places, folder = sys.argv, sys.path[:], Path.cwd()
    sys.argv, sys.path[:0] = [str(path)], [str(path.resolve().parent)]
    sys.modules[module.__name__] = module  # dataclasses look their module up
    program = vars(module)
    try:
        with _aside():
            exec(compile(source, str(path), "exec", dont_inherit=True), program)
    except SystemExit as end:
        code = "" if end.code is None else repr(end.code)
        raise Mistake(f"{file} ended itself with sys.exit({code}), so there is no {name} to look at") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise Mistake(_where(error, path)) from None
    finally:
        sys.argv, sys.path[:] = argv, places
        os.chdir(folder)
        sys.modules.pop(module.__name__, None)
    return program


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """What is printed goes to standard error, also by code in C and by other processes, which know no `sys.stdout`."""
    before = sys.stdout
    try:
        number = before.fileno()
        before.flush()
        kept = os.dup(number)
    except (AttributeError, OSError, ValueError):  # closed, or no file
        with contextlib.redirect_stdout(sys.stderr):
            yield
        return
    try:
        _to_standard_error(number)
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        for stream in {before, sys.__stdout__}:  # the program may have written to them as well
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
        os.dup2(kept, number)
        os.close(kept)
        if number == 1:
            atexit.register(_end_aside, before)


def _to_standard_error(number: int) -> None:
    try:
        os.dup2(sys.stderr.fileno(), number)
    except (AttributeError, OSError, ValueError):  # there is none
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def _end_aside(stream: Any) -> None:
    """What the program has said is to be done at the end, which is done after this, prints to standard error, too."""
    with contextlib.suppress(OSError, ValueError):
        stream.flush()
        _to_standard_error(stream.fileno())


def _values(program: Mapping[str, Any]) -> dict[str, Value]:
    return {key: thing for key, thing in program.items() if isinstance(thing, Value)}


def _where(error: BaseException, path: Path) -> str:
    """The error of the user's program, with the line of it that was running."""
    import linecache
    import traceback

    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = lines[-1] if lines else None
    try:
        words = str(error)
    except Exception:  # the user's error cannot even say what it is
        words = ""
    if isinstance(error, SyntaxError):
        words = error.msg
        if error.filename == str(path):
            line = error.lineno
    place = f"{path}, line {line}" if line else str(path)
    text = f"{place}: {type(error).__name__}" + (f": {words}" if words else "")
    code = linecache.getline(str(path), line).strip() if line else ""
    return f"{text}\n    {code}" if code else text


def named(program: dict[str, Any], target: str, several: bool = False) -> list[Value]:
    """The Value that FILE.py:NAME names, in a list, or if `several` are welcome the list of them that it names."""
    file, _, name = target.rpartition(":")
    there = _those(_values(program), file)
    thing = program[name]
    if isinstance(thing, Value):
        return [thing]
    if isinstance(thing, list | tuple) and thing and all(isinstance(x, Value) for x in thing):
        if several:
            return list(thing)
        count = counted(len(thing), "Value")
        raise Mistake(f"{name} in {file} is a {type(thing).__name__} of {count}, not a Value; {there}")
    kind = type(thing)
    of = "" if kind.__module__ == "builtins" else f"{kind.__module__}."  # other libraries have a Value too
    raise Mistake(
        f"{name} in {file} is a {of}{kind.__qualname__}, {reprlib.repr(thing)}, not a Value of tinygrad_bp; {there}"
    )


def labelled(order: Sequence[Value], label: str, program: Mapping[str, Any], target: str) -> Value:
    """The one Value of the graph of FILE.py:NAME that has this label or, if none has, that the program calls so."""
    found = [node for node in order if label and node.label == label]
    if len(found) == 1:
        return found[0]
    if found:
        raise Mistake(f"{len(found)} Values have the label {label!r}; give the one you mean a label of its own")
    meant = program.get(label)
    if isinstance(meant, Value) and meant in set(order):
        return meant
    file, _, name = target.rpartition(":")
    values = _values(program)
    for key, v in values.items():
        if label and label in (key, v.label):
            swapped = order[-1] in set(topological_order(v, constants=False))
            hint = f"; it is the other way round, {file}:{key} was computed from {name}" if swapped else ""
            raise Mistake(f"{label!r} is a Value in {file}, but {name} was not computed from it{hint}")
    if label and any(node.label == label for node in topological_order(*values.values(), constants=False)):
        raise Mistake(f"{label!r} is a Value in {file}, but {name} was not computed from it")
    labels = sorted({node.label for node in order if node.label}, key=_by_number)
    if not labels:
        there = "no Value in it has one: write Value(0.5, label='w')"
    elif len(labels) == 1:
        there = f"the label is {labels[0]}"
    else:
        there = f"the labels are {_some(labels)}"
    raise Mistake(f"there is no label {label!r} in this graph; {there}{did_you_mean(label, labels)}")


def _by_number(label: str) -> str:
    """What to sort labels by: x10 comes after x2."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(20), label)


def _those(names: Collection[str], file: str) -> str:
    if not names:
        return f"there are no Values in {file}"
    if len(names) == 1:
        return f"the Value in {file} is {_some(names)}"
    return f"the Values in {file} are {_some(names)}"


def _some(names: Collection[str]) -> str:
    """The names, or if they are many the first of them and how many there are besides."""
    some = list(names)[:MOST_NAMES]
    more = len(names) - len(some)
    return listed([*some, f"{more:,} more"] if more else some)


def is_network(thing: Any) -> bool:
    """Whether a thing in a program is a network, a layer or a neuron."""
    if "tinygrad_bp.networks.nn" not in sys.modules:
        return False
    from tinygrad_bp.networks.nn import MLP, Layer, Neuron

    return isinstance(thing, MLP | Layer | Neuron)
