// Once all mails of a row are there they stand in the order of their dates, the newest open. What
// somebody asked for opens at once, and keeps the focus.

import { row, waiting } from "./mail.js";

const AIM = 500; // milliseconds between seeing a mail closed and pressing it
const asked = new Set();
const came = new WeakMap(); // when a mail opened by itself
let focused = false;

const open = (mail) => {
  if (mail && !mail.open) came.set(mail, performance.now());
  mail?.setAttribute("open", "");
};

const moment = (mail) => Date.parse(mail.querySelector("time")?.dateTime) || 0;

const arrange = (mails) => {
  const sorted = mails.toSorted((one, other) => moment(one) - moment(other));
  if (sorted.some((mail, place) => mail !== mails[place])) mails[0].parentElement.prepend(...sorted);
  open(sorted.at(-1));
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

// Who pressed a mail to open it, just as it opened by itself, does not close it.
document.addEventListener("click", (event) => {
  const mail = event.target.closest(".email__item > summary")?.parentElement;
  if (event.timeStamp - came.get(mail) < AIM) event.preventDefault();
});

// Only what is closed can be opened.
const mark = ({ target: mail }) => {
  if (!mail.matches?.("details.email__item")) return;
  mail.firstElementChild.toggleAttribute("data-open-mail", !mail.open);
  if (!mail.open) mail.firstElementChild.dataset.openMail = mail.id.slice("mail-".length);
};
document.addEventListener("toggle", mark, true); // toggle does not bubble
