// The check: autograd beside the derivation by hand, what is printed and central differences.

import { el, put, set, toggle } from "./svg.js";
import { exactly, written } from "./numbers.js";
import { nameElement } from "./names.js";
import { Training } from "./training.js";
import { counted } from "./curve.js";
import { text } from "./text.js";

const TRUTH_STEP = 1e-5; // of a central difference: its own error is then about as large as that of rounding
const TRUTH_ROUNDS = 10_000;
const TRUTH_MARKS = { holds: "✓", agrees: "✓", erratum: "≠", notJudged: "–", differs: "✗" };
// The figures of the training, by the number of updates before the forward pass that sees them.
const TRUTH_UPDATES = { "E_total after 1 update": 1, "E_total after 10000 rounds": TRUTH_ROUNDS - 1 };
// What is explained below the table, in this order. The last figure is right; what is mistaken is a formula for it.
const TRUTH_NOTES = ["dE_o2/dout_h1", "E_total after 1 update", "E_total after 10000 rounds", "net_h1"];

export function truthView(app) {
  const { root, update } = app.description.tutorial ? truthFigures(app) : truthParameters(app);
  let seen = "";

  function render(frame) {
    const { rate, variant, sequential, accumulate } = frame.settings;
    const { leaves, parameters, variables } = app.graph;
    const key = JSON.stringify([rate, variant, sequential, accumulate, leaves.map((id) => frame.data[id]), parameters.map((id) => frame.sums[id]),
      variables.filter((id) => app.hides(id, "data")), variables.filter((id) => app.hides(id, "grad"))]);
    if (key === seen) return;
    seen = key;
    update(frame);
  }

  return { root, render };
}

function truthTable(label, columns, bodies) {
  return el("div", { class: "truth-scroll", tabIndex: 0, role: "region", "aria-label": label }, el("table", { class: "truth-table" },
    el("thead", {}, el("tr", {}, columns.map((key) => el("th", { scope: "col", title: text(`${key}.help`) }, text(key))))), bodies));
}

function truthNumber(cell, x, hidden) {
  put(cell, hidden ? "?" : written(x));
  set(cell, "title", hidden ? "" : exactly(x));
}

function truthVerdict(cell, verdict) {
  put(cell, `${TRUTH_MARKS[verdict]} ${text(`truth.${verdict}`)}`);
  for (const each of Object.keys(TRUTH_MARKS)) toggle(cell, each, each === verdict);
}

