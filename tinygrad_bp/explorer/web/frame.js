// All numbers of one moment: a round, a case of it, and how far its steps have come.

const GHOST_MILLISECONDS = 6; // of training the original, in a picture

export function frameOf(app) {
  const { graph, training, view } = app;
  const { round, row, step } = view;
  const state = training.at(round, row);
  const { settings, leaves, sums } = state;
  const data = graph.forward(Float64Array.from(leaves), settings.variant);
  const slopes = training.slopes(data, state);
  const grads = graph.backward(slopes);
  const steps = app.steps(settings);
  const trained = new Set(training.trained(settings));
  const total = (id) => (settings.accumulate && trained.has(id) ? sums[id] + grads[id] : grads[id]);
  const frame = { round, row, step, settings, leaves, sums, data, slopes, grads, steps, current: null, phase: "rest", before: null };

  if (step === null) {
    frame.dataAt = (id) => data[id];
    frame.gradAt = total;
  } else {
    const known = new Set(graph.leaves);
    const partial = new Float64Array(graph.nodes.length);
    if (settings.accumulate) for (const id of trained) partial[id] = sums[id];
    let backward = false;
    const updated = new Map();
    steps.slice(0, step).forEach((done, k) => {
      const last = k === step - 1;
      if (done.kind === "forward") known.add(done.node);
      else if (done.kind === "seed") {
        backward = true;
        partial[done.node] = 1;
      } else if (done.kind === "backward") {
        if (last) frame.before = partial[done.node];
        partial[done.node] += slopes[done.edge.index] * partial[done.edge.head];
      } else updated.set(done.node, data[done.node] - settings.rate * total(done.node));
    });
    frame.current = steps[step - 1] ?? null;
    frame.phase = { forward: "forward", seed: "backward", backward: "backward", update: "update" }[frame.current?.kind] ?? "forward";
    frame.updated = updated;
    frame.dataAt = (id) => (updated.has(id) ? updated.get(id) : known.has(id) ? data[id] : null);
    frame.gradAt = (id) => (backward ? partial[id] : null);
  }

  let previous = null;
  frame.changeAt = (id) => {
    if (frame.updated?.size) return frame.updated.has(id) ? frame.updated.get(id) - data[id] : null;
    if (round === 0) return null;
    if (!previous) {
      const before = training.at(round - 1, row);
      previous = graph.forward(before.leaves, before.settings.variant);
    }
    return data[id] - previous[id];
  };

  frame.ghost = null;
  const { ghost } = app;
  if (ghost?.advance(round, GHOST_MILLISECONDS) && ghost.rounds >= round) {
    const then = ghost.at(round, row);
    frame.ghost = graph.pass(then.leaves, then.settings.variant);
  } else if (ghost && !ghost.trouble) app.schedule(); // it goes on in the next picture
  return frame;
}

// The sum that a step of the backward pass adds to, as pieces: gradient = before + local derivative · gradient that comes in.
export function happening(graph, frame) {
  const { current } = frame;
  if (current?.kind !== "backward") return null;
  const { tail, head, index } = current.edge;
  const local = { of: head, by: tail, whole: graph.single(head, tail) ? 1 : 0 };
  return {
    node: tail,
    pieces: [
      "grad ",
      { name: tail, inside: true },
      ": ",
      { number: frame.before },
      " + ",
      { number: frame.slopes[index] },
      " · ",
      { number: frame.gradAt(head), id: head, quantity: "grad" },
      " = ",
      { number: frame.gradAt(tail), id: tail, quantity: "grad", enclose: false },
    ],
    local,
  };
}

// The places between steps at which one can stand: after each node, each neuron or each pass.
export function boundaries(steps, pace) {
  const pass = ({ kind }) => (kind === "seed" ? "backward" : kind);
  const together = {
    node: () => false,
    neuron: (a, b) => a.group === b.group && pass(a) === pass(b),
    pass: (a, b) => pass(a) === pass(b),
  }[pace];
  const inner = steps.map((_, k) => k).filter((k) => k > 0 && !together(steps[k - 1], steps[k]));
  return [0, ...inner, steps.length];
}
