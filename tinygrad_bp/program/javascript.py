"""A program as an ES module for pages: the same names, no dependency, the numbers of IEEE arithmetic."""

from __future__ import annotations

import json
import math
import re

from tinygrad_bp.operation import Operation
from tinygrad_bp.program.code import Code
from tinygrad_bp.program.naming import Temporaries, names
from tinygrad_bp.program.python import nested

# What an operation is where JavaScript has it: an expression in the operands {0}, {1}, ...
_EXPRESSIONS = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}",
    **{name: f"Math.{name}({{0}})" for name in (
        "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs")},
    "decay": "Math.exp(-Math.abs({0}))",
    "logistic": "({0} > 0 ? 1 : {1}) / (1 + {1})",
    "bell": "{0} / (1 + {0} * (2 + {0}))",
    "relu": "{0} <= 0 ? 0 : {0}",
    "leaky_relu": "{0} <= 0 || {1} !== {1} ? {1} * {0} : {0}",
    "step": "{0} > 0 ? 1 : {0} === {0} ? 0 : {0}",
    "maximum": "{0} >= {1} || {0} !== {0} ? {0} : {1}",
    "minimum": "{0} <= {1} || {0} !== {0} ? {0} : {1}",
}  # fmt: skip

# The others are functions; each names those that it calls.
_FUNCTIONS = {
    "pow": ((), """(a, b) => a !== a || b !== b ? NaN : a === 1 ? 1 : Math.abs(a) === 1 && !Number.isFinite(b) ? 1 : a ** b"""),
    "sign": ((), """(x) => x > 0 ? 1 : x < 0 ? -1 : x * x"""),
    "softplus": ((), """(x) => x === x ? Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) : x"""),
    "reciprocal": ((), """(x) => x === 0 ? Infinity : 1 / x"""),
    "atan2": ((), """(a, b) => a === 0 && b === 0 ? NaN : Math.atan2(a, b)"""),
    "hypot": ((), """(a, b) => (a === 0 && b === 0) || a !== a || b !== b ? NaN : Math.hypot(a, b)"""),
    "power_of_two_below": ((), """(x) => {  // 2 ** n, so that dividing by it is exact
  const exponent = Math.min(Math.max(Math.floor(Math.log2(x)), -1022), 1023);
  return 2 ** exponent;
}"""),
    "over_squares": (("power_of_two_below",), """(c, a, b) => {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a !== a || b !== b || c !== c ? NaN : 0;
  const scale = power_of_two_below(Math.max(Math.abs(a), Math.abs(b)));
  a /= scale;
  b /= scale;
  return c / scale / (a * a + b * b) / scale;
}"""),
    "power_term": ((), """(c, a, b, k) => {
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
    "log_term": ((), """(c, a) => c !== c || a !== a || a < 0 ? NaN : c === 0 || a === 0 ? 0 : c * Math.log(a)"""),
    "exp_difference": ((), """(a, b) => {
  if (a === b) return 1;
  const difference = a - b;
  const y = Math.exp(difference);
  if (!Number.isFinite(difference) || y === Infinity) return y;
  const back = difference - a;  // what rounding the difference lost, which exp would magnify
  return y + y * (a - (difference - back) - (b + back));
}"""),
    "sum_of": ((), """(...xs) => {  // exact partial sums (Shewchuk), added up from the largest
  const parts = [];
  for (let x of xs) {
    if (!Number.isFinite(x)) return xs.reduce((a, b) => a + b, 0);
    let kept = 0;
    for (let y of parts) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) parts[kept++] = low;
      x = high;
    }
    if (!Number.isFinite(x)) return xs.reduce((a, b) => a + b, 0);
    parts.length = kept;
    parts.push(x);
  }
  return parts.reduceRight((a, b) => a + b, 0);
}"""),
    "split": ((), """(a) => {  // into two halves of 26 bits (Veltkamp)
  const c = 134217729 * a;
  const high = c - (c - a);
  return [high, a - high];
}"""),
    "dot": (("sum_of", "split"), """(...xs) => {
  const half = xs.length / 2;
  const terms = [];
  for (let i = 0; i < half; i++) {
    const a = xs[i];
    const b = xs[half + i];
    const product = a * b;
    terms.push(product);
    if (Math.abs(a) < 1e290 && Math.abs(b) < 1e290 && Math.abs(product) < 1e290) {  // what rounding the product lost (Dekker)
      const [ah, al] = split(a);
      const [bh, bl] = split(b);
      terms.push(al * bl - (product - ah * bh - al * bh - ah * bl));
    }
  }
  return sum_of(...terms);
}"""),
    "logsumexp": (("sum_of", "exp_difference"), """(...xs) => {
  if (xs.some((x) => x !== x)) return NaN;
  const largest = xs.reduce((a, b) => Math.max(a, b));
  if (!Number.isFinite(largest)) return largest;
  const others = xs.map((x) => exp_difference(x, largest));
  others.splice(xs.indexOf(largest), 1);  // its exponential is the 1 of log1p
  return largest + Math.log1p(sum_of(...others));
}"""),
}  # fmt: skip


def javascript(code: Code) -> str:
    """The program as the text of an ES module.

    It exports `program`, the function of the same numbers that returns them nested as the outputs are; `values`, which returns an object
    with every input and every intermediate number by its name; `inputs` and `nodes`, the names; and `labels`, from names to labels.

    Raises ValueError for an operation of one's own, which only Python can compute.
    """
    named = names(code)
    temporaries = Temporaries(named.values())
    first = len(code.inputs)
    slots = [named.get(slot) or temporaries.next() for slot in range(first + len(code.instructions))]

    def operand(x: int) -> str:
        return slots[x] if x >= 0 else _literal(code.constants[~x])

    body = [
        f"  const {slots[slot]} = {_written(op, [operand(x) for x in operands])};\n"
        for slot, (op, operands) in enumerate(code.instructions, first)
    ]
    parameters, lines = ", ".join(slots[:first]), "".join(body)
    returned = nested(code.shape, [operand(x) for x in code.outputs])
    pairs = ", ".join(f"[{_text(name)}, {name}]" for name in slots)
    labels = {slots[slot]: label for slot, label in code.labels.items()}
    return (
        f"{_helpers(code)}"
        f"export const inputs = {_text(slots[:first])};\n"
        f"export const nodes = {_text(slots[first:])};\n"
        f"export const labels = Object.fromEntries({_text(list(labels.items()))});\n\n"
        f"export function program({parameters}) {{\n{lines}  return {returned};\n}}\n\n"
        f"export function values({parameters}) {{\n{lines}  return Object.fromEntries([{pairs}]);\n}}\n"
    )


def _written(op: Operation, operands: list[str]) -> str:
    if op.name in _EXPRESSIONS:
        return _EXPRESSIONS[op.name].format(*[f"({x})" if x.startswith("-") else x for x in operands])
    return f"{op.name}({', '.join(operands)})"


def _helpers(code: Code) -> str:
    needed: dict[str, None] = {}

    def need(name: str) -> None:
        for other in _FUNCTIONS[name][0]:
            need(other)
        needed.setdefault(name)

    for op in code.operations():
        if op.name in _FUNCTIONS:
            need(op.name)
        elif op.name not in _EXPRESSIONS:
            raise ValueError(
                f"javascript has no {op.name}: it is an operation of your own, which only Python can compute"
            )
    return "".join(f"const {name} = {_FUNCTIONS[name][1]};\n" for name in needed) + "\n" * bool(needed)


def _literal(x: float) -> str:
    if math.isfinite(x):
        return repr(x)
    return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def _text(thing: object) -> str:
    """As JSON that is harmless in a script element too."""
    return re.sub("[<>&\u2028\u2029]", lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(thing, ensure_ascii=True))
