"""What shows itself: as text where it is printed, as Markdown in notebooks."""

from __future__ import annotations

from tinygrad_bp.core.output import said


class Shown:
    """What shows itself as its `text`, by `str()` and at the prompt, and in notebooks as Markdown. A dataclass says `repr=False`."""

    def text(self) -> str:
        """It as plain text."""
        raise NotImplementedError

    def markdown(self) -> str:
        """It in Markdown."""
        raise NotImplementedError

    @said
    def __str__(self) -> str:
        return self.text()

    @said
    def __repr__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()
