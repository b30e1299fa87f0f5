// The boxes of a picture of a network: of inputs, neurons, parts of the error and the error, with the numbers and leaves said in them.

import { isolated, text } from "../model/words.js";
import { badgeSize, besideBox, smallSize, smallWidth } from "./arrangement.js";
import { set, svg, toggle } from "./elements.js";
import { gripped } from "./grip.js";
import { fitting, item, LETTER, named, NUMBER, RATE, ROOM, shortened } from "./items.js";

const PAIR_LETTERS = 25; // letters of a row in which the whole name of a derivative has room

/** @typedef {import("./labels.js").Stage} Stage */

/**
 * A number in the picture: where it stands, and of what it is.
 * @typedef {object} NumberPart
 * @property {SVGTextElement} element
 * @property {string} prefix
 * @property {"data" | "grad" | "main"} what "main" is what the mode asks for
 * @property {number} id
 * @property {number} letters that there is room for
 */

/**
 * @typedef {object} ItemPart
 * @property {number} id
 * @property {number[]} ids all nodes that it stands for
 * @property {SVGGElement} group
 * @property {NumberPart[]} numbers
 * @property {SVGTextElement | null} ghost
 * @property {SVGTextElement[]} instead badges that stand where the ghost would
 * @property {string} only a mode, or nothing
 */

/**
 * What boxes are made for.
 * @typedef {object} Plan
 * @property {Stage} stage
 * @property {import("./arrangement.js").Arrangement} places
 * @property {Map<number, Neuron>} neuronAt by output
 * @property {Map<number, number>} own bias of one neuron alone, by output
 * @property {Map<number, number>} targets by the box in which it is said
 * @property {(id: number) => void} choose
 * @property {number} width of the picture
 */

export class Boxes {
  /** @param {Plan} plan */
  constructor({ stage, places, neuronAt, own, targets, choose, width }) {
    this.stage = stage;
    this.width = width;
    this.places = places;
    this.neuronAt = neuronAt;
    this.own = own;
    this.targets = targets;
    this.choose = choose;
    /** @type {ItemPart[]} */
    this.items = [];
    /** @type {{ neuron: Neuron, badge: SVGTextElement | null, group: SVGGElement, full: boolean }[]} */
    this.badges = []; // of what stands in the way of a gradient
    /** @type {SVGTextElement[]} */
    this.probabilities = [];
  }

  /**
   * @param {number} id
   * @param {import("./columns.js").Box} box
   */
  box(id, box) {
    if (id < 0) return this.probability(-1 - id, box);
    const { x, y, width, height, kind } = box;
    const rect = svg("rect", {
      class: `box ${kind}`,
      x: x - width / 2,
      y: y - height / 2,
      width,
      height,
      rx: kind === "neuron" ? Math.min(22, height * 0.28) : 8,
    });
    const neuron = this.neuronAt.get(id);
    const name = neuron ? neuron.name : this.stage.graph.nodes[id].name;
    const full = box.rows === 3 || kind === "bias";
    const { numbers, texts, extra } = full ? this.fullBox(id, box, name) : this.smallBox(id, box, name);
    const ghost = full ? svg("text", { class: "ghost-number", x, y: y + height / 2 + 11, "text-anchor": "middle" }) : null;
    const group = item(
      { "data-node": id },
      () => this.choose(id),
      svg("title", {}, this.stage.graph.nodes[id].name),
      rect,
      texts,
      numbers.map(({ element }) => element),
      ghost,
    );
    if (!this.stage.graph.nodes[id].op) gripped(this.stage, id, group);
    this.items.push({ id, ids: neuron ? [id, neuron.net] : [id], group, numbers, ghost, instead: [], only: "" });
    if (neuron) this.badges.push({ neuron, group, full, badge: this.badge(box, group, full) });
    return [group, ...extra];
  }

  // Between two boxes there may be room for one line only: a badge of the lower one goes before a ghost of the upper.
  settle() {
    for (const part of this.items) {
      const from = part.ghost ? this.places.boxes.get(part.id) : undefined;
      if (!from) continue;
      for (const { neuron, badge } of this.badges) {
        const { x, y, height } = /** @type {import("./columns.js").Box} */ (this.places.boxes.get(neuron.out));
        const gap = y - height / 2 - (from.y + from.height / 2);
        if (badge && Math.abs(x - from.x) < from.width && gap > 0 && gap < 2.2 * this.places.font) part.instead.push(badge);
      }
    }
  }

  /**
   * At the box of a neuron, above it or where there is room beside it: why hardly any gradient passes through it, and the slope by which
   * it multiplies. Null where there is no room.
   * @param {import("./columns.js").Box} box
   * @param {SVGGElement} group
   * @param {boolean} full
   */
  badge({ x, y, width, height, rows, free }, group, full) {
    const font = badgeSize(this.places.font);
    const beside = !full && this.places.upright;
    if (!rows || (!full && free < (beside ? LETTER * font * 7 : font))) return null;
    const at = beside ? { x: x + width / 2 + 3, y: y + font * 0.36 } : { x: x - width / 2 + (full ? 10 : 3), y: y - height / 2 - 4 };
    const badge = svg("text", { class: "badge", ...at, "font-size": font });
    group.append(badge);
    return badge;
  }

