"""What differences can tell of a gradient, and what they cannot: no right rule is called wrong, and a wrong one is where they can tell."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_bp as tg
from tests import fuzz_checking
from tests.fuzz_checking import OFF, checked, function
from tinygrad_bp import OPERATIONS, Operation, Value, check_gradients
from tinygrad_bp.checking import GradientCheck
from tinygrad_bp.checking.differences import Differences
from tinygrad_bp.checking.rounding import CLOSE, EXACT, GOOD, ROUNDED, SHARP, is_smooth, replay


def verdict(y: Value) -> str:
    [row] = check_gradients(y).inputs
    return row.verdict


def spoiled(name: str, factor: float) -> Operation:
    row = OPERATIONS[name]
    rules: Any = row.partials
    return dataclasses.replace(row, partials=(lambda y, x: factor * rules[0](y, x),))


# Random functions


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 400, 50))
def test_of_random_functions_no_right_one_is_called_wrong_and_wrong_ones_are_found(start: int) -> None:
    total = sum((fuzz_checking.run(seed)[0] for seed in range(start, start + 50)), Counter())
    assert total["functions"] >= 40
    assert total["right called wrong"] == 0
    told, found = total["wrong that a difference can tell"], total["wrong that a difference can tell, found"]
    assert told >= 20
    assert found >= told - 2  # rules of a maximum of equal numbers may be anything between


def test_the_random_functions_have_every_row_and_every_family() -> None:
    found = [each for each in map(function, range(3000)) if each is not None]
    assert {op.name for each in found for op, _ in each.steps} == set(OPERATIONS)
    families = {each.family for each in found}
    named = {
        "graph",
        "chain",
        "|x - 1| ** p",
        "fast",
        "end of domain",
        "f(x ** 3)",
        "subnormal",
        "kink",
        "saturated",
        "cancelling",
    }
    assert named <= families
    assert families - named <= set(OPERATIONS)


def test_the_claimed_uncertainty_covers() -> None:
    for seed in range(600):
        each = function(seed)
        if each is not None and all(op.name not in EXACT | SHARP for op, _ in each.steps):  # no kink nearer than steps
            for row in checked(each, called=False).inputs:
                if row.verdict == "agrees" and not row.note and row.absolute < 1e-3 * abs(row.autograd):
                    assert row.absolute <= row.uncertainty + 1e-13 * abs(row.autograd), (seed, row)


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_checking.main(["--count", "20"]) == 0
    printed = capsys.readouterr().out
    assert " functions\n" in printed
    assert " wrong that a difference can tell\n" in printed
    assert "right called wrong" not in printed


def test_the_fuzz_leaves_out_ties_and_nothing_else() -> None:
    def last(name: str, *data: float) -> fuzz_checking.Function:
        return fuzz_checking.Function(name, data, ((OPERATIONS[name], tuple(range(len(data)))),))

    assert last("maximum", 2.0, 2.0).meets()
    assert not last("maximum", 2.0, 3.0).meets()
    assert not last("hypot", 2.0, 2.0).meets()


# Families


def test_where_infinity_meets_0_the_operation_is_named() -> None:
    for f, name, numbers in (
        (lambda x: (x * x) ** 0.75, "pow", "0.0, 0.75"),
        (lambda x: (x * x).sqrt() + x.exp(), "sqrt", "0.0"),
        (lambda x: (x * x * x).cbrt(), "cbrt", "0.0"),
    ):
        [row] = check_gradients(f(Value(0.0, "x"))).inputs
        assert row.verdict == "wrong"
        assert f"{name} gives infinity at {numbers}, which times 0 is nan" in row.note
    x = Value(0.0, "x")
    [row] = check_gradients((x * x).sin() * 1e155 * 1e155).inputs  # no slope is infinite, their product is
    assert "right by itself: together they make nan" in row.note
    [row] = check_gradients(tg.grad((x * x) ** 1.5, x)).inputs  # the second derivative
    assert "power_term gives infinity at 1.5, 0.0, 1.5, 1.0, which" in row.note


def test_steps_are_tried_until_they_can_tell_the_tolerance() -> None:
    draw = random.Random(1)
    for _ in range(40):
        x = Value(draw.uniform(0.5, 3.0))
        assert verdict((x * 1e4).cos()) == "agrees", x
        assert verdict(spoiled("cos", 1.0 + OFF)(x * 1e4)) == "wrong", x
        assert verdict(spoiled("cos", 1.0 + 3e-7)(x * 1e3)) == "wrong", x


def test_what_is_beyond_the_tolerance_never_agrees() -> None:
    told = 0
    for seed in range(200):
        each = function(seed)
        if each is not None:
            for row in checked(each.spoiled(1.0 + OFF), called=False).inputs:
                if row.verdict == "agrees" and not row.note:
                    assert row.absolute == 0.0 or row.relative <= 1e-7, (seed, row)
                told += row.verdict == "wrong"
    assert told >= 100


@pytest.mark.parametrize("numbers", [(0.27, -43.3), (528.0, 1.7), (1.0, 0.001), (1.3e-4, -2.8), (2.0, 2.0)])
@pytest.mark.parametrize("name", ["hypot", "atan2"])
def test_far_from_their_bends_rules_are_told_as_smooth_ones_are(name: str, numbers: tuple[float, float]) -> None:
    row = OPERATIONS[name]
    rules: Any = row.partials
    for place in (0, 1):
        scaled = tuple(lambda y, *xs, rule=rule: (1.0 + OFF) * rule(y, *xs) for rule in rules)
        wrong = dataclasses.replace(row, partials=scaled)
        leaves: list[Any] = list(numbers)
        leaves[place] = Value(numbers[place])
        assert verdict(row(*leaves)) == "agrees"
        assert verdict(wrong(*leaves)) == "wrong"


def test_near_their_bends_right_rules_are_not_called_wrong() -> None:
    draw = random.Random(4)
    for _ in range(60):
        a = draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-320.0, 3.0)
        for b in (a * 10.0 ** draw.uniform(-18.0, 18.0), 10.0 ** draw.uniform(-20.0, 0.0)):
            c = draw.uniform(-1.0, 1.0)
            with contextlib.suppress(ValueError, ArithmeticError):
                for y in (tg.hypot(Value(a), Value(b)), tg.atan2(Value(a), Value(b)), Value(a).cbrt()):
                    assert check_gradients(y), (a, b, y)
                assert check_gradients(OPERATIONS["over_squares"](c, Value(a), Value(b))), (a, b, c)


@pytest.mark.parametrize("power", [1.5, 1.2, 2.5, 3.0])
def test_near_the_place_where_a_power_bends(power: float) -> None:
    draw = random.Random(power)
    decided = 0
    for _ in range(60):
        x = Value(1.0 + draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-15.5, -1.0))
        found = verdict(abs(x - 1.0) ** power)
        assert found != "wrong", x
        decided += found == "agrees"
    assert decided >= 30


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_waves_are_told_as_long_as_a_step_is_shorter(name: str) -> None:
    draw = random.Random(name)
    right, wrong = OPERATIONS[name], spoiled(name, 1.0 + OFF)
    for _ in range(40):
        x = Value(10.0 ** draw.uniform(5.0, 9.0))
        assert verdict(right(x)) == "agrees", x
        assert verdict(wrong(x)) == "wrong", x
    for _ in range(200):
        x = Value(10.0 ** draw.uniform(9.0, 300.0))
        assert verdict(right(x)) != "wrong", x
        assert verdict(right(Value(draw.uniform(0.1, 3.0)) * x.data)) != "wrong", x


@pytest.mark.parametrize(
    ("name", "end"), [("asin", 1.0), ("acos", -1.0), ("atanh", 1.0), ("log1p", -1.0), ("acosh", 1.0)]
)
def test_near_the_end_of_a_domain(name: str, end: float) -> None:
    draw = random.Random(name)
    inward = 1.0 if name in ("log1p", "acosh") or end < 0 else -1.0
    for _ in range(40):
        far = Value(end + inward * 10.0 ** draw.uniform(-11.0, -2.0))
        near = Value(end + inward * 10.0 ** draw.uniform(-16.0, -11.0))
        assert verdict(OPERATIONS[name](far)) == "agrees", far
        assert verdict(spoiled(name, 1.001)(far)) == "wrong", far
        if abs(near.data) != 1.0:
            assert verdict(OPERATIONS[name](near)) != "wrong", near


def test_rounding_that_is_systematic_along_the_steps_is_within_the_uncertainty() -> None:
    for k in range(-20, 20):
        x = Value(3.2e-4 * (1.0 + k * 1e-3))
        [row] = check_gradients((x * x * x).sigmoid()).inputs
        assert row.ok
        assert row.absolute <= row.uncertainty


def test_within_few_floats_of_the_end_of_a_domain() -> None:
    for name, x in (("acosh", 1.0), ("asin", 1.0), ("acos", -1.0), ("log", 0.0), ("sqrt", 0.0), ("log1p", -1.0)):
        inward = 0.0 if abs(x) == 1.0 and name != "acosh" else 2.0
        for _ in range(12):
            x = math.nextafter(x, inward)
            assert check_gradients(OPERATIONS[name](Value(x))), (name, x)
    assert check_gradients(Value(5e-324) ** Value(-6.302884067928532e-41))
    assert check_gradients(tg.logsumexp([Value(1.7e308), Value(1.7e308), 1.0]))
    assert verdict(spoiled("sqrt", 3.0)(Value(2.0))) == "wrong"


def test_what_is_unused_and_has_no_value_beside_does_not_count_as_unrecorded() -> None:
    def f(x: Value) -> Value:
        x.sqrt()
        return x.relu().exp()

    assert check_gradients(f, [0.0])


def test_subnormal_results() -> None:
    draw = random.Random(5)
    for _ in range(60):
        x = Value(draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-323.0, -150.0))
        for y in (x * x, x.sin() * 0.3, tg.tanh(x) * x, tg.dot([x, x], [x, 0.1]), x * 5e-324, x.expm1() / 3.0):
            assert check_gradients(y), y


@pytest.mark.parametrize("factor", [3.0, -3.0, 0.1])
@pytest.mark.parametrize("after", [tg.sin, tg.exp, tg.sigmoid])
@pytest.mark.parametrize("row", [tg.relu, abs, lambda z: tg.maximum(z, 0.0), lambda z: tg.leaky_relu(z, 0.1)])
def test_at_and_beside_a_kink(row: Callable[[Any], Any], after: Operation, factor: float) -> None:
    for z in (0.0, 1e-18, -1e-18, 1e-9, -1e-9, 1e-3):
        assert check_gradients(after(factor * row(Value(z)))), z
        assert check_gradients(after(factor * row(Value(1.0 + z) - 1.0))), z


def test_beyond_both_slopes_of_a_kink_is_wrong() -> None:
    for slope in (-0.5, 1.5, 1.0 + 1e-5):
        rule = dataclasses.replace(tg.relu, partials=(lambda y, x, slope=slope: slope,))
        assert verdict(rule(Value(0.0, "x")).sin() * 3.0) == "wrong", slope
    rule = dataclasses.replace(tg.relu, partials=(lambda y, x: 0.25,))
    assert verdict(rule(Value(0.0, "x"))) == "agrees"


def test_choices_at_a_kink_that_make_no_slope_are_not_called_wrong() -> None:
    x = Value(0.0, "x")
    found = check_gradients(x.relu() - (-x).relu())  # x, of which PyTorch's gradient at 0 is 0 too
    assert [row.verdict for row in found.inputs] == ["undecided"]
    assert "every rule on the way is right by itself: a kink on the way has no one slope" in str(found)
    assert check_gradients(tg.clip(x, x, x))


def test_rules_of_0_agree_only_where_a_difference_can_tell() -> None:
    for name in ("sigmoid", "tanh", "erf"):
        for x in (40.0, 300.0, -1e5 if name != "sigmoid" else 1e5):
            assert verdict(spoiled(name, 0.0)(Value(x))) == "undecided", (name, x)
        assert verdict(spoiled(name, 0.0)(Value(1.0))) == "wrong"
    assert verdict(Value(0.0).cos()) == "agrees"
    assert verdict(Value(0.0) ** 3) == "agrees"
    assert verdict((Value(-2.0).relu() * 3.0).sigmoid()) == "agrees"
    assert check_gradients(lambda x, unused: x * 2.0, [1.0, 2.0]).inputs[1].verdict == "agrees"


def test_a_gradient_that_is_nan_is_never_right() -> None:
    rule = Operation("nothing", lambda x: x, (lambda y, x: math.nan,), "{}", "{}", "n")
    assert verdict(rule(Value(1.0))) == "wrong"


# Functions that are called


def test_a_function_that_draws_lots_is_refused_before_anything_is_compared() -> None:
    draw = random.Random(1)
    with pytest.raises(
        ValueError, match=r"the function gave .* when it was called again with the same inputs.*draw no lots"
    ):
        check_gradients(lambda x: x * draw.random(), [2.0])
    calls = [0]

    def counts(x: Value) -> Value:
        calls[0] += 1
        return x * calls[0]

    with pytest.raises(ValueError, match=r"the function gave 2\.0, and 4\.0 when it was called again"):
        check_gradients(counts, [2.0])
    assert calls == [2]


def test_a_function_that_seldom_draws_another_lot_is_refused_or_right_but_not_called_wrong() -> None:
    for seed in range(60):
        draw = random.Random(seed)
        with contextlib.suppress(ValueError):
            found = check_gradients(lambda x, draw=draw: x * (0.0 if draw.random() < 0.02 else 1.0) + x.sin(), [2.0])
            assert found, str(found)


def _appends(x: Value, seen: list[Value]) -> Value:
    seen.append(x)
    return tg.sum_of(seen)


STATES: dict[str, tuple[Callable[[], Any], Callable[[Value, Any], Value], str]] = {
    "a clock": (
        lambda: itertools.count(1e9, 0.5),
        lambda x, clock: x * next(clock),
        "gave .* when it was called again",
    ),
    "an iterator": (lambda: iter([1.0, 2.0, 3.0]), lambda x, it: x * next(it), r"gave 2\.0, and 4\.0 when"),
    "an iterator that ends": (
        lambda: iter([1.0]),
        lambda x, it: x * next(it),
        r"gave 2\.0, and raised StopIteration when it was called again",
    ),
    "a generator that is used up": (
        lambda: (k for k in (1.0, 2.0)),
        lambda x, generator: tg.sum_of([x, *[x * k for k in generator]]),
        r"gave 8\.0, and 2\.0 when",
    ),
    "a list that it takes from": (lambda: [1.0, 3.0], lambda x, left: x * left.pop(), r"gave 6\.0, and 2\.0 when"),
    "a list that it adds to": (list, lambda x, seen: _appends(x, seen), r"gave 2\.0, and 4\.0 when"),
    "branches of one value": (
        itertools.count,
        lambda x, calls: x * 2.0 if next(calls) % 2 else x**2,
        r"gave 4\.0 with the derivative 4\.0 by input x, and with 2\.0 when it was called again",
    ),
    "lots of which two agree": (
        itertools.count,
        lambda x, calls: x * (1.0 if (k := next(calls)) < 2 else random.Random(k).random()),
        r"gave 2\.0, and .* when it was called again",
    ),
    "another at each tenth call": (
        itertools.count,
        lambda x, calls: x * (1.0 if next(calls) % 10 < 9 else 2.0),
        r"gave 2\.0, and 4\.0 when it was called again",
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_a_function_that_keeps_a_state_is_named_as_such(name: str) -> None:
    make, f, says = STATES[name]
    state = make()
    with pytest.raises(ValueError, match=says):
        check_gradients(lambda x: f(x, state), [Value(2.0, "x")])


def test_a_function_that_sets_the_data_of_its_input_is_named_as_such() -> None:
    def f(a: Value, x: Value) -> Value:
        x.data = 3.0
        return a * x

    with pytest.raises(ValueError, match=r"the function set the data of its input 2 from 2\.0 to 3\.0"):
        check_gradients(f, [1.0, 2.0])


def test_a_function_that_adds_to_the_list_of_inputs_is_called_with_those_given() -> None:
    inputs: list[Value | float] = [Value(2.0, "a"), 3.0]

    def f(a: Value, b: Value) -> Value:
        inputs.append(a)
        return a * b

    assert len(check_gradients(f, inputs).inputs) == 2


def test_a_function_whose_set_of_terms_has_no_order_is_checked() -> None:
    def f(x: Value) -> Value:
        return tg.sum_of(list({x * 0.25, x * 0.5, x.relu()}))

    assert check_gradients(f, [2.0]).inputs[0].verdict == "agrees"


def test_a_function_that_seeds_its_generator_inside_is_checked() -> None:
    def dropout(x: Value) -> Value:
        draw = random.Random(3)
        return tg.sum_of([x * k if draw.random() < 0.5 else x.sin() for k in range(8)])

    assert check_gradients(dropout, [2.0]).inputs[0].verdict == "agrees"


def test_what_a_function_does_not_record_is_found() -> None:
    found = check_gradients(lambda x: x * x.data, [Value(3.0, "x")])
    assert [row.verdict for row in found.inputs] == ["wrong"]
    assert "the function computes from it in a way that is not recorded" in str(found)
    assert found.faults == ()


def test_a_function_is_called_no_more_than_some_dozens_of_times() -> None:
    calls = [0]

    def f(x: Value) -> Value:
        calls[0] += 1
        return x.tanh() * x

    assert check_gradients(f, [0.7])
    assert calls[0] <= 30


# How it is computed and shown


def test_every_row_that_is_said_to_round_in_some_way_is_in_the_table() -> None:
    assert set(OPERATIONS) >= EXACT | ROUNDED | CLOSE | GOOD | SHARP
    assert not is_smooth(Operation("sin", lambda x: abs(x), (lambda y, x: 1.0,), "{}", "{}", "s"), [1.0])
    assert check_gradients(Value(0.0) ** Value(1.0000000000000002))


def test_the_bound_of_rounding_holds() -> None:
    """Against the same computation with what each operation rounds taken by fractions: sums and products of a cancelling graph."""
    from fractions import Fraction

    draw = random.Random(11)
    for _ in range(200):
        x, large, c = Value(draw.uniform(-1, 1)), 10.0 ** draw.uniform(3, 17), draw.uniform(-3, 3)
        y = ((x + large) - large) * c + x * x
        base = _exactly(x.data, large, c) - Fraction(y.data)
        probe = Differences(replay(y, x), x.data)
        for step in (2.0**-3, 2.0**-20, 2.0**-40):
            here, moved = probe.at(step)
            truth = _exactly(x.data + step, large, c) if x.data + step - x.data == step else None
            if truth is not None:
                assert abs(Fraction(here) - truth + base) <= Fraction(moved) + Fraction(math.ulp(moved))


def _exactly(x: float, large: float, c: float) -> Any:
    from fractions import Fraction

    return Fraction(x) * Fraction(c) + Fraction(x) * Fraction(x)


def test_a_prompt_and_a_notebook_show_the_table() -> None:
    found = check_gradients(Value(0.5, "```\n# x") * 2.0)
    assert repr(found) == str(found)
    lines = found._repr_markdown_().splitlines()
    assert (lines[0], lines[-1]) == ("````text", "````")
    assert "\n".join(lines[1:-1]) == str(found)
    assert GradientCheck((), ())._repr_markdown_().startswith("```text\ninput")


def test_a_note_stands_below_its_input_in_a_table_and_in_a_list() -> None:
    noted = check_gradients(Value(0.0, "x").relu())
    plain = check_gradients(Value(0.5, "x").tanh())
    for width in (80, 79, 40):
        note = noted.text(width=width).count("a kink: the slope is 0 on the left, 1 on the right")
        assert note == 1, width
        assert all(line.strip() for line in plain.text(width=width).splitlines()), width
