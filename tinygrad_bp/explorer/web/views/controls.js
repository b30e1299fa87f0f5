// Controls that several panels have.

import { text } from "../model/words.js";
import { el, set } from "./elements.js";

/**
 * @param {import("./elements.js").Child} words
 * @param {() => void} onclick
 * @param {string} look classes beside that of all buttons
 */
export function button(words, onclick, look = "") {
  return el("button", { class: `button ${look}`.trim(), type: "button", onclick }, words);
}

/**
 * A slider for how fast something goes.
 * @typedef {{ speeds: number, speed: () => number, setSpeed: (speed: number) => void }} Speeds
 * @param {Speeds} desk
 */
export function speedSlider({ speeds, speed, setSpeed }) {
  const slider = el("input", {
    type: "range",
    min: "0",
    max: String(speeds - 1),
    step: "1",
    value: String(speed()),
    oninput: () => setSpeed(slider.valueAsNumber),
  });
  return slider;
}

/**
 * Buttons that undo and redo.
 * @param {Pick<import("../model/session.js").Session, "undo" | "redo" | "history">} session
 */
export function undoButtons(session) {
  const undo = button("↶", () => session.undo(), "icon");
  const redo = button("↷", () => session.redo(), "icon");
  for (const [each, words] of /** @type {const} */ ([
    [undo, "undo"],
    [redo, "redo"],
  ])) {
    set(each, "aria-label", text(`change.${words}`));
    set(each, "title", text(`change.${words}`));
  }
  return {
    root: el("span", { class: "undo" }, undo, redo),
    render() {
      set(undo, "aria-disabled", session.history.past.length === 0);
      set(redo, "aria-disabled", session.history.future.length === 0);
    },
  };
}
