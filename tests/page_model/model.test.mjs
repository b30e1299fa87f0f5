// The model of the page under Node: rounds in beats, numbers, geometry, states. `web` and `subjects.js` are put beside this file.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EDGES, SUBJECTS, TEXTS } from "./subjects.js";
import { questionBefore } from "./web/model/asking.js";
import { checksOf, compared } from "./web/model/check.js";
import { beatAt, boundaries, summandsOf } from "./web/model/beats.js";
import { beforeUpdate } from "./web/model/frame.js";
import { blockOf } from "./web/model/neurons.js";
import { brief, exactly, parsed, told, typedNumber, written } from "./web/model/numbers.js";
import { sceneOf } from "./web/model/scenes.js";
import { Session } from "./web/model/session.js";
import { checked, decoded, encoded, fingerprint, takenFrom } from "./web/model/state.js";
import { isolated, loadTexts, speak } from "./web/model/words.js";
import { arrangement } from "./web/views/arrangement.js";
import { overlap } from "./web/views/rectangles.js";
import { sharesOf } from "./web/views/paths.js";
import { axisOf, labelled, roomy, ticksOf } from "./web/views/plot.js";

loadTexts(TEXTS);
speak("en");
const names = Object.keys(SUBJECTS);
const opened = (name) => {
  const { description, programs } = SUBJECTS[name] ?? EDGES[name];
  return new Session(description, programs);
};
const near = (a, b) => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b));

for (const name of names) {
  test(`${name}: each step of a round is in one beat, and comes after what it needs`, () => {
    const session = opened(name);
    const { graph } = session;
    const { steps, beats } = session.plan();
    assert.deepEqual(
      beats.map(({ from }) => from),
      [0, ...beats.slice(0, -1).map(({ to }) => to)],
    );
    assert.equal(beats.at(-1).to, steps.length);
    const computed = steps.filter(({ kind }) => kind === "forward").map(({ node }) => node);
    assert.deepEqual([...computed].sort((a, b) => a - b), graph.computed);
    const known = new Set(graph.leaves);
    for (const node of computed) {
      assert(graph.into[node].every(({ tail }) => known.has(tail)));
      known.add(node);
    }
    const added = steps.filter(({ kind }) => kind === "backward").map(({ edge }) => edge);
    assert.equal(new Set(added).size, graph.edges.length);
    const left = new Set(graph.edges);
    for (const edge of added) {
      assert(graph.users[edge.head].every((other) => !left.has(other)), "a gradient is passed on when all of it has come");
      left.delete(edge);
    }
    assert.deepEqual(
      steps.filter(({ kind }) => kind === "update").map(({ node }) => node).sort((a, b) => a - b),
      [...session.training.trained(session.original)].sort((a, b) => a - b),
    );
    assert.deepEqual(boundaries(session.plan(), "pass").length, 1 + new Set(beats.map(({ phase }) => phase)).size);
    assert.equal(boundaries(session.plan(), "node").length, steps.length + 1);
    for (const beat of beats) assert.equal(beatAt(session.plan(), beat.to), beat);
  });

  test(`${name}: what a beat tells is known then, and not before`, () => {
    const session = opened(name);
    const { beats } = session.plan();
    for (const beat of beats) {
      const at = (step) => {
        session.view.step = step;
        return session.frame();
      };
      const found = (frame, id) => (beat.phase === "backward" ? frame.gradAt(id) : frame.dataAt(id));
      if (beat.phase === "end" || beat.phase === "update") continue;
      assert.equal(found(at(beat.from), beat.node), null);
      const frame = at(beat.to);
      assert(near(found(frame, beat.node), beat.phase === "backward" ? frame.grads[beat.node] : frame.data[beat.node]));
      const scene = sceneOf(session, frame);
      const [result] = scene.result;
      if (result) assert(near(result.number, found(frame, beat.node)));
      assert(scene.why.length > 0);
      assert(scene.rows.flat().every((piece) => typeof piece === "string" || piece.number === undefined || Number.isFinite(piece.number)));
      const said = [...scene.rows.map((row) => session.notation.plain(row)), session.notation.plain(scene.result)].join(" = ");
      const written = new Set(said.match(/(?<![\w.])-?[\d.]+(e-?\d+)?/g)?.flatMap((each) => [each, each.replace("-", "")]));
      for (const { words, factors = [], total } of scene.travels)
        for (const each of [...(factors.length ? [words[1]] : words), total, ...factors.map((factor) => factor.words)])
          assert(written.has(each.replaceAll("−", "-")), `${each} travels, and does not stand in ${said}`);
    }
  });

  test(`${name}: a state comes back from a link as it was`, () => {
    const session = opened(name);
    session.change({ settings: { rate: 0.25 } });
    session.training.advance(3);
    session.go({ round: 2 });
    const state = { version: 2, graph: fingerprint(session.graph), view: { ...session.view, trained: 3 }, events: session.training.events };
    const back = decoded(`#s=${encoded(state)}`, session.graph, session.original);
    assert.equal(back.view.round, 2);
    assert.deepEqual(back.events, session.training.events);
    for (const wrong of [{ version: 3 }, { graph: 0 }, { view: null }, { events: [{ round: -1, row: 0 }] }, { view: { step: 1e9 } }]) {
      assert.equal(checked({ ...state, ...wrong }, session.graph, session.original), null);
    }
    for (const event of [{ settings: [] }, { settings: "x" }, { settings: null }, { clear: [] }, { leaves: "x" }, { cells: {} }]) {
      const wrong = { ...state, events: [{ round: 0, row: 0, ...event }] };
      assert.equal(checked(wrong, session.graph, session.original), null, JSON.stringify(event));
    }
    const first = checked({ ...state, version: 1, view: { ...state.view, step: 7, pace: "neuron" } }, session.graph, session.original);
    assert.deepEqual([first.earlier, first.view.round, first.view.step, first.view.pace], [true, 2, null, "beat"]);
  });

  test(`${name}: looking at a case changes no weight`, () => {
    const session = opened(name);
    const { graph, training } = session;
    training.advance(2);
    for (const row of session.original.cases.keys()) {
      const [first, other] = [training.watched(1, 0), training.watched(1, row)];
      for (const id of graph.parameters) assert.equal(other.leaves[id], first.leaves[id]);
      for (const [id, x] of session.original.cases[row]) assert.equal(other.leaves[id], x);
    }
  });
}

