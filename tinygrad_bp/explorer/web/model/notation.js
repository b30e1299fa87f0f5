// Names and formulas as people write them, on the page and as plain text, LaTeX and Python.
//
// A formula is a list of pieces: a text; { name: id } a node's name; { number: x, id, quantity } a number, and of what it is; { of, by, whole }
// a derivative; { delta: "delta_o1" } a node delta; { word: "p o1", id, worth: x } what no node is; { template, ids, values } a formula of the package, in which ⟦3⟧ stands for node 3, or
// for ids[3] where there are ids: for its name, or if there are `values` for its number.

import { exactly, told, written } from "./numbers.js";
import { isolated } from "./words.js";

const NO_ATOM = /[\s+\-*/()=,;^|<>]/; // what a name has that could be taken for a formula
const PYTHON_WORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/**
 * A name split into what stands on the line and what stands below it: net_h1 is net with h1, w5 is w with 5.
 * @param {string} name
 */
export function split(name) {
  const below = /^([A-Za-z]+)_([A-Za-z]*\d*)$/.exec(name) ?? /^([A-Za-z])(\d+)$/.exec(name);
  return below ? [below[1], below[2]] : [name, ""];
}

/**
 * @param {number | null} x
 * @param {number} digits
 */
function latexNumber(x, digits) {
  const shown = written(x, digits).replace(/−/g, "-").replace("∞", "\\infty").replace("undefined", "\\text{undefined}");
  const [mantissa, exponent] = shown.split("e");
  return exponent ? `${mantissa} \\times 10^{${exponent}}` : mantissa;
}

/**
 * A formula of the package as a piece.
 * @param {string[]} template
 * @param {number[] | null} ids
 * @returns {Mark}
 */
export function formulaPiece(template, ids = null) {
  return { template, ids, values: null };
}

/**
 * The same formula with numbers in the places of names.
 * @param {Piece[]} list
 * @param {(id: number) => number} numberOf
 * @returns {Piece[]}
 */
export function inNumbers(list, numberOf) {
  return list.map((piece) => {
    if (typeof piece === "string") return piece;
    if (piece.template) return { ...piece, values: numberOf };
    if (piece.name === undefined) return piece;
    return { number: numberOf(piece.name), id: piece.name, quantity: "data", ...(piece.term !== undefined && { term: piece.term }) };
  });
}

/**
 * @param {Mark} piece a template
 * @param {0 | 1} form as text or as LaTeX
 * @returns {Piece[]}
 */
function filled({ template = [], ids, values, term }, form) {
  const alone = /^⟦\d+⟧$/.test(template[form]);
  return template[form]
    .split(/(⟦\d+⟧)/)
    .filter((part) => part !== "")
    .map((part) => {
      const mark = /^⟦(\d+)⟧$/.exec(part);
      if (!mark) return part;
      const id = ids ? ids[Number(mark[1])] : Number(mark[1]);
      const coloured = term === undefined ? {} : { term };
      return values ? { number: values(id), id, quantity: "data", ...coloured } : { name: id, inside: !alone, ...coloured };
    });
}

/**
 * The list with the package's formulas taken apart into texts, names and numbers.
 * @param {(Piece | null | undefined | false)[]} list
 * @returns {Piece[]}
 */
export function expanded(list) {
  const found = list.flatMap((piece) => {
    if (!piece) return [];
    return typeof piece !== "string" && piece.template ? filled(piece, 0) : [piece];
  });
  return found.map((piece, k) =>
    isEnclosed(piece, found[k - 1], found[k + 1]) ? { .../** @type {Mark} */ (piece), enclose: false } : piece,
  );
}

/**
 * Whether a number has parentheses already: σ(−0.2), not σ((−0.2)).
 * @param {Piece} piece
 * @param {Piece | undefined} before
 * @param {Piece | undefined} after
 */
function isEnclosed(piece, before, after) {
  if (typeof piece === "string" || piece.number === undefined) return false;
  return (
    typeof before === "string" &&
    before.endsWith("(") &&
    typeof after === "string" &&
    after.startsWith(")") &&
    !/^\)( \*\*|\^|⁻|²)/.test(after)
  );
}

