"""Schedules: the learning rate as a function of the number of steps done before. Named as in PyTorch, where they step after each step."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.output import said
from tinygrad_bp.text import shown, whole_number

Schedule = Callable[[int], float]


class _Of(partial[float]):
    """A schedule: its formula with its settings, which can be pickled and copied, as functions in functions cannot."""

    @said
    def __repr__(self) -> str:
        names = self.func.__code__.co_varnames
        settings = [f"{name}={x!r}" for name, x in zip(names, self.args, strict=False)]
        return f"{self.func.__name__.lstrip('_')}({', '.join(settings)})"


def step_decay(lr: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """A schedule: lr, times `gamma` after every `step_size` steps, as PyTorch's `StepLR`.

    Args:
        lr: the rate of the first steps.
        step_size: how many steps have the same rate, at least 1.
        gamma: what the rate is multiplied by then.
    """
    step_size = whole_number(step_size, "step_decay: step_size", 1)
    _rates("step_decay", lr=lr, gamma=gamma)
    return _Of(_step_decay, lr, step_size, gamma)


def exponential_decay(lr: float, gamma: float) -> Schedule:
    """A schedule: lr times gamma**step, as PyTorch's `ExponentialLR`.

    Args:
        lr: the rate of the first step.
        gamma: what the rate is multiplied by after each step.
    """
    _rates("exponential_decay", lr=lr, gamma=gamma)
    return _Of(_exponential_decay, lr, gamma)


def cosine_annealing(lr: float, steps: int, lr_min: float = 0.0) -> Schedule:
    """From lr to `lr_min` in so many steps, along half a wave of the cosine; it stays there. Until then PyTorch's `CosineAnnealingLR`.

    Args:
        lr: the rate of the first step.
        steps: how many steps it takes to reach the last rate, at least 1.
        lr_min: the last rate.

    Source: Loshchilov and Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts* (2017), without the restarts.
    """
    steps = whole_number(steps, "cosine_annealing: steps", 1)
    _rates("cosine_annealing", lr=lr, lr_min=lr_min)
    return _Of(_cosine_annealing, lr, steps, lr_min)


def linear_decay(lr: float, steps: int, lr_end: float = 0.0) -> Schedule:
    """From lr to `lr_end` in so many steps, evenly; it stays there. PyTorch's `LinearLR`.

    Args:
        lr: the rate of the first step.
        steps: how many steps it takes to reach the last rate, at least 1.
        lr_end: the last rate.
    """
    steps = whole_number(steps, "linear_decay: steps", 1)
    _rates("linear_decay", lr=lr, lr_end=lr_end)
    return _Of(_linear_decay, lr, steps, lr_end)


def warmup(schedule: float | Schedule, steps: int) -> Schedule:
    """The rates of another schedule, or a rate, but the first so many steps go up to them evenly: by step / steps of each, from 1 on.

    Args:
        schedule: the schedule, or the rate.
        steps: how many steps are smaller, at least 1.
    """
    steps = whole_number(steps, "warmup: steps", 1)
    if not callable(schedule):
        _rates("warmup", lr=schedule)
    return _Of(_warmup, schedule, steps)


# The formulas: with their settings they can be pickled and copied, as functions in functions cannot.


def _step_decay(lr: float, step_size: int, gamma: float, step: int) -> float:
    return lr * gamma ** (step // step_size)


def _exponential_decay(lr: float, gamma: float, step: int) -> float:
    return lr * gamma**step


def _cosine_annealing(lr: float, steps: int, lr_min: float, step: int) -> float:
    return lr_min + 0.5 * (lr - lr_min) * (1.0 + math.cos(math.pi * min(step, steps) / steps))


def _linear_decay(lr: float, steps: int, lr_end: float, step: int) -> float:
    return lr + (lr_end - lr) * (min(step, steps) / steps)


def _warmup(schedule: float | Schedule, steps: int, step: int) -> float:
    now = schedule(step) if callable(schedule) else schedule
    return now * min(1.0, (step + 1) / steps)


# By their names what makes each, and its formula.
SCHEDULES: dict[str, tuple[Callable[..., Schedule], Callable[..., float]]] = {
    "step_decay": (step_decay, _step_decay),
    "exponential_decay": (exponential_decay, _exponential_decay),
    "cosine_annealing": (cosine_annealing, _cosine_annealing),
    "linear_decay": (linear_decay, _linear_decay),
    "warmup": (warmup, _warmup),
}


def _rates(schedule: str, **numbers: Any) -> None:
    for name, x in numbers.items():
        if not 0.0 <= as_float(x, schedule, name, wants="takes a real number") < math.inf:
            raise ValueError(f"{schedule}: {name} is from 0 to below inf, not {shown(x)}")
