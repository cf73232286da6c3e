// A month at a glance, for accountants.

import { report as read } from "../api.js";
import { h } from "../dom.js";
import { moment, monthTitle } from "../format.js";
import { chartOfMonths } from "../components/chart.js";
import { monthPicker } from "../components/month-picker.js";
import { balance } from "../components/balance.js";
import { breakdown, history, moneyOf } from "../components/money.js";
import { concerns } from "../components/concerns.js";
import { progress, inProgress } from "../components/progress.js";
import { badge } from "../components/badges.js";
import { empty } from "../placeholders.js";
import { PageError } from "../errors.js";
import { t } from "../i18n.js";

const REFRESH_MS = 4_000;

/** The month's report; `period` is null until the first run. */
export async function monthView(period) {
  if (period === null) return bare(t("month.none"), h("h1", {}, t("month.none")), empty(t("month.first"), t("month.first.text")));
  try {
    return shown(await read(period), period);
  } catch (error) {
    if (!(error instanceof PageError) || !["missing", "refused"].includes(error.kind)) throw error;
    return unbilled(period, error.kind);
  }
}

const bare = (title, ...content) => ({ title, content });

function unbilled(period, kind) {
  if (kind === "refused") throw new PageError("missing");
  return bare(monthTitle(period), heading(period), empty(t("month.no-run"), t("month.no-run.text")));
}

const heading = (period, ...more) =>
  h("div", { class: "head" }, h("div", {}, h("h1", {}, monthTitle(period)), more), monthPicker(period));

function shown(report, period) {
  const verdict = h("div", {}, summary(report));
  const ongoing = h("div", {}, progress(report));
  const content = h("div", { class: "month" },
    heading(period, verdict),
    concerns(report),
    h("div", { class: "pair" }, balance(report), ongoing),
    moneyOf(report),
    chartOfMonths(report),
    breakdown(report),
    history(report),
  );
  const refresh = () => refreshed(period, verdict, ongoing);
  return { title: monthTitle(period), content, every: REFRESH_MS, refresh: inProgress(report) ? refresh : null };
}

/** Show the progress made since; whether more is to come. */
async function refreshed(period, verdict, ongoing) {
  const report = await read(period);
  verdict.replaceChildren(summary(report));
  ongoing.replaceChildren(progress(report));
  return inProgress(report);
}

function summary(report) {
  const balanced = report.balanced ? badge(t("month.balanced"), "good") : badge(t("month.unbalanced"), "bad");
  const action = report.needs_a_person ? badge(t("month.action"), "warn") : null;
  const asOf = h("span", { class: "still" }, t("month.as-of", { moment: moment(report.as_of) }));
  return h("p", { class: "verdict" }, [balanced, action, asOf].filter(Boolean).flatMap((part) => [part, " "]));
}
