// Marks the inbox row of the conversation that is open.

const mark = (id) => {
  for (const row of document.querySelectorAll("[data-conversation-id]")) {
    if (row.dataset.conversationId === id) row.setAttribute("aria-current", "page");
    else row.removeAttribute("aria-current");
  }
};

const markOpen = () => mark(document.querySelector("[data-thread]")?.dataset.thread);

markOpen();
document.addEventListener("htmx:load", markOpen);
// At once on a click, before the answer; a failure brings the mark back to what is open.
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (elt.dataset.conversationId) mark(elt.dataset.conversationId);
});
document.addEventListener("htmx:afterRequest", ({ detail: { successful } }) => {
  if (!successful) markOpen();
});
