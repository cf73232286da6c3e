// Who is signed in.  The token lives in this tab's session storage and goes with the tab.

const KEPT = "token";
const SPARE_SECONDS = 30;

/** The ID token, or null if there is none or it is about to expire. */
export function token() {
  const kept = sessionStorage.getItem(KEPT);
  return kept && claims(kept).exp - SPARE_SECONDS > Date.now() / 1000 ? kept : null;
}

/** Whether somebody was signed in whose token has expired. */
export const expired = () => sessionStorage.getItem(KEPT) !== null && token() === null;

export const email = () => claims(token()).email;

export const keep = (idToken) => sessionStorage.setItem(KEPT, idToken);

export const forget = () => sessionStorage.removeItem(KEPT);

/** What a token says.  Only API Gateway checks that it is true. */
function claims(idToken) {
  const body = idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
