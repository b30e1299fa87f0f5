// What the page asks before a beat, so that one thinks first.

import { updatedTo } from "./optimizers.js";
import { sentence, text } from "./words.js";

/**
 * The question before a beat; null if there is nothing worth asking.
 * @param {Pick<import("./session.js").Session, "graph" | "formulas" | "training">} session
 * @param {Frame} frame
 * @param {Beat | null} next
 * @returns {Question | null}
 */
export function questionBefore({ graph, formulas, training }, frame, next) {
  const { grads, data, plan, taken } = frame;
  if (!next) return null;
  const first = plan.beats.find(({ phase }) => phase === "backward");
  if (next === first && next.kind === "arrive") {
    return question("direction", { name: [{ name: next.node }], result: [{ name: graph.result }] }, grads[next.node], 1);
  }
  if (next.kind === "arrive" && formulas.terms(next.node).terms.length > 1) {
    return question("sign", { name: [{ name: next.node }] }, grads[next.node], 0);
  }
  if (next.kind === "update") {
    const change = updatedTo(frame, next.node, taken[next.node]) - frame.leaves[next.node];
    return question("weight", { name: [{ name: next.node }] }, change, 0);
  }
  if (next.kind === "end") {
    const leaves = Float64Array.from(frame.leaves);
    for (const id of training.trained(frame.settings)) leaves[id] = updatedTo(frame, id, taken[id]);
    const after = graph.forward(leaves, frame.settings.variant)[graph.result];
    return question("error", { result: [{ name: graph.result }] }, after - data[graph.result], 1);
  }
  return null;
}

/**
 * @param {string} key
 * @param {Record<string, Piece[]>} given
 * @param {number} x the number whose sign is asked for
 * @param {number} above which of the two answers is right above 0; where it is neither above nor below, none is
 * @returns {Question | null}
 */
function question(key, given, x, above) {
  if (!x) return null;
  const right = x > 0 ? above : 1 - above;
  return { words: sentence(`ask.${key}`, given), answers: [0, 1].map((k) => text(`ask.${key}.${k}`)), right };
}
