// The tracks of numbers that travel in the picture of a network, as pure geometry: beside labels, or up to them and on from behind them,
// and in the end so far apart that each can be read.

import { MOST_TERMS, SUBJECT } from "../model/terms.js";
import { overlap } from "./rectangles.js";
import { along, between } from "./motion.js";
import { ADDED, BESIDE, ENTERED, chipSize, gradientPlace, letterSize, placeIn, sumAt, waiting } from "./standing.js";

const ASIDE = [0, ...[3, 6, 9, 12, 15, 18, 21, 24, 27, 30].flatMap((off) => [off, -off])]; // how far from its line a number may travel
const STEPS = 32; // of a way
const ARRIVED = 0.8; // the moment at which all have met, and stay to be read
const MULTIPLIED = 0.46; // the moment at which a number has passed its weight
const MOMENTS = Array.from({ length: 41 }, (_, k) => k / 40); // at which numbers are looked at
const SUMMED = new Set(["forward", "back", "bias", "part"]);

/** @typedef {import("./rectangles.js").Point} Point */
/** @typedef {import("./rectangles.js").Rect} Rect */
/** @typedef {import("./arrangement.js").Arrangement} Arrangement */
/** @typedef {{ width: number, height: number }} Extent */
/** @typedef {{ from: Point, to: Point, label?: Rect }} Line */

/**
 * A way from one end of a line to the other: its places, at which of them a number covers nothing, the place of its weight, and where the
 * number stays in the end.
 * @typedef {object} Track
 * @property {Rect[]} places
 * @property {boolean[]} free
 * @property {number} foot
 * @property {number} stop
 * @property {Rect[]} closed behind which it passes
 */

/**
 * Where a number is on its way, which lasts until 1, and from 1 to 2 in the box where it goes, or later where it begins later; whether it has met its weight yet, and whether
 * it is behind something.
 * @typedef {(moment: number) => Point & { angle: number, met: boolean, behind: boolean }} Course
 * @typedef {{ term: number, words: [string, string], course: Course }} Traveller with its words before and after it has met its weight
 * @typedef {{ weight?: number, place: Rect }} Said what is written beside a line, or at a box
 * @typedef {{ products: number, result: number, whole: number }} Times the moments from which on products are known, and the result; and the last
 */

/**
 * All numbers that travel, each on a course of its own, and the weights beside other lines that make way for them.
 * @param {Arrangement} places
 * @param {Said[]} labels that are seen
 * @param {Travel[]} all
 * @returns {{ numbers: Traveller[], aside: number[], sums: Traveller[], times: Times }} and the sums and products that they become
 */
