"""`draw`: the graph of a computation, a node for each Value and a small one for each operation.

What is drawn is chosen in this order: the graph under the outputs; of it what lies within `depth`; of that the Values in `only`; of
those no members of collapsed groups but the ones whose results leave the group. Where a Value is drawn and something between it
and the next drawn ones is not, one edge stands for all that was left out, and its derivative is that of the whole stretch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tinygrad_bp.checking import changed_leaves
from tinygrad_bp.core.operation import ATOM, NEGATIVE
from tinygrad_bp.core.order import dependents, flow, owners, topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing import style
from tinygrad_bp.drawing.rendering import Drawing

MOST_NAMES = 8  # in a heading
Homes = dict[Value, tuple[str, ...]]  # the groups a Value lies in, the outermost first


def draw(
    y: Value | Sequence[Value],
    *,
    only: Literal["labelled"] | Iterable[Value] | None = None,
    depth: int | None = None,
    group: bool | Mapping[str, Iterable[Value]] = True,
    collapse: bool | str | Collection[str] = False,
    highlight: Value | str | Iterable[Value | str] = (),
    local_derivatives: bool = False,
    digits: int = 9,
    direction: Literal["LR", "RL", "TB", "BT"] = "LR",
    max_nodes: int = 400,
    title: str = "",
    dark: bool = False,
) -> Drawing:
    """A picture of the graph that `y` was computed by: data and, as `backward()` left them, gradients.

    Args:
        y: a Value, or several that share a graph.
        only: draw just these Values ("labelled": those with a label), the outputs and the highlighted ones. What lies between two of
            them becomes one edge, whose local derivative is that of the whole stretch.
        depth: draw just what is at most so many operations away from an output.
        group: frames around groups. True: one for each neuron, that is for the nodes `net_h1` and `out_h1` and all that is computed
            between the previous layer and them, and one for each layer. Or a mapping from names to the Values of each group.
        collapse: names of groups to draw as one node each; True for all, layers by their neurons.
        highlight: a Value or a label, or several, whose paths to the outputs stand out: those that the chain rule sums over.
        local_derivatives: write on each edge the derivative of its end by its beginning.
        digits: significant digits of numbers, 1 to 17. Tooltips have them all.
        direction: where the computation runs: "LR" from left to right, "TB" from top to bottom, "RL", "BT".
        max_nodes: refuse to draw more nodes than these; operations are not counted.
        title: a heading.
        dark: light on dark.

    Where data of a leaf was changed after it was used, as a training step does, the heading says so: the Values that were computed from
    it are older.

    Raises TypeError for what is no Value, and ValueError for a graph with more nodes than `max_nodes`, a highlighted Value that is
    not in the graph, an unknown group and other options that are not as above.
    """
    outputs = _values(y, "y")
    wanted = [highlight] if isinstance(highlight, str) or not isinstance(highlight, Iterable) else list(highlight)
    _values([v for v in wanted if not isinstance(v, str)], "highlight")
    if not outputs:
        raise ValueError("draw needs at least one Value")
    if direction not in ("LR", "RL", "TB", "BT"):
        raise ValueError(f"direction is 'LR', 'RL', 'TB' or 'BT', not {direction!r}")
    style.check_digits(digits)
    if not isinstance(group, bool | Mapping):
        raise TypeError(f"group takes True, False or a mapping from names to Values, not {type(group).__name__}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"depth is a number of operations, 0 or more, not {depth!r}")

    order = topological_order(*outputs)
    whole = len(order)
    if depth is not None:
        near = _within(outputs, depth)
        order = [v for v in order if v in near]
    if only is None and not collapse:
        _refuse_more_than(max_nodes, len(order), whole)
    if isinstance(only, str) and only != "labelled":
        raise ValueError(f"only takes 'labelled' or Values, not {only!r}")
    listed = [] if only is None or isinstance(only, str) else _values(only, "only")
    place = {v: i for i, v in enumerate(order)}
    highlighted = [v for thing in wanted for v in (_labelled(thing, order) if isinstance(thing, str) else [thing])]
    for parameter, values in (("highlight", highlighted), ("only", listed)):
        for v in values:
            if v not in place:
                raise ValueError(f"{parameter}: {_name(v)} is not in the graph that is drawn")

    homes = neurons(order) if group is True else _groups(group or {}, order)
    folded = _folded(homes, collapse, {*listed, *highlighted})
    always = {arg for v in order for arg in v.args if arg in folded and folded.get(v) != folded[arg]}.union(
        outputs, listed, highlighted
    )
    shown = [
        v
        for v in order
        if v in always or (v not in folded and (only is None or (only == "labelled" and v.label != "")))
    ]
    _refuse_more_than(max_nodes, len(shown), whole)
    lines = sum(len(v.args) for v in shown if v not in folded)
    if lines > 10 * max_nodes:
        raise ValueError(
            f"the picture would have {lines:,} lines, too many to read: draw less, or raise max_nodes (now {max_nodes})"
        )
    nodes: dict[Value | str, str] = {}  # each drawn Value or collapsed group, and the name of its node in DOT
    for v in shown:
        nodes.setdefault(folded.get(v, v), f"v{len(nodes) + 1}")

    on_path = set(highlighted)
    if highlighted:
        on_path = dependents(order, highlighted, constants=True)
    together: dict[tuple[str, ...], set[str]] = {}
    for v in shown:
        path = homes.get(v, ())
        for end in range(1, path.index(folded[v]) + 1 if v in folded else len(path) + 1):
            together.setdefault(path[:end], set()).add(nodes[folded.get(v, v)])
    choice = _Choice(order, place, shown, nodes, homes, folded, on_path, together)
    palette = style.DARK if dark else style.LIGHT
    dot = _write(choice, title, palette, digits, direction, local_derivatives, names=only is not None)
    return Drawing(dot, title or f"Computation graph of {', '.join(map(_name, outputs))}")


@dataclass(frozen=True)
class _Choice:
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
        return self.nodes[self.folded.get(v, v)]

    def frame(self, v: Value) -> tuple[str, ...]:
        """The groups framed around the node that `v` is drawn in. Around one node alone there is no frame."""
        path = self.homes.get(v, ())
        path = path[: path.index(self.folded[v])] if v in self.folded else path
        return tuple(name for end, name in enumerate(path, 1) if len(self.together[path[:end]]) > 1)

    def stretches(self, v: Value, drawn: Collection[Value]) -> dict[Value, float]:
        """The drawn Values that `v` comes from by way of ones that are not, with the derivatives of `v` by them."""
        found = flow(v, drawn, self.place, constants=True)
        return dict(sorted(found.items(), key=lambda item: self.place[item[0]]))


def _refuse_more_than(max_nodes: int, count: int, whole: int) -> None:
    if count > max_nodes:
        raise ValueError(
            f"the graph has {whole:,} nodes and this picture would show {count:,} of them, too many to read: draw fewer with depth=3, "
            f"only='labelled' or collapse=True, or allow them with max_nodes={count} (now {max_nodes})"
        )


def _values(given: Value | Iterable[Value], parameter: str) -> list[Value]:
    values = [given] if isinstance(given, Value) else list(given) if isinstance(given, Iterable) else [given]
    for v in values:
        if not isinstance(v, Value):
            raise TypeError(f"draw: {parameter} takes Values, not {type(v).__name__} {v!r:.60}")
    return values


def _labelled(label: str, order: Sequence[Value]) -> list[Value]:
    found = [v for v in order if label and v.label == label]
    if not found:
        labels = dict.fromkeys(v.label for v in order if v.label)
        hint = style.nearest(label, labels) if labels else "; none has one"
        raise ValueError(f"highlight: no Value in the graph that is drawn has the label {label!r}{hint}")
    return found


def _changed(order: Iterable[Value]) -> str:
    """A remark if the data of leaves was changed after it was used, so that it does not make what is shown behind it; else empty."""
    blamed = changed_leaves(order)
    if not blamed:
        return ""
    names = [_name(leaf) for leaf in blamed]
    what = ", ".join(names[:MOST_NAMES]) + ", …" * (len(names) > MOST_NAMES)
    if len(names) == 1:
        return f"{what}: data changed after it was used; what follows from it is older"
    return f"{what}: data among these changed after it was used; what follows from it is older"


def _name(v: Value) -> str:
    return style.shorten(v.label) if v.label else f"an unlabelled Value of {v.data!r}"


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
        for v in _values(members, f"group {name!r}"):
            if v not in present:
                raise ValueError(f"group {name!r}: {_name(v)} is not in the graph that is drawn")
            if homes.setdefault(v, (name,)) != (name,):
                raise ValueError(f"group {name!r}: {_name(v)} is already in group {homes[v][0]!r}")
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


# DOT


def _write(
    choice: _Choice,
    title: str,
    palette: style.Palette,
    digits: int,
    direction: str,
    local_derivatives: bool,
    *,
    names: bool,
) -> str:
    """The DOT text; `names` says whether derivatives get their symbols, ∂y/∂x, beside their numbers."""
    from graphviz import Digraph

    drawn = set(choice.shown)
    rows: dict[str, list[Value]] = {}
    for v in choice.shown:
        rows.setdefault(choice.node(v), []).append(v)
    largest = style.largest_magnitude([v.grad for v in choice.shown])

    keys = []
    if largest:
        keys.append(style.colour_key("gradient", largest, digits, palette))
    if choice.on_path:
        keys.append(style.line_key("paths of the chain rule", palette.highlight))
    text = {"fontname": style.FONT, "fontsize": str(style.FONT_SIZE), "fontcolor": palette.ink}
    graph = Digraph(
        graph_attr={
            **text, "rankdir": direction, "bgcolor": palette.paper, "pad": "0.25", "nodesep": "0.18", "ranksep": "0.32",
            "labelloc": "t", "label": style.heading(title, keys, _changed(choice.order)),
        },
        node_attr={**text, "shape": "plain"},
        edge_attr={**text, "color": palette.line, "arrowsize": "0.6"},
    )  # fmt: skip
    frames: dict[tuple[str, ...], Any] = {(): graph}
    for values in rows.values():
        path = choice.frame(values[0])
        for end in range(1, len(path) + 1):
            if path[:end] not in frames:
                frames[path[:end]] = Digraph(
                    name=f"cluster_{len(frames)}",
                    graph_attr={
                        "label": f"<{style.markup(path[end - 1])}>", "tooltip": style.tooltip(path[end - 1]), "style": "rounded,filled",
                        "color": palette.dim, "fillcolor": palette.cluster if end == 1 else palette.inner_cluster, "margin": "10",
                    },
                )  # fmt: skip

    sides = {"LR": "ew", "RL": "we"}.get(direction)

    def port(v: Value, side: int) -> str:
        """Where a line leaves (0) or meets (1) the node of `v`: of a collapsed group with several rows, at its row."""
        node = choice.node(v)
        return f"{node}:r{rows[node].index(v)}:{sides[side]}" if sides and len(rows[node]) > 1 else node

    def line(tail: str, head: str, *, path: bool, label: str = "", tip: str = "", end: bool = True) -> None:
        look = (
            {"color": palette.highlight, "penwidth": "2.4"}
            if path
            else {"color": palette.dim}
            if choice.on_path
            else {}
        )
        graph.edge(
            tail, head, label=label, edgetooltip=tip, labeltooltip=tip, arrowhead="normal" if end else "none", **look
        )

    def derivative(v: Value, arg: Value, slope: float) -> tuple[str, str]:
        """What is written on the line from `arg` to `v`, and its tooltip."""
        tip = style.tooltip(
            f"d {_name(v)} / d {_name(arg)} = {slope!r}\nsends back {v.grad!r} * {slope!r} = {v.grad * slope!r}"
        )
        if not local_derivatives:
            return "", tip
        cells = f"<tr><td>{style.write_number(slope, digits)}</td></tr>" if not math.isnan(slope) else ""
        if names and v.label and arg.label:
            symbol = f"∂{style.markup(v.label)} / ∂{style.markup(arg.label)}"
            cells = f'<tr><td{style.room_for(symbol)}><font color="{palette.quiet}">{symbol}</font></td></tr>{cells}'
        return cells and f'<{style.PLAIN_TABLE}{cells}<tr><td height="4"></td></tr></table>>', tip

    for node, values in rows.items():
        group = choice.folded.get(values[0], "")
        on_path = not choice.on_path.isdisjoint(values)
        border = palette.highlight if on_path else palette.dim if choice.on_path else palette.line
        tip = f"{group}\n" * bool(group) + "\n".join(map(_tip, values))
        label = (
            _group_box(group, values, border, on_path, largest, palette, digits)
            if group
            else _box(values[0], border, on_path, largest, palette, digits)
        )
        frames[choice.frame(values[0])].node(node, label=label, tooltip=style.tooltip(tip))

    for v in choice.shown:
        if v.op is None:
            continue
        node = choice.node(v)
        border = palette.highlight if v in choice.on_path else palette.dim if choice.on_path else palette.line
        hidden = [arg for arg in v.args if arg not in drawn]
        if v in choice.folded or any(arg in choice.place for arg in hidden):
            for arg, slope in choice.stretches(v, drawn).items():
                if choice.node(arg) != node:
                    label, tip = derivative(v, arg, slope)
                    line(port(arg, 0), port(v, 1), path=arg in choice.on_path, label=label, tip=tip)
            continue
        frames[choice.frame(v)].node(
            f"{node}_op", label=f"<{style.markup(v.op.symbol)}>", tooltip=style.tooltip(f"{v.op.name}: {_formula(v)}"),
            shape="circle" if len(v.op.symbol) < 3 else "box", style="filled,rounded" if len(v.op.symbol) >= 3 else "filled",
            fillcolor=palette.operation, color=border,
            fixedsize=str(len(v.op.symbol) < 3).lower(), width="0.3", height="0.3", margin="0.07,0.03",
        )  # fmt: skip
        for arg, slope in zip(v.args, v.local_derivatives, strict=True):
            if arg in drawn:
                label, tip = derivative(v, arg, slope)
                line(port(arg, 0), f"{node}_op", path=arg in choice.on_path, label=label, tip=tip, end=False)
        if hidden:
            tip = style.tooltip(
                f"beyond the depth drawn: {', '.join(map(_name, hidden[:10]))}" + ", ..." * (len(hidden) > 10)
            )
            frames[choice.frame(v)].node(f"{node}_more", label="…", tooltip=tip, fontcolor=palette.quiet)
            graph.edge(f"{node}_more", f"{node}_op", style="dotted", arrowhead="none")
        line(f"{node}_op", node, path=v in choice.on_path)
    for path in sorted(frames, key=len, reverse=True)[:-1]:
        frames[path[:-1]].subgraph(frames[path])
    return str(graph.source)


def _box(v: Value, border: str, thick: bool, largest: float, palette: style.Palette, digits: int) -> str:
    """A Value as a table: its label, data and gradient; of a constant just the number."""
    if isinstance(v, Constant):
        fill, padding = palette.fills[1], 1
        rows = style.named_numbers([("", v.data)], palette, digits)
    else:
        fill, padding = style.shade(palette, v.grad, largest), 4
        rows = _numbers(v, palette, digits)
        if v.label:
            rows = f"<tr><td{style.room_for(v.label)}><b>{style.markup(v.label)}</b></td></tr>{rows}"
    return style.box(rows, 2 if thick else 1, border, fill, padding=padding)


def _group_box(
    name: str, values: Sequence[Value], border: str, thick: bool, largest: float, palette: style.Palette, digits: int
) -> str:
    """A collapsed group as a table: its name and, of each Value that leaves it, what `_box` shows."""
    rows = f"<tr><td{style.room_for(name)}><b>{style.markup(name)}</b></td></tr>"
    for i, v in enumerate(values):
        label = f"<tr><td{style.room_for(v.label)}>{style.markup(v.label)}</td></tr>" if v.label else ""
        rows += (
            f'<tr><td port="r{i}" bgcolor="{style.shade(palette, v.grad, largest)}">{style.PLAIN_TABLE}{label}'
            f"{_numbers(v, palette, digits)}</table></td></tr>"
        )
    return (
        f'<<table border="{2 if thick else 1}" cellborder="0" cellspacing="3" cellpadding="4" color="{border}" '
        f'bgcolor="{palette.inner_cluster}">{rows}</table>>'
    )


def _numbers(v: Value, palette: style.Palette, digits: int) -> str:
    return style.named_numbers([("data", v.data), ("grad", v.grad)], palette, digits)


def _tip(v: Value) -> str:
    lines = [v.label] if v.label else []
    if v.op is not None:
        lines.append(f"= {_formula(v)}")
    return "\n".join([*lines, f"data = {v.data!r}", *([] if isinstance(v, Constant) else [f"grad = {v.grad!r}"])])


def _formula(v: Value) -> str:
    """The operation of `v` on the names of its operands, or their numbers where they have none."""
    assert v.op is not None
    texts = [arg.label or f"{arg.data!r}" for arg in v.args]
    formula = v.op.write([(text, NEGATIVE if text.startswith("-") else ATOM) for text in texts])
    return formula if len(formula) <= 200 else formula[:199] + "…"
