// What equations of scenes are made from: terms, each in a colour of its own, sums and products of them.

import { deltaTerm, derivativeNumber, factorPiece, joined } from "./formulas.js";
import { expanded } from "./notation.js";
import { counted } from "./numbers.js";
import { text } from "./words.js";

export const TERM_COLOURS = 4;
export const SUBJECT = 4; // the colour of what the equation is about
export const MENTIONED = -1; // of what is told beside it: its own
const MOST_LISTED = 5; // names in a sentence
export const MOST_TERMS = 6; // of a sum that is written out
const KEPT_TERMS = [3, 2]; // of a longer one, at its beginning and at its end

/**
 * @typedef {Pick<import("./session.js").Session, "graph" | "notation" | "formulas" | "programs" | "training" | "original" | "view" | "fresh" | "kind" | "description">} Stage
 * @typedef {(stage: Stage, frame: Frame, beat: Beat) => Scene} Maker
 */

/** @returns {Scene} */
export function emptyScene() {
  return {
    left: [],
    rows: [],
    result: [],
    why: [],
    colours: new Map(),
    lines: new Map(),
    factors: new Map(),
    slopes: new Map(),
    probabilities: new Map(),
    travels: [],
  };
}

/**
 * Whether a beat is the first of its kind, in its layer if nothing else is said: what is told there need not be told again.
 * @param {Frame} frame
 * @param {Beat} beat
 * @param {(other: Beat) => boolean} same
 */
export function isFirst({ plan }, { kind, neuron, from }, same = (other) => other.neuron?.depth === neuron?.depth) {
  return plan.beats.find((each) => each.kind === kind && same(each))?.from === from;
}

/**
 * Names one after the other, of many the first ones and the last.
 * @param {string[]} names
 */
export function listed(names) {
  const kept = names.length > MOST_LISTED ? [...names.slice(0, MOST_LISTED - 2), "…", ...names.slice(-1)] : names;
  const key = (/** @type {number} */ k) => (k < kept.length - 1 ? "beat.listed" : "beat.listed.last");
  return [kept.reduce((first, last, k) => text(key(k), { first, last }))];
}

/**
 * The places that sentences name.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Record<string, Piece[]>}
 */
export function placeOf({ graph }, { round, row, settings }) {
  return {
    round: [counted(round)],
    case: [String(row + 1)],
    count: [String(settings.cases.length)],
    others: [String(settings.cases.length - 1)],
    result: [{ name: graph.result }],
  };
}

/**
 * A piece in the colour of a term.
 * @param {number} term
 * @param {Piece[]} pieces
 * @returns {Piece[]}
 */
export function coloured(term, pieces) {
  return expanded(pieces).map((piece) => (typeof piece === "string" ? piece : { ...piece, term }));
}

/**
 * A sum of terms, of many those at the beginning and at the end.
 * @param {Piece[][]} terms
 * @returns {Piece[]}
 */
export function sumOf(terms) {
  if (terms.length <= MOST_TERMS) return joined(terms, " + ");
  const [first, last] = KEPT_TERMS;
  return joined([...terms.slice(0, first), ["…"], ...terms.slice(-last)], " + ");
}

/**
 * @param {Frame} frame
 * @param {number} id
 * @param {Quantity} quantity
 * @returns {Mark}
 */
export function numberIn(frame, id, quantity = "data") {
  return { number: quantity === "data" ? frame.data[id] : frame.grads[id], id, quantity };
}

/**
 * @param {Frame} frame
 * @param {number} id
 * @param {Quantity} quantity
 * @returns {Piece[]}
 */
export function resultIn(frame, id, quantity = "data") {
  return [{ ...numberIn(frame, id, quantity), enclose: false }];
}

/**
 * A gradient as a sum of products, in symbols and in numbers, each summand in the colour of its term.
 * @param {Stage} stage
 * @param {Frame} frame
 * @param {Factor[][]} terms
 * @param {boolean} short whether a node delta is written for the derivatives that it stands for
 * @returns {Piece[][]}
 */
export function rowsOf(stage, frame, terms, short = true) {
  const { variant } = frame.settings;
  const symbols = terms.map((factors, k) => {
    const pieces = factors.map(factorPiece);
    const byDelta = short ? deltaTerm(stage, pieces, variant) : null;
    return coloured(k % TERM_COLOURS, byDelta ?? joined(pieces, " · "));
  });
  const marks = terms.map((factors) => factors.map((factor) => derivativeNumber(stage, frame, factorPiece(factor))));
  const numbers = sumOf(marks.map((list, k) => coloured(k % TERM_COLOURS, joined(list, " · "))));
  if (terms.length < 2) return [sumOf(symbols), numbers];
  const products = marks.map((list, k) => {
    const number = list.reduce((product, mark) => product * mark.number, 1);
    return coloured(k % TERM_COLOURS, [{ number }]);
  });
  return [sumOf(symbols), [...numbers, " = ", ...sumOf(products)]];
}

/**
 * A product of factors, each in a colour of its own.
 * @param {Stage} stage
 * @param {Frame} frame
 * @param {Factor[]} chain
 * @returns {Piece[][]}
 */
export function productRows(stage, frame, chain) {
  const pieces = chain.map(factorPiece);
  return [
    joined(
      pieces.map((piece, k) => coloured(k % TERM_COLOURS, [piece])),
      " · ",
    ),
    joined(
      pieces.map((piece, k) => coloured(k % TERM_COLOURS, [derivativeNumber(stage, frame, piece)])),
      " · ",
    ),
  ];
}
