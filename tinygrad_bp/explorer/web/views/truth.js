// The check: autograd beside central differences, and for the worked example beside what is printed and the derivation by hand.

import {
  checksOf,
  derivedByHand,
  errataNumbers,
  figureOf,
  isClose,
  NOTES,
  ownTrainings,
  piecesOf,
  tutorialOf,
  UPDATES,
} from "../model/check.js";
import { exactly, written } from "../model/numbers.js";
import { text } from "../model/words.js";
import { button } from "./controls.js";
import { el, put, set, toggle } from "./elements.js";
import { gradually } from "./gradual.js";
import { nameElement, piecesElements } from "./pieces.js";
import { pause, slice } from "./standalone.js";

/** @type {Record<string, string>} */
const MARKS = { holds: "✓", agrees: "✓", erratum: "≠", notJudged: "–", differs: "✗" };

/**
 * @typedef {Pick<import("../model/session.js").Session, "graph" | "training" | "description" | "programs" | "notation" | "shown" | "hides" | "go" | "change">} Examiner
 * @typedef {{ root: HTMLElement, update: (frame: Frame, key: string) => void, isWhole: () => boolean }} Table
 * @typedef {import("./elements.js").Child} Child
 */

/**
 * @param {Examiner} session
 * @returns {Panel}
 */
export function truthView(session) {
  const { root, update, isWhole } = session.description.tutorial ? figuresTable(session) : parametersTable(session);
  let seen = "";

  /** @param {Frame} frame */
  function render(frame) {
    const { rate, variant, sequential, accumulate, optimizer, batch } = frame.settings;
    const { leaves, parameters, variables } = session.graph;
    const key = JSON.stringify([
      rate,
      variant,
      sequential,
      accumulate,
      optimizer,
      batch,
      frame.steps,
      leaves.map((id) => frame.data[id]),
      parameters.map((id) => frame.sums[id]),
      variables.filter((id) => session.hides(id, "data")),
      variables.filter((id) => session.hides(id, "grad")),
    ]);
    if (key === seen && isWhole()) return;
    seen = key;
    update(frame, key);
  }

  return { root, render };
}

/**
 * @param {string} intro
 * @param {HTMLElement} remarks
 * @param {string[]} columns
 * @param {Child} bodies
 * @param {Child[]} more
 */
function sectionOf(intro, remarks, columns, bodies, ...more) {
  const headings = columns.map((key) => el("th", { scope: "col", title: text(`${key}.help`) }, text(key)));
  return el(
    "section",
    { class: "truth" },
    el("h2", {}, text("truth.title")),
    el("p", { class: "quiet small" }, text(intro)),
    remarks,
    el(
      "div",
      { class: "truth-scroll", tabIndex: 0, role: "region", "aria-label": text("truth.title") },
      el("table", { class: "truth-table" }, el("thead", {}, el("tr", {}, headings)), bodies),
    ),
    more,
  );
}

/**
 * Sentences on how what is shown differs from what is usual.
 * @param {Frame} frame
 * @param {(string | false)[]} more
 */
function remarksOn({ settings }, ...more) {
  const keys = [...more, settings.sequential && "truth.sequential", settings.accumulate && "truth.accumulate"];
  const other = settings.optimizer === "sgd" ? "" : text("truth.optimizer", { optimizer: text(`optimizer.${settings.optimizer}`) });
  return [...keys.map((key) => (key ? text(key) : "")), other].filter(Boolean).map((words) => el("p", {}, words));
}

/** @param {number} count */
function emptyCells(count) {
  return Array.from({ length: count }, () => el("td", { class: "truth-number" }));
}

/**
 * @param {HTMLElement} cell
 * @param {number | null | undefined} x
 * @param {boolean} hidden
 */
function showNumber(cell, x, hidden) {
  put(cell, hidden ? "?" : written(x));
  set(cell, "title", hidden ? "" : exactly(x));
}

/**
 * @param {HTMLElement} cell
 * @param {string} verdict
 */
function showVerdict(cell, verdict) {
  put(cell, `${MARKS[verdict]} ${text(`truth.${verdict}`)}`);
  for (const each of Object.keys(MARKS)) toggle(cell, each, each === verdict);
}

