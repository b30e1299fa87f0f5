"""`Predictor`: a trained network and what its numbers mean: names, classes, and how inputs and targets were scaled.

    >>> from tinygrad_bp.networks.data import penguins
    >>> from tinygrad_bp.networks.nn import MLP
    >>> table = penguins().scaled()
    >>> net = MLP(4, [8, 3], activation=["tanh", None], seed=1)
    >>> net.notes = notes(table, "cross_entropy")
    >>> [round(p, 3) for p in Predictor(net)([39.1, 18.7, 181.0, 3750.0])]
    [0.28, 0.486, 0.233]

The meaning lies in the notes of the network, which `save` writes and `load` reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.data import Table
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.scaling import Scaling
from tinygrad_bp.program import Program, compile
from tinygrad_bp.text import counted


def notes(table: Table, loss: str, target_scaling: Scaling | None = None) -> Notes:
    """What a network that was trained on a table, as it is, should be saved with.

    Args:
        loss: the name of the loss.
        target_scaling: how the targets were scaled, if they were.
    """
    return Notes(table.columns, table.targets, loss, table.classes, table.scaling, target_scaling)


class Predictor:
    """Predictions of a network for inputs as they were measured.

    Attributes:
        columns: the names of the inputs: those in the notes, or i1, i2, ....
        targets: the names of the targets: those in the notes, or o1, o2, ....
        classes: the names of the classes; None if targets are numbers.

    Raises ValueError for notes that do not fit the network.
    """

    def __init__(self, net: MLP) -> None:
        inputs, *_, outputs = net.widths
        about = net.notes
        self.net = net
        self.classes = about.classes
        self.columns = about.columns or [f"i{k}" for k in range(1, inputs + 1)]
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
        if len(self.columns) != inputs or wanted != outputs:
            named = f"{counted(len(self.columns), 'input')} and {counted(wanted, 'output')}"
            raise ValueError(f"the notes of the network name {named}, and it has {inputs} and {outputs}")

    @cached_property
    def _program(self) -> Program:
        inputs = [Value(0.0, f"i{k}") for k in range(1, len(self.columns) + 1)]
        outputs = self.net(inputs)
        if self.loss == "cross_entropy":
            total = ops.logsumexp(outputs)
            outputs = [(out - total).exp() for out in outputs]
        elif self.loss == "binary_cross_entropy":
            outputs = [out.sigmoid() for out in outputs]
        return compile(outputs, inputs)

    def __call__(self, inputs: Sequence[float]) -> list[float]:
        """For the inputs of a row: the targets or, of classes, a number for each: its probability, if the loss was a cross entropy.

        The weights are those at the first call. Raises ValueError for another number of inputs, TypeError for what is no number.
        """
        if len(inputs) != len(self.columns):
            raise ValueError(
                f"the network takes {counted(len(self.columns), 'input')} ({', '.join(self.columns):.200}), not {len(inputs)}"
            )
        found: list[float] = self._program(*(self.scaling(inputs) if self.scaling else inputs))
        if self.target_scaling:
            found = self.target_scaling.undone(found)
        if self.classes is not None and len(found) == 1:
            found = [1.0 - found[0], found[0]]
        return found

    def best(self, prediction: Sequence[float]) -> int:
        """The number of the class that a prediction is for: that with the largest number, the first of several."""
        return max(range(len(prediction)), key=lambda k: prediction[k])

    def score(self, table: Table) -> float:
        """How well it predicts a table that is not scaled: of classes the share of rows that it is right about, of numbers the root of the
        mean squared error, over all targets."""
        if self.classes is not None:
            right = sum(
                self.best(self(inputs)) == label for inputs, label in zip(table.inputs, table.labels, strict=True)
            )
            return right / len(table)
        squares = [
            (x - wanted) ** 2 for inputs, outputs in table for x, wanted in zip(self(inputs), outputs, strict=True)
        ]
        return math.sqrt(math.fsum(squares) / len(squares))
