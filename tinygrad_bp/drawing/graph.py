"""`draw`: the graph of a computation, a node for each Value and a small one for each operation.

What of it is drawn is chosen in `choice`. Where a Value is drawn and something between it
and the next drawn ones is not, one edge stands for all that was left out, and its derivative is that of the whole stretch.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from graphviz import Digraph

from tinygrad_bp.core.operation import ATOM, NEGATIVE
from tinygrad_bp.core.order import changed_leaves
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing import style
from tinygrad_bp.drawing.again import MOST_BENDS, again
from tinygrad_bp.drawing.choice import Choice, called, choose, values
from tinygrad_bp.drawing.picture import Drawing
from tinygrad_bp.series import jvp
from tinygrad_bp.text import MOST_NAMES, shown, whole_number
from tinygrad_bp.words import Words

if TYPE_CHECKING:
    from tinygrad_bp.diagnosis import Diagnosis


def draw(
    y: Value | Sequence[Value],
    *,
    only: Literal["labelled"] | Iterable[Value] | None = None,
    depth: int | None = None,
    group: bool | Mapping[str, Iterable[Value]] = True,
    collapse: bool | str | Collection[str] = False,
    highlight: Value | str | Iterable[Value | str] = (),
    show: Diagnosis | Mapping[Value, float] | None = None,
    tangents: Mapping[Value, float] | None = None,
    local_derivatives: bool = False,
    digits: int = 9,
    direction: Literal["LR", "RL", "TB", "BT"] = "LR",
    max_nodes: int = 400,
    title: str = "",
    dark: bool = False,
    font_size: float = style.FONT_SIZE,
    transparent: bool = False,
    language: str = "en",
) -> Drawing:
    """A picture of the graph that `y` was computed by: data and, as `backward()` left them, gradients.

    Args:
        y: a Value, or several that share a graph.
        only: draw just these Values ("labelled": those with a label), the outputs and the highlighted ones. What lies between two of
            them becomes one edge, whose local derivative is that of the whole stretch.
        depth: draw just what is at most so many operations away from an output.
        group: frames around groups. True: one for each neuron, that is for the nodes `net_h1` and `out_h1` and all that is computed
            between the previous layer and them, and one for each layer; and one for each head of attention, `head 1`, and for each
            position in it, `head 1 at 3`. Or a mapping from names to the Values of each group.
        collapse: names of groups to draw as one node each; True for all, layers by their neurons.
        highlight: a Value or a label, or several, whose paths to the outputs stand out: those that the chain rule sums over.
        show: what `diagnose` found: colours are then the shares of the operations in what rounding lost, and what a finding is about is
            framed. Or numbers for Values, to be coloured by in place of their gradients.
        tangents: the rates at which leaves move, as `jvp` takes them. Each Value then has, in place of its gradient, the rate at which it
            moves with them: what flows forward.
        local_derivatives: write on each edge the derivative of its end with respect to its beginning.
        digits: significant digits of numbers, 1 to 17. Tooltips have them all.
        direction: where the computation runs: "LR" from left to right, "TB" from top to bottom, "RL", "BT".
        max_nodes: refuse to draw more nodes than these; operations are not counted.
        title: a heading.
        dark: light on dark.
        font_size: of text, in points, from 1 to 500; boxes grow with it.
        transparent: no ground, for a page that has its own, a light one or, with `dark`, a dark one.
        language: of the legend, "en" or "ja".

    Where data of a leaf was changed after it was used, as a training step does, the heading says so: the Values that were computed from
    it are older.

    Raises TypeError for what is no Value and for options of a wrong type, and ValueError for a graph with more nodes than `max_nodes`, a
    highlighted Value that is not in the graph, an unknown group and other options that are not as above.
    """
    outputs = values(y, "y")
    wanted = [highlight] if isinstance(highlight, str) or not isinstance(highlight, Iterable) else list(highlight)
    values([v for v in wanted if not isinstance(v, str)], "highlight")
    if not outputs:
        raise ValueError("draw needs at least one Value")
    if direction not in ("LR", "RL", "TB", "BT"):
        raise ValueError(f"draw: direction is 'LR', 'RL', 'TB' or 'BT', not {shown(direction)}")
    looks = style.look(
        "draw", dark=dark, digits=digits, font_size=font_size, transparent=transparent, language=language, title=title
    )
    colours = getattr(show, "shares", show)
    if colours is not None and not isinstance(colours, Mapping):
        raise TypeError(f"draw: show takes a diagnosis or a mapping from Values to numbers, not {type(show).__name__}")
    if tangents is not None and not isinstance(tangents, Mapping):
        raise TypeError(f"draw: tangents are Values and their rates, such as {{x: 1.0}}, not {type(tangents).__name__}")
    if not isinstance(group, bool | Mapping):
        raise TypeError(f"draw: group takes True, False or a mapping from names to Values, not {type(group).__name__}")
    if depth is not None:
        depth = whole_number(depth, "draw: depth")

    max_nodes = whole_number(max_nodes, "draw: max_nodes", None)
    choice = choose(
        outputs, only=only, depth=depth, group=group, collapse=collapse, highlight=wanted, max_nodes=max_nodes
    )
    framed = frozenset(getattr(show, "nodes", ()))
    rates = None if tangents is None else _rates(choice.order, tangents)
    writer = GraphWriter(
        choice,
        title,
        looks,
        direction,
        local_derivatives,
        symbols=only is not None,
        colours=colours,
        framed=framed,
        rates=rates,
    )
    return Drawing(
        writer.dot(),
        title or looks.say("picture.graph", names=looks.say("say.comma").join(_results(outputs, looks.say))),
    )


def _rates(order: Iterable[Value], tangents: Mapping[Value, float]) -> dict[Value, float]:
    """How fast each Value moves. Raises what `jvp` raises."""
    nodes = [v for v in order if not isinstance(v, Constant)]
    return {v: rate.data for v, rate in zip(nodes, jvp(nodes, tangents), strict=True)}


def _results(outputs: Sequence[Value], say: Words) -> list[str]:
    """What is drawn, by name; what has none as a result, with its number."""
    return [called(v) if v.label else say("picture.result", number=f"{v.data:.6g}") for v in outputs]


class GraphWriter:
    """Writes the DOT text of what was chosen.

    Args:
        symbols: write ∂y/∂x on lines beside the numbers of `local_derivatives`.
        colours: numbers for Values, which are coloured by them; by their gradients if None.
        framed: Values that stand out.
        rates: how fast each Value moves; in place of gradients, where they are given.
    """

    def __init__(
        self,
        choice: Choice,
        title: str,
        look: style.Look,
        direction: str,
        local_derivatives: bool,
        *,
        symbols: bool,
        colours: Mapping[Value, float] | None = None,
        framed: Collection[Value] = (),
        rates: Mapping[Value, float] | None = None,
    ) -> None:
        self.choice, self.look, self.palette, self.digits = choice, look, look.palette, look.digits
        self.local_derivatives, self.symbols = local_derivatives, symbols
        self.drawn = set(choice.shown)
        self.rows: dict[str, list[Value]] = {}  # of each node the Values in it
        for v in choice.shown:
            self.rows.setdefault(choice.node(v), []).append(v)
        self.colours, self.framed, self.rates = colours, framed, rates
        self.largest = style.largest_magnitude([self._colour(v) for v in choice.shown])
        self.sides = {"LR": "ew", "RL": "we"}.get(direction)
        self.tails = {v: self._tails(v) for v in choice.shown if v.op is not None}
        which = self._beginnings()
        self.beginnings, self.repeats = iter(which), any(which)
        self.again: dict[tuple[Value, int], str] = {}  # what is drawn again, and which time, to the name of that node
        self.graph = Digraph(
            graph_attr={
                **look.text, "rankdir": direction, "bgcolor": look.ground, "pad": "0.25", "nodesep": "0.18", "ranksep": "0.32",
                "labelloc": "t", "label": style.heading(title, self._keys(), _changed(choice.order, look.say), look.font_size),
            },
            node_attr={**look.text, "shape": "plain"},
            edge_attr={**look.text, "color": self.palette.line, "arrowsize": "0.6"},
        )  # fmt: skip
        self.frames: dict[tuple[str, ...], Digraph] = {(): self.graph}  # by the groups around them

    def dot(self) -> str:
        """The DOT text."""
        for node_values in self.rows.values():
            self._make_frames(self.choice.frame(node_values[0]))
        for node in self.rows:
            self._node(node)
        for v in self.choice.shown:
            if v.op is not None:
                if self._in_stretches(v):
                    self._stretches(v)
                else:
                    self._operation(v, [arg for arg in v.args if arg not in self.drawn])
        for path in sorted(self.frames, key=len, reverse=True)[:-1]:
            self.frames[path[:-1]].subgraph(self.frames[path])
        return str(self.graph.source)

    def _in_stretches(self, v: Value) -> bool:
        """Whether lines into `v` stand for what was left out."""
        return v in self.choice.folded or any(arg in self.choice.place and arg not in self.drawn for arg in v.args)

    def _tails(self, v: Value) -> list[tuple[Value, float]]:
        """The drawn Values that lines lead from into `v` or its operation, and the derivatives along them."""
        if not self._in_stretches(v):
            return [pair for pair in zip(v.args, v.local_derivatives, strict=True) if pair[0] in self.drawn]
        node = self.choice.node
        return [pair for pair in self.choice.stretches(v, self.drawn).items() if node(pair[0]) != node(v)]

    def _beginnings(self) -> list[int]:
        """For each line, in the order of `tails`, which drawing of its Value it begins at."""
        place = {v: k for k, v in enumerate(self.choice.shown)}
        lines = [(place[arg], place[v]) for v, tails in self.tails.items() for arg, _ in tails]
        # A line goes by its operation, and one with a number on it has a bend for that.
        return again(len(place), lines, most=MOST_BENDS // (6 if self.local_derivatives else 3))

    def _keys(self) -> list[str]:
        """Of the legend."""
        keys = []
        if self.largest:
            of = "picture.share" if self.colours is not None else "picture.rate" if self.rates else "picture.gradient"
            keys.append(style.colour_key(self.look.say(of), self.largest, self.digits, self.palette))
        if not self.drawn.isdisjoint(self.framed):
            keys.append(style.line_key(self.look.say("picture.found"), self.palette.highlight))
        if self.choice.on_path:
            keys.append(style.line_key(self.look.say("picture.paths"), self.palette.highlight))
        if self.repeats:
            keys.append(f"<td>{self.look.say('picture.again')}</td>")
        return keys

    def _make_frames(self, path: tuple[str, ...]) -> None:
        """The frames of these groups, one in another, unless they are there."""
        for end, name in enumerate(path, 1):
            if path[:end] not in self.frames:
                fill = self.palette.cluster if end == 1 else self.palette.inner_cluster
                self.frames[path[:end]] = Digraph(
                    name=f"cluster_{len(self.frames)}",
                    graph_attr={
                        "label": f"<{style.markup(name)}>", "tooltip": style.tooltip(name), "style": "rounded,filled",
                        "color": self.palette.dim, "fillcolor": fill, "margin": "10",
                    },
                )  # fmt: skip

    # Nodes

    def _node(self, node: str) -> None:
        """A Value, or a collapsed group."""
        inside = self.rows[node]
        group = self.choice.folded.get(inside[0], "")
        on_path = not self.choice.on_path.isdisjoint(inside)
        thick = on_path or any(v in self.framed for v in inside)
        label = self._group_box(group, inside, thick=thick) if group else self._box(inside[0], thick=thick)
        tip = "\n".join([*filter(None, [group]), *map(self._tip, inside)])
        self.frames[self.choice.frame(inside[0])].node(node, label=label, tooltip=style.tooltip(tip))

    def _operation(self, v: Value, hidden: Sequence[Value]) -> None:
        """The small node of the operation that made `v`, and the lines into it and out of it; `hidden` are beyond the depth drawn."""
        assert v.op is not None
        node, frame, on_path = self.choice.node(v), self.frames[self.choice.frame(v)], self.choice.on_path
        short = len(v.op.symbol) < 3
        size = f"{0.3 * self.look.factor:g}"
        frame.node(
            f"{node}_op", label=f"<{style.markup(v.op.symbol)}>", tooltip=style.tooltip(f"{v.op.name}: {_formula(v)}"),
            shape="circle" if short else "box", style="filled" if short else "filled,rounded",
            fillcolor=self.palette.operation, color=self._border(v in on_path),
            fixedsize=str(short).lower(), width=size, height=size, margin="0.07,0.03",
        )  # fmt: skip
        for arg, local in self.tails[v]:
            label, tip = self._derivative(v, arg, local)
            self._line(self._beginning(arg, v), f"{node}_op", path=arg in on_path, label=label, tip=tip, end=False)
        if hidden:
            names = ", ".join(map(called, hidden[:10])) + (", ..." if len(hidden) > 10 else "")
            tip = style.tooltip(f"beyond the depth drawn: {names}")
            frame.node(f"{node}_more", label="…", tooltip=tip, fontcolor=self.palette.quiet)
            self.graph.edge(f"{node}_more", f"{node}_op", style="dotted", arrowhead="none")
        self._line(f"{node}_op", node, path=v in on_path)

    def _box(self, v: Value, *, thick: bool) -> str:
        """A Value as a table: its label, data and gradient; of a constant just the number."""
        if isinstance(v, Constant):
            fill, padding = self.palette.fills[1], 1
            rows = style.named_numbers([("", v.data)], self.palette, self.digits)
        else:
            fill, padding = style.shade(self.palette, self._colour(v), self.largest), 4
            rows = self._numbers(v)
            if v.label:
                rows = f"<tr><td{style.room_for(v.label, self.look.font_size)}><b>{style.markup(v.label)}</b></td></tr>{rows}"
        return style.box(rows, 2 if thick else 1, self._border(thick), fill, padding=padding)

    def _group_box(self, name: str, inside: Sequence[Value], *, thick: bool) -> str:
        """A collapsed group as a table: its name and, of each Value that leaves it, what `_box` shows."""
        rows = f"<tr><td{style.room_for(name, self.look.font_size)}><b>{style.markup(name)}</b></td></tr>"
        for i, v in enumerate(inside):
            label = (
                f"<tr><td{style.room_for(v.label, self.look.font_size)}>{style.markup(v.label)}</td></tr>"
                if v.label
                else ""
            )
            rows += (
                f'<tr><td port="r{i}" bgcolor="{style.shade(self.palette, self._colour(v), self.largest)}">{style.PLAIN_TABLE}{label}'
                f"{self._numbers(v)}</table></td></tr>"
            )
        return (
            f'<<table border="{2 if thick else 1}" cellborder="0" cellspacing="3" cellpadding="4" color="{self._border(thick)}" '
            f'bgcolor="{self.palette.inner_cluster}">{rows}</table>>'
        )

    def _numbers(self, v: Value) -> str:
        return style.named_numbers([("data", v.data), self._flows(v)], self.palette, self.digits)

    def _flows(self, v: Value) -> tuple[str, float]:
        """What has come to a Value: its gradient from behind, or its rate from before."""
        return ("grad", style.gradient(v)) if self.rates is None else ("rate", self.rates[v])

    def _colour(self, v: Value) -> float:
        """The number that a Value is coloured by."""
        if self.colours is not None:
            return self.colours.get(v, 0.0)
        return 0.0 if isinstance(v, Constant) else self._flows(v)[1]

    def _border(self, on_path: bool) -> str:
        if on_path:
            return self.palette.highlight
        return self.palette.dim if self.choice.on_path else self.palette.line

    def _tip(self, v: Value) -> str:
        lines = [v.label] if v.label else []
        if v.op is not None:
            lines.append(f"= {_formula(v)}")
        numbers = [("data", v.data), *([] if isinstance(v, Constant) else [self._flows(v)])]
        return "\n".join([*lines, *[f"{name} = {x!r}" for name, x in numbers]])

    # Lines

    def _stretches(self, v: Value) -> None:
        """The lines into `v` from the drawn Values that it comes from by way of ones that are not."""
        for arg, total in self.tails[v]:
            label, tip = self._derivative(v, arg, total)
            on_path = arg in self.choice.on_path
            self._line(self._beginning(arg, v), self._port(v, 1), path=on_path, label=label, tip=tip)

    def _beginning(self, arg: Value, v: Value) -> str:
        """Where the next line begins, from `arg` to `v`: at its node, or where that is far away at one in which it is drawn again."""
        which = next(self.beginnings)
        if not which:
            return self._port(arg, 0)
        if (arg, which) not in self.again:
            self.again[arg, which] = node = f"a{len(self.again) + 1}"
            rows = style.named_numbers(
                [("" if isinstance(arg, Constant) else "data", arg.data)], self.palette, self.digits
            )
            if arg.label:
                rows = (
                    f"<tr><td{style.room_for(arg.label, self.look.font_size)}>{style.markup(arg.label)}</td></tr>{rows}"
                )
            on_path = arg in self.choice.on_path
            border = self._border(on_path)
            label = style.box(rows, 2 if on_path else 1, border, self.palette.paper, padding=2, dashed=True)
            self.frames[self.choice.frame(v)].node(node, label=label, tooltip=style.tooltip(self._tip(arg)))
        return self.again[arg, which]

    def _line(self, tail: str, head: str, *, path: bool, label: str = "", tip: str = "", end: bool = True) -> None:
        look = {}
        if path:
            look = {"color": self.palette.highlight, "penwidth": "2.4"}
        elif self.choice.on_path:
            look = {"color": self.palette.dim}
        arrow = "normal" if end else "none"
        self.graph.edge(tail, head, label=label, edgetooltip=tip, labeltooltip=tip, arrowhead=arrow, **look)

    def _port(self, v: Value, side: int) -> str:
        """Where a line leaves (0) or meets (1) the node of `v`: of a collapsed group with several rows, at its row."""
        node = self.choice.node(v)
        inside = self.rows[node]
        return f"{node}:r{inside.index(v)}:{self.sides[side]}" if self.sides and len(inside) > 1 else node

    def _derivative(self, v: Value, arg: Value, local: float) -> tuple[str, str]:
        """What is written on the line from `arg` to `v`, and its tooltip."""
        if self.rates is None:
            flow = f"sends back {style.gradient(v)!r} * {local!r} = {style.gradient(v) * local!r}"
        else:
            rate = self.rates.get(arg, 0.0)
            flow = f"passes on {local!r} * {rate!r} = {local * rate!r}"
        tip = style.tooltip(f"d {called(v)} / d {called(arg)} = {local!r}\n{flow}")
        if not self.local_derivatives:
            return "", tip
        cells = f"<tr><td>{style.write_number(local, self.digits)}</td></tr>" if not math.isnan(local) else ""
        if self.symbols and v.label and arg.label:
            symbol = f"∂{style.markup(v.label)} / ∂{style.markup(arg.label)}"
            quiet = f'<font color="{self.palette.quiet}">{symbol}</font>'
            cells = f"<tr><td{style.room_for(symbol, self.look.font_size)}>{quiet}</td></tr>{cells}"
        return cells and f'<{style.PLAIN_TABLE}{cells}<tr><td height="4"></td></tr></table>>', tip


def _changed(order: Iterable[Value], say: Words) -> str:
    """A remark if the data of leaves was changed after it was used, so that it does not make what is shown behind it; else empty."""
    names = [called(leaf) for leaf in changed_leaves(order)]
    shown = say("say.comma").join([*names[:MOST_NAMES], *(["…"] if len(names) > MOST_NAMES else [])])
    return say("picture.changed", names=shown, count=len(names)) if names else ""


def _formula(v: Value) -> str:
    """The operation of `v` on the names of its operands, or their numbers where they have none."""
    assert v.op is not None
    texts = [arg.label or f"{arg.data!r}" for arg in v.args]
    formula = v.op.write([(text, NEGATIVE if text.startswith("-") else ATOM) for text in texts])
    return formula if len(formula) <= 200 else formula[:199] + "…"
