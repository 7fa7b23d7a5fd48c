// Copies a number that people paste elsewhere. Without the browser's permission the number is selected instead.
"use strict";

const said = document.getElementById("live-region");

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy]");
  if (!button) {
    return;
  }
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.firstChild.textContent = "Copied";
    said.textContent = button.dataset.copied;
  } catch {
    const range = document.createRange();
    range.selectNode(button.parentElement.firstChild);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    said.textContent = "The number is selected; copy it with the keyboard.";
  }
});
