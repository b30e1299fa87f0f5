"""Tables of text: what parts the columns, whether the first line names them, and which numbers have a decimal comma."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from tinygrad_bp.networks.data.cells import Cells, Where, fail, is_missing, is_number, is_truth
from tinygrad_bp.text import shown

DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "blanks"}  # the surer ones first
SAMPLE = 100  # lines that are looked at to find out what parts columns

_WITH_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?|[+-]?\d+,(?:[eE][+-]?\d+)?")
_IN_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_WITH_POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Dialect:
    """How a table is written; what is None is found out from its text.

    Attributes:
        delimiter: what parts columns: one character, where " " is any number of blanks.
        decimal: what parts the decimals of a number: "." or ",".
        header: whether the first line names the columns.
    """

    delimiter: str | None = None
    decimal: str | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None and (not isinstance(self.delimiter, str) or len(self.delimiter) != 1):
            raise ValueError(f'the delimiter of a table is one character, such as ";", not {shown(self.delimiter)}')
        if self.delimiter is not None and self.delimiter in '"\r\n':
            raise ValueError(f"{shown(self.delimiter)} parts no columns: it has another meaning in a table")
        if self.decimal not in (None, ".", ","):
            raise ValueError(f'the decimal sign of a table is "." or ",", not {shown(self.decimal)}')
        if not isinstance(self.header, bool | None):
            raise TypeError(f"header is True, False, or None to find out, not {shown(self.header)}")


@dataclass
class _Lines:
    """Lines of fields, with the number of the line in the file where each ends."""

    places: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def drop(self, column: int) -> None:
        self.rows = [row[:column] + row[column + 1 :] for row in self.rows]


def delimited(name: str, text: str, dialect: Dialect) -> Cells:
    """The table in a text. Raises ValueError, naming the file, and the line where there is one."""
    text, said, skipped = _without_sep(text)
    text, names, remarks = _without_remarks(text, dialect.delimiter or said)
    skipped += remarks
    delimiter = dialect.delimiter or said or _delimiter(text)
    lines = _lines(name, text, delimiter, skipped)
    if names and dialect.header is not False:
        lines.places.insert(0, skipped)
        lines.rows.insert(0, names)
    if not lines.rows:
        fail(name, "the file is empty but for separators")
    first = lines.rows[0]
    if dialect.delimiter is None and len(first) == 1 and all(len(row) == 1 for row in lines.rows[:SAMPLE]):
        parts = ", ".join(list(DELIMITERS.values())[:-1])
        words = f"there is one column only, {shown(first[0])}; columns are parted by {parts} or {DELIMITERS[' ']}"
        fail(name, f"a table needs a column to learn from and one to be learned, and {words}")
    if len(first) > 1 and all(len(row) == len(first) + 1 for row in lines.rows[1:]) and len(lines.rows) > 1:
        if all(not row[-1] for row in lines.rows[1:]):  # rows, and not the names, end with a delimiter
            lines.rows[1:] = [row[:-1] for row in lines.rows[1:]]
        elif dialect.header is not False and _are_names_of_rows([row[0] for row in lines.rows[1:]]):
            first.insert(0, "")
    _point_the_decimals(name, lines, delimiter, dialect.decimal)
    header = _has_header(lines.rows) if dialect.header is None else dialect.header
    if not header:
        lines.places.insert(0, 0)
        lines.rows.insert(0, [f"c{k}" for k in range(1, len(first) + 1)])
    return _cells(name, lines, header)


def _cells(name: str, lines: _Lines, header: bool) -> Cells:
    """The table, without columns that have neither a name nor anything in them, and with an index apart."""
    width, index = len(lines.rows[0]), None
    if all(len(row) == width for row in lines.rows):
        for place in reversed(range(width)):
            if not lines.rows[0][place] and not any(row[place] for row in lines.rows):
                lines.drop(place)
        below = [row[0] for row in lines.rows[1:]]
        if len(lines.rows[0]) > 2 and not lines.rows[0][0] and len(set(below)) == len(below) > 1:
            index = below  # of pandas, or R's names of rows
            lines.drop(0)
    rows: list[tuple[Where, list[Any]]] = [
        (Where("line", place), list(row)) for place, row in zip(lines.places[1:], lines.rows[1:], strict=True)
    ]
    return Cells(name, lines.rows[0], rows, header, index)


def _are_names_of_rows(column: Sequence[str]) -> bool:
    """Whether this can be what R writes in front of each row, without a name above: numbers from 1 up, or texts, each once."""
    numbered = list(column) == [str(k) for k in range(1, len(column) + 1)]
    return len(column) > 1 and (numbered or (len(set(column)) == len(column) and not any(map(is_number, column))))


def _without_sep(text: str) -> tuple[str, str | None, int]:
    """The text without the line in which Excel says what parts columns, what that says, and the number of lines left out."""
    found = re.match(r'\s*"?sep=(.)"?[,;\t ]*(?:\n|$)', text, re.IGNORECASE)
    if found is None:
        return text, None, 0
    return text[found.end() :], found[1], text[: found.end()].count("\n")


def _without_remarks(text: str, delimiter: str | None) -> tuple[str, list[str], int]:
    """The text without the remarks at its start, lines that begin with #; the names of columns that the last of them holds; and how many
    lines are left out.

    Lines with as many fields as the rows may be rows, or names, as NumPy writes them.
    """
    found = re.match(r"(?:[ \t]*(?:#[^\n]*)?\n)*", text)
    assert found is not None  # it may be empty
    rest, remarks = text[found.end() :], [line.strip() for line in found[0].split("\n") if line.strip()]
    if not remarks or not rest.strip():
        return text, [], 0
    count = found[0].count("\n")
    try:
        delimiter = delimiter or _delimiter(rest)
        rows = [fields for _, fields in itertools.islice(_fields(rest, delimiter), SAMPLE)]
        if not _is_all_text(rows) and _has_header(rows):
            return rest, [], count
        fitting = [
            fields for line in remarks for _, fields in _fields(line, delimiter) if len(fields) == len(rows[0]) > 1
        ]
        if not all(map(_is_all_text, ([fields] for fields in fitting))):
            return text, [], 0
        bare = [
            fields for _, fields in _fields(remarks[-1].lstrip("# \t"), delimiter) if len(fields) == len(rows[0]) > 1
        ]
    except csv.Error:
        return rest, [], count
    return rest, (fitting or bare or [[]])[-1], count


def _is_all_text(rows: Sequence[Sequence[str]]) -> bool:
    return not any(is_number(cell) for row in rows for cell in row)


def _delimiter(text: str) -> str:
    """What parts the columns: what stands in all lines equally often; else what is most frequent in the first."""
    sample = "".join(itertools.islice(io.StringIO(text, newline="\n"), SAMPLE * 20))
    for delimiter in DELIMITERS:
        widths: list[int] = []
        try:
            for _, fields in itertools.islice(_fields(sample, delimiter), SAMPLE):
                widths.append(len(fields))
        except csv.Error:
            continue
        if widths and widths[0] > 1 and len(set(widths[1:]) or {widths[0]}) == 1 and 0 <= widths[-1] - widths[0] <= 1:
            return delimiter
    head = re.sub('"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(",;\t|", key=head.count)


def _fields(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The fields of each line that has any, stripped, and the number of the line in which they end."""
    spaced = {"delimiter": " ", "skipinitialspace": True} if delimiter == " " else {"delimiter": delimiter}
    if delimiter == " ":
        text = re.sub(r"^[ \t]+|[ \t]+$", "", text.replace("\t", " "), flags=re.MULTILINE)
    reader = csv.reader(io.StringIO(text), strict=True, **spaced)
    begun = 0  # lines read before this row
    try:
        for fields in reader:
            begun = reader.line_num
            if any(field.strip() for field in fields):
                yield begun, [field.strip() for field in fields]
    except csv.Error as error:
        words = _too_long(text, delimiter, begun) if "field limit" in str(error) else ""
        raise csv.Error(words or f"line {reader.line_num}: {error}") from None


