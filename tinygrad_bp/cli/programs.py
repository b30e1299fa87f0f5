"""The commands `draw`, `explain` and `check`: pictures, explanations and checks of Values in a program of the user's own."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import math
import os
import re
import reprlib
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common, parser
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.files import packed_name, read_bytes
from tinygrad_bp.text import counted, did_you_mean, listed, terminal_width
from tinygrad_bp.words import language_of_the_locale

if TYPE_CHECKING:
    from tinygrad_bp.drawing import Drawing
    from tinygrad_bp.explanation import Computation, Explanation

EXAMPLES = {
    "draw": """The suffix of the output says how it is drawn: .svg, .png, .pdf or .gv, the
text that Graphviz draws. Gradients are those your program computed; if it did
not call backward(), this command does.

examples:
  tinygrad-bp draw neuron.py:out -o neuron.svg
  tinygrad-bp draw neuron.py:out -o path.png --highlight w1 --local-derivatives
  tinygrad-bp draw net.py:loss -o net.svg --labelled --dark
  tinygrad-bp draw net.py:net -o network.svg""",
    "explain": """examples:
  tinygrad-bp explain neuron.py:out
  tinygrad-bp explain neuron.py:out --wrt w1
  tinygrad-bp explain neuron.py:out --wrt w1 --format markdown > w1.md""",
    "check": """The exit status is 0 if all derivatives agree and 1 if not.

