// Asks for what is new, again and again: less often when nobody seems to be there.

const [AWAY, HIDDEN] = [3, 12]; // times as seldom
const AWAY_AFTER = 2 * 60 * 1000;
const timers = new WeakMap();
let touched = Date.now();

const polls = () => document.querySelectorAll("[data-poll]");

const pause = (poll) => {
  const often = Number(poll.dataset.poll) * 1000;
  if (document.hidden) return often * HIDDEN;
  return Date.now() - touched > AWAY_AFTER ? often * AWAY : often;
};

const plan = (poll) => {
  clearTimeout(timers.get(poll));
  timers.set(poll, setTimeout(ask, pause(poll), poll));
};

const ask = (poll) => {
  if (!poll.isConnected || poll.matches(".htmx-request")) return;
  const shown = poll.closest(".pane").checkVisibility();
  if (shown) poll.dispatchEvent(new Event("poll"));
  else plan(poll); // behind the thread of a narrow window
};

polls().forEach(plan);
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  for (const poll of polls()) if (elt.contains(poll)) plan(poll);
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  if (!("poll" in elt.dataset)) return;
  const over = xhr.status === 286 || (xhr.status >= 400 && xhr.status < 500 && xhr.status !== 429);
  if (over) for (const poll of polls()) poll.removeAttribute("data-poll");
  else if (elt.isConnected) plan(elt);
});
// A poll that fails, or comes too often, leaves all as it is; the next may do better.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if ("quiet" in detail.requestConfig.elt.dataset && (detail.xhr.status >= 500 || detail.xhr.status === 429)) detail.shouldSwap = false;
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) polls().forEach(ask);
});
for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"]) {
  document.addEventListener(name, () => (touched = Date.now()), { passive: true });
}
