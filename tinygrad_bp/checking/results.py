"""What `check_gradients` found, and how that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_bp.core.output import said, saying
from tinygrad_bp.shown import Shown
from tinygrad_bp.text import fenced, printable


@saying
@dataclass(frozen=True)
class InputCheck:
    """One input's derivative, by autograd and by differences.

    Attributes:
        label: the input's label, or "input k" for an input without one, counted from 1.
        data: its number.
        autograd: the derivative that `backward()` gives.
        difference: the numerical derivative.
        uncertainty: how far the numerical derivative may be off.
        absolute: |autograd - difference|.
        relative: that divided by the larger of the two magnitudes; 0.0 if both are 0.
        ulps: the same in units in the last place of the numerical derivative.
        verdict: "agrees", "wrong", or "undecided" where the differences cannot tell.
        note: what else is to be said: a kink, a difference that could not be formed.
    """

    label: str
    data: float
    autograd: float
    difference: float
    uncertainty: float
    absolute: float
    relative: float
    ulps: float
    verdict: str
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts autograd here."""
        return self.verdict != "wrong"


@saying
@dataclass(frozen=True)
class Fault:
    """A local derivative that is wrong: the rule of one operation, at one node.

    Attributes:
        operation: the operation's name.
        operand: the place of the operand, from 1, whose derivative is wrong.
        node: the node's label and number.
        operands: the operands' labels and numbers.
        rule: the local derivative that was recorded.
        difference: what the numerical derivative of the operation says.
    """

    operation: str
    operand: int
    node: str
    operands: str
    rule: float
    difference: float

    @said
    def __str__(self) -> str:
        return (
            f"the rule of {self.operation} is at fault: its derivative with respect to operand {self.operand} at {self.operands} "
            f"is {self.rule:.9g}, and the difference is {self.difference:.9g} (node {self.node})"
        )


@dataclass(frozen=True, repr=False)
class GradientCheck(Shown):
    """What `check_gradients` found. True if no input is wrong.

    `str()`, the prompt and notebooks show a table of the inputs, followed by the rules at fault.
    """

    inputs: tuple[InputCheck, ...]
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether no input is wrong. Those that differences cannot decide are listed as undecided."""
        return all(row.ok for row in self.inputs)

    def __bool__(self) -> bool:
        return self.ok

    @said
    def text(self, *, width: int = 80) -> str:
        """The table for a terminal of so many columns: where they are too few each input has lines of its own."""
        labels = [printable(row.label) for row in self.inputs]
        lines = _table(labels, self.inputs) if width >= 80 else _list(labels, self.inputs)
        count = {
            verdict: sum(row.verdict == verdict for row in self.inputs) for verdict in ("agrees", "wrong", "undecided")
        }
        if not self.inputs:
            lines.append("nothing to check: there are no inputs")
        else:
            undecided = f", {count['undecided']} cannot be decided (?)" if count["undecided"] else ""
            lines.append(f"{count['agrees']} of {len(self.inputs)} derivatives agree{undecided}")
        lines.extend(map(str, self.faults))
        return "\n".join(lines)

    def markdown(self) -> str:
        """The table as it stands, in a block that no label can end."""
        return fenced(self.text())


_VERDICTS = {"agrees": "ok", "wrong": "WRONG", "undecided": "?"}


def _table(labels: Sequence[str], rows: Sequence[InputCheck]) -> list[str]:
    width = max([5, *map(len, labels)])
    lines = [f"{'input':<{width}} {'autograd':>16} {'difference':>16} {'absolute':>9} {'relative':>9} {'ulp':>8}"]
    for label, row in zip(labels, rows, strict=True):
        errors = f"{row.absolute:>9.1e} {row.relative:>9.1e} {row.ulps:>8.2g}"
        lines.append(
            f"{label:<{width}} {row.autograd:>16.9g} {row.difference:>16.9g} {errors}  {_VERDICTS[row.verdict]}"
        )
        if row.note:
            lines.append(f"{'':<{width}}   {row.note}")
    return lines


def _list(labels: Sequence[str], rows: Sequence[InputCheck]) -> list[str]:
    """The same for a narrow terminal."""
    lines = []
    for label, row in zip(labels, rows, strict=True):
        lines += [
            f"{label}: {_VERDICTS[row.verdict]}",
            f"  autograd   {row.autograd:>16.9g}",
            f"  difference {row.difference:>16.9g}",
            f"  off by {row.absolute:.1e}, {row.relative:.1e}, {row.ulps:.2g} ulp",
        ]
        if row.note:
            lines.append(f"  {row.note}")
    return lines
