// What the page is made of: header, diagram with its controls, panels, training. All of it is made anew in another language.

import { el, svg } from "./svg.js";
import { LANGUAGES, spoken, text } from "./text.js";
import { neuronsView } from "./neurons.js";
import { computationView } from "./computation.js";
import { formulaView } from "./formula.js";
import { editView } from "./edit.js";
import { casesView } from "./cases.js";
import { curveView } from "./curve.js";
import { pathsView } from "./paths.js";
import { truthView } from "./truth.js";
import { teacherView } from "./teacher.js";
import { exportsView } from "./exports.js";
import { panelKey } from "./keyboard.js";
import { AT_ONCE, SPEEDS, TRAINING_SPEEDS } from "./player.js";

const PANELS = { formula: formulaView, edit: editView, paths: pathsView, truth: truthView, teacher: teacherView, export: exportsView };
const ICONS = {
  first: "M2 2h2v12H2zM14 2v12L5 8z",
  back: "M12 2v12L3 8z",
  forward: "M4 2v12l9-6z",
  plus: "M7 2h2v5h5v2H9v5H7V9H2V7h5z",
  minus: "M2 7h12v2H2z",
};

export function buildPage(app) {
  const { graph, description } = app;
  const button = (key, action, properties = {}) =>
    el("button", { class: "button", type: "button", onclick: action, ...properties }, text(key));
  const icon = (shape, key, action) =>
    el(
      "button",
      { class: "button icon", type: "button", onclick: action, "aria-label": text(key), title: text(key) },
      svg(
        "svg",
        { viewBox: "0 0 16 16", width: "14", height: "14", "aria-hidden": "true" },
        svg("path", { d: shape, fill: "currentColor" }),
      ),
    );

  app.title = description.title || text(`title.${description.kind}`, { name: app.notation.name(graph.result) });
  document.title = app.title;
  const languages = el(
    "div",
    { class: "languages", role: "group", "aria-label": text("language") },
    LANGUAGES.map((each) =>
      el(
        "button",
        { type: "button", lang: each, "aria-pressed": String(each === spoken()), onclick: () => app.speakNow(each) },
        { en: "English", ja: "日本語" }[each],
      ),
    ),
  );
  const header = el(
    "header",
    {},
    el("div", {}, el("h1", {}, app.title), el("p", { class: "lead" }, text(`lead.${description.kind}`))),
    languages,
  );

  app.neurons = graph.network ? neuronsView(app) : null;
  app.computation = computationView(app);
  app.stageBox = el("div", { class: "stage-box" });
  const tab = (name) => el("button", { type: "button", "data-tab": name, onclick: () => app.set({ tab: name }) }, text(`tab.${name}`));
  const mode = (name) => el("button", { type: "button", "data-mode": name, onclick: () => app.set({ mode: name }) }, text(`mode.${name}`));
  app.tabs = el(
    "div",
    { class: "segments", role: "group", "aria-label": text("tab.label"), hidden: !app.neurons },
    app.neurons && tab("neurons"),
    tab("graph"),
  );
  app.modes = el(
    "div",
    { class: "segments", role: "group", "aria-label": text("mode.label") },
    ["values", "gradients", "change"].map(mode),
  );
  app.zooms = el(
    "div",
    { class: "zooms" },
    icon(ICONS.minus, "zoom.out", () => app.computation.zoom(1 / 1.4)),
    icon(ICONS.plus, "zoom.in", () => app.computation.zoom(1.4)),
    button("zoom.fit", () => app.computation.fit()),
    description.groups.some((members) => members.length > 1) &&
      button("graph.closeAll", () =>
        app.set({
          collapsed: app.view.collapsed.length ? [] : description.groups.map((_, k) => k).filter((k) => description.groups[k].length > 1),
        }),
      ),
  );
  app.phases = el(
    "ol",
    { class: "phases", "aria-label": text("phase.label") },
    ["forward", "backward", "update"].map((name) => el("li", { "data-phase": name }, text(`phase.${name}`))),
  );
  app.caption = el("p", { class: "caption", "aria-live": "polite" });
  app.describing = el("p", { class: "unseen", id: "diagram-description" });
  app.legend = el("p", { class: "legend" });

  app.mainButton = el("button", { class: "button primary", type: "button", onclick: () => app.player.mainAction() });
  app.everything = button("all.controls", () => app.set({ full: true }), { class: "button link" });
  const paces = el(
    "select",
    { onchange: (event) => app.set({ pace: event.target.value }) },
    ["node", "neuron", "pass"].map((pace) => el("option", { value: pace }, text(`pace.${pace}`))),
  );
  app.paces = paces;
  const speed = el("input", {
    type: "range",
    min: "0",
    max: String(SPEEDS.length - 1),
    step: "1",
    value: String(app.player.speed),
    oninput: (event) => {
      app.player.speed = Number(event.target.value);
    },
  });
  const trainSpeed = el("input", {
    type: "range",
    min: "0",
    max: String(TRAINING_SPEEDS.length - 1),
    step: "1",
    value: String(app.player.trainingSpeed),
    oninput: (event) => {
      app.player.trainingSpeed = Number(event.target.value);
    },
  });
  app.playButton = button("play.play", () => app.player.play());
  app.trainButton = button("train.run", () => app.player.train());
  const stepping = el(
    "fieldset",
    { class: "controls" },
    el("legend", {}, text("step.legend")),
    icon(ICONS.first, "step.first", () => app.set({ step: 0, row: app.view.row })),
    icon(ICONS.back, "step.back", () => {
      app.player.stop();
      app.player.stepBack();
    }),
    icon(ICONS.forward, "step.forward", () => {
      app.player.stop();
      app.player.stepForward();
    }),
    app.playButton,
    button("step.rest", () => {
      app.player.stop();
      app.set({ step: null });
    }),
    el("label", {}, text("pace.label"), " ", paces),
    el("label", {}, text("play.speed"), " ", speed),
  );
  const trainingControls = el(
    "fieldset",
    { class: "controls" },
    el("legend", {}, text("train.legend")),
    app.trainButton,
    button("train.one", () => app.player.rounds(1)),
    button("train.many", () => app.player.rounds(AT_ONCE)),
    el("label", {}, text("train.speed"), " ", trainSpeed),
  );
  app.controls = el("div", { class: "control-groups" }, stepping, trainingControls);

  const stage = el(
    "section",
    { class: "stage card", "aria-label": text("stage.label") },
    el("div", { class: "stage-top" }, app.tabs, app.modes, app.zooms, app.phases),
    app.stageBox,
    app.describing,
    app.legend,
    app.caption,
    el("div", { class: "main-actions" }, app.mainButton, app.everything),
    app.controls,
  );

  app.panels = Object.fromEntries(Object.entries(PANELS).map(([name, make]) => [name, make(app)]));
  app.panelTabs = el(
    "div",
    { class: "panel-tabs", role: "tablist", "aria-label": text("panel.label") },
    Object.keys(PANELS).map((name) =>
      el(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${name}`,
          "aria-controls": `panel-${name}`,
          onclick: () => app.openPanel(name),
          onkeydown: (event) => panelKey(app, Object.keys(PANELS), event, name),
        },
        text(`panel.${name}`),
      ),
    ),
  );
  const side = el(
    "aside",
    { class: "side card", "aria-label": text("panel.label") },
    app.panelTabs,
    Object.entries(app.panels).map(([name, { root }]) =>
      el("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, root),
    ),
  );
  app.cases = description.presets || description.cases.length > 1 ? casesView(app) : null;
  app.curve = curveView(app);
  const below = el("section", { class: "below card", "aria-label": text("train.legend") }, app.cases?.root, app.curve.root);

  app.status = el("p", { class: "status", role: "status" });
  app.copyField = el("textarea", {
    class: "copy-field",
    hidden: true,
    readOnly: true,
    rows: 4,
    "aria-label": text("copy.field"),
    onblur: () => {
      app.copyField.hidden = true;
    },
  });
  const keys = el("input", { type: "checkbox", checked: app.view.keys, onchange: () => app.set({ keys: keys.checked }) });
  const help = el(
    "details",
    { class: "help" },
    el("summary", {}, text("help.title")),
    el("label", {}, keys, " ", text("help.on")),
    text("help.keys")
      .split("\n")
      .map((line) => el("p", {}, line)),
  );
  const footer = el("footer", {}, help, el("p", { class: "quiet small" }, text("footer")));
  app.layoutBox = el("main", { class: "layout" }, stage, side, below);
  app.page.replaceChildren(header, app.layoutBox, app.copyField, app.status, footer);
}
