// The computation graph: a box for each node, a line for each operand, its local derivative on it. Laid out by Graphviz when the page
// was written; here it is drawn, moved and zoomed.

import { exactly, written } from "../model/numbers.js";
import { text } from "../model/words.js";
import { put, set, svg, toggle } from "./elements.js";
import { gripped } from "./grip.js";
import { item, shortened, tint } from "./items.js";

const LEAST_SCALE = 0.08;
const LEAST_READABLE = 0.42; // of the first sight
const MOST_SCALE = 4;
const FRAME = 14; // around the nodes of a neuron
const EDGE = 22; // around all of it
const FAR = 0.4; // below this scale local derivatives could not be read

/**
 * @typedef {Pick<import("../model/session.js").Session, "graph" | "description" | "view" | "select" | "collapse" | "hides" | "hidesSlope" | "light"> & import("./grip.js").Hand} Stage
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ group: SVGGElement, rect: SVGRectElement | null, data: SVGTextElement | null, grad: SVGTextElement | null }} NodePart
 * @typedef {{ path: SVGPathElement, number: SVGTextElement | null, index: number | null, tail: number, head: number }} EdgePart
 * @typedef {{ cover: SVGGElement, handle: SVGGElement, members: Set<number>, neuron: Neuron, numbers: SVGTextElement[] }} CoverPart
 */

/** @param {Stage} stage */
export function computationView(stage) {
  return new GraphPicture(stage);
}

