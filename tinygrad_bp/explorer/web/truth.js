// The check: autograd beside central differences, and for the worked example beside what is printed and the derivation by hand.

import { el, put, set, toggle } from "./svg.js";
import { counted, exactly, written } from "./numbers.js";
import { nameElement } from "./names.js";
import { Training } from "./training.js";
import { text } from "./text.js";

const STEP = 1e-5; // of a central difference: its own error is then about as large as that of rounding
const ROUNDS = 10_000;
const MARKS = { holds: "✓", agrees: "✓", erratum: "≠", notJudged: "–", differs: "✗" };
// The figures of the training, by the number of updates before the forward pass that sees them.
const UPDATES = { "E_total after 1 update": 1, "E_total after 10000 rounds": ROUNDS - 1 };
// What is explained below the table, in this order. The last figure is right; what is mistaken is a formula for it.
const NOTES = ["dE_o2/dout_h1", "E_total after 1 update", "E_total after 10000 rounds", "net_h1"];

export function truthView(app) {
  const { root, update } = app.description.tutorial ? figuresTable(app) : parametersTable(app);
  let seen = "";

  function render(frame) {
    const { rate, variant, sequential, accumulate } = frame.settings;
    const { leaves, parameters, variables } = app.graph;
    const key = JSON.stringify([
      rate,
      variant,
      sequential,
      accumulate,
      leaves.map((id) => frame.data[id]),
      parameters.map((id) => frame.sums[id]),
      variables.filter((id) => app.hides(id, "data")),
      variables.filter((id) => app.hides(id, "grad")),
    ]);
    if (key === seen) return;
    seen = key;
    update(frame);
  }

  return { root, render };
}

function sectionOf(intro, remarks, columns, bodies, ...more) {
  const headings = columns.map((key) => el("th", { scope: "col", title: text(`${key}.help`) }, text(key)));
  return el(
    "section",
    { class: "truth" },
    el("h2", {}, text("truth.title")),
    el("p", { class: "quiet small" }, text(intro)),
    remarks,
    el(
      "div",
      { class: "truth-scroll", tabIndex: 0, role: "region", "aria-label": text("truth.title") },
      el("table", { class: "truth-table" }, el("thead", {}, el("tr", {}, headings)), bodies),
    ),
    more,
  );
}

// Sentences on how what is shown differs from what is usual.
function remarksOn({ settings }, ...more) {
  const keys = [...more, settings.sequential && "truth.sequential", settings.accumulate && "truth.accumulate"];
  return keys.filter(Boolean).map((key) => el("p", {}, text(key)));
}

function emptyCells(count) {
  return Array.from({ length: count }, () => el("td", { class: "truth-number" }));
}

function showNumber(cell, x, hidden) {
  put(cell, hidden ? "?" : written(x));
  set(cell, "title", hidden ? "" : exactly(x));
}

function showVerdict(cell, verdict) {
  put(cell, `${MARKS[verdict]} ${text(`truth.${verdict}`)}`);
  for (const each of Object.keys(MARKS)) toggle(cell, each, each === verdict);
}

function isClose(a, b, tolerance) {
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

// The derivative of one node by another from forward passes alone: how far both go when a leaf goes a little up and down. Null if no leaf
// of `handles` moves `by`.
function centralDifference(graph, { data, settings }, of, by, handles = [by], least = 1) {
  const usual = (id) => STEP * Math.max(least, Math.abs(data[id]));
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
    let step = usual(leaf);
    if (leaf !== by) {
      const [, far] = apart(step);
      if (far === 0) continue;
      step *= (2 * usual(by)) / Math.abs(far); // so that `by` goes as far as a leaf would
    }
    const [change, move] = apart(step);
    return change / move;
  }
  return null;
}

// The leaves that change a node only by way of another: what follows when they move that one is a derivative by it.
function handlesOf(graph, of, by) {
  if (!graph.nodes[by].op) return [by];
  return graph.leaves.filter((leaf) => graph.routes(by, leaf).size > 0 && graph.routes(of, leaf, new Set([by])).size === 0);
}

