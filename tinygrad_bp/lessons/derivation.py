"""All that is derived in a round of backpropagation on a graph: values, node deltas, derivatives and updated parameters, by name.

It is what lessons write out, what solutions are marked against, and what exercises ask for.

    >>> from tinygrad_bp.core.value import Value
    >>> w, x = Value(0.5, "w"), Value(3.0, "x")
    >>> net = w * x + 1.0
    >>> net.label = "net_o1"
    >>> out = net.sigmoid()
    >>> out.label = "out_o1"
    >>> E = (out - 1.0) ** 2 / 2
    >>> E.label = "E"
    >>> found = Derivation(E, learning_rate=0.5)
    >>> [step.name for step in found.steps]
    ['net_o1', 'out_o1', 'E', 'dE/dout_o1', 'dout_o1/dnet_o1', 'delta_o1', 'dE/dw', 'w+']
    >>> round(found["dE/dw"].value, 9)
    -0.015953821
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tinygrad_bp.core.order import changed_leaves, count_nodes, topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.attention import attention, names_of_attention
from tinygrad_bp.explanation.names import enclosed, name_others
from tinygrad_bp.explanation.ordering import by_number
from tinygrad_bp.explanation.parts import parts_of_derivatives
from tinygrad_bp.explanation.waypoints import Waypoints
from tinygrad_bp.lessons.chosen import several
from tinygrad_bp.lessons.layers import Layers, cases, named_by_case
from tinygrad_bp.lessons.probabilities import probabilities
from tinygrad_bp.lessons.roles import inputs_of_formula, learns, untrained
from tinygrad_bp.lessons.scope import MOST_NODES, names_of_unlabelled, neurons_of, parameters_called, rate_of, those_of
from tinygrad_bp.lessons.softmax import Share, softmax
from tinygrad_bp.lessons.targets import logistic
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.text import changed_since, did_you_mean, shown

Kind = Literal["value", "derivative", "delta", "update"]

Numbers = Mapping[Value, float]


@dataclass(frozen=True)
class Step:
    """A quantity of the derivation.

    Attributes:
        name: `net_h1`, `dE/dw5`, `dout_h1/dnet_h1`, `delta_h1` or `w5+`.
        kind: "value" of a Value, "derivative" of `of` with respect to `by`, "delta" (the derivative of the loss with respect to a net
            input, under the name that it has in the delta rule), or "update" (what a parameter becomes).
        value: the number.
        of: the Value it is about: whose value it is, or what is differentiated.
        by: with respect to which; None of a value. Of an update the parameter.
        direct: whether only what `by` does to `of` at once is counted, though it acts through others, too: `∂y/∂x`.
    """

    name: str
    kind: Kind
    value: float
    of: Value
    by: Value | None = None
    direct: bool = False


class Derivation:
    """The round of backpropagation from a loss to its parameters.

    Args:
        loss: the Value that everything was computed for.
        learning_rate: of the update; without one there is none.
        parameters: the leaves that are trained, or their names; without them all but those called as inputs and targets are, i1, x, t,
            target_o1, ..., and but those that a recurrence begins with; of a formula, which has no neurons and no target, all leaves but
            inputs such as x1.
        labelled_only: whether Values without a label are steps of their own too, if False.
        optimizer: whose next step the update is, in place of one of gradient descent; its learning rate is that of this step.
        operation: what errors begin with.

    Attributes:
        order: all nodes, constants left out, each after those it was computed from; before the loss the probabilities of a cross
            entropy that has none among them, and what these are computed from.
        names: of each labelled Value, and of each of the steps.
        graph: the waypoints between the loss and its parameters.
        parts: the Values without a label that have a name so that no formula is too long to be written.
        neurons: those found in the graph, in the order of `forward`.
        layers: the same by depth, the first layer first.
        looks: what heads of attention take, position by position. A graph that has such is told by positions, not by neurons.
        formula: whether this is a formula of any kind, with no neurons and no target: x, y and t are quantities in it, too.
        trainable: the leaves that are trained if nothing else is said.
        forward: the Values that are computed, step by step; those of one letter by their numbers.
        backward: the waypoints, from the loss back to the parameters: layer by layer, and in each in the order of the forward pass.
        probabilities: those of a softmax, or of sigmoids, that are beside the graph. They are steps, and not in `forward`.

    Nothing in the graph is changed, and no gradient in it is read. Raises TypeError for what is no Value, ValueError for one that was not
    computed from anything, for parameters that are no leaves of it, for leaves that were changed since it was computed, and for a graph
    that is too large.
    """

    def __init__(
        self,
        loss: Value,
        *,
        learning_rate: float | None = None,
        parameters: Iterable[Value | str] | Value | str | None = None,
        labelled_only: bool = True,
        optimizer: Optimizer | None = None,
        operation: str = "derivation",
    ) -> None:
        if not isinstance(loss, Value):
            raise TypeError(
                f"{operation}: the loss is a Value that was computed from others, not {type(loss).__name__} {shown(loss)}"
            )
        if loss.op is None:
            raise ValueError(f"{operation}: {loss!r} was not computed from anything; there is nothing to derive")
        if count_nodes(loss, most=MOST_NODES) > MOST_NODES:
            raise ValueError(f"{operation}: the graph has more than {MOST_NODES:,} nodes; derive a part of it")
        self.loss = loss
        self.learning_rate = None if learning_rate is None else rate_of(learning_rate, operation)
        self.optimizer, self.labelled_only = optimizer, labelled_only
        self.order = topological_order(loss, constants=False)
        leaves = [v for v in self.order if v.op is None]
        if optimizer is not None:
            self.learning_rate = optimizer.rate()
            if parameters is None:
                parameters = those_of(optimizer, leaves, operation)
        usual = untrained(self.order)
        trained = [v for v in leaves if v not in usual]
        chosen = (
            None
            if parameters is None
            else parameters_called(self.order, several(parameters, f"{operation}: parameters"), operation)
        )
        self.looks = attention(self.order)
        found = [] if self.looks else neurons_of(self.order, trained, chosen or trained or leaves)
        self.formula = not found and not self.looks and not learns(self.order)
        if self.formula:
            trained = [v for v in leaves if v not in inputs_of_formula(self.order)]
        self.trainable = trained or leaves
        self.parameters = chosen or self.trainable
        names = {**names_of_unlabelled(self.order, found), **names_of_attention(self.looks)}
        self.graph = self._between_waypoints(names)
        inside = {v for look in self.looks for v in look.inside}  # a softmax is told as a whole
        self.parts = [v for v in parts_of_derivatives(self.graph) if v not in inside]
        if self.parts:
            self.graph = self._between_waypoints({**names, **dict.fromkeys(self.parts, "")})
        self.names = self.graph.names
        if changed := changed_leaves(self.order):
            which = [self.names.get(leaf) or f"an unlabelled leaf of {leaf.data!r}" for leaf in changed]
            raise ValueError(f"{operation}: {changed_since(which)}; compute {self.names[loss]} again")
        told = by_number(self.order, self.names)
        place = {v: k for k, v in enumerate(told)}
        named = [unit for unit in found if unit.net in self.names and unit.out in self.names]
        self.neurons = sorted(named, key=lambda unit: place[unit.out])
        self._tell_apart()
        depths = sorted({unit.depth for unit in self.neurons})
        self.layers = [[unit for unit in self.neurons if unit.depth == depth] for depth in depths]
        self.forward = [v for v in told if v.op is not None and v in self.names]
        self.backward = self._backward()
        self.probabilities = probabilities(self)
        self.names |= self.probabilities.names
        self.order = [*self.order[:-1], *self.probabilities.nodes, loss]

    def _between_waypoints(self, also: Mapping[Value, str]) -> Waypoints:
        """The waypoints; what a formula of theirs needs a name for has one, also where nothing that is trained acts on it."""
        graph = Waypoints(self.loss, self.parameters, self.labelled_only, also)
        own = names_of_attention(self.looks)
        name_others(graph.names, [v for v, name in also.items() if v in own or not name], also)
        return graph

    def __getitem__(self, name: str) -> Step:
        """The step of this name. Raises KeyError, naming one that is like it, where there is none."""
        step = self._by_name.get(name) or self._quotient(name)
        if step is None:
            near = did_you_mean(name, self._by_name)
            raise KeyError(f"nothing here is called {shown(name)}{near}") from None
        return step

    def __contains__(self, name: object) -> bool:
        return name in self._by_name or (isinstance(name, str) and self._quotient(name) is not None)

    def _quotient(self, name: str) -> Step | None:
        """The derivative of any Value with respect to another one below it, by its name; None where there is none."""
        for place in [k for k, sign in enumerate(name) if sign == "/"]:
            top, bottom = name[:place], name[place + 1 :]
            if top[:1] == bottom[:1] and top[:1] in ("d", "∂"):
                of, by = (self._by_enclosed.get(side[1:]) for side in (top, bottom))
                if of is not None and by is not None and of is not by and by in self.below(of):
                    if top[0] == "∂":
                        return self.direct(of, by)
                    return self.derived(by) if of is self.loss and self.delta_name(by) else self.between(of, by)
        return None

    @cached_property
    def _by_enclosed(self) -> dict[str, Value]:
        return {enclosed(name): v for v, name in self.names.items()}

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @cached_property
    def users(self) -> dict[Value, list[Value]]:
        """What is computed from each node."""
        found: dict[Value, list[Value]] = {}
        for v in self.order:
            for x in dict.fromkeys(x for x in v.operands if isinstance(x, Value)):
                found.setdefault(x, []).append(v)
        return found

    def below(self, v: Value) -> set[Value]:
        """A node and all that it was computed from."""
        if v not in self._below:
            self._below[v] = set(topological_order(v, constants=False))
        return self._below[v]

    @cached_property
    def _below(self) -> dict[Value, set[Value]]:
        return {}

    @cached_property
    def logistic(self) -> dict[Value, Share]:
        """Of the net input of each output its share, where the error is the cross entropy of their sigmoids; else empty."""
        return logistic(self)

    @cached_property
    def shares(self) -> dict[Value, Share]:
        """Of the net inputs that a cross entropy takes, by a softmax or each by its sigmoid, what they are in it."""
        inside = {unit.net for layers in self.cases for unit in layers[-1] if unit.activation is None}
        return softmax(self) or {net: share for net, share in self.logistic.items() if net in inside}

    @cached_property
    def cases(self) -> list[Layers]:
        """The layers of neurons, case by case."""
        return cases(self.neurons, self.order)

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    @cached_property
    def steps(self) -> list[Step]:
        """Every quantity, each after those that it is derived from: forward, backward, update."""
        found = [Step(self.names[v], "value", v.data, v) for v in self._told]
        for v in self.backward:
            if v is self.loss:
                continue
            for edge in self.graph.users[v]:
                if edge.of is not self.loss and not (v in self._trained and self.delta_name(edge.of)):
                    [factor] = self.graph.factors([edge])
                    found.append(self._derivative(edge.of, v, edge.value, direct=not factor.whole))
            found.append(self.derived(v))
        if self.learning_rate is not None:
            found += [self.updated(v) for v in self.backward if v in self._trained]
        return list({step.name: step for step in found}.values())

    @property
    def _told(self) -> Iterator[Value]:
        """What is computed, step by step, the probabilities of a softmax once all its net inputs are."""
        last = {max(layer, key=self.forward.index): layer for layer in self.probabilities.layers}
        for v in self.forward:
            yield v
            yield from (self.probabilities.of[net] for net in last.get(v, ()))

    def _tell_apart(self) -> None:
        """Puts names in parentheses that something else is called by here: a Value with the label w+ is not what w becomes."""
        names = self.names
        loss = names[self.loss]
        others = {f"d{enclosed(loss)}/d{enclosed(name)}" for name in names.values()}
        others |= {f"delta_{unit.name}" for unit in self.neurons}
        others |= {"eta"} if self.learning_rate is not None else set()
        others |= {"mu", "lambda", "beta1", "beta2", "eps"} if self.optimizer is not None else set()
        taken = set(names.values())
        for v, name in names.items():
            new = name
            while new.endswith("+") or new in others or (new != name and new in taken):
                new = f"({new})"
            taken.add(new)
            names[v] = new

    @cached_property
    def _trained(self) -> set[Value]:
        return set(self.parameters)

    @property
    def fixed(self) -> list[Value]:
        """The leaves that are not trained though they could be, such as biases: those with names, in the order of the graph."""
        return [v for v in self.trainable if v not in self._trained and v in self.names]

    # Numbers

    def derived(self, v: Value) -> Step:
        """The derivative of the loss with respect to a waypoint: the node delta of a neuron's net input."""
        value = self.graph.total.get(v, 0.0)
        if delta := self.delta_name(v):
            return Step(delta, "delta", value, self.loss, v)
        return self._derivative(self.loss, v, value)

    def updated(self, v: Value) -> Step:
        """A parameter after a step of gradient descent. Raises ValueError without a learning rate."""
        if self.learning_rate is None:
            raise ValueError(f"{self.names[v]}+ needs a learning rate")
        value = self.moved(v)[0]
        return Step(f"{self.names[v]}+", "update", value, self.loss, v)

    def moved(self, v: Value) -> tuple[float, Sequence[float]]:
        """What a parameter becomes in the next step, and what the optimizer remembers of it then. It is not changed itself."""
        slope = self.graph.total.get(v, 0.0)
        optimizer = self.optimizer
        if optimizer is None:
            assert self.learning_rate is not None
            return v.data - self.learning_rate * slope, []
        if v not in self.remembered:
            return v.data, []
        number, moments = optimizer.update(v.data, slope, self.remembered[v], optimizer.settings())
        return float(number), [float(x) for x in moments]

    @cached_property
    def remembered(self) -> dict[Value, list[float]]:
        """What the optimizer remembers of each of its parameters."""
        if self.optimizer is None:
            return {}
        return {p: [row[k] for row in self.optimizer.moments] for k, p in enumerate(self.optimizer.parameters)}

    def between(self, of: Value, by: Value) -> Step:
        """The derivative of any Value with respect to any other that has a name, along all ways between them."""
        return self._derivative(of, by, self.gradients(self.recorded, of=of).get(by, 0.0))

    def direct(self, of: Value, by: Value) -> Step:
        """The same along the ways on which nothing else has a name: `∂y/∂x`, or `dy/dx` where there are no others."""
        down = self.directly(of, by, self.local)
        if by not in down or self._is_whole(of, by):
            return self.between(of, by)
        return self._derivative(of, by, down[by], direct=True)

    def _is_whole(self, of: Value, by: Value) -> bool:
        """Whether nothing with a name is between two Values."""
        reached, below = {by}, self.below(of)
        for v in self.order[self.place[by] + 1 : self.place[of]]:
            if v in below and not reached.isdisjoint(v.args):
                if v in self.names:
                    return False
                reached.add(v)
        return True

    def directly(self, of: Value, by: Value, local: Mapping[Value, Sequence[float]]) -> dict[Value, float]:
        """The derivatives of a Value with respect to those without names that it is computed from, and to one with a name."""
        found = {of: 1.0}
        for v in reversed(self.order[self.place[by] + 1 : self.place[of] + 1]):
            if v.op is None or v not in found:
                continue
            for x, slope in zip(v.operands, local[v], strict=True):
                if isinstance(x, Value) and (x is by or x not in self.names):
                    found[x] = found.get(x, 0.0) + (slope * found[v] if slope else 0.0)
        return found

    def _derivative(self, of: Value, by: Value, value: float, *, direct: bool = False) -> Step:
        return Step(self.derivative_name(of, by, direct=direct), "derivative", value, of, by, direct)

    def derivative_name(self, of: Value, by: Value, *, direct: bool = False) -> str:
        """`dE/dw5`; `∂y/∂x` of one that is not all of it."""
        d = "∂" if direct else "d"
        return f"{d}{enclosed(self.names[of])}/{d}{enclosed(self.names[by])}"

    def delta_name(self, v: Value) -> str:
        """The name of the node delta, the derivative of the loss with respect to the net input of a neuron: `delta_h1`. Else empty."""
        if v in self._deltas:
            return self._deltas[v]
        return self.graph.delta(v) if v in self.names else ""

    @cached_property
    def _deltas(self) -> dict[Value, str]:
        """By the net input of a neuron, which without an activation is its output, the name of its delta; of several cases by number."""
        found = {}
        for unit in self.neurons:
            if unit.net in self.names and unit.net is not self.loss:
                found[unit.net] = f"delta_{named_by_case(unit, self.names)}"
        twice = {delta for delta, count in Counter(found.values()).items() if count > 1}
        return {v: delta for v, delta in found.items() if delta not in twice}

    # Other numbers: what would come out if some were others

    @cached_property
    def recorded(self) -> dict[Value, float]:
        """The data of all nodes, as recorded."""
        return {v: v.data for v in self.order}

    @cached_property
    def local(self) -> dict[Value, list[float]]:
        """The local derivatives of each node, by the place of the operand, as recorded; those with respect to plain numbers are 0."""
        return {
            v: [x if isinstance(o, Value) else 0.0 for x, o in zip(v.local_derivatives, v.operands, strict=True)]
            for v in self.order
            if v.op is not None
        }

    def data(self, given: Numbers, *, partly: bool = False) -> dict[Value, float]:
        """The data of all nodes where those of some, leaves or not, are given: all that follows is computed anew.

        Raises what operations raise for numbers outside their domains; with `partly` what cannot be computed is NaN.
        """
        found: dict[Value, float] = {}
        fresh: set[Value] = set(given)
        for v in self.order:
            if v in given:
                found[v] = given[v]
            elif v.op is None or not any(x in fresh for x in v.operands):
                found[v] = v.data
            else:
                numbers = [found[x] if isinstance(x, Value) else x for x in v.operands]
                try:
                    found[v] = v.op.compute(numbers)
                except (ArithmeticError, ValueError):
                    if not partly:
                        raise
                    found[v] = math.nan
                fresh.add(v)
        return found

    def gradients(self, data: Numbers, given: Numbers | None = None, *, of: Value | None = None) -> dict[Value, float]:
        """The derivatives of the loss, or of another Value, with respect to every node below it, at these data.

        Args:
            given: derivatives that are taken for granted, whatever they should be: what follows is derived from them.
        """
        top = self.loss if of is None else of
        given = given or {}
        found: dict[Value, float] = {top: 1.0}
        for v in reversed(self.order[: self.place[top] + 1]):
            if v in given:
                found[v] = given[v]
            if v not in found or v.op is None:
                continue
            operands = [data[x] if isinstance(x, Value) else x for x in v.operands]
            wanted = [isinstance(x, Value) for x in v.operands]
            for x, local in zip(v.operands, v.op.derivatives(data[v], operands, wanted), strict=True):
                if isinstance(x, Value):
                    found[x] = found.get(x, 0.0) + local * found[v]
        return found

    @cached_property
    def place(self) -> dict[Value, int]:
        """The place of each node in `order`."""
        return {v: k for k, v in enumerate(self.order)}

    # The order of derivation

    def _backward(self) -> list[Value]:
        """The waypoints so that each follows all that were computed from it; besides, outputs before what feeds them, layer by layer."""
        layer = {v: unit.depth for unit in self.neurons for v in (unit.net, unit.out)}
        for unit in self.neurons:
            for parameter in [*[c.weight for c in unit.connections], *([unit.bias] if unit.bias is not None else [])]:
                layer[parameter] = min(layer.get(parameter, unit.depth), unit.depth)
        waiting = {v: len(self.graph.users[v]) for v in self.graph.order}
        rank = {v: k for k, v in enumerate(self._ranked())}
        found: list[Value] = []
        top = 1 + max(layer.values(), default=0)

        def turn(v: Value) -> tuple[int, int, Value]:
            return -layer.get(v, top if v.op is not None else 0), rank[v], v

        ready = [turn(self.loss)]
        while ready:  # no two have the same rank, so no two Values are ever compared
            *_, v = heapq.heappop(ready)
            found.append(v)
            for edge in self.graph.edges[v]:
                waiting[edge.by] -= 1
                if not waiting[edge.by]:
                    heapq.heappush(ready, turn(edge.by))
        return found

    def _ranked(self) -> list[Value]:
        """The waypoints as a text takes those of a layer: neuron by neuron, its output, its net input, its weights, its bias."""
        first: list[Value] = []
        for unit in self.neurons:
            first += [unit.out, unit.net, *[c.weight for c in unit.connections]]
            first += [unit.bias] if unit.bias is not None else []
        return [v for v in dict.fromkeys([*first, *self.order]) if v in self.graph.waypoints]
