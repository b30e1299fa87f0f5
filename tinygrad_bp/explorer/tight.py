"""Scripts and style sheets without what only their readers need: a cell of a notebook holds all of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import product
from string import ascii_letters, digits
from typing import NamedTuple

_UNSAID = r"(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*"
_PIECE = r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)"  # of a template: up to its end, or to an expression in it
_STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
_TOKEN = re.compile(
    rf"(\.?\d(?:[\w.]|(?<=[eE])[-+])*|[\w$#]+|{_STRING}|`{_PIECE}|=>|\?\.|\.\.\.|\+\+|--|.){_UNSAID}", re.DOTALL
)
_REST = re.compile(rf"(\}}{_PIECE}){_UNSAID}", re.DOTALL)
_REGEX = re.compile(rf"(/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/\w*){_UNSAID}", re.DOTALL)
_VALUE = re.compile(r"(?!(?:return|typeof|case|of|in)$).*[\w$)\]}\"'`]", re.DOTALL)  # after which a slash divides

# Between two tokens, here a zero byte: what would be one with the other.
_APART = re.compile(r"(?<=[\w$#])\0(?=[\w$#])|(?<=\+)\0(?=\+)|(?<=-)\0(?=-)|(?<=/)\0(?=[/*])|(?<=<)\0(?=[/!])")

_HEADS = ("if", "for", "while", "switch", "await")  # what is in brackets after them is no list of parameters
_BEFORE_BLOCKS = (")", "=>", ";", "{", "}", "else", "try", "finally", "do")
_RESERVED = ("do", "if", "in", "of")
_SHORT = [
    name
    for name in (*ascii_letters, *map("".join, product(ascii_letters, digits + ascii_letters)))
    if name not in _RESERVED
]


class Script(NamedTuple):
    """A script as its words, numbers, texts and signs. Templates are in pieces, between which their expressions are.

    Attributes:
        tokens: all of them, in order.
        pairs: the places of the bracket at each place and of its other one.
        around: for each token where the bracket begins that it is in, or -1.
    """

    tokens: list[str]
    pairs: dict[int, int]
    around: list[int]


def tight(style: str) -> str:
    """The style sheet without remarks and without the spaces that say nothing."""
    parts = re.split(f"({_STRING})", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    for k in range(0, len(parts), 2):
        parts[k] = re.sub(r"\s+", " ", parts[k])
        parts[k] = re.sub(r" ?([{};,>]) ?|(?<=:) ", r"\1", parts[k]).replace(";}", "}")
    return "".join(parts)


def plain(script: str) -> str:
    """The script without remarks and without the spaces that say nothing.

    Each of its statements ends with a semicolon or a bracket, not with the line, and none is empty.
    """
    return _written(read(script).tokens)


def short(script: str) -> str:
    """The same with short names, and its texts between single quotes: an attribute spells each double one with six letters."""
    said = read(script)
    declared, kept = _names(said, 0, len(said.tokens))
    both = _short(said.tokens, (name for name in declared if name not in kept))
    return _written(re.sub(r"""^"([^"'\\]*)"$""", r"'\1'", both.get(token, token)) for token in said.tokens)


def with_short_names(script: str) -> str:
    """The same as `plain`, with short names for what the script declares.

    A word keeps its place where it is also an attribute, a key or a method: one that is declared outside of all brackets, if it is so
    anywhere; one that is declared in a statement such as a function, if it is so in that statement.
    """
    said = read(script)
    statements = [(first, last, *_names(said, first, last)) for first, last in _statements(said)]
    outer = [name for _, _, declared, _ in statements for name, is_outer in declared.items() if is_outer]
    kept_anywhere = {word for *_, kept in statements for word in kept}
    everywhere = _short(said.tokens, (name for name in outer if name not in kept_anywhere))
    found: list[str] = []
    for first, last, declared, kept in statements:
        words = [everywhere.get(token, token) for token in said.tokens[first:last]]
        here = _short(words, (name for name in declared if name not in kept and name not in outer))
        found += [here.get(word, word) for word in words]
    return _written(found)


