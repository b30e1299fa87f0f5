"""The backward pass of a lesson, from the error to the parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.explanation.waypoints import Factor
from tinygrad_bp.lessons.blocks import Block, Formula, Paragraph, Table, Text
from tinygrad_bp.lessons.contributions import contributions
from tinygrad_bp.lessons.equations import symbol
from tinygrad_bp.lessons.heads import Heads
from tinygrad_bp.lessons.speaking import MOST_CASES, MOST_NEURONS, MOST_WEIGHTS

MOST_PULLS = 6  # cases whose shares of a derivative stand side by side
SATURATED = 1e-3  # below this share of its largest, a slope is as good as 0
SLOPES = {"sigmoid": 0.25, "tanh": 1.0}  # the largest ones


class Backward(Heads):
    """The backward pass."""

    def backward(self) -> Iterator[Block]:
        """Derivative after derivative, each made of those before it."""
        yield self.heading("lesson.part.backward")
        yield self.paragraph(self.key("lesson.backward.why"))
        yield self.paragraph("lesson.backward.chain")
        if self.found.looks:
            yield from self.backward_heads(self.backward_step)
            return
        told: set[Value] = {self.found.loss}
        if above := self.above():
            yield self.heading("lesson.part.error", 2)
            for v in self.some(above):
                yield from self.backward_step(v)
            yield from self.left_steps(len(above))
            told |= set(above)
        for number, layers in enumerate(self.cases, 1):
            inside = [v for layer in layers for unit in layer for v in (unit.net, unit.out)]
            if number > MOST_CASES or not any(v in self.found.graph.waypoints for v in inside):
                told.update(inside)
                continue
            if len(self.cases) > 1:
                yield self.heading("lesson.case", 2, number=number)
            for depth in range(len(layers), 0, -1):
                yield from self.backward_layers(layers, depth, told)
        if len(self.cases) > MOST_CASES:
            yield self.paragraph("lesson.left.cases", count=len(self.cases) - MOST_CASES)
        rest = [v for v in self.found.backward if v not in told]
        if len(self.cases) > 1 and rest:
            yield self.heading("lesson.part.parameters", 2)
        for v in self.some(rest):
            yield from self.backward_step(v)
        yield from self.left_steps(len(rest))
        yield from self.pulls()

    def above(self) -> list[Value]:
        """What lies between the error and the neurons."""
        if not self.cases:
            return []
        inside = set(topological_order(*[unit.out for unit in self.found.neurons], constants=False))
        return [v for v in self.found.backward if v not in inside and v is not self.found.loss and v.op is not None]

    def backward_layers(self, layers: Sequence[Sequence[Unit]], depth: int, told: set[Value]) -> Iterator[Block]:
        """A layer, if anything of it is to be derived."""
        layer = [unit for unit in layers[depth - 1] if unit.net in self.found.graph.waypoints]
        told |= {v for unit in layers[depth - 1] for v in (unit.net, unit.out)}
        if not layer:
            return
        yield self.layer_heading(depth, len(layers), 2 if len(self.cases) == 1 else 3)
        if depth == len(layers):
            yield from self.softmax(layer)
        yield from self.backward_layer(layer, told)

    def backward_layer(self, layer: Sequence[Unit], told: set[Value]) -> Iterator[Block]:
        """From what arrives at a layer's outputs to its weights. What is used elsewhere, too, waits until all of it has been met."""
        later: dict[Value, None] = {}
        graph = self.found.graph
        for place, unit in enumerate(layer):
            own = [c.weight for c in unit.connections if c.weight in graph.waypoints]
            alone = [w for w in own if len(self.user_of[w]) == 1 and len(graph.users[w]) == 1]
            told |= set(alone)
            bias = unit.bias if unit.bias in graph.waypoints else None
            bias_alone = bias is not None and len(graph.users[bias]) == 1
            if bias is not None and bias_alone:
                told.add(bias)
            elif bias is not None and all(user in layer for user in self.user_of[bias]):
                later[bias] = None
            if place >= MOST_NEURONS:
                continue
            yield from self.backward_neuron(unit)
            if alone:
                yield from self.once("lesson.backward.weights")
                for w in alone[:MOST_WEIGHTS]:
                    yield self.write.total(w)
                if len(alone) > MOST_WEIGHTS:
                    left = len(alone) - MOST_WEIGHTS
                    yield self.paragraph("lesson.left.weights", count=left, neuron=self.neuron(unit))
            if bias is not None and bias_alone:
                yield from self.once("lesson.backward.bias")
                yield self.write.total(bias)
        if len(layer) > MOST_NEURONS:
            yield self.paragraph("lesson.left.neurons", count=len(layer) - MOST_NEURONS)
        for bias in later:
            told.add(bias)
            yield from self.shared(bias)

    def backward_neuron(self, unit: Unit) -> Iterator[Block]:
        """What arrives, the slope, and the node delta."""
        graph, loss = self.found.graph, self.found.loss
        neuron = self.neuron(unit)
        following = [self.neuron_of[edge.of] for edge in graph.users[unit.out] if edge.of in self.neuron_of]
        if unit.net in self.shares:
            yield self.write.share(unit)
            return
        if following and len(following) == len(graph.users[unit.out]):
            names = self.listed([self.neuron(each) for each in following])
            key = "lesson.backward.hidden.one" if len(following) == 1 else "lesson.backward.hidden.several"
            yield self.briefly(key, neuron=neuron, next=names)
        elif unit.out is not loss:
            yield self.briefly("lesson.backward.error", neuron=neuron)
        if unit.out is unit.net:
            if unit.net is not loss:
                yield self.write.total(unit.net)
            yield from self.once("lesson.backward.delta.plain", neuron=neuron)
            return
        if unit.out is not loss:
            yield self.write.total(unit.out)
        [term, *more] = graph.quantity(unit.net).terms
        slope = term.factors[-1]
        if not more and slope.of is unit.out and unit.out is not loss:
            yield from self.slope(unit, slope)
        if self.first("delta"):
            yield self.paragraph("lesson.backward.delta", neuron=neuron)
        yield self.write.total(unit.net)

    def slope(self, unit: Unit, slope: Factor) -> Iterator[Block]:
        """The slope of an activation, and what is to be said of it: that it is flat here, or has a kink."""
        activation = unit.activation
        assert activation is not None
        if self.first(f"slope.{activation.name}"):
            yield self.paragraph("lesson.backward.slope", neuron=self.neuron(unit), activation=activation.name)
        yield self.write.slope(unit.out, unit.net, slope)
        yield from self.flat(unit.out, unit.net, slope.value)

    def flat(self, out: Value, net: Value, slope: float) -> Iterator[Block]:
        """A sentence where an activation lets next to nothing through."""
        name = out.op.name if out.op is not None else ""
        x = self.write.name(out)
        if out.op is ops.relu and net.data == 0.0:
            yield self.paragraph("lesson.backward.kink", name=x)
        elif out.op is ops.relu and net.data < 0.0:
            yield self.paragraph("lesson.backward.dead", name=x)
        elif abs(slope) < SATURATED * SLOPES.get(name, 0.0):
            yield self.paragraph("lesson.backward.saturated", name=x)

    def shared(self, parameter: Value) -> Iterator[Block]:
        """A parameter that is used in several places."""
        users = [edge.of for edge in self.found.graph.users[parameter]]
        if self.found.loss in users and len(set(users)) > 1:
            yield self.also(parameter, users)
        else:
            nodes = self.some_of([self.write.name(v) for v in users], 6)
            yield self.briefly("lesson.backward.shared", name=self.write.name(parameter), nodes=nodes)
        yield self.write.total(parameter)

    def backward_step(self, v: Value) -> Iterator[Block]:
        """The derivative with respect to any Value that is no part of a neuron, or is one of several."""
        found = self.found
        users = list(dict.fromkeys(edge.of for edge in found.graph.users[v]))
        name, loss = self.write.name(v), self.write.name(found.loss)
        if v in self.user_of and len(users) > 1:
            yield from self.shared(v)
        else:
            if users == [found.loss]:
                yield self.paragraph("lesson.backward.straight", name=name, loss=loss)
            elif found.loss in users:
                yield self.also(v, users)
            else:
                names = self.some_of([self.write.name(user) for user in users], 6)
                yield self.briefly("lesson.backward.step", name=name, loss=loss, next=names)
            yield self.write.total(v)
        for edge in found.graph.users[v] if v not in self.neuron_of else []:
            if edge.of.op is not None and v in edge.of.operands and edge.of.op.arity == 1:
                yield from self.flat(edge.of, v, edge.value)
        if not found.graph.total[v]:
            yield self.paragraph("lesson.backward.zero", name=name)

    def also(self, v: Value, users: Sequence[Value]) -> Paragraph:
        """The sentence about a Value that acts on the error directly and through others."""
        loss = self.found.loss
        others = self.some_of([self.write.name(user) for user in dict.fromkeys(users) if user is not loss], 6)
        return self.briefly("lesson.backward.also", name=self.write.name(v), loss=self.write.name(loss), next=others)

    def softmax(self, layer: Sequence[Unit]) -> Iterator[Block]:
        """For softmax with cross entropy: probabilities, targets, and the deltas as their differences."""
        if any(unit.net not in self.shares for unit in layer):
            return
        share = self.shares[layer[0].net]
        cases, alone = share.cases, share.alone
        gap, letter = self.write.gap(alone=alone), symbol(self.write.letter(alone=alone))
        yield from self.once("lesson.backward.sigmoid" if alone else "lesson.backward.softmax", gap=gap, y=letter)
        p, y = (self.entropy.letter(letter, layer[0]) for letter in "py")
        first = self.first("lesson.backward.softmax.derived")
        if first and alone:
            slope, whole = self.entropy.slopes(layer[0])
            net = self.write.name(layer[0].net)
            yield self.paragraph("lesson.backward.sigmoid.slopes", p=p, first=whole, net=net, second=slope)
        elif first:
            yield self.paragraph("lesson.backward.softmax.parts")
            yield self.entropy.derived(layer)
            net, part = self.write.name(layer[0].net), self.entropy.slope(layer, layer[0])
            yield self.paragraph("lesson.backward.softmax.slopes", net=net, share=part, p=p, y=y)
        if cases > 1:
            yield from self.once("lesson.backward.softmax.mean", count=cases)
        head = [
            [],
            [Formula("net", r"\mathrm{net}")],
            [Formula("p", "p")],
            [letter],
            [gap],
        ]
        rows = []
        for unit in layer:
            share = self.shares[unit.net]
            numbers = (unit.net.data, share.probability, share.target, share.probability - share.target)
            rows.append([[self.neuron(unit)], *[[self.write.number(x)] for x in numbers]])
        yield Table(head, rows)

    def pulls(self) -> Iterator[Block]:
        """Of several cases: what each adds to a derivative, and in which direction it pulls."""
        if len(self.cases) < 2:
            return
        parts = contributions(self.found, self.cases)
        trained = [v for v in self.trained if v in parts]
        if not trained:
            return
        yield self.heading("lesson.part.pull", 2)
        yield self.paragraph("lesson.pull.why")
        most = min(len(self.cases), MOST_PULLS)
        head: list[Text] = [self.words("lesson.update.name"), *[[f"[{k}]"] for k in range(1, most + 1)]]
        head += [self.words("lesson.pull.others")] if most < len(self.cases) else []
        rows: list[list[Text]] = []
        for v in self.some(trained):
            cells = parts[v][:most] + ([sum(parts[v][most:])] if most < len(self.cases) else [])
            numbers: list[Text] = [[self.write.number(x)] for x in [*cells, self.found.graph.total[v]]]
            rows.append([[self.write.name(v)], *numbers])
        yield Table([*head, self.words("lesson.pull.total")], rows, self.words("lesson.pull.table"))
        if left := len(trained) - len(rows):
            yield self.paragraph(self.key("lesson.left.parameters"), count=left)
