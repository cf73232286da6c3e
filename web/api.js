// The API, called as the signed-in user.

import { config } from "./config.js";
import { PageError, errorFor, networkError } from "./errors.js";
import { token } from "./session.js";

const TIMEOUT_MS = 30_000;

/** One page of invoices.  Empty filters are left out. */
export const invoices = (filters) => get("/invoices", filters);

export const invoice = (number) => get(`/invoices/${encodeURIComponent(number)}`);

/** A presigned link to the PDF, valid for a few minutes, and the hash it must have. */
export const link = (number) => get(`/invoices/${encodeURIComponent(number)}/link`);

export const runs = (filters) => get("/runs", filters);

export const report = (period) => get(`/runs/${encodeURIComponent(period)}`);

/** The JSON at a path.  Throws a `PageError`. */
async function get(path, filters = {}) {
  const response = await request(path, filters);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw errorFor(response.status, body.Message);
  return body;
}

async function request(path, filters) {
  const idToken = token();
  if (idToken === null) throw new PageError("signed-out");
  const given = Object.entries(filters).filter(([, value]) => value);
  const query = given.length ? `?${new URLSearchParams(given)}` : "";
  return fetch(config().api + path + query, {
    headers: { Authorization: idToken },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw networkError();
  });
}