// Any graph: each parameter's gradient and the central difference.
function parametersTable(app) {
  const { graph } = app;
  const remarks = el("div", { class: "truth-remarks" });
  const rows = graph.parameters.map((id) => {
    const [gradient, difference, apart] = emptyCells(3);
    const verdict = el("td", { class: "truth-verdict" });
    const element = el("tr", {}, el("th", { scope: "row" }, nameElement(graph.nodes[id].name)), gradient, difference, apart, verdict);
    return { id, gradient, difference, apart, verdict, element };
  });
  const columns = ["truth.parameter", "truth.autograd", "truth.difference", "truth.apart", "truth.verdict"];
  const root = sectionOf(
    "truth.introGraph",
    remarks,
    columns,
    el(
      "tbody",
      {},
      rows.map(({ element }) => element),
    ),
  );

  function update(frame) {
    remarks.replaceChildren(...remarksOn(frame));
    // What rounding leaves of a difference does not shrink with the derivative.
    const noise = 1e-9 * Math.max(1, Math.abs(frame.data[graph.result]));
    for (const { id, gradient, difference, apart, verdict } of rows) {
      const hidden = app.hides(id, "grad");
      const found = frame.grads[id];
      // Near an end of the domain, as of a logarithm, only a step that is small beside the number itself stays inside.
      const checks = [1, 0].map((least) => centralDifference(graph, frame, graph.result, id, [id], least)).filter(Number.isFinite);
      const check = checks.find((each) => isClose(found, each, 1e-5)) ?? checks[0] ?? NaN;
      const distance = Math.abs(found - check);
      showNumber(gradient, found, hidden);
      showNumber(difference, check, hidden);
      put(apart, hidden ? "?" : written(distance && distance / Math.max(Math.abs(found), Math.abs(check)), 2));
      const agrees = distance <= noise || isClose(found, check, 1e-5);
      showVerdict(
        verdict,
        agrees ? "agrees" : Number.isFinite(found) && Number.isFinite(check) && smooth(frame, id) ? "differs" : "notJudged",
      );
    }
  }

  // Whether the result changes alike on both sides of a parameter: at a kink, as of relu at 0, it has no derivative to compare with.
  function smooth(frame, id) {
    const step = STEP * Math.max(1e-12, Math.abs(frame.data[id]));
    const [below, here, above] = [-step, 0, step].map((move) => {
      const moved = Float64Array.from(frame.data);
      moved[id] += move;
      return graph.forward(moved, frame.settings.variant)[graph.result];
    });
    return isClose(above - here, here - below, 1e-2);
  }

  return { root, update };
}

// What a figure is called and how it is computed, as it is printed, in pieces for Notation.
function piecesOf(formula, ids) {
  return formula.split(/( {2}\(the node delta of \w+\)|d\w+\/d\w+|[A-Za-z]\w*)/).flatMap((part) => {
    const derivative = /^d(\w+)\/d(\w+)$/.exec(part);
    const delta = /node delta of (\w+)/.exec(part);
    if (derivative) return { of: ids.get(derivative[1]), by: ids.get(derivative[2]), whole: 1 };
    if (delta) return [" = ", { delta: `delta_${delta[1]}` }];
    if (ids.has(part)) return { name: ids.get(part) };
    return { eta: "η", sigmoid: "σ" }[part] ?? part.replace(/ ?(\*\*?) ?/g, " $1 ");
  });
}

// How a figure is found by autograd and by central differences, at a place of the training, and the number that would give it away.
function figureOf(graph, name, ids) {
  if (name in UPDATES) {
    return { autograd: (frame, { told }) => told.errors[UPDATES[name]], difference: () => null, secret: [graph.result, "data"] };
  }
  const derivative = /^d(\w+)\/d(\w+)$/.exec(name);
  if (derivative) {
    const [of, by] = [ids.get(derivative[1]), ids.get(derivative[2])];
    const handles = handlesOf(graph, of, by);
    return {
      autograd: ({ grads, slopes }) => (of === graph.result ? grads[by] : graph.derivative(slopes, of, by)),
      difference: (frame) => centralDifference(graph, frame, of, by, handles),
      secret: [by, "grad"],
    };
  }
  const id = ids.get(name.replace("+", ""));
  if (name.endsWith("+")) {
    const after = ({ data, sums, settings }, gradient) => data[id] - settings.rate * (settings.accumulate ? sums[id] + gradient : gradient);
    return {
      autograd: (frame) => after(frame, frame.grads[id]),
      difference: (frame) => after(frame, centralDifference(graph, frame, graph.result, id)),
      secret: [id, "grad"],
    };
  }
  return { autograd: ({ data }) => data[id], difference: () => null, secret: [id, "data"] };
}

