"""The chain rule, written out: how a Value changes with another, factor by factor and path by path.

    >>> from tinygrad_bp.core.value import Value
    >>> w, x = Value(0.5, "w"), Value(3.0, "x")
    >>> net = w * x + 1.0
    >>> net.label = "net"
    >>> out = net.sigmoid()
    >>> out.label = "out"
    >>> print(explain(out, w))
    dout/dw = dout/dnet * dnet/dw
            = 0.0701037165 * 3
            = 0.210311150
    <BLANKLINE>
    The path: out ← net ← w
    <BLANKLINE>
    Its factors
      dout/dnet  0.070103717  = out * (1 - out)
      dnet/dw    3            = x
    <BLANKLINE>
    Step by step from out back to w
      dout/dnet = out * (1 - out)
                = 0.070103717
    <BLANKLINE>
      dout/dw = dout/dnet * dnet/dw
              = 0.0701037165 * 3
              = 0.210311150

Labelled Values are the stations, and what heads of attention without any label compute; what lies between them without a label is worked
into the factors. A `d` is a whole derivative. A `∂` leaves out what else depends: with `b = f(a)` and `y = a * b`, the factor ∂y/∂a on
the short path is b, while dy/da is the sum over both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, overload

from tinygrad_bp.core.order import changed_leaves, topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.attention import stations_of_attention
from tinygrad_bp.explanation.forward import Computation, compute
from tinygrad_bp.explanation.names import name_others
from tinygrad_bp.explanation.page import LatexPage, MarkdownPage, TextPage
from tinygrad_bp.explanation.showing import Showing
from tinygrad_bp.explanation.waypoints import Factor, Path, Quantity, Waypoints
from tinygrad_bp.text import did_you_mean, number_as_json, whole_number
from tinygrad_bp.words import words

SAFE_INTEGER = 2**53  # larger ones lose digits in many readers of JSON


@overload
def explain(y: Value, *, labelled_only: bool = True, language: str = "en") -> Computation: ...
@overload
def explain(
    y: Value, x: Value, *, max_paths: int = 16, labelled_only: bool = True, language: str = "en"
) -> Explanation: ...
def explain(
    y: Value, x: Value | None = None, *, max_paths: int = 16, labelled_only: bool = True, language: str = "en"
) -> Explanation | Computation:
    """The chain rule of y with respect to x; without an x, how y itself was computed.

    Args:
        y: the Value to explain.
        x: the Value to differentiate with respect to: any one that y was computed from, not only a leaf.
        max_paths: how many paths are listed at most; of more, those with the largest products by magnitude.
        labelled_only: whether paths run, and y was computed, through the labelled Values only; of heads of attention without any label
            through what they compute, `query_head1_at2_1`, `score_head1_at2_of1`. If False, through every node.
        language: in which it is said, "en" or "ja".

    Reads what was recorded: neither `grad` nor data changed since matters; the leaves of which it was are named. Where y does not depend
    on x, the derivative is 0 and there is no path. Raises TypeError if y or x is no Value or x a constant, or if `max_paths` is no whole
    number, and ValueError if it is below 1 and for another language.
    """
    words(language, "explain")
    for role, v in (("y", y), *([("x", x)] if x is not None else [])):
        if not isinstance(v, Value):
            raise TypeError(f"explain: {role} is a Value, not {type(v).__name__} {v!r:.60}{_labelled(y, v)}")
    if x is None:
        return compute(y, labelled_only=labelled_only, language=language)
    if isinstance(x, Constant):
        raise TypeError(
            f"explain: {x!r} is a constant of the expression; make it a Value to differentiate with respect to it"
        )
    max_paths = whole_number(max_paths, "explain: max_paths", 1)
    also = stations_of_attention(y)
    graph = Waypoints(y, [x], labelled_only, also)
    name_others(
        graph.names, also, also
    )  # a key that is not on the way stands in formulas by its name, as a label would
    changed = tuple(changed_leaves(topological_order(y, constants=False)))
    if not graph.depends:
        return Explanation(y, x, 0.0, (), 0, graph, changed, language)
    listed, count = graph.paths(x, max_paths)
    return Explanation(y, x, graph.total[x], tuple(map(graph.path, listed)), count, graph, changed, language)


def _labelled(y: Value, label: Any) -> str:
    """To end an error about a label in place of a Value: what Value is meant, or which labels are like it."""
    if not isinstance(label, str) or not isinstance(y, Value):
        return ""
    labels = [v.label for v in topological_order(y, constants=False) if v.label]
    if label in labels:
        return (
            f": hand in the Value that has this label, explain({y.label if y.label.isidentifier() else 'y'}, {label})"
        )
    return f": hand in the Value itself, not its label{did_you_mean(label, labels)}"


@dataclass(frozen=True, repr=False)
class Explanation(Showing):
    """What `explain` found. `str()`, the prompt and notebooks show it; `text`, `markdown`, `latex` and `to_dict` give it in these forms.

    Attributes:
        y, x: the two Values.
        total: dy/dx, the same number as `backward()` gives.
        paths: the listed paths, those with the largest products by magnitude first.
        path_count: how many paths there are, listed or not.
        graph: the graph between them, from which all is read.
        changed: the leaves under y whose data had been changed after it was used, when this was made: what follows from them is older.
        language: in which it is said if nothing else is asked for.
    """

    y: Value
    x: Value
    total: float
    paths: tuple[Path, ...] = field(repr=False)  # may be millions of factors long
    path_count: int = field(repr=False)  # may have more digits than Python prints
    graph: Waypoints = field(repr=False, compare=False)
    changed: tuple[Value, ...] = field(default=(), repr=False)
    language: str = field(default="en", repr=False)
    pages = (TextPage, MarkdownPage, LatexPage)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """The derivatives of y with respect to each Value on the way, from y back to x: each after those it is computed from."""
        return tuple(map(self.graph.quantity, self.graph.steps(self.x))) if self.path_count else ()

    @property
    def listed_share(self) -> float | None:
        """What share of the total the listed paths make; above 1 or below 0 where others cancel, None if the total is 0 or not finite."""
        share = (
            math.fsum(path.product for path in self.paths) / self.total
            if self.total and math.isfinite(self.total)
            else math.nan
        )
        return share if math.isfinite(share) else None

    @property
    def called(self) -> Mapping[Value, str]:
        """The names of all between y and x, and of what is under y."""
        return self.graph.names

    def name(self, node: Value) -> str:
        """What the explanation calls a Value: its label, made printable and unique, or y, x, v1, v2, ... where it has none.

        Raises KeyError for a Value that has no part in it.
        """
        return self.graph.names[node]

    def to_dict(self) -> dict[str, Any]:
        """The explanation as dictionaries, lists, strings and numbers, ready for JSON.

        Values stand there by the names that `name` gives, `labels` has their labels; `changed` has the leaves whose data is another by
        now than was used. Numbers that JSON does not know are the strings "nan", "inf" and "-inf"; a count of paths above 2**53 is a
        string too.
        """
        name = self.graph.names
        return {
            "y": name[self.y],
            "x": name[self.x],
            "symbol": self.graph.whole(self.x).symbol,
            "total": number_as_json(self.total),
            "depends": self.path_count > 0,
            "path_count": self.path_count if self.path_count <= SAFE_INTEGER else str(Decimal(self.path_count)),
            "listed_share": self.listed_share,
            "paths": [
                {
                    "nodes": [name[node] for node in path.nodes],
                    "factors": [self._factor(factor) for factor in path.factors],
                    "product": number_as_json(path.product),
                }
                for path in self.paths
            ],
            "quantities": [
                {
                    **self._factor(quantity.derivative),
                    "delta": quantity.delta or None,
                    "terms": [
                        {
                            "factors": [self._factor(factor) for factor in term.factors],
                            "value": number_as_json(term.value),
                        }
                        for term in quantity.terms
                    ],
                    "parts": [self._factor(part) for part in quantity.parts],
                }
                for quantity in self.quantities
            ],
            "changed": self.changed_data,
            "labels": {name[node]: node.label for node in reversed(self.graph.order)},
        }

    def _factor(self, factor: Factor) -> dict[str, Any]:
        name = self.graph.names
        return {
            "of": name[factor.of],
            "by": name[factor.by],
            "symbol": factor.symbol,
            "value": number_as_json(factor.value),
            "formula": factor.formula() or None,
        }
