// Teacher's mode: a number is hidden, the reader computes it, and the answer says which factor was off.

import { el, onEnter, put, toggle } from "./svg.js";
import { parsed } from "./numbers.js";
import { expanded, formulaPiece, inNumbers } from "./names.js";
import { drawn } from "./training.js";
import { equations, factorPiece, joined } from "./formula.js";
import { text } from "./text.js";

const MOST_DIGITS = 15; // of more, the last ones depend on the order of additions
const MOST_SUMMANDS = 6; // of a gradient that is asked for unless it was selected

// The list of mistakes that people make, which marks of solutions read, too (lessons/marking/mistakes.json). In it are what is easily taken
// for the slope of an activation, as pairs of a formula of net input ⟦0⟧ and output ⟦1⟧ and a function of both; what is done wrong with
// factors and summands; and from how many digits on how many mistakes are named.
const { slopes: SLOPE_MIXUPS, factor: FACTOR, summand: SUMMAND, whole: WHOLE, slips: SLIPS } = MISTAKES;
const { least_digits: LEAST_DIGITS, most_named: MOST_MISTAKES, rounded_share: ROUNDED } = MISTAKES;

const session = { right: 0, tried: 0 }; // of this session, in whatever language it goes on

// What activations are that no pocket calculator has.
const ACTIVATION_MEANINGS = { sigmoid: "1 / (1 + exp(-⟦0⟧))", softplus: "log(1 + exp(⟦0⟧))", relu: "max(0, ⟦0⟧)" };

// What an answer says of a question.
//
// A question is { value, terms, others }: the true number, the sum of products that it is, and mistakes of other kinds as { key, value }.
// A term is a list of factors { pieces, value, formula, instead }; `instead` is what is easily put in a factor's place, as a list of
// { pieces, value }. Returns { kind }: "none" if no number was typed; "right"; "few" if it is right, but to too few digits; "mistake" with
// those `found` that lead to what was typed, each { key, value } and what its sentence names; "rounded" with the `digits` that agree;
// or "far" with the `ratio` to the true number, null if that is 0.
export function diagnosis(question, typed) {
  const answer = answerOf(typed);
  if (!answer) return { kind: "none" };
  const { value } = question;
  if (fits(answer, value)) return { kind: "right" };
  if (fits(answer, value, 1)) return { kind: "few" };
  for (const mistakes of [mistakesOf(question), slipsOf(value)]) {
    const found = mistakes.filter((mistake) => fits(answer, mistake.value));
    if (found.length) return { kind: "mistake", found: found.slice(0, MOST_MISTAKES) };
  }
  const off = Math.abs(answer.x / value - 1);
  if (off <= ROUNDED) return { kind: "rounded", digits: Math.floor(-Math.log10(2 * off)) };
  return { kind: "far", ratio: value === 0 ? null : answer.x / value };
}

// The number that was typed, how many of its digits are significant, and what the last of them counts. Null if it is no number.
function answerOf(typed) {
  const x = parsed(typed);
  if (x === null) return null;
  const [mantissa] = typed.split(/e/i);
  const digits = Math.min(MOST_DIGITS, mantissa.replace(/\D/g, "").replace(/^0+/, "").length);
  const [, exponent] = x.toExponential().split("e");
  return { x, digits, unit: Number(`1e${Number(exponent) - digits + 1}`) };
}

// Whether the answer is this number, to as many digits as were typed, rounded or cut off there.
function fits({ x, digits, unit }, value, least = LEAST_DIGITS) {
  if (x === value) return true;
  if (digits < least || Math.sign(x) !== Math.sign(value)) return false;
  const last = Math.round(Math.abs(x) / unit);
  const size = Math.abs(value) / unit;
  return last === Math.round(size) || last === Math.floor(size * (1 + Number.EPSILON));
}

function productOf(factors) {
  return factors.reduce((product, factor) => product * factor.value, 1);
}

// Mistakes in the factors and summands, and the others that are known of this question.
function mistakesOf({ value, terms, others: more = [] }) {
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
      const by = (x) => value - product + others * x;
      const full = formula ? [...what, " = ", ...formula] : what;
      found.push(...instead.map((wrong) => ({ key: "replaced", what: full, number, wrong: wrong.pieces, value: by(wrong.value) })));
      if (term.length === 1) continue;
      found.push({ key: "factor", what, value: number });
      found.push(...Object.entries(FACTOR).map(([key, power]) => ({ key, what, number, value: by(number ** power) })));
    }
  }
  return [...found, ...more];
}

// Mistakes that are made with any number.
function slipsOf(value) {
  return SLIPS.map(([key, times]) => ({ key, value: times * value }));
}

