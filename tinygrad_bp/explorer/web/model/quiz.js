// The quiz: a number is hidden, the reader computes it, and the answer says which factor was off.

import { factorPiece, joined, sumOfProducts, updateEquation } from "./formulas.js";
import { expanded, formulaPiece } from "./notation.js";
import { parsed } from "./numbers.js";
import { drawn } from "./training.js";

// The list of mistakes that people make, which marks of solutions read, too (lessons/marking/mistakes.json). In it are what is easily taken
// for the slope of an activation, as pairs of a formula of net input ⟦0⟧ and output ⟦1⟧ and a function of both; what is done wrong with
// factors and summands; and from how many digits on how many mistakes are named.
const { slopes: SLOPE_MIXUPS, factor: FACTOR, summand: SUMMAND, whole: WHOLE, slips: SLIPS } = MISTAKES;
const { most_named: MOST_MISTAKES, rounded_share: ROUNDED } = MISTAKES;

const NEAR = 0.1; // relative, of what is right so far
const MOST_DIGITS = 15; // of more, the last ones depend on the order of additions
const MOST_SUMMANDS = 6; // of a gradient that is asked for unless it was selected
export const LEAST_DIGITS = MISTAKES.least_digits;

// What activations are that no pocket calculator has.
/** @type {Record<string, string>} */
const ACTIVATION_MEANINGS = { sigmoid: "1 / (1 + exp(-⟦0⟧))", softplus: "log(1 + exp(⟦0⟧))", relu: "max(0, ⟦0⟧)" };

// A question is { value, terms, others }: the true number, the sum of products that it is, and mistakes of other kinds as { key, value }.
// A term is a list of factors { pieces, value, formula, instead }; `instead` is what is easily put in a factor's place, as a list of
// { pieces, value }. Returns { kind }: "none" if no number was typed; "right"; "few" if it is right, but to too few digits; "mistake" with
// those `found` that lead to what was typed, each { key, value } and what its sentence names; "rounded" with the `digits` that agree;
// or "far" with the `ratio` to the true number, null if that is 0.

/**
 * @typedef {Pick<import("./session.js").Session, "graph" | "formulas" | "training" | "notation">} Book
 * @typedef {{ pieces: Piece[], value: number }} Known
 * @typedef {Known & { formula?: Piece[] | null, instead?: Known[] }} Part
 * @typedef {{ key: string, value: number, number?: number, what?: Piece[], wrong?: Piece[] }} Mistake
 * @typedef {{ left: Piece[] | null, formula: Piece[] | null, value: number | null }} Told
 * @typedef {{ value: number, terms: Part[][], others: Mistake[] }} Asked
 * @typedef {Asked & { symbols: Piece[] | null, known: Told[] }} QuizQuestion
 * @typedef {{ kind: string, found?: Mistake[], digits?: number, ratio?: number | null }} Diagnosis
 * @typedef {{ x: number, digits: number, unit: number }} Answer
 */

/**
 * What an answer says of a question.
 * @param {Asked} question
 * @param {string} typed
 * @returns {Diagnosis}
 */
export function diagnosis(question, typed) {
  const answer = answerOf(typed);
  if (!answer) return { kind: "none" };
  const { value } = question;
  if (fits(answer, value)) return { kind: "right" };
  if (fits(answer, value, 1) && Math.abs(answer.x / value - 1) < NEAR) return { kind: "few" }; // 1 is no beginning of 0.593
  for (const mistakes of [mistakesOf(question), slipsOf(value)]) {
    const found = mistakes.filter((mistake) => fits(answer, mistake.value));
    if (found.length) return { kind: "mistake", found: found.slice(0, MOST_MISTAKES) };
  }
  const off = Math.abs(answer.x / value - 1);
  if (off <= ROUNDED) return { kind: "rounded", digits: Math.floor(-Math.log10(2 * off)) };
  return { kind: "far", ratio: value === 0 ? null : answer.x / value };
}

/**
 * The number that was typed, how many of its digits are significant, and what the last of them counts. Null if it is no number.
 * @param {string} typed
 * @returns {Answer | null}
 */
