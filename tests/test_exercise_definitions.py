"""What is asked for is defined on the sheet: its formula, and each function in that, by whole names; else it is given."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.exercises import classes
from tinygrad_bp import MLP, OPERATIONS, Operation, Value, exercise, lesson, logsumexp
from tinygrad_bp.core.operation import POWER, Reduction
from tinygrad_bp.lessons.definitions import DEFINITIONS, KEYS, definitions, functions
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.exercise import Exercise
from tinygrad_bp.lessons.writers.mathml import mathml

AT = {"acosh": [1.5], "atanh": [0.3], "asin": [0.3], "acos": [0.3], "clip": [0.7, -0.2, 0.4]}


def numbers(op: Operation) -> list[float]:
    count = 4 if op.name == "dot" else 3 if isinstance(op, Reduction) else op.arity or 1
    return AT.get(op.name, [0.7, 1.3, 0.4, 0.9][:count])


def told(made: Exercise) -> tuple[set[str], set[str]]:
    """The functions that formulas and rules of a sheet use, and those that it defines."""
    problem = made.problem()
    lines = [*problem.formulas, *(how for _, how in problem.rules)]
    left = {line.partition("(")[0] for line in problem.formulas if line in {each.text for each in DEFINITIONS.values()}}
    return {name for line in lines for name in functions(line)}, left


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_function_in_formulas_and_slopes_of_a_row_is_defined(name: str) -> None:
    op = OPERATIONS[name]
    xs = [Value(x, f"x{k}") for k, x in enumerate(numbers(op), 1)]
    y = Value.record_operation(op, xs)
    y.label = "y"
    found = Derivation(y, parameters=xs)
    write = Equations(found)
    equations = [write.value(y), *(write.total(x) for x in xs)]
    texts = [term.text for each in equations for row in each.rows for term in row]
    used = {each for text in texts for each in functions(text)}
    assert used <= KEYS | DEFINITIONS.keys()
    lines = [each.text for each in definitions(texts)]
    defined = {line.partition("(")[0] for line in lines}
    assert used | {each for line in lines for each in functions(line)} <= KEYS | defined


def evaluated(name: str) -> Callable[..., float]:
    """A definition as a function, by those of the functions in it."""
    left, _, right = DEFINITIONS[name].text.partition(" = ")
    names = re.findall(r"\w+", left.partition("(")[2])
    if "(x > 0), 0" in right or "), pi (" in right:
        right = re.sub(r"(?<![<>!])=(?!=)", "==", right).replace("<==", "<=").replace(">==", ">=").replace("!==", "!=")
        right = right.replace("a == 0, b < 0", "a == 0 and b < 0")
        parts = re.findall(r"(.+?) (\([^()]*[<>=][^()]*\))(?:, |$)", right)
        right = f"next(v for w, v in [{', '.join(f'({where}, lambda: {value})' for value, where in parts)}] if w)()"
    known: dict[str, Any] = {each: getattr(math, each) for each in KEYS & set(dir(math))}
    known |= {"ln": math.log, "max": max, "min": min, "pi": math.pi}
    known |= {each: evaluated(each) for each in functions(right) & DEFINITIONS.keys() - {"erf", name}}
    known |= {"erf": math.erf}
    code: Callable[..., float] = eval(f"lambda {', '.join(names)}: {right}", known)
    return code


@pytest.mark.parametrize("name", [name for name in DEFINITIONS if "…" not in DEFINITIONS[name].text])
def test_definitions_are_true(name: str) -> None:
    op = OPERATIONS[name]
    tried = [numbers(op)]
    if name not in ("acosh", "log", "log2"):
        tried.append([-x for x in numbers(op)] if name != "clip" else [-3.0, -0.2, 0.4])
    if name in ("step", "sign", "relu", "abs", "cbrt"):
        tried.append([0.0])
    if name == "atan2":
        tried += [[0.0, -2.0], [0.0, 2.0], [1.0, 0.0], [-1.0, -3.0]]
    for xs in tried:
        assert evaluated(name)(*xs) == pytest.approx(op.compute(xs), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_definitions_are_set_by_browsers(name: str) -> None:
    assert not mathml(DEFINITIONS[name]).startswith("<math><mtext>")


def test_the_series_and_sums_are_true() -> None:
    terms = [(-1) ** n * 0.7 ** (2 * n + 1) / (math.factorial(n) * (2 * n + 1)) for n in range(20)]
    assert 2 / math.sqrt(math.pi) * math.fsum(terms) == pytest.approx(math.erf(0.7), rel=1e-12)
    assert "x - x ** 3 / (1! * 3) + x ** 5 / (2! * 5) - …" in DEFINITIONS["erf"].text
    assert DEFINITIONS["logsumexp"].text == "logsumexp([x1, x2, …]) = log(exp(x1) + exp(x2) + …)"
    assert DEFINITIONS["dot"].text == "dot([w1, w2, …], [x1, x2, …]) = w1 * x1 + w2 * x2 + …"


@pytest.mark.parametrize("activation", ["leaky_relu", "gelu", "silu", "erf", "softplus", "sigmoid", "relu"])
def test_the_sheet_of_a_network_defines_what_it_writes(activation: str) -> None:
    [out] = MLP(2, [2, 1], activation=[activation, None], seed=3)([Value(0.5, "i1"), Value(0.8, "i2")])  # type: ignore[list-item]
    error = (out - Value(0.2, "target_o1")) ** 2
    error.label = "E"
    used, defined = told(exercise(error, blanks=["deltas", "dout_h1/dnet_h1", "out_h1"], seed=1))
    assert used - KEYS - {"max", "min"} <= defined
    assert ("relu" in defined) is (activation == "relu")


def test_a_function_of_somebody_elses_is_given_and_not_asked() -> None:
    bump = Operation(
        "bump",
        lambda x: x / (1.0 + x * x),
        (lambda y, x: (1.0 - x * x) / (1.0 + x * x) ** 2,),
        "bump({})",
        r"\mathrm{{bump}}\left({}\right)",
        "bump",
    )
    cube = Operation("cube", lambda x: x * x * x, (lambda y, x: 3.0 * x * x,), "{tight[0]} ** 3", "{}^3", "x³", POWER)
    for op, is_asked in ((bump, False), (cube, True)):
        net = Value(0.5, "w") * Value(0.7, "i1") + Value(0.2, "b")
        net.label = "net_o1"
        out = Value.record_operation(op, [net])
        out.label = "out_o1"
        error = (out - Value(0.3, "target_o1")) ** 2
        error.label = "E"
        made = exercise(error, lr=0.5, seed=1)
        names = [each.step.name for each in made.asked]
        for name in ("out_o1", "delta_o1"):
            assert (name in names) is is_asked
            assert any(line.startswith(f"{name} = ") for line in made.problem().given) is not is_asked
        assert {"net_o1", "E", "dE/dw"} <= set(names)


def by_hand(count: int = 2) -> Value:
    """A cross entropy whose logarithm of the sum has a name of its own, so that no formula of the graph has p."""
    outs = MLP(2, [count], activation=None, seed=3)([Value(0.7, "i1"), Value(0.4, "i2")])
    lse = logsumexp(outs)
    lse.label = "lse"
    error = lse - outs[1]
    error.label = "E"
    return error


@pytest.mark.parametrize("make", [by_hand, lambda: by_hand(3), classes])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_probabilities_that_are_asked_for_have_a_formula(make: Callable[[], Value], language: str) -> None:
    made = exercise(make(), seed=1, language=language)
    formulas = made.problem().formulas
    asked = [each.step.name for each in made.asked if each.step.kind == "value"]
    assert {"p_o1", "p_o2"} <= set(asked)
    for name in asked:
        assert len([line for line in formulas if line.startswith(f"{name} = ")]) == 1, name
    used, defined = told(made)
    assert used - KEYS <= defined


@pytest.mark.parametrize(("language", "said"), [("en", "Angles are in radians"), ("ja", "ラジアン")])
def test_sheets_and_lessons_say_that_angles_are_in_radians(language: str, said: str) -> None:
    v, theta = Value(12.0, "v"), Value(0.7, "theta")
    across = v * theta.cos()
    across.label = "vx"
    height = v * theta.exp()
    height.label = "vy"
    assert said in exercise(across, seed=1, language=language).text()
    assert said in lesson(across, language=language).text()
    assert said not in exercise(height, seed=1, language=language).text() + lesson(height, language=language).text()
