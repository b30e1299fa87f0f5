// A training: where it starts, what was changed on the way, and the numbers of every round. Each state of it can be had again exactly:
// it is computed from the last one that is stored.

import { changed, together } from "./changes.js";
import { firstTrouble, undefinedIn } from "./graph.js";
import { stepped, totalGradient, updatedTo } from "./optimizers.js";

export const MOST_ROUNDS = 1_000_000;
const MOST_STORED = 4_000_000; // numbers; of more, every second state is dropped
const MOST_KEPT = 2; // numbers that an optimizer remembers of a parameter

export class Training {
  /**
   * @param {import("./graph.js").Graph} graph
   * @param {Settings} settings
   */
  constructor(graph, settings) {
    this.graph = graph;
    this.original = settings;
    this.weights = graph.parameters.filter((id) => !graph.biases.has(id));
    this.scratch = new Float64Array(graph.nodes.length);
    /** @type {TrainingEvent[]} */
    this.events = [];
    this.rounds = 0;
    /** @type {number[]} */
    this.errors = []; // after each round
    /** @type {(Trouble & { round: number }) | null} */
    this.trouble = null; // where it diverged
    this.stride = 1;
    /** @type {Float64Array[]} */
    this.stored = [];
    this.restart();
  }

  restart() {
    this.rounds = 0;
    this.errors = [];
    this.trouble = null;
    this.stride = 1;
    const { nodes, start } = this.graph;
    const empty = () => new Float64Array(nodes.length);
    const first = this.pack({ leaves: start, sums: empty(), moments: Array.from({ length: MOST_KEPT }, empty), steps: 0 });
    this.stored = [first];
    this.errors = [this.errorAt(0)];
  }

  /** @param {Pick<TrainingState, "leaves" | "sums" | "moments" | "steps">} state */
  pack({ leaves, sums, moments, steps }) {
    const { parameters } = this.graph;
    const rows = [leaves, sums, ...moments];
    const packed = new Float64Array(rows.length * parameters.length + 1);
    rows.forEach((row, place) => {
      parameters.forEach((id, k) => {
        packed[place * parameters.length + k] = row[id];
      });
    });
    packed[packed.length - 1] = steps;
    return packed;
  }

  /** @param {Float64Array} packed */
  unpack(packed) {
    const { parameters, start, nodes, optimizers } = this.graph;
    const leaves = start.slice();
    const [sums, ...moments] = Array.from({ length: 1 + MOST_KEPT }, () => new Float64Array(nodes.length));
    [leaves, sums, ...moments].forEach((row, place) => {
      parameters.forEach((id, k) => {
        row[id] = packed[place * parameters.length + k];
      });
    });
    return { leaves, sums, moments, steps: packed[packed.length - 1], optimizers };
  }

  /** @param {Settings} settings */
  trained(settings) {
    if (!this.graph.trains) return [];
    return settings.biases ? this.graph.parameters : this.weights;
  }

  /**
   * The leaves whose gradients are told: what is trained, or where nothing is, all that could be.
   * @param {Settings} settings
   */
  told(settings) {
    return this.graph.trains ? this.trained(settings) : this.graph.parameters;
  }

  /**
   * Applies the changes made at this place.
   * @param {TrainingState} state
   * @param {number} round
   * @param {number} row
   */
  apply(state, round, row) {
    for (const event of this.events) {
      if (event.round !== round || event.row !== row) continue;
      state.settings = changed(state.settings, event);
      for (const [id, x] of event.leaves ?? []) state.leaves[id] = x;
      if (!event.clear) continue;
      for (const row of [state.sums, ...state.moments]) row.fill(0);
      state.steps = 0;
    }
  }

  /** @param {number} round */
  settingsBefore(round) {
    let settings = this.original;
    for (const event of this.events) if (event.round < round) settings = changed(settings, event);
    return settings;
  }

  /**
   * The settings with which the training comes to a round.
   * @param {number} round
   */
  settingsAt(round) {
    const here = this.events.find((event) => event.round === round && event.row === 0);
    const before = this.settingsBefore(round);
    return here ? changed(before, here) : before;
  }

  /**
   * All numbers for one of the cases.
   * @param {TrainingState} state
   * @param {number} row
   */
  passOf(state, row) {
    const { graph } = this;
    for (const [id, x] of state.settings.cases[row]) state.leaves[id] = x;
    this.scratch.set(state.leaves);
    const data = graph.forward(this.scratch, state.settings.variant);
    const slopes = this.slopes(data, state);
    return { data, slopes, grads: graph.backward(slopes) };
  }

