// A neuron, opened: its activation as a curve, the slope where it stands, and what passes through. And what the error makes of outputs.

import { updatedTo } from "./optimizers.js";

const FAINT = 0.05; // of the steepest slope: below, an activation is saturated
const STILL = 1e-9; // of the error: what changes it less does not move it
const REACH = 8; // net inputs among which the steepest slope is looked for

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
  const slope = Math.abs(activation(frame.data[neuron.net])[1]);
  const most = steepestOf(activation);
  if (!(slope < FAINT * most)) return "";
  const unbounded = Math.abs(activation(REACH)[0] - activation(REACH - 1)[0]) > 0.5; // such as relu, which ends on one side only
  if (slope > 0 || !unbounded) return "saturated";
  return netsOf(stage, frame, neuron).every((net) => activation(net)[1] === 0) ? "dead" : "off";
}

/**
 * The net inputs of a neuron in all cases.
 * @param {Stage} stage
 * @param {Frame} frame
 * @param {Neuron} neuron
 */
function netsOf({ graph }, frame, neuron) {
  return frame.settings.cases.map((row) => {
    const data = Float64Array.from(frame.leaves);
    for (const [id, x] of row) data[id] = x;
    return graph.forward(data, frame.settings.variant)[neuron.net];
  });
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
 * The probabilities that the error makes of the outputs, by output neuron; none if it takes outputs as they are, or they are not known yet.
 * @param {Stage} stage
 * @param {Pick<Frame, "dataAt">} frame
 * @returns {{ neuron: Neuron, probability: number | null }[]}
 */
export function probabilitiesOf({ graph, programs }, frame) {
  const { network } = graph;
  if (!network?.probabilities || !programs.probabilities) return [];
  const neurons = network.probabilities.neurons.map((k) => network.neurons[k]);
  const nets = neurons.map(({ out }) => frame.dataAt(out));
  const known = nets.every((net) => net !== null);
  const found = known ? programs.probabilities(.../** @type {number[]} */ (nets)) : [];
  return neurons.map((neuron, k) => ({ neuron, probability: known ? found[k] : null }));
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
  if (!graph.network || frame.data[graph.result] === 0 || !rests(frame.data, frame.grads)) return null;
  for (const row of settings.cases) {
    const leaves = Float64Array.from(frame.leaves);
    for (const [id, x] of row) leaves[id] = x;
    const { data, grads } = graph.pass(leaves, settings.variant);
    if (!rests(data, grads)) return null;
  }
  const stuck = graph.network.neurons.filter((neuron) => frame.grads[neuron.out] !== 0 && blockOf(stage, frame, neuron));
  if (!stuck.some(({ end }) => end)) return null;
  return stuck.map((neuron) => ({ neuron, slope: graph.derivative(frame.slopes, neuron.out, neuron.net) }));
}
