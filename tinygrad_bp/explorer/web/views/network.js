// The picture of a network: inputs, neurons and error in columns, a line for each weight, and what travels along them.

import { summandsOf } from "../model/beats.js";
import { blockOf, probabilitiesOf } from "../model/neurons.js";
import { brief, exactly, signed, written } from "../model/numbers.js";
import { split } from "../model/notation.js";
import { endOf } from "../model/forward.js";
import { text } from "../model/words.js";
import { arrangement } from "./arrangement.js";
import { put, set, svg, toggle } from "./elements.js";
import { gripped } from "./grip.js";
import { DIGITS, fitting, item, LETTER, named, segment, shortened, tint, widthOf } from "./items.js";
import { play } from "./movement.js";

/** @typedef {Pick<import("../model/session.js").Session, "graph" | "view" | "select" | "mode" | "hides" | "light" | "formulas" | "programs" | "description" | "grip" | "gripping"> & import("./grip.js").Hand} Stage */

/**
 * A number in the picture: where it stands, and of what it is.
 * @typedef {object} NumberPart
 * @property {SVGTextElement} element
 * @property {string} prefix
 * @property {"data" | "grad" | "main"} what "main" is what the mode asks for
 * @property {number} id
 */

/**
 * @typedef {object} ItemPart
 * @property {number} id
 * @property {number[]} ids all nodes that it stands for
 * @property {SVGGElement} group
 * @property {NumberPart[]} numbers
 * @property {SVGTextElement | null} ghost
 * @property {string} only a mode, or nothing
 * @typedef {object} LinePart
 * @property {import("../model/graph.js").Graph["connections"][number]} connection
 * @property {number[]} edges
 * @property {SVGGElement} group
 * @property {SVGLineElement} line
 * @property {SVGGElement} words
 * @property {SVGTextElement} label
 * @property {import("./arrangement.js").Line} place
 */

/**
 * What the geometry is made from.
 * @param {import("../model/graph.js").Graph} graph
 * @returns {import("./arrangement.js").Spec}
 */
function specOf(graph, withParts = true) {
  const network = /** @type {Network} */ (graph.network);
  const { neurons, inputs } = network;
  /** @type {import("./arrangement.js").Spec["columns"]} */
  const columns = [{ kind: "input", ids: inputs }];
  for (const neuron of neurons) {
    columns[neuron.depth] ??= { kind: "neuron", ids: [] };
    columns[neuron.depth].ids.push(neuron.out);
  }
  const parts = withParts ? summandsOf(graph).filter((part) => endOf(graph, part) !== null) : [];
  const ends = neurons.filter(({ end, out }) => end && out !== graph.result);
  const said = withParts && !parts.length && network.probabilities ? network.probabilities.neurons.map((k) => neurons[k].out) : [];
  if (parts.length) columns.push({ kind: "part", ids: parts });
  else if (said.length) columns.push({ kind: "part", ids: said.map(probabilityId) });
  const seen = neurons.some(({ out }) => out === graph.result);
  if (!seen) columns.push({ kind: "result", ids: [graph.result] });
  const users = new Map();
  for (const neuron of neurons) if (neuron.bias !== null) users.set(neuron.bias, [...(users.get(neuron.bias) ?? []), neuron]);
  const shared = [...users]
    .filter(([, several]) => several.length > 1)
    .map(([id, several]) => ({ id, heads: several.map((/** @type {Neuron} */ { out }) => out), column: several[0].depth }));
  const errors = parts.length
    ? parts.flatMap((part) => [
        { from: /** @type {number} */ (endOf(graph, part)), to: part },
        { from: part, to: graph.result },
      ])
    : ends.flatMap(({ out }) => {
        const place = said.indexOf(out);
        if (place < 0) return [{ from: out, to: graph.result }];
        return [
          { from: out, to: probabilityId(out, place) },
          { from: probabilityId(out, place), to: graph.result },
        ];
      });
  const lines = graph.connections.map(({ weight, source, neuron }) => ({
    weight,
    source,
    target: neuron.out,
    letters: Math.min(10, graph.nodes[weight].name.length) + 9,
  }));
  return { columns, lines, shared, errors: seen ? [] : errors };
}

