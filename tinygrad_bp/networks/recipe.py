"""`recipe`: what suits a table. It chooses a network, a loss, an optimizer and how long to train; you say what you know better.

    >>> from tinygrad_bp.networks.data import penguins
    >>> from tinygrad_bp.networks.training import train
    >>> chosen = recipe(penguins(), epochs=20)
    >>> chosen.layers, chosen.activations, chosen.loss, chosen.optimizer
    ([4, 8, 3], ['tanh', None], 'cross_entropy', 'adam')
    >>> net, rows = chosen.network(seed=0), chosen.rows(seed=0)
    >>> history = train(net, rows.learned, chosen.loss, chosen.optimizer_of(net), epochs=chosen.epochs, batch_size=chosen.batch_size)
    >>> history.losses[-1] < 0.1
    True

The command `tinygrad-bp train` takes its choices from here.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from tinygrad_bp.core.operation import Operation, as_float
from tinygrad_bp.core.output import said
from tinygrad_bp.networks.activations import activation_named
from tinygrad_bp.networks.data import Table
from tinygrad_bp.networks.losses import LOSSES, LearnedAsNumbers, as_classes, loss_meant
from tinygrad_bp.networks.nn import MLP, Initializer
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.optim import OPTIMIZERS, Optimizer
from tinygrad_bp.networks.prediction import notes
from tinygrad_bp.networks.scaling import Scaling
from tinygrad_bp.text import Advice, Argument, did_you_mean, shown, whole_number

FEW = 20  # rows below which none are held out
FEWEST_COUNTED = 10  # rows from which on a column that goes up by 1 is no chance
OF_CLASSES = ("cross_entropy", "binary_cross_entropy")


class Unsuitable(ValueError):
    """What was asked of a recipe does not suit the table.

    Attributes:
        argument: of `recipe`, what it is about.
        words: what is to be said of that.
    """

    def __init__(self, argument: str, words: str) -> None:
        super().__init__(argument, words)
        self.argument, self.words = argument, words

    @said
    def __str__(self) -> str:
        return f"recipe: {self.argument} {self.words}"


@dataclass(frozen=True)
class Rows:
    """The rows of a table, told apart.

    Attributes:
        learned, held_out: those to learn from, and those to test on, if there are any, scaled where the recipe says so.
        measured: the same two as they stand in the table.
        target_scaling: how the targets were scaled; None if they were not.
    """

    learned: Table
    held_out: Table | None
    measured: tuple[Table, Table | None]
    target_scaling: Scaling | None


class CountedRows(UserWarning):
    """A column that only counts the rows is learned from."""


@dataclass(frozen=True)
class Recipe:
    """What suits a table.

    Attributes:
        table: all rows, as they were measured; numbers that are learned as classes have become such.
        layers: the number of inputs, and that of the neurons in each layer.
        activations: one for each layer, as `MLP` takes them.
        loss, optimizer: their names.
        learning_rate, epochs: what the optimizer and `train` take.
        batch_size: the same; None for all rows in one step.
        held_out: the share of rows that are not learned from, but tested on.
        scale: whether inputs, and targets that are numbers, are scaled.
    """

    table: Table
    layers: list[int]
    activations: list[Operation | str | None]
    loss: str
    optimizer: str
    learning_rate: float
    epochs: int
    batch_size: int | None
    held_out: float
    scale: bool

    def network(self, seed: int | None = None, init: str | Initializer = "glorot", **options: Any) -> MLP:
        """A network of that shape, not trained yet; the options are those of `MLP`."""
        return MLP(self.layers[0], self.layers[1:], activation=self.activations, seed=seed, init=init, **options)

    def optimizer_of(self, net: MLP, **options: Any) -> Optimizer:
        """The optimizer of a network's parameters; the options are its own, such as `weight_decay`."""
        return OPTIMIZERS[self.optimizer](net.parameters(), lr=self.learning_rate, **options)

    def notes(self, rows: Rows) -> Notes:
        """What a network that has learned the rows should be saved with, so that `Predictor` takes rows as they are measured."""
        return notes(rows.learned, self.loss, rows.target_scaling)

    @property
    def may_be_classes(self) -> str:
        """What is to be said where a target of 0, 1, 2, ... is learned as a number; nothing elsewhere."""
        if self.table.classes is not None or len(self.table.targets) > 1 or self.loss in OF_CLASSES:
            return ""
        kinds = as_classes([row[0] for row in self.table.outputs])
        target = shown(self.table.targets[0])
        said = f"the target {target} is {kinds} and is learned as a number; "
        return kinds and Advice(said, Argument("classes", "True"), " learns classes")

    @property
    def counts_rows(self) -> str:
        """What is to be said where a column among others only counts the rows, as an id does; nothing elsewhere."""
        columns = list(zip(*self.table.inputs, strict=True)) if len(self.table) >= FEWEST_COUNTED else []
        found = [
            name
            for name, column in zip(self.table.columns, columns, strict=False)
            if all(b - a == 1.0 for a, b in pairwise(column)) and column[0].is_integer()
        ]
        if not found or len(found) == len(columns):
            return ""
        column = shown(found[0])
        said = f"the column {column} counts the rows, as an id does, and is learned from; "
        return Advice(said, Argument("ignore", column), " leaves it out")

    def rows(self, seed: int = 0) -> Rows:
        """The rows to learn from, and those held out, drawn by the seed."""
        learned, held_out = self.table.split(self.held_out, seed) if self.held_out else (self.table, None)
        measured = learned, held_out
        if not self.scale:
            return Rows(learned, held_out, measured, None)
        learned = learned.scaled()
        if held_out is not None:
            held_out = held_out.scaled_by(learned.scaling)
        if self.table.classes is not None or self.loss in OF_CLASSES:  # probabilities stay what they are
            return Rows(learned, held_out, measured, None)
        targets = replace(learned, inputs=learned.outputs).scaled().scaling
        assert targets is not None
        learned = replace(learned, outputs=[targets(row) for row in learned.outputs])
        if held_out is not None:
            held_out = replace(held_out, outputs=[targets(row) for row in held_out.outputs])
        return Rows(learned, held_out, measured, targets)


