"""What a lesson begins with: the given numbers, and which of them are inputs, targets and parameters, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import columns
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Block, Table, Text
from tinygrad_bp.lessons.definitions import has_angles
from tinygrad_bp.lessons.equations import MOST_TERMS
from tinygrad_bp.lessons.heads import Heads
from tinygrad_bp.lessons.layers import inputs_of
from tinygrad_bp.lessons.roles import Role, by_use, is_logarithm, outer, roles
from tinygrad_bp.lessons.speaking import MOST_CASES, MOST_NEURONS, MOST_STEPS
from tinygrad_bp.lessons.targets import compared

ROOM = 74  # columns of a table in a terminal
MOST_BESIDE = 6  # names and numbers in a row
MOST_ACROSS = 8  # inputs and targets of a case that are shown
MOST_ROWS = 3 * MOST_CASES  # cases
ROLES: tuple[Role, ...] = ("input", "start", "target", "parameter", "fixed")


class Given(Heads):
    """The numbers that nothing was computed for."""

    def given(self) -> Iterator[Block]:
        """Inputs and targets, of several cases and of those without names a row for each case, then all other leaves side by side."""
        found = self.found
        leaves = self.leaves()
        listed = list(self.by_case())
        told = {v for v in self.told_by_case if listed}
        if not leaves and not listed:
            return
        yield self.paragraph("lesson.network.given")
        yield from listed
        trained = found.trainable if self.follows is not None else found.parameters
        kinds = roles(found.order, set(trained), self.targets, network=bool(self.cases))
        groups = {role: [v for v in leaves if kinds[v] == role and v not in told] for role in ROLES}
        groups |= {role: self.numbered(groups[role]) for role in ("parameter", "fixed")}
        yield from self.side_by_side({role: group for role, group in groups.items() if group})
        if self.follows is not None or set(trained) == set(found.trainable):
            if not found.formula and ("input" in kinds.values() or "target" in kinds.values()):
                yield self.paragraph("lesson.given.why")
                yield from self.told_by_use()
        else:
            yield self.paragraph(self.key("lesson.given.asked"))
        if begun := [v for v in leaves if kinds[v] == "start"]:
            yield self.paragraph("lesson.given.begins", names=self.some_of([self.write.name(v) for v in begun]))
        if has_angles(found.order):
            yield self.paragraph("lesson.given.radians")

    def told_by_use(self) -> Iterator[Block]:
        """Which leaves are taken for inputs and targets though no name tells it: by their names, or if they have none by their numbers."""
        for kind, leaves in zip(("input", "target"), by_use(self.found.order), strict=True):
            shown = [v for v in self.found.order if v in leaves and v not in self.found.parameters]
            names = [self.write.name(v) if v in self.found.names else self.write.number(v.data) for v in shown]
            if names:
                yield self.paragraph(f"lesson.given.use.{kind}", names=self.some_of(list(dict.fromkeys(names))))

    def side_by_side(self, groups: Mapping[Role, Sequence[Value]]) -> Iterator[Block]:
        """Beside what they are names and numbers, as many as have room; of very many those that equations write, or those at both ends."""
        if not groups:
            return
        ends = MOST_STEPS // 2
        used = self.in_equations()
        shown: dict[Role, list[Value]] = {}
        for role, leaves in groups.items():
            if len(leaves) <= 2 * MOST_STEPS:
                shown[role] = list(leaves)
            else:
                shown[role] = [v for v in leaves if v in used] or [*leaves[:ends], *leaves[-ends:]]
        called = {role: self.say(f"lesson.given.{role}") for role in shown}
        if self.found.formula and set(called) == {"parameter"}:
            called = {"parameter": self.say("lesson.given.quantity")}
        room = ROOM - max(map(columns, called.values()))
        widest = max(map(len, shown.values()))
        for side in (4, 3, 2, 1):
            side = min(side, widest)
            cells = [
                [self.write.name(v).text, self.write.number(v.data).text]
                for leaves in shown.values()
                for v in [*leaves, *leaves[:1] * (-len(leaves) % side)]
            ]
            wide = [max(columns(cell[place]) for cell in cells[k::side]) for k in range(side) for place in (0, 1)]
            if sum(wide) + 4 * side <= room:
                break
        rows: list[list[Text]] = []
        for role, leaves in shown.items():
            for start in range(0, len(leaves), side):
                pairs = [[self.write.name(v), self.write.number(v.data)] for v in leaves[start : start + side]]
                row: list[Text] = [[piece] for pair in pairs for piece in pair]
                rows.append([called[role] if not start else [], *row, *[[] for _ in range(2 * side - len(row))]])
        yield Table([[]] * (1 + 2 * side), rows)
        if count := sum(map(len, groups.values())) - sum(map(len, shown.values())):
            yield self.paragraph("lesson.left.given", count=count)

    def in_equations(self) -> set[Value]:
        """The leaves that the equations of the neurons write which are told: of a long sum those at both ends."""
        found: set[Value] = set()
        end = MOST_TERMS // 2
        for layers in self.cases[:1] if self.follows is None else []:
            for unit in [unit for layer in layers for unit in layer[:MOST_NEURONS]]:
                several = list(unit.connections)
                terms: list[tuple[Value, ...]] = [(c.weight, c.source) for c in several]
                terms += [(unit.bias,)] if unit.bias is not None else []
                if len(terms) > MOST_TERMS:
                    terms = [*terms[:end], *terms[-end:]]
                found.update(v for term in terms for v in term)
        return found

    def leaves(self) -> list[Value]:
        """The leaves that have names, in the order in which the forward pass meets them."""
        found = self.found
        met: dict[Value, None] = {}
        for layers in self.cases:
            met.update(dict.fromkeys(inputs_of(layers)))
        steps = set(found.forward)
        for v in found.forward:
            waiting = [v]
            while waiting:
                x = waiting.pop()
                if x.op is None:
                    met[x] = None
                elif x is v or x not in steps:
                    waiting += [each for each in reversed(x.operands) if isinstance(each, Value)]
        return [v for v in met if v.op is None and v in found.names]

    # Cases

    @property
    def told_by_case(self) -> set[Value]:
        """The leaves that stand in the table of the cases."""
        inputs = {v for layers in self.cases for v in inputs_of(layers)}
        return inputs | set(self.targets)

    def by_case(self) -> Iterator[Block]:
        """A row for each case, with its inputs and targets. Of one case whose inputs and targets have names there is none."""
        ends = [self.ends_of(unit) for layers in self.cases for unit in layers[-1]]
        named = self.found.names
        bare = any(v.op is None and v not in named for layers in self.cases for v in inputs_of(layers))
        bare = bare or any(end is not None and end not in named for end in ends)
        if not self.cases or self.recurrent or not (bare or len(self.cases) > 1):
            return
        shown = self.cases[:MOST_ROWS]
        inputs = [inputs_of(layers) for layers in shown]
        if len({len(row) for row in inputs}) > 1 or len({len(layers[-1]) for layers in shown}) > 1:
            return
        across = list(range(len(inputs[0])))[:MOST_ACROSS]
        if len(inputs) == 1 and len(inputs[0]) > MOST_ACROSS:
            used = self.in_equations()
            across = [k for k, v in enumerate(inputs[0]) if v in used] or across
        rows: list[list[Text]] = []
        for k, (row, layers) in enumerate(zip(inputs, shown, strict=True), 1):
            numbers = [row[place].data for place in across]
            targets = [self.target_of(unit) for unit in layers[-1]]
            cells: list[Text] = [[self.write.number(x)] for x in numbers]
            cells += [[] if x is None else [self.write.number(x)] for x in targets[:MOST_ACROSS]]
            rows.append([[f"[{k}]"] if len(self.cases) > 1 else [], *cells])
        head: list[Text] = [[], *(self.input_name(k) for k in across)]
        head += (self.target_name(k) for k in range(len(shown[0][-1][:MOST_ACROSS])))
        kept = [k for k in range(len(head)) if k == 0 or any(row[k] for row in rows)]
        first = 0 if len(self.cases) > 1 else 1
        several = "lesson.given.cases" if len(self.cases) > 1 else "lesson.given.case"
        heads: list[Text] = [head[k] for k in kept[first:]]
        body: list[list[Text]] = [[row[k] for k in kept[first:]] for row in rows]
        if len(body) == 1 and len(heads) > MOST_ACROSS:  # names beside their numbers, a few in a row
            pairs: list[Text] = [piece for pair in zip(heads, body[0], strict=True) for piece in pair]
            pairs += [[]] * (-len(pairs) % MOST_BESIDE)
            heads = [[]] * MOST_BESIDE
            body = [pairs[k : k + MOST_BESIDE] for k in range(0, len(pairs), MOST_BESIDE)]
        yield Table(heads, body, self.words(several))
        left = len(inputs[0]) - len(across) + max(0, len(shown[0][-1]) - MOST_ACROSS)
        if count := left * len(shown) + (len(self.cases) - len(shown)) * (len(head) - 1 + left):
            yield self.paragraph("lesson.left.given", count=count)

    def input_name(self, place: int) -> Text:
        """What an input is called: by the label that it has in every case, or by its number."""
        found = [inputs_of(layers)[place] for layers in self.cases]
        if label := _common([v.label for v in found]):
            return [self.write.label(label)]
        return self.words("lesson.given.input.number", number=place + 1)

    def target_name(self, place: int) -> Text:
        """What the target of an output is called: by the label that it has in every case, or by its neuron."""
        ends = [self.ends_of(layers[-1][place]) for layers in self.cases]
        if label := _common([end.label if isinstance(end, Value) else "" for end in ends]):
            return [self.write.label(label)]
        return self.words("lesson.given.target.of", neuron=self.bare(self.cases[0][-1][place]))

    @property
    def targets(self) -> dict[Value, float]:
        """The leaves that are targets."""
        ends = [self.ends_of(unit) for layers in self.cases for unit in layers[-1]]
        return {end: end.data for end in ends if isinstance(end, Value)}

    def target_of(self, unit: Unit) -> float | None:
        """The number that an output should be, as far as the error tells it."""
        end = self.ends_of(unit)
        return end.data if isinstance(end, Value) else end

    def ends_of(self, unit: Unit) -> Value | float | None:
        """The target of an output, a leaf or a number: what softmax or a sigmoid is compared with, or what it is subtracted from."""
        share = self.shares.get(unit.net) or self.found.logistic.get(unit.net)
        if share is not None:
            return share.target if share.leaf is None else share.leaf
        if (weighed := self._weighed_by(unit)) is not None:
            return weighed
        return compared(self.found, unit.out)

    def _weighed_by(self, unit: Unit) -> Value | None:
        """The leaf that the logarithm of an output is multiplied by, as the target is in a cross entropy: t log(out), t softplus(-net)."""
        waiting = [unit.out]
        for v in waiting:
            for user in self.found.users.get(v, []):
                if user.op is ops.neg or (is_logarithm(user) and user.op is not ops.logsumexp):
                    waiting.append(user)
                elif user.op in (ops.mul, ops.passed) and is_logarithm(v):
                    for other in user.args:
                        if (other is not v and other in by_use(self.found.order)[1]) or (
                            other.op is None and outer(other.label)
                        ):
                            return other
        return None


def _common(labels: Sequence[str]) -> str:
    """The label that something has in every case, x_k where it is called x_1, x_2, ... by the number of its case; else nothing."""
    if len(set(labels)) == 1:
        return labels[0]
    stems = {label.removesuffix(str(number)) for number, label in enumerate(labels, 1) if label.endswith(str(number))}
    [stem, *others] = stems or {""}
    return f"{stem}k" if stem.endswith("_") and not others and all(x.startswith(stem) for x in labels) else ""
