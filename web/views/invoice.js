// One invoice: its lines and the days behind them, the parties, the PDF and its emails.

import { invoice as read } from "../api.js";
import { h } from "../dom.js";
import { sum } from "../decimal.js";
import { amount, day, kilobytes, moment, money, monthTitle, percent, rate, weekday } from "../format.js";
import { pdfButton } from "../components/pdf-button.js";
import { deliveryBadge, badge } from "../components/badges.js";
import { table } from "../components/table.js";
import { hrefTo } from "../router.js";
import { t } from "../i18n.js";

export async function invoiceView(number, user) {
  const invoice = await read(number);
  const content = h("article", {}, head(invoice, user), lines(invoice), parties(invoice), files(invoice));
  return { title: invoice.number, content };
}

function head(invoice, user) {
  const kind = t(`kind.${invoice.kind}`);
  const back = h("a", { class: "back", href: "#/invoices" }, t(user.accountant ? "invoices.title" : "mine.title"));
  return h("div", { class: "head" },
    h("div", {}, back, h("h1", {}, h("span", { class: "overline" }, kind), " ", invoice.number), relations(invoice)),
    h("div", { class: "headline" },
      h("span", { class: "still" }, monthTitle(invoice.period)),
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
  h("span", {}, `${t(key)} `, h("a", { href: hrefTo(["invoices", number]) }, number));

function lines(invoice) {
  const columns = [
    { title: t("field.project"), head: true, cell: (line) => [line.project_name, h("small", {}, line.project_code)] },
    { title: t("field.work"), cell: (line) => t(`work.${line.kind}`) },
    { title: t("field.hours"), number: true, cell: (line) => amount(line.hours) },
    { title: t("field.rate"), number: true, cell: (line) => rate(line.unit_rate) },
    { title: t("field.amount"), number: true, cell: (line) => money(line.amount, invoice.currency) },
    { title: t("field.days"), cell: (line) => days(invoice, line) },
  ];
  return h("section", { class: "panel" },
    h("h2", {}, t("invoice.lines")),
    table(t("invoice.lines"), columns, invoice.lines, { class: "cards lines" }),
    totals(invoice),
  );
}

/** The days behind a line, collapsed. */
function days(invoice, line) {
  const worked = invoice.days.filter((one) => one.position === line.position);
  const items = worked.map((one) =>
    h("li", {}, h("span", {}, weekday(one.work_date)), h("span", {}, amount(one.hours))),
  );
  const all = h("li", { class: "sum" }, h("span", {}, t("field.hours")), h("span", {}, amount(sum(worked.map((one) => one.hours)))));
  return h("details", {}, h("summary", {}, t("invoice.days", { count: worked.length })), h("ul", { class: "days" }, items, all));
}

function totals(invoice) {
  const tax = t("invoice.tax", { rate: percent(invoice.tax_rate) });
  const rows = [
    [t("field.subtotal"), invoice.subtotal],
    [tax, invoice.tax],
    [t("field.total"), invoice.total],
  ];
  return h("dl", { class: "sums" }, rows.map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, money(value, invoice.currency))),
  ));
}

function parties(invoice) {
  const dates = facts([
    [t("field.month"), monthTitle(invoice.period)],
    [t("field.issued"), day(invoice.issued_on)],
    [t("field.due"), invoice.kind === "invoice" ? day(invoice.due_on) : null],
    [t("invoice.tax-category"), t(`tax.${invoice.tax_category}`)],
  ]);
  return h("div", { class: "columns" },
    h("section", { class: "panel" }, h("h2", {}, t("invoice.details")), dates),
    party("invoice.supplier", invoice.supplier),
    party("invoice.buyer", invoice.buyer),
  );
}

function party(key, details) {
  const more = facts([
    [t("party.tax-id"), details.tax_id],
    [t("party.iban"), details.iban?.replace(/.{4}(?=.)/g, "$& ")],
    [t("party.email"), details.email],
  ]);
  return h("section", { class: "panel" }, h("h2", {}, t(key)), h("p", {}, h("strong", {}, details.name), h("br"), `${details.address}, ${details.country}`), more);
}

function files(invoice) {
  return h("section", { class: "panel" },
    h("h2", {}, t("invoice.files")),
    stored(invoice.document),
    invoice.deliveries.length ? deliveries(invoice) : h("p", {}, badge(t("delivery.none"), "plain")),
  );
}

function stored(pdf) {
  if (!pdf) return h("p", {}, t("pdf.not-yet"));
  return facts([
    [t("pdf.created"), `${moment(pdf.rendered_at)} · ${kilobytes(pdf.bytes)}`],
    ["SHA-256", h("code", {}, pdf.sha256)],
  ]);
}

function deliveries(invoice) {
  const columns = [
    { title: t("field.recipient"), head: true, cell: (row) => row.recipient ?? t("delivery.no-address") },
    { title: t("field.delivery"), cell: (row) => [deliveryBadge(row.status), row.error && h("small", { lang: "en" }, row.error)] },
    { title: t("delivery.queued-at"), cell: (row) => moment(row.queued_at) },
    { title: t("delivery.sent-at"), cell: (row) => (row.sent_at ? moment(row.sent_at) : "\u2013") },
  ];
  return table(t("field.deliveries"), columns, invoice.deliveries);
}

/** A list of names and values, without the empty ones. */
function facts(pairs) {
  const known = pairs.filter(([, value]) => value);
  return h("dl", { class: "facts" }, known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
