// What is kept in the browser. Where nothing can be kept, or what was kept is broken, all works, and is forgotten with the page.

const memory = new Map();

export function kept(key) {
  if (memory.has(key)) return memory.get(key); // the browser's is older
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keep(key, text) {
  try {
    localStorage.setItem(key, text);
    memory.delete(key);
  } catch {
    memory.set(key, text); // full, forbidden or missing
  }
}

const KEY = "exercises";

/** What is known of each exercise: whether it is `done`, its `program`, `seed` and `answers`. */
function progress() {
  try {
    const found = JSON.parse(kept(KEY) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

export function known(name) {
  const all = progress();
  const found = Object.hasOwn(all, name) && all[name] && typeof all[name] === "object" ? all[name] : {};
  return {
    done: found.done === true,
    program: typeof found.program === "string" ? found.program : undefined,
    seed: Number.isSafeInteger(found.seed) && found.seed > 0 ? found.seed : 1,
    answers: Object.fromEntries(Object.entries(found.answers ?? {}).filter(([, answer]) => typeof answer === "string")),
  };
}

export function learn(name, news) {
  keep(KEY, JSON.stringify({ ...progress(), [name]: { ...known(name), ...news } }));
}

export function forget() {
  keep(KEY, "{}");
}
