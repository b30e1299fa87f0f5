// The formula panel: the selected quantity as symbols, as numbers and as their result.

import { equations, hasCome } from "../model/equations.js";
import { beforeUpdate, happening } from "../model/frame.js";
import { expanded } from "../model/notation.js";
import { exactly, parsed, typedNumber, written } from "../model/numbers.js";
import { text } from "../model/words.js";
import { button } from "./controls.js";
import { el, fillIn, onEnter, put, set } from "./elements.js";
import { layersView, neuronAt, neuronCard } from "./neuron.js";
import { nodeName, piecesElements } from "./pieces.js";

const KNOWN_TO_PYTHON = ["data", "gradient", "update"]; // what an optimizer remembers is told in symbols
const FORMS = ["latex", "python", "text"];

/**
 * @typedef {Pick<import("../model/session.js").Session, "graph" | "formulas" | "training" | "notation" | "view" | "hides" | "hidesPiece" | "solved" | "programs" | "edit" | "openPanel" | "notice" | "pointAt">} Reader
 * @param {Reader} session
 * @param {{ copy: (words: string, said: string) => void }} desk
 * @returns {Panel}
 */
export function formulaView(session, desk) {
  return new FormulaPanel(session, desk);
}

class FormulaPanel {
  /**
   * @param {Reader} session
   * @param {{ copy: (words: string, said: string) => void }} desk
   */
  constructor(session, desk) {
    this.session = session;
    this.desk = desk;
    this.heading = el("h2", { class: "formula-heading" });
    this.field = el("input", { class: "formula-value", type: "text", inputMode: "decimal", spellcheck: false, autocomplete: "off" });
    onEnter(this.field, () => this.apply());
    this.editor = el(
      "div",
      { class: "formula-edit" },
      el("label", {}, text("formula.value"), " ", this.field),
      button(text("formula.set"), () => this.apply()),
      button(text("formula.slope"), () => session.openPanel("slope")),
    );
    this.body = el("div", { class: "formula-body" });
    this.accumulation = el("p", { class: "formula-accumulation", hidden: true });
    this.note = el("p", { class: "formula-note", hidden: true });
    this.ghost = el("p", { class: "formula-ghost" });
    this.delta = el("p", { class: "quiet small" });
    const copy = (/** @type {string} */ form) => button(text(`formula.${form}`), () => this.copy(form), "small");
    this.copies = el("div", { class: "formula-copies" }, el("span", { class: "quiet" }, text("formula.copy")), FORMS.map(copy));
    this.empty = el("p", { class: "quiet" }, text("formula.choose"));
    this.card = neuronCard(session);
    this.layers = layersView(session);
    this.root = el("section", { class: "formula" }, [
      this.heading,
      this.empty,
      this.card.root,
      this.accumulation,
      this.body,
      this.delta,
      this.ghost,
      this.note,
      this.editor,
      this.copies,
      this.layers.root,
    ]);
    this.shape = "";
    /** @type {HTMLElement[]} */
    this.live = [];
    /** @type {Frame | null} */
    this.latest = null;
    /** @type {number | null} */
    this.shown = null; // the selected node; while nothing is selected, the one that a beat is about
  }

  apply() {
    const { session, field, shown } = this;
    const x = parsed(field.value);
    if (x === null) session.notice(text("edit.noNumber", { typed: field.value.slice(0, 40) }));
    else if (shown !== null) {
      field.value = typedNumber(x);
      session.edit(shown, x);
    }
  }

  // Copying.

  /** @param {string} form */
  copy(form) {
    this.desk.copy(this.words(form), text("formula.copied", { form: text(`formula.${form}`) }));
  }

