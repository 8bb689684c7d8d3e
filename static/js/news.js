// New messages slide in below for who reads the end; others are told how many wait, and not moved.

import { hold } from "./anchor.js";
import { recount } from "./counts.js";
import { scroller } from "./days.js";
import { insert } from "./insert.js";
import { apart, missing, refreshKnown } from "./merge.js";
import { arrive } from "./refresh.js";
import { tell } from "./waiting.js";

const NEAR = 40; // pixels from the end that still count as being there
const PARTS = [".day", ".message"]; // from the outside in
const one = (selector) => document.querySelector(selector);
const feed = () => one(".thread [data-thread]");
const atEnd = (pane) => -pane.scrollTop < NEAR; // a reversed column counts from its end
const page = () => one("#live-thread > template")?.content;

const show = () => {
  const added = insert(feed(), missing(feed(), page()));
  const names = page().querySelector(".names")?.cloneNode(true);
  if (names) one("#live-thread").after(names), arrive(names);
  recount(one(".thread"));
  tell(0);
  return added;
};

const lead = (pane) => {
  const added = show();
  for (const message of added) message.classList.add("message--new");
  pane.scrollTop = 0;
  return added;
};

const take = ({ dataset: { reaches } }) => {
  const anew = one("[data-news] > [data-anew]");
  const pane = scroller(anew);
  if (!feed().querySelector(".message")) return page().querySelector(".message") && anew.click();
  const end = atEnd(pane);
  hold(pane, PARTS, () => refreshKnown(feed(), page()));
  anew.hidden = !apart(feed(), page(), reaches);
  const count = anew.hidden ? missing(feed(), page()).length : 0;
  tell(count);
  if (count && end) lead(pane);
  else recount(one(".thread"));
};

document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.id === "live-thread" && page()) take(elt);
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-show]");
  if (button) lead(scroller(button))[0]?.focus({ preventScroll: true });
});
const reach = ({ target }) => {
  const button = one("[data-news] > [data-show]:not([hidden])");
  if (button && target === scroller(button) && atEnd(target)) hold(target, PARTS, show);
};
document.addEventListener("scroll", reach, { capture: true, passive: true }); // it does not bubble
