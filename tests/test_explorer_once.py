"""What a page says is found once: the neurons, the waypoints, the layout; and the room is handed what texts print."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.attention import attention_loss
from tests.subjects import GRAPHS, mlp
from tinygrad_bp import Value, explore
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explanation import attention, neurons, waypoints
from tinygrad_bp.explorer import description, formulas, subject
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.subject import of_model, of_value
from tinygrad_bp.tutorial.figures import FIGURES
from tinygrad_bp.tutorial.page import subject as of_tutorial
from tinygrad_bp.words import words


def counted(monkeypatch: pytest.MonkeyPatch, name: str, function: Callable[..., Any], *rooms: Any) -> list[Any]:
    """The calls of a function that these modules import by this name."""
    calls: list[Any] = []

    def call(*args: Any, **options: Any) -> Any:
        calls.append(args)
        return function(*args, **options)

    for room in rooms:
        monkeypatch.setattr(room, name, call)
    return calls


MAKE: dict[str, Callable[[], Any]] = {
    "tutorial": of_tutorial,
    "network": lambda: of_model(mlp()),
    "value": lambda: of_value(GRAPHS["by hand"]()),
    "without neurons": lambda: of_value(GRAPHS["all operations"]()),
}


@pytest.mark.parametrize("name", MAKE)
def test_neurons_are_found_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, "units", neurons.units, subject, description)
    describe(MAKE[name]())
    assert len(calls) == 1


@pytest.mark.parametrize("name", [*MAKE, "attention"])
def test_attention_is_found_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, "attention", attention.attention, subject, description)
    about, _ = describe(of_value(attention_loss()) if name == "attention" else MAKE[name]())
    assert len(calls) == 1
    assert (about["folds"]["layer"] is not None) or name != "attention"


@pytest.mark.parametrize("name", MAKE)
def test_waypoints_are_built_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, "Waypoints", waypoints.Waypoints, formulas)
    about, _ = describe(MAKE[name]())
    assert len(calls) == 1
    assert about["formulas"]["gradient"]


@pytest.mark.parametrize("name", ["tutorial", "xor", "cross_entropy", "all operations", "hostile labels", "random 3"])
def test_chain_rules_are_those_of_each_value_alone(name: str) -> None:
    order = topological_order(GRAPHS[name]())
    result, place = order[-1], {v: k for k, v in enumerate(order)}
    written = formulas.formulas(result, order)["gradient"]

    def of(factors: Any) -> list[list[int]]:
        return [[place[f.of], place[f.by], int(f.whole)] for f in factors]

    for v in order:
        if v.label and v is not result:
            alone = waypoints.Waypoints(result, [v], True)
            quantity, chain = alone.quantity(v), alone.chain(v)
            rule = written[place[v]]
            assert rule["terms"] == [of(term.factors) for term in quantity.terms]
            assert rule["parts"] == of(quantity.parts)
            assert rule["chain"] == (of(chain.factors) if chain and len(chain.factors) > 1 else None)


def test_the_room_does_not_know_the_tutorial() -> None:
    for path in Path(description.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []
            assert not [name for name in imported if name.startswith("tinygrad_bp.tutorial")], path
    assert explore("tutorial").title == "Backpropagation, step by step"


def test_the_errata_come_with_their_numbers() -> None:
    about, _ = describe(of_tutorial())
    errata = about["tutorial"]["errata"]
    printed = {figure.quantity: figure.printed for figure in FIGURES}
    assert [quantity.partition(" (")[0] for quantity, _, _ in errata] == [
        "dE_o2/dout_h1",
        "E_total after 1 update",
        "E_total after 10000 rounds",
        "net_h1",
    ]
    for quantity, key, given in errata:
        assert given["printed"] == printed[quantity.partition(" (")[0]]
        for language in ("en", "ja"):
            text = words(language)(f"page.{key}", **given)
            assert "{" not in text
            assert given["printed"] in text
    numbers = [given for _, _, given in errata]
    assert numbers[1]["right"].startswith("0.29102")
    assert numbers[2]["rounds"] == "10000"


def test_latex_speaks_of_numbered_values_as_names_do() -> None:
    y = ((Value(2.0) * Value(3.0)).exp() + 1.0).tanh()
    nodes = [node for node in describe(of_value(y))[0]["nodes"] if "latex" in node]
    assert [node["name"] for node in nodes] == ["v1", "v2", "v1 * v2", "exp(v1 * v2)", "exp(v1 * v2) + 1", "result"]
    assert [node["latex"] for node in nodes][2:4] == [r"v_{1} \cdot v_{2}", r"e^{v_{1} \cdot v_{2}}"]


def test_names_are_written_in_latex_once() -> None:
    about, _ = describe(of_tutorial())
    latex = {node["label"]: node["latex"] for node in about["nodes"] if "label" in node}
    assert latex["net_h1"] == r"\mathrm{net}_{h1}"
    assert latex["w5"] == "w_{5}"
    about, _ = describe(of_value(Value(2.0, "x") * Value(3.0, "a_$^{") + Value(1.0, "b")))
    by_formula = [node["latex"] for node in about["nodes"] if "op" in node and "label" not in node]
    assert by_formula == [r"x \cdot \left({\text{a}\_\$\wedge{}\{}\right)"]
