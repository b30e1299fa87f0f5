// The picture of a network: it is built where there is room, and then only what changes is changed.

import { endOf } from "../model/forward.js";
import { blockOf, isTold } from "../model/neurons.js";
import { brief, exactly } from "../model/numbers.js";
import { probabilitiesOf } from "../model/probabilities.js";
import { text } from "../model/words.js";
import { labelSize } from "./columns.js";
import { Boxes } from "./boxes.js";
import { Crowd, wideAs } from "./crowd.js";
import { put, set, svg, toggle } from "./elements.js";
import { gripped } from "./grip.js";
import { DIGITS, inRoom, item, LETTER, moveTo, segment, tint, widthOf } from "./items.js";
import { Labels } from "./labels.js";

/** @typedef {import("./labels.js").Stage} Stage */
/** @typedef {import("./boxes.js").ItemPart} ItemPart */

/**
 * @typedef {object} LinePart
 * @property {import("../model/graph.js").Graph["connections"][number]} connection
 * @property {number[]} edges
 * @property {number} letters of a number that there is room for beside it
 * @property {SVGGElement} group
 * @property {SVGLineElement} line
 * @property {SVGGElement} words
 * @property {SVGTextElement} label
 * @property {SVGTextElement} halo its copy behind it: a halo of each of its parts would cover the letter before
 * @property {import("./spots.js").Line} place
 */

const LEAST_ROOM = 5; // letters of a number beside a line
const MOST_FADING = 100; // lines, above which none takes its time to change its colour

/**
 * Of a box with several numbers only the one that is a factor has its colour.
 * @param {ItemPart} part
 * @param {{ id: number, what: string } | undefined} factor
 * @param {boolean} made whether a small box has what is made of the factors, the node delta, for its one number
 */
function tellFactor({ group, numbers }, factor, made) {
  const apart = factor !== undefined && (made || numbers.length > 1);
  toggle(group, "apart", apart);
  for (const { element, what, id } of numbers) toggle(element, "plain", apart && (what !== factor.what || id !== factor.id));
}

export class Picture {
  /**
   * @param {Stage} stage
   * @param {SVGSVGElement} root
   */
  constructor(stage, root) {
    this.stage = stage;
    this.root = root;
    /** @type {LinePart[]} */
    this.lines = [];
    /** @type {ItemPart[]} */
    this.items = [];
    /** @type {Boxes | null} */
    this.boxes = null;
    /** @type {Map<number, SVGLineElement[]>} */
    this.biasLines = new Map();
    this.chips = svg("g", { class: "chips", "aria-hidden": "true" });
    const { neurons } = /** @type {Network} */ (stage.graph.network);
    this.neuronAt = new Map(neurons.map((neuron) => [neuron.out, neuron]));
    this.labels = new Labels(stage, this.neuronAt);
    /** @type {import("./columns.js").Spec} */
    this.spec = { columns: [], lines: [], shared: [], own: [], errors: [], more: 0 };
    /** @type {import("./arrangement.js").Arrangement | null} */
    this.places = null;
    this.room = { width: 0, height: 0 };
    this.crowd = new Crowd(this);
  }

  // Building.