// All that the derivation by hand finds for these numbers, by name.
function derivedByHand({ takes, returns }, numberOf) {
  const found = PROGRAMS.hand(...takes.map(numberOf));
  return new Map(returns.map((name, k) => [name, found[k]]));
}

// The training of the text from its own numbers: by autograd as it is told, with the sequential update, and by hand.
function ownTrainings({ graph, training, description }) {
  const { original } = training;
  const [told, sequential] = [original, { ...original, sequential: true }].map((settings) => new Training(graph, settings));
  told.advance(ROUNDS);
  sequential.advance(ROUNDS);
  const numbers = new Map([["eta", original.rate], ...graph.leaves.map((id) => [graph.nodes[id].label, graph.start[id]])]);
  const trained = told.trained(original).map((id) => graph.nodes[id].label);
  const byHand = [];
  for (let round = 0; round < ROUNDS; round++) {
    const found = derivedByHand(description.tutorial.hand, (name) => numbers.get(name));
    byHand.push(found.get("E_total"));
    for (const name of trained) numbers.set(name, found.get(`${name}+`));
  }
  return { told, sequential, byHand };
}

// The worked example: each of its figures, and below them where the text and the mathematics part.
function figuresTable(app) {
  const { graph, notation } = app;
  const { figures, hand } = app.description.tutorial;
  const { original } = app.training;
  const ids = new Map(graph.nodes.map(({ id, label }) => [label, id]));
  const remarks = el("div", { class: "truth-remarks" });
  const notes = el("ol", { class: "truth-notes" });
  const columns = ["truth.printed", "truth.hand", "truth.autograd", "truth.difference"];
  const heading = (kind, ...words) =>
    el("tr", {}, el("th", { class: kind, scope: "rowgroup", colSpan: columns.length }, el("div", { class: "truth-line" }, words)));

  const bodies = [];
  const rows = figures.map(([stage, name, formula, printed], k) => {
    if (stage !== figures[k - 1]?.[0]) bodies.push(el("tbody", {}, heading("truth-stage", text(`truth.${stage}`))));
    const [left, right] =
      name in UPDATES
        ? [`truth.after${UPDATES[name]}`, `truth.after${UPDATES[name]}.formula`].map((key) => text(key))
        : [name.replace("+", "⁺"), formula].map((each) => notation.html(piecesOf(each, ids)));
    const [print, byHand, autograd, difference] = emptyCells(4);
    const verdict = el("span", { class: "truth-verdict", title: text("truth.verdict.help") });
    const note = NOTES.indexOf(name) + 1;
    const see = note > 0 && el("span", { class: "quiet" }, ` · ${text("truth.note", { number: note })}`);
    bodies.push(
      el(
        "tbody",
        {},
        heading("truth-figure", el("span", {}, left, " = ", right), el("span", { class: "truth-end" }, verdict, see)),
        el("tr", {}, print, byHand, autograd, difference),
      ),
    );
    return { name, printed, figure: figureOf(graph, name, ids), print, byHand, autograd, difference, verdict };
  });
  const root = sectionOf("truth.intro", remarks, columns, bodies, el("h2", {}, text("truth.errata")), notes);
  let trainings = null;
  let errata = [];

  function update(frame) {
    if (!trainings) {
      trainings = ownTrainings(app);
      errata = errataOf(app, ids, trainings);
    }
    notes.replaceChildren(...(rows.some(({ figure }) => app.hides(...figure.secret)) ? [] : errata)); // which would tell a hidden number
    const { data, settings } = frame;
    const known = settings.variant === original.variant; // the derivation by hand is for these activations
    const found = known ? derivedByHand(hand, (name) => (name === "eta" ? settings.rate : data[ids.get(name)])) : new Map();
    const usual = known && settings.rate === original.rate && !settings.sequential;
    const atStart = usual && graph.leaves.every((id) => data[id] === graph.start[id]);
    remarks.replaceChildren(...remarksOn(frame, !atStart && "truth.elsewhere", !known && "truth.noHand"));
    for (const { name, printed, figure, print, byHand, autograd, difference, verdict } of rows) {
      const hidden = app.hides(...figure.secret);
      const derived = name in UPDATES ? trainings.byHand[UPDATES[name]] : (found.get(name) ?? null);
      const graphs = figure.autograd(frame, trainings);
      put(print, hidden ? "?" : printed.replace("-", "−"));
      showNumber(byHand, derived, hidden);
      showNumber(autograd, graphs, hidden);
      showNumber(difference, figure.difference(frame), hidden);
      showVerdict(verdict, judged(name, printed, derived, graphs, atStart || name in UPDATES));
    }
  }

  function judged(name, printed, derived, graphs, applies) {
    if (derived !== null && !isClose(derived, graphs, 1e-12)) return "differs";
    if (!applies) return "notJudged";
    if (NOTES.slice(0, -1).includes(name)) return "erratum";
    return derived.toFixed(printed.split(".")[1].length) === printed ? "holds" : "differs";
  }

  return { root, update };
}

