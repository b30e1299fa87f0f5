// Where the parts of a network lie, as pure geometry: columns of boxes, lines between them, and beside each line the room for its label.
// It depends on the network and on the room there is, never on a number or a step, so nothing that happens moves anything.

import { LETTER, NUMBER, ROOM } from "./items.js";

const LARGEST_BOXES = { font: 16, neuron: 204, input: 86, part: 122, result: 122, height: 72, gap: 40, rows: 3 };
const TIERS = [
  scaled(1.65),
  scaled(1.4),
  scaled(1.18),
  LARGEST_BOXES,
  { font: 14, neuron: 180, input: 74, part: 108, result: 108, height: 62, gap: 36, rows: 3 },
  { font: 12.5, neuron: 162, input: 66, part: 98, result: 98, height: 54, gap: 32, rows: 3 },
  { font: 11.5, neuron: 148, input: 60, part: 90, result: 90, height: 47, gap: 24, rows: 3 },
  { font: 11, neuron: 146, input: 50, part: 84, result: 66, height: 44, gap: 16, rows: 3 },
  { font: 14, neuron: 100, input: 84, part: 108, result: 100, height: 44, gap: 30, rows: 2 },
  { font: 12.5, neuron: 88, input: 76, part: 98, result: 92, height: 40, gap: 26, rows: 2 },
  { font: 11, neuron: 72, input: 60, part: 82, result: 68, height: 30, gap: 17, rows: 2 },
  { font: 11, neuron: 14, input: 14, part: 30, result: 44, height: 10, gap: 12, rows: 0 },
];
const MOST_APART = [300, 170]; // columns that lie beside each other, and rows that lie below each other: more is no picture any more
const APART = 12; // of boxes in a column, with badges between them
const CLOSE = 3; // of boxes in a row of an upright picture, and of small ones in a column
const MARGIN = 8;
const WIDE_MARGIN = [24, 900]; // at both sides, from that width on
const BADGES = 12; // room for those of the first neurons
const BIAS = 0.3; // of the way back to the layer before: its lines leave the rest to labels
const GHOST = 7; // more, below boxes under which it is said what was there
const MOST_CROSSED = 8; // labels between two layers that may lie on other lines, where they have no room else; of more it is said what a beat names
const MOST_LABELS = 16; // between two layers: of more it is said what a beat names
const MOST_LABELLED = 24; // of a network: in one with more, too
const ROOMS = [ROOM, ROOM - 1, ROOM - 2]; // letters of a number on a line: fewer where all labels have room only so
const MOST_TIMES = 6; // that labels are laid anew
const SHIFTS = [0, -0.17, 0.17, -0.34, 0.34]; // of its width, by which the middle of a label can be beside its line
const SHARES = Array.from({ length: 23 }, (_, k) => 0.06 + 0.04 * k); // of the way, at which a label can lie on its line

/**
 * The largest form, larger still, for screens that many look at.
 * @param {number} scale
 * @returns {typeof LARGEST_BOXES}
 */
function scaled(scale) {
  const { rows, ...lengths } = LARGEST_BOXES;
  const larger = Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, length * scale]));
  return { .../** @type {typeof LARGEST_BOXES} */ (larger), rows };
}

/**
 * @typedef {object} Spec
 * @property {{ kind: "input" | "neuron" | "part" | "result", ids: number[], letters: number }[]} columns of their longest names
 * @property {{ weight: number, source: number, target: number, letters: number }[]} lines
 * @property {{ id: number, heads: number[], column: number }[]} shared biases of several neurons
 * @property {number[]} own neurons with a bias of their own
 * @property {{ from: number, to: number }[]} errors
 * @typedef {{ x: number, y: number, width: number, height: number, kind: string, rows: number, free: number }} Box its middle, its size, the
 *   rows of text in it (3: all its numbers; 2 or 1: its name and one; 0: nothing), and how far the next one is
 * @typedef {{ width: number, height: number, rows: number }} Size
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ from: Point, to: Point }} Segment
 * @typedef {{ x: number, y: number, angle: number, width: number, height: number }} Rect
 * @typedef {Rect & { always: boolean, on: boolean, room: number }} Label whether it can always be shown, whether it lies on its line, not
 *   beside it, and how many letters of a number have room in it
 * @typedef {{ weight: number, from: Point, to: Point, label: Label }} Line
 * @typedef {{ width: number, height: number, upright: boolean }} Picture
 * @typedef {object} Arrangement
 * @property {boolean} upright whether the layers are rows, from top to bottom
 * @property {number} font
 * @property {number} rows of text in a box, at most; 0 where there is no room for any
 * @property {Map<number, Box>} boxes
 * @property {Line[]} lines
 * @property {{ id: number, from: Point, to: Point }[]} biases
 * @property {{ from: Point, to: Point, part: number }[]} errors
 */

