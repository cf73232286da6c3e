// How far rendering and mailing are, and the invoices of each state.

import { h } from "../dom.js";
import { count } from "../format.js";
import { addressOf } from "../router.js";
import { t } from "../i18n.js";
import { DELIVERY_STATES, UNDER_WAY, deliveryState } from "./badges.js";

const ARRIVED = ["sent", "delivered"];

const issued = (report) => report.money.reduce((all, row) => all + row.invoices + row.credit_notes, 0);

/** Whether something of the month goes on by itself. */
export const underWay = (report) =>
  report.last_attempt?.status === "running" ||
  report.documents < issued(report) ||
  UNDER_WAY.some((state) => report.deliveries[state]);

export function progress(report) {
  const mailed = ARRIVED.reduce((all, state) => all + (report.deliveries[state] ?? 0), 0);
  return h("section", { class: "panel" },
    h("h2", {}, t("progress.title")),
    bar("progress.rendered", report.documents, issued(report)),
    bar("progress.mailed", mailed, issued(report)),
    states(report),
  );
}

function bar(key, done, all) {
  const label = h("span", {}, t(key), h("strong", {}, t("progress.of", { done: count(done), all: count(all) })));
  return h("label", { class: "bar" }, label, h("progress", { value: done, max: Math.max(all, 1) }));
}

function states({ deliveries, period }) {
  const used = DELIVERY_STATES.filter((state) => deliveries[state]);
  const items = used.map((state) => {
    const address = addressOf(["invoices"], { period, delivery: state });
    return h("li", {}, h("a", { href: address }, deliveryState(state), " ", h("strong", {}, count(deliveries[state]))));
  });
  return h("ul", { class: "states" }, items);
}
