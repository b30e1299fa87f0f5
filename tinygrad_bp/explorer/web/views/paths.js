// The path lens: every way from a parameter to the result, with its share of the derivative.

import { el, fillIn, put, set, toggle } from "./elements.js";
import { counted, exactly, signed, written } from "../model/numbers.js";
import { nameElement, piecesElements } from "./pieces.js";
import { text } from "../model/words.js";
import { FINER_DIGITS } from "./items.js";

const MOST_SHARE = 20; // of a whole from which terms nearly cancel, no part makes sense

/** @typedef {Pick<import("../model/session.js").Session, "graph" | "notation" | "view" | "set" | "hides" | "hidesSlope" | "pointAt">} Walker */

/**
 * @param {Walker} session
 * @returns {Panel}
 */
export function pathsView(session) {
  const { graph, notation } = session;
  const option = (/** @type {number} */ id) => el("option", { value: id }, notation.name(id));
  const others = el("optgroup", { label: text("paths.others") });
  const choice = el(
    "select",
    { onchange: () => session.set({ lens: Number(choice.value) }) },
    el("optgroup", { label: text(graph.trains ? "paths.parameters" : "edit.numbers") }, graph.parameters.map(option)),
  );
  const symbol = el("span", {});
  const total = el("data", {});
  const count = el("span", { class: "quiet" });
  const list = el("ol", { class: "paths-list" });
  const summary = el("p", { class: "paths-summary" });
  const note = el("p", { class: "paths-note" }, text("formula.sequential"));
  const root = el(
    "section",
    { class: "paths" },
    el("h2", {}, text("paths.title")),
    el("p", { class: "quiet small" }, text("paths.intro")),
    el("label", { class: "paths-choice" }, text("paths.from"), choice),
    el("p", { class: "paths-total" }, symbol, " = ", total, count),
    list,
    summary,
    note,
  );

  /** @type {number | null} */
  let shownFrom = null;
  /** @type {{ count: bigint, paths: Edge[][] }} */
  let ways = { count: 0n, paths: [] };
  /** @type {ReturnType<typeof rowOf>[]} */
  let rows = [];

  /**
   * Beside the parameters, the nodes that are looked at.
   * @param {number} from
   */
  function offer(from) {
    const seen = [from, session.view.selected].filter((id) => id !== null);
    const extra = [...new Set(seen)].filter((id) => graph.variables.includes(id) && !graph.parameters.includes(id));
    if (extra.join() !== [...others.children].map((each) => /** @type {HTMLOptionElement} */ (each).value).join()) {
      others.replaceChildren(...extra.map(option));
      if (extra.length) choice.append(others);
      else others.remove();
    }
    fillIn(choice, from);
  }

  /**
   * @param {Edge[][]} paths
   * @param {number} from
   */
  function arrange(paths, from) {
    const before = new Map(rows.map((row) => [row.key, row]));
    rows = paths.map((path) => before.get(keyOf(path)) ?? rowOf(session, path, from));
    list.replaceChildren(...rows.map(({ element }) => element));
  }

  /**
   * @param {Edge[]} edges
   * @param {ArrayLike<number>} slopes
   */
  function factorWords(edges, slopes) {
    if (edges.some(({ tail, head }) => session.hidesSlope(tail, head))) return "?";
    return written(
      edges.reduce((product, edge) => product * slopes[edge.index], 1),
      FINER_DIGITS,
    );
  }

  /** @param {Frame} frame */
  function render(frame) {
    const { slopes } = frame;
    const from = session.view.lens ?? graph.parameters[0];
    offer(from);
    // The list keeps its order while someone points at one of its paths.
    if (from !== shownFrom || !list.matches(":hover, :focus-within")) {
      ways = graph.paths(slopes, from);
      if (from !== shownFrom) {
        shownFrom = from;
        rows = [];
        symbol.replaceChildren(...piecesElements(notation, [{ of: graph.result, by: from, whole: 1 }]));
        put(count, text(ways.count === 1n ? "paths.one" : "paths.count", { count: counted(ways.count) }));
      }
      if (ways.paths.length !== rows.length || ways.paths.some((path, k) => keyOf(path) !== rows[k].key)) arrange(ways.paths, from);
    }
    write(frame, from);
  }

  /**
   * @param {Frame} frame
   * @param {number} from
   */
  function write({ slopes, settings, isDone }, from) {
    const come = isDone("backward", from); // a round that is gone through tells no derivative before its beat
    const hidden = !come || session.hides(from, "grad");
    const secret = come ? "?" : "·";
    const shown = (/** @type {number} */ x) => (hidden ? secret : written(x));
    const whole = graph.derivative(slopes, graph.result, from);
    const products = rows.map(({ path }) => path.reduce((product, edge) => product * slopes[edge.index], 1));
    const found = sharesOf(products, whole);
    const shares = hidden ? products.map(() => null) : found.shares;
    const known = shares.filter((share) => share !== null);
    const least = Math.min(0, ...known);
    const most = Math.max(0, ...known);
    const width = most - least || 1;
    rows.forEach((row, k) => {
      for (const { number, edges } of row.factors) put(number, come ? factorWords(edges, slopes) : secret);
      put(row.product, shown(products[k]));
      drawShare(row, shares[k], products[k] < 0, least, width);
    });
    put(total, come ? shown(whole) : text("neurons.pending"));
    set(total, "title", hidden ? "" : exactly(whole));
    put(summary, come ? summarized(found, products.length, ways.count, hidden) : "");
    note.hidden = !settings.sequential;
  }

  return { root, render };
}

