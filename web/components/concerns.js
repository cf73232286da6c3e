// What a person must look at, by name and why.

import { h } from "../dom.js";
import { amount, count, day, month } from "../format.js";
import { addressOf } from "../router.js";
import { has, t } from "../i18n.js";
import { UNDER_WAY, deliveryState } from "./badges.js";
import { table } from "./table.js";

export function concerns(report) {
  const parts = [undelivered, rejects, helds, unbilled, allRejected, silent].map((part) => part(report)).filter(Boolean);
  return parts.length ? h("section", { class: "concerns", "aria-label": t("concerns.title") }, parts) : null;
}

/** One kind of concern, closed but for its count and what it means. */
function concern(name, rows, columns, tone = "warn") {
  if (!rows.length) return null;
  const title = t(`concerns.${name}`);
  return h("details", { class: `panel concern ${tone}` },
    h("summary", {}, h("strong", {}, count(rows.length)), h("span", {}, title)),
    h("p", { class: "still" }, t(`concerns.${name}.text`)),
    table(title, columns, rows),
  );
}

const who = (row) => [row.name, h("small", {}, row.employee)];

const contractor = () => ({ title: t("figure.contractor"), head: true, cell: who });

const hours = () => ({ title: t("figure.hours"), number: true, cell: (row) => amount(row.hours) });

/** Words for a code that the ledger uses, or the code itself. */
const words = (kind, code) => (has(`${kind}.${code}`) ? t(`${kind}.${code}`) : code);

function undelivered({ undelivered: all }) {
  const stranded = all.filter((row) => !UNDER_WAY.includes(row.status));
  return concern("undelivered", stranded, [
    { title: t("figure.number"), head: true, cell: (row) => h("a", { href: addressOf(["invoices", row.number]) }, row.number) },
    { title: t("figure.contractor"), cell: who },
    { title: t("figure.recipient"), cell: (row) => row.recipient ?? t("delivery.no-address") },
    { title: t("figure.why"), cell: (row) => [deliveryState(row.status), row.error && h("small", { lang: "en" }, row.error)] },
  ], "bad");
}

function rejects({ rejects: rows }) {
  return concern("rejects", rows, [
    contractor(),
    { title: t("figure.day"), cell: (row) => day(row.work_date) },
    { title: t("figure.project"), cell: (row) => row.project },
    { title: t("figure.work"), cell: (row) => words("work", row.kind) },
    hours(),
    { title: t("figure.why"), cell: (row) => words("rule", row.rule) },
  ]);
}

function helds({ helds: rows }) {
  return concern("helds", rows, [
    contractor(),
    { title: t("figure.why"), cell: (row) => [words("held", row.reason), h("small", { lang: "en" }, row.detail)] },
  ]);
}

function unbilled({ unbilled_earlier: rows }) {
  return concern("unbilled", rows, [
    { title: t("figure.month"), head: true, cell: (row) => month(row.period) },
    { title: t("figure.workdays"), number: true, cell: (row) => count(row.rows) },
    hours(),
  ]);
}

function allRejected({ all_rejected: rows }) {
  return concern("all-rejected", rows, [
    contractor(),
    { title: t("figure.workdays"), number: true, cell: (row) => count(row.rows) },
    hours(),
  ]);
}

function silent({ silent: rows }) {
  return concern("silent", rows, [
    contractor(),
    { title: t("figure.last-worked"), cell: (row) => (row.last_worked_on ? day(row.last_worked_on) : "\u2013") },
  ], "plain");
}
