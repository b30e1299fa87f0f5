"""What the comparison found, for programs: numbers and texts, ready to be written as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tinygrad_bp.tutorial.comparison import FAILS, Comparison
from tinygrad_bp.tutorial.errata import decimals
from tinygrad_bp.words import words


def facts(comparison: Comparison, *, update: str, train_biases: bool, files: Iterable[Path]) -> dict[str, Any]:
    """Everything, ready to be written as JSON. Exact values are text, in decimals; what was not computed is None.

    Texts are in English, whatever language a report is in: programs look for them.
    """
    say = words("en")
    errors = comparison.run.errors
    return {
        "figures": [
            {
                "quantity": row.figure.quantity,
                "printed": row.figure.printed,
                "exact": None if row.exact is None else decimals(row.exact),
                "hand": row.hand,
                "autograd": row.autograd,
                "difference": row.difference,
                "verdict": row.verdict,
            }
            for row in comparison.rows
        ],
        "training": {
            "rounds": len(errors) - 1,
            "learning_rate": comparison.hand["eta"],
            "update": update,
            "train_biases": train_biases,
            "error_before": errors[0],
            "error_after_1_update": errors[1] if len(errors) > 1 else None,
            "error_seen_by_last_round": errors[-2] if len(errors) > 1 else None,
            "error_after": errors[-1],
            "outputs": comparison.run.outputs,
            "parameters": comparison.run.parameters,
            "bias_gradients": {name: comparison.hand[name] for name in ("dE_total/db1", "dE_total/db2")},
            "other_editions": [
                {
                    "quantity": each.quantity,
                    "printed": each.printed,
                    "sequential": decimals(each.sequential),
                    "simultaneous": decimals(each.simultaneous),
                }
                for each in comparison.editions
            ],
        },
        "errata": [
            {
                "quantity": each.quantity,
                "printed": each.printed,
                "exact": decimals(each.exact),
                "cause": each.cause(say),
                "explained": each.explained,
            }
            for each in comparison.errata
        ],
        "not_judged": {
            row.figure.quantity: row.reason(say) for row in comparison.rows if row.reason and row.verdict != FAILS
        },
        "first_difference": comparison.first_difference(say) if comparison.first_difference else "",
        "holds": comparison.holds,
        "files": [str(path) for path in files],
    }