/**
 * Which part of the whole each of the listed paths is, and all of them are together: null where the whole is 0, or paths nearly cancel.
 * @param {number[]} products
 * @param {number} whole
 * @returns {{ sum: number, shares: (number | null)[], share: number | null, cancels: boolean }}
 */
export function sharesOf(products, whole) {
  const sum = products.reduce((a, b) => a + b, 0);
  const cancels = [sum, ...products].some((x) => Math.abs(x) > MOST_SHARE * Math.abs(whole));
  const part = (/** @type {number} */ x) => (cancels || whole === 0 ? null : x / whole);
  return { sum, shares: products.map(part), share: part(sum), cancels };
}

/**
 * What is said below the paths.
 * @param {ReturnType<typeof sharesOf>} found
 * @param {number} listed
 * @param {bigint} count
 * @param {boolean} hidden
 */
function summarized({ sum, share, cancels }, listed, count, hidden) {
  const kind = extent(listed, count);
  const key = kind === "most" && !hidden && share === null ? "listed" : kind;
  const given = { sum: hidden ? "?" : written(sum), share: hidden ? "?" : `${written(100 * (share ?? 0), 1)} %` };
  const words = text(`paths.${key}`, { listed: counted(listed), count: counted(count), ...given });
  return cancels && !hidden ? `${words} ${text("paths.cancel")}` : words;
}

/**
 * Which words say how many of the paths are listed.
 * @param {number} listed
 * @param {bigint} count
 */
function extent(listed, count) {
  if (BigInt(listed) < count) return "most";
  return listed === 1 ? "only" : "all";
}

/**
 * The part of the whole that a path is, as a number and as a bar: in the colour of the sign that is shown.
 * @param {ReturnType<typeof rowOf>} row
 * @param {number | null} share
 * @param {boolean} negative
 * @param {number} least
 * @param {number} width
 */
function drawShare(row, share, negative, least, width) {
  put(row.share, share === null ? "" : `${signed(100 * share, 1)} %`);
  const begin = Math.min(0, share ?? 0);
  row.zero.style.left = `${(100 * -least) / width}%`;
  row.bar.style.left = `${(100 * (begin - least)) / width}%`;
  row.bar.style.width = `${(100 * Math.abs(share ?? 0)) / width}%`;
  toggle(row.bar, "negative", negative);
}

/** @param {Edge[]} path */
function keyOf(path) {
  return path.map((edge) => edge.index).join();
}

/**
 * A path in the list: from the result down, by way of the nodes that have a label, each with the derivative by it of the one before.
 * @param {Walker} session
 * @param {Edge[]} path
 * @param {number} from
 */
function rowOf(session, path, from) {
  const { graph, notation } = session;
  /** @type {{ id: number, edges: Edge[], number: HTMLElement }[]} */
  const factors = [];
  /** @type {Edge[]} */
  let edges = [];
  for (const edge of [...path].reverse()) {
    edges.push(edge);
    if (edge.tail !== from && !graph.nodes[edge.tail].label) continue;
    factors.push({ id: edge.tail, edges, number: el("span", { class: "paths-factor" }) });
    edges = [];
  }
  const product = el("span", { class: "paths-product" });
  const share = el("span", { class: "paths-share" });
  const zero = el("span", { class: "paths-zero" });
  const bar = el("span", { class: "paths-bar" });
  const lit = new Set(path.map((edge) => edge.index));
  const light = () => session.pointAt(lit, new Set([from]));
  const dark = () => session.pointAt(null);
  // Where a chain goes on in another line, its arrow ends this one.
  const chain = [graph.result, ...factors.map(({ id }) => id)].map((id, k) => {
    const link = factors[k] && el("span", { class: "paths-link" }, factors[k].number, el("span", { class: "paths-arrow" }, "←"));
    return el("span", { class: "paths-station" }, nameElement(notation.name(id)), link);
  });
  const events = { onpointerenter: light, onfocus: light, onpointerleave: dark, onblur: dark };
  const element = el(
    "li",
    {},
    el(
      "button",
      { class: "paths-path", type: "button", ...events },
      el("span", { class: "paths-chain" }, chain),
      el("span", { class: "paths-amount" }, product, el("span", { class: "paths-scale", "aria-hidden": "true" }, zero, bar), share),
    ),
  );
  return { key: keyOf(path), path, factors, product, share, zero, bar, element };
}
