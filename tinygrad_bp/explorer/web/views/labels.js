// What is written in a picture of a network: the numbers of boxes and lines, as the mode asks for them, and what they would be otherwise.

import { brief, exactly, signed, written } from "../model/numbers.js";
import { rateSign, split } from "../model/notation.js";
import { isolated, text } from "../model/words.js";
import { put, set, svg, toggle } from "./elements.js";
import { DIGITS, inRoom, RATE, ROOM, shortened } from "./items.js";

/** @typedef {Pick<import("../model/session.js").Session, "graph" | "view" | "select" | "mode" | "hides" | "light" | "formulas" | "programs" | "description" | "grip" | "gripping" | "inHand"> & import("./grip.js").Hand} Stage */
const NARROW_SIGNS = 1; // letter whose room the signs of a derivative's whole name and its space do not take

/** @typedef {import("./boxes.js").NumberPart} NumberPart */
/** @typedef {import("./boxes.js").ItemPart} ItemPart */
/** @typedef {import("./picture.js").LinePart} LinePart */

export class Labels {
  /**
   * @param {Stage} stage
   * @param {Map<number, Neuron>} neuronAt by output
   */
  constructor(stage, neuronAt) {
    this.stage = stage;
    this.neuronAt = neuronAt;
    this.scaled = new Map(stage.description.scaling.map((scaled) => [scaled[0], scaled]));
  }

  /**
   * @param {Frame} frame
   * @param {number} id
   * @param {string} mode
   */
  mainNumber(frame, id, mode) {
    if (mode === "gradients") return frame.gradAt(id);
    return mode === "change" ? frame.changeAt(id) : frame.dataAt(id);
  }

  /**
   * The label of a line: the weight, or once it is known how the error changes with it. Of hundreds of lines most have none in sight.
   * @param {LinePart} part
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {string} mode
   * @param {boolean} said
   */
  writeLine(part, frame, scene, mode, said) {
    const { graph } = this.stage;
    const { weight } = part.connection;
    const carries = frame.beat?.kind === "arrive" && scene.lines.has(weight); // of which the weight is what matters
    const held = this.stage.inHand(weight); // of what is in the hand, the number itself
    const gradient = mode === "gradients" && !carries && !held && frame.gradAt(weight) !== null;
    const x = gradient ? frame.gradAt(weight) : mode === "change" && !held ? frame.changeAt(weight) : frame.dataAt(weight);
    const hidden = this.stage.hides(weight, gradient ? "grad" : "data");
    const { name } = graph.nodes[weight];
    const words = hidden ? "?" : inRoom(x, part.letters);
    const data = mode === "change" ? frame.changeAt(weight) : frame.dataAt(weight);
    const own = this.number(weight, "data", data);
    const parts = [mode === "change" ? text("neurons.change", { number: own }) : own];
    const slope = frame.gradAt(weight);
    if (mode === "gradients" && slope !== null) parts.push(`${rateSign(this.stage, name)} ${this.number(weight, "grad", slope)}`);
    set(part.group, "aria-label", `${isolated(name)}: ${parts.join(", ")}`);
    set(part.label, "data-value", hidden ? "" : exactly(x));
    set(part.label, "data-gradient", gradient);
    const { always, whole, alone } = part.place.label; // one that is laid anew where it is spoken of has little room
    if (said)
      this.say(
        part,
        !gradient ? "" : always && (whole || (alone && frame.beat?.node === weight)) ? rateSign(this.stage, "") : RATE,
        held ? `= ${words}` : words,
      );
  }

  /**
   * A number for those who hear the picture.
   * @param {number} id
   * @param {Quantity} quantity
   * @param {number | null} x
   */
  number(id, quantity, x) {
    return this.stage.hides(id, quantity) ? "?" : brief(x, DIGITS);
  }

