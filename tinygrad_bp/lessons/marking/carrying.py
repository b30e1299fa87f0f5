"""What follows from one's own earlier answers: from a wrong one, or from right ones that were rounded before they were used."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.forward import Forward
from tinygrad_bp.lessons.marking.mistakes import mistakes
from tinygrad_bp.lessons.marking.numbers import Number
from tinygrad_bp.lessons.marking.worlds import World
from tinygrad_bp.lessons.softmax import Share
from tinygrad_bp.lessons.ways import nearest

LEAST_DIGITS = 3  # from which on numbers are taken to be rounded ones: of fewer, anything would follow from anything
MOST_UNIT = 0.001  # the same of decimals
MOST_SHARED = 0.01  # of decimals that all answers have: one digit among them may be taken for a rounded number
MOST_ALONE = 12  # wrong answers that are tried alone
MOST_HIDDEN = 60  # numbers on the way that are moved one by one
MOST_GIVEN = 3  # rounded numbers that are named
MOST_KEPT = 4  # numbers of which each is tried as it was written and with all its digits
_LINEAR = (ops.add, ops.sub, ops.neg, ops.sum_of)


@dataclass(frozen=True)
class Rounding:
    """How somebody rounds: to so many significant digits, or to so many decimals.

    Attributes:
        digits: that are significant; 0 if decimals are counted.
        unit: what the last decimal counts; 0.0 if digits are counted.
    """

    digits: int = 17
    unit: float = 0.0

    @staticmethod
    def of(numbers: Iterable[Number]) -> Rounding:
        """What most of the answers have in common, of as many the finer one.

        One that ends in zeros may have lost them, and has fewer digits than were meant: one digit alone tells nothing beside others.
        """
        written = [number for number in numbers if number.unit]
        if not written:
            return Rounding()
        telling = [number for number in written if number.digits > 1] or written
        units = Counter(number.unit for number in written if number.unit in {each.unit for each in telling})
        digits, often = max(Counter(each.digits for each in telling).items(), key=lambda pair: (pair[1], pair[0]))
        unit, also = max(units.items(), key=lambda pair: (pair[1], -pair[0]))
        return Rounding(0, unit) if also > often else Rounding(digits)

    @property
    def is_fine(self) -> bool:
        """Whether enough digits are kept to tell rounding from anything else."""
        return self.digits >= LEAST_DIGITS if self.digits else self.unit <= MOST_UNIT * 1.001

    def last(self, x: float) -> float:
        """What the last digit counts of a number that is rounded so."""
        if not self.digits:
            return self.unit
        return 10.0 ** (math.floor(math.log10(abs(x))) + 1 - self.digits) if x else 0.0

    def half(self, x: float) -> float:
        """How far off a number may be that is rounded so: not at all if nothing is lost."""
        last = self.last(x) if math.isfinite(x) else 0.0
        if not last or not self.is_fine:
            return 0.0
        return 0.0 if math.isclose(round(x / last) * last, x, rel_tol=1e-12) else 0.5 * last

    def filled(self, number: Number) -> Number:
        """An answer with the zeros that it may have lost at its end, as far as the others have digits."""
        last = self.last(number.x)
        return replace(number, unit=last, digits=self.digits) if 0.0 < last < number.unit else number

    def is_coarse(self, number: Number, value: float) -> bool:
        """Whether an answer is one digit alone, and not the value itself: no number to compute with, but where all have those decimals."""
        if number.digits > 1 or not number.unit:
            return False
        filled = self.filled(number)
        whole = filled if filled is not number else replace(number, unit=0.0)
        return not (number.unit <= min(self.unit, MOST_SHARED) * 1.001 or whole.is_rounded(value))

    def says_little(self, number: Number, value: float) -> bool:
        """Whether an answer that is this value, rounded, is too coarse to tell that it was found: by itself, or beside the others."""
        return number.says_little(value) or (self.filled(number) is not number and self.is_coarse(number, value))


@dataclass(frozen=True)
class Earlier:
    """An answer that others may have been computed from.

    Attributes:
        sound: whether it is right, or what follows from right ones that were rounded.
        coarse: whether it has too few digits to be computed with, right though it may be.
    """

    step: Step
    number: Number
    sound: bool
    coarse: bool = False


@dataclass(frozen=True)
class Followed:
    """What an answer follows from.

    Attributes:
        wrong: whether from wrong answers, or from rounded ones only.
        exactly: whether from numbers as they were written, or with all their digits; else it only lies within what rounding allows.
        few: whether the answer is one digit alone, which tells nothing.
    """

    given: Sequence[Step]
    wrong: bool
    exactly: bool = True
    few: bool = False


@dataclass
class Carrying:
    """The answers so far, and what follows from them."""

    found: Derivation
    forward: Forward
    rounding: Rounding
    earlier: dict[str, Earlier] = field(default_factory=dict)

    def add(self, step: Step, number: Number, *, sound: bool, coarse: bool = False) -> None:
        """An answer has been marked."""
        self.earlier[step.name] = Earlier(step, number, sound, coarse)

    # Worlds

    def world(self, granted: Iterable[Earlier], *, by_result: bool = True) -> World:
        """What follows if these answers are taken for granted."""
        return self._moved([(each.step, each.number.x) for each in granted], by_result=by_result)

    def exact(self) -> World:
        """The right numbers where right ones were answered: what is wrong elsewhere is no mistake in them."""
        return self._moved(
            [(each.step, each.step.value) for each in self.earlier.values() if each.sound or each.coarse]
        )

    def _moved(self, granted: Sequence[tuple[Step, float]], *, by_result: bool = True) -> World:
        values: dict[Value, float] = {}
        totals: dict[Value, float] = {}
        edges: dict[tuple[Value, Value], float] = {}
        told: dict[Value, float] = {}
        between: dict[Step, float] = {}
        for step, x in granted:
            if step.kind == "value" and step.of in self.found.probabilities.net:
                told[step.of] = x
            elif step.kind == "value":
                values[step.of] = x
            elif step.kind in ("derivative", "delta") and step.by is not None:
                if step.of is self.found.loss:
                    totals[step.by] = x
                elif any(step.by in node.operands for node in self.forward.region(step.of)):
                    if step.direct or self.found.direct(step.of, step.by).direct:
                        between[step] = x
                    else:
                        edges[step.of, step.by] = x
        pairs = {(step.of, step.by) for step in between if not step.direct}
        between = {step: x for step, x in between.items() if not (step.direct and (step.of, step.by) in pairs)}
        instead = self._of_probabilities(told, values, edges) if told else {}
        slopes = self._slopes(values, edges)
        return World(self.found, values, slopes, totals, by_result=by_result, instead=instead, between=between)

    def _of_probabilities(
        self, told: dict[Value, float], values: dict[Value, float], edges: dict[tuple[Value, Value], float]
    ) -> dict[Value, float]:
        """What follows from probabilities: the slopes p - y, which are put among the edges, and -log(p), which is returned.

        In the graph nothing is computed from them.
        """
        found, beside = self.found, self.found.probabilities
        data = found.data(values, partly=True) if values else found.recorded
        instead: dict[Value, float] = {}
        for v, factors in beside.factors.items():
            parts = [
                factor * (share.surprise(told.get(p, data[p])) - share.surprise(p.data))
                for k, factor in factors.items()
                for net in beside.layers[k]
                if (p := beside.of[net]) in told or data[p] != p.data
                if all(_is_share(x, share := beside.shares[net]) for x in (p.data, told.get(p, data[p])))
            ]
            if parts and any(p in told for p in beside.errors[v]):
                instead[v] = v.data + math.fsum(parts)
            slopes = found.gradients(found.recorded, of=v)
            for p, x in told.items():
                net = beside.net[p]
                share = beside.shares[net]
                if slopes.get(net) and share.probability != share.target:
                    edges.setdefault((v, net), slopes[net] * (x - share.target) / (share.probability - share.target))
        return instead

    def _slopes(
        self, values: dict[Value, float], edges: dict[tuple[Value, Value], float]
    ) -> dict[tuple[Value, int], float]:
        """Local derivatives under which those between Values with names, of which nothing with a name is between, are the given ones."""
        slopes: dict[tuple[Value, int], float] = {}
        plain = World(self.found, values, by_result=True)
        for (of, by), x in edges.items():
            region = self.forward.region(of)
            places = [(n, k) for n in region for k, operand in enumerate(n.operands) if operand is by]
            down = {of: 1.0}
            for n in sorted(region, key=self.found.place.__getitem__, reverse=True):
                for operand, local in zip(n.operands, plain.local[n], strict=True):
                    if isinstance(operand, Value) and operand in region:
                        down[operand] = down.get(operand, 0.0) + down.get(n, 0.0) * local
            whole = sum(down.get(n, 0.0) * plain.local[n][k] for n, k in places)
            for n, k in places:
                if whole:
                    slopes[n, k] = plain.local[n][k] * x / whole
                elif len(places) == 1 and down.get(n):
                    slopes[n, k] = x / down[n]
        return slopes

    # What an answer follows from

    def follows(self, step: Step, number: Number) -> Followed | None:
        """What an answer that is not the right one follows from; None if it does not follow from earlier ones."""
        for near in self._routes(step):
            if (found := self._follows(step, number, near)) is not None:
                return found
        return None

    def _routes(self, step: Step) -> Iterator[list[Earlier]]:
        """The answers that a quantity may be computed from: a delta as p - y, and in its place by the chain rule through the error."""
        usual = self.sources(step)
        yield usual
        if any(each.step.of in self.found.probabilities.net for each in usual) and step.kind != "value":
            other = self.sources(step, chained=True)
            if other != usual:
                yield other

    def _follows(self, step: Step, number: Number, near: Sequence[Earlier]) -> Followed | None:
        wrong = [each for each in near if not each.sound]
        alone = [[each] for each in wrong[::-1][:MOST_ALONE] if len(near) > 1]
        for taken in (near, wrong, *alone) if near else ():
            for by_result in (True, False):
                try:
                    found = self._followed(step, number, taken, by_result=by_result) if taken else None
                except (ArithmeticError, ValueError):
                    continue
                if found is not None:
                    return found
        return None

    def _followed(self, step: Step, number: Number, taken: Sequence[Earlier], *, by_result: bool) -> Followed | None:
        world = self.world(taken, by_result=by_result)
        value = world.number(step)
        slack = self.slack(step, world, taken)
        if not math.isfinite(value) or not (number.fits(value) or abs(number.x - value) <= slack + self._half(number)):
            return None
        effects = {each.step.name: self._effect(step, value, each, taken, by_result=by_result) for each in taken}
        seen = max(slack, 0.5 * number.unit, 1e-12 * abs(value))
        used = [each for each in taken if not each.sound and effects[each.step.name] > 1e-12 * abs(value)]
        if used:  # whatever comes of a wrong number is carried, and never rounding
            most = max(used, key=lambda each: effects[each.step.name])
            return Followed(
                [each.step for each in used if each is most or effects[each.step.name] > 0.5 * seen], wrong=True
            )
        coarse = any(each.coarse and effects[each.step.name] > 1e-12 * abs(value) for each in taken)
        few = number.digits < 2 and not self.rounding.is_fine
        if coarse or (few and not (number.unit <= MOST_SHARED * 1.001 and number.is_rounded(value))):
            return None
        felt = sorted((each.step for each in taken), key=lambda each: -effects[each.name])[:MOST_GIVEN]
        least = min(0.02 * seen, effects[felt[0].name])
        named = [each.step for each in taken if each.step in felt and effects[each.step.name] >= max(least, 1e-300)]
        if not named:
            return None
        hidden = self._hidden(step, world)  # and how that was rounded cannot be known
        exactly = hidden > 0.5 * number.unit or any(
            number.fits(x) or abs(number.x - x) <= hidden + self._half(number)
            for x in self._as_kept(step, taken, by_result=by_result)
        )
        return Followed(named, wrong=False, exactly=exactly or few, few=few)

    def _as_kept(self, step: Step, taken: Sequence[Earlier], *, by_result: bool) -> Iterator[float]:
        """The results by numbers as they were written, each of some of them with all its digits, as a calculator keeps them."""
        choices = [(each.number.x, each.step.value)[: 2 if len(taken) <= MOST_KEPT else 1] for each in taken]
        for kept in itertools.product(*choices):
            pairs = [(each.step, x) for each, x in zip(taken, kept, strict=True)]
            yield self._moved(pairs, by_result=by_result).number(step)

    def _effect(self, step: Step, value: float, each: Earlier, taken: Sequence[Earlier], *, by_result: bool) -> float:
        """By how much a result would be another if an answer were the right number, with all its digits."""
        pairs = [(other.step, other.step.value if other is each else other.number.x) for other in taken]
        return abs(value - self._moved(pairs, by_result=by_result).number(step))

    def _half(self, number: Number) -> float:
        """How far an answer may be from what it is rounded from. One digit alone may have lost its zeros."""
        unit = number.unit if number.digits > 1 else self.rounding.filled(number).unit
        return 0.5 * unit * (1.0 + 1e-9) + number.share * abs(number.x)

    def sources(self, step: Step, *, chained: bool = False) -> list[Earlier]:
        """The answers that a quantity is computed from with no other answer between, in the order in which they were given.

        With `chained` a delta is not taken to be p - y.
        """
        values = {each.step.of: name for name, each in self.earlier.items() if each.step.kind == "value"}
        slopes = {(each.step.of, each.step.by): name for name, each in self.earlier.items() if each.step.by is not None}
        slopes = {key: name for key, name in slopes.items() if self.earlier[name].step.kind != "update"}
        names: set[str] = set()
        below: list[Value] = []
        beside = self.found.probabilities
        if step.kind == "value":
            ps = beside.errors.get(step.of, [])
            told = [p for p in ps if p in values]
            below = [x for x in step.of.operands if isinstance(x, Value)]
            if ps and len(told) == len(ps):  # which stand for the net inputs
                below = [v for v in nearest(below, values) if v not in beside.of]
            below += told
        else:
            assert step.by is not None
            own = slopes.get((step.of, step.by), step.name)
            waiting = [step.by] if step.kind != "update" or own == step.name else []
            names.add(own)
            seen = set(waiting)
            while waiting:
                v = waiting.pop()
                if (p := beside.of.get(v)) in values and step.of is self.found.loss and not chained:
                    names.add(values[p])  # p - y
                    continue
                for user in self.found.users.get(v, ()):
                    edge = next((e for e in ((user, v), (self.forward.owner[user], v)) if e in slopes), None)
                    if edge is None:  # a part of several quantities, as exp(z) is of a sum and of a share in it
                        near = (e for e in slopes if e[1] is v and user in self.forward.region(e[0]))
                        edge = next(near, None)
                    if edge is not None and edge[0] is not step.of:
                        names.add(slopes[edge])
                    elif user.op not in _LINEAR:  # whose local derivatives are made of these
                        own_result = [user] if len(user.operands) == 1 else []
                        below += [*own_result, *(x for x in user.operands if isinstance(x, Value))]
                    total = slopes.get((step.of, user))
                    if total is not None and total != step.name:
                        names.add(total)
                    elif user not in seen and self.found.place[user] <= self.found.place[step.of]:
                        seen.add(user)
                        waiting.append(user)
        names |= {values[v] for v in nearest(below, values)}
        names.discard(step.name)
        return [each for name, each in self.earlier.items() if name in names]

    # Rounding

    def slack(self, step: Step, world: World, taken: Sequence[Earlier] = ()) -> float:
        """How far off a result may be since what it was computed from was rounded, answers and numbers that were not written down."""
        value = world.number(step)
        total = self._hidden(step, world)
        for k, each in enumerate(taken):
            if each.number.x == each.step.value or not self.rounding.is_fine:
                continue
            x = each.number.x + 0.5 * self.rounding.filled(each.number).unit
            pairs = [(other.step, other.number.x) for other in taken]
            pairs[k] = each.step, x
            total += abs(self._moved(pairs, by_result=world.by_result).number(step) - value)
        return total

    def scale(self, step: Step, world: World) -> float:
        """The size of what a quantity is a sum of: as many digits as it is smaller by may have been lost on the way."""
        if step.kind == "value":
            return max((abs(world.data[x]) for x in step.of.operands if isinstance(x, Value)), default=0.0)
        assert step.by is not None
        if step.kind == "update":
            return abs(world.data[step.by])
        down = world.sweep(step.of, step.by)
        parts = [
            abs(down[user] * local)
            for user in self.found.users.get(step.by, ())
            if user in down
            for x, local in zip(user.operands, world.local[user], strict=True)
            if x is step.by
        ]
        return max(parts, default=0.0)

    def _hidden(self, step: Step, world: World) -> float:
        """How far off a result may be since numbers on the way to it were rounded that are no answers."""
        if step.kind == "value":
            return self._hidden_below(step.of, world)
        half = self.rounding.half
        assert step.by is not None
        down, up = world.sweep(step.of, step.by), world.upward(step.by, step.of)
        total = 0.0
        answered = world.totals if step.of is self.found.loss else {}
        met = Counter(x for n in up if n in down for x in n.operands if isinstance(x, Value))
        if step.kind != "update" or step.by not in answered:
            for n in up:
                if n is step.by or n not in down or n.op is None:
                    continue
                total += abs(up[n]) * half(down[n]) if n not in answered else 0.0
                for k, (x, local) in enumerate(zip(n.operands, world.local[n], strict=True)):
                    if isinstance(x, Value) and up.get(x) and (x is step.by or x not in answered):
                        # Where paths meet, what comes through each is a product that is written down before they are added.
                        total += abs(up[x]) * half(down[n] * local) if met[x] > 1 else 0.0
                        if (n, k) not in world.slopes and n.op.name in mistakes()["by_result"]:
                            total += abs(down[n] * up[x]) * (half(local) + half(world.data[n] * world.data[n]))
            total += self._hidden_values(step, world)
        if step.kind == "update":
            rate, slope = self.found.learning_rate or 0.0, down.get(step.by, 0.0)
            total = rate * (total + (half(slope) if step.by not in answered else 0.0)) + half(rate * slope)
        return total

    def _hidden_below(self, of: Value, world: World) -> float:
        """The same of a value: by the numbers from which it is computed, down to those that are answers."""
        half, down = self.rounding.half, world.sweep(of)
        total, met, waiting = 0.0, {of}, [of]
        while waiting:
            v = waiting.pop()
            rate = abs(down.get(v, 0.0))
            total += rate * half(world.data[v]) if v is not of else 0.0
            operands = [world.data[x] if isinstance(x, Value) else x for x in v.operands]
            if v.op is not None and v.op.name == "dot":
                middle = len(operands) // 2
                total += rate * sum(half(x * y) for x, y in zip(operands[:middle], operands[middle:], strict=True))
            for x in v.operands:
                if isinstance(x, Value) and x.op is not None and x not in world.values and x not in met:
                    met.add(x)
                    waiting.append(x)
        return total

    def _hidden_values(self, step: Step, world: World) -> float:
        """The same of a derivative: by the numbers of the forward pass that it is computed from and that are no answers."""
        value, total = world.number(step), 0.0
        hidden = [v for v in self.found.forward if v not in world.values and v is not step.of]
        for v in hidden[:MOST_HIDDEN]:
            if half := self.rounding.half(world.data[v]):
                moved = {**world.values, v: world.data[v] + half}
                off = abs(world.elsewhere(moved).number(step) - value)
                total += off if math.isfinite(off) else 0.0
        return total


def _is_share(p: float, share: Share) -> bool:
    """Whether a cross entropy has a logarithm of this probability."""
    return (share.target == 0.0 or p > 0.0) and (not share.alone or share.target == 1.0 or p < 1.0)