def read(script: str) -> Script:
    """The script in tokens."""
    said = Script([], {}, [])
    tokens, pairs, around = said
    opened = [-1]
    script, at = re.sub(rf"^{_UNSAID}", "", script), 0
    while at < len(script):
        match = None
        if script[at] == "}" and opened[-1] >= 0 and tokens[opened[-1]][0] == "`":
            match = _REST.match(script, at)
        elif script[at] == "/" and not (tokens and _VALUE.fullmatch(tokens[-1])):
            match = _REGEX.match(script, at)
        match = match or _TOKEN.match(script, at)
        assert match is not None
        token, at = match[1], match.end()
        if token in (")", "]", "}") or (token[0] == "}" and token[-1] == "`"):
            pairs[len(tokens)] = begin = opened.pop()
            pairs[begin] = len(tokens)
        around.append(opened[-1])
        if token in ("(", "[", "{") or (token[0] == "`" and token[-1] == "{"):
            opened.append(len(tokens))
        tokens.append(token)
    return said


def _written(tokens: Iterable[str]) -> str:
    whole = "\0".join(tokens).replace("\0;\0}", "\0}")
    return _APART.sub(" ", whole).replace("\0", "")


def _statements(said: Script) -> Iterator[tuple[int, int]]:
    """Where the statements of a script begin and end; two that no sign keeps apart are one."""
    first = 0
    for k, token in enumerate(said.tokens):
        block = token == "}" and said.tokens[first] in ("async", "function", "class")
        if said.around[k] < 0 and (block or token == ";"):
            yield first, k + 1
            first = k + 1
    yield first, len(said.tokens)


def _names(said: Script, first: int, last: int) -> tuple[dict[str, bool], set[str]]:
    """What these tokens declare, in order, and whether outside of all brackets; and the words that are attributes, keys or methods."""
    pairs, around = said.pairs, said.around
    here = said.tokens[first:last]
    declared: dict[str, bool] = {}
    kept = {"async", "get", "of", "set", "static"}  # in some places names, in others signs

    def declare(begin: int, end: int, *, outer: bool = False) -> None:
        for name in _bound(said, begin, end):
            declared[name] = outer or declared.get(name, False)

    for k, (before, token, after) in enumerate(zip(["", *here], here, [*here[1:], ""], strict=False), first):
        in_pair = before in ("{", ",") and after in (":", ",", "}", "=")
        if before in (".", "?.") or (in_pair and (after == ":" or _is_object(said, around[k]))):
            kept.add(token)
        elif token in ("const", "let"):
            declare(k + 1, last, outer=around[k] < 0)
        elif token in ("function", "class") and after not in ("(", "{", "extends"):
            name = k + 2 if after == "*" else k + 1
            declare(name, name + 1, outer=around[k] < 0)
        elif token == "=>":
            declare(*((pairs[k - 1] + 1, k - 1) if before == ")" else (k - 1, k)))
        elif token == "(" and before not in _HEADS and said.tokens[pairs[k] + 1 : pairs[k] + 2] == ["{"]:
            declare(k + 1, pairs[k])
            if "function" not in said.tokens[max(0, k - 3) : k]:
                kept.add(before)
    return declared, kept


def _is_object(said: Script, begin: int) -> bool:
    """Whether the bracket there is that of an object or a class, rather than of a block or a list."""
    return said.tokens[begin] == "{" and said.tokens[begin - 1] not in _BEFORE_BLOCKS


def _bound(said: Script, first: int, last: int) -> Iterator[str]:
    """The names that a list of such as a, [b, c = 1], {key: d} = {} declares, up to its end."""
    tokens, k, begins = said.tokens, first, True
    while k < last and (begins or tokens[k] not in (";", "of", "in")):
        if tokens[k] == ",":
            begins = True
        elif begins and tokens[k + 1] == ":":
            k += 1
        elif begins and tokens[k] != "...":
            begins = False
            if k not in said.pairs:
                yield tokens[k]
            else:
                yield from _bound(said, k + 1, said.pairs[k])
        k = said.pairs.get(k, k) + 1


def _short(tokens: Collection[str], names: Iterable[str]) -> dict[str, str]:
    """Short names for these, none of which is among the tokens."""
    known = set(tokens)
    return dict(zip(names, (name for name in _SHORT if name not in known), strict=False))
