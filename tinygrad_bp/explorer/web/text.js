// All words of the page, in the language that was chosen. They come from the package's catalogues.

const TEXTS = JSON.parse(document.getElementById("texts").textContent);

export const LANGUAGES = Object.keys(TEXTS);
let language = LANGUAGES[0];

export function speak(wanted) {
  language = LANGUAGES.includes(wanted) ? wanted : LANGUAGES[0];
  document.documentElement.lang = language;
}

export function spoken() {
  return language;
}

// The words for a key, with {names} replaced by what is given for them.
export function text(key, given = {}) {
  const words = TEXTS[language][key] ?? TEXTS[LANGUAGES[0]][key];
  if (words === undefined) throw new Error(`there is no text ${key}`);
  return words.replace(/\{(\w+)\}/g, (mark, name) => (name in given ? String(given[name]) : mark));
}
