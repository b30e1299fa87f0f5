// The table that is learned: what each case should give, and what the network gives for it now.

import { el, put, set } from "./elements.js";
import { counted, exactly, written } from "../model/numbers.js";
import { classOf } from "../model/points.js";
import { nameElement } from "./pieces.js";
import { text } from "../model/words.js";

/**
 * @param {Pick<import("../model/session.js").Session, "graph" | "description" | "programs" | "shown" | "training" | "view" | "hides" | "go" | "change">} session
 * @returns {Panel}
 */
export function casesView(session) {
  const { graph, description } = session;
  const outputs = (graph.network?.neurons ?? []).filter((neuron) => neuron.depth === graph.depth);
  const targets = new Set(outputs.map((neuron) => neuron.target));
  const leaves = description.cases[0].map(([id]) => id).filter((id) => !targets.has(id));

  const presets = description.presets && presetsView(session, Object.keys(description.presets.tables));
  const classes = description.classes && classOf(session, session.shown.data) !== null;

  /** @type {ReturnType<typeof rowOf>[]} */
  const rows = [];
  const rowOf = (/** @type {number} */ row) => {
    const cells = leaves.map(() => el("td", { class: "number" }));
    const ends = outputs.map(() => [el("td", { class: "number" }), el("td", { class: "number cases-prediction" })]);
    const error = el("td", { class: "number" });
    const said = classes ? el("td", { class: "cases-prediction" }) : null;
    const choose = el(
      "button",
      { class: "cases-row", type: "button", onclick: () => session.go({ row, step: session.view.step === null ? null : 0 }) },
      String(row + 1),
    );
    const element = el("tr", {}, el("th", { scope: "row" }, choose), cells, ends, said, error);
    return { choose, cells, ends, error, said, element };
  };
  const headings = el(
    "tr",
    {},
    el("th", { scope: "col" }, text("cases.case")),
    leaves.map((id) => el("th", { scope: "col" }, nameElement(graph.nodes[id].name))),
    outputs.map((neuron) => [
      el("th", { scope: "col" }, text("cases.target")),
      el("th", { scope: "col" }, nameElement(graph.nodes[neuron.out].name)),
    ]),
    classes && el("th", { scope: "col" }, text("cases.class")),
    el("th", { scope: "col" }, text("cases.error")),
  );
  const body = el("tbody", {});
  const epoch = el("p", { class: "cases-epoch" });
  const root = el(
    "section",
    { class: "cases" },
    el("h2", {}, text("cases.title")),
    presets?.root,
    el(
      "div",
      { class: "scroll", tabIndex: 0, role: "region", "aria-label": text("cases.title") },
      el("table", {}, el("thead", {}, headings), body),
    ),
    epoch,
  );

  /** @param {Frame} frame */
  function render(frame) {
    const count = frame.settings.cases.length;
    while (rows.length < count) rows.push(rowOf(rows.length));
    if (body.childElementCount !== count) body.replaceChildren(...rows.slice(0, count).map(({ element }) => element));
    rows.slice(0, count).forEach(({ choose, cells, ends, error, said }, row) => {
      const given = frame.leaves.slice();
      for (const [id, x] of frame.settings.cases[row]) given[id] = x;
      const data = graph.forward(given, frame.settings.variant);
      leaves.forEach((id, k) => show(cells[k], data[id], session.hides(id, "data"), 4));
      outputs.forEach((neuron, k) => {
        const hidden = session.hides(neuron.out, "data");
        show(ends[k][0], neuron.target === null ? null : data[neuron.target], false, 4);
        show(ends[k][1], data[neuron.out], hidden, 6);
      });
      const found = said && classOf(session, data);
      const secret = outputs.some(({ out }) => session.hides(out, "data"));
      if (said && found) {
        const share = found.probability === null ? "" : ` ${written(found.probability, 3)}`;
        put(said, secret ? "?" : `${found.name}${share}`);
      }
      show(error, data[graph.result], session.hides(graph.result, "data"), 6);
      set(choose, "aria-pressed", row === frame.row);
      set(choose, "aria-label", text("cases.show", { number: row + 1 }));
    });
    presets?.render(frame);
    put(
      epoch,
      text(frame.settings.batch ? "cases.epoch.batch" : "cases.epoch", {
        round: counted(frame.round),
        error: session.hides(graph.result, "data") ? "?" : written(session.training.errors[frame.round]),
      }),
    );
  }

  return { root, render };
}

/**
 * The tables that can be learned instead.
 * @param {Pick<import("../model/session.js").Session, "change">} session
 * @param {string[]} names
 */
function presetsView(session, names) {
  const choose = (/** @type {string} */ name) =>
    el(
      "button",
      { class: "button", type: "button", "data-preset": name, onclick: () => session.change({ preset: name }) },
      text(`table.${name}`),
    );
  const root = el("div", { class: "cases-presets", role: "group", "aria-label": text("cases.presets") }, names.map(choose));
  return {
    root,
    /** @param {Frame} frame */
    render(frame) {
      for (const each of root.children)
        set(each, "aria-pressed", /** @type {HTMLElement} */ (each).dataset.preset === frame.settings.preset);
    },
  };
}

/**
 * @param {HTMLElement} cell
 * @param {number | null} x
 * @param {boolean} hidden
 * @param {number} digits
 */
function show(cell, x, hidden, digits) {
  put(cell, hidden ? "?" : written(x, digits));
  set(cell, "data-value", hidden ? "" : exactly(x));
}
