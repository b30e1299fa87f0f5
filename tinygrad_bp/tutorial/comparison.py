"""Every figure of the tutorial, derived by hand, by autograd and by differences, and a verdict on each.

Exact: the derivation by hand with 30 digits. By hand: the same in floats. Autograd: the network of Values. Difference: the central
difference, for derivatives and what follows from them.

A verdict is strict. It holds if the exact value, rounded to as many digits as are printed, is what is printed, and the derivation by
hand and autograd agree to 1e-15, relatively. A figure known to be wrong is an erratum if its cause, computed here, accounts for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.figures import FIGURES, OTHER_EDITIONS, ROUNDS, SETUP, Figure, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.training import Run, train, train_by_hand

AGREEMENT = 1e-15
DIGITS = 30
# Of a central difference: its own error, of the order STEP ** 2, is then about as large as that of rounding.
STEP = 1e-5

HOLDS, ERRATUM, FAILS, NOT_JUDGED = "holds", "erratum", "fails", "not judged"


@dataclass(frozen=True)
class Row:
    """A figure and what was found for it. `exact`, `hand` and `autograd` are None if the training was too short to reach it,
    `difference` is None also where there is nothing to differentiate. `note` says why a figure is not judged, or how it is mistaken."""

    figure: Figure
    exact: Decimal | None
    hand: float | None
    autograd: float | None
    difference: float | None
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class Erratum:
    """Where the text and the mathematics part: what is printed, the right number, why they differ, and whether that accounts for it."""

    quantity: str
    printed: str
    exact: Decimal
    cause: str
    explained: bool

    @property
    def in_formula(self) -> bool:
        """Whether the figure itself is right, and what is wrong is a formula for it."""
        return self.exact == Decimal(self.printed)


@dataclass(frozen=True)
class Edition:
    """A figure that only other editions print: whose it is shows in the two ways to train, `sequential` being the mistake."""

    quantity: str
    printed: str
    sequential: Decimal
    simultaneous: Decimal

    @property
    def explained(self) -> bool:
        return rounds_to(self.sequential, self.printed) and not rounds_to(self.simultaneous, self.printed)


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
        first_difference: a sentence on the first quantity for which autograd and the derivation by hand differ, or on the first figure
            that is not what is printed; empty if there is none.
    """

    rows: list[Row]
    errata: list[Erratum]
    editions: list[Edition]
    hand: dict[str, float]
    mistaken: dict[str, float]
    values: dict[str, Value]
    run: Run[float]
    first_difference: str

    @property
    def holds(self) -> bool:
        """Whether every verdict that was given holds and every erratum is explained."""
        judged = all(row.verdict != FAILS for row in self.rows)
        explained = all(each.explained for each in self.errata) and all(each.explained for each in self.editions)
        return judged and explained and not self.first_difference

    def mistakes(self, *, train_biases: bool) -> list[tuple[str, float, float]]:
        """What the sequential update gets wrong in the first round: name, right, mistaken. Biases only if they are trained."""
        return [
            (name, right, self.mistaken[name])
            for name, right in self.hand.items()
            if not agree(right, self.mistaken[name]) and (train_biases or name not in ("b1+", "b2+"))
        ]


def rounds_to(number: Decimal, printed: str) -> bool:
    """Whether `number`, rounded to the digits that `printed` has, is what is printed."""
    return round_like(number, printed) == Decimal(printed)


def round_like(number: Decimal, printed: str) -> Decimal:
    """`number` rounded to as many decimals as `printed` has."""
    return number.quantize(Decimal(printed))


