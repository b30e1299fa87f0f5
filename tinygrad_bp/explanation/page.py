"""The chain rule as a page: what is said and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.stable import sum_of
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import number
from tinygrad_bp.explanation.pencil import adding_up, multiply, to_follow
from tinygrad_bp.explanation.setting import MOST, LatexSetting, MarkdownSetting, Row, TextSetting
from tinygrad_bp.explanation.waypoints import Factor, Path, Quantity, Term, factors_of, summands

if TYPE_CHECKING:
    from tinygrad_bp.explanation.chain_rule import Explanation


class TextPage(TextSetting):
    """An explanation as plain text."""

    def __init__(self, explanation: Explanation, digits: int, width: int, language: str) -> None:
        self.explanation, self.graph = explanation, explanation.graph
        super().__init__(explanation.graph.names, digits, width, language)

    def write(self) -> None:
        e, graph = self.explanation, self.graph
        y, x = self.name(e.y), self.name(e.x)
        whole = self.symbol(graph.whole(e.x))
        if e.changed:
            self.changed(e.changed_names)
        if e.x is e.y:
            self.equation(whole, [[["1"]]])
            self.sentence(self.say("explain.itself"))
            self.write_names()
            return
        if not e.path_count:
            self.equation(whole, [[["0"]]])
            swapped = e.y in set(topological_order(e.x))
            self.sentence(self.say("explain.swapped" if swapped else "explain.independent", y=y, x=x))
            self.write_names()
            return
        chain = graph.chain(e.x)
        self.equation(whole, self.rows([chain], e.total) if chain else self.steps_to(graph.quantity(e.x)))
        self.write_names()
        if graph.hides_all and (graph.invented or not (chain and chain.factors[0].formula())):
            self.sentence(self.say("explain.unlabelled"))
        if e.path_count > 1:
            self.write_paths()
        elif len(e.paths[0].nodes) > 2:
            self.stations(e.paths[0])
        factors = {(factor.of, factor.by): factor for path in e.paths for factor in path.factors}
        if len(factors) > 1:
            which = "one" if e.path_count == 1 else "all" if len(e.paths) == e.path_count else "some"
            self.heading(self.say(f"explain.factors.{which}"))
            self.table(self.shown(list(factors.values()), self.factor_row, lambda more: (more, "", "")))
        steps = [node for node in graph.steps(e.x) if graph.summand[node] is not node]
        if len(steps) > 1:
            self.heading(self.say("explain.steps", y=y, x=x))
            quantities: list[Quantity | str] = self.shown(steps, graph.quantity, str)
            for quantity in quantities:
                if isinstance(quantity, str):
                    self.sentence(self.inline(quantity))
                else:
                    self.equation(self.symbol(quantity.derivative), self.steps_to(quantity), indent=2)

    def write_names(self) -> None:
        """What each name stands for that the user did not give."""
        if self.graph.invented:
            self.heading(self.say("explain.where"))
            self.table(self.shown(self.graph.invented, self.meaning_row, lambda more: (more, "", "")))

    def write_paths(self) -> None:
        e = self.explanation
        about = e.path_count >= 10**70  # some have more digits than Python prints
        count = self.say("explain.about", number=f"{Decimal(e.path_count):.3e}") if about else str(e.path_count)
        which = "all" if len(e.paths) == e.path_count else "some" if len(e.paths) > 1 else "largest"
        self.heading(self.say(f"explain.paths.{which}", all=count, listed=len(e.paths)))
        for k, path in enumerate(e.paths, 1):
            self.stations(path, k)
            self.equation("", self.rows([Term(path.factors, path.product)], path.product))
        if len(e.paths) == e.path_count:
            parts = [path.product for path in e.paths]
            digits = adding_up(parts, e.total, self.digits)
            products = [[self.number(x, digits)] for x in parts]
            self.equation(self.symbol(self.graph.whole(e.x)), [products, [[self.number(e.total)]]])
        else:
            listed = sum_of(*[path.product for path in e.paths])
            share = "" if e.listed_share is None else f": {e.listed_share * 100:.3g} %"
            texts = {"part": number(listed, self.digits), "total": number(e.total, self.digits), "share": share}
            self.sentence(self.say("explain.share", count=len(e.paths), all=count, **texts))

    def meaning_row(self, node: Value) -> tuple[str, str, str]:
        formula = self.graph.writer[self.latex].value(node) or self.graph.in_numbers[self.latex].value(node)
        if formula:
            return self.name(node), "", formula
        kind = self.remark(f", {self.say('explain.result' if node.op else 'explain.leaf')}")
        return self.name(node), "", self.number(node.data) + kind

    def symbol(self, factor: Factor) -> str:
        return factor.symbol

    def factor_row(self, factor: Factor) -> tuple[str, str, str]:
        return self.symbol(factor), self.number(factor.value), factor.formula(latex=self.latex)

    def steps_to(self, quantity: Quantity) -> list[Row]:
        """The right sides of the equations that lead to a quantity."""
        rows: list[Row] = [[[self.symbol(part)] for part in quantity.parts]] if quantity.parts else []
        rows += self.rows(quantity.terms, quantity.derivative.value)
        if quantity.delta:
            rows[-1] = [[f"{rows[-1][0][0]} = {self.delta(quantity.delta)}"]]
        return rows

    def rows(self, terms: Sequence[Term], total: float) -> list[Row]:
        """A sum of products in symbols, by the delta rule and in numbers, then its terms and the total."""

        def sum_of(write: Callable[[Term], Sequence[str]]) -> Row:
            return self.shown(terms, write, lambda more: [more])

        rows = [sum_of(lambda term: self.shown(term.factors, self.symbol, str))]
        if len(terms) == 1 == len(terms[0].factors):
            rows.append([[terms[0].factors[0].formula(latex=self.latex)]])
        elif len(terms) <= MOST and all(map(self.by_delta, terms)):
            rows.append([self.by_delta(term) for term in terms])
        parts = summands(terms, MOST)
        digits = adding_up(parts, total, self.digits) if 1 < len(terms) <= MOST else self.digits
        further = self.digits_of(terms, digits)
        rows.append(
            sum_of(
                lambda term: self.shown(
                    factors_of([x.value for x in term.factors]), lambda x: self.number(x, further), str
                )
            )
        )
        rows.append(self.shown(parts, lambda x: [self.number(x, digits)], lambda more: [more]))
        rows.append([[self.number(total)]])
        return [row for i, row in enumerate(rows) if row != [[""]] and row not in rows[:i]]

    def digits_of(self, terms: Sequence[Term], digits: int) -> int:
        """How many digits factors have, so that their product is with a pencil the summand that is shown with so many digits."""
        products = [factors_of([x.value for x in term.factors]) for term in terms]
        if len(terms) > MOST or any(len(factors) > MOST for factors in products):
            return digits

        def written(more: int) -> tuple[list[list[str]], int]:
            return [[number(x, more) for x in factors] for factors in products], more

        results = [term.value for term in terms]
        return to_follow(written, lambda found: multiply(found[0], results, digits), digits)[1]

    def by_delta(self, term: Term) -> list[str]:
        """The delta rule's form of a term, `delta_o1 * out_h1`; empty if it has none."""
        if len(term.factors) != 2 or not (delta := self.graph.delta(term.factors[0].by)):
            return []
        local = term.factors[1]
        formula = local.formula(latex=self.latex)
        if not formula:
            return [self.delta(delta)] if local.value == 1.0 else []
        loose = " + " in formula or " - " in formula
        return [self.delta(delta), f"({formula})" if loose else formula]

    def stations(self, path: Path, number: int | None = None) -> None:
        """The Values on a path, of several with its number."""
        names = self.shown(path.nodes, self.name, str)
        start = f"{self.say('explain.path')} " if number is None else f"{number}. "
        self.fill(start, [[names[0], *[f"← {name}" for name in names[1:]]]])
        if number is None:
            self.lines.append("")


class MarkdownPage(MarkdownSetting, TextPage):
    """The same in Markdown, with formulas in LaTeX."""

    def symbol(self, factor: Factor) -> str:
        return factor.latex

    def stations(self, path: Path, number: int | None = None) -> None:
        self.heading(
            self.say("explain.path.one") if number is None else self.say("explain.path.numbered", number=number)
        )
        names = [name.strip("$") for name in self.shown(path.nodes, self.name, str)]
        self.display([r" \leftarrow ".join(names[k : k + 8]) for k in range(0, len(names), 8)])


class LatexPage(LatexSetting, MarkdownPage):
    """The same as a LaTeX document."""
