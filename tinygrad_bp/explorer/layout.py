"""Where the nodes and edges of a computation graph lie: Graphviz says it when the page is written.

It is laid out up to three times: operation by operation, and folded, as one box for each neuron or named Value and as one for each
layer. A page shows the finest of them whose letters can be read when all of it is in the window: at the scale that is the smaller one of
window width / width and window height / height, a letter is `letter` times the scale high. Of that layout what is in sight is drawn:
a box, and a curve by its points, whose own frame meets that of the window.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from tinygrad_bp.core.order import owners
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing.again import again
from tinygrad_bp.drawing.rendering import run
from tinygrad_bp.explanation.attention import Look, owned
from tinygrad_bp.explanation.neurons import ACTIVATIONS, Unit
from tinygrad_bp.explorer.beside import beside
from tinygrad_bp.explorer.steps import in_steps

POINTS = 72.0  # an inch, in which Graphviz counts
LETTER = 12.0  # the size of the letters in a box, in points
NARROWEST, WIDEST, HEIGHT = 134.0, 172.0, 60.0  # of a node, in points
AGAIN = 42.0  # the height of one that is drawn again: its name and its number
CONSTANT = 34.0, 22.0
FOLDED = 76.0  # the height of one in which others are folded
NEURON = 216.0, 60.0  # a folded neuron: its numbers, and beside each how the error changes with it
APART, FARTHER = 0.7, 1.35  # inches between columns; and where there are words beside the lines between them
CLOSER = 0.35  # where there are words on lines, which have columns of their own
BETWEEN = 8.0  # the height of words in their column, in points, beside what lies between all that is below each other
WORDS = 46.0, 7.0  # the width of a number beside a line, and of each letter of the name before it
MOST_TOGETHER = 40  # lines with words on them, above which words are there only while their line is spoken of
MOST_BENDS = 2000  # of lines, above which what is used far away is drawn again

Size = tuple[float, float]
_LESS = "explore a part of the graph"


def layout(order: Sequence[Value], names: Mapping[Value, str], members: Sequence[Sequence[Value]]) -> dict[str, Any]:
    """The places of all nodes and edges, from left to right, in points from the upper left corner.

    Args:
        members: the groups that should lie together.

    Returns a dictionary of `width` and `height`; `letter`, the size of the letters in a box; `nodes`, for each node its middle and its
    size; `again`, for each node that is drawn once more beside a user far away, its middle, its size and its number; `edges`, for
    each edge the points of its Bézier curve; and `begins`, for each edge the number of the drawing in `again` that it begins at, or None
    where that is the node itself. Middles and points are said by `steps`. Raises RuntimeError where no Graphviz is there.
    """
    place = {v: k for k, v in enumerate(order)}
    sizes = [_size(v, names.get(v, "")) for v in order]
    lines = [(place[arg], place[v]) for v in order for arg in v.args]
    return in_steps(_laid_out(sizes, lines, [[place[v] for v in group] for group in members]), lines)


def _laid_out(
    sizes: Sequence[Size],
    lines: Sequence[tuple[int, int]],
    members: Sequence[Sequence[int]],
    columns: Sequence[Sequence[int]] = (),
    apart: float = APART,
    words: Mapping[int, float] | None = None,
) -> dict[str, Any]:
    """As `layout`, of boxes of these sizes, numbered so that each comes after those it is computed from, and the lines between them.

    Middles and points are numbers from the corner.

    Args:
        columns: boxes that stand below each other, in this order.
        apart: inches between columns, which words on lines have, too.
        words: by the number of a line the width of what stands on it: so much room it has there, in which no other line or words are.
            In what is returned, `edges` has the points of a line before and after them, and `onward` how many are before them, or 0.
    """
    words = words or {}
    count = len(sizes)
    boxes = list(sizes)
    owner = {k: number for number, group in enumerate(members) for k in group}
    together = [list(group) for group in members]
    drawn: dict[tuple[int, int], int] = {}  # by node, and which drawing again, the number of that box
    edges = []
    for (tail, head), which in zip(lines, again(count, lines, most=MOST_BENDS), strict=True):
        if which and (tail, which) not in drawn:
            drawn[tail, which] = len(boxes)
            boxes.append((boxes[tail][0], min(AGAIN, boxes[tail][1])))
            if head in owner:
                together[owner[head]].append(drawn[tail, which])
        edges.append((drawn.get((tail, which), tail), head))
    whole = len(boxes)
    halves = []  # a line with words on it leads to them, and on from there
    for k, (tail, head) in enumerate(edges):
        halves += [(tail, len(boxes)), (len(boxes), head)] if k in words else [(tail, head)]
        boxes += [(words[k], BETWEEN)] if k in words else []
    dot = _dot(boxes, halves, together, columns, apart, whole)
    found = run(dot, "plain", lambda returned: _read(returned, boxes, halves), _LESS)
    places, curves = found["nodes"], found["edges"]
    begins = [n for n, (tail, _) in enumerate(halves) if tail < whole]
    return {
        **found,
        "letter": LETTER,
        "nodes": places[:count],
        "again": [[*box, tail] for (tail, _), box in zip(drawn, places[count:whole], strict=True)],
        "edges": [[*curves[n], *(curves[n + 1] if k in words else [])] for k, n in enumerate(begins)],
        **({"onward": [len(curves[n]) if k in words else 0 for k, n in enumerate(begins)]} if words else {}),
        "begins": [box - count if box >= count else None for box, _ in edges],
    }


def _dot(
    boxes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    together: Sequence[Sequence[int]],
    columns: Sequence[Sequence[int]],
    apart: float,
    whole: int,
) -> str:
    """`whole` is the number of the first box that words on a line have; without such each line leads to the next column."""
    many = len(boxes) > whole
    lines = [
        "digraph {",
        f'rankdir="LR"; nodesep="0.22"; ranksep="{apart}"; node [shape="box", fixedsize="true", label=""];',
    ]
    lines += [
        f'n{k} [width="{width / POINTS:.4f}", height="{height / POINTS:.4f}"];'
        for k, (width, height) in enumerate(boxes)
    ]
    for number, group in enumerate(together):
        inside = " ".join(f"n{k};" for k in group)
        lines.append(f'subgraph "cluster_{number}" {{ margin="14"; label=" "; fontsize="12"; {inside} }}')
    for column in columns:
        lines.append(f'{{ rank="same"; {" -> ".join(f"n{k}" for k in column)} [style="invis"]; }}')
    for tail, head in edges:
        if head >= whole:
            way = ' [arrowhead="none", headport="w"]'
        else:
            way = ' [tailport="e"]' if tail >= whole else ' [minlen="2"]' if many else ""
        lines.append(f"n{tail} -> n{head}{way};")
    return "\n".join([*lines, "}"])


def _size(v: Value, name: str) -> Size:
    if isinstance(v, Constant):
        return CONSTANT
    wide = sum(2 if ord(c) > 0x2E7F else 1 for c in name)
    return min(WIDEST, max(NARROWEST, 6.6 * wide + 36.0)), HEIGHT


def _read(returned: bytes, sizes: Sequence[Size], edges: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Graphviz's plain format: a line for each node and edge, in inches from the lower left corner.

    Raises ValueError for what is not that, and where a node or an edge is missing.
    """
    width = height = 0.0
    places: dict[int, tuple[float, float]] = {}
    curves: dict[tuple[int, int], list[list[list[float]]]] = {}
    kind = ""
    try:
        for line in returned.decode().splitlines():
            kind, *words = line.split(" ")
            if kind == "graph":
                width, height = _points(words[1:3])
            elif kind == "node":
                x, y = _points(words[1:3])
                places[int(words[0][1:])] = x, height - y
            elif kind == "edge" and words[-2] != "invis":  # that only says which box stands above which
                numbers = _points(words[3 : 3 + 2 * int(words[2])])
                points = [[x, height - y] for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
                curves.setdefault((int(words[0][1:]), int(words[1][1:])), []).append(points)
    except (ValueError, IndexError):
        raise ValueError("returned no layout") from None
    if (
        kind != "stop"
        or places.keys() != set(range(len(sizes)))
        or Counter({e: len(c) for e, c in curves.items()}) != Counter(edges)
    ):
        raise ValueError("returned a layout that is not whole")
    nodes = [[*places[number], *size] for number, size in enumerate(sizes)]
    return {
        "width": round(width, 1),
        "height": round(height, 1),
        "nodes": [[round(x, 1) for x in node] for node in nodes],
        "edges": [[[round(x) for x in point] for point in curves[edge].pop(0)] for edge in edges],
    }


def _points(inches: Sequence[str]) -> list[float]:
    """Lengths as Graphviz writes them, in points. Raises ValueError for none and for what is no finite number."""
    numbers = [float(word) * POINTS for word in inches]
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError
    return numbers


def groups(order: Sequence[Value], units: Sequence[Unit]) -> list[list[Value]]:
    """For each neuron the nodes in it: its output, its net input and what they alone were computed from, weights included."""
    outside: dict[Value, int | None] = {c.source: None for unit in units for c in unit.connections}
    ends = {v: number for number, unit in enumerate(units) for v in (unit.net, unit.out)}
    owner = owners(order, {**outside, **ends})
    return [[v for v in order if owner[v] == number] for number in range(len(units))]


# Folded


@dataclass
class Fold:
    """One box in which several nodes are folded.

    Attributes:
        kind: "neuron", "layer", "inputs", "error" (all that is computed from the last layer), "head" of attention, "named" or "leaf".
        number: of the neuron, of the layer, or of the head; of a head at one position the place of what it takes there.
        members: all nodes in it, in order; the last one is its result.
    """

    kind: str
    number: int | None
    members: list[Value]


Key = tuple[str, int | None]  # the kind and the number of a box


def folds(
    order: Sequence[Value],
    names: Mapping[Value, str],
    neurons: Sequence[Unit],
    parameters: Collection[Value],
    *,
    whole: bool,
    looks: Sequence[Look] = (),
) -> dict[str, Any]:
    """The layouts in which boxes are folded: by `neuron`, and by `layer`, each None where it would show no less than the one before.

    Heads of attention are folded position by position, and as a whole where there are layers otherwise.

    A layout is as `layout` has it. Its `nodes` are boxes, and `boxes` says of each its `kind`, the `number` of its neuron or its layer, its
    `name`, and its `members`; there is one edge for each pair in `ends`, of the boxes that it leads from and to. `together` says whether
    all that is said of edges can be said at once. Then it stands on them: `onward` is the number of the point of each at which it goes on
    behind words, for which there is room between that and the point before, 0 where nothing is said. Else `words` has for each the middle
    of what is said beside it, None where that is nothing.

    Args:
        whole: whether the neurons are the whole network. Otherwise there are no layers.
    """
    by_neuron = by_layer = _fold(order, _in_neurons(order, neurons, parameters, looks))
    if looks:
        by_layer = _fold(order, _in_neurons(order, neurons, parameters, looks, by_position=False))
        by_neuron = by_neuron or by_layer  # where positions look at each other neither is first
    elif whole and neurons:
        by_layer = _fold(order, _in_layers(order, neurons, parameters))
    each = looks if by_neuron is not by_layer else ()
    variables = sum(not isinstance(v, Constant) for v in order)
    return {
        "neuron": _folded(order, by_neuron, names, neurons, each) if 1 < len(by_neuron) < variables else None,
        "layer": _folded(order, by_layer, names, neurons) if 1 < len(by_layer) < len(by_neuron) else None,
    }


def _in_neurons(
    order: Sequence[Value],
    neurons: Sequence[Unit],
    parameters: Collection[Value],
    looks: Sequence[Look],
    *,
    by_position: bool = True,
) -> dict[Value, Key]:
    """The boxes of neurons, of heads, of inputs and targets, of Values with a name and of activations that are in no neuron."""
    given: dict[Value, Key] = {}
    trained = set(parameters)
    inside = {v for group in groups(order, neurons) for v in group}
    for place, v in enumerate(order):
        if v.op is None and v not in trained and not isinstance(v, Constant):
            given[v] = ("leaf", place)
        elif v.op is not None and v not in inside and (v.label or v.op in ACTIVATIONS):
            given[v] = ("named", place)
    keys: list[Key] = [("neuron", number) for number in range(len(neurons))]
    for unit, key in zip(neurons, keys, strict=True):
        given[unit.net] = given[unit.out] = key
    given.update(_unshared(neurons, keys))
    place_of = {(look.head, look.position): number for number, look in enumerate(looks)}
    for v, (head, position) in owned(looks).items():
        if (head, position) in place_of:
            given[v] = ("head", place_of[head, position] if by_position else head)
    return given


def _in_layers(order: Sequence[Value], neurons: Sequence[Unit], parameters: Collection[Value]) -> dict[Value, Key]:
    """The boxes of inputs, of layers, and of all that is computed from the last one."""
    given: dict[Value, Key] = {v: ("error", None) for v in order if v.op is not None}
    outs = {unit.out for unit in neurons}
    inner = [v for group in groups(order, neurons) for v in group]
    for v in inner:
        given.pop(v, None)
    for unit in sorted(neurons, key=lambda unit: unit.depth, reverse=True):
        layer = ("layer", unit.depth)
        given[unit.net] = given[unit.out] = layer
        given.update((c.source, ("inputs", None)) for c in unit.connections if c.source not in outs)
    return {**given, **_unshared(neurons, [("layer", unit.depth) for unit in neurons])}


def _unshared(neurons: Sequence[Unit], keys: Sequence[Key]) -> dict[Value, Key]:
    """The boxes of weights and biases, of which each neuron has one, but for those that neurons in several boxes have."""
    users: dict[Value, set[Key]] = {}
    for unit, key in zip(neurons, keys, strict=True):
        for weight in [*(c.weight for c in unit.connections), *([unit.bias] if unit.bias else [])]:
            users.setdefault(weight, set()).add(key)
    return {weight: found.pop() for weight, found in users.items() if len(found) == 1}


def _fold(order: Sequence[Value], given: Mapping[Value, Key]) -> list[Fold]:
    """All nodes in boxes, in order: those given, and of others, in the box that all computed from it are in; else in one of its own."""
    keys = dict(given)
    place = {v: k for k, v in enumerate(order)}
    for v in reversed(order):
        own = ("named" if v.op is not None else "leaf", place[v])
        key = keys.setdefault(v, own)
        if key == _SEVERAL:
            key = keys[v] = own
        for x in v.args:
            if x not in given:
                keys[x] = key if keys.get(x, key) == key else _SEVERAL
    found: dict[Key, Fold] = {}
    for v in order:
        found.setdefault(keys[v], Fold(*keys[v], [])).members.append(v)
    feeding: dict[Key, dict[Key, None]] = {key: {} for key in found}
    for v in order:
        feeding[keys[v]].update((keys[x], None) for x in v.args if keys[x] != keys[v])
    try:
        sorted_keys = list(TopologicalSorter(feeding).static_order())
    except CycleError:  # neurons that are read out of what uses them in another way, too
        return []
    return [found[key] for key in sorted_keys if not all(isinstance(v, Constant) for v in found[key].members)]


_SEVERAL: Key = ("several", None)


def _folded(
    order: Sequence[Value],
    boxes: Sequence[Fold],
    names: Mapping[Value, str],
    neurons: Sequence[Unit],
    looks: Sequence[Look] = (),
) -> dict[str, Any]:
    place = {v: k for k, v in enumerate(order)}
    box = {v: number for number, fold in enumerate(boxes) for v in fold.members}
    ends: dict[tuple[int, int], set[Value]] = {}  # boxes, and what goes from the one to the other
    for v in order:
        for x in v.args:
            if v in box and x in box and box[x] != box[v]:
                ends.setdefault((box[x], box[v]), set()).add(x)
    sizes = []
    for fold in boxes:
        width, height = _size(fold.members[-1], names.get(fold.members[-1], ""))
        if fold.kind == "head":
            width = WIDEST  # its heading is longer than the names in it
        if fold.kind == "neuron":
            sizes.append(NEURON)
        else:
            sizes.append((width, FOLDED if len(fold.members) > 1 and fold.kind != "named" else height))
    columns: dict[tuple[str, int], list[int]] = {}
    for k, fold in enumerate(boxes):
        if fold.kind == "neuron" and fold.number is not None:
            columns.setdefault((fold.kind, neurons[fold.number].depth), []).append(k)
        heads = [boxes[head] for tail, head in ends if tail == k]
        if fold.kind == "leaf" and heads and all(head.kind == "neuron" for head in heads):
            first = min(neurons[head.number or 0].depth for head in heads)
            columns.setdefault((fold.kind, first), []).append(k)
    below = [sorted(column, key=lambda k: boxes[k].number or 0) for column in columns.values() if len(column) > 1]
    said = _said(boxes, ends, neurons)
    widths = {k: WORDS[0] + (WORDS[1] * (1 + len(names[weight])) if weight else 0.0) for k, weight in said.items()}
    together = len(said) <= MOST_TOGETHER
    apart = CLOSER if together and said else FARTHER if columns else APART
    found = _laid_out(sizes, list(ends), [], below, apart, widths if together else {})
    at: dict[int, list[int]] = {}
    if not together:
        rooms = [*found["nodes"], *(room[:4] for room in found["again"])]
        spots = beside([found["edges"][k] for k in said], list(widths.values()), rooms)
        at = {k: [round(x), round(y)] for k, (x, y) in zip(said, spots, strict=True)}
    return {
        "onward": [],
        **in_steps(found, ends),
        "words": [] if together else [at.get(k) for k in range(len(ends))],
        "together": together,
        "ends": [list(pair) for pair in ends],
        "boxes": [
            {
                "kind": fold.kind,
                **_called(fold, names, looks),
                "members": [place[v] for v in fold.members],
            }
            for fold in boxes
        ],
    }


def _said(
    boxes: Sequence[Fold], ends: Mapping[tuple[int, int], Collection[Value]], neurons: Sequence[Unit]
) -> dict[int, Value | None]:
    """The lines that stand for one derivative, of the only result of a box by the only Value that comes along, by their number; and the
    weight that it is, if it is one."""
    weights = {(unit.net, c.source): c.weight for unit in neurons for c in unit.connections}
    found: dict[int, Value | None] = {}
    for k, ((_, head), by) in enumerate(ends.items()):
        fold = boxes[head]
        if len(by) == 1 and fold.kind in ("neuron", "named"):
            net = neurons[fold.number].net if fold.kind == "neuron" and fold.number is not None else fold.members[-1]
            found[k] = weights.get((net, next(iter(by))))
    return found


def _called(fold: Fold, names: Mapping[Value, str], looks: Sequence[Look]) -> dict[str, Any]:
    """The number and the name of a box; of a head at one position the name is the position."""
    if fold.kind == "head" and fold.number is not None:
        if not looks:
            return {"number": fold.number, "name": ""}
        look = looks[fold.number]
        return {"number": look.head, "name": str(look.position)}
    return {"number": fold.number if fold.kind in ("neuron", "layer") else None, "name": names[fold.members[-1]]}
