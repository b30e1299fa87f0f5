"""The ES module under Node.js: Python's numbers where Python has some, IEEE's elsewhere, and labels that stay data."""

import json
import math
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.labels import HOSTILE
from tests.rows import alone, corners_of, points_of
from tinygrad_bp import OPERATIONS, Value, compile, grad
from tinygrad_bp.program.parts import decay, logistic

pytestmark = pytest.mark.node

DRIVER = """
import { readFileSync } from "node:fs";
const jobs = JSON.parse(readFileSync(process.argv[2], "utf8"));
const number = (x) => x === "inf" ? Infinity : x === "-inf" ? -Infinity : x === "nan" ? NaN : x;
const text = (x) => Array.isArray(x) ? x.map(text) : typeof x !== "number" || Number.isFinite(x) ? x : String(x);
const found = [];
for (const { module, points } of jobs) {
  const m = await import(module);
  found.push({
    results: points.map((p) => text(m.program(...p.map(number)))),
    values: points.slice(0, 1).map((p) => Object.entries(m.values(...p.map(number))).map(([k, v]) => [k, text(v)])),
    inputs: m.inputs, nodes: m.nodes, labels: m.labels,
  });
}
console.log(JSON.stringify(found));
"""


def run(folder: Any, jobs: Any) -> Any:
    """What Node.js says of each pair of a module's text and the points at which to call it."""
    described = []
    for number, (text, points) in enumerate(jobs):
        path = folder / f"module{number}.mjs"
        path.write_text(text, encoding="utf-8")
        plain = [[x if math.isfinite(x) else str(x) for x in point] for point in points]
        described.append({"module": path.as_uri(), "points": plain})
    (folder / "jobs.json").write_text(json.dumps(described), encoding="utf-8")
    (folder / "driver.mjs").write_text(DRIVER, encoding="utf-8")
    command = ["node", str(folder / "driver.mjs"), str(folder / "jobs.json")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(found: Any) -> Any:
    return [numbers(x) for x in found] if isinstance(found, list) else float(found)


def test_every_row(tmp_path: Path) -> None:
    jobs, wanted = [], []
    for op in [*OPERATIONS.values(), decay, logistic]:
        points = (
            [[x, math.exp(-abs(x))] for [x] in [*points_of(decay, 60, 250), *corners_of(decay)]]
            if op is logistic
            else [*points_of(op, 60, 250), *corners_of(op)]
        )
        for count in {len(point) for point in points}:
            kept, results = [], []
            for point in points:
                if len(point) != count:
                    continue
                try:
                    y = op.forward(*point)
                except (ValueError, ArithmeticError):
                    continue
                if op is tg.logsumexp and abs(y) < 0.5 * abs(max(point)):
                    continue  # the terms cancel: Python goes on with more digits
                kept.append(point)
                results.append(y)
            jobs.append((alone(op, count).to("javascript"), kept))
            wanted.append((op, kept, results))
    checked = 0
    for (op, kept, results), found in zip(wanted, run(tmp_path, jobs), strict=True):
        assert len(kept) > 10
        for point, y, got in zip(kept, results, numbers(found["results"]), strict=True):
            near = abs(got - y) <= 1e-12 * abs(y) + 1e-320 if math.isfinite(y) else got == y
            assert near or (got != got and y != y), (op, point, got, y)
            checked += 1
    assert checked > 2000


def test_nan_goes_through_every_row(tmp_path: Path) -> None:
    rows = [op for op in OPERATIONS.values() if op.arity]
    jobs = [
        (
            alone(op, op.arity).to("javascript"),
            [[math.nan if k == place else 1.0 for k in range(op.arity)] for place in range(op.arity)],
        )
        for op in rows
    ]
    for op, found in zip(rows, run(tmp_path, jobs), strict=True):
        assert all(x != x for x in numbers(found["results"])), op


def test_random_graphs_with_the_values_of_all_nodes(tmp_path: Path) -> None:
    jobs, wanted = [], []
    for seed in range(20):
        y, leaves = random_graph(seed)
        program = compile([y, grad(y, leaves)], leaves)
        draw = random.Random(seed)
        points = [[draw.uniform(-2, 2) for _ in leaves] for _ in range(5)]
        points += [
            [draw.choice((0.0, -0.0, 1.0, 40.0, -40.0, 800.0, math.inf, math.nan)) for _ in leaves] for _ in range(8)
        ]
        good, results = [], []
        for point in points:
            try:
                results.append(program(*point))
            except (ValueError, ArithmeticError):
                continue
            good.append(point)
        jobs.append((program.to("javascript"), good))
        wanted.append(results)
    for results, found in zip(wanted, run(tmp_path, jobs), strict=True):
        for (y, slopes), (got, got_slopes) in zip(results, numbers(found["results"]), strict=True):
            scale = max([abs(x) for x in (y, *slopes) if math.isfinite(x)], default=1.0)
            assert got == pytest.approx(y, rel=1e-11, abs=1e-12 * scale, nan_ok=True)
            assert got_slopes == pytest.approx(slopes, rel=1e-11, abs=1e-12 * scale, nan_ok=True)
        assert [name for name, _ in found["values"][0]] == found["inputs"] + found["nodes"]
        assert numbers(found["results"][0][0]) in [numbers(x) for _, x in found["values"][0]]


def test_what_python_raises_is_infinity_or_nan(tmp_path: Path) -> None:
    x = Value(1.0, "x")
    module = compile([x.log(), 1 / x, x.exp(), x**0.5, x**0.25], [x]).to("javascript")
    [found] = run(tmp_path, [(module, [[0.0], [-1.0], [1000.0], [-math.inf]])])
    zero, below, large, lowest = numbers(found["results"])
    assert all(map(math.isnan, lowest[3:]))
    assert zero[:2] == [-math.inf, math.inf]
    assert math.isnan(below[0])
    assert math.isnan(below[3])
    assert large[2] == math.inf


LABELS = [*HOSTILE, "Math", "Object", "Number", "nodeValues", "Float64Array", "compute", "split", "await", "x", "x", ""]


def test_labels_stay_data(tmp_path: Path) -> None:
    leaves = [Value(float(k), label) for k, label in enumerate(LABELS, 1)]
    module = compile(sum(leaves), leaves).to("javascript")
    assert "</script>" not in module
    [found] = run(tmp_path, [(module, [[leaf.data for leaf in leaves]])])
    assert found["results"] == [sum(leaf.data for leaf in leaves)]
    assert len(set(found["inputs"])) == len(LABELS)
    assert set(found["labels"].values()) == set(LABELS) - {""} - ({"__proto__"} - set(found["labels"].values()))
    assert dict(found["values"][0])[found["inputs"][LABELS.index("重み")]] == LABELS.index("重み") + 1


def test_sums_are_exact_where_floats_overflow_on_the_way(tmp_path: Path) -> None:
    points = [
        [1e308, 1e308, -1e308, 0.5],
        [1e200, -1e200, 1e200, 1e200],
        [1e-200, 1.0, 1e-200, 0.0],
        [5e-324, 5e-324, 0.5, 1.0],
    ]
    rows = [tg.sum_of, tg.dot]
    for op, found in zip(rows, run(tmp_path, [(alone(op, 4).to("javascript"), points) for op in rows]), strict=True):
        assert numbers(found["results"]) == [op.forward(*point) for point in points]


def test_long_sums_and_long_programs(tmp_path: Path) -> None:
    leaves = [Value(0.1 * k, f"x{k}") for k in range(30_000)]
    x = y = Value(0.5, "x")
    for _ in range(12_000):
        y = y * 1.0000001 + 0.0000001
    point = [leaf.data for leaf in leaves]
    sums = compile([tg.sum_of(leaves), tg.dot(leaves, leaves)], leaves)
    chain = compile(y, [x])
    found = run(tmp_path, [(sums.to("javascript"), [point]), (chain.to("javascript"), [[0.5]])])
    assert numbers(found[0]["results"][0]) == pytest.approx(sums(*point), rel=1e-15)
    assert numbers(found[1]["results"][0]) == pytest.approx(y.data, rel=1e-12)
    assert len(found[1]["values"][0]) == 24_001
    assert found[1]["values"][0][-1][1] == found[1]["results"][0]
    with pytest.raises(ValueError, match="up to 65,000 inputs"):
        compile(y, [Value(1.0) for _ in range(65_001)]).to("javascript")
