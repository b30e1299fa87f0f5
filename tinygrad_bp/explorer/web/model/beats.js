// A round as beats: one idea each, in the order in which the worked example tells them. What a beat does is a run of steps, each a node
// that is computed, an edge along which a gradient is added, or a parameter that is changed. A beat asks for a node; its steps are
// whatever that node still lacks, so the beats of any graph are right in any order, and each step is in one of them.

const MOST_SINGLE = 12; // weights of a network in which each has a beat of its own
const MOST_NEURONS = 4; // of a network in which each is told
const MOST_ABREAST = 2; // of a layer in which each is told; of a larger one the first, and then the others together
const MOST_LAYERS = 3; // that are told so; those between are told layer by layer
const MOST_OPERATIONS = 12; // of a graph without neurons in which each has a beat
const KEPT_OPERATIONS = 4; // of a larger one, at its beginning and at its end

/**
 * @param {import("./graph.js").Graph} graph
 * @param {number[]} told the parameters whose gradients are found, and which the update changes, if there is one
 * @returns {Plan}
 */
export function planOf(graph, told) {
  const plan = new Planner(graph);
  const { network } = graph;
  if (network?.whole) {
    plan.networkForward(network.neurons);
    plan.networkBackward(network.neurons, new Set(told));
  } else {
    const targets = targetsOf(graph);
    for (const id of targets) plan.compute("value", id);
    plan.graphBackward(targets, told);
  }
  plan.finishBackward();
  if (graph.trains) {
    plan.update(told);
    plan.end();
  }
  return { steps: plan.steps, beats: plan.beats };
}

/**
 * The nodes of a graph without neurons that have beats: all of a small one; else those with labels, or all, at its beginning and its end.
 * @param {import("./graph.js").Graph} graph
 */
function targetsOf({ computed, nodes, result }) {
  if (computed.length <= MOST_OPERATIONS) return computed;
  const labelled = computed.filter((id) => nodes[id].label || id === result);
  const told = labelled.length > 2 ? labelled : computed;
  return told.length <= MOST_OPERATIONS ? told : [...told.slice(0, KEPT_OPERATIONS), ...told.slice(-KEPT_OPERATIONS)];
}

/**
 * The labelled nodes that the result is the sum of, such as the errors of the outputs; none if it is no such sum.
 * @param {import("./graph.js").Graph} graph
 */
export function summandsOf(graph) {
  /** @type {number[]} */
  const found = [];
  const open = [graph.result];
  while (open.length) {
    const id = /** @type {number} */ (open.pop());
    const { op, label, args } = graph.nodes[id];
    if (id !== graph.result && label && op) found.push(id);
    else if ((op === "add" || op === "sum_of") && (id === graph.result || !label)) open.push(...[...args].reverse());
    else return [];
  }
  return found.length > 1 && found.every((id) => graph.users[id].length === 1) ? found : [];
}

