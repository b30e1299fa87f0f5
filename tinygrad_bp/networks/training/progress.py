"""How far a training has come: a bar in a terminal and in a notebook, lines where standard error goes to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from tinygrad_bp.core.output import said
from tinygrad_bp.networks.training.history import History
from tinygrad_bp.text import terminal_width

LINES, SECONDS = 10, 30.0  # a line after each of so many parts of the whole, and after so long without one
PAUSE = 0.2  # seconds between two pictures in a notebook
SHORT = 1.0  # seconds: a training that takes no longer leaves no bar in a notebook where nobody asked
NARROW = 66  # columns, below which there is no place for a bar


class Standing:
    """How far a training has come.

    Attributes:
        within: says which part of the step that is on its way is done.
    """

    def __init__(self, history: History, epochs: int, total: int, within: Callable[[], float]) -> None:
        self.history, self.epochs, self.total, self.within = history, epochs, total, within
        self.first, self.began = history.steps, perf_counter()

    @property
    def done(self) -> float:
        """The steps done, and the part of the one that is on its way."""
        return min(self.history.steps + self.within(), self.total)

    @property
    def epoch(self) -> str:
        return f"epoch {min(self.history.epochs + 1, self.epochs):,} of {self.epochs:,}"

    @property
    def time(self) -> str:
        """How long it has taken, and how long the rest takes at that pace."""
        passed, done = perf_counter() - self.began, self.done
        if done <= self.first:
            return _clock(passed)
        left = passed * (self.total - done) / (done - self.first)
        return f"{_clock(passed)}, {_clock(left)} left"

    @property
    def loss(self) -> str:
        return f"loss {self.history.losses[-1]:.6g}" if self.history.losses else ""

    @said
    def __str__(self) -> str:
        return ", ".join(filter(None, [self.epoch, self.time, self.loss]))


@contextmanager
def bar(progress: bool | None, standing: Standing) -> Iterator[Callable[[], None]]:
    """Shows how far a training has come, each time that the function is called that it gives.

    With None only where somebody watches: where standard error is a terminal, and in a notebook once it takes a while. With True also where
    standard error goes to a file, as a few lines. In a notebook it is an output of the cell.
    """
    display = None if progress is False else _notebook()
    if display is not None:
        yield _in_a_notebook(display, standing, 0.0 if progress else SHORT)
        return
    if progress is None:
        progress = bool(sys.stderr and sys.stderr.isatty())
    if not progress or sys.stderr is None:
        yield lambda: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        show = _Lines(standing)
        yield show
        show.end()
        return
    from rich.progress import BarColumn, Progress, ProgressColumn
    from rich.text import Text

    class Bar(BarColumn):
        def render(self, task: Any) -> Any:
            task.completed = standing.done  # within an epoch, and a step, too
            return super().render(task)

    class Words(ProgressColumn):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name, self.wide = name, 0

        def render(self, task: Any) -> Text:
            words = getattr(standing, self.name)
            self.wide = max(self.wide, len(words))  # nothing beside it moves when a number becomes shorter
            return Text(words.ljust(self.wide), style="bold" if self.name == "loss" else "", no_wrap=True)

    columns = [Words("epoch"), Bar(bar_width=16), Words("time"), Words("loss")]
    if terminal_width() < NARROW:
        columns = [columns[0], columns[3]]
    with Progress(*columns, console=console, transient=True) as drawn:
        drawn.add_task("", total=standing.total)
        yield lambda: None  # it draws itself ten times a second


class _Lines:
    """Writes a line from time to time."""

    def __init__(self, standing: Standing) -> None:
        self.standing, self.parts, self.last = (
            standing,
            LINES * standing.first // max(standing.total, 1),
            perf_counter(),
        )
        self.said = -1

    def __call__(self) -> None:
        parts, now = LINES * self.standing.history.steps // max(self.standing.total, 1), perf_counter()
        if parts > self.parts or now - self.last > SECONDS:
            self.parts, self.last = parts, now
            self.say()

    def say(self) -> None:
        self.said = self.standing.history.steps
        print(f"training: {self.standing}", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.said != self.standing.history.steps:
            self.say()


def _notebook() -> Any:
    """The function `display` of a notebook; None elsewhere."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display  # type: ignore[import-not-found, unused-ignore]

    return display


class _Picture:
    """The bar of a notebook, which has an element for it; what shows no HTML shows the words."""

    def __init__(self, standing: Standing) -> None:
        self.words, self.done, self.total = str(standing), standing.done, standing.total

    @said
    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        return f'<progress value="{self.done:g}" max="{self.total}"></progress> {self.words}'


def _in_a_notebook(display: Any, standing: Standing, wait: float) -> Callable[[], None]:
    """Shows it from so many seconds on, and at the end as it ended."""
    handle, last = None if wait else display(_Picture(standing), display_id=True), perf_counter()

    def show() -> None:
        nonlocal handle, last, wait
        now = perf_counter()
        if wait and now - standing.began > wait:
            handle, last, wait = display(_Picture(standing), display_id=True), now, 0.0
        elif handle is not None and (now - last > PAUSE or standing.history.steps == standing.total):
            last = now
            handle.update(_Picture(standing))

    return show


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
