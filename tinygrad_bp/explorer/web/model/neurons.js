// A neuron, opened: its activation as a curve, the slope where it stands, and what passes through. And what the error makes of outputs.

import { updatedTo } from "./optimizers.js";
import { goalOf, probabilitiesOf, probabilityMark } from "./probabilities.js";

const FAINT = 0.05; // of the steepest slope: below, an activation is saturated
const STILL = 1e-9; // of the error: what changes it less does not move it
const SAME_ERROR = 1e-9; // by which the error differs from another way to it, but for rounding
const REACH = 8; // net inputs among which the steepest slope is looked for

// What activations are, which their names do not tell. All others are written out where they are used.
/** @type {Record<string, string>} */
export const DEFINITIONS = {
  sigmoid: "σ(x) = 1/(1 + e⁻ˣ)",
  tanh: "tanh(x) = (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)",
  relu: "relu(x) = max(0, x)",
  softplus: "softplus(x) = log(1 + eˣ)",
};

/** @typedef {Pick<import("./session.js").Session, "graph" | "formulas" | "programs">} Stage */

/**
 * The activation of a neuron as a function from the net input to output and slope; null if it has none that is one.
 * @param {Stage} stage
 * @param {Frame} frame
 * @param {Neuron} neuron
 */
export function activationOf({ formulas, programs }, frame, neuron) {
  if (neuron.net === neuron.out) return null;
  return programs.activations[formulas.activation(neuron, frame.settings.variant) ?? ""] ?? null;
}

/** @type {Map<(net: number) => number[], number>} */
const steepest = new Map();

/** @param {(net: number) => number[]} activation */
function steepestOf(activation) {
  let found = steepest.get(activation);
  if (found === undefined) {
    found = 0;
    for (let net = -REACH; net <= REACH; net += 0.25) {
      const slope = Math.abs(activation(net)[1]);
      if (Number.isFinite(slope)) found = Math.max(found, slope);
    }
    steepest.set(activation, found);
  }
  return found;
}

/**
 * What stands in the way of the gradient in a neuron: "dead" if no case gets through, "off" if this one does not though others do,
 * "saturated" if hardly anything does; or nothing.
 * @param {Stage} stage
 * @param {Frame} frame
 * @param {Neuron} neuron
 * @returns {"dead" | "off" | "saturated" | ""}
 */
export function blockOf(stage, frame, neuron) {
  const activation = activationOf(stage, frame, neuron);
  if (!activation) return "";
  const slope = Math.abs(activation((frame.after ?? frame.data)[neuron.net])[1]);
  const most = steepestOf(activation);
  if (!(slope < FAINT * most)) return "";
  const unbounded = Math.abs(activation(REACH)[0] - activation(REACH - 1)[0]) > 0.5; // such as relu, which ends on one side only
  if (slope > 0 || !unbounded) return "saturated";
  return livingIn(stage, frame).has(neuron) ? "off" : "dead";
}

/**
 * Whether what a neuron computes is told: it has come to that, and nobody is asked for it.
 * @param {Pick<import("./session.js").Session, "hides">} stage
 * @param {Frame} frame
 * @param {Neuron} neuron
 */
export function isTold(stage, frame, { net, out }) {
  return frame.dataAt(out) !== null && ![net, out].some((id) => stage.hides(id, "data"));
}

/** @type {WeakMap<import("./graph.js").Graph, { cases: Case[], key: (string | number)[], living: Set<Neuron> }>} */
const lastLiving = new WeakMap(); // what was found last, and of what: in most beats of a round it is asked of the same numbers

/**
 * The neurons that some case gets through: of all of them at once, since each case takes a forward pass.
 * @param {Stage} stage
 * @param {Frame} frame
 */
function livingIn(stage, frame) {
  const { graph } = stage;
  const { cases, variant } = frame.settings;
  const data = (frame.after ?? frame.leaves).slice();
  const key = [variant, ...graph.leaves.map((id) => data[id])];
  const last = lastLiving.get(graph);
  if (last && last.cases === cases && key.every((each, k) => each === last.key[k])) return last.living;
  /** @type {Set<Neuron>} */
  const living = new Set();
  const neurons = graph.network?.neurons ?? [];
  for (const row of cases) {
    for (const [id, x] of row) data[id] = x;
    graph.forward(data, variant);
    for (const neuron of neurons) if (activationOf(stage, frame, neuron)?.(data[neuron.net])[1] !== 0) living.add(neuron);
  }
  lastLiving.set(graph, { cases, key, living });
  return living;
}

/**
 * The mean size of the node deltas of each layer, the first layer first; null where not all are known yet.
 * @param {Stage} stage
 * @param {Frame} frame
 */
