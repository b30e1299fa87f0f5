"""A function that draws lots is told, however seldom it draws; one that seeds its generator in each call is checked."""

import random
from typing import Any

import pytest

from tinygrad_bp import Value, check_gradients

GLOBAL = random.Random(1)


def with_a_default(x: Value, draw: random.Random = random.Random(2)) -> Value:  # noqa: B008
    return x**2 * (0.0 if draw.random() < 1e-12 else 1.0)


class Holder:
    def __init__(self) -> None:
        self.draw = random.Random(3)

    def __call__(self, x: Value) -> Value:
        return x**2 * (0.0 if self.draw.random() < 1e-12 else 1.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x**2 * (0.0 if random.random() < 1e-12 else 1.0),
        lambda x: x**2 * (0.0 if GLOBAL.random() < 1e-12 else 1.0),
        lambda x: x**2 * (0.0 if random.SystemRandom().random() < 0.0 else 1.0) * (GLOBAL.random() + 1.0) ** 0,
        with_a_default,
        Holder(),
        Holder().__call__,
    ],
    ids=["random", "global", "system", "default", "object", "method"],
)
def test_a_function_that_draws_seldom_is_refused(f: Any) -> None:
    with pytest.raises(ValueError, match="the function draws random numbers"):
        check_gradients(f, [1.5])


@pytest.mark.extras
def test_a_function_that_draws_from_numpy_is_refused() -> None:
    import numpy as np

    draw = np.random.default_rng(1)
    for f in (lambda x: x**2 * float(np.random.random() > -1.0), lambda x: x**2 * float(draw.random() > -1.0)):
        with pytest.raises(ValueError, match="the function draws random numbers"):
            check_gradients(f, [1.5])


def test_a_function_that_seeds_in_each_call_is_checked() -> None:
    def f(x: Value) -> Value:
        random.seed(1)
        return x**2 * random.Random(2).random() * random.random()

    assert check_gradients(f, [1.5]).ok
    assert check_gradients(lambda x: x**2 * (0.0 if GLOBAL is None else 1.0), [1.5]).ok
