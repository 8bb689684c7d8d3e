// Once all mails of a row are there they stand in the order of their dates, the newest open. What
// somebody asked for opens at once, and keeps the focus.

import { row, waiting } from "./mail.js";

const asked = new Set();
let focused = false;

const moment = (mail) => Date.parse(mail.querySelector("time")?.dateTime) || 0;

const arrange = (mails) => {
  const sorted = mails.toSorted((one, other) => moment(one) - moment(other));
  if (sorted.some((mail, place) => mail !== mails[place])) mails[0].parentElement.prepend(...sorted);
  sorted.at(-1)?.setAttribute("open", "");
};

document.addEventListener("click", ({ target }) => {
  const link = target.closest("a[data-open-mail]");
  if (link) asked.add(link.parentElement.id);
});
document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  if (target.matches(".email__item")) focused = target.contains(document.activeElement);
});
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (!elt.matches(".email__item")) return;
  if (asked.delete(elt.id)) elt.setAttribute("open", "");
  const mails = row(elt);
  if (mails && !waiting(mails).length) arrange([...mails.querySelectorAll(":scope > details")]);
  if (focused) elt.querySelector("summary, [data-retry]")?.focus({ preventScroll: true });
  focused = false;
});

// Only what is closed can be opened.
const mark = ({ target: mail }) => {
  if (!mail.matches?.("details.email__item")) return;
  mail.firstElementChild.toggleAttribute("data-open-mail", !mail.open);
  if (!mail.open) mail.firstElementChild.dataset.openMail = mail.id.slice("mail-".length);
};
document.addEventListener("toggle", mark, true); // toggle does not bubble
