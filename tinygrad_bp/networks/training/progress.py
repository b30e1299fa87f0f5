"""How far a training has come, as a bar on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad_bp.networks.training.history import History


@contextmanager
def bar(progress: bool | None, epochs: int) -> Iterator[Callable[[History], None]]:
    """A progress bar, as a function that shows how far a history has come. With None it is there if standard error is a terminal."""
    if progress is None:
        progress = bool(sys.stderr and sys.stderr.isatty())
    if not progress:
        yield lambda history: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")

    columns = (
        TextColumn("training"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:,} of {task.total:,} epochs"),
        Rate(),
        TextColumn("[bold]{task.fields[loss]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress_bar:
        task = progress_bar.add_task("", total=epochs, loss="")

        def show(history: History) -> None:
            loss = f"loss {history.losses[-1]:.6g}" if history.losses else ""
            progress_bar.update(task, completed=history.epochs, loss=loss)

        yield show
