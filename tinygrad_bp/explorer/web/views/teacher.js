// Teacher's mode: a number is hidden everywhere, with hints on the way to it, and each answer is judged.

import { diagnosis, LEAST_DIGITS } from "../model/diagnosis.js";
import { equations } from "../model/equations.js";
import { joined } from "../model/formulas.js";
import { inNumbers } from "../model/notation.js";
import { canBeAsked, pickOne, quantitiesOf, questionOf, symbolOf } from "../model/quiz.js";
import { sentence, text } from "../model/words.js";
import { button } from "./controls.js";
import { el, onEnter, put, toggle } from "./elements.js";
import { Ladder } from "./rungs.js";
import { piecesElements } from "./pieces.js";

const SAID_DIGITS = 4; // of a number in what is said to a mistake: enough to know it again

const score = { right: 0, tried: 0 }; // of this page, in whatever language it goes on

/**
 * @typedef {Pick<import("../model/session.js").Session, "graph" | "formulas" | "programs" | "training" | "notation" | "view" | "set" | "notice" | "shown" | "solved" | "frame" | "drawWeights">} Pupil
 * @param {Pupil} session
 * @param {{ renderNow: () => void }} desk
 * @returns {Panel}
 */
export function teacherView(session, desk) {
  return new Teacher(session, desk);
}

class Teacher {
  /**
   * @param {Pupil} session
   * @param {{ renderNow: () => void }} desk
   */
  constructor(session, desk) {
    this.session = session;
    this.desk = desk;
    this.seed = session.view.quiz ? session.view.quiz.seed + 1 : 0; // of the next question
    /** @type {unknown[]} */
    this.seen = []; // what the question on the page depends on
    /** @type {import("../model/quiz.js").QuizQuestion | null} */
    this.question = null;
    this.hints = 0;
    this.judged = false;
    /** @type {string | null} */
    this.offered = null;
    const named = (/** @type {string} */ key, /** @type {() => void} */ onclick, look = "") =>
      button(text(`teacher.${key}`), onclick, look);

    this.ladder = new Ladder(session, (quiz) => this.ask(quiz));
    this.lead = el("p", { class: "quiet" }, text("teacher.lead"));
    this.hiding = named("selected", () => {
      const quantity = this.selectedQuantity();
      if (quantity) this.ask({ ...quantity, seed: this.seed });
    });
    this.choices = el(
      "div",
      { class: "teacher-buttons" },
      named("choose", () => this.next(), "primary"),
      this.hiding,
    );
    this.words = el("p", { class: "teacher-question" });
    this.formula = el("div", { class: "teacher-equation" });
    this.known = el("div", { class: "teacher-equation teacher-known", "aria-live": "polite" });
    this.field = el("input", { type: "text", id: "teacher-answer", autocomplete: "off", spellcheck: false });
    onEnter(this.field, () => this.check());
    this.answer = el(
      "div",
      { class: "teacher-buttons" },
      el("label", { for: this.field.id }, text("teacher.answer")),
      this.field,
      named("check", () => this.check(), "primary"),
    );
    this.verdict = el("div", { role: "status" });
    this.hinting = button("", () => this.hint());
    this.solving = named("solution", () => {
      this.count(false);
      this.solve("solved");
    });
    this.onward = named("next", () => this.next());
    this.ending = named("end", () => session.set({ quiz: null }));
    const help = el("div", { class: "teacher-buttons" }, this.hinting, this.solving);
    this.task = el("div", {}, this.words, this.formula, this.known, this.answer, this.verdict, help);
    this.score = el("span", { class: "teacher-score quiet small" });
    this.end = el("div", { class: "teacher-buttons teacher-end" }, this.onward, this.ending, this.score);
    this.root = el(
      "section",
      { class: "teacher" },
      el("h2", {}, text("panel.teacher")),
      this.lead,
      this.choices,
      this.task,
      this.end,
      this.ladder.root,
    );
  }

