// The playground's page: the editor, what is said and shown. Python is in worker.js.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { python } from "@codemirror/lang-python";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { indentWithTab } from "@codemirror/commands";
import { tags } from "@lezer/highlight";
import { basicSetup, EditorView } from "codemirror";
import WORDS from "./words.json";
import EXAMPLES from "./examples.json";
import { exercises } from "./exercise.js";
import { packed, unpacked } from "./link.js";
import { keepLessons, readable } from "./lessons.js";
import { forgetPlace, showPicture } from "./picture.js";
import { isolated, typedBefore } from "./isolation.js";
import { wrapping } from "./wrapping.js";

const VIEWS = ["graph", "explain", "lesson", "output", "check", "page"];
const PAUSE = 450; // milliseconds without a key, after which the program runs
const PATIENCE = 1500; // milliseconds that an interrupted program has to end
const LONGER = 4000; // milliseconds that it has where it is only not wanted any more

const wanted = new URLSearchParams(location.search).get("lang");
const language = Object.hasOwn(WORDS, wanted) ? wanted : "en";
const word = (key, parts = {}) => WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => parts[name] ?? "");
const by = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");

let worker;
let interrupts;
let ready = false;
let count = 0; // of what the worker was asked; an answer to what is no longer wanted is dropped
let running = 0; // the number of the run that the worker is at, 0 if it is at none
let viewing = 0;
let waiting = false; // whether the program is to run again
let printed = "";
let chosen = "graph";
let timer;
let deadline;
let saidBefore = "";
let ran; // the program that the worker was given last
let failed = ""; // why Python is not here, if it could not be loaded

// What is said

function say(text) {
  by("status").textContent = text;
}

for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
document.documentElement.lang = language;
document.title = `tinygrad_bp: ${word("title")}`;
by("other").href = language === "en" ? "?lang=ja" : "?lang=en";
by("other").lang = language === "en" ? "ja" : "en";
by("docs").href = language === "en" ? "../index.html" : "../ja/index.html";
by("other").addEventListener("click", () => {
  course.keepProgram(program());
  by("other").href = by("other").getAttribute("href").split("#")[0] + (course.name() ? `#exercise=${course.name()}` : "");
});
say(word("loading.page"));

// The editor

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.bool, tags.null], color: "var(--keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--string)" },
  { tag: tags.number, color: "var(--number)" },
  { tag: tags.comment, color: "var(--comment)" },
  { tag: [tags.function(tags.variableName), tags.className, tags.definition(tags.variableName)], color: "var(--name)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--paper)", color: "var(--ink)", height: "100%" },
  ".cm-scroller": { font: "15px/1.5 ui-monospace, monospace", overflow: "auto" },
  ".cm-gutters": { backgroundColor: "var(--shade)", color: "var(--soft)", borderColor: "var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--shade) 70%, transparent)" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--link) 30%, transparent) !important",
  },
  ".cm-tooltip": { backgroundColor: "var(--shade)", color: "var(--ink)" },
});

const editor = new EditorView({
  parent: by("editor"),
  doc: "",
  extensions: [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (notice(), run(), true) }])),
    basicSetup,
    keymap.of([indentWithTab]),
    python(),
    syntaxHighlighting(colours),
    lintGutter(),
    look,
    wrapping,
    EditorView.contentAttributes.of({ "aria-label": word("program"), tabindex: "0" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) {
        notice();
        course.keepProgram(program());
        clearTimeout(timer);
        timer = setTimeout(run, PAUSE);
      }
    }),
  ],
});

function program() {
  return editor.state.doc.toString();
}

/** Writes a program into the editor. `place` is a text of it where the reader is to go on: the cursor is there, and it is in sight. */
function write(text, place = "") {
  forgetPlace();
  const at = Math.max(0, text.indexOf(place));
  editor.dispatch({
    changes: { from: 0, to: editor.state.doc.length, insert: text },
    selection: { anchor: at, head: at + (text.startsWith(place, at) ? place.length : 0) },
  });
  showCursor();
}

