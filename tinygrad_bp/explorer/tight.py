"""Scripts and style sheets without what only their readers need: a cell of a notebook holds all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from itertools import pairwise, product
from string import ascii_letters, digits

_RESERVED = ("do", "if", "in")  # of two letters
_TEXT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)""")

_SUM = r"(?<=[\w)\] ]) ?[+-] ?(?=[\w(])"  # no sign of it beside another, which would be one: - -x


def tight(code: str, signs: str, more: str = "") -> str:
    """The code without spaces around these signs and without the ends of lines after some and before some, outside of texts.

    `more` is an expression for what else has no spaces around it.

    A line in which a text is not told from code at once, with a slash or with one template in another, stays as it is, and what follows a
    remark stays on a line of its own.
    """
    around = re.compile(rf" ?[{re.escape(signs)}] ?" + (more and f"|{more}"))
    lines = []
    for line in code.split("\n"):
        parts = _TEXT.split(line)
        plain = "/" not in line and line.count("`") in (0, 2)
        lines.append(
            "".join(part if k % 2 else around.sub(lambda found: found[0].strip(), part) for k, part in enumerate(parts))
            if plain
            else line
        )
    whole = lines[:1]
    for before, line in pairwise(lines):
        one = "//" not in before and (before.endswith(tuple(";,{}([")) or line.startswith(tuple("?:)]}")))
        whole += [line] if one else ["\n", line]
    return "".join(whole)


def bare(script: str) -> str:
    """The script without its indentation and the remarks at the ends of its lines."""
    return re.sub(r"^ +|(?<=[;,{(\])}]) +// [^\"'`\n]*$", "", script, flags=re.MULTILINE)


def plain(script: str) -> str:
    """The same without most of its spaces."""
    return tight(bare(script), "=!*<>?:&|,{}();", _SUM)


def short(script: str) -> str:
    """The same with short names, and its texts between single quotes: an attribute spells each double one with six letters."""
    return re.sub(r"""\"([^"'\\\n]*)\"""", r"'\1'", plain(_renamed(script, _own(script))))


def with_short_names(script: str) -> str:
    """The script with short names for functions, classes, constants and variables that it declares.

    A word keeps its place if it is somewhere in the script an attribute, a key or a part of a text, or might be: if it stands alone between
    signs that are those of objects, or in a line in which a text is not told from code at once.
    """
    kept = set(re.findall(r"[.#](\w+)", script)) | set(re.findall(r"(\w+) ?:", script))
    kept |= set(re.findall(r"(?:,|(?<!\$)\{)\s*(\w+)(?=\s*[,}=])", script))
    for line in script.split("\n"):
        if line.count("`") > 2 or re.search(
            r"[(,=:\[!&|?{};]\s*/|^/", line
        ):  # one template in another, or an expression for texts
            kept.update(re.findall(r"\w+", line))
            continue
        for text in _TEXT.findall(line):
            kept.update(re.findall(r"\w+", re.sub(r"\$\{[^{}]*\}", " ", text) if text[0] == "`" else text))
    return _renamed(script, set(re.findall(r"\b(?:const|let|function\*?|class) (\w\w+)", script)) - kept)


def _own(script: str) -> set[str]:
    """The names that the script declares and that are nowhere an attribute or a key in it."""
    declared = re.findall(
        r"(?:const|let|,) (\w+) = |(?:const|let) (\w+)|(?:const|let) \[([^\]]*)\]|\(([\w, ]+)\) =>", script
    )
    words = re.findall(r"[\w.]+:?", script)
    foreign = {part for word in words for part in word.rstrip(":").split(".")[1:]}
    foreign |= {word[:-1] for word in words if word.endswith(":")}
    return {name for found in declared for name in re.findall(r"\w\w+", " ".join(found))} - foreign


def _renamed(script: str, names: Collection[str]) -> str:
    """The script with short names in place of these, the shortest for those that come most often."""
    counts = Counter(re.findall(r"\w+", script))
    free = (
        name
        for name in (*ascii_letters, *map("".join, product(ascii_letters, digits + ascii_letters)))
        if name not in counts and name not in _RESERVED
    )
    both = dict(zip(sorted(names, key=lambda name: (-counts[name], name)), free, strict=False))
    return re.sub(r"\w+", lambda name: both.get(name[0], name[0]), script)