  /**
   * One update, by the mean over some cases, as a rule one: the state becomes the next. Returns what went wrong, or null.
   * @param {TrainingState} state
   * @param {number[]} rows
   * @returns {Trouble | null}
   */
  update(state, ...rows) {
    const { graph } = this;
    const { leaves, sums, moments } = state;
    let fine = true;
    /** @type {Float64Array | null} */
    let gradients = null;
    for (const row of rows) {
      const { data, grads } = this.passOf(state, row);
      fine = fine && Number.isFinite(data[graph.result]);
      if (gradients) for (const id of graph.parameters) gradients[id] += grads[id];
      gradients ??= grads;
    }
    const found = /** @type {Float64Array} */ (gradients);
    if (rows.length > 1) for (const id of graph.parameters) found[id] /= rows.length;
    const trained = this.trained(state.settings);
    const next = trained.map((id) => stepped(state, id, found[id]));
    const wrong = next.findIndex((numbers) => !numbers.every(Number.isFinite));
    if (!fine || wrong >= 0) {
      const troubles = rows.map((row) => firstTrouble(graph, this.passOf(state, row)));
      const id = trained[Math.max(0, wrong)];
      return troubles.find((each) => each !== null) ?? { kind: "update", node: id, value: found[id] };
    }
    trained.forEach((id, k) => {
      const [x, ...kept] = next[k];
      sums[id] = totalGradient(state, id, found[id]);
      leaves[id] = x;
      kept.forEach((number, place) => {
        moments[place][id] = number;
      });
    });
    state.steps += 1;
    return null;
  }

  /**
   * The gradients that an update takes: those of a case, or their mean over all; and those of each case that it is the mean of.
   * @param {TrainingState} state
   * @param {Float64Array} own the gradients of the case
   */
  takenBy(state, own) {
    const { settings } = state;
    if (!settings.batch || settings.cases.length === 1) return { taken: own, each: [own] };
    const leaves = state.leaves.slice();
    const each = settings.cases.map((_, row) => this.passOf({ ...state, leaves }, row).grads);
    const taken = Float64Array.from(own, (_, id) => each.reduce((sum, grads) => sum + grads[id], 0) / each.length);
    return { taken, each };
  }

  /**
   * The local derivatives that the backward pass multiplies: the right ones, or those of the sequential update.
   * @param {Float64Array} data
   * @param {TrainingState} state
   */
  slopes(data, state) {
    const { graph } = this;
    const { settings, leaves } = state;
    const slopes = graph.slopes(data, settings.variant);
    if (!settings.sequential) return slopes;
    const trained = new Set(this.trained(settings));
    return graph.sequentialSlopes(data, slopes, settings.variant, (id, gradient) =>
      trained.has(id) ? updatedTo(state, id, gradient) : leaves[id],
    );
  }

  /**
   * The state in which the training comes to this case of this round, which must be one that it has reached.
   * @param {number} round
   * @returns {TrainingState}
   */
  at(round, row = 0) {
    const place = Math.min(Math.floor(round / this.stride), this.stored.length - 1);
    let here = place * this.stride;
    const state = { ...this.unpack(this.stored[place]), settings: this.settingsBefore(here) };
    this.apply(state, here, 0);
    while (here < round) {
      this.round(state, here);
      here += 1;
      this.apply(state, here, 0);
    }
    for (let k = 0; k < row; k++) {
      if (!state.settings.batch) this.update(state, k);
      this.apply(state, round, k + 1);
    }
    for (const [id, x] of state.settings.cases[row]) state.leaves[id] = x;
    return state;
  }

  /**
   * The state at the beginning of a round, with the numbers of one of its cases: looking at a case changes no weight.
   * @param {number} round
   * @param {number} row
   */
  watched(round, row) {
    const state = this.at(round);
    const { cases } = state.settings;
    for (const [id, x] of cases[Math.min(row, cases.length - 1)]) state.leaves[id] = x;
    return state;
  }

  /**
   * All cases of a round, after the changes made before its first. Returns what went wrong, or null.
   * @param {TrainingState} state
   * @param {number} round
   */
  round(state, round) {
    const count = state.settings.cases.length;
    if (state.settings.batch) {
      for (let row = 1; row < count; row++) this.apply(state, round, row);
      const trouble = this.update(state, ...state.settings.cases.keys());
      return trouble && { round, row: 0, ...trouble };
    }
    for (let row = 0; row < count; row++) {
      if (row) this.apply(state, round, row);
      const trouble = this.update(state, row);
      if (trouble) return { round, row, ...trouble };
    }
    return null;
  }

