// A second run beside the first: from the same start, with a way to learn of its own; in links; and while the first is changed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SUBJECTS, TEXTS, TRAININGS } from "./subjects.js";
import { wayOf } from "./web/model/rival.js";
import { Session } from "./web/model/session.js";
import { checked, fingerprint } from "./web/model/state.js";
import { loadTexts, speak } from "./web/model/words.js";

loadTexts(TEXTS);
speak("en");
const opened = (name) => new Session(SUBJECTS[name].description, SUBJECTS[name].programs);
const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1e-3, Math.abs(a), Math.abs(b));
const compared = (session, way = {}) => {
  session.set({ rival: { ...wayOf(session.original), ...way } });
  for (let k = 0; k <= session.training.rounds; k++) session.frame(); // each goes on by a round at least
  return session.rival;
};

for (const { settings, rounds, numbers } of TRAININGS) {
  test(`a second run by ${settings.optimizer}, ${settings.batch ? "batch" : "row by row"}, has the numbers of the package`, () => {
    const session = opened("xor");
    session.training.advance(rounds);
    const before = session.training.at(rounds).leaves;
    const rival = compared(session, settings);
    assert.equal(rival.rounds, rounds);
    assert.equal(rival.errors[0], session.training.errors[0]);
    const { leaves } = rival.at(rounds);
    for (const id of session.graph.parameters) assert(near(leaves[id], numbers[session.graph.nodes[id].name]));
    assert.deepEqual(session.training.at(rounds).leaves, before);
  });
}

test("what is learned is changed in both runs, how it is learned in one, and a number moved by hand later in one", () => {
  const session = opened("xor");
  const { training, graph } = session;
  const [w] = graph.parameters;
  session.change({ leaves: [[w, 0.75]], settings: { rate: 2 } });
  assert.equal(compared(session, { rate: 0.25 }).at(0).leaves[w], 0.75);
  assert.equal(session.rival.at(0).settings.rate, 0.25);
  training.advance(20);
  session.go({ round: 10 });
  session.change({ preset: "or", leaves: [[w, 5]], settings: { rate: 4, optimizer: "momentum" }, clear: true }, 10);
  training.advance(20);
  for (let k = 0; k <= 20; k++) session.frame();
  const there = session.rival.at(20);
  assert.equal(there.settings.preset, "or");
  assert.deepEqual(wayOf(there.settings), { rate: 0.25, optimizer: "sgd", batch: false });
  const straight = opened("xor");
  straight.change({ leaves: [[w, 0.75]], settings: { rate: 0.25 } });
  straight.training.advance(10);
  straight.change({ preset: "or" }, 10);
  straight.training.advance(20);
  assert.deepEqual(there.leaves, straight.training.at(20).leaves);
  const { rival } = session;
  session.change({ leaves: [[w, 6]] }, 10);
  session.frame();
  assert.equal(session.rival, rival); // nothing of that concerns it: it goes on from where it was
  session.set({ rival: null });
  session.frame();
  assert.equal(session.rival, null);
});

test("links hold a second run, and none with anything strange in it", () => {
  const session = opened("xor");
  const { graph, original, view } = session;
  const state = (rival) => checked({ version: 2, graph: fingerprint(graph), view: { ...view, rival }, events: [] }, graph, original);
  const way = { rate: 0.05, optimizer: "adam", batch: true };
  assert.deepEqual(state({ ...way, more: 1 }).view.rival, way);
  assert.equal("rival" in state(null).view, false);
  for (const strange of [{ ...way, rate: -1 }, { ...way, optimizer: "toString" }, { rate: 1 }, "x", { ...way, batch: 1 }])
    assert.equal(state(strange), null);
});
