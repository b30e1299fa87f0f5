"""The forward pass, written out: how a Value came about, each labelled quantity on the way as symbols, numbers and result.

    >>> from tinygrad_bp.core.value import Value
    >>> w, x, b = Value(0.5, "w"), Value(3.0, "x"), Value(-1.0, "b")
    >>> net = w * x + b
    >>> net.label = "net"
    >>> out = net.sigmoid()
    >>> out.label = "out"
    >>> print(compute(out))
    net = w * x + b
        = 0.5 * 3 - 1
        = 0.5
    <BLANKLINE>
    out = sigmoid(net)
        = sigmoid(0.5)
        = 0.622459331

What lies between labelled Values without a label is worked into their formulas. Where such a formula would be too long to read, a part of
it gets a name, v1, v2, ..., and a line of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tinygrad_bp.core.order import changed_leaves, topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.attention import stations_of_attention
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explanation.names import name_others, unique_names
from tinygrad_bp.explanation.ordering import by_number
from tinygrad_bp.explanation.parts import parts
from tinygrad_bp.explanation.pencil import comes_to, to_follow, value_of
from tinygrad_bp.explanation.setting import LatexSetting, MarkdownSetting, Row, TextSetting
from tinygrad_bp.explanation.showing import Showing
from tinygrad_bp.text import number_as_json

Terms = Sequence[tuple[bool, Sequence[str]]]  # of a sum: whether it is subtracted, and the factors of a product


@dataclass(frozen=True)
class ComputedStep:
    """How one Value was computed from others that have names.

    Attributes:
        of: the Value.
        terms: what it is the sum of: whether it is subtracted, and the factors of a product, in names; a factor that is too long to
            write is empty.
        value: the number.
    """

    of: Value
    terms: tuple[tuple[bool, list[str]], ...]
    value: float


@dataclass(frozen=True, repr=False)
class Computation(Showing):
    """What `explain(y)` found. `str()`, the prompt and notebooks show it; `text`, `markdown`, `latex` and `to_dict` give it in these forms.

    Attributes:
        y: the Value.
        nodes: the Values that are computed on the way, in order, y last.
        names: of these and of the leaves.
        invented: those that have a name though they have no label.
        changed: the leaves whose data had been changed after it was used, when this was made: what follows from them is older.
        language: in which it is said if nothing else is asked for.
    """

    y: Value
    nodes: tuple[Value, ...] = field(repr=False)
    names: dict[Value, str] = field(repr=False)
    invented: tuple[Value, ...] = field(repr=False)
    changed: tuple[Value, ...] = field(default=(), repr=False)
    language: str = "en"

    @cached_property
    def steps(self) -> tuple[ComputedStep, ...]:
        """How each was computed."""
        writer = FormulaWriter(self.names, leaves_as_numbers=True)
        return tuple(ComputedStep(v, tuple(writer.terms(v)), v.data) for v in self.nodes)

    @property
    def called(self) -> Mapping[Value, str]:
        """The names of the Values and of the leaves."""
        return self.names

    def to_dict(self) -> dict[str, Any]:
        """The computation as dictionaries, lists, strings and numbers, ready for JSON. Each step has its `formula` as a sum of `terms`,
        each a list of factors; the formula is None where a factor is too long to write."""
        return {
            "y": self.names[self.y],
            "value": number_as_json(self.y.data),
            "steps": [
                {
                    "name": self.names[step.of],
                    "operation": step.of.op.name if step.of.op else None,
                    "terms": [{"subtracted": negative, "factors": factors} for negative, factors in step.terms],
                    "formula": _joined(step.terms),
                    "value": number_as_json(step.value),
                }
                for step in self.steps
            ],
            "given": {
                self.names[v]: number_as_json(v.data)
                for v in topological_order(self.y, constants=False)
                if v.op is None and v in self.names
            },
            "changed": self.changed_data,
            "labels": {self.names[v]: v.label for v in self.names},
        }


def compute(y: Value, *, labelled_only: bool = True, language: str = "en") -> Computation:
    """How `y` came about: each labelled Value on the way as symbols, numbers and result. This is what `explain(y)` returns.

    Raises what `explain` raises.
    """
    order = topological_order(y, constants=False)
    names = unique_names(v for v in order if v.label)
    also = stations_of_attention(y)
    nodes = [v for v in order if v.op is not None and (v is y or not labelled_only or v in names or v in also)]
    if labelled_only:
        wanted = {*nodes, *parts(order, {*names, *also})}
        nodes = [v for v in order if v in wanted]
    told = by_number(order, names)
    chosen = set(nodes)
    nodes = [v for v in told if v in chosen]
    # A leaf without a label stands in formulas as its number.
    invented = name_others(names, nodes, {y: "y", **also})
    return Computation(y, tuple(nodes), names, tuple(invented), tuple(changed_leaves(order)), language)


def _joined(terms: Terms) -> str | None:
    if not all(factor for _, factors in terms for factor in factors):
        return None
    text = ""
    for k, (negative, factors) in enumerate(terms):
        product = _product(factors, " * ", first=not k and not negative)
        text += ("-" if negative else "") + product if not k else (" - " if negative else " + ") + product
    return text


def _product(factors: Sequence[str], times: str, *, first: bool = False) -> str:
    """The product as text, factors with a minus sign in parentheses but where they are the `first` of all."""
    return times.join(f"({x})" if x.startswith("-") and not (first and not k) else x for k, x in enumerate(factors))


class ForwardTextPage(TextSetting):
    """The computation as plain text."""

    def __init__(self, computation: Computation, digits: int, width: int, language: str) -> None:
        self.computation = computation
        self.writers: dict[tuple[bool, int], FormulaWriter] = {}
        super().__init__(computation.names, digits, width, language)

    def write(self) -> None:
        found = self.computation
        if found.changed:
            self.changed(found.changed_names)
        if not found.nodes:  # a leaf
            self.equation(self.name(found.y).strip("$"), [[[self.number(found.y.data)]]])
            self.sentence(self.say("explain.given", y=self.name(found.y)))
        symbols = FormulaWriter(self.names, latex=self.latex, leaves_as_numbers=True)
        steps: list[Value | str] = self.shown(found.nodes, lambda v: v, str)
        for v in steps:
            if isinstance(v, str):
                self.sentence(self.inline(v))
                continue
            rows = [self.row(symbols.terms(v)), self.row(self.in_numbers(v))]
            rows = [row for row in rows if row]
            rows.append([[self.number(v.data)]])
            self.equation(self.name(v).strip("$"), [row for k, row in enumerate(rows) if row not in rows[:k]])

    def in_numbers(self, v: Value) -> Terms:
        """What a Value is the sum of in numbers, with so many digits that with a pencil it is the Value."""

        def written(digits: int) -> tuple[Terms, Terms]:
            for latex in {False, self.latex}:
                if (latex, digits) not in self.writers:
                    self.writers[latex, digits] = FormulaWriter(
                        self.names, latex=latex, leaves_as_numbers=True, digits=digits
                    )
            return self.writers[False, digits].terms(v), self.writers[self.latex, digits].terms(v)

        def agrees(found: tuple[Terms, Terms]) -> bool:
            text = _joined(found[0])
            return text is None or comes_to(value_of(text), v.data, self.digits)

        return to_follow(written, agrees, self.digits)[1]

    def row(self, terms: Terms) -> Row:
        """One side of an equation; none where a term is too long to write."""
        if not all(factor for _, factors in terms for factor in factors):
            return []

        def piece(term: tuple[bool, Sequence[str]]) -> list[str]:
            negative, factors = term
            return [f"-{_product(factors, self.times)}"] if negative else list(factors)

        return self.shown(terms, piece, lambda more: [more])


class ForwardMarkdownPage(MarkdownSetting, ForwardTextPage):
    """The same in Markdown, with formulas in LaTeX."""


class ForwardLatexPage(LatexSetting, ForwardMarkdownPage):
    """The same as a LaTeX document."""


Computation.pages = (ForwardTextPage, ForwardMarkdownPage, ForwardLatexPage)
