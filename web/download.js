// Downloading a PDF: fetched through a presigned link, saved only if its hash matches.

import { link } from "./api.js";
import { h } from "./dom.js";
import { PageError, networkError } from "./errors.js";

/** Fetch, verify and save a PDF.  Throws a `PageError`; one of kind "altered" saved nothing. */
export async function download(number) {
  const { url, sha256 } = await link(number);
  const bytes = await fetchBytes(url);
  if ((await hashOf(bytes)) !== sha256) throw new PageError("altered");
  save(bytes, `${number}.pdf`);
}

async function fetchBytes(url) {
  const response = await fetch(url, { credentials: "omit" }).catch(() => null);
  if (response === null) throw networkError();
  if (!response.ok) throw new PageError("broken");
  return response.arrayBuffer();
}

async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function save(bytes, name) {
  const href = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  h("a", { href, download: name }).click();
  // The browser reads the blob only after this function returns.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
