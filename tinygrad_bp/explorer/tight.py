"""Scripts and style sheets without what only their readers need: a cell of a notebook holds all of them."""

from __future__ import annotations

import re


def tight(code: str, signs: str) -> str:
    """The code without spaces around these signs and without the ends of lines after some, outside of texts.

    A line in which a text is not told from code at once, with a slash or with one template in another, stays as it is.
    """
    around = re.compile(rf" ?([{re.escape(signs)}]) ?")
    lines = []
    for line in code.split("\n"):
        parts = re.split(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)""", line)
        plain = "/" not in line and line.count("`") in (0, 2)
        lines.append(
            "".join(part if k % 2 else around.sub(r"\1", part) for k, part in enumerate(parts)) if plain else line
        )
    return re.sub(r"(?<=[;,{}(\[])\n", "", "\n".join(lines))
