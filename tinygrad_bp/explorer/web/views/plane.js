// The plane of two inputs: the cases as points, what the network makes of every place as colour, and the same of each neuron, small.

import { inputsOf, Maps, roomOf, scaleOf } from "../model/maps.js";
import { written } from "../model/numbers.js";
import { classOf, endsOf, kindsOf, MOST_CASES, withoutPoint, withPoint } from "../model/points.js";
import { notchOf } from "../model/slopes.js";
import { text } from "../model/words.js";
import { button } from "./controls.js";
import { el, isDark, put, set, svg, toggle } from "./elements.js";
import { gradually } from "./gradual.js";
import { nameElement } from "./pieces.js";
import { colour, SIZE } from "./painting.js";
import { Plot } from "./plot.js";

const PLANE_HEIGHT = 300;
const SLACK = 3; // units of the chart that a press may move and still be a press

/** @typedef {import("../model/session.js").Session} Session */

/**
 * The plane of a network of two inputs; null of another.
 * @param {Session} session
 */
export function planeView(session) {
  const inputs = inputsOf(session.graph, session.original.cases);
  return inputs && new Plane(session, inputs);
}

class Plane {
  /**
   * @param {Session} session
   * @param {[number, number]} inputs
   */
  constructor(session, inputs) {
    this.session = session;
    this.inputs = inputs;
    const { neurons } = /** @type {Network} */ (session.graph.network);
    this.neurons = neurons;
    /** @type {Neuron} */
    this.shown = neurons.find(({ end }) => end) ?? neurons[neurons.length - 1];
    this.plot = new Plot({ height: PLANE_HEIGHT, look: "plane-plot" });
    set(this.plot.root, "role", "group");
    this.canvas = el("canvas", { width: SIZE, height: SIZE, "aria-hidden": "true" });
    /** @type {SVGGElement[]} */
    this.points = [];
    const [x, y] = inputs.map((id) => session.graph.nodes[id].name);
    this.plot.over.append(
      svg("text", { class: "plane-axis", x: 390, y: PLANE_HEIGHT - 30, "text-anchor": "end" }, x),
      svg("text", { class: "plane-axis", x: 54, y: 22 }, y),
    );
    this.small = neurons.map((neuron) => {
      const canvas = el("canvas", { width: SIZE, height: SIZE, "aria-hidden": "true" });
      const choose = () => {
        this.shown = neuron;
        session.set({});
      };
      const element = el(
        "button",
        { class: "plane-small", type: "button", "aria-label": text("plane.show", { name: neuron.name }), onclick: choose },
        canvas,
        nameElement(neuron.name),
      );
      return { neuron, canvas, element };
    });
    this.title = el("h2", {}, text("plane.title"));
    this.about = el("p", { class: "quiet small" }, text("plane.about"));
    /** @type {import("../model/points.js").Kind[]} */
    this.kinds = [];
    this.kind = 0; // of the next point
    this.choices = el("span", { class: "segments", role: "group", "aria-label": text("plane.kinds") });
    this.adding = button(text("plane.add"), () => this.addSomewhere(), "small");
    this.deleting = button("", () => this.remove(session.shown.row), "small");
    this.tools = el("div", { class: "plane-tools" }, el("span", {}, text("plane.kinds")), this.choices, this.adding, this.deleting);
    this.listen();
    this.root = el(
      "section",
      { class: "plane" },
      this.title,
      el("div", { class: "plane-map" }, this.canvas, this.plot.root),
      this.tools,
      el(
        "div",
        { class: "plane-maps", role: "group", "aria-label": text("plane.neurons") },
        this.small.map(({ element }) => element),
      ),
      this.about,
    );
    /** @type {[import("../model/maps.js").Range, import("../model/maps.js").Range] | null} */
    this.room = null;
    this.maps = gradually(
      new Maps(
        session.graph,
        inputs,
        SIZE,
        neurons.map(({ out }) => out),
      ),
      this.root,
      ({ numbers, state }) => {
        neurons.forEach((neuron, k) => {
          const scale = scaleOf(session.formulas.activation(neuron, state.settings.variant), numbers[k]);
          colour(this.small[k].canvas, numbers[k], scale);
          if (neuron === this.shown) colour(this.canvas, numbers[k], scale);
        });
      },
    );
    this.drags = 0;
  }

  /**
   * The numbers of a case: where its point is.
   * @param {Frame} frame
   * @param {number} row
   */
  placeOf(frame, row) {
    const given = new Map(frame.settings.cases[row]);
    return this.inputs.map((id) => given.get(id) ?? 0);
  }

