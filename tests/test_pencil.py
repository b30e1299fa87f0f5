"""Rows of numbers can be followed with a pencil: what the digits shown come to, rounded, is the result that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from tests.evaluated import equations
from tinygrad_bp import MLP, Value, cross_entropy, exercise, explain, lesson, squared_error, topological_order
from tinygrad_bp.explanation.pencil import adding_up, multiply, to_follow, value_of
from tinygrad_bp.lessons.blocks import Block, Folded


def named(loss: Value) -> Value:
    loss.label = "E"
    return loss


def network(seed: int, last: str | None) -> Value:
    net = MLP(2, [3, 2], activation=["tanh", last], seed=seed)
    outputs = net([Value(0.31 + 0.1 * seed, "i1"), Value(0.7, "i2")])
    targets = [Value(0.0, "target_o1"), Value(1.0, "target_o2")]
    return named(squared_error(outputs, targets) if last else cross_entropy(outputs, targets))


NETWORKS = {f"{last} {seed}": network(seed, last) for seed in range(3) for last in ("sigmoid", None)}


def unlike(shown: str, result: str) -> bool:
    """Whether what is shown comes to another number than the result, as far as that is shown."""
    x = value_of(shown)
    if x is None or not re.fullmatch(r"-?\d[\d.]*(e[-+]\d+)?", result):
        return False
    last = Decimal(result).as_tuple().exponent
    assert isinstance(last, int)
    unit = 10.0 ** max(last, -12) if last else 1e-9  # what is exact has no decimals
    return abs(x - float(result)) > 0.5000001 * unit


def pairs(rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Each row with the result, and each product with the summand below it."""
    for k, row in enumerate(rows[:-1]):
        yield " ".join(row), " ".join(rows[-1])
        if 1 < len(row) == len(rows[k + 1]):
            yield from (
                (above.removeprefix("+ "), below) for above, below in zip(row[:1], rows[k + 1][:1], strict=True)
            )
            signed = [
                (a[2:], b[2:] if b[0] == "+" else f"-{b[2:]}") for a, b in zip(row[1:], rows[k + 1][1:], strict=True)
            ]
            yield from ((above, below) for above, below in signed if " * " in above)


def wrong(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    found = [pair for each in equations(blocks) for pair in pairs([[x.text for x in row] for row in each.rows])]
    assert sum(value_of(above) is not None for above, _ in found) > 20
    return [pair for pair in found if unlike(*pair)]


@pytest.mark.parametrize("digits", [4, 6, 9])
@pytest.mark.parametrize("name", NETWORKS)
def test_lessons_can_be_followed_with_a_pencil(name: str, digits: int) -> None:
    assert wrong(lesson(NETWORKS[name], lr=0.5, digits=digits).blocks) == []


@pytest.mark.parametrize("name", NETWORKS)
def test_keys_of_sheets_can_be_followed_with_a_pencil(name: str) -> None:
    sheet = exercise(NETWORKS[name], seed=2, lr=0.5)
    assert wrong([block for each in sheet.key.blocks if isinstance(each, Folded) for block in each.blocks]) == []


@pytest.mark.parametrize("digits", [4, 9])
@pytest.mark.parametrize("name", NETWORKS)
def test_explanations_can_be_followed_with_a_pencil(name: str, digits: int) -> None:
    loss = NETWORKS[name]
    first = next(v for v in topological_order(loss) if v.label == "w1")
    for found in (explain(loss, first), explain(loss)):
        rows = re.findall(
            r"^ *(?:\S+ )?= (.*)\n *= (-?[\d.]+(?:e[-+]\d+)?)$", found.text(digits=digits, width=200), re.MULTILINE
        )
        assert len(rows) > 4
        assert [row for row in rows if unlike(*row)] == []


def test_a_row_has_more_digits_only_if_it_needs_them() -> None:
    def shown(factors: Sequence[float], digits: int) -> list[str]:
        result = factors[0] * factors[1]
        return to_follow(
            lambda more: [f"{x:.{more}f}" for x in factors], lambda texts: multiply([texts], [result], digits), digits
        )

    assert shown([0.741365, 0.186816], 2) == ["0.74", "0.19"]  # 0.1406, and it is 0.1385
    assert shown([0.036350306, 0.241300709], 4) == ["0.03635", "0.24130"]
    assert adding_up([0.124, 0.124], 0.248, 2) == 3


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.5 * (-1.5)", -0.75), ("2 / 3 - 1 / 3", 1 / 3), ("(1 - 0.5 ** 2)", 0.75), ("sigmoid(0) * exp(0)", 0.5)],
)
def test_rows_are_computed_as_they_are_written(text: str, number: float) -> None:
    assert value_of(text) == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    "text", ["w5 * 2", "1 / 0", "… 12 …", "__import__('os')", "f(1)", "9 ** 9 ** 9 ** 9", "(" * 900, "'a' * 3", ""]
)
def test_what_is_no_number_is_not_computed(text: str) -> None:
    assert value_of(text) is None


NUMBER = r"[-(]*\d+(?:\.\d+)?\)*"
EQUATION = re.compile(rf"((?:{NUMBER}\s*[-+*/]\s*)+{NUMBER})\s*=\s*(-?\d+(?:\.\d+)?)(?![\d.]*\s*[-+*/])")


def test_what_pages_say_of_numbers_can_be_followed_with_a_pencil() -> None:
    docs = Path(__file__).parent.parent / "docs"
    told = 0
    for page in sorted(docs.rglob("*.md")):
        text = page.read_text(encoding="utf-8").translate(str.maketrans("·−", "*-", "`"))
        for line in text.splitlines():
            for shown, result in EQUATION.findall(line):
                x = value_of(shown)
                told += x is not None
                decimals = len(result.partition(".")[2])
                assert x is None or abs(x - float(result)) <= 0.5000001 * 10.0**-decimals, f"{page.name}: {line}"
    assert told > 60
