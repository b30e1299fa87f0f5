"""README and docs say what is so: every block of code runs, and every output, number, link and picture is checked.

A `python` block with prompts is a doctest; one without is run as it stands, and if its first line is a comment with a file name it is
saved under that name for the commands that follow. An `sh` block is run line by line. A `text` block is what the block before it
prints. A `console` block has commands, each after `$ `, and below each what it prints. In outputs `...` stands for what is left out.
All blocks of a page share their names and an empty folder.
"""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import re
import runpy
import shlex
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from xml.dom import minidom

import pytest

from tinygrad_bp import draw, draw_network
from tinygrad_bp.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
INSTALLING = ["pip install . && tinygrad-bp tutorial", 'pip install -e ".[dev]" && pytest']
ON_THE_DOCS = [
    "python docs/make.py",
    "python docs/places.py",
]  # what they make is compared here and in test_docs_places
MAKE = runpy.run_path(str(ROOT / "docs" / "make.py"))
ANCHOR_OF = runpy.run_path(str(ROOT / "docs" / "site" / "addresses.py"))["anchor_of"]
DRAWINGS = MAKE["drawings"]()
CURVES = MAKE["curves"]()

SCREENSHOTS = ["explorer", "explorer-graph"]  # by docs/screenshots.py, each light and dark

BLOCKS = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

NEEDS_EXTRAS = [
    "numpy.md",
    "machine-code.md",
    "many-machines.md",
    "networks.md",
    "other-models.md",
    "7-many-cases-many-layers.md",
]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def translated(page: Path) -> bool:
    """Whether a page has the blocks of another one: tests/test_docs_japanese.py compares them."""
    ja = ROOT / "docs" / "ja"
    return ja in page.parents and page != ja / "README.md"


IN_JAPANESE = ', language="ja"'  # what the blocks of a translated page have beside those of its twin


class Block(NamedTuple):
    language: str
    text: str
    line: int


def blocks(source: str) -> list[Block]:
    """The fenced blocks of a page, and the line each begins on."""
    found = []
    lines = enumerate(source.splitlines(), 1)
    for number, line in lines:
        if line.lstrip().startswith("```"):
            assert line.startswith("```"), f"line {number}: an indented block"
            inside = []
            for _, inner in lines:
                if inner.startswith("```"):
                    assert inner == "```", f"line {number}: not closed"
                    break
                inside.append(inner + "\n")
            else:
                raise AssertionError(f"line {number}: not closed")
            found.append(Block(line[3:], "".join(inside), number))
    return found


def in_japanese(japanese: str, english: str) -> list[Block]:
    """The blocks of a translated page that ask for Japanese, or print it: programs that differ, and outputs with what prints them."""
    found: list[Block] = []
    before: Block | None = None
    for block, other in zip(blocks(japanese), blocks(english), strict=False):
        if block.language == "python" and IN_JAPANESE in block.text:
            found.append(block)
        elif block.language == "text" and block.text != other.text and before is not None:
            found += [block] if found[-1:] == [before] else [before, block]
        before = block if block.language == "python" else None
    return found


def fenced(found: list[Block]) -> str:
    """A page of these blocks."""
    return "".join(f"\n```{block.language}\n{block.text}```\n" for block in found)


def prose(source: str) -> str:
    """A page without its blocks and without the targets of its links."""
    return re.sub(r"\]\([^)]*\)", "]", BLOCKS.sub("", source))


def run(source: str) -> Iterator[str]:
    """Runs the blocks of a page in the current folder and gives what is wrong."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed: str | None = None  # by the block before, if it was one that prints
    checker = doctest.OutputChecker()
    for block in blocks(source):
        where = f"line {block.line}"
        if block.language == "text":
            if printed is None:
                yield f"{where}: an output of nothing"
            elif not checker.check_output(block.text, tidy(printed), doctest.ELLIPSIS):
                yield f"{where}: printed was\n{printed}"
            printed = None
        elif block.language == "python" and ">>>" in block.text:
            test = doctest.DocTestParser().get_doctest(block.text, names, "page", "page", block.line)
            report: list[str] = []
            doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(
                test, out=report.append, clear_globs=False
            )
            names, printed = test.globs, None
            yield from report
        elif block.language == "python":
            if named := re.match(r"# (\w+\.py)\n", block.text):
                Path(named[1]).write_text(block.text, encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile("\n" * block.line + block.text, "page", "exec"), names)
            printed = out.getvalue()
        elif block.language == "sh":
            printed = ""
            for line in block.text.splitlines():
                if line not in INSTALLING + ON_THE_DOCS:
                    output, wrong = command(line)
                    printed += output
                    yield from [f"{where}: {wrong}"] * bool(wrong)
        elif block.language == "console":
            printed = None
            for line, shown in session(block.text):
                output, wrong = command(line)
                yield from [f"{where}: {wrong}"] * bool(wrong)
                if not checker.check_output(shown, tidy(output), doctest.ELLIPSIS):
                    yield f"{where}: {line} printed\n{output}"
        else:
            yield f"{where}: no known language: {block.language!r}"


def session(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a `console` block, each with what it is said to print."""
    before, *commands = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not before, "a console block begins with a command"
    for found in commands:
        line, _, shown = found.partition("\n")
        yield line, shown


