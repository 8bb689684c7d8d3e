// Older messages: asked for shortly before the top comes into view, joined to the day they belong
// to. The reversed scroller keeps what is being read in its place.

const MARGIN = "1000px"; // how far above the view the link may be when it fires
const GROUP_GAP = 5 * 60 * 1000; // as in services/presentation/threads.py

// In low windows the whole thread scrolls, its head included.
const scroller = (link) => {
  const pane = link.closest(".pane__scroll");
  return getComputedStyle(pane).overflowY === "visible" ? pane.closest(".thread") : pane;
};

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

const moment = (message) => Date.parse(message.querySelector("time")?.dateTime);

const joinGroup = (last, first) => {
  const { group } = first?.dataset ?? {};
  const follows = group && last?.dataset.group === group && first.dataset.status !== "failed";
  if (follows && moment(first) - moment(last) < GROUP_GAP) first.classList.add("message--follow");
};

const join = (day) => {
  const next = day.nextElementSibling;
  if (next?.dataset.day === undefined) return day;
  if (next.dataset.day !== day.dataset.day) return day;
  const messages = [...day.querySelectorAll(".message")];
  joinGroup(messages.at(-1), next.querySelector(".message"));
  next.querySelector(".day__label").after(...[...day.children].slice(1)); // runs stay whole
  day.remove();
  return next;
};

// Rows are skipped off screen only once the browser has laid them out and remembers their height.
const frames = new WeakMap();
const settle = (day) => {
  const later = (action) => frames.set(day, requestAnimationFrame(action));
  cancelAnimationFrame(frames.get(day)); // a page that joins it before then starts this anew
  delete day.dataset.settled;
  later(() => later(() => (day.dataset.settled = "")));
};

const drop = (message) => {
  const run = message.closest(".run");
  message.remove();
  const left = run?.querySelectorAll(".message").length;
  if (left) run.querySelector("[data-run]").textContent = left;
  else run?.remove();
};

const dropRepeats = (day) => {
  for (const { id } of day.querySelectorAll(".message[id]")) {
    const same = document.querySelectorAll(`#${CSS.escape(id)}`);
    if (same.length > 1) drop(same[0]);
  }
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
