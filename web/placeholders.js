// What stands where there is nothing to show: waiting, nothing there, something wrong.

import { h } from "./dom.js";
import { t } from "./i18n.js";

export const loading = () =>
  h("div", { class: "state", role: "status" }, h("h1", { class: "still" }, t("state.loading")));

/** Nothing there, said in a sentence or two below a heading. */
export const empty = (title, text, ...more) =>
  h("div", { class: "state" }, h("h2", {}, title), text && h("p", {}, text), more);

/** A view that could not be shown, and what to do. */
export function failure(kind, again) {
  const action = kind === "missing"
    ? h("a", { class: "button", href: "#/" }, t("state.home"))
    : h("button", { class: "button", type: "button", onclick: again }, t("state.again"));
  return h("div", { class: "state", role: "alert" },
    h("h1", {}, t(`problem.${kind}.title`)),
    h("p", {}, t(`problem.${kind}.text`)),
    action,
  );
}

/** The sentence for a problem below something that is shown. */
export const sentenceOf = (problem) => t(`problem.${problem.kind ?? "broken"}.text`);
