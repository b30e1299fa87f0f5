// What was changed, so that it can be undone and done again.

const MOST = 500;

/**
 * A moment of the training: the changes made until then, the place that was looked at, and how far it had come.
 * @typedef {{ events: TrainingEvent[], round: number, row: number, rounds: number }} Moment
 */

export class History {
  constructor() {
    /** @type {Moment[]} */
    this.past = [];
    /** @type {Moment[]} */
    this.future = [];
    this.gesture = ""; // the one that goes on: what it changes is undone at once
  }

  /**
   * Keeps a moment, since what comes after it is new.
   * @param {Moment} before
   * @param {string} gesture
   */
  record(before, gesture) {
    if (!gesture || gesture !== this.gesture) this.past.push(before);
    if (this.past.length > MOST) this.past.shift();
    this.gesture = gesture;
    this.future = [];
  }

  // What is done next is undone by itself.
  pause() {
    this.gesture = "";
  }

  /**
   * The moment before the last change, or with `onward` the one after it again; null if there is none.
   * @param {Moment} now
   * @param {boolean} onward
   */
  travel(now, onward) {
    this.pause();
    const [from, to] = onward ? [this.future, this.past] : [this.past, this.future];
    const there = from.pop();
    if (there) to.push(now);
    return there ?? null;
  }
}
