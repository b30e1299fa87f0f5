"""A program as an ES module for pages: labels as names, no dependency, the numbers of IEEE arithmetic."""

from __future__ import annotations

import json
import math
import re

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.program.definition import expanded
from tinygrad_bp.program.functions import Functions, called, native
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.naming import Temporaries, names
from tinygrad_bp.program.parts import bell, decay, logistic
from tinygrad_bp.program.python import bracketed

MOST_INPUTS = 65_000  # V8, which is in Node.js and in most browsers, ends at 65,535 parameters
MOST_CONSTANTS = 20_000  # each takes a place on the stack of a call; a larger program keeps its numbers in an array

# What an operation is where JavaScript has it: an expression in the operands {0}, {1}, ...
_EXPRESSIONS = {
    ops.add: "{0} + {1}", ops.sub: "{0} - {1}", ops.mul: "{0} * {1}", ops.div: "{0} / {1}", ops.neg: "-{0}",
    **{row: f"Math.{row.name}({{0}})" for row in (
        ops.exp, ops.expm1, ops.log, ops.log1p, ops.log2, ops.log10, ops.sqrt, ops.cbrt, ops.sin, ops.cos, ops.tan,
        ops.asin, ops.acos, ops.atan, ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh, ops.abs)},
    decay: "Math.exp(-Math.abs({0}))",
    logistic: "({0} > 0 ? 1 : {1}) / (1 + {1})",
    bell: "{0} / (1 + {0} * (2 + {0}))",
    ops.relu: "{0} <= 0 ? 0 : {0}",
    ops.leaky_relu: "{0} <= 0 || {1} !== {1} ? {1} * {0} : {0}",
    ops.passed: "{0} === 0 ? 0 : {0} * {1}",
    ops.step: "{0} > 0 ? 1 : {0} === {0} ? 0 : {0}",
    ops.maximum: "{0} >= {1} || {0} !== {0} ? {0} : {1}",
    ops.minimum: "{0} <= {1} || {0} !== {0} ? {0} : {1}",
}  # fmt: skip

