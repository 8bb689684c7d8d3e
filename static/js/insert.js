// New messages are put among those that are shown.

import { count, settle } from "./days.js";
import { byId, dayOf, id } from "./messages.js";
import { arrive } from "./refresh.js";

// Behind the message before it: in its run of activities, or after that.
const behind = (previous, now) =>
  now.dataset.kind === "activity" ? previous : (previous.closest(".run") ?? previous);

// Activities that came together stay folded together.
const wrapped = (now, run, previous, found) => {
  const isNew = (each) => found.some(({ message }) => message === each);
  const whole = run && [...run.querySelectorAll(".message")].every(isNew);
  if (!whole || previous.closest(".run")) return now;
  const made = run.cloneNode(false);
  made.append(run.firstElementChild.cloneNode(true), now);
  return made;
};

const newDay = (day, like) => {
  const next = day.nextElementSibling;
  if (next?.dataset.day === like.dataset.day) return next;
  const made = like.cloneNode(false);
  made.append(like.querySelector(".day__label").cloneNode(true));
  day.after(made);
  return made;
};

export const insert = (feed, found) => {
  const known = byId(feed);
  const days = new Set();
  const added = found.map(({ message, after }) => {
    const [now, previous] = [message.cloneNode(true), known.get(after)];
    const [day, wanted] = [dayOf(previous), dayOf(message)];
    const same = day.dataset.day === wanted.dataset.day;
    const place = same ? behind(previous, now) : newDay(day, wanted).querySelector(".day__label");
    place.after(wrapped(now, message.closest(".run"), same ? previous : place, found));
    known.set(id(now), now);
    days.add(dayOf(now));
    if (now.closest(".run")) count(now.closest(".run"));
    arrive(now);
    return now;
  });
  days.forEach(settle);
  return added;
};
