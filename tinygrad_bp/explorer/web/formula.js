// The formula panel: the selected quantity as symbols, as numbers and as their result.

import { el, onEnter, put, set, toggle } from "./svg.js";
import { exactly, parsed, written } from "./numbers.js";
import { expanded, formulaPiece, inNumbers } from "./names.js";
import { happening } from "./frame.js";
import { text } from "./text.js";

// The formulas of the package, for the activations that are chosen.
export class Formulas {
  constructor(graph, description) {
    this.graph = graph;
    this.templates = description.formulas;
    this.activations = description.activations;
    this.labelled = new Set(graph.variables.filter((id) => graph.nodes[id].label));
    this.neuronOf = new Map((graph.network?.neurons ?? []).map((neuron) => [neuron.out, neuron]));
  }

  activation(neuron, variant) {
    const [hidden, outer] = variant.split(",");
    return (neuron.depth < this.graph.depth ? hidden : outer) || neuron.activation;
  }

  // How a node is computed, as pieces; null if that is no formula of readable length.
  forward(id, variant) {
    const neuron = this.neuronOf.get(id);
    const chosen = neuron && neuron.net !== id && this.activations[this.activation(neuron, variant)];
    if (chosen) return [formulaPiece(chosen.forward, [neuron.net, neuron.out])];
    const template = this.templates.forward[id];
    return template ? [formulaPiece(template)] : null;
  }

  // A derivative as pieces; null if it has no formula of its own.
  factor({ of, by, whole }, variant) {
    const neuron = this.neuronOf.get(of);
    const chosen = neuron && neuron.net === by && neuron.net !== of && this.activations[this.activation(neuron, variant)];
    if (chosen) return [formulaPiece(chosen.slope, [neuron.net, neuron.out])];
    const template = this.templates.factors[`${of},${by},${whole}`] ?? this.slope(of, by);
    return template ? [formulaPiece(template)] : null;
  }

  slope(of, by) {
    return this.graph.single(of, by) ? this.templates.slopes[this.graph.into[of].find((edge) => edge.tail === by).index] : null;
  }

  value({ of, by, whole }, slopes) {
    return this.graph.derivative(slopes, of, by, whole ? null : this.labelled);
  }

  // The summands of a gradient: lists of factors; and the summands of the result through which they come, if that is telling.
  terms(id) {
    const known = this.templates.gradient[id];
    if (known) return known;
    const { result, users } = this.graph;
    return {
      terms: users[id].map((edge) => [
        ...(edge.head === result ? [] : [[result, edge.head, 1]]),
        [edge.head, id, this.graph.single(edge.head, id) ? 1 : 0, edge.index],
      ]),
      parts: [],
      chain: null,
      delta: "",
    };
  }
}

export function factorPiece([of, by, whole, edge]) {
  return { of, by, whole, edge };
}

export function joined(lists, sign) {
  return lists.flatMap((list, k) => (k ? [sign, ...list] : list));
}