  /** @param {string} form */
  words(form) {
    const { session, latest, shown } = this;
    if (!latest || shown === null) return "";
    const { notation } = session;
    const list = equations(session, latest, shown)
      .filter(({ key }) => hasCome(latest, shown, key))
      .map((equation) => this.masked(equation));
    if (form === "python")
      return this.pythonOf(
        list.filter(({ key }) => KNOWN_TO_PYTHON.includes(key)),
        latest,
      );
    return list
      .map(({ left, rows }) => {
        if (form === "latex") {
          return `\\begin{aligned}\n${rows.map((row, k) => `${k ? "" : notation.latex(left)} &= ${notation.latex(row)}`).join(" \\\\\n")}\n\\end{aligned}`;
        }
        const start = notation.plain(left);
        return rows.map((row, k) => `${k ? " ".repeat(start.length) : start} = ${notation.plain(row)}`).join("\n");
      })
      .join("\n\n");
  }

  /**
   * What the teacher's mode hides is not copied either.
   * @param {Equation} equation
   * @returns {Equation}
   */
  masked({ rows, factors, ...rest }) {
    /** @template {Piece} T @param {T} piece */
    const mask = (piece) => (this.session.hidesPiece(piece) ? "?" : piece);
    // A row of which nothing is hidden keeps its formulas whole, for LaTeX.
    const maskedRow = (/** @type {Piece[]} */ row) => {
      const parts = expanded(row).map(mask);
      return parts.includes("?") ? parts : row;
    };
    return { ...rest, rows: rows.map(maskedRow), factors: factors?.map((each) => ({ ...each, number: mask(each.number) })) };
  }

  /**
   * A program that computes each of the equations, with the functions it needs imported.
   * @param {Equation[]} list
   * @param {Frame} frame
   */
  pythonOf(list, frame) {
    const { graph, formulas } = this.session;
    const lines = list.flatMap((each, k) => [...(k ? [""] : []), ...this.pythonLines(each, frame)]);
    const used = new Set([...graph.nodes.map(({ op }) => op), ...Object.keys(formulas.activations), "step", "sign", "exp", "log", "sqrt"]);
    const names = lines.flatMap((line) => [...line.split("#")[0].matchAll(/\b([a-z]\w*)\(/g)].map((match) => match[1]));
    const called = [...new Set(names.filter((name) => used.has(name)))].sort();
    return [...(called.length ? [`from tinygrad_bp.core.ops import ${called.join(", ")}`, ""] : []), ...lines].join("\n");
  }

  /**
   * @param {Equation} equation
   * @param {Frame} frame
   */
  pythonLines({ key, left, rows, factors = [] }, frame) {
    const { session } = this;
    const { notation } = session;
    /** @type {Map<string, string>} */
    const known = new Map(); // what the formula speaks of, each once
    const give = (/** @type {string} */ name, /** @type {Piece} */ piece, /** @type {Piece[] | null} */ formula = null) => {
      const number = notation.python([typeof piece === "string" ? piece : { ...piece, enclose: false }]);
      known.set(name, `${name} = ${number}${formula ? `  # ${notation.plain(formula)}` : ""}`);
    };
    for (const { piece, formula, number } of factors) give(notation.pythonSymbol(piece), number, formula);
    // A gradient is written with its factors where it has several, all else with the nodes in the formula.
    const telling = (/** @type {Piece} */ piece) =>
      typeof piece !== "string" && (factors.length ? piece.of !== undefined : (piece.name ?? piece.word) !== undefined || key === "update");
    const symbols = rows.find((row) => expanded(row).some(telling));
    const name = key === "update" ? `${notation.python([left[0]])}_new` : notation.python(left);
    const result = notation.python((rows.at(-1) ?? []).slice(-1));
    if (!symbols) return [`${name} = ${result}`];
    for (const piece of expanded(symbols)) {
      if (typeof piece === "string" || (piece.name ?? piece.word) === undefined) continue;
      const id = piece.name ?? piece.id ?? -1;
      give(notation.python([piece]), session.hides(id, "data") ? "?" : { number: piece.worth ?? frame.data[id] });
    }
    if (key === "update") return [`${name} = ${notation.python(rows[1])}  # ${result}`];
    known.delete(name);
    return [...known.values(), `${name} = ${notation.python(symbols)}  # ${result}`];
  }

  // Showing.

  /** @param {Equation[]} list */
  build(list) {
    this.live = [];
    this.body.replaceChildren(...list.map((equation) => this.part(equation)));
  }

  /** @param {Piece[]} row */
  html(row) {
    const { session } = this;
    const onFactor = (/** @type {HTMLElement} */ fraction, /** @type {Derivative} */ piece) => {
      const lit = () => {
        const edges = session.graph.routes(piece.of, piece.by, piece.whole ? null : session.formulas.labelled);
        session.pointAt(edges, new Set([piece.of, piece.by]));
      };
      fraction.tabIndex = 0;
      for (const kind of ["mouseenter", "focus"]) fraction.addEventListener(kind, lit);
      for (const kind of ["mouseleave", "blur"]) fraction.addEventListener(kind, () => session.pointAt(null));
    };
    const made = piecesElements(session.notation, row, { hide: (piece) => session.hidesPiece(piece), onFactor });
    for (const each of made) if (each instanceof HTMLElement && each.tagName === "DATA") this.live.push(each);
    return made;
  }

  /** @param {Equation} equation */
  part({ key, left, rows, factors = [] }) {
    const line = (/** @type {Piece[]} */ row, /** @type {number} */ k) =>
      el(
        "div",
        { class: "formula-row" },
        el("span", { class: "formula-left" }, k ? "" : this.html(left)),
        el("span", { class: "formula-equals" }, "="),
        el("span", { class: k === rows.length - 1 ? "formula-right formula-result" : "formula-right" }, this.html(row)),
      );
    const factor = (/** @type {NonNullable<Equation["factors"]>[number]} */ { piece, formula, number }) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, this.html([piece])),
        el("td", {}, formula ? ["= ", this.html(formula)] : ""),
        el("td", { class: "number" }, "= ", this.html([typeof number === "string" ? number : { ...number, enclose: false }])),
      );
    const title = text(`formula.${key}`);
    return el(
      "section",
      { class: "formula-part" },
      el("h3", {}, title),
      el("div", { class: "formula-equation", role: "group", tabIndex: 0, "aria-label": title }, rows.map(line)),
      factors.length > 0 &&
        el("table", { class: "formula-factors" }, el("caption", {}, text("formula.factors")), el("tbody", {}, factors.map(factor))),
    );
  }

