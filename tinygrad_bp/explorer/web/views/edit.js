// The panel on which everything can be changed: numbers, learning rate, activations, and how it is trained.

import { button } from "./controls.js";
import { el, fillIn, put, set, toggle } from "./elements.js";
import { parsed, typedNumber, written } from "../model/numbers.js";
import { nameElement } from "./pieces.js";
import { text } from "../model/words.js";

/**
 * @param {import("../model/session.js").Session} session
 * @returns {Panel}
 */
export function editView(session) {
  const { graph, description } = session;
  const { trains } = graph;
  /** @type {{ id: number, input: HTMLInputElement, ghost: HTMLElement }[]} */
  const rows = [];

  const field = (/** @type {number} */ id) => {
    const input = el("input", {
      type: "text",
      inputMode: "decimal",
      spellcheck: false,
      autocomplete: "off",
      "aria-label": graph.nodes[id].name,
    });
    const ghost = el("span", { class: "edit-ghost" });
    input.addEventListener("change", () => {
      const now = session.shown.data[id];
      const x = understood(input, now, (typed) => session.notice(text("edit.noNumber", { typed })));
      if (x === now) session.set({});
      else if (x !== null) session.edit(id, x);
    });
    rows.push({ id, input, ghost });
    return el("label", { class: "edit-field" }, nameElement(graph.nodes[id].name), input, ghost);
  };

  const group = (/** @type {string} */ key, /** @type {number[]} */ ids) =>
    ids.length > 0 && el("fieldset", {}, el("legend", {}, text(key)), el("div", { class: "edit-fields" }, ids.map(field)));
  const weights = graph.parameters.filter((id) => !graph.biases.has(id));
  const others = description.cases[0].map(([id]) => id);

  const rate = rateField(session, { now: () => session.shown.settings.rate, take: (x) => session.change({ settings: { rate: x } }) });

  const choice = (/** @type {string} */ key, /** @type {0 | 1} */ place) => {
    const kinds = [...new Set(graph.variantNames.map((name) => name.split(",")[place]))];
    if (kinds.length < 2) return null; // these neurons keep what they have
    const select = el(
      "select",
      {},
      kinds.map((kind) => el("option", { value: kind }, kind)),
    );
    select.addEventListener("change", () => {
      const both = session.shown.settings.variant.split(",");
      both[place] = select.value;
      session.change({ settings: { variant: both.join(",") } });
    });
    return { select, element: el("label", { class: "edit-choice" }, text(key), " ", select), place };
  };
  const choices = [choice("edit.hidden", 0), choice("edit.outputs", 1)].filter((each) => each !== null);

  const optimizer = optimizerChoice(session);
  const flags = flagsOf(session);
  const reset = button(text("edit.reset"), () => session.reset());
  const seed = el("input", { type: "number", min: "0", max: "4294967295", step: "1", value: "1" });
  const draw = button(text("edit.draw"), () => {
    if (Number(seed.value) === session.shown.settings.seed) seed.value = String(Number(seed.value) + 1); // the same weights are there already
    session.drawWeights(Number(seed.value));
  });

  const root = el(
    "section",
    { class: "edit" },
    el("h2", {}, text("panel.edit")),
    el("p", { class: "quiet" }, text("edit.intro")),
    el(
      "div",
      { class: "edit-top" },
      trains && el("label", { class: "edit-choice" }, text("edit.rate"), " ", rate),
      trains && optimizer.element,
      choices.map(({ element }) => element),
    ),
    trains && optimizer.help,
    flags.map(({ element }) => element),
    group(trains ? "edit.weights" : "edit.numbers", weights),
    group("edit.biasesGroup", [...graph.biases]),
    group("edit.cases", others),
    el(
      "div",
      { class: "edit-buttons" },
      reset,
      trains && el("span", { class: "edit-seed" }, el("label", {}, text("edit.seed"), " ", seed), draw),
    ),
  );

  /** @param {Frame} frame */
  function renderNumbers(frame) {
    for (const { id, input, ghost } of rows) {
      const hidden = session.hides(id, "data");
      if (document.activeElement !== input) {
        const words = hidden ? "?" : typedNumber(frame.data[id]);
        fillIn(input, words);
      }
      input.disabled = hidden;
      const before = frame.ghost?.data[id];
      put(ghost, before !== undefined && before !== frame.data[id] && !hidden ? text("ghost.was", { number: written(before) }) : "");
    }
  }

  /** @param {Frame} frame */
  function render(frame) {
    renderNumbers(frame);
    if (document.activeElement !== rate) fillIn(rate, typedNumber(frame.settings.rate));
    optimizer.render(frame);
    const both = frame.settings.variant.split(",");
    for (const { select, place } of choices) fillIn(select, both[place]);
    for (const { box, name } of flags) box.checked = frame.settings[name];
    set(reset, "aria-disabled", session.training.events.length === 0);
    toggle(reset, "off", session.training.events.length === 0);
    if (frame.settings.seed !== undefined && frame.settings.seed !== null && document.activeElement !== seed)
      fillIn(seed, frame.settings.seed);
  }

  return { root, render };
}