/** Scrolls the editor, and nothing around it, so that the cursor's line is in sight: once more when wrapped lines have the heights that they get. */
function showCursor(again = true) {
  editor.requestMeasure({
    read: () => {
      const { top, bottom } = editor.lineBlockAt(editor.state.selection.main.head);
      const { scrollTop, clientHeight } = editor.scrollDOM;
      return top < scrollTop || bottom > scrollTop + clientHeight ? (top + bottom - clientHeight) / 2 : undefined;
    },
    write: (place) => {
      if (place !== undefined) editor.scrollDOM.scrollTop = Math.max(0, place);
    },
  });
  if (again) requestAnimationFrame(() => showCursor(false));
}
new ResizeObserver(() => showCursor()).observe(by("editor")); // what is said above it takes room from it

// Exercises

let check = false; // whether the program is to be checked when it has run
let checking = 0; // the number of the run that is
let sheet; // what is to be set or marked, if something is
let viewed; // which of these the worker is at

const course = exercises({
  word,
  language,
  write,
  hands: {
    check: () => {
      check = true;
      run();
    },
    set: (name, seed) => wantSheet({ name, seed }),
    mark: (name, seed, answers) => wantSheet({ name, seed, answers }),
    left: () => write(course.own() ?? Object.values(EXAMPLES)[0]),
  },
});

function wantSheet(wanted) {
  sheet = wanted;
  if (interrupts && viewing) interrupts[0] = 2; // a view can be made afterwards
  show();
}

const OWN_FIRST = ["input", "async"]; // which Python says in words that help nobody here

function told(error) {
  if (OWN_FIRST.includes(error.why) && error.line) return word("error.first", { ...error, why: word(`limit.${error.why}`, error) });
  const said = word(error.line ? "error" : "error.elsewhere", error);
  return error.why ? `${said.replace(/[.。]$/, "")}${word("error.why")}${word(`limit.${error.why}`, error)}` : said;
}

/** What the status says of an error, which is told in full below the editor. */
function inShort(error) {
  return word(error.line ? "error.short" : "error.short.elsewhere", error);
}

/** Marks the line in which something is wrong, or none. */
function mark(error) {
  const marks = [];
  if (error?.line) {
    const line = editor.state.doc.line(Math.min(error.line, editor.state.doc.lines));
    const from = Math.min(line.from + Math.max(0, error.column - 1), line.to);
    marks.push({ from: error.column ? from : line.from, to: line.to, severity: "error", message: `${error.kind}: ${error.words}` });
  }
  editor.dispatch(setDiagnostics(editor.state, marks));
  by("error").textContent = error ? told(error) : "";
}

// Python

function start() {
  ready = false;
  running = viewing = 0;
  failed = "";
  interrupts = globalThis.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : undefined;
  worker = newWorker();
  worker.onmessage = ({ data }) => heard(data);
  worker.onerror = (event) => fail(event.message ?? "");
  worker.postMessage({ start: { interrupts, kept: Boolean(navigator.serviceWorker?.controller) } });
  buttons();
}

/** Python's worker. The policy that nothing goes elsewhere comes with its file from the service worker; where there is none, from this page. */
function newWorker() {
  const file = new URL("worker.js", import.meta.url).href;
  if (navigator.serviceWorker?.controller) return new Worker(file, { type: "module" });
  return new Worker(URL.createObjectURL(new Blob([`import ${JSON.stringify(file)};`], { type: "text/javascript" })), { type: "module" });
}

function fail(error) {
  end();
  ready = false;
  running = viewing = 0;
  failed = word("failed", { error: error || "worker.js" }); // of a file that is not there the browser says nothing
  saidBefore = "";
  say(failed);
  buttons();
  expect();
}

function restart(key) {
  end();
  mark(undefined);
  saidBefore = word(key);
  say(saidBefore);
  start();
}

