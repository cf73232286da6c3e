// Who reads: an accountant is whom the API shows runs.

import { runs } from "./api.js";
import { Problem } from "./errors.js";
import { email } from "./session.js";

let known = null;

/** The reader signed in; `newest` is the month of the newest run, for accountants. */
export async function reader() {
  if (known?.email !== email()) known = { email: email(), ...(await role()) };
  return known;
}

export const forgetReader = () => {
  known = null;
};

async function role() {
  try {
    const page = await runs({ limit: 1 });
    return { accountant: true, newest: page.runs[0]?.period ?? null };
  } catch (problem) {
    if (problem instanceof Problem && problem.kind === "missing") return { accountant: false };
    throw problem;
  }
}
