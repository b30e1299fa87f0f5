"""Answers of a sheet hold out against rounding on the way: held against a student who rounds every number that is written down."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exercises import ALL, classes, example, physics, recurrent, relus
from tinygrad_bp import MLP, Value, exercise
from tinygrad_bp.lessons.asking import figures, place_of, shortened
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.exercise import Exercise
from tinygrad_bp.lessons.rounding import Rounding, conditions

each_graph = pytest.mark.parametrize("graph", ALL, ids=lambda graph: graph.__name__)


class Student:
    """Works through a sheet with numbers of so many digits: each value with a name, slope and derivative is rounded when it is written."""

    def __init__(self, made: Exercise, kept: int, shift: int = 0) -> None:
        self.found, self.kept, self.shift = made.derivation, kept, shift
        self.written = 0
        self.data: dict[Value, float] = {}
        for v in self.found.order:
            if v.op is None:
                self.data[v] = v.data
            else:
                x = v.op.compute([self.data[x] if isinstance(x, Value) else x for x in v.operands])
                self.data[v] = self.write(x) if v in self.found.names else x

    def write(self, x: float) -> float:
        """Rounded, or, where `shift` says so, in the one direction or the other."""
        self.written += 1
        if not self.shift or not x:
            return float(f"{x:.{self.kept - 1}e}")
        half = 0.5 * 10.0 ** -place_of(x, self.kept)
        return x + half * (0.999 if (self.written * self.shift) % 7 % 2 else -0.999)

    def derivatives(self, top: Value) -> dict[Value, float]:
        totals = {top: 1.0}
        for v in reversed(self.found.order[: self.found.place[top] + 1]):
            if v not in totals or v.op is None:
                continue
            if v in self.found.names and v is not top:
                totals[v] = self.write(totals[v])
            operands = [self.data[x] if isinstance(x, Value) else x for x in v.operands]
            slopes = v.op.derivatives(self.data[v], operands, [isinstance(x, Value) for x in v.operands])
            for x, slope in zip(v.operands, slopes, strict=True):
                if isinstance(x, Value):
                    totals[x] = totals.get(x, 0.0) + slope * totals[v]
        return totals

    def answers(self, made: Exercise) -> dict[str, float]:
        found = {}
        for step in (each.step for each in made.asked):
            if step.by is None:
                found[step.name] = self.data[step.of]
            elif step.kind == "update":
                assert self.found.learning_rate is not None
                moved = self.found.learning_rate * self.derivatives(step.of)[step.by]
                found[step.name] = self.write(self.data[step.by] - self.write(moved))
            else:
                found[step.name] = self.derivatives(step.of)[step.by]
        return found


def small_differences() -> Value:
    """What cancels in most draws: a difference of products that are about the same, and what follows from it."""
    a, b, c, d = Value(7.3, "a"), Value(6.1, "b"), Value(7.1, "c"), Value(6.3, "d")
    first, second = a * b, c * d
    first.label, second.label = "p", "q"
    difference = first - second
    difference.label = "r"
    result = difference * difference + difference
    result.label = "y"
    return result


def targets_that_are_met() -> Value:
    """Outputs close to their targets: the error is a difference of what is nearly the same."""
    net = MLP(2, [2, 2], activation="tanh", seed=4)
    outs = net([Value(0.4, "i1"), Value(-0.6, "i2")])
    errors = [(Value(round(out.data, 2), f"target_o{k}") - out) ** 2 / 2 for k, out in enumerate(outs, 1)]
    error = errors[0] + errors[1]
    error.label = "E"
    return error


@pytest.mark.slow
@pytest.mark.parametrize("digits", [3, 4, 6])
@pytest.mark.parametrize("graph", [*ALL, small_differences, targets_that_are_met], ids=lambda graph: graph.__name__)
def test_a_student_who_rounds_as_the_sheet_says_is_right(graph: Callable[[], Value], digits: int) -> None:
    settled = 0
    for seed in range(3):
        made = exercise(graph(), seed=seed, lr=0.5, digits=digits)
        for shift in range(4):
            answers = Student(made, digits + 2, shift).answers(made)
            for each in made.asked:
                off = abs(float(figures(answers[each.step.name], digits)) - each.value)
                assert off <= each.tolerance * (1 + 1e-9), (seed, each, answers[each.step.name])
                if each.tolerance < 0.6 * 10.0 ** -place_of(each.value, digits):
                    settled += 1
                    assert float(figures(answers[each.step.name], digits)) == float(each.text), (seed, each)
    assert settled


@each_graph
def test_answers_are_well_conditioned_and_nearly_all_have_a_last_digit_that_holds(graph: Callable[[], Value]) -> None:
    asked = held = 0
    for seed in range(5):
        made = exercise(graph(), seed=seed, lr=0.5)
        steps = [each.step for each in made.asked]
        stands = conditions(made.derivation, made.derivation.recorded, steps, 4)
        assert all(each.is_clear for each in stands.values())
        asked += len(steps)
        held += sum(each.settled for each in stands.values())
        for each in made.asked:
            unit = 10.0 ** -place_of(each.value, 4)
            assert each.tolerance == pytest.approx(unit / 2 if stands[each.step.name].settled else unit)
    assert held >= 0.9 * asked


@pytest.mark.parametrize("graph", [example, recurrent, classes, relus, physics], ids=lambda graph: graph.__name__)
def test_no_rounding_goes_beyond_the_bound(graph: Callable[[], Value]) -> None:
    made = exercise(graph(), seed=1, lr=0.5, most=100)
    found = made.derivation
    bound = Rounding(found, found.recorded, 5)
    for shift in range(7):
        answers = Student(made, 5, shift).answers(made)
        for each in made.asked:
            value, error = bound.of(each.step)
            assert value == pytest.approx(each.step.value, rel=1e-12)
            assert abs(answers[each.step.name] - value) <= 1.02 * error + 1e-15, (shift, each)


def test_the_bound_is_no_more_than_a_few_times_what_happens() -> None:
    made = exercise(example(), seed=1, lr=0.5)
    found = made.derivation
    bound = Rounding(found, found.recorded, 5)
    worst = dict.fromkeys([each.step.name for each in made.asked], 0.0)
    for shift in range(40):
        answers = Student(made, 5, shift).answers(made)
        for each in made.asked:
            worst[each.step.name] = max(worst[each.step.name], abs(answers[each.step.name] - each.step.value))
    for each in made.asked:
        assert bound.of(each.step)[1] <= 6 * worst[each.step.name], each


def test_what_cancels_to_noise_is_not_asked_for() -> None:
    x, y = Value(0.3, "x"), Value(0.1, "y")
    z = x - 3.0 * y  # 5.6e-17, in place of 0
    z.label = "z"
    out = z * 2.0 + x
    out.label = "out"
    found = Derivation(out)
    assert abs(z.data) < 1e-15
    stands = conditions(found, found.recorded, [found["z"], found["out"]], 4)
    assert (stands["z"].is_clear, stands["out"].is_clear) == (False, True)
    for seed in range(30):
        assert abs(exercise(out, seed=seed).derivation["z"].value) > 1e-3


def test_what_cannot_be_well_conditioned_is_given_and_not_asked_for() -> None:
    x = Value(0.37, "x")
    z = 1000.0 + x * 1e-4 - 1000.0  # a difference of thousands, of which hardly a digit is left
    z.label = "z"
    large = 1000.0 + x * 1e-4
    large.label = "large"
    z = large - 1000.0
    z.label = "z"
    y = z * 3.0
    y.label = "y"
    made = exercise(y)
    assert [each.step.name for each in made.asked] == ["large", "dy/dz", "dy/dlarge", "dy/dx"]
    assert "Of 6 quantities 4 are asked for" in made.text()
    named = exercise(y, blanks=["z"])
    [z_asked] = named.asked
    assert z_asked.tolerance >= 0.5e-3  # six digits of 1000.00 leave no more


def test_what_is_given_has_the_digits_that_are_to_be_kept() -> None:
    for digits, seed in itertools.product((3, 5), range(3)):
        made = exercise(example(), seed=seed, blanks="gradients", digits=digits)
        text = made.text(width=200)
        for step in made.derivation.steps:
            if step.kind == "delta" or step.name.startswith("out_"):
                assert f" {shortened(step.value, digits + 2)} " in f" {text} ".replace("\n", " ")


def test_numbers_with_so_many_digits() -> None:
    assert [figures(x, 4) for x in (0.0, 9.99996, -0.00012345678, 123456.0, 2.0)] == [
        "0.000",
        "10.00",
        "-0.0001235",
        "1.235e+05",
        "2.000",
    ]
    assert [shortened(x, 6) for x in (-1.25, 0.2227, 1 / 3, 100.0, 0.0)] == ["-1.25", "0.2227", "0.333333", "100", "0"]


def test_a_class_of_students_who_round_as_the_sheets_say_is_right(tmp_path: Path) -> None:
    from tinygrad_bp.lessons import mark_folder, sheets

    made = sheets(example(), 6, seed="r", lr=0.5)
    folder = made.save(tmp_path, "txt")
    for each in made:
        answers = Student(each, 6).answers(each)
        rows = [f"{asked.step.name},{figures(answers[asked.step.name], 4)}" for asked in each.asked]
        rows += [f"q{k},{question.letters}" for k, question in enumerate(each.questions, len(each.asked) + 1)]
        (folder / "answers" / f"{each.sheet}.csv").write_text(
            "\n".join(["name,answer", *rows]) + "\n", encoding="utf-8"
        )
    marks = mark_folder(folder / "keys", folder / "answers")
    assert [(each.sheet, each.count("right")) for each in marks] == [
        (each.sheet, len(each.asked) + len(each.questions)) for each in made
    ]
    assert json.loads((folder / "keys" / "sheet-01.json").read_text(encoding="utf-8"))["answers"][0]["tolerance"] > 0
