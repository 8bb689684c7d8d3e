// How much of the thread is loaded, hidden and failed: counted on while older messages come.

const tally = (messages) => {
  const counts = { "": 0 };
  for (const { dataset } of messages) {
    counts[""] += 1;
    counts[dataset.messageType] = (counts[dataset.messageType] ?? 0) + 1;
  }
  return counts;
};

const recount = (thread, counts) => {
  for (const place of thread.querySelectorAll("[data-count]")) {
    place.textContent = counts[place.dataset.count] ?? "";
    if (place.textContent) place.closest(".chip--empty")?.classList.remove("chip--empty");
  }
};

const labelOf = (thread, type) => {
  const count = thread.querySelector(`.chip [data-count="${CSS.escape(type)}"]`);
  return count?.previousSibling.textContent.trim();
};

const fill = (words, parts) => words.replace(/{(\w+)}/g, (_, name) => parts[name]);

// As in services/presentation/threads.py.
const failures = (thread, line, counts) => {
  const { one, several, failedHref } = line.dataset;
  const { "": failed, ...byType } = tally(thread.querySelectorAll('[data-status="failed"]'));
  if (!failed || !failedHref) return;
  const types = Object.keys(byType);
  const type = types.length === 1 ? labelOf(thread, types[0]) : "";
  const count = types.reduce((sum, name) => sum + counts[name], 0);
  const link = line.querySelector("[data-failures]") ?? document.createElement("a");
  link.textContent = fill(type ? one : several, { failed, count, type });
  Object.assign(link, { href: failedHref }).dataset.failures = "";
  if (!link.isConnected) line.append(link);
};

const hide = (line, dropped) => {
  const place = line.querySelector("[data-hidden]") ?? document.createElement("span");
  place.dataset.hidden = Number(place.dataset.hidden ?? 0) + Number(dropped);
  place.textContent = fill(line.dataset.hiddenWords, { count: place.dataset.hidden });
  if (!place.isConnected) line.append(place);
};

document.addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
  if (elt.id !== "older") return;
  const thread = elt.closest(".thread");
  const { since, sinceLabel, dropped, announcement } = elt.dataset;
  const counts = tally(thread.querySelectorAll("[data-message-id]"));
  recount(thread, counts);
  const line = thread.querySelector(".coverage");
  if (line) failures(thread, line, counts);
  if (line && dropped) hide(line, dropped);
  const place = thread.querySelector("[data-since]:not(#older)");
  if (place && since) Object.assign(place, { dateTime: since, textContent: sinceLabel });
  document.querySelector("[data-announce]").textContent = announcement ?? "";
});
