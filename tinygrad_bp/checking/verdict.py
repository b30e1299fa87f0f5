"""One derivative by autograd against differences: it agrees, it is wrong, or they cannot tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinygrad_bp.checking.differences import LEVELS, Differences, Slope
from tinygrad_bp.checking.rounding import Probe
from tinygrad_bp.core.operation import HUGE, TINY

MARGIN = 2.0  # by how many uncertainties a wrong derivative is off at least
FEW = (9, 13, 17)  # levels of steps, which are enough where all is well
CLOSE = 1e-4  # of its size: how well the difference is known where it confirms a derivative
STRETCHES = (1.5, 2.0)  # of the steps, for second opinions


@dataclass(frozen=True)
class Verdict:
    """What differences say of a derivative: "agrees", "wrong" or "undecided", by which difference, and a remark."""

    verdict: str
    difference: Slope
    note: str = ""
    kink: bool = False


def judge(autograd: float, probe: Probe, x: float, tolerance: float, *, smooth: bool = True) -> Verdict:
    """The verdict on a derivative at x of the function that `probe` computes.

    Where that may have kinks, as it is not `smooth`, one that no step resolves is thought of too.
    """
    differences = Differences(probe, x)
    for levels in (*FEW, LEVELS):
        slope = _slope(differences, levels)
        if _agrees(autograd, slope, tolerance, differences) and _is_sharp(autograd, slope, tolerance, differences):
            break
    if _agrees(autograd, slope, tolerance, differences):
        return Verdict("agrees", slope)
    left, right = differences.slope(-1), differences.slope(1)
    if not math.isfinite(slope.uncertainty) and differences.defined(-1) != differences.defined(1):
        return _at_an_edge(autograd, left if differences.defined(-1) else right, tolerance, differences, smooth)
    if _apart(left, right):
        return _at_a_kink(autograd, left, right, slope, tolerance)
    if not math.isfinite(slope.uncertainty):
        return Verdict("undecided", slope, "the differences have no limit here")
    if _off(autograd, slope, tolerance):
        if not math.isfinite(autograd - slope.value):
            wrong = math.isnan(autograd) or slope.uncertainty < 1e-3 * abs(slope.value)
        else:
            # A kink that no step resolves could explain it, if the slopes to its sides were so far apart.
            bend = Slope(0.0, 0.0) if smooth else differences.bend()
            gap = abs(autograd - slope.value)
            if not differences.follow(autograd, gap):
                return Verdict(
                    "undecided", slope, "with this slope it moves faster than the floats beside its number can follow"
                )
            wrong = abs(bend.value) + bend.uncertainty < 2.0 * gap and all(
                abs(differences.slope(stretch=stretch).value - slope.value) < gap / MARGIN for stretch in STRETCHES
            )
        return Verdict("wrong", slope) if wrong else Verdict("undecided", slope, _hidden(slope))
    return Verdict("undecided", slope, _hidden(slope))


def _slope(differences: Differences, levels: int) -> Slope:
    """The slope, as uncertain as the slopes to both sides differ where they do, as beside a kink that is nearer than the steps."""
    slope, bend = differences.slope(levels=levels), differences.bend(levels)
    half = 0.5 * abs(bend.value) if abs(bend.value) > MARGIN * bend.uncertainty else 0.0
    return Slope(slope.value, slope.uncertainty + half)


def _hidden(slope: Slope) -> str:
    return f"differences are no better than {slope.uncertainty:.1e} here: rounding of the function hides its slope"


def _off(autograd: float, slope: Slope, tolerance: float) -> bool:
    """Whether the difference contradicts."""
    if not math.isfinite(slope.uncertainty):
        return False
    if not math.isfinite(autograd):
        return True
    gap = abs(autograd - slope.value)
    return gap > max(MARGIN * slope.uncertainty, tolerance * max(abs(autograd), abs(slope.value)))


def _agrees(autograd: float, slope: Slope, tolerance: float, differences: Differences) -> bool:
    """Whether the difference is within the tolerance, and known well enough to tell: to a small part of it, or of how the function moves
    to one side.
    """
    if not math.isfinite(autograd) or not math.isfinite(slope.uncertainty):
        return False
    size = _size(autograd, slope, differences)
    return abs(autograd - slope.value) <= tolerance * size and slope.uncertainty <= CLOSE * size


def _is_sharp(autograd: float, slope: Slope, tolerance: float, differences: Differences) -> bool:
    """Whether the difference is known so well that one which is off by more than the tolerance is told: smaller steps need not be tried."""
    return MARGIN * slope.uncertainty <= tolerance * _size(autograd, slope, differences)


def _size(autograd: float, slope: Slope, differences: Differences) -> float:
    return max(abs(autograd), abs(slope.value)) or differences.moves()


def _apart(left: Slope, right: Slope) -> bool:
    return abs(left.value - right.value) > MARGIN * (left.uncertainty + right.uncertainty) + 1e-3 * max(
        abs(left.value), abs(right.value)
    )


def _at_an_edge(autograd: float, slope: Slope, tolerance: float, differences: Differences, smooth: bool) -> Verdict:
    note = "only one side is defined"
    if _agrees(autograd, slope, tolerance, differences):
        return Verdict("agrees", slope, note)
    # Where floats end, or the domain within few floats, a bend among them could be as near.
    close = abs(differences.x) > HUGE / 2.0 or 0.0 < abs(differences.x) < TINY or differences.beside()
    wrong = smooth and math.isfinite(autograd) and not close and _off(autograd, slope, tolerance)
    return Verdict("wrong" if wrong or math.isnan(autograd) else "undecided", slope, note)


def _at_a_kink(autograd: float, left: Slope, right: Slope, slope: Slope, tolerance: float) -> Verdict:
    note = f"a kink: the slope is {left.value:.6g} on the left, {right.value:.6g} on the right"
    nearest = min(max(autograd, min(left.value, right.value)), max(left.value, right.value))
    beyond = 0.0 if nearest == autograd else abs(autograd - nearest)  # NaN too is beyond
    if beyond <= tolerance * max(abs(left.value), abs(right.value)):
        return Verdict("agrees", slope, note, kink=True)
    told = not beyond <= MARGIN * max(left.uncertainty, right.uncertainty)
    return Verdict("wrong" if told else "undecided", slope, note, kink=True)
