"""The probabilities of a softmax, or of sigmoids, as quantities of the forward pass: people write them down, with nodes for them or not.

A cross entropy is recorded in one piece as a rule, by `logsumexp` or `softplus` of net inputs, while textbooks have -log(p). So what they
compute stands beside the graph, p_o1, p_o2, ...: nodes that are computed from the net inputs, and which nothing is computed from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.layers import named_by_case
from tinygrad_bp.lessons.softmax import Share, entropies, grouped

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
        called: of each net input the name of its probability, here or in the graph.
        own: of each probability that is a node of the graph with a name its net input.
        of: of each net input its probability, by a softmax or by its sigmoid.
        net: the same the other way round.
        shares: of each net input what it is in the cross entropy.
        layers: the net inputs that softmax is taken of together; of sigmoids each by itself.
        errors: of each Value that is made of cross entropies of these, the probabilities whose logarithms it is made of.
        factors: of each such Value the layers, by their places, and by which factor the cross entropy of each is a part of it.
    """

    nodes: list[Value] = field(default_factory=list)
    names: dict[Value, str] = field(default_factory=dict)
    called: dict[Value, str] = field(default_factory=dict)
    own: dict[Value, Value] = field(default_factory=dict)
    of: dict[Value, Value] = field(default_factory=dict)
    net: dict[Value, Value] = field(default_factory=dict)
    shares: dict[Value, Share] = field(default_factory=dict)
    layers: list[list[Value]] = field(default_factory=list)
    errors: dict[Value, list[Value]] = field(default_factory=dict)
    factors: dict[Value, dict[int, float]] = field(default_factory=dict)


def probabilities(found: Derivation) -> Probabilities:
    """Those of the last layers of neurons, where the error is a cross entropy. Those with a name in the graph are in it."""
    made = Probabilities()
    shares = found.shares
    taken = set(found.names.values())
    partly: list[list[Value]] = []  # the rest of those some of which the graph has; errors are computed from these
    for last in [group for layers in found.cases for group in grouped(layers[-1], shares)] if shares else ():
        if any(unit.net not in found.names for unit in last):
            continue
        own = _named(found, last)
        made.called.update({net: found.names[v] for net, v in own.items()})
        made.own.update({v: net for net, v in own.items()})
        missing = [unit for unit in last if unit.net not in own]
        names = _names(found, missing, own)
        if not missing or taken.intersection(names) or len(set(names)) < len(names):
            continue
        taken.update(names)
        nodes, ps = _recorded([unit.net for unit in last])
        made.nodes.extend(nodes)
        (made.layers if not own else partly).append([unit.net for unit in missing])
        for unit, name in zip(missing, names, strict=True):
            p = ps[last.index(unit)]
            made.names[p], made.of[unit.net], made.net[p] = name, p, unit.net
            made.called[unit.net] = name
            made.shares[unit.net] = shares[unit.net]
    for v, factors in entropies(found.order, found.names, made.layers, shares).items():
        made.factors[v] = factors
        weighed = [net for k in factors for net in made.layers[k] if shares[net].target or shares[net].alone]
        made.errors[v] = [made.of[net] for net in weighed]
    made.layers.extend(partly)
    return made


def _named(found: Derivation, layer: Sequence[Unit]) -> dict[Value, Value]:
    """Of net inputs the nodes of the graph with names that are their probabilities: it was written by hand."""
    nets = {unit.net for unit in layer}
    computed = {net for net in nets if net.op is not None}
    reached = set(computed)
    for v in found.order:
        if not reached.isdisjoint(v.args):
            reached.add(v)
    above = [v for v in found.forward if v.label and v in reached and v not in nets]
    named: dict[Value, Value] = {}
    for unit in layer:
        p = found.shares[unit.net].probability
        if near := [v for v in above if math.isclose(v.data, p, rel_tol=NEAR) and v not in named.values()]:
            named[unit.net] = near[0]
    return named


def _names(found: Derivation, units: Sequence[Unit], named: Mapping[Value, Value]) -> list[str]:
    """What the probabilities of these are called: p_o1, or p1 and p3 where the graph has p2."""
    for net, v in named.items():
        stem, number = re.fullmatch(r"(.*?)(\d*)", v.label, re.DOTALL).groups()  # type: ignore[union-attr]
        others = [_last_number(found.names[unit.net]) for unit in units]
        if number and number == _last_number(found.names[net]) and all(others):
            return [f"{stem}{other}" for other in others]
    return [f"p_{named_by_case(unit, found.names)}" for unit in units]


def _last_number(name: str) -> str:
    numbers = re.findall(r"\d+", name.partition("[")[0])
    return numbers[-1] if numbers else ""


def _recorded(nets: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """The nodes of exp(net) over the sum of these, or of one the sigmoid; and those of them that are the probabilities."""
    if len(nets) == 1:
        ps = [net.sigmoid() for net in nets]
        return ps, ps
    if max(abs(net.data) for net in nets) < LARGEST:
        tops = [net.exp() for net in nets]
        total = Value.record_operation(ops.sum_of, tops)
        ps = [top / total for top in tops]
        return [*tops, total, *ps], ps
    total = Value.record_operation(ops.logsumexp, list(nets))
    gaps = [net - total for net in nets]
    ps = [gap.exp() for gap in gaps]
    return [total, *gaps, *ps], ps
