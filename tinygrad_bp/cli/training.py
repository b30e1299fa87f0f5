"""The command `train`: a table is read, a network learns it, and is saved with its curve, pictures and a report."""

from __future__ import annotations

import argparse
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinygrad_bp.cli import common, resuming, training_report
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.cli.training_report import Training
from tinygrad_bp.drawing import curve, draw_network
from tinygrad_bp.files import packed_name, write_whole, written_together
from tinygrad_bp.networks import data
from tinygrad_bp.networks.data import Table
from tinygrad_bp.networks.data.reading import FORMATS
from tinygrad_bp.networks.losses import LearnedAsNumbers
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.prediction import Predictor
from tinygrad_bp.networks.recipe import CountedRows, Recipe, Rows, Unsuitable, recipe
from tinygrad_bp.networks.saving import load, save
from tinygrad_bp.networks.training import History
from tinygrad_bp.networks.training import train as trained
from tinygrad_bp.networks.training.checkpoint import Checkpoint
from tinygrad_bp.text import counted, listed, shown

KINDS = (
    "model.json",
    resuming.FILE,
    "curve.csv",
    "curve.svg",
    "report.md",
    *common.picture_names(["network", "boundary"]),
)
SMALL = 40  # connections of a network up to which its picture has numbers


def train(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status."""
    for kind in (LearnedAsNumbers, CountedRows):  # which are said once, and how they are said to the command
        warnings.simplefilter("ignore", kind)
    checkpoint = None
    if args.resume is not None:
        args, checkpoint = resuming.gone_on_with(args)
    if args.data is None:
        raise Mistake(f"train takes DATA: a file, or one of {', '.join((*data.NAMES, 'tutorial'))}; or --resume DIR")
    table, network = _table(args)
    chosen = _recipe(args, table, [2, 2, 2] if network else None)
    net = chosen.network(args.seed, args.init, **(network if chosen.layers == [2, 2, 2] else {}))
    rows = chosen.rows(args.seed)
    optimizer = _optimizer(args, chosen, net)
    own = checkpoint is not None and "out" not in vars(args).get("given", {})  # the folder that it goes on in
    common.check_results(args.out, KINDS, lambda: _other(args.out, args.data, table.targets), replace=args.force or own)
    history, interrupted = _trained(args, chosen, net, rows, optimizer, checkpoint)
    if interrupted and not history.steps:
        common.say("tinygrad-bp: interrupted before the first step; nothing is saved", error=True)
        return common.status_of(interrupted)
    # The name of the table says later whose results a folder holds; a page goes on with what it was trained with.
    way = {"optimizer": chosen.optimizer, "learning_rate": chosen.learning_rate}
    way |= {name: x for name in ("momentum", "weight_decay") if (x := getattr(args, name))}
    net.notes = replace(chosen.notes(rows), more={"table": args.data, "training": way})
    done = Training(args.data, chosen, rows, net, history)
    predictor = Predictor(net)
    lines = list(training_report.lines(done, predictor))
    with written_together(args.out, KINDS) as hidden:
        files, more = _files(done, hidden, dark=args.dark)
        files.insert(1, history.save(hidden / resuming.FILE, resuming.kept(args, chosen.epochs)))
        files.append(write_whole(hidden / "report.md", training_report.markdown(done, lines, files, predictor)))
    files = [args.out / path.name for path in files]
    if interrupted:
        after = f"{counted(history.epochs, 'epoch')}, {counted(history.steps, 'step')}"
        common.say(
            f"tinygrad-bp: interrupted after {after}; what was learned is in {files[0]}, and train --resume {args.out} goes on",
            error=True,
        )
        return common.status_of(interrupted)
    training_report.show(done, lines, files, more, predictor)
    return 0


def _trained(
    args: argparse.Namespace, chosen: Recipe, net: MLP, rows: Rows, optimizer: Optimizer, checkpoint: Checkpoint | None
) -> tuple[History, KeyboardInterrupt | None]:
    """What happened, and what interrupted it."""
    try:
        history = trained(
            net,
            rows.learned,
            chosen.loss,
            optimizer,
            epochs=chosen.epochs,
            batch_size=chosen.batch_size,
            shuffle=len(rows.learned) > 1,
            seed=args.seed,
            engine=args.engine,
            validation=rows.held_out,
            patience=args.patience,
            stop_below=args.stop_below,
            resume=checkpoint,
        )
    except KeyboardInterrupt as interrupt:
        if (found := getattr(interrupt, "history", None)) is None:
            raise
        return found, interrupt
    return history, None


def _other(folder: Path, name: str, targets: Sequence[str]) -> str:
    """What a folder holds that is no training on this table; nothing if it is one."""
    try:
        there = load(folder / "model.json").notes
    except (OSError, ValueError):
        return f"{listed([kind for kind in KINDS if os.path.lexists(folder / kind)])}, which no training on this table wrote"
    trained_on = there.more.get("table")
    if not isinstance(trained_on, str):
        return "a network that was saved by something else"
    if Path(trained_on) == Path(name) and there.targets == list(targets):
        return ""
    return f"what was learned from {shown(trained_on)}: {', '.join(there.targets or ()):.100}"


def _table(args: argparse.Namespace) -> tuple[Table, dict[str, Any]]:
    """The table that is meant, and for the worked example what an `MLP` takes to be its network."""
    name = args.data
    built_in = (*data.NAMES, "tutorial")
    for option in ("target", "inputs", "ignore", "missing", "header", "delimiter", "decimal", "encoding"):
        if getattr(args, option) is not None and name in built_in:
            raise Mistake(f"--{option} is of files; the tables that are built in have theirs")
    if name == "tutorial":
        return _worked_example()
    if name in data.NAMES:
        return data.bundled(name), {}
    if name == common.STANDARD or Path(name).exists() or packed_name(name)[0].suffix.lower()[1:] in FORMATS:
        table = data.read(
            common.source(name),
            args.target,
            args.format,
            inputs=args.inputs,
            ignore=args.ignore or (),
            classes=args.classes,
            missing=args.missing,
            **common.table_options(args),
        )
        return table, {}
    raise Mistake(f"{name!r} is no table: name a .csv, .tsv or .json file, or one of {', '.join(built_in)}")


def _worked_example() -> tuple[Table, dict[str, Any]]:
    """The one row of the worked example, and what an `MLP` takes to be its network."""
    from tinygrad_bp.tutorial.figures import setup
    from tinygrad_bp.tutorial.training import BIASES, WEIGHTS

    numbers = setup(float)
    inputs, targets = [numbers["i1"], numbers["i2"]], [numbers["target_o1"], numbers["target_o2"]]
    network = {"weights": [numbers[w] for w in WEIGHTS], "biases": [numbers[b] for b in BIASES]}
    table = Table(["i1", "i2"], ["o1", "o2"], [inputs], [targets])
    return table, {**network, "shared_bias": True, "train_biases": False}


def _recipe(args: argparse.Namespace, table: Table, layers: Sequence[int] | None) -> Recipe:
    try:
        chosen = recipe(
            table,
            layers=args.layers or layers,
            activation=args.activation,
            loss=args.loss,
            optimizer=args.optimizer,
            learning_rate=args.learning_rate,
            epochs=args.epochs,
            batch_size=args.batch_size,
            held_out=args.held_out,
            scale=not args.no_scale,
            classes=args.classes,
        )
        for told in (chosen.counts_rows, chosen.may_be_classes):
            if told:
                common.say(f"tinygrad-bp: {common.words(told)}", error=True)
        return chosen
    except Unsuitable as error:
        raise Mistake(f"--{error.argument.replace('_', '-')} {error.words}") from None


def _optimizer(args: argparse.Namespace, chosen: Recipe, net: MLP) -> Optimizer:
    options = {}
    if args.momentum:
        if chosen.optimizer != "sgd":
            raise Mistake(f"--momentum is of --optimizer sgd; {chosen.optimizer} has its own")
        options["momentum"] = args.momentum
    if args.weight_decay is not None:
        options["weight_decay"] = args.weight_decay
    return chosen.optimizer_of(net, **options)


def _files(done: Training, folder: Path, *, dark: bool) -> tuple[list[Path], list[str]]:
    """Writes the model, the curve and pictures. Returns the files, and what is to be said."""
    table, history = done.recipe.table, done.history
    files = [save(done.net, folder / "model.json")]
    if history.losses:
        columns: list[Sequence[float]] = [range(1, history.epochs + 1), history.losses]
        columns += [history.validation] if history.validation else []
        rows = [("epoch", "loss", "held_out")[: len(columns)], *zip(*columns, strict=True)]
        files.append(write_whole(folder / "curve.csv", "".join(",".join(map(str, row)) + "\n" for row in rows)))
        if all(map(math.isfinite, history.losses)):
            title = f"The loss of {done.name} over {counted(history.epochs, 'epoch')}"
            files.append(write_whole(folder / "curve.svg", curve.svg(history.losses, title, "epochs", "loss")))
    small = len(done.net.weights) <= SMALL
    picture = draw_network(done.net, digits=3 if small else 2, dark=dark)
    drawn, words = common.save_pictures({"network": picture}, folder)
    files += drawn
    if len(table.columns) == 2 and (table.classes is not None or len(table.outputs[0]) == 1):
        try:
            from tinygrad_bp import plotting

            figure = plotting.decision_boundary(done.net, done.rows.learned, title=done.name, dark=dark)
            files += [plotting.save(figure, folder / f"boundary{suffix}") for suffix in (".svg", ".png")]
        except (ImportError, ValueError):  # without matplotlib, or of a target that is no class
            pass
    return files, words
