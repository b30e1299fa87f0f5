"""Names for the numbers of a program: labels, made into identifiers that every target takes."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

from tinygrad_bp.core import ops
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.parts import decay

LONGEST = 48  # characters of an identifier
_LOOKED_AT = 1_000  # characters of a label: Unicode's normal form takes ever longer for a long row of accents
# What an identifier must not be in any target: words of Python and JavaScript, and the names that generated source itself uses. A test
# reads the sources of all targets for names that are missing here.
_RESERVED = {
    *keyword.kwlist, *keyword.softkwlist, *dir(builtins), *ops.OPERATIONS,
    "decay", "logistic", "bell", "inf", "nan", "ops", "xp", "program", "Math",
    "arguments", "await", "boolean", "byte", "case", "catch", "char", "const", "debugger", "default", "delete", "do", "double", "enum",
    "eval", "export", "extends", "final", "float", "function", "goto", "implements", "instanceof", "int", "interface", "let", "long",
    "native", "new", "null", "package", "private", "protected", "public", "short", "static", "super", "switch", "synchronized", "this",
    "throw", "throws", "transient", "true", "false", "typeof", "undefined", "var", "void", "volatile", "Infinity", "NaN", "inputs",
    "outputs", "values", "nodes", "labels", "power_of_two_below", "exact",
    "state", "settings", "table", "order", "row", "now", "recorded",
    "fsum", "nearest", "nodeValues", "Object", "Float64Array", "compute", "constant",
}  # fmt: skip
_DISPUTED = "\u30fb\uff65"  # dots that belong to identifiers since Unicode 15.1 only


def identifier(label: str) -> str:
    """The label as an identifier: its letters and digits of any script, all else as underscores. Empty if nothing is left.

    >>> identifier("net_o1"), identifier("weight 3"), identifier("2nd"), identifier("lambda"), identifier("重み")
    ('net_o1', 'weight_3', 'x2nd', 'lambda_', '重み')
    """
    text = unicodedata.normalize("NFKC", label[:_LOOKED_AT])
    # Letters beyond the basic plane are identifiers in Python, but not in every JavaScript.
    text = "".join(c if ("_" + c).isidentifier() and ord(c) < 0x10000 and c not in _DISPUTED else "_" for c in text)
    text = re.sub("__+", "_", text).strip("_")[:LONGEST].rstrip("_")
    if not text:
        return ""
    if not text.isidentifier():
        text = unicodedata.normalize("NFKC", "x" + text)  # an accent at its beginning joins the x
    return text + "_" if text in _RESERVED else text


def names(code: Code) -> dict[int, str]:
    """An identifier for each slot with a label, no two the same: for a derivative such as dE/dw5 d_w5. Inputs without are x1, x2, ...

    An input whose label is an identifier has that name, whatever the others are called: who gives inputs by name gives them by either.
    Exponentials that a sigmoid is computed from are called after their operand, if that has a name: e_net_o1.
    """
    derivatives = {slot: parts for slot, label in code.labels.items() if (parts := _derivative(label))}
    one_output = len({of for of, _ in derivatives.values()}) == 1
    found: dict[int, str] = {}
    taken: dict[str, int] = {}  # and how many numbers after it are known to be taken

    def give(slot: int, wanted: str) -> None:
        name, number = wanted, taken.get(wanted, 0)
        while name in taken:
            number += 1
            name = f"{wanted}_{number + 1}"
        taken[wanted] = number
        taken.setdefault(name, 0)
        found[slot] = name

    wishes = [identifier(label) for label in code.inputs]
    for slot, label in enumerate(code.inputs):
        if label and wishes[slot] == label and label not in taken:
            give(slot, label)
    taken |= {label: 0 for label in code.inputs if label not in taken}
    for slot, wish in enumerate(wishes):
        if slot not in found:
            give(slot, wish or f"x{slot + 1}")
    for slot, instruction in enumerate(code.instructions, len(code.inputs)):
        wanted = ""
        if slot in derivatives:
            of, by = derivatives[slot]
            wanted = (
                f"d_{identifier(by) or 'x'}" if one_output else f"d_{identifier(of) or 'y'}_d_{identifier(by) or 'x'}"
            )
        elif slot in code.labels:
            wanted = identifier(code.labels[slot])
        elif instruction.op is decay and (operand := instruction.operands[0]) in code.labels and operand in found:
            wanted = f"e_{found[operand]}"
        if wanted:
            give(slot, wanted)
    return found


class Temporaries:
    """Names t1, t2, ... for what has no label, apart from the names that are taken."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name for name in taken if name[:1] == "t"}
        self._number = 0

    def next(self) -> str:
        """The next name."""
        self._number += 1
        while (name := f"t{self._number}") in self._taken:
            self._number += 1
        return name


def _derivative(label: str) -> tuple[str, str] | None:
    """The two labels in one like dE_total/dw5."""
    parts = re.fullmatch(r"d(.+)/d(.+)", label, re.DOTALL)
    return (parts[1], parts[2]) if parts else None
