// A chart of functions: two axes with round numbers, and on them curves, points and arrows. Its letters grow and shrink with it.

import { brief } from "../model/numbers.js";
import { el, set, svg } from "./elements.js";

const WIDTH = 400;
const LETTERS = 12.5;
const LONGEST = 8; // letters of a number at an axis
const WIDEST_LETTER = 7.6; // of those numbers
const LEAST = 1e-300; // of a range: one that collapses, or nearly, would have no scale

/** @typedef {[number, number]} Range */

/**
 * @typedef {[(x: number) => number, (x: number) => number]} Bend a function and its inverse
 * @typedef {{ at: (x: number) => number, back: (pixel: number) => number }} Axis
 * @type {Bend}
 */
export const STRAIGHT = [(x) => x, (x) => x];

/**
 * From numbers to pixels and back. `bend` and `unbend` make the scale logarithmic.
 * @param {Range} range
 * @param {Range} pixels
 * @param {Bend} bend
 * @returns {Axis}
 */
export function axisOf([low, high], [start, end], [bend, unbend] = STRAIGHT) {
  const from = bend(low);
  const length = bend(high) - from;
  const scale = (end - start) / (Math.abs(length) < LEAST ? LEAST : length);
  return { at: (x) => start + (bend(x) - from) * scale, back: (pixel) => unbend((pixel - start) / scale + from) };
}

/**
 * Round numbers from `low` to `high`, about as many as wanted.
 * @param {number} low
 * @param {number} high
 * @param {number} wanted
 */
export function ticksOf(low, high, wanted) {
  const rough = (high - low) / wanted;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

/**
 * A number at an axis. Far from 0, where numbers beside each other differ in late digits only, these are left out.
 * @param {number} x
 */
function short(x) {
  const words = String(x);
  return words.length > LONGEST ? brief(x, 4) : words;
}

/**
 * Numbers at an axis with their words, which no two share.
 * @param {number[]} ticks
 * @param {(x: number) => string} words
 * @returns {[number, string][]}
 */
export function labelled(ticks, words = short) {
  const taken = new Set();
  return ticks.map((number) => {
    const label = words(number).replaceAll("-", "−");
    const again = taken.has(label);
    taken.add(label);
    return [number, again ? "" : label];
  });
}

/**
 * A range with a little room around all of these numbers, between round ones, so that it seldom changes.
 * @param {number[]} numbers
 * @returns {Range}
 */
export function roomy(numbers) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  // Far below the numbers themselves there are no round ones between them.
  const size = Math.max(high - low || Math.abs(high) || 1, 1e-12 * Math.max(Math.abs(low), Math.abs(high)), LEAST);
  const unit = 10 ** Math.floor(Math.log10(size)) / 2;
  return [Math.floor((low - 0.04 * size) / unit) * unit, Math.ceil((high + 0.04 * size) / unit) * unit];
}

export class Plot {
  /**
   * @param {{ height: number, look?: string, upright?: number, across?: number }} form how high it is, of a width of 400, and how many
   *     numbers stand at its axes, about
   */
  constructor({ height, look = "", upright = 4, across = 5 }) {
    this.height = height;
    this.wanted = { upright, across };
    this.left = 48;
    this.grid = svg("g", { class: "plot-grid" });
    this.clip = svg("svg", { class: "plot-inside", overflow: "hidden" });
    this.over = svg("g", {});
    this.root = svg(
      "svg",
      { class: `plot ${look}`.trim(), role: "img", viewBox: `0 0 ${WIDTH} ${height}`, "font-size": LETTERS },
      this.grid,
      this.clip,
      this.over,
    );
    /** @type {Range} */
    this.x = [0, 1];
    /** @type {Range} */
    this.y = [0, 1];
    this.across = axisOf([0, 1], [this.left, WIDTH - 8]);
    this.up = axisOf([0, 1], [height - 24, 8]);
    this.drawn = "";
  }

