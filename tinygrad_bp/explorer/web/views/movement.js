// What moves in the picture of a network during a beat: numbers that travel along its lines, and lines that grow or shrink in the update.

import { put, set, svg, toggle } from "./elements.js";
import { inRoom, moveTo, widthOf } from "./items.js";
import { between, move } from "./motion.js";
import { chipSize, letterSize, travellers } from "./tracks.js";

const MOVEMENT = 1700; // milliseconds of a beat
const JOINING = 1500; // more, until what has arrived is one number
const SUMMED_BEATS = ["net", "arrive"]; // what they make is the sum of what arrives

/**
 * What moving asks of the picture.
 * @typedef {Pick<import("./picture.js").Picture, "stage" | "places" | "lines" | "items" | "chips" | "labels" | "seen" | "written">} Picture
 */

/**
 * Plays a beat: numbers travel along lines, become products, and meet. Returns what ends it at once.
 * @param {Picture} picture
 * @param {Frame} frame
 * @param {Scene} scene
 * @param {Beat} beat
 */
export function play(picture, frame, scene, beat) {
  /** @type {SVGElement[]} */
  const arriving = picture.items
    .filter(({ ids }) => ids.some((id) => beat.nodes.includes(id)))
    .flatMap(({ numbers }) => numbers)
    .filter(({ id, what }) => beat.nodes.includes(id) && (beat.phase === "backward" ? what !== "data" : what !== "grad"))
    .map(({ element }) => element);
  const seen = picture.seen();
  if (beat.kind === "update") {
    const said = seen.filter(({ connection: { weight } }) => !picture.stage.hides(weight, "data"));
    return move(MOVEMENT, (moment) => grow(picture, frame, said, moment));
  }
  const places = /** @type {import("./arrangement.js").Arrangement} */ (picture.places);
  const { numbers, aside, sums } = travellers(places, picture.written(), scene.travels, frame.data);
  const [chips, joined] = [numbers, SUMMED_BEATS.includes(beat.kind) ? sums : []].map((list) =>
    list.map((each) => chipOf(each, letterSize(places.font))),
  );
  if (!chips.length) return () => {};
  const whole = MOVEMENT + (joined.length ? JOINING : 0);
  const results = seen.filter(({ connection }) => beat.phase === "backward" && beat.nodes.includes(connection.weight));
  const written = results.map((part) => asItWas(picture, frame, part));
  for (const { connection, words } of picture.lines) if (aside.includes(connection.weight)) arriving.push(words);
  picture.chips.replaceChildren(...chips.map(({ group }) => group));
  for (const element of arriving) toggle(element, "arriving", true);
  return move(whole, (moment) => {
    const late = moment * whole - MOVEMENT;
    for (const { group } of late > 0 ? joined : []) if (!group.isConnected) picture.chips.append(group);
    for (const chip of [...chips, ...joined]) chip.draw(late > 0 ? 1 + late / JOINING : moment * (whole / MOVEMENT));
    if (moment < 1) return;
    picture.chips.replaceChildren();
    for (const element of arriving) toggle(element, "arriving", false);
    for (const write of written) write();
  });
}

/**
 * Until its factors have met, a line has its weight beside it, not yet the gradient. Returns what writes that again.
 * @param {Picture} picture
 * @param {Frame} frame
 * @param {import("./picture.js").LinePart} part
 */
function asItWas({ stage, labels }, frame, part) {
  const now = part.label.cloneNode(true).childNodes;
  const { weight } = part.connection;
  labels.say(part, false, stage.hides(weight, "data") ? "?" : inRoom(frame.data[weight], part.letters));
  return () => {
    part.halo.replaceChildren(...Array.from(now, (each) => each.cloneNode(true)));
    part.label.replaceChildren(...now);
  };
}

/**
 * Lines grow or shrink from the old weight to the new, and so do the numbers beside those that have some in sight.
 * @param {Picture} picture
 * @param {Frame} frame
 * @param {Picture["lines"]} said
 * @param {number} moment
 */
function grow(picture, frame, said, moment) {
  const share = between(moment, 0.1, 0.9);
  const at = (/** @type {number} */ id) => frame.data[id] + ((frame.dataAt(id) ?? frame.data[id]) - frame.data[id]) * share;
  const largest = Math.max(1e-300, ...picture.lines.map(({ connection: { weight } }) => Math.abs(at(weight))));
  for (const { connection, line } of picture.lines) set(line, "stroke-width", widthOf(at(connection.weight), largest));
  for (const { connection, label, halo, letters } of said) {
    for (const { lastChild } of [halo, label]) if (lastChild) lastChild.textContent = ` ${inRoom(at(connection.weight), letters)}`;
  }
}

/**
 * @typedef {{ group: SVGGElement, draw: (moment: number) => void }} Chip
 * @param {import("./tracks.js").Traveller} traveller
 * @param {number} size
 * @returns {Chip}
 */
function chipOf({ term, words, course }, size) {
  const ground = svg("rect", { class: "chip-ground", y: -size * 0.75, height: size * 1.5, rx: size * 0.75 });
  const label = svg("text", { class: "chip-text", "text-anchor": "middle", y: size * 0.36, "font-size": size });
  const group = svg("g", { class: `chip term-${term}` }, ground, label);
  const draw = (/** @type {number} */ moment) => {
    const { x, y, angle, met, behind } = course(moment);
    const shown = words[met ? 1 : 0];
    put(label, shown);
    const wide = chipSize([shown], size).width;
    set(ground, "x", -wide / 2);
    set(ground, "width", wide);
    toggle(group, "gone", behind);
    moveTo(group, { x, y, angle });
  };
  draw(0);
  return { group, draw };
}