  /**
   * @param {import("./arrangement.js").Arrangement} places
   * @param {import("./columns.js").Spec} spec
   * @param {{ width: number, height: number }} room
   */
  build(places, spec, room) {
    const { width, height } = room;
    this.room = room;
    this.places = places;
    this.spec = spec;
    const choose = (/** @type {number} */ id) => this.choose(id);
    this.boxes = new Boxes({ stage: this.stage, places, neuronAt: this.neuronAt, ...this.inhabitants(), choose, width });
    this.items = this.boxes.items;
    this.lines = [];
    this.biasLines = new Map();
    const under = svg("g", { class: "under" });
    const lines = svg("g", { class: "lines" });
    const words = svg("g", { class: "line-texts" });
    const boxes = svg("g", { class: "boxes" });
    for (const { from, to } of places.errors) under.append(segment("error-line", from, to));
    for (const { id, from, to } of places.biases) {
      const line = segment("bias-line", from, to);
      this.biasLines.set(id, [...(this.biasLines.get(id) ?? []), line]);
      under.append(line);
    }
    this.stage.graph.connections.forEach((connection, k) => {
      const part = this.linePart(connection, places.lines[k]);
      this.lines.push(part);
      lines.append(part.group);
      words.append(part.words);
    });
    for (const [id, box] of places.boxes) boxes.append(...this.boxes.box(id, box));
    this.boxes.settle();
    this.crowd.forget();
    this.chips.replaceChildren();
    const focused = this.root.contains(document.activeElement) ? document.activeElement?.getAttribute("data-node") : null;
    this.root.replaceChildren(under, lines, boxes, words, this.chips);
    // Who has chosen something by the keyboard stays at it, though the panel that opens leaves less room to the picture.
    const groups = [...this.items.map(({ group }) => group), ...this.lines.map(({ group }) => group)];
    if (focused) groups.find(({ dataset }) => dataset.node === focused)?.focus();
    toggle(this.root, "many", this.lines.length > MOST_FADING);
    set(this.root, "font-size", places.font);
    set(this.root, "viewBox", `0 0 ${width} ${height}`);
    set(this.root, "width", width);
    set(this.root, "height", height);
  }

  // What is said in the boxes of others: biases of single neurons, and targets.
  inhabitants() {
    const { graph } = this.stage;
    const neurons = [...this.neuronAt.values()];
    const shared = new Set(this.spec.shared.map(({ id }) => id));
    /** @type {Map<number, number>} */
    const own = new Map();
    for (const { bias, out } of neurons) if (bias !== null && !shared.has(bias)) own.set(out, bias);
    const parts = this.spec.columns.find(({ kind }) => kind === "part")?.ids ?? [];
    const ends = neurons.filter(({ target }) => target !== null);
    const alone = ends.length === 1 && !this.neuronAt.has(graph.result);
    const said = graph.network?.probabilities?.neurons.map((k) => graph.network?.neurons[k].out) ?? [];
    const home = (/** @type {Neuron} */ { out }) =>
      parts.find((id) => (id < 0 ? said[-1 - id] : endOf(graph, id)) === out) ?? (alone ? graph.result : out);
    return { own, targets: new Map(ends.map((neuron) => [home(neuron), /** @type {number} */ (neuron.target)])) };
  }

  /** @param {number} id */
  choose(id) {
    this.stage.select(id, this.stage.mode() === "gradients" ? "grad" : "data");
  }

  /**
   * @param {LinePart["connection"]} connection
   * @param {import("./spots.js").Line} place
   * @returns {LinePart}
   */
  linePart(connection, place) {
    const { weight, byWeight, bySource } = connection;
    const { label: at, from, to } = place;
    const size = labelSize(this.places?.font ?? 12);
    const line = segment("weight-line", from, to);
    const group = item({ "data-node": weight }, () => this.choose(weight), segment("hit", from, to), line);
    const [halo, label] = ["halo", "line-label"].map((look) =>
      svg("text", { class: look, "text-anchor": "middle", y: size * 0.36, "font-size": size }),
    );
    const words = svg(
      "g",
      {
        class: `item-text ${at.on ? "on" : ""} ${at.always ? "" : "unlit"}`,
        onclick: (/** @type {Event} */ event) => {
          event.stopPropagation();
          this.choose(weight);
        },
      },
      halo,
      label,
    );
    gripped(this.stage, weight, group, words);
    moveTo(words, at);
    const across = this.places?.upright ? Infinity : Math.abs(to.x - from.x);
    const named = this.stage.graph.nodes[weight].name.length + 2;
    const beside = Math.floor(across / (1.05 * LETTER * size) - 1.5) - named;
    const letters = at.always ? at.room : Math.max(LEAST_ROOM, beside);
    return { connection, letters, edges: [byWeight.index, bySource.index], group, line, words, halo, label, place };
  }