  /**
   * What the error makes of an output before it judges it.
   * @param {number} place
   * @param {import("./columns.js").Box} box
   * @returns {SVGGElement[]}
   */
  probability(place, box) {
    const { x, y, width, height } = box;
    const { graph, description } = this.stage;
    const network = /** @type {Network} */ (graph.network);
    const { kind, neurons } = /** @type {NonNullable<Network["probabilities"]>} */ (network.probabilities);
    const font = this.places.font;
    const name = description.outputs.at(neurons.length > 1 ? place : -1) ?? network.neurons[neurons[place]].name;
    const full = box.rows === 3;
    const left = x - width / 2 + (full ? 9 : 5);
    const row = (/** @type {number} */ k) => y + k * (height / (full ? 3.4 : 2.3)) + font * 0.34;
    const number = svg("text", { class: "box-number", x: left, y: row(full ? 0 : 0.5), "font-size": Math.max(11, font - 1.5) });
    this.probabilities[place] = number;
    const target = this.targets.get(-1 - place);
    const drawn = svg(
      "g",
      { class: "probability" },
      svg("title", {}, `${kind}: ${name}`),
      svg("rect", { class: "box part", x: x - width / 2, y: y - height / 2, width, height, rx: 8 }),
      svg(
        "text",
        { class: "box-name", x: left, y: row(full ? -1 : -0.5) },
        shortened(`p ${name}`, width - (target === undefined ? 0 : font * LETTER * 3), font * LETTER),
      ),
      svg(
        "text",
        { class: "badge", x: left, y: this.places.upright ? y + height / 2 + 11 : y - height / 2 - 4, "font-size": Math.max(11, font - 3) },
        place ? "" : kind,
      ),
      number,
    );
    return target === undefined ? [drawn] : [drawn, this.targetIn(target, box, full)];
  }

  /**
   * All numbers of a box in rows: of a neuron net and out, and beside them how the error changes with each.
   * @param {number} id
   * @param {import("./columns.js").Box} box
   * @param {string} name
   */
  fullBox(id, { x, y, width, height, kind }, name) {
    const font = this.places.font;
    const size = Math.max(11, font - 1.5);
    const neuron = this.neuronAt.get(id);
    const target = this.targets.get(id);
    const bias = this.own.get(id);
    const left = x - width / 2 + 9;
    const rows = neuron || target !== undefined ? 3 : 2;
    const row = (/** @type {number} */ k) => y + (k - (rows - 1) / 2) * (height / (rows + 0.4)) + font * 0.34;
    const extra = [];
    /** @type {NumberPart[]} */
    const numbers = [];
    const above = neuron !== undefined && neuron.net === neuron.out ? 1 : 0; // where no net input stands
    const letters = Math.floor((width - 18) / (LETTER * size));
    const spare = letters < PAIR_LETTERS ? 0 : 3; // letters, with which the name of a derivative is whole
    const room = width - 18 - (bias === undefined || above ? 0 : font * LETTER * (9 + spare));
    const texts = [
      named(fitting(name, room, font), {
        class: "box-name",
        x: kind === "bias" ? x : left,
        y: row(0),
        "text-anchor": kind === "bias" ? "middle" : "start",
      }),
    ];
    if (neuron) {
      const right = x + width / 2 - 9;
      const said = Math.min(ROOM + 4, letters - NUMBER);
      const pair = (/** @type {number} */ id, /** @type {string} */ name, /** @type {string} */ rate, /** @type {number} */ y) => {
        numbers.push({ ...this.number(id, name, "data", left, y), letters: said });
        numbers.push({ ...this.number(id, rate, "grad", right, y, "end"), letters: letters - said });
      };
      pair(neuron.out, "out ", `${RATE} `, row(2));
      if (neuron.net !== neuron.out) pair(neuron.net, "net ", "δ ", row(1));
    } else if (kind === "bias")
      numbers.push({ ...this.number(id, "", "main", x, row(1), "middle"), letters: Math.floor((width - 4) / (LETTER * size)) });
    else numbers.push(this.number(id, "", kind === "input" ? "data" : "main", left, row(1)));
    if (bias !== undefined)
      extra.push(this.small(bias, `${isolated(this.stage.graph.nodes[bias].name)} `, x + width / 2 - 9, row(above), "main", "", spare));
    if (target !== undefined && !neuron) extra.push(this.targetIn(target, { x, y, width, height }, true));
    else if (target !== undefined)
      extra.push(this.small(target, `${text("neurons.target")} `, x + width / 2 - 2, y - height / 2 - 4, "data"));
    return { numbers, texts, extra };
  }

