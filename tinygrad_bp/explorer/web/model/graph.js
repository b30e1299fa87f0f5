// The graph, and the numbers on it: forward pass, local derivatives, backward pass. All arithmetic of operations is in the programs that
// were written from the recorded graph; here is only the loop of `backward()`, edge by edge.

export class Graph {
  /**
   * @param {Description} description
   * @param {AllPrograms} programs
   */
  constructor(description, programs) {
    this.programs = programs;
    this.result = description.result;
    /** @type {GraphNode[]} */
    this.nodes = description.nodes.map((node, id) => ({ id, args: [], name: "", ...node, constant: node.name === undefined }));
    this.variables = this.nodes.filter((node) => !node.constant).map((node) => node.id);
    this.leaves = this.variables.filter((id) => !this.nodes[id].op);
    this.computed = this.variables.filter((id) => this.nodes[id].op);
    // What programs are called with: lists that are filled anew, since hundreds of arguments that are spread cost more than the program.
    /** @type {number[]} */
    this.given = this.leaves.map(() => 0);
    /** @type {number[]} */
    this.known = this.variables.map(() => 0);
    this.parameters = description.parameters;
    this.trains = description.trains;
    this.biases = new Set(description.biases);
    /** @type {Record<string, Optimizer>} */
    this.optimizers = Object.fromEntries(
      Object.entries(description.optimizers).map(([name, settings]) => [name, { ...settings, formula: programs.optimizers[name] }]),
    );
    this.network = description.network;
    /** @type {Edge[]} */
    this.edges = []; // in the order of the program `slopes`: by the node they lead to, operand by operand
    /** @type {Edge[][]} */
    this.into = this.nodes.map(() => []);
    /** @type {Edge[][]} */
    this.users = this.nodes.map(() => []);
    for (const head of this.computed) {
      this.nodes[head].args.forEach((tail, place) => {
        if (this.nodes[tail].constant) return;
        const edge = { index: this.edges.length, tail, head, place };
        this.edges.push(edge);
        this.into[head].push(edge);
        this.users[tail].push(edge);
      });
    }
    this.backwardOrder = [...this.computed].reverse().flatMap((id) => this.into[id]);
    this.group = this.nodes.map(() => -1);
    description.groups.forEach((members, number) =>
      members.forEach((id) => {
        this.group[id] = number;
      }),
    );
    this.start = Float64Array.from(this.nodes, (node) => node.data ?? 0);
    this.variantNames = Object.keys(programs.variants);
    this.variant = this.variantNames.find((name) => programs.variants[name] === null) ?? "";
    /** @type {Map<number, number>} */
    this.layerOf = new Map(); // of each parameter of a neuron, the layer it is in
    /** @type {Connection[]} */
    this.connections = []; // { neuron, weight, source, product, byWeight, bySource }: the edges from both to their product
    for (const neuron of this.network?.neurons ?? []) {
      for (const [weight, source, product, ...places] of neuron.connections) {
        this.layerOf.set(weight, neuron.depth);
        const [byWeight, bySource] = places.map((place) => /** @type {Edge} */ (this.into[product].find((edge) => edge.place === place)));
        this.connections.push({ neuron, weight, source, product, byWeight, bySource });
      }
      if (neuron.bias !== null) this.layerOf.set(neuron.bias, neuron.depth);
    }
    this.depth = Math.max(0, ...this.layerOf.values());
  }

  /** @param {string} variant */
  program(variant) {
    return this.programs.variants[variant] ?? this.programs.main;
  }

  /**
   * Fills in the data of all computed nodes; those of leaves are there.
   * @param {Float64Array} data
   * @param {string} variant
   */
  forward(data, variant) {
    const { leaves, computed, given } = this;
    for (let k = 0; k < leaves.length; k++) given[k] = data[leaves[k]];
    const found = Reflect.apply(this.program(variant).forward, null, given);
    for (let k = 0; k < computed.length; k++) data[computed[k]] = found[k];
    return data;
  }

  /**
   * @param {Float64Array} data
   * @param {string} variant
   */
  slopes(data, variant) {
    const { variables, known } = this;
    for (let k = 0; k < variables.length; k++) known[k] = data[variables[k]];
    return Reflect.apply(this.program(variant).slopes, null, known);
  }

  /**
   * The gradients of the result, in the order in which backward() adds them up.
   * @param {ArrayLike<number>} slopes
   */
  backward(slopes) {
    const grads = new Float64Array(this.nodes.length);
    grads[this.result] = 1;
    for (const edge of this.backwardOrder) grads[edge.tail] += slopes[edge.index] * grads[edge.head];
    return grads;
  }

  /**
   * All numbers for these leaves.
   * @param {ArrayLike<number>} leaves
   * @param {string} variant
   */
  pass(leaves, variant) {
    const data = this.forward(new Float64Array(leaves), variant);
    const slopes = this.slopes(data, variant);
    return { data, slopes, grads: this.backward(slopes) };
  }

