// What an error makes of outputs before it judges them: probabilities, by softmax or each by its sigmoid, of which hardly any graph has a node.

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
 * What the probability of an output is called.
 * @param {Neuron} neuron
 */
export function probabilityName({ name }) {
  return `p ${name}`;
}

/**
 * What an output is to be: its target, where it has none the number that the error was written with; null if neither is known.
 * @param {Pick<import("./session.js").Session, "graph">} stage
 * @param {Pick<Frame, "data">} frame
 * @param {Neuron} neuron
 */
export function goalOf({ graph: { network } }, { data }, neuron) {
  if (neuron.target !== null) return data[neuron.target];
  const { neurons = [], goals = null } = network?.probabilities ?? {};
  return goals?.[neurons.indexOf(network?.neurons.indexOf(neuron) ?? -1)] ?? null;
}

/**
 * What arrives at an output of which the error makes a probability: that less its target, in symbols and in numbers. Null where it is
 * something else, as it is when targets that are dragged no longer add up to 1.
 * @param {Pick<import("./session.js").Session, "graph" | "programs">} stage
 * @param {Frame} frame
 * @param {Neuron} neuron
 * @returns {Piece[][] | null}
 */
export function probabilityRows(stage, frame, neuron) {
  const { net: id, target } = neuron;
  const number = probabilitiesOf(stage, { dataAt: (each) => frame.data[each] }).find((each) => each.neuron === neuron)?.probability ?? null;
  const goal = goalOf(stage, frame, neuron);
  if (number === null || goal === null || neuron.out !== id || !(Math.abs(number - goal - frame.grads[id]) <= SAME_GRADIENT)) return null;
  const wanted = { number: goal, term: 1 };
  return [
    [{ word: probabilityName(neuron), id, worth: number, term: 0 }, " − ", target === null ? wanted : { name: target, term: 1 }],
    [{ number, id, quantity: "data", term: 0 }, " − ", target === null ? wanted : { ...wanted, id: target, quantity: "data" }],
  ];
}
