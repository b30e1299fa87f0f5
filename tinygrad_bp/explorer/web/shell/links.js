// The state of the page in its address, and in the page when it is saved.

import { counted } from "../model/numbers.js";
import { checked, decoded, encoded, fingerprint, LONGEST_STATE, PARTS, STATE_VERSION, takenFrom } from "../model/state.js";
import { explained } from "../model/speech.js";
import { speak, spoken, text } from "../model/words.js";

const REPLAY_MILLISECONDS = 100; // of computing where a link leads, before that is shown
const LONGEST_NAMES = 60; // letters of an address that are said again
const LINK_MILLISECONDS = 300; // browsers refuse to change the address more often than they like

/** @typedef {import("../model/session.js").Session} Session */

/**
 * What is said of names of parts that there are not, of which only the beginning may be words.
 * @param {string[]} names
 */
function noParts(names) {
  return names.length ? text("link.parts", { names: names.join(", ").slice(0, LONGEST_NAMES), parts: PARTS.join(", ") }) : "";
}

/** @param {Session} session */
export function stateOf(session) {
  return {
    version: STATE_VERSION,
    graph: fingerprint(session.graph),
    view: { ...session.view, trained: session.training.rounds, language: spoken() },
    events: session.training.events,
  };
}

/** @param {Session} session */
export function addressOf(session) {
  return `${location.href.split("#")[0]}#s=${encoded(stateOf(session))}`;
}

export class Links {
  /**
   * @param {Session} session
   * @param {{ stop: () => void, rebuild: () => void, notice: (words: string) => void }} page
   */
  constructor(session, page) {
    this.session = session;
    this.page = page;
    this.written = "";
    /** @type {string[]} */
    this.hidden = []; // parts of the page
    this.place = ""; // of the history of the browser
    /** @type {{ rounds: number, place: Pick<View, "round" | "row" | "step"> } | null} */
    this.behind = null; // how far a link leads beyond what is computed yet
    this.trouble = ""; // what is wrong with the address with which the page was opened
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  // Begins where the address says, or else where the page was saved.
  restore() {
    const { graph, original } = this.session;
    const kept = JSON.parse(document.getElementById("state")?.textContent ?? "null");
    const { state: fragment, hidden, unknown } = takenFrom(location.hash);
    this.hide(hidden);
    const linked = fragment ? decoded(fragment, graph, original) : null;
    const strange = fragment !== "" && !linked;
    this.trouble = strange ? text("link.unknown") : noParts(unknown);
    const state = linked ?? (kept && checked(kept, graph, original));
    if (state) this.take(state);
    this.written = this.trouble ? "" : location.hash;
    this.place = this.placeNow();
  }

  // What Back goes back over: changes, rounds, cases, pictures and panels, but not beats.
  placeNow() {
    const { view, training } = this.session;
    return JSON.stringify([training.events, view.round, view.row, view.tab, view.open && view.panel]);
  }

  // Which parts of the page are not shown.
  /** @param {string[]} hidden */
  hide(hidden) {
    this.hidden = hidden;
    for (const part of PARTS) document.body.classList.toggle(`without-${part}`, this.hidden.includes(part));
  }

  /** @param {NonNullable<ReturnType<typeof decoded>>} state */
  take(state) {
    const { session } = this;
    if (state.earlier) this.trouble = text("link.first");
    const { language, trained, ...view } = state.view;
    if (language) speak(language);
    session.view = { ...session.firstView(), ...view };
    session.solved = false;
    const { training } = session;
    training.events = state.events;
    training.restart();
    const { round, row, step } = session.view;
    const rounds = Math.max(round, trained);
    this.behind = training.advance(rounds, REPLAY_MILLISECONDS) ? null : { rounds, place: { round, row, step } };
    if (this.behind) Object.assign(session.view, { round: training.rounds, step: null });
    if (training.rounds < session.view.round) {
      const rounds = counted(training.rounds);
      this.trouble = training.trouble
        ? text("trouble.diverged", { why: explained(session, training.trouble), rounds })
        : text("link.long", { rounds, round: counted(session.view.round) });
      Object.assign(session.view, { round: training.rounds, step: null });
    }
    const places = [
      { round: 0, row: 0 },
      { round: session.view.round, row: 0 },
      ...state.events.filter((event) => event.round <= training.rounds),
    ];
    if (places.some(({ round, row }) => training.undefinedData(training.at(round, row)))) {
      training.events = [];
      training.restart();
      this.behind = null;
      session.view = session.firstView();
      this.trouble = text("link.unknown");
    }
    const most = session.plan().steps.length;
    if (session.view.step !== null && session.view.step > most) session.view.step = most;
  }

  /**
   * Trains on to where the address leads, if that takes longer than a page may take to come.
   * @param {(rounds: number, arrive: () => void) => void} catchUp
   */
  goOn(catchUp) {
    if (!this.behind) return;
    const { rounds, place } = this.behind;
    this.behind = null;
    catchUp(rounds, () => {
      const { session } = this;
      const { training } = session;
      const there = training.rounds >= place.round;
      session.go(there ? place : { round: training.rounds });
      this.place = this.placeNow(); // which is no new one in the history of the browser
      if (place.step !== null && there) session.set({ step: Math.min(place.step, session.plan().steps.length) });
    });
  }

  // Goes where a new address says.
  follow() {
    if (location.hash === this.written) return;
    const { session } = this;
    const { graph, original } = session;
    const first = { version: STATE_VERSION, graph: fingerprint(graph), view: session.firstView(), events: [] };
    const { state: fragment, hidden, unknown } = takenFrom(location.hash);
    const state = fragment ? decoded(fragment, graph, original) : checked(first, graph, original);
    if (!state) {
      this.page.notice(text("link.unknown"));
      return;
    }
    clearTimeout(this.timer);
    this.page.stop();
    this.hide(hidden);
    this.trouble = noParts(unknown);
    this.take(state);
    this.written = location.hash;
    this.place = this.placeNow();
    this.page.rebuild();
  }

  // Writes the state into the address, after a while.
  keep() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), LINK_MILLISECONDS);
  }

  write() {
    const { session } = this;
    const first = session.firstView();
    const keys = /** @type {(keyof View)[]} */ (Object.keys(first));
    const same = keys.every((key) => JSON.stringify(session.view[key]) === JSON.stringify(first[key]));
    const plain = session.training.events.length === 0 && same;
    const parts = [!plain && `s=${encoded(stateOf(session))}`, this.hidden.length > 0 && `hide=${this.hidden.join()}`];
    const kept = parts.filter((part) => part !== false).join("&");
    this.written = kept && `#${kept}`;
    if (this.written.length > LONGEST_STATE) return; // saving the page keeps what no link can hold
    const place = this.placeNow();
    const onward = place !== this.place;
    this.place = place;
    try {
      if (location.hash === this.written) return;
      history[onward ? "pushState" : "replaceState"](null, "", this.written || location.href.split("#")[0]);
    } catch {
      // A page in a sandboxed frame has no address to write to.
    }
  }
}
