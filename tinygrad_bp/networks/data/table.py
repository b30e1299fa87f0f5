"""`Table`: rows of inputs and targets, with the names of both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

from tinygrad_bp.core.output import said
from tinygrad_bp.networks.data.preprocessing import Preprocessing
from tinygrad_bp.networks.scaling import Scaling
from tinygrad_bp.networks.seeds import generator
from tinygrad_bp.text import counted, shown

Pair = tuple[list[float], list[float]]


@dataclass(frozen=True, repr=False)
class Table:
    """Rows to learn from. Going through it gives pairs of inputs and targets, which is what `train` takes.

    Attributes:
        columns: the names of the inputs.
        targets: the names of the targets; of classes the name of the column that they stood in.
        inputs: for each row a list of numbers.
        outputs: for each row a list of targets. Of three and more classes these are the probabilities of all, a 1 and else 0; of two it
            is the number of the class, 0 or 1.
        classes: the names of the classes, in order; none if the targets are numbers.
        scaling: how the inputs were scaled; None if they were not.
        preprocessing: how columns that were measured became inputs; None if they are the inputs, all of them numbers.
        dropped: how many rows were left out, since something was missing in them.
    """

    columns: list[str]
    targets: list[str]
    inputs: list[list[float]]
    outputs: list[list[float]]
    classes: list[str] | None = None
    scaling: Scaling | None = None
    preprocessing: Preprocessing | None = None
    dropped: int = field(default=0, compare=False)

    @staticmethod
    def of_classes(
        columns: Sequence[str],
        target: str,
        rows: Sequence[tuple[list[float], int]],
        classes: Sequence[str],
        **about: Any,
    ) -> Table:
        """The table of rows that are inputs and the number of a class.

        Args:
            columns: the names of the inputs.
            target: the name of what is learned.
            rows: of each its inputs, and the place of its class among `classes`.
            classes: their names.
            about: other attributes of a table.
        """
        several = len(classes) > 2
        outputs = [
            [float(k == number) for k in range(len(classes))] if several else [float(number)] for _, number in rows
        ]
        return Table(list(columns), [target], [list(inputs) for inputs, _ in rows], outputs, list(classes), **about)

    @property
    def measured(self) -> list[str]:
        """The names of the columns that the inputs were made of."""
        return self.preprocessing.names if self.preprocessing is not None else self.columns

    def as_classes(self) -> Table:
        """The table with the different numbers of its one target as classes; one that has classes stays as it is.

        Raises ValueError for several targets, and for one of the same number in all rows.
        """
        if self.classes is not None:
            return self
        values = sorted({row[0] for row in self.outputs})
        if len(self.targets) > 1 or len(values) < 2:
            what = f"{len(self.targets)} targets" if len(self.targets) > 1 else f"{values[0]:g} in all rows"
            raise ValueError(f"classes are the different numbers of one target, and here are {what}")
        number_of = {x: k for k, x in enumerate(values)}
        rows = [(inputs, number_of[outputs[0]]) for inputs, outputs in self]
        names = [f"{x:.17g}" for x in values]
        about = {"scaling": self.scaling, "preprocessing": self.preprocessing, "dropped": self.dropped}
        return Table.of_classes(self.columns, self.targets[0], rows, names, **about)

    def __len__(self) -> int:
        return len(self.inputs)

    def __iter__(self) -> Iterator[Pair]:
        return zip(self.inputs, self.outputs, strict=True)

    def __getitem__(self, place: int) -> Pair:
        return self.inputs[place], self.outputs[place]

    @property
    def labels(self) -> list[int]:
        """The number of each row's class. Raises ValueError if the targets are numbers."""
        if self.classes is None:
            raise ValueError("the targets of this table are numbers, not classes")
        return [outputs.index(1.0) if len(outputs) > 1 else int(outputs[0]) for outputs in self.outputs]

    def scaled(self) -> Table:
        """The table with each input column moved and stretched to mean 0 and standard deviation 1; a constant column is only moved."""
        means, scales = [], []
        for column in zip(*self.inputs, strict=True):
            if min(column) == max(column):  # whose mean may be rounded, and leave a deviation of that
                mean, deviation = column[0], 0.0
            else:
                mean = math.fsum(x / len(column) for x in column)
                deviation = math.hypot(*[x - mean for x in column]) / math.sqrt(len(column))
            means.append(mean)
            scales.append(deviation or 1.0)
        return self.scaled_by(Scaling(means, scales))

    def scaled_by(self, scaling: Scaling | None) -> Table:
        """The table with inputs scaled as others were."""
        if scaling is None:
            return self
        return replace(self, inputs=[scaling(row) for row in self.inputs], scaling=scaling)

    def split(self, held_out: float = 0.25, seed: int = 0) -> tuple[Table, Table]:
        """Two tables: most rows to learn from, and a share of them held out, drawn at random. Both keep the order of the rows.

        Args:
            held_out: the share, between 0 and 1.
            seed: what is drawn; the same one draws the same rows.

        Raises ValueError where one of them would be empty, TypeError for a share that is no number.
        """
        if not isinstance(held_out, Real):
            raise TypeError(f"split: the share to hold out is a number, such as 0.25, not {shown(held_out)}")
        count = round(held_out * len(self)) if math.isfinite(held_out) else 0
        if not 0 < count < len(self):
            raise ValueError(
                f"split: of {counted(len(self), 'row')} a share of {held_out!r} leaves one side without a row"
            )
        apart = set(generator(seed, "split: seed").sample(range(len(self)), count))
        return self._rows([k for k in range(len(self)) if k not in apart]), self._rows(sorted(apart))

    def _rows(self, places: Sequence[int]) -> Table:
        return replace(self, inputs=[self.inputs[k] for k in places], outputs=[self.outputs[k] for k in places])

    @said
    def __repr__(self) -> str:
        kinds = f" ({', '.join(self.classes)})" if self.classes is not None else ""
        return f"<{counted(len(self), 'row')}: {', '.join(self.measured)} → {', '.join(self.targets)}{kinds}>"
