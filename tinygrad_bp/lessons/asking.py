"""What an exercise asks for: which quantities are left blank, which of the others are given, and how an answer is written."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.derivation import Derivation, Kind, Step
from tinygrad_bp.lessons.lots import Lots
from tinygrad_bp.lessons.marking.naming import Names, order_of
from tinygrad_bp.text import Advice, Argument, did_you_mean, listed, shown

PARTS: dict[str, Kind] = {"forward": "value", "deltas": "delta", "gradients": "derivative", "update": "update"}
BLANKS = (*PARTS, "all")
MOST_BLANKS = 36  # of a sheet, if nothing else is said: with a calculator about half an hour
MOST = 500  # that can be said
KEPT = 2  # more digits, while one reckons


def place_on_a_sheet(step: Step) -> int:
    """Where the part of a step comes among the parts of a sheet."""
    return list(PARTS.values()).index(step.kind)


@dataclass(frozen=True)
class Asked:
    """A blank of a sheet.

    Attributes:
        number: its place on the sheet.
        step: what is to be found.
        tolerance: how far off a right answer may be.
        text: the right answer, written with the digits that are asked for.
    """

    number: int
    step: Step
    tolerance: float
    text: str

    @property
    def value(self) -> float:
        """The right answer to 12 digits, which are the same on every machine."""
        return float(f"{self.step.value:.12g}") + 0.0


@dataclass(frozen=True)
class Choice:
    """What is left blank.

    Attributes:
        names: of the quantities that are asked for, in the order of the sheet.
        whole: how many there would have been.
        by_name: those of them that were asked for one by one.
    """

    names: Sequence[str]
    whole: int
    by_name: Collection[str] = ()

    @property
    def is_part(self) -> bool:
        """Whether there were more than a sheet has room for."""
        return len(self.names) < self.whole

    def without(self, names: Collection[str]) -> Choice:
        """The same without these, but for what was asked for by its name."""
        return replace(self, names=[name for name in self.names if name in self.by_name or name not in names])


def chosen(found: Derivation, blanks: str | Iterable[str], lots: Lots, most: int) -> Choice:
    """What is left blank; of parts with more quantities than `most` some of each. What is named one by one is asked for in any case.

    Raises TypeError for a name that is no text, ValueError for one that nothing is called by, and for an update without a learning rate.
    """
    parts, names = _wanted(found, blanks)
    if "update" in parts and found.learning_rate is None:
        if "all" not in parts:
            update, rate = Argument("blanks", "'update'"), Argument("lr", "0.5")
            raise ValueError(Advice("exercise: ", update, " needs a learning rate, as in ", rate))
        parts.remove("update")
    by_part = {part: steps_of(found, part) for part in PARTS if part in parts}
    steps = {step.name for steps in by_part.values() for step in steps}
    some = _some(found, by_part, lots, most) if len(steps) > most else steps
    kept = [step for step in found.steps if step.name in some | names]
    there = {step.name for step in kept}
    kept = order_of(found, [*kept, *(found[name] for name in sorted(names - there))]) if names - there else kept
    # Else they stay in the order in which they are derived: nobody can fill in a blank that needs one further down.
    if not _leads_to_delta(kept):
        kept.sort(key=place_on_a_sheet)
    return Choice([step.name for step in kept], len(steps | names), names)


def _wanted(found: Derivation, blanks: str | Iterable[str]) -> tuple[list[str], set[str]]:
    """The parts and the names that are asked for: each by itself, or several apart by commas."""
    parts: list[str] = []
    names: set[str] = set()
    called = Names(found)
    if not isinstance(blanks, Iterable):
        raise TypeError(
            f"exercise: blanks is {listed(map(repr, BLANKS), 'or')}, or a list of names, not {type(blanks).__name__} {shown(blanks)}"
        )
    items = [blanks] if isinstance(blanks, str) else list(blanks)
    if not items:
        raise ValueError(
            f"exercise: blanks is {listed(map(repr, BLANKS), 'or')}, or a list of names, not an empty list"
        )
    for item in items:
        if not isinstance(item, str):
            raise TypeError(f"exercise: blanks are told by names, not by {type(item).__name__} {shown(item)}")
        whole = item in BLANKS or called.name_of(item) is not None
        for each in [item] if whole else [piece.strip() for piece in item.split(",")]:
            if each == "all":
                parts += ["all", *PARTS]
            elif each in PARTS:
                parts.append(each)
            elif (name := called.name_of(each)) is not None:
                names.add(name)
            elif blanks == each:
                near = did_you_mean(each, [*BLANKS, *(step.name for step in found.steps)])
                raise ValueError(
                    f"exercise: blanks is {listed(map(repr, BLANKS), 'or')}, or a list of names, not {shown(each)}{near}"
                )
            else:
                near = did_you_mean(each, [*(step.name for step in found.steps), *BLANKS])
                raise ValueError(f"exercise: there is no quantity {shown(each)} to leave blank{near}")
    return parts, names


def _leads_to_delta(steps: Sequence[Step]) -> bool:
    """Whether a delta may be made of a derivative that is asked for: one with respect to a neuron's output, such as dE/dout_h1."""
    deltas = [place for place, step in enumerate(steps) if step.kind == "delta"]
    last = deltas[-1] if deltas else 0
    return any(step.kind == "derivative" and step.by is not None and step.by.op for step in steps[:last])


