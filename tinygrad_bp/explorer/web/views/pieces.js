// Pieces of formulas as elements: names with what stands below the line, fractions, numbers that tell all their digits.

import { exactly } from "../model/numbers.js";
import { expanded, mathematical, numberWords, split } from "../model/notation.js";
import { el, flat } from "./elements.js";

/** @typedef {import("../model/notation.js").Notation} Notation */
/** @typedef {import("./elements.js").Child} Child */

/** @param {string} name */
export function nameElement(name) {
  const [base, below] = split(name);
  return el("span", { class: "name" }, base, below && el("sub", {}, below));
}

/**
 * What has no label is called by its formula, in which each name is set as one: (w1 * i1) as (w₁ · i₁).
 * @param {string} name
 */
function formulaName(name) {
  const parts = name.split(/([\p{L}_][\p{L}\p{M}\p{N}_]*)/u);
  return el(
    "span",
    { class: "name" },
    parts.map((part, k) => (k % 2 ? nameElement(part) : prettyText(part))),
  );
}

/**
 * A node by its name.
 * @param {Notation} notation
 * @param {number} id
 * @returns {Child}
 */
export function nodeName(notation, id, inside = false) {
  const { label, op, name } = notation.graph.nodes[id];
  if (label || !op) return nameElement(notation.name(id));
  return inside && notation.loose(id) ? ["(", formulaName(name), ")"] : formulaName(name);
}

/**
 * Signs of Python as signs of mathematics: a * b as a · b, x ** 2 as x², sigmoid( as σ(.
 * @param {string} words
 */
function prettyText(words) {
  const parts = mathematical(words).split(/ \*\* (\d+(?:\.\d+)?(?![\d.e])|\(−?[\d.]+\))/);
  if (parts.length === 1) return unbroken(parts[0]);
  return el(
    "span",
    {},
    parts.map((part, k) => (k % 2 ? el("sup", {}, part.replace(/^\(|\)$/g, "")) : unbroken(part))),
  );
}

/**
 * Words in which no line ends beside the bar of a quotient.
 * @param {string} words
 */
function unbroken(words) {
  const parts = words.split(/( \/ [^\s()]*)/);
  if (parts.length === 1) return words;
  return el(
    "span",
    {},
    parts.map((part, k) => (k % 2 ? el("span", { class: "unbroken" }, part) : part)),
  );
}

/**
 * Pieces as elements. `hide` says which numbers are not to be seen; `onFactor` is called with the element of each derivative.
 * @param {Notation} notation
 * @param {Piece[]} list
 * @param {{ digits?: number, hide?: (piece: Mark) => boolean, onFactor?: ((element: HTMLElement, piece: Derivative) => void) | null }} options
 * @returns {(HTMLElement | string)[]}
 */
export function piecesElements(notation, list, { digits = 9, hide = () => false, onFactor = null } = {}) {
  /** @param {Piece} piece @returns {Child} */
  const one = (piece) => {
    if (typeof piece === "string") return prettyText(piece);
    if (piece.name !== undefined) return nodeName(notation, piece.name, piece.inside);
    if (piece.word) return el("span", { class: "name" }, piece.word);
    if (piece.delta) return el("span", { class: "name" }, "δ", el("sub", {}, piece.delta.replace(/^delta_/, "")));
    if (piece.number !== undefined) {
      if (hide(piece)) return el("span", { class: "hidden-number" }, "?");
      const shown = el("data", { value: exactly(piece.number), title: exactly(piece.number) }, numberWords(piece, digits));
      return (piece.number ?? 0) < 0 && piece.enclose !== false ? ["(", shown, ")"] : shown;
    }
    return fraction(notation, /** @type {Derivative} */ (piece), onFactor);
  };
  const made = expanded(list).map((piece) => {
    const child = one(piece);
    const term = typeof piece === "string" ? undefined : piece.term;
    return term === undefined ? child : el("span", { class: `term term-${term}` }, child);
  });
  return /** @type {(HTMLElement | string)[]} */ (flat(made));
}

/**
 * @param {Notation} notation
 * @param {Derivative} piece
 * @param {((element: HTMLElement, piece: Derivative) => void) | null} onFactor
 */
function fraction(notation, piece, onFactor) {
  const d = piece.whole ? "d" : "∂";
  const made = el(
    "span",
    { class: "fraction", role: "math", "aria-label": notation.symbol(piece) },
    el("span", { class: "over" }, d, nodeName(notation, piece.of, true)),
    el("span", { class: "under" }, d, nodeName(notation, piece.by, true)),
  );
  if (onFactor) onFactor(made, piece);
  return made;
}
