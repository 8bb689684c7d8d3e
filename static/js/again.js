// A page that a browser kept aside and shows again may be one its reader has signed out of.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  document.documentElement.hidden = true;
  location.reload();
});
