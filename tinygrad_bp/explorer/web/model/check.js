// The check: the same numbers by other ways, by central differences and, for the worked example, as they are printed and by hand.

import { Growing } from "./growing.js";
import { updatedTo } from "./optimizers.js";
import { Training } from "./training.js";
import { counted, written } from "./numbers.js";

const STEP = 1e-5; // of a central difference: its own error is then about as large as that of rounding
const MOST_AT_ONCE = 24; // parameters that are told between two pictures
export const ROUNDS = 10_000;
const PORTION = 100; // rounds
/** @type {Record<string, number>} */
export const UPDATES = { "E_total after 1 update": 1, "E_total after 10000 rounds": ROUNDS - 1 }; // before the forward pass of a figure
// What is explained below the table, in this order. The last figure is right; what is mistaken is a formula for it.
export const NOTES = ["dE_o2/dout_h1", "E_total after 1 update", "E_total after 10000 rounds", "net_h1"];

/**
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {Pick<Frame, "data" | "settings">} Place
 * @typedef {Pick<import("./session.js").Session, "graph" | "training" | "description" | "programs">} Example the worked one
 * @typedef {{ told: Training, sequential: Training, byHand: number[] }} Trainings
 * @typedef {{ autograd: (frame: Frame, trainings: Trainings | null) => number | null, difference: (frame: Frame) => number | null, secret: [number, Riddle] }} Figure
 */

/**
 * @param {number} a
 * @param {number} b
 * @param {number} tolerance
 */
export function isClose(a, b, tolerance) {
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * The derivative of one node by another from forward passes alone: how far both go when a leaf goes a little up and down. Null if no leaf
 * of `handles` moves `by`.
 * @param {Graph} graph
 * @param {Place} place
 * @param {number} of
 * @param {number} by
 */
function centralDifference(graph, { data, settings }, of, by, handles = [by], least = 1) {
  const usual = (/** @type {number} */ id) => STEP * Math.max(least, Math.abs(data[id]));
  for (const leaf of handles) {
    const at = (/** @type {number} */ x) => {
      const moved = data.slice();
      moved[leaf] = x;
      return graph.forward(moved, settings.variant);
    };
    const apart = (/** @type {number} */ step) => {
      const [above, below] = [at(data[leaf] + step), at(data[leaf] - step)];
      return [above[of] - below[of], above[by] - below[by]];
    };
    let step = usual(leaf);
    if (leaf !== by) {
      const [, far] = apart(step);
      if (far === 0) continue;
      step *= (2 * usual(by)) / Math.abs(far); // so that `by` goes as far as a leaf would
    }
    const [change, move] = apart(step);
    return change / move;
  }
  return null;
}

/**
 * The leaves that change a node only by way of another: what follows when they move that one is a derivative by it.
 * @param {Graph} graph
 * @param {number} of
 * @param {number} by
 */
function handlesOf(graph, of, by) {
  if (!graph.nodes[by].op) return [by];
  return graph.leaves.filter((leaf) => graph.routes(by, leaf).size > 0 && graph.routes(of, leaf, new Set([by])).size === 0);
}

/**
 * Whether the result changes alike on both sides of a parameter: at a kink, as of relu at 0, it has no derivative to compare with. A
 * step far below the usual one, as near an end of the domain, tells only if the result feels it: what rounds away is no change.
 * @param {Graph} graph
 * @param {Place} place
 * @param {number} id
 */
export function smooth(graph, { data, settings }, id) {
  return [1, 0].some((least) => {
    const step = STEP * Math.max(least, Math.abs(data[id]));
    const [below, here, above] = [-step, 0, step].map((move) => {
      const moved = data.slice();
      moved[id] += move;
      return graph.forward(moved, settings.variant)[graph.result];
    });
    const felt = least > 0 || Math.abs(above - below) > 1e-9 * Math.abs(here);
    return felt && isClose(above - here, here - below, 1e-2);
  });
}

/**
 * A gradient and its central difference, and how they agree.
 * @param {Graph} graph
 * @param {Frame} frame
 * @param {number} id
 */
export function compared(graph, frame, id) {
  // What rounding leaves of a difference does not shrink with the derivative.
  const noise = 1e-9 * Math.max(1, Math.abs(frame.data[graph.result]));
  const found = frame.grads[id];
  // Near an end of the domain, as of a logarithm, only a step that is small beside the number itself stays inside.
  const by = (/** @type {number} */ least) => {
    const difference = centralDifference(graph, frame, graph.result, id, [id], least) ?? NaN;
    return Number.isFinite(difference) ? difference : NaN;
  };
  const far = by(1);
  const near = isClose(found, far, 1e-5) ? far : by(0);
  const check = [near, far].find((each) => isClose(found, each, 1e-5)) ?? (Number.isFinite(far) ? far : near);
  const distance = Math.abs(found - check);
  const agrees = distance <= noise || isClose(found, check, 1e-5);
  const judged = () => Number.isFinite(found) && Number.isFinite(check) && smooth(graph, frame, id);
  const apart = distance && distance / Math.max(Math.abs(found), Math.abs(check));
  return { found, check, apart, verdict: agrees ? "agrees" : judged() ? "differs" : "notJudged" };
}

/** @typedef {ReturnType<typeof compared>} Check */

/**
 * All parameters' gradients and central differences, some of them at a time: of hundreds they take longer than a picture may.
 * @param {Graph} graph
 * @param {(place: number, check: Check) => void} show what is told of each parameter, by its place among them, when it is found
 */
export function checksOf(graph, show) {
  return new Growing(
    graph,
    (/** @type {{ key: string, frame: Frame }} */ wanted) => ({ ...wanted, found: 0 }),
    (growing, passes) => {
      const end = Math.min(graph.parameters.length, growing.found + Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(passes / 2))));
      for (; growing.found < end; growing.found++) {
        show(growing.found, compared(graph, growing.frame, graph.parameters[growing.found]));
      }
      return growing.found === graph.parameters.length;
    },
  );
}

