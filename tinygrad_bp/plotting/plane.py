"""A network with two inputs over a grid, and the rows in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.data import Scaling, Table
from tinygrad_bp.networks.training.watching import watch
from tinygrad_bp.plotting.figures import HUGE
from tinygrad_bp.program import compile
from tinygrad_bp.text import counted, shown

_FARTHEST = 1e100  # where a row may lie


class Plane:
    """A network with two inputs over a grid, and the rows in it.

    Attributes:
        xs, ys: the grid's coordinates, in the units from before scaling.
        points: the rows, in these units.
        labels: the number of each row's class.
        classes: the names of the classes.
        columns: the names of the inputs.
    """

    def __init__(
        self,
        net: Callable[[Any], Any],
        table: Table | Iterable[tuple[Any, Any]],
        threshold: float | None,
        size: int,
        parameters: Sequence[Value] = (),
    ) -> None:
        """`size` is the number of the grid's points to a side, `parameters` what `leads` is to be asked for other numbers of.

        Raises ValueError and TypeError as `decision_boundary` says.
        """
        import numpy as np

        if not callable(net):
            raise TypeError(f"decision_boundary takes a network, or a function of Values, not {type(net).__name__}")
        rows = _read(table)
        self.columns = rows.columns
        scales, means = rows.scaling.scales, rows.scaling.means
        scaled = np.array(rows.inputs)
        with np.errstate(all="ignore"):
            self.points = scaled * np.array(scales) + np.array(means)
        for number, (row, point) in enumerate(zip(rows.inputs, self.points.tolist(), strict=True), 1):
            if not all(abs(x) <= _FARTHEST for x in (*row, *point)):
                raise ValueError(
                    f"decision_boundary: row {number} lies at {shown(row, 80)}, which is nowhere on a picture"
                )
        self.xs, self.ys = (_spread(numbers, size) for numbers in self.points.T)
        grid = np.meshgrid((self.xs - means[0]) / scales[0], (self.ys - means[1]) / scales[1])
        self._net, self._parameters = net, list(parameters)
        # One array for the grid and the rows: the network is asked once.
        self._x, self._y = (np.concatenate([g.ravel(), scaled[:, k]]) for k, g in enumerate(grid))
        outputs = self._record()
        self.labels, self.classes, halfway = _classes(rows, len(outputs), threshold)
        bare = len(outputs) == 1 and (outputs[0].op is None or outputs[0].op.arity != 1)
        self._threshold = (0.0 if bare else halfway) if threshold is None else threshold

    def _record(self) -> list[Value]:
        """The outputs at the middle of the rows, and the program for all points, if there can be one."""
        x, y = Value(float(self._x.mean()), "x1"), Value(float(self._y.mean()), "x2")
        with watch([x, y, *self._parameters]) as looks:
            outputs = self._outputs([x, y])
        self._program: Callable[..., Any] | None = None
        if not looks:
            program = compile(outputs, [x, y, *self._parameters])
            try:
                self._program = program.to("numpy")
            except ValueError:  # an operation of one's own that only Python can compute
                self._program = lambda xs, ys, *numbers: _one_by_one(lambda x, y: program(x, y, *numbers), xs, ys)
        return outputs

    def _outputs(self, inputs: list[Any]) -> list[Value]:
        found = self._net(inputs)
        outputs = list(found) if isinstance(found, list | tuple) else [found]
        for out in outputs or [None]:
            if not isinstance(out, Value):
                raise TypeError(f"decision_boundary: a network returns Values, not {type(out).__name__} {shown(out)}")
        return outputs

    def leads(self, numbers: Sequence[float]) -> tuple[Any, Any]:
        """For each class how far it leads before all others, on the grid and at the rows; `numbers` are those of the parameters.

        Raises ValueError where the network gives NaN or infinity.
        """
        import numpy as np

        found = self._program(self._x, self._y, *numbers) if self._program else self._look(numbers)
        outputs = np.array([np.broadcast_to(np.asarray(out, dtype=float), self._x.shape) for out in found])
        if not np.isfinite(outputs).all():
            which, place = np.argwhere(~np.isfinite(outputs))[0]
            raise ValueError(
                f"decision_boundary: the network gives {outputs[which, place].item()!r} for the inputs "
                f"{[self._x[place].item(), self._y[place].item()]!r}; a picture needs finite numbers"
            )
        outputs = np.clip(outputs, -HUGE / 4, HUGE / 4)
        if len(outputs) == 1:
            leads = np.concatenate([self._threshold - outputs, outputs - self._threshold])
        else:
            others = [np.delete(outputs, k, axis=0).max(axis=0) for k in range(len(outputs))]
            leads = outputs - np.array(others)
        on_grid = len(self.xs) * len(self.ys)
        return leads[:, :on_grid].reshape(len(leads), len(self.ys), len(self.xs)), leads[:, on_grid:]

    def _look(self, numbers: Sequence[float]) -> list[list[float]]:
        """The outputs of a network that looks at its numbers, so that there is no program for all of them."""
        kept = [p.data for p in self._parameters]
        try:
            for p, number in zip(self._parameters, numbers, strict=True):
                p.data = number
            return _one_by_one(lambda x, y: [out.data for out in self._outputs([Value(x), Value(y)])], self._x, self._y)
        finally:
            for p, number in zip(self._parameters, kept, strict=True):
                p.data = number


def _one_by_one(outputs_at: Callable[[float, float], Sequence[float]], xs: Any, ys: Any) -> list[list[float]]:
    """For each output its numbers at all points."""
    points = [outputs_at(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
    return [list(numbers) for numbers in zip(*points, strict=True)]


def _spread(numbers: Any, size: int) -> Any:
    """So many coordinates, from below the smallest number to above the largest. Where all are the same there is room around it."""
    import numpy as np

    low, high = numbers.min(), numbers.max()
    room = (high - low) * 0.09 if high > low else max(abs(high), 1.0) * 0.5
    return np.linspace(low - room, high + room, size)


class _Rows(NamedTuple):
    inputs: list[list[float]]
    targets: list[list[float]]
    columns: list[str]
    classes: list[str] | None
    scaling: Scaling


def _read(table: Any) -> _Rows:
    """The rows of a Table, or of pairs as `train` takes them."""
    if isinstance(table, Table):
        scaling = table.scaling or Scaling([0.0, 0.0], [1.0, 1.0])
        rows = _Rows(table.inputs, table.outputs, table.columns, table.classes, scaling)
    else:
        try:
            pairs = [(list(row), target) for row, target in table]
        except (TypeError, ValueError):
            raise TypeError("decision_boundary takes a Table, or pairs of inputs and target") from None
        inputs = [_numbers(row) for row, _ in pairs]
        targets = [_numbers(target if hasattr(target, "__len__") else [target]) for _, target in pairs]
        rows = _Rows(inputs, targets, ["x1", "x2"], None, Scaling([0.0, 0.0], [1.0, 1.0]))
    if not rows.inputs:
        raise ValueError("decision_boundary needs at least one row")
    for number, row in enumerate(rows.inputs, 1):
        if len(row) != 2:
            raise ValueError(f"decision_boundary draws two inputs, a plane, and row {number} has {len(row)}")
    return rows


def _numbers(given: Iterable[Any]) -> list[float]:
    return [as_float(x, "decision_boundary", wants="takes real numbers") for x in given]


def _classes(rows: _Rows, outputs: int, threshold: float | None) -> tuple[list[int], list[str], float]:
    """The number of each row's class, the names of the classes, and what is halfway between the targets of two."""
    if threshold is not None:
        if outputs > 1:
            raise ValueError(f"decision_boundary: of {outputs} outputs the largest decides, and there is no threshold")
        if not math.isfinite(as_float(threshold, "decision_boundary", "threshold", wants="takes a real number")):
            raise ValueError(f"decision_boundary: threshold is a finite number, not {threshold!r}")
    several = max(2, outputs)
    if rows.classes is not None and len(rows.classes) != several:
        raise ValueError(
            f"decision_boundary: a network with {counted(outputs, 'output')} tells {several} classes apart, not {len(rows.classes)}"
        )
    for number, target in enumerate(rows.targets, 1):
        if len(target) not in (1, outputs):
            raise ValueError(
                f"decision_boundary: row {number} has {len(target)} targets, and the network {counted(outputs, 'output')}"
            )
    if outputs == 1:
        labels, names, halfway = _two_classes([target for [target] in rows.targets])
    else:
        labels = [_largest(number, target, outputs) for number, target in enumerate(rows.targets, 1)]
        names, halfway = [str(k) for k in range(outputs)], 0.5
    return labels, rows.classes or names, halfway


def _two_classes(targets: Sequence[float]) -> tuple[list[int], list[str], float]:
    """As `_classes` gives them, of numbers for a network with one output."""
    kinds = sorted(set(targets))
    if len(kinds) > 2:
        raise ValueError(
            f"decision_boundary draws classes, and the targets here are {len(kinds):,} different numbers, "
            f"such as {kinds[0]:g}, {kinds[1]:g} and {kinds[2]:g}"
        )
    names, halfway = ["0", "1"], 0.5
    if len(kinds) == 2:
        names, halfway = [f"{kind:g}" for kind in kinds], sum(kinds) / 2
    return [int(target > halfway) for target in targets], names, halfway


def _largest(number: int, target: Sequence[float], outputs: int) -> int:
    """The class of a row for a network of several outputs: where the largest target is, or the one number that there is."""
    label = target.index(max(target)) if len(target) > 1 else target[0]
    if label not in range(outputs):
        raise ValueError(
            f"decision_boundary: row {number} is of class {label:g}, and the network has outputs for 0 to {outputs - 1}"
        )
    return int(label)