// The equations about a node, each { key, left, rows }: its data, its gradient, and what an update makes of it.
export function equations(app, frame, id) {
  const { graph, formulas } = app;
  const node = graph.nodes[id];
  const variant = frame.settings.variant;
  const found = [];
  const datum = (of) => ({ number: frame.data[of], id: of, quantity: "data" });
  const value = (piece) => (piece.edge === undefined ? formulas.value(piece, frame.slopes) : frame.slopes[piece.edge]);
  const numberOf = (piece) => ({
    number: piece.of === graph.result && piece.whole ? frame.grads[piece.by] : value(piece),
    ...(piece.of === graph.result && piece.whole ? { id: piece.by, quantity: "grad" } : {}),
  });

  if (node.op) {
    const symbols = formulas.forward(id, variant);
    const rows = symbols ? [symbols, inNumbers(symbols, (of) => frame.data[of])] : [];
    found.push({ key: "data", left: [{ name: id }], rows: [...rows, [{ ...datum(id), enclose: false }]] });
  }

  const whole = { of: graph.result, by: id, whole: 1 };
  const gradient = { number: frame.grads[id], id, quantity: "grad", enclose: false };
  if (id === graph.result) {
    found.push({ key: "gradient", left: [whole], rows: [["1"]] });
  } else {
    const { terms, parts, chain, delta } = formulas.terms(id);
    const products = (chain ? [chain] : terms).map((factors) => factors.map(factorPiece));
    const rows = [];
    if (parts.length)
      rows.push(
        joined(
          parts.map((part) => [factorPiece(part)]),
          " + ",
        ),
      );
    const itself = products.length === 1 && products[0].length === 1 && products[0][0].of === whole.of; // as the left side
    if (!itself)
      rows.push(
        joined(
          products.map((factors) =>
            joined(
              factors.map((factor) => [factor]),
              " · ",
            ),
          ),
          " + ",
        ),
      );
    const byDelta = deltaRow(app, terms, variant);
    if (byDelta) rows.push(byDelta);
    if (products.length === 1 && products[0].length === 1) {
      const only = formulas.factor(products[0][0], variant);
      if (only)
        rows.push(
          only,
          inNumbers(only, (of) => frame.data[of]),
        );
    } else {
      rows.push(
        joined(
          products.map((factors) =>
            joined(
              factors.map((factor) => [numberOf(factor)]),
              " · ",
            ),
          ),
          " + ",
        ),
      );
      if (products.length > 1) {
        rows.push(
          joined(
            products.map((factors) => [{ number: factors.reduce((x, factor) => x * numberOf(factor).number, 1) }]),
            " + ",
          ),
        );
      }
    }
    if (delta) rows[rows.length] = [{ delta }, " = ", gradient];
    else rows.push([gradient]);
    if (!terms.length) rows.splice(0, rows.length, ["0"]);
    const factors = [
      ...new Map(
        [...products.flat(), ...parts.map(factorPiece)].map((piece) => [`${piece.of},${piece.by},${piece.whole ? "" : piece.edge}`, piece]),
      ).values(),
    ];
    // Where paths meet, the derivative of the result is no formula but a sum over them.
    const formulaOf = (piece) =>
      formulas.factor(piece, variant) ?? (piece.of === graph.result ? deltaRow(app, formulas.terms(piece.by).terms, variant) : null);
    const shown = factors.length > 1 ? factors.map((piece) => ({ piece, formula: formulaOf(piece), number: numberOf(piece) })) : [];
    found.push({ key: "gradient", left: [whole], rows, factors: shown });
  }

  if (app.training.trained(frame.settings).includes(id)) {
    const { rate, accumulate } = frame.settings;
    const sum = accumulate ? frame.sums[id] + frame.grads[id] : frame.grads[id];
    const after = frame.data[id] - rate * sum;
    const numbers = accumulate
      ? [datum(id), " − ", { number: rate }, " · (", { number: frame.sums[id] }, " + ", { ...gradient, enclose: true }, ")"]
      : [datum(id), " − ", { number: rate }, " · ", { ...gradient, enclose: true }];
    const symbols = accumulate ? [{ name: id }, " − η · (", text("formula.kept"), " + ", whole, ")"] : [{ name: id }, " − η · ", whole];
    found.push({
      key: "update",
      left: [{ name: id }, "⁺"],
      rows: [symbols, numbers, [{ number: after, id, quantity: "grad", enclose: false }]],
    });
  }
  return found;
}

// The delta rule's form of a gradient, δ_o1 · w5 + δ_o2 · w7; null if it has none.
function deltaRow(app, terms, variant) {
  const row = terms.map((factors) => deltaTerm(app, factors.map(factorPiece), variant));
  return row.length && row.every(Boolean) ? joined(row, " + ") : null;
}

// The delta rule's form of a term, δ_o1 · out_h1; null if it has none.
function deltaTerm(app, factors, variant) {
  if (factors.length !== 2) return null;
  const delta = app.formulas.templates.gradient[factors[0].by]?.delta;
  const local = app.formulas.factor(factors[1], variant);
  if (!delta || !local) return null;
  const loose = expanded(local).some((piece) => typeof piece === "string" && / [+-] /.test(piece));
  return loose ? [{ delta }, " · (", ...local, ")"] : [{ delta }, " · ", ...local];
}