def recipe(
    table: Table,
    *,
    layers: Sequence[int] | None = None,
    activation: Operation | str | None = None,
    loss: str | None = None,
    optimizer: str | None = None,
    learning_rate: float | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    held_out: float | None = None,
    scale: bool = True,
    classes: bool = False,
) -> Recipe:
    """What suits a table, with what is given taken as it is.

    Args:
        layers: inputs, neurons of each hidden layer, outputs. By default one hidden layer of 8, or of 5 for a table as small as a truth
            table. As many outputs as a target of numbers has values make these classes.
        activation: of hidden neurons; by default tanh.
        loss: the name of one of `losses`, but hinge; by default mean_squared_error of numbers and a cross entropy of classes. A cross
            entropy makes classes of a target of whole numbers.
        optimizer: "sgd", "adam" or "adamw"; by default "adam".
        learning_rate, epochs: by default 0.01 and 200.
        batch_size: by default 16; 0 for all rows in one step.
        held_out: the share of rows to test on, by default 0.25, and none of fewer than 20 rows.
        scale: False takes the numbers as they are.
        classes: whether the different numbers of a target are classes.

    Fewer than 20 rows with targets from 0 to 1, such as a truth table, have sigmoid neurons and the squared error, are not scaled, and
    are learned by "sgd" at a rate of 0.5, row by row, 10,000 times.

    Warns, with LearnedAsNumbers, where a target of 0, 1, 2, ... is learned as a number, and with CountedRows where a column among others
    only counts the rows.

    Raises Unsuitable, a ValueError, for what does not suit the table; TypeError and ValueError for what is no number, or no activation.
    """
    if not isinstance(table, Table):
        raise TypeError(
            f"recipe takes a Table, not {type(table).__name__}; tinygrad_bp.data.read makes one of a file or a DataFrame"
        )
    if classes:
        try:
            table = table.as_classes()
        except ValueError as error:
            raise Unsuitable("classes", f"do not suit the table: {error}") from None
    few = len(table) < FEW  # nothing to hold out
    # A truth table, or the worked example: nothing to scale, and what a sigmoid can reach.
    small = few and table.classes is None and all(0.0 <= x <= 1.0 for row in table.outputs for x in row)
    widths = None if layers is None else [whole_number(n, "recipe: a number of layers", 1) for n in layers]
    table = _as_classes(table, widths, loss)
    widths = widths if widths is not None else [len(table.columns), 5 if small else 8, len(table.outputs[0])]
    if loss == "cross_entropy" and table.classes is not None and len(table.classes) == 2 and widths[-1] == 1:
        if layers is not None:
            raise Unsuitable(
                "layers", "ends with 1 output, and cross_entropy has 2 for two classes; binary_cross_entropy has 1"
            )
        widths[-1] = 2
    table = _fitted(table, widths)
    usual = _usual(table, small)
    loss = usual["loss"] if loss is None else _known_loss(loss)
    # A cross entropy has the sigmoid, or softmax, in itself.
    last = "sigmoid" if loss not in OF_CLASSES and (small or table.classes is not None) else None
    hidden = usual["activation"] if activation is None else activation
    activation_named(hidden)  # raises what is to be said of one that is none
    optimizer = optimizer or usual["optimizer"]
    if optimizer not in OPTIMIZERS:
        hint = did_you_mean(optimizer, OPTIMIZERS)
        raise Unsuitable("optimizer", f"{shown(optimizer)} is none of {', '.join(OPTIMIZERS)}{hint}")
    share = (0.0 if few else 0.25) if held_out is None else as_float(held_out, "recipe", "held_out")
    if not 0.0 <= share < 1.0:
        raise Unsuitable("held_out", f"is a share of the rows, from 0 to below 1, not {share:g}")
    size = usual["batch_size"] if batch_size is None else whole_number(batch_size, "recipe: batch_size")
    chosen = Recipe(
        table=table,
        layers=widths,
        activations=[*[hidden] * (len(widths) - 2), last],
        loss=loss,
        optimizer=optimizer,
        learning_rate=usual["learning_rate"] if learning_rate is None else learning_rate,
        epochs=usual["epochs"] if epochs is None else whole_number(epochs, "recipe: epochs"),
        batch_size=size or None,
        held_out=share,
        scale=scale and not small,
    )
    for told, kind in ((chosen.counts_rows, CountedRows), (chosen.may_be_classes, LearnedAsNumbers)):
        if told:
            warnings.warn(f"recipe: {told}", kind, stacklevel=2)
    return chosen


