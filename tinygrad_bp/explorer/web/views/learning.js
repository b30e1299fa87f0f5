// Training: the table that is learned, the error after each round, and the ways to go on.

import { text } from "../model/words.js";
import { el, put, set } from "./elements.js";
import { casesView } from "./cases.js";
import { curveView } from "./curve.js";

/**
 * @param {import("../model/session.js").Session} session
 * @param {{ rounds: (count: number) => void, train: () => void, trainUntilBelow: (error: number) => void, speeds: number, speed: () => number, setSpeed: (speed: number) => void, playing: () => string | null, most: number }} desk
 * @returns {Panel}
 */
export function learningView(session, desk) {
  const { description } = session;
  const cases = description.presets || description.cases.length > 1 ? casesView(session) : null;
  const curve = curveView(session, desk);
  const button = (/** @type {string} */ key, /** @type {() => void} */ onclick) =>
    el("button", { class: "button", type: "button", onclick }, text(key));
  const run = button("train.run", desk.train);
  const speed = el("input", {
    type: "range",
    min: "0",
    max: String(desk.speeds - 1),
    step: "1",
    value: String(desk.speed()),
    oninput: () => desk.setSpeed(speed.valueAsNumber),
  });
  const controls = el(
    "div",
    { class: "training-buttons" },
    button("train.one", () => desk.rounds(1)),
    button("train.many", () => desk.rounds(desk.most)),
    run,
    el("label", {}, text("train.speed"), " ", speed),
  );
  const root = el("section", { class: "training" }, el("h2", {}, text("panel.training")), controls, curve.root, cases?.root);

  /** @param {Frame} frame */
  function render(frame) {
    put(run, text(desk.playing() === "rounds" ? "train.pause" : "train.run"));
    set(run, "aria-pressed", desk.playing() === "rounds");
    cases?.render(frame);
    curve.render(frame);
  }

  return { root, render };
}
