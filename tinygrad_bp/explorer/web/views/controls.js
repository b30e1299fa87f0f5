// Controls that several panels have.

import { el } from "./elements.js";

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
