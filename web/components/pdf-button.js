// The button that downloads an invoice's PDF.

import { download } from "../download.js";
import { h } from "../dom.js";
import { say } from "../notices.js";
import { Problem } from "../errors.js";
import { sentenceOf } from "../placeholders.js";
import { t } from "../i18n.js";

/** The button for an invoice; `words` is the key of what stands on it. */
export function pdfButton(invoice, words = "pdf.button") {
  if (!invoice.rendered) return h("span", { class: "still" }, t("pdf.not-yet"));
  const named = t("pdf.of", { number: invoice.number });
  const button = h("button", { class: "button small", type: "button", "aria-label": named }, t(words));
  button.addEventListener("click", () => fetched(invoice.number, button));
  return button;
}

async function fetched(number, button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await download(number);
    say(t("pdf.done", { number }), "good");
  } catch (problem) {
    if (!(problem instanceof Problem)) console.error(problem);
    say(sentenceOf(problem), "bad");
  } finally {
    button.removeAttribute("aria-busy");
  }
}
