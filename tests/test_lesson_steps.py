"""The step of an optimizer in a lesson: what `step()` does, to the last bit, and every row of it evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from mpmath import mp, mpf

from tests.evaluated import Evaluator, equations, row_text
from tests.worked import worked_example
from tinygrad_bp import SGD, Adam, AdamW, Optimizer, lesson
from tinygrad_bp.optim import exponential_decay

OPTIMIZERS: dict[str, Callable[[Any], Optimizer]] = {
    "plain": lambda ps: SGD(ps, 0.5),
    "decay": lambda ps: SGD(ps, 0.5, weight_decay=0.0625),
    "momentum": lambda ps: SGD(ps, exponential_decay(0.5, 0.9), momentum=0.9),
    "nesterov": lambda ps: SGD(ps, 0.5, momentum=0.875, nesterov=True, weight_decay=0.0625),
    "adam": lambda ps: Adam(ps, 0.01),
    "adam with decay": lambda ps: Adam(ps, 0.01, weight_decay=0.125),
    "adamw": lambda ps: AdamW(ps, 0.01, weight_decay=0.125),
    "adamw without decay": lambda ps: AdamW(ps, 0.01, weight_decay=0.0),
}


def after(steps: int, make: Callable[[Any], Optimizer]) -> tuple[Any, Optimizer]:
    """The worked example after so many steps: its error, and the optimizer."""
    found = worked_example()
    optimizer = make(found.net.parameters())
    for _ in range(steps):
        optimizer.zero_grad()
        error_of(found).backward()
        optimizer.step()
    optimizer.zero_grad()
    return error_of(found), optimizer


def error_of(found: Any) -> Any:
    outs = found.net(found.inputs)
    errors = [0.5 * (target - out) ** 2 for target, out in zip(found.targets, outs, strict=True)]
    total = errors[0] + errors[1]
    errors[0].label, errors[1].label, total.label = "E_o1", "E_o2", "E_total"
    return total


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("kind", sorted(OPTIMIZERS))
def test_the_lesson_says_what_the_step_does(kind: str, steps: int) -> None:
    error, optimizer = after(steps, OPTIMIZERS[kind])
    before = [list(row) for row in optimizer.moments], optimizer.steps
    found = lesson(error, optimizer=optimizer).derivation
    assert ([list(row) for row in optimizer.moments], optimizer.steps) == before
    said = {p: (found[f"{p.label}+"].value, list(found.moved(p)[1])) for p in optimizer.parameters}
    error.backward()
    optimizer.step()
    for k, p in enumerate(optimizer.parameters):
        assert said[p] == (p.data, [row[k] for row in optimizer.moments])


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("kind", sorted(OPTIMIZERS))
def test_every_row_of_the_step_is_the_number_of_its_last(kind: str, steps: int) -> None:
    error, optimizer = after(steps, OPTIMIZERS[kind])
    found = lesson(error, optimizer=optimizer)
    derivation = found.derivation
    with mp.workdps(60):
        known: dict[str, Any] = {
            "eta": mpf(optimizer.rate()), "mu": mpf(getattr(optimizer, "momentum", 0)), "t": mpf(steps + 1),
            "lambda": mpf(getattr(optimizer, "weight_decay", 0)), "eps": mpf(getattr(optimizer, "eps", 0)),
        }  # fmt: skip
        known |= {f"beta{k}": mpf(x) for k, x in enumerate(getattr(optimizer, "betas", ()), 1)}
        letters = ["", "v", "mv"][len(optimizer.moments)]
        for p, kept in derivation.remembered.items():
            known |= {f"{letter}_{p.label}": mpf(x) for letter, x in zip(letters, kept, strict=True)}
        steps_of = [
            equation
            for equation in equations(found.blocks)
            if re.match(r"[mvgs](hat)?_|\w+'$|\w+\+$", equation.left.text)
        ]
        assert len(steps_of) >= 3
        for equation in steps_of:
            evaluator = Evaluator(derivation, known)
            numbers = [evaluator.evaluated(row_text(row)) for row in equation.rows]
            exact = numbers[0][0]  # that in symbols
            for value, off in numbers[1:]:
                assert abs(value - exact) <= 2 * off + mpf("1e-14") * (1 + abs(exact)), equation
            known[equation.left.text] = exact
            if equation.left.text.endswith("+") and "_" not in equation.left.text:
                [p] = [p for p in optimizer.parameters if f"{p.label}+" == equation.left.text]
                assert abs(exact - mpf(derivation.moved(p)[0])) < mpf("1e-15")


def test_what_is_said_of_an_optimizer() -> None:
    error, optimizer = after(2, OPTIMIZERS["momentum"])
    text = lesson(error, optimizer=optimizer).text(width=1000)
    assert "This is step 3, with eta = 0.405 and mu = 0.9." in text
    assert "The learning rate is the one that the schedule gives for this step." in text
    assert "The other 7 parameters move in the same way: w4, w5, w6, w7, w8, b1 and b2." in text
    assert "All 10 parameters before and after the step" in text
    assert re.search(r"parameter +before +derivative +v +after", text)
    error, optimizer = after(0, OPTIMIZERS["adam"])
    text = lesson(error, optimizer=optimizer, language="ja").text(width=1000)
    assert "これは1回目の更新で" in text
    assert "mhat_w1 = m_w1+ / (1 - beta1 ** t)" in text


def test_an_optimizer_of_ones_own_shows_its_results() -> None:
    class Halving(Optimizer):
        def update(self, p: Any, gradient: Any, moments: Any, settings: Any) -> Any:
            return p / 2.0, moments

    error, optimizer = after(0, lambda ps: Halving(ps, 0.5))
    text = lesson(error, optimizer=optimizer).text(width=1000)
    assert "Halving is an optimizer of your own, so only its results are shown." in text
    assert "w1+ = 0.075" in text
