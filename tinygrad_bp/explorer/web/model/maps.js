// What a network of two inputs makes of every point of their plane: of each neuron a map, all from the same forward passes.

import { Growing } from "./growing.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {[number, number]} Range */

/**
 * The two inputs of a network, if it has just two and consists of neurons, and cases say what they are; else null.
 * @param {Graph} graph
 * @param {Case[]} cases
 * @returns {[number, number] | null}
 */
export function inputsOf(graph, cases) {
  const inputs = graph.network?.inputs ?? [];
  const given = new Set(cases[0].map(([id]) => id));
  return graph.network?.whole && inputs.length === 2 && inputs.every((id) => given.has(id)) ? [inputs[0], inputs[1]] : null;
}

/**
 * Ranges with round ends that hold all cases, and some room around them.
 * @param {Case[]} cases
 * @param {[number, number]} inputs
 * @returns {[Range, Range]}
 */
export function roomOf(cases, inputs) {
  const ranges = inputs.map((id) => {
    const found = cases.map((row) => row.find(([leaf]) => leaf === id)?.[1] ?? 0);
    const [low, high] = [Math.min(...found), Math.max(...found)];
    const size = Math.max(high - low, 0.2 * Math.max(Math.abs(low), Math.abs(high)), 0.2);
    const unit = 10 ** Math.floor(Math.log10(size)) / 2;
    return /** @type {Range} */ ([Math.floor((low - 0.2 * size) / unit) * unit, Math.ceil((high + 0.2 * size) / unit) * unit]);
  });
  return [ranges[0], ranges[1]];
}

/**
 * @typedef {object} Wanted
 * @property {string} key what tells these maps from others
 * @property {Pick<Frame, "leaves" | "settings">} state
 * @property {[Range, Range]} room
 */

/**
 * Maps of some nodes: their numbers in the middles of the fields of a grid, row by row from below, computed a part at a time.
 * @extends {Growing<Wanted, Wanted & { data: Float64Array, numbers: Float64Array[], done: number }>}
 */
export class Maps extends Growing {
  /**
   * @param {Graph} graph
   * @param {[number, number]} inputs
   * @param {number} size
   * @param {number[]} nodes
   */
  constructor(graph, inputs, size, nodes) {
    super(
      graph,
      (wanted) => ({ ...wanted, data: wanted.state.leaves.slice(), numbers: nodes.map(() => new Float64Array(size * size)), done: 0 }),
      (growing, passes) => {
        const { data, numbers, state, room } = growing;
        const [across, up] = room;
        const end = Math.min(size * size, growing.done + Math.max(size, passes));
        for (let place = growing.done; place < end; place++) {
          data[inputs[0]] = across[0] + ((across[1] - across[0]) * ((place % size) + 0.5)) / size;
          data[inputs[1]] = up[0] + ((up[1] - up[0]) * (Math.floor(place / size) + 0.5)) / size;
          graph.forward(data, state.settings.variant);
          for (let k = 0; k < nodes.length; k++) numbers[k][place] = data[nodes[k]];
        }
        growing.done = end;
        return end === size * size;
      },
    );
  }
}

/**
 * The range that the colours of a map stand for: that of the activation, or that of the numbers there are.
 * @param {string | null} activation
 * @param {ArrayLike<number>} numbers
 * @returns {Range}
 */
export function scaleOf(activation, numbers) {
  if (activation === "sigmoid") return [0, 1];
  if (activation === "tanh") return [-1, 1];
  let most = 0;
  for (let k = 0; k < numbers.length; k++) if (Number.isFinite(numbers[k])) most = Math.max(most, Math.abs(numbers[k]));
  return [-most || -1, most || 1];
}
