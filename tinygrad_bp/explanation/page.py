"""An explanation as a page: what is said and in which order, and how that is set for the terminal and in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.output import said
from tinygrad_bp.core.stable import sum_of
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import columns, latex_name, latex_number, number
from tinygrad_bp.explanation.waypoints import Factor, Path, Quantity, Term
from tinygrad_bp.text import changed_since

if TYPE_CHECKING:
    from tinygrad_bp.explanation.chain_rule import Explanation

MOST = 24  # steps, factors, summands or stations that are written out; of more, those at both ends

HELD = "\x00"  # a space at which no line is broken; no name holds one

Row = Sequence[Sequence[str]]  # one side of an equation: a sum of products
Item = TypeVar("Item")
T = TypeVar("T")


class TextPage:
    """An explanation as plain text. `str()` is the page."""

    latex = False
    times = " * "

    def __init__(self, explanation: Explanation, digits: int, width: int = 80) -> None:
        self.explanation, self.graph = explanation, explanation.graph
        self.digits, self.width = digits, width
        self.lines: list[str] = []
        self.write()

    @said
    def __str__(self) -> str:
        return "\n".join(self.lines).rstrip("\n")

    # What is said

    def write(self) -> None:
        e, graph = self.explanation, self.graph
        y, x = self.name(e.y), self.name(e.x)
        whole = self.symbol(graph.whole(e.x))
        if e.changed:
            self.sentence(changed_since([self.spelled(name) for name in e.changed_names]) + ".")
        if e.x is e.y:
            self.equation(whole, [[["1"]]])
            self.sentence("A Value changes with itself one to one.")
            self.write_names()
            return
        if not e.path_count:
            self.equation(whole, [[["0"]]])
            swapped = e.y in set(topological_order(e.x))
            self.sentence(f"{y} does not depend on {x}{f': it is {x} that depends on {y}' if swapped else ''}.")
            self.write_names()
            return
        chain = graph.chain(e.x)
        self.equation(whole, self.rows([chain], e.total) if chain else self.steps_to(graph.quantity(e.x)))
        self.write_names()
        if graph.hides_all and (graph.invented or not (chain and chain.factors[0].formula())):
            self.sentence(
                "No Value between them has a label: set some v.label, or labelled_only=False shows every step."
            )
        if e.path_count > 1:
            self.write_paths()
        elif len(e.paths[0].nodes) > 2:
            self.stations("The path: ", e.paths[0])
        factors = {(factor.of, factor.by): factor for path in e.paths for factor in path.factors}
        if len(factors) > 1:
            self.sentence(
                "Its factors"
                if e.path_count == 1
                else "The factors"
                if len(e.paths) == e.path_count
                else "Their factors"
            )
            self.table(self.shown(list(factors.values()), self.factor_row, lambda more: (more, "", "")))
        steps = [node for node in graph.steps(e.x) if graph.summand[node] is not node]
        if len(steps) > 1:
            self.sentence(f"Step by step from {y} back to {x}")
            quantities: list[Quantity | str] = self.shown(steps, graph.quantity, str)
            for quantity in quantities:
                if isinstance(quantity, str):
                    self.sentence(self.inline(quantity) + ".")
                else:
                    self.equation(self.symbol(quantity.derivative), self.steps_to(quantity), indent=2)

    def write_names(self) -> None:
        """What each name stands for that the user did not give."""
        if self.graph.invented:
            self.sentence("Where")
            self.table(self.shown(self.graph.invented, self.meaning_row, lambda more: (more, "", "")))

    def write_paths(self) -> None:
        e = self.explanation
        count = str(e.path_count) if e.path_count < 10**70 else f"about {Decimal(e.path_count):.3e}"
        if len(e.paths) == e.path_count:
            self.sentence(f"{count} paths, and their sum")
        else:
            self.sentence(
                f"The {len(e.paths)} largest of {count} paths" if len(e.paths) > 1 else f"The largest of {count} paths"
            )
        for k, path in enumerate(e.paths, 1):
            self.stations(f"{k}. ", path)
            self.equation("", self.rows([Term(path.factors, path.product)], path.product))
        if len(e.paths) == e.path_count:
            products = [[self.number(path.product)] for path in e.paths]
            self.equation(self.symbol(self.graph.whole(e.x)), [products, [[self.number(e.total)]]])
        else:
            listed = sum_of(*[path.product for path in e.paths])
            share = "" if e.listed_share is None else f": {e.listed_share * 100:.3g} %"
            one = len(e.paths) == 1
            self.sentence(
                f"{'This' if one else 'These'} {len(e.paths)} of {count} {'makes' if one else 'make'} "
                f"{number(listed, self.digits)} of the total {number(e.total, self.digits)}{share}."
            )

    def meaning_row(self, node: Value) -> tuple[str, str, str]:
        formula = self.graph.writer[self.latex].value(node)
        kind = self.remark(f", a {'result' if node.op else 'leaf'} that has no label")
        return self.name(node), "", formula or self.number(node.data) + kind

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

        def product_of(write: Callable[[Factor], str]) -> Row:
            return sum_of(lambda term: self.shown(term.factors, write, str))

        rows = [product_of(self.symbol)]
        if len(terms) == 1 == len(terms[0].factors):
            rows.append([[terms[0].factors[0].formula(latex=self.latex)]])
        elif len(terms) <= MOST and all(map(self.by_delta, terms)):
            rows.append([self.by_delta(term) for term in terms])
        rows.append(product_of(lambda factor: self.number(factor.value)))
        rows.append(sum_of(lambda term: [self.number(term.value)]))
        rows.append([[self.number(total)]])
        return [row for i, row in enumerate(rows) if row != [[""]] and row not in rows[:i]]

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

    def shown(self, items: Sequence[Item], write: Callable[[Item], T], more: Callable[[str], T]) -> list[T]:
        """All items written, or of too many those at both ends with a remark between them."""
        if len(items) <= MOST:
            return [write(item) for item in items]
        remark = self.remark(f"… {len(items) - MOST} more …")
        return [*map(write, items[: MOST // 2]), more(remark), *map(write, items[-MOST // 2 :])]

    # How it is set

    def remark(self, text: str) -> str:
        return text

    def inline(self, text: str) -> str:
        return text

    def spelled(self, name: str) -> str:
        return name

    def name(self, node: Value) -> str:
        return self.spelled(self.graph.names[node])

    def symbol(self, factor: Factor) -> str:
        return factor.symbol

    def number(self, x: float) -> str:
        return number(x, self.digits)

    def delta(self, name: str) -> str:
        return name

    def sum(self, row: Row) -> list[list[str]]:
        """Each summand's factors with the signs that join them: negative numbers in parentheses or subtracted."""
        signed = []
        for i, product in enumerate(row):
            first, *others = product
            if i and first.startswith("-"):
                first = f"- {first[1:]}" if not others else f"+ ({first})"
            elif i:
                first = f"+ {first}"
            signed.append(
                [
                    first,
                    *[
                        f"{self.times.lstrip()}({x})" if x.startswith("-") else f"{self.times.lstrip()}{x}"
                        for x in others
                    ],
                ]
            )
        return signed

    def equation(self, left: str, rows: Sequence[Row], indent: int = 0) -> None:
        margin = " " * (indent if left else 3)
        rows = [row for row in rows if row != [[left]]]
        if columns(left) > self.width // 2 - 4:
            self.lines.append(margin + left)
            left = " " * 2
        for i, row in enumerate(rows):
            sign = " = " if left else "= " if i else "  "
            self.fill(margin + (" " * columns(left) if i else left) + sign, self.sum(row))
        self.lines.append("")

    def fill(self, start: str, summands: Sequence[Sequence[str]]) -> None:
        """One line if it fits; else each summand, and of a summand what does not fit, on a new line."""
        line = start + " ".join(piece for summand in summands for piece in summand)
        if columns(line) <= self.width:
            self.lines.append(line)
            return
        margin = " " * columns(start)
        for summand in summands:
            line = start
            for i, piece in enumerate(summand):
                if i and columns(line) + 1 + columns(piece) > self.width:
                    self.lines.append(line)
                    line = margin + "  " + piece
                else:
                    line += f" {piece}" if i else piece
            self.lines += self.wrapped(line, margin + "  ")
            start = margin

    def wrapped(self, line: str, margin: str) -> list[str]:
        """The line, broken at spaces where it is too long: inside parentheses and powers only if it does not fit otherwise."""
        if columns(line) <= self.width:
            return [line]
        first = line[: len(line) - len(line.lstrip())]
        for depth in (0, 1, 2, 3, len(line)):
            lines = textwrap.wrap(
                _held_together(line[len(first) :], depth),
                self.width,
                initial_indent=first,
                subsequent_indent=margin,
                break_long_words=False,
                break_on_hyphens=False,
            )
            if max(map(columns, lines)) <= self.width:
                break
        return [text.replace(HELD, " ") for text in lines]

    def table(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Symbols, numbers aligned at the point, formulas. Numbers or formulas may be empty."""
        symbols = max(columns(symbol) for symbol, _, _ in rows)
        before = max(text.find(".") if "." in text else len(text) for _, text, _ in rows)
        numbers = [" " * (before - (text.find(".") if "." in text else len(text))) + text for _, text, _ in rows]
        width = max(map(len, numbers))
        for (symbol, _, formula), text in zip(rows, numbers, strict=True):
            line = f"  {symbol}{' ' * (symbols - columns(symbol))}" + (f"  {text:<{width}} " if width else "")
            if columns(line) + columns(formula) + 3 <= self.width:
                self.lines.append(line.rstrip() if not formula else f"{line} = {formula}")
            else:
                self.lines.append(line.rstrip())
                self.lines += self.wrapped(f"    = {formula}", " " * 6)
        self.lines.append("")

    def stations(self, start: str, path: Path) -> None:
        names = self.shown(path.nodes, self.name, str)
        self.fill(start, [[names[0], *[f"← {name}" for name in names[1:]]]])
        if start == "The path: ":
            self.lines.append("")

    def sentence(self, text: str) -> None:
        self.lines += textwrap.wrap(text, self.width, break_long_words=False, break_on_hyphens=False)
        if text.endswith("."):
            self.lines.append("")


def _held_together(text: str, depth: int) -> str:
    """The text with its spaces around a power, and those deeper in parentheses than this, made unbreakable."""
    pieces = []
    deep = 0
    for c in text.replace(" ** ", f"{HELD}**{HELD}"):
        deep += (c == "(") - (c == ")")
        pieces.append(HELD if c == " " and deep > depth else c)
    return "".join(pieces)


class MarkdownPage(TextPage):
    """The same in Markdown, with formulas in LaTeX."""

    latex = True
    times = r" \cdot "

    def spelled(self, name: str) -> str:
        return self.inline(latex_name(name))

    def remark(self, text: str) -> str:
        return rf"\text{{{text}}}"

    def inline(self, text: str) -> str:
        return f"${text}$"

    def symbol(self, factor: Factor) -> str:
        return factor.latex

    def number(self, x: float) -> str:
        return latex_number(super().number(x))

    def delta(self, name: str) -> str:
        return latex_name(name).replace(r"\mathrm{delta}", r"\delta", 1)

    def equation(self, left: str, rows: Sequence[Row], indent: int = 0) -> None:
        lines = []
        for i, row in enumerate(row for row in rows if row != [[left]]):
            pieces = [piece for summand in self.sum(row) for piece in summand]
            parts = [" ".join(pieces[k : k + 6]) for k in range(0, len(pieces), 6)]
            lines.append(f"{left if not i else ''} &{'= ' if left or i else ''}{parts[0]}".lstrip())
            lines += [rf"&\quad {part}" for part in parts[1:]]
        self.display(lines)

    def table(self, rows: Sequence[tuple[str, str, str]]) -> None:
        lines = []
        for symbol, text, formula in rows:
            cells = [
                symbol.strip("$"),
                f"&= {text}" if text else "",
                f"{'&&' if text else '&'}= {formula}" if formula else "",
            ]
            lines.append(" ".join(filter(None, cells)))
        self.display(lines)

    def stations(self, start: str, path: Path) -> None:
        self.sentence(f"Path {start.strip(' .')}" if start[0].isdigit() else "The path")
        names = [name.strip("$") for name in self.shown(path.nodes, self.name, str)]
        self.display([r" \leftarrow ".join(names[k : k + 8]) for k in range(0, len(names), 8)])

    def display(self, lines: Sequence[str]) -> None:
        self.lines += ["$$", r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}", "$$", ""]

    def sentence(self, text: str) -> None:
        self.lines += [text if text.endswith(".") else f"**{text}**", ""]