// A formula of the package taken apart; null if there is none.
function takenApart(formula) {
  return formula && expanded(formula);
}

function symbolOf(app, { id, quantity }) {
  return quantity === "data" ? { name: id } : { of: app.graph.result, by: id, whole: 1 };
}

// The question about a hidden number. Beside what `diagnosis` reads: its `symbols`, or null; and `known`, what hints tell, each
// { left, formula, value }: a part of the symbols, how it is computed, and its number; either may be null.
function questionOf(app, frame, { id, quantity }) {
  return quantity === "data" ? dataQuestion(app, frame, id) : gradientQuestion(app, frame, id);
}

function dataQuestion(app, frame, id) {
  const { variant } = frame.settings;
  const terms = sumOf(app, frame, id, true);
  const symbols = takenApart(app.formulas.forward(id, variant)) ?? (terms.length > 1 ? symbolsOf(terms) : null);
  const { op, args } = app.graph.nodes[id];
  const neuron = app.formulas.neuronOf.get(id);
  const meaning = ACTIVATION_MEANINGS[neuron && neuron.net !== id ? app.formulas.activation(neuron, variant) : op];
  return {
    value: frame.data[id],
    symbols,
    terms,
    others: [{ key: "gradient", what: [{ name: id }], value: frame.grads[id] }],
    known: [
      ...(meaning ? [{ left: symbols, formula: takenApart([formulaPiece([meaning], args)]), value: null }] : []),
      ...numbersIn(frame, symbols ?? app.graph.into[id].map((edge) => ({ name: edge.tail }))),
    ],
  };
}

function symbolsOf(terms) {
  return joined(
    terms.map((term) =>
      joined(
        term.map((factor) => factor.pieces),
        " · ",
      ),
    ),
    " + ",
  );
}

// The numbers of the nodes that are named in a formula.
function numbersIn(frame, formula) {
  const ids = new Set(formula.filter((piece) => piece.name !== undefined).map((piece) => piece.name));
  return [...ids].map((id) => ({ left: [{ name: id }], formula: null, value: frame.data[id] }));
}

// A node's number as a sum of products, down to nodes with labels. `asked` for the node that the question is about.
function sumOf(app, frame, id, asked = false) {
  const { nodes } = app.graph;
  const { op, args } = nodes[id];
  const inner = (arg) => (nodes[arg].op && !nodes[arg].label ? sumOf(app, frame, arg) : [[nodeFactor(app, frame, arg)]]);
  const single = (arg) => {
    const terms = inner(arg);
    return terms.length === 1 ? terms[0] : [nodeFactor(app, frame, arg)];
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
  return [[nodeFactor(app, frame, id, asked)]];
}

// A node as a factor.
function nodeFactor(app, frame, id, asked = false) {
  const { nodes, into } = app.graph;
  const written = writtenOf(app, frame, id, asked);
  const loose = !asked && !nodes[id].label && ["add", "sub", "sum_of", "dot"].includes(nodes[id].op);
  const instead = nodes[id].constant ? [] : mixupsOf(app, frame, id);
  if (asked && into[id].length === 1) {
    const [{ tail, index }] = into[id];
    const slope = takenApart(app.formulas.factor({ of: id, by: tail, whole: 1 }, frame.settings.variant));
    if (slope) instead.push({ pieces: slope, value: frame.slopes[index] });
  }
  return { pieces: loose ? ["(", ...written, ")"] : written, value: frame.data[id], instead };
}

// A node by its label; one without, or one that is asked for, by its formula.
function writtenOf(app, frame, id, asked = false) {
  const { op, label } = app.graph.nodes[id];
  return (op && (asked || !label) && takenApart(app.formulas.forward(id, frame.settings.variant))) || [{ name: id }];
}

// A parameter after the update; undefined if the node is not trained.
function updatedOf(app, frame, id) {
  return equations(app, frame, id)
    .find(({ key }) => key === "update")
    ?.rows.at(-1)[0].number;
}

// What is easily taken for a node's number: that of a parameter after the update; that of the only node it is computed from, as the net
// input for the output; those of weights or signals beside it.
function mixupsOf(app, frame, id) {
  const { into, network } = app.graph;
  const after = updatedOf(app, frame, id);
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
    ...[...beside].map((other) => ({ pieces: writtenOf(app, frame, other), value: frame.data[other] })),
  ];
}

// The products of derivatives that a gradient is the sum of.
function productsOf(app, id) {
  const { chain, terms } = app.formulas.terms(id);
  return chain ? [chain] : terms;
}

