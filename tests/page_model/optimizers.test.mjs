// Optimizers of the page against those of the package, whose trainings stand in subjects.js; and what an update tells of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SUBJECTS, TEXTS, TRAININGS } from "./subjects.js";
import { equations, updateEquation } from "./web/model/equations.js";
import { sceneOf } from "./web/model/scenes.js";
import { Session } from "./web/model/session.js";
import { fingerprint, checked } from "./web/model/state.js";
import { loadTexts, speak } from "./web/model/words.js";

loadTexts(TEXTS);
speak("en");
const opened = (name, settings = {}) => {
  const session = new Session(SUBJECTS[name].description, SUBJECTS[name].programs);
  assert(session.change({ settings, clear: true }));
  return session;
};
const near = (a, b, share = 1e-9) => Math.abs(a - b) <= share * Math.max(1e-3, Math.abs(a), Math.abs(b));
const number = (piece) => piece.number;

for (const { settings, rounds, numbers } of TRAININGS) {
  test(`xor by ${settings.optimizer}, ${settings.batch ? "all cases at once" : "row by row"}: the numbers of the package`, () => {
    const { graph, training } = opened("xor", settings);
    training.advance(rounds);
    const { leaves } = training.at(rounds);
    for (const id of graph.parameters) assert(near(leaves[id], numbers[graph.nodes[id].name]), graph.nodes[id].name);
  });
}

for (const optimizer of ["sgd", "momentum", "adam"]) {
  for (const batch of [false, true]) {
    test(`the update by ${optimizer}${batch ? " of a mean" : ""} is what its numbers make`, () => {
      const session = opened("xor", { optimizer, batch, rate: 0.25 });
      session.training.advance(3);
      session.go({ round: 3, row: batch ? 2 : 0, step: session.plan().steps.length - 1 });
      const frame = session.frame();
      const [id] = frame.beat.nodes;
      const [symbols, numbers, [result]] = updateEquation(session, frame, id).rows;
      const shown = numbers.map((piece) => (typeof piece === "string" ? piece : `(${piece.number})`)).join("");
      const formula = shown.replaceAll("−", "-").replaceAll("·", "*").replaceAll("sqrt(", "Math.sqrt(");
      assert(near(new Function(`return ${formula}`)(), number(result)), formula);
      assert.equal(symbols.includes(batch ? "ḡ" : "m̂ / (sqrt(v̂) + ε)"), batch ? optimizer !== "adam" : optimizer === "adam");
      const next = session.training.at(4).leaves[id];
      if (batch) assert(near(number(result), next)); // row by row the cases that follow change it again
      const scene = sceneOf(session, frame);
      assert.equal(number(scene.result[0]), number(result));
      assert(scene.why.length > 0);
    });
  }
}

test("where biases learn, too, no sentence of an update and of what comes of it is about weights alone", () => {
  const session = opened("xor");
  for (const language of ["en", "ja"])
    for (const optimizer of ["sgd", "momentum", "adam"]) {
      speak(language);
      assert(session.change({ settings: { optimizer }, clear: true }));
      const { beats } = session.plan();
      for (const { to } of beats.slice(-2)) {
        session.go({ step: to });
        const words = session.notation.plain(sceneOf(session, session.frame()).why);
        assert(/[Bb]ias|バイアス/.test(words) || !/[Ww]eight|重み/.test(words), words);
      }
    }
  speak("en");
});

test("what Adam remembers is told with its numbers, step after step", () => {
  const session = opened("tutorial", { optimizer: "adam", rate: 0.01 });
  const { graph, training } = session;
  const w5 = graph.parameters.find((id) => graph.nodes[id].name === "w5");
  const [beta1, beta2] = [0.9, 0.999];
  let [m, v] = [0, 0];
  for (let round = 0; round < 3; round++) {
    session.go({ round });
    const frame = session.frame();
    const g = frame.grads[w5];
    [m, v] = [beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g];
    const told = Object.fromEntries(equations(session, frame, w5).map(({ key, rows }) => [key, rows.at(-1)[0].number]));
    assert(near(told.first, m) && near(told.second, v, 1e-12));
    assert(near(told.corrected, m / (1 - beta1 ** (round + 1))) && near(told["corrected.second"], v / (1 - beta2 ** (round + 1)), 1e-12));
    assert.equal(frame.steps, round);
    training.advance(round + 1);
    session.go({ round: round + 1 });
    assert(near(session.frame().leaves[w5], told.update));
  }
});

test("another optimizer begins with nothing remembered; links hold it, and no optimizer that there is not", () => {
  const session = opened("xor", { optimizer: "adam", rate: 0.05 });
  session.training.advance(5);
  session.go({ round: 5 });
  session.change({ settings: { optimizer: "momentum" }, clear: true });
  const frame = session.frame();
  assert.equal(frame.steps, 0);
  assert(frame.moments.every((row) => row.every((x) => x === 0)));
  const state = (optimizer) => ({
    version: 2,
    graph: fingerprint(session.graph),
    view: session.view,
    events: [{ round: 0, row: 0, settings: { optimizer, batch: true } }],
  });
  assert.deepEqual(checked(state("adam"), session.graph, session.original).events[0].settings, { optimizer: "adam", batch: true });
  assert.equal(checked(state("constructor"), session.graph, session.original), null);
});

test("stored states bring back what an optimizer remembers", () => {
  const session = opened("xor", { optimizer: "adam", rate: 0.05, batch: true });
  const { training } = session;
  training.advance(12);
  training.stored = training.stored.filter((_, k) => k % 4 === 0);
  training.stride = 4;
  const [straight, again] = [training.at(12), training.at(11)];
  training.round(again, 11);
  for (const id of session.graph.parameters) assert.equal(again.leaves[id], straight.leaves[id]);
  assert.deepEqual(again.moments, straight.moments);
});