def _as_classes(table: Table, layers: Sequence[int] | None, loss: str | None) -> Table:
    """The table with the numbers of its one target as classes, where it is asked for by as many outputs or by a loss of classes."""
    if table.classes is not None or len(table.targets) > 1:
        return table
    values = sorted({row[0] for row in table.outputs})
    wanted = layers[-1] if layers else 1
    by_loss = loss in OF_CLASSES
    if wanted == 1 and not by_loss:
        return table
    target = f"the target {shown(table.targets[0])} is one number in each row, of {len(values)} different values"
    if by_loss and not all(x.is_integer() for x in values):
        raise Unsuitable(
            "loss", f"{loss} is of classes, and {target}, such as {values[0]:g}; mean_squared_error is of numbers"
        )
    if loss == "binary_cross_entropy" and len(values) != 2:
        raise Unsuitable("loss", f"{loss} is of two classes, and {target}")
    if not by_loss and len(values) != wanted:
        raise Unsuitable(
            "layers",
            f"ends with {wanted} outputs; {target}, so it takes 1, or as many as there are values to make them classes",
        )
    return table.as_classes()


def _fitted(table: Table, layers: Sequence[int]) -> Table:
    """The table as layers of that shape take it: two classes have one output, or two. Raises Unsuitable for another shape."""
    outputs = len(table.outputs[0])
    if len(layers) < 2:
        raise Unsuitable(
            "layers", f"are inputs, hidden neurons, if any, and outputs, such as {len(table.columns)} 8 {outputs}"
        )
    if layers[0] != len(table.columns):
        columns = f"{', '.join(table.columns):.200}"  # of texts each is one
        raise Unsuitable(
            "layers", f"begins with the number of inputs, and the table has {len(table.columns)}: {columns}"
        )
    if table.classes is not None and len(table.classes) == 2 and layers[-1] == 2:
        return replace(table, outputs=[[float(k == label) for k in (0, 1)] for label in table.labels])
    if layers[-1] != outputs:
        names = f"{', '.join(table.classes or table.targets):.200}"
        what = f"{'classes' if table.classes else 'targets'} ({names})"
        raise Unsuitable(
            "layers", f"ends with the number of outputs, which is {outputs} for these {what}, not {layers[-1]}"
        )
    return table


def _known_loss(loss: str) -> str:
    if loss not in LOSSES:
        raise Unsuitable("loss", f"{shown(loss)} is none of {', '.join(LOSSES)}{loss_meant(loss)}")
    if loss == "hinge":
        raise Unsuitable(
            "loss",
            "hinge wants targets 1 and -1, which are for programs of your own; binary_cross_entropy does the same here",
        )
    return loss


def _usual(table: Table, small: bool) -> Mapping[str, Any]:
    """What is taken where nothing is said."""
    if small:
        return {
            "activation": "sigmoid", "loss": "squared_error", "optimizer": "sgd", "learning_rate": 0.5, "epochs": 10_000, "batch_size": 1,
        }  # fmt: skip
    loss = "mean_squared_error"
    if table.classes is not None:
        loss = "binary_cross_entropy" if len(table.outputs[0]) == 1 else "cross_entropy"
    return {
        "activation": "tanh", "loss": loss, "optimizer": "adam", "learning_rate": 0.01, "epochs": 200, "batch_size": 16,
    }  # fmt: skip
