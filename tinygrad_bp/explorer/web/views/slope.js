// The slope view: the error over one number as a curve, its tangent, whose slope is the gradient, and the step of the next update; below,
// the error over two parameters as a map.

import { resultSign } from "../model/notation.js";
import { brief, exactly, signed, typedNumber, written } from "../model/numbers.js";
import { consequence, enlargement, isBeyondCharts, Samples, slopeAt, largeGradient, windowAround } from "../model/slopes.js";
import { text } from "../model/words.js";
import { el, fillIn, onEnter, put, set, svg, toggle } from "./elements.js";
import { understood } from "./edit.js";
import { followed } from "./grip.js";
import { FINER_DIGITS } from "./items.js";
import { landscapeView } from "./landscape.js";
import { nodeName } from "./pieces.js";
import { arrow, key, Plot, roomy } from "./plot.js";

const POINTS = 121; // of a curve
const TABLE_DIGITS = 5;
const WIDEST = 11; // letters that have room in it
const LONGEST_CHANGING = 12; // letters of a name behind Δ

/**
 * @typedef {import("../model/session.js").Session} Session
 * @param {Session} session
 * @returns {Panel}
 */
export function slopeView(session) {
  return new SlopePanel(session);
}

class SlopePanel {
  /** @param {Session} session */
  constructor(session) {
    this.session = session;
    const { graph, description } = session;
    const others = description.cases[0].map(([id]) => id);
    const choices = (/** @type {string} */ title, /** @type {number[]} */ ids) =>
      ids.length > 0 &&
      el(
        "optgroup",
        { label: text(title) },
        ids.map((id) => el("option", { value: String(id) }, graph.nodes[id].name)),
      );
    this.choice = el("select", { onchange: () => session.select(Number(this.choice.value)) }, [
      choices(graph.trains ? "paths.parameters" : "edit.numbers", graph.parameters),
      choices("edit.cases", others),
    ]);
    this.field = el("input", { class: "slope-field", type: "text", inputMode: "decimal", spellcheck: false, autocomplete: "off" });
    set(this.field, "aria-label", text("slope.value"));
    this.field.addEventListener("change", () => this.apply());
    onEnter(this.field, () => this.apply());
    this.wide = new Plot({ height: 186, look: "slope-wide" });
    this.close = new Plot({ height: 160, look: "slope-close", upright: 3, across: 4 });
    this.parts = {
      frame: svg("rect", { class: "slope-frame" }),
      curve: svg("path", { class: "plot-curve" }),
      tangent: svg("path", { class: "plot-tangent" }),
      was: svg("circle", { class: "plot-was", r: 4.5 }),
      dot: svg("circle", { class: "plot-dot", r: 6 }),
    };
    this.wide.clip.append(...Object.values(this.parts));
    this.near = {
      curve: svg("path", { class: "plot-curve" }),
      tangent: svg("path", { class: "plot-tangent" }),
      predicted: svg("path", { class: "plot-predicted" }),
      real: svg("path", { class: "plot-real" }),
      step: svg("path", { class: "plot-step" }),
      dot: svg("circle", { class: "plot-dot", r: 6 }),
      next: svg("circle", { class: "plot-next", r: 4.5 }),
    };
    this.close.clip.append(...Object.values(this.near));
    this.slider = this.makeSlider();
    this.keys = el("p", { class: "plot-keys" });
    this.times = el("p", { class: "slope-times quiet small" });
    this.rows = Object.fromEntries(
      ["update", "hand"].map((name) => [name, ["change", "predicted", "real"].map(() => el("td", { class: "number" }))]),
    );
    this.note = el("p", { class: "quiet small" });
    this.body = this.together();
    this.hidden = el("p", { class: "quiet" });
    this.land = graph.parameters.length > 1 ? landscapeView(session) : null;
    this.root = el(
      "section",
      { class: "slope-panel" },
      el(
        "div",
        { class: "slope-head" },
        el("label", {}, text("slope.number"), " ", this.choice),
        el("span", { class: "slope-set" }, "= ", this.field),
      ),
      this.hidden,
      this.body,
      this.land?.root,
    );
    this.id = -1;
    /** @type {number | undefined} */
    this.told = undefined; // what a beat was about
    /** @type {import("../model/session.js").Session["grip"]} */
    this.grip = null;
    /** @type {import("../model/slopes.js").Range | null} */
    this.window = null;
    this.samples = [new Samples(), new Samples()]; // of the window, and of what is enlarged
    this.named = "";
    this.listen();
  }

