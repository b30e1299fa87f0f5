"""Numbers drawn anew for the leaves of a graph: friendly to reckon with, of the kind and in the range of those that were there.

What is drawn depends on the seed alone: not on the version of Python, nor on the order of hashes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.derivation import Derivation, Numbers, Step
from tinygrad_bp.lessons.layers import Layers, inputs_of
from tinygrad_bp.lessons.lots import Lots
from tinygrad_bp.lessons.roles import accumulators, by_use, outer, starts
from tinygrad_bp.lessons.rounding import classes_of, conditions

MOST_TRIES = 400
MOST_STEPS = 100_000  # of all tries together, in nodes
PATIENCE = 25  # tries, after which weights become smaller
LARGEST_WHOLE = 20  # of whole numbers that are drawn as whole numbers
FEW, MANY = 8, 25  # numbers to choose from
SLOPES = {"sigmoid": 0.05, "tanh": 0.15, "softplus": 0.05}  # smaller ones are saturated
LEAST_SLOPE = 1e-5  # of the loss, with respect to a parameter
LEAST_DELTA = 1e-3  # of a neuron of the last layer
KINK = 0.02  # a net input of a relu is farther from 0


@dataclass(frozen=True)
class Group:
    """Leaves that are drawn from the same numbers.

    Attributes:
        leaves: the leaves.
        low, high: the range of their magnitudes.
        whole: whether they are whole numbers.
        signs: 1 or -1 for all of them, 0 for either.
        shrinks: whether smaller numbers serve as well, where these saturate a neuron.
    """

    leaves: Sequence[Value]
    low: float
    high: float
    whole: bool = False
    signs: int = 1
    shrinks: bool = False


def redrawn(
    found: Derivation,
    seed: object,
    *,
    zeros: bool = False,
    keep: Collection[Value] = (),
    asked: Sequence[Step] = (),
    digits: int = 4,
) -> dict[Value, float]:
    """A new number for each leaf of a derivation that has any.

    Numbers have one or two digits that count, lie in the range of the original ones, and are never 0, but for targets and for inputs of a
    truth table, which stay; with `zeros` 0 and 1 as inputs stay, too. What is to be kept stays, as numbers of few digits. Whole numbers
    stay whole, targets of 0 and 1 stay such. With them no neuron is saturated, no layer of relus is dead, and every parameter that can move
    does, as far as that can be had. What is asked for is well-conditioned: rounding on the way to it does not reach the digits that are
    asked for, and, as far as that can be had, never turns the last of them.

    Raises ValueError where the graph can be computed with none of the numbers that were tried.
    """
    lots = Lots(seed)
    classes = classes_of(found)
    groups, fixed = _groups(found, lots, zeros)
    fixed |= {v: float(f"{v.data:.{digits}g}") for v in keep}
    groups = [replace(group, leaves=[v for v in group.leaves if v not in fixed]) for group in groups]
    best: dict[Value, float] | None = None
    least = (math.inf, math.inf)
    for k in range(max(10, min(MOST_TRIES, MOST_STEPS // len(found.order)))):
        numbers = dict(fixed)
        for group in groups:
            numbers.update(_drawn(group, lots, 0.75 ** (k // PATIENCE) if group.shrinks else 1.0))
        faults = _faults(found, numbers, (asked, digits, classes), least[0])
        if faults < least:
            best, least = numbers, faults
        if faults == (0, 0):
            break
    if best is None:
        name = found.names[found.loss]
        raise ValueError(f"exercise: {name} cannot be computed with any of the numbers that were drawn for its leaves")
    return {v: best[v] for v in found.order if v in best}


def recorded_again(found: Derivation, numbers: Numbers) -> dict[Value, Value]:
    """The graph recorded once more with these numbers in its leaves: for each of its nodes the new one. The old ones stay as they are."""
    copies: dict[Value, Value] = {}
    for v in found.order:
        if v.op is None:
            copies[v] = Value(numbers.get(v, v.data), v.label)
        else:
            operands = [copies[x] if isinstance(x, Value) else x for x in v.operands]
            copies[v] = Value.record_operation(v.op, operands)
            copies[v].label = v.label
    return copies


# Groups


def _groups(found: Derivation, lots: Lots, zeros: bool) -> tuple[list[Group], dict[Value, float]]:
    """The leaves by what they are drawn from, and the numbers of those that are settled already."""
    units = found.neurons
    weights = dict.fromkeys(c.weight for unit in units for c in unit.connections)
    biases = dict.fromkeys(unit.bias for unit in units if unit.bias is not None)
    several = found.cases
    inputs = dict.fromkeys(v for layers in several for v in inputs_of(layers) if v.op is None and v not in weights)
    others = [v for v in found.order if v.op is None and not any(v in known for known in (weights, biases, inputs))]
    outside = {v for v in others if outer(v.label)}.union(*by_use(found.order))
    targets = [v for v in others if units and v in outside]
    groups = [_group(list(weights), shrinks=True), _group([v for v in biases if v not in weights], shrinks=True)]
    groups += [_group([v]) for v in others if v not in targets]
    begun = starts(found.order, outside)
    table = _table(inputs, targets, len(several), zeros)
    fixed = dict(table)
    if inputs and all(isinstance(v, Constant) for v in inputs):
        fixed |= {v: v.data for v in targets}  # those of the inputs, which are written in the program and stay
    fixed |= {v: 0.0 for v in begun if not v.data}  # nothing has been remembered yet
    fixed |= {v: 0.0 for v in accumulators(found.order) if v not in found.parameters}
    fixed |= {v: v.data for column in _columns(several) if _is_binary(column) for v in column if v in inputs}
    if zeros:
        fixed |= {v: v.data for v in [*inputs, *targets] if v.data == 0.0 or (_is_binary(targets) and table)}
    else:
        fixed = _binary_targets(targets, len(several), lots, moved=not table) | fixed
    free = [v for v in inputs if v not in fixed]
    columns = [[v for v in column if v in free] for column in _columns(several)]
    spread = sorted(abs(v.data) for v in free if v.data)
    if columns and {v for column in columns for v in column} == set(free):
        groups += [_group(column) for column in columns]
    elif spread and spread[-1] > 20 * spread[0]:
        groups += [_group([v]) for v in free]
    elif _is_binary(free) and any(_zero(free)):
        groups.append(Group(free, 0.1, 0.9))
    else:
        groups.append(_group(free))
    groups += [_target(v) for v in targets if v not in fixed]
    groups = [replace(group, leaves=[v for v in group.leaves if v not in fixed]) for group in groups]
    return [group for group in groups if group.leaves], fixed


def _table(inputs: dict[Value, None], targets: Sequence[Value], count: int, zeros: bool) -> dict[Value, float]:
    """The inputs of a truth table, which stay: of several rows, or of one without a 0, or where these are asked for."""
    if not _is_binary(inputs):
        return {}
    is_row = count > 1 or not any(_zero(inputs)) or zeros
    binary = _is_binary(targets) or count > 1 or zeros
    return {v: v.data for v in inputs} if is_row and binary else {}


def _columns(several: Sequence[Layers]) -> list[list[Value]]:
    """The numbers of each input in all cases, where there are several of the same inputs: a column of a table."""
    rows = [inputs_of(layers) for layers in several]
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        return []
    return [[v for v in dict.fromkeys(column) if v.op is None] for column in zip(*rows, strict=True)]


def _is_binary(leaves: Collection[Value]) -> bool:
    return bool(leaves) and all(v.data in (0.0, 1.0) for v in leaves)


def _zero(leaves: Collection[Value]) -> Iterator[bool]:
    return (v.data == 0.0 for v in leaves)


def _binary_targets(targets: Sequence[Value], count: int, lots: Lots, *, moved: bool) -> dict[Value, float]:
    """Targets of 0 and 1: those of a case in another order, so that classes stay classes; a single one either; of truth tables as is."""
    if not _is_binary(targets):
        return {}
    numbers = [v.data for v in targets]
    size = len(targets) // max(count, 1)
    if moved and len(targets) == 1:
        numbers = [float(lots.below(2))]
    elif moved and size > 1 and size * count == len(targets):
        numbers = [x for start in range(0, len(targets), size) for x in lots.shuffled(numbers[start : start + size])]
    return dict(zip(targets, numbers, strict=True))


def _target(v: Value) -> Group:
    """A target between 0 and 1, where outputs of sigmoids lie, stays on its side of the middle."""
    x = v.data
    if 0.0 <= x < 0.3:
        return Group([v], 0.01, 0.2)
    if 0.7 < x <= 1.0:
        return Group([v], 0.8, 0.99)
    return _group([v])


def _group(leaves: Sequence[Value], *, shrinks: bool = False) -> Group:
    numbers = [v.data for v in leaves if v.data and math.isfinite(v.data)]
    if not numbers:
        return Group(leaves, 0.1, 0.5, signs=1, shrinks=shrinks)
    sizes = [abs(x) for x in numbers]
    signs = 1 if min(numbers) > 0.0 else -1 if max(numbers) < 0.0 else 0
    if all(x.is_integer() for x in numbers) and max(sizes) <= LARGEST_WHOLE:
        high = 1.0 if not signs and max(sizes) == 1.0 else max(3.0, math.ceil(1.4 * max(sizes)))
        return Group(leaves, max(1.0, math.floor(0.6 * min(sizes))), high, True, signs, shrinks)
    low, high = 0.7 * min(sizes), 1.4 * max(sizes)
    if max(sizes) < 1.0:
        high = min(high, 0.99)
    return Group(leaves, max(low, 0.1 * high), high, False, signs, shrinks)


# Drawing


def _drawn(group: Group, lots: Lots, factor: float) -> Iterator[tuple[Value, float]]:
    """Numbers for the leaves of a group, no two of them the same as long as there are others."""
    choices = friendly(factor * group.low, factor * group.high, whole=group.whole and factor * group.high >= 1.0)
    left: list[float] = []
    for v in group.leaves:
        left = left or list(choices)
        size = left.pop(lots.below(len(left)))
        sign = group.signs or (-1 if lots.below(5) < 2 else 1)
        yield v, sign * size


def friendly(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Numbers from `low` to `high`, both above 0, with as few digits as leave some to choose from.

    >>> friendly(0.15, 0.55)
    [0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55]
    """
    exponent = 0 if whole else math.floor(math.log10(high)) - 1
    counts = _multiples(low, high, exponent)
    if not whole and len(counts) < FEW:
        exponent -= 1
        counts = _multiples(low, high, exponent)
    if len(counts) > MANY and (fives := [k for k in counts if not k % 5]):
        counts = fives
    return [float(f"{k}e{exponent}") for k in counts] or [float(f"{high:.1e}")]


