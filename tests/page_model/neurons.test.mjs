// Neurons opened, and what the error makes of outputs, under Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ENTROPIES, JUDGED, SUBJECTS, TEXTS } from "./subjects.js";
import { inputsOf, Maps, roomOf, scaleOf } from "./web/model/maps.js";
import { activationOf, blockOf, deltasByLayer, frozenBy, isTold } from "./web/model/neurons.js";
import { gradientEquation } from "./web/model/formulas.js";
import { probabilitiesOf } from "./web/model/probabilities.js";
import { questionOf } from "./web/model/quiz.js";
import { sceneOf } from "./web/model/scenes.js";
import { Session } from "./web/model/session.js";
import { loadTexts, speak } from "./web/model/words.js";
import { inRoom } from "./web/views/items.js";

loadTexts(TEXTS);
speak("en");
const opened = (name) => new Session(SUBJECTS[name].description, SUBJECTS[name].programs);
const near = (a, b, within = 1e-12) => Math.abs(a - b) <= within * Math.max(1, Math.abs(a), Math.abs(b));
const named = ({ graph }, name) => graph.nodes.findIndex((node) => node.name === name);

for (const name of ["tutorial", "xor", "linear", "softmax"]) {
  test(`${name}: the curve of a neuron passes through its point, with the slope of its local derivative`, () => {
    const session = opened(name);
    for (const variant of session.graph.variantNames.length ? session.graph.variantNames : [session.graph.variant]) {
      session.change({ settings: { variant } });
      session.set({ step: null });
      const frame = session.frame();
      for (const neuron of session.graph.network.neurons) {
        const activation = activationOf(session, frame, neuron);
        assert.equal(activation === null, neuron.net === neuron.out);
        if (!activation) continue;
        const [out, slope] = activation(frame.data[neuron.net]);
        assert(near(out, frame.data[neuron.out]) && near(slope, session.graph.derivative(frame.slopes, neuron.out, neuron.net)));
        assert(near(frame.grads[neuron.net], frame.grads[neuron.out] * slope));
      }
    }
  });
}

test("what stands in the way: saturated, off in this case, dead in all", () => {
  const session = opened("xor");
  const block = (net, variant) => {
    session.change({ settings: { variant } });
    const [neuron] = session.graph.network.neurons;
    session.edit(neuron.bias, net);
    for (const [weight] of neuron.connections) session.edit(weight, 0);
    session.edit(neuron.connections[0][0], net === -1 ? 3 : 0);
    return blockOf(session, session.frame(), neuron);
  };
  assert.equal(block(0.5, "sigmoid,sigmoid"), "");
  assert.equal(block(9, "sigmoid,sigmoid"), "saturated");
  assert.equal(block(-9, "tanh,sigmoid"), "saturated");
  assert.equal(block(800, "sigmoid,sigmoid"), "saturated", "the slope is exactly 0, and yet it is no relu");
  assert.equal(block(2, "relu,sigmoid"), "");
  assert.equal(block(-2, "relu,sigmoid"), "dead");
  session.go({ row: 0 });
  assert.equal(block(-1, "relu,sigmoid"), "off", "the cases in which the first input is 1 get through");
  // Each case is passed through once for all neurons, and not again at the next step.
  const { graph } = session;
  let passes = 0;
  const forward = graph.forward.bind(graph);
  graph.forward = (...given) => {
    passes += 1;
    return forward(...given);
  };
  session.edit(graph.network.neurons[1].bias, -7);
  for (const step of [3, 4, 5]) {
    session.set({ step });
    const frame = session.frame();
    passes = 0;
    for (const neuron of graph.network.neurons) blockOf(session, frame, neuron);
    assert.equal(passes, step === 3 ? frame.settings.cases.length : 0);
  }
});

test("of a neuron whose number is asked for it is not told whether anything passes through it", () => {
  const session = opened("tutorial");
  const [neuron, other] = session.graph.network.neurons;
  for (const id of [neuron.net, neuron.out]) {
    session.set({ quiz: { id, quantity: "data", seed: 0 }, step: null });
    assert(!isTold(session, session.frame(), neuron));
    assert(isTold(session, session.frame(), other));
  }
});

test("how much comes back to each layer is known when all of it has come", () => {
  const session = opened("tutorial");
  session.set({ step: null });
  const frame = session.frame();
  const size = (...names) => names.reduce((sum, name) => sum + Math.abs(frame.grads[named(session, name)]), 0) / names.length;
  assert.deepEqual(deltasByLayer(session, frame), [
    { depth: 1, size: size("net_h1", "net_h2") },
    { depth: 2, size: size("net_o1", "net_o2") },
  ]);
  const { beats } = session.plan();
  session.set({ step: beats.findLast(({ kind }) => kind === "delta").from });
  assert.equal(deltasByLayer(session, session.frame())[0].size, null);
});

