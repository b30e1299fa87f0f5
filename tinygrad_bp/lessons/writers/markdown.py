"""Blocks as Markdown, as GitHub, notebooks and most others render it: formulas as LaTeX between dollar signs.

GitHub reads what is between dollar signs as Markdown first: a backslash before a sign of punctuation is gone before LaTeX is read, and
underscores after a brace become emphasis. So formulas are spelled with commands of letters, which mean the same in LaTeX.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tinygrad_bp.lessons.blocks import (
    Aside,
    Blank,
    Block,
    Code,
    Equation,
    Folded,
    Formula,
    Heading,
    Items,
    Legend,
    Paragraph,
    Picture,
    Strong,
    Table,
    Text,
    Title,
)
from tinygrad_bp.lessons.writers.pieces import (
    clean,
    file_names,
    fitted,
    number_columns,
    pieces,
    plain,
    side_by_side,
)
from tinygrad_bp.text import fenced

WIDTH = 56  # letters of a formula in a line
_COMMANDS = {
    r"\\": r"\cr ", r"\{": r"\lbrace{}", r"\}": r"\rbrace{}", r"\,": r"\thinspace{}", r"\:": r"\medspace{}", r"\;": r"\thickspace{}",
    r"\!": r"\negthinspace{}", r"\|": r"\Vert{}", r"\(": "(", r"\)": ")", r"\[": r"\lbrack{}", r"\]": r"\rbrack{}",
    "|": r"\vert{}", "*": r"\ast{}", "<": r"\lt{}", ">": r"\gt{}", "`": r"\backprime{}", "](": "] (", "}_": "} _", ")_": ") _",
    # These have no command of letters that all renderers know. The wide letters mean nothing to anybody.
    r"\_": r"\text{＿}", r"\$": r"\text{＄}", r"\#": r"\text{＃}", r"\%": r"\text{％}", r"\&": r"\text{＆}", "$": r"\text{＄}",
}  # fmt: skip
_TOKENS = re.compile(r"\\[A-Za-z]+|\\.|\]\(|[})]_|.", re.DOTALL)


def markdown(blocks: Sequence[Block], files: Mapping[int, str] | None = None, *, embedded: bool = False) -> str:
    """The blocks as Markdown, each after an empty line. Asides, which are for terminals, are left out.

    Args:
        files: for each picture, by its `id`, the file that it is linked as; without them `name.svg`.
        embedded: whether pictures stand in the text itself, as an address with all its data, for what shows such: notebooks do, GitHub
            does not.

    Raises what drawing raises where pictures are embedded.
    """
    if files is None:
        files = {picture: f"{name}.svg" for picture, name in file_names(blocks).items()}
    return _markdown(blocks, None if embedded else files)


def _markdown(blocks: Iterable[Block], files: Mapping[int, str] | None) -> str:
    written = ["\n".join(_lines(block, files)) for block in blocks if not isinstance(block, Aside)]
    return "\n\n".join(filter(None, written)) + "\n" if any(written) else ""


def _lines(block: Block, files: Mapping[int, str] | None) -> Iterator[str]:
    match block:
        case Title(words):
            yield f"# {inline(words)}"
        case Heading(words, level):
            yield f"{'#' * (1 + level)} {inline(words)}"
        case Paragraph(words) | Legend(words):
            yield _line(words)
        case Equation():
            yield from _equation(block)
        case Table():
            yield from _table(block)
        case Picture(drawing, _, caption):
            address = _address(block) if files is None else files[id(block)]
            yield f"![{_escaped(clean(drawing.title) or plain(caption))}]({address})"
            if caption:
                yield from ("", _line(caption))
        case Code(program, language):
            lines = map(clean, program.strip("\n").expandtabs(4).split("\n"))
            yield fenced("\n".join(lines), re.sub(r"\W", "", language))
        case Items(items, numbered):
            for place, item in enumerate(items, 1):
                yield f"{place}. {_line(item)}" if numbered else f"- {_line(item)}"
        case Folded(heading, inner):
            yield "<details>"
            yield f"<summary>{_html(plain(heading))}</summary>"
            yield from ("", _markdown(inner, files).rstrip("\n"), "", "</details>")


def _address(picture: Picture) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.drawing.render('svg')).decode()}"


def _html(text: str) -> str:
    """Text inside of HTML, which Markdown is read in as well."""
    return re.sub(r"[^\w\s]|_", lambda sign: f"&#{ord(sign[0])};", text, flags=re.ASCII)


# Words


def inline(text: Text) -> str:
    """A text in a line: formulas between dollar signs, which need a space where a letter stands beside them."""
    line = ""
    after_formula = False
    for piece in pieces(text):
        written = (
            formula(piece)
            if isinstance(piece, Formula)
            else _strong(piece)
            if isinstance(piece, Strong)
            else _escaped(piece.text)
            if isinstance(piece, Blank)
            else _escaped(clean(piece))
        )
        if not written:
            continue
        if line and (
            (isinstance(piece, Formula) and not _may_stand_beside(line[-1]))
            or (after_formula and not _may_stand_beside(written[0]))
        ):
            line += " "
        line += written
        after_formula = isinstance(piece, Formula)
    return line.strip()


def _line(text: Text) -> str:
    """A text that begins a line, where what would begin a list or underline a heading is escaped."""
    line = re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", inline(text))
    return re.sub(r"^([-+=])", r"\\\1", line)


def _strong(words: Strong) -> str:
    text = clean(words.text).strip()
    # Two asterisks do nothing beside East Asian letters.
    return f"<strong>{_escaped(text)}</strong>" if text else ""


def _may_stand_beside(letter: str) -> bool:
    """Whether a dollar sign beside this is taken for that of a formula."""
    return letter.isspace() or (letter.isascii() and unicodedata.category(letter)[0] in "PS" and letter not in "$\\<>")


def _escaped(text: str) -> str:
    """Text that Markdown takes for text."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]{}#|~!])", r"\\\1", text)
    text = text.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "<span>@</span>")
    return text.replace("$", "<span>$</span>")


# Formulas


def formula(piece: Formula) -> str:
    """A formula in running text."""
    return f"${spelled(piece.latex).strip()}$" if piece.latex.strip() else ""


def spelled(latex: str) -> str:
    """The LaTeX with commands of letters in place of what Markdown would take for its own."""
    written = ""
    for token in _TOKENS.findall(" ".join(clean(latex).split())):
        written += _COMMANDS.get(token, token)
    return re.sub(r" {2,}", " ", written)


def _equation(equation: Equation) -> Iterator[str]:
    left = spelled(equation.left.latex)
    yield "$$"
    if side_by_side(equation):
        yield " = ".join(
            [*([left] if left else []), *(" ".join(spelled(term.latex) for term in row) for row in equation.rows)]
        )
    else:
        lines = []
        for place, row in enumerate(equation.rows):
            sign = "= " if left or place else ""
            first, *others = fitted(row, WIDTH, spelled)
            lines.append(f"{left if not place else ''} & {sign}{first}".strip())
            lines += [rf"& \quad {other}" for other in others]
        yield r"\begin{aligned}"
        yield " \\cr\n".join(lines)
        yield r"\end{aligned}"
    yield "$$"


# Tables


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield from (_line(table.caption), "")
    yield _row(table.head)
    yield f"|{'|'.join('--:' if right else '---' for right in number_columns(table))}|"
    yield from map(_row, table.rows)


def _row(cells: Sequence[Text]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in map(inline, cells))
