// What a link holds: the changes made to the training, the place in it, and what is looked at. It is read with distrust.

import { languages } from "./words.js";
import { MOST_RUNGS } from "./ladder.js";
import { MOST_CASES } from "./points.js";
import { wayOf } from "./rival.js";
import { MOST_ROUNDS } from "./training.js";

/** @typedef {import("./graph.js").Graph} Graph */

export const STATE_VERSION = 2;
const FIRST_VERSION = 1;
export const LONGEST_STATE = 200_000; // characters
const MOST_EVENTS = 2000;

/** @type {Record<string, string[]>} */
const CHOICES = {
  quantity: ["data", "grad"],
  tab: ["neurons", "graph"],
  mode: ["values", "gradients", "change"],
  panel: ["formula", "slope", "training", "edit", "paths", "truth", "teacher", "export", "settings"],
  pace: ["node", "beat", "pass"],
};
/** @type {Level[]} */
export const LEVELS = ["layer", "neuron", "operation"];
const SWITCHES = ["open", "ask", "logScale", "logRounds", "keys"];
const NODES = ["selected", "lens"];

// The parts of a page that its address may hide, for who shows it in a page of their own.
export const PARTS = ["header", "words", "player"];

/**
 * A fragment such as "#s=…&hide=header,player": what is in it of the state, the parts to hide, and names of parts that there are not.
 * @param {string} fragment
 */
