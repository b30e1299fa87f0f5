"""The step of an optimizer, written out: what it remembers, what it makes of that, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import enclosed
from tinygrad_bp.lessons.blocks import Equation, Formula
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import Equations, Product, chain, in_parentheses, summed, symbol
from tinygrad_bp.networks.optim import SGD, Adam, AdamW

ETA, MU, DECAY = Formula("eta", r"\eta"), Formula("mu", r"\mu"), Formula("lambda", r"\lambda")
BETA1, BETA2, EPSILON = Formula("beta1", r"\beta_{1}"), Formula("beta2", r"\beta_{2}"), Formula("eps", r"\epsilon")


class Steps:
    """The equations of the next step of each parameter.

    Attributes:
        kind: "descent", "momentum", "nesterov", "adam" or "adamw"; "other" of an optimizer of one's own, of which only results are known.
        decay: the weight decay.
        moments: the letters of what is remembered.
    """

    def __init__(self, found: Derivation, write: Equations) -> None:
        self.found, self.write = found, write
        optimizer = found.optimizer
        self.decay: float = getattr(optimizer, "weight_decay", 0.0)
        self.moments: str = ""
        if optimizer is None:
            self.kind = "descent"
        elif type(optimizer) is SGD:
            self.kind = "nesterov" if optimizer.nesterov else "momentum" if optimizer.momentum else "descent"
            self.moments = "v" if optimizer.momentum else ""
        elif type(optimizer) in (Adam, AdamW):
            self.kind = "adamw" if type(optimizer) is AdamW else "adam"
            self.moments = "mv"
        else:
            self.kind = "other"

    def equations(self, v: Value) -> Iterator[Equation]:
        """From the derivative to the new number."""
        optimizer = self.found.optimizer
        if self.kind == "other":
            yield chain(symbol(f"{self.found.names[v]}+"), [[self.write.number(self.found.moved(v)[0])]])
        elif isinstance(optimizer, Adam):
            yield from self._adam(v, optimizer)
        elif isinstance(optimizer, SGD) and (optimizer.momentum or optimizer.weight_decay):
            yield from self._sgd(v, optimizer)
        else:
            yield self.write.update(v)

    # Names

    def letter(self, letter: str, v: Value, *, new: bool = False, hat: bool = False) -> Formula:
        """`m_w5+`: a quantity of a parameter, before the step or after it."""
        name = self.found.names[v]
        latex = rf"\hat{{{letter}}}" if hat else letter
        return Formula(
            f"{letter}{'hat' * hat}_{enclosed(name)}{'+' * new}",
            rf"{{{latex}}}_{{{symbol(name).latex}}}{'^{+}' * new}",
        )

    def _gradient(self, v: Value) -> Formula:
        return self.write.derivative(self.found.loss, v)

    # Equations

    def _equation(self, left: Formula, symbols: list[Product], numbers: list[Product], value: float) -> Equation:
        return chain(left, [summed(symbols), summed(numbers), [self.write.number(value)]])

    def _slope(self, v: Value, slope: float) -> tuple[list[Equation], Formula, float]:
        """The derivative, with what pulls a weight to 0 added to it."""
        if not self.decay or self.kind == "adamw":
            return [], self._gradient(v), slope
        g, number, total = self.letter("g", v), self.write.number, slope + self.decay * v.data
        equation = self._equation(
            g,
            [(False, [self._gradient(v)]), (False, [DECAY, self.write.name(v)])],
            [(False, [number(slope)]), (False, [number(self.decay), number(v.data)])],
            total,
        )
        return [equation], g, total

    def _sgd(self, v: Value, optimizer: SGD) -> Iterator[Equation]:
        number, rate = self.write.number, self.found.learning_rate
        assert rate is not None
        equations, g, slope = self._slope(v, self.found.graph.total[v])
        yield from equations
        new, moments = self.found.moved(v)
        step, way = slope, g
        if optimizer.momentum:
            [old] = self.found.remembered[v]
            way, step = self.letter("v", v, new=True), moments[0]
            yield self._equation(
                way,
                [(False, [MU, self.letter("v", v)]), (False, [g])],
                [(False, [number(optimizer.momentum), number(old)]), (False, [number(slope)])],
                step,
            )
        if optimizer.nesterov:
            ahead = self.letter("s", v)
            yield self._equation(
                ahead,
                [(False, [g]), (False, [MU, way])],
                [(False, [number(slope)]), (False, [number(optimizer.momentum), number(step)])],
                slope + optimizer.momentum * step,
            )
            way, step = ahead, slope + optimizer.momentum * step
        yield self._equation(
            symbol(f"{self.found.names[v]}+"),
            [(False, [self.write.name(v)]), (True, [ETA, way])],
            [(False, [number(v.data)]), (True, [number(rate), number(step)])],
            new,
        )

    def _adam(self, v: Value, optimizer: Adam) -> Iterator[Equation]:
        number, t = self.write.number, optimizer.steps + 1
        rate = optimizer.rate()
        equations, g, slope = self._slope(v, self.found.graph.total[v])
        yield from equations
        new, moments = self.found.moved(v)
        hats = []
        for k, (letter, beta, x) in enumerate(zip("mv", (BETA1, BETA2), optimizer.betas, strict=True)):
            old, after = self.letter(letter, v), self.letter(letter, v, new=True)
            powers = [_squared(each) if letter == "v" else each for each in (g, number(slope))]
            rest = [Formula(f"(1 - {b.text})", rf"\left(1 - {b.latex}\right)") for b in (beta, number(x))]
            yield self._equation(
                after,
                [(False, [beta, old]), (False, [rest[0], powers[0]])],
                [(False, [number(x), number(self.found.remembered[v][k])]), (False, [rest[1], powers[1]])],
                moments[k],
            )
            hats.append((self.letter(letter, v, hat=True), moments[k] / (1.0 - x**t)))
            rows = [
                [_corrected(after, beta, Formula("t", "t"))],
                [_corrected(number(moments[k]), number(x), number(t))],
            ]
            yield chain(hats[k][0], [*rows, [number(hats[k][1])]])
        start, place = self.write.name(v), v.data
        if self.kind == "adamw" and self.decay:
            place = v.data * (1.0 - rate * self.decay)
            start = Formula(f"{self.write.name(v).text}'", f"{{{self.write.name(v).latex}}}'")
            yield self._equation(
                start,
                [(False, [self.write.name(v)]), (True, [ETA, DECAY, self.write.name(v)])],
                [(False, [number(v.data)]), (True, [number(rate), number(self.decay), number(v.data)])],
                place,
            )
        (m, mean), (size, square) = hats
        yield self._equation(
            symbol(f"{self.found.names[v]}+"),
            [(False, [start]), (True, [ETA, _over_root(m, size, EPSILON)])],
            [
                (False, [number(place)]),
                (True, [number(rate), _over_root(number(mean), number(square), number(optimizer.eps))]),
            ],
            new,
        )


def _squared(x: Formula) -> Formula:
    inside = in_parentheses(x) if x.text.startswith("-") or "/" in x.text or "e" in x.text else x
    return Formula(f"{inside.text} ** 2", f"{inside.latex}^{{2}}" if inside is not x else f"{{{x.latex}}}^{{2}}")


def _corrected(x: Formula, beta: Formula, t: Formula) -> Formula:
    return Formula(
        f"{x.text} / (1 - {beta.text} ** {t.text})", rf"\frac{{{x.latex}}}{{1 - {beta.latex}^{{{t.latex}}}}}"
    )


def _over_root(m: Formula, v: Formula, eps: Formula) -> Formula:
    return Formula(
        f"({m.text} / (sqrt({v.text}) + {eps.text}))", rf"\frac{{{m.latex}}}{{\sqrt{{{v.latex}}} + {eps.latex}}}"
    )
