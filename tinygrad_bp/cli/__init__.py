"""The command `tinygrad-bp`: the worked example, pages to explore, networks, and readings of Values in a program of your own.

Exit status: 0 if all is well, 1 if a verdict or a derivative does not hold, 2 for a mistake in what was asked, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_bp import __version__
from tinygrad_bp.cli import common, explorer, networks, programs, tutorial
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.core.output import spell_on

EXAMPLES = """examples:
  tinygrad-bp tutorial                          the worked example, step by step
  tinygrad-bp explore tutorial --open           the same on a page, live
  tinygrad-bp train xor --layers 2 5 1          a network learns a table
  tinygrad-bp draw neuron.py:out -o neuron.svg  the graph of a Value of yours
  tinygrad-bp explain neuron.py:out --wrt w1    the chain rule, written out
  tinygrad-bp check neuron.py:out               gradients against differences"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments, those of the process if None, and returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        spell_on(stream, "✓⠿─\ud800")  # of tables, of curves, and what a name of a file or a label may hold
    parser = _parser()
    try:
        args = parser.parse_args(argv)
        with warnings.catch_warnings():
            warnings.showwarning = _warned(warnings.showwarning)
            status: int = args.run(args)
        if sys.stdout:  # None where it was closed before
            sys.stdout.flush()
    except SystemExit as done:  # how argparse ends after --help and after an error
        return done.code if isinstance(done.code, int) else 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (Mistake, TypeError, ValueError, ArithmeticError, ImportError, OSError, RuntimeError) as error:
        common.say(f"tinygrad-bp: error: {common.words(error)}", error=True)
        return 2
    return status


def _warned(others: Callable[..., None]) -> Callable[..., None]:
    """Says warnings of our own as all else is said, and leaves others, of the user's program, to what says them."""

    def say(message: Warning | str, category: type[Warning], *about: Any, **more: Any) -> None:
        if category.__module__.startswith("tinygrad_bp."):
            common.say(f"tinygrad-bp: {common.words(message)}", error=True)
        else:
            others(message, category, *about, **more)

    return say


def _parser() -> argparse.ArgumentParser:
    parser = common.command(
        common.Parser, "", EXAMPLES, prog="tinygrad-bp", description="An autograd engine that shows its work."
    )
    parser.add_argument("--version", action="version", version=f"tinygrad-bp {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (tutorial, explorer, networks, programs):
        module.add(commands)
    return parser
