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
  const messages = () => [...feed.querySelectorAll(".message")];
  const firstInView = (from) => {
    const all = messages();
    let first = from;
    for (let place = all.indexOf(from) - 1; place >= 0; place -= 1) {
      if (!all[place].checkVisibility()) continue; // folded
      if (box(all[place]).top < edge) break;
      first = all[place];
    }
    return first;
  };
  const frame = () => new Promise(requestAnimationFrame);
  const atEnd = () => {
    if (report.arrivals >= pages || feed.querySelector("[role=alert]")) return true;
    const left = pane.scrollHeight - pane.clientHeight + pane.scrollTop;
    return feed.querySelector("[data-thread-start]") && left < 2;
  };

  let seen = messages().findLast((message) => message.checkVisibility());
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