// The errata, each with its cause in numbers that are computed here.
function errataOf(app, ids, { told, sequential }) {
  const { graph } = app;
  const { figures, hand, otherEditions } = app.description.tutorial;
  const { original } = app.training;
  const printed = new Map(figures.map(([, name, , print]) => [name, print]));
  const start = (name) => (name === "eta" ? original.rate : graph.start[ids.get(name)]);
  const exact = derivedByHand(hand, start);

  const out = Number(printed.get("out_o2"));
  const product = (out - start("target_o2")) * out * (1 - out) * start("w7");
  const [whole, other] = ["dE_total/dout_h1", "dE_o1/dout_h1"].map((name) => printed.get(name));

  const asPrinted = Float64Array.from(graph.start);
  for (const [name, print] of printed) if (name.endsWith("+")) asPrinted[ids.get(name.slice(0, -1))] = Number(print);
  const outputs = (training) => {
    const data = graph.forward(training.at(ROUNDS).leaves, original.variant);
    return otherEditions.map(([name]) => written(data[ids.get(name)], 10)).join(", ");
  };

  const given = [
    {
      exact: written(exact.get("dE_o2/dout_h1"), 12),
      out: printed.get("out_o2"),
      product: written(product, 12),
      rounded: written(product, 9),
      whole,
      other,
      remainder: written(whole - other, 9),
    },
    {
      right: written(told.errors[1], 11),
      mistaken: written(sequential.errors[1], 11),
      asPrinted: written(graph.forward(asPrinted, original.variant)[graph.result], 9),
      editions: otherEditions.map(([, print]) => print).join(", "),
      sequential: outputs(sequential),
      simultaneous: outputs(told),
    },
    {
      rounds: counted(ROUNDS),
      updates: counted(ROUNDS - 1),
      seen: written(told.errors[ROUNDS - 1], 14),
      after: written(told.errors[ROUNDS], 14),
    },
    { right: written(exact.get("net_h1"), 4), slip: written(start("w1") * start("i1") + start("w3") * start("i2") + start("b1"), 4) },
  ];

  function see() {
    app.go({ round: 0 });
    if (!app.change({ settings: { sequential: true } })) return;
    app.training.advance(1);
    app.go({ round: 1 });
  }

  return NOTES.map((name, k) =>
    el(
      "li",
      {},
      el("h3", {}, text(`truth.note${k + 1}.title`)),
      el("p", {}, text(`truth.note${k + 1}`, { ...given[k], printed: printed.get(name).replace("-", "−") })),
      UPDATES[name] === 1 && el("p", {}, text("truth.note2.editions", given[k])),
      UPDATES[name] === 1 && el("button", { class: "button small", type: "button", onclick: see }, text("truth.see")),
    ),
  );
}
