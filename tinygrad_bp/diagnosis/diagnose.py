"""`diagnose`: what is wrong with the numbers of a graph, the few findings that matter first.

>>> from tinygrad_bp import Value, diagnose, sqrt
>>> x = Value(0.0, "x")
>>> diagnose(sqrt(x) * 0 + x).findings[0].kind
'0*inf gradient'
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import as_float, require_order
from tinygrad_bp.core.order import changed_leaves, topological_order
from tinygrad_bp.core.stable import halves
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.diagnosis.causes import Backward, Event, backward_events, forward_events, not_told_before, underflows
from tinygrad_bp.diagnosis.digits import ALL_DIGITS, Rounding, rounding
from tinygrad_bp.diagnosis.finding import Diagnosis, Finding
from tinygrad_bp.diagnosis.instead import after_an_error, around, better, users_of
from tinygrad_bp.diagnosis.names import DEEPEST, called, number, operation, written
from tinygrad_bp.diagnosis.paths import Dying, LayerGradients, by_layer, dying_paths, fading, neurons_of
from tinygrad_bp.explanation.names import short_name
from tinygrad_bp.text import counted, printable, shown
from tinygrad_bp.words import Words, words

MOST_ALIKE = 3  # findings of one kind
MOST_NAMES = 4  # in one sentence
FEW = 10.0  # digits; where fewer are left that is a finding
CANCELS = 100.0  # how much larger than a sum its terms are, for it to be named


def diagnose(
    y: Value | Callable[..., Value],
    xs: Value | Iterable[Value | float] | None = None,
    *,
    language: str = "en",
) -> Diagnosis:
    """What is wrong with the numbers of y and of its gradient: where a NaN or an infinity came from, how many digits are left and
    which operations lost them, and what keeps which paths from learning. Changes no data and no gradient.

    Args:
        y: a Value; or a function of as many arguments as there are xs that returns one, so that an error in it is a finding, too.
        xs: the Values whose gradients count, by default all leaves; for a function what to call it with, Values or numbers.
        language: in which it is said, "en" or "ja".

    Raises TypeError if y is neither or returns something else, or an x is no Value, ValueError for another language, for an x that y was
    not computed from and for a function without xs.
    """
    words(language, "diagnose")
    if isinstance(y, Value):
        order = topological_order(y, constants=False)
        return _Case(order, _chosen(order, xs), language).diagnosis()
    if not callable(y):
        raise TypeError(f"diagnose takes a Value or a function that returns one, not {type(y).__name__} {shown(y)}")
    if xs is None:
        raise ValueError("diagnose of a function needs the xs to call it with")
    require_order(xs, "diagnose")
    if not isinstance(xs, Iterable | Value):
        raise TypeError(f"diagnose: xs is a sequence of Values or numbers, not {type(xs).__name__} {shown(xs)}")
    leaves = [
        x if isinstance(x, Value) else Value(as_float(x, f"diagnose: x {k}"))
        for k, x in enumerate([xs] if isinstance(xs, Value) else xs, 1)
    ]
    _require_fits(y, leaves)
    try:
        result = y(*leaves)
    except (ValueError, ArithmeticError) as error:
        return Diagnosis(None, (_of_error(error, language),), None, (), (), language)
    if not isinstance(result, Value):
        raise TypeError(f"diagnose: the function returned {type(result).__name__} {shown(result)}, not a Value")
    order = topological_order(result, constants=False)
    there = set(order)
    return _Case(order, [x for x in leaves if x in there], language).diagnosis()


def _require_fits(function: Callable[..., Any], leaves: Sequence[Value]) -> None:
    """Raises TypeError for a function that takes another number of xs."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # one that does not say what it takes
        return
    try:
        signature.bind(*leaves)
    except TypeError as error:
        xs = counted(len(leaves), "x", "xs")
        raise TypeError(f"diagnose: the function is {signature}, and is called with {xs}: {error}") from None


def _chosen(order: Sequence[Value], xs: Value | Iterable[Value | float] | None) -> list[Value]:
    """The Values whose gradients count."""
    if xs is None:
        return [node for node in order if node.op is None and not isinstance(node, Constant)]
    if not isinstance(xs, Iterable | Value):
        raise TypeError(f"diagnose: xs is a sequence of Values, not {type(xs).__name__} {shown(xs)}")
    found = dict.fromkeys([xs] if isinstance(xs, Value) else xs)
    there = set(order)
    for x in found:
        if not isinstance(x, Value):
            raise TypeError(f"diagnose: each x is a Value, not {type(x).__name__} {shown(x)}")
        if x not in there:
            raise ValueError(f"diagnose: y was not computed from {shown(x)}")
    return [x for x in found if isinstance(x, Value)]


