"""Tables: those that are made, the one that is measured, scaled, split and gone through."""

import math
import random
from itertools import pairwise
from typing import Any

import pytest

from tinygrad_bp.networks.data import NAMES, Scaling, Table, bundled, moons, penguins, spiral, truth_table


def test_truth_tables() -> None:
    outputs = {"xor": [0, 1, 1, 0], "or": [0, 1, 1, 1], "and": [0, 0, 0, 1], "nand": [1, 1, 1, 0]}
    for name, column in outputs.items():
        table = truth_table(name)
        assert table.inputs == [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
        assert table.outputs == [[float(x)] for x in column]
        assert table.classes is None
    assert repr(truth_table("xor")) == "<4 rows: a, b → a xor b>"
    with pytest.raises(ValueError, match="truth tables are xor, or, and, nand, not 'nor'"):
        truth_table("nor")


def test_all_names_are_tables() -> None:
    assert NAMES == ("xor", "or", "and", "nand", "moons", "spiral", "penguins")
    for name in NAMES:
        assert len(bundled(name)) >= 4
    with pytest.raises(ValueError, match=r"there is no table 'iris'; the names are xor, .*, penguins"):
        bundled("iris")


@pytest.mark.parametrize("count", [2, 3, 10, 101])
def test_moons_are_two_half_circles(count: int) -> None:
    table = moons(count, noise=0.0)
    assert (table.labels.count(0), table.labels.count(1)) == (count // 2, count - count // 2)
    for (x, y), label in zip(table.inputs, table.labels, strict=True):
        center, side = ((0.0, 0.0), 1) if label == 0 else ((1.0, 0.5), -1)
        assert math.dist((x, y), center) == pytest.approx(1.0, rel=1e-15)
        assert side * (y - center[1]) >= -1e-15
    assert table.classes == ["0", "1"]
    assert set(map(tuple, table.outputs)) == {(0.0,), (1.0,)}


def test_the_points_of_moons_are_evenly_spaced() -> None:
    r = math.sqrt(0.5)
    expected = [
        (1, 0),
        (r, r),
        (0, 1),
        (-r, r),
        (-1, 0),
        (0, 0.5),
        (1 - r, 0.5 - r),
        (1, -0.5),
        (1 + r, 0.5 - r),
        (2, 0.5),
    ]
    for point, there in zip(moons(10, noise=0.0).inputs, expected, strict=True):
        assert point == pytest.approx(there, abs=1e-15)
    assert moons(2, noise=0.0).inputs == [[1.0, 0.0], [0.0, 0.5]]


def test_what_is_made_without_being_asked() -> None:
    assert moons() == moons(100, 0.1, 0)
    assert spiral() == spiral(300, 3, 0.1, 0)


def test_noise_moves_points_by_its_standard_deviation() -> None:
    pairs = zip(moons(2000, noise=0.2).inputs, moons(2000, noise=0.0).inputs, strict=True)
    moved = [a - b for noisy, exact in pairs for a, b in zip(noisy, exact, strict=True)]
    assert math.sqrt(sum(d * d for d in moved) / len(moved)) == pytest.approx(0.2, rel=0.05)
    assert all(-1.7 < x < 2.7 and -1.2 < y < 1.7 for x, y in moons(1000, noise=0.1).inputs)


@pytest.mark.parametrize(("count", "arms"), [(300, 3), (10, 4), (7, 2), (5, 5)])
def test_spirals_share_their_points_among_the_arms(count: int, arms: int) -> None:
    table = spiral(count, arms)
    shares = [table.labels.count(arm) for arm in range(arms)]
    assert sum(shares) == len(table) == count
    assert max(shares) - min(shares) <= 1
    assert shares == sorted(shares, reverse=True)
    assert all(0.0 < math.hypot(*point) <= 1.0 + 1e-15 for point in table.inputs)
    assert table.classes == [str(arm) for arm in range(arms)]
    assert all(len(row) == (arms if arms > 2 else 1) for row in table.outputs)


def test_the_arms_of_a_spiral_without_noise_are_turned_copies() -> None:
    table = spiral(30, 3, noise=0.0)
    for k in range(10):
        angles = [math.atan2(y, x) for x, y in table.inputs[k::10]]
        radii = [math.hypot(x, y) for x, y in table.inputs[k::10]]
        assert radii == pytest.approx([(k + 1) / 10] * 3)
        turns = [(b - a) / (2 * math.pi) % 1 for a, b in pairwise(angles)]
        assert turns == pytest.approx([1 / 3, 1 / 3])
    for k, (x, y) in enumerate(table.inputs[:10], 1):
        assert math.atan2(y, x) % math.tau == pytest.approx(0.4 * k)


@pytest.mark.parametrize("make", [moons, spiral])
def test_seeds_make_points_repeatable(make: Any) -> None:
    assert make(seed=3) == make(seed=3)
    assert make(seed=3).inputs != make(seed=4).inputs
    state = random.getstate()
    make()
    assert random.getstate() == state


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: moons(1), "moons: count is a whole number of at least 2, not 1"),
        (lambda: moons(noise=-0.1), "moons: noise is a number from 0 up, not -0.1"),
        (lambda: moons(noise=math.nan), "moons: noise is a number from 0 up, not nan"),
        (lambda: spiral(2), "spiral: count is a whole number of at least 3, not 2"),
        (lambda: spiral(arms=1), "spiral: arms is a whole number of at least 2, not 1"),
    ],
)
def test_shapes_that_cannot_be_drawn_are_named(make: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: moons(2.5), "moons: count is a whole number, not float 2.5"),
        (lambda: moons("9"), "moons: count is a whole number, not str '9'"),
        (lambda: moons(True), "moons: count is a whole number, not bool True"),
        (lambda: moons(seed=0.5), "moons: seed is a whole number, not float 0.5"),
        (lambda: spiral(noise="a"), "spiral with noise takes a real number, not str 'a'"),
        (lambda: penguins().split(0.5, seed="x"), "split: seed is a whole number, not str 'x'"),
    ],
)
def test_what_is_no_number_is_named(make: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        make()


@pytest.mark.extras
def test_whole_numbers_of_numpy_make_the_same_points() -> None:
    import numpy

    assert moons(numpy.int64(9), seed=numpy.uint8(3)) == moons(9, seed=3)
    assert spiral(numpy.int32(9), numpy.int64(3), seed=numpy.int64(2)) == spiral(9, 3, seed=2)
    assert penguins().split(numpy.float64(0.25), numpy.int64(1)) == penguins().split(0.25, 1)
    assert moons(noise=numpy.float32(0.5)) == moons(noise=0.5)


def test_penguins() -> None:
    table = penguins()
    assert len(table) == 342
    assert table.columns == ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    assert (table.targets, table.classes) == (["species"], ["Adelie", "Chinstrap", "Gentoo"])
    assert [table.labels.count(k) for k in range(3)] == [151, 68, 123]
    assert table[0] == ([39.1, 18.7, 181.0, 3750.0], [1.0, 0.0, 0.0])
    limits = [(32.1, 59.6), (13.1, 21.5), (172.0, 231.0), (2700.0, 6300.0)]
    assert [(min(column), max(column)) for column in zip(*table.inputs, strict=True)] == limits
    assert repr(table) == (
        "<342 rows: bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g → species (Adelie, Chinstrap, Gentoo)>"
    )


# Tables


def test_a_table_is_gone_through_in_pairs() -> None:
    table = Table(["a", "b"], ["y"], [[1.0, 2.0], [3.0, 4.0]], [[5.0], [6.0]])
    assert list(table) == [([1.0, 2.0], [5.0]), ([3.0, 4.0], [6.0])] == [table[0], table[1]]
    assert len(table) == 2
    assert table[-1] == table[1]
    with pytest.raises(IndexError):
        table[2]


def test_labels_are_the_numbers_of_classes() -> None:
    rows = [([0.0], 0), ([1.0], 1), ([2.0], 1)]
    two = Table.of_classes(["x"], "kind", rows, ["a", "b"])
    three = Table.of_classes(["x"], "kind", [*rows, ([3.0], 2)], ["a", "b", "c"])
    assert (two.outputs, two.labels) == ([[0.0], [1.0], [1.0]], [0, 1, 1])
    assert (three.outputs[1], three.outputs[3], three.labels) == ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0, 1, 1, 2])
    with pytest.raises(ValueError, match="the targets of this table are numbers, not classes"):
        _ = truth_table("xor").labels


