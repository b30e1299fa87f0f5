"""What benchmarks.md says at its head, a picture and words, made from the tables below it: the page is where the figures are kept.

`python -m tests.benchmarks --write` makes both with the tables; `python docs/make.py` draws the picture again, without measuring.
"""

from __future__ import annotations

import math
import re
import runpy
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).with_suffix(".md")
UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
ALT = "For each of W1 to W5 the times of all on a logarithmic scale; the tables below have the same figures."


class Row(NamedTuple):
    """A line of a table: who, how long in the table's unit as it is written, and beside the base."""

    name: str
    figure: str
    ratio: float


class Table(NamedTuple):
    """A table of times."""

    unit: str
    rows: list[Row]

    def seconds(self, row: Row) -> float:
        """What the row says, in seconds."""
        return float(row.figure.replace(",", "")) * UNITS[self.unit.split()[0]]


class Compared(NamedTuple):
    """A table with others in it, and the row of ours that they are held against."""

    title: str
    ours: str
    called: str


class Part(NamedTuple):
    """Rows of a table that are in the picture."""

    title: str
    before: str = ""  # what is written before their names
    without: str = "$."  # those that are left out, as a regular expression


COMPARED = (
    Compared("W1, a step of the worked example", "tinygrad_bp", "recording"),
    Compared("W2, the gradient over 100 rows", "tinygrad_bp", "recording"),
    Compared("W4, a random graph: build", "tinygrad_bp", "recording"),
    Compared("W4, a random graph: build and backward", "tinygrad_bp", "recording"),
    Compared("W3, a chain of 1,000 operations", "tinygrad_bp", "recording"),
    Compared("W3, a chain of 100,000 operations", "tinygrad_bp", "recording"),
    Compared("W3, a chain of 1,000,000 operations", "tinygrad_bp", "recording"),
    Compared("W5, a step of a GPT of 4,192 parameters", "tinygrad_bp, the same operators", "recording"),
    Compared("W1, one step, called with Python's floats", "generated, `program.function`", "the generated function"),
    Compared("W1, one step, a call on buffers through ctypes", "machine code", "machine code"),
    Compared("W1, a step of a training loop", "machine code, `machine.iterate`", "machine code"),
    Compared("W2, the gradient over 100 rows, by programs", "machine code, `machine.rows`", "machine code"),
    Compared("W1, one step, in C and in machine code", "machine code", "machine code"),
    Compared(
        "W2, the gradient over 100 rows, in C and in machine code", "machine code, `machine.rows`", "machine code"
    ),
    Compared("W5, a step, in C and in machine code", "machine code", "machine code"),
)
# The parts of the picture: each has the times for one work, which may stand in several tables.
PANELS: dict[str, Sequence[Part]] = {
    "W1, a step of training the worked example": (
        Part("W1, a step of the worked example"),
        Part("W1, a step of a training loop", without="-O2$"),
    ),
    "W2, the gradient of a network over 100 rows": (
        Part("W2, the gradient over 100 rows"),
        Part("W2, the gradient over 100 rows, by networks", without="^(?!.*`dot`)"),
        Part("W2, the gradient over 100 rows, by programs", without="-O2$"),
    ),
    "W3, a chain: an operation, forward and backward": tuple(
        Part(f"W3, a chain of {length} operations", f"{length}: ") for length in ("1,000", "100,000", "1,000,000")
    ),
    "W4, a random graph: an operation, forward and backward": (Part("W4, a random graph: build and backward"),),
    "W5, a step of a GPT": (
        Part("W5, a step of a GPT of 4,192 parameters"),
        Part("W5, a step, in C and in machine code", "on buffers: "),
    ),
}


# The tables


def tables(page: str) -> dict[str, Table]:
    """The tables of times on the page, by their headings: those of three columns, of which the last is a ratio."""
    found: dict[str, Table] = {}
    for title, unit, body in re.findall(
        r"^### (.+)\n\n\| \| (\w+[^|]*) \| beside [^|]* \|\n\|[-:|]+\|\n((?:\|.*\|\n)+)", page, flags=re.MULTILINE
    ):
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]
        found[title] = Table(unit, [Row(name, figure, float(ratio)) for name, figure, ratio in cells])
    return found


def is_ours(name: str) -> bool:
    """Whether a row of a table is this package; the C that it writes is held against its machine code, as others are."""
    return name.startswith(("tinygrad_bp", "machine code", "`MLP`", "generated, `", "a program"))


# The words


def words(page: str) -> str:
    """Who is ahead, from the ratios of the tables, as Markdown."""
    faster: dict[tuple[str, str], list[tuple[float, str]]] = {}
    slower: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for name, called, title, ratio in _ratios(tables(page)):
        (faster if ratio < 1.0 else slower).setdefault((name, called), []).append((ratio, title))
    ahead, behind = (sum(map(len, found.values())) for found in (faster, slower))
    lines = []
    if ahead:
        lines += [
            f"Others are ahead in {ahead} of {ahead + behind} comparisons; of the time that this package takes, they take:",
            "",
        ]
        for (name, called), found in faster.items():
            places = "; ".join(f"{ratio:.2f} in *{title}*" for ratio, title in found)
            lines.append(f"- **{name}**, beside {called}: {places}")
        lines.append("")
    if behind:
        lines += [f"In {behind} comparisons they are behind, and take so many times as long:", ""]
        for (name, called), found in slower.items():
            low, high = (f"{end(found)[0]:.2f}" for end in (min, max))
            times = low if low == high else f"{low} to {high}"
            which = ", ".join(sorted({title.split(",")[0] for _, title in found}))
            lines.append(f"- {name}, beside {called}: {times} ({which})")
    return "\n".join(lines).rstrip() + "\n"


