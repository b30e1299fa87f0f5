// The neuron diagram: inputs, neurons and error in columns, a line for each weight.

import { put, set, svg, toggle } from "./svg.js";
import { exactly, signed, written } from "./numbers.js";
import { split } from "./names.js";
import { text } from "./text.js";

const MOST_WRITTEN = 48; // connections of a layer, that names and numbers are on its lines

export function neuronsView(app) {
  const { graph } = app;
  const { inputs, neurons } = graph.network;
  const root = svg("svg", { class: "diagram neurons", role: "group", "aria-label": text("neurons.label"), tabindex: "-1" });
  const columns = [inputs.map((id) => ({ kind: "input", id, name: graph.nodes[id].name }))];
  for (const neuron of neurons) (columns[neuron.depth] ??= []).push({ kind: "neuron", id: neuron.out, neuron, name: neuron.name });
  const sharedBiases = new Map(); // bias to the neurons that share it
  for (const neuron of neurons) if (neuron.bias !== null) sharedBiases.set(neuron.bias, [...(sharedBiases.get(neuron.bias) ?? []), neuron]);
  let size = null;
  let parts = null;

  function digits() {
    return size.width < 560 ? 4 : size.width < 860 ? 6 : 9;
  }

  // Everything is laid out in pixels of the space there is, so that letters are never scaled. On a narrow screen the columns become
  // rows, from top to bottom.
  function build(width) {
    const places = digits();
    const upright = width < 560;
    const most = Math.max(...columns.map((column) => column.length));
    const own = [...sharedBiases].some(([, users]) => users.length === 1);
    const shared = [...sharedBiases].some(([, users]) => users.length > 1);
    const box = {
      width: places === 9 ? 112 : places === 6 ? 88 : Math.max(34, Math.min(64, (width - 8) / (most + (shared ? 1 : 0)) - 6)),
      height: own ? 62 : 46,
    };
    const last = columns.length - 1;

    // `along` the way from the inputs to the error, `across` it within a layer.
    const breadth = width - 8 - (upright && shared ? box.width + 10 : 0); // shared biases stand beside upright layers
    const gap = upright ? breadth / most : most > 8 ? box.height + 8 : most > 4 ? box.height + 22 : 150;
    const first = upright ? gap / 2 + 4 : 30 + box.height / 2; // the middle of the first neuron of the widest layer; targets stand above
    const middle = first + (gap * (most - 1)) / 2;
    const margin = upright ? box.height / 2 + 6 : box.width / 2 + 8;
    const pace = upright ? box.height + (shared ? 92 : 76) : (width - 2 * margin) / (last + 1);
    const point = (along, across) => (upright ? { x: across, y: along } : { x: along, y: across });
    const along = (column) => margin + column * pace;
    const across = (column, k) => middle + (k - (columns[column].length - 1) / 2) * gap;
    const height = upright ? along(last + 1) + box.height / 2 + 20 : first + gap * (most - 1) + box.height / 2 + (shared ? 92 : 26);
    const at = new Map();
    columns.forEach((column, c) => column.forEach((node, k) => at.set(node.id, point(along(c), across(c, k)))));
    const leaving = ({ x, y }) => (upright ? { x, y: y + box.height / 2 } : { x: x + box.width / 2, y });
    const entering = ({ x, y }) => (upright ? { x, y: y - box.height / 2 } : { x: x - box.width / 2, y });
    const segment = (kind, from, to) => svg("line", { class: kind, x1: from.x, y1: from.y, x2: to.x, y2: to.y });

    const lines = svg("g", { class: "lines" });
    const texts = svg("g", { class: "line-texts" });
    const boxes = svg("g", { class: "boxes" });
    parts = { weights: [], boxes: [], smalls: [] };

    const choose = (id) => app.select(id, app.mode() === "gradients" ? "grad" : "data");
    const item = (id, children) =>
      svg(
        "g",
        {
          class: "item",
          role: "button",
          tabindex: "-1",
          "data-node": id,
          onclick: () => choose(id),
          onkeydown: (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            choose(id);
          },
        },
        children,
      );
    const words = (kind, spot, dy, ...content) => svg("text", { class: kind, x: spot.x, y: spot.y + dy, "text-anchor": "middle" }, content);

    for (const neuron of neurons) {
      const n = neuron.connections.length;
      const heads = columns[neuron.depth].length;
      // At 1/(n + 1) of the way from where fewer lines meet, all numbers of a layer are equally far apart.
      const share = n <= heads ? 1 / (n + 1) : heads / (heads + 1);
      const apart = gap / (Math.min(n, heads) + 1);
      const room = upright ? apart / 10 : apart / 17; // lines of text, or a number's characters in tens of pixels
      const clear = Math.min(share, 1 - share) * (pace - box.width); // from the middle of a number to the nearest box
      const fits = n * heads <= MOST_WRITTEN && room >= (upright ? 3.6 : 1) && (upright || clear > (room > 2 ? 26 : 44));
      const lineCount = !fits ? 0 : upright || room > 2 ? 2 : 1;
      for (const { weight, source, product, byWeight, bySource } of graph.connections.filter((each) => each.neuron === neuron)) {
        const from = leaving(at.get(source));
        const to = entering(at.get(neuron.out));
        const line = segment("weight-line", from, to);
        const group = item(weight, [segment("hit", from, to), line]);
        const part = {
          id: weight,
          product: graph.nodes[product].op === "mul" ? product : weight,
          edges: [byWeight.index, bySource.index],
          line,
          group,
        };
        lines.append(group);
        if (lineCount) {
          part.spot = { x: to.x + (from.x - to.x) * share, y: to.y + (from.y - to.y) * share };
          part.prefix = lineCount === 1 ? `${graph.nodes[weight].name} ` : "";
          part.number = words("line-number", part.spot, lineCount === 1 ? 4 : 12);
          part.places = Math.floor(
            (upright ? apart / 6.6 - 0.6 : (2 * clear) / 7.2 - (lineCount === 1 ? graph.nodes[weight].name.length + 1 : 0)) - 3,
          ); // digits there is room for
          part.ghost = lineCount === 2 && (upright || apart > 58) ? words("ghost-number", part.spot, 28) : null;
          part.ground = svg("rect", { class: "line-ground", y: part.spot.y - 8 * lineCount, height: 16 * lineCount, rx: 6 });
          part.words = svg(
            "g",
            { class: "item-text", onclick: () => choose(weight) },
            part.ground,
            lineCount === 2 && words("line-name", part.spot, -3, label(graph.nodes[weight].name)),
            part.number,
            part.ghost,
          );
          texts.append(part.words);
        }
        parts.weights.push(part);
      }
    }

    const small = (id, prefix, spot, only = null) => {
      const number = words("line-number", spot, 4);
      const group = item(id, [
        svg("rect", { class: "hit-box", x: spot.x - box.width / 2, y: spot.y - 10, width: box.width, height: 19, rx: 6 }),
        number,
      ]);
      boxes.append(group);
      parts.smalls.push({ id, group, number, prefix, places: Math.min(4, Math.floor(box.width / 6.6) - 3), only });
    };
    const place = (node, spot, kind) => {
      const number = words("box-number", spot, own ? 6 : 14);
      const ghost = words("ghost-number", spot, box.height / 2 + 13);
      const rect = svg("rect", {
        class: `box ${kind}`,
        x: spot.x - box.width / 2,
        y: spot.y - box.height / 2,
        width: box.width,
        height: box.height,
        rx: kind === "neuron" ? 22 : 8,
      });
      const group = item(node.id, [rect, words("box-name", spot, own ? -10 : -3, label(fitting(node.name, box.width))), number, ghost]);
      boxes.append(group);
      parts.boxes.push({ id: node.id, group, rect, number, ghost, places: Math.floor(box.width / 6.6) - 3 });
    };
    columns.forEach((column) => column.forEach((node) => place(node, at.get(node.id), node.kind)));

    const beside = new Map(); // how many shared biases a layer has already
    for (const [id, users] of sharedBiases) {
      if (users.length > 1) {
        const { depth } = users[0];
        const number = beside.get(depth) ?? 0;
        beside.set(depth, number + 1);
        const spot = upright
          ? { x: width - box.width / 2 - 3, y: along(depth) - (number + 1) * (box.height + 4) }
          : { x: (along(depth - 1) + along(depth)) / 2 + number * (box.width + 10), y: height - 32 };
        for (const { out } of users) {
          const head = at.get(out);
          lines.prepend(
            segment(
              "bias-line",
              spot,
              upright
                ? { x: head.x + box.width * 0.4, y: head.y - box.height / 2 + 4 }
                : { x: head.x - box.width * 0.4, y: head.y + box.height / 2 },
            ),
          );
        }
        place({ id, name: graph.nodes[id].name }, spot, "bias");
      } else {
        const { x, y } = at.get(users[0].out);
        small(id, box.width > 60 ? `${graph.nodes[id].name} ` : "", { x, y: y + 21 });
      }
    }

    // The error at the end of the lines from the outputs, and beside each output its target.
    const end = point(along(last + 1), middle);
    for (const neuron of neurons) {
      const spot = at.get(neuron.out);
      const from = leaving(spot);
      if (upright && neuron.target !== null) from.y += 24;
      if (neuron.end && neuron.out !== graph.result) lines.append(segment("error-line", from, entering(end)));
      if (neuron.target !== null)
        small(
          neuron.target,
          box.width > 60 ? `${text("neurons.target")} ` : "",
          { x: spot.x, y: spot.y + (upright ? box.height / 2 + 13 : -box.height / 2 - 11) },
          "values",
        );
    }
    if (!neurons.some(({ out }) => out === graph.result)) place({ id: graph.result, name: graph.nodes[graph.result].name }, end, "result");

    root.replaceChildren(lines, texts, boxes);
    set(root, "viewBox", `0 0 ${width} ${height}`);
    set(root, "width", width);
    set(root, "height", height);
  }

  function render(frame) {
    const width = Math.max(300, Math.round(app.stageWidth()));
    if (!size || size.width !== width) {
      size = { width };
      build(width);
    }
    const places = digits();
    const mode = app.mode();
    const number = (id) => (mode === "gradients" ? frame.gradAt(id) : mode === "change" ? frame.changeAt(id) : frame.dataAt(id));
    const quantity = mode === "gradients" ? "grad" : "data";
    const largest = Math.max(1e-300, ...parts.weights.map(({ id }) => Math.abs(number(id) ?? 0)).filter(Number.isFinite));
    const lens = app.lens();
    for (const part of parts.weights) {
      const x = app.hides(part.id, quantity) ? 0 : (number(part.id) ?? 0);
      const strength = Math.min(1, Math.abs(x) / largest);
      set(part.line, "stroke-width", (0.8 + 6.2 * strength).toFixed(2));
      toggle(part.line, "negative", x < 0);
      toggle(part.line, "positive", x > 0);
      mark(part, part.id, [part.id, part.product], part.edges);
      write(part, part.id);
      if (part.words) {
        // The line is interrupted where the number stands.
        const reach = 4 + 3.6 * Math.max(part.number.textContent.length, graph.nodes[part.id].name.length);
        set(part.ground, "x", part.spot.x - reach);
        set(part.ground, "width", 2 * reach);
        toggle(part.words, "selected", app.view.selected === part.id);
        toggle(part.words, "dim", part.group.classList.contains("dim"));
      }
    }
    for (const part of [...parts.boxes, ...parts.smalls]) {
      toggle(part.group, "gone", part.only && part.only !== mode); // the gradient of a target would be taken for the target
      write(part, part.id);
      mark(
        part,
        part.id,
        part.id === graph.result
          ? [part.id]
          : [part.id, ...(app.formulas.neuronOf.has(part.id) ? [app.formulas.neuronOf.get(part.id).net] : [])],
      );
      if (part.rect) {
        const x = app.hides(part.id, quantity) ? 0 : (number(part.id) ?? 0);
        toggle(part.rect, "negative", mode !== "values" && x < 0);
        toggle(part.rect, "positive", mode !== "values" && x > 0);
        toggle(part.group, "pending", number(part.id) === null);
      }
    }

    function write(part, id) {
      const x = number(id);
      const hidden = app.hides(id, quantity);
      const words = hidden ? "?" : written(x, Math.max(0, Math.min(places, part.places ?? places)));
      set(part.group, "aria-label", `${graph.nodes[id].name}: ${words}`);
      if (!part.number) return;
      put(part.number, (part.prefix ?? "") + words);
      set(part.number, "data-value", hidden ? "" : exactly(x));
      if (part.ghost) {
        const before = frame.ghost && mode !== "change" ? (mode === "gradients" ? frame.ghost.grads[id] : frame.ghost.data[id]) : null;
        put(
          part.ghost,
          before === null || before === x || hidden
            ? ""
            : written(before, places) === written(x, places)
              ? text("ghost.apart", { number: signed(x - before, 2) })
              : text("ghost.was", { number: written(before, Math.min(places, 6)) }),
        );
      }
    }

    function mark(part, id, ids, edges = null) {
      const on = !lens || (edges ? edges.some((edge) => lens.edges.has(edge)) : ids.some((each) => lens.nodes.has(each)));
      toggle(part.group, "dim", Boolean(lens) && !on);
      toggle(part.group, "lit", Boolean(lens) && on);
      toggle(part.group, "selected", app.view.selected === id || ids.slice(1).includes(app.view.selected));
      toggle(
        part.group,
        "current",
        frame.current &&
          (edges?.includes(frame.current.edge?.index) ||
            (ids.includes(frame.current.node) && !frame.current.edge) ||
            (!edges && ids.includes(frame.current.node))),
      );
    }
  }

  return { root, render };
}

// A name as SVG: w with a lower 5.
function label(name) {
  const [base, below] = split(name);
  return below ? [base, svg("tspan", { class: "sub", dy: "3" }, below)] : [base];
}

// A name that fits into a box as it is set, w with a lower 5, or as much of it as fits.
function fitting(name, width) {
  const [base, below] = split(name);
  return 8.2 * base.length + 6 * below.length < width - 8 ? name : shortened(name, width, 8.2);
}

// As much of a name as fits into a box.
export function shortened(name, width, size = 7) {
  const most = Math.max(4, Math.floor((width - 12) / size));
  const letters = [...name];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
}
