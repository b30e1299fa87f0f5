// What moves in the picture of a network during a beat: numbers that travel along its lines, and lines that grow or shrink in the update.

import { put, set, svg, toggle } from "./elements.js";
import { inRoom, moveTo, widthOf } from "./items.js";
import { between, move } from "./motion.js";
import { chipSize, letterSize } from "./standing.js";
import { travellers } from "./tracks.js";

const MOVEMENT = 1700; // milliseconds of a beat
const JOINING = 1500; // more, until what has arrived is one number
const TURN = 0.5; // the moment of an update from which on the new number is seen

/**
 * What moving asks of the picture.
 * @typedef {Pick<import("./picture.js").Picture, "stage" | "places" | "lines" | "items" | "chips" | "labels" | "seen" | "written">} Picture
 */

/**
 * What goes with a movement: how fast it is, and who hears what is not known yet while it goes on.
 * @typedef {{ speed: () => number, hold: (pending: import("./beat.js").Pending) => void }} Company
 * @typedef {{ end: () => void, again: () => void }} Movement what ends it at once, and what draws it anew where the picture has been
 */

/**
 * Plays a beat: numbers travel along lines, become products, and meet.
 * @param {Picture} picture
 * @param {Frame} frame
 * @param {Scene} scene
 * @param {Beat} beat
 * @param {Company} company
 * @returns {Movement | null} null where nothing moves
 */
export function play(picture, frame, scene, beat, { speed, hold }) {
  /** @type {SVGElement[]} */
  const arriving = picture.items
    .filter(({ ids }) => ids.some((id) => beat.nodes.includes(id)))
    // The one number of a small box is of whatever the beat makes there.
    .flatMap(({ numbers }) => (numbers.length > 1 ? numbers.filter(({ id }) => beat.nodes.includes(id)) : numbers))
    .filter(({ what }) => (beat.phase === "backward" ? what !== "data" : what !== "grad"))
    .map(({ element }) => element);
  const seen = picture.seen();
  if (beat.kind === "update") {
    const said = seen.filter(({ connection: { weight } }) => !picture.stage.hides(weight, "data"));
    const draw = (/** @type {number} */ moment) => {
      grow(picture, frame, said, moment);
      hold(moment < TURN ? "result" : "");
    };
    return { end: move(MOVEMENT / speed(), draw), again: () => {} };
  }
  const places = /** @type {import("./arrangement.js").Arrangement} */ (picture.places);
  const { numbers, aside, sums, times } = travellers(places, picture.written(), scene.travels);
  const [chips, joined] = [numbers, sums].map((list) => list.map((each) => chipOf(each, letterSize(places.font))));
  if (!chips.length) return null;
  const milliseconds = MOVEMENT + (times.whole - 1) * JOINING;
  const parts = picture.items.filter(({ id }) => scene.travels.some(({ kind, to }) => kind === "error" && to === id));
  const products = parts.flatMap((part) => part.numbers).map(({ element }) => element);
  const results = seen.filter(({ connection }) => beat.phase === "backward" && beat.nodes.includes(connection.weight));
  const write = () => results.map((part) => asItWas(picture, frame, part));
  let written = write();
  let over = false;
  for (const { connection, words } of picture.lines) if (aside.includes(connection.weight)) arriving.push(words);
  picture.chips.replaceChildren(...chips.map(({ group }) => group));
  const end = move(milliseconds / speed(), (share) => {
    const late = share * milliseconds - MOVEMENT;
    const moment = late > 0 ? 1 + late / JOINING : 1 + late / MOVEMENT;
    for (const { group } of moment > 1 ? joined : []) if (!group.isConnected) picture.chips.append(group);
    for (const chip of [...chips, ...joined]) chip.draw(moment);
    for (const element of arriving) toggle(element, "arriving", share < 1);
    for (const element of products) toggle(element, "arriving", moment < times.products);
    hold(moment < times.products ? "products" : moment < times.result ? "result" : "");
    if (share < 1) return;
    over = true;
    hold("");
    picture.chips.replaceChildren();
    for (const tell of written) tell();
  });
  const again = () => {
    if (!over) written = write();
  };
  return { end, again };
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
  labels.say(part, "", stage.hides(weight, "data") ? "?" : inRoom(frame.data[weight], part.letters));
  return () => {
    part.halo.replaceChildren(...Array.from(now, (each) => each.cloneNode(true)));
    part.label.replaceChildren(...now);
  };
}

/**
 * Lines grow or shrink from the old weight to the new. Beside those that have a number in sight, the old one is struck, and the new one comes.
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
    const { weight } = connection;
    const [before, after] = [frame.data[weight], frame.dataAt(weight)].map((x) => inRoom(x, letters));
    if (before === after) continue;
    const shown = moment < TURN ? 1 - 0.6 * between(moment, 0.25, TURN) : between(moment, TURN, TURN + 0.15);
    for (const { lastElementChild: number } of [halo, label]) {
      if (!number) continue;
      put(number, ` ${moment < TURN ? before : after}`);
      toggle(number, "struck", moment > 0.15 && moment < TURN);
      set(number, "opacity", shown.toFixed(2));
    }
  }
}

/**
 * @typedef {{ group: SVGGElement, draw: (moment: number) => void }} Chip
 * @param {import("./tracks.js").Traveller} traveller
 * @param {number} size
 * @returns {Chip}
 */
function chipOf({ term, words, course }, size) {
  const { height } = chipSize(words, size);
  const ground = svg("rect", { class: "chip-ground", y: -height / 2, height, rx: height / 2 });
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