  /** @param {Frame} frame */
  render(frame) {
    const { session, plot } = this;
    const { graph } = session;
    const riddle = session.view.quiz !== null && !session.solved;
    this.root.hidden = riddle;
    if (riddle) return;
    if (!this.room || !session.gripping) this.room = roomOf(frame.settings.cases, this.inputs);
    plot.range(...this.room);
    this.paint(frame);
    this.drawPoints(frame);
    this.drawTools(frame);
    const said = classOf(session, frame.data);
    const result = said ? `${said.name} ${written(said.probability, 3)}` : written(frame.data[this.shown.out], 4);
    const given = { name: this.shown.name, count: frame.settings.cases.length, number: frame.row + 1, result };
    set(plot.root, "aria-label", text("plane.chart", given));
    for (const { neuron, element } of this.small) set(element, "aria-pressed", neuron === this.shown);
    toggle(this.root, "single", graph.network?.neurons.length === 1);
  }

  /** @param {Frame} frame */
  paint(frame) {
    const { variant } = frame.settings;
    const others = frame.leaves.filter((_, id) => !this.inputs.includes(id));
    const key = JSON.stringify([[...others], variant, this.room, this.shown.out, isDark()]);
    if (this.room) this.maps.want({ key, state: frame, room: this.room });
  }

  /** @param {Frame} frame */
  drawPoints(frame) {
    const { cases } = frame.settings;
    while (this.points.length < cases.length) this.points.push(this.pointAt(this.points.length));
    if (this.plot.clip.childElementCount !== cases.length) this.plot.clip.replaceChildren(...this.points.slice(0, cases.length));
    const { target } = this.shown;
    const end = this.neurons.find((neuron) => neuron.target !== null);
    cases.forEach((row, k) => {
      const group = this.points[k];
      const [x, y] = this.placeOf(frame, k);
      set(group, "transform", `translate(${this.plot.across.at(x).toFixed(1)} ${this.plot.up.at(y).toFixed(1)})`);
      const wanted = new Map(row).get(target ?? end?.target ?? -1);
      const [low, high] = this.targets(frame, target ?? end?.target ?? -1);
      const share = wanted === undefined ? 0.5 : (wanted - low) / (high - low || 1);
      toggle(group, "high", share >= 0.5);
      toggle(group, "chosen", k === frame.row);
      set(group, "tabindex", k === frame.row ? "0" : "-1");
      set(group, "aria-pressed", k === frame.row);
      const given = { number: k + 1, x: written(x, 4), y: written(y, 4), target: written(wanted, 4) };
      set(group, "aria-label", text(wanted === undefined ? "plane.point.bare" : "plane.point", given));
    });
  }

  /**
   * @param {Frame} frame
   * @param {number} target
   */
  targets(frame, target) {
    const found = frame.settings.cases.map((row) => new Map(row).get(target) ?? 0);
    return [Math.min(0, ...found), Math.max(1, ...found)];
  }

