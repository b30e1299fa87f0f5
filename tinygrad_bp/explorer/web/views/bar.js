// The player: back, next, play, the phases, and a slider over the beats of the round. It is always there, and nothing in it moves.

import { boundaries } from "../model/beats.js";
import { text } from "../model/words.js";
import { el, put, set, svg, toggle } from "./elements.js";

const MOST_TICKS = 90;
const ICONS = {
  back: "M12 2v12L3 8z",
  play: "M4 2v12l9-6z",
  pause: "M3 2h4v12H3zM9 2h4v12H9z",
};
const PHASES = /** @type {const} */ (["forward", "backward", "update"]);

/**
 * @param {Pick<import("../model/session.js").Session, "view" | "set" | "graph">} session
 * @param {{ next: () => void, back: () => void, play: () => void, jump: (step: number) => void }} player
 */
export function barView(session, { next, back, play, jump }) {
  const icon = (/** @type {string} */ shape) =>
    svg("svg", { viewBox: "0 0 16 16", width: "14", height: "14", "aria-hidden": "true" }, svg("path", { d: shape, fill: "currentColor" }));
  const backButton = el(
    "button",
    { class: "button icon back", type: "button", title: text("step.back"), "aria-label": text("step.back"), onclick: back },
    icon(ICONS.back),
  );
  const nextButton = el("button", { class: "button primary next", type: "button", onclick: next });
  const playIcon = el("span", {}, icon(ICONS.play));
  const playWords = el("span", { class: "play-words" });
  const playButton = el("button", { class: "button play", type: "button", onclick: play }, playIcon, playWords);
  const { trains } = session.graph;
  const watch = text(trains ? "bar.watch" : "bar.watch.untrained");
  const phases = PHASES.filter((phase) => trains || phase !== "update").map((phase) =>
    el("button", { class: "phase", type: "button", "data-phase": phase, onclick: () => jump(starts[phase]) }, text(`phase.${phase}`)),
  );
  const slider = el("input", {
    type: "range",
    class: "scrubber",
    min: "0",
    step: "1",
    "aria-label": text(trains ? "bar.slider" : "bar.slider.untrained"),
    oninput: () => jump(stops[slider.valueAsNumber]),
  });
  const ticks = el("div", { class: "ticks", "aria-hidden": "true" });
  const count = el("output", { class: "count" });
  const root = el(
    "section",
    { class: "bar", "aria-label": text("bar.label") },
    el("div", { class: "bar-buttons" }, backButton, nextButton, playButton),
    el("div", { class: "bar-phases", role: "group", "aria-label": text("phase.label") }, phases),
    el("div", { class: "bar-track" }, slider, ticks),
    count,
  );
  /** @type {number[]} */
  let stops = [0];
  /** @type {Record<string, number>} */
  let starts = {};
  /** @type {[Plan, string] | null} */
  let made = null;

  /**
   * @param {Plan} plan
   * @param {string} pace
   */
  function measure(plan, pace) {
    if (made?.[0] === plan && made[1] === pace) return;
    made = [plan, pace];
    stops = boundaries(plan, pace);
    // A phase begins with its first beat.
    starts = Object.fromEntries(PHASES.map((phase) => [phase, stopAfter(plan.beats.find((beat) => beat.phase === phase)?.from ?? 0)]));
    set(slider, "max", stops.length - 1);
    const phaseAt = (/** @type {number} */ step) => plan.beats.find(({ to }) => step <= to)?.phase;
    const shown = stops
      .map((step, k) => ({ k, first: k > 0 && phaseAt(step) !== phaseAt(stops[k - 1]) }))
      .filter(({ first }) => first || stops.length <= MOST_TICKS);
    ticks.replaceChildren(
      ...shown.map(({ k, first }) =>
        el("span", { class: first ? "tick first" : "tick", style: { left: `${(100 * k) / (stops.length - 1)}%` } }),
      ),
    );
  }

  /** @param {number} step */
  function stopAfter(step) {
    return stops.find((stop) => stop > step) ?? stops[stops.length - 1];
  }

  /**
   * @param {Frame} frame
   * @param {"steps" | "rounds" | null} playing
   * @param {string} what the name of the beat
   */
  function render(frame, playing, what) {
    const { plan, step } = frame;
    measure(plan, session.view.pace);
    const last = stops.length - 1;
    const place =
      step === null
        ? last
        : Math.max(
            0,
            stops.findLastIndex((stop) => stop <= step),
          );
    if (slider.valueAsNumber !== place) slider.value = String(place);
    const words = step === null ? text("bar.all") : text("bar.count", { number: place, last });
    put(count, words);
    set(slider, "aria-valuetext", `${words} ${what}`.trim());
    const ended = step !== null && place === last;
    put(nextButton, step === null ? watch : ended ? text("bar.again") : text("bar.next"));
    put(playWords, text(playing ? "play.pause" : "play.play"));
    set(playButton, "aria-label", text(playing ? "play.pause" : "play.play"));
    set(/** @type {Element} */ (playIcon.querySelector("path")), "d", playing ? ICONS.pause : ICONS.play);
    set(backButton, "aria-disabled", place === 0 && frame.round === 0);
    for (const button of phases) {
      const on = frame.phase === button.dataset.phase && step !== 0;
      set(button, "aria-current", on ? "step" : "false");
      toggle(button, "on", on);
    }
  }

  return { root, render };
}
