// The state of the page in its address, and in the page when it is saved.

import { counted } from "./numbers.js";
import { checked, decoded, encoded, fingerprint, LONGEST_STATE, STATE_VERSION } from "./state.js";
import { speak, spoken, text } from "./text.js";

const LONGEST_REPLAY = 5000; // milliseconds that a link may take to be computed
const LINK_MILLISECONDS = 300; // browsers refuse to change the address more often than they like

export function stateOf(app) {
  return {
    version: STATE_VERSION,
    graph: fingerprint(app.graph),
    view: { ...app.view, trained: app.training.rounds, language: spoken() },
    events: app.training.events,
  };
}

export function addressOf(app) {
  return `${location.href.split("#")[0]}#s=${encoded(stateOf(app))}`;
}

// Begins where the address says, or else where the page was saved.
export function restore(app) {
  const kept = JSON.parse(document.getElementById("state").textContent);
  const fragment = location.hash;
  const linked = fragment.length > 1 ? decoded(fragment, app.graph, app.original) : null;
  if (fragment.length > 1 && !linked) app.trouble = text("link.unknown");
  const state = linked ?? (kept && checked(kept, app.graph, app.original));
  if (state) take(app, state);
}

function take(app, state) {
  const { language, trained, ...view } = state.view;
  if (language) speak(language);
  app.view = { ...app.firstView(), ...view };
  app.solved = false; // the quiz
  const { training } = app;
  training.events = state.events;
  training.restart();
  training.advance(Math.max(app.view.round, trained), LONGEST_REPLAY);
  if (training.rounds < app.view.round) {
    app.trouble = text("link.long", { rounds: counted(training.rounds), round: counted(app.view.round) });
    Object.assign(app.view, { round: training.rounds, row: 0, step: null });
  }
  const places = [{ round: 0, row: 0 }, app.view, ...state.events.filter((event) => event.round <= training.rounds)];
  if (places.some(({ round, row }) => training.undefinedData(training.at(round, row)))) {
    training.events = [];
    training.restart();
    app.view = app.firstView();
    app.trouble = text("link.unknown");
  }
  const most = app.steps().length;
  if (app.view.step !== null && app.view.step > most) app.view.step = most;
}

// Goes where a new address says.
export function follow(app) {
  if (location.hash === app.written) return;
  const state = decoded(location.hash, app.graph, app.original);
  if (!state) {
    if (location.hash.length > 1) app.notice(text("link.unknown"));
    return;
  }
  app.player.stop();
  take(app, state);
  app.build();
}

// Writes the state into the address, after a while.
export function keepInAddress(app) {
  clearTimeout(app.linkTimer);
  app.linkTimer = setTimeout(() => {
    const first = app.firstView();
    const plain =
      app.training.events.length === 0 && Object.keys(first).every((key) => JSON.stringify(app.view[key]) === JSON.stringify(first[key]));
    app.written = plain ? "" : `#s=${encoded(stateOf(app))}`;
    if (app.written.length > LONGEST_STATE) return; // saving the page keeps what no link can hold
    try {
      if (location.hash !== app.written) history.replaceState(null, "", app.written || location.href.split("#")[0]);
    } catch {
      // A page in a sandboxed frame has no address to write to.
    }
  }, LINK_MILLISECONDS);
}
