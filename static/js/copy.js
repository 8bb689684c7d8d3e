// Copy buttons, put beside what can be copied when it comes to be seen.

const template = document.querySelector("[data-copy-button]");
const status = document.querySelector("[data-announce]");

const equip = (root) => {
  for (const place of root.querySelectorAll("[data-copy]:not([data-copy=ready])")) {
    place.dataset.copy = "ready";
    place.after(template.content.cloneNode(true));
  }
};

const equipTraces = () => document.querySelectorAll(".trace").forEach(equip);

equipTraces();
document.addEventListener("htmx:load", equipTraces);
document.addEventListener(
  "toggle",
  ({ target }) => target.matches?.(".facts[open]") && equip(target),
  true, // toggle does not bubble
);
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copied]");
  if (!button) return;
  await navigator.clipboard.writeText(button.previousElementSibling.textContent);
  status.textContent = button.dataset.copied;
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
});
