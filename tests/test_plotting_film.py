"""A training as a moving picture."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, plotting
from tinygrad_bp.drawing import style
from tinygrad_bp.networks.data import Table, moons, penguins, truth_table
from tinygrad_bp.networks.losses import binary_cross_entropy, squared_error
from tinygrad_bp.networks.optim import SGD, Adam
from tinygrad_bp.networks.training import Diverged, train

pytestmark = [pytest.mark.extras, pytest.mark.usefixtures("settings_stay")]


def moving(**options: Any) -> plotting.Animation:
    net = MLP(2, [3, 1], activation="tanh", seed=1)
    settings: dict[str, Any] = {"epochs": 20, "frames": 4} | options
    return plotting.animation(net, truth_table("xor"), squared_error, SGD(net.parameters(), lr=0.1), **settings)


def frames(gif: bytes) -> list[Any]:
    from PIL import Image, ImageSequence

    with Image.open(io.BytesIO(gif)) as picture:
        return [frame.convert("RGB").copy() for frame in ImageSequence.Iterator(picture)]


def test_a_training_moves(tmp_path: Path) -> None:
    moved = moving(title="Exclusive or")
    assert moved.epochs == [0, 2, 9, 20]
    assert moved.history.epochs == 20
    path = moved.save(tmp_path / "xor.gif")
    pictures = frames(path.read_bytes())
    assert len(pictures) == 4
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["xor.gif"]
    assert moving(title="Exclusive or").gif == moved.gif
    assert repr(moved).startswith("<Animation of 20 epochs in 4 pictures")
    assert moved._repr_html_().startswith('<img alt="&lt;Animation')


def test_it_trains_as_train_does() -> None:
    net, other = (MLP(2, [3, 1], activation=["tanh", None], seed=1) for _ in range(2))
    table, seen = moons(20), []
    options: dict[str, Any] = {"epochs": 7, "batch_size": 4, "shuffle": True, "seed": 3}
    moved = plotting.animation(
        net,
        table,
        binary_cross_entropy,
        Adam(net.parameters()),
        frames=3,
        on_epoch=lambda h: seen.append(h.epochs),
        **options,
    )
    history = train(other, table, binary_cross_entropy, Adam(other.parameters()), **options)
    assert moved.history.losses == pytest.approx(history.losses, rel=1e-12)
    assert [p.data for p in net.parameters()] == pytest.approx([p.data for p in other.parameters()], rel=1e-12)
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_the_last_picture_is_the_network_after_training() -> None:
    net = MLP(2, [3, 1], activation="tanh", seed=1)
    table = truth_table("xor")
    moved = plotting.animation(
        net,
        list(table),
        squared_error,
        SGD(net.parameters(), lr=0.1),
        epochs=50,
        frames=5,
        validation=table,
        patience=2,
        stop_below=0.05,
    )
    assert moved.epochs[-1] == moved.history.epochs
    assert moved._film.numbers[-1] == [p.data for p in net.parameters()]


@pytest.mark.parametrize("dark", [False, True])
def test_the_paper_has_its_colour(dark: bool) -> None:
    palette = style.DARK if dark else style.LIGHT
    [first, *_] = frames(moving(dark=dark, frames=2).gif)
    assert "#{:02x}{:02x}{:02x}".format(*first.getpixel((2, 2))) == palette.paper


def test_a_network_that_looks_at_its_numbers_moves_too() -> None:
    net = MLP(2, [2, 1], activation="tanh", seed=1)

    def model(inputs: Any) -> Any:
        [out] = net(inputs)
        return [out if out.data > -2.0 else -out]

    moved = plotting.animation(model, truth_table("xor"), squared_error, SGD(net.parameters()), epochs=2, frames=2)
    before = [p.data for p in net.parameters()]
    assert len(frames(moved.gif)) == 2
    assert [p.data for p in net.parameters()] == before


def test_a_training_that_diverges_says_so() -> None:
    net = MLP(2, [1], activation=None, seed=1)
    table = Table(["a", "b"], ["y"], [[1.0, 1e3], [1.0, -1e3]], [[0.0], [1.0]])
    with pytest.raises(Diverged, match="a smaller learning rate may help"):
        plotting.animation(net, table, squared_error, SGD(net.parameters(), lr=1e3), epochs=500, frames=3)


NET = MLP(2, [1], seed=1)
ROWS = [([0.0, 0.0], 0), ([1.0, 1.0], 1)]


def animated(**options: Any) -> Any:
    net = MLP(2, [1], seed=1)
    return plotting.animation(net, options.pop("table", ROWS), squared_error, SGD(net.parameters()), **options)


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: animated(epochs=0), ValueError, "epochs is a whole number of at least 1, not 0"),
    (lambda: animated(frames=1), ValueError, "frames is a whole number of at least 2, not 1"),
    (lambda: animated(seconds=0), ValueError, "seconds are more than 0"),
    (lambda: animated(seconds=math.nan), ValueError, "seconds are more than 0"),
    (lambda: animated(table=[]), ValueError, "at least one row"),
    (lambda: animated(table=penguins()), ValueError, "draws two inputs"),
    (lambda: animated(batch_size=0), ValueError, "batch_size is a whole number"),
    (lambda: plotting.animation(NET, ROWS, squared_error, 3, epochs=1), TypeError, "takes an optimizer, .* not int"),  # type: ignore[arg-type]
    (lambda: moving().save("xor.png"), ValueError, "'xor.png': the name should end in .gif"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES)
def test_mistakes_are_named(mistake: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mistake()
