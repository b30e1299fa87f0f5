"""The rows of the table as functions of `Real`s, which write LLVM's instructions.

No function branches, so that all lanes of a vector go the same way. The exponential and the hyperbolic tangent are polynomials, within
2 ulp, since a call of the C library for each lane would leave the vector; the others are calls.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.program import parts
from tinygrad_bp.program.llvm.writer import Flag, Real, Writer

# Their sum is ln 2 to 29 digits, and the first ends in zeros, so that its product with n is exact.
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa0000p-1"), float.fromhex("0x1.cf79abc9e3b39p-40")
# The coefficients of (exp(r) - 1 - r) / r**2 for |r| <= ln 2 / 2, by interpolation at Chebyshev's points (mpmath.chebyfit, 40 digits). They
# are 1/2!, 1/3!, ... but for their last digits, and leave less than 2e-17 of exp(r).
SERIES = [
    0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062, 0.0013888888917213717, 0.00019841269863053618,
    2.4801521295954376e-05, 2.7557268459997064e-06, 2.7620088445409746e-07, 2.510038549551032e-08,
]  # fmt: skip
SHIFT = 6755399441055744.0  # 1.5 * 2**52: added to a whole number, it leaves that in the low bits


def absolute(x: Real) -> Real:
    return x.writer.intrinsic("fabs", x)


def with_sign(x: Real, of: Real) -> Real:
    return x.writer.intrinsic("copysign", x, of)


def multiply_add(a: Real, b: Real | float, c: Real | float) -> Real:
    """a * b + c, rounded once where the processor can."""
    return a.writer.intrinsic("fmuladd", a, a.writer.real(b), a.writer.real(c))


def _any_nan(xs: Sequence[Real]) -> Flag:
    flag = xs[0].is_nan()
    for x in xs[1:]:
        flag = flag | x.is_nan()
    return flag


def _power_of_two(w: Writer, n: str) -> Real:
    """2**n, for whole numbers n between -1022 and 1023: they go where floats keep their exponent."""
    whole = w.of("i64")
    biased = w.line(f"add {whole} {n}, {w.splat('i64', '1023')}")
    bits = w.line(f"shl {whole} {biased}, {w.splat('i64', '52')}")
    return Real(w, w.line(f"bitcast {whole} {bits} to {w.type}"))


def _series(r: Real) -> tuple[Real, Real, Real]:
    """The parts of (exp(r) - 1 - r) / r**2 = a + b r**4 for |r| <= ln 2 / 2: a, b and r**2.

    By Estrin's scheme: pairs, then pairs of pairs, since each step of Horner's would wait for the one before.
    """
    pairs = [multiply_add(r, b, r.writer.constant(a)) for a, b in zip(SERIES[::2], SERIES[1::2], strict=True)]
    square = r * r
    fourth = square * square
    return (
        multiply_add(square, pairs[1], pairs[0]),
        multiply_add(square, pairs[3], pairs[2]) + fourth * pairs[4],
        square,
    )


def _reduced(x: Real) -> tuple[Real, Real, Real, Real]:
    """r, c, s, t with exp(x) = exp(r + c) * s * t: |r| <= ln 2 / 2, what rounding r lost, and two powers of 2.

    r = x - n ln 2 with n = round(x / ln 2). The product s * t can be beyond the range of floats.
    """
    w = x.writer
    whole = w.of("i64")
    shifted = multiply_add(x, 1.0 / math.log(2.0), SHIFT)  # which leaves n in the low bits
    n = shifted - SHIFT
    bits = w.line(f"bitcast {w.type} {shifted.name} to {whole}")
    as_whole = w.line(f"sub {whole} {bits}, {w.splat('i64', str(struct.unpack('<q', struct.pack('<d', SHIFT))[0]))}")
    half = w.line(f"ashr {whole} {as_whole}, {w.splat('i64', '1')}")
    other = w.line(f"sub {whole} {as_whole}, {half}")
    high = multiply_add(n, -LN2_HIGH, x)
    r = high + n * -LN2_LOW
    return r, multiply_add(n, -LN2_LOW, high - r), _power_of_two(w, half), _power_of_two(w, other)


def _scaled(r: Real, s: Real) -> Real:
    """exp(r) * s, arranged so that what takes long to come is used last."""
    a, b, square = _series(r)
    scaled = s * square
    return multiply_add(scaled * (square * square), b, multiply_add(scaled, a, multiply_add(s, r, s)))


def exp(x: Real) -> Real:
    r, _, s, t = _reduced(x)
    y = x.writer.where(x > 709.79, math.inf, _scaled(r, s) * t)
    return x.writer.where(x < -745.2, 0.0, y)


def decay(x: Real) -> Real:
    """exp(-|x|)."""
    u = -absolute(x)
    r, _, s, t = _reduced(u)
    return x.writer.where(u < -745.2, 0.0, _scaled(r, s) * t)


def tanh(x: Real) -> Real:
    """By m = exp(-2|x|) - 1: tanh |x| = -m / (2 + m). Shares the exponential with the derivative, which is 4 bell(exp(-|2x|))."""
    u = -absolute(2.0 * x)
    r, c, s, t = _reduced(u)
    a, b, square = _series(r)
    p = multiply_add(square, multiply_add(square * square, b, a), c) + r
    scale = s * t
    m = multiply_add(scale, p, scale - 1.0)
    d = 2.0 + m
    y = -m / d
    # Left by rounding the quotient and the sum: divided roughly is enough.
    rest = multiply_add(-y, d, -m) - y * (m - (d - 2.0))
    y = x.writer.where(u < -44.0, 1.0, multiply_add(rest, 1.457 - 0.5 * d, y))
    return with_sign(y, x)


def logistic(x: Real, e: Real) -> Real:
    return x.writer.where(x > 0.0, 1.0, e) / (1.0 + e)


def bell(e: Real) -> Real:
    return e / multiply_add(e, 2.0 + e, 1.0)


def softplus(x: Real) -> Real:
    w = x.writer
    return w.where(x.is_nan(), x, w.where(x > 0.0, x, 0.0) + w.libm("log1p", decay(x)))


def relu(x: Real) -> Real:
    return x.writer.where(x <= 0.0, 0.0, x)


def leaky_relu(x: Real, slope: Real) -> Real:
    return x.writer.where((x <= 0.0) | slope.is_nan(), slope * x, x)


def sign(x: Real) -> Real:
    w = x.writer
    return w.where((x > 0.0) | (x < 0.0), with_sign(w.constant(1.0), x), x * x)


def step(x: Real) -> Real:
    w = x.writer
    return w.where(x > 0.0, 1.0, w.where(x.is_nan(), x, 0.0))


def passed(gate: Real, x: Real) -> Real:
    return gate.writer.where(gate.equals(0.0), 0.0, gate * x)


def maximum(a: Real, b: Real) -> Real:
    return a.writer.where((a >= b) | a.is_nan(), a, b)


def minimum(a: Real, b: Real) -> Real:
    return a.writer.where((a <= b) | a.is_nan(), a, b)


def reciprocal(x: Real) -> Real:
    return x.writer.where(x.equals(0.0), math.inf, 1.0 / x)


def atan2(a: Real, b: Real) -> Real:
    w = a.writer
    return w.where(a.equals(0.0) & b.equals(0.0), math.nan, w.libm("atan2", a, b))


def hypot(a: Real, b: Real) -> Real:
    w = a.writer
    undefined = (a.equals(0.0) & b.equals(0.0)) | a.is_nan() | b.is_nan()
    return w.where(undefined, math.nan, w.libm("hypot", a, b))


def over_squares(c: Real, a: Real, b: Real) -> Real:
    """c / (a**2 + b**2), the larger of a and b divided by a power of 2 to a number between 1 and 2."""
    w = c.writer
    largest = maximum(absolute(a), absolute(b))
    bits = w.line(f"bitcast {w.type} {largest.name} to {w.of('i64')}")
    exponent = w.line(f"and {w.of('i64')} {bits}, {w.splat('i64', str(0x7FF << 52))}")
    scale = Real(w, w.line(f"bitcast {w.of('i64')} {exponent} to {w.type}"))
    scale = w.where(scale.equals(0.0), 2.0**-1022, scale)
    a, b, infinite = a / scale, b / scale, largest.equals(math.inf)
    squares = a * a + b * b  # from 1 to 8; the division that brings c closer to 1 comes first
    y = w.where(absolute(c) < 1.0, c / scale / squares / scale, c / squares / scale / scale)
    return w.where(infinite, w.where(c.is_nan(), math.nan, 0.0), y)


def pow(a: Real, b: Real) -> Real:
    w = a.writer
    for whole, y in ((2.0, a * a), (3.0, a * a * a), (-1.0, 1.0 / a)):
        if b.name == w.constant(whole).name:
            return y
    undefined = a.is_nan() | b.is_nan() | _infinite_root(a, b)
    return w.where(undefined, math.nan, w.libm("pow", a, b))


def _infinite_root(a: Real, b: Real) -> Flag:
    """Whether this is -inf to the power of what is no whole number: undefined, as for any base below 0; the C library says 0 or inf."""
    return a.equals(-math.inf) & (absolute(b - a.writer.intrinsic("floor", b)) > 0.0)


def power_term(c: Real, a: Real, b: Real, k: Real) -> Real:
    """c * a**(b - k), as the row of the table computes it."""
    w = c.writer
    exponent = b - k
    base = w.where(a.equals(0.0), 0.0, a)  # a zero of either sign is one above 0 here
    power = w.libm("pow", base, exponent)
    root = w.libm("pow", absolute(base), exponent * 0.5)
    beyond = (
        ((absolute(power) < 2.0**-1022) | absolute(power).equals(math.inf))
        & (absolute(a) < math.inf)
        & (absolute(a) > 0.0)
    )
    by_roots = w.where(root.equals(0.0), 0.0, c * root * with_sign(root, power))
    y = w.where(beyond, by_roots, c * power)
    back = exponent - b
    lost = ((b - (exponent - back)) - (k + back)) * w.libm("log", absolute(base))
    y = w.where((absolute(lost) < 0.1) & (absolute(y) < math.inf), y * (1.0 + lost), y)
    at_zero = w.where(exponent < 0.0, c * math.inf, w.where(exponent > 0.0, 0.0, c))
    y = w.where(c.equals(0.0), 0.0, w.where(a.equals(0.0), at_zero, y))
    undefined = _any_nan([c, a, b, k]) | (base < 0.0) & power.is_nan() | _infinite_root(a, exponent)
    return w.where(undefined, math.nan, y)


def log_term(c: Real, a: Real) -> Real:
    w = c.writer
    y = w.where(c.equals(0.0), 0.0, c * w.where(a.equals(0.0), -math.inf, w.libm("log", a)))
    return w.where(c.is_nan() | a.is_nan() | (a < 0.0), math.nan, y)


def exp_difference(a: Real, b: Real) -> Real:
    w = a.writer
    difference = a - b
    y = exp(difference)
    back = difference - a
    lost = (a - (difference - back)) - (b + back)
    y = w.where((absolute(difference) < math.inf) & (y < math.inf), y + y * lost, y)
    return w.where(a.equals(b), 1.0, y)


def _two_sum(total: Real, x: Real) -> tuple[Real, Real]:
    """The rounded sum and what rounding lost (Knuth)."""
    new = total + x
    back = new - total
    return new, (total - (new - back)) + (x - back)


def _added(total: Real, lost: Real, x: Real) -> tuple[Real, Real]:
    """A sum and all that rounding it lost, with one term more."""
    total, error = _two_sum(total, x)
    return total, lost + error


def sum_of(*xs: Real) -> Real:
    """The sum as if computed with twice the digits, then rounded; where it leaves the range on the way, that of smaller numbers."""
    rough = xs[0]
    for x in xs[1:]:
        rough = rough + x
    smaller, larger = _scales(rough)
    return _small_sum([x * smaller for x in xs]) * larger


def _scales(rough: Real) -> tuple[Real, Real]:
    """The factor that keeps a sum in the range, which it left where `rough` is no finite number, and the factor back."""
    w = rough.writer
    stays = absolute(rough) < math.inf
    return w.where(stays, 1.0, parts.SMALLER), w.where(stays, 1.0, 1.0 / parts.SMALLER)


def _small_sum(xs: Sequence[Real]) -> Real:
    """`sum_of` terms that stay in the range."""
    total, lost = xs[0], xs[0].writer.constant(0.0)
    for x in xs[1:]:
        total, lost = _added(total, lost, x)
    return _rounded(total, lost)


def _rounded(total: Real, lost: Real) -> Real:
    return total.writer.where(absolute(lost) < math.inf, total + lost, total)


def dot(*operands: Real) -> Real:
    """The sum of products, rounded one after another, as in a loop by hand."""
    middle = len(operands) // 2
    products = [a * b for a, b in zip(operands[:middle], operands[middle:], strict=True)]
    total = products[0]
    for product in products[1:]:
        total = total + product
    return total


def logsumexp(*xs: Real) -> Real:
    w = xs[0].writer
    largest = xs[0]
    for x in xs[1:]:
        largest = maximum(largest, x)
    terms = []
    found = w.constant(0.0)  # 1 once the largest, whose exponential is the 1 in log1p, has been met
    for x in xs:
        first = x.equals(largest) & found.equals(0.0)
        terms.append(w.where(first, 0.0, exp_difference(x, largest)))
        found = w.where(first, 1.0, found)
    y = largest + w.libm("log1p", _small_sum(terms))
    return w.where(_any_nan(xs), math.nan, w.where(absolute(largest).equals(math.inf), largest, y))


def _over(
    w: Writer, label: str, start: str, count: str, sums: dict[str, str], step: Callable[[Real], dict[str, Real]]
) -> str:
    """A loop over `count` operands in memory: `step` gives the sums, which begin as told, their new values for an operand."""
    first = len(w.lines)
    x = Real(w, w.again(f"load {w.type}, ptr {w.again(f'getelementptr {w.type}, ptr %xs, i64 %{label}.i')}"))
    new = step(x)
    body = w.taken_from(first)
    phis = "".join(
        f"  %{name} = phi {w.type} [ {begin}, %{start} ], [ {new[name].name}, %{label} ]\n"
        for name, begin in sums.items()
    )
    return f"""  br label %{label}
{label}:
  %{label}.i = phi i64 [ 0, %{start} ], [ %{label}.next, %{label} ]
{phis}{body}  %{label}.next = add i64 %{label}.i, 1
  %{label}.more = icmp ult i64 %{label}.next, {count}
  br i1 %{label}.more, label %{label}, label %{label}.end
{label}.end:
"""


def _summed(
    w: Writer, label: str, start: str, count: str, term: Callable[[Real], Real], begin: float = 0.0
) -> tuple[str, Real]:
    """A loop and its result: the sum of `begin` and of a term for each operand, as if computed with twice the digits."""
    total, lost = Real(w, f"%{label}.total"), Real(w, f"%{label}.lost")
    ends: dict[str, Real] = {}

    def step(x: Real) -> dict[str, Real]:
        ends[f"{label}.total"], ends[f"{label}.lost"] = _added(total, lost, term(x))
        return ends

    sums = {f"{label}.total": w.constant(begin).name, f"{label}.lost": w.constant(0.0).name}
    text = _over(w, label, start, count, sums, step)
    first = len(w.lines)
    y = _rounded(*ends.values())
    return text + w.taken_from(first), y


def _sum_loop(w: Writer) -> str:
    ends: dict[str, Real] = {}

    def step(x: Real) -> dict[str, Real]:
        ends["rough"] = Real(w, "%rough") + x
        return ends

    first = _over(w, "try", "entry", "%count", {"rough": w.constant(0.0).name}, step)
    begin = len(w.lines)
    smaller, larger = _scales(ends["rough"])
    scales = w.taken_from(begin)
    second, total = _summed(w, "sum", "try.end", "%count", lambda x: x * smaller)
    y = total * larger
    return f"entry:\n{first}{scales}{second}{w.taken_from(0)}  ret {w.type} {y.name}\n"


def _dot_loop(w: Writer) -> str:
    ends: dict[str, Real] = {}

    def step(a: Real) -> dict[str, Real]:
        at = w.again("add i64 %sum.i, %half")
        b = Real(w, w.again(f"load {w.type}, ptr {w.again(f'getelementptr {w.type}, ptr %xs, i64 {at}')}"))
        ends["total"] = Real(w, "%total") + a * b
        return ends

    text = _over(w, "sum", "entry", "%half", {"total": w.constant(0.0).name}, step)
    return f"entry:\n  %half = lshr i64 %count, 1\n{text}  ret {w.type} {ends['total'].name}\n"


def _logsumexp_loop(w: Writer) -> str:
    new: dict[str, Real] = {}

    def larger(x: Real) -> dict[str, Real]:
        new["largest"] = maximum(Real(w, "%largest"), x)
        return new

    first = _over(w, "max", "entry", "%count", {"largest": w.constant(-math.inf).name}, larger)
    largest = new["largest"]
    # The exponential of the largest is the 1 of log1p, so the sum begins with -1.
    second, total = _summed(w, "sum", "max.end", "%count", lambda x: exp_difference(x, largest), begin=-1.0)
    y = largest + w.libm("log1p", total)
    y = w.where(largest.is_nan(), largest, w.where(absolute(largest).equals(math.inf), largest, y))
    return f"entry:\n{first}{second}{w.taken_from(0)}  ret {w.type} {y.name}\n"


WIDE = 64  # operands of a sum, beyond which it is a loop
_LOOPS: dict[Operation, Callable[[Writer], str]] = {
    ops.sum_of: _sum_loop,
    ops.dot: _dot_loop,
    ops.logsumexp: _logsumexp_loop,
}


def _called(row: Operation) -> Callable[..., Real]:
    """A row that the C library has under its name."""
    return lambda x: x.writer.libm(row.name, x)


FUNCTIONS: dict[Operation, Callable[..., Real]] = {
    ops.add: lambda a, b: a + b,
    ops.sub: lambda a, b: a - b,
    ops.mul: lambda a, b: a * b,
    ops.div: lambda a, b: a / b,
    ops.neg: lambda x: -x,
    ops.abs: absolute,
    ops.sqrt: lambda x: x.writer.intrinsic("sqrt", x),
    **{row: _called(row) for row in (
        ops.expm1, ops.log, ops.log1p, ops.log2, ops.log10, ops.cbrt, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan,
        ops.sinh, ops.cosh, ops.asinh, ops.acosh, ops.atanh, ops.erf)},
    ops.exp: exp,
    parts.decay: decay,
    parts.logistic: logistic,
    parts.bell: bell,
    ops.tanh: tanh,
    ops.softplus: softplus,
    ops.relu: relu,
    ops.leaky_relu: leaky_relu,
    ops.passed: passed,
    ops.sign: sign,
    ops.step: step,
    ops.maximum: maximum,
    ops.minimum: minimum,
    ops.reciprocal: reciprocal,
    ops.atan2: atan2,
    ops.hypot: hypot,
    ops.over_squares: over_squares,
    ops.pow: pow,
    ops.power_term: power_term,
    ops.log_term: log_term,
    ops.exp_difference: exp_difference,
    ops.sum_of: sum_of,
    ops.dot: dot,
    ops.logsumexp: logsumexp,
}  # fmt: skip
NATIVE = frozenset(FUNCTIONS)

# Better done together, and of one instruction each
COSTLY = frozenset((ops.exp, parts.decay, ops.tanh, parts.logistic, parts.bell, ops.softplus, ops.exp_difference))
INLINE = frozenset((ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.abs, ops.sqrt))


def apply(writer: Writer, op: Operation, operands: Sequence[Real]) -> Real:
    """Writes a row. With `outline`, functions of more than an instruction are written once, apart, and called."""
    if in_loop(op, operands):
        return _by_loop(writer, op, operands)
    function = FUNCTIONS[op]
    if not writer.outline or op in INLINE:
        return function(*operands)
    outlined = f"@{op.name}.{len(operands)}.{writer.width}"
    if outlined not in writer.declared:
        inner = Writer(writer.width)
        y = function(*[Real(inner, f"%x{k}") for k in range(len(operands))])
        parameters = ", ".join(f"{writer.type} %x{k}" for k in range(len(operands)))
        body = f"{''.join(inner.lines)}  ret {writer.type} {y.name}\n"
        writer.declared |= inner.declared
        writer.declared[outlined] = f"define internal {writer.type} {outlined}({parameters}) noinline {{\n{body}}}\n"
    arguments = ", ".join(f"{writer.type} {x.name}" for x in operands)
    return Real(writer, writer.line(f"call {writer.type} {outlined}({arguments})"))


def in_loop(op: Operation, operands: Sequence[object]) -> bool:
    """Whether so many operands are better added up by a loop over memory."""
    return op in _LOOPS and len(operands) > WIDE


def looped(w: Writer, op: Operation) -> str:
    """The name of the function that is the loop: of operands in memory, and their count."""
    function = f"@{op.name}.loop.{w.width}"
    if function not in w.declared:
        inner = Writer(w.width)
        text = _LOOPS[op](inner)
        w.declared |= inner.declared
        w.declared[function] = f"define internal {w.type} {function}(ptr %xs, i64 %count) noinline {{\n{text}}}\n"
    return function


def _by_loop(w: Writer, op: Operation, operands: Sequence[Real]) -> Real:
    """A sum of very many operands, which go to memory for a loop over them."""
    function = looped(w, op)
    w.declared |= {
        "@llvm.stacksave": "declare ptr @llvm.stacksave.p0()\n",
        "@llvm.stackrestore": "declare void @llvm.stackrestore.p0(ptr)\n",
    }
    before = w.again("call ptr @llvm.stacksave.p0()")
    memory = w.again(f"alloca [{len(operands)} x {w.type}], align 64")
    for k, x in enumerate(operands):
        w.do(f"store {w.type} {x.name}, ptr {w.line(f'getelementptr {w.type}, ptr {memory}, i64 {k}')}")
    y = w.again(f"call {w.type} {function}(ptr {memory}, i64 {len(operands)})")
    w.do(f"call void @llvm.stackrestore.p0(ptr {before})")
    return Real(w, y)
