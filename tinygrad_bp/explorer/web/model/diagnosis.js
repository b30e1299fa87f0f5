// What an answer to a question says: that it is right, or which factor was off.

import { joined } from "./formulas.js";
import { parsed } from "./numbers.js";

// The list of mistakes that people make, which marks of solutions read, too (lessons/marking/mistakes.json): what is done wrong with factors
// and summands, and from how many digits on how many mistakes are named.
const { factor: FACTOR, summand: SUMMAND, slips: SLIPS, most_named: MOST_MISTAKES, rounded_share: ROUNDED } = MISTAKES;

const NEAR = 0.1; // relative, of what is right so far
const MOST_DIGITS = 15; // of more, the last ones depend on the order of additions
export const LEAST_DIGITS = MISTAKES.least_digits;

// A question is { value, terms, others }: the true number, the sum of products that it is, and mistakes of other kinds as { key, value }.
// A term is a list of factors { pieces, value, formula, instead }; `instead` is what is easily put in a factor's place, as a list of
// { pieces, value }. Returns { kind }: "none" if no number was typed; "right"; "few" if it is right, but to too few digits; "mistake" with
// those `found` that lead to what was typed, each { key, value } and what its sentence names; "rounded" with the `digits` that agree;
// or "far" with the `ratio` to the true number, null if that is 0.

/**
 * @typedef {{ pieces: Piece[], value: number }} Known
 * @typedef {Known & { formula?: Piece[] | null, instead?: Known[] }} Part
 * @typedef {{ key: string, value: number, number?: number, what?: Piece[], wrong?: Piece[] }} Mistake
 * @typedef {{ value: number, terms: Part[][], others: Mistake[] }} Asked
 * @typedef {{ kind: string, found?: Mistake[], digits?: number, ratio?: number | null }} Diagnosis
 * @typedef {{ x: number, digits: number, unit: number }} Answer
 */

/**
 * What an answer says of a question.
 * @param {Asked} question
 * @param {string} typed
 * @returns {Diagnosis}
 */
export function diagnosis(question, typed) {
  const answer = answerOf(typed);
  if (!answer) return { kind: "none" };
  const { value } = question;
  if (fitsValue(answer, value)) return { kind: "right" };
  if (fitsValue(answer, value, 1) && Math.abs(answer.x / value - 1) < NEAR) return { kind: "few" }; // 1 is no beginning of 0.593
  for (const mistakes of [mistakesOf(question), slipsOf(value)]) {
    const found = mistakes.filter((mistake) => fitsValue(answer, mistake.value));
    if (found.length) return { kind: "mistake", found: found.slice(0, MOST_MISTAKES) };
  }
  const off = Math.abs(answer.x / value - 1);
  if (off <= ROUNDED) return { kind: "rounded", digits: Math.floor(-Math.log10(2 * off)) };
  return { kind: "far", ratio: value === 0 ? null : answer.x / value };
}

/**
 * The number that was typed, how many of its digits are significant, and what the last of them counts. Null if it is no number.
 * @param {string} typed
 * @returns {Answer | null}
 */
function answerOf(typed) {
  const x = parsed(typed);
  if (x === null) return null;
  const [mantissa] = typed.split(/e/i);
  const digits = Math.min(MOST_DIGITS, mantissa.replace(/\D/g, "").replace(/^0+/, "").length);
  const [, exponent] = x.toExponential().split("e");
  return { x, digits, unit: Number(`1e${Number(exponent) - digits + 1}`) };
}

/**
 * Whether the answer is this number, to as many digits as were typed, rounded or cut off there.
 * @param {Answer} answer
 * @param {number} value
 */
function fitsValue({ x, digits, unit }, value, least = LEAST_DIGITS) {
  if (x === value) return true;
  if (digits < least || Math.sign(x) !== Math.sign(value)) return false;
  const last = Math.round(Math.abs(x) / unit);
  const size = Math.abs(value) / unit;
  return last === Math.round(size) || last === Math.floor(size * (1 + Number.EPSILON));
}

/** @param {Part[]} factors */
function productOf(factors) {
  return factors.reduce((product, factor) => product * factor.value, 1);
}

/**
 * Mistakes in the factors and summands, and the others that are known of this question.
 * @param {Asked} question
 * @returns {Mistake[]}
 */
function mistakesOf({ value, terms, others: more = [] }) {
  /** @type {Mistake[]} */
  const found = [];
  for (const term of terms) {
    const product = productOf(term);
    if (terms.length > 1) {
      const about = {
        what: joined(
          term.map((factor) => factor.pieces),
          " · ",
        ),
        number: product,
      };
      found.push(...Object.entries(SUMMAND).map(([key, times]) => ({ key, ...about, value: value - times * product })));
    }
    for (const factor of term) {
      const { pieces: what, value: number, formula, instead = [] } = factor;
      const others = productOf(term.filter((other) => other !== factor));
      const by = (/** @type {number} */ x) => value - product + others * x;
      const full = formula ? [...what, " = ", ...formula] : what;
      found.push(...instead.map((wrong) => ({ key: "replaced", what: full, number, wrong: wrong.pieces, value: by(wrong.value) })));
      if (term.length === 1) continue;
      found.push({ key: "factor", what, value: number });
      found.push(...Object.entries(FACTOR).map(([key, power]) => ({ key, what, number, value: by(number ** power) })));
    }
  }
  return [...found, ...more];
}

/**
 * Mistakes that are made with any number.
 * @param {number} value
 * @returns {Mistake[]}
 */
function slipsOf(value) {
  return SLIPS.map(([key, times]) => ({ key, value: times * value }));
}
