// What happens, in words: the caption under the diagram, its alternative for those who do not see it, and what is wrong with a number.

import { counted, written } from "./numbers.js";
import { inNumbers } from "./names.js";
import { equations } from "./formula.js";
import { boundaries, happening } from "./frame.js";
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
  if (trouble.kind === "slope")
    return text("trouble.slope", { name, by: app.notation.name(trouble.by), value: written(trouble.value), round });
  return text(trouble.kind === "update" ? "trouble.update" : "trouble.gradient", { name, value: written(trouble.value), round });
}

export function inWords(app, frame) {
  const { graph } = app;
  const error = app.hides(graph.result, "data") ? "?" : written(frame.dataAt(graph.result));
  const name = app.notation.name(graph.result);
  if (!graph.network) return text("words.graph", { nodes: graph.variables.length, name, error });
  const layers = Array.from({ length: graph.depth }, (_, k) => graph.network.neurons.filter((neuron) => neuron.depth === k + 1).length);
  return text("words.network", {
    inputs: graph.network.inputs.length,
    layers: layers.join(", "),
    name,
    error,
    round: counted(frame.round),
  });
}

const MOST_LINES = 5;

// What happens at this step, or since the last one that was stopped at, as pieces of sentences.
export function captionPieces(app, frame) {
  const { graph } = app;
  const result = { number: frame.data[graph.result], id: graph.result, quantity: "data", enclose: false };
  const where = { round: [counted(frame.round)], case: [String(frame.row + 1)], name: [{ name: graph.result }] };
  const { current } = frame;
  if (frame.step === null) {
    const { selected } = app.view;
    if (selected !== null) return inLines([valueLine(app, frame, selected), gradientLine(app, frame, selected)]);
    if (app.player.fresh()) return sentence("caption.start", { ...where, error: [result] });
    const count = app.original.cases.length;
    const error = [{ ...result, number: app.training.errors[frame.round] }];
    return sentence(count > 1 ? "caption.mean" : "caption.rest", { ...where, count: [String(count)], error });
  }
  if (!current) return sentence("caption.begin", where);
  if (app.view.pace === "pass") return sentence(`caption.all.${frame.phase}`, { ...where, error: [result] });
  if (current.kind === "seed") return sentence("caption.seed", where);
  if (current.kind === "backward" && app.view.pace === "node") {
    const { edge } = current;
    const { pieces, local } = happening(graph, frame);
    const uses = graph.users[edge.tail].length;
    const more = uses > 1 && ["\n", ...sentence("caption.several", { name: [{ name: edge.tail }], count: [String(uses)] })];
    return [...sentence("caption.backward", { formula: pieces, local: [local] }), ...(more || [])];
  }
  const lines = lately(app, frame).map((id) =>
    ({ forward: valueLine, backward: gradientLine, update: updateLine })[current.kind](app, frame, id),
  );
  return sentence(current.kind === "backward" ? "caption.gradients" : `caption.${current.kind}`, {
    formula: inLines(lines.slice(-MOST_LINES)),
  });
}

function sentence(key, parts) {
  return text(key)
    .split(/(\{\w+\})/)
    .flatMap((part) => {
      const mark = /^\{(\w+)\}$/.exec(part);
      return mark ? (parts[mark[1]] ?? [part]) : [part];
    });
}

function inLines(lines) {
  return lines.filter(Boolean).flatMap((line, k) => (k ? ["\n", ...line] : line));
}

// The nodes that the steps since the last stop were about and are done with: those with labels, or if there is none the last.
function lately(app, { steps, step, current }) {
  const { graph, view } = app;
  const from = boundaries(steps, view.pace)
    .filter((place) => place < step)
    .at(-1);
  const left = new Set(
    steps
      .slice(step)
      .filter(({ kind }) => kind === current.kind)
      .map(({ node }) => node),
  ); // of which more comes
  const nodes = [...new Set(steps.slice(from, step).map(({ node }) => node))].filter((id) => !left.has(id));
  const labelled = nodes.filter((id) => graph.nodes[id].label);
  return labelled.length ? labelled : [current.node];
}

// net_h1 = w1 · i1 + … = numbers = result; null for a leaf.
function valueLine(app, frame, id) {
  if (!app.graph.nodes[id].op) return null;
  const formula = app.formulas.forward(id, frame.settings.variant);
  const value = { number: frame.data[id], id, quantity: "data", enclose: false };
  return formula
    ? [{ name: id }, " = ", ...formula, " = ", ...inNumbers(formula, (of) => frame.data[of]), " = ", value]
    : [{ name: id }, " = ", value];
}

// dE/dw5 = δ_o1 · out_h1 = result.
function gradientLine(app, frame, id) {
  const { left, rows } = equations(app, frame, id).find(({ key }) => key === "gradient");
  const symbols = rows.slice(0, -1).find((row) => row.some((piece) => piece.delta)) ?? (rows.length > 1 ? rows[0] : []);
  return [...left, ...(symbols.length ? [" = ", ...symbols] : []), " = ", ...rows.at(-1)];
}

// w5⁺ = w5 − η · dE/dw5 = numbers = result.
function updateLine(app, frame, id) {
  const { left, rows } = equations(app, frame, id).find(({ key }) => key === "update");
  return [...left, ...rows.flatMap((row) => [" = ", ...row])];
}
