// Copy buttons, put beside what can be copied when it comes to be seen.

const template = document.querySelector("[data-copy-button]");
const status = document.querySelector("[data-announce]");

const COPIED = "[data-copy], [data-copy-link], [data-copy-json]";

const equip = (root) => {
  for (const place of root.querySelectorAll(COPIED)) {
    if (place.nextElementSibling?.matches("[data-copied]")) continue;
    place.after(template.content.cloneNode(true));
  }
};

const equipShown = () => document.querySelectorAll(".trace, .pairs").forEach(equip);

equipShown();
document.addEventListener("htmx:load", equipShown);
document.addEventListener(
  "toggle",
  ({ target }) => target.matches?.(".facts[open], .contact__raw[open]") && equip(target),
  true, // toggle does not bubble
);
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copied]");
  if (!button) return;
  const place = button.previousElementSibling;
  const copied = "copyLink" in place.dataset ? place.href : place.textContent;
  await navigator.clipboard.writeText(copied);
  status.textContent = button.dataset.copied;
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
});