  together() {
    const columns = ["change", "predicted", "real"].map((name) =>
      el("th", { scope: "col" }, text(`slope.${name}`, { result: changing(this.session) })),
    );
    const told = Object.entries(this.rows).filter(([name]) => this.session.graph.trains || name !== "update");
    const rows = told.map(([name, cells]) => el("tr", {}, el("th", { scope: "row" }, text(`slope.${name}`)), cells));
    return el(
      "div",
      {},
      this.wide.root,
      this.slider,
      this.keys,
      el(
        "div",
        { class: "slope-numbers" },
        el("table", { class: "slope-table" }, el("thead", {}, el("tr", {}, el("td", {}), columns)), el("tbody", {}, rows)),
      ),
      this.times,
      this.close.root,
      this.note,
    );
  }

  makeSlider() {
    const slider = el("input", {
      class: "plot-slider",
      type: "range",
      step: "any",
      oninput: () => this.session.pull(this.id, Number(slider.valueAsNumber.toPrecision(4)), `slide ${this.id}`),
    });
    return slider;
  }

  apply() {
    const { session, field, id } = this;
    const now = session.shown.leaves[id];
    const x = understood(field, now, (typed) => session.notice(text("edit.noNumber", { typed })));
    if (x !== null && x !== now) session.pull(id, x, "");
  }

  // The point of the chart is a handle too.
  listen() {
    followed(this.session, this.wide.root, (event, gesture) => {
      const [low, high] = this.wide.x;
      const x = Math.max(low, Math.min(high, this.wide.pointed(event).x));
      this.session.pull(this.id, Number(x.toPrecision(4)), `point ${gesture}`);
    });
  }

  // The number that is looked at: the one that is chosen, or what was taken in hand or told last; at first one of a large gradient.
  shownNumber() {
    const { graph, view, shown, grip } = this.session;
    const isLeaf = (/** @type {number | null | undefined | false} */ id) => typeof id === "number" && !graph.nodes[id].op;
    const node = shown.beat?.node;
    const found = [view.selected, grip !== this.grip && grip?.id, node !== this.told && node, this.id >= 0 && this.id].find(isLeaf);
    [this.grip, this.told] = [grip, node];
    return typeof found === "number" ? found : largeGradient(this.session.training.told(shown.settings), shown.grads);
  }

  /** @param {Frame} frame */
  render(frame) {
    const { session } = this;
    const id = /** @type {number} */ (this.shownNumber());
    const { graph } = session;
    const x = frame.leaves[id];
    if (id !== this.id) this.window = null;
    this.id = id;
    fillIn(this.choice, id);
    const found = slopeAt(session, frame, id);
    const { height, next, slope, update } = found;
    const why = isBeyondCharts([x])
      ? "slope.beyond"
      : !Number.isFinite(slope)
        ? "slope.endless"
        : isBeyondCharts([height, next, slope * Math.max(1, Math.abs(x)), ...Object.values(update ?? {})])
          ? "slope.tooLarge"
          : "";
    const riddle = [id, graph.result].some((each) => session.hides(each, "data")) || session.hides(id, "next");
    this.hidden.hidden = !riddle && !why;
    const given = { name: graph.nodes[id].name, number: written(x), result: graph.nodes[graph.result].name };
    put(this.hidden, this.hidden.hidden ? "" : text(riddle ? "slope.hidden" : why, given));
    this.body.hidden = !this.hidden.hidden;
    this.field.disabled = session.hides(id, "data");
    if (document.activeElement !== this.field) fillIn(this.field, session.hides(id, "data") ? "?" : typedNumber(x));
    if (this.body.hidden) this.forget();
    else this.draw(frame, frame.isDone("backward", id) ? found : { ...found, next: x, update: null });
    this.land?.render(frame, id);
  }

