// A permalinked message comes to a quarter from the top. Otherwise the browser opens the thread at
// its newest message by itself, since its scroller is a reversed column.

const land = (thread) =>
  thread?.querySelector('.message[aria-current="true"]')?.scrollIntoView({ block: "start" });

land(document.getElementById("thread"));
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.id === "thread") land(elt);
});
