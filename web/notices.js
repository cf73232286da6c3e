// Short sentences about what was just done, said aloud by screen readers.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const region = h("div", { class: "notices", role: "status" });

/** Where notices appear; it stays in the document, or nobody would hear them. */
export const notices = () => region;

/** Say a sentence; `tone` is "good" or "bad". */
export function say(sentence, tone) {
  const close = h("button", { class: "quiet", type: "button", onclick: quiet }, t("notice.close"));
  region.replaceChildren(h("p", { class: tone }, h("span", {}, sentence), close));
}

export const quiet = () => region.replaceChildren();
