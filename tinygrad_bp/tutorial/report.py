"""What the comparison found, as text for the terminal, as Markdown and as JSON, and the files that go with it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.drawing import curve
from tinygrad_bp.explanation import explain
from tinygrad_bp.tutorial.comparison import ERRATUM, FAILS, HOLDS, NOT_JUDGED, Comparison, Erratum, Row, agree
from tinygrad_bp.tutorial.figures import SETUP, STAGES

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {HOLDS: "✓", ERRATUM: "≠", FAILS: "✗", NOT_JUDGED: "–"}
STYLES = {HOLDS: "green", ERRATUM: "yellow", FAILS: "bold red", NOT_JUDGED: "dim"}
EXACT_DIGITS = 25

INTRODUCTION = (
    "Two inputs, two hidden neurons, two output neurons, one training case. Each neuron adds up its weighted inputs and a bias (net) and "
    "puts the sum through the logistic function (out). The error of an output is half its squared distance from the target; E_total is "
    "their sum."
)
COLUMNS = (
    "Under each formula: the figure as printed; the same derived by hand, in plain Python; autograd's; and, for derivatives and the "
    "weights that follow from them, the central difference. A verdict holds if the exact value rounds to what is printed, and hand and "
    "autograd agree to 1e-15, relatively. A · stands where there is no such number: nothing is differentiated, or training is too short."
)


def facts(comparison: Comparison, *, update: str, train_biases: bool, files: Iterable[Path]) -> dict[str, Any]:
    """Everything, ready to be written as JSON. Exact values are text, in decimals; what was not computed is None."""
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
                "cause": each.cause,
                "explained": each.explained,
            }
            for each in comparison.errata
        ],
        "not_judged": {row.figure.quantity: row.note for row in comparison.rows if row.verdict == NOT_JUDGED},
        "first_difference": comparison.first_difference,
        "holds": comparison.holds,
        "files": [str(path) for path in files],
    }


def decimals(number: Decimal) -> str:
    """`number` to 25 significant digits, without an exponent and without zeros at the end."""
    rounded = Decimal(f"{number:.{EXACT_DIGITS}g}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def conclusion(comparison: Comparison) -> str:
    """One sentence: how many verdicts hold, and the first that does not."""
    count: dict[str, int] = {verdict: sum(row.verdict == verdict for row in comparison.rows) for verdict in MARKS}
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
        rows.append((f"E_total seen by round {rounds:,}, after {_count(rounds - 1, 'update')}", f"{errors[-2]:.9e}"))
        rows.append((f"E_total after {_count(rounds, 'update')}", f"{errors[-1]:.9e}"))
    when = f"after {_count(rounds, 'update')}" if rounds else "before training"
    return [*rows, *((f"{name} {when}", f"{outputs[name]:.10f}") for name in outputs)]


def erratum_heading(erratum: Erratum) -> str:
    """What is printed and what is right, to follow the quantity."""
    if erratum.in_formula:
        return f"the figure {erratum.printed} holds, one formula for it does not"
    return f"printed {erratum.printed}, exact {decimals(round(erratum.exact, 12))}"


def mistaken_rows(comparison: Comparison, *, train_biases: bool) -> list[tuple[str, float, float]]:
    """The quantities of the first round that the sequential update gets wrong: name, right, mistaken. Biases only if they are trained."""
    return [
        (name, right, comparison.mistaken[name])
        for name, right in comparison.hand.items()
        if not agree(right, comparison.mistaken[name]) and (train_biases or name not in ("b1+", "b2+"))
    ]


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


# Text


def print_text(
    comparison: Comparison,
    console: Console,
    *,
    update: str,
    train_biases: bool,
    files: Iterable[Path],
    notes: Iterable[str] = (),
) -> None:
    """Prints the report, 80 columns wide."""
    from rich.text import Text

    def line(*parts: str | tuple[str, str], style: str = "") -> None:
        console.print(Text.assemble(*parts, style=style), soft_wrap=True)

    def prose(text: str, indent: int = 1) -> None:
        margin = " " * indent
        line(
            textwrap.fill(
                text,
                79,
                initial_indent=margin,
                subsequent_indent=margin,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )

    def head(title: str) -> None:
        line()
        line((f" {title} ", "bold"), ("─" * (78 - len(title)), "dim"))

    line()
    start = {**SETUP, "eta": str(comparison.hand["eta"])}
    line(" The worked example: a 2-2-2 network, every figure derived and checked", style="bold")
    line()
    prose(INTRODUCTION)
    line()
    for names in (
        ["i1", "i2", "target_o1", "target_o2", "eta"],
        ["w1", "w2", "w3", "w4", "b1"],
        ["w5", "w6", "w7", "w8", "b2"],
    ):
        line("   " + "  ".join(f"{name} = {start[name]}" for name in names))
    line()
    prose(COLUMNS)
    for number, (stage, group) in enumerate(groupby(comparison.rows, key=lambda row: row.figure.stage), 1):
        rows = list(group)
        head(f"{number}. {STAGES[stage]}")
        line(f"   {'printed':<14}{'by hand':>16}{'autograd':>16}{'difference':>16}  verdict", style="dim")
        for row in rows:
            name, formula = row.figure.quantity, row.figure.formula
            numbers = "".join(f"{_fixed(x):>16}" for x in (row.hand, row.autograd, row.difference))
            line(" ", (name, "bold"), ": " if stage == "training" else " = ", formula)
            line(
                f"  {_aligned(row.figure.printed):>15}{numbers}  ",
                (f"{MARKS[row.verdict]} {row.verdict}", STYLES[row.verdict]),
            )
        if stage == "backward-output":
            line()
            prose(delta_rule(comparison))
        for note in dict.fromkeys(row.note for row in rows if row.note and row.verdict in (NOT_JUDGED, FAILS)):
            line()
            prose(
                f"{'Not judged' if any(r.note == note and r.verdict == NOT_JUDGED for r in rows) else 'Fails'}: {note}."
            )

    if update == "sequential":
        head("What the sequential update changes in the first round")
        line(f"  {'':<18}{'as in the text':>18}{'sequential':>18}", style="dim")
        for name, right, wrong in mistaken_rows(comparison, train_biases=train_biases):
            line(f"  {name:<18}{right:>18.12f}{wrong:>18.12f}")

    rounds = len(comparison.run.errors) - 1
    head(f"The error over {_count(rounds, 'round')}" if rounds else "The error, without training")
    if rounds:
        for text_line in curve.plot(comparison.run.errors):
            line(" " + text_line)
        line()
    for what, number_text in training_facts(comparison):
        line(f"  {what:<55}{number_text:>20}")
    for remark in remarks(comparison, update=update, train_biases=train_biases):
        line()
        prose(remark)

    head("Errata")
    for place, each in enumerate(comparison.errata):
        if place:
            line()
        verdict = "" if each.explained else "  NOT EXPLAINED"
        line(" ", (each.quantity, "bold"), f": {erratum_heading(each)}{verdict}")
        prose(each.cause, indent=3)
    for label in ("w5", "w1"):
        head(f"The chain rule for {label}, written out")
        for text_line in explain(comparison.values["E_total"], comparison.values[label]).text(width=79).splitlines():
            line(f" {text_line}" if text_line else "")
    head("Files")
    files = list(files)
    for path in files:
        line(f"  {path}")
    first = [f"{path} first: it is this report with its pictures" for path in files if path.name == "report.md"]
    first += [f"{path} for every value and every gradient" for path in files if path.stem == "6-computation-graph"][:1]
    if first:
        line()
        prose(f"Open {'; '.join(first)}.")
    for note in notes:
        line()
        prose(note)
    line()
    prose(conclusion(comparison))
    line()


def _fixed(x: float | None) -> str:
    return "·" if x is None else f"{x:.12f}" if abs(x) < 100 else f"{x:.7e}"


def _aligned(printed: str) -> str:
    """The printed figure, padded so that its decimal point stands where twelve decimals put it."""
    return printed + " " * (12 - len(printed.partition(".")[2]))


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


# Markdown


def markdown(
    comparison: Comparison, *, update: str, train_biases: bool, files: Iterable[Path], notes: Iterable[str] = ()
) -> str:
    """The report as Markdown, with formulas in LaTeX. Pictures are linked by their file name, as beside the report."""
    files = list(files)
    lines = ["# The worked example: a 2-2-2 network, every figure derived and checked", "", INTRODUCTION, ""]
    start = {**SETUP, "eta": str(comparison.hand["eta"])}
    lines += [f"| {' | '.join(start)} |", "|---" * len(start) + "|", f"| {' | '.join(start.values())} |", ""]
    lines += [COLUMNS.replace("Under each formula:", "For each formula:")]
    for number, (stage, group) in enumerate(groupby(comparison.rows, key=lambda row: row.figure.stage), 1):
        lines += ["", f"## {number}. {STAGES[stage]}", ""]
        lines += ["| quantity | formula | printed | exact | by hand | autograd | difference | verdict |"]
        lines += ["|---|---|--:|--:|--:|--:|--:|---|"]
        lines += [_markdown_row(row) for row in group]
        if stage == "backward-output":
            lines += ["", _escaped(delta_rule(comparison))]
    if update == "sequential":
        lines += ["", "## What the sequential update changes in the first round", ""]
        lines += ["| quantity | as in the text | sequential |", "|---|--:|--:|"]
        lines += [
            f"| `{name}` | {right:.12f} | {wrong:.12f} |"
            for name, right, wrong in mistaken_rows(comparison, train_biases=train_biases)
        ]
    rounds = len(comparison.run.errors) - 1
    if rounds:
        lines += ["", f"## The error over {_count(rounds, 'round')}", "", "![Error curve](error-curve.svg)", ""]
    else:
        lines += ["", "## The error, without training", ""]
    lines += ["| | |", "|---|--:|", *(f"| {what} | {text} |" for what, text in training_facts(comparison))]
    for remark in remarks(comparison, update=update, train_biases=train_biases):
        lines += ["", remark]
    lines += ["", "## Errata", ""]
    for each in comparison.errata:
        verdict = "" if each.explained else " (**not explained**)"
        lines.append(f"- `{each.quantity}`: {erratum_heading(each)}{verdict}. {_escaped(each.cause)}")
    for label in ("w5", "w1"):
        lines += ["", f"## The chain rule for {label}, written out", ""]
        lines += [explain(comparison.values["E_total"], comparison.values[label]).markdown().strip()]
    lines += ["", "## Pictures"]
    for path in files:
        if path.suffix == ".svg" and path.stem[0].isdigit():
            lines += ["", f"![{path.stem.replace('-', ' ')}]({path.name})"]
    for note in notes:
        lines += ["", _escaped(note)]
    lines += ["", "## Conclusion", "", _escaped(conclusion(comparison)), ""]
    return "\n".join(lines)


def _markdown_row(row: Row) -> str:
    exact = "·" if row.exact is None else decimals(row.exact)
    numbers = " | ".join([exact, *map(_fixed, (row.hand, row.autograd, row.difference))])
    verdict = f"{MARKS[row.verdict]} {row.verdict}" + (f": {row.note}" if row.verdict in (NOT_JUDGED, FAILS) else "")
    return f"| `{row.figure.quantity}` | `{row.figure.formula}` | {row.figure.printed} | {numbers} | {verdict} |"


def _escaped(text: str) -> str:
    return text.replace("*", r"\*").replace("_", r"\_")


# Files