function answerOf(typed) {
  const x = parsed(typed);
  if (x === null) return null;
  const [mantissa] = typed.split(/e/i);
  const digits = Math.min(MOST_DIGITS, mantissa.replace(/\D/g, "").replace(/^0+/, "").length);
  const [, exponent] = x.toExponential().split("e");
  return { x, digits, unit: Number(`1e${Number(exponent) - digits + 1}`) };
}

/**
 * Whether the answer is this number, to as many digits as were typed, rounded or cut off there.
 * @param {Answer} answer
 * @param {number} value
 */
function fits({ x, digits, unit }, value, least = LEAST_DIGITS) {
  if (x === value) return true;
  if (digits < least || Math.sign(x) !== Math.sign(value)) return false;
  const last = Math.round(Math.abs(x) / unit);
  const size = Math.abs(value) / unit;
  return last === Math.round(size) || last === Math.floor(size * (1 + Number.EPSILON));
}

/** @param {Part[]} factors */
function productOf(factors) {
  return factors.reduce((product, factor) => product * factor.value, 1);
}

/**
 * Mistakes in the factors and summands, and the others that are known of this question.
 * @param {Asked} question
 * @returns {Mistake[]}
 */
function mistakesOf({ value, terms, others: more = [] }) {
  /** @type {Mistake[]} */
  const found = [];
  for (const term of terms) {
    const product = productOf(term);
    if (terms.length > 1) {
      const about = {
        what: joined(
          term.map((factor) => factor.pieces),
          " · ",
        ),
        number: product,
      };
      found.push(...Object.entries(SUMMAND).map(([key, times]) => ({ key, ...about, value: value - times * product })));
    }
    for (const factor of term) {
      const { pieces: what, value: number, formula, instead = [] } = factor;
      const others = productOf(term.filter((other) => other !== factor));
      const by = (/** @type {number} */ x) => value - product + others * x;
      const full = formula ? [...what, " = ", ...formula] : what;
      found.push(...instead.map((wrong) => ({ key: "replaced", what: full, number, wrong: wrong.pieces, value: by(wrong.value) })));
      if (term.length === 1) continue;
      found.push({ key: "factor", what, value: number });
      found.push(...Object.entries(FACTOR).map(([key, power]) => ({ key, what, number, value: by(number ** power) })));
    }
  }
  return [...found, ...more];
}

/**
 * Mistakes that are made with any number.
 * @param {number} value
 * @returns {Mistake[]}
 */
function slipsOf(value) {
  return SLIPS.map(([key, times]) => ({ key, value: times * value }));
}

/**
 * A formula of the package taken apart; null if there is none.
 * @param {Piece[] | null} formula
 */
function takenApart(formula) {
  return formula && expanded(formula);
}

/**
 * @param {Pick<Book, "graph">} session
 * @param {{ id: number, quantity: Quantity }} quantity
 * @returns {Mark}
 */
export function symbolOf(session, { id, quantity }) {
  return quantity === "data" ? { name: id } : { of: session.graph.result, by: id, whole: 1 };
}

/**
 * The question about a hidden number. Beside what `diagnosis` reads: its `symbols`, or null; and `known`, what hints tell, each
 * { left, formula, value }: a part of the symbols, how it is computed, and its number; either may be null.
 * @param {Book} session
 * @param {Frame} frame
 * @param {{ id: number, quantity: Quantity }} quantity
 * @returns {QuizQuestion}
 */
export function questionOf(session, frame, { id, quantity }) {
  return quantity === "data" ? dataQuestion(session, frame, id) : gradientQuestion(session, frame, id);
}

/**
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {QuizQuestion}
 */
function dataQuestion(session, frame, id) {
  const { variant } = frame.settings;
  const terms = sumOf(session, frame, id, true);
  const symbols = takenApart(session.formulas.forward(id, variant)) ?? (terms.length > 1 ? symbolsOf(terms) : null);
  const { op, args } = session.graph.nodes[id];
  const neuron = session.formulas.neuronOf.get(id);
  const meaning = ACTIVATION_MEANINGS[(neuron && neuron.net !== id ? session.formulas.activation(neuron, variant) : op) ?? ""];
  return {
    value: frame.data[id],
    symbols,
    terms,
    others: [{ key: "gradient", what: [{ name: id }], value: frame.grads[id] }],
    known: [
      ...(meaning ? [{ left: symbols, formula: takenApart([formulaPiece([meaning], args)]), value: null }] : []),
      ...numbersIn(frame, symbols ?? session.graph.into[id].map((edge) => ({ name: edge.tail }))),
    ],
  };
}

