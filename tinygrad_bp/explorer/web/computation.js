// The computation graph: a box for each node, a line for each operand, its local derivative on it. Laid out by Graphviz when the page
// was written; here it is drawn, moved and zoomed.

import { put, set, svg, toggle } from "./svg.js";
import { exactly, written } from "./numbers.js";
import { shortened } from "./neurons.js";
import { text } from "./text.js";

const LEAST_SCALE = 0.08;
const LEAST_READABLE = 0.42; // of the first sight
const MOST_SCALE = 4;
const FRAME = 14; // around the nodes of a neuron

export function computationView(app) {
  const { graph, description } = app;
  const { layout, groups } = description;
  const canvas = svg("g", {});
  const arrow = svg(
    "marker",
    { id: "arrow", viewBox: "0 0 8 8", refX: 1, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
    svg("path", { class: "arrow", d: "M0 0.5 8 4 0 7.5z" }),
  );
  const root = svg(
    "svg",
    { class: "diagram computation", role: "group", "aria-label": text("graph.label"), tabindex: "-1" },
    svg("defs", {}, arrow),
    canvas,
  );
  const frames = svg("g", {});
  const lines = svg("g", {});
  const boxes = svg("g", {});
  const covers = svg("g", {});
  canvas.append(frames, lines, boxes, covers);

  const choose = (id) => app.select(id, app.view.mode === "gradients" ? "grad" : "data");
  const pressed = (event, action) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    action();
  };

  let edgeNumber = 0;
  const edgeParts = [];
  let drawn = 0;
  for (const node of graph.nodes) {
    node.args.forEach((tail, place) => {
      const points = layout.edges[drawn++];
      const constant = graph.nodes[tail].constant;
      const path = svg("path", { class: "graph-line", "marker-end": "url(#arrow)", d: splinePath(points) });
      const middle = points[Math.floor(points.length / 2)];
      const number = constant ? null : svg("text", { class: "slope", x: middle[0], y: middle[1] - 4, "text-anchor": "middle" });
      lines.append(path, ...(number ? [number] : []));
      edgeParts.push({ path, number, index: constant ? null : edgeNumber, tail, head: node.id, place });
      if (!constant) edgeNumber += 1;
    });
  }

  const nodeParts = graph.nodes.map((node) => {
    const [x, y, width, height] = layout.nodes[node.id];
    if (node.constant) {
      const group = svg(
        "g",
        { class: "constant" },
        svg("rect", { class: "box", x: x - width / 2, y: y - height / 2, width, height, rx: 4 }),
        svg("text", { class: "box-number", x, y: y + 4, "text-anchor": "middle" }, written(node.data, 4)),
      );
      boxes.append(group);
      return { group, constant: true };
    }
    const left = x - width / 2 + 8;
    const data = svg("text", { class: "node-number", x: x + width / 2 - 8, y: y + 4, "text-anchor": "end" });
    const grad = svg("text", { class: "node-number", x: x + width / 2 - 8, y: y + 21, "text-anchor": "end" });
    const rect = svg("rect", { class: "box", x: x - width / 2, y: y - height / 2, width, height, rx: 7 });
    const group = svg(
      "g",
      {
        class: "item",
        role: "button",
        tabindex: "-1",
        "data-node": node.id,
        onclick: () => choose(node.id),
        onkeydown: (event) => pressed(event, () => choose(node.id)),
      },
      svg("title", {}, node.name),
      rect,
      svg(
        "text",
        { class: "node-name", x: left, y: y - 13 },
        shortened(node.label ? node.name : node.name.replaceAll(" * ", "·"), width - (node.symbol ? 10 + 7 * node.symbol.length : 0), 7.2),
      ),
      node.symbol && svg("text", { class: "node-symbol", x: x + width / 2 - 8, y: y - 13, "text-anchor": "end" }, node.symbol),
      svg("text", { class: "node-word", x: left, y: y + 4 }, text("graph.data")),
      data,
      svg("text", { class: "node-word", x: left, y: y + 21 }, text("graph.grad")),
      grad,
    );
    boxes.append(group);
    return { group, rect, data, grad };
  });

  // What is used far away, drawn again beside its users.
  const againParts = layout.again.map(([id, x, y, width, height]) => {
    const data = svg("text", { class: "node-number", x: x + width / 2 - 8, y: y + 13, "text-anchor": "end" });
    const name = svg("text", { class: "node-name", x: x - width / 2 + 8, y: y - 4 }, shortened(graph.nodes[id].name ?? "", width, 7.2));
    const rect = svg("rect", { class: "box again", x: x - width / 2, y: y - height / 2, width, height, rx: 7 });
    const group = svg("g", { onclick: () => graph.nodes[id].constant || choose(id) }, rect, name, data);
    boxes.append(group);
    return { id, group, data };
  });

  // A frame around each neuron, which can be drawn shut: as one box in the place of all that is in it.
  const neurons = graph.network?.neurons ?? [];
  const coverParts = groups.map((members, number) => {
    if (members.length < 2) return null;
    const spots = members.map((id) => layout.nodes[id]);
    const x = Math.min(...spots.map(([at, , width]) => at - width / 2)) - FRAME;
    const y = Math.min(...spots.map(([, at, , height]) => at - height / 2)) - FRAME - 14;
    const width = Math.max(...spots.map(([at, , wide]) => at + wide / 2)) + FRAME - x;
    const height = Math.max(...spots.map(([, at, , high]) => at + high / 2)) + FRAME - y;
    const neuron = neurons[number];
    const shut = () => app.collapse(number);
    frames.append(svg("rect", { class: "group-frame", x, y, width, height, rx: 12 }));
    const handle = svg(
      "g",
      {
        class: "item group-handle",
        role: "button",
        tabindex: "-1",
        "data-group": number,
        "aria-label": text("graph.close", { name: neuron.name }),
        onclick: shut,
        onkeydown: (event) => pressed(event, shut),
      },
      svg("text", { class: "group-name", x: x + 10, y: y + 15 }, `▾ ${shortened(neuron.name, width)}`),
    );
    frames.append(handle);
    const net = svg("text", { class: "cover-number", x: x + width / 2, y: y + height / 2 + 8, "text-anchor": "middle" });
    const out = svg("text", { class: "cover-number", x: x + width / 2, y: y + height / 2 + 30, "text-anchor": "middle" });
    const grad = svg("text", { class: "cover-number", x: x + width / 2, y: y + height / 2 + 52, "text-anchor": "middle" });
    const cover = svg(
      "g",
      {
        class: "item cover",
        role: "button",
        tabindex: "-1",
        "data-group": number,
        "aria-label": text("graph.open", { name: neuron.name }),
        onclick: shut,
        onkeydown: (event) => pressed(event, shut),
      },
      svg("rect", { class: "box neuron", x, y, width, height, rx: 26 }),
      svg(
        "text",
        { class: "cover-name", x: x + width / 2, y: y + height / 2 - 22, "text-anchor": "middle" },
        `▸ ${shortened(neuron.name, width)}`,
      ),
      net,
      out,
      grad,
    );
    covers.append(cover);
    return { cover, handle, members: new Set(members), neuron, net, out, grad };
  });

  // Moving and zooming.
  let view = null; // { x, y, scale }: the point of the drawing in the upper left corner
  const pointers = new Map();

  // All of it; or at first sight, if that is too small to be read, the part around the result.
  function fit(least = 0) {
    const { width, height } = root.getBoundingClientRect();
    if (!width || !height) return;
    const whole = Math.min(1, width / (layout.width + 40), height / (layout.height + 40));
    const scale = Math.max(least, whole);
    const [x, y] = whole < least ? layout.nodes[graph.result] : [layout.width / 2, layout.height / 2];
    const wide = width / scale;
    view = { scale, x: Math.min(x - wide / 2, Math.max(layout.width + 20 - wide, layout.width / 2 - wide / 2)), y: y - height / scale / 2 };
    move();
  }

  function move() {
    set(canvas, "transform", `scale(${view.scale.toFixed(4)}) translate(${(-view.x).toFixed(2)} ${(-view.y).toFixed(2)})`);
    toggle(root, "far", view.scale < 0.4);
  }

  function zoom(factor, at = null) {
    if (!view) return;
    const { left, top, width, height } = root.getBoundingClientRect();
    const [px, py] = at ? [at.x - left, at.y - top] : [width / 2, height / 2];
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, view.scale * factor));
    view.x += px / view.scale - px / scale;
    view.y += py / view.scale - py / scale;
    view.scale = scale;
    move();
  }

  function show(id) {
    if (!view) return;
    const { width, height } = root.getBoundingClientRect();
    const [x, y] = layout.nodes[id];
    const inside = x > view.x && x < view.x + width / view.scale && y > view.y && y < view.y + height / view.scale;
    if (inside && view.scale > 0.4) return;
    view.scale = Math.max(view.scale, 0.6);
    view.x = x - width / view.scale / 2;
    view.y = y - height / view.scale / 2;
    move();
  }

  root.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && !root.contains(document.activeElement)) return; // the page scrolls until the graph is entered
      event.preventDefault();
      zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX, y: event.clientY });
    },
    { passive: false },
  );
  root.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  root.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before || !view) return;
    const now = { x: event.clientX, y: event.clientY };
    if (pointers.size === 1) {
      if (Math.hypot(now.x - before.x, now.y - before.y) < 3 && !root.hasPointerCapture(event.pointerId)) return;
      if (!root.hasPointerCapture(event.pointerId)) root.setPointerCapture(event.pointerId);
      view.x -= (now.x - before.x) / view.scale;
      view.y -= (now.y - before.y) / view.scale;
      move();
    } else {
      const [other] = [...pointers].filter(([key]) => key !== event.pointerId).map(([, spot]) => spot);
      zoom(Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y)), {
        x: (now.x + other.x) / 2,
        y: (now.y + other.y) / 2,
      });
    }
    pointers.set(event.pointerId, now);
  });
  for (const kind of ["pointerup", "pointercancel", "pointerleave"])
    root.addEventListener(kind, (event) => pointers.delete(event.pointerId));

  function render(frame) {
    if (!view) fit(LEAST_READABLE);
    const shut = new Set(app.view.collapsed);
    const lens = app.lens();
    const hidden = (id) => graph.group[id] >= 0 && shut.has(graph.group[id]);
    nodeParts.forEach((part, id) => {
      toggle(part.group, "gone", hidden(id));
      if (part.constant) {
        toggle(part.group, "dim", Boolean(lens));
        return;
      }
      const data = app.hides(id, "data") ? "?" : brief(frame.dataAt(id), 9, 12);
      const grad = app.hides(id, "grad") ? "?" : brief(frame.gradAt(id), 9, 12);
      put(part.data, data);
      put(part.grad, grad);
      set(part.data, "data-value", app.hides(id, "data") ? "" : exactly(frame.dataAt(id)));
      set(part.grad, "data-value", app.hides(id, "grad") ? "" : exactly(frame.gradAt(id)));
      set(part.group, "aria-label", text("graph.node", { name: graph.nodes[id].name, data, grad }));
      const x = app.hides(id, "grad") ? 0 : (frame.gradAt(id) ?? 0);
      toggle(part.rect, "negative", x < 0);
      toggle(part.rect, "positive", x > 0);
      toggle(part.group, "selected", app.view.selected === id);
      toggle(part.group, "current", frame.current?.node === id);
      toggle(part.group, "pending", frame.dataAt(id) === null);
      toggle(part.group, "changed", Boolean(frame.ghost) && frame.ghost.data[id] !== frame.data[id]);
      toggle(part.group, "dim", Boolean(lens) && !lens.nodes.has(id));
      toggle(part.group, "lit", Boolean(lens) && lens.nodes.has(id));
    });
    for (const { id, group, data } of againParts) {
      put(data, graph.nodes[id].constant ? written(graph.nodes[id].data, 4) : app.hides(id, "data") ? "?" : brief(frame.dataAt(id), 9, 12));
      toggle(group, "dim", Boolean(lens) && !lens.nodes.has(id));
    }
    for (const { path, number, index, tail, head } of edgeParts) {
      const inside = hidden(head) && graph.group[tail] === graph.group[head];
      toggle(path, "gone", inside || (graph.nodes[tail].constant && hidden(head)));
      const lit = Boolean(lens) && index !== null && lens.edges.has(index);
      toggle(path, "lit", lit);
      toggle(path, "dim", Boolean(lens) && !lit);
      toggle(path, "current", frame.current?.edge?.index === index && index !== null);
      if (number) {
        toggle(number, "gone", hidden(head) || (frame.phase === "forward" && frame.dataAt(head) === null));
        put(number, app.hidesSlope(tail, head) ? "?" : brief(frame.slopes[index], 5, 7));
        set(number, "data-value", app.hidesSlope(tail, head) ? "" : exactly(frame.slopes[index]));
        toggle(number, "lit", lit);
        toggle(number, "dim", Boolean(lens) && !lit);
      }
    }
    coverParts.forEach((part, number) => {
      if (!part) return;
      toggle(part.cover, "gone", !shut.has(number));
      toggle(part.handle, "gone", shut.has(number));
      const { net, out } = part.neuron;
      const shown = (id, quantity, x) => (app.hides(id, quantity) ? "?" : written(x));
      put(part.net, `net ${shown(net, "data", frame.dataAt(net))}`);
      put(part.out, `out ${shown(out, "data", frame.dataAt(out))}`);
      put(part.grad, `δ ${shown(net, "grad", frame.gradAt(net))}`);
      toggle(part.cover, "dim", Boolean(lens) && ![...part.members].some((id) => lens.nodes.has(id)));
      toggle(part.cover, "lit", Boolean(lens) && [...part.members].some((id) => lens.nodes.has(id)));
      toggle(part.cover, "current", frame.current && part.members.has(frame.current.node));
    });
  }

  return { root, render, fit, zoom, show };
}

// A number in as many digits as there is room for.
function brief(x, digits, most) {
  const words = written(x, digits);
  return words.length > most ? written(x, digits - 3) : words;
}

function splinePath(points) {
  const [[x, y], ...rest] = points;
  const words = [];
  for (let k = 0; k + 2 < rest.length; k += 3)
    words.push(
      `C${rest
        .slice(k, k + 3)
        .map(([a, b]) => `${a} ${b}`)
        .join(" ")}`,
    );
  return `M${x} ${y}${words.join("")}`;
}
