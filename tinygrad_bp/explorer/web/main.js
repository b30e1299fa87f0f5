// The page: one state, from which everything shown is computed, and what changes it.

import { el, put, set, toggle } from "./svg.js";
import { Notation } from "./names.js";
import { firstTrouble, Graph } from "./graph.js";
import { drawn, Training } from "./training.js";
import { addressOf, follow, keepInAddress, restore, stateOf } from "./links.js";
import { LANGUAGES, speak, text } from "./text.js";
import { Formulas } from "./formula.js";
import { frameOf } from "./frame.js";
import { captionPieces, explained, inWords } from "./caption.js";
import { Player } from "./player.js";
import { buildPage } from "./shell.js";
import { pressedKey, rove } from "./keyboard.js";

class App {
  constructor() {
    this.pristine = `<!doctype html>\n${document.documentElement.outerHTML}`;
    this.description = JSON.parse(document.getElementById("description").textContent);
    const { description } = this;
    this.graph = new Graph(description, PROGRAMS);
    this.notation = new Notation(this.graph);
    this.formulas = new Formulas(this.graph, description);
    this.original = {
      rate: description.learningRate,
      biases: description.trainBiases,
      sequential: false,
      accumulate: false,
      variant: this.graph.variant,
      cases: description.cases,
      seed: null,
      preset: description.presets?.chosen ?? null,
      tables: description.presets?.tables ?? {},
    };
    this.training = new Training(this.graph, this.original);
    this.unedited = new Training(this.graph, this.original);
    this.lit = null;
    this.player = new Player(this);
    this.view = this.firstView();
    const wanted = description.language ?? (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => LANGUAGES.includes(tag));
    speak(wanted ?? LANGUAGES[0]);
    restore(this);
    this.page = document.getElementById("page");
    this.build();
    addEventListener("hashchange", () => follow(this));
    addEventListener("keydown", (event) => pressedKey(this, event));
    new ResizeObserver(() => this.schedule()).observe(this.page);
  }

  firstView() {
    return {
      round: 0,
      row: 0,
      step: null,
      selected: null,
      quantity: "grad",
      tab: this.graph.network?.whole ? "neurons" : "graph",
      mode: "values",
      panel: "formula",
      pace: "neuron",
      full: false,
      logScale: true,
      logRounds: true,
      keys: true,
      lens: null,
      quiz: null,
      collapsed: [],
    };
  }

  // What exports write.

  state() {
    return stateOf(this);
  }

