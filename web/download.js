// One invoice's PDF: fetched by a link made for the occasion, and kept only if it is the one issued.

import { link } from "./api.js";
import { h } from "./dom.js";
import { Problem, unanswered } from "./errors.js";

/** Fetch, check and save a PDF.  Throws a `Problem`; one of kind "altered" saved nothing. */
export async function download(number) {
  const { url, sha256 } = await link(number);
  const bytes = await fetched(url);
  if ((await hashOf(bytes)) !== sha256) throw new Problem("altered");
  save(bytes, `${number}.pdf`);
}

async function fetched(url) {
  const answer = await fetch(url, { credentials: "omit" }).catch(() => null);
  if (answer === null) throw unanswered();
  if (!answer.ok) throw new Problem("broken");
  return answer.arrayBuffer();
}

async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function save(bytes, name) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  h("a", { href: address, download: name }).click();
  // The browser reads it after this turn.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
