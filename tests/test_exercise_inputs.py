"""Whatever a quantity that is asked for needs stands on the sheet: its formula, and its inputs, given or asked for themselves.

What is needed is told here by the rules of backpropagation from the neurons of the network, and not by what the sheet was made by.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from tests.exercises import classes, physics, recurrent, truth_table
from tinygrad_bp import MLP, Value, cross_entropy, exercise
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.exercise import Exercise

BLANKS: list[str | list[str]] = [
    "all", "forward", "deltas", "gradients", "update", "deltas,gradients", "forward,update", "deltas,update", "gradients,update",
    ["forward", "gradients"],
]  # fmt: skip


def random_network(seed: int) -> Value:
    """A network of random sizes and activations, one case or several, with a squared error or softmax."""
    draw = random.Random(seed)
    inputs, layers = draw.randint(1, 4), [draw.randint(1, 5) for _ in range(draw.randint(1, 3))]
    softmax = layers[-1] > 1 and draw.random() < 0.4
    activations = [draw.choice(["sigmoid", "tanh", "relu", "softplus"]) for _ in layers]
    net = MLP(inputs, layers, activation=[*activations[:-1], None] if softmax else activations, seed=seed)  # type: ignore[arg-type]
    cases = []
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        outs = net([Value(round(draw.uniform(0.1, 0.9), 2), f"i{k}") for k in range(1, 1 + inputs)])
        if softmax:
            cases.append(cross_entropy(outs, draw.randrange(len(outs))))
        else:
            parts = [(Value(draw.choice([0.0, 1.0, 0.4]), f"target_o{k}") - out) ** 2 for k, out in enumerate(outs, 1)]
            cases.append(sum(parts[1:], start=parts[0]) / 2)
    loss: Value = sum(cases[1:], start=cases[0]) / len(cases) if len(cases) > 1 else cases[0]
    loss.label = "E"
    return loss


def on_the_sheet(made: Exercise) -> set[str]:
    """The names of all numbers that are given."""
    told = {line.split(" = ")[0] for line in made.problem().given}
    text = made.text(width=200)
    if "These are known already." in text:
        known = text.split("These are known already.")[1].split("──")[0].split("Rules")[0]
        told |= set(re.findall(r"(\S+) +-?\d", known))
    return told


def needed(found: Derivation, step: Step) -> Iterator[set[str]]:
    """For each thing that a quantity needs the names by which it may be had."""
    names, beside = found.names, found.probabilities
    of = {v: unit for unit in found.neurons for v in (unit.net, unit.out)}
    if step.kind == "value":
        for v in [*beside.errors.get(step.of, [])] or below(step.of, names):
            yield {names[v]}
    elif step.kind == "delta":
        assert step.by is not None
        yield from of_delta(found, of[step.by])
    elif step.kind == "derivative" and step.by in found.parameters:
        for unit in found.neurons:
            for c in unit.connections:
                if c.weight is step.by:
                    yield {found.delta_name(unit.net)}
                    yield from ({names[c.source]} for _ in range(c.source.op is not None))
            if unit.bias is step.by:
                yield {found.delta_name(unit.net)}
    elif step.kind == "update":
        assert step.by is not None
        single = [found.delta_name(unit.net) for unit in found.neurons if unit.bias is step.by]
        yield {found.derived(step.by).name, *(single if len(single) == 1 else [])}


def of_delta(found: Derivation, unit: Unit) -> Iterator[set[str]]:
    if unit.net in found.probabilities.of:
        yield {found.names[found.probabilities.of[unit.net]]}
        return
    yield {found.names[unit.out], *([found.names[unit.net]] if unit.activation is not None else [])}
    following = [other for other in found.neurons if any(c.source is unit.out for c in other.connections)]
    for other in following:
        yield {found.delta_name(other.net)}


def below(v: Value, names: dict[Value, str]) -> list[Value]:
    found, waiting = [], [x for x in v.operands if isinstance(x, Value)]
    while waiting:
        x = waiting.pop()
        if x in names:
            found += [x]
        else:
            waiting += [each for each in x.operands if isinstance(each, Value)]
    return found


def follows(found: Derivation, step: Step, asked: set[str]) -> bool:
    """Whether a blank of the same kind is on the way to it."""
    if step.kind == "value":
        return any(found[name].kind == "value" and found[name].of in found.below(step.of) for name in asked)
    return any(found[name].kind != "value" for name in asked)


def hold(made: Exercise) -> None:
    found = made.derivation
    asked = {each.step.name for each in made.asked}
    there = asked | on_the_sheet(made)
    formulas = {each.split(" = ")[0] for each in made.problem().formulas}
    to_find = [each.step for each in made.asked]
    for step in to_find:
        for names in needed(found, step):
            if not names & there:  # then it follows from a blank, and is found on the way
                [name, *_] = sorted(names)
                assert follows(found, found[name], asked), (step.name, names)
                there.add(name)
                to_find.append(found[name])
    for each in made.asked:
        if each.step.kind == "value":
            first = re.sub(r"\[\d+\]$", "", each.step.name)
            assert {each.step.name, first, f"{first}[1]"} & formulas, each.step.name
    assert not asked & on_the_sheet(made)
    for v in found.order:
        if v.op is None and v in found.names:
            plain = found.names[v]
            assert plain in there, plain


@pytest.mark.parametrize("seed", range(12))
def test_all_that_is_needed_is_asked_or_given(seed: int) -> None:
    graph = random_network(seed)
    blanks = BLANKS[seed % len(BLANKS)]
    hold(exercise(graph, seed=seed, lr=0.5, blanks=blanks, most=[36, 8, 20][seed % 3], questions=0))


@pytest.mark.parametrize("blanks", ["forward", "gradients", "all"])
@pytest.mark.parametrize(
    "graph", [truth_table, classes, physics, recurrent], ids=lambda graph: getattr(graph, "__name__", "")
)
def test_so_it_is_with_batches_recurrences_and_formulas(graph: object, blanks: str) -> None:
    hold(exercise(graph(), seed=1, lr=0.1, blanks=blanks, questions=0, most=12))  # type: ignore[operator]


def test_of_a_large_network_the_formulas_of_what_is_asked_are_told() -> None:
    net = MLP(3, [12, 12, 2], activation="tanh", seed=1)
    outs = net([Value(0.1 * k, f"i{k}") for k in (1, 2, 3)])
    error = (Value(0.3, "target_o1") - outs[0]) ** 2 + (Value(0.9, "target_o2") - outs[1]) ** 2
    error.label = "E"
    hold(exercise(error, lr=0.5, questions=0))
    hold(exercise(error, blanks=["net_h2_12", "out_o2"], questions=0))
