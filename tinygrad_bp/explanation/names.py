"""How explanations write names and numbers, as plain text and as LaTeX. Labels are anyone's text: here they become harmless."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

from tinygrad_bp.core.value import Value
from tinygrad_bp.text import printable, whole_number

LONGEST = 32  # characters of a name
MOST_BELOW = 1000  # the denominator of a number that is written as a fraction
MOST_BELOW_PI = 12  # that of one times pi
# Between them the letters and marks that mean nothing to LaTeX, Markdown or HTML; each other sign is spelled as a symbol of math mode.
_SIGNS = {
    "\\": r"\backslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "_": r"\_", "#": r"\#", "%": r"\%", "&": r"\&", "^": r"\wedge{}",
    "~": r"\sim{}", "|": r"\vert{}", "`": r"\backprime{}", "<": r"\lt{}", ">": r"\gt{}", "*": r"\ast{}", "[": r"\lbrack{}",
    "]": r"\rbrack{}", "!": r"\mathrm{!}",
}  # fmt: skip
_GREEK_LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
_ROMAN = {
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "Omicron": "O", "Rho": "P", "Tau": "T", "Chi": "X", "omicron": "o",
}  # fmt: skip
_OTHER_FORMS = str.maketrans(
    {"ϑ": "theta", "ϕ": "phi", "ϵ": "epsilon", "ς": "sigma", "ϱ": "rho", "ϰ": "kappa", "ϖ": "pi"}
)
_VARIANTS = ("varepsilon", "vartheta", "varkappa", "varpi", "varrho", "varsigma", "varphi")


def _greek_letters() -> dict[str, str]:
    """What is a Greek letter, by name or as it is, to LaTeX: those that look like Roman ones have no command of their own."""
    found = {name: rf"\{name}" for name in _VARIANTS}
    for name, letter in _GREEK_LETTERS.items():
        for each, sign in ((name, letter), (name.capitalize(), letter.upper())):
            roman = _ROMAN.get(each)
            found[each] = found[sign] = (
                rf"\{each}" if roman is None else roman if each.islower() else rf"\mathrm{{{roman}}}"
            )
    return found


GREEK = _greek_letters()
_WORD = r"[A-Za-z]+|[A-Za-z]\d+|\d+"
_GREEK = "|".join(sorted(GREEK, key=len, reverse=True))


def spelled(text: str) -> str:
    """Greek letters by their names: theta for θ, Delta for Δ."""
    for name, letter in _GREEK_LETTERS.items():
        text = text.replace(letter, name).replace(letter.upper(), name.capitalize())
    return text.translate(_OTHER_FORMS)


def short_name(label: str) -> str:
    """The label on one line, what cannot be printed or would turn the writing direction as an escape, a long middle as an ellipsis."""
    text = printable(label, keep="\u200d")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 12]}…{text[-11:]}"


def unique_names(labelled: Iterable[Value]) -> dict[Value, str]:
    """A name for each Value: its printable label, numbered (`h[1]`, `h[2]`, ... in the order given) where several have the same."""
    texts = {node: short_name(node.label) for node in labelled}
    uses = Counter(texts.values())
    taken = {text for text, count in uses.items() if count == 1}
    next_number: Counter[str] = Counter()
    for node, text in texts.items():
        if uses[text] > 1:
            name = text
            while name == text or name in taken:
                next_number[text] += 1
                name = f"{text}[{next_number[text]}]"
            taken.add(name)
            texts[node] = name
    return texts


def name_others(names: dict[Value, str], nodes: Iterable[Value], short: Mapping[Value, str]) -> list[Value]:
    """Names those of the nodes that have no name yet: as `short` has it if that is free, else v1, v2, .... Returns them."""
    taken = set(names.values())
    numbered = (f"v{k}" for k in itertools.count(1))
    invented = []
    for node in nodes:
        if node not in names:
            name = short.get(node, "")
            names[node] = name = name if name and name not in taken else next(v for v in numbered if v not in taken)
            taken.add(name)
            invented.append(node)
    return invented


def latex_name(name: str) -> str:
    """The name as LaTeX for math mode: `net_o1` with a subscript, what is no name of textbooks letter by letter."""
    numbered = re.fullmatch(r"(.+)\[(\d+)\]", name)
    if numbered and re.fullmatch(r"\w+", numbered[1], re.ASCII):
        return f"{{{latex_name(numbered[1])}^{{[{numbered[2]}]}}}}"
    if re.fullmatch(r"[A-Za-z]\d*", name):
        return name if len(name) == 1 else f"{name[0]}_{{{name[1:]}}}"
    if numbered := re.fullmatch(rf"({_GREEK})(\d+)((?:_.+)?)", name):  # theta1 is theta_1
        return latex_name(f"{numbered[1]}_{numbered[2]}{numbered[3]}")
    if re.fullmatch(rf"(?:[A-Za-z]+|{_GREEK})(?:_(?:{_WORD}|{_GREEK}))*", name):
        base, *below = map(_latex_word, name.split("_"))
        return base + (f"_{{{','.join(below)}}}" if below else "")
    pieces = re.findall(rf"[{re.escape(''.join(_SIGNS))}]|[^{re.escape(''.join(_SIGNS))}]+", name)
    return "{" + "".join(_SIGNS.get(piece) or rf"\text{{{piece}}}" for piece in pieces) + "}"


def _latex_word(word: str) -> str:
    """A word of a name: a Greek letter as its symbol, a letter or a number as it is, any other word upright."""
    if word in GREEK:
        return GREEK[word]
    return rf"\mathrm{{{word}}}" if len(word) > 1 and word.isalpha() else word


def enclosed(name: str, *, latex: bool = False) -> str:
    """The name as it stands in a formula: in parentheses if it could be taken for a formula itself."""
    text = latex_name(name) if latex else name
    if not re.search(r"[\s+\-*/()=,;^|<>]", name) or re.fullmatch(r"\([^()]*\)", name):
        return text
    return rf"\left({text}\right)" if latex else f"({text})"


def number(x: float, digits: int = 9) -> str:
    """`x` with so many decimals, or where these would show too little of it so many significant digits. What is exact ends early.

    >>> number(0.75 - 1e-11), number(0.75), number(4.38567734474e-4), number(1.23456789e-7 / 7)
    ('0.750000000', '0.75', '0.000438568', '1.76366841e-08')
    """
    if not 10.0 ** -(digits // 2) <= math.fabs(x) < 1e6:
        return f"{x + 0.0:.{digits}g}"  # + 0.0 takes the sign from a zero
    text = f"{x:.{digits}f}"
    exact = math.isclose(float(text), x, rel_tol=1e-15)  # but for the last rounding
    return text.rstrip("0").rstrip(".") if exact else text


def fraction(x: float) -> tuple[int, int] | None:
    """What is above and below of a number that is a fraction with decimals that do not end: 2/3, the factor of a mean over three.

    >>> fraction(2 / 3), fraction(0.75), fraction(3.141592653589793)
    ((2, 3), None, None)
    """
    if not 1e-6 < math.fabs(x) < 1e3 or float(f"{x:.12g}") == x:
        return None
    found = Fraction(x).limit_denominator(MOST_BELOW)
    fits = found.denominator > 1 and math.isclose(found.numerator / found.denominator, x, rel_tol=2.0**-52)
    return (found.numerator, found.denominator) if fits else None


def multiple_of_pi(x: float) -> tuple[int, int] | None:
    """What stands above and below before pi in a number that is a simple multiple of pi, to the last bit or two: 2 pi, 3 / 4 pi.

    >>> multiple_of_pi(2 * math.pi), multiple_of_pi(-math.pi / 4), multiple_of_pi(6.28)
    ((2, 1), (-1, 4), None)
    """
    share = x / math.pi
    if not 1e-3 < math.fabs(share) < 1e4:
        return None
    found = Fraction(share).limit_denominator(MOST_BELOW_PI)
    above, below = found.numerator, found.denominator
    return (above, below) if math.isclose(math.pi * above / below, x, rel_tol=2.0**-52) else None


def latex_number(text: str) -> str:
    """What `number` wrote, as LaTeX."""
    mantissa, e, exponent = text.partition("e")
    if e:
        return rf"{mantissa} \times 10^{{{int(exponent)}}}"
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}")


def columns(text: str) -> int:
    """The width of the text in a terminal, where East Asian letters and emoji take two columns and combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) or c in "\u200d\ufe0f" else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def significant(digits: object, name: str = "explain: digits") -> int:
    """How many digits a text is to show. Raises TypeError for what is no whole number, ValueError for one outside 1 to 17.

    Errors begin with `name`, that of the argument.
    """
    return whole_number(digits, name, 1, 17)
