// The scenes of the backward pass: what arrives at an output, the node delta, and the gradients of weights, biases and of any node.

import { consequence, errorAlong } from "./slopes.js";
import { summandsOf } from "./beats.js";
import { factorPiece, gradientEquation, joined } from "./formulas.js";
import { endOf } from "./forward.js";
import { expanded, inNumbers, rateSign } from "./notation.js";
import { brief } from "./numbers.js";
import { goalOf, probabilityRows } from "./probabilities.js";
import { coloured, emptyScene, isFirst, listed, placeOf, productRows, resultIn, rowsOf, SUBJECT, TERM_COLOURS } from "./terms.js";
import { sentence } from "./words.js";

const GROWTHS = [0.1, 0.01, 0.001, 0.0001]; // of a number, for which the tangent may say about what happens
const GROWTH_ABOUT = 0.05; // of a change, by which the tangent may be off
const GROWTH_EXACT = 1e-9;

const SMALL = 0.001; // by which an output grows to see what comes of it
const MOST_MEETINGS = 2; // weights of a neuron at which numbers meet at once; of more, at the one that the equation is about

/** @typedef {import("./terms.js").Stage} Stage */

/**
 * The neurons that a node feeds, and the weights on the way.
 * @param {import("./graph.js").Graph} graph
 * @param {number} source
 */
function linesFrom(graph, source) {
  return graph.connections.filter((each) => each.source === source);
}

/** @type {import("./terms.js").Maker} */
export function arriveScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const id = beat.node;
  const lines = linesFrom(graph, id);
  if (!lines.length || /** @type {Neuron} */ (beat.neuron).end) return outputScene(stage, frame, beat);
  const scene = emptyScene();
  lines.forEach(({ weight, neuron: head }, k) => {
    const term = k % TERM_COLOURS;
    scene.lines.set(weight, term);
    scene.colours.set(head.out, term);
    scene.factors.set(head.out, { id: head.net, what: "grad" });
    const carried = frame.grads[head.net];
    const product = carried * frame.data[weight];
    scene.travels.push({ kind: "back", term, from: head.out, to: id, weight, carried, product });
  });
  const first = isFirst(frame, beat);
  const key = !first ? "again" : lines.length > 1 ? "sum" : "one";
  const heads = listed(lines.map(({ neuron: { name: head } }) => head));
  const [{ weight, neuron: head }] = lines;
  const count = [String(lines.length)];
  const given = { name: [{ name: id }], ...placeOf(stage, frame), heads, count, net: [{ name: head.net }], weight: [{ name: weight }] };
  const rows = rowsOf(stage, frame, formulas.terms(id).terms, !first || lines.length > 2);
  return { ...scene, left: leftOf(graph, id), rows, result: resultIn(frame, id, "grad"), why: sentence(`beat.arrive.${key}`, given) };
}

/**
 * @param {import("./graph.js").Graph} graph
 * @param {number} id
 * @returns {Piece[]}
 */
function leftOf(graph, id) {
  return [{ of: graph.result, by: id, whole: 1 }];
}

/**
 * What arrives at an output, from the error.
 * @type {import("./terms.js").Maker}
 */
function outputScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const { variant } = frame.settings;
  const id = beat.node;
  const scene = emptyScene();
  const { terms, parts } = formulas.terms(id);
  const only = terms.length === 1 && terms[0].length === 1 ? factorPiece(terms[0][0]) : null;
  const formula = coloured(0, (only && formulas.factor(only, variant)) ?? []);
  const from = parts.length ? parts[0][0] : (summandsOf(graph).find((part) => endOf(graph, part) === id) ?? graph.result);
  scene.travels.push({ kind: "errorBack", term: 0, from, to: id, carried: frame.grads[id], product: frame.grads[id] });
  const long = () => (formula.length ? [formula, inNumbers(formula, (of) => frame.data[of])] : rowsOf(stage, frame, terms));
  const probable = neuron.out === neuron.net ? probabilityRows(stage, frame, neuron) : null;
  lightOutput(scene, neuron, probable !== null);
  const squared = only && /^-\(⟦\d+⟧ - ⟦\d+⟧\)$/.test(formulas.templates.factors[`${only.of},${only.by},${only.whole}`]?.[0] ?? "");
  const square = Boolean(squared) && neuron.target !== null;
  if (square) scene.colours.set(/** @type {number} */ (neuron.target), 0);
  const wiggled = square ? wiggle(frame, neuron) : null;
  const reasons = probable ? ["probability"] : square ? ["square", ...(summandsOf(graph).length ? ["rest"] : [])] : [];
  const linear = neuron.out === neuron.net ? ["linear"] : [];
  const keys = isFirst(frame, beat) ? [wiggled ? "wiggled" : "first", ...reasons, ...linear] : ["next"];
  const named = {
    name: [{ name: id }],
    neuron: [neuron.name],
    target: targetOf(frame, neuron),
  };
  const given = { ...named, ...placeOf(stage, frame), ...wiggled, sign: [rateSign(stage, "out")] };
  const why = joined(
    keys.map((key) => sentence(`beat.arrive.${key}`, given)),
    " ",
  );
  return {
    ...scene,
    left: leftOf(graph, id),
    rows: probable ?? long(),
    result: resultIn(frame, id, "grad"),
    why: probable ? [...why, ...meanWords(neuron, given)] : why,
  };
}

