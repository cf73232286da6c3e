// Choosing a month: the previous one, the next one, or any.

import { h } from "../dom.js";
import { monthAfter, monthTitle } from "../format.js";
import { hrefTo } from "../router.js";
import { t } from "../i18n.js";

export function monthPicker(period) {
  const input = h("input", { type: "month", "aria-label": t("picker.month"), pattern: "\\d{4}-\\d{2}" });
  input.value = period;
  input.addEventListener("change", () => {
    if (/^\d{4}-\d{2}$/.test(input.value)) location.hash = hrefTo(["months", input.value]);
  });
  return h("div", { class: "picker" }, step(period, -1, "\u2190"), input, step(period, 1, "\u2192"));
}

function step(period, months, arrow) {
  const other = monthAfter(period, months);
  return h("a", { class: "button quiet", href: hrefTo(["months", other]), "aria-label": monthTitle(other) }, arrow);
}
