// Numbers that travel in the picture of a network: what they cover, at which moment. `web` and `subjects.js` are put beside this file.

import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangement } from "./web/views/arrangement.js";
import { overlap } from "./web/views/rectangles.js";
import { chipSize, letterSize } from "./web/views/standing.js";
import { travellers } from "./web/views/tracks.js";

const ROOMS = [[1280, 417], [845, 418], [360, 330], [700, 700]];
const MOMENTS = Array.from({ length: 21 }, (_, k) => k / 20);

// Layers of a network, and the biases that they share.
const form = (layers) => {
  let id = 0;
  const columns = layers.map((count, c) => ({ kind: c ? "neuron" : "input", ids: Array.from({ length: count }, () => id++), letters: 2 }));
  const lines = columns.slice(1).flatMap(({ ids }, c) =>
    ids.flatMap((target) => columns[c].ids.map((source) => ({ weight: 100 + id++, source, target, letters: 12.7 }))),
  );
  columns.push({ kind: "result", ids: [id++], letters: 7 });
  const shared = columns.slice(1, layers.length).map(({ ids }, c) => ({ id: id++, heads: ids, column: c + 1 }));
  return { columns, lines, shared, own: [], errors: [] };
};
// What travels in a beat about one neuron, forward and backward, and about one of its weights.
const beats = ({ lines, shared }) =>
  [...new Set(lines.map(({ target }) => target))].flatMap((to) => {
    const into = lines.filter(({ target }) => target === to);
    const bias = shared.find(({ heads }) => heads.includes(to)).id;
    const [{ weight, source }] = into;
    const out = lines.filter((each) => each.source === source);
    const said = { words: ["−0.123456", "0.002469"], total: "0.004938" };
    const number = { term: 0, carried: -0.123456, product: 0.0024691, ...said };
    const sum = (travels) => travels.map((each) => ({ ...each, summands: travels.length }));
    const factor = (term, words, end) => ({ term, number: Number(words), words, from: end });
    const factors = [factor(0, "0.741365", to), factor(1, "0.186816", to), factor(2, "0.593270", source)];
    return [
      sum([...into.map((each) => ({ ...number, kind: "forward", from: each.source, to, weight: each.weight })), { ...number, kind: "bias", from: bias, to }]),
      sum(out.map((each) => ({ ...number, kind: "back", from: each.target, to: source, weight: each.weight }))),
      [{ ...number, kind: "meet", from: to, to: source, weight, factors }],
    ];
  });

for (const layers of [[2, 2, 2], [2, 5, 1], [3, 4, 2]])
  test(`numbers that travel cover no weight of ${layers}, and all can be read when they have met`, () => {
    const spec = form(layers);
    for (const [width, height] of ROOMS) {
      const places = arrangement(spec, width, height);
      if (!places.rows) continue;
      const labels = places.lines.filter(({ label }) => label.always).map(({ weight, label }) => ({ weight, place: { ...label, width: 0.7 * label.width } }));
      for (const travels of beats(spec)) {
        const { numbers, aside, sums, times } = travellers(places, labels, travels);
        const last = times.whole;
        const met = travels[0].kind === "meet";
        const seen = labels.filter(({ weight }) => !aside.includes(weight));
        const passed = new Set(travels.map(({ weight }) => weight));
        assert(aside.every((weight) => !passed.has(weight)), "a weight that multiplies stays");
        const rect = ({ words, course }, moment) => ({ ...course(moment), ...chipSize(words, letterSize(places.font)) });
        for (const each of numbers) {
          for (const moment of MOMENTS) {
            const place = rect(each, moment);
            if (!place.behind) assert(seen.every((other) => !overlap(place, other.place)), "a number covers a weight");
          }
          assert(!each.course(0).met);
        }
        // Those that find no way past others go when these have arrived.
        const seenOnTheWay = numbers.filter(({ course }) => MOMENTS.some((moment) => !course(moment * (last - 0.7)).behind));
        assert.equal(seenOnTheWay.length, numbers.length, "they are seen");
        const said = numbers.flatMap(({ words }) => words[0].split(" · "));
        const wanted = travels.flatMap(({ factors, words }) => factors?.map((factor) => factor.words) ?? [words[0]]);
        if (numbers.length <= 6 && travels.length <= 6) assert.deepEqual(said.sort(), wanted.sort(), "every number that is named travels");
        for (const sum of sums) {
          const { x, y, width, height } = places.boxes.get(travels[0].to);
          const inside = (at) => Math.abs(at.x - x) <= width / 2 && Math.abs(at.y - y) <= height / 2;
          assert(sum.course(last - 1).behind && !sum.course(last).behind && (met || inside(sum.course(last))), "the sum is where its summands go");
          // Side by side they may need more room than the box has.
          const row = numbers.reduce((all, { words }) => all + chipSize(words, letterSize(places.font)).width, width);
          const near = (at) => Math.abs(at.x - x) <= row / 2 + width / 2 && Math.abs(at.y - y) <= height / 2;
          for (const each of numbers) assert(each.course(last).behind && (met || near(each.course(last))), "and they are no longer to be seen");
          if (!met && width >= 1280 && travels.length < 4) assert.equal(sum.words[0].match(/ [+−] /g)?.length ?? 0, travels.length - 1);
        }
        if (width >= 1280) {
          if (!met) assert.equal(numbers.length, travels.length);
          else assert.deepEqual(numbers.flatMap(({ words }) => words[0].split(" · ")).sort(), travels[0].factors.map(({ words }) => words).sort());
          const shown = ({ words, course }) => {
            const place = course(1);
            const { width: wide, height: high } = chipSize([words[place.met ? 1 : 0]], letterSize(places.font));
            return { ...place, width: wide - 2, height: high - 2 }; // they may touch
          };
          const ends = numbers.map(shown).filter(({ behind }) => !behind); // one may wait yet
          ends.forEach((end, k) => ends.slice(k + 1).forEach((other) => assert(!overlap(end, other), "numbers cover each other")));
        }
      }
    }
  });

test("of many numbers those travel that cover no other at any moment", () => {
  for (const layers of [[2, 16, 1], [4, 8, 3], [10, 5, 3]]) {
    const spec = form(layers);
    for (const [width, height] of [...ROOMS, [1920, 720]]) {
      const places = arrangement(spec, width, height);
      const labels = places.lines.filter(({ label }) => label.always).map(({ weight, label }) => ({ weight, place: label }));
      const all = beats(spec);
      const data = Float64Array.from({ length: 400 }, () => 0.5969);
      assert(all.some((travels) => travels.length > 6));
      for (const travels of all.filter(({ length }) => length > 6)) {
        const { numbers } = travellers(places, labels, travels, data);
        assert(numbers.length > 0 || !places.rows, `${layers} at ${width}`);
        for (const moment of MOMENTS) {
          const seen = numbers
            .map(({ words, course }) => ({ ...course(moment), ...chipSize(words, letterSize(places.font)) }))
            .filter(({ behind }) => !behind);
          seen.forEach((one, k) => seen.slice(k + 1).forEach((other) => assert(!overlap(one, other), `${layers} at ${width}, ${moment}`)));
        }
      }
    }
  }
});
