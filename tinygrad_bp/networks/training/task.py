"""`Task`: what is to be learned, of which model, by which loss and optimizer; its rows are turned over once, and are checked then."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.losses import (
    LOSSES,
    LearnedAsNumbers,
    Loss,
    NoNetInputs,
    as_classes,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    loss_meant,
    mean_squared_error,
    one_hot,
    squared_error,
)
from tinygrad_bp.networks.nn import MLP, Module, warn_of_unseen
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.text import counted, shown

Row = tuple[Any, Any]
Model = Callable[[Any], Any]


@dataclass(frozen=True)
class Task:
    """What is to be learned.

    Attributes:
        rows, held_out: pairs of inputs and target, arrays as lists; those to learn from, and those to measure on.
    """

    model: Model
    loss: Loss
    optimizer: Optimizer
    rows: list[Row]
    held_out: list[Row]

    @classmethod
    def of(
        cls, model: Model, rows: Iterable[Any], loss: Loss | str, optimizer: Optimizer, validation: Iterable[Any] | None
    ) -> Task:
        """The task that `train` is given. Raises TypeError and ValueError for what does not fit."""
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"train takes an optimizer, such as SGD(net.parameters(), lr=0.1), not {type(optimizer).__name__}"
            )
        loss = _loss(loss)
        reader = _Reader(model, loss)
        learned = reader.read(rows, "rows", "row")
        if not learned:
            raise ValueError("train needs at least one row, a pair of inputs and target")
        held_out = [] if validation is None else reader.read(validation, "validation", "validation row")
        if validation is not None and not held_out:
            raise ValueError("train: validation needs at least one row")
        if isinstance(model, Module):
            warn_of_unseen(model, "train", optimizer.parameters, stacklevel=4)
        _hint_at_logits(model, loss)
        _hint_at_classes(model, loss, [target for _, target in learned])
        return cls(model, loss, optimizer, learned, held_out)

    def forward(self, inputs: Any, target: Any) -> Any:
        """The loss of a row."""
        return self.loss(self.model(inputs), target)

    def try_out(self) -> int:
        """How many nodes the loss of a row has; 0 where its operations are undefined for the first rows.

        Raises what is wrong with rows and model before any step: rows that do not fit, an optimizer of another model.
        """
        parameters, last = set(self.optimizer.parameters), len(self.rows) - 1
        for place in sorted({0, last // 4, last // 2, last}):
            try:
                total = self.forward(*self.rows[place])
            except (TypeError, ValueError, ArithmeticError) as error:
                if is_out_of_range(error):
                    return 0  # training will say where
                kind = TypeError if isinstance(error, TypeError) else ValueError
                raise kind(f"train: row {place + 1}: {error}") from error
            check_loss(total)
            nodes = topological_order(total, constants=False)
            if not parameters.isdisjoint(nodes):
                return len(nodes)
        raise ValueError(
            f"train: the loss depends on none of the {len(parameters)} parameters of the optimizer; is it the optimizer of another model?"
        )


def check_loss(total: Any) -> None:
    """Raises TypeError if what a loss returned is no Value."""
    if not isinstance(total, Value):
        raise TypeError(f"train: the loss is a Value, not {type(total).__name__} {shown(total)}")


def is_out_of_range(error: Exception) -> bool:
    """Whether an operation failed for its numbers, which other parameters may mend, and not for operands that do not fit."""
    return isinstance(error, ArithmeticError) or bool(getattr(error, "numbers", ()))


def _hint_at_logits(model: Model, loss: Loss) -> None:
    """Warns where the last layer bends what a cross entropy takes as net inputs, and bends itself."""
    if loss not in (cross_entropy, binary_cross_entropy) or not isinstance(model, MLP):
        return
    row = next((neuron.activation for neuron in model.layers[-1].neurons if neuron.activation is not None), None)
    if row is not None:
        part = "softmax" if loss is cross_entropy else "the sigmoid"
        warnings.warn(
            f"train: the last layer has the activation {row.name}, and {loss.__name__} takes net inputs, as {part} is part of it; make the "
            f"network with activation=[..., None]",
            NoNetInputs,
            stacklevel=4,
        )


def _hint_at_classes(model: Model, loss: Loss, targets: Sequence[Any]) -> None:
    """Warns where targets that may be classes are learned as numbers, which a last layer of sigmoid neurons would not do of 0 and 1."""
    if loss not in (mean_squared_error, squared_error):
        return
    plain = [t[0] if isinstance(t, list | tuple) and len(t) == 1 else t for t in targets]
    if not all(isinstance(t, int | float) for t in plain) or not (kinds := as_classes(plain)):
        return
    outputs = kinds.count(",") + 2
    if outputs > 2 or (isinstance(model, MLP) and model.layers[-1].neurons[0].activation is None):
        instead = 'loss="binary_cross_entropy"' if outputs == 2 else f'{outputs} outputs and loss="cross_entropy"'
        warnings.warn(
            f"train: all targets are {kinds}, and are learned as numbers; if these are classes, take {instead}",
            LearnedAsNumbers,
            stacklevel=4,
        )


def _loss(loss: Any) -> Loss:
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(f"train: there is no loss {shown(loss)}; there are {', '.join(LOSSES)}{loss_meant(loss)}")
        return LOSSES[loss]
    if not callable(loss):
        raise TypeError(f"train: the loss is a function of outputs and target, or a name, not {type(loss).__name__}")
    return loss  # type: ignore[no-any-return]


class _Reader:
    """Makes rows plain, and checks of targets what a program does not check any more."""

    def __init__(self, model: Model, loss: Loss) -> None:
        self.model, self.loss = model, loss
        self.classes: int | None = None  # how many outputs the model has; counted for the first row

    def read(self, rows: Iterable[Any], name: str, noun: str) -> list[Row]:
        """The rows as pairs. Raises TypeError and ValueError for those that are none, that hold NaN or whose target the loss refuses."""
        if not isinstance(rows, Iterable):
            raise TypeError(f"train: {name} are pairs of inputs and target, not {type(rows).__name__} {shown(rows)}")
        found: list[Row] = []
        for number, row in enumerate(rows, 1):
            try:
                inputs, target = row
            except (TypeError, ValueError):
                hint = "; tinygrad_bp.data.read makes such rows of a DataFrame" if hasattr(rows, "columns") else ""
                raise TypeError(
                    f"train: {name} are pairs of inputs and target, and number {number} is {shown(row, 80)}{hint}"
                ) from None
            inputs, target = _plain(inputs), _plain(target)
            where = f"train: {noun} {number}"
            self._check_cells(where, inputs, target)
            if self.loss is cross_entropy:
                target = self._probabilities(where, inputs, target)
            elif self.loss in (binary_cross_entropy, hinge):
                _checked(
                    self.loss,
                    where,
                    [0.0] * len(target) if isinstance(target, list | tuple) else 0.0,
                    target,
                )
            if _holds_nan(inputs) or _holds_nan(target):
                raise ValueError(f"{where} holds NaN: {shown((inputs, target), 80)}")
            found.append((inputs, target))
        return found

    def _check_cells(self, where: str, inputs: Any, target: Any) -> None:
        """Raises TypeError and ValueError for cells that a network or a loss of ours cannot compute with, naming row and column."""
        if type(self.model) is MLP and isinstance(inputs, list | tuple):
            if len(inputs) != (wanted := self.model.widths[0]):
                raise ValueError(f"{where} has {counted(len(inputs), 'input')}, and the network takes {wanted}")
            for place, x in enumerate(inputs, 1):
                if type(x) is not float and not isinstance(x, Value):
                    as_float(x, f"{where}, input {place},", wants="is a real number")
        if self.loss in LOSSES.values():
            parts = target if isinstance(target, list | tuple) else [target]
            for place, x in enumerate(parts, 1):
                if x is None or isinstance(x, str | bytes):
                    as_float(x, f"{where}, target{f' {place}' if len(parts) > 1 else ''},", wants="is a real number")

    def _probabilities(self, where: str, inputs: Any, target: Any) -> Any:
        """The probabilities of all classes in place of the number of the right one, so that all rows have one graph."""
        if self.classes is None:
            outputs = self.model(inputs)
            self.classes = len(outputs) if isinstance(outputs, list | tuple) else 1
        count = self.classes
        if isinstance(target, int) and not isinstance(target, bool):
            if not 0 <= target < count:
                outputs = counted(count, "output")
                raise ValueError(
                    f"{where} is of class {target}, and the model has {outputs}, for classes 0 to {count - 1}"
                )
            target = one_hot(target, count)
        _checked(cross_entropy, where, [0.0] * count, target)
        return target


def _checked(loss: Loss, where: str, outputs: Any, target: Any) -> None:
    try:
        loss(outputs, target)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{where}: {error}") from error


def _plain(part: Any) -> Any:
    name = next((name for name in ("tolist", "to_list") if callable(getattr(part, name, None))), "")
    return getattr(part, name)() if name else part


def _holds_nan(part: Any) -> bool:
    if isinstance(part, list | tuple):
        return any(map(_holds_nan, part))
    return isinstance(part, float) and part != part
