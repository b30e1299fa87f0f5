"""A program as one file of C99: labels as comments, no library but libm, the numbers of IEEE arithmetic."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.program.definition import expanded
from tinygrad_bp.program.instructions import Code, bell, decay, logistic
from tinygrad_bp.program.naming import LONGEST, Temporaries, names
from tinygrad_bp.program.python import bracketed

PART = 400  # operands in a function: compilers take ever longer for a long one
ON_THE_STACK = 4_096  # numbers that go from one function to another; more are allocated
WIDEST = 100  # characters of a line that can be broken
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

# What an operation is where C has it: an expression in the operands {0}, {1}, ...
_EXPRESSIONS = {
    ops.add: "{0} + {1}", ops.sub: "{0} - {1}", ops.mul: "{0} * {1}", ops.div: "{0} / {1}", ops.neg: "-{0}", ops.abs: "fabs({0})",
    **{row: f"{row.name}({{0}})" for row in (
        ops.exp, ops.expm1, ops.log, ops.log1p, ops.log2, ops.log10, ops.sqrt, ops.cbrt, ops.sin, ops.cos, ops.tan,
        ops.asin, ops.acos, ops.atan, ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh, ops.erf)},
}  # fmt: skip

# The others are functions, some called by others only; each names those that it calls. A name is that of the operation unless C has it.
_FUNCTIONS: dict[Operation | str, tuple[Sequence[Operation | str], str]] = {
    decay: ((), """static double decay(double x) { return exp(-fabs(x)); }"""),
    logistic: ((), """static double logistic(double x, double e) { return (x > 0 ? 1 : e) / (1 + e); }"""),
    bell: ((), """static double bell(double e) { return e / (1 + e * (2 + e)); }"""),
    ops.pow: ((), """static double power(double a, double b)  /* C says 1 to NaN ** 0 and 1 ** NaN */
{
    return isnan(a) || isnan(b) ? NAN : pow(a, b);
}"""),
    ops.softplus: ((), """static double softplus(double x) { return isnan(x) ? x : (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }"""),
    ops.relu: ((), """static double relu(double x) { return x <= 0 ? 0 : x; }"""),
    ops.leaky_relu: ((), """static double leaky_relu(double x, double slope) { return x <= 0 || isnan(slope) ? slope * x : x; }"""),
    ops.passed: ((), """static double passed(double gate, double x) { return gate == 0 ? 0 : gate * x; }"""),
    ops.sign: ((), """static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x * x; }"""),
    ops.step: ((), """static double step(double x) { return x > 0 ? 1 : isnan(x) ? x : 0; }"""),
    ops.maximum: ((), """static double maximum(double a, double b) { return a >= b || isnan(a) ? a : b; }"""),
    ops.minimum: ((), """static double minimum(double a, double b) { return a <= b || isnan(a) ? a : b; }"""),
    ops.reciprocal: ((), """static double reciprocal(double x) { return x == 0 ? INFINITY : 1 / x; }"""),
    ops.atan2: ((), """static double angle(double a, double b) { return a == 0 && b == 0 ? NAN : atan2(a, b); }"""),
    ops.hypot: ((), """static double length(double a, double b)
{
    return (a == 0 && b == 0) || isnan(a) || isnan(b) ? NAN : hypot(a, b);
}"""),
    ops.over_squares: ((), """static double over_squares(double c, double a, double b)  /* c / (a * a + b * b) */
{
    const double largest = fmax(fabs(a), fabs(b));
    int scale, exponent;
    if (isnan(a) || isnan(b) || isnan(c))
        return NAN;
    if (isinf(largest) || isinf(c))
        return isinf(largest) ? 0 : c;
    frexp(largest, &scale);
    a = ldexp(a, 1 - scale);
    b = ldexp(b, 1 - scale);
    c = frexp(c, &exponent);  /* the sum of the squares is from 1 to 8 */
    return ldexp(c / (a * a + b * b), exponent - 2 * (scale - 1));
}"""),
    ops.power_term: ((), """static double power_term(double c, double a, double b, double k)  /* c * a ** (b - k) */
{
    const double exponent = b - k;
    double power, back, lost;
    if (isnan(c) || isnan(a) || isnan(b) || isnan(k) || (a < 0 && (fmod(b, 1) != 0 || fmod(k, 1) != 0)))
        return NAN;
    if (c == 0)
        return 0;
    if (a == 0)
        return exponent < 0 ? c * INFINITY : exponent > 0 ? 0 : c;
    power = pow(a, exponent);
    if (!(fabs(power) >= 2.2250738585072014e-308 && fabs(power) < INFINITY) && isfinite(a)) {
        const double root = pow(fabs(a), exponent / 2);  /* c may lead back into range: by the root, twice */
        power = copysign(root, power);
        c = root == 0 ? 0 : c * root;
    }
    back = exponent - b;  /* what rounding b - k lost is given back: a ** e = 1 + e ln a for a tiny e */
    lost = ((b - (exponent - back)) - (k + back)) * log(fabs(a));
    return fabs(lost) < 0.1 ? c * power * (1 + lost) : c * power;
}"""),
    ops.log_term: ((), """static double log_term(double c, double a)
{
    return isnan(c) || isnan(a) || a < 0 ? NAN : c == 0 || a == 0 ? 0 : c * log(a);
}"""),
    ops.exp_difference: ((), """static double exp_difference(double a, double b)  /* exp(a - b) */
{
    const double difference = a - b;
    const double y = exp(difference), back = difference - a;
    if (a == b)
        return 1;
    if (!isfinite(difference) || y > 1.7976931348623157e308)
        return y;
    return y + y * ((a - (difference - back)) - (b + back));  /* what rounding the difference lost */
}"""),
    "running": ((), """/* A sum with three times the digits (Knuth): the sum, what rounding it lost, and at most what rounding that lost. */
