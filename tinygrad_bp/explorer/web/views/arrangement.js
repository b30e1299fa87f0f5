// Where the parts of a network lie, as pure geometry: columns of boxes, lines between them, and beside each line the room for its label.
// It depends on the network and on the room there is, never on a number or a step, so nothing that happens moves anything.

const LARGEST = { font: 16, neuron: 204, input: 86, part: 122, result: 122, height: 72, gap: 116, rows: 3 };
const TIERS = [
  scaled(1.65),
  scaled(1.4),
  scaled(1.18),
  LARGEST,
  { font: 14, neuron: 180, input: 74, part: 108, result: 108, height: 62, gap: 88, rows: 3 },
  { font: 12.5, neuron: 162, input: 66, part: 98, result: 98, height: 54, gap: 68, rows: 3 },
  { font: 11.5, neuron: 148, input: 60, part: 90, result: 90, height: 47, gap: 46, rows: 3 },
  { font: 12.5, neuron: 76, input: 68, part: 84, result: 92, height: 40, gap: 44, rows: 2 },
  { font: 11.5, neuron: 62, input: 58, part: 66, result: 72, height: 34, gap: 34, rows: 2 },
  { font: 11, neuron: 56, input: 56, part: 60, result: 66, height: 19, gap: 30, rows: 1 },
  { font: 11, neuron: 40, input: 40, part: 44, result: 48, height: 17, gap: 18, rows: 0 },
  { font: 11, neuron: 14, input: 14, part: 30, result: 44, height: 10, gap: 12, rows: -1 },
];
const MOST_APART = [300, 170]; // columns that lie beside each other, and rows that lie below each other: more is no picture any more
const APART = 10; // of boxes in a column
const CLOSE = 5; // of boxes in a row of an upright picture
const MARGIN = 10;
const LETTER = 0.56; // width of a letter, of its height
const MOST_LABELS = 64; // of a layer, that each is compared with each

/**
 * The largest form, larger still, for screens that many look at.
 * @param {number} scale
 * @returns {typeof LARGEST}
 */
function scaled(scale) {
  const { rows, ...lengths } = LARGEST;
  const larger = Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, length * scale]));
  return { .../** @type {typeof LARGEST} */ (larger), rows };
}

/**
 * @typedef {object} Spec
 * @property {{ kind: "input" | "neuron" | "part" | "result", ids: number[] }[]} columns
 * @property {{ weight: number, source: number, target: number, letters: number }[]} lines
 * @property {{ id: number, heads: number[], column: number }[]} shared biases of several neurons
 * @property {{ from: number, to: number }[]} errors
 * @typedef {{ x: number, y: number, width: number, height: number, kind: string }} Box its middle and its size
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ x: number, y: number, angle: number, width: number, height: number, always: boolean }} Label
 * @typedef {{ weight: number, from: Point, to: Point, label: Label }} Line
 * @typedef {object} Arrangement
 * @property {boolean} upright whether the layers are rows, from top to bottom
 * @property {number} font
 * @property {number} rows of text in the box of a neuron: 3 with all its numbers, 2 with its name and one, 1 with one of them
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
  const upright = height > width * 0.82 && width < 720;
  const tier = TIERS.find((each) => fits(spec, each, width, height, upright)) ?? TIERS[TIERS.length - 1];
  const boxes = placed(spec, tier, width, height, upright);
  const at = (/** @type {number} */ id) => /** @type {Box} */ (boxes.get(id));
  const leave = (/** @type {Box} */ box) => (upright ? { x: box.x, y: box.y + box.height / 2 } : { x: box.x + box.width / 2, y: box.y });
  const enter = (/** @type {Box} */ box) => (upright ? { x: box.x, y: box.y - box.height / 2 } : { x: box.x - box.width / 2, y: box.y });
  const lines = spec.lines.map((line) => {
    const from = leave(at(line.source));
    const to = enter(at(line.target));
    return { weight: line.weight, from, to, label: labelOf(spec, line, from, to, tier.font, upright) };
  });
  markReadable(spec, lines, [...boxes.values()]);
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
  return { upright, font: tier.font, rows: tier.rows, boxes, lines, biases, errors };
}

/**
 * @param {Spec} spec
 * @param {(typeof TIERS)[number]} tier
 * @param {number} width
 * @param {number} height
 * @param {boolean} upright
 */