test("the error of the worked example is the sum of two parts", () => {
  const { graph } = opened("tutorial");
  assert.deepEqual(
    summandsOf(graph).map((id) => graph.nodes[id].name),
    ["E_o1", "E_o2"],
  );
});

test("the worked example has 27 beats, o1 before o2 and w5 before w8", () => {
  const { graph, plan } = ((session) => ({ graph: session.graph, plan: session.plan() }))(opened("tutorial"));
  assert.equal(plan.beats.length, 27);
  const gradients = plan.beats.filter(({ kind }) => kind === "gradient").map(({ node }) => graph.nodes[node].name);
  assert.deepEqual(gradients, ["w5", "w6", "w7", "w8", "w1", "w2", "w3", "w4"]);
  const update = plan.steps.filter(({ kind }) => kind === "update").map(({ node }) => graph.nodes[node].name);
  assert.deepEqual(update, gradients);
  const asked = new Set(plan.beats.map(({ node }) => graph.nodes[node].name));
  for (const given of ["i1", "i2", "target_o1", "target_o2"]) assert(!asked.has(given));
});

// What the beats of a round tell, as text: kind, equation and sentence.
const beatsOf = (name) => {
  const session = opened(name);
  const plain = (pieces) => session.notation.plain(pieces, 6);
  return session.plan().beats.map((beat) => {
    session.view.step = beat.to;
    const { left, rows, result, why } = sceneOf(session, session.frame());
    return { kind: beat.kind, rows: [left, ...rows, result].map(plain), why: plain(why) };
  });
};

test("a larger network is told by its first neurons; the others of a layer together, as are whole layers between", () => {
  const kinds = (name) => beatsOf(name).map(({ kind }) => kind).join(" ");
  const forward = "net out nets net out error";
  assert.equal(kinds("xor"), `${forward} arrive delta gradients arrive delta gradients deltas update end`);
  const { beats } = opened("deep").plan();
  assert.equal(beats.length, 26); // of 5 layers, with 23 neurons
  assert.equal(beats.find(({ kind, nodes }) => kind === "nets" && nodes.length === 6)?.phase, "forward");
  for (const name of ["xor", "softmax", "linear", "classes", "deep"]) assert(beatsOf(name).length <= 30, name);
});

