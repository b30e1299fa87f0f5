"""How a lesson begins: the network with its numbers, and the forward pass."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing import draw, draw_network
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Block, Formula, Picture
from tinygrad_bp.lessons.given import Given
from tinygrad_bp.lessons.layers import Layers, inputs_of, network
from tinygrad_bp.lessons.speaking import MOST_CASES, MOST_NEURONS
from tinygrad_bp.lessons.unrolled import draw_unrolled

SPELLED = {  # the activations, as textbooks have them
    "sigmoid": Formula("sigmoid(net) = 1 / (1 + exp(-net))", r"\sigma(\mathrm{net}) = \frac{1}{1 + e^{-\mathrm{net}}}"),
    "tanh": Formula(
        "tanh(net) = (exp(net) - exp(-net)) / (exp(net) + exp(-net))",
        r"\tanh(\mathrm{net}) = \frac{e^{\mathrm{net}} - e^{-\mathrm{net}}}{e^{\mathrm{net}} + e^{-\mathrm{net}}}",
    ),
    "relu": Formula("relu(net) = max(net, 0)", r"\mathrm{relu}(\mathrm{net}) = \max(\mathrm{net}, 0)"),
    "softplus": Formula(
        "softplus(net) = log(1 + exp(net))", r"\mathrm{softplus}(\mathrm{net}) = \ln(1 + e^{\mathrm{net}})"
    ),
}
MOST_DRAWN = 60  # Values with a name in a picture of a graph
MOST_LINES = 150  # between the neurons of a picture
MOST_NUMBERS = 30  # beside them


def _with_gradients(loss: Value, names: Mapping[Value, str]) -> Value:
    """A copy of the graph, with its gradients, whatever has been computed or not in the graph itself, and with these names as labels."""
    copied = copy.deepcopy(loss)
    for v, found in zip(topological_order(loss), topological_order(copied), strict=True):
        found.grad = 0.0
        found.label = found.label or names.get(v, "")
    copied.backward()
    return copied


class Opening(Given):
    """The parts up to the error."""

    def setting(self) -> Iterator[Block]:
        """What is computed, and from which numbers."""
        found, say = self.found, self.say
        yield self.heading("lesson.part.network" if self.cases else "lesson.part.graph")
        loss = self.write.name(found.loss)
        count = len(found.parameters) if self.follows is None else len([v for v in self.user_of if v.op is None])
        parameters = say("count.parameter", count=count)
        if self.recurrent:
            weights = [self.write.name(v) for v in self.recurring if v in found.names]
            steps = len({unit.depth for v in self.recurring for unit in self.user_of[v]})
            yield self.paragraph("lesson.network.recurrent", count=steps, weights=self.some_of(weights))
            yield self.paragraph(self.called(), parameters=parameters, loss=loss)
        elif self.cases:
            inputs = say("count.input", count=len(inputs_of(self.cases[0])))
            yield self.paragraph("lesson.network", parts=say.listed([inputs, *self.layers()]))
            yield self.paragraph(self.called(), parameters=parameters, loss=loss)
            if shared := self.shared_weights():
                users = [unit for unit in self.found.neurons if any(c.weight in shared for c in unit.connections)]
                neurons = self.some_of([self.bare(unit) for unit in users])
                names = self.some_of([self.write.name(v) for v in shared])
                yield self.paragraph("lesson.network.shared", neurons=neurons, weights=names)
        elif found.looks:
            heads, places = ({getattr(look, name) for look in found.looks} for name in ("head", "position"))
            heads_said, places_said = say("count.head", count=len(heads)), say("count.position", count=len(places))
            given = {"parameters": say("count.parameter", count=len(found.trainable)), "loss": loss}
            yield self.paragraph("lesson.network.heads", heads=heads_said, positions=places_said, **given)
        elif found.formula:
            quantities = say("count.quantity", count=len(self.leaves()))
            yield self.paragraph("lesson.network.graph.formula", quantities=quantities, loss=loss)
        else:
            yield self.paragraph("lesson.network.graph", parameters=say("count.parameter", count=len(found.parameters)))
            yield self.paragraph("lesson.network.result", loss=loss)
        if len(self.cases) > 1:
            marked = any(name.endswith("[1]") for name in found.names.values())
            key = "lesson.network.cases" if marked else "lesson.network.cases.named"
            yield self.paragraph(key, cases=say("count.case", count=len(self.cases)))
        if found.parts:
            yield self.paragraph("lesson.network.parts", names=self.some_of([self.write.name(v) for v in found.parts]))
        if self.follows is not None:
            yield from self.following(self.follows)
        yield from self.picture()
        yield from self.given()
        if found.learning_rate is not None and found.optimizer is None:
            rate = self.write.number(found.learning_rate)
            yield self.paragraph("lesson.network.rate", eta=Formula("eta", r"\eta"), rate=rate)

    def following(self, x: Value) -> Iterator[Block]:
        """That one parameter is followed, and which derivatives are left out for it."""
        found = self.found
        yield self.paragraph("lesson.follow", x=self.write.name(x))
        others = self.numbered([v for v in found.trainable if v is not x and v in found.names])
        computed = [v for v in found.forward if v not in found.graph.waypoints]
        for key, left in ((self.key("lesson.follow.others"), others), ("lesson.follow.computed", computed)):
            if left:
                names = self.some_of([self.write.name(v) for v in left])
                yield self.paragraph(key, count=len(left), names=names, x=self.write.name(x))

    def called(self) -> str:
        """The text that says what the error is called, which one with the label loss has said by its name."""
        named = re.match("(loss|cost)(?![a-z])", self.found.loss.label, re.IGNORECASE)
        return "lesson.network.parameters.loss" if named else "lesson.network.parameters"

    def layers(self) -> list[str]:
        """Each layer in words."""
        found = []
        count_of_layers = len(self.cases[0])
        for depth, layer in enumerate(self.cases[0], 1):
            said = []
            names = list(dict.fromkeys(unit.activation.name if unit.activation else "" for unit in layer))
            groups = [names] if all(names) else [[name] for name in names]
            for group in groups:
                count = len([unit for unit in layer if (unit.activation.name if unit.activation else "") in group])
                key = "lesson.network.layer" if all(group) else "lesson.network.linear"
                neurons = self.say("count.neuron", count=count)
                said.append(self.say(key, neurons=neurons, activation=self.say.listed(group)))
            kind = "output" if depth == count_of_layers else "hidden" if count_of_layers == 2 else "hidden.numbered"
            found.append(self.say(f"lesson.network.{kind}", number=depth, neurons=self.say.listed(said)))
        return found

    def shared_weights(self) -> list[Value]:
        """The weights that several neurons of one case have, in a network that is computed once, with names."""
        if len(self.cases) != 1:
            return []
        uses = Counter(v for unit in self.found.neurons for v in {c.weight for c in unit.connections})
        weights = dict.fromkeys(c.weight for unit in self.found.neurons for c in unit.connections)
        return [v for v in weights if uses[v] > 1 and v in self.found.names]

    def picture(self) -> Iterator[Block]:
        """The network, or the graph; where it is too large to be read, a sentence."""
        layers: Layers = self.cases[0] if self.cases else []
        net = network(layers)
        if net is not None:
            lines = sum(len(unit.connections) for layer in layers for unit in layer)
            if lines > MOST_LINES:
                yield self.paragraph("lesson.left.picture", count=lines)
                return
            inputs = [v.data if isinstance(v, Constant) else v for v in inputs_of(layers)]
            if lines <= MOST_NUMBERS and len(self.cases) == 1:
                drawing = draw_network(net, inputs=inputs, digits=4, activations=False, language=self.say.language)
            else:
                drawing = draw_network(net, digits=4, activations=False, language=self.say.language)
            yield Picture(drawing, "network", self.words("lesson.network.picture"))
            return
        if self.recurrent and layers:
            steps = draw_unrolled(layers, self.found.names, self.say, values=True, digits=4)
            if steps is not None:
                yield Picture(steps, "network", self.words("lesson.network.unrolled"))
            else:
                lines = sum(len(unit.connections) for layer in layers for unit in layer)
                yield self.paragraph("lesson.left.picture", count=lines)
            return
        labelled = any(v.label for v in self.found.forward)
        count = len(self.found.names) if labelled else len(topological_order(self.found.loss))
        if count > MOST_DRAWN:
            yield self.paragraph("lesson.left.graph", count=count)
            return
        drawing = draw(
            _with_gradients(self.found.loss, self.found.names),
            only="labelled" if labelled else None,
            digits=4,
            language=self.say.language,
        )
        yield Picture(drawing, "graph", self.words("lesson.network.graph.picture"))

    # Forward

    def forward(self) -> Iterator[Block]:
        """From the inputs to the error."""
        yield self.heading("lesson.part.forward")
        yield self.paragraph(self.key("lesson.forward.why"))
        told: set[Value] = set()
        needed = self.needed()
        if self.found.looks:
            yield from self.forward_heads(needed)
        for number, layers in enumerate(self.cases, 1):
            inside = [v for layer in layers for unit in layer for v in (unit.net, unit.out)]
            if number > MOST_CASES or not any(v in needed for v in inside):
                told.update(inside)
                continue
            if len(self.cases) > 1:
                yield self.heading("lesson.case", 2, number=number)
            for depth, layer in enumerate(layers, 1):
                own = [unit for unit in layer if unit.net in needed]
                told |= {v for unit in layer for v in (unit.net, unit.out)}
                if own:
                    yield self.layer_heading(depth, len(layers), 2 if len(self.cases) == 1 else 3)
                    yield from self.forward_layer(own)
        if len(self.cases) > MOST_CASES:
            yield self.paragraph("lesson.left.cases", count=len(self.cases) - MOST_CASES)
        rest = [v for v in self.found.forward if v not in told and v in needed and not self.found.looks]
        if rest and self.cases:
            yield self.heading("lesson.part.error", 2)
            yield self.paragraph("lesson.forward.error")
        yield from self.probabilities(rest)
        for v in self.some(rest):
            yield self.entropy.error(v) if v in self.entropy.of else self.write.value(v)
        yield from self.left_steps(len(rest))
        if left := [self.write.name(v) for v in self.found.forward if v not in needed]:
            yield self.paragraph("lesson.left.needed", count=len(left), names=self.some_of(left))

    def probabilities(self, steps: Sequence[Value]) -> Iterator[Block]:
        """Where the error is a cross entropy, the probabilities that softmax gives to the classes of each case."""
        layers = [layer for v in steps for layer in self.entropy.of.get(v, [])]
        if not layers:
            return
        alone = self.shares[layers[0][0].net].alone
        yield self.paragraph("lesson.forward.sigmoid" if alone else "lesson.forward.softmax")
        most = MOST_NEURONS if alone else MOST_CASES
        groups = list({layer[0].net: layer for layer in layers}.values())
        for layer in groups[:most]:
            yield from list(self.entropy.probabilities(layer))[:MOST_NEURONS]
            if len(layer) > MOST_NEURONS:
                yield self.paragraph("lesson.left.classes", count=len(layer) - MOST_NEURONS)
        if alone and len(groups) > most:
            yield self.paragraph("lesson.left.classes", count=len(groups) - most)
        yield self.paragraph("lesson.forward.entropy.binary" if alone else "lesson.forward.entropy")

    def needed(self) -> set[Value]:
        """What the derivatives are made of: where one weight is followed, not all that the error is made of."""
        found = self.found
        if self.follows is None:
            return set(found.order)
        waiting = [v for v in found.graph.order if v.op is not None and v is not found.loss]
        if not waiting or not all(edge.plain for edge in found.graph.edges[found.loss]):
            waiting.append(found.loss)
        needed: set[Value] = set()
        while waiting:
            v = waiting.pop()
            if v not in needed:
                needed.add(v)
                waiting += [x for x in v.operands if isinstance(x, Value)]
        return needed

    def activation(self, unit: Unit) -> Iterator[Block]:
        """What the activation of a neuron computes, the first time that it is met."""
        name = unit.activation.name if unit.activation is not None else ""
        if name in SPELLED and self.first(f"activation.{name}"):
            yield self.paragraph("lesson.forward.activation", formula=SPELLED[name])

    def forward_layer(self, layer: Sequence[Unit]) -> Iterator[Block]:
        """A neuron after the other."""
        for unit in layer[:MOST_NEURONS]:
            yield from self.once("lesson.forward.neuron" if unit.out is not unit.net else "lesson.forward.neuron.plain")
            yield from self.activation(unit)
            yield self.write.value(unit.net)
            if unit.out is not unit.net:
                yield self.write.value(unit.out)
        if len(layer) > MOST_NEURONS:
            yield self.paragraph("lesson.left.neurons", count=len(layer) - MOST_NEURONS)
