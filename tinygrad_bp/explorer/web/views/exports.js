// The export panel: what is shown and computed, to keep or to hand on.

import { el, put, svg } from "./elements.js";
import { counted } from "../model/numbers.js";
import { fileName, pageInState, roundsApart, runAsCsv, runAsJson } from "../model/tables.js";
import { text } from "../model/words.js";

const PNG_SCALE = 2;
const KEPT_MILLISECONDS = 10_000; // of a file until the browser has it
const INHERITED = [
  "fill",
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

/**
 * A diagram as a file that looks the same by itself: what style sheets say of it is written into its attributes.
 * @param {SVGSVGElement} diagram
 * @param {string} title
 */
function standaloneSvg(diagram, title) {
  const copy = /** @type {SVGSVGElement} */ (diagram.cloneNode(true));
  const originals = [diagram, ...diagram.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, k) => inlineStyle(original, copies[k], k === 0));
  const { width: across, height: down } = diagram.getBoundingClientRect();
  const box = diagram.getAttribute("viewBox") ?? `0 0 ${Math.round(across)} ${Math.round(down)}`;
  const [x, y, width, height] = box.split(" ");
  for (const [name, value] of Object.entries({ viewBox: box, width, height })) copy.setAttribute(name, value);
  const name = title.replace(/[\p{Cc}\p{Cs}\p{Cn}]/gu, "\ufffd"); // of what no XML holds
  copy.prepend(svg("title", {}, name), svg("rect", { x, y, width, height, fill: backdrop(diagram) }));
  return new XMLSerializer().serializeToString(copy);
}

/**
 * @param {Element} original
 * @param {Element} copy
 * @param {boolean} isRoot
 */
function inlineStyle(original, copy, isRoot) {
  const style = getComputedStyle(original);
  if (style.display === "none") {
    copy.remove();
    return;
  }
  const around = getComputedStyle(/** @type {Element} */ (original.parentElement));
  for (const name of copy.getAttributeNames()) if (/^(class|role|tabindex|(aria|data)-.*)$/.test(name)) copy.removeAttribute(name);
  for (const name of INHERITED) {
    const value = style.getPropertyValue(name);
    // Without units, and with nothing in the place of what is transparent: that every program reads.
    if (isRoot || value !== around.getPropertyValue(name)) {
      copy.setAttribute(name, value.replace(/(\d)px/g, "$1").replace("rgba(0, 0, 0, 0)", "none"));
    } else copy.removeAttribute(name);
  }
  if (style.opacity !== "1") copy.setAttribute("opacity", style.opacity);
}

/**
 * The colour that is seen behind an element.
 * @param {Element} element
 * @returns {string}
 */
function backdrop(element) {
  const { backgroundColor } = getComputedStyle(element);
  return backgroundColor !== "rgba(0, 0, 0, 0)" || !element.parentElement ? backgroundColor : backdrop(element.parentElement);
}

/** @param {string} drawing */
async function pngOf(drawing) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  await image.decode();
  const canvas = el("canvas", { width: image.width * PNG_SCALE, height: image.height * PNG_SCALE });
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  /** @type {Blob | null} */
  const made = await new Promise((done) => canvas.toBlob(done, "image/png"));
  if (!made) throw new Error(text("exports.noCanvas"));
  return made;
}

/**
 * @typedef {object} Desk
 * @property {() => SVGSVGElement} diagram
 * @property {() => string} title
 * @property {string} pristine the text of the page as it was loaded
 * @property {() => object} state
 * @property {() => string} link
 * @property {(words: string, said: string) => void} copy
 */

/**
 * @param {Pick<import("../model/session.js").Session, "graph" | "notation" | "training" | "shown" | "tab" | "notice">} session
 * @param {Desk} desk
 * @returns {Panel}
 */
export function exportsView(session, desk) {
  const drawing = () => standaloneSvg(desk.diagram(), desk.title());
  /** @type {Record<string, () => unknown>} */
  const actions = {
    svg: () => save("svg", "image/svg+xml", drawing(), session.tab),
    png: async () => save("png", "image/png", await pngOf(drawing()), session.tab),
    page: () => save("html", "text/html", pageInState(desk.pristine, desk.state())),
    json: () => save("json", "application/json", runAsJson(session, session.shown, desk.title())),
    csv: () => save("csv", "text/csv", runAsCsv(session)),
    link: () =>
      location.protocol === "about:" ? session.notice(text("exports.noAddress")) : desk.copy(desk.link(), text("exports.copied")),
    print: () => printed() || session.notice(text("exports.noPrint")),
  };
  const rows = Object.keys(actions).map((name) => {
    const about = el("span", { class: "quiet", id: `exports-${name}` }, text(`exports.${name}.about`));
    const described = { "aria-describedby": about.id, onclick: () => run(name) };
    const button = el("button", { class: "button", type: "button", ...described }, text(`exports.${name}`));
    return { name, about, button };
  });
  const table = rows.find(({ name }) => name === "csv")?.about;
  const root = el(
    "section",
    { class: "exports" },
    el("h2", {}, text("panel.export")),
    el("p", { class: "quiet" }, text("exports.lead")),
    el(
      "div",
      { class: "exports-list" },
      rows.map(({ about, button }) => [button, about]),
    ),
  );

  /** @param {string} name */
  async function run(name) {
    try {
      await actions[name]();
    } catch (error) {
      session.notice(text("exports.failed", { why: /** @type {Error} */ (error).message }));
    }
  }

  /**
   * @param {string} ending
   * @param {string} type
   * @param {BlobPart} content
   */
  function save(ending, type, content, what = "") {
    const url = URL.createObjectURL(new Blob([content], { type }));
    const download = fileName(`${desk.title()} ${what}`, ending);
    el("a", { href: url, download }).click();
    setTimeout(() => URL.revokeObjectURL(url), KEPT_MILLISECONDS);
    session.notice(text("exports.saved", { file: download }));
  }

  // Prints, and says whether the browser did: it does not listen to a sandboxed frame.
  function printed() {
    let heard = window === top;
    const hear = () => {
      heard = true;
    };
    addEventListener("beforeprint", hear);
    print();
    removeEventListener("beforeprint", hear);
    return heard;
  }

  function render() {
    const step = roundsApart(session.training);
    const given = { step: counted(step), rounds: counted(session.training.rounds) };
    if (table) put(table, text(step === 1 ? "exports.csv.about" : "exports.csv.some", given));
  }

  return { root, render };
}
