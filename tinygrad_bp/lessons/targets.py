"""The targets of outputs: of a cross entropy of sigmoids by its slopes, which are p - t everywhere; of squares by what is subtracted.

It does not matter in which operations a graph has them, nor where the net inputs happen to be: 0.25 z, whose slope p - 0.25 is somewhere,
is no cross entropy.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.roles import is_logarithm
from tinygrad_bp.lessons.softmax import NEAR, OF_ENTROPY, PLACES, Share, slopes_at

if TYPE_CHECKING:
    from tinygrad_bp.lessons.derivation import Derivation

FURTHER = 0.13  # how much further on another neuron is tried


def logistic(found: Derivation) -> dict[Value, Share]:
    """Of the net input of each output its share, where the error is the cross entropy of their sigmoids; else empty."""
    return logistic_of(found.cases, found.order, found.trainable)


def logistic_of(
    cases: Sequence[Sequence[Sequence[Unit]]], order: Sequence[Value], trained: Collection[Value]
) -> dict[Value, Share]:
    """The same by the layers of each case, all nodes, and the leaves that are no targets."""
    last = [unit for layers in cases for unit in layers[-1]]
    operations = {v.op.name for v in order if v.op is not None}
    if not last or not any(part in name for name in operations for part in OF_ENTROPY):
        return {}
    if any(unit.activation not in (None, ops.sigmoid) for unit in last):
        return {}
    nets = [unit.net for unit in last]
    if len(set(nets)) < len(nets):
        return {}
    try:
        slopes = [slopes_at(order, _moved(nets, place)) for place in PLACES]
        own = slopes_at(order, {net: net.data for net in nets})
    except (ArithmeticError, ValueError):
        return {}
    known = set(trained)
    outside = [v for v in order if v.op is None and not isinstance(v, Constant) and v not in known]
    shares = {}
    for k, net in enumerate(nets):
        share = _share(outside, net, own, [(_moved(nets, x)[net], at) for x, at in zip(PLACES, slopes, strict=True)])
        if share is None:
            return {}
        shares[nets[k]] = share
    return shares


def _moved(nets: Sequence[Value], place: float) -> dict[Value, float]:
    return {net: place + FURTHER * (k % 7) for k, net in enumerate(nets)}


def _share(
    outside: Sequence[Value],
    net: Value,
    own: Mapping[Value, float],
    moved: Sequence[tuple[float, Mapping[Value, float]]],
) -> Share | None:
    """The share of a net input, if the slope there is p - t, over a count, at each of these places."""
    points = [(x, ops.sigmoid.compute([x]), slopes.get(net, 0.0)) for x, slopes in moved]
    (_, first, one), (_, second, other) = points
    count = (first - second) / (one - other) if one != other else math.nan
    if not count >= 0.5 or abs(count - round(count)) > NEAR * count:
        return None
    count = round(count)
    points.append((net.data, ops.sigmoid.compute([net.data]), own.get(net, 0.0)))
    targets = [p - slope * count for _, p, slope in points]
    t = round(targets[0], 9) + 0.0
    if any(abs(each - t) > 10.0 * NEAR for each in targets) or not 0.0 <= t <= 1.0:
        return None
    leaf = _leaf(outside, t, own, -net.data / count)
    return Share(points[-1][1], t if leaf is None else leaf.data, count, alone=True, leaf=leaf)


def _leaf(outside: Sequence[Value], target: float, slopes: Mapping[Value, float], slope: float) -> Value | None:
    """The leaf that the target is: of these the error has the slope -z, whichever the operations are."""
    near = [v for v in outside if abs(v.data - target) <= 10.0 * NEAR]
    told = [v for v in near if v in slopes and math.isclose(slopes[v], slope, rel_tol=1e-6, abs_tol=1e-12)]
    return told[0] if len(told) == 1 else None


def compared(found: Derivation, out: Value) -> Value | float | None:
    """What an output is subtracted from, or what is subtracted from it: a leaf that is not trained, or a number."""
    trained = set(found.trainable)
    for user in found.users.get(out, []):
        if user.op is ops.sub and not any(is_logarithm(each) for each in found.users.get(user, [])):
            others = [x for x in user.operands if x is not out]
            for other in others:
                if not isinstance(other, Value):
                    return other
                if isinstance(other, Constant):
                    return other.data
                if other.op is None and other not in trained:
                    return other
    return None
