"""What people have in hand: numbers of NumPy, rows of pandas, gradients of None, sums that are the same in every Python."""

import ast
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp
from tests.trainings import some_1d, xor
from tinygrad_bp import MLP, SGD, Adam, AdamW, Layer, Neuron, Value, save, train
from tinygrad_bp.networks import losses, optim

pytestmark = pytest.mark.usefixtures("many_rows")


@pytest.mark.extras
def test_whole_numbers_of_numpy_are_whole_numbers(tmp_path: Path) -> None:
    import numpy as np

    n = np.int64
    net = MLP(n(2), np.array([5, 1]), activation="tanh", seed=n(1), separate_products=np.True_, train_biases=np.True_)
    _, rows, loss, _ = xor()
    options: dict[str, Any] = {"epochs": n(2), "batch_size": np.uint8(2), "seed": np.int32(1), "patience": n(3)}
    history = train(net, rows, loss, SGD(net.parameters(), np.float32(0.5)), shuffle=True, **options)
    assert history.epochs == 2
    assert save(net, tmp_path / "net.json").exists()
    assert optim.step_decay(0.5, n(2))(4) == 0.5 * 0.1**2
    assert losses.one_hot(n(1), n(2)) == [0.0, 1.0]


@pytest.mark.extras
def test_a_true_of_numpy_stops_as_true_does() -> None:
    import numpy as np

    for says in (np.True_, np.array(True), np.float64(2.0) > 1.0):
        assert train(*xor(), epochs=9, on_epoch=lambda history, says=says: says).epochs == 1
    assert train(*xor(), epochs=3, on_epoch=lambda history: np.False_).epochs == 3
    for answer in (np.int64(1), np.array([True])):
        assert train(*xor(), epochs=3, on_epoch=lambda history, answer=answer: answer).epochs == 3


class Labelled:
    """A row as pandas has it: `[0]` asks for the label 0."""

    def __init__(self, numbers: list[float], labels: list[int]) -> None:
        self.numbers, self.labels = numbers, labels

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Any:
        return iter(self.numbers)

    def __getitem__(self, label: int) -> float:
        return self.numbers[self.labels.index(label)]


@pytest.mark.parametrize("separate", [False, True])
def test_a_row_with_an_index_of_its_own_is_taken_by_place(separate: bool) -> None:
    net = MLP(2, [1], activation=None, weights=[1.0, 10.0], separate_products=separate)
    row = Labelled([1.0, 2.0], [1, 0])
    assert [net(row)[0].data, net.layers[0](row)[0].data, net.layers[0].neurons[0](row).data] == [21.0, 21.0, 21.0]


@pytest.mark.parametrize("wrong", [0.5, Value(0.5), None, "ab"])
def test_inputs_that_are_no_list_are_told_what_is_one(wrong: Any) -> None:
    net = MLP(2, [1])
    modules: list[Any] = [net, net.layers[0], net.layers[0].neurons[0]]
    for module, kind in zip(modules, (MLP, Layer, Neuron), strict=True):
        with pytest.raises(TypeError, match=rf"^{kind.__name__} takes a list of 2 inputs, such as \[0.5, 0.5\], not "):
            module(wrong)
    with pytest.raises(TypeError, match=r"row 1: MLP takes a list of 2 inputs"):
        train(net, [(wrong, 1.0)], "squared_error", SGD(net.parameters()))


@pytest.mark.parametrize("make", [SGD, Adam, AdamW, lambda ps: SGD(ps, momentum=0.9)])
def test_no_gradient_is_a_gradient_of_0(make: Callable[[Any], Any]) -> None:
    found = []
    for gradient in (0.0, None):
        p = Value(2.0)
        optimizer = make([p])
        p.grad = gradient  # type: ignore[assignment]
        optimizer.step()
        found.append((p.data, optimizer.moments, optimizer.steps))
    assert found[0] == found[1]


def test_floats_are_added_up_as_every_python_does() -> None:
    """`sum` of floats rounds differently since Python 3.12."""
    w = Value(1.0, "w")
    rows = [([x], 0.0) for x in (0.1, 0.2, 0.3, 0.4, 1e3, 0.7)]
    history = train(lambda x: w * x[0], rows, lambda out, target: out, SGD([w], 0.0), epochs=2, validation=rows)
    mean = math.fsum(x for [x], _ in rows) / 6
    assert history.losses == history.validation == [mean, mean]
    root = Path(tinygrad_bp.__file__).parent
    for place in ("networks/training/engines.py", "networks/training/loop.py", "networks/losses.py"):
        tree = ast.parse((root / place).read_text(encoding="utf-8"))
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "sum" not in calls, place


def test_rows_may_be_any_sequences() -> None:
    class Polars:
        """A column that says `to_list`."""

        def to_list(self) -> list[float]:
            return [0.5]

    w = Value(0.5, "w")
    history = train(lambda x: w * x[0], [(Polars(), 1.0), *some_1d()], losses.squared_error, SGD([w]), epochs=2)
    assert history.engine != "eager"
