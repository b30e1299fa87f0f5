"""The programs that run in a page, written from the recorded graph.

Two are enough for every number on it: `forward`, from the leaves to the data of all nodes, and `slopes`, from the data of all nodes to
the local derivative on each edge. What is left to the page is the loop of `Value.backward`, which it does edge by edge, to show it.
Since `slopes` is a function of the numbers in the nodes, it also says what happens if some of them are not what they should be, as in
the sequential update, whose derivatives are taken with weights that are updated already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.copying import copied_onto
from tinygrad_bp.core.gradients import grad
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import ACTIVATIONS, Unit
from tinygrad_bp.explorer.subject import MOMENTUM, Printed
from tinygrad_bp.networks.optim import SGD, Adam, Optimizer
from tinygrad_bp.program import compile

MOST_VARIANTS_TEXT = 400_000  # characters of programs for other activations


def programs(order: Sequence[Value]) -> dict[str, str]:
    """The two programs for a graph, `forward` and `slopes`, each the text of a JavaScript expression of a function.

    `forward` takes the data of the leaves and returns those of all other nodes; `slopes` takes the data of all nodes and returns
    for each edge, node by node and operand by operand, the local derivative; both leave out constants. Raises ValueError for an
    operation that JavaScript has not and that no definition leads to.
    """
    variables = [v for v in order if not isinstance(v, Constant)]
    leaves = [v for v in variables if v.op is None]
    nodes = [v for v in variables if v.op is not None]
    return {
        "forward": _function(compile(nodes, leaves).to("javascript")),
        "slopes": _function(_local_derivatives(variables).to("javascript")),
    }


def _local_derivatives(variables: Sequence[Value]) -> Any:
    # Leaves, so that a local derivative is written in terms of what it is computed from.
    stand_ins: dict[Any, Value] = {v: Value(v.data, v.label) for v in variables}
    found: list[Value] = []
    for v in variables:
        if v.op is not None:
            operands = [stand_ins.get(x, x) for x in v.operands]
            wanted = [isinstance(x, Value) for x in operands]
            derivatives = v.op.derivatives(stand_ins[v], operands, wanted)
            found += [
                d if isinstance(d, Value) else Constant(float(d))
                for d, want in zip(derivatives, wanted, strict=True)
                if want
            ]
    return compile(found, list(stand_ins.values()))


def _function(module: str) -> str:
    """An ES module's function `program`, as an expression."""
    lines = module.replace("export const ", "const ").replace("export function ", "function ")
    kept = lines[: lines.index("\nfunction values(")] if "\nfunction values(" in lines else lines
    # The names and labels are for people who read a module by itself.
    named = ("const labels = ", "const inputs = ", "const nodes = ")
    kept = "\n".join(line for line in kept.split("\n") if not line.startswith(named))
    return f"(() => {{\n{kept}\nreturn program;\n}})()"


def variants(order: Sequence[Value], neurons: Sequence[Unit]) -> dict[str, dict[str, Any]]:
    """The same programs with other activations, by the names of those of hidden neurons and of outputs: "tanh,sigmoid".

    A side whose neurons have different activations, none, or one that cannot be exchanged, keeps them; its name is empty. The variant
    that the graph is itself has no programs. Empty if nothing can be exchanged.
    """
    last = max((unit.depth for unit in neurons), default=0)
    sides = [[u for u in neurons if u.depth < last], [u for u in neurons if u.depth == last]]
    choices = [_choices(side) for side in sides]
    found: dict[str, dict[str, Any]] = {}
    size = 0
    for hidden in choices[0]:
        for outer in choices[1]:
            chosen = [(u, op) for side, op in zip(sides, (hidden, outer), strict=True) if op for u in side]
            name = ",".join(op.name if op else "" for op in (hidden, outer))
            if all(u.activation is op for u, op in chosen):
                found[name] = {}
                continue
            found[name] = programs(list(rebuilt(order, {u.out: op for u, op in chosen}).values()))
            size += sum(map(len, found[name].values()))
            if size > MOST_VARIANTS_TEXT:
                return {}
    return found if len(found) > 1 else {}


def activations(neurons: Sequence[Unit]) -> dict[str, str]:
    """For each activation of these neurons, and each that a page can choose: a function from the net input to output and slope there."""
    found = {}
    for op in dict.fromkeys([*(unit.activation for unit in neurons if unit.activation), *ACTIVATIONS]):
        x = Value(0.5, "x")
        y = op(x)
        found[op.name] = _function(compile([y, grad(y, x)], [x]).to("javascript"))
    return found


def function_of(op: Operation) -> str:
    """An operation of one operand as a function."""
    x = Value(0.5, "x")
    return _function(compile([op(x)], [x]).to("javascript"))


def probabilities(kind: str, count: int) -> str:
    """A function from so many net inputs to the probabilities that an error makes of them: by "softmax", or each by "sigmoid"."""
    nets = [Value(0.0, f"z{k}") for k in range(1, count + 1)]
    total = None if kind == "sigmoid" else ops.logsumexp(nets)
    found = [ops.sigmoid(z) if total is None else (z - total).exp() for z in nets]
    return _function(compile(found, nets).to("javascript"))


def optimizers() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The optimizers that a page can choose: their settings by name, and for each its formula as a function.

    It takes a parameter, its gradient, what is remembered of it, and the settings of the step, and returns the parameter after the step
    and what is remembered then.
    """
    p = Value(0.5, "p")
    plain, momentum, adam = SGD([p]), SGD([p], momentum=MOMENTUM), Adam([p])
    beta1, beta2 = adam.betas
    settings: dict[str, dict[str, Any]] = {
        "sgd": {"kept": plain.kept},
        "momentum": {"kept": momentum.kept, "momentum": momentum.momentum},
        "adam": {"kept": adam.kept, "beta1": beta1, "beta2": beta2, "eps": adam.eps},
    }
    return settings, {"sgd": _step(plain), "momentum": _step(momentum), "adam": _step(adam)}


def _step(optimizer: Optimizer) -> str:
    p, g = Value(0.5, "p"), Value(0.25, "g")
    moments = [Value(0.125, f"m{k}") for k in range(optimizer.kept)]
    settings = [Value(x, f"s{k}") for k, x in enumerate(optimizer.settings())]
    after, kept = optimizer.update(p, g, moments, settings)
    return _function(compile([after, *kept], [p, g, *moments, *settings]).to("javascript"))


def _choices(neurons: Sequence[Unit]) -> Sequence[Operation | None]:
    """The activations that these neurons can have; None stands for what they have."""
    kinds = {unit.activation for unit in neurons}
    return ACTIVATIONS if len(kinds) == 1 and kinds <= set(ACTIVATIONS) else (None,)


def rebuilt(order: Sequence[Value], ops_of: Mapping[Value, Operation]) -> dict[Value, Value]:
    """A copy of the graph, node by node in the same order, in which some nodes are of another operation.

    Its numbers are still those of the original: the other operation may have none here, such as the logarithm of an output below 0.
    """
    copies: dict[Value, Value] = {}
    for v in order:
        if isinstance(v, Constant):
            copies[v] = v
        else:
            copies[v] = copied_onto(v, ops_of.get(v, v.op) if v.op else None, [copies[x] for x in v.args])
    return copies


def by_hand(printed: Printed) -> str:
    """The derivation by hand as such a function too: it takes numbers, and returns a list of numbers."""
    return _function(compile(list(printed.returns.values()), list(printed.takes.values())).to("javascript"))
