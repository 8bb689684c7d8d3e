// A link that makes way for what it brought hands its focus on; otherwise that falls back to the page's start.

let heir = null;

const link = (place) => place?.querySelector("a");

// By the place that is replaced: who comes after it.
const HEIRS = {
  older: (place) => {
    const message = place.parentElement.querySelector(".message");
    return () => document.querySelector("#older [data-retry]") ?? message;
  },
  more: (place) => {
    const row = place.previousElementSibling;
    return () => link(row.nextElementSibling) ?? link(row);
  },
};

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  heir = target.contains(document.activeElement) ? HEIRS[target.id]?.(target) : null;
});
document.addEventListener("htmx:afterSettle", () => {
  heir?.()?.focus({ preventScroll: true });
  heir = null;
});
