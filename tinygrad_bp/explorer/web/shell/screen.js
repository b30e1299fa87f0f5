// The elements of the page, in one language: header, picture, words and player at fixed places, panels on request.

import { counted } from "../model/numbers.js";
import { longestTold, tellingOf } from "../model/round.js";
import { inWords } from "../model/speech.js";
import { languages, spoken, text } from "../model/words.js";
import { barView } from "../views/bar.js";
import { beatView } from "../views/beat.js";
import { computationView } from "../views/computation.js";
import { editView } from "../views/edit.js";
import { undoButtons } from "../views/controls.js";
import { el, put, set, toggle } from "../views/elements.js";
import { exportsView } from "../views/exports.js";
import { formulaView } from "../views/formula.js";
import { hoverCard } from "../views/hover.js";
import { networkView } from "../views/network.js";
import { pathsView } from "../views/paths.js";
import { settingsView } from "../views/settings.js";
import { gripWords } from "../views/grip.js";
import { slopeView } from "../views/slope.js";
import { teacherView } from "../views/teacher.js";
import { learningView } from "../views/learning.js";
import { truthView } from "../views/truth.js";
import { panelKey, rove } from "./keyboard.js";
import { addressOf, stateOf } from "./links.js";
import { AT_ONCE, SPEEDS, TRAINING_SPEEDS } from "./player.js";

const NARROW = 900; // pixels: below, a panel lies over the picture
const NAMES = /** @type {Record<string, string>} */ ({ en: "English", ja: "日本語" });

/**
 * What the parts of a screen ask of the page.
 * @typedef {object} Desk
 * @property {import("../model/session.js").Session} session
 * @property {import("./player.js").Player} player
 * @property {string} pristine the text of the page as it was loaded
 * @property {() => void} renderNow
 * @property {(words: string, said: string) => void} copy
 * @property {(language: string) => void} speak
 */

