"""The number that an answer is, and to how many digits: 0.74 is right for 0.741365069552, and 0.75 is not."""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

from tinygrad_bp.text import shown

TYPED = 12  # digits: a float with more was computed and not typed
COMPUTED = 1e-9  # by what share a float that was computed may be off, since sums may be added up in another order
SINGLE = 4e-6  # the same of one that was computed in single precision
EXACT = 4e-15  # the same of a number that was typed: what the float beside it may be off
PRINTED = 15  # digits: a text with as many was written by a program
IN_FULL = 3e-12  # by what share such a text may be off, since sums may be added up in another order
FEW = 0.34  # an answer that is off by a larger share says nothing, though it is rounded rightly
LEAST_KEPT = 3  # digits before zeros that may only fill up, as in 123000

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")


class Unreadable(ValueError):
    """An answer that is no number.

    Attributes:
        key: which of the texts `mark.unreadable.…` of the catalogue says why.
        text: as it was written.
    """

    def __init__(self, key: str, text: object) -> None:
        super().__init__(key, text)
        self.key, self.text = key, text if isinstance(text, str) else repr(text)


@dataclass(frozen=True)
class Number:
    """A number as it was given.

    Attributes:
        text: as it was written.
        x: the number.
        unit: what its last digit counts; 0.0 if it is exact, as a fraction is.
        digits: how many of its digits are significant.
        share: by what share of itself it may be off besides.
    """

    text: str
    x: float
    unit: float
    digits: int
    share: float = EXACT

    def is_rounded(self, value: float, scale: float = 0.0) -> bool:
        """Whether it is this value, rounded where it ends. `scale` is the size of what the value is a difference of."""
        if not math.isfinite(value):  # beside which every number is as far off
            return False
        slack = self.share * max(abs(value), abs(self.x)) + max(1e-14, self.share * 1e-2) * scale
        return abs(self.x - value) <= 0.5 * self.unit * (1.0 + 1e-9) + slack

    def is_rounded_to_zero(self, value: float, scale: float) -> bool:
        """Whether value and answer are as good as 0 beside what they are a difference of."""
        return abs(value) <= 1e-12 * scale and abs(self.x) <= 1e-9 * scale

    def is_cut(self, value: float) -> bool:
        """Whether it is this value, cut off where it ends."""
        return self.x * value >= 0.0 and 0.0 <= (abs(value) - abs(self.x)) < self.unit

    def says_little(self, value: float) -> bool:
        """Whether it is too coarse to tell that the value was found: 0.00 for 0.0004."""
        return abs(self.x - value) > FEW * abs(value) and not math.isclose(self.x, value, abs_tol=1e-12)

    def fits(self, value: float) -> bool:
        """Whether it is this value, rounded or cut off where it ends."""
        return self.is_rounded(value) or (self.unit > 0.0 and self.is_cut(value))


def has_decimal_comma(answers: Iterable[Any]) -> bool | None:
    """Whether numbers are written with a decimal comma, as those tell that can be read in one way only; None if they do not tell."""
    texts = [answer.strip() for answer in answers if isinstance(answer, str)]
    comma = any(re.fullmatch(r"[+-]?\d+,\d+", text) and not _GROUPED.fullmatch(text) for text in texts)
    point = any(re.fullmatch(r"[+-]?\d*\.\d+", text) for text in texts)
    return None if comma == point else comma


def number_of(answer: Any, value: float | None = None, decimal_comma: bool | None = None) -> Number | None:
    """What was answered; None for a blank.

    Args:
        answer: a number, or the text of one.
        value: the right number, and `decimal_comma` what `has_decimal_comma` says of all answers: they tell what 1,416 is.

    Raises TypeError for what is no number and no text, the message following on the name of what was asked for; and Unreadable for a text
    that is no number, and for what is not finite.
    """
    if answer is None:
        return None
    if isinstance(answer, str):
        return _typed(answer, value, decimal_comma)
    if isinstance(answer, Decimal):
        return _typed(str(answer))
    if type(answer).__name__ in ("bool", "bool_") or not (isinstance(answer, Real) or hasattr(answer, "__float__")):
        raise TypeError(f"is answered by a number or the text of one, not {type(answer).__name__} {shown(answer)}")
    if isinstance(answer, Rational) and not isinstance(answer, int) and not hasattr(answer, "dtype"):
        return Number(str(answer), float(answer), 0.0, 17)
    try:
        x = float(answer)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"is answered by one number, not {type(answer).__name__} {shown(answer)}") from error
    if not math.isfinite(x):
        raise Unreadable("infinite", x)
    if isinstance(answer, int):
        return _typed(str(answer))
    short = re.search(r"float(16|32)", str(getattr(answer, "dtype", "")))
    found = _written(repr(x), repr(x))
    if short or found.digits > TYPED:
        single = bool(short) or _is_single(x)
        return Number(found.text, x, found.unit, found.digits, SINGLE if single else COMPUTED)
    return found


