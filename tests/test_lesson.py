"""Lessons on all kinds of graphs: every number held against mpmath, what is said of what, and what is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import rounds
from tests.evaluated import disagreements
from tests.rounds import ROUNDS, named
from tests.typesetting import compiled
from tests.worked import worked_example
from tinygrad_bp import MLP, SGD, Adam, Value, lesson, losses
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.lessons.blocks import Equation, Folded, Picture, Table, Title

EXACT = sorted(set(ROUNDS) - {"kink"})  # at a kink there is no difference to compare with


# Numbers


@pytest.mark.parametrize("kind", EXACT)
def test_every_row_of_every_equation_is_the_number_on_its_left(kind: str) -> None:
    found = lesson(ROUNDS[kind](), lr=0.5)
    count, wrong = disagreements(found.derivation, found.blocks)
    assert wrong == []
    assert count >= 9


@pytest.mark.parametrize("digits", [3, 6, 15])
def test_with_few_digits_and_with_many(digits: int) -> None:
    found = lesson(rounds.tanh(), lr=0.125, digits=digits)
    count, wrong = disagreements(found.derivation, found.blocks)
    assert (count > 50, wrong if digits > 3 else []) == (True, [])


@pytest.mark.parametrize("kind", ["worked", "two_hidden", "softmax", "recurrent", "pendulum"])
def test_step_by_step_the_numbers_are_the_same(kind: str) -> None:
    loss = ROUNDS[kind]()
    found = lesson(loss, lr=0.5, by="node")
    assert disagreements(found.derivation, found.blocks)[1] == []
    loss.backward()
    for v in found.derivation.parameters:
        assert found.derivation.derived(v).value == v.grad


@pytest.mark.parametrize("kind", sorted(ROUNDS))
def test_a_lesson_changes_nothing(kind: str) -> None:
    loss = ROUNDS[kind]()
    loss.backward()
    nodes = lesson(loss).derivation.order
    before = [(v.data, v.grad, v.label) for v in nodes]
    lesson(loss, lr=0.25, language="ja").text()
    assert [(v.data, v.grad, v.label) for v in nodes] == before


# What is said


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("kind", sorted(ROUNDS))
def test_every_format_is_written_and_no_sentence_twice_in_a_row(kind: str, language: str) -> None:
    found = lesson(ROUNDS[kind](), lr=0.5, language=language)
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.markdown()
    assert r"\begin{document}" in found.latex()
    for width in (40, 80):
        assert found.text(width=width)
    if kind == "hostile":
        return
    lines = [paragraph for paragraph in found.text(width=10_000).split("\n\n") if len(paragraph) > 60]
    sentences = [line for line in lines if line.endswith((".", "。")) and "=" not in line and "\n" not in line]
    assert len(sentences) == len(set(sentences))


def test_the_parts_in_their_order() -> None:
    text = lesson(rounds.worked(), lr=0.5).text()
    parts = re.findall(r"^── (.*?) ─+$", text, re.MULTILINE)
    assert parts == [
        "The network", "The forward pass", "The backward pass", "The update", "The forward pass again", "Does it hold?",
        "And with matrices?",
    ]  # fmt: skip
    assert "E_total = 0.298371109 → 0.285750887" in text  # both biases move, too
    assert text.index("dE_total/dE_o1 = 1") < text.index("delta_o1 =") < text.index("delta_h1 =")
    assert "The error is E_total. It is also called the loss" in " ".join(text.split())
    assert "The update" not in lesson(rounds.worked()).text()


def test_tables_go_from_w2_to_w10() -> None:
    found = lesson(rounds.softmax(), lr=0.5)
    wanted = [*(f"w{k}" for k in range(1, 16)), *(f"b{k}" for k in range(1, 7))]
    tables = [block for block in found.blocks if isinstance(block, Table) and len(block.rows) == len(wanted)]
    assert len(tables) == 2
    for table in tables:
        assert sorted(row[0][0].text for row in table.rows) == sorted(wanted)
        names = [row[0][0].text for row in table.rows]
        assert [name for name in names if name[0] == "w"] == wanted[:15]
        assert [name for name in names if name[0] == "b"] == wanted[15:]


def test_softmax_with_cross_entropy_is_p_minus_y() -> None:
    text = lesson(rounds.softmax(), lr=0.5).text()
    assert "p_o3 - y_o3" in text
    assert re.search(r"  o3 +\S+ +0\.\d+  1  +-0\.\d+$", text, re.MULTILINE)
    soft = lesson(rounds.soft_targets()).text()
    assert re.search(r"p_o1 - y_o1\n? +=? ?.*- 0\.25", soft)
    assert "(p_o1[1] - y_o1[1]) / 2" in lesson(rounds.softmax_batch()).text()
    assert "p_o" not in lesson(rounds.mean_squared()).text()
    net = MLP(2, [2], activation=[None], seed=1)
    zs = [z.exp() for z in net([Value(0.5, "i1"), Value(1.0, "i2")])]
    by_hand = named(-(zs[0] / (zs[0] + zs[1])).log(), "E")
    assert "p_o1 - y_o1" in lesson(by_hand).text()


@pytest.mark.latex
@pytest.mark.parametrize("kind", sorted(ROUNDS))
def test_every_lesson_compiles(kind: str, tmp_path: Path) -> None:
    lesson(ROUNDS[kind](), lr=0.5).save(tmp_path / "lesson.tex")
    compiled("pdflatex", tmp_path / "lesson.tex")


def test_several_cases_pull_in_their_directions() -> None:
    found = lesson(rounds.batch(), lr=0.5)
    tables = [
        block
        for block in found.blocks
        if isinstance(block, Table) and "contributes" in "".join(map(str, block.caption))
    ]
    [table] = tables
    assert [cell[0] for cell in table.head] == ["parameter", "[1]", "[2]", "[3]", "sum"]
    for row in table.rows:
        *parts, total = (float(cell[0].text) for cell in row[1:])
        assert sum(parts) == pytest.approx(total, abs=3e-9)
    assert "[1] marks what belongs to the first case" in found.text(width=1000)


def test_a_recurrent_network_has_steps() -> None:
    text = lesson(rounds.recurrent(), lr=0.5).text(width=1000)
    assert "each uses the same weights: w, u and b" in text
    assert text.index("Step 1") < text.index("Step 3")
    assert "w is used in several places: it acts through net_h1, net_h2 and net_h3" in text


def test_what_is_flat_is_said() -> None:
    kinked = lesson(rounds.kink()).text(width=1000)
    assert "At 0, relu has a kink." in kinked
    assert "Such a neuron is called dead for this input." in kinked
    assert "All of them agree." not in kinked
    assert "is saturated" in lesson(rounds.saturated()).text()
    assert "飽和しています" in lesson(rounds.saturated(), language="ja").text()
    assert "is saturated" not in lesson(rounds.worked()).text()


def test_a_formula_is_no_network() -> None:
    text = lesson(rounds.pendulum(), lr=0.5).text(width=1000)
    assert "This is a formula without neurons: from 3 quantities it computes the result, " in text
    assert "Neuron" not in text
    assert not re.search("error|every weight", text)
    assert "dy/da = 2 * a = 2 * 3 = 6" in lesson(rounds.square()).text()


def test_graphs_without_labels_get_names() -> None:
    steps = lesson(rounds.unlabelled()).text()
    assert all(
        step in steps for step in ("v3 = v1 * v2", "v5 = v3 + v4", "v6 = tanh(v5)", "v7 = v6 - 0.1", "y = v7 ** 2")
    )
    text = lesson(rounds.unlabelled_network(), lr=0.5).text()
    assert "net_h1 = v" in text
    assert (
        "It has 2 inputs, a hidden layer of 2 neurons with tanh and an output layer of 1 neuron with tanh."
        in text.replace("\n", " ")
    )


def test_plain_numbers_are_inputs_too() -> None:
    net = MLP(2, [2, 1], activation="tanh", seed=1)
    named_inputs = lesson(losses.mean_squared_error(net([Value(0.5, "i1"), Value(1.0, "i2")]), [1.0]))
    plain = lesson(losses.mean_squared_error(net([0.5, 1.0]), [1.0]))
    assert [unit.name for unit in plain.derivation.neurons] == ["h1", "h2", "o1"]
    assert "delta_h1 * 0.5" in plain.text()
    slopes = [
        {step.name: step.value for step in found.derivation if step.name.startswith("dy/dw")}
        for found in (named_inputs, plain)
    ]
    assert slopes[0] == slopes[1] != {}


# What is left out


def test_one_weight_is_followed() -> None:
    found = worked_example()
    w5 = found.net.layers[1].neurons[0].weights[0]
    one = lesson(found.error, x=w5, lr=0.5)
    text = one.text(width=1000)
    assert "This lesson follows w5 and shows what its derivative needs." in text
    assert "= delta_o1 * out_h1" in text
    left = "Left out are the derivatives with respect to the other 9 parameters: w1, w2, w3, w4, w6, w7, w8, b1 and b2."
    computed = "7 of the computed quantities, net_h1, out_h1, net_h2, out_h2, net_o2, out_o2 and E_o2, so"
    assert left in text
    assert f"w5 does not act through {computed}" in text
    assert "net_o2 =" not in text
    assert "4 quantities that this derivative does not need are left out: net_o2, out_o2, E_o2 and E_total." in text
    assert "dE_total/dw6" not in text
    assert "w5+ = w5 - eta * dE_total/dw5 = 0.4 - 0.5 * 0.082167041 = 0.358916480" in text
    assert disagreements(one.derivation, one.blocks)[1] == []
    w1 = lesson(found.error, x=found.net.layers[0].neurons[0].weights[0]).text()
    assert "net_o2" in w1
    assert "dE_total/dout_h2" not in w1


def test_what_is_left_out_of_a_large_network_is_counted() -> None:
    graph = rounds.large()
    followed = lesson(graph, x=next(v for v in topological_order(graph) if v.label == "w1")).text(width=1000)
    assert "with respect to the other 2,059 parameters: w2, w3, w4, w5, w6, w7, w8, w9 and 2,051 more." in followed
    text = lesson(graph, lr=0.5).text(width=1000)
    assert "It has 2,060 parameters." in text
    assert "The picture is left out: 2,000 lines would be too many to read." in text
    assert "44 more neurons of this layer work in the same way and are left out." in text
    assert "4 more neurons of this layer" in text
    assert (
        "The other 2,052 parameters move in the same way: w9, w10, w11, w12, w13, w14, w15, w16 and 2,044 more." in text
    )
    assert "60 of 2,060 parameters before and after the step" in text
    assert "120 of 2,060 derivatives were checked." in text
    assert "The program is left out: it would hold 2,060 numbers." in text
    assert len(text.splitlines()) < 1300


def test_many_cases_are_counted() -> None:
    net = MLP(1, [2, 1], activation="tanh", seed=1)
    errors = [(net([Value(0.1 * k, "i1")])[0] - 0.5) ** 2 for k in range(9)]
    text = lesson(named(sum(errors[1:], errors[0]) / 9, "E"), lr=0.1).text(width=1000)
    assert text.count("5 more cases are computed in the same way and left out.") == 2
    assert re.search(r"\[6\] +others +sum", text)


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "neurons"}, ValueError, "by is 'neuron', 'layer' or 'node', not 'neurons'"),
        ({"lr": -1.0}, ValueError, "^lesson: lr, the learning rate, is a finite number above 0, not -1.0"),
        ({"lr": "x"}, TypeError, "^lesson: lr is the learning rate, a real number, not str 'x'"),
        ({"optimizer": 0.5}, TypeError, "an optimizer is one such as SGD or Adam, not float"),
        ({"optimizer": SGD([Value(1.0)])}, ValueError, "trains another network"),
        ({"optimizer": Adam([Value(1.0)]), "lr": 0.5}, ValueError, "leave lr out"),
        ({"language": "de"}, ValueError, "language is one of"),
        ({"digits": 0}, ValueError, "^lesson: digits is a whole number from 1 to 17"),
        ({"digits": 2.5}, TypeError, "^lesson: digits"),
        ({"x": Value(1.0, "w99")}, ValueError, "w99 is no leaf of the graph"),
    ],
)
def test_what_is_refused(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lesson(rounds.worked(), **options)


def test_a_title_of_ones_own_and_what_a_lesson_is_made_of() -> None:
    found = lesson(rounds.worked(), title="Week 3")
    assert [block.text for block in found.blocks if isinstance(block, Title)] == [["Week 3"]]
    assert sum(isinstance(block, Picture) for block in found.blocks) == 1
    assert sum(isinstance(block, Folded) for block in found.blocks) == 1
    assert sum(isinstance(block, Equation) for block in found.blocks) > 20
    assert found.title == "Week 3"
    assert str(found) == found.text().rstrip("\n")
