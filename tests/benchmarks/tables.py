"""What both reports share: whoever disagrees is not timed, and medians and ratios are Markdown."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def agree(name: str, found: Sequence[float], wanted: Sequence[float]) -> None:
    """Raises ArithmeticError if a runner computes other numbers: nothing is timed then."""
    worst = max(abs(a - b) / max(abs(b), 1e-300) for a, b in zip(found, wanted, strict=True))
    if worst > 1e-9:
        raise ArithmeticError(f"{name} disagrees by {worst:.1e}; nothing timed")


def timed(runners: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each runner, in turn, so that a change of the machine's speed meets them all."""
    found: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, run in runners.items():
            gc.collect()  # what one leaves behind is not the next one's time
            start = time.perf_counter()
            run()
            found[name].append(time.perf_counter() - start)
    return found


def table(title: str, found: dict[str, list[float]], base: str, unit: str, scale: float = 1.0) -> str:
    """Medians, and medians of the ratios to `base` run by run, as Markdown."""
    lines = [f"\n### {title}\n", f"| | {unit} | beside {base} |", "|---|---:|---:|"]
    for name, results in found.items():
        ratio = statistics.median(a / b for a, b in zip(results, found[base], strict=True))
        lines.append(f"| {name} | {_shown(statistics.median(results) * scale)} | {ratio:.2f} |")
    return "\n".join(lines) + "\n"


def _shown(x: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{x:.3g}" if x < 1000 else f"{round(x, -1):,.0f}"