/**
 * The target of an output, which is a number where it is no node.
 * @param {Frame} frame
 * @param {Neuron} neuron
 * @returns {Piece[]}
 */
function targetOf(frame, neuron) {
  return [neuron.target === null ? String(goalOf(frame, neuron)) : { name: neuron.target }];
}

/**
 * What is to be said, too, where the error is a mean.
 * @param {Neuron} neuron
 * @param {Record<string, Piece[]>} given
 * @returns {Piece[]}
 */
function meanWords({ judged: [count] = [1, null] }, given) {
  return count > 1 ? [" ", ...sentence("beat.arrive.mean", { ...given, count: [String(count)] })] : [];
}

/**
 * What the equation of an output names: its number, or its probability and its target.
 * @param {Scene} scene
 * @param {Neuron} neuron
 * @param {boolean} probable
 */
function lightOutput({ probabilities, colours }, { net, out, target }, probable) {
  if (probable && out === net) probabilities.set(out, 0);
  else colours.set(out, 0);
  if (probable && target !== null) colours.set(target, 1);
}

/**
 * The squared error of an output, and what it becomes when the output grows a little: null where the digits would not show it.
 * @param {Frame} frame
 * @param {Neuron} neuron
 * @returns {Record<string, Piece[]> | null}
 */
function wiggle(frame, { out, target }) {
  const [x, goal] = [frame.data[out], frame.data[/** @type {number} */ (target)]];
  const [before, after] = [x, x + SMALL].map((at) => (goal - at) ** 2 / 2);
  const change = after - before;
  if (!(Math.abs(change) >= SMALL / 100 && before < 100)) return null;
  const number = (/** @type {number} */ y) => [{ number: y, enclose: false }];
  const times = brief(change / SMALL, 2);
  return { small: number(SMALL), before: number(before), after: number(after), times: [times] };
}

/**
 * The links between a net input or a weight of a neuron and the result, if what arrives at the neuron passes through all of them: what
 * arrives, the slope of the activation, and of a weight what it multiplies.
 * @param {Stage} stage
 * @param {Neuron} neuron
 * @param {number} id
 * @returns {Factor[] | null}
 */
function linksOf({ graph, formulas }, neuron, id) {
  if (formulas.terms(id).terms.length !== 1) return null;
  /** @type {Factor[]} */
  const links = [];
  if (neuron.out !== neuron.net) links.push([graph.result, neuron.out, 1], [neuron.out, neuron.net, 1]);
  else if (id !== neuron.net) links.push([graph.result, neuron.net, 1]);
  if (id !== neuron.net) links.push([neuron.net, id, 1]);
  return links.length > 1 && neuron.out !== graph.result ? links : null;
}

/**
 * What a formula is in numbers: these, and their result where they are not the result already.
 * @param {Piece[]} numbers
 * @param {Mark} result
 * @returns {Piece[]}
 */
function stepsOf(numbers, result) {
  const parts = expanded(numbers);
  return parts.length > 1 ? [" = ", ...parts, " = ", result] : [" = ", result];
}

// Several neurons at once, of which the first is shown.
/** @type {import("./terms.js").Maker} */
export function deltasScene(stage, frame, beat) {
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const linear = neuron.net === neuron.out;
  const all = (stage.graph.network?.neurons ?? []).filter(({ net }) => beat.nodes.includes(net));
  const scene = (linear ? arriveScene : deltaScene)(stage, frame, beat);
  const given = { neurons: listed(all.map(({ name }) => name)), neuron: [neuron.name] };
  const why = sentence(linear ? "beat.deltas.linear" : "beat.deltas", given);
  return { ...scene, why };
}

