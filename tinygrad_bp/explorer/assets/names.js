// Names and formulas as people write them, on the page and as plain text, LaTeX and Python.
//
// A formula is a list of pieces: a text; { name: id } a node's name; { number: x, id } a number, of that node if one is given;
// { of, by, whole } a derivative; { delta: "delta_o1" } a node delta.

import { el } from "./svg.js";
import { exactly, written } from "./numbers.js";

// A name split into what stands on the line and what stands below it: net_h1 is net with h1, w5 is w with 5.
export function split(name) {
  const below = /^([A-Za-z]+)_(\w+)$/.exec(name) ?? /^([A-Za-z])(\d+)$/.exec(name);
  return below ? [below[1], below[2]] : [name, ""];
}

export function nameElement(name) {
  const [base, below] = split(name);
  return el("span", { class: "name" }, base, below && el("sub", {}, below));
}

// What has no label is called by its formula, in which each name is set as one: (w1 * i1) as (w₁ · i₁).
function formulaName(name) {
  return el("span", { class: "name" }, name.split(/([A-Za-z]\w*)/).map((part, k) => (k % 2 ? nameElement(part) : prettyText(part))));
}

function latexName(name) {
  const word = (text) => (text.length === 1 || /^\d+$/.test(text) ? text : `\\mathrm{${text}}`);
  if (/^[A-Za-z]+\d*(_\w+)?$/.test(name)) {
    const [base, below] = split(name);
    return below ? `${word(base)}_{${word(below.replace(/_/g, "\\_"))}}` : word(name);
  }
  const SIGNS = { "\\": "\\backslash{}", "{": "\\{", "}": "\\}", "^": "\\wedge{}", "~": "\\sim{}" };
  return `\\text{${name.replace(/[\\{}$_#%&^~]/g, (sign) => (SIGNS[sign] ? `$${SIGNS[sign]}$` : `\\${sign}`))}}`;
}

function latexNumber(x, digits) {
  const shown = written(x, digits).replace(/−/g, "-").replace("∞", "\\infty").replace("NaN", "\\mathrm{NaN}");
  const [mantissa, exponent] = shown.split("e");
  return exponent ? `${mantissa} \\times 10^{${exponent}}` : mantissa;
}

function identifier(name) {
  const plain = name.replace(/[^\p{L}\p{N}_]+/gu, "_").replace(/^_+|_+$/g, "");
  return /^\p{L}/u.test(plain) ? plain : `x_${plain}`;
}

// The pieces of a template such as "⟦1⟧ * ⟦11⟧", in names or in numbers.
export function pieces(template, ids = null) {
  return template.split(/(⟦\d+⟧)/).filter((part) => part !== "").map((part) => {
    const mark = /^⟦(\d+)⟧$/.exec(part);
    return mark ? { name: ids ? ids[Number(mark[1])] : Number(mark[1]) } : part;
  });
}

export function inNumbers(list, numberOf) {
  return list.map((piece) => (piece.name !== undefined ? { number: numberOf(piece.name), id: piece.name, quantity: "data" } : piece));
}

export class Notation {
  constructor(graph) {
    this.graph = graph;
  }

  name(id) {
    const node = this.graph.nodes[id];
    return node.constant ? written(node.data) : node.name;
  }

  nameElement(id, enclosed = false) {
    const { label, op, name } = this.graph.nodes[id];
    if (label || !op) return nameElement(this.name(id));
    return enclosed && / /.test(name) ? ["(", formulaName(name), ")"] : formulaName(name);
  }

  symbol({ of, by, whole }) {
    const d = whole ? "d" : "∂";
    const enclosed = (id) => (/[\s+\-*/()=,;^|<>]/.test(this.name(id)) ? `(${this.name(id)})` : this.name(id));
    return `${d}${enclosed(of)}/${d}${enclosed(by)}`;
  }

