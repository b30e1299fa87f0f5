"""What commands are about: an example, a Value or a network in a program of the user's own, a model in a file, and rows for it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common, parser
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.cli.own_program import load_program, named
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.files import is_stream, packed_name
from tinygrad_bp.text import counted, shown

if TYPE_CHECKING:
    from tinygrad_bp.networks.data import Table
    from tinygrad_bp.networks.nn import MLP

MODEL = "model.json"  # in a folder of results
Row = tuple[Sequence[float], Sequence[float]]  # inputs and targets


def thing_of(subject: str, verb: str) -> tuple[Any, str, Mapping[str, Any]]:
    """What is named: an example by its name, a Value, or a network; a heading if it has one of its own; and the names of its program."""
    from tinygrad_bp.networks.data import TRUTH_TABLES
    from tinygrad_bp.networks.nn import MLP, Layer, Neuron

    if subject == "tutorial" or subject in TRUTH_TABLES:
        return subject, "", {}
    if is_model(subject):
        return model(subject), packed_name(subject)[0].stem.removeprefix(common.STANDARD), {}
    if ":" in subject:
        program = load_program(subject)
        thing = program[subject.rpartition(":")[2]]
        if not isinstance(thing, MLP | Layer | Neuron):
            [thing] = named(program, subject)
        return thing, "", program
    if Path(subject).suffix.lower() == ".py":
        raise Mistake(f"{subject!r} does not say what to {verb} in it: write {subject}:NAME")
    raise Mistake(
        f"{subject!r} is nothing to {verb}: it is tutorial, {', '.join(TRUTH_TABLES)}, FILE.py:NAME or a model's .json file"
    )


def is_model(name: str) -> bool:
    """Whether a model is meant: its .json file, a stream, or a folder such as `train` writes it into."""
    return (
        name == common.STANDARD or is_stream(name) or _suffix(name) == ".json" or (name != "" and Path(name).is_dir())
    )


def model(name: str) -> MLP:
    """The network in a model's file, or in the folder of what `train` wrote. Raises Mistake for a folder that has none."""
    from tinygrad_bp.networks.saving import load

    if Path(name).is_dir():
        file = Path(name) / MODEL
        if not file.is_file():
            raise Mistake(
                f"{shown(name, 200)} is a folder without a {MODEL}; name one that train --out wrote, or a file"
            )
        name = str(file)
    return load(common.source(name))


def _suffix(name: str) -> str:
    return packed_name(name)[0].suffix.lower()


def rows_of(net: MLP, name: str) -> list[Row]:
    """The rows of a table, scaled as those were that the network learned from."""
    from dataclasses import replace

    from tinygrad_bp.networks import data
    from tinygrad_bp.networks.prediction import Predictor

    predictor = Predictor(net)
    if name in data.NAMES:
        table = data.bundled(name)
    elif net.notes.columns:
        table = predictor.table(common.source(name))
    else:
        table = data.read(common.source(name), net.notes.targets)
    if len(table.columns) != net.widths[0] or (net.notes.columns and table.columns != net.notes.columns):
        raise Mistake(
            f"the network learned from {', '.join(predictor.columns):.200}, and {name} has {', '.join(table.columns):.200}"
        )
    table = table.scaled_by(predictor.scaling)
    if predictor.classes is not None:
        table = replace(table, outputs=_targets(table, predictor.classes, net.widths[-1], name))
    elif predictor.target_scaling is not None:
        table = replace(table, outputs=[predictor.target_scaling(row) for row in table.outputs])
    return list(table)


def _targets(table: Table, classes: list[str], outputs: int, name: str) -> list[list[float]]:
    """For each row the class as the network has it, which may know more classes than the table, or have learned numbers as classes."""
    from tinygrad_bp.networks.losses import one_hot

    kinds = [f"{row[0]:.17g}" for row in table.outputs]
    if table.classes is not None:
        kinds = [table.classes[label] for label in table.labels]
    for kind in kinds:
        if kind not in classes:
            raise Mistake(f"the network tells apart {', '.join(classes):.200}, and {name} has {kind!r:.60}")
    places = [classes.index(kind) for kind in kinds]
    return [[float(place)] if outputs == 1 else one_hot(place, outputs) for place in places]


# One case, of which lessons, marks and exercises are

DEFAULT_ROW = 4  # of a truth table: that of two ones, since an input of 0 moves no weight
EXAMPLE_RATE = 0.5


@dataclass(frozen=True)
class Case:
    """A loss, and what is known of it.

    Attributes:
        loss: the Value.
        parameters: what is trained; None if it is to be found by its names.
        rate: the learning rate that an example comes with.
        data: the inputs and targets that are a row of a table.
        program: the names of the program that it stands in.
    """

    loss: Value
    parameters: list[Value] | None = None
    rate: float | None = None
    data: Sequence[Value] = ()
    program: Mapping[str, Any] = field(default_factory=dict)


def add_subject(made: parser.Parser, more: str = "") -> None:
    """Declares what a command is about, and which row of a table."""
    made.add_argument(
        "target", metavar="SUBJECT", help=f"tutorial, xor, or, and, nand, FILE.py:NAME, or a model's .json file{more}"
    )
    made.add_argument("--data", metavar="TABLE", help="of a network: a file, or the name of a table that is built in")
    made.add_argument(
        "--row", type=parser.positive, metavar="N", help="which row of the table it computes (default: 1)"
    )


def case_of(args: argparse.Namespace) -> Case:
    """The case that `add_subject` was asked for."""
    from tinygrad_bp.explorer.subject import of_model, of_truth_table
    from tinygrad_bp.networks.nn import MLP
    from tinygrad_bp.tutorial.page import subject as of_tutorial

    if args.data == args.target == common.STANDARD:
        raise Mistake("standard input holds one thing, the network or the table")
    thing, _, program = thing_of(args.target, "derive")
    if isinstance(thing, Value) or thing == "tutorial":
        for name in ("data", "row"):
            if getattr(args, name) is not None:
                raise Mistake(f"--{name} is for a network; {args.target} has its numbers already")
    if isinstance(thing, Value):
        return Case(thing, program=program)
    if thing == "tutorial":
        subject = of_tutorial()
    elif isinstance(thing, str):
        if args.data is not None:
            raise Mistake(f"--data is for a network; {args.target} has its rows already")
        subject = of_truth_table(thing, _chosen(range(1, 5), args.row or DEFAULT_ROW, args.target))
    elif not isinstance(thing, MLP):
        raise Mistake(f"{args.target} is a {type(thing).__name__}; give it inputs in your program, and name its loss")
    elif args.data is None:
        raise Mistake(
            f"{args.target} is a network without numbers to compute: --data says the table, and --row its row"
        )
    else:
        row = _chosen(rows_of(thing, args.data), args.row or 1, args.data)
        subject = of_model(thing, rows=[row], most=None)
    rate = EXAMPLE_RATE if isinstance(thing, str) else None
    parameters = list(subject.parameters)
    if thing == "tutorial":  # whose text leaves its biases as they are
        parameters = [v for v in parameters if v.label.startswith("w")]
    order = topological_order(subject.result, constants=False)
    data = [v for v in order if v.op is None and v not in parameters and thing != "tutorial"]
    return Case(subject.result, parameters, rate, data)


def _chosen(rows: Sequence[Any], number: int, name: str) -> Any:
    if number > len(rows):
        raise Mistake(f"--row {number}: {name} has {counted(len(rows), 'row')}")
    return rows[number - 1]
