// The first rows in the order they have now, and behind them those loaded further down.

import { arrive } from "./refresh.js";

export const keyOf = (item) => item.querySelector("[data-conversation-id]")?.dataset.conversationId;
const moment = (item) => Date.parse(item.querySelector("time")?.dateTime);

// Rows loaded further down stay, unless they would be among the first if they still were there.
const stays = (item, last, rising) => {
  const by = moment(item) - moment(last);
  return Number.isNaN(by) || (rising ? by >= 0 : by <= 0);
};

export const order = (list, page, shown, now) => {
  const more = page.querySelector("#more");
  const last = [...now.values()].at(-1);
  const rising = /[?&]sort=asc/.test(document.getElementById("live-inbox").getAttribute("hx-get"));
  const first = [...now].map(([key, item]) => shown.get(key) ?? item.cloneNode(true));
  const rest = [...shown].filter(([key]) => !now.has(key)).map(([, item]) => item);
  const kept = rest.filter((item) => more && stays(item, last, rising));
  for (const item of rest) if (!kept.includes(item)) item.remove();
  const focused = document.activeElement;
  let place = null;
  for (const item of [...first, ...kept]) {
    const next = place ? place.nextElementSibling : list.firstElementChild;
    if (item !== next) list.insertBefore(item, next);
    if (!shown.has(keyOf(item))) arrive(item);
    place = item;
  }
  if (focused !== document.activeElement) focused.focus({ preventScroll: true });
  const edge = list.querySelector("#more");
  if (more && !edge) list.append(more.cloneNode(true)), window.htmx.process(list);
  if (!more) edge?.remove();
};