function gradientQuestion(app, frame, id) {
  const terms = productsOf(app, id).map((product) => product.map((factor) => derivativeFactor(app, frame, factorPiece(factor))));
  const factors = [...new Map(terms.flat().map((factor) => [app.notation.symbol(factor.pieces[0]), factor])).values()];
  const only = factors.length === 1 ? factors[0] : null;
  return {
    value: frame.grads[id],
    symbols: symbolsOf(terms),
    terms,
    others: wholeMistakes(app, frame, id),
    // The number of an only factor is the answer: of it, the numbers in its formula are told.
    known: only
      ? [{ left: only.pieces, formula: only.formula, value: null }, ...numbersIn(frame, only.formula ?? [])]
      : factors.map(({ pieces: left, formula, value }) => ({ left, formula, value })),
  };
}

function valueOf({ formulas }, { slopes }, piece) {
  return piece.edge === undefined ? formulas.value(piece, slopes) : slopes[piece.edge];
}

// What a gradient is the sum of, as { pieces, value }.
function summandsOf(app, frame, id) {
  const { parts, terms } = app.formulas.terms(id);
  return (parts.length ? parts.map((part) => [part]) : terms).map((product) => {
    const factors = product.map(factorPiece);
    const value = factors.reduce((x, factor) => x * valueOf(app, frame, factor), 1);
    return {
      pieces: joined(
        factors.map((factor) => [factor]),
        " · ",
      ),
      value,
    };
  });
}

// A derivative as a factor, with its formula, which may be null.
function derivativeFactor(app, frame, piece) {
  const { variant } = frame.settings;
  const value = valueOf(app, frame, piece);
  let formula = takenApart(app.formulas.factor(piece, variant));
  const instead = [];
  const neuron = app.formulas.neuronOf.get(piece.of);
  if (neuron && neuron.net === piece.by) {
    for (const [template, slope] of SLOPE_MIXUPS[app.formulas.activation(neuron, variant)] ?? []) {
      instead.push({
        pieces: takenApart([formulaPiece([template], [neuron.net, neuron.out])]),
        value: slope(frame.data[neuron.net], frame.data[neuron.out]),
      });
    }
  } else if (formula?.[0] === "-(") {
    instead.push({ pieces: formula.slice(1, -1), value: -value });
  } else if (formula?.length === 1 && formula[0].name !== undefined) {
    instead.push(...mixupsOf(app, frame, formula[0].name));
  } else if (!formula && piece.of === app.graph.result) {
    const sum = summandsOf(app, frame, piece.by);
    const written = joined(
      sum.map((summand) => summand.pieces),
      " + ",
    );
    if (written.length > 1) formula = written;
    for (const summand of sum.length > 1 ? sum : []) {
      const others = sum.filter((other) => other !== summand);
      instead.push({
        pieces: joined(
          others.map((other) => other.pieces),
          " + ",
        ),
        value: value - summand.value,
      });
      const turned = sum.flatMap((each, k) => [each === summand ? " − " : k ? " + " : "", ...each.pieces]);
      instead.push({ pieces: turned, value: value - 2 * summand.value });
    }
  }
  return { pieces: [piece], formula, value, instead };
}

// Mistakes with a gradient as a whole.
function wholeMistakes(app, frame, id) {
  const { graph, training } = app;
  const { settings, data, grads, sums, leaves } = frame;
  const { rate, sequential, accumulate } = settings;
  const value = grads[id];
  const updated = updatedOf(app, frame, id);
  const otherwise = graph.backward(training.slopes(data, { settings: { ...settings, sequential: !sequential }, sums, leaves }));
  const heads = [...graph.routes(graph.result, id)].map((index) => graph.nodes[graph.edges[index].head]);
  const byTwo = (op) => heads.some((node) => node.op === op && graph.nodes[node.args[1]].data === 2);
  const what = [{ name: id }];
  return [
    { key: sequential ? "before" : "after", value: otherwise[id] },
    byTwo("pow") && { key: "halved", value: WHOLE.halved * value },
    byTwo("div") && { key: "doubled", value: WHOLE.doubled * value },
    { key: "rate", number: rate, value: rate * value },
    { key: "step", number: -rate, value: -rate * value },
    updated !== undefined && { key: "updated", what, value: updated },
    updated !== undefined && accumulate && { key: "kept", value: sums[id] + value },
    { key: "data", what, value: data[id] },
  ].filter(Boolean);
}

// Whether a number can be computed from others on the page.
function canBeAsked({ graph }, id, quantity) {
  return quantity === "data" ? Boolean(graph.nodes[id].op) : id !== graph.result;
}