const LATEX_SIGNS = [
  [" · ", " \\cdot "],
  ["−", "-"],
  ["η", "\\eta "],
  ["⁺", "^{+}"],
  ["²", "^{2}"],
  ["m̂", "\\hat{m}"],
  ["v̂", "\\hat{v}"],
  ["ḡ", "\\bar{g}"],
  ["μ", "\\mu "],
  ["ε", "\\varepsilon "],
  ["β₁", "\\beta_1"],
  ["β₂", "\\beta_2"],
  ["ᵗ", "^{t}"],
  [" ** ", "^"],
  ["sqrt(", "\\operatorname{sqrt}("],
];

/**
 * Signs of Python as signs of mathematics: a * b as a · b, sigmoid( as σ(.
 * @param {string} words
 */
export function mathematical(words) {
  return words.replaceAll(" * ", " · ").replaceAll("sigmoid(", "σ(").replaceAll("sqrt(", "√(").replaceAll("-", "−");
}

/**
 * The same in a line without anything above it: x ** 2 as x².
 * @param {string} words
 */
export function inLine(words) {
  return mathematical(words)
    .replace(/ \*\* (\d+)(?![\d.e])/g, (_, power) => [...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join(""))
    .replaceAll(" ** ", "^");
}

/**
 * What is said to change: E where the result is an error, else the result by its own name.
 * @param {Pick<import("./session.js").Session, "graph" | "description">} stage
 */
export function resultSign({ graph, description }) {
  return description.isError ? "E" : graph.nodes[graph.result].name;
}

/**
 * How fast the result changes with something, by its name, where there is no room for a fraction: dE/dw5.
 * @param {Parameters<typeof resultSign>[0]} stage
 * @param {string} by
 */
export function rateSign(stage, by) {
  return `d${isolated(resultSign(stage))}/d${isolated(by)}`;
}

/**
 * A number among pieces, in digits of its own if it has any.
 * @param {Mark} piece
 * @param {number} digits
 */
export function numberWords(piece, digits) {
  return piece.digits === undefined ? written(piece.number, digits) : told(piece.number, piece.digits);
}

export class Notation {
  /** @param {import("./graph.js").Graph} graph */
  constructor(graph) {
    this.graph = graph;
    this.identifiers = identifiers(graph);
  }

  /** @param {number} id */
  name(id) {
    const node = this.graph.nodes[id];
    return node.constant ? written(node.data) : node.name;
  }

  /**
   * The name in LaTeX, which Python has written.
   * @param {number} id
   */
  latexName(id) {
    const node = this.graph.nodes[id];
    return node.constant ? latexNumber(node.data ?? null, 9) : (node.latex ?? "");
  }

  /**
   * Whether a node is called by its formula, and needs parentheses inside of another.
   * @param {number} id
   */
  loose(id) {
    const { label, op, name } = this.graph.nodes[id];
    return Boolean(op) && !label && NO_ATOM.test(name);
  }

  /**
   * A name in a line of plain text.
   * @param {number} id
   * @param {boolean} [inside] in parentheses
   */
  enclosed(id, inside) {
    const name = isolated(this.name(id));
    return inside ? `(${name})` : name;
  }

  /** @param {Derivative} piece */
  symbol({ of, by, whole }) {
    const d = whole ? "d" : "∂";
    /** @param {number} id */
    const enclosed = (id) => this.enclosed(id, NO_ATOM.test(this.name(id)));
    return `${d}${enclosed(of)}/${d}${enclosed(by)}`;
  }

  /**
   * @param {Piece[]} list
   * @returns {string}
   */
  plain(list, digits = 9) {
    return expanded(list)
      .map((piece) => {
        if (typeof piece === "string") return piece;
        if (piece.name !== undefined) return this.enclosed(piece.name, piece.inside && this.loose(piece.name));
        if (piece.word) return isolated(piece.word);
        if (piece.delta) return isolated(piece.delta);
        if (piece.number !== undefined) {
          const shown = numberWords(piece, digits).replace(/−/g, "-");
          return (piece.number ?? 0) < 0 && piece.enclose !== false ? `(${shown})` : shown;
        }
        return this.symbol(/** @type {Derivative} */ (piece));
      })
      .join("");
  }

  /**
   * @param {Piece[]} list
   * @returns {string}
   */
  latex(list, digits = 9) {
    return list
      .map((piece) => {
        if (typeof piece === "string") return LATEX_SIGNS.reduce((words, [sign, latex]) => words.replaceAll(sign, latex), piece);
        if (piece.template)
          return filled(piece, 1)
            .map((part) => (typeof part === "string" ? part : this.latex([part], digits)))
            .join("");
        if (piece.name !== undefined) {
          const name = this.latexName(piece.name);
          return piece.inside && this.loose(piece.name) ? `\\left(${name}\\right)` : name;
        }
        if (piece.word) return `\\text{${piece.word.replace(/[\\{}$&#^_%~]/g, (sign) => (/[\\^~]/.test(sign) ? "-" : `\\${sign}`))}}`;
        if (piece.delta) return `\\delta_{\\mathrm{${piece.delta.replace(/^delta_/, "").replace(/_/g, "\\_")}}}`;
        if (piece.number !== undefined) {
          const shown = latexNumber(piece.number, digits);
          return (piece.number ?? 0) < 0 && piece.enclose !== false ? `\\left(${shown}\\right)` : shown;
        }
        const d = piece.whole ? "\\mathrm{d}" : "\\partial ";
        const { of, by } = /** @type {Derivative} */ (piece);
        return `\\frac{${d}${this.latexName(of)}}{${d}${this.latexName(by)}}`;
      })
      .join("");
  }

  /**
   * As Python: names as identifiers, numbers with all digits.
   * @param {Piece[]} list
   * @returns {string}
   */
  python(list) {
    return expanded(list)
      .map((piece) => {
        if (typeof piece === "string") return piece.replaceAll(" · ", " * ").replaceAll("−", "-");
        if (piece.name !== undefined) return this.identifiers.get(piece.name);
        if (piece.word) return `p_${this.identifiers.get(piece.id ?? -1)}`;
        if (piece.delta) return piece.delta;
        if (piece.number !== undefined)
          return (piece.number ?? 0) < 0 && piece.enclose !== false ? `(${exactly(piece.number)})` : exactly(piece.number);
        return this.pythonSymbol(/** @type {Derivative} */ (piece));
      })
      .join("");
  }

  /** @param {Derivative} piece */
  pythonSymbol({ of, by, whole, edge }) {
    const symbol = `d${this.identifiers.get(of)}_d${this.identifiers.get(by)}`;
    return whole ? symbol : `partial_${symbol}${edge === undefined ? "" : `_${this.graph.edges[edge].place + 1}`}`;
  }
}

/**
 * For each node a name that Python takes, no two the same, none a word of Python or an operation's.
 * @param {import("./graph.js").Graph} graph
 */
function identifiers(graph) {
  const found = new Map();
  const taken = new Set([
    ...PYTHON_WORDS,
    ...graph.nodes.map(({ op }) => op),
    "sigmoid",
    "tanh",
    "relu",
    "softplus",
    "step",
    "sign",
    "exp",
    "log",
    "abs",
    "sqrt",
    "sin",
    "cos",
    "sinh",
    "cosh",
    "maximum",
    "minimum",
    "normal_cdf",
    "normal_density",
  ]);
  for (const id of graph.variables) {
    const plain = graph.nodes[id].name
      .normalize("NFKC")
      .replace(/[^\p{L}\p{N}_]+/gu, "_")
      .replace(/^_+|_+$/g, "");
    const start = /^\p{L}/u.test(plain) ? plain : `x_${plain}`;
    let name = start;
    for (let k = 2; taken.has(name); k++) name = `${start}_${k}`;
    taken.add(name);
    found.set(id, name);
  }
  return found;
}
