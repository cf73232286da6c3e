// The app: shows the view of the current route to whoever is signed in.

import { completeHostedSignIn } from "./auth.js";
import { readConfig } from "./config.js";
import { PageError } from "./errors.js";
import { preferred, t, use } from "./i18n.js";
import { drawLayout, page } from "./layout.js";
import { clearNotices } from "./notices.js";
import { failure, loading } from "./placeholders.js";
import { parseRoute } from "./router.js";
import { clearToken, expired, token } from "./session.js";
import { currentUser } from "./user.js";
import { home, viewOf } from "./views/routes.js";
import { signInView } from "./views/sign-in.js";

// A view that loads faster than this never flashes "Loading…".
const LOADING_DELAY_MS = 250;

let turn = 0;
let current = null;

async function start() {
  await Promise.all([readConfig(), use(preferred())]);
  await completeHostedSignIn();
  addEventListener("hashchange", () => show());
  await show();
}

const reload = () => show({ again: true });

/**
 * Show the current route.
 *
 * A view on screen that accepts the new route (a list given other filters) stays, and so keeps the
 * keyboard focus; `again` loads it anew all the same.
 */
async function show({ again = false } = {}) {
  const mine = ++turn;
  const stale = () => mine !== turn;
  const route = parseRoute(location.hash);
  clearTimeout(current?.timer);
  clearNotices();
  if (!again && current?.accept?.(route)) return setTitle(current);
  const waiting = setTimeout(() => stale() || page().replaceChildren(loading()), LOADING_DELAY_MS);
  const view = await viewFor(route);
  clearTimeout(waiting);
  if (!stale()) display(view);
}

/** The view of a route, or of the error that prevented it. */
async function viewFor(route) {
  if (token() === null) return signedOut();
  const frame = {};
  try {
    frame.user = await currentUser();
    frame.section = route.parts[0] ?? home(frame.user);
    return { ...frame, ...(await viewOf(frame.section, route, frame.user)) };
  } catch (error) {
    return { ...frame, ...errorView(error) };
  }
}

function signedOut() {
  const reason = expired() ? t("sign-in.expired") : null;
  clearToken();
  return { user: null, ...signInView(reason, reload) };
}

function errorView(error) {
  if (!(error instanceof PageError)) console.error(error);
  const kind = error instanceof PageError ? error.kind : "broken";
  if (kind === "signed-out") return signedOut();
  return { title: t(`error.${kind}.title`), content: failure(kind, reload) };
}

function display(view) {
  current = view;
  drawLayout(view, reload);
  page().replaceChildren(...[view.content].flat());
  setTitle(view);
  heading().focus();
  if (view.refresh) scheduleRefresh(view);
}

/** Refresh a view from time to time until nothing in it is in progress. */
function scheduleRefresh(view) {
  view.timer = setTimeout(async () => {
    if (current !== view) return;
    const more = document.hidden || (await view.refresh().catch(() => true));
    if (more && current === view) scheduleRefresh(view);
  }, view.every);
}

function setTitle(view) {
  document.title = `${view.title} · Selfbill`;
}

function heading() {
  const found = page().querySelector("h1");
  found.tabIndex = -1;
  return found;
}

start().catch((error) => {
  console.error(error);
  // The translations may be what failed to load.
  document.getElementById("page").textContent =
    "This page couldn’t load. Reload it in a minute. Не вдалося завантажити сторінку. Оновіть її за хвилину.";
});
