// The export panel: what is shown and computed, to keep or to hand on.

import { el, put, svg } from "./svg.js";
import { counted, exactly } from "./numbers.js";
import { text } from "./text.js";

const MOST_LINES = 10_001; // of a table, below its heading
const LONGEST_FILE_NAME = 60;
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

// A diagram as a file that looks the same by itself: what style sheets say of it is written into its attributes.
export function standaloneSvg(diagram, title) {
  const copy = diagram.cloneNode(true);
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

function inlineStyle(original, copy, isRoot) {
  const style = getComputedStyle(original);
  if (style.display === "none") {
    copy.remove();
    return;
  }
  const around = getComputedStyle(original.parentElement);
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

// The colour that is seen behind an element.
function backdrop(element) {
  const { backgroundColor } = getComputedStyle(element);
  return backgroundColor !== "rgba(0, 0, 0, 0)" || !element.parentElement ? backgroundColor : backdrop(element.parentElement);
}

async function pngOf(drawing) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  await image.decode();
  const canvas = el("canvas", { width: image.width * PNG_SCALE, height: image.height * PNG_SCALE });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((done) => canvas.toBlob(done, "image/png"));
  if (!made) throw new Error(text("exports.noCanvas"));
  return made;
}

// The text of a page that opens in a state. No sign in it can end the element that holds the state.
export function pageInState(pristine, state) {
  const json = JSON.stringify(state).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return pristine.replace(/(<script type="application\/json" id="state">)[^<]*/, (_, opening) => opening + json);
}

// All numbers at a place of the training, by the names of their nodes.
export function runAsJson({ title, graph, notation, training }, frame) {
  const byName = (pairs) => Object.fromEntries(pairs.map(([id, x]) => [notation.name(id), x]));
  const numbers = (ids, from) => byName(ids.map((id) => [id, from[id]]));
  const named = ({ cases, ...settings }) => ({ ...settings, ...(cases && { cases: cases.map(byName) }) });
  const run = {
    title,
    names: graph.variables.map((id) => notation.name(id)),
    settings: named(frame.settings),
    events: training.events.map(({ settings, leaves, ...event }) => ({
      ...event,
      ...(settings && { settings: named(settings) }),
      ...(leaves && { leaves: byName(leaves) }),
    })),
    round: frame.round,
    row: frame.row,
    leaves: numbers(graph.leaves, frame.data),
    data: numbers(graph.variables, frame.data),
    gradients: numbers(graph.variables, frame.grads),
    derivatives: graph.edges.map(({ head, tail, index }) => ({
      of: notation.name(head),
      by: notation.name(tail),
      value: frame.slopes[index],
    })),
    errors: training.errors,
  };
  // JSON has no infinity and no NaN: they are written as words.
  return JSON.stringify(run, (_, x) => (typeof x === "number" && !Number.isFinite(x) ? exactly(x) : x), 1);
}

// Every how many rounds a table has a line: such that the states of the training need not be computed anew.
export function roundsApart({ rounds, stride }) {
  return stride * Math.ceil(Math.max(1, rounds) / (stride * (MOST_LINES - 1)));
}

// The training as a table, a line for a round.
export function runAsCsv({ graph, notation, training }) {
  const lines = [["round", "error", ...graph.parameters.map((id) => labelField(notation.name(id)))]];
  const step = roundsApart(training);
  for (let round = 0; round <= training.rounds; round += step) {
    const { leaves } = training.at(round);
    lines.push([round, ...[training.errors[round], ...graph.parameters.map((id) => leaves[id])].map(exactly)]);
  }
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

// A label as a field of RFC 4180. Of one that begins as a formula does, a spreadsheet would compute the value.
function labelField(label) {
  const safe = /^[=+\-@\t\r]/.test(label) ? `'${label}` : label;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// A file name of letters, digits and hyphens.
export function fileName(title, ending) {
  const plain = title.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-");
  return `${
    [...plain]
      .slice(0, LONGEST_FILE_NAME)
      .join("")
      .replace(/^-+|-+$/g, "") || "page"
  }.${ending}`;
}

export function exportsView(app) {
  const drawing = () => standaloneSvg(app.diagram(), app.title);
  const actions = {
    svg: () => save("svg", "image/svg+xml", drawing(), app.shownTab),
    png: async () => save("png", "image/png", await pngOf(drawing()), app.shownTab),
    page: () => save("html", "text/html", pageInState(app.pristine, app.state())),
    json: () => save("json", "application/json", runAsJson(app, app.frame)),
    csv: () => save("csv", "text/csv", runAsCsv(app)),
    link: () => (location.protocol === "about:" ? app.notice(text("exports.noAddress")) : app.copy(app.link(), text("exports.copied"))),
    print: () => printed() || app.notice(text("exports.noPrint")),
  };
  const rows = Object.keys(actions).map((name) => {
    const about = el("span", { class: "quiet", id: `exports-${name}` }, text(`exports.${name}.about`));
    const described = { "aria-describedby": about.id, onclick: () => run(name) };
    const button = el("button", { class: "button", type: "button", ...described }, text(`exports.${name}`));
    return { name, about, button };
  });
  const table = rows.find(({ name }) => name === "csv").about;
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

  async function run(name) {
    try {
      await actions[name]();
    } catch (error) {
      app.notice(text("exports.failed", { why: error.message }));
    }
  }

  function save(ending, type, content, what = "") {
    const url = URL.createObjectURL(new Blob([content], { type }));
    const download = fileName(`${app.title} ${what}`, ending);
    el("a", { href: url, download }).click();
    setTimeout(() => URL.revokeObjectURL(url), KEPT_MILLISECONDS);
    app.notice(text("exports.saved", { file: download }));
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
    const step = roundsApart(app.training);
    const given = { step: counted(step), rounds: counted(app.training.rounds) };
    put(table, text(step === 1 ? "exports.csv.about" : "exports.csv.some", given));
  }

  return { root, render };
}