def command(line: str) -> tuple[str, str]:
    """Runs a command line. Returns what it prints, errors included, and what is wrong, if something is."""
    words = shlex.split(line, comments=True)
    if words[:1] != ["tinygrad-bp"]:
        return "", f"no known command: {line}"
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        status = main(words[1:])
    wanted = int(found[1]) if (found := re.search(r"# exit status (\d)", line)) else 0
    return out.getvalue(), "" if status == wanted else f"exit status {status} of {line}: {out.getvalue()}"


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


def unproved_numbers(source: str) -> list[str]:
    """The numbers of four decimals and more in the prose that no block of the page shows, rounded as they are."""
    number = r"(?<![\w.])[-−]?\d+\.\d{4,}(?:e[-+]?\d+)?(?!\w)"
    shown = [Decimal(text) for block in blocks(source) for text in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", block.text)]
    return [
        text
        for text in re.findall(number, prose(source), re.ASCII)  # a Japanese letter ends a number, too
        if not any(rounds_to(x, Decimal(text.replace("−", "-"))) for x in shown)
    ]


def rounds_to(x: Decimal, printed: Decimal) -> bool:
    digits = printed.as_tuple().exponent
    # More than that is no rounding.
    return x.adjusted() - int(digits) < 25 and x.quantize(Decimal((0, (1,), digits))) == printed


def dead_links(source: str, page: Path) -> list[str]:
    """The links and pictures of a page that lead nowhere in the project."""
    text = BLOCKS.sub("", source)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]*)"', text)
    places = dict(re.findall(r"^\[([\w-]+)\]: (\S+)$", text, flags=re.MULTILINE))
    dead = [name for name in re.findall(r"\]\[([\w-]+)\]", text) if name not in places]
    for target in [*targets, *places.values()]:
        if "/#s=" in target:  # a place on a page: tests/test_docs_places.py reads it
            if not (page.parent / target.partition("#")[0] / "README.md").exists():
                dead.append(target)
        elif not target.startswith("https://"):
            path, _, anchor = target.partition("#")
            file = page.parent / path if path else page
            if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
                dead.append(target)
    return dead


def anchors(source: str) -> list[str]:
    """What a link can lead to on a page: its headings, and the anchors that are set in it."""
    text = BLOCKS.sub("", source)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [
        *map(ANCHOR_OF, headings),
        *re.findall(r'<a id="([\w-]+)"></a>', text),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.extras] * (page.name in NEEDS_EXTRAS))
        for page in PAGES
        if not translated(page)
    ],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_blocks_run_and_print_what_the_page_says(page: Any, empty_folder: Path) -> None:
    source = page.read_text(encoding="utf-8")
    twin = ROOT / "docs" / "ja" / page.relative_to(ROOT / "docs") if ROOT / "docs" in page.parents else page
    if twin.exists() and translated(twin):  # with the names that the blocks of the English page leave
        source += fenced(in_japanese(twin.read_text(encoding="utf-8"), source))
    wrong = list(run(source))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "derivatives.md"], ids=lambda page: page.name)
def test_numbers_in_prose_are_shown_by_code(page: Any) -> None:  # but the table of derivatives, which is made by code
    assert unproved_numbers(page.read_text(encoding="utf-8")) == []


@each_page
def test_links_and_pictures_are_there(page: Any) -> None:
    assert dead_links(page.read_text(encoding="utf-8"), page) == []


@each_page
def test_formulas_are_what_github_can_show(page: Any) -> None:
    assert not re.findall(r"\\operatorname|\\mbox|\\phantom|\\newcommand|\\def\b", page.read_text(encoding="utf-8"))


WRONG_PAGES = {
    "a wrong result": "```python\n>>> 1 + 1\n3\n```\n",
    "a wrong output": "```python\nprint(1)\n```\n```text\n2\n```\n",
    "an output of nothing": "```text\n2\n```\n",
    "an unknown language": "```ruby\nputs 1\n```\n",
    "no language": "```\n1\n```\n",
    "an unknown command": "```sh\nrm -r x\n```\n",
    "a failing command": "```sh\ntinygrad-bp draw nothing.py:y -o y.svg\n```\n",
    "a session that prints something else": "```console\n$ tinygrad-bp draw nothing.py:y -o y.svg\ny.svg\n```\n",
    "a status that is another": "```sh\ntinygrad-bp --version  # exit status 2\n```\n",
}


