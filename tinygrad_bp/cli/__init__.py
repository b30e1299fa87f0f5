"""The command `tinygrad-bp`: the worked example, pages to explore, networks, and readings of Values in a program of your own.

Exit status: 0 if all is well, 1 if a verdict, a derivative or an answer does not hold or a diagnosis finds something, 2 for a
mistake in what was asked, 130 after Ctrl-C, 143 after a request to end, as `kill` makes it.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_bp import __version__
from tinygrad_bp.cli import common, completion, explorer, lessons, marking, networks, programs, tutorial
from tinygrad_bp.cli.common import Mistake, Terminated
from tinygrad_bp.cli.parser import Parser, command
from tinygrad_bp.core.output import spell_on

EXAMPLES = """examples:
  tinygrad-bp tutorial                          the worked example, step by step
  tinygrad-bp explore tutorial --open           the same on a page, live
  tinygrad-bp train xor --layers 2 5 1          a network learns a table
  tinygrad-bp draw neuron.py:out -o neuron.svg  the graph of a Value of yours
  tinygrad-bp explain neuron.py:out --wrt w1    the chain rule, written out
  tinygrad-bp lesson neuron.py:out              a round of it, every step
  tinygrad-bp exercise xor --sheets 30 --out w  a sheet for each student
  tinygrad-bp mark neuron.py:out answers.csv    what was derived by hand, marked
  tinygrad-bp check neuron.py:out               gradients against differences
  tinygrad-bp diagnose neuron.py:out            where a NaN came from, digits left"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments, those of the process if None, and returns its exit status."""
    try:
        with common.requests_to_end():
            status = _status(sys.argv[1:] if argv is None else list(argv))
    except KeyboardInterrupt as stop:
        common.say(f"tinygrad-bp: {'ended by a signal' if isinstance(stop, Terminated) else 'interrupted'}", error=True)
        status = common.status_of(stop)
    if argv is None:  # nothing is left to do but for Python to end, which says nothing of it if it is interrupted
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return status


def _status(argv: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        spell_on(stream, "✓⠿─\ud800")  # of tables, of curves, and what a name of a file or a label may hold
    try:
        args = whole_parser().parse_args(_asked(argv))
        with warnings.catch_warnings():
            warnings.showwarning = _warned(warnings.showwarning)
            status: int = args.run(args)
        if sys.stdout:  # None where it was closed before
            sys.stdout.flush()
    except SystemExit as done:  # how argparse ends after --help and after an error
        return done.code if isinstance(done.code, int) else 2
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (Mistake, TypeError, ValueError, ArithmeticError, ImportError, OSError, RuntimeError) as error:
        common.say(f"tinygrad-bp: error: {common.words(error)}", error=True)
        return 2
    return status


def _asked(argv: list[str]) -> list[str]:
    """Without arguments the help is asked for; `help train` is `train --help`."""
    if not argv:
        return ["--help"]
    return [*argv[1:], "--help"] if argv[0] == "help" else argv


def _warned(others: Callable[..., None]) -> Callable[..., None]:
    """Says warnings of our own as all else is said, and leaves others, of the user's program, to what says them."""

    def say(message: Warning | str, category: type[Warning], *about: Any, **more: Any) -> None:
        if category.__module__.startswith("tinygrad_bp."):
            common.say(f"tinygrad-bp: {common.words(message)}", error=True)
        else:
            others(message, category, *about, **more)

    return say


def whole_parser() -> Parser:
    """The parser of all commands."""
    whole = command(Parser, "", EXAMPLES, prog="tinygrad-bp", description="An autograd engine that shows its work.")
    whole.add_argument("-V", "--version", action="version", version=f"tinygrad-bp {__version__}")
    whole.set_defaults(run=lambda args: whole.error("the following arguments are required: COMMAND"))
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    for module in (tutorial, explorer, networks, programs, lessons, marking):
        module.add(commands)
    completion.add(commands, whole)
    return whole
