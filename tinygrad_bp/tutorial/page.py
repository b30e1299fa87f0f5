"""The worked example as the subject of a page: its network, what is printed, the derivation by hand, and the errata."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from functools import cache
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.explorer.subject import Note, Printed, Subject
from tinygrad_bp.lessons.audit import DIGITS
from tinygrad_bp.lessons.course import Run
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.errata import errata_of
from tinygrad_bp.tutorial.figures import FIGURES, OTHER_EDITIONS, ROUNDS, SETUP, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.training import BIASES, WEIGHTS, train


def subject() -> Subject:
    """The worked example, with what is printed of it."""
    values = network(setup(float))
    case = {values[name]: values[name].data for name in ("i1", "i2", "target_o1", "target_o2")}
    return Subject(
        values["E_total"],
        "",
        [values[name] for name in WEIGHTS + BIASES],
        biases=[values[name] for name in BIASES],
        train_biases=False,
        cases=[case],
        learning_rate=float(SETUP["eta"]),
        kind="tutorial",
        printed=Printed(FIGURES, OTHER_EDITIONS, *_by_hand(), _notes),
    )


def _by_hand() -> tuple[dict[str, Value], dict[str, Any]]:
    """What the derivation by hand takes, and what it finds, by name."""
    leaves: dict[str, Any] = {name: Value(number, name) for name, number in setup(float).items()}
    found = one_round(ops.exp, **leaves, sequential=False)
    return leaves, {name: x for name, x in found.items() if name not in leaves}


@cache
def _notes() -> tuple[Note, ...]:
    """The errata, with their numbers."""
    with localcontext(Context(prec=DIGITS)):
        exact = one_round(Decimal.exp, **setup(Decimal), sequential=False)
        runs = [_decimals(train(setup(float), ROUNDS, sequential=sequential)) for sequential in (False, True)]
        printed = {figure.quantity: figure.printed for figure in FIGURES}
        found = list(errata_of(printed, exact, *runs))
    return tuple(
        Note(
            each.quantity, each.cause.key.removeprefix("page."), {name: str(x) for name, x in each.cause.given.items()}
        )
        for each in found
    )


def _decimals(run: Run[float]) -> Run[Decimal]:
    outputs, parameters = ({name: Decimal(x) for name, x in each.items()} for each in (run.outputs, run.parameters))
    return Run([Decimal(x) for x in run.errors], outputs, parameters)