def steps_of(found: Derivation, part: str) -> list[Step]:
    """What a part asks for: of "deltas", where there are no neurons, the derivatives on the way to the parameters."""
    if part in ("forward", "update"):
        return [step for step in found.steps if step.kind == PARTS[part]]
    trained = set(found.parameters)
    derived = [step for step in found.steps if step.kind in ("derivative", "delta") and step.of is found.loss]
    if part == "gradients":
        return [step for step in derived if step.by in trained]
    deltas = [step for step in derived if step.kind == "delta"]
    return deltas or [step for step in derived if step.by not in trained]


# Of very many some


def _some(found: Derivation, by_part: dict[str, list[Step]], lots: Lots, most: int) -> set[str]:
    """The names of so many quantities: of each part about as many, whole neurons, and of the same ones in each part."""
    quotas = _quotas({part: len(steps) for part, steps in by_part.items()}, most)
    liked: set[Value] = set()
    kept: set[str] = set()
    for part, steps in by_part.items():
        groups = lots.shuffled(list(_groups(found, steps)))
        if part == "update" and quotas.get("gradients"):
            groups = [group for group in groups if all(slope_of(found, step) in kept for step in group)]
        groups.sort(key=lambda group: -_liking(found, group, liked))
        left = quotas[part]
        while group := next((g for g in groups if len(g) <= left and _ends_in(found, g, kept)), []):
            groups.remove(group)
            left -= len(group)
            kept |= {step.name for step in group}
            liked |= {v for step in group for v in (step.of, step.by) if v is not None and v is not found.loss}
    return kept


def _ends_in(found: Derivation, group: Sequence[Step], kept: Collection[str]) -> bool:
    """Whether the neurons that a neuron feeds are asked for already: else they would have to be found on the way to the error."""
    values = {step.of for step in group if step.kind == "value"}
    outs = {unit.out for unit in found.neurons if not values.isdisjoint((unit.net, unit.out))}
    fed = [unit.out for unit in found.neurons if any(c.source in outs for c in unit.connections)]
    return all(found.names[out] in kept for out in fed)


def _quotas(counts: dict[str, int], most: int) -> dict[str, int]:
    """How many of each part: the same number, as far as there are so many."""
    quotas: dict[str, int] = {}
    for part in sorted(counts, key=lambda part: counts[part]):
        quotas[part] = min(counts[part], (most - sum(quotas.values())) // (len(counts) - len(quotas)))
    return quotas


def _groups(found: Derivation, steps: Sequence[Step]) -> Iterator[list[Step]]:
    """What is asked for together: the net input of a neuron and its output."""
    place = {v: k for k, unit in enumerate(found.neurons) for v in (unit.net, unit.out)}
    groups: dict[object, list[Step]] = {}
    for step in steps:
        groups.setdefault(place.get(step.of, step.name) if step.kind == "value" else step.name, []).append(step)
    yield from groups.values()


def slope_of(found: Derivation, step: Step) -> str:
    """The name of the derivative that an update takes; empty for any other step."""
    return found.derived(step.by).name if step.kind == "update" and step.by is not None else ""


def _liking(found: Derivation, group: Sequence[Step], liked: set[Value]) -> int:
    """Which groups come first: the error, the last layer, then what belongs to neurons and parameters that are asked for already."""
    last = {v for layer in found.layers[-1:] for unit in layer for v in (unit.net, unit.out)}
    liking = 0
    for step in group:
        about = step.of if step.kind == "value" else step.by
        users = {edge.of for edge in found.graph.users.get(about, ())} if about is not None else set()
        liking = max(
            liking,
            4 * (step.kind == "value" and about is found.loss),
            3 * (about in liked),
            2 * bool(users & liked),
            1 * (about in last or about in found.probabilities.net),
        )
    return liking


# How an answer is written


def asked(number: int, step: Step, digits: int, units: float) -> Asked:
    """The blank of a step. A right answer may be off by so many units of the last digit that is asked for."""
    x = float(f"{step.value:.12g}")
    tolerance = float(f"{units:g}e{place_of(x, digits) * -1}")
    return Asked(number, step, tolerance, figures(x, digits))


def shortened(x: float, digits: int) -> str:
    """A number with so many digits that count, or fewer where it is exact with them."""
    text = figures(x, digits)
    if "e" in text or "." not in text or not math.isclose(float(text), x, rel_tol=1e-12):
        return text
    return text.rstrip("0").rstrip(".")


def place_of(x: float, digits: int) -> int:
    """How many decimals a number has, if so many of its digits count."""
    exponent = int(f"{x:.{digits - 1}e}".partition("e")[2]) if x and math.isfinite(x) else 0
    return digits - 1 - exponent


def figures(x: float, digits: int) -> str:
    """A number with so many digits that count."""
    place = place_of(x, digits)
    return f"{x + 0.0:.{place}f}" if 0 <= place <= digits + 5 else f"{x + 0.0:.{digits - 1}e}"
