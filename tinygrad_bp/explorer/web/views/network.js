// The picture of a network: inputs, neurons and error in columns, a line for each weight, and what travels along them.

import { summandsOf } from "../model/beats.js";
import { endOf } from "../model/forward.js";
import { resultSign } from "../model/notation.js";
import { text } from "../model/words.js";
import { arrangement } from "./arrangement.js";
import { svg } from "./elements.js";
import { ROOM } from "./items.js";
import { play } from "./movement.js";
import { Picture } from "./picture.js";

/** @typedef {import("./labels.js").Stage} Stage */

/**
 * What the geometry is made from.
 * @param {Pick<Stage, "graph" | "description">} stage
 * @returns {import("./columns.js").Spec}
 */
function specOf(stage, withParts = true) {
  const { graph, description } = stage;
  const { outputs } = description;
  const network = /** @type {Network} */ (graph.network);
  const { neurons, inputs } = network;
  /** @type {import("./columns.js").Spec["columns"]} */
  const columns = [{ kind: "input", ids: inputs, letters: 0 }];
  for (const neuron of neurons) {
    columns[neuron.depth] ??= { kind: "neuron", ids: [], letters: 0 };
    columns[neuron.depth].ids.push(neuron.out);
  }
  const parts = withParts ? summandsOf(graph).filter((part) => endOf(graph, part) !== null) : [];
  const ends = neurons.filter(({ end, out }) => end && out !== graph.result);
  const said = withParts && !parts.length && network.probabilities ? network.probabilities.neurons.map((k) => neurons[k].out) : [];
  if (parts.length) columns.push({ kind: "part", ids: parts, letters: 0 });
  else if (said.length) columns.push({ kind: "part", ids: said.map(probabilityId), letters: 0 });
  const seen = neurons.some(({ out }) => out === graph.result);
  if (!seen) columns.push({ kind: "result", ids: [graph.result], letters: 0 });
  const names = graph.nodes.map(({ name }) => name.length);
  for (const neuron of neurons) names[neuron.out] = neuron.name.length;
  const called = Math.max(0, ...outputs.map((name) => name.length + 3));
  for (const column of columns) {
    const { kind, ids } = column;
    const beside = kind === "part" ? 7 : 0; // for a target
    column.letters = Math.max(...ids.map((id) => (id < 0 ? called : names[id]))) + beside;
  }
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
    letters: Math.min(10, graph.nodes[weight].name.length) + 2.2 + ROOM, // "dw1 −0.0012"
  }));
  const own = neurons.filter(({ bias }) => bias !== null && !shared.some(({ id }) => id === bias)).map(({ out }) => out);
  return { columns, lines, shared, own, errors: seen ? [] : errors, more: resultSign(stage).length + 2.5 };
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
 * @param {import("./movement.js").Company} company
 */
export function networkView(stage, company) {
  const specs = [specOf(stage), specOf(stage, false)];
  const root = svg("svg", { class: "diagram neurons", role: "group", "aria-label": text("neurons.label"), tabindex: "-1" });
  const picture = new Picture(stage, root);
  let size = "";
  let shownAt = { key: "", step: -1 };
  /** @type {import("./movement.js").Movement | null} */
  let moving = null;

  function stop() {
    moving?.end();
    moving = null;
  }

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
      const roomy = whole.rows && !whole.close;
      picture.build(roomy ? whole : arrangement(specs[1], room.width, room.height), specs[roomy ? 0 : 1], room);
    }
    const key = `${frame.round},${frame.row},${frame.settings.variant}`;
    const { beat } = frame;
    const onward = !rebuilt && beat !== null && key === shownAt.key && shownAt.step === beat.from && frame.step === beat.to;
    if (frame.step !== shownAt.step || key !== shownAt.key || rebuilt) stop();
    picture.render(frame, scene);
    if (onward && beat) moving = play(picture, frame, scene, beat, company);
    else moving?.again(); // of the same beat, drawn anew while it moves
    shownAt = { key, step: frame.step ?? -1 };
  }

  return { root, render, finish: stop };
}
