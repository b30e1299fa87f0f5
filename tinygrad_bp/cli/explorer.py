"""The command `tinygrad-bp explore`: a page where you can watch backpropagation happen."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common, parser
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.cli.subjects import MODEL, Row, rows_of, thing_of
from tinygrad_bp.words import LANGUAGES

if TYPE_CHECKING:
    from tinygrad_bp.explorer import Page
    from tinygrad_bp.networks.nn import MLP

MOST_LOOKED = 500  # rows of a table, for one in which something happens

EXAMPLES = """SUBJECT is tutorial, the worked example; xor, or, and, nand, a network that
learns a truth table; FILE.py:NAME, a Value, an MLP, a Layer or a Neuron in your
program; or model.json, a network that train or save wrote.

The page is one file. It needs no server and no network.

examples:
  tinygrad-bp explore tutorial --open
  tinygrad-bp explore xor -o xor.html
  tinygrad-bp explore net.py:loss -o loss.html
  tinygrad-bp explore penguins/model.json --data birds.csv -o penguins.html

where next:
  tinygrad-bp lesson SUBJECT                        the same, written out
  tinygrad-bp exercise SUBJECT -o exercise.html     other numbers, and blanks"""


def add(commands: Any) -> None:
    """Declares the command."""
    explore = parser.command(
        commands.add_parser,
        "explore",
        EXAMPLES,
        help="a page where you can watch backpropagation happen",
        description="Writes a page on which a graph or a network is explored: every number of the forward pass, the backward pass and "
        "the update, live.",
    )
    explore.add_argument(
        "subject", metavar="SUBJECT", nargs="?", default="tutorial", help="what to explore (default: tutorial)"
    )
    explore.add_argument(
        "-o", "--output", default="explorer.html", metavar="FILE", help="- for standard output (default: explorer.html)"
    )
    explore.add_argument("--open", action="store_true", help="show the page in the browser")
    explore.add_argument(
        "--data", metavar="TABLE", help="of a network: the rows to learn: a file, or the name of a table"
    )
    explore.add_argument(
        "--rows", type=parser.positive, metavar="N", help="how many of them, the worst among them (default: 8)"
    )
    explore.add_argument(
        "--learning-rate",
        type=parser.learning_rate,
        metavar="RATE",
        help="to begin with (default: the model's, or 0.5)",
    )
    explore.add_argument("--title", default="", help="a heading for the page")
    explore.add_argument("--language", choices=LANGUAGES, help="to begin with (default: the browser's)")
    explore.set_defaults(run=_explore)


def _explore(args: argparse.Namespace) -> int:
    path = Path(args.output)
    stream = common.is_output_stream(args.output)
    if not stream and path.suffix.lower() not in (".html", ".htm"):
        raise Mistake(f"-o {args.output!r}: the name should end in .html")
    if stream and args.open:
        raise Mistake(f"--open shows a file in the browser, and {args.output} is none")
    page, made_up = _page(args)
    common.write(args.output, page.html)
    if made_up:
        common.say(f"{args.subject} comes without rows, so the inputs on the page are made up", error=True)
    if args.open:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            raise Mistake(f"there is no browser here to open {args.output!r} with")
    return 0


def _page(args: argparse.Namespace) -> tuple[Page, bool]:
    """The page, and whether the numbers on it had to be made up."""
    from tinygrad_bp.explorer import explore
    from tinygrad_bp.explorer.subject import table_name, with_capital
    from tinygrad_bp.networks.nn import MLP, Layer, Neuron

    thing, title, _ = thing_of(args.subject, "explore")
    rows = None
    if args.data is not None:
        if not isinstance(thing, MLP):
            raise Mistake(f"--data is for an MLP; {args.subject} has its numbers already")
        if args.data == args.subject == common.STANDARD:
            raise Mistake("standard input holds one thing, the network or the table")
        every = rows_of(thing, args.data)
        rows = _some(thing, every, min(args.rows or 8, len(every)))
    elif args.rows is not None:
        raise Mistake("--rows says how many rows of --data to take, and there is no --data")
    title = with_capital(title) if title != Path(MODEL).stem else table_name(args.data)  # "model" says nothing
    rate = None if args.learning_rate is None else float(args.learning_rate)
    page = explore(thing, rows=rows, learning_rate=rate, title=args.title or title, language=args.language)
    return page, rows is None and isinstance(thing, MLP | Layer | Neuron)


def _some(net: MLP, every: Sequence[Row], count: int) -> list[Row]:
    """Rows from all over a table, among them that of the largest error, or of those that are looked at if there are very many."""
    from tinygrad_bp.networks.losses import LOSSES, squared_error

    loss = LOSSES.get(net.notes.loss or "", squared_error)

    def error(place: int) -> float:
        try:
            found = loss(net(every[place][0]), every[place][1]).data
        except (ArithmeticError, ValueError):
            return -math.inf  # a row that the loss does not take
        return found if math.isfinite(found) else -math.inf

    places = [k * len(every) // count for k in range(count)]
    if count < len(every):
        worst = max(range(0, len(every), 1 + len(every) // MOST_LOOKED), key=error)
        places[max(k for k, place in enumerate(places) if place <= worst)] = worst
    return [every[k] for k in places]
