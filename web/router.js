// Hash routing: #/invoices?period=2026-10 and the like.

/** A hash as the parts of its path, and its query as an object. */
export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  return {
    parts: path.split("/").filter(Boolean).map(decoded),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The link to a route.  Empty parameters are left out. */
export function hrefTo(parts, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const path = `#/${parts.map(encodeURIComponent).join("/")}`;
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
