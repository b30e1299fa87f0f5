"""Softmax with cross entropy, found in a graph: where the node deltas of the last layer are p − y.

It is told by its numbers, so that it does not matter in which operations a graph has it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit

if TYPE_CHECKING:
    from tinygrad_bp.lessons.derivation import Derivation

NEAR = 1e-9  # how well numbers must fit
PLACES = (0.6, -0.9)  # net inputs at which slopes are held against p - t
OF_ENTROPY = (
    "logsumexp",
    "softplus",
    "exp",
    "log",
    "softmax",
    "nll",
    "entropy",
)  # an operation that a cross entropy is made of


class Share(NamedTuple):
    """Of an output whose error is a cross entropy.

    Attributes:
        probability: of its class.
        target: what that should be.
        cases: how many cases, or outputs, the error is the mean of.
        alone: whether the probability is the sigmoid of the net input, which takes no other classes into account; else softmax.
        leaf: the target as a leaf of the graph, if it is known to be one.
    """

    probability: float
    target: float
    cases: int
    alone: bool = False
    leaf: Value | None = None

    def surprise(self, p: float) -> float:
        """The cross entropy at another probability: -y log(p), of a sigmoid with -(1 - t) log(1 - p)."""
        other = (1.0 - self.target) * math.log1p(-p) if self.alone and self.target != 1.0 else 0.0
        return -(self.target * math.log(p) if self.target else 0.0) - other

    def steepness(self, p: float) -> float:
        """The size of the slope of that with respect to the probability."""
        other = (1.0 - self.target) / (1.0 - p) if self.alone and self.target != 1.0 and p < 1.0 else 0.0
        return abs((self.target / p if self.target else 0.0) - other)


def grouped(layer: Sequence[Unit], shares: Mapping[Value, Share]) -> list[Sequence[Unit]]:
    """The outputs that one cross entropy is made of: all those of a softmax, each sigmoid by itself; empty if there is none."""
    if not layer or any(unit.net not in shares for unit in layer):
        return []
    return [[unit] for unit in layer] if shares[layer[0].net].alone else [layer]


def slopes_at(order: Sequence[Value], at: Mapping[Value, float]) -> dict[Value, float]:
    """The derivatives of the last of these nodes with respect to those before it where some of them have other data, down to these.

    Raises what operations raise for numbers outside their domains.
    """
    data: dict[Value, float] = {}
    for v in order:
        if v in at:
            data[v] = at[v]
        elif any(x in data for x in v.args):
            assert v.op is not None
            data[v] = v.op.compute([data.get(x, x.data) if isinstance(x, Value) else x for x in v.operands])
    slopes = {order[-1]: 1.0}
    for v in reversed(order):
        if v not in slopes or v.op is None or v in at:
            continue
        numbers = [data.get(x, x.data) if isinstance(x, Value) else x for x in v.operands]
        wanted = [isinstance(x, Value) for x in v.operands]
        for x, local in zip(v.operands, v.op.derivatives(data.get(v, v.data), numbers, wanted), strict=True):
            if isinstance(x, Value):
                slopes[x] = slopes.get(x, 0.0) + local * slopes[v]
    return slopes


def softmax(found: Derivation) -> dict[Value, Share]:
    """Of each net input of the last layers its share; empty where the error is no cross entropy of a softmax."""
    shares = shares_of(found.cases, found.order, found.graph.total)
    return with_leaves(shares, found.order, found.trainable) if shares else {}


def with_leaves(
    shares: Mapping[Value, Share], order: Sequence[Value], trained: Collection[Value]
) -> dict[Value, Share]:
    """The shares with their targets as leaves of the graph.

    The error has one of two slopes at a target, whichever the operations are: -log(p), or -z where the sum of the targets is taken to be
    1. Of leaves that nothing tells apart, such as those of classes with equal net inputs, there must be one for each class.
    """
    known = set(trained)
    outside = [v for v in order if v.op is None and not isinstance(v, Constant) and v not in known]
    if not outside:
        return dict(shares)
    slopes = slopes_at(order, {})
    near: dict[Value, list[Value]] = {}
    for net, share in shares.items():
        wanted = [x / share.cases for x in (-net.data, -math.log(share.probability) if share.probability else math.inf)]
        near[net] = [
            v
            for v in outside
            if abs(v.data - share.target) <= NEAR
            and any(math.isclose(slopes.get(v, 0.0), x, rel_tol=1e-6, abs_tol=1e-12) for x in wanted)
        ]
    leaves: dict[Value, Value] = {}
    for net, several in near.items():
        alike = [other for other, its in near.items() if its == several]
        if len(alike) == len(several):
            leaves[net] = several[alike.index(net)]
    if len(set(leaves.values())) < len(shares):
        return dict(shares)
    return {net: share._replace(target=leaves[net].data, leaf=leaves[net]) for net, share in shares.items()}


def shares_of(
    cases: Sequence[Sequence[Sequence[Unit]]], order: Sequence[Value], total: Mapping[Value, float]
) -> dict[Value, Share]:
    """The same by the layers of each case, all nodes, and the derivatives of the error with respect to the net inputs."""
    operations = {v.op.name for v in order if v.op is not None}
    if not any(part in name for name in operations for part in OF_ENTROPY):
        return {}
    shares: dict[Value, Share] = {}
    for layers in cases:
        for count in dict.fromkeys((len(cases), 1)):
            if fits := _shares(total, layers[-1], count):
                shares |= fits
                break
        else:
            return {}
    return shares


def _shares(total: Mapping[Value, float], layer: Sequence[Unit], count: int) -> dict[Value, Share]:
    if len(layer) < 2 or any(unit.activation or unit.net not in total for unit in layer):
        return {}
    largest = max(unit.net.data for unit in layer)
    weights = [math.exp(unit.net.data - largest) for unit in layer]
    probabilities = [x / math.fsum(weights) for x in weights]
    targets = [p - total[unit.net] * count for p, unit in zip(probabilities, layer, strict=True)]
    rounded = [round(t, 9) + 0.0 for t in targets]
    if any(not abs(a - b) <= NEAR or not 0.0 <= b <= 1.0 for a, b in zip(targets, rounded, strict=True)):
        return {}
    if abs(math.fsum(rounded) - 1.0) > NEAR * len(layer):
        return {}
    return {unit.net: Share(p, y, count) for unit, p, y in zip(layer, probabilities, rounded, strict=True)}


def surprise(layer: Sequence[Value], shares: Mapping[Value, Share]) -> float:
    """-Σ y log(p) of the net inputs of a layer, which keeps its digits where p is next to 0 or to 1."""
    nets = [net.data for net in layer]
    if len(layer) == 1:
        [x], t = nets, shares[layer[0]].target
        return math.fsum(share * ops.softplus.compute([z]) for share, z in ((t, -x), (1.0 - t, x)) if share)
    terms = []
    for net in layer:
        if y := shares[net].target:
            gaps = [x - net.data for other, x in zip(layer, nets, strict=True) if other is not net]
            most = max(0.0, *gaps)
            rest = math.fsum(math.exp(gap - most) for gap in gaps)
            terms.append(y * (math.log1p(rest) if most == 0.0 else most + math.log(math.exp(-most) + rest)))
    return math.fsum(terms)


def entropies(
    order: Sequence[Value], names: Collection[Value], layers: Sequence[Sequence[Value]], shares: Mapping[Value, Share]
) -> dict[Value, dict[int, float]]:
    """The Values with names that are cross entropies of some layers: by which factor that of each is a part of it, as the slopes tell.

    Args:
        order: all nodes, each after those it is computed from.
        layers: the net inputs that softmax is taken of together.
    """
    nets = {net for layer in layers for net in layer}
    above: dict[Value, int] = {}  # and the place of each among them
    for v in order:
        if v not in nets and any(x in nets or x in above for x in v.args):
            above[v] = len(above)
    upwards = list(above)
    found: dict[Value, dict[int, float]] = {}
    for v in above:
        if v in names and (slopes := _down_to(upwards[: above[v] + 1], nets, names, {*found}, above)):
            met = [k for k, layer in enumerate(layers) if any(net in slopes for net in layer)]
            factors = {k: factor for k in met if (factor := _factor(layers[k], shares, slopes)) is not None}
            of_classes = all(len(layers[k]) > 1 for k in met)
            if len(factors) == len(met) and (
                of_classes or _are_everywhere(upwards[: above[v] + 1], layers, shares, factors)
            ):
                found[v] = factors
    return found


def _are_everywhere(
    upwards: Sequence[Value],
    layers: Sequence[Sequence[Value]],
    shares: Mapping[Value, Share],
    factors: Mapping[int, float],
) -> bool:
    """Whether the slopes at sigmoids, each of which alone fits any target, are these factors times p - t at other net inputs, too."""
    reached = {upwards[-1]}
    for v in reversed(upwards):
        if v in reached:
            reached.update(v.args)
    own = [v for v in upwards if v in reached]
    for place in PLACES:
        at = {layers[k][0]: place for k in factors}
        try:
            slopes = slopes_at([*at, *own], at)
        except (ArithmeticError, ValueError):
            return False
        p = ops.sigmoid.compute([place])
        for k, factor in factors.items():
            [net] = layers[k]
            if abs(slopes.get(net, 0.0) - factor * (p - shares[net].target)) > NEAR * abs(factor):
                return False
    return True


def _down_to(
    upwards: Sequence[Value],
    nets: Collection[Value],
    names: Collection[Value],
    others: Collection[Value],
    above: Collection[Value],
) -> dict[Value, float]:
    """The derivatives of the last of these with respect to the net inputs, if it is made of no other cross entropy or quantity."""
    slopes = {upwards[-1]: 1.0}
    for n in reversed(upwards):
        if n not in slopes:
            continue
        if n in others:
            return {}
        for x, local in zip(n.operands, n.local_derivatives, strict=True):
            if isinstance(x, Value):
                slopes[x] = slopes.get(x, 0.0) + local * slopes[n]
                if x.op is not None and x in names and x not in nets and x not in above:
                    return {}
    return {net: slope for net, slope in slopes.items() if net in nets}


def _factor(layer: Sequence[Value], shares: Mapping[Value, Share], slopes: Mapping[Value, float]) -> float | None:
    """By which the slopes are p - y; None if they are not."""
    gaps = [shares[net].probability - shares[net].target for net in layer]
    most = max(range(len(layer)), key=lambda k: abs(gaps[k]))
    if not gaps[most]:  # and nothing tells
        return None if any(slopes.get(net) for net in layer) else 1.0 / shares[layer[most]].cases
    factor = slopes.get(layer[most], 0.0) / gaps[most]
    near = all(
        abs(slopes.get(net, 0.0) - factor * gap) <= NEAR * abs(factor) for net, gap in zip(layer, gaps, strict=True)
    )
    return factor if factor and near else None
