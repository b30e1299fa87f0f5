"""The chain rule written out: the worked example to the printed digits, random graphs against backward and against brute force."""

import json
import math
import random
import re
from typing import Any

import pytest

from tests.explained import named, network, random_graph
from tests.worked import worked_net
from tinygrad_bp.core.gradients import grad
from tinygrad_bp.core.ops import dot, sum_of
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation import explain
from tinygrad_bp.explanation.names import columns


def paths_by_hand(e: Any) -> Any:
    """Every path from y to x, by enumeration over the terms of the quantities: the products."""
    users = {q.derivative.by: [(t.factors[-1].of, t.factors[-1].value) for t in q.terms] for q in e.quantities}

    def products(node: Any) -> Any:
        return [1.0] if node is e.y else [value * product for user, value in users[node] for product in products(user)]

    return products(e.x)


# The worked example


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        (
            "w5",
            [
                "dE_total/dw5 = dE_total/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw5",
                "= 0.741365070 * 0.186815602 * 0.593269992",
                "= 0.082167041",
                "dE_total/dout_o1  0.741365070  = -(target_o1 - out_o1)",
                "dout_o1/dnet_o1   0.186815602  = out_o1 * (1 - out_o1)",
                "dnet_o1/dw5       0.593269992  = out_h1",
                "= 0.138498562 = delta_o1",
                "= delta_o1 * out_h1",
            ],
        ),
        (
            "w1",
            [
                "dE_total/dw1 = dE_total/dout_h1 * dout_h1/dnet_h1 * dnet_h1/dw1",
                "= 0.036350306 * 0.241300709 * 0.05",
                "2 paths, and their sum",
                "1. E_total ← E_o1 ← out_o1 ← net_o1 ← out_h1 ← net_h1 ← w1",
                "2. E_total ← E_o2 ← out_o2 ← net_o2 ← out_h1 ← net_h1 ← w1",
                "dE_total/dout_h1 = dE_o1/dout_h1 + dE_o2/dout_h1",
                "= delta_o1 * w5 + delta_o2 * w7",
                "= 0.0553994247 - 0.0190491183",
                "= 0.036350306",
                "= 0.008771355 = delta_h1",
                "= 0.000438568",
            ],
        ),
        ("b1", ["4 paths, and their sum", "= delta_h1 + delta_h2", "= 0.0087713547 + 0.0099542547", "= 0.018725609"]),
        ("b2", ["dE_total/db2 = dE_o1/db2 + dE_o2/db2", "= delta_o1 + delta_o2", "= 0.100400325"]),
    ],
)
def test_the_worked_example_is_explained_as_in_the_text(by: str, lines: Any) -> None:
    total, values = network()
    text = str(explain(total, values[by]))
    shown = " ".join(text.split())
    for line in lines:
        assert " ".join(line.split()) in shown
    assert max(map(columns, text.splitlines())) <= 80


def test_the_worked_example_as_data() -> None:
    total, values = network()
    data = explain(total, values["w1"]).to_dict()
    steps = {q["symbol"]: q for q in data["quantities"]}
    assert next(iter(steps)) == "dE_total/dE_total"
    assert list(steps)[-1] == "dE_total/dw1"
    at_h1 = steps["dE_total/dout_h1"]
    assert at_h1["value"] == pytest.approx(0.036350306393144678, rel=1e-14)
    assert [part["symbol"] for part in at_h1["parts"]] == ["dE_o1/dout_h1", "dE_o2/dout_h1"]
    assert [part["value"] for part in at_h1["parts"]] == pytest.approx(
        [0.055399424651422786, -0.019049118258278108], rel=1e-14
    )
    assert steps["dE_total/dnet_o1"]["delta"] == "delta_o1"
    assert steps["dE_total/dnet_o1"]["value"] == pytest.approx(0.138498561628556966, rel=1e-14)
    assert [f["symbol"] for f in data["paths"][0]["factors"]] == [
        "dE_total/dout_o1",
        "dout_o1/dnet_o1",
        "dnet_o1/dout_h1",
        "dout_h1/dnet_h1",
        "dnet_h1/dw1",
    ]
    assert data["paths"][0]["nodes"] == ["E_total", "E_o1", "out_o1", "net_o1", "out_h1", "net_h1", "w1"]
    assert math.fsum(path["product"] for path in data["paths"]) == pytest.approx(0.000438567734474347, rel=1e-13)
    assert data["path_count"] == 2
    assert data["listed_share"] == pytest.approx(1.0)


