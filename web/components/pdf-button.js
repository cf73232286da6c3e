// The button that downloads a PDF.

import { download } from "../download.js";
import { h } from "../dom.js";
import { notify } from "../notices.js";
import { PageError } from "../errors.js";
import { errorText } from "../placeholders.js";
import { t } from "../i18n.js";

/** The download button of an invoice; `label` is the key of its text. */
export function pdfButton(invoice, label = "pdf.button") {
  if (!invoice.rendered) return h("span", { class: "still" }, t("pdf.not-yet"));
  const name = t("pdf.of", { number: invoice.number });
  const button = h("button", { class: "button small", type: "button", "aria-label": name }, t(label));
  button.addEventListener("click", () => onClick(invoice.number, button));
  return button;
}

async function onClick(number, button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await download(number);
    notify(t("pdf.done", { number }), "good");
  } catch (error) {
    if (!(error instanceof PageError)) console.error(error);
    notify(errorText(error), "bad");
  } finally {
    button.removeAttribute("aria-busy");
  }
}
