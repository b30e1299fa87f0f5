// What pictures are made of: items that can be chosen, lines, names, and the colours of terms.

import { split } from "../model/notation.js";
import { TERM_COLOURS } from "../model/terms.js";
import { set, svg, toggle } from "./elements.js";

export const DIGITS = 4; // of numbers in the picture of a network
export const FINER_DIGITS = 6; // of numbers beside it
export const NUMBER = 9; // letters of a long one
export const LETTER = 0.6; // width of a letter, of its height

/** @typedef {import("./arrangement.js").Point} Point */

/**
 * Something that can be chosen.
 * @param {Record<string, unknown>} attributes
 * @param {() => void} action
 * @param {import("./elements.js").Child[]} children
 */
export function item(attributes, action, ...children) {
  return svg(
    "g",
    {
      role: "button",
      tabindex: "-1",
      ...attributes,
      class: `item ${attributes.class ?? ""}`.trim(),
      onclick: (/** @type {Event} */ event) => {
        event.stopPropagation();
        action();
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        action();
      },
    },
    children,
  );
}

/**
 * @param {number} x
 * @param {number} largest
 */
export function widthOf(x, largest) {
  return (1 + 5.5 * Math.min(1, Math.abs(x) / largest)).toFixed(1); // a line that is drawn anew takes time, and less is not seen
}

/** @type {WeakMap<Element, number | null>} */
const tints = new WeakMap(); // so that what keeps its colour, as nearly all does, is not looked at

/**
 * Gives an element the colour of a term, and no other.
 * @param {Element} element
 * @param {number | undefined} term
 */
export function tint(element, term) {
  if (tints.get(element) === (term ?? null)) return;
  tints.set(element, term ?? null);
  for (let k = 0; k <= TERM_COLOURS; k++) toggle(element, `term-${k}`, k === term);
  toggle(element, "spoken", term !== undefined);
}

/**
 * @param {string} kind
 * @param {Point} from
 * @param {Point} to
 */
export function segment(kind, from, to) {
  return svg("line", { class: kind, x1: from.x.toFixed(1), y1: from.y.toFixed(1), x2: to.x.toFixed(1), y2: to.y.toFixed(1) });
}

/**
 * A name: w with a lower 5.
 * @param {string} name
 * @param {Record<string, any>} attributes
 */
export function named(name, attributes) {
  const [base, below] = split(name);
  return svg("text", attributes, base, below && svg("tspan", { class: "sub", dy: "3" }, below));
}

/**
 * A name, or as much of it as there is room for.
 * @param {string} name
 * @param {number} width
 * @param {number} font
 */
export function fitting(name, width, font) {
  const [base, below] = split(name);
  return font * (0.66 * base.length + 0.48 * below.length) < width ? name : shortened(name, width, font * 0.62);
}

/**
 * As much of a name as fits into a box.
 * @param {string} name
 * @param {number} width
 */
export function shortened(name, width, size = 7) {
  const most = Math.max(2, Math.floor((width - 4) / size));
  const letters = [...name];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
}

/**
 * @param {SVGGElement} group
 * @param {Point & { angle: number }} spot
 */
export function moveTo(group, { x, y, angle }) {
  set(group, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${((angle * 180) / Math.PI).toFixed(2)})`);
}