test("probabilities are those that the error takes, and their surprise is the error", () => {
  const session = opened("softmax");
  session.set({ step: null });
  const frame = session.frame();
  const found = probabilitiesOf(session, frame);
  const powers = found.map(({ neuron }) => Math.exp(frame.data[neuron.out]));
  const sum = powers.reduce((a, b) => a + b);
  found.forEach(({ probability }, k) => assert(near(probability, powers[k] / sum)));
  assert(near(-Math.log(found[0].probability), frame.data[session.graph.result]));
  session.set({ step: 0 });
  assert(probabilitiesOf(session, session.frame()).every(({ probability }) => probability === null));
  assert.deepEqual(probabilitiesOf(opened("tutorial"), frame), []);
});

test("with a learning rate of 1000 the training comes to rest at 0.0001, and the page says why", () => {
  const session = opened("tutorial");
  session.set({ step: null });
  assert.equal(frozenBy(session, session.frame()), null);
  session.change({ settings: { rate: 1000 } });
  session.training.advance(3000);
  session.go({ round: 3000 });
  const frame = session.frame();
  assert(near(frame.data[session.graph.result], 1e-4, 1e-9));
  assert.deepEqual(
    frozenBy(session, frame).map(({ neuron }) => neuron.name),
    ["o1", "o2"],
  );
  assert.match(session.notation.plain(sceneOf(session, frame).why), /come to rest though there is an error.*o1: .*, o2: /);
  const kept = opened("tutorial");
  kept.change({ settings: { accumulate: true } });
  kept.training.advance(300);
  kept.set({ step: null });
  kept.go({ round: 300 });
  const said = kept.notation.plain(sceneOf(kept, kept.frame()).why);
  assert.match(said, /Gradients were kept from round to round/);
  assert.doesNotMatch(said, /learning rate/);
  const fine = opened("xor");
  fine.training.advance(3000);
  fine.go({ round: 3000 });
  assert.equal(frozenBy(fine, fine.frame()), null);
});

test("the plane of two inputs: maps of neurons from forward passes, and room for all points", () => {
  const session = opened("xor");
  const frame = session.frame();
  const inputs = inputsOf(session.graph, frame.settings.cases);
  assert.deepEqual(inputs, [named(session, "i1"), named(session, "i2")]);
  assert.equal(inputsOf(opened("linear").graph, opened("linear").original.cases), null);
  assert.equal(inputsOf(opened("hand-made").graph, opened("hand-made").original.cases), null);
  const room = roomOf(frame.settings.cases, inputs);
  assert.deepEqual(room, [[-0.5, 1.5], [-0.5, 1.5]]);
  const nodes = session.graph.network.neurons.map(({ out }) => out);
  const growing = new Maps(session.graph, inputs, 3, nodes);
  growing.want({ key: "first", state: frame, room });
  const parts = Array.from({ length: 3 }, () => growing.grow(1)); // row by row: nobody waits for all of it
  assert.deepEqual(parts.map(Boolean), [false, false, true]);
  assert.equal(growing.waits, false);
  assert.equal(growing.grow(), null);
  const maps = parts[2].numbers;
  const leaves = Float64Array.from(frame.leaves);
  [leaves[inputs[0]], leaves[inputs[1]]] = [0.5, -0.5 + 10 / 6];
  const { data } = session.graph.pass(leaves, frame.settings.variant);
  nodes.forEach((id, k) => assert(near(maps[k][7], data[id])));
  assert.deepEqual([scaleOf("sigmoid", []), scaleOf("tanh", []), scaleOf("relu", [0, 3, NaN])], [[0, 1], [-1, 1], [-3, 3]]);
  assert.deepEqual(roomOf([[[inputs[0], 2], [inputs[1], -40]]], inputs).map(([low, high]) => low < high), [true, true]);
});

