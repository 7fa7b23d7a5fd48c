// Conveniences of the payment portal. Every page works without them; none of them looks at what is typed.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
  } else if (event.target.closest("[data-dialog-close]")) {
    event.target.closest("dialog").close();
  }
});

// A second press while the first is under way does nothing; the server counts them as one anyway.
for (const form of document.querySelectorAll("form[data-once]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", () => {
    sent = false;
  });
}

document.querySelector("[data-error-summary]")?.focus();
