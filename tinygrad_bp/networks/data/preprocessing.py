"""`Preprocessing`: how the columns of a table, as they were measured, become the inputs of a network, to do the same to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygrad_bp.networks.data.cells import finite, is_missing, is_truth, truth
from tinygrad_bp.text import did_you_mean, shown

RULES = ("mean", "drop")


class Missing(ValueError):
    """Nothing stands where something should, and there is no rule for that."""


@dataclass(frozen=True)
class Feature:
    """How a column becomes inputs.

    Attributes:
        name: of the column.
        categories: the texts of a column of such, each of which becomes an input that is 1 where it stands, and else 0; None of numbers.
        truth: whether the column holds true and false, which become 1 and 0.
        fill: what stands for a missing cell: a number or one of the categories; None if there is nothing.
    """

    name: str
    categories: list[str] | None = None
    truth: bool = False
    fill: float | str | None = None

    def __post_init__(self) -> None:
        texts = self.categories
        if not isinstance(self.name, str) or not isinstance(self.truth, bool):
            raise TypeError(f"the notes of the network have a feature without a name: {shown(self.name)}")
        if texts is not None and not (isinstance(texts, list) and texts and all(isinstance(x, str) for x in texts)):
            raise TypeError(f"the notes of the network have categories that are no list of texts: {shown(texts)}")
        if self.fill is not None and (
            self.fill not in texts if texts else isinstance(self.fill, bool) or not isinstance(self.fill, int | float)
        ):
            raise TypeError(f"the notes of the network fill {shown(self.name)} with {shown(self.fill)}")

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs that the column becomes."""
        return [self.name] if self.categories is None else [f"{self.name}={text}" for text in self.categories]

    def __call__(self, cell: Any) -> list[float]:
        """The inputs for a cell. Raises ValueError, naming the column, for what it cannot hold, and Missing where nothing does."""
        if is_missing(cell) and not (self.categories and cell in self.categories):
            if self.fill is None:
                held = f" ({cell!r:.10})" if cell not in (None, "") else ""
                wanted = "a number" if self.categories is None else "a text"
                raise Missing(f"column {shown(self.name)}: nothing{held} where {wanted} should be")
            cell = self.fill
        if self.categories is None:
            try:
                return [truth(cell) if self.truth and is_truth(cell) else finite(cell)]
            except ValueError as error:
                raise ValueError(f"column {shown(self.name)}: {error}") from None
        text = spelled(cell)
        if text not in self.categories:
            hint = did_you_mean(text, self.categories)
            raise ValueError(
                f"column {shown(self.name)}: {shown(text)} is none of the categories that were learned, "
                f"{', '.join(self.categories):.200}{hint}"
            )
        return [float(text == each) for each in self.categories]


@dataclass(frozen=True)
class Preprocessing:
    """How the columns of a table become the inputs of a network.

    Attributes:
        columns: one for each column that is learned from, in their order.
        missing: what becomes of rows in which something is missing: "mean" fills them, "drop" leaves them out; None refuses them.
        ignored: the names of columns that are not learned from, and which tell rows apart where predictions are printed.
    """

    columns: list[Feature]
    missing: str | None = None
    ignored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.missing not in (None, *RULES):
            raise ValueError(f"the notes of the network have missing {shown(self.missing)}, which is mean or drop")
        if not isinstance(self.ignored, list) or not all(isinstance(name, str) for name in self.ignored):
            raise TypeError(f"the notes of the network have ignored columns that are no names: {shown(self.ignored)}")

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs."""
        return [name for column in self.columns for name in column.inputs]

    @property
    def plain(self) -> bool:
        """Whether the columns are the inputs, all of them numbers that are there, so that there is nothing to note."""
        return not self.missing and not self.ignored and self.columns == [Feature(name) for name in self.names]

    def __call__(self, row: Sequence[Any] | Mapping[str, Any]) -> list[float]:
        """The inputs for a row as it was measured, its cells in the order of the columns or by their names.

        Raises ValueError, naming the column, for a cell that it cannot hold and for one that is missing, TypeError for what is no row.
        """
        return [x for column, cell in zip(self.columns, self.cells(row), strict=True) for x in column(cell)]

    def cells(self, row: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
        """The cells of a row, in the order of the columns."""
        return cells_of(row, self.names)

    @classmethod
    def of_json(cls, content: Any) -> Preprocessing:
        """The preprocessing in a file. Raises TypeError and ValueError for what are none."""
        try:
            columns = [Feature(**each) for each in content["columns"]]
            return cls(columns, content.get("missing"), content.get("ignored", []))
        except (KeyError, AttributeError, TypeError) as error:
            if str(error).startswith("the notes"):
                raise
            raise TypeError(f"the notes of the network have preprocessing that is none: {shown(content)}") from None

    def as_json(self) -> dict[str, Any]:
        """What a file holds: only what there is."""
        columns = [{key: x for key, x in vars(each).items() if x not in (None, False) or (x == 0.0 and key == "fill")}
                   for each in self.columns]  # fmt: skip
        more = {"missing": self.missing, "ignored": self.ignored}
        return {"columns": columns, **{key: x for key, x in more.items() if x}}


def cells_of(row: Sequence[Any] | Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """The cells of a row by the names of columns, or in their order. Raises ValueError for other names or another number of them."""
    if isinstance(row, Mapping) or hasattr(row, "keys"):  # a dictionary, or a row of pandas
        keys = set(row.keys())
        if keys.issuperset(names) or not keys.isdisjoint(names):
            lacking = [name for name in names if name not in keys]
            if lacking:
                raise ValueError(f"the row has no {shown(lacking[0])}; the network takes {', '.join(names):.200}")
            return [row[name] for name in names]  # type: ignore[call-overload]
        if isinstance(row, Mapping):
            raise ValueError(f"the row has no {shown(names[0])}; the network takes {', '.join(names):.200}")
    return list(row)


def spelled(cell: Any) -> str:
    """A cell as the name of a class or a category: a number by its shortest digits, true and false as JSON has them."""
    if is_truth(cell):
        return cell if isinstance(cell, str) else str(bool(cell)).lower()
    try:
        return f"{finite(cell):.17g}"
    except ValueError:
        return str(cell)
