// How far back the thread is loaded and how much of it is hidden, while older messages come.

import { fill, recount } from "./counts.js";

const hide = (line, dropped) => {
  const place = line.querySelector("[data-hidden]") ?? document.createElement("span");
  place.dataset.hidden = Number(place.dataset.hidden ?? 0) + Number(dropped);
  place.textContent = fill(line.dataset.hiddenWords, { count: place.dataset.hidden });
  if (!place.isConnected) line.append(place);
};

document.addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
  if (elt.id !== "older") return;
  const thread = elt.closest(".thread");
  const { since, sinceLabel, dropped, announcement } = elt.dataset;
  recount(thread);
  const line = thread.querySelector(".coverage");
  if (line && dropped) hide(line, dropped);
  const place = thread.querySelector("[data-since]:not(#older)");
  if (place && since) Object.assign(place, { dateTime: since, textContent: sinceLabel });
  document.querySelector("[data-announce]").textContent = announcement ?? "";
});
