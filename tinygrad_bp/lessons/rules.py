"""The rules that a sheet is solved by, in general: of deltas, derivatives and updates those that what is asked for needs.

They speak of any neuron, `net` and `out`, a weight `w` that multiplies `x`, and so give no answer away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import enclosed
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Formula, Piece
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.equations import Equations, symbol
from tinygrad_bp.lessons.phrases import phrase
from tinygrad_bp.lessons.setting import Setting
from tinygrad_bp.lessons.tables import joined
from tinygrad_bp.words import Words

Rule = tuple[list[Piece], list[Piece]]  # what it is of, and how that is found

DELTA, ETA = Formula("delta", r"\delta"), Formula("eta", r"\eta")
NET, OUT = Formula("net", r"\mathrm{net}"), Formula("out", r"\mathrm{out}")
SUM = Formula("Σ", r"\Sigma")
U, V, W, X, B = (Formula(letter, letter) for letter in "uvwxb")


def rules(setting: Setting, say: Words, asked: Iterable[Step]) -> list[Rule]:
    """The rules for what is asked for, in the order in which they are needed. There are none for values, whose formulas a sheet has."""
    return list(_Rules(setting, say, list(asked)).all())


class _Rules:
    def __init__(self, setting: Setting, say: Words, asked: Sequence[Step]) -> None:
        self.setting, self.found, self.say, self.asked = setting, setting.found, say, asked
        self.shares = setting.lesson.shares
        self.neuron_of = setting.lesson.neuron_of
        self.loss = setting.found.names[setting.found.loss]
        self.of_loss = [step.by for step in asked if step.by is not None and step.of is self.found.loss]

    def all(self) -> Iterator[Rule]:
        nets = [step.by for step in self.asked if step.kind == "delta" and step.by is not None]
        deltas = [self.neuron_of[net] for net in nets if net in self.neuron_of]
        # What is called net_h1 may be none of a neuron: of one whose weights cannot be told from its inputs.
        alone = [
            (net, edge.of) for net in nets if net not in self.neuron_of for edge in self.found.graph.users[net][:1]
        ]
        trained = [v for v in self.of_loss if v.op is None and self._is_asked(v)]
        outs = [self.neuron_of[v] for v in self.of_loss if v in self.neuron_of and self.neuron_of[v].out is v]
        inside = [v for v in trained if self._in_neurons(v)]
        others = [v for v in self.of_loss if v not in inside and v not in self.neuron_of and self._is_asked(v)]
        yield from self.deltas(deltas, inside, alone=bool(alone))
        fed = [unit for unit in [*deltas, *outs] if self._feeds(unit)]
        if fed:
            yield from self.hidden()
        yield from self.slopes([*((unit.net, unit.out) for unit in deltas), *alone])
        yield from self.parameters(inside)
        if others or alone:
            yield from self.chain()
        if any(step.kind == "update" for step in self.asked):
            p = X if others and not inside else W
            step = _times(ETA, self.d(p))
            down = Formula(f"- {step.text}", f"- {step.latex}")
            yield self.rule("update", [joined(Formula(f"{p.text}+", f"{p.latex}^{{+}}"), [p, down])])

    # Those of neurons

    def deltas(self, units: Sequence[Unit], inside: Sequence[Value], *, alone: bool) -> Iterator[Rule]:
        """What a delta is."""
        active = [unit for unit in units if unit.activation is not None]
        classes = [unit for unit in units if unit.net in self.shares]
        linear = [unit for unit in units if unit.activation is None and unit not in classes]
        if active or alone:
            yield self.rule(
                "delta", [joined(DELTA, [_times(self.d(OUT), _quotient(OUT, NET))])], derivative=self.d(NET)
            )
        elif inside and not units:
            yield self.rule("given", [joined(DELTA, [self.d(NET)])])
        if linear:
            yield self.rule("linear", [joined(DELTA, [self.d(OUT)])])
        if classes:
            write = self.setting.write
            share = self.shares[classes[0].net]
            cases, alone = share.cases, share.alone
            gap, y = write.gap(alone=alone), symbol(write.letter(alone=alone))
            over = Formula(f"({gap.text}) / {cases}", rf"\frac{{{gap.latex}}}{{{cases}}}") if cases > 1 else gap
            yield self.rule("sigmoid" if alone else "softmax", [joined(DELTA, [over])], y=y)

    def hidden(self) -> Iterator[Rule]:
        """What arrives at an output that goes to other neurons."""
        term = _times(W, DELTA)
        total = Formula(f"{SUM.text} {term.text}", f"{SUM.latex} {term.latex}")
        yield self.rule("hidden", [joined(self.d(OUT), [total])], out=OUT, sum=SUM)

    def slopes(self, pairs: Sequence[tuple[Value, Value]]) -> Iterator[Rule]:
        """How steep activations are: those of these net inputs and outputs, and those whose slopes are asked for."""
        asked = [(step.by, step.of) for step in self.asked if self._is_slope(step) and step.by is not None]
        told: dict[Operation, tuple[Value, Value]] = {}
        for net, out in [*pairs, *asked]:
            if (
                out is not net
                and out.op is not None
                and out.operands[0] is net
                and len(out.args) - len(out.op.defaults) == 1
            ):
                told.setdefault(out.op, (net, out))
        for activation, (net, out) in told.items():
            left = _quotient(OUT, NET)
            if activation is ops.relu:
                yield self.rule("slope", phrase(self.say, "exercise.rule.relu", slope=left, net=NET), activation="relu")
            elif (slope := _slope(net, out)) is not None:
                yield self.rule("slope", [joined(left, [slope])], activation=activation.name)

    def parameters(self, inside: Sequence[Value]) -> Iterator[Rule]:
        """The derivatives with respect to weights and biases."""
        weights = {c.weight for unit in self.found.neurons for c in unit.connections}
        if any(v in weights for v in inside):
            yield self.rule("weight", [joined(self.d(W), [_times(DELTA, X)])], w=W, x=X)
        if any(v not in weights for v in inside):
            yield self.rule("bias", [joined(self.d(B), [DELTA])], b=B)
        if any(len(self.found.graph.users.get(v, ())) > 1 for v in inside):
            yield self.rule("several", phrase(self.say, "exercise.rule.sum"))

    # Those of any graph

    def chain(self) -> Iterator[Rule]:
        """The sum over all ways."""
        ways = [_times(self.d(each), _quotient(each, X)) for each in (U, V)]
        yield self.rule("chain", [joined(self.d(X), _sum(ways))], x=X, u=U, v=V)

    # Pieces

    def rule(self, key: str, how: list[Piece] | list[Formula], **given: object) -> Rule:
        return phrase(self.say, f"exercise.rule.{key}", **given), list(how)

    def d(self, by: Formula) -> Formula:
        """The derivative of the loss."""
        top, above = enclosed(self.loss), enclosed(self.loss, latex=True)
        return Formula(f"d{top}/d{by.text}", rf"\frac{{d{above}}}{{d{by.latex}}}")

    def _is_asked(self, v: Value) -> bool:
        return any(step.by is v and step.kind == "derivative" for step in self.asked)

    def _in_neurons(self, v: Value) -> bool:
        """Whether all that a parameter does is to be a weight or a bias of neurons with deltas."""
        nets = {unit.net for unit in self.found.neurons}
        edges = self.found.graph.users.get(v, ())
        return bool(edges) and all(edge.of in nets and self.found.delta_name(edge.of) for edge in edges)

    def _feeds(self, unit: Unit) -> bool:
        return any(edge.of in self.neuron_of for edge in self.found.graph.users.get(unit.out, ()))

    def _is_slope(self, step: Step) -> bool:
        return step.kind == "derivative" and step.by in self.neuron_of and step.of is self.neuron_of[step.by].out


def _slope(net: Value, out: Value) -> Formula | None:
    """The formula of the slope of an activation, whatever its net input and its output are called."""
    assert out.op is not None
    net, operands = Value(net.data, "net"), [None if x is net else x for x in out.operands]
    found = Value.record_operation(out.op, [net if x is None else x for x in operands])
    found.label = "out"
    derived = Derivation(found, parameters=[net])
    [row, *more] = Equations(derived).total(net).rows
    return Formula(" ".join(term.text for term in row), " ".join(term.latex for term in row)) if more else None


def _quotient(of: Formula, by: Formula) -> Formula:
    return Formula(f"d{of.text}/d{by.text}", rf"\frac{{d{of.latex}}}{{d{by.latex}}}")


def _times(first: Formula, second: Formula) -> Formula:
    return Formula(f"{first.text} * {second.text}", rf"{first.latex} \cdot {second.latex}")


def _sum(terms: Sequence[Formula]) -> list[Formula]:
    """The terms, and that there may be more."""
    first, *others = terms
    rest = [Formula(f"+ {each.text}", f"+ {each.latex}") for each in others]
    return [first, *rest, Formula("+ …", r"+ \dots")]
