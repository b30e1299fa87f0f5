"""Paths that die: the factors that let no gradient through, and how large gradients are layer by layer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.diagnosis.plain import Plain, plain_activations
from tinygrad_bp.explanation.neurons import Unit, units

FLAT = 1e-4  # a slope below it lets next to nothing through: of sigmoid beyond 9.2, of tanh beyond 5.3
DEAD_FLAT = 1e-8  # one beyond doubt, also of a single neuron among many
MATTERS = 1e-2  # the least gradient, beside y, that a node has which could be learned from
LEARNS = 1e-4  # beside y, the least that comes through to what learns
FADES = 1e-4  # by how much gradients of the first layer and of the last are apart that vanish or explode
HUGE_GRADIENT = 1e6  # of a layer that explode, whatever those of others are
ROWS = 30  # so many rows say of a neuron that is off in all of them that it is dead
MOST_CONNECTIONS = 10**9

SATURATING = frozenset((ops.sigmoid, ops.tanh, ops.erf, ops.silu, ops.gelu, ops.normal_cdf))
CLOSING = frozenset((ops.relu, ops.leaky_relu, ops.clip, ops.step, ops.sign, ops.maximum, ops.minimum))
POSITIVE = frozenset((ops.relu, ops.sigmoid, ops.softplus, ops.exp, ops.abs, ops.normal_cdf))  # what is never below 0
INPUT = re.compile(r"(?:i|x|input|target)_?\w?\d*")  # labels of what comes from outside


@dataclass(frozen=True)
class LayerGradients:
    """How large the gradients of a layer's weights are.

    Attributes:
        depth: 1 for the layer that inputs alone feed.
        count: how many weights it has.
        size: the root of the mean of the squares of their gradients.
    """

    depth: int
    count: int
    size: float


@dataclass(frozen=True)
class Dying:
    """What lets no gradient through.

    Attributes:
        kind: as `Finding.kind`.
        nodes: those that let none through, that which most hangs on first.
        numbers: those that count.
    """

    kind: str
    nodes: tuple[Value, ...]
    numbers: Mapping[str, float]


def dying_paths(
    order: Sequence[Value], gradients: Mapping[Value, float], xs: Sequence[Value], neurons: Sequence[Unit]
) -> list[Dying]:
    """What keeps the xs from learning, at finite gradients."""
    if xs and not any(gradients.get(x, 0.0) for x in xs):
        killers = _killers(order, gradients)
        if killers:
            return [Dying("no gradient", tuple(killers), {"xs": len(xs)})]
    dead = _dead(neurons, gradients)
    plain = plain_activations(order)
    saturated = _saturated(order, gradients, neurons, plain)
    found = []
    if dead:
        found.append(Dying("dead", tuple(dead), {"slope": 0.0, "count": len(dead)}))
    if saturated:
        first = saturated[0]
        numbers = {"slope": _slope(first, plain), "gradient": gradients[first], "count": len(saturated)}
        if first in plain:
            numbers["at"] = plain[first].at
        found.append(Dying("saturated", tuple(saturated), numbers))
    return found


def neurons_of(order: Sequence[Value], xs: Sequence[Value]) -> list[Unit]:
    """The neurons whose weights are among the xs; of these, what is labelled as an input, or not while others are, is none."""
    parameters = [x for x in xs if not INPUT.fullmatch(x.label)]
    labelled = [x for x in parameters if x.label]
    return units(order, labelled or parameters, most=MOST_CONNECTIONS, numbers=True)


def by_layer(neurons: Sequence[Unit], gradients: Mapping[Value, float]) -> list[LayerGradients]:
    """The gradients of weights, layer by layer, from the inputs on."""
    weights: dict[int, dict[Value, float]] = {}
    for unit in neurons:
        of_layer = weights.setdefault(unit.depth, {})
        for connection in unit.connections:
            of_layer[connection.weight] = gradients.get(connection.weight, 0.0)
    return [
        LayerGradients(depth, len(each), math.hypot(*each.values()) / math.sqrt(len(each)))
        for depth, each in sorted(weights.items())
    ]


def fading(layers: Sequence[LayerGradients]) -> str:
    """Whether gradients are "vanishing", those of the first layer much smaller than those of the last, or "exploding"; else empty."""
    if len(layers) < 3 or not layers[-1].size:
        return ""
    ratio = layers[0].size / layers[-1].size
    explode = ratio > 1.0 / FADES or max(each.size for each in layers) > HUGE_GRADIENT
    return "vanishing" if ratio < FADES else "exploding" if explode else ""


def _slope(node: Value, plain: Mapping[Value, Plain] | None = None) -> float:
    """The largest local derivative with respect to what varies; of an activation in plain arithmetic that by its argument."""
    if plain and node in plain:
        return plain[node].slope
    slopes = [abs(local) for local in node.recorded_derivatives if local is not None]
    return max(slopes, default=0.0)


def _killers(order: Sequence[Value], gradients: Mapping[Value, float]) -> list[Value]:
    """The nodes that something would pass and that let nothing through, the nearest to y first; of a minimum, where y is 0, none."""
    found = [
        node
        for node in reversed(order)
        if node.op in CLOSING | SATURATING | {ops.mul, ops.exp} and gradients.get(node, 0.0) and _slope(node) == 0.0
    ]
    shut = [node for node in found if node.op is not ops.mul]
    return shut or (found if order[-1].data else [])


def _saturated(
    order: Sequence[Value], gradients: Mapping[Value, float], neurons: Sequence[Unit], plain: Mapping[Value, Plain]
) -> list[Value]:
    """The nodes that are saturated though something is to be learned from them. Of a neuron they are so in all rows, and beyond doubt or
    with half of its layer: some of a network that has learned are."""
    y = abs(order[-1].data)
    written = {x: node for node, each in plain.items() for x in each.of}
    neurons = [replace(unit, out=written[unit.out]) if unit.out in written else unit for unit in neurons]
    rows = _rows([unit for unit in neurons if unit.activation in SATURATING or unit.out in plain])
    together: dict[Value, float] = {}  # of a neuron what all rows ask of it, of which each has a small part in a mean
    for each in rows.values():
        whole = math.fsum(abs(gradients.get(unit.out, 0.0)) for unit in each)
        together.update((unit.out, whole) for unit in each)
    found = []
    for node in order:
        saturates = node.op in SATURATING or node in plain
        if saturates and (slope := _slope(node, plain)) < FLAT and gradients.get(node, 0.0):
            gradient = together.get(node) or abs(gradients[node])
            if gradient >= MATTERS * y and gradient * slope < LEARNS * y:
                found.append(node)
    steepest = {key: max(_slope(unit.out, plain) for unit in each) for key, each in rows.items()}
    layers = _by_depth(rows, {key: slope < FLAT for key, slope in steepest.items()})
    spared = {
        unit.out
        for key, each in rows.items()
        for unit in each
        if steepest[key] >= FLAT or (steepest[key] >= DEAD_FLAT and not _half(layers[unit.depth]))
    }
    return sorted((node for node in found if node not in spared), key=lambda node: -abs(gradients[node]))


def _dead(neurons: Sequence[Unit], gradients: Mapping[Value, float]) -> list[Value]:
    """The outputs of neurons that are off: for inputs of any signs, or in many rows with half of the layer, or in several with all."""
    rows = _rows([unit for unit in neurons if unit.activation in CLOSING])
    off = {key: all(_slope(unit.out) == 0.0 for unit in each) for key, each in rows.items()}
    layers = _by_depth(rows, off)
    found = []
    for key, each in rows.items():
        layer = layers[each[0].depth]
        with_others = (len(each) >= ROWS and _half(layer)) or (len(each) > 1 and len(layer) > 1 and all(layer))
        dead = off[key] and (with_others or all(map(_off_for_any_signs, each)))
        if dead and any(gradients.get(unit.out, 0.0) for unit in each):
            found.append(each[0].out)
    return found


def _rows(neurons: Sequence[Unit]) -> dict[tuple[Value, ...], list[Unit]]:
    """Each neuron, by its weights, as it is in each row."""
    rows: dict[tuple[Value, ...], list[Unit]] = {}
    for unit in neurons:
        rows.setdefault(tuple(c.weight for c in unit.connections), []).append(unit)
    return rows


def _by_depth(
    rows: Mapping[tuple[Value, ...], Sequence[Unit]], so: Mapping[tuple[Value, ...], bool]
) -> dict[int, list[bool]]:
    """Of each layer which neurons are so."""
    layers: dict[int, list[bool]] = {}
    for key, each in rows.items():
        layers.setdefault(each[0].depth, []).append(so[key])
    return layers


def _half(layer: Sequence[bool]) -> bool:
    return 2 * sum(layer) >= len(layer)


def _off_for_any_signs(unit: Unit) -> bool:
    """Whether the net input stays below 0 for all inputs of this size: if they change their signs, where they may."""
    most = bias = unit.bias.data if unit.bias is not None else 0.0
    for c in unit.connections:
        weight, source = c.weight.data, c.source
        if source.op not in POSITIVE:
            most += abs(weight * source.data)
        elif weight > 0.0:
            if not source.data:  # which may be on at another time
                return False
            most += weight * source.data
    return most < 0.0 or (most == bias <= 0.0 < len(unit.connections))
