"""The report's own words: its sentences, and numbers as it writes them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tinygrad_bp.text import counted
from tinygrad_bp.tutorial.comparison import ERRATUM, FAILS, HOLDS, NOT_JUDGED, Comparison, Erratum

EXACT_DIGITS = 25

INTRODUCTION = (
    "Two inputs, two hidden neurons, two output neurons, one training case. Each neuron adds up its weighted inputs and a bias (net) and "
    "puts the sum through the logistic function (out). The error of an output is half its squared distance from the target; E_total is "
    "their sum."
)
LEGEND = (
    "{place} each formula: the figure as printed; the same derived by hand, in plain Python; autograd's; and, for derivatives and the "
    "weights that follow from them, the central difference. A verdict holds if the exact value rounds to what is printed, and hand and "
    "autograd agree to 1e-15, relatively. A · stands where there is no such number: nothing is differentiated, or training is too short."
)


def decimals(number: Decimal) -> str:
    """`number` to 25 significant digits, without an exponent and without zeros at the end."""
    rounded = Decimal(f"{number:.{EXACT_DIGITS}g}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(x: float | None) -> str:
    """A number as it stands in the tables, with twelve decimals; a dot where there is none."""
    if x is None:
        return "·"
    return f"{x:.12f}" if abs(x) < 100 else f"{x:.7e}"


def conclusion(comparison: Comparison) -> str:
    """One sentence: how many verdicts hold, and the first that does not."""
    count = {
        verdict: sum(row.verdict == verdict for row in comparison.rows)
        for verdict in (HOLDS, ERRATUM, FAILS, NOT_JUDGED)
    }
    parts = [f"{count[HOLDS]} of {len(comparison.rows)} figures hold"]
    if count[ERRATUM]:
        parts.append(f"{count[ERRATUM]} {'are errata' if count[ERRATUM] > 1 else 'is an erratum'} with a known cause")
    if count[NOT_JUDGED]:
        parts.append(f"{count[NOT_JUDGED]} cannot be judged with these options")
    if count[FAILS]:
        parts.append(f"{count[FAILS]} FAIL")
    if any(each.in_formula and each.explained for each in comparison.errata):
        parts.append("1 formula has a slip")
    unexplained = [each.quantity for each in comparison.errata if not each.explained]
    unexplained += [f"{each.quantity} of other editions" for each in comparison.editions if not each.explained]
    if unexplained:
        parts.append(f"not explained: {', '.join(unexplained)}")
    return "; ".join(parts) + "." + (f" {comparison.first_difference}" if comparison.first_difference else "")


def delta_rule(comparison: Comparison) -> str:
    """The derivative by w5 once more, by the delta rule."""
    delta, out_h1 = comparison.hand["dE_o1/dnet_o1"], comparison.hand["out_h1"]
    return (
        f"The first two factors make the node delta of o1: delta_o1 = dE_total/dnet_o1 = {delta:.9f}. With it the delta rule says the "
        f"same in one product: dE_total/dw5 = delta_o1 * out_h1 = {delta:.9f} * {out_h1:.9f} = {delta * out_h1:.9f}. Some sources take "
        f"the minus sign out of delta, so that theirs is {-delta:.9f}, and add the step to the weight instead of subtracting it."
    )


def training_facts(comparison: Comparison) -> list[tuple[str, str]]:
    """What the training came to, as rows of two columns."""
    errors, outputs = comparison.run.errors, comparison.run.outputs
    rounds = len(errors) - 1
    rows = [("E_total before training", f"{errors[0]:.12f}")]
    if rounds:
        rows.append(("E_total after 1 update", f"{errors[1]:.12f}"))
    if rounds > 1:
        rows.append((f"E_total seen by round {rounds:,}, after {counted(rounds - 1, 'update')}", f"{errors[-2]:.9e}"))
        rows.append((f"E_total after {counted(rounds, 'update')}", f"{errors[-1]:.9e}"))
    when = f"after {counted(rounds, 'update')}" if rounds else "before training"
    return [*rows, *((f"{name} {when}", f"{outputs[name]:.10f}") for name in outputs)]


def erratum_heading(erratum: Erratum) -> str:
    """What is printed and what is right, to follow the quantity."""
    if erratum.in_formula:
        return f"the figure {erratum.printed} holds, one formula for it does not"
    return f"printed {erratum.printed}, exact {decimals(round(erratum.exact, 12))}"


def remarks(comparison: Comparison, *, update: str, train_biases: bool) -> Iterator[str]:
    """What is to be said about the training, a paragraph each."""
    trained = len(comparison.run.errors) > 1
    if update == "sequential" and trained:
        yield (
            "This training made the mistake of an early program: it updated w5 ... w8 first and used the new ones for the gradients of the "
            "hidden layer, which are then not the gradients of anything. The derivation above is that of the text."
        )
    gradients = ", ".join(f"dE_total/d{b} = {comparison.hand[f'dE_total/d{b}']:.12f}" for b in ("b1", "b2"))
    if not trained:
        yield f"Nothing was trained, as there were to be 0 steps. The gradients of the biases are {gradients}."
    elif train_biases:
        yield f"The biases were trained too, from their gradients {gradients}. In the text they stay fixed."
    else:
        yield f"The biases stay fixed, as in the text. Their gradients are {gradients}; --train-biases trains them."
    if comparison.editions:
        printed = " and ".join(f"{each.quantity} = {each.printed}" for each in comparison.editions)
        sequential = ", ".join(f"{each.sequential:.10f}" for each in comparison.editions)
        simultaneous = ", ".join(f"{each.simultaneous:.10f}" for each in comparison.editions)
        explained = all(each.explained for each in comparison.editions)
        yield (
            f"Other editions print {printed} after 10,000 rounds. {'They belong' if explained else 'They should belong'} to the sequential "
            f"update, which gives {sequential}; the simultaneous one gives {simultaneous}."
        )
