"""The matrix reading of lessons: its program, run, and its matrices, read, give the numbers of the derivation."""

from __future__ import annotations

import ast
import re
import textwrap
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from tests import rounds
from tests.rounds import ROUNDS, leaves, mlp, named, squared
from tinygrad_bp import MLP, Value, lesson, losses
from tinygrad_bp.core import ops
from tinygrad_bp.lessons import Lesson
from tinygrad_bp.lessons.blocks import Block, Code, Equation, Folded, Paragraph
from tinygrad_bp.lessons.writers.in_numpy import NUMPY
from tinygrad_bp.lessons.writers.programs import fitted_lines

LAYERED = [
    "worked", "tanh", "two_hidden", "softmax", "soft_targets", "batch", "softmax_batch", "mean_squared", "logistic", "one_neuron",
    "without_bias", "dead", "saturated", "unlabelled_network",
]  # fmt: skip


def softplus() -> Value:
    net = mlp([2, 2, 2], ["softplus", "sin"])
    return rounds.squared(net(leaves([0.6, -0.9], "i")), [0.25, 0.75])


def blocks_of(found: Lesson) -> list[Block]:
    [folded] = [block for block in found.blocks if isinstance(block, Folded)]
    return list(folded.blocks)


def plainly(name: str) -> str:
    """z1 of z⁽¹⁾."""
    return unicodedata.normalize("NFKC", name).replace("(", "").replace(")", "")


def program_of(blocks: list[Block]) -> str:
    [program] = [block.text for block in blocks if isinstance(block, Code)]
    return program


@pytest.mark.extras
@pytest.mark.parametrize("loss", [*(ROUNDS[kind] for kind in LAYERED), softplus], ids=[*LAYERED, "softplus"])
def test_the_program_runs_and_gives_the_same_numbers(loss: Any) -> None:
    import numpy as np

    found = lesson(loss(), lr=0.5)
    space: dict[str, Any] = {}
    exec(program_of(blocks_of(found)), space)
    total, first = found.derivation.graph.total, found.derivation.layers
    rate = found.derivation.learning_rate
    for k, layer in enumerate(first, 1):
        units = layer[: len(space[f"W{k}"])]
        for row, unit in enumerate(units):
            wanted = [total[c.weight] for c in unit.connections]
            np.testing.assert_allclose(space[f"dW{k}"][row], wanted, rtol=1e-9, atol=1e-15)
            moved = [c.weight.data - rate * total[c.weight] for c in unit.connections]
            np.testing.assert_allclose(space[f"W{k}"][row], moved, rtol=1e-12)
            if unit.bias is not None:
                bias = np.ravel(space[f"db{k}"])
                np.testing.assert_allclose(bias[row % len(bias)], total[unit.bias], rtol=1e-9, atol=1e-15)


def activated(activation: Callable[[Value], Value], bias: float) -> Value:
    """2-1-1, whose hidden neuron has this activation."""
    w = [Value(x, f"w{k}") for k, x in enumerate((0.5, -0.3, 0.7), 1)]
    i1, i2, b1 = Value(0.6, "i1"), Value(-0.4, "i2"), Value(bias, "b1")
    net = w[0] * i1 + w[1] * i2 + b1
    out = activation(net)
    net.label, out.label = "net_h1", "out_h1"
    last = w[2] * out + Value(0.05, "b2")
    end = last.tanh()
    last.label, end.label = "net_o1", "out_o1"
    return named((end - 0.3) ** 2, "E")


@pytest.mark.extras
@pytest.mark.parametrize("name", sorted(NUMPY.keys() - {""}))
def test_the_program_knows_every_activation_of_the_table(name: str) -> None:
    row = getattr(ops, name)
    loss = activated(row, 1.1 if name == "acosh" else 0.2)
    found = lesson(loss, lr=0.5)
    space: dict[str, Any] = {}
    exec(program_of(blocks_of(found)), space)
    assert space["dW1"].ravel() == pytest.approx([found.derivation[f"dE/dw{k}"].value for k in (1, 2)], rel=1e-9)
    assert space["W2"].ravel() == pytest.approx([found.derivation["w3+"].value], rel=1e-9)


@pytest.mark.extras
@pytest.mark.parametrize("bias", [0.2, -0.9])
def test_the_program_has_the_slope_of_a_leaky_relu(bias: float) -> None:
    found = lesson(activated(lambda net: net.leaky_relu(0.2), bias))
    space: dict[str, Any] = {}
    exec(program_of(blocks_of(found)), space)
    assert space["dW1"].ravel() == pytest.approx([found.derivation[f"dE/dw{k}"].value for k in (1, 2)], rel=1e-9)


def test_an_activation_that_numpy_has_no_line_for_is_named() -> None:
    text = lesson(activated(lambda net: ops.normal_cdf(net), 0.2)).text(width=200)
    assert "There is no program with NumPy here" in text
    assert "for normal_cdf." in text


