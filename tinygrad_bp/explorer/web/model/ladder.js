// The ladder of the quiz: from the forward pass to the update, each rung a question, then the same with other numbers.

export const MOST_RUNGS = 8;
const MOST_LAPS = 1_000_000;

/**
 * @typedef {{ name: string, id: number, quantity: Riddle }} Rung
 * @typedef {Pick<Storage, "getItem" | "setItem">} Store
 */

/**
 * The rungs for a network of two layers or more, in the order in which one follows from another; none for other graphs. A neuron is
 * taken through which something passes, if there is one.
 * @param {Pick<import("./session.js").Session, "graph" | "training">} session
 * @param {Frame} frame
 * @returns {Rung[]}
 */
export function rungsOf({ graph, training }, frame) {
  const { network } = graph;
  if (!network?.whole || graph.depth < 2) return [];
  const of = (/** @type {number} */ depth) => {
    const layer = network.neurons.filter((neuron) => neuron.depth === depth);
    return layer.find(({ net, connections }) => frame.grads[net] !== 0 && connections.length > 0) ?? layer[0];
  };
  const [first, last] = [of(1), of(graph.depth)];
  const [outer] = last.connections[0];
  // An input of 0 makes the gradient of its weight 0, which nobody has to compute.
  const inner = (first.connections.find(([weight]) => frame.grads[weight] !== 0) ?? first.connections[0])[0];
  const bias = first.bias ?? last.bias;
  const trained = training.trained(frame.settings);
  const several = graph.connections.filter(({ source }) => source === first.out).length > 1; // a sum, of which δ alone would ask no part
  /** @type {Rung[]} */
  const rungs = [
    { name: "forward", id: first.net, quantity: "data" },
    { name: "deltaOut", id: last.net, quantity: "grad" },
    { name: "weightOut", id: outer, quantity: "grad" },
    ...(several ? [{ name: "arriveHidden", id: first.out, quantity: /** @type {Riddle} */ ("grad") }] : []),
    { name: "deltaHidden", id: first.net, quantity: "grad" },
    { name: "weightHidden", id: inner, quantity: "grad" },
    { name: "update", id: outer, quantity: "next" },
    ...(bias === null ? [] : [{ name: "bias", id: bias, quantity: /** @type {Riddle} */ ("grad") }]),
  ];
  return rungs.filter(({ id, quantity }) => id !== graph.result && (quantity !== "next" || trained.includes(id)));
}

/** How far someone has come. It is kept where there is a place to keep it, and else as long as the page is there. */
export class Progress {
  /**
   * @param {Store | null} store
   * @param {string} key of this page among others
   */
  constructor(store, key) {
    this.store = store;
    this.key = key;
    /** @type {Set<number>} */
    this.passed = new Set(); // rungs of this lap
    this.laps = 0; // networks that are done
    this.load();
  }

  // What is kept there may be from anybody.
  load() {
    try {
      const { passed, laps } = JSON.parse(this.store?.getItem(this.key) ?? "{}");
      const fits = (/** @type {unknown} */ x, /** @type {number} */ most) => Number.isInteger(x) && Number(x) >= 0 && Number(x) < most;
      if (Array.isArray(passed) && passed.every((rung) => fits(rung, MOST_RUNGS)) && fits(laps, MOST_LAPS)) {
        this.passed = new Set(passed);
        this.laps = laps;
      }
    } catch {
      // Nothing is kept, or nothing that makes sense: it begins at the beginning.
    }
  }

  keep() {
    try {
      this.store?.setItem(this.key, JSON.stringify({ passed: [...this.passed], laps: this.laps }));
    } catch {
      // There is no room, or it is not allowed: then it is known as long as the page is there.
    }
  }

  /** @param {number} rung */
  pass(rung) {
    this.passed.add(rung);
    this.keep();
  }

  // Another network, from the first rung on.
  lap() {
    this.passed.clear();
    this.laps += 1;
    this.keep();
  }

  reset() {
    this.passed.clear();
    this.laps = 0;
    this.keep();
  }
}