def agree(a: float, b: float) -> bool:
    """Whether the two are equal to 1e-15, relatively."""
    return abs(a - b) <= AGREEMENT * max(abs(a), abs(b))


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
        errata = [_misprint(exact), _sequential_update(as_told, mistaken), _wiring_slip()]
        if rounds >= ROUNDS:
            errata.insert(2, _count_of_rounds(as_told))
    editions = []
    if rounds >= ROUNDS:
        editions = [
            Edition(name, printed, mistaken.outputs[name], as_told.outputs[name])
            for name, printed in OTHER_EDITIONS.items()
        ]

    explained = {each.quantity: each.explained for each in errata}
    updates = {"E_total after 1 update": 1, "E_total after 10000 rounds": ROUNDS - 1}
    rows = []
    for figure in FIGURES:
        name = figure.quantity
        reason = _not_printed_for(figure, eta, rounds, sequential, train_biases)
        if figure.stage != "training":
            found = exact[name], hand[name], autograd[name], difference[name]
        elif rounds >= (ROUNDS if updates[name] > 1 else 1):
            found = run_exact.errors[updates[name]], run_by_hand.errors[updates[name]], run.errors[updates[name]], None
        else:
            rows.append(Row(figure, None, None, None, None, NOT_JUDGED, reason))
            continue
        by_exact, by_hand, by_engine, _ = found
        if not agree(by_hand, by_engine):
            verdict, note = FAILS, "the derivation by hand and autograd differ"
        elif reason:
            verdict, note = NOT_JUDGED, reason
        else:
            verdict, note = _judged(figure, by_exact, explained.get(name))
        rows.append(Row(figure, *found, verdict, note))

    return Comparison(
        rows=rows,
        errata=errata,
        editions=editions,
        hand=hand,
        mistaken=one_round(math.exp, **numbers, sequential=True),
        values=values,
        run=run,
        first_difference=_first_difference(rows, hand, autograd, difference),
    )


def _judged(figure: Figure, exact: Decimal, explained: bool | None) -> tuple[str, str]:
    """The verdict on a figure and a note; `explained` says, of one known to be mistaken, whether its cause accounts for it."""
    if explained is not None:
        return (ERRATUM, "see the errata") if explained else (FAILS, "the erratum is not explained by its cause")
    if rounds_to(exact, figure.printed):
        return HOLDS, ""
    return FAILS, "the exact value is not what is printed"


def by_autograd(values: dict[str, Value], name: str, eta: float) -> float:
    """The quantity of this name from the network of Values: `net_h1`, `dE_o1/dout_h1` or `w5+`. Leaves its gradients in the network."""
    if name in values:
        return values[name].data
    if name.endswith("+"):
        weight = values[name[:-1]]
        return weight.data - eta * by_autograd(values, f"dE_total/d{weight.label}", eta)
    y, x = (values[part[1:]] for part in name.split("/"))
    for node in topological_order(y):
        node.grad = 0.0
    y.backward()
    return x.grad


def by_difference(values: dict[str, Value], name: str, eta: float) -> float | None:
    """The quantity by central differences: a derivative dy/dx, or a weight after the update. None for all else: no derivative is in it."""
    if name in values:
        return None
    if name.endswith("+"):
        weight = values[name[:-1]]
        return weight.data - eta * central_difference(values["E_total"], weight)
    y, x = (values[part[1:]] for part in name.split("/"))
    return central_difference(y, x)


def central_difference(y: Value, x: Value) -> float:
    """(y at x + h minus y at x - h) / 2h, where x may be any Value that y was computed from. Computes y anew and uses no derivative."""
    order = topological_order(y)

    def y_at(number: float) -> float:
        data: dict[Value, float] = {}
        for node in order:
            if node is x:
                data[node] = number
            elif node.op:
                data[node] = node.op.compute([data[arg] for arg in node.args])
            else:
                data[node] = node.data
        return data[y]

    above, below = x.data + STEP, x.data - STEP
    return (y_at(above) - y_at(below)) / (above - below)


def _not_printed_for(figure: Figure, eta: Decimal, rounds: int, sequential: bool, train_biases: bool) -> str:
    """Why the printed figure does not apply to these options; empty if it does."""
    trained = figure.stage == "training"
    at_the_end = figure.quantity == "E_total after 10000 rounds"
    if (trained or figure.stage.startswith("update")) and eta != Decimal(SETUP["eta"]):
        return f"printed for learning rate {SETUP['eta']}, and this one is {eta}"
    if trained and train_biases:
        return "printed for biases that are not trained"
    if at_the_end and sequential:
        return "printed for the simultaneous update"
    if at_the_end and rounds < ROUNDS:
        return f"takes {ROUNDS:,} rounds, and this training has {f'{rounds:,}' if rounds else 'none'}"
    if trained and rounds < 1:
        return "takes one round, and this training has none"
    return ""


def _printed(quantity: str) -> str:
    return next(figure.printed for figure in FIGURES if figure.quantity == quantity)


