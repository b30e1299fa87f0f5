"""The neurons of a derivation, case by case and layer by layer, as a network to draw and as one to speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.networks.nn import MLP, Layer, Neuron

Layers = list[list[Unit]]


def cases(neurons: Sequence[Unit]) -> list[Layers]:
    """The layers of each case: a network that is computed for several rows has its neurons once for each of them."""
    seen: Counter[tuple[int, tuple[Value, ...]]] = Counter()
    found: list[dict[int, list[Unit]]] = []
    for unit in neurons:
        key = unit.depth, tuple(c.weight for c in unit.connections)
        if len(found) == seen[key]:
            found.append({})
        found[seen[key]].setdefault(unit.depth, []).append(unit)
        seen[key] += 1
    # A loss may take the outputs in any order; each layer has the order of the first case, there that of the names: o1, o2, ....
    order = {tuple(c.weight for c in unit.connections): k for k, unit in enumerate(sorted(neurons, key=_number))}
    for layers in found:
        last = layers[max(layers)]
        if len({_kind(unit) for unit in last}) == 1:
            last.sort(key=lambda unit: order[tuple(c.weight for c in unit.connections)])
    return [[layers[depth] for depth in sorted(layers)] for layers in found]


def _number(unit: Unit) -> int:
    digits = unit.name[len(_kind(unit)) :]
    return int(digits) if digits.isascii() and digits.isdecimal() else 0


def _kind(unit: Unit) -> str:
    """The letters of a name before its number: o of o12."""
    return unit.name.rstrip("0123456789")


def inputs_of(layers: Layers) -> list[Value]:
    """What feeds the first layer, in the order of its weights. Plain numbers are told apart by their places alone."""
    found: list[Value] = []
    for unit in layers[0]:
        for place, c in enumerate(unit.connections):
            if isinstance(c.source, Constant) and place < len(found) and _same(found[place], c.source):
                continue
            if not any(c.source is v for v in found):
                found.append(c.source)
    return found


def _same(a: Value, b: Value) -> bool:
    return a is b or (isinstance(a, Constant) and isinstance(b, Constant) and a.data == b.data)


def is_layered(layers: Layers) -> bool:
    """Whether each neuron of a layer has a weight for each output of the one before, in the same order."""
    signals = inputs_of(layers)
    for layer in layers:
        for unit in layer:
            sources = [c.source for c in unit.connections]
            if len(sources) != len(signals) or not all(map(_same, sources, signals)):
                return False
        signals = [unit.out for unit in layer]
    return True


def network(layers: Layers) -> MLP | None:
    """A network of these very weights and biases, to be drawn; None if it is not layered."""
    if not layers or not is_layered(layers):
        return None
    net = MLP(len(inputs_of(layers)), [1])
    net.layers = [
        Layer(
            [
                Neuron([c.weight for c in unit.connections], unit.bias or Constant(0.0), unit.activation, unit.name)
                for unit in layer
            ]
        )
        for layer in layers
    ]
    return net
