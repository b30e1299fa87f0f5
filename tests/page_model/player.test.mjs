// Training in slices, which nobody waits for and which can be ended, under Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SUBJECTS, TEXTS } from "./subjects.js";
import { ownTrainings } from "./web/model/check.js";
import { sceneOf } from "./web/model/scenes.js";
import { Session } from "./web/model/session.js";
import { loadTexts, speak } from "./web/model/words.js";
import { Player } from "./web/shell/player.js";

loadTexts(TEXTS);
speak("en");

/** A player, the pictures that it asked for, and what was said. */
function played(name) {
  const waiting = [];
  globalThis.requestAnimationFrame = (draw) => waiting.push(draw);
  globalThis.cancelAnimationFrame = () => waiting.splice(0);
  const { description, programs } = SUBJECTS[name];
  const session = new Session(description, programs);
  const said = [];
  session.onNotice = (words) => said.push(words);
  const player = new Player(session, { words: () => "", language: () => "en", draw: () => session.frame() });
  session.onBehind = (rounds, arrive) => player.catchUp(rounds, arrive);
  session.onLeave = () => player.stop();
  const frame = () => waiting.splice(0).forEach((draw) => draw());
  const wait = () => {
    for (let k = 0; player.playing && k < 10_000; k++) frame();
    assert.equal(player.playing, null);
  };
  return { session, player, said, frame, wait };
}

test("training until the error is below a number ends at the first such round", () => {
  const { session, player, wait } = played("tutorial");
  const other = new Session(SUBJECTS.tutorial.description, SUBJECTS.tutorial.programs);
  other.training.advance(300);
  const below = other.training.errors[217] * 1.0000001;
  let found = 0;
  player.trainUntilBelow(below, () => (found += 1));
  assert.equal(session.training.rounds, 0, "nobody waits for it");
  wait();
  assert.deepEqual([session.view.round, found], [217, 1]);
  assert.deepEqual(session.frame().leaves, other.training.at(217).leaves);
});

test("what is stopped stays where it came to, and says so", () => {
  const { session, player, said, frame } = played("tutorial");
  player.trainUntilBelow(0, () => assert.fail());
  frame();
  player.stop();
  const { rounds } = session.training;
  assert(rounds > 0 && player.playing === null);
  assert.match(said.pop(), /has not come below/);
});

test("undoing trains again as far as it was, also beyond what there is time for at once", () => {
  const { session, player, said, wait } = played("xor");
  session.training.advance(40);
  session.go({ round: 40 });
  const before = session.frame().leaves;
  const { training } = session;
  const change = () => assert(session.change({ settings: { rate: 0.25 } }, 10));
  const undo = () => {
    training.advance = () => false; // no time at all
    assert(session.undo());
    delete training.advance;
  };
  change();
  undo();
  assert.deepEqual([player.playing, training.rounds], ["rounds", 10]);
  wait();
  assert.deepEqual([session.view.round, training.rounds], [40, 40]);
  assert.deepEqual(session.frame().leaves, before);
  assert.deepEqual(said, []);
  change();
  undo();
  player.stop(); // as by Escape
  assert.equal(session.view.round, training.rounds);
  assert.match(said.pop(), /^Stopped at round 10; it was 40 before/);
});

test("what goes back in time ends what runs, whoever asks for it, and at no moment a round is shown that there is not", () => {
  const ways = {
    undo: (session) => session.undo(),
    redo: (session) => session.redo(),
    reset: (session) => session.reset(),
    drawn: (session) => session.drawWeights(7),
  };
  for (const [name, goBack] of Object.entries(ways)) {
    const { session, player, frame, wait } = played("xor");
    const { training } = session;
    session.change({ settings: { rate: 0.25 } });
    if (name === "redo") session.undo();
    player.train();
    for (let k = 0; k < 4; k++) frame();
    assert.equal(player.playing, "rounds");
    const { rounds } = training;
    if (name.endsWith("do")) training.advance = () => false; // no time at all
    goBack(session);
    delete training.advance;
    assert(session.view.round <= training.rounds, name);
    assert(!sceneOf(session, session.frame()).result.some(({ number }) => number === undefined), name);
    wait(); // only until it is where it was before
    assert.equal(session.view.round, 0, name);
    assert(session.undo(name === "undo")); // back to what was left
    wait();
    assert.deepEqual([session.view.round, training.rounds], [rounds, rounds], name);
  }
});

test("undone again while it is trained again, no round is lost", () => {
  const { session, player, frame, wait } = played("xor");
  const { training } = session;
  session.change({ settings: { rate: 0.25 } });
  session.training.advance(40);
  session.go({ round: 40 });
  session.change({ settings: { rate: 0.125 } }, 10);
  const { advance } = training;
  training.advance = (target) => advance.call(training, Math.min(target, training.rounds + 3)) && training.rounds >= target;
  assert(session.undo());
  frame();
  assert(player.playing && training.rounds < 40);
  assert(session.undo());
  assert(session.redo());
  wait();
  assert.deepEqual([session.view.round, training.rounds], [40, 40]);
});

test("the trainings of the text are computed in parts, and are the same numbers", () => {
  const { session } = played("tutorial");
  const shares = [];
  const work = ownTrainings(session);
  let step = work.next();
  for (; !step.done; step = work.next()) shares.push(step.value);
  assert(shares.length > 100 && shares.every((share, k) => share < 1 && (k === 0 || share >= shares[k - 1])));
  const { told, sequential, byHand } = step.value;
  assert.deepEqual([told.rounds, sequential.rounds, byHand.length], [10_000, 10_000, 10_000]);
  assert(Math.abs(byHand[9999] - told.errors[9999]) < 1e-15);
});
