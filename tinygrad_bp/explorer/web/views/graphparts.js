// What is drawn of a computation graph: boxes, the lines between them, frames around neurons. Each is a part that is brought up to date
// by itself, so that only what is in sight needs to be.

import { exactly, written } from "../model/numbers.js";
import { rateSign } from "../model/notation.js";
import { isolated, text } from "../model/words.js";
import { put, set, svg, toggle } from "./elements.js";
import { gripped } from "./grip.js";
import { inRoom, item, shortened, tint } from "./items.js";

const ROW = 17;
const WIDE = 7.6; // of a letter of a name
const COMPUTED_WIDTH = 88; // of the width of a folded neuron, for what is computed; the rest is for how the error changes with it
const RATE_WIDTH = 60; // of the name of a derivative
const MOST_ROWS = 3; // below the heading of a folded box

/** @typedef {Pick<import("../model/session.js").Session, "graph" | "description" | "view" | "select" | "hides" | "hidesSlope"> & import("./grip.js").Hand} Stage */
/** @typedef {import("./sheets.js").Box} Box */
/** @typedef {import("./sheets.js").Line} Line */

/**
 * What parts are brought up to date by.
 * @typedef {object} Moment
 * @property {Frame} frame
 * @property {Scene} scene
 * @property {Light | null} light
 * @property {Set<number>} current nodes of the beat
 * @property {number} edge of the step, or -1
 */

/** @typedef {{ group: SVGGElement, update: (moment: Moment) => void }} Part */
/** @typedef {{ choose: (id: number) => void, open: (box: Box) => void, close: (box: Box) => void }} Actions */

/**
 * @param {Box} box
 * @param {string} look
 * @param {number} round
 */
function outline({ left, top, width, height }, look, round) {
  return svg("rect", { class: look, x: left, y: top, width, height, rx: round });
}

/**
 * @param {SVGElement} group
 * @param {Moment} moment
 * @param {number[]} members
 */
function updateLook(group, { light, current }, members) {
  const lit = Boolean(light) && members.some((id) => light?.nodes.has(id));
  toggle(group, "dim", Boolean(light) && !lit);
  toggle(group, "lit", lit);
  toggle(
    group,
    "current",
    members.some((id) => current.has(id)),
  );
}

/**
 * @param {SVGElement} group
 * @param {Scene} scene
 * @param {number[]} members
 */
function updateTerm(group, { lines, colours }, members) {
  const found = members.find((id) => lines.has(id) || colours.has(id));
  tint(group, found === undefined ? undefined : (lines.get(found) ?? colours.get(found)));
}

/**
 * @param {SVGElement} rect
 * @param {number} x
 */
function updateSign(rect, x) {
  toggle(rect, "negative", x < 0);
  toggle(rect, "positive", x > 0);
}

/**
 * A box of a sheet; `far` if no letters could be read.
 * @param {Stage} stage
 * @param {Box} box
 * @param {Actions} actions
 * @param {boolean} far
 * @returns {Part}
 */
export function boxPart(stage, box, actions, far) {
  if (far) return farPart(stage, box, actions);
  if (box.kind === "constant") return constantPart(stage, box);
  if (box.kind === "again") return againPart(stage, box, actions);
  if (box.kind === "frame") return framePart(box, actions);
  if (box.kind === "node" || box.kind === "named" || box.kind === "leaf") return nodePart(stage, box, actions);
  return foldedPart(stage, box, actions);
}

/**
 * A box too small for words.
 * @param {Stage} stage
 * @param {Box} box
 * @param {Actions} actions
 * @returns {Part}
 */
function farPart(stage, box, actions) {
  const rect = outline(box, box.kind === "frame" ? "group-frame" : "box far", 7);
  const onclick = (/** @type {Event} */ event) => {
    event.stopPropagation();
    actions.choose(box.node);
  };
  const group = svg("g", box.kind === "node" ? { onclick } : {}, rect);
  const update = (/** @type {Moment} */ moment) => {
    if (box.kind === "frame" || box.kind === "constant") return;
    updateLook(group, moment, box.members);
    updateSign(rect, stage.hides(box.node, "grad") ? 0 : (moment.frame.gradAt(box.node) ?? 0));
  };
  return { group, update };
}

