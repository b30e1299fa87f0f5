"""What targets share: rows that the sigmoid is taken apart into, so that its exponential is computed once, and a factor for sums."""

from __future__ import annotations

import math

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import MULTIPLICATIVE, Operation


def _logistic(x: float, e: float) -> float:
    return (1.0 if x > 0 else e) / (1.0 + e)


# fmt: off
decay    = Operation("decay", lambda x: math.exp(-math.fabs(x)), (lambda y, x: -y * ops.sign(x),),
                     "exp(-{tight[0]} if {bare[0]} > 0.0 else {bare[0]})", r"e^{{-\left|{bare[0]}\right|}}", "exp(-|x|)")
logistic = Operation("logistic", _logistic,                      (lambda y, x, e: 0.0,
                                                                  lambda y, x, e: ops.sign(-x) / ((1.0 + e) * (1.0 + e))),
                     "(1.0 if {bare[0]} > 0.0 else {bare[1]}) / (1.0 + {tight[1]})", "", "σ", MULTIPLICATIVE,
                     definition=lambda x, e: (ops.step(x) + e * (1.0 - ops.step(x))) / (1.0 + e))
bell     = Operation("bell", lambda e: e / (1.0 + e * (2.0 + e)), (lambda y, e: (1.0 - e) / ((1.0 + e) * (1.0 + e) * (1.0 + e)),),
                     "{tight[0]} / (1.0 + {tight[0]} * (2.0 + {tight[0]}))", "", "σ′", MULTIPLICATIVE)
# fmt: on


PARTS = frozenset((decay, logistic, bell))
SMALLER = 2.0**-40  # a factor with which no sum leaves the range of floats on the way
