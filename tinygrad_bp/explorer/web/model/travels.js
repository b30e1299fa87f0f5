// Numbers that travel in the picture during a beat: those that its equation writes, in the same digits.

import { numberWords } from "./notation.js";
import { TOLD_DIGITS } from "./numbers.js";

const SAME_NUMBER = 1e-12; // by which two ways to a number differ, but for rounding

/**
 * A scene whose travelling numbers have the words of its equation. What the equation does not write stays where it is.
 * @param {Scene} scene whose numbers have their digits
 * @returns {Scene}
 */
export function withTravels(scene) {
  const marks = [...scene.rows.flat(), ...scene.result].filter((piece) => typeof piece !== "string" && piece.number !== undefined);
  const total = wordsAmong(scene.result, scene.result.at(0));
  const travels = scene.travels.flatMap((travel) => {
    const [carried, product] = [travel.carried, travel.product].map((number) => wordsAmong(marks, { number }));
    const factors = travel.factors?.map((factor) => ({ ...factor, words: wordsAmong(marks, factor) }));
    if (!product || !(factors ?? [{ words: carried }]).every(({ words }) => words)) return [];
    const summands = scene.travels.filter(({ kind, to }) => kind !== "error" && to === travel.to).length;
    /** @type {Travel} */
    const said = { ...travel, words: [carried || product, product], total: total || product, summands };
    return [factors ? { ...said, factors } : said];
  });
  return { ...scene, travels };
}

/**
 * A number as it is written among these; nothing if it is not.
 * @param {Piece[]} marks
 * @param {Piece | undefined} wanted
 */
function wordsAmong(marks, wanted) {
  if (typeof wanted !== "object" || typeof wanted.number !== "number") return "";
  const x = wanted.number;
  const found = marks.find((mark) => typeof mark !== "string" && Math.abs((mark.number ?? NaN) - x) <= SAME_NUMBER * Math.abs(x));
  return typeof found === "object" ? numberWords(found, TOLD_DIGITS) : "";
}
