// Places of the page, as its address names them after the #.

/** What an address names: the parts of its path, and its query as an object. */
export function placeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  return {
    parts: path.split("/").filter(Boolean).map(plain),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The address of a place; what is empty in the query is left out. */
export function addressOf(parts, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const path = `#/${parts.map(encodeURIComponent).join("/")}`;
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
