// The computation graph: a box for each node, a line for each operand, its local derivative on it; or folded, a box for each neuron or
// layer. Laid out by Graphviz when the page was written; here a window is moved over it, and what is in that is drawn.

import { text } from "../model/words.js";
import { set, svg } from "./elements.js";
import { arrowHead, boxPart, linePart } from "./graphparts.js";
import { Minimap } from "./minimap.js";
import { between, move } from "./motion.js";
import {
  around,
  carried,
  clamped,
  fitted,
  fittingSheet,
  meets,
  passedOn,
  readableScale,
  sheetsOf,
  wholeScale,
  windowOf,
} from "./sheets.js";

const MOST_SCALE = 4;
const FINER = 1.9; // scale from which on what is folded opens
const ARRIVING = 1.3; // scale at most at which a coarser sheet comes
const LEAST_LETTER = 5; // pixels, below which no words are drawn
const FOCUS_MARGIN = 240; // around the window, for the focus to go on by the keyboard
const JOURNEY = 350; // milliseconds to what is current

/** @typedef {Pick<import("../model/session.js").Session, "graph" | "description" | "view" | "set" | "select" | "hides" | "hidesSlope" | "light"> & import("./grip.js").Hand} Stage */
/** @typedef {import("./sheets.js").Sheet} Sheet */
/** @typedef {import("./sheets.js").Box} Box */
/** @typedef {import("./sheets.js").Point} Point */
/** @typedef {import("./sheets.js").View} Window */
/** @typedef {import("./graphparts.js").Part} Part */
/** @typedef {{ sheet: Sheet, view: Window }} Place */

/** @param {Stage} stage */
export function computationView(stage) {
  return new GraphPicture(stage);
}

