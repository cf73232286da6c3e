// Tables.  On a narrow screen rows become cards; the ARIA roles keep them a table for screen readers.

import { h } from "../dom.js";

/**
 * A table.  A column is `{ title, cell, number, head }`: `cell` gives the content for a row, `number`
 * aligns it right, `head` makes it the row's header.
 */
export function table(caption, columns, rows, attributes = {}) {
  const titles = columns.map((column) =>
    h("th", { scope: "col", role: "columnheader", class: column.number ? "number" : null }, column.title),
  );
  return h("table", { role: "table", class: "cards", ...attributes },
    h("caption", { class: attributes.shown ? null : "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, titles)),
    h("tbody", { role: "rowgroup" }, rows.map((row) => line(columns, row))),
  );
}

/** One row, to append to a table. */
export function line(columns, row) {
  return h("tr", { role: "row" }, columns.map((column) => cell(column, row)));
}

function cell(column, row) {
  const kind = { class: column.number ? "number" : null, "data-title": column.title };
  const inside = column.cell(row);
  if (column.head) return h("th", { scope: "row", role: "rowheader", ...kind }, inside);
  return h("td", { role: "cell", ...kind }, inside);
}
