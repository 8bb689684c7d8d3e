// Find in a transcript: only the sentences that hold the words stay, with the words marked.

const nodes = (text, words) => {
  const found = [];
  let at = 0;
  for (const match of words ? text.matchAll(words) : []) {
    const mark = Object.assign(document.createElement("mark"), { textContent: match[0] });
    found.push(text.slice(at, match.index), mark);
    at = match.index + match[0].length;
  }
  return [...found, text.slice(at)];
};

const find = (transcript, wanted) => {
  const list = transcript.querySelector("[data-sentences]");
  // The list keeps its height, so that nothing moves under the reader's eyes.
  list.style.minBlockSize = wanted ? list.style.minBlockSize || `${list.offsetHeight}px` : "";
  const words = wanted && new RegExp(wanted.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "giu");
  const places = [...list.querySelectorAll("[data-words]")];
  let count = 0;
  for (const place of places) {
    const parts = nodes(place.textContent, words);
    const shown = !words || parts.length > 1;
    count += shown;
    place.replaceChildren(...parts);
    place.closest("li").hidden = !shown;
  }
  const output = transcript.querySelector("[data-found]");
  const told = output.dataset.found.replace("%1", count).replace("%2", places.length);
  output.textContent = wanted ? told : "";
};

document.addEventListener("input", ({ target }) => {
  if (target.matches?.("[data-find]")) find(target.closest(".transcript"), target.value.trim());
});