  next() {
    const rung = this.session.view.quiz?.rung;
    if (rung !== undefined) {
      this.ladder.next(rung);
      return;
    }
    const quantities = quantitiesOf(this.session, this.session.shown);
    if (quantities.length) {
      this.ask(pickOne(quantities, this.seed));
      this.seed += 1;
    } else this.session.notice(text("teacher.nothing"));
  }

  /**
   * The selected number; if that one is given, the other of the same node.
   * @returns {{ id: number, quantity: Quantity } | null}
   */
  selectedQuantity() {
    const { selected: id, quantity } = this.session.view;
    if (id === null) return null;
    return { id, quantity: canBeAsked(this.session, id, quantity) ? quantity : quantity === "data" ? "grad" : "data" };
  }

  /** @param {Quiz} quiz */
  ask(quiz) {
    this.session.set({ quiz, step: null }); // all other numbers are there to compute it from
    this.desk.renderNow();
    if (this.root.parentElement) this.root.parentElement.scrollTop = 0; // the question, with its field
    this.field.focus({ preventScroll: true });
  }

  /** @param {Piece[]} pieces */
  html(pieces) {
    return piecesElements(this.session.notation, pieces);
  }

  /**
   * @param {string} key
   * @param {Record<string, Piece[]>} given
   */
  paragraph(key, given = {}) {
    return el("p", {}, this.html(sentence(key, given)));
  }

  /**
   * @param {Piece[]} left
   * @param {Piece[][]} rows
   */
  equation(left, rows) {
    return rows.flatMap((row, k) => [
      el("span", {}, k ? "" : this.html(left)),
      el("span", { class: "teacher-equals" }, "="),
      el("span", {}, this.html(row)),
    ]);
  }

  /**
   * @param {string} word
   * @param {string} look
   * @param {(HTMLElement | false)[]} sentences
   */
  say(word, look, ...sentences) {
    this.verdict.className = `teacher-verdict ${look}`;
    const kept = sentences.filter((each) => each !== false);
    this.verdict.replaceChildren(el("p", { class: "teacher-word" }, text(`teacher.${word}`)), ...kept);
  }

  /** @param {boolean} right */
  count(right) {
    if (!this.judged) score.tried += 1;
    if (right) score.right += 1;
    this.judged = true;
  }

  check() {
    if (!this.question) return;
    const said = diagnosis(this.question, this.field.value);
    if (said.kind === "none") this.say("none", "");
    else if (said.kind === "few") this.say("few", "", this.paragraph("teacher.few.more", { digits: [String(LEAST_DIGITS)] }));
    else {
      this.count(said.kind === "right");
      if (said.kind === "right") {
        const rung = this.session.view.quiz?.rung;
        if (rung !== undefined) this.ladder.pass(rung);
        this.solve("right");
      } else {
        this.writeScore();
        this.say("wrong", "bad", ...this.remarks(said));
      }
    }
  }

  /**
   * What is said to a wrong answer.
   * @param {import("../model/diagnosis.js").Diagnosis} said
   */
  remarks({ kind, found = [], digits, ratio = null }) {
    const plain = (/** @type {number | undefined} */ x) => [{ number: x ?? null, enclose: false, digits: SAID_DIGITS }];
    if (kind === "mistake") {
      return found.map(({ key, number, what = [], wrong = [] }) =>
        this.paragraph(key === "path" ? "teacher.path" : `mistake.${key}`, { what, wrong, number: plain(number) }),
      );
    }
    if (kind === "rounded") return [this.paragraph("mistake.rounded", { digits: [String(digits)] })];
    if (kind === "cut") return [this.paragraph("mistake.cut", {})];
    const { numbers, all } = this.told();
    const far = ratio === null ? "zero" : ratio < 0 ? "sign" : ratio > 1 ? "large" : "small";
    const counts = { numbers: [String(numbers)], all: [String(all)] };
    return [
      this.paragraph(`teacher.far.${far}`),
      all > 0 && this.paragraph(numbers < all ? "teacher.far.hint" : "teacher.far.last", counts),
    ];
  }

