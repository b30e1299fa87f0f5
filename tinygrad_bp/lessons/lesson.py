"""A lesson: a round of backpropagation on a network, every step with its equation, its numbers and a sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from tinygrad_bp.checking import check_gradients
from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import draw, draw_network
from tinygrad_bp.explanation.names import significant
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Block, Equation, Formula, Heading, Paragraph, Picture, Piece, Table, Title
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.equations import Equations, symbol
from tinygrad_bp.lessons.layers import Layers, cases, inputs_of, network
from tinygrad_bp.lessons.phrases import enumerated, phrase
from tinygrad_bp.text import shown
from tinygrad_bp.words import Words, words

By = Literal["neuron", "node"]
MOST_NEURONS = 6  # of a layer that are written out
MOST_WEIGHTS = 8  # of a neuron
MOST_STEPS = 60  # of a graph without neurons
MOST_DRAWN = 60  # Values with a name in a picture of a graph
SATURATED = 1e-3  # below this share of its largest, a slope is as good as 0
SLOPES = {"sigmoid": 0.25, "tanh": 1.0}  # the largest ones


def lesson(
    loss: Value,
    *,
    lr: float | None = None,
    x: Value | None = None,
    by: By = "neuron",
    parameters: Iterable[Value] | None = None,
    title: str = "",
    digits: int = 9,
    language: str = "en",
) -> Lesson:
    """A round of backpropagation written out: forward pass, error, backward pass, update, the new error, and a check.

    Args:
        loss: the Value that everything was computed for: an error, or the result of any formula.
        lr: the learning rate; without one there is no update.
        x: the parameter that the lesson follows, where all would be too many.
        by: "neuron" takes neuron by neuron what has a label, "node" every step that was recorded.
        parameters: the leaves that are trained; without them all but those called as inputs and targets are, i1, x, t, target_o1, ....
        title: a heading of your own.
        digits: how many decimals numbers have.
        language: "en" or "ja".

    Reads what was recorded; no gradient and no data in the graph is read or changed. Of a large network a part is written out, and what is
    left out is counted. Raises TypeError for what is no Value, ValueError for one that was not computed from anything, for leaves that
    were changed since, for a learning rate that is no finite number above 0, for an x that is no leaf, and for another language.
    """
    say = words(language)
    if by not in ("neuron", "node"):
        raise ValueError(f"lesson: by is 'neuron' or 'node', not {shown(by)}")
    chosen = [x] if x is not None else parameters
    derivation = Derivation(loss, learning_rate=lr, parameters=chosen, labelled_only=by == "neuron")
    writer = _Writer(derivation, Equations(derivation, significant(digits)), say, follows=x)
    blocks = list(writer.blocks(title))
    return Lesson(derivation, blocks, language)


class Lesson(Document):
    """What `lesson` wrote: a document, which shows itself, and is written by `text`, `markdown`, `latex`, `html`, `to_dict` and `save`.

    Attributes:
        derivation: all that is derived, by name.
    """

    def __init__(self, derivation: Derivation, blocks: Sequence[Block], language: str) -> None:
        super().__init__(blocks, language)
        self.derivation = derivation


class _Writer:
    def __init__(self, derivation: Derivation, equations: Equations, say: Words, follows: Value | None) -> None:
        self.found, self.write, self.say, self.follows = derivation, equations, say, follows
        self.cases = cases(derivation.neurons)
        self.neuron_of = {v: unit for unit in derivation.neurons for v in (unit.net, unit.out)}
        self.user_of: dict[Value, list[Unit]] = {}
        for unit in derivation.neurons:
            for v in [*[c.weight for c in unit.connections], *([unit.bias] if unit.bias is not None else [])]:
                self.user_of.setdefault(v, []).append(unit)

    def blocks(self, title: str) -> Iterator[Block]:
        loss = self.write.name(self.found.loss)
        yield Title([title] if title else self.words("lesson.title", loss=loss))
        yield from self.setting()
        yield from self.forward()
        yield from self.backward()
        if self.found.learning_rate is not None:
            yield from self.update()
            yield from self.again()
        yield from self.check()

    # Words

    def words(self, key: str, **given: object) -> list[Piece]:
        """A text of the catalogue, with formulas where it has names for them."""
        return phrase(self.say, key, **given)

    def paragraph(self, key: str, **given: object) -> Paragraph:
        return Paragraph(self.words(key, **given))

    def listed(self, formulas: Sequence[Formula]) -> list[Piece]:
        """`a, b and c`."""
        return enumerated(self.say, formulas)

    def heading(self, key: str, level: int = 1, **given: object) -> Heading:
        return Heading(self.words(key, **given), level)

    def neuron(self, unit: Unit) -> Formula:
        """A neuron by its name, of several cases with the number of its case."""
        name = self.found.names.get(unit.net, "")
        number = name[name.rfind("[") :] if name.endswith("]") else ""
        return symbol(unit.name + number)

    # The network

    def setting(self) -> Iterator[Block]:
        found, say = self.found, self.say
        yield self.heading("lesson.part.network" if self.cases else "lesson.part.graph")
        loss = self.write.name(found.loss)
        parameters = say("count.parameter", count=len(found.parameters))
        if self.cases:
            first = self.cases[0]
            layers = []
            for layer in first:
                activation = layer[0].activation
                neurons = say("count.neuron", count=len(layer))
                key = "lesson.network.layer" if activation else "lesson.network.linear"
                layers.append(say(key, count=len(layer), neurons=neurons, activation=activation and activation.name))
            inputs = say("count.input", count=len(inputs_of(first)))
            yield self.paragraph("lesson.network", inputs=inputs, layers=say.listed(layers))
            yield self.paragraph("lesson.network.parameters", parameters=parameters, loss=loss)
            if len(self.cases) > 1:
                yield self.paragraph("lesson.network.cases", cases=say("count.case", count=len(self.cases)))
        else:
            yield self.paragraph("lesson.network.graph", parameters=parameters)
        if self.follows is not None:
            others = [v for v in found.order if v.op is None and v is not self.follows and v in found.names]
            names = [self.write.name(v) for v in others[:MOST_WEIGHTS]] + (
                [Formula("…", r"\dots")] if len(others) > MOST_WEIGHTS else []
            )
            if others:
                yield self.paragraph("lesson.follow", x=self.write.name(self.follows), others=self.listed(names))
        picture = self.picture()
        if picture is not None:
            yield picture
        yield self.paragraph("lesson.network.given")
        yield self.given()
        if found.learning_rate is not None:
            rate = self.write.number(found.learning_rate)
            yield self.paragraph("lesson.network.rate", eta=Formula("eta", r"\eta"), rate=rate)

    def picture(self) -> Picture | None:
        layers: Layers = self.cases[0] if self.cases else []
        net = network(layers)
        if net is not None:
            caption = self.words("lesson.network.picture")
            drawing = draw_network(net, inputs=inputs_of(layers), digits=4, activations=False)
            return Picture(drawing, "network", caption)
        if len(self.found.names) > MOST_DRAWN:
            return None
        drawing = draw(self.found.loss, only="labelled" if any(v.label for v in self.found.forward) else None, digits=4)
        return Picture(drawing, "graph", self.words("lesson.network.graph.picture"))

    def given(self) -> Table:
        """The leaves and their numbers, a few side by side."""
        leaves = self.leaves()
        shown = leaves if len(leaves) <= 4 * MOST_STEPS else [*leaves[: 2 * MOST_STEPS], *leaves[-2 * MOST_STEPS :]]
        rows = []
        for start in range(0, len(shown), 4):
            row: list[list[Piece]] = []
            for v in shown[start : start + 4]:
                row += [[self.write.name(v)], [self.write.number(v.data)]]
            rows.append(row + [[]] * (8 - len(row)))
        width = max((len([cell for cell in row if cell]) for row in rows), default=0)
        return Table([[]] * width, [row[:width] for row in rows])

    def leaves(self) -> list[Value]:
        """The leaves that have names: what comes from outside, layer by layer the parameters, all else."""
        first: list[Value] = []
        for layers in self.cases:
            first += inputs_of(layers)
        for unit in self.found.neurons:
            first += [c.weight for c in unit.connections]
            first += [unit.bias] if unit.bias is not None else []
        leaves = [v for v in self.found.order if v.op is None]
        return [v for v in dict.fromkeys([*first, *leaves]) if v in self.found.names and v.op is None]

    # Forward

    def forward(self) -> Iterator[Block]:
        yield self.heading("lesson.part.forward")
        yield self.paragraph("lesson.forward.why")
        told: set[Value] = set()
        for number, layers in enumerate(self.cases, 1):
            if len(self.cases) > 1:
                yield self.heading("lesson.forward.case", 2, number=number)
            for depth, layer in enumerate(layers, 1):
                yield self.layer_heading(depth, len(layers), 2 if len(self.cases) == 1 else 3)
                yield from self.forward_layer(layer, told)
        rest = [v for v in self.found.forward if v not in told]
        if not rest:
            return
        if self.cases:
            yield self.heading("lesson.part.error", 2)
            yield self.paragraph("lesson.forward.error")
        for v in self.some(rest):
            yield self.write.value(v)
        yield from self.left_steps(len(rest))

    def layer_heading(self, depth: int, count: int, level: int) -> Heading:
        if depth == count:
            return self.heading("lesson.forward.layer.output", level)
        if count == 2:
            return self.heading("lesson.forward.layer.hidden", level)
        return self.heading("lesson.forward.layer.hidden.numbered", level, number=depth)

    def forward_layer(self, layer: Sequence[Unit], told: set[Value]) -> Iterator[Block]:
        for place, unit in enumerate(layer):
            told |= {unit.net, unit.out}
            if place >= MOST_NEURONS:
                continue
            key = "lesson.forward.neuron" if unit.activation else "lesson.forward.neuron.plain"
            if not place:
                yield self.paragraph(key, neuron=self.neuron(unit))
            yield self.write.value(unit.net)
            if unit.out is not unit.net:
                yield self.write.value(unit.out)
        if len(layer) > MOST_NEURONS:
            yield self.paragraph("lesson.left.neurons", count=len(layer) - MOST_NEURONS)

    def some(self, steps: Sequence[Value]) -> list[Value]:
        """All steps, or of too many those at both ends."""
        return list(steps) if len(steps) <= MOST_STEPS else [*steps[: MOST_STEPS // 2], *steps[-MOST_STEPS // 2 :]]

    def left_steps(self, count: int) -> Iterator[Block]:
        if count > MOST_STEPS:
            yield self.paragraph("lesson.left.steps", count=count - MOST_STEPS)

    # Backward

    def backward(self) -> Iterator[Block]:
        yield self.heading("lesson.part.backward")
        yield self.paragraph("lesson.backward.why")
        yield self.paragraph("lesson.backward.chain")
        told: set[Value] = {self.found.loss}
        for number, layers in enumerate(self.cases, 1):
            if len(self.cases) > 1:
                yield self.heading("lesson.forward.case", 2, number=number)
            for depth in range(len(layers), 0, -1):
                yield self.layer_heading(depth, len(layers), 2 if len(self.cases) == 1 else 3)
                if depth == len(layers):
                    yield from self.softmax(layers[-1])
                yield from self.backward_layer(layers[depth - 1], told)
        rest = [v for v in self.found.backward if v not in told]
        for v in self.some(rest):
            yield from self.backward_step(v)
        yield from self.left_steps(len(rest))

    def backward_layer(self, layer: Sequence[Unit], told: set[Value]) -> Iterator[Block]:
        """From what arrives at a layer's outputs to its weights. What is used elsewhere, too, waits until all of it has been met."""
        later: dict[Value, None] = {}
        for place, unit in enumerate(layer):
            own = [c.weight for c in unit.connections if c.weight in self.found.graph.place]
            alone = [w for w in own if len(self.user_of[w]) == 1 and len(self.found.graph.users[w]) == 1]
            told |= {unit.out, unit.net, *alone}
            if place < MOST_NEURONS and unit.net in self.found.graph.place:
                yield from self.backward_neuron(unit)
                if alone:
                    yield self.paragraph("lesson.backward.weights", neuron=self.neuron(unit))
                    for w in alone[:MOST_WEIGHTS]:
                        yield self.write.total(w)
                    if len(alone) > MOST_WEIGHTS:
                        left = len(alone) - MOST_WEIGHTS
                        yield self.paragraph("lesson.left.weights", count=left, neuron=self.neuron(unit))
            if unit.bias is not None and unit.bias in self.found.graph.place:
                if len(self.found.graph.users[unit.bias]) == 1:
                    told.add(unit.bias)
                    if place < MOST_NEURONS:
                        yield self.paragraph("lesson.backward.bias")
                        yield self.write.total(unit.bias)
                elif all(user in layer for user in self.user_of[unit.bias]):
                    later[unit.bias] = None
        if len(layer) > MOST_NEURONS:
            yield self.paragraph("lesson.left.neurons", count=len(layer) - MOST_NEURONS)
        for bias in later:
            told.add(bias)
            yield from self.shared(bias)

    def backward_neuron(self, unit: Unit) -> Iterator[Block]:
        graph = self.found.graph
        neuron = self.neuron(unit)
        following = [self.neuron_of[edge.of] for edge in graph.users.get(unit.out, []) if edge.of in self.neuron_of]
        if unit.out not in graph.waypoints:  # whose label is on the net input alone
            pass
        elif following and len(following) == len(graph.users[unit.out]):
            names = self.listed([self.neuron(each) for each in following])
            yield self.paragraph("lesson.backward.hidden", count=len(following), neuron=neuron, next=names)
        elif unit.out is not self.found.loss:
            yield self.paragraph("lesson.backward.error", neuron=neuron)
        if unit.out is unit.net:
            yield self.write.total(unit.net)
            yield self.paragraph("lesson.backward.delta.plain", neuron=neuron)
            return
        if unit.out in graph.waypoints and unit.out is not self.found.loss:
            yield self.write.total(unit.out)
        activation = unit.activation
        assert activation is not None
        [term, *more] = graph.quantity(unit.net).terms
        slope = term.factors[-1]
        if not more and slope.of is unit.out and unit.out is not self.found.loss:
            yield self.paragraph("lesson.backward.slope", neuron=neuron, activation=activation.name)
            yield self.write.slope(unit.out, unit.net, slope)
            if abs(slope.value) < SATURATED * SLOPES.get(activation.name, 0.0):
                yield self.paragraph("lesson.backward.saturated")
        yield self.paragraph("lesson.backward.delta", neuron=neuron)
        yield self.write.total(unit.net)

    def shared(self, parameter: Value) -> Iterator[Block]:
        users = [edge.of for edge in self.found.graph.users[parameter]]
        nodes = self.listed([self.write.name(v) for v in users])
        yield self.paragraph("lesson.backward.bias.shared", bias=self.write.name(parameter), nodes=nodes)
        yield self.write.total(parameter)

    def backward_step(self, v: Value) -> Iterator[Block]:
        """The derivative with respect to any Value that is no part of a neuron, or is one of several."""
        users = list(dict.fromkeys(edge.of for edge in self.found.graph.users[v]))
        if v in self.user_of and len(users) > 1:
            yield self.paragraph("lesson.backward.shared", weight=self.write.name(v), count=len(users))
        else:
            names = self.listed([self.write.name(user) for user in users])
            loss = self.write.name(self.found.loss)
            yield self.paragraph("lesson.backward.step", name=self.write.name(v), loss=loss, next=names)
        yield self.write.total(v)
        if not self.found.graph.total[v]:
            yield self.paragraph("lesson.backward.zero", name=self.write.name(v), loss=self.write.name(self.found.loss))

    def softmax(self, layer: Sequence[Unit]) -> Iterator[Block]:
        """For softmax with cross entropy: probabilities, targets, and the deltas as their differences."""
        if len(layer) < 2 or any(unit.activation for unit in layer):
            return
        graph = self.found.graph
        operations = {v.op.name for v in self.found.order if v.op is not None}
        if not operations & {"logsumexp", "nll"} or any(unit.net not in graph.total for unit in layer):
            return
        total = ops.logsumexp([unit.net.data for unit in layer])
        probabilities = [ops.exp(unit.net.data - total) for unit in layer]
        share = sum(1.0 for _ in self.cases)
        targets = [p - graph.total[unit.net] * share for p, unit in zip(probabilities, layer, strict=True)]
        rounded = [round(t, 9) + 0.0 for t in targets]
        if any(abs(a - b) > 1e-9 or not 0.0 <= b <= 1.0 for a, b in zip(targets, rounded, strict=True)):
            return
        if abs(sum(rounded) - 1.0) > 1e-6:
            return
        yield self.paragraph("lesson.backward.softmax")
        p, y = Formula("p", "p"), Formula("y", "y")
        head = [[], [self.write.name(layer[0].net)], [p], [y], [Formula("p - y", "p - y")]]
        head[1] = [Formula("net", r"\mathrm{net}")]
        rows = [
            [[self.neuron(unit)], *[[self.write.number(x)] for x in (unit.net.data, each, target, each - target)]]
            for unit, each, target in zip(layer, probabilities, rounded, strict=True)
        ]
        yield Table(head, rows)

    # Update and check

    def update(self) -> Iterator[Block]:
        trained = [v for v in self.found.backward if v in set(self.found.parameters)]
        yield self.heading("lesson.part.update")
        yield self.paragraph("lesson.update.why")
        for v in trained[:MOST_WEIGHTS]:
            yield self.write.update(v)
        if len(trained) > MOST_WEIGHTS:
            head = [self.words(f"lesson.update.{key}") for key in ("name", "old", "slope", "new")]
            rows = [
                [
                    [self.write.name(v)],
                    *[[self.write.number(x)] for x in (v.data, self.found.graph.total[v], self.found.updated(v).value)],
                ]
                for v in self.some(trained)
            ]
            yield Table(head, rows, self.words("lesson.update.table"))
            yield from self.left_steps(len(trained))

    def again(self) -> Iterator[Block]:
        found = self.found
        new = {v: found.updated(v).value for v in found.parameters}
        data = found.data(new)
        old, after = found.loss.data, data[found.loss]
        yield self.heading("lesson.part.again")
        yield self.paragraph(
            "lesson.again.why" if after < old else "lesson.again.larger" if after > old else "lesson.again.same"
        )
        left = self.write.name(found.loss)
        before, now = self.write.number(old), self.write.number(after)
        yield Equation(left, [[Formula(f"{before.text} → {now.text}", rf"{before.latex} \rightarrow {now.latex}")]])

    def check(self) -> Iterator[Block]:
        found = self.found
        trained = [v for v in found.backward if v in set(found.parameters)]
        some = trained[: 2 * MOST_STEPS]
        yield self.heading("lesson.part.check")
        yield self.paragraph("lesson.check.why")
        checked = check_gradients(found.loss, some)
        head = [self.words(f"lesson.{key}") for key in ("update.name", "check.backward", "check.difference")]
        rows = []
        for v, each in zip(some, checked.inputs, strict=True):
            cells = [self.write.name(v), self.write.number(each.autograd), self.write.number(each.difference)]
            rows.append([[cell] for cell in cells])
        yield Table(head, rows, self.words("lesson.check.table"))
        sure = all(each.verdict == "agrees" for each in checked.inputs)
        yield self.paragraph("lesson.check.all" if sure else "lesson.check.not")
