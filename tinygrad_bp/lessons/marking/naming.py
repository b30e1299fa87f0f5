"""Which quantity is meant: `dE/dw5`, `∂E_total / ∂w5`, `grad w5`, `delta_o1`, `δo1`, `net h1`, `w5 new`, a Value, a pair of Values."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import spelled
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.text import Advice, Argument, listed, shown

LOSSES = (
    "e",
    "l",
    "loss",
    "error",
    "c",
    "cost",
    "j",
    "etotal",
    "eges",
    "totalerror",
    "totalloss",
)  # as a loss is often called
MOST_NEAR = 3
_NEW = re.compile(
    r"^(?:new|updated)[ _]*(.+)$|^(.+?)(?:[ _]*\(?(?:new|updated|after)\)?|\s*(?:\^?\{?\+\}?|'|′|\*))$", re.IGNORECASE
)
_GRAD = re.compile(
    r"^(?:grad(?:ient)?|∇|nabla|勾配)[ _]*(?:of[ _]+)?(.+)$|^(.+?)(?:(?:\.|[ _])grad(?:ient)?|の勾配)$", re.IGNORECASE
)
_OF_LOSS = re.compile(r"^d[ _]*(.+)$", re.IGNORECASE)  # dw5, as people write who differentiate nothing but the loss
_CASES = (r"(?<=\w)\s?\((\d+)\)", r"(?<=\w)_(\d+)(?!\w)")
_PARTIAL = re.compile(r"[∂\N{MATHEMATICAL ITALIC PARTIAL DIFFERENTIAL}]|\\partial")
_DELTA = re.compile(r"^(?:delta|δ)[ _]*\(?(.+?)\)?$", re.IGNORECASE)


class Names:
    """The quantities of a derivation by all names that they go by.

    `found(key)` gives the step of a name. It raises KeyError, whose first argument is what the error is to say, for an unknown name.
    """

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self._by_key: dict[str, dict[str, list[Value]]] = {}
        for v, name in derivation.names.items():
            kinds = {"exact": name, "bare": bare(name), "folded": bare(name).casefold(), "spelled": bare(spelled(name))}
            for kind, key in kinds.items():
                self._by_key.setdefault(kind, {}).setdefault(key, []).append(v)

    def found(self, key: Any) -> Step:
        """The quantity that is meant. Raises KeyError as said above, TypeError for a key that is no name."""
        if isinstance(key, Value):
            return self._of_value(key)
        if isinstance(key, tuple) and len(key) == 2 and all(isinstance(v, Value) for v in key):
            of, by = (self._known(v) for v in key)
            if self._is_turned(of, by):
                raise KeyError(self.derivation.derivative_name(of, by) + self._hint([self._derivative(by, of).name]))
            return self._derivative(of, by)
        if not isinstance(key, str):
            raise TypeError(
                f"mark: a quantity is called by a name, a Value or a pair of Values, not {type(key).__name__} {shown(key)}"
            )
        step = self._meant(key) or self._written_otherwise(key)
        if step is None:
            raise KeyError(f"{shown(key)}{self._near(key)}")
        return step

    def name_of(self, key: str) -> str | None:
        """The name of the quantity that is meant; None for a name that nothing has."""
        try:
            return self.found(key).name
        except KeyError:
            return None

    # Values

    def _known(self, v: Value) -> Value:
        if v not in self.derivation.names:
            raise KeyError(
                f"{shown(v)}, which {self.derivation.names[self.derivation.loss]} was not computed from, or which has no label"
            )
        return v

    def _of_value(self, v: Value) -> Step:
        """What is asked for by a Value: how it was computed; of a leaf, which was given, the derivative with respect to it."""
        self._known(v)
        found = self.derivation
        if v.op is None:
            return self._derivative(found.loss, v)
        return Step(found.names[v], "value", v.data, v)

    def _derivative(self, of: Value, by: Value) -> Step:
        found = self.derivation
        if of is found.loss and (delta := found.delta_name(by)):
            return Step(delta, "delta", found.between(of, by).value, of, by)
        return found.between(of, by)

    # Names

    def _meant(self, text: str) -> Step | None:
        found = self.derivation
        plain = plain_name(text)
        for name in (text, plain):
            if name in found:
                step = found[name]
                return step if step.kind != "value" else self._of_value(step.of)
        if (v := self._value(plain)) is not None:
            return self._of_value(v)
        if (pair := self._quotient(plain)) is not None:
            if self._is_turned(*pair):
                return None
            # Of the loss by a leaf ∂ is what textbooks write for the whole.
            part = found.direct(*pair) if _PARTIAL.search(text) and pair[0] is not pair[1] else None
            of_leaf = pair[0] is found.loss and pair[1].op is None
            return part if part is not None and part.direct and not of_leaf else self._derivative(*pair)
        if (match := _DELTA.match(plain)) and (v := self._delta(match[1])) is not None:
            return self._derivative(found.loss, v)
        if (match := _GRAD.match(plain)) and (v := self._bracketed(match[1] or match[2])) is not None:
            return self._derivative(found.loss, v)
        if (match := _NEW.match(plain)) and (v := self._value(match[1] or match[2])) is not None:
            if v.op is not None:
                return None
            if found.learning_rate is None:
                said = f"{shown(text)}, a parameter after the update, which needs the learning rate: give "
                raise KeyError(Advice(said, Argument("lr", "")))
            return found.updated(v)
        if (match := _OF_LOSS.match(plain)) and (v := self._value(match[1])) not in (None, found.loss):
            assert v is not None
            return self._derivative(found.loss, v)
        return self._joined(plain)

    def _written_otherwise(self, text: str) -> Step | None:
        """What is meant where Greek letters are written by their names or as letters, and a case as o1(2) or o1_2 in place of o1[2]."""
        plain = plain_name(text)
        for letters in dict.fromkeys((plain, spelled(plain))):
            forms = [letters, *(re.sub(form, r"[\1]", letters) for form in _CASES)]
            for form in dict.fromkeys(forms):
                if form != plain and (step := self._meant(form)) is not None:
                    return step
        return None

    def _joined(self, plain: str) -> Step | None:
        """The derivative that is meant by `dE_dw5`, as programs have it, or `dEdw5`."""
        if plain[:1].casefold() != "d":
            return None
        found = []
        for place in range(2, len(plain)):
            if plain[place].casefold() == "d":
                of, by = (self._value(_unwrapped(side.strip(" _"))) for side in (plain[1:place], plain[place + 1 :]))
                if of is not None and by is not None and of is not by and not self._is_turned(of, by):
                    found.append(self._derivative(of, by))
        return found[0] if len(found) == 1 else None

    def _is_turned(self, of: Value, by: Value) -> bool:
        """Whether a quotient is upside down: what is differentiated is what the other one is computed from."""
        return of is not by and of in self.derivation.below(by)

    def _bracketed(self, name: str) -> Value | None:
        """The Value of a name that may stand in brackets, as in grad(w5); those of a case, as in w[1], are its own."""
        name = name.strip()
        inner = name[1:-1] if (name[:1], name[-1:]) in (("(", ")"), ("[", "]"), ("{", "}")) else name
        v = self._value(name)
        return v if v is not None else self._value(inner)

    def _value(self, name: str) -> Value | None:
        """The Value of a name; of names that are alike but for their case the one that is written so. None for no or several."""
        name = name.strip()
        kinds = {"exact": name, "bare": bare(name), "folded": bare(name).casefold(), "spelled": bare(spelled(name))}
        for kind, key in kinds.items():
            values = self._by_key.get(kind, {}).get(key, [])
            if values:
                return values[0] if len(values) == 1 else None
        return self.derivation.loss if bare(name).casefold() in LOSSES else None

    def _quotient(self, plain: str) -> tuple[Value, Value] | None:
        """What is differentiated, and with respect to what."""
        for place, sign in enumerate(plain):
            if sign != "/":
                continue
            pair = []
            for side in (plain[:place], plain[place + 1 :]):
                side = side.strip()
                inner = re.match(r"^d\s*(.+)$", side, re.IGNORECASE)
                v = self._value(_unwrapped(inner[1])) if inner else None
                if v is None:
                    break
                pair.append(v)
            if len(pair) == 2:
                return pair[0], pair[1]
        return None

    @cached_property
    def _deltas(self) -> dict[str, Value]:
        found = self.derivation
        named = [(v, found.delta_name(v)) for v in found.order if v in found.names and found.delta_name(v)]
        return {bare(name.removeprefix("delta_")).casefold(): v for v, name in named}

    def _delta(self, name: str) -> Value | None:
        v = self._deltas.get(bare(name).casefold())
        if v is not None:
            return v
        v = self._value(name)  # delta net_h1, or the delta of an output
        return v if v is not None and v.op is not None else None

    # Near ones

    @cached_property
    def known(self) -> list[str]:
        """The names that are listed where one is unknown."""
        return list(dict.fromkeys([step.name for step in self.derivation.steps]))

    def near(self, text: str) -> list[str]:
        """The names that are near one that nothing has."""
        if (pair := self._quotient(plain_name(text))) is not None:  # known, but upside down
            return [self._derivative(*pair[::-1]).name]
        names: dict[str, str] = {}
        for name in self.known:
            names.setdefault(folded(name), name)
        near = difflib.get_close_matches(folded(text)[:200], names, MOST_NEAR, 0.5)
        return [names[each] for each in near]

    def _near(self, text: str) -> str:
        return self._hint(self.near(text))

    def _hint(self, near: list[str]) -> str:
        if near:
            return f" (near it: {listed(near, 'or')})"
        return f" (there are {listed([*self.known[:MOST_NEAR], '…'])})"


def bare(name: str) -> str:
    """A name without blanks and the signs that join words."""
    return re.sub(r"[\s_,{}\\^]+", "", name)


def folded(name: str) -> str:
    """A name as it is compared."""
    return bare(plain_name(name)).casefold()


def _unwrapped(name: str) -> str:
    name = name.strip()
    return name[1:-1] if name.startswith("(") and name.endswith(")") else name


def plain_name(text: str) -> str:
    """Full-width signs, Greek letters and LaTeX as plain ones."""
    text = unicodedata.normalize("NFKC", text.replace("⁺", "+")).strip().strip("$").strip()
    text = re.sub(r"\\(?:mathrm|text|operatorname|left|right)\b", "", text)
    text = re.sub(r"\\d?frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1/\2", text)
    text = re.sub(r"\\partial\b|[∂\N{MATHEMATICAL ITALIC PARTIAL DIFFERENTIAL}]", "d ", text)
    text = re.sub(r"\\delta\b|[δΔ]", "delta_", text)
    text = text.replace("÷", "/").replace("\N{FRACTION SLASH}", "/").replace("\N{DIVISION SLASH}", "/")
    return re.sub(r"\s+", " ", text).strip()


def order_of(derivation: Derivation, steps: Iterable[Step]) -> list[Step]:
    """Steps in the order in which they are derived: forward, backward, update."""
    listed_at = {step.name: place for place, step in enumerate(derivation.steps)}
    place = derivation.place
    beside = derivation.probabilities
    # A probability comes after the net inputs of its softmax, and before what is computed from these.
    after = {beside.of[net]: max(map(place.__getitem__, layer)) + 0.5 for layer in beside.layers for net in layer}
    back = {v: k for k, v in enumerate(derivation.backward)}

    def key(step: Step) -> tuple[float, float, float]:
        stage = {"value": 0, "derivative": 1, "delta": 1, "update": 2}[step.kind]
        if step.kind == "value":
            return stage, after.get(step.of, place.get(step.of, 0)), 0
        assert step.by is not None
        down = back.get(step.by, len(place) - place.get(step.by, 0))
        # Along all ways it comes after the direct part of it, and before what it is a factor of.
        before = listed_at.get(derivation.derived(step.by).name, 0) - 0.5
        return stage, down, listed_at.get(step.name, before)

    return sorted(steps, key=key)
