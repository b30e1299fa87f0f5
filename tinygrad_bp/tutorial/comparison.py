"""Every figure of the tutorial, derived by hand, by autograd and by differences, with a verdict on each.

Exact: the derivation by hand with 30 digits. By hand: the same in floats. Autograd: the network of Values. Difference: the central
difference, for derivatives and what follows from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import partial
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.audit import DIGITS, Audit, agree, decimals, derived, rows_of
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.errata import Edition, editions_of, errata_of
from tinygrad_bp.tutorial.figures import FIGURES, ROUNDS, SETUP, Figure, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.training import BIASES, Run, train
from tinygrad_bp.words import Said, Words

# The figures of the training, by the number of updates before the forward pass that sees them.
UPDATES = {"E_total after 1 update": 1, "E_total after 10000 rounds": ROUNDS - 1}
BIAS_GRADIENTS = [f"dE_total/d{bias}" for bias in BIASES]


@dataclass(frozen=True, kw_only=True)
class Comparison(Audit):
    """All that was found.

    Attributes:
        values: the network before training, by label, with gradients.
        sequential, train_biases: how it was trained.
        run: the training of the network of Values.
        editions: the outputs after 10,000 rounds, which other editions print; empty if the training was shorter.
        mistaken: all quantities of the first round, by name, by hand with the sequential update.
    """

    values: dict[str, Value]
    sequential: bool
    train_biases: bool
    run: Run[float]
    editions: Sequence[Edition]
    mistaken: dict[str, float]

    def unexplained(self, say: Words) -> list[str]:
        """What the causes of errata, and of what other editions print, do not account for."""
        others = [say("tutorial.edition", name=each.quantity) for each in self.editions if not each.explained]
        return [*super().unexplained(say), *others]

    def mistakes(self) -> list[tuple[str, float, float]]:
        """What the sequential update gets wrong in the first round: name, right, mistaken. Biases only if they are trained."""
        fixed = () if self.train_biases else ("b1+", "b2+")
        pairs = [(name, right, self.mistaken[name]) for name, right in self.ways["hand"].items() if name not in fixed]
        return [(name, right, wrong) for name, right, wrong in pairs if not agree(right, wrong)]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        found, errors = super().to_dict(), self.run.errors
        training = {
            "rounds": len(errors) - 1,
            "learning_rate": self.ways["hand"]["eta"],
            "update": "sequential" if self.sequential else "simultaneous",
            "train_biases": self.train_biases,
            "error_before": errors[0],
            "error_after_1_update": errors[1] if len(errors) > 1 else None,
            "error_seen_by_last_round": errors[-2] if len(errors) > 1 else None,
            "error_after": errors[-1],
            "outputs": self.run.outputs,
            "parameters": self.run.parameters,
            "bias_gradients": {name: self.ways["hand"][name] for name in BIAS_GRADIENTS},
            "other_editions": [
                {**each._asdict(), "sequential": decimals(each.sequential), "simultaneous": decimals(each.simultaneous)}
                for each in self.editions
            ],
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
    printed = {figure.quantity: figure.printed for figure in FIGURES}
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
        errata = list(errata_of(printed, ways["exact"], *both))

    found, later = {way: {**numbers} for way, numbers in ways.items()}, {}
    for name, seen in UPDATES.items():
        if rounds >= (ROUNDS if seen > 1 else 1):
            for way, run in runs.items():
                found[way][name] = run.errors[seen]
            if seen > 1:
                told = Said("lesson.course.after", {"name": "E_total", "count": seen})
                later[name] = told, {way: run.errors[ROUNDS] for way, run in runs.items()}
    reasons = {each.quantity: _unprinted(each, eta, rounds, sequential, train_biases) for each in FIGURES}
    return Comparison(
        rows=rows_of(printed, found, updates=UPDATES, errata=errata, reasons=reasons, later=later),
        errata=errata,
        ways=ways,
        values=values,
        sequential=sequential,
        train_biases=train_biases,
        run=runs["autograd"],
        editions=list(editions_of(*both)),
        mistaken=one_round(math.exp, **floats, sequential=True),
    )


def _unprinted(figure: Figure, eta: Decimal, rounds: int, sequential: bool, train_biases: bool) -> Said | None:
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