typedef struct {
    double total, lost, rest;
} running;

static void add_to(running *sum, double x)
{
    const double high = sum->total + x, back = high - sum->total;
    const double error = (sum->total - (high - back)) + (x - back);
    const double low = sum->lost + error, behind = low - sum->lost;
    sum->rest += fabs((sum->lost - (low - behind)) + (error - behind));
    sum->total = high;
    sum->lost = low;
}"""),
    "exactly": (("running",), """static int is_certain(const running *sum, double y)  /* whether y, total + lost, is the nearest float */
{
    const double back = y - sum->total, off = (sum->total - (y - back)) + (sum->lost - back);
    const double gap = off < 0 ? y - nextafter(y, -INFINITY) : nextafter(y, INFINITY) - y;
    return isfinite(y) && (sum->rest <= 0 || fabs(off) + 2 * sum->rest < 0.5 * gap);
}

/* Where that is not enough: a sum as a whole number of 2 ** -2304, in digits of 32 bits, each with a sign and space above. */
enum { digits = 144, lowest_exponent = -2304 };

static void add_exactly(int64_t *sum, double fraction, int exponent)  /* fraction * 2 ** exponent, of 53 bits */
{
    const int64_t sign = fraction < 0 ? -1 : 1;
    const uint64_t size = (uint64_t)ldexp(fabs(fraction), 53);
    const int place = exponent - 53 - lowest_exponent, shift = place % 32;
    const uint64_t low = (size & 0xffffffffu) << shift, high = (size >> 32) << shift;
    int64_t *const digit = sum + place / 32;
    digit[0] += sign * (int64_t)(low & 0xffffffffu);
    digit[1] += sign * (int64_t)((low >> 32) + (high & 0xffffffffu));
    digit[2] += sign * (int64_t)(high >> 32);
}

static void carry(int64_t *sum)  /* so that each digit but the last is from 0 to 2 ** 32 - 1 */
{
    const int64_t base = (int64_t)1 << 32;
    int k;
    for (k = 0; k < digits - 1; k++) {
        const int64_t rest = (sum[k] % base + base) % base;
        sum[k + 1] += (sum[k] - rest) / base;
        sum[k] = rest;
    }
}

