"""The graph between a Value and what it was computed from, reduced to its waypoints: what lies between them and has a name.

Nodes without a name are contracted: the edge between two waypoints carries the derivative of the one with respect to the other along all
routes that meet no third waypoint. Paths of the explanation are paths along these edges.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.order import between, dependents, topological_order
from tinygrad_bp.core.output import saying
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explanation.names import enclosed, name_others, unique_names

MOST_STEPS = 1000  # of the search for a second way between two waypoints


@dataclass(frozen=True, eq=False)
class Edge:
    """From a waypoint `of` to one it was computed from, `by`.

    Attributes:
        value: the derivative along this edge.
        plain: whether `by` is just added into `of`, on one route; then the value is exactly 1.
    """

    of: Value
    by: Value
    value: float
    plain: bool


@saying
@dataclass(frozen=True)
class Factor:
    """One factor of a chain rule: the derivative of one Value with respect to another.

    Attributes:
        of: the Value that is differentiated.
        by: the Value it is differentiated with respect to.
        value: the number.
        whole: False if `of` also depends on `by` in other ways, which this factor leaves out: a partial derivative, written with ∂.
        edge: what it is read from, if it is no product of further factors.
        graph: the waypoints that it lies between.
    """

    of: Value
    by: Value
    value: float
    whole: bool
    edge: Edge | None = field(repr=False, compare=False)
    graph: Waypoints = field(repr=False, compare=False)

    @property
    def symbol(self) -> str:
        """How it is written: `dout_o1/dnet_o1`."""
        d = "d" if self.whole else "∂"
        return f"{d}{enclosed(self.graph.names[self.of])}/{d}{enclosed(self.graph.names[self.by])}"

    @property
    def latex(self) -> str:
        """How it is written in LaTeX."""
        d = "d" if self.whole else r"\partial "
        of, by = (enclosed(self.graph.names[node], latex=True) for node in (self.of, self.by))
        return rf"\frac{{{d}{of}}}{{{d}{by}}}"

    def formula(self, *, latex: bool = False) -> str:
        """The derivative as a formula in named Values, as textbooks have it: `out_o1 * (1 - out_o1)`.

        Empty if it is only a number, too long to read, or a product of further factors.
        """
        edge, graph = self.edge, self.graph
        return graph.writer[latex].derivative(edge.of, edge.by, graph.place, graph.waypoints) if edge else ""


@saying
@dataclass(frozen=True)
class Path:
    """One way from y back to x.

    Attributes:
        nodes: the waypoints on it, from y to x.
        factors: the factors along it, from y to x. A node that is only added into the one before has none of its own.
        product: the product of the factors.
    """

    nodes: tuple[Value, ...]
    factors: tuple[Factor, ...]
    product: float


@saying
@dataclass(frozen=True)
class Term:
    """A summand of a derivative: the product of its factors."""

    factors: tuple[Factor, ...]
    value: float


@saying
@dataclass(frozen=True)
class Quantity:
    """The derivative of y with respect to one Value on the way to x.

    Attributes:
        derivative: the derivative itself; its number is the one that `backward()` gives.
        terms: what it is the sum of, a term for each waypoint that was computed from this Value; none for y itself.
        parts: if y is a sum and the terms belong to different summands, the derivatives of these: dE_o1/dout_h1 and dE_o2/dout_h1.
        delta: for the net input of a neuron, `net_o1`, the name of its node delta: `delta_o1`. Else empty.
    """

    derivative: Factor
    terms: tuple[Term, ...]
    parts: tuple[Factor, ...]
    delta: str


class Waypoints:
    """The waypoints between y and one or more xs, with derivatives with respect to them and between them.

    Args:
        labelled_only: whether only what has a label is a waypoint, beside y and the xs.
        also: what is one without a label, and the name that it gets if nothing else has it.
        apart: whether each x is asked for by itself, and is a waypoint like any other on the way to the others.

    Attributes:
        names: of each labelled Value under y, and of each waypoint.
        invented: the waypoints whose name is not their label.
        place: the position of each node between y and the xs in topological order.
        order: the waypoints in topological order, y last; `waypoints` is the same as a set.
        total: for each node between them the derivative of y with respect to it.
        edges, users: of each waypoint the edges to what it was computed from, and those from what was computed from it.
        writer: writes formulas with these names, by whether they are in LaTeX.
        in_numbers: writes formulas in which leaves without a name are numbers, likewise.
    """

    def __init__(
        self,
        y: Value,
        xs: Sequence[Value],
        labelled_only: bool,
        also: Mapping[Value, str] | None = None,
        *,
        apart: bool = False,
    ) -> None:
        also = also or {}
        self.y, self.xs = y, dict.fromkeys(xs)
        self._ends: Collection[Value] = () if apart else self.xs  # at which what passes through them ends
        under_y = topological_order(y, constants=False)
        after_xs = dependents(under_y, self.xs)
        nodes = [node for node in under_y if node in after_xs]
        self.depends = bool(nodes)
        nodes = nodes or [*self.xs, y]
        self.place = {node: i for i, node in enumerate(nodes)}
        self._nodes = nodes
        self.order = [
            node for node in nodes if node.label or not labelled_only or node in self.xs or node is y or node in also
        ]

        self.waypoints = set(self.order)
        self.names = unique_names(node for node in dict.fromkeys([*under_y, *self.xs]) if node.label)
        short = {**dict.fromkeys(self.xs if len(self.xs) == 1 else (), "x"), y: "y", **also}
        self.invented = name_others(self.names, self.order, short)

        self.writer = {latex: FormulaWriter(self.names, latex=latex) for latex in (False, True)}
        self.in_numbers = {
            latex: FormulaWriter(self.names, latex=latex, leaves_as_numbers=True) for latex in (False, True)
        }
        self.edges: dict[Value, list[Edge]] = {}
        self.users: dict[Value, list[Edge]] = {y: []}
        self.total = {y: 1.0}
        if self.depends:
            self._differentiate()
            self._connect()
            for users in self.users.values():
                users.reverse()  # into the order in which they were computed

    def _differentiate(self) -> None:
        """The same steps in the same order as `Value.backward`, so that the numbers are the same to the last bit."""
        total, place = self.total, self.place
        for node in reversed(self._nodes):
            gradient = total[node]
            for x, local in zip(node.operands, node.local_derivatives, strict=True):
                if isinstance(x, Value) and x in place:
                    total[x] = total.get(x, 0.0) + local * gradient

    def _connect(self) -> None:
        """The edges: reverse accumulation from each waypoint to the next ones and no further, as `flow` has it."""
        for waypoint in reversed(self.order):
            gradients: dict[Any, float] = {waypoint: 1.0}
            plain: set[Any] = {waypoint}
            for node, operands in between(waypoint, self.waypoints, self.place):
                gradient = gradients.pop(node)
                adds = node in plain and (node.op is ops.add or node.op is ops.sub or node.op is ops.sum_of)
                for x, local in zip(operands, node.local_derivatives, strict=True):
                    if x in gradients:
                        gradients[x] += local * gradient
                        plain.discard(x)
                    elif x in self.place:
                        gradients[x] = local * gradient
                        if adds and local == 1.0:
                            plain.add(x)
            self.edges[waypoint] = [Edge(waypoint, by, value, by in plain) for by, value in gradients.items()]
            for edge in self.edges[waypoint]:
                self.users.setdefault(edge.by, []).append(edge)

    @property
    def hides_all(self) -> bool:
        """Whether there are nodes between y and the xs, and none of them is a waypoint."""
        return len(self.order) == 1 + len(self.xs) < len(self._nodes)

    def steps(self, x: Value) -> list[Value]:
        """The waypoints from y back to x, each after all that were computed from it, and each branch to its end before the next."""
        steps: list[Value] = []
        seen = {x}
        trail = [(x, iter(self.users[x]))]
        while trail:
            node, rest = trail[-1]
            for edge in rest:
                if edge.of not in seen:
                    seen.add(edge.of)
                    trail.append((edge.of, iter(self.users[edge.of])))
                    break
            else:
                steps.append(node)
                trail.pop()
        return steps

    @cached_property
    def summand(self) -> dict[Value, Value]:
        """For each waypoint the summand of y through which alone it is used, y itself if there is none: dy/dnode = dsummand/dnode."""
        found = {self.y: self.y}
        for node in reversed(self.order[:-1]):
            users = self.users[node]
            user = users[0].of
            if len(users) == 1 and users[0].plain and found[user] is user and node not in self._ends:
                found[node] = node
            else:
                through = {found[edge.of] for edge in users}
                found[node] = through.pop() if len(through) == 1 else self.y
        return found

    def _single(self, of: Value, by: Value) -> bool:
        """Whether just one path leads from one waypoint to another. What would take long to tell counts as no."""
        node = by
        for _ in range(MOST_STEPS):
            users = self.users[node]
            if len(users) != 1:
                break
            node = users[0].of
            if node is of:
                return True
        ways = {of: 1}
        waiting = [-self.place[of]]
        for _ in range(MOST_STEPS):
            node = self._nodes[-heapq.heappop(waiting)]
            if node is by:
                return ways[by] == 1
            for edge in self.edges[node]:
                if self.place[edge.by] >= self.place[by]:
                    if edge.by not in ways:
                        heapq.heappush(waiting, -self.place[edge.by])
                    ways[edge.by] = ways.get(edge.by, 0) + ways[node]
        return False

    def paths(self, x: Value, count: int) -> tuple[list[list[Edge]], int]:
        """The paths from y to x with the largest products by magnitude, largest first, and how many paths there are."""
        # The logarithm of the magnitude, the edges back to y.
        best: dict[Value, list[tuple[float, Any]]] = {self.y: [(0.0, None)]}
        number = {self.y: 1}
        for node in reversed(self.order):
            if node is x:
                break
            found = heapq.nlargest(count, best.pop(node), key=lambda entry: entry[0])
            ways = number.pop(node)
            for edge in self.edges[node]:
                size = _log_magnitude(edge.value)
                best.setdefault(edge.by, []).extend(
                    (math.inf if math.inf in (size, s) else s + size, (edge, trail)) for s, trail in found
                )
                number[edge.by] = number.get(edge.by, 0) + ways
        paths = []
        for _, trail in heapq.nlargest(count, best[x], key=lambda entry: entry[0]):
            path = []
            while trail is not None:
                edge, trail = trail
                path.append(edge)
            paths.append(path[::-1])
        return paths, number[x]

    def path(self, edges: list[Edge]) -> Path:
        """These edges from y to x as a Path."""
        product = 1.0
        for edge in edges:
            product *= edge.value
        return Path((self.y, *[edge.by for edge in edges]), tuple(self.factors(edges)), product)

    def factors(self, edges: list[Edge]) -> list[Factor]:
        """The factors of consecutive edges. A node that is only added into the one before is passed over where that is not ambiguous."""
        factors = []
        of: Value | None = None  # where an edge begins after nodes that were passed over
        for i, edge in enumerate(edges):
            following = edges[i + 1] if i + 1 < len(edges) else None
            start = of or edge.of
            if (
                edge.plain
                and following
                and (of or self._single(start, edge.by))
                and (len(self.users[following.by]) == 1 or self._single(start, following.by))
            ):
                of = start
                continue
            factors.append(
                self._factor(start, edge.by, edge.value, edge, whole=of is not None or self._single(start, edge.by))
            )
            of = None
        return factors

    def _factor(self, of: Value, by: Value, value: float, edge: Edge | None = None, *, whole: bool = True) -> Factor:
        return Factor(of, by, value, whole, edge, self)

    def chain(self, x: Value) -> Term | None:
        """dy/dx as one product: dy/d(the last Value where paths meet), then the factors from there to x. None if that is x."""
        edges = []
        node = x
        while len(self.users[node]) == 1:
            edges.append(self.users[node][0])
            node = edges[-1].of
        if not edges:
            return None
        factors = self.factors(edges[::-1])
        if node is not self.y:
            factors.insert(0, self.whole(node))
        return Term(tuple(factors), self.total[x])

    def quantity(self, by: Value) -> Quantity:
        """The derivative of y with respect to a waypoint, as the sum over the waypoints that were computed from it."""
        y, summand = self.y, self.summand
        terms, parts = [], dict.fromkeys((summand[edge.of] for edge in self.users[by]), 0.0)
        for edge in self.users[by]:
            own = self._factor(edge.of, by, edge.value, edge, whole=self._single(edge.of, by))
            if summand[edge.of] is edge.of:  # y or a summand of it: dy/dedge.of is 1
                terms.append(Term((own,), edge.value))
            else:
                terms.append(Term((self.whole(edge.of), own), self.total[edge.of] * edge.value))
            parts[summand[edge.of]] += terms[-1].value
        telling = len(parts) > 1 and y not in parts and any(len(term.factors) > 1 for term in terms)
        if telling:  # dL/dx would count twice what comes through a summand of L that has a part of its own
            telling = not any(above in parts for part in parts for above in self._above(part))
        return Quantity(
            self.whole(by),
            tuple(terms),
            tuple(self._factor(part, by, value) for part, value in parts.items()) if telling else (),
            self.delta(by),
        )

    def _above(self, summand: Value) -> Iterator[Value]:
        """The sums that a summand of y is added into on its way, y left out."""
        node = self.users[summand][0].of
        while node is not self.y:
            yield node
            node = self.users[node][0].of

    def delta(self, node: Value) -> str:
        """The name of dy/dnode, the node delta, if the node is the net input of a neuron: `delta_o1` for `net_o1`. Else empty."""
        name = self.names[node]  # which tells the nodes of several cases apart: net_o1[2] has delta_o1[2]
        return f"delta_{name[4:]}" if re.fullmatch(r"net_\w+(\[\d+\])?", name, re.ASCII) else ""

    def whole(self, by: Value) -> Factor:
        """The derivative of y with respect to a waypoint."""
        return self._factor(self.y, by, self.total.get(by, 0.0))


def factors_of(numbers: Sequence[float]) -> Sequence[float]:
    """The factors of a product as they are written: without those of 1."""
    return [x for x in numbers if x != 1.0] or numbers[:1]


def summands(terms: Sequence[Term], most: int) -> list[float]:
    """The numbers of a sum as they are written: without zeros, if there are not more terms than are written out."""
    values = [term.value for term in terms]
    return [x for x in values if x] or values[:1] if len(values) <= most else values


def _log_magnitude(x: float) -> float:
    """The logarithm of |x|. NaN ranks with the infinities: a path that spoils the total is one to see."""
    return math.log(math.fabs(x)) if x and x == x else -math.inf if x == 0 else math.inf
