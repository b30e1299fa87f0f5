"""The error of a cross entropy as textbooks have it: the probabilities p by softmax or sigmoids, L = -log(p), and how p - y comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Equation, Formula
from tinygrad_bp.lessons.equations import Equations, Product, Row, chain, in_parentheses, summed
from tinygrad_bp.lessons.layers import Layers
from tinygrad_bp.lessons.softmax import NEAR, Share, entropies, grouped, surprise


class Entropy:
    """The equations of a cross entropy.

    Attributes:
        of: of each Value that is the cross entropy of some cases the last layers of these: of one, or of all whose mean or sum it is. Of
            sigmoids, each of which is for itself, one output after the other.
    """

    def __init__(self, write: Equations, cases: Sequence[Layers], shares: Mapping[Value, Share]) -> None:
        self.write, self.shares = write, shares
        self.of: dict[Value, list[Sequence[Unit]]] = {}
        self._divisors: dict[Value, int] = {}
        groups = [grouped(layers[-1], shares) for layers in cases]
        last = [group for each in groups for group in each]
        if not all(groups) or not last:
            return
        nets = [[unit.net for unit in layer] for layer in last]
        for v, factors in entropies(write.derivation.order, write.derivation.names, nets, shares).items():
            layers: list[Sequence[Unit]] = [last[k] for k in factors]
            total = math.fsum(surprise(nets[k], shares) for k in factors)
            for divisor in dict.fromkeys((1, len(layers), len(cases), shares[nets[0][0]].cases)):
                if math.isclose(v.data, total / divisor, rel_tol=NEAR, abs_tol=1e-300):
                    self.of[v], self._divisors[v] = layers, divisor
                    break

    def probabilities(self, layer: Sequence[Unit]) -> Iterator[Equation]:
        """p of each class."""
        return (self.probability(layer, unit) for unit in layer)

    def probability(self, layer: Sequence[Unit], unit: Unit) -> Equation:
        """p of a class: exp(net), over the sum of these of the layer; of a sigmoid that of the net input."""
        p = self.shares[unit.net].probability
        if self.shares[unit.net].alone:
            net = self.write.name(unit.net)
            whole = Formula(f"sigmoid({net.text})", rf"\sigma\left({net.latex}\right)")

            def written(digits: int) -> Row:
                x = self.write.number(unit.net.data, digits)
                minus = in_parentheses(x) if x.text.startswith("-") else x
                inside = Formula(f"exp(-{minus.text})", f"e^{{-{minus.latex}}}")
                return [_over(_plain("1"), Formula(f"1 + {inside.text}", f"1 + {inside.latex}"))]

            return chain(self.letter("p", unit), [[whole], self.write.followed(written, p), [self.write.number(p)]])

        def quotient(digits: int | None) -> Row:
            return [_over(self._exp(unit, digits), self._sum(layer, digits))]

        return self._equation(self.letter("p", unit), quotient, p)

    def error(self, v: Value) -> Equation:
        """L = -log(p) of the right class, or the mean or the sum of these."""
        layers, divisor = self.of[v], self._divisors[v]

        def written(digits: int | None) -> Row:
            row = self.write.shortened([term for layer in layers for term in self._logarithms(layer, digits)])
            return row if divisor == 1 else [_over(_inside(row), _plain(str(divisor)))]

        return self._equation(self.write.name(v), written, v.data)

    def derived(self, layer: Sequence[Unit]) -> Equation:
        """-log(p) of the right class, taken apart: the logarithm of the sum, whose slope is p, less the net input, whose slope is y."""

        def written(digits: int | None) -> Row:
            inside = self._sum(layer, digits)
            products: list[Product] = [(False, [Formula(f"log({inside.text})", rf"\ln\left({inside.latex}\right)")])]
            for unit in layer:
                y = self.shares[unit.net].target
                if y:
                    net = self.write.number(unit.net.data, digits) if digits else self.write.name(unit.net)
                    products.append((True, [*([] if y == 1.0 else [self.write.number(y)]), net]))
            return self.write.shortened(products)

        left = _inside(self.write.shortened(self._logarithms(layer)))
        return self._equation(left, written, surprise([unit.net for unit in layer], self.shares))

    def _equation(self, left: Formula, written: Callable[[int | None], Row], result: float) -> Equation:
        """What is written in symbols, without digits, then in numbers, and the result."""
        return chain(left, [written(None), self.write.followed(written, result), [self.write.number(result)]])

    def letter(self, letter: str, unit: Unit) -> Formula:
        """`p_o1`: the probability of a class; or its target."""
        return self.write.of_class(letter, unit) if letter == "p" else self.write.target(unit)

    def slopes(self, unit: Unit) -> tuple[Formula, Formula]:
        """Of a sigmoid: p (1 - p), its slope, and (p - t) / (p (1 - p)), that of the cross entropy with respect to p."""
        p, t = self.letter("p", unit), self.letter("t", unit)
        slope = Formula(f"{p.text} * (1 - {p.text})", rf"{p.latex} \cdot \left(1 - {p.latex}\right)")
        return slope, _over(Formula(f"{p.text} - {t.text}", f"{p.latex} - {t.latex}"), slope)

    def slope(self, layer: Sequence[Unit], unit: Unit) -> Formula:
        """p - y of a class, with p as a formula of the net inputs."""
        return _over(self._exp(unit), self._sum(layer))

    def _logarithms(self, layer: Sequence[Unit], digits: int | None = None) -> list[Product]:
        if self.shares[layer[0].net].alone:
            return self._binary(layer[0], digits)
        products: list[Product] = []
        for unit in layer:
            share = self.shares[unit.net]
            if share.target:
                p = self.write.number(share.probability, digits) if digits else self.letter("p", unit)
                log = Formula(f"log({p.text})", rf"\ln\left({p.latex}\right)" if digits else rf"\ln {p.latex}")
                products.append((True, [log] if share.target == 1.0 else [self.write.number(share.target), log]))
        return products

    def _binary(self, unit: Unit, digits: int | None = None) -> list[Product]:
        """-(t log(p) + (1 - t) log(1 - p)); where the target is 1 or 0 by the program itself, the one that is not 0."""
        share = self.shares[unit.net]
        p = self.write.number(share.probability, digits) if digits else self.letter("p", unit)
        t = self.write.number(share.target, digits) if digits else self.letter("t", unit)
        less = Formula(f"1 - {p.text}", f"1 - {p.latex}")
        logs = [
            Formula(f"log({x.text})", rf"\ln\left({x.latex}\right)" if " " in x.text else rf"\ln {x.latex}")
            for x in (p, less)
        ]
        if share.leaf is None and share.target in (0.0, 1.0):
            return [(True, [logs[0 if share.target else 1]])]
        if share.leaf is None:
            t = self.write.number(share.target)
        rest = in_parentheses(Formula(f"1 - {t.text}", f"1 - {t.latex}"))
        return [(True, [in_parentheses(_inside(summed([(False, [t, logs[0]]), (False, [rest, logs[1]])])))])]

    def _exp(self, unit: Unit, digits: int | None = None) -> Formula:
        x = self.write.number(unit.net.data, digits) if digits else self.write.name(unit.net)
        return Formula(f"exp({x.text})", f"e^{{{x.latex}}}")

    def _sum(self, layer: Sequence[Unit], digits: int | None = None) -> Formula:
        return _inside(self.write.shortened([(False, [self._exp(unit, digits)]) for unit in layer]))


def _inside(row: Row) -> Formula:
    return Formula(" ".join(x.text for x in row), " ".join(x.latex for x in row))


def _plain(text: str) -> Formula:
    return Formula(text, text)


def _over(top: Formula, bottom: Formula) -> Formula:
    above = in_parentheses(top).text if " " in top.text else top.text
    below = in_parentheses(bottom).text if " " in bottom.text else bottom.text
    return Formula(f"{above} / {below}", rf"\frac{{{top.latex}}}{{{bottom.latex}}}")
