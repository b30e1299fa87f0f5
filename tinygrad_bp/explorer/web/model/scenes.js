// What a beat shows: one equation with its terms, one sentence that says why, and what moves in the picture. All as data.

import { frozenBy } from "./neurons.js";
import { brief } from "./numbers.js";
import { summandsOf } from "./beats.js";
import { dataEquation, deltaTerm, factorPiece, gradientEquation, joined, derivativeNumber, updateEquation } from "./formulas.js";
import { happening } from "./frame.js";
import { expanded, inNumbers } from "./notation.js";
import { counted } from "./numbers.js";
import { sentence, text } from "./words.js";

export const TERM_COLOURS = 4;
const SUBJECT = 4; // the colour of what the equation is about
const MOST_TERMS = 6; // of a sum that is written out
const KEPT_TERMS = [3, 2]; // of a longer one, at its beginning and at its end

/**
 * @typedef {Pick<import("./session.js").Session, "graph" | "formulas" | "programs" | "training" | "original" | "view" | "fresh" | "kind" | "description">} Stage
 */

/**
 * The scene at a frame.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
export function sceneOf(stage, frame) {
  if (frame.step === null) return restScene(stage, frame);
  if (stage.view.pace === "node" && frame.current && frame.current.kind !== "end") return stepScene(stage, frame);
  const { beat } = frame;
  if (!beat) return beginScene(stage, frame);
  return (SCENES[beat.kind] ?? valueScene)(stage, frame, beat);
}

/** @returns {Scene} */
function emptyScene() {
  return { left: [], rows: [], result: [], why: [], colours: new Map(), lines: new Map(), travels: [] };
}

/**
 * Before the first beat.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
function beginScene(stage, frame) {
  const fresh = stage.fresh();
  const lead = fresh ? sentence(`lead.${stage.kind}`) : [];
  return { ...emptyScene(), rows: lead.length ? [lead] : [], why: sentence(fresh ? "beat.start" : "beat.begin", placeOf(stage, frame)) };
}

/** @type {Record<string, (stage: Stage, frame: Frame, beat: Beat) => Scene>} */
const SCENES = {
  net: netScene,
  out: outScene,
  error: errorScene,
  value: valueScene,
  arrive: arriveScene,
  delta: deltaScene,
  gradient: gradientScene,
  gradients: gradientScene,
  bias: gradientScene,
  chain: chainScene,
  update: updateScene,
  end: endScene,
};

/**
 * The places that sentences name.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Record<string, Piece[]>}
 */
function placeOf({ graph, original }, { round, row }) {
  return {
    round: [counted(round)],
    case: [String(row + 1)],
    count: [String(original.cases.length)],
    others: [String(original.cases.length - 1)],
    result: [{ name: graph.result }],
  };
}

/**
 * A piece in the colour of a term.
 * @param {number} term
 * @param {Piece[]} pieces
 * @returns {Piece[]}
 */
function coloured(term, pieces) {
  return expanded(pieces).map((piece) => (typeof piece === "string" ? piece : { ...piece, term }));
}

/**
 * A sum of terms, of many those at the beginning and at the end.
 * @param {Piece[][]} terms
 * @returns {Piece[]}
 */
function sumOf(terms) {
  if (terms.length <= MOST_TERMS) return joined(terms, " + ");
  const [first, last] = KEPT_TERMS;
  return joined([...terms.slice(0, first), ["…"], ...terms.slice(-last)], " + ");
}

/**
 * @param {Frame} frame
 * @param {number} id
 * @param {Quantity} quantity
 * @returns {Mark}
 */
function numberIn(frame, id, quantity = "data") {
  return { number: quantity === "data" ? frame.data[id] : frame.grads[id], id, quantity };
}

/**
 * @param {Frame} frame
 * @param {number} id
 * @param {Quantity} quantity
 * @returns {Piece[]}
 */
function resultIn(frame, id, quantity = "data") {
  return [{ ...numberIn(frame, id, quantity), enclose: false }];
}

// Forward.

/** @type {(typeof SCENES)["net"]} */
function netScene({ graph }, frame, beat) {
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
  const key = neuron.bias === null ? "beat.net.plain" : neuron.depth > 1 ? "beat.net.later" : "beat.net";
  return {
    ...scene,
    left: [{ name: beat.node }],
    rows: [sumOf(symbols), sumOf(numbers)],
    result: resultIn(frame, beat.node),
    why: sentence(key, { neuron: [neuron.name] }),
  };
}

