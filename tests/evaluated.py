"""The equations of lessons, evaluated: what each row says, with fifty digits, and how far it may be off for the digits it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from mpmath import mp, mpf

from tests.references import REFERENCES
from tinygrad_bp import Value
from tinygrad_bp.explanation.names import enclosed
from tinygrad_bp.lessons.blocks import Block, Equation, Formula
from tinygrad_bp.lessons.derivation import Derivation

STEP = mpf(10) ** -25
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.(\d+))?(?:e([-+]\d+))?(?![\w.])")


def equations(blocks: Sequence[Block]) -> Iterator[Equation]:
    """All of them; matrices, in what is folded, are left to tests of their own."""
    yield from (block for block in blocks if isinstance(block, Equation))


class Evaluator:
    """The numbers of a derivation, found with fifty digits from the leaves alone, and texts evaluated with them."""

    def __init__(self, found: Derivation, extra: dict[str, Any] | None = None) -> None:
        self.found = found
        self.found_slopes: dict[Any, Any] = {}
        self.extra = {"eta": mpf(found.learning_rate or 0.0), **(extra or {})}
        self._classes()
        self.names = {name: v for v, name in found.names.items()} | {
            enclosed(name): v for v, name in found.names.items()
        }
        name = "|".join(re.escape(each) for each in sorted(self.names, key=len, reverse=True))
        deltas = {found.delta_name(v): v for v in found.graph.order if found.delta_name(v)}
        self.deltas = deltas
        delta = "|".join(re.escape(each) for each in sorted(deltas, key=len, reverse=True)) or r"(?!)"
        more = "|".join(re.escape(each) for each in sorted(self.extra, key=len, reverse=True)) or r"(?!)"
        self.symbol = re.compile(
            rf"(?<!\w)(?:(?P<more>{more})(?![\w'+\[])|(?P<kind>[d∂])(?P<of>{name})/[d∂](?P<by>{name})|(?P<delta>{delta})|(?P<name>{name})(?P<new>\+(?!\w))?)(?![\w\[])"
        )

    def _classes(self) -> None:
        """Of a cross entropy the probabilities and targets."""
        for v, share in self.found.shares.items():
            [layer] = [case[-1] for case in self.found.cases if any(unit.net is v for unit in case[-1])]
            weights = [mp.exp(self.data[unit.net]) for unit in layer]
            [place] = [k for k, unit in enumerate(layer) if unit.net is v]
            number = re.search(r"\[\d+\]$", self.found.names[v])
            name = layer[place].name + (number[0] if number else "")
            p = 1 / (1 + 1 / weights[place]) if share.alone else weights[place] / mp.fsum(weights)
            self.extra |= {f"p_{name}": p, f"{'t' if share.alone else 'y'}_{name}": mpf(share.target)}

    @cached_property
    def data(self) -> dict[Value, Any]:
        return self.forward({})

    def forward(self, given: dict[Value, Any]) -> dict[Value, Any]:
        values: dict[Value, Any] = {}
        for v in self.found.order:
            if v in given:
                values[v] = given[v]
            elif v.op is None:
                values[v] = mpf(v.data)
            else:
                operands = [values[x] if isinstance(x, Value) else mpf(x) for x in v.operands]
                values[v] = REFERENCES[v.op.name].value(*operands)
        return values

    def slope(self, of: Value, by: Value, *, whole: bool = True) -> Any:
        """By a central difference of fifty digits; with all other named Values held where they are if it is a partial one."""
        key = of, by, whole
        if key not in self.found_slopes:
            held = {} if whole else {v: self.data[v] for v in self.found.graph.order if v not in (of, by)}
            x = self.data[by]
            ends = [self.forward({**held, by: x + sign * STEP})[of] for sign in (1, -1)]
            self.found_slopes[key] = (ends[0] - ends[1]) / (2 * STEP)
        return self.found_slopes[key]

    def meaning(self, found: re.Match[str]) -> Any:
        loss = self.found.loss
        if found["more"]:
            return self.extra[found["more"]]
        if found["kind"]:
            of, by = self.names[found["of"]], self.names[found["by"]]
            return self.slope(of, by, whole=found["kind"] == "d")
        if found["delta"]:
            return self.slope(loss, self.deltas[found["delta"]])
        v = self.names[found["name"]]
        if found["new"]:
            return self.data[v] - mpf(self.found.learning_rate or 0.0) * self.slope(loss, v)
        return self.data[v]

    def evaluated(self, text: str) -> tuple[Any, Any]:
        """The number that a row says, and how far it may be off since the numbers in it were rounded to be shown."""
        values: list[Any] = []

        def put(x: Any) -> str:
            values.append(x)
            return f"V[{len(values) - 1}]"

        def symbol(found: re.Match[str]) -> str:
            return put(self.meaning(found))

        rounded: list[tuple[int, Any]] = []

        def literal(found: re.Match[str]) -> str:
            decimals, exponent = found[1] or "", int(found[2] or 0)
            if len(decimals) >= 5 or (found[2] and decimals):
                rounded.append((len(values), mpf(10) ** (exponent - len(decimals)) * mpf("0.51")))
            return put(mpf(found[0]))

        pieces = []
        place = 0
        for match in self.symbol.finditer(text):
            pieces.append(NUMBER.sub(literal, text[place : match.start()]))
            pieces.append(symbol(match))
            place = match.end()
        pieces.append(NUMBER.sub(literal, text[place:]))
        program = compile("".join(pieces).replace("∂", "d"), text, "eval")

        def run(numbers: list[Any]) -> Any:
            return eval(program, {**FUNCTIONS, "V": numbers})

        value = run(values)
        off = mpf(0)
        for k, unit in rounded:
            off += abs(run([*values[:k], values[k] + unit, *values[k + 1 :]]) - value)
        return value, off


def row_text(row: Sequence[Formula]) -> str:
    return " ".join(term.text for term in row)


def disagreements(
    found: Derivation, blocks: Sequence[Block], extra: dict[str, Any] | None = None
) -> tuple[int, list[str]]:
    """How many rows were evaluated, and those that do not say the number that is on their left."""
    with mp.workdps(60):
        evaluator = Evaluator(found, extra)
        count, wrong = 0, []
        for equation in equations(blocks):
            rows = [row_text(row) for row in equation.rows]
            if any(sign in text for text in rows for sign in "…→"):
                continue
            whole, _ = evaluator.evaluated(equation.left.text)
            for text in rows:
                value, off = evaluator.evaluated(text)
                count += 1
                if not abs(value - whole) <= 2 * off + mpf("1e-14") * (1 + abs(whole)):
                    wrong.append(f"{equation.left.text} = {text}: {mp.nstr(value, 15)}, not {mp.nstr(whole, 15)}")
    return count, wrong


FUNCTIONS: dict[str, Any] = {
    **{name: reference.value for name, reference in REFERENCES.items()},
    "logsumexp": lambda xs: REFERENCES["logsumexp"].value(*xs),
    "sum_of": lambda xs: REFERENCES["sum_of"].value(*xs),
    "pi": mp.pi,
    "step": lambda x: mpf(x > 0),
}