static double nearest(int64_t *sum)  /* the float nearest to it, ties to even */
{
    int k, last = digits - 1, shift = 0, lowest, dropped, inexact = 0;
    uint64_t bits, rest, half;
    double sign = 1;
    carry(sum);
    if (sum[last] < 0) {
        sign = -1;
        for (k = 0; k < digits; k++)
            sum[k] = -sum[k];
        carry(sum);
    }
    while (last > 2 && sum[last] == 0)
        last--;
    bits = ((uint64_t)sum[last] << 32) | (uint64_t)sum[last - 1];
    if (bits == 0)
        return 0;
    while (bits >> 63 == 0) {
        bits <<= 1;
        shift++;
    }
    if (shift < 32) {
        bits |= (uint64_t)sum[last - 2] >> (32 - shift);
        inexact = (((uint64_t)sum[last - 2] << shift) & 0xffffffffu) != 0;
    }
    for (k = 0; k < last - 2; k++)
        inexact |= sum[k] != 0;
    lowest = 32 * (last - 1) + lowest_exponent - shift;
    dropped = lowest + 11 < -1074 ? -1074 - lowest : 11;
    if (dropped > 64)
        return 0;
    half = (uint64_t)1 << (dropped - 1);
    rest = bits & (half - 1 + half);
    bits = dropped == 64 ? 0 : bits >> dropped;
    if (rest > half || (rest == half && (inexact || bits % 2 == 1)))
        bits++;
    return sign * ldexp((double)bits, lowest + dropped);
}