export function travellers(places, labels, all) {
  const travels = inSight(places, all);
  const size = letterSize(places.font);
  const passed = new Set(travels.map(({ weight }) => weight));
  const [own, others] = [true, false].map((passes) => labels.filter(({ weight = -1 }) => weight >= 0 && passed.has(weight) === passes));
  const [hard, soft] = [own, others].map((list) => list.map(({ place }) => place));
  /** @type {Set<number>} */
  const aside = new Set();
  const boxes = [...places.boxes.values()];
  const inner = boxes.map(innerOf);
  const around = [...outside(places), ...labels.filter(({ weight }) => weight === undefined).map(({ place }) => place)];
  const trackOf = (/** @type {Line} */ line, /** @type {Extent} */ extent, /** @type {Rect[]} */ arrived = []) => {
    const among = (/** @type {Rect[]} */ closed, /** @type {Rect[]} */ open) =>
      trackAmong(line, extent, { hard: closed, soft: open, arrived });
    const easy = among([...around, ...inner, ...hard], soft);
    // Between boxes that are too close for a number it goes from one to the other over both; where its weight leaves it no room, over that.
    const track =
      easy ??
      (line.label ? among([...around, ...inner], [...hard, ...soft]) : among([...around, ...hard], [...soft, ...boxes.map(nameOf)]));
    const used =
      track?.places.map((place) => ({ ...place, width: extent.width + 6, height: extent.height + 6 })).filter((_, k) => track.free[k]) ??
      []; // and between two of them
    for (const { weight = -1, place } of easy ? others : labels) if (used.some((each) => overlap(each, place))) aside.add(weight);
    return track;
  };
  /** @type {Map<number, Rect[]>} */
  const arrived = new Map(); // by where they go
  /** @type {Traveller[]} */
  const products = [];
  /** @type {Map<number, ReturnType<typeof sumAt>>} */
  const gathered = new Map(); // by where they go
  for (const { kind, to } of travels) if (SUMMED.has(kind) && !gathered.has(to)) gathered.set(to, sumAt(places, to, travels));
  const delay = travels.some(({ kind }) => kind === "error") && travels.some(({ kind }) => kind === "part") ? 1 : 0;
  const numbers = travels.flatMap(({ kind, term, from, to, weight, factors = [], words = ["", ""] }) => {
    const extent = chipSize(words, size);
    if (kind === "inside") return [{ term, words, course: insideOf(places, to, term === 0, extent) }];
    const line = lineOf(places, kind, weight, from, to);
    if (!line) return [];
    if (kind === "meet") {
      const met = meet(line, factors, from, (way, said, there) => trackOf(way, chipSize([said], size), there));
      if (!met) return [];
      products.push({ term, words: [words[1], words[1]], course: appearing(met.home) });
      return met.numbers;
    }
    const there = arrived.get(to) ?? [];
    const track = trackOf(line, extent, there);
    if (!track) return [];
    arrived.set(to, [...there, track.places[track.stop]]);
    const course = passing(track);
    const home = gathered.get(to)?.slots.shift();
    if (home) return [{ term, words, course: delayed(entering(course, home), kind === "part" ? delay : 0) }];
    return [{ term, words, course: delay ? gone(course) : course }];
  });
  const { shown, later } = inTurns(numbers.length > MOST_TERMS ? legible(numbers, size) : numbers, size, delay + ENTERED);
  const wait = delay + later;
  const totals = [...gathered].filter(([id]) => arrived.has(id)).map(([, { sum }]) => sum);
  const sums = [...products, ...totals].map((each) => ({ ...each, course: delayed(each.course, wait) }));
  const met = travels.some(({ kind }) => kind === "inside" || kind === "error" || kind === "errorBack") ? ARRIVED : MULTIPLIED;
  const ended = wait + (totals.length ? ADDED : products.length ? ENTERED : ARRIVED);
  const times = { products: later + met, result: ended, whole: wait + (sums.length ? 2 : 1) };
  return { numbers: shown, aside: [...aside], sums, times };
}

/**
 * Numbers none of which ever lies on another. Those that find no way past others go when these have arrived.
 * @param {Traveller[]} numbers
 * @param {number} size of letters
 * @param {number} end the moment at which they have become one
 * @returns {{ shown: Traveller[], later: number }} and how much later they have
 */
function inTurns(numbers, size, end) {
  let all = numbers;
  for (let later = 0; ; later++) {
    const shown = waiting(all, size, end + later);
    const unseen = shown.map(({ course }) => MOMENTS.every((share) => course(share * (end + later)).behind));
    if (later === numbers.length || !unseen.includes(true)) return { shown, later };
    all = all.map((each, k) => (unseen[k] ? { ...each, course: delayed(numbers[k].course, later + 1) } : each));
  }
}

/**
 * Where the parts of an error have no boxes of their own, the outputs go on into its box, and there become its parts.
 * @param {Arrangement} places
 * @param {Travel[]} travels
 * @returns {Travel[]}
 */
function inSight({ boxes }, travels) {
  return travels
    .filter(({ kind, from }) => kind !== "part" || boxes.has(from))
    .map((travel) => {
      const { kind, to, onward } = travel;
      return kind === "error" && onward !== undefined && !boxes.has(to) ? { ...travel, kind: "forward", to: onward } : travel;
    });
}