  /**
   * The mean error over all cases, with the parameters of the beginning of a round.
   * @param {TrainingState} state
   */
  meanError(state) {
    let sum = 0;
    this.scratch.set(state.leaves);
    for (const row of state.settings.cases) {
      for (const [id, x] of row) this.scratch[id] = x;
      sum += this.graph.forward(this.scratch, state.settings.variant)[this.graph.result];
    }
    return sum / state.settings.cases.length;
  }

  /** @param {number} round */
  errorAt(round) {
    return this.meanError(this.at(round));
  }

  /**
   * Goes on to this round, or as far as `milliseconds` allow. Returns whether it is there, or cannot get there.
   * @param {number} target
   */
  advance(target, milliseconds = Infinity) {
    const wanted = Math.min(target, MOST_ROUNDS);
    if (!this.graph.trains || this.trouble || this.rounds >= wanted) return true;
    const end = performance.now() + milliseconds;
    const state = this.at(this.rounds);
    while (this.rounds < wanted) {
      const trouble = this.round(state, this.rounds);
      if (trouble) {
        this.trouble = trouble;
        return true;
      }
      const packed = this.pack(state); // before the changes made at the next round
      this.apply(state, this.rounds + 1, 0);
      const error = this.meanError(state);
      const undefinedData = Number.isFinite(error) ? null : this.undefinedData(state);
      if (undefinedData) {
        this.trouble = { round: this.rounds + 1, ...undefinedData };
        return true;
      }
      this.rounds += 1;
      this.errors.push(error);
      if (this.rounds % this.stride === 0) this.store(packed);
      if (performance.now() > end) return this.rounds >= wanted;
    }
    return true;
  }

  /** @param {Float64Array} packed */
  store(packed) {
    this.stored.push(packed);
    if (this.stored.length * packed.length > MOST_STORED) {
      this.stored = this.stored.filter((_, k) => k % 2 === 0);
      this.stride *= 2;
    }
  }

  /**
   * Changes something at a place of the training; what came after it is forgotten. A change is of settings; to the table of a name, or
   * to another; of single numbers of the table as [row, leaf, number]; of parameters as [leaf, number]; of gradients kept so far.
   * Returns what is wrong with the numbers that the change makes, and then changes nothing; else null.
   * @param {number} round
   * @param {number} row
   * @param {Change} change
   * @returns {Trouble | null}
   */
  change(round, row, change) {
    const before = this.events;
    const earlier = before.filter((event) => event.round < round || (event.round === round && event.row < row));
    const here = before.find((event) => event.round === round && event.row === row);
    this.events = [...earlier, together({ round, row, ...here }, change)];
    const state = this.at(round, row);
    const trouble = this.undefinedData(state);
    if (trouble) {
      this.events = before;
      return { round, ...trouble };
    }
    this.forget(round);
    this.errors[round] = this.errorAt(round);
    return null;
  }

  /**
   * Puts other changes in the place of those that were made; what came after the first of them that differs is forgotten.
   * @param {TrainingEvent[]} events
   */
  revert(events) {
    const others = [...this.events.filter((each) => !events.includes(each)), ...events.filter((each) => !this.events.includes(each))];
    this.events = events;
    if (others.length) this.forget(Math.min(...others.map(({ round }) => round)));
    this.errors[this.rounds] = this.errorAt(this.rounds);
  }

  /**
   * The first number of a forward pass that is not finite, for any of the cases; null if all are.
   * @param {TrainingState} state
   */
  undefinedData(state) {
    for (const [row, pairs] of state.settings.cases.entries()) {
      const leaves = state.leaves.slice();
      for (const [id, x] of pairs) leaves[id] = x;
      const found = undefinedIn(this.graph, this.graph.forward(leaves, state.settings.variant));
      if (found) return { row, ...found };
    }
    return null;
  }

  /** @param {number} round */
  forget(round) {
    this.rounds = Math.min(this.rounds, round);
    this.errors.length = this.rounds + 1;
    this.stored.length = Math.min(this.stored.length, Math.floor(this.rounds / this.stride) + 1);
    this.trouble = null;
  }

  /**
   * The first round, from this one on, whose error is below this; -1 if there is none yet.
   * @param {number} error
   */
  firstBelow(error, from = 0) {
    for (let round = from; round < this.errors.length; round++) if (this.errors[round] < error) return round;
    return -1;
  }
}

/**
 * Weights as they are drawn anew: uniform from -1 to 1, by the generator mulberry32 (Tommy Ettinger, public domain).
 * @param {number} count
 * @param {number} seed
 */
export function drawn(count, seed) {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return 2 * (((t ^ (t >>> 14)) >>> 0) / 4294967296) - 1;
  });
}
