// Exercises: the list of them, the one that is open, what is said of an answer. What is tried and marked is in exercises.py.
import COURSE from "./course.json";
import { forget, keep, kept, known, learn } from "./store.js";

const by = (id) => document.getElementById(id);
// In the frame of an exercise, which runs no scripts, a picture is as wide as the frame. What is given allows itself no style but its own.
const ITS_POLICY = /<meta http-equiv="Content-Security-Policy"[^>]*>/i;
const IN_A_FRAME =
  "<style>body.tg-page .tg { padding: 0.6rem; } body.tg-page .tg svg { min-width: 0; width: 100%; height: auto; max-width: 44rem; }</style>";
const ADDRESS = /^#exercise=([\w-]+)$/;

/** The exercises on the page. `hands` are what they do to it: `word`, `language`, `write` a program, `check` it, have a sheet `set` or `marked`. */
export function exercises({ word, language, write, hands }) {
  let open; // what COURSE has of the open one

  const heading = (name) => word(`exercise.${name}.title`);
  const lessons = language === "en" ? "../learn/" : `../${language}/learn/`;
  const asked = () => [...by("exercise-answers").querySelectorAll("input")];

  function element(tag, text, properties = {}) {
    return Object.assign(document.createElement(tag), { textContent: text }, properties);
  }

  function list() {
    const items = COURSE.map(({ name }) => {
      const item = document.createElement("li");
      const link = element("a", heading(name), { href: `#exercise=${name}` });
      if (name === open?.name) link.setAttribute("aria-current", "true");
      item.append(link);
      if (known(name).done) item.append(" ", element("span", `✓ ${word("exercise.done")}`, { className: "done" }));
      return item;
    });
    by("course-list").replaceChildren(...items);
    const done = COURSE.filter(({ name }) => known(name).done).length;
    by("course-done").textContent = word("exercises.done", { done, count: COURSE.length });
  }

  /** Puts a program into the editor, with the place in sight where something is to be written, if that is still in it. */
  function begin(program) {
    const here = starting()
      .split("\n")
      .find((line) => line.includes(word("exercise.here")))
      ?.trim();
    write(program, here && program.includes(here) ? here : "");
  }

  function starting() {
    return open.start === null ? "from math import exp\n\n" : open.start.replace(/# \{([\w.]+)\}/g, (_, key) => `# ${word(key)}`);
  }

  /** Opens an exercise; an unknown name is none. */
  function enter(name) {
    const found = COURSE.find((each) => each.name === name);
    if (!found) return false;
    if (open?.name === name) return true;
    open = found;
    by("course").open = false;
    by("exercise").hidden = false;
    by("exercise-title").textContent = heading(name);
    by("exercise-task").textContent = word(`exercise.${name.replace(/^bug-[a-d]$/, "bug")}.task`);
    by("exercise-lesson").textContent = word("exercise.lesson", { number: open.lesson });
    by("exercise-lesson").href = `${lessons}${open.page}.html`;
    by("exercise-check").textContent = word(open.start === null ? "exercise.mark" : "exercise.check");
    by("exercise-numbers").hidden = open.start !== null;
    by("exercise-again").hidden = open.start === null;
    by("exercise-next").hidden = COURSE.indexOf(open) === COURSE.length - 1;
    by("exercise-said").replaceChildren();
    by("exercise-answers").replaceChildren();
    by("exercise-given").replaceChildren();
    by("exercise-given").hidden = open.start !== null;
    if (location.hash !== `#exercise=${name}`) history.pushState(null, "", `#exercise=${name}`);
    begin(known(name).program ?? starting());
    if (open.start === null) hands.set(name, known(name).seed);
    list();
    by("exercise-title").focus();
    return true;
  }

  function leave() {
    open = undefined;
    by("exercise").hidden = true;
    list();
  }

  /** Shows what is given, and a field for each quantity that is asked for. */
  function set({ given, asked: names, digits }) {
    const frame = element("iframe", "", { title: word("exercise.given"), srcdoc: given.replace(ITS_POLICY, "") + IN_A_FRAME });
    frame.setAttribute("sandbox", "allow-popups");
    by("exercise-given").replaceChildren(frame);
    const answers = known(open.name).answers;
    const fields = names.map((name, place) => {
      const label = element("label", `${name} = `, { htmlFor: `answer-${place}` });
      const field = element("input", "", { id: `answer-${place}`, name, type: "text", value: answers[name] ?? "", spellcheck: false });
      field.setAttribute("aria-describedby", "exercise-digits");
      field.addEventListener("input", () => learn(open.name, { answers: answersGiven() }));
      const row = document.createElement("p");
      row.append(label, field, element("span", "", { className: "mark", id: `mark-${place}` }));
      return row;
    });
    by("exercise-answers").replaceChildren(element("p", word("exercise.digits", { digits }), { id: "exercise-digits" }), ...fields);
  }

  function answersGiven() {
    return Object.fromEntries(asked().map((field) => [field.name, field.value]));
  }

  function solved() {
    learn(open.name, { done: true });
    list();
    return element("p", word("exercise.solved"), { className: "solved" });
  }

  /** Says what came of a program. `ran` is undefined if it was stopped. */
  function checked(ran) {
    const found = ran?.checked;
    if (!found) {
      by("exercise-said").replaceChildren(element("p", word(ran ? "exercise.error" : "exercise.stopped")));
    } else if (found.solved) {
      by("exercise-said").replaceChildren(solved());
    } else {
      const parts = [element("p", word(`exercise.${found.key}`, found.parts))];
      if (found.parts.code) parts.push(element("pre", found.parts.code));
      if (found.why) parts.push(element("p", word(`why.${found.why}`)));
      by("exercise-said").replaceChildren(...parts);
    }
  }

  /** Says what came of the answers. `found` is undefined if marking was stopped. */
  function marked(found) {
    if (!found) return by("exercise-said").replaceChildren(element("p", word("exercise.stopped")));
    const parts = [];
    for (const field of asked()) {
      const mark = found.marks.find(({ name }) => name === field.name);
      const blank = field.value.trim() === "";
      field.setAttribute("aria-invalid", String(!mark.ok && !blank));
      by(field.id.replace("answer", "mark")).textContent = blank ? "" : `${mark.ok ? "✓" : "✗"} ${mark.verdict}`;
      if (!blank) parts.push(element("li", [`${mark.name}: ${mark.verdict}`, mark.remark].filter(Boolean).join(word("exercise.remark"))));
    }
    const said = document.createElement("ul");
    said.append(...parts);
    const end = found.solved
      ? solved()
      : element("p", word("exercise.step", { name: found.next.name, how: found.next.how || found.next.name }));
    by("exercise-said").replaceChildren(said, end);
  }

  by("exercise-form").addEventListener("submit", (event) => {
    event.preventDefault();
    by("exercise-said").replaceChildren();
    if (open.start === null) hands.mark(open.name, known(open.name).seed, answersGiven());
    else hands.check();
  });
  by("exercise-again").addEventListener("click", () => {
    by("exercise-said").replaceChildren();
    begin(starting());
  });
  by("exercise-numbers").addEventListener("click", () => {
    learn(open.name, { seed: known(open.name).seed + 1, answers: {} });
    by("exercise-said").replaceChildren();
    hands.set(open.name, known(open.name).seed);
  });
  by("exercise-next").addEventListener("click", () => enter(COURSE[COURSE.indexOf(open) + 1].name));
  by("exercise-leave").addEventListener("click", () => {
    history.pushState(null, "", location.pathname + location.search);
    leave();
    hands.left();
  });
  by("course-forget").addEventListener("click", () => {
    if (confirm(word("exercises.forget.sure"))) forget();
    list();
  });
  list();

  return {
    enter,
    leave,
    set,
    checked,
    marked,
    name: () => open?.name,
    isProgram: () => open !== undefined && open.start !== null,
    keepProgram: (text) => (open ? learn(open.name, { program: text }) : keep("program", text)),
    own: () => kept("program"),
    linked: () => ADDRESS.exec(location.hash)?.[1],
    ready: (is) => (by("exercise-check").disabled = !is),
  };
}
