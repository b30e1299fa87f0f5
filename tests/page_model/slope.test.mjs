// What a gradient is the slope of, and undoing, under Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SUBJECTS, TEXTS } from "./subjects.js";
import { extremes, heightAt, Landscape } from "./web/model/heights.js";
import { Session } from "./web/model/session.js";
import { consequence, enlargement, errorAlong, meanErrorAlong, niceAbove, notchOf, Samples, slopeAt, trail, turned, windowAround, largeGradient } from "./web/model/slopes.js";
import { loadTexts, speak } from "./web/model/words.js";

loadTexts(TEXTS);
speak("en");
const opened = (name) => new Session(SUBJECTS[name].description, SUBJECTS[name].programs);
const near = (a, b, within = 1e-12) => Math.abs(a - b) <= within * Math.max(1, Math.abs(a), Math.abs(b));
const named = ({ graph }, name) => graph.nodes.findIndex((node) => node.name === name);

for (const name of Object.keys(SUBJECTS)) {
  test(`${name}: the slope of the tangent is the gradient, and the step is the update`, () => {
    const session = opened(name);
    const frame = session.frame();
    for (const id of session.graph.leaves) {
      const { x, slope, error, height, next, update } = slopeAt(session, frame, id);
      assert.equal(height, frame.data[session.graph.result]);
      const h = 1e-6;
      assert(near(slope, (error(x + h) - error(x - h)) / (2 * h), 1e-7), session.graph.nodes[id].name);
      const trained = session.training.trained(frame.settings).includes(id);
      assert.equal(update !== null, trained);
      assert.equal(next, trained ? x - frame.settings.rate * frame.grads[id] : x);
      if (!update) continue;
      assert(near(update.predicted, -frame.settings.rate * slope ** 2));
      assert.equal(update.real, error(next) - height);
    }
    assert.equal(session.frame().data[session.graph.result], frame.data[session.graph.result], "looking changes nothing");
  });
}

test("what the hand changes: predicted by the slope where it began, and real", () => {
  const session = opened("tutorial");
  const id = named(session, "w5");
  session.frame();
  session.pull(id, 0.5, "draw 1");
  session.frame();
  session.pull(id, 0.7, "draw 1");
  const frame = session.frame();
  const { from, to, slope } = session.grip;
  assert.deepEqual([from, to, frame.leaves[id]], [0.4, 0.7, 0.7]);
  assert(near(slope, 0.0821670405, 1e-9));
  const found = consequence(errorAlong(session.graph, frame, [id]), from, to, slope);
  assert(near(found.predicted, 0.3 * slope) && near(found.real, frame.data[session.graph.result] - 0.2983711087600027));
  assert(session.undo(), "one gesture is one change");
  assert.equal(session.frame().leaves[id], 0.4);
  assert(!session.undo());
  assert(session.redo());
  assert.equal(session.frame().leaves[id], 0.7);
});

test("undoing brings back everything, also rounds that a change made forget", () => {
  const session = opened("xor");
  const id = named(session, "w1");
  session.training.advance(50);
  session.go({ round: 20, row: 2 });
  const before = [...session.frame().data];
  const errors = [...session.training.errors];
  session.edit(id, 3);
  session.change({ settings: { rate: 2 } });
  session.change({ preset: "and" });
  assert.equal(session.training.rounds, 20);
  const changed = [...session.frame().data];
  for (let k = 0; k < 3; k++) assert(session.undo());
  assert.deepEqual([...session.frame().data], before);
  assert.deepEqual([session.view.round, session.view.row, session.training.rounds], [20, 2, 50]);
  assert.deepEqual(session.training.errors, errors);
  for (let k = 0; k < 3; k++) assert(session.redo());
  assert.deepEqual([...session.frame().data], changed);
  session.undo();
  session.edit(id, -1);
  assert(!session.redo(), "what is new takes the place of what was undone");
  session.reset();
  assert.equal(session.training.events.length, 0);
  assert(session.undo());
  assert.equal(session.frame().leaves[id], -1);
});

