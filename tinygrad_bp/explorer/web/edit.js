// The panel on which everything can be changed: numbers, learning rate, activations, and how it is trained.

import { el, put, set, toggle } from "./svg.js";
import { exactly, parsed, written } from "./numbers.js";
import { nameElement } from "./names.js";
import { text } from "./text.js";

export function editView(app) {
  const { graph, description } = app;
  const rows = [];

  const field = (id) => {
    const input = el("input", {
      type: "text",
      inputMode: "decimal",
      spellcheck: false,
      autocomplete: "off",
      "aria-label": graph.nodes[id].name,
    });
    const ghost = el("span", { class: "edit-ghost" });
    const commit = () => {
      const x = parsed(input.value);
      if (x === null) {
        app.notice(text("edit.noNumber", { typed: input.value.slice(0, 40) }));
        input.value = exactly(app.frame.data[id]);
      } else if (x !== app.frame.data[id]) app.edit(id, x);
    };
    input.addEventListener("change", commit);
    rows.push({ id, input, ghost });
    return el("label", { class: "edit-field" }, nameElement(graph.nodes[id].name), input, ghost);
  };

  const group = (key, ids) =>
    ids.length > 0 && el("fieldset", {}, el("legend", {}, text(key)), el("div", { class: "edit-fields" }, ids.map(field)));
  const weights = graph.parameters.filter((id) => !graph.biases.has(id));
  const others = description.cases[0].map(([id]) => id);

  const rate = el("input", { type: "text", inputMode: "decimal", spellcheck: false, autocomplete: "off" });
  rate.addEventListener("change", () => {
    const x = parsed(rate.value);
    if (x === null || x <= 0) {
      app.notice(text("edit.noRate", { typed: rate.value.slice(0, 40) }));
      rate.value = exactly(app.frame.settings.rate);
    } else if (x !== app.frame.settings.rate) app.change({ settings: { rate: x } });
  });

  const choice = (key, place) => {
    const kinds = [...new Set(graph.variantNames.map((name) => name.split(",")[place]))];
    if (kinds.length < 2) return null; // these neurons keep what they have
    const select = el(
      "select",
      {},
      kinds.map((kind) => el("option", { value: kind }, kind)),
    );
    select.addEventListener("change", () => {
      const both = app.frame.settings.variant.split(",");
      both[place] = select.value;
      app.change({ settings: { variant: both.join(",") } });
    });
    return { select, element: el("label", { class: "edit-choice" }, text(key), " ", select), place };
  };
  const choices = [choice("edit.hidden", 0), choice("edit.outputs", 1)].filter(Boolean);

  const flag = (key, name, shown) => {
    const box = el("input", { type: "checkbox" });
    const more = key === "sequential" && description.kind === "tutorial" ? ` ${text("edit.sequential.tutorial")}` : "";
    const help = el("p", { class: "quiet small" }, text(`edit.${key}.help`) + more);
    box.addEventListener("change", () =>
      app.change({ settings: { [name]: box.checked }, ...(name === "accumulate" ? { clear: true } : {}) }),
    );
    return shown && { box, name, element: el("div", { class: "edit-switch" }, el("label", {}, box, " ", text(`edit.${key}`)), help) };
  };
  const flags = [
    flag("biases", "biases", graph.biases.size > 0),
    flag("sequential", "sequential", graph.depth > 1),
    flag("accumulate", "accumulate", true),
  ].filter(Boolean);

  const reset = el("button", { class: "button", type: "button", onclick: () => app.reset() }, text("edit.reset"));
  const seed = el("input", { type: "number", min: "0", max: "4294967295", step: "1", value: "1" });
  const draw = el(
    "button",
    {
      class: "button",
      type: "button",
      onclick: () => {
        if (Number(seed.value) === app.frame.settings.seed) seed.value = String(Number(seed.value) + 1); // the same weights are there already
        app.drawWeights(Number(seed.value));
      },
    },
    text("edit.draw"),
  );

  const root = el(
    "section",
    { class: "edit" },
    el("h2", {}, text("panel.edit")),
    el("p", { class: "quiet" }, text("edit.intro")),
    el(
      "div",
      { class: "edit-top" },
      el("label", { class: "edit-choice" }, text("edit.rate"), " ", rate),
      choices.map(({ element }) => element),
    ),
    flags.map(({ element }) => element),
    group("edit.weights", weights),
    group("edit.biasesGroup", [...graph.biases]),
    group("edit.cases", others),
    el("div", { class: "edit-buttons" }, reset, el("span", { class: "edit-seed" }, el("label", {}, text("edit.seed"), " ", seed), draw)),
  );

  function render(frame) {
    for (const { id, input, ghost } of rows) {
      const hidden = app.hides(id, "data");
      if (document.activeElement !== input) {
        const words = hidden ? "?" : exactly(frame.data[id]);
        if (input.value !== words) input.value = words;
      }
      input.disabled = hidden;
      const before = frame.ghost?.data[id];
      put(ghost, before !== undefined && before !== frame.data[id] && !hidden ? text("ghost.was", { number: written(before) }) : "");
    }
    if (document.activeElement !== rate) rate.value = exactly(frame.settings.rate);
    const both = frame.settings.variant.split(",");
    for (const { select, place } of choices) if (select.value !== both[place]) select.value = both[place];
    for (const { box, name } of flags) box.checked = frame.settings[name];
    set(reset, "aria-disabled", app.training.events.length === 0);
    toggle(reset, "off", app.training.events.length === 0);
    if (frame.settings.seed !== undefined && frame.settings.seed !== null && document.activeElement !== seed)
      seed.value = frame.settings.seed;
  }

  return { root, render };
}
