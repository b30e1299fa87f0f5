"""A training as a moving picture: what the network says where, and its loss."""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.output import said
from tinygrad_bp.drawing.style import DARK, LIGHT
from tinygrad_bp.files import format_of, write_whole
from tinygrad_bp.networks.data import Table
from tinygrad_bp.networks.losses import Loss
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.training import History, train
from tinygrad_bp.plotting.boundary import View
from tinygrad_bp.plotting.curve import draw_curves, read_curves
from tinygrad_bp.plotting.figures import COLOURS, add_heading, new_figure, require
from tinygrad_bp.plotting.plane import Plane
from tinygrad_bp.text import whole_number

_POINTS = 130  # of the grid, to a side
_REST = 2000  # how long the last picture stands, in ms


def animation(
    net: Callable[[Any], Any],
    table: Table | Iterable[tuple[Any, Any]],
    loss: Loss,
    optimizer: Optimizer,
    *,
    epochs: int = 100,
    frames: int = 60,
    seconds: float = 6.0,
    threshold: float | None = None,
    log: bool = True,
    title: str = "",
    dark: bool = False,
    **options: Any,
) -> Animation:
    """Trains a network with two inputs as `train` does, and returns a moving picture of it: what it says where, and its loss.

    Args:
        net, table, loss, optimizer, epochs: as in `train`. The rows are drawn as in `decision_boundary`.
        frames: how many pictures at most, from before the first epoch to after the last; they are closer together in the beginning, where
            most happens.
        seconds: how long it moves, before it rests on the last picture and begins again.
        threshold: as in `decision_boundary`.
        log: as in `loss_curve`.
        title: a heading.
        dark: light on dark.
        options: of `train`: `batch_size`, `shuffle`, `seed`, `validation`, `patience` and so on.

    Raises what `train` and `decision_boundary` raise, and ValueError for fewer than 2 frames or epochs below 1.
    """
    epochs = whole_number(epochs, "animation: epochs", 1)
    frames = whole_number(frames, "animation: frames", 2)
    if not 0.0 < as_float(seconds, "animation", "seconds", wants="takes a real number") < 1e4:
        raise ValueError(f"animation: seconds are more than 0 and below 10,000, not {seconds!r}")
    require("matplotlib", "numpy", "PIL")
    rows: Any = table if isinstance(table, Table) else list(table)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"animation takes an optimizer, such as SGD(net.parameters()), not {type(optimizer).__name__}")
    plane = Plane(net, rows, threshold, _POINTS, optimizer.parameters)

    def numbers() -> list[float]:
        return [p.data for p in optimizer.parameters]

    wanted = {round(epochs * (k / (frames - 1)) ** 2) for k in range(frames)}
    found = {0: numbers()}
    plane.leads(found[0])  # what cannot be drawn is not trained
    also = options.pop("on_epoch", None)

    def on_epoch(history: History) -> Any:
        if history.epochs in wanted:
            found[history.epochs] = numbers()
        return also(history) if also is not None else None

    history = train(net, rows, loss, optimizer, epochs=epochs, on_epoch=on_epoch, **options)
    found[history.epochs] = numbers()
    return Animation(history, list(found), _Film(plane, list(found.values()), seconds, log, title, dark))


@dataclass(frozen=True)
class _Film:
    plane: Plane
    numbers: list[list[float]]  # for each picture those of the parameters
    seconds: float
    log: bool
    title: str
    dark: bool


class Animation:
    """What `animation` makes: a training as a moving picture. In a notebook it shows itself.

    Attributes:
        history: what `train` returned.
        epochs: for each picture how many epochs were done.
    """

    def __init__(self, history: History, epochs: list[int], film: _Film) -> None:
        self.history = history
        self.epochs = epochs
        self._film = film

    @cached_property
    def gif(self) -> bytes:
        """The picture as a GIF file, the same bytes every time. It is drawn when it is first asked for, in some seconds."""
        film = self._film
        pictures = _in_few_colours(self._pictures(), (DARK if film.dark else LIGHT).paper)
        time = max(20, round(100 * film.seconds / len(pictures)) * 10)  # in ms; GIF counts hundredths of a second
        durations = [time] * (len(pictures) - 1) + [_REST]
        target = io.BytesIO()
        first, *others = pictures
        first.save(target, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)
        return target.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes a file whose name ends in .gif, and returns its path.

        Raises ValueError for another name, OSError where the file cannot be written. An existing file is replaced only when the new one is
        whole.
        """
        format_of(path, ["gif"], "an animation", stream="gif")
        return write_whole(path, self.gif)

    def _pictures(self) -> list[Any]:
        """The pictures, as arrays of red, green and blue."""
        import numpy as np
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        film = self._film
        palette = DARK if film.dark else LIGHT
        figure = new_figure(9.2, 4.4, palette, dpi=100)
        canvas: Any = FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.0])
        view = View(left, film.plane, palette)
        losses = self.history.losses
        keys = draw_curves(right, read_curves(self.history), film.log, palette) if losses else []
        caption = right.set_title(" ", loc="right", fontsize=9, color=palette.quiet)
        add_heading(figure, film.title, [*view.keys, *keys], palette)
        lines = [(line, np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in right.lines]
        blue, paper = COLOURS[palette][1], palette.paper
        [dot] = right.plot([], [], marker="o", markersize=6, color=blue, markeredgecolor=paper, zorder=6)
        view.show(film.numbers[-1])  # the last one sets the scale of the shades
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # where all stands stays
        found = []
        for epoch, numbers in zip(self.epochs, film.numbers, strict=True):
            view.show(numbers)
            for line, xs, ys in lines:
                line.set_data(xs[xs <= epoch], ys[xs <= epoch])
            if epoch:
                _, xs, ys = lines[0]
                dot.set_data(xs[epoch - 1 : epoch], ys[epoch - 1 : epoch])
                caption.set_text(f"epoch {epoch:,}, loss {losses[epoch - 1]:.3g}")
            else:
                caption.set_text("before training")
            canvas.draw()
            found.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
        return found

    def _repr_html_(self) -> str:
        alt = html.escape(repr(self), quote=True)
        return f'<img alt="{alt}" src="data:image/gif;base64,{base64.b64encode(self.gif).decode()}">'

    @said
    def __repr__(self) -> str:
        return f"<Animation of {self.history.epochs:,} epochs in {len(self.epochs)} pictures; .save('training.gif') draws it>"


def _in_few_colours(arrays: list[Any], paper: str) -> list[Any]:
    """The pictures with one palette of 256 colours for all, so that nothing flickers.

    It is found in the first, the middle and the last. It mixes colours, but not the paper's, which is its last.
    """
    import numpy as np
    from PIL import Image, ImageColor

    pictures = [Image.fromarray(each) for each in arrays]
    width, height = pictures[0].size
    strip = Image.new("RGB", (width, 3 * height))
    for k, place in enumerate((0, len(pictures) // 2, -1)):
        strip.paste(pictures[place], (0, k * height))
    shades = strip.quantize(255)
    ground = ImageColor.getrgb(paper)
    colours = list(shades.getpalette() or [])[: 255 * 3]
    colours += [0] * (255 * 3 - len(colours)) + list(ground)
    found = []
    for array, picture in zip(arrays, pictures, strict=True):
        places = np.array(picture.quantize(palette=shades, dither=Image.Dither.NONE))
        places[(array == ground).all(axis=-1)] = 255
        found.append(Image.fromarray(places))
        found[-1].putpalette(colours)
    return found
