// Keeps what is being read where it is while things above and below it change.

const top = (element) => element.getBoundingClientRect().top;
const seen = (box, elements) =>
  [...elements].find((each) => each.getBoundingClientRect().bottom > top(box));

// `parts` from the outside in: days, then their messages. Only what is in view gets measured.
const inView = (scroller, parts) => {
  let [found, within] = [null, scroller];
  for (const part of parts) {
    within = seen(scroller, within.querySelectorAll(part));
    if (!within) break;
    found = within;
  }
  return found;
};

export const hold = (scroller, parts, change) => {
  const read = inView(scroller, parts);
  const before = read && top(read);
  change();
  const now = read?.isConnected ? read : read?.id && document.getElementById(read.id);
  const by = now ? top(now) - before : 0;
  if (by) scroller.scrollBy({ top: by, behavior: "instant" });
};
