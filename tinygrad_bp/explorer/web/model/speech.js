// Sentences about the state of the page: what is wrong with a number, and the picture for those who do not see it.

import { counted, written } from "./numbers.js";
import { text } from "./words.js";

/** @typedef {Pick<import("./session.js").Session, "graph" | "notation" | "hides">} Speaker */

/**
 * Words about a number that is none: which one, where it comes from, and what can be done.
 * @param {Pick<Speaker, "graph" | "notation">} session
 * @param {Trouble} trouble
 */
export function explained({ graph, notation }, trouble) {
  const name = notation.name(trouble.node);
  const round = counted(trouble.round ?? 0);
  const value = written(trouble.value);
  if (trouble.kind === "data") {
    const { op } = graph.nodes[trouble.node];
    const operands = (trouble.operands ?? []).map((x) => written(x)).join(", ");
    return text(op ? "trouble.data" : "trouble.leaf", { name, op: op ?? "", operands, value, round });
  }
  if (trouble.kind === "slope") return text("trouble.slope", { name, by: notation.name(trouble.by ?? 0), value, round });
  return text(trouble.kind === "update" ? "trouble.update" : "trouble.gradient", { name, value, round });
}

/**
 * The picture in words.
 * @param {Speaker} session
 * @param {Frame} frame
 */
export function inWords(session, frame) {
  const { graph, notation } = session;
  const error = session.hides(graph.result, "data") ? "?" : written(frame.dataAt(graph.result));
  const name = notation.name(graph.result);
  if (!graph.network) return text("words.graph", { nodes: graph.variables.length, name, error });
  const { neurons, inputs } = graph.network;
  const layers = Array.from({ length: graph.depth }, (_, k) => neurons.filter((neuron) => neuron.depth === k + 1).length);
  return text("words.network", { inputs: inputs.length, layers: layers.join(", "), name, error, round: counted(frame.round) });
}
