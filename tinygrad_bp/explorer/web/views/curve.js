// The error curve: the error after each round so far, and the ways to go to a round.

import { button } from "./controls.js";
import { el, onEnter, put, set, svg, toggle } from "./elements.js";
import { axisOf, STRAIGHT, ticksOf } from "./plot.js";
import { counted, parsed, written } from "../model/numbers.js";
import { text } from "../model/words.js";
import { MOST_ROUNDS } from "../model/training.js";

const CURVE_HEIGHT = 180;
const TOP = 24;
const BOTTOM = CURVE_HEIGHT - 26;
const LEFT = 64;
const RIGHT = 16; // from the right edge
/** @type {Record<string, string>} */
const CURVE_ICONS = { first: "M3 3v10M13 3 6 8l7 5z", previous: "M11 3 4 8l7 5z", next: "M5 3l7 5-7 5z", last: "M13 3v10M3 3l7 5-7 5z" };

/**
 * @typedef {import("./plot.js").Axis} Axis
 * @typedef {{ dot: SVGCircleElement, label: SVGTextElement, group: SVGGElement }} Pointer
 */

/**
 * The rounds to draw: of those that share a pixel, the one with the smallest error and the one with the largest.
 * @param {number[]} errors
 * @param {number} last
 * @param {Axis} axis
 */
function roundTicks(errors, last, axis) {
  const rounds = [];
  let first = 0;
  while (first <= last) {
    const next = Math.min(last + 1, Math.max(first + 1, Math.ceil(axis.back(Math.floor(axis.at(first)) + 1))));
    let low = first;
    let high = first;
    for (let round = first + 1; round < next; round++) {
      if (errors[round] < errors[low]) low = round;
      else if (errors[round] > errors[high]) high = round;
    }
    rounds.push(Math.min(low, high));
    if (low !== high) rounds.push(Math.max(low, high));
    first = next;
  }
  return rounds;
}

/**
 * Round numbers for a logarithmic axis: powers of ten, if there are enough of them.
 * @param {number} low
 * @param {number} high
 * @param {number} wanted
 */
function decadesOf(low, high, wanted) {
  const span = Math.log10(high / low);
  if (span < 1) return ticksOf(low, high, wanted);
  const factors = span < 2 ? [1, 2, 5] : [1];
  const every = Math.ceil(span / wanted);
  const ticks = [];
  for (let power = Math.floor(Math.log10(low) / every) * every; 10 ** power <= high; power += every) {
    ticks.push(...factors.map((factor) => Number(`${factor}e${power}`)).filter((x) => x >= low && x <= high));
  }
  return ticks;
}

/**
 * @param {number[]} rounds
 * @param {number[]} errors
 * @param {Axis} across
 * @param {Axis} up
 */
function pathOf(rounds, errors, across, up) {
  return rounds.map((round, k) => `${k ? "L" : "M"}${across.at(round).toFixed(1)} ${up.at(errors[round]).toFixed(1)}`).join("");
}

/**
 * @typedef {Pick<import("../model/session.js").Session, "graph" | "training" | "ghost" | "rival" | "view" | "set" | "go" | "hides" | "notice">} Trainee
 * @typedef {{ trainUntilBelow: (error: number, found: () => void) => void }} Desk
 */

/**
 * @param {Trainee} session
 * @param {Desk} desk
 * @param {HTMLElement} legend
 * @returns {Panel}
 */
export function curveView(session, desk, legend) {
  return new Curve(session, desk, legend);
}

