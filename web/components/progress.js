// Progress of PDFs and emails, and how many deliveries have each status.

import { h } from "../dom.js";
import { count } from "../format.js";
import { hrefTo } from "../router.js";
import { t } from "../i18n.js";
import { DELIVERY_STATUSES, IN_PROGRESS, deliveryBadge } from "./badges.js";

const ARRIVED = ["sent", "delivered"];

const issued = (report) => report.money.reduce((all, row) => all + row.invoices + row.credit_notes, 0);

/** Whether a run, a PDF or an email of the month is still in progress. */
export const inProgress = (report) =>
  report.last_attempt?.status === "running" ||
  report.documents < issued(report) ||
  IN_PROGRESS.some((status) => report.deliveries[status]);

export function progress(report) {
  const emailed = ARRIVED.reduce((all, status) => all + (report.deliveries[status] ?? 0), 0);
  return h("section", { class: "panel" },
    h("h2", {}, t("progress.title")),
    bar("progress.rendered", report.documents, issued(report)),
    bar("progress.emailed", emailed, issued(report)),
    statuses(report),
  );
}

function bar(key, done, all) {
  const label = h("span", {}, t(key), h("strong", {}, t("progress.of", { done: count(done), all: count(all) })));
  return h("label", { class: "bar" }, label, h("progress", { value: done, max: Math.max(all, 1) }));
}

function statuses({ deliveries, period }) {
  const used = DELIVERY_STATUSES.filter((status) => deliveries[status]);
  const items = used.map((status) => {
    const href = hrefTo(["invoices"], { period, delivery: status });
    return h("li", {}, h("a", { href }, deliveryBadge(status), " ", h("strong", {}, count(deliveries[status]))));
  });
  return h("ul", { class: "states" }, items);
}
