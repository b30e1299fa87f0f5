"""No label reaches a name that a program uses itself, in any target, and inputs can be given by their names and by their labels."""

from __future__ import annotations

import ast
import builtins
import keyword
import math
import random
import re
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.labels import HOSTILE
from tests.programs import run
from tests.rows import alone
from tests.test_program_javascript import run as run_node
from tinygrad_bp import OPERATIONS, Value, compile, grad
from tinygrad_bp.core import ops
from tinygrad_bp.program import javascript
from tinygrad_bp.program.naming import identifier
from tinygrad_bp.program.python import Source

WORDS = [
    "constant", "self", "!", "→", "🙂", " ", "∂", "", "math", "np", "jnp", "torch", "array", "numpy", "jax", "fsum", "exp", "inf",
    "nan", "xp", "program", "ops", "inputs", "outputs", "values", "nodes", "labels", "state", "settings", "table", "order", "row",
    "now", "recorded", "zip", "arrays", "numbers", "named", "__init__", "__class__", "__proto__", "__builtins__", "__lines__",
    "_constant", "x1", "x2", "x3", "t1", "t2", "e_x", "d_w", "dy/dx", "1", "1a", "3.5", "²", "ﬁ", "fi", "Å", "Å", "A\u030a", "a b",
    "a_b", "a-b", "lambda", "lambda_", "Math", "NaN", "Infinity", "undefined", "BigInt", "DataView", "Number", "Object", "async", "of",
    "let", "globalThis", "nodeValues", "compute", "exact", "nearest", "power_of_two_below", "decay", "logistic", "bell", "ト・ン",
    "ﾄ･ﾝ", "a" * 1_000_000, "🙂" * 1_000_000, "\u0301\u0323" * 500_000,
    *keyword.kwlist, *OPERATIONS, *HOSTILE, *[name for name in dir(builtins) if name[0] != "_"],
]  # fmt: skip
TOGETHER = 6  # labels in a program


def labelled(labels: list[str], seed: int) -> tuple[Any, dict[str, float], dict[str, float], list[float]]:
    """A program whose inputs, intermediate numbers and outputs have these labels; numbers for it by name and by label, and its results."""
    draw = random.Random(seed)
    leaves = [Value(draw.uniform(0.1, 0.9), label) for label in labels]
    a, b, c, *_ = leaves
    nets = [x * a + b for x in leaves]
    for net, label in zip(nets, reversed(labels), strict=True):
        net.label = label
    smooth = (
        tg.softplus(a) * tg.maximum(b, c) + tg.logsumexp(leaves) + a**b + ops.exp_difference(a, b) * 2.5 + a.sigmoid()
    )
    y = tg.sum_of([net.sigmoid() for net in nets]) + smooth
    y.label = draw.choice(labels)
    program = compile([y, *grad(y, leaves)], leaves)
    numbers = [draw.uniform(0.1, 0.9) for _ in leaves]
    by_label = {
        label if labels.count(label) == 1 else name: x
        for label, name, x in zip(labels, program.inputs, numbers, strict=True)
    }
    return program, dict(zip(program.inputs, numbers, strict=True)), by_label, program(*numbers)


def groups() -> list[list[str]]:
    shuffled = random.Random(12).sample(WORDS, len(WORDS))
    shuffled += shuffled[: -len(shuffled) % TOGETHER]
    return [shuffled[k : k + TOGETHER] for k in range(0, len(shuffled), TOGETHER)]


@pytest.mark.parametrize("label", WORDS[:88], ids=lambda label: f"{label[:12]!a}")
def test_a_label_everywhere_and_its_input_by_name(label: str) -> None:
    program, by_name, by_label, wanted = labelled([label, "x", "w"], 0)
    assert program(**by_name) == program(**by_label) == wanted
    twice, by_name, _, wanted = labelled([label, label, "x"], 1)
    assert twice(**by_name) == wanted


def test_labels_together_in_python(tmp_path: Path) -> None:
    for seed, labels in enumerate(groups()):
        program, by_name, by_label, wanted = labelled(labels, seed)
        assert program(**by_name) == program(**by_label) == wanted, labels
        names: dict[str, Any] = {}
        exec(program.source, names)
        assert names["program"](**by_name) == wanted, labels
    assert run(program.source, tmp_path, f"print(program(*{list(by_name.values())}))") == f"{wanted}\n"


@pytest.mark.extras
@pytest.mark.parametrize("target", ["llvm", "numpy", "jax", pytest.param("torch", marks=pytest.mark.torch)])
def test_labels_together_elsewhere(target: str) -> None:
    some = groups()[::8] if target in ("jax", "llvm") else groups()  # both take their time for each program
    for seed, labels in enumerate([["constant", "self", "!", "→", "🙂", " "], *some]):
        program, by_name, by_label, wanted = labelled(labels, seed)
        elsewhere = program.to(target)
        tolerance = 1e-4 if target == "jax" else 1e-12  # which has no float64 unless told so
        for named in (by_name, by_label):
            got = [float(x) for x in elsewhere(**named)]
            assert got == pytest.approx(wanted, rel=tolerance, abs=1e-5 if target == "jax" else 1e-15), labels