  // How far the hints have come: whether they tell formulas, how many numbers of how many, and how many hints are left.
  told() {
    const known = this.question?.known ?? [];
    const formulas = known.some((part) => part.formula) ? 1 : 0;
    const all = known.filter((part) => part.value !== null).length;
    return { formulas: this.hints > 0, numbers: Math.max(0, this.hints - formulas), all, left: formulas + all - this.hints };
  }

  hint() {
    this.hints += 1;
    this.writeHints();
  }

  writeHints() {
    const known = this.question?.known ?? [];
    const { formulas, numbers, left } = this.told();
    const numbered = known.filter((part) => part.value !== null).slice(0, numbers);
    this.known.replaceChildren(
      ...known.flatMap((part) => {
        /** @type {Piece[][]} */
        const sides = [];
        if (formulas && part.formula) sides.push(part.formula);
        if (numbered.includes(part)) sides.push([{ number: part.value, enclose: false }]);
        return sides.length ? this.equation(part.left ?? [], [joined(sides, " = ")]) : [];
      }),
    );
    this.hinting.hidden = this.session.solved || left === 0;
    put(this.hinting, text("teacher.hint", { left }));
  }

  writeScore() {
    put(this.score, score.tried ? text("teacher.score", score) : "");
  }

  /** @param {string} word */
  solve(word) {
    this.session.solved = true;
    this.hints = 0;
    this.write();
    this.say(word, word === "right" ? "good" : "");
    this.onward.focus();
    this.session.set({});
  }

  // The rows of the solution, also those that are too long for the formula panel.
  solution() {
    const { session, question } = this;
    const { id, quantity } = /** @type {Quiz} */ (session.view.quiz);
    const equation = equations(session, session.shown, id).find(
      ({ key }) => key === { data: "data", grad: "gradient", next: "update" }[quantity],
    );
    const rows = equation?.rows ?? [];
    const symbols = question?.symbols;
    return rows.length === 1 && symbols ? [symbols, inNumbers(symbols, (of) => session.shown.data[of]), ...rows] : rows;
  }

  // Everything about the question but what was said to an answer.
  write() {
    const { session, question } = this;
    const quiz = /** @type {Quiz} */ (session.view.quiz);
    const left = symbolOf(session, quiz);
    const parts = { what: left, name: [{ name: quiz.id }], result: [{ name: session.graph.result }] };
    this.words.replaceChildren(...this.paragraph(`teacher.ask.${quiz.quantity}`, parts).childNodes);
    const rows = session.solved ? this.solution() : [...(question?.symbols ? [question.symbols] : []), ["?"]];
    this.formula.replaceChildren(...this.equation(left, rows));
    this.answer.hidden = this.solving.hidden = session.solved;
    toggle(this.onward, "primary", session.solved);
    this.writeHints();
    this.writeScore();
  }

  /** @param {Frame} frame */
  render(frame) {
    const { session } = this;
    const { quiz } = session.view;
    this.lead.hidden = this.choices.hidden = quiz !== null;
    this.task.hidden = this.onward.hidden = this.ending.hidden = quiz === null;
    this.end.hidden = quiz === null && score.tried === 0;
    const now = [quiz, session.training.events, frame.round, frame.row];
    if (quiz && now.some((each, k) => each !== this.seen[k])) {
      if (quiz !== this.seen[0]) this.field.value = "";
      this.question = questionOf(session, frame, quiz);
      this.hints = 0;
      this.judged = false;
      this.verdict.className = "";
      this.verdict.replaceChildren();
      this.write();
    }
    this.seen = now;
    this.ladder.render();
    this.offer(quiz ? null : this.selectedQuantity());
  }

  /** @param {{ id: number, quantity: Quantity } | null} offer */
  offer(offer) {
    const { session } = this;
    this.hiding.disabled = offer === null;
    const label = offer ? session.notation.plain(symbolOf(session, offer)) : null;
    if (label === this.offered) return;
    this.offered = label;
    const words = offer ? this.paragraph("teacher.hide", { what: symbolOf(session, offer) }).childNodes : [text("teacher.selected")];
    this.hiding.replaceChildren(...words);
  }
}
