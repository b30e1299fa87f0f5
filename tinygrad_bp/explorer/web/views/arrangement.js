// Where the parts of a network lie, as pure geometry: columns of boxes, lines between them, and beside each line the room for its label.
// It depends on the network and on the room there is, never on a number or a step, so nothing that happens moves anything.

import { formsOfNames, areClose, labelSize, placed, tiersFor } from "./columns.js";
import { LETTER, NUMBER, ROOM } from "./items.js";
import { overlap } from "./rectangles.js";
import { crossings, markReadable, narrow, ROOMS } from "./spots.js";

/**
 * @typedef {import("./columns.js").Box} Box
 * @typedef {import("./columns.js").Picture} Picture
 * @typedef {import("./columns.js").Spec} Spec
 * @typedef {import("./rectangles.js").Rect} Rect
 * @typedef {import("./rectangles.js").Segment} Segment
 * @typedef {object} Arrangement
 * @property {number} width of the picture
 * @property {number} height
 * @property {boolean} upright whether the layers are rows, from top to bottom
 * @property {number} font
 * @property {number} rows of text in a box, at most; 0 where there is no room for any
 * @property {boolean} close whether the layers are as close as boxes with words can be
 * @property {Map<number, Box>} boxes
 * @property {import("./spots.js").Line[]} lines
 * @property {(Segment & { id: number })[]} biases
 * @property {(Segment & { part: number })[]} errors
 */

/**
 * @param {Spec} spec
 * @param {number} width
 * @param {number} height
 * @returns {Arrangement}
 */
export function arrangement(spec, width, height) {
  const upright = height > width * (width < 480 ? 0.6 : 0.82) && width < 720;
  const possible = tiersFor(spec, width, height, upright);
  // Smaller boxes, and then numbers of fewer letters, leave more room between them: as small as labels need it, while boxes have all of theirs.
  const whole = upright ? [] : possible.filter(({ rows }) => rows === 3);
  for (const room of [...ROOMS, 0])
    for (const tier of whole) {
      const { places, free } = laidOut(spec, tier, { width, height, upright }, room);
      if (free) return wholly(spec, tier, { width, height, upright }, room) ?? places;
    }
  return laidOut(spec, possible[0], { width, height, upright }).places;
}

/**
 * The parts in boxes of about this size where whole names have room, too: everywhere, if need be a little smaller; or in boxes.
 * @param {Spec} spec
 * @param {import("./columns.js").Tier} tier
 * @param {Picture} picture
 * @param {number} room
 */
function wholly(spec, tier, picture, room) {
  const forms = formsOfNames(spec, tier, picture);
  for (const more of [spec.more, 0])
    for (const form of forms) {
      const { places, free } = laidOut(spec, form, picture, room, more);
      if (free) return places;
    }
  return null;
}

/**
 * The parts in boxes of this size; `free` is whether each label, with so many letters of a number, has room beside its line and is on no
 * other; where `room` is 0, but for layers of which too many have none. Where only that is asked, `room` is given.
 * @param {Spec} spec
 * @param {import("./columns.js").Tier} tier
 * @param {Picture} picture
 * @param {number} [room]
 * @param {number} [more] letters of names
 * @returns {{ places: Arrangement, free: boolean }}
 */
