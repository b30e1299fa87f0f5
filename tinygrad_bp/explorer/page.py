"""`Page`: one HTML file with everything in it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.output import saying
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing
from tinygrad_bp.explorer.exports import picture, table
from tinygrad_bp.explorer.notebook import cell
from tinygrad_bp.explorer.programs import function_of
from tinygrad_bp.explorer.tight import plain, tight, with_short_names
from tinygrad_bp.files import format_of, write_whole
from tinygrad_bp.lessons.marking.mistakes import mistakes, named
from tinygrad_bp.program.javascript import script_json
from tinygrad_bp.text import printable
from tinygrad_bp.words import LANGUAGES, catalogue, words

# In the order in which they are joined: each after those it imports from.
SCRIPTS = (
    "model/words", "model/numbers", "model/graph", "model/optimizers", "model/changes", "model/training",
    "model/rival", "model/notation", "model/beats", "model/probabilities", "model/formulas",
    "model/equations", "model/frame", "model/history", "model/slopes", "model/growing", "model/heights", "model/maps",
    "model/speech", "model/neurons", "model/terms", "model/forward", "model/backward", "model/answers", "model/agreeing", "model/travels",
    "model/scenes", "model/asking", "model/round", "model/diagnosis", "model/mixups", "model/quiz", "model/check", "model/tables",
    "model/png", "model/points",
    "model/ladder", "model/state",
    "model/session",
    "views/elements", "views/controls", "views/pieces", "views/grip", "views/items", "views/motion",
    "views/rectangles", "views/spots", "views/columns", "views/arrangement",
    "views/standing", "views/tracks", "views/movement", "views/labels", "views/boxes", "views/crowd",
    "views/picture", "views/network",
    "views/sheets", "views/graphparts", "views/minimap", "views/computation", "views/beat", "views/bar", "views/plot",
    "views/neuron", "views/hover", "views/formula", "views/gradual", "views/landscape", "views/edit", "views/slope", "views/cases",
    "views/curve", "views/painting", "views/plane", "views/runs", "views/learning", "views/paths",
    "views/standalone", "views/truth", "views/rungs", "views/teacher", "views/film", "views/exports", "views/settings",
    "shell/links", "shell/player", "shell/keyboard", "shell/screen", "shell/page", "shell/main",
)  # fmt: skip


@saying
@dataclass(frozen=True)
class Page:
    """A page on which a graph is explored. In a notebook it shows itself.

    Attributes:
        html: the whole page. It loads nothing and sends nothing.
        title: what it shows.
        graph: the result that it is about, with data and gradients as they were when the page was made; None of a page put together
            by hand.
        language: that it begins with; None for that of the reader's browser.
    """

    html: str = field(repr=False)
    title: str
    graph: Value | None = field(default=None, repr=False, compare=False)
    language: str | None = field(default=None, repr=False)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page to a file whose name ends in .html, and returns its path.

        Raises ValueError for another ending, and OSError where the file cannot be written. An existing file is replaced only when the new
        one is whole.
        """
        format_of(path, ["html", "htm"], "a page", stream="html")
        return write_whole(path, self.html)

    def picture(self) -> Drawing:
        """The whole graph as a picture, which saves itself as SVG, PNG or PDF. Raises ValueError for a page that was made of no graph."""
        return picture(self._graph(), self.title, self.language)

    def csv(self) -> str:
        """All numbers as CSV, a line for each Value: its name, formula, data and gradient. Raises ValueError as `picture` does."""
        return table(self._graph())

    def _graph(self) -> Value:
        if self.graph is None:
            raise ValueError("this page was put together by hand: explore(...) makes one that knows its graph")
        return self.graph

    def _repr_html_(self) -> str:
        """The output of a notebook's cell: the page packed to a third, in a sandbox that is as high as it is.

        Where a notebook is not trusted, scripts and frames are taken out of what its cells show: there it says how to see the page.
        """
        old, untrusted = (
            " ".join(words(each)(f"notebook.{key}") for each in LANGUAGES) for key in ("old", "untrusted")
        )
        return cell(self.html, self.title, old, untrusted)


