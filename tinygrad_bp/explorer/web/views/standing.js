// Where travelling numbers come to stand: side by side, none on another, before they become one.

import { SUBJECT } from "../model/terms.js";
import { overlap } from "./rectangles.js";
import { LETTER, NUMBER } from "./items.js";

const TICKS = 64; // of a moment, at which numbers are looked at
const MOST_ADDED = 4; // numbers of a sum that is written out
const CHIP = 1.36; // height of a number, of its letters'
export const BESIDE = 4; // between numbers that can be read
export const ENTERED = 1.3; // the moment at which they are where they go
export const ADDED = 1.75; // the moment at which they have become their sum there

/** @typedef {import("./rectangles.js").Point} Point */
/** @typedef {import("./rectangles.js").Rect} Rect */
/** @typedef {import("./arrangement.js").Arrangement} Arrangement */
/** @typedef {import("./tracks.js").Traveller} Traveller */
/** @typedef {import("./tracks.js").Course} Course */
/** @typedef {import("./tracks.js").Extent} Extent */

/**
 * Numbers none of which ever lies on another: where one would, it waits until its way is free, and then hastens. So they come to stand
 * side by side before they become one.
 * @param {Traveller[]} numbers
 * @param {number} size of letters
 * @param {number} end the moment at which they have become one
 * @returns {Traveller[]}
 */
export function waiting(numbers, size, end) {
  const count = Math.ceil(end * TICKS);
  const placeOf = (/** @type {Traveller} */ { words, course }, /** @type {number} */ tick) => {
    const place = course((tick / count) * end);
    const { width, height } = chipSize([words[place.met ? 1 : 0]], size);
    return { ...place, width: width - 2, height: height - 2 }; // they may touch
  };
  /** @type {((Rect & ReturnType<Course>) | null)[]} */
  const now = numbers.map(() => null); // those that are seen
  const ticks = numbers.map(() => -1); // how far each is on its own way
  const ways = numbers.map(() => /** @type {ReturnType<Course>[]} */ ([]));
  // When it would be gone it goes, though it has waited: who comes later has room then.
  const every = Array.from({ length: count }, (_, tick) => tick);
  const last = numbers.map((number) => every.map((tick) => placeOf(number, tick).behind).lastIndexOf(false));
  for (let tick = 0; tick < count; tick++) {
    numbers.forEach((number, k) => {
      if (tick > last[k]) [ticks[k], now[k]] = [tick, null];
      for (const next of [ticks[k] + 2, ticks[k] + 1].filter((each) => each <= tick)) {
        const place = placeOf(number, next);
        if (!place.behind && now.some((other, l) => other && l !== k && overlap(place, other))) continue;
        ticks[k] = next;
        now[k] = place.behind ? null : place;
        break;
      }
      ways[k].push(ticks[k] < 0 ? { ...number.course(0), behind: true } : placeOf(number, ticks[k]));
    });
  }
  return numbers.map((number, k) => ({
    ...number,
    course: (moment) => (moment < end ? ways[k][Math.min(count - 1, Math.floor((moment / end) * count))] : number.course(moment)),
  }));
}

/**
 * Where in a box numbers meet: below its name, or where there is one row only, beside it.
 * @param {Arrangement} places
 * @param {number} id
 * @param {number} across how wide they are together
 * @returns {Point}
 */
export function placeIn({ boxes, font }, id, across) {
  const { x, y, width, height, rows, kind } = /** @type {import("./columns.js").Box} */ (boxes.get(id));
  const down = rows === 2 ? height / 2 - letterSize(font) * 0.62 : kind === "result" ? height / 5 : 0;
  const right = x + width / 2;
  const aside = Math.max(right - across / 2, right - LETTER * font * NUMBER - 5 + across / 2);
  return { x: rows === 1 ? aside : x, y: y + down };
}

/**
 * What has come to a box: its summands, where they have room beside other boxes, and then their sum; and where each of them comes to stand.
 * @param {Arrangement} places
 * @param {number} id
 * @param {Travel[]} travels
 * @returns {{ sum: Traveller, slots: Point[] }}
 */
export function sumAt(places, id, travels) {
  const into = travels.filter(({ kind, to }) => to === id && kind !== "error");
  const [{ kind, total: sum = "", summands }] = into;
  const size = letterSize(places.font);
  const said = into.map(({ words }) => words?.[1] ?? "");
  const written = said.map((each, k) => (k ? (each.startsWith("−") ? ` − ${each.slice(1)}` : ` + ${each}`) : each)).join("");
  const right = Math.max(...[...places.boxes.values()].map((box) => box.x + box.width / 2));
  const box = /** @type {import("./columns.js").Box} */ (places.boxes.get(id));
  const homeOf = (/** @type {number} */ width) => {
    const home =
      kind === "back" && box.kind === "neuron" && box.rows === 3 ? gradientPlace(box, places.font, width) : placeIn(places, id, width);
    return { ...home, x: Math.max(Math.min(home.x, right - width / 2), width / 2 + 2) };
  };
  const widths = said.map((each) => chipSize([each], size).width + BESIDE);
  const row = widths.reduce((all, width) => all + width);
  const whole = Math.max(row, chipSize([written], size).width);
  const extent = { ...homeOf(whole), angle: 0, width: whole, height: size * CHIP };
  const room = [...places.boxes].every(([other, each]) => other === id || !overlap(extent, { ...each, angle: 0 }));
  const shown = room && said.length === summands && said.length <= MOST_ADDED; // all of them
  const home = homeOf(chipSize([sum], size).width);
  let x = extent.x - row / 2;
  const slots = widths.map((width) => {
    x += width;
    return shown ? { x: x - width / 2, y: extent.y } : home;
  });
  return {
    slots,
    sum: {
      term: SUBJECT,
      words: [shown ? written : sum, sum],
      course: (moment) => {
        const met = moment >= ADDED;
        return { ...(shown && !met ? extent : home), angle: 0, met, behind: moment < ENTERED };
      },
    },
  };
}

/**
 * Where a box of a neuron has its gradient, for a number of this width.
 * @param {Point & { height: number }} box
 * @param {number} font
 * @param {number} width
 * @returns {Point}
 */
export function gradientPlace({ x, y, height }, font, width) {
  return { x: x + font * 0.2 + width / 2, y: y + height / 3.4 };
}

/** @param {number} font */
export function letterSize(font) {
  return Math.max(11, font * 0.88);
}

/**
 * @param {string[]} words
 * @param {number} size
 * @returns {Extent}
 */
export function chipSize(words, size) {
  return { width: LETTER * size * Math.max(...words.map(({ length }) => length)) + size, height: size * CHIP };
}