/** @type {import("./terms.js").Maker} */
export function deltaScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const { terms, delta } = formulas.terms(beat.node);
  const factors = linksOf(stage, neuron, beat.node);
  const slope = formulas.factor({ of: neuron.out, by: neuron.net, whole: 1 }, frame.settings.variant);
  const product = frame.grads[neuron.net];
  const activation = formulas.activation(neuron, frame.settings.variant) ?? "";
  const own = activation === "sigmoid" ? "sigmoid" : "slope";
  const steep = { number: graph.derivative(frame.slopes, neuron.out, neuron.net), enclose: false };
  const given = {
    ...placeOf(stage, frame),
    neuron: [neuron.name],
    name: [{ name: neuron.out }],
    curve: [activation === "sigmoid" ? "σ" : activation],
    target: targetOf(frame, neuron),
    slope: slope
      ? [
          ...slope,
          ...stepsOf(
            inNumbers(slope, (of) => frame.data[of]),
            steep,
          ),
        ]
      : [],
  };
  /** @type {Piece[]} */
  const left = delta ? [{ delta }, " = ", { of: graph.result, by: beat.node, whole: 1 }] : [{ of: graph.result, by: beat.node, whole: 1 }];
  const scene = emptyScene();
  const probable = neuron.end ? probabilityRows(stage, frame, neuron) : null;
  if (probable) lightOutput(scene, neuron, true);
  else if (factors) lightFactors(scene, neuron, true);
  const carried = (probable ? frame.data : frame.grads)[neuron.out];
  const key = probable ? "entropy" : isFirst(frame, beat, () => true) ? own : "again";
  const why = sentence(slope ? `beat.delta.${key}` : "beat.delta", given);
  return {
    ...scene,
    left,
    rows: probable ?? (factors ? productRows(stage, frame, factors) : rowsOf(stage, frame, terms)),
    result: resultIn(frame, beat.node, "grad"),
    why: probable ? [...why, ...meanWords(neuron, given)] : why,
    travels: [{ kind: "inside", term: SUBJECT, from: neuron.out, to: neuron.out, carried, product }],
  };
}

/**
 * The first factors of a product at a neuron: what arrives there, and the slope of its activation.
 * @param {Scene} scene
 * @param {Neuron} neuron
 * @param {boolean} slope
 */
function lightFactors(scene, { out }, slope) {
  scene.colours.set(out, 0);
  scene.factors.set(out, { id: out, what: "grad" });
  if (slope) scene.slopes.set(out, 1);
}

/**
 * What comes back to a neuron meets, at each of its weights that the beat is about, what the weight multiplies.
 * @param {Scene} scene
 * @param {import("./graph.js").Graph} graph
 * @param {Frame} frame
 * @param {Beat} beat
 * @param {number} last factor
 */
function meetings(scene, graph, frame, beat, last) {
  const several = beat.nodes.filter((id) => !graph.biases.has(id)).length > MOST_MEETINGS;
  for (const { weight, source, neuron: head } of graph.connections) {
    if (!beat.nodes.includes(weight)) continue;
    scene.lines.set(weight, SUBJECT);
    scene.colours.set(source, last % TERM_COLOURS);
    lightFactors(scene, head, last > 1);
    if (several && weight !== beat.node) continue;
    const product = frame.grads[weight];
    const slope = graph.derivative(frame.slopes, head.out, head.net);
    const come = last > 1 ? [frame.grads[head.out], slope] : [frame.grads[head.net]];
    const factors = come.map((number, term) => ({ term, number, from: head.out }));
    factors.push({ term: last % TERM_COLOURS, number: frame.data[source], from: source });
    scene.travels.push({ kind: "meet", term: SUBJECT, from: head.out, to: source, weight, carried: come[0], product, factors });
  }
}