/**
 * What a figure is called and how it is computed, as it is printed, in pieces for Notation.
 * @param {string} formula
 * @param {Map<string, number>} ids
 * @returns {Piece[]}
 */
export function piecesOf(formula, ids) {
  return formula.split(/( {2}\(the node delta of \w+\)|d\w+\/d\w+|[A-Za-z]\w*)/).flatMap((part) => pieceOf(part, ids));
}

/**
 * @param {string} part
 * @param {Map<string, number>} ids
 * @returns {Piece | Piece[]}
 */
function pieceOf(part, ids) {
  const derivative = /^d(\w+)\/d(\w+)$/.exec(part);
  const delta = /node delta of (\w+)/.exec(part);
  if (derivative) return { of: ids.get(derivative[1]), by: ids.get(derivative[2]), whole: 1 };
  if (delta) return [" = ", { delta: `delta_${delta[1]}` }];
  if (ids.has(part)) return { name: ids.get(part) };
  if (part === "eta") return "η";
  return part === "sigmoid" ? "σ" : part.replace(/ ?(\*\*?) ?/g, " $1 ");
}

/**
 * How a figure is found by autograd and by central differences, at a place of the training, and the number that would give it away.
 * @param {Graph} graph
 * @param {string} name
 * @param {Map<string, number>} ids
 * @returns {Figure}
 */
