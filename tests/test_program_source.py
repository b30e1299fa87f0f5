"""What programs are written as: instructions without waste, names from labels, source that can be saved, read and stepped through."""

from __future__ import annotations

import bdb
import gc
import inspect
import keyword
import linecache
import math
import pickle
import random
import re
import sys
import traceback
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.labels import HOSTILE
from tests.programs import INFINITE, network, own_bell, replay, result, run, same
from tests.references import SPECIAL
from tests.rows import alone, corners_of, points_of
from tinygrad_bp import OPERATIONS, Value, grad
from tinygrad_bp.program import compile
from tinygrad_bp.program.cache import CACHE
from tinygrad_bp.program.python import WIDEST

# The code ----------------------------------------------------------------------------------------------------------------


def body(outputs: Any, inputs: Sequence[Value]) -> list[str]:
    source = compile(outputs, inputs).source
    return [line.strip() for line in source[source.index("def program(") :].splitlines()[1:]]


def test_constants_are_folded_and_read_now() -> None:
    x, c = Value(2.0, "x"), Value(3.0, "c")
    y = x * (c * 2 + 1).sqrt()
    c.data = 4.0
    assert body(y, [x]) == ["t1 = x * 3.0", "return t1"]


def test_what_is_computed_twice_is_shared() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert body((a * b).tanh() + (b * a).tanh(), [a, b]) == ["t1 = tanh(a * b)", "t2 = t1 + t1", "return t2"]


def test_dead_code_is_dropped() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    product = a * b
    product.label = "product"
    product.exp()
    (-product).label = "minus"
    assert body(-(-product), [a, b]) == ["product = a * b", "return product"]  # noqa: B002


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * 1, lambda x: 1 * x, lambda x: x - 0, lambda x: x + -0.0, lambda x: -0.0 + x, lambda x: x / 1, lambda x: x**1,
        lambda x: x.neg().neg(), lambda x: (-1) * (x * -1), lambda x: 2 * (x * 0.5),
    ],
)  # fmt: skip
def test_algebra_that_changes_no_number(f: Any) -> None:
    x = Value(3.0, "x")
    assert body(f(x), [x]) == ["return x"]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * 0, lambda x: x - x, lambda x: x / x, lambda x: 0.1 * (x * 10.0), lambda x: x**0, lambda x: (x + 1.0) - 1.0,
        lambda x: x * 2.0**600 * 2.0**600, lambda x: x * 2.0**-600 * 2.0**-600, lambda x: 3.0 * (x / 3.0), lambda x: 0 - x,
        lambda x: x + 0, lambda x: 0 + x, lambda x: x - -0.0,
    ],
)  # fmt: skip
def test_algebra_that_would_change_a_number_is_left_alone(f: Any) -> None:
    x = Value(3.0, "x")
    y = f(x)
    assert body(y, [x]) != ["return x"]
    program = compile([y], [x])
    for number in (*SPECIAL, *INFINITE):
        assert same(result(program, number), result(replay, [y], [x], [number]), 0.0), number


@pytest.mark.parametrize(
    ("f", "formula"),
    [
        (lambda x: 2.0 * (x * 1.5), "3.0 * x"), (lambda x: 1.5 * (x * 2.0), "3.0 * x"), (lambda x: 6.0 * x / 2.0, "3.0 * x"),
        (lambda x: x / 2.0 / 3.0, "x / 6.0"), (lambda x: x / 3.0 / 4.0, "x / 12.0"), (lambda x: -(x * 0.1), "-0.1 * x"),
        (lambda x: 0.5 * 2.0 * (x * 1.5), "x * 1.5"), (lambda x: -(x * 0.1) * 4.0, "-0.4 * x"),
    ],
)  # fmt: skip
def test_numbers_are_taken_together_where_one_is_a_power_of_two(f: Any, formula: str) -> None:
    x = Value(3.0, "x")
    y = f(x)
    assert body([y], [x]) == [f"t1 = {formula}", "return [t1]"]
    program = compile([y], [x])
    for number in (*SPECIAL, *INFINITE):
        got, want = result(program, number), result(replay, [y], [x], [number])
        # What vanishes or overflows on its way keeps its digits.
        assert same(got, want, 0.0) or not 1e-300 < abs(number) < 1e300, number


