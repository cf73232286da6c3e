// What the page says, in the reader's language.  A language is a file in words/.

export const LANGUAGES = { en: "English", uk: "Українська" };
const PLAIN = { en: "en-GB", uk: "uk-UA" };
const KEPT = "language";

let words = {};
let code = "en";
let plurals = new Intl.PluralRules(code);

/** The code of the language in use. */
export const language = () => code;

/** The language with the reader's country, if the browser names one: it decides on dates. */
export const locale = () => navigator.languages.find((tag) => tag.startsWith(`${code}-`)) ?? PLAIN[code];

/** The language that was chosen here, or else the first that the browser asks for and we have. */
export function preferred() {
  const wanted = [localStorage.getItem(KEPT), ...navigator.languages];
  const known = wanted.map((tag) => tag?.split("-")[0]).filter((tag) => tag in LANGUAGES);
  return known[0] ?? "en";
}

/** Read the words of a language and use them from now on. */
export async function use(wanted) {
  const answer = await fetch(`words/${wanted}.json`);
  words = await answer.json();
  code = wanted;
  plurals = new Intl.PluralRules(code);
  document.documentElement.lang = code;
}

/** Use a language and remember it. */
export async function choose(wanted) {
  await use(wanted);
  localStorage.setItem(KEPT, wanted);
}

/**
 * The words for a key, with {names} filled in.  Words with a form for each number are chosen by
 * `count`.
 */
export function t(key, values = {}) {
  const entry = words[key] ?? key;
  const text = typeof entry === "string" ? entry : entry[plurals.select(values.count)];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Whether there are words for a key. */
export const has = (key) => key in words;
