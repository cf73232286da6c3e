// What the months come to, one small chart a currency, each with the table it is drawn from.

import { h, svg } from "../dom.js";
import { money, month, shortMonth } from "../format.js";
import { addressOf } from "../router.js";
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
  const details = h("details", {}, h("summary", {}, t("chart.table", { currency })), figures(title, rows));
  return h("figure", {}, caption, drawing(title, rows, period), details);
}

function drawing(title, rows, period) {
  const space = WIDTH / rows.length;
  const { top, bottom } = bounds(rows);
  const y = (value) => ((top - value) / (top - bottom)) * (HEIGHT - FOOT);
  const bars = rows.map((row, index) => bar(row, index * space, space, y, row.period === period));
  const ground = svg("line", { x1: 0, x2: WIDTH, y1: y(0), y2: y(0), class: "ground" });
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": described(title, rows) }, bars, ground);
}

/** Only the heights of bars are numbers; what is read is text. */
const value = (row) => Number(row.total);

function bounds(rows) {
  const values = rows.map(value);
  const top = Math.max(0, ...values);
  const bottom = Math.min(0, ...values);
  return top === bottom ? { top: 1, bottom: 0 } : { top, bottom };
}

function bar(row, x, space, y, here) {
  const from = y(Math.max(0, value(row)));
  const height = Math.abs(y(value(row)) - y(0));
  const shape = { x: x + space * 0.18, width: space * 0.64, y: from, height, rx: 3 };
  return svg("g", { class: here ? "here" : null },
    svg("rect", shape),
    svg("text", { x: x + space / 2, y: HEIGHT - 5, "text-anchor": "middle" }, shortMonth(row.period)),
  );
}

const described = (title, rows) =>
  `${title}: ${rows.map((row) => `${month(row.period)} ${money(row.total, row.currency)}`).join("; ")}`;

function figures(title, rows) {
  const columns = [
    { title: t("figure.month"), head: true, cell: (row) => h("a", { href: addressOf(["months", row.period]) }, month(row.period)) },
    { title: t("figure.total"), number: true, cell: (row) => money(row.total, row.currency) },
  ];
  return table(title, columns, rows, { class: "plain" });
}
