"""An exercise: a round of backpropagation with numbers drawn anew, blanks to fill in, questions, and a key with the reasons.

The key as data, which solutions are marked against later, `Exercise.key_data()` or `keys/sheet-01.json`, is a dictionary with

- `format`: "tinygrad_bp exercise key", and `version`: 1;
- `sheet`: the name of the sheet, which its answers are filed under; `title`, `language`, `seed`;
- `learning_rate`: a number, or null where nothing is updated; `digits`: how many digits that count are asked for;
- `leaves`: the number of each leaf by its name, as `Derivation.names` has it: with them the graph can be computed again;
- `answers`: a list, in the order of the sheet, of `number` (the place on the sheet), `name` (`net_h1`, `dE/dw5`, `delta_o1`, `w5+`), `kind`
  ("value", "derivative", "delta", "update"), `value` (the right one, to 12 digits), `tolerance` (half of what its last digit counts, so
  that what is rounded to as many digits is no farther off; more where rounding on the way may turn that digit) and `text` (the value as
  it would be written);
- `graph`: what it was computed by, as `tinygrad_bp.lessons.recording` describes it: solutions are marked by it;
- `questions`: a list of `number`, `name` ("q12", by which it is answered), `kind`, `text`, `choices` (letters and texts), `right`
  (the letters of the right choices together, "b" or "ac"), and `several` (whether more than one letter may be right).

Answers are a CSV of two columns, `name` and `answer`, which `Exercise.template()` begins: `net_h1,0.3775`, and of a question its letters,
`q12,b`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.files import csv_of, format_of, write_whole
from tinygrad_bp.lessons.asking import KEPT, MOST, MOST_BLANKS, Asked, Choice, asked, chosen, slope_of
from tinygrad_bp.lessons.blocks import Heading, Title
from tinygrad_bp.lessons.chosen import leaves_called, near_leaves, several, text_of, truth
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.friendly import recorded_again, redrawn
from tinygrad_bp.lessons.lots import Lots
from tinygrad_bp.lessons.moodle import Problem, gift, moodle
from tinygrad_bp.lessons.needed import given, without_detours
from tinygrad_bp.lessons.phrases import phrase
from tinygrad_bp.lessons.questions import LETTERS, Question, questions
from tinygrad_bp.lessons.recording import graph_data
from tinygrad_bp.lessons.rounding import classes_of, conditions
from tinygrad_bp.lessons.setting import Setting
from tinygrad_bp.lessons.worksheet import Worksheet, leaves_of
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.lessons.writers.saving import FORMATS
from tinygrad_bp.text import shown, whole_number
from tinygrad_bp.words import Words, words

ALONE = "sheet"  # the name of a sheet that is none of several


def exercise(
    loss: Value,
    *,
    seed: int | str = 0,
    blanks: str | Iterable[str] = "all",
    lr: float | None = None,
    parameters: Iterable[Value | str] | None = None,
    questions: int = 4,
    digits: int = 4,
    most: int = MOST_BLANKS,
    zeros: bool = False,
    keep: Iterable[Value | str] = (),
    rules: bool = True,
    title: str = "",
    sheet: str = ALONE,
    language: str = "en",
) -> Exercise:
    """A sheet with blanks for a round of backpropagation on a network, or on any formula, with numbers drawn anew.

    Args:
        loss: the Value that everything is computed for. It is recorded once more with other numbers, and stays as it is.
        seed: what is drawn; the same one gives the same sheet.
        blanks: what is to be filled in: "forward", "deltas", "gradients", "update", several of them, "deltas,gradients" or a list,
            "all" of them, or a list of names, such as `["net_h1", "dE/dw5"]`. What comes before is given.
        lr: the learning rate; without one nothing is updated.
        parameters: the leaves that are trained, Values or their names; without them all but those called as inputs and targets are, i1, x,
            t, target_o1, ...; of a formula without neurons all leaves.
        questions: how many questions of understanding there are at most.
        digits: how many digits that count a number is to have. An answer is right if it is the number, rounded to the digits that it has.
        most: how many blanks there are at most, where none of them is asked for by its name. Of more quantities some are drawn, of
            each part and of the same neurons, and what else these need is given. Without a choice they are work for half an hour.
        zeros: whether an input may be 0.
        keep: leaves whose numbers stay, but for digits beyond those that count, such as inputs and targets that are a row of a table, or
            a constant of nature: Values, or their names. A label that several leaves have, as in a batch, keeps all of them.
        rules: whether the sheet tells, in general, by which rules deltas, derivatives and updates are found.
        title: a heading of your own.
        sheet: the name of the sheet, as keys and answers have it.
        language: "en" or "ja".

    Raises TypeError for what is no Value, ValueError for one that was not computed from anything or cannot be with other numbers, for
    leaves that were changed since, for blanks that there are none of, for "update" without a learning rate, and for another language.
    """
    say = words(language, "exercise")
    digits = whole_number(digits, "exercise: digits", 2, 9)
    count = whole_number(questions, "exercise: questions", 0, 5)
    if not isinstance(seed, int | str) or isinstance(seed, bool):
        raise TypeError(f"exercise: seed is a whole number or a text, not {type(seed).__name__} {shown(seed)}")
    title = text_of(title, "exercise: title")
    zeros, ruled = truth(zeros, "exercise: zeros"), truth(rules, "exercise: rules")
    most = whole_number(most, "exercise: most", 1, MOST)
    original = _derivation(loss, lr, parameters)
    choice = chosen(original, blanks, Lots(f"blanks {seed}"), most)
    steps = [original[name] for name in choice.names]
    kept = _leaves_among(original, keep)
    numbers = redrawn(original, f"numbers {seed}", zeros=zeros, keep=kept, asked=steps, digits=digits)
    copies = recorded_again(original, numbers)
    found = _derivation(copies[loss], lr, [copies[v] for v in original.parameters])
    return Exercise(found, seed, choice, count, digits, say, title, sheet, ruled=ruled)


def _leaves_among(found: Derivation, keep: Iterable[Value | str]) -> list[Value]:
    leaves = [v for v in found.order if v.op is None]
    names = {v: found.names[v] for v in leaves if v in found.names}
    kept: list[Value] = []
    for each in several(keep, "exercise: what is kept"):
        called = leaves_called(leaves, names, each)
        if not called:
            near = near_leaves(leaves, names, each)
            raise ValueError(f"exercise: keep names leaves of the graph, and {shown(each)} is none{near}")
        kept += called
    return kept


def _derivation(loss: Value, lr: float | None, parameters: Iterable[Value | str] | None) -> Derivation:
    found = Derivation(loss, learning_rate=lr, parameters=parameters, operation="exercise")
    chosen = None if parameters is None else found.parameters
    if len(found.forward) == 1 and not found.neurons:  # without a label on the way there are no steps
        found = Derivation(loss, learning_rate=lr, parameters=chosen, labelled_only=False)
    return found


class Exercise(Document):
    """What `exercise` wrote: a document, the sheet. It shows itself, and is written by `text`, `markdown`, `latex`, `html` and `save`.

    Attributes:
        derivation: all that is derived, by name, of the graph with the new numbers.
        asked: the blanks.
        questions: the questions of understanding.
        sheet: its name.
    """

    def __init__(
        self,
        derivation: Derivation,
        seed: int | str,
        choice: Choice,
        count: int,
        digits: int,
        say: Words,
        title: str,
        sheet: str,
        *,
        ruled: bool = True,
    ) -> None:
        self.derivation, self.seed, self.digits, self.sheet = derivation, seed, digits, sheet
        self._say = say
        setting = Setting(derivation, Equations(derivation, digits + KEPT), say)
        steps = [derivation[name] for name in choice.names]
        found = conditions(derivation, derivation.recorded, steps, digits, classes_of(derivation))
        unclear = {name for name in choice.names if not found[name].is_clear}
        unclear |= {step.name for step in steps if not setting.is_told(step)}
        # With a derivative goes the update that it was asked for: to give it would be the answer to others in another form.
        unclear |= {step.name for step in steps if slope_of(derivation, step) in unclear}
        choice = without_detours(derivation, choice.without(unclear), setting.is_told)
        self.asked: Sequence[Asked] = [
            asked(number, derivation[name], digits, found[name].tolerance)
            for number, name in enumerate(choice.names, 1)
        ]
        self.questions: list[Question] = questions(setting, say, Lots(f"questions {seed}"), count)
        self._worksheet = Worksheet(
            setting,
            say,
            digits=digits,
            asked=self.asked,
            whole=choice.whole,
            known=given(derivation, choice, setting.is_told),
            questions=self.questions,
            title=title,
            ruled=ruled,
        )
        super().__init__(list(self._worksheet.blocks()), say.language)

    # What it is written as

    @cached_property
    def key(self) -> Document:
        """The answers, each with the step of the lesson that leads to it."""
        heading = phrase(self._say, "exercise.key.title", title=plain(self._worksheet.title))
        return Document([Title(heading), *self._worksheet.key()], self.language)

    @property
    def answered(self) -> Document:
        """The sheet and, folded or at its end, the answers."""
        heading = Heading(phrase(self._say, "exercise.part.key"))
        return Document([*self.blocks, heading, *self._worksheet.key()], self.language)

    def key_data(self) -> dict[str, Any]:
        """The key as dictionaries and lists, for JSON, as the beginning of this module describes it."""
        found = self.derivation
        return {
            "format": "tinygrad_bp exercise key",
            "version": 1,
            "sheet": self.sheet,
            "title": self.title,
            "language": self.language,
            "seed": self.seed,
            "learning_rate": found.learning_rate,
            "digits": self.digits,
            "leaves": {found.names[v]: v.data for v in leaves_of(found)},
            "answers": [
                {
                    "number": each.number,
                    "name": each.step.name,
                    "kind": each.step.kind,
                    "value": each.value,
                    "tolerance": each.tolerance,
                    "text": each.text,
                }
                for each in self.asked
            ],
            "questions": [
                {
                    "number": number,
                    "name": f"q{number}",
                    "kind": question.kind,
                    "text": plain(question.text),
                    "choices": {LETTERS[k]: plain(choice) for k, choice in enumerate(question.choices)},
                    "right": question.letters,
                    "several": question.several,
                }
                for number, question in self._worksheet.numbered()
            ],
            "graph": graph_data(found),
        }

    def template(self) -> str:
        """The beginning of a file of answers, as CSV: the name of each blank and question, and room for what is answered."""
        names = [each.step.name for each in self.asked] + [f"q{number}" for number, _ in self._worksheet.numbered()]
        return csv_of([["name", "answer"], *([name, ""] for name in names)])

    def to_dict(self) -> dict[str, Any]:
        """As dictionaries and lists, for JSON: the sheet without its answers, and what is asked by name."""
        asked = [{"number": each.number, "name": each.step.name, "kind": each.step.kind} for each in self.asked]
        asked += [{"number": k, "name": f"q{k}", "kind": each.kind} for k, each in self._worksheet.numbered()]
        return {**super().to_dict(), "sheet": self.sheet, "digits": self.digits, "asked": asked}

    def moodle(self) -> str:
        """As Moodle XML, which a Moodle imports into its question bank: a numerical question for each blank, others with choices."""
        return moodle(self.problem())

    def gift(self) -> str:
        """As GIFT, the format of plain text that Moodle imports. It has no picture."""
        return gift(self.problem())

    def problem(self) -> Problem:
        """The pieces that questions of a Moodle are put together from."""
        return self._worksheet.problem("" if self.sheet == ALONE else self.sheet)

    def save(self, path: str | os.PathLike[str], format: str | None = None, *, key: bool = False) -> Path:
        """Writes the sheet to a file. Returns its path.

        Args:
            path, format: as in `Document.save`; also "xml" (Moodle) and "gift".
            key: whether the answers follow at its end.

        Raises ValueError for another suffix or format, and what `Document.save` raises.
        """
        format = format_of(
            path, (*FORMATS, "xml", "gift"), "an exercise", "xml" if format == "moodle" else format, "txt"
        )
        if format == "xml":
            return write_whole(path, self.moodle())
        if format == "gift":
            return write_whole(path, self.gift())
        return self.answered.save(path, format) if key else super().save(path, format)