/**
 * A course that begins later.
 * @param {Course} course
 * @param {number} by
 * @returns {Course}
 */
function delayed(course, by) {
  return (moment) => (moment < by ? { ...course(0), behind: true } : course(moment - by));
}

/**
 * A course at the end of which a number is no longer to be seen: it stands where it went.
 * @param {Course} course
 * @returns {Course}
 */
function gone(course) {
  return (moment) => ({ ...course(Math.min(1, moment)), ...(moment >= 1 && { behind: true }) });
}

/**
 * What numbers that have met become, where they have met.
 * @param {Point} home
 * @returns {Course}
 */
function appearing(home) {
  return (moment) => ({ angle: 0, ...home, met: true, behind: moment < ENTERED });
}

/**
 * The factors of a gradient meet at its weight, two from the end of the line where the neuron is, and one from its beginning.
 * @param {Line} line from the neuron to what feeds it
 * @param {NonNullable<Travel["factors"]>} factors
 * @param {number} head
 * @param {(line: Line, words: string, arrived: Rect[]) => Track | null} trackOf
 * @returns {{ numbers: Traveller[], home: Point & { angle: number } } | null}
 */
function meet(line, factors, head, trackOf) {
  const back = { ...line, from: line.to, to: line.from };
  const [first, ...others] = factors.filter(({ from }) => from === head);
  const [last] = factors.filter(({ from }) => from !== head);
  const [one, two] = [trackOf(line, first.words ?? "", []), trackOf(back, last.words ?? "", [])];
  if (!one || !two) return null;
  const courses = meeting(one, two);
  const [end, other] = courses.map((course, k) => ({ ...[one, two][k].places[0], ...course(1) }));
  const lane = overlap(end, other) && trackOf(back, last.words ?? "", [end]); // beside it where the line has no room for both
  if (lane) courses[1] = (moment) => ({ ...placeAt(lane, lane.stop * between(moment, 0, 0.6)), met: false });
  const ends = courses.map((course) => course(1));
  const home = { ...along(ends[0], ends[1], 0.5), angle: ends[0].angle };
  /** @type {[typeof first, Course][]} */
  const found = [
    [first, courses[0]],
    [last, courses[1]],
  ];
  for (const each of others) {
    const there = ends.map((end, k) => ({ ...[one, two][k].places[0], ...end }));
    const track = trackOf({ ...line, to: along(line.from, line.to, shareOf(line, ends[0])) }, each.words ?? "", there);
    const place = track?.places[track.stop];
    if (!track || !place || there.some((other) => overlap(place, other))) {
      const words = [first, ...others].map((factor) => factor.words).join(" · "); // there is room for them only in one
      const together = meet(line, [{ ...first, term: SUBJECT, words }, last], head, trackOf);
      if (together || !track) return together;
    }
    found.push([each, (moment) => ({ ...placeAt(track, track.stop * between(moment, 0, 0.6)), met: false })]);
  }
  const numbers = found.map(([{ term, words = "" }, course]) => {
    /** @type {Traveller} */
    const made = { term, words: [words, words], course: entering(course, home) };
    return made;
  });
  return { numbers, home };
}

/**
 * Those of many numbers that can be read at each moment, because they cover none before them: the equation does not write all either.
 * @param {Traveller[]} numbers
 * @param {number} size of letters
 */
function legible(numbers, size) {
  /** @type {(Rect | null)[][]} */
  const seen = [];
  return numbers.filter(({ words, course }) => {
    const { width, height } = wider(chipSize(words, size));
    const extent = { width, height };
    const places = MOMENTS.map((moment) => {
      const { behind, ...place } = course(moment);
      return behind ? null : { ...place, ...extent };
    });
    const free = seen.every((others) => places.every((place, k) => !place || !others[k] || !overlap(place, others[k])));
    if (free) seen.push(places);
    return free;
  });
}

/**
 * A number that goes on from where it stays into a box.
 * @param {Course} course
 * @param {Point} home
 * @returns {Course}
 */