/**
 * @param {Stage} stage
 * @param {Box} box
 * @returns {Part}
 */
function constantPart({ graph }, box) {
  const number = svg(
    "text",
    { class: "box-number", x: box.x, y: box.y + 4, "text-anchor": "middle" },
    written(graph.nodes[box.node].data, 4),
  );
  const group = svg("g", { class: "constant" }, outline(box, "box", 4), number);
  return { group, update: ({ light }) => toggle(group, "dim", Boolean(light)) };
}

/**
 * What is used far away, drawn again beside its users.
 * @param {Stage} stage
 * @param {Box} box
 * @param {Actions} actions
 * @returns {Part}
 */
function againPart(stage, box, actions) {
  const { graph } = stage;
  const { left, right, y, width, node } = box;
  const { constant } = graph.nodes[node];
  const data = svg("text", { class: "node-number", x: right - 8, y: y + 13, "text-anchor": "end" });
  const onclick = (/** @type {Event} */ event) => {
    event.stopPropagation();
    if (!constant) actions.choose(node);
  };
  const name = svg(
    "text",
    { class: "node-name", x: left + 8, y: y - 4 },
    shortened(box.name || written(graph.nodes[node].data, 4), width - 12, WIDE),
  );
  const group = svg("g", { onclick }, outline(box, "box again", 7), name, data);
  const update = (/** @type {Moment} */ { frame, light }) => {
    put(data, constant ? written(graph.nodes[node].data, 4) : stage.hides(node, "data") ? "?" : inRoom(frame.dataAt(node)));
    toggle(group, "dim", Boolean(light) && !light?.nodes.has(node));
  };
  return { group, update };
}

/**
 * A frame around the nodes of a neuron, which can be folded into one box.
 * @param {Box} box
 * @param {Actions} actions
 * @returns {Part}
 */
function framePart(box, actions) {
  const { left, top, width, name } = box;
  const size = { x: left, y: top, width: Math.min(width, 120), height: 26 };
  const label = { class: "group-handle", "data-group": box.number, "aria-label": text("graph.close", { name }) };
  const words = svg("text", { class: "group-name", x: left + 10, y: top + 17 }, `▾ ${shortened(name, width - 20)}`);
  const handle = item(label, () => actions.close(box), svg("rect", { class: "hit-box", ...size }), words);
  return { group: svg("g", {}, outline(box, "group-frame", 12), handle), update: () => {} };
}

/**
 * An operation, a leaf, or one named Value with all that it alone is computed from.
 * @param {Stage} stage
 * @param {Box} box
 * @param {Actions} actions
 * @returns {Part}
 */
function nodePart(stage, box, actions) {
  const { graph } = stage;
  const { node: id, width, y } = box;
  const node = graph.nodes[id];
  const [left, right] = [box.left + 8, box.right - 8];
  const number = (/** @type {number} */ below) => svg("text", { class: "node-number", x: right, y: y + below, "text-anchor": "end" });
  const [data, grad] = [number(4), number(21)];
  const rect = outline(box, "box", 7);
  const name = node.label ? node.name : node.name.replaceAll(" * ", "·");
  const symbol = box.members.length > 1 ? "…" : node.symbol;
  const group = item(
    { "data-node": id },
    () => actions.choose(id),
    svg("title", {}, node.name),
    rect,
    svg("text", { class: "node-name", x: left, y: y - 13 }, shortened(name, width - 8 - (symbol ? 14 + 8 * symbol.length : 0), WIDE)),
    symbol && svg("text", { class: "node-symbol", x: right, y: y - 13, "text-anchor": "end" }, symbol),
    svg("text", { class: "node-word", x: left, y: y + 4 }, text("graph.data")),
    data,
    svg("text", { class: "node-word", x: left, y: y + 21 }, text("graph.grad")),
    grad,
  );
  if (!node.op) gripped(stage, id, group);
  const update = (/** @type {Moment} */ moment) => {
    const { frame, scene } = moment;
    const numbers = [frame.dataAt(id), frame.gradAt(id)];
    const secret = [stage.hides(id, "data"), stage.hides(id, "grad")];
    const shown = numbers.map((x, k) => (secret[k] ? "?" : inRoom(x)));
    [data, grad].forEach((part, k) => {
      put(part, shown[k]);
      set(part, "data-value", secret[k] ? "" : exactly(numbers[k]));
    });
    set(group, "aria-label", text("graph.node", { name: node.name, data: shown[0], grad: shown[1] }));
    updateSign(rect, secret[1] ? 0 : (numbers[1] ?? 0));
    updateLook(group, moment, box.members);
    updateTerm(group, scene, box.members);
    toggle(group, "selected", stage.view.selected === id);
    toggle(group, "pending", numbers[0] === null);
    toggle(group, "changed", Boolean(frame.ghost) && frame.ghost?.data[id] !== frame.data[id]);
  };
  return { group, update };
}

