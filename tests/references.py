"""Every row of the table in mpmath, and the points at which the two are compared."""

from __future__ import annotations

import itertools
import math
import operator
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mp, mpf

from tinygrad_bp import Operation
from tinygrad_bp.core.operation import HUGE, TINY

SMALLEST = 5e-324  # the distance between floats below TINY

# The references ------------------------------------------------------------------------------------------------------
# Derivatives as a book has them, not as the rows compute them.


@dataclass(frozen=True)
class Reference:
    """A row in mpmath: its value; its partials, of which None means that there is none; the digits to compute them with.

    `through` gives those intermediate results of the row's rules that may leave the range in which floats have all their digits while
    the partial itself is inside. `terms` gives those of a partial that may cancel, which is as good as they are.
    """

    value: Callable[..., Any]
    partials: Sequence[Callable[..., Any]] | Callable[..., Sequence[Any]]
    through: Callable[..., Sequence[Any]] = lambda *operands: ()
    terms: Callable[..., Sequence[Any]] = lambda *operands: ()
    digits: int = 60

    def slopes(self, operands: Sequence[Any]) -> list[Any]:
        if callable(self.partials):
            return list(self.partials(*operands))
        return [partial(*operands) for partial in self.partials]


def power(a: Any, b: Any) -> Any:
    if a == 0:
        return mpf(1) if b == 0 else mpf(0) if b > 0 else mp.inf
    return a ** int(b) if a < 0 else a**b


def power_slopes(c: Any, a: Any, b: Any, k: Any) -> tuple[Any, Any]:
    """The derivatives of c * a**(b - k) by a and by b. At a = 0 a zero factor wins."""
    by_base = c * (b - k)
    by_base = by_base * power(a, b - k - 1) if by_base else mpf(0)
    if a < 0 or c == 0:
        return by_base, None if a < 0 else mpf(0)
    y = c * power(a, b - k)
    return by_base, y * mp.log(a) if a else -y * mp.inf if y else mpf(0)


def softmax(*xs: Any) -> list[Any]:
    largest = max(xs)
    weights = [mp.exp(x - largest) for x in xs]
    return [weight / mp.fsum(weights) for weight in weights]


def log_sum_exp(*xs: Any) -> Any:
    return max(xs) + mp.log(mp.fsum(mp.exp(x - max(xs)) for x in xs))