def _of_error(error: Exception, language: str) -> Finding:
    kind = "overflow" if isinstance(error, OverflowError) else "undefined"
    message = printable(str(error.args[-1] if error.args else type(error).__name__))
    numbers = {f"operand {k}": x for k, x in enumerate(getattr(error, "numbers", ()), 1)}
    name = message.split(" ", 1)[0] if hasattr(error, "numbers") else ""
    given = {"message": message}
    return Finding(
        kind, None, "", name, numbers, (), "error", given, instead_key=after_an_error(error), language=language
    )


class _Case:
    """One Value that is looked at, the last in the order; `spoiled` are the xs whose gradients are not finite, once they are known."""

    def __init__(self, order: Sequence[Value], xs: Sequence[Value], language: str) -> None:
        self.order, self.y, self.xs, self.language = order, order[-1], xs, language
        self.users = users_of(order)
        self.spoiled: list[Value] = []

    def diagnosis(self) -> Diagnosis:
        changed = changed_leaves(self.order)
        lost: Rounding | None = None
        layers: list[LayerGradients] = []
        findings = self.forward()
        if not findings:
            backward = backward_events(self.order, set(self.xs))
            findings = self.backward(backward)
            if not findings:
                lost = rounding(self.order, backward.gradients, self.xs, set(changed))
                neurons = neurons_of(self.order, self.xs)
                layers = by_layer(neurons, backward.gradients)
                dying = dying_paths(self.order, backward.gradients, self.xs, neurons)
                kinks = self.few(not_told_before(backward.kinks))
                stopped = {node for each in kinks for node in each.nodes}
                findings = kinks + [self.dying(each) for each in dying if stopped.isdisjoint(each.nodes)]
                findings += self.fading(layers)
                if lost is not None and lost.digits < FEW:
                    findings.append(self.digits(lost, backward))
            if not findings or lost is None:  # an overflow, or an underflow, that left a number of y
                findings = self.few(forward_events(self.order, all_of_them=True), "overflow") + findings
            if not self.y.data:
                findings = self.few(underflows(self.order)) + findings
        names = tuple(called(leaf) for leaf in changed)
        return Diagnosis(self.y, tuple(findings), lost, tuple(layers), names, self.language)

    # NaN and infinities

    def forward(self) -> list[Finding]:
        return self.few(forward_events(self.order))

    def backward(self, backward: Backward) -> list[Finding]:
        self.spoiled = [x for x in self.xs if not math.isfinite(backward.gradients.get(x, 0.0))]
        return self.few(not_told_before(backward.events)) if self.spoiled else []

    def few(self, events: Iterable[Event], only: str = "") -> list[Finding]:
        """Of each kind the first findings; the last of these says how many more there are."""
        kinds: dict[str, list[Event]] = {}
        for event in events:
            if only in ("", event.kind):
                kinds.setdefault(event.kind, []).append(event)
        kept = {event: 0 for each in kinds.values() for event in each[:MOST_ALIKE]}
        for each in kinds.values():
            kept[each[:MOST_ALIKE][-1]] = max(0, len(each) - MOST_ALIKE)
        return [replace(self.of_event(event), more=more) for event, more in kept.items()]

    def of_event(self, event: Event) -> Finding:
        node = event.node
        at = node if event.at is None else event.at
        deepest = 1 if "flow" in event.kind else DEEPEST
        given: dict[str, Any] = {
            "name": called(node), "op": operation(node), "at": operation(at) or called(at),
            "formula": written(at if _chooses(event) else node, deepest),
            "number": number(event.numbers.get("data", node.data)), "numbers": _listed_numbers(node),
            "slope": number(event.numbers.get("slope", math.nan)), "gradient": number(event.numbers.get("gradient", math.nan)),
            "one": number(event.numbers.get("one", math.nan)), "other": number(event.numbers.get("other", math.nan)),
            "xs": _names(self.spoiled),
        }  # fmt: skip
        nodes = tuple(dict.fromkeys([node, at]))
        return self.finding(event.kind, nodes, event.numbers, _key(event), given, self.instead(event))

    def instead(self, event: Event) -> str:
        if event.kind == "given":
            return ""
        where = [event.node, event.at] if event.at is not None and "gradient" not in event.kind else [event.node]
        if "slope" in event.kind or "gradient" in event.kind or event.kind == "kink":
            return better(where)
        found = around(where, self.users)
        return better(filter(_known_form, found))

    # What does not learn

    def dying(self, each: Dying) -> Finding:
        node = each.nodes[0]
        given: dict[str, Any] = {
            "nodes": _names(each.nodes), "count": len(each.nodes), "op": operation(node),
            "numbers": number(each.numbers["at"]) if "at" in each.numbers else _listed_numbers(node),
            "xs": _names(self.xs), "slope": number(each.numbers.get("slope", 0.0)), "name": called(node),
            "gradient": number(each.numbers.get("gradient", 0.0)),
        }  # fmt: skip
        key = {"no gradient": "noGradient"}.get(each.kind, each.kind)
        more = len(each.nodes) - 1 if each.kind == "saturated" else 0
        return replace(self.finding(each.kind, each.nodes, each.numbers, key, given), more=more)

    def fading(self, layers: Sequence[LayerGradients]) -> list[Finding]:
        kind = fading(layers)
        if not kind:
            return []
        first, last = layers[0], layers[-1]
        given = {"first": number(first.size), "last": number(last.size), "count": len(layers)}
        numbers = {"first": first.size, "last": last.size, "layers": len(layers)}
        return [self.finding(kind, (self.y,), numbers, kind, given)]

    # Digits

    def digits(self, lost: Rounding, backward: Backward) -> Finding:
        cancelling, factor = _cancelling(self.order, backward.gradients)
        places = [each.node for each in lost.contributions]
        nodes = tuple(dict.fromkeys([*([cancelling] if cancelling is not None else []), *places])) or (self.y,)
        x = max(lost.conditions, key=lambda x: lost.conditions[x], default=None)
        condition = f"{lost.condition:.1g}" if lost.conditions else "∞"
        given: dict[str, Any] = {
            "digits": f"{lost.digits:.1f}", "all": f"{ALL_DIGITS:.0f}", "formula": written(nodes[0]), "op": operation(nodes[0]),
            "factor": number(float(f"{factor:.1g}")), "x": called(x) if x is not None else "", "condition": condition,
            "lost": _contributions(lost),
        }  # fmt: skip
        numbers = {"digits": lost.digits, "bound": lost.bound, "worst": lost.worst, "condition": lost.condition}
        key = (
            "digits.cancelled"
            if cancelling is not None
            else "digits.condition"
            if lost.condition > CANCELS
            else "digits"
        )
        return self.finding(
            "digits", nodes, numbers, key, given, better(filter(_known_form, around(nodes, self.users)))
        )

    def finding(
        self, kind: str, nodes: tuple[Value, ...], numbers: Any, key: str, given: dict[str, Any], instead: str = ""
    ) -> Finding:
        node = nodes[0]
        name = printable(node.op.name) if node.op is not None else ""
        return Finding(kind, node, called(node), name, numbers, nodes, key, given, instead, language=self.language)


