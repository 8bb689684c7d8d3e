// Pictures open over the page, one after another through all that is loaded; links without a script.

import { reason } from "./missing.js";

const dialog = document.querySelector("[data-lightbox]");
const [image, caption, place, save] = ["shown", "caption", "place", "save"].map((name) =>
  dialog.querySelector(`[data-${name}]`),
);
let current = null;

const pictures = () => [...document.querySelectorAll("[data-picture]")];

const show = (picture) => {
  const all = pictures();
  const at = all.indexOf(picture);
  const time = picture.closest("[data-message-id]")?.querySelector("time")?.title ?? "";
  current = picture;
  image.src = picture.href;
  image.alt = picture.querySelector("img").alt;
  caption.textContent = [picture.dataset.picture, time].filter(Boolean).join(" · ");
  place.textContent = place.dataset.of.replace("%1", at + 1).replace("%2", all.length);
  save.href = `${picture.href}&download=1`;
  for (const button of dialog.querySelectorAll("[data-step]")) {
    button.disabled = !all[at + Number(button.dataset.step)];
  }
};

const step = (by) => {
  const all = pictures();
  const next = all[all.indexOf(current) + by];
  if (next) show(next);
};

document.addEventListener("click", (event) => {
  const picture = event.target.closest?.("[data-picture]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (!picture || !plain) return;
  event.preventDefault();
  show(picture);
  dialog.showModal();
});
dialog.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-step]");
  if (button) step(Number(button.dataset.step));
  else if (target.matches(".lightbox, .lightbox__stage")) dialog.close();
});
dialog.addEventListener("keydown", ({ key }) => {
  const forward = getComputedStyle(dialog).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  if (key === "ArrowLeft" || key === "ArrowRight") step(key === forward ? 1 : -1);
});
image.addEventListener("error", async () => {
  const { src } = image;
  const why = await reason(src);
  if (image.src === src) caption.textContent = image.alt = why;
});
dialog.addEventListener("close", () => current?.focus()); // where one has come to, not where one began