export function figureOf(graph, name, ids) {
  const place = (/** @type {string} */ label) => /** @type {number} */ (ids.get(label));
  if (name in UPDATES) {
    return {
      autograd: (_, trainings) => trainings?.told.errors[UPDATES[name]] ?? null,
      difference: () => null,
      secret: [graph.result, "data"],
    };
  }
  const derivative = /^d(\w+)\/d(\w+)$/.exec(name);
  if (derivative) {
    const [of, by] = [place(derivative[1]), place(derivative[2])];
    const handles = handlesOf(graph, of, by);
    return {
      autograd: ({ grads, slopes }) => (of === graph.result ? grads[by] : graph.derivative(slopes, of, by)),
      difference: (frame) => centralDifference(graph, frame, of, by, handles),
      secret: [by, "grad"],
    };
  }
  const id = place(name.replace("+", ""));
  if (name.endsWith("+")) {
    return {
      autograd: (frame) => updatedTo(frame, id, frame.grads[id]),
      difference: (frame) => updatedTo(frame, id, centralDifference(graph, frame, graph.result, id) ?? NaN),
      secret: [id, "next"],
    };
  }
  return { autograd: ({ data }) => data[id], difference: () => null, secret: [id, "data"] };
}

/**
 * All that the derivation by hand finds for these numbers, by name.
 * @param {Example} example
 * @param {(name: string) => number} numberOf
 * @returns {Map<string, number>}
 */
export function derivedByHand({ description, programs }, numberOf) {
  const { takes, returns } = tutorialOf(description).hand;
  const found = /** @type {NonNullable<AllPrograms["hand"]>} */ (programs.hand)(...takes.map(numberOf));
  return new Map(returns.map((name, k) => [name, found[k]]));
}

/** @param {Description} description */
export function tutorialOf(description) {
  return /** @type {NonNullable<Description["tutorial"]>} */ (description.tutorial);
}

/**
 * The training of the text from its own numbers: by autograd as it is told, with the sequential update, and by hand. Yields now and then
 * which share of it is done, so that a page can do other things between.
 * @param {Example} example
 * @returns {Generator<number, Trainings, void>}
 */
export function* ownTrainings(example) {
  const { graph, training } = example;
  const { original } = training;
  const [told, sequential] = [original, { ...original, sequential: true }].map((settings) => new Training(graph, settings));
  for (const [k, run] of [told, sequential].entries()) {
    for (let round = 0; round < ROUNDS; round += PORTION) {
      run.advance(round + PORTION);
      yield (k + round / ROUNDS) / 3;
    }
  }
  const numbers = new Map([["eta", original.rate]]);
  for (const id of graph.leaves) numbers.set(graph.nodes[id].name, graph.start[id]);
  const trained = told.trained(original).map((id) => graph.nodes[id].name);
  /** @type {number[]} */
  const byHand = [];
  for (let round = 0; round < ROUNDS; round++) {
    const found = derivedByHand(example, (name) => numbers.get(name) ?? NaN);
    byHand.push(found.get("E_total") ?? NaN);
    for (const name of trained) numbers.set(name, found.get(`${name}+`) ?? NaN);
    if (round % PORTION === 0) yield (2 + round / ROUNDS) / 3;
  }
  return { told, sequential, byHand };
}

/**
 * What the notes on the errata say in numbers, one after the other, as people write numbers.
 * @param {Example} example
 * @param {Map<string, number>} ids
 * @param {Trainings} trainings
 * @returns {Record<string, string>[]}
 */
export function errataNumbers({ graph, training, description }, ids, { told, sequential }) {
  const { errata, otherEditions } = tutorialOf(description);
  const outputs = (/** @type {Training} */ run) => {
    const data = graph.forward(run.at(ROUNDS).leaves, training.original.variant);
    return otherEditions.map(([name]) => written(data[ids.get(name) ?? 0], 10)).join(", ");
  };
  const editions = {
    editions: otherEditions.map(([, print]) => print).join(", "),
    sequential: outputs(sequential),
    simultaneous: outputs(told),
  };
  return errata.map(([, , given]) => ({
    ...editions,
    ...Object.fromEntries(Object.entries(given).map(([key, x]) => [key, asPeopleWrite(x)])),
  }));
}

/** @param {string} number as Python has written it */
function asPeopleWrite(number) {
  if (/^\d{4,}$/.test(number)) return counted(Number(number));
  return number.replace(/e-0*(\d)/, "e−$1").replace("-", "−");
}
