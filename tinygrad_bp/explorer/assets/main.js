// The page: one state, from which everything shown is computed; the controls that change it; and the loop that plays and trains.

import { el, put, set, svg, toggle } from "./svg.js";
import { written } from "./numbers.js";
import { inNumbers, Notation } from "./names.js";
import { Graph } from "./graph.js";
import { drawn, MOST_ROUNDS, Training } from "./training.js";
import { checked, decoded, encoded, fingerprint } from "./state.js";
import { LANGUAGES, speak, spoken, text } from "./text.js";
import { equations, Formulas, formulaView } from "./formula.js";
import { neuronsView } from "./neurons.js";
import { computationView } from "./computation.js";
import { editView } from "./edit.js";
import { casesView } from "./cases.js";
import { curveView } from "./curve.js";
import { pathsView } from "./paths.js";
import { truthView } from "./truth.js";
import { teacherView } from "./teacher.js";
import { exportsView } from "./exports.js";

const FRAME_MILLISECONDS = 12; // of training between two pictures
const AT_ONCE = 10_000;
const PANELS = { formula: formulaView, edit: editView, paths: pathsView, truth: truthView, teacher: teacherView, export: exportsView };
const SPEEDS = [0.5, 1, 2, 4, 8, 16]; // steps a second
const ICONS = {
  first: "M2 2h2v12H2zM14 2v12L5 8z", back: "M12 2v12L3 8z", forward: "M4 2v12l9-6z", plus: "M7 2h2v5h5v2H9v5H7V9H2V7h5z", minus: "M2 7h12v2H2z",
};
const TRAINING_SPEEDS = [1, 5, 25, 100, 500]; // rounds a picture

