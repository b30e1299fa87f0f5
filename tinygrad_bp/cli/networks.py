"""The commands `train` and `predict`: a network learns a table, is saved, and is used."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.cli import common
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.files import write_whole
from tinygrad_bp.text import did_you_mean, printable

if TYPE_CHECKING:
    from tinygrad_bp.networks.data import Scaling, Table
    from tinygrad_bp.networks.nn import MLP
    from tinygrad_bp.networks.prediction import Predictor
    from tinygrad_bp.networks.training import History

EXAMPLES = {
    "train": """DATA is a file, or one of xor, or, and, nand, moons, spiral, penguins and
tutorial, the network of the worked example. What is not said is chosen to suit
the table: in brackets above stands what that is for most. Of fewer than 20 rows
none are held out; if their targets lie between 0 and 1, they are learned by
sigmoid neurons, with sgd at a rate of 0.5, row by row, 10,000 times.

examples:
  tinygrad-bp train xor --layers 2 5 1
  tinygrad-bp train penguins --layers 4 8 3 --out penguins
  tinygrad-bp train data.csv --target y --layers 4 16 16 1 --epochs 500""",
    "predict": """The table needs the columns that the network learned from. If it has the target,
too, the command says how many predictions are right.

example:
  tinygrad-bp predict penguins/model.json birds.csv > predictions.csv""",
}
SMALL = 40  # connections of a network up to which its picture has numbers


def add(commands: Any) -> None:
    """Declares the commands."""
    train = common.command(
        commands.add_parser,
        "train",
        EXAMPLES["train"],
        help="train a network on a table",
        description="Trains a network on a table and writes it to a file, with its error curve, pictures and a report.",
    )
    train.add_argument("data", metavar="DATA", help="a table: .csv, .tsv, .json, or the name of one that is built in")
    train.add_argument(
        "--target", action="append", metavar="COLUMN", help="the column to be learned (default: the last); repeatable"
    )
    train.add_argument(
        "--layers", type=common.positive, nargs="+", metavar="N", help="inputs, neurons of each layer, outputs"
    )
    train.add_argument("--activation", default=None, metavar="NAME", help="of hidden neurons (tanh)")
    train.add_argument("--init", choices=["glorot", "he", "uniform"], default="glorot", help="(default: glorot)")
    train.add_argument("--loss", metavar="NAME", help="such as mean_squared_error or cross_entropy")
    train.add_argument("--optimizer", choices=["sgd", "adam", "adamw"], help="(adam)")
    train.add_argument("--learning-rate", type=float, metavar="RATE", help="(0.01)")
    train.add_argument("--momentum", type=float, default=0.0, metavar="M", help="of sgd (default: 0)")
    train.add_argument("--weight-decay", type=float, metavar="D", help="(default: that of the optimizer)")
    train.add_argument("--epochs", type=common.rounds, metavar="N", help="times through all rows (200)")
    train.add_argument("--batch-size", type=common.rounds, metavar="N", help="rows a step; 0 for all (16)")
    train.add_argument("--held-out", type=float, metavar="SHARE", help="of rows, to test on (0.25)")
    train.add_argument("--patience", type=common.positive, metavar="N", help="stop if no better for N epochs")
    train.add_argument("--stop-below", type=float, metavar="LOSS", help="stop when the loss is below this")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn (default: 0)")
    train.add_argument("--no-scale", action="store_true", help="take the numbers of the table as they are")
    train.add_argument(
        "--engine", choices=["auto", "llvm", "python", "eager"], default="auto", help="what computes (default: auto)"
    )
    train.add_argument(
        "--out", type=Path, default=Path("training-out"), metavar="DIR", help="for the files (default: training-out)"
    )
    train.add_argument("--dark", action="store_true", help="draw the pictures on a dark ground")
    train.set_defaults(run=_train)

    predict = common.command(
        commands.add_parser,
        "predict",
        EXAMPLES["predict"],
        help="use a trained network",
        description="Predicts the target for every row of a table, and prints a table of the predictions.",
    )
    predict.add_argument("model", type=Path, metavar="MODEL.json", help="a network that train wrote")
    predict.add_argument("data", metavar="DATA", help="a table: .csv, .tsv or .json")
    predict.add_argument("--format", choices=["csv", "json"], default="csv", help="(default: csv)")
    predict.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default: standard output)")
    predict.set_defaults(run=_predict)


# Training


@dataclass
class Plan:
    """What is to be trained on what, and how.

    Attributes:
        table: all rows, not scaled.
        learned, held_out: the rows to learn from, and those to test on, scaled; the latter may be None.
    """

    name: str
    table: Table
    learned: Table
    held_out: Table | None
    apart: tuple[Table, Table | None]
    target_scaling: Scaling | None
    net: MLP
    loss: str
    settings: dict[str, Any]


def _train(args: argparse.Namespace) -> int:
    from tinygrad_bp.networks.optim import OPTIMIZERS
    from tinygrad_bp.networks.prediction import Predictor, notes
    from tinygrad_bp.networks.saving import save
    from tinygrad_bp.networks.training import train

    plan = _plan(args)
    given = plan.settings
    extra = {"momentum": args.momentum} if given["optimizer"] == "sgd" and args.momentum else {}
    if args.momentum and given["optimizer"] != "sgd":
        raise Mistake(f"--momentum is of --optimizer sgd; {given['optimizer']} has its own")
    if args.weight_decay is not None:
        extra["weight_decay"] = args.weight_decay
    optimizer = OPTIMIZERS[given["optimizer"]](plan.net.parameters(), lr=given["learning_rate"], **extra)
    folder = common.folder(args.out)
    history = train(
        plan.net,
        plan.learned,
        plan.loss,
        optimizer,
        epochs=given["epochs"],
        batch_size=given["batch_size"] or None,
        shuffle=len(plan.learned) > 1,
        seed=args.seed,
        engine=args.engine,
        validation=plan.held_out,
        patience=args.patience,
        stop_below=args.stop_below,
    )
    plan.net.notes = notes(plan.learned, plan.loss, plan.target_scaling)
    files, more = _files(plan, history, folder, dark=args.dark, save=save)
    predictor = Predictor(plan.net)
    lines = list(_report(plan, history, predictor))
    write_whole(folder / "report.md", _markdown(plan, lines, files, predictor))
    files.append(folder / "report.md")
    _print(plan, lines, history, files, more, predictor)
    return 130 if history.stopped == "interrupted" else 0


def _plan(args: argparse.Namespace) -> Plan:
    """Reads the table and chooses what was not said."""
    from tinygrad_bp.networks import data
    from tinygrad_bp.networks.losses import LOSSES
    from tinygrad_bp.networks.nn import MLP

    name = args.data
    worked: dict[str, Any] = {}
    if name == "tutorial":
        table, worked = _worked_example()
    elif name in data.NAMES:
        table = data.bundled(name)
    elif Path(name).suffix.lower() in (".csv", ".tsv", ".json"):
        table = data.read(name, args.target)
    else:
        raise Mistake(
            f"{name!r} is no table: name a .csv, .tsv or .json file, or one of {', '.join(data.NAMES)}, tutorial"
        )
    if args.target and name in (*data.NAMES, "tutorial"):
        raise Mistake("--target is of files; the tables that are built in have theirs")
    few = len(table) < 20  # nothing to hold out
    # A truth table, or the worked example: nothing to scale, and what a sigmoid can reach.
    small = few and table.classes is None and all(0.0 <= x <= 1.0 for row in table.outputs for x in row)
    table = _as_classes(table, args.layers, args.loss)
    outputs = len(table.outputs[0])
    layers = args.layers or [len(table.columns), *([2] if name == "tutorial" else [5] if small else [8]), outputs]
    if len(layers) < 2:
        raise Mistake(f"--layers are inputs, hidden neurons, if any, and outputs, such as {layers[0]} 8 {outputs}")
    if layers[0] != len(table.columns):
        raise Mistake(
            f"--layers begins with the number of inputs, and the table has {len(table.columns)}: {', '.join(table.columns):.200}"
        )
    if table.classes is not None and len(table.classes) == 2 and layers[-1] == 2:
        labels = table.labels
        table = replace(table, outputs=[[float(k == label) for k in (0, 1)] for label in labels])
        outputs = 2
    if layers[-1] != outputs:
        what = (
            f"classes ({', '.join(table.classes):.200})"
            if table.classes
            else f"targets ({', '.join(table.targets):.200})"
        )
        raise Mistake(
            f"--layers ends with the number of outputs, which is {outputs} for these {what}, not {layers[-1]}"
        )
    kinds = _kinds(table, small)
    loss = args.loss or kinds["loss"]
    if loss not in LOSSES:
        raise Mistake(f"--loss {loss!r} is none of {', '.join(LOSSES)}{did_you_mean(loss, LOSSES)}")
    if loss == "hinge":
        raise Mistake(
            "--loss hinge wants targets 1 and -1, which are for programs of your own; binary_cross_entropy does the same here"
        )
    if table.classes is not None and loss in ("squared_error", "mean_squared_error"):
        kinds["last"] = "sigmoid"
    hidden = args.activation or kinds["hidden"]
    net = MLP(
        layers[0],
        layers[1:],
        activation=[*[hidden] * (len(layers) - 2), kinds["last"]],
        seed=args.seed,
        init=args.init,
        **(worked if layers == [2, 2, 2] else {}),
    )
    learned, held_out = table, None
    share = args.held_out if args.held_out is not None else 0.0 if few else 0.25
    if not 0.0 <= share < 1.0:
        raise Mistake(f"--held-out is a share of the rows, from 0 to below 1, not {share:g}")
    if share:
        learned, held_out = table.split(share, args.seed)
    apart = learned, held_out
    target_scaling = None
    if not small and not args.no_scale:
        learned = learned.scaled()
        if table.classes is None:
            target_scaling = replace(learned, inputs=learned.outputs).scaled().scaling
            assert target_scaling is not None
            learned = replace(learned, outputs=[target_scaling(row) for row in learned.outputs])
        if held_out is not None:
            held_out = held_out.scaled_by(learned.scaling)
            if target_scaling is not None:
                held_out = replace(held_out, outputs=[target_scaling(row) for row in held_out.outputs])
    settings = {
        key: kinds[key] if getattr(args, key) is None else getattr(args, key)
        for key in ("optimizer", "learning_rate", "epochs", "batch_size")
    }
    return Plan(name, table, learned, held_out, apart, target_scaling, net, loss, settings)


def _worked_example() -> tuple[Table, dict[str, Any]]:
    """The one row of the worked example, and what an `MLP` takes to be its network."""
    from tinygrad_bp.networks.data import Table
    from tinygrad_bp.tutorial.figures import setup
    from tinygrad_bp.tutorial.training import BIASES, WEIGHTS

    numbers = setup(float)
    inputs, targets = [numbers["i1"], numbers["i2"]], [numbers["target_o1"], numbers["target_o2"]]
    network = {"weights": [numbers[w] for w in WEIGHTS], "biases": [numbers[b] for b in BIASES]}
    return Table(["i1", "i2"], ["o1", "o2"], [inputs], [targets]), network | {
        "shared_bias": True,
        "train_biases": False,
    }


def _as_classes(table: Table, layers: Sequence[int] | None, loss: str | None) -> Table:
    """The table with the numbers of its one target as classes, where it is asked for by as many outputs or by a loss of classes."""
    from tinygrad_bp.networks.data.table import Table

    if table.classes is not None or len(table.targets) > 1:
        return table
    values = sorted({row[0] for row in table.outputs})
    wanted = layers[-1] if layers else 1
    by_loss = loss in ("cross_entropy", "binary_cross_entropy")
    if wanted == 1 and not by_loss:
        return table
    target = f"the target {table.targets[0]!r} is one number in each row, of {len(values)} different values"
    if by_loss and not all(x.is_integer() for x in values):
        raise Mistake(
            f"--loss {loss} is of classes, and {target}, such as {values[0]:g}; mean_squared_error is of numbers"
        )
    if loss == "binary_cross_entropy" and len(values) != 2:
        raise Mistake(f"--loss {loss} is of two classes, and {target}")
    if not by_loss and len(values) != wanted:
        raise Mistake(
            f"--layers ends with {wanted} outputs; {target}, so it takes 1, or as many as there are values to make them classes"
        )
    names = [f"{x:.17g}" for x in values]
    rows = [(inputs, values.index(outputs[0])) for inputs, outputs in table]
    return Table.of_classes(table.columns, table.targets[0], rows, names)


def _kinds(table: Table, small: bool) -> dict[str, Any]:
    """What suits a table: activations, loss, optimizer and how long."""
    if small:
        return {
            "hidden": "sigmoid", "last": "sigmoid", "loss": "squared_error", "optimizer": "sgd", "learning_rate": 0.5, "epochs": 10_000,
            "batch_size": 1,
        }  # fmt: skip
    loss = "mean_squared_error"
    if table.classes is not None:
        loss = "binary_cross_entropy" if len(table.outputs[0]) == 1 else "cross_entropy"
    return {
        "hidden": "tanh", "last": None, "loss": loss, "optimizer": "adam", "learning_rate": 0.01, "epochs": 200, "batch_size": 16,
    }  # fmt: skip


# What comes of it


def _files(
    plan: Plan, history: History, folder: Path, *, dark: bool, save: Callable[[Any, Path], Path]
) -> tuple[list[Path], list[str]]:
    """Writes the model, the curve and pictures. Returns the files, and what is to be said."""
    from tinygrad_bp.drawing import curve, draw_network

    files = [save(plan.net, folder / "model.json")]
    if history.losses:
        columns: list[Sequence[float]] = [range(1, history.epochs + 1), history.losses]
        columns += [history.validation] if history.validation else []
        rows = [("epoch", "loss", "held_out")[: len(columns)], *zip(*columns, strict=True)]
        files.append(write_whole(folder / "curve.csv", "".join(",".join(map(str, row)) + "\n" for row in rows)))
        if all(map(math.isfinite, history.losses)):
            title = f"The loss of {plan.name} over {history.epochs:,} epochs"
            files.append(write_whole(folder / "curve.svg", curve.svg(history.losses, title, "epochs", "loss")))
    small = len(plan.net.weights) <= SMALL
    picture = draw_network(plan.net, digits=3 if small else 2, dark=dark)
    drawn, words = common.save_pictures({"network": picture}, folder)
    files += drawn
    if len(plan.table.columns) == 2 and (plan.table.classes is not None or len(plan.table.outputs[0]) == 1):
        try:
            from tinygrad_bp import plotting

            figure = plotting.decision_boundary(plan.net, plan.learned, title=plan.name, dark=dark)
            files += [plotting.save(figure, folder / f"boundary{suffix}") for suffix in (".svg", ".png")]
        except (ImportError, ValueError):  # without matplotlib, or of a target that is no class
            pass
    return files, words


def _report(plan: Plan, history: History, predictor: Predictor) -> Iterator[tuple[str, str]]:
    """What was done and how well, as pairs of a heading and words."""
    table = plan.table
    rows = f"{len(table):,} row{'s' * (len(table) != 1)}"
    held = f", {len(plan.held_out):,} held out" if plan.held_out is not None else ""
    yield "table", f"{plan.name}: {rows}{held}"
    kinds = f" ({', '.join(table.classes)})" if table.classes is not None else ""
    yield "learned", f"{', '.join(table.targets)}{kinds} from {', '.join(table.columns)}"
    yield "network", f"{plan.net.summary()}, {_activations(plan.net)}"
    s = plan.settings
    size = "all rows" if s["batch_size"] == 0 else f"{s['batch_size']} row{'s' * (s['batch_size'] != 1)}"
    yield "training", f"{plan.loss}, {s['optimizer']}, learning rate {s['learning_rate']:g}, {size} a step"
    yield (
        "took",
        f"{history.epochs:,} epochs, {history.steps:,} steps in {history.seconds:.2f} s by engine {history.engine}; {history.stopped}",
    )
    if history.why_eager:
        yield "why eager", history.why_eager
    if history.losses:
        yield "loss", f"{history.losses[0]:.6g} in the first epoch, {history.losses[-1]:.6g} in the last"
    for name, part in (("on the rows learned", plan.apart[0]), ("on the rows held out", plan.apart[1])):
        if part is not None:
            yield name, _score(predictor, part)


def _score(predictor: Predictor, part: Table) -> str:
    if predictor.classes is None:
        truths = all(x in (0.0, 1.0) for outputs in part.outputs for x in outputs)
        right = sum([round(x) for x in predictor(inputs)] == outputs for inputs, outputs in part)
        rounded = f"; {right} of {len(part)} right, if rounded" if truths else ""
        return f"root mean squared error {predictor.score(part):.6g}{rounded}"
    right = round(predictor.score(part) * len(part))
    return f"{right} of {len(part)} right, {right / len(part):.1%}"


def _activations(net: MLP) -> str:
    kinds = [layer.neurons[0].activation for layer in net.layers]
    return "-".join(kind.name if kind else "linear" for kind in kinds)


def _predictions(plan: Plan, predictor: Predictor, most: int = 8) -> list[list[str]]:
    """Rows of a table of what is predicted for a few rows, with its head."""
    head = [*plan.table.columns, *(f"{name}, wanted" for name in plan.table.targets), "predicted"]
    body = []
    for inputs, outputs in list(plan.table)[:most]:
        found = predictor(inputs)
        if predictor.classes is None:
            wanted, words = [f"{x:g}" for x in outputs], ", ".join(f"{x:.6f}" for x in found)
        else:
            best = predictor.best(found)
            label = outputs.index(1.0) if len(outputs) > 1 else int(outputs[0])
            wanted, words = [predictor.classes[label]], f"{predictor.classes[best]} ({found[best]:.1%})"
        body.append([*(f"{x:g}" for x in inputs), *wanted, words])
    return [head, *body]


def _print(
    plan: Plan,
    lines: Sequence[tuple[str, str]],
    history: History,
    files: Sequence[Path],
    notes: Sequence[str],
    predictor: Predictor,
) -> None:
    import textwrap

    from tinygrad_bp.drawing import curve

    width = max(len(name) for name, _ in lines)
    for name, words in lines:
        first, *rest = textwrap.wrap(printable(words), 78 - width) or [""]
        print(f"{name:>{width}}  {first}")
        for line in rest:
            print(f"{'':>{width}}  {line}")
    if len(history.losses) > 1 and all(map(math.isfinite, history.losses)):
        print()
        print(*curve.plot(history.losses), sep="\n")
    if len(plan.table) <= 8 and len(plan.table.columns) <= 4:
        print()
        rows = [[printable(cell) for cell in row] for row in _predictions(plan, predictor)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        for row in rows:
            print("  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)).rstrip())
    print()
    for note in notes:
        print(textwrap.fill(printable(note), 80))
    names = ", ".join(path.name for path in files)
    print(
        textwrap.fill(printable(f"In {files[0].parent}: {names}"), 80, break_long_words=False, break_on_hyphens=False)
    )


def _markdown(plan: Plan, lines: Sequence[tuple[str, str]], files: Sequence[Path], predictor: Predictor) -> str:

    def cell(text: str) -> str:
        return "".join(f"\\{c}" if c in "\\`*[]<>|&~$" else c for c in printable(text))

    def table(rows: Sequence[Sequence[str]]) -> list[str]:
        head, *body = [f"| {' | '.join(cell(x) for x in row)} |" for row in rows]
        return [head, "|" + "---|" * len(rows[0]), *body]

    parts = [f"# {cell(plan.name)}", "", *table([("", ""), *lines])]
    if any(path.name == "curve.svg" for path in files):
        parts += ["", "## The loss, epoch by epoch", "", "![The loss](curve.svg)"]
    parts += ["", "## Some predictions", "", *table(_predictions(plan, predictor))]
    if any(path.name == "boundary.svg" for path in files):
        parts += ["", "## Where it decides", "", "![Where it decides](boundary.svg)"]
    if any(path.name == "network.svg" for path in files):
        parts += ["", "## The network", "", "![The network](network.svg)"]
    parts += ["", "## To use it", "", "    tinygrad-bp predict model.json FILE.csv", ""]
    return "\n".join(parts)


# Prediction


def _predict(args: argparse.Namespace) -> int:
    import csv
    import io
    import json

    from tinygrad_bp.networks.data.reading import cells, number, place_of
    from tinygrad_bp.networks.prediction import Predictor
    from tinygrad_bp.networks.saving import load

    predictor = Predictor(load(args.model))
    columns, rows = cells(args.data)
    for column in predictor.columns:
        place_of(args.data, columns, column)
    found = [predictor([number(args.data, columns, where, row, c) for c in predictor.columns]) for where, row in rows]
    head, body = _answers(predictor, found)
    if args.format == "json":
        text = json.dumps([dict(zip(head, row, strict=True)) for row in body], indent=2) + "\n"
    else:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([head, *body])
        text = out.getvalue()
    if args.output is None:
        print(text, end="")
    else:
        print(write_whole(args.output, text))
    wanted = [target for target in predictor.targets if target in columns]
    if predictor.classes is not None and wanted:
        place = columns.index(wanted[0])
        known = [(p, _class_name(row[place])) for p, (_, row) in zip(found, rows, strict=True)]
        judged = [(p, name) for p, name in known if name in predictor.classes]
        right = sum(predictor.classes[predictor.best(p)] == name for p, name in judged)
        text = f"{right} of {len(judged)} right, {right / len(judged):.1%}" if judged else "nothing to compare with"
        if len(judged) < len(known):
            odd = next(name for _, name in known if name not in predictor.classes)
            text += f"; {len(known) - len(judged)} without a class that the network knows, such as {odd!r}"
        print(printable(text), file=sys.stderr)
    elif len(wanted) == len(predictor.targets):
        errors = [
            (p - number(args.data, columns, where, row, target)) ** 2
            for prediction, (where, row) in zip(found, rows, strict=True)
            for p, target in zip(prediction, wanted, strict=True)
        ]
        print(f"root mean squared error {math.sqrt(sum(errors) / len(errors)):.6g}", file=sys.stderr)
    return 0


def _class_name(cell: Any) -> str:
    """A cell as the name of a class, which of numbers is the shortest that leads back to it."""
    try:
        return f"{float(cell):.17g}"
    except (TypeError, ValueError):
        return str(cell)


def _answers(predictor: Predictor, found: Sequence[Sequence[float]]) -> tuple[list[str], list[list[Any]]]:
    """The table of predictions: its head and rows."""
    if predictor.classes is None:
        return list(predictor.targets), [list(row) for row in found]
    head = [predictor.targets[0], *(f"p({name})" for name in predictor.classes)]
    return head, [[predictor.classes[predictor.best(row)], *row] for row in found]
