// A transcript and its recording: a sentence leads to its place, the one that is heard is marked.

import { play } from "./player.js";

const START = 0.05; // seconds; a player that was sent to a sentence may stand just before it

const reveal = (sentence) => {
  const list = sentence.closest("[data-sentences]");
  const [box, line] = [list.getBoundingClientRect(), sentence.getBoundingClientRect()];
  if (line.height && (line.top < box.top || line.bottom > box.bottom)) {
    list.scrollTop += line.top - box.top - (box.height - line.height) / 2;
  }
};

const follow = (audio) => {
  const call = audio.closest("[data-call]");
  const now = [...(call?.querySelectorAll("[data-sentence]") ?? [])].findLast(
    ({ dataset: { start } }) => start && Number(start) <= audio.currentTime + START,
  );
  const before = call?.querySelector("[data-sentence][aria-current]");
  if (now === before) return;
  before?.removeAttribute("aria-current");
  now?.setAttribute("aria-current", "true");
  if (now) reveal(now);
};

for (const name of ["timeupdate", "seeked"]) {
  document.addEventListener(name, ({ target }) => target.matches?.("audio") && follow(target), true);
}

document.addEventListener("click", (event) => {
  const sentence = event.target.closest?.("[data-sentence]");
  const audio = sentence?.closest("[data-call]")?.querySelector("audio");
  if (!audio) return;
  event.preventDefault(); // the link is for browsers without a script
  if (sentence.dataset.start) audio.currentTime = Number(sentence.dataset.start);
  play(audio);
});

// What has come is read from where it was asked for: the reversed scroller would push it up.
let message = null;
let top = 0;

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  message = target.matches(".transcript, .player__note") ? target.closest(".message") : null;
  top = message?.getBoundingClientRect().top;
});
document.addEventListener("htmx:afterSwap", () => {
  const moved = message ? message.getBoundingClientRect().top - top : 0;
  if (moved) message.closest(".pane__scroll").scrollBy(0, moved);
  const audio = message?.querySelector("audio");
  if (audio?.currentTime) follow(audio);
  message = null;
});