@pytest.mark.parametrize(
    "f", [lambda x: x * 1e-310 * 2.0, lambda x: x * 1e308 * 4.0, lambda x: x / 1e308 / 4.0, lambda x: x / 3.0 / 5.0]
)
def test_numbers_stay_apart_where_their_product_is_not_exact(f: Any) -> None:
    x = Value(3.0, "x")
    y = f(x)
    assert len(compile([y], [x]).code.instructions) == 2
    for number in (*SPECIAL, *INFINITE):
        assert same(result(compile([y], [x]), number), result(replay, [y], [x], [number]), 0.0), number


def test_the_last_derivative_of_a_whole_power_is_a_number() -> None:
    x = Value(3.0, "x")
    second = grad(grad(x**2, x), x)
    assert body(second, [x]) == ["return 2.0"]
    assert body(grad(grad(grad(x**3, x), x), x), [x]) == ["return 6.0"]
    third = grad(grad(grad((x * 2.0 - 1.0) ** 3, x), x), x)
    assert compile([third], [x])(0.5) == [48.0]
    assert compile([third], [x]).code.instructions == []
    half = compile(grad(grad(x**2.5, x), x), [x])
    assert half(0.25) == 1.875
    with pytest.raises(ValueError, match="power_term is undefined at"):
        half(-1.0)


def test_signed_zeros_of_constants_are_two() -> None:
    a, b = Value(0.0), Value(-0.0)
    x = Value(-1.0, "x")
    got = compile([a, b, tg.atan2(a, x), tg.atan2(b, x)], [x])(-2.0)
    assert [math.copysign(1.0, y) for y in got] == [1.0, -1.0, 1.0, -1.0]


def test_constants_that_are_no_numbers(tmp_path: Path) -> None:
    x = Value(1.0, "inf")
    program = compile([x * math.inf, x + math.nan, x * -math.inf, Value(math.nan), Value(-math.inf)], [x])
    want = [math.inf, math.nan, -math.inf, math.nan, -math.inf]
    assert same(program(2.0), want)
    assert run(program.source, tmp_path, "print(program(2.0))") == f"{want}\n"


def test_a_formula_uses_no_more_than_a_line() -> None:
    y, leaves = random_graph(3, size=400)
    source = compile([y, *grad(y, leaves)], leaves).source
    assert max(map(len, source.splitlines())) < 250


@pytest.mark.parametrize(
    ("f", "formula"),
    [
        (lambda a, b: a + (-b), "a - b"), (lambda a, b: (-a) + b, "b - a"), (lambda a, b: a - (-b), "a + b"),
        (lambda a, b: -1.0 * a, "-a"),
    ],
)  # fmt: skip
def test_signs_are_taken_into_the_operation(f: Any, formula: str) -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert body([f(a, b)], [a, b]) == [f"t1 = {formula}", "return [t1]"]


@pytest.mark.parametrize(("width", "lines"), [(WIDEST, 1), (WIDEST + 1, 2)])
def test_a_call_takes_a_formula_as_wide_as_a_line(width: int, lines: int) -> None:
    p, q = Value(0.5, "p" * 40), Value(0.25, "q" * (width - len("exp( + )") - 40))
    inner = f"exp({p.label} + {q.label})"
    assert len(inner) == width
    wanted = [f"t1 = tanh({inner})"] if lines == 1 else [f"t1 = {inner}", "t2 = tanh(t1)"]
    assert body([(p + q).exp().tanh()], [p, q]) == [*wanted, f"return [t{lines}]"]