class Curve {
  /**
   * @param {Trainee} session
   * @param {Desk} desk
   * @param {HTMLElement} legend
   */
  constructor(session, desk, legend) {
    this.session = session;
    this.legend = legend;
    this.desk = desk;
    this.readout = el("p", { class: "curve-readout" });
    this.grid = svg("g", { class: "curve-grid" });
    this.ghostLine = svg("path", { class: "curve-ghost" });
    this.line = svg("path", { class: "curve-line" });
    this.end = svg("g", { class: "curve-end" });
    this.hover = pointerAt("curve-hover");
    this.marker = pointerAt("curve-marker");
    this.tag = svg("rect", { class: "curve-tag", y: BOTTOM + 4, height: 18, rx: 9 });
    this.marker.group.insertBefore(this.tag, this.marker.label);
    set(this.marker.label, "y", BOTTOM + 17);
    set(this.hover.label, "y", TOP - 9);
    this.chart = svg(
      "svg",
      {
        class: "curve-chart",
        role: "img",
        height: CURVE_HEIGHT,
        onpointermove: (/** @type {PointerEvent} */ event) => this.point(this.pointed(event)),
        onpointerleave: () => this.point(null),
        onclick: (/** @type {MouseEvent} */ event) => this.go(this.pointed(event)),
      },
      [this.grid, this.ghostLine, this.line, this.marker.group, this.end, this.hover.group],
    );
    this.slider = this.makeSlider();
    this.buttons = this.makeButtons();
    this.scales = /** @type {const} */ (["logScale", "logRounds"]).map((key) => {
      const box = el("input", { type: "checkbox", onchange: () => session.set({ [key]: box.checked }) });
      return { key, box, label: el("label", { class: "curve-scale" }, box, text(`curve.${key}`)) };
    });
    this.wanted = el("input", {
      class: "curve-wanted",
      type: "text",
      inputMode: "decimal",
      value: "0.01",
      autocomplete: "off",
      spellcheck: false,
      oninput: () => {
        this.trainOn.hidden = true;
      },
    });
    /** @type {HTMLButtonElement} */
    this.trainOn = button(text("curve.trainOn"), () => this.trainUntil(parsed(this.wanted.value)));
    this.trainOn.hidden = true;
    onEnter(this.wanted, () => this.find());
    this.root = this.together();
    this.width = 0;
    /** @type {Axis} */
    this.across = axisOf([0, 1], [0, 1], STRAIGHT); // of the rounds
    /** @type {Axis} */
    this.up = this.across; // of the errors
    /** @type {{ x: number, label: SVGTextElement }[]} */
    this.ticks = []; // of the rounds
    /** @type {unknown[]} */
    this.drawnFor = [];
    /** @type {Frame | null} */
    this.latest = null;
    new ResizeObserver(([entry]) => {
      this.width = entry.contentRect.width;
      if (this.latest) this.render(this.latest);
    }).observe(this.chart);
  }

