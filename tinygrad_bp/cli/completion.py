"""The command `tinygrad-bp completion`: what a shell needs to complete commands and options, written by shtab from their parsers."""

from __future__ import annotations

import argparse
from typing import Any

from tinygrad_bp.cli import common, parser

SHELLS = ("bash", "zsh", "fish")
FILES = {"DATA", "FILE", "FILE.py:NAME", "MODEL.json", "SUBJECT", "TABLE", "RUN"}
EXAMPLES = """Put it where your shell looks for it:

examples:
  tinygrad-bp completion bash > ~/.local/share/bash-completion/completions/tinygrad-bp
  tinygrad-bp completion zsh > ~/.zfunc/_tinygrad-bp
  tinygrad-bp completion fish > ~/.config/fish/completions/tinygrad-bp.fish"""


def add(commands: Any, whole: parser.Parser) -> None:
    """Declares the command, which completes all that the whole parser has."""
    completion = parser.command(
        commands.add_parser,
        "completion",
        EXAMPLES,
        help="have a shell complete commands and options",
        description="Prints a script that has a shell complete commands, options and names of files.",
    )
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    completion.set_defaults(run=lambda args: _completion(args, whole))


def _completion(args: argparse.Namespace, whole: parser.Parser) -> int:
    import shtab

    for each in whole.parsers:
        for action in each.arguments:
            if action.metavar in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar == "DIR":
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    common.answer(shtab.complete(whole, args.shell) + "\n")
    return 0
