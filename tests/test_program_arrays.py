"""Programs on arrays: one table for every namespace, held against Python row by row and graph by graph."""

import copy
import importlib
import math
import pickle
import random
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.rows import alone, points_of
from tinygrad_bp import MLP, OPERATIONS, Value, compile, grad

pytestmark = pytest.mark.extras
NAMESPACES = ["numpy", "array_api_strict", "jax.numpy", "dask.array", pytest.param("torch", marks=pytest.mark.torch)]


@pytest.fixture(params=NAMESPACES)
def xp(request: pytest.FixtureRequest) -> Any:
    if request.param == "jax.numpy":
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    if request.param == "dask.array":  # whose threads cost more here than they save
        importlib.import_module("dask").config.set(scheduler="synchronous")
    return importlib.import_module(request.param)


def listed(array: Any) -> Any:
    with importlib.import_module("numpy").errstate(all="ignore"):  # Dask computes only now
        return [float(x) for x in (array.compute() if hasattr(array, "compute") else array)]


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_every_row(op: Any, xp: Any) -> None:
    checked = 0
    points = points_of(op, 40, 150)
    for count in sorted({len(point) for point in points}):
        kept, wanted = [], []
        for point in points:
            if len(point) != count or (op in (tg.sum_of, tg.dot) and not all(abs(x) < 1e100 for x in point)):
                continue
            try:
                y = op.forward(*point)
            except (ValueError, ArithmeticError):
                continue
            # JAX takes what is below the normal floats for 0, and leaves their range a little early.
            beyond = any(x != 0 and not 1e-300 < abs(x) < 1e307 for x in (y, *point))
            if not beyond and not (op is tg.logsumexp and abs(y) < 0.5 * abs(max(point))):
                kept.append(point)
                wanted.append(y)
        whole = kept + kept[-1:] * (
            -len(kept) % 256
        )  # of the same length for all rows: JAX compiles anew for every other
        columns = [xp.asarray(column, dtype=xp.float64) for column in zip(*whole, strict=True)]
        for point, y, got in zip(kept, wanted, listed(alone(op, count).to(xp)(*columns)), strict=False):
            # Terms that cancel leave the digits of the compensated sum: relative to the largest of them.
            size = max(map(abs, point)) ** (2 if op is tg.dot else 1) if op in (tg.sum_of, tg.dot) else 0.0
            assert got == pytest.approx(y, rel=2e-12, abs=1e-30 * size), (point, got, y)
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("seed", range(4))
def test_random_graphs_on_batches(seed: int, xp: Any) -> None:
    y, leaves = random_graph(seed)
    program = compile([y, grad(y, leaves)], leaves)
    draw = random.Random(seed)
    points = [[draw.uniform(-2, 2) for _ in leaves] for _ in range(8)]
    points += [[draw.choice((0.0, 1.0, 40.0, -40.0)) for _ in leaves] for _ in range(8)]
    good, wanted = [], []
    for point in points:
        try:
            wanted.append(program(*point))
        except (ValueError, ArithmeticError):
            continue
        good.append(point)
    value, slopes = program.to(xp)(*[xp.asarray(column, dtype=xp.float64) for column in zip(*good, strict=True)])
    results = (
        importlib.import_module("dask").compute(value, *slopes) if xp.__name__ == "dask.array" else (value, *slopes)
    )
    rows = [listed(x) if getattr(x, "ndim", 1) else [float(x)] * len(good) for x in results]
    for k, (y_wanted, slopes_wanted) in enumerate(wanted):
        scale = max(map(abs, [y_wanted, *slopes_wanted]))
        found = [row[k] for row in rows]
        assert found == pytest.approx([y_wanted, *slopes_wanted], rel=1e-11, abs=1e-12 * scale, nan_ok=True)


def test_products_near_the_end_of_the_range_keep_their_digits(xp: Any) -> None:
    program = alone(tg.dot, 6)
    draw = random.Random(1)
    for decade in (-290, -300, -303, -306, 280, 300):
        half = decade // 2
        points = [
            [draw.uniform(1, 9) * 10.0 ** (half if k < 3 else decade - half) for k in range(6)] for _ in range(50)
        ]
        columns = [xp.asarray(column, dtype=xp.float64) for column in zip(*points, strict=True)]
        wanted = [program(*point) for point in points]
        assert listed(program.to(xp)(*columns)) == pytest.approx(wanted, rel=4e-16), decade


