// Older messages: asked for shortly before the top comes into view, joined to the day they belong
// to, counted and announced. The reversed scroller keeps what is being read in its place.

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
  const messages = [...day.querySelectorAll(".message")];
  joinGroup(messages.at(-1), next.querySelector(".message"));
  if (next.dataset.day !== day.dataset.day) return day;
  next.querySelector(".day__label").after(...messages);
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

const dropRepeats = (day) => {
  for (const { id } of day.querySelectorAll(".message[id]")) {
    const same = document.querySelectorAll(`#${CSS.escape(id)}`);
    if (same.length > 1) same[0].remove();
  }
};

const recount = (thread) => {
  const counts = { "": 0 };
  for (const { dataset } of thread.querySelectorAll("[data-message-id]")) {
    counts[""] += 1;
    counts[dataset.messageType] = (counts[dataset.messageType] ?? 0) + 1;
  }
  for (const place of thread.querySelectorAll("[data-count]")) {
    place.textContent = counts[place.dataset.count] ?? "";
    if (place.textContent) place.closest(".chip--empty")?.classList.remove("chip--empty");
  }
};

const tell = (thread, { since, sinceLabel, announcement }) => {
  recount(thread);
  const place = thread.querySelector("[data-since]:not(#older)");
  if (place && since) Object.assign(place, { dateTime: since, textContent: sinceLabel });
  document.querySelector("[data-announce]").textContent = announcement ?? "";
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
  tell(elt.closest(".thread"), elt.dataset);
  const feed = elt.closest("[data-thread]");
  const rest = () => feed.querySelector(".htmx-request") ?? feed.removeAttribute("aria-busy");
  requestAnimationFrame(() => requestAnimationFrame(rest));
});
