"""The command `predict`: what a saved network says of a table."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from tinygrad_bp.cli import common
from tinygrad_bp.cli.common import Mistake
from tinygrad_bp.cli.subjects import model
from tinygrad_bp.cli.training_report import by_class, how_right
from tinygrad_bp.files import packed_name
from tinygrad_bp.networks.data.cells import Cells, Where, finite, is_missing, is_truth
from tinygrad_bp.networks.data.delimited import Dialect
from tinygrad_bp.networks.data.made import NAMES, bundled_cells
from tinygrad_bp.networks.data.preprocessing import spelled
from tinygrad_bp.networks.data.reading import FORMATS, cells
from tinygrad_bp.networks.prediction import Predictor, confusion
from tinygrad_bp.text import columned, counted, shown, terminal_width


def predict(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status."""
    if args.model == args.data == common.STANDARD:
        raise Mistake("standard input holds one thing, the network or the table")
    predictor = Predictor(model(args.model))
    options = common.table_options(args)
    if args.data in NAMES:
        table = bundled_cells(args.data)
    else:
        dialect = Dialect(options["delimiter"], options["decimal"], options["header"])
        table = cells(common.source(args.data), None, dialect, options["encoding"])
    inputs = predictor.inputs_of(table)
    kept = [k for k, row in enumerate(inputs) if row is not None]
    found = [predictor.of_inputs(row) for row in inputs if row is not None]
    ids = _ids(args.id, predictor, table)
    remarks = list(_score(predictor, found, table, kept))
    if len(kept) < len(inputs):
        remarks.append(f"{counted(len(inputs) - len(kept), 'row')} left out, since something is missing")
    head, body = _answers(predictor, found)
    names = [name if name not in head else f"{name} (id)" for name in ids]
    rows = [[*(column[k] for column in ids.values()), *row] for k, row in zip(kept, body, strict=True)]
    text = _written(args.format or _format(args.output), [*names, *head], rows)
    if args.output == common.STANDARD:
        common.answer(text)
    else:
        common.write(args.output, text)
    for remark in remarks:
        common.say(remark, error=True)
    return 0


def _ids(wanted: Sequence[str] | None, predictor: Predictor, table: Cells) -> dict[str, list[Any]]:
    """Columns that tell the rows apart, by their names: those asked for, those that were left out in training, or numbers from 1."""
    if wanted is None:
        ignored = predictor.preprocessing.ignored if predictor.preprocessing is not None else []
        wanted = [name for name in ignored if name in table.columns]
    places = {table.columns[place]: place for place in map(table.place, wanted)}
    if places:
        return {name: [row[place] for _, row in table.rows] for name, place in places.items()}
    return {"row": list(range(1, len(table.rows) + 1))} if table.index is None else {"index": table.index}


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


def _score(predictor: Predictor, found: Sequence[Sequence[float]], table: Cells, kept: Sequence[int]) -> Iterator[str]:
    """How good the predictions are, in words, if the table has the targets."""
    there = [target for target in predictor.targets if target in table.columns]
    rows = [table.rows[k] for k in kept]
    if predictor.classes is not None and there:
        yield from _score_of_classes(
            predictor.classes, predictor, found, [row[table.place(there[0])] for _, row in rows]
        )
    elif there and len(there) == len(predictor.targets):
        places = [table.place(target) for target in there]
        known = [k for k, (_, row) in enumerate(rows) if not any(is_missing(row[place]) for place in places)]
        squares = [
            (p - _target(table, rows[k], place)) ** 2 for k in known for p, place in zip(found[k], places, strict=True)
        ]
        blank = f"{counted(len(rows) - len(known), 'row')} without a target" if len(known) < len(rows) else ""
        if squares:
            error = f"root mean squared error {math.sqrt(math.fsum(squares) / len(squares)):.6g}"
            yield error + (f" of {counted(len(known), 'row')}; {blank}" if blank else "")


def _score_of_classes(
    classes: Sequence[str], predictor: Predictor, found: Sequence[Sequence[float]], cells: Sequence[Any]
) -> Iterator[str]:
    number_of = {name: k for k, name in enumerate(classes)}
    truths = {name.lower(): k for name, k in number_of.items() if is_truth(name)}
    wanted = []
    for cell in cells:  # a text is the name of a class as it stands, or as a number
        name = cell if isinstance(cell, str) and cell in number_of else spelled(cell)
        wanted.append(number_of.get(name, truths.get(name.lower())))
    judged = [(k, predictor.best(p)) for k, p in zip(wanted, found, strict=True) if k is not None]
    blank = sum(is_missing(cell) for cell, k in zip(cells, wanted, strict=True) if k is None)
    odd = [spelled(cell) for cell, k in zip(cells, wanted, strict=True) if k is None and not is_missing(cell)]
    counts = confusion(len(classes), [k for k, _ in judged], [k for _, k in judged])
    text = how_right(counts) if judged else "nothing to compare with" if odd else ""
    if odd:
        text += f"; {len(odd)} without a class that the network knows, such as {shown(odd[0])}"
    if blank and text:
        text += f"; {counted(blank, 'row')} without a target"
    if text:
        yield text
    if judged and (rows := by_class(classes, counts)):
        yield "\n".join(columned(rows, terminal_width()))


def _target(table: Cells, row: tuple[Where, Sequence[Any]], place: int) -> float:
    where, cells = row
    try:
        return finite(cells[place])
    except ValueError as error:
        raise Mistake(f"{table.name}: {where}, column {shown(table.columns[place])}: {error}") from None


def _answers(predictor: Predictor, found: Sequence[Sequence[float]]) -> tuple[list[str], list[list[Any]]]:
    """The table of predictions: its head and rows."""
    if predictor.classes is None:
        return list(predictor.targets), [list(row) for row in found]
    head = [predictor.targets[0], *(f"p({name})" for name in predictor.classes)]
    return head, [[predictor.classes[predictor.best(row)], *row] for row in found]