/**
 * The switches of the training; none where nothing is trained.
 * @param {import("../model/session.js").Session} session
 */
function flagsOf(session) {
  const { graph, description } = session;
  /** @type {{ name: "biases" | "sequential" | "accumulate" | "batch", shown: boolean }[]} */
  const all = [
    { name: "biases", shown: graph.biases.size > 0 },
    { name: "sequential", shown: graph.depth > 1 },
    { name: "accumulate", shown: true },
    { name: "batch", shown: description.cases.length > 1 },
  ];
  return all
    .filter(({ shown }) => shown && graph.trains)
    .map(({ name }) => {
      const box = el("input", { type: "checkbox" });
      const more = name === "sequential" && description.kind === "tutorial" ? ` ${text("edit.sequential.tutorial")}` : "";
      const help = el("p", { class: "quiet small" }, text(`edit.${name}.help`) + more);
      box.addEventListener("change", () =>
        session.change({ settings: { [name]: box.checked }, ...(name === "accumulate" ? { clear: true } : {}) }),
      );
      return { box, name, element: el("div", { class: "edit-switch" }, el("label", {}, box, " ", text(`edit.${name}`)), help) };
    });
}

/**
 * The number that was typed, which then stands in the field as it was understood; null for what is none, or too small, which is refused: then
 * the field shows the number that there is.
 * @param {HTMLInputElement} field
 * @param {number} now
 * @param {(typed: string) => void} refuse
 */
export function understood(field, now, refuse, least = -Infinity) {
  const x = parsed(field.value);
  const taken = x !== null && x >= least ? x : null;
  if (taken === null) refuse(field.value.slice(0, 40));
  field.value = typedNumber(taken ?? now);
  return taken;
}

/**
 * A field of a learning rate.
 * @param {Pick<import("../model/session.js").Session, "notice" | "set">} session
 * @param {{ now: () => number, take: (rate: number) => void }} number
 */
export function rateField(session, { now, take }) {
  const rate = el("input", { type: "text", inputMode: "decimal", spellcheck: false, autocomplete: "off" });
  rate.addEventListener("change", () => {
    const x = understood(rate, now(), (typed) => session.notice(text("edit.noRate", { typed })), Number.MIN_VALUE);
    if (x === now()) session.set({});
    else if (x !== null) take(x);
  });
  return rate;
}

/**
 * @param {Pick<import("../model/session.js").Session, "graph">} session
 * @param {(name: string) => void} take
 */
export function optimizerSelect({ graph }, take) {
  const select = el(
    "select",
    { onchange: () => take(select.value) },
    Object.keys(graph.optimizers).map((name) => el("option", { value: name }, text(`optimizer.${name}`))),
  );
  return select;
}

/**
 * The optimizer that trains, and its formula in a sentence.
 * @param {Pick<import("../model/session.js").Session, "graph" | "change">} session
 */
function optimizerChoice(session) {
  const select = optimizerSelect(session, (optimizer) => session.change({ settings: { optimizer }, clear: true }));
  const help = el("p", { class: "quiet small" });
  return {
    element: el("label", { class: "edit-choice" }, text("edit.optimizer"), " ", select),
    help,
    /** @param {Frame} frame */
    render({ settings }) {
      fillIn(select, settings.optimizer);
      put(help, text(`optimizer.${settings.optimizer}.help`));
    },
  };
}
