"""What was found, for people: a lesson on the network, beside its numbers what is printed, what they are in other ways, and a verdict.

`screen` is for a terminal, and begins with what a learner needs; `report` is the whole lesson, to be read on a page and on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from tinygrad_bp.drawing import Drawing, curve
from tinygrad_bp.explanation.names import number
from tinygrad_bp.lessons import Document, lesson
from tinygrad_bp.lessons import blocks as b
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import Equations, symbol
from tinygrad_bp.lessons.phrases import phrase
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.text import printable
from tinygrad_bp.tutorial.comparison import ERRATUM, FAILS, HOLDS, NOT_JUDGED, Comparison, Row
from tinygrad_bp.tutorial.errata import decimals
from tinygrad_bp.tutorial.figures import ROUNDS, STAGES
from tinygrad_bp.tutorial.training import BIASES, WEIGHTS
from tinygrad_bp.words import Words, words

FIRST_DIGITS, DIGITS = 6, 9  # of the numbers that a learner meets first, and of all others
MARKS = {HOLDS: "✓", ERRATUM: "≠", FAILS: "✗", NOT_JUDGED: "–"}
VERDICTS = {
    HOLDS: "page.truth.holds",
    ERRATUM: "page.truth.erratum",
    FAILS: "page.truth.differs",
    NOT_JUDGED: "page.truth.notJudged",
}
GIVEN = {"inputs": "i1 i2 target_o1 target_o2 eta", "hidden": "w1 w2 w3 w4 b1", "output": "w5 w6 w7 w8 b2"}
NETWORK = r"""
i1 ---- w1 ---> h1 ---- w5 ---> o1
   \ w3     /      \ w7     /
     \   /           \   /
       X               X
     /   \           /   \
   / w2     \      / w6     \
