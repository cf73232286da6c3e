// The view for each route.

import { PageError } from "../errors.js";
import { contractorView } from "./contractor.js";
import { invoiceView } from "./invoice.js";
import { invoicesView } from "./invoices.js";
import { monthView } from "./month.js";

/** The section a user lands on. */
export const home = (user) => (user.accountant ? "months" : "invoices");

/** The view for a route.  Throws a `PageError` "missing" if there is none for this user. */
export async function viewOf(section, route, user) {
  const [, name, ...more] = route.parts;
  if (section === "invoices" && !name) return user.accountant ? invoicesView(route) : contractorView(user);
  if (section === "invoices" && !more.length) return invoiceView(name, user);
  if (section === "months" && user.accountant && !more.length) return monthView(name ?? user.newest);
  throw new PageError("missing");
}
