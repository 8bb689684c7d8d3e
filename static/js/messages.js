// The messages that are shown, or in a page that has come.

export const messages = (root) =>
  [...root.querySelectorAll("[data-message-id]")].filter(({ dataset }) => dataset.messageId);
export const byId = (root) => new Map(messages(root).map((each) => [each.dataset.messageId, each]));
export const id = ({ dataset }) => dataset.messageId;
export const dayOf = (message) => message.closest(".day");
