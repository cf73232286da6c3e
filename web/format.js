// Amounts, days and moments as the reader's language writes them.

import { locale } from "./i18n.js";

const MINUS = "\u2212";

/** "-1234.50" with the language's marks, every digit kept. */
export function amount(text) {
  const [, sign, whole, fraction] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const { group, decimal } = marks();
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  return `${sign && MINUS}${grouped}${fraction ? decimal + fraction : ""}`;
}

export const money = (text, currency) => `${amount(text)}\u00a0${currency}`;

/** A rate without the zeros after its cents: "37.7350" is 37.735. */
export const rate = (text) => amount(text.replace(/(\.\d\d\d*?)0+$/, "$1"));

/** A fraction of six decimals in per cent: "0.075000" is 7.5 %. */
export function percent(fraction) {
  const digits = fraction.replace(".", "").replace(/^0+(?=\d{5})/, "");
  const text = `${digits.slice(0, -4)}.${digits.slice(-4)}`.replace(/\.?0+$/, "");
  return `${amount(text)}\u00a0%`;
}

export const count = (number) => new Intl.NumberFormat(locale()).format(number);

export const kilobytes = (bytes) =>
  new Intl.NumberFormat(locale(), { style: "unit", unit: "kilobyte" }).format(Math.ceil(bytes / 1000));

/** "2026-10" as October 2026. */
export function month(text) {
  const named = inUtc(`${text}-01`, { month: "long", year: "numeric" });
  return named.charAt(0).toLocaleUpperCase(locale()) + named.slice(1);
}

export const shortMonth = (text) => inUtc(`${text}-01`, { month: "short" });

export const day = (text) => inUtc(text, { dateStyle: "medium" });

export const weekday = (text) => inUtc(text, { weekday: "short", day: "numeric", month: "short" });

/** A moment, in the time zone of whoever reads. */
export function moment(text) {
  const styles = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(locale(), styles).format(new Date(text));
}

/** The month so many after another one. */
export function monthAfter(text, months) {
  const [year, number] = text.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months)).toISOString().slice(0, 7);
}

function inUtc(day, styles) {
  const format = new Intl.DateTimeFormat(locale(), { ...styles, timeZone: "UTC" });
  return format.format(new Date(`${day}T00:00:00Z`));
}

function marks() {
  const parts = new Intl.NumberFormat(locale()).formatToParts(123456.7);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}
