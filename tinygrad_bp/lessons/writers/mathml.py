"""Formulas as MathML, which browsers set themselves: no script, no font from elsewhere."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from itertools import pairwise
from xml.etree import ElementTree

from latex2mathml.converter import convert

from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.writers.pieces import clean

_ELEMENTS = {
    "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd",
    "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
_ATTRIBUTES = {
    "stretchy",
    "fence",
    "form",
    "separator",
    "displaystyle",
    "scriptlevel",
    "width",
    "lspace",
    "rspace",
    "minsize",
    "maxsize",
}
_TALL = {"mfrac", "mover", "mroot", "msqrt", "mtable", "munder", "munderover"}
_FAR = {"<": "\ue000", ">": "\ue001", "&": "\ue002"}  # which the library would leave as they are, in the middle of XML
_BACK = str.maketrans({far: sign for sign, far in _FAR.items()})
_SIGNS = {"+": "+", "-": "−", "=": "="}


def mathml(formula: Formula, display: bool = False, sign: str = "") -> str:
    """A formula as an element `math`; what cannot be converted as its plain text.

    Args:
        display: whether fractions are as high as in a formula that stands by itself.
        sign: of an equation that goes on in this formula, before it.
    """
    return _converted(formula.latex, formula.text, display, sign)


@lru_cache(maxsize=4096)
def _converted(latex: str, text: str, display: bool, sign: str) -> str:
    before = f'<mo form="infix">{sign}</mo>' if sign else ""
    style = ' displaystyle="true"' if display else ""
    inside = _presentation(latex)
    if inside is None:
        inside = f"<mtext>{html.escape(clean(text))}</mtext>"
    if not before + inside:
        return ""
    return f"<math{style}>{before}{inside}</math>"


def _presentation(latex: str) -> str | None:
    """The elements for a formula; None where it is none."""
    latex = " ".join(clean(latex).split())
    if not latex:
        return ""
    # A sign that joins a term to those before it is none of the term's own.
    joining = re.match(r"[-+=]|\\(?:cdot|times|odot|leftarrow)(?![A-Za-z])", latex)
    first = ""
    if joining:
        names = {r"\cdot": "⋅", r"\times": "×", r"\odot": "⊙", r"\leftarrow": "←"}
        spaced = joining[0] != "-" or latex[1:2] == " "  # a negative number has no space after its sign
        form = "infix" if spaced else "prefix"
        first = f'<mo form="{form}">{names.get(joining[0]) or _SIGNS[joining[0]]}</mo>'
        latex = latex[joining.end() :].strip()
        if not latex:
            return first
    for near, far in _FAR.items():
        if near != "&" or r"\begin{" not in latex:
            latex = latex.replace(near, far)
    try:
        root = ElementTree.fromstring(convert(latex))
        return first + "".join(map(_written, root))
    except Exception:  # the library raises many kinds for what it cannot read, and XML others
        return None


def _written(element: ElementTree.Element) -> str:
    """An element as text, with what is known to be harmless, and letters of one word in one element."""
    name = element.tag.rpartition("}")[2]
    if name not in _ELEMENTS:
        raise ValueError(f"{name} is not known")
    if name == "mrow" and not any(each.tag.rpartition("}")[2] in _TALL for each in element.iter()):
        for each in element:
            if each.get("fence") == "true":
                each.set("stretchy", "false")  # a parenthesis that may grow has more room around it, needed or not
    for before, each in pairwise(element):
        if each.text in ("−", "+") and before.text in ("(", "[", "{"):
            each.set("form", "prefix")  # a sign of a number, which has no space after it
    kept = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES}
    content = element.text or ""
    if name == "mo" and content == "·":
        content = "⋅"  # the operator, which has space around it
    if name == "mo" and content.isalpha() and content.isascii():
        name = "mi"  # a function, such as max, which has no space around it
    if name == "mi" and len(content) == 1 and element.get("mathvariant") == "normal":
        kept["mathvariant"] = "normal"
    attributes = "".join(f' {key}="{html.escape(value)}"' for key, value in kept.items())
    inside = html.escape(content.strip().translate(_BACK), quote=False)
    inside += "".join(map(_written, element))
    if name == "mrow":
        inside = re.sub(
            r'(?:<mi mathvariant="normal">[A-Za-z]</mi>){2,}',
            lambda letters: f"<mi>{re.sub('<[^>]*>', '', letters[0])}</mi>",
            inside,
        )
        if not inside and not attributes:
            return ""
    return f"<{name}{attributes}>{inside}</{name}>"
