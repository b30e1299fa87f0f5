// The scenes of the forward pass: net inputs, outputs, the error, and any other node that is computed.

import { summandsOf } from "./beats.js";
import { dataEquation } from "./formulas.js";
import { DEFINITIONS, outcomeOf } from "./neurons.js";
import { expanded, inNumbers } from "./notation.js";
import { coloured, emptyScene, isFirst, listed, numberIn, placeOf, resultIn, sumOf, TERM_COLOURS } from "./terms.js";
import { sentence } from "./words.js";

const POWER_DIGITS = 4; // of the net input in a power

/**
 * Whether a neuron computes with weights that others have, too.
 * @param {import("./graph.js").Graph} graph
 * @param {Neuron} neuron
 */
function isShared({ connections }, neuron) {
  const others = new Set(connections.filter((each) => each.neuron !== neuron).map(({ weight }) => weight));
  return connections.some((each) => each.neuron === neuron && others.has(each.weight));
}

/** @type {import("./terms.js").Maker} */
export function netScene({ graph }, frame, beat) {
  const scene = emptyScene();
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const own = graph.connections.filter((each) => each.neuron === neuron);
  /** @type {Piece[][]} */
  const symbols = [];
  /** @type {Piece[][]} */
  const numbers = [];
  own.forEach(({ weight, source }, k) => {
    const term = k % TERM_COLOURS;
    symbols.push(coloured(term, [{ name: weight }, " · ", { name: source, inside: true }]));
    numbers.push(coloured(term, [numberIn(frame, weight), " · ", numberIn(frame, source)]));
    scene.lines.set(weight, term);
    scene.colours.set(source, term);
    const product = frame.data[weight] * frame.data[source];
    scene.travels.push({ kind: "forward", term, from: source, to: neuron.out, weight, carried: frame.data[source], product });
  });
  if (neuron.bias !== null) {
    const term = own.length % TERM_COLOURS;
    symbols.push(coloured(term, [{ name: neuron.bias }]));
    numbers.push(coloured(term, [numberIn(frame, neuron.bias)]));
    scene.lines.set(neuron.bias, term);
    scene.colours.set(neuron.bias, term);
    const carried = frame.data[neuron.bias];
    scene.travels.push({ kind: "bias", term, from: neuron.bias, to: neuron.out, carried, product: carried });
  }
  const products = scene.travels.map(({ term, product }) => coloured(term, [{ number: product }]));
  const added = products.length > 1 ? [" = ", ...sumOf(products)] : [];
  const told =
    neuron.net === neuron.out
      ? "beat.net.linear"
      : neuron.bias === null
        ? "beat.net.plain"
        : neuron.depth > 1
          ? "beat.net.later"
          : "beat.net";
  const again = isShared(graph, neuron) ? "beat.net.shared" : "beat.net.again";
  const key = isFirst(frame, beat) ? told : again;
  return {
    ...scene,
    left: [{ name: beat.node }],
    rows: [sumOf(symbols), [...sumOf(numbers), ...added]],
    result: resultIn(frame, beat.node),
    why: sentence(key, { neuron: [neuron.name] }),
  };
}

/** @type {import("./terms.js").Maker} */
export function outScene({ formulas }, frame, beat) {
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const { variant } = frame.settings;
  const activation = formulas.activation(neuron, variant) ?? "";
  const definition = DEFINITIONS[activation];
  const own = definition ? `beat.out.${activation}` : "beat.out";
  const alike = (/** @type {Beat} */ other) => other.neuron !== null && (formulas.activation(other.neuron, variant) ?? "") === activation;
  /** @type {Mark} */
  const power = { number: -frame.data[neuron.net], id: neuron.net, quantity: "data", digits: POWER_DIGITS, enclose: false };
  const given = { neuron: [neuron.name], formula: [definition ?? ""], power: [power] };
  const formula = coloured(0, formulas.forward(beat.node, variant) ?? [{ name: neuron.net }]);
  return {
    ...emptyScene(),
    left: [{ name: beat.node }],
    rows: [formula, inNumbers(formula, (id) => frame.data[id])],
    result: resultIn(frame, beat.node),
    why: sentence(isFirst(frame, beat, alike) ? own : "beat.out.again", given),
    travels: [
      { kind: "inside", term: 0, from: neuron.out, to: neuron.out, carried: frame.data[neuron.net], product: frame.data[neuron.out] },
    ],
  };
}

// Several neurons at once, of which the first is shown.
/** @type {import("./terms.js").Maker} */
export function netsScene(stage, frame, beat) {
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const all = (stage.graph.network?.neurons ?? []).filter(({ out }) => beat.nodes.includes(out));
  const scene = (neuron.net === neuron.out ? netScene : outScene)(stage, frame, beat);
  const given = { neurons: listed(all.map(({ name }) => name)), name: [{ name: beat.node }] };
  return { ...scene, why: sentence(isShared(stage.graph, neuron) ? "beat.nets.shared" : "beat.nets", given) };
}