  /**
   * The local derivatives with the mistake of updating the later layers first: what a weight of theirs passes on to the layer before is
   * taken with the weight as it is after the update. `updated(id, gradient)` says what a parameter becomes.
   * @param {Float64Array} data
   * @param {ArrayLike<number>} slopes
   * @param {string} variant
   * @param {(id: number, gradient: number) => number} updated
   */
  sequentialSlopes(data, slopes, variant, updated) {
    const mixed = data.slice();
    const used = Float64Array.from(slopes);
    for (let layer = this.depth; layer > 1; layer--) {
      const grads = this.backward(used);
      for (const [id, depth] of this.layerOf) if (depth === layer) mixed[id] = updated(id, grads[id]);
      const mistaken = this.slopes(mixed, variant);
      for (const { neuron, bySource } of this.connections) if (neuron.depth === layer) used[bySource.index] = mistaken[bySource.index];
    }
    return used;
  }

  /**
   * The derivative of one node by another, along routes that meet none of `stops` in between.
   * @param {ArrayLike<number>} slopes
   * @param {number} of
   * @param {number} by
   * @param {Set<number> | null} stops
   */
  derivative(slopes, of, by, stops = null) {
    const flow = new Map([[of, 1]]);
    for (let id = of; id > by; id--) {
      if (!flow.has(id) || (id !== of && stops?.has(id))) continue;
      for (const edge of this.into[id]) {
        if (edge.tail >= by) flow.set(edge.tail, (flow.get(edge.tail) ?? 0) + slopes[edge.index] * (flow.get(id) ?? 0));
      }
    }
    return flow.get(by) ?? 0;
  }

  /**
   * The edges on those routes, as a set of their numbers.
   * @param {number} of
   * @param {number} by
   * @param {Set<number> | null} stops
   */
  routes(of, by, stops = null) {
    const down = new Set([of]);
    for (let id = of; id > by; id--) {
      if (down.has(id) && (id === of || !stops?.has(id))) this.into[id].forEach((edge) => down.add(edge.tail));
    }
    const up = new Set([by]);
    const found = new Set();
    for (let id = by; id < of; id++) {
      if (!up.has(id)) continue;
      for (const edge of this.users[id]) {
        if (edge.head > of || !down.has(edge.head) || (edge.head !== of && stops?.has(edge.head))) continue;
        if (!down.has(id)) continue;
        up.add(edge.head);
        found.add(edge.index);
      }
    }
    return found;
  }

  /**
   * Whether there is one way only from a node to another, of one edge: the derivative along it is then the whole one.
   * @param {number} of
   * @param {number} by
   */
  single(of, by) {
    return this.routes(of, by).size === 1;
  }

  /**
   * The ways from a node to the result: { count, paths }, the paths as lists of edges, those with the largest products first.
   * @param {ArrayLike<number>} slopes
   * @param {number} from
   */
  paths(slopes, from, most = 48) {
    /** @type {Map<number, bigint>} */
    const ways = new Map([[this.result, 1n]]);
    for (let id = this.result; id > from; id--) {
      if (!ways.has(id)) continue;
      for (const edge of this.into[id]) ways.set(edge.tail, (ways.get(edge.tail) ?? 0n) + (ways.get(id) ?? 0n));
    }
    const count = from === this.result ? 1n : (ways.get(from) ?? 0n);
    // The largest `most` by magnitude at each node, from the result down.
    /** @typedef {{ size: number, edge: Edge | null, rest: Trail | null }} Trail */
    /** @type {Map<number, Trail[]>} */
    const best = new Map([[this.result, [{ size: 1, edge: null, rest: null }]]]);
    for (let id = this.result; id > from; id--) {
      const here = best.get(id);
      if (!here) continue;
      here.sort((a, b) => b.size - a.size).splice(most);
      for (const edge of this.into[id]) {
        const there = best.get(edge.tail) ?? [];
        best.set(edge.tail, there);
        for (const trail of here) {
          there.push({ size: Math.abs(trail.size * slopes[edge.index]), edge, rest: trail });
        }
      }
    }
    const found = (best.get(from) ?? []).sort((a, b) => b.size - a.size).slice(0, most);
    const paths = found.map((trail) => {
      /** @type {Edge[]} */
      const edges = [];
      /** @type {Trail | null} */
      let at = trail;
      for (; at?.edge; at = at.rest) edges.push(at.edge);
      return edges; // from `from` up to the result
    });
    return { count, paths };
  }
}

/**
 * The first number of a forward pass that is not finite; null if all are.
 * @param {Graph} graph
 * @param {Float64Array} data
 * @returns {Trouble | null}
 */
export function undefinedIn(graph, data) {
  const node = graph.variables.find((id) => !Number.isFinite(data[id]));
  return node === undefined ? null : { kind: "data", node, data, value: data[node] };
}

/**
 * The first number that is not finite, and where it comes from; null if all are.
 * @param {Graph} graph
 * @param {{ data: Float64Array, slopes: ArrayLike<number>, grads: Float64Array }} pass
 * @returns {Trouble | null}
 */
export function firstTrouble(graph, { data, slopes, grads }) {
  const wrong = undefinedIn(graph, data);
  if (wrong) return wrong;
  for (const edge of graph.backwardOrder) {
    if (!Number.isFinite(slopes[edge.index])) return { kind: "slope", node: edge.head, by: edge.tail, value: slopes[edge.index] };
  }
  for (const id of [...graph.variables].reverse()) {
    if (!Number.isFinite(grads[id])) return { kind: "gradient", node: id, value: grads[id] };
  }
  return null;
}