class Planner {
  /** @param {import("./graph.js").Graph} graph */
  constructor(graph) {
    this.graph = graph;
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Beat[]} */
    this.beats = [];
    this.known = new Set(graph.leaves);
    this.added = new Set(); // edges whose addition is a step
    this.place = new Map(graph.backwardOrder.map((edge, k) => [edge, k]));
    this.from = 0;
  }

  /**
   * Ends a beat: what has become a step since the last one.
   * @param {Phase} phase
   * @param {string} kind
   * @param {number} node
   * @param {Neuron | null} neuron
   */
  close(phase, kind, node, neuron = null, nodes = [node]) {
    if (this.steps.length === this.from) return;
    this.beats.push({ phase, kind, node, nodes, neuron, from: this.from, to: this.steps.length });
    this.from = this.steps.length;
  }

  // Forward.

  /** @param {number} target */
  need(target) {
    const needed = new Set();
    const open = [target];
    while (open.length) {
      const id = /** @type {number} */ (open.pop());
      if (this.known.has(id) || this.graph.nodes[id].constant || needed.has(id)) continue;
      needed.add(id);
      open.push(...this.graph.nodes[id].args);
    }
    for (const node of [...needed].sort((a, b) => a - b)) {
      this.known.add(node);
      this.steps.push({ kind: "forward", node });
    }
  }

  /**
   * @param {string} kind
   * @param {number} node
   * @param {Neuron | null} neuron
   */
  compute(kind, node, neuron = null) {
    this.need(node);
    this.close("forward", kind, node, neuron);
  }

  /** @param {Neuron[]} neurons */
  networkForward(neurons) {
    const { graph } = this;
    for (const { told, others } of layersOf(neurons, 1)) {
      for (const neuron of told) {
        this.compute("net", neuron.net, neuron);
        this.compute("out", neuron.out, neuron);
      }
      for (const { out } of others) this.need(out);
      if (others.length)
        this.close(
          "forward",
          "nets",
          others[0].out,
          others[0],
          others.map(({ out }) => out),
        );
    }
    const parts = new Set(summandsOf(graph));
    const later = graph.computed.filter((id) => graph.nodes[id].label && !parts.has(id) && id !== graph.result);
    for (const id of later) this.compute("value", id);
    this.compute("error", graph.result);
  }

  // Backward.

  /** @param {number} target */
  flow(target) {
    const { graph } = this;
    if (this.added.size === 0 && this.steps.at(-1)?.kind !== "seed") this.steps.push({ kind: "seed", node: graph.result });
    const seen = new Set();
    /** @type {Edge[]} */
    const needed = [];
    const open = [target];
    while (open.length) {
      const id = /** @type {number} */ (open.pop());
      if (seen.has(id)) continue;
      seen.add(id);
      for (const edge of graph.users[id]) {
        if (!this.added.has(edge)) needed.push(edge);
        open.push(edge.head);
      }
    }
    needed.sort((a, b) => (this.place.get(a) ?? 0) - (this.place.get(b) ?? 0));
    for (const edge of needed) {
      this.added.add(edge);
      this.steps.push({ kind: "backward", edge, node: edge.tail });
    }
  }

  /**
   * @param {string} kind
   * @param {number} node
   * @param {Neuron | null} neuron
   */
  differentiate(kind, node, neuron = null) {
    if (node === this.graph.result) return;
    this.flow(node);
    this.close("backward", kind, node, neuron);
  }

  /**
   * @param {Neuron[]} neurons
   * @param {Set<number>} trained
   */
  networkBackward(neurons, trained) {
    const layers = layersOf(neurons, -1);
    /** @type {Map<number, Neuron>} */
    const biases = new Map(); // to the last neuron that shares it, in the order in which they come
    for (const { told, others } of layers) for (const each of [...told, ...others]) if (each.bias !== null) biases.set(each.bias, each);
    const own = (/** @type {Neuron} */ neuron) => ({
      weights: neuron.connections.map(([weight]) => weight).filter((weight) => trained.has(weight)),
      bias: [...biases].filter(([id, last]) => last === neuron && trained.has(id)).map(([id]) => id),
    });
    for (const { told, others } of layers) {
      for (const neuron of told) this.neuronBackward(neuron, own(neuron));
      for (const { net } of others) this.flow(net);
      for (const neuron of others) for (const id of Object.values(own(neuron)).flat()) this.flow(id);
      if (others.length)
        this.close(
          "backward",
          "deltas",
          others[0].net,
          others[0],
          others.map(({ net }) => net),
        );
    }
  }

  /**
   * @param {Neuron} neuron
   * @param {{ weights: number[], bias: number[] }} own
   */
  neuronBackward(neuron, { weights, bias }) {
    this.differentiate("arrive", neuron.out, neuron);
    if (neuron.net !== neuron.out) this.differentiate("delta", neuron.net, neuron);
    if (this.graph.connections.length > MOST_SINGLE) {
      const all = [...weights, ...bias];
      for (const id of all) this.flow(id);
      this.close("backward", "gradients", all[0] ?? neuron.net, neuron, all);
      return;
    }
    for (const weight of weights) this.differentiate("gradient", weight, neuron);
    for (const id of bias) this.differentiate("bias", id, neuron);
  }

  /**
   * @param {number[]} targets
   * @param {number[]} trained
   */
  graphBackward(targets, trained) {
    for (const id of [...targets].reverse()) this.differentiate("chain", id);
    for (const id of trained) this.differentiate("chain", id);
  }

  // What nobody asked for, such as the gradients of inputs and targets, comes with the last beat: it has no beat of its own.
  finishBackward() {
    const { graph } = this;
    if (this.added.size === 0 && this.steps.at(-1)?.kind !== "seed") this.steps.push({ kind: "seed", node: graph.result });
    const before = this.steps.length;
    for (const edge of graph.backwardOrder) {
      if (this.added.has(edge)) continue;
      this.added.add(edge);
      this.steps.push({ kind: "backward", edge, node: edge.tail });
    }
    const last = this.beats.at(-1);
    if (last?.phase === "backward" && this.from === before) {
      last.to = this.steps.length;
      this.from = this.steps.length;
    } else this.close("backward", "chain", graph.result);
  }

  // Update: the weights in the order of the text, those of the last layer first.

  /** @param {number[]} trained */
  update(trained) {
    const { layerOf } = this.graph;
    const ordered = [...trained].sort((a, b) => (layerOf.get(b) ?? 0) - (layerOf.get(a) ?? 0));
    for (const node of ordered) this.steps.push({ kind: "update", node });
    this.close("update", "update", ordered[0], null, ordered);
  }

  end() {
    this.steps.push({ kind: "end", node: this.graph.result });
    this.close("end", "end", this.graph.result);
  }
}

/**
 * Layer after layer from the first, or from the last: the neurons that are told one by one, and those that are told together.
 * @param {Neuron[]} neurons
 * @param {1 | -1} direction
 */
function layersOf(neurons, direction) {
  const depths = [...new Set(neurons.map(({ depth }) => depth))].sort((a, b) => direction * (a - b));
  return depths.map((depth, place) => {
    const layer = neurons.filter((neuron) => neuron.depth === depth);
    const between = depths.length > MOST_LAYERS && place > 1 && place < depths.length - 1;
    const many = neurons.length > MOST_NEURONS || layer.length > MOST_ABREAST;
    const count = between ? 0 : many ? 1 : layer.length;
    return { told: layer.slice(0, count), others: layer.slice(count) };
  });
}

/**
 * The places between steps at which one can stand: after each node, each beat or each pass.
 * @param {Plan} plan
 * @param {string} pace
 */
export function boundaries({ steps, beats }, pace) {
  if (pace === "node") return steps.map((_, k) => k).concat(steps.length);
  const ends = beats.filter((beat, k) => pace !== "pass" || beat.phase !== beats[k + 1]?.phase).map(({ to }) => to);
  return [0, ...ends];
}

/**
 * The beat that a step is in; null before the first.
 * @param {Plan} plan
 * @param {number | null} step
 */
export function beatAt({ beats }, step) {
  if (step === null || step === 0) return null;
  return beats.find(({ to }) => step <= to) ?? null;
}
