// No answer at all, or one that is not ours: the alert stands where the missing thing would be.

const SLOTS = {
  older: "#older",
  more: "#more",
  inbox: "#inbox-alerts",
  messages: "#thread-alerts",
  thread: "#thread-alerts",
  "contact-body": "#contact-body",
};

const show = ({ elt, target, pathInfo, requestConfig }) => {
  if ("quiet" in requestConfig.elt.dataset) return; // nobody misses it
  const slot =
    document.querySelector(SLOTS[target?.id] ?? ".alerts") ?? document.querySelector(".alerts");
  const alert = document.querySelector("[data-offline]").content.cloneNode(true);
  alert.firstElementChild.role = "alert";
  alert.firstElementChild.dataset.error = "unavailable";
  const retry = alert.querySelector("[data-retry]");
  const path = pathInfo?.finalRequestPath ?? requestConfig.path;
  retry.setAttribute("href", path);
  retry.setAttribute("hx-get", path);
  retry.setAttribute("hx-target", `#${target.id}`);
  retry.setAttribute("hx-swap", "outerHTML");
  for (const name of ["data-load-older", "data-load-more", "hx-push-url"]) {
    if (elt.hasAttribute(name)) retry.setAttribute(name, elt.getAttribute(name));
  }
  const focused = slot.contains(document.activeElement);
  slot.replaceChildren(alert);
  window.htmx.process(slot);
  if (focused) retry.focus({ preventScroll: true });
};

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, ({ detail }) => show(detail));
}

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { xhr } = detail;
  if (xhr.status < 400 || xhr.responseText.includes('role="alert"')) return;
  detail.shouldSwap = false;
  show(detail);
});
