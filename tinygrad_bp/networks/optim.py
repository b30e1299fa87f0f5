"""Optimizers: how a parameter is changed, given the gradient of the loss. Names and formulas are those of PyTorch.

    >>> w = Value(3.0, "w")
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 9)
    2.4

Each formula is written once, in `update`, with ordinary operators: on floats it is a step, on Values it is recorded and becomes part of
the compiled training of `train`. Schedules, functions from the number of a step to its learning rate, are in `schedules`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Constant, Value, assignments
from tinygrad_bp.networks.schedules import (
    Schedule,
    cosine_annealing,
    exponential_decay,
    linear_decay,
    step_decay,
    warmup,
)
from tinygrad_bp.text import counted, shown

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "Schedule",
    "cosine_annealing",
    "exponential_decay",
    "linear_decay",
    "step_decay",
    "warmup",
]

State = Sequence[Any]


def at_once(*changes: Iterator[Any]) -> None:
    """Goes through changes that `map` makes. Python looks for Ctrl-C between instructions of its own, and here is but one."""
    deque(chain.from_iterable(changes), maxlen=0)


class Optimizer:
    """What all optimizers have in common.

    Attributes:
        parameters: the Values that it changes.
        lr: the learning rate, a number or a function of the number of steps done before.
        steps: how many steps are done.
        moments: for each quantity that the optimizer remembers a list, with a number for each parameter.

    Raises TypeError for parameters that are no leaf Values, ValueError for none, for one that is there twice and for settings out of range.
    """

    kept = 0  # how many numbers it remembers of each parameter

    def __init__(self, parameters: Iterable[Value], lr: float | Schedule) -> None:
        name = type(self).__name__
        if isinstance(parameters, Value) or not isinstance(parameters, Iterable):
            raise TypeError(
                f"{name} takes a list of parameters, such as net.parameters(), not {type(parameters).__name__}"
            )
        self.parameters = list(parameters)
        for p in self.parameters:
            if not isinstance(p, Value) or isinstance(p, Constant) or p.op is not None:
                raise TypeError(f"{name}: parameters are Values that were made from numbers, not {shown(p, 80)}")
        if not self.parameters or len(set(self.parameters)) < len(self.parameters):
            raise ValueError(f"{name} needs at least one parameter, and each of them once")
        self.lr = lr
        self.steps = 0
        self.moments = [[0.0] * len(self.parameters) for _ in range(self.kept)]

    @property
    def lr(self) -> float | Schedule:
        """The learning rate. Raises what the class raises when set to what is none."""
        found: float | Schedule = vars(self)["lr"]  # among the settings
        return found

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        vars(self)["lr"] = lr if callable(lr) else self._setting("lr", lr, math.inf)

    def rate(self) -> float:
        """The learning rate of the next step. Raises ValueError where a schedule gives no finite number from 0 up, or fails."""
        schedule = self.lr
        if not callable(schedule):
            return schedule
        try:
            rate = schedule(self.steps)
        except ArithmeticError as error:
            raise ValueError(f"{type(self).__name__}: the schedule fails at step {self.steps}: {error}") from error
        return self._setting(f"lr of step {self.steps}", rate, math.inf)

    def settings(self) -> tuple[float, ...]:
        """The numbers that `update` needs of the next step: of most optimizers its learning rate."""
        return (self.rate(),)

    def update(self, p: Any, gradient: Any, moments: State, settings: State) -> tuple[Any, State]:
        """A parameter after a step, and what is remembered of it then: the formula, on floats or on Values.

        Args:
            p: the parameter before the step.
            gradient: of the loss with respect to it.
            moments: what is remembered of it, a number for each of `moments` of the class.
            settings: what `settings` gives of this step.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method `update`, the formula of its step")

    def step(self) -> None:
        """Changes the data of each parameter by its `grad`; None, as PyTorch leaves it, is a gradient of 0.

        All parameters, what is remembered and the count change at once: an error or an interrupt leaves those of one step.
        """
        settings = self.settings()
        numbers, remembered = [], []
        for k, p in enumerate(self.parameters):
            gradient: float | None = p.grad
            kept = [row[k] for row in self.moments]
            number, moments = self.update(p.data, 0.0 if gradient is None else gradient, kept, settings)
            if len(moments) != len(kept):
                name = type(self).__name__
                raise ValueError(f"{name}: update returns {counted(len(kept), 'moment')}, not {len(moments)}")
            numbers.append(number if type(number) is float else as_float(number, f"{type(self).__name__}: a step"))
            remembered.append(moments)
        self.change(numbers, [list(row) for row in zip(*remembered, strict=True)], self.steps + 1)

    def change(
        self,
        numbers: Sequence[float],
        moments: Sequence[Sequence[float]],
        steps: int,
        others: Mapping[str, Any] | None = None,
    ) -> None:
        """Gives the parameters these numbers, and itself what is remembered, the count of steps and other attributes, all at once.

        Args:
            numbers: the data of each parameter.
            moments: for each quantity that is remembered a number for each parameter.
            steps: how many steps are done.
            others: other attributes by their names.
        """
        mine = {**(others or {}), "moments": [list(row) for row in moments], "steps": steps}
        at_once(assignments(self.parameters, numbers), map(setattr, repeat(self), mine, mine.values()))

    def zero_grad(self) -> None:
        """Sets the gradient of every parameter to 0."""
        for p in self.parameters:
            p.grad = 0.0

    @said
    def __repr__(self) -> str:
        rate = "a schedule" if callable(self.lr) else f"{self.lr:g}"
        return f"{type(self).__name__}({counted(len(self.parameters), 'parameter')}, lr={rate}, {counted(self.steps, 'step')} done)"

    def _setting(self, name: str, x: Any, below: float) -> float:
        number = as_float(x, type(self).__name__, name, wants="takes a real number")
        if not 0.0 <= number < below:
            raise ValueError(f"{type(self).__name__}: {name} is from 0 to below {below:g}, not {number!r}")
        return number