/**
 * A piece of a term of which there may be more than colours.
 * @param {Piece} piece
 */
function inColours(piece) {
  return typeof piece === "string" || piece.term === undefined ? piece : { ...piece, term: piece.term % TERM_COLOURS };
}

/**
 * The error, or that of one output, as minus the logarithm of probabilities; null where it is something else.
 * @param {import("./terms.js").Stage} stage
 * @param {Frame} frame
 * @param {Beat} beat
 * @returns {Scene | null}
 */
function outcomeScene(stage, frame, beat) {
  const outcome = outcomeOf(stage, frame, beat.node);
  if (!outcome) return null;
  const { symbols, numbers, guess, right, kind, terms } = outcome;
  const given = { guess: [guess], right: [right], result: [{ name: beat.node }] };
  return {
    ...emptyScene(),
    probabilities: new Map([...terms].map(([out, term]) => [out, term % TERM_COLOURS])),
    left: [{ name: beat.node }],
    rows: [symbols, numbers].map((row) => row.map(inColours)),
    result: resultIn(frame, beat.node),
    why: sentence(`beat.error.${kind}`, given),
  };
}

/** @type {import("./terms.js").Maker} */
export function errorScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const { variant } = frame.settings;
  if (!stage.description.isError) return valueScene(stage, frame, beat);
  const outcome = outcomeScene(stage, frame, beat);
  if (outcome) return outcome;
  const parts = summandsOf(graph);
  if (!parts.length) return { ...valueScene(stage, frame, beat), why: sentence("beat.error", placeOf(stage, frame)) };
  const scene = emptyScene();
  const neurons = graph.network?.neurons ?? [];
  const outcomes = parts.map((id) => outcomeOf(stage, frame, id)?.symbols);
  const formulasOf = parts.map((id, k) => coloured(k % TERM_COLOURS, outcomes[k] ?? formulas.forward(id, variant) ?? [{ name: id }]));
  parts.forEach((id, k) => {
    const term = k % TERM_COLOURS;
    scene.colours.set(id, term);
    const from = endOf(graph, id);
    const product = frame.data[id];
    scene.travels.push({ kind: "part", term, from: id, to: beat.node, carried: product, product });
    if (from === null) return;
    const target = neurons.find(({ out }) => out === from)?.target ?? null;
    for (const end of target === null ? [from] : [from, target]) scene.colours.set(end, term);
    scene.factors.set(from, { id: from, what: "data" });
    scene.travels.push({ kind: "error", term, from, to: id, carried: frame.data[from], product, onward: beat.node });
  });
  const found = sumOf(parts.map((id, k) => coloured(k % TERM_COLOURS, [numberIn(frame, id)])));
  const symbols = sumOf(formulasOf);
  const numbers = inNumbers(symbols, (id) => frame.data[id]);
  return {
    ...scene,
    left: [{ name: beat.node }],
    rows: formulasOf.flat().length < 24 ? [symbols, [...numbers, " = ", ...found]] : [found],
    result: resultIn(frame, beat.node),
    why: sentence("beat.error.sum", { ...placeOf(stage, frame), count: [String(parts.length)] }),
  };
}

/**
 * The output that a part of the error is about; null if it is about several.
 * @param {import("./graph.js").Graph} graph
 * @param {number} part
 */
export function endOf(graph, part) {
  const ends = (graph.network?.neurons ?? []).filter(({ end, out }) => end && graph.routes(part, out).size > 0);
  return ends.length === 1 ? ends[0].out : null;
}

/** @type {import("./terms.js").Maker} */
export function valueScene(stage, frame, beat) {
  const { graph } = stage;
  const outcome = graph.nodes[beat.node].label ? outcomeScene(stage, frame, beat) : null;
  if (outcome) return outcome;
  const equation = dataEquation(stage, frame, beat.node);
  const scene = emptyScene();
  graph.into[beat.node].forEach((edge, k) => scene.colours.set(edge.tail, k % TERM_COLOURS));
  const { colours } = scene;
  /** @param {Piece} piece */
  const tint = (piece) => {
    const id = typeof piece === "string" ? undefined : (piece.name ?? piece.id);
    const term = id === undefined ? undefined : colours.get(id);
    return typeof piece === "string" || term === undefined ? piece : { ...piece, term };
  };
  const rows = (equation?.rows ?? []).slice(0, -1).map((row) => expanded(row).map(tint));
  return {
    ...scene,
    left: [{ name: beat.node }],
    rows,
    result: resultIn(frame, beat.node),
    why: sentence("beat.value", { name: [{ name: beat.node }] }),
  };
}