def _multiples(low: float, high: float, exponent: int) -> list[int]:
    """The whole numbers whose products with a power of ten lie in the range."""
    unit = 10.0**exponent
    return list(range(max(1, math.ceil(low / unit - 1e-9)), math.floor(high / unit + 1e-9) + 1))


# What numbers should not do


Asking = tuple[Sequence[Step], int, Sequence[Sequence[Value]]]  # what, with how many digits, and classes of softmax
Faults = tuple[float, float]  # how many matter, and how many little ones there are besides


def _faults(found: Derivation, numbers: Numbers, asked: Asking, most: float) -> Faults:
    """How many things with these numbers are not as they should be; infinitely many where nothing can be computed.

    Answers are not looked at where there are more than `most` faults without them.
    """
    try:
        data = found.data(numbers)
        gradients = found.gradients(data)
    except (ArithmeticError, ValueError):
        return math.inf, math.inf
    if not all(map(math.isfinite, data.values())) or not all(map(math.isfinite, gradients.values())):
        return math.inf, math.inf
    faults = 0
    bends = False
    for v in found.order:
        if v.op is None or v.op.name not in (*SLOPES, "relu", "leaky_relu"):
            continue
        x = v.operands[0]
        if not isinstance(x, Value):
            continue
        if v.op.name in SLOPES:
            [slope, *_] = v.op.derivatives(data[v], [data[x]], [True])
            faults += abs(slope) < SLOPES[v.op.name]
        else:
            bends = bends or data[x] < 0.0
            faults += abs(data[x]) < KINK
    for layers in found.cases:
        faults += 2 * sum(_is_dead(layer, data) for layer in layers)
        faults += sum(abs(gradients.get(unit.net, 0.0)) < LEAST_DELTA for unit in layers[-1] if not bends)
    slopes = [abs(gradients.get(p, 0.0)) for p in found.parameters]
    faults += not any(slopes)
    faults += 0 if bends else sum(x < LEAST_SLOPE for x in slopes)
    if faults > most:
        return faults, 0
    found_out = conditions(found, data, *asked).values()
    return faults + sum(not each.is_clear for each in found_out), sum(not each.settled for each in found_out)


def _is_dead(layer: Sequence[Unit], data: Numbers) -> bool:
    """Whether all neurons of a layer are relus that give nothing."""
    return all(
        unit.activation is not None and unit.activation.name == "relu" and data[unit.out] == 0.0 for unit in layer
    )
