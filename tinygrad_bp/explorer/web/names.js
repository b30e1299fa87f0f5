// Names and formulas as people write them, on the page and as plain text, LaTeX and Python.
//
// A formula is a list of pieces: a text; { name: id } a node's name; { number: x, id, quantity } a number, and of what it is; { of, by, whole }
// a derivative; { delta: "delta_o1" } a node delta; { template, ids, values } a formula of the package, in which ⟦3⟧ stands for node 3, or
// for ids[3] where there are ids: for its name, or if there are `values` for its number.

import { el } from "./svg.js";
import { exactly, written } from "./numbers.js";

const NO_ATOM = /[\s+\-*/()=,;^|<>]/; // what a name has that could be taken for a formula
const PYTHON_WORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

// A name split into what stands on the line and what stands below it: net_h1 is net with h1, w5 is w with 5.
export function split(name) {
  const below = /^([A-Za-z]+)_([A-Za-z]*\d*)$/.exec(name) ?? /^([A-Za-z])(\d+)$/.exec(name);
  return below ? [below[1], below[2]] : [name, ""];
}

export function nameElement(name) {
  const [base, below] = split(name);
  return el("span", { class: "name" }, base, below && el("sub", {}, below));
}

// What has no label is called by its formula, in which each name is set as one: (w1 * i1) as (w₁ · i₁).
function formulaName(name) {
  return el(
    "span",
    { class: "name" },
    name.split(/([A-Za-z]\w*)/).map((part, k) => (k % 2 ? nameElement(part) : prettyText(part))),
  );
}

function latexName(name) {
  const word = (text) => (text.length === 1 || /^\d+$/.test(text) ? text : `\\mathrm{${text}}`);
  if (/^[A-Za-z]+\d*(_[A-Za-z0-9]+)?$/.test(name)) {
    const [base, below] = split(name);
    return below ? `${word(base)}_{${word(below)}}` : word(name).replaceAll("_", "\\_");
  }
  const SIGNS = { "\\": "\\backslash{}", "^": "\\wedge{}", "~": "\\sim{}" };
  return `\\text{${name.replace(/[\\{}$_#%&^~]/g, (sign) => (SIGNS[sign] ? `$${SIGNS[sign]}$` : `\\${sign}`))}}`;
}

function latexNumber(x, digits) {
  const shown = written(x, digits).replace(/−/g, "-").replace("∞", "\\infty").replace("undefined", "\\text{undefined}");
  const [mantissa, exponent] = shown.split("e");
  return exponent ? `${mantissa} \\times 10^{${exponent}}` : mantissa;
}

// A formula of the package as a piece.
export function formulaPiece(template, ids = null) {
  return { template, ids, values: null };
}

// The same formula with numbers in the places of names.
export function inNumbers(list, numberOf) {
  return list.map((piece) => {
    if (piece.template) return { ...piece, values: numberOf };
    return piece.name !== undefined ? { number: numberOf(piece.name), id: piece.name, quantity: "data" } : piece;
  });
}

function filled({ template, ids, values }, form) {
  const alone = /^⟦\d+⟧$/.test(template[form]);
  return template[form]
    .split(/(⟦\d+⟧)/)
    .filter((part) => part !== "")
    .map((part) => {
      const mark = /^⟦(\d+)⟧$/.exec(part);
      if (!mark) return part;
      const id = ids ? ids[Number(mark[1])] : Number(mark[1]);
      return values ? { number: values(id), id, quantity: "data" } : { name: id, inside: !alone };
    });
}

// The list with the package's formulas taken apart into texts, names and numbers.
export function expanded(list) {
  return list.filter(Boolean).flatMap((piece) => (piece.template ? filled(piece, 0) : [piece]));
}

export class Notation {
  constructor(graph) {
    this.graph = graph;
    this.identifiers = identifiers(graph);
  }

  name(id) {
    const node = this.graph.nodes[id];
    return node.constant ? written(node.data) : node.name;
  }

  // Whether a node is called by its formula, and needs parentheses inside of another.
  loose(id) {
    const { label, op, name } = this.graph.nodes[id];
    return Boolean(op) && !label && NO_ATOM.test(name);
  }

  nameElement(id, inside = false) {
    const { label, op, name } = this.graph.nodes[id];
    if (label || !op) return nameElement(this.name(id));
    return inside && this.loose(id) ? ["(", formulaName(name), ")"] : formulaName(name);
  }

  symbol({ of, by, whole }) {
    const d = whole ? "d" : "∂";
    const enclosed = (id) => (NO_ATOM.test(this.name(id)) ? `(${this.name(id)})` : this.name(id));
    return `${d}${enclosed(of)}/${d}${enclosed(by)}`;
  }

