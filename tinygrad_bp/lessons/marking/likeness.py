"""What may be taken for what in a network or a formula: weights of a neuron for one another, net inputs for outputs, the other bias."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.lessons.derivation import Derivation

MOST_LEAVES = 40  # that are all tried in place of one another
MOST_INSTEAD = 24  # that are tried in place of one operand


class Likeness:
    """What is like what in a derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.found = derivation

    @cached_property
    def targets(self) -> set[Value]:
        """Leaves that no neuron takes and that are not trained: what the outputs should be."""
        fed = {c.source for unit in self.found.neurons for c in unit.connections}
        return {v for v in self.found.order if v.op is None and v not in fed and v not in set(self.found.parameters)}

    def alike(self, n: Value) -> list[Value]:
        """Other nodes of the same operation on one operand, as the activations of other neurons."""
        if n.op is None or n.op.arity == 2:
            return []
        return [v for v in self.found.order if v.op is n.op and v is not n and v in self.found.names][:MOST_INSTEAD]

    def instead(self, n: Value, place: int, partner: Value) -> list[tuple[Value, float]]:
        """What may be taken for an operand of a product, with how likely: the other operand, what is beside it, its net input."""
        names = self.found.names
        found: dict[Value, float] = {}
        inner = partner.operands[0] if len(partner.operands) == 1 and partner.op is not ops.neg else None
        if isinstance(inner, Value) and inner in names:
            found[inner] = 1.2
        for user in self.found.users.get(partner, []):
            if len(user.operands) == 1 and user in names and user.op is not ops.neg:
                found.setdefault(user, 2.2)
        for v, rank in self._beside(partner):
            found[v] = min(found.get(v, rank), rank)
        x = n.operands[place]
        if isinstance(x, Value) and not isinstance(x, Constant):
            found.setdefault(x, 2.0)
        for v, rank in self._others(partner):
            found.setdefault(v, rank)
        found.pop(partner, None)
        return list(found.items())

    def _beside(self, partner: Value) -> Iterator[tuple[Value, float]]:
        """The other weights of its neuron, and those of the same signal; the other signals."""
        for unit in self.found.neurons:
            own = [c.weight for c in unit.connections]
            signals = [c.source for c in unit.connections]
            if partner in own:
                yield from ((w, 1.6) for w in own)
                yield from ((w, 1.6) for w in self._from(signals[own.index(partner)]))
            if partner in signals:
                yield from ((s, 1.6) for s in signals)

    def _others(self, partner: Value) -> Iterator[tuple[Value, float]]:
        """Everything else with a name that is of a like kind; for a signal the inputs, too."""
        names, kind = self.found.names, self.kind(partner)
        alike = [v for v in self.found.order if v in names and self.kind(v) == kind]
        if len(alike) <= MOST_LEAVES:
            yield from ((v, 2.6) for v in alike)

    def kind(self, v: Value) -> str:
        """What a Value is for a network: only what is of a like kind is taken for one another. In a formula leaves are, and results."""
        if v in self._kinds:
            return self._kinds[v]
        if self.found.neurons:
            return "target" if v in self.targets else "leaf" if v.op is None else "result"
        return "trained" if v in set(self.found.parameters) else "leaf" if v.op is None else "result"

    @cached_property
    def _kinds(self) -> dict[Value, str]:
        found: dict[Value, str] = {}
        for unit in self.found.neurons:
            found |= {unit.net: "signal", unit.out: "signal"}
            found |= {c.source: "signal" for c in unit.connections}
            found |= {unit.bias: "bias"} if unit.bias is not None else {}
            found |= {c.weight: "weight" for c in unit.connections}
        return found

    def _from(self, source: Value) -> list[Value]:
        return [c.weight for unit in self.found.neurons for c in unit.connections if c.source is source]