class GraphPicture {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.sheets = sheetsOf(stage.description, stage.graph);
    this.sheet = this.sheets[0];
    this.homes = { frames: svg("g", {}), lines: svg("g", {}), boxes: svg("g", {}) };
    /** @type {Record<"frames" | "lines" | "boxes", Map<number, Part>>} */
    this.parts = { frames: new Map(), lines: new Map(), boxes: new Map() };
    this.canvas = svg("g", {}, Object.values(this.homes));
    this.map = new Minimap((point) => this.centre(point));
    this.root = svg(
      "svg",
      { class: "diagram computation", role: "group", "aria-label": text("graph.label"), tabindex: "-1" },
      svg("defs", {}, arrowHead()),
      this.canvas,
      this.map.root,
    );
    /** @type {Window | null} */
    this.view = null;
    this.room = { width: 0, height: 0 };
    this.screen = ""; // the size for which a sheet was chosen
    this.fits = true; // nobody has moved the window since it was fitted
    /** @type {Level | null} */
    this.level = null; // as in the view
    this.far = false;
    /** @type {import("./graphparts.js").Moment | null} */
    this.moment = null;
    /** @type {Map<number, Point>} */
    this.pointers = new Map();
    this.dragged = false;
    /** @type {number | null} */
    this.followed = null;
    /** @type {{ factor: number, before: Place, after: Place }[]} */
    this.trail = []; // of zooming in, by which zooming out comes back to where it was
    this.arrive = () => {}; // ends a journey
    this.actions = {
      choose: (/** @type {number} */ id) => stage.select(id, stage.view.mode === "gradients" ? "grad" : "data"),
      open: (/** @type {Box} */ box) => this.open(box),
      close: (/** @type {Box} */ box) => this.close(box),
    };
    this.listen();
  }

  // Moving and zooming.

  /** All of it, in the finest sheet that can then be read. */
  fit() {
    this.stage.set({ level: null });
    this.level = null;
    this.refit(0);
    this.draw();
  }

  /** @param {number | null} least scale; null for that at which letters can be read */
  refit(least = null) {
    if (!this.room.width || !this.room.height) return;
    this.arrive();
    const sheet = this.level ? this.sheetOf(this.level) : fittingSheet(this.sheets, this.room);
    const middle = this.spotOf(sheet, this.followed ?? this.stage.graph.result);
    this.turn(sheet, fitted(sheet, this.room, least ?? readableScale(sheet), middle));
    this.fits = true;
  }

  /** @param {Level} level */
  sheetOf(level) {
    return this.sheets.find((sheet) => sheet.level === level) ?? this.sheet;
  }

  /**
   * @param {Sheet} sheet
   * @param {number} id
   */
  spotOf(sheet, id) {
    return sheet.boxes[sheet.boxOf.get(id) ?? 0];
  }

  /**
   * @param {Sheet} sheet
   * @param {Window} view
   */
  turn(sheet, view) {
    if (sheet !== this.sheet) this.clear();
    this.sheet = sheet;
    this.view = view;
  }

  clear() {
    for (const [kind, home] of Object.entries(this.homes)) {
      home.replaceChildren();
      this.parts[/** @type {"boxes"} */ (kind)].clear();
    }
  }

  /**
   * To another sheet, with a point of it at a point of the window.
   * @param {Sheet} sheet
   * @param {number} scale
   * @param {Point} point
   * @param {Point} at
   */
  change(sheet, scale, point, at) {
    this.turn(sheet, { scale, x: point.x - at.x / scale, y: point.y - at.y / scale });
    this.fits = false;
    if (this.level !== sheet.level) {
      this.level = sheet.level;
      this.stage.set({ level: sheet.level });
    }
    this.draw();
  }

  /**
   * Out by as much as in just before is back to the same place, though the window was kept within the sheet, or went on to another one.
   * @param {number} factor
   * @param {Point | null} at
   */
  zoom(factor, at = null) {
    this.arrive();
    const { view, sheet } = this;
    if (!view) return;
    const before = { sheet, view };
    const last = this.trail.pop();
    const stayed = last && isSame(last.after, before);
    if (stayed && Math.abs(last.factor * factor - 1) < 1e-9) return this.back(last.before);
    this.trail = stayed && factor > 1 ? [...this.trail, last] : [];
    this.zoomBy(factor, at, view);
    const after = { sheet: this.sheet, view: this.view ?? view };
    if (factor > 1 && !isSame(before, after)) this.trail.push({ factor, before, after });
  }

  /** @param {Place} place */
  back({ sheet, view }) {
    if (sheet !== this.sheet) return this.change(sheet, view.scale, view, { x: 0, y: 0 });
    this.view = view;
    this.draw();
  }

  /**
   * @param {number} factor
   * @param {Point | null} at
   * @param {Window} view
   */
  zoomBy(factor, at, view) {
    const { sheet, sheets, room } = this;
    const { left, top } = at ? this.root.getBoundingClientRect() : { left: 0, top: 0 };
    const here = at ? { x: at.x - left, y: at.y - top } : { x: room.width / 2, y: room.height / 2 };
    const point = { x: view.x + here.x / view.scale, y: view.y + here.y / view.scale };
    const [coarser, finer] = [sheets[sheets.indexOf(sheet) - 1], sheets[sheets.indexOf(sheet) + 1]];
    const wanted = view.scale * factor;
    if (finer && factor > 1 && wanted > FINER)
      return this.change(finer, Math.max(1, readableScale(finer)), carried(sheet, finer, point), here);
    if (coarser && factor < 1 && wanted < readableScale(sheet)) {
      const scale = Math.max(readableScale(coarser), Math.min(ARRIVING, wholeScale(coarser, room)));
      return this.change(coarser, scale, carried(sheet, coarser, point), here);
    }
    const scale = Math.min(MOST_SCALE, Math.max(Math.min(readableScale(sheet), wholeScale(sheet, room)), wanted));
    this.view = { scale, x: point.x - here.x / scale, y: point.y - here.y / scale };
    this.fits = false;
    this.draw();
  }

  /**
   * What is in a folded box, on the next sheet.
   * @param {Box} box
   */
  open(box) {
    const finer = this.sheets[this.sheets.indexOf(this.sheet) + 1];
    const homes = box.members.flatMap((id) => finer.boxOf.get(id) ?? []).map((home) => finer.boxes[home]);
    this.zoomTo(finer, around(homes));
    this.focus(box.kind === "neuron" ? `.group-handle[data-group="${box.number}"]` : null, box.members);
  }

  /**
   * A neuron as one box.
   * @param {Box} frame
   */
  close(frame) {
    const coarser = this.sheets[this.sheets.indexOf(this.sheet) - 1];
    this.zoomTo(coarser, this.spotOf(coarser, frame.node));
    this.focus(null, [frame.node]);
  }

  /**
   * @param {Sheet} sheet
   * @param {import("./sheets.js").Bounds} part
   */
  zoomTo(sheet, { left, top, right, bottom }) {
    this.arrive();
    const { width, height } = this.room;
    const all = sheet.level === "operation" ? 1.2 : wholeScale(sheet, this.room);
    const scale = Math.max(readableScale(sheet), Math.min(all, (0.9 * width) / (right - left), (0.9 * height) / (bottom - top)));
    this.change(sheet, scale, { x: (left + right) / 2, y: (top + bottom) / 2 }, { x: width / 2, y: height / 2 });
  }

  /**
   * Who opened or closed something by the keyboard goes on there: at what a selector finds, or at the box that one of these nodes is in.
   * @param {string | null} selector
   * @param {number[]} members
   */
  focus(selector, members) {
    const found = selector ? this.root.querySelector(selector) : null;
    const place = members.map((id) => this.sheet.boxOf.get(id)).find((home) => home !== undefined && this.parts.boxes.has(home));
    const target = found ?? this.parts.boxes.get(place ?? -1)?.group;
    /** @type {SVGElement | undefined} */ (target)?.focus({ preventScroll: true });
  }

  /** @param {Point} point */
  centre(point) {
    if (!this.view) return;
    this.arrive();
    const { scale } = this.view;
    this.view = { scale, x: point.x - this.room.width / scale / 2, y: point.y - this.room.height / scale / 2 };
    this.fits = false;
    this.draw();
  }

  /**
   * Moves the window, if a box is not whole in it.
   * @param {Box} box
   * @param {boolean} calm
   */
  show(box, calm = false) {
    const { view, room, sheet } = this;
    if (!view || !box) return;
    const seen = windowOf(view, room);
    const scale = Math.max(view.scale, readableScale(sheet));
    const inside = box.left > seen.left && box.right < seen.right && box.top > seen.top && box.bottom < seen.bottom;
    if (inside && scale === view.scale) return;
    const foot = this.map.foot(sheet, room);
    const goal = clamped(sheet, room, { scale, x: box.x - room.width / scale / 2, y: box.y - room.height / scale / 2 }, foot);
    this.arrive();
    const from = view;
    const along = (/** @type {number} */ moment) => {
      const share = between(moment, 0, 1);
      const at = (/** @type {"x" | "y" | "scale"} */ key) => from[key] + (goal[key] - from[key]) * share;
      this.view = { scale: at("scale"), x: at("x"), y: at("y") };
      this.draw();
    };
    if (calm) along(1);
    else this.arrive = move(JOURNEY, along);
  }

  listen() {
    const { root } = this;
    const scroll = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX, y: event.clientY });
    };
    root.addEventListener("wheel", scroll, { passive: false });
    root.addEventListener("pointerdown", (event) => {
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      this.dragged = false;
    });
    root.addEventListener("pointermove", (event) => this.drag(event));
    for (const kind of ["pointerup", "pointercancel", "pointerleave"]) {
      root.addEventListener(kind, (event) => this.pointers.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
    // What was dragged is no tap.
    root.addEventListener("click", (event) => {
      if (this.dragged) event.stopPropagation();
    });
    // Whoever goes from box to box by the keyboard sees where.
    root.addEventListener("focusin", (event) => {
      const target = /** @type {Element} */ (event.target);
      const place = [...this.parts.boxes].find(([, { group }]) => group === target)?.[0];
      if (place !== undefined && target.matches(":focus-visible")) this.show(this.sheet.boxes[place], true);
    });
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const { root, pointers, view } = this;
    const before = pointers.get(event.pointerId);
    if (!before || !view) return;
    const now = { x: event.clientX, y: event.clientY };
    if (pointers.size === 1) {
      const captured = root.hasPointerCapture(event.pointerId);
      if (!captured && Math.hypot(now.x - before.x, now.y - before.y) < 3) return;
      if (!captured) root.setPointerCapture(event.pointerId);
      this.arrive();
      this.dragged = true;
      this.fits = false;
      this.view = { ...view, x: view.x - (now.x - before.x) / view.scale, y: view.y - (now.y - before.y) / view.scale };
      this.draw();
    } else {
      const [[, other]] = [...pointers].filter(([key]) => key !== event.pointerId);
      const apart = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      this.dragged = true;
      this.zoom(apart, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    }
    pointers.set(event.pointerId, now);
  }

  // Drawing what is in sight.

  draw() {
    const { view, moment, sheet, room } = this;
    if (!view || !moment) return;
    const foot = wholeScale(sheet, room) < view.scale ? this.map.foot(sheet, room) : 0;
    this.view = clamped(sheet, room, view, foot);
    const { scale, x, y } = this.view;
    const far = scale * sheet.letter < LEAST_LETTER;
    if (far !== this.far) this.clear();
    this.far = far;
    this.root.style.touchAction = passedOn(sheet, room, scale);
    set(this.canvas, "transform", `scale(${scale.toFixed(4)}) translate(${(-x).toFixed(2)} ${(-y).toFixed(2)})`);
    const seen = windowOf(this.view, room, FOCUS_MARGIN);
    const { stage, actions } = this;
    this.fill("frames", sheet.frames, seen, (box) => boxPart(stage, box, actions, far));
    this.fill("lines", sheet.lines, seen, (line) => linePart(stage, line, far));
    this.fill("boxes", sheet.boxes, seen, (box) => boxPart(stage, box, actions, far));
    const current = this.followed === null ? null : this.spotOf(sheet, this.followed);
    this.map.render(sheet, room, windowOf(this.view, room), current);
    const first = this.root.querySelector(".item");
    if (first && !this.root.querySelector(".item[tabindex='0']")) set(first, "tabindex", "0");
  }

  /**
   * Makes the parts that came into sight, and takes away those that left it. They stand in the order of the sheet.
   * @template {import("./sheets.js").Bounds} T
   * @param {"frames" | "lines" | "boxes"} kind
   * @param {T[]} all
   * @param {import("./sheets.js").Bounds} seen
   * @param {(each: T) => Part} make
   */
  fill(kind, all, seen, make) {
    const [parts, home, moment] = [this.parts[kind], this.homes[kind], this.moment];
    const focused = home.contains(document.activeElement) ? document.activeElement : null;
    let next = home.firstChild;
    all.forEach((each, place) => {
      const part = parts.get(place);
      if (part && (meets(each, seen) || part.group.contains(focused))) next = part.group.nextSibling;
      else if (part) {
        if (next === part.group) next = next.nextSibling;
        part.group.remove();
        parts.delete(place);
      } else if (meets(each, seen)) {
        const made = make(each);
        if (moment) made.update(moment);
        parts.set(place, made);
        home.insertBefore(made.group, next);
      }
    });
  }

  // Showing.

  /**
   * @param {Frame} frame
   * @param {Scene} scene
   * @param {import("./sheets.js").Size} room
   */
  render(frame, scene, room) {
    const { stage } = this;
    const { view } = stage;
    const nodeByNode = view.pace === "node";
    const current = new Set(nodeByNode ? (frame.current ? [frame.current.node] : []) : (frame.beat?.nodes ?? []));
    const edge = nodeByNode ? (frame.current?.edge?.index ?? -1) : -1;
    this.moment = { frame, scene, light: stage.light(), current, edge };
    for (const parts of Object.values(this.parts)) for (const part of parts.values()) part.update(this.moment);
    const told = nodeByNode ? frame.current?.node : frame.beat?.node;
    const follow = frame.step === null ? view.selected : (told ?? view.selected);
    const moved = follow !== null && follow !== this.followed && frame.step !== 0;
    this.followed = follow;
    const placed = this.place(room);
    this.draw();
    if (follow !== null && (moved || placed)) this.show(this.spotOf(this.sheet, follow), placed);
  }

  /**
   * Where the window is when it, or what it is to show, has changed. Beside a panel that opens, the sheet stays.
   * @param {import("./sheets.js").Size} room
   */
  place(room) {
    const { level } = this.stage.view;
    const screen = `${innerWidth}x${innerHeight}`;
    const same = room.width === this.room.width && room.height === this.room.height;
    if (same && this.view && level === this.level) return false;
    const before = this.room;
    this.room = room;
    if (!this.view || level !== this.level || (this.fits && screen !== this.screen)) {
      this.level = level;
      this.refit();
    } else if (this.fits) {
      this.turn(
        this.sheet,
        fitted(this.sheet, room, readableScale(this.sheet), this.spotOf(this.sheet, this.followed ?? this.stage.graph.result)),
      );
    } else {
      const { scale, x, y } = this.view;
      this.view = { scale, x: x + (before.width - room.width) / scale / 2, y: y + (before.height - room.height) / scale / 2 };
    }
    this.screen = screen;
    return true;
  }

  // All of it, operation by operation: for who keeps it. Yields after each part, so that a page can do other things between.
  *whole() {
    const sheet = this.sheetOf("operation");
    const homes = [svg("g", {}), svg("g", {}), svg("g", {})];
    const margin = 22;
    const [width, height] = [sheet.width + 2 * margin, sheet.height + 2 * margin];
    const root = svg(
      "svg",
      { class: "diagram computation", viewBox: `${-margin} ${-margin} ${width} ${height}` },
      svg("defs", {}, arrowHead()),
      svg("g", {}, homes),
    );
    yield root;
    const { stage, actions, moment } = this;
    const makers = [
      ...sheet.frames.map((box) => () => [homes[0], boxPart(stage, box, actions, false)]),
      ...sheet.lines.map((line) => () => [homes[1], linePart(stage, line, false)]),
      ...sheet.boxes.map((box) => () => [homes[2], boxPart(stage, box, actions, false)]),
    ];
    for (const make of makers) {
      const [home, part] = /** @type {[SVGGElement, Part]} */ (make());
      if (moment) part.update(moment);
      home.append(part.group);
      yield root;
    }
    return root;
  }
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function isSame(a, b) {
  return a.sheet === b.sheet && a.view.scale === b.view.scale && a.view.x === b.view.x && a.view.y === b.view.y;
}