/** @type {import("./terms.js").Maker} */
export function gradientScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const scene = emptyScene();
  const { terms } = formulas.terms(beat.node);
  const chain = linksOf(stage, neuron, beat.node);
  const rows = chain ? productRows(stage, frame, chain) : rowsOf(stage, frame, terms);
  const several = beat.kind === "gradients";
  const last = (chain?.length ?? 2) - 1;
  meetings(scene, graph, frame, beat, last);
  const bias = beat.nodes.find((id) => graph.biases.has(id));
  if (bias === beat.node) scene.lines.set(bias, SUBJECT);
  if (bias === beat.node && chain) lightFactors(scene, neuron, last > 1);
  const connection = graph.connections.find(({ weight }) => weight === beat.node);
  const given = {
    name: [{ name: beat.node }],
    neuron: [neuron.name],
    net: [{ name: neuron.net }],
    out: [{ name: neuron.out }],
    source: connection ? [{ name: connection.source, inside: true }] : [],
    ...placeOf(stage, frame),
    count: [String(chain?.length ?? terms.length)],
    bias: bias === undefined ? [] : [{ name: bias }],
  };
  const feeds = graph.connections.some(({ source }) => source === neuron.out);
  const three = (chain?.length ?? 0) < 3 ? "two" : feeds ? "hidden" : "three"; // what comes back to a hidden neuron may be a sum of paths
  const before = frame.plan.beats.find(({ to }) => to === beat.from);
  const known = isFirst(frame, beat) ? three : before?.kind === "gradient" ? "last" : "again";
  const biased = beat.kind === "bias" || !connection;
  const each = several && !isFirst(frame, beat) ? "several" : known;
  const kind = biased ? (terms.length > 1 ? "shared" : "bias") : each;
  return {
    ...scene,
    left: [{ of: graph.result, by: beat.node, whole: 1 }],
    rows,
    result: resultIn(frame, beat.node, "grad"),
    why: [
      ...sentence(`beat.gradient.${kind}`, given),
      ...(several && kind === three
        ? [" ", ...sentence(bias === undefined ? "beat.gradient.each" : "beat.gradient.each.bias", given)]
        : []),
    ],
  };
}

/** @type {import("./terms.js").Maker} */
export function chainScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const scene = emptyScene();
  const id = beat.node;
  /** @type {Piece[]} */
  const left = [{ of: graph.result, by: id, whole: 1 }];
  const given = { name: [{ name: id }], ...placeOf(stage, frame), count: [String(graph.users[id].length)] };
  if (id === graph.result) return { ...scene, left, rows: [["1"]], why: sentence("beat.seed", given) };
  const uses = graph.users[id].length;
  const told = formulas.terms(id).terms;
  // What is used in several places has as many summands, also where one formula would say it: y = a b − a c.
  const apart = told.length === 1 && uses > 1 && graph.users[id].some(({ head }) => head !== graph.result);
  const terms = apart ? formulas.alongEdges(id) : told;
  scene.colours.set(id, 0);
  if (!terms.length) return { ...scene, left, result: resultIn(frame, id, "grad"), why: sentence("beat.chain.none", given) };
  const [only] = terms.length === 1 && terms[0].length === 1 ? terms[0] : [];
  const formula = only && formulas.factor(factorPiece(only), frame.settings.variant);
  const rows = formula
    ? [coloured(0, formula), inNumbers(coloured(0, formula), (of) => frame.data[of])]
    : only
      ? [coloured(0, gradientEquation(stage, frame, id).rows.slice(0, -1).flat())]
      : rowsOf(stage, frame, terms);
  const again = isFirst(frame, beat) ? "beat.chain" : "beat.chain.again";
  const key = uses > 1 ? "beat.chain.sum" : only ? "beat.chain.direct" : again;
  const why = sentence(key, given);
  if (!formula && terms.flat().some(([, , whole]) => !whole)) why.push(" ", ...sentence("beat.chain.partial"));
  if (!graph.trains && !graph.nodes[id].op) why.push(...growthOf(stage, frame, id));
  return { ...scene, left, rows: rows.filter((row) => row.length), result: resultIn(frame, id, "grad"), why };
}

/**
 * What a derivative means, where nothing else follows from it: if a number were 1 more, how much more the result would be. Where the
 * result is no straight line in the number, of a step so small that it says about what happens; nothing where no step does.
 * @param {import("./terms.js").Stage} stage
 * @param {Frame} frame
 * @param {number} id
 * @returns {Piece[]}
 */
function growthOf({ graph }, frame, id) {
  const error = errorAlong(graph, frame, [id]);
  const [x, slope] = [frame.leaves[id], frame.grads[id]];
  const off = (/** @type {number} */ step) => Math.abs(consequence(error, x, x + step, slope).real / (slope * step) - 1);
  const step = [1, ...GROWTHS].find((each, k) => off(each) < (k ? GROWTH_ABOUT : GROWTH_EXACT));
  if (step === undefined) return [];
  const given = {
    name: [{ name: id }],
    result: [{ name: graph.result }],
    step: [String(step)],
    change: [{ number: Math.abs(slope * step), id, quantity: /** @type {Quantity} */ ("grad"), enclose: false }],
  };
  return [" ", ...sentence(`beat.growth.${step === 1 ? "exact" : "about"}.${slope > 0 ? "more" : "less"}`, given)];
}
