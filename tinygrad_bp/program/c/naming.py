"""Labels in C: as names, and as comments."""

from __future__ import annotations

import re
import unicodedata

from tinygrad_bp.program.c.rows import DEFINED
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.naming import LONGEST, names

_LABEL = 100  # characters of a label in a comment

# What a name must not be: words of C, also of newer ones and of C++; what math.h declares or defines, in every dialect; what the text
# uses itself, and what some compilers define.
_WORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const constexpr continue default delete
    do double else enum explicit export extern false final float for friend goto if inline int long mutable namespace near far new
    noexcept not not_eq nullptr operator or or_eq override private protected public register restrict return short signed sizeof
    static static_assert struct switch template this thread_local throw true try typedef typeid typename typeof typeof_unqual union
    unsigned using virtual void volatile wchar_t while xor xor_eq complex imaginary errno linux unix i386 NULL size_t offsetof
    ptrdiff_t main malloc free memcpy HUGE_VAL HUGE_VALF HUGE_VALL INFINITY NAN HUGE OVERFLOW UNDERFLOW DOMAIN SING PLOSS TLOSS
    MAXFLOAT MATH_ERRNO MATH_ERREXCEPT math_errhandling fpclassify isfinite isinf isnan isnormal signbit isgreater isgreaterequal
    isless islessequal islessgreater isunordered issignaling iseqsig iszero issubnormal iscanonical float_t double_t signgam sincos
    exception matherr program program_rows program_total program_inputs program_outputs inputs outputs shared table rows row found
    kept int64_t uint64_t max_align_t APART
"""
_LIBM = """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp10 exp2 expm1 fabs fdim finite floor fma fmax
    fmin fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma lgamma_r llrint llround log log10 log1p log2 logb lrint lround modf nan
    nearbyint nextafter nexttoward pow pow10 remainder remquo rint round roundeven scalb scalbln scalbn significand sin sinh sqrt tan
    tanh tgamma trunc y0 y1 yn abs
"""

_RESERVED = {
    *_WORDS.split(),
    *[name + kind for name in _LIBM.split() for kind in ("", "f", "l")],
    *DEFINED,
}
_GREEK = "GREEK SMALL LETTER ", "GREEK CAPITAL LETTER "


def identifiers(code: Code) -> dict[int, str]:
    """A name of C for each slot with a label: the same as elsewhere where that is one."""
    wanted = names(code)
    found = {slot: name for slot, name in wanted.items() if name.isascii() and not _is_reserved(name)}
    taken = set(found.values())
    for slot, name in wanted.items():
        if slot not in found:
            plain = _plain(name)
            free = plain = f"x_{plain}" if _is_macro(plain) else plain
            number = 1
            while free in taken or _is_reserved(free):
                number += 1
                free = f"{plain}_" if number == 2 and plain not in taken else f"{plain}_{number}"
            found[slot] = free
            taken.add(free)
    return found


def _is_macro(name: str) -> bool:
    """Whether a name is like one of math.h's constants, M_PI for one, or a part's of a long program."""
    return re.match(r"part_\d+$|(M|FP|MATH)_", name) is not None


def _is_reserved(name: str) -> bool:
    return name in _RESERVED or _is_macro(name)


def _plain(name: str) -> str:
    """A name in the letters that every compiler takes: Greek ones by their names, other scripts by their numbers."""
    parts = []
    for sign in unicodedata.normalize("NFKD", name):
        if sign.isascii():
            parts.append(sign)
        elif (greek := unicodedata.name(sign, "")).startswith(_GREEK):
            word = greek.split(" ")[3]
            parts.append(word.lower() if "SMALL" in greek else word.capitalize())
        elif not unicodedata.combining(sign):
            parts.append(f"_u{ord(sign):04x}_")
    text = re.sub("__+", "_", "".join(parts)).strip("_")[:LONGEST].rstrip("_")
    return text if text and not text[0].isdigit() else f"x{text}"


def comment(text: str) -> str:
    """A label as part of a comment, in one line: it cannot end the comment, nor begin one, nor join lines, nor turn text around."""
    if len(text) > _LABEL:
        text = text[:_LABEL] + "..."
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return re.sub(r"(?<=\*)(?=/)|(?<=/)(?=\*)|(?<=\?)(?=\?)", " ", text)
