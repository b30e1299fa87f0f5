// What a beat shows: one equation with its terms, one sentence that says why, and what moves in the picture. All as data.

import { arriveScene, chainScene, deltaScene, deltasScene, gradientScene } from "./backward.js";
import { updateEquation } from "./equations.js";
import { errorScene, netScene, netsScene, outScene, valueScene } from "./forward.js";
import { happening } from "./frame.js";
import { frozenBy } from "./neurons.js";
import { alike, inDigits } from "./agreeing.js";
import { brief, counted, written } from "./numbers.js";
import { MENTIONED, coloured, emptyScene, placeOf } from "./terms.js";
import { withTravels } from "./travels.js";
import { sentence, text } from "./words.js";

const MOST_LIT = 24; // weights and biases of an update that are told together

/** @typedef {import("./terms.js").Stage} Stage */

/**
 * The scene at a frame.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
export function sceneOf(stage, frame) {
  return withTravels(inDigits(madeOf(stage, frame), stage.notation));
}

/**
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
function madeOf(stage, frame) {
  if (frame.step === null) return restScene(stage, frame);
  if (stage.view.pace === "node" && frame.current && frame.current.kind !== "end") return stepScene(stage, frame);
  const { beat } = frame;
  if (!beat) return beginScene(stage, frame);
  return (SCENES[beat.kind] ?? valueScene)(stage, frame, beat);
}

/**
 * Before the first beat.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
function beginScene(stage, frame) {
  const fresh = stage.fresh();
  const lead = fresh && !stage.training.events.length ? [sentence(`lead.${stage.kind}`)] : []; // of numbers as they were given
  const start = stage.graph.network ? "beat.start" : "beat.start.graph";
  const why = sentence(fresh ? start : "beat.begin", placeOf(stage, frame));
  const [scaled] = stage.description.scaling;
  if (!fresh || !scaled) return { ...emptyScene(), rows: lead, why };
  return { ...emptyScene(), rows: lead, why: [...why, " ", ...sentence("beat.scaled", scaledWords(scaled, frame.data[scaled[0]]))] };
}

/**
 * How an input became what it is, for sentences; its parts are numbers of a table, not of the graph.
 * @param {[number, number, number]} scaled
 * @param {number} x
 * @returns {Record<string, Piece[]>}
 */
function scaledWords([id, mean, scale], x) {
  const [measured, middle, size] = [x * scale + mean, mean, scale].map((each) => [brief(each, 4)]);
  const taken = mean < 0 ? [`(${middle})`] : middle;
  return { name: [{ name: id }], measured, mean: taken, scale: size, scaled: [brief(x, 4)] };
}

/** @type {Record<string, import("./terms.js").Maker>} */
const SCENES = {
  net: netScene,
  nets: netsScene,
  out: outScene,
  error: errorScene,
  value: valueScene,
  arrive: arriveScene,
  delta: deltaScene,
  deltas: deltasScene,
  gradient: gradientScene,
  gradients: gradientScene,
  bias: gradientScene,
  chain: chainScene,
  update: updateScene,
  end: endScene,
};

// Update, and what comes of it.

