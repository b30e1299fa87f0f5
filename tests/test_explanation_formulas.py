"""The formulas of derivatives, and how names and numbers are written in explanations."""

import ast
import json
import math
import random
import re
from typing import Any

import pytest

from tests.explained import named, network, random_graph
from tests.labels import HOSTILE
from tinygrad_bp import ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation import Explanation, explain
from tinygrad_bp.explanation.formulas import TEXTBOOK
from tinygrad_bp.explanation.names import columns, latex_name, number, short_name

# Formulas


def evaluate(formula: Any, values: Any) -> Any:
    functions = {name: getattr(ops, name) for name in ops.OPERATIONS}
    return eval(compile(ast.parse(formula, mode="eval"), "formula", "eval"), functions, values)


def test_the_formula_of_every_operation_gives_its_number() -> None:
    checked = set()
    for op in ops.OPERATIONS.values():
        box = op.domain.boxes[0] * (4 if op.arity is None else 1) if op.domain.boxes else ()
        start = 1.3 if op is ops.acosh else 0.3
        operands = [
            Value(max(low, min(high, start + 0.25 * k)), "abcdefgh"[k]) for k, (low, high) in enumerate(box[:4])
        ]
        if op.arity is None:
            y = op(operands) if getattr(op, "sequences", 1) == 1 else op(operands[:2], operands[2:4])
        elif len(operands) == op.arity:
            y = op(*operands)
        else:
            continue
        y.label = "y"
        numbers = {v.label: v.data for v in [*operands, y]}
        for x in operands if y.op is op else []:
            e = explain(y, x)
            formula = e.paths[0].factors[0].formula()
            if formula:
                checked.add(op)
                assert evaluate(formula, numbers) == pytest.approx(e.total, rel=1e-9, abs=1e-12), (op, formula)


@pytest.mark.parametrize("op", TEXTBOOK, ids=lambda op: op.name)
def test_textbook_forms_are_the_rules_of_the_table(op: Any) -> None:
    rng = random.Random(op.name)
    for _ in range(50):
        operands = [rng.uniform(0.05, 0.95) + (op is ops.acosh) for _ in range(op.arity or 3)]
        y = op.compute(operands)
        assert TEXTBOOK[op].derivatives(y, operands) == pytest.approx(op.derivatives(y, operands), rel=1e-9)


def test_formulas_through_unlabelled_nodes_give_the_numbers() -> None:
    rng = random.Random(2)
    seen = 0
    for _ in range(40):
        nodes = random_graph(rng, 8, 0.5)
        e = explain(named(nodes[-1], "out"), nodes[0])
        values = {v.label: v.data for v in topological_order(nodes[-1]) if v.label}
        for factor in (f for path in e.paths for f in path.factors):
            if formula := factor.formula():
                seen += 1
                assert evaluate(formula, values) == pytest.approx(factor.value, rel=1e-8, abs=1e-12), formula
    assert seen > 40


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda x: x * x, "2 * x"),
        (lambda x: x**3, "3 * x ** 2"),
        (lambda x: 0.5 * (1.0 - x) ** 2, "-(1 - x)"),
        (lambda x: x * x * x, "3 * x * x"),
        (lambda x: x.log(), "1 / x"),
        (lambda x: 1.0 / x, "-y / x"),
        (lambda x: x.sqrt(), "1 / (2 * y)"),
        (lambda x: x.tanh(), "1 - y ** 2"),
        (lambda x: 2.0**x, "y * log(2)"),
        (lambda x: x + 3.0, ""),
    ],
)
def test_formulas_are_the_short_ones(make: Any, formula: str) -> None:
    x = Value(0.5, "x")
    assert explain(named(make(x), "y"), x).paths[0].factors[0].formula() == formula


def test_a_rule_that_knows_numbers_only_has_no_formula_but_a_number() -> None:
    from tinygrad_bp.core.operation import Operation

    own = Operation("own", math.sin, (lambda y, x: math.cos(x),), "own({})", "own({})", "own")
    x = Value(0.5, "x")
    e = explain(own(x), x)
    assert e.total == math.cos(0.5)
    assert e.paths[0].factors[0].formula() == ""


# Names and numbers


