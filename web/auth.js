// Signing in: by password against the pool (the local cloud), or at Cognito's own page with an
// authorization code and PKCE, RFC 7636.

import { config } from "./config.js";
import { Problem, unanswered } from "./errors.js";
import { forget, keep } from "./session.js";

const UNDER_WAY = "signing-in";
const SCOPE = "openid email";

/** Sign in by password.  Throws a `Problem` "wrong-password" or "unreachable". */
export async function withPassword(email, password) {
  const answer = await fetch(config().cognito, {
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
  if (answer === null) throw unanswered();
  const body = await answer.json();
  if (!answer.ok || !body.AuthenticationResult) throw new Problem("wrong-password", body.message);
  keep(body.AuthenticationResult.IdToken);
}

/** Leave for Cognito's page; `finishHosted` goes on when it sends the reader back. */
export async function atHostedPage() {
  const underWay = { state: random(), verifier: random(), hash: location.hash };
  sessionStorage.setItem(UNDER_WAY, JSON.stringify(underWay));
  const challenge = base64url(await digest(underWay.verifier));
  location.assign(hosted("/oauth2/authorize", {
    response_type: "code",
    scope: SCOPE,
    redirect_uri: here(),
    state: underWay.state,
    code_challenge: challenge,
    code_challenge_method: "S256",
  }));
}

/** If this is the way back from Cognito's page: redeem the code and go where the reader was. */
export async function finishHosted() {
  const given = new URLSearchParams(location.search);
  const underWay = JSON.parse(sessionStorage.getItem(UNDER_WAY) ?? "null");
  sessionStorage.removeItem(UNDER_WAY);
  if (!given.has("state")) return;
  history.replaceState(null, "", `${location.pathname}${underWay?.hash ?? ""}`);
  // Somebody else's link must not sign the reader in to somebody else's account.
  if (!underWay || given.get("state") !== underWay.state || !given.has("code")) return;
  await redeem(given.get("code"), underWay.verifier);
}

async function redeem(code, verifier) {
  const answer = await fetch(`${config().hostedUi}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: config().clientId,
      redirect_uri: here(),
      code,
      code_verifier: verifier,
    }),
  }).catch(() => null);
  if (answer?.ok) keep((await answer.json()).id_token);
}

/** Forget the token, and at Cognito's page the session as well. */
export function signOut() {
  forget();
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