test("what arrives at an output of a softmax is told as its probability less its target", () => {
  const session = new Session(SUBJECTS.softmax.description, SUBJECTS.softmax.programs);
  const beats = session.plan().beats.filter(({ kind, neuron }) => kind === "arrive" && neuron.end);
  assert.equal(beats.length, 2);
  for (const { to, neuron } of beats) {
    session.view.step = to;
    const frame = session.frame();
    const { rows, result } = sceneOf(session, frame);
    const [probability, , target] = rows[1].map((piece) => piece.number);
    assert.equal(target, frame.data[neuron.target]);
    assert(Math.abs(probability - target - result[0].number) < 1e-12);
    assert.equal(rows[0][0].word, `p ${neuron.name}`);
    assert(rows.every((row) => row[0].term !== row[2].term));
    const { probabilities, colours } = sceneOf(session, frame);
    assert.deepEqual([probabilities.get(neuron.out), colours.get(neuron.target), colours.has(neuron.out)], [rows[0][0].term, rows[0][2].term, false]);
  }
});

test("the panel says p less target, as a formula and as a factor", () => {
  const session = new Session(SUBJECTS.softmax.description, SUBJECTS.softmax.programs);
  const [neuron] = session.graph.network.neurons.filter(({ end }) => end);
  const said = (id) => {
    const { rows, factors } = gradientEquation(session, session.frame(), id);
    const plain = (list) => session.notation.plain(list ?? []);
    return [rows.map(plain), factors.map(({ formula }) => plain(formula))].flat();
  };
  const rule = `p ${neuron.name} − ${session.graph.nodes[neuron.target].name}`;
  assert(said(neuron.net).includes(rule));
  assert(said(neuron.connections[0][0]).includes(rule));
  const { latex, python } = session.notation;
  const [row] = gradientEquation(session, session.frame(), neuron.net).rows.filter((each) => each[0]?.word);
  assert.equal(latex.call(session.notation, row), `\\text{p ${neuron.name}} - ${session.graph.nodes[neuron.target].latex}`);
  assert.match(python.call(session.notation, row), /^p_\w+ - \w+$/);
});

for (const [name, { own, leaves, told }] of ENTROPIES) {
  test(`${name}: the node delta of a sigmoid's cross entropy is told as probability less target`, () => {
    const session = new Session(JUDGED[name].description, JUDGED[name].programs);
    const { graph, notation } = session;
    const beats = session.plan().beats.filter(({ kind, neuron }) => kind === (own ? "delta" : "arrive") && neuron.end);
    assert(beats.length > 0);
    for (const { to, neuron, node } of beats) {
      const [, p, t, count, delta] = told.find(([each]) => each === neuron.name);
      session.view.step = to;
      const frame = session.frame();
      const scene = sceneOf(session, frame);
      const [probability, target] = scene.rows[1].flatMap((piece) => piece.number ?? []);
      assert(near(probability, p) && target === t && near(scene.result[0].number, delta), `${probability} ${target}`);
      const rule = `${own ? `out_${neuron.name}` : `p ${neuron.name}`} − ${leaves ? `target_${neuron.name}` : t}`;
      const said = count > 1 ? `(${rule}) / ${count}` : rule;
      assert.equal(notation.plain(scene.rows[0]), said);
      assert.equal(/mean|平均/.test(notation.plain(scene.why)), count > 1);
      const lit = own ? scene.colours.get(neuron.out) : scene.probabilities.get(neuron.out);
      assert.deepEqual([lit, leaves ? scene.colours.get(neuron.target) : 1], [0, 1]);
      assert.equal(scene.travels.length, 1);
      // Panel, quiz and paths say the same.
      assert(gradientEquation(session, frame, node).rows.some((row) => notation.plain(row) === said));
      assert.equal(notation.plain(questionOf(session, frame, { id: node, quantity: "grad" }).known[0].formula), said);
      const { paths } = graph.paths(frame.slopes, node);
      assert(near(paths.reduce((sum, path) => sum + path.reduce((product, edge) => product * frame.slopes[edge.index], 1), 0), delta));
      if (!leaves) continue;
      session.edit(neuron.target, 0.6);
      session.view.step = to;
      const edited = sceneOf(session, session.frame());
      assert(near(edited.result[0].number, (p - 0.6) / count) && notation.plain(edited.rows[0]) === said, "of another target, too");
      session.edit(neuron.target, t);
    }
  });
}

test("a number has fewer digits where there is no room for all", () => {
  for (const [x, most, words] of [
    [-0.002921343, Infinity, "−0.0029"], // seven letters everywhere, so that one number is nowhere written in two ways
    [-0.002921343, 7, "−0.0029"],
    [0.00043857, 6, "4.4e−4"],
    [0.00043857, Infinity, "4.39e−4"],
    [0.1385, 6, "0.1385"],
    [-2.931e-6, 8, "−2.9e−6"],
    [-1234.5, 5, "−1235"],
    [null, 3, "·"],
  ]) assert.equal(inRoom(x, most), words);
});
