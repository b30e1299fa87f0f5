// What takes long to compute is computed a part at a time, between pictures.

const AT_ONCE_NODES = 60_000; // that are computed between two pictures

/**
 * What is begun is made to its end, whatever is wanted by then: else there would be none while everything changes.
 * @template {{ key: string }} W what is wanted, and a key that tells it from others
 * @template {W} G the same with what is computed of it
 */
export class Growing {
  /**
   * @param {import("./graph.js").Graph} graph
   * @param {(wanted: W) => G} begin
   * @param {(growing: G, passes: number) => boolean} goOn computes so many forward passes, about. Returns whether all is there
   */
  constructor(graph, begin, goOn) {
    this.graph = graph;
    this.begin = begin;
    this.goOn = goOn;
    /** @type {W | null} */
    this.wanted = null;
    /** @type {G | null} */
    this.growing = null;
    this.key = ""; // of what is whole
  }

  /** @param {W} wanted */
  want(wanted) {
    this.wanted = wanted;
  }

  // Whether there is something to compute.
  get waits() {
    return Boolean(this.growing || (this.wanted && this.wanted.key !== this.key));
  }

  // Computes on, for about so many nodes. Returns what has become whole, or null.
  grow(most = AT_ONCE_NODES) {
    if (!this.waits || !this.wanted) return null;
    this.growing ??= this.begin(this.wanted);
    const whole = this.growing;
    if (!this.goOn(whole, Math.floor(most / this.graph.nodes.length))) return null;
    this.growing = null;
    this.key = whole.key;
    return whole;
  }
}
