// What exports write: the run as JSON and as a table, the page in a state, the names of files.

import { exactly } from "./numbers.js";

const MOST_LINES = 10_001; // of a table, below its heading
const LONGEST_FILE_NAME = 60;

/** @typedef {Pick<import("./session.js").Session, "graph" | "notation" | "training">} Run */

/**
 * The text of a page that opens in a state. No sign in it can end the element that holds the state.
 * @param {string} pristine
 * @param {object} state
 */
export function pageInState(pristine, state) {
  const json = JSON.stringify(state).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return pristine.replace(/(<script type="application\/json" id="state">)[^<]*/, (_, opening) => opening + json);
}

/**
 * All numbers at a place of the training, by the names of their nodes.
 * @param {Run} run
 * @param {Frame} frame
 * @param {string} title
 */
export function runAsJson({ graph, notation, training }, frame, title) {
  const byName = (/** @type {[number, number][]} */ pairs) => Object.fromEntries(pairs.map(([id, x]) => [notation.name(id), x]));
  const numbers = (/** @type {number[]} */ ids, /** @type {ArrayLike<number>} */ from) => byName(ids.map((id) => [id, from[id]]));
  const named = (/** @type {Partial<Settings>} */ { cases, ...settings }) => ({
    ...settings,
    ...(cases && { cases: cases.map((each) => byName(each)) }),
  });
  const run = {
    title,
    names: graph.variables.map((id) => notation.name(id)),
    settings: named(frame.settings),
    events: training.events.map(({ settings, leaves, ...event }) => ({
      ...event,
      ...(settings && { settings: named(settings) }),
      ...(leaves && { leaves: byName(leaves) }),
    })),
    round: frame.round,
    row: frame.row,
    leaves: numbers(graph.leaves, frame.data),
    data: numbers(graph.variables, frame.data),
    gradients: numbers(graph.variables, frame.grads),
    derivatives: graph.edges.map(({ head, tail, index }) => ({
      of: notation.name(head),
      by: notation.name(tail),
      value: frame.slopes[index],
    })),
    errors: training.errors,
  };
  // JSON has no infinity and no NaN: they are written as words.
  return JSON.stringify(run, (_, x) => (typeof x === "number" && !Number.isFinite(x) ? exactly(x) : x), 1);
}

/**
 * Every how many rounds a table has a line: such that the states of the training need not be computed anew.
 * @param {{ rounds: number, stride: number }} training
 */
export function roundsApart({ rounds, stride }) {
  return stride * Math.ceil(Math.max(1, rounds) / (stride * (MOST_LINES - 1)));
}

/**
 * The training as a table, a line for a round.
 * @param {Run} run
 * @returns {Generator<void, string>} yields after each line
 */
export function* runAsCsv({ graph, notation, training }) {
  /** @type {(string | number)[][]} */
  const lines = [["round", "error", ...graph.parameters.map((id) => labelField(notation.name(id)))]];
  const step = roundsApart(training);
  for (let round = 0; round <= training.rounds; round += step) {
    const { leaves } = training.at(round);
    yield;
    lines.push([round, ...[training.errors[round], ...graph.parameters.map((id) => leaves[id])].map(exactly)]);
  }
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/**
 * A label as a field of RFC 4180. Of one that begins as a formula does, a spreadsheet would compute the value.
 * @param {string} label
 */
function labelField(label) {
  const safe = /^[=+\-@\t\r]/.test(label) ? `'${label}` : label;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * A file name of letters, digits and hyphens.
 * @param {string} title
 * @param {string} ending
 */
export function fileName(title, ending) {
  const plain = title.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-");
  return `${
    [...plain]
      .slice(0, LONGEST_FILE_NAME)
      .join("")
      .replace(/^-+|-+$/g, "") || "page"
  }.${ending}`;
}
