// Mails: each is asked for when it comes into view, a few at a time. Once all mails of a row are
// there they stand in the order of their dates, the newest open.

const AT_ONCE = 4; // as in services/mail.py
const TOGETHER = 10; // mails of a row that come together, so that its newest can be told
const wanted = new Set();

const waiting = (root) => [...root.querySelectorAll("[data-open-mail][hx-get]")];
const row = (inside) => inside?.closest("[data-mails]");

const ask = () => {
  let free = AT_ONCE - document.querySelectorAll("[data-open-mail].htmx-request").length;
  for (const link of wanted) {
    if (free-- <= 0) return;
    wanted.delete(link);
    seen.unobserve(link);
    link.dispatchEvent(new Event("seen"));
  }
};

// A link stands for itself, the place kept for the open mail for all of its row.
const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      const links = target.dataset.openMail ? [target] : waiting(row(target)).slice(0, TOGETHER);
      for (const link of links) wanted[isIntersecting ? "add" : "delete"](link);
    }
    ask();
  },
  { threshold: 0.2 },
);

const moment = (mail) => Date.parse(mail.querySelector("time")?.dateTime) || 0;

const arrange = (mails) => {
  const sorted = mails.toSorted((one, other) => moment(one) - moment(other));
  if (sorted.some((mail, place) => mail !== mails[place])) mails[0].parentElement.prepend(...sorted);
  sorted.at(-1)?.setAttribute("open", "");
};

const arrive = (elt) => {
  for (const place of elt.querySelectorAll("[data-open-mail][hx-get], .email__rest")) seen.observe(place);
  const mails = row(elt);
  if (!mails) return;
  if (mails.dataset.asked?.split(" ").includes(elt.id)) elt.setAttribute("open", "");
  if (!waiting(mails).length) arrange([...mails.querySelectorAll(":scope > details")]);
};

arrive(document.body);
document.addEventListener("htmx:load", ({ detail: { elt } }) => elt !== document.body && arrive(elt));
document.addEventListener("htmx:afterRequest", ask);
document.addEventListener("click", ({ target }) => {
  const mail = target.closest("a[data-open-mail]")?.parentElement;
  if (row(mail)) row(mail).dataset.asked = `${row(mail).dataset.asked ?? ""} ${mail.id}`;
});
// Only what is closed can be opened.
const mark = ({ target: mail }) => {
  if (!mail.matches?.("details.email__item")) return;
  mail.firstElementChild.toggleAttribute("data-open-mail", !mail.open);
  if (!mail.open) mail.firstElementChild.dataset.openMail = mail.id.slice("mail-".length);
};
document.addEventListener("toggle", mark, true); // toggle does not bubble
