"""What is said of an audit: its figures, in tables beside the parts of a lesson, and its errata."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from tinygrad_bp.drawing import Drawing
from tinygrad_bp.explanation.names import number
from tinygrad_bp.lessons.audit import ERRATUM, FAILS, HOLDS, NOT_JUDGED, Audit, Figure, Row, decimals
from tinygrad_bp.lessons.blocks import Block, Heading, Items, Paragraph, Picture, Piece, Strong, Table, Text
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.marking.naming import Names
from tinygrad_bp.words import Said, Words

SIGNIFICANT, SHOWN = 9, 12  # digits of the numbers in a table, and of the exact ones
MARKS = {HOLDS: "✓", ERRATUM: "≠", FAILS: "✗", NOT_JUDGED: "–"}
VERDICTS = {HOLDS: "holds", ERRATUM: "erratum", FAILS: "differs", NOT_JUDGED: "notJudged"}


class Audited:
    """Writes an audit in the words of a language.

    Args:
        audit: what was found.
        figures: what is printed, in the order of its rows.
        write: the equations of the derivation.
        say: the words.
        called: what those figures are called that are no quantities of the derivation.
    """

    def __init__(
        self,
        audit: Audit,
        figures: Sequence[Figure],
        write: Equations,
        say: Words,
        called: Mapping[str, Said] = MappingProxyType({}),
    ) -> None:
        self.audit, self.write, self.say, self.called = audit, write, say, called
        self.stages: dict[str, list[Row]] = {figure.stage: [] for figure in figures}
        for row, figure in zip(audit.rows, figures, strict=True):
            self.stages[figure.stage].append(row)
        self._names = Names(write.derivation)

    def name(self, quantity: str) -> Text:
        """The name of a quantity, as it stands in an equation."""
        return (
            self.called[quantity](self.say) if quantity in self.called else self.write.step(self._names.found(quantity))
        )

    def figures(self, stage: str, *, level: int = 2, short: bool = False) -> Iterator[Block]:
        """The figures of a part of the text, under its heading; in `short` for a terminal."""
        yield Heading(self.say(f"page.truth.{stage}"), level)
        yield from audited(self.stages[stage], self.say, self.name, short=short)

    def beside(
        self, part: str, drawings: Mapping[str, Drawing], places: Mapping[str, tuple[str, ...]]
    ) -> Iterator[Block]:
        """What stands at the end of a part of the lesson: the pictures whose names begin as `places` has it, and its figures."""
        for name, drawing in drawings.items():
            if name.startswith(places.get(part, ())):
                yield Picture(drawing, name)
        for stage in self.stages:
            if stage.partition("-")[0] == part:
                yield from self.figures(stage)

    def apart(self, found: Sequence[tuple[str, float, float]], heads: Sequence[str]) -> Table:
        """A table of quantities that two derivations find in different ways."""
        return Table(["", *heads], [[self.name(name), f"{x:.12f}", f"{y:.12f}"] for name, x, y in found])

    def errata(self, editions: str = "") -> Iterator[Block]:
        """Each erratum and its cause. `editions`: the key of the sentence about what other editions print."""
        say, items = self.say, list[Text]()
        for each in self.audit.errata:
            name = self.called[each.quantity](say) if each.quantity in self.called else each.quantity
            verdict: list[Piece] = [] if each.explained else [Strong(say("audit.unexplained")), " "]
            items.append([Strong(name), say("say.colon"), *verdict, each.cause(say)])
        if others := self.audit.editions:
            columns = {key: [f"{x[k]:.10f}" for x in others] for k, key in ((2, "sequential"), (3, "simultaneous"))}
            columns["editions"] = [x.printed for x in others]
            items.append(say(editions, **{key: say("say.comma").join(texts) for key, texts in columns.items()}))
        yield Heading(say("page.truth.errata"))
        yield Items(items, numbered=True)


def audited(rows: Sequence[Row], say: Words, name: Callable[[str], Text], *, short: bool = False) -> list[Block]:
    """A table of the figures, and why some of them are not judged.

    Args:
        name: how a quantity is written.
        short: whether the exact values, and the verdicts in words, are left out, for which a terminal has no room.
    """
    keys = [key for key in ("hand", "autograd", "difference") if any(getattr(row, key) is not None for row in rows)]
    ways = [say(f"page.truth.{key}") for key in keys]

    def line(
        name: Text, printed: Text, verdict: Text, numbers: Sequence[float | None], exact: Decimal | None
    ) -> list[Text]:
        found = ["·" if x is None else number(x, SIGNIFICANT) for x in numbers]
        if short:
            return [name, printed, *found, verdict]
        return [name, printed, verdict, *found, "·" if exact is None else decimals(exact, SHOWN)]

    lines: list[list[Text]] = []
    for row in rows:
        verdict = MARKS[row.verdict] if short else f"{MARKS[row.verdict]} {say(f'page.truth.{VERDICTS[row.verdict]}')}"
        numbers, exact = [getattr(row, key) for key in keys], row.exact
        if row.later is not None:
            told, later = row.later
            lines.append(line(told(say), "·", "", numbers, exact))
            numbers, exact = [later[key] for key in keys], later["exact"]
        lines.append(line(name(row.quantity), row.printed, verdict, numbers, exact))
    first = [say("audit.quantity"), say("page.truth.printed")]
    head = [*first, *ways, ""] if short else [*first, say("page.truth.verdict"), *ways, say("audit.exact")]
    blocks: list[Block] = [Table(head, lines)]
    for key, kind in (("audit.unjudged", NOT_JUDGED), ("audit.fails", FAILS)):
        reasons = [row.reason(say) for row in rows if row.reason and row.verdict == kind]
        blocks += [Paragraph(say(key, why=why)) for why in dict.fromkeys(reasons)]
    return blocks
