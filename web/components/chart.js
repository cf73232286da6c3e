// Monthly totals: a bar chart for each currency, with its figures in a table.

import { h, svg } from "../dom.js";
import { money, month, monthTitle, shortMonth } from "../format.js";
import { hrefTo } from "../router.js";
import { t } from "../i18n.js";
import { table } from "./table.js";

const WIDTH = 320;
const HEIGHT = 150;
const FOOT = 22;

export function chartOfMonths({ months, period }) {
  const currencies = [...new Set(months.map((row) => row.currency))];
  if (!currencies.length) return null;
  const charts = currencies.map((currency) => chart(currency, months.filter((row) => row.currency === currency), period));
  return h("section", { class: "panel" }, h("h2", {}, t("chart.title")), h("div", { class: "charts" }, charts));
}

function chart(currency, rows, period) {
  const title = t("chart.of", { currency });
  const caption = h("figcaption", {}, currency);
  const details = h("details", {}, h("summary", {}, t("chart.table", { currency })), dataTable(title, rows));
  return h("figure", {}, caption, drawing(title, rows, period), details);
}

function drawing(title, rows, period) {
  const slot = WIDTH / rows.length;
  const { top, bottom } = bounds(rows);
  const y = (value) => ((top - value) / (top - bottom)) * (HEIGHT - FOOT);
  const bars = rows.map((row, index) => bar(row, index * slot, slot, y, row.period === period));
  const baseline = svg("line", { x1: 0, x2: WIDTH, y1: y(0), y2: y(0), class: "ground" });
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": description(title, rows) }, bars, baseline);
}

/** A float, for the height of a bar only: amounts are shown from their text. */
const value = (row) => Number(row.total);

function bounds(rows) {
  const values = rows.map(value);
  const top = Math.max(0, ...values);
  const bottom = Math.min(0, ...values);
  return top === bottom ? { top: 1, bottom: 0 } : { top, bottom };
}

function bar(row, x, slot, y, current) {
  const from = y(Math.max(0, value(row)));
  const height = Math.abs(y(value(row)) - y(0));
  const shape = { x: x + slot * 0.18, width: slot * 0.64, y: from, height, rx: 3 };
  return svg("g", { class: current ? "here" : null },
    svg("rect", shape),
    svg("text", { x: x + slot / 2, y: HEIGHT - 5, "text-anchor": "middle" }, shortMonth(row.period)),
  );
}

const description = (title, rows) =>
  `${title}: ${rows.map((row) => `${month(row.period)} ${money(row.total, row.currency)}`).join("; ")}`;

function dataTable(title, rows) {
  const columns = [
    { title: t("field.month"), head: true, cell: (row) => h("a", { href: hrefTo(["months", row.period]) }, monthTitle(row.period)) },
    { title: t("field.total"), number: true, cell: (row) => money(row.total, row.currency) },
  ];
  return table(title, columns, rows, { class: "plain" });
}
