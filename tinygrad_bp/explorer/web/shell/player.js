// Going through a round beat by beat, and training round by round.

import { counted, written } from "../model/numbers.js";
import { MOST_ROUNDS } from "../model/training.js";
import { explained } from "../model/speech.js";
import { boundaries } from "../model/beats.js";
import { text } from "../model/words.js";

const FRAME_MILLISECONDS = 12; // of training between two pictures
const AT_ONCE_MILLISECONDS = 100;
const LEAST_BEAT = 2400; // milliseconds: what moves has then come to rest
const READING = { en: 42, ja: 110 }; // milliseconds of reading
export const AT_ONCE = 10_000;
export const SPEEDS = [0.4, 0.7, 1, 1.6, 3, 8];
export const TRAINING_SPEEDS = [1, 5, 25, 100, 500]; // rounds a picture

/** @typedef {"there" | "trouble" | "stopped"} End */

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
    /** @type {(end: End) => void} */
    this.over = () => {}; // hears how a training ends
  }

  // Ends what goes on. What was trained stays.
  stop() {
    this.end("stopped");
  }

  /** @param {End} end */
  end(end) {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.animation);
    if (!this.playing) return;
    const { over } = this;
    this.over = () => {};
    this.playing = null;
    this.session.set({});
    over(end);
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
    const { trains } = session.graph;
    const updates = trains && (next === undefined || isUpdated(steps, next));
    if (updates && view.round === training.rounds) training.advance(view.round + 1);
    if (updates && training.trouble?.round === view.round && training.rounds === view.round) return !this.sayTrouble();
    if (next !== undefined) session.set({ step: next });
    else if (!trains) session.set({ step: 0 });
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
    if (!this.session.graph.trains) return;
    if (this.playing) {
      this.stop();
      return;
    }
    const { session } = this;
    session.set({ step: null });
    this.run(
      () => Math.min(target, fast ? target : session.view.round + TRAINING_SPEEDS[this.trainingSpeed]),
      () => session.view.round >= target,
      (end) => {
        if (end === "trouble") this.sayTrouble();
        else if (end === "there" && fast) this.sayDone();
      },
    );
  }

  /**
   * Trains in slices, with the picture going along, until it is there, cannot go on, or is stopped.
   * @param {() => number} wanted the round to come to in the next picture
   * @param {() => boolean} isThere
   * @param {(end: End) => void} over hears how it ended
   */
  run(wanted, isThere, over) {
    const { session } = this;
    this.playing = "rounds";
    this.over = over;
    const tick = () => {
      const { training, view } = session;
      const next = wanted();
      training.advance(next, FRAME_MILLISECONDS);
      Object.assign(view, { round: Math.min(next, training.rounds), step: null });
      this.shown.draw();
      if (isThere()) this.end("there");
      else if (training.trouble && view.round === training.rounds) this.end("trouble");
      else this.animation = requestAnimationFrame(tick);
    };
    this.animation = requestAnimationFrame(tick);
  }

  /**
   * Trains again as far as it had been trained.
   * @param {number} rounds
   * @param {() => void} arrive goes to the place that is to be shown then
   */
  catchUp(rounds, arrive) {
    this.stop();
    const { session } = this;
    const { training } = session;
    this.run(
      () => rounds,
      () => training.rounds >= rounds,
      () => {
        arrive();
        if (training.rounds < rounds) session.notice(text("train.ended", { rounds: counted(training.rounds), target: counted(rounds) }));
      },
    );
  }

  /**
   * So many rounds at once, or if that takes long, as fast as they go, which can be stopped. Ten thousand rounds end at a multiple of that,
   * so that after a round that was watched the figure is met that is printed for 10,000.
   * @param {number} count
   */
  rounds(count) {
    const { session } = this;
    if (!session.graph.trains) return;
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

  /**
   * Trains until the error is below a number, and goes to the first round at which it is.
   * @param {number} error
   * @param {() => void} found
   */
  trainUntilBelow(error, found) {
    const { session } = this;
    const { training } = session;
    this.stop();
    let seen = 0; // rounds of which the error is not below
    let round = -1;
    const isThere = () => {
      round = training.firstBelow(error, seen);
      seen = training.rounds + 1;
      return round >= 0 || training.rounds >= MOST_ROUNDS;
    };
    this.run(
      () => MOST_ROUNDS,
      isThere,
      (end) => {
        if (round >= 0) {
          session.go({ round });
          found();
        } else if (end !== "trouble" || !this.sayTrouble()) session.notice(text("train.notBelow", { rounds: counted(training.rounds) }));
      },
    );
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