export function deltasByLayer({ graph }, frame) {
  /** @type {{ depth: number, size: number | null }[]} */
  const found = [];
  const neurons = graph.network?.neurons ?? [];
  for (const depth of [...new Set(neurons.map((neuron) => neuron.depth))].sort((a, b) => a - b)) {
    const deltas = neurons.filter((neuron) => neuron.depth === depth).map(({ net }) => frame.gradAt(net));
    const known = deltas.every((delta) => delta !== null);
    found.push({
      depth,
      size: known ? deltas.reduce((/** @type {number} */ sum, delta) => sum + Math.abs(delta ?? 0), 0) / deltas.length : null,
    });
  }
  return found;
}

/**
 * The error, or the part of it that one output has, as minus the logarithm of probabilities, and what the network takes the case for; null
 * where it is something else.
 * @param {Stage & Pick<import("./session.js").Session, "description">} stage
 * @param {Frame} frame
 * @param {number} id
 */
export function outcomeOf(stage, frame, id) {
  const { graph, description } = stage;
  const kind = graph.network?.probabilities?.kind;
  const found = probabilitiesOf(stage, frame).filter(({ neuron }) => graph.routes(id, neuron.out).size);
  if (!kind || !found.length || (kind === "sigmoid" && found.length > 1)) return null;
  const named = kind === "sigmoid" && description.classes && id === graph.result;
  /** @type {{ share: number, p: number, symbol: Piece[], out: number, term: number }[]} */
  const classes = [];
  for (const { neuron, probability } of found) {
    const share = goalOf(frame, neuron);
    if (probability === null || share === null) return null;
    const term = new Set(classes.filter((each) => each.share !== 0).map((each) => each.out)).size;
    const { out } = neuron;
    const symbol = [probabilityMark(stage, neuron, probability, term)];
    classes.push({ share, p: probability, symbol, out, term });
    if (kind === "sigmoid") classes.push({ share: 1 - share, p: 1 - probability, symbol: ["1 − ", ...symbol], out, term });
  }
  const counted = classes.filter(({ share }) => share !== 0);
  const error = -counted.reduce((sum, { share, p }) => sum + share * Math.log(p), 0);
  if (Math.abs(error - frame.data[id]) > SAME_ERROR * Math.max(1, error)) return null;
  /** @param {(each: typeof classes[number]) => Piece[]} written @returns {Piece[]} */
  const sum = (written) =>
    counted
      .flatMap((each) => ["−", ...(each.share === 1 ? [] : [{ number: each.share }, " · "]), "log(", ...written(each), ")"])
      .map((piece, k) => (k && piece === "−" ? " − " : piece));
  const called = (/** @type {number} */ place) => (named ? description.outputs[1 - place] : found[place]?.neuron.name) ?? String(1 - place);
  const place = (/** @type {"p" | "share"} */ key) => classes.reduce((best, each, k) => (each[key] > classes[best][key] ? k : best), 0);
  return {
    kind: named ? "classes" : kind,
    symbols: sum(({ symbol }) => symbol),
    numbers: sum(({ p, term }) => [{ number: p, term }]),
    terms: new Map(counted.map(({ out, term }) => [out, term])),
    guess: called(place("p")),
    right: called(place("share")),
  };
}

/**
 * Whether training has come to rest though there is an error: an update would change it by less than a billionth, in every case, and some
 * neurons let hardly anything through. Returns these, with the slope of each, or null if it goes on.
 * @param {Stage & { training: import("./training.js").Training }} stage
 * @param {Frame} frame
 * @returns {{ neuron: Neuron, slope: number }[] | null}
 */
export function frozenBy(stage, frame) {
  const { graph, training } = stage;
  const { settings } = frame;
  const trained = training.trained(settings);
  const rests = (/** @type {Float64Array} */ data, /** @type {Float64Array} */ grads) => {
    const move = trained.reduce((sum, id) => sum + Math.abs((updatedTo(frame, id, grads[id]) - frame.leaves[id]) * grads[id]), 0);
    return move <= STILL * Math.abs(data[graph.result]);
  };
  if (!graph.trains || !graph.network || frame.data[graph.result] === 0 || !rests(frame.data, frame.grads)) return null;
  for (const row of settings.cases) {
    const leaves = frame.leaves.slice();
    for (const [id, x] of row) leaves[id] = x;
    const { data, grads } = graph.pass(leaves, settings.variant);
    if (!rests(data, grads)) return null;
  }
  const stuck = graph.network.neurons.filter((neuron) => frame.grads[neuron.out] !== 0 && blockOf(stage, frame, neuron));
  if (!stuck.some(({ end }) => end)) return null;
  return stuck.map((neuron) => ({ neuron, slope: graph.derivative(frame.slopes, neuron.out, neuron.net) }));
}
