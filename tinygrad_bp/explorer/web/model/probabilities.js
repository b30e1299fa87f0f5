// What an error makes of outputs before it judges them: probabilities, by softmax or each by its sigmoid, of which hardly any graph has a node.

import { summandsOf } from "./beats.js";
import { formulaPiece } from "./notation.js";

const SIGMOID = ["sigmoid(⟦0⟧)", "\\sigma\\left(⟦0⟧\\right)"];
const SAME_GRADIENT = 1e-12; // by which a gradient differs from another way to it, but for rounding

/**
 * The probabilities that the error makes of the outputs, by output neuron; none if it takes outputs as they are, or they are not known yet.
 * @param {Pick<import("./session.js").Session, "graph" | "programs">} stage
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
 * The probability that the error makes of an output: by its name in the picture; where that has the errors of the outputs in its place, σ of
 * the output.
 * @param {Pick<import("./session.js").Session, "graph">} stage
 * @param {Neuron} neuron
 * @param {number} worth
 * @param {number} term
 * @returns {Mark}
 */
export function probabilityMark({ graph }, { name, out }, worth, term) {
  const apart = graph.network?.probabilities?.kind === "sigmoid" && summandsOf(graph).length > 0;
  return apart ? { ...formulaPiece(SIGMOID, [out]), term } : { word: `p ${name}`, id: out, worth, term };
}

/**
 * What an output is to be: its target, where it has none the number that the error was written with; null if neither is known.
 * @param {Pick<Frame, "data">} frame
 * @param {Neuron} neuron
 */
export function goalOf({ data }, { target, judged }) {
  return target === null ? (judged?.[1] ?? null) : data[target];
}

/**
 * What comes back to the net input of an output in a cross entropy: its probability less its target, over the count of those that the
 * error is the mean of; in symbols and in numbers. Null where it is something else, as it is when targets that are dragged no longer add
 * up to 1.
 * @param {Pick<import("./session.js").Session, "graph" | "programs">} stage
 * @param {Frame} frame
 * @param {Neuron} neuron
 * @returns {Piece[][] | null}
 */
export function probabilityRows(stage, frame, neuron) {
  const { net, out, target, judged } = neuron;
  const own = out !== net; // then the output is the probability
  const made = probabilitiesOf(stage, { dataAt: (each) => frame.data[each] }).find((each) => each.neuron === neuron)?.probability;
  const number = own ? judged && frame.data[out] : made;
  const goal = goalOf(frame, neuron);
  const count = judged?.[0] ?? 1;
  if (number == null || goal === null || !(Math.abs((number - goal) / count - frame.grads[net]) <= SAME_GRADIENT)) return null;
  const wanted = { number: goal, term: 1 };
  /** @type {Piece[][]} */
  const rows = [
    [own ? { name: out, term: 0 } : probabilityMark(stage, neuron, number, 0), " − ", target === null ? wanted : { name: target, term: 1 }],
    [{ number, id: out, quantity: "data", term: 0 }, " − ", target === null ? wanted : { ...wanted, id: target, quantity: "data" }],
  ];
  return count > 1 ? rows.map((row) => ["(", ...row, `) / ${count}`]) : rows;
}
