// One equation, one sentence that says why, and perhaps a question: what stands between the picture and the player.

import { inLine } from "../model/notation.js";
import { text } from "../model/words.js";
import { button } from "./controls.js";
import { el, put, toggle } from "./elements.js";
import { piecesElements } from "./pieces.js";

const SMALLEST = 5; // of the sizes of letters, from 0 on

/**
 * @param {Pick<import("../model/session.js").Session, "notation" | "hides" | "hidesPiece" | "view">} session
 * @param {{ next: () => void, train: () => void }} actions
 */
export function beatView(session, { next, train }) {
  const { notation } = session;
  const [inner, ...parts] = wordsElements();
  const [equation] = parts;
  const status = el("p", { class: "status", role: "status" });
  const told = el("p", { class: "unseen", "aria-live": "polite" });
  const root = el("section", { class: "words", "aria-label": text("beat.label"), onclick: tapped }, inner, status, told);
  /** @type {Map<string, number>} */
  const sizes = new Map(); // of letters, by the room for them
  let seen = "";
  /** @type {{ words: Piece[], about: string | null } | null} */
  let verdict = null; // on an answer, at the beat that it was about, and as long as that says the same

  /** @param {MouseEvent} event */
  function tapped(event) {
    const target = /** @type {Element} */ (event.target);
    if (!target.closest("button, data") && !getSelection()?.toString()) next();
  }

  /**
   * @param {Telling} telling
   * @param {{ heading: string, place: string, goal: string, room: string, longest: () => Telling[] }} given `goal` is the round to which
   *   training may go on at the end; `room` names what the size of letters depends on, and `longest` is what they have to have room for
   */
  function render(telling, { heading, place, goal, room, longest }) {
    const plain = plainly(telling.scene);
    const about = `${place} ${plain}`;
    if (verdict) verdict.about ??= about;
    if (verdict?.about !== about) verdict = null;
    const key = JSON.stringify([plain, telling.question, verdict, telling.ended, room, session.view.quiz]);
    if (key === seen) return;
    seen = key;
    write(parts, { ...telling, said: verdict?.words }, goal);
    put(told, `${heading}. ${plain}`);
    sizes.set(room, sized([inner], sizes.get(room) ?? commonSize(longest(), goal))); // digits may have become more since
    toggle(inner, "scrolls", isTight(inner));
  }

  /** @param {Piece[]} list */
  function made(list) {
    return piecesElements(notation, list, { hide: (piece) => session.hidesPiece(piece) });
  }

  /**
   * Writes equation, sentence, and what is asked and what is said of an answer.
   * @param {HTMLElement[]} parts
   * @param {Telling} telling
   * @param {string} goal
   */
  function write([equation, why, slot], { scene, question, ended, said }, goal) {
    const { left, result } = scene;
    const rows = scene.rows.length ? scene.rows : [[]];
    equation.replaceChildren(
      ...rows.map((row, k) => {
        const last = k === rows.length - 1 && result.length > 0;
        const sign = (k > 0 || (left.length > 0 && left.at(-1) !== ":")) && (row.length > 0 || last);
        const sum = [...row, " = "].indexOf(" = "); // from where on it says what the numbers become
        const told = !left.length && !sign; // a sentence, which begins where the next one begins
        // What has no room beside what it is equal to goes to a line of its own, with its sign.
        const part = (/** @type {boolean} */ signed, /** @type {Child[]} */ list, look = "") =>
          list.length > 0 &&
          el("span", { class: told ? "" : `equation-part ${look}` }, signed && el("span", { class: "equals" }, "="), list);
        return el(
          "div",
          { class: told ? "equation-row told" : "equation-row" },
          !told && el("span", { class: "equation-left" }, k === 0 && made(left)),
          el(
            "span",
            { class: "equation-right" },
            part(sign, made(row.slice(0, sum))),
            part(true, made(row.slice(sum + 1)), "equation-sum"),
            last && part(sign || row.length > 0, [el("span", { class: "equation-result" }, made(result))]),
          ),
        );
      }),
    );
    toggle(equation, "ended", ended);
    why.replaceChildren(...made(scene.why));
    const answers = question?.answers.map((words, k) => button(words, () => say(question, k), "small")) ?? [];
    slot.replaceChildren(
      ...(said ? [el("span", { class: "verdict" }, made(said))] : []),
      ...(ended ? [button(text("main.train", { round: goal }), train, "small")] : []),
      ...(question ? [el("span", { class: "asked" }, el("span", { class: "question" }, made(question.words)), answers)] : []),
    );
  }

  /**
   * @param {Question} question
   * @param {number} chosen
   */
  function say(question, chosen) {
    const right = chosen === question.right;
    const words = right ? [text("ask.right", { answer: question.answers[chosen] })] : question.wrong;
    verdict = { words, about: null };
    next();
  }

  /** @param {Scene} scene */
  function plainly({ left, rows, result, why: words }) {
    const hidden = (/** @type {Piece[]} */ list) => list.map((piece) => (session.hidesPiece(piece) ? "?" : piece));
    const parts = [left, ...rows, result].filter((part) => part.length).map((part) => inLine(notation.plain(hidden(part))));
    const equation = parts.filter((part, k) => part !== parts[k - 1]).join(" = "); // which may be a sentence that ends by itself
    return `${equation}${/[.。]$|^$/.test(equation) ? "" : "."} ${inLine(notation.plain(words))}`.trim().replaceAll("delta_", "δ_"); // as it is written
  }

  /**
   * Everything is read whole, and in letters of one size: those that the longest words of a round need.
   * @param {Telling[]} longest
   * @param {string} goal
   */
  function commonSize(longest, goal) {
    const twins = longest.map(wordsElements);
    twins.forEach(([, ...own], k) => write(own, longest[k], goal));
    const all = twins.map(([twin]) => twin);
    const shelf = el("div", { class: "words" }, all);
    root.append(shelf);
    const size = sized(all, 0);
    shelf.remove();
    return size;
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

// The place of words, and in it those of an equation, a sentence and a question.
function wordsElements() {
  const parts = [el("div", { class: "equation" }), el("p", { class: "why" }), el("div", { class: "slot" })];
  return [el("div", { class: "words-inner" }, parts), ...parts];
}

/** @param {HTMLElement} words */
function isTight({ scrollHeight, clientHeight, scrollWidth, clientWidth }) {
  return scrollHeight > clientHeight + 1 || scrollWidth > clientWidth + 1;
}

/**
 * Gives words the first size from this one on in which all have room, or the smallest; returns it.
 * @param {HTMLElement[]} all
 * @param {number} size
 */
function sized(all, size) {
  for (; ; size++) {
    for (const each of all) each.className = `words-inner size-${size}`;
    if (size === SMALLEST || !all.some(isTight)) return size;
  }
}

/** @typedef {import("./elements.js").Child} Child */
/** @typedef {"products" | "result" | ""} Pending what an equation does not say yet */
