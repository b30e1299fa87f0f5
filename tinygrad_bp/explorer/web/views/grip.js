// Numbers as handles: drawn up or down, turned by the wheel or by keys, or typed in their place.

import { parsed, typedNumber, written } from "../model/numbers.js";
import { turned } from "../model/slopes.js";
import { text } from "../model/words.js";
import { el, onEnter, toggle } from "./elements.js";

const PRESS_SLACK = 4; // pixels that a press may move and still be a press
const FINE_NOTCH = 0.1; // of a notch, with the Shift key
const COARSE_NOTCHES = 10;
const FIRST_LETTERS = /^[-+−.,\d．，\uff0d\uff0b\uff10-\uff19]$/; // of a number, in full width too
/** @type {Record<string, number>} */
const NOTCHES = { ArrowUp: 1, ArrowDown: -1, PageUp: COARSE_NOTCHES, PageDown: -COARSE_NOTCHES };

/**
 * @typedef {Pick<import("../model/session.js").Session, "graph" | "shown" | "view" | "grip" | "canGrip" | "pull" | "hold" | "edit" | "notice" | "set" | "undo" | "history" | "training">} Hand
 */

let gestures = 0; // so far: each is undone by itself

/**
 * Makes an item of a picture a handle of a leaf. `parts` are all that it is taken by; the first can have the focus.
 * @param {Hand} session
 * @param {number} id
 * @param {SVGGElement[]} parts
 */
export function gripped(session, id, ...parts) {
  const [item] = parts;
  for (const part of parts) {
    toggle(part, "grip", true);
    draggable(session, id, part);
    part.addEventListener("dblclick", () => typed(session, id, part, ""));
    part.addEventListener(
      "wheel",
      (event) => {
        if (!item.contains(document.activeElement) || !session.canGrip(id) || !event.deltaY) return;
        event.preventDefault();
        event.stopPropagation();
        turn(session, id, (event.deltaY < 0 ? 1 : -1) * (event.shiftKey ? FINE_NOTCH : 1));
      },
      { passive: false },
    );
  }
  item.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !session.canGrip(id)) return;
    const notches = session.view.selected === id || event.key.startsWith("Page") ? NOTCHES[event.key] : undefined;
    const letter = FIRST_LETTERS.test(event.key);
    if (!notches && !letter && event.key !== "F2") return;
    event.preventDefault();
    event.stopPropagation();
    if (notches) turn(session, id, notches * (event.shiftKey ? FINE_NOTCH : 1));
    else typed(session, id, parts.at(-1) ?? item, letter ? event.key.normalize("NFKC") : "");
  });
}

/**
 * @param {Hand} session
 * @param {number} id
 * @param {number} notches
 */
function turn(session, id, notches) {
  const going = session.history.gesture === `turn ${id}` && session.grip?.id === id;
  const x = going && session.grip ? session.grip.to : session.shown.leaves[id];
  session.pull(id, turned(x, notches), `turn ${id}`);
}

/**
 * A chart on which a press, and each place that it is drawn to, is heard: `to` is told of it, and which gesture it is.
 * @param {Pick<Hand, "hold">} session
 * @param {SVGElement} chart
 * @param {(event: PointerEvent, gesture: number) => void} to
 * @param {() => boolean} free whether it may begin
 */
export function followed(session, chart, to, free = () => true) {
  let held = -1;
  chart.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !free()) return;
    held = event.pointerId;
    gestures += 1;
    chart.setPointerCapture(held);
    session.hold(true);
    to(event, gestures);
  });
  chart.addEventListener("pointermove", (event) => {
    if (held === event.pointerId) to(event, gestures);
  });
  for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) {
    chart.addEventListener(kind, () => {
      if (held >= 0) session.hold(false);
      held = -1;
    });
  }
}

/**
 * Drawn up, a number grows; drawn down, it shrinks: a notch for each pixel.
 * @param {Hand} session
 * @param {number} id
 * @param {SVGGElement} part
 */
