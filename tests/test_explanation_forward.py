"""How a Value came about, written out: every formula, evaluated, gives its number."""

import json
import math
import random
import re

import pytest

from tests.explained import named, network, random_graph
from tinygrad_bp import MLP, Value, dot, explain, ops, sum_of, tanh
from tinygrad_bp.explanation import Computation
from tinygrad_bp.losses import cross_entropy, mean_squared_error, squared_error

FUNCTIONS = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "logsumexp": lambda xs: math.log(sum(map(math.exp, xs))),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "sum_of": sum,
}


def evaluated(found: Computation) -> dict[str, float]:
    """What the formulas give by themselves, each from the numbers before it."""
    facts = found.to_dict()
    numbers = dict(facts["given"])
    for step in facts["steps"]:
        numbers[step["name"]] = eval(step["formula"], {**FUNCTIONS, **numbers})
    return numbers


def test_the_worked_example_is_computed_step_by_step() -> None:
    total, _ = network()
    text = explain(total).text()
    assert text.startswith(
        "net_h1 = w1 * i1 + w2 * i2 + b1\n       = 0.15 * 0.05 + 0.2 * 0.1 + 0.35\n       = 0.3775\n"
    )
    assert "net_h2 = w3 * i1 + w4 * i2 + b1\n       = 0.25 * 0.05 + 0.3 * 0.1 + 0.35\n       = 0.3925\n" in text
    assert text.endswith("E_total = E_o1 + E_o2\n        = 0.274811083 + 0.023560026\n        = 0.298371109")


@pytest.mark.parametrize("seed", range(20))
def test_every_formula_evaluated_gives_its_number(seed: int) -> None:
    y = random_graph(random.Random(seed), 30, 0.5)[-1]
    found = explain(y)
    numbers = evaluated(found)
    for step in found.steps:
        assert numbers[found.names[step.of]] == pytest.approx(step.of.data, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("loss", [squared_error, cross_entropy])
def test_a_network_is_computed_whatever_its_loss(loss: object) -> None:
    assert callable(loss)
    net = MLP(2, [3, 2], activation="tanh", seed=1)
    y = loss(net([0.1, -0.2]), [1.0, 0.0])
    assert list(evaluated(explain(y)).values())[-1] == pytest.approx(y.data, rel=1e-12)


def test_a_sum_is_taken_apart_and_a_dot_is_a_sum_of_products() -> None:
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(0.5, "c")
    assert str(explain(named(a - (b - c * a) - 1.0, "d"))) == (
        "d = a - b + c * a - 1\n  = 2 - (-3) + 0.5 * 2 - 1\n  = 5"
    )
    assert str(explain(named(dot([a, b], [c, 1.0]), "d"))) == "d = a * c + b\n  = 2 * 0.5 - 3\n  = -2"
    assert str(explain(named(sum_of([a, b, c]) * b, "d"))) == "d = (a + b + c) * b\n  = (2 - 3 + 0.5) * (-3)\n  = 1.5"
    assert "tanh(a * b + c)" in str(explain(tanh(dot([a, c], [b, 1.0]))))


def test_of_wide_sums_both_ends_are_written_and_the_rest_is_counted() -> None:
    ws, xs = ([Value(k / 9, f"{name}{k}") for k in range(60)] for name in "wx")
    found = explain(tanh(dot(ws, xs)))
    text = str(found)
    assert "w11 * x11\n     + … 36 more …\n     + w48 * x48" in text
    assert "y = tanh(v1)" in text
    assert len(found.to_dict()["steps"][0]["terms"]) == 60


def test_a_deep_graph_without_labels_is_cut_where_it_would_be_too_long_to_read() -> None:
    y = x = Value(0.1, "x")
    for _ in range(3000):
        y = y * 1.0001 + x
    found = explain(y)
    assert max(len(step["formula"]) for step in found.to_dict()["steps"]) < 1000
    assert evaluated(found)["y"] == pytest.approx(y.data, rel=1e-12)
    assert "more …" in str(found)


def test_every_node_if_wanted_and_a_leaf_by_itself() -> None:
    x = Value(3.0, "x")
    y = (x * x + 1.0).exp()
    assert [step.of.op and step.of.op.name for step in explain(y, labelled_only=False).steps] == ["mul", "add", "exp"]
    assert str(explain(x)) == "x = 3\n\nx was given, not computed."


def test_leaves_without_a_label_stand_there_as_numbers() -> None:
    assert str(explain(Value(2.0, "w") * Value(0.25) + Value(-1.0))) == "y = w * 0.25 - 1\n  = 2 * 0.25 - 1\n  = -0.5"


def test_leaves_that_were_changed_are_named() -> None:
    w = Value(2.0, "w")
    y = w * 3.0
    w.data = 5.0
    assert str(explain(y)).startswith("w: data changed after it was used; what follows from it is older.\n\ny = w * 3")
    assert explain(y).to_dict()["changed"] == [{"name": "w", "data": 5.0}]


def test_cases_are_told_apart() -> None:
    net = MLP(1, [1], seed=1)
    loss = squared_error(net([0.1]), 1.0) + squared_error(net([0.2]), 0.0)
    names = [step["name"] for step in explain(loss).to_dict()["steps"]]
    assert names == ["net_o1[1]", "out_o1[1]", "net_o1[2]", "out_o1[2]", "y"]


def test_it_shows_itself() -> None:
    total, _ = network()
    found = explain(total)
    assert repr(found) == str(found) == found.text()
    markdown = found._repr_markdown_()
    assert r"\mathrm{net}_{h1} &= w_{1} \cdot i_{1} + w_{2} \cdot i_{2} + b_{1} \\" in markdown
    assert markdown.count("$$") == 22
    json.dumps(found.to_dict())


def test_in_japanese_numbers_and_names_are_the_same() -> None:
    total, values = network()
    assert explain(total, language="ja").text() == explain(total).text()
    english, japanese = (explain(total, values["w1"], language=language).text() for language in ("en", "ja"))
    assert "一段ずつ" in japanese
    assert re.findall(r"[\w.]+ = .*", japanese) == re.findall(r"[\w.]+ = .*", english)
    assert explain(values["w1"]).text(language="ja").endswith("与えられた値です。")
    with pytest.raises(ValueError, match="language is one of"):
        explain(total, language="de")


@pytest.mark.parametrize("label", ["a\nb", "$x$", "\\input{x}", "<b>", "語" * 40, "\ud800", "x" * 10_000])
def test_labels_are_harmless(label: str) -> None:
    y = Value(2.0, label) * 3.0
    for text in (str(explain(y)), explain(y).markdown()):
        text.encode("utf-8")
        assert len(text) < 2000
    assert "\\input" not in explain(y).markdown()


@pytest.mark.parametrize("bad", [{"digits": 0}, {"width": 3}])
def test_what_does_not_fit_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"^explain: (digits|width) is a whole number"):
        explain(ops.exp(Value(1.0))).text(**bad)
    with pytest.raises(TypeError, match="explain: y is a Value, not float"):
        explain(1.0)  # type: ignore[call-overload]


