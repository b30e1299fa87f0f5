// A diagram as a file that looks the same by itself: what style sheets say of it is written into its attributes. It is made in slices, so
// that a page with a large graph goes on listening.

import { el, svg } from "./elements.js";
import { linesOf, pngFile } from "../model/png.js";
import { text } from "../model/words.js";

const SLICE = 24; // milliseconds between two pauses
const PNG_SCALE = 2;
const MOST_PIXELS = 48e6;
const PARTS_AT_ONCE = 200; // parts of a diagram in one image: of more, a browser is long at it
const BAND_PIXELS = 1e6; // drawn and packed before a pause
const LONGEST_SIDE = 16_000; // pixels, more than which browsers do not make
const NO_XML = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu; // letters that no file of XML may hold
const INHERITED = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "paint-order",
  "font-family",
  "font-size",
  "font-style",
  "font-weight",
  "text-anchor",
  "visibility",
];

/** @typedef {Record<string, string> | null} Look attributes; null of what is not seen */

/**
 * Goes through a generator in slices, with a pause after each, and returns what it returns.
 * @template T
 * @param {Generator<unknown, T>} work
 * @returns {Promise<T>}
 */
export async function inSlices(work) {
  for (;;) {
    const step = slice(work);
    if (step.done) return step.value;
    await pause();
  }
}

/**
 * Goes on with a generator for a while: what it yielded last, or what it returns.
 * @template Y, T
 * @param {Generator<Y, T>} work
 */
export function slice(work) {
  const end = performance.now() + SLICE;
  for (;;) {
    const step = work.next();
    if (step.done || performance.now() >= end) return step;
  }
}

/**
 * A diagram with its looks.
 * @param {Generator<unknown, SVGSVGElement>} drawing yields after each part, and returns all of it
 * @param {HTMLElement} home where style sheets find it as they find the diagram of the page
 * @param {string} title
 */
export async function standalone(drawing, home, title) {
  const original = await inSlices(drawing);
  const shelf = el("div", { class: "shelf" });
  const borrowed = original.parentElement === null;
  if (borrowed) {
    shelf.append(original);
    home.append(shelf);
  }
  try {
    return await inSlices(writtenParts(original, title));
  } finally {
    if (borrowed) shelf.remove();
  }
}

/**
 * @param {SVGSVGElement} original
 * @param {string} title
 * @returns {Generator<void, SVGSVGElement>}
 */
function* writtenParts(original, title) {
  const looks = new Map();
  const { width: across, height: down } = original.getBoundingClientRect();
  const box = original.getAttribute("viewBox") ?? `0 0 ${Math.round(across)} ${Math.round(down)}`;
  const [x, y, width, height] = box.split(" ");
  const copy = /** @type {SVGSVGElement} */ (original.cloneNode(false));
  dress(copy, lookOf(original, "", looks).look, true);
  for (const [name, value] of Object.entries({ viewBox: box, width, height })) copy.setAttribute(name, value);
  copy.append(svg("title", {}, title), svg("rect", { x, y, width, height, fill: backdrop(original) }));
  /** @type {[Element, Element, string][]} */
  const open = [[original, copy, ""]];
  while (open.length) {
    const [from, to, path] = /** @type {[Element, Element, string]} */ (open.pop());
    for (const child of from.childNodes) {
      if (!(child instanceof Element)) {
        to.append(child.cloneNode());
        continue;
      }
      const { look, key } = lookOf(child, path, looks);
      if (!look) continue;
      const made = /** @type {Element} */ (child.cloneNode(false));
      dress(made, look);
      to.append(made);
      open.push([child, made, key]);
    }
    yield;
  }
  return copy;
}

/**
 * The text of an SVG file, or of a part of one.
 * @param {Element} drawing
 */
export function svgOf(drawing) {
  return new XMLSerializer().serializeToString(drawing).replace(NO_XML, "\ufffd");
}

/**
 * A large drawing as several, which lie one on the other.
 * @param {SVGSVGElement} drawing
 */
