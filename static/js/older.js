// Older messages: asked for shortly before the top comes into view, joined to the day they belong
// to. The reversed scroller keeps what is being read in its place.

import { dropRepeats, join, scroller, settle } from "./days.js";

const MARGIN = "1000px"; // how far above the view the link may be when it fires

const watch = (link) => {
  const nearby = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      nearby.disconnect();
      link.dispatchEvent(new Event("nearby"));
    },
    { root: scroller(link), rootMargin: `${MARGIN} 0px 0px` },
  );
  nearby.observe(link);
};

const arrive = (elt) => {
  const link = elt.matches("[data-nearby]") ? elt : elt.querySelector("[data-nearby]");
  if (link) watch(link);
  const days = elt.matches(".day") ? [elt] : elt.querySelectorAll(".day");
  for (const day of days) {
    if (elt === day) dropRepeats(day);
    settle(elt === day ? join(day) : day);
  }
};

// htmx's own swap looks through the whole thread for each id that comes, longer and longer.
window.htmx.defineExtension("older", {
  handleSwap: (style, target, page, { elts }) => {
    if (style !== "older") return false;
    const arrived = [...page.children];
    target.replaceWith(page);
    elts.splice(0, elts.length, ...arrived);
    return arrived;
  },
});

arrive(document.body);
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt !== document.body) arrive(elt);
});
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if ("loadOlder" in elt.dataset) elt.closest("[data-thread]").setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
  if (elt.id !== "older") return;
  const feed = elt.closest("[data-thread]");
  const rest = () => feed.querySelector("[data-load-older].htmx-request") ?? feed.removeAttribute("aria-busy");
  requestAnimationFrame(() => requestAnimationFrame(rest));
});
