// The number that an answer is, as `mark` reads it (lessons/marking/numbers.py), or what arithmetic with numbers comes to.

const PRINTED = 15; // digits: a number with as many was written by a program
const EXACT = 4e-15; // the share by which a number may be off besides
const COMPUTED = 1e-9; // the same of what was computed
const LEAST_KEPT = 3; // digits before zeros that may only fill up, as in 123000; a number in arithmetic with fewer digits is exact
const COARSEST = 0.005; // the share by which arithmetic with rounded numbers may be off at most

/**
 * `digits` are those that count, `unit` is what the last of them counts, 0 of what is exact, and `slack` how far the number may be off.
 * @typedef {{ x: number, digits: number, unit: number, slack: number }} Answer
 */

/** @type {Record<string, (x: number) => number>} */
const FUNCTIONS = {
  sigmoid: (x) => MISTAKES.sigmoid(x)[0],
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
};

/**
 * Null for what is no number and no arithmetic, and for what is not finite.
 * @param {string} typed
 * @param {number} value the right number, which tells what 1,416 is
 * @returns {Answer | null}
 */
export function answerOf(typed, value) {
  const plain = typed
    .replace(/([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)/g, "^$1")
    .normalize("NFKC")
    .replace(/[−–]/g, "-")
    .replace(/^[=≈\s]+/, "")
    .replace(/\\times|\\cdot|[×·]|(?<=[\d)]\s*)x(?=\s+[\d(]|\s*10\s*[\^*])/g, "*")
    .replace(/σ/g, "sigmoid")
    .replace(/\s*\*\s*10\s*(?:\^|\*\*)\s*[{(]*([+-]?\d+)[)}]*/g, "e$1");
  const text = plain.length > 400 ? "" : ungrouped(plain.trim(), value);
  const tokens = /** @type {string[]} */ (text.match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|\*\*|[a-z]+|[^\s]/gi) ?? []);
  const numbers = tokens.map((token) => (/^\.?\d/.test(token) ? numberOf(token.toLowerCase()) : null));
  /** @param {number} moved of which number */
  const computed = (moved) =>
    computedOf(
      tokens,
      numbers.map((each, k) => each && each.x + (k === moved ? each.slack : 0)),
    );
  const x = computed(-1);
  if (x === null || !Number.isFinite(x)) return null;
  const all = numbers.filter((each) => each !== null);
  if (all.length === 1 && tokens.every((token) => /^[-+\d.]/.test(token))) {
    const { digits, unit } = all[0];
    return { x, digits, unit, slack: 0.5 * unit * (1 + 1e-9) + (digits >= PRINTED ? 3e-12 : EXACT) * Math.abs(x) };
  }
  const rounded = numbers.map((each) => each !== null && each.digits >= LEAST_KEPT);
  const slack = rounded.reduce((sum, each, k) => sum + (each ? Math.abs((computed(k) ?? x) - x) : 0), 0);
  const digits = Math.min(PRINTED, ...all.filter((each) => each.digits >= LEAST_KEPT).map((each) => each.digits));
  return { x, digits, unit: 0, slack: Math.min(slack, COARSEST * Math.abs(x)) + COMPUTED * Math.abs(x) };
}

/**
 * Decimal commas as points, and thousands without their commas.
 * @param {string} plain
 * @param {number} value
 */
function ungrouped(plain, value) {
  if (!plain.includes(",")) return plain;
  const point = plain.replace(/(\d*),(\d+)/g, "$1.$2");
  if (plain.includes(".") || /,\d*,/.test(plain)) return "";
  if (!/^[-+]?[1-9]\d{0,2}(,\d{3})+$/.test(plain)) return point;
  const thousands = plain.replaceAll(",", "");
  return value ** 2 < Math.abs(Number(point) * Number(thousands)) ? point : thousands; // the one that is off by the smaller factor
}

/**
 * @param {string} token a number in plain notation
 */
function numberOf(token) {
  const [mantissa, power] = token.split("e");
  const [whole, decimals = ""] = mantissa.split(".");
  let figures = (whole + decimals).replace(/^0+/, "");
  let last = Number(power ?? 0) - decimals.length;
  if (power === undefined && (decimals === "" || decimals === "0")) {
    const digits = whole.replace(/^0+/, "");
    const kept = Math.max(digits.replace(/0+$/, "").length, Math.min(digits.length, LEAST_KEPT));
    if (digits.length > kept) [last, figures] = [digits.length - kept, digits.slice(0, kept)];
  }
  const unit = Number(`1e${last}`);
  return { x: Number(token), digits: figures.length, unit, slack: figures.length < LEAST_KEPT ? 0 : 0.5 * unit };
}

/**
 * Sums, products, quotients, powers, functions and parentheses of numbers; null for what is something else.
 * @param {string[]} tokens
 * @param {(number | null)[]} numbers of those tokens that are one
 * @returns {number | null}
 */
function computedOf(tokens, numbers) {
  let at = 0;
  const takes = (/** @type {string} */ signs) => signs.split(" ").includes(tokens[at]) && at++ >= 0;
  const sum = () => {
    let x = product();
    while (at < tokens.length) {
      if (takes("+")) x += product();
      else if (takes("-")) x -= product();
      else break;
    }
    return x;
  };
  const product = () => {
    let x = signed();
    while (at < tokens.length) {
      if (takes("*")) x *= signed();
      else if (takes("/")) x /= signed();
      else break;
    }
    return x;
  };
  /** @returns {number} */
  const signed = () => {
    if (takes("-")) return -signed();
    if (takes("+")) return signed();
    const x = atom();
    return takes("** ^") ? x ** signed() : x;
  };
  /** @returns {number} */
  const atom = () => {
    const x = numbers[at];
    if (typeof x === "number") {
      at += 1;
      return x;
    }
    const name = tokens[at]?.toLowerCase() ?? "";
    const applied = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : null;
    if (applied) at += 1;
    if (!takes("(")) return Number.NaN;
    const inner = sum();
    if (!takes(")")) return Number.NaN;
    return applied ? applied(inner) : inner;
  };
  const x = sum();
  return at === tokens.length && !Number.isNaN(x) ? x : null;
}
