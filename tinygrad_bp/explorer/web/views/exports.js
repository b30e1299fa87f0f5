// The export panel: what is shown and computed, to keep or to hand on.

import { el, put } from "./elements.js";
import { filmOf } from "./film.js";
import { inSlices, pngOf, standalone, svgOf } from "./standalone.js";
import { counted } from "../model/numbers.js";
import { fileName, pageInState, roundsApart, runAsCsv, runAsJson } from "../model/tables.js";
import { text } from "../model/words.js";

const KEPT_MILLISECONDS = 10_000; // of a file until the browser has it

/**
 * @typedef {object} Desk
 * @property {() => Generator<unknown, SVGSVGElement>} drawing all of the diagram that is shown, part by part
 * @property {() => HTMLElement} stage where the diagram is
 * @property {() => string} title
 * @property {string} pristine the text of the page as it was loaded
 * @property {() => object} state
 * @property {() => string} link
 * @property {(words: string, said: string) => void} copy
 */

/**
 * @param {import("../model/session.js").Session} session
 * @param {Desk} desk
 * @returns {Panel}
 */
export function exportsView(session, desk) {
  const drawing = () => standalone(desk.drawing(), desk.stage(), desk.title());
  /** @type {Record<string, () => unknown>} */
  const actions = {
    svg: async () => save("svg", "image/svg+xml", svgOf(await drawing()), session.tab),
    film: async () => save("svg", "image/svg+xml", await filmOf(session, desk.stage(), desk.title()), text("exports.film.file")),
    png: async () => save("png", "image/png", await pngOf(await drawing()), session.tab),
    page: () => save("html", "text/html", pageInState(desk.pristine, desk.state())),
    json: () => save("json", "application/json", runAsJson(session, session.shown, desk.title())),
    csv: async () => save("csv", "text/csv", await inSlices(runAsCsv(session))),
    link: () =>
      location.protocol === "about:" ? session.notice(text("exports.noAddress")) : desk.copy(desk.link(), text("exports.copied")),
    print: () => printed() || session.notice(text("exports.noPrint")),
  };
  const offered = Object.keys(actions).filter(
    (name) => (name !== "film" || session.graph.network) && (name !== "csv" || session.graph.trains),
  );
  const rows = offered.map((name) => {
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
   * @param {BlobPart | BlobPart[]} content
   */
  function save(ending, type, content, what = "") {
    const url = URL.createObjectURL(new Blob([content].flat(), { type }));
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
