// All of a sheet in a corner of the window, with what is in sight and where the current node is. Pressed or drawn on, it moves the window.

import { set, svg, toggle } from "./elements.js";
import { nearest } from "./sheets.js";

const MINIMAP_SIZE = { width: 150, height: 96 };
const MINIMAP_EDGE = 8; // to the edges of the window
const SPARE = 22; // around the sheet

/** @typedef {import("./sheets.js").Sheet} Sheet */
/** @typedef {import("./sheets.js").Size} Size */

export class Minimap {
  /** @param {(point: import("./sheets.js").Point) => void} go what moves the middle of the window to a point of the sheet */
  constructor(go) {
    this.go = go;
    this.boxes = svg("path", { class: "minimap-boxes" });
    this.ground = svg("rect", { class: "minimap-ground" });
    this.window = svg("rect", { class: "minimap-window" });
    this.mark = svg("circle", { class: "minimap-mark" });
    this.root = svg("g", { class: "minimap gone", "aria-hidden": "true" }, this.ground, this.boxes, this.mark, this.window);
    this.scale = 1;
    /** @type {Sheet | null} */
    this.sheet = null;
    const move = (/** @type {PointerEvent} */ event) => this.moved(event);
    this.root.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.root.setPointerCapture(event.pointerId);
      move(event);
    });
    this.root.addEventListener("pointermove", (event) => {
      if (this.root.hasPointerCapture(event.pointerId)) move(event);
    });
    this.root.addEventListener("click", (event) => event.stopPropagation());
  }

  /** @param {PointerEvent} event */
  moved(event) {
    event.stopPropagation();
    const { left, top } = this.ground.getBoundingClientRect();
    this.go({ x: (event.clientX - left) / this.scale - SPARE, y: (event.clientY - top) / this.scale - SPARE });
  }

  /**
   * The height that it takes below a sheet of which not all is in sight.
   * @param {Sheet} sheet
   * @param {Size} room
   */
  foot(sheet, room) {
    return (sheet.height + 2 * SPARE) * this.scaleFor(sheet, room) + 2 * MINIMAP_EDGE;
  }

  /**
   * @param {Sheet} sheet
   * @param {Size} room
   */
  scaleFor({ width, height }, room) {
    const share = Math.min(1, room.width / 700, room.height / 300);
    return Math.min(
      (MINIMAP_SIZE.width * Math.max(0.6, share)) / (width + 2 * SPARE),
      (MINIMAP_SIZE.height * Math.max(0.6, share)) / (height + 2 * SPARE),
    );
  }

  /**
   * @param {Sheet} sheet
   * @param {Size} room
   * @param {import("./sheets.js").Bounds} seen
   * @param {import("./sheets.js").Point | null} mark
   */
  render(sheet, room, seen, mark) {
    const [width, height] = [sheet.width + 2 * SPARE, sheet.height + 2 * SPARE];
    const all = seen.left <= 0 && seen.top <= 0 && seen.right >= sheet.width && seen.bottom >= sheet.height;
    toggle(this.root, "gone", all);
    if (all) return;
    const scale = this.scaleFor(sheet, room);
    this.scale = scale;
    const taken = { width: width * scale + MINIMAP_EDGE, height: height * scale + MINIMAP_EDGE };
    const left = mark && covers(taken, room, seen, nearest(sheet, mark)) ? room.width - taken.width : MINIMAP_EDGE;
    set(
      this.root,
      "transform",
      `translate(${left.toFixed(1)} ${(room.height - MINIMAP_EDGE - height * scale).toFixed(1)}) scale(${scale.toFixed(5)}) translate(${SPARE} ${SPARE})`,
    );
    if (sheet !== this.sheet) {
      this.sheet = sheet;
      set(this.boxes, "d", sheet.boxes.map((box) => `M${box.left} ${box.top}h${box.width}v${box.height}h${-box.width}z`).join(""));
      for (const [name, value] of Object.entries({ x: -SPARE, y: -SPARE, width, height })) set(this.ground, name, value);
    }
    const [start, top] = [Math.max(-SPARE, seen.left), Math.max(-SPARE, seen.top)];
    const [right, bottom] = [Math.min(sheet.width + SPARE, seen.right), Math.min(sheet.height + SPARE, seen.bottom)];
    const frame = { x: start, y: top, width: Math.max(0, right - start), height: Math.max(0, bottom - top) };
    for (const [name, value] of Object.entries(frame)) set(this.window, name, value.toFixed(1));
    toggle(this.mark, "gone", !mark);
    if (mark) for (const [name, value] of Object.entries({ cx: mark.x, cy: mark.y, r: 4 / scale })) set(this.mark, name, value.toFixed(1));
  }
}

/**
 * Whether a map in the lower left corner would lie on the box that is spoken of.
 * @param {Size} taken
 * @param {Size} room
 * @param {import("./sheets.js").Bounds} seen
 * @param {import("./sheets.js").Box} box
 */
function covers(taken, room, seen, { x, y, width, height }) {
  const scale = room.width / (seen.right - seen.left);
  return (x - width / 2 - seen.left) * scale < taken.width && (y + height / 2 - seen.top) * scale > room.height - taken.height;
}
