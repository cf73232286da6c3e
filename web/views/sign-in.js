// The sign-in form, shown in place of any view until somebody signs in.

import { config } from "../config.js";
import { h } from "../dom.js";
import { PageError } from "../errors.js";
import { redirectToHostedUi, signInWithPassword } from "../auth.js";
import { errorText } from "../placeholders.js";
import { t } from "../i18n.js";

/** `reason` says why the user must sign in again, if they must; `done` shows the view they wanted. */
export function signInView(reason, done) {
  const wrong = h("p", { class: "wrong", role: "alert" }, reason);
  const form = config().signIn === "hosted" ? hosted() : password(wrong, done);
  const content = h("div", { class: "sign-in" },
    h("h1", {}, t("sign-in.title")),
    h("p", { class: "lead" }, t("sign-in.lead")),
    wrong,
    form,
  );
  return { title: t("sign-in.title"), content };
}

function hosted() {
  return h("button", { class: "button", type: "button", onclick: redirectToHostedUi }, t("sign-in.go"));
}

function password(wrong, done) {
  const email = field("email", "sign-in.email", "username");
  const secret = field("password", "sign-in.password", "current-password");
  const go = h("button", { class: "button" }, t("sign-in.go"));
  const onsubmit = async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    go.disabled = true;
    await attempt(email.input.value, secret.input.value, wrong, done);
    go.disabled = false;
  };
  return h("form", { onsubmit }, email.label, secret.label, go);
}

async function attempt(email, secret, wrong, done) {
  try {
    await signInWithPassword(email, secret);
    done();
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    wrong.textContent = errorText(error);
  }
}

function field(type, key, autocomplete) {
  const input = h("input", { type, name: type, autocomplete, required: true });
  return { input, label: h("label", {}, t(key), input) };
}