/**
 * Any graph: each parameter's gradient and the central difference.
 * @param {Examiner} session
 * @returns {Table}
 */
function parametersTable(session) {
  const { graph } = session;
  const remarks = el("div", { class: "truth-remarks" });
  const rows = graph.parameters.map((id) => {
    const [gradient, difference, apart] = emptyCells(3);
    const verdict = el("td", { class: "truth-verdict" });
    const element = el("tr", {}, el("th", { scope: "row" }, nameElement(graph.nodes[id].name)), gradient, difference, apart, verdict);
    return { id, gradient, difference, apart, verdict, element };
  });
  const columns = ["truth.parameter", "truth.autograd", "truth.difference", "truth.apart", "truth.verdict"];
  const body = el(
    "tbody",
    {},
    rows.map(({ element }) => element),
  );
  const root = sectionOf("truth.introGraph", remarks, columns, body);

  /**
   * @param {number} k
   * @param {import("../model/check.js").Check | null} both
   */
  function show(k, both) {
    const { id, gradient, difference, apart, verdict } = rows[k];
    const hidden = session.hides(id, "grad");
    if (!hidden && !both) return;
    showNumber(gradient, both?.found, hidden);
    showNumber(difference, both?.check, hidden);
    put(apart, hidden || !both ? "?" : written(both.apart, 2));
    if (both) showVerdict(verdict, both.verdict);
  }

  const checks = checksOf(graph, show);
  const growth = gradually(checks, root);
  /** @type {Table["update"]} */
  const update = (frame, key) => {
    remarks.replaceChildren(...remarksOn(frame));
    rows.forEach((_, k) => show(k, null)); // a number that is to be hidden goes at once, whatever is still to be computed
    growth.want({ key, frame });
  };

  return { root, update, isWhole: () => !checks.waits };
}

/**
 * The worked example: each of its figures, and below them where the text and the mathematics part.
 * @param {Examiner} session
 * @returns {Table}
 */
function figuresTable(session) {
  const { graph } = session;
  const { original } = session.training;
  const ids = new Map(graph.nodes.filter(({ name }) => name).map(({ id, name }) => [name, id]));
  const remarks = el("div", { class: "truth-remarks" });
  const notes = el("ol", { class: "truth-notes" });
  const columns = ["truth.printed", "truth.hand", "truth.autograd", "truth.difference"];
  const { rows, bodies } = figureRows(session, ids, columns.length);
  const progress = el("p", { class: "truth-progress quiet" });
  const root = sectionOf("truth.intro", remarks, columns, bodies, el("h2", {}, text("truth.errata")), progress, notes);
  root.querySelector("table")?.classList.add("truth-figures"); // which has two lines of a row where there is no room for one
  /** @type {import("../model/check.js").Trainings | null} */
  let trainings = null;
  /** @type {ReturnType<typeof ownTrainings> | null} */
  let work = null;
  let working = false;
  /** @type {HTMLElement[]} */
  let errata = [];

  // Trains as the text does, in slices, for as long as the panel is open.
  async function train() {
    working = true;
    work ??= ownTrainings(session);
    do {
      const step = slice(work);
      if (step.done) {
        trainings = step.value;
        errata = errataOf(session, errataNumbers(session, ids, trainings));
        progress.hidden = true;
        update(session.shown);
      } else put(progress, text("truth.computing", { share: String(Math.floor(100 * step.value)) }));
      await pause();
    } while (!trainings && root.offsetParent);
    working = false;
  }

  /**
   * What the derivation by hand, or the training by it, finds; null if that is not known yet.
   * @param {string} name
   * @param {Map<string, number>} found
   */
  function handOf(name, found) {
    return (name in UPDATES ? trainings?.byHand[UPDATES[name]] : found.get(name)) ?? null;
  }

  /** @param {Frame} frame */
  function update(frame) {
    if (!trainings && !working) void train();
    notes.replaceChildren(...(rows.some(({ figure }) => session.hides(...figure.secret)) ? [] : errata)); // which would tell a hidden number
    const { data, settings } = frame;
    const known = settings.variant === original.variant; // the derivation by hand is for these activations
    const numberOf = (/** @type {string} */ name) => (name === "eta" ? settings.rate : data[ids.get(name) ?? 0]);
    const found = known ? derivedByHand(session, numberOf) : new Map();
    const usual = known && settings.rate === original.rate && !settings.sequential && settings.optimizer === "sgd";
    const atStart = usual && graph.leaves.every((id) => data[id] === graph.start[id]);
    remarks.replaceChildren(...remarksOn(frame, !atStart && "truth.elsewhere", !known && "truth.noHand"));
    for (const { name, printed, figure, print, byHand, autograd, difference, verdict } of rows) {
      const hidden = session.hides(...figure.secret);
      const other = settings.optimizer !== "sgd" && name.endsWith("+");
      const derived = other ? null : handOf(name, found);
      const graphs = figure.autograd(frame, trainings);
      put(print, hidden ? "?" : printed.replace("-", "−"));
      showNumber(byHand, derived, hidden);
      showNumber(autograd, graphs, hidden);
      showNumber(difference, figure.difference(frame), hidden);
      showVerdict(verdict, judged(name, printed, derived, graphs, atStart || name in UPDATES));
    }
  }

  return { root, update, isWhole: () => trainings !== null };
}