# The others are functions, some called by others only; each names those that it calls.
_FUNCTIONS: Functions = {
    ops.pow: ((), """(a, b) => {
  if (a !== a || b !== b || (a === -Infinity && Math.floor(b) !== b)) return NaN;  // of -inf there is no root
  return a === 1 || (Math.abs(a) === 1 && !Number.isFinite(b)) ? 1 : a ** b;
}"""),
    ops.sign: ((), """(x) => x > 0 ? 1 : x < 0 ? -1 : x * x"""),
    ops.softplus: ((), """(x) => x === x ? Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) : x"""),
    ops.reciprocal: ((), """(x) => x === 0 ? Infinity : 1 / x"""),
    ops.atan2: ((), """(a, b) => a === 0 && b === 0 ? NaN : Math.atan2(a, b)"""),
    ops.hypot: ((), """(a, b) => (a === 0 && b === 0) || a !== a || b !== b ? NaN : Math.hypot(a, b)"""),
    "power_of_two_below": ((), """(x) => {  // 2 ** n, so that dividing by it is exact
  const exponent = Math.min(Math.max(Math.floor(Math.log2(x)), -1022), 1023);
  return 2 ** exponent;
}"""),
    ops.over_squares: (("power_of_two_below",), """(c, a, b) => {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a !== a || b !== b || c !== c ? NaN : 0;
  const scale = power_of_two_below(Math.max(Math.abs(a), Math.abs(b)));
  a /= scale;
  b /= scale;
  const squares = a * a + b * b;  // from 1 to 8; the division that brings c closer to 1 comes first
  return Math.abs(c) < 1 ? c / scale / squares / scale : c / squares / scale / scale;
}"""),
    ops.power_term: ((), """(c, a, b, k) => {
  if (c !== c || a !== a || b !== b || k !== k) return NaN;
  if (a < 0 && (b % 1 !== 0 || k % 1 !== 0)) return NaN;
  const exponent = b - k;
  if (c === 0) return 0;
  if (a === 0) return exponent < 0 ? c * Infinity : exponent > 0 ? 0 : c;
  let power = Math.abs(a) === 1 && !Number.isFinite(exponent) ? 1 : a ** exponent;
  if (!(Math.abs(power) >= 2.2250738585072014e-308 && Math.abs(power) < Infinity) && Number.isFinite(a)) {
    const root = Math.abs(a) ** (exponent / 2);  // c may lead back into range: by the root, twice
    power = power < 0 || Object.is(power, -0) ? -root : root;
    c = root === 0 ? 0 : c * root;
  }
  const back = exponent - b;  // what rounding b - k lost is given back: a ** e = 1 + e ln a for a tiny e
  const lost = (b - (exponent - back) - (k + back)) * Math.log(Math.abs(a));
  return Math.abs(lost) < 0.1 ? c * power * (1 + lost) : c * power;
}"""),
    ops.log_term: ((), """(c, a) => c !== c || a !== a || a < 0 ? NaN : c === 0 ? 0 : c * Math.log(a)"""),
    ops.exp_difference: ((), """(a, b) => {
  if (a === b) return 1;
  const difference = a - b;
  const y = Math.exp(difference);
  if (!Number.isFinite(difference) || y === Infinity) return y;
  const back = difference - a;  // what rounding the difference lost, which exp would magnify
  return y + y * (a - (difference - back) - (b + back));
}"""),
    "exact": ((), """(x) => {  // x as a whole number of 2 ** -1074
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const raw = bits.getBigUint64(0);
  const exponent = (raw >> 52n) & 2047n;
  const fraction = raw & 0xfffffffffffffn;
  const size = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return raw >> 63n ? -size : size;
}"""),
    "nearest": ((), """(n, below) => {  // the float nearest to n * 2 ** -below, ties to even
  const size = n < 0n ? -n : n;
  const dropped = BigInt(Math.max(size.toString(2).length - 53, below - 1074, 0));
  const rest = size & ((1n << dropped) - 1n);
  const half = dropped ? 1n << (dropped - 1n) : 1n;
  let kept = size >> dropped;
  if (rest > half || (rest === half && kept & 1n)) kept += 1n;
  const y = Number(kept) * 2 ** (Number(dropped) - below);
  return n < 0n ? -y : y;
}"""),
    ops.sum_of: (("exact", "nearest"), """(xs) => {  // exact partial sums (Shewchuk), added up from the largest
  if (!xs.every(Number.isFinite)) return xs.reduce((a, b) => a + b, 0);
  const parts = [];
  for (let x of xs) {
    let kept = 0;
    for (let y of parts) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) parts[kept++] = low;
      x = high;
    }
    if (!Number.isFinite(x)) return nearest(xs.reduce((total, each) => total + exact(each), 0n), 1074);
    parts.length = kept;
    parts.push(x);
  }
  return parts.reduceRight((a, b) => a + b, 0);
}"""),
    ops.dot: ((ops.sum_of, "exact", "nearest"), """(xs) => {
  const half = xs.length / 2;
  const total = sum_of(xs.slice(0, half).map((w, k) => w * xs[half + k]));
  if (!Number.isNaN(total) || !xs.every(Number.isFinite)) return total;
  let sum = 0n;  // products beyond the range of floats that cancel
  for (let k = 0; k < half; k++) sum += exact(xs[k]) * exact(xs[half + k]);
  return nearest(sum, 2148);
}"""),
    ops.logsumexp: ((ops.sum_of, ops.exp_difference), """(xs) => {
  if (xs.some((x) => x !== x)) return NaN;
  const largest = xs.reduce((a, b) => Math.max(a, b));
  if (!Number.isFinite(largest)) return largest;
  const others = xs.map((x) => exp_difference(x, largest));
  others.splice(xs.indexOf(largest), 1);  // its exponential is the 1 of log1p
  return largest + Math.log1p(sum_of(others));
}"""),
}  # fmt: skip
NATIVE = native(_EXPRESSIONS.keys(), _FUNCTIONS)


