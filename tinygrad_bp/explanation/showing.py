"""What `explain` returns shows itself: at the prompt, in notebooks, as text and in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import significant
from tinygrad_bp.explanation.setting import TextSetting
from tinygrad_bp.shown import Shown
from tinygrad_bp.text import number_as_json, whole_number


class Showing(Shown):
    """What computations and explanations share.

    Attributes:
        changed: the leaves whose data had been changed after it was used.
        language: in which it is said if nothing else is asked for.
        pages: what sets it as text, in Markdown, and in LaTeX.
    """

    changed: tuple[Value, ...]
    language: str
    pages: ClassVar[tuple[Callable[[Any, int, int, str], TextSetting], ...]]

    @property
    def called(self) -> Mapping[Value, str]:
        """The names of all that has a part in it."""
        raise NotImplementedError

    @property
    def changed_names(self) -> list[str]:
        """What the leaves are called whose data was changed."""
        return [self.called.get(leaf) or f"an unlabelled leaf of {leaf.data!r}" for leaf in self.changed]

    @property
    def changed_data(self) -> list[dict[str, Any]]:
        """The same for JSON, with what their data is now."""
        pairs = zip(self.changed_names, self.changed, strict=True)
        return [{"name": name, "data": number_as_json(leaf.data)} for name, leaf in pairs]

    @said
    def text(self, *, digits: int = 9, width: int = 80, language: str | None = None) -> str:
        """It as plain text, for a terminal.

        Args:
            digits: how many decimals numbers have; very small and very large ones have as many significant digits instead.
            width: the columns of the terminal. A symbol that is longer by itself is not broken.
            language: "en" or "ja"; that of the explanation if nothing is said.

        Raises TypeError if digits or width are no whole numbers, ValueError for digits outside 1 to 17, a width below 20, and another
        language.
        """
        return self._page(0, digits, whole_number(width, "explain: width", 20), language)

    @said
    def markdown(self, *, digits: int = 9, language: str | None = None) -> str:
        """It in Markdown, its formulas in LaTeX between dollar signs. Takes and raises what `text` does."""
        return self._page(1, digits, 80, language)

    def latex(self, *, digits: int = 9, language: str | None = None) -> str:
        """It as a whole LaTeX document: for pdflatex, for lualatex if it is Japanese. Takes and raises what `text` does."""
        return self._page(2, digits, 80, language)

    def _page(self, kind: int, digits: int, width: int, language: str | None) -> str:
        return str(self.pages[kind](self, significant(digits), width, language or self.language))
