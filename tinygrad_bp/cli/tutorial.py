"""The command `tinygrad-bp tutorial`: the worked example, every figure checked."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common, parser
from tinygrad_bp.files import parse_json, read_text, write_whole, written_together
from tinygrad_bp.text import listed, printable, terminal_width
from tinygrad_bp.words import LANGUAGES, words

if TYPE_CHECKING:
    from tinygrad_bp.lessons.blocks import Block

EXAMPLES = """examples:
  tinygrad-bp tutorial                               everything, as in the text
  tinygrad-bp tutorial --walk                        one quantity a key press
  tinygrad-bp tutorial --update sequential           watch a mistake happen
  tinygrad-bp tutorial --train-biases --steps 20000  what the text leaves out
  tinygrad-bp tutorial --format json > figures.json  for programs

where next:
  tinygrad-bp explore tutorial --open                a page to play with
  tinygrad-bp exercise tutorial -o exercise.html     other numbers, and blanks
  tinygrad-bp lesson FILE.py:NAME --lr 0.5           a network of your own"""

FILES = ("error-curve.svg", "error-curve.csv", "report.md", "report.html", "report.json")
PICTURES = ("1-structure", "2-initial-values", "3-chain-rule-w5", "4-fan-in-h1", "5-path-to-w1", "6-computation-graph")
KINDS = (*FILES, *common.picture_names(PICTURES))


def add(commands: Any) -> None:
    """Declares the command."""
    tutorial = parser.command(
        commands.add_parser,
        "tutorial",
        EXAMPLES,
        help="the worked example of backpropagation, every figure checked",
        description="Derives every figure of the 2-2-2 worked example by hand, by autograd and by central differences, compares them with "
        "what is printed, trains the network and draws it. The exit status is 0 only if all verdicts hold.",
    )
    tutorial.add_argument(
        "--steps", type=parser.rounds, default=10_000, metavar="N", help="rounds of training (default: 10,000)"
    )
    tutorial.add_argument(
        "--learning-rate", type=parser.learning_rate, default=Decimal("0.5"), metavar="RATE", help="eta (default: 0.5)"
    )
    tutorial.add_argument(
        "--update",
        choices=["simultaneous", "sequential"],
        default="simultaneous",
        help="sequential makes a known mistake: output weights first, and the new ones go into the hidden gradients",
    )
    tutorial.add_argument(
        "--train-biases", action="store_true", help="train b1 and b2 too, which the text leaves fixed"
    )
    tutorial.add_argument(
        "--out",
        type=Path,
        default=Path("tutorial-out"),
        metavar="DIR",
        help="folder for the files (default: tutorial-out)",
    )
    tutorial.add_argument(
        "--format", choices=["text", "markdown", "json"], default="text", help="of what is printed (default: text)"
    )
    tutorial.add_argument("--audit", action="store_true", help="print the printed figures and the training alone")
    tutorial.add_argument(
        "--walk",
        action="store_true",
        help="go through one round in the terminal, a quantity a key press; writes nothing",
    )
    tutorial.add_argument(
        "--language", choices=LANGUAGES, help="of what is printed and written (default: the locale's)"
    )
    tutorial.add_argument("--force", action="store_true", help="replace what DIR holds, also results of something else")
    tutorial.add_argument("--dark", action="store_true", help="draw the pictures on a dark ground")
    tutorial.set_defaults(run=run)


def _other(folder: Path) -> str:
    """What a folder holds that is no worked example; nothing if it is one."""
    try:
        content = parse_json(read_text(folder / "report.json", 64_000_000), float)
    except (OSError, ValueError, RecursionError):
        content = None
    if isinstance(content, dict) and {"figures", "training", "first_difference"} <= set(content):
        return ""
    return f"{listed([name for name in KINDS if os.path.lexists(folder / name)])} of something else"


def run(args: argparse.Namespace) -> int:
    import json

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn

    from tinygrad_bp.drawing import curve
    from tinygrad_bp.lessons import Document
    from tinygrad_bp.tutorial.comparison import compare
    from tinygrad_bp.tutorial.pictures import pictures
    from tinygrad_bp.tutorial.report import Report

    language = common.language_of(args)
    if args.walk:
        return _walk(float(args.learning_rate), language)
    common.check_results(args.out, KINDS, lambda: _other(args.out), replace=args.force)

    terminal = Console(stderr=True)
    columns = SpinnerColumn(), *Progress.get_default_columns()
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task("training", total=max(1, args.steps))
        comparison = compare(
            eta=args.learning_rate,
            rounds=args.steps,
            sequential=args.update == "sequential",
            train_biases=args.train_biases,
            on_round=lambda: bar.advance(task),
            on_exact=lambda: bar.update(task, description="exact values", total=None),
        )
        bar.update(task, description="pictures", total=None)
        errors = comparison.run.errors
        drawings = pictures(comparison.values, dark=args.dark, language=language)
        with written_together(args.out, KINDS) as hidden:
            drawn, notes = common.save_pictures(drawings, hidden)
            files = [args.out / name for name in (*(path.name for path in drawn), *FILES)]
            shown = {path.stem: drawings[path.stem] for path in drawn if path.suffix == ".svg"}
            title = words(language)("tutorial.picture.error-curve", count=len(errors) - 1)
            shown["error-curve"] = curve.drawn(errors, title)
            report = Report(comparison, language)
            told = report.whole(shown, notes)
            for_programs = json.dumps({**comparison.to_dict(), "files": [str(path) for path in files]}, indent=2) + "\n"
            text = told.markdown()
            table = "".join(f"{k},{error!r}\n" for k, error in enumerate(errors))
            contents = shown["error-curve"].source, f"updates,E_total\n{table}", text, told.html(), for_programs
            for name, content in zip(FILES, contents, strict=True):
                write_whole(hidden / name, content)
    if args.format == "text":
        width = terminal_width()
        page = report.screen(audit_only=args.audit, width=width)
        ending = _ending(files, [*notes, comparison.conclusion(language)], language)
        common.answer(Document([*page.blocks, *ending], language).text(width=width))
    else:
        common.answer(for_programs if args.format == "json" else text)
    if not comparison.holds and args.format != "text":
        common.say(f"tinygrad-bp: {comparison.conclusion(language)}", error=True)
    return 0 if comparison.holds else 1


def _ending(files: Sequence[Path], notes: Sequence[str], language: str) -> Iterator[Block]:
    """What was written, what there is to be said, and where to go on."""
    from tinygrad_bp.lessons.blocks import Code, Heading, Items, Paragraph

    say = words(language)
    page = next(path for path in files if path.name == "report.html")
    yield Heading(say("tutorial.files"))
    yield Items([printable(str(path)) for path in files])
    yield from map(Paragraph, notes)
    yield Heading(say("tutorial.next"))
    ways = {"lesson": printable(str(page)), "page": "tinygrad-bp explore tutorial --open"}
    ways["exercise"] = "tinygrad-bp exercise tutorial -o exercise.html"
    for key, way in ways.items():
        yield Paragraph(say(f"tutorial.next.{key}"))
        yield Code(way)  # in a line of its own, however narrow the terminal is


def _walk(learning_rate: float, language: str) -> int:
    from tinygrad_bp.cli.walking import walk
    from tinygrad_bp.lessons import lesson
    from tinygrad_bp.tutorial.figures import setup
    from tinygrad_bp.tutorial.network import network
    from tinygrad_bp.tutorial.training import WEIGHTS

    values = network(setup(float))
    weights = [values[name] for name in WEIGHTS]
    return walk(lesson(values["E_total"], lr=learning_rate, parameters=weights, language=language))
