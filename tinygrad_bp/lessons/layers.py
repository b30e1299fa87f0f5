"""The neurons of a derivation, case by case and layer by layer, as a network to draw and as one to speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.order import dependents
from tinygrad_bp.core.stable import halves
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.networks.nn import MLP, Layer, Neuron

Layers = list[list[Unit]]


def cases(neurons: Sequence[Unit], order: Sequence[Value]) -> list[Layers]:
    """The layers of each case: a network that is computed for several rows has its neurons once for each of them.

    A case is a copy of the whole network that meets the others only in a sum or a mean, the loss. Where neurons share weights otherwise,
    as those of a convolution do, they are one network, and one case. `order` has all nodes in topological order, the loss last.
    """
    kinds = _kinds(neurons)
    groups = _apart(neurons, order)
    seen: Counter[object] = Counter()
    found: list[list[Unit]] = []
    for group, signs in groups:
        like = frozenset(Counter(kinds[unit.out] for unit in group).items()), signs
        if len(found) == seen[like]:
            found.append([])
        found[seen[like]] += group
        seen[like] += 1
    if len(set(seen.values())) > 1:
        found = [list(neurons)]
    place = {unit.out: k for k, unit in enumerate(neurons)}
    # A loss may take the outputs in any order; each layer has the order of the first case, there that of the names: o1, o2, ....
    first = {kinds[unit.out]: k for k, unit in reversed(list(enumerate(sorted(neurons, key=_number))))}
    ordered = []
    for case in found:
        layers: dict[int, list[Unit]] = {}
        for unit in sorted(case, key=lambda unit: place[unit.out]):
            layers.setdefault(unit.depth, []).append(unit)
        last = layers[max(layers)]
        if len({_kind(unit) for unit in last}) == 1:
            last.sort(key=lambda unit: first[kinds[unit.out]])
        ordered.append([layers[depth] for depth in sorted(layers)])
    return ordered


def _kinds(neurons: Sequence[Unit]) -> dict[Value, int]:
    """Of each output a number, the same for neurons of the same weights, bias and activation that are fed in the same way."""
    numbers: dict[object, int] = {}
    found: dict[Value, int] = {}
    for unit in sorted(neurons, key=lambda unit: unit.depth):
        wired = tuple((c.weight, found.get(c.source)) for c in unit.connections)
        found[unit.out] = numbers.setdefault((wired, unit.bias, unit.activation), len(numbers))
    return found


def _apart(neurons: Sequence[Unit], order: Sequence[Value]) -> list[tuple[list[Unit], frozenset[int]]]:
    """The neurons in groups that meet in sums alone, and with which signs they stand in these."""
    inside = dependents(order, [unit.net for unit in neurons])
    stops = {v for unit in neurons for v in (unit.net, unit.out)}
    group: dict[Value, Value] = {}  # of a node another one of its group; of one of them itself

    def root(v: Value) -> Value:
        while group[v] is not v:
            group[v] = v = group[group[v]]
        return v

    terms = list(_terms(order[-1], inside, stops)) if neurons else []
    for term, _ in terms:
        waiting = [] if term in group else [term]
        group.setdefault(term, term)
        while waiting:
            v = waiting.pop()
            for x in v.args:
                if x not in inside:
                    continue
                if x not in group:
                    group[x] = x
                    waiting.append(x)
                group[root(x)] = root(v)
    signs: dict[Value, set[int]] = {}
    for term, sign in terms:
        signs.setdefault(root(term), set()).add(sign)
    members: dict[Value, list[Unit]] = {}
    for unit in neurons:
        members.setdefault(root(unit.out), []).append(unit)
    return [(units, frozenset(signs.get(top, ()))) for top, units in members.items()]


def _terms(loss: Value, inside: Collection[Value], stops: Collection[Value]) -> Iterator[tuple[Value, int]]:
    """What the loss is the sum or the mean of, or the root of these, as far as it depends on neurons, and with which sign."""
    seen = {(loss, 1)}
    waiting = [(loss, 1)]
    while waiting:
        v, sign = waiting.pop()
        parts = None if v in stops else _summands(v, inside)
        if parts is None:
            yield v, sign
            continue
        for x, factor in parts:
            part = x, sign if factor >= 0.0 else -sign
            if x in inside and part not in seen:
                seen.add(part)
                waiting.append(part)


def _summands(v: Value, inside: Collection[Value]) -> list[tuple[Value, float]] | None:
    """What a Value is the sum of, each with its factor; None where it is none."""
    args = v.args
    if v.op in (ops.add, ops.sum_of):
        return [(x, 1.0) for x in args]
    if v.op in (ops.sub, ops.neg):
        return [(x, 1.0 if k == 0 and v.op is ops.sub else -1.0) for k, x in enumerate(args)]
    if v.op is ops.div and args[1] not in inside:
        return [(args[0], args[1].data)]
    if v.op in (ops.mul, ops.dot):
        pairs = [args] if v.op is ops.mul else list(zip(*halves(args), strict=True))
        if all((a in inside) + (b in inside) < 2 for a, b in pairs):
            return [(a, b.data) if a in inside else (b, a.data) for a, b in pairs]
    if v.op is ops.sqrt or (v.op is ops.pow and isinstance(args[1], Constant) and args[1].data == 0.5):
        return [(args[0], 1.0)]
    return None


def is_recurrent(neurons: Sequence[Unit]) -> bool:
    """Whether a neuron feeds one of the same weights and bias, as a step of a recurrence feeds the next one."""
    return bool(steps_after(neurons))


def steps_after(neurons: Sequence[Unit]) -> dict[Value, Value]:
    """Of the output of each neuron that is a step of a recurrence after another one, the output of that.

    The first step may lack what the state is multiplied by.
    """
    by_out = {unit.out: unit for unit in neurons}
    weights = {unit.out: {c.weight for c in unit.connections} for unit in neurons}
    found: dict[Value, Value] = {}
    for unit in neurons:
        for c in unit.connections:
            before = by_out.get(c.source)
            if before is None or before.bias is not unit.bias or before.activation is not unit.activation:
                continue
            own, others = weights[unit.out], weights[before.out]
            if own == others or (others < own and c.weight not in others):
                found[unit.out] = before.out
    return found


def named_by_case(unit: Unit, names: Mapping[Value, str]) -> str:
    """The name of a neuron, of several cases with the number of its case, `o1[2]`, which its label may have already."""
    name = names.get(unit.net, "")
    number = name[name.rfind("[") :] if name.endswith("]") else ""
    return unit.name if number and unit.name.endswith(number) else unit.name + number


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