function laidOut(spec, tier, { width, height, upright }, room, more = 0) {
  const boxes = placed(spec, tier, width, height, upright);
  const at = (/** @type {number} */ id) => /** @type {Box} */ (boxes.get(id));
  const leave = (/** @type {Box} */ box) => (upright ? { x: box.x, y: box.y + box.height / 2 } : { x: box.x + box.width / 2, y: box.y });
  const enter = (/** @type {Box} */ box) => (upright ? { x: box.x, y: box.y - box.height / 2 } : { x: box.x - box.width / 2, y: box.y });
  const size = labelSize(tier.font);
  const close = areClose(tier);
  const below = close && !upright && spec.columns.every(({ ids }) => ids.length === 1); // labels are wider than the way between two boxes
  const aside = below ? tier.height / 2 + 4 : 6;
  const lines = spec.lines.map(({ weight, source, target, letters }) => {
    const extent = { x: 0, y: 0, angle: 0, width: LETTER * size * (letters + more), height: 1.2 * size };
    const label = { ...extent, aside, always: true, on: true, room: ROOM, whole: more > 0, alone: true };
    if (room) narrow(label, room);
    return { weight, from: leave(at(source)), to: enter(at(target)), label };
  });
  const biases = spec.shared.flatMap(({ id, heads }) =>
    heads.map((head) => {
      const [bias, box] = [at(id), at(head)];
      const from = upright ? { x: bias.x - bias.width / 2, y: bias.y } : { x: bias.x, y: bias.y - bias.height / 2 };
      const corner = upright
        ? { x: box.x + box.width / 2 - 8, y: box.y - box.height / 2 }
        : { x: box.x - box.width / 2 + 8, y: box.y + (bias.y > box.y ? 1 : -1) * (box.height / 2) };
      return { id, from, to: corner };
    }),
  );
  const errors = spec.errors.map(({ from, to }) => ({ from: leave(at(from)), to: enter(at(to)), part: to }));
  const ground = groundOf(boxes, spec.own, tier.font, upright, width);
  const single = tier.rows === 1; // boxes of one row, one below the other: labels are at their right
  const right = (/** @type {Box} */ box) => box.x + box.width / 2 + 6;
  if (single)
    spec.lines.forEach(({ source }, k) => {
      const { from, to, label } = lines[k];
      Object.assign(label, { x: right(at(source)) + label.width / 2, y: (from.y + to.y) / 2, on: false });
    });
  const free = single || markReadable(spec, lines, biases, ground, { width, height, upright }, room);
  const places = { width, height, upright, font: tier.font, rows: tier.rows, close, boxes, lines, biases, errors };
  if (!free && room !== undefined) return { places, free }; // of which nothing is drawn
  const segments = [...lines, ...biases];
  const taken = [...ground, ...lines.map(({ label }) => label)];
  for (const line of lines) {
    const { label } = line;
    if (!label.always) continue; // shown only while it is spoken of, it is laid anew then
    const longer = { ...label, width: label.width + LETTER * size * (spec.more - more + 1) };
    const [now, then] = [label, longer].map((each) => crossings(line, each, segments));
    label.alone = now === then && !taken.some((other) => other !== label && overlap(longer, other));
  }
  return { places, free };
}

/** @param {number} font */
export function badgeSize(font) {
  return Math.min(13, Math.max(11, font - 3)); // so that it has room between two boxes
}

/** @param {number} font */
export function smallSize(font) {
  return Math.max(11, font - 2.5);
}

/**
 * The width of a leaf that is said in or beside the box of another.
 * @param {number} size of its letters
 * @param {number} letters of its name, and more than a number has
 */
export function smallWidth(size, letters) {
  return LETTER * size * (letters + NUMBER - 1) + 3; // a minus is wider than a digit
}

/**
 * What labels must not cover: boxes, their badges, and the biases beside small ones.
 * @param {Map<number, Box>} boxes
 * @param {number[]} own
 * @param {number} font
 * @param {boolean} upright
 * @param {number} width
 * @returns {Rect[]}
 */
export function groundOf(boxes, own, font, upright, width) {
  const besides = own.map((id) => /** @type {Box} */ (boxes.get(id))).filter(({ rows }) => rows < 3);
  const full = [...boxes.values()].filter(({ kind, rows }) => kind === "neuron" && rows === 3);
  const size = badgeSize(font);
  const badges = full.map(({ x, y, width: wide, height }) => {
    const own = { angle: 0, width: LETTER * size * 13, height: size };
    return { ...own, x: x - wide / 2 + 8 + own.width / 2, y: y - height / 2 - 4 - size * 0.36 };
  });
  return [
    ...badges,
    ...[...boxes.values()].map((box) => ({ ...box, angle: 0 })),
    ...besides.map((box) => besideBox(box, font, upright, width)),
  ];
}

/**
 * The place of a leaf beside a small box: above, or where it sends out its lines; of boxes of one row below each other, at the left.
 * @param {Box} box
 * @param {number} font
 * @param {boolean} upright
 * @param {number} most the width of the picture
 * @param {number} letters of its name
 * @returns {Rect}
 */
export function besideBox({ x, y, width, height, rows, free }, font, upright, most, letters = 3) {
  const size = smallSize(font);
  const own = { angle: 0, width: smallWidth(size, letters), height: 1.25 * size };
  if (upright && rows === 1) return { ...own, x: x - (width + own.width) / 2 - 3, y };
  if (upright)
    return { ...own, x: Math.min(most - own.width / 2 - 2, Math.max(own.width / 2 + 2, x)), y: y + height / 2 + own.height / 2 + 2 };
  if (free > own.height - 2) return { ...own, x: x + (width - own.width) / 2, y: y - (height + own.height) / 2 };
  return { ...own, x: x + (width + own.width) / 2 + 3, y };
}