def _typed(text: str, value: float | None = None, decimal_comma: bool | None = None) -> Number | None:
    plain = unicodedata.normalize("NFKC", _raised(text)).strip()
    plain = plain.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-").lstrip("=≈~≃ ").strip()
    if not plain or plain in ("-", "?", "_") or set(plain) <= {"_", ".", " "}:
        return None
    plain = re.sub(r"\s*(?:\*|×|·|x|\\times|\\cdot)\s*10\s*(?:\^|\*\*)\s*\{?\(?([+-]?\d+)\)?\}?$", r"e\1", plain)
    plain = re.sub(r"^([+-])\s+", r"\1", plain)
    if fraction := re.fullmatch(r"([+-]?\d+)\s*/\s*(\d+)", plain):
        if len(plain) > 60 or not int(fraction[2]):
            raise Unreadable("number", text)
        x = float(Fraction(int(fraction[1]), int(fraction[2])))
        return Number(text.strip(), x, 0.0, 17)
    if "," in plain:
        if plain.count(",") > 1 or "." in plain:
            raise Unreadable("comma", text)
        if _GROUPED.fullmatch(plain) and not _is_decimal(plain, value, decimal_comma, text):
            plain = plain.replace(",", "")
        plain = plain.replace(",", ".")
    if len(plain) > 400 or not _NUMBER.fullmatch(plain.lower()):
        raise Unreadable("number", text)
    if not math.isfinite(float(plain)):
        raise Unreadable("infinite", text)
    return _written(plain.lower(), text.strip())


def _is_decimal(plain: str, value: float | None, decimal_comma: bool | None, text: str) -> bool:
    """Whether the comma in a number such as 1,416 is that of decimals: the right number says so, or the other answers do."""
    decimal, thousands = (_written(plain.replace(",", sign), text) for sign in (".", ""))
    if value is not None and decimal.is_rounded(value) != thousands.is_rounded(value):
        return decimal.is_rounded(value)
    if decimal_comma is not None:
        return decimal_comma
    if value is None:
        raise Unreadable("comma", text)
    return abs(value) ** 2 < abs(decimal.x * thousands.x)  # the one that is off by the smaller factor


def _raised(text: str) -> str:
    """Powers of ten with raised digits as 10^-4."""
    return re.sub("10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)", lambda power: f"10^{power[1].translate(_SUPERSCRIPTS)}", text)


def _written(plain: str, text: str) -> Number:
    """A number in plain notation, `-0.0822` or `4.39e-4`, with the unit of its last digit."""
    x = float(plain)
    mantissa, _, power = plain.partition("e")
    whole, _, decimals = mantissa.lstrip("+-").partition(".")
    exponent = int(power or 0)
    last = exponent - len(decimals)
    figures = (whole + decimals).lstrip("0")
    if not power and decimals in ("", "0"):  # 123000, or 123000.0, which Python writes for 1.23e5
        significant = whole.lstrip("0")
        filling = len(significant) - max(len(significant.rstrip("0")), min(len(significant), LEAST_KEPT))
        if filling > 0:
            last, figures = filling, significant[: len(significant) - filling]
    share = IN_FULL if len(figures) >= PRINTED else EXACT
    return Number(text, x, 10.0 ** max(last, -320) if last > -320 else 0.0, len(figures), share)


def _is_single(x: float) -> bool:
    try:
        return bool(struct.unpack("f", struct.pack("f", x))[0] == x)
    except OverflowError:
        return False