@pytest.mark.parametrize(("width", "lines"), [(WIDEST // 2, 1), (WIDEST // 2 + 1, 2)])
@pytest.mark.parametrize("summed", [False, True])
def test_arithmetic_and_sums_take_operands_of_half_a_line(width: int, lines: int, summed: bool) -> None:
    p, q, a = Value(0.5, "p" * 18), Value(0.25, "q" * (width - len("exp( + )") - 18)), Value(2.0, "a")
    inner = f"exp({p.label} + {q.label})"
    assert len(inner) == width
    y = (p + q).exp()
    use, outputs = ("fsum([{}, a])", [tg.sum_of([y, a])]) if summed else ("{} * a", [y * a])
    wanted = [f"t1 = {use.format(inner)}"] if lines == 1 else [f"t1 = {inner}", f"t2 = {use.format('t1')}"]
    assert body(outputs, [p, q, a]) == [*wanted, f"return [t{lines}]"]


def test_products_by_one_are_left_out_of_a_dot() -> None:
    a, b, c = Value(2.0, "a"), Value(3.0, "b"), Value(4.0, "c")
    y = tg.dot([a, 1.0, b, 2.0], [1.0, b, c, -1.5])
    assert body([y], [a, b, c]) == ["t1 = fsum([a, b, b * c, 2.0 * -1.5])", "return [t1]"]


# Names -------------------------------------------------------------------------------------------------------------------

# Words of Python and of the source, letters that Python takes for one another, and names that are taken already.
LABELS = [
    *HOSTILE, *keyword.kwlist, *keyword.softkwlist, *OPERATIONS, "inf", "nan", "program", "ops", "print", "decay", "logistic", "bell",
    "ﬁ", "fi", "Å", "Å", "Å", "ẍ", "x", "µ", "μ", "٣", "ª", "", " ", "\n", "#", "{}", "%s", "\x00",
    "__import__", "__debug__", "a" * 10_000, "a" * 10_001, "t1", "t2", "t3",
    "x1", "x2", "x3", "x1", "same", "same", "same_2", "same", "dE/dw", "dE/d", "d/d", "dF/dw", "dE/dlambda", "d_w", "e_net", "net", "net",
    "_", "__", "___", "self", "def program(", "return", "None", "operation", "exp_2", "exp_", "sigmoid_", "eval", "await",
]  # fmt: skip


@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label[:30]!a}")
def test_one_hostile_label_everywhere(label: str) -> None:
    a, b, c = Value(0.5, label), Value(0.25, label), Value(2.0)
    y = (a * b + c).sigmoid()
    z = tg.exp(y) * 2 + tg.tanh(a) ** 2
    y.label = z.label = label
    outputs = [z, *grad(z, [a, b, c])]
    program = compile(outputs, [a, b, c])
    assert same(program(1.0, -2.0, 0.5), replay(outputs, [a, b, c], [1.0, -2.0, 0.5]), 0.0)
    assert len(set(program.inputs)) == 3
    assert all(name.isidentifier() and not keyword.iskeyword(name) and len(name) < 120 for name in program.inputs)


@pytest.mark.parametrize("order", [1, -1, 0])
def test_all_hostile_labels_together(order: int) -> None:
    labels = LABELS[::order] if order else random.Random(1).sample(LABELS, len(LABELS))
    leaves = [Value(k / 100, label) for k, label in enumerate(labels)]
    nodes, last = [], leaves[0]
    for x in leaves:
        last = (last * 0.5 + x).sigmoid() + x.tanh()
        nodes.append(last)
    for node, label in zip(nodes, reversed(labels), strict=True):
        node.label = label
    outputs = [*nodes, *grad(last, leaves)]
    program = compile(outputs, leaves)
    assert program(*[x.data for x in leaves]) == [x.data for x in outputs]
    assert len({unicodedata.normalize("NFKC", name) for name in program.inputs}) == len(leaves)
    assert same(program(*[0.3 - x.data for x in leaves]), replay(outputs, leaves, [0.3 - x.data for x in leaves]), 0.0)


def test_a_label_is_never_run() -> None:
    a = Value(1.0, "a): raise SystemExit\ndef f(b")
    b = Value(2.0, "\n    raise SystemExit\n")
    y = a * b
    y.label = "'''\nraise SystemExit\n'''"
    assert compile(y, [a, b])(3.0, 4.0) == 12.0


def test_names_are_the_labels_where_these_are_names() -> None:
    w, x = Value(0.5, "w"), Value(2.0, "重み")
    net = w * x
    net.label = "net input"
    E = net.sigmoid()
    E.label = "E"
    dw = grad(E, w)
    assert dw.label == "dE/dw"
    program = compile([E, dw], [w, x])
    assert program.inputs == ["w", "重み"]
    assert "    net_input = w * 重み\n    e_net_input = exp(" in program.source
    assert "    d_w = " in program.source


def test_an_input_is_not_renamed_after_what_equals_it() -> None:
    x = Value(2.0)
    y = x * 1
    y.label = "y"
    assert compile([y], [x]).inputs == ["x1"]


# The source --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_source_saved_and_run_gives_the_same(seed: int, tmp_path: Path) -> None:
    y, leaves = random_graph(seed)
    leaves[0].label = "重み"
    program = compile([y, *grad(y, leaves)], leaves)
    numbers = [0.3, -0.7, 1.1, 0.2]
    assert run(program.source, tmp_path, f"print(program(*{numbers}))") == f"{program(*numbers)}\n"


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_the_source_of_every_row_needs_nothing_but_the_standard_library(row: tg.Operation) -> None:
    compared = 0
    for count in {len(point) for point in corners_of(row)}:
        names: dict[str, Any] = {}
        source = alone(row, count).source
        assert "tinygrad_bp" not in source
        exec(source, names)
        for point in [*corners_of(row), *points_of(row, 20, 40)]:
            if len(point) == count:
                got, want = result(names["program"], *point), result(row.forward, *point)
                assert got == want or (got != got and want != want) or type(got) is tuple, point
                compared += 1
    assert compared > 10


def test_the_source_is_the_same_in_every_process(tmp_path: Path) -> None:
    code = (
        "from tests.graphs import random_graph\nfrom tinygrad_bp import grad\nfrom tinygrad_bp.program import compile\n"
        "y, leaves = random_graph(5)\nprint(compile([y, *grad(y, leaves)], leaves).source)"
    )
    path = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent.parent)!r})\n"
    first, second = (run(path + code, tmp_path, "", seed) for seed in ("1", "2"))
    y, leaves = random_graph(5)
    assert first == second == compile([y, *grad(y, leaves)], leaves).source + "\n"