def test_the_worked_example_in_markdown() -> None:
    total, values = network()
    page = explain(total, values["w5"])._repr_markdown_()
    assert (
        r"\frac{dE_{\mathrm{total}}}{dw_{5}} &= \frac{dE_{\mathrm{total}}}{d\mathrm{out}_{o1}} \cdot "
        r"\frac{d\mathrm{out}_{o1}}{d\mathrm{net}_{o1}} \cdot \frac{d\mathrm{net}_{o1}}{dw_{5}} \\"
    ) in page
    assert r"&= 0.741365070 \cdot 0.186815602 \cdot 0.593269992 \\" in page
    assert r"&= \delta_{o1} \cdot \mathrm{out}_{h1} \\" in page
    assert page.count("$$") % 2 == 0


# Against backward and brute force


@pytest.mark.slow
@pytest.mark.parametrize("share_labelled", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("labelled_only", [True, False])
def test_totals_are_those_of_backward_to_the_last_bit(share_labelled: float, labelled_only: bool) -> None:
    rng = random.Random(share_labelled)
    for _ in range(30):
        *_, y = nodes = random_graph(rng, 25, share_labelled)
        y.backward()
        under_y = set(topological_order(y))
        for x in rng.sample(nodes, 6):
            e = explain(y, x, labelled_only=labelled_only)
            assert e.total == (x.grad if x in under_y else 0.0)
            for quantity in e.quantities:
                assert quantity.derivative.value == quantity.derivative.by.grad
                if quantity.terms:
                    size = math.fsum(abs(term.value) for term in quantity.terms)
                    assert math.fsum(term.value for term in quantity.terms) == pytest.approx(
                        quantity.derivative.value, abs=1e-9 * size
                    )
                if quantity.parts:
                    assert {part.of for part in quantity.parts} <= under_y
            e.text(), e.markdown(), json.dumps(e.to_dict())


@pytest.mark.parametrize("labelled_only", [True, False])
def test_paths_are_all_there_are_and_the_largest_come_first(labelled_only: bool) -> None:
    rng = random.Random(5)
    for _ in range(60):
        nodes = random_graph(rng, 12, 0.6)
        y, x = nodes[-1], nodes[0]
        e = explain(y, x, max_paths=5, labelled_only=labelled_only)
        products = paths_by_hand(e) if e.path_count else []
        assert e.path_count == len(products)
        largest = sorted(map(abs, products), reverse=True)[:5]
        assert [abs(path.product) for path in e.paths] == pytest.approx(largest, rel=1e-12)
        assert len({path.nodes for path in e.paths}) == len(e.paths)
        assert math.fsum(products) == pytest.approx(e.total, abs=1e-9 * (1 + sum(map(abs, products))))
        for path in e.paths:
            assert (path.nodes[0], path.nodes[-1]) == (y, x)
            assert math.prod(factor.value for factor in path.factors) == pytest.approx(path.product, rel=1e-12)


def test_a_whole_derivative_is_told_from_a_partial_one() -> None:
    rng = random.Random(11)
    for _ in range(40):
        nodes = random_graph(rng, 14, 0.7)
        for factor in (f for path in explain(nodes[-1], nodes[0]).paths for f in path.factors):
            assert factor.symbol.startswith("d" if factor.whole else "∂")
            if factor.whole:
                assert factor.value == pytest.approx(explain(factor.of, factor.by).total, rel=1e-9, abs=1e-12)


def test_a_shortcut_is_a_partial_derivative() -> None:
    a = Value(2.0, "a")
    b = named(a.tanh(), "b")
    y = named(a * b, "y")
    text = str(explain(y, a))
    assert "dy/da = dy/db * db/da + ∂y/∂a" in text
    assert "∂y/∂a  0.964027580  = b" in text


def test_a_summand_in_another_summand_is_not_counted_twice() -> None:
    h = Value(0.5, "h")
    left = named(named(h * h, "l1") + h.tanh(), "L")
    e = explain(named(left + named(named(h.sin(), "s") ** 2, "R"), "E"), h)
    assert e.quantities[-1].parts == ()  # dE/dh is no sum of dl1/dh, dL/dh and dR/dh
    assert len(e.quantities[-1].terms) == 3


def test_parts_are_the_derivatives_of_summands_and_add_up() -> None:
    rng = random.Random(3)
    seen = 0
    for _ in range(200):
        nodes = random_graph(rng, 6, 1.0)
        y = nodes[-1]
        for k in range(rng.randint(2, 5)):
            summand = named(named(rng.choice(nodes).sin(), f"u{k}") ** 2, f"p{k}")
            if rng.random() < 0.5:
                summand = named(summand + rng.choice([rng.choice(nodes), rng.choice(nodes).tanh()]), f"q{k}")
            y = named(y + summand, f"s{k}")
        for quantity in explain(y, nodes[0]).quantities:
            by, numbers = quantity.derivative.by, [part.value for part in quantity.parts]
            if numbers:
                seen += 1
                assert [explain(part.of, by).total for part in quantity.parts] == pytest.approx(
                    numbers, rel=1e-9, abs=1e-12
                )
                assert math.fsum(numbers) == pytest.approx(quantity.derivative.value, rel=1e-9, abs=1e-9)
    assert seen > 40


# Many paths, deep graphs


def test_two_to_the_200_paths_are_counted_and_the_largest_listed() -> None:
    x = v = Value(1.0, "x")
    for k in range(200):
        v = named(named(v * 0.5, f"a{k}") + named(v * (0.5 if k else 0.25), f"b{k}"), f"s{k}")
    e = explain(v, x, max_paths=3)
    assert e.path_count == 2**200
    assert [path.product for path in e.paths] == [0.5**200] * 3
    assert e.listed_share == pytest.approx(3 * 0.5**200 / 0.75)
    assert json.loads(json.dumps(e.to_dict()))["path_count"] == str(2**200)
    text = " ".join(str(e).split())
    assert f"The 3 largest of {2**200} paths" in text
    assert "of the total 0.75: " in text


@pytest.mark.slow
def test_a_count_of_thousands_of_digits_is_given() -> None:
    x = v = Value(1.0, "x")
    for _ in range(15_000):
        v = named(named(v * 0.5, "a") + named(v * 0.5, "b"), "s")
    e = explain(v, x, max_paths=1)
    assert e.path_count == 2**15_000
    assert "The largest of about 2.818e+4515 paths" in str(e)
    assert repr(e) == str(e)


def test_doubling_200_times_is_one_factor() -> None:
    x = v = Value(1.0, "x")
    for _ in range(200):
        v = v + v
    e = explain(v, x)
    assert (e.total, e.path_count) == (2.0**200, 1)
    assert explain(v, x, labelled_only=False).path_count == 1


@pytest.mark.parametrize("labelled_only", [True, False])
def test_a_deep_chain_is_explained(labelled_only: bool) -> None:
    x = v = Value(0.5, "x")
    for _ in range(10_000):
        v = -v + 1.0
    e = explain(v, x, labelled_only=labelled_only)
    assert e.total == 1.0
    assert e.path_count == 1
    assert len(str(e).splitlines()) < 400
    assert len(e.markdown()) < 60_000


# Edges


def test_what_does_not_depend_has_the_derivative_zero() -> None:
    x, z = Value(1.0, "x"), Value(2.0, "z")
    y = named(x * 2.0, "y")
    e = explain(y, z)
    assert (e.total, e.paths, e.path_count, e.quantities, e.listed_share) == (0.0, (), 0, (), None)
    assert str(e) == "dy/dz = 0\n\ny does not depend on z."
    assert "$y$ does not depend on $z$." in e.markdown()
    assert e.to_dict()["depends"] is False
    assert explain(x, y).total == 0.0


def test_a_value_by_itself_has_the_derivative_one() -> None:
    y = named(Value(3.0, "x") * 2.0, "y")
    e = explain(y, y)
    assert (e.total, e.path_count, e.paths[0].nodes, e.paths[0].product) == (1.0, 1, (y,), 1.0)
    assert str(e).startswith("dy/dy = 1\n")


def test_deltas_of_several_cases_are_told_apart() -> None:
    """Every product written with deltas has the number that stands under it."""
    net = worked_net()
    loss = Value(0.0)
    for inputs, targets in (([0.05, 0.1], [0.01, 0.99]), ([0.9, -0.4], [0.7, 0.2])):
        for t, out in zip(targets, net([Value(x, f"i{k}") for k, x in enumerate(inputs, 1)]), strict=True):
            loss = loss + 0.5 * (t - out) ** 2
    e = explain(named(loss, "E"), net.parameters()[0])
    deltas = {q.delta: q.derivative.value for q in e.quantities if q.delta}
    assert set(deltas) == {"delta_o1[1]", "delta_o1[2]", "delta_o2[1]", "delta_o2[2]", "delta_h1[1]", "delta_h1[2]"}
    assert {q["delta"] for q in e.to_dict()["quantities"]} == {*deltas, None}
    numbers = deltas | {e.name(node): node.data for node in topological_order(loss, constants=False) if node.label}
    written = re.findall(r"^ *= (delta_.*)\n((?: *= .*\n)+)", e.text(width=1000, digits=17), re.MULTILINE)
    for symbols, rows in written:
        formula = re.sub(r"[a-zA-Z]\w*(\[\d\])?", lambda name: repr(numbers[name[0]]), symbols)
        for row in rows.splitlines():
            assert eval(row.split("=")[1]) == pytest.approx(eval(formula), rel=1e-14)
    assert len(written) >= 3
    assert r"{\delta_{o1}^{[2]}}" in e.markdown()


def test_whatever_has_no_label_is_said_to_be() -> None:
    x = Value(3.0)
    assert str(explain(x, x)).endswith("Where\n  y = 3, a leaf that has no label")
    assert str(explain(Value(2.0), x)).endswith("  x = 3, a leaf that has no label\n  y = 2, a leaf that has no label")
    page = str(explain(named((x * 2.0).exp() * x, "y"), x))
    assert "labelled_only=False" in page
    assert "  x = 3, a leaf that has no label\n" in page
    assert r"x &= 3\text{, a leaf that has no label}" in explain(named(x * 2.0, "y"), x).markdown()


def test_a_swapped_order_is_said() -> None:
    w, x = Value(0.5, "w"), Value(3.0, "x")
    y = named(w * 2.0, "y")
    assert str(explain(w, y)) == "dw/dy = 0\n\nw does not depend on y: it is y that depends on w."
    assert str(explain(w, x)) == "dw/dx = 0\n\nw does not depend on x."


def test_no_hint_where_the_formula_says_all() -> None:
    w, x = Value(0.5, "w"), Value(3.0, "x")
    assert "labelled_only" not in str(explain(named(w * x + 1.0, "net"), w))


def test_constants_in_exponents_are_one_number() -> None:
    x = Value(2.0, "x")
    [slope] = grad(x**3, [x])
    page = str(explain(slope, x))
    assert "y = 3 * x ** 2" in page


def test_lines_break_outside_of_parentheses_and_powers_where_they_can() -> None:
    a, b = Value(1.5, "name_a"), Value(0.5, "name_b")
    y = (a - b) ** 2 * (a + b + a * b) + (a + b) ** 3 * (a - b)
    for width in (56, 60, 70):
        lines = [line for line in explain(y, a).text(width=width).splitlines() if "name_b" in line]
        assert max(map(len, lines)) <= width
        for line in lines:
            assert line.count("(") == line.count(")"), line
            assert not line.strip().startswith("**")
            assert not line.endswith("**")
    assert max(map(len, explain(y, a).text(width=20).splitlines())) <= 34


def test_values_without_labels_get_names() -> None:
    x = Value(2.0)
    y = x * x + Value(1.0, "y")
    e = explain(y, x)
    assert str(e) == (
        "dv1/dx = 2 * x\n       = 4\n\nWhere\n  x  = 2, a leaf that has no label\n  v1 = x * x + y\n\n"
        "No Value between them has a label: set some v.label, or labelled_only=False\nshows every step."
    )
    assert (e.name(y), e.name(x)) == ("v1", "x")


def test_a_label_that_looks_like_a_formula_stands_in_parentheses() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = named(named(a * b, "a*b") ** 2, "y")
    text = str(explain(y, a))
    assert "dy/da = dy/d(a*b) * d(a*b)/da" in text
    assert "= 2 * (a*b)" in text


def test_equal_labels_are_numbered() -> None:
    h = Value(0.5, "h")
    h2 = named(h.tanh(), "h")
    h3 = named(h2.tanh(), "h")
    e = explain(h3, h)
    assert [e.name(v) for v in (h, h2, h3)] == ["h[1]", "h[2]", "h[3]"]
    assert str(e).startswith("dh[3]/dh[1] = dh[3]/dh[2] * dh[2]/dh[1]\n")
    assert "h^{[3]}" in e.markdown()


def test_data_and_gradients_of_later_do_not_matter() -> None:
    total, values = network()
    before = explain(total, values["w1"]).to_dict()
    for v in values.values():
        v.grad = 3.0
        if v.op is None:
            v.data = 7.0
    after = explain(total, values["w1"]).to_dict()
    assert {name for name, found in after.items() if found != before[name]} == {"changed"}
    assert values["w1"].grad == 3.0


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("w1", ": hand in the Value that has this label, explain(E, w1)"),
        ("W1", ": hand in the Value itself, not its label; did you mean 'w1'?"),
        ("", ": hand in the Value itself, not its label"),
    ],
)
def test_a_label_in_place_of_a_value_is_told_what_to_hand_in(label: str, hint: str) -> None:
    w1, w2 = Value(0.5, "w1"), Value(2.0, "w2")
    error = named(w1 * w2, "E")
    with pytest.raises(TypeError) as found:
        explain(error, label)  # type: ignore[call-overload]
    assert str(found.value) == f"explain: x is a Value, not str {label!r}{hint}"