function fits(spec, tier, width, height, upright) {
  const { columns, shared } = spec;
  const bias = shared.length ? biasRoom(tier, upright) : 0;
  const gaps = (columns.length - 1) * tier.gap * (upright ? 0.72 : 1);
  if (upright) {
    const widest = Math.max(...columns.map(({ kind, ids }) => ids.length * (tier[kind] + CLOSE)));
    return widest <= width - 2 * MARGIN - bias && columns.length * tier.height + gaps <= height - 2 * MARGIN;
  }
  const wide = columns.reduce((sum, { kind }) => sum + tier[kind], 0) + gaps;
  const tall = Math.max(...columns.map(({ ids }) => ids.length)) * (tier.height + APART);
  return wide <= width - 2 * MARGIN && tall <= height - 2 * MARGIN - bias;
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
  const { columns, shared } = spec;
  /** @type {Map<number, Box>} */
  const boxes = new Map();
  const bias = shared.length ? biasRoom(tier, upright) : 0;
  const length = (upright ? height : width) - 2 * MARGIN;
  const breadth = (upright ? width : height) - 2 * MARGIN - bias;
  const sizes = columns.map(({ kind }) => (upright ? tier.height : tier[kind]));
  const gap = columns.length > 1 ? (length - sizes.reduce((a, b) => a + b, 0)) / (columns.length - 1) : 0;
  const most = Math.max(...columns.map(({ ids }) => ids.length));
  // Not farther apart than what a picture needs to be read as one.
  const apart = Math.min(gap, (MOST_APART[upright ? 1 : 0] * Math.max(16, tier.font)) / 16);
  const used = sizes.reduce((a, b) => a + b, 0) + apart * (columns.length - 1);
  let along = MARGIN + (length - used) / 2;
  const starts = columns.map(({ kind, ids }, c) => {
    const middle = along + sizes[c] / 2;
    const pitch = Math.min(breadth / most, Math.max(2.6 * tier.height, upright ? 1.7 * tier[kind] : 1.15 * apart));
    ids.forEach((id, k) => {
      const across = MARGIN + breadth / 2 + (k - (ids.length - 1) / 2) * pitch;
      const own = {
        width: tier[kind],
        height: kind === "neuron" || tier.rows < 3 ? tier.height : tier.height * (kind === "input" ? 0.78 : 1),
        kind,
      };
      boxes.set(id, upright ? { x: across, y: middle, ...own } : { x: middle, y: across, ...own });
    });
    const start = along;
    along += sizes[c] + apart;
    return start;
  });
  const beside = new Map();
  for (const { id, column } of shared) {
    const number = beside.get(column) ?? 0;
    beside.set(column, number + 1);
    const between = starts[column] - apart / 2 + number * (upright ? biasHeight(tier) + 4 : tier.input + APART);
    const own = { width: tier.input, height: biasHeight(tier), kind: "bias" };
    const spot = upright ? { x: width - MARGIN - tier.input / 2, y: between } : { x: between, y: height - MARGIN - own.height / 2 };
    boxes.set(id, { ...spot, ...own });
  }
  return boxes;
}

/**
 * Where the label of a line stands: beside it, at that part of its way at which the labels of a layer are all as far apart.
 * @param {Spec} spec
 * @param {Spec["lines"][number]} line
 * @param {Point} from
 * @param {Point} to
 * @param {number} font
 * @param {boolean} upright
 * @returns {Label}
 */
function labelOf(spec, line, from, to, font, upright) {
  const into = spec.lines.filter(({ target }) => target === line.target).length;
  const column = spec.columns.find(({ ids }) => ids.includes(line.target));
  const heads = column?.ids.length ?? 1;
  const even = into <= heads ? 1 / (into + 1) : heads / (heads + 1);
  const size = Math.max(11, font * 0.82);
  const [width, height] = [LETTER * size * line.letters, 1.25 * size];
  const least = Math.min(0.5, ((upright ? height : width) / 2 + 4) / Math.hypot(to.x - from.x, to.y - from.y)); // so that it is clear of both boxes
  const share = Math.min(1 - least, Math.max(least, even));
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const spot = { x: to.x + (from.x - to.x) * share, y: to.y + (from.y - to.y) * share };
  if (upright) {
    const lean = Math.abs(Math.cos(angle));
    return { x: spot.x + width / 2 + 6 + 4 * lean, y: spot.y, angle: 0, width, height, always: true };
  }
  const off = height / 2 + 6;
  return { x: spot.x + Math.sin(angle) * off, y: spot.y - Math.cos(angle) * off, angle, width, height, always: true };
}

/**
 * In layers where labels would cover each other or a box, those are shown only that a beat speaks of.
 * @param {Spec} spec
 * @param {Line[]} lines
 * @param {Box[]} boxes
 */
function markReadable(spec, lines, boxes) {
  for (const { ids } of spec.columns) {
    const weights = new Set(spec.lines.filter(({ target }) => ids.includes(target)).map(({ weight }) => weight));
    const labels = lines.filter(({ weight }) => weights.has(weight)).map(({ label }) => label);
    const crowded =
      labels.length > MOST_LABELS ||
      labels.some(
        (label, k) =>
          labels.slice(k + 1).some((other) => overlap(label, other)) || boxes.some((box) => overlap(label, { ...box, angle: 0 })),
      );
    if (crowded) for (const label of labels) label.always = false;
  }
}

/**
 * Whether two turned rectangles overlap, by their separating axes.
 * @param {{ x: number, y: number, width: number, height: number, angle: number }} a
 * @param {{ x: number, y: number, width: number, height: number, angle: number }} b
 */
export function overlap(a, b) {
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
