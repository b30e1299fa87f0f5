"""docs/benchmarks.md opens with a picture and words that say what its tables say."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"
MADE: dict[str, Any] = runpy.run_path(str(DOCS / "benchmarks.py"))
PAGE = (DOCS / "benchmarks.md").read_text(encoding="utf-8")

SMALL = """### W1, a step of the worked example

| | µs | beside tinygrad_bp |
|---|---:|---:|
| tinygrad_bp | 20.0 | 1.00 |
| slow | 1,234 | 61.70 |
| quick & <neat> | 5.0 | 0.25 |

### W1, a step of a training loop

| | ns | beside C, gcc -O3 |
|---|---:|---:|
| C, gcc -O3 | 80.0 | 1.00 |
| C, gcc -O2 | 30.0 | 0.38 |
| machine code, `machine.iterate` | 40.0 | 0.50 |

### A program of many operations

| operations | trace, µs each |
|---:|---:|
| 1,000 | 4.94 |
"""


def test_the_page_opens_with_what_its_tables_say() -> None:
    assert f"\n\n{MADE['opened'](PAGE)}\n## " in PAGE, "run python -m tests.benchmarks --write"


def test_tables_are_read_with_their_units() -> None:
    found = MADE["tables"](SMALL)
    assert list(found) == ["W1, a step of the worked example", "W1, a step of a training loop"]
    first, second = found.values()
    assert [round(first.seconds(row) * 1e6, 9) for row in first.rows] == [20.0, 1234.0, 5.0]
    assert [(row.name, row.ratio) for row in second.rows][2] == ("machine code, `machine.iterate`", 0.5)
    assert round(second.seconds(second.rows[0]) * 1e9, 9) == 80.0


def test_the_words_count_who_is_ahead_of_ours_whatever_the_base_of_the_table() -> None:
    assert MADE["words"](SMALL).split("\n") == [
        "Others are ahead in 2 of 4 comparisons; of the time that this package takes, they take:",
        "",
        "- **quick & <neat>**, beside recording: 0.25 in *W1, a step of the worked example*",
        "- **C, gcc -O2**, beside machine code: 0.76 in *W1, a step of a training loop*",
        "",
        "In 2 comparisons they are behind, and take so many times as long:",
        "",
        "- slow, beside recording: 61.70 (W1)",
        "- C, gcc -O3, beside machine code: 2.00 (W1)",
        "",
    ]
    assert MADE["words"](SMALL.replace("0.25", "1.25").replace("0.38", "0.88")).startswith("In 4 comparisons")


def test_every_comparison_and_every_part_of_the_picture_is_on_the_page() -> None:
    found = MADE["tables"](PAGE)
    for compared in MADE["COMPARED"]:
        names = [row.name for row in found[compared.title].rows]
        assert compared.ours in names
        assert any(not MADE["is_ours"](name) for name in names)
    for panel in MADE["PANELS"].values():
        for part in panel:
            assert any(not re.search(part.without, row.name) for row in found[part.title].rows), part


@pytest.mark.parametrize("page", [PAGE, SMALL], ids=["page", "small"])
def test_the_picture_has_the_figures_of_the_tables_where_they_belong(page: str) -> None:
    svg, found = MADE["picture"](page), MADE["tables"](page)
    figures = {f"{row.figure} {table.unit.split()[0]}" for table in found.values() for row in table.rows}
    dots = re.findall(
        r'text-anchor="end">([^<]*)</text>\n<line class="(\w+)".*\n<circle .* cx="([\d.]+)".*\n<text .*>([^<]*)</text>',
        svg,
    )
    rows = [row for parts in MADE["PANELS"].values() for row in MADE["shown"](parts, found)]
    assert len(dots) == len(rows) > 3
    assert {figure for *_, figure in dots} <= figures
    places = [float(x) for _, _, x, _ in dots]
    assert min(places) >= MADE["LEFT"]
    assert max(places) <= MADE["RIGHT"]
    for (name, _, seconds, ours), (said, colour, _, _) in zip(rows, dots, strict=True):
        assert said == name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert colour == ("blue" if ours else "orange")
        assert seconds > 0
    for parts in MADE["PANELS"].values():  # a longer time stands further right
        times = [row[2] for row in MADE["shown"](parts, found)]
        here, places = places[: len(times)], places[len(times) :]
        assert [here[k] for k in sorted(range(len(times)), key=times.__getitem__)] == sorted(here)


def test_a_picture_of_one_time_has_an_axis() -> None:
    lone = re.sub(r"\| (slow|quick).*\n", "", SMALL).split("### W1, a step of a training")[0].replace("20.0", "10")
    assert MADE["picture"](lone).count("<circle") == 1
