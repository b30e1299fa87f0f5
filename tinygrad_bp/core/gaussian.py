"""The bell curve and what is made of it, on floats: the normal distribution, gelu, the derivatives of erf and of gelu.

Phi(-t) and the derivative of gelu at -t are exp(-t**2 / 2) times what varies so little over all t >= 0 that one polynomial tells it, with
all its digits however far the tail. `square` and what ends in `_factor` are ordinary arithmetic, on any kind of number: programs are made
from the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinygrad_bp.core.operation import TINY
from tinygrad_bp.core.stable import square

END = 64.0  # beyond it all is 0 or 1
DENSITY_AT_0, ERF_SLOPE_AT_0 = 0.3989422804014327, 1.1283791670955126  # 1 / sqrt(2 pi), 2 / sqrt(pi)

# fmt: off
# In powers of (4 - t) / (4 + t), by interpolation at Chebyshev's points of 0 <= t <= 40 (mpmath, 70 digits). With M(t) as
# Phi(-t) / exp(-t**2 / 2) and t0 where gelu(-t) is lowest: (1 / (2 M) - 1) / t and (M - t / sqrt(2 pi)) / (t - t0), to less than 2e-17.
_CDF = (
    1.074003293232509, -0.24163023178171955, -0.06259341182179336, 0.012550603187653626, 0.017591133281389885,
    0.0027992621777159525, -0.004014666014518753, -0.0020403107955026586, 0.0006530944254365028,
    0.0008043484935810556, -9.718076447568207e-06, -0.000253440868337141, -5.00576407448027e-05,
    6.783550286474827e-05, 2.767576653780138e-05, -1.5173107159138566e-05, -1.0626501768095098e-05,
    2.5042631870962194e-06, 3.3782972696090858e-06, -1.0642215673307362e-07, -9.31418829675196e-07,
    -1.221247202363007e-07, 2.2532836251112565e-07, 5.184498105109603e-08, -4.56220451661165e-08,
    -8.632084036119524e-09, 5.829203480746217e-09,
)
_GELU_SLOPE = (
    -0.4622112440495753, -0.10336589852195695, -0.06046293676785132, -0.028083359953045693, -0.009504950375084177,
    -0.0017882605413113294, 0.00015461331258552756, 0.00018577577568520932, 1.747721654895285e-05,
    -1.8034946395195356e-05, -3.5389110462733805e-06, 2.21676814518261e-06, 4.921956103063623e-07,
    -3.494416301805976e-07, -5.243430578045875e-08, 6.337020968641337e-08, 7.678677036963215e-10,
    -1.14419502111834e-08, 1.7671266100033702e-09, 1.7183191865712365e-09, -5.617499574980276e-10,
    -1.510211757984069e-10, 7.339092512272825e-11,
)
# fmt: on


def normal_density(x: float) -> float:
    return _bell(-0.9189385332046728, 3.8782941580672414e-17, 0.5, _within(x))  # ln(1 / sqrt(2 pi)), as two floats


def erf_slope(x: float) -> float:
    return _bell(0.12078223763524522, 4.1797047492946264e-18, 1.0, _within(x))  # ln(2 / sqrt(pi))


def normal_cdf(x: float) -> float:
    t = _within(x)
    y = _times_bell(cdf_factor(t), 0.5, t)
    return 1.0 - y if x > 0 else y


def gelu(x: float) -> float:
    if x > 0:
        return x * normal_cdf(x)
    t = _within(x)
    return _times_bell(-t * cdf_factor(t), 0.5, t)


def gelu_slope(x: float) -> float:
    t = _within(x)
    y = _times_bell(gelu_slope_factor(t), 0.5, t)
    return 1.0 - y if x > 0 else y


def cdf_factor(t: Any) -> Any:
    """Phi(-t) / exp(-t**2 / 2) for t from 0 to END."""
    return 0.5 / (1.0 + erf_term(t))


def erf_term(t: Any) -> Any:
    """What cdf_factor(t) says as w = 1 / (2 M) - 1, with digits also where t is near 0."""
    return t * _polynomial(_CDF, t)


def gelu_slope_factor(t: Any) -> Any:
    """The derivative of gelu at -t over exp(-t**2 / 2): the distance to its zero, which takes two floats, times what has none."""
    return _polynomial(_GELU_SLOPE, t) * ((t - 0.7517915246935645) + 1.4956759177009883e-17)


def _polynomial(coefficients: Sequence[float], t: Any) -> Any:
    u = (4.0 - t) / (4.0 + t)
    y: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        y = y * u + coefficient
    return y


def _within(x: float) -> float:
    return min(math.fabs(x), END)  # NaN stays NaN


def _bell(height: float, rest: float, rate: float, x: float) -> float:
    """exp(height + rest - rate * x**2). What rounding the square and the difference lost is given back to first order."""
    high, low = square(x)
    exponent = height - rate * high
    back = exponent - height
    lost: float = (height - (exponent - back)) - (rate * high + back) + (rest - rate * low)
    y = math.exp(exponent)
    return y + y * lost


def _times_bell(factor: float, rate: float, x: float) -> float:
    """factor * exp(-rate * x**2) for a rate that is a power of 2. What rounding the square lost is given back to first order."""
    high, low = square(x)
    lost: float = rate * low
    y = math.exp(-rate * high)
    if y < TINY:  # so that it has fewer digits than the product may have
        root = math.exp(-0.5 * rate * high)
        return factor * root * (1.0 - lost) * root
    y = factor * y
    return y - y * lost