  /**
   * A box in words: of a neuron all that is known, each number by its name.
   * @param {Frame} frame
   * @param {number} id
   * @param {string} mode
   */
  described(frame, id, mode) {
    const neuron = this.neuronAt.get(id);
    const change = mode === "change" ? frame.changeAt(id) : null;
    const changed = change === null ? "" : text("neurons.change", { number: this.number(id, "data", change) });
    const [data, gradient] = [frame.dataAt(id), frame.gradAt(id)];
    /** @type {string[]} */
    const parts = [];
    /** @param {string} name @param {number} of @param {Quantity} quantity */
    const add = (name, of, quantity) => {
      const x = quantity === "data" ? frame.dataAt(of) : frame.gradAt(of);
      if (x !== null) parts.push(`${name} ${this.number(of, quantity, x)}`);
    };
    if (neuron) {
      if (neuron.net !== id) add("net", neuron.net, "data");
      add("out", id, "data");
      if (changed) parts.push(changed);
      add(rateSign(this.stage, "out"), id, "grad");
      if (neuron.net !== id) add("δ", neuron.net, "grad");
    } else {
      if (data !== null) parts.push(changed || this.number(id, "data", data));
      if (mode === "gradients" && gradient !== null) add(rateSign(this.stage, this.stage.graph.nodes[id].name), id, "grad");
    }
    return `${isolated(neuron?.name ?? this.stage.graph.nodes[id].name)}: ${parts.join(", ") || text("neurons.pending")}`;
  }

  /**
   * @param {LinePart} part
   * @param {string} sign before its name
   * @param {string} words
   */
  say(part, sign, words) {
    const [base, below] = split(shortened(this.stage.graph.nodes[part.connection.weight].name, 80));
    const shown = `${sign}${base}${below} ${words}`;
    if (part.label.textContent === shown) return;
    const named = svg(
      "tspan",
      { class: "line-name" },
      sign && svg("tspan", { class: "rate" }, sign),
      base,
      below && svg("tspan", { class: "sub", dy: "2" }, below),
    );
    part.label.replaceChildren(named, svg("tspan", { dy: below ? "-2" : "0" }, ` ${words}`));
    part.halo.replaceChildren(...part.label.cloneNode(true).childNodes);
  }

  /**
   * @param {ItemPart} part
   * @param {Frame} frame
   * @param {string} mode
   */
  writeItem(part, frame, mode) {
    const { graph } = this.stage;
    for (const number of part.numbers) this.writeNumber(number, frame, mode);
    const gradients = mode === "gradients";
    const x = this.mainNumber(frame, part.id, mode);
    const hidden = this.stage.hides(part.id, gradients ? "grad" : "data");
    set(part.group, "aria-label", this.described(frame, part.id, mode));
    set(part.group, "data-name", graph.nodes[part.id].name);
    set(part.group, "data-value", hidden ? "" : exactly(x));
    toggle(part.group, "pending", frame.dataAt(part.id) === null);
    const scaled = this.scaled.get(part.id);
    if (scaled && part.group.firstElementChild) put(part.group.firstElementChild, this.measured(frame, scaled));
    if (part.ghost) put(part.ghost, this.ghostWords(frame, part.id, mode, hidden));
  }

  /**
   * An input as it was measured.
   * @param {Frame} frame
   * @param {[number, number, number]} scaled
   */
  measured(frame, [id, mean, scale]) {
    const x = frame.dataAt(id) ?? frame.data[id];
    const number = this.stage.hides(id, "data") ? "?" : brief(x * scale + mean, DIGITS);
    return text("neurons.measured", { name: this.stage.graph.nodes[id].name, number });
  }

  /**
   * @param {NumberPart} number
   * @param {Frame} frame
   * @param {string} mode
   */
  writeNumber(number, frame, mode) {
    const resting = frame.step === null;
    const said = number.what === "main" ? this.spoken(frame, number.id) : null;
    const main = this.isAsked(frame, number.id) && !this.stage.inHand(number.id) ? mode : "values";
    const what = said?.what ?? { main, grad: "gradients", data: "values" }[number.what];
    const source = said?.id ?? (what === "gradients" && number.what === "main" ? this.gradientOf(number.id) : number.id);
    const x = mode === "change" && number.what !== "grad" ? frame.changeAt(source) : this.mainNumber(frame, source, what);
    const hidden = this.stage.hides(source, what === "gradients" ? "grad" : "data");
    const early = number.what === "grad" && !resting && !["backward", "update"].includes(frame.phase);
    const names = this.namesOf(number, what, { resting, said, unknown: x === null && !hidden });
    const words = hidden ? "?" : inRoom(x, number.letters - names[names.length - 1].length);
    // Whether a derivative has its whole name depends on no number.
    const long = (/** @type {string} */ name) => name.length + (name.includes("/") ? ROOM - NARROW_SIGNS : words.length);
    const name = names.find((each) => long(each) <= number.letters) ?? names[names.length - 1];
    put(number.element, early && !hidden ? "" : name + words);
    set(number.element, "data-value", hidden || early ? "" : exactly(x));
    toggle(number.element, "pending", x === null);
  }

