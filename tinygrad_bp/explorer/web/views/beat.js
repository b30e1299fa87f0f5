// One equation, one sentence that says why, and perhaps a question: what stands between the picture and the player.

import { inLine } from "../model/notation.js";
import { text } from "../model/words.js";
import { button } from "./controls.js";
import { el, put, toggle } from "./elements.js";
import { piecesElements } from "./pieces.js";

const SIZES = ["", "size-1", "size-2", "size-3", "size-4", "size-5"]; // of letters: the first in which all of it has room

/**
 * @param {Pick<import("../model/session.js").Session, "notation" | "hides" | "hidesPiece" | "view">} session
 * @param {{ next: () => void, train: () => void }} actions
 */
export function beatView(session, { next, train }) {
  const { notation } = session;
  const equation = el("div", { class: "equation" });
  const why = el("p", { class: "why" });
  const slot = el("div", { class: "slot" });
  const status = el("p", { class: "status", role: "status" });
  const told = el("p", { class: "unseen", "aria-live": "polite" });
  const inner = el("div", { class: "words-inner" }, equation, why, slot);
  const root = el("section", { class: "words", "aria-label": text("beat.label"), onclick: tapped }, inner, status, told);
  let seen = "";
  /** @type {{ words: Piece[], place: string | null } | null} */
  let verdict = null; // on an answer, at the beat that it was about

  /** @param {MouseEvent} event */
  function tapped(event) {
    const target = /** @type {Element} */ (event.target);
    if (!target.closest("button, data") && !getSelection()?.toString()) next();
  }

  /**
   * @param {Scene} scene
   * @param {Question | null} question
   * @param {{ heading: string, place: string, goal: string, ended: boolean, width: number, height: number }} given
   */
  function render(scene, question, { heading, place, goal, ended, width, height }) {
    if (verdict) verdict.place ??= place;
    if (verdict?.place !== place) verdict = null;
    const options = { hide: (/** @type {Mark} */ piece) => session.hidesPiece(piece) };
    const made = (/** @type {Piece[]} */ list) => piecesElements(notation, list, options);
    const plain = plainly(scene);
    const key = JSON.stringify([plain, question, verdict, ended, width, height, document.documentElement.lang, session.view.quiz]);
    if (key === seen) return;
    seen = key;
    const equals = () => el("span", { class: "equals" }, "=");
    const colon = scene.left.at(-1) === ":";
    const rows = scene.rows.length ? scene.rows : [[]];
    equation.replaceChildren(
      ...rows.map((row, k) => {
        const first = k === 0;
        const last = k === rows.length - 1 && scene.result.length > 0;
        const sign = (first ? scene.left.length > 0 && !colon : true) && (row.length > 0 || last);
        const sum = [...row, " = "].indexOf(" = "); // from where on it says what the numbers become
        const told = !scene.left.length && !sign; // a sentence, which begins where the next one begins
        return el(
          "div",
          { class: told ? "equation-row told" : "equation-row" },
          !told && el("span", { class: "equation-left" }, first && made(scene.left)),
          !told && (sign ? equals() : el("span", { class: "equals" })),
          el(
            "span",
            { class: "equation-right" },
            made(row.slice(0, sum)),
            sum < row.length && el("span", { class: "equation-sum" }, made(row.slice(sum))),
            last && [row.length > 0 && equals(), el("span", { class: "equation-result" }, made(scene.result))],
          ),
        );
      }),
    );
    toggle(root, "ended", ended);
    why.replaceChildren(...made(scene.why));
    slot.replaceChildren(...slotOf(question, made, ended ? goal : ""));
    put(told, `${heading}. ${plain}`);
    fit();
  }

  /**
   * @param {Question | null} question
   * @param {(list: Piece[]) => (HTMLElement | string)[]} made
   * @param {string} goal the round to which training may go on, at the end of a round
   */
  function slotOf(question, made, goal) {
    const found = [];
    if (verdict) found.push(el("span", { class: "verdict" }, made(verdict.words)));
    if (goal) found.push(button(text("main.train", { round: goal }), train, "small"));
    else if (question) {
      const answers = question.answers.map((words, k) => button(words, () => say(question, k), "small"));
      found.push(el("span", { class: "question" }, made(question.words)), ...answers);
    }
    return found;
  }

  /**
   * @param {Question} question
   * @param {number} chosen
   */
  function say(question, chosen) {
    const right = chosen === question.right;
    const words = right ? [text("ask.right", { answer: question.answers[chosen] })] : question.wrong;
    verdict = { words, place: null };
    next();
  }

  /** @param {Scene} scene */
  function plainly({ left, rows, result, why: words }) {
    const hidden = (/** @type {Piece[]} */ list) => list.map((piece) => (session.hidesPiece(piece) ? "?" : piece));
    const parts = [left, ...rows, result].filter((part) => part.length).map((part) => inLine(notation.plain(hidden(part))));
    const equation = parts.filter((part, k) => part !== parts[k - 1]).join(" = "); // which may be a sentence that ends by itself
    return `${equation}${/[.。]$|^$/.test(equation) ? "" : "."} ${inLine(notation.plain(words))}`.trim();
  }

  // Everything is read whole: letters become smaller before anything is cut off.
  function fit() {
    const size = SIZES.find((each, k) => {
      inner.className = `words-inner ${each}`;
      return k === SIZES.length - 1 || (inner.scrollHeight <= inner.clientHeight + 1 && inner.scrollWidth <= inner.clientWidth + 1);
    });
    toggle(inner, "scrolls", size === SIZES.at(-1));
  }

  /**
   * While numbers are on their way: the equation says what they become when they have met.
   * @param {Pending} pending
   */
  function hold(pending) {
    toggle(equation, "multiplying", pending === "products");
    toggle(equation, "adding", pending === "result");
  }

  return { root, status, render, hold };
}

/** @typedef {import("./elements.js").Child} Child */
/** @typedef {"products" | "result" | ""} Pending what an equation does not say yet */
