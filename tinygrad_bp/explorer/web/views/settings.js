// How the page is shown and played: which picture, which numbers, how fast, and whether it asks first.

import { blockOf, isTold } from "../model/neurons.js";
import { resultSign } from "../model/notation.js";
import { LEVELS } from "../model/state.js";
import { text } from "../model/words.js";
import { button, speedSlider } from "./controls.js";
import { el, fillIn, set } from "./elements.js";

const PACES = ["beat", "node", "pass"];
const MODES = ["values", "gradients", "change"];

/**
 * @param {Pick<import("../model/session.js").Session, "view" | "set" | "graph" | "mode" | "tab" | "description" | "formulas" | "programs" | "hides">} session
 * @param {{ zoom: (factor: number) => void, fit: () => void, level: () => string } & import("./controls.js").Speeds} desk
 * @returns {Panel}
 */
export function settingsView(session, desk) {
  const { description, graph } = session;
  const mode = (/** @type {string} */ name) =>
    el("button", { type: "button", "data-mode": name, onclick: () => session.set({ mode: name }) }, text(`mode.${name}`));
  const modes = el(
    "div",
    { class: "segments", role: "group", "aria-label": text("mode.label") },
    MODES.filter((name) => graph.trains || name !== "change").map(mode),
  );
  const legend = el("p", { class: "legend quiet small" });
  const paces = el(
    "select",
    { onchange: () => session.set({ pace: paces.value }) },
    PACES.map((pace) => el("option", { value: pace }, text(`pace.${pace}`))),
  );
  /** @param {"ask" | "keys"} key */
  const flag = (key) => {
    const box = el("input", { type: "checkbox", onchange: () => session.set({ [key]: box.checked }) });
    return { key, box, element: el("label", { class: "settings-switch" }, box, " ", text(`settings.${key}`)) };
  };
  const flags = [flag("ask"), flag("keys")];
  const { layer, neuron } = description.folds;
  const levels = LEVELS.filter((name) => name === "operation" || (name === "layer" ? layer : neuron));
  const level = (/** @type {Level} */ name) =>
    el("button", { type: "button", "data-level": name, onclick: () => session.set({ level: name }) }, text(`level.${name}`));
  const folding = el("div", { class: "segments", role: "group", "aria-label": text("level.label") }, levels.map(level));
  const graphTools = el(
    "fieldset",
    { class: "zooms" },
    el("legend", {}, text("tab.graph")),
    el("button", { class: "button icon", type: "button", "aria-label": text("zoom.out"), onclick: () => desk.zoom(1 / 1.4) }, "−"),
    el("button", { class: "button icon", type: "button", "aria-label": text("zoom.in"), onclick: () => desk.zoom(1.4) }, "+"),
    button(text("zoom.fit"), desk.fit),
    levels.length > 1 && folding,
  );
  const help = el(
    "details",
    { class: "help" },
    el("summary", {}, text("help.title")),
    text("help.keys", { training: graph.trains ? text("help.keys.training") : "" })
      .split("\n")
      .map((line) => el("p", {}, line)),
  );
  const root = el(
    "section",
    { class: "settings" },
    el("h2", {}, text("panel.settings")),
    el("fieldset", {}, el("legend", {}, text("mode.label")), modes, legend),
    graphTools,
    el(
      "fieldset",
      { class: "settings-play" },
      el("legend", {}, text("step.legend")),
      button(text("step.rest"), () => session.set({ step: null })),
      el("label", {}, text("pace.label"), " ", paces),
      el("label", {}, text("play.speed"), " ", speedSlider(desk)),
      flags.map(({ element }) => element),
    ),
    help,
    el("p", { class: "quiet small" }, text("footer")),
  );

  /** @param {Frame} frame */
  function render(frame) {
    const { view, tab } = session;
    for (const each of modes.children) set(each, "aria-pressed", /** @type {HTMLElement} */ (each).dataset.mode === session.mode());
    const nothing = session.mode() === "change" && frame.round === 0 && !frame.updated.size;
    const neurons = tab === "neurons" ? (graph.network?.neurons ?? []) : [];
    const part = tab === "neurons" && !graph.network?.whole ? ` ${text("legend.part")}` : "";
    const blocked = neurons.some((neuron) => isTold(session, frame, neuron) && blockOf(session, frame, neuron));
    const shown = tab === "graph" ? "graph" : view.step !== null ? "beat" : nothing ? "nothing" : session.mode();
    legend.textContent = text(`legend.${shown}`, { result: resultSign(session) }) + (blocked ? ` ${text("legend.blocked")}` : "") + part;
    for (const each of folding.children) set(each, "aria-pressed", /** @type {HTMLElement} */ (each).dataset.level === desk.level());
    graphTools.hidden = tab !== "graph";
    modes.parentElement?.toggleAttribute("hidden", tab === "graph");
    fillIn(paces, view.pace);
    for (const { key, box } of flags) box.checked = view[key];
  }

  return { root, render };
}
