// The ladder of the quiz: its rungs, what is said to answers about an update, and progress that is kept, or not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SUBJECTS, TEXTS } from "./subjects.js";
import { questionBefore } from "./web/model/asking.js";
import { diagnosis } from "./web/model/diagnosis.js";
import { updateEquation } from "./web/model/equations.js";
import { MOST_RUNGS, Progress, rungsOf } from "./web/model/ladder.js";
import { questionOf } from "./web/model/quiz.js";
import { learnsSince } from "./web/model/rival.js";
import { Session } from "./web/model/session.js";
import { checked, fingerprint } from "./web/model/state.js";
import { loadTexts, speak } from "./web/model/words.js";

loadTexts(TEXTS);
speak("en");
const opened = (name) => new Session(SUBJECTS[name].description, SUBJECTS[name].programs);

test("the rungs of the worked example: from net_h1 to the bias", () => {
  const session = opened("tutorial");
  const rungs = rungsOf(session, session.frame());
  assert.deepEqual(
    rungs.map(({ name, id, quantity }) => [name, session.graph.nodes[id].name, quantity]),
    [
      ["forward", "net_h1", "data"],
      ["deltaOut", "net_o1", "grad"],
      ["weightOut", "w5", "grad"],
      ["arriveHidden", "out_h1", "grad"],
      ["deltaHidden", "net_h1", "grad"],
      ["weightHidden", "w1", "grad"],
      ["update", "w5", "next"],
      ["bias", "b1", "grad"],
    ],
  );
  assert.equal(rungs.length, MOST_RUNGS);
  for (const seed of [1, 2, 3]) {
    session.drawWeights(seed);
    const frame = session.frame();
    for (const rung of rungsOf(session, frame)) {
      const question = questionOf(session, frame, rung);
      assert.equal(diagnosis(question, String(question.value)).kind, "right", rung.name);
      assert(question.symbols?.length > 0, rung.name);
    }
  }
  assert.deepEqual(rungsOf(opened("hand-made"), opened("hand-made").frame()), []);
  for (const name of ["xor", "linear", "softmax", "classes"]) assert(rungsOf(opened(name), opened(name).frame()).length >= 6, name);
});

test("one path is called so, and a mistake is told once", () => {
  const session = opened("tutorial");
  const frame = session.frame();
  const said = (name, typed) => diagnosis(questionOf(session, frame, rungsOf(session, frame).find((rung) => rung.name === name)), typed);
  const [path] = said("deltaHidden", "0.0554").found;
  assert.deepEqual([path.key, path.what], ["path", ["o1"]]);
  assert.deepEqual(said("deltaHidden", "-0.019049").found[0].what, ["o2"]);
  assert.deepEqual(
    said("deltaOut", "0.741365").found.map(({ key }) => key),
    ["factor"],
  );
  // Also of the page's own numbers, in six digits and in the four of the picture, where the last digits are others.
  for (const typed of ["0.0554", "0.055399425", "0.0553996", "0.1385 · 0.4", "0.05540", "0.05541"]) {
    assert.deepEqual(
      said("arriveHidden", typed).found?.map(({ key }) => key),
      ["summand"],
      typed,
    );
  }
  assert.equal(said("arriveHidden", "0.05548").kind, "far");
});

test("a wrong guess is answered by what is right", () => {
  const session = opened("tutorial");
  const frame = session.frame();
  const { beats } = frame.plan;
  const asked = beats.map((beat) => questionBefore(session, frame, beat)).filter((question) => question);
  const words = asked.map(({ wrong }) => session.notation.plain(wrong));
  assert.equal(words[0], "✗ You said up. The slope is positive: up makes E_total larger.");
  assert.equal(words[1], "✗ You said shrink. The positive part is larger, so E_total grows.");
  assert.equal(words.at(-1), "✗ You said larger. The steps went downhill: E_total is smaller.");
});

test("another table has no original beside it, and a run says since when it learns as it does", () => {
  const session = opened("xor");
  session.change({ leaves: [[session.graph.parameters[0], 0.5]] });
  assert(session.ghost);
  const preset = Object.keys(session.original.tables).find((name) => name !== session.original.preset) ?? "";
  session.change(preset ? { preset } : { table: session.original.cases.slice(1) });
  assert.equal(session.ghost, null);
  const way = { rate: 0.5, optimizer: "sgd", batch: false };
  const events = [{ round: 10000, row: 0, settings: { optimizer: "adam" } }];
  assert.deepEqual(
    [9999, 10000, 20000].map((round) => learnsSince(events, round, way)),
    [0, 10000, 10000],
  );
});

test("mistakes in an update are named", () => {
  const session = opened("tutorial");
  const frame = session.frame();
  const { id } = rungsOf(session, frame).find(({ name }) => name === "update");
  const question = questionOf(session, frame, { id, quantity: "next" });
  const [w, g, rate] = [frame.leaves[id], frame.grads[id], frame.settings.rate];
  for (const [key, answer] of [
    ["updateSign", w + rate * g],
    ["rateForgotten", w - g],
    ["rateTwice", w - rate * rate * g],
    ["stepAlone", rate * g],
    ["notUpdated", w],
    ["updateTurned", rate * g - w],
  ]) {
    const said = diagnosis(question, answer.toPrecision(8));
    assert.equal(said.kind, "mistake", key);
    assert.equal(said.found[0].key, key);
  }
  assert.equal(diagnosis(question, "1").kind, "far");
});