/**
 * @param {Spec} spec
 * @param {number} width
 * @param {number} height
 * @returns {Arrangement}
 */
export function arrangement(spec, width, height) {
  const upright = height > width * (width < 480 ? 0.6 : 0.82) && width < 720;
  const possible = TIERS.filter((each) => fits(spec, each, width, height, upright));
  if (!possible.length) possible.push(TIERS[TIERS.length - 1]);
  // Smaller boxes, and then numbers of fewer letters, leave more room between them: as small as labels need it, while boxes have all of theirs.
  const whole = upright ? [] : possible.filter(({ rows }) => rows === 3);
  for (const room of [...ROOMS, 0])
    for (const tier of whole) {
      const { places, free } = laidOut(spec, tier, { width, height, upright }, room);
      if (free) return places;
    }
  return laidOut(spec, possible[0], { width, height, upright }).places;
}

/**
 * The parts in boxes of this size; `free` is whether each label, with so many letters of a number, has room beside its line and is on no
 * other; where `room` is 0, but for layers of which too many have none. Where only that is asked, `room` is given.
 * @param {Spec} spec
 * @param {(typeof TIERS)[number]} tier
 * @param {Picture} picture
 * @param {number} [room]
 * @returns {{ places: Arrangement, free: boolean }}
 */
