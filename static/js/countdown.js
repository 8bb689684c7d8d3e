// A failure that waiting helps counts down to a try of its own: one, then it is for people to press.

const tried = new Set();

const count = (alert) => {
  const retry = alert.querySelector("[data-retry]");
  const place = retry.querySelector("[data-countdown]");
  const end = Date.now() + Number(alert.dataset.retryIn) * 1000;
  delete alert.dataset.retryIn;
  const timer = setInterval(tick, 250);
  function tick() {
    const left = Math.ceil((end - Date.now()) / 1000);
    place.textContent = left > 0 ? place.dataset.countdown.replace("{count}", left) : "";
    if (left > 0 && alert.isConnected) return;
    clearInterval(timer);
    const path = retry.getAttribute("hx-get");
    if (!alert.isConnected || !path || tried.has(path) || retry.matches(".htmx-request")) return;
    tried.add(path);
    retry.click();
  }
  tick();
};

const start = () => document.querySelectorAll("[data-retry-in]").forEach(count);

start();
document.addEventListener("htmx:load", start);
document.addEventListener("htmx:afterRequest", ({ detail: { successful, pathInfo } }) => {
  if (successful) tried.delete(pathInfo.requestPath);
});
