"""What a sheet gives besides the leaves: what its blanks need, and nothing from which a blank could be found backward."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.asking import Choice, steps_of
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.ways import nearest


def given(found: Derivation, choice: Choice, is_told: Callable[[Step], bool]) -> list[Step]:
    """What is given besides the leaves: all that comes before the first blank, and what each blank needs that is no blank itself.

    What is computed from a blank is not given, since the blank could be found from it backward: it is found on the way, and
    what it needs is given in its place. A sheet that cannot tell how (`is_told`) has to give it all the same.
    """
    steps = [found[name] for name in choice.names]
    kinds = {step.kind for step in steps}
    before: list[Step] = []
    if "value" not in kinds and kinds and not choice.is_part:
        before += steps_of(found, "forward")
        if kinds <= {"derivative", "update"}:
            before += [step for step in found.steps if step.kind == "delta"]
        if kinds == {"update"}:
            before += steps_of(found, "gradients")
    asked = set(choice.names)
    follows = _Following(found, choice, is_told)
    names = {step.name for step in before if not follows(step)}
    for step, computed in _on_the_way(found, choice, follows):
        if not computed and not asked.intersection(same(found, step)):  # its number would be that answer
            names.add(step.name)
    return [step for step in found.steps if step.name in names - asked]


def without_detours(found: Derivation, choice: Choice, is_told: Callable[[Step], bool]) -> Choice:
    """The same without blanks of neurons from which others, that are no blanks, are computed on the way: these would be to find, too."""
    neurons = {v for unit in found.neurons for v in (unit.net, unit.out)}
    while choice.is_part:
        follows = _Following(found, choice, is_told)
        detours = [step.of for step, computed in _on_the_way(found, choice, follows) if computed and step.of in neurons]
        below = {v for of in detours for v in found.below(of)} & neurons
        fewer = choice.without({found.names[v] for v in below & follows.values})
        if len(fewer.names) == len(choice.names):
            break
        choice = fewer
    return choice


def _on_the_way(found: Derivation, choice: Choice, follows: _Following) -> Iterator[tuple[Step, bool]]:
    """What blanks need that is none, and whether that is computed from a blank; if so, it is not given, and what it needs follows."""
    waiting, seen = [found[name] for name in choice.names], set(choice.names)
    while waiting:
        for name in sorted(needs(found, waiting.pop(), follows.asked) - seen):
            seen.add(name)
            step = found[name]
            computed = follows(step)
            yield step, computed
            if computed:
                waiting.append(step)


class _Following:
    """Whether a quantity is found on the way, since it is computed from a blank of its kind: a value from a value, a derivative from one.

    Of very many quantities only some are blanks, and node deltas of the others are given: each is made of many.
    """

    def __init__(self, found: Derivation, choice: Choice, is_told: Callable[[Step], bool]) -> None:
        self.found, self.asked, self.is_told = found, set(choice.names), is_told
        self.gives_deltas = choice.is_part
        self.values = {found[name].of for name in choice.names if found[name].kind == "value"}

    def __call__(self, step: Step) -> bool:
        if not self.is_told(step) or (step.kind == "delta" and self.gives_deltas):
            return False
        if step.kind == "value":
            return not self.values.isdisjoint(self.found.below(step.of) - {step.of})
        waiting, seen = [step], {step.name}
        while waiting:
            for name in needs(self.found, waiting.pop(), self.asked) - seen:
                seen.add(name)
                if self.found[name].kind != "value":
                    if name in self.asked:
                        return True
                    waiting.append(self.found[name])
        return False


def needs(found: Derivation, step: Step, asked: Collection[str] = ()) -> set[str]:
    """The names of the quantities that one is computed from: values, and derivatives of those that "deltas" asks for.

    A cross entropy and the deltas of its softmax are computed from the probabilities.
    An update is computed from the derivative of its parameter; where that has the number of another that is `asked` for, from this.
    """
    beside = found.probabilities
    if step.by is None:
        return {found.names[v] for v in beside.errors.get(step.of) or _below(found, step.of)}
    if step.kind == "delta" and step.by in beside.of:
        return {found.names[beside.of[step.by]]}  # p - y
    if step.kind == "update":
        slope = found.derived(step.by)
        return {next((name for name in same(found, slope) if name in asked), slope.name)}
    written = {each.name for each in steps_of(found, "deltas")}
    names: set[str] = set()
    below = found.below(step.of)
    waiting, seen = [step.by], {step.by}
    while waiting:
        for edge in found.graph.users.get(waiting.pop(), ()):
            if edge.of not in below or (step.direct and edge.of is not step.of):
                continue
            names |= {
                found.names[v] for v in (edge.of, *_below(found, edge.of)) if v is not found.loss and v.op is not None
            }
            name = found.derived(edge.of).name if step.of is found.loss else ""
            if edge.of is step.of or edge.of is found.loss:
                continue
            if name in written or name in asked:
                names.add(name)
            elif edge.of not in seen:
                seen.add(edge.of)
                waiting.append(edge.of)
    return names


def same(found: Derivation, step: Step) -> list[str]:
    """The name of a derivative, and those of others that it is times 1, as that of a bias is its delta: they have one number."""
    names = [step.name]
    while step.by is not None and step.of is found.loss:
        edges = found.graph.users.get(step.by, [])
        if len(edges) != 1 or edges[0].of is found.loss or edges[0].value != 1.0:
            break
        step = found.derived(edges[0].of)
        names.append(step.name)
    return names


def _below(found: Derivation, v: Value) -> Iterator[Value]:
    """The computed Values with a name that a Value was computed from, seen through those without one."""
    return (x for x in nearest(v.operands, found.names) if x.op is not None)
