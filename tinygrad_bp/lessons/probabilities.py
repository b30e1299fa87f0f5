"""The probabilities of a softmax, as quantities of the forward pass: people write them down, whether a graph has nodes for them or not.

A cross entropy is recorded in one piece as a rule, by `logsumexp` of the net inputs, while textbooks have -log(p). So what they compute
stands beside the graph, p_o1, p_o2, ...: nodes that are computed from the net inputs, and which nothing is computed from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.softmax import Share, entropies, softmax
from tinygrad_bp.lessons.ways import nearest

if TYPE_CHECKING:
    from tinygrad_bp.lessons.derivation import Derivation

NEAR = 1e-12  # how like a number that has a name may be, which then is the probability itself
LARGEST = 300.0  # of a net input whose exponential is written out; of larger ones differences are


@dataclass(frozen=True)
class Probabilities:
    """The probabilities beside a graph.

    Attributes:
        nodes: all nodes, each after those it is computed from.
        names: the name of each probability.
        of: of each net input of a softmax its probability.
        net: the same the other way round.
        shares: of each net input what it is in the softmax.
        layers: the net inputs that softmax is taken of together.
        errors: of each Value that is made of cross entropies of these, the probabilities whose logarithms it is made of.
        factors: of each such Value the layers, by their places, and by which factor the cross entropy of each is a part of it.
    """

    nodes: list[Value] = field(default_factory=list)
    names: dict[Value, str] = field(default_factory=dict)
    of: dict[Value, Value] = field(default_factory=dict)
    net: dict[Value, Value] = field(default_factory=dict)
    shares: dict[Value, Share] = field(default_factory=dict)
    layers: list[list[Value]] = field(default_factory=list)
    errors: dict[Value, list[Value]] = field(default_factory=dict)
    factors: dict[Value, dict[int, float]] = field(default_factory=dict)


def probabilities(found: Derivation) -> Probabilities:
    """Those of the last layers of neurons, where the error is a cross entropy of softmax. Those with a name in the graph are in it."""
    made = Probabilities()
    shares = softmax(found)
    taken = set(found.names.values())
    for layers in found.cases if shares else ():
        last = layers[-1]
        if any(unit.net not in shares or unit.net not in found.names for unit in last):
            continue
        names = [f"p_{unit.name}{_number(found.names[unit.net])}" for unit in last]
        numbers = [shares[unit.net].probability for unit in last]
        if taken.intersection(names) or len(set(names)) < len(names) or _are_named(found, last, numbers):
            continue
        taken.update(names)
        nodes, ps = _recorded([unit.net for unit in last])
        made.nodes.extend(nodes)
        made.layers.append([unit.net for unit in last])
        for unit, p, name in zip(last, ps, names, strict=True):
            made.names[p], made.of[unit.net], made.net[p] = name, p, unit.net
            made.shares[unit.net] = shares[unit.net]
    for v, factors in entropies(found.order, found.names, made.layers, shares).items():
        made.factors[v] = factors
        made.errors[v] = [made.of[net] for k in factors for net in made.layers[k] if shares[net].target]
    return made


def _number(name: str) -> str:
    """That of a case, `[2]`."""
    return name[name.rfind("[") :] if name.endswith("]") else ""


def _are_named(found: Derivation, layer: Sequence[Unit], numbers: Sequence[float]) -> bool:
    """Whether nodes of the graph with names are the probabilities: it was written by hand."""
    nets = {unit.net for unit in layer}
    computed = {net for net in nets if net.op is not None}
    above = {v for v in found.forward if v not in nets and not computed.isdisjoint(nearest(v.operands, found.names))}
    return all(any(math.isclose(v.data, p, rel_tol=NEAR) for v in above) for p in numbers)


def _recorded(nets: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """The nodes of exp(net) over the sum of these, and those of them that are the probabilities."""
    if max(abs(net.data) for net in nets) < LARGEST:
        tops = [net.exp() for net in nets]
        total = Value.record_operation(ops.sum_of, tops)
        ps = [top / total for top in tops]
        return [*tops, total, *ps], ps
    total = Value.record_operation(ops.logsumexp, list(nets))
    gaps = [net - total for net in nets]
    ps = [gap.exp() for gap in gaps]
    return [total, *gaps, *ps], ps
