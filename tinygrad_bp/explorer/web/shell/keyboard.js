// The page by keyboard: keys for what is done often, arrows from item to item of a picture and from tab to tab.

import { set } from "../views/elements.js";

const WRITTEN_IN = "input:not([type=checkbox]):not([type=range]), select, textarea";
const ANSWERS = "input:not([type=range]), select, textarea"; // to the space bar
const PRESSED = "button, summary, a, [role=button]"; // by it, if that is how one came there

/** How someone came to what has the focus: by a click, after which the space bar goes on, or by keys or a screen reader, which press it. */
export class Arrival {
  constructor() {
    this.pointed = false;
    this.clicking = false;
    this.taken = false; // whether the space bar went on, while it is down
  }

  /** @param {Document} root */
  follow(root) {
    const clicks = (/** @type {boolean} */ on) => () => {
      this.clicking = on;
      this.pointed ||= on;
    };
    root.addEventListener("pointerdown", clicks(true), true);
    root.addEventListener("keydown", clicks(false), true);
    root.addEventListener("focusin", () => {
      this.pointed = this.clicking;
    });
    root.addEventListener("keyup", (event) => {
      if (event.key === " " && this.taken) event.preventDefault(); // some browsers press a button only now
      if (event.key === " ") this.taken = false;
    });
  }

  /**
   * Whether the space bar belongs to what has the focus.
   * @param {Element} target
   */
  keeps(target) {
    return Boolean(target.closest?.(ANSWERS) || (!this.pointed && target.closest?.(PRESSED)));
  }
}

/**
 * @param {import("./page.js").Page} page
 * @param {KeyboardEvent} event
 */
export function pressedKey(page, event) {
  const { player, session } = page;
  const target = /** @type {Element} */ (event.target);
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !target.closest?.(WRITTEN_IN)) {
    event.preventDefault();
    session.undo(event.shiftKey);
    return;
  }
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || (target.closest?.(WRITTEN_IN) && event.key !== "Escape"))
    return;
  if (target.closest?.(".diagram") && event.key.startsWith("Arrow")) {
    event.preventDefault();
    moveFocus(page.screen.diagram(), event.key);
    return;
  }
  /** @type {Record<string, () => void>} */
  const actions = {
    " ": () => player.next(),
    ".": () => player.next(),
    ",": () => player.back(),
    ArrowRight: () => player.next(),
    ArrowLeft: () => player.back(),
    k: () => player.play(),
    t: () => player.train(),
    r: () => player.rounds(1),
    g: () => session.set({ tab: session.tab === "graph" && session.graph.network ? "neurons" : "graph" }),
    "+": () => page.screen.computation.zoom(1.4),
    "-": () => page.screen.computation.zoom(1 / 1.4),
    0: () => page.screen.computation.fit(),
    Escape: () => {
      const trains = player.playing === "rounds";
      player.stop();
      if (trains) return; // it ends this, and nothing else
      if (session.view.open && target.closest?.(".drawer")) page.screen.closeDrawer();
      else session.set(session.view.selected === null ? { open: false } : { selected: null });
    },
  };
  const action = session.view.keys || event.key === "Escape" || event.key === " " ? actions[event.key] : null;
  const space = event.key === " ";
  const arrows = event.key.startsWith("Arrow") && target.closest?.("[tabindex='0'], [role=tablist], input");
  if (!action || arrows || (space && page.arrival.keeps(target))) return;
  event.preventDefault();
  page.arrival.taken = space;
  action();
}

/**
 * To the item next to the focused one, in the direction of the arrow.
 * @param {Element} diagram
 * @param {string} key
 */
function moveFocus(diagram, key) {
  const all = items(diagram);
  const here = /** @type {SVGElement | null} */ (document.activeElement?.closest(".item"));
  if (!here) {
    all[0]?.focus();
    return;
  }
  const centre = (/** @type {SVGElement} */ item) => {
    const box = item.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = centre(here);
  const [dx, dy] = /** @type {Record<string, number[]>} */ ({
    ArrowRight: [1, 0],
    ArrowLeft: [-1, 0],
    ArrowDown: [0, 1],
    ArrowUp: [0, -1],
  })[key];
  let best = null;
  let least = Infinity;
  for (const item of all) {
    if (item === here) continue;
    const [ax, ay] = centre(item);
    // Lines that cross in their middles come one after the other.
    const crossing = Math.hypot(ax - x, ay - y) < 2;
    const forward = crossing ? 2 * (all.indexOf(item) - all.indexOf(here)) * (dx + dy) : (ax - x) * dx + (ay - y) * dy;
    const across = Math.abs((ax - x) * dy) + Math.abs((ay - y) * dx);
    if (forward > 1 && forward + 2 * across < least) [best, least] = [item, forward + 2 * across];
  }
  best?.focus();
}

/**
 * @param {Element} diagram
 * @returns {SVGElement[]}
 */
function items(diagram) {
  return [...diagram.querySelectorAll(".item:not(.gone)")].map((item) => /** @type {SVGElement} */ (item));
}

/**
 * One item of the picture can be reached by the tab key, the others from it by arrows.
 * @param {Element} diagram
 * @param {number | null} selected
 */
export function rove(diagram, selected) {
  const all = items(diagram);
  const chosen =
    all.find((item) => item.contains(document.activeElement)) ??
    all.find((item) => selected !== null && Number(item.dataset.node) === selected) ??
    all[0];
  for (const item of all) set(item, "tabindex", item === chosen ? "0" : "-1");
}

/**
 * In a row of tabs the arrow keys move from one to the next.
 * @param {string[]} names
 * @param {KeyboardEvent} event
 * @param {string} name
 * @param {(name: string) => void} open
 */
export function panelKey(names, event, name, open) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  open(names[(names.indexOf(name) + by + names.length) % names.length]);
}