  /** @param {Frame} frame */
  render(frame) {
    const { session } = this;
    this.latest = frame;
    this.shown = session.view.selected ?? frame.beat?.node ?? null;
    const id = this.shown;
    const neuron = neuronAt(session, id);
    if (neuron) {
      const told = beforeUpdate(session.graph, frame); // as the equations below
      this.card.render(told, neuron);
      this.layers.render(told);
    } else this.card.root.hidden = this.layers.root.hidden = true;
    const chosen = id !== null;
    this.empty.hidden = chosen;
    for (const element of [this.editor, this.copies, this.body, this.heading, this.ghost, this.delta]) element.hidden = !chosen;
    if (!chosen) {
      this.accumulation.hidden = this.note.hidden = true;
      return;
    }
    const node = session.graph.nodes[id];
    const come = (/** @type {Equation} */ { key }) => hasCome(frame, id, key);
    const all = equations(session, frame, id).filter((each) => come(each) || KNOWN_TO_PYTHON.includes(each.key));
    const list = all.map((each) => (come(each) ? each : { ...each, rows: [[text("neurons.pending")]], factors: [] }));
    this.copies.hidden = !all.some(come);
    this.renderEquations(list, id, frame);
    this.editor.hidden = Boolean(node.op);
    if (!node.op && document.activeElement !== this.field) fillIn(this.field, session.hides(id, "data") ? "" : typedNumber(frame.data[id]));
    this.renderRemarks(list, id, frame);
  }

