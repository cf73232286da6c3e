// Signing in, wherever one was about to go.

import { config } from "../config.js";
import { h } from "../dom.js";
import { Problem } from "../errors.js";
import { atHostedPage, withPassword } from "../auth.js";
import { sentenceOf } from "../placeholders.js";
import { t } from "../i18n.js";

/** `why` says, if need be, why one is asked again; `done` goes on to the place in the address. */
export function signInView(why, done) {
  const wrong = h("p", { class: "wrong", role: "alert" }, why);
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
  return h("button", { class: "button", type: "button", onclick: atHostedPage }, t("sign-in.go"));
}

function password(wrong, done) {
  const email = field("email", "sign-in.email", "username");
  const secret = field("password", "sign-in.password", "current-password");
  const go = h("button", { class: "button" }, t("sign-in.go"));
  const onsubmit = async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    go.disabled = true;
    await tried(email.input.value, secret.input.value, wrong, done);
    go.disabled = false;
  };
  return h("form", { onsubmit }, email.label, secret.label, go);
}

async function tried(email, secret, wrong, done) {
  try {
    await withPassword(email, secret);
    done();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    wrong.textContent = sentenceOf(problem);
  }
}

function field(type, key, autocomplete) {
  const input = h("input", { type, name: type, autocomplete, required: true });
  return { input, label: h("label", {}, t(key), input) };
}