  // Showing.

  /**
   * @param {Frame} frame
   * @param {Scene} scene
   */
  render(frame, scene) {
    const { graph } = this.stage;
    const mode = this.stage.mode();
    const number = (/** @type {number} */ id) => this.labels.mainNumber(frame, id, mode);
    const quantity = mode === "gradients" ? "grad" : "data";
    // In a round the lines are as thick as the weights, which do not change until the update.
    const resting = frame.step === null;
    const thickness = (/** @type {number} */ id) => (resting ? number(id) : frame.dataAt(id));
    const sizes = graph.connections.map(({ weight }) => Math.abs(thickness(weight) ?? 0)).filter(Number.isFinite);
    const largest = Math.max(1e-300, ...sizes);
    toggle(this.root, "resting", resting);
    for (const part of this.lines) {
      const { weight } = part.connection;
      const x = this.stage.hides(weight, resting ? quantity : "data") ? 0 : (thickness(weight) ?? 0);
      set(part.line, "stroke-width", widthOf(x, largest));
      toggle(part.line, "negative", x < 0);
      toggle(part.line, "positive", x > 0);
      this.renderLine(part, frame, scene, mode);
    }
    for (const part of this.items) this.renderItem(part, frame, scene, mode);
    this.renderBlocks(frame, scene);
    this.crowd.thin(frame, scene, mode);
    for (const [id, lines] of this.biasLines) {
      for (const line of lines) {
        const on = scene.lines.has(id) && (frame.beat?.kind !== "net" || this.isHead(line, frame.beat.neuron, id));
        tint(line, on ? scene.lines.get(id) : undefined);
      }
    }
  }

  /**
   * @param {ItemPart} part
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {string} mode
   */
  renderItem(part, frame, scene, mode) {
    toggle(part.group, "gone", part.only !== "" && frame.step === null && part.only !== mode); // the gradient of a target would be taken for the target
    this.labels.writeItem(part, frame, mode);
    const term = scene.lines.get(part.id) ?? scene.colours.get(part.id);
    this.mark(part.group, frame, term, part.ids);
    const factor = scene.factors.get(part.id) ?? { id: part.id, what: "data" };
    tellFactor(part, term === undefined ? undefined : factor, Boolean(frame.beat?.kind.startsWith("delta")));
    const held = this.stage.inHand(part.id);
    toggle(part.group, "held", held);
    const spoken = frame.beat?.kind === "update" ? frame.beat.node === part.id : term !== undefined; // in the update all are
    toggle(part.group, "shown", spoken || this.stage.view.selected === part.id || held);
  }

  // The lines that have words in sight beside them.
  seen() {
    return this.lines.filter(({ words }) => !words.matches(".unlit:not(.shown), .unlit.crowded"));
  }

  // Where words are that can be read now beside lines, and at neurons.
  written() {
    const size = labelSize(this.places?.font ?? 11);
    const beside = this.seen().map(({ connection: { weight }, label, place }) => ({
      weight,
      place: { ...place.label, width: wideAs(label, size) },
    }));
    const at = (this.boxes?.badges ?? []).map(({ badge }) => {
      const { x = 0, y = 0, width = 0, height = 0 } = badge?.getBBox() ?? {};
      return { place: { x: x + width / 2, y: y + height / 2, angle: 0, width, height } };
    });
    return [...beside, ...at];
  }

