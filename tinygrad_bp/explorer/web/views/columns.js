// How large the boxes of a network are and where they lie: columns beside each other or, in a window that is higher than wide, rows.

import { LETTER, NUMBER, ROOM } from "./items.js";
import { MOST_LABELS } from "./spots.js";

const LARGEST_BOXES = { font: 16, neuron: 204, input: 86, part: 122, result: 122, height: 72, gap: 40, rows: 3 };
const CLOSEST = 14; // gap of many layers, between which no label has room: it is beside the boxes
const TIERS = [
  scaled(LARGEST_BOXES, 1.65),
  scaled(LARGEST_BOXES, 1.4),
  scaled(LARGEST_BOXES, 1.18),
  LARGEST_BOXES,
  { font: 14, neuron: 180, input: 74, part: 108, result: 108, height: 62, gap: 36, rows: 3 },
  { font: 12.5, neuron: 162, input: 66, part: 98, result: 98, height: 54, gap: 32, rows: 3 },
  { font: 11.5, neuron: 148, input: 60, part: 90, result: 90, height: 47, gap: 24, rows: 3 },
  { font: 11, neuron: 146, input: 50, part: 84, result: 66, height: 44, gap: 16, rows: 3 },
  { font: 14, neuron: 100, input: 84, part: 108, result: 100, height: 44, gap: 30, rows: 2 },
  { font: 12.5, neuron: 88, input: 76, part: 98, result: 92, height: 40, gap: 26, rows: 2 },
  { font: 11, neuron: 72, input: 60, part: 82, result: 68, height: 30, gap: 17, rows: 2 },
  { font: 11, neuron: 72, input: 60, part: 82, result: 68, height: 30, gap: CLOSEST, rows: 2 },
  { font: 11, neuron: 60, input: 60, part: 60, result: 60, height: 17, gap: 7, rows: 1 },
  { font: 11, neuron: 14, input: 14, part: 30, result: 44, height: 10, gap: 12, rows: 0 },
];
const SHRUNK = [1, 0.95, 0.9]; // of a form
const PAIR_WIDTH = 15; // heights of letters, in which a neuron says its output and, by its whole name, how the error changes with it
const MOST_APART = [300, 170]; // columns that lie beside each other, and rows that lie below each other: more is no picture any more
const APART = 12; // of boxes in a column, with badges between them
const CLOSE = 3; // of boxes in a row of an upright picture, and of small ones in a column
const MARGIN = 8;
const WIDE_MARGIN = [24, 900]; // at both sides, from that width on
const BADGES = 12; // room for those of the first neurons
const BIAS = 0.3; // of the way back to the layer before: its lines leave the rest to labels
const GHOST = 7; // more, below boxes under which it is said what was there

/**
 * A form, larger or smaller: the largest, larger still, for screens that many look at.
 * @param {Tier} form
 * @param {number} scale
 * @returns {Tier}
 */
function scaled({ rows, ...lengths }, scale) {
  const found = Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, length * scale]));
  return { .../** @type {Tier} */ (found), rows };
}

/**
 * @typedef {typeof LARGEST_BOXES} Tier sizes of boxes and letters that go together
 * @typedef {object} Spec
 * @property {{ kind: "input" | "neuron" | "part" | "result", ids: number[], letters: number }[]} columns of their longest names
 * @property {{ weight: number, source: number, target: number, letters: number }[]} lines
 * @property {{ id: number, heads: number[], column: number }[]} shared biases of several neurons
 * @property {number[]} own neurons with a bias of their own
 * @property {{ from: number, to: number }[]} errors
 * @property {number} more letters that the whole name of a derivative has, ∂E/∂w5 for ∂w5
 * @typedef {{ x: number, y: number, width: number, height: number, kind: string, rows: number, free: number }} Box its middle, its size, the
 *   rows of text in it (3: all its numbers; 2 or 1: its name and one; 0: nothing), and how far the next one is
 * @typedef {{ width: number, height: number, rows: number }} Size
 * @typedef {{ width: number, height: number, upright: boolean }} Picture
 */