@pytest.mark.parametrize("kind", ["sum_of", "dot"])
def test_a_sum_may_leave_the_range_on_the_way(xp: Any, kind: str) -> None:
    xs = [Value(1.0, f"x{k}") for k in range(3)]
    y = tg.sum_of(xs) if kind == "sum_of" else tg.dot(xs, [1.0] * 3)
    columns = [(1e308, 1e308, 1e308, math.inf), (1e308, 1e308, 1e308, 1.0), (-1e308, -1.7e308, 1e308, 2.0)]
    found = compile(y, xs).to(xp)(*(xp.asarray(list(column), dtype=xp.float64) for column in columns))
    assert listed(found) == [1e308, math.fsum([1e308, -1.7e308, 1e308]), math.inf, math.inf]


def test_what_python_raises_is_infinity_or_nan(xp: Any) -> None:
    x = Value(1.0, "x")
    program = compile([x.log(), 1 / x, x.exp(), x**0.5, x.relu(), x.maximum(0.5)], [x]).to(xp)
    log, over, exp, root, relu, largest = map(
        listed, program(xp.asarray([0.0, -1.0, 1000.0, math.nan], dtype=xp.float64))
    )
    assert log[0] == -math.inf
    assert math.isnan(log[1])
    assert over[0] == exp[2] == math.inf
    assert math.isnan(root[1])
    assert all(math.isnan(column[3]) for column in (log, over, exp, root, relu, largest))


def test_numbers_broadcast_and_names(xp: Any) -> None:
    w, x = Value(0.5, "w"), Value(2.0, "x")
    program = compile([w * x, [grad(w * x, w)]], [w, x]).to(xp)
    product, [slope] = program(3.0, x=xp.asarray([1.0, 2.0], dtype=xp.float64))
    assert listed(product) == [3.0, 6.0]
    assert listed(slope) == [1.0, 2.0]
    assert float(program(3.0, 2.0)[0]) == 6.0
    with pytest.raises(TypeError, match="takes 2 arrays"):
        program(1.0)
    with pytest.raises(TypeError, match="no input 'z'"):
        program(1.0, z=2.0)


def test_a_zero_wins_over_infinity(xp: Any) -> None:
    for name, point in (
        ("log_term", (0.0, math.inf)),
        ("power_term", (math.inf, 0.1, 1000.0, 1.0)),
    ):
        with importlib.import_module("numpy").errstate(all="ignore"):  # Dask computes only now
            assert float(alone(OPERATIONS[name], len(point)).to(xp)(*point)) == OPERATIONS[name].forward(*point) == 0.0


def test_what_only_constants_make_is_ieee_too(xp: Any) -> None:
    x, c = Value(1.0, "x"), Value(2.0)
    y = x + 1.0 / c
    c.data = 0.0
    with importlib.import_module("numpy").errstate(all="ignore"):
        assert float(compile(y, [x]).to(xp)(1.0)) == math.inf
    with pytest.raises(TypeError, match="real numbers or arrays of them"):
        compile(y, [x]).to(xp)("1")


def test_whole_numbers_become_floats(xp: Any) -> None:
    w, x = Value(0.5, "w"), Value(2.0, "x")
    program = compile(w * x + 0.25, [w, x]).to(xp)
    assert listed(program(0.5, xp.asarray([0, 1, 2]))) == [0.25, 0.75, 1.25]
    assert listed(program(xp.asarray([0, 1, 2]), 0.5)) == [0.25, 0.75, 1.25]


def network() -> Any:
    """Error and gradient of a small network for one row, its parameters first."""
    net = MLP(2, [4, 1], activation=["tanh", "sigmoid"], seed=1)
    x, y, target = Value(0.0, "x"), Value(0.0, "y"), Value(0.0, "target")
    error = (net([x, y])[0] - target) ** 2
    parameters = net.parameters()
    return compile([error, grad(error, parameters)], [*parameters, x, y, target]), [p.data for p in parameters]