@pytest.mark.node
def test_labels_together_in_javascript(tmp_path: Path) -> None:
    made = [labelled(labels, seed) for seed, labels in enumerate(groups())]
    found = run_node(
        tmp_path, [(program.to("javascript"), [list(by_name.values())]) for program, by_name, _, _ in made]
    )
    for (program, by_name, _, wanted), got in zip(made, found, strict=True):
        assert got["results"][0] == pytest.approx(wanted, rel=1e-12)
        assert got["inputs"] == list(by_name) == program.inputs
        assert len(got["values"][0]) == len(got["inputs"]) + len(got["nodes"])


# The names that sources use -------------------------------------------------------------------------------------------------------


def everything() -> list[Any]:
    """A program for each row, with constants that are no numbers."""
    programs = [alone(op, op.arity or 4) for op in OPERATIONS.values()]
    x = Value(1.0)
    return [
        *programs,
        compile([x.sigmoid() * math.inf, x + math.nan, x.sigmoid() * (1 - x.sigmoid()), Value(3.0)], [x]),
    ]


def without_numbers(names: set[str]) -> set[str]:
    return {name for name in names if not re.fullmatch(r"[xt]\d+", name)}


def words_of_python(source: str) -> set[str]:
    [program] = [
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "program"
    ]
    found = {node.id for node in ast.walk(program) if isinstance(node, ast.Name)}
    found |= {node.arg for node in ast.walk(program) if isinstance(node, ast.arg)}
    imported = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom) and node.module == "math"]
    return without_numbers(
        found | {alias.asname or alias.name for node in imported for alias in node.names} | {"program"}
    )


def test_no_label_becomes_a_name_that_python_sources_use() -> None:
    used = set()
    for program in everything():
        used |= words_of_python(program.source)
        looped = compile([Value(1.0, "x") * 2.0] * 2, []) if not program.inputs else program
        used |= words_of_python(Source(looped.code).text)
    x, s, c = Value(1.0), Value(2.0), Value(3.0)
    text, _ = compile([x * s, x.exp() + c], [x, s, c])._source.scanned(1, 1)
    used |= words_of_python(text)
    assert {"exp", "inf", "nan", "fsum", "zip", "recorded", "order"} <= used
    assert [name for name in sorted(used) if identifier(name) == name] == []


@pytest.mark.extras
def test_no_label_becomes_a_name_that_array_sources_use() -> None:
    used = set().union(*[words_of_python(program.to("numpy").source) for program in everything()])
    assert {"constant", "sum_of", "inf"} <= used
    assert [name for name in sorted(used) if identifier(name) == name] == []


@pytest.mark.parametrize("most", [javascript.MOST_CONSTANTS, 0])
def test_no_label_becomes_a_name_that_modules_use(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "MOST_CONSTANTS", most)
    used = set()
    for program in everything():
        text = program.to("javascript")
        functions = text[text.index("export const inputs") :]
        used |= set(re.findall(r"(?<![\w$.\"])[A-Za-z_$][\w$]*", re.sub(r'"[^"]*"', '""', functions)))
        used |= set(re.findall(r"^const (\w+)", text, re.MULTILINE))
    assert {"Math", "NaN", "Infinity", "sum_of", "exact", "program"} <= used
    assert [name for name in sorted(without_numbers(used)) if identifier(name) == name] == []


# What inputs are called ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["a b", "a_b"], ["a_b_2", "a_b"]), (["ﬁ", "fi"], ["fi_2", "fi"]), (["", "x1"], ["x1_2", "x1"]),
        (["w", "w", "w_2"], ["w", "w_3", "w_2"]),
        (["lambda", "lambda_"], ["lambda__2", "lambda_"]), (["lambda", "lambda__2", "lambda_"], ["lambda__3", "lambda_2", "lambda_"]),
        (["self", "constant"], ["self", "constant_"]), (["a" * 48, "a" * 49], ["a" * 48, "a" * 48 + "_2"]), (["・a・b"], ["a_b"]),
        ([" " * 999 + "a", " " * 1000 + "a"], ["a", "x2"]),
    ],
)  # fmt: skip
def test_an_input_has_its_own_label_for_a_name_where_it_can(labels: list[str], names: list[str]) -> None:
    leaves = [Value(1.0, label) for label in labels]
    program = compile(leaves, leaves)
    assert program.inputs == names
    numbers = [float(k) for k in range(len(labels))]
    assert program(**dict(zip(names, numbers, strict=True))) == numbers
    if len(set(labels)) == len(labels):
        assert program(**dict(zip(labels, numbers, strict=True))) == numbers


def test_a_sigmoid_of_what_has_no_name() -> None:
    x = Value(0.5, "x")
    net = x * 2
    net.label = "!"
    assert compile(net.sigmoid(), [x]).source.count("e_") == 0
    net.label = "net"
    assert "    e_net = exp(" in compile(net.sigmoid(), [x]).source