@pytest.mark.parametrize("kind", ["recurrent", "pendulum"])
def test_without_whole_layers_the_lesson_says_why_there_are_no_matrices(kind: str) -> None:
    [folded] = [block for block in lesson(ROUNDS[kind]()).blocks if isinstance(block, Folded)]
    [said] = folded.blocks
    assert isinstance(said, Paragraph)


def test_names_of_matrices_are_no_names_of_the_network() -> None:
    w, b, x = Value(0.5, "w1"), Value(0.2, "b1"), Value(1.5, "x1")
    net = w * x + b
    out = net.tanh()
    net.label, out.label = "z1", "a1"
    [folded] = [block for block in lesson(named((out - 0.3) ** 2, "E")).blocks if isinstance(block, Folded)]
    heads = {block.left.text for block in folded.blocks if isinstance(block, Equation)}
    assert {"z⁽¹⁾", "a⁽¹⁾", "b⁽¹⁾"} <= heads
    assert not heads & {"z1", "a1", "b1"}


@pytest.mark.extras
@pytest.mark.parametrize("width", [36, 60, 80])
@pytest.mark.parametrize("loss", [rounds.two_hidden, rounds.softmax_batch, rounds.batch])
def test_lines_of_the_program_fit_and_still_run(loss: Any, width: int) -> None:
    import numpy as np

    found = lesson(loss(), lr=0.5, language="ja")
    assert max(map(len, program_of(blocks_of(found)).splitlines())) <= 76
    written = found.text(width=width)
    start = written.index("    import numpy")
    lines = written[start:].splitlines()
    assert max(map(len, lines)) <= max(width, 45)  # where there is no bracket a line stays as it is
    printed: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    exec(textwrap.dedent("\n".join(lines)), printed)
    exec(program_of(blocks_of(found)), whole)
    for name in ("W1", "dW2", "delta1"):
        np.testing.assert_array_equal(printed[name], whole[name])


@pytest.mark.parametrize(
    "line",
    [
        "x = f([1, 2, 3], 'a, b (c', {'k': [4, 5]}, 6 - 7 * (8 + 9), -10)",
        "    y = np.array([[0.123456789, -0.123456789], [0.5, 1e-17]]) - 0.0",
        '# a comment that is longer than the width, (with brackets) and "quotes"',
    ],
)
@pytest.mark.parametrize("width", [8, 20, 33, 50])
def test_a_line_that_is_broken_means_the_same(line: str, width: int) -> None:
    lines = fitted_lines(line, width)
    assert len(lines) > 1
    tree = ast.dump(ast.parse(textwrap.dedent(line)))
    assert ast.dump(ast.parse(textwrap.dedent("\n".join(lines)))) == tree
    assert fitted_lines(line, width, "text") == [line]


