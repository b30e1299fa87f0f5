"""The matrix reading: a round of backpropagation layer by layer, in matrices, and as a program of NumPy's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain as flat

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import fraction, latex_number
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.asking import place_of, shortened
from tinygrad_bp.lessons.blocks import Block, Code, Equation, Formula, Piece
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import chain
from tinygrad_bp.lessons.layers import Layers, inputs_of, is_layered
from tinygrad_bp.lessons.phrases import enumerated
from tinygrad_bp.lessons.softmax import Share
from tinygrad_bp.lessons.speaking import Speaker
from tinygrad_bp.lessons.writers.in_numpy import ERF, NUMPY
from tinygrad_bp.lessons.writers.programs import fitted_lines

Matrix = list[list[float]]
MOST = 6  # rows and columns of a matrix that are shown
MOST_IN_CODE = 400  # parameters
DIGITS = 6  # that count, of a derivative in a matrix
MORE = 2  # of what it is the product of; and of what that is the product of again
MOST_MORE = 4  # times so many further digits, where a sum would not add up otherwise
PROGRAM = 76  # columns of the program
NEAR = 1e-9
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Level:
    """A layer in matrices, with a column for each case.

    Attributes:
        activation: its name; empty if there is none.
        setting: the number that it takes besides, the slope of a leaky relu; None if there is none.
        weights: a row for each neuron. `b` is a number for each, one number that all share, or None.
        z, a, slopes, delta: net inputs, outputs, slopes of the activation, derivatives of the loss with respect to the net inputs.
        arrives: the derivatives with respect to the outputs.
    """

    activation: str
    setting: float | None
    weights: Matrix
    b: list[float] | float | None
    z: Matrix
    a: Matrix
    slopes: Matrix
    delta: Matrix
    arrives: Matrix


def levels(found: Derivation, cases: Sequence[Layers]) -> tuple[Matrix, list[Level]] | None:
    """The inputs and the layers; None where the graph is no network of whole layers, all of whose weights are derived."""
    if not cases or not all(map(is_layered, cases)) or len({tuple(map(len, layers)) for layers in cases}) > 1:
        return None
    total = found.graph.total
    first = cases[0]
    weights = [c.weight for layer in first for unit in layer for c in unit.connections]
    if len(set(weights)) < len(weights) or any(
        unit.net not in total for layers in cases for layer in layers for unit in layer
    ):
        return None
    x = _columns([[v.data for v in inputs_of(layers)] for layers in cases])
    read: list[Level] = []
    for depth, layer in enumerate(first):
        level = _level(found, [layers[depth] for layers in cases], layer)
        if level is None:
            return None
        read.append(level)
    return (x, read) if _fits(found, first, x, read) else None


def _level(found: Derivation, layers: Sequence[Sequence[Unit]], layer: Sequence[Unit]) -> Level | None:
    activations = {unit.activation.name if unit.activation else "" for unit in layer}
    settings = {tuple(unit.out.operands[1:]) for units in layers for unit in units if unit.activation}
    biases = [unit.bias for unit in layer]
    if len(activations) > 1 or len(settings) > 1:
        return None
    numbers = [x for setting in settings for x in setting if not isinstance(x, Value)]
    if sum(map(len, settings)) > 1 or len(numbers) < sum(map(len, settings)):
        return None
    b: list[float] | float | None = None
    if all(bias is None for bias in biases):
        b = None
    elif any(bias is None for bias in biases):
        return None
    elif len(set(biases)) == 1 and len(biases) > 1:
        b = biases[0].data if biases[0] is not None else None
    elif len(set(biases)) == len(biases):
        b = [bias.data for bias in biases if bias is not None]
    else:
        return None

    total = found.graph.total

    def each(number: object) -> Matrix:
        return _columns([[number(unit) for unit in units] for units in layers])  # type: ignore[operator]

    return Level(
        activations.pop(),
        numbers[0] if numbers else None,
        [[c.weight.data for c in unit.connections] for unit in layer],
        b,
        each(lambda unit: unit.net.data),
        each(lambda unit: unit.out.data),
        each(lambda unit: unit.out.local_derivatives[0] if unit.activation else 1.0),
        each(lambda unit: total[unit.net]),
        each(lambda unit: total[unit.out]),
    )


def _fits(found: Derivation, first: Layers, x: Matrix, read: Sequence[Level]) -> bool:
    """Whether the products of the matrices are the derivatives: whether nothing else acts on the loss."""
    below = x
    for depth, (level, layer) in enumerate(zip(read, first, strict=True)):
        product = times(level.delta, transposed(below))
        for row, unit in zip(product, layer, strict=True):
            wanted = [found.graph.total.get(c.weight, 0.0) for c in unit.connections]
            if not all(map(_near, row, wanted)):
                return False
        if depth + 1 < len(read):
            arrives = times(transposed(read[depth + 1].weights), read[depth + 1].delta)
            if not all(map(_near, flat.from_iterable(arrives), flat.from_iterable(level.arrives))):
                return False
        below = level.a
    return True


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= NEAR * (1e-6 + abs(a) + abs(b))


def times(a: Matrix, b: Matrix) -> Matrix:
    """The product of two matrices."""
    return [[sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)] for row in a]


def transposed(a: Matrix) -> Matrix:
    """Rows as columns."""
    return [list(column) for column in zip(*a, strict=True)]


def _columns(rows: Sequence[Sequence[float]]) -> Matrix:
    return transposed([list(row) for row in rows])


# Written


class Matrices:
    """The blocks of the matrix reading.

    Raises nothing: `there` says whether there is one.
    """

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        found = levels(speaker.found, speaker.cases)
        self.there = found is not None
        self.x, self.levels = found or ([], [])
        self.several = len(speaker.cases) > 1
        self.digits = min(speaker.write.digits, DIGITS)

    def blocks(self) -> Iterator[Block]:
        """Forward, backward, the update, and the program."""
        speak = self.speaker.paragraph
        yield speak("lesson.matrix.why", weights=self._name("W", 1))
        if self.several:
            yield speak("lesson.matrix.cases")
        a = self._name("a", 0)
        yield chain(a, [[self._matrix(self.x, 1 + self._more(1))]])
        for k, level in enumerate(self.levels, 1):
            yield from self._forward(k, level)
        yield speak("lesson.matrix.backward")
        for k in range(len(self.levels), 0, -1):
            yield from self._backward(k)
        program = self.program()
        if program:
            yield speak("lesson.matrix.code")
            yield Code(program, "python")
        elif self._count() > MOST_IN_CODE:
            yield speak("lesson.matrix.long", count=self._count())
        else:
            names = enumerated(self.speaker.say, self._not_in_numpy())
            yield speak("lesson.matrix.unknown", names=names)

    def _forward(self, k: int, level: Level) -> Iterator[Equation]:
        w, z, a, before = (self._name(letter, place) for letter, place in (("W", k), ("z", k), ("a", k), ("a", k - 1)))
        more = 1 + self._more(k)
        yield chain(w, [[self._matrix(level.weights, more)]])
        sums = [Formula(f"{w.text} {before.text}", f"{w.latex} {before.latex}")]
        if level.b is not None:
            b = self._name("b", k)
            numbers = [[x] for x in level.b] if isinstance(level.b, list) else [[level.b]] * len(level.weights)
            yield chain(b, [[self._matrix(numbers, more)]])
            column = r"\mathbf{1}^{\mathsf{T}}" if self.several else ""
            sums.append(Formula(f"+ {b.text}{' 1ᵀ' if self.several else ''}", f"+ {b.latex} {column}".rstrip()))
        yield chain(z, [sums, [self._matrix(level.z)]])
        rows = [[_applied(level.activation, z)]] if level.activation else [[z]]
        yield chain(a, [*rows, [self._matrix(level.a, 1 + self._more(k + 1))]])

    def _more(self, k: int) -> int:
        """How many times `MORE` further digits W, b and what comes in have, so that z of this layer adds up as it is shown."""
        if k > len(self.levels):
            return 0
        level, before = self.levels[k - 1], self.levels[k - 2].a if k > 1 else self.x
        b = level.b if isinstance(level.b, list) else [level.b or 0.0] * len(level.weights)
        digits = self.digits + MORE

        def adds_up(more: int) -> bool:
            def shown(numbers: Matrix) -> Matrix:
                return [[float(shortened(x, digits + more * MORE)) for x in row] for row in numbers]

            sums = times(shown(level.weights), shown(before))
            [biases] = shown([b])
            return all(
                shortened(x + bias, digits) == shortened(z, digits)
                for row, bias, wanted in zip(sums, biases, level.z, strict=True)
                for x, z in zip(row, wanted, strict=True)
            )

        return next(filter(adds_up, range(MOST_MORE)), 0)

    def _backward(self, k: int) -> Iterator[Equation]:
        level = self.levels[k - 1]
        delta, z, before = self._name("delta", k), self._name("z", k), self._name("a", k - 1)
        rows: list[list[Formula]] = []
        slope = _applied(level.activation, z, "'") if level.activation else None
        if k < len(self.levels):
            w, after = self._name("W", k + 1), self._name("delta", k + 1)
            back = Formula(f"({w.text}ᵀ {after.text})", rf"\left({{{w.latex}}}^{{\mathsf{{T}}}} {after.latex}\right)")
            rows.append([back, *_joined_by(slope)])
        elif share := self._shares():
            p, y = ([[getattr(each, kind) for each in row] for row in share] for kind in ("probability", "target"))
            count = share[0][0].cases
            gap = self.speaker.write.gap(alone=share[0][0].alone)
            over = Formula(f"({gap.text}) / {count}", rf"\tfrac{{1}}{{{count}}}\left({gap.latex}\right)")
            rows.append([over if count > 1 else gap])
            if count == 1:
                # Of a difference decimals count: of p next to 1 there are as many as p - 1 has.
                decimals = max(place_of(x, self.digits + MORE) for [x] in level.delta)
                second = self._matrix(y)
                rows.append([self._matrix(p, 2, decimals), Formula(f"- {second.text}", f"- {second.latex}")])
        else:
            error, a = self.speaker.write.name(self.speaker.found.loss), self._name("a", k)
            arrives = Formula(f"d{error.text}/d{a.text}", rf"\frac{{d{error.latex}}}{{d{a.latex}}}")
            rows.append([arrives, *_joined_by(slope)])
        if slope is not None:
            rows.append([self._matrix(level.arrives, 2), *_joined_by(self._matrix(level.slopes, 2))])
        yield chain(delta, [*rows, [self._matrix(level.delta)]])
        below = self.levels[k - 2].a if k > 1 else self.x
        d = Formula(f"dW{_raised(k)}", f"dW^{{({k})}}")
        product = Formula(f"{delta.text} {before.text}ᵀ", rf"{delta.latex} {{{before.latex}}}^{{\mathsf{{T}}}}")
        layer, products = self.speaker.cases[0][k - 1], times(level.delta, transposed(below))
        slopes = [
            [self._derivative(c.weight, x, level.delta[j]) for c, x in zip(unit.connections, products[j], strict=True)]
            for j, unit in enumerate(layer)
        ]
        yield chain(d, [[product], [self._matrix(slopes, 0)]])
        if level.b is None:
            return
        db = Formula(f"db{_raised(k)}", f"db^{{({k})}}")
        sums = [[sum(row)] for row in level.delta]
        if isinstance(level.b, list):
            sums = [[self._derivative(u.bias, x, row)] for u, [x], row in zip(layer, sums, level.delta, strict=True)]
            row = Formula(f"{delta.text} 1", rf"{delta.latex} \mathbf{{1}}") if self.several else delta
            yield chain(db, [[row], [self._matrix(sums, 0 if self.several else 1)]])
        else:
            total = self._derivative(layer[0].bias, sum(each for [each] in sums), flat.from_iterable(level.delta))
            text = shortened(total, self.digits)
            ones = Formula(f"sum({delta.text})", rf"\sum {delta.latex}")
            yield chain(db, [[ones], [Formula(text, latex_number(text))]])

    def _derivative(self, parameter: Value | None, product: float, delta: Iterable[float]) -> float:
        """The derivative as the backward pass has it, where the product of the matrices is the same but for what rounding leaves."""
        if parameter is None:
            return product
        total = self.speaker.found.graph.total.get(parameter, product)
        return total if abs(total - product) <= NEAR * sum(map(abs, delta)) else product

    def _shares(self) -> list[list[Share]]:
        """Of the last layer, a column for each case; empty without a cross entropy."""
        shares = self.speaker.shares
        last = [layers[-1] for layers in self.speaker.cases]
        if any(unit.net not in shares for layer in last for unit in layer):
            return []
        return [[shares[layer[k].net] for layer in last] for k in range(len(last[0]))]

    def _name(self, letter: str, k: int) -> Formula:
        shown = r"\delta" if letter == "delta" else letter
        if self.several and letter in "az":
            shown = letter.upper()
        if self.several and letter == "delta":
            shown = r"\Delta"
        text = letter.upper() if self.several and letter in "az" else letter
        return Formula(f"{text}{_raised(k)}", f"{shown}^{{({k})}}")

    def _matrix(self, numbers: Matrix, further: int = 1, decimals: int = 0) -> Formula:
        """A matrix; of a large one its first rows and columns, and its last.

        Args:
            further: how many products follow. For each of them the numbers have more digits, so that it can be found from what is shown.
            decimals: how many there are at least.
        """
        digits = self.digits + further * MORE
        rows = [
            [shortened(x, max(digits, digits + decimals - place_of(x, digits)) if decimals else digits) for x in row]
            for row in numbers
        ]
        wide, high = len(rows[0]) > MOST, len(rows) > MOST
        if wide:
            rows = [[*row[: MOST - 2], "…", row[-1]] for row in rows]
        if high:
            rows = [*rows[: MOST - 2], ["…"] * len(rows[0]), rows[-1]]
        column = len(rows[0]) == 1
        text = ", ".join(row[0] if column else f"[{', '.join(row)}]" for row in rows)
        latex = r" \\ ".join(" & ".join(r"\dots" if x == "…" else latex_number(x) for x in row) for row in rows)
        return Formula(f"[{text}]", rf"\begin{{pmatrix}} {latex} \end{{pmatrix}}")

    # The program

    def _count(self) -> int:
        return sum(len(level.weights) * (len(level.weights[0]) + 1) for level in self.levels)

    def _not_in_numpy(self) -> list[Piece]:
        """The activations that the program has no formula for."""
        return list(dict.fromkeys(level.activation for level in self.levels if level.activation not in NUMPY))

    def program(self) -> str:
        """A program of NumPy's that goes through the round; empty where it would be too long, or knows no such activation."""
        if self._count() > MOST_IN_CODE or self._not_in_numpy():
            return ""
        say, last = self.speaker.say, len(self.levels)
        written = " ".join(flat.from_iterable(NUMPY[level.activation] for level in self.levels))
        lines = ["import math", "", "import numpy as np", "", ERF] if "erf(" in written else ["import numpy as np"]
        lines += ["", f"# {say('lesson.part.network')}", f"a0 = {self._array(self.x)}"]
        for k, level in enumerate(self.levels, 1):
            lines.append(f"W{k} = {self._array(level.weights, whole=True)}")
            if isinstance(level.b, list):
                lines.append(f"b{k} = {self._array([[x] for x in level.b], whole=self.several)}")
            elif level.b is not None:
                lines.append(f"b{k} = {level.b!r}")
        lines += ["", f"# {say('lesson.part.forward')}"]
        for k, level in enumerate(self.levels, 1):
            bias = f" + b{k}" if level.b is not None else ""
            lines.append(f"z{k} = W{k} @ a{k - 1}{bias}")
            lines.append(f"a{k} = {NUMPY[level.activation][0].format(z=f'z{k}', s=level.setting)}")
        lines += ["", f"# {say('lesson.part.backward')}"]
        for k in range(last, 0, -1):
            lines += self._deltas(k)
            outer = f"delta{k} @ a{k - 1}.T" if self.several else f"np.outer(delta{k}, a{k - 1})"
            lines.append(f"dW{k} = {outer}")
            level = self.levels[k - 1]
            if isinstance(level.b, list):
                lines.append(f"db{k} = delta{k}.sum(axis=1, keepdims=True)" if self.several else f"db{k} = delta{k}")
            elif level.b is not None:
                lines.append(f"db{k} = delta{k}.sum()")
        lines += self._update()
        return "\n".join(fitted_lines("\n".join(lines), PROGRAM)) + "\n"

    def _deltas(self, k: int) -> list[str]:
        level = self.levels[k - 1]
        slope = NUMPY[level.activation][1].format(z=f"z{k}", a=f"a{k}", s=level.setting)
        slope = f" * {slope}" if slope else ""
        if k < len(self.levels):
            return [f"delta{k} = (W{k + 1}.T @ delta{k + 1}){slope}"]
        if share := self._shares():
            targets = [[each.target for each in row] for row in share]
            count, alone = share[0][0].cases, share[0][0].alone
            letter, gap = self.speaker.write.letter(alone=alone), self.speaker.write.gap(alone=alone).text
            softmax = [f"p = np.exp(a{k} - a{k}.max(axis=0))", "p /= p.sum(axis=0)"]
            return [
                f"{letter} = {self._array(targets)}",
                *([f"p = 1 / (1 + np.exp(-a{k}))"] if alone else softmax),
                f"delta{k} = ({gap}) / {count}" if count > 1 else f"delta{k} = {gap}",
            ]
        if target := self._targets():
            factor, numbers = target
            above_below = fraction(factor)
            written = " / ".join(map(str, above_below)) if above_below else repr(factor)
            times = "" if factor == 1.0 else f"{written} * "
            return [f"target = {self._array(numbers)}", f"delta{k} = {times}(a{k} - target){slope}"]
        error = self.speaker.found.names[self.speaker.found.loss]
        plain = error if error.isidentifier() and error.isascii() else "E"
        return [f"d{plain}_da{k} = {self._array(level.arrives)}", f"delta{k} = d{plain}_da{k}{slope}"]

    def _targets(self) -> tuple[float, Matrix] | None:
        """Where the error is a sum of squares: the factor before `a - target`, and the targets, which are among the given numbers."""
        found, level = self.speaker.found, self.levels[-1]
        weights = set(self.speaker.user_of)
        given = {x.data for v in found.order for x in v.args if x.op is None and x not in weights}
        cases, outputs = len(level.a[0]), len(level.a)
        for factor in dict.fromkeys(c / n for c in (1.0, 2.0) for n in (1, cases, outputs, cases * outputs)):
            targets = (
                [
                    [min(given, key=lambda x: abs(x - (a - g / factor))) for a, g in zip(*rows, strict=True)]
                    for rows in zip(level.a, level.arrives, strict=True)
                ]
                if given
                else []
            )
            if targets and all(
                _near(factor * (a - t), g)
                for rows in zip(level.a, targets, level.arrives, strict=True)
                for a, t, g in zip(*rows, strict=True)
            ):
                return factor, targets
        return None

    def _update(self) -> list[str]:
        found = self.speaker.found
        if found.learning_rate is None or found.optimizer is not None:
            return []
        lines = ["", f"# {self.speaker.say('lesson.part.update')}", f"eta = {found.learning_rate!r}"]
        for k, level in enumerate(self.levels, 1):
            lines.append(f"W{k} = W{k} - eta * dW{k}")
            if level.b is not None:
                lines.append(f"b{k} = b{k} - eta * db{k}")
        return lines

    def _array(self, numbers: Matrix, *, whole: bool = False) -> str:
        """A vector of one case, a matrix with a column for each of several."""
        if not (whole or self.several):
            return f"np.array({[row[0] for row in numbers]})"
        rows = [str(row) for row in numbers]
        line = f"np.array([{', '.join(rows)}])"
        return line if len(line) <= PROGRAM - 12 else "\n".join(["np.array([", *(f"    {row}," for row in rows), "])"])


def _raised(k: int) -> str:
    """The number of a layer at a letter, as textbooks have it: z⁽¹⁾ is no z1."""
    return f"⁽{str(k).translate(_RAISED)}⁾"


def _applied(activation: str, z: Formula, slope: str = "") -> Formula:
    sign = r"\sigma" if activation == "sigmoid" else rf"\mathrm{{{activation}}}"
    return Formula(f"{activation}{slope}({z.text})", rf"{sign}{slope}\left({z.latex}\right)")


def _joined_by(x: Formula | None) -> list[Formula]:
    return [] if x is None else [Formula(f"⊙ {x.text}", rf"\odot {x.latex}")]
