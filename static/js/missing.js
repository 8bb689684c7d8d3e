// A file that does not load says why, in its own place; the same address tells the reason as text.

const template = document.querySelector("[data-missing]");

const sentence = () => template.content.querySelector("[data-why]").textContent;

export const reason = async (address) => {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/plain" } });
    const type = answer.headers.get("Content-Type") ?? "";
    if (!answer.ok && type.startsWith("text/plain")) return await answer.text();
    await answer.body?.cancel(); // it would have come after all, or is no such file
  } catch {
    // Without a connection there is nothing more to say.
  }
  return sentence();
};

const replace = async (file) => {
  const why = await reason(file.currentSrc || file.src);
  const note = template.content.cloneNode(true);
  note.querySelector("[data-why]").textContent = why;
  file.closest("[data-picture]")?.removeAttribute("data-picture");
  file.replaceWith(note);
};

document.addEventListener(
  "error",
  ({ target }) => target.matches?.("[data-file]") && replace(target),
  true, // error does not bubble
);
for (const image of document.querySelectorAll("img[data-file]")) {
  if (image.complete && image.currentSrc && !image.naturalWidth) replace(image);
}
