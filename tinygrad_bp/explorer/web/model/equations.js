// The equations about a node: its data, its gradient, what an update makes of it, and what the optimizer remembers of it.

import { dataEquation, gradientEquation, joined } from "./formulas.js";
import { adamOf, stepped, updatedTo } from "./optimizers.js";
import { text } from "./words.js";

const MOST_WRITTEN_CASES = 6; // of a mean that is written out

/** @typedef {import("./formulas.js").Book} Book */

/**
 * All of them, one after the other.
 * @param {Book} book
 * @param {Frame} frame
 * @param {number} id
 * @returns {Equation[]}
 */
export function equations(book, frame, id) {
  const found = [dataEquation(book, frame, id), gradientEquation(book, frame, id), updateEquation(book, frame, id)];
  return [...found.filter((each) => each !== null), ...memoryEquations(book, frame, id)];
}

/**
 * Whether a round that is gone through has come to an equation: nothing tells a number before its beat.
 * @param {Frame} frame
 * @param {number} id
 * @param {string} key of the equation
 */
export function hasCome(frame, id, key) {
  return frame.isDone(key === "data" ? "forward" : key === "gradient" ? "backward" : "update", id);
}

/**
 * The gradient that an update takes, in symbols and in numbers: that of this case, on top of those kept, or the mean over all cases.
 * @param {Book} book
 * @param {Frame} frame
 * @param {number} id
 * @returns {[Piece[], Piece[]]}
 */
function gradientOf({ graph }, frame, id) {
  const { settings, sums, taken, each } = frame;
  /** @type {Piece[]} */
  let symbols = [{ of: graph.result, by: id, whole: 1 }];
  /** @type {Piece[]} */
  let numbers = [{ number: taken[id], id, quantity: "grad" }];
  if (each.length > 1) {
    symbols = ["ḡ"];
    const summands = each.map((grads) => [{ number: grads[id] }]);
    numbers = each.length > MOST_WRITTEN_CASES ? [{ number: taken[id] }] : ["(", ...joined(summands, " + "), `) / ${each.length}`];
  }
  if (!settings.accumulate) return [symbols, numbers];
  return [
    ["(", text("formula.kept"), " + ", ...symbols, ")"],
    ["(", { number: sums[id] }, " + ", ...numbers, ")"],
  ];
}

/**
 * What an update makes of a parameter; null of what none changes.
 * @param {Book} book
 * @param {Frame} frame
 * @param {number} id
 * @returns {Equation | null}
 */
export function updateEquation(book, frame, id) {
  if (!book.training.trained(frame.settings).includes(id)) return null;
  const { rate, optimizer } = frame.settings;
  const [symbols, numbers] = gradientOf(book, frame, id);
  /** @type {Piece[]} */
  const datum = [{ number: frame.data[id], id, quantity: "data" }, " − ", { number: rate }, " · "];
  const known = [{ name: id }, " − η · "];
  /** @type {Mark} */
  const after = { number: updatedTo(frame, id, frame.taken[id]), id, quantity: "grad", next: true, enclose: false };
  /** @type {Piece[][]} */
  let rows = [
    [...known, ...symbols],
    [...datum, ...numbers],
  ];
  if (optimizer === "momentum") {
    const { momentum = 0 } = frame.optimizers.momentum;
    rows = [
      [...known, "(μ · v + ", ...symbols, ")"],
      [...datum, "(", { number: momentum }, " · ", { number: frame.moments[0][id] }, " + ", ...numbers, ")"],
    ];
  } else if (optimizer === "adam") {
    const { mHat, vHat, eps } = adamOf(frame, id, frame.taken[id]);
    rows = [
      [...known, "m̂ / (sqrt(v̂) + ε)"],
      [...datum, { number: mHat }, " / (sqrt(", { number: vHat }, ") + ", { number: eps }, ")"],
    ];
  }
  return { key: "update", left: [{ name: id }, "⁺"], rows: [...rows, [after]] };
}

/**
 * What the optimizer remembers of a parameter, and how it is computed; nothing of plain descent.
 * @param {Book} book
 * @param {Frame} frame
 * @param {number} id
 * @returns {Equation[]}
 */
function memoryEquations(book, frame, id) {
  const { optimizer } = frame.settings;
  if (!frame.optimizers[optimizer].kept || !book.training.trained(frame.settings).includes(id)) return [];
  const [symbols, numbers] = gradientOf(book, frame, id);
  const [before, second] = frame.moments.map((row) => ({ number: row[id] }));
  const total = frame.settings.accumulate ? frame.sums[id] + frame.taken[id] : frame.taken[id];
  if (optimizer === "momentum") {
    const { momentum = 0 } = frame.optimizers.momentum;
    const [, v] = stepped(frame, id, frame.taken[id]);
    const rows = [["μ · v + ", ...symbols], [{ number: momentum }, " · ", before, " + ", ...numbers], [{ number: v, enclose: false }]];
    return [{ key: "velocity", left: ["v⁺"], rows }];
  }
  const { beta1, beta2, t, m, v, mHat, vHat } = adamOf(frame, id, frame.taken[id]);
  const mean = (/** @type {string} */ beta, /** @type {number} */ x, /** @type {Mark} */ old, /** @type {string} */ power) => [
    [`${beta} · ${power ? "v" : "m"} + (1 − ${beta}) · `, ...(power ? ["(", ...symbols, `)${power}`] : symbols)],
    [{ number: x }, " · ", old, " + (1 − ", { number: x }, ") · ", power ? { number: total ** 2 } : { number: total }],
  ];
  const corrected = (/** @type {string} */ name, /** @type {string} */ beta, /** @type {number} */ x, /** @type {number} */ now) => [
    [`${name}⁺ / (1 − ${beta}ᵗ), t = ${t}`],
    [{ number: now }, " / (1 − ", { number: x }, ` ** ${t})`],
  ];
  const ended = (/** @type {Piece[][]} */ rows, /** @type {number} */ x) => [...rows, [{ number: x, enclose: false }]];
  return [
    { key: "first", left: ["m⁺"], rows: ended(mean("β₁", beta1, before, ""), m) },
    { key: "second", left: ["v⁺"], rows: ended(mean("β₂", beta2, second, "²"), v) },
    { key: "corrected", left: ["m̂"], rows: ended(corrected("m", "β₁", beta1, m), mHat) },
    { key: "corrected.second", left: ["v̂"], rows: ended(corrected("v", "β₂", beta2, v), vHat) },
  ];
}
