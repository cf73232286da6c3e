// Short messages at the foot of the page, announced by screen readers.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const region = h("div", { class: "notices", role: "status" });

/** The notice area.  It must stay in the document: screen readers ignore a new live region. */
export const notices = () => region;

/** Show a message; `tone` is "good" or "bad". */
export function notify(message, tone) {
  const close = h("button", { class: "quiet", type: "button", onclick: clearNotices }, t("notice.close"));
  region.replaceChildren(h("p", { class: tone }, h("span", {}, message), close));
}

export const clearNotices = () => region.replaceChildren();