  // What was drawn and gives a riddle away.
  forget() {
    this.named = "";
    this.number = undefined;
    this.keys.replaceChildren();
    this.write("update", null);
    this.write("hand", null);
    for (const element of [this.times, this.note]) put(element, "");
    for (const chart of [this.wide, this.close]) set(chart.root, "aria-label", "");
  }

  /**
   * @param {Frame} frame
   * @param {ReturnType<typeof slopeAt>} found
   */
  draw(frame, found) {
    const { session, wide, parts, id } = this;
    const { graph } = session;
    const { x, slope, error, height, update } = found;
    const come = frame.isDone("backward", id); // a round that is gone through tells no slope, nor what follows from it, before its beat
    toggle(this.root, "early", !come);
    const steep = come ? written(slope, FINER_DIGITS) : text("neurons.pending");
    // In someone's hand the number moves in the window, and not the window with it.
    const still = (session.gripping || document.activeElement === this.slider) && this.window && x >= this.window[0] && x <= this.window[1];
    if (!still || !this.window) this.window = windowAround(this.window, x);
    // While the number alone moves, the curve stays as it is.
    const others = frame.leaves.slice();
    others[id] = 0;
    const points = this.samples[0].of(error, this.window, POINTS, [id, frame.settings.variant, ...others]);
    wide.range(this.window, roomy([height, ...points.map(([, y]) => y)].filter(Number.isFinite)));
    set(parts.curve, "d", wide.path(points));
    set(parts.tangent, "d", wide.tangent(x, height, slope));
    wide.place(parts.dot, x, height);
    const { grip } = session;
    const moved = grip?.id === id && grip.from !== x ? grip : null;
    toggle(parts.was, "gone", !moved);
    if (moved) wide.place(parts.was, moved.from, error(moved.from));
    this.drawClose(frame, found);
    const [low, high] = this.window;
    set(this.slider, "min", low);
    set(this.slider, "max", high);
    if (this.slider.valueAsNumber !== x) this.slider.value = String(x);
    const name = graph.nodes[id].name;
    const result = graph.nodes[graph.result].name;
    set(this.slider, "aria-label", name);
    set(this.slider, "aria-valuetext", `${name} ${written(x, FINER_DIGITS)}, ${result} ${written(height, FINER_DIGITS)}`);
    const given = {
      name,
      result,
      number: written(x, FINER_DIGITS),
      height: written(height, FINER_DIGITS),
      slope: steep,
    };
    set(wide.root, "aria-label", text("slope.chart", given));
    this.write("update", update);
    this.write("hand", moved && come ? consequence(error, moved.from, x, moved.slope) : null);
    this.writeKeys(steep, come ? slope : null, update !== null);
    put(this.note, come ? this.remark(frame, update) : "");
  }

  /**
   * What is written below the numbers.
   * @param {Frame} frame
   * @param {import("../model/slopes.js").Consequence | null} update
   */
  remark(frame, update) {
    if (frame.settings.sequential) return text("slope.mistaken");
    if (!this.session.graph.trains) return "";
    if (!update) return text("slope.given");
    return text(update.real > 0 && update.predicted < 0 ? "slope.tooFar" : "slope.why");
  }

