// Where the labels of lines stand: beside their lines where they have room, or else on them.

import { LETTER, ROOM } from "./items.js";
import { overlap, passes } from "./rectangles.js";

const MOST_CROSSED = 8; // labels between two layers that may lie on other lines, where they have no room else; of more it is said what a beat names
export const MOST_LABELS = 16; // between two layers: of more it is said what a beat names
const MOST_LABELLED = 24; // of a network: in one with more, too
export const ROOMS = [ROOM, ROOM - 1, ROOM - 2]; // letters of a number on a line: fewer where all labels have room only so
const MOST_TIMES = 6; // that labels are laid anew
const SHIFTS = [0, -0.17, 0.17, -0.34, 0.34]; // of its width, by which the middle of a label can be beside its line
const SHARES = Array.from({ length: 23 }, (_, k) => 0.06 + 0.04 * k); // of the way, at which a label can lie on its line

/**
 * @typedef {import("./columns.js").Picture} Picture
 * @typedef {import("./columns.js").Spec} Spec
 * @typedef {import("./rectangles.js").Rect} Rect
 * @typedef {import("./rectangles.js").Segment} Segment
 * @typedef {Rect & { aside: number, always: boolean, on: boolean, room: number, whole: boolean, alone: boolean }} Label how far it is from its line, whether it can always be shown, whether
 *   it lies on its line, not beside it, how many letters of a number have room in it, and whether the whole name of a derivative has: in all
 *   labels at once, or in this one alone
 * @typedef {Segment & { weight: number, label: Label }} Line
 */

/**
 * Where labels stand: beside their lines, in all of a layer at the same part of the way; or if they would cover each other, a box or another
 * line, each where it has room; or on the lines. In layers where they have no room there either, those are shown that a beat speaks of.
 * @param {Spec} spec
 * @param {Line[]} lines
 * @param {Segment[]} biases lines that have no labels
 * @param {Rect[]} ground
 * @param {Picture} picture
 * @param {number} [room] as of what is laid out
 * @returns {boolean} whether all labels that are always shown are beside their lines, and on no other
 */
export function markReadable(spec, lines, biases, ground, { width, height, upright }, room) {
  const taken = [...ground]; // also by labels of the layers before
  const clear = (/** @type {Rect[]} */ labels) =>
    labels.every((label, k) => ![...labels.slice(k + 1), ...taken].some((other) => overlap(label, other)));
  let free = true;
  for (const { ids } of spec.columns) {
    const own = lines.filter((_, k) => ids.includes(spec.lines[k].target));
    const into = own.length / ids.length;
    const even = into <= ids.length ? 1 / (into + 1) : ids.length / (ids.length + 1);
    const few = spec.lines.length <= MOST_LABELLED && own.length <= MOST_LABELS;
    const alike = (/** @type {number} */ share) => own.map((line) => ({ ...line.label, ...besideOf(line, share), on: false }));
    const crossed = (/** @type {Rect[]} */ labels) =>
      labels.reduce((sum, label, k) => sum + crossings(own[k], label, [...own, ...biases]), 0);
    let beside = null;
    if (few && !upright) {
      const tried = [even, 0, 1].map(alike).filter(clear);
      beside = tried.find((labels) => !crossed(labels));
      const single = () => [even, 0].map((share) => singly(own, biases, ground, share)).filter(clear);
      beside ??= [...single(), ...tried].sort((one, other) => crossed(one) - crossed(other))[0];
      if ((!beside || crossed(beside)) && (room !== 0 || own.length <= MOST_CROSSED)) free = false;
    }
    if (!free && room !== undefined) return false;
    const found = few && !beside ? firstClear(own, taken, width, height) : null;
    const labels = beside ?? found?.spots;
    const whole = Boolean(beside) || (found?.whole ?? false);
    const confused = !upright && own.length > MOST_CROSSED && crossed(labels ?? []) > 0;
    own.forEach((line, k) => {
      if (beside && !confused) line.label = beside[k];
      else Object.assign(line.label, found?.spots[k], { always: whole && !confused, room: found?.room ?? line.label.room });
      if (line.label.always) taken.push(line.label);
    });
  }
  return free;
}

/**
 * Labels on their lines with as many letters as they have room for without covering anything; whether they have room at all.
 * @param {Line[]} lines
 * @param {Rect[]} ground
 * @param {number} width
 * @param {number} height
 */
function firstClear(lines, ground, width, height) {
  let found = null;
  for (const room of ROOMS) {
    const own = lines.map((line) => ({ ...line, label: narrow({ ...line.label }, room) }));
    const spots = spread(own, ground, width, height);
    found = { spots, room, whole: spots.every(({ clear }) => clear) };
    if (found.whole) break;
  }
  return found;
}

/**
 * A label with room for fewer letters of its number.
 * @param {Label} label
 * @param {number} room
 */
export function narrow(label, room) {
  label.width -= ((label.room - room) * LETTER * label.height) / 1.2;
  label.room = room;
  return label;
}

/**
 * Labels beside their lines, each where it covers least: above or below, nearer to its head or farther.
 * @param {Line[]} own
 * @param {Segment[]} biases lines that have no labels
 * @param {Rect[]} ground
 * @param {number} wanted share
 */
