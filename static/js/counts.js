// How many messages are loaded, of which types, and how many have failed.

const tally = (messages) => {
  const counts = { "": 0 };
  for (const { dataset } of messages) {
    counts[""] += 1;
    counts[dataset.messageType] = (counts[dataset.messageType] ?? 0) + 1;
  }
  return counts;
};

const fillIn = (thread, counts) => {
  for (const place of thread.querySelectorAll("[data-count]")) {
    place.textContent = counts[place.dataset.count] ?? "";
    if (place.textContent) place.closest(".chip--empty")?.classList.remove("chip--empty");
  }
};

const labelOf = (thread, type) => {
  const count = thread.querySelector(`.chip [data-count="${CSS.escape(type)}"]`);
  return count?.previousSibling.textContent.trim();
};

export const fill = (words, parts) => words.replace(/{(\w+)}/g, (_, name) => parts[name]);

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

export const recount = (thread) => {
  const counts = tally(thread.querySelectorAll("[data-message-id]"));
  fillIn(thread, counts);
  const line = thread.querySelector(".coverage");
  if (line) failures(thread, line, counts);
};
