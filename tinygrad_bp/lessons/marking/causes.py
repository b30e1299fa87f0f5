"""Mistakes that people make, tried on a graph: what each of them leads to for a quantity."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.equations import Equations, summed
from tinygrad_bp.lessons.marking.errors import Errors
from tinygrad_bp.lessons.marking.forward import LOGARITHMS, Forward, is_same
from tinygrad_bp.lessons.marking.means import is_square
from tinygrad_bp.lessons.marking.mistakes import Mistake, mistakes
from tinygrad_bp.lessons.marking.paths import Paths
from tinygrad_bp.lessons.marking.roundings import Roundings
from tinygrad_bp.lessons.marking.slopes import Slopes
from tinygrad_bp.lessons.marking.worlds import World

MOST_NAMED = 3  # deltas in one sentence
MOST_WORK = 200_000  # nodes computed anew for one quantity in one world
_SUMS = (ops.add, ops.sub, ops.neg, ops.sum_of)
MOST_OTHERS = 60  # quantities that one may be mistaken for


class Causes:
    """What mistakes lead to, for each quantity of a derivation."""

    def __init__(self, derivation: Derivation, digits: int = 9) -> None:
        self.found = derivation
        self.write = Equations(derivation, digits)
        self.forward = Forward(derivation, self.write)
        self.errors = Errors(derivation, self.forward.shares)
        self.words = self.forward.words
        self.slopes = Slopes(derivation, self.forward)
        self.paths = Paths(derivation, self.forward)
        self.roundings = Roundings(derivation, self.write)
        self._nodes: dict[tuple[Value, Value | None], set[Value]] = {}

    def of(self, step: Step, world: World) -> Iterator[Mistake]:
        """The mistakes that may be made on the way to a quantity, in a world. Numbers that are not finite are left out."""
        right = world.number(step)
        for found in self._all(step, world, right):
            if math.isfinite(found.value) and found.value != right:
                yield found

    def _all(self, step: Step, world: World, right: float) -> Iterator[Mistake]:
        kinds = [self.slips(step, right)]
        if step.kind == "value":
            kinds += [self.forward.local(step.of, world), self.classes(step), self.errors.mistakes(step)]
        elif step.kind == "update":
            kinds += [self.updates(step, world)]
        else:
            kinds += [self.wholes(step, world, right), self.edges(step, world), self.arriving(step, world)]
            kinds += [self.transposed(step, world), self.worlds(step, world)]
        for each in (*kinds, self.others(step, right), self.upstream(step, world)):
            with contextlib.suppress(ArithmeticError, ValueError):  # what has no number in this world leads to none
                yield from each

    # Any number

    def slips(self, step: Step, right: float) -> Iterator[Mistake]:
        what = self.write.step(step)
        for key, times in mistakes()["slips"]:
            yield Mistake(key, times * right, 2.0 if key == "sign" else 6.0, {"what": what})
        if step.kind != "update":
            yield from self._shares(step, right)

    def _shares(self, step: Step, right: float) -> Iterator[Mistake]:
        """Twice and half the number, and that of a sum for that of a mean: called by what is in the graph, a square, a half, a mean."""
        means, nodes = self.forward.means, self._between(step)
        squares = step.kind != "value" and any(is_square(n) for n in nodes)
        texts = {"halved": "" if squares else "half", "doubled": "" if means.is_halved(nodes) else "double"}
        for key, share in mistakes()["whole"].items():
            yield Mistake(key, share * right, 1.9 if self.forward.cases > 1 else 3.5, text=texts[key])
        counts = means.within(nodes)
        for count in counts:
            number = {"number": f"{count}"}
            yield Mistake("mean", count * right, 3.4, number)
            yield Mistake("meaned", right / count, 3.4, number, text="meanTwice")
        if not counts and self.forward.cases == 1:
            for count in self._several(step):
                yield Mistake("meaned", right / count, 3.4, {"number": f"{count}"})
        if not counts and self.forward.cases > 1:
            number = {"number": f"{self.forward.cases}"}
            yield Mistake("meaned", right / self.forward.cases, 3.4, number)
            yield Mistake("timesCases", right * self.forward.cases, 3.4, number)

    def _several(self, step: Step) -> set[int]:
        """Of how many outputs, or steps of time, somebody may take the mean."""
        outputs = len(self.found.layers[-1]) if self.found.layers else 0
        uses = [sum(x is v for n in users for x in n.operands) for v, users in self.found.users.items() if v.op is None]
        steps = max(uses, default=0) if step.by is not None and step.by.op is None else 0
        return {count for count in (outputs, steps) if count > 1}

    def _between(self, step: Step) -> set[Value]:
        """The nodes that a quantity is computed from; of a derivative those between the two Values."""
        key = step.of, step.by
        if key not in self._nodes:
            below = self.found.below(step.of)
            if step.by is not None:
                above = {step.by}
                for v in self.found.order[self.found.place[step.by] :]:
                    if any(x in above for x in v.operands):
                        above.add(v)
                below &= above
            self._nodes[key] = below
        return self._nodes[key]

    def others(self, step: Step, right: float) -> Iterator[Mistake]:
        """Other quantities, given in place of the one that was asked for."""
        found = self.found
        near: list[tuple[float, Step]] = []
        about = step.of if step.kind == "value" else step.by
        unit = next((u for u in found.neurons if about in (u.net, u.out)), None)
        for other in found.steps:
            if other.name == step.name or (other.direct and (other.of, other.by) == (step.of, step.by)):
                continue
            subject = other.of if other.kind == "value" else other.by
            rank = 4.0
            if unit is not None and subject in (unit.net, unit.out) and other.kind == step.kind:
                rank = 1.0
            elif other.kind == step.kind or {other.kind, step.kind} == {"derivative", "delta"}:
                rank = 2.5 if step.kind != "value" else 3.0
            elif subject is about:
                rank = 2.5
            near.append((rank, other))
        near.sort(key=lambda pair: pair[0])
        for rank, other in near[: MOST_OTHERS * 4]:
            yield Mistake(
                "another", other.value, rank, {"wrong": self.write.step(other), "what": self.write.step(step)}
            )
        if step.kind == "value":
            total = found.graph.total.get(step.of)
            if total is not None:
                yield Mistake("gradient", total, 3.0, {"what": self.write.name(step.of)})

    # Updates

    def updates(self, step: Step, world: World) -> Iterator[Mistake]:
        found, v = self.found, step.by
        rate = found.learning_rate
        assert rate is not None
        assert v is not None
        old, slope = world.data[v], world.sweep(found.loss).get(v, 0.0)
        what = {"what": self.write.name(v), "number": self.write.number(rate)}
        if v in found.fixed:
            yield Mistake("fixedTrained", old - rate * slope, 1.0, {"what": self.write.name(v)})
            return
        yield Mistake("updateSign", old + rate * slope, 1.0, what)
        yield Mistake("rateForgotten", old - slope, 1.0, what)
        yield Mistake("rateForgotten", old + slope, 3.0, what)
        yield Mistake("rateTwice", old - rate * rate * slope, 1.5, what)
        yield Mistake("stepAlone", rate * slope, 1.5, what)
        yield Mistake("stepAlone", -rate * slope, 1.5, what)
        yield Mistake("stepAlone", slope, 3.0, what)
        yield Mistake("updateTurned", rate * slope - old, 2.5, what)
        yield Mistake("rateDivides", old - slope / rate, 3.0, what)
        yield Mistake("updateTwice", old - 2.0 * rate * slope, 3.0, what)
        yield Mistake("notUpdated", old, 1.0, what)
        for other in found.parameters:
            if other is not v:
                wrong = {**what, "wrong": self.write.name(other)}
                yield Mistake("updateOther", world.data[other] - rate * slope, 2.5, wrong)
                yield Mistake("updateOtherSlope", old - rate * world.sweep(found.loss).get(other, 0.0), 2.5, wrong)
        derivative = found.between(found.loss, v)
        total = world.number(derivative) if v not in world.totals else slope
        for mistake in self._all_of_derivative(derivative, world, total):
            yield replace(mistake, value=old - rate * mistake.value, rank=mistake.rank + 1.0)

    def _all_of_derivative(self, step: Step, world: World, right: float) -> Iterator[Mistake]:
        if step.by in world.totals:
            return
        yield from self.slips(step, right)
        yield from self.edges(step, world)
        yield from self.worlds(step, world)

    # Derivatives

    def wholes(self, step: Step, world: World, right: float) -> Iterator[Mistake]:
        """What is given in place of a derivative."""
        found, by = self.found, step.by
        assert by is not None
        name = {"what": self.write.name(by)}
        rate = found.learning_rate
        if rate is not None and step.of is found.loss:
            number = {"number": self.write.number(rate)}
            nodes = self._between(step)
            halved = any(map(is_square, nodes)) and not self.forward.means.is_halved(
                nodes
            )  # which may come to the same
            yield Mistake("rate", rate * right, 2.0 if halved else 1.0, number)
            yield Mistake("rate", rate * rate * right, 3.0, number)
            yield Mistake("step", -rate * right, 1.0, {"number": self.write.number(-rate)})
            if by in set(found.parameters):
                yield Mistake("updated", by.data - rate * right, 1.0, name)
        if any(by is unit.bias for unit in found.neurons):
            number = {**name, "number": self.write.number(world.data[by])}
            yield Mistake("biasFactor", right * world.data[by], 1.4, number)
        yield from self._part_or_whole(step, world)
        yield Mistake("data", world.data[by], 2.0, name)
        if any(n.op in LOGARITHMS for n in self.found.order):
            yield Mistake("log10", right / math.log(10.0), 2.4)
        yield Mistake("inverse", 1.0 / right if right else math.inf, 3.5, {"what": self.write.step(step)})
        beside = self.found.probabilities
        net = beside.own.get(step.of) or beside.net.get(step.of)
        if net is not None and net is not by and not self.forward.shares[net].alone:
            p = world.data[step.of]
            yield Mistake("ownClass", p * (1.0 - p), 1.6, {"what": self.write.name(step.of)})
        yield Mistake("of", world.data[step.of], 3.0, {"what": self.write.name(step.of)})

    def _part_or_whole(self, step: Step, world: World) -> Iterator[Mistake]:
        """Where a quantity acts at once and through others, what it does at once for all, and the other way round."""
        assert step.by is not None
        direct = step if step.direct else self.found.direct(step.of, step.by)
        if direct.direct and step.of is not self.found.loss:
            part, whole = (self.write.derivative(step.of, step.by, whole=each) for each in (False, True))
            if step.direct:
                value = world.sweep(step.of, step.by).get(step.by, 0.0)
                yield Mistake("allPaths", value, 0.8, {"what": part, "wrong": whole})
            else:
                yield Mistake("directOnly", world.number(direct), 0.8, {"what": whole, "wrong": part})

    def edges(self, step: Step, world: World) -> Iterator[Mistake]:
        """Mistakes in one local derivative between two Values."""
        of, by = step.of, step.by
        assert by is not None
        down, up = world.down(step), world.up(step)
        right = down.get(by, 0.0)
        blocked = world.totals if of is self.found.loss else {}
        met: dict[Value, dict[Value, float]] = {}  # of each node what comes through which user
        inside = [n for n in up if n is not by and n.op is not None]
        same = self._same(inside)
        up_of = {n: [x for x in n.args if x in up] for n in inside}
        for n in reversed(list(up)):
            if n is by or n not in down or n.op is None:
                continue
            for place, x in enumerate(n.operands):
                if not isinstance(x, Value) or x not in up or (x in blocked and x is not by):
                    continue
                reach = down[n] * up[x]
                local = world.local[n][place]
                through = met.setdefault(x, {})
                key = self.forward.owner[n]
                through[key] = through.get(key, 0.0) + reach * local
                if not reach:
                    continue
                again = sum(down[m] * up[m.args[place]] for m in same.get(n, ()) if m in down)
                for mistake in self.slopes.of(n, place, x, local, world):
                    for each in (reach, reach + again) if again else (reach,):
                        yield replace(mistake, value=right + each * (mistake.value - local))
                # Of a summand that has a name the path is forgotten.
                if n.op in _SUMS and len(up_of[n]) > 1 and x.op is not None and x not in self.found.names:
                    term: dict[str, Formula | str] = {"what": self.forward.written(x)}
                    yield Mistake("path", right - reach * local, 1.9, term, text="term")
                    yield Mistake("pathSign", right - 2.0 * reach * local, 2.8, term, text="termSign")
            for part in self.forward.means.ends(n):
                if part in up and part in down:
                    count = self.forward.means.count(n)
                    value = right + (count - 1.0) * (down[n] * up[n] - down[part] * up[part])
                    about: dict[str, Formula | str] = {"what": self.forward.written(part), "number": f"{count}"}
                    yield Mistake("lastDivided", value, 2.0, about)
        yield from self.paths.forgotten(met, by, down, up)
        yield from self.paths.crossed(met, right, down, up, world)
        yield from self.added(by, down, world)
        yield from self.degrees(step, inside, world)
        yield from self.everywhere(by, down, right, world)
        if of is self.found.loss:
            yield from self.softmax(down, up, right)
            yield from self.errors.mistakes(step, down, up)

    def _same(self, nodes: Sequence[Value]) -> dict[Value, list[Value]]:
        """Of each of these the others that are the same formula, as s / r is that is written twice."""
        found: dict[Value, list[Value]] = {}
        for n in nodes:
            if n not in self.found.names:
                others = [
                    m for m in nodes if m is not n and m.op is n.op and m not in self.found.names and is_same(m, n)
                ]
                if others:
                    found[n] = others
        return found

    def degrees(self, step: Step, nodes: Sequence[Value], world: World) -> Iterator[Mistake]:
        """Of several powers the rule carried through in none."""
        powers = [n for n in nodes if n.op is ops.pow and n.args and not isinstance(n.operands[1], Value)]
        if len(powers) < 2:
            return
        numbers = [(n, world.data[n.args[0]], float(n.operands[1])) for n in powers]  # type: ignore[arg-type]
        about = {"what": self.words.factor(powers[-1], 0), "number": self.write.number(world.local[powers[-1]][0])}
        for rank, comes_down, further in ((2.2, False, 1.0), (2.5, True, 0.0)):
            try:
                slopes = {
                    (n, 0): (power if comes_down else 1.0) * base ** (power - further) for n, base, power in numbers
                }
            except ArithmeticError:
                continue
            other = World(self.found, world.values, {**world.slopes, **slopes}, world.totals)
            yield Mistake("degree", other.number(step), rank, about)

    def added(self, by: Value, down: Mapping[Value, float], world: World) -> Iterator[Mistake]:
        """Factors added in place of multiplied: what arrives and the slope, a delta and an input, or all factors of a chain."""
        two, three, said = 0.0, 0.0, []
        for n in self.found.users.get(by, ()):
            for place, x in enumerate(n.operands):
                if x is not by or n not in down or n.op in _SUMS or n.op is None:
                    continue
                local, owner = world.local[n][place], self.forward.owner[n]
                top = down[n]
                pair = self._factors_at(n, place, owner)
                two, three = two + top + local, three + top + local
                out = self.forward.outputs.get(owner)
                if out is not None and out in down:
                    slope = world.local[out][0]
                    three += down[out] + slope - top
                said.append(pair)
        if said:
            row = summed([(False, [x]) for x in said[0]])
            about = {"what": self.words.times(said[0]), "wrong": self.words.side_by_side(row)}
            for value in dict.fromkeys((two, three)):
                yield Mistake("sumForProduct", value, 2.2, about)

    def _factors_at(self, n: Value, place: int, owner: Value) -> tuple[Formula, Formula]:
        """What arrives at a node, and its local derivative with respect to an operand: the other factor of a product by its name."""
        arrives = self.write.delta(owner)
        if n.op in (ops.mul, ops.dot):
            half = len(n.operands) // 2
            return arrives, self.forward.written(n.operands[(place + half) % len(n.operands)])
        return arrives, self.words.factor(n, place)

    def everywhere(self, by: Value, down: Mapping[Value, float], right: float, world: World) -> Iterator[Mistake]:
        """Of a weight that is used several times, as at each step of time: other signals in place of the right ones each time."""
        nets, later, pairs = 0.0, 0.0, []
        for n in self.found.users.get(by, ()) if by.op is None else ():
            for place, x in enumerate(n.operands):
                if x is not by or n.op not in (ops.mul, ops.dot) or n not in down:
                    continue
                out = n.operands[(place + len(n.operands) // 2) % len(n.operands)]
                if not isinstance(out, Value):
                    continue
                if (net := self.forward.activated.get(out)) is not None:
                    nets += down[n] * (world.data[net] - world.data[out])
                    pairs.append((net, out))
                following = self.forward.outputs.get(self.forward.owner[n])
                later += down[n] * (world.data[following] - world.data[out]) if following is not None else 0.0
        if len(pairs) > 1:
            net, out = pairs[-1]
            about = {"what": self.write.name(out), "wrong": self.write.name(net)}
            yield Mistake("netEverywhere", right + nets, 1.4, about)
        if pairs and later:
            yield Mistake("nextState", right + later, 1.6)

    def arriving(self, step: Step, world: World) -> Iterator[Mistake]:
        """What comes out if the derivatives that arrive at a layer are left out as factors."""
        if step.of is not self.found.loss:
            return
        layers = [[unit.net for unit in layer] for layer in self.found.layers] or [[*self.forward.activated.values()]]
        yield from self._skipped(step, world)
        layers.append(self._users_of(step.by))  # which are of several layers where it is used at each step of time
        down, reached = world.sweep(step.of), self.found.below(step.of)
        above = world.upward(step.by, step.of) if step.by is not None else {}
        for nets in layers:
            left_out = [net for net in nets if net in above and net is not step.by and net in down and net in reached]
            if left_out:
                ones = {**world.totals, **dict.fromkeys(left_out, 1.0)}
                value = World(self.found, world.values, world.slopes, ones).number(step)
                names = [self.write.delta(net) for net in left_out[:MOST_NAMED]]
                if len(names) == 1:
                    number = self.write.number(down[left_out[0]])
                    yield Mistake("omitted", value, 1.5, {"what": names[0], "number": number})
                else:
                    yield Mistake("arriving", value, 1.5, {"what": self.words.joined(names)})

    def _skipped(self, step: Step, world: World) -> Iterator[Mistake]:
        """A step of time that is skipped on the way back: the delta after the next one in place of the next."""
        assert step.by is not None
        out = self.forward.outputs.get(step.by, step.by)
        down = world.sweep(step.of)
        for net in {self.forward.owner[n] for n in self.found.users.get(out, ())}:
            after = self.forward.outputs.get(net)
            further = {self.forward.owner[n] for n in self.found.users.get(after, ())} if after is not None else set()
            for later in further & self.forward.outputs.keys() & down.keys():
                moved = World(self.found, world.values, world.slopes, {**world.totals, net: down[later]})
                about = {"what": self.write.delta(net), "number": self.write.number(down.get(net, 0.0))}
                yield Mistake("replaced", moved.number(step), 2.0, {**about, "wrong": self.write.delta(later)})

    def _users_of(self, by: Value | None) -> list[Value]:
        """The net inputs of the neurons of which a Value is a weight or the bias."""
        return [
            unit.net
            for unit in self.found.neurons
            if by is unit.bias or any(by is connection.weight for connection in unit.connections)
        ]

    def transposed(self, step: Step, world: World) -> Iterator[Mistake]:
        """The weights of a layer in the wrong order, on the way back."""
        for layer in self.found.layers:
            weights = self.forward.transposed(layer[0])
            if weights:
                turned = World(self.found, world.values, world.slopes, world.totals, weights)
                yield Mistake("transposed", turned.number(step), 1.9)

    def softmax(self, down: Mapping[Value, float], up: Mapping[Value, float], right: float) -> Iterator[Mistake]:
        """Where deltas are p - y, by a cross entropy: what may be taken for them."""
        for v, (p, y, count, alone, _) in self.forward.shares.items():
            if v not in up or v not in down:
                continue
            share = 1.0 / count
            if y == 0.0 and not alone:
                yield from self._other_class(v, down, up, right)
            about = {"number": self.write.number(y), "gap": self.write.gap(alone=alone)}
            slope, forgotten = ("sigmoidSlope", "sigmoidForgotten") if alone else ("", "")
            less = (1.0 - y) / (1.0 - p) if alone and p < 1.0 else 0.0
            for key, rank, delta, text in (
                ("targetForgotten", 1.0, p * share, ""),
                ("targetTurned", 1.4, (p - 1.0 + y) * share if y in (0.0, 1.0) and alone else math.nan, ""),
                ("softmaxSlope", 1.8 if alone else 1.5, (p - y) * p * (1.0 - p) * share, slope),
                ("softmaxSlope", 1.6, p * (1.0 - p) * share, slope),
                ("softmaxForgotten", 1.5, (v.data - y) * share, forgotten),
                ("softmaxForgotten", 1.7, ((less - y / p) if p and (y or alone) else math.nan) * share, forgotten),
            ):
                yield Mistake(key, right + (delta - down[v]) * up[v], rank, about, text=text)

    def _other_class(
        self, v: Value, down: Mapping[Value, float], up: Mapping[Value, float], right: float
    ) -> Iterator[Mistake]:
        """The 1 of the target at this class in place of the right one."""
        shares = self.forward.shares
        layer = next(
            [unit.net for unit in layers[-1]] for layers in self.found.cases if self.forward.unit_of[v] in layers[-1]
        )
        for net in layer:
            if shares[net].target == 1.0:
                about = {"what": self.write.name(net), "wrong": self.write.name(v)}
                value = right + (up.get(net, 0.0) - up[v]) / shares[v].cases
                yield Mistake("oneHot", value, 1.3, about)

    def classes(self, step: Step) -> Iterator[Mistake]:
        """The cross entropy of another class than the right one, of sigmoids at the other target."""
        found = self.forward.shares
        changes: list[float] = []
        for net, factor in self.forward.entropies.get(step.of, {}).items():
            p, t = (share := self.found.logistic[net]).probability, share.target
            if 0.0 < p < 1.0 and t in (0.0, 1.0):
                changes.append(factor * (-(math.log1p(-p) if t else math.log(p)) - share.surprise(p)))
                about = {"number": self.write.number(t)}
                yield Mistake("targetTurned", step.value + changes[-1], 1.4, about)
        if len(changes) > 1:
            yield Mistake("targetTurned", step.value + math.fsum(changes), 1.6, about)
        right = [v for v, share in found.items() if share.target == 1.0 and not share.alone]
        if step.of is self.found.loss and len(right) == 1:
            for v, (p, *_) in found.items():
                if v is not right[0] and p > 0.0:
                    about = {"what": self.write.name(right[0]), "wrong": self.write.name(v)}
                    yield Mistake("otherClass", -math.log(p), 1.6, about)

    def worlds(self, step: Step, world: World) -> Iterator[Mistake]:
        """Parameters as they are after the update, in place of the original ones."""
        if step.of is not self.found.loss or not self.forward.updated:
            return
        later = World(self.found, world.values, world.slopes, world.totals, self.forward.updated)
        yield Mistake("after", later.number(step), 1.3, text="" if self.found.neurons else "new")
        fixed = {v: x for v, x in world.values.items() if v.op is None}
        again = World(self.found, {**fixed, **self.forward.updated})
        yield Mistake("new", again.number(step), 1.8)

    # Mistakes further up

    def upstream(self, step: Step, world: World) -> Iterator[Mistake]:
        """Mistakes in the forward pass that the quantity was computed from."""
        found = self.found
        work = 0
        under = self.found.below(step.of)
        own = self.forward.region(step.of) if step.kind == "value" else set()
        for v in reversed(found.forward):
            if v not in under or v in world.values or (step.kind == "value" and v is step.of) or v in own:
                continue
            for mistake in self.forward.local(v, world, short=True):
                work += 2 * len(found.order)
                if work > MOST_WORK:
                    return
                if not math.isfinite(mistake.value):
                    continue
                try:
                    value = World(found, {**world.values, v: mistake.value}, world.slopes, world.totals).number(step)
                except (ArithmeticError, ValueError):
                    continue
                yield replace(mistake, value=value, rank=mistake.rank + 4.0)
