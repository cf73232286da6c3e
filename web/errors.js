// Errors by what the user can do about them.

/** An error the page has words for: `kind` is the middle of its keys, as in "error.missing.text". */
export class PageError extends Error {
  constructor(kind, message = "") {
    super(message || kind);
    this.kind = kind;
  }
}

const BY_STATUS = { 400: "refused", 401: "signed-out", 404: "missing", 409: "not-ready", 429: "busy" };

/** The error for an HTTP status. */
export function errorFor(status, message) {
  return new PageError(BY_STATUS[status] ?? "broken", message);
}

/** The error for a request that got no response. */
export const networkError = () => new PageError(navigator.onLine ? "unreachable" : "offline");
