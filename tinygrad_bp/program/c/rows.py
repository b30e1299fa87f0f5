"""The rows of the table in C: as expressions, and as functions of a program's own, exact sums among them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.program.functions import Functions, called, native
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.parts import bell, decay, logistic

# What an operation is where C has it: an expression in the operands {0}, {1}, ...
_EXPRESSIONS = {
    ops.add: "{0} + {1}", ops.sub: "{0} - {1}", ops.mul: "{0} * {1}", ops.div: "{0} / {1}", ops.neg: "-{0}", ops.abs: "fabs({0})",
    **{row: f"{row.name}({{0}})" for row in (
        ops.exp, ops.expm1, ops.log, ops.log1p, ops.log2, ops.log10, ops.sqrt, ops.cbrt, ops.sin, ops.cos, ops.tan,
        ops.asin, ops.acos, ops.atan, ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh, ops.erf)},
}  # fmt: skip

# The others are functions, some called by others only; each names those that it calls. A name is that of the operation unless C has it.
_FUNCTIONS: Functions = {
    decay: ((), """static double decay(double x) { return exp(-fabs(x)); }"""),
    logistic: ((), """static double logistic(double x, double e) { return (x > 0 ? 1 : e) / (1 + e); }"""),
    bell: ((), """static double bell(double e) { return e / (1 + e * (2 + e)); }"""),
    ops.pow: ((), """static double power(double a, double b)  /* C says 1 to NaN ** 0 and 1 ** NaN, and has roots of -inf */
{
    return isnan(a) || isnan(b) || (a == -INFINITY && isfinite(b) && floor(b) != b) ? NAN : pow(a, b);
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
    return isnan(c) || isnan(a) || a < 0 ? NAN : c == 0 ? 0 : c * log(a);
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
NATIVE = native(_EXPRESSIONS.keys(), _FUNCTIONS)
_CALLED = {ops.pow: "power", ops.atan2: "angle", ops.hypot: "length"}  # where C has another function of the name
# What the functions call themselves, their type and their constants.
DEFINED = (
    *re.findall(r"\bstatic \w+ (\w+)\(", "\n".join(text for _, text in _FUNCTIONS.values())),
    *("running", "digits", "lowest_exponent"),
)


def written(op: Operation, operands: Sequence[str], constants: Sequence[float | None]) -> str:
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
    """Whether C's power is the row's: not for NaN ** 0 and 1 ** NaN, and not for roots, which it has of -inf."""
    return op is ops.pow and constants[1] is not None and constants[1] != 0 and constants[1].is_integer()


def functions(code: Code) -> list[str]:
    """The functions that the program calls, each after those that it calls itself."""
    operations = (op for op, operands in code.instructions if not _is_plain_power(op, code.numbers(operands)))
    return list(called(_FUNCTIONS, operations).values())


def literal(x: float) -> str:
    if math.isfinite(x):
        return repr(x)
    return "NAN" if x != x else "INFINITY" if x > 0 else "-INFINITY"