  /**
   * What a number can be called: the longest name first, and last how it is called where there is room for no other.
   * @param {NumberPart} number
   * @param {string} what
   * @param {{ resting: boolean, said: ReturnType<Labels["spoken"]>, unknown: boolean }} given
   */
  namesOf(number, what, { resting, said, unknown }) {
    const { id, prefix } = number;
    const { graph } = this.stage;
    const [out, short] = [`${rateSign(this.stage, "out")} `, `${RATE} `];
    if (!resting && what === "gradients" && graph.biases.has(id))
      return [`${rateSign(this.stage, graph.nodes[id].name)} `, `${RATE}${prefix || " "}`];
    if (prefix === short) return [out, short];
    if (unknown) return [prefix];
    if (said?.prefix === short) return [prefix + out, prefix + short, prefix];
    return [prefix + (said?.prefix ?? this.prefixOf(number, what)), prefix];
  }

  /**
   * Whether a number is that of the mode: in a round the gradient of an input is nobody's question, that of a bias where the equation is about it.
   * @param {Frame} frame
   * @param {number} id
   */
  isAsked({ step, phase, beat }, id) {
    return step === null || this.neuronAt.has(id) || (phase === "backward" && beat?.node === id && this.stage.graph.biases.has(id));
  }

  /**
   * What the one number in the box of a neuron is called.
   * @param {NumberPart} number
   * @param {string} what
   */
  prefixOf({ id, what: place, prefix }, what) {
    if (place !== "main" || prefix || !this.neuronAt.has(id)) return "";
    return { values: "out ", gradients: "δ " }[what] ?? "";
  }

  /**
   * Which number of a neuron a small box shows during a beat that speaks of another than usual: its net input, what arrives at it, also as
   * a factor, or what it hands on; null if it is as usual.
   * @param {Frame} frame
   * @param {number} id
   * @returns {{ id: number, what: "values" | "gradients", prefix: string } | null}
   */
  spoken({ beat }, id) {
    const neuron = this.neuronAt.get(id);
    if (!beat?.neuron || !neuron || neuron.net === id) return null;
    if (beat.kind === "net" && beat.neuron === neuron) return { id: neuron.net, what: "values", prefix: "net " };
    const arrived = beat.kind === "arrive" || beat.kind.startsWith("gradient");
    if (arrived && beat.neuron === neuron) return { id, what: "gradients", prefix: `${RATE} ` };
    const feeds = beat.kind.startsWith("gradient") && beat.neuron.connections.some(([, source]) => source === id);
    return feeds ? { id, what: "values", prefix: "out " } : null;
  }

  /**
   * In a small box a neuron's gradient is its node delta.
   * @param {number} id
   */
  gradientOf(id) {
    return this.neuronAt.get(id)?.net ?? id;
  }

  /**
   * What the number would be without the changes that were made.
   * @param {Frame} frame
   * @param {number} id
   * @param {string} mode
   * @param {boolean} hidden
   */
  ghostWords(frame, id, mode, hidden) {
    if (!frame.ghost || mode === "change" || hidden || frame.step !== null) return "";
    const before = (mode === "gradients" ? frame.ghost.grads : frame.ghost.data)[id];
    const now = (mode === "gradients" ? frame.gradAt(id) : frame.dataAt(id)) ?? before;
    if (before === now) return "";
    const apart = brief(before, DIGITS) === brief(now, DIGITS);
    return apart ? text("ghost.apart", { number: signed(now - before, 2) }) : text("ghost.was", { number: written(before, 6) });
  }
}
