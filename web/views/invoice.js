// One invoice: what it says, the days behind each line, and what became of it.

import { invoice as read } from "../api.js";
import { h } from "../dom.js";
import { sum } from "../decimal.js";
import { amount, day, kilobytes, moment, money, month, percent, rate, weekday } from "../format.js";
import { pdfButton } from "../components/pdf-button.js";
import { deliveryState, mark } from "../components/badges.js";
import { table } from "../components/table.js";
import { addressOf } from "../router.js";
import { t } from "../i18n.js";

export async function invoiceView(number, who) {
  const invoice = await read(number);
  const content = h("article", {}, head(invoice, who), lines(invoice), parties(invoice), outcome(invoice));
  return { title: invoice.number, content };
}

function head(invoice, who) {
  const kind = t(`kind.${invoice.kind}`);
  const back = h("a", { class: "back", href: "#/invoices" }, t(who.accountant ? "invoices.title" : "mine.title"));
  return h("div", { class: "head" },
    h("div", {}, back, h("h1", {}, h("span", { class: "overline" }, kind), " ", invoice.number), relations(invoice)),
    h("div", { class: "headline" },
      h("span", { class: "still" }, month(invoice.period)),
      h("strong", { class: "big" }, money(invoice.total, invoice.currency)),
      pdfButton(invoice, "pdf.download"),
    ),
  );
}

function relations(invoice) {
  const parts = [
    invoice.credits && related("invoice.credits-link", invoice.credits),
    invoice.credited_by && related("invoice.credited-by-link", invoice.credited_by),
  ].filter(Boolean);
  return parts.length ? h("p", { class: "relations" }, parts) : null;
}

const related = (key, number) =>
  h("span", {}, `${t(key)} `, h("a", { href: addressOf(["invoices", number]) }, number));

function lines(invoice) {
  const columns = [
    { title: t("figure.project"), head: true, cell: (line) => [line.project_name, h("small", {}, line.project_code)] },
    { title: t("figure.work"), cell: (line) => t(`work.${line.kind}`) },
    { title: t("figure.hours"), number: true, cell: (line) => amount(line.hours) },
    { title: t("figure.rate"), number: true, cell: (line) => rate(line.unit_rate) },
    { title: t("figure.amount"), number: true, cell: (line) => money(line.amount, invoice.currency) },
    { title: t("figure.days"), cell: (line) => days(invoice, line) },
  ];
  return h("section", { class: "panel" },
    h("h2", {}, t("invoice.lines")),
    table(t("invoice.lines"), columns, invoice.lines, { class: "cards lines" }),
    totals(invoice),
  );
}

/** The days behind a line, closed at first. */
function days(invoice, line) {
  const worked = invoice.days.filter((one) => one.position === line.position);
  const items = worked.map((one) =>
    h("li", {}, h("span", {}, weekday(one.work_date)), h("span", {}, amount(one.hours))),
  );
  const all = h("li", { class: "sum" }, h("span", {}, t("figure.hours")), h("span", {}, amount(sum(worked.map((one) => one.hours)))));
  return h("details", {}, h("summary", {}, t("invoice.days", { count: worked.length })), h("ul", { class: "days" }, items, all));
}

function totals(invoice) {
  const tax = t("invoice.tax", { rate: percent(invoice.tax_rate) });
  const rows = [
    [t("figure.subtotal"), invoice.subtotal],
    [tax, invoice.tax],
    [t("figure.total"), invoice.total],
  ];
  return h("dl", { class: "sums" }, rows.map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, money(value, invoice.currency))),
  ));
}

function parties(invoice) {
  const dates = facts([
    [t("figure.month"), month(invoice.period)],
    [t("figure.issued"), day(invoice.issued_on)],
    [t("figure.due"), invoice.kind === "invoice" ? day(invoice.due_on) : null],
    [t("invoice.tax-category"), t(`tax.${invoice.tax_category}`)],
  ]);
  return h("div", { class: "columns" },
    h("section", { class: "panel" }, h("h2", {}, t("invoice.about")), dates),
    party("invoice.supplier", invoice.supplier),
    party("invoice.buyer", invoice.buyer),
  );
}

function party(key, who) {
  const more = facts([
    [t("party.tax-id"), who.tax_id],
    [t("party.iban"), who.iban?.replace(/.{4}(?=.)/g, "$& ")],
    [t("party.email"), who.email],
  ]);
  return h("section", { class: "panel" }, h("h2", {}, t(key)), h("p", {}, h("strong", {}, who.name), h("br"), `${who.address}, ${who.country}`), more);
}

function outcome(invoice) {
  return h("section", { class: "panel" },
    h("h2", {}, t("invoice.outcome")),
    stored(invoice.document),
    invoice.deliveries.length ? deliveries(invoice) : h("p", {}, mark(t("delivery.none"), "plain")),
  );
}

function stored(pdf) {
  if (!pdf) return h("p", {}, t("pdf.not-yet"));
  return facts([
    [t("pdf.rendered"), `${moment(pdf.rendered_at)} · ${kilobytes(pdf.bytes)}`],
    ["SHA-256", h("code", {}, pdf.sha256)],
  ]);
}

function deliveries(invoice) {
  const columns = [
    { title: t("figure.recipient"), head: true, cell: (row) => row.recipient ?? t("delivery.no-address") },
    { title: t("figure.delivery"), cell: (row) => [deliveryState(row.status), row.error && h("small", { lang: "en" }, row.error)] },
    { title: t("delivery.queued-at"), cell: (row) => moment(row.queued_at) },
    { title: t("delivery.sent-at"), cell: (row) => (row.sent_at ? moment(row.sent_at) : "\u2013") },
  ];
  return table(t("figure.deliveries"), columns, invoice.deliveries);
}

/** Names and values, of those that have one. */
function facts(pairs) {
  const known = pairs.filter(([, value]) => value);
  return h("dl", { class: "facts" }, known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
