"""Where the rows of the table are defined: in words, as errors say it, and as boxes that tests draw their samples from."""

import math

from tinygrad_bp.core.operation import HUGE, Domain, Interval

ANY: Interval = (-HUGE, HUGE)
ABOVE_0: Interval = (5e-324, HUGE)  # from the smallest float above zero
BELOW_0: Interval = (-HUGE, -5e-324)

_POWERS = (
    (ABOVE_0, ANY),
    ((0.0, 0.0), (0.0, HUGE)),
    *((BELOW_0, (n, n)) for n in (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)),
)
_NOT_THE_ORIGIN = ((ABOVE_0, ANY), (BELOW_0, ANY), (ANY, ABOVE_0), (ANY, BELOW_0))


def between(low: float, high: float, needs: str) -> Domain:
    """The domain of one operand from `low` to `high`."""
    return Domain(needs, (((low, high),),))


POSITIVE = between(5e-324, HUGE, "x > 0")
NOT_NEGATIVE = between(0.0, HUGE, "x >= 0")
ABOVE_MINUS_1 = between(math.nextafter(-1.0, 0.0), HUGE, "x > -1")
UNIT = between(-1.0, 1.0, "-1 <= x <= 1")
INSIDE_UNIT = between(math.nextafter(-1.0, 0.0), math.nextafter(1.0, 0.0), "-1 < x < 1")
FROM_1 = between(1.0, HUGE, "x >= 1")
EXP = between(-HUGE, 709.7827, "x <= 709.7827")
COSH = between(-710.4758, 710.4758, "|x| <= 710.4758")

PLANE = Domain("finite numbers", ((ANY, ANY),))
SPACE = Domain("finite numbers", ((ANY, ANY, ANY),))
DIVISOR = Domain("a divisor other than 0", ((ANY, ABOVE_0), (ANY, BELOW_0)))
POWER = Domain(
    "a base > 0, a base of 0 with an exponent >= 0, or a base < 0 with a whole exponent",
    _POWERS,
    fits="a result within 1.8e308",
)
NOT_BOTH_0 = Domain("operands that are not both 0", _NOT_THE_ORIGIN)
HYPOT = Domain("operands that are not both 0", _NOT_THE_ORIGIN, fits="a result within 1.8e308")

ROW = Domain("finite numbers", ((ANY,), (ANY, ANY), (ANY,) * 3, (ANY,) * 8))
AT_LEAST_ONE = Domain("at least one operand", ROW.boxes)
PAIRS = Domain("finite numbers", ((ANY,) * 2, (ANY,) * 4, (ANY,) * 16))

OVER_SQUARES = Domain("a and b that are not both 0", tuple((ANY, *box) for box in _NOT_THE_ORIGIN))
POWER_TERM = Domain(
    "a base >= 0, or a base < 0 with a whole exponent",
    tuple((ANY, *box, (k, k)) for box in _POWERS for k in (1.0, 2.0)),
)
LOG_TERM = Domain("a base >= 0", ((ANY, (0.0, HUGE)),))
EXP_DIFFERENCE = Domain("a - b <= 709.7827", ((ANY, ANY),))