/** Ends Python, and what is waited for. */
function end() {
  clearTimeout(deadline);
  worker.terminate();
  waiting = check = false;
  if (checking) course.checked(undefined);
  if (viewed) answeredSheet(undefined);
  checking = 0;
  viewed = undefined;
}

function buttons() {
  by("run").disabled = !ready;
  by("stop").disabled = !(ready && (running || viewing));
  course.ready(ready);
  by("progress").hidden = ready || Boolean(failed);
  by("retry").hidden = !failed;
  document.body.dataset.state = failed ? "failed" : !ready ? "loading" : running || viewing ? "running" : "ready";
  by("panel").setAttribute("aria-busy", String(Boolean(running || viewing) && !(chosen === "output" && printed)));
}

function heard(data) {
  if (data.say) say(`${saidBefore} ${word(data.say)}…`.trim());
  else if (data.failed) fail(data.failed);
  else if (data.ready) {
    ready = true;
    buttons();
    if (saidBefore && program() === ran) {
      say(`${saidBefore} ${word("ready")}.`);
      show();
    } else {
      say(word("ready"));
      run();
    }
    saidBefore = "";
    keepOffline();
  } else if (data.printed !== undefined) {
    if (data.id === running) {
      printed += data.printed;
      if (chosen === "output") show();
      buttons();
    }
  } else answered(data);
}

function answered(data) {
  if (data.id !== running && data.id !== viewing) return;
  clearTimeout(deadline);
  if (data.broken !== undefined) return restart(data.broken);
  if (data.id === running) {
    if (running === checking) course.checked(data.ran && !isStopped(data.ran) ? data.ran : undefined);
    running = checking = 0;
    if (data.ran) {
      mark(data.ran.error);
      const stopped = isStopped(data.ran);
      if (stopped) mark(undefined);
      say(
        stopped
          ? word("stopped")
          : data.ran.error
            ? inShort(data.ran.error)
            : data.ran.result
              ? word("done", data.ran)
              : word("done.nothing"),
      );
    } else say(word("stopped"));
    buttons();
    if (waiting) return run();
    show();
  } else {
    viewing = 0;
    buttons();
    if (viewed && (data.sheet || !waiting)) answeredSheet(data.sheet); // else it was interrupted for a run, after which it is asked for again
    viewed = undefined;
    if (waiting) return run();
    if (data.view === chosen && !sheet) put(data.shown);
    else show();
  }
}

/** What came of a sheet; `found` is undefined if that was stopped. */
function answeredSheet(found) {
  if (viewed === sheet) sheet = undefined;
  if (viewed.name !== course.name()) return;
  if (viewed.answers) course.marked(found);
  else if (found) course.set(found);
}

function isStopped(ran) {
  return ran.error?.kind === "KeyboardInterrupt";
}

function run() {
  clearTimeout(timer);
  if (!ready) return;
  if (running || viewing) {
    waiting = true;
    if (interrupts) interrupts[0] = 2; // the old program is not wanted any more
    clearTimeout(deadline);
    deadline = setTimeout(() => restart("ended"), LONGER);
    return;
  }
  waiting = false;
  printed = "";
  if (interrupts) interrupts[0] = 0;
  running = ++count;
  if (check) checking = running;
  ran = program();
  worker.postMessage({ id: running, run: ran, exercise: check ? course.name() : undefined, language });
  check = false;
  say(`${word("running")}…`);
  expect();
  buttons();
}

function stop() {
  clearTimeout(timer);
  waiting = check = false;
  if (!interrupts) return restart("ended");
  interrupts[0] = 2;
  clearTimeout(deadline);
  deadline = setTimeout(() => restart("ended"), PATIENCE);
}

// Views

function show() {
  const panel = by("panel");
  if (chosen === "output") {
    if (ready && !running) text(printed || word("nothing.printed"));
    else if (printed) text(printed);
    else expect();
    if (printed || (ready && !running)) panel.dataset.view = "output";
    if (!sheet) return;
  }
  if (!ready || running || viewing) return expect();
  if (interrupts) interrupts[0] = 0;
  viewing = ++count;
  viewed = sheet;
  worker.postMessage({ id: viewing, language, ...(sheet ? { sheet } : { view: chosen, dark: dark.matches }) });
  expect();
  buttons();
}

