// A message that is otherwise now, its status for one, is replaced where it stands. What somebody
// holds in it stays: then only what tells its state is replaced.

const HELD = `:focus, iframe, details.email__item, .transcript:not(.transcript--waiting),
  .fold > :checked, .vcard[open]`;

const held = (message) => {
  const selection = getSelection();
  const selected = !selection.isCollapsed && selection.containsNode(message, true);
  const media = [...message.querySelectorAll("audio, video")];
  const heard = media.some((each) => !each.paused || each.currentTime);
  return selected || heard || message.matches(":focus") || message.querySelector(HELD);
};

const swap = (old, now) => {
  const focused = old.contains(document.activeElement);
  old.replaceWith(now);
  if (focused) now.querySelector("a")?.focus({ preventScroll: true });
};

const refreshParts = (old, now) => {
  for (const part of [".message__stamp", ".facts__list"]) {
    const [before, after] = [old.querySelector(part), now.querySelector(part)];
    if (before && after) swap(before, after);
  }
  const problem = now.querySelector(".message__problem");
  old.querySelector(".message__problem")?.remove();
  if (problem) old.querySelector(":scope > .message__row, :scope > .card")?.append(problem);
  const mails = old.querySelector("[data-mails]");
  for (const mail of mails ? now.querySelectorAll(".email__item") : []) {
    if (!document.getElementById(mail.id)) mails.append(mail);
  }
  delete old.dataset.status;
  Object.assign(old.dataset, now.dataset);
  window.htmx.process(old);
};

const refreshAll = (old, now) => {
  const follows = old.classList.contains("message--follow") && now.dataset.status !== "failed";
  now.classList.toggle("message--follow", follows);
  if (old.ariaCurrent) now.ariaCurrent = old.ariaCurrent;
  const opened = [...old.querySelectorAll("details")].map(({ open }) => open);
  now.querySelectorAll("details").forEach((details, at) => (details.open ||= opened[at] ?? false));
  old.replaceWith(now);
  arrive(now);
};

export const arrive = (element) => {
  window.htmx.process(element);
  window.htmx.trigger(element, "htmx:load", { elt: element });
};

export const refresh = (old, now) => (held(old) ? refreshParts : refreshAll)(old, now);