test("the place in a round stays where the result is known, and a number that it cannot take is refused", () => {
  const session = opened("tutorial");
  const { beats } = session.plan();
  const at = beats.find(({ phase }) => phase === "backward").to;
  session.set({ step: at });
  session.frame();
  session.pull(named(session, "i1"), 0.2, "draw 1");
  assert.equal(session.view.step, at);
  session.set({ step: 0 });
  session.frame();
  session.pull(named(session, "i1"), 0.3, "draw 2");
  assert.equal(session.view.step, null);
  session.set({ quiz: { id: named(session, "w5"), quantity: "data", seed: 1 } });
  assert(!session.canGrip(named(session, "w5")) && session.canGrip(named(session, "w6")) && !session.canGrip(session.graph.result));
});

test("notches, windows and enlargements", () => {
  assert.deepEqual([0, -0.4, 9.9, 10, -4321].map(notchOf), [0.01, 0.01, 0.01, 0.1, 10]);
  assert.deepEqual([turned(0.15, 3), turned(0.35891648, -1), turned(1e-9, 0)], [0.18, 0.34891648, 1e-9]);
  assert.deepEqual(windowAround(null, 0.4), [-1.5, 2.5]);
  assert.deepEqual(windowAround([-1.5, 2.5], 2), [-1.5, 2.5]);
  assert.deepEqual(windowAround([-1.5, 2.5], 2.45), [0.5, 4.5]);
  const [low, high] = windowAround(null, 1234.5);
  assert(low < 0 && high > 2000);
  assert.deepEqual([1, 1.1, 2.3, 7, 0.03].map(niceAbove), [1, 2, 5, 10, 0.05]);
  for (const step of [1e-12, 0.041, 0.9, 3, 1000]) {
    const times = enlargement([-1.5, 2.5], step);
    assert(times >= 1 && (times === 1 || step * times <= 0.36 * 4));
  }
});

test("a map of heights is the mean error, and the way through it ends here", () => {
  const session = opened("xor");
  session.training.advance(40);
  session.go({ round: 30 });
  const frame = session.frame();
  const pair = [named(session, "w1"), named(session, "w2")];
  const error = meanErrorAlong(session.graph, frame, pair);
  const way = trail(session.training, pair, 30, 10);
  assert(way.length <= 12);
  assert.deepEqual(way.at(-1), pair.map((id) => frame.leaves[id]));
  assert.deepEqual(way[0], pair.map((id) => session.graph.nodes[id].data));
  assert(near(error(...way.at(-1)), session.training.errors[30]));
  const map = new Landscape();
  map.want({ x: [0, 2], y: [-1, 3], error, key: "a" });
  for (let turns = 0; map.waits; turns++) {
    map.grow(1);
    assert(turns < 1e5);
  }
  assert.equal(map.whole.heights.length, map.whole.size ** 2);
  assert(near(heightAt(map.whole, 0, 0), error(0, -1)) && near(heightAt(map.whole, 1, 0), error(2, -1)) && near(heightAt(map.whole, 0.5, 1), error(1, 3)));
  const [low, high] = extremes(map.whole);
  assert(low < high && low <= heightAt(map.whole, 0.3, 0.7) && high >= heightAt(map.whole, 0.3, 0.7));
});

test("a curve is computed again only where something that it depends on has changed", () => {
  const samples = new Samples();
  let calls = 0;
  const square = (x) => {
    calls += 1;
    return x * x;
  };
  const points = samples.of(square, [0, 2], 3, ["w", 1]);
  assert.deepEqual(points, [[0, 0], [1, 1], [2, 4]]);
  assert.equal(samples.of(square, [0, 2], 3, ["w", 1]), points);
  assert.equal(calls, 3);
  const others = [[[0, 4], 3, ["w", 1]], [[0, 4], 5, ["w", 1]], [[0, 4], 5, ["b", 1]], [[0, 4], 5, ["b", -1]]];
  for (const [range, count, known] of others) assert.equal(samples.of(square, range, count, known).length, count);
  assert.equal(calls, 3 + 3 + 5 + 5 + 5);
});

test("the number to look at first is the first of those whose gradients are about the largest", () => {
  assert.equal(largeGradient([3, 5, 6], { 3: 0.01, 5: -0.082, 6: 0.0826 }), 5);
  assert.equal(largeGradient([3, 5], { 3: 0, 5: 0 }), 3);
  assert.equal(largeGradient([3, 5], { 3: NaN, 5: 0.1 }), 5);
});
