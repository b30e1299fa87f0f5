"""The commands `lesson` and `exercise`: a round of backpropagation written out, and set as an exercise for a class."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common, documents, parser, subjects
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.cli.own_program import labelled
from tinygrad_bp.core.order import topological_order

if TYPE_CHECKING:
    from tinygrad_bp.cli.subjects import Case
    from tinygrad_bp.core.value import Value
    from tinygrad_bp.networks.optim import Optimizer

SUBJECT = """SUBJECT is tutorial, the worked example; xor, or, and, nand, a network that
is to learn a truth table; FILE.py:NAME, a loss or another Value in your program;
or model.json, a network that train or save wrote, with a row of a table."""
EXAMPLES = {
    "lesson": f"""{SUBJECT}

Without a learning rate nothing is updated; the examples come with one of 0.5.

examples:
  tinygrad-bp lesson tutorial
  tinygrad-bp lesson net.py:loss --lr 0.5 -o lesson.html --language ja
  tinygrad-bp lesson net.py:loss --x w5 --digits 4
  tinygrad-bp lesson net.py:loss --optimizer adam --lr 0.01 -o adam.pdf
  tinygrad-bp lesson penguins/model.json --data birds.csv --row 3

where next:
  tinygrad-bp explore SUBJECT --open                a page to play with
  tinygrad-bp exercise SUBJECT -o exercise.html     other numbers, and blanks""",
    "exercise": f"""{SUBJECT}

Its numbers are drawn anew, the same ones for the same seed. --sheets writes into
a folder: sheet-01.html, ...; keys, to read and for the command mark; and answers,
a table for each sheet to fill in.

examples:
  tinygrad-bp exercise tutorial -o sheet.html
  tinygrad-bp exercise xor --sheets 30 --out week3
  tinygrad-bp exercise net.py:loss --lr 0.5 --blanks deltas -o sheet.xml

