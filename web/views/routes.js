// Which view shows a place.

import { Problem } from "../errors.js";
import { contractorView } from "./contractor.js";
import { invoiceView } from "./invoice.js";
import { invoicesView } from "./invoices.js";
import { monthView } from "./month.js";

/** The section of the page that a reader sees first. */
export const home = (who) => (who.accountant ? "months" : "invoices");

/** The view of a place in a section for a reader; a `Problem` "missing" if there is none. */
export async function viewOf(section, place, who) {
  const [, name, ...more] = place.parts;
  if (section === "invoices" && !name) return who.accountant ? invoicesView(place) : contractorView(who);
  if (section === "invoices" && !more.length) return invoiceView(name, who);
  if (section === "months" && who.accountant && !more.length) return monthView(name ?? who.newest);
  throw new Problem("missing");
}
