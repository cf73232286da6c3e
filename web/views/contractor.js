// A contractor's invoices, by month, with what each month comes to.

import { invoices } from "../api.js";
import { h } from "../dom.js";
import { sum } from "../decimal.js";
import { day, money, month } from "../format.js";
import { say } from "../notices.js";
import { pdfButton } from "../components/pdf-button.js";
import { deliveryState } from "../components/badges.js";
import { table } from "../components/table.js";
import { addressOf } from "../router.js";
import { empty, sentenceOf } from "../placeholders.js";
import { t } from "../i18n.js";

const LIMIT = 200;

export async function contractorView(who) {
  const first = await invoices({ limit: LIMIT });
  const title = t("mine.title");
  const content = h("div", {}, h("h1", {}, title));
  content.append(first.invoices.length ? list(first) : empty(t("mine.none"), t("mine.none.text", who)));
  return { title, content };
}

function list(page) {
  const place = h("div", {});
  draw(place, page);
  return place;
}

function draw(place, { invoices: known, next_cursor: cursor }) {
  const months = [...new Set(known.map((invoice) => invoice.period))].sort().reverse();
  const sections = months.map((period) => section(period, known.filter((one) => one.period === period), cursor));
  place.replaceChildren(...sections, ...(cursor ? [more(place, known, cursor)] : []));
}

/** One month.  While older invoices are not read yet, its totals are of those shown. */
function section(period, rows, cursor) {
  const heading = h("h2", {}, month(period));
  const totals = h("ul", { class: "totals" }, currencies(rows).map((currency) => total(rows, currency)));
  const note = cursor ? h("p", { class: "still" }, t("mine.so-far")) : null;
  return h("section", { class: "panel" }, h("div", { class: "panel-head" }, heading, totals), note, listing(period, rows));
}

function total(rows, currency) {
  const amounts = rows.filter((row) => row.currency === currency).map((row) => row.total);
  return h("li", {}, h("span", { class: "still" }, t("figure.total")), " ", h("strong", {}, money(sum(amounts), currency)));
}

const currencies = (rows) => [...new Set(rows.map((row) => row.currency))].sort();

function listing(period, rows) {
  const columns = [
    { title: t("figure.number"), head: true, cell: numberOf },
    { title: t("figure.issued"), cell: (row) => day(row.issued_on) },
    { title: t("figure.due"), cell: (row) => (row.kind === "invoice" ? day(row.due_on) : "\u2013") },
    { title: t("figure.delivery"), cell: (row) => deliveryState(row.delivery) },
    { title: t("figure.total"), number: true, cell: (row) => money(row.total, row.currency) },
    { title: t("figure.pdf"), number: true, cell: pdfButton },
  ];
  return table(t("mine.of", { month: month(period) }), columns, rows);
}

function numberOf(row) {
  const link = h("a", { href: addressOf(["invoices", row.number]) }, row.number);
  const notes = [
    row.kind === "credit_note" && t("invoice.credits", { number: row.credits }),
    row.credited_by && t("invoice.credited-by", { number: row.credited_by }),
  ].filter(Boolean);
  return [link, notes.map((note) => h("small", {}, note))];
}

function more(place, known, cursor) {
  const onclick = async (event) => {
    event.target.disabled = true;
    try {
      const page = await invoices({ limit: LIMIT, cursor });
      draw(place, { ...page, invoices: [...known, ...page.invoices] });
    } catch (problem) {
      say(sentenceOf(problem), "bad");
      event.target.disabled = false;
    }
  };
  return h("button", { class: "button", type: "button", onclick }, t("list.more"));
}