/**
 * A neuron, a layer, the inputs or the error as one box, which can be opened.
 * @param {Stage} stage
 * @param {Box} box
 * @param {Actions} actions
 * @returns {Part}
 */
function foldedPart(stage, box, actions) {
  const { left, right, top, width } = box;
  const name = headingOf(stage, box);
  const rect = outline(box, "box neuron", 14);
  const neuron = box.kind === "neuron";
  const heading = svg("text", { class: "cover-name", x: left + 12, y: top + 18 });
  const aside = svg("text", { class: "cover-number", x: right - 12, y: top + 18, "text-anchor": "end" });
  const lines = Array.from({ length: neuron ? 4 : MOST_ROWS }, (_, k) => {
    const [column, row] = neuron ? [k % 2, Math.floor(k / 2)] : [0, k];
    return svg("text", { class: "cover-number", x: left + 12 + column * COMPUTED_WIDTH, y: top + (neuron ? 34 : 36) + row * ROW });
  });
  const key = box.kind === "neuron" ? "graph.open" : "graph.openPart";
  const group = item(
    { class: "cover", "data-group": box.number, "data-node": box.node, "aria-label": text(key, { name }) },
    () => actions.open(box),
    svg("title", {}, text(key, { name })),
    rect,
    heading,
    aside,
    lines,
  );
  const most = Math.floor((width - 20) / 6.9);
  const update = (/** @type {Moment} */ moment) => {
    const rows = rowsOfBox(stage, box, moment.frame, most);
    lines.forEach((line, k) => put(line, rows[k] ?? ""));
    const inside = neuron ? asideOf(stage, box, moment) : "";
    put(aside, inside);
    put(heading, `▸ ${shortened(name, width - 30 - WIDE * inside.length, WIDE)}`);
    const of = box.kind === "neuron" ? neuronOf(stage, box).net : box.node;
    const plain = box.kind === "neuron" || box.kind === "error";
    updateSign(rect, plain && !stage.hides(of, "grad") ? (moment.frame.gradAt(of) ?? 0) : 0);
    updateLook(group, moment, box.members);
    updateTerm(group, moment.scene, box.members);
    toggle(group, "selected", stage.view.selected !== null && box.members.includes(stage.view.selected));
    toggle(group, "pending", moment.frame.dataAt(box.node) === null);
  };
  return { group, update };
}

/**
 * @param {Stage} stage
 * @param {Box} box
 */
function neuronOf({ graph }, { number }) {
  return /** @type {Network} */ (graph.network).neurons[number ?? 0];
}

/**
 * @param {Stage} stage
 * @param {Box} box
 */