where next:
  tinygrad-bp mark KEY ANSWERS                      what is right, what went wrong
  tinygrad-bp lesson SUBJECT                        how each number is found""",
}
SHEETS = {**documents.FORMATS, "moodle": "xml", "gift": "gift"}
MOST_BYTES = 16_000_000  # of a key


def add(commands: Any) -> None:
    """Declares the commands."""
    lesson = _about_a_case(
        commands,
        "lesson",
        digits=(9, "decimals"),
        help="a round of backpropagation on your network, written out",
        description="Writes out a round of backpropagation: the forward pass, the error, the backward pass, the update, the new error and "
        "a check, every step with its equation, its numbers and a sentence that says why.",
    )
    lesson.add_argument("--x", metavar="NAME", help="follow this parameter alone: its label or variable name")
    lesson.add_argument(
        "--by", choices=["neuron", "layer", "node"], default="neuron", help="how large the steps are (default: neuron)"
    )
    lesson.add_argument(
        "--optimizer", metavar="NAME", help="write out a step of sgd, adam, adamw, or of an optimizer in your program"
    )
    lesson.add_argument("--momentum", type=float, metavar="M", help="of sgd")
    lesson.add_argument("--nesterov", action="store_true", help="of sgd: look ahead along the momentum")
    lesson.add_argument("--weight-decay", type=float, metavar="D", help="of the optimizer")
    documents.add_output(lesson, "the lesson: .html, .md, .tex, .json, .txt or .pdf")
    lesson.set_defaults(run=_lesson)

    exercise = _about_a_case(
        commands,
        "exercise",
        digits=(4, "digits that count in an answer"),
        help="a sheet with blanks, or one for each student",
        description="Writes a sheet for a round of backpropagation with numbers drawn anew, blanks to fill in and questions; or many, "
        "all different, with their keys.",
    )
    exercise.add_argument(
        "--blanks",
        nargs="+",
        action="extend",
        metavar="PART",
        help="forward, deltas, gradients, update, several apart by commas, all, or names such as net_h1 dE/dw5 (default: all)",
    )
    exercise.add_argument("--seed", type=_seed, default=0, metavar="TEXT", help="what is drawn (default: 0)")
    exercise.add_argument(
        "--questions", type=parser.rounds, default=4, metavar="N", help="of understanding, at most (default: 4)"
    )
    exercise.add_argument(
        "--most",
        type=parser.positive,
        metavar="N",
        help="blanks at most, half an hour's work if it is not said (default: 36)",
    )
    exercise.add_argument("--zeros", action="store_true", help="an input may be 0")
    exercise.add_argument(
        "--keep",
        nargs="+",
        action="extend",
        metavar="NAME",
        help="leaves whose numbers stay: labels or variable names, such as g i1",
    )
    exercise.add_argument(
        "--no-rules", action="store_true", help="do not tell how deltas, derivatives and updates are found"
    )
    exercise.add_argument("--key", action="store_true", help="of one sheet: write the answers at its end")
    exercise.add_argument("--sheets", type=parser.positive, metavar="N", help="so many sheets, into the folder --out")
    exercise.add_argument("--out", type=Path, metavar="DIR", help="folder for --sheets, which may be new")
    exercise.add_argument("--force", action="store_true", help="replace what DIR holds, also keys of other sheets")
    documents.add_output(exercise, "one sheet: .html, .md, .tex, .json, .txt, .pdf, .xml or .gift", tuple(SHEETS))
    exercise.set_defaults(run=_exercise)


def _about_a_case(commands: Any, name: str, *, digits: tuple[int, str], **about: str) -> parser.Parser:
    """A command that writes about a case, with the options that all such have. `digits` is how many by default, and what they are."""
    made = parser.command(commands.add_parser, name, EXAMPLES[name], **about)
    subjects.add_subject(made)
    parser.add_rate(made)
    usual, what = digits
    made.add_argument("--digits", type=parser.positive, default=usual, metavar="N", help=f"{what} (default: {usual})")
    made.add_argument("--title", default="", help="a heading of your own")
    return made


def _seed(text: str) -> int | str:
    """A whole number, or else the text."""
    try:
        return int(text)
    except ValueError:
        return text


# lesson


def _lesson(args: argparse.Namespace) -> int:
    from tinygrad_bp.lessons import lesson

    format = documents.format_of(args.output, args.format)
    case = subjects.case_of(args)
    rate = case.rate if args.lr is None else float(args.lr)
    optimizer = _optimizer(args, case, rate)
    x = None
    if args.x is not None:
        x = labelled(topological_order(case.loss, constants=False), args.x, case.program, args.target)
    steps: dict[str, Any] = {"lr": rate} if optimizer is None else {"optimizer": optimizer}
    made = lesson(
        case.loss,
        **steps,
        x=x,
        by=args.by,
        parameters=case.parameters if x is None else None,
        title=args.title,
        digits=args.digits,
        language=common.language_of(args),
    )
    documents.write(made, args.output, format)
    return 0


def _optimizer(args: argparse.Namespace, case: Case, rate: float | None) -> Optimizer | None:
    """The optimizer whose step is written out; None for plain descent."""
    from tinygrad_bp.lessons.derivation import Derivation
    from tinygrad_bp.networks.optim import OPTIMIZERS, Optimizer

    given: dict[str, Any] = {
        name: getattr(args, name) for name in ("momentum", "nesterov", "weight_decay") if getattr(args, name)
    }
    if args.optimizer is None:
        if given:
            raise Mistake(f"--{next(iter(given)).replace('_', '-')} is of an optimizer, and there is no --optimizer")
        return None
    own = case.program.get(args.optimizer)
    if isinstance(own, Optimizer):
        if given or args.lr is not None:
            raise Mistake(f"{args.optimizer} in {args.target.rpartition(':')[0]} has its settings already")
        return own
    if args.optimizer not in OPTIMIZERS:
        there = [name for name, thing in case.program.items() if isinstance(thing, Optimizer)]
        raise Mistake(f"--optimizer {args.optimizer!r} is none: there are {', '.join([*OPTIMIZERS, *there])}")
    if args.optimizer != "sgd" and (args.momentum or args.nesterov):
        raise Mistake(f"--{'momentum' if args.momentum else 'nesterov'} is of sgd, not of {args.optimizer}")
    parameters = case.parameters or Derivation(case.loss).parameters
    if rate is not None and (args.optimizer == "sgd" or args.lr is not None):
        given["lr"] = rate
    return OPTIMIZERS[args.optimizer](parameters, **given)


# exercise


def _exercise(args: argparse.Namespace) -> int:
    from tinygrad_bp.lessons import exercise

    if args.sheets is not None or args.out is not None:
        return _sheets(args)
    if args.force:
        raise Mistake("--force is for the folder of --sheets")
    format = documents.format_of(args.output, args.format, SHEETS)
    if args.key and format in ("moodle", "gift"):
        raise Mistake(f"--key is for a sheet to read; {format} has its answers in it")
    made = exercise(**_options(args))
    if format in ("moodle", "gift"):
        common.write(args.output, made.moodle() if format == "moodle" else made.gift())
    else:
        documents.write(made.answered if args.key else made, args.output, format)
    return 0


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """What `exercise` and `sheets` take."""
    case = subjects.case_of(args)
    return {
        "loss": case.loss,
        "parameters": case.parameters,
        "lr": case.rate if args.lr is None else float(args.lr),
        "seed": args.seed,
        "blanks": args.blanks or "all",
        "questions": args.questions,
        "digits": args.digits,
        "zeros": args.zeros,
        "keep": [*case.data, *_kept(args.keep or [], case)],
        **({} if args.most is None else {"most": args.most}),
        "rules": not args.no_rules,
        "title": args.title,
        "language": common.language_of(args),
    }


def _kept(names: list[str], case: Case) -> list[Value | str]:
    """What is kept: by its label, or what the program calls so."""
    leaves = {v for v in topological_order(case.loss, constants=False) if v.op is None}
    labels = {v.label for v in leaves}
    return [name if name in labels or (v := case.program.get(name)) not in leaves else v for name in names]


def _sheets(args: argparse.Namespace) -> int:
    from tinygrad_bp.files import parse_json, read_text
    from tinygrad_bp.lessons import sheets

    if args.out is None:
        raise Mistake("--sheets needs a folder for them: --out DIR")
    if args.sheets is None:
        raise Mistake("--out is the folder for --sheets N; one sheet is a file: -o FILE")
    if args.key or args.output != common.STANDARD:
        raise Mistake(f"{'--key' if args.key else '-o'} is for one sheet; {args.out} holds all sheets and their keys")
    made = sheets(count=args.sheets, **_options(args))

    def other() -> str:
        """What the folder holds, if it is not the key of these very sheets: without it, what students were given cannot be marked."""
        try:
            key = parse_json(read_text(args.out / first, MOST_BYTES), float)
        except (OSError, ValueError, RecursionError):
            key = None
        return "" if key == made[0].key_data() else "keys of other sheets"

    first = f"keys/{made[0].sheet}.json"
    common.check_results(args.out, [first], other, replace=args.force)
    format = args.format or "html"
    common.say(made.save(args.out, SHEETS[format]))
    return 0
