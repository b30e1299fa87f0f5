"""What the command `train` says of a training, on the terminal and as a page."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygrad_bp.cli.common import say
from tinygrad_bp.drawing import curve
from tinygrad_bp.networks.data import Table
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.networks.prediction import Predictor, balanced_accuracy
from tinygrad_bp.networks.recipe import Recipe, Rows
from tinygrad_bp.networks.training import History
from tinygrad_bp.text import columned, counted, printable, terminal_width

MOST_CLASSES = 20  # of which is said how many are right


@dataclass(frozen=True)
class Training:
    """What was trained on what, and how. The name is that of the table."""

    name: str
    recipe: Recipe
    rows: Rows
    net: MLP
    history: History


def lines(done: Training, predictor: Predictor) -> Iterator[tuple[str, str]]:
    """What was done and how well, as pairs of a heading and words."""
    chosen, history = done.recipe, done.history
    table, held_out = chosen.table, done.rows.held_out
    held = f", {len(held_out):,} held out" if held_out is not None else ""
    dropped = f", and {table.dropped:,} with something missing left out" if table.dropped else ""
    yield "table", f"{done.name}: {counted(len(table), 'row')}{held}{dropped}"
    kinds = f" ({', '.join(table.classes)})" if table.classes is not None else ""
    yield "learned", f"{', '.join(table.targets)}{kinds} from {', '.join(table.measured)}"
    yield "network", f"{done.net.summary()}, {_activations(done.net)}"
    size = "all rows" if chosen.batch_size is None else counted(chosen.batch_size, "row")
    yield "training", f"{chosen.loss}, {chosen.optimizer}, learning rate {chosen.learning_rate:g}, {size} a step"
    steps = f"{counted(history.epochs, 'epoch')}, {counted(history.steps, 'step')}"
    yield "took", f"{steps} in {history.seconds:.2f} s by engine {history.engine}; {history.stopped}"
    if history.why_eager:
        yield "why eager", history.why_eager
    if history.hint:
        yield "hint", history.hint
    if history.losses:
        yield "loss", f"{history.losses[0]:.6g} in the first epoch, {history.losses[-1]:.6g} in the last"
    for name, part in zip(("on the rows learned", "on the rows held out"), done.rows.measured, strict=True):
        if part is not None:
            yield name, _score(predictor, part)


def use(predictor: Predictor, measured: Table, model: str) -> list[str]:
    """Lines of Python that use the network."""
    row = "row" if predictor.preprocessing is not None else f"{[float(f'{x:g}') for x in measured.inputs[0]]}"
    return [
        "from tinygrad_bp import load",
        "from tinygrad_bp.networks.prediction import Predictor",
        f"Predictor(load({model!r})).answer({row})",
    ]


def _score(predictor: Predictor, part: Table) -> str:
    if predictor.classes is None:
        truths = all(x in (0.0, 1.0) for outputs in part.outputs for x in outputs)
        right = sum([round(x) for x in predictor.of_inputs(inputs)] == outputs for inputs, outputs in part)
        rounded = f"; {right} of {len(part)} right, if rounded" if truths else ""
        return f"root mean squared error {predictor.score(part):.6g}{rounded}"
    return how_right(predictor.confusion(part))


def how_right(counts: Sequence[Sequence[int]]) -> str:
    """How many are right, in words, of what `confusion` counts."""
    right, rows = sum(row[k] for k, row in enumerate(counts)), sum(map(sum, counts))
    return f"{right} of {rows} right, {right / rows:.1%}; balanced accuracy {balanced_accuracy(counts):.1%}"


def by_class(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> list[list[str]]:
    """Rows of a table of how many of each class were predicted to be of which, with its head; of many classes of none."""
    if len(classes) > MOST_CLASSES:
        return []
    found = [sum(column) for column in zip(*counts, strict=True)]
    body = []
    for k, (name, row) in enumerate(zip(classes, counts, strict=True)):
        shares = [f"{row[k] / whole:.1%}" if whole else "" for whole in (sum(row), found[k])]
        body.append([printable(name), *map(str, row), *shares])
    return [["wanted", *(f"→ {printable(name)}" for name in classes), "recall", "precision"], *body]


def _by_class(done: Training, predictor: Predictor) -> list[list[str]]:
    """The same of the rows held out, or of all if there are none."""
    part = done.rows.measured[1] or done.rows.measured[0]
    return by_class(predictor.classes, predictor.confusion(part)) if predictor.classes is not None else []


def _activations(net: MLP) -> str:
    kinds = [layer.neurons[0].activation for layer in net.layers]
    return "-".join(kind.name if kind else "linear" for kind in kinds)


def _predictions(table: Table, predictor: Predictor, most: int = 8) -> list[list[str]]:
    """Rows of a table of what is predicted for a few rows, with its head."""
    head = [*table.columns, *(f"{name}, wanted" for name in table.targets), "predicted"]
    body = []
    for inputs, outputs in list(table)[:most]:
        found = predictor.of_inputs(inputs)
        if predictor.classes is None:
            wanted, words = [f"{x:g}" for x in outputs], ", ".join(f"{x:.6f}" for x in found)
        else:
            best = predictor.best(found)
            label = outputs.index(1.0) if len(outputs) > 1 else int(outputs[0])
            wanted, words = [predictor.classes[label]], f"{predictor.classes[best]} ({found[best]:.1%})"
        body.append([*(f"{x:g}" for x in inputs), *wanted, words])
    return [head, *body]


def show(
    done: Training,
    lines: Sequence[tuple[str, str]],
    files: Sequence[Path],
    notes: Sequence[str],
    predictor: Predictor,
) -> None:
    """Prints the lines, the curve, predictions for a small table, notes and the names of the files."""
    table, losses = done.recipe.table, done.history.losses
    across = terminal_width()
    width = max(len(name) for name, _ in lines)
    beside = width + 2 if width < across // 3 else 2  # in a narrow terminal words stand under their heading
    for name, words in lines:
        first, *rest = textwrap.wrap(printable(words), across - beside) or [""]
        if beside == 2:
            say(f"{name}\n  {first}")
        else:
            say(f"{name:>{width}}  {first}")
        for line in rest:
            say(f"{'':>{beside}}{line}")
    if rows := _by_class(done, predictor):
        say()
        say("\n".join(columned(rows, across)))
    if len(losses) > 1 and all(map(math.isfinite, losses)):
        say()
        say("\n".join(curve.plot(losses, min(76, across))))
    if len(table) <= 8 and len(table.columns) <= 4:
        say()
        rows = [[printable(cell) for cell in row] for row in _predictions(table, predictor)]
        say("\n".join(columned(rows, across)))
    say()
    for note in notes:
        say(textwrap.fill(printable(note), across))
    names = ", ".join(path.name for path in files)
    words = printable(f"In {files[0].parent}: {names}")
    say(textwrap.fill(words, across, break_long_words=False, break_on_hyphens=False))


def markdown(done: Training, lines: Sequence[tuple[str, str]], files: Sequence[Path], predictor: Predictor) -> str:
    """The page: the lines, the pictures that there are, and some predictions."""

    def cell(text: str) -> str:
        return "".join(f"\\{c}" if c in "\\`*[]<>|&~$" else c for c in printable(text))

    def table(rows: Sequence[Sequence[str]]) -> list[str]:
        head, *body = [f"| {' | '.join(cell(x) for x in row)} |" for row in rows]
        return [head, "|" + "---|" * len(rows[0]), *body]

    drawn = {path.name for path in files}
    parts = [f"# {cell(done.name)}", "", *table([("", ""), *lines])]
    if rows := _by_class(done, predictor):
        which = "held out" if done.rows.measured[1] else "learned"
        parts += ["", f"## Class by class, of the rows {which}", "", *table(rows)]
    if "curve.svg" in drawn:
        parts += ["", "## The loss, epoch by epoch", "", "![The loss](curve.svg)"]
    parts += ["", "## Some predictions", "", *table(_predictions(done.recipe.table, predictor))]
    if "boundary.svg" in drawn:
        parts += ["", "## Where it decides", "", "![Where it decides](boundary.svg)"]
    if "network.svg" in drawn:
        parts += ["", "## The network", "", "![The network](network.svg)"]
    parts += [
        "",
        "## To use it",
        "",
        "    tinygrad-bp predict model.json FILE.csv",
        "",
        "or in Python, for a row as it was measured, in this order of its columns or as a dictionary:",
        "",
    ]
    parts += [f"    {line}" for line in use(predictor, done.rows.measured[0], "model.json")]
    parts.append("")
    return "\n".join(parts)