test("a slope is written with numbers, a square's derivative has a reason, and what is known is not told again", () => {
  const beats = beatsOf("tutorial");
  assert.match(beats[9].why, /from 0\.274811 to 0\.275553: a change of about 0\.74 · 0\.001 .*out_o1 is subtracted: hence the minus sign/);
  assert.match(beats[9].why, /The rest of E_total does not contain out_o1: 0\./);
  assert.match(beats[10].why, /out_o1 \* \(1 - out_o1\) = 0\.751365 \* \(1 - 0\.751365\) = 0\.186816 \(choose o1 .*called δ \(delta\) of o1/);
  assert.match(beats[11].why, /w5 changes net_o1, that changes out_o1, that changes E_total\. So three factors multiply/);
  assert.match(beats[17].why, /2 ways, which add up\. net_o1 = w5 · out_h1 \+ …: when out_h1 grows by 1, net_o1 grows by w5/);
  for (const words of ["Now backward", "Three links", "called δ", "squeezes"])
    assert.equal(beats.filter(({ why }) => why.includes(words)).length, 1, words);
});

for (const name of names) {
  test(`${name}: what is printed on both sides of an equals sign agrees as far as it is printed`, () => {
    let compared = 0;
    for (const { rows } of beatsOf(name)) {
      const printed = rows.flatMap((row) => row.split(" = ")).filter((row) => /^[-\d.()+*/· e]+$|^sigmoid\([-\d.]+\)$/.test(row));
      const value = (row) => Function("sigmoid", `return ${row.replaceAll("·", "*").replace(/^-\((.*)\)$/, "0 - ($1)")}`)((x) => 1 / (1 + Math.exp(-x)));
      for (const [k, row] of printed.slice(1).entries()) {
        const [, digits = "", power = "0"] = /^\(?-?\d+(?:\.(\d+))?(?:e(-\d+))?/.exec(row.split(" + ")[0]);
        const slack = 0.5 * 10 ** (Number(power) - digits.length) * row.split(" + ").length;
        assert(Math.abs(value(row) - value(printed[k])) <= 1.001 * slack, `${printed[k]} = ${row}`);
        compared += 1;
      }
    }
    if (name === "tutorial") assert(compared > 25, String(compared));
  });
}

test("a number in a beat is written so that it can be found again", () => {
  const [error] = beatsOf("tutorial").filter(({ kind }) => kind === "error");
  assert.equal(error.rows[2], "(0.01 - 0.751365) ** 2 / 2 + (0.99 - 0.772928) ** 2 / 2 = 0.274811 + 0.023560");
  const equation = (left) => beatsOf("tutorial").find(({ rows }) => rows[0].endsWith(left)).rows.slice(2);
  assert.deepEqual(equation("dE_total/dw1"), ["0.036350 · 0.241301 · 0.05", "0.000439"]);
  assert.deepEqual(equation("dE_total/dw5"), ["0.741365 · 0.186816 · 0.593270", "0.082167"]);
  assert.deepEqual(equation("dE_total/dout_h1"), ["0.138499 · 0.4 + (-0.038098) · 0.5 = 0.05540 + (-0.01905)", "0.03635"]);
});

test("the opening sentence is about the numbers as they were given", () => {
  const session = opened("tutorial");
  const opening = () => {
    session.view.step = 0;
    return session.notation.plain(sceneOf(session, session.frame()).rows.flat());
  };
  assert.match(opening(), /^The worked example/);
  session.edit(session.graph.parameters[0], 0.75);
  assert.equal(opening(), "");
});

test("at the end of a round a number that is said to change is seen to, or is said to be as before", () => {
  for (const [rate, digits, said] of [[0.5, 6, "smaller"], [1e-5, 7, "smaller"], [1e-7, 9, "smaller"], [1e-12, 6, "as before"]]) {
    const session = opened("tutorial");
    session.change({ settings: { rate } });
    session.view.step = session.plan().steps.length;
    const { rows, why } = sceneOf(session, session.frame());
    const numbers = session.notation.plain(rows[0]).split(" → ");
    assert.match(session.notation.plain(why), new RegExp(said), `${rate}`);
    assert.equal(numbers[0] === numbers[1], said === "as before", `${rate}: ${numbers}`);
    assert.equal(numbers[0].split(".")[1].length, digits, `${rate}: ${numbers}`);
    const end = session.plan().beats.at(-1);
    session.view.step = end.from;
    assert.equal(questionBefore(session, session.frame(), end) === null, said === "as before"); // which no answer would be
  }
});

test("of classes the error is minus the logarithm of a probability, and all have their names", () => {
  const beats = beatsOf("classes");
  const error = beats.find(({ kind }) => kind === "error");
  assert.deepEqual(error.rows.slice(0, 2), ["E", "−log(p cat)"]);
  assert.match(error.why, /The network takes the case for (cat|dog); right is cat\./);
  const words = beats.flatMap(({ rows, why }) => [...rows, why]).join(" ");
  assert(!/o1|o2/.test(words), words);
  assert.match(words, /p cat − target_cat/);
  const sums = beats.filter(({ kind }) => kind === "net");
  const said = sums.filter(({ why }) => /this is its output/.test(why)); // there is no activation, and no net input
  assert(said.length > 0 && said.length < sums.length, words);
  assert(said.every(({ rows }) => !rows[0].startsWith("net_")), words);
});

test("what is used in several places has a summand for each, and ∂ is explained where it stands", () => {
  const chains = (name) => beatsOf(name).filter(({ kind }) => kind === "chain");
  const [a] = chains("cancelling").filter(({ rows }) => rows[0] === "dy/da");
  assert.match(a.rows[2], /^1 · 2 \+ \(-0\.999999\) · 2 = 2 \+ \(-1\.999998\)$/);
  assert.match(a.why, /a is used in 2 places/);
  const [w] = chains("recurrent").filter(({ rows }) => rows[0] === "dh3/dw");
  assert.match(w.rows[1], /∂h2\/∂w/);
  assert.match(w.why, /∂ counts the direct path alone, d all paths/);
  assert(!beatsOf("recurrent").some(({ rows }) => rows[0] === "dh3/dh0"));
});

test("numbers are written short, and read as people type them", () => {
  assert.equal(written(0.15 * 0.05 + 0.2 * 0.1 + 0.365), "0.3925"); // which is a little off in floats
  assert.equal(written(-0.5), "−0.5");
  assert.equal(written(null), "·");
  assert.equal(brief(0.593269992, 4), "0.5933");
  assert.equal(brief(-0.000877, 4), "−0.000877");
  assert.equal(brief(0.000438568, 4), told(0.000438568)); // one writing on the line and in the equation
  assert.equal(told(0.000438568), "0.000439");
  assert.equal(brief(-0.0000877, 4), "−8.77e−5");
  assert.equal(brief(0.4, 4), "0.4");
  assert.equal(brief(1234567, 4), "1.23e6");
  assert.equal(exactly(5e-7), "5e-07");
  // A number that is rounded to 0.0001 is that in any number of digits, on either side of it.
  for (const x of [1e-4, 9.9999999999e-5, 1.0000000001e-4]) {
    assert.deepEqual([written(x), written(x, 6), written(-x, 4), brief(x, 4), told(x)], ["0.0001", "0.0001", "−0.0001", "0.0001", "0.0001"]);
  }
  assert.equal(written(0.000219196, 6), "0.000219196");
  assert.deepEqual([-3, 999999999, 0.1 + 0.2, 1e-7, 1e21].map(typedNumber), ["-3", "999999999", "0.30000000000000004", "1e-07", "1e+21"]);
  for (const [typed, x] of Object.entries({ "１．５": 1.5, "−2": -2, "0,5": 0.5, "1e3": 1000, "１０": 10, "1,5": 1.5 })) assert.equal(parsed(typed), x);
  for (const typed of ["", "x", "1,000", "0x10", "1 2", "Infinity", "1e999"]) assert.equal(parsed(typed), null);
});

test("what is asked before an update is answered by the update, also where gradients are kept", () => {
  const session = opened("tutorial");
  session.change({ settings: { accumulate: true, rate: 5 } });
  session.training.advance(40);
  let turned = 0; // places at which the gradient alone would say the contrary
  for (let round = 0; round < 40; round++) {
    for (const beat of session.plan().beats.filter(({ kind }) => kind === "update" || kind === "end")) {
      Object.assign(session.view, { round, step: beat.from });
      const asked = questionBefore(session, session.frame(), beat);
      Object.assign(session.view, { step: beat.to });
      const { data, grads, dataAt } = session.frame();
      const moved = dataAt(beat.node) - data[beat.node];
      assert.equal(asked.right === 0, beat.kind === "end" ? moved < 0 : moved > 0);
      if (beat.kind === "update" && moved * grads[beat.node] > 0) turned += 1;
    }
  }
  assert(turned > 0);
});

test("a question can be answered from what it tells, and from what was said before it", () => {
  const askedOf = (name) => {
    const session = opened(name);
    return session.plan().beats.flatMap((next) => {
      session.view.step = next.from;
      const asked = questionBefore(session, session.frame(), next);
      return asked ? [session.notation.plain(asked.words).replace("First guess: ", "")] : [];
    });
  };
  const feeds = (name, weights) =>
    `when out_${name} grows, the net inputs after it change ${weights} times as much; δ there is 0.138 and −0.038. Will E_total grow or shrink?`;
  assert.deepEqual(askedOf("tutorial"), [
    "to make E_total smaller, should out_o1 go up or down?",
    feeds("h1", "0.4 and 0.5"), // before it is said that δ is multiplied by the weight
    feeds("h2", "0.45 and 0.55"),
    "learning aims at a smaller E_total. Will w5 grow or shrink?", // before it is said how an update moves it
    "will E_total now be smaller or larger?",
  ]);
  assert.deepEqual(askedOf("xor"), [
    "to make E smaller, should out_o1 go up or down?",
    "learning aims at a smaller E. Will w11 grow or shrink?",
    "will E now be smaller or larger?",
  ]);
  for (const name of names) for (const words of askedOf(name)) assert(!/gradient|·/.test(words), words);
});

for (const name of names) {
  test(`${name}: a derivative is told when all of it has come, and not before its beat`, () => {
    const session = opened(name);
    const { beats } = session.plan();
    const backward = beats.filter(({ phase }) => phase === "backward");
    for (const { node, from, to } of backward) {
      session.view.step = from;
      assert(!session.frame().isDone("backward", node) || node === session.graph.result);
      session.view.step = to;
      assert(session.frame().isDone("backward", node));
    }
    for (const { to, phase } of [{ to: 0 }, ...beats]) {
      session.view.step = to;
      const frame = session.frame();
      for (const { id } of session.graph.nodes) {
        const whole = !phase || phase === "forward" || (phase === "backward" && frame.gradAt(id) !== frame.grads[id]);
        if (whole && session.graph.users[id]?.length) assert(!frame.isDone("backward", id), session.graph.nodes[id].name);
        if (frame.dataAt(id) === null && !session.graph.nodes[id].constant) assert(!frame.isDone("forward", id));
        if (frame.updated.has(id)) assert(frame.isDone("update", id));
      }
    }
    session.view.step = null;
    const frame = session.frame();
    for (const { id } of session.graph.nodes) for (const phase of ["forward", "backward", "update"]) assert(frame.isDone(phase, id));
  });
}

for (const name of names) {
  test(`${name}: at each step the numbers in sight belong together`, () => {
    const session = opened(name);
    const { graph } = session;
    const { steps } = session.plan();
    const taken = new Set(); // the edges along which a step has gone
    let lost = 0; // local derivatives of numbers that an update has changed
    for (let step = 0; step <= steps.length; step++) {
      session.view.step = step;
      if (steps[step - 1]?.edge) taken.add(steps[step - 1].edge.index);
      const frame = session.frame();
      const ended = steps[step - 1]?.kind === "end";
      const data = Float64Array.from(graph.nodes, ({ id, constant }) => (constant ? graph.nodes[id].data : (frame.dataAt(id) ?? NaN)));
      const anew = graph.slopes(data, frame.settings.variant);
      for (const { index, head, tail } of graph.edges) {
        const slope = frame.slopeAt(index);
        const early = ended || !taken.has(index);
        if (early) assert.equal(slope, null);
        else if (slope === null) lost += 1;
        assert.equal(slope === null, early || !near(anew[index], frame.slopes[index]));
        if (slope !== null) assert(near(slope, anew[index]), `${graph.nodes[head].name} by ${graph.nodes[tail].name} at ${step}`);
      }
      for (const { net, out } of graph.network?.neurons ?? []) {
        const inside = [...graph.routes(out, net)];
        const known = inside.every((index) => frame.slopeAt(index) !== null);
        const slope = frame.derivativeAt(out, net);
        assert.equal(slope === null, !known);
        if (slope !== null) assert(near(slope, graph.derivative(anew, out, net)));
      }
    }
    assert.equal(lost > 0, graph.trains && graph.edges.length > 1);
  });

  test(`${name}: the last beat shows what the new numbers make, and nothing of the round before it`, () => {
    // Also of neurons that the update saturates or brings back.
    for (const rate of [0.5, 50, 1000]) {
      const session = opened(name);
      const { graph } = session;
      if (!graph.trains || !session.change({ settings: { rate } })) continue;
      session.view.step = session.plan().steps.length;
      const frame = session.frame();
      if (!frame.after?.every(Number.isFinite)) continue;
      const again = opened(name);
      assert(again.change({ leaves: graph.parameters.map((id) => [id, frame.dataAt(id)]) }));
      const anew = again.frame();
      for (const { id, constant } of graph.nodes) {
        if (!constant) assert(near(frame.dataAt(id), anew.data[id]));
        assert.equal(frame.gradAt(id), null);
      }
      const blocks = (at) => (graph.network?.neurons ?? []).map((neuron) => blockOf(session, at, neuron));
      assert.deepEqual(blocks(frame), blocks(anew));
      const before = beforeUpdate(graph, frame); // of a panel that tells where the update comes from
      assert.deepEqual(blocks(before), blocks(opened(name).frame()));
      for (const { id, constant } of graph.nodes) if (!constant) assert.equal(before.dataAt(id), frame.data[id]);
    }
  });
}

test("nothing is asked about the sign of what is 0", () => {
  const session = opened("kink");
  for (const beat of session.plan().beats) {
    Object.assign(session.view, { round: 0, step: beat.from });
    const asked = questionBefore(session, session.frame(), beat);
    if (asked) assert.notEqual(beat.kind === "update" ? session.frame().taken[beat.node] : session.frame().grads[beat.node], 0);
  }
});

test("nothing is asked before what does not come", () => {
  for (const [name, kinds] of Object.entries({ "root at 0": ["update", "end"], "nearly endless": ["end"] })) {
    const session = opened(name);
    const { beats } = session.plan();
    const asked = beats.filter((beat) => {
      session.view.step = beat.from;
      if (beat.kind === "end") session.training.advance(1);
      return questionBefore(session, session.frame(), beat) !== null;
    });
    assert.equal(beats.filter(({ kind }) => kinds.includes(kind)).length, kinds.length);
    assert(!asked.some(({ kind }) => kinds.includes(kind)), name);
  }
});

test("at a kink no gradient is judged; a wrong one is found where the function is smooth", () => {
  const verdict = (session, name, change = 0) => {
    const { graph } = session;
    const id = graph.nodes.findIndex((node) => node.name === name);
    const frame = session.frame();
    const grads = Float64Array.from(frame.grads);
    grads[id] += change;
    return compared(graph, { ...frame, grads }, id).verdict;
  };
  assert.equal(verdict(opened("kink"), "w"), "notJudged");
  assert.equal(verdict(opened("shifted"), "w"), "notJudged");
  assert.deepEqual(["w1", "b1"].map((name) => verdict(opened("at 0"), name)), ["notJudged", "notJudged"]);
  const rows = opened("xor relu");
  for (const { name } of rows.graph.parameters.map((id) => rows.graph.nodes[id])) assert.notEqual(verdict(rows, name), "differs", name);
  for (const name of ["w5", "b1", "i1"]) {
    assert.equal(verdict(opened("tutorial"), name), "agrees");
    assert.equal(verdict(opened("tutorial"), name, 0.01), "differs");
  }
});

// How often a graph is passed through, in each direction, from now on.
const passesOf = (graph) => {
  const passes = { forward: 0, slopes: 0, backward: 0 };
  for (const way of Object.keys(passes)) {
    const pass = graph[way].bind(graph);
    graph[way] = (...given) => {
      passes[way] += 1;
      return pass(...given);
    };
  }
  return passes;
};

test("a gradient that a difference agrees with takes no more than that difference", () => {
  const session = opened("xor");
  const frame = session.frame();
  const { graph } = session;
  const passes = passesOf(graph);
  for (const id of graph.parameters) assert.equal(compared(graph, frame, id).verdict, "agrees");
  assert.deepEqual(passes, { forward: 2 * graph.parameters.length, slopes: 0, backward: 0 });
});

test("gradients are checked some at a time, and what is begun is made to its end", () => {
  const session = opened("xor");
  const { graph } = session;
  const told = [];
  const checks = checksOf(graph, (place, { found }) => {
    told[place] = found;
  });
  assert.equal(checks.grow(), null);
  const [first, later] = [session.frame(), session.go({ row: 1 }) ?? session.frame()];
  checks.want({ key: "first", frame: first });
  const passes = passesOf(graph);
  const some = 6 * graph.nodes.length; // as many as six passes compute
  assert.equal(checks.grow(some), null);
  assert.equal(passes.forward, 6);
  checks.want({ key: "later", frame: later });
  for (const frame of [first, later]) {
    assert(checks.waits);
    let whole = null;
    while (!whole) {
      const before = passes.forward;
      whole = checks.grow(some);
      assert(passes.forward <= before + 6);
    }
    assert.deepEqual(told, graph.parameters.map((id) => frame.grads[id]));
  }
  assert(!checks.waits);
});

test("whether a number can be set is a matter of forward passes, one for each case", () => {
  const session = opened("xor");
  const id = session.graph.parameters[0];
  const passes = passesOf(session.graph);
  assert.equal(session.training.change(0, 0, { leaves: [[id, 0.25]] }), null);
  const cases = session.original.cases.length;
  assert.deepEqual(passes, { forward: 2 * cases, slopes: 0, backward: 0 }); // each is computed, and then the mean error over them
});

test("letters that run from right to left stay in their place of an equation", () => {
  const { graph, notation } = opened("letters");
  const y = graph.result;
  const [left, product] = [notation.symbol({ of: y, by: 0, whole: 1 }), notation.plain([{ name: 0 }, " * ", { name: 1 }])];
  assert.equal(left, "dy/da");
  assert.equal(product, "a * \u2068\u05d0\u05d1\u2069");
  assert.equal(isolated("w5"), "w5");
});

test("where paths nearly cancel, none is said to be a share of the derivative", () => {
  assert.deepEqual(sharesOf([3, 1], 4), { sum: 4, shares: [0.75, 0.25], share: 1, cancels: false });
  assert.deepEqual(sharesOf([3, -2], 1), { sum: 1, shares: [3, -2], share: 1, cancels: false });
  assert.deepEqual(sharesOf([1e6, -1e6], 1e-3), { sum: 0, shares: [null, null], share: null, cancels: true });
  assert.deepEqual(sharesOf([1, -1], 0), { sum: 0, shares: [null, null], share: null, cancels: true });
  assert.deepEqual(sharesOf([0, 0], 0), { sum: 0, shares: [null, null], share: null, cancels: false });
});

test("numbers at an axis have one kind of minus, and no two of them the same words", () => {
  const words = (...given) => labelled(ticksOf(...given)).map(([, label]) => label);
  assert.deepEqual(words(-4e-7, 4e-7, 4), ["−4e−7", "−2e−7", "0", "2e−7", "4e−7"]);
  assert.deepEqual(words(-0.01, 0.005, 3), ["−0.01", "−0.005", "0", "0.005"]);
  const far = words(1e16, 1e16 + 4e6, 4);
  assert.deepEqual([far[0], ...new Set(far)].length, 3);
  assert.equal(far[0], "1e16");
});

test("a range that nearly collapses still has a place for each number in it", () => {
  for (const least of [5e-324, 1e-310, 0]) {
    for (const range of [[0, least], [least, least], roomy([least, least]), roomy([0, least]), roomy([1, 1 + 2 ** -52])]) {
      const axis = axisOf(range, [0, 100]);
      for (const x of range) assert(Number.isFinite(axis.at(x)) && Number.isFinite(axis.back(axis.at(x))), String(range));
      assert(ticksOf(...range, 4).length < 20);
    }
  }
});

// Networks of any form, in rooms of any form.

const spec = (layers, { parts = false, shared = false } = {}) => {
  let id = 0;
  const columns = layers.map((count, c) => ({ kind: c ? "neuron" : "input", ids: Array.from({ length: count }, () => id++), letters: 4 }));
  const lines = columns.slice(1).flatMap(({ ids }, c) =>
    ids.flatMap((target) => columns[c].ids.map((source) => ({ weight: 1000 + id++, source, target, letters: 12 }))),
  );
  const errors = [];
  const outs = columns.at(-1).ids;
  if (parts) columns.push({ kind: "part", ids: outs.map(() => id++), letters: 11 });
  columns.push({ kind: "result", ids: [id++], letters: 7 });
  const biases = shared ? columns.slice(1, layers.length).map(({ ids }, c) => ({ id: id++, heads: ids, column: c + 1 })) : [];
  return { columns, lines, shared: biases, own: shared ? [] : columns.slice(1, layers.length).flatMap(({ ids }) => ids), errors, more: 3 };
};
const ROOMS = [[1280, 400], [1366, 470], [360, 330], [640, 165], [1920, 760], [2560, 1100], [320, 300], [845, 418], [700, 700]];
const FORMS = [
  spec([2, 2, 2], { parts: true, shared: true }), spec([2, 5, 1]), spec([4, 8, 3]), spec([3, 4, 4, 2], { parts: true }),
  spec([1, 1]), spec([10, 1]), spec([2, 16, 16, 1]), spec([20, 3]), spec([2, 2, 2, 2, 2, 2]),
  spec(Array(11).fill(1)), spec(Array(8).fill(2)), spec([1, 1, 1, 1, 1, 1, 1, 1, 1], { parts: true }),
];

for (const [width, height] of ROOMS) {
  test(`every network has its place in ${width} by ${height}`, () => {
    for (const form of FORMS) {
      const { boxes, lines, font, rows } = arrangement(form, width, height);
      assert(font >= 11);
      const all = [...boxes.values()].map((box) => ({ ...box, angle: 0 }));
      if (rows > 0) {
        for (const box of all) {
          assert(box.x - box.width / 2 >= 0 && box.x + box.width / 2 <= width + 0.01, "within the width");
          assert(box.y - box.height / 2 >= 0 && box.y + box.height / 2 <= height + 0.01, "within the height");
        }
        all.forEach((box, k) => all.slice(k + 1).forEach((other) => assert(!overlap(box, other), "boxes lie apart")));
      }
      const labels = lines.map(({ label }) => label).filter(({ always }) => always);
      labels.forEach((label, k) => {
        for (const other of labels.slice(k + 1)) assert(!overlap(label, other), "labels lie apart");
        for (const box of all) assert(!overlap(label, box), "no label covers a box");
      });
      for (const label of labels.filter(({ alone, whole }) => alone && !whole)) {
        const longer = { ...label, width: label.width + (3 * 0.6 * label.height) / 1.2 };
        for (const other of [...labels, ...all]) assert(other === label || !overlap(longer, other), "one of a whole name covers nothing");
      }
    }
  });
}

test("in a deep network of single neurons all have names and numbers, and so have the lines between them", () => {
  for (const [width, height] of [[1280, 417], [1366, 465], [1920, 760]]) {
    for (const count of [6, 9, 11]) {
      const { rows, boxes, lines } = arrangement(spec(Array(count).fill(1)), width, height);
      assert(rows >= 2);
      for (const box of boxes.values()) assert(box.rows >= 2 && box.width >= 50);
      for (const { label } of lines) assert(label.always && !label.on);
    }
  }
  for (const [width, height] of [[360, 312], [390, 400]]) {
    for (const count of [8, 9, 11]) {
      const { rows, boxes, lines } = arrangement(spec(Array(count).fill(1)), width, height);
      assert(rows > 0);
      for (const box of boxes.values()) assert(box.rows > 0 && box.width >= 50);
      if (rows > 1) continue;
      for (const { label } of lines) assert(label.always && !label.on && label.x + label.width / 2 <= width);
    }
  }
});

test("the largest form is for the largest screens", () => {
  const fonts = [[640, 165], [1280, 400], [1920, 760], [2560, 1100]].map(([width, height]) => arrangement(FORMS[0], width, height).font);
  assert.deepEqual([...fonts].sort((a, b) => a - b), fonts);
  assert(fonts.at(-1) > 20);
});

test("an address holds a state and names of parts to hide, in any order, and what is none of them is told apart", () => {
  const whole = (state, hidden = [], unknown = []) => ({ state, hidden, unknown });
  for (const [fragment, wanted] of [
    ["", whole("")],
    ["#", whole("")],
    ["#s=abc", whole("#s=abc")],
    ["#hide=player,header", whole("", ["header", "player"])],
    ["#s=abc&hide=words", whole("#s=abc", ["words"])],
    ["#hide=words&s=abc", whole("#s=abc", ["words"])],
    ["#hide=,words,<b>,words", whole("", ["words"], ["<b>"])],
    ["#hide=", whole("")],
    ["#hide", whole("#hide")],
    ["#hide=constructor", whole("", [], ["constructor"])],
  ]) {
    assert.deepEqual(takenFrom(fragment), wanted, fragment);
  }
});