// The quantities that are worth a question: of nodes with labels all that is computed, and the gradients of what is computed or trained.
// Those with long formulas are not, nor are 0 and 1, which are seen without computing.
function quantitiesOf(app, frame) {
  const { graph, training, formulas } = app;
  const short = (id, quantity) =>
    quantity === "data" ? formulas.forward(id, frame.settings.variant) !== null : productsOf(app, id).length <= MOST_SUMMANDS;
  const labelled = graph.computed.filter((id) => graph.nodes[id].label);
  return [
    ...labelled.map((id) => ({ id, quantity: "data", value: frame.data[id] })),
    ...[...labelled, ...training.trained(frame.settings)].map((id) => ({ id, quantity: "grad", value: frame.grads[id] })),
  ].filter(
    ({ id, quantity, value }) =>
      canBeAsked(app, id, quantity) && Number.isFinite(value) && value !== 0 && value !== 1 && short(id, quantity),
  );
}

// One after the other in a random order; after the last, in another.
function pickOne(quantities, seed) {
  const lap = Math.floor(seed / quantities.length);
  const order = drawn(quantities.length, lap)
    .map((key, k) => ({ key, ...quantities[k] }))
    .sort((a, b) => a.key - b.key);
  const { id, quantity } = order[seed % quantities.length];
  return { id, quantity, seed };
}

