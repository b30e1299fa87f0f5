"""The commands `train` and `predict`: a network learns a table, is saved, and is used."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tinygrad_bp.cli import common, parser

EXAMPLES = {
    "train": """DATA is a file, or one of xor, or, and, nand, moons, spiral, penguins and
tutorial, the network of the worked example. What is not said is chosen to suit
the table: in brackets above stands what that is for most. Of fewer than 20 rows
none are held out; if their targets lie between 0 and 1, they are learned by
sigmoid neurons, with sgd at a rate of 0.5, row by row, 10,000 times.

examples:
  tinygrad-bp train xor --layers 2 5 1
  tinygrad-bp train penguins --layers 4 8 3 --out penguins
  tinygrad-bp train data.csv --target y --layers 4 16 16 1 --epochs 500
  tinygrad-bp train --resume penguins --epochs 1000""",
    "predict": """The table needs the columns that the network learned from. If it has the target,
too, the command says how many predictions are right, and of which classes.

example:
  tinygrad-bp predict penguins/model.json birds.csv > predictions.csv""",
}


def add(commands: Any) -> None:
    """Declares the commands."""
    train = parser.command(
        commands.add_parser,
        "train",
        EXAMPLES["train"],
        help="train a network on a table",
        description="Trains a network on a table and writes it to a file, with its error curve, pictures and a report.",
    )
    train.add_argument(
        "data",
        nargs="?",
        metavar="DATA",
        help="a table: .csv, .tsv, .txt, .json, the name of one that is built in, or - for standard input",
    )
    train.add_argument(
        "--format", choices=["csv", "tsv", "json"], help="of DATA (default: that of its name, or its look)"
    )
    train.add_argument(
        "--target",
        action="append",
        metavar="COLUMN",
        help="the column to be learned, by its name or number (default: the last); repeatable",
    )
    train.add_argument(
        "--inputs", nargs="+", action="extend", metavar="COLUMN", help="the columns to learn from (default: all others)"
    )
    train.add_argument("--ignore", nargs="+", action="extend", metavar="COLUMN", help="columns to leave out")
    train.add_argument("--classes", action="store_true", help="the numbers of the target are names of classes")
    train.add_argument(
        "--missing",
        choices=["mean", "drop"],
        help="fill what is missing with the mean of its column, or leave such rows out (default: say where)",
    )
    common.add_table_options(train)
    train.add_argument(
        "--layers", type=parser.positive, nargs="+", metavar="N", help="inputs, neurons of each layer, outputs"
    )
    train.add_argument("--activation", default=None, metavar="NAME", help="of hidden neurons (tanh)")
    train.add_argument("--init", choices=["glorot", "he", "uniform"], default="glorot", help="(default: glorot)")
    train.add_argument("--loss", metavar="NAME", help="such as mean_squared_error or cross_entropy")
    train.add_argument("--optimizer", choices=["sgd", "adam", "adamw"], help="(adam)")
    train.add_argument("--learning-rate", type=float, metavar="RATE", help="(0.01)")
    train.add_argument("--momentum", type=float, default=0.0, metavar="M", help="of sgd (default: 0)")
    train.add_argument("--weight-decay", type=float, metavar="D", help="(default: that of the optimizer)")
    train.add_argument("--epochs", type=parser.rounds, metavar="N", help="times through all rows (200)")
    train.add_argument("--batch-size", type=parser.rounds, metavar="N", help="rows a step; 0 for all (16)")
    train.add_argument("--held-out", type=float, metavar="SHARE", help="of rows, to test on (0.25)")
    train.add_argument("--patience", type=parser.positive, metavar="N", help="stop if no better for N epochs")
    train.add_argument("--stop-below", type=float, metavar="LOSS", help="stop when the loss is below this")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn (default: 0)")
    train.add_argument("--no-scale", action="store_true", help="take the numbers of the table as they are")
    train.add_argument(
        "--engine", choices=["auto", "llvm", "python", "eager"], default="auto", help="what computes (default: auto)"
    )
    train.add_argument(
        "--out", type=Path, default=Path("training-out"), metavar="DIR", help="for the files (default: training-out)"
    )
    train.add_argument(
        "--resume", type=Path, metavar="DIR", help="go on with the training in DIR, to so many --epochs in all"
    )
    train.add_argument("--force", action="store_true", help="replace what DIR holds, also results of something else")
    train.add_argument("--dark", action="store_true", help="draw the pictures on a dark ground")
    train.set_defaults(run=_train, usual=train.get_default)

    predict = parser.command(
        commands.add_parser,
        "predict",
        EXAMPLES["predict"],
        help="use a trained network",
        description="Predicts the target for every row of a table, and prints a table of the predictions.",
    )
    predict.add_argument("model", metavar="MODEL.json", help="a network that train wrote; - for standard input")
    predict.add_argument("data", metavar="DATA", help="a table: .csv, .tsv, .txt or .json; - for standard input")
    predict.add_argument(
        "--id",
        action="append",
        metavar="COLUMN",
        help="a column to print beside each prediction (default: those left out in training, or the number of the row); repeatable",
    )
    common.add_table_options(predict)
    predict.add_argument(
        "--format", choices=["csv", "tsv", "json"], help="of the predictions (default: that of FILE's name, else csv)"
    )
    predict.add_argument(
        "-o", "--output", default=common.STANDARD, metavar="FILE", help="where to (default: -, standard output)"
    )
    predict.set_defaults(run=_predict)


# What they need is loaded when they run.


def _train(args: argparse.Namespace) -> int:
    from tinygrad_bp.cli.training import train

    return train(args)


def _predict(args: argparse.Namespace) -> int:
    from tinygrad_bp.cli.prediction import predict

    return predict(args)