/** @type {(typeof SCENES)["out"]} */
function outScene({ formulas }, frame, beat) {
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const { variant } = frame.settings;
  const activation = formulas.activation(neuron, variant);
  const formula = coloured(0, formulas.forward(beat.node, variant) ?? [{ name: neuron.net }]);
  return {
    ...emptyScene(),
    left: [{ name: beat.node }],
    rows: [formula, inNumbers(formula, (id) => frame.data[id])],
    result: resultIn(frame, beat.node),
    why: sentence(activation === "sigmoid" ? "beat.out.sigmoid" : "beat.out", { neuron: [neuron.name] }),
    travels: [
      { kind: "inside", term: 0, from: neuron.out, to: neuron.out, carried: frame.data[neuron.net], product: frame.data[neuron.out] },
    ],
  };
}

/** @type {(typeof SCENES)["error"]} */
function errorScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const { variant } = frame.settings;
  if (!stage.description.isError) return valueScene(stage, frame, beat);
  const parts = summandsOf(graph);
  if (!parts.length) return { ...valueScene(stage, frame, beat), why: sentence("beat.error", placeOf(stage, frame)) };
  const scene = emptyScene();
  const formulasOf = parts.map((id, k) => coloured(k % TERM_COLOURS, formulas.forward(id, variant) ?? [{ name: id }]));
  parts.forEach((id, k) => {
    const term = k % TERM_COLOURS;
    scene.colours.set(id, term);
    const from = endOf(graph, id);
    if (from !== null) scene.travels.push({ kind: "error", term, from, to: id, carried: frame.data[from], product: frame.data[id] });
  });
  const short = formulasOf.flat().length < 24;
  return {
    ...scene,
    left: [{ name: beat.node }],
    rows: [...(short ? [sumOf(formulasOf)] : []), sumOf(parts.map((id, k) => coloured(k % TERM_COLOURS, [numberIn(frame, id)])))],
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

/** @type {(typeof SCENES)["value"]} */
function valueScene(stage, frame, beat) {
  const { graph } = stage;
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

// Backward.

/**
 * The neurons that a node feeds, and the weights on the way.
 * @param {import("./graph.js").Graph} graph
 * @param {number} source
 */
function linesFrom(graph, source) {
  return graph.connections.filter((each) => each.source === source);
}

/** @type {(typeof SCENES)["arrive"]} */
function arriveScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const { variant } = frame.settings;
  const id = beat.node;
  const lines = linesFrom(graph, id);
  const scene = emptyScene();
  const left = [{ of: graph.result, by: id, whole: 1 }];
  const result = resultIn(frame, id, "grad");
  const name = { name: [{ name: id }], ...placeOf(stage, frame) };
  const { terms, parts } = formulas.terms(id);
  if (!lines.length || neuron.end) {
    const only = terms.length === 1 && terms[0].length === 1 ? factorPiece(terms[0][0]) : null;
    const formula = coloured(0, (only && formulas.factor(only, variant)) ?? []);
    const product = frame.grads[id];
    const from = parts.length ? parts[0][0] : (summandsOf(graph).find((part) => endOf(graph, part) === id) ?? graph.result);
    scene.travels.push({ kind: "errorBack", term: 0, from, to: id, carried: 1, product });
    scene.colours.set(id, 0);
    const rows = formula.length ? [formula, inNumbers(formula, (of) => frame.data[of])] : rowsOf(stage, frame, terms);
    return { ...scene, left, rows, result, why: sentence("beat.arrive.end", name) };
  }
  lines.forEach(({ weight, neuron: head }, k) => {
    const term = k % TERM_COLOURS;
    scene.lines.set(weight, term);
    scene.colours.set(head.out, term);
    const carried = frame.grads[head.net];
    const product = carried * frame.data[weight];
    scene.travels.push({ kind: "back", term, from: head.out, to: id, weight, carried, product });
  });
  const key = lines.length > 1 ? "beat.arrive.sum" : "beat.arrive.one";
  return { ...scene, left, rows: rowsOf(stage, frame, terms), result, why: sentence(key, { ...name, count: [String(lines.length)] }) };
}

/**
 * A gradient as a sum of products, in symbols and in numbers, each summand in the colour of its term.
 * @param {Stage} stage
 * @param {Frame} frame
 * @param {Factor[][]} terms
 * @returns {Piece[][]}
 */
function rowsOf(stage, frame, terms) {
  const { variant } = frame.settings;
  const symbols = terms.map((factors, k) => {
    const pieces = factors.map(factorPiece);
    const short = deltaTerm(stage, pieces, variant);
    return coloured(k % TERM_COLOURS, short ?? joined(pieces, " · "));
  });
  const marks = terms.map((factors) => factors.map((factor) => derivativeNumber(stage, frame, factorPiece(factor))));
  const numbers = sumOf(marks.map((list, k) => coloured(k % TERM_COLOURS, joined(list, " · "))));
  if (terms.length < 2) return [sumOf(symbols), numbers];
  const products = marks.map((list, k) => {
    const number = list.reduce((product, mark) => product * mark.number, 1);
    return coloured(k % TERM_COLOURS, [{ number }]);
  });
  return [sumOf(symbols), [...numbers, " = ", ...sumOf(products)]];
}

/**
 * A product of factors, each in a colour of its own.
 * @param {Stage} stage
 * @param {Frame} frame
 * @param {Factor[]} chain
 * @returns {Piece[][]}
 */
function productRows(stage, frame, chain) {
  const pieces = chain.map(factorPiece);
  return [
    joined(
      pieces.map((piece, k) => coloured(k % TERM_COLOURS, [piece])),
      " · ",
    ),
    joined(
      pieces.map((piece, k) => coloured(k % TERM_COLOURS, [derivativeNumber(stage, frame, piece)])),
      " · ",
    ),
  ];
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

/** @type {(typeof SCENES)["delta"]} */
function deltaScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const { terms, delta } = formulas.terms(beat.node);
  const factors = linksOf(stage, neuron, beat.node);
  const slope = formulas.factor({ of: neuron.out, by: neuron.net, whole: 1 }, frame.settings.variant);
  const product = frame.grads[neuron.net];
  /** @type {Piece[]} */
  const left = delta ? [{ delta }, " = ", { of: graph.result, by: beat.node, whole: 1 }] : [{ of: graph.result, by: beat.node, whole: 1 }];
  return {
    ...emptyScene(),
    left,
    rows: factors ? productRows(stage, frame, factors) : rowsOf(stage, frame, terms),
    result: resultIn(frame, beat.node, "grad"),
    why: sentence(slope ? "beat.delta.slope" : "beat.delta", { ...placeOf(stage, frame), neuron: [neuron.name], slope: slope ?? [] }),
    travels: [{ kind: "inside", term: 1, from: neuron.out, to: neuron.out, carried: frame.grads[neuron.out], product }],
  };
}

/** @type {(typeof SCENES)["gradient"]} */
function gradientScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const neuron = /** @type {Neuron} */ (beat.neuron);
  const scene = emptyScene();
  const { terms } = formulas.terms(beat.node);
  const chain = linksOf(stage, neuron, beat.node);
  const rows = chain ? productRows(stage, frame, chain) : rowsOf(stage, frame, terms);
  const several = beat.kind === "gradients";
  const last = (chain?.length ?? 2) - 1;
  for (const { weight, source, neuron: head } of graph.connections) {
    if (!beat.nodes.includes(weight)) continue;
    scene.lines.set(weight, SUBJECT);
    scene.colours.set(source, last % TERM_COLOURS);
    scene.colours.set(head.out, 0);
    const product = frame.grads[weight];
    scene.travels.push({ kind: "meet", term: 0, from: head.out, to: source, weight, carried: frame.grads[head.net], product });
  }
  const bias = beat.nodes.find((id) => graph.biases.has(id));
  if (bias !== undefined) scene.lines.set(bias, SUBJECT);
  const connection = graph.connections.find(({ weight }) => weight === beat.node);
  const given = {
    name: [{ name: beat.node }],
    neuron: [neuron.name],
    source: connection ? [{ name: connection.source, inside: true }] : [],
    ...placeOf(stage, frame),
    count: [String(chain?.length ?? terms.length)],
  };
  const kind = beat.kind === "bias" || !connection ? "bias" : several ? "several" : (chain?.length ?? 0) >= 3 ? "three" : "two";
  return {
    ...scene,
    left: [{ of: graph.result, by: beat.node, whole: 1 }],
    rows,
    result: resultIn(frame, beat.node, "grad"),
    why: sentence(`beat.gradient.${kind}`, given),
  };
}

