// The filters of the invoice list.  Their values live in the URL.

import { h } from "../dom.js";
import { hrefTo } from "../router.js";
import { t } from "../i18n.js";
import { DELIVERY_STATUSES } from "./badges.js";

const KINDS = ["invoice", "credit_note"];

/** The form, and `show` to fill it from another query. */
export function filterForm(query) {
  const fields = [
    text("number", "filter.number"),
    text("employee", "filter.employee"),
    text("period", "filter.month", "month"),
    text("department", "filter.department"),
    text("project", "filter.project"),
    choice("kind", "filter.kind", KINDS.map((kind) => [kind, t(`kind.${kind}`)])),
    choice("delivery", "filter.delivery", DELIVERY_STATUSES.map((status) => [status, t(`delivery.${status}`)])),
  ];
  const clear = h("a", { class: "button quiet", href: "#/invoices" }, t("filter.clear"));
  const element = h("form", { class: "filters", role: "search", "aria-label": t("filter.title"), onsubmit: apply, onchange: apply },
    fields, h("div", { class: "filter-actions" }, h("button", { class: "button small" }, t("filter.apply")), clear));
  const show = (other) => shown(element, clear, other);
  show(query);
  return { element, show };
}

function shown(form, clear, query) {
  for (const control of form.querySelectorAll("input, select")) {
    control.value = query[control.name] ?? "";
  }
  clear.hidden = Object.keys(query).length === 0;
}

/** Go to one invoice if its number is given, otherwise to the filtered list. */
function apply(event) {
  event.preventDefault();
  const given = [...new FormData(event.currentTarget)].map(([name, value]) => [name, value.trim()]);
  const { number, ...query } = Object.fromEntries(given);
  location.hash = number ? hrefTo(["invoices", number]) : hrefTo(["invoices"], query);
}

function text(name, key, type = "text") {
  const month = type === "month" ? { placeholder: "2026-10", pattern: "\\d{4}-\\d{2}" } : {};
  return h("label", {}, t(key), h("input", { type, name, autocomplete: "off", ...month }));
}

function choice(name, key, options) {
  const all = h("option", { value: "" }, t("filter.any"));
  const others = options.map(([value, words]) => h("option", { value }, words));
  return h("label", {}, t(key), h("select", { name }, all, others));
}