function headingOf({ graph }, { kind, number, name, node }) {
  if (kind === "neuron") return /** @type {Network} */ (graph.network).neurons[number ?? 0].name;
  if (kind === "inputs") return text("graph.inputs");
  if (kind === "head")
    return name ? text("graph.head.position", { number: number ?? 0, position: name }) : text("graph.head", { number: number ?? 0 });
  if (kind !== "layer") return name || graph.nodes[node].name;
  const last = Math.max(...(graph.network?.neurons ?? []).map(({ depth }) => depth));
  if (number === last) return text("graph.layer.output");
  return last === 2 ? text("graph.layer.hidden") : text("graph.layer.numbered", { number: number ?? 0 });
}

/**
 * What is said in a folded box, line by line.
 * @param {Stage} stage
 * @param {Box} box
 * @param {Frame} frame
 * @param {number} most letters
 */
function rowsOfBox(stage, box, frame, most) {
  const { graph } = stage;
  const shown = (/** @type {number} */ id, /** @type {Quantity} */ quantity) => {
    const x = quantity === "data" ? frame.dataAt(id) : frame.gradAt(id);
    return stage.hides(id, quantity) ? "?" : inRoom(x);
  };
  if (box.kind === "neuron") {
    const { net, out } = neuronOf(stage, box);
    return [
      ...(net === out ? [] : [`net ${shown(net, "data")}`, `δ ${shown(net, "grad")}`]),
      `out ${shown(out, "data")}`,
      `${shortened(rateSign(stage, "out"), RATE_WIDTH)} ${shown(out, "grad")}`,
    ];
  }
  if (box.kind === "layer") {
    const neurons = (graph.network?.neurons ?? []).filter(({ depth }) => depth === box.number);
    const names = neurons.map(({ name }) => name).join(", ");
    return [
      shortened(names, most * 7),
      rangeOf(
        "out",
        neurons.map(({ out }) => (stage.hides(out, "data") ? null : frame.dataAt(out))),
        most,
      ),
      rangeOf(
        "δ",
        neurons.map(({ net }) => (stage.hides(net, "grad") ? null : frame.gradAt(net))),
        most,
      ),
    ];
  }
  if (box.kind === "head") {
    const inside = new Set(box.members);
    const leaving = new Set(graph.nodes.flatMap(({ args }, id) => (inside.has(id) ? [] : args.filter((x) => inside.has(x)))));
    const taken = box.members.filter((id) => leaving.has(id)).slice(-MOST_ROWS);
    const short = (/** @type {number} */ id) => graph.nodes[id].name.replace(box.name ? /_head\d+_at\d+/ : /_head\d+/, "");
    return taken.map((id) => `${isolated(shortened(short(id), (most - 10) * 6.9))} ${shown(id, "data")}`);
  }
  if (box.kind === "inputs") {
    const several = box.members.length > MOST_ROWS ? MOST_ROWS - 1 : MOST_ROWS;
    const rows = box.members.slice(0, several).map((id) => `${isolated(shortened(graph.nodes[id].name, 50))} ${shown(id, "data")}`);
    return box.members.length > MOST_ROWS ? [...rows, text("graph.more", { count: box.members.length - several })] : rows;
  }
  return [`${text("graph.data")} ${shown(box.node, "data")}`, `${text("graph.grad")} ${shown(box.node, "grad")}`];
}

/**
 * What an equation names that is in the box of a neuron and not among its rows: the derivative by a weight, or the neuron's own bias.
 * @param {Stage} stage
 * @param {Box} box
 * @param {Moment} moment
 */
function asideOf(stage, box, { frame, scene }) {
  const { beat } = frame;
  if (!beat) return "";
  const backward = beat.phase !== "forward" && box.members.includes(beat.node) && !stage.graph.nodes[beat.node].op;
  const { bias } = neuronOf(stage, box);
  const id = backward
    ? beat.node
    : bias !== null && box.members.includes(bias) && (scene.lines.has(bias) || scene.colours.has(bias))
      ? bias
      : null;
  if (id === null) return "";
  const [x, quantity] = backward ? [frame.gradAt(id), "grad"] : [frame.dataAt(id), "data"];
  const name = isolated(shortened(stage.graph.nodes[id].name, 60));
  return `${backward ? rateSign(stage, name) : name} ${stage.hides(id, /** @type {Quantity} */ (quantity)) ? "?" : inRoom(x)}`;
}

