// A round as one animated SVG, for slides: of each beat the picture of the network, the equation and its words, one after the other. It
// plays by itself in a browser, without a script; what does not play it shows the end.

import { elsewhere } from "../model/round.js";
import { sceneOf } from "../model/scenes.js";
import { el, svg } from "./elements.js";
import { networkView } from "./network.js";
import { backdrop, pause, standalone, svgOf } from "./standalone.js";

const PICTURE = { width: 1280, height: 520 };
const FILM_BELOW = 200; // for equation and words
const FILM_MARGIN = 40;
const FILM_LETTERS = 22; // size of the equation
const LINE = 32;
const LEAST_SECONDS = 2.5; // of a beat
const LETTER_SECONDS = 0.045; // more for each letter that is read
const FULL_WIDTH = /[\u2e80-\uffef]/; // letters as wide as high

/**
 * The text of the film, in pieces: of a large network it is long, so each shot is written out by itself.
 * @param {import("../model/session.js").Session} session of a network
 * @param {HTMLElement} home where style sheets find the picture
 * @param {string} title
 * @returns {Promise<string[]>}
 */
export async function filmOf(session, home, title) {
  const height = PICTURE.height + FILM_BELOW;
  const { plan } = session.shown;
  const { color, fontFamily } = getComputedStyle(home);
  const film = svg("svg", { viewBox: `0 0 ${PICTURE.width} ${height}`, width: PICTURE.width, height, "font-family": fontFamily });
  film.append(svg("title", {}, title), svg("rect", { width: PICTURE.width, height, fill: backdrop(home) }));
  const stage = elsewhere(session, { pace: "beat", mode: "values" });
  const picture = networkView(stage, { speed: () => 1, hold: () => {} });
  const shelf = el("div", { class: "shelf" }, picture.root); // where it stays: what looks the same from beat to beat is looked up once
  home.append(shelf);
  const shots = [];
  try {
    for (const [k, { to }] of plan.beats.entries()) {
      stage.view.step = to;
      const frame = stage.frame();
      const scene = sceneOf(stage, frame);
      await pause();
      picture.render(frame, scene, PICTURE);
      picture.finish();
      picture.root.querySelector(".chips")?.replaceChildren();
      await pause();
      const drawn = await standalone(only(picture.root), home, "");
      for (const each of drawn.querySelectorAll(":scope > title, :scope > rect")) each.remove();
      const words = wordsOf(stage, scene);
      const lines = words.flatMap(({ text, size }) => folded(text, size).map((line) => ({ line, size })));
      const told = lines.map(({ line, size }, n) =>
        svg("text", { x: FILM_MARGIN, y: PICTURE.height + FILM_MARGIN + n * LINE, "font-size": size }, line),
      );
      const done = svg("rect", { y: height - 6, width: (PICTURE.width * (k + 1)) / plan.beats.length, height: 6, fill: color });
      const letters = words.reduce((sum, { text }) => sum + text.length, 0);
      shots.push({ text: svgOf(svg("g", { fill: color }, drawn, told, done)), seconds: LEAST_SECONDS + LETTER_SECONDS * letters });
    }
  } finally {
    shelf.remove();
  }
  return [svgOf(film).replace(/<\/svg>$/, ""), ...played(shots), "</svg>"];
}

/**
 * @param {SVGSVGElement} root
 * @returns {Generator<void, SVGSVGElement>}
 */
// biome-ignore lint/correctness/useYield: a drawing that is there already
function* only(root) {
  return root;
}

/**
 * The equation and the sentence of a beat, as text.
 * @param {import("../model/session.js").Session} stage
 * @param {Scene} scene
 */
function wordsOf(stage, { left, rows, result, why }) {
  const plain = (/** @type {Piece[]} */ list) => {
    const shown = list.map((piece) => (stage.hidesPiece(piece) ? "?" : piece));
    return stage.notation.plain(shown).replaceAll("-", "−");
  };
  const parts = [left, ...rows, result].filter((part) => part.length).map(plain);
  return [
    { text: parts.join(" = "), size: FILM_LETTERS },
    { text: plain(why), size: 0.82 * FILM_LETTERS },
  ].filter(({ text }) => text !== "");
}

/**
 * Text in lines that have room: broken at a blank, or between letters as wide as high.
 * @param {string} text
 * @param {number} size
 */
function folded(text, size) {
  const most = (PICTURE.width - 2 * FILM_MARGIN) / size;
  const widthOf = (/** @type {string} */ words) => [...words].reduce((sum, letter) => sum + (FULL_WIDTH.test(letter) ? 1 : 0.58), 0);
  const lines = [""];
  for (const piece of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
    const last = lines.length - 1;
    if (lines[last] && widthOf(lines[last] + piece.trimEnd()) > most) lines.push(piece);
    else lines[last] += piece;
  }
  return lines.map((line) => line.trim());
}

/**
 * The shots, each seen in its time, again and again.
 * @param {{ text: string, seconds: number }[]} shots
 */
function played(shots) {
  const whole = shots.reduce((sum, { seconds }) => sum + seconds, 0);
  let begin = 0;
  return shots.map(({ text, seconds }, k) => {
    const [from, to] = [begin / whole, (begin + seconds) / whole].map((share) => share.toFixed(5));
    begin += seconds;
    const last = k === shots.length - 1;
    const values = [...(k ? ["none"] : []), "inline", ...(last ? [] : ["none"])];
    const times = ["0", ...(k ? [from] : []), ...(last ? [] : [to])];
    const seen = shots.length > 1 ? svgOf(animation(values, times, whole)) : "";
    return text.replace("<g", last ? "<g" : '<g display="none"').replace(">", `>${seen}`);
  });
}

/**
 * @param {string[]} values
 * @param {string[]} times
 * @param {number} seconds
 */
function animation(values, times, seconds) {
  const about = { attributeName: "display", calcMode: "discrete", dur: `${seconds.toFixed(2)}s`, repeatCount: "indefinite" };
  return svg("animate", { ...about, values: values.join(";"), keyTimes: times.join(";") });
}
