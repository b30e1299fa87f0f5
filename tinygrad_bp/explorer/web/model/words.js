// All words of the page, in the language that was chosen. They come from the package's catalogues.

/** @type {Record<string, Record<string, string>>} */
let texts = {};
let language = "en";

/** @param {Record<string, string[]>} given by language, in the order of the keys */
export function loadTexts({ keys, ...given }) {
  const table = (/** @type {string[]} */ list) => Object.fromEntries(list.map((words, k) => [keys[k], words]));
  texts = Object.fromEntries(Object.entries(given).map(([each, list]) => [each, table(list)]));
}

export function languages() {
  return Object.keys(texts);
}

/** @param {string | undefined} wanted */
export function speak(wanted) {
  language = wanted !== undefined && Object.hasOwn(texts, wanted) ? wanted : languages()[0];
}

export function spoken() {
  return language;
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A name so that its letters, if they run from right to left, do not reorder what stands beside it.
 * @param {string} name
 */
export function isolated(name) {
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
}

/**
 * The words for a key, with {names} replaced by what is given for them.
 * @param {string} key
 * @param {Record<string, string | number>} given
 */
export function text(key, given = {}) {
  const words = texts[language]?.[key];
  if (words === undefined) throw new Error(`there is no text ${key}`);
  return words.replace(/\{(\w+)\}/g, (mark, name) => (name in given ? isolated(String(given[name])) : mark));
}

/**
 * A sentence as pieces of a formula: what is given for its {names} are lists of pieces.
 * @param {string} key
 * @param {Record<string, Piece[]>} given
 * @returns {Piece[]}
 */
export function sentence(key, given = {}) {
  return text(key)
    .split(/(\{\w+\})/)
    .filter((part) => part !== "")
    .flatMap((part) => {
      const mark = /^\{(\w+)\}$/.exec(part);
      return mark ? (given[mark[1]] ?? [part]) : [part];
    });
}