def _ratios(found: dict[str, Table]) -> Iterator[tuple[str, str, str, float]]:
    """Each other of each comparison: who, what of ours it is held against, where, and its time beside ours."""
    for title, ours, called in COMPARED:
        if title in found:
            base = next(row.ratio for row in found[title].rows if row.name == ours)
            for row in found[title].rows:
                if not is_ours(row.name):
                    yield row.name.removesuffix(", `program_total`"), called, title, row.ratio / base


# The picture

WIDTH, LABELS, LEFT, RIGHT, LINE = 760, 268, 284, 640, 22


def picture(page: str) -> str:
    """All panels, one below the other, as SVG that is light or dark as its reader prefers."""
    style = runpy.run_path(str(Path(__file__).with_name("figures.py")))["STYLE"]
    found, parts, top = tables(page), [], 56
    for panel, chosen in PANELS.items():
        rows = shown(chosen, found)
        if rows:
            parts += _panel(panel, rows, top)
            top += 78 + LINE * len(rows)
    title = "Who is how fast: times on logarithmic scales, left is faster"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" role="img" '
        f'aria-label="{title}">'
    )
    ours = '<tspan class="ink-blue" font-weight="bold">tinygrad_bp is blue</tspan>'
    return "\n".join(
        [
            head,
            f"<title>{title}</title>",
            f"<style>{style}</style>",
            f'<rect class="page" width="{WIDTH}" height="{top}"/>',
            f'<text class="text title" x="20" y="28">{title}</text>',
            f'<text class="faint" x="20" y="48">{ours}, others are orange</text>',
            *parts,
            "</svg>",
            "",
        ]
    )


def shown(parts: Sequence[Part], found: dict[str, Table]) -> list[tuple[str, str, float, bool]]:
    """The rows of a panel: the name, the figure with its unit, the seconds, and whether it is ours; the fastest first, but where all parts
    have words before their names, part by part.
    """
    rows: list[tuple[int, float, tuple[str, str, float, bool]]] = []
    apart = all(part.before for part in parts)
    for k, part in enumerate(parts):
        table = found.get(part.title, Table("s", []))
        for row in table.rows:
            if not re.search(part.without, row.name):
                figure, seconds = f"{row.figure} {table.unit.split()[0]}", table.seconds(row)
                line = _said(part.before, row.name), figure, seconds, is_ours(row.name)
                rows.append((k if apart else 0, seconds, line))
    return [line for _, _, line in sorted(rows)]


def _said(before: str, name: str) -> str:
    return before + ("recorded by tinygrad_bp" if name == "tinygrad_bp" else name.replace("`", ""))


def _panel(title: str, rows: Sequence[tuple[str, str, float, bool]], top: float) -> list[str]:
    powers = [math.log10(row[2]) for row in rows]
    low = math.floor(min(powers))
    high = max(math.ceil(max(powers)), low + 1)
    foot = top + 30 + LINE * len(rows)

    def across(seconds: float) -> float:
        return LEFT + (RIGHT - LEFT) * (math.log10(seconds) - low) / (high - low)

    parts = [f'<text class="text" font-weight="bold" x="20" y="{top + 18}">{escape(title)}</text>']
    for power in range(low, high + 1):
        x = across(10.0**power)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{top + 28}" x2="{x:.1f}" y2="{foot}"/>')
        parts.append(f'<text class="faint" x="{x:.1f}" y="{foot + 18}" text-anchor="middle">{_time(power)}</text>')
    for k, (name, figure, seconds, ours) in enumerate(rows):
        y, colour = top + 30 + LINE * (k + 0.5), "blue" if ours else "orange"
        bold = ' font-weight="bold"' if ours else ""
        parts += [
            f'<text class="text"{bold} x="{LABELS}" y="{y + 5:.1f}" text-anchor="end">{escape(name)}</text>',
            f'<line class="{colour}" stroke-width="2" x1="{LEFT}" y1="{y:.1f}" x2="{across(seconds):.1f}" y2="{y:.1f}"/>',
            f'<circle class="dot ink-{colour}" stroke-width="1.5" cx="{across(seconds):.1f}" cy="{y:.1f}" r="5.5"/>',
            f'<text class="text"{bold} x="{WIDTH - 16}" y="{y + 5:.1f}" text-anchor="end">{figure}</text>',
        ]
    return parts


def _time(power: int) -> str:
    """A power of ten seconds, in words."""
    unit = next(unit for unit, size in reversed(UNITS.items()) if math.log10(size) <= power + 1e-9)
    return f"{10.0**power / UNITS[unit]:.0f} {unit}"


def pictures() -> dict[str, str]:
    """The picture of the page as it is, by file name."""
    return {"benchmarks": picture(PAGE.read_text(encoding="utf-8"))}


def opened(page: str) -> str:
    """The section that says who is how fast, for a page with these tables."""
    return f"## Who is how fast\n\n![{ALT}](pictures/benchmarks.svg)\n\n{words(page)}"
