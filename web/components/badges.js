// Badges: a status in a word and a colour.

import { h } from "../dom.js";
import { t } from "../i18n.js";

const TONES = {
  delivered: "good",
  sent: "good",
  sending: "waiting",
  queued: "waiting",
  unknown: "warn",
  complained: "warn",
  bounced: "bad",
  failed: "bad",
};

export const DELIVERY_STATUSES = Object.keys(TONES);
export const IN_PROGRESS = DELIVERY_STATUSES.filter((status) => TONES[status] === "waiting");

/** The badge of a delivery's status; null means that nothing was queued for the invoice. */
export function deliveryBadge(status) {
  const name = status ?? "none";
  return badge(t(`delivery.${name}`), TONES[name] ?? "plain", t(`delivery.${name}.meaning`));
}

export const badge = (text, tone, tooltip = null) => h("span", { class: `badge ${tone}`, title: tooltip }, text);