function singly(own, biases, ground, wanted) {
  // Of each what it covers wherever the others are, the best first.
  const choices = own.map((line) =>
    SHARES.flatMap((share) =>
      [1, -1].map((side) => {
        const spot = { ...line.label, ...besideOf(line, share, side), on: false };
        const covered = ground.filter((other) => overlap(spot, other)).length;
        const cost = 100 * covered + 20 * crossings(line, spot, [...own, ...biases]) + 4 * Math.abs(share - wanted) + Number(side < 0);
        return { spot, cost };
      }),
    ).sort((one, other) => one.cost - other.cost),
  );
  const found = own.map((line) => ({ ...line.label, ...besideOf(line, wanted), on: false }));
  for (let round = 0; round < 3; round++)
    choices.forEach((each, k) => {
      let least = Infinity;
      for (const { spot, cost: alone } of each) {
        if (alone >= least) break;
        const cost = alone + 100 * found.filter((other, j) => j !== k && overlap(spot, other)).length;
        if (cost < least) [least, found[k]] = [cost, spot];
      }
    });
  return found;
}

/**
 * How many other lines the letters of a label lie on.
 * @param {Line} line
 * @param {Rect} label
 * @param {Segment[]} segments
 */
export function crossings(line, label, segments) {
  const letters = { ...label, height: 0.9 * label.height };
  return segments.filter((other) => other !== line && passes(other, letters)).length;
}

/**
 * Beside a line, at a share of its way from its head, but clear of both its ends.
 * @param {Line} line
 * @param {number} wanted
 * @param {number} side 1 above, -1 below
 */
function besideOf({ from, to, label: { width, height, aside } }, wanted, side = 1) {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const clear = width / 2 + 4 + 1.7 * height * Math.abs(Math.tan(angle));
  const least = Math.min(0.5, clear / Math.hypot(to.x - from.x, to.y - from.y));
  const share = Math.min(1 - least, Math.max(least, wanted));
  const off = side * (height / 2 + aside);
  return {
    x: to.x + (from.x - to.x) * share + Math.sin(angle) * off,
    y: to.y + (from.y - to.y) * share - Math.cos(angle) * off,
    angle,
  };
}

/**
 * Where labels lie on their lines, so that they cover no box, not each other, and as few of the other lines as can be; `clear` are those
 * that manage. The first come first.
 * @param {Pick<Line, "from" | "to" | "label">[]} lines
 * @param {Rect[]} boxes
 * @param {number} width of the picture
 * @param {number} height
 * @param {Pick<Line, "from" | "to">[]} others all lines of the picture, which a label rather does not cross
 * @returns {(Rect & { clear: boolean })[]}
 */
export function spread(lines, boxes, width, height, others = lines) {
  const same = (/** @type {"from" | "to"} */ end) =>
    lines.every((line) => line[end] === lines[0][end] || (line[end].x === lines[0][end].x && line[end].y === lines[0][end].y));
  const wanted = lines.length < 2 ? 0.5 : same("to") ? 0.2 : same("from") ? 0.8 : 0.62; // in the order of their heads, in all sizes
  const many = lines.length > 8;
  const choices = lines.map((line) => {
    const { from, to, label } = line;
    return SHARES.flatMap((share) =>
      (many ? [0] : [0, -6, 6, -11, 11]).flatMap((off) =>
        (many ? [0] : SHIFTS).map((shift) => {
          const spot = {
            x: from.x + (to.x - from.x) * share + shift * label.width,
            y: from.y + (to.y - from.y) * share + off,
            angle: 0,
            width: label.width,
            height: label.height,
          };
          const outside =
            Math.abs(spot.x - width / 2) > (width - spot.width) / 2 || Math.abs(spot.y - height / 2) > (height - spot.height) / 2;
          const covers = boxes.filter((box) => overlap(spot, box)).length + Number(outside);
          const crossed = lines.filter((other) => other !== line && passes(other, spot)).length;
          const passed = others.filter((other) => passes(other, spot)).length;
          const cost = 100 * covers + 4 * crossed + passed + 8 * Math.abs(share - wanted) + Math.abs(off) / 3 + 6 * Math.abs(shift);
          return { spot, covers, cost };
        }),
      ),
    ).sort((a, b) => a.cost - b.cost);
  });
  const apart = (/** @type {Rect[]} */ spots, /** @type {Rect} */ spot) => !spots.some((other) => overlap(spot, other));
  /** @param {number[]} order */
  const laid = (order) => {
    /** @type {(typeof choices)[number]} */
    const found = [];
    // Each its best place beside those that have one; then each once more beside all the others, as one that came first can make room.
    for (let round = 0; round < (many ? 1 : 3); round++)
      for (const k of order) {
        let least = Infinity;
        for (const choice of choices[k]) {
          if (choice.cost >= least) break;
          const cost = choice.cost + 100 * found.filter((other, j) => j !== k && overlap(choice.spot, other.spot)).length;
          if (cost < least) [least, found[k]] = [cost, choice];
        }
      }
    return found;
  };
  const order = lines.map((_, k) => k);
  let found = laid(order);
  // Who has found no room comes first the next time.
  for (let time = 0; time < (many ? 0 : MOST_TIMES); time++) {
    const left = order.find(
      (k) =>
        !apart(
          found.filter((_, j) => j !== k).map(({ spot }) => spot),
          found[k].spot,
        ),
    );
    if (left === undefined) break;
    order.unshift(...order.splice(order.indexOf(left), 1));
    found = laid(order);
  }
  return found.map(({ spot, covers }, k) => {
    return {
      ...spot,
      clear:
        !covers &&
        apart(
          found.slice(0, k).map((other) => other.spot),
          spot,
        ),
    };
  });
}
