"""Losses: how far outputs are from their targets, as one Value to be made small.

    >>> out = Value(0.75, "out")
    >>> squared_error(out, 0.25).data
    0.125

All take the outputs of a network, a list or a single one, and as many targets. They follow PyTorch, where it has them; the mean is
over the outputs of one row, and training takes the mean over the rows of a batch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import as_float, require_order
from tinygrad_bp.core.stable import sum_of
from tinygrad_bp.core.value import Value
from tinygrad_bp.text import counted, did_you_mean, listed, shown, whole_number

__all__ = [
    "binary_cross_entropy",
    "cross_entropy",
    "hinge",
    "mean_squared_error",
    "one_hot",
    "softmax",
    "squared_error",
]

Loss = Callable[[Any, Any], Value]


def squared_error(outputs: Any, targets: Any) -> Value:
    """The sum over all outputs of (target - output)**2 / 2, as in the worked example.

    Args:
        outputs: what a model gave for one row: a sequence of Values, or a single one.
        targets: what it should have given: as many numbers or Values, or a single one.

    As all losses: raises ValueError for another number of targets than of outputs, TypeError for what is no Value or number.
    """
    return _sum([(target - out) ** 2 / 2 for out, target in _pairs("squared_error", outputs, targets)])


def mean_squared_error(outputs: Any, targets: Any) -> Value:
    """The mean over all outputs of (output - target)**2, PyTorch's `mse_loss`.

    Args:
        outputs: what a model gave for one row: a sequence of Values, or a single one.
        targets: what it should have given: as many numbers or Values, or a single one.
    """
    return _mean([(out - target) ** 2 for out, target in _pairs("mean_squared_error", outputs, targets)])


def cross_entropy(outputs: Any, targets: Any) -> Value:
    """-ln of the probability that softmax gives to the right class, from the net inputs of the last layer (*logits*).

    ln Σ exp(z_i) - z_right, without a loss of digits where the network is sure of itself, right or wrong, and without overflow. The last
    layer has no activation: softmax is part of this loss.

    Args:
        outputs: the net inputs, one for each class: a sequence of Values.
        targets: the number of the right class, from 0; or for each class how probable it should be, numbers that add up to 1.

    Raises ValueError for a class that is not there and for probabilities below 0 or that do not add up to 1.
    """
    zs = _sequence("cross_entropy", outputs)
    if isinstance(targets, Integral) and not isinstance(targets, bool) and zs:
        number = int(targets)
        if not 0 <= number < len(zs):
            raise ValueError(
                f"cross_entropy: with {counted(len(zs), 'output')} the classes are 0 to {len(zs) - 1}, and the target is {number!s:.60}"
            )
        return _surprise(_numbers("cross_entropy", zs), number)
    else:
        if len(zs) > 1 and len(_sequence("cross_entropy", targets)) == 1:
            raise _no_class(len(zs), targets)
        pairs = _pairs("cross_entropy", zs, targets)
        chances = [target for _, target in pairs]
        if not any(isinstance(p, Value) for p in chances):
            total = sum_of(*chances)
            if not math.isclose(total, 1.0, rel_tol=1e-9):
                raise ValueError(f"cross_entropy: the probabilities of the classes add up to 1, not {total:.9g}")
            if min(chances) < 0.0:
                raise ValueError(
                    f"cross_entropy: the probabilities of the classes are from 0 to 1, not {min(chances)!r}"
                )
            return _expected_surprise([z for z, _ in pairs], chances)
        # A target of 0 that is a Value drops its term, too: `passed` lets nothing through.
        right = ops.sum_of([ops.passed(p, z) for z, p in pairs])
    loss: Value = ops.logsumexp([z - right for z, _ in pairs])
    return loss


def _surprise(zs: Sequence[Any], right: int) -> Value:
    """-ln of the probability of a class: ln(1 + Σ exp(z_i) / exp(z_right)) over the others.

    Neither the value nor a gradient loses digits, wherever the right class is beside the others.
    """
    others = [z for place, z in enumerate(zs) if place != right]
    # The only class there is surprises nobody.
    most = ops.logsumexp(others) if len(others) > 1 else others[0] if others else -math.inf
    surprise: Value = ops.softplus(most - zs[right])
    return surprise


def _expected_surprise(zs: Sequence[Any], chances: Sequence[float]) -> Value:
    """The mean of the surprises, each class as often as it has a chance: those that have none do not come in.

    It is the surprise at the likeliest, and for each other one how much its net input is below that one's.
    """
    likeliest = chances.index(max(chances))
    loss = _surprise(zs, likeliest)
    below = [
        (p, zs[likeliest] - z) for place, (p, z) in enumerate(zip(chances, zs, strict=True)) if p and place != likeliest
    ]
    return loss + ops.dot([p for p, _ in below], [gap for _, gap in below]) if below else loss


def binary_cross_entropy(outputs: Any, targets: Any) -> Value:
    """The mean over all outputs of -ln of the probability that the sigmoid gives to the target, 0 or 1, from net inputs (*logits*).

    t softplus(-z) + (1 - t) softplus(z), PyTorch's `binary_cross_entropy_with_logits`. The last layer has no activation: the sigmoid is
    part of this loss.

    Args:
        outputs: the net inputs z: a sequence of Values, or a single one.
        targets: for each output 0 or 1, or a probability between them.

    Raises ValueError for a target below 0 or above 1.
    """
    pairs = _pairs("binary_cross_entropy", outputs, targets)
    wrong = next((target for _, target in pairs if not isinstance(target, Value) and not 0.0 <= target <= 1.0), None)
    if wrong is not None:
        raise ValueError(f"binary_cross_entropy: a target is 0 or 1, or a probability between, not {wrong:g}")
    return _mean([_binary_surprise(z, target) for z, target in pairs])


def _binary_surprise(z: Any, target: Any) -> Value:
    """What a target of 0 or of 1 multiplies with 0 drops out, infinite as it may be."""
    if not isinstance(target, Value):
        weighed = [(target, -z), (1.0 - target, z)]
        return _sum([ops.softplus(x) if share == 1.0 else share * ops.softplus(x) for share, x in weighed if share])
    return ops.passed(target, ops.softplus(-z)) + ops.passed(1.0 - target, ops.softplus(z))


def hinge(outputs: Any, targets: Any) -> Value:
    """The mean over all outputs of max(0, 1 - target * output), as in support vector machines.

    Args:
        outputs: what a model gave for one row: a sequence of Values, or a single one.
        targets: for each output 1 or -1.

    Raises ValueError for other targets: one of 0 would be learned by nothing.
    """
    pairs = _pairs("hinge", outputs, targets)
    wrong = next((t for _, t in pairs if not isinstance(t, Value) and t not in (1.0, -1.0)), None)
    if wrong is not None:
        hint = (
            "; for targets 0 and 1, make them 2 * target - 1, or take binary_cross_entropy"
            if 0.0 <= wrong <= 1.0
            else ""
        )
        raise ValueError(f"hinge: a target is 1 or -1, not {wrong:g}{hint}")
    return _mean([ops.relu(1.0 - target * out) for out, target in pairs])


LOSSES: dict[str, Loss] = {
    loss.__name__: loss for loss in (squared_error, mean_squared_error, cross_entropy, binary_cross_entropy, hinge)
}


# What other libraries call them, and what is near.
OTHER_NAMES = {
    "mean_squared_error": "mse mse_loss mseloss l2 l2_loss rmse root_mean_squared_error mae l1 l1_loss huber smooth_l1 regression",
    "squared_error": "se sse half_squared_error sum_squared_error sum_of_squares",
    "cross_entropy": "softmax softmax_cross_entropy softmax_loss crossentropy crossentropyloss ce nll nll_loss nllloss "
    "categorical_crossentropy sparse_categorical_crossentropy multinomial log_softmax kl",
    "binary_cross_entropy": "bce bceloss bce_loss bce_with_logits bcewithlogitsloss binary_crossentropy binary_cross_entropy_with_logits "
    "logistic log_loss logloss sigmoid sigmoid_cross_entropy",
    "hinge": "svm hinge_loss hingeloss max_margin margin",
}
# Of other names, what is to be said besides.
_BESIDES = {
    "rmse root_mean_squared_error": ", of which it is the root and which is least at the same place",
    "mae l1 l1_loss huber smooth_l1": "? The absolute error is a function of your own: lambda out, target: abs(out - target)",
    "softmax log_softmax softmax_loss softmax_cross_entropy": ", of which softmax is a part",
    "sigmoid logistic sigmoid_cross_entropy": ", of which the sigmoid is a part",
}


def loss_meant(name: object) -> str:
    """To end an error about an unknown loss with: the one that was probably meant, also by the name that other libraries have."""
    plain = re.sub(r"[\W_]+", "_", str(name)[:200].lower()).strip("_")
    for loss, others in OTHER_NAMES.items():
        if plain in others.split():
            besides = next((words for names, words in _BESIDES.items() if plain in names.split()), "")
            return f"; did you mean {loss!r}{besides}{'' if '?' in besides else '?'}"
    return did_you_mean(plain, LOSSES)


class LearnedAsNumbers(UserWarning):
    """What may be classes, 0, 1, 2, ..., is learned as numbers."""


class NoNetInputs(UserWarning):
    """The last layer has an activation where the loss has one of its own."""


def as_classes(targets: Sequence[float]) -> str:
    """What targets that may be classes are, in words, such as `0, 1 and 2`; nothing for few targets and for others."""
    kinds = sorted(set(targets))
    if len(targets) < 20 or not 2 <= len(kinds) <= 10 or kinds != list(range(len(kinds))):
        return ""
    return listed([f"{kind:g}" for kind in kinds])


def softmax(outputs: Any) -> list[Value]:
    """The probabilities of all classes, exp(z_i) / Σ exp(z_j), from the net inputs of the last layer (*logits*); they add up to 1.

    Without overflow, and small ones keep their digits. For training, `cross_entropy` takes the logits and not these.

    Raises ValueError for no outputs, TypeError for what is no Value or number.
    """
    zs = _numbers("softmax", _sequence("softmax", outputs))
    if not zs:
        raise ValueError("softmax: there are no outputs")
    total = ops.logsumexp([z if isinstance(z, Value) else Value(z) for z in zs])
    # Rounding `total` makes all of them too large or too small alike, so they are divided by their sum.
    parts: list[Value] = [ops.exp(z - total) for z in zs]
    whole = ops.sum_of(parts)
    return [part / whole for part in parts]


def one_hot(number: int, count: int) -> list[float]:
    """A list of numbers, all 0.0 but one, which is 1.0.

    Args:
        number: the place of the 1.0, counted from 0.
        count: how many numbers there are.

    Raises ValueError if there is none, TypeError for what is no whole number.
    """
    number, count = whole_number(number, "one_hot: number", least=None), whole_number(count, "one_hot: count")
    if not 0 <= number < count:
        raise ValueError(f"one_hot: of {count} places the numbers are 0 to {count - 1}, not {number}")
    return [float(place == number) for place in range(count)]


def _sum(terms: Sequence[Value]) -> Value:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _mean(terms: Sequence[Value]) -> Value:
    return _sum(terms) if len(terms) == 1 else _sum(terms) / len(terms)


def _no_class(count: int, target: Any) -> Exception:
    kind = TypeError if isinstance(target, str | bytes) else ValueError
    return kind(
        f"cross_entropy: with {count} outputs the target is the number of a class, a whole number from 0 to {count - 1}, or {count} "
        f"probabilities, not {shown(target)}"
    )


def _sequence(name: str, things: Any) -> list[Any]:
    require_order(things, name)
    if isinstance(things, Value | int | float | str | bytes) or not hasattr(things, "__len__"):
        return [things]
    try:
        return list(things)
    except TypeError:  # an array of no dimensions
        return [things]


def _pairs(loss: str, outputs: Any, targets: Any) -> list[tuple[Any, Any]]:
    """Each output with its target, a Value or a float."""
    outs, wanted = _sequence(loss, outputs), _sequence(loss, targets)
    if len(outs) != len(wanted) or not outs:
        raise ValueError(
            f"{loss}: {counted(len(outs), 'output')} and {counted(len(wanted), 'target')}; it takes one for each"
        )
    return list(zip(_numbers(loss, outs), _numbers(loss, wanted), strict=True))


def _numbers(loss: str, things: Sequence[Any]) -> list[Any]:
    return [x if isinstance(x, Value) else as_float(x, loss, wants="takes Values and real numbers") for x in things]