/**
 * @param {string} what
 * @param {(number | null)[]} numbers
 * @param {number} room letters
 */
function rangeOf(what, numbers, room) {
  const known = numbers.filter((x) => x !== null);
  if (!known.length) return `${what} ·`;
  const letters = Math.floor((room - what.length - 3) / 2); // of each of both: points and spaces are narrower
  const [least, most] = [Math.min(...known), Math.max(...known)].map((x) => inRoom(x, letters));
  return least === most ? `${what} ${least}` : `${what} ${least} … ${most}`;
}

/**
 * The derivative that a line between folded boxes stands for; null if it is not known.
 * @param {Frame} frame
 * @param {import("../model/graph.js").Graph} graph
 * @param {import("./sheets.js").Local} local
 */
function localSlope(frame, graph, { of, by, edges }) {
  const flow = new Map([[of, 1]]);
  for (const index of edges) {
    const { tail, head } = graph.edges[index];
    const slope = frame.slopeAt(index);
    if (slope === null) return null;
    flow.set(tail, (flow.get(tail) ?? 0) + slope * (flow.get(head) ?? 0));
  }
  return flow.get(by) ?? 0;
}

/**
 * A line between folded boxes, and beside it the derivative of the one by the other: of a connection its weight, by its name.
 * @param {Stage} stage
 * @param {Line} line
 * @param {import("./sheets.js").Local} local
 * @param {SVGTextElement} number
 * @param {{ frame: Frame, scene: Scene, lit: boolean }} moment
 */
function updateLocal(stage, { tail, head }, local, number, { frame, scene, lit }) {
  const { graph } = stage;
  const { weight } = local;
  const term = weight === null ? undefined : (scene.lines.get(weight) ?? scene.colours.get(weight));
  const x = weight === null ? localSlope(frame, graph, local) : frame.dataAt(weight);
  toggle(number, "gone", !local.always && (x === null || !(lit || term !== undefined)));
  const secret = weight === null ? stage.hidesSlope(tail, head) : stage.hides(weight, "data");
  const name = weight === null ? "" : `${isolated(shortened(graph.nodes[weight].name, 60))} `;
  put(number, `${name}${secret ? "?" : inRoom(x)}`);
  set(number, "data-value", secret ? "" : exactly(x));
  tint(number, term);
}

/**
 * A line, and beside it its local derivative.
 * @param {Stage} stage
 * @param {Line} line
 * @param {boolean} far
 * @returns {Part}
 */
export function linePart(stage, line, far) {
  const { index, tail, head, heads, edges } = line;
  const path = svg("path", { class: "graph-line", ...(far ? {} : { "marker-end": "url(#arrow)" }), d: line.path });
  const labelled = !far && (index !== null || line.local !== null);
  const number = labelled ? svg("text", { class: "slope", x: line.label.x, y: line.label.y, "text-anchor": "middle" }) : null;
  const group = svg("g", {}, path, number);
  const update = (/** @type {Moment} */ { frame, scene, light, edge }) => {
    const lit = edges.some((each) => light?.edges.has(each));
    const named = heads.includes(frame.beat?.node ?? -1) && scene.colours.has(tail) && frame.phase === "forward";
    toggle(path, "lit", lit);
    toggle(path, "dim", Boolean(light) && !lit);
    toggle(path, "current", (edge >= 0 && edges.includes(edge)) || named);
    if (number && line.local) updateLocal(stage, line, line.local, number, { frame, scene, lit: lit || named });
    if (!number || index === null) return;
    const secret = stage.hidesSlope(tail, head);
    const x = frame.slopeAt(index);
    put(number, secret ? "?" : inRoom(x));
    set(number, "data-value", secret ? "" : exactly(x));
    toggle(number, "lit", lit);
    toggle(number, "dim", Boolean(light) && !lit);
  };
  return { group, update };
}

// The head of an arrow, of which a drawing needs one.
export function arrowHead() {
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
