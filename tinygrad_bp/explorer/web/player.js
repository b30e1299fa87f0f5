// Going through a round step by step, and training round by round.

import { counted, written } from "./numbers.js";
import { MOST_ROUNDS } from "./training.js";
import { explained } from "./caption.js";
import { boundaries } from "./frame.js";
import { text } from "./text.js";

const FRAME_MILLISECONDS = 12; // of training between two pictures
const AT_ONCE_MILLISECONDS = 500;
const PATIENCE = 2000; // milliseconds of looking for a small error
export const AT_ONCE = 10_000;
export const SPEEDS = [0.2, 0.4, 0.8, 2, 5, 15]; // steps a second
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
    const { view, training, original } = this.app;
    const steps = this.app.steps();
    const next = boundaries(steps, view.pace).find((place) => place > (view.step ?? 0));
    const updates = next === undefined || steps[next - 1].kind === "update";
    if (updates && view.round === training.rounds) training.advance(view.round + 1);
    const { trouble } = training;
    if (updates && trouble && trouble.round === view.round && trouble.row <= view.row) return !this.sayTrouble();
    if (next !== undefined) this.app.set({ step: next });
    else if (view.row + 1 < original.cases.length) this.app.set({ row: view.row + 1, step: 0 });
    else if (training.rounds > view.round) this.app.set({ round: view.round + 1, row: 0, step: 0 });
    else return !this.sayTrouble();
    return true;
  }

  stepBack() {
    const { view, original } = this.app;
    const steps = this.app.steps();
    const before = boundaries(steps, view.pace).filter((place) => place < (view.step ?? steps.length));
    if (before.length) this.app.set({ step: before.at(-1) });
    else if (view.row > 0) this.app.set({ row: view.row - 1, step: steps.length });
    else if (view.round > 0) this.app.set({ round: view.round - 1, row: original.cases.length - 1, step: steps.length });
  }

  // Step by step, until it is stopped or, if one round is wanted, until that is over: of several cases the first is shown.
  play(oneRound = false) {
    if (this.playing) return this.stop();
    const { app } = this;
    this.playing = "steps";
    app.set({ full: true });
    const { round } = app.view;
    const tick = () => {
      const more = this.stepForward();
      const over = oneRound && (app.view.round > round || app.view.row > 0);
      if (!more || over) {
        this.stop();
        if (more) app.training.advance(round + 1);
        if (more) app.go({ round: round + 1 });
        if (more && app.original.cases.length > 1) app.notice(text("play.others", { count: app.original.cases.length - 1 }));
        return;
      }
      this.timer = setTimeout(tick, 1000 / SPEEDS[this.speed]);
    };
    return tick();
  }

  // Training.

  // Round by round until this one, or until it is stopped: so many in a picture as are chosen, or as many as there is time for.
  train(target = MOST_ROUNDS, fast = false) {
    if (this.playing) return this.stop();
    const { app } = this;
    this.playing = "rounds";
    app.set({ full: true, step: null, row: 0 });
    const tick = () => {
      const { training, view } = app;
      const wanted = Math.min(target, fast ? target : view.round + TRAINING_SPEEDS[this.trainingSpeed]);
      training.advance(wanted, FRAME_MILLISECONDS);
      Object.assign(view, { round: Math.min(wanted, training.rounds), row: 0, step: null });
      app.render();
      if (view.round >= target || (training.trouble && view.round === training.rounds)) {
        this.stop();
        if (view.round < target) this.sayTrouble();
        else if (fast) this.sayDone();
        return;
      }
      this.animation = requestAnimationFrame(tick);
    };
    this.animation = requestAnimationFrame(tick);
    return undefined;
  }

  // So many rounds at once, or if that takes long, as fast as they go, which can be stopped.
  rounds(count) {
    const { app } = this;
    this.stop();
    const target = Math.min(MOST_ROUNDS, app.view.round + count);
    if (!app.training.advance(target, AT_ONCE_MILLISECONDS)) {
      this.train(target, true);
      return;
    }
    app.set({ full: true });
    app.go({ round: target });
    if (app.view.round < target) this.sayTrouble();
    else this.sayDone();
  }

  sayDone() {
    const { view, training, graph } = this.app;
    const error = this.app.hides(graph.result, "data") ? "?" : written(training.errors[view.round]);
    this.app.notice(text("train.done", { rounds: counted(view.round), error }));
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
    else if (!this.sayTrouble()) app.notice(text("train.notBelow", { rounds: counted(training.rounds) }));
    app.schedule();
  }

  mainAction() {
    if (this.playing) return this.stop();
    return this.fresh() ? this.play(true) : this.rounds(AT_ONCE);
  }

  // Whether nothing has been trained yet.
  fresh() {
    return this.app.view.round === 0 && this.app.training.rounds === 0;
  }

  sayTrouble() {
    const { trouble, rounds } = this.app.training;
    if (trouble) {
      const advice = trouble.kind === "slope" ? "" : text("trouble.advice");
      this.app.notice(`${text("trouble.diverged", { why: explained(this.app, trouble), rounds: counted(rounds) })} ${advice}`.trim());
    }
    return Boolean(trouble);
  }
}
