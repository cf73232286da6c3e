// All invoices, for accountants: filtered by the URL, loaded page by page.

import { invoices } from "../api.js";
import { h } from "../dom.js";
import { count, day, money, monthTitle } from "../format.js";
import { filterForm } from "../components/filters.js";
import { pdfButton } from "../components/pdf-button.js";
import { deliveryBadge } from "../components/badges.js";
import { line, table } from "../components/table.js";
import { hrefTo } from "../router.js";
import { empty, errorText } from "../placeholders.js";
import { t } from "../i18n.js";

export async function invoicesView(route) {
  const title = t("invoices.title");
  const form = filterForm(route.query);
  const results = h("div", { class: "panel" });
  const status = h("p", { class: "still", role: "status" });
  const list = { results, status, turn: 0 };
  await fill(list, route.query);
  const content = h("div", {}, h("h1", {}, title), form.element, status, results);
  const accept = (other) => accepted(other, form, list);
  return { title, content, accept };
}

/** Apply another route's filters in place; false if the route is another view's. */
function accepted(route, form, list) {
  if (route.parts.join("/") !== "invoices") return false;
  form.show(route.query);
  refill(list, route.query);
  return true;
}

async function refill(list, query) {
  list.results.setAttribute("aria-busy", "true");
  try {
    await fill(list, query);
  } catch (error) {
    list.status.textContent = "";
    list.results.replaceChildren(empty(t(`error.${error.kind ?? "broken"}.title`), errorText(error)));
  }
  list.results.removeAttribute("aria-busy");
}

async function fill(list, query) {
  const mine = ++list.turn;
  const page = await invoices(query);
  if (mine !== list.turn) return;
  if (page.invoices.length) showRows(list, query, listing(page), page);
  else list.results.replaceChildren(nothing(Object.keys(query).length > 0));
  showCount(list, page.next_cursor);
}

/** Show the table, with a button if more pages follow. */
function showRows(list, query, rows, page) {
  const more = page.next_cursor && moreButton(list, query, rows, page.next_cursor);
  list.results.replaceChildren(...[rows, more].filter(Boolean));
}

function moreButton(list, query, rows, cursor) {
  const onclick = async (event) => {
    event.target.disabled = true;
    try {
      const page = await invoices({ ...query, cursor });
      const lines = page.invoices.map((row) => line(columns(), row));
      rows.tBodies[0].append(...lines);
      showRows(list, query, rows, page);
      showCount(list, page.next_cursor);
      lines[0]?.querySelector("a").focus();
    } catch (error) {
      list.status.textContent = errorText(error);
      event.target.disabled = false;
    }
  };
  return h("button", { class: "button more", type: "button", onclick }, t("list.more"));
}

function showCount(list, more) {
  const shown = list.results.querySelectorAll("tbody tr").length;
  list.status.textContent = t(more ? "list.shown-more" : "list.shown", { count: shown, shown: count(shown) });
}

const nothing = (filtered) =>
  filtered
    ? empty(t("invoices.none"), t("invoices.none.text"), h("a", { class: "button", href: "#/invoices" }, t("invoices.all")))
    : empty(t("invoices.none"));

const listing = (page) => table(t("invoices.title"), columns(), page.invoices);

const columns = () => [
  { title: t("field.number"), head: true, cell: numberOf },
  { title: t("field.contractor"), cell: (row) => [row.employee_name, h("small", {}, `${row.employee} · ${row.department}`)] },
  { title: t("field.month"), cell: (row) => monthTitle(row.period) },
  { title: t("field.issued"), cell: (row) => day(row.issued_on) },
  { title: t("field.delivery"), cell: (row) => deliveryBadge(row.delivery) },
  { title: t("field.total"), number: true, cell: (row) => money(row.total, row.currency) },
  { title: t("field.pdf"), number: true, cell: pdfButton },
];

function numberOf(row) {
  const link = h("a", { href: hrefTo(["invoices", row.number]) }, row.number);
  return row.kind === "credit_note" ? [link, h("small", {}, t("kind.credit_note"))] : link;
}
