// Points of the plane as cases: added, moved, taken away, in links, and undone; and tables of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SUBJECTS, TEXTS } from "./subjects.js";
import { inputsOf } from "./web/model/maps.js";
import { classOf, endsOf, kindsOf, MOST_CASES, numbersOf, withoutPoint, withPoint } from "./web/model/points.js";
import { Session } from "./web/model/session.js";
import { checked, fingerprint } from "./web/model/state.js";
import { loadTexts, speak } from "./web/model/words.js";

loadTexts(TEXTS);
speak("en");
const opened = (name) => new Session(SUBJECTS[name].description, SUBJECTS[name].programs);
const added = (session, place, k) => {
  const { cases } = session.shown.settings;
  const inputs = inputsOf(session.graph, cases);
  return withPoint(cases, inputs, place, endsOf(session).map(({ target }) => target), kindsOf(session, cases)[k]);
};

test("a point more is a case more, one less is one less, and undo brings back what was", () => {
  const session = opened("xor");
  session.training.advance(3);
  session.go({ round: 2 });
  session.change({ table: added(session, [0.5, 0.25], 1) });
  session.go({ row: 4 });
  let frame = session.frame();
  const [a, b] = inputsOf(session.graph, frame.settings.cases);
  assert.equal(frame.settings.cases.length, 5);
  assert.equal(frame.settings.preset, null);
  assert.deepEqual([frame.leaves[a], frame.leaves[b]], [0.5, 0.25]);
  assert.deepEqual(numbersOf(frame.settings.cases[4], endsOf(session).map(({ target }) => target)), [1]);
  session.training.advance(5);
  assert(Number.isFinite(session.training.errors[5]));
  session.go({ round: 2, row: 4 });
  session.change({ cells: [[4, a, 0.75]] });
  assert.equal(session.frame().settings.cases[4].find(([id]) => id === a)[1], 0.75);
  session.change({ table: withoutPoint(session.frame().settings.cases, 4) });
  frame = session.frame(); // the case that was looked at is there no longer
  assert.equal(frame.settings.cases.length, 4);
  assert.equal(frame.row, 3);
  for (const count of [5, 5, 4]) {
    assert(session.undo());
    assert.equal(session.frame().settings.cases.length, count);
  }
  assert.equal(session.frame().settings.preset, "xor");
  assert(session.redo());
  assert.equal(session.frame().settings.cases.length, 5);
  assert.equal(withoutPoint([session.original.cases[0]], 0).length, 1);
});

test("a table of another length is learned, batch or not, and its mean error is over all of it", () => {
  for (const batch of [false, true]) {
    const session = opened("xor");
    const first = session.training.errors[0];
    assert(session.change({ preset: "moons", settings: { batch } }));
    assert.equal(session.frame().settings.cases.length, 32);
    assert.notEqual(session.training.errors[0], first);
    session.training.advance(20);
    assert(session.training.errors[20] < session.training.errors[0]);
    assert(session.change({ preset: "xor" }));
    session.go({ row: 31 });
    assert.equal(session.frame().row, 3);
  }
});

test("links hold points, and none that are not", () => {
  const session = opened("xor");
  const { graph, original } = session;
  const table = added(session, [0.5, 0.25], 0);
  const state = (events, row = 0) => ({ version: 2, graph: fingerprint(graph), view: { ...session.view, row }, events });
  const event = (more) => [{ round: 0, row: 0, ...more }];
  const [id] = table[0][0];
  assert.deepEqual(checked(state(event({ table }), 4), graph, original).events[0].table, table);
  assert(checked(state(event({ table, cells: [[4, id, 2]] })), graph, original));
  const long = Array.from({ length: MOST_CASES + 1 }, () => table[0]);
  for (const wrong of [[], long, "x", [[[id, 1]]], [table[0].map(([each]) => [each, NaN])], [table[0].map(() => [0, 0])], [null]]) {
    assert.equal(checked(state(event({ table: wrong })), graph, original), null);
  }
  assert.equal(checked(state(event({ cells: [[4, id, 2]] })), graph, original), null);
  assert.equal(checked(state([], 4), graph, original), null);
});

test("an output of several classes has a point of each kind; without names none is a class", () => {
  const session = opened("xor");
  assert.deepEqual(
    kindsOf(session, session.original.cases).map(({ targets, name, high }) => [targets, name, high]),
    [
      [[0], "0", false],
      [[1], "1", true],
    ],
  );
  assert.equal(classOf(session, session.shown.data), null);
  const named = opened("classes");
  assert.deepEqual(
    kindsOf(named, named.original.cases).map(({ targets, name }) => [targets, name]),
    [
      [[1, 0], "cat"],
      [[0, 1], "dog"],
    ],
  );
  const { name, probability } = classOf(named, named.shown.data);
  const [o1, o2] = endsOf(named).map(({ out }) => named.shown.data[out]);
  assert.equal(name, o1 > o2 ? "cat" : "dog");
  assert(Math.abs(probability - 1 / (1 + Math.exp(-Math.abs(o1 - o2)))) < 1e-12);
});
