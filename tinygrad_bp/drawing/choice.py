"""What of a graph is drawn: a selection of its nodes, in groups, with what is highlighted.

It is chosen in this order: the graph under the outputs; of it what lies within `depth`; of that the Values in `only`; of those no
members of collapsed groups but the ones whose results leave the group.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinygrad_bp.core.order import count_nodes, dependents, flow, owners, topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing import style
from tinygrad_bp.explanation.attention import attention, owned
from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron
from tinygrad_bp.text import Advice, Argument, did_you_mean, listed, shown

MOST_NAMES = 20  # that an error lists
MOST_COUNTED = 200_000  # nodes, of a graph that is refused

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
    everything = only is None and not collapse
    fewer = _fewer(only, depth, collapse)
    if everything and depth is None:
        _refuse_more_than(max_nodes, outputs, fewer)
    near = None if depth is None else _within(outputs, depth, max(MOST_COUNTED, max_nodes) if everything else None)
    if everything and near is not None:
        _refuse_more_than(max_nodes, outputs, fewer, len(near))
    order = topological_order(*outputs)
    if near is not None:
        order = [v for v in order if v in near]
    if isinstance(only, str) and only != "labelled":
        raise ValueError(f"draw: only takes 'labelled' or Values, not {shown(only)}")
    listed = [] if only is None or isinstance(only, str) else values(only, "only")
    highlighted = [v for thing in highlight for v in (_labelled(thing, order) if isinstance(thing, str) else [thing])]
    place = {v: i for i, v in enumerate(order)}
    for parameter, wanted in (("highlight", highlighted), ("only", listed)):
        for v in wanted:
            if v not in place:
                raise ValueError(f"{parameter}: {called(v)} is not in the graph that is drawn")

    if not collapse:  # before all of them are put in groups
        _refuse_more_than(
            max_nodes, outputs, fewer, sum(v.label != "" for v in order) if only == "labelled" else len({*listed})
        )
    homes = neurons(order) if group is True else _groups(group or {}, order)
    folded = _folded(homes, collapse, {*listed, *highlighted})
    always = {arg for v in order for arg in v.args if arg in folded and folded.get(v) != folded[arg]}
    always.update(outputs, listed, highlighted)
    labelled, every = only == "labelled", only is None
    drawn = [v for v in order if v in always or (v not in folded and (every or (labelled and v.label != "")))]
    _refuse_more_than(max_nodes, outputs, fewer, len(drawn))
    _refuse_lines(max_nodes, sum(len(v.args) for v in drawn if v not in folded))

    nodes: dict[Value | str, str] = {}
    for v in drawn:
        nodes.setdefault(folded.get(v, v), f"v{len(nodes) + 1}")
    together: dict[tuple[str, ...], set[str]] = {}
    for v in drawn:
        around = _around(v, homes, folded)
        for end in range(1, len(around) + 1):
            together.setdefault(around[:end], set()).add(nodes[folded.get(v, v)])
    on_path = dependents(order, highlighted, constants=True) if highlighted else set()
    return Choice(order, place, drawn, nodes, homes, folded, on_path, together)


def values(given: Value | Iterable[Value], parameter: str) -> list[Value]:
    """One or several Values as a list. Raises TypeError, which names the parameter, for what is none."""
    found = [given] if isinstance(given, Value) else list(given) if isinstance(given, Iterable) else [given]
    for v in found:
        if not isinstance(v, Value):
            raise TypeError(f"draw: {parameter} takes Values, not {type(v).__name__} {shown(v)}{_instead(v)}")
    return found


def _instead(thing: object) -> str:
    """What to call for something that is no Value but leads to some."""
    if isinstance(thing, MLP | Layer | Neuron):
        return "; draw_network(net) draws a network, and draw(net(inputs)) the graph of what it computes"
    if isinstance(thing, Module):
        return "; draw the graph of what it computes from inputs, draw(model(inputs))"
    return "; draw the graph of what it computes, draw(f(x))" if callable(thing) else ""


def called(v: Value) -> str:
    """What a picture calls a Value."""
    return style.shorten(v.label) if v.label else f"an unlabelled Value of {v.data!r}"


def _around(v: Value, homes: Homes, folded: Mapping[Value, str]) -> tuple[str, ...]:
    """The groups that the node lies in which `v` is drawn in."""
    path = homes.get(v, ())
    return path[: path.index(folded[v])] if v in folded else path


def _fewer(only: str | Iterable[Value] | None, depth: int | None, collapse: bool | str | Collection[str]) -> str:
    """Which arguments would draw less than these do."""
    ways: list[str] = []
    if depth != 0:
        ways.append(Advice(Argument("depth", "3")) if depth is None else Advice("a smaller ", Argument("depth")))
    if only != "labelled":
        labelled = Advice(Argument("only", "'labelled'"))
        ways.append(labelled if only is None else Advice("fewer Values in ", Argument("only")))
    if collapse is not True:
        ways.append(Advice(Argument("collapse", "True")))
    return listed(ways, "or")


def _refuse_more_than(max_nodes: int, outputs: Sequence[Value], fewer: str, count: int | None = None) -> None:
    """Raises ValueError for a picture of so many nodes, or of the whole graph, that is too large; `fewer` says what would draw less."""
    if count is not None and count <= max_nodes:
        return
    most = max(MOST_COUNTED, max_nodes)
    whole = count_nodes(*outputs, most=most)
    known = f"{whole:,}" if whole <= most else f"more than {most:,}"
    if count is None:
        count = whole
    if count > max_nodes:
        shows = f"{count:,}" if count <= most else known
        larger = (
            Advice(Argument("max_nodes", str(count))) if count <= most else Advice("a larger ", Argument("max_nodes"))
        )
        raise ValueError(
            f"draw: the graph has {known} nodes and this picture would show {shows} of them, too many to read: "
            + ("draw fewer with " + fewer + ", or " if fewer else "")
            + ("allow them with " + larger + f" (now {max_nodes})")
        )


def _refuse_lines(max_nodes: int, lines: int) -> None:
    if lines > 10 * max_nodes:
        said = f"draw: the picture would have {lines:,} lines, too many to read: draw less, or raise "
        raise ValueError(Advice(said, Argument("max_nodes"), f" (now {max_nodes})"))


def _labelled(label: str, order: Sequence[Value]) -> list[Value]:
    found = [v for v in order if label and v.label == label]
    if not found:
        labels = dict.fromkeys(v.label for v in order if v.label)
        hint = did_you_mean(label, labels) if labels else "; none has one"
        raise ValueError(f"draw: highlight: no Value in the graph that is drawn has the label {shown(label)}{hint}")
    return found


def _within(outputs: Sequence[Value], depth: int, most: int | None) -> set[Value]:
    """What is at most so many operations away from an output; where that is more than `most`, a part of it."""
    near = frontier = set(outputs)
    for _ in range(depth):
        frontier = {arg for v in frontier for arg in v.args if arg not in near}
        if not frontier or (most is not None and len(near) > most):
            break
        near |= frontier
    return near


# Groups


def neurons(order: Sequence[Value]) -> Homes:
    """By layer and neuron, and by head of attention and position.

    A node belongs to the neuron whose net_ or out_ it is, to the position of the head that computes it, or to what alone uses it.
    """
    given: dict[Value, str | None] = {}
    heads: dict[str, str] = {}
    for v in order:
        if v.op is None:
            if re.fullmatch(r"(?:i|x|input|target)_?\w?\d*", v.label):
                given[v] = None  # what comes from outside is in no neuron
        elif named := re.fullmatch("(?:net|out)_(.+)", v.label, re.DOTALL):
            given[v] = named[1]
    looks = attention(order)
    given.update((v, None) for look in looks for v in look.inputs)
    for v, (head, position) in owned(looks).items():
        name = f"head {head} at {position}"
        given.setdefault(v, name)
        heads[name] = f"head {head}"
    homes: Homes = {}
    for v, neuron in owners(order, given).items():
        if neuron in heads:
            homes[v] = (heads[neuron], neuron)
        elif neuron is not None:
            layer = _layer(neuron)
            homes[v] = (f"layer {layer}", neuron) if layer else (neuron,)
    return homes


def _layer(neuron: str) -> str:
    """What stands before the number of a neuron, h of h1 and of h_1; nothing if it has none. A pattern for it would take quadratic time."""
    end = len(neuron)
    while end and neuron[end - 1].isdecimal():
        end -= 1
    return neuron[:end].removesuffix("_") if end < len(neuron) else ""


def _groups(groups: Mapping[str, Iterable[Value]], order: Sequence[Value]) -> Homes:
    homes: Homes = {}
    present = set(order)
    for name, members in groups.items():
        for v in values(members, f"draw: group {shown(name)}"):
            if v not in present:
                raise ValueError(f"draw: group {shown(name)}: {called(v)} is not in the graph that is drawn")
            if homes.setdefault(v, (name,)) != (name,):
                raise ValueError(f"draw: group {shown(name)}: {called(v)} is already in group {shown(homes[v][0])}")
    for v in order:
        homes.update((arg, homes[v]) for arg in v.args if v in homes and isinstance(arg, Constant))
    return homes


def _folded(homes: Homes, collapse: bool | str | Collection[str], apart: Collection[Value]) -> dict[Value, str]:
    """The collapsed group that each Value vanishes into; those in `apart` do not."""
    known = dict.fromkeys(name for path in sorted(homes.values()) for name in path)
    innermost = {path[-1] for path in homes.values()}
    if not isinstance(collapse, bool | Iterable):
        raise TypeError(
            f"draw: collapse takes True, False or names of groups, not {type(collapse).__name__} {shown(collapse)}"
        )
    wanted = {collapse} if isinstance(collapse, str) else innermost if collapse is True else set(collapse or ())
    for name in sorted(wanted.difference(known), key=str):
        some = [*map(shown, list(known)[:MOST_NAMES]), *(["..."] if len(known) > MOST_NAMES else [])]
        there = f"there are {', '.join(some)}" if known else "there are no groups in this graph"
        raise ValueError(
            f"draw: collapse: there is no group {shown(name)}; {there}{did_you_mean(name, map(str, known))}"
        )
    return {v: name for v, path in homes.items() if v not in apart for name in [n for n in path if n in wanted][:1]}