static double exactly(const double *ws, const double *xs, size_t count)  /* the sum of the products; without xs, of the ws */
{
    int64_t sum[digits] = {0};
    double others = 0;
    int all = 1, finite = 1, exponent, more = 0;
    size_t k;
    for (k = 0; k < count; k++) {
        const double x = xs == NULL ? ws[k] : ws[k] * xs[k];
        finite = finite && isfinite(ws[k]) && (xs == NULL || isfinite(xs[k]));
        if (isfinite(x)) {
            const double fraction = frexp(x, &exponent);
            add_exactly(sum, fraction, exponent);
        } else {
            all = 0;
            others += x;
        }
    }
    if (all)
        return nearest(sum);
    if (!finite || !isnan(others))
        return others;
    for (k = 0; k < digits; k++)
        sum[k] = 0;
    for (k = 0; k < count; k++) {  /* products beyond the range of floats, of both signs */
        const double w = frexp(ws[k], &exponent), x = frexp(xs[k], &more), high = w * x;
        const double both[2] = {high, fma(w, x, -high)};
        int part;
        exponent += more;
        for (part = 0; part < 2; part++) {
            const double fraction = frexp(both[part], &more);
            add_exactly(sum, fraction, exponent + more);
        }
    }
    return nearest(sum);
}"""),
    ops.sum_of: (("exactly",), """static double sum_of(const double *xs, size_t count)  /* rounded once, as if added up exactly */
{
    running sum = {0, 0, 0};
    double y;
    size_t k;
    for (k = 0; k < count; k++)
        add_to(&sum, xs[k]);
    y = sum.total + sum.lost;
    return is_certain(&sum, y) ? y : exactly(xs, NULL, count);
}"""),
    ops.dot: (("exactly",), """static double dot(const double *ws, const double *xs, size_t count)  /* of rounded products the sum */
{
    running sum = {0, 0, 0};
    double y;
    size_t k;
    for (k = 0; k < count; k++)
        add_to(&sum, ws[k] * xs[k]);
    y = sum.total + sum.lost;
    return is_certain(&sum, y) ? y : exactly(ws, xs, count);
}"""),
    ops.logsumexp: (("running", ops.exp_difference), """static double logsumexp(const double *xs, size_t count)
{
    running sum = {0, 0, 0};
    double largest = -INFINITY;
    size_t k, first = count;
    for (k = 0; k < count; k++) {
        if (isnan(xs[k]))
            return NAN;
        if (xs[k] > largest) {
            largest = xs[k];
            first = k;  /* whose exponential is the 1 of log1p */
        }
    }
    if (!isfinite(largest))
        return largest;
    for (k = 0; k < count; k++)
        if (k != first)
            add_to(&sum, exp_difference(xs[k], largest));
    return largest + log1p(sum.total + sum.lost);
}"""),
}  # fmt: skip
NATIVE = frozenset(_EXPRESSIONS).union(op for op in _FUNCTIONS if isinstance(op, Operation))
_CALLED = {ops.pow: "power", ops.atan2: "angle", ops.hypot: "length"}  # where C has another function of the name
_RESERVED = {
    *_WORDS.split(),
    *[name + kind for name in _LIBM.split() for kind in ("", "f", "l")],
    *re.findall(r"\bstatic \w+ (\w+)\(", "\n".join(text for _, text in _FUNCTIONS.values())),
    *("running", "digits", "lowest_exponent"),
}
_GREEK = "GREEK SMALL LETTER ", "GREEK CAPITAL LETTER "


def c(code: Code) -> str:
    """The program as the text of a file of C99, without a main function.

    It defines `program(inputs, outputs)`, on arrays of doubles; `program_rows`, the same for each row of a table; `program_total`, the sums
    of the outputs over all rows; and `program_inputs` and `program_outputs`, how many there are. Sums are rounded once, as Python's are.

    Raises ValueError for an operation that C has not and that no definition leads to.
    """
    return _File(expanded(code, NATIVE, "c")).text()


class _File:
    """What is known of a program while it is written."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.first = len(code.inputs)
        self.names = _identifiers(code)
        temporaries = Temporaries(self.names.values())
        for slot in range(self.first + len(code.instructions)):
            if slot not in self.names:
                self.names[slot] = temporaries.next()
        self.parts = list(_parts(code))
        self.kept = self._kept()
        self.size = 1 + max(self.kept.values(), default=-1)
        self.memory = self.size + max(
            [len(operands) for _, operands in code.instructions if _is_wide(len(operands))], default=0
        )

    def _kept(self) -> dict[int, int]:
        """The place in memory of each slot that is computed in one part and used in another. Places are used again."""
        made: dict[int, int] = {}
        last: dict[int, int] = {}
        for part, places in enumerate(self.parts):
            for place in places:
                made[self.first + place] = part
                last |= {x: part for x in self.code.instructions[place].operands if x in made and made[x] != part}
        ends: list[list[int]] = [[] for _ in self.parts]
        free: list[int] = []
        kept: dict[int, int] = {}
        size = 0
        for part, places in enumerate(self.parts):
            for place in places:
                if (slot := self.first + place) in last:
                    if not free:
                        free.append(size)
                        size += 1
                    kept[slot] = free.pop()
                    ends[last[slot]].append(slot)
            free += [kept[slot] for slot in ends[part]]
        return kept

    def text(self) -> str:
        functions = _functions(self.code)
        headers = ["math.h", "stddef.h", *["stdint.h"] * any("int64_t" in text for text in functions)]
        if max(self.memory, self.first, len(self.code.outputs)) > ON_THE_STACK:
            headers.append("stdlib.h")
        return "".join(
            [
                _NOTE,
                *[f"#include <{header}>\n" for header in headers],
                "\n#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n",
                _APART if len(self.parts) > 1 or self.memory else "",
                *self._signature(),
                *[f"\n{text}\n" for text in functions],
                *self._body(),
                *self._loops(),
            ]
        )

    def _signature(self) -> Iterator[str]:
        """How many numbers there are, in which order, and what can be called."""
        yield f"enum {{ program_inputs = {self.first}, program_outputs = {len(self.code.outputs)} }};\n\n"
        for slot, label in enumerate(self.code.inputs):
            yield f"/* inputs[{slot}]: {comment(label) if label else self.names[slot]} */\n"
        for k, x in enumerate(self.code.outputs):
            yield f"/* outputs[{k}]: {comment(self.code.labels.get(x, '')) or self._operand(x)} */\n"
        if isinstance(self.code.shape, list) and any(isinstance(inner, list) for inner in self.code.shape):
            nesting = bracketed(self.code.shape, [str(k) for k in range(len(self.code.outputs))])
            yield _wrapped(f"/* The outputs are nested as {nesting} */\n")
        yield _PROTOTYPES

    def _operand(self, x: int) -> str:
        return self.names[x] if x >= 0 else _literal(self.code.constants[~x])

    def _body(self) -> Iterator[str]:
        by_slot: dict[int, list[int]] = {}
        for k, x in enumerate(self.code.outputs):
            by_slot.setdefault(x, []).append(k)
        parts = [
            part
            for places in self.parts
            for part in (self._wide if self._is_wide(places) else self._lines)(places, by_slot)
        ]
        used = set().union(*[needed for _, needed in parts])
        lines: list[str] = []
        if len(parts) == 1:
            lines = parts[0][0]
        else:
            for number, (statements, needed) in enumerate(parts, 1):
                arguments = [name for name in ("inputs", "kept", "outputs") if name in needed]
                declared = ", ".join(f"{'const ' * (name == 'inputs')}double *{name}" for name in arguments)
                yield f"\nstatic APART void part_{number}({declared})\n{{\n{''.join(statements)}}}\n"
                lines.append(f"    part_{number}({', '.join(arguments)});\n")
        there = {x for _, operands in self.code.instructions for x in operands} if len(parts) == 1 else set()
        for x in by_slot:
            if x < self.first:  # an input or a constant
                if x >= 0:
                    used.add("inputs")
                    lines += [f"    const double {self._given(x)}"] if x not in there else []
                used.add("outputs")
                lines += [f"    outputs[{k}] = {self._operand(x)};\n" for k in by_slot[x]]
        yield "\nvoid program(const double *inputs, double *outputs)\n{\n"
        if self.memory:
            yield from _memory("kept", self.memory, "program_outputs")
        yield from lines
        yield from [f"    (void){name};\n" for name in ("inputs", "outputs") if name not in used]
        yield "    free(kept);\n}\n" if self.memory > ON_THE_STACK else "}\n"

    def _given(self, x: int) -> str:
        return f"{self.names[x]} = inputs[{x}];{self._said(x)}\n"

    def _said(self, slot: int) -> str:
        """The label of a slot as a comment, where it says more than the name."""
        label = self.code.labels.get(slot, "")
        return f"  /* {comment(label)} */" if label and label != self.names[slot] else ""

    def _lines(self, places: Sequence[int], by_slot: dict[int, list[int]]) -> Iterator[tuple[list[str], set[str]]]:
        """The statements of a part, and the arrays that they use."""
        own = {self.first + place for place in places}
        operands = dict.fromkeys(
            x for place in places for x in self.code.instructions[place].operands if x >= 0 and x not in own
        )
        lines, used = [], set()
        for x in sorted(operands):
            used.add("inputs" if x < self.first else "kept")
            lines.append(
                f"    const double {self._given(x) if x < self.first else f'{self.names[x]} = kept[{self.kept[x]}];' + chr(10)}"
            )
        after: list[str] = []
        for place in places:
            op, xs = self.code.instructions[place]
            slot = self.first + place
            written = _written(op, [self._operand(x) for x in xs], self.code.numbers(xs))
            lines.append(_wrapped(f"    const double {self.names[slot]} = {written};{self._said(slot)}\n"))
            after += self._stored(slot, by_slot, used)
        yield [*lines, *after], used

    def _stored(self, slot: int, by_slot: dict[int, list[int]], used: set[str]) -> Iterator[str]:
        """The statements that leave a number where others look for it."""
        if slot in self.kept:
            used.add("kept")
            yield f"    kept[{self.kept[slot]}] = {self.names[slot]};\n"
        for k in by_slot.get(slot, ()):
            used.add("outputs")
            yield f"    outputs[{k}] = {self.names[slot]};\n"

    def _is_wide(self, places: range) -> bool:
        return _is_wide(len(self.code.instructions[places[0]].operands))

    def _wide(self, places: range, by_slot: dict[int, list[int]]) -> Iterator[tuple[list[str], set[str]]]:
        """The same for an instruction of very many operands: they are put side by side in memory, some in each function."""
        [place] = places
        op, operands = self.code.instructions[place]
        slot, count = self.first + place, len(operands)
        for start in range(0, count, PART // 2):
            lines, used = [], {"kept"}
            for k, x in enumerate(operands[start : start + PART // 2], self.size + start):
                if 0 <= x < self.first:
                    used.add("inputs")
                text = self._operand(x) if x < 0 else f"inputs[{x}]" if x < self.first else f"kept[{self.kept[x]}]"
                lines.append(f"    kept[{k}] = {text};\n")
            yield lines, used
        used = {"kept"}
        arrays = (
            [f"kept + {self.size}", f"kept + {self.size + count // 2}"] if op is ops.dot else [f"kept + {self.size}"]
        )
        call = f"{op.name}({', '.join(arrays)}, {count // len(arrays)})"
        first = f"    const double {self.names[slot]} = {call};{self._said(slot)}\n"
        yield [first, *self._stored(slot, by_slot, used)], used

    def _loops(self) -> Iterator[str]:
        """`program_rows` and `program_total`."""
        results = len(self.code.outputs)
        yield f"\nvoid program_rows({_TABLE})\n{{\n    size_t row, k;\n"
        yield from _memory("inputs", self.first, "rows * program_outputs")
        step = " + row * program_outputs" if results else ""
        unused = "" if self.first else "    (void)table;\n"
        yield unused
        yield _EACH_ROW.format(
            columns=_COLUMNS if self.first else "", loop=f"        program(inputs, outputs{step});\n"
        )
        yield "    free(inputs);\n}\n" if self.first > ON_THE_STACK else "}\n"
        yield f"\nvoid program_total({_TABLE})\n{{\n    size_t row, k;\n"
        yield from _memory("inputs", self.first, "program_outputs")
        yield from _memory("found", results, "program_outputs", *["inputs"] * (self.first > ON_THE_STACK))
        over_outputs = "for (k = 0; k < program_outputs; k++)\n" if results else ""
        if results:
            yield f"    {over_outputs}        outputs[k] = 0;\n"
        else:
            yield "    (void)outputs;\n"
        yield unused
        adding = f"        {over_outputs}            outputs[k] += found[k];\n" if results else ""
        yield _EACH_ROW.format(
            columns=_COLUMNS if self.first else "", loop=f"        program(inputs, found);\n{adding}"
        )
        yield "    free(found);\n" * (results > ON_THE_STACK)
        yield "    free(inputs);\n" * (self.first > ON_THE_STACK)
        yield "}\n"


def _memory(name: str, size: int, results: str, *others: str) -> Iterator[str]:
    """The declaration of an array. Where there is no memory for a large one, the results are NaN."""
    if size <= ON_THE_STACK:
        yield (
            f"    double {name}[{max(size, 1)}] = {{0}};\n"
            if name == "inputs"
            else f"    double {name}[{max(size, 1)}];\n"
        )
        return
    yield f"    double *const {name} = malloc({size} * sizeof *{name});\n    if ({name} == NULL) {{\n        size_t missing;\n"
    yield f"        for (missing = 0; missing < {results}; missing++)\n            outputs[missing] = NAN;\n"
    yield "".join(f"        free({other});\n" for other in others) + "        return;\n    }\n"


_NOTE = """\
/* Written by tinygrad_bp: a program in C99.

   cc -std=c99 -O2 -ffp-contract=off -c FILE.c        and, where it is linked, -lm

   With -ffp-contract=off no product and sum are rounded together (FMA), so the numbers are the same on every processor. gcc contracts
   unless it is told so or -std=c99; clang obeys the pragma below. Never compile it with -ffast-math: that takes NaN, infinities and what
   rounding loses for nothing. Where an operation is undefined or overflows, the result is a NaN or an infinity, by IEEE 754. */

"""
_APART = """\
#ifdef __GNUC__
#define APART __attribute__((noinline))  /* a long program is compiled faster in parts */
#else
#define APART
#endif

"""
_TABLE = "const double *shared, size_t count, const double *table, size_t rows, double *outputs"
_PROTOTYPES = f"""
/* inputs and outputs are arrays of program_inputs and program_outputs doubles, apart from each other. */
void program(const double *inputs, double *outputs);

/* For each row of a table: the first `count` inputs are shared by all rows, the others are its columns. Results are rows, too. */
void program_rows({_TABLE});

/* The sums of the outputs over all rows. */
void program_total({_TABLE});
"""
_EACH_ROW = """\
    for (k = 0; k < count; k++)
        inputs[k] = shared[k];
    for (row = 0; row < rows; row++) {{
{columns}{loop}    }}
"""
_COLUMNS = "        for (k = count; k < program_inputs; k++)\n            inputs[k] = *table++;\n"


def _parts(code: Code) -> Iterator[range]:
    """The instructions in groups, each of which becomes a function: one if they are few. One of very many operands is alone."""
    sizes = [len(operands) for _, operands in code.instructions]
    most = PART if sum(sizes) > 2 * PART else 2 * PART
    start = total = 0
    for place, size in enumerate(sizes):
        if total and (total + size > most or _is_wide(size)):
            yield range(start, place)
            start, total = place, 0
        total = most if _is_wide(size) else total + size
    if sizes:
        yield range(start, len(sizes))


def _is_wide(operands: int) -> bool:
    """Whether the operands of an instruction are so many that they go through memory."""
    return operands > PART


def _written(op: Operation, operands: Sequence[str], constants: Sequence[float | None]) -> str:
    """An instruction in C."""
    if op in _EXPRESSIONS:
        return _EXPRESSIONS[op].format(*[f"({x})" if x.startswith("-") and op is not ops.abs else x for x in operands])
    if _is_plain_power(op, constants):
        a, exponent = operands[0], constants[1]
        if exponent == 2.0 and constants[0] is None:
            return f"{a} * {a}"
        return f"pow({a}, {operands[1]})"
    name = _CALLED.get(op, op.name)
    if op.arity is not None:
        return f"{name}({', '.join(operands)})"
    count = len(operands) // (2 if op is ops.dot else 1)
    groups = [operands[k : k + count] for k in range(0, len(operands), count)] if count else []
    arrays = [f"(const double[]){{{', '.join(group)}}}" for group in groups or [["0.0"]] * (1 + (op is ops.dot))]
    return f"{name}({', '.join(arrays)}, {count})"


def _is_plain_power(op: Operation, constants: Sequence[float | None]) -> bool:
    """Whether C's power is the row's: not for NaN ** 0 and 1 ** NaN."""
    return op is ops.pow and constants[1] is not None and constants[1] != 0 and math.isfinite(constants[1])


def _functions(code: Code) -> list[str]:
    """The functions that the program calls, each after those that it calls itself."""
    needed: dict[Operation | str, None] = {}

    def need(function: Operation | str) -> None:
        for other in _FUNCTIONS[function][0]:
            need(other)
        needed.setdefault(function)

    for op, operands in code.instructions:
        if op in _FUNCTIONS and op not in needed and not _is_plain_power(op, code.numbers(operands)):
            need(op)
    return [_FUNCTIONS[function][1] for function in needed]


def _literal(x: float) -> str:
    if math.isfinite(x):
        return repr(x)
    return "NAN" if x != x else "INFINITY" if x > 0 else "-INFINITY"


def _identifiers(code: Code) -> dict[int, str]:
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


def _wrapped(line: str) -> str:
    """A statement on lines of about a hundred characters, broken after commas."""
    if len(line) <= WIDEST:
        return line
    lines: list[str] = []
    start = 0
    while (
        len(line) - start > WIDEST - 8 * bool(lines)
        and (end := line.rfind(", ", start, start + WIDEST - 8 * bool(lines))) > start
    ):
        lines.append(line[start : end + 1])
        start = end + 2
    return "\n        ".join([*lines, line[start:]])