class GraphPicture {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.canvas = svg("g", {});
    this.root = svg(
      "svg",
      { class: "diagram computation", role: "group", "aria-label": text("graph.label"), tabindex: "-1" },
      svg("defs", {}, arrowHead()),
      this.canvas,
    );
    this.frames = svg("g", {});
    this.lines = svg("g", {});
    this.boxes = svg("g", {});
    this.covers = svg("g", {});
    this.canvas.append(this.frames, this.lines, this.boxes, this.covers);
    this.edgeParts = this.drawEdges();
    this.nodeParts = stage.graph.nodes.map((node) => this.drawNode(node));
    this.againParts = stage.description.layout.again.map((box) => this.drawAgain(box));
    this.coverParts = stage.description.groups.map((members, number) => (members.length < 2 ? null : this.drawCover(members, number)));
    /** @type {(Point & { scale: number }) | null} */
    this.view = null; // the point of the drawing in the upper left corner
    /** @type {Map<number, Point>} */
    this.pointers = new Map();
    this.dragged = false;
    /** @type {number | null} */
    this.followed = null;
    this.room = "";
    this.listen();
  }

  // Drawing.

  drawEdges() {
    const { graph, description } = this.stage;
    /** @type {EdgePart[]} */
    const found = [];
    let edgeNumber = 0;
    let drawn = 0;
    for (const node of graph.nodes) {
      for (const tail of node.args) {
        const points = description.layout.edges[drawn++];
        const { constant } = graph.nodes[tail];
        const path = svg("path", { class: "graph-line", "marker-end": "url(#arrow)", d: splinePath(points) });
        const middle = points[Math.floor(points.length / 2)];
        const number = constant ? null : svg("text", { class: "slope", x: middle[0], y: middle[1] - 4, "text-anchor": "middle" });
        this.lines.append(path, ...(number ? [number] : []));
        found.push({ path, number, index: constant ? null : edgeNumber, tail, head: node.id });
        if (!constant) edgeNumber += 1;
      }
    }
    return found;
  }

  /**
   * @param {GraphNode} node
   * @returns {NodePart}
   */
  drawNode(node) {
    const [x, y, width, height] = this.stage.description.layout.nodes[node.id];
    if (node.constant) {
      const group = svg(
        "g",
        { class: "constant" },
        svg("rect", { class: "box", x: x - width / 2, y: y - height / 2, width, height, rx: 4 }),
        svg("text", { class: "box-number", x, y: y + 4, "text-anchor": "middle" }, written(node.data, 4)),
      );
      this.boxes.append(group);
      return { group, rect: null, data: null, grad: null };
    }
    const left = x - width / 2 + 8;
    const right = x + width / 2 - 8;
    const data = svg("text", { class: "node-number", x: right, y: y + 4, "text-anchor": "end" });
    const grad = svg("text", { class: "node-number", x: right, y: y + 21, "text-anchor": "end" });
    const rect = svg("rect", { class: "box", x: x - width / 2, y: y - height / 2, width, height, rx: 7 });
    const name = node.label ? node.name : node.name.replaceAll(" * ", "·");
    const room = width - (node.symbol ? 14 + 8 * node.symbol.length : 0);
    const group = item(
      { "data-node": node.id },
      () => this.choose(node.id),
      svg("title", {}, node.name),
      rect,
      svg("text", { class: "node-name", x: left, y: y - 13 }, shortened(name, room - 8, 7.2)),
      node.symbol && svg("text", { class: "node-symbol", x: right, y: y - 13, "text-anchor": "end" }, node.symbol),
      svg("text", { class: "node-word", x: left, y: y + 4 }, text("graph.data")),
      data,
      svg("text", { class: "node-word", x: left, y: y + 21 }, text("graph.grad")),
      grad,
    );
    if (!node.op) gripped(this.stage, node.id, group);
    this.boxes.append(group);
    return { group, rect, data, grad };
  }

  /**
   * What is used far away, drawn again beside its users.
   * @param {number[]} box
   */
  drawAgain([id, x, y, width, height]) {
    const { graph } = this.stage;
    const data = svg("text", { class: "node-number", x: x + width / 2 - 8, y: y + 13, "text-anchor": "end" });
    const name = svg("text", { class: "node-name", x: x - width / 2 + 8, y: y - 4 }, shortened(graph.nodes[id].name, width - 12, 7.2));
    const rect = svg("rect", { class: "box again", x: x - width / 2, y: y - height / 2, width, height, rx: 7 });
    const onclick = (/** @type {Event} */ event) => {
      event.stopPropagation();
      if (!graph.nodes[id].constant) this.choose(id);
    };
    const group = svg("g", { onclick }, rect, name, data);
    this.boxes.append(group);
    return { id, group, data };
  }

  /** @param {number} id */
  choose(id) {
    this.stage.select(id, this.stage.view.mode === "gradients" ? "grad" : "data");
  }

  /**
   * A frame around a neuron, which can be drawn shut: as one box in the place of all that is in it.
   * @param {number[]} members
   * @param {number} number
   * @returns {CoverPart}
   */
  drawCover(members, number) {
    const spots = members.map((id) => this.stage.description.layout.nodes[id]);
    const x = Math.min(...spots.map(([at, , width]) => at - width / 2)) - FRAME;
    const y = Math.min(...spots.map(([, at, , height]) => at - height / 2)) - FRAME - 14;
    const width = Math.max(...spots.map(([at, , wide]) => at + wide / 2)) + FRAME - x;
    const height = Math.max(...spots.map(([, at, , high]) => at + high / 2)) + FRAME - y;
    const neuron = /** @type {Network} */ (this.stage.graph.network).neurons[number];
    const shut = () => this.stage.collapse(number);
    this.frames.append(svg("rect", { class: "group-frame", x, y, width, height, rx: 12 }));
    const closing = { class: "group-handle", "data-group": number, "aria-label": text("graph.close", { name: neuron.name }) };
    const handle = item(closing, shut, svg("text", { class: "group-name", x: x + 10, y: y + 15 }, `▾ ${shortened(neuron.name, width)}`));
    this.frames.append(handle);
    const [middle, centre] = [x + width / 2, y + height / 2];
    const numbers = [8, 30, 52].map((below) =>
      svg("text", { class: "cover-number", x: middle, y: centre + below, "text-anchor": "middle" }),
    );
    const cover = item(
      { class: "cover", "data-group": number, "aria-label": text("graph.open", { name: neuron.name }) },
      shut,
      svg("rect", { class: "box neuron", x, y, width, height, rx: 26 }),
      svg("text", { class: "cover-name", x: middle, y: centre - 22, "text-anchor": "middle" }, `▸ ${shortened(neuron.name, width, 13)}`),
      numbers,
    );
    this.covers.append(cover);
    return { cover, handle, members: new Set(members), neuron, numbers };
  }

  // Moving and zooming.

  /** All of it; or at first sight, if that is too small to be read, the part around the result. */
  fit(least = 0) {
    const { layout } = this.stage.description;
    const { width, height } = this.root.getBoundingClientRect();
    if (!width || !height) return;
    const whole = Math.min(1.4, width / (layout.width + 2 * EDGE), height / (layout.height + 2 * EDGE));
    const scale = Math.max(least, whole);
    const [x, y] = whole < least ? layout.nodes[this.stage.graph.result] : [layout.width / 2, layout.height / 2];
    this.view = { scale, x: x - width / scale / 2, y: y - height / scale / 2 };
    this.move();
  }

  // No further than that a part of the drawing is in sight; what has room is in the middle.
  clamp() {
    if (!this.view) return;
    const { layout } = this.stage.description;
    const { width, height } = this.root.getBoundingClientRect();
    const within = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ room) => {
      const slack = length + 2 * EDGE - room;
      return slack <= 0 ? -EDGE + slack / 2 : Math.min(length + EDGE - room, Math.max(-EDGE, at));
    };
    this.view.x = within(this.view.x, layout.width, width / this.view.scale);
    this.view.y = within(this.view.y, layout.height, height / this.view.scale);
  }

  move() {
    if (!this.view) return;
    this.clamp();
    const { scale, x, y } = this.view;
    set(this.canvas, "transform", `scale(${scale.toFixed(4)}) translate(${(-x).toFixed(2)} ${(-y).toFixed(2)})`);
    toggle(this.root, "far", scale < FAR);
  }

  /**
   * @param {number} factor
   * @param {Point | null} at
   */
  zoom(factor, at = null) {
    if (!this.view) return;
    const { left, top, width, height } = this.root.getBoundingClientRect();
    const [px, py] = at ? [at.x - left, at.y - top] : [width / 2, height / 2];
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, this.view.scale * factor));
    this.view.x += px / this.view.scale - px / scale;
    this.view.y += py / this.view.scale - py / scale;
    this.view.scale = scale;
    this.move();
  }

  /** @param {number} id */
  show(id) {
    if (!this.view) return;
    const { width, height } = this.root.getBoundingClientRect();
    const [x, y, wide, high] = this.stage.description.layout.nodes[id];
    const { view } = this;
    const inside =
      x - wide / 2 > view.x &&
      x + wide / 2 < view.x + width / view.scale &&
      y - high / 2 > view.y &&
      y + high / 2 < view.y + height / view.scale;
    if (inside) return;
    view.x = x - width / view.scale / 2;
    view.y = y - height / view.scale / 2;
    this.move();
  }

  listen() {
    const { root } = this;
    const scroll = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX, y: event.clientY });
    };
    root.addEventListener("wheel", scroll, { passive: false });
    root.addEventListener("pointerdown", (event) => {
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      this.dragged = false;
    });
    root.addEventListener("pointermove", (event) => this.drag(event));
    for (const kind of ["pointerup", "pointercancel", "pointerleave"]) {
      root.addEventListener(kind, (event) => this.pointers.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
    // What was dragged is no tap.
    root.addEventListener("click", (event) => {
      if (this.dragged) event.stopPropagation();
    });
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const { root, pointers, view } = this;
    const before = pointers.get(event.pointerId);
    if (!before || !view) return;
    const now = { x: event.clientX, y: event.clientY };
    if (pointers.size === 1) {
      const captured = root.hasPointerCapture(event.pointerId);
      if (!captured && Math.hypot(now.x - before.x, now.y - before.y) < 3) return;
      if (!captured) root.setPointerCapture(event.pointerId);
      this.dragged = true;
      view.x -= (now.x - before.x) / view.scale;
      view.y -= (now.y - before.y) / view.scale;
      this.move();
    } else {
      const [[, other]] = [...pointers].filter(([key]) => key !== event.pointerId);
      const apart = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      this.zoom(apart, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    }
    pointers.set(event.pointerId, now);
  }

  // Showing.

  /**
   * @param {Frame} frame
   * @param {Scene} scene
   */
  render(frame, scene) {
    const { width, height } = this.root.getBoundingClientRect();
    const room = `${Math.round(width)}x${Math.round(height)}`;
    if (!this.view || room !== this.room) this.fit(LEAST_READABLE);
    this.room = room;
    const { graph, view } = this.stage;
    const shut = new Set(view.collapsed);
    const hidden = (/** @type {number} */ id) => graph.group[id] >= 0 && shut.has(graph.group[id]);
    const nodeByNode = view.pace === "node";
    const current = new Set(nodeByNode ? (frame.current ? [frame.current.node] : []) : (frame.beat?.nodes ?? []));
    const edge = nodeByNode ? (frame.current?.edge?.index ?? -1) : -1;
    graph.nodes.forEach((_, id) => this.renderNode(id, frame, scene, hidden(id), current.has(id)));
    const light = this.stage.light();
    for (const { id, group, data } of this.againParts) {
      const node = graph.nodes[id];
      put(data, node.constant ? written(node.data, 4) : this.stage.hides(id, "data") ? "?" : brief(frame.dataAt(id), 9, 12));
      toggle(group, "dim", Boolean(light) && !light?.nodes.has(id));
    }
    for (const part of this.edgeParts) this.renderEdge(part, frame, scene, hidden, edge);
    this.coverParts.forEach((part, number) => part && this.renderCover(part, frame, shut.has(number), current));
    const follow = frame.step === null ? view.selected : (frame.current?.node ?? view.selected);
    if (follow !== null && follow !== this.followed && frame.step !== 0) this.show(follow);
    this.followed = follow;
  }

  /**
   * @param {number} id
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {boolean} hidden
   * @param {boolean} current
   */
  renderNode(id, frame, scene, hidden, current) {
    const { stage } = this;
    const part = this.nodeParts[id];
    const light = stage.light();
    toggle(part.group, "gone", hidden);
    toggle(part.group, "dim", Boolean(light) && !light?.nodes.has(id));
    if (!part.rect || !part.data || !part.grad) return;
    const [data, grad] = [frame.dataAt(id), frame.gradAt(id)];
    const secret = [stage.hides(id, "data"), stage.hides(id, "grad")];
    const shown = [secret[0] ? "?" : brief(data, 9, 12), secret[1] ? "?" : brief(grad, 9, 12)];
    put(part.data, shown[0]);
    put(part.grad, shown[1]);
    set(part.data, "data-value", secret[0] ? "" : exactly(data));
    set(part.grad, "data-value", secret[1] ? "" : exactly(grad));
    set(part.group, "aria-label", text("graph.node", { name: stage.graph.nodes[id].name, data: shown[0], grad: shown[1] }));
    const x = secret[1] ? 0 : (grad ?? 0);
    toggle(part.rect, "negative", x < 0);
    toggle(part.rect, "positive", x > 0);
    toggle(part.group, "selected", stage.view.selected === id);
    toggle(part.group, "current", current);
    toggle(part.group, "pending", data === null);
    toggle(part.group, "changed", Boolean(frame.ghost) && frame.ghost?.data[id] !== frame.data[id]);
    toggle(part.group, "lit", Boolean(light?.nodes.has(id)));
    tint(part.group, scene.lines.get(id) ?? scene.colours.get(id));
  }

  /**
   * @param {EdgePart} part
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {(id: number) => boolean} hidden
   * @param {number} current
   */
  renderEdge({ path, number, index, tail, head }, frame, scene, hidden, current) {
    const { stage } = this;
    const { graph } = stage;
    const light = stage.light();
    const inside = hidden(head) && graph.group[tail] === graph.group[head];
    toggle(path, "gone", inside || (graph.nodes[tail].constant && hidden(head)));
    const lit = index !== null && Boolean(light?.edges.has(index));
    const { beat } = frame;
    const named = beat?.node === head && scene.colours.has(tail) && frame.phase === "forward";
    toggle(path, "lit", lit);
    toggle(path, "dim", Boolean(light) && !lit);
    toggle(path, "current", (index !== null && index === current) || named);
    if (!number || index === null) return;
    const secret = stage.hidesSlope(tail, head);
    toggle(number, "gone", hidden(head) || (frame.phase === "forward" && frame.dataAt(head) === null));
    put(number, secret ? "?" : brief(frame.slopes[index], 5, 7));
    set(number, "data-value", secret ? "" : exactly(frame.slopes[index]));
    toggle(number, "lit", lit);
    toggle(number, "dim", Boolean(light) && !lit);
  }

  /**
   * @param {CoverPart} part
   * @param {Frame} frame
   * @param {boolean} shut
   * @param {Set<number>} current
   */
  renderCover({ cover, handle, members, neuron, numbers }, frame, shut, current) {
    const { stage } = this;
    const light = stage.light();
    toggle(cover, "gone", !shut);
    toggle(handle, "gone", shut);
    const shown = (/** @type {number} */ id, /** @type {Quantity} */ quantity, /** @type {number | null} */ x) =>
      stage.hides(id, quantity) ? "?" : written(x);
    put(numbers[0], `net ${shown(neuron.net, "data", frame.dataAt(neuron.net))}`);
    put(numbers[1], `out ${shown(neuron.out, "data", frame.dataAt(neuron.out))}`);
    put(numbers[2], `δ ${shown(neuron.net, "grad", frame.gradAt(neuron.net))}`);
    const lit = [...members].some((id) => light?.nodes.has(id));
    toggle(cover, "dim", Boolean(light) && !lit);
    toggle(cover, "lit", Boolean(light) && lit);
    toggle(
      cover,
      "current",
      [...members].some((id) => current.has(id)),
    );
  }
}

function arrowHead() {
  const shape = {
    id: "arrow",
    viewBox: "0 0 8 8",
    refX: 1,
    refY: 4,
    markerWidth: 8,
    markerHeight: 8,
    markerUnits: "userSpaceOnUse",
    orient: "auto",
  };
  return svg("marker", shape, svg("path", { class: "arrow", d: "M0 0.5 8 4 0 7.5z" }));
}

/**
 * A number in as many digits as there is room for.
 * @param {number | null} x
 * @param {number} digits
 * @param {number} most letters
 */
function brief(x, digits, most) {
  const words = written(x, digits);
  return words.length > most ? written(x, digits - 3) : words;
}

/** @param {number[][]} points */
function splinePath(points) {
  const [[x, y], ...rest] = points;
  const words = [];
  for (let k = 0; k + 2 < rest.length; k += 3) {
    const curve = rest.slice(k, k + 3).map(([a, b]) => `${a} ${b}`);
    words.push(`C${curve.join(" ")}`);
  }
  return `M${x} ${y}${words.join("")}`;
}