function entering(course, home) {
  return (moment) => {
    const place = course(Math.min(1, moment));
    if (moment <= 1) return place;
    const share = between(moment, 1, ENTERED);
    return { ...place, ...along(place, home, share), angle: place.angle * (1 - share), behind: moment >= ENTERED };
  };
}

/**
 * With what lies between it and the next.
 * @template {Extent} Size
 * @param {Size} size
 * @returns {Size}
 */
function wider(size) {
  return { ...size, width: size.width + BESIDE, height: size.height + BESIDE };
}

/**
 * The line on which a number travels, from where it comes to where it goes; nothing where it is there already.
 * @param {Arrangement} places
 * @param {Travel["kind"]} kind
 * @param {number | undefined} weight
 * @param {number} from
 * @param {number} to
 * @returns {Line | undefined}
 */
function lineOf({ lines, biases, errors, boxes }, kind, weight, from, to) {
  const [leaving, box] = [from, to].map((id) => boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 });
  if (kind === "bias") return biases.find((each) => each.id === from && near(each.to, box));
  const onward = kind === "forward" || kind === "error" || kind === "part";
  const [start, end] = onward ? [leaving, box] : [box, leaving];
  const among = weight === undefined ? errors : lines.filter((each) => each.weight === weight);
  const line = among.find((each) => near(each.from, start) && near(each.to, end));
  return line && !onward ? { ...line, from: line.to, to: line.from } : line;
}

/**
 * @param {Point} point
 * @param {Point & Extent} box
 */
function near(point, box) {
  return Math.abs(point.x - box.x) <= box.width / 2 + 1 && Math.abs(point.y - box.y) <= box.height / 2 + 1;
}

/**
 * About where a box has its name.
 * @param {import("./columns.js").Box} box
 * @returns {Rect}
 */
function nameOf({ x, y, width, height, rows }) {
  return { x, y: y - (rows > 1 ? height / 4 : 0), angle: 0, width, height: height / 3 };
}

/**
 * What is around a picture: a number there is cut off.
 * @param {Arrangement} places
 * @returns {Rect[]}
 */
function outside({ width, height }) {
  return [-0.5, 1.5].flatMap((share) => [
    { x: width * share, y: height / 2, angle: 0, width, height: 3 * height },
    { x: width / 2, y: height * share, angle: 0, width: 3 * width, height },
  ]);
}

/**
 * The inside of a box, in which its numbers are.
 * @param {import("./columns.js").Box} box
 * @returns {Rect}
 */
function innerOf({ x, y, width, height, rows }) {
  const [across, down] = rows === 3 ? [7, 4] : [3, 1];
  return { x, y, angle: 0, width: Math.max(2, width - 2 * across), height: Math.max(2, height - 2 * down) };
}

/**
 * Inside of a neuron: to where its number will be, and there it becomes that.
 * @param {Arrangement} places
 * @param {number} id
 * @param {boolean} down
 * @param {Extent} size
 * @returns {Course}
 */
function insideOf(places, id, down, { width }) {
  const box = /** @type {import("./columns.js").Box} */ (places.boxes.get(id));
  const there = gradientPlace(box, places.font, width);
  const { x, y } = placeIn(places, id, width);
  const full = box.rows === 3;
  const fall = full && down ? there.y - y : 0;
  return (moment) => ({
    x: full ? there.x : x,
    y: y + fall * between(moment, 0.1, ARRIVED),
    angle: 0,
    met: moment >= ARRIVED,
    behind: false,
  });
}

/**
 * The way along a line on which a number of this size covers as little as it can; null where there is no room for it at all.
 * @param {Line} line
 * @param {Extent} size
 * @param {{ hard: Rect[], soft: Rect[], arrived: Rect[] }} obstacles what it passes behind, what makes way for it if need be, and what it
 *   must not cover in the end
 * @returns {Track | null}
 */