  // As elements. `digits` are those of numbers; `hide(piece)` says which numbers are not to be seen.
  html(list, { digits = 9, hide = () => false, onFactor = null } = {}) {
    return list.map((piece) => {
      if (typeof piece === "string") return prettyText(piece);
      if (piece.name !== undefined) return this.nameElement(piece.name);
      if (piece.delta) return el("span", { class: "name" }, "δ", el("sub", {}, piece.delta.replace(/^delta_/, "")));
      if (piece.number !== undefined) {
        if (hide(piece)) return el("span", { class: "hidden-number" }, "?");
        const shown = written(piece.number, digits);
        const negative = piece.number < 0 && piece.enclose !== false;
        return [negative && "(", el("data", { value: exactly(piece.number), title: exactly(piece.number) }, shown), negative && ")"];
      }
      const d = piece.whole ? "d" : "∂";
      const fraction = el("span", { class: "fraction", role: "math", "aria-label": this.symbol(piece) },
        el("span", { class: "over" }, d, this.nameElement(piece.of, true)),
        el("span", { class: "under" }, d, this.nameElement(piece.by, true)));
      if (onFactor) onFactor(fraction, piece);
      return fraction;
    });
  }

  plain(list, digits = 9) {
    return list.map((piece) => {
      if (typeof piece === "string") return piece;
      if (piece.name !== undefined) return this.name(piece.name);
      if (piece.delta) return piece.delta;
      if (piece.number !== undefined) {
        const shown = written(piece.number, digits).replace(/−/g, "-");
        return piece.number < 0 && piece.enclose !== false ? `(${shown})` : shown;
      }
      return this.symbol(piece);
    }).join("");
  }

  latex(list, digits = 9) {
    return list.map((piece) => {
      if (typeof piece === "string") return latexText(piece);
      if (piece.latex) return piece.latex;
      if (piece.name !== undefined) return latexName(this.name(piece.name));
      if (piece.delta) return `\\delta_{\\mathrm{${piece.delta.replace(/^delta_/, "").replace(/_/g, "\\_")}}}`;
      if (piece.number !== undefined) {
        const shown = latexNumber(piece.number, digits);
        return piece.number < 0 && piece.enclose !== false ? `\\left(${shown}\\right)` : shown;
      }
      const d = piece.whole ? "\\mathrm{d}" : "\\partial ";
      return `\\frac{${d}${latexName(this.name(piece.of))}}{${d}${latexName(this.name(piece.by))}}`;
    }).join("");
  }

  // As Python: names as identifiers, numbers with all digits.
  python(list) {
    return list.map((piece) => {
      if (typeof piece === "string") return piece.replaceAll(" · ", " * ").replaceAll("−", "-");
      if (piece.name !== undefined) return identifier(this.name(piece.name));
      if (piece.delta) return piece.delta;
      if (piece.number !== undefined) return piece.number < 0 && piece.enclose !== false ? `(${exactly(piece.number)})` : exactly(piece.number);
      return this.pythonSymbol(piece);
    }).join("");
  }

  pythonSymbol({ of, by }) {
    return `d${identifier(this.name(of))}_d${identifier(this.name(by))}`;
  }
}

// Signs of Python as signs of mathematics: a * b as a · b, x ** 2 as x², sigmoid( as σ(.
function prettyText(words) {
  const parts = words.replaceAll(" * ", " · ").replaceAll("sigmoid(", "σ(").replaceAll("-", "−").split(/ \*\* (\d+)/);
  return parts.length === 1 ? parts[0] : el("span", {}, parts.map((part, k) => (k % 2 ? el("sup", {}, part) : part)));
}

function latexText(words) {
  return words
    .replaceAll(" * ", " \\cdot ").replaceAll(" · ", " \\cdot ").replaceAll("−", "-").replaceAll("η", "\\eta ")
    .replace(/ \*\* (\d+)/g, "^{$1}").replace(/\bsigmoid\(/g, "\\sigma(").replace(/\b(tanh|exp|log)\(/g, "\\$1(").replaceAll("⁺", "^{+}");
}
