"""What a leaf is: an input, a target, the state that a recurrence begins with, or a parameter.

A graph does not say it. Names do: i1, x, input_3, t, y2, target_o1, .... Where they do not, the use does. What has no name, or one that is
not that of a weight, and is only multiplied by weights is an input; what the error only compares with an output is a target. And h0, where
a recurrence begins, which is multiplied by the same weight as h1 after it, is a state like h1 and nothing to train.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from tinygrad_bp.core import ops
from tinygrad_bp.core.stable import halves
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import ACTIVATIONS, Unit

Role = Literal["input", "target", "start", "parameter", "fixed"]
_TARGET = re.compile(r"(?:[ty]|targets?)(?:\d+|_\w+)?")
# Of a network people write more: X1, x[1], x₁, x1_2, feature1, label.
_NUMBER = r"(?:_?[\d₀-₉]+)?(?:_\w+)?(?:\[[\w, ]+\])*"
_OF_A_NETWORK = re.compile(rf"(?:[ty]|targets?|labels?|expected|goals?){_NUMBER}", re.IGNORECASE)
# In a formula, which has quantities called x, y, t and i, only what says more is an input: x1, x_2, input.
_OF_A_FORMULA = re.compile(rf"(?:[ix](?=.)|in(?=.)|inputs?|features?){_NUMBER}", re.IGNORECASE)
_FROM_OUTSIDE = re.compile(rf"(?:[ix]|in|inputs?|features?){_NUMBER}|{_OF_A_NETWORK.pattern}", re.IGNORECASE)


# What is trained is called so: w, w12, W_ih, weight3, theta, b, b_o1, bias.
_OF_WEIGHTS = re.compile(rf"(?:w|weights?|theta|θ){_NUMBER}", re.IGNORECASE)
_OF_BIASES = re.compile(rf"(?:b|bias(?:es)?){_NUMBER}", re.IGNORECASE)
_COMPARING = (ops.pow, ops.mul, ops.abs, ops.cosh)  # of a difference, as errors are made: its square, its size
_LOGARITHMIC = ("log", "log1p", "log2", "log10", "softplus", "logsumexp")


def outer(label: str) -> bool:
    """Whether a leaf of this label comes from outside, as inputs and targets do: it is not to be trained."""
    return _FROM_OUTSIDE.fullmatch(label) is not None


def learns(order: Sequence[Value]) -> bool:
    """Whether a graph without neurons of its own is to learn all the same: in any other formula x, y and t are quantities like all others.

    It does where something that is computed is subtracted from a leaf that is called as targets are, (w x + b - t) ** 2, or where an
    activation takes a sum of products, tanh(w x + u h); and where both an input and a target are told by their use.
    """
    return any(_compares(v) or _weighs(v) for v in order) or all(by_use(order))


def _compares(v: Value) -> bool:
    beside = [x for x in v.args if _is_target(x)] if v.op is ops.sub else []
    return bool(beside) and any(x.op is not None for x in v.args)


def _is_target(v: Value) -> bool:
    return v.op is None and _TARGET.fullmatch(v.label) is not None


def _weighs(v: Value) -> bool:
    if v.op not in ACTIVATIONS or v.args[0].op not in (ops.add, ops.sub, ops.sum_of, ops.dot):
        return False
    waiting, products = [v.args[0]], []
    while waiting:
        x = waiting.pop()
        products += [pair for pair in _pairs(x) if not any(map(_is_target, pair))]  # k * t is a rate times time
        waiting += x.args if x.op in (ops.add, ops.sub, ops.sum_of) else ()
    factors = [x.label for pair in products for x in pair]
    return len(products) > 1 or any(outer(label) or label.startswith("w") or not label for label in factors)


def weighs_inputs(unit: Unit) -> bool:
    """Whether what has the form of a neuron with an activation is one: whether it multiplies inputs by weights.

    Physics has `sin(2 * a)`, `sin(omega * t + phi)` and `tanh(k * t)`, where a plain number or a time is multiplied.
    """
    sources = [c.source for c in unit.connections if not _is_target(c.source)]
    if unit.activation is None or not sources:
        return False
    if len(unit.connections) > 1 or any(c.weight.label.startswith("w") for c in unit.connections):
        return True
    known = not isinstance(sources[0], Constant) or unit.bias is not None
    return unit.activation in ACTIVATIONS and known


def shared_out(order: Sequence[Value], neurons: Sequence[Unit]) -> set[Value]:
    """The net inputs of neurons that a softmax is taken of: they are exponentiated, and divided by the sum of all these.

    Also as `logsumexp` has it, and where the largest, or anything else, is subtracted from each before.
    """
    nets = {unit.net for unit in neurons if len(unit.connections) + (unit.bias is not None) > 1}
    found: set[Value] = set()
    for v in order:
        if v.op is ops.logsumexp:
            below = [_shifted(x, nets) for x in v.args]
        elif v.op is ops.div and v.args[0].op is ops.exp:
            summands = _summands(v.args[1])
            below = [_shifted(x.args[0], nets) if x.op is ops.exp else None for x in summands]
            below = below if v.args[0] in summands else []
        else:
            continue
        if len(below) > 1 and None not in below:
            found.update(x for x in below if x is not None)
    return found


def _shifted(v: Value, nets: Collection[Value]) -> Value | None:
    """The net input that this is, or is with something subtracted from it."""
    if v.op in (ops.sub, ops.add) and v not in nets:
        [v] = [x for x in v.args if x in nets][:1] or [v]
    return v if v in nets else None


def _summands(v: Value) -> list[Value]:
    waiting, found = [v], []
    while waiting:
        x = waiting.pop()
        if x.op in (ops.add, ops.sum_of):
            waiting += x.args
        else:
            found.append(x)
    return found


def inputs_of_formula(order: Sequence[Value]) -> set[Value]:
    """The leaves of a formula that are inputs: those called x1, x_2, i1, input, ... which are multiplied by something else that is given.

    In sqrt((x1 - x2) ** 2 + (y1 - y2) ** 2) they are places.
    """
    pairs = [pair for v in order for pair in _pairs(v)]
    called = {v for v in order if v.op is None and _OF_A_FORMULA.fullmatch(v.label)}
    return {
        x
        for pair in pairs
        for x, other in (pair, pair[::-1])
        if x in called and other not in called and other.op is None and not isinstance(other, Constant)
    }


def untrained(order: Sequence[Value]) -> set[Value]:
    """The leaves that are no parameters: inputs and targets by their names or their use, and what recurrences and sums begin with."""
    found = {v for v in order if v.op is None and outer(v.label)}.union(*by_use(order))
    return found | starts(order, found) | accumulators(order)


def accumulators(order: Sequence[Value]) -> set[Value]:
    """The leaves that loops begin sums with: total = Value(0.0), and then total = total + ... as often as there is something to add.

    They are 0, have no label, and are added to, or subtracted from, and nothing else. What is added to a product of leaves without labels
    may be a bias: a network that names none of its parameters has such ones.
    """
    users: dict[Value, list[Value]] = {}
    for v in order:
        for x in dict.fromkeys(v.args):
            if x.op is None and x.data == 0.0 and not x.label and not isinstance(x, Constant):
                users.setdefault(x, []).append(v)
    return {v for v, its in users.items() if all(_begins_with(user, v) for user in its)}


def _begins_with(user: Value, v: Value) -> bool:
    """Whether an operation adds to a leaf, or subtracts from it, what is no product of leaves without labels."""
    if user.op not in (ops.add, ops.sum_of) and not (user.op is ops.sub and user.args[-1] is not v):
        return False
    factors = [[x for x in pair if x.op is None] for term in _summands(user) for pair in _pairs(term)]
    return not any(leaves and not any(x.label or isinstance(x, Constant) for x in leaves) for leaves in factors)


def by_use(order: Sequence[Value]) -> tuple[set[Value], set[Value]]:
    """The inputs and the targets that no name tells: what is only multiplied by weights, and what an output is only compared with."""
    users: dict[Value, list[Value]] = {}
    partners: dict[Value, list[Value]] = {}
    for v in order:
        for a, b in _pairs(v):
            partners.setdefault(a, []).append(b)
            partners.setdefault(b, []).append(a)
        for x in dict.fromkeys(v.args):
            users.setdefault(x, []).append(v)
    inputs: set[Value] = set()
    targets: set[Value] = set()
    for v in order:
        if v.op is not None or isinstance(v, Constant) or outer(v.label) or _is_trained(v):
            continue
        beside = partners.get(v, [])
        if beside and all(user.op in (ops.mul, ops.dot) for user in users[v]) and all(_weights(w, v) for w in beside):
            inputs.add(v)
        elif _is_compared(v, users):
            targets.add(v)
    return inputs, targets


def _pairs(v: Value) -> Sequence[tuple[Value, ...]]:
    """The factors of the products that a Value is the sum of."""
    if v.op is ops.mul:
        return [v.args]
    return list(zip(*halves(v.args), strict=True)) if v.op is ops.dot else []


def _is_trained(v: Value) -> bool:
    return bool(_OF_WEIGHTS.fullmatch(v.label) or _OF_BIASES.fullmatch(v.label))


def _weights(w: Value, v: Value) -> bool:
    """Whether a factor is the weight of a signal: a leaf that is called as weights are, or at all where the signal has no name."""
    if w is v or w.op is not None or isinstance(w, Constant) or not w.label or outer(w.label):
        return False
    return not v.label or _OF_WEIGHTS.fullmatch(w.label) is not None


def _is_compared(v: Value, users: Mapping[Value, Sequence[Value]]) -> bool:
    """Whether errors are made of what a leaf is compared with, and nothing else: (out - t) ** 2, t log(out) + (1 - t) log(1 - out)."""
    compared = 0
    waiting = [(v, user) for user in users.get(v, ())]
    for x, user in waiting:
        others = [y for y in user.args if y is not x]
        if user.op in (ops.sub, ops.add) and len(others) == 1 and others[0].op is not None:
            if (user.op is ops.add) is (x is v) or not all(_is_error(v, user, each) for each in users.get(user, [])):
                return False
            compared += 1
        elif user.op is ops.neg or (user.op is ops.sub and x is user.args[-1] and not v.label and _is_plain(others)):
            waiting += [(user, each) for each in users.get(user, [])]  # -t, 1 - t
        elif not v.label and _is_weighing(v, x, user, others, users):
            compared += 1
        else:
            return False  # of a name that tells nothing a difference alone tells
    return compared > 0


def _is_error(v: Value, difference: Value, user: Value) -> bool:
    """Whether an operation makes an error of a difference from a leaf: its square, half of it, its size."""
    others = [y for y in user.args if y is not difference and not isinstance(y, Constant)]
    return user.op in _COMPARING and all(y.op is difference.op and v in y.args for y in others)


def _is_plain(values: Sequence[Value]) -> bool:
    return len(values) == 1 and isinstance(values[0], Constant)


def _is_weighing(
    v: Value, x: Value, user: Value, others: Sequence[Value], users: Mapping[Value, Sequence[Value]]
) -> bool:
    """Whether a target, or 1 less it, weighs what it multiplies: a logarithm, the share of a class, or a margin if it is 1 or -1."""
    if user.op is ops.passed:
        return x is user.args[0]
    if user.op is not ops.mul or len(others) != 1:
        return False
    if is_logarithm(others[0]):
        return True
    margins = users.get(user, [])
    of_two = abs(v.data) == 1.0 and x is v and others[0].op is not None and bool(margins)
    return (
        of_two
        and all(each.op is ops.neg or (each.op is ops.sub and each.args[-1] is user) for each in margins)
        and all(each.op in (ops.relu, ops.softplus) for margin in margins for each in users.get(margin, []))
    )


def is_logarithm(v: Value) -> bool:
    """Whether a Value is a logarithm, as a cross entropy is made of them, or the negative of one."""
    while v.op is ops.neg:
        [v] = v.args
    return v.op is not None and v.op.name in _LOGARITHMIC


def starts(order: Sequence[Value], outside: Collection[Value]) -> set[Value]:
    """The leaves that recurrences begin with: what is multiplied by a factor that multiplies computed Values, too.

    Besides, it is called as these are, h0 and h1, or it is 0 and used for nothing else.
    """
    partners: dict[Value, list[Value]] = {}
    uses: dict[Value, int] = {}
    for v in order:
        for a, b in _pairs(v):
            partners.setdefault(a, []).append(b)
            partners.setdefault(b, []).append(a)
        for x in v.args:
            uses[x] = uses.get(x, 0) + 1
    computed = {_series(v.label) for v in order if v.op is not None} - {None}
    found: set[Value] = set()
    for v, beside in partners.items():
        if v.op is not None or v in outside or isinstance(v, Constant):
            continue
        weighed = [w for w in beside if w.op is None and any(x.op is not None for x in partners[w])]
        if _series(v.label) in computed:
            if weighed or any(w.op is not None for w in beside):
                found.add(v)
        elif v.data == 0.0 and len(weighed) == len(beside) == uses[v]:
            found.add(v)
    return found


def _series(label: str) -> str | None:
    """What h0, h_1 and h[2] have in common; None of a label without a number."""
    text = re.sub(r"[_\[({^]*\d+[\])}]*", "#", label)
    return text if text != label else None


def roles(
    order: Sequence[Value], parameters: Collection[Value], targets: Collection[Value], *, network: bool
) -> dict[Value, Role]:
    """Of each leaf of a graph what it is; `fixed` is what is neither trained nor called as an input or target.

    Only a `network` has targets: `targets`, and what is called so.
    """
    leaves = [v for v in order if v.op is None]
    inputs, compared = by_use(order)
    outside = {v for v in leaves if outer(v.label)} | inputs
    beginning = starts(order, outside)
    found: dict[Value, Role] = {}
    for v in leaves:
        if v in parameters:
            found[v] = "parameter"
        elif v in targets or v in compared or (network and _OF_A_NETWORK.fullmatch(v.label)):
            found[v] = "target"
        else:
            found[v] = "start" if v in beginning else "input" if v in outside else "fixed"
    return found
