"""The curve of an error over a training, on a logarithmic scale, drawn in the terminal and as SVG."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from tinygrad_bp.drawing.picture import Drawing
from tinygrad_bp.drawing.style import drawable


def plot(errors: Sequence[float], width: int = 76) -> list[str]:
    """The curve drawn with Braille dots, as lines of at most `width` characters, 20 or more. `errors[k]` is the error after k updates."""
    ticks, dots_per_tick = _decades(errors), 12
    margin = 8
    width = max(20, width)
    columns, rows = width - margin - 1, 3 * (len(ticks) - 1) + 1
    cells = [[0] * columns for _ in range(rows)]
    before = None
    for x in range(2 * columns):
        error = errors[round(x * (len(errors) - 1) / (2 * columns - 1))]
        height = (_log10(error) - ticks[0]) / (ticks[1] - ticks[0]) * dots_per_tick
        y = (rows - 1) * 4 + 2 - round(height)  # counted from the top; tick lines run through the third dot of a cell
        for dot in range(min(y, before if before is not None else y), max(y, before if before is not None else y) + 1):
            cells[dot // 4][x // 2] |= _BRAILLE[dot % 4][x % 2]
        before = y
    lines = []
    for row, line in enumerate(cells):
        at_tick = row % 3 == 0
        label = f"1e{ticks[-1 - row // 3]:+03d}" if at_tick else ""
        text = "".join(chr(0x2800 + cell) if cell else "·" if at_tick and x % 2 else " " for x, cell in enumerate(line))
        lines.append(f"{label:>{margin - 1}} {'┤' if at_tick else '│'}{text}".rstrip())
    last = len(errors) - 1
    # Where there is room for three numbers under the axis, and a blank on both sides of the one in the middle.
    middle = f"{last // 2:,}" if last % 2 == 0 and last and columns >= 3 * len(f"{last:,}") + 4 else ""
    foot = f"{'0':<{columns // 2 - len(middle) // 2}}{middle}"
    lines.append(f"{'':>{margin}}└{'─' * columns}")
    foot = foot if middle else "0"
    end = f"{last:,}" if last > 0 and len(f"{last:,}") < columns - 1 else ""
    lines.append(f"{'':>{margin + 1}}{foot}{end:>{columns - len(foot)}}".rstrip())
    return lines


# The bit of each dot, by row and column of its cell.
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


# Each rule begins with the class of the image: on a page that has it among others they concern no other.
_STYLE = re.sub(
    r"(\.\w+|\btext) \{",
    r".error-curve \1 {",
    """
  .page { fill: #ffffff } .text { fill: #24292f } .faint { fill: #57606a } .grid { stroke: #d8dee4 }
  .axis { stroke: #57606a } .curve { stroke: #0969b0 } .dot { fill: #0969b0; stroke: #ffffff }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14181d } .text { fill: #e6edf3 } .faint { fill: #a3acb7 } .grid { stroke: #30363d }
    .axis { stroke: #8b949e } .curve { stroke: #6cb6ff } .dot { fill: #6cb6ff; stroke: #14181d }
  }
  text { font-family: Helvetica, Arial, sans-serif; font-size: 13px } .title { font-size: 16px; font-weight: bold }
""",
)


def svg(errors: Sequence[float], title: str, across: str = "updates", up: str = "E_total") -> str:
    """The curve as an SVG image of 760 x 420, light or dark as the viewer prefers; `across` and `up` say what the axes count."""
    title, across, up = (escape(drawable(text)) for text in (title, across, up))
    left, top, right, bottom = 84, 58, 728, 360
    ticks, last = _decades(errors), len(errors) - 1

    def x_of(update: float) -> float:
        return left + (right - left) * update / (last or 1)

    def y_of(error: float) -> float:
        return bottom - (bottom - top) * (_log10(error) - ticks[0]) / (ticks[-1] - ticks[0])

    shown = sorted({round(k * last / 1200) for k in range(1201)})
    points = " ".join(f"{x_of(k):.1f},{y_of(errors[k]):.1f}" for k in shown)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="760" height="420" viewBox="0 0 760 420" role="img" '
        f'aria-label="{title}" class="error-curve">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        '<rect class="page" width="760" height="420"/>',
        f'<text class="text title" x="{left}" y="32">{title}</text>',
    ]
    for tick in ticks:
        y = y_of(10.0**tick)
        parts.append(f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="faint" x="{left - 10}" y="{y + 4.5:.1f}" text-anchor="end">10'
            f'<tspan dy="-5" font-size="10">{str(tick).replace("-", "−")}</tspan></text>'
        )
    for quarter in range(5) if last % 4 == 0 and last else (0, 4) if last else (0,):
        update = last * quarter // 4
        parts.append(
            f'<line class="axis" x1="{x_of(update):.1f}" y1="{bottom}" x2="{x_of(update):.1f}" y2="{bottom + 5}"/>'
        )
        parts.append(
            f'<text class="faint" x="{x_of(update):.1f}" y="{bottom + 22}" text-anchor="middle">{update:,}</text>'
        )
    parts += [
        f'<line class="axis" x1="{left}" y1="{bottom}" x2="{right}" y2="{bottom}"/>',
        f'<text class="text" x="{(left + right) / 2}" y="{bottom + 46}" text-anchor="middle">{across}</text>',
        f'<text class="text" x="24" y="{(top + bottom) / 2}" text-anchor="middle" '
        f'transform="rotate(-90 24 {(top + bottom) / 2})">{up}</text>',
        f'<polyline class="curve" fill="none" stroke-width="2.2" stroke-linejoin="round" points="{points}"/>',
    ]
    for update, anchor, dx, dy in ((0, "start", 12, 5), (last, "end", 0, 21)) if last else ((0, "start", 12, 5),):
        x, y = x_of(update), y_of(errors[update])
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.5" stroke-width="1.5"/>')
        parts.append(
            f'<text class="text" x="{x + dx:.1f}" y="{y + dy:.1f}" text-anchor="{anchor}">{errors[update]:.9g}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


class Plotted(Drawing):
    """A curve as a picture among others. `source` is SVG already, which no program has to draw."""

    def render(self, format: str, **_: Any) -> bytes:
        """The picture as SVG. Raises RuntimeError for any other format."""
        if format != "svg":
            raise RuntimeError(f"the curve of an error is drawn as svg, not {format}")
        return self.source.encode()


def drawn(errors: Sequence[float], title: str) -> Drawing:
    """The curve as a picture among others; `errors[k]` is the error after k updates."""
    return Plotted(svg(errors, title), title)


def _log10(error: float) -> float:
    return math.log10(max(error, 1e-300))  # an error of 0 is drawn at the foot of the scale


def _decades(errors: Sequence[float]) -> list[int]:
    """Powers of ten that enclose all errors, evenly spaced, six at most, as exponents."""
    low, high = math.floor(_log10(min(errors))), math.ceil(_log10(max(errors)))
    step = max(1, math.ceil((high - low) / 5))
    return [low + step * k for k in range(max(1, math.ceil((high - low) / step)) + 1)]
