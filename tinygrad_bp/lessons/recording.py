"""A derivation as plain data, and again as a graph: keys of exercises hold theirs, so that solutions are marked as `mark` marks them.

The data is a dictionary with

- `nodes`: a list, each node after those it was computed from: of a leaf `{"data": 0.15, "label": "w1"}`, of all others
  `{"op": "mul", "of": [0, 1], "label": ""}`, where an operand is the place of a node, or `[2.0]`, a plain number;
- `parameters`: the places of the leaves that are trained; `labelled_only`: as `Derivation` takes it.
"""

from __future__ import annotations

from typing import Any

from tinygrad_bp.core.ops import OPERATIONS
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.scope import MOST_NODES
from tinygrad_bp.text import shown


def graph_data(found: Derivation) -> dict[str, Any] | None:
    """The graph of a derivation as data; None for one with an operation that is not in the table, which only a program has."""
    nodes: list[dict[str, Any]] = []
    beside = set(found.probabilities.nodes)
    order = [v for v in found.order if v not in beside]
    place = {v: k for k, v in enumerate(order)}
    for v in order:
        if v.op is None:
            nodes.append({"data": v.data, "label": v.label})
            continue
        if OPERATIONS.get(v.op.name) is not v.op:
            return None
        operands = [place[x] if x in place else [x.data if isinstance(x, Value) else x] for x in v.operands]
        nodes.append({"op": v.op.name, "of": operands, "label": v.label})
    return {
        "nodes": nodes,
        "parameters": [place[v] for v in found.parameters],
        "labelled_only": found.labelled_only,
    }


def derivation_of(data: Any, learning_rate: float | None) -> Derivation:
    """The derivation that data came from. Raises ValueError for data that no graph has, and what operations raise for its numbers."""
    try:
        if not 0 < len(data["nodes"]) <= MOST_NODES:
            raise ValueError(f"a graph of {len(data['nodes'])} nodes")
        made: list[Value] = []
        for node in data["nodes"]:
            if "op" in node:
                made.append(Value.record_operation(OPERATIONS[node["op"]], [_operand(made, x) for x in node["of"]]))
                made[-1].label = str(node["label"])
            else:
                made.append(Value(float(node["data"]), str(node["label"])))
        parameters = [made[_place(k, made)] for k in data["parameters"]]
        labelled_only = bool(data["labelled_only"])
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"it holds no graph: {error!r:.80}") from None
    return Derivation(made[-1], learning_rate=learning_rate, parameters=parameters, labelled_only=labelled_only)


def _operand(made: list[Value], x: Any) -> Value | float:
    return float(x[0]) if isinstance(x, list) else made[_place(x, made)]


def _place(x: Any, made: list[Value]) -> int:
    if not isinstance(x, int) or isinstance(x, bool) or not 0 <= x < len(made):
        raise ValueError(f"it holds no graph: {shown(x)} is the place of no node before")
    return x
