"""`Scaling`: how the columns of a table were moved and stretched, to do the same to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_bp.text import counted


class Scaled(list[float]):
    """The inputs of a row that has been scaled: a list of numbers, which a network that takes such knows from measured ones."""


@dataclass(frozen=True)
class Scaling:
    """What is taken from each column, and what it is then divided by.

    Attributes:
        means, scales: a number for each column.
    """

    means: list[float]
    scales: list[float]

    def __call__(self, inputs: Sequence[float]) -> list[float]:
        """The inputs of a row, scaled. Raises ValueError for another number of them than of columns."""
        if len(inputs) != len(self.means):
            raise ValueError(
                f"a row of {counted(len(inputs), 'input')} cannot be scaled as {counted(len(self.means), 'column')}"
            )
        return Scaled((x - mean) / scale for x, mean, scale in zip(inputs, self.means, self.scales, strict=True))

    def undone(self, outputs: Sequence[float]) -> list[float]:
        """The numbers of a row as they were before they were scaled. Raises ValueError as a call does."""
        if len(outputs) != len(self.means):
            raise ValueError(
                f"a row of {counted(len(outputs), 'output')} cannot be scaled back as {counted(len(self.means), 'column')}"
            )
        return [x * scale + mean for x, mean, scale in zip(outputs, self.means, self.scales, strict=True)]
