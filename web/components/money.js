// A month's totals by currency, department and project, and its runs.

import { h } from "../dom.js";
import { amount, count, moment, money } from "../format.js";
import { hrefTo } from "../router.js";
import { t } from "../i18n.js";
import { badge } from "./badges.js";
import { table } from "./table.js";

const TONES = { issued: "good", empty: "plain", failed: "bad", running: "waiting" };

export function moneyOf({ money: rows, period }) {
  if (!rows.length) return null;
  return h("section", { "aria-label": t("money.title") },
    h("h2", { class: "unseen" }, t("money.title")),
    h("div", { class: "columns" }, rows.map((row) => currency(row, period))),
  );
}

function currency(row, period) {
  const documents = [
    t("money.invoices", { count: row.invoices, shown: count(row.invoices) }),
    row.credit_notes && t("money.credit-notes", { count: row.credit_notes, shown: count(row.credit_notes) }),
  ].filter(Boolean).join(", ");
  const facts = [
    [t("field.subtotal"), amount(row.subtotal)],
    [t("field.tax"), amount(row.tax)],
    [t("field.hours"), amount(row.hours)],
  ];
  return h("section", { class: "panel" },
    h("h3", { class: "overline" }, row.currency),
    h("p", { class: "big" }, amount(row.total)),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "number" }, value)))),
    h("p", {}, h("a", { href: hrefTo(["invoices"], { period }) }, documents)),
  );
}

export function breakdown({ departments, projects, period }) {
  const total = { title: t("field.total"), number: true, cell: (row) => money(row.total, row.currency) };
  const before = { title: t("field.before-tax"), number: true, cell: (row) => money(row.amount, row.currency) };
  return h("div", { class: "pair" },
    shares("money.departments", departments, "department", total, period),
    shares("money.projects", projects, "project", before, period),
  );
}

function shares(key, rows, filter, last, period) {
  if (!rows.length) return null;
  const href = (row) => hrefTo(["invoices"], { period, [filter]: row[filter] });
  const columns = [
    { title: t(`field.${filter}`), head: true, cell: (row) => [h("a", { href: href(row) }, row.name), h("small", {}, row[filter])] },
    { title: t("field.hours"), number: true, cell: (row) => amount(row.hours) },
    last,
  ];
  return h("section", { class: "panel" }, h("h2", {}, t(key)), table(t(key), columns, rows));
}

export function history({ history: runs }) {
  const columns = [
    { title: t("history.run"), head: true, cell: (run) => (run.corrects ? t("history.corrects", { number: run.corrects }) : t("history.month")) },
    { title: t("history.started"), cell: (run) => [moment(run.started_at), run.actor && h("small", {}, t("history.by", { who: run.claimed ? `${run.actor} (${run.claimed})` : run.actor }))] },
    { title: t("history.status"), cell: status },
    { title: t("history.billed"), number: true, cell: (run) => (run.control ? count(run.control.billed.rows) : "\u2013") },
  ];
  return h("section", { class: "panel" }, h("h2", {}, t("history.title")), table(t("history.title"), columns, [...runs].reverse()));
}

const status = (run) => [badge(t(`run.${run.status}`), TONES[run.status]), run.failure && h("small", { lang: "en" }, run.failure)];