def test_tools_find_the_lines() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    ratio = a.exp() / b
    ratio.label = "ratio"
    program = compile([ratio, a * b], [a, b])
    source = inspect.getsource(program.function)
    assert source == program.source[program.source.index("def program(") :]
    with pytest.raises(ZeroDivisionError) as error:
        program.function(1.0, 0.0)
    assert "    ratio = exp(a) / b\n" in "".join(traceback.format_exception(error.value))
    with pytest.raises(ZeroDivisionError) as error:
        program(1.0, 0.0)
    assert "    ratio = exp(a) / b\n" in "".join(traceback.format_exception(error.value))


def lines_kept() -> int:
    """The entries for programs among the lines that debuggers find."""
    return sum(name.startswith("<program ") for name in linecache.cache)


def test_lines_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CACHE, "largest", 0)  # nothing is kept beyond its program
    CACHE.clear()
    x = Value(2.0, "x")
    gc.collect()
    programs = [compile(x * k, [x]) for k in range(50)]
    assert [program(2.0) for program in programs] == [2.0 * k for k in range(50)]
    most = lines_kept()
    del programs  # without the collector of garbage: nothing of a program lies in a circle
    for k in range(200):
        program = compile([x.exp() * k, x], [x])
        program(1.0)
        program.scan([1.0], [], [], [])
        assert inspect.getsource(program.function).count("exp(x)") == 1
    assert lines_kept() <= most
    kept = [entry for name, entry in linecache.cache.items() if name.startswith("<program ") and len(entry) == 4]
    assert (
        sum(any("exp(x)" in line for line in entry[2]) for entry in kept) == 2
    )  # of the last: the function and the loop


