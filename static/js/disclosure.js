// What opens inside a message opens downwards. The reversed scroller alone would push the message up.

const top = (message) => message.getBoundingClientRect().top;

document.addEventListener("click", ({ target }) => {
  const message = target.closest?.(".thread :is(.message, .run)");
  if (!message) return;
  const before = top(message);
  const keep = () => {
    // The pane, or in low windows the whole thread around it; the one that cannot scroll stays.
    for (const scroller of [message.closest(".pane__scroll"), message.closest(".thread")]) {
      scroller?.scrollBy(0, top(message) - before);
    }
  };
  requestAnimationFrame(keep);
});
