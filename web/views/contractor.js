// A contractor's invoices by month, with totals.

import { invoices } from "../api.js";
import { h } from "../dom.js";
import { sum } from "../decimal.js";
import { day, money, month, monthTitle } from "../format.js";
import { notify } from "../notices.js";
import { pdfButton } from "../components/pdf-button.js";
import { deliveryBadge } from "../components/badges.js";
import { table } from "../components/table.js";
import { hrefTo } from "../router.js";
import { empty, errorText } from "../placeholders.js";
import { t } from "../i18n.js";

const LIMIT = 200;

export async function contractorView(user) {
  const first = await invoices({ limit: LIMIT });
  const title = t("mine.title");
  const content = h("div", {}, h("h1", {}, title));
  content.append(first.invoices.length ? list(first) : empty(t("mine.none"), t("mine.none.text", user)));
  return { title, content };
}

function list(page) {
  const container = h("div", {});
  draw(container, page);
  return container;
}

function draw(container, { invoices: known, next_cursor: cursor }) {
  const months = [...new Set(known.map((invoice) => invoice.period))].sort().reverse();
  const sections = months.map((period) => section(period, known.filter((one) => one.period === period), cursor));
  container.replaceChildren(...sections, ...(cursor ? [more(container, known, cursor)] : []));
}

/** One month.  Until the last page is loaded, its totals may miss older invoices, and a note says so. */
function section(period, rows, cursor) {
  const heading = h("h2", {}, monthTitle(period));
  const totals = h("ul", { class: "totals" }, currencies(rows).map((currency) => total(rows, currency)));
  const note = cursor ? h("p", { class: "still" }, t("mine.so-far")) : null;
  return h("section", { class: "panel" }, h("div", { class: "panel-head" }, heading, totals), note, listing(period, rows));
}

function total(rows, currency) {
  const amounts = rows.filter((row) => row.currency === currency).map((row) => row.total);
  return h("li", {}, h("span", { class: "still" }, t("field.total")), " ", h("strong", {}, money(sum(amounts), currency)));
}

const currencies = (rows) => [...new Set(rows.map((row) => row.currency))].sort();

function listing(period, rows) {
  const columns = [
    { title: t("field.number"), head: true, cell: numberOf },
    { title: t("field.issued"), cell: (row) => day(row.issued_on) },
    { title: t("field.due"), cell: (row) => (row.kind === "invoice" ? day(row.due_on) : "\u2013") },
    { title: t("field.delivery"), cell: (row) => deliveryBadge(row.delivery) },
    { title: t("field.total"), number: true, cell: (row) => money(row.total, row.currency) },
    { title: t("field.pdf"), number: true, cell: pdfButton },
  ];
  return table(t("mine.of", { month: month(period) }), columns, rows);
}

function numberOf(row) {
  const link = h("a", { href: hrefTo(["invoices", row.number]) }, row.number);
  const notes = [
    row.kind === "credit_note" && t("invoice.credits", { number: row.credits }),
    row.credited_by && t("invoice.credited-by", { number: row.credited_by }),
  ].filter(Boolean);
  return [link, notes.map((note) => h("small", {}, note))];
}

function more(container, known, cursor) {
  const onclick = async (event) => {
    event.target.disabled = true;
    try {
      const page = await invoices({ limit: LIMIT, cursor });
      draw(container, { ...page, invoices: [...known, ...page.invoices] });
    } catch (error) {
      notify(errorText(error), "bad");
      event.target.disabled = false;
    }
  };
  return h("button", { class: "button", type: "button", onclick }, t("list.more"));
}