def _too_long(text: str, delimiter: str, begun: int) -> str:
    """What is to be said of the cell that is longer than the module csv reads, in the row after so many lines; empty if there is none."""
    most, place = csv.field_size_limit(), 0
    for _ in range(begun):
        place = text.index("\n", place) + 1
    part = re.escape(delimiter)
    cells = re.compile(rf'"(?:[^"]|"")*(?:"|\Z)[^{part}\n]*|[^{part}\n]*')
    column = 0
    while True:
        column += 1
        found = cells.match(text, place)
        if found is None or found.end() - place > most:
            break
        place = found.end() + 1
        if text[place - 1 : place] != delimiter:
            return ""
    hint = "; is its quotation mark never closed?" if text[place : place + 1] == '"' else ""
    return f"line {begun + 1}, column {column}: the cell is longer than {most:,} characters{hint}"


def _lines(name: str, text: str, delimiter: str, skipped: int) -> _Lines:
    lines = _Lines()
    try:
        for place, fields in _fields(text, delimiter):
            lines.places.append(place + skipped)
            lines.rows.append(fields)
    except csv.Error as error:
        fail(name, str(error))
    return lines


# Numbers


def _point_the_decimals(name: str, lines: _Lines, delimiter: str, decimal: str | None) -> None:
    """Writes decimals with a point. Raises ValueError where it cannot be told what a comma in a number is."""
    if decimal == "." or (delimiter == "," and decimal is None):
        return
    widest = max(map(len, lines.rows))
    for place in range(widest):
        cells = [(k, row[place]) for k, row in enumerate(lines.rows) if place < len(row)]
        commas = [(k, cell) for k, cell in cells if "," in cell and _WITH_COMMA.fullmatch(cell)]
        rest = [cell for k, cell in cells[1:] if cell and not _WITH_COMMA.fullmatch(cell) and not is_missing(cell)]
        if not commas or not all(is_number(cell) or _IN_THOUSANDS.fullmatch(cell) for cell in rest):
            continue
        if decimal is None:
            _check_that_commas_part_decimals(name, lines, commas, rest)
        for k, cell in commas:
            lines.rows[k][place] = cell.replace(",", ".")


