"""What of a graph is drawn: a selection of its nodes, in groups, with what is highlighted.

It is chosen in this order: the graph under the outputs; of it what lies within `depth`; of that the Values in `only`; of those no
members of collapsed groups but the ones whose results leave the group.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinygrad_bp.core.order import dependents, flow, owners, topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing import style
from tinygrad_bp.text import did_you_mean

Homes = dict[Value, tuple[str, ...]]  # the groups a Value lies in, the outermost first


@dataclass(frozen=True)
class Choice:
    """What of a graph is drawn.

    Attributes:
        order: the nodes of the graph, each after its args.
        place: of each in `order`.
        shown: those drawn, in that order.
        nodes: each drawn Value or collapsed group, to the name of its node in DOT.
        homes: the groups each Value lies in.
        folded: the collapsed group that a Value vanishes into or, if it is shown, is a row of.
        on_path: the Values on the highlighted paths.
        together: for each group, as in `homes`, the names of the nodes drawn in it.
    """

    order: list[Value]
    place: dict[Value, int]
    shown: list[Value]
    nodes: dict[Value | str, str]
    homes: Homes
    folded: dict[Value, str]
    on_path: set[Value]
    together: dict[tuple[str, ...], set[str]]

    def node(self, v: Value) -> str:
        """The name in DOT of the node that `v` is drawn in."""
        return self.nodes[self.folded.get(v, v)]

    def frame(self, v: Value) -> tuple[str, ...]:
        """The groups framed around the node that `v` is drawn in. Around one node alone there is no frame."""
        around = _around(v, self.homes, self.folded)
        return tuple(name for end, name in enumerate(around, 1) if len(self.together[around[:end]]) > 1)

    def stretches(self, v: Value, drawn: Collection[Value]) -> dict[Value, float]:
        """The drawn Values that `v` comes from by way of ones that are not, with the derivatives of `v` with respect to them."""
        found = flow(v, drawn, self.place, constants=True)
        return dict(sorted(found.items(), key=lambda item: self.place[item[0]]))


def choose(
    outputs: Sequence[Value],
    *,
    only: str | Iterable[Value] | None,
    depth: int | None,
    group: bool | Mapping[str, Iterable[Value]],
    collapse: bool | str | Collection[str],
    highlight: Sequence[Value | str],
    max_nodes: int,
) -> Choice:
    """The choice that the arguments of `draw` describe; it takes and raises what they do."""
    order = topological_order(*outputs)
    whole = len(order)
    if depth is not None:
        near = _within(outputs, depth)
        order = [v for v in order if v in near]
    if only is None and not collapse:
        _refuse_more_than(max_nodes, len(order), whole)
    if isinstance(only, str) and only != "labelled":
        raise ValueError(f"only takes 'labelled' or Values, not {only!r}")
    listed = [] if only is None or isinstance(only, str) else values(only, "only")
    highlighted = [v for thing in highlight for v in (_labelled(thing, order) if isinstance(thing, str) else [thing])]
    place = {v: i for i, v in enumerate(order)}
    for parameter, wanted in (("highlight", highlighted), ("only", listed)):
        for v in wanted:
            if v not in place:
                raise ValueError(f"{parameter}: {called(v)} is not in the graph that is drawn")

    homes = neurons(order) if group is True else _groups(group or {}, order)
    folded = _folded(homes, collapse, {*listed, *highlighted})
    always = {arg for v in order for arg in v.args if arg in folded and folded.get(v) != folded[arg]}
    always.update(outputs, listed, highlighted)
    labelled, every = only == "labelled", only is None
    shown = [v for v in order if v in always or (v not in folded and (every or (labelled and v.label != "")))]
    _refuse_more_than(max_nodes, len(shown), whole)
    _refuse_lines(max_nodes, sum(len(v.args) for v in shown if v not in folded))

    nodes: dict[Value | str, str] = {}
    for v in shown:
        nodes.setdefault(folded.get(v, v), f"v{len(nodes) + 1}")
    together: dict[tuple[str, ...], set[str]] = {}
    for v in shown:
        around = _around(v, homes, folded)
        for end in range(1, len(around) + 1):
            together.setdefault(around[:end], set()).add(nodes[folded.get(v, v)])
    on_path = dependents(order, highlighted, constants=True) if highlighted else set()
    return Choice(order, place, shown, nodes, homes, folded, on_path, together)


def values(given: Value | Iterable[Value], parameter: str) -> list[Value]:
    """One or several Values as a list. Raises TypeError, which names the parameter, for what is none."""
    found = [given] if isinstance(given, Value) else list(given) if isinstance(given, Iterable) else [given]
    for v in found:
        if not isinstance(v, Value):
            raise TypeError(f"draw: {parameter} takes Values, not {type(v).__name__} {v!r:.60}")
    return found


def called(v: Value) -> str:
    """What a picture calls a Value."""
    return style.shorten(v.label) if v.label else f"an unlabelled Value of {v.data!r}"


def _around(v: Value, homes: Homes, folded: Mapping[Value, str]) -> tuple[str, ...]:
    """The groups that the node lies in which `v` is drawn in."""
    path = homes.get(v, ())
    return path[: path.index(folded[v])] if v in folded else path


def _refuse_more_than(max_nodes: int, count: int, whole: int) -> None:
    if count > max_nodes:
        raise ValueError(
            f"the graph has {whole:,} nodes and this picture would show {count:,} of them, too many to read: draw fewer with depth=3, "
            f"only='labelled' or collapse=True, or allow them with max_nodes={count} (now {max_nodes})"
        )


def _refuse_lines(max_nodes: int, lines: int) -> None:
    if lines > 10 * max_nodes:
        raise ValueError(
            f"the picture would have {lines:,} lines, too many to read: draw less, or raise max_nodes (now {max_nodes})"
        )


def _labelled(label: str, order: Sequence[Value]) -> list[Value]:
    found = [v for v in order if label and v.label == label]
    if not found:
        labels = dict.fromkeys(v.label for v in order if v.label)
        hint = did_you_mean(label, labels) if labels else "; none has one"
        raise ValueError(f"highlight: no Value in the graph that is drawn has the label {label!r}{hint}")
    return found


def _within(outputs: Sequence[Value], depth: int) -> set[Value]:
    near = frontier = set(outputs)
    for _ in range(depth):
        frontier = {arg for v in frontier for arg in v.args if arg not in near}
        if not frontier:
            break
        near |= frontier
    return near


# Groups


def neurons(order: Sequence[Value]) -> Homes:
    """By layer and neuron. A node belongs to the neuron whose net_ or out_ it is, or to the one that alone uses it."""
    given: dict[Value, str | None] = {}
    for v in order:
        if v.op is None:
            if re.fullmatch(r"(?:i|x|input|target)_?\w?\d*", v.label):
                given[v] = None  # what comes from outside is in no neuron
        elif named := re.fullmatch("(?:net|out)_(.+)", v.label, re.DOTALL):
            given[v] = named[1]
    homes: Homes = {}
    for v, neuron in owners(order, given).items():
        if neuron is not None:
            layer = re.fullmatch(r"(.*?)_?\d+", neuron, re.DOTALL)
            homes[v] = (f"layer {layer[1]}", neuron) if layer and layer[1] else (neuron,)
    return homes


def _groups(groups: Mapping[str, Iterable[Value]], order: Sequence[Value]) -> Homes:
    homes: Homes = {}
    present = set(order)
    for name, members in groups.items():
        for v in values(members, f"group {name!r}"):
            if v not in present:
                raise ValueError(f"group {name!r}: {called(v)} is not in the graph that is drawn")
            if homes.setdefault(v, (name,)) != (name,):
                raise ValueError(f"group {name!r}: {called(v)} is already in group {homes[v][0]!r}")
    for v in order:
        homes.update((arg, homes[v]) for arg in v.args if v in homes and isinstance(arg, Constant))
    return homes


def _folded(homes: Homes, collapse: bool | str | Collection[str], apart: Collection[Value]) -> dict[Value, str]:
    """The collapsed group that each Value vanishes into; those in `apart` do not."""
    known = dict.fromkeys(name for path in sorted(homes.values()) for name in path)
    innermost = {path[-1] for path in homes.values()}
    wanted = {collapse} if isinstance(collapse, str) else innermost if collapse is True else set(collapse or ())
    for name in sorted(wanted.difference(known), key=str):
        there = f"there are {', '.join(map(repr, known))}" if known else "there are no groups in this graph"
        raise ValueError(f"collapse: there is no group {name!r}; {there}")
    return {v: name for v, path in homes.items() if v not in apart for name in [n for n in path if n in wanted][:1]}