/** @type {(typeof SCENES)["chain"]} */
function chainScene(stage, frame, beat) {
  const { graph, formulas } = stage;
  const scene = emptyScene();
  const id = beat.node;
  /** @type {Piece[]} */
  const left = [{ of: graph.result, by: id, whole: 1 }];
  const given = { name: [{ name: id }], ...placeOf(stage, frame), count: [String(graph.users[id].length)] };
  if (id === graph.result) return { ...scene, left, rows: [["1"]], why: sentence("beat.seed", given) };
  const { terms } = formulas.terms(id);
  scene.colours.set(id, 0);
  if (!terms.length) return { ...scene, left, result: resultIn(frame, id, "grad"), why: sentence("beat.chain.none", given) };
  const [only] = terms.length === 1 && terms[0].length === 1 ? terms[0] : [];
  const formula = only && formulas.factor(factorPiece(only), frame.settings.variant);
  const rows = formula
    ? [coloured(0, formula), inNumbers(coloured(0, formula), (of) => frame.data[of])]
    : only
      ? [coloured(0, gradientEquation(stage, frame, id).rows.slice(0, -1).flat())]
      : rowsOf(stage, frame, terms);
  const key = terms.length > 1 ? "beat.chain.sum" : "beat.chain";
  return { ...scene, left, rows: rows.filter((row) => row.length), result: resultIn(frame, id, "grad"), why: sentence(key, given) };
}

