// All numbers of one moment: a round, a case of it, and how far its steps have come.

import { beatAt } from "./beats.js";
import { totalGradient, updatedTo } from "./optimizers.js";

const GHOST_MILLISECONDS = 6; // of training the original, in a picture

/**
 * @param {object} given
 * @param {import("./graph.js").Graph} given.graph
 * @param {import("./training.js").Training} given.training
 * @param {import("./training.js").Training | null} given.ghost the same training without changes
 * @param {Pick<View, "round" | "row" | "step">} given.view
 * @param {(settings: Settings) => Plan} given.plan
 * @param {() => void} given.later asks for another frame, since this one is not whole
 * @returns {Frame}
 */
export function frameOf({ graph, training, ghost, view, plan: planFor, later }) {
  const { round, step } = view;
  const state = training.watched(round, view.row);
  const row = Math.min(view.row, state.settings.cases.length - 1); // of a table that may have become shorter
  const { settings, leaves, sums, moments, steps, optimizers } = state;
  const data = graph.forward(leaves.slice(), settings.variant);
  const slopes = training.slopes(data, state);
  const grads = graph.backward(slopes);
  const { taken, each } = training.takenBy(state, grads);
  const plan = planFor(settings);
  const trained = new Set(training.trained(settings));
  /** @param {number} id */
  const total = (id) => (trained.has(id) ? totalGradient(state, id, grads[id]) : grads[id]);
  const shared = { round, row, step, settings, leaves, sums, moments, steps, optimizers, taken, each, data, slopes, grads, plan };
  const progress = step === null ? null : progressOf({ graph, slopes, plan, step, trained, sums, settings });
  const updated = new Map((progress?.updated ?? []).map((id) => [id, updatedTo(state, id, taken[id])]));
  const current = step ? (plan.steps[step - 1] ?? null) : null;
  const ended = current?.kind === "end";
  const after = ended ? graph.forward(withNumbers(leaves, updated), settings.variant) : null;
  const changed = updated.size > 0 && !ended ? slopesThatChange(graph, data, withNumbers(data, updated), settings.variant) : null;

  /** @type {Float64Array | null} */
  let previous = null;
  /** @type {Frame} */
  const frame = {
    ...shared,
    current,
    beat: exampleOf(beatAt(plan, step), trained, (id) => updatedTo(state, id, taken[id]) - leaves[id]),
    phase: phaseOf(step, current),
    before: progress?.before ?? null,
    updated,
    after,
    dataAt: (id) => {
      if (after) return after[id];
      return updated.get(id) ?? (!progress || progress.known.has(id) ? data[id] : null);
    },
    gradAt: (id) => (!progress ? total(id) : progress.backward && !ended ? (progress.found.has(id) ? progress.partial[id] : null) : null),
    slopeAt: (index) => (!progress || (!ended && progress.used.has(index) && !changed?.has(index)) ? slopes[index] : null),
    derivativeAt: (of, by) => {
      for (const index of graph.routes(of, by)) if (frame.slopeAt(index) === null) return null;
      return graph.derivative(slopes, of, by);
    },
    changeAt: (id) => {
      if (after) return after[id] - data[id];
      const changed = updated.get(id);
      if (updated.size) return changed === undefined ? null : changed - data[id];
      if (round === 0) return null;
      previous ??= graph.forward(training.watched(round - 1, row).leaves, settings.variant);
      return data[id] - previous[id];
    },
    isDone: (phase, id) => !plan.steps.slice(step ?? Infinity).some((each) => each.node === id && phaseOf(step, each) === phase),
    ghost: null,
  };
  if (ghost?.advance(round, GHOST_MILLISECONDS) && ghost.rounds >= round) {
    const then = ghost.watched(round, row);
    frame.ghost = graph.pass(then.leaves, then.settings.variant);
  } else if (ghost && !ghost.trouble) later();
  return frame;
}

/**
 * The edges whose local derivative is no longer that of the numbers in sight, since one of these was updated.
 * @param {import("./graph.js").Graph} graph
 * @param {Float64Array} data
 * @param {Float64Array} updated
 * @param {string} variant
 */
