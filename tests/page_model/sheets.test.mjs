// The computation graph on sheets: which one a window shows, and what of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SUBJECTS } from "./subjects.js";
import { Graph } from "./web/model/graph.js";
import { carried, clamped, fitted, fittingSheet, meets, passedOn, READABLE, readableScale, sheetsOf, wholeScale, windowOf } from "./web/views/sheets.js";

const WINDOWS = [[360, 320], [900, 420], [1280, 418], [1366, 466], [1920, 700], [3800, 2000]].map(([width, height]) => ({ width, height }));

function everySheet() {
  return Object.entries(SUBJECTS).map(([name, { description, programs }]) => {
    const graph = new Graph(description, programs);
    return { name, graph, sheets: sheetsOf(description, graph) };
  });
}

test("every node is in a box of every sheet, every edge in a line of it or inside a box", () => {
  for (const { name, graph, sheets } of everySheet()) {
    for (const sheet of sheets) {
      for (const id of graph.variables) assert.ok(sheet.boxes[sheet.boxOf.get(id)].members.includes(id), `${name} ${sheet.level} ${id}`);
      const drawn = new Set(sheet.lines.flatMap(({ edges }) => edges));
      for (const { index, tail, head } of graph.edges) {
        assert.notEqual(drawn.has(index), sheet.boxOf.get(tail) === sheet.boxOf.get(head), `${name} ${sheet.level}`);
      }
    }
  }
});

test("what fits can be read, and is the finest that can", () => {
  for (const { name, sheets } of everySheet()) {
    for (const room of WINDOWS) {
      const chosen = fittingSheet(sheets, room);
      const can = sheets.filter((sheet) => wholeScale(sheet, room) * sheet.letter >= READABLE);
      assert.equal(chosen, can.at(-1) ?? sheets[0], `${name} ${room.width}`);
    }
  }
  const { sheets } = everySheet().find(({ name }) => name === "tutorial");
  assert.deepEqual(sheets.map(({ level }) => level), ["layer", "neuron", "operation"]);
  assert.deepEqual(WINDOWS.map((room) => fittingSheet(sheets, room).level), ["layer", "layer", "neuron", "neuron", "neuron", "operation"]);
});

test("a fitted sheet is whole and in the middle, in both directions", () => {
  for (const { sheets } of everySheet()) {
    for (const sheet of sheets) {
      for (const room of WINDOWS) {
        const seen = windowOf(fitted(sheet, room, 0, { x: 0, y: 0 }), room);
        assert.ok(seen.left <= 0 && seen.top <= 0 && seen.right >= sheet.width && seen.bottom >= sheet.height);
        assert.ok(Math.abs(seen.left + seen.right - sheet.width) < 1e-6 && Math.abs(seen.top + seen.bottom - sheet.height) < 1e-6);
      }
    }
  }
});

test("a window is never moved off the sheet", () => {
  const [{ sheets }] = everySheet();
  const sheet = sheets.at(-1);
  const all = { left: 0, top: 0, right: sheet.width, bottom: sheet.height };
  for (const scale of [0.1, 0.5, 1, 4]) {
    for (const [x, y] of [[-1e6, -1e6], [1e6, 1e6], [-1e6, 1e6], [300, 200]]) {
      const seen = windowOf(clamped(sheet, WINDOWS[2], { scale, x, y }), WINDOWS[2]);
      assert.ok(meets(seen, all));
      const [wide, high] = [seen.right - seen.left < sheet.width, seen.bottom - seen.top < sheet.height];
      assert.ok(!wide || (seen.left > -50 && seen.right < sheet.width + 50));
      assert.ok(!high || (seen.top > -50 && seen.bottom < sheet.height + 50));
    }
  }
});

test("a place is found again on the next sheet", () => {
  for (const { name, sheets } of everySheet()) {
    for (const [k, from] of sheets.entries()) {
      const to = sheets[k + 1] ?? sheets[k - 1];
      if (!to) continue;
      for (const box of from.boxes.filter(({ kind }) => kind !== "again" && kind !== "constant")) {
        const { x, y } = carried(from, to, box);
        const homes = box.members.flatMap((id) => to.boxOf.get(id) ?? []).map((home) => to.boxes[home]);
        const within = (at, low, high) => at >= Math.min(...homes.map((home) => home[low])) && at <= Math.max(...homes.map((home) => home[high]));
        assert.ok(within(x, "left", "right") && within(y, "top", "bottom"), `${name} ${from.level}`);
      }
    }
  }
  assert.ok(readableScale({ letter: 12 }) < 1);
});

test("lines side by side have their words apart", () => {
  const { graph, sheets } = everySheet().find(({ name }) => name === "hand-made");
  const square = graph.nodes.find(({ label }) => label === "square").id;
  const [one, other] = sheets.at(-1).lines.filter(({ head }) => head === square).map(({ label }) => label.y);
  assert.ok(Math.abs(one - other) >= 20);
});

test("a finger goes to the page around the picture where all of it is in sight, and else moves the picture", () => {
  for (const { sheets } of everySheet()) {
    for (const sheet of sheets) {
      for (const room of WINDOWS) assert.equal(passedOn(sheet, room, wholeScale(sheet, room)), "pan-x pan-y");
      assert.equal(passedOn(sheet, { width: sheet.width + 50, height: 10 }, 1), "pan-x");
      assert.equal(passedOn(sheet, { width: 10, height: sheet.height + 50 }, 1), "pan-y");
      assert.equal(passedOn(sheet, { width: 10, height: 10 }, 1), "none");
    }
  }
});