export class Screen {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.session = desk.session;
    this.roved = "";
    /** @type {Set<string>} */
    this.opened = new Set(); // panels that someone has seen
    const { session, player } = desk;
    const { description, graph, notation } = session;
    const title = typeof description.title === "string" ? description.title : description.title[spoken()];
    this.title = title || text(`title.${description.kind}`, { name: notation.name(graph.result) });
    const company = {
      speed: () => SPEEDS[player.speed],
      hold: (/** @type {import("../views/beat.js").Pending} */ pending) => this.beat.hold(pending),
    };
    this.neurons = graph.network ? networkView(session, company) : null;
    this.computation = computationView(session);
    this.beat = beatView(session, { next: () => player.next(), train: () => player.rounds(AT_ONCE) });
    this.bar = barView(session, {
      next: () => player.next(),
      back: () => player.back(),
      play: () => player.play(),
      jump: (step) => player.jump(step),
    });
    this.stage = el("section", { class: "stage", "aria-label": text("stage.label"), onclick: () => player.next() });
    this.hover = hoverCard(session, this.stage);
    this.undo = undoButtons(session);
    this.told = el("p", { class: "unseen", "aria-live": "polite" }); // of a number that is changed by hand
    this.describing = el("p", { class: "unseen", id: "diagram-description" });
    this.panels = panelsOf(this);
    this.tabs = Object.keys(this.panels).map((name) => this.panelTab(name));
    this.drawer = this.makeDrawer();
    this.more = el(
      "button",
      { class: "button more", type: "button", "aria-controls": "drawer", onclick: () => this.toggleDrawer() },
      text("panel.open"),
    );
    this.pictures = el(
      "div",
      { class: "segments pictures", role: "group", "aria-label": text("tab.label"), hidden: !this.neurons },
      (this.neurons ? ["neurons", "graph"] : []).map((name) =>
        el("button", { type: "button", "data-tab": name, onclick: () => session.set({ tab: name }) }, text(`tab.${name}`)),
      ),
    );
    /** @type {HTMLTextAreaElement} */
    this.copyField = el("textarea", {
      class: "copy-field",
      hidden: true,
      readOnly: true,
      rows: 4,
      "aria-label": text("copy.field"),
      onblur: () => {
        this.copyField.hidden = true;
      },
    });
  }

  // All of it, for the page.
  elements() {
    const choices = languages().map((each) =>
      el(
        "button",
        { type: "button", lang: each, "aria-pressed": String(each === spoken()), onclick: () => this.desk.speak(each) },
        NAMES[each] ?? each,
      ),
    );
    const header = el(
      "header",
      {},
      el("h1", { title: this.title }, this.title),
      this.pictures,
      el("div", { class: "languages", role: "group", "aria-label": text("language") }, choices),
      this.undo.root,
      this.more,
    );
    return [header, el("main", {}, this.stage, this.describing, this.told, this.beat.root, this.bar.root), this.drawer, this.copyField];
  }

  /** @param {string} name */
  panelTab(name) {
    const names = Object.keys(this.panels);
    return el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        "aria-controls": `panel-${name}`,
        onclick: () => this.session.openPanel(name),
        onkeydown: (/** @type {KeyboardEvent} */ event) =>
          panelKey(names, event, name, (next) => {
            this.session.openPanel(next);
            this.desk.renderNow();
            document.getElementById(`tab-${next}`)?.focus();
          }),
      },
      text(`panel.${name}`),
    );
  }

  makeDrawer() {
    const close = el(
      "button",
      { class: "button icon close", type: "button", "aria-label": text("panel.close"), onclick: () => this.closeDrawer() },
      "✕",
    );
    return el(
      "aside",
      { class: "drawer", id: "drawer", hidden: true, "aria-label": text("panel.label") },
      el(
        "div",
        { class: "drawer-head" },
        el("div", { class: "panel-tabs", role: "tablist", "aria-label": text("panel.label") }, this.tabs),
        close,
      ),
      Object.entries(this.panels).map(([name, { root }]) =>
        el("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, root),
      ),
    );
  }

  // Panels.

  toggleDrawer() {
    if (this.session.view.open) this.closeDrawer();
    else {
      this.session.openPanel(this.session.view.panel);
      this.desk.renderNow();
      document.getElementById(`tab-${this.session.view.panel}`)?.focus();
    }
  }

  closeDrawer() {
    this.session.set({ open: false, selected: null });
    this.desk.renderNow();
    this.more.focus();
  }

  // Showing.

  diagram() {
    return (this.session.tab === "neurons" && this.neurons ? this.neurons : this.computation).root;
  }

  // All of it, also what is out of sight.
  *drawing() {
    const neurons = this.session.tab === "neurons" && this.neurons;
    return neurons ? neurons.root : yield* this.computation.whole();
  }

  render() {
    const { session } = this;
    const { player } = this.desk;
    const frame = session.frame();
    const telling = tellingOf(session, frame);
    const { scene } = telling;
    this.renderDrawer();
    const { clientWidth, clientHeight } = this.beat.root; // before anything is changed, or else all is laid out twice
    this.renderPicture(frame, scene);
    if (player.playing) telling.question = null;
    const { bar } = this;
    bar.render(frame, player.playing, session.notation.plain(scene.left));
    this.beat.render(telling, {
      heading: bar.root.querySelector(".count")?.textContent ?? "",
      place: `${frame.round},${frame.row},${frame.step}`,
      goal: counted((Math.floor(frame.round / AT_ONCE) + 1) * AT_ONCE),
      room: [clientWidth, clientHeight, session.view.pace, session.view.ask, frame.settings.optimizer].join(),
      longest: () => longestTold(session),
    });
    toggle(document.body, "playing", player.playing);
    toggle(document.body, "gripping", session.gripping);
    this.undo.render();
    this.hover.render(frame);
    this.renderPanels(frame); // last: what is measured before would else lay them out too
    put(this.told, this.hover.words() || gripWords(session));
    put(this.describing, inWords(session, frame));
  }

  /**
   * @param {Frame} frame
   * @param {Scene} scene
   */
  renderPicture(frame, scene) {
    const { session } = this;
    const { view, tab } = session;
    const diagram = this.diagram();
    if (this.stage.firstChild !== diagram) {
      this.stage.querySelector(":scope > .diagram")?.remove();
      this.stage.prepend(diagram);
      set(diagram, "aria-describedby", "diagram-description");
    }
    const room = { width: Math.max(200, this.stage.clientWidth), height: Math.max(100, this.stage.clientHeight) };
    if (tab === "neurons" && this.neurons) this.neurons.render(frame, scene, room);
    else {
      this.neurons?.finish(); // nothing travels where nobody sees it
      this.computation.render(frame, scene, room);
    }
    for (const button of this.pictures.children) set(button, "aria-pressed", /** @type {HTMLElement} */ (button).dataset.tab === tab);
    const items = [tab, view.selected, view.level, room.width, room.height, spoken()].join();
    if (items !== this.roved || !diagram.querySelector(".item[tabindex='0']")) rove(diagram, view.selected); // it may have been drawn anew
    this.roved = items;
  }

  renderDrawer() {
    const { view } = this.session;
    this.drawer.hidden = !view.open;
    toggle(document.body, "open", view.open);
    document.body.dataset.panel = view.panel;
    set(this.more, "aria-expanded", view.open);
    // A notice is where it is seen: where a panel lies over the words, in the panel.
    const words = document.body.classList.contains("without-words") ? this.stage : this.beat.root;
    const home = view.open && innerWidth < NARROW ? this.drawer : words;
    if (this.beat.status.parentElement !== home) home.append(this.beat.status);
    for (const [name, panel] of Object.entries(this.panels)) {
      const on = view.panel === name;
      if (panel.root.parentElement) panel.root.parentElement.hidden = !on;
      const tab = this.tabs.find(({ id }) => id === `tab-${name}`);
      if (tab) {
        set(tab, "aria-selected", on);
        set(tab, "tabindex", on ? "0" : "-1");
      }
    }
  }

  /** @param {Frame} frame */
  renderPanels(frame) {
    const { view } = this.session;
    for (const [name, panel] of Object.entries(this.panels)) {
      const on = view.open && view.panel === name;
      if (on || (view.quiz && this.opened.has(name))) panel.render(frame); // a number that is hidden is no longer in the others either
      if (on) this.opened.add(name);
    }
  }
}