  /** @param {number} row */
  pointAt(row) {
    const { session } = this;
    const group = svg(
      "g",
      { class: "plane-point", role: "button", tabindex: "-1" },
      svg("circle", { class: "plane-reach", r: 14 }),
      svg("circle", { class: "plane-ring", r: 11 }),
      svg("path", { class: "plane-low", d: "M-6.5 0A6.5 6.5 0 1 0 6.5 0A6.5 6.5 0 1 0 -6.5 0" }),
      svg("path", { class: "plane-high", d: "M-6 -6H6V6H-6Z" }),
    );
    /** @type {{ x: number, y: number, moves: boolean } | null} */
    let hand = null;
    group.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      group.setPointerCapture(event.pointerId);
      this.drags += 1;
      hand = { x: event.clientX, y: event.clientY, moves: false };
    });
    group.addEventListener("pointermove", (event) => {
      if (!hand || (!hand.moves && Math.hypot(event.clientX - hand.x, event.clientY - hand.y) < SLACK)) return;
      if (!hand.moves) session.hold(true);
      hand.moves = true;
      const { x, y } = this.plot.pointed(event);
      this.move(
        row,
        [x, y].map((each) => Number(each.toPrecision(3))),
        `plane ${this.drags}`,
      );
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      group.addEventListener(kind, () => {
        if (hand?.moves) session.hold(false);
        else if (hand && kind === "pointerup") this.choose(row);
        hand = null;
      });
    }
    group.addEventListener("keydown", (event) => this.press(event, row));
    return group;
  }

  /**
   * What the next point is to be, and what can be done with those there are.
   * @param {Frame} frame
   */
  drawTools(frame) {
    const { session } = this;
    const { cases, tables } = frame.settings;
    const kinds = kindsOf(session, [...cases, ...(Object.values(tables)[0] ?? session.original.cases)]);
    if (JSON.stringify(kinds) !== JSON.stringify(this.kinds)) {
      this.kinds = kinds;
      this.kind = Math.min(this.kind, kinds.length - 1);
      const choose = (/** @type {number} */ k) => () => {
        this.kind = k;
        session.set({});
      };
      this.choices.replaceChildren(
        ...kinds.map(({ name, high }, k) =>
          el("button", { type: "button", onclick: choose(k) }, el("span", { "aria-hidden": "true" }, high ? "■ " : "● "), name),
        ),
      );
    }
    [...this.choices.children].forEach((each, k) => {
      set(each, "aria-pressed", k === this.kind);
    });
    set(this.adding, "aria-disabled", cases.length >= MOST_CASES);
    set(this.deleting, "aria-disabled", cases.length === 1);
    put(this.deleting, text("plane.delete", { number: frame.row + 1 }));
  }

  // A press where there is no point makes one.
  listen() {
    const { root } = this.plot;
    /** @type {{ x: number, y: number } | null} */
    let down = null;
    root.addEventListener("pointerdown", (event) => {
      down = event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
    });
    root.addEventListener("pointercancel", () => {
      down = null;
    });
    root.addEventListener("pointerup", (event) => {
      if (down && Math.hypot(event.clientX - down.x, event.clientY - down.y) < SLACK) {
        const { x, y } = this.plot.pointed(event);
        const [across, up] = [this.plot.x, this.plot.y];
        if (x >= across[0] && x <= across[1] && y >= up[0] && y <= up[1]) this.add([x, y]);
      }
      down = null;
    });
  }

  /** @param {number[]} place */
  add(place) {
    const { session } = this;
    const { cases } = session.shown.settings;
    const kind = this.kinds[this.kind];
    if (!kind) return;
    if (cases.length >= MOST_CASES) {
      session.notice(text("plane.full", { count: MOST_CASES }));
      return;
    }
    const ends = endsOf(session).map(({ target }) => /** @type {number} */ (target));
    const there = place.map((x) => Number(x.toPrecision(3)));
    this.replace(withPoint(cases, this.inputs, there, ends, kind), cases.length);
  }

  // For who has no pointer: in the middle, or beside it, where there is none yet; the arrows move it from there.
  addSomewhere() {
    const taken = new Set(this.session.shown.settings.cases.map((_, row) => this.placeOf(this.session.shown, row).join()));
    const [across, up] = [this.plot.x, this.plot.y];
    for (let k = 0; ; k++) {
      const shift = 0.05 * k;
      const place = [across, up].map(([low, high]) => Number((low + (high - low) * (0.5 + (shift % 0.5))).toPrecision(3)));
      if (taken.has(place.join()) && k < 10) continue;
      this.add(place);
      break;
    }
    const { row } = this.session.frame();
    this.render(this.session.shown);
    this.points[row]?.focus();
  }

  /** @param {number} row */
  remove(row) {
    const { session } = this;
    const { cases } = session.shown.settings;
    if (cases.length === 1) {
      session.notice(text("plane.last"));
      return;
    }
    this.replace(withoutPoint(cases, row), Math.min(row, cases.length - 2));
  }

  /**
   * Another table, of which a case is looked at.
   * @param {Case[]} table
   * @param {number} row
   */
  replace(table, row) {
    const { session } = this;
    if (session.change({ table })) session.go({ row });
  }

  /** @param {number} row */
  choose(row) {
    const { session } = this;
    session.go({ row, step: session.view.step === null ? null : 0 });
  }

  /**
   * The arrows go from point to point; with Shift they move the one that has the focus.
   * @param {KeyboardEvent} event
   * @param {number} row
   */
  press(event, row) {
    const ways = /** @type {Record<string, [number, number]>} */ ({
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    });
    const way = ways[event.key];
    const pressed = event.key === "Enter" || event.key === " ";
    const deleted = event.key === "Delete" || event.key === "Backspace";
    if (!way && !pressed && !deleted) return;
    event.preventDefault();
    event.stopPropagation();
    const count = this.session.shown.settings.cases.length;
    if (deleted) {
      this.remove(row);
      this.render(this.session.frame());
      this.points[this.session.shown.row]?.focus();
    } else if (pressed) this.choose(row);
    else if (event.shiftKey) {
      const here = this.placeOf(this.session.shown, row);
      const there = here.map((x, k) => Number((x + 5 * notchOf(x) * way[k]).toPrecision(12)));
      this.move(row, there, `plane key ${row}`);
    } else {
      const next = (row + way[0] + way[1] + count) % count;
      this.choose(next);
      this.points[next].focus();
    }
  }

  /**
   * @param {number} row
   * @param {number[]} place
   * @param {string} gesture
   */
  move(row, place, gesture) {
    const { session } = this;
    const cells = this.inputs.map((id, k) => /** @type {[number, number, number]} */ ([row, id, place[k]]));
    session.change({ cells }, session.view.round, { gesture });
  }
}
