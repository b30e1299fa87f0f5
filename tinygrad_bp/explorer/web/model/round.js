// All that is told in a round: the scene at each place where someone may stand in it, and what is asked there.

import { questionBefore } from "./asking.js";
import { boundaries } from "./beats.js";
import { sceneOf } from "./scenes.js";

const MOST_TOLD = 40; // places of a round at which it is looked what is told: of more, some
const MOST_SEEN = 8; // of the longest

/**
 * The session at a place of its own, with nothing chosen or lit: nobody sees it.
 * @param {import("./session.js").Session} session
 * @param {Partial<View>} place
 * @returns {import("./session.js").Session}
 */
export function elsewhere(session, place) {
  const view = { ...session.view, selected: null, lens: null, step: 0, ...place };
  const own = { view, lit: null, shown: session.shown };
  return Object.create(session, Object.getOwnPropertyDescriptors(own));
}

/**
 * What is told at a frame.
 * @param {import("./session.js").Session} session
 * @param {Frame} frame
 * @returns {Telling}
 */
export function tellingOf(session, frame) {
  const { ask, pace, quiz } = session.view;
  const next = frame.plan.beats.find(({ from }) => from === frame.step) ?? null;
  const question = ask && pace === "beat" && !quiz ? questionBefore(session, frame, next) : null;
  return { scene: sceneOf(session, frame), question, ended: frame.current?.kind === "end" };
}

/**
 * The longest of what is told in a round and at rest, with what is said of a wrong answer before.
 * @param {import("./session.js").Session} session
 * @returns {Telling[]}
 */
export function longestTold(session) {
  const stage = elsewhere(session, {});
  const stops = [null, ...boundaries(stage.plan(), stage.view.pace)];
  const apart = Math.ceil(stops.length / MOST_TOLD);
  /** @type {Piece[] | undefined} */
  let said;
  const told = stops.flatMap((step, k) => {
    if (k % apart && k < stops.length - 1) return [];
    stage.view.step = step;
    const telling = { ...tellingOf(stage, stage.frame()), said };
    const { scene, question } = telling;
    const all = [scene.rows, scene.result, scene.why, said ?? [], question?.words ?? []].flat(2);
    said = question?.wrong;
    return [{ telling, length: session.notation.plain(all).length }];
  });
  return told
    .sort((one, other) => other.length - one.length)
    .slice(0, MOST_SEEN)
    .map(({ telling }) => telling);
}
