// Another month: the one before, the one after, any.

import { h } from "../dom.js";
import { month, monthAfter } from "../format.js";
import { addressOf } from "../router.js";
import { t } from "../i18n.js";

export function monthPicker(period) {
  const input = h("input", { type: "month", "aria-label": t("picker.month"), pattern: "\\d{4}-\\d{2}" });
  input.value = period;
  input.addEventListener("change", () => {
    if (/^\d{4}-\d{2}$/.test(input.value)) location.hash = addressOf(["months", input.value]);
  });
  return h("div", { class: "picker" }, step(period, -1, "\u2190"), input, step(period, 1, "\u2192"));
}

function step(period, months, arrow) {
  const other = monthAfter(period, months);
  return h("a", { class: "button quiet", href: addressOf(["months", other]), "aria-label": month(other) }, arrow);
}
