// The state of a delivery, in words and a tone.

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

export const DELIVERY_STATES = Object.keys(TONES);
export const UNDER_WAY = DELIVERY_STATES.filter((state) => TONES[state] === "waiting");

/** A delivery's state; null for an invoice that nothing was made to deliver. */
export function deliveryState(state) {
  const name = state ?? "none";
  return mark(t(`delivery.${name}`), TONES[name] ?? "plain", t(`delivery.${name}.meaning`));
}

export const mark = (text, tone, meaning = null) => h("span", { class: `mark ${tone}`, title: meaning }, text);
