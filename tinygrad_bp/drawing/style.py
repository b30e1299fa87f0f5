"""What all pictures share: colours, how a number is written, and how a label, which may hold anything, becomes text that is only text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.text import printable, shown, whole_number
from tinygrad_bp.words import Words, words

FONT = "Arial"  # every renderer knows how wide its letters are, or those of a font of the same widths
FONT_SIZE = 11
SMALLEST, LARGEST = 1, 500  # sizes of a font, in points
TITLE = 16 / 11  # the size of a title's font beside that of other text
LONGEST_LABEL, LONGEST_TITLE, LONGEST_NOTE = 40, 120, 500
LONGEST_TIP = 700  # Graphviz takes strings of up to 16,384 bytes, and a sign may take twenty of them
MOST_LINES = 4


@dataclass(frozen=True)
class Palette:
    """The colours of a picture, as #rrggbb. Blue and orange stay apart for every kind of colour vision.

    Attributes:
        fills: of boxes: a negative, a zero and a positive number.
        lines: of connections: a negative and a positive number.
    """

    paper: str
    ink: str
    quiet: str
    line: str
    dim: str
    cluster: str
    inner_cluster: str
    operation: str
    highlight: str
    fills: tuple[str, str, str]
    lines: tuple[str, str]


LIGHT = Palette(
    paper="#ffffff", ink="#1b1f24", quiet="#5c6570", line="#7b8591", dim="#d0d5db", cluster="#f3f5f7", inner_cluster="#e8ecf0",
    operation="#ffffff", highlight="#a3195b", fills=("#f5a55a", "#fdfdfd", "#7db4ea"), lines=("#d55e00", "#0072b2"),
)  # fmt: skip
DARK = Palette(
    paper="#12161c", ink="#eef1f5", quiet="#aab4c0", line="#8792a0", dim="#3d4651", cluster="#1a2028", inner_cluster="#232b35",
    operation="#12161c", highlight="#ff8ac4", fills=("#a8560a", "#2b333e", "#1c65ab"), lines=("#f0933f", "#5cb3ee"),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What all pictures can be told about their looks, as `look` checks it.

    Attributes:
        digits: significant ones of numbers.
        font_size: in points.
        ground: the colour behind everything.
        say: the words of legends.
    """

    palette: Palette
    digits: int
    font_size: float
    ground: str
    say: Words

    @property
    def factor(self) -> float:
        """How much larger than usual everything is that is made to hold text."""
        return self.font_size / FONT_SIZE

    @property
    def text(self) -> dict[str, str]:
        """The attributes of text in DOT."""
        return {"fontname": FONT, "fontsize": f"{self.font_size:g}", "fontcolor": self.palette.ink}


def look(
    operation: str,
    *,
    dark: bool,
    digits: int,
    font_size: float,
    transparent: bool,
    language: str = "en",
    title: str = "",
) -> Look:
    """The looks that the arguments of `draw` and `draw_network` describe; `operation` says which. It raises what they raise."""
    if not isinstance(title, str):
        raise TypeError(f"{operation}: title is a text, not {type(title).__name__} {shown(title)}")
    size = as_float(font_size, f"{operation}: font_size", wants="takes a real number")
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(
            f"{operation}: font_size is a number of points from {SMALLEST} to {LARGEST}, not {font_size!r}"
        )
    palette = DARK if dark else LIGHT
    digits = whole_number(digits, f"{operation}: digits", 1, 17)
    return Look(palette, digits, size, "transparent" if transparent else palette.paper, words(language, operation))