  // As elements. `hide(piece)` says which numbers are not to be seen; `onFactor` is called with the element of each derivative.
  html(list, { digits = 9, hide = () => false, onFactor = null } = {}) {
    return expanded(list)
      .flatMap((piece) => {
        if (typeof piece === "string") return prettyText(piece);
        if (piece.name !== undefined) return this.nameElement(piece.name, piece.inside);
        if (piece.delta) return el("span", { class: "name" }, "δ", el("sub", {}, piece.delta.replace(/^delta_/, "")));
        if (piece.number !== undefined) {
          if (hide(piece)) return el("span", { class: "hidden-number" }, "?");
          const shown = el("data", { value: exactly(piece.number), title: exactly(piece.number) }, written(piece.number, digits));
          return piece.number < 0 && piece.enclose !== false ? ["(", shown, ")"] : shown;
        }
        const d = piece.whole ? "d" : "∂";
        const fraction = el(
          "span",
          { class: "fraction", role: "math", "aria-label": this.symbol(piece) },
          el("span", { class: "over" }, d, this.nameElement(piece.of, true)),
          el("span", { class: "under" }, d, this.nameElement(piece.by, true)),
        );
        if (onFactor) onFactor(fraction, piece);
        return fraction;
      })
      .flat(Infinity);
  }

  plain(list, digits = 9) {
    return expanded(list)
      .map((piece) => {
        if (typeof piece === "string") return piece;
        if (piece.name !== undefined) return piece.inside && this.loose(piece.name) ? `(${this.name(piece.name)})` : this.name(piece.name);
        if (piece.delta) return piece.delta;
        if (piece.number !== undefined) {
          const shown = written(piece.number, digits).replace(/−/g, "-");
          return piece.number < 0 && piece.enclose !== false ? `(${shown})` : shown;
        }
        return this.symbol(piece);
      })
      .join("");
  }

  latex(list, digits = 9) {
    return list
      .map((piece) => {
        if (typeof piece === "string")
          return piece.replaceAll(" · ", " \\cdot ").replaceAll("−", "-").replaceAll("η", "\\eta ").replaceAll("⁺", "^{+}");
        if (piece.template)
          return filled(piece, 1)
            .map((part) => (typeof part === "string" ? part : this.latex([part], digits)))
            .join("");
        if (piece.name !== undefined) {
          return piece.inside && this.loose(piece.name)
            ? `\\left(${latexName(this.name(piece.name))}\\right)`
            : latexName(this.name(piece.name));
        }
        if (piece.delta) return `\\delta_{\\mathrm{${piece.delta.replace(/^delta_/, "").replace(/_/g, "\\_")}}}`;
        if (piece.number !== undefined) {
          const shown = latexNumber(piece.number, digits);
          return piece.number < 0 && piece.enclose !== false ? `\\left(${shown}\\right)` : shown;
        }
        const d = piece.whole ? "\\mathrm{d}" : "\\partial ";
        return `\\frac{${d}${latexName(this.name(piece.of))}}{${d}${latexName(this.name(piece.by))}}`;
      })
      .join("");
  }

  // As Python: names as identifiers, numbers with all digits.
  python(list) {
    return expanded(list)
      .map((piece) => {
        if (typeof piece === "string") return piece.replaceAll(" · ", " * ").replaceAll("−", "-");
        if (piece.name !== undefined) return this.identifiers.get(piece.name);
        if (piece.delta) return piece.delta;
        if (piece.number !== undefined)
          return piece.number < 0 && piece.enclose !== false ? `(${exactly(piece.number)})` : exactly(piece.number);
        return this.pythonSymbol(piece);
      })
      .join("");
  }

  pythonSymbol({ of, by, whole, edge }) {
    const symbol = `d${this.identifiers.get(of)}_d${this.identifiers.get(by)}`;
    return whole ? symbol : `partial_${symbol}${edge === undefined ? "" : `_${this.graph.edges[edge].place + 1}`}`;
  }
}

// For each node a name that Python takes, no two the same, none a word of Python or an operation's.
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

// Signs of Python as signs of mathematics: a * b as a · b, x ** 2 as x², sigmoid( as σ(.
function prettyText(words) {
  const parts = words
    .replaceAll(" * ", " · ")
    .replaceAll("sigmoid(", "σ(")
    .replaceAll("-", "−")
    .split(/ \*\* (\d+(?:\.\d+)?(?![\d.e])|\(−?[\d.]+\))/);
  return parts.length === 1
    ? parts[0]
    : el(
        "span",
        {},
        parts.map((part, k) => (k % 2 ? el("sup", {}, part.replace(/^\(|\)$/g, "")) : part)),
      );
}
