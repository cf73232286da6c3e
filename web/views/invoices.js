// All invoices, for accountants: filters that live in the address, and page after page below.

import { invoices } from "../api.js";
import { h } from "../dom.js";
import { count, day, money, month } from "../format.js";
import { filterForm } from "../components/filters.js";
import { pdfButton } from "../components/pdf-button.js";
import { deliveryState } from "../components/badges.js";
import { line, table } from "../components/table.js";
import { addressOf } from "../router.js";
import { empty, sentenceOf } from "../placeholders.js";
import { t } from "../i18n.js";

export async function invoicesView(place) {
  const title = t("invoices.title");
  const form = filterForm(place.query);
  const results = h("div", { class: "panel" });
  const said = h("p", { class: "still", role: "status" });
  const list = { results, said, turn: 0 };
  await fill(list, place.query);
  const content = h("div", {}, h("h1", {}, title), form.element, said, results);
  const take = (other) => taken(other, form, list);
  return { title, content, take };
}

/** Show other filters in the same view; whether this is a place of this view at all. */
function taken(place, form, list) {
  if (place.parts.join("/") !== "invoices") return false;
  form.show(place.query);
  refill(list, place.query);
  return true;
}

async function refill(list, query) {
  list.results.setAttribute("aria-busy", "true");
  try {
    await fill(list, query);
  } catch (problem) {
    list.said.textContent = "";
    list.results.replaceChildren(empty(t(`problem.${problem.kind ?? "broken"}.title`), sentenceOf(problem)));
  }
  list.results.removeAttribute("aria-busy");
}

async function fill(list, query) {
  const mine = ++list.turn;
  const page = await invoices(query);
  if (mine !== list.turn) return;
  if (page.invoices.length) grow(list, query, listing(page), page);
  else list.results.replaceChildren(empty(t("invoices.none"), t("invoices.none.text"), all(query)));
  tell(list, page.next_cursor);
}

/** Put a table with the button for what follows it. */
function grow(list, query, rows, page) {
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
      grow(list, query, rows, page);
      tell(list, page.next_cursor);
      lines[0]?.querySelector("a").focus();
    } catch (problem) {
      list.said.textContent = sentenceOf(problem);
      event.target.disabled = false;
    }
  };
  return h("button", { class: "button more", type: "button", onclick }, t("list.more"));
}

function tell(list, more) {
  const shown = list.results.querySelectorAll("tbody tr").length;
  list.said.textContent = t(more ? "list.shown-more" : "list.shown", { count: shown, shown: count(shown) });
}

const all = (query) =>
  Object.keys(query).length ? h("a", { class: "button", href: "#/invoices" }, t("invoices.all")) : null;

const listing = (page) => table(t("invoices.title"), columns(), page.invoices);

const columns = () => [
  { title: t("figure.number"), head: true, cell: numberOf },
  { title: t("figure.contractor"), cell: (row) => [row.employee_name, h("small", {}, `${row.employee} · ${row.department}`)] },
  { title: t("figure.month"), cell: (row) => month(row.period) },
  { title: t("figure.issued"), cell: (row) => day(row.issued_on) },
  { title: t("figure.delivery"), cell: (row) => deliveryState(row.delivery) },
  { title: t("figure.total"), number: true, cell: (row) => money(row.total, row.currency) },
  { title: t("figure.pdf"), number: true, cell: pdfButton },
];

function numberOf(row) {
  const link = h("a", { href: addressOf(["invoices", row.number]) }, row.number);
  return row.kind === "credit_note" ? [link, h("small", {}, t("kind.credit_note"))] : link;
}
