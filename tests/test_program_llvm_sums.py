"""Sums of products in large programs of machine code: by a loop over a table, with the numbers that Python has, bit for bit."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import pytest

from tinygrad_bp import Value, compile, grad, sum_of
from tinygrad_bp.program.llvm import sums

pytestmark = pytest.mark.extras


def products(ws: Any, xs: Any) -> Any:
    total = ws[0] * xs[0]
    for w, x in zip(ws[1:], xs[1:], strict=True):
        total = total + w * x
    return total


def layers(sizes: list[int], draw: random.Random) -> tuple[list[Value], list[Value]]:
    """What comes out of layers without activations, whose neurons are added up one by one, and all leaves."""
    xs = [Value(draw.uniform(-2, 2)) for _ in range(sizes[0])]
    leaves = list(xs)
    for before, size in pairwise(sizes):
        rows = [[Value(draw.uniform(-1, 1)) for _ in range(before)] for _ in range(size)]
        leaves += [w for row in rows for w in row]
        xs = [products(row, xs) for row in rows]
    return xs, leaves


def hexes(found: Any) -> list[str]:
    return [x.hex() if x == x else "nan" for x in found]


@pytest.mark.slow
def test_layers_and_their_derivatives_bit_for_bit() -> None:
    draw = random.Random(1)
    ys, leaves = layers([20, 40, 33, 17, 3], draw)
    loss = products(ys, ys)
    outputs = [*ys, loss, *grad(loss, leaves), ys[0], Value(0.5), leaves[0], Value(0.5), Value(-0.0)]
    program = compile(outputs, leaves)
    machine = program.to("llvm")
    assert machine.is_large
    stages = sums.stages(machine.code)
    assert len(stages) > 3
    assert sum(len(rows) for stage in stages for rows in stage.sums.values()) > 90
    assert sum(len(stage.places) for stage in stages) < len(machine.code.instructions) / 2
    for _ in range(3):
        point = [draw.uniform(-1, 1) for _ in leaves]
        assert hexes(machine(*point)) == hexes(program(*point))
    point = [draw.choice((0.0, -0.0, 1.0, math.inf, math.nan, 1e200, -1e200, 5e-324)) for _ in leaves]
    assert hexes(machine(*point)) == hexes(program.function(*point))
    assert hexes(machine.rows([point, leaves_of(leaves)])[1]) == hexes(program(*leaves_of(leaves)))


def leaves_of(leaves: list[Value]) -> list[float]:
    return [leaf.data for leaf in leaves]


@pytest.mark.slow
def test_what_is_used_elsewhere_too_is_computed_as_before() -> None:
    """Partial sums and products that are outputs, squares, factors that are numbers, sums one after the other, too few of a size."""
    draw = random.Random(2)
    xs = [Value(draw.uniform(-2, 2)) for _ in range(900)]
    seen: list[Value] = []
    y: Value = xs[0]
    for k in range(3_000):
        a, b, c = (draw.choice(xs) for _ in range(3))
        kind = k % 5
        if kind == 0:
            y = y * a + b * c + a * a  # after the one before
        elif kind == 1:
            product = a * b
            seen += [product, product + b * c + c * c]
        elif kind == 2:
            part = a * b + b * c
            seen += [part + a * c, part]
        elif kind == 3:
            seen.append(a * 2.0 + b * c + c * 0.5)
        else:
            seen.append(products([a, b, c, *xs[: k % 7]], [b, c, a, *xs[k % 7 : 2 * (k % 7)]]))
    outputs = [y, *seen]
    program = compile(outputs, xs)
    machine = program.to("llvm")
    assert machine.is_large
    assert any(stage.sums for stage in sums.stages(machine.code))
    for _ in range(3):
        point = [draw.uniform(-1, 1) for _ in xs]
        assert hexes(machine(*point)) == hexes(program(*point))


def test_each_stage_needs_only_those_before() -> None:
    draw = random.Random(3)
    ys, leaves = layers([12, 30, 30, 30], draw)
    code = compile([*ys, *grad(products(ys, ys), leaves)], leaves).code
    first = len(code.inputs)
    there = set(range(first))
    places = []
    for stage in sums.stages(code):
        for place in stage.places:
            assert {x for x in code.instructions[place].operands if x >= 0} <= there
            there.add(first + place)
            places.append(place)
        before = set(there)
        for terms, rows in stage.sums.items():
            for slot, *factors in rows:
                assert len(factors) == 2 * terms
                assert set(factors) <= before
                there.add(slot)
    assert {x for x in code.outputs if x >= 0} <= there
    assert len(places) == len(set(places))


@pytest.mark.parametrize("rest", [0, 100])  # beyond 64 operands it is a loop
def test_a_sum_may_leave_the_range_on_the_way_to_a_number_in_it(rest: int) -> None:
    xs = [Value(0.0, f"x{k}") for k in range(6 + rest)]
    program = compile(sum_of(xs), xs)
    machine, arrays = program.to("llvm"), program.to("numpy")
    for numbers, wanted in (
        ((1e308, 1e308, -1e308), 1e308),
        ((-1.5e308, -1.5e308, 1.5e308), -1.5e308),
        ((1e308, 1e308, 1e308), math.inf),
        ((math.inf, -1e308, 1.0), math.inf),
        ((1e308, -1e308, 5e-324), 5e-324),
        ((1e308, 1e308, 1e292, -1e308, -1e308), 1e292),  # with all digits that the others leave, too
        ((1e308, 1e308, 3e291, -1e308, -1e308, 7.0), 3e291),
        ((1e308, 1e308, 1e308, -1e308, -1e308, -1e308), 0.0),
    ):
        point = [*numbers, *[0.0] * (6 - len(numbers) + rest)]
        assert machine(*point) == wanted
        assert [*machine.rows([point, point])] == [wanted, wanted]
        assert float(arrays(*point)) == wanted
    assert math.isnan(machine(math.inf, -math.inf, *[1.0] * (4 + rest)))
