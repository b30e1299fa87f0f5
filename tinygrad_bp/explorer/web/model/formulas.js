// The formulas of the package, for the activations that are chosen; and the equations about a node.

import { expanded, formulaPiece, inNumbers } from "./notation.js";
import { probabilityRows } from "./probabilities.js";

// The formulas of the package, for the activations that are chosen.
export class Formulas {
  /**
   * @param {import("./graph.js").Graph} graph
   * @param {Description} description
   */
  constructor(graph, description) {
    this.graph = graph;
    this.templates = description.formulas;
    this.activations = description.activations;
    this.labelled = new Set(graph.variables.filter((id) => graph.nodes[id].label));
    this.neuronOf = new Map((graph.network?.neurons ?? []).map((neuron) => [neuron.out, neuron]));
  }

  /**
   * @param {Neuron} neuron
   * @param {string} variant
   */
  activation(neuron, variant) {
    const [hidden, outer] = variant.split(",");
    return (neuron.depth < this.graph.depth ? hidden : outer) || neuron.activation;
  }

  /**
   * How a node is computed, as pieces; null if that is no formula of readable length.
   * @param {number} id
   * @param {string} variant
   * @returns {Piece[] | null}
   */
  forward(id, variant) {
    const neuron = this.neuronOf.get(id);
    const chosen = neuron && neuron.net !== id && this.activations[this.activation(neuron, variant) ?? ""];
    if (neuron && chosen) return [formulaPiece(chosen.forward, [neuron.net, neuron.out])];
    const template = this.templates.forward[id];
    return template ? [formulaPiece(template)] : null;
  }

  /**
   * A derivative as pieces; null if it has no formula of its own.
   * @param {Derivative} derivative
   * @param {string} variant
   * @returns {Piece[] | null}
   */
  factor({ of, by, whole }, variant) {
    const neuron = this.neuronOf.get(of);
    const chosen = neuron && neuron.net === by && neuron.net !== of && this.activations[this.activation(neuron, variant) ?? ""];
    if (neuron && chosen) return [formulaPiece(chosen.slope, [neuron.net, neuron.out])];
    const template = this.templates.factors[`${of},${by},${whole}`] ?? this.slope(of, by);
    return template ? [formulaPiece(template)] : null;
  }

  /**
   * @param {number} of
   * @param {number} by
   */
  slope(of, by) {
    const edge = this.graph.single(of, by) ? this.graph.into[of].find(({ tail }) => tail === by) : null;
    return edge ? this.templates.slopes[edge.index] : null;
  }

  /**
   * The number of a derivative: along an edge, or along all routes.
   * @param {Derivative} derivative
   * @param {ArrayLike<number>} slopes
   */
  value({ of, by, whole, edge }, slopes) {
    if (edge !== undefined) return slopes[edge];
    return this.graph.derivative(slopes, of, by, whole ? null : this.labelled);
  }

  /**
   * The summands of a gradient: lists of factors; and the summands of the result through which they come, if that is telling.
   * @param {number} id
   * @returns {{ chain: Factor[] | null, terms: Factor[][], parts: Factor[], delta: string }}
   */
  terms(id) {
    return this.templates.gradient[id] ?? { terms: this.alongEdges(id), parts: [], chain: null, delta: "" };
  }

  /**
   * The summands of a gradient, one for each place in which a node is used.
   * @param {number} id
   * @returns {Factor[][]}
   */
  alongEdges(id) {
    const { result, users } = this.graph;
    return users[id].map((edge) => {
      /** @type {Factor} */
      const local = [edge.head, id, this.graph.single(edge.head, id) ? 1 : 0, edge.index];
      return edge.head === result ? [local] : [[result, edge.head, 1], local];
    });
  }
}

/**
 * @param {Factor} factor
 * @returns {Derivative}
 */
export function factorPiece([of, by, whole, edge]) {
  return { of, by, whole, edge };
}

/**
 * Pieces, or lists of them, with a sign between one and the next.
 * @param {(Piece | Piece[])[]} parts
 * @param {string} sign
 * @returns {Piece[]}
 */
export function joined(parts, sign) {
  return parts.flatMap((part, k) => (k ? [sign, part] : [part]).flat());
}

/**
 * What equations are made from: a session, or a part of one.
 * @typedef {Pick<import("./session.js").Session, "graph" | "formulas" | "programs" | "training">} Book
 */

/**
 * A derivative and its number: of the result, that of the gradient.
 * @param {Book} book
 * @param {Frame} frame
 * @param {Derivative} piece
 * @returns {Mark & { number: number }}
 */
export function derivativeNumber({ graph, formulas }, frame, piece) {
  if (piece.of === graph.result && piece.whole) return { number: frame.grads[piece.by], id: piece.by, quantity: "grad" };
  return { number: formulas.value(piece, frame.slopes) };
}

/**
 * @param {Book} book
 * @param {Frame} frame
 * @param {number} id
 * @returns {Equation | null}
 */
export function dataEquation({ graph, formulas }, frame, id) {
  if (!graph.nodes[id].op) return null;
  const symbols = formulas.forward(id, frame.settings.variant);
  const rows = symbols ? [symbols, inNumbers(symbols, (of) => frame.data[of])] : [];
  return { key: "data", left: [{ name: id }], rows: [...rows, [{ number: frame.data[id], id, quantity: "data", enclose: false }]] };
}