class SGD(Optimizer):
    """Stochastic gradient descent: p - lr g, where g is the gradient, plus `weight_decay` p.

    With momentum μ the step goes along a velocity v = μ v + g in place of g, and with `nesterov` along g + μ v.

    Args:
        parameters: the leaf Values that it changes, each once, as `net.parameters()` gives them.
        lr: the learning rate, a number from 0 up, or a schedule: a function of the number of steps done before.
        momentum: μ, from 0 up.
        nesterov: whether to look ahead along the velocity; needs a momentum.
        weight_decay: how strongly parameters are drawn towards 0, from 0 up.

    Sources: Sutskever and others, *On the importance of initialization and momentum in deep learning* (2013); PyTorch's `torch.optim.SGD`.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum = self._setting("momentum", momentum, math.inf)
        self.nesterov = nesterov
        self.weight_decay = self._setting("weight_decay", weight_decay, math.inf)
        self.kept = 1 if self.momentum else 0
        if nesterov and not self.momentum:
            raise ValueError("SGD: nesterov needs a momentum above 0")
        super().__init__(parameters, lr)

    def update(self, p: Any, gradient: Any, moments: State, settings: State) -> tuple[Any, State]:
        [rate] = settings
        step = gradient + self.weight_decay * p if self.weight_decay else gradient
        if self.momentum:
            velocity = self.momentum * moments[0] + step
            moments = [velocity]
            step = step + self.momentum * velocity if self.nesterov else velocity
        return p - rate * step, moments


class Adam(Optimizer):
    """Adam: steps of about lr each, along a running mean of the gradient over a running mean of its size.

    m = β1 m + (1 - β1) g and v = β2 v + (1 - β2) g², begun at 0; in step t, counted from 1, p - lr m' / (sqrt(v') + eps) with
    m' = m / (1 - β1^t) and v' = v / (1 - β2^t). `weight_decay` p is added to the gradient g.

    Args:
        parameters: the leaf Values that it changes, each once, as `net.parameters()` gives them.
        lr: the learning rate, a number from 0 up, or a schedule: a function of the number of steps done before.
        betas: β1 and β2, each from 0 to below 1: how much of the running means is kept.
        eps: keeps the quotient finite where v' is 0.
        weight_decay: how strongly parameters are drawn towards 0, from 0 up.

    Sources: Kingma and Ba, *Adam: A Method for Stochastic Optimization* (2015), algorithm 1; PyTorch's `torch.optim.Adam`.
    """

    kept = 2

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        try:
            beta1, beta2 = betas
        except (TypeError, ValueError):
            raise TypeError(f"{type(self).__name__}: betas are two numbers, not {shown(betas)}") from None
        self.betas = self._setting("betas[0]", beta1, 1.0), self._setting("betas[1]", beta2, 1.0)
        self.eps = self._setting("eps", eps, math.inf)
        self.weight_decay = self._setting("weight_decay", weight_decay, math.inf)
        super().__init__(parameters, lr)

    def settings(self) -> tuple[float, ...]:
        """The learning rate, the same over 1 - β1^t, and the root of 1 - β2^t."""
        rate, (beta1, beta2), t = self.rate(), self.betas, self.steps + 1
        return rate, rate / (1.0 - beta1**t), math.sqrt(1.0 - beta2**t)

    def update(self, p: Any, gradient: Any, moments: State, settings: State) -> tuple[Any, State]:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * p
        return self._step(p, gradient, moments, settings)

    def _step(self, p: Any, gradient: Any, moments: State, settings: State) -> tuple[Any, State]:
        (beta1, beta2), (m, v), (_, rate, root) = self.betas, moments, settings
        m = beta1 * m + (1.0 - beta1) * gradient
        v = beta2 * v + (1.0 - beta2) * (gradient * gradient)
        return p - rate * (m / (ops.sqrt(v) / root + self.eps)), [m, v]


class AdamW(Adam):
    """Adam whose weight decay does not go through its means: each step first takes lr `weight_decay` p away from p.

    Args:
        parameters, lr, betas, eps: as for `Adam`.
        weight_decay: how strongly parameters are drawn towards 0, from 0 up.

    Sources: Loshchilov and Hutter, *Decoupled Weight Decay Regularization* (2019); PyTorch's `torch.optim.AdamW`.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, p: Any, gradient: Any, moments: State, settings: State) -> tuple[Any, State]:
        return self._step(p * (1.0 - settings[0] * self.weight_decay), gradient, moments, settings)


OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}