@pytest.mark.parametrize("source", WRONG_PAGES.values(), ids=WRONG_PAGES.keys())
def test_a_wrong_block_is_found(source: Any, empty_folder: Path) -> None:
    assert list(run(source))


def test_wrong_numbers_links_and_fences_are_found() -> None:
    shown = "```python\n>>> 0.5932699921\n0.5932699921\n```\n"
    assert unproved_numbers(shown + "It is 0.593269992, or 0.59327.") == []
    assert unproved_numbers(shown + "It is 0.593269993.") == ["0.593269993"]
    assert unproved_numbers(shown + "値は0.593269993です。") == ["0.593269993"]
    page = ROOT / "README.md"
    assert dead_links("[a](docs/nowhere.md) ![b](nothing.svg) [c](#no-such-heading) [d](docs/README.md)", page) == [
        "docs/nowhere.md",
        "nothing.svg",
        "#no-such-heading",
    ]
    for source in ("```python\n1\n", "- item\n  ```python\n  1\n  ```\n"):
        with pytest.raises(AssertionError):
            blocks(source)


def test_the_readme_begins_with_the_two_commands() -> None:
    found = [block.text for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if block.language == "sh"]
    assert found[:2] == [f"{line}\n" for line in INSTALLING]


def test_the_table_of_derivatives_is_made_from_the_rows() -> None:
    assert (ROOT / "docs" / "derivatives.md").read_text(encoding="utf-8") == MAKE["derivatives"](), (
        "run python docs/make.py"
    )


def test_every_row_is_in_the_table_of_derivatives() -> None:
    page = (ROOT / "docs" / "derivatives.md").read_text(encoding="utf-8")
    assert all(f"\n| `{name}` |" in page for name in MAKE["OPERATIONS"])


def test_the_pictures_are_all_there_and_no_others() -> None:
    files = {path.name for path in (ROOT / "docs" / "pictures").iterdir()}
    drawn = {f"{name}.{suffix}" for name in DRAWINGS for suffix in ("gv", "svg")} | {f"{name}.svg" for name in CURVES}
    assert files == drawn | {f"{name}{scheme}.png" for name in SCREENSHOTS for scheme in ("", "-dark")}


def test_every_picture_is_shown_on_a_page() -> None:
    shown = set(
        re.findall(r"pictures/([\w-]+)\.(?:svg|png)", " ".join(page.read_text(encoding="utf-8") for page in PAGES))
    )
    assert {name.removesuffix("-dark") for name in [*DRAWINGS, *SCREENSHOTS, *CURVES]} == {
        name.removesuffix("-dark") for name in shown
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_is_what_the_program_draws_today(name: Any) -> None:
    path = ROOT / "docs" / "pictures" / f"{name}.gv"
    assert path.read_text(encoding="utf-8") == DRAWINGS[name].source, "run python docs/make.py"
    assert texts(path.with_suffix(".svg").read_text(encoding="utf-8")) == texts(DRAWINGS[name].svg())


def texts(svg: str) -> list[str]:
    """What is written in a picture, tooltips included. Where it stands is the renderer's choice."""
    page = minidom.parseString(svg.encode())
    found = [node.firstChild for tag in ("text", "title") for node in page.getElementsByTagName(tag)]
    return sorted(node.data for node in found if node is not None)


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_is_what_the_program_draws_today(name: str) -> None:
    assert (ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8") == CURVES[name]


@pytest.mark.parametrize(
    ("function", "heading"), [(draw, "## Options of `draw`"), (draw_network, "## Options of `draw_network`")]
)
def test_every_option_of_a_picture_is_told(function: Any, heading: str) -> None:
    page = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    told = re.findall(
        r"`(\w+)`",
        " ".join(re.findall(r"^\| (`.*?) \|", page.split(heading + "\n")[1].split("\n## ")[0], re.MULTILINE)),
    )
    assert told == [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind == parameter.KEYWORD_ONLY
    ]


def test_every_option_of_the_command_is_told() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name in ("tutorial", "explore", "train", "predict", "draw", "explain", "check"):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            main([name, "--help"])
        options = set(re.findall(r"^  (?:-\w.*, )?(--[a-z-]+)", out.getvalue(), re.MULTILINE)) - {"--help"}
        told = set(
            re.findall(
                r"(--[a-z-]+)", " ".join(re.findall(r"^\| (`-.*?) \|", section(page, f"`{name}`"), re.MULTILINE))
            )
        )
        assert told == options, name


def section(page: str, title: str) -> str:
    """The part of a page under the heading that begins with the title, up to the next heading of any kind."""
    return re.split(r"^#+ ", page.split(f"# {title}")[1], flags=re.MULTILINE)[0]
