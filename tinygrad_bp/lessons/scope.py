"""What a derivation takes from a graph and its caller: neurons, names for what has none, parameters, the learning rate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import unique_names
from tinygrad_bp.explanation.neurons import Unit, units
from tinygrad_bp.lessons.chosen import leaves_called, near_leaves
from tinygrad_bp.lessons.layers import cases
from tinygrad_bp.lessons.roles import shared_out, weighs_inputs
from tinygrad_bp.lessons.softmax import shares_of, slopes_at
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.text import counted, shown

MOST_NODES = 20_000  # of a graph that is derived


def those_of(optimizer: Optimizer, leaves: Sequence[Value], operation: str) -> list[Value]:
    known = set(leaves)
    found = [p for p in optimizer.parameters if p in known]
    if not found:
        raise ValueError(f"{operation}: none of the optimizer's parameters is in the graph: it trains another network")
    return found


def neurons_of(order: Sequence[Value], trainable: Sequence[Value], parameters: Sequence[Value]) -> list[Unit]:
    """The neurons, also where one weight alone is followed.

    A product and a sum alone make no neuron, since physics has them, too: an activation does, a label that calls it one, or softmax.
    """
    usual, chosen = (units(order, trained, most=MOST_NODES, numbers=True) for trained in (trainable, parameters))
    found = max(usual, chosen, key=lambda found: sum(len(unit.connections) for unit in found))
    nodes = [v for unit in found for v in (unit.net, unit.out)]
    called = any(v.label.startswith(("net_", "out_")) for v in nodes)
    if called or any(map(weighs_inputs, found)) or shared_out(order, found):
        return found
    return found if found and shares_of(cases(found, order), order, slopes_at(order, {})) else []


def names_of_unlabelled(order: Sequence[Value], neurons: Sequence[Unit]) -> dict[Value, str]:
    """Names for net inputs and outputs without a label: those of a neuron that is labelled in part or that a softmax is taken of, and of a
    graph without any labels. Neurons of one name, a case's each, are numbered as their labels are."""
    bare = not any(v.label for v in order[:-1] if v.op is not None)
    found: dict[Value, str] = {}
    shared = shared_out(order, neurons)
    uses, seen = Counter(unit.name for unit in neurons), Counter[str]()
    for unit in neurons:
        seen[unit.name] += 1
        name = unit.name if uses[unit.name] == 1 else f"{unit.name}[{seen[unit.name]}]"
        if bare or unit.net.label or unit.out.label or unit.net in shared:
            found |= {v: f"{kind}_{name}" for kind, v in (("out", unit.out), ("net", unit.net)) if not v.label}
    return found


def parameters_called(order: Sequence[Value], given: Iterable[object], operation: str) -> list[Value]:
    """The leaves that are named. Raises ValueError for what is none."""
    leaves = [v for v in order if v.op is None]
    names = unique_names(v for v in order if v.label)
    chosen: dict[Value, None] = {}
    for each in given:
        called = leaves_called(leaves, names, each)
        if not called:
            name = each.label if isinstance(each, Value) and each.label else shown(each)
            count = counted(len(leaves), "leaf", "leaves")
            near = near_leaves(leaves, names, each)
            raise ValueError(f"{operation}: the parameter {name:.60} is no leaf of the graph, which has {count}{near}")
        chosen |= dict.fromkeys(called)
    if not chosen:
        raise ValueError(f"{operation}: there is no parameter to derive with respect to")
    return list(chosen)


def rate_of(x: float, operation: str) -> float:
    where = f"{operation}: lr"
    if type(x).__name__ in ("bool", "bool_"):
        raise TypeError(f"{where} is the learning rate, a real number, not {type(x).__name__} {x}")
    rate = as_float(x, where, wants="is the learning rate, a real number")
    if not 0.0 < rate < math.inf:
        raise ValueError(f"{where}, the learning rate, is a finite number above 0, not {rate!r}")
    return rate