def table_of(*column: Any) -> Any:
    return Table(["x"], ["y"], [[x] for x in column], [[0.0]] * len(column))


def test_scaled_columns_have_mean_0_and_deviation_1() -> None:
    table = penguins()
    scaled = table.scaled()
    for column in zip(*scaled.inputs, strict=True):
        assert math.fsum(column) / 342 == pytest.approx(0.0, abs=1e-14)
        assert math.fsum(x * x for x in column) / 342 == pytest.approx(1.0, rel=1e-13)
    assert scaled.outputs == table.outputs
    assert scaled.scaling(table.inputs[7]) == scaled.inputs[7]
    assert table.scaling is None


@pytest.mark.parametrize("constant", [0.1, 0.0, -7.0, 1e308, 5e-324])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_a_constant_column_becomes_0(constant: float, count: int) -> None:
    scaled = table_of(*[constant] * count).scaled()
    assert scaled.inputs == [[0.0]] * count
    assert scaled.scaling == Scaling([constant], [1.0])


@pytest.mark.parametrize("unit", [1e-200, 1e-160, 1.0, 1e160, 1e307])
def test_columns_of_any_size_are_scaled(unit: float) -> None:
    scaled = table_of(*[unit * x for x in (1.0, 2.0, 4.0, 9.0)]).scaled()
    assert [x for [x] in scaled.inputs] == pytest.approx([x / math.sqrt(9.5) for x in (-3.0, -2.0, 0.0, 5.0)])