function trackAmong({ from, to, label }, size, { hard, soft, arrived }) {
  const angle = label?.angle ?? 0; // as what it is multiplied by
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const share = label ? shareOf({ from, to }, label) : 0.5;
  const foot = Math.round(STEPS * Math.min(0.9, Math.max(0.1, share)));
  const breadth = size.width + size.height + 2 * Math.max(...ASIDE);
  const around = { ...along(from, to, 0.5), angle: Math.atan2(dy, dx), width: length + breadth, height: breadth };
  const [closed, close] = [hard, soft].map((list) => list.filter((each) => overlap(each, around)));
  let best = null;
  let least = Infinity;
  for (const off of ASIDE) {
    if (least <= Math.abs(off) / 4) break;
    const places = Array.from({ length: STEPS + 1 }, (_, k) => {
      const { x, y } = along(from, to, k / STEPS);
      return { x: x - (off * dy) / length, y: y + (off * dx) / length, angle, ...size };
    });
    const free = places.map((place) => !closed.some((each) => overlap({ ...place, width: size.width + 4 }, each)));
    const alone = places.map((place, k) => free[k] && !arrived.some((each) => overlap(place, each)));
    const stop = alone.lastIndexOf(true);
    const late = stop < 0 ? 4 * STEPS : stop < foot ? STEPS : (STEPS - stop) / 4;
    const crossed = close.filter((each) => places.some((place) => overlap(place, each))).length;
    const cost = free.filter((each) => !each).length + late + 6 * crossed + Math.abs(off) / 4;
    if (cost < least && free.includes(true)) {
      least = cost;
      best = { places, free, foot, stop: stop < 0 ? free.lastIndexOf(true) : stop, closed };
    }
  }
  return best;
}

/**
 * At what share of a line a place is beside it.
 * @param {Line} line
 * @param {Point} place
 */
function shareOf({ from, to }, { x, y }) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  return ((x - from.x) * dx + (y - from.y) * dy) / (dx ** 2 + dy ** 2 || 1);
}

/**
 * A number that passes its weight, and goes on to where it stays.
 * @param {Track} track
 * @returns {Course}
 */
function passing(track) {
  const { free, foot, stop } = track;
  const [before, after] = [free.lastIndexOf(true, foot), free.indexOf(true, foot)];
  // Where it has room on one side of the label only, it meets its weight there.
  const [edge, resume] = [before < 0 ? after : before, after < 0 || stop < foot ? before : after];
  const first = Math.min(free.indexOf(true), edge);
  return (moment) => {
    const met = moment >= MULTIPLIED;
    const at = met ? resume + (stop - resume) * between(moment, 0.5, ARRIVED) : first + (edge - first) * between(moment, 0, 0.42);
    return { ...placeAt(track, at), met };
  };
}

/**
 * Two numbers from both ends of a line, which meet at its weight.
 * @param {Track} one from the beginning of the line
 * @param {Track} other from its end, along the same way back
 * @returns {Course[]}
 */
function meeting(one, other) {
  let ends = [one.free.indexOf(true), other.free.indexOf(true)];
  let least = Infinity;
  one.places.forEach((place, k) =>
    other.places.forEach((end, l) => {
      const apart = STEPS - k - l;
      const cost = 2 * apart + Math.abs(k + apart / 2 - one.foot);
      if (apart > 0 && cost < least && one.free[k] && other.free[l] && !overlap(wider(place), end)) [least, ends] = [cost, [k, l]];
    }),
  );
  return [one, other].map((track, n) => {
    const first = Math.min(track.free.indexOf(true), ends[n]);
    return (moment) => ({ ...placeAt(track, first + (ends[n] - first) * between(moment, 0, 0.6)), met: false });
  });
}

/**
 * @param {Track} track
 * @param {number} at
 */
function placeAt({ places, closed }, at) {
  const k = Math.min(places.length - 2, Math.floor(at));
  const place = { ...places[k], ...along(places[k], places[k + 1], at - k) };
  return { ...place, behind: closed.some((each) => overlap(place, each)) };
}
