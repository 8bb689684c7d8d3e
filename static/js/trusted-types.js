// The only text that may become elements is what htmx makes an inert document of; the answer came
// from this site, since `selfRequestsOnly` is on. Scripts and their addresses never come of text.
const PARSING = new Set(["Document parseHTMLUnsafe", "DOMParser parseFromString"]);

window.trustedTypes?.createPolicy("default", {
  createHTML: (html, _type, sink) => (PARSING.has(sink) ? html : null),
});
