"""The worked example as the subject of a page: its network, what is printed, the derivation by hand, and the errata."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from functools import cache

from tinygrad_bp.explorer.subject import Note, Printed, Subject
from tinygrad_bp.lessons.audit import DIGITS
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
        printed=Printed.derived(FIGURES, OTHER_EDITIONS, one_round, setup(float), _notes),
    )


@cache
def _notes() -> tuple[Note, ...]:
    """The errata, with their numbers."""
    with localcontext(Context(prec=DIGITS)):
        exact = one_round(Decimal.exp, **setup(Decimal), sequential=False)
        runs = [train(setup(float), ROUNDS, sequential=sequential).decimals() for sequential in (False, True)]
        return tuple(map(Note.of, errata_of(exact, *runs)))
