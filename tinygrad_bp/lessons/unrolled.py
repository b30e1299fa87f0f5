"""A recurrent network unrolled in time: in which column and row of a picture its neurons and inputs stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing.neurons import Place, draw_neurons
from tinygrad_bp.drawing.picture import Drawing
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.layers import Layers, steps_after
from tinygrad_bp.words import Words

FIRST, LAST = 3, 2  # steps that are drawn of a long recurrence
MOST_LINES = 60  # between neurons and what feeds them


def draw_unrolled(
    layers: Layers, names: Mapping[Value, str], say: Words, *, values: bool, digits: int = 9
) -> Drawing | None:
    """The steps of a recurrent network side by side, the first at the left, of each its inputs below it and what it gives above it.

    None where it is too large to be read.
    """
    neurons = [unit for layer in layers for unit in layer]
    places = unrolled(neurons)
    steps = sorted({places[unit.out].column for unit in neurons})
    left, gap = 0, 0
    if len(steps) > FIRST + LAST + 1:
        gap, hidden = steps[FIRST], steps[FIRST:-LAST]
        left = sum(places[unit.out].column in hidden for unit in neurons)
        moved = len(hidden) - 1
        neurons = [unit for unit in neurons if places[unit.out].column not in hidden]
        places = {
            v: Place(place.column - moved * (place.column > gap), place.row, place.number)
            for v, place in places.items()
            if place.column not in hidden
        }
    if sum(len(unit.connections) for unit in neurons) > MOST_LINES:
        return None
    title = say("lesson.network.unrolled")
    return draw_neurons(
        neurons, places, names, left=left, gap=gap, values=values, title=title, digits=digits, language=say.language
    )


def unrolled(neurons: Sequence[Unit]) -> dict[Value, Place]:
    """Where the outputs of neurons and what feeds them stand: steps are columns, and what a step is made of are rows, from below.

    What the recurrence begins with stands before it. What is computed after the last step alone stands behind it.
    """
    after = steps_after(neurons)
    step, again = _steps(neurons, after)
    by_out = {unit.out: unit for unit in neurons}
    rows: dict[Value, int] = {}
    for unit in neurons:
        before = [rows[c.source] for c in unit.connections if c.source in rows and step[c.source] == step[unit.out]]
        rows[unit.out] = 1 + max(before, default=0)
    states = {v for pair in after.items() for v in pair}
    ends = [unit for unit in neurons if unit.out not in states and not _feeds(unit, neurons, states)]
    last = max(step[v] for v in states)
    if ends and all(step[unit.out] == last for unit in ends):
        least = min(rows[unit.out] for unit in ends)
        for unit in ends:
            step[unit.out] += 1 + rows[unit.out] - least
            rows[unit.out] = max(rows[v] for v in states)
    for unit in neurons:
        for c in unit.connections:
            if c.source not in by_out and c.source not in step:
                begins = c.weight in again
                step[c.source] = step[unit.out] - begins
                rows[c.source] = rows[unit.out] if begins else 0
    met: Counter[tuple[int, int]] = Counter()
    found = {}
    for v in [*by_out, *(v for v in step if v not in by_out)]:
        found[v] = Place(step[v], rows[v], met[step[v], rows[v]])
        met[step[v], rows[v]] += 1
    return found


def _steps(neurons: Sequence[Unit], after: Mapping[Value, Value]) -> tuple[dict[Value, int], set[Value]]:
    """Of each output in which step it is computed, counted from 1, and the weights that lead from one step to the next."""
    step: dict[Value, int] = {}
    states = {v for pair in after.items() for v in pair}
    for unit in neurons:
        if unit.out in states:
            step[unit.out] = 1 + step[after[unit.out]] if unit.out in after else 1
    for unit in neurons:
        if unit.out not in step:
            before = [step[c.source] for c in unit.connections if c.source in step]
            if before:
                step[unit.out] = max(before)
    for unit in reversed(neurons):  # what a step is fed with
        if unit.out not in step:
            users = [
                step[user.out]
                for user in neurons
                if user.out in step and any(c.source is unit.out for c in user.connections)
            ]
            step[unit.out] = min(users, default=1)
    again = {
        c.weight for unit in neurons for c in unit.connections if step.get(c.source, step[unit.out]) < step[unit.out]
    }
    return step, again


def _feeds(unit: Unit, neurons: Sequence[Unit], states: set[Value]) -> bool:
    """Whether something in the recurrence is computed from a neuron."""
    reached = {unit.out}
    for other in neurons:
        if any(c.source in reached for c in other.connections):
            reached.add(other.out)
    return bool(reached & states)
