"""All words that people read in more than one language: one catalogue for each language, used by lessons, the command and the page alike.

    >>> say = words("en")
    >>> say("count.weight", count=2)
    '2 weights'
    >>> words("ja")("count.weight", count=2)
    '重み2個'

A catalogue, `en.json` or `ja.json`, has sections, and in each texts by key: `count.weight` is the text weight of the section count. Names
in braces are replaced by what is given for them. Where English says one thing of one and another of several, both stand there, apart by
`|`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_bp.text import did_you_mean, shown

LANGUAGES = ("en", "ja")


class Words:
    """The texts of a language. `language` is its code, "en" or "ja"."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._sections = catalogue(language)

    def __call__(self, key: str, /, **given: Any) -> str:
        """The text of a key such as "lesson.forward", with {names} replaced by what is given for them; `count` chooses between two forms.

        Raises KeyError for a key that is not there, and for a name that nothing is given for.
        """
        section, _, rest = key.partition(".")
        text = self._sections[section][rest]
        if "|" in text and "count" in given:
            one, several = text.split("|")
            text = one if given["count"] == 1 else several
        return re.sub(r"\{(\w+)\}", lambda name: _written(given[name[1]]), text)

    def listed(self, names: list[str]) -> str:
        """`a`, `a and b`, `a, b and c`, as the language has it."""
        *rest, last = names or [""]
        return f"{self('say.comma').join(rest)}{self('say.and')}{last}" if rest else last


class Said(NamedTuple):
    """A sentence for any language: its key, and what stands in it, which may be such a sentence, too. Words say it: `said(say)`."""

    key: str
    given: Mapping[str, object] = {}

    def __call__(self, say: Words) -> str:
        return say(self.key, **{name: x(say) if isinstance(x, Said) else x for name, x in self.given.items()})


def words(language: str = "en", of: str = "") -> Words:
    """The texts of a language. Raises ValueError for one that there is none of, which begins with the operation `of`."""
    if language not in LANGUAGES:
        near = did_you_mean(language, LANGUAGES)
        raise ValueError(
            f"{of}{': ' if of else ''}language is one of {', '.join(map(repr, LANGUAGES))}, not {shown(language)}{near}"
        )
    return Words(language)


@cache
def catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a language by section and key."""
    text = (Path(__file__).parent / f"{language}.json").read_text(encoding="utf-8")
    sections: dict[str, dict[str, str]] = json.loads(text)
    return sections


def language_of_the_locale() -> str:
    """The language that the environment asks programs to speak, if it is one of ours; else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            code = re.split(r"[_.@-]", value)[0].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def _written(x: Any) -> str:
    return f"{x:,}" if isinstance(x, int) else str(x)