/**
 * @param {Part[][]} terms
 * @returns {Piece[]}
 */
function symbolsOf(terms) {
  return sumOfProducts(terms.map((term) => term.map((factor) => factor.pieces)));
}

/**
 * The numbers of the nodes that are named in a formula.
 * @param {Frame} frame
 * @param {Piece[]} formula
 * @returns {Told[]}
 */
function numbersIn(frame, formula) {
  const ids = new Set(formula.flatMap((piece) => (typeof piece === "string" || piece.name === undefined ? [] : [piece.name])));
  return [...ids].map((id) => ({ left: [{ name: id }], formula: null, value: frame.data[id] }));
}

/**
 * A node's number as a sum of products, down to nodes with labels. `asked` for the node that the question is about.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Part[][]}
 */
function sumOf(session, frame, id, asked = false) {
  const { nodes } = session.graph;
  const { op, args } = nodes[id];
  /** @param {number} arg @returns {Part[][]} */
  const inner = (arg) => (nodes[arg].op && !nodes[arg].label ? sumOf(session, frame, arg) : [[nodeFactor(session, frame, arg)]]);
  /** @param {number} arg @returns {Part[]} */
  const single = (arg) => {
    const terms = inner(arg);
    return terms.length === 1 ? terms[0] : [nodeFactor(session, frame, arg)];
  };
  if (op === "add" || op === "sum_of") return args.flatMap(inner);
  if (op === "mul" && args[0] !== args[1]) return [args.flatMap(single)];
  if (op === "div" && nodes[args[1]].constant) {
    return [[...single(args[0]), { pieces: ["1/", { name: args[1] }], value: 1 / frame.data[args[1]] }]];
  }
  if (op === "dot") {
    const half = args.length / 2;
    return args.slice(0, half).map((arg, k) => [...single(arg), ...single(args[half + k])]);
  }
  return [[nodeFactor(session, frame, id, asked)]];
}

/**
 * A node as a factor.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Part}
 */
function nodeFactor(session, frame, id, asked = false) {
  const { nodes, into } = session.graph;
  const written = writtenOf(session, frame, id, asked);
  const loose = !asked && !nodes[id].label && ["add", "sub", "sum_of", "dot"].includes(nodes[id].op ?? "");
  const instead = nodes[id].constant ? [] : mixupsOf(session, frame, id);
  if (asked && into[id].length === 1) {
    const [{ tail, index }] = into[id];
    const slope = takenApart(session.formulas.factor({ of: id, by: tail, whole: 1 }, frame.settings.variant));
    if (slope) instead.push({ pieces: slope, value: frame.slopes[index] });
  }
  return { pieces: loose ? ["(", ...written, ")"] : written, value: frame.data[id], instead };
}

/**
 * A node by its label; one without, or one that is asked for, by its formula.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Piece[]}
 */
function writtenOf(session, frame, id, asked = false) {
  const { op, label } = session.graph.nodes[id];
  return (op && (asked || !label) && takenApart(session.formulas.forward(id, frame.settings.variant))) || [{ name: id }];
}

/**
 * A parameter after the update; undefined if the node is not trained.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 */
function updatedOf(session, frame, id) {
  const result = updateEquation(session, frame, id)?.rows.at(-1)?.[0];
  return typeof result === "object" ? (result.number ?? undefined) : undefined;
}

/**
 * What is easily taken for a node's number: that of a parameter after the update; that of the only node it is computed from, as the net
 * input for the output; those of weights or signals beside it.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Known[]}
 */
