// What moves in the picture of a network during a beat: numbers that travel along its lines, and lines that grow or shrink in the update.

import { brief } from "../model/numbers.js";
import { put, set, svg, toggle } from "./elements.js";
import { DIGITS, LETTER, widthOf } from "./items.js";
import { along, between, move } from "./motion.js";

const MOVEMENT = 1700; // milliseconds of a beat

/** @typedef {import("./arrangement.js").Point} Point */

/**
 * What moving asks of the picture.
 * @typedef {Pick<import("./picture.js").Picture, "stage" | "places" | "lines" | "items" | "chips">} Picture
 */

/**
 * Plays a beat: numbers travel along lines, become products, and meet. Returns what ends it at once.
 * @param {Picture} picture
 * @param {Frame} frame
 * @param {Scene} scene
 * @param {Beat} beat
 */
export function play(picture, frame, scene, beat) {
  const arriving = picture.items
    .filter(({ ids }) => ids.some((id) => beat.nodes.includes(id)))
    .flatMap(({ numbers }) => numbers)
    .filter(({ id, what }) => beat.nodes.includes(id) && (beat.phase === "backward" ? what !== "data" : what !== "grad"))
    .map(({ element }) => element);
  if (beat.kind === "update") return move(MOVEMENT, (moment) => grow(picture, frame, moment));
  const chips = scene.travels.flatMap((travel) => chipsOf(picture, travel));
  if (!chips.length) return () => {};
  picture.chips.replaceChildren(...chips.map(({ group }) => group));
  for (const element of arriving) toggle(element, "arriving", true);
  return move(MOVEMENT, (moment) => {
    for (const chip of chips) chip.draw(moment);
    if (moment < 1) return;
    picture.chips.replaceChildren();
    for (const element of arriving) toggle(element, "arriving", false);
  });
}

/**
 * Lines grow or shrink from the old weight to the new, and so do the numbers beside them.
 * @param {Picture} picture
 * @param {Frame} frame
 * @param {number} moment
 */
function grow(picture, frame, moment) {
  const share = between(moment, 0.1, 0.9);
  const at = (/** @type {number} */ id) => frame.data[id] + ((frame.dataAt(id) ?? frame.data[id]) - frame.data[id]) * share;
  const largest = Math.max(1e-300, ...picture.lines.map(({ connection: { weight } }) => Math.abs(at(weight))));
  for (const { connection, line, label, halo } of picture.lines) {
    set(line, "stroke-width", widthOf(at(connection.weight), largest));
    if (picture.stage.hides(connection.weight, "data")) continue;
    for (const { lastChild } of [halo, label]) if (lastChild) lastChild.textContent = ` ${brief(at(connection.weight), DIGITS)}`;
  }
}

/**
 * @param {Picture} picture
 * @param {Travel} travel
 */
function chipsOf(picture, travel) {
  const places = /** @type {import("./arrangement.js").Arrangement} */ (picture.places);
  const box = (/** @type {number} */ id) => places.boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 };
  const line = places.lines.find(({ weight }) => weight === travel.weight);
  const [carried, product] = [brief(travel.carried, DIGITS), brief(travel.product, DIGITS)];
  /** @type {(words: [string, string], change: number, path: (moment: number) => Point) => Chip} */
  const chip = (words, change, path) => chipOf(travel.term, words, change, path, places.font);
  if (travel.kind === "inside") {
    const { x, y, height } = box(travel.to);
    const down = travel.term === 0;
    const [top, bottom] = [y - height * 0.1, y + height * 0.3];
    return [
      chip([carried, product], 0.5, (t) => ({
        x: x + (down ? -4 : 30),
        y: down ? top + (bottom - top) * between(t, 0.1, 0.9) : bottom + (top - bottom) * between(t, 0.1, 0.9),
      })),
    ];
  }
  if (!line) {
    const known = places.biases.find(({ id, to }) => id === travel.from && near(to, box(travel.to)));
    const way = known ?? { from: box(travel.from), to: box(travel.to) };
    return [chip([carried, product], 0.6, (t) => along(way.from, way.to, between(t, travel.kind === "bias" ? 0.5 : 0.1, 0.9)))];
  }
  // The foot of the label: where the number meets its weight. It keeps to the other side of the line, or passes below the label.
  const { label } = line;
  const off = label.on ? 0 : places.font * 0.45;
  const aside = (/** @type {Point} */ { x, y }) => ({ x: x - Math.sin(label.angle) * off, y: y + Math.cos(label.angle) * off });
  const [from, to] = [aside(line.from), aside(line.to)];
  const length2 = (to.x - from.x) ** 2 + (to.y - from.y) ** 2 || 1;
  const foot = Math.min(0.85, Math.max(0.15, ((label.x - from.x) * (to.x - from.x) + (label.y - from.y) * (to.y - from.y)) / length2));
  const meeting = along(from, to, foot);
  const there = (/** @type {Point} */ a, /** @type {Point} */ b) => (/** @type {number} */ t) =>
    t < 0.5 ? along(a, meeting, between(t, 0, 0.4)) : along(meeting, b, between(t, 0.55, 0.95));
  if (travel.kind === "forward") return [chip([carried, product], 0.45, there(from, to))];
  if (travel.kind === "back") return [chip([carried, product], 0.45, there(to, from))];
  const halt = (/** @type {Point} */ a) => (/** @type {number} */ t) => along(a, meeting, between(t, 0, 0.6));
  return [chip([carried, product], 0.65, halt(to)), chip([brief(travel.product / travel.carried, DIGITS), ""], 0.62, halt(from))];
}

/**
 * @typedef {{ group: SVGGElement, draw: (moment: number) => void }} Chip
 * @param {number} term
 * @param {[string, string]} words before and after it has met its weight
 * @param {number} change the moment at which it does
 * @param {(moment: number) => Point} path
 * @param {number} font
 * @returns {Chip}
 */
function chipOf(term, words, change, path, font) {
  const size = Math.max(11, font * 0.88);
  const ground = svg("rect", { class: "chip-ground", y: -size * 0.75, height: size * 1.5, rx: size * 0.75 });
  const label = svg("text", { class: "chip-text", "text-anchor": "middle", y: size * 0.36, "font-size": size });
  const group = svg("g", { class: `chip term-${term}` }, ground, label);
  const draw = (/** @type {number} */ moment) => {
    const shown = words[moment < change ? 0 : 1];
    put(label, shown);
    const wide = LETTER * size * shown.length + size;
    set(ground, "x", -wide / 2);
    set(ground, "width", wide);
    toggle(group, "gone", shown === "");
    const { x, y } = path(moment);
    set(group, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
  };
  draw(0);
  return { group, draw };
}

/**
 * @param {Point} point
 * @param {import("./arrangement.js").Box | { x: number, y: number, width: number, height: number }} box
 */
function near(point, box) {
  return Math.abs(point.x - box.x) <= box.width / 2 + 1 && Math.abs(point.y - box.y) <= box.height / 2 + 1;
}