function truthClose(a, b, tolerance) {
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

// Leaves that can stand for a node when it is to be moved: they change `of` only by way of `by`.
function truthHandles(graph, of, by) {
  if (!graph.nodes[by].op) return [by];
  return graph.leaves.filter((leaf) => graph.routes(by, leaf).size > 0 && graph.routes(of, leaf, new Set([by])).size === 0);
}

// The derivative of one node by another from forward passes alone: how far both go when a leaf goes a little up and down. The step is the
// usual one for `by`, whichever leaf moves it. null if no leaf does.
function truthDifference(graph, { data, settings }, { of, by, handles }) {
  for (const leaf of handles) {
    const at = (x) => {
      const moved = Float64Array.from(data);
      moved[leaf] = x;
      return graph.forward(moved, settings.variant);
    };
    const apart = (step) => {
      const [above, below] = [at(data[leaf] + step), at(data[leaf] - step)];
      return [above[of] - below[of], above[by] - below[by]];
    };
    const usual = (id) => TRUTH_STEP * Math.max(1, Math.abs(data[id]));
    const [, far] = apart(usual(leaf));
    if (far === 0) continue;
    const [change, move] = apart((usual(leaf) * 2 * usual(by)) / Math.abs(far));
    return change / move;
  }
  return null;
}

// The sentences on what the numbers of this place are not.
function truthRemarks({ settings }, more) {
  return [...more, settings.sequential && "truth.sequential", settings.accumulate && "truth.accumulate"].filter(Boolean).map((key) => el("p", {}, text(key)));
}

// Any graph: each parameter's gradient, and the central difference.
function truthParameters(app) {
  const { graph } = app;
  const remarks = el("div", { class: "truth-remarks" });
  const rows = graph.parameters.map((id) => {
    const [gradient, difference, apart] = Array.from({ length: 3 }, () => el("td", { class: "truth-number" }));
    const verdict = el("td", { class: "truth-verdict" });
    const element = el("tr", {}, el("th", { scope: "row" }, nameElement(graph.nodes[id].name)), gradient, difference, apart, verdict);
    return { id, gradient, difference, apart, verdict, element };
  });
  const root = el("section", { class: "truth" }, el("h2", {}, text("truth.title")), el("p", { class: "quiet small" }, text("truth.introGraph")), remarks,
    truthTable(text("truth.title"), ["truth.parameter", "truth.autograd", "truth.difference", "truth.apart", "truth.verdict"],
      el("tbody", {}, rows.map(({ element }) => element))));

  function update(frame) {
    remarks.replaceChildren(...truthRemarks(frame, []));
    for (const { id, gradient, difference, apart, verdict } of rows) {
      const hidden = app.hides(id, "grad");
      const found = frame.grads[id];
      const check = truthDifference(graph, frame, { of: graph.result, by: id, handles: [id] });
      const largest = Math.max(Math.abs(found), Math.abs(check));
      truthNumber(gradient, found, hidden);
      truthNumber(difference, check, hidden);
      put(apart, hidden ? "?" : written(largest && Math.abs(found - check) / largest, 2));
      // What rounding leaves of a difference does not shrink with the derivative.
      const noise = 1e-9 * Math.max(1, Math.abs(frame.data[graph.result]));
      truthVerdict(verdict, truthClose(found, check, 1e-5) || Math.abs(found - check) <= noise ? "agrees" : "differs");
    }
  }

  return { root, update };
}

// A formula as it is printed, in pieces for Notation.
function truthPieces(formula, ids) {
  return formula.split(/(\(the node delta of \w+\)|d\w+\/d\w+|[A-Za-z]\w*)/).map((part) => {
    const derivative = /^d(\w+)\/d(\w+)$/.exec(part);
    const delta = /^\(the node delta of (\w+)\)$/.exec(part);
    if (derivative) return { of: ids.get(derivative[1]), by: ids.get(derivative[2]), whole: 1 };
    if (delta) return { delta: `delta_${delta[1]}` };
    if (ids.has(part)) return { name: ids.get(part) };
    if (part === "  ") return " = ";
    return { eta: "η", sigmoid: "σ" }[part] ?? part.replace(/ ?(\*\*?) ?/g, " $1 ");
  });
}

// What a figure is: a derivative { of, by, handles }, a parameter after the update { updated }, an error of the training { updates }, or
// the data of a node { node }; and, for whether it is to be seen, which number of which node gives it away.
function truthQuantity(graph, name, ids) {
  if (name in TRUTH_UPDATES) return { updates: TRUTH_UPDATES[name], secret: [graph.result, "data"] };
  const derivative = /^d(\w+)\/d(\w+)$/.exec(name);
  if (derivative) {
    const [of, by] = [ids.get(derivative[1]), ids.get(derivative[2])];
    return { of, by, handles: truthHandles(graph, of, by), secret: [by, "grad"] };
  }
  if (name.endsWith("+")) {
    const updated = ids.get(name.slice(0, -1));
    return { of: graph.result, by: updated, handles: [updated], updated, secret: [updated, "grad"] };
  }
  return { node: ids.get(name), secret: [ids.get(name), "data"] };
}

// The worked example: each of its figures.
function truthFigures(app) {
  const { graph, notation, description } = app;
  const { figures, hand } = description.tutorial;
  const { original } = app.training;
  const ids = new Map(graph.nodes.map(({ id, label }) => [label, id]));
  const remarks = el("div", { class: "truth-remarks" });
  const notes = el("ol", { class: "truth-notes" });

  const columns = ["truth.printed", "truth.hand", "truth.autograd", "truth.difference"];
  const bodies = [];
  const rows = figures.map(([stage, name, formula, printed], k) => {
    const quantity = truthQuantity(graph, name, ids);
    const note = TRUTH_NOTES.indexOf(name) + 1;
    const shown = quantity.updates
      ? [text(`truth.after${quantity.updates}`), " = ", text(`truth.after${quantity.updates}.formula`)]
      : [quantity.updated ? [nameElement(graph.nodes[quantity.updated].name), "⁺"] : notation.html(truthPieces(name, ids)), " = ", notation.html(truthPieces(formula, ids))];
    const [print, byHand, autograd, difference] = Array.from({ length: 4 }, () => el("td", { class: "truth-number" }));
    const verdict = el("span", { class: "truth-verdict", title: text("truth.verdict.help") });
    if (k === 0 || figures[k - 1][0] !== stage) {
      bodies.push(el("tbody", {}, el("tr", {}, el("th", { class: "truth-stage", scope: "rowgroup", colSpan: columns.length }, text(`truth.${stage}`)))));
    }
    bodies.push(el("tbody", {},
      el("tr", {}, el("th", { class: "truth-figure", scope: "rowgroup", colSpan: columns.length }, el("div", { class: "truth-line" }, el("span", {}, shown),
        el("span", { class: "truth-end" }, verdict, note > 0 && el("span", { class: "quiet" }, ` · ${text("truth.note", { number: note })}`))))),
      el("tr", {}, print, byHand, autograd, difference)));
    return { name, printed, quantity, print, byHand, autograd, difference, verdict };
  });
  const root = el("section", { class: "truth" }, el("h2", {}, text("truth.title")), el("p", { class: "quiet small" }, text("truth.intro")), remarks,
    truthTable(text("truth.title"), columns, bodies), el("h2", {}, text("truth.errata")), notes);

  function byHand(numbers) {
    const found = PROGRAMS.hand(...hand.takes.map((name) => numbers.get(name)));
    return new Map(hand.returns.map((name, k) => [name, found[k]]));
  }

  function taken(data, rate) {
    return new Map(hand.takes.map((name) => [name, name === "eta" ? rate : data[ids.get(name)]]));
  }

  let trained = null;

  // The training of the text, from its own numbers: by autograd, by hand, and with the mistake of the sequential update.
  function trainings() {
    const [run, mistaken] = [original, { ...original, sequential: true }].map((settings) => new Training(graph, settings));
    run.advance(TRUTH_ROUNDS);
    mistaken.advance(TRUTH_ROUNDS);
    const numbers = taken(graph.start, original.rate);
    const errors = [];
    for (let round = 0; round < TRUTH_ROUNDS; round++) {
      const found = byHand(numbers);
      errors.push(found.get("E_total"));
      for (const id of run.trained(original)) numbers.set(graph.nodes[id].label, found.get(`${graph.nodes[id].label}+`));
    }
    return { run, mistaken, errors };
  }

  function update(frame) {
    if (!trained) {
      trained = trainings();
      notes.replaceChildren(...explanations());
    }
    const { data, grads, slopes, sums, settings } = frame;
    const { rate } = settings;
    const known = settings.variant === original.variant; // the derivation by hand is for these activations
    const found = known ? byHand(taken(data, rate)) : new Map();
    const judged = known && rate === original.rate && !settings.sequential && graph.leaves.every((id) => data[id] === graph.start[id]);
    remarks.replaceChildren(...truthRemarks(frame, [!judged && "truth.elsewhere", !known && "truth.noHand"]));
    for (const { name, printed, quantity, ...cells } of rows) {
      const { of, by, node, updated, updates } = quantity;
      const hidden = app.hides(...quantity.secret);
      const after = (gradient) => data[updated] - rate * (settings.accumulate ? sums[updated] + gradient : gradient);
      const slope = of === undefined ? null : truthDifference(graph, frame, quantity);
      let autograd;
      if (updates) autograd = trained.run.errors[updates];
      else if (node !== undefined) autograd = data[node];
      else if (updated !== undefined) autograd = after(grads[updated]);
      else autograd = of === graph.result ? grads[by] : graph.derivative(slopes, of, by);
      const exact = updates ? trained.errors[updates] : found.get(name) ?? null;
      put(cells.print, hidden ? "?" : printed.replace("-", "−"));
      truthNumber(cells.byHand, exact, hidden);
      truthNumber(cells.autograd, autograd, hidden);
      truthNumber(cells.difference, updated === undefined || slope === null ? slope : after(slope), hidden);
      truthVerdict(cells.verdict, verdict(exact, autograd, judged || updates, name, printed));
    }
  }

  function verdict(exact, autograd, judged, name, printed) {
    if (exact !== null && !truthClose(exact, autograd, 1e-12)) return "differs";
    if (!judged) return "notJudged";
    if (TRUTH_NOTES.slice(0, -1).includes(name)) return "erratum";
    return exact.toFixed(printed.split(".")[1].length) === printed ? "holds" : "differs";
  }

  function seeSequential() {
    app.go({ round: 0 });
    if (!app.change({ settings: { sequential: true } })) return;
    app.training.advance(1);
    app.go({ round: 1 });
  }

  // Where the text and the mathematics part, in numbers that are computed here.
  function explanations() {
    const print = new Map(figures.map(([, name, , printed]) => [name, printed]));
    const { run, mistaken } = trained;
    const { start } = graph;
    const number = (name) => start[ids.get(name)];
    const exact = byHand(taken(start, original.rate));
    const out = Number(print.get("out_o2"));
    const product = (out - number("target_o2")) * out * (1 - out) * number("w7");
    const [whole, other] = ["dE_total/dout_h1", "dE_o1/dout_h1"].map((name) => print.get(name));
    const asPrinted = Float64Array.from(start);
    for (const [name, printed] of print) if (name.endsWith("+")) asPrinted[ids.get(name.slice(0, -1))] = Number(printed);
    const ends = [mistaken, run].map((training) => graph.forward(training.at(TRUTH_ROUNDS).leaves, original.variant));
    const outputs = description.tutorial.otherEditions.map(([name, printed]) => [printed, ...ends.map((data) => written(data[ids.get(name)], 10))]);
    const [editions, sequential, simultaneous] = [0, 1, 2].map((k) => outputs.map((each) => each[k]).join(", "));
    const given = [
      { out: print.get("out_o2"), product: written(product, 12), exact: written(exact.get("dE_o2/dout_h1"), 12), rounded: written(product, 9),
        whole, other, remainder: written(whole - other, 9) },
      { mistaken: written(mistaken.errors[1], 11), right: written(run.errors[1], 11),
        asPrinted: written(graph.forward(asPrinted, original.variant)[graph.result], 9), editions, sequential, simultaneous },
      { rounds: counted(TRUTH_ROUNDS), updates: counted(TRUTH_ROUNDS - 1), seen: written(run.errors[TRUTH_ROUNDS - 1], 14), after: written(run.errors[TRUTH_ROUNDS], 14) },
      { right: written(exact.get("net_h1"), 4), slip: written(number("w1") * number("i1") + number("w3") * number("i2") + number("b1"), 4) },
    ];
    const see = el("button", { class: "button small", type: "button", onclick: seeSequential }, text("truth.see"));
    return TRUTH_NOTES.map((name, k) => el("li", {}, el("h3", {}, text(`truth.note${k + 1}.title`)),
      el("p", {}, text(`truth.note${k + 1}`, { ...given[k], printed: print.get(name).replace("-", "−") })), name === "E_total after 1 update" && see));
  }

  return { root, update };
}
