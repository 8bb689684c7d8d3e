// Passkeys: what the browser answers goes into the form's hidden field, and the form is sent.

const ceremonies = {
  create: (options) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

const optionsOf = async (button) => {
  if (button.dataset.options) return JSON.parse(button.dataset.options).publicKey;
  const answer = await fetch(button.formAction, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no options");
  return (await answer.json()).request_options.publicKey;
};

const perform = async (button) => {
  const { form } = button;
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const credential = await ceremonies[button.dataset.passkey](await optionsOf(button));
    form.elements.credential.value = JSON.stringify(credential);
    form.action = button.formAction;
    form.submit();
  } catch {
    // Dismissed, timed out, no such passkey: browsers do not tell which.
    problem.hidden = false;
  }
};

const isPossible = window.isSecureContext && "parseRequestOptionsFromJSON" in (window.PublicKeyCredential ?? {});

for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!isPossible) break;
  button.hidden = button.form.hidden = false;
  document.querySelector("[data-passkey-missing]")?.remove();
  button.addEventListener("click", (event) => {
    event.preventDefault();
    perform(button);
  });
}
