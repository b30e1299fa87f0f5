// Going through a round step by step, and training round by round.

import { written } from "./numbers.js";
import { MOST_ROUNDS } from "./training.js";
import { explained } from "./caption.js";
import { text } from "./text.js";

const FRAME_MILLISECONDS = 12; // of training between two pictures
const PATIENCE = 2000; // milliseconds of looking for a small error
export const AT_ONCE = 10_000;
export const SPEEDS = [0.5, 1, 2, 4, 8, 16]; // steps a second
export const TRAINING_SPEEDS = [1, 5, 25, 100, 500]; // rounds a picture

export class Player {
  constructor(app) {
    this.app = app;
    this.speed = 2;
    this.trainingSpeed = 1;
    this.playing = null; // "steps" or "rounds"
  }

  stop() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.animation);
    this.playing = null;
    this.app.set({});
  }

  // Stepping.

  stepForward() {
    const { view } = this.app;
    const next = boundaries(this.app.steps(), view.pace).find((place) => place > (view.step ?? 0));
    const place = next === undefined ? this.nextCase() : { step: next };
    if (place) this.app.set(place);
    else this.sayTrouble();
    return Boolean(place);
  }

  nextCase() {
    const { view, training, original } = this.app;
    if (view.row + 1 < original.cases.length) return { row: view.row + 1, step: 0 };
    training.advance(view.round + 1);
    return training.rounds > view.round ? { round: view.round + 1, row: 0, step: 0 } : null;
  }

  stepBack() {
    const { view, original } = this.app;
    const steps = this.app.steps();
    const before = boundaries(steps, view.pace).filter((place) => place < (view.step ?? steps.length));
    if (before.length) this.app.set({ step: before.at(-1) });
    else if (view.row > 0) this.app.set({ row: view.row - 1, step: steps.length });
    else if (view.round > 0) this.app.set({ round: view.round - 1, row: original.cases.length - 1, step: steps.length });
  }

  // Step by step until this round begins, or until it is stopped.
  play(untilRound = Infinity) {
    if (this.playing) return this.stop();
    const { app } = this;
    this.playing = "steps";
    app.set({ full: true });
    const tick = () => {
      const more = this.stepForward();
      if (!more || app.view.round >= untilRound) {
        this.stop();
        if (more) app.set({ step: null });
        return;
      }
      this.timer = setTimeout(tick, 1000 / SPEEDS[this.speed]);
    };
    return tick();
  }

  // Training.

  train(target = MOST_ROUNDS) {
    if (this.playing) return this.stop();
    const { app } = this;
    this.playing = "rounds";
    app.set({ full: true, step: null, row: 0 });
    const tick = () => {
      const { training, view } = app;
      const wanted = Math.min(target, view.round + TRAINING_SPEEDS[this.trainingSpeed]);
      training.advance(wanted, FRAME_MILLISECONDS);
      Object.assign(view, { round: Math.min(wanted, training.rounds), row: 0, step: null });
      app.render();
      if (view.round >= target || (training.trouble && view.round === training.rounds)) {
        this.stop();
        this.sayTrouble();
        return;
      }
      this.animation = requestAnimationFrame(tick);
    };
    this.animation = requestAnimationFrame(tick);
    return undefined;
  }

  rounds(count) {
    const { app } = this;
    this.stop();
    const target = Math.min(MOST_ROUNDS, app.view.round + count);
    app.training.advance(target);
    app.set({ full: true });
    app.go({ round: target });
    if (app.view.round < target) this.sayTrouble();
    else app.notice(text("train.done", { rounds: target.toLocaleString("en"), error: app.hides(app.graph.result, "data") ? "?" : written(app.training.errors[target]) }));
  }

  trainUntilBelow(error) {
    const { app } = this;
    const { training } = app;
    this.stop();
    const end = performance.now() + PATIENCE;
    while (training.firstBelow(error) < 0 && !training.trouble && training.rounds < MOST_ROUNDS && performance.now() < end) {
      training.advance(training.rounds + AT_ONCE, end - performance.now());
    }
    const found = training.firstBelow(error);
    if (found >= 0) app.go({ round: found });
    else if (!this.sayTrouble()) app.notice(text("train.notBelow", { rounds: training.rounds.toLocaleString("en") }));
    app.schedule();
  }

  mainAction() {
    if (this.playing) return this.stop();
    return this.fresh() ? this.play(1) : this.rounds(AT_ONCE);
  }

  // Whether nothing has been trained yet.
  fresh() {
    return this.app.view.round === 0 && this.app.training.rounds === 0;
  }

  sayTrouble() {
    const { trouble, rounds } = this.app.training;
    if (trouble) this.app.notice(text("trouble.diverged", { why: explained(this.app, trouble), rounds: rounds.toLocaleString("en") }));
    return Boolean(trouble);
  }
}

// The places between steps at which one can stand: after each node, each neuron or each pass.
function boundaries(steps, pace) {
  const pass = ({ kind }) => (kind === "seed" ? "backward" : kind);
  const together = {
    node: () => false,
    neuron: (a, b) => a.group === b.group && pass(a) === pass(b),
    pass: (a, b) => pass(a) === pass(b),
  }[pace];
  const inner = steps.map((_, k) => k).filter((k) => k > 0 && !together(steps[k - 1], steps[k]));
  return [0, ...inner, steps.length];
}