  /**
   * A box with a name and one number below or beside it, or with nothing until it is spoken of.
   * @param {number} id
   * @param {import("./columns.js").Box} box
   * @param {string} name
   */
  smallBox(id, box, name) {
    const { x, y, width, height, kind, rows } = box;
    const font = this.places.font;
    const target = this.targets.get(id);
    const bias = this.own.get(id);
    const extra = [];
    const middle = y + font * 0.34;
    const what = kind === "input" ? "data" : "main";
    const number = rows
      ? this.number(
          id,
          "",
          what,
          rows === 2 ? x : x + width / 2 - 5,
          rows === 2 ? y + height / 2 - font * 0.34 : middle,
          rows === 2 ? "middle" : "end",
        )
      : this.number(id, `${shortened(name, 60)} `, what, x, middle, "middle");
    const left = rows === 1 || (target !== undefined && !this.neuronAt.has(id));
    const room = width - 6 - (rows === 1 ? LETTER * font * 8 : left ? LETTER * font * 6 : 0);
    number.letters = Math.floor((width - 4 - (rows === 1 ? LETTER * font * (name.length + 1) : 0)) / (LETTER * Math.max(11, font - 1.5)));
    if (!rows) number.letters = NUMBER + number.prefix.length;
    toggle(number.element, "tiny", !rows);
    const at = {
      class: "box-name",
      x: left ? x - width / 2 + 5 : x,
      y: rows === 1 ? middle : y - height / 2 + font * 1.05,
      "text-anchor": left ? "start" : "middle",
    };
    const texts = rows ? [named(fitting(name, room, font), at)] : [];
    if (target !== undefined && rows) extra.push(this.smallTarget(target, box, this.neuronAt.has(id)));
    if (bias !== undefined) extra.push(this.beside(bias, `${isolated(this.stage.graph.nodes[bias].name)} `, box, "main"));
    return { numbers: [number], texts, extra };
  }

  /**
   * A target in a small box, or beside it where that has no room.
   * @param {number} target
   * @param {import("./columns.js").Box} box
   * @param {boolean} full whether its neuron needs all of the box
   */
  smallTarget(target, box, full) {
    return full || (box.rows === 1 && this.places.upright) ? this.beside(target, "t ", box, "data") : this.targetIn(target, box, false);
  }

  /**
   * The target of a part of the error: in its box.
   * @param {number} target
   * @param {{ x: number, y: number, width: number, height: number }} box
   * @param {boolean} full
   */
  targetIn(target, { x, y, width, height }, full) {
    const font = this.places.font;
    if (full) return this.small(target, `${text("neurons.target")} `, x + width / 2 - 9, y + height / 3.4 + font * 0.34, "data");
    return this.small(target, "t ", x + width / 2 - 4, y - height / 2 + font * 1.15, "data");
  }

  /**
   * A leaf beside a small box, while it is spoken of: above, or where hardly a line of it leaves.
   * @param {number} id
   * @param {string} prefix
   * @param {import("./columns.js").Box} box
   * @param {NumberPart["what"]} what
   */
  beside(id, prefix, box, what) {
    const { font, upright } = this.places;
    const { x, y, width } = besideBox(box, font, upright, this.width, prefix.length);
    return this.small(id, prefix, x + width / 2 - 3, y + smallSize(font) * 0.36, what, "only-lit");
  }

  /**
   * @param {number} id
   * @param {string} prefix
   * @param {NumberPart["what"]} what
   * @param {number} x
   * @param {number} y
   * @returns {NumberPart}
   */
  number(id, prefix, what, x, y, anchor = "start") {
    const element = svg("text", {
      class: `box-number ${what === "grad" ? "grad" : ""}`,
      x,
      y,
      "text-anchor": anchor,
      "font-size": Math.max(11, this.places.font - 1.5),
    });
    return { element, prefix, what, id, letters: Infinity };
  }

  /**
   * A leaf that is said in the box of another: a bias, a target.
   * @param {number} id
   * @param {string} prefix
   * @param {number} x
   * @param {number} y
   * @param {NumberPart["what"]} what
   * @param {string} more of its look
   * @param {number} spare letters
   */
  small(id, prefix, x, y, what, more = "", spare = 0) {
    const size = smallSize(this.places.font);
    const width = smallWidth(size, prefix.length + spare);
    const wide = width - 3;
    const still = what === "main"; // a bias changes in the update, and its name stays where it is
    const number = still ? this.number(id, prefix, what, x - wide + 3, y) : this.number(id, prefix, what, x, y, "end");
    set(number.element, "font-size", size);
    if (still) number.letters = prefix.length + NUMBER - 2 + spare;
    const hit = svg("rect", { class: "hit-box", x: x - wide, y: y - size, width, height: size * 1.3, rx: 4 });
    const group = item({ "data-node": id }, () => this.choose(id), hit, number.element);
    if (more) toggle(group, more, true);
    toggle(group, "bare", what === "data"); // a target has no frame of its own in the box of its error
    gripped(this.stage, id, group);
    this.items.push({ id, ids: [id], group, numbers: [number], ghost: null, instead: [], only: what === "data" ? "values" : "" });
    return group;
  }
}