def halves(xs: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    return xs[: len(xs) // 2], xs[len(xs) // 2 :]


def compare(a: Any, b: Any) -> int:
    return (a > b) - (a < b)


def logistic(x: Any) -> Any:
    return mp.exp(x) / (1 + mp.exp(x)) if x < 0 else 1 / (1 + mp.exp(-x))


def over_root(sign: int) -> Callable[[Any], Any]:
    return lambda x: sign / mp.sqrt(1 - x * x) if abs(x) < 1 else sign * mp.inf


ROOT_2_PI, ROOT_PI = lambda: mp.sqrt(2 * mp.pi), lambda: mp.sqrt(mp.pi)


def cube_root(x: Any) -> Any:
    return mp.sign(x) * mp.cbrt(abs(x))


def normal(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2 if abs(x) < 1000 else mpf(int(x > 0))


def density(x: Any) -> Any:
    return mp.exp(-x * x / 2) / ROOT_2_PI()


def bell(x: Any) -> Any:
    """The derivative of erf."""
    return 2 / ROOT_PI() * mp.exp(-x * x)


def silu_slopes(x: Any) -> tuple[Any, Any]:
    """The first and the second derivative of silu."""
    left, right = logistic(x), logistic(-x)
    return left * (1 + x * right), left * right * (2 + x * (right - left))


REFERENCES = {
    "add": Reference(lambda a, b: a + b, (lambda a, b: 1, lambda a, b: 1)),
    "sub": Reference(lambda a, b: a - b, (lambda a, b: 1, lambda a, b: -1)),
    "mul": Reference(lambda a, b: a * b, (lambda a, b: b, lambda a, b: a)),
    "div": Reference(lambda a, b: a / b, (lambda a, b: 1 / b, lambda a, b: -a / b**2), through=lambda a, b: (a / b,)),
    "neg": Reference(lambda x: -x, (lambda x: -1,)),
    "pow": Reference(
        power,
        (lambda a, b: power_slopes(1, a, b, 0)[0], lambda a, b: power_slopes(1, a, b, 0)[1]),
        through=lambda a, b: (power(a, b),),
    ),
    "exp": Reference(mp.exp, (mp.exp,)),
    "expm1": Reference(mp.expm1, (mp.exp,)),
    "log": Reference(mp.log, (lambda x: 1 / x,)),
    "log1p": Reference(mp.log1p, (lambda x: 1 / (1 + x),)),
    "sqrt": Reference(mp.sqrt, (lambda x: 1 / (2 * mp.sqrt(x)) if x else mp.inf,)),
    "log2": Reference(lambda x: mp.log(x) / mp.log(2), (lambda x: 1 / (x * mp.log(2)),)),
    "log10": Reference(lambda x: mp.log(x) / mp.log(10), (lambda x: 1 / (x * mp.log(10)),)),
    "cbrt": Reference(cube_root, (lambda x: 1 / (3 * cube_root(x) ** 2) if x else mp.inf,)),
    "sin": Reference(mp.sin, (mp.cos,)),
    "cos": Reference(mp.cos, (lambda x: -mp.sin(x),)),
    "tan": Reference(mp.tan, (lambda x: mp.sec(x) ** 2,)),
    "asin": Reference(mp.asin, (over_root(1),)),
    "acos": Reference(mp.acos, (over_root(-1),)),
    "atan": Reference(mp.atan, (lambda x: 1 / (1 + x * x),)),
    "atan2": Reference(mp.atan2, (lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b))),
    "hypot": Reference(
        mp.hypot,
        (lambda a, b: a / mp.hypot(a, b), lambda a, b: b / mp.hypot(a, b)),
        through=lambda a, b: (mp.hypot(a, b),),
    ),
    "sinh": Reference(mp.sinh, (mp.cosh,)),
    "cosh": Reference(mp.cosh, (mp.sinh,)),
    "asinh": Reference(mp.asinh, (lambda x: 1 / mp.sqrt(1 + x * x),)),
    "acosh": Reference(mp.acosh, (lambda x: 1 / mp.sqrt(x * x - 1) if x > 1 else mp.inf,)),
    "atanh": Reference(mp.atanh, (lambda x: 1 / (1 - x * x),)),
    "tanh": Reference(mp.tanh, (lambda x: mp.sech(x) ** 2,)),
    "sigmoid": Reference(logistic, (lambda x: logistic(x) * logistic(-x),)),
    "softplus": Reference(lambda x: max(x, mpf(0)) + mp.log1p(mp.exp(-abs(x))), (logistic,)),
    "erf": Reference(mp.erf, (bell,)),
    "silu": Reference(lambda x: x * logistic(x), (lambda x: silu_slopes(x)[0],)),
    "gelu": Reference(lambda x: x * normal(x), (lambda x: normal(x) + x * density(x),)),
    "relu": Reference(lambda x: max(x, mpf(0)), (lambda x: int(x > 0),)),
    "leaky_relu": Reference(
        lambda x, slope: x if x > 0 else slope * x,
        (lambda x, slope: 1 if x > 0 else slope, lambda x, slope: min(x, mpf(0))),
    ),
    "abs": Reference(abs, (lambda x: compare(x, 0),)),
    "sign": Reference(lambda x: compare(x, 0), (lambda x: 0,)),
    "step": Reference(lambda x: int(x > 0), (lambda x: 0,)),
    "maximum": Reference(max, (lambda a, b: (1 + compare(a, b)) / 2, lambda a, b: (1 - compare(a, b)) / 2)),
    "minimum": Reference(min, (lambda a, b: (1 - compare(a, b)) / 2, lambda a, b: (1 + compare(a, b)) / 2)),
    "clip": Reference(
        lambda x, low, high: min(max(x, low), high),
        (
            lambda x, low, high: int(low <= x <= high),
            lambda x, low, high: int(x < low <= high),
            lambda x, low, high: int(x > high or low > high),
        ),
    ),
    "sum_of": Reference(lambda *xs: mp.fsum(xs), lambda *xs: [1] * len(xs), digits=700),
    "dot": Reference(lambda *wx: mp.fdot(*halves(wx)), lambda *wx: [*halves(wx)[1], *halves(wx)[0]], digits=1400),
    "logsumexp": Reference(log_sum_exp, softmax, digits=400),
    "sigmoid_slope": Reference(
        lambda x: logistic(x) * logistic(-x), (lambda x: -mp.sinh(x / 2) / mp.cosh(x / 2) ** 3 / 4,)
    ),
    "reciprocal": Reference(lambda x: 1 / x if x else mp.inf, (lambda x: -1 / x**2 if x else -mp.inf,)),
    "over_squares": Reference(
        lambda c, a, b: c / (a * a + b * b),
        (
            lambda c, a, b: 1 / (a * a + b * b),
            lambda c, a, b: -2 * a * c / (a * a + b * b) ** 2,
            lambda c, a, b: -2 * b * c / (a * a + b * b) ** 2,
        ),
        through=lambda c, a, b: [x * c / (a * a + b * b) for x in (1, a, b)],
    ),
    "power_term": Reference(
        lambda c, a, b, k: c * power(a, b - k) if c else mpf(0),
        (
            lambda c, a, b, k: power(a, b - k),
            lambda c, a, b, k: power_slopes(c, a, b, k)[0],
            lambda c, a, b, k: power_slopes(c, a, b, k)[1],
            lambda c, a, b, k: None if a < 0 else -power_slopes(c, a, b, k)[1],
        ),
        through=lambda c, a, b, k: (c * (b - k), c * power(a, b - k) if c else mpf(0)),
    ),
    "log_term": Reference(
        lambda c, a: (c * mp.log(a) if a else -c * mp.inf) if c else mpf(0),
        (
            lambda c, a: mp.log(a) if a else -mp.inf if c else mpf(0),
            lambda c, a: mpf(0) if c == 0 else c / a if a else c * mp.inf,
        ),
    ),
    "passed": Reference(lambda gate, x: gate * x, (lambda gate, x: x, lambda gate, x: gate)),
    "exp_difference": Reference(lambda a, b: mp.exp(a - b), (lambda a, b: mp.exp(a - b), lambda a, b: -mp.exp(a - b))),
    "asinh_slope": Reference(
        lambda x: 1 / mp.sqrt(1 + x * x),
        (lambda x: -x / mp.sqrt(1 + x * x) ** 3,),
        through=lambda x: (x / mp.sqrt(1 + x * x) ** 2,),
    ),
    "erf_slope": Reference(bell, (lambda x: -2 * x * bell(x),), through=lambda x: (bell(x),)),
    "silu_slope": Reference(
        lambda x: silu_slopes(x)[0],
        (lambda x: silu_slopes(x)[1],),
        through=lambda x: (logistic(x) * logistic(-x),),
        terms=lambda x: (2 * logistic(x) * logistic(-x),),
    ),
    "gelu_slope": Reference(
        lambda x: normal(x) + x * density(x),
        (lambda x: (2 - x * x) * density(x),),
        through=lambda x: (density(x),),
        terms=lambda x: (2 * density(x),),
    ),
    "normal_cdf": Reference(normal, (density,)),
    "normal_density": Reference(density, (lambda x: -x * density(x),), through=lambda x: (density(x),)),
}


# The samples ---------------------------------------------------------------------------------------------------------

SPECIAL = [
    x * sign
    for x in (0.0, SMALLEST, TINY, math.nextafter(TINY, 0), 1e-154, 1e-20, 1e-8, 0.5, 1.0, math.nextafter(1.0, 0), math.nextafter(1.0, 2),
              math.pi / 2, math.pi, 2.0, 3.0, 18.0, 19.1, 36.8, 40.0, 350.0, 360.0, 700.0, 708.5, 745.0, 1e8, 1e16, 1e154, 1e300, HUGE)
    for sign in (1.0, -1.0)
]  # fmt: skip


def sample(low: float, high: float, rng: random.Random) -> float:
    """A float of [low, high]: of any magnitude, of an everyday one, or one at which something happens."""
    if low == high:
        return low
    inside = [
        x + 0.0 for x in (*SPECIAL, low, high, math.nextafter(low, high), math.nextafter(high, low)) if low <= x <= high
    ]
    while True:
        x = rng.choice((
            rng.choice((1.0, -1.0)) * math.ldexp(rng.uniform(1, 2), rng.randint(-1074, 1023)),
            rng.uniform(-3, 3),
            rng.uniform(-40, 40),
            rng.uniform(max(low, -800), min(high, 800)),
            rng.choice(inside),
        ))  # fmt: skip
        if low <= x <= high:
            return x


# Operands that are interesting together, by rows.


def of_powers(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    for _ in range(150):
        a = sample(SMALLEST, HUGE, rng)
        b = rng.uniform(-745, 710) / (math.log(a) or 1.0)  # so that the power is a float, of any magnitude
        yield (a, b) if name == "pow" else (sample(-HUGE, HUGE, rng), a, b, rng.choice((0.0, 1.0, 2.0)))
    pairs = [(1e300, 0.3), (1e-300, 0.3), (SMALLEST, 0.3), (HUGE, 1e-300), (1e-300, -1.0), (1e160, -1.0), (0.0, 0.0), (0.0, 1.0),
             (0.0, 2.0), (0.0, 0.5), (0.0, HUGE), (-2.0, 3.0), (-1e100, -3.0), (-1e-100, 3.0), (-0.5, 1001.0), (-1e-3, 102.0),
             (1.0, HUGE), (math.nextafter(1.0, 2), 1e18), (math.nextafter(1.0, 0), 6e18), (2.0, 1023.9999), (2.0, -1074.0)]  # fmt: skip
    yield from pairs if name == "pow" else [(c, *pair, 1.0) for pair in pairs for c in (0.0, 1.0, -1e-300)]


def of_distances(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    edge = (SMALLEST, 3 * SMALLEST, 1e-310, TINY, 1e-160, 1.0, 1e160, 1e308, HUGE)
    pairs = [(s * a, t * b) for a in edge for b in edge for s in (1, -1) for t in (1, -1)]
    yield from pairs if name != "over_squares" else [(1.0, *pair) for pair in pairs]


ZEROS = {
    "gelu": -0.7517915246935645,
    "silu": -1.2784645427610737,
    "gelu_slope": -1.4142135623730951,
    "silu_slope": 2.3993572805154675,
}


def of_zeros(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    """Where the derivative has a zero, and has to keep its digits up to there."""
    yield from ((ZEROS[name] * (1.0 + sign * 2.0**-k),) for k in range(1, 53) for sign in (1, -1))
    yield (ZEROS[name],)


def of_tails(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    yield from (
        (rng.choice((1.0, -1.0)) * rng.uniform(*ends),) for ends in ((0, 9), (9, 39), (700, 760)) for _ in range(60)
    )


def of_order(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    if name == "clip":
        yield from itertools.product((-2.0, -1.0, 0.0, 1.0, 2.0), repeat=3)
        return
    yield from ((x, x) for x in SPECIAL)
    yield from ((x, math.nextafter(x, 0)) for x in SPECIAL)


def of_differences(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    yield from (
        (b + rng.uniform(-745, 709), b)
        for _ in range(100)
        for b in [rng.choice((1.0, 1e3, 1e6, 1e9)) * rng.uniform(-1, 1)]
    )
    yield from ((x, x) for x in SPECIAL)


def of_rows(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    yield (rng.uniform(-1, 1),) * 2
    for length in (2, 4, 20):
        for scale in (1e-5, 1.0, 30.0, 1e3, 1e6):
            yield tuple(rng.uniform(-1, 1) * scale for _ in range(length))


def of_logsumexp(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    yield from [
        (math.log(0.5),) * 2,
        (math.log(0.25),) * 4,
        (-1e-9, -20.3),
        (1e-9, -20.3),
        (1e-9, -36.7),
        (-1e-300, -690.8),
    ]
    yield from [
        (-1e-300, -690.7755278982137),
        (1000.1, -3.0, 0.3),
        (-1000.1, -1003.0),
        (800.0, 800.0),
        (-HUGE, HUGE),
        (HUGE, HUGE),
    ]
    for _ in range(50):  # the largest is so small that rounding x - largest loses part of it
        small = rng.uniform(1e-15, 1e-14)
        yield small, math.log(small) + rng.uniform(-1, 1)
    for _ in range(60):  # the largest is below 0 and the rest make up for it
        low = math.ldexp(rng.uniform(-2, -1), rng.randint(-60, -2))
        yield low, math.log(-math.expm1(low)) + rng.choice((0.0, 1e-15, 1e-9, 1e-3))


def of_sums(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    yield from [
        (),
        (0.1,),
        (1e308, 1e308, -1e308),
        (1e308, 1e308),
        (1e16, 1.0, -1e16),
        (1e300, 1e-300, -1e300),
        (HUGE, HUGE, -HUGE),
    ]


def of_products(name: str, rng: random.Random) -> Iterator[tuple[float, ...]]:
    yield from [
        (),
        (0.0, 0.0),
        (1e200, -1e200, 3.0, 1e200, 1e200, 2.0),
        (0.1, 0.1, 3.0, -3.0),
        (1e-200,) * 8,
        (1e-162,) * 200,
    ]
    # One product is beyond the range of floats, the sum is not.
    yield 1e155, *[-1e154] * 10, 1.1e154, *[1e154] * 10
    yield HUGE, HUGE, HUGE, HUGE, 1.0, 1.0, -1.0, -0.5
    for left in (0.0, 0.003, 0.01, 0.03, 0.1) * 20:  # of the terms' size, after cancellation
        ws, xs = [[rng.gauss(0, 1) for _ in range(6)] for _ in range(2)]
        xs[5] = -(1.0 - left) * sum(map(operator.mul, ws[:5], xs)) / ws[5]
        yield (*ws, *xs)


TOGETHER: list[tuple[tuple[str, ...], Callable[[str, random.Random], Iterator[tuple[float, ...]]]]] = [
    (("pow", "power_term"), of_powers),
    (("atan2", "hypot", "over_squares"), of_distances),
    (tuple(ZEROS), of_zeros),
    (("gelu", "silu", "erf", "erf_slope", "silu_slope", "gelu_slope", "normal_cdf", "normal_density"), of_tails),
    (("maximum", "minimum", "clip"), of_order),
    (("exp_difference",), of_differences),
    (("sum_of", "logsumexp", "dot"), of_rows),
    (("logsumexp",), of_logsumexp),
    (("sum_of",), of_sums),
    (("dot",), of_products),
]


def points(row: Operation, count: int = 240) -> list[tuple[float, ...]]:
    rng = random.Random(row.name)
    boxes = row.domain.boxes
    drawn = [tuple(sample(low, high, rng) for low, high in box) for box in boxes for _ in range(count // len(boxes))]
    return [*drawn, *(point for names, draw in TOGETHER if row.name in names for point in draw(row.name, rng))]
