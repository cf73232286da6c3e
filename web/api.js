// The API, read as whoever is signed in.

import { config } from "./config.js";
import { Problem, problemOf, unanswered } from "./errors.js";
import { token } from "./session.js";

const PATIENCE = 30_000;

/** One page of invoices: filters that are empty are left out. */
export const invoices = (filters) => get("/invoices", filters);

export const invoice = (number) => get(`/invoices/${encodeURIComponent(number)}`);

/** Where the PDF can be fetched for some minutes, and its hash on record. */
export const link = (number) => get(`/invoices/${encodeURIComponent(number)}/link`);

export const runs = (filters) => get("/runs", filters);

export const report = (period) => get(`/runs/${encodeURIComponent(period)}`);

/** The JSON that a path answers with, or a `Problem`. */
async function get(path, filters = {}) {
  const answer = await asked(path, filters);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw problemOf(answer.status, body.Message);
  return body;
}

async function asked(path, filters) {
  const idToken = token();
  if (idToken === null) throw new Problem("signed-out");
  const given = Object.entries(filters).filter(([, value]) => value);
  const query = given.length ? `?${new URLSearchParams(given)}` : "";
  return fetch(config().api + path + query, {
    headers: { Authorization: idToken },
    signal: AbortSignal.timeout(PATIENCE),
  }).catch(() => {
    throw unanswered();
  });
}
