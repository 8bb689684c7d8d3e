// The inbox' first rows as they are now. Nothing moves below a pointer or a focus that is seen.

import { hold } from "./anchor.js";
import { keyOf, order } from "./inbox-order.js";
import { arrive } from "./refresh.js";

const pane = () => document.querySelector("[data-rows]");
const list = () => pane()?.querySelector(".rows");
const page = () => document.querySelector("#live-inbox > template")?.content;
const rowsOf = (root) =>
  new Map([...root.querySelectorAll(".rows > li")].filter(keyOf).map((item) => [keyOf(item), item]));
const pointed = matchMedia("(hover: hover)");
const inUse = (rows) => rows.querySelector(":focus-visible") || (pointed.matches && rows.matches(":hover"));

const renew = (item, { firstElementChild: now }) => {
  const row = item.firstElementChild;
  if (row.dataset.version === now.dataset.version) return;
  row.replaceChildren(...now.cloneNode(true).childNodes);
  row.dataset.version = now.dataset.version;
  row.classList.toggle("row--unread", now.classList.contains("row--unread"));
};

const replaceAll = () => {
  pane().replaceChildren(page().cloneNode(true));
  arrive(pane().firstElementChild);
};

const take = () => {
  if (!pane() || !page()) return;
  const now = rowsOf(page());
  const shown = list() ? rowsOf(list().parentElement) : new Map();
  for (const [key, item] of shown) if (now.has(key)) renew(item, now.get(key));
  if (list() && inUse(list())) return;
  const overlap = [...now.keys()].some((key) => shown.has(key));
  if (!overlap) return replaceAll();
  const sort = () => order(list(), page(), shown, now);
  if (pane().scrollTop) hold(pane(), [".rows > li"], sort);
  else sort(), (pane().scrollTop = 0);
};

document.addEventListener("htmx:load", ({ detail: { elt } }) => elt.id === "live-inbox" && take());
// What had to wait for the pointer or the focus comes when they leave.
for (const name of ["pointerleave", "focusout"]) {
  document.addEventListener(name, ({ target }) => target.closest?.(".rows") && requestAnimationFrame(take), true);
}
