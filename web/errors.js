// What can go wrong between the page and the API, by what a reader can do about it.

/** A request that did not bring what was asked; `kind` names the words for it. */
export class Problem extends Error {
  constructor(kind, message = "") {
    super(message || kind);
    this.kind = kind;
  }
}

const BY_STATUS = { 400: "refused", 401: "signed-out", 404: "missing", 409: "not-ready", 429: "busy" };

/** The problem that an answer's status stands for. */
export function problemOf(status, message) {
  return new Problem(BY_STATUS[status] ?? "broken", message);
}

/** The problem of a request that was never answered. */
export const unanswered = () => new Problem(navigator.onLine ? "unreachable" : "offline");
