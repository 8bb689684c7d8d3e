// Marks the inbox row of the conversation that is open.

const mark = (id) => {
  for (const row of document.querySelectorAll("[data-conversation-id]")) {
    if (row.dataset.conversationId === id) row.setAttribute("aria-current", "page");
    else row.removeAttribute("aria-current");
  }
};

export const markOpen = () => mark(document.querySelector("[data-thread]")?.dataset.thread);

markOpen();
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (!("poll" in elt.dataset)) markOpen(); // a poll may come between a click and its answer
});
// At once on a click, before the answer; a failure brings the mark back to what is open.
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (elt.dataset.conversationId) mark(elt.dataset.conversationId);
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt, successful } }) => {
  if (!successful && !("poll" in elt.dataset)) markOpen();
});
