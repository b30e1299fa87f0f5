// The quiz: a number is hidden, the reader computes it. What it is computed from, what hints tell, and which number is asked for.

import { updateEquation } from "./equations.js";
import { factorPiece, joined, probableRows, sumOfProducts } from "./formulas.js";
import { mixupsOf, slopeMixups, gradientSummands, sumMixups, takenApart, wholeMistakes, writtenOf } from "./mixups.js";
import { formulaPiece } from "./notation.js";
import { updatedTo } from "./optimizers.js";
import { drawn } from "./training.js";

const MOST_SUMMANDS = 6; // of a gradient that is asked for unless it was selected

/**
 * @typedef {import("./mixups.js").Book} Book
 * @typedef {import("./diagnosis.js").Part} Part
 * @typedef {{ left: Piece[] | null, formula: Piece[] | null, value: number | null }} Told
 * @typedef {import("./diagnosis.js").Asked & { symbols: Piece[] | null, known: Told[] }} QuizQuestion
 */

// What activations are that no pocket calculator has.
/** @type {Record<string, string>} */
const ACTIVATION_MEANINGS = { sigmoid: "1 / (1 + exp(-⟦0⟧))", softplus: "log(1 + exp(⟦0⟧))", relu: "max(0, ⟦0⟧)" };

/**
 * @param {Pick<Book, "graph">} session
 * @param {{ id: number, quantity: Riddle }} quantity
 * @returns {Piece[]}
 */
export function symbolOf(session, { id, quantity }) {
  if (quantity === "next") return [{ name: id }, "⁺"];
  return [quantity === "data" ? { name: id } : { of: session.graph.result, by: id, whole: 1 }];
}

/**
 * The question about a hidden number. Beside what `diagnosis` reads: its `symbols`, or null; and `known`, what hints tell, each
 * { left, formula, value }: a part of the symbols, how it is computed, and its number; either may be null.
 * @param {Book} session
 * @param {Frame} frame
 * @param {{ id: number, quantity: Riddle }} quantity
 * @returns {QuizQuestion}
 */
export function questionOf(session, frame, { id, quantity }) {
  if (quantity === "next") return updateQuestion(session, frame, id);
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
  const terms = sumAsked(session, frame, id, true);
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
  const marks = formula.filter((piece) => typeof piece !== "string");
  const ids = new Set(marks.flatMap(({ name }) => (name === undefined ? [] : [name])));
  const words = marks.filter(({ word }) => word).map((piece) => ({ left: [piece], formula: null, value: piece.worth ?? null }));
  return [...words, ...[...ids].map((id) => ({ left: [{ name: id }], formula: null, value: frame.data[id] }))];
}

/**
 * A node's number as a sum of products, down to nodes with labels. `asked` for the node that the question is about.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {Part[][]}
 */
function sumAsked(session, frame, id, asked = false) {
  const { nodes } = session.graph;
  const { op, args } = nodes[id];
  /** @param {number} arg @returns {Part[][]} */
  const inner = (arg) => (nodes[arg].op && !nodes[arg].label ? sumAsked(session, frame, arg) : [[nodeFactor(session, frame, arg)]]);
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
  const probable = probableRows(session, frame, id)?.[0];
  const formula = probable ?? only?.formula ?? null;
  return {
    value: frame.grads[id],
    symbols: symbolsOf(terms),
    terms,
    others: [...pathMistakes(session, frame, id), ...wholeMistakes(session, frame, id)],
    // The number of an only factor is the answer: of it, the numbers in its formula are told.
    known:
      only || probable
        ? [
            { left: only?.pieces ?? [{ of: session.graph.result, by: id, whole: 1 }], formula, value: null },
            ...numbersIn(frame, formula ?? []),
          ]
        : factors.map(({ pieces: left, formula = null, value }) => ({ left, formula, value })),
  };
}

/**
 * What comes back to a neuron along one line, where several lead on from it, given for its node delta.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {import("./diagnosis.js").Mistake[]}
 */
function pathMistakes({ graph }, frame, id) {
  const neuron = graph.network?.neurons.find(({ net, out }) => net === id && out !== id);
  const lines = neuron ? graph.connections.filter(({ source }) => source === neuron.out) : [];
  if (lines.length < 2) return [];
  return lines.map(({ weight, neuron: head }) => ({
    key: "path",
    what: [head.name],
    value: frame.grads[head.net] * frame.data[weight],
  }));
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
  const sum = gradientSummands(session, frame, piece.by);
  const written = joined(
    sum.map((summand) => summand.pieces),
    " + ",
  );
  return { ...own, formula: written.length > 1 ? written : null, instead: sum.length > 1 ? sumMixups(sum, value) : [] };
}

/**
 * What a parameter becomes by the update, which is a step of its own, with mistakes of its own.
 * @param {Book} session
 * @param {Frame} frame
 * @param {number} id
 * @returns {QuizQuestion}
 */
function updateQuestion(session, frame, id) {
  const { rows = [] } = updateEquation(session, frame, id) ?? {};
  const { rate } = frame.settings;
  const x = frame.leaves[id];
  const value = updatedTo(frame, id, frame.taken[id]);
  const step = x - value;
  const what = [{ name: id }];
  /** @type {import("./diagnosis.js").Mistake[]} */
  const others = [
    { key: "updateSign", what, value: x + step },
    { key: "rateForgotten", what, number: rate, value: x - step / rate },
    { key: "rateTwice", what, number: rate, value: x - rate * step },
    { key: "rateDivides", what, number: rate, value: x - step / rate / rate },
    { key: "stepAlone", what, value: step },
    { key: "stepAlone", what, value: -step },
    { key: "updateTurned", what, value: step - x },
    { key: "notUpdated", what, value: x },
  ];
  const gradient = { of: session.graph.result, by: id, whole: 1 };
  const known = [{ left: [gradient], formula: null, value: frame.grads[id] }];
  return { value, symbols: rows[0] ?? null, terms: [], others, known: frame.settings.optimizer === "sgd" ? known : [] };
}

/**
 * Whether a number can be computed from others on the page.
 * @param {Pick<Book, "graph">} session
 * @param {number} id
 * @param {Riddle} quantity
 */
export function canBeAsked({ graph }, id, quantity) {
  if (quantity === "next") return graph.trains && graph.parameters.includes(id);
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
    ...[...labelled, ...training.told(frame.settings)].map((id) => ({
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