/**
 * @param {Book} book
 * @param {Frame} frame
 * @param {number} id
 * @returns {Equation}
 */
export function gradientEquation(book, frame, id) {
  const { graph, formulas } = book;
  const { variant } = frame.settings;
  const left = [{ of: graph.result, by: id, whole: 1 }];
  if (id === graph.result) return { key: "gradient", left, rows: [["1"]] };
  const { terms, parts, chain, delta } = formulas.terms(id);
  if (!terms.length) return { key: "gradient", left, rows: [["0"]], factors: [] };
  const products = (chain ? [chain] : terms).map((factors) => factors.map(factorPiece));
  const only = products.length === 1 && products[0].length === 1 ? products[0][0] : null;
  const rows = symbolRows(products, parts, graph.result);
  const byDelta = deltaRow(book, terms, variant);
  if (byDelta) rows.push(byDelta);
  const formula = only && formulas.factor(only, variant);
  const probable = probableRows(book, frame, id);
  if (probable) rows.push(...probable);
  else if (formula)
    rows.push(
      formula,
      inNumbers(formula, (of) => frame.data[of]),
    );
  else if (!only) rows.push(...numberRows(book, frame, products));
  /** @type {Mark} */
  const gradient = { number: frame.grads[id], id, quantity: "grad", enclose: false };
  rows.push(delta ? [{ delta }, " = ", gradient] : [gradient]);
  return { key: "gradient", left, rows, factors: factorsOf(book, frame, products, parts) };
}

/**
 * What comes back to the net input of an output as its probability less its target, if it is that; without colours, which the picture has in a beat only.
 * @param {Book} book
 * @param {Frame} frame
 * @param {number} id
 * @returns {Piece[][] | null}
 */
export function probableRows(book, frame, id) {
  const output = book.graph.network?.neurons.find(({ net, end }) => end && net === id);
  const rows = output ? probabilityRows(book, frame, output) : null;
  return rows?.map((row) => row.map((piece) => (typeof piece === "string" ? piece : { ...piece, term: undefined }))) ?? null;
}

/**
 * @param {Derivative[][]} products
 * @param {Factor[]} parts
 * @param {number} result
 * @returns {Piece[][]}
 */
function symbolRows(products, parts, result) {
  const rows = parts.length ? [joined(parts.map(factorPiece), " + ")] : [];
  const itself = products.length === 1 && products[0].length === 1 && products[0][0].of === result; // as the left side
  if (!itself) rows.push(sumOfProducts(products));
  return rows;
}

/**
 * @param {(Piece | Piece[])[][]} products each a list of factors
 * @returns {Piece[]}
 */
export function sumOfProducts(products) {
  return joined(
    products.map((factors) => joined(factors, " · ")),
    " + ",
  );
}

/**
 * @param {Book} book
 * @param {Frame} frame
 * @param {Derivative[][]} products
 * @returns {Piece[][]}
 */
function numberRows(book, frame, products) {
  const numbers = products.map((factors) => factors.map((factor) => derivativeNumber(book, frame, factor)));
  const rows = [sumOfProducts(numbers)];
  if (products.length > 1) {
    const summands = numbers.map((factors) => ({ number: factors.reduce((x, { number }) => x * number, 1) }));
    rows.push(joined(summands, " + "));
  }
  return rows;
}

/**
 * The factors of a gradient, each with its formula and its number; none if there is but one.
 * @param {Book} book
 * @param {Frame} frame
 * @param {Derivative[][]} products
 * @param {Factor[]} parts
 */
function factorsOf(book, frame, products, parts) {
  const { graph, formulas } = book;
  const { variant } = frame.settings;
  const all = [...products.flat(), ...parts.map(factorPiece)];
  const factors = [...new Map(all.map((piece) => [`${piece.of},${piece.by},${piece.whole ? "" : piece.edge}`, piece])).values()];
  if (factors.length < 2) return [];
  // Where paths meet, the derivative of the result is no formula but a sum over them.
  return factors.map((piece) => ({
    piece,
    formula:
      (piece.of === graph.result && probableRows(book, frame, piece.by)?.[0]) ||
      formulas.factor(piece, variant) ||
      (piece.of === graph.result ? deltaRow(book, formulas.terms(piece.by).terms, variant) : null),
    number: derivativeNumber(book, frame, piece),
  }));
}

/**
 * The delta rule's form of a gradient, δ_o1 · w5 + δ_o2 · w7; null if it has none.
 * @param {Book} book
 * @param {Factor[][]} terms
 * @param {string} variant
 */
function deltaRow(book, terms, variant) {
  const row = terms.map((factors) => deltaTerm(book, factors.map(factorPiece), variant)).filter((term) => term !== null);
  return row.length && row.length === terms.length ? joined(row, " + ") : null;
}

/**
 * The delta rule's form of a term, δ_o1 · out_h1; null if it has none.
 * @param {Book} book
 * @param {Derivative[]} factors
 * @param {string} variant
 * @returns {Piece[] | null}
 */
export function deltaTerm({ formulas }, factors, variant) {
  if (factors.length !== 2) return null;
  const delta = formulas.templates.gradient[factors[0].by]?.delta;
  const local = formulas.factor(factors[1], variant);
  if (!delta || !local) return null;
  const loose = expanded(local).some((piece) => typeof piece === "string" && / [+-] /.test(piece));
  return loose ? [{ delta }, " · (", ...local, ")"] : [{ delta }, " · ", ...local];
}