@pytest.mark.parametrize("latex", [False, True])
def test_no_minus_sign_follows_another_sign_bare(latex: bool) -> None:
    a, b = Value(0.5, "a"), Value(-1.5, "b")
    written = [
        a / b, (a * b).tanh() * b, a - b * 2, 3 * b, b**2, (-b) * a, a - (-b), a / (b * a), a * (-(a * b)), (a - b) * 2 / 3,
        (a * b).exp() * -2.0, a - -2.0, (a + 1.0) / (b - a), (a * b - b) ** b.abs(), (a + b * b / b).tanh() - b,
    ]  # fmt: skip
    for y in written:
        found = explain(named(y, "y"))
        text = found.markdown() if latex else found.text()
        assert not re.search(r"(?:[-+*/]|\\cdot) -", text), text
        assert "- -" not in explain(y, b).text()


def test_the_factor_of_a_mean_is_a_fraction() -> None:
    a, b = Value(0.5, "a"), Value(0.25, "b")
    loss = named(mean_squared_error([a, b, a * b], [1.0, 0.0, 1.0]), "E")
    assert "2 / 3 * (b - 0)" in str(explain(loss, b))
    assert r"\frac{2}{3}" in explain(loss, b).markdown()
    assert "0.666666" not in str(explain(loss, b)).partition("Its factors")[0].replace("0.666666667", "")
    assert "y = 0.7 * a" in str(explain(named(0.7 * a, "y")))
    assert "1 / 7 * a" in str(explain(named(a * (1 / 7), "y"), a)) or "1 / 7" in str(explain(named(a * (1 / 7), "y")))
