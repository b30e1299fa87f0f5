// How the error depends on one number, or on two: what a gradient is the slope of. All numbers come from the program of the graph.

import { updatedTo } from "./optimizers.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {[number, number]} Range */

const LEAST_STEP = 0.01;
const LARGEST_CHARTED = 1e300;
const NEARLY = 0.9; // of the largest gradient

/**
 * The first of the parameters whose gradients are about as large as the largest.
 * @param {number[]} parameters
 * @param {ArrayLike<number>} grads
 */
export function largeGradient(parameters, grads) {
  const sizes = parameters.map((id) => Math.abs(grads[id])).map((size) => (Number.isFinite(size) ? size : 0));
  const place = sizes.findIndex((size) => size >= NEARLY * Math.max(...sizes));
  return parameters[Math.max(0, place)];
}

/**
 * What a number changes by in one notch of the wheel, one press of a key or one pixel.
 * @param {number} x
 */
export function notchOf(x) {
  const size = Math.abs(x);
  return size < 10 ? LEAST_STEP : 10 ** (Math.floor(Math.log10(size)) - 2);
}

/**
 * A number so many notches away, without the digits that binary fractions add.
 * @param {number} x
 * @param {number} notches
 */
export function turned(x, notches) {
  return notches ? Number((x + notches * notchOf(x)).toPrecision(13)) : x;
}

/**
 * The error of the case that is shown, as a function of these leaves.
 * @param {Graph} graph
 * @param {Frame} frame
 * @param {number[]} ids
 * @returns {(...xs: number[]) => number}
 */
export function errorAlong(graph, frame, ids) {
  const data = frame.leaves.slice();
  return (...xs) => {
    ids.forEach((id, k) => {
      data[id] = xs[k];
    });
    return graph.forward(data, frame.settings.variant)[graph.result];
  };
}

/**
 * The mean error over all cases, as a function of these parameters.
 * @param {Graph} graph
 * @param {Frame} frame
 * @param {number[]} ids
 * @returns {(...xs: number[]) => number}
 */
export function meanErrorAlong(graph, frame, ids) {
  const { cases, variant } = frame.settings;
  const data = frame.leaves.slice();
  return (...xs) => {
    ids.forEach((id, k) => {
      data[id] = xs[k];
    });
    let sum = 0;
    for (const row of cases) {
      for (const [id, x] of row) data[id] = x;
      sum += graph.forward(data, variant)[graph.result];
    }
    return sum / cases.length;
  };
}

/**
 * A change of a number: how the error would change along the tangent, and how it does.
 * @typedef {{ change: number, predicted: number, real: number }} Consequence
 */

/**
 * @param {(x: number) => number} error
 * @param {number} from
 * @param {number} to
 * @param {number} slope of the tangent where it begins
 * @returns {Consequence}
 */
export function consequence(error, from, to, slope) {
  return { change: to - from, predicted: slope * (to - from), real: error(to) - error(from) };
}

/**
 * What there is to see at a number: the error, its slope, and what the next update does; null if no update changes it.
 * @param {{ graph: Graph, training: import("./training.js").Training }} session
 * @param {Frame} frame
 * @param {number} id
 */
export function slopeAt({ graph, training }, frame, id) {
  const error = errorAlong(graph, frame, [id]);
  const [x, slope] = [frame.leaves[id], frame.grads[id]];
  const trained = training.trained(frame.settings).includes(id);
  const next = trained ? updatedTo(frame, id, frame.taken[id]) : x;
  return { x, slope, error, height: error(x), next, update: trained ? consequence(error, x, next, slope) : null };
}

/**
 * Points of a curve, where it has finite ones.
 * @param {(x: number) => number} f
 * @param {Range} range
 * @param {number} count
 * @returns {[number, number][]}
 */
export function sampled(f, [low, high], count) {
  const found = Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
  return found.map((x) => /** @type {[number, number]} */ ([x, f(x)])).filter(([, y]) => Number.isFinite(y));
}

/** Points of a curve, which are computed again only where something that they depend on has changed. */
export class Samples {
  constructor() {
    /** @type {unknown[]} */
    this.known = [];
    /** @type {[number, number][]} */
    this.points = [];
  }

  /**
   * @param {(x: number) => number} f
   * @param {Range} range
   * @param {number} count
   * @param {unknown[]} known all that `f` depends on
   */
  of(f, range, count, known) {
    const now = [...range, count, ...known];
    if (now.some((each, k) => each !== this.known[k])) this.points = sampled(f, range, count);
    this.known = now;
    return this.points;
  }
}

/**
 * Whether numbers are beyond the end of the range of floats, or so near to it that there is none of them on both sides of a chart.
 * @param {number[]} numbers
 */
export function isBeyondCharts(numbers) {
  return !numbers.every((x) => Math.abs(x) <= LARGEST_CHARTED);
}

/**
 * A range around a number that stays as it is while the number moves in it.
 * @param {Range | null} before
 * @param {number} x
 * @returns {Range}
 */
export function windowAround(before, x) {
  if (before && x > before[0] + 0.05 * (before[1] - before[0]) && x < before[1] - 0.05 * (before[1] - before[0])) return before;
  const middle = Math.round(x * 2) / 2;
  const half = before ? (before[1] - before[0]) / 2 : niceAbove(Math.max(2, 1.5 * Math.abs(x)));
  return Math.abs(x - middle) < half ? [middle - half, middle + half] : [x - half, x + half];
}

/**
 * How much a window is enlarged, by a power of 2, so that a step in it is seen well.
 * @param {Range} range
 * @param {number} step
 */
export function enlargement([low, high], step) {
  if (!step) return 8;
  return 2 ** Math.min(40, Math.max(0, Math.floor(Math.log2((0.36 * (high - low)) / Math.abs(step)))));
}

/**
 * The next of 1, 2, 5, 10, 20, … from a number above 0 on.
 * @param {number} x
 */
export function niceAbove(x) {
  const unit = 10 ** Math.floor(Math.log10(x));
  return unit * ([1, 2, 5, 10].find((factor) => factor * unit >= x * (1 - 1e-12)) ?? 10);
}

/**
 * The way that a training took through two of its parameters, from the first round to the one that is shown: at most so many places.
 * @param {import("./training.js").Training} training
 * @param {number[]} pair
 * @param {number} round
 * @returns {[number, number][]}
 */
export function trail(training, pair, round, most = 300) {
  const [first, second] = pair.map((id) => training.graph.parameters.indexOf(id));
  const count = Math.min(training.stored.length, Math.floor(round / training.stride) + 1);
  const every = Math.max(1, Math.ceil(count / most));
  /** @type {[number, number][]} */
  const found = [];
  for (let k = 0; k < count; k += every) found.push([training.stored[k][first], training.stored[k][second]]);
  const now = training.at(round).leaves;
  found.push([now[pair[0]], now[pair[1]]]);
  return found;
}
