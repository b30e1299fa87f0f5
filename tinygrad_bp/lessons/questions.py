"""Questions of understanding, with choices to pick from. What is right is read from the numbers of a derivation, not from a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Block, Paragraph, Piece, Table
from tinygrad_bp.lessons.lots import Lots
from tinygrad_bp.lessons.phrases import enumerated, phrase
from tinygrad_bp.lessons.setting import Setting
from tinygrad_bp.words import Words

CLEAR = 1.1  # the largest is larger than the next by this factor, or the question is not asked
MOST_CHOICES = 4
LETTERS = "abcdefgh"
KINDS = ("direction", "growth", "paths", "still", "largest")


@dataclass(frozen=True)
class Question:
    """A question with choices.

    Attributes:
        kind: what it is about, one of KINDS.
        text: what is asked.
        choices: what can be answered.
        right: the places of the right ones among the choices.
        why: the answer with its reasons.
        several: whether more than one choice may be right.
    """

    kind: str
    text: Sequence[Piece]
    choices: Sequence[Sequence[Piece]]
    right: Sequence[int]
    why: Sequence[Block]
    several: bool = False

    @property
    def letters(self) -> str:
        """The letters of the right choices."""
        return "".join(LETTERS[place] for place in self.right)


def questions(setting: Setting, say: Words, lots: Lots, count: int) -> list[Question]:
    """At most so many questions, each of another kind: those that the graph has a clear answer to."""
    asking = _Asking(setting, say, lots)
    asked: list[Question] = []
    for ask in asking.kinds():
        if len(asked) < count and (question := ask()) is not None:
            asked.append(question)
    return asked


class _Asking:
    def __init__(self, setting: Setting, say: Words, lots: Lots) -> None:
        found, write = self.found, self.write = setting.found, setting.write
        self.total, self.say, self.lots = setting.total, say, lots
        self.loss = write.name(found.loss)
        self.slope = {v: found.graph.total.get(v, 0.0) for v in found.parameters}

    def kinds(self) -> Iterator[Callable[[], Question | None]]:
        """Of a formula that nothing is trained of, what a step of gradient descent does is not asked."""
        trained = bool(self.found.neurons) or self.found.learning_rate is not None
        yield from [self.direction] if trained else []
        yield self.growth
        yield self.paths
        yield from [self.still, self.largest] if trained else []

    def words(self, key: str, **given: object) -> list[Piece]:
        return phrase(self.say, key, **given)

    def picked(self, values: Sequence[Value]) -> Value:
        return values[self.lots.below(len(values))]

    def some(self, values: Sequence[Value], count: int) -> list[Value]:
        return [values[k] for k in self.lots.some(count, len(values))]

    def direction(self) -> Question | None:
        """Where a step takes a parameter."""
        moved = [v for v, slope in self.slope.items() if slope and v is not self.found.loss]
        if not moved:
            return None
        v = self.picked(moved)
        key = "direction.positive" if self.slope[v] > 0.0 else "direction.negative"
        name = self.write.name(v)
        return Question(
            "direction",
            self.words("exercise.question.direction", name=name),
            [self.words(f"exercise.choice.{each}") for each in ("larger", "smaller", "same")],
            [1 if self.slope[v] > 0.0 else 0],
            [self.total(v), Paragraph(self.words(f"exercise.why.{key}", name=name, loss=self.loss))],
        )

    def growth(self) -> Question | None:
        """What the loss does when a quantity on the way to it grows."""
        graph = self.found.graph
        ways = [v for v in graph.order if v not in self.slope and v is not self.found.loss and graph.total[v]]
        outs = [unit.out for unit in self.found.neurons if unit.out in ways]
        candidates = outs or ways or [v for v, slope in self.slope.items() if slope]
        if not candidates:
            return None
        v = self.picked(candidates)
        slope = graph.total[v]
        name = self.write.name(v)
        key = "growth.positive" if slope > 0.0 else "growth.negative"
        return Question(
            "growth",
            self.words("exercise.question.growth", name=name, loss=self.loss),
            [self.words(f"exercise.choice.{each}") for each in ("shrinks", "grows", "stays")],
            [1 if slope > 0.0 else 0],
            [self.total(v), Paragraph(self.words(f"exercise.why.{key}", name=name, loss=self.loss))],
        )

    def paths(self) -> Question | None:
        """Through which of its users a quantity has more influence."""
        graph = self.found.graph
        clear = []
        told = {v: k for k, v in enumerate(self.found.forward)}
        for v in graph.order[:-1]:
            terms = [
                (abs(term.value), edge.of) for term, edge in zip(graph.quantity(v).terms, graph.users[v], strict=True)
            ]
            terms.sort(key=lambda term: told[term[1]])
            sizes = sorted((size for size, _ in terms), reverse=True)
            if 1 < len({of for _, of in terms}) == len(terms) <= MOST_CHOICES and sizes[0] > CLEAR * sizes[1]:
                clear.append((v, terms))
        if not clear:
            return None
        hidden = [(v, terms) for v, terms in clear if v not in self.slope] or clear
        v, terms = hidden[self.lots.below(len(hidden))]
        name = self.write.name(v)
        stronger = max(range(len(terms)), key=lambda k: terms[k][0])
        direct = [of is self.found.loss for _, of in terms]
        ways = [
            self.words("exercise.choice.directly" if straight else "exercise.choice.through", name=self.write.name(of))
            for straight, (_, of) in zip(direct, terms, strict=True)
        ]
        names = [self.write.name(of) for straight, (_, of) in zip(direct, terms, strict=True) if not straight]
        key = "exercise.question.paths.direct" if any(direct) else "exercise.question.paths"
        way = "exercise.why.paths.direct" if direct[stronger] else "exercise.why.paths"
        why = self.words(way, name=name, through=self.write.name(terms[stronger][1]))
        return Question(
            "paths",
            self.words(key, name=name, loss=self.loss, paths=enumerated(self.say, names)),
            ways,
            [stronger],
            [self.total(v), Paragraph(why)],
        )

    def still(self) -> Question | None:
        """Which parameters a step leaves where they are. Asked where there are such."""
        still = [v for v, slope in self.slope.items() if not slope]
        if not still:
            return None
        chosen = self.some(still, 2)
        others = self.some([v for v, slope in self.slope.items() if slope], MOST_CHOICES - len(chosen))
        both = [v for v in self.slope if v in chosen or v in others]
        names = enumerated(self.say, [self.write.name(v) for v in chosen])
        return Question(
            "still",
            self.words("exercise.question.still"),
            [*[[self.write.name(v)] for v in both], self.words("exercise.choice.none")],
            [k for k, v in enumerate(both) if v in chosen],
            [Paragraph(self.words("exercise.why.still", names=names, count=len(chosen), loss=self.loss))],
            several=True,
        )

    def largest(self) -> Question | None:
        """Which of a few parameters a step moves most."""
        for _ in range(20):
            some = self.some(list(self.slope), MOST_CHOICES)
            sizes = sorted((abs(self.slope[v]) for v in some), reverse=True)
            if len(some) > 1 and sizes[0] > CLEAR * sizes[1]:
                break
        else:
            return None
        place = max(range(len(some)), key=lambda k: abs(self.slope[some[k]]))
        numbers: list[Piece] = []
        for k, v in enumerate(some):
            numbers += [", "] if k else []
            size = self.write.number(abs(self.slope[v]))
            numbers += [self.write.name(v), " ", size]
        return Question(
            "largest",
            self.words("exercise.question.largest"),
            [[self.write.name(v)] for v in some],
            [place],
            [Paragraph(self.words("exercise.why.largest", name=self.write.name(some[place]), numbers=numbers))],
        )


def side_by_side(question: Question) -> Table:
    """The choices in a line, each with its letter."""
    cells: list[list[Piece]] = [
        [f"({letter}) ", *choice] for letter, choice in zip(LETTERS, question.choices, strict=False)
    ]
    return Table([[]] * len(cells), [cells])
