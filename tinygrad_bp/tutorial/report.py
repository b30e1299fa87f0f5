"""The report on what the comparison found, told once, as a sequence of blocks; `terminal` and `markdown` write it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tinygrad_bp.explanation import explain
from tinygrad_bp.text import counted, printable
from tinygrad_bp.tutorial import sentences
from tinygrad_bp.tutorial.blocks import (
    Aside,
    Block,
    ChainRule,
    Conclusion,
    Curve,
    Errata,
    Figures,
    Files,
    Heading,
    Legend,
    Paragraph,
    Setup,
    Table,
    Title,
)
from tinygrad_bp.tutorial.comparison import FAILS, NOT_JUDGED, Comparison, Row
from tinygrad_bp.tutorial.figures import SETUP, STAGES


def report(
    comparison: Comparison, *, update: str, train_biases: bool, files: Iterable[Path], notes: Iterable[str] = ()
) -> list[Block]:
    """The whole report.

    Args:
        update: "simultaneous" or "sequential": how the network was trained, as does `train_biases`.
        files: what was written.
        notes: what there is to be said about the files.
    """
    files = list(files)
    return [
        Title("The worked example: a 2-2-2 network, every figure derived and checked"),
        Paragraph(sentences.INTRODUCTION),
        Setup({**SETUP, "eta": str(comparison.hand["eta"])}),
        Legend(sentences.LEGEND),
        *_stages(comparison),
        *_mistake(comparison, update, train_biases),
        *_training(comparison, update, train_biases),
        Heading("Errata"),
        Errata(comparison.errata),
        *_chain_rules(comparison),
        *_files(files),
        *(Paragraph(note, signs=True) for note in notes),
        Conclusion(sentences.conclusion(comparison)),
    ]


def _stages(comparison: Comparison) -> Iterator[Block]:
    """Each part of the text with its figures."""
    for number, (stage, group) in enumerate(groupby(comparison.rows, key=lambda row: row.figure.stage), 1):
        rows = list(group)
        yield Heading(f"{number}. {STAGES[stage]}")
        yield Figures(rows)
        if stage == "backward-output":
            yield Paragraph(sentences.delta_rule(comparison), signs=True)
        yield from _not_judged(rows)


def _not_judged(rows: Sequence[Row]) -> Iterator[Block]:
    """Why figures are not judged, or fail."""
    for note in dict.fromkeys(row.note for row in rows if row.note and row.verdict in (NOT_JUDGED, FAILS)):
        not_judged = any(row.note == note and row.verdict == NOT_JUDGED for row in rows)
        yield Aside(f"{'Not judged' if not_judged else 'Fails'}: {note}.")


def _mistake(comparison: Comparison, update: str, train_biases: bool) -> Iterator[Block]:
    if update == "sequential":
        yield Heading("What the sequential update changes in the first round")
        mistakes = comparison.mistakes(train_biases=train_biases)
        rows = [(name, f"{right:.12f}", f"{mistaken:.12f}") for name, right, mistaken in mistakes]
        yield Table(("quantity", "as in the text", "sequential"), rows, widths=(18, 18, 18), quoted=True)


def _training(comparison: Comparison, update: str, train_biases: bool) -> Iterator[Block]:
    rounds = len(comparison.run.errors) - 1
    if rounds:
        yield Heading(f"The error over {counted(rounds, 'round')}")
        yield Curve(comparison.run.errors, "error-curve.svg")
    else:
        yield Heading("The error, without training")
    yield Table(("", ""), sentences.training_facts(comparison), widths=(55, 20))
    for remark in sentences.remarks(comparison, update=update, train_biases=train_biases):
        yield Paragraph(remark)


def _chain_rules(comparison: Comparison) -> Iterator[Block]:
    for label in ("w5", "w1"):
        yield Heading(f"The chain rule for {label}, written out")
        yield ChainRule(explain(comparison.values["E_total"], comparison.values[label]))


def _files(files: Sequence[Path]) -> Iterator[Block]:
    yield Files(files)
    worth = [
        f"{printable(str(path))} first: it is this report with its pictures"
        for path in files
        if path.name == "report.md"
    ]
    worth += [
        f"{printable(str(path))} for every value and every gradient"
        for path in files
        if path.stem == "6-computation-graph"
    ][:1]
    if worth:
        yield Aside(f"Open {'; '.join(worth)}.")
