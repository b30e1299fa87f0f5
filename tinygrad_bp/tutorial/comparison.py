"""Every figure of the tutorial, derived by hand, by autograd and by differences, and a verdict on each.

Exact: the derivation by hand with 30 digits. By hand: the same in floats. Autograd: the network of Values. Difference: the central
difference, for derivatives and what follows from them.

A verdict is strict. It holds if the exact value, rounded to as many digits as are printed, is what is printed, and the derivation by
hand and autograd agree to 1e-15, relatively: after k updates, each of which rounds, to k times that. A figure known to be wrong is an
erratum if its cause, computed here, accounts for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.errata import Edition, Erratum, Said, errata_of, rounds_to
from tinygrad_bp.tutorial.figures import FIGURES, OTHER_EDITIONS, ROUNDS, SETUP, Figure, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.training import Run, train, train_by_hand

AGREEMENT = 1e-15
DIGITS = 30
# Of a central difference: its own error, of the order STEP ** 2, is then about as large as that of rounding.
STEP = 1e-5
# The figures of the training, by the number of updates before the forward pass that sees them.
UPDATES = {"E_total after 1 update": 1, "E_total after 10000 rounds": ROUNDS - 1}

HOLDS, ERRATUM, FAILS, NOT_JUDGED = "holds", "erratum", "fails", "not judged"


@dataclass(frozen=True)
class Row:
    """A figure and what was found for it.

    `exact`, `hand` and `autograd` are None if the training was too short to reach it, `difference` is None also where there is nothing to
    differentiate. `reason` says why a figure is not judged, or fails. `later` is an error by hand and by autograd after as many updates as
    the text says, where it prints one that is seen before the last of them.
    """

    figure: Figure
    exact: Decimal | None
    hand: float | None
    autograd: float | None
    difference: float | None
    verdict: str
    reason: Said | None = None
    later: tuple[float, float] | None = None


@dataclass(frozen=True)
class Comparison:
    """All that was found.

    Attributes:
        rows: one for each figure, in the order of the text.
        errata: the three mistaken figures, as far as the training reaches them, and the slip in a formula.
        editions: the outputs after 10,000 rounds, which other editions print; empty if the training was shorter.
        hand: all quantities of the first round, by name, derived by hand in floats.
        mistaken: the same with the sequential update.
        values: the network before training, by label, with gradients.
        run: the training of the network of Values.
        first_difference: says the first quantity for which autograd and the derivation by hand differ, or the first figure that is not
            what is printed; None if there is none.
    """

    rows: list[Row]
    errata: list[Erratum]
    editions: list[Edition]
    hand: dict[str, float]
    mistaken: dict[str, float]
    values: dict[str, Value]
    run: Run[float]
    first_difference: Said | None

    @property
    def holds(self) -> bool:
        """Whether every verdict that was given holds and every erratum is explained."""
        explained = all(each.explained for each in self.errata) and all(each.explained for each in self.editions)
        return explained and all(row.verdict != FAILS for row in self.rows) and not self.first_difference

    def mistakes(self, *, train_biases: bool) -> list[tuple[str, float, float]]:
        """What the sequential update gets wrong in the first round: name, right, mistaken. Biases only if they are trained."""
        return [
            (name, right, self.mistaken[name])
            for name, right in self.hand.items()
            if not agree(right, self.mistaken[name]) and (train_biases or name not in ("b1+", "b2+"))
        ]


def agree(a: float, b: float, updates: int = 1) -> bool:
    """Whether the two are equal to 1e-15, relatively, or after several updates to as many times that."""
    return abs(a - b) <= AGREEMENT * max(1, updates) * max(abs(a), abs(b))


def compare(
    *,
    eta: Decimal = Decimal(SETUP["eta"]),
    rounds: int = ROUNDS,
    sequential: bool = False,
    train_biases: bool = False,
    on_round: Callable[[], object] = lambda: None,
    on_exact: Callable[[], object] = lambda: None,
) -> Comparison:
    """Derives every figure in each way, trains, and judges.

    `on_round` is called after each round of the training, `on_exact` when the exact values come next, which take longer.

    The options say how to train. A figure that is printed for other options than these is computed, but not judged.
    Raises OverflowError if training leaves all bounds.
    """
    numbers = {**setup(float), "eta": float(eta)}
    values = network(numbers)
    hand: dict[str, float] = one_round(math.exp, **numbers, sequential=False)
    autograd = {name: by_autograd(values, name, numbers["eta"]) for name in hand if name != "eta"}
    difference = {name: by_difference(values, name, numbers["eta"]) for name in autograd}
    by_autograd(values, "dE_total/dw1", numbers["eta"])  # leaves the gradients of E_total, which pictures show
    run = train(numbers, rounds, sequential=sequential, train_biases=train_biases, on_round=on_round)
    run_by_hand = train_by_hand(numbers, math.exp, rounds, sequential=sequential, train_biases=train_biases)

    on_exact()
    reached = ROUNDS if rounds >= ROUNDS else 1
    with localcontext() as context:
        context.prec = DIGITS
        start = {**setup(Decimal), "eta": eta}
        exact = one_round(Decimal.exp, **start, sequential=False)
        as_told = train_by_hand(setup(Decimal), Decimal.exp, reached)
        mistaken = train_by_hand(setup(Decimal), Decimal.exp, reached, sequential=True)
        run_exact = mistaken if sequential else as_told
        if train_biases or eta != Decimal(SETUP["eta"]):
            run_exact = train_by_hand(start, Decimal.exp, reached, sequential=sequential, train_biases=train_biases)
        errata = errata_of(FIGURES, exact, as_told, mistaken)

    explained = {each.quantity: each.explained for each in errata}
    rows = []
    for figure in FIGURES:
        name, later = figure.quantity, None
        updates = UPDATES.get(name, 0)
        reason = _not_printed_for(figure, eta, rounds, sequential, train_biases)
        if not updates:
            found = exact[name], hand[name], autograd[name], difference[name]
        elif rounds >= (ROUNDS if updates > 1 else 1):
            found = run_exact.errors[updates], run_by_hand.errors[updates], run.errors[updates], None
            later = (run_by_hand.errors[ROUNDS], run.errors[ROUNDS]) if updates > 1 else None
        else:
            rows.append(Row(figure, None, None, None, None, NOT_JUDGED, reason))
            continue
        verdict, why = _judged(figure, found[:3], updates, explained.get(name), reason)
        rows.append(Row(figure, *found, verdict, why, later))

    return Comparison(
        rows=rows,
        errata=errata,
        editions=[
            Edition(name, printed, mistaken.outputs[name], as_told.outputs[name])
            for name, printed in OTHER_EDITIONS.items()
            if rounds >= ROUNDS
        ],
        hand=hand,
        mistaken=one_round(math.exp, **numbers, sequential=True),
        values=values,
        run=run,
        first_difference=_first_difference(rows, hand, autograd, difference),
    )


def _judged(
    figure: Figure, found: tuple[Decimal, float, float], updates: int, explained: bool | None, reason: Said | None
) -> tuple[str, Said | None]:
    """The verdict on a figure, and why. `explained` says, of one known to be mistaken, whether its cause accounts for it."""
    exact, hand, autograd = found
    if not agree(hand, autograd, updates):
        return FAILS, Said("tutorial.why.apart")
    if reason:
        return NOT_JUDGED, reason
    if explained is not None:
        return (ERRATUM, None) if explained else (FAILS, Said("tutorial.why.cause"))
    return (HOLDS, None) if rounds_to(exact, figure.printed) else (FAILS, Said("tutorial.why.exact"))


def by_autograd(values: Mapping[str, Value], name: str, eta: float) -> float:
    """The quantity of this name from the network of Values: `net_h1`, `dE_o1/dout_h1` or `w5+`. Leaves its gradients in the network."""
    if name in values:
        return values[name].data
    if name.endswith("+"):
        return values[name[:-1]].data - eta * by_autograd(values, f"dE_total/d{name[:-1]}", eta)
    y, x = (values[part[1:]] for part in name.split("/"))
    for node in topological_order(y):
        node.grad = 0.0
    y.backward()
    return x.grad


def by_difference(values: Mapping[str, Value], name: str, eta: float) -> float | None:
    """The quantity by central differences: a derivative dy/dx, or a weight after the update. None for all else: no derivative is in it."""
    if name in values:
        return None
    if name.endswith("+"):
        return values[name[:-1]].data - eta * central_difference(values["E_total"], values[name[:-1]])
    y, x = (values[part[1:]] for part in name.split("/"))
    return central_difference(y, x)


def central_difference(y: Value, x: Value) -> float:
    """(y at x + h minus y at x - h) / 2h, where x may be any Value that y was computed from. Computes y anew and uses no derivative."""
    found = Derivation(y)
    above, below = x.data + STEP, x.data - STEP
    return (found.data({x: above})[y] - found.data({x: below})[y]) / (above - below)


def _not_printed_for(figure: Figure, eta: Decimal, rounds: int, sequential: bool, train_biases: bool) -> Said | None:
    """Why the printed figure does not apply to these options; None if it does."""
    trained = figure.stage == "training"
    at_the_end = UPDATES.get(figure.quantity, 0) > 1
    if (trained or figure.stage.startswith("update")) and eta != Decimal(SETUP["eta"]):
        return Said("tutorial.why.rate", {"printed": SETUP["eta"], "rate": eta})
    if trained and train_biases:
        return Said("tutorial.why.biases")
    if at_the_end and sequential:
        return Said("tutorial.why.update")
    needed = ROUNDS if at_the_end else int(trained)
    if rounds < needed:
        return Said("tutorial.why.rounds" if rounds else "tutorial.why.none", {"count": needed, "rounds": rounds})
    return None


def _first_difference(
    rows: list[Row], hand: dict[str, float], autograd: dict[str, float], difference: dict[str, float | None]
) -> Said | None:
    for name, number in autograd.items():
        if not agree(hand[name], number):
            check = difference[name]
            given = {"name": name, "hand": repr(hand[name]), "autograd": repr(number), "difference": repr(check)}
            if check is None:
                return Said("tutorial.differs", given)
            nearer = "autograd" if abs(number - check) < abs(hand[name] - check) else "hand"
            return Said(f"tutorial.differs.{nearer}", given)
    for row in rows:
        if row.verdict == FAILS:
            name, printed = row.figure.quantity, row.figure.printed
            return Said(
                "tutorial.differs.figure", {"name": name, "printed": printed, "exact": row.exact, "why": row.reason}
            )
    return None