/** Where the panel has nothing of the chosen view, it says what that waits for; what it has of it stays until there is something newer. */
function expect() {
  if (by("panel").dataset.view === chosen) return;
  const key = !ready ? "loading.start" : !running ? "drawing" : chosen === "output" ? "running.output" : "running.view";
  text(failed || (key.startsWith("running.") ? word(key) : `${word(key)}…`), "p");
}

function text(content, tag = "pre") {
  const element = document.createElement(tag);
  element.textContent = content;
  by("panel").replaceChildren(element);
}

function frame(html, sandbox) {
  const element = document.createElement("iframe");
  element.title = word(`view.${chosen}`);
  element.setAttribute("sandbox", sandbox);
  element.srcdoc = html;
  by("panel").replaceChildren(element);
}

const ELEMENTS =
  "svg g a title desc defs linearGradient radialGradient stop path polygon polyline ellipse circle rect line text tspan".split(" ");
const ATTRIBUTES =
  `id class role x y x1 y1 x2 y2 dx dy cx cy r rx ry d points width height viewBox transform offset fill stroke opacity text-anchor
  preserveAspectRatio gradientUnits gradientTransform dominant-baseline text-decoration letter-spacing textLength lengthAdjust`.split(
    /\s+/,
  );
const FAMILIES = /^(aria|fill|stroke|font|stop)-[a-z-]+$/;

