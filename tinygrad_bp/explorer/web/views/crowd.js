// Which words of a picture are said where there is no room for all, and where they lie: of lines that are close, and of boxes too small for any.

import { groundOf } from "./arrangement.js";
import { labelSize } from "./columns.js";
import { overlap } from "./rectangles.js";
import { spread } from "./spots.js";
import { set, toggle } from "./elements.js";
import { LETTER, moveTo } from "./items.js";

const MOST_SAID = 20; // labels that are laid beside each other
const MOST_PASSED = 200; // lines of a picture, of which a label crosses as few as it can
const TIERS_BESIDE = [1, -1, 2.1, -2.1, 3.2, -3.2]; // heights of letters, above a small box, or below it

/** @typedef {import("./rectangles.js").Rect} Rect */
/** @typedef {import("./picture.js").LinePart} LinePart */
/** @typedef {import("./boxes.js").ItemPart} ItemPart */

/**
 * @param {SVGTextElement} label
 * @param {number} size
 */
export function wideAs({ textContent }, size) {
  return LETTER * size * (1.05 * (textContent?.length ?? 0) + 0.5);
}

export class Crowd {
  /** @param {import("./picture.js").Picture} picture */
  constructor(picture) {
    this.picture = picture;
    this.key = ""; // of what has been laid beside each other
    /** @type {ItemPart[]} */
    this.small = [];
  }

  forget() {
    this.key = "";
    this.small = this.picture.items.filter(({ numbers }) => numbers.some(({ element }) => element.classList.contains("tiny")));
  }

  /**
   * Where lines are too close for all their words, those are said that are chosen, or spoken of, where they lie on nothing else: of many
   * first those that an equation writes, at its beginning and at its end. Only what is said is written.
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {string} mode
   */
  thin(frame, scene, mode) {
    const { places, lines, items, spec, labels, neuronAt, room } = this.picture;
    const first = frame.beat?.node;
    const update = frame.beat?.kind === "update";
    const shown = lines.filter(({ words, place }) => !place.label.always && words.classList.contains("shown"));
    const small = this.small.filter(({ group }) => group.matches(".shown, .current, .selected"));
    if (!places || (!shown.length && !small.length && !this.key)) return; // as in every frame of a training
    const ranks = ranked(shown, ({ words, connection }) =>
      words.matches(".held, .selected") ? 0 : connection.weight === first ? 1 : update ? 3 : null,
    );
    ranked(small, ({ id, group }) =>
      group.matches(".held, .selected") ? 0 : id === first ? 1 : group.classList.contains("spoken") ? null : 3,
    );
    const [said, over] = [shown.slice(0, MOST_SAID), shown.slice(MOST_SAID)];
    for (const part of said) labels.writeLine(part, frame, scene, mode, true);
    const lit = new Set(items.filter(({ group }) => group.matches(".only-lit.shown")).map(({ id }) => id));
    const own = spec.own.filter((out) => lit.has(neuronAt.get(out)?.bias ?? -1));
    const key = [
      ...said.map(({ connection, label }) => `${connection.weight} ${label.textContent?.length}`),
      ...small.map(({ id, numbers }) => `${id} ${numbers[0].element.textContent?.length}`),
      ...own,
    ].join();
    if (key !== this.key) {
      this.key = key;
      const { boxes, font, upright } = places;
      const ground = groundOf(boxes, own, font, upright, room.width);
      ground.push(...this.call(small, ground));
      const wide = said.map(({ label, place }) => {
        return { ...place, label: { ...place.label, width: wideAs(label, labelSize(font)) } };
      });
      const all = lines.length > MOST_PASSED ? [] : lines.map(({ place }) => place);
      spread(wide, ground, room.width, room.height, all).forEach(({ clear, ...spot }, k) => {
        Object.assign(said[k].place.label, spot);
        moveTo(said[k].words, spot);
        toggle(said[k].words, "crowded", !clear && ranks.get(said[k]) === 3);
      });
    }
    for (const { words } of over) toggle(words, "crowded", true);
  }

  /**
   * Puts the names and numbers of boxes without room for any beside these, as many as have room there. Returns where they are.
   * @param {ItemPart[]} small the first ones first
   * @param {Rect[]} ground that they do not cover
   */
  call(small, ground) {
    const { places, room } = this.picture;
    const { boxes, font, upright } = /** @type {import("./arrangement.js").Arrangement} */ (places);
    /** @type {Rect[]} */
    const found = [];
    for (const { id, group, numbers } of small) {
      const { element } = numbers[0];
      const box = /** @type {import("./columns.js").Box} */ (boxes.get(id));
      const size = labelSize(font);
      const extent = { angle: 0, width: wideAs(element, size), height: 1.2 * size };
      const half = extent.width / 2;
      const spots = TIERS_BESIDE.map((side) => {
        const off = Math.sign(side) * (box.height / 2 + 2 + (Math.abs(side) - 0.5) * extent.height);
        const x = upright ? box.x : box.x + Math.sign(side) * (box.width / 2 + 4 + half);
        return { ...extent, x: Math.min(room.width - half - 2, Math.max(half + 2, x)), y: upright ? box.y - off : box.y };
      });
      const clear = (/** @type {Rect} */ spot) =>
        spot.y > extent.height / 2 &&
        spot.y < room.height - extent.height / 2 &&
        ![...ground, ...found].some((other) => overlap(spot, other));
      const spot = spots.find(clear);
      toggle(group, "crowded", !spot);
      if (!spot) continue;
      found.push(spot);
      set(element, "x", spot.x.toFixed(1));
      set(element, "y", (spot.y + size * 0.34).toFixed(1));
    }
    return found;
  }
}

/**
 * Puts what is most important first, and of the rest what an equation writes. Returns how important each is, from 0 to 3.
 * @template Part
 * @param {Part[]} parts
 * @param {(part: Part) => number | null} rankOf null where its place among them tells
 * @returns {Map<Part, number>}
 */
function ranked(parts, rankOf) {
  const ranks = new Map(parts.map((part, k) => [part, rankOf(part) ?? (k < 3 || k > parts.length - 3 ? 2 : 3)]));
  parts.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  return ranks;
}