  /**
   * @param {Frame} frame
   * @param {ReturnType<typeof slopeAt>} found
   */
  drawClose(frame, { x, slope, error, height, next, update }) {
    const { close, near, parts, wide } = this;
    const times = enlargement(wide.x, next - x);
    const half = (wide.x[1] - wide.x[0]) / 2 / times;
    const middle = x + (next - x) / 2;
    /** @type {import("../model/slopes.js").Range} */
    const range = [middle - half, middle + half];
    const from = (/** @type {number} */ at) => error(at) - height; // of nearly equal numbers nobody sees the difference
    const points = this.samples[1].of(from, range, POINTS, [this.id, frame.settings.variant, ...frame.leaves]);
    const change = error(next) - height;
    const ends = range.map((at) => slope * (at - x));
    close.range(range, roomy([0, change, ...ends].filter(Number.isFinite)), (number) => String(Number(number.toPrecision(4))));
    set(near.curve, "d", close.path(points));
    set(near.tangent, "d", close.tangent(x, 0, slope));
    close.place(near.dot, x, 0);
    const at = (/** @type {number} */ a, /** @type {number} */ b, shift = 0) =>
      /** @type {[number, number]} */ ([close.across.at(a) + shift, close.up.at(b)]);
    arrow(near.step, at(x, 0), at(next, 0));
    arrow(near.predicted, at(next, 0, -3), at(next, update ? update.predicted : 0, -3));
    arrow(near.real, at(next, 0, 3), at(next, update ? update.real : 0, 3));
    toggle(near.next, "gone", !update);
    close.place(near.next, next, change);
    const corners = [wide.across.at(range[0]), wide.up.at(height + close.y[1]), wide.across.at(range[1]), wide.up.at(height + close.y[0])];
    const [wideness, tallness] = [Math.max(6, corners[2] - corners[0]), Math.max(6, corners[3] - corners[1])];
    const box = {
      x: (corners[0] + corners[2] - wideness) / 2,
      y: (corners[1] + corners[3] - tallness) / 2,
      width: wideness,
      height: tallness,
    };
    for (const [name, value] of Object.entries(box)) set(parts.frame, name, value.toFixed(1));
    const given = { times: String(times), result: changing(this.session), change: signed(next - x, FINER_DIGITS), predicted: "", real: "" };
    if (update) Object.assign(given, { predicted: signed(update.predicted, FINER_DIGITS), real: signed(update.real, FINER_DIGITS) });
    const same = times === 1; // nothing is enlarged
    put(this.times, text(update ? (same ? "slope.next" : "slope.times") : same ? "slope.near" : "slope.timesOnly", given));
    const lens = same ? "slope.lensHere" : "slope.lens";
    set(close.root, "aria-label", text(update ? lens : same ? "slope.near" : "slope.timesOnly", given));
  }

  /**
   * @param {"update" | "hand"} row
   * @param {import("../model/slopes.js").Consequence | null} found
   */
  write(row, found) {
    const numbers = found ? [found.change, found.predicted, found.real] : [null, null, null];
    numbers.forEach((x, k) => {
      const words = x === null ? "·" : signed(x, TABLE_DIGITS);
      put(this.rows[row][k], x !== null && words.length > WIDEST ? (x > 0 ? "+" : "") + brief(x, TABLE_DIGITS) : words);
      set(this.rows[row][k], "data-value", exactly(x));
    });
  }

  /**
   * @param {string} steep in words
   * @param {number | null} slope
   * @param {boolean} updates
   */
  writeKeys(steep, slope, updates) {
    const { session, id } = this;
    const { notation, graph } = session;
    const given = { result: changing(session) };
    const words = `${id},${updates}`;
    if (words !== this.named) {
      this.named = words;
      this.number = el("data", {});
      this.keys.replaceChildren(
        key("plot-curve", nodeName(notation, graph.result)),
        key("plot-tangent", [text("slope.tangent"), " ", this.number]),
        ...(updates
          ? [key("plot-step", "−η · g"), key("plot-predicted", text("slope.predicted", given)), key("plot-real", text("slope.real", given))]
          : []),
      );
    }
    if (!this.number) return;
    put(this.number, steep);
    set(this.number, "value", exactly(slope));
  }
}

/**
 * What is said to change, behind Δ: if its name is short.
 * @param {import("../model/session.js").Session} session
 */
function changing(session) {
  const sign = resultSign(session);
  return sign.length <= LONGEST_CHANGING ? sign : "";
}
