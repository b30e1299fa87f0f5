// What is easily put in the place of a factor or a summand, or taken for the whole: numbers beside it, other slopes, other signs.

import { updateEquation } from "./equations.js";
import { factorPiece, joined } from "./formulas.js";
import { expanded, formulaPiece } from "./notation.js";

// What is easily taken for the slope of an activation, as pairs of a formula of net input ⟦0⟧ and output ⟦1⟧ and a function of both; and
// what is done wrong with a gradient as a whole: from the list of mistakes that marks of solutions read, too.
const { slopes: SLOPE_MIXUPS, whole: WHOLE } = MISTAKES;

/**
 * @typedef {Pick<import("./session.js").Session, "graph" | "formulas" | "programs" | "training" | "notation">} Book
 * @typedef {import("./diagnosis.js").Known} Known
 * @typedef {import("./diagnosis.js").Mistake} Mistake
 */

/**
 * A formula of the package taken apart; null if there is none.
 * @param {Piece[] | null} formula
 */
export function takenApart(formula) {
  return formula && expanded(formula);
}

/**
 * A node by its label; one without, or one that is asked for, by its formula.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Piece[]}
 */
export function writtenOf(session, frame, id, asked = false) {
  const { op, label } = session.graph.nodes[id];
  return (op && (asked || !label) && takenApart(session.formulas.forward(id, frame.settings.variant))) || [{ name: id }];
}

/**
 * A parameter after the update; undefined if the node is not trained.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 */
function updatedOf(session, frame, id) {
  const result = updateEquation(session, frame, id)?.rows.at(-1)?.[0];
  return typeof result === "object" ? (result.number ?? undefined) : undefined;
}

/**
 * What is easily taken for a node's number: that of a parameter after the update; that of the only node it is computed from, as the net
 * input for the output; those of weights or signals beside it.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Known[]}
 */
export function mixupsOf(session, frame, id) {
  const { into, network } = session.graph;
  const after = updatedOf(session, frame, id);
  const beside = new Set(into[id].length === 1 ? [into[id][0].tail] : []);
  const all = (network?.neurons ?? []).flatMap((neuron) => neuron.connections.map(([weight, source]) => ({ neuron, weight, source })));
  for (const own of all) {
    if (own.weight !== id && own.source !== id) continue;
    beside.add(own.weight).add(own.source);
    for (const other of all) {
      if (own.weight === id && (other.neuron === own.neuron || other.source === own.source)) beside.add(other.weight);
      if (own.source === id && other.neuron === own.neuron) beside.add(other.source);
    }
  }
  beside.delete(id);
  return [
    ...(after === undefined ? [] : [{ pieces: [{ name: id }, "⁺"], value: after }]),
    ...[...beside].map((other) => ({ pieces: writtenOf(session, frame, other), value: frame.data[other] })),
  ];
}

/**
 * What a gradient is the sum of.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Known[]}
 */
export function gradientSummands(session, frame, id) {
  const { parts, terms } = session.formulas.terms(id);
  return (parts.length ? parts.map((part) => [part]) : terms).map((product) => {
    const factors = product.map(factorPiece);
    const value = factors.reduce((x, factor) => x * session.formulas.value(factor, frame.slopes), 1);
    return { pieces: joined(factors, " · "), value };
  });
}

/**
 * What is easily taken for the slope of an activation.
 * @param {Book} session
 * @param {Frame} frame
 * @param {Neuron} neuron
 * @returns {Known[]}
 */
export function slopeMixups(session, frame, neuron) {
  const known = SLOPE_MIXUPS[session.formulas.activation(neuron, frame.settings.variant) ?? ""] ?? [];
  return known.map(([template, slope]) => ({
    pieces: expanded([formulaPiece([template], [neuron.net, neuron.out])]),
    value: slope(frame.data[neuron.net], frame.data[neuron.out]),
  }));
}

/**
 * A sum with one of its summands left out, or with the wrong sign.
 * @param {Known[]} sum
 * @param {number} value
 * @returns {Known[]}
 */
export function sumMixups(sum, value) {
  return sum.flatMap((summand) => {
    const others = sum.filter((other) => other !== summand);
    const left = joined(
      others.map((other) => other.pieces),
      " + ",
    );
    const turned = sum.flatMap((each, k) => [each === summand ? " − " : k ? " + " : "", ...each.pieces]);
    return [
      { pieces: left, value: value - summand.value },
      { pieces: turned, value: value - 2 * summand.value },
    ];
  });
}

/**
 * Mistakes with a gradient as a whole.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Mistake[]}
 */
export function wholeMistakes(session, frame, id) {
  const { graph, training } = session;
  const { settings, data, grads, sums } = frame;
  const { rate, sequential, accumulate } = settings;
  const value = grads[id];
  const updated = updatedOf(session, frame, id);
  const otherwise = graph.backward(training.slopes(data, { ...frame, settings: { ...settings, sequential: !sequential } }));
  const heads = [...graph.routes(graph.result, id)].map((index) => graph.nodes[graph.edges[index].head]);
  const byTwo = (/** @type {string} */ op) => heads.some((node) => node.op === op && graph.nodes[node.args[1]].data === 2);
  const what = [{ name: id }];
  /** @type {(Mistake | false)[]} */
  const all = [
    { key: sequential ? "before" : "after", value: otherwise[id] },
    byTwo("pow") && { key: "halved", value: WHOLE.halved * value },
    byTwo("div") && { key: "doubled", value: WHOLE.doubled * value },
    { key: "rate", number: rate, value: rate * value },
    { key: "step", number: -rate, value: -rate * value },
    updated !== undefined && { key: "updated", what, value: updated },
    updated !== undefined && accumulate && { key: "kept", value: sums[id] + value },
    { key: "data", what, value: data[id] },
  ];
  return all.filter((mistake) => mistake !== false);
}
