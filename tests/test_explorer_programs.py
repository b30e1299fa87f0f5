"""The programs in a page of the explorer, run by Node.js: they compute what Python recorded."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.labels import LETTERS
from tests.subjects import (
    GRAPHS,
    LABELS,
    all_operations,
    error_of,
    hostile,
    logistic_by_hand,
    mlp,
    recorded,
    variables_of,
)
from tinygrad_bp import Value, ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant
from tinygrad_bp.explanation.neurons import ACTIVATIONS, units
from tinygrad_bp.explorer import programs as programs_module
from tinygrad_bp.explorer.programs import by_hand, programs, rebuilt, variants
from tinygrad_bp.explorer.subject import of_value
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.figures import FIGURES, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.page import subject as of_tutorial

DRIVER = """
import { readFileSync } from "node:fs";
const text = (x) => Array.isArray(x) ? x.map(text) : Number.isFinite(x) ? x : String(x);
const jobs = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(jobs.map(([program, given]) => text((0, eval)(program)(...given)))));
"""


def run(folder: Any, jobs: Any) -> Any:
    """What Node.js says of pairs of a program and the numbers it is called with."""
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    (folder / "driver.mjs").write_text(DRIVER, encoding="utf-8")
    command = ["node", str(folder / "driver.mjs"), str(folder / "jobs.json")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return [list(map(float, numbers)) for numbers in json.loads(done.stdout)]


def job_pair(both: Any, order: Any) -> Any:
    """The two calls for a graph at its own numbers."""
    variables = variables_of(order)
    leaves = [v.data for v in variables if v.op is None]
    return [[both["forward"], leaves], [both["slopes"], [v.data for v in variables]]]


def reverse(order: Any, slopes: Any) -> Any:
    """The loop of backward(), over the numbers on the edges."""
    gradients = dict.fromkeys(order, 0.0)
    gradients[order[-1]] = 1.0
    left = list(slopes)
    for v in reversed(variables_of(order)):
        args = [x for x in v.args if not isinstance(x, Constant)]
        own = [left.pop() for _ in args][::-1]
        for x, slope in zip(args, own, strict=True):
            gradients[x] += slope * gradients[v]
    assert left == []
    return gradients


def close(numbers: Any) -> Any:
    return pytest.approx(numbers, rel=1e-12, abs=1e-300)


@pytest.mark.node
def test_the_programs_compute_what_python_recorded(tmp_path: Path) -> None:
    orders = {name: topological_order(make()) for name, make in GRAPHS.items()}
    jobs = [job for order in orders.values() for job in job_pair(programs(order), order)]
    results = iter(run(tmp_path, jobs))
    for name, order in orders.items():
        numbers, slopes = next(results), next(results)
        wanted, wanted_slopes = recorded(order)
        assert numbers == close(wanted), name
        assert slopes == close(wanted_slopes), name
        order[-1].backward()
        gradients = reverse(order, slopes)
        for v in variables_of(order):
            scale = 1.0 if name.startswith("random") else 0.0  # where the terms of a gradient cancel
            assert gradients[v] == pytest.approx(v.grad, rel=1e-12, abs=1e-300 + 1e-13 * scale), (name, v)


@pytest.mark.node
def test_the_programs_hold_for_other_numbers(tmp_path: Path) -> None:
    draw = random.Random(5)
    order = topological_order(of_tutorial().result)
    both = programs(order)
    jobs, wanted = [], []
    for _ in range(5):
        numbers = {v.label: draw.uniform(-3, 3) for v in order if v.op is None and v.label}
        again = topological_order(network(numbers)["E_total"])
        jobs += job_pair(both, again)
        wanted += recorded(again)
    for got, numbers in zip(run(tmp_path, jobs), wanted, strict=True):
        assert got == close(numbers)


@pytest.mark.node
def test_a_slope_is_computed_from_the_numbers_in_the_nodes(tmp_path: Path) -> None:
    w, x = Value(3.0, "w"), Value(2.0, "x")
    order = topological_order((w * x).exp())  # w, x, w * x, exp
    [slopes] = run(tmp_path, [[programs(order)["slopes"], [10.0, 20.0, 30.0, 40.0]]])
    assert slopes == [20.0, 10.0, 40.0]


@pytest.mark.node
@pytest.mark.parametrize(
    ("separate", "own"), [(False, ["sigmoid", "tanh"]), (True, ["relu", "softplus"]), (False, ["tanh", None])]
)
def test_variants_are_the_same_graph_with_other_activations(tmp_path: Path, separate: bool, own: Any) -> None:
    def recorded_by(kinds: Any) -> Any:
        return topological_order(error_of(mlp([kind or None for kind in kinds], separate_products=separate)))

    order = recorded_by(own)
    written = variants(order, units(order, of_value(order[-1]).parameters))
    names = [op.name for op in ACTIVATIONS]
    assert set(written) == {f"{a},{b}" for a in names for b in (names if own[1] else [""])}
    assert written.pop(",".join(kind or "" for kind in own)) == {}
    orders = {name: recorded_by(name.split(",")) for name in written}
    results = iter(run(tmp_path, [job for name, both in written.items() for job in job_pair(both, orders[name])]))
    for name, other in orders.items():
        numbers, slopes = recorded(other)
        assert next(results) == close(numbers), name
        assert next(results) == close(slopes), name


@pytest.mark.node
def test_a_variant_need_not_have_a_number_here(tmp_path: Path) -> None:
    order = topological_order(logistic_by_hand())
    written = variants(order, units(order, of_value(order[-1]).parameters))
    assert set(written) == {f",{op.name}" for op in ACTIVATIONS}
    leaves = [v.data for v in order if v.op is None and not isinstance(v, Constant)]
    flipped = [-5.0 if x == 0.7 else x for x in leaves]  # tanh of it is below 0, where there is no logarithm
    at, beyond = run(tmp_path, [[written[",tanh"]["forward"], point] for point in (leaves, flipped)])
    assert at[-1] == pytest.approx(-math.log(math.tanh(0.7 * 1.5 - 0.2)), rel=1e-12)
    assert math.isnan(beyond[-1])


@pytest.mark.parametrize(
    ("kinds", "sides"),
    [
        (["relu"], [",{}"]),
        (["tanh", None], ["{},"]),
        (["exp", "sigmoid"], [",{}"]),
        (["sigmoid", "exp"], ["{},"]),
        ([["tanh", "sigmoid"], "sigmoid"], [",{}"]),
        ([None, None], []),
        (["exp", "exp"], []),
    ],
)
def test_a_side_without_one_activation_to_exchange_keeps_its_own(kinds: Any, sides: Any) -> None:
    net = mlp(["tanh"] * len(kinds), [2] * len(kinds))
    for layer, kind in zip(net.layers, kinds, strict=True):
        for neuron, name in zip(layer.neurons, kind if isinstance(kind, list) else [kind] * 2, strict=True):
            neuron.activation = name and ops.OPERATIONS[name]
    order = topological_order(error_of(net))
    neurons = units(order, net.parameters())
    assert len(neurons) == 2 * len(kinds)
    assert set(variants(order, neurons)) == {side.format(op.name) for side in sides for op in ACTIVATIONS}
    assert variants(order, []) == {}


def test_too_long_variants_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = of_tutorial()
    order = topological_order(subject.result)
    neurons = units(order, subject.parameters)
    assert len(variants(order, neurons)) == 16
    monkeypatch.setattr(programs_module, "MOST_VARIANTS_TEXT", 20_000)
    assert variants(order, neurons) == {}


def test_a_rebuilt_graph_is_another_one() -> None:
    order = topological_order(all_operations())
    sigmoid = next(v for v in order if v.op is ops.sigmoid)
    copies = rebuilt(order, {sigmoid: ops.tanh})
    assert list(copies) == order
    for v, copied in copies.items():
        assert copied.label == v.label
        assert copied.op is (ops.tanh if v is sigmoid else v.op)
        assert list(copied.args) == [copies[x] for x in v.args]
        assert (copied is v) == isinstance(v, Constant)
    assert sigmoid.op is ops.sigmoid


@pytest.mark.node
def test_the_derivation_by_hand(tmp_path: Path) -> None:
    draw = random.Random(1)
    printed = of_tutorial().printed
    assert printed is not None
    program, takes, returns = by_hand(printed), list(printed.takes), list(printed.returns)
    given = [setup(float), *({name: draw.uniform(-4, 4) for name in takes} for _ in range(20))]
    wanted = [one_round(math.exp, **numbers) for numbers in given]
    assert min(round_["net_h1"] for round_ in wanted) < -1 < 1 < max(round_["net_h1"] for round_ in wanted)
    assert set(returns) == set(wanted[0]) - set(takes)
    assert {figure.quantity for figure in FIGURES if figure.stage != "training"} - {"dE_o1/dnet_o1"} <= set(returns)
    results = run(tmp_path, [[program, [numbers[name] for name in takes]] for numbers in given])
    for numbers, round_ in zip(results, wanted, strict=True):
        for name, x in zip(returns, numbers, strict=True):
            assert x == pytest.approx(round_[name], rel=1e-12), name


def test_nothing_of_a_label_but_letters_is_in_a_program() -> None:
    for text in LABELS:
        for program in programs(topological_order(hostile(text))).values():
            assert "labels" not in program
            assert not re.search(r"alert\(|<|&|evil\[|\\u|[^\x00-\x7f]", program) or text in LETTERS, program
