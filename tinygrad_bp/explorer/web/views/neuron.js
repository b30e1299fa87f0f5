// A neuron, opened: the curve of its activation with the point where it stands and the tangent there, and what comes back through it.

import { activationOf, blockOf, DEFINITIONS, deltasByLayer } from "../model/neurons.js";
import { exactly, written } from "../model/numbers.js";
import { sampled } from "../model/slopes.js";
import { text } from "../model/words.js";
import { el, put, set, svg, toggle } from "./elements.js";
import { nameElement } from "./pieces.js";
import { Plot, roomy } from "./plot.js";
import { FINER_DIGITS } from "./items.js";

const NEURON_HEIGHT = 150;
const NEURON_POINTS = 97;

/** @typedef {Pick<import("../model/session.js").Session, "graph" | "formulas" | "programs" | "hides" | "training">} Stage */

/**
 * The neuron of a node: of its net input or its output; null if it is neither.
 * @param {Pick<Stage, "graph">} stage
 * @param {number | null} id
 * @returns {Neuron | null}
 */
export function neuronAt({ graph }, id) {
  return graph.network?.neurons.find(({ net, out }) => net === id || out === id) ?? null;
}

/** @param {Stage} stage */
export function neuronCard(stage) {
  const plot = new Plot({ height: NEURON_HEIGHT, look: "neuron-plot", upright: 3, across: 5 });
  const curve = svg("path", { class: "plot-curve" });
  const tangent = svg("path", { class: "plot-tangent" });
  const drop = svg("path", { class: "neuron-drop" });
  const dot = svg("circle", { class: "plot-dot", r: 6 });
  plot.clip.append(drop, curve, tangent, dot);
  const numbers = Object.fromEntries(["net", "out", "slope", "arrives", "delta"].map((name) => [name, el("data", {})]));
  const title = el("span", {});
  const definition = el("span", { class: "neuron-definition" });
  const block = el("p", { class: "neuron-block" });
  const line = (/** @type {string} */ name, /** @type {string} */ look = "") =>
    el("div", { class: `neuron-line ${look}`.trim() }, el("span", {}, text(`neuron.${name}`)), numbers[name]);
  const root = el(
    "section",
    { class: "neuron-card" },
    el("p", { class: "neuron-title" }, title, definition),
    block,
    plot.root,
    el("div", { class: "neuron-lines" }, line("net"), line("out"), line("slope", "tangent"), line("arrives"), line("delta", "product")),
  );

  /**
   * @param {Frame} frame
   * @param {Neuron} neuron
   */
  function render(frame, neuron) {
    const { net: from, out, name } = neuron;
    const riddle = [from, out].some((id) => stage.hides(id, "data") || stage.hides(id, "grad"));
    const activation = activationOf(stage, frame, neuron);
    root.hidden = riddle || !activation;
    if (!activation || root.hidden) return;
    const kind = stage.formulas.activation(neuron, frame.settings.variant) ?? "";
    title.replaceChildren(nameElement(name), `: ${kind}`);
    put(definition, DEFINITIONS[kind] ?? "");
    const net = frame.dataAt(from);
    const known = frame.dataAt(out) !== null && net !== null;
    const far = Math.max(6, Math.ceil(1.15 * Math.abs(net ?? 0)));
    const points = sampled((x) => activation(x)[0], [-far, far], NEURON_POINTS);
    plot.range([-far, far], roomy(points.map(([, y]) => y)));
    set(curve, "d", plot.path(points));
    for (const each of [tangent, drop, dot]) toggle(each, "gone", !known);
    const [y, slope] = activation(net ?? 0);
    if (known) {
      const x = /** @type {number} */ (net);
      set(tangent, "d", plot.tangent(x, y, slope));
      set(
        drop,
        "d",
        plot.path([
          [x, plot.y[0]],
          [x, y],
          [plot.x[0], y],
        ]),
      );
      plot.place(dot, x, y);
    }
    const [arrives, delta] = [frame.gradAt(out), frame.gradAt(from)];
    const shown = { net, out: frame.dataAt(out), slope: frame.derivativeAt(out, from), arrives, delta };
    for (const [each, number] of Object.entries(shown)) {
      put(numbers[each], written(number, FINER_DIGITS));
      set(numbers[each], "value", exactly(number));
    }
    const stuck = known ? blockOf(stage, frame, neuron) : "";
    put(block, stuck && text(`neuron.${stuck}`));
    const given = {
      name,
      kind,
      net: written(net, FINER_DIGITS),
      out: written(frame.dataAt(out), FINER_DIGITS),
      slope: written(shown.slope, FINER_DIGITS),
    };
    set(plot.root, "aria-label", text("neuron.chart", given));
  }

  return { root, render };
}

/**
 * How much of the gradient reaches each layer.
 * @param {Stage} stage
 */
export function layersView(stage) {
  const rows = el("div", { class: "layer-bars" });
  const root = el(
    "section",
    { class: "layers" },
    el("h3", {}, text("layers.title")),
    rows,
    el("p", { class: "quiet small" }, text("layers.about")),
  );

  /** @param {Frame} frame */
  function render(frame) {
    const layers = deltasByLayer(stage, frame);
    root.hidden = layers.length < 2 || stage.graph.nodes.some(({ id }) => stage.hides(id, "grad"));
    if (root.hidden) return;
    const most = Math.max(...layers.map(({ size }) => size ?? 0));
    rows.replaceChildren(
      ...layers.map(({ depth, size }) => {
        const share = size && most ? size / most : 0;
        return el(
          "div",
          { class: "layer-row" },
          el("span", {}, text(depth === stage.graph.depth ? "layers.output" : "layers.hidden", { number: depth })),
          el("span", { class: "layer-scale" }, el("span", { class: "layer-bar", style: { width: `${100 * share}%` } })),
          el("data", { value: exactly(size) }, written(size, FINER_DIGITS)),
        );
      }),
    );
  }

  return { root, render };
}