@pytest.mark.parametrize("kind", LAYERED)
def test_the_matrices_hold_the_numbers(kind: str) -> None:
    found = lesson(ROUNDS[kind](), digits=6)
    shown = {
        plainly(block.left.text): ast.literal_eval(block.rows[-1][0].text)
        for block in blocks_of(found)
        if isinstance(block, Equation) and len(block.rows[-1]) == 1
    }
    case = len([unit for unit in found.derivation.layers[0] if unit.name == found.derivation.layers[0][0].name])
    total = found.derivation.graph.total
    for k, layer in enumerate(found.derivation.layers, 1):
        units = layer[: len(layer) // case]
        for row, unit in enumerate(units):
            weights = shown[f"W{k}"][row] if isinstance(shown[f"W{k}"][row], list) else [shown[f"W{k}"][row]]
            slopes = shown[f"dW{k}"][row] if isinstance(shown[f"dW{k}"][row], list) else [shown[f"dW{k}"][row]]
            if len(unit.connections) == len(weights):
                assert weights == pytest.approx([c.weight.data for c in unit.connections], rel=5e-6, abs=6e-7)
                assert slopes == pytest.approx([total[c.weight] for c in unit.connections], rel=5e-6, abs=6e-7)


def grid(text: str) -> list[list[str]]:
    """The numbers of a matrix as they are written, a row each."""
    rows = re.findall(r"\[([^\[\]]*)\]", text)
    return [[each] for each in rows[0].split(", ")] if text.count("[") == 1 else [row.split(", ") for row in rows]


def is_shown(x: float, text: str) -> bool:
    """Whether a number comes out as it is written, but for half of its last digit."""
    mantissa, _, exponent = text.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(x - float(text)) <= (0.51 * unit if "." in mantissa or exponent else 1e-9)


@pytest.mark.parametrize("digits", [3, 9])
@pytest.mark.parametrize("kind", LAYERED)
def test_what_is_shown_adds_up(kind: str, digits: int) -> None:
    found = lesson(ROUNDS[kind](), digits=digits)
    equations = [block for block in blocks_of(found) if isinstance(block, Equation)]
    shown = {plainly(each.left.text): grid(each.rows[-1][0].text) for each in equations if "[" in each.rows[-1][0].text}
    products = 0
    for each in equations:
        for row in each.rows[:-1]:
            if len(row) != 2 or "[" not in row[0].text:
                continue
            sign = row[1].text[0]
            triples = [
                triple
                for rows in zip(grid(row[0].text), grid(row[1].text[2:]), grid(each.rows[-1][0].text), strict=True)
                for triple in zip(*rows, strict=True)
            ]
            for a, b, c in triples:
                assert is_shown(float(a) * float(b) if sign == "⊙" else float(a) - float(b), c), (a, sign, b, c)
                products += 1
    depth = max(int(name[1:]) for name in shown if re.fullmatch(r"W\d", name))
    for k in range(1, depth + 1):
        inputs = shown.get(f"a{k - 1}") or shown[f"A{k - 1}"]
        for row, deltas in zip(shown[f"dW{k}"], shown[f"delta{k}"], strict=True):
            for cell, column in zip(row, inputs, strict=True):
                if "…" not in (cell, *deltas, *column):
                    total = sum(float(d) * float(x) for d, x in zip(deltas, column, strict=True))
                    assert is_shown(total, cell), (k, deltas, column, cell)
                    products += 1
    assert products


def test_by_layer_the_matrices_come_first_and_there_are_no_neurons() -> None:
    found = lesson(rounds.worked(), lr=0.5, by="layer")
    text = found.text(width=200)
    assert "delta⁽¹⁾ = (W⁽²⁾ᵀ delta⁽²⁾) ⊙ sigmoid'(z⁽¹⁾)" in text
    assert "net_h1 =" not in text
    assert "E_total = 0.298371109 → 0.285750887" in text
    assert not [block for block in found.blocks if isinstance(block, Folded)]
    latex = found.latex()
    assert r"\begin{pmatrix} 0.15 & 0.2 \\ 0.25 & 0.3 \end{pmatrix}" in latex
    assert r"\left({W^{(2)}}^{\mathsf{T}} \delta^{(2)}\right)" in latex
    assert r"\odot \sigma'\left(z^{(1)}\right)" in latex
    assert "<mtable>" in found.html()


@pytest.mark.parametrize("kind", ["recurrent", "pendulum", "square", "unlabelled"])
def test_where_there_are_no_whole_layers_the_lesson_goes_step_by_step(kind: str) -> None:
    found = lesson(ROUNDS[kind](), by="layer")
    assert "There are no whole layers here" in found.text(width=200)
    assert [block for block in found.blocks if isinstance(block, Paragraph)]


def test_what_is_more_than_its_layers_has_no_matrices() -> None:
    net = mlp([2, 2, 1], "tanh")
    [out] = net(leaves([0.5, 0.25], "i"))
    weight = net.layers[0].neurons[0].weights[0]
    decayed = named((out - 1.0) ** 2 + 0.1 * weight**2, "E")
    assert "There are no whole layers here" in lesson(decayed, by="layer").text()


def test_a_long_program_is_left_out() -> None:
    net = mlp([20, 21, 1], "tanh")
    loss = losses.mean_squared_error(net(leaves([0.01 * k for k in range(20)], "i")), [1.0])
    text = lesson(loss, by="layer").text(width=200)
    assert "The program is left out: it would hold 463 numbers." in text
    assert "…" in text


@pytest.mark.parametrize("seed", range(12))
def test_net_inputs_and_sums_add_up_with_a_pencil(seed: int) -> None:
    net = MLP(2, [3, 2], activation="tanh", seed=seed)
    found = lesson(squared(net(leaves([0.3 + 0.01 * seed, -0.7], "i")), [0.5, -0.5]))
    [folded] = [block for block in found.blocks if isinstance(block, Folded)]
    shown = {plainly(each.left.text): each.rows[-1][0].text for each in folded.blocks if isinstance(each, Equation)}
    numbers = {name: eval(text) for name, text in shown.items() if name[0] in "abWz"}
    for k in (1, 2):
        decimals = [len(text.strip("[] ").partition(".")[2]) for text in shown[f"z{k}"].split(",")]
        for row, b, z, places in zip(numbers[f"W{k}"], numbers[f"b{k}"], numbers[f"z{k}"], decimals, strict=True):
            with_pencil = sum(w * a for w, a in zip(row, numbers[f"a{k - 1}"], strict=True)) + b
            assert f"{with_pencil:.{places}f}" == f"{z:.{places}f}"
    for block in found.blocks:
        if isinstance(block, Equation) and len(block.rows) > 2 and block.left.text.startswith("dE/dout_h"):
            parts = [term.text.replace(" ", "") for term in block.rows[-2]]
            total = sum(map(float, parts))
            assert f"{total:.9f}" == f"{float(block.rows[-1][0].text):.9f}"