def _misprint(exact: dict[str, Decimal]) -> Erratum:
    quantity = "dE_o2/dout_h1"
    printed = _printed(quantity)
    out_o2, target_o2, w7 = Decimal(_printed("out_o2")), Decimal(SETUP["target_o2"]), Decimal(SETUP["w7"])
    product = (out_o2 - target_o2) * out_o2 * (1 - out_o2) * w7
    right = round_like(exact[quantity], printed)
    whole, other = _printed("dE_total/dout_h1"), _printed("dE_o1/dout_h1")
    remainder = Decimal(whole) - Decimal(other)
    cause = (
        f"A misprint in the last digit. The text's own numbers, (out_o2 - target_o2) * out_o2 * (1 - out_o2) * w7 with the printed "
        f"out_o2 = {out_o2}, make {product:.12f}, which rounds to {right}. "
    )
    if remainder == Decimal(printed):
        cause += f"What is printed comes out if two printed, already rounded figures are subtracted: {whole} - {other} = {remainder}."
    unit = Decimal(1).scaleb(Decimal(printed).as_tuple().exponent)  # type: ignore[arg-type]
    off_by_one = abs(Decimal(printed) - right) == unit
    return Erratum(quantity, printed, exact[quantity], cause, off_by_one and rounds_to(product, str(right)))


def _sequential_update(as_told: Run[Decimal], mistaken: Run[Decimal]) -> Erratum:
    quantity = "E_total after 1 update"
    printed = _printed(quantity)
    weights = {figure.quantity[:-1]: Decimal(figure.printed) for figure in FIGURES if figure.stage.startswith("update")}
    [from_printed] = train_by_hand({**setup(Decimal), **weights}, Decimal.exp, 0).errors
    cause = (
        f"An early program for this example updated w5 ... w8 first and used the new ones for the hidden layer's gradients. That "
        f"sequential update gives {mistaken.errors[1]:.11f}; the update the text describes, all from the original weights, gives "
        f"{as_told.errors[1]:.11f}, and so do the weights it prints: {from_printed:.9f}. See it happen with --update sequential."
    )
    explained = rounds_to(mistaken.errors[1], printed) and not rounds_to(as_told.errors[1], printed)
    return Erratum(quantity, printed, as_told.errors[1], cause, explained)


def _count_of_rounds(as_told: Run[Decimal]) -> Erratum:
    quantity = "E_total after 10000 rounds"
    printed = _printed(quantity)
    seen, after = as_told.errors[ROUNDS - 1], as_told.errors[ROUNDS]
    cause = (
        f"A matter of counting. The forward pass of round {ROUNDS:,} comes after {ROUNDS - 1:,} updates and sees {seen:.9e}, as printed. "
        f"After {ROUNDS:,} updates the error is {after:.9e}."
    )
    return Erratum(quantity, printed, seen, cause, rounds_to(seen, printed) and not rounds_to(after, printed))


def _wiring_slip() -> Erratum:
    printed = _printed("net_h1")
    start = setup(Decimal)
    i1, i2, w1, w2, w3, b1 = (start[name] for name in ("i1", "i2", "w1", "w2", "w3", "b1"))
    right, slip = w1 * i1 + w2 * i2 + b1, w1 * i1 + w3 * i2 + b1
    cause = (
        f"A slip in a formula: the hidden layer's part once says net_h1 = w1*i1 + w3*i2 + b1. With w3 that is {slip.normalize()}; the "
        f"printed {printed} needs w2, as the text says earlier."
    )
    return Erratum(
        "net_h1 (its formula)", printed, right, cause, rounds_to(right, printed) and not rounds_to(slip, printed)
    )


def _first_difference(
    rows: list[Row], hand: dict[str, float], autograd: dict[str, float], difference: dict[str, float | None]
) -> str:
    for name, number in autograd.items():
        if not agree(hand[name], number):
            sentence = f"The first factor that differs is {name}: by hand {hand[name]!r}, by autograd {number!r}"
            check = difference[name]
            if check is None:
                return f"{sentence}."
            nearer = "autograd" if abs(number - check) < abs(hand[name] - check) else "the derivation by hand"
            return f"{sentence}. The central difference, {check!r}, is on the side of {nearer}."
    for row in rows:
        if row.verdict == FAILS:
            return f"The first figure that differs is {row.figure.quantity}: {row.note} (printed {row.figure.printed}, exact {row.exact})."
    return ""
