// Mails are asked for when they come into view, a few at a time.

const AT_ONCE = 4; // as in services/mail.py
const TOGETHER = 10; // mails of a row that come together, so that its newest can be told
const wanted = new Set();

export const row = (inside) => inside?.closest("[data-mails]");
export const waiting = (inside) => [...inside.querySelectorAll("[data-open-mail][hx-get]")];

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

const watch = (root) => {
  for (const place of root.querySelectorAll(".email__wait, .email__rest")) seen.observe(place);
};

watch(document);
document.addEventListener("htmx:load", ({ detail: { elt } }) => elt !== document.body && watch(elt));
document.addEventListener("htmx:afterRequest", ask);
