"""d counts all paths between two quantities, ∂ the direct one: in marks, and in sheets, which understand the same names."""

from __future__ import annotations

import pytest

from tests.rounds import named
from tinygrad_bp import MLP, Value, exercise, explain, mark
from tinygrad_bp.explanation.chain_rule import Explanation
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.naming import Names


def residual() -> tuple[Value, Value, Value]:
    """y = h + sin(v h) with h = w x: h acts on y at once and through s."""
    w, x, v = Value(0.7, "w"), Value(1.3, "x"), Value(-0.8, "v")
    h = named(w * x, "h")
    y = named(h + named((v * h).sin(), "s"), "y")
    return named((y - Value(0.2, "t")) ** 2, "E"), y, h


def gate() -> tuple[Value, Value, Value]:
    """r = g u + (1 - g) c with g = sigmoid(c)."""
    w, x, u = Value(0.9, "w"), Value(0.5, "x"), Value(-1.4, "u")
    c = named(w * x, "c")
    g = named(c.sigmoid(), "g")
    r = named(g * u + (1 - g) * c, "r")
    return named((r - Value(1.0, "t")) ** 2 / 2, "E"), r, c


def shares() -> tuple[Value, Value, Value]:
    """Softmax by hand, of two."""
    x = Value(0.6, "x")
    z, other = named(Value(0.8, "w1") * x, "z1"), named(Value(-0.5, "w2") * x, "z2")
    top, below = z.exp(), other.exp()
    p = named(top / named(top + below, "S"), "p1")
    return named(-p.log(), "L"), p, z


GRAPHS = [residual, gate, shares]


def parts(loss: Value, of: Value, by: Value) -> tuple[float, float]:
    """All of a derivative, and the direct part of it."""
    whole = explain(of, by)
    assert isinstance(whole, Explanation)
    return whole.total, Derivation(loss).direct(of, by).value


@pytest.mark.parametrize("graph", GRAPHS)
def test_d_is_all_of_a_derivative_and_the_round_d_the_direct_part(graph: type) -> None:
    loss, of, by = graph()
    whole, part = parts(loss, of, by)
    d, partial = f"d{of.label}/d{by.label}", f"∂{of.label}/∂{by.label}"
    found = mark(loss, {d: f"{whole:.4f}", partial: f"{part:.4f}"})
    assert [(each.name, each.verdict) for each in found] == [(partial, "right"), (d, "right")]
    assert [each.value for each in found] == [pytest.approx(part), pytest.approx(whole)]

    wrong = mark(loss, {d: f"{part:.4f}"})[d]
    assert wrong.verdict == "wrong"
    assert wrong.keys[0] == "directOnly"
    assert wrong.causes[0].startswith(f"Only the direct path is counted: this is {partial}.")

    turned = mark(loss, {d: f"{whole:.4f}", partial: f"{whole:.4f}"})[partial]
    assert (turned.verdict, turned.keys[0]) == ("wrong", "allPaths")


@pytest.mark.parametrize("graph", GRAPHS)
def test_textbooks_write_the_round_d_for_all_paths_too(graph: type) -> None:
    loss, of, by = graph()
    whole, _ = parts(loss, of, by)
    [found] = mark(loss, {rf"\partial {of.label} / \partial {by.label}": f"{whole:.4f}"})
    assert (found.verdict, found.value) == ("right", pytest.approx(whole))


def test_where_both_are_the_same_nothing_changes() -> None:
    loss, _, _ = residual()
    names = Names(Derivation(loss))
    assert names.name_of("∂E/∂w") == names.name_of("dE/dw") == "dE/dw"
    assert names.name_of("∂s/∂h") == "ds/dh"


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_follows_from_a_wrong_derivative_along_all_paths_is_carried(graph: type) -> None:
    loss, of, by = graph()
    step = Derivation(loss)
    upper = step.between(loss, of).value
    whole = step.between(of, by).name
    lower = step.derived(by).name
    found = mark(loss, {whole: "0.6173", lower: f"{upper * 0.6173:.5f}"})
    assert (found[whole].verdict, found[lower].verdict) == ("wrong", "carried")


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_sheet_asks_for_all_paths_where_it_writes_d(graph: type) -> None:
    loss, of, by = graph()
    d, partial = f"d{of.label}/d{by.label}", f"∂{of.label}/∂{by.label}"
    made = exercise(loss, blanks=[d, partial], seed=3)
    names = {v: k for k, v in made.derivation.names.items()}
    whole, part = parts(made.derivation.loss, names[of.label], names[by.label])
    assert {each.step.name: each.value for each in made.asked} == {
        d: pytest.approx(whole),
        partial: pytest.approx(part),
    }
    text = made.key.text()
    assert f"{d} = " in text
    assert f"{partial} = " in text


def test_blanks_are_called_as_answers_are() -> None:
    net = MLP(2, [2, 1], activation="tanh", seed=4)
    [out] = net([Value(0.3, "i1"), Value(-0.6, "i2")])
    loss = named((out - 0.5) ** 2, "E")
    asked = exercise(loss, blanks=["dE/dnet_h1", "δo1", "grad w3", "net h2"]).asked
    assert [each.step.name for each in asked] == ["net_h2", "delta_o1", "delta_h1", "dE/dw3"]
    with pytest.raises(ValueError, match="there is no quantity 'dE/dw77' to leave blank"):
        exercise(loss, blanks=["net_h1", "dE/dw77"])


def test_a_table_calls_a_quantity_as_its_answer_does() -> None:
    w, h = Value(0.4, "w"), Value(0.1, "h0")
    for k, x in enumerate((0.9, -0.3), 1):
        h = named(named(w * Value(x, f"x{k}") + h, f"a{k}").tanh(), f"h{k}")
    loss = named((h - 0.5) ** 2, "E")
    text = mark(loss, {"dE/da2": "0.3", "grad w": "0.2"}).text()
    assert "dE/da2 " in text
    assert "grad w " in text
    assert "delta_h2" not in text


@pytest.mark.parametrize("name", ["delta_o1[2]", "delta_o1_2", "delta_o1(2)", "δo1 (2)"])
def test_cases_are_numbered_in_any_of_these_ways(name: str) -> None:
    net = MLP(1, [1], activation="sigmoid", seed=5)
    loss = named(sum((net([x])[0] - 0.4) ** 2 for x in (0.2, 0.9)) / 2, "E")  # type: ignore[arg-type]
    assert Names(Derivation(loss)).name_of(name) == "delta_o1[2]"


def test_greek_letters_stand_for_their_names_and_the_other_way_round() -> None:
    theta, omega, mu = Value(0.5, "theta"), Value(1.2, "ω1"), Value(0.3, "mu")
    y = named(theta.sin() * omega + mu, "R")
    names = Names(Derivation(y, learning_rate=0.1, parameters=[theta, omega, mu]))
    told = {"dR/dθ": "dR/dtheta", "θ+": "theta+", "dR/domega1": "dR/dω1", "∂R/∂μ": "dR/dmu", "dR/dϑ": "dR/dtheta"}
    assert {name: names.name_of(name) for name in told} == told