def javascript(code: Code) -> str:
    """The program as the text of an ES module.

    It exports `program`, the function of the same numbers that returns them nested as the outputs are; `values`, which returns an object
    with every input and every intermediate number by its name; `inputs` and `nodes`, the names; and `labels`, from names to labels.
    The numbers are Python's to 1e-12, but for a logsumexp whose two terms cancel: it is good to 16 digits of its largest operand.

    Raises ValueError for an operation that JavaScript has not and that no definition leads to, and for more inputs than a function can
    have.
    """
    code = expanded(code, NATIVE, "javascript")
    if len(code.inputs) > MOST_INPUTS:
        raise ValueError(f"javascript takes up to {MOST_INPUTS:,} inputs of a function, not {len(code.inputs):,}")
    named = names(code)
    temporaries = Temporaries(named.values())
    first = len(code.inputs)
    shown = [named.get(slot) or temporaries.next() for slot in range(first + len(code.instructions))]
    large = len(code.instructions) > MOST_CONSTANTS
    slots = shown[:first] + [f"nodeValues[{k}]" for k in range(len(code.instructions))] if large else shown

    def operand(x: int) -> str:
        return slots[x] if x >= 0 else _literal(code.constants[~x])

    begin = "  " if large else "  const "
    body = [
        f"{begin}{slots[slot]} = {_written(op, [operand(x) for x in operands])};\n"
        for slot, (op, operands) in enumerate(code.instructions, first)
    ]
    parameters, lines = ", ".join(slots[:first]), "".join(body)
    returned = bracketed(code.shape, [operand(x) for x in code.outputs])
    everything, helper = f"{{ {', '.join(slots)} }}", ""
    if large:
        pairs = f"[{', '.join(f'[{script_json(name)}, {name}]' for name in slots[:first])}]"
        everything = f"Object.fromEntries({pairs}.concat(nodes.map((_name, _k) => [_name, nodeValues[_k]])))"
        helper = f"function compute({', '.join(['nodeValues', *slots[:first]])}) {{\n{lines}}}\n\n"
        lines = f"  const nodeValues = new Float64Array({len(code.instructions)});\n"
        lines += f"  compute({', '.join(['nodeValues', *slots[:first]])});\n"
    labels = {shown[slot]: label for slot, label in code.labels.items()}
    return (
        f"{_helpers(code)}"
        f"export const inputs = {script_json(shown[:first])};\n"
        f"export const nodes = {script_json(shown[first:])};\n"
        f"export const labels = Object.fromEntries({script_json(list(labels.items()))});\n\n"
        f"{helper}export function program({parameters}) {{\n{lines}  return {returned};\n}}\n\n"
        f"export function values({parameters}) {{\n{lines}  return {everything};\n}}\n"
    )


def _written(op: Operation, operands: list[str]) -> str:
    if op in _EXPRESSIONS:
        return _EXPRESSIONS[op].format(*[f"({x})" if x.startswith("-") else x for x in operands])
    listed = ", ".join(operands)
    # Engines limit the arguments of a call, but not the elements of an array.
    return f"{op.name}([{listed}])" if op.arity is None else f"{op.name}({listed})"


def _helpers(code: Code) -> str:
    functions = called(_FUNCTIONS, code.operations())
    lines = [f"const {f if isinstance(f, str) else f.name} = {text};\n" for f, text in functions.items()]
    return "".join([*lines, "\n"]) if lines else ""


def _literal(x: float) -> str:
    if math.isfinite(x):
        return repr(x)
    return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def script_json(thing: object, *, ascii_only: bool = True, spaces: bool = True) -> str:
    """As JSON that is harmless inside a script element: no <, > or & is in it. Raises ValueError for what JSON has not, such as NaN.

    Letters outside ASCII are written as escapes, unless all of them are known to be such as a file in UTF-8 holds.
    `spaces` is for readers.
    """
    text = json.dumps(thing, ensure_ascii=ascii_only, allow_nan=False, separators=None if spaces else (",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda sign: f"\\u{ord(sign[0]):04x}", text)
