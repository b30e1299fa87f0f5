"""What a network says where: regions, rows, borders and thresholds, and which networks and tables can be drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.plots import bills, png, texts, xor_net
from tinygrad_bp import MLP, ops, plotting
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.networks.data import penguins, spiral, truth_table
from tinygrad_bp.networks.losses import cross_entropy
from tinygrad_bp.networks.optim import Adam
from tinygrad_bp.networks.training import train

pytestmark = [pytest.mark.extras, pytest.mark.usefixtures("settings_stay")]


@pytest.mark.parametrize(
    ("activation", "targets", "right"),
    [("sigmoid", (0, 1), 4), (None, (0, 1), 4), (None, (-1, 1), 4), ("tanh", (-1, 1), 4), ("tanh", (0, 1), 4)],
)
def test_the_border_lies_where_the_output_means_it(activation: Any, targets: tuple[int, int], right: int) -> None:
    rows = [(row, targets[int(target[0])]) for row, target in truth_table("xor")]
    shown = texts(plotting.decision_boundary(xor_net(activation), rows))
    assert f"{right} of 4 rows right" in shown
    assert {str(target) for target in targets} <= set(shown)


def test_a_threshold_moves_the_border() -> None:
    table = truth_table("xor")
    assert "4 of 4 rows right" in texts(plotting.decision_boundary(xor_net(), table, threshold=0.9))
    assert "2 of 4 rows right; the others are outlined" in texts(
        plotting.decision_boundary(xor_net(), table, threshold=2)
    )
    assert "2 of 4 rows right; the others are outlined" in texts(
        plotting.decision_boundary(xor_net(), table, threshold=-2)
    )


def test_rows_in_the_wrong_region_are_outlined() -> None:
    from matplotlib.collections import PathCollection

    rows = [([0, 0], 1), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
    figure = plotting.decision_boundary(xor_net(), rows)
    assert "3 of 4 rows right; the other one is outlined" in texts(figure)
    zeros, ones = [dots for dots in figure.axes[0].collections if isinstance(dots, PathCollection)]
    assert list(zeros.get_linewidth()) == [0.6]
    assert list(ones.get_linewidth()) == [1.5, 0.6, 0.6]


def test_of_several_outputs_the_largest_decides() -> None:
    net = MLP(2, [3], weights=[1.0, 0.0, -1.0, 0.0, 0.0, 1.0], activation=None)
    rows = [([1.0, 0.0], 0), ([-1.0, 0.0], 1), ([0.0, 5.0], 2)]
    shown = texts(plotting.decision_boundary(net, rows))
    assert "3 of 3 rows right" in shown
    assert {"0", "1", "2"} <= set(shown)
    hot = [(row, [float(k == label) for k in range(3)]) for row, label in rows]
    assert png(plotting.decision_boundary(net, hot)) == png(plotting.decision_boundary(net, rows))


def test_axes_have_the_units_from_before_scaling() -> None:
    table = bills().scaled()
    net = MLP(2, [3], activation=None, seed=1)
    train(net, table, cross_entropy, Adam(net.parameters(), lr=0.1), epochs=5, batch_size=16)
    figure = plotting.decision_boundary(net, table)
    [low, high] = figure.axes[0].get_xlim()
    assert 28 < low < 32.1
    assert 59.6 < high < 63
    assert {"bill_length_mm", "bill_depth_mm", "Adelie", "Chinstrap", "Gentoo"} <= set(texts(figure))
    labels = [max(range(3), key=lambda k: out[k].data) for out in map(net, table.inputs)]
    right = sum(map(int.__eq__, labels, table.labels))
    assert right > 300
    assert any(text.startswith(f"{right} of 342 rows right") for text in texts(figure))


def test_any_function_of_two_values_can_be_drawn() -> None:
    rows = [([0.0, 0.0], 0), ([2.0, 0.0], 1)]
    smooth = texts(plotting.decision_boundary(lambda xs: xs[0] ** 2 + xs[1] ** 2 - 1.0, rows))
    assert "2 of 2 rows right" in smooth
    looking = plotting.decision_boundary(lambda xs: xs[0] - 1.0 if xs[0] > 0.5 else xs[1] * 0.0 - 1.0, rows)
    assert "2 of 2 rows right" in texts(looking)
    own = Operation("own", lambda x: float(x) - 1.0, (lambda y, x: 1.0,), "own({})", "own({})", "own")
    assert "2 of 2 rows right" in texts(plotting.decision_boundary(lambda xs: own(xs[0]), rows, threshold=0))


def test_a_network_that_says_one_class_everywhere_can_be_drawn() -> None:
    for bias in (5.0, -5.0, 0.0):
        net = MLP(2, [1], weights=[0.0, 0.0], biases=[bias], activation=None)
        assert png(plotting.decision_boundary(net, truth_table("and")))


def test_one_row_and_rows_on_a_line_can_be_drawn() -> None:
    net = MLP(2, [1], seed=1)
    for rows in ([([0.0, 0.0], 1)], [([3.0, 1.0], 0), ([3.0, 2.0], 1)], [([1e90, 1e-90], 0), ([-1e90, 0.0], 1)]):
        assert png(plotting.decision_boundary(net, rows))


def test_the_network_is_left_as_it_was() -> None:
    net = xor_net()
    before = [(p.data, p.grad, p.label, type(p)) for p in net.parameters()]
    plotting.decision_boundary(net, truth_table("xor"))
    assert [(p.data, p.grad, p.label, type(p)) for p in net.parameters()] == before


def test_a_network_is_asked_once_for_the_whole_picture() -> None:
    net = MLP(2, [32, 32, 3], activation=["tanh", "relu", None], seed=1)
    asked = []

    def counted(inputs: Any) -> Any:
        asked.append(inputs)
        return net(inputs)

    png(plotting.decision_boundary(counted, spiral()))
    assert len(asked) == 1


NET = MLP(2, [1], seed=1)
THREE = MLP(2, [3], activation=None, seed=1)
ROWS = [([0.0, 0.0], 0), ([1.0, 1.0], 1)]
NAN_NET = MLP(2, [1], weights=[math.nan, 1.0])
HUGE_NET = MLP(2, [1], weights=[1e308, 1e308], activation=None)


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: plotting.decision_boundary(3, ROWS), TypeError, "takes a network, or a function of Values, not int"),  # type: ignore[arg-type]
    (lambda: plotting.decision_boundary(lambda xs: 3.0, ROWS), TypeError, "returns Values, not float 3.0"),
    (lambda: plotting.decision_boundary(lambda xs: [], ROWS), TypeError, "returns Values, not NoneType"),
    (lambda: plotting.decision_boundary(NET, []), ValueError, "at least one row"),
    (lambda: plotting.decision_boundary(NET, 3), TypeError, "a Table, or pairs of inputs and target"),  # type: ignore[arg-type]
    (lambda: plotting.decision_boundary(NET, [1, 2]), TypeError, "a Table, or pairs"),  # type: ignore[list-item]
    (lambda: plotting.decision_boundary(NET, [(["a", 1], 0)]), TypeError, "not str 'a'"),
    (lambda: plotting.decision_boundary(NET, penguins()), ValueError, "draws two inputs, a plane, and row 1 has 4"),
    (lambda: plotting.decision_boundary(MLP(3, [1]), ROWS), ValueError, "3 weights and got 2 inputs"),
    (lambda: plotting.decision_boundary(NET, [([math.nan, 0.0], 0)]), ValueError, r"row 1 lies at \[nan, 0.0\]"),
    (lambda: plotting.decision_boundary(NET, [*ROWS, ([1e200, 0.0], 0)]), ValueError, r"row 3 lies at \[1e\+200, 0.0\]"),
    (lambda: plotting.decision_boundary(NET, [*ROWS, ([1.0, 0.0], 7)]), ValueError, "3 different numbers, such as 0, 1 and 7"),
    (lambda: plotting.decision_boundary(NET, bills()), ValueError, "network with 1 output tells 2 classes apart, not 3"),
    (lambda: plotting.decision_boundary(MLP(2, [4]), bills()), ValueError, "4 outputs tells 4 classes apart, not 3"),
    (lambda: plotting.decision_boundary(THREE, [([0.0, 0.0], 3)]), ValueError, "row 1 is of class 3, .* outputs for 0 to 2"),
    (lambda: plotting.decision_boundary(THREE, [([0.0, 0.0], 0.5)]), ValueError, "row 1 is of class 0.5"),
    (lambda: plotting.decision_boundary(THREE, [([0.0, 0.0], [1, 0])]), ValueError, "row 1 has 2 targets, and the network 3"),
    (lambda: plotting.decision_boundary(NET, [([0.0, 0.0], [])]), ValueError, "row 1 has 0 targets"),
    (lambda: plotting.decision_boundary(THREE, ROWS, threshold=0), ValueError, "the largest decides"),
    (lambda: plotting.decision_boundary(NET, ROWS, threshold=math.nan), ValueError, "a finite number, not nan"),
    (lambda: plotting.decision_boundary(NET, ROWS, threshold="a"), TypeError, "threshold takes a real number"),  # type: ignore[arg-type]
    (lambda: plotting.decision_boundary(NAN_NET, ROWS), ValueError, "the network gives nan for the inputs"),
    (lambda: plotting.decision_boundary(HUGE_NET, ROWS), ValueError, "the network gives inf for the inputs"),
    (lambda: plotting.decision_boundary(lambda xs: ops.log(xs[0]), ROWS), ValueError, "gives nan for the inputs"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES)
def test_mistakes_are_named(mistake: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mistake()