/**
 * What stands for the probability of an output, which no node of the graph is.
 * @param {number} _
 * @param {number} place
 */
function probabilityId(_, place) {
  return -1 - place;
}

/**
 * @param {Stage} stage
 */
export function networkView(stage) {
  const { graph } = stage;
  const specs = [specOf(graph), specOf(graph, false)];
  const root = svg("svg", { class: "diagram neurons", role: "group", "aria-label": text("neurons.label"), tabindex: "-1" });
  const picture = new Picture(stage, root);
  let size = "";
  let shownAt = { key: "", step: -1 };
  let stop = () => {};

  /**
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {{ width: number, height: number }} room
   */
  function render(frame, scene, room) {
    const now = `${room.width}x${room.height}`;
    const rebuilt = now !== size;
    if (rebuilt) {
      size = now;
      // Where there is little room, the error is one box, and its parts are not in the picture.
      const whole = arrangement(specs[0], room.width, room.height);
      const places = whole.rows === 3 ? whole : arrangement(specs[1], room.width, room.height);
      picture.build(places, whole.rows === 3 ? specs[0] : specs[1], room);
    }
    const key = `${frame.round},${frame.row},${frame.settings.variant}`;
    const { beat } = frame;
    const onward = !rebuilt && beat !== null && key === shownAt.key && shownAt.step === beat.from && frame.step === beat.to;
    if (frame.step !== shownAt.step || key !== shownAt.key || rebuilt) stop();
    picture.render(frame, scene);
    if (onward && beat) stop = play(picture, frame, scene, beat);
    shownAt = { key, step: frame.step ?? -1 };
  }

  return { root, render, finish: () => stop() };
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
    /** @type {Map<number, SVGLineElement[]>} */
    this.biasLines = new Map();
    /** @type {{ neuron: Neuron, badge: SVGTextElement | null, group: SVGGElement }[]} */
    this.badges = []; // of what stands in the way of a gradient
    /** @type {SVGTextElement[]} */
    this.probabilities = [];
    this.chips = svg("g", { class: "chips", "aria-hidden": "true" });
    const { neurons } = /** @type {Network} */ (stage.graph.network);
    this.neuronAt = new Map(neurons.map((neuron) => [neuron.out, neuron]));
    /** @type {Map<number, number>} */
    this.own = new Map(); // bias of one neuron alone
    /** @type {Map<number, number>} */
    this.targets = new Map(); // by the box in which it is said
    /** @type {import("./arrangement.js").Spec} */
    this.spec = { columns: [], lines: [], shared: [], errors: [] };
    /** @type {import("./arrangement.js").Arrangement | null} */
    this.places = null;
  }

  // Building.

  /**
   * @param {import("./arrangement.js").Arrangement} places
   * @param {import("./arrangement.js").Spec} spec
   * @param {{ width: number, height: number }} room
   */
  build(places, spec, { width, height }) {
    this.places = places;
    this.inhabit(spec);
    this.lines = [];
    this.items = [];
    this.biasLines = new Map();
    this.badges = [];
    this.probabilities = [];
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
    for (const [id, box] of places.boxes) boxes.append(...this.box(id, box));
    this.chips.replaceChildren();
    const focused = this.root.contains(document.activeElement) ? document.activeElement?.getAttribute("data-node") : null;
    this.root.replaceChildren(under, lines, words, boxes, this.chips);
    // Who has chosen something by the keyboard stays at it, though the panel that opens leaves less room to the picture.
    const groups = [...this.items.map(({ group }) => group), ...this.lines.map(({ group }) => group)];
    if (focused) groups.find(({ dataset }) => dataset.node === focused)?.focus();
    set(this.root, "font-size", places.font);
    set(this.root, "viewBox", `0 0 ${width} ${height}`);
    set(this.root, "width", width);
    set(this.root, "height", height);
  }

  /**
   * What is said in the boxes of others: biases of single neurons, and targets.
   * @param {import("./arrangement.js").Spec} spec
   */
  inhabit(spec) {
    const { graph } = this.stage;
    this.spec = spec;
    const neurons = [...this.neuronAt.values()];
    const shared = new Set(spec.shared.map(({ id }) => id));
    this.own = new Map();
    for (const { bias, out } of neurons) if (bias !== null && !shared.has(bias)) this.own.set(out, bias);
    const parts = spec.columns.find(({ kind }) => kind === "part")?.ids ?? [];
    const ends = neurons.filter(({ target }) => target !== null);
    const alone = ends.length === 1 && !this.neuronAt.has(graph.result);
    const home = (/** @type {Neuron} */ { out }) => parts.find((id) => endOf(graph, id) === out) ?? (alone ? graph.result : out);
    this.targets = new Map(ends.map((neuron) => [home(neuron), /** @type {number} */ (neuron.target)]));
  }

  /** @param {number} id */
  choose(id) {
    this.stage.select(id, this.stage.mode() === "gradients" ? "grad" : "data");
  }

  /**
   * @param {LinePart["connection"]} connection
   * @param {import("./arrangement.js").Line} place
   * @returns {LinePart}
   */
  linePart(connection, place) {
    const { weight, byWeight, bySource } = connection;
    const { label: at, from, to } = place;
    const size = Math.max(11, (this.places?.font ?? 12) * 0.82);
    const line = segment("weight-line", from, to);
    const group = item({ "data-node": weight }, () => this.choose(weight), segment("hit", from, to), line);
    const label = svg("text", { class: "line-label", "text-anchor": "middle", y: size * 0.36, "font-size": size });
    const words = svg(
      "g",
      {
        class: at.always ? "item-text" : "item-text unlit",
        transform: `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)}) rotate(${((at.angle * 180) / Math.PI).toFixed(2)})`,
        onclick: (/** @type {Event} */ event) => {
          event.stopPropagation();
          this.choose(weight);
        },
      },
      label,
    );
    gripped(this.stage, weight, group, words);
    return { connection, edges: [byWeight.index, bySource.index], group, line, words, label, place };
  }

  /**
   * @param {number} id
   * @param {import("./arrangement.js").Box} box
   */
  box(id, box) {
    if (id < 0) return [this.probability(-1 - id, box)];
    const places = /** @type {import("./arrangement.js").Arrangement} */ (this.places);
    const { x, y, width, height, kind } = box;
    const rect = svg("rect", {
      class: `box ${kind}`,
      x: x - width / 2,
      y: y - height / 2,
      width,
      height,
      rx: kind === "neuron" ? Math.min(22, height / 2) : 8,
    });
    const neuron = this.neuronAt.get(id);
    const name = neuron ? neuron.name : this.stage.graph.nodes[id].name;
    const full = places.rows === 3 || kind === "bias";
    const { numbers, texts, extra } = full ? this.fullBox(id, box, name) : this.smallBox(id, box, name, places.rows);
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
    this.items.push({ id, ids: neuron ? [id, neuron.net] : [id], group, numbers, ghost, only: "" });
    if (neuron) this.badges.push({ neuron, group, badge: full ? this.badge(box, group) : null });
    return [group, ...extra];
  }

  /**
   * Above the box of a neuron: why hardly any gradient passes through it.
   * @param {import("./arrangement.js").Box} box
   * @param {SVGGElement} group
   */
  badge({ x, y, width, height }, group) {
    const font = Math.max(11, (this.places?.font ?? 12) - 3);
    const badge = svg("text", { class: "badge", x: x - width / 2 + 10, y: y - height / 2 - 4, "font-size": font });
    group.append(badge);
    return badge;
  }

  /**
   * What the error makes of an output before it judges it.
   * @param {number} place
   * @param {import("./arrangement.js").Box} box
   */
  probability(place, { x, y, width, height }) {
    const { graph, description } = this.stage;
    const network = /** @type {Network} */ (graph.network);
    const { kind, neurons } = /** @type {NonNullable<Network["probabilities"]>} */ (network.probabilities);
    const font = this.places?.font ?? 12;
    const name = description.outputs[place] ?? network.neurons[neurons[place]].name;
    const number = svg("text", { class: "box-number", x: x - width / 2 + 9, y: y + height * 0.14 + font * 0.34, "font-size": font - 1.5 });
    this.probabilities[place] = number;
    return svg(
      "g",
      { class: "probability" },
      svg("title", {}, `${kind}: ${name}`),
      svg("rect", { class: "box part", x: x - width / 2, y: y - height / 2, width, height, rx: 8 }),
      svg(
        "text",
        { class: "box-name", x: x - width / 2 + 9, y: y - height * 0.16 + font * 0.2 },
        shortened(`p ${name}`, width, font * 0.58),
      ),
      svg("text", { class: "badge", x: x - width / 2 + 9, y: y - height / 2 - 4, "font-size": Math.max(11, font - 3) }, place ? "" : kind),
      number,
    );
  }

  /**
   * All numbers of a box in rows: of a neuron net and out, and beside them how the error changes with each.
   * @param {number} id
   * @param {import("./arrangement.js").Box} box
   * @param {string} name
   */
  fullBox(id, { x, y, width, height, kind }, name) {
    const font = this.places?.font ?? 12;
    const neuron = this.neuronAt.get(id);
    const target = this.targets.get(id);
    const bias = this.own.get(id);
    const left = x - width / 2 + 9;
    const rows = neuron || target !== undefined ? 3 : 2;
    const row = (/** @type {number} */ k) => y + (k - (rows - 1) / 2) * (height / (rows + 0.4)) + font * 0.34;
    const extra = [];
    /** @type {NumberPart[]} */
    const numbers = [];
    const room = width - 18 - (bias === undefined ? 0 : font * LETTER * 9);
    const texts = [
      named(fitting(name, room, font), {
        class: "box-name",
        x: kind === "bias" ? x : left,
        y: row(0),
        "text-anchor": kind === "bias" ? "middle" : "start",
      }),
    ];
    if (neuron) {
      const middle = x + font * 0.55;
      numbers.push(this.number(neuron.out, "out ", "data", left, row(2)), this.number(neuron.out, "∂ ", "grad", middle, row(2)));
      if (neuron.net !== neuron.out) {
        numbers.push(this.number(neuron.net, "net ", "data", left, row(1)), this.number(neuron.net, "δ ", "grad", middle, row(1)));
      }
    } else if (kind === "bias") numbers.push(this.number(id, "", "main", x, row(1), "middle"));
    else numbers.push(this.number(id, "", kind === "input" ? "data" : "main", left, row(1)));
    if (bias !== undefined) extra.push(this.small(bias, `${this.stage.graph.nodes[bias].name} `, x + width / 2 - 9, row(0), "main"));
    if (target !== undefined && !neuron) extra.push(this.small(target, `${text("neurons.target")} `, x + width / 2 - 9, row(2), "data"));
    else if (target !== undefined)
      extra.push(this.small(target, `${text("neurons.target")} `, x + width / 2 - 2, y - height / 2 - 4, "data"));
    return { numbers, texts, extra };
  }

  /**
   * A box with a name and one number, or with less.
   * @param {number} id
   * @param {import("./arrangement.js").Box} box
   * @param {string} name
   * @param {number} rows
   */
  smallBox(id, { x, y, width, height, kind }, name, rows) {
    const font = this.places?.font ?? 12;
    const target = this.targets.get(id);
    const bias = this.own.get(id);
    const extra = [];
    const texts = [];
    const what = kind === "input" ? "data" : "main";
    const at = rows === 2 ? y + height / 2 - font * 0.45 : y + font * 0.34;
    const number = this.number(id, "", what, x, at, "middle");
    if (rows < 1) toggle(number.element, "gone", true);
    if (rows === 2 || rows === 0) {
      texts.push(
        named(fitting(name, width - 4, font), {
          class: "box-name",
          x,
          y: rows === 2 ? y - height / 2 + font * 1.15 : at,
          "text-anchor": "middle",
        }),
      );
    }
    if (target !== undefined && rows === 2) extra.push(this.smallTarget(target, { x, y, width, height }));
    if (bias !== undefined) extra.push(this.small(bias, "", x + width / 2, y - height / 2 - 2, "main", "only-lit"));
    return { numbers: [number], texts, extra };
  }

  /**
   * A target beside a small box: where no line leaves it.
   * @param {number} target
   * @param {{ x: number, y: number, width: number, height: number }} box
   */
  smallTarget(target, { x, y, width, height }) {
    const font = this.places?.font ?? 12;
    if (!this.places?.upright) return this.small(target, "t ", x + width / 2, y + height / 2 + font * 0.95, "data");
    return this.small(target, "t ", x + width / 2 + 5 + LETTER * font * 6, y + font * 0.34, "data");
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
      "font-size": (this.places?.font ?? 12) - 1.5,
    });
    return { element, prefix, what, id };
  }

  /**
   * A leaf that is said in the box of another: a bias, a target.
   * @param {number} id
   * @param {string} prefix
   * @param {number} x
   * @param {number} y
   * @param {NumberPart["what"]} what
   */
  small(id, prefix, x, y, what, more = "") {
    const number = this.number(id, prefix, what, x, y, "end");
    set(number.element, "font-size", Math.max(11, (this.places?.font ?? 12) - 2.5));
    const size = Math.max(11, (this.places?.font ?? 12) - 2.5);
    const wide = LETTER * size * (prefix.length + 6);
    const hit = svg("rect", { class: "hit-box", x: x - wide, y: y - size, width: wide + 3, height: size * 1.3, rx: 4 });
    const group = item({ "data-node": id }, () => this.choose(id), hit, number.element);
    if (more) toggle(group, more, true);
    gripped(this.stage, id, group);
    this.items.push({ id, ids: [id], group, numbers: [number], ghost: null, only: what === "data" ? "values" : "" });
    return group;
  }

  // Showing.

  /**
   * @param {Frame} frame
   * @param {Scene} scene
   */
  render(frame, scene) {
    const { graph, view } = this.stage;
    const mode = this.stage.mode();
    const number = (/** @type {number} */ id) => this.mainNumber(frame, id, mode);
    const quantity = mode === "gradients" ? "grad" : "data";
    // In a round the lines are as thick as the weights, which do not change until the update.
    const resting = frame.step === null;
    const thickness = (/** @type {number} */ id) => (resting ? number(id) : frame.dataAt(id));
    const sizes = graph.connections.map(({ weight }) => Math.abs(thickness(weight) ?? 0)).filter(Number.isFinite);
    const largest = Math.max(1e-300, ...sizes);
    toggle(this.root, "resting", resting);
    for (const part of this.lines) {
      const { weight, product } = part.connection;
      const x = this.stage.hides(weight, resting ? quantity : "data") ? 0 : (thickness(weight) ?? 0);
      set(part.line, "stroke-width", widthOf(x, largest));
      toggle(part.line, "negative", x < 0);
      toggle(part.line, "positive", x > 0);
      this.writeLine(part, frame, scene, mode);
      const chosen = graph.nodes[product].op === "mul" ? [weight, product] : [weight];
      this.mark(part.group, frame, scene.lines.get(weight), chosen, part.edges);
      const lit = part.group.classList.contains("lit");
      tint(part.words, scene.lines.get(weight));
      const held = this.stage.gripping && this.stage.grip?.id === weight;
      toggle(part.words, "shown", scene.lines.has(weight) || lit || held || view.selected === weight);
      toggle(part.words, "selected", view.selected === weight);
      toggle(part.words, "held", held);
      toggle(part.words, "dim", part.group.classList.contains("dim"));
    }
    for (const part of this.items) {
      toggle(part.group, "gone", part.only !== "" && resting && part.only !== mode); // the gradient of a target would be taken for the target
      this.writeItem(part, frame, mode);
      const term = scene.lines.get(part.id) ?? scene.colours.get(part.id);
      this.mark(part.group, frame, term, part.ids);
      const held = this.stage.gripping && this.stage.grip?.id === part.id;
      toggle(part.group, "held", held);
      toggle(part.group, "shown", term !== undefined || view.selected === part.id || held);
    }
    this.renderBlocks(frame);
    for (const [id, lines] of this.biasLines) {
      for (const line of lines) {
        const on = scene.lines.has(id) && (frame.beat?.kind !== "net" || this.isHead(line, frame.beat.neuron, id));
        tint(line, on ? scene.lines.get(id) : undefined);
      }
    }
  }

  /** @param {Frame} frame */
  renderBlocks(frame) {
    const { graph } = this.stage;
    for (const { neuron, badge, group } of this.badges) {
      const known = frame.dataAt(neuron.out) !== null && ![neuron.net, neuron.out].some((id) => this.stage.hides(id, "data"));
      const block = known ? blockOf(this.stage, frame, neuron) : "";
      toggle(group, "blocked", block);
      if (!badge) continue;
      const slope = graph.derivative(frame.slopes, neuron.out, neuron.net);
      put(badge, block && text("badge.slope", { block: text(`badge.${block}`), slope: brief(slope, 2) }));
    }
    probabilitiesOf(this.stage, frame).forEach(({ probability }, place) => {
      const hidden = graph.network?.neurons.some(({ out }) => this.stage.hides(out, "data"));
      const element = this.probabilities[place];
      if (!element) return;
      put(element, hidden ? "?" : brief(probability, DIGITS));
      set(element, "data-value", hidden ? "" : exactly(probability));
    });
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
   * @param {Frame} frame
   * @param {number} id
   * @param {string} mode
   */
  mainNumber(frame, id, mode) {
    if (mode === "gradients") return frame.gradAt(id);
    return mode === "change" ? frame.changeAt(id) : frame.dataAt(id);
  }

  /**
   * The label of a line: the weight, or once it is known how the error changes with it.
   * @param {LinePart} part
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {string} mode
   */
  writeLine(part, frame, scene, mode) {
    const { graph } = this.stage;
    const { weight } = part.connection;
    const carries = frame.beat?.kind === "arrive" && scene.lines.has(weight); // of which the weight is what matters
    const held = this.stage.gripping && this.stage.grip?.id === weight; // of what is in the hand, the number itself
    const gradient = mode === "gradients" && !carries && !held && frame.gradAt(weight) !== null;
    const x = gradient ? frame.gradAt(weight) : mode === "change" ? frame.changeAt(weight) : frame.dataAt(weight);
    const hidden = this.stage.hides(weight, gradient ? "grad" : "data");
    const words = hidden ? "?" : brief(x, DIGITS);
    set(part.group, "aria-label", `${graph.nodes[weight].name}: ${hidden ? "?" : written(x)}`);
    set(part.label, "data-value", hidden ? "" : exactly(x));
    set(part.label, "data-gradient", gradient);
    const [base, below] = split(shortened(graph.nodes[weight].name, 80));
    const shown = `${gradient ? "∂" : ""}${base}${below} ${words}`;
    if (part.label.textContent === shown) return;
    const name = svg("tspan", { class: "line-name" }, gradient ? "∂" : "", base, below && svg("tspan", { class: "sub", dy: "2" }, below));
    part.label.replaceChildren(name, svg("tspan", { dy: below ? "-2" : "0" }, ` ${words}`));
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
    set(part.group, "aria-label", `${graph.nodes[part.id].name}: ${hidden ? "?" : written(x)}`);
    set(part.group, "data-value", hidden ? "" : exactly(x));
    toggle(part.group, "pending", frame.dataAt(part.id) === null);
    if (part.ghost) put(part.ghost, this.ghostWords(frame, part.id, mode, hidden));
  }

  /**
   * @param {NumberPart} number
   * @param {Frame} frame
   * @param {string} mode
   */
  writeNumber(number, frame, mode) {
    const resting = frame.step === null;
    const asked = resting || this.neuronAt.has(number.id); // in a round the gradient of an input is nobody's question
    const main = asked ? mode : "values";
    const what = { main, grad: "gradients", data: "values" }[number.what];
    const source = what === "gradients" && number.what === "main" ? this.gradientOf(number.id) : number.id;
    const x = mode === "change" && number.what !== "grad" ? frame.changeAt(source) : this.mainNumber(frame, source, what);
    const hidden = this.stage.hides(source, what === "gradients" ? "grad" : "data");
    const early = number.what === "grad" && !resting && !["backward", "update"].includes(frame.phase);
    put(number.element, early && !hidden ? "" : number.prefix + (hidden ? "?" : brief(x, DIGITS)));
    set(number.element, "data-value", hidden || early ? "" : exactly(x));
    toggle(number.element, "pending", x === null);
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
