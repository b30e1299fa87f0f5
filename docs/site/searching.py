"""Search in Japanese: what is written without spaces is found by each two letters that follow each other, in pages and in questions alike.

A dictionary would cut words out of a page that nobody looks for, and the question, which a browser cannot cut, would find none of them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sphinx.search.ja import SearchJapanese

LETTERS = "\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff"  # kana and kanji, without the dot between words
RUNS = re.compile(f"[{LETTERS}]+|[^\\W{LETTERS}]+")
JAPANESE = re.compile(f"[{LETTERS}]+")


def pieces(text: str) -> list[str]:
    """What a question is looked for by: pairs of letters of Japanese, one where it stands alone, and other words whole."""
    found = []
    for run in RUNS.findall(unicodedata.normalize("NFKC", text).lower()):
        pairs = [run[place : place + 2] for place in range(len(run) - 1)] if JAPANESE.fullmatch(run) else []
        found += pairs or [run]
    return found


class Pairs(SearchJapanese):
    """The language of Sphinx's search index."""

    js_splitter_code = f"""
var splitQuery = (query) => {{
  const runs = query.normalize("NFKC").toLowerCase().match(/[{LETTERS}]+|((?![{LETTERS}])[\\p{{L}}\\p{{N}}_])+/gu) ?? [];
  const pairs = (run) => [...run].slice(1).map((letter, place) => [...run][place] + letter);
  return runs.flatMap((run) => (/^[{LETTERS}]{{2,}}$/u.test(run) ? pairs(run) : [run]));
}};
"""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__({**options, "type": "sphinx.search.ja.DefaultSplitter"})

    def split(self, input: str) -> list[str]:
        """Also each letter of a page by itself: a word may be one."""
        found = pieces(input)
        return [
            *found,
            *(letter for piece in found if JAPANESE.fullmatch(piece) and len(piece) > 1 for letter in piece),
        ]

    def word_filter(self, word: str) -> bool:
        """Whether this is in the index."""
        return len(word) > 1 or JAPANESE.fullmatch(word) is not None


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.add_search_language(Pairs)
