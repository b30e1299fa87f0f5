"""The one list of mistakes that people make: `mistakes.json`, which the quiz of the page reads, too.

Attributes:
    slopes: what is easily taken for the slope of an operation, as formulas of its operand ⟦0⟧ and its result ⟦1⟧.
    by_result: the slopes of operations as textbooks have them, by the result: right numbers if that is.
    factor: what is done wrong with a factor of a product, and to which power it then stands in it.
    summand: what is done wrong with a summand, and how often it is then missing from the sum.
    whole: by which share a derivative is off where the 2 of a square or the division by 2 is forgotten.
    slips: what is done wrong with any number, and what it is then multiplied by.
    page: the mistakes that the page knows, and whose texts it holds.
    least_digits, most_named: from how many digits on a mistake is named, and how many are for one answer.
    rounded_share: numbers that differ by no more than this share agree in two digits.

How each is called to people stands in the catalogues of words, section `mistake`.
"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tinygrad_bp.lessons.blocks import Formula

PATH = Path(__file__).parent / "mistakes.json"
_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


@cache
def mistakes() -> dict[str, Any]:
    """The list, as it stands in the file."""
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Mistake:
    """A mistake, and what comes out of it.

    Attributes:
        key: how it is called; the text of the catalogue of this name says it.
        value: the number that it leads to.
        rank: the likelier one has the smaller.
        about: what its text names.
        text: which text says it, if not that of its key.
        kind: what a class is told that it is, if not its key.
    """

    key: str
    value: float
    rank: float
    about: Mapping[str, Formula | str] = field(default_factory=dict)
    text: str = ""
    kind: str = ""


def evaluated(template: str, operand: float, result: float) -> float:
    """The number of a formula of the list. Raises ArithmeticError where it has none."""
    tree = ast.parse(template.replace("⟦0⟧", "net").replace("⟦1⟧", "out"), mode="eval").body

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Name):
            return operand if node.id == "net" else result
        assert isinstance(node, ast.Constant)
        return float(node.value)  # type: ignore[arg-type]

    return value(tree)


def named(template: str, operand: str, result: str) -> str:
    """A formula of the list with names."""
    return template.replace("⟦0⟧", operand).replace("⟦1⟧", result)