function draggable(session, id, part) {
  /** @type {{ pointer: number, y: number, x: number, gesture: string, moves: boolean } | null} */
  let hand = null;
  let wasDrawn = false; // so that letting go is no click
  part.addEventListener("pointerdown", (event) => {
    wasDrawn = false;
    if (event.button !== 0 || !session.canGrip(id)) return;
    event.stopPropagation();
    part.setPointerCapture(event.pointerId); // however fast it moves
    gestures += 1;
    hand = { pointer: event.pointerId, y: event.clientY, x: session.shown.leaves[id], gesture: `draw ${gestures}`, moves: false };
  });
  part.addEventListener("pointermove", (event) => {
    if (hand?.pointer !== event.pointerId) return;
    const up = hand.y - event.clientY;
    if (!hand.moves && Math.abs(up) < PRESS_SLACK) return;
    if (!hand.moves) {
      hand.moves = true;
      session.hold(true);
    }
    event.preventDefault();
    session.pull(id, turned(hand.x, Math.round(up) * (event.shiftKey ? FINE_NOTCH : 1)), hand.gesture);
  });
  const leave = (/** @type {PointerEvent} */ event) => {
    if (hand?.pointer !== event.pointerId) return;
    wasDrawn = hand.moves;
    if (hand.moves) session.hold(false);
    hand = null;
  };
  part.addEventListener("pointerup", leave);
  part.addEventListener("pointercancel", leave);
  part.addEventListener(
    "click",
    (event) => {
      if (!wasDrawn) return;
      wasDrawn = false;
      event.stopImmediatePropagation();
    },
    true,
  );
}

/**
 * A field in the place of the number.
 * @param {Hand} session
 * @param {number} id
 * @param {SVGGElement} part
 * @param {string} first what was typed already
 */
function typed(session, id, part, first) {
  const stage = part.closest(".stage");
  if (!stage || !session.canGrip(id)) return;
  const [box, around] = [part.getBoundingClientRect(), stage.getBoundingClientRect()];
  const back = /** @type {SVGElement | null} */ (document.activeElement);
  let over = false;
  const end = (/** @type {boolean} */ keep) => {
    if (over) return;
    over = true;
    const x = parsed(field.value);
    field.remove();
    back?.focus();
    if (!keep || field.value === was) return;
    if (x === null) session.notice(text("edit.noNumber", { typed: field.value.slice(0, 40) }));
    else if (x === session.shown.leaves[id])
      session.set({}); // what was refused before is no longer what was typed last
    else {
      gestures += 1;
      session.pull(id, x, `type ${gestures}`);
    }
  };
  const was = typedNumber(session.shown.leaves[id]);
  const field = el("input", {
    class: "grip-field",
    type: "text",
    inputMode: "decimal",
    spellcheck: false,
    autocomplete: "off",
    value: first || was,
    "aria-label": session.graph.nodes[id].name,
    onclick: (/** @type {Event} */ event) => event.stopPropagation(),
    onblur: () => end(true),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      event.stopPropagation();
      if (event.key === "Escape") end(false);
    },
  });
  onEnter(field, () => end(true));
  const width = 128;
  const left = Math.max(4, Math.min(around.width - width - 4, box.left + box.width / 2 - around.left - width / 2));
  Object.assign(field.style, {
    left: `${left}px`,
    top: `${Math.max(4, box.top + box.height / 2 - around.top - 18)}px`,
    width: `${width}px`,
  });
  stage.append(field);
  field.focus();
  if (!first) field.select();
}

/**
 * What a handle says while it is turned, for who hears the page.
 * @param {Pick<import("../model/session.js").Session, "graph" | "grip" | "shown" | "hides">} session
 */
export function gripWords(session) {
  const { graph, grip, shown } = session;
  if (!grip) return "";
  const error = session.hides(graph.result, "data") ? "?" : written(shown.data[graph.result], 6);
  return text("grip.said", { name: graph.nodes[grip.id].name, number: written(grip.to, 6), result: graph.nodes[graph.result].name, error });
}
