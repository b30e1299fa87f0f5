// What the page asks before a beat, so that one thinks first.

import { derivativeNumber, factorPiece } from "./formulas.js";
import { alike } from "./agreeing.js";
import { told } from "./numbers.js";
import { updatedTo } from "./optimizers.js";
import { listed } from "./terms.js";
import { sentence, text } from "./words.js";

const GUESSED_DIGITS = 3; // of numbers with which one guesses
const MOST_GUESSED = 3; // summands that are told

/**
 * The question before a beat; null if there is nothing worth asking.
 * @param {import("./formulas.js").Book} session
 * @param {Frame} frame
 * @param {Beat | null} next
 * @returns {Question | null}
 */
export function questionBefore(session, frame, next) {
  const { graph, formulas, training } = session;
  const { grads, data, plan, taken } = frame;
  if (!next) return null;
  const first = plan.beats.find(({ phase }) => phase === "backward");
  if (next === first && next.kind === "arrive") {
    return question("direction", { name: [{ name: next.node }], result: [{ name: graph.result }] }, grads[next.node], 1);
  }
  const { terms } = formulas.terms(next.node);
  if (next.kind === "arrive" && terms.length > 1 && terms.length <= MOST_GUESSED && terms.every((factors) => factors.length === 2)) {
    // What is known by then of each neuron that it feeds: how fast its net input changes with it, and the result with that.
    const [deltas, weights] = [0, 1].map((k) => {
      const numbers = terms.map((factors) => derivativeNumber(session, frame, factorPiece(factors[k])).number);
      return listed(numbers.map((x) => told(x, GUESSED_DIGITS)));
    });
    return question("sign", { name: [{ name: next.node }], result: [{ name: graph.result }], weights, deltas }, grads[next.node], 0);
  }
  const { round } = frame;
  if (round === training.rounds && (next.kind === "update" || next.kind === "end") && training.round(training.at(round), round))
    return null; // it cannot be made
  if (next.kind === "update") {
    const change = updatedTo(frame, next.node, taken[next.node]) - frame.leaves[next.node];
    return question("weight", { name: [{ name: next.node }], result: [{ name: graph.result }] }, change, 0);
  }
  if (next.kind === "end") {
    const leaves = frame.leaves.slice();
    for (const id of training.trained(frame.settings)) leaves[id] = updatedTo(frame, id, taken[id]);
    const after = graph.forward(leaves, frame.settings.variant)[graph.result];
    if (alike(data[graph.result], after)) return null;
    return question("error", { result: [{ name: graph.result }] }, after - data[graph.result], 1);
  }
  return null;
}

/**
 * @param {string} key
 * @param {Record<string, Piece[]>} given
 * @param {number} x the number whose sign is asked for
 * @param {number} above which of the two answers is right above 0; where it is neither above nor below, or not finite, none is
 * @returns {Question | null}
 */
function question(key, given, x, above) {
  if (!x || !Number.isFinite(x)) return null;
  const right = x > 0 ? above : 1 - above;
  const [kind] = key.split(".");
  const answers = [0, 1].map((k) => text(`ask.${kind}.${k}`));
  const wrong = sentence(`ask.wrong.${kind}.${right}`, { ...given, answer: [answers[1 - right]] });
  return { words: sentence(`ask.${key}`, given), answers, right, wrong };
}