function* sheetsOfGlass(drawing) {
  if (drawing.querySelectorAll("*").length < 4 * PARTS_AT_ONCE) {
    yield svgOf(drawing);
    return;
  }
  const layers = [...drawing.querySelectorAll(":scope > g > g")];
  const ground = /** @type {Element} */ (drawing.cloneNode(true));
  const bare = [...ground.querySelectorAll(":scope > g > g")];
  for (const layer of bare) layer.replaceChildren();
  for (const [k, layer] of layers.entries()) {
    const parts = [...layer.children];
    for (let from = 0; from < parts.length; from += PARTS_AT_ONCE) {
      bare[k].replaceChildren(...parts.slice(from, from + PARTS_AT_ONCE).map((part) => part.cloneNode(true)));
      yield svgOf(ground);
      ground.querySelector(":scope > rect")?.remove(); // only the first has a ground
    }
    bare[k].replaceChildren();
  }
}

/**
 * What style sheets say of an element. Of those alike, with all around them alike, it is asked once.
 * @param {Element} element
 * @param {string} path what tells its parent from others
 * @param {Map<string, Look>} looks
 */
function lookOf(element, path, looks) {
  const own = ["class", ...INHERITED].map((name) => element.getAttribute(name) ?? "").join(";");
  const key = `${path}/${element.localName}${own}`;
  if (!looks.has(key)) looks.set(key, askedLook(element, path === ""));
  return { key, look: looks.get(key) ?? null };
}

/**
 * @param {Element} element
 * @param {boolean} isRoot
 * @returns {Look}
 */
function askedLook(element, isRoot) {
  const style = getComputedStyle(element);
  if (style.display === "none") return null;
  const around = getComputedStyle(/** @type {Element} */ (element.parentElement));
  /** @type {Record<string, string>} */
  const found = {};
  for (const name of INHERITED) {
    const value = style.getPropertyValue(name);
    // Without units, and with nothing in the place of what is transparent: that every program reads.
    if (isRoot || value !== around.getPropertyValue(name)) {
      found[name] = value.replace(/(\d)px/g, "$1").replace("rgba(0, 0, 0, 0)", "none");
    }
  }
  if (style.opacity !== "1") found.opacity = style.opacity;
  return found;
}

/**
 * @param {Element} copy
 * @param {Look} look
 */
function dress(copy, look, isRoot = false) {
  for (const name of copy.getAttributeNames()) {
    if (/^(class|role|tabindex|style|(aria|data)-.*)$/.test(name) || (INHERITED.includes(name) && !isRoot)) copy.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(look ?? {})) copy.setAttribute(name, value);
}

/**
 * The colour that is seen behind an element.
 * @param {Element} element
 * @returns {string}
 */
export function backdrop(element) {
  const { backgroundColor } = getComputedStyle(element);
  return backgroundColor !== "rgba(0, 0, 0, 0)" || !element.parentElement ? backgroundColor : backdrop(element.parentElement);
}

/**
 * A picture of pixels, as many as a browser makes, at most twice the size: drawn and packed band by band.
 * @param {SVGSVGElement} drawing with its looks
 */
export async function pngOf(drawing) {
  const [width, height] = ["width", "height"].map((name) => Number(drawing.getAttribute(name)));
  const scale = Math.min(PNG_SCALE, Math.sqrt(MOST_PIXELS / (width * height)), LONGEST_SIDE / Math.max(width, height));
  const [across, down] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  const rows = Math.max(1, Math.floor(BAND_PIXELS / across));
  const context = el("canvas", { width: across, height: rows }).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error(text("exports.noCanvas"));
  /** @type {HTMLImageElement[]} */
  const images = [];
  try {
    for (const glass of sheetsOfGlass(drawing)) {
      const image = new Image();
      images.push(image);
      image.src = URL.createObjectURL(new Blob([glass], { type: "image/svg+xml" }));
      await image.decode();
      await pause();
    }
    const packer = new CompressionStream("deflate");
    const packed = new Response(packer.readable).arrayBuffer();
    const writer = packer.writable.getWriter();
    for (let top = 0; top < down; top += rows) {
      context.clearRect(0, 0, across, rows);
      for (const image of images) {
        context.drawImage(image, 0, -top, across, down);
        await pause();
      }
      const { data } = context.getImageData(0, 0, across, Math.min(rows, down - top));
      await pause();
      await writer.write(linesOf(data, across));
      await pause();
    }
    await writer.close();
    return pngFile(across, down, [new Uint8Array(await packed)]);
  } finally {
    for (const { src } of images) URL.revokeObjectURL(src);
  }
}

// Lets the page do what else there is to do.
export function pause() {
  return new Promise((goOn) => setTimeout(goOn));
}