function laidOut(spec, tier, { width, height, upright }, room) {
  const boxes = placed(spec, tier, width, height, upright);
  const at = (/** @type {number} */ id) => /** @type {Box} */ (boxes.get(id));
  const leave = (/** @type {Box} */ box) => (upright ? { x: box.x, y: box.y + box.height / 2 } : { x: box.x + box.width / 2, y: box.y });
  const enter = (/** @type {Box} */ box) => (upright ? { x: box.x, y: box.y - box.height / 2 } : { x: box.x - box.width / 2, y: box.y });
  const size = labelSize(tier.font);
  const lines = spec.lines.map(({ weight, source, target, letters }) => {
    const label = { x: 0, y: 0, angle: 0, width: LETTER * size * letters, height: 1.2 * size, always: true, on: true, room: ROOM };
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
  const free = markReadable(spec, lines, biases, ground, { width, height, upright }, room);
  return { places: { upright, font: tier.font, rows: tier.rows, boxes, lines, biases, errors }, free };
}

/** @param {number} font */
export function labelSize(font) {
  return Math.max(11, font * 0.82);
}

/**
 * @param {Spec} spec
 * @param {(typeof TIERS)[number]} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
function fits(spec, tier, width, height, upright) {
  const sizes = sizesOf(spec, tier, width, height, upright);
  if (sizes.includes(null)) return false;
  const used = sizes.reduce((sum, size) => sum + (size?.[upright ? "height" : "width"] ?? 0), 0);
  return used + gapsOf(spec, tier, upright).reduce((a, b) => a + b, 0) <= lengthOf(tier, width, height, upright);
}

/**
 * How far columns are apart at least: where weights are, there is room for a label on a line.
 * @param {Spec} spec
 * @param {(typeof TIERS)[number]} tier
 * @param {boolean} upright
 */
function gapsOf({ columns, lines }, { font, gap, rows }, upright) {
  const letters = Math.min(font < 12 ? 12 : 14.5, Math.max(0, ...lines.map((line) => line.letters)));
  const label = LETTER * labelSize(font) * letters * (font < 16 ? 1 : 1.6) + (rows === 3 ? 14 : 6); // lines that cross have labels beside them
  return columns.slice(1).map(({ kind }) => (kind !== "neuron" ? gap : !rows ? 2 * gap : upright ? (font > 11 ? 4.2 : 2.8) * font : label));
}

/**
 * The size of the boxes of each column, null where they have no room. Where many lie below each other, they have one row of text.
 * @param {Spec} spec
 * @param {(typeof TIERS)[number]} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 * @returns {(Size | null)[]}
 */
function sizesOf(spec, tier, width, height, upright) {
  const { font, rows } = tier;
  const breadth = breadthOf(spec, tier, width, height, upright);
  return spec.columns.map(({ kind, ids, letters }) => {
    const each = breadth / ids.length;
    if (!rows) return { width: tier[kind], height: tier.height, rows };
    const needed = kind === "neuron" && rows === 3 ? 0 : 1.13 * LETTER * font * letters + 12; // for the longest name
    const wide = Math.max(tier[kind], Math.min(needed, 2.4 * tier[kind]));
    if (upright) {
      const least = rows === 3 ? tier[kind] : Math.min(tier[kind], 3.3 * font);
      return each - CLOSE < least
        ? null
        : { width: Math.min(Math.max(wide, saidWidth(kind, tier)), each - CLOSE), height: tier.height, rows };
    }
    const tall = rows === 3 && kind === "input" ? tier.height * 0.78 : tier.height;
    if (each >= tall + (rows === 3 ? APART : CLOSE)) return { width: wide, height: tall, rows };
    const line = Math.min(1.7 * font, each - 2);
    if (rows === 3 || line < 1.2 * font) return null;
    return { width: LETTER * font * (Math.min(12, letters) + NUMBER) + 10, height: line, rows: 1 };
  });
}

/**
 * The width of a small box in which a neuron's number has its name: "out −0.0381".
 * @param {string} kind
 * @param {(typeof TIERS)[number]} tier
 */
function saidWidth(kind, { font, rows }) {
  return kind === "neuron" && rows === 2 ? LETTER * Math.max(11, font - 1.5) * ("out ".length + ROOM) + 6 : 0;
}

/**
 * @param {Spec} spec
 * @param {(typeof TIERS)[number]} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
function breadthOf({ shared }, tier, width, height, upright) {
  return (
    (upright ? width : height - (tier.rows === 3 || shared.length ? GHOST : 0) - badgeRoom(tier, upright)) -
    2 * MARGIN -
    (shared.length ? biasRoom(tier, upright) : 0)
  );
}

/**
 * @param {(typeof TIERS)[number]} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
function lengthOf({ rows, font }, width, height, upright) {
  return upright ? height - 2 * (rows ? MARGIN : 1.6 * font) : width - 2 * (width < WIDE_MARGIN[1] ? MARGIN : WIDE_MARGIN[0]);
}

/**
 * @param {(typeof TIERS)[number]} tier
 * @param {boolean} upright
 */
function badgeRoom({ rows }, upright) {
  return rows === 3 && !upright ? BADGES : 0;
}

/**
 * The room beside the layers for biases that several neurons share.
 * @param {(typeof TIERS)[number]} tier
 * @param {boolean} upright
 */
function biasRoom(tier, upright) {
  return upright ? tier.input + APART : biasHeight(tier) + APART;
}

/** @param {(typeof TIERS)[number]} tier */
function biasHeight(tier) {
  return Math.min(tier.height, 2.7 * tier.font);
}

/**
 * @param {Spec} spec
 * @param {(typeof TIERS)[number]} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
function placed(spec, tier, width, height, upright) {
  const { columns, lines, shared } = spec;
  /** @type {Map<number, Box>} */
  const boxes = new Map();
  const length = lengthOf(tier, width, height, upright);
  const top = upright ? MARGIN : MARGIN + badgeRoom(tier, upright);
  const breadth = breadthOf(spec, tier, width, height, upright);
  const sizes = sizesOf(spec, tier, width, height, upright).map((size) => size ?? { width: tier.input, height: tier.height, rows: 0 });
  const deep = sizes.map((size) => (upright ? size.height : size.width));
  // As far apart as there is room, but not farther than what a picture needs to be read as one.
  const least = gapsOf(spec, tier, upright);
  const sum = (/** @type {number[]} */ list) => list.reduce((a, b) => a + b, 0);
  const free = length - sum(deep) - sum(least);
  // What is over goes to where labels are: beside each other they need width, and where layers are rows, height.
  const into = columns.slice(1).map(({ ids }) => lines.filter(({ target }) => ids.includes(target)).length);
  const weights = into.map((count) => (count ? Math.sqrt(Math.min(count, MOST_LABELS) / Math.max(...into)) : upright ? 0.2 : 0.1));
  const scale = (length - sum(deep)) / (sum(least) || 1); // where there is not enough
  const stretched = (/** @type {number} */ gap, /** @type {number} */ k) =>
    free > 0 ? gap + (free * weights[k]) / sum(weights) : gap * scale;
  const gaps = least.map((gap, k) => Math.min(stretched(gap, k), (MOST_APART[upright ? 1 : 0] * Math.max(16, tier.font)) / 16));
  const most = Math.max(...columns.map(({ ids }) => ids.length));
  let along = ((upright ? height : width) - length) / 2 + (length - sum(deep) - sum(gaps)) / 2;
  const starts = columns.map(({ kind, ids }, c) => {
    const middle = along + deep[c] / 2;
    const size = sizes[c];
    const wide = Math.max(2.6 * tier.height, upright ? 1.9 * size.width : 1.6 * Math.max(...gaps));
    const common = upright ? wide : Math.max(Math.min(wide, breadth / most), size.height + 1.6 * tier.font);
    const pitch = Math.min(breadth / ids.length, common);
    const free = pitch - (upright ? size.width : size.height);
    ids.forEach((id, k) => {
      const across = top + breadth / 2 + (k - (ids.length - 1) / 2) * pitch;
      boxes.set(id, { ...(upright ? { x: across, y: middle } : { x: middle, y: across }), ...size, kind, free });
    });
    const start = along;
    along += deep[c] + (gaps[c] ?? 0);
    return start;
  });
  const beside = new Map();
  for (const { id, column } of shared) {
    const number = beside.get(column) ?? 0;
    beside.set(column, number + 1);
    const between =
      starts[column] - gaps[column - 1] * (upright ? 0.5 : BIAS) + number * (upright ? biasHeight(tier) + 4 : tier.input + APART);
    const own = { width: tier.input, height: biasHeight(tier), kind: "bias", rows: tier.rows, free: APART };
    const spot = upright ? { x: width - MARGIN - tier.input / 2, y: between } : { x: between, y: height - MARGIN - GHOST - own.height / 2 };
    boxes.set(id, { ...spot, ...own });
  }
  return boxes;
}

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
function markReadable(spec, lines, biases, ground, { width, height, upright }, room) {
  const clear = (/** @type {Rect[]} */ labels) =>
    labels.every((label, k) => ![...labels.slice(k + 1), ...ground].some((other) => overlap(label, other)));
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
    const found = few && !beside ? firstClear(own, ground, width, height) : null;
    const labels = beside ?? found?.spots;
    const whole = Boolean(beside) || (found?.whole ?? false);
    const confused = !upright && own.length > MOST_CROSSED && crossed(labels ?? []) > 0;
    own.forEach((line, k) => {
      if (beside && !confused) line.label = beside[k];
      else Object.assign(line.label, found?.spots[k], { always: whole && !confused, room: found?.room ?? line.label.room });
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
function narrow(label, room) {
  label.width -= ((label.room - room) * LETTER * label.height) / 1.2;
  label.room = room;
  return label;
}

/** @param {number} font */
export function badgeSize(font) {
  return Math.min(13, Math.max(11, font - 3)); // so that it has room between two boxes
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
 * The place of a leaf beside a small box: above, or where it sends out its lines.
 * @param {Box} box
 * @param {number} font
 * @param {boolean} upright
 * @param {number} most the width of the picture
 * @returns {Rect}
 */
export function besideBox({ x, y, width, height, free }, font, upright, most) {
  const size = Math.max(11, font - 2.5);
  const own = { angle: 0, width: LETTER * size * (NUMBER + 1.5), height: 1.25 * size };
  if (upright)
    return { ...own, x: Math.min(most - own.width / 2 - 2, Math.max(own.width / 2 + 2, x)), y: y + height / 2 + own.height / 2 + 2 };
  if (free > own.height - 2) return { ...own, x: x + (width - own.width) / 2, y: y - (height + own.height) / 2 };
  return { ...own, x: x + (width + own.width) / 2 + 3, y };
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
function crossings(line, label, segments) {
  const letters = { ...label, height: 0.9 * label.height };
  return segments.filter((other) => other !== line && passes(other, letters)).length;
}

/**
 * Beside a line, at a share of its way from its head, but clear of both its ends.
 * @param {Line} line
 * @param {number} wanted
 * @param {number} side 1 above, -1 below
 */
function besideOf({ from, to, label: { width, height } }, wanted, side = 1) {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const clear = width / 2 + 4 + 1.7 * height * Math.abs(Math.tan(angle));
  const least = Math.min(0.5, clear / Math.hypot(to.x - from.x, to.y - from.y));
  const share = Math.min(1 - least, Math.max(least, wanted));
  const off = side * (height / 2 + 6);
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

/**
 * Whether a line passes through an upright rectangle.
 * @param {{ from: Point, to: Point }} line
 * @param {Rect} rect
 */
function passes({ from, to }, rect) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const around = rect.width + rect.height;
  if (2 * Math.abs(x - rect.x) > Math.abs(dx) + around || 2 * Math.abs(y - rect.y) > Math.abs(dy) + around) return false;
  const middle = { x, y, angle: Math.atan2(dy, dx), width: Math.hypot(dx, dy), height: 1 };
  return overlap(middle, rect);
}

/**
 * Whether two turned rectangles overlap, by their separating axes.
 * @param {Rect} a
 * @param {Rect} b
 */
export function overlap(a, b) {
  if (Math.hypot(a.x - b.x, a.y - b.y) > (a.width + a.height + b.width + b.height) / 2) return false;
  return [a.angle, a.angle + Math.PI / 2, b.angle, b.angle + Math.PI / 2].every((angle) => {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const distance = Math.abs((a.x - b.x) * cos + (a.y - b.y) * sin);
    return distance < reach(a, angle) + reach(b, angle);
  });
}

/**
 * How far a turned rectangle reaches from its middle in a direction.
 * @param {{ width: number, height: number, angle: number }} box
 * @param {number} direction
 */
function reach({ width, height, angle }, direction) {
  const turn = direction - angle;
  return (Math.abs(Math.cos(turn)) * width + Math.abs(Math.sin(turn)) * height) / 2;
}