export function teacherView(app) {
  const { notation } = app;
  const button = (key, onclick, look = "button") => el("button", { class: look, type: "button", onclick }, text(`teacher.${key}`));
  let seed = app.view.quiz ? app.view.quiz.seed + 1 : 0; // of the next question
  let seen = []; // what the question on the page depends on
  let question = null;
  let hints = 0;
  let judged = false;
  let offered = null;

  const lead = el("p", { class: "quiet" }, text("teacher.lead"));
  const hiding = button("selected", () => ask({ ...selectedQuantity(), seed }));
  const choices = el("div", { class: "teacher-buttons" }, button("choose", next, "button primary"), hiding);
  const words = el("p", { class: "teacher-question" });
  const formula = el("div", { class: "teacher-equation" });
  const known = el("div", { class: "teacher-equation teacher-known", "aria-live": "polite" });
  const field = el("input", {
    type: "text",
    id: "teacher-answer",
    inputMode: "decimal",
    autocomplete: "off",
    spellcheck: false,
  });
  onEnter(field, check);
  const answer = el(
    "div",
    { class: "teacher-buttons" },
    el("label", { for: field.id }, text("teacher.answer")),
    field,
    button("check", check, "button primary"),
  );
  const verdict = el("div", { role: "status" });
  const hinting = el("button", { class: "button", type: "button", onclick: hint });
  const solving = button("solution", () => {
    count(false);
    solve("solved");
  });
  const onward = button("next", next);
  const ending = button("end", () => app.set({ quiz: null }));
  const task = el("div", {}, words, formula, known, answer, verdict, el("div", { class: "teacher-buttons" }, hinting, solving));
  const score = el("span", { class: "teacher-score quiet small" });
  const end = el("div", { class: "teacher-buttons teacher-end" }, onward, ending, score);
  const root = el("section", { class: "teacher" }, el("h2", {}, text("panel.teacher")), lead, choices, task, end);

  function next() {
    const quantities = quantitiesOf(app, app.frame);
    if (quantities.length) {
      ask(pickOne(quantities, seed));
      seed += 1;
    } else app.notice(text("teacher.nothing"));
  }

  // The selected number; if that one is given, the other of the same node.
  function selectedQuantity() {
    const { selected: id, quantity } = app.view;
    if (id === null) return null;
    return { id, quantity: canBeAsked(app, id, quantity) ? quantity : quantity === "data" ? "grad" : "data" };
  }

  function ask(quiz) {
    app.set({ quiz });
    app.render();
    field.focus();
  }

  const sentence = (key, parts) => spoken(`teacher.${key}`, parts);
  const mistake = (key, parts) => spoken(`mistake.${key}`, parts);

  function spoken(key, parts = {}) {
    return el(
      "p",
      {},
      text(key)
        .split(/\{(\w+)\}/)
        .map((part, k) => (k % 2 ? notation.html(parts[part]) : part)),
    );
  }

  function equation(left, rows) {
    return rows.flatMap((row, k) => [
      el("span", {}, k ? "" : notation.html(left)),
      el("span", { class: "teacher-equals" }, "="),
      el("span", {}, notation.html(row)),
    ]);
  }

  function say(word, look, ...sentences) {
    verdict.className = `teacher-verdict ${look}`;
    verdict.replaceChildren(el("p", { class: "teacher-word" }, text(`teacher.${word}`)), ...sentences.filter(Boolean));
  }

  function count(right) {
    if (!judged) session.tried += 1;
    if (right) session.right += 1;
    judged = true;
  }

  function check() {
    const said = diagnosis(question, field.value);
    if (said.kind === "none") return say("none", "");
    if (said.kind === "few") return say("few", "", sentence("few.more", { digits: [String(LEAST_DIGITS)] }));
    count(said.kind === "right");
    if (said.kind === "right") return solve("right");
    writeScore();
    const plain = (x) => [{ number: x, enclose: false }];
    if (said.kind === "mistake") {
      return say("wrong", "bad", ...said.found.map(({ key, number, ...parts }) => mistake(key, { ...parts, number: plain(number) })));
    }
    if (said.kind === "rounded") return say("wrong", "bad", mistake("rounded", { digits: [String(said.digits)] }));
    const { numbers, all } = told();
    return say(
      "wrong",
      "bad",
      said.ratio === null ? sentence("far.zero") : sentence(said.ratio < 0 ? "far.sign" : said.ratio > 1 ? "far.large" : "far.small"),
      all > 0 && sentence(numbers < all ? "far.hint" : "far.last", { numbers: [String(numbers)], all: [String(all)] }),
    );
  }

  // How far the hints have come: whether they tell formulas, how many numbers of how many, and how many hints are left.
  function told() {
    const formulas = question.known.some((part) => part.formula) ? 1 : 0;
    const all = question.known.filter((part) => part.value !== null).length;
    return { formulas: hints > 0, numbers: Math.max(0, hints - formulas), all, left: formulas + all - hints };
  }

  function hint() {
    hints += 1;
    writeHints();
  }

  function writeHints() {
    const { formulas, numbers, left } = told();
    const numbered = question.known.filter((part) => part.value !== null).slice(0, numbers);
    known.replaceChildren(
      ...question.known.flatMap((part) => {
        const sides = [];
        if (formulas && part.formula) sides.push(part.formula);
        if (numbered.includes(part)) sides.push([{ number: part.value, enclose: false }]);
        return sides.length ? equation(part.left, [joined(sides, " = ")]) : [];
      }),
    );
    hinting.hidden = app.solved || left === 0;
    put(hinting, text("teacher.hint", { left }));
  }

  function writeScore() {
    put(score, session.tried ? text("teacher.score", session) : "");
  }

  function solve(word) {
    app.solved = true;
    hints = 0;
    write();
    say(word, word === "right" ? "good" : "");
    onward.focus();
    app.schedule();
  }

  // The rows of the solution, also those that are too long for the formula panel.
  function solution() {
    const { id, quantity } = app.view.quiz;
    const { rows } = equations(app, app.frame, id).find(({ key }) => key === (quantity === "data" ? "data" : "gradient"));
    const { symbols } = question;
    return rows.length === 1 && symbols ? [symbols, inNumbers(symbols, (of) => app.frame.data[of]), ...rows] : rows;
  }

  // Everything about the question but what was said to an answer.
  function write() {
    const { id, quantity } = app.view.quiz;
    const left = [symbolOf(app, app.view.quiz)];
    const parts = { what: left, name: [{ name: id }], result: [{ name: app.graph.result }] };
    words.replaceChildren(...sentence(`ask.${quantity}`, parts).childNodes);
    formula.replaceChildren(...equation(left, app.solved ? solution() : [...(question.symbols ? [question.symbols] : []), ["?"]]));
    answer.hidden = solving.hidden = app.solved;
    toggle(onward, "primary", app.solved);
    writeHints();
    writeScore();
  }

  function render(frame) {
    const { quiz } = app.view;
    lead.hidden = choices.hidden = quiz !== null;
    task.hidden = onward.hidden = ending.hidden = quiz === null;
    end.hidden = quiz === null && session.tried === 0;
    const now = [quiz, app.training.events, frame.round, frame.row];
    if (quiz && now.some((each, k) => each !== seen[k])) {
      if (quiz !== seen[0]) field.value = "";
      question = questionOf(app, frame, quiz);
      hints = 0;
      judged = false;
      verdict.className = "";
      verdict.replaceChildren();
      write();
    }
    seen = now;
    const offer = quiz ? null : selectedQuantity();
    hiding.disabled = offer === null;
    const label = offer ? notation.plain([symbolOf(app, offer)]) : null;
    if (label !== offered) {
      offered = label;
      hiding.replaceChildren(...(offer ? sentence("hide", { what: [symbolOf(app, offer)] }).childNodes : [text("teacher.selected")]));
    }
  }

  return { root, render };
}