def test_jit_vmap_and_grad_of_jax_apply() -> None:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    program, parameters = network()
    function = program.to("jax")
    row = [0.5, -1.0, 1.0]
    wanted = program(*parameters, *row)
    error, slopes = jax.jit(function)(*parameters, *row)
    assert float(error) == pytest.approx(wanted[0], rel=1e-13)
    assert [float(x) for x in slopes] == pytest.approx(wanted[1], rel=1e-12)
    theirs = jax.grad(lambda *xs: function(*xs)[0], argnums=tuple(range(len(parameters))))(*parameters, *row)
    assert [float(x) for x in theirs] == pytest.approx(wanted[1], rel=1e-12)
    rows = jax.numpy.asarray([row, [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    errors, _ = jax.vmap(lambda r: function(*parameters, r[0], r[1], r[2]))(rows)
    assert listed(errors) == pytest.approx([program(*parameters, *r)[0] for r in rows.tolist()], rel=1e-13)


AT_KINKS_AND_TIES = [
    ("sigmoid", [0.0]), ("sigmoid", [40.0]), ("tanh", [0.0]), ("tanh", [40.0]), ("tanh", [-40.0]), ("tanh", [0.5]), ("expm1", [-40.0]),
    ("expm1", [0.0]), ("abs", [0.0]), ("relu", [0.0]), ("maximum", [1.5, 1.5]), ("minimum", [1.5, 1.5]), ("softplus", [0.0]),
    ("logsumexp", [0.3, 0.3]), ("logsumexp", [1.0, 2.0, 2.0]), ("exp_difference", [1.0, 1.0]), ("log_term", [0.0, 3.0]),
    ("pow", [0.0, 0.0]), ("pow", [0.0, 2.0]), ("power_term", [1.0, 1.0, 800.0, 2.0]), ("power_term", [3.0, -2.0, 3.0, 1.0]),
    ("dot", [1.0, 2.0, 3.0, 4.0]), ("sum_of", [1.0, 1e17, -1e17]), ("over_squares", [2.0, 3.0, 4.0]), ("leaky_relu", [-2.0, 0.1]),
    ("erf", [0.0]), ("erf", [-0.5]), ("gelu", [0.0]), ("gelu", [-30.0]), ("silu", [0.0]), ("silu", [-30.0]), ("normal_cdf", [0.0]),
    ("gelu_slope", [0.0]), ("silu_slope", [0.0]), ("erf_slope", [0.0]), ("asinh", [0.0]), ("atanh", [0.0]), ("cbrt", [-8.0]),
    ("clip", [-1.0, -1.0, 1.0]), ("clip", [1.0, -1.0, 1.0]), ("clip", [0.0, 1.0, -1.0]), ("clip", [2.0, -1.0, 1.0]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point"), AT_KINKS_AND_TIES)
def test_derivatives_that_jax_takes_itself_are_those_of_the_rows(name: Any, point: Any) -> None:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    op = OPERATIONS[name]
    places = range(1 if name in ("pow", "power_term", "leaky_relu") else len(point))
    theirs = jax.grad(alone(op, len(point)).to("jax"), argnums=tuple(places))(*point)
    ours = (
        op.derivatives(op.forward(*point), point)
        if name != "power_term"
        else [op.partials[0](op.forward(*point), *point)]
    )
    assert [float(x) for x in theirs] == pytest.approx([float(ours[k]) for k in places], rel=1e-12)


def test_the_source_is_on_arrays_and_found_by_tracebacks() -> None:
    w, x = Value(0.5, "w"), Value(2.0, "x")
    y = (w * x + 0.25).tanh()
    y.label = "y"
    program = compile([y, [Value(3.0)]], [w, x]).to("numpy")
    assert program.source == "def program(w, x):\n    y = tanh(w * x + 0.25)\n    return [y, [constant(3.0)]]\n"
    says = r"^program takes arrays that broadcast, and these have the shapes w \(2,\), x \(3,\)$"
    with pytest.raises(ValueError, match=says) as error:
        program([1.0, 2.0], [1.0, 2.0, 3.0])
    assert "y = tanh(w * x + 0.25)" in str(error.getrepr())


# What comes out has the shape of what went in -----------------------------------------------------------------------------------


def line() -> Any:
    """A line with its derivatives, which are constants, and outputs of one input alone."""
    x, w = Value(1.0, "x"), Value(2.0, "w")
    y = x * 3 + w
    return compile([y, grad(y, x), [grad(y, w), w * 2, x, Value(-0.0)]], [x, w])


def of_kind(xp: Any, numbers: Any, kind: str = "float64") -> Any:
    return xp.asarray(importlib.import_module("numpy").array(numbers), dtype=getattr(xp, kind))


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_constants_are_filled_as_rows_are(xp: Any, kind: str) -> None:
    numpy = importlib.import_module("numpy")
    program = line()
    on_arrays = program.to(xp)
    v, column = of_kind(xp, [1.0, 2.0, 4.0], kind), of_kind(xp, [[1.0], [2.0]], kind)
    for inputs in ((v, v), (v, 2.0), (2.0, v), (column, v), (v, column), (of_kind(xp, numpy.zeros((0, 3)), kind), v)):
        y, by_x, [by_w, twice, same, zero] = on_arrays(*inputs)
        found = [y, by_x, by_w, twice, same, zero]
        wanted = numpy.broadcast_arrays(*[numpy.asarray(x) for x in inputs])
        assert {tuple(array.shape) for array in found} == {wanted[0].shape}
        assert {array.dtype for array in found} == {v.dtype}
        together = numpy.array([numpy.asarray(array) for array in found])
        assert together.shape == (6, *wanted[0].shape)
        for place in numpy.ndindex(wanted[0].shape):
            want_y, want_by_x, rest = program(*[float(array[place]) for array in wanted])
            assert [float(array[place]) for array in together] == [want_y, want_by_x, *rest]
        assert numpy.signbit(together[5]).all()
    assert [tuple(array.shape) for array in on_arrays(1.0, 2.0)[:2]] == [(), ()]


def test_numpy_makes_one_array_of_the_outputs() -> None:
    numpy = importlib.import_module("numpy")
    x, w = Value(1.0, "x"), Value(2.0, "w")
    y = x * 3 + w
    program = compile([y, grad(y, x), grad(y, w)], [x, w])
    v = numpy.array([1.0, 2.0, 4.0])
    assert (
        numpy.array(program.to("numpy")(v, v)).tolist()
        == numpy.asarray(program.to("llvm").rows(numpy.stack([v, v], axis=1))).T.tolist()
    )
    filled = program.to("numpy")(v, v)[1]
    filled[0] = 7.0  # it is nobody else's, and can be written to
    assert filled.tolist() == [7.0, 3.0, 3.0]
    assert float(compile(Value(4.0), [x]).to("numpy")(v).sum()) == 12.0


def test_arrays_that_never_meet_keep_their_shapes() -> None:
    numpy = importlib.import_module("numpy")
    x, w = Value(1.0, "x"), Value(2.0, "w")
    twice, thrice = compile([x * 2, w * 3], [x, w]).to("numpy")(numpy.ones(3), numpy.ones(4))
    assert (twice.shape, thrice.shape) == ((3,), (4,))


def test_filled_constants_are_differentiated_and_mapped() -> None:
    jax = importlib.import_module("jax")
    program = line().to("jax")
    v = jax.numpy.asarray([1.0, 2.0, 4.0])
    assert jax.grad(lambda x: program(x, 2.0)[0].sum() + program(x, 2.0)[1].sum())(v).tolist() == [3.0] * 3
    for mapped in (jax.vmap(program), jax.jit(program)):
        assert [array.shape for array in mapped(v, v)[2]] == [(3,)] * 4


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_array_programs_are_pickled_and_copied(xp: Any, again: Any) -> None:
    program = line().to(xp)
    v = of_kind(xp, [1.0, 2.0])
    program(v, v)
    model = {"program": program, "name": "line"}
    found = again(model)["program"] if again is not copy.copy else again(program)
    assert found.namespace is xp
    assert found.source == program.source
    assert [listed(array) for array in found(v, w=v)[:2]] == [listed(array) for array in program(v, v)[:2]]


def test_a_namespace_that_cannot_be_imported_is_copied() -> None:
    numpy = importlib.import_module("numpy")
    own = type(math)("own_arrays")
    own.__dict__.update(vars(numpy), __name__="own_arrays")
    program = line().to(own)
    assert copy.deepcopy(program).namespace is copy.copy(program).namespace is own
    assert [float(y) for y in copy.deepcopy(program)(1.0, 2.0)[:2]] == [5.0, 3.0]
