"""Every figure of the tutorial, derived by hand, by autograd and by differences, with a verdict on each.

Exact: the derivation by hand with 30 digits. By hand: the same in floats. Autograd: the network of Values. Difference: the central
difference, for derivatives and what follows from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import partial
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.audit import DIGITS, NEVER, Audit, Figure, derived, differing, rows_of
from tinygrad_bp.lessons.course import Run
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.errata import editions_of, errata_of
from tinygrad_bp.tutorial.figures import FIGURES, PRINTED, ROUNDS, SETUP, TIMES, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.training import BIASES, train
from tinygrad_bp.words import Said

BIAS_GRADIENTS = [f"dE_total/d{bias}" for bias in BIASES]


@dataclass(frozen=True, kw_only=True)
class Comparison(Audit):
    """All that was found.

    Attributes:
        values: the network before training, by label, with gradients.
        sequential, train_biases: how it was trained.
        run: the training of the network of Values.

    Its editions are the outputs after 10,000 rounds, which other editions print; there are none if the training was shorter.
    """

    values: dict[str, Value]
    sequential: bool
    train_biases: bool
    run: Run[float]

    def mistakes(self) -> list[tuple[str, float, float]]:
        """What the sequential update gets wrong in the first round: name, right, mistaken. Biases only if they are trained."""
        hand = self.ways["hand"]
        mistaken = one_round(math.exp, **{name: hand[name] for name in SETUP}, sequential=True)
        untrained = () if self.train_biases else ("b1+", "b2+")
        return [each for each in differing(hand, mistaken) if each[0] not in untrained]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        found, run, hand = super().to_dict(), self.run.to_dict(), self.ways["hand"]
        training = {
            "rounds": len(self.run.errors) - 1,
            "learning_rate": hand["eta"],
            "update": "sequential" if self.sequential else "simultaneous",
            "train_biases": self.train_biases,
            **run,
            "bias_gradients": {name: hand[name] for name in BIAS_GRADIENTS},
            "other_editions": [each.to_dict() for each in self.editions],
        }
        return {"figures": found["figures"], "training": training, **found}


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
    start = {**setup(Decimal), "eta": eta}
    floats = {name: float(x) for name, x in start.items()}
    values = network(floats)
    values["E_total"].backward()
    ways = derived(Derivation(values["E_total"], learning_rate=float(eta)), one_round, start)
    trained: Callable[..., Run[Any]] = partial(train, sequential=sequential, train_biases=train_biases)
    runs = {"autograd": trained(floats, rounds, on_round=on_round), "hand": trained(floats, rounds, exp=math.exp)}

    on_exact()
    reached = ROUNDS if rounds >= ROUNDS else 1
    with localcontext() as context:
        context.prec = DIGITS
        both = [train(setup(Decimal), reached, exp=Decimal.exp, sequential=mistake) for mistake in (False, True)]
        as_printed = eta == Decimal(SETUP["eta"]) and not train_biases
        runs["exact"] = both[sequential] if as_printed else trained(start, reached, exp=Decimal.exp)
        errata = list(errata_of(ways["exact"], *both))

    reasons = {each.quantity: _unprinted(each, eta, rounds, sequential, train_biases) for each in FIGURES}
    return Comparison(
        rows=rows_of(PRINTED, ways, errata=errata, reasons=reasons, runs=runs, times=TIMES),
        errata=errata,
        ways=ways,
        values=values,
        sequential=sequential,
        train_biases=train_biases,
        run=runs["autograd"],
        editions=list(editions_of(*both)),
    )


def _unprinted(figure: Figure, eta: Decimal, rounds: int, sequential: bool, train_biases: bool) -> Said | None:
    """Why the printed figure does not apply to these options; None if it does."""
    needed = TIMES.get(figure.quantity, NEVER).said
    trained, at_the_end = needed > 0, needed == ROUNDS
    if (trained or figure.stage.startswith("update")) and eta != Decimal(SETUP["eta"]):
        return Said("tutorial.why.rate", {"printed": SETUP["eta"], "rate": eta})
    if trained and train_biases:
        return Said("tutorial.why.biases")
    if at_the_end and sequential:
        return Said("tutorial.why.update")
    if rounds < needed:
        return Said("tutorial.why.rounds" if rounds else "tutorial.why.none", {"count": needed, "rounds": rounds})
    return None