# The sentence of each kind of event
_KEYS = {
    "given": "given",
    "overflow": "overflow",
    "underflow": "underflow",
    "inf-inf": "infinities.difference",
    "0*inf": "infinities.product",
    "inf/inf": "infinities.quotient",
    "undefined": "undefined",
    "0*inf gradient": "gradient.product",
    "infinite slope": "gradient.steep",
    "undefined slope": "gradient.undefined",
    "gradient overflow": "gradient.overflow",
    "inf-inf gradient": "gradient.difference",
    "kink": "gradient.kink",
}


def _chooses(event: Event) -> bool:
    """Whether nothing was left to choose from."""
    return event.kind == "inf-inf" and event.at is not event.node


def _key(event: Event) -> str:
    key = _KEYS[event.kind]
    if _chooses(event):
        return "infinities.masked"
    if event.kind == "given" and event.by:
        return "given.constant"
    if event.kind == "0*inf gradient" and event.node is event.at and not math.isinf(event.numbers["slope"]):
        return "gradient.product.met"
    if event.kind == "gradient overflow" and "one" in event.numbers:
        return "gradient.overflow.sum"
    return key


def _listed_numbers(node: Value) -> str:
    """The operands of a node by number."""
    numbers = [number(x) for x in node.numbers[: MOST_NAMES + 1]] or [number(node.data)]
    return ", ".join(numbers[:MOST_NAMES]) + (", …" if len(numbers) > MOST_NAMES else "")


def _names(nodes: Sequence[Value]) -> Callable[[Words], str]:
    """The names of nodes as a language lists them."""
    names = [called(node) if node.op is not None else short_name(node.label) or number(node.data) for node in nodes]
    kept = [*names[:MOST_NAMES], *(["…"] if len(names) > MOST_NAMES else [])]
    return lambda say: say.listed(kept)


def _contributions(lost: Rounding) -> Callable[[Words], str]:
    texts = [f"{written(each.node)} ({100 * each.share:.0f} %)" for each in lost.contributions]
    return lambda say: say.listed(texts)


def _cancelling(order: Sequence[Value], gradients: dict[Value, float]) -> tuple[Value | None, float]:
    """The sum whose terms are most times larger than it, of those that y hangs on, and how many times."""
    found, most = None, CANCELS
    for node in order:
        if node.op in (ops.add, ops.sub, ops.sum_of, ops.dot) and gradients.get(node, 0.0):
            numbers = node.numbers
            terms = [w * x for w, x in zip(*halves(numbers), strict=True)] if node.op is ops.dot else numbers
            largest = max((abs(x) for x in terms), default=0.0)
            factor = largest / abs(node.data) if node.data else math.inf if largest else 0.0
            if factor > most and abs(gradients[node] * node.data) >= 1e-3 * abs(order[-1].data):
                found, most = node, factor
    return found, most


def _known_form(node: Value) -> bool:
    """Whether what stands instead of a node is the same function. For a root or a power it may be one that is kept away from 0."""
    return "maximum" not in better([node])
