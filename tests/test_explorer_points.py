"""Points of a plane that a page has: the same every time, between -1 and 1, of two classes; and where they are offered."""

from typing import Any

import pytest

from tinygrad_bp import MLP
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.points import POINTS
from tinygrad_bp.explorer.subject import of_model, of_truth_table
from tinygrad_bp.networks.notes import Notes


@pytest.mark.parametrize("name", POINTS)
def test_points_are_the_same_every_time_and_no_two_lie_together(name: str) -> None:
    points = POINTS[name]()
    assert points == POINTS[name]()
    assert 20 <= len(points) <= 64
    assert all(abs(x) <= 1 for place, _ in points for x in place)
    assert len({place for place, _ in points}) == len(points)
    assert {label for _, label in points} == {0, 1}


@pytest.mark.parametrize("name", POINTS)
def test_no_line_parts_the_classes(name: str) -> None:
    """A neuron alone does not learn them."""
    points = POINTS[name]()
    lines = [(a / 10, b / 10, c / 10) for a in range(-10, 11) for b in range(-10, 11) for c in range(-10, 11)]
    sides = ([(a * x + b * y + c > 0) == bool(label) for (x, y), label in points] for a, b, c in lines)
    assert not any(all(side) for side in sides)


def presets(net: Any, rows: Any = None, **more: Any) -> Any:
    return describe(of_model(net, rows=rows, **more))[0]["presets"]


def test_a_network_of_two_inputs_has_them_in_its_own_leaves() -> None:
    rows = [([0.5, 0.25], [1.0, 0.0]), ([1.0, 0.0], [0.0, 1.0])]
    net = MLP(2, [2, 2], activation=["tanh", None], seed=1)
    described = describe(of_model(net, rows=rows, loss="cross_entropy"))[0]
    found = described["presets"]
    assert found["chosen"] == "given"
    assert list(found["tables"]) == ["given", "xor", *POINTS]
    assert found["tables"]["given"] == described["cases"]
    leaves = [leaf for leaf, _ in described["cases"][0]]
    for name, points in POINTS.items():
        for case, (place, label) in zip(found["tables"][name], points(), strict=True):
            assert [leaf for leaf, _ in case] == leaves
            assert [x for _, x in case] == [*place, float(label == 0), float(label == 1)]
    truth = describe(of_truth_table("or"))[0]["presets"]
    assert truth["chosen"] == "or"
    assert [name for name in truth["tables"] if name in POINTS] == list(POINTS)


def test_others_have_none() -> None:
    assert presets(MLP(3, [2, 1])) is None
    assert presets(MLP(2, [2, 1]), [([40.0, 200.0], [1.0])]) is None
    named = MLP(2, [2, 2])
    named.notes = Notes(classes=["cat", "dog"])
    assert presets(named, [([0.5, 0.25], [1.0, 0.0])]) is None
