// The points of a plane as cases: of which kinds they are, and tables with one more, or one less.

export const MOST_CASES = 64;
const MOST_KINDS = 6; // of targets, such as one for each class

/**
 * What a point is to become: the targets of all points of its kind.
 * @typedef {{ targets: number[], name: string, high: boolean }} Kind
 */

/**
 * The outputs that have targets.
 * @param {Pick<import("./session.js").Session, "graph">} stage
 */
export function endsOf({ graph }) {
  return (graph.network?.neurons ?? []).filter(({ target }) => target !== null);
}

/**
 * The numbers of some leaves in a case.
 * @param {Case} row
 * @param {number[]} ids
 */
export function numbersOf(row, ids) {
  const given = new Map(row);
  return ids.map((id) => given.get(id) ?? 0);
}

/**
 * The kinds of points that there are, those of low targets first: of classes by their names.
 * @param {Pick<import("./session.js").Session, "graph" | "description">} stage
 * @param {Case[]} cases
 * @returns {Kind[]}
 */
export function kindsOf(stage, cases) {
  const { description } = stage;
  const ids = endsOf(stage).map(({ target }) => /** @type {number} */ (target));
  const found = new Map(cases.map((row) => numbersOf(row, ids)).map((targets) => [targets.join(), targets]));
  if (ids.length === 1 && found.size < 2) for (const x of [0, 1]) found.set(String(x), [x]);
  const several = ids.length > 1;
  const order = (/** @type {number[]} */ a, /** @type {number[]} */ b) => (several ? placeOfTargets(a) - placeOfTargets(b) : a[0] - b[0]);
  const kinds = [...found.values()].sort(order).slice(0, MOST_KINDS);
  return kinds.map((targets, k) => {
    const place = several ? placeOfTargets(targets) : k;
    const named = description.classes && (several || kinds.length === 2) ? description.outputs[place] : undefined;
    return { targets, name: named ?? targets.map((x) => String(x).replace("-", "−")).join(", "), high: several ? place === 0 : k > 0 };
  });
}

/** @param {number[]} targets */
function placeOfTargets(targets) {
  return targets.indexOf(Math.max(...targets));
}

/**
 * The cases with one more: a point of a kind.
 * @param {Case[]} cases
 * @param {[number, number]} inputs
 * @param {number[]} place
 * @param {number[]} ends the leaves of the targets
 * @param {Kind} kind
 * @returns {Case[]}
 */
export function withPoint(cases, inputs, place, ends, kind) {
  const pair = (/** @type {number[]} */ numbers) => (/** @type {number} */ id, /** @type {number} */ k) =>
    /** @type {[number, number]} */ ([id, numbers[k]]);
  const numbers = new Map([...inputs.map(pair(place)), ...ends.map(pair(kind.targets))]);
  return [...cases, cases[0].map(([id, x]) => [id, numbers.get(id) ?? x])];
}

/**
 * The cases without one; the same if it is the last one.
 * @param {Case[]} cases
 * @param {number} row
 */
export function withoutPoint(cases, row) {
  return cases.length > 1 ? cases.filter((_, k) => k !== row) : cases;
}

/**
 * What the network takes a case for, if its outputs are classes: the name, and the probability if there is one.
 * @param {Pick<import("./session.js").Session, "graph" | "description" | "programs">} stage
 * @param {ArrayLike<number>} data
 * @returns {{ name: string, probability: number | null } | null}
 */
export function classOf({ graph, description, programs }, data) {
  const { network } = graph;
  const { outputs, classes } = description;
  if (!classes || !network) return null;
  const said = network.probabilities;
  const nets = (said ? said.neurons.map((k) => network.neurons[k]) : network.neurons.filter(({ end }) => end)).map(({ out }) => data[out]);
  const found = said && programs.probabilities ? programs.probabilities(...nets) : nets;
  if (found.length === 1) {
    const [second] = found;
    const place = second >= 0.5 ? 1 : 0;
    return outputs.length === 2 ? { name: outputs[place], probability: place ? second : 1 - second } : null;
  }
  const place = found.indexOf(Math.max(...found));
  return outputs[place] ? { name: outputs[place], probability: said?.kind === "softmax" ? found[place] : null } : null;
}
