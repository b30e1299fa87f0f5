"""`Predictor`: a trained network and what its numbers mean: names, categories, classes, and how inputs and targets were scaled.

    >>> from tinygrad_bp.networks.data import penguins
    >>> from tinygrad_bp.networks.nn import MLP
    >>> table = penguins().scaled()
    >>> net = MLP(4, [8, 3], activation=["tanh", None], seed=1)
    >>> net.notes = notes(table, "cross_entropy")
    >>> [round(p, 3) for p in Predictor(net)([39.1, 18.7, 181.0, 3750.0])]
    [0.28, 0.486, 0.233]
    >>> bird = {"body_mass_g": 3750, "bill_length_mm": 39.1, "bill_depth_mm": 18.7, "flipper_length_mm": 181}
    >>> Predictor(net).answer(bird)
    'Chinstrap'

The meaning lies in the notes of the network, which `save` writes and `load` reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.data import Table
from tinygrad_bp.networks.data.cells import Cells, Where, is_missing
from tinygrad_bp.networks.data.delimited import Dialect
from tinygrad_bp.networks.data.making import Wanted, made
from tinygrad_bp.networks.data.preprocessing import Feature, Preprocessing, cells_of
from tinygrad_bp.networks.data.reading import cells
from tinygrad_bp.networks.losses import softmax
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.scaling import Scaling
from tinygrad_bp.program import Program, compile
from tinygrad_bp.text import counted, shown


def notes(table: Table, loss: str, target_scaling: Scaling | None = None) -> Notes:
    """What a network that was trained on a table, as it is, should be saved with.

    Args:
        loss: the name of the loss.
        target_scaling: how the targets were scaled, if they were.
    """
    return Notes(
        table.columns,
        table.targets,
        loss,
        table.classes,
        table.scaling,
        target_scaling,
        preprocessing=table.preprocessing,
    )


class Predictor:
    """Predictions of a network for rows as they were measured.

    Attributes:
        columns: the names of the columns that a row has: those in the notes, or i1, i2, ....
        targets: the names of the targets: those in the notes, or o1, o2, ....
        classes: the names of the classes; None if targets are numbers.
        preprocessing: how columns become inputs; None if they are the inputs.

    Raises ValueError for notes that do not fit the network.
    """

    def __init__(self, net: MLP) -> None:
        inputs, *_, outputs = net.widths
        about = net.notes
        self.net = net
        self.classes = about.classes
        self.preprocessing = about.preprocessing
        named = about.columns or [f"i{k}" for k in range(1, inputs + 1)]
        self.columns = self.preprocessing.names if self.preprocessing is not None else named
        self.targets = about.targets or [f"o{k}" for k in range(1, outputs + 1)]
        self.loss = about.loss
        self.scaling = about.scaling
        self.target_scaling = about.target_scaling
        wanted = len(self.targets)
        if self.classes is not None:
            wanted = 1 if len(self.classes) == 2 and outputs == 1 else len(self.classes)
        for name, scaling, count in (
            ("scaling", self.scaling, inputs),
            ("target_scaling", self.target_scaling, outputs),
        ):
            if scaling is not None and not len(scaling.means) == len(scaling.scales) == count:
                raise ValueError(f"the notes of the network have a {name} that is not two lists of {count} numbers")
        if len(named) != inputs or wanted != outputs:
            words = f"{counted(len(named), 'input')} and {counted(wanted, 'output')}"
            raise ValueError(f"the notes of the network name {words}, and it has {inputs} and {outputs}")
        if self.preprocessing is not None and len(self.preprocessing.inputs) != inputs:
            words = counted(len(self.preprocessing.inputs), "input")
            raise ValueError(f"the notes of the network have preprocessing that makes {words}, and it has {inputs}")

    @said
    def __repr__(self) -> str:
        answers = f"{self.targets[0]}: {', '.join(self.classes)}" if self.classes else ", ".join(self.targets)
        return f"Predictor({', '.join(self.columns):.200} -> {answers:.200})"

    @cached_property
    def _program(self) -> Program:
        inputs = [Value(0.0, f"i{k}") for k in range(1, self.net.widths[0] + 1)]
        outputs = self.net(inputs)
        if self.loss == "cross_entropy":
            outputs = softmax(outputs)
        elif self.loss == "binary_cross_entropy":
            outputs = [out.sigmoid() for out in outputs]
        return compile(outputs, inputs)

    def __call__(self, row: Sequence[Any] | Mapping[str, Any]) -> list[float]:
        """For a row: the targets or, of classes, a number for each: its probability, if the loss was a cross entropy.

        Args:
            row: the cells as they were measured, in the order of `columns`, or by their names: a dictionary, a row of pandas.

        The weights are those at the first call. Raises ValueError for another number of cells, for other names and, naming the column, for
        a cell that it cannot hold; TypeError for what is no number.
        """
        if isinstance(row, str | bytes):
            raise TypeError(
                f"a row is a list of {counted(len(self.columns), 'cell')} or a dictionary, not {shown(row)}"
            )
        if hasattr(row, "columns"):  # a DataFrame
            raise TypeError(
                f"it takes one row, not a table ({type(row).__name__}): of pandas call it for each row of df.to_dict('records'); of other "
                "libraries, df.to_dicts() or df.to_pylist()"
            )
        found = cells_of(row, self.columns)
        if len(found) != len(self.columns):
            raise ValueError(
                f"the network takes {counted(len(self.columns), 'input')} ({', '.join(self.columns):.200}), not {len(found)}"
            )
        return self.of_inputs(self.preprocessing(found) if self.preprocessing is not None else found)

    def of_inputs(self, inputs: Sequence[float]) -> list[float]:
        """What a call returns, for inputs that columns have become already, not scaled, such as those of a `Table`."""
        found: list[float] = self._program(*(self.scaling(inputs) if self.scaling else inputs))
        if self.target_scaling:
            found = self.target_scaling.undone(found)
        if self.classes is not None and len(found) == 1:
            found = [1.0 - found[0], found[0]]
        return found

    def answer(self, row: Sequence[Any] | Mapping[str, Any]) -> str | int | float | bool | list[float]:
        """The class that a row is predicted to be of: its name, or the number or truth value that the notes say it is. Of targets that are
        numbers the target, or a list of several; of labels with a threshold 1 for each that holds, and 0. Raises what a call does."""
        found = self(row)
        if self.classes is not None:
            return (self.net.notes.class_values or self.classes)[self.best(found)]
        if (threshold := self.net.notes.threshold) is not None:
            found = [int(x > threshold) for x in found]
        return found[0] if len(found) == 1 else found

    def inputs_of(self, table: Cells) -> list[list[float] | None]:
        """The inputs of each row of a table; None for a row that is left out, since something is missing and that is the rule.

        Raises ValueError, naming the file, the row and the column, for a column that is not there and a cell that it cannot hold.
        """
        preprocessing = self._preprocessing
        places = [table.named(name) for name in self.columns]
        found: list[list[float] | None] = []
        for where, row in table.rows:
            here = [row[place] for place in places]
            if preprocessing.missing == "drop" and any(map(is_missing, here)):
                found.append(None)
            else:
                found.append(self._inputs(table.name, preprocessing, where, here))
        return found

    def table(self, source: Any, **options: Any) -> Table:
        """The table in a file or a DataFrame that has the targets, too, its inputs made as those were that the network learned from.

        `options` are those of `data.read` about how a file is written: format, header, delimiter, decimal, encoding. Raises what it raises.
        """
        preprocessing = self._preprocessing
        there = cells(
            source, options.pop("format", None), encoding=options.pop("encoding", None), dialect=Dialect(**options)
        )
        for name in (*self.columns, *self.targets):
            if name not in there.columns:
                there.lacking(name)
        return made(there, Wanted([*self.targets], [*self.columns], missing=preprocessing.missing), preprocessing)

    @property
    def _preprocessing(self) -> Preprocessing:
        return self.preprocessing or Preprocessing([Feature(name) for name in self.columns])

    def _inputs(self, name: str, preprocessing: Preprocessing, where: Where, row: Sequence[Any]) -> list[float]:
        try:
            return preprocessing(row)
        except ValueError as error:
            raise ValueError(f"{name}: {where}, {error}") from None

    def best(self, prediction: Sequence[float]) -> int:
        """The number of the class that a prediction is for: that with the largest number, the first of several."""
        return max(range(len(prediction)), key=lambda k: prediction[k])

    def score(self, table: Table) -> float:
        """How well it predicts a table that is not scaled: of classes the share of rows that it is right about, of numbers the root of the
        mean squared error, over all targets."""
        if self.classes is not None:
            right = sum(
                self.best(self.of_inputs(inputs)) == label
                for inputs, label in zip(table.inputs, table.labels, strict=True)
            )
            return right / len(table)
        squares = [
            (x - wanted) ** 2
            for inputs, outputs in table
            for x, wanted in zip(self.of_inputs(inputs), outputs, strict=True)
        ]
        return math.sqrt(math.fsum(squares) / len(squares))

    def confusion(self, table: Table) -> list[list[int]]:
        """For each class of a table that is not scaled how many of its rows are predicted to be of each class.

        Raises ValueError where the targets are numbers.
        """
        return confusion(
            len(self.classes or ()), table.labels, [self.best(self.of_inputs(inputs)) for inputs in table.inputs]
        )


def confusion(classes: int, wanted: Sequence[int], found: Sequence[int]) -> list[list[int]]:
    """For each class how many of its rows are found to be of each class."""
    counts = [[0] * classes for _ in range(classes)]
    for a, b in zip(wanted, found, strict=True):
        counts[a][b] += 1
    return counts


def balanced_accuracy(counts: Sequence[Sequence[int]]) -> float:
    """The mean over classes of the share of its rows that are found; classes without a row do not count. NaN if there are no rows."""
    shares = [row[k] / sum(row) for k, row in enumerate(counts) if sum(row)]
    return math.fsum(shares) / len(shares) if shares else math.nan