export function takenFrom(fragment) {
  const pieces = fragment.replace(/^#/, "").split("&");
  const isHiding = (/** @type {string} */ piece) => piece.startsWith("hide=");
  const rest = pieces.filter((piece) => piece && !isHiding(piece)).join("&");
  const names = pieces.filter(isHiding).flatMap((piece) => piece.slice("hide=".length).split(",").filter(Boolean));
  return {
    state: rest && `#${rest}`,
    hidden: PARTS.filter((part) => names.includes(part)),
    unknown: names.filter((name) => !PARTS.includes(name)),
  };
}

/** @param {object} state */
export function encoded(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The state in a fragment such as "#s=…", checked against the graph; null if it holds none or none that makes sense.
 * @param {string} fragment
 * @param {Graph} graph
 * @param {Settings} original
 */
export function decoded(fragment, graph, original) {
  const found = /^#?s=([\w-]+)$/.exec(fragment);
  if (!found || found[1].length > LONGEST_STATE) return null;
  try {
    const bytes = Uint8Array.from(atob(found[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return checked(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), graph, original);
  } catch {
    return null;
  }
}

/**
 * The state again, with nothing in it but what a page can be in; null if anything is not.
 * @param {any} state
 * @param {Graph} graph
 * @param {Settings} original
 */
export function checked(state, graph, original) {
  try {
    const earlier = state?.version === FIRST_VERSION;
    if ((!earlier && state?.version !== STATE_VERSION) || state.graph !== fingerprint(graph)) return null;
    const events = checkedEvents(state.events, graph, original);
    const rows = Math.max(...countsOf(events, original));
    const view = checkedView(earlier ? withoutSteps(state.view) : state.view, graph, rows);
    return { version: STATE_VERSION, earlier, graph: state.graph, view, events };
  } catch {
    return null;
  }
}

/**
 * A view of the first edition, which counted its steps otherwise.
 * @param {any} view
 */
function withoutSteps({ step: _, pace, ...view }) {
  return { ...view, step: null, pace: pace === "neuron" ? "beat" : pace };
}

/** @param {unknown} condition */
function require(condition) {
  if (!condition) throw new Error("not a state of this page");
}

/**
 * @param {any} x
 * @param {number} most
 * @returns {number}
 */
function wholeNumber(x, most) {
  require(Number.isInteger(x) && x >= 0 && x <= most);
  return x;
}

/**
 * @param {any} view
 * @param {Graph} graph
 * @param {number} rows how many cases there are, or have been
 * @returns {Partial<View> & { round: number, row: number, step: number | null, trained: number, language?: string }}
 */
function checkedView(view, graph, rows) {
  require(view && typeof view === "object" && !Array.isArray(view));
  /** @type {any} */
  const found = checkedPlace(view, graph, rows);
  for (const [key, choices] of [...Object.entries(CHOICES), /** @type {[string, string[]]} */ (["language", languages()])]) {
    if (view[key] === undefined) continue;
    require(choices.includes(view[key]));
    found[key] = view[key];
  }
  if (!graph.trains && found.panel === "training") delete found.panel; // there is none
  for (const key of SWITCHES) {
    if (view[key] === undefined) continue;
    require(typeof view[key] === "boolean");
    found[key] = view[key];
  }
  for (const key of NODES) {
    if (view[key] === undefined || view[key] === null) continue;
    require(graph.variables.includes(view[key]));
    found[key] = view[key];
  }
  if (view.quiz) {
    const { id, quantity, seed, rung } = view.quiz;
    require(
      graph.variables.includes(id) &&
        ["next", ...CHOICES.quantity].includes(quantity) &&
        (quantity === "data" ? graph.nodes[id].op : id !== graph.result) &&
        (quantity !== "next" || (graph.trains && graph.parameters.includes(id))),
    );
    found.quiz = { id, quantity, seed: wholeNumber(seed ?? 0, 2 ** 32 - 1) };
    if (rung !== undefined) found.quiz.rung = wholeNumber(rung, MOST_RUNGS - 1);
  }
  return { ...found, ...checkedRival(view, graph), ...checkedLevel(view, graph) };
}

/**
 * The round, the case and the step. Where nothing is trained, there is no second round.
 * @param {any} view
 * @param {Graph} graph
 * @param {number} rows
 */
function checkedPlace({ round = 0, trained = round, row = 0, step = null }, graph, rows) {
  const most = graph.trains ? MOST_ROUNDS : 0;
  return {
    round: wholeNumber(round ?? 0, most),
    trained: wholeNumber(trained ?? round ?? 0, most),
    row: wholeNumber(row ?? 0, rows - 1),
    step: step === null ? null : wholeNumber(step, graph.nodes.length + 2 + graph.edges.length + graph.parameters.length),
  };
}

/**
 * How far the graph is folded. In older links each neuron was closed by itself.
 * @param {any} view
 * @param {Graph} graph
 * @returns {{ level?: Level }}
 */
function checkedLevel({ level = null, collapsed = [] }, graph) {
  require(level === null || LEVELS.includes(level));
  require(Array.isArray(collapsed) && collapsed.length <= graph.nodes.length);
  for (const group of collapsed) wholeNumber(group, graph.nodes.length);
  return level || collapsed.length ? { level: level ?? "neuron" } : {};
}

/**
 * The second run, of which all is known, or none.
 * @param {any} view
 * @param {Graph} graph
 */
function checkedRival({ rival }, graph) {
  if (!rival) return {};
  const way = checkedSettings(wayOf(rival), graph);
  require(Object.keys(way).length === 3);
  return { rival: way };
}

/**
 * @param {any} events
 * @param {Graph} graph
 * @param {Settings} original
 * @returns {TrainingEvent[]}
 */
function checkedEvents(events, graph, original) {
  require(Array.isArray(events) && events.length <= MOST_EVENTS);
  const parameters = new Set(graph.parameters);
  const leaves = new Set(original.cases[0].map(([id]) => id));
  /** @param {any} x */
  const number = (x) => {
    require(Number.isFinite(x));
    return x;
  };
  /** @param {any} event */
  const checkedEvent = (event) => {
    /** @type {TrainingEvent} */
    const made = { round: wholeNumber(event.round, MOST_ROUNDS), row: wholeNumber(event.row, MOST_CASES - 1) };
    if (event.leaves) {
      made.leaves = event.leaves.map((/** @type {any} */ [id, x]) => {
        require(parameters.has(id));
        return [id, number(x)];
      });
    }
    if (event.cells) {
      made.cells = event.cells.map((/** @type {any} */ [row, id, x]) => {
        require(leaves.has(id));
        return [wholeNumber(row, MOST_CASES - 1), id, number(x)];
      });
    }
    if (event.preset !== undefined) {
      require(Object.hasOwn(original.tables, event.preset));
      made.preset = event.preset;
    }
    if (event.table !== undefined) made.table = checkedTable(event.table, original.cases[0], number);
    require([undefined, true, false].includes(event.clear));
    if (event.clear) made.clear = true;
    if (event.settings !== undefined) made.settings = checkedSettings(event.settings, graph);
    return made;
  };
  const found = events
    .map((/** @type {any} */ event) => checkedEvent(event))
    .sort((/** @type {TrainingEvent} */ a, /** @type {TrainingEvent} */ b) => a.round - b.round || a.row - b.row);
  require(
    found.every(
      (/** @type {TrainingEvent} */ event, /** @type {number} */ k) =>
        k === 0 || event.round > found[k - 1].round || event.row > found[k - 1].row,
    ),
  );
  const counts = countsOf(found, original);
  found.forEach((/** @type {TrainingEvent} */ { row: place, cells = [] }, /** @type {number} */ k) => {
    require(place < counts[k] && cells.every(([row]) => row < counts[k + 1]));
  });
  return found;
}

/**
 * How many cases there are to begin with, and after each event.
 * @param {TrainingEvent[]} events
 * @param {Settings} original
 */
function countsOf(events, original) {
  const counts = [original.cases.length];
  for (const { preset, table } of events) {
    const tables = [table, preset === undefined ? undefined : original.tables[preset]];
    counts.push(tables.find((each) => each !== undefined)?.length ?? counts[counts.length - 1]);
  }
  return counts;
}

/**
 * A table of cases, each of the same leaves.
 * @param {any} table
 * @param {Case} like
 * @param {(x: any) => number} number
 * @returns {Case[]}
 */
function checkedTable(table, like, number) {
  require(Array.isArray(table) && table.length > 0 && table.length <= MOST_CASES);
  return table.map((/** @type {any} */ row) => {
    require(Array.isArray(row) && row.length === like.length);
    return like.map(([id], k) => {
      require(row[k][0] === id);
      return [id, number(row[k][1])];
    });
  });
}

/**
 * @param {any} settings
 * @param {Graph} graph
 * @returns {Partial<Settings>}
 */
function checkedSettings(settings, graph) {
  require(Object.prototype.toString.call(settings) === "[object Object]");
  const { rate, biases, sequential, accumulate, variant, seed, optimizer, batch } = settings;
  require(rate === undefined || (Number.isFinite(rate) && rate > 0));
  require(variant === undefined || graph.variantNames.includes(variant));
  require(optimizer === undefined || Object.hasOwn(graph.optimizers, optimizer));
  for (const flag of [biases, sequential, accumulate, batch]) require(flag === undefined || typeof flag === "boolean");
  if (seed !== undefined) wholeNumber(seed, 2 ** 32 - 1);
  const all = { rate, biases, sequential, accumulate, variant, seed, optimizer, batch };
  return Object.fromEntries(Object.entries(all).filter(([, x]) => x !== undefined));
}

/**
 * A number that tells one page's graph from another's: FNV-1a of what its nodes are.
 * @param {Graph} graph
 */
export function fingerprint(graph) {
  let hash = 0x811c9dc5;
  for (const c of JSON.stringify(graph.nodes.map((node) => [node.name, node.op, node.args]))) {
    hash = Math.imul(hash ^ (c.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}
