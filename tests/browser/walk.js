// Reads the open thread towards its start as a reader does: a step up, a look, the next step.
// Reported are the arrivals of older pages, and jumps: how far the first message in full view moves
// between two steps. Its lower edge counts: the upper one loses its head when it joins a group.
async ({ step, pages = Infinity }) => {
  const PATIENCE = 600; // frames in which nothing happens
  const pane = document.querySelector(".thread .pane__scroll");
  const feed = pane.querySelector("[data-thread]");
  const edge = pane.getBoundingClientRect().top;
  const report = { arrivals: 0, jumps: [], stalled: false };

  const count = ({ detail: { elt } }) => {
    if (elt.id === "older") report.arrivals += 1;
  };
  const box = (element) => element.getBoundingClientRect();
  const tree = document.createTreeWalker(feed, NodeFilter.SHOW_ELEMENT, (element) =>
    element.classList.contains("message") ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP,
  );
  const folded = (message) => message.closest("details:not([open])") !== null;
  const firstInView = (from) => {
    let first = from;
    tree.currentNode = from;
    for (let each = tree.previousNode(); each; each = tree.previousNode()) {
      if (folded(each)) continue;
      if (box(each).top < edge) break;
      first = each;
    }
    return first;
  };
  const frame = () => new Promise(requestAnimationFrame);
  const atEnd = () => {
    if (report.arrivals >= pages || feed.querySelector("[role=alert]")) return true;
    const left = pane.scrollHeight - pane.clientHeight + pane.scrollTop;
    return feed.querySelector("[data-thread-start]") && left < 2;
  };

  let seen = [...feed.querySelectorAll(".message")].findLast((message) => !folded(message));
  let idle = 0;
  document.addEventListener("htmx:afterSettle", count);
  while (!atEnd() && idle < PATIENCE) {
    const start = pane.scrollTop;
    pane.scrollBy(0, -step);
    const moved = start - pane.scrollTop;
    seen = firstInView(seen);
    const { bottom } = box(seen);
    await frame();
    const jump = box(seen).bottom - bottom;
    if (Math.abs(jump) > 2 || !seen.isConnected) report.jumps.push(`${seen.id}: ${jump}`);
    idle = moved ? 0 : idle + 1;
  }
  document.removeEventListener("htmx:afterSettle", count);
  report.stalled = !atEnd();
  return report;
};
