// Translations.  A language is a file in words/ and a line here.

/** `locale` decides how dates and numbers look if the browser names no country for the language. */
export const LANGUAGES = {
  en: { name: "English", short: "Eng", locale: "en-GB" },
  uk: { name: "Українська", short: "Укр", locale: "uk-UA" },
};
const STORAGE_KEY = "language";

let words = {};
let code = "en";
let plurals = new Intl.PluralRules(code);

/** The code of the language in use. */
export const language = () => code;

/** The language with the user's country, as in "en-US". */
export const locale = () => navigator.languages.find((tag) => tag.startsWith(`${code}-`)) ?? LANGUAGES[code].locale;

/** The language chosen on this device, or the first language of the browser that we speak. */
export function preferred() {
  const wanted = [localStorage.getItem(STORAGE_KEY), ...navigator.languages];
  const known = wanted.map((tag) => tag?.split("-")[0]).filter((tag) => tag in LANGUAGES);
  return known[0] ?? "en";
}

/** Load a language and switch to it. */
export async function use(wanted) {
  const response = await fetch(`words/${wanted}.json`);
  words = await response.json();
  code = wanted;
  plurals = new Intl.PluralRules(code);
  document.documentElement.lang = code;
}

/** Switch to a language and remember it on this device. */
export async function choose(wanted) {
  await use(wanted);
  localStorage.setItem(STORAGE_KEY, wanted);
}

/**
 * The text of a key, with its {placeholders} filled in.  If the text depends on a number, `count`
 * chooses among its plural forms (one, few, many, other) by the rules of the language.
 */
export function t(key, values = {}) {
  const entry = words[key] ?? key;
  const text = typeof entry === "string" ? entry : entry[plurals.select(values.count)];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Whether a key has a text. */
export const has = (key) => key in words;
