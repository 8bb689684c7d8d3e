// Our player's controls act on the browser's own, which stays in charge.

import { show } from "./playing.js";

const SPEEDS = [1, 1.25, 1.5, 1.75, 2];
let speed = SPEEDS[0]; // for all recordings, until the page is left

const label = () => {
  for (const button of document.querySelectorAll("[data-speed]")) {
    button.textContent = `${speed}×`;
    button.ariaLabel = button.dataset.speed.replace("%1", speed);
  }
};

const accelerate = (audio) => {
  audio.playbackRate = audio.defaultPlaybackRate = speed;
  label();
};

export const play = (audio) => {
  if (audio.error) audio.load();
  accelerate(audio);
  audio.play().catch(() => {}); // an error event tells more, see playing.js
};

const audioOf = (part) => part.closest?.("[data-player]")?.querySelector("audio");

document.addEventListener("click", ({ target }) => {
  const audio = audioOf(target);
  if (audio && target.closest("[data-play]")) audio.paused ? play(audio) : audio.pause();
  if (!audio || !target.closest("[data-speed]")) return;
  speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
  accelerate(audio);
});
document.addEventListener("input", ({ target }) => {
  const audio = target.type === "range" && audioOf(target);
  if (audio) show(audio, Number(target.value));
});
document.addEventListener("change", ({ target }) => {
  const audio = target.type === "range" && audioOf(target);
  if (audio) audio.currentTime = Number(target.value);
});
document.addEventListener("htmx:afterSettle", label); // players that came later are as fast
