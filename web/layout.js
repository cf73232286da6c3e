// What stands around every view: where one is, who one is, the language.

import { h } from "./dom.js";
import { notices } from "./notices.js";
import { addressOf } from "./router.js";
import { forgetReader } from "./user.js";
import { signOut } from "./auth.js";
import { LANGUAGES, choose, language, t } from "./i18n.js";

const main = h("main", { id: "main" });

/** Where views go. */
export const page = () => main;

/**
 * Draw the frame of a view: `who` reads it, if anybody is signed in, and `section` is where it
 * belongs.  `anew` shows the view again.
 */
export function drawFrame({ who, section }, anew) {
  const skip = h("a", { class: "skip", href: "#main", onclick: skipTo }, t("frame.skip"));
  const header = h("header", {}, brand(), who && places(who, section), account(who, anew));
  const parts = [skip, header, main, notices()].filter(Boolean);
  document.getElementById("page").replaceChildren(...parts);
}

/** The address after the # is a place of ours, so the focus is moved by hand. */
function skipTo(event) {
  event.preventDefault();
  main.querySelector("h1").focus();
}

function brand() {
  const icon = h("img", { src: "icon.svg", alt: "", width: 28, height: 28 });
  return h("a", { class: "brand", href: "#/" }, icon, "Selfbill");
}

function places(who, section) {
  const links = [link("invoices", who.accountant ? "frame.invoices" : "frame.mine", section)];
  if (who.accountant) links.unshift(link("months", "frame.months", section));
  return h("nav", { "aria-label": t("frame.places") }, h("ul", {}, links));
}

function link(name, key, section) {
  const current = name === section ? "page" : null;
  return h("li", {}, h("a", { href: addressOf([name]), "aria-current": current }, t(key)));
}

function account(who, anew) {
  const parts = [languages(anew)];
  if (who) parts.unshift(h("span", { class: "who" }, who.email));
  if (who) parts.push(h("button", { class: "quiet", type: "button", onclick: () => leave(anew) }, t("frame.sign-out")));
  return h("div", { class: "account" }, parts);
}

function leave(anew) {
  forgetReader();
  history.replaceState(null, "", "#/");
  signOut();
  anew();
}

function languages(anew) {
  const buttons = Object.entries(LANGUAGES).map(([code, name]) =>
    h("button", {
      type: "button",
      lang: code,
      title: name,
      "aria-label": name,
      "aria-pressed": String(code === language()),
      onclick: () => choose(code).then(anew),
    }, code === "uk" ? "Укр" : "Eng"),
  );
  return h("div", { class: "languages", role: "group", "aria-label": t("frame.language") }, buttons);
}