def test_infinite_and_undefined_slopes_are_shown_as_they_are() -> None:
    x = Value(0.0, "x")
    root = named(x.sqrt(), "root")
    y = named(root * 0.0 + root, "y")
    e = explain(y, x)
    assert e.total == math.inf
    assert "inf" in str(e)
    z = named(root * 0.0, "z")
    e = explain(z, x)
    assert math.isnan(e.total)
    assert e.listed_share is None
    assert "nan" in str(e)
    assert r"\mathrm{NaN}" in e.markdown()
    assert json.loads(json.dumps(e.to_dict(), allow_nan=False))["total"] == "nan"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda y, x: explain(3.0, x), TypeError, "y is a Value, not float 3.0"),
        (lambda y, x: explain(y, "x"), TypeError, "x is a Value, not str 'x'"),
        (lambda y, x: explain(y, y.args[0]), TypeError, "make it a Value"),
        (lambda y, x: explain(y, x, max_paths=0), ValueError, "max_paths is a whole number of at least 1, not 0"),
        (lambda y, x: explain(y, x, max_paths=2.5), TypeError, "max_paths is a whole number, not float 2.5"),
        (lambda y, x: explain(y, x, max_paths=True), TypeError, "max_paths is a whole number"),
        (lambda y, x: explain(y, x).text(digits=2.0), TypeError, "digits is a whole number, not float 2.0"),
        (lambda y, x: explain(y, x).markdown(digits=True), TypeError, "digits is a whole number, not bool True"),
        (lambda y, x: explain(y, x).text(digits=0), ValueError, "digits is a whole number from 1 to 17, not 0"),
        (lambda y, x: explain(y, x).markdown(digits=18), ValueError, "digits is a whole number from 1 to 17, not 18"),
        (lambda y, x: explain(y, x).text(digits="9"), TypeError, "digits is a whole number, not str '9'"),
        (lambda y, x: explain(y, x).text(width=5), ValueError, "width is a whole number of at least 20, not 5"),
    ],
)
def test_wrong_arguments_are_refused_in_words(call: Any, error: Any, words: str) -> None:
    x = Value(2.0, "x")
    y = 0.5 * x
    assert isinstance(y.args[0], Constant)
    with pytest.raises(error, match=re.escape(words)):
        call(y, x)


def test_what_has_no_label_is_told_in_numbers_where_no_name_is() -> None:
    xs = [Value(0.0), Value(0.5), Value(1.0)]
    powers = [x.exp() for x in xs]
    share = powers[0] / (powers[0] + powers[1] + powers[2])
    assert "  y = exp(x) / (exp(x) + exp(0.5) + exp(1))\n" in str(explain(share, xs[0]))
    weights = [Value(0.25), Value(0.75)]
    whole = sum_of([dot(weights, [Value(2.0), Value(4.0)]), xs[0] * weights[0]])
    assert "  y = dot([0.25, 0.75], [2, 4]) + x * 0.25\n" in str(explain(whole, xs[0]))
