// What a view shows instead of its content: loading, empty, failed.

import { h } from "./dom.js";
import { t } from "./i18n.js";

// Errors that trying again cannot cure: where to go instead, and the text of the link.
const WAYS_OUT = {
  missing: ["#/", "placeholder.home"],
  refused: ["#/invoices", "invoices.all"],
};

export const loading = () =>
  h("div", { class: "state", role: "status" }, h("h1", { class: "still" }, t("placeholder.loading")));

/** An empty list: a heading and, if there is more to say, an explanation and what to do. */
export const empty = (title, text = null, ...actions) =>
  h("div", { class: "state" }, h("h2", {}, title), text && h("p", {}, text), actions);

/** A view that failed to load, with a way out; `retry` loads it again. */
export function failure(kind, retry) {
  return h("div", { class: "state", role: "alert" },
    h("h1", {}, t(`error.${kind}.title`)),
    h("p", {}, t(`error.${kind}.text`)),
    wayOut(kind, retry),
  );
}

function wayOut(kind, retry) {
  if (!(kind in WAYS_OUT)) return h("button", { class: "button", type: "button", onclick: retry }, t("placeholder.retry"));
  const [href, key] = WAYS_OUT[kind];
  return h("a", { class: "button", href }, t(key));
}

/** An error in a sentence, for a view that stays on screen. */
export const errorText = (error) => t(`error.${error.kind ?? "broken"}.text`);