  /**
   * @param {Range} x
   * @param {Range} y
   * @param {(x: number) => string} [words]
   */
  range(x, y, words = short) {
    const key = JSON.stringify([x, y]);
    if (key === this.drawn) return;
    this.drawn = key;
    [this.x, this.y] = [x, y];
    const ups = labelled(ticksOf(...y, this.wanted.upright), words);
    const letters = Math.max(...ups.map(([, label]) => label.length), 0);
    this.left = Math.max(48, Math.ceil(letters * WIDEST_LETTER) + 10);
    const [right, bottom, top] = [WIDTH - 8, this.height - 24, 8];
    this.across = axisOf(x, [this.left, right]);
    this.up = axisOf(y, [bottom, top]);
    const lines = ups.map(([number, label]) => {
      const at = this.up.at(number).toFixed(1);
      return [
        svg("line", { class: number === 0 ? "plot-zero" : "", x1: this.left, x2: right, y1: at, y2: at }),
        svg("text", { x: this.left - 6, y: Number(at) + 4, "text-anchor": "end" }, label),
      ];
    });
    const columns = labelled(ticksOf(...x, this.wanted.across), words).map(([number, label]) => {
      const at = this.across.at(number).toFixed(1);
      return [
        svg("line", { class: number === 0 ? "plot-zero" : "", x1: at, x2: at, y1: top, y2: bottom }),
        svg("text", { x: Math.min(Number(at), right - 8), y: this.height - 7, "text-anchor": "middle" }, label),
      ];
    });
    this.grid.replaceChildren(...[...lines, ...columns].flat());
    for (const [name, value] of Object.entries({ x: this.left, y: top, width: right - this.left, height: bottom - top })) {
      set(this.clip, name, value);
    }
    set(this.clip, "viewBox", `${this.left} ${top} ${right - this.left} ${bottom - top}`);
  }

  /**
   * The shape of a curve through these points.
   * @param {[number, number][]} points
   */
  path(points) {
    const far = 4 * this.height;
    return points
      .filter(([x, y]) => Number.isFinite(this.across.at(x)) && !Number.isNaN(this.up.at(y)))
      .map(([x, y], k) => {
        const down = Math.max(-far, Math.min(far, this.up.at(y)));
        return `${k ? "L" : "M"}${this.across.at(x).toFixed(1)} ${down.toFixed(1)}`;
      })
      .join("");
  }

  /**
   * The line through a point with this slope, as far as the chart reaches.
   * @param {number} x
   * @param {number} y
   * @param {number} slope
   */
  tangent(x, y, slope) {
    return this.path([this.x[0], this.x[1]].map((at) => /** @type {[number, number]} */ ([at, y + slope * (at - x)])));
  }

  /**
   * @param {Element} dot
   * @param {number} x
   * @param {number} y
   */
  place(dot, x, y) {
    const within = (/** @type {number} */ at, /** @type {number} */ most) => Math.max(-50, Math.min(most + 50, at)) || -50; // of none: out of sight
    set(dot, "cx", within(this.across.at(x), WIDTH).toFixed(1));
    set(dot, "cy", within(this.up.at(y), this.height).toFixed(1));
  }

  /**
   * Where an event is on the axes.
   * @param {MouseEvent} event
   */
  pointed(event) {
    const box = this.root.getBoundingClientRect();
    const scale = WIDTH / box.width;
    return { x: this.across.back((event.clientX - box.left) * scale), y: this.up.back((event.clientY - box.top) * scale) };
  }
}

/**
 * An arrow from one point of a chart to another; none where they meet.
 * @param {Element} path
 * @param {[number, number]} from
 * @param {[number, number]} to
 */
export function arrow(path, [x1, y1], [x2, y2]) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (!(length >= 1 && length < Infinity)) {
    set(path, "d", "");
    return;
  }
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const head = Math.min(7, length);
  const barb = (/** @type {number} */ side) =>
    `L${(x2 - head * dx + side * 0.55 * head * dy).toFixed(1)} ${(y2 - head * dy - side * 0.55 * head * dx).toFixed(1)}`;
  const tip = `${x2.toFixed(1)} ${y2.toFixed(1)}`;
  set(path, "d", `M${x1.toFixed(1)} ${y1.toFixed(1)}L${tip}M${tip}${barb(1)}M${tip}${barb(-1)}`);
}

/**
 * A swatch and a word: what a line of a chart is.
 * @param {string} look
 * @param {import("./elements.js").Child} words
 */
export function key(look, words) {
  const label = el("span", {}, words);
  return el(
    "span",
    { class: "plot-key" },
    svg(
      "svg",
      { class: "plot", viewBox: "0 0 22 8", width: "22", height: "8", "aria-hidden": "true" },
      svg("path", { class: look, d: "M1 4H21" }),
    ),
    label,
  );
}