  makeSlider() {
    const slider = el("input", {
      class: "curve-slider",
      type: "range",
      step: "any",
      "aria-label": text("curve.slider"),
      oninput: () => this.go(Math.round(this.across.back(slider.valueAsNumber))),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        if (!by) return;
        event.preventDefault(); // its own step would be too small to reach the next round, or skip some
        this.go(this.session.view.round + by);
      },
    });
    return slider;
  }

  makeButtons() {
    const { session } = this;
    /** @type {Record<string, () => number>} */
    const places = {
      first: () => 0,
      previous: () => session.view.round - 1,
      next: () => session.view.round + 1,
      last: () => session.training.rounds,
    };
    return Object.entries(places).map(([name, round]) => {
      const words = text(`curve.${name}`);
      return el(
        "button",
        { class: "button curve-button", type: "button", title: words, "aria-label": words, onclick: () => this.go(round()) },
        svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: CURVE_ICONS[name] })),
      );
    });
  }

  together() {
    const scales = this.scales.map(({ label }) => label);
    const finder = el(
      "div",
      { class: "curve-finder" },
      el("label", {}, text("curve.below"), this.wanted),
      button(text("curve.find"), () => this.find()),
      this.trainOn,
    );
    return el(
      "section",
      { class: "curve" },
      el("div", { class: "curve-head" }, el("h2", {}, text("curve.title")), this.readout, el("div", { class: "curve-scales" }, scales)),
      this.legend,
      this.chart,
      this.slider,
      el("div", { class: "curve-controls" }, el("div", { class: "curve-buttons" }, this.buttons), finder),
    );
  }

  // Going to a round.

  /** @param {number} round */
  within(round) {
    return Math.min(this.session.training.rounds, Math.max(0, round));
  }

  /** @param {number} round */
  go(round) {
    this.session.go({ round: this.within(round) });
  }

  /** @param {MouseEvent} event */
  pointed(event) {
    return this.within(Math.round(this.across.back(event.clientX - this.chart.getBoundingClientRect().left)));
  }

  find() {
    const { training } = this.session;
    const x = parsed(this.wanted.value);
    if (x === null) {
      this.session.notice(text("edit.noNumber", { typed: this.wanted.value.slice(0, 40) }));
      return;
    }
    const round = training.firstBelow(x);
    this.trainOn.hidden = round >= 0 || training.trouble !== null || training.rounds >= MOST_ROUNDS;
    if (round < 0) {
      this.session.notice(text("curve.notYet", { below: written(x), rounds: counted(training.rounds) }));
      return;
    }
    this.go(round);
    this.session.notice(text("curve.found", { below: written(x), round: counted(round) }));
  }

  /** @param {number | null} x */
  trainUntil(x) {
    this.trainOn.hidden = true;
    if (x === null) return;
    this.desk.trainUntilBelow(x, () => this.find());
  }

  // Drawing.

  /**
   * @param {number} round
   * @param {number} [digits]
   */
  error(round, digits) {
    const { session } = this;
    return session.hides(session.graph.result, "data") ? "?" : written(session.training.errors[round], digits);
  }

  // What the training is compared with: a second run, or itself without any change.
  other() {
    return this.session.rival ?? this.session.ghost;
  }

  // Everything that stays as it is while only the shown round changes.
  draw() {
    const { training, view } = this.session;
    const ghost = this.other();
    const { errors, rounds } = training;
    const right = this.width - RIGHT;
    const span = Math.max(1, rounds);
    this.across = axisOf([0, span], [LEFT, right], view.logRounds ? [Math.log1p, Math.expm1] : STRAIGHT);
    const own = roundTicks(errors, rounds, this.across);
    const others = ghost ? roundTicks(ghost.errors, Math.min(ghost.rounds, span), this.across) : [];
    const seen = [...own.map((round) => errors[round]), ...others.map((round) => ghost?.errors[round] ?? 0)];
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    const logarithmic = view.logScale && low > 0;
    /** @type {[number, number]} */
    let range = [Math.min(0, low), Math.max(0, high)];
    if (logarithmic) range = [low / 1.05, high * 1.05];
    else if (low === 0 && high === 0) range = [0, 1];
    this.up = axisOf(range, [BOTTOM, TOP], logarithmic ? [Math.log10, (x) => 10 ** x] : STRAIGHT);
    const [{ box, label }] = this.scales;
    box.disabled = low <= 0;
    label.title = low <= 0 ? text("curve.noLogarithm") : "";
    set(this.line, "d", pathOf(own, errors, this.across, this.up));
    toggle(this.ghostLine, "rival", view.rival);
    set(this.ghostLine, "d", ghost ? pathOf(others, ghost.errors, this.across, this.up) : "");
    this.drawAxes(range, logarithmic, span, right);
    this.drawEnd();
    set(this.slider, "min", LEFT);
    set(this.slider, "max", right);
  }

  /**
   * @param {[number, number]} range of the errors
   * @param {boolean} logarithmic
   * @param {number} span of the rounds
   * @param {number} right
   */
  drawAxes(range, logarithmic, span, right) {
    const { across, up } = this;
    const heights = (logarithmic ? decadesOf : ticksOf)(...range, 4);
    const most = Math.max(2, Math.floor((right - LEFT) / 90));
    const far = this.session.view.logRounds && span >= 10;
    const marked = far ? [0, ...decadesOf(1, span, most)] : ticksOf(0, span, most).filter(Number.isInteger);
    this.ticks = marked.map((round) => {
      const x = across.at(round);
      return { x, label: svg("text", { x, y: BOTTOM + 17, "text-anchor": x > right - 30 ? "end" : "middle" }, counted(round)) };
    });
    const height = (/** @type {number} */ x) =>
      svg(
        "g",
        {},
        svg("line", { x1: LEFT, x2: right, y1: up.at(x), y2: up.at(x) }),
        svg("text", { x: LEFT - 8, y: up.at(x) + 4, "text-anchor": "end" }, written(x)),
      );
    this.grid.replaceChildren(
      ...heights.map(height),
      svg("line", { class: "curve-floor", x1: LEFT, x2: right, y1: BOTTOM, y2: BOTTOM }),
      ...this.ticks.map(({ label }) => label),
    );
  }

  // Where a training diverged, its curve ends in a cross.
  drawEnd() {
    const { training, rival } = this.session;
    const ends = [training, rival].filter((run) => run?.trouble).map((run) => this.cross(/** @type {typeof training} */ (run)));
    this.end.replaceChildren(...ends.flat());
  }

  /** @param {import("../model/training.js").Training} run */
  cross({ rounds, errors }) {
    const [x, y] = [this.across.at(rounds), this.up.at(errors[rounds])];
    const early = x < this.width / 2;
    const words = { x: early ? x + 10 : x - 10, y: y < TOP + 20 ? y + 16 : y - 8, "text-anchor": early ? "start" : "end" };
    return [svg("path", { d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` }), svg("text", words, text("curve.diverged"))];
  }

  /** @param {number | null} round */
  point(round) {
    const { hover } = this;
    toggle(hover.group, "shown", round !== null);
    if (round === null) return;
    this.place(hover, round);
    const late = this.across.at(round) > this.width / 2;
    set(hover.label, "text-anchor", late ? "end" : "start");
    set(hover.label, "x", late ? 6 : -6);
    put(hover.label, text("curve.readout", { round: counted(round), error: this.error(round) }));
  }

  /**
   * @param {Pointer} pointer
   * @param {number} round
   */
  place(pointer, round) {
    set(pointer.group, "transform", `translate(${this.across.at(round).toFixed(1)} 0)`);
    set(pointer.dot, "cy", this.up.at(this.session.training.errors[round]).toFixed(1));
  }

  /** @param {Frame} frame */
  render(frame) {
    const { training, view } = this.session;
    const ghost = this.other();
    const { round } = frame;
    this.latest = frame;
    put(this.readout, text("curve.readout", { round: counted(round), error: this.error(round) }));
    for (const { key, box } of this.scales) box.checked = view[key];
    this.buttons.forEach((button, k) => set(button, "aria-disabled", round === (k < 2 ? 0 : training.rounds)));
    this.describe(round);
    if (!this.width) return;
    const { errors, events, rounds, trouble } = training;
    const shown = [errors, events, rounds, trouble, ghost?.errors, ghost?.rounds, this.width, view.logScale, view.logRounds];
    if (shown.some((each, k) => each !== this.drawnFor[k])) {
      this.drawnFor = shown;
      this.draw();
      this.point(null);
    }
    this.renderMarker(round);
    if (Math.round(this.across.back(this.slider.valueAsNumber)) !== round) this.slider.value = String(this.across.at(round));
    set(this.slider, "aria-valuetext", text("curve.readout", { round: counted(round), error: this.error(round, 6) }));
  }

  /** @param {number} round */
  renderMarker(round) {
    this.place(this.marker, round);
    put(this.marker.label, counted(round));
    const x = this.across.at(round);
    const half = 7 + 3.5 * counted(round).length; // of the tag's width
    const shift = Math.min(0, this.width - x - half);
    set(this.marker.label, "x", shift);
    set(this.tag, "x", shift - half);
    set(this.tag, "width", 2 * half);
    for (const { x: at, label } of this.ticks) {
      toggle(label, "covered", Math.abs(at - x - shift) < half + 4 * (label.textContent ?? "").length);
    }
  }

  /** @param {number} round */
  describe(round) {
    const { training } = this.session;
    const given = {
      first: this.error(0, 3),
      rounds: counted(training.rounds),
      last: this.error(training.rounds, 3),
      round: counted(round),
      error: this.error(round, 3),
    };
    set(this.chart, "aria-label", text("curve.alternative", given) + (training.trouble ? ` ${text("curve.diverged")}` : ""));
  }
}

/**
 * A line down through the chart, with a dot on the curve and a label.
 * @param {string} name
 * @returns {Pointer}
 */
function pointerAt(name) {
  const dot = svg("circle", { r: 4.5 });
  const label = svg("text", { "text-anchor": "middle" });
  return { dot, label, group: svg("g", { class: name }, svg("line", { y1: TOP - 4, y2: BOTTOM }), dot, label) };
}
