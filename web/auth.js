// Signing in: with a password against the user pool (local cloud), or on Cognito's hosted page with
// an authorization code and PKCE (RFC 7636).

import { config } from "./config.js";
import { PageError, networkError } from "./errors.js";
import { clearToken, saveToken } from "./session.js";

const STORAGE_KEY = "signing-in";
const SCOPE = "openid email";

/** Sign in with a password.  Throws a `PageError`, such as "wrong-password". */
export async function signInWithPassword(email, password) {
  const response = await fetch(config().cognito, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
    },
    body: JSON.stringify({
      AuthFlow: "USER_PASSWORD_AUTH",
      ClientId: config().clientId,
      AuthParameters: { USERNAME: email.trim(), PASSWORD: password },
    }),
  }).catch(() => null);
  if (response === null) throw networkError();
  const body = await response.json();
  if (!response.ok || !body.AuthenticationResult) throw new PageError("wrong-password", body.message);
  saveToken(body.AuthenticationResult.IdToken);
}

/** Go to Cognito's page.  When it redirects back, `completeHostedSignIn` takes over. */
export async function redirectToHostedUi() {
  const attempt = { state: random(), verifier: random(), hash: location.hash };
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify(attempt));
  const challenge = base64url(await digest(attempt.verifier));
  location.assign(hosted("/oauth2/authorize", {
    response_type: "code",
    scope: SCOPE,
    redirect_uri: here(),
    state: attempt.state,
    code_challenge: challenge,
    code_challenge_method: "S256",
  }));
}

/** If Cognito just redirected back: redeem the code and restore the route. */
export async function completeHostedSignIn() {
  const given = new URLSearchParams(location.search);
  const attempt = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null");
  sessionStorage.removeItem(STORAGE_KEY);
  if (!given.has("state")) return;
  history.replaceState(null, "", `${location.pathname}${attempt?.hash ?? ""}`);
  // An attacker's link must not sign the user in to the attacker's account.
  if (!attempt || given.get("state") !== attempt.state || !given.has("code")) return;
  await redeem(given.get("code"), attempt.verifier);
}

async function redeem(code, verifier) {
  const response = await fetch(`${config().hostedUi}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: config().clientId,
      redirect_uri: here(),
      code,
      code_verifier: verifier,
    }),
  }).catch(() => null);
  if (response?.ok) saveToken((await response.json()).id_token);
}

/** End the session here and, with the hosted page, at Cognito. */
export function signOut() {
  clearToken();
  if (config().signIn === "hosted") location.assign(hosted("/logout", { logout_uri: here() }));
}

function hosted(path, given) {
  const query = new URLSearchParams({ client_id: config().clientId, ...given });
  return `${config().hostedUi}${path}?${query}`;
}

const here = () => `${location.origin}/`;

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const digest = (text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