// Update, and what comes of it.

/** @type {(typeof SCENES)["update"]} */
function updateScene(stage, frame, beat) {
  const equation = updateEquation(stage, frame, beat.node);
  const scene = emptyScene();
  for (const id of beat.nodes) scene.lines.set(id, SUBJECT);
  const [symbols = [], numbers = [], result = []] = equation?.rows ?? [];
  return {
    ...scene,
    left: equation?.left ?? [],
    rows: [symbols, numbers],
    result,
    why: sentence(beat.nodes.length > 1 ? "beat.update" : "beat.update.one", { name: [{ name: beat.node }] }),
  };
}

/** @type {(typeof SCENES)["end"]} */
function endScene(stage, frame) {
  const { graph, original } = stage;
  const [before, after] = [frame.data[graph.result], frame.after?.[graph.result] ?? NaN];
  const kind = after < before ? "smaller" : after > before ? "larger" : "same";
  return {
    ...emptyScene(),
    left: [{ name: graph.result }, ":"],
    rows: [
      [
        { number: before, id: graph.result, quantity: "data", enclose: false },
        " → ",
        { number: after, id: graph.result, quantity: "data", enclose: false },
      ],
    ],
    why: [
      ...sentence(`beat.end.${kind}`, placeOf(stage, frame)),
      ...(original.cases.length > 1 ? [" ", ...sentence("beat.end.cases", placeOf(stage, frame))] : []),
    ],
  };
}

// Between the rounds, and step by step.

/**
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
function restScene(stage, frame) {
  const { graph, original, training } = stage;
  const scene = emptyScene();
  const many = original.cases.length > 1;
  const number = many ? training.errors[frame.round] : frame.data[graph.result];
  const stuck = frozenBy(stage, frame);
  return {
    ...scene,
    left: many ? [text("beat.mean")] : [{ name: graph.result }],
    result: [{ number, id: graph.result, quantity: "data", enclose: false }],
    why: stuck
      ? sentence("beat.rest.frozen", { slopes: [stuck.map(({ neuron, slope }) => `${neuron.name}: ${brief(slope, 2)}`).join(", ")] })
      : sentence(many ? "beat.rest.cases" : "beat.rest", placeOf(stage, frame)),
  };
}

/**
 * A single step, for who goes node by node.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
function stepScene(stage, frame) {
  const { graph } = stage;
  const step = /** @type {Step} */ (frame.current);
  /** @type {Beat} */
  const beat = { phase: "forward", kind: "value", node: step.node, nodes: [step.node], neuron: null, from: 0, to: 0 };
  if (step.kind === "forward") return valueScene(stage, frame, beat);
  if (step.kind === "update") return updateScene(stage, frame, beat);
  if (step.kind === "seed") return chainScene(stage, frame, beat);
  const found = /** @type {NonNullable<ReturnType<typeof happening>>} */ (happening(graph, frame));
  const uses = graph.users[found.node].length;
  const given = { name: [{ name: found.node }], local: [found.local], count: [String(uses)] };
  const scene = emptyScene();
  scene.colours.set(found.node, 0);
  return {
    ...scene,
    rows: [found.pieces],
    why: [...sentence("beat.step", given), ...(uses > 1 ? [" ", ...sentence("beat.step.several", given)] : [])],
  };
}
