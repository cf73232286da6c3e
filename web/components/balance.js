// The balance of a run: extracted = billed + rejected + held.

import { h } from "../dom.js";
import { amount, count, moment } from "../format.js";
import { t } from "../i18n.js";

const OUT = ["billed", "rejected", "held"];

export function balance({ run, billed, last_attempt: last }) {
  const parts = [h("h2", {}, t("balance.title"))];
  if (last && last.status === "failed") parts.push(failed(last));
  if (run?.control) parts.push(equation(run.control), note(run), live(billed));
  else parts.push(h("p", { class: "still" }, t("balance.none")));
  return h("section", { class: "panel" }, parts);
}

const failed = (run) =>
  h("p", { class: "wrong" }, t("balance.failed", { moment: moment(run.started_at) }), " ", h("span", { lang: "en" }, run.failure));

function equation(control) {
  const others = OUT.map((side, index) => h("div", {}, sign(index ? "+" : "="), term(side, control[side])));
  return h("div", { class: "equation" }, h("div", {}, term("extracted", control.extracted)), others);
}

const sign = (text) => h("span", { class: "sign" }, text);

function term(side, { rows, hours }) {
  return h("div", { class: `term ${side}` },
    h("span", { class: "still" }, t(`balance.${side}`)),
    h("strong", {}, count(rows)),
    h("span", {}, t("balance.hours", { hours: amount(hours) })),
  );
}

const note = (run) => h("p", { class: "still" }, t("balance.of-run", { moment: moment(run.finished_at) }));

const live = ({ rows, hours }) =>
  h("p", {}, t("balance.live", { count: rows, rows: count(rows), hours: amount(hours) }));