def shade(palette: Palette, x: float, largest: float) -> str:
    """The fill for a number in a picture whose largest magnitude is `largest`. It deepens with the root, so that small ones show."""
    negative, zero, positive = palette.fills
    if not x or math.isnan(x):
        return zero
    strength = 1.0 if math.isinf(x) or not largest else math.sqrt(min(1.0, abs(x) / largest))
    pairs = [(int(zero[i : i + 2], 16), int((positive if x > 0 else negative)[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * strength):02x}" for a, b in pairs)


def gradient(v: Value) -> float:
    """The gradient of a Value, 0.0 where somebody set it to None. Raises TypeError, naming the Value, for what is no number."""
    return (
        0.0
        if v.grad is None
        else as_float(v.grad, f"the gradient of {v.label or 'a Value without a label'}", wants="is a number")
    )


def largest_magnitude(numbers: Sequence[float]) -> float:
    """Of those that are finite; 0.0 if none is."""
    return max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)


# Numbers


def write_number(x: float, digits: int) -> str:
    """`x` to so many significant digits, with fewer only where these are all there is but rounding: 0.05, but 0.741365070."""
    x = float(x)
    text = f"{x:.{digits}g}"
    if math.isclose(float(text), x, rel_tol=1e-15) or not math.isfinite(x):
        return text
    mantissa, e, exponent = f"{x:#.{digits}g}".partition("e")
    return mantissa.removesuffix(".") + e + exponent


def align_points(texts: Sequence[str]) -> list[str]:
    """The same numbers padded on the left so that, set in `FONT` one under another, their decimal points meet."""
    # A digit is as wide as two spaces in this font, a minus sign nearly as wide as one.
    widths = [
        sum(1 if sign == "-" else 2 for sign in re.split(r"[.e]", text)[0]) if text[-1].isdigit() else 0
        for text in texts
    ]
    return [
        "\u00a0" * (max(widths) - width) + text if width else text for text, width in zip(texts, widths, strict=True)
    ]


# Text


# Lines and tabs are laid out, any kind of blank is a blank, and U+200D joins an emoji's parts.
_DRAWN = "\n\t\u200d\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def drawable(text: str) -> str:
    """`text` with what cannot be seen, or would turn the direction of what is written after it, in Python's notation: \\x00, \\u202e."""
    return printable(re.sub("\r\n?", "\n", text), keep=_DRAWN)


def shorten(text: str, longest: int = LONGEST_LABEL) -> str:
    """`text` cut to what can be read in a box, an ellipsis in place of the rest."""
    lines = text.split("\n")
    cut = "\n".join(lines[:MOST_LINES])
    if len(cut) > longest:
        end = longest - 1
        while end > 1 and (
            unicodedata.combining(cut[end]) or "\u200d" in cut[end - 1 : end + 1] or "\ufe00" <= cut[end] <= "\ufe0f"
        ):
            end -= 1  # not between a letter and its accent, nor inside an emoji of several parts
        cut = cut[:end]
    return cut if cut == text else cut.rstrip() + "…"


def markup(text: str, longest: int = LONGEST_LABEL) -> str:
    """`text`, shortened, as the inside of one of Graphviz's HTML-like labels, where it comes out as typed."""
    text = shorten(drawable(text), longest).replace("\t", "    ")
    # Graphviz replaces \N, \G and their like even here, unless the backslash is doubled. Of several blanks it would keep one.
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\\", "&#92;&#92;")
    escaped = re.sub(r"^ +| +$|(?<= ) +", lambda blanks: "\u00a0" * len(blanks[0]), escaped, flags=re.MULTILINE)
    return escaped.replace("\n", "<br/>")


def room_for(text: str, size: float = FONT_SIZE, longest: int = LONGEST_LABEL) -> str:
    """The attribute of a cell that keeps it wide enough for `text`, where the renderer cannot measure that text itself."""
    widths = [
        sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.0 if unicodedata.combining(c) else 0.62 for c in line)
        for line in shorten(drawable(text), longest).split("\n")
    ]
    return "" if text.isascii() else f' width="{math.ceil(max(widths) * size)}"'


