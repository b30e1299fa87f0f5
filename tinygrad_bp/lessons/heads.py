"""Attention in a lesson: one head at one position in full, and of all others the numbers, which are found likewise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.attention import Look, Part, positions
from tinygrad_bp.lessons.blocks import Block, Equation, Formula, Table, Text
from tinygrad_bp.lessons.equations import at_both_ends, chain, in_parentheses, summed
from tinygrad_bp.lessons.speaking import MOST_STEPS, Speaker

FAR = 3  # the last position that is told in full: it looks at a few others, and they fit in a line
MOST_COLUMNS = 5  # of a table: they have room in 80 columns
BESIDE = 2  # names and numbers in a row
ASKED, FOUND = ("query", "key", "value"), ("score", "share", "taken")

Number = Callable[[Value], float]


class Heads(Speaker):
    """Heads of attention: `Opening` tells their forward pass by this, `Backward` their derivatives."""

    @cached_property
    def heads(self) -> dict[int, list[list[Look]]]:
        """By layer of attention the heads, each with its looks; first the one that is told in full, which has what is derived."""
        found: dict[int, dict[int, list[Look]]] = {}
        for look in self.found.looks:
            found.setdefault(look.layer, {}).setdefault(look.head, []).append(look)
        there = self.found.graph.waypoints

        def count(head: Sequence[Look]) -> int:
            own = {part.value for look in head for part in look.parts() if part.kind in ASKED}
            return len([v for v in own if v.op is not None and v in there])

        return {
            layer: sorted(heads.values(), key=lambda head: (-count(head), head[0].head))
            for layer, heads in found.items()
        }

    @cached_property
    def told_position(self) -> int:
        """The position that is told in full: the third, or the last before."""
        there = {look.position for look in self.found.looks}
        return max((position for position in there if position <= FAR), default=min(there))

    @cached_property
    def beside_heads(self) -> dict[int, list[Value]]:
        """What is no part of a head, after how many layers of attention it comes; each as it is in the forward pass."""
        own = {part.value for look in self.found.looks for part in look.parts()}
        layer = {v: look.layer for look in self.found.looks for v in look.taken}
        for v in self.found.order:
            layer[v] = layer.get(v, max((layer[x] for x in v.args if x in layer), default=0))
        found: dict[int, list[Value]] = {}
        for v in self.found.forward:
            if v not in own:
                found.setdefault(layer[v], []).append(v)
        return found

    @cached_property
    def position_of(self) -> dict[Value, int | None]:
        """The position that a Value belongs to."""
        return positions(self.found.order, self.found.looks)

    # What is computed

    def forward_heads(self, needed: set[Value]) -> Iterator[Block]:
        """From the inputs through all layers of attention to the error."""
        yield from self.beside(0, needed)
        for layer, [first, *others] in self.heads.items():
            yield from self.once("lesson.head.why", position=self.told_position)
            yield self.heading("lesson.head", 2, number=first[0].head, position=self.told_position)
            for key, kinds in (("asked", ASKED), ("found", FOUND)):
                yield from self.once(f"lesson.head.{key}")
                for look, part in self._parts(first, kinds, told=True):
                    if part.value.op is not None and part.value in needed:
                        yield self.share(look, part) if part.kind == "share" else self.write.value(part.value)
                tables = list(self.tables(first, kinds, _data, told=False))
                if tables:
                    yield self.paragraph("lesson.head.positions", position=self.told_position)
                    yield from tables
            for head in others:
                yield self.heading("lesson.head.other", 2, number=head[0].head)
                yield self.paragraph("lesson.head.likewise", number=head[0].head, other=first[0].head)
                yield from self.tables(head, ASKED, _data)
                yield from self.tables(head, FOUND, _data)
            yield from self.beside(layer, needed)

    def share(self, look: Look, part: Part) -> Equation:
        """`share_2 = exp(score_2) / (exp(score_1) + exp(score_2))`."""
        place = look.shares.index(part.value)
        rows = []
        for write in (self.write.name, lambda v: self.write.number(v.data)):
            powers = [_power(write(score)) for score in look.scores]
            whole = self.write.shortened([(False, [power]) for power in powers])
            text, latex = (" ".join(pieces) for pieces in zip(*[(x.text, x.latex) for x in whole], strict=True))
            top = powers[place]
            below = f"({text})" if len(powers) > 1 else text
            rows.append([Formula(f"{top.text} / {below}", rf"\frac{{{top.latex}}}{{{latex}}}")])
        return chain(self.write.name(part.value), [*rows, [self.write.number(part.value.data)]])

    def beside(self, layer: int, needed: set[Value]) -> Iterator[Block]:
        """What is computed after so many layers of attention."""
        steps = [v for v in self.beside_heads.get(layer, []) if v in needed]
        if not steps:
            return
        if layer:
            yield self.heading("lesson.head.after", 2)
        own, others = self._by_position(steps)
        meeting = [v for v in own if self.position_of.get(v, layer) is None]
        own = [v for v in own if v not in set(meeting)]
        for group in (own, meeting):
            for v in self.some(group):
                yield self.write.value(v)
            yield from self.left_steps(len(group))
            if group is own:
                yield from self.likewise(others, _data)

    def _by_position(self, steps: Sequence[Value]) -> tuple[list[Value], list[Value]]:
        """Those that are told in full, and those of other positions, which are like them."""
        place = self.position_of
        told = any(place.get(v) == self.told_position for v in steps)
        others = [v for v in steps if told and place.get(v) not in (None, self.told_position)]
        left = set(others)
        return [v for v in steps if v not in left], others

    # Derivatives

    def backward_heads(self, step: Callable[[Value], Iterator[Block]]) -> Iterator[Block]:
        """From the error through all layers of attention to the parameters. `step` tells a derivative."""
        there = self.found.graph.waypoints
        told = {self.found.loss}
        for layer, [first, *others] in reversed(self.heads.items()):
            yield from self.backward_beside(layer, told, step)
            yield self.heading("lesson.head", 2, number=first[0].head, position=self.told_position)
            for kinds in (FOUND[::-1], ASKED[::-1]):
                if kinds[0] == "taken":
                    yield from self.once("lesson.head.backward")
                for look, part in self._parts(first, kinds, told=True):
                    if part.value in there and part.value not in told and part.value.op is not None:
                        told.add(part.value)
                        own = part.kind == "score" and self._through_shares(look, part.value)
                        if own:
                            yield from self.once("lesson.head.backward.score")
                            yield self.slope_of_score(look, part)
                        else:
                            yield from step(part.value)
                tables = list(self.tables(first, kinds[::-1], self._slope, told=False))
                if tables:
                    yield self.paragraph("lesson.head.positions.slopes", position=self.told_position)
                    yield from tables
            for head in others:
                tables = [*self.tables(head, FOUND, self._slope), *self.tables(head, ASKED, self._slope)]
                if tables:
                    yield self.heading("lesson.head.other", 2, number=head[0].head)
                    yield self.paragraph("lesson.head.likewise.slopes", number=head[0].head, other=first[0].head)
                    yield from tables
            told |= {part.value for head in [first, *others] for look in head for part in look.parts() if part.value.op}
        yield from self.backward_beside(0, told, step)
        rest = [v for v in self.found.backward if v not in told]
        if rest:
            yield self.heading("lesson.part.parameters", 2)
        for v in self.some(rest):
            yield from step(v)
        yield from self.left_steps(len(rest))

    def backward_beside(
        self, layer: int, told: set[Value], step: Callable[[Value], Iterator[Block]]
    ) -> Iterator[Block]:
        """What is computed after so many layers of attention, from the last to the first."""
        beside = set(self.beside_heads.get(layer, []))
        steps = [v for v in self.found.backward if v in beside and v not in told]
        told |= set(steps)
        own, others = self._by_position(steps)
        if steps and layer:
            yield self.heading("lesson.head.after", 2)
        for v in self.some(own):
            yield from step(v)
        yield from self.left_steps(len(own))
        yield from self.likewise(others, self._slope)

    def _through_shares(self, look: Look, score: Value) -> bool:
        shares = set(look.shares)
        return {edge.of for edge in self.found.graph.users[score]} == shares

    def slope_of_score(self, look: Look, part: Part) -> Equation:
        """`share_2 * (dE/dshare_2 - share_1 * dE/dshare_1 - share_2 * dE/dshare_2)`."""
        found, write, share = self.found, self.write, look.shares[look.scores.index(part.value)]
        rows = []
        symbols = {v: (write.name(v), write.derivative(found.loss, v)) for v in look.shares}
        numbers = {v: (write.number(v.data), write.number(self._slope(v))) for v in look.shares}
        for said in (symbols, numbers):
            name, slope = said[share]
            others = at_both_ends([(True, [*said[v]]) for v in look.shares], subtracted=True)
            row = summed([(False, [slope]), *others])
            inner = Formula(" ".join(x.text for x in row), " ".join(x.latex for x in row))
            rows.append(summed([(False, [name, in_parentheses(inner)])]))
        return chain(write.derivative(found.loss, part.value), [*rows, [write.number(self._slope(part.value))]])

    def _slope(self, v: Value) -> float:
        return self.found.graph.total.get(v, 0.0)

    # Numbers of what is found likewise

    def likewise(self, others: Sequence[Value], number: Number) -> Iterator[Block]:
        """Of what other positions compute in the same way the numbers."""
        if not others:
            return
        shown = others[:MOST_STEPS]
        yield self.paragraph("lesson.head.positions" + (".slopes" * (number != _data)), position=self.told_position)
        pairs: list[list[Text]] = [[[self.write.name(v)], [self.write.number(number(v))]] for v in shown]
        rows = [[cell for pair in pairs[k : k + BESIDE] for cell in pair] for k in range(0, len(pairs), BESIDE)]
        width = max(map(len, rows))
        yield Table([""] * width, [[*row, *[""] * (width - len(row))] for row in rows])
        yield from self.left_steps(MOST_STEPS + len(others) - len(shown))

    def tables(
        self, head: Sequence[Look], kinds: Sequence[str], number: Number, *, told: bool | None = None
    ) -> Iterator[Table]:
        """The numbers of a head, a row for each position: of few columns one table, else one for each kind of quantity."""
        cells: dict[str, dict[int, dict[int, float]]] = {}
        for _, part in self._parts(head, kinds, told=told):
            there = part.value.op is not None and part.value in self.found.names
            if there and (number == _data or part.value in self.found.graph.waypoints):
                cells.setdefault(part.kind, {}).setdefault(part.position, {})[part.number] = number(part.value)
        columns = {kind: sorted({k for row in rows.values() for k in row}) for kind, rows in cells.items()}
        together = [list(columns)] if sum(map(len, columns.values())) <= MOST_COLUMNS else [[kind] for kind in columns]
        for shown in together:
            pairs = [(kind, k) for kind in shown for k in columns[kind]]
            at = sorted({position for kind in shown for position in cells[kind]})
            for first in range(0, len(pairs), MOST_COLUMNS):
                across = pairs[first : first + MOST_COLUMNS]
                yield self._table(across, at, cells, {kind for kind in shown if len(columns[kind]) == 1})

    def _table(
        self,
        across: Sequence[tuple[str, int]],
        at: Sequence[int],
        cells: Mapping[str, Mapping[int, Mapping[int, float]]],
        alone: Collection[str],
    ) -> Table:
        top: list[Text] = [self.words("lesson.head.position")]
        for kind, k in across:
            numbered = kind not in alone or kind in ("score", "share")
            top.append([f"{self.say(f'lesson.head.{kind}')} {k}" if numbered else self.say(f"lesson.head.{kind}")])
        rows: list[list[Text]] = []
        for position in at:
            numbers = [cells[kind].get(position, {}).get(k) for kind, k in across]
            rows.append([[str(position)], *[[] if x is None else [self.write.number(x)] for x in numbers]])
        return Table(top, [row for row in rows if any(row[1:])])

    def _parts(
        self, head: Sequence[Look], kinds: Sequence[str], *, told: bool | None = None
    ) -> Iterator[tuple[Look, Part]]:
        """The quantities of these kinds, in this order, each once: of the told position, of all others, or all."""
        seen: set[Value] = set()
        for kind in kinds:
            for look in head:
                for part in look.parts():
                    wanted = told is None or (part.position == self.told_position) == told
                    if part.kind == kind and wanted and part.value not in seen:
                        seen.add(part.value)
                        yield look, part


def _data(v: Value) -> float:
    return v.data


def _power(x: Formula) -> Formula:
    return Formula(f"exp({x.text})", f"e^{{{x.latex}}}")
