// The newest messages, come as a page, held against those that are shown.

import { moment, settle } from "./days.js";
import { byId, dayOf, id, messages } from "./messages.js";
import { refresh } from "./refresh.js";

// What came and is not shown, each with what it comes after: the page's order, else the time.
export const missing = (feed, page) => {
  const known = byId(feed);
  const shown = [...known.values()];
  let before = null;
  const found = [];
  for (const message of messages(page)) {
    const place = before ?? shown.findLast((each) => moment(each) <= moment(message));
    if (!known.has(id(message)) && place) found.push({ message, after: id(place) });
    if (known.has(id(message)) || place) before = message;
  }
  return found;
};

// More has come than a page holds: what is between nobody knows.
export const apart = (feed, page, reaches) => {
  const known = byId(feed);
  if (messages(page).some((message) => known.has(id(message)))) return false;
  return Date.parse(reaches) > moment([...known.values()].at(-1));
};

export const refreshKnown = (feed, page) => {
  const known = byId(feed);
  for (const message of messages(page)) {
    const old = known.get(id(message));
    if (!old || old.dataset.version === message.dataset.version) continue;
    const day = dayOf(old);
    refresh(old, message.cloneNode(true));
    settle(day); // at its true height, not a guessed one
  }
  for (const label of page.querySelectorAll(".day__label > time")) {
    // Today becomes yesterday.
    const same = feed.querySelector(`.day__label > time[datetime="${label.dateTime}"]`);
    if (same && same.textContent !== label.textContent) same.textContent = label.textContent;
  }
};