def test_scaled_by_the_scaling_of_another_table() -> None:
    table = table_of(1.0, 3.0)
    assert table.scaled_by(Scaling([1.0], [4.0])).inputs == [[0.0], [0.5]]
    assert table.scaled_by(None) is table
    with pytest.raises(ValueError, match="a row of 1 input cannot be scaled as 2 columns"):
        table.scaled_by(Scaling([0.0, 0.0], [1.0, 1.0]))


def test_a_split_holds_each_row_once_in_order() -> None:
    table = table_of(*map(float, range(40)))
    rest, held_out = table.split(0.25, seed=1)
    assert (len(rest), len(held_out)) == (30, 10)
    assert sorted(rest.inputs + held_out.inputs) == table.inputs
    assert rest.inputs == sorted(rest.inputs)
    assert held_out.inputs == sorted(held_out.inputs)
    assert table.split(0.25, seed=1) == (rest, held_out)
    assert table.split(0.25, seed=2)[1] != held_out


def test_both_sides_of_a_split_keep_classes_and_scaling() -> None:
    table = penguins().scaled()
    for side in table.split():
        assert (side.classes, side.scaling, side.columns) == (table.classes, table.scaling, table.columns)


@pytest.mark.parametrize("share", [0, 1, 0.01, 0.99, -0.5, 2, math.nan, math.inf])
def test_a_split_leaves_no_side_empty(share: float) -> None:
    with pytest.raises(ValueError, match=f"split: of 4 rows a share of {share} leaves one side without a row"):
        truth_table("or").split(share)


def test_a_split_takes_a_number() -> None:
    with pytest.raises(TypeError, match=r"the share to hold out is a number, such as 0.25, not 'half'"):
        truth_table("or").split("half")