export function formulaView(app) {
  const heading = el("h2", { class: "formula-heading" });
  const field = el("input", { class: "formula-value", type: "text", inputMode: "decimal", spellcheck: false, autocomplete: "off" });
  onEnter(field, apply);
  const editor = el(
    "div",
    { class: "formula-edit" },
    el("label", {}, text("formula.value"), " ", field),
    el("button", { class: "button", type: "button", onclick: apply }, text("formula.set")),
  );
  const body = el("div", { class: "formula-body" });
  const accumulation = el("p", { class: "formula-accumulation", hidden: true });
  const note = el("p", { class: "formula-note", hidden: true });
  const ghost = el("p", { class: "formula-ghost" });
  const delta = el("p", { class: "quiet small" });
  const copies = el(
    "div",
    { class: "formula-copies" },
    el("span", { class: "quiet" }, text("formula.copy")),
    ...["latex", "python", "text"].map((form) =>
      el("button", { class: "button small", type: "button", onclick: () => copy(form) }, text(`formula.${form}`)),
    ),
  );
  const empty = el("p", { class: "quiet" }, text("formula.choose"));
  const root = el("section", { class: "formula" }, heading, empty, accumulation, body, delta, ghost, note, editor, copies);
  let shape = "";
  let live = [];
  let latest = null;
  let shown = null; // the selected node; while nothing is selected, the one that a step is about

  function apply() {
    const x = parsed(field.value);
    if (x === null) {
      app.notice(text("edit.noNumber", { typed: field.value.slice(0, 40) }));
      return;
    }
    app.edit(shown, x);
  }

  function copy(form) {
    app.copy(words(form), text("formula.copied", { form: text(`formula.${form}`) }));
  }

  function words(form) {
    const { notation } = app;
    const list = equations(app, latest, shown).map(masked);
    if (form === "python") return pythonOf(list);
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

  // What the teacher's mode hides is not copied either.
  function masked({ rows, factors, ...rest }) {
    const mask = (piece) => (piece.quantity && app.hides(piece.id, piece.quantity) ? "?" : piece);
    return {
      ...rest,
      rows: rows.map((row) => expandedUnless(row, mask)),
      factors: factors?.map((each) => ({ ...each, number: mask(each.number) })),
    };
  }

  // A row of which nothing is hidden keeps its formulas whole, for LaTeX.
  function expandedUnless(row, mask) {
    const parts = expanded(row).map(mask);
    return parts.includes("?") ? parts : row;
  }

  // A program that computes each of the equations, with the functions it needs imported.
  function pythonOf(list) {
    const lines = list.flatMap((each, k) => [...(k ? [""] : []), ...pythonLines(each)]);
    const used = new Set([...app.graph.nodes.map(({ op }) => op), ...Object.keys(app.formulas.activations), "step", "sign", "exp", "log"]);
    const called = new Set(
      lines
        .flatMap((line) => [...line.split("#")[0].matchAll(/\b([a-z]\w*)\(/g)].map((match) => match[1]))
        .filter((name) => used.has(name)),
    );
    return [...(called.size ? [`from tinygrad_bp.core.ops import ${[...called].sort().join(", ")}`, ""] : []), ...lines].join("\n");
  }

  function pythonLines({ key, left, rows, factors = [] }) {
    const { notation } = app;
    const known = new Map(); // what the formula speaks of, each once
    const give = (name, piece, formula) =>
      known.set(name, `${name} = ${notation.python([{ ...piece, enclose: false }])}${formula ? `  # ${notation.plain(formula)}` : ""}`);
    for (const { piece, formula, number } of factors) give(notation.pythonSymbol(piece), number, formula);
    // A gradient is written with its factors where it has several, all else with the nodes in the formula.
    const symbols = rows.find((row) =>
      expanded(row).some((piece) => (factors.length ? piece.of !== undefined : piece.name !== undefined || key === "update")),
    );
    const name = key === "update" ? `${notation.python([left[0]])}_new` : notation.python(left);
    const result = notation.python([rows.at(-1).at(-1)]);
    if (!symbols) return [`${name} = ${result}`];
    for (const piece of expanded(symbols)) {
      if (piece.name !== undefined)
        give(notation.python([piece]), app.hides(piece.name, "data") ? "?" : { number: latest.data[piece.name] });
    }
    if (key === "update") return [`${name} = ${notation.python(rows[1])}  # ${result}`];
    known.delete(name);
    return [...known.values(), `${name} = ${notation.python(symbols)}  # ${result}`];
  }

  function build(list) {
    const { notation } = app;
    live = [];
    const hide = (piece) => piece.quantity && app.hides(piece.id, piece.quantity);
    const onFactor = (fraction, piece) => {
      const lit = () =>
        app.light(app.graph.routes(piece.of, piece.by, piece.whole ? null : app.formulas.labelled), new Set([piece.of, piece.by]));
      fraction.tabIndex = 0;
      for (const kind of ["mouseenter", "focus"]) fraction.addEventListener(kind, lit);
      for (const kind of ["mouseleave", "blur"]) fraction.addEventListener(kind, () => app.light(null));
    };
    const html = (row) => {
      const made = notation.html(row, { hide, onFactor });
      live.push(...made.filter((element) => element.tagName === "DATA"));
      return made;
    };
    const line = (left, row, k, count) =>
      el(
        "div",
        { class: "formula-row" },
        el("span", { class: "formula-left" }, k ? "" : html(left)),
        el("span", { class: "formula-equals" }, "="),
        el("span", { class: k === count - 1 ? "formula-right formula-result" : "formula-right" }, html(row)),
      );
    const factor = ({ piece, formula, number }) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, html([piece])),
        el("td", {}, formula ? ["= ", html(formula)] : ""),
        el("td", { class: "number" }, "= ", html([{ ...number, enclose: false }])),
      );
    body.replaceChildren(
      ...list.map(({ key, left, rows, factors = [] }) =>
        el(
          "section",
          { class: "formula-part" },
          el("h3", {}, text(`formula.${key}`)),
          el(
            "div",
            { class: "formula-equation", role: "group", tabIndex: 0, "aria-label": text(`formula.${key}`) },
            rows.map((row, k) => line(left, row, k, rows.length)),
          ),
          factors.length > 0 &&
            el("table", { class: "formula-factors" }, el("caption", {}, text("formula.factors")), el("tbody", {}, factors.map(factor))),
        ),
      ),
    );
  }

  function render(frame) {
    latest = frame;
    shown = app.view.selected ?? frame.current?.node ?? null;
    const id = shown;
    const chosen = id !== null;
    empty.hidden = chosen;
    for (const element of [editor, copies, body, heading, ghost, delta]) element.hidden = !chosen;
    if (!chosen) {
      accumulation.hidden = note.hidden = true;
      return;
    }
    const node = app.graph.nodes[id];
    const list = equations(app, frame, id).filter(({ key }) => frame.phase !== "forward" || key === "data" || !node.op);
    const numbers = list
      .flatMap(({ left, rows, factors = [] }) => expanded([...left, ...rows.flat(), ...factors.map((each) => each.number)]))
      .filter((piece) => piece.number !== undefined);
    const now = JSON.stringify([
      id,
      frame.settings.variant,
      frame.settings.accumulate,
      list.map((each) => each.key),
      numbers.map((piece) => piece.number < 0),
      app.view.quiz ?? null,
      app.solved,
    ]);
    if (now !== shape) {
      shape = now;
      heading.replaceChildren(app.notation.nameElement(id), el("span", { class: "formula-kind" }, text(kindOf(app, id))));
      build(list);
    } else {
      const order = numbers.filter((piece) => !(piece.quantity && app.hides(piece.id, piece.quantity)));
      order.forEach((piece, k) => {
        put(live[k], written(piece.number));
        set(live[k], "value", exactly(piece.number));
        set(live[k], "title", exactly(piece.number));
      });
    }
    const leaf = !node.op;
    editor.hidden = !leaf;
    if (leaf && document.activeElement !== field) field.value = app.hides(id, "data") ? "" : exactly(frame.data[id]);
    const adding = happening(app.graph, frame);
    accumulation.hidden = adding?.node !== id;
    if (!accumulation.hidden)
      accumulation.replaceChildren(
        ...app.notation.html(adding.pieces, { hide: (piece) => piece.quantity && app.hides(piece.id, piece.quantity) }),
      );
    const { sequential, accumulate } = frame.settings;
    note.hidden = !sequential && !accumulate;
    put(note, [sequential && text("formula.sequential"), accumulate && text("formula.accumulate")].filter(Boolean).join(" "));
    const deltas = new Set(
      list
        .flatMap(({ rows, factors = [] }) => [...rows.flat(), ...factors.flatMap(({ formula }) => formula ?? [])])
        .map((piece) => piece.delta)
        .filter(Boolean),
    );
    put(delta, deltas.size ? text("formula.delta", { names: [...deltas].map((name) => `δ ${name.slice(6)}`).join(", ") }) : "");
    put(ghost, frame.ghost ? without(id, frame) : "");
    toggle(root, "formula-grad", app.view.quantity === "grad");
  }

  // What the numbers would be without the changes that were made.
  function without(id, frame) {
    const told = (quantity, now, before) =>
      now === before || app.hides(id, quantity) ? "" : text(`formula.was.${quantity}`, { number: written(before) });
    return [told("data", frame.data[id], frame.ghost.data[id]), told("grad", frame.grads[id], frame.ghost.grads[id])]
      .filter(Boolean)
      .join(" ");
  }

  return { root, render };
}

function kindOf(app, id) {
  const { graph } = app;
  if (id === graph.result) return "kind.result";
  if (graph.biases.has(id)) return "kind.bias";
  if (graph.parameters.includes(id)) return "kind.weight";
  if (!graph.nodes[id].op) return graph.network?.inputs.includes(id) ? "kind.input" : "kind.leaf";
  for (const neuron of graph.network?.neurons ?? []) {
    if (neuron.out === id) return "kind.out";
    if (neuron.net === id) return "kind.net";
  }
  return "kind.node";
}
