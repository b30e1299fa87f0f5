"""The command `predict`: what a saved network says of a table."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from tinygrad_bp.cli import common
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.files import called, packed_name
from tinygrad_bp.networks.data.reading import FORMATS, cells, number, place_of
from tinygrad_bp.networks.prediction import Predictor
from tinygrad_bp.networks.saving import load
from tinygrad_bp.text import shown


def predict(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status."""
    if args.model == args.data == common.STANDARD:
        raise Mistake("standard input holds one thing, the network or the table")
    predictor = Predictor(load(common.source(args.model)))
    table = common.source(args.data)
    name = called(table)
    columns, rows = cells(table)
    for column in predictor.columns:
        place_of(name, columns, column)
    found = [predictor([number(name, columns, where, row, c) for c in predictor.columns]) for where, row in rows]
    text = _written(args.format or _format(args.output), *_answers(predictor, found))
    if args.output == common.STANDARD:
        common.answer(text)
    else:
        common.write(args.output, text)
    score = _score(name, predictor, found, columns, rows)
    if score:
        common.say(score, error=True)
    return 0


def _format(output: str) -> str:
    """The format of a table of this name."""
    suffix = packed_name(output)[0].suffix.lower().removeprefix(".")
    return suffix if suffix in FORMATS else "csv"


def _written(form: str, head: list[str], body: list[list[Any]]) -> str:
    if form == "json":
        return json.dumps([dict(zip(head, row, strict=True)) for row in body], indent=2) + "\n"
    out = io.StringIO()
    csv.writer(out, delimiter="\t" if form == "tsv" else ",", lineterminator="\n").writerows([head, *body])
    return out.getvalue()


def _score(
    name: str,
    predictor: Predictor,
    found: Sequence[Sequence[float]],
    columns: list[str],
    rows: Sequence[tuple[str, list[Any]]],
) -> str:
    """How good the predictions are, in words, if the table has the targets; empty if not."""
    wanted = [target for target in predictor.targets if target in columns]
    if predictor.classes is not None and wanted:
        place = columns.index(wanted[0])
        known = [(p, _class_name(row[place])) for p, (_, row) in zip(found, rows, strict=True)]
        judged = [(p, kind) for p, kind in known if kind in predictor.classes]
        right = sum(predictor.classes[predictor.best(p)] == kind for p, kind in judged)
        text = f"{right} of {len(judged)} right, {right / len(judged):.1%}" if judged else "nothing to compare with"
        if len(judged) < len(known):
            odd = next(kind for _, kind in known if kind not in predictor.classes)
            text += f"; {len(known) - len(judged)} without a class that the network knows, such as {shown(odd)}"
        return text
    if len(wanted) == len(predictor.targets):
        errors = [
            (p - number(name, columns, where, row, target)) ** 2
            for prediction, (where, row) in zip(found, rows, strict=True)
            for p, target in zip(prediction, wanted, strict=True)
        ]
        return f"root mean squared error {math.sqrt(math.fsum(errors) / len(errors)):.6g}"
    return ""


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