/**
 * The rows of the figures, under the headings of their stages.
 * @param {Examiner} session
 * @param {Map<string, number>} ids
 * @param {number} columns
 */
function figureRows({ graph, notation, description }, ids, columns) {
  const { figures } = tutorialOf(description);
  const heading = (/** @type {string} */ kind, /** @type {Child[]} */ ...words) =>
    el("tr", {}, el("th", { class: kind, scope: "rowgroup", colSpan: columns }, el("div", { class: "truth-line" }, words)));
  /** @type {HTMLElement[]} */
  const bodies = [];
  const rows = figures.map(([stage, name, formula, printed], k) => {
    if (stage !== figures[k - 1]?.[0]) bodies.push(el("tbody", {}, heading("truth-stage", text(`truth.${stage}`))));
    const [left, right] =
      name in UPDATES
        ? [`truth.after${UPDATES[name]}`, `truth.after${UPDATES[name]}.formula`].map((key) => text(key))
        : [name.replace("+", "⁺"), formula].map((each) => piecesElements(notation, piecesOf(each, ids)));
    const [print, byHand, autograd, difference] = emptyCells(4);
    const verdict = el("span", { class: "truth-verdict", title: text("truth.verdict.help") });
    const note = NOTES.indexOf(name) + 1;
    const see = note > 0 && el("span", { class: "quiet" }, ` · ${text("truth.note", { number: note })}`);
    bodies.push(
      el(
        "tbody",
        {},
        heading("truth-figure", el("span", {}, left, " = ", right), el("span", { class: "truth-end" }, verdict, see)),
        el("tr", {}, print, byHand, autograd, difference),
      ),
    );
    return { name, printed, figure: figureOf(graph, name, ids), print, byHand, autograd, difference, verdict };
  });
  return { rows, bodies };
}

/**
 * @param {string} name
 * @param {string} printed
 * @param {number | null} derived
 * @param {number | null} graphs
 * @param {boolean} applies
 */
function judged(name, printed, derived, graphs, applies) {
  if (derived !== null && graphs !== null && !isClose(derived, graphs, 1e-12)) return "differs";
  if (!applies || derived === null) return "notJudged";
  if (NOTES.slice(0, -1).includes(name)) return "erratum";
  return derived.toFixed(printed.split(".")[1].length) === printed ? "holds" : "differs";
}

/**
 * The errata, each with its cause.
 * @param {Examiner} session
 * @param {Record<string, string>[]} given
 */
function errataOf(session, given) {
  const see = () => {
    session.go({ round: 0 });
    if (!session.change({ settings: { sequential: true } })) return;
    session.training.advance(1);
    session.go({ round: 1 });
  };
  return NOTES.map((name, k) =>
    el(
      "li",
      {},
      el("h3", {}, text(`truth.note${k + 1}.title`)),
      el("p", {}, text(`truth.note${k + 1}`, given[k])),
      UPDATES[name] === 1 && el("p", {}, text("truth.note2.editions", given[k])),
      UPDATES[name] === 1 && button(text("truth.see"), see, "small"),
    ),
  );
}