/** A picture as an element, of what a picture of the package is made of and nothing else: a program may have made it of anything. */
function drawn(svg) {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  for (const element of [...parsed.querySelectorAll("*")]) {
    if (element.namespaceURI !== "http://www.w3.org/2000/svg" || !ELEMENTS.includes(element.localName)) element.remove();
    for (const { name, value } of [...element.attributes]) {
      if (!(ATTRIBUTES.includes(name) || FAMILIES.test(name)) || /url\s*\((?!#picture-)/i.test(value.replace(/url\(#/g, "url(#picture-")))
        element.removeAttribute(name);
      else if (name === "id")
        element.id = `picture-${value}`; // no element of the page's is called so
      else element.setAttribute(name, value.replace(/url\(#/g, "url(#picture-"));
    }
  }
  return document.importNode(parsed.documentElement, true);
}

/** A page of a program's, whose scripts may run, in a frame that belongs to no site. */
function allowed(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const script of page.scripts) script.setAttribute("nonce", scriptNonce);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}

function put(shown) {
  if (!shown) return;
  if (shown.too_large) text(word("too_large", { count: shown.too_large }), "p");
  else if (shown.kind === "nothing") text(word(course.isProgram() ? "nothing.exercise" : "nothing"), "p");
  else if (shown.kind === "note") text(shown.content.endsWith(": -") ? word("no_value") : shown.content, "p");
  else if (shown.kind === "text") text(shown.content);
  else if (shown.kind === "page") frame(allowed(shown.content), "allow-scripts allow-downloads allow-popups");
  else if (shown.kind === "html") frame(shown.content, "allow-popups");
  else {
    showPicture(by("panel"), drawn(shown.content), word);
  }
  if (shown.left_out) {
    const note = document.createElement("p");
    note.textContent = word(shown.says ?? "left_out", { count: shown.left_out, there: shown.there });
    by("panel").prepend(note);
  }
  by("panel").dataset.view = chosen;
}

function choose(view, focus = false) {
  notice();
  chosen = view;
  for (const tab of by("tabs").children) {
    const here = tab.dataset.view === view;
    tab.setAttribute("aria-selected", String(here));
    tab.tabIndex = here ? 0 : -1;
    if (here) by("panel").setAttribute("aria-labelledby", tab.id);
    if (here && focus) tab.focus();
  }
  delete by("panel").dataset.view;
  show();
}

for (const view of VIEWS) {
  const tab = document.createElement("button");
  Object.assign(tab, { type: "button", id: `tab-${view}`, textContent: word(`view.${view}`) });
  tab.dataset.view = view;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", "panel");
  tab.addEventListener("click", () => choose(view));
  by("tabs").append(tab);
}
by("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) choose(VIEWS[(VIEWS.indexOf(chosen) + step + VIEWS.length) % VIEWS.length], true);
});

// Programs

for (const name of ["", ...Object.keys(EXAMPLES)]) {
  const option = document.createElement("option");
  option.value = name;
  option.textContent = word(name ? `example.${name}` : "examples.choose");
  by("examples").append(option);
}
by("examples").addEventListener("change", () => {
  const name = by("examples").value;
  by("examples").value = ""; // so that the same one can be chosen again
  if (!name) return;
  if (course.name()) history.pushState(null, "", location.pathname + location.search);
  course.leave();
  write(EXAMPLES[name]);
});
by("run").addEventListener("click", run);
by("stop").addEventListener("click", stop);
dark.addEventListener("change", show);

by("retry").addEventListener("click", () => {
  say(`${word("loading.start")}…`);
  start();
  expect();
  by("panel").focus(); // the button is gone
});

by("link").addEventListener("click", async () => {
  const shown = !course.name(); // else the address line has the exercise, which stays open
  try {
    const address = new URL(`#p=${await packed(program())}`, location.href).href;
    if (shown) history.replaceState(null, "", address);
    await navigator.clipboard.writeText(address).then(
      () => say(word("copied")),
      (error) => say(shown ? word("link.shown") : word("link.failed", { error: error.message })),
    );
  } catch (error) {
    say(word("link.failed", { error: error.message })); // of a program that is too long for an address
  }
});

/** Says something of the link that the page was opened with, until the reader does something. */
function notice(words = "") {
  by("notice").textContent = words;
  by("notice").hidden = !words;
}
addEventListener("click", ({ target }) => target.closest?.("button, a, summary") && notice());

const PROGRAM = "#p=";

/** The program of the address, if it has one that can be read. */
async function linked() {
  return location.hash.startsWith(PROGRAM) ? unpacked(location.hash.slice(PROGRAM.length)).catch(() => undefined) : undefined;
}

/** Says so where the address has a program, and it cannot be read. */
function noticeDamage(source) {
  if (source === undefined && location.hash.startsWith(PROGRAM)) notice(word("link.damaged"));
}

async function follow() {
  notice();
  if (course.enter(course.linked() ?? "")) return;
  const source = await linked();
  if (source !== undefined || course.name()) {
    course.leave();
    const own = source ?? course.own() ?? Object.values(EXAMPLES)[0];
    if (own !== program()) write(own);
  }
  noticeDamage(source);
}
addEventListener("hashchange", follow);
addEventListener("popstate", follow);

// Without a network

async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("service.js").catch(() => undefined); // which looks for a newer version
  if (!navigator.serviceWorker.controller) return;
  if (again && !document.body.dataset.offline && !running) say(`${by("status").textContent} ${word("offline")}`);
  document.body.dataset.offline = "ready";
  await keepLessons(language).catch(() => undefined); // no network
  document.body.dataset.lessons = "ready";
}

choose("graph");
buttons();
readable(by("exercise-lesson"));
if (!course.enter(course.linked() ?? "")) {
  const source = await linked();
  const typed = typedBefore();
  write(typed ?? source ?? course.own() ?? Object.values(EXAMPLES)[0]);
  if (typed === undefined) noticeDamage(source);
}
const first = program();
document.body.dataset.editor = "ready";
globalThis.playground = { program, write }; // for whoever opens the console
const again = await isolated(
  (part) => {
    by("progress").value = part;
    say(word("loading.part", { percent: Math.round(part * 100) }));
  },
  () => (program() === first ? undefined : program()),
);
by("progress").removeAttribute("value");
start();
