// The header around every view: brand, menu, account and language.

import { signOut } from "./auth.js";
import { h } from "./dom.js";
import { LANGUAGES, choose, language, t } from "./i18n.js";
import { notices } from "./notices.js";
import { hrefTo } from "./router.js";
import { forgetUser } from "./user.js";

const main = h("main", { id: "main" });

/** The element that holds the view. */
export const page = () => main;

/**
 * Draw the header and an empty notice area around the view.
 *
 * `user` is null while nobody is signed in; `section` is the menu entry to highlight; `reload`
 * loads the view again.
 */
export function drawLayout({ user, section }, reload) {
  const skip = h("a", { class: "skip", href: "#main", onclick: skipToContent }, t("layout.skip"));
  const header = h("header", {}, brand(), user && menu(user, section), account(user, reload));
  document.getElementById("page").replaceChildren(skip, header, main, notices());
}

/** The router owns what follows the #, so a link to an id cannot move the focus. */
function skipToContent(event) {
  event.preventDefault();
  main.querySelector("h1").focus();
}

function brand() {
  const icon = h("img", { src: "icon.svg", alt: "", width: 28, height: 28 });
  return h("a", { class: "brand", href: "#/" }, icon, "Selfbill");
}

function menu(user, section) {
  const links = [link("invoices", user.accountant ? "layout.invoices" : "layout.mine", section)];
  if (user.accountant) links.unshift(link("months", "layout.months", section));
  return h("nav", { "aria-label": t("layout.menu") }, h("ul", {}, links));
}

function link(name, key, section) {
  const current = name === section ? "page" : null;
  return h("li", {}, h("a", { href: hrefTo([name]), "aria-current": current }, t(key)));
}

function account(user, reload) {
  const parts = [languages(reload)];
  if (user) parts.unshift(h("span", { class: "who" }, user.email));
  if (user) parts.push(h("button", { class: "quiet", type: "button", onclick: () => leave(reload) }, t("layout.sign-out")));
  return h("div", { class: "account" }, parts);
}

function leave(reload) {
  forgetUser();
  history.replaceState(null, "", "#/");
  signOut();
  reload();
}

function languages(reload) {
  const buttons = Object.entries(LANGUAGES).map(([code, { name, short }]) =>
    h("button", {
      type: "button",
      lang: code,
      title: name,
      "aria-label": name,
      "aria-pressed": String(code === language()),
      onclick: () => choose(code).then(reload),
    }, short),
  );
  return h("div", { class: "languages", role: "group", "aria-label": t("layout.language") }, buttons);
}
