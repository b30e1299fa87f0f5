// What happens, in words: the caption under the diagram, its alternative for those who do not see it, and what is wrong with a number.

import { counted, written } from "./numbers.js";
import { inNumbers } from "./names.js";
import { equations } from "./formula.js";
import { happening } from "./frame.js";
import { text } from "./text.js";

// Words about a number that is none: which one, where it comes from, and what can be done.
export function explained(app, trouble) {
  const name = app.notation.name(trouble.node);
  const round = counted(trouble.round);
  if (trouble.kind === "data") {
    const { op } = app.graph.nodes[trouble.node];
    const operands = trouble.operands.map((x) => written(x)).join(", ");
    return text(op ? "trouble.data" : "trouble.leaf", { name, op: op ?? "", operands, value: written(trouble.value), round });
  }
  if (trouble.kind === "slope") return text("trouble.slope", { name, by: app.notation.name(trouble.by), value: written(trouble.value), round });
  return text(trouble.kind === "update" ? "trouble.update" : "trouble.gradient", { name, value: written(trouble.value), round });
}

export function inWords(app, frame) {
  const { graph } = app;
  const error = app.hides(graph.result, "data") ? "?" : written(frame.dataAt(graph.result));
  const name = app.notation.name(graph.result);
  if (!graph.network) return text("words.graph", { nodes: graph.variables.length, name, error });
  const layers = Array.from({ length: graph.depth }, (_, k) => graph.network.neurons.filter((neuron) => neuron.depth === k + 1).length);
  return text("words.network", { inputs: graph.network.inputs.length, layers: layers.join(", "), name, error, round: counted(frame.round) });
}

// What happens at this step, as pieces of a sentence.
export function captionPieces(app, frame) {
  const { graph } = app;
  const sentence = (key, parts) => text(key).split(/(\{\w+\})/).flatMap((part) => {
    const mark = /^\{(\w+)\}$/.exec(part);
    return mark ? parts[mark[1]] ?? [part] : [part];
  });
  const where = { round: [counted(frame.round)], case: [String(frame.row + 1)] };
  const result = { number: frame.data[graph.result], id: graph.result, quantity: "data", enclose: false };
  const { current } = frame;
  if (frame.step === null) {
    if (frame.round === 0 && app.training.rounds === 0) return sentence("caption.start", { name: [{ name: graph.result }], error: [result] });
    return sentence(app.original.cases.length > 1 ? "caption.mean" : "caption.rest", { count: [String(app.original.cases.length)], ...where, name: [{ name: graph.result }], error: [{ number: app.training.errors[frame.round], id: graph.result, quantity: "data", enclose: false }] });
  }
  if (!current) return sentence("caption.begin", where);
  if (current.kind === "forward") {
    const formula = app.formulas.forward(current.node, frame.settings.variant);
    const value = { number: frame.data[current.node], id: current.node, quantity: "data", enclose: false };
    const parts = formula ? [{ name: current.node }, " = ", ...formula, " = ", ...inNumbers(formula, (id) => frame.data[id]), " = ", value] : [{ name: current.node }, " = ", value];
    return sentence("caption.forward", { formula: parts });
  }
  if (current.kind === "seed") return sentence("caption.seed", { name: [{ name: graph.result }] });
  if (current.kind === "backward") {
    const { edge } = current;
    const { pieces, local } = happening(graph, frame);
    const more = graph.users[edge.tail].length > 1 ? text("caption.several", { name: app.notation.name(edge.tail), count: graph.users[edge.tail].length }) : "";
    return [...sentence("caption.backward", { formula: pieces, local: [local] }), more && `\n${more}`];
  }
  const update = equations(app, { ...frame, dataAt: undefined }, current.node).find((each) => each.key === "update");
  return sentence("caption.update", { formula: [...update.left, " = ", ...update.rows[0], " = ", ...update.rows[1], " = ", ...update.rows[2]] });
}
