// Chips are links that act as buttons: Space presses them too. They keep their places while one
// toggles them, though the server puts those with messages first.

document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.('a[role="button"]');
  if (!button || event.key !== " ") return;
  event.preventDefault();
  button.click();
});

let kept = null;

const chips = () => [...document.querySelectorAll("[data-type-chip]")];

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  if (target.id !== "messages") return;
  const before = chips();
  kept = {
    order: before.map((chip) => chip.dataset.typeChip),
    scroll: before[0]?.parentElement.scrollLeft,
  };
});

document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.id !== "messages" || !kept) return;
  const now = chips();
  const place = ({ dataset: { typeChip } }) =>
    kept.order.includes(typeChip) ? kept.order.indexOf(typeChip) : kept.order.length;
  const line = now[0]?.parentElement;
  const focused = document.activeElement; // moving it would lose the focus
  line?.append(...now.sort((one, other) => place(one) - place(other)));
  focused.focus({ preventScroll: true });
  if (line) line.scrollLeft = kept.scroll;
  kept = null;
});
