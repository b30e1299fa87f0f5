"""What `diagnose` found, and how that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Value
from tinygrad_bp.diagnosis.digits import ALL_DIGITS, Rounding
from tinygrad_bp.diagnosis.names import called, number, written
from tinygrad_bp.diagnosis.paths import LayerGradients
from tinygrad_bp.explanation.setting import wrapped
from tinygrad_bp.shown import Shown
from tinygrad_bp.text import fenced, number_as_json, whole_number
from tinygrad_bp.words import Words, words


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is wrong, or about to be.

    Attributes:
        kind: "given", "overflow", "underflow", "inf-inf", "0*inf", "inf/inf", "undefined" of numbers; "0*inf gradient", "infinite slope",
            "undefined slope", "gradient overflow", "inf-inf gradient", "kink" of gradients; "no gradient", "dead", "saturated",
            "vanishing", "exploding" of what does not learn; "digits" of what rounding lost.
        node: where it began; None where an operation failed, so that there is no node.
        label: what the node is called: its label, else how it was computed.
        operation: the name of its operation; empty for a leaf.
        numbers: those that count, by what they are.
        nodes: all that have a part in it, `node` first.
        key, given: the sentence of the catalogues that says it, and what stands in its places.
        instead: what to write instead, as source code, where that is known.
        instead_key: a sentence that says so where it is no code.
        more: how many findings are like this one and left out.
    """

    kind: str
    node: Value | None
    label: str
    operation: str
    numbers: Mapping[str, float]
    nodes: tuple[Value, ...]
    key: str
    given: Mapping[str, Any]
    instead: str = ""
    instead_key: str = ""
    more: int = 0
    language: str = "en"

    @property
    def words(self) -> str:
        """It in a sentence."""
        return self.said_in(words(self.language))

    @said
    def __str__(self) -> str:
        return self.words

    @said
    def __repr__(self) -> str:
        return f"<{self.kind}: {self.words}>"

    def said_in(self, say: Words) -> str:
        """The same in a language."""
        given = {name: x(say) if callable(x) else x for name, x in self.given.items()}
        text = say(f"diagnosis.{self.key}", **given)
        return f"{text} {say('diagnosis.more', count=self.more)}" if self.more else text

    def advice_in(self, say: Words) -> str:
        """What to write instead, in a sentence; empty where nothing is known."""
        if self.instead_key:
            return say(f"diagnosis.instead.{self.instead_key}")
        return say("diagnosis.instead", code=self.instead) if self.instead else ""

    def to_dict(self, language: str | None = None) -> dict[str, Any]:
        """It as plain data for JSON."""
        say = words(language or self.language)
        return {
            "kind": self.kind,
            "label": self.label,
            "operation": self.operation,
            "data": None if self.node is None else number_as_json(self.node.data),
            "numbers": {name: number_as_json(x) for name, x in self.numbers.items()},
            "nodes": [called(node) for node in self.nodes],
            "words": self.said_in(say),
            "instead": self.instead or self.advice_in(say),
            "more": self.more,
        }


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Shown):
    """What `diagnose` found. True if that is nothing.

    `str()`, the prompt and notebooks show it in words.

    Attributes:
        y: what was looked at; None where it could not be computed.
        findings: the first weighs most.
        rounding: how many digits are left, and which operations lost them; None where a number or a gradient is not finite.
        layers: how large gradients are, layer by layer, where neurons were found.
        changed: the names of leaves whose data was changed after it was used.
        language: in which it is said if nothing else is asked for.
    """

    y: Value | None
    findings: tuple[Finding, ...]
    rounding: Rounding | None
    layers: tuple[LayerGradients, ...]
    changed: tuple[str, ...]
    language: str = "en"

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __bool__(self) -> bool:
        return self.ok

    @property
    def digits(self) -> float | None:
        """How many digits are left in y, had every operation rounded at its worst; None where nothing can be said."""
        return self.rounding.digits if self.rounding else None

    @property
    def bound(self) -> float | None:
        """By how much rounding moved y at most, to first order; None where nothing can be said."""
        return self.rounding.bound if self.rounding else None

    @property
    def shares(self) -> dict[Value, float]:
        """For each operation that may have lost digits of y its share of that."""
        return dict(self.rounding.shares) if self.rounding else {}

    @property
    def nodes(self) -> tuple[Value, ...]:
        """All that have a part in a finding."""
        return tuple(dict.fromkeys(node for finding in self.findings for node in finding.nodes))

    @said
    def text(self, *, width: int = 80, language: str | None = None) -> str:
        """It for a terminal.

        Args:
            width: how many columns that has.
            language: "en" or "ja"; if nothing is said, that in which it was asked for.

        Raises TypeError if the width is no whole number, ValueError for one below 20 and for another language.
        """
        width = whole_number(width, "diagnose: width", 20)
        say = words(language or self.language)
        lines = wrapped(self._heading(say), width)
        if not self.findings:
            lines += wrapped(say("diagnosis.nothing"), width)
        for place, finding in enumerate(self.findings, 1):
            head = f"{place}. "
            for text in filter(None, (finding.said_in(say), finding.advice_in(say))):
                broken = wrapped(text, width - len(head))
                lines += [(head if k == 0 else " " * len(head)) + line for k, line in enumerate(broken)]
                head = " " * len(head)
        if self.changed:
            lines += wrapped(say("diagnosis.changed", names=say.listed(list(self.changed))), width)
        return "\n".join(lines)

    @said
    def markdown(self, *, language: str | None = None) -> str:
        """It as it stands, in a block that no label can end. Raises ValueError for another language."""
        return fenced(self.text(language=language))

    def _heading(self, say: Words) -> str:
        if self.y is None:
            return say("diagnosis.heading.none")
        y = {"y": called(self.y), "number": number(self.y.data)}
        if self.rounding is None:
            return say("diagnosis.heading", **y)
        if not self.rounding.worst:
            return say("diagnosis.heading.exact", **y)
        return say(
            "diagnosis.heading.digits", digits=f"{self.rounding.digits:.1f}", bound=f"{self.rounding.bound:.1e}", **y
        )

    def to_dict(self, language: str | None = None) -> dict[str, Any]:
        """It as plain data for JSON: numbers, texts, lists and dictionaries; infinities and NaN as "inf", "-inf" and "nan"."""
        rounding = self.rounding
        return {
            "ok": self.ok,
            "y": None if self.y is None else {"name": called(self.y), "data": number_as_json(self.y.data)},
            "findings": [finding.to_dict(language or self.language) for finding in self.findings],
            "digits": None
            if rounding is None
            else {
                "left": rounding.digits,
                "of": ALL_DIGITS,
                "bound": number_as_json(rounding.bound),
                "worst": number_as_json(rounding.worst),
                "contributions": [
                    {
                        "name": called(each.node),
                        "formula": written(each.node),
                        "share": each.share,
                        "amount": each.amount,
                    }
                    for each in rounding.contributions
                ],
                "conditions": [
                    {"name": called(x), "condition": number_as_json(condition)}
                    for x, condition in rounding.conditions.items()
                ],
            },
            "layers": [{"depth": each.depth, "weights": each.count, "gradient": each.size} for each in self.layers],
            "changed": list(self.changed),
        }
