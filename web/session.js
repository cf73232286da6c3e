// The session: an ID token in this tab's session storage, gone when the tab closes.

const STORAGE_KEY = "token";
const LEEWAY_SECONDS = 30;

/** The ID token, or null if there is none or it is about to expire. */
export function token() {
  const kept = sessionStorage.getItem(STORAGE_KEY);
  return kept && claims(kept).exp - LEEWAY_SECONDS > Date.now() / 1000 ? kept : null;
}

/** Whether there was a session and it has ended. */
export const expired = () => sessionStorage.getItem(STORAGE_KEY) !== null && token() === null;

export const email = () => claims(token()).email;

export const saveToken = (idToken) => sessionStorage.setItem(STORAGE_KEY, idToken);

export const clearToken = () => sessionStorage.removeItem(STORAGE_KEY);

/** The claims of a token, not verified: API Gateway does that. */
function claims(idToken) {
  const body = idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
