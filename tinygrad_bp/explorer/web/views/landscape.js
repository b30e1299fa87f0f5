// The error over two parameters as a map with lines of equal height, and on it the way that the training took.

import { extremes, heightAt, Landscape } from "../model/heights.js";
import { counted, written } from "../model/numbers.js";
import { updatedTo } from "../model/optimizers.js";
import { isBeyondCharts, meanErrorAlong, niceAbove, trail } from "../model/slopes.js";
import { text } from "../model/words.js";
import { el, fillIn, isDark, put, set, svg } from "./elements.js";
import { gradually } from "./gradual.js";
import { followed } from "./grip.js";
import { arrow, Plot } from "./plot.js";

const MAP_HEIGHT = 300;
const [ACROSS, DOWN] = [344, 268]; // pixels of the map
const BANDS = 14;

/** @typedef {import("../model/session.js").Session} Session */

/** @param {Session} session */
export function landscapeView(session) {
  return new LandscapePart(session);
}

class LandscapePart {
  /** @param {Session} session */
  constructor(session) {
    this.session = session;
    const { graph } = session;
    this.map = new Landscape();
    this.canvas = el("canvas", { width: ACROSS, height: DOWN, "aria-hidden": "true" });
    this.plot = new Plot({ height: MAP_HEIGHT, look: "landscape-plot" });
    this.way = svg("path", { class: "landscape-way" });
    this.wayGround = svg("path", { class: "landscape-way ground" });
    this.first = svg("circle", { class: "plot-was", r: 4.5 });
    this.step = svg("path", { class: "plot-step" });
    this.dot = svg("circle", { class: "plot-dot", r: 6 });
    this.plot.clip.append(this.wayGround, this.way, this.first, this.step, this.dot);
    const option = (/** @type {number} */ id) => el("option", { value: String(id) }, graph.nodes[id].name);
    this.choices = [0, 1].map((k) =>
      el("select", { "aria-label": text(k ? "land.up" : "land.across"), onchange: () => this.choose(k) }, graph.parameters.map(option)),
    );
    this.low = el("span", {});
    this.high = el("span", {});
    this.about = el("p", { class: "quiet small" });
    this.root = el(
      "section",
      { class: "landscape" },
      el("h2", {}, text("land.title")),
      el("div", { class: "landscape-choices" }, this.choices[0], " × ", this.choices[1]),
      el("div", { class: "landscape-map" }, this.canvas, this.plot.root),
      el("p", { class: "landscape-scale" }, this.low, el("span", { class: "landscape-ramp" }), this.high),
      this.about,
    );
    this.growth = gradually(this.map, this.root, () => this.paint());
    this.painted = "";
    /** @type {[number, number] | null} */
    this.pair = null;
    this.listen();
  }

  /** @param {number} which */
  choose(which) {
    const chosen = /** @type {[number, number]} */ (this.choices.map(({ value }) => Number(value)));
    if (chosen[0] === chosen[1]) chosen[1 - which] = this.pair?.[which] ?? chosen[0];
    this.pair = chosen;
    this.session.set({});
  }

  listen() {
    const to = (/** @type {PointerEvent} */ event, /** @type {number} */ gesture) => {
      if (!this.pair) return;
      const { x, y } = this.plot.pointed(event);
      const leaves = this.pair.map((id, k) => /** @type {[number, number]} */ ([id, Number([x, y][k].toPrecision(4))]));
      const { view } = this.session;
      this.session.change({ leaves }, view.round, { gesture: `map ${gesture}`, step: view.step });
    };
    followed(this.session, this.plot.root, to, () => !this.pair?.some((id) => this.session.hides(id, "data")));
  }

