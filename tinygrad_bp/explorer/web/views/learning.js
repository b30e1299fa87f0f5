// Training: the table that is learned, the error after each round, and the ways to go on.

import { text } from "../model/words.js";
import { el, put, set } from "./elements.js";
import { button, speedSlider } from "./controls.js";
import { casesView } from "./cases.js";
import { planeView } from "./plane.js";
import { curveView } from "./curve.js";
import { runsView } from "./runs.js";

/**
 * @param {import("../model/session.js").Session} session
 * @param {{ rounds: (count: number) => void, train: () => void, trainUntilBelow: (error: number, found: () => void) => void, playing: () => string | null, most: number } & import("./controls.js").Speeds} desk
 * @returns {Panel}
 */
export function learningView(session, desk) {
  const { description } = session;
  const cases = description.presets || description.cases.length > 1 ? casesView(session) : null;
  const plane = cases && planeView(session);
  const runs = runsView(session);
  const curve = curveView(session, desk, runs.legend);
  const run = button(text("train.run"), desk.train);
  const controls = el(
    "div",
    { class: "training-buttons" },
    button(text("train.one"), () => desk.rounds(1)),
    button(text("train.many"), () => desk.rounds(desk.most)),
    run,
    el("label", {}, text("train.speed"), " ", speedSlider(desk)),
  );
  const root = el(
    "section",
    { class: "training" },
    el("h2", {}, text("panel.training")),
    controls,
    plane?.root,
    curve.root,
    runs.root,
    cases?.root,
  );

  /** @param {Frame} frame */
  function render(frame) {
    put(run, text(desk.playing() === "rounds" ? "train.pause" : "train.run"));
    set(run, "aria-pressed", desk.playing() === "rounds");
    plane?.render(frame);
    cases?.render(frame);
    curve.render(frame);
    runs.render(frame);
  }

  return { root, render };
}