@pytest.mark.parametrize("label", [*HOSTILE, "x" * 300], ids=lambda label: ascii(label)[:30])
def test_hostile_labels_stay_data(label: Any) -> None:
    x = Value(0.5, label)
    y = named(named(x.sin(), "a" + label).tanh(), "b" + label)
    e = explain(y, x)
    text = e.text()
    assert all(line.isprintable() or "\u200d" in line for line in text.splitlines())
    page = e.markdown()
    assert page.count("$$") % 2 == 0
    inside = "".join(page.split("$$")[1::2])
    assert not re.search(r"(?<!\\)[$#%`|<>~^*!\[\]]", re.sub(r"\^\{|\\mathrm\{!\}", "", inside))
    assert inside.count("{") - inside.count(r"\{") == inside.count("}") - inside.count(r"\}")
    data = json.loads(json.dumps(e.to_dict()))
    assert data == e.to_dict()
    assert data["labels"][e.name(x)] == label


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("w5", "w_{5}"),
        ("E", "E"),
        ("net_o1", r"\mathrm{net}_{o1}"),
        ("E_total", r"E_{\mathrm{total}}"),
        ("net_h1_2", r"\mathrm{net}_{h1,2}"),
        ("loss", r"\mathrm{loss}"),
        ("a b", r"{\text{a b}}"),
        ("_", r"{\_}"),
        ("x^2", r"{\text{x}\wedge{}\text{2}}"),
        ("h[2]", "{h^{[2]}}"),
    ],
)
def test_names_in_latex(name: str, latex: str) -> None:
    assert latex_name(name) == latex


@pytest.mark.parametrize(
    ("x", "digits", "text"),
    [
        (0.7413650695523157, 9, "0.741365070"),
        (0.000438567734474347, 9, "0.000438568"),
        (4.38567734474347e-6, 9, "4.38567734e-06"),
        (1.2e-12, 9, "1.2e-12"),
        (-0.0, 9, "0"),
        (0.5, 9, "0.5"),
        (-1.0, 9, "-1"),
        (123456.7891234567, 9, "123456.789123457"),
        (12345678.9, 9, "12345678.9"),
        (1e300, 9, "1e+300"),
        (math.pi, 3, "3.142"),
        (0.012345, 3, "0.0123"),
        (math.nan, 9, "nan"),
        (-math.inf, 9, "-inf"),
    ],
)
def test_numbers(x: float, digits: int, text: str) -> None:
    assert number(x, digits) == text


def test_fewer_digits_and_narrow_terminals() -> None:
    total, values = network()
    e = explain(total, values["w1"])
    assert isinstance(e, Explanation)
    assert "= 0.03635 * 0.24130 * 0.05" in e.text(digits=4)
    assert "0.036350306393145" in e.text(digits=15)
    assert max(map(columns, e.text(width=50).splitlines())) <= 50


def test_a_long_label_keeps_its_ends() -> None:
    assert short_name("a" * 30 + "b" * 30) == "a" * 20 + "…" + "b" * 11


x, y, z = Value(2.0, "x"), Value(-1.0, "y"), Value(0.5, "z")


@pytest.mark.parametrize(
    ("node", "symbols", "numbers"),
    [
        (sum([x * 3.0, y]), "x * 3 + y", "2 * 3 - 1"),
        (Value(0.0) + x * y, "x * y", "2 * (-1)"),
        (1.0 * x + y * -1.0, "x - y", "2 - (-1)"),
        ((0.0 + x * 1.0) ** 1.0 * (y / 1.0), "x * y", "2 * (-1)"),
        (x + -3.0, "x - 3", "2 - 3"),
        (x - -3.0, "x + 3", "2 + 3"),
        ((-x) * -1.0 - (-y), "x + y", "2 - 1"),
        (((x + -y) * z).exp(), "exp((x - y) * z)", "exp((2 - (-1)) * 0.5)"),
        ((x + y).exp(), "exp(x + y)", "exp(2 - 1)"),
        ((z + y * 0.5).exp(), "exp(z + y * 0.5)", "exp(0.5 - 1 * 0.5)"),
        ((x - 0.0) ** 2, "(x - 0) ** 2", "(2 - 0) ** 2"),  # a target of 0
        (x * 0.0 + y * z, "x * 0 + y * z", "2 * 0 + (-1) * 0.5"),  # an input of 0
        (ops.sum_of([x, y, -z]).exp(), "exp(x + y - z)", "exp(2 - 1 - 0.5)"),
    ],
)
def test_formulas_are_written_as_people_write_them(node: Value, symbols: str, numbers: str) -> None:
    rows = explain(named(node, "r")).text(width=200).replace("r = ", "", 1).split("\n")
    assert [row.strip(" =") for row in rows[:2]] == [symbols, numbers]