i2 ---- w4 ---> h2 ---- w8 ---> o2
"""
# After which part of the lesson the figures of a stage follow, and which pictures.
PLACES = {
    "lesson.part.network": ((), ("1-structure", "2-initial-values")),
    "lesson.part.forward": (("forward",), ()),
    "lesson.part.backward": (
        ("backward-output", "backward-hidden"),
        ("3-chain-rule-w5", "4-fan-in-h1", "5-path-to-w1", "6-computation-graph"),
    ),
    "lesson.part.update": (("update-output", "update-hidden"), ()),
}


def report(
    comparison: Comparison,
    *,
    update: str,
    train_biases: bool,
    language: str = "en",
    pictures: Mapping[str, Drawing] | None = None,
    notes: Sequence[str] = (),
) -> Document:
    """The lesson, with its figures, all errata and what training comes to.

    Args:
        update: "simultaneous" or "sequential": how the network was trained, as does `train_biases`.
        pictures: those that can be drawn here, by the names of their files, and with them the curve of the error, `error-curve`.
        notes: what there is to be said about the files.
    """
    teller = _Teller(comparison, words(language), update, train_biases)
    return Document(list(teller.report(pictures or {}, notes)), language)


def screen(
    comparison: Comparison,
    *,
    update: str,
    train_biases: bool,
    language: str = "en",
    audit_only: bool = False,
    files: Sequence[Path] = (),
    notes: Sequence[str] = (),
    width: int = 80,
) -> Document:
    """The same for a terminal, in short: one chain rule, one sum and the update, then, or with `audit_only` alone, the figures."""
    teller = _Teller(comparison, words(language), update, train_biases)
    first = [] if audit_only else list(teller.opening())
    blocks = [*first, *teller.audit(), *teller.training(curve.plot(comparison.run.errors, min(76, width - 5)))]
    return Document([*blocks, *teller.errata(), *teller.ending(files, notes)], language)


def conclusion(comparison: Comparison, language: str = "en") -> str:
    """How many verdicts hold, and the first that does not."""
    say = words(language)
    verdicts = [row.verdict for row in comparison.rows]
    parts = [say("tutorial.held", count=verdicts.count(HOLDS), all=len(verdicts))]
    for verdict, key in ((ERRATUM, "errata"), (NOT_JUDGED, "unjudged"), (FAILS, "failing")):
        if count := verdicts.count(verdict):
            parts.append(say(f"tutorial.count.{key}", count=count))
    if any(each.in_formula and each.explained for each in comparison.errata):
        parts.append(say("tutorial.slip"))
    unexplained = [each.quantity for each in comparison.errata if not each.explained]
    unexplained += [say("tutorial.edition", name=each.quantity) for each in comparison.editions if not each.explained]
    if unexplained:
        parts.append(f"{say('tutorial.unexplained')} {say('say.comma').join(unexplained)}")
    sentence = say("tutorial.conclusion", parts=say("say.semicolon").join(parts))
    return f"{sentence} {comparison.first_difference(say)}" if comparison.first_difference else sentence


class _Teller:
    def __init__(self, comparison: Comparison, say: Words, update: str, train_biases: bool) -> None:
        self.found, self.say, self.update, self.train_biases = comparison, say, update, train_biases
        trained = [comparison.values[name] for name in (WEIGHTS + BIASES if train_biases else WEIGHTS)]
        self.loss, rate = comparison.values["E_total"], comparison.hand["eta"]
        self.derivation = Derivation(self.loss, learning_rate=rate, parameters=trained)
        self.write = Equations(Derivation(self.loss, learning_rate=rate), FIRST_DIGITS)

    def paragraph(self, key: str, **given: object) -> b.Paragraph:
        return b.Paragraph(phrase(self.say, key, **given))

    def heading(self, key: str, **given: object) -> b.Heading:
        return b.Heading(phrase(self.say, key, **given))

    def number(self, name: str) -> b.Formula:
        return self.write.number(self.found.hand[name])

    def equal(self, name: str) -> b.Formula:
        left, right = self.name(name), self.number(name)
        return b.Formula(f"{left.text} = {right.text}", f"{left.latex} = {right.latex}")

    def name(self, name: str) -> b.Formula:
        """The name of a quantity, as it stands in an equation."""
        if name == "eta":
            return b.Formula("eta", r"\eta")
        if "/" not in name:
            return symbol(name)
        of, by = (self.found.values[part[1:]] for part in name.split("/"))
        return self.write.derivative(of, by)

    # For a learner

    def opening(self) -> Iterator[b.Block]:
        say, write, values = self.say, self.write, self.found.values
        yield b.Title(say("tutorial.title"))
        yield b.Paragraph(say("tutorial.introduction"))
        yield b.Code(NETWORK)
        for part, names in GIVEN.items():
            numbers = [piece for name in names.split() for piece in (say("say.comma"), self.equal(name))]
            yield self.paragraph(f"tutorial.given.{part}", numbers=numbers[1:])
        yield self.heading("lesson.part.forward")
        for name, neuron, alike in (("h1", "h2", ["out_h2"]), ("o1", "o2", ["out_o2", "E_o2"])):
            yield from (write.value(values[f"{kind}_{name}"]) for kind in ("net", "out"))
            if name == "o1":
                yield write.value(values["E_o1"])
            found = [piece for each in alike for piece in (say("say.comma"), self.equal(each))][1:]
            yield self.paragraph("tutorial.alike", neuron=neuron, found=found)
        yield write.value(self.loss)
        yield self.heading("tutorial.chain", weight="w5")
        yield self.paragraph("tutorial.chain.why")
        factors = ["dE_total/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5"]
        rows = [[_product([each(name) for name in factors])] for each in (self.name, self.number)]
        yield b.Equation(self.name("dE_total/dw5"), [*rows, [self.number("dE_total/dw5")]])
        yield self.delta()
        yield self.heading("tutorial.sum")
        yield self.paragraph("tutorial.sum.why")
        yield write.total(values["out_h1"])
        yield self.paragraph("tutorial.sum.rest", found=self.equal("dE_total/dw1"))
        yield self.heading("lesson.part.update")
        yield self.paragraph("tutorial.update.why")
        yield from (write.update(values[name]) for name in ("w5", "w1"))
        round_ = self.derivation
        after = round_.data({v: round_.updated(v).value for v in round_.parameters})[self.loss]
        yield self.paragraph("tutorial.update.error", before=self.number("E_total"), after=write.number(after))

    def delta(self) -> b.Paragraph:
        """The derivative with respect to w5 once more, by the delta rule."""
        names = {"delta": "dE_o1/dnet_o1", "out": "out_h1", "slope": "dE_total/dw5"}
        minus = self.write.number(-self.found.hand["dE_o1/dnet_o1"])
        return self.paragraph("tutorial.delta", minus=minus, **{key: self.number(name) for key, name in names.items()})

    # The figures

    def audit(self) -> Iterator[b.Block]:
        yield self.heading("tutorial.audit", count=len(self.found.rows))
        yield b.Legend(self.say("tutorial.legend"))
        for stage in STAGES:
            yield b.Heading(self.say(f"page.truth.{stage}"), 2)
            yield from self.figures(stage, short=True)
        yield b.Legend(self.say("tutorial.slope"))

    def figures(self, stage: str, *, short: bool = False) -> Iterator[b.Block]:
        """The figures of a stage, in a terminal without what has no room there, and why some of them are not judged."""
        rows = [row for row in self.found.rows if row.figure.stage == stage]
        keys = ["hand", "autograd", "difference"]
        if all(row.difference is None for row in rows):
            keys.remove("difference")
        words = [self.say(f"page.truth.{key}") for key in keys]
        first = [self.say("tutorial.quantity"), self.say("page.truth.printed")]
        head = (
            [*first, *words, ""]
            if short
            else [*first, self.say("page.truth.verdict"), *words, self.say("tutorial.exact")]
        )
        yield b.Table(head, [cells for row in rows for cells in self.cells(row, keys, short=short)])
        for key, verdict in (("tutorial.unjudged", NOT_JUDGED), ("tutorial.fails", FAILS)):
            reasons = [row.reason(self.say) for row in rows if row.reason and row.verdict == verdict]
            yield from (self.paragraph(key, why=why) for why in dict.fromkeys(reasons))

    def cells(self, row: Row, keys: Sequence[str], *, short: bool) -> Iterator[list[b.Text]]:
        """What was found for a figure. One that is of another round than it is said to be has a line for each."""
        verdict = MARKS[row.verdict] if short else f"{MARKS[row.verdict]} {self.say(VERDICTS[row.verdict])}"
        name: b.Text = row.figure.quantity if row.figure.stage == "training" else self.name(row.figure.quantity)

        def line(
            name: b.Text, printed: str, numbers: Sequence[float | None], mark: str, exact: Decimal | None
        ) -> list[b.Text]:
            found = ["·" if x is None else number(x, DIGITS) for x in numbers]
            if short:
                return [name, printed, *found, mark]
            return [name, printed, mark, *found, "·" if exact is None else decimals(exact)]

        numbers = [getattr(row, key) for key in keys]
        if row.later is None:
            yield line(name, row.figure.printed, numbers, verdict, row.exact)
            return
        after = next((each.after for each in self.found.errata if row.verdict == ERRATUM and each.after), None)
        yield line(self.say("tutorial.value.after", name="E_total", count=ROUNDS - 1), "·", numbers, "", row.exact)
        yield line(name, row.figure.printed, row.later, verdict, after)

    # Training, errata, files

    def training(self, drawn: Sequence[str] | b.Picture) -> Iterator[b.Block]:
        say, errors = self.say, self.found.run.errors
        rounds = len(errors) - 1
        if self.update == "sequential":
            yield self.heading("tutorial.mistake")
            mistakes = self.found.mistakes(train_biases=self.train_biases)
            rows: list[list[b.Text]] = [
                [self.name(name), f"{right:.12f}", f"{wrong:.12f}"] for name, right, wrong in mistakes
            ]
            yield b.Table(["", say("tutorial.mistake.right"), say("tutorial.mistake.wrong")], rows)
        yield self.heading("tutorial.curve" if rounds else "tutorial.untrained", count=rounds)
        if rounds:
            yield drawn if isinstance(drawn, b.Picture) else b.Code("\n".join(drawn))
        told = [(say("tutorial.value.before", name="E_total"), f"{errors[0]:.12f}")]
        for k in dict.fromkeys(k for k in (1, rounds - 1, rounds) if 0 < k <= rounds):
            number = f"{errors[k]:.12f}" if k == 1 else f"{errors[k]:.9e}"
            told.append((say("tutorial.value.after", name="E_total", count=k), number))
        key = "tutorial.value.after" if rounds else "tutorial.value.before"
        told += [(say(key, name=name, count=rounds), f"{x:.10f}") for name, x in self.found.run.outputs.items()]
        yield b.Table(["", ""], [list(row) for row in told])
        if self.update == "sequential" and rounds:
            yield self.paragraph("tutorial.mistake.why")
        gradients = ", ".join(f"dE_total/d{bias} = {self.found.hand[f'dE_total/d{bias}']:.12f}" for bias in BIASES)
        kind = "untrained" if not rounds else "trained" if self.train_biases else "fixed"
        yield self.paragraph(f"tutorial.biases.{kind}", gradients=gradients)

    def errata(self) -> Iterator[b.Block]:
        say = self.say
        yield self.heading("page.truth.errata")
        items: list[b.Text] = []
        for each in self.found.errata:
            verdict: list[b.Piece] = [] if each.explained else [b.Strong(say("tutorial.unexplained")), " "]
            items.append([b.Strong(each.quantity), say("say.colon"), *verdict, each.cause(say)])
        if editions := self.found.editions:
            pairs = {
                key: say("say.comma").join(f"{getattr(each, key):.10f}" for each in editions)
                for key in ("sequential", "simultaneous")
            }
            printed = say("say.comma").join(each.printed for each in editions)
            items.append(say("page.truth.note2.editions", editions=printed, **pairs))
        yield b.Items(items, numbered=True)

    def ending(self, files: Sequence[Path], notes: Sequence[str]) -> Iterator[b.Block]:
        say = self.say
        yield b.Heading(say("tutorial.files"))
        yield b.Items([printable(str(path)) for path in files])
        yield from map(b.Paragraph, notes)
        yield b.Paragraph(conclusion(self.found, say.language))
        yield b.Heading(say("tutorial.next"))
        page = next((path for path in files if path.name == "report.html"), Path("report.html"))
        yield b.Items(
            [
                say("tutorial.next.lesson", file=printable(str(page))),
                say("tutorial.next.page", command="tinygrad-bp explore tutorial --open"),
                say("tutorial.next.exercise", command="tinygrad-bp exercise tutorial -o exercise.html"),
            ]
        )

    # The lesson

    def report(self, drawings: Mapping[str, Drawing], notes: Sequence[str]) -> Iterator[b.Block]:
        say = self.say
        found = self.derivation
        told = lesson(
            self.loss,
            lr=found.learning_rate,
            parameters=found.parameters,
            title=say("tutorial.title"),
            language=say.language,
        )
        places = {say(key): place for key, place in PLACES.items()}
        after: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        for block in [*told.blocks, b.Heading("")]:
            if isinstance(block, b.Heading) and block.level == 1:
                yield from (b.Picture(drawings[name], name) for name in after[1] if name in drawings)
                for stage in after[0]:
                    yield b.Heading(say(f"page.truth.{stage}"), 2)
                    yield from self.figures(stage)
                after = places.get(plain(block.text), ((), ()))
            if not isinstance(block, b.Picture) and block != b.Heading(""):
                yield block
        yield b.Heading(say("page.truth.training"))
        yield from self.figures("training")
        yield self.delta()
        yield b.Legend(say("tutorial.legend"))
        yield b.Legend(say("tutorial.slope"))
        curve_ = drawings.get("error-curve")
        yield from self.training(b.Picture(curve_, "error-curve") if curve_ else [])
        yield from self.errata()
        yield from map(b.Paragraph, notes)
        yield b.Paragraph(conclusion(self.found, say.language))


def _product(factors: Sequence[b.Formula]) -> b.Formula:
    return b.Formula(" * ".join(x.text for x in factors), r" \cdot ".join(x.latex for x in factors))
