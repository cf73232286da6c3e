// What needs action: contractors, workdays and emails by name, with the reason.

import { h } from "../dom.js";
import { amount, count, day, monthTitle } from "../format.js";
import { hrefTo } from "../router.js";
import { has, t } from "../i18n.js";
import { IN_PROGRESS, deliveryBadge } from "./badges.js";
import { table } from "./table.js";

export function concerns(report) {
  const parts = [undelivered, rejects, held, unbilled, allRejected, silent].map((part) => part(report)).filter(Boolean);
  return parts.length ? h("section", { class: "concerns", "aria-label": t("concerns.title") }, parts) : null;
}

/** One kind of concern, collapsed to its count; `name` is the middle of its keys. */
function concern(name, rows, columns, tone = "warn") {
  if (!rows.length) return null;
  const title = t(`concerns.${name}`, { count: rows.length });
  return h("details", { class: `panel concern ${tone}` },
    h("summary", {}, h("strong", {}, count(rows.length)), " ", h("span", {}, title)),
    h("p", { class: "still" }, t(`concerns.${name}.text`)),
    table(`${count(rows.length)} ${title}`, columns, rows),
  );
}

const nameAndCode = (row) => [row.name, h("small", {}, row.employee)];

const contractor = () => ({ title: t("field.contractor"), head: true, cell: nameAndCode });

const hours = () => ({ title: t("field.hours"), number: true, cell: (row) => amount(row.hours) });

/** The text of a code of the ledger, or the code itself if it has none. */
const textOf = (kind, code) => (has(`${kind}.${code}`) ? t(`${kind}.${code}`) : code);

function undelivered({ undelivered: all }) {
  const stranded = all.filter((row) => !IN_PROGRESS.includes(row.status));
  return concern("undelivered", stranded, [
    { title: t("field.number"), head: true, cell: (row) => h("a", { href: hrefTo(["invoices", row.number]) }, row.number) },
    { title: t("field.contractor"), cell: nameAndCode },
    { title: t("field.recipient"), cell: (row) => row.recipient ?? t("delivery.no-address") },
    { title: t("field.reason"), cell: (row) => [deliveryBadge(row.status), row.error && h("small", { lang: "en" }, row.error)] },
  ], "bad");
}

function rejects({ rejects: rows }) {
  return concern("rejects", rows, [
    contractor(),
    { title: t("field.day"), cell: (row) => day(row.work_date) },
    { title: t("field.project"), cell: (row) => row.project },
    { title: t("field.work"), cell: (row) => textOf("work", row.kind) },
    hours(),
    { title: t("field.reason"), cell: (row) => textOf("rule", row.rule) },
  ]);
}

function held({ helds: rows }) {
  return concern("held", rows, [
    contractor(),
    { title: t("field.reason"), cell: (row) => [textOf("held", row.reason), h("small", { lang: "en" }, row.detail)] },
  ]);
}

function unbilled({ unbilled_earlier: rows }) {
  return concern("unbilled", rows, [
    { title: t("field.month"), head: true, cell: (row) => monthTitle(row.period) },
    { title: t("field.workdays"), number: true, cell: (row) => count(row.rows) },
    hours(),
  ]);
}

function allRejected({ all_rejected: rows }) {
  return concern("all-rejected", rows, [
    contractor(),
    { title: t("field.workdays"), number: true, cell: (row) => count(row.rows) },
    hours(),
  ]);
}

function silent({ silent: rows }) {
  return concern("silent", rows, [
    contractor(),
    { title: t("field.last-worked"), cell: (row) => (row.last_worked_on ? day(row.last_worked_on) : "\u2013") },
  ], "plain");
}
