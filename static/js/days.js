// The days of a thread and the messages in them, put together from pages that come one by one.

const GROUP_GAP = 5 * 60 * 1000; // as in services/presentation/threads.py

// In low windows the whole thread scrolls, its head included.
export const scroller = (inside) => {
  const pane = inside.closest(".thread").querySelector(".pane__scroll");
  return getComputedStyle(pane).overflowY === "visible" ? pane.closest(".thread") : pane;
};

export const moment = (message) => Date.parse(message?.querySelector("time")?.dateTime);

const joinGroup = (last, first) => {
  const { group } = first?.dataset ?? {};
  const follows = group && last?.dataset.group === group && first.dataset.status !== "failed";
  if (follows && moment(first) - moment(last) < GROUP_GAP) first.classList.add("message--follow");
};

export const join = (day) => {
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
export const settle = (day) => {
  const later = (action) => frames.set(day, requestAnimationFrame(action));
  cancelAnimationFrame(frames.get(day)); // a page that joins it before then starts this anew
  delete day.dataset.settled;
  later(() => later(() => (day.dataset.settled = "")));
};

export const count = (run) => {
  const left = run?.querySelectorAll(".message").length;
  if (left) run.querySelector("[data-run]").textContent = left;
  else run?.remove();
};

const drop = (message) => {
  const run = message.closest(".run");
  message.remove();
  count(run);
};

export const dropRepeats = (day) => {
  for (const { id } of day.querySelectorAll(".message[id]")) {
    const same = document.querySelectorAll(`#${CSS.escape(id)}`);
    if (same.length > 1) drop(same[0]);
  }
};
