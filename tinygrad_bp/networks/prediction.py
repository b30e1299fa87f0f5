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
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.data import Scaling, Table
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.program import Program, compile

PROBABILITIES = ("cross_entropy", "binary_cross_entropy")  # losses whose outputs are logits of probabilities


def notes(table: Table, loss: str, target_scaling: Scaling | None = None) -> dict[str, Any]:
    """What a network that was trained on a table, as it is, should be saved with.

    Args:
        loss: the name of the loss.
        target_scaling: how the targets were scaled, if they were.
    """
    found: dict[str, Any] = {"columns": table.columns, "targets": table.targets, "loss": loss}
    if table.classes is not None:
        found["classes"] = table.classes
    for name, scaling in (("scaling", table.scaling), ("target_scaling", target_scaling)):
        if scaling is not None:
            found[name] = {"means": scaling.means, "scales": scaling.scales}
    return found


class Predictor:
    """Predictions of a network for inputs as they were measured.

    Attributes:
        columns: the names of the inputs: those in the notes, or i1, i2, ....
        targets: the names of the targets: those in the notes, or o1, o2, ....
        classes: the names of the classes; None if targets are numbers.

    Raises ValueError for notes that do not fit the network.
    """

    def __init__(self, net: MLP) -> None:
        widths, about = net.widths, net.notes
        self.net = net
        self.classes: list[str] | None = _names(about, "classes")
        outputs = widths[-1]
        self.columns = _names(about, "columns") or [f"i{k}" for k in range(1, widths[0] + 1)]
        self.targets = _names(about, "targets") or [f"o{k}" for k in range(1, outputs + 1)]
        self.loss = about.get("loss")
        wanted = (
            len(self.targets)
            if self.classes is None
            else 1
            if len(self.classes) == 2 and outputs == 1
            else len(self.classes)
        )
        self.scaling = _scaling(about, "scaling", widths[0])
        self.target_scaling = _scaling(about, "target_scaling", outputs)
        if len(self.columns) != widths[0] or wanted != outputs:
            raise ValueError(
                f"the notes of the network name {len(self.columns)} inputs and {wanted} outputs, and it has {widths[0]} and {outputs}"
            )

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
                f"the network takes {len(self.columns)} inputs ({', '.join(self.columns):.200}), not {len(inputs)}"
            )
        found: list[float] = self._program(*(self.scaling(inputs) if self.scaling else inputs))
        if self.target_scaling:
            scaling = self.target_scaling
            found = [x * scale + mean for x, mean, scale in zip(found, scaling.means, scaling.scales, strict=True)]
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


def _names(about: dict[str, Any], key: str) -> list[str] | None:
    names = about.get(key)
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise ValueError(f"the notes of the network have {key} that are no list of names: {names!r:.60}")
    return names


def _scaling(about: dict[str, Any], key: str, count: int) -> Scaling | None:
    found = about.get(key)
    if found is None:
        return None
    parts = [found.get(part) for part in ("means", "scales")] if isinstance(found, dict) else [None, None]
    for part in parts:
        if not isinstance(part, list) or len(part) != count or not all(type(x) in (int, float) for x in part):
            raise ValueError(f"the notes of the network have a {key} that is not two lists of {count} numbers")
    means, scales = ([float(x) for x in part or []] for part in parts)
    if not all(math.isfinite(x) and x for x in scales):
        raise ValueError(f"the notes of the network have a {key} by 0 or by what is no finite number")
    return Scaling(means, scales)
