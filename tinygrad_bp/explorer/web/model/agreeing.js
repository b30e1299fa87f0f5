// How many digits numbers of a beat have: a result no more than one finds who computes with the numbers that are printed.

import { answerOf } from "./answers.js";
import { joined } from "./formulas.js";
import { expanded } from "./notation.js";
import { told, TOLD_DIGITS } from "./numbers.js";

const MOST_DIGITS = 10; // of what needs more of them to agree at all, or to be seen to change
const HALF = 0.5 + 1e-6; // of the last digit: by so much a result may be off that was rounded

/** @typedef {import("./notation.js").Notation} Notation */

/**
 * A scene whose numbers have digits, such that what is printed on both sides of an equals sign agrees.
 * @param {Scene} scene
 * @param {Notation} notation
 * @returns {Scene}
 */
export function inDigits(scene, notation) {
  for (let digits = TOLD_DIGITS; digits < MOST_DIGITS; digits++) {
    const found = inSoMany(scene, notation, digits);
    if (found.agrees) return found.scene;
  }
  return inSoMany(scene, notation, TOLD_DIGITS).scene;
}

/**
 * Whether nobody sees two numbers differ.
 * @param {number} a
 * @param {number} b
 */
export function alike(a, b, digits = MOST_DIGITS - 1) {
  return told(a, digits) === told(b, digits);
}

/**
 * @param {Scene} scene
 * @param {Notation} notation
 * @param {number} digits
 */
function inSoMany(scene, notation, digits) {
  const given = (/** @type {Piece[]} */ list) =>
    expanded(list).map((piece) => (isNumber(piece) ? { .../** @type {Mark} */ (piece), digits } : piece));
  const rows = scene.rows.map(given);
  let result = given(scene.result);
  let agrees = true;
  /**
   * @param {Piece} piece
   * @param {number | null} computed
   */
  const agreed = (piece, computed, most = digits) => {
    const found = agreeing(piece, computed, most);
    agrees &&= found !== null;
    return found ?? piece;
  };
  const row = rows.at(-1) ?? [];
  const turn = row.indexOf(" → ");
  if (turn > 0) {
    const [before, after] = [row[turn - 1], row[turn + 1]].map((piece) => Number(/** @type {Mark} */ (piece).number));
    agrees &&= alike(before, after) || !alike(before, after, digits);
  }
  const equals = row.indexOf(" = ");
  const computed = equals < 0 ? row : row.slice(0, equals);
  if (equals >= 0) {
    const sums = agreeingSums(computed, row.slice(equals + 1), notation, agreed);
    rows[rows.length - 1] = [...computed, " = ", ...sums];
    result = result.map((piece) => agreed(piece, computedFrom(sums, notation), decimalsOf(sums)));
  } else if (computed.some(isNumber)) result = result.map((piece) => agreed(piece, computedFrom(computed, notation)));
  return { scene: { ...scene, left: given(scene.left), rows, result, why: given(scene.why) }, agrees };
}

/** @param {Piece} piece */
function isNumber(piece) {
  return typeof piece !== "string" && piece.number !== undefined;
}

/**
 * The summands of a sum as numbers, each so that it agrees with how it was computed.
 * @param {Piece[]} computed
 * @param {Piece[]} sums
 * @param {Notation} notation
 * @param {(piece: Piece, computed: number | null) => Piece} agreed
 */
function agreeingSums(computed, sums, notation, agreed) {
  const terms = summandsIn(computed);
  if (terms.length !== summandsIn(sums).length) return sums;
  const summands = summandsIn(sums).map((summand, k) =>
    summand.map((piece) => (isNumber(piece) ? agreed(piece, computedFrom(terms[k], notation)) : piece)),
  );
  const found = joined(summands, " + ");
  const digits = decimalsOf(found);
  return found.map((piece) => (says(piece, digits) ? { .../** @type {Mark} */ (piece), digits } : piece)); // as many of each
}

/**
 * Whether a piece is a number of which so many digits say something.
 * @param {Piece} piece
 * @param {number} digits
 */
function says(piece, digits) {
  return typeof piece !== "string" && isNumber(piece) && /[1-9]/.test(told(piece.number, digits));
}

/** @param {Piece[]} list */
function summandsIn(list) {
  /** @type {Piece[][]} */
  const found = [[]];
  for (const piece of list) {
    if (piece === " + ") found.push([]);
    else found[found.length - 1].push(piece);
  }
  return found;
}

/**
 * What the numbers come to as they are printed; null where that is no arithmetic.
 * @param {Piece[]} list
 * @param {Notation} notation
 */
function computedFrom(list, notation) {
  return answerOf(notation.plain(list), 0)?.x ?? null;
}

/**
 * The fewest decimals of summands that are rounded.
 * @param {Piece[]} sums
 */
function decimalsOf(sums) {
  const digits = sums.flatMap((piece) => (typeof piece !== "string" && isNumber(piece) ? [piece.digits ?? MOST_DIGITS] : []));
  return Math.min(MOST_DIGITS, ...digits);
}

/**
 * A number in as many digits as it has in common with what was computed; null if that are none.
 * @param {Piece} piece
 * @param {number | null} computed
 * @param {number} most
 * @returns {Piece | null}
 */
function agreeing(piece, computed, most) {
  if (typeof piece === "string" || !piece.number || computed === null) return piece;
  for (let digits = most; digits > 0 && says(piece, digits); digits--) {
    const words = told(piece.number, digits);
    if (Math.abs(Number(words.replaceAll("−", "-")) - computed) <= HALF * unitOf(words)) return { ...piece, digits };
  }
  return null;
}

/**
 * What the last digit of a number counts.
 * @param {string} words
 */
function unitOf(words) {
  const [mantissa, power = "0"] = words.replaceAll("−", "-").split("e");
  return 10 ** (Number(power) - (mantissa.split(".")[1] ?? "").length);
}
