"""Scripts and style sheets without what only their readers need: a cell of a notebook holds all of them."""

from __future__ import annotations

import re
from itertools import pairwise


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
