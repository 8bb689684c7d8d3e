// How many messages wait behind the button, in sight and aloud.

const one = (selector) => document.querySelector(selector);
const fill = (words, count) => words.replace("{count}", count);

const announce = (count) => {
  const { one: single, several } = one("[data-news]").dataset;
  one("[data-announce]").textContent = count === 1 ? single : fill(several, count);
};

export const tell = (count) => {
  const button = one("[data-news] > [data-show]");
  const pane = one(".thread .pane__scroll");
  if (!count && document.activeElement === button) pane.focus({ preventScroll: true });
  if (count > Number(button.value)) announce(count);
  Object.assign(button, { hidden: !count, value: count });
  button.querySelector("[data-waiting]").textContent = fill(button.parentElement.dataset.words, count);
};