examples:
  tinygrad-bp check neuron.py:out
  tinygrad-bp check neuron.py:out --against answers.csv""",
}
MOST_NAMES = 20  # that an error lists
MOST_BYTES = 64_000_000  # of a program
FORMATS = ("svg", "png", "pdf", "gv")


def add(commands: Any) -> None:
    """Declares the commands."""
    draw = parser.command(
        commands.add_parser,
        "draw",
        EXAMPLES["draw"],
        help="draw the graph of a Value, or a network",
        description="Draws the graph that a Value was computed by, or a network: an MLP, a Layer or a Neuron.",
    )
    draw.add_argument(
        "target", metavar="FILE.py:NAME", help="your program, and what to draw in it; or a model's .json file"
    )
    draw.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="the picture: .svg, .png, .pdf or .gv; - for standard output",
    )
    draw.add_argument("--format", choices=FORMATS, help="(default: that of FILE's name, else svg)")
    draw.add_argument(
        "--highlight",
        action="append",
        default=[],
        metavar="NAME",
        help="mark all paths from the Value of this label or variable name to the output",
    )
    draw.add_argument("--local-derivatives", action="store_true", help="write the local derivative on each edge")
    draw.add_argument("--labelled", action="store_true", help="show only Values that have a label")
    draw.add_argument(
        "--depth", type=parser.positive, metavar="N", help="show only what is at most N operations from the output"
    )
    draw.add_argument("--collapse", action="append", metavar="GROUP", help="show this neuron or layer as one box")
    draw.add_argument("--digits", type=parser.positive, default=9, metavar="N", help="significant digits (default: 9)")
    draw.add_argument(
        "--direction",
        choices=["LR", "RL", "TB", "BT"],
        default="LR",
        help="from the inputs to the output (default: LR)",
    )
    draw.add_argument(
        "--max-nodes", type=parser.positive, default=400, metavar="N", help="refuse to draw more (default: 400)"
    )
    draw.add_argument("--title", default="", help="written over the picture")
    draw.add_argument("--dark", action="store_true", help="draw on a dark ground")
    draw.add_argument("--transparent", action="store_true", help="draw on no ground")
    draw.add_argument("--font-size", type=float, default=11, metavar="POINTS", help="of text (default: 11)")
    draw.add_argument("--dpi", type=float, metavar="N", help="of a PNG: dots per inch (default: 144)")
    draw.add_argument("--scale", type=float, metavar="X", help="of a PNG: X times as wide and high as usual")
    common.add_language(draw)
    draw.set_defaults(run=_draw)

    explain = parser.command(
        commands.add_parser,
        "explain",
        EXAMPLES["explain"],
        help="write out how a Value was computed, or the chain rule",
        description="Writes out how a Value was computed, step by step, as symbols and as numbers; with --wrt its derivative with respect "
        "to another: every path, every factor.",
    )
    explain.add_argument("target", metavar="FILE.py:NAME", help="your program, and the Value in it")
    explain.add_argument(
        "--wrt",
        action="append",
        default=[],
        metavar="NAME",
        help="with respect to the Value of this label or variable name; repeatable",
    )
    explain.add_argument("--format", choices=["text", "markdown", "json"], default="text", help="(default: text)")
    common.add_language(explain)
    explain.set_defaults(run=_explain)

    check = parser.command(
        commands.add_parser,
        "check",
        EXAMPLES["check"],
        help="compare gradients with numerical differences, or with answers",
        description="Compares the derivative of a Value with respect to each input, as autograd has it, with numerical differences.",
    )
    check.add_argument("target", metavar="FILE.py:NAME", help="your program, and the Value in it")
    check.add_argument(
        "--against", metavar="FILE", help="compare with what was derived by hand, as the command mark takes it"
    )
    check.add_argument("--format", choices=["text", "json"], default="text", help="(default: text)")
    check.set_defaults(run=_check)


def _draw(args: argparse.Namespace) -> int:
    format = args.format or ("svg" if common.is_output_stream(args.output) else Path(args.output).suffix.lower()[1:])
    if format not in FORMATS:
        raise Mistake(
            f"-o {args.output!r}: the name should end in .svg, .png, .pdf or .gv, or --format say what it is to be"
        )
    picture = _picture(args)
    common.write(args.output, picture.render(format, dpi=args.dpi, scale=args.scale))
    return 0


def _picture(args: argparse.Namespace) -> Drawing:
    """The picture of the Values, or of the network, that are named."""
    from tinygrad_bp.drawing import draw, draw_network

    looks: dict[str, Any] = {
        name: getattr(args, name) for name in ("digits", "title", "dark", "font_size", "transparent")
    }
    looks["language"] = common.language_of(args)
    if args.target == common.STANDARD or packed_name(args.target)[0].suffix.lower() == ".json":
        from tinygrad_bp.networks.saving import load

        net: Any = load(common.source(args.target))
    else:
        program = load_program(args.target)
        net = program[args.target.rpartition(":")[2]]
    if is_network(net):
        for name in ("local_derivatives", "labelled", "depth", "collapse", "direction", "max_nodes"):
            if getattr(args, name) and (name in args.given or getattr(args, name) is True):
                raise Mistake(f"--{name.replace('_', '-')} is of graphs of Values, and {args.target} is a network")
        return draw_network(net, highlight=args.highlight, **looks)
    found = named(program, args.target, several=True)
    order = topological_order(*found, constants=False)
    if len(found) == 1 and not any(node.grad for node in order):
        found[0].backward()
    return draw(
        found,
        only="labelled" if args.labelled else None,
        depth=args.depth,
        collapse=args.collapse or False,
        highlight=[labelled(order, label, program, args.target) for label in args.highlight],
        local_derivatives=args.local_derivatives,
        direction=args.direction,
        max_nodes=args.max_nodes,
        **looks,
    )


def is_network(thing: Any) -> bool:
    """Whether a thing in a program is a network, a layer or a neuron."""
    if "tinygrad_bp.networks.nn" not in sys.modules:
        return False
    from tinygrad_bp.networks.nn import MLP, Layer, Neuron

    return isinstance(thing, MLP | Layer | Neuron)


def _explain(args: argparse.Namespace) -> int:
    from tinygrad_bp.explanation import explain

    program = load_program(args.target)
    [y] = named(program, args.target)
    order = topological_order(y, constants=False)
    found = dict.fromkeys(labelled(order, label, program, args.target) for label in args.wrt)
    language = common.language_of(args)
    explanations: list[Explanation | Computation] = [explain(y, x, language=language) for x in found]
    explanations = explanations or [explain(y, language=language)]
    if args.format == "json":
        import json

        facts = [explanation.to_dict() for explanation in explanations]
        common.say(json.dumps(facts if len(args.wrt) > 1 else facts[0], indent=2))
    else:
        texts = [
            each.markdown() if args.format == "markdown" else each.text(width=terminal_width()) for each in explanations
        ]
        common.say("\n\n".join([*(text.rstrip("\n") for text in texts[:-1]), texts[-1]]))
    return 0


def _check(args: argparse.Namespace) -> int:
    from tinygrad_bp.checking import check_gradients

    [y] = named(load_program(args.target), args.target)
    if args.against is not None:
        from tinygrad_bp.cli import documents, marking

        marks = check_gradients(y, against=marking.answers_of(args.against), language=language_of_the_locale())
        documents.write(marks, common.STANDARD, args.format)
        return 0 if marks.ok else 1
    result = check_gradients(y)
    if args.format == "json":
        import json
        from dataclasses import asdict

        facts = {
            "ok": result.ok,
            **{part: [plain_numbers(asdict(each)) for each in getattr(result, part)] for part in ("inputs", "faults")},
        }
        common.say(json.dumps(facts, indent=2))
    else:
        common.say(result.text(width=terminal_width()))
    return 0 if result.ok else 1


def plain_numbers(facts: dict[str, Any]) -> dict[str, Any]:
    """The same, with the strings "nan", "inf" and "-inf" for numbers that JSON does not know, as `explain --format json` has them."""
    return {name: str(x) if isinstance(x, float) and not math.isfinite(x) else x for name, x in facts.items()}


# The user's own program


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
