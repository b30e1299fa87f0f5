// What pictures are made of: items that can be chosen, lines, names, and the colours of terms.

import { brief, written } from "../model/numbers.js";
import { split } from "../model/notation.js";
import { TERM_COLOURS } from "../model/terms.js";
import { set, svg, toggle } from "./elements.js";

export const DIGITS = 4; // of numbers in the picture of a network
export const FINER_DIGITS = 6; // of numbers beside it
export const NUMBER = 9; // letters of a long one
export const ROOM = 7; // letters that each number in the picture has room for, so that one number is nowhere written in two ways
export const LETTER = 0.6; // width of a letter, of its height

export const RATE = "d"; // how fast the result changes, where there is no room for its sign

const SHORT_BELOW = 1e-3; // below it zeros would take the room of digits

/** @typedef {import("./rectangles.js").Point} Point */

/**
 * @param {number} x
 * @param {number} digits
 */
function shorter(x, digits) {
  const size = Math.abs(x);
  if (size >= 1) return written(Number(x.toPrecision(digits)));
  return (size < SHORT_BELOW ? x.toExponential(digits - 1) : x.toPrecision(digits)).replaceAll("-", "−");
}

/**
 * A number in the picture, with fewer digits where they have no room. In what form more of them have room, so it is written: −4.4e−4 rather
 * than −0.0004.
 * @param {number | null} x
 * @param {number} most letters
 */
export function inRoom(x, most = ROOM) {
  const whole = brief(x, DIGITS);
  if (whole.length <= Math.min(most, ROOM) || !x || !Number.isFinite(x)) return whole;
  let words = whole;
  for (let digits = DIGITS - 1; words.length > Math.min(most, ROOM) && digits > 0; digits--) {
    words = shorter(x, digits);
  }
  return words;
}

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