def page_of(
    description: dict[str, Any], programs: dict[str, Any], *, language: str | None, graph: Value | None = None
) -> Page:
    """The page for what `describe` found. `language` is one of LANGUAGES, or None for the reader's own."""
    result = description["nodes"][description["result"]]["name"]
    known = page_texts(language or "en")[f"title.{description['kind']}"]
    given = description["title"]
    title = (given if isinstance(given, str) else given.get(language or "en")) or known.replace("{name}", result)
    title = printable(title)  # a file in UTF-8 holds no half of a surrogate pair, and HTML no zero byte
    script = "\n".join(
        [
            '"use strict";',
            "{",  # a scope of its own: the window has names that may not be given again
            f"const PROGRAMS = {plain(_programs(programs))};",
            f"const MISTAKES = {_mistakes()};",
            _scripts(),
            "}",
        ]
    )
    style = tight(_asset("style.css"))
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            # Positions and widths are set by scripts, which this policy does not concern.
            f"style-src '{_digest(style)}'",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    parts = {
        "LANGUAGE": language or "en",
        "TITLE": html.escape(title),
        "POLICY": policy,
        "STYLE": style,
        "TEXTS": script_json(text_table(), ascii_only=False, spaces=False),
        "DESCRIPTION": script_json({**description, "language": language}, spaces=False),
        "SCRIPT": script,
    }
    # In one pass: nothing that is put in place is looked at again.
    whole = re.sub(r"\{\{([A-Z]+)\}\}", lambda mark: parts[mark[1]], _asset("page.html"))
    return Page(whole, title, graph, language)


def page_texts(language: str) -> dict[str, str]:
    """The texts of the page in a language: its own, and those that say mistakes."""
    sections = catalogue(language)
    return {**sections["page"], **{f"mistake.{key}": sections["mistake"][key] for key in mistakes()["page"]}}


def text_table() -> dict[str, list[str]]:
    """The texts of the page in columns, for which a cell of a notebook has room: the keys, and the words of each language."""
    texts = {language: page_texts(language) for language in LANGUAGES}
    keys = list(texts["en"])
    return {"keys": keys, **{language: [words[key] for key in keys] for language, words in texts.items()}}


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / "web" / name).read_text(encoding="utf-8")


@cache
def _scripts() -> str:
    """All modules as one script, in whose one scope no two have a name of their own in common."""
    return with_short_names("\n".join(map(_linked, SCRIPTS)))


def _linked(path: str) -> str:
    """A module as a part of that script."""
    module = re.sub(r'^import \{[^}]*\} from "[./\w]+";\n', "", _asset(f"{path}.js"), flags=re.MULTILINE)
    return re.sub(r"^export (?=(?:const|let|function\*?|class|async) )", "", module, flags=re.MULTILINE)


def _programs(programs: dict[str, Any]) -> str:
    """The programs as a JavaScript object. They are code; every name in them is an identifier that the compiler made."""

    def pair(both: dict[str, str]) -> str:
        return f"{{forward: {both['forward']}, slopes: {both['slopes']}}}"

    variants = "".join(
        f"{json.dumps(name)}: {pair(both) if both else 'null'},\n" for name, both in programs["variants"].items()
    )
    curves, steps = (
        "".join(f"{json.dumps(name)}: {function},\n" for name, function in programs[kind].items())
        for kind in ("activations", "optimizers")
    )
    others = "".join(f",\n{name}: {programs.get(name, 'null')}" for name in ("probabilities", "hand"))
    return f"{{main: {pair(programs['main'])},\nvariants: {{{variants}}},\nactivations: {{{curves}}},\noptimizers: {{{steps}}}{others}}}"


def _mistakes() -> str:
    """The list of mistakes as a JavaScript object, its formulas of net input and output as pairs of formula and function.

    Beside it the σ that an answer may be written with.
    """
    listed = dict(mistakes())
    slopes = listed.pop("slopes")
    del listed["page"], listed["by_result"]
    pairs = {
        name: [
            f"[{json.dumps(each, ensure_ascii=False)}, (net, out) => {named(each, 'net', 'out')}]" for each in formulas
        ]
        for name, formulas in slopes.items()
    }
    functions = ", ".join(f"{name}: [{', '.join(each)}]" for name, each in pairs.items())
    return f"{{sigmoid: {function_of(ops.sigmoid)}, slopes: {{{functions}}}, {json.dumps(listed)[1:]}"


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
