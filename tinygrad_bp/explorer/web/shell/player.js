// Going through a round beat by beat, and training round by round.

import { counted, written } from "../model/numbers.js";
import { MOST_ROUNDS } from "../model/training.js";
import { explained } from "../model/speech.js";
import { boundaries } from "../model/beats.js";
import { text } from "../model/words.js";

const FRAME_MILLISECONDS = 12; // of training between two pictures
const AT_ONCE_MILLISECONDS = 500;
const PATIENCE = 2000; // milliseconds of looking for a small error
const LEAST_BEAT = 2400; // milliseconds: what moves has then come to rest
const READING = { en: 42, ja: 110 }; // milliseconds of reading
export const AT_ONCE = 10_000;
export const SPEEDS = [0.4, 0.7, 1, 1.6, 3, 8];
export const TRAINING_SPEEDS = [1, 5, 25, 100, 500]; // rounds a picture

export class Player {
  /**
   * @param {import("../model/session.js").Session} session
   * @param {{ words: () => string, language: () => string, draw: () => void }} shown the words of the beat that is shown, and what draws all
   */
  constructor(session, shown) {
    this.session = session;
    this.shown = shown;
    this.speed = 2;
    this.trainingSpeed = 1;
    /** @type {"steps" | "rounds" | null} */
    this.playing = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.animation = 0;
  }

  stop() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.animation);
    if (!this.playing) return;
    this.playing = null;
    this.session.set({});
  }

  // Beats.

  stops() {
    return boundaries(this.session.plan(), this.session.view.pace);
  }

  // Someone goes on by one beat.
  next() {
    this.stop();
    this.onward();
  }

  // One beat on; from the last one to the next round. Returns whether there was one.
  onward() {
    const { session } = this;
    const { view, training } = session;
    if (view.step === null) {
      session.set({ step: 0 });
      return true;
    }
    const { step } = view;
    const { steps } = session.plan();
    const next = this.stops().find((place) => place > step);
    const updates = next === undefined || isUpdated(steps, next);
    if (updates && view.round === training.rounds) training.advance(view.round + 1);
    if (updates && training.trouble?.round === view.round && training.rounds === view.round) return !this.sayTrouble();
    if (next !== undefined) session.set({ step: next });
    else if (training.rounds > view.round) session.set({ round: view.round + 1, step: 0 });
    else return !this.sayTrouble();
    return true;
  }

  back() {
    this.stop();
    const { session } = this;
    const { view, training } = session;
    const steps = session.plan().steps.length;
    const { step } = view;
    const before = this.stops().filter((place) => step === null || place < step);
    if (before.length) session.set({ step: before[before.length - 1] });
    else if (view.round > 0) session.set({ round: Math.min(view.round - 1, training.rounds), step: steps });
  }

  /** @param {number} step */
  jump(step) {
    this.stop();
    const updates = isUpdated(this.session.plan().steps, step);
    const { training, view } = this.session;
    if (updates && view.round === training.rounds) training.advance(view.round + 1);
    if (updates && training.rounds === view.round && this.sayTrouble()) return;
    this.session.set({ step });
  }

  // Beat by beat until the end of the round, or until it is stopped: each stays as long as its words take to be read.
  play() {
    if (this.playing) {
      this.stop();
      return;
    }
    const { session } = this;
    const { round } = session.view;
    this.playing = "steps";
    const tick = () => {
      const more = this.onward();
      const { view } = session;
      const over = view.step === session.plan().steps.length || view.round > round + 1;
      if (!more || over) {
        this.stop();
        return;
      }
      this.timer = setTimeout(tick, this.patience());
    };
    tick();
  }

  // How long a beat stays.
  patience() {
    const letter = this.shown.language() === "ja" ? READING.ja : READING.en;
    this.shown.draw();
    return (LEAST_BEAT + letter * this.shown.words().length) / SPEEDS[this.speed] / (this.session.view.pace === "node" ? 2 : 1);
  }

  // Training.

  // Round by round until this one, or until it is stopped: so many in a picture as are chosen, or as many as there is time for.
  train(target = MOST_ROUNDS, fast = false) {
    if (this.playing) {
      this.stop();
      return;
    }
    const { session } = this;
    this.playing = "rounds";
    session.set({ step: null });
    const tick = () => {
      const { training, view } = session;
      const wanted = Math.min(target, fast ? target : view.round + TRAINING_SPEEDS[this.trainingSpeed]);
      training.advance(wanted, FRAME_MILLISECONDS);
      Object.assign(view, { round: Math.min(wanted, training.rounds), step: null });
      this.shown.draw();
      if (view.round >= target || (training.trouble && view.round === training.rounds)) {
        this.stop();
        if (view.round < target) this.sayTrouble();
        else if (fast) this.sayDone();
        return;
      }
      this.animation = requestAnimationFrame(tick);
    };
    this.animation = requestAnimationFrame(tick);
  }

  /**
   * So many rounds at once, or if that takes long, as fast as they go, which can be stopped. Ten thousand rounds end at a multiple of that,
   * so that after a round that was watched the figure is met that is printed for 10,000.
   * @param {number} count
   */
  rounds(count) {
    const { session } = this;
    this.stop();
    const { round } = session.view;
    const target = Math.min(MOST_ROUNDS, count === AT_ONCE ? (Math.floor(round / AT_ONCE) + 1) * AT_ONCE : round + count);
    if (!session.training.advance(target, AT_ONCE_MILLISECONDS)) {
      this.train(target, true);
      return;
    }
    session.go({ round: target });
    if (session.view.round < target) this.sayTrouble();
    else this.sayDone();
  }

  sayDone() {
    const { session } = this;
    const { view, training, graph } = session;
    const error = session.hides(graph.result, "data") ? "?" : written(training.errors[view.round]);
    session.notice(text("train.done", { rounds: counted(view.round), error }));
  }

  /** @param {number} error */
  trainUntilBelow(error) {
    const { session } = this;
    const { training } = session;
    this.stop();
    const end = performance.now() + PATIENCE;
    while (training.firstBelow(error) < 0 && !training.trouble && training.rounds < MOST_ROUNDS && performance.now() < end) {
      training.advance(training.rounds + AT_ONCE, end - performance.now());
    }
    const found = training.firstBelow(error);
    if (found >= 0) session.go({ round: found });
    else if (!this.sayTrouble()) session.notice(text("train.notBelow", { rounds: counted(training.rounds) }));
    session.set({});
  }

  sayTrouble() {
    const { session } = this;
    const { trouble, rounds } = session.training;
    if (trouble) {
      const advice = trouble.kind === "slope" ? "" : text("trouble.advice");
      session.set({});
      session.notice(`${text("trouble.diverged", { why: explained(session, trouble), rounds: counted(rounds) })} ${advice}`.trim());
    }
    return Boolean(trouble);
  }
}

/**
 * Whether a place between steps shows what the update makes.
 * @param {Step[]} steps
 * @param {number} place
 */
function isUpdated(steps, place) {
  return place > 0 && ["update", "end"].includes(steps[place - 1]?.kind);
}
