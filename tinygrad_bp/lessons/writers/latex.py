"""Blocks as a LaTeX document, which `typesetting` begins and whose letters it spells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from tinygrad_bp.explanation.names import columns
from tinygrad_bp.explanation.typesetting import escaped, letter_of, spelled, whole
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
    Table,
    Text,
    Title,
)
from tinygrad_bp.lessons.writers.pieces import (
    clean,
    file_names,
    fitted,
    joined,
    number_columns,
    pieces,
    plain,
    title_of,
    unfolded,
    width,
)
from tinygrad_bp.words import Words, words

WIDTH = 90  # letters that have room in a line of the page
BESIDE, JOIN = 5.0, 2.4  # letters between equations side by side, and of a sign of equality
BETWEEN = r" \qquad "
GOES_ON = "\0"  # begins a line in which a row goes on
FEW = 6  # folded parts that have headings as large as all others
KEPT = 8  # lines of an equation that stay on one page
MOST_LINES = 48  # of the cells of a table that stays on one page
LONGEST = 6  # rows of a table that stay on one page; a longer one goes on on the next with three rows at least


def latex(blocks: Sequence[Block], language: str = "en", files: Mapping[int, str] | None = None) -> str:
    """The blocks as a whole document. What is folded stands at the end; asides, which are for terminals, are left out.

    Args:
        files: for each picture, by its `id`, the file beside the document that holds it; without them `name.pdf` or `name.png`. Where
            it is not there when the document is compiled, a sentence stands in its place.

    Raises ValueError for a language that there is none of.
    """
    say = words(language)
    if files is None:
        files = file_names(blocks)
    several = sum(isinstance(block, Folded) for block in blocks) > FEW
    shown = [block for block in unfolded(blocks, 3 if several else 1) if not isinstance(block, Aside)]
    runs = [list(run) for _, run in groupby(shown, lambda block: isinstance(block, Equation))]
    body = "\n\n".join("\n".join(_run(run, files, say)) for run in runs)
    is_sheet = any(isinstance(block, Table) and _has_blanks(block) for block in blocks)
    title = f"%% {clean(title_of(blocks))}".rstrip() + "\n" if title_of(blocks) else ""
    return title + whole(body, language, highest=0.25 if is_sheet else 0.8)


def _run(run: Sequence[Block], files: Mapping[int, str], say: Words) -> Iterator[str]:
    """Blocks one after the other: all of them equations, or none."""
    equations = [block for block in run if isinstance(block, Equation)]
    if equations:
        yield from _equations(equations)
        return
    yield "\n\n".join("\n".join(_lines(block, files, say)) for block in run)


def _lines(block: Block, files: Mapping[int, str], say: Words) -> Iterator[str]:
    match block:
        case Title(words):
            yield f"{{\\LARGE\\bfseries\\raggedright {inline(words)}\\par}}\\bigskip"
        case Heading(words, level):
            name = {1: "section*", 2: "subsection*"}.get(level, "subsubsection*")
            yield "\\roomfor{5\\baselineskip}"
            yield f"\\{name}{{{inline(words)}}}"
        case Paragraph(words):
            yield inline(words)
        case Legend(words):
            yield f"{{\\small {inline(words)}\\par}}"
        case Equation():
            yield from _equations([block])
        case Table():
            yield from _table(block)
        case Picture():
            yield from _picture(block, files[id(block)], say("document.leftOut"))
        case Code(program):
            yield r"\par\nopagebreak\begin{flushleft}\footnotesize\ttfamily"
            lines = program.strip("\n").expandtabs(4).split("\n")
            # A page ends after an empty line.
            ends = [rf"\\{'*' * bool(line.strip())}{{}}" for line in lines]
            yield "\n".join(_code(line) + end for line, end in zip(lines, [*ends[:-1], ""], strict=True))
            yield r"\end{flushleft}"
        case Items(items, numbered) if items:
            name = "enumerate" if numbered else "itemize"
            yield f"\\begin{{{name}}}"
            yield from (f"\\item {{}}{inline(item)}" for item in items)
            yield f"\\end{{{name}}}"
        case Folded() | Aside() | Items():
            return


# Words


def inline(text: Text) -> str:
    """A text in a line."""
    return joined(
        text,
        escaped,
        lambda piece: f"${formula(piece)}$" if piece.latex.strip() else "",
        lambda bold: f"\\textbf{{{bold}}}",
        # A strut leaves room above the line for what is written by hand.
        lambda blank: f"\\rule{{0pt}}{{2em}}\\underline{{\\hspace{{{0.5 * blank.width:.1f}em}}}}",
    )


def _code(line: str) -> str:
    return "".join(r"\ " if letter == " " else letter_of(letter) for letter in clean(line).rstrip()) or r"\ "


# Formulas


def formula(piece: Formula) -> str:
    """A formula for math mode, letters of other scripts as text."""
    return spelled(piece.latex)


def _equations(run: Sequence[Equation]) -> Iterator[str]:
    """Equations one after the other; those that are short stand side by side."""
    beside: list[str] = []
    used = 0.0
    for equation in run:
        left = formula(equation.left)
        lines = _packed(equation)
        size = width(equation.left.latex) + sum(size + JOIN for _, size in lines)
        if len(lines) > 1 or (beside and used + size + BESIDE > WIDTH):
            yield from _displayed(beside)
            beside, used = [], 0.0
        if len(lines) > 1:
            sign = "{}= " if left else ""
            yield r"\joined"
            yield r"\begin{align*}"
            rows = [f"{left}&{sign}{lines[0][0]}", *(f"&{begin}{line}" for begin, line in _continued(lines[1:]))]
            yield (" \\\\*\n" if len(rows) <= KEPT else " \\\\\n").join(rows)
            yield r"\end{align*}"
        else:
            beside.append(f"{left} = {lines[0][0]}" if left else lines[0][0])
            used += size + BESIDE
    yield from _displayed(beside)


def _displayed(formulas: Sequence[str]) -> Iterator[str]:
    if formulas:
        yield r"\joined"
        yield rf"\[ {BETWEEN.join(formulas)} \]"


def _continued(lines: Sequence[tuple[str, float]]) -> Iterator[tuple[str, str]]:
    """Lines after the first: where a row begins with its sign, and where one goes on with room before it."""
    for line, _ in lines:
        goes_on = line.startswith(GOES_ON)
        yield (r"\quad {}", line.removeprefix(GOES_ON)) if goes_on else ("{}= ", line)


def _packed(equation: Equation) -> list[tuple[str, float]]:
    """The right side in lines, each with its width: as many rows in a line as have room, and of a long one its terms."""
    room = WIDTH - min(width(equation.left.latex), WIDTH / 2)
    found: list[tuple[str, float]] = []
    for row in equation.rows:
        first, *others = fitted(row, room, spelled)
        size = sum(width(term.latex) + 0.5 for term in row)
        if found and not others and found[-1][1] + size + JOIN <= room and not found[-1][0].startswith(GOES_ON):
            line, used = found[-1]
            found[-1] = f"{line} = {first}", used + size + JOIN
            continue
        found.append((first, size if not others else WIDTH))
        found += [(GOES_ON + other, WIDTH) for other in others]
    return found or [("", 0.0)]


# Tables and pictures


def _table(table: Table) -> Iterator[str]:
    numbers = number_columns(table)
    cells = [[plain(cell) for cell in row] for row in [table.head, *table.rows]]
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    size, kinds = _kinds(widths, numbers)
    yield f"\\begingroup{size}\\setlength{{\\tabcolsep}}{{0.6em}}\\renewcommand{{\\arraystretch}}{{1.2}}"
    # One that goes on over pages: of many rows, or of cells that fill many lines.
    share = max(1.0, WIDTH / max(1, len(widths)))
    lines = sum(max(1.0, *(columns(cell) / share for cell in row)) for row in cells if row)
    # What is to be filled in needs no one page.
    long = len(table.rows) > LONGEST or lines > MOST_LINES or _has_blanks(table)
    head = f"{_row(table.head)} \\hline" if any(map(plain, table.head)) else ""
    caption = f"\\small {inline(table.caption)}" if plain(table.caption) else ""
    if long:
        yield r"\setlength{\LTpre}{0.2em}\setlength{\LTpost}{0.3em}"
        yield f"\\begin{{longtable}}[l]{{@{{}}{kinds}@{{}}}}"
        over = rf"\multicolumn{{{max(1, len(table.head))}}}{{@{{}}l@{{}}}}{{{caption}}} \\*[0.3em]" if caption else ""
        yield f"{over}\n{head}\\endfirsthead\n{head}\\endhead" if over else f"{head}\\endhead"
        # Three rows at either end stay together, if they are rows that a page has room for.
        ends = {0, 1, len(table.rows) - 3, len(table.rows) - 2} if lines <= 2 * len(cells) else set()
        yield from (_row(row) + "*" * (k in ends) for k, row in enumerate(table.rows))
        yield r"\end{longtable}"
    else:
        # One box, so that what it shows stands with it.
        yield r"\par" + ("" if caption else r"\nopagebreak") + r"\noindent\begin{minipage}{\linewidth}"
        yield f"{caption}\\par\\vspace{{0.2em}}" if caption else ""
        yield f"\\begin{{tabular}}{{@{{}}{kinds}@{{}}}}"
        yield head
        yield from map(_row, table.rows)
        yield r"\end{tabular}\end{minipage}\par"
    yield r"\endgroup"


def _has_blanks(table: Table) -> bool:
    return any(isinstance(piece, Blank) for row in table.rows for cell in row for piece in pieces(cell))


def _kinds(widths: Sequence[int], numbers: Sequence[bool]) -> tuple[str, str]:
    """The size of letters and the columns for which the page has room: of what is too wide some columns are filled with lines."""
    whole = sum(widths) + 2 * len(widths)
    if whole <= WIDTH:
        return "", "".join("r" if right else "l" for right in numbers) or "l"
    room = WIDTH * 1.22  # small letters
    if whole <= room:
        return r"\footnotesize", "".join("r" if right else "l" for right in numbers)
    # Each column has what it needs, if that is less than its fair share, and the others what is left.
    left, share = room - 2 * len(widths), 0.0
    waiting = list(range(len(widths)))
    while waiting:
        share = left / len(waiting)
        if not (narrow := [k for k in waiting if widths[k] <= share]):
            break
        left -= sum(widths[k] for k in narrow)
        waiting = [k for k in waiting if widths[k] > share]
    filled = rf">{{\raggedright\arraybackslash}}p{{{share / room:.3f}\linewidth}}"
    return r"\footnotesize", "".join(
        filled if k in waiting else "r" if right else "l" for k, right in enumerate(numbers)
    )


def _row(cells: Sequence[Text]) -> str:
    written = [f"{{}}{inline(cell)}" for cell in cells]
    if any(r"\frac" in cell for cell in written):  # as high as in a formula that stands by itself, and with room around
        written = [cell.replace(r"\frac", r"\dfrac") for cell in written]
        written[-1] += r"\rule[-1.1em]{0pt}{2.7em}"
    return " & ".join(written) + r" \\"


def _picture(picture: Picture, file: str, left_out: str) -> Iterator[str]:
    sentence = f"\\fbox{{\\parbox{{0.8\\linewidth}}{{\\centering {escaped(left_out)}: \\texttt{{{escaped(file)}}}}}}}"
    if "." in file:
        found = f"\\IfFileExists{{{file}}}{{\\fitted{{{file}}}}}{{{sentence}}}"
    else:
        found = sentence
        for suffix in ("png", "pdf"):
            found = f"\\IfFileExists{{{file}.{suffix}}}{{\\fitted{{{file}.{suffix}}}}}{{{found}}}"
    yield r"\begin{center}"
    yield found
    if caption := inline(picture.caption):
        yield f"\n\\smallskip{{\\small {caption}\\par}}"
    yield r"\end{center}"