  /**
   * @param {Frame} frame
   * @param {number} id the number that the slope view is about
   */
  render(frame, id) {
    const { session } = this;
    const { graph, training } = session;
    const endless = [graph.result, id].some((each) => !Number.isFinite(frame.data[each]) || !Number.isFinite(frame.grads[each]));
    const hidden = endless || (session.view.quiz !== null && !session.solved);
    this.root.hidden = hidden;
    if (hidden) return;
    const { parameters } = graph;
    if (!this.pair || (parameters.includes(id) && !this.pair.includes(id))) {
      const place = Math.max(0, parameters.indexOf(id));
      this.pair = [parameters[place], parameters[place + 1] ?? parameters[place - 1]];
    }
    const pair = this.pair;
    pair.forEach((each, k) => {
      fillIn(this.choices[k], each);
    });
    const way = trail(training, pair, frame.round);
    this.root.hidden = isBeyondCharts(way.flat());
    if (this.root.hidden) return;
    const [x, y] = [0, 1].map((k) => rangeOfMap(way.map((point) => point[k])));
    this.plot.range(x, y);
    for (const path of [this.way, this.wayGround]) set(path, "d", this.plot.path(way));
    const [now, first] = [/** @type {[number, number]} */ (way.at(-1)), way[0]];
    this.plot.place(this.first, ...first);
    this.plot.place(this.dot, ...now);
    const next = pair.map((each) =>
      training.trained(frame.settings).includes(each) && pair.every((one) => frame.isDone("backward", one))
        ? updatedTo(frame, each, frame.taken[each])
        : frame.leaves[each],
    );
    const at = (/** @type {number[]} */ [a, b]) => /** @type {[number, number]} */ ([this.plot.across.at(a), this.plot.up.at(b)]);
    arrow(this.step, at(now), at(next));
    const others = frame.leaves.filter((_, k) => !pair.includes(k) && parameters.includes(k));
    const key = JSON.stringify([pair, x, y, [...others], frame.settings.variant, frame.settings.cases]);
    this.growth.want({ x, y, error: meanErrorAlong(graph, frame, pair), key });
    this.paint();
    const names = pair.map((each) => graph.nodes[each].name);
    const given = { across: names[0], up: names[1], round: counted(frame.round), result: graph.nodes[graph.result].name };
    put(this.about, text(this.aboutKey(frame), given));
    set(
      this.plot.root,
      "aria-label",
      text(graph.trains ? "land.chart" : "land.chart.untrained", { ...given, a: written(now[0], 4), b: written(now[1], 4) }),
    );
  }

  /** @param {Frame} frame */
  aboutKey({ settings }) {
    if (!this.session.graph.trains) return "land.about.untrained";
    return settings.cases.length > 1 ? "land.about.cases" : "land.about";
  }

  paint() {
    const { whole } = this.map;
    if (!whole) return;
    const dark = isDark();
    const shown = `${whole.key}${whole.size}${dark}`;
    if (shown === this.painted) return;
    this.painted = shown;
    const [low, high] = extremes(whole);
    put(this.low, written(low, 4));
    put(this.high, written(high, 4));
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const image = context.createImageData(ACROSS, DOWN);
    const pixels = new DataView(image.data.buffer);
    const [inside, edges] = [false, true].map((edge) => Array.from({ length: BANDS }, (_, k) => colourOf(k / (BANDS - 1), edge, dark)));
    // Roots: more lines where it is low, at which training aims.
    const band = (/** @type {number} */ height) => Math.min(BANDS - 1, Math.floor(BANDS * Math.sqrt((height - low) / (high - low || 1))));
    const bands = new Int8Array(ACROSS * DOWN);
    for (let row = 0; row < DOWN; row++) {
      for (let column = 0; column < ACROSS; column++) {
        const height = heightAt(whole, column / (ACROSS - 1), 1 - row / (DOWN - 1));
        const place = row * ACROSS + column;
        bands[place] = Number.isFinite(height) ? band(height) : BANDS - 1;
        const edge = (column > 0 && bands[place] !== bands[place - 1]) || (row > 0 && bands[place] !== bands[place - ACROSS]);
        pixels.setUint32(4 * place, (edge ? edges : inside)[bands[place]]);
      }
    }
    context.putImageData(image, 0, 0);
  }
}

const DEEP = [70, 140, 196];
const PALE = [244, 247, 250];
const DEEP_DARK = [60, 140, 200];
const PALE_DARK = [20, 26, 34];

/**
 * The bytes of a colour: red, green, blue, and that nothing shines through.
 * @param {number} share of the way from the lowest to the highest
 * @param {boolean} edge whether it is the line of a height
 * @param {boolean} dark
 */
function colourOf(share, edge, dark) {
  const [deep, pale] = dark ? [DEEP_DARK, PALE_DARK] : [DEEP, PALE];
  return (
    deep.reduce((bytes, from, k) => {
      const colour = from + (pale[k] - from) * share;
      return 256 * bytes + Math.round(edge ? colour * 0.82 + (dark ? 30 : 0) : colour);
    }, 0) *
      256 +
    255
  );
}

/**
 * A range with round ends around the way of a weight.
 * @param {number[]} numbers
 * @returns {[number, number]}
 */
function rangeOfMap(numbers) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const middle = Math.round(low + high) / 2;
  const half = niceAbove(Math.max(1, 1.2 * Math.max(high - middle, middle - low)));
  return [middle - half, middle + half];
}
