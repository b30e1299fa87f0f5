"""The commands `draw`, `explain`, `check` and `diagnose`: readings of Values in a program of the user's own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common, marking, parser
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.cli.own_program import is_network, labelled, load_program, named
from tinygrad_bp.cli.subjects import is_model, model
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.text import number_as_json, terminal_width
from tinygrad_bp.words import language_of_the_locale

if TYPE_CHECKING:
    from tinygrad_bp.checking.results import GradientCheck
    from tinygrad_bp.diagnosis import Diagnosis
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
    "diagnose": """The exit status is 0 if nothing was found and 1 if something was.

examples:
  tinygrad-bp diagnose neuron.py:out
  tinygrad-bp diagnose net.py:loss --format json""",
}
FORMATS = ("svg", "png", "pdf", "gv")


def add(commands: Any) -> None:
    """Declares the commands."""
    draw = _reading(
        commands,
        "draw",
        _draw,
        "what to draw in it; or a model's .json file",
        help="draw the graph of a Value, or a network",
        description="Draws the graph that a Value was computed by, or a network: an MLP, a Layer or a Neuron.",
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

    explain = _reading(
        commands,
        "explain",
        _explain,
        help="write out how a Value was computed, or the chain rule",
        description="Writes out how a Value was computed, step by step, as symbols and as numbers; with --wrt its derivative with respect "
        "to another: every path, every factor.",
    )
    explain.add_argument(
        "--wrt",
        action="append",
        default=[],
        metavar="NAME",
        help="with respect to the Value of this label or variable name; repeatable",
    )
    _add_format(explain, "markdown", "json")
    common.add_language(explain)

    check = _reading(
        commands,
        "check",
        _check,
        help="compare gradients with numerical differences, or with answers",
        description="Compares the derivative of a Value with respect to each input, as autograd has it, with numerical differences.",
    )
    check.add_argument(
        "--against", metavar="FILE", help="compare with what was derived by hand, as the command mark takes it"
    )
    parser.add_rate(check)
    marking.add_accept_rounded(check)
    _add_format(check, "json")

    diagnose = _reading(
        commands,
        "diagnose",
        _diagnose,
        help="say where a NaN came from, and how many digits are left",
        description="Says what is wrong with the numbers of a Value and of its gradient: where a NaN or an infinity came from, how many "
        "digits are left and which operations lost them, what keeps which paths from learning.",
    )
    _add_format(diagnose, "json")
    common.add_language(diagnose)


def _reading(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    thing: str = "the Value in it",
    **about: str,
) -> parser.Parser:
    """A command that reads a program, and `thing` there."""
    made = parser.command(commands.add_parser, name, EXAMPLES[name], **about)
    made.add_argument("target", metavar="FILE.py:NAME", help=f"your program, and {thing}")
    made.set_defaults(run=run)
    return made


def _add_format(made: parser.Parser, *others: str) -> None:
    made.add_argument("--format", choices=["text", *others], default="text", help="(default: text)")


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
    if is_model(args.target):
        net: Any = model(args.target)
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
    highlight = [labelled(order, label, program, args.target) for label in args.highlight]
    return draw(
        found,
        only="labelled" if args.labelled else None,
        depth=args.depth,
        collapse=args.collapse or False,
        highlight=highlight,
        local_derivatives=args.local_derivatives,
        direction=args.direction,
        max_nodes=args.max_nodes,
        **looks,
    )


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
        facts = [explanation.to_dict() for explanation in explanations]
        _say_json(facts if len(args.wrt) > 1 else facts[0])
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
        from tinygrad_bp.cli import documents

        answers = marking.answers_of(args.against)
        rate = None if args.lr is None else float(args.lr)
        options = {"lr": rate, "accept_rounded": args.accept_rounded, "language": language_of_the_locale()}
        marks = check_gradients(y, against=answers, **options)
        documents.write(marks, common.STANDARD, args.format)
        return 0 if marks.ok else 1
    if args.lr is not None:
        raise common.Mistake("--lr is for answers with updated parameters: give --against")
    if args.accept_rounded:
        raise common.Mistake("--accept-rounded is for answers: give --against")
    result = check_gradients(y)
    return _say_found(result, args.format, lambda: _facts(result))


def _facts(result: GradientCheck) -> dict[str, Any]:
    from dataclasses import asdict

    facts: dict[str, Any] = {"ok": result.ok}
    for part in ("inputs", "faults"):
        found = [asdict(each) for each in getattr(result, part)]
        facts[part] = [
            {name: number_as_json(x) if isinstance(x, float) else x for name, x in each.items()} for each in found
        ]
    return facts


def _diagnose(args: argparse.Namespace) -> int:
    from tinygrad_bp.diagnosis import diagnose

    [y] = named(load_program(args.target), args.target)
    found = diagnose(y, language=common.language_of(args))
    return _say_found(found, args.format, found.to_dict)


def _say_found(found: GradientCheck | Diagnosis, format: str, facts: Callable[[], dict[str, Any]]) -> int:
    """Says what was found, as text or as JSON. Returns the exit status."""
    if format == "json":
        _say_json(facts())
    else:
        common.say(found.text(width=terminal_width()))
    return 0 if found.ok else 1


def _say_json(facts: object) -> None:
    import json

    common.say(json.dumps(facts, indent=2))