/**
 * The forms for which a picture has room, the largest first; the smallest in any case.
 * @param {Spec} spec
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
export function tiersFor(spec, width, height, upright) {
  const possible = TIERS.filter((each) => fits(spec, each, width, height, upright));
  return possible.length ? possible : TIERS.slice(-1);
}

/**
 * The same form, and a little smaller, with neurons in which the whole name of a derivative has room: those for which there is room.
 * @param {Spec} spec
 * @param {Tier} tier
 * @param {Picture} picture
 */
export function formsOfNames(spec, tier, { width, height, upright }) {
  const forms = SHRUNK.map((scale) => scaled(tier, scale));
  for (const form of forms) form.neuron = Math.max(form.neuron, 18 + PAIR_WIDTH * Math.max(11, form.font - 1.5));
  return forms.filter((form) => form.font >= 11 && fits(spec, form, width, height, upright));
}

/**
 * @param {Spec} spec
 * @param {Tier} tier
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
 * @param {Spec} spec
 * @param {Tier} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
export function placed(spec, tier, width, height, upright) {
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

/** @param {Tier} tier */
export function areClose({ gap, rows }) {
  return gap === CLOSEST || rows === 1;
}

/** @param {number} font */
export function labelSize(font) {
  return Math.max(11, font * 0.82);
}

/**
 * How far columns are apart at least: where weights are, there is room for a label on a line.
 * @param {Spec} spec
 * @param {Tier} tier
 * @param {boolean} upright
 */
function gapsOf({ columns, lines }, tier, upright) {
  const { font, gap, rows } = tier;
  const letters = Math.min(font < 12 ? 12 : 14.5, Math.max(0, ...lines.map((line) => line.letters)));
  const label = LETTER * labelSize(font) * letters * (font < 16 ? 1 : 1.6) + (rows === 3 ? 14 : 6); // lines that cross have labels beside them
  return columns
    .slice(1)
    .map(({ kind }) =>
      kind !== "neuron" ? gap : rows === 1 ? gap : !rows || areClose(tier) ? 2 * gap : upright ? (font > 11 ? 4.2 : 2.8) * font : label,
    );
}

/**
 * The size of the boxes of each column, null where they have no room. Where many lie below each other, they have one row of text.
 * @param {Spec} spec
 * @param {Tier} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 * @returns {(Size | null)[]}
 */
function sizesOf(spec, tier, width, height, upright) {
  const { font, rows } = tier;
  const breadth = breadthOf(spec, tier, width, height, upright);
  if (rows === 1) return rowSizes(spec, tier, breadth, upright);
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
 * Boxes of one row of text below each other, each alone in its layer, with room for labels at one side and biases at the other.
 * @param {Spec} spec
 * @param {Tier} tier
 * @param {number} breadth
 * @param {boolean} upright
 * @returns {(Size | null)[]}
 */
function rowSizes({ columns }, { font, height, rows }, breadth, upright) {
  return columns.map(({ ids, letters }) => {
    const width = LETTER * font * (Math.min(12, letters) + 1 + "out ".length + ROOM) + 10;
    return upright && ids.length === 1 && breadth > width + 170 ? { width, height, rows } : null;
  });
}

/**
 * The width of a small box in which a neuron's number has its name: "out −0.0381".
 * @param {string} kind
 * @param {Tier} tier
 */
function saidWidth(kind, { font, rows }) {
  return kind === "neuron" && rows === 2 ? LETTER * Math.max(11, font - 1.5) * ("out ".length + ROOM) + 6 : 0;
}

/**
 * @param {Spec} spec
 * @param {Tier} tier
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
 * @param {Tier} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
function lengthOf({ rows, font }, width, height, upright) {
  return upright ? height - 2 * (rows ? MARGIN : 1.6 * font) : width - 2 * (width < WIDE_MARGIN[1] ? MARGIN : WIDE_MARGIN[0]);
}

/**
 * @param {Tier} tier
 * @param {boolean} upright
 */
function badgeRoom({ rows }, upright) {
  return rows === 3 && !upright ? BADGES : 0;
}

/**
 * The room beside the layers for biases that several neurons share.
 * @param {Tier} tier
 * @param {boolean} upright
 */
function biasRoom(tier, upright) {
  return upright ? tier.input + APART : biasHeight(tier) + APART;
}

/** @param {Tier} tier */
function biasHeight(tier) {
  return Math.min(tier.height, 2.7 * tier.font);
}