/**
 * @param {Screen} screen
 * @returns {Record<string, Panel>}
 */
function panelsOf(screen) {
  const { desk, session } = screen;
  const { player } = desk;
  const files = {
    copy: desk.copy,
    renderNow: desk.renderNow,
    drawing: () => screen.drawing(),
    stage: () => screen.stage,
    title: () => screen.title,
    pristine: desk.pristine,
    link: () => addressOf(session),
    state: () => stateOf(session),
  };
  const training = {
    rounds: (/** @type {number} */ count) => player.rounds(count),
    train: () => player.train(),
    trainUntilBelow: (/** @type {number} */ error, /** @type {() => void} */ found) => player.trainUntilBelow(error, found),
    speeds: TRAINING_SPEEDS.length,
    speed: () => player.trainingSpeed,
    setSpeed: (/** @type {number} */ speed) => {
      player.trainingSpeed = speed;
    },
    playing: () => player.playing,
    most: AT_ONCE,
  };
  const stepping = {
    speeds: SPEEDS.length,
    speed: () => player.speed,
    setSpeed: (/** @type {number} */ speed) => {
      player.speed = speed;
    },
    zoom: (/** @type {number} */ factor) => screen.computation.zoom(factor),
    fit: () => screen.computation.fit(),
    level: () => session.view.level ?? screen.computation.sheet.level,
  };
  return {
    formula: formulaView(session, files),
    slope: slopeView(session),
    ...(session.graph.trains ? { training: learningView(session, training) } : {}),
    edit: editView(session),
    paths: pathsView(session),
    truth: truthView(session),
    teacher: teacherView(session, files),
    export: exportsView(session, files),
    settings: settingsView(session, stepping),
  };
}