test("1 is not right so far for 0.593269992", () => {
  const session = opened("tutorial");
  const id = session.graph.nodes.find(({ name }) => name === "out_h1").id;
  const question = questionOf(session, session.frame(), { id, quantity: "data" });
  assert.notEqual(diagnosis(question, "1").kind, "few");
  assert.equal(diagnosis(question, "0.6").kind, "few");
  assert.equal(diagnosis(question, "0.59").kind, "right"); // as marks of solutions have it
  assert.equal(diagnosis(question, "0.593").kind, "right");
  assert.equal(diagnosis(question, "0.59327").kind, "right");
  for (const typed of ["0.5932", "0.59326", "0.5932 "]) assert.equal(diagnosis(question, typed).kind, "cut", typed);
  assert.equal(diagnosis(question, "0.5931").kind, "rounded");
});

test("all rungs of the ladder take what is typed as arithmetic, as a fraction, and as marks of solutions read numbers", () => {
  const session = opened("tutorial");
  const frame = session.frame();
  const kinds = Object.fromEntries(rungsOf(session, frame).map((rung) => [rung.name, (typed) => diagnosis(questionOf(session, frame, rung), typed)]));
  for (const [name, right, wrong] of [
    ["forward", ["0.15 * 0.05 + 0.2 * 0.1 + 0.35", "0,3775", "= 0.3775", "３．７７５e-1"], ["0.15 * 0.05 + 0.2 * 0.1", "0.35"]],
    ["deltaOut", ["0.74136507 * 0.186815602", "0.741 · 0.187", "0.741 × 0.7514 × (1 − 0.7514)", "1.385e-1"], ["0.74136507", "-0.1385"]],
    ["weightOut", ["0.74136507 * 0.186815602 * 0.593269992", "0.74136507*0.186815602*σ(0.3775)", "8.2167 × 10⁻²", "0.082"], ["0.74136507 * 0.593269992", "0.9"]],
    ["deltaHidden", ["(0.138499*0.4 + -0.0380982*0.5) * 0.241301", "0.00877135"], ["(0.138499*0.4 - -0.0380982*0.5) * 0.241301"]],
    ["weightHidden", ["0.00877135 * 0.05", "4.386 * 10^-4"], ["0.00877135"]],
    ["update", ["0.4 - 0.5 * 0.0821670406", "0.35891648"], ["0.4 + 0.5 * 0.0821670406", "0.4"]],
    ["bias", ["0.00877135 + 0.00995425", "1.8726 * 10^-2"], ["0.00877135"]],
  ]) {
    for (const typed of right) assert.equal(kinds[name](typed).kind, "right", `${name}: ${typed}`);
    for (const typed of wrong) assert(["mistake", "far"].includes(kinds[name](typed).kind), `${name}: ${typed}`);
  }
  const { weightOut } = kinds;
  assert.equal(weightOut("0.74136507 * 0.593269992").found[0].key, "omitted");
  for (const typed of ["", "w5", "0.5 *", "2 3", "(0.5", "alert(1)", "constructor(1)", "1/0", "0.5,,3", "0x10", "1".repeat(500)]) {
    assert.equal(weightOut(typed).kind, "none", typed);
  }
});

test("what the update gives is hidden by its own question, and by that about its gradient", () => {
  const session = opened("tutorial");
  const id = session.graph.parameters[0];
  const result = () => updateEquation(session, session.frame(), id).rows.at(-1)[0];
  assert.equal(session.hidesPiece(result()), false);
  for (const [quantity, gradient] of [
    ["next", false],
    ["grad", true],
  ]) {
    session.set({ quiz: { id, quantity, seed: 0 } });
    assert.equal(session.hidesPiece(result()), true);
    assert.equal(session.hides(id, "grad"), gradient);
    session.solved = true;
    assert.equal(session.hidesPiece(result()), false);
  }
});

test("links hold a rung", () => {
  const session = opened("tutorial");
  const { graph, original } = session;
  const state = (quiz) => ({ version: 2, graph: fingerprint(graph), view: { ...session.view, quiz }, events: [] });
  const [id] = graph.parameters;
  const good = { id, quantity: "next", seed: 0, rung: 5 };
  assert.deepEqual(checked(state(good), graph, original).view.quiz, good);
  for (const wrong of [{ rung: MOST_RUNGS }, { rung: -1 }, { rung: "1" }, { id: graph.result }, { quantity: "toString" }]) {
    assert.equal(checked(state({ ...good, ...wrong }), graph, original), null);
  }
});

test("progress is kept, from whatever is found there, and where nothing can be kept it is known all the same", () => {
  const kept = new Map();
  const store = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const first = new Progress(store, "k");
  first.pass(0);
  first.pass(3);
  const second = new Progress(store, "k");
  assert.deepEqual([[...second.passed], second.laps], [[0, 3], 0]);
  second.lap();
  assert.deepEqual([[...new Progress(store, "k").passed], new Progress(store, "k").laps], [[], 1]);
  assert.equal(new Progress(store, "other").laps, 0);
  second.reset();
  assert.equal(new Progress(store, "k").laps, 0);
  for (const wrong of ["", "x", "null", "7", "[]", '{"passed":[9],"laps":1}', '{"passed":"0","laps":1}', '{"passed":[0],"laps":-1}', '{"passed":[0],"laps":1e99}']) {
    kept.set("k", wrong);
    const found = new Progress(store, "k");
    assert.deepEqual([found.passed.size, found.laps], [0, 0], wrong);
  }
  const refusing = {
    getItem() {
      throw new Error("no");
    },
    setItem() {
      throw new Error("no");
    },
  };
  for (const none of [null, refusing]) {
    const found = new Progress(none, "k");
    found.pass(2);
    assert(found.passed.has(2));
    found.lap();
    assert.equal(found.laps, 1);
  }
});
