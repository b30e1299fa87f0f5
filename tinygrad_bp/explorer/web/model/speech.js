// Sentences about the state of the page: what is wrong with a number, and the picture for those who do not see it.

import { inLine, inNumbers } from "./notation.js";
import { counted, written } from "./numbers.js";
import { text } from "./words.js";

/** @typedef {Pick<import("./session.js").Session, "graph" | "notation" | "formulas" | "training" | "hides">} Speaker */

/**
 * Words about a number that is none: which one, where it comes from, and what can be done.
 * @param {Omit<Speaker, "hides">} session
 * @param {Trouble} trouble
 */
export function explained({ graph, notation, formulas, training }, trouble) {
  const called = (/** @type {number} */ id) => (graph.nodes[id].label ? notation.name(id) : inLine(notation.name(id)));
  const name = called(trouble.node);
  const { kind, data } = trouble;
  const round = counted(trouble.round ?? 0);
  const value = written(trouble.value);
  if (kind === "data") {
    const formula = data && graph.nodes[trouble.node].op && formulas.forward(trouble.node, training.settingsAt(trouble.round ?? 0).variant);
    if (!formula) return text("trouble.leaf", { name, value, round });
    return text("trouble.data", { name, formula: inLine(notation.plain(inNumbers(formula, (id) => data[id]))), value, round });
  }
  if (kind === "slope") return text("trouble.slope", { name, by: called(trouble.by ?? 0), value, round });
  return text(kind === "update" ? "trouble.update" : "trouble.gradient", { name, value, round });
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