  /**
   * @param {Equation[]} list
   * @param {number} id
   * @param {Frame} frame
   */
  renderEquations(list, id, frame) {
    const { session } = this;
    /** @type {Mark[]} */
    const numbers = list
      .flatMap(({ left, rows, factors = [] }) => expanded([...left, ...rows.flat(), ...factors.map((each) => each.number)]))
      .flatMap((piece) => (typeof piece === "string" || piece.number === undefined ? [] : [piece]));
    const { variant, accumulate, optimizer, batch } = frame.settings;
    const negative = numbers.map((piece) => (piece.number ?? 0) < 0);
    const now = JSON.stringify([
      id,
      variant,
      accumulate,
      optimizer,
      batch,
      frame.steps,
      list.map(({ key }) => [key, hasCome(frame, id, key)]),
      negative,
      session.view.quiz,
      session.solved,
    ]);
    if (now !== this.shape) {
      this.shape = now;
      const kind = el("span", { class: "formula-kind" }, text(kindOf(session, id)));
      this.heading.replaceChildren(el("span", {}, nodeName(session.notation, id)), kind);
      this.build(list);
      return;
    }
    const order = numbers.filter((piece) => !session.hidesPiece(piece));
    order.forEach((piece, k) => {
      put(this.live[k], written(piece.number));
      set(this.live[k], "value", exactly(piece.number));
      set(this.live[k], "title", exactly(piece.number));
    });
  }

  /**
   * @param {Equation[]} list
   * @param {number} id
   * @param {Frame} frame
   */
  renderRemarks(list, id, frame) {
    const { session } = this;
    const adding = session.view.pace === "node" ? happening(session.graph, frame) : null;
    this.accumulation.hidden = adding?.node !== id;
    if (adding && !this.accumulation.hidden) {
      const hide = (/** @type {Mark} */ piece) => session.hidesPiece(piece);
      this.accumulation.replaceChildren(...piecesElements(session.notation, adding.pieces, { hide }));
    }
    const { sequential, accumulate } = frame.settings;
    const notes = [frame.after && "formula.before", sequential && "formula.sequential", accumulate && "formula.accumulate"];
    put(this.note, notes.flatMap((key) => (key ? [text(key)] : [])).join(" "));
    this.note.hidden = !this.note.textContent;
    const pieces = list.flatMap(({ rows, factors = [] }) => [...rows.flat(), ...factors.flatMap(({ formula }) => formula ?? [])]);
    const deltas = new Set(pieces.flatMap((piece) => (typeof piece !== "string" && piece.delta ? [piece.delta] : [])));
    put(this.delta, deltas.size ? text("formula.delta", { names: [...deltas].map((name) => `δ ${name.slice(6)}`).join(", ") }) : "");
    put(this.ghost, frame.ghost && frame.step === null ? this.without(id, frame) : "");
  }

  /**
   * What the numbers would be without the changes that were made.
   * @param {number} id
   * @param {Frame} frame
   */
  without(id, frame) {
    const told = (/** @type {Quantity} */ quantity, /** @type {number} */ now, /** @type {number} */ before) =>
      now === before || this.session.hides(id, quantity) ? "" : text(`formula.was.${quantity}`, { number: written(before) });
    const ghost = /** @type {NonNullable<Frame["ghost"]>} */ (frame.ghost);
    return [told("data", frame.data[id], ghost.data[id]), told("grad", frame.grads[id], ghost.grads[id])].filter(Boolean).join(" ");
  }
}

/**
 * @param {Pick<Reader, "graph">} session
 * @param {number} id
 */
function kindOf({ graph }, id) {
  if (id === graph.result) return "kind.result";
  if (graph.biases.has(id)) return "kind.bias";
  if (graph.trains && graph.parameters.includes(id)) return "kind.weight";
  if (!graph.nodes[id].op) return graph.network?.inputs.includes(id) ? "kind.input" : "kind.leaf";
  for (const neuron of graph.network?.neurons ?? []) {
    if (neuron.out === id) return "kind.out";
    if (neuron.net === id) return "kind.net";
  }
  return "kind.node";
}