def _check_that_commas_part_decimals(
    name: str, lines: _Lines, commas: Sequence[tuple[int, str]], rest: Sequence[str]
) -> None:
    k, cell = commas[0]
    where = f"line {lines.places[k]}: {shown(cell)}"
    points = [other for other in rest if _WITH_POINT.fullmatch(other)]
    if points:
        fail(name, f"{where} has a comma and {shown(points[0])} in the same column a point: write all numbers alike")
    if all(_IN_THOUSANDS.fullmatch(each) for _, each in commas) or any(map(_IN_THOUSANDS.fullmatch, rest)):
        _fail_of_thousands(name, where)


def _fail_of_thousands(name: str, where: str) -> NoReturn:
    fail(
        name,
        f"{where} may be thousands, with a comma between them, or have a decimal comma: write thousands without it, or say "
        'decimal="," (--decimal ,)',
    )


# The first line


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: no column has a name that looks like what stands below, or some surely have one."""
    first, below = rows[0], rows[1:]
    if not below:
        return not all(map(is_number, first))
    numbered = list(first) in ([str(k) for k in range(len(first))], [str(k + 1) for k in range(len(first))])
    if numbered and len(first) > 2 and any("." in cell for row in below for cell in row):
        return True  # as tables whose columns have no names are written: whole numbers above others
    named = [cell for cell in first if cell]
    like_the_rest = len(set(named)) < len(named)
    for place, cell in enumerate(first):
        column = [row[place] for row in below if place < len(row) and not is_missing(row[place])]
        if is_missing(cell) or not column:
            continue
        numbers = all(is_number(x) or is_truth(x) for x in column)
        if numbers and not is_number(cell) and not is_truth(cell):
            return True
        like_the_rest = like_the_rest or (is_number(cell) if numbers else cell in column)
    return not like_the_rest
