// Amounts, dates and times as the user's language and country write them.

import { locale } from "./i18n.js";

const MINUS = "\u2212";

/** "-1234.50" with the locale's separators.  It never becomes a float, so no digit is lost. */
export function amount(text) {
  const [, sign, whole, fraction] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const { group, decimal } = separators();
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  return `${sign && MINUS}${grouped}${fraction ? decimal + fraction : ""}`;
}

export const money = (text, currency) => `${amount(text)}\u00a0${currency}`;

/** A rate without trailing zeros after the cents: "37.7350" is 37.735. */
export const rate = (text) => amount(text.replace(/(\.\d\d\d*?)0+$/, "$1"));

/** A fraction with six decimals as a percentage: "0.075000" is 7.5 %. */
export function percent(fraction) {
  const digits = fraction.replace(".", "").replace(/^0+(?=\d{5})/, "");
  const text = `${digits.slice(0, -4)}.${digits.slice(-4)}`.replace(/\.?0+$/, "");
  return `${amount(text)}\u00a0%`;
}

export const count = (number) => new Intl.NumberFormat(locale()).format(number);

export const kilobytes = (bytes) =>
  new Intl.NumberFormat(locale(), { style: "unit", unit: "kilobyte" }).format(Math.ceil(bytes / 1000));

/** "2026-10" as October 2026, as it reads within a sentence: Ukrainian has no capital there. */
export const month = (text) => inUtc(`${text}-01`, { month: "long", year: "numeric" });

/** "2026-10" as October 2026, standing alone: in a heading, a cell or a label. */
export function monthTitle(text) {
  const name = month(text);
  return name.charAt(0).toLocaleUpperCase(locale()) + name.slice(1);
}

export const shortMonth = (text) => inUtc(`${text}-01`, { month: "short" });

export const day = (text) => inUtc(text, { dateStyle: "medium" });

export const weekday = (text) => inUtc(text, { weekday: "short", day: "numeric", month: "short" });

/** A date and time, in the browser's time zone. */
export const moment = (text) => written(new Date(text), { dateStyle: "medium", timeStyle: "short" });

/** The month that comes `months` after another. */
export function monthAfter(text, months) {
  const [year, number] = text.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months)).toISOString().slice(0, 7);
}

const inUtc = (day, styles) => written(new Date(`${day}T00:00:00Z`), { ...styles, timeZone: "UTC" });

/** A date, with no line break between a Ukrainian year and its "р.". */
const written = (date, styles) =>
  new Intl.DateTimeFormat(locale(), styles).format(date).replace(/\s(?=р\.)/, "\u00a0");

function separators() {
  const parts = new Intl.NumberFormat(locale()).formatToParts(123456.7);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}
