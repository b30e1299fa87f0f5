"""Scripts and style sheets without what only their readers need: a cell of a notebook holds all of them."""

from __future__ import annotations

import re
from itertools import pairwise, product
from string import ascii_letters, digits


def tight(code: str, signs: str) -> str:
    """The code without spaces around these signs and without the ends of lines after some and before some, outside of texts.

    A line in which a text is not told from code at once, with a slash or with one template in another, stays as it is, and what follows a
    remark stays on a line of its own.
    """
    around = re.compile(rf" ?([{re.escape(signs)}]) ?")
    lines = []
    for line in code.split("\n"):
        parts = re.split(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)""", line)
        plain = "/" not in line and line.count("`") in (0, 2)
        lines.append(
            "".join(part if k % 2 else around.sub(r"\1", part) for k, part in enumerate(parts)) if plain else line
        )
    whole = lines[:1]
    for before, line in pairwise(lines):
        one = "//" not in before and (before.endswith(tuple(";,{}([")) or line.startswith(tuple("?:)]}")))
        whole += [line] if one else ["\n", line]
    return "".join(whole)


def short(script: str) -> str:
    """The script without its indentation, remarks, most of its spaces, and with short names."""
    return tight(re.sub(r"^ +| // .*$", "", _renamed(script), flags=re.MULTILINE), "=*<>?:&|,{}();")


def _renamed(script: str) -> str:
    """The script with short names for those that it declares and that are nowhere an attribute or a key in it."""
    declared = re.findall(
        r"(?:const|let|,) (\w+) = |(?:const|let) (\w+)|(?:const|let) \[([^\]]*)\]|\(([\w, ]+)\) =>", script
    )
    words = re.findall(r"[\w.]+:?", script)
    foreign = {part for word in words for part in word.rstrip(":").split(".")[1:]}
    foreign |= {word[:-1] for word in words if word.endswith(":")}
    own = {name for found in declared for name in re.findall(r"\w\w+", " ".join(found))} - foreign
    free = (name for name in (*ascii_letters, *map("".join, product(ascii_letters, digits))) if name not in words)
    names = dict(zip(sorted(own, key=lambda name: (-words.count(name), name)), free, strict=False))
    return re.sub(r"\w+", lambda name: names.get(name[0], name[0]), script)