class App {
  constructor() {
    this.pristine = `<!doctype html>\n${document.documentElement.outerHTML}`;
    this.description = JSON.parse(document.getElementById("description").textContent);
    const { description } = this;
    this.graph = new Graph(description, PROGRAMS);
    this.notation = new Notation(this.graph);
    this.formulas = new Formulas(this.graph, description);
    this.original = {
      rate: description.learningRate, biases: description.trainBiases, sequential: false, accumulate: false, variant: this.graph.variant,
      cases: description.cases, seed: null, preset: description.presets?.chosen ?? null, presets: Object.keys(description.presets?.tables ?? {}),
    };
    this.training = new Training(this.graph, this.original);
    this.unedited = new Training(this.graph, this.original);
    this.lit = null;
    this.speed = 2;
    this.trainingSpeed = 1;
    this.playing = null; // "play" | "train" | null
    this.view = this.firstView();
    const wanted = description.language ?? (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => LANGUAGES.includes(tag));
    speak(wanted ?? LANGUAGES[0]);
    this.restore();
    this.page = document.getElementById("page");
    this.build();
    addEventListener("hashchange", () => this.followLink());
    addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.schedule()).observe(this.page);
  }

  firstView() {
    return {
      round: 0, row: 0, step: null, selected: null, quantity: "grad", tab: this.graph.network ? "neurons" : "graph", mode: "values", panel: "formula",
      pace: "neuron", full: false, logScale: true, logRounds: true, lens: null, quiz: null, collapsed: [],
    };
  }

  // The state, and links.

  state() {
    const { version, graph } = { version: 1, graph: fingerprint(this.graph) };
    return { version, graph, view: { ...this.view }, events: this.training.events, language: spoken() };
  }

  link() {
    return `${location.href.split("#")[0]}#s=${encoded(this.state())}`;
  }

  restore() {
    const kept = JSON.parse(document.getElementById("state").textContent);
    const fragment = location.hash;
    const linked = fragment.length > 1 ? decoded(fragment, this.graph, this.original) : null;
    if (fragment.length > 1 && !linked) this.trouble = "link.unknown";
    const state = linked ?? (kept && checked(kept, this.graph, this.original));
    if (state) this.take(state);
  }

  take(state) {
    this.view = { ...this.firstView(), ...state.view };
    this.training.events = state.events;
    this.training.restart();
    this.training.advance(this.view.round);
    if (this.training.rounds < this.view.round) Object.assign(this.view, { round: this.training.rounds, row: 0, step: null });
    const most = this.steps().length;
    if (this.view.step !== null && this.view.step > most) this.view.step = most;
  }

  followLink() {
    if (location.hash === this.written) return;
    const state = decoded(location.hash, this.graph, this.original);
    if (!state) {
      if (location.hash.length > 1) this.notice(text("link.unknown"));
      return;
    }
    this.stop();
    this.take(state);
    this.build();
  }

  writeLink() {
    clearTimeout(this.linkTimer);
    this.linkTimer = setTimeout(() => {
      const { view, events } = this.state();
      const first = this.firstView();
      const plain = events.length === 0 && Object.keys(first).every((key) => JSON.stringify(view[key]) === JSON.stringify(first[key]));
      this.written = plain ? "" : `#s=${encoded(this.state())}`;
      try {
        if (location.hash !== this.written) history.replaceState(null, "", this.written || location.href.split("#")[0]);
      } catch {
        // A page in a sandboxed frame has no address to write to.
      }
    }, 300);
  }

  // What is shown, computed.

  steps(settings = this.training.at(this.view.round, this.view.row).settings) {
    const key = settings.biases;
    if (this.stepsKey !== key) {
      this.stepsKey = key;
      this.stepsFound = this.graph.steps(this.training.trained(settings));
    }
    return this.stepsFound;
  }

  makeFrame() {
    const { graph, training, view } = this;
    const { round, row, step } = view;
    const state = training.at(round, row);
    const { settings, leaves, sums } = state;
    const data = graph.forward(Float64Array.from(leaves), settings.variant);
    const slopes = training.slopes(data, state);
    const grads = graph.backward(slopes);
    const steps = this.steps(settings);
    const trained = new Set(training.trained(settings));
    const total = (id) => (settings.accumulate && trained.has(id) ? sums[id] + grads[id] : grads[id]);
    const frame = { round, row, step, settings, leaves, sums, data, slopes, grads, steps, current: null, phase: "rest", before: null };

    if (step === null) {
      frame.dataAt = (id) => data[id];
      frame.gradAt = total;
    } else {
      const known = new Set(graph.leaves);
      const partial = new Float64Array(graph.nodes.length);
      if (settings.accumulate) for (const id of trained) partial[id] = sums[id];
      let backward = false;
      const updated = new Map();
      steps.slice(0, step).forEach((done, k) => {
        const last = k === step - 1;
        if (done.kind === "forward") known.add(done.node);
        else if (done.kind === "seed") {
          backward = true;
          partial[done.node] = 1;
        } else if (done.kind === "backward") {
          if (last) frame.before = partial[done.node];
          partial[done.node] += slopes[done.edge.index] * partial[done.edge.head];
        } else updated.set(done.node, data[done.node] - settings.rate * total(done.node));
      });
      frame.current = steps[step - 1] ?? null;
      frame.phase = { forward: "forward", seed: "backward", backward: "backward", update: "update" }[frame.current?.kind] ?? "forward";
      frame.updated = updated;
      frame.dataAt = (id) => (updated.has(id) ? updated.get(id) : known.has(id) ? data[id] : null);
      frame.gradAt = (id) => (backward ? partial[id] : null);
    }

    let previous = null;
    frame.changeAt = (id) => {
      if (frame.updated?.size) return frame.updated.has(id) ? frame.updated.get(id) - data[id] : null;
      if (round === 0) return null;
      previous ??= graph.forward(training.at(round - 1, row).leaves, training.at(round - 1, row).settings.variant);
      return data[id] - previous[id];
    };

    frame.ghost = null;
    if (this.ghost) {
      this.ghost.advance(round);
      if (this.ghost.rounds >= round) {
        const then = this.ghost.at(round, row);
        frame.ghost = graph.pass(then.leaves, then.settings.variant);
      }
    }
    return frame;
  }

  get ghost() {
    return this.training.events.length > 0 ? this.unedited : null;
  }

  // The sum that a step of the backward pass adds to, as pieces: gradient = before + local derivative · gradient that comes in.
  happening(frame) {
    const { current } = frame;
    if (current?.kind !== "backward") return null;
    const { tail, head, index } = current.edge;
    const whole = (by) => ({ of: this.graph.result, by, whole: 1 });
    const local = { of: head, by: tail, whole: this.graph.into[head].filter((edge) => edge.tail === tail).length === 1 ? 1 : 0 };
    return {
      node: tail,
      pieces: [whole(tail), ": ", { number: frame.before }, " + ", { number: frame.slopes[index] }, " · ", { number: frame.gradAt(head), id: head, quantity: "grad" },
        " = ", { number: frame.gradAt(tail), id: tail, quantity: "grad", enclose: false }],
      local,
    };
  }

  // What is lit in both diagrams: { edges, nodes }, or null.
  lens() {
    if (this.lit) return this.lit;
    const id = this.view.full && this.view.panel === "paths" ? this.view.lens : null;
    if (id === null || id === undefined) return null;
    if (this.lensOf !== id) {
      this.lensOf = id;
      this.lensFound = this.illuminated(this.graph.routes(this.graph.result, id), new Set([id]));
    }
    return this.lensFound;
  }

  illuminated(edges, nodes) {
    const found = new Set(nodes);
    for (const index of edges) found.add(this.graph.edges[index].tail).add(this.graph.edges[index].head);
    return { edges, nodes: found };
  }

  light(edges, nodes = new Set()) {
    this.lit = edges ? this.illuminated(edges, nodes) : null;
    this.schedule();
  }

  hides(id, quantity) {
    const { quiz } = this.view;
    return Boolean(quiz && this.view.full && this.view.panel === "teacher" && quiz.id === id && quiz.quantity === quantity && !this.solved);
  }

  // A local derivative is hidden if it would give the hidden number away: that of the only way from it.
  hidesSlope(tail, head) {
    return head === this.graph.result && this.hides(tail, "grad");
  }

  // What people do.

  set(changes) {
    if ("quiz" in changes) this.solved = false;
    Object.assign(this.view, changes);
    this.schedule();
    this.writeLink();
  }

  go({ round, row = 0, step = null }) {
    this.set({ round: Math.max(0, Math.min(round, this.training.rounds)), row, step });
  }

  select(id, quantity) {
    const changes = { selected: id, full: true };
    if (quantity) changes.quantity = quantity;
    if (id !== null && this.view.panel !== "paths" && this.view.panel !== "teacher") changes.panel = "formula";
    if (id !== null && this.view.panel === "paths" && this.graph.parameters.includes(id)) changes.lens = id;
    this.set(changes);
  }

  notice(words) {
    put(this.status, "");
    requestAnimationFrame(() => put(this.status, words));
  }

  change(change) {
    const { round, row } = this.view;
    const trouble = this.training.change(round, row, change);
    if (trouble) {
      this.notice(text("edit.refused", { why: this.explained(trouble) }));
      this.schedule();
      return false;
    }
    if (this.view.step !== null) this.view.step = null;
    this.schedule();
    this.writeLink();
    return true;
  }

  edit(id, x) {
    if (this.graph.parameters.includes(id) || !this.description.cases[0].some(([leaf]) => leaf === id)) return this.change({ leaves: [[id, x]] });
    const { settings } = this.training.at(this.view.round, this.view.row);
    const cases = settings.cases.map((pairs, row) => (row === this.view.row ? pairs.map(([leaf, old]) => [leaf, leaf === id ? x : old]) : pairs));
    return this.change({ settings: { cases, preset: null } });
  }

  drawWeights(seed) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 4294967295) {
      this.notice(text("edit.noSeed"));
      return;
    }
    const { parameters } = this.graph;
    const numbers = drawn(parameters.length, seed);
    this.go({ round: 0 });
    this.change({ settings: { seed }, leaves: parameters.map((id, k) => [id, numbers[k]]), clear: true });
  }

  reset() {
    this.stop();
    this.training.events = [];
    this.training.restart();
    this.go({ round: 0 });
    this.notice(text("edit.wasReset"));
  }

  collapse(number) {
    const shut = new Set(this.view.collapsed);
    if (!shut.delete(number)) shut.add(number);
    this.set({ collapsed: [...shut] });
  }

  async copy(words, said) {
    try {
      await navigator.clipboard.writeText(words);
      this.notice(said);
    } catch {
      this.copyField.hidden = false;
      this.copyField.value = words;
      this.copyField.focus();
      this.copyField.select();
      this.notice(text("copy.refused"));
    }
  }

  diagram() {
    return (this.view.tab === "neurons" && this.neurons ? this.neurons : this.computation).root;
  }

  stageWidth() {
    return this.stageBox.clientWidth;
  }

  // Words about a number that is none: which one, where it comes from, and what can be done.
  explained(trouble) {
    const name = this.notation.name(trouble.node);
    const round = trouble.round.toLocaleString("en");
    if (trouble.kind === "data") {
      const { op } = this.graph.nodes[trouble.node];
      const operands = trouble.operands.map((x) => written(x)).join(", ");
      return text(op ? "trouble.data" : "trouble.leaf", { name, op: op ?? "", operands, value: written(trouble.value), round });
    }
    if (trouble.kind === "slope") return text("trouble.slope", { name, by: this.notation.name(trouble.by), value: written(trouble.value), round });
    return text(trouble.kind === "update" ? "trouble.update" : "trouble.gradient", { name, value: written(trouble.value), round });
  }

  // Playing and training.

  stop() {
    clearTimeout(this.playTimer);
    cancelAnimationFrame(this.trainFrame);
    if (this.playing === "train") this.writeLink();
    this.playing = null;
    this.schedule();
  }

  // The place after this one, at the pace that is chosen: { round, row, step }, or null at the end of all that can be.
  following() {
    const { round, row, step } = this.view;
    const steps = this.steps();
    const at = step ?? 0;
    if (at >= steps.length) return this.nextCase(round, row);
    const kind = (k) => (steps[k].kind === "seed" ? "backward" : steps[k].kind);
    let next = at + 1;
    const joins = { node: () => false, neuron: () => steps[next].group === steps[at].group && kind(next) === kind(at), pass: () => kind(next) === kind(at) }[this.view.pace];
    while (next < steps.length && joins()) next += 1;
    return { round, row, step: next };
  }

  nextCase(round, row) {
    if (row + 1 < this.original.cases.length) return { round, row: row + 1, step: 0 };
    this.training.advance(round + 1);
    return this.training.rounds > round ? { round: round + 1, row: 0, step: 0 } : null;
  }

  preceding() {
    const { round, row, step } = this.view;
    const steps = this.steps();
    if (step === 0) {
      if (row > 0) return { round, row: row - 1, step: steps.length };
      return round > 0 ? { round: round - 1, row: this.original.cases.length - 1, step: steps.length } : null;
    }
    const end = step ?? steps.length;
    let at = 0; // go through the boundaries of the pace up to the last one before
    const pace = this.view;
    const kept = { step: pace.step };
    let before = 0;
    while (at < end) {
      before = at;
      pace.step = at;
      at = this.following().step || end;
    }
    pace.step = kept.step;
    return { round, row, step: before };
  }

  stepForward() {
    const next = this.following();
    if (next) this.set(next);
    else this.sayTrouble();
    return next;
  }

  stepBack() {
    const before = this.preceding();
    if (before) this.set(before);
  }

  play(untilRound = null) {
    if (this.playing) return this.stop();
    this.playing = "play";
    this.set({ full: true });
    const tick = () => {
      const next = this.stepForward();
      if (!next || (untilRound !== null && next.round >= untilRound)) {
        this.stop();
        if (next) this.set({ step: null });
        return;
      }
      this.playTimer = setTimeout(tick, 1000 / SPEEDS[this.speed]);
    };
    tick();
  }

  train(target = MOST_ROUNDS) {
    if (this.playing) return this.stop();
    this.playing = "train";
    this.set({ full: true, step: null, row: 0 });
    const tick = () => {
      const wanted = Math.min(target, this.view.round + TRAINING_SPEEDS[this.trainingSpeed]);
      this.training.advance(wanted, FRAME_MILLISECONDS);
      const { rounds, trouble } = this.training;
      Object.assign(this.view, { round: Math.min(wanted, rounds), row: 0, step: null });
      this.render();
      if (this.view.round >= target || (trouble && rounds < wanted)) {
        this.stop();
        this.sayTrouble();
        return;
      }
      this.trainFrame = requestAnimationFrame(tick);
    };
    this.trainFrame = requestAnimationFrame(tick);
  }

  rounds(count) {
    this.stop();
    const target = Math.min(MOST_ROUNDS, this.view.round + count);
    const begin = performance.now();
    this.training.advance(target);
    this.lastTraining = performance.now() - begin;
    this.set({ full: true });
    this.go({ round: target });
    if (!this.sayTrouble()) this.notice(text("train.done", { rounds: this.view.round.toLocaleString("en"), error: written(this.training.errors[this.view.round]) }));
  }

  trainUntilBelow(error) {
    this.stop();
    while (!this.training.trouble && this.training.rounds < MOST_ROUNDS && this.training.firstBelow(error) < 0) {
      this.training.advance(Math.min(MOST_ROUNDS, this.training.rounds + AT_ONCE), 2000);
      if (this.training.rounds >= this.view.round + 10 * AT_ONCE) break;
    }
    const found = this.training.firstBelow(error);
    if (found >= 0) this.go({ round: found });
    else if (!this.sayTrouble()) this.notice(text("train.notBelow", { rounds: this.training.rounds.toLocaleString("en") }));
    this.schedule();
  }

  sayTrouble() {
    const { trouble } = this.training;
    if (!trouble) return false;
    this.notice(text("trouble.diverged", { why: this.explained(trouble), rounds: this.training.rounds.toLocaleString("en") }));
    return true;
  }

  // The page itself.

  build() {
    const { graph, description } = this;
    const button = (key, action, properties = {}) => el("button", { class: "button", type: "button", onclick: action, ...properties }, text(key));
    const icon = (shape, key, action) => el("button", { class: "button icon", type: "button", onclick: action, "aria-label": text(key), title: text(key) },
      svg("svg", { viewBox: "0 0 16 16", width: "14", height: "14", "aria-hidden": "true" }, svg("path", { d: shape, fill: "currentColor" })));

    this.title = description.title || text(`title.${description.kind}`, { name: this.notation.name(graph.result) });
    document.title = this.title;
    const languages = el("div", { class: "languages", role: "group", "aria-label": text("language") },
      LANGUAGES.map((each) => el("button", { type: "button", lang: each, "aria-pressed": String(each === spoken()), onclick: () => this.speakNow(each) }, { en: "English", ja: "日本語" }[each])));
    const header = el("header", {}, el("div", {}, el("h1", {}, this.title), el("p", { class: "lead" }, text(`lead.${description.kind}`))), languages);

    this.neurons = graph.network ? neuronsView(this) : null;
    this.computation = computationView(this);
    this.stageBox = el("div", { class: "stage-box" });
    const tab = (name) => el("button", { type: "button", "data-tab": name, onclick: () => this.set({ tab: name }) }, text(`tab.${name}`));
    const mode = (name) => el("button", { type: "button", "data-mode": name, onclick: () => this.set({ mode: name }) }, text(`mode.${name}`));
    this.tabs = el("div", { class: "segments", role: "group", "aria-label": text("tab.label") }, this.neurons && tab("neurons"), tab("graph"));
    this.modes = el("div", { class: "segments", role: "group", "aria-label": text("mode.label") }, ["values", "gradients", "change"].map(mode));
    this.zooms = el("div", { class: "zooms" }, icon(ICONS.minus, "zoom.out", () => this.computation.zoom(1 / 1.4)), icon(ICONS.plus, "zoom.in", () => this.computation.zoom(1.4)), button("zoom.fit", () => this.computation.fit()),
      button("graph.closeAll", () => this.set({ collapsed: this.view.collapsed.length ? [] : description.groups.map((_, k) => k).filter((k) => description.groups[k].length > 1) })));
    this.phases = el("ol", { class: "phases", "aria-label": text("phase.label") }, ["forward", "backward", "update"].map((name) => el("li", { "data-phase": name }, text(`phase.${name}`))));
    this.caption = el("p", { class: "caption", "aria-live": "polite" });
    this.describing = el("p", { class: "unseen", id: "diagram-description" });
    this.legend = el("p", { class: "legend" });

    this.mainButton = el("button", { class: "button primary", type: "button", onclick: () => this.mainAction() });
    this.everything = button("all.controls", () => this.set({ full: true }), { class: "button link" });
    const paces = el("select", { onchange: (event) => this.set({ pace: event.target.value }) }, ["node", "neuron", "pass"].map((pace) => el("option", { value: pace }, text(`pace.${pace}`))));
    this.paces = paces;
    const speed = el("input", { type: "range", min: "0", max: String(SPEEDS.length - 1), step: "1", value: String(this.speed), oninput: (event) => { this.speed = Number(event.target.value); } });
    const trainSpeed = el("input", { type: "range", min: "0", max: String(TRAINING_SPEEDS.length - 1), step: "1", value: String(this.trainingSpeed), oninput: (event) => { this.trainingSpeed = Number(event.target.value); } });
    this.playButton = button("play.play", () => this.play());
    this.trainButton = button("train.run", () => this.train());
    const stepping = el("fieldset", { class: "controls" }, el("legend", {}, text("step.legend")),
      icon(ICONS.first, "step.first", () => this.set({ step: 0, row: this.view.row })), icon(ICONS.back, "step.back", () => { this.stop(); this.stepBack(); }), icon(ICONS.forward, "step.forward", () => { this.stop(); this.stepForward(); }),
      this.playButton, button("step.rest", () => { this.stop(); this.set({ step: null }); }),
      el("label", {}, text("pace.label"), " ", paces), el("label", {}, text("play.speed"), " ", speed));
    const trainingControls = el("fieldset", { class: "controls" }, el("legend", {}, text("train.legend")),
      this.trainButton, button("train.one", () => this.rounds(1)), button("train.many", () => this.rounds(AT_ONCE)), el("label", {}, text("train.speed"), " ", trainSpeed));
    this.controls = el("div", { class: "control-groups" }, stepping, trainingControls);

    const stage = el("section", { class: "stage card", "aria-label": text("stage.label") },
      el("div", { class: "stage-top" }, this.tabs, this.modes, this.zooms, this.phases),
      this.stageBox, this.describing, this.legend, this.caption,
      el("div", { class: "main-actions" }, this.mainButton, this.everything), this.controls);

    this.panels = Object.fromEntries(Object.entries(PANELS).map(([name, make]) => [name, make(this)]));
    this.panelTabs = el("div", { class: "panel-tabs", role: "tablist", "aria-label": text("panel.label") },
      Object.keys(PANELS).map((name) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => this.openPanel(name),
        onkeydown: (event) => this.panelKey(event, name) }, text(`panel.${name}`))));
    const side = el("aside", { class: "side card", "aria-label": text("panel.label") }, this.panelTabs,
      Object.entries(this.panels).map(([name, { root }]) => el("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, root)));
    this.cases = description.presets || description.cases.length > 1 ? casesView(this) : null;
    this.curve = curveView(this);
    const below = el("section", { class: "below card", "aria-label": text("train.legend") }, this.cases?.root, this.curve.root);

    this.status = el("p", { class: "status", role: "status" });
    this.copyField = el("textarea", { class: "copy-field", hidden: true, readOnly: true, rows: 4, "aria-label": text("copy.field"), onblur: () => { this.copyField.hidden = true; } });
    const help = el("details", { class: "help" }, el("summary", {}, text("help.title")), text("help.keys").split("\n").map((line) => el("p", {}, line)));
    const footer = el("footer", {}, help, el("p", { class: "quiet small" }, text("footer")));
    this.layoutBox = el("main", { class: "layout" }, stage, side, below);
    this.page.replaceChildren(header, this.layoutBox, this.copyField, this.status, footer);
    this.shownTab = null;
    this.render();
    if (this.trouble) {
      this.notice(text(this.trouble));
      this.trouble = null;
    }
  }

  speakNow(language) {
    speak(language);
    this.build();
    this.page.querySelector(`.languages [lang=${language}]`).focus();
  }

  openPanel(name) {
    const changes = { panel: name };
    if (name === "paths" && this.view.lens === null) changes.lens = this.graph.parameters.includes(this.view.selected) ? this.view.selected : this.graph.parameters[0];
    this.set(changes);
  }

  panelKey(event, name) {
    const names = Object.keys(PANELS);
    const moves = { ArrowRight: 1, ArrowLeft: -1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    const next = names[(names.indexOf(name) + moves[event.key] + names.length) % names.length];
    this.openPanel(next);
    this.render();
    document.getElementById(`tab-${next}`).focus();
  }

  mainAction() {
    if (this.playing) return this.stop();
    if (this.view.round === 0 && this.training.rounds === 0) return this.play(1);
    return this.rounds(AT_ONCE);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
    if (event.target.closest?.(".diagram") && event.key.startsWith("Arrow")) {
      event.preventDefault();
      this.moveFocus(event.key);
      return;
    }
    const actions = {
      ".": () => { this.stop(); this.stepForward(); }, ",": () => { this.stop(); this.stepBack(); },
      ArrowRight: () => { this.stop(); this.stepForward(); }, ArrowLeft: () => { this.stop(); this.stepBack(); },
      k: () => this.play(), t: () => this.train(), r: () => this.rounds(1), g: () => this.set({ tab: this.view.tab === "graph" && this.neurons ? "neurons" : "graph", full: true }),
      "+": () => this.computation.zoom(1.4), "-": () => this.computation.zoom(1 / 1.4), 0: () => this.computation.fit(),
      Escape: () => { this.stop(); this.select(null); },
    };
    const action = actions[event.key];
    if (!action || (event.key.startsWith("Arrow") && event.target.closest?.("[tabindex='0'], [role=tablist], button"))) return;
    event.preventDefault();
    action();
  }

  // The item next to the focused one, in the direction of the arrow.
  moveFocus(key) {
    const items = this.items();
    const here = document.activeElement.closest(".item");
    if (!here) return items[0]?.focus();
    const centre = (item) => {
      const box = item.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const [x, y] = centre(here);
    const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
    let best = null;
    let least = Infinity;
    for (const item of items) {
      if (item === here) continue;
      const [ax, ay] = centre(item);
      const along = (ax - x) * dx + (ay - y) * dy;
      const across = Math.abs((ax - x) * dy) + Math.abs((ay - y) * dx);
      if (along > 1 && along + 2 * across < least) [best, least] = [item, along + 2 * across];
    }
    best?.focus();
  }

  items() {
    return [...this.diagram().querySelectorAll(".item:not(.gone)")];
  }

  // One item of the diagram can be reached by the tab key, the others from it by arrows.
  rove() {
    const items = this.items();
    const chosen = items.find((item) => item.contains(document.activeElement)) ?? items.find((item) => Number(item.dataset.node) === this.view.selected) ?? items[0];
    for (const item of items) set(item, "tabindex", item === chosen ? "0" : "-1");
  }

  schedule() {
    if (this.scheduled || !this.page) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.render();
    });
  }

  render() {
    const { view } = this;
    const frame = this.makeFrame();
    this.frame = frame;
    toggle(document.body, "simple", !view.full);
    toggle(document.body, "playing", this.playing);
    const tab = this.neurons ? view.tab : "graph";
    toggle(document.body, "graph", tab === "graph");
    if (this.shownTab !== tab) {
      this.shownTab = tab;
      this.stageBox.replaceChildren((tab === "neurons" ? this.neurons : this.computation).root);
      set(this.diagram(), "aria-describedby", "diagram-description");
    }
    (tab === "neurons" ? this.neurons : this.computation).render(frame);
    if (tab === "graph" && view.selected !== this.shownNode && view.selected !== null && view.full) this.computation.show(view.selected);
    this.shownNode = view.selected;
    for (const button of this.tabs.children) set(button, "aria-pressed", button.dataset.tab === tab);
    for (const button of this.modes.children) set(button, "aria-pressed", button.dataset.mode === view.mode);
    this.zooms.hidden = tab !== "graph";
    for (const item of this.phases.children) {
      toggle(item, "on", frame.phase === item.dataset.phase);
      set(item, "aria-current", frame.phase === item.dataset.phase ? "step" : "false");
    }
    this.rove();

    for (const [name, panel] of Object.entries(this.panels)) {
      const on = view.panel === name;
      panel.root.parentElement.hidden = !on;
      const tabButton = document.getElementById(`tab-${name}`);
      set(tabButton, "aria-selected", on);
      set(tabButton, "tabindex", on ? "0" : "-1");
      if (on && view.full) panel.render(frame);
    }
    if (view.full) {
      this.cases?.render(frame);
      this.curve.render(frame);
    }

    put(this.mainButton, this.playing ? text("main.pause") : text(view.round === 0 && this.training.rounds === 0 ? "main.watch" : "main.train"));
    put(this.playButton, text(this.playing === "play" ? "play.pause" : "play.play"));
    put(this.trainButton, text(this.playing === "train" ? "train.pause" : "train.run"));
    this.paces.value = view.pace;
    this.caption.setAttribute("aria-live", this.playing ? "off" : "polite");
    const words = this.captionPieces(frame);
    this.caption.replaceChildren(...this.notation.html(words, { hide: (piece) => piece.quantity && this.hides(piece.id, piece.quantity) }).flat(Infinity).filter(Boolean));
    put(this.legend, text(`legend.${view.mode}`));
    put(this.describing, this.inWords(frame));
  }

  inWords(frame) {
    const { graph } = this;
    const error = this.hides(graph.result, "data") ? "?" : written(frame.dataAt(graph.result));
    const name = this.notation.name(graph.result);
    if (!graph.network) return text("words.graph", { nodes: graph.variables.length, name, error });
    const layers = Array.from({ length: graph.depth }, (_, k) => graph.network.neurons.filter((neuron) => neuron.depth === k + 1).length);
    return text("words.network", { inputs: graph.network.inputs.length, layers: layers.join(", "), name, error, round: frame.round.toLocaleString("en") });
  }

  // What happens at this step, as pieces of a sentence.
  captionPieces(frame) {
    const { graph } = this;
    const sentence = (key, parts) => text(key).split(/(\{\w+\})/).flatMap((part) => {
      const mark = /^\{(\w+)\}$/.exec(part);
      return mark ? parts[mark[1]] ?? [part] : [part];
    });
    const where = { round: [frame.round.toLocaleString("en")], case: [String(frame.row + 1)] };
    const result = { number: frame.data[graph.result], id: graph.result, quantity: "data", enclose: false };
    const { current } = frame;
    if (frame.step === null) {
      if (frame.round === 0 && this.training.rounds === 0) return sentence("caption.start", { name: [{ name: graph.result }], error: [result] });
      return sentence("caption.rest", { ...where, name: [{ name: graph.result }], error: [{ number: this.training.errors[frame.round], id: graph.result, quantity: "data", enclose: false }] });
    }
    if (!current) return sentence("caption.begin", where);
    if (current.kind === "forward") {
      const formula = this.formulas.forward(current.node, frame.settings.variant);
      const value = { number: frame.data[current.node], id: current.node, quantity: "data", enclose: false };
      const parts = formula ? [{ name: current.node }, " = ", ...formula, " = ", ...inNumbers(formula, (id) => frame.data[id]), " = ", value] : [{ name: current.node }, " = ", value];
      return sentence("caption.forward", { formula: parts });
    }
    if (current.kind === "seed") return sentence("caption.seed", { name: [{ name: graph.result }] });
    if (current.kind === "backward") {
      const { edge } = current;
      const { pieces, local } = this.happening(frame);
      const more = graph.users[edge.tail].length > 1 ? text("caption.several", { name: this.notation.name(edge.tail), count: graph.users[edge.tail].length }) : "";
      return [...sentence("caption.backward", { formula: pieces, local: [local] }), more && ` ${more}`];
    }
    const update = equations(this, { ...frame, dataAt: undefined }, current.node).find((each) => each.key === "update");
    return sentence("caption.update", { formula: [...update.left, " = ", ...update.rows[0], " = ", ...update.rows[1], " = ", ...update.rows[2]] });
  }
}

new App();
