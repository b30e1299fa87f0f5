"""What a sheet tells before its blanks, as the lesson tells it: the given numbers, and how each quantity is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Block, Equation, Formula, Table
from tinygrad_bp.lessons.definitions import definitions, is_defined
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.given import MOST_ACROSS, MOST_ROWS, ROLES, Given
from tinygrad_bp.lessons.layers import inputs_of
from tinygrad_bp.lessons.roles import roles
from tinygrad_bp.lessons.tables import in_two, joined, pairs
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.words import Words

MOST_FORMULAS = 40


class Setting:
    """What is given, in the pieces that sheets are put together from.

    Args:
        found: all that is derived.
        write: writes its equations.
        say: the texts of the language.
    """

    def __init__(self, found: Derivation, write: Equations, say: Words) -> None:
        self.found, self.write = found, write
        self.lesson = Given(found, write, say, None)
        self.cases = self.lesson.cases

    # Numbers

    def given(self) -> Iterator[Block]:
        """The numbers of the leaves: of several cases, and of what has no name, those of a case in a row; then all others."""
        tables, others = self._told()
        yield from tables
        if others:
            yield pairs(others)

    def lines(self) -> list[str]:
        """The same as text, `w5 = 0.4`: each number by itself."""
        found = []
        tables, others = self._told()
        for table in tables:
            heads = [plain(head) for head in table.head]
            for row in table.rows:
                case = plain(row[0]) if not heads[0] else ""
                for head, cell in zip(heads, row, strict=True):
                    if head and cell:
                        found.append(f"{head}{case} = {plain(cell)}")
        return found + [f"{plain(name)} = {plain(number)}" for name, number in others]

    def _told(self) -> tuple[list[Table], list[tuple[Formula, Formula]]]:
        """The table of cases, where there is one, and the names and numbers that stand in none."""
        tables = list(self._by_case())
        others = [*([] if tables else self._without_names()), *self._named(self.leaves(outside=not tables))]
        return tables, others

    def leaves(self, *, outside: bool = True) -> list[Value]:
        """The leaves that have names: what comes from outside, states, targets, parameters by their numbers, all else."""
        lesson = self.lesson
        leaves = lesson.leaves()
        kinds = roles(self.found.order, set(self.found.parameters), lesson.targets, network=bool(self.cases))
        ordered: list[Value] = []
        for role in ROLES:
            group = [v for v in leaves if kinds[v] == role]
            ordered += group if role == "target" and self.cases else lesson.numbered(group)
        told = lesson.told_by_case
        return [v for v in ordered if outside or v not in told]

    def _named(self, leaves: Sequence[Value]) -> list[tuple[Formula, Formula]]:
        return [(self.write.name(v), self.write.number(v.data)) for v in leaves]

    def _by_case(self) -> Iterator[Table]:
        """The table of cases, where all of it has room."""
        widths = [max(len(inputs_of(layers)), len(layers[-1])) for layers in self.cases]
        if widths and len(widths) <= MOST_ROWS and max(widths) <= MOST_ACROSS:
            yield from (block for block in self.lesson.by_case() if isinstance(block, Table))

    def _without_names(self) -> Iterator[tuple[Formula, Formula]]:
        """Inputs and targets that are plain numbers in the program, where there are too many for a table."""
        several = len(self.cases) > 1
        for number, layers in enumerate(self.cases, 1):
            case = f"[{number}]" if several else ""
            for place, v in enumerate(inputs_of(layers)):
                if v.op is None and v not in self.found.names:
                    yield self.write.label(plain(self.lesson.input_name(place)) + case), self.write.number(v.data)
            for unit in layers[-1]:
                end = self.lesson.ends_of(unit)
                if end is not None and not isinstance(end, Value):
                    head = plain(self.lesson.words("lesson.given.target.of", neuron=self.lesson.bare(unit)))
                    yield self.write.label(head + case), self.write.number(end)

    # Formulas

    def formulas(self, asked: Iterable[Value] = (), also: Iterable[str] = ()) -> Table:
        """How each quantity is computed, in symbols; of several cases those of the first. A net input and its output stand side by side.

        Of very many there are those of what is `asked` for, and of others as many as there is room for. Definitions follow of the functions
        in these formulas and in what is written `also`.
        """
        found, asked = self.found, list(asked)
        inside = {v for unit in found.neurons for v in (unit.net, unit.out)}
        outs = {unit.out: unit.net for layer in self.cases[0] for unit in layer} if self.cases else {}
        first = [v for out, net in outs.items() for v in (net, out)]
        rest = [v for v in found.forward if v not in inside]
        named = self._some([v for v in dict.fromkeys([*first, *rest]) if v in found.names], asked)
        rows: list[list[Formula]] = []
        written = set()
        after = 0  # the rows of neurons
        for v in named:
            equations = self.value(v)
            if equations and v in outs and rows and outs[v] in written and outs[v] is not v:
                rows[-1].append(_symbols(equations[-1]))
            else:
                rows += [[_symbols(equation)] for equation in equations if len(equation.rows) > 1]
            if equations:
                written.add(v)
            after = len(rows) if v in first else after
        there = {each for row in rows for each in row}
        beside = [each for each in map(_symbols, self._beside(asked)) if each not in there]
        rows[after:after] = [[each] for each in beside]
        shown = [each.text for row in rows for each in row]
        rows += [[formula] for formula in definitions([*shown, *also])]
        return in_two(rows)

    def _beside(self, asked: Sequence[Value]) -> Iterator[Equation]:
        """The probabilities of softmax that are asked for, whether the formula of an error has written them or not; of the first case."""
        nets = [self.found.probabilities.net[v] for v in asked if v in self.found.probabilities.net]
        places = {k for layers in self.cases for k, unit in enumerate(layers[-1]) if unit.net in nets}
        layer = self.cases[0][-1] if places else []
        return (self.lesson.entropy.probability(layer, layer[k]) for k in sorted(places))

    def _some(self, named: list[Value], asked: Iterable[Value]) -> list[Value]:
        """Not too many, but those of what is asked for in any case; of another case than the first the one that is like it there."""
        if len(named) <= MOST_FORMULAS:
            return named
        place = {
            unit.net: (k, j) for layers in self.cases for k, layer in enumerate(layers) for j, unit in enumerate(layer)
        }
        place |= {unit.out: place[unit.net] for layers in self.cases for layer in layers for unit in layer}
        wanted: set[Value] = set()
        for v in asked:
            v = self.found.probabilities.net.get(v, v)
            wanted.add(v)
            if v in place:
                k, j = place[v]
                unit = self.cases[0][k][j]
                wanted |= {unit.net, unit.out}
        room = MOST_FORMULAS - len(wanted.intersection(named))
        others = set([v for v in named if v not in wanted][: max(0, room)])
        return [v for v in named if v in wanted or v in others]

    def is_told(self, step: Step) -> bool:
        """Whether a sheet can tell how a quantity is computed: a very long formula it cannot, nor a function that has no definition."""
        if step.kind == "update" or step.of in self.found.probabilities.net:
            return True
        if step.by is None:
            return bool(self.value(step.of)) and self._is_defined(step.of)
        if step.by in self.lesson.shares and step.of is self.found.loss:
            return True  # p - y
        return all(self._is_defined(edge.of) for edge in self.found.graph.users.get(step.by, ()))

    def _is_defined(self, v: Value) -> bool:
        """Whether it is known what each operation is, back to quantities that have a name."""
        waiting, seen = [v], {v}
        while waiting:
            x = waiting.pop()
            if x.op is not None and not is_defined(x.op):
                return False
            below = [each for each in x.operands if isinstance(each, Value) and each not in seen]
            seen.update(below)
            waiting += [each for each in below if each not in self.found.names]
        return True

    def value(self, v: Value) -> list[Equation]:
        """How a quantity is computed: of a cross entropy the probabilities of softmax, and -log(p) of these; none if it has no formula."""
        entropy = self.lesson.entropy
        if v in entropy.of:
            return self._entropy(v, entropy.of[v][:1])
        equation = self.write.value(v)
        return [equation] if len(equation.rows) > 1 else []

    def equations(self, step: Step) -> list[Equation]:
        """The steps of the lesson that lead to a quantity."""
        lesson, write, found = self.lesson, self.write, self.found
        if step.kind == "value" or step.by is None:
            if step.of in found.probabilities.net:
                net = found.probabilities.net[step.of]
                [layer] = [layers[-1] for layers in self.cases if any(unit.net is net for unit in layers[-1])]
                return [lesson.entropy.probability(layer, unit) for unit in layer if unit.net is net]
            if step.of in found.probabilities.errors and step.of in lesson.entropy.of:
                return [lesson.entropy.error(step.of)]
            if step.of in lesson.entropy.of:
                return self._entropy(step.of, lesson.entropy.of[step.of])
            return [write.value(step.of)]
        if step.kind == "update":
            return [write.update(step.by)]
        if step.of is not found.loss and not self._is_direct(step):
            return [write.between(step.of, step.by)]
        if step.of is not found.loss:
            [edge] = [edge for edge in found.graph.users[step.by] if edge.of is step.of]
            [factor] = found.graph.factors([edge])
            return [write.slope(step.of, step.by, factor)]
        return [self.total(step.by)]

    def _is_direct(self, step: Step) -> bool:
        """Whether a derivative is a single factor of the chain rule."""
        edges = [edge for edge in self.found.graph.users.get(step.by, ()) if edge.of is step.of] if step.by else []
        return len(edges) == 1 and (step.direct or self.found.graph.factors(edges)[0].whole)

    def _entropy(self, v: Value, layers: Iterable[Sequence[Unit]]) -> list[Equation]:
        """A cross entropy, and before it the probabilities of softmax in these layers."""
        entropy = self.lesson.entropy
        return [*(each for layer in layers for each in entropy.probabilities(layer)), entropy.error(v)]

    def total(self, v: Value) -> Equation:
        """The derivative of the loss with respect to a waypoint: of the net input of a class p - y."""
        if v in self.lesson.shares:
            return self.write.share(self.lesson.neuron_of[v])
        return self.write.total(v)


def _symbols(equation: Equation) -> Formula:
    return joined(equation.left, equation.rows[0])
