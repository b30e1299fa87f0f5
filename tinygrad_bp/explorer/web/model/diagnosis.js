// What an answer to a question says: that it is right, or which factor was off.

import { answerOf } from "./answers.js";
import { joined } from "./formulas.js";

// The list of mistakes that people make, which marks of solutions read, too (lessons/marking/mistakes.json): what is done wrong with factors
// and summands, and from how many digits on how many mistakes are named.
const { factor: FACTOR, summand: SUMMAND, slips: SLIPS, most_named: MOST_MISTAKES, rounded_share: ROUNDED } = MISTAKES;

const NEAR = 0.1; // relative, of what is right so far
const SAME = 1e-12; // relative, of what is the number itself
const FROM_PICTURE = 5e-4; // relative, of what comes of the picture's numbers, which have four digits
export const LEAST_DIGITS = MISTAKES.least_digits;

// A question is { value, terms, others }: the true number, the sum of products that it is, and mistakes of other kinds as { key, value }.
// A term is a list of factors { pieces, value, formula, instead }; `instead` is what is easily put in a factor's place, as a list of
// { pieces, value }. Returns { kind }: "none" if no number was typed; "right"; "few" if it is right, but to too few digits; "cut" if it is cut off; "mistake" with
// those `found` that lead to what was typed, each { key, value } and what its sentence names; "rounded" with the `digits` that agree;
// or "far" with the `ratio` to the true number, null if that is 0.

/**
 * @typedef {{ pieces: Piece[], value: number }} Known
 * @typedef {Known & { formula?: Piece[] | null, instead?: Known[] }} Part
 * @typedef {{ key: string, value: number, number?: number, what?: Piece[], wrong?: Piece[] }} Mistake
 * @typedef {{ value: number, terms: Part[][], others: Mistake[] }} Asked
 * @typedef {{ kind: string, found?: Mistake[], digits?: number, ratio?: number | null }} Diagnosis
 * @typedef {import("./answers.js").Answer} Answer
 */

/**
 * What an answer says of a question.
 * @param {Asked} question
 * @param {string} typed
 * @returns {Diagnosis}
 */
export function diagnosis(question, typed) {
  const { value } = question;
  const answer = answerOf(typed, value);
  if (!answer) return { kind: "none" };
  const near = Math.abs(answer.x - value) / Math.abs(value || 1);
  if (near <= SAME) return { kind: "right" };
  if (fitsValue(answer, value) && answer.digits > 1) return { kind: "right" };
  if (fitsValue(answer, value) && near < NEAR) return { kind: "few" }; // 1 is no beginning of 0.593
  if (isCut(answer, value)) return { kind: "cut" };
  const own = mistakesOf(question);
  for (const mistakes of [own, slipsOf(value)]) {
    const leads = (/** @type {Mistake} */ mistake) => fitsValue(answer, mistake.value);
    const found = answer.digits < LEAST_DIGITS ? [] : mistakes.filter(leads);
    if (found.length) return { kind: "mistake", found: found.slice(0, MOST_MISTAKES) };
  }
  const off = Math.abs(answer.x / value - 1);
  if (off <= ROUNDED) return { kind: "rounded", digits: Math.floor(-Math.log10(2 * off)) };
  const nearly = nearestTo(own, answer.x);
  if (answer.digits >= LEAST_DIGITS && nearly.length) return { kind: "mistake", found: nearly.slice(0, MOST_MISTAKES) };
  return { kind: "far", ratio: value === 0 ? null : answer.x / value };
}

/**
 * Whether the answer is this number, rounded where it ends.
 * @param {Answer} answer
 * @param {number} value
 */
function fitsValue({ x, slack }, value) {
  return Math.abs(x - value) <= slack;
}

/**
 * Whether the answer is this number, cut off where it ends and not rounded. One digit alone does not tell.
 * @param {Answer} answer
 * @param {number} value
 */
function isCut({ x, digits, unit }, value) {
  const missing = Math.abs(value) - Math.abs(x);
  return digits > 1 && x * value > 0 && missing >= 0 && missing < unit;
}

/**
 * Those of the mistakes that come nearest to a number, as near as one comes who computes with rounded numbers; none where no one does.
 * @param {Mistake[]} mistakes
 * @param {number} x
 */
function nearestTo(mistakes, x) {
  const off = (/** @type {Mistake} */ { value }) => Math.abs(x / value - 1);
  const least = Math.min(FROM_PICTURE, ...mistakes.map(off).filter(Number.isFinite));
  return mistakes.filter((mistake) => off(mistake) <= least + SAME);
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
      const told = term.length === 2 && terms.length === 1; // of two factors one left out is the other alone
      const slips = Object.entries(FACTOR).filter(([, power]) => power !== 0 || !told);
      found.push(...slips.map(([key, power]) => ({ key, what, number, value: by(number ** power) })));
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
