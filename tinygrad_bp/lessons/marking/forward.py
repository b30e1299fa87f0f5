"""Mistakes in how a Value is computed from others, and what may be taken for what."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.stable import halves
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.marking.functions import Functions
from tinygrad_bp.lessons.marking.likeness import Likeness
from tinygrad_bp.lessons.marking.means import Means, is_square
from tinygrad_bp.lessons.marking.mistakes import Mistake, mistakes
from tinygrad_bp.lessons.marking.wording import Wording, summands
from tinygrad_bp.lessons.marking.worlds import World
from tinygrad_bp.lessons.softmax import Share, entropies

MOST_SWAPPED = 8  # weights of a neuron, two of which are tried in each other's place
MOST_INSTEAD = 24  # biases that are tried in place of one
LOGARITHMS = (ops.log, ops.log1p, ops.logsumexp, ops.softplus)  # of which ln is a part
_SUMS = (ops.add, ops.sub, ops.sum_of, ops.dot)


class Forward:
    """Mistakes in the forward pass of a graph."""

    def __init__(self, derivation: Derivation, write: Equations) -> None:
        self.found, self.write = derivation, write
        self.words = Wording(derivation, write)
        self.owner, self.written = self.words.owner, self.words.written
        self.functions = Functions(self.words)
        self.likeness = Likeness(derivation)

    # What belongs to what

    def region(self, v: Value) -> set[Value]:
        """A Value and the nodes without names that it is computed from."""
        found, waiting = {v}, [v]
        while waiting:
            for x in waiting.pop().operands:
                if isinstance(x, Value) and x.op is not None and x not in self.found.names and x not in found:
                    found.add(x)
                    waiting.append(x)
        return found

    @cached_property
    def unit_of(self) -> dict[Value, Unit]:
        return {v: unit for unit in self.found.neurons for v in (unit.out, unit.net)}

    @cached_property
    def activated(self) -> dict[Value, Value]:
        """The net inputs of outputs: what a function of one operand was applied to, both with names, in neurons and outside of them."""
        names = self.found.names
        return {
            v: v.args[0]
            for v in self.found.forward
            if v.op is not None and v.op.name in mistakes()["slopes"] and len(v.args) == 1 and v.args[0] in names
        }

    @cached_property
    def outputs(self) -> dict[Value, Value]:
        """The same the other way round: outputs of net inputs."""
        return {net: out for out, net in self.activated.items()}

    @cached_property
    def cases(self) -> int:
        return len(self.found.cases)

    @cached_property
    def means(self) -> Means:
        """Where something is divided by how many it is the sum of."""
        return Means(self.found)

    @cached_property
    def shares(self) -> dict[Value, Share]:
        """Of net inputs that a cross entropy takes, what they are in it, whether their sigmoids are in the graph or not."""
        return self.found.shares or self.found.logistic

    @cached_property
    def entropies(self) -> dict[Value, dict[Value, float]]:
        """Of Values with names that are cross entropies of sigmoids, the net inputs of these and by which factor each is a part."""
        found, shares = self.found, self.found.logistic
        nets = list(shares)
        made = entropies(found.order, found.names, [[net] for net in nets], shares) if nets else {}
        told = {v: {nets[k]: factor for k, factor in factors.items()} for v, factors in made.items()}
        return {found.loss: {net: 1.0 / share.cases for net, share in shares.items()}, **told} if nets else {}

    @cached_property
    def updated(self) -> dict[Value, float]:
        """Parameters after the update."""
        found = self.found
        if found.learning_rate is None:
            return {}
        return {v: found.updated(v).value for v in found.parameters}

    def difference(self, n: Value) -> tuple[str, dict[str, Formula | str]] | None:
        """For a difference how it is called if the two are exchanged, with their names: a target and an output, or any two."""
        if len(n.operands) != 2 or not all(isinstance(x, Value) and x in self.found.names for x in n.operands):
            return None
        pair: list[Any] = list(n.operands)
        target = next((x for x in pair if x in self.likeness.targets), None)
        if target is None or self.found.formula:
            return "swapped", {"what": self.written(pair[0]), "wrong": self.written(pair[1])}
        [other] = [x for x in pair if x is not target] or [target]
        return "exchanged", {"what": self.written(target), "wrong": self.written(other)}

    # How a Value is computed

    def local(self, v: Value, world: World, *, short: bool = False) -> Iterator[Mistake]:
        """Mistakes in computing one Value from those with names, by what they lead to for it. `short`: the likeliest only."""
        region = self.region(v)
        if len(region) > 400:
            return
        data = world.data
        for n in sorted(region, key=self.found.place.__getitem__):
            again = [m for m in region if m.op is n.op and m is not n and is_same(m, n)]
            for mistake in self._node(n, data, short=short):
                if mistake.rank > 2.5 and short:
                    continue
                if n is v:
                    yield mistake
                    continue
                for nodes in ([n], [n, *again]) if again else ([n],):
                    try:
                        value = self._through(v, region, nodes, mistake.value, data)
                    except (ArithmeticError, ValueError):
                        continue
                    yield replace(mistake, value=value)
        yield from self._whole(v, region, world)
        yield from self._probability(v, data)
        yield from self._weighed_bias(v, data)
        yield from self._roots(v, region, data)
        with contextlib.suppress(ArithmeticError, ValueError):
            yield from self._squares(v, region, data)
        with contextlib.suppress(ArithmeticError, ValueError):  # what comes out may be outside of a domain
            yield from self._without_functions(v, region, data)
        with contextlib.suppress(ArithmeticError, ValueError):
            yield from self._sums_for_products(v, region, data)
        if any(n.op in LOGARITHMS for n in region):
            yield Mistake("log10", data[v] / math.log(10.0), 1.6)

    def _probability(self, v: Value, data: Mapping[Value, float]) -> Iterator[Mistake]:
        """What may be taken for a probability of a softmax: the share of the net input itself, or its sigmoid."""
        beside = self.found.probabilities
        net = beside.net.get(v) or beside.own.get(v)
        if net is None or self.shares[net].alone:
            return
        last = next([unit.net for unit in layers[-1]] for layers in self.found.cases if self.unit_of[net] in layers[-1])
        total = math.fsum(data[x] for x in last)
        about = {"what": self.written(net)}
        if total:
            yield Mistake("expForgotten", data[net] / total, 1.4, about)
        yield Mistake("sigmoidForSoftmax", ops.sigmoid.compute([data[net]]), 1.4, about)

    def _squares(self, v: Value, region: set[Value], data: Mapping[Value, float]) -> Iterator[Mistake]:
        """Of a sum of squares the squares forgotten, or the sum squared."""
        squares = {n: data[n.args[0]] for n in region if is_square(n)}
        if len(squares) < 2:
            return
        below = {x: data[x] for n in region for x in n.operands if isinstance(x, Value)}
        yield Mistake("squaresForgotten", self._computed(v, region, {**below, **squares}, set(squares)), 1.5)
        for n in region:
            parts = [x for x in summands(n) if isinstance(x, Value)]
            if len(parts) > 1 and all(x in squares for x in parts):
                whole = math.fsum(squares[x] for x in parts) ** 2
                yield Mistake("squareOfSum", self._computed(v, region, {**below, n: whole}, {n}), 1.4)

    def _through(self, v: Value, region: set[Value], nodes: Sequence[Value], x: float, data: Any) -> float:
        """What a Value is if nodes in its region are x."""
        below = {y: data[y] for m in region for y in m.operands if isinstance(y, Value)}
        return self._computed(v, region, {**below, **dict.fromkeys(nodes, x)}, set(nodes))

    def _computed(self, v: Value, region: set[Value], data: dict[Value, float], fixed: set[Value]) -> float:
        for m in sorted(region, key=self.found.place.__getitem__):
            if m not in fixed and m.op is not None:
                data[m] = m.op.compute([data[y] if isinstance(y, Value) else y for y in m.operands])
        return data[v]

    def _whole(self, v: Value, region: set[Value], world: World) -> Iterator[Mistake]:
        """Other numbers in the whole of a formula: parameters after the update, targets and outputs exchanged, transposed weights."""
        inputs = {y for m in region for y in m.operands if isinstance(y, Value)}
        data = {y: world.data[y] for y in inputs | {v}}
        for key, rank, swapped in (
            ("new", 2.0, {y: x for y, x in self.updated.items() if y in inputs}),
            ("exchanged", 2.0, self._exchanged(region, data)),
            ("netEverywhere", 1.1, self._nets(inputs, world)),
            *(("transposed", 1.5, weights) for weights in self._transposed(v)),
            *(("swapped", 2.0, pair) for pair in self._swapped(v, data)),
        ):
            if swapped:
                try:
                    yield Mistake(
                        key,
                        self._computed(v, region, {**data, **swapped}, set()),
                        rank,
                        self._pair(key, region, list(swapped)),
                    )
                except (ArithmeticError, ValueError):
                    continue

    def _nets(self, inputs: Collection[Value], world: World) -> dict[Value, float]:
        """For all outputs that something is computed from their net inputs, if there are several."""
        found = {out: world.data[net] for out, net in self.activated.items() if out in inputs}
        return found if len(found) > 1 else {}

    def _swapped(self, v: Value, data: Mapping[Value, float]) -> Iterator[dict[Value, float]]:
        """Two weights of a neuron, each in the place of the other."""
        unit = self.unit_of.get(v)
        weights = [c.weight for c in unit.connections] if unit is not None and v is unit.net else []
        if len(weights) <= MOST_SWAPPED:
            for first, second in combinations(weights, 2):
                yield {first: data[second], second: data[first]}

    def _pair(self, key: str, region: set[Value], swapped: Sequence[Value]) -> dict[str, Formula | str]:
        if key == "swapped":
            return {"what": self.written(swapped[0]), "wrong": self.written(swapped[1])}
        if key == "netEverywhere":
            return {"what": self.written(swapped[0]), "wrong": self.written(self.activated[swapped[0]])}
        if key != "exchanged":
            return {}
        pair = next(pair for n in region if (pair := self._target_and_output(n)) is not None)
        return {"what": self.written(pair[0]), "wrong": self.written(pair[1])}

    def _target_and_output(self, n: Value) -> tuple[Value, Value] | None:
        if n.op not in (ops.mul, ops.sub) or not all(isinstance(x, Value) for x in n.operands):
            return None
        pair: list[Any] = list(n.operands)
        for target, other in (pair, pair[::-1]):
            if target in self.likeness.targets and target in self.found.names:
                while other not in self.found.names and len(other.args) == 1:
                    [other] = other.args
                if other in self.found.names and other.op is not None:
                    return target, other
        return None

    def _exchanged(self, region: set[Value], data: dict[Value, float]) -> dict[Value, float]:
        found: dict[Value, float] = {}
        for n in region:
            pair = self._target_and_output(n)
            if pair is not None and all(x in data for x in pair):
                found[pair[0]], found[pair[1]] = data[pair[1]], data[pair[0]]
        return found

    def transposed(self, unit: Unit) -> dict[Value, float]:
        """The weights of the layer of a neuron read in the wrong order: as of each signal, where they are of each neuron."""
        sources = [c.source for c in unit.connections]
        layer = next(layer for layers in self.found.cases for layer in layers if unit in layer)
        layer = [u for u in layer if [c.source for c in u.connections] == sources]
        weights = [c.weight for u in layer for c in u.connections]
        if len(layer) < 2 or len(sources) < 2 or len(set(weights)) < len(weights):
            return {}
        places = [j * len(layer) + k for k in range(len(layer)) for j in range(len(sources))]
        return {w: weights[place].data for w, place in zip(weights, places, strict=True)}

    def _transposed(self, v: Value) -> list[dict[Value, float]]:
        """For a net input the weights of its layer in the wrong order."""
        unit = self.unit_of.get(v)
        if unit is None or v is not unit.net:
            return []
        whole = self.transposed(unit)
        return [{c.weight: whole[c.weight] for c in unit.connections}] if whole else []

    def _node(self, n: Value, data: Any, *, short: bool) -> Iterator[Mistake]:
        """Mistakes in one operation."""
        assert n.op is not None
        numbers = [data[x] if isinstance(x, Value) else x for x in n.operands]
        if n.op in _SUMS:
            yield from self._sum(n, numbers, data)
        if n.op in (ops.dot, ops.mul):
            yield from self._operands(n, numbers, data, short=short)
        elif len(numbers) == 1:
            yield from self.functions.of(n, numbers[0], data)
        elif n.op is ops.div:
            x = numbers[1]
            if is_number(n.operands[1]):
                key, rank, number = self.means.constant(n, 1)
                yield Mistake(key, numbers[0], rank, {"number": self.write.number(number)})
                yield from self._last_divided(n, data)
            else:
                yield Mistake("divisor", numbers[0], 2.0, {"number": self.write.number(x)})
            yield Mistake("timesForOver", numbers[0] * x, 3.0, {"number": self.write.number(x)})
            below = n.operands[1]
            if isinstance(below, Value) and below.op is ops.mul and below not in self.found.names:
                first, second = (data[y] if isinstance(y, Value) else y for y in below.operands)
                yield Mistake("divisorAlone", numbers[0] / first * second, 2.0, {"what": self.written(below)})
            if numbers[0] and not any(map(is_number, n.operands)):
                yield Mistake("turnedOver", x / numbers[0], 2.0, {"what": self.written(n)})
        elif n.op is ops.pow:
            yield Mistake("power", numbers[0], 1.8, {"number": self.write.number(numbers[1])})
            yield Mistake("power", numbers[0] * numbers[1], 2.6, {"number": self.write.number(numbers[1])})
            if numbers[0] < 0.0:
                yield Mistake("absolute", -numbers[0], 1.9, {"what": self.written(n.operands[0])})
            yield from self._squares_of_each(n, data)

    def _squares_of_each(self, n: Value, data: Mapping[Value, float]) -> Iterator[Mistake]:
        """Of the square of a difference that of squares."""
        inner = n.operands[0]
        if is_square(n) and isinstance(inner, Value) and inner.op is ops.sub and inner not in self.found.names:
            first, second = (data[y] if isinstance(y, Value) else y for y in inner.operands)
            about = {"what": self.written(inner)}
            yield Mistake("squareOfEach", first * first - second * second, 2.3, about)
            yield Mistake("squareOfEach", second * second - first * first, 2.4, about)

    def _roots(self, v: Value, region: set[Value], data: Mapping[Value, float]) -> Iterator[Mistake]:
        """Of an error that is a square, or a mean of squares, the root; of one square the difference, half or not."""
        squares = [n for n in self.found.below(v) if is_square(n)] if v is self.found.loss else []
        if squares and data[v] > 0.0:
            yield Mistake("root", math.sqrt(data[v]), 2.2, {"what": self.written(v)})
        own = [n for n in region if is_square(n)]
        if len(own) == 1:
            gap = own[0].args[0]
            yield Mistake("absolute", abs(data[gap]), 2.2, {"what": self.written(gap)})

    def _weighed_bias(self, v: Value, data: Mapping[Value, float]) -> Iterator[Mistake]:
        """A bias that is multiplied by a weight, as in w * (x + b)."""
        unit = self.unit_of.get(v)
        if unit is None or v is not unit.net or unit.bias is None:
            return
        bias = data.get(unit.bias, unit.bias.data)
        weights = [(c.weight, data.get(c.weight, c.weight.data)) for c in unit.connections]
        for rank, some in ((1.9, weights), (2.2, weights[-1:])):
            value = data[v] + bias * (math.fsum(w for _, w in some) - 1.0)
            about = {"what": self.written(unit.bias), "wrong": self.written(some[0][0])}
            yield Mistake("biasWeighed", value, rank, about)

    def _sum(self, n: Value, numbers: Sequence[float], data: Any) -> Iterator[Mistake]:
        half = len(numbers) // 2
        operands = n.operands
        if n.op is ops.dot:
            parts: list[tuple[float, tuple[Value | float, ...]]] = [
                (x * y, (operands[k], operands[half + k]))
                for k, (x, y) in enumerate(zip(numbers[:half], numbers[half:], strict=True))
            ]
        else:
            signs = [1.0, -1.0] if n.op is ops.sub else [1.0] * len(numbers)
            parts = [(s * x, (operand,)) for s, x, operand in zip(signs, numbers, operands, strict=True)]
        if len(parts) < 2:
            return
        whole = data[n]
        for place, (part, pair) in enumerate(parts):
            name = self.words.product(pair, negative=n.op is ops.sub and place > 0)
            about: Mapping[str, Formula | str] = {"what": name, "number": self.write.number(part)}
            bias = next((x for x in pair if x in self._biases), None)
            yield Mistake("summand" if bias is None else "bias", whole - part, 1.8 if bias is None else 1.0, about)
            yield Mistake("summandSign", whole - 2.0 * part, 2.0, about)
            if bias is not None:
                yield Mistake("biasTwice", whole + part, 2.8, about)
                for other in self._biases[:MOST_INSTEAD]:
                    wrong = {**about, "wrong": self.written(other)}
                    yield Mistake("replaced", whole - part + data[other], 1.4, wrong)
        users = self.found.users.get(n, ())
        if n.op is ops.sum_of or (n.op is ops.add and n in self.found.graph.waypoints):
            count = len(list(summands(n)))
            if not any(user.op in (ops.add, ops.sum_of) or self.means.count(user) for user in users):
                yield Mistake("meaned", whole / count, 2.4, {"number": f"{count}"})

    @cached_property
    def _biases(self) -> list[Value]:
        return list(dict.fromkeys(unit.bias for unit in self.found.neurons if unit.bias is not None))

    def _last_divided(self, n: Value, data: Any) -> Iterator[Mistake]:
        """Of a mean one summand alone divided, as by a + b + c / 3."""
        count = self.means.count(n)
        for part in self.means.ends(n):
            about: dict[str, Formula | str] = {"what": self.written(part), "number": f"{count}"}
            yield Mistake("lastDivided", count * data[n] - data[part] * (1.0 - 1.0 / count), 2.0, about)

    def _without_functions(self, v: Value, region: set[Value], data: Mapping[Value, float]) -> Iterator[Mistake]:
        """A function that comes in several times, as exp does in softmax, left out each time."""
        found: dict[Any, list[Value]] = {}
        for m in sorted(region, key=self.found.place.__getitem__):
            if len(m.args) == 1 == len(m.operands) and m.op is not ops.neg:
                found.setdefault(m.op, []).append(m)
        for nodes in found.values():
            if len(nodes) > 1:
                inputs = {y: data[y] for m in region for y in m.operands if isinstance(y, Value)}
                changed = {m: data[m.args[0]] for m in nodes}
                about = {"what": self.written(nodes[0]), "wrong": self.written(nodes[0].args[0])}
                value = self._computed(v, region, {**inputs, **changed}, set(nodes))
                yield Mistake("function", value, 1.6, about, text="functions")

    def _sums_for_products(self, v: Value, region: set[Value], data: Mapping[Value, float]) -> Iterator[Mistake]:
        """Factors added in place of multiplied, all of them."""
        changed: dict[Value, float] = {}
        said: dict[str, Formula | str] = {}
        for m in sorted(region, key=self.found.place.__getitem__):
            numbers = [changed.get(x, data[x]) if isinstance(x, Value) else x for x in m.operands]
            pairs = (
                [m.operands]
                if m.op is ops.mul
                else list(zip(*halves(m.operands), strict=True))
                if m.op is ops.dot
                else []
            )
            if not pairs:
                changed[m] = m.op.compute(numbers) if m.op is not None else data[m]
                continue
            total = 0.0
            for pair, (a, b) in zip(
                pairs, [numbers] if m.op is ops.mul else zip(*halves(numbers), strict=True), strict=True
            ):
                is_product = not any(is_number(x) for x in pair) and pair[0] is not pair[1]
                total += a + b if is_product else a * b
                if is_product and not said:
                    said = {"what": self.words.product(pair), "wrong": self.words.total(pair)}
            changed[m] = total
        if said:
            yield Mistake("sumForProduct", changed[v], 1.8, said)

    def _operands(self, n: Value, numbers: Sequence[float], data: Any, *, short: bool) -> Iterator[Mistake]:
        half = len(numbers) // 2
        whole = data[n]
        for place, operand in enumerate(n.operands):
            partner = (place + half) % len(numbers) if n.op is ops.dot else 1 - place
            other, own = numbers[partner], numbers[place]
            if is_number(operand):
                if n.op is ops.mul and own not in (0.0, 1.0):
                    key, rank, number = self.means.constant(n, place)
                    yield Mistake(key, other, rank, {"number": self.write.number(number)})
                    yield from self._last_divided(n, data)
                continue
            assert isinstance(operand, Value)
            about = {"what": self.written(operand), "number": self.write.number(own)}
            for instead, rank in self.likeness.instead(n, partner, operand):
                if n in self.found.below(instead):
                    continue  # it is computed later
                if rank <= 1.7 or not short:
                    x = data.get(instead, instead.data)  # a signal may be a plain number
                    yield Mistake(
                        "replaced", whole + other * (x - own), rank + 0.1, {**about, "wrong": self.written(instead)}
                    )
            yield Mistake("omitted", whole + other * (1.0 - own), 2.2, about)
            if operand is not n.operands[partner]:
                yield Mistake("twice", whole + other * own * (own - 1.0), 2.7, about)


def is_same(m: Value, n: Value) -> bool:
    """Whether two nodes are the same formula, computed twice."""
    return len(m.operands) == len(n.operands) and all(
        x is y or (not isinstance(x, Value) and x == y) or (is_number(x) and is_number(y) and _number(x) == _number(y))
        for x, y in zip(m.operands, n.operands, strict=True)
    )


def _number(x: Value | float) -> float:
    return x.data if isinstance(x, Value) else x


def is_number(x: Value | float) -> bool:
    """Whether an operand is a plain number."""
    return not isinstance(x, Value) or isinstance(x, Constant)