function mixupsOf(session, frame, id) {
  const { into, network } = session.graph;
  const after = updatedOf(session, frame, id);
  const beside = new Set(into[id].length === 1 ? [into[id][0].tail] : []);
  const all = (network?.neurons ?? []).flatMap((neuron) => neuron.connections.map(([weight, source]) => ({ neuron, weight, source })));
  for (const own of all) {
    if (own.weight !== id && own.source !== id) continue;
    beside.add(own.weight).add(own.source);
    for (const other of all) {
      if (own.weight === id && (other.neuron === own.neuron || other.source === own.source)) beside.add(other.weight);
      if (own.source === id && other.neuron === own.neuron) beside.add(other.source);
    }
  }
  beside.delete(id);
  return [
    ...(after === undefined ? [] : [{ pieces: [{ name: id }, "⁺"], value: after }]),
    ...[...beside].map((other) => ({ pieces: writtenOf(session, frame, other), value: frame.data[other] })),
  ];
}

/**
 * The products of derivatives that a gradient is the sum of.
 * @param {Book} session
 * @param {number} id
 */
function productsOf(session, id) {
  const { chain, terms } = session.formulas.terms(id);
  return chain ? [chain] : terms;
}

/**
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {QuizQuestion}
 */
function gradientQuestion(session, frame, id) {
  const terms = productsOf(session, id).map((product) => product.map((factor) => derivativeFactor(session, frame, factorPiece(factor))));
  const factors = [
    ...new Map(terms.flat().map((factor) => [session.notation.symbol(/** @type {Derivative} */ (factor.pieces[0])), factor])).values(),
  ];
  const only = factors.length === 1 ? factors[0] : null;
  return {
    value: frame.grads[id],
    symbols: symbolsOf(terms),
    terms,
    others: wholeMistakes(session, frame, id),
    // The number of an only factor is the answer: of it, the numbers in its formula are told.
    known: only
      ? [{ left: only.pieces, formula: only.formula ?? null, value: null }, ...numbersIn(frame, only.formula ?? [])]
      : factors.map(({ pieces: left, formula = null, value }) => ({ left, formula, value })),
  };
}

/**
 * What a gradient is the sum of.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Known[]}
 */
function summandsOf(session, frame, id) {
  const { parts, terms } = session.formulas.terms(id);
  return (parts.length ? parts.map((part) => [part]) : terms).map((product) => {
    const factors = product.map(factorPiece);
    const value = factors.reduce((x, factor) => x * session.formulas.value(factor, frame.slopes), 1);
    return { pieces: joined(factors, " · "), value };
  });
}

/**
 * A derivative as a factor, with its formula, which may be null.
 * @param {Book} session
 * @param {Frame} frame
 * @param {Derivative} piece
 * @returns {Part}
 */
function derivativeFactor(session, frame, piece) {
  const { variant } = frame.settings;
  const value = session.formulas.value(piece, frame.slopes);
  const formula = takenApart(session.formulas.factor(piece, variant));
  const neuron = session.formulas.neuronOf.get(piece.of);
  const own = { pieces: [piece], formula, value };
  if (neuron && neuron.net === piece.by) return { ...own, instead: slopeMixups(session, frame, neuron) };
  if (formula?.[0] === "-(") return { ...own, instead: [{ pieces: formula.slice(1, -1), value: -value }] };
  const [only] = formula?.length === 1 ? formula : [];
  if (only && typeof only !== "string" && only.name !== undefined) return { ...own, instead: mixupsOf(session, frame, only.name) };
  if (formula || piece.of !== session.graph.result) return { ...own, instead: [] };
  const sum = summandsOf(session, frame, piece.by);
  const written = joined(
    sum.map((summand) => summand.pieces),
    " + ",
  );
  return { ...own, formula: written.length > 1 ? written : null, instead: sum.length > 1 ? sumMixups(sum, value) : [] };
}

/**
 * What is easily taken for the slope of an activation.
 * @param {Book} session
 * @param {Frame} frame
 * @param {Neuron} neuron
 * @returns {Known[]}
 */
function slopeMixups(session, frame, neuron) {
  const known = SLOPE_MIXUPS[session.formulas.activation(neuron, frame.settings.variant) ?? ""] ?? [];
  return known.map(([template, slope]) => ({
    pieces: expanded([formulaPiece([template], [neuron.net, neuron.out])]),
    value: slope(frame.data[neuron.net], frame.data[neuron.out]),
  }));
}

