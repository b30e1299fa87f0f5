// Where the page begins: what the file holds, and the language of who reads it.

import { firstTrouble } from "../model/graph.js";
import { Session } from "../model/session.js";
import { explained } from "../model/speech.js";
import { languages, loadTexts, speak, text } from "../model/words.js";
import { Page } from "./page.js";

/** @param {string} id */
function held(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}

const pristine = `<!doctype html>\n${document.documentElement.outerHTML}`;
loadTexts(held("texts"));
const description = /** @type {Description} */ (held("description"));
speak(description.language ?? (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => languages().includes(tag)));
const session = new Session(description, PROGRAMS);
const page = new Page(session, pristine);
const infinite = session.fresh() ? firstTrouble(session.graph, session.shown) : null;
if (infinite && !page.greeted) session.notice(text("trouble.start", { why: explained(session, { ...infinite, round: 0 }) }));
