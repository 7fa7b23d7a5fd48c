// The demo mailbox: copies a code, and leaves the page alone while nothing new has arrived.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy]");
  if (!button) {
    return;
  }
  const said = document.getElementById("live-region");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    said.textContent = "Code copied.";
  } catch {
    // Without permission the code is selected, ready to be copied by hand.
    getSelection().selectAllChildren(button.closest("p").querySelector("code"));
    said.textContent = "The code is selected; copy it with the keyboard.";
  }
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const shown = document.querySelector("[data-mailbox]");
  const { target, xhr, shouldSwap } = event.detail;
  if (!shouldSwap || target !== shown) {
    return;
  }
  const answer = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-mailbox]");
  if (answer && answer.dataset.newest === shown.dataset.newest) {
    event.detail.shouldSwap = false;
  }
});
