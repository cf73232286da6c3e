// The page: shows the place its address names, to whoever is signed in.

import { readConfig } from "./config.js";
import { drawFrame, page } from "./layout.js";
import { quiet } from "./notices.js";
import { placeOf } from "./router.js";
import { Problem } from "./errors.js";
import { reader } from "./user.js";
import { expired, forget, token } from "./session.js";
import { finishHosted } from "./auth.js";
import { failure, loading } from "./placeholders.js";
import { signInView } from "./views/sign-in.js";
import { home, viewOf } from "./views/routes.js";
import { preferred, t, use } from "./i18n.js";

// Quicker answers need no word of waiting.
const WAITING = 250;

let turn = 0;
let current = null;

async function start() {
  await Promise.all([readConfig(), use(preferred())]);
  await finishHosted();
  addEventListener("hashchange", () => show());
  await show();
}

/**
 * Show the place in the address.  A view that is shown already and can take another query, as a
 * list takes other filters, stays and keeps the keyboard's focus.
 */
async function show({ anew = false } = {}) {
  const mine = ++turn;
  const stale = () => mine !== turn;
  const place = placeOf(location.hash);
  clearTimeout(current?.timer);
  quiet();
  if (!anew && current?.take?.(place)) return title(current);
  const waiting = setTimeout(() => stale() || page().replaceChildren(loading()), WAITING);
  const view = await viewFor(place);
  clearTimeout(waiting);
  if (!stale()) settle(view);
}

/** The view of a place, or of what kept it from being shown. */
async function viewFor(place) {
  if (token() === null) return signedOut();
  const seen = {};
  try {
    seen.who = await reader();
    seen.section = place.parts[0] ?? home(seen.who);
    return { ...seen, ...(await viewOf(seen.section, place, seen.who)) };
  } catch (problem) {
    return { ...seen, ...problemView(problem) };
  }
}

function signedOut() {
  const why = expired() ? t("sign-in.expired") : null;
  forget();
  return { who: null, ...signInView(why, () => show({ anew: true })) };
}

function problemView(problem) {
  if (!(problem instanceof Problem)) console.error(problem);
  const kind = problem instanceof Problem ? problem.kind : "broken";
  if (kind === "signed-out") return signedOut();
  const title = t(`problem.${kind}.title`);
  return { title, content: failure(kind, () => show({ anew: true })) };
}

function settle(view) {
  current = view;
  drawFrame(view, () => show({ anew: true }));
  page().replaceChildren(...[view.content].flat());
  title(view);
  heading().focus();
  if (view.refresh) again(view);
}

/** Read anew, every so often, what is still under way. */
function again(view) {
  view.timer = setTimeout(async () => {
    if (current !== view) return;
    const more = document.hidden || (await view.refresh().catch(() => true));
    if (more && current === view) again(view);
  }, view.every);
}

function title(view) {
  document.title = `${view.title} · Selfbill`;
}

function heading() {
  const found = page().querySelector("h1");
  found.tabIndex = -1;
  return found;
}

start().catch((problem) => {
  console.error(problem);
  document.getElementById("page").textContent = "The page could not start. Reload it in a minute.";
});