  link() {
    return addressOf(this);
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

  // The training without any change, to compare with; null while it is the same.
  get ghost() {
    return this.training.events.length > 0 ? this.unedited : null;
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
    return Boolean(quiz && quiz.id === id && quiz.quantity === quantity && !this.solved);
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
    keepInAddress(this);
  }

  go({ round, row = 0, step = null }) {
    this.set({ round: Math.max(0, Math.min(round, this.training.rounds)), row, step });
  }

  select(id, quantity) {
    const changes = id === null ? { selected: null } : { selected: id, full: true };
    if (quantity) changes.quantity = quantity;
    if (id !== null && this.view.panel !== "paths" && this.view.panel !== "teacher") changes.panel = "formula";
    if (id !== null && this.view.panel === "paths" && this.graph.parameters.includes(id)) changes.lens = id;
    this.set(changes);
  }

  notice(words) {
    put(this.status, "");
    requestAnimationFrame(() => put(this.status, words));
  }

  change(change, { round, row } = this.view) {
    const trouble = this.training.change(round, row, change);
    if (trouble) {
      this.notice(text("edit.refused", { why: explained(this, trouble) }));
      this.schedule();
      return false;
    }
    if (this.view.step !== null) this.view.step = null;
    this.schedule();
    keepInAddress(this);
    return true;
  }

  edit(id, x) {
    return this.change(this.graph.parameters.includes(id) ? { leaves: [[id, x]] } : { cells: [[this.view.row, id, x]] });
  }

  drawWeights(seed) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 4294967295) {
      this.notice(text("edit.noSeed"));
      return;
    }
    const { parameters } = this.graph;
    const numbers = drawn(parameters.length, seed);
    const change = { settings: { seed }, leaves: parameters.map((id, k) => [id, numbers[k]]), clear: true };
    if (this.change(change, { round: 0, row: 0 })) this.go({ round: 0 });
  }

  reset() {
    this.player.stop();
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

  // What the neuron diagram shows: while a round is gone through, what the phase is about.
  mode() {
    const { step, mode } = this.view;
    return step !== null && mode === "values" && this.frame.phase === "backward" ? "gradients" : mode;
  }

  diagram() {
    return (this.view.tab === "neurons" && this.neurons ? this.neurons : this.computation).root;
  }

  stageWidth() {
    return this.stageBox.clientWidth;
  }

  trainUntilBelow(error) {
    this.player.trainUntilBelow(error);
  }

  // The page itself.

  build() {
    buildPage(this);
    this.shownTab = null;
    this.render();
    const infinite = this.player.fresh() && firstTrouble(this.graph, this.frame);
    if (this.trouble) this.notice(this.trouble);
    else if (infinite) this.notice(text("trouble.start", { why: explained(this, { round: 0, ...infinite }) }));
    this.trouble = null;
  }

  speakNow(language) {
    speak(language);
    this.build();
    this.page.querySelector(`.languages [lang=${language}]`).focus();
  }

  openPanel(name) {
    const changes = { panel: name };
    if (name === "paths" && this.view.lens === null)
      changes.lens = this.graph.parameters.includes(this.view.selected) ? this.view.selected : this.graph.parameters[0];
    this.set(changes);
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
    const { view, player } = this;
    const { playing } = player;
    const frame = frameOf(this);
    this.frame = frame;
    toggle(document.body, "simple", !view.full);
    toggle(document.body, "playing", playing);
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
    for (const button of this.modes.children) set(button, "aria-pressed", button.dataset.mode === this.mode());
    document.body.dataset.panel = view.panel;
    this.zooms.hidden = tab !== "graph";
    this.modes.hidden = tab === "graph";
    for (const item of this.phases.children) {
      toggle(item, "on", frame.phase === item.dataset.phase);
      set(item, "aria-current", frame.phase === item.dataset.phase ? "step" : "false");
    }
    const items = [tab, view.selected, view.collapsed].join();
    if (items !== this.roved || !this.diagram().querySelector(".item[tabindex='0']")) rove(this); // a diagram may have been drawn anew
    this.roved = items;

    for (const [name, panel] of Object.entries(this.panels)) {
      const on = view.panel === name;
      panel.root.parentElement.hidden = !on;
      const tabButton = document.getElementById(`tab-${name}`);
      set(tabButton, "aria-selected", on);
      set(tabButton, "tabindex", on ? "0" : "-1");
      if (view.full && (on || (view.quiz && panel.seen))) panel.render(frame); // a number that is hidden is no longer in the others either
      panel.seen ||= on && view.full;
    }
    if (view.full) {
      this.cases?.render(frame);
      this.curve.render(frame);
    }

    put(this.mainButton, playing ? text("main.pause") : text(player.fresh() ? "main.watch" : "main.train"));
    put(this.playButton, text(playing === "steps" ? "play.pause" : "play.play"));
    put(this.trainButton, text(playing === "rounds" ? "train.pause" : "train.run"));
    this.paces.value = view.pace;
    this.caption.setAttribute("aria-live", playing ? "off" : "polite");
    const words = captionPieces(this, frame);
    const said = el("p", {}, this.notation.html(words, { hide: (piece) => piece.quantity && this.hides(piece.id, piece.quantity) }));
    if (said.textContent !== this.caption.textContent) this.caption.replaceChildren(...said.childNodes);
    put(
      this.legend,
      text(
        tab === "graph"
          ? "legend.graph"
          : this.mode() === "change" && frame.round === 0 && !frame.updated?.size
            ? "legend.nothing"
            : `legend.${this.mode()}`,
      ) + (tab === "neurons" && !this.graph.network.whole ? ` ${text("legend.part")}` : ""),
    );
    put(this.describing, inWords(this, frame));
  }
}

new App();
