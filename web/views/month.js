// A month as an accountant signs it off.

import { report as read } from "../api.js";
import { h } from "../dom.js";
import { moment, month } from "../format.js";
import { chartOfMonths } from "../components/chart.js";
import { monthPicker } from "../components/month-picker.js";
import { balance } from "../components/balance.js";
import { breakdown, history, moneyOf } from "../components/money.js";
import { concerns } from "../components/concerns.js";
import { progress, underWay } from "../components/progress.js";
import { mark } from "../components/badges.js";
import { empty } from "../placeholders.js";
import { Problem } from "../errors.js";
import { t } from "../i18n.js";

const EVERY = 4_000;

/** The month's report; `period` is null where nothing was ever billed. */
export async function monthView(period) {
  if (period === null) return bare(t("month.none"), h("h1", {}, t("month.none")), empty(t("month.no-run"), t("month.no-run.text")));
  try {
    return shown(await read(period), period);
  } catch (problem) {
    if (!(problem instanceof Problem) || !["missing", "refused"].includes(problem.kind)) throw problem;
    return unbilled(period, problem.kind);
  }
}

const bare = (title, ...content) => ({ title, content });

function unbilled(period, kind) {
  if (kind === "refused") throw new Problem("missing");
  return bare(month(period), heading(period), empty(t("month.no-run"), t("month.no-run.text")));
}

const heading = (period, ...more) =>
  h("div", { class: "head" }, h("div", {}, h("h1", {}, month(period)), more), monthPicker(period));

function shown(report, period) {
  const verdict = h("div", {}, summary(report));
  const running = h("div", {}, progress(report));
  const content = h("div", { class: "month" },
    heading(period, verdict),
    concerns(report),
    h("div", { class: "pair" }, balance(report), running),
    moneyOf(report),
    chartOfMonths(report),
    breakdown(report),
    history(report),
  );
  const refresh = () => readAgain(period, verdict, running);
  return { title: month(period), content, every: EVERY, refresh: underWay(report) ? refresh : null };
}

/** Show how far it is by now; whether it goes on. */
async function readAgain(period, verdict, running) {
  const report = await read(period);
  verdict.replaceChildren(summary(report));
  running.replaceChildren(progress(report));
  return underWay(report);
}

function summary(report) {
  const balanced = report.balanced ? mark(t("month.balanced"), "good") : mark(t("month.unbalanced"), "bad");
  const look = report.needs_a_person ? mark(t("month.look"), "warn") : null;
  const asOf = h("span", { class: "still" }, t("month.as-of", { moment: moment(report.as_of) }));
  return h("p", { class: "verdict" }, [balanced, look, asOf].filter(Boolean).flatMap((part) => [part, " "]));
}