  /**
   * What a line is marked as, and what is said beside it.
   * @param {LinePart} part
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {string} mode
   */
  renderLine(part, frame, scene, mode) {
    const { stage } = this;
    const { weight, product } = part.connection;
    const chosen = stage.graph.nodes[product].op === "mul" ? [weight, product] : [weight];
    this.mark(part.group, frame, scene.lines.get(weight), chosen, part.edges);
    tint(part.words, scene.lines.get(weight));
    const held = stage.inHand(weight);
    const selected = stage.view.selected === weight;
    const shown = scene.lines.has(weight) || part.group.classList.contains("lit") || held || selected;
    this.labels.writeLine(part, frame, scene, mode, part.place.label.always);
    toggle(part.words, "shown", shown);
    toggle(part.words, "selected", selected);
    toggle(part.words, "held", held);
    toggle(part.words, "dim", part.group.classList.contains("dim"));
  }

  /**
   * @param {Frame} frame
   * @param {Scene} scene
   */
  renderBlocks(frame, scene) {
    const { graph } = this.stage;
    for (const { neuron, badge, group, full } of this.boxes?.badges ?? []) {
      const known = isTold(this.stage, frame, neuron);
      const block = known ? blockOf(this.stage, frame, neuron) : "";
      toggle(group, "blocked", block);
      if (!badge) continue;
      const term = known ? scene.slopes.get(neuron.out) : undefined; // of a factor that stands in the equation
      tint(badge, term);
      const taken = !full && neuron.bias !== null && scene.lines.has(neuron.bias); // its place is that of the bias
      toggle(badge, "gone", taken);
      put(badge, this.badgeWords(block, frame.derivativeAt(neuron.out, neuron.net), term !== undefined, full));
    }
    for (const { ghost, instead } of this.items)
      if (ghost)
        toggle(
          ghost,
          "gone",
          instead.some((badge) => badge.textContent),
        );
    probabilitiesOf(this.stage, frame).forEach(({ neuron, probability }, place) => {
      const hidden = graph.network?.neurons.some(({ out }) => this.stage.hides(out, "data"));
      const element = this.boxes?.probabilities[place];
      if (!element) return;
      if (element.parentElement) tint(element.parentElement, scene.probabilities.get(neuron.out));
      put(element, hidden ? "?" : brief(probability, DIGITS));
      set(element, "data-value", hidden ? "" : exactly(probability));
    });
  }

  /**
   * @param {string} block
   * @param {number | null} slope of the activation, once it is told
   * @param {boolean} factor
   * @param {boolean} full whether there is room for words
   */
  badgeWords(block, slope, factor, full) {
    if (!full) return factor ? `×${inRoom(slope, 5)}` : block && text(`badge.${block}.short`);
    const number = brief(slope, factor ? DIGITS : 2);
    if (block && slope === null) return text(`badge.${block}`);
    if (block) return text("badge.slope", { block: text(`badge.${block}`), slope: number });
    return factor ? text("badge.factor", { slope: number }) : "";
  }

  /**
   * Whether the line from a shared bias leads to this neuron.
   * @param {SVGLineElement} line
   * @param {Neuron | null} neuron
   * @param {number} bias
   */
  isHead(line, neuron, bias) {
    const heads = this.spec.shared.find(({ id }) => id === bias)?.heads ?? [];
    return neuron === null || this.biasLines.get(bias)?.indexOf(line) === heads.indexOf(neuron.out);
  }

  /**
   * @param {SVGGElement} group
   * @param {Frame} frame
   * @param {number | undefined} term
   * @param {number[]} ids
   * @param {number[] | null} edges
   */
  mark(group, frame, term, ids, edges = null) {
    const light = this.stage.light();
    const on = light && (edges ? edges.some((edge) => light.edges.has(edge)) : ids.some((id) => light.nodes.has(id)));
    toggle(group, "dim", Boolean(light) && !on);
    toggle(group, "lit", Boolean(light) && on);
    toggle(group, "selected", this.stage.view.selected !== null && ids.includes(this.stage.view.selected));
    toggle(group, "current", !edges && ids.some((id) => frame.beat?.nodes.includes(id)));
    tint(group, term);
  }
}