/**
 * A sum with one of its summands left out, or with the wrong sign.
 * @param {Known[]} sum
 * @param {number} value
 * @returns {Known[]}
 */
function sumMixups(sum, value) {
  return sum.flatMap((summand) => {
    const others = sum.filter((other) => other !== summand);
    const left = joined(
      others.map((other) => other.pieces),
      " + ",
    );
    const turned = sum.flatMap((each, k) => [each === summand ? " − " : k ? " + " : "", ...each.pieces]);
    return [
      { pieces: left, value: value - summand.value },
      { pieces: turned, value: value - 2 * summand.value },
    ];
  });
}

/**
 * Mistakes with a gradient as a whole.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Mistake[]}
 */
function wholeMistakes(session, frame, id) {
  const { graph, training } = session;
  const { settings, data, grads, sums, leaves } = frame;
  const { rate, sequential, accumulate } = settings;
  const value = grads[id];
  const updated = updatedOf(session, frame, id);
  const otherwise = graph.backward(training.slopes(data, { settings: { ...settings, sequential: !sequential }, sums, leaves }));
  const heads = [...graph.routes(graph.result, id)].map((index) => graph.nodes[graph.edges[index].head]);
  const byTwo = (/** @type {string} */ op) => heads.some((node) => node.op === op && graph.nodes[node.args[1]].data === 2);
  const what = [{ name: id }];
  /** @type {(Mistake | false)[]} */
  const all = [
    { key: sequential ? "before" : "after", value: otherwise[id] },
    byTwo("pow") && { key: "halved", value: WHOLE.halved * value },
    byTwo("div") && { key: "doubled", value: WHOLE.doubled * value },
    { key: "rate", number: rate, value: rate * value },
    { key: "step", number: -rate, value: -rate * value },
    updated !== undefined && { key: "updated", what, value: updated },
    updated !== undefined && accumulate && { key: "kept", value: sums[id] + value },
    { key: "data", what, value: data[id] },
  ];
  return all.filter((mistake) => mistake !== false);
}

/**
 * Whether a number can be computed from others on the page.
 * @param {Pick<Book, "graph">} session
 * @param {number} id
 * @param {Quantity} quantity
 */
export function canBeAsked({ graph }, id, quantity) {
  return quantity === "data" ? Boolean(graph.nodes[id].op) : id !== graph.result;
}

// The quantities that are worth a question: of nodes with labels all that is computed, and the gradients of what is computed or trained.
// Those with long formulas are not, nor are 0 and 1, which are seen without computing.
/**
 * @param {Book} session
 * @param {Frame} frame
 * @returns {{ id: number, quantity: Quantity, value: number }[]}
 */
export function quantitiesOf(session, frame) {
  const { graph, training, formulas } = session;
  /** @param {number} id @param {Quantity} quantity */
  const short = (id, quantity) =>
    quantity === "data" ? formulas.forward(id, frame.settings.variant) !== null : productsOf(session, id).length <= MOST_SUMMANDS;
  const labelled = graph.computed.filter((id) => graph.nodes[id].label);
  /** @type {{ id: number, quantity: Quantity, value: number }[]} */
  const all = [
    ...labelled.map((id) => ({ id, quantity: /** @type {Quantity} */ ("data"), value: frame.data[id] })),
    ...[...labelled, ...training.trained(frame.settings)].map((id) => ({
      id,
      quantity: /** @type {Quantity} */ ("grad"),
      value: frame.grads[id],
    })),
  ];
  const telling = (/** @type {number} */ value) => Number.isFinite(value) && value !== 0 && value !== 1;
  return all.filter(({ id, quantity, value }) => canBeAsked(session, id, quantity) && telling(value) && short(id, quantity));
}

/**
 * One after the other in a random order; after the last, in another.
 * @param {{ id: number, quantity: Quantity }[]} quantities
 * @param {number} seed
 * @returns {Quiz}
 */
export function pickOne(quantities, seed) {
  const lap = Math.floor(seed / quantities.length);
  const order = drawn(quantities.length, lap)
    .map((key, k) => ({ key, ...quantities[k] }))
    .sort((a, b) => a.key - b.key);
  const { id, quantity } = order[seed % quantities.length];
  return { id, quantity, seed };
}
