// Two runs side by side: the training of the page and a second one, which starts alike and learns in another way.

import { inputsOf, Maps, roomOf, scaleOf } from "../model/maps.js";
import { counted, exactly, typedNumber, written } from "../model/numbers.js";
import { numbersOf } from "../model/points.js";
import { learnsSince, wayOf } from "../model/rival.js";
import { text } from "../model/words.js";
import { optimizerSelect, rateField } from "./edit.js";
import { el, fillIn, isDark, put, set, svg } from "./elements.js";
import { gradually } from "./gradual.js";
import { colour, SIZE } from "./painting.js";
import { axisOf, key } from "./plot.js";

const [SMALL_ACROSS, SMALL_UP] = [100, 80]; // of a small plane

/**
 * @param {import("../model/session.js").Session} session
 * @returns {Panel & { legend: HTMLElement }}
 */
export function runsView(session) {
  const { graph } = session;
  const several = session.original.cases.length > 1;
  const choose = (/** @type {Partial<NonNullable<View["rival"]>>} */ way) => {
    session.set({ rival: { ...(session.view.rival ?? wayOf(session.shown.settings)), ...way } });
  };
  const on = el("input", {
    type: "checkbox",
    onchange: () => (on.checked ? choose({ rate: session.shown.settings.rate / 10 }) : session.set({ rival: null })),
  });
  const rate = rateField(session, { now: () => session.view.rival?.rate ?? 0, take: (x) => choose({ rate: x }) });
  const optimizer = optimizerSelect(session, (name) => choose({ optimizer: name }));
  const batch = el("input", { type: "checkbox", onchange: () => choose({ batch: batch.checked }) });
  const words = [el("span", {}), el("span", {})];
  const legend = el(
    "ul",
    { class: "runs-legend", hidden: true },
    ["plot-own", "plot-rival"].map((look, k) => el("li", {}, key(look, words[k]))),
  );
  const inputs = inputsOf(graph, session.original.cases);
  const planes = inputs ? ["A", "B"].map((name) => smallPlane(session, inputs, name)) : [];
  const body = el(
    "div",
    {},
    el(
      "div",
      { class: "runs-way" },
      el("strong", {}, "B"),
      el("label", { class: "edit-choice" }, text("edit.rate"), " ", rate),
      el("label", { class: "edit-choice" }, text("edit.optimizer"), " ", optimizer),
      several && el("label", { class: "edit-choice" }, batch, " ", text("runs.batch")),
    ),
    el(
      "div",
      { class: "runs-planes" },
      planes.map(({ root }) => root),
    ),
    el("p", { class: "quiet small" }, text("runs.about")),
  );
  const root = el("section", { class: "runs" }, el("h2", {}, el("label", {}, on, " ", text("runs.title"))), body);

  /** @param {Frame} frame */
  function render(frame) {
    const { rival } = session;
    const way = session.view.rival;
    on.checked = Boolean(way);
    body.hidden = !rival;
    legend.hidden = !rival;
    if (!rival || !way) return;
    if (document.activeElement !== rate) fillIn(rate, typedNumber(way.rate));
    fillIn(optimizer, way.optimizer);
    batch.checked = way.batch;
    const { round } = frame;
    const secret = session.hides(graph.result, "data");
    /** @type {[typeof way, import("../model/training.js").Training][]} */
    const both = [
      [frame.settings, session.training],
      [way, rival],
    ];
    both.forEach(([{ rate, optimizer, batch }, run], k) => {
      const since = run === session.training ? learnsSince(run.events, round, wayOf(session.original)) : 0;
      const late = since ? ` ${text("runs.since", { round: counted(since) })}` : "";
      const over = run.trouble && run.rounds < round ? ` ${text("runs.over", { rounds: counted(run.rounds) })}` : "";
      const error = run.errors[Math.min(round, run.rounds)];
      const given = {
        run: "AB"[k],
        rate: written(rate),
        optimizer: text(`optimizer.${optimizer}`),
        update: text(batch ? "runs.batch" : "runs.rows"),
        error: secret ? "?" : written(error, 6),
      };
      put(words[k], text(several ? "runs.legend.cases" : "runs.legend", given) + late + over);
      set(words[k], "data-value", secret ? "" : exactly(error));
    });
    planes[0]?.render(frame, frame);
    planes[1]?.render(frame, rival.watched(Math.min(round, rival.rounds), frame.row));
  }

  return { root, legend, render };
}

/**
 * @param {import("../model/session.js").Session} session
 * @param {[number, number]} inputs
 * @param {string} name
 */
function smallPlane(session, inputs, name) {
  const { graph, formulas } = session;
  const { neurons } = /** @type {Network} */ (graph.network);
  const neuron = neurons.find(({ end }) => end) ?? neurons[neurons.length - 1];
  const canvas = el("canvas", { width: SIZE, height: SIZE, "aria-hidden": "true" });
  const points = svg("svg", { class: "plot", viewBox: `0 0 ${SMALL_ACROSS} ${SMALL_UP}`, "aria-hidden": "true" });
  const root = el(
    "figure",
    { role: "img", "aria-label": text("runs.plane", { name: neuron.name, run: name }) },
    el("div", {}, canvas, points),
    el("figcaption", {}, name),
  );
  const maps = gradually(new Maps(graph, inputs, SIZE, [neuron.out]), root, ({ numbers: [map], state }) =>
    colour(canvas, map, scaleOf(formulas.activation(neuron, state.settings.variant), map)),
  );
  /** @type {Case[] | null} */
  let drawn = null; // of which the points are
  return {
    root,
    /**
     * @param {Frame} frame
     * @param {Pick<Frame, "leaves" | "settings">} state
     */
    render(frame, state) {
      root.hidden = session.view.quiz !== null && !session.solved;
      const { cases, variant } = frame.settings;
      const others = state.leaves.filter((_, id) => !inputs.includes(id));
      const shown = JSON.stringify([[...others], variant, cases, isDark()]);
      const room = roomOf(cases, inputs);
      maps.want({ key: shown, state: { leaves: state.leaves, settings: frame.settings }, room });
      if (cases === drawn) return;
      drawn = cases;
      const [across, up] = [axisOf(room[0], [0, SMALL_ACROSS]), axisOf(room[1], [SMALL_UP, 0])];
      const found = cases.map((row) => {
        const [x, y] = numbersOf(row, inputs);
        const high = neuron.target !== null && numbersOf(row, [neuron.target])[0] >= 0.5;
        const shape = high ? "M-3-3H3V3H-3Z" : "M-3 0A3 3 0 1 0 3 0A3 3 0 1 0-3 0Z";
        return svg("path", { class: high ? "plane-high" : "plane-low", d: shape, transform: `translate(${across.at(x)} ${up.at(y)})` });
      });
      points.replaceChildren(...found);
    },
  };
}
