// The ladder of the quiz: its rungs, how far someone has come, and what comes next.

import { Progress, rungsOf } from "../model/ladder.js";
import { symbolOf } from "../model/quiz.js";
import { fingerprint } from "../model/state.js";
import { text } from "../model/words.js";
import { button } from "./controls.js";
import { el, put, set, toggle } from "./elements.js";
import { piecesElements } from "./pieces.js";

/**
 * Where progress is kept; null where nothing can be, as in the frame of a notebook.
 * @returns {import("../model/ladder.js").Store | null}
 */
function storeOf() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** @type {Progress | null} */
let progress = null; // of this page, in whatever language it goes on

export class Ladder {
  /**
   * @param {import("./teacher.js").Pupil} session
   * @param {(quiz: Quiz) => void} ask
   */
  constructor(session, ask) {
    this.session = session;
    this.ask = ask;
    progress ??= new Progress(storeOf(), `tinygrad_bp rungs ${fingerprint(session.graph)}`);
    this.progress = progress;
    this.rungs = rungsOf(session, session.shown);
    this.buttons = this.rungs.map((_, k) => el("button", { type: "button", class: "ladder-rung", onclick: () => this.go(k) }));
    this.another = button(text("ladder.another"), () => this.anotherNetwork(), "small");
    this.again = button(text("ladder.reset"), () => this.reset(), "small");
    this.laps = el("span", { class: "quiet small" });
    this.root = el(
      "div",
      { class: "ladder", hidden: this.rungs.length === 0 },
      el("h3", {}, text("ladder.title")),
      el(
        "ol",
        {},
        this.buttons.map((each) => el("li", {}, each)),
      ),
      el("div", { class: "ladder-end" }, this.another, this.again, this.laps),
    );
    this.written = "";
  }

  /** @param {number} k */
  go(k) {
    this.rungs = rungsOf(this.session, this.session.shown);
    const { id, quantity } = this.rungs[k];
    this.ask({ id, quantity, seed: 0, rung: k });
  }

  // The rung after one; after the last, the same with other numbers.
  /** @param {number} rung */
  next(rung) {
    if (rung + 1 < this.rungs.length) this.go(rung + 1);
    else this.anotherNetwork();
  }

  // Weights drawn anew: each lap has numbers of its own, the same for everybody.
  anotherNetwork() {
    this.session.set({ quiz: null });
    this.session.drawWeights(this.progress.laps + 1);
    this.progress.lap();
    this.session.frame();
    this.go(0);
  }

  reset() {
    this.progress.reset();
    this.session.set({});
  }

  /** @param {number} rung */
  pass(rung) {
    this.progress.pass(rung);
  }

  render() {
    const { session, rungs, progress: come } = this;
    const now = session.view.quiz?.rung;
    const key = JSON.stringify([rungs, [...come.passed], come.laps, now]);
    if (key === this.written) return;
    this.written = key;
    this.buttons.forEach((each, k) => {
      const passed = come.passed.has(k);
      const symbol = symbolOf(session, rungs[k]);
      each.replaceChildren(
        el("span", { class: "ladder-mark", "aria-hidden": "true" }, passed ? "✓" : String(k + 1)),
        el("span", {}, text(`ladder.${rungs[k].name}`)),
        el("span", { class: "ladder-symbol" }, piecesElements(session.notation, symbol)),
      );
      toggle(each, "passed", passed);
      set(each, "aria-current", k === now ? "step" : "false");
      const given = { name: text(`ladder.${rungs[k].name}`), symbol: session.notation.plain(symbol) };
      set(each, "aria-label", text(passed ? "ladder.passed" : "ladder.open", given));
    });
    put(this.laps, come.laps ? text("ladder.laps", { count: come.laps }) : "");
    toggle(
      this.another,
      "primary",
      rungs.every((_, k) => come.passed.has(k)),
    );
  }
}
