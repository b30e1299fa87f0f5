// A second run beside that of the page: from the same start, of the same cases, with a way to learn of its own.

import { Training } from "./training.js";

/** @typedef {Pick<Settings, "rate" | "optimizer" | "batch">} Way */

/**
 * The way of learning in some settings.
 * @param {Way} settings
 * @returns {Way}
 */
export function wayOf({ rate, optimizer, batch }) {
  return { rate, optimizer, batch };
}

/**
 * Since which round a run learns as it does in a round; 0 if it always has.
 * @param {TrainingEvent[]} events
 * @param {number} round
 * @param {Way} start
 */
export function learnsSince(events, round, start) {
  let [way, since] = [start, 0];
  for (const event of [...events].sort((a, b) => a.round - b.round || a.row - b.row)) {
    const next = wayOf({ ...way, ...event.settings });
    const same = next.rate === way.rate && next.optimizer === way.optimizer && next.batch === way.batch;
    if (event.round <= round && !same) [way, since] = [next, event.round];
  }
  return since;
}

/**
 * The changes of a run as they are made to another, which learns in its own way: numbers moved by hand, too, but where it starts.
 * @param {TrainingEvent[]} events
 * @param {Way} way
 * @returns {TrainingEvent[]}
 */
export function eventsBeside(events, way) {
  const starts = events.some(({ round, row }) => round + row === 0);
  /** @type {TrainingEvent[]} */
  const all = starts ? events : [{ round: 0, row: 0 }, ...events];
  return all.map(({ leaves, ...event }) => {
    const settings = { ...event.settings, ...way };
    return event.round === 0 ? { ...event, leaves, settings } : { ...event, settings };
  });
}

/**
 * @param {Training} training
 * @param {TrainingEvent[]} events
 */
export function runBeside({ graph, original }, events) {
  const run = new Training(graph, original);
  run.events = events;
  run.restart();
  return run;
}
