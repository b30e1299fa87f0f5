"""The command `mark`: what was derived by hand, beside what comes out; of one person, or of a class by the keys of its sheets."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinygrad_bp.cli import common, documents, parser, subjects
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.cli.own_program import load_program

EXAMPLES = """SUBJECT is tutorial, xor, or, and, nand, FILE.py:NAME or model.json, as for the
command lesson; ANSWERS then is a table of names and answers, CSV or JSON, - for
standard input, or FILE.py:NAME, a function of plain floats or a dictionary. Or
SUBJECT is a key that the command exercise wrote, and ANSWERS the answers to its
sheet; or a folder of keys, and ANSWERS one of answers to them.

The exit status is 0 only if all is right, and 1 if not. What follows from numbers that
were rounded too early is not right, but no mistake; --accept-rounded counts it as right.

examples:
  tinygrad-bp mark net.py:loss answers.csv
  tinygrad-bp mark net.py:loss answers.csv --lr 0.5 --format json
  tinygrad-bp mark tutorial hand.py:derive
  tinygrad-bp mark week3/keys/sheet-01.json week3/answers/sheet-01.csv
  tinygrad-bp mark week3/keys week3/answers -o marks.html"""
FORMATS = {**documents.FORMATS, "csv": "csv"}


def add(commands: Any) -> None:
    """Declares the command."""
    mark = parser.command(
        commands.add_parser,
        "mark",
        EXAMPLES,
        help="mark what was derived by hand",
        description="Marks what was derived by hand: for each answer the right number, a verdict, and of what is wrong the likely cause "
        "and the first wrong step. A folder of answers is marked into one table.",
    )
    subjects.add_subject(mark, "; or a key, or a folder of keys")
    mark.add_argument("answers", metavar="ANSWERS", help="what was derived: a file; or a folder of answers to the keys")
    parser.add_rate(mark)
    add_accept_rounded(mark)
    mark.add_argument("--digits", type=parser.positive, metavar="N", help="decimals of right numbers (default: 9)")
    mark.add_argument("--title", default="", help="a heading of your own")
    documents.add_output(mark, "the marks: .html, .csv, .json, .md, .tex, .txt or .pdf", tuple(FORMATS))
    mark.set_defaults(run=_mark)


def add_accept_rounded(command: argparse.ArgumentParser) -> None:
    """Declares --accept-rounded."""
    command.add_argument(
        "--accept-rounded", action="store_true", help="what follows from numbers rounded too early counts as right"
    )


def answers_of(name: str) -> Any:
    """What `mark` takes for the name of a file, for - and for FILE.py:NAME."""
    file, colon, _ = name.rpartition(":")
    if colon and file.endswith(".py"):
        return load_program(name)[name.rpartition(":")[2]]
    return Path(name) if name != common.STANDARD else common.source(name)


def _mark(args: argparse.Namespace) -> int:
    format = documents.format_of(args.output, args.format, FORMATS)
    if Path(args.target).is_dir():
        return _mark_folder(args, format)
    from tinygrad_bp.lessons import mark
    from tinygrad_bp.lessons.marking import is_key

    if format == "csv":
        raise Mistake(
            "csv is for a folder of answers; marks of one solution are html, json, markdown, latex, text or pdf"
        )
    if common.STANDARD == args.answers in (args.target, args.data):
        raise Mistake("standard input holds one thing, the answers or the network")
    options = {"title": args.title, "digits": args.digits or 9, "language": common.language_of(args)}
    options["accept_rounded"] = args.accept_rounded
    if is_key(args.target):
        _refuse(args, ("data", "row", "lr"), f"the key {args.target} has its numbers already")
        found = mark(args.target, answers_of(args.answers), **options)
    else:
        case = subjects.case_of(args)
        rate = case.rate if args.lr is None else float(args.lr)
        found = mark(case.loss, answers_of(args.answers), lr=rate, parameters=case.parameters, **options)
    documents.write(found, args.output, format)
    return 0 if found.ok else 1


def _refuse(args: argparse.Namespace, names: Sequence[str], why: str) -> None:
    for name in names:
        if getattr(args, name) is not None:
            raise Mistake(f"--{name} is for a network; {why}")


def _mark_folder(args: argparse.Namespace, format: str) -> int:
    from tinygrad_bp.lessons import mark_folder

    _refuse(args, ("data", "row", "lr", "digits"), f"the keys in {args.target} have their numbers already")
    keys = Path(args.target)
    if not any(keys.glob("*.json")) and (keys / "keys").is_dir():  # the folder that all was written into
        keys /= "keys"
    answers = Path(args.answers)
    if not answers.exists() and (beside := keys.parent / answers).is_dir():  # `answers`, beside the keys
        answers = beside
    if not answers.is_dir():
        there = [path for path in (keys.parent / "answers",) if path.is_dir()]
        hint = f"; perhaps {there[0]} is meant" if there else ""
        raise Mistake(f"{args.target} is a folder of keys, and {args.answers} is no folder of answers to them{hint}")
    options = {"title": args.title, "language": common.language_of(args)}
    found = mark_folder(keys, answers, accept_rounded=args.accept_rounded, **options)
    if format == "csv":
        if args.output == common.STANDARD:
            common.answer(found.csv())
        else:
            common.write(args.output, found.csv())
    else:
        documents.write(found, args.output, format)
    return 0 if found.ok else 1