/** @type {import("./terms.js").Maker} */
function updateScene(stage, frame, beat) {
  const equation = updateEquation(stage, frame, beat.node);
  const scene = emptyScene();
  const lit = beat.nodes.length > MOST_LIT ? [beat.node] : beat.nodes; // of many that of the equation: all lines grow or shrink
  for (const id of lit) scene.lines.set(id, id === beat.node ? 0 : MENTIONED); // the equation is about one of them
  const own = (/** @type {Piece[]} */ pieces) =>
    pieces.map((piece) => {
      const named = typeof piece !== "string" && (piece.name === beat.node || (piece.id === beat.node && piece.quantity === "data"));
      return named ? { ...piece, term: 0 } : piece;
    });
  const [symbols = [], numbers = [], result = []] = equation?.rows ?? [];
  const { optimizer } = frame.settings;
  const single = beat.nodes.length === 1;
  const network = beat.nodes.some((id) => stage.graph.biases.has(id)) ? "beat.update.biases" : "beat.update";
  const plain = single ? "beat.update.one" : stage.graph.network ? network : "beat.update.graph";
  const told = single ? `beat.update.one.${optimizer}` : `beat.update.${optimizer}`;
  const given = { name: [{ name: beat.node }], ...placeOf(stage, frame), step: [counted(frame.steps + 1)] };
  return {
    ...scene,
    left: own(equation?.left ?? []),
    rows: [symbols, numbers].map(own),
    result: coloured(0, result),
    why: [
      ...sentence(frame.optimizers[optimizer].kept ? told : plain, given),
      ...(frame.each.length > 1 ? [" ", ...sentence("beat.update.batch", given)] : []),
    ],
  };
}

/** @type {import("./terms.js").Maker} */
function endScene(stage, frame) {
  const { graph } = stage;
  const [before, after] = [frame.data[graph.result], frame.after?.[graph.result] ?? NaN];
  const kind = alike(before, after) ? "same" : after < before ? "smaller" : "larger";
  return {
    ...emptyScene(),
    left: [{ name: graph.result }, ":"],
    rows: [
      [
        { number: before, id: graph.result, quantity: "data", enclose: false },
        " → ",
        { number: after, id: graph.result, quantity: "data", enclose: false },
      ],
    ],
    why: [
      ...(Number.isFinite(after)
        ? sentence(stage.description.isError ? `beat.end.${kind}` : "beat.end", placeOf(stage, frame))
        : sentence("beat.end.endless", { result: [{ name: graph.result }], value: [written(after)] })),
      ...(frame.settings.cases.length > 1
        ? [" ", ...sentence(frame.settings.batch ? "beat.end.cases.batch" : "beat.end.cases", placeOf(stage, frame))]
        : []),
    ],
  };
}

// Between the rounds, and step by step.

/**
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
function restScene(stage, frame) {
  const { graph, training } = stage;
  const scene = emptyScene();
  const many = frame.settings.cases.length > 1;
  const number = many ? training.errors[frame.round] : frame.data[graph.result];
  const stuck = frozenBy(stage, frame);
  return {
    ...scene,
    left: many ? [text("beat.mean")] : [{ name: graph.result }],
    result: [{ number, id: graph.result, quantity: "data", enclose: false }],
    why: stuck
      ? sentence(frame.settings.accumulate ? "beat.rest.kept" : "beat.rest.frozen", {
          slopes: [stuck.map(({ neuron, slope }) => `${neuron.name}: ${brief(slope, 2)}`).join(", ")],
        })
      : sentence(graph.trains ? (many ? "beat.rest.cases" : "beat.rest") : "beat.rest.untrained", placeOf(stage, frame)),
  };
}

/**
 * A single step, for who goes node by node.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Scene}
 */
function stepScene(stage, frame) {
  const { graph } = stage;
  const step = /** @type {Step} */ (frame.current);
  /** @type {Beat} */
  const beat = { phase: "forward", kind: "value", node: step.node, nodes: [step.node], neuron: null, from: 0, to: 0 };
  if (step.kind === "forward") return valueScene(stage, frame, beat);
  if (step.kind === "update") return updateScene(stage, frame, beat);
  if (step.kind === "seed") return chainScene(stage, frame, beat);
  const found = /** @type {NonNullable<ReturnType<typeof happening>>} */ (happening(graph, frame));
  const uses = graph.users[found.node].length;
  const given = { name: [{ name: found.node }], local: [found.local], count: [String(uses)] };
  const scene = emptyScene();
  scene.colours.set(found.node, 0);
  return {
    ...scene,
    rows: [found.pieces],
    why: [...sentence("beat.step", given), ...(uses > 1 ? [" ", ...sentence("beat.step.several", given)] : [])],
  };
}