function slopesThatChange(graph, data, updated, variant) {
  const before = graph.slopes(data, variant);
  const now = graph.slopes(updated, variant);
  return new Set(graph.edges.flatMap(({ index }) => (Object.is(before[index], now[index]) ? [] : [index])));
}

/**
 * The beat of an update, about the first parameter that moves: the one it tells of may have no gradient.
 * @param {Beat | null} beat
 * @param {Set<number>} trained
 * @param {(id: number) => number} change
 */
function exampleOf(beat, trained, change) {
  if (beat?.kind !== "update" || change(beat.node) !== 0) return beat;
  const node = beat.nodes.find((id) => trained.has(id) && change(id) !== 0);
  return node === undefined ? beat : { ...beat, node };
}

/**
 * @param {Float64Array} leaves
 * @param {Map<number, number>} numbers
 */
function withNumbers(leaves, numbers) {
  const found = leaves.slice();
  for (const [id, x] of numbers) found[id] = x;
  return found;
}

/**
 * @param {number | null} step
 * @param {Step | null} current
 * @returns {Phase | "rest"}
 */
function phaseOf(step, current) {
  if (step === null) return "rest";
  if (!current) return "forward";
  return current.kind === "seed" ? "backward" : current.kind;
}

/**
 * What is known after so many steps. A gradient is found when the last of its summands has come; before the first it is not 0, but unknown.
 * A local derivative is told from the step on that multiplies by it: earlier it would answer what is asked before that.
 * @param {object} given
 * @param {import("./graph.js").Graph} given.graph
 * @param {ArrayLike<number>} given.slopes
 * @param {Plan} given.plan
 * @param {number} given.step
 * @param {Set<number>} given.trained
 * @param {Float64Array} given.sums
 * @param {Settings} given.settings
 */
function progressOf({ graph, slopes, plan, step, trained, sums, settings }) {
  const known = new Set(graph.leaves);
  const partial = new Float64Array(graph.nodes.length);
  if (settings.accumulate) for (const id of trained) partial[id] = sums[id];
  const [found, used] = [new Set(), new Set()];
  /** @type {number[]} */
  const updated = [];
  let backward = false;
  /** @type {number | null} */
  let before = null;
  for (const done of plan.steps.slice(0, step)) {
    if (done.kind === "forward") known.add(done.node);
    else if (done.kind === "seed") {
      backward = true;
      partial[done.node] = 1;
      found.add(done.node);
    } else if (done.kind === "backward" && done.edge) {
      before = partial[done.node];
      partial[done.node] += slopes[done.edge.index] * partial[done.edge.head];
      found.add(done.node);
      used.add(done.edge.index);
    } else if (done.kind === "update") updated.push(done.node);
  }
  return { known, partial, found, used, updated, backward, before };
}

/**
 * The numbers of the round, from which its update comes, where the pictures show those after it.
 * @param {import("./graph.js").Graph} graph
 * @param {Frame} frame
 * @returns {Frame}
 */
export function beforeUpdate(graph, frame) {
  if (!frame.after) return frame;
  const { data, slopes, grads } = frame;
  const derivativeAt = (/** @type {number} */ of, /** @type {number} */ by) => graph.derivative(slopes, of, by);
  return { ...frame, after: null, dataAt: (id) => data[id], gradAt: (id) => grads[id], slopeAt: (index) => slopes[index], derivativeAt };
}

/**
 * The sum that a step of the backward pass adds to, as pieces: gradient = before + local derivative · gradient that comes in.
 * @param {import("./graph.js").Graph} graph
 * @param {Frame} frame
 * @returns {{ node: number, pieces: Piece[], local: Derivative } | null}
 */
export function happening(graph, frame) {
  const { current } = frame;
  if (current?.kind !== "backward" || !current.edge) return null;
  const { tail, head, index } = current.edge;
  const local = { of: head, by: tail, whole: graph.single(head, tail) ? 1 : 0 };
  return {
    node: tail,
    pieces: [
      "grad ",
      { name: tail, inside: true },
      ": ",
      { number: frame.before },
      " + ",
      { number: frame.slopes[index] },
      " · ",
      { number: frame.gradAt(head), id: head, quantity: "grad" },
      " = ",
      { number: frame.gradAt(tail), id: tail, quantity: "grad", enclose: false },
    ],
    local,
  };
}