def test_a_traceback_keeps_the_lines_of_its_program() -> None:
    x = Value(1.0, "x")
    with pytest.raises(ZeroDivisionError) as error:
        compile(3.0 / x, [x]).function(0.0)
    others = [compile(x * k, [x]) for k in range(20)]
    assert [program(1.0) for program in others][3] == 3.0
    assert "    t1 = 3.0 / x\n" in "".join(traceback.format_exception(error.value))


class Stepper(bdb.Bdb):
    """A debugger that steps into everything and notes the lines of programs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def user_line(self, frame: Any) -> None:
        if frame.f_code.co_name == "program":
            self.lines.append(self.format_stack_entry((frame, frame.f_lineno)).split(": ", 1)[-1])
        self.set_step()


def test_a_debugger_steps_through_it() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    net = a * b
    net.label = "net"
    program = compile([net.tanh()], [a, b])
    stepper = Stepper()
    before = sys.gettrace()
    try:
        stepper.runcall(program.function, 1.0, 2.0)
    finally:
        sys.settrace(before)
    assert [line.split(": ")[-1] for line in stepper.lines] == ["net = a * b", "t1 = tanh(net)", "return [t1]"]


def test_programs_are_pickled() -> None:
    outputs, inputs = network()
    x = Value(0.5, "x")
    for program, numbers in (
        (compile(outputs, inputs), [x.data + 0.1 for x in inputs]),
        (compile([own_bell(x) ** 2, [abs(x)]], [x]), [0.3]),
    ):
        want = program(*numbers)
        again = pickle.loads(pickle.dumps(program))
        assert again.source == program.source
        assert again(*numbers) == want


def test_a_scan_takes_as_many_steps_as_the_order_names_rows_or_says_what_does_not_fit() -> None:
    w, x, rate = Value(1.0, "w"), Value(2.0, "x"), Value(0.5, "rate")
    program, table = compile([w * x, w - 0.5 * x], [w, x]), [[1.0], [4.0]]
    for settings in ([], [[]] * 3, [()] * 3):
        assert program.scan([0.5], settings, table, [0, 1, 0]) == ([-2.5], [0.5, 0.0, -2.0])
    assert compile([w * 2.0, w * w], [w]).scan([3.0], [], [], [0, 0]) == ([81.0], [6.0, 18.0])  # no columns, one row
    assert program.scan([0.5], [], table, []) == ([0.5], [])
    rated = compile([w * x, w - rate * x], [w, rate, x])
    assert rated.scan([0.5], [[0.5], [0.25]], table, [0, 1]) == ([-1.0], [0.5, 0.0])
    for one, arguments, says in (
        (program, ([0.5], [[]] * 2, table, [0, 1, 0]), "2 rows of settings for 3 times; it takes one for each"),
        (program, ([0.5], [], table, [-1]), "order names row -1, and the rows are 0 to 1"),
        (program, ([0.5], [], table, [0, 2]), "order names row 2, and the rows are 0 to 1"),
        (program, ([0.5], [], [], [0]), "order names row 0, and the table has no rows"),
        (program, ([0.5, 1.0], [], table, [0]), "2 outputs are a number and 1 to replace the state, which has 2"),
        (
            program,
            ([0.5], [], [[1.0], [1.0, 2.0]], [0]),
            "row 1 of the table has 2 numbers, not 1; the inputs are w, x",
        ),
        (program, ([0.5], [[0.1, 0.2]], table, [0]), "row 0 of the table has 1 number, not 0"),
        (rated, ([0.5], [[0.5], []], table, [0, 1]), "row 1 of settings has 0 numbers, not 1"),
        (rated, ([0.5], [], table, [0, 1]), "row 0 of the table has 1 number, not 2"),
    ):
        with pytest.raises(ValueError, match=re.escape(f"scan: {says}")):
            one.scan(*arguments)