def tooltip(text: str) -> str:
    """`text` as the value of a tooltip attribute, where it comes out as typed; of a very long one its two ends."""
    text = drawable(text)
    if len(text) > LONGEST_TIP:
        end = LONGEST_TIP // 2
        text = f"{text[:end]}… {len(text) - 2 * end:,} characters …{text[-end:]}"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    # Graphviz reads backslashes twice in a tooltip, once for \N and its like, once for \n, and as entities too.
    return escaped.replace("\\", "&#92;" * 4).replace("\n", "\\n").replace("\t", "    ")


PLAIN_TABLE = '<table border="0" cellborder="0" cellspacing="0" cellpadding="1">'


def box(rows: str, border: int, colour: str, fill: str, *, padding: int = 4, dashed: bool = False) -> str:
    """A node's label: table rows in a frame with round corners."""
    corners = "rounded,dashed" if dashed else "rounded"
    return (
        f'<<table border="{border}" style="{corners}" cellborder="0" cellspacing="0" cellpadding="{padding}" color="{colour}" '
        f'bgcolor="{fill}"><tr><td>{PLAIN_TABLE}{rows}</table></td></tr></table>>'
    )


def named_numbers(numbers: Sequence[tuple[str, float]], palette: Palette, digits: int) -> str:
    """A table row for each number with its name, if it has one. The names should be equally wide in `FONT`."""
    texts = align_points([write_number(x, digits) for _, x in numbers])
    # Name and number share a cell: in cells of their own they would drift apart under a long label.
    return "".join(
        f'<tr><td align="left"><font color="{palette.quiet}">{name}\u00a0 </font>{text}</td></tr>'
        if name
        else f"<tr><td>{text}</td></tr>"
        for (name, _), text in zip(numbers, texts, strict=True)
    )


def heading(title: str, keys: Sequence[str], note: str = "", size: float = FONT_SIZE) -> str:
    """The label of a whole picture: its title, under it the legend's keys, each a table cell, and a note. Empty if there is nothing."""
    rows = []
    if title:
        text = f'<font point-size="{size * TITLE:g}"><b>{markup(title, LONGEST_TITLE)}</b></font>'
        rows.append(f"<tr><td{room_for(title, size * TITLE, LONGEST_TITLE)}>{text}</td></tr>")
    if keys:
        cells = '<td width="18"></td>'.join(keys)
        rows.append(
            f'<tr><td><table border="0" cellborder="0" cellspacing="0" cellpadding="2"><tr>{cells}</tr></table></td></tr>'
        )
    if note:
        rows.append(f"<tr><td{room_for(note, size, LONGEST_NOTE)}><b>{markup(note, LONGEST_NOTE)}</b></td></tr>")
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="4">{"".join(rows)}</table>>' if rows else ""


def colour_key(meaning: str, largest: float, digits: int, palette: Palette) -> str:
    """A legend's key to `shade`, from -largest to largest."""
    end = write_number(largest, min(digits, 3))
    shades = [shade(palette, step / 3 * abs(step / 3), 1.0) for step in range(-3, 4)]
    steps = "".join(f'<td width="16" height="12" bgcolor="{colour}"></td>' for colour in shades)
    bar = f'<table border="1" color="{palette.dim}" cellborder="0" cellspacing="0" cellpadding="0"><tr>{steps}</tr></table>'
    return f"<td>{markup(meaning)}</td><td>-{end}</td><td>{bar}</td><td>{end}</td>"


def line_key(meaning: str, colour: str, *, dashed: bool = False) -> str:
    """A legend's key to a line."""
    stroke = [(7, colour), (3, ""), (7, colour), (3, ""), (7, colour)] if dashed else [(27, colour)]
    painted = [(width, f' bgcolor="{paint}"' if paint else "") for width, paint in stroke]
    cells = "".join(f'<td width="{width}" height="3"{paint}></td>' for width, paint in painted)
    blank = '<tr><td height="6"></td></tr>'  # above and below, since a table grows to fill its row
    bar = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{blank}<tr>{cells}</tr>{blank}</table>'
    return f"<td>{bar}</td><td>{markup(meaning)}</td>"
